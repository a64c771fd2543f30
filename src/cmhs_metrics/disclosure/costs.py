"""Money: a total that is made up by few gives one of them what another spends.

The number of contributors, the dominance rule and the p% rule say which totals do; what may be learnt of these is
bounded as for counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cmhs_metrics.disclosure.bounds import reach
from cmhs_metrics.disclosure.choices import alone
from cmhs_metrics.disclosure.complement import Unprotectable
from cmhs_metrics.disclosure.effort import Effort, OutOfTime
from cmhs_metrics.disclosure.protected_table import OTHERS, ProtectedTable
from cmhs_metrics.disclosure.protection import levels_of, read_cells
from cmhs_metrics.disclosure.published_table import refuse_unreadable, rows_of_totals
from cmhs_metrics.disclosure.rule import EXACT, MISSING, SUPPRESSED, Rule
from cmhs_metrics.disclosure.suppression import counts_in
from cmhs_metrics.errors import BadInput, Problem, nth, refuse
from cmhs_metrics.numeric.frames import in_pandas
from cmhs_metrics.signatures import checked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CostRule:
    """Which totals of money are suppressed.

    Parameters
    ----------
    contributors : int, default 3
        A total of fewer contributors is suppressed: of two, each learns the other's share.
    percent : float or None, default 10
        The p% rule: a total is suppressed where the second largest contributor can work out the largest to within this
        percentage of it, the others being nothing [%].
    dominance : tuple of int and float, or None, default None
        The (n, k) rule: a total is suppressed where the n largest contributors make up more than k% of it.
    symbol : str, default "*"
        What stands in place of a suppressed total.

    Raises
    ------
    BadInput
        When a number is out of range.

    References
    ----------
    Hundepool, A. and others (2010), Handbook on Statistical Disclosure Control, version 1.2, ESSNet SDC, section 4.2:
    the dominance and the p% rule.

    Examples
    --------
    >>> CostRule().problem(np.array([600.0, 400.0]))
    '2 contributors, fewer than 3'
    >>> CostRule().problem(np.array([900.0, 60.0, 40.0]))
    'p% rule: the largest can be worked out to within 4.4%, under 10%'
    """

    contributors: int = 3
    percent: float | None = 10.0
    dominance: tuple[int, float] | None = None
    symbol: str = "*"

    def __post_init__(self) -> None:
        problems = []
        if self.contributors < 1:
            problems.append(Problem("contributors", None, self.contributors, "a whole number, 1 or more"))
        if self.percent is not None and not 0 < self.percent <= 100:
            problems.append(Problem("percent", None, self.percent, "a percentage above 0, up to 100"))
        if self.dominance is not None and not (self.dominance[0] >= 1 and 0 < self.dominance[1] < 100):
            problems.append(Problem("dominance", None, self.dominance, "a number of contributors and a percentage"))
        refuse("the rule", problems)

    def __str__(self) -> str:
        parts = [f"totals of fewer than {self.contributors} contributors suppressed"]
        if self.percent is not None:
            parts.append(f"p% rule, p = {self.percent:g}")
        if self.dominance is not None:
            parts.append(f"dominance rule, n = {self.dominance[0]}, k = {self.dominance[1]:g}")
        return "; ".join(parts)

    def problem(self, parts: Floats) -> str | None:
        """Why a total is suppressed; None where it is not.

        Parameters
        ----------
        parts : numpy.ndarray
            What each contributor adds [GBP].

        Returns
        -------
        str or None
        """
        largest = np.sort(parts[parts > 0])[::-1]
        total = float(largest.sum())
        if not len(largest):
            return None
        if len(largest) < self.contributors:
            return f"{len(largest)} contributor{'s' * (len(largest) > 1)}, fewer than {self.contributors}"
        if self.percent is not None and (within := 100 * largest[2:].sum() / largest[0]) < self.percent:
            return f"p% rule: the largest can be worked out to within {within:.1f}%, under {self.percent:g}%"
        if self.dominance is not None:
            number, share = self.dominance
            if (found := 100 * largest[:number].sum() / total) > share:
                return f"dominance rule: the {number} largest make up {found:.1f}%, over {share:g}%"
        return None

    def width(self, parts: Floats) -> float:
        """How wide the interval of a suppressed total has to be, so that no share of it is learnt [GBP].

        Parameters
        ----------
        parts : numpy.ndarray
            What each contributor adds [GBP].

        Returns
        -------
        float
            Twice what is lacking on either side for the total to pass: the largest share is then uncertain by the
            percentage of the p% rule, or by 10% where there is none.
        """
        largest = np.sort(parts[parts > 0])[::-1]
        needs = [(self.percent or 10.0) / 100 * largest[0] - largest[2:].sum()]
        if self.dominance is not None:
            number, share = self.dominance
            needs.append(100 / share * largest[:number].sum() - largest.sum())
        return max(2 * float(np.ceil(max(needs))), 1.0)


@checked
def protect_costs(
    table: Any,
    dimensions: Sequence[str],
    value: str,
    contributor: str,
    *,
    hierarchies: Mapping[str, Sequence[str]] | None = None,
    totals: Mapping[str, str | None] | None = None,
    rule: CostRule | None = None,
    keep: Mapping[str, Sequence[str]] | None = None,
    absent: str = "zero",
    seconds: float = 300.0,
    progress: bool | None = None,
) -> ProtectedTable:
    """Suppress what has to be suppressed of a table of money that is published with its totals.

    Parameters
    ----------
    table : any eager frame that narwhals knows
        A row for each contributor to each cell: the keys of the cell, who it is, and the amount.
    dimensions : sequence of str
        The columns that name a cell: ``["icb", "team_type"]``.
    value : str
        The column of amounts, in whole pounds [GBP]; a missing one makes the totals above it missing.
    contributor : str
        The column that names who the amount is of: ``"trust"``. A trust in two cells is one contributor to their total.
    hierarchies, totals, keep, absent, seconds, progress
        As in `protect`; by default a combination that no row has is zero.
    rule : CostRule, optional
        Which totals are suppressed.

    Returns
    -------
    ProtectedTable
        The table with its totals; what is shown is shown exactly.

    Raises
    ------
    BadInput
        When a column is not there, a key or a contributor is missing, an amount is negative or not whole, or there is
        no way to protect the table, or none in time.

    Examples
    --------
    >>> import pandas as pd
    >>> costs = pd.DataFrame({
    ...     "icb": ["Fens"] * 4 + ["Hills"] * 4,
    ...     "team": ["Adult", "Adult", "Adult", "Crisis"] * 2,
    ...     "trust": ["A", "B", "C", "A", "D", "E", "F", "D"],
    ...     "total_cost": [500, 400, 300, 90, 450, 420, 380, 80],
    ... })
    >>> protect_costs(costs, ["icb", "team"], "total_cost", "trust").display()
    team  Adult Crisis Total
    icb
    Fens      *      *  1290
    Hills     *      *  1330
    Total     *      *  2620
    """
    rule = rule or CostRule()
    like, table = table, in_pandas(table, "protect_costs")
    coarser = [column for name in dimensions for column in (hierarchies or {}).get(name, ())]
    named = {"dimensions": dimensions, "hierarchies": coarser, "value": [value], "contributor": [contributor]}
    refuse_unreadable(table, named, [*dimensions, contributor])
    given, wrong = counts_in(table[value], value, lambda row: nth(row, "row"))
    refuse("the table", [*wrong, *rows_of_totals(table, [contributor], given)])
    table = table.assign(**{value: given})
    keys = [*dimensions, *coarser]
    amounts_of = table.groupby(keys, sort=False, observed=True, dropna=False)[value]
    cells = amounts_of.sum().where(amounts_of.count() == amounts_of.size()).reset_index()
    layout, amounts = read_cells(cells, dimensions, value, hierarchies or {}, totals or {}, absent)
    parts = np.zeros((table[contributor].nunique(), layout.size))
    numbers = table[contributor].astype("category").cat.codes.to_numpy()
    np.add.at(parts, (numbers, layout.cell(table)), table[value].fillna(0).to_numpy(np.float64))
    parts = np.array([layout.totals(np.where(layout.finest, row, np.nan)) for row in parts])
    why = [rule.problem(parts[:, cell]) for cell in range(layout.size)]
    small = np.array([reason is not None for reason in why])
    missing = np.isnan(amounts)
    small &= ~missing
    widths = np.array([rule.width(parts[:, cell]) if small[cell] else 1.0 for cell in range(layout.size)])
    _, kept = levels_of(layout, {}, keep or {})
    shown = Rule(threshold=0, rounding=1, symbol=rule.symbol)

    def as_published(hidden: NDArray[np.bool_]) -> ProtectedTable:
        kind = np.where(missing, MISSING, np.where(hidden, SUPPRESSED, EXACT))
        reasons = np.where(small, np.array([reason or "" for reason in why], dtype=object), OTHERS)
        return ProtectedTable(
            layout, np.where(hidden | missing, np.nan, amounts), kind, shown, value, complemented=True, like=like,
            primary=int(small.sum()), complementary=int((hidden & ~small).sum()), reasons=reasons, rule_text=str(rule),
        )  # fmt: skip

    effort = Effort(seconds, progress)
    choice = alone(as_published(np.zeros_like(small)), small, missing, kept, amounts, effort, widths)
    try:
        hidden = choice.solve()
        lower, upper = choice.known(hidden)
        targets = np.flatnonzero(hidden)
        found = reach(choice.relations, lower, upper, targets, enough=widths, moves=choice.moves, effort=effort)
    except Unprotectable as error:
        expected = "levels whose cells can be shown while every other is protected"
        raise BadInput("the table", [Problem("keep", None, dict(keep or {}), expected)]) from error
    except OutOfTime as error:
        expected = f"a table of fewer cells than {layout.size:,}, or more seconds: {error.so_far}"
        raise BadInput("the table", [Problem("seconds", None, seconds, expected)]) from error
    finally:
        effort.done()
    if np.any((found.inner_upper - found.inner_lower)[targets] < widths[targets]):
        raise AssertionError("the protected table falls to the attack: this is an error in the library")
    return as_published(hidden)
