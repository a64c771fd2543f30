"""Protection of a table with its totals: small cells are suppressed, and others so that none can be worked out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cmhs_metrics.disclosure.attack import attack
from cmhs_metrics.disclosure.choices import alone, beside
from cmhs_metrics.disclosure.complement import Unprotectable
from cmhs_metrics.disclosure.effort import Effort, OutOfTime
from cmhs_metrics.disclosure.layout import Dimension, Layout
from cmhs_metrics.disclosure.linked import LinkedTable, Lookup, as_linked
from cmhs_metrics.disclosure.protected_table import OTHERS, ProtectedTable, rule_in_words
from cmhs_metrics.disclosure.published_table import PublishedTable, refuse_unreadable, rows_of_totals
from cmhs_metrics.disclosure.rule import EXACT, NHS, Rule
from cmhs_metrics.disclosure.suppression import counts_in, kind_of
from cmhs_metrics.errors import BadInput, Problem, nearest, nth, refuse
from cmhs_metrics.numeric.frames import in_pandas
from cmhs_metrics.signatures import checked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

TOTAL = "Total"


@checked
def protect(
    table: Any,
    dimensions: Sequence[str],
    value: str,
    *,
    hierarchies: Mapping[str, Sequence[str]] | None = None,
    totals: Mapping[str, str | None] | None = None,
    rule: Rule = NHS,
    exact: Mapping[str, Sequence[str]] | None = None,
    keep: Mapping[str, Sequence[str]] | None = None,
    absent: str = "refuse",
    published: Sequence[PublishedTable | LinkedTable] = (),
    lookup: Lookup | None = None,
    relations: Sequence[Mapping[str, float]] = (),
    seconds: float = 300.0,
    progress: bool | None = None,
) -> ProtectedTable:
    """Suppress what has to be suppressed of a table that is published with its totals.

    Parameters
    ----------
    table : any eager frame that narwhals knows
        A row for each cell that is no total: its keys and its true count.
    dimensions : sequence of str
        The columns that name a cell: ``["practice", "team_type"]``.
    value : str
        The column of true counts; a missing one makes the totals above it missing.
    hierarchies : mapping, optional
        For a dimension, the columns of its coarser levels, each adding into the next:
        ``{"practice": ["icb", "region"]}``.
    totals : mapping, optional
        For a dimension, the label of its total, or None where it has none: ``{"practice": "England", "month": None}``.
        "Total" for every other dimension.
    rule : Rule, optional
        What is suppressed, how the rest is rounded, and how narrowly a reader may bound a suppressed count.
    exact : mapping, optional
        Levels that are published unrounded: ``{"practice": ["England"]}``. A level is the name of a dimension or of a
        coarser column, or the label of a total.
    keep : mapping, optional
        Levels that may not be suppressed to protect others, written in the same way. Small counts there still are.
    absent : {"refuse", "zero", "missing"}, default "refuse"
        What it means where the table has no row for a combination of its keys.
    published : sequence of PublishedTable or LinkedTable, optional
        Tables of the same people that are out already. They stay as they are; what they and the new table tell together
        is protected.
    lookup : mapping, optional
        Where a label of the new table covers several base labels of the tables that are out, as in `LinkedTable`:
        ``{"icb": {"Fens": ["Fens North", "Fens South"]}}``.
    relations : sequence of mapping, optional
        Sums of measures, by the names of their columns, that are zero:
        ``[{"contacts": 1, "face_to_face_contacts": -1, "other_contacts": -1}]``.
    seconds : float, default 300
        How long it may take [s].
    progress : bool, optional
        Whether to say on standard error how far it is; by default where that is a terminal.

    Returns
    -------
    ProtectedTable
        The table with its totals, sorted by its labels, each level after the finer one; `to_frame` and `display` give
        the kind of table that came in.

    Raises
    ------
    BadInput
        When a column is not there, a key is missing or stands twice, a count is negative or not whole, a label stands
        at two levels or below two parents, a row is the total of the others, a combination of keys is absent, or what
        is to be kept leaves no way to protect the rest. When the tables that are out give a count away by themselves,
        which is named. When there is no answer within the seconds; how large the table is and how far the search came
        is said.
    TypeError
        When it is no table, or a query that has not been run: the method needs every cell at once.

    Notes
    -----
    Totals are made from true counts, suppressed by the same rule, and rounded by themselves. No suppressed cell, small
    or not, can then be bounded by a reader more narrowly than the rule allows; `attack` proves it before the table is
    returned. Under rounding few cells have to be hidden besides, and the choice has the fewest, wherever it is found
    within 60 rounds of attack and choice, and the smallest counts of those. Where totals are exact, the fewest are
    sought on tables of up to 600 cells for 10 seconds; beyond that a search by boxes of cells that protect one another
    finds few. The order of the rows changes nothing.

    References
    ----------
    Fischetti, M. and Salazar, J. J. (2001), Solving the cell suppression problem on tabular data with linear
    constraints, Management Science 47(7), 1008–1027, sections 3 and 4: the model and its cuts. Hundepool, A. and
    others (2012), Statistical Disclosure Control, Wiley, chapter 4.

    Examples
    --------
    >>> import pandas as pd
    >>> from cmhs_metrics.disclosure import Rule, attack, protect
    >>> table = pd.DataFrame({
    ...     "icb": ["Fens", "Fens", "Fens", "Hills", "Hills", "Hills"],
    ...     "team": ["Adult", "Crisis", "Older"] * 2,
    ...     "patients": [40, 3, 22, 31, 18, 12],
    ... })
    >>> protected = protect(table, ["icb", "team"], "patients", rule=Rule(rounding=1))
    >>> protected.display()
    team  Adult Crisis Older Total
    icb
    Fens     40      *     *    65
    Hills    31      *     *    61
    Total    71     21    34   126
    >>> attack(protected).safe
    True
    """
    like, table = table, in_pandas(table, "protect")
    given = as_linked(published)
    layout, counts = read_cells(table, dimensions, value, hierarchies or {}, totals or {}, absent)
    unrounded, kept = levels_of(layout, exact or {}, keep or {})
    missing = np.isnan(counts)
    small = rule.is_suppressed(counts)
    shown = np.where(unrounded, counts, rule.shown(counts))
    kind = np.where(unrounded & ~missing, EXACT, kind_of(counts, np.zeros_like(missing), rule))

    def as_published(hidden: NDArray[np.bool_], complementary: int) -> ProtectedTable:
        return ProtectedTable(
            layout, np.where(hidden, np.nan, shown), np.where(hidden, "suppressed", kind), rule, value,
            complemented=True, like=like, primary=int(small.sum()), complementary=complementary,
            reasons=np.where(small, f"count under {rule.threshold}", OTHERS), rule_text=rule_in_words(rule),
            beside=tuple(table.name or f"table {number}" for number, table in enumerate(given, 1)),
        )  # fmt: skip

    plain = as_published(small, 0)
    effort = Effort(seconds, progress)
    try:
        if given:
            choice, place = beside(plain, given, lookup or {}, relations, small, missing, kept, counts, effort)
        else:
            place = np.arange(layout.size)
            choice = alone(plain, small, missing, kept, counts, effort)
        hidden = choice.best(exact=rule.rounding == 1)[place]
    except Unprotectable as error:
        expected = "levels whose cells can be shown while every small count is protected"
        if given:
            expected += ", those of the tables that are out as well"
        raise BadInput("the table", [Problem("keep", None, dict(keep or {}), expected)]) from error
    except OutOfTime as error:
        expected = f"a table of fewer cells, or more seconds: {error.so_far}"
        size = f"{layout.size:,} cells ({' by '.join(map(str, layout.shape))}, totals included)"
        raise BadInput("the table", [Problem("seconds", None, seconds, f"{expected}; it has {size}")]) from error
    finally:
        effort.done()
    result = as_published(hidden, int((hidden & ~small).sum()))
    left = effort.left() + 60
    proof = attack(
        result, exact=False, witnesses=[counts], given=given, lookup=lookup, relations=relations, seconds=left
    )  # fmt: skip
    if not proof.safe:
        raise AssertionError("the protected table falls to the attack: this is an error in the library")
    return result


def read_cells(
    table: pd.DataFrame,
    dimensions: Sequence[str],
    value: str,
    hierarchies: Mapping[str, Sequence[str]],
    totals: Mapping[str, str | None],
    absent: str,
) -> tuple[Layout, NDArray[np.float64]]:
    """The layout of a table without totals, and the numbers of all its cells; refused with all that is wrong."""
    problems = [
        Problem(argument, None, name, f"a dimension; {nearest(name, dimensions) or ', '.join(dimensions)}")
        for argument, given in (("hierarchies", hierarchies), ("totals", totals))
        for name in given
        if name not in dimensions
    ]
    if absent not in ("refuse", "zero", "missing"):
        problems.append(Problem("absent", None, absent, "'refuse', 'zero' or 'missing'"))
    refuse("the table", problems)
    coarser = [column for name in dimensions for column in hierarchies.get(name, ())]
    named = {"dimensions": dimensions, "hierarchies": coarser, "value": [value]}
    refuse_unreadable(table, named, dimensions)
    read = [
        _dimension(table, name, [name, *hierarchies.get(name, ())], totals.get(name, TOTAL), problems)
        for name in dimensions
    ]
    given, wrong = counts_in(
        table[value], value, lambda row: ", ".join(f"{name}={table[name].iloc[row]}" for name in dimensions)
    )
    refuse("the table", [*problems, *wrong, *rows_of_totals(table, [*dimensions, *coarser], given)])
    layout = Layout(read)
    counts = np.full(layout.size, 0.0 if absent == "zero" else np.nan)
    cells = layout.cell(table)
    counts[cells] = given
    if absent == "refuse":
        there = np.zeros(layout.size, dtype=bool)
        there[cells] = True
        lacking = np.flatnonzero(layout.finest & ~there)
        expected = "a row; say with absent= whether what is not there is zero or missing"
        if len(lacking):
            shown = [Problem(None, layout.name(cell), None, expected) for cell in lacking[:100]]
            raise BadInput("the table", shown, total=len(lacking))
    return layout, layout.totals(counts)


def _dimension(
    table: pd.DataFrame, name: str, columns: list[str], total: str | None, problems: list[Problem]
) -> Dimension:
    """The labels of a dimension level by level, sorted, and the label that each adds into."""
    labels: list[Any] = []
    levels: list[str] = []
    parents: dict[Any, Any] = {}
    for column, above in zip(columns, [*columns[1:], None], strict=True):
        if table[column].isna().any():
            row = int(np.flatnonzero(table[column].isna())[0])
            problems.append(Problem(column, nth(row, "row"), None, "a key, not nothing"))
            continue
        here = _in_order(table[column].unique().tolist())
        for label in here:
            if label in labels or label == total:
                problems.append(Problem(column, None, label, f"a label that stands at one level of {name} only"))
        if above is not None:
            pairs = table[[column, above]].dropna().drop_duplicates()
            for label, found in pairs.groupby(column, sort=False, observed=True)[above]:
                if len(found) > 1:
                    expected = f"one {above} above it, not {' and '.join(map(str, sorted(found, key=str)))}"
                    problems.append(Problem(column, None, label, expected))
            parents.update(zip(pairs[column].tolist(), pairs[above].tolist(), strict=True))
        elif total is not None:
            parents.update(dict.fromkeys(here, total))
        labels += here
        levels += [column] * len(here)
    if total is not None:
        labels.append(total)
        levels.append(total)
    return Dimension(name, tuple(labels), tuple(levels), parents)


def _in_order(labels: list[Any]) -> list[Any]:
    try:
        return sorted(labels)
    except TypeError:
        return sorted(labels, key=str)


def levels_of(
    layout: Layout, exact: Mapping[str, Sequence[str]], keep: Mapping[str, Sequence[str]]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which cells are published unrounded, and which may not be hidden to protect others."""
    known = {dimension.name: list(dict.fromkeys(dimension.levels)) for dimension in layout.dimensions}
    problems = []
    for argument, given in (("exact", exact), ("keep", keep)):
        for name, levels in given.items():
            if name not in known:
                problems.append(Problem(argument, None, name, f"a dimension: {', '.join(known)}"))
            elif isinstance(levels, str):
                problems.append(Problem(argument, None, levels, f"a list of levels, [{levels!r}]"))
            else:
                problems += [
                    Problem(argument, None, level, f"a level of {name}: {', '.join(known[name])}")
                    for level in levels
                    if level not in known[name]
                ]
    refuse("the table", problems)
    return layout.at_levels(exact), layout.at_levels(keep)
