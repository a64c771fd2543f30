"""The attack that a published table has to stand: every suppressed cell bounded from everything that is published."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from cmhs_metrics.disclosure.bounds import Inconsistent, Reach, reach
from cmhs_metrics.disclosure.choices import contradiction
from cmhs_metrics.disclosure.effort import Effort, OutOfTime
from cmhs_metrics.disclosure.linked import Joint, LinkedTable, Lookup, as_linked
from cmhs_metrics.disclosure.moves import Moves
from cmhs_metrics.disclosure.rule import SUPPRESSED
from cmhs_metrics.errors import BadInput, Problem
from cmhs_metrics.numeric.frames import empty_like, given_back
from cmhs_metrics.signatures import checked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from cmhs_metrics.disclosure.published_table import PublishedTable


@dataclass(frozen=True, eq=False)
class Attack:
    """What a reader can work out of a published table.

    Attributes
    ----------
    in_pandas : pandas.DataFrame
        `cells`, in pandas whatever came in.
    width : int
        The width that the rule asks for.
    like : table, optional
        The table that was attacked: `cells` and `fallen` give its kind back.

    Notes
    -----
    A pickle or a copy holds what a reader of the published table can work out and nothing else: of `like`, the kind of
    table without its cells.
    """

    in_pandas: pd.DataFrame
    width: int
    like: Any = field(default=None, repr=False)

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"like": empty_like(self.like)}

    @property
    def cells(self) -> Any:
        """A row for each suppressed cell, in the kind of table that came in.

        Its labels, `lower` and `upper`, the least and the greatest count that it can be (NaN or null where there is no
        greatest), `width`, and whether it `falls`: its interval is narrower than the rule allows.
        """
        return given_back(self.in_pandas, self.like)

    @property
    def fallen(self) -> Any:
        """The cells that fall."""
        return given_back(self.in_pandas[self.in_pandas["falls"]].reset_index(drop=True), self.like)

    @property
    def safe(self) -> bool:
        """Whether no cell falls."""
        return not bool(self.in_pandas["falls"].any())

    def __str__(self) -> str:
        points = int((self.in_pandas["width"] == 0).sum())
        fallen = int(self.in_pandas["falls"].sum())
        return (
            f"{len(self.in_pandas):,} suppressed cells: {points:,} can be recovered, {fallen - points:,} more can be "
            f"bounded to less than a width of {self.width}"
        )


@checked
def attack(
    published: PublishedTable,
    *,
    exact: bool = True,
    given: Sequence[PublishedTable | LinkedTable] = (),
    lookup: Lookup | None = None,
    relations: Sequence[Mapping[str, float]] = (),
    witnesses: Sequence[NDArray[np.float64]] = (),
    seconds: float = 300.0,
    progress: bool | None = None,
) -> Attack:
    """Bound every suppressed cell of a table from everything that is published with it.

    Parameters
    ----------
    published : PublishedTable
        The table, from `protect` or `published_table`.
    exact : bool, default True
        Whether to find the exact bounds of every cell. Otherwise the search for a cell ends as soon as its interval is
        wide enough, and the interval is one that it fills at least; what falls is the same. Use it on large tables.
    given : sequence of PublishedTable or LinkedTable, optional
        Other tables of the same people that are out. The suppressed cells of all tables are attacked from all, and so
        are the counts between them that no table shows.
    lookup : mapping, optional
        The base labels that the labels of the first table cover, as in `LinkedTable`.
    relations : sequence of mapping, optional
        Sums of measures, by the names of their columns, that are zero; every part is named:
        ``[{"contacts": 1, "face_to_face_contacts": -1, "other_contacts": -1}]``.
    witnesses : sequence of numpy.ndarray, optional
        Tables that the publisher knows to agree with what is published, such as the true one: the search starts there.
        A table that does not agree is not used.
    seconds : float, default 300
        How long it may take [s].
    progress : bool, optional
        Whether to say on standard error how far it is; by default where that is a terminal.

    Returns
    -------
    Attack
        The intervals, and what falls.

    Raises
    ------
    BadInput
        When the table contradicts itself: no whole numbers agree with what is published. When there is no answer within
        the seconds; how large the table is and how far the attack came is said.

    Notes
    -----
    The attacker knows the rule, and that counts are whole and not negative. Every shown cell is an interval (a rounded
    10 is 8 to 12), every total an equation. Linear programming with the HiGHS solver gives the least and the greatest
    value of a cell; where a solution is not whole, integer programming does.

    References
    ----------
    Fischetti, M. and Salazar, J. J. (2001), Solving the cell suppression problem on tabular data with linear
    constraints, Management Science 47(7), 1008–1027, section 2: the attacker's problems. Huangfu, Q. and Hall,
    J. A. J. (2018), Parallelizing the dual revised simplex method, Mathematical Programming Computation 10, 119–142.

    Examples
    --------
    >>> import pandas as pd
    >>> from cmhs_metrics.disclosure import Rule, published_table
    >>> table = pd.DataFrame({"team": ["North", "South", "Hills", "All"], "patients": [20, "*", 10, 33]})
    >>> parents = {"team": {"North": "All", "South": "All", "Hills": "All"}}
    >>> found = attack(published_table(table, ["team"], "patients", parents, rule=Rule(rounding=1)))
    >>> found.cells
        team  lower  upper  width  falls
    0  South    3.0    3.0    0.0   True
    >>> print(found)
    1 suppressed cells: 1 can be recovered, 0 more can be bounded to less than a width of 4
    """
    layout, rule = published.layout, published.rule
    assert rule.width is not None
    effort = Effort(seconds, progress)
    try:
        if given or lookup or relations:
            return _attack_together(published, as_linked(given), lookup or {}, relations, exact, effort)
        return _attack_alone(published, exact, witnesses, effort)
    except OutOfTime as error:
        expected = f"more seconds, or exact=False: {error.so_far}; the table has {layout.size:,} cells"
        raise BadInput("attack", [Problem("seconds", None, seconds, expected)]) from error
    finally:
        effort.done()


def _attack_alone(
    published: PublishedTable, exact: bool, witnesses: Sequence[NDArray[np.float64]], effort: Effort
) -> Attack:
    layout, rule = published.layout, published.rule
    targets = np.flatnonzero(published.kind == SUPPRESSED)
    lower, upper = published.known()
    try:
        found = reach(
            layout.relations, lower, upper, targets, enough=None if exact else rule.width,
            moves=None if exact else Moves(layout), witnesses=witnesses, effort=effort,
        )  # fmt: skip
    except Inconsistent as error:
        raise BadInput("the published table", [_contradiction(published, error.relation)]) from error
    return _result(published, layout.keys().iloc[targets].reset_index(drop=True), found, targets)


def _attack_together(
    published: PublishedTable,
    given: Sequence[LinkedTable],
    lookup: Lookup,
    relations: Sequence[Mapping[str, float]],
    exact: bool,
    effort: Effort,
) -> Attack:
    rule = published.rule
    joint = Joint([LinkedTable(published, lookup), *given], relations)
    targets = np.flatnonzero(joint.hidden(joint.tables) | joint.between)
    # The cells of the first table come first.
    own = np.isin(targets, joint.place[0])
    targets = np.concatenate([targets[own], targets[~own]])
    try:
        lower, upper = joint.known(joint.tables)
        found = reach(joint.relations, lower, upper, targets, enough=None if exact else joint.widths(), effort=effort)
    except Inconsistent as error:
        raise BadInput("the set of tables", [contradiction(joint, error)]) from error
    least, greatest = found.inner_lower[targets], found.inner_upper[targets]
    public = least >= rule.threshold if rule.suppress_zero else (least >= rule.threshold) | (greatest == 0)
    # Of what no table shows only a count that may be small is anybody's secret.
    targets = targets[~(joint.between[targets] & public)]
    result = _result(published, joint.keys(targets), found, targets, joint.widths()[targets])
    # What the others bound as narrowly without this table, and is not small, this table does not give away.
    falls = result.in_pandas["falls"].to_numpy()
    cells = targets[falls & np.isin(targets, joint.place[0]) & (found.inner_lower[targets] >= rule.threshold)]
    if len(cells):
        lower, upper = joint.known(given)
        alone = reach(joint.relations, lower, upper, cells, enough=joint.widths(), effort=effort)
        known = cells[(alone.inner_upper - alone.inner_lower)[cells] < joint.widths()[cells]]
        result.in_pandas["falls"] = falls & ~np.isin(targets, known)
    return result


def _result(
    published: PublishedTable, cells: pd.DataFrame, found: Reach, targets: NDArray[np.int64], widths: Any = None
) -> Attack:
    least, greatest = found.inner_lower[targets], found.inner_upper[targets]
    width = published.rule.width
    assert width is not None
    cells["lower"] = least
    cells["upper"] = np.where(np.isinf(greatest), np.nan, greatest)
    cells["width"] = cells["upper"] - cells["lower"]
    cells["falls"] = greatest - least < (width if widths is None else widths)
    return Attack(cells, width, published.like)


def _contradiction(published: PublishedTable, relation: int | None) -> Problem:
    if relation is None:
        return Problem(None, None, None, "whole numbers that agree with all its totals")
    row = published.layout.relations[[relation]].tocoo()
    total = row.coords[1][row.data.argmin()]
    shown = published.values[total]
    found = None if np.isnan(shown) else float(shown)
    return Problem(published.value, published.layout.name(total), found, "a total that its parts can add up to")
