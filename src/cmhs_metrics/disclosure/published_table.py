"""A table as it is published: what is shown, what is not, and how its cells add up."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cmhs_metrics.disclosure.layout import Dimension, Layout
from cmhs_metrics.disclosure.rule import EXACT, MISSING, NHS, SUPPRESSED, Rule
from cmhs_metrics.disclosure.suppression import display_text
from cmhs_metrics.errors import Problem, nearest, no_columns, nth, refuse
from cmhs_metrics.numeric.frames import empty_like, given_back, in_pandas
from cmhs_metrics.signatures import checked
from cmhs_metrics.total_labels import is_total

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

ABSENT = "absent"
"""The kind of a cell that the table has no row for; nothing is known of it."""


@dataclass(frozen=True, eq=False)
class PublishedTable:
    """A table as its readers have it.

    Attributes
    ----------
    layout : Layout
        The dimensions, and which cells add up to which.
    values : numpy.ndarray
        The number shown in each cell; NaN where there is none.
    kind : numpy.ndarray of str
        "exact", "rounded to 5" (or to whatever the rule rounds to), "suppressed", "missing" or, where the table has no
        such row, "absent".
    rule : Rule
        The rule by which it was made.
    value : str
        The name of the column of numbers.
    complemented : bool
        Whether the symbol may stand for counts that are not small, which were suppressed to protect others.
    like : table, optional
        The table that it was made from: `to_frame` and `display` give its kind back.

    Notes
    -----
    A pickle or a copy holds what may be published and nothing else: of `like`, the kind of table without its cells.
    """

    layout: Layout
    values: NDArray[np.float64]
    kind: NDArray[np.str_]
    rule: Rule
    value: str
    complemented: bool
    like: Any = field(default=None, kw_only=True, repr=False)

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"like": empty_like(self.like)}

    @property
    def suppressed(self) -> int:
        """How many cells are suppressed."""
        return int((self.kind == SUPPRESSED).sum())

    def known(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """What each cell tells by itself, before anything is added up.

        Returns
        -------
        lower, upper : numpy.ndarray
            The least and the greatest count that it can stand for, infinite where there is no greatest.
        """
        shown = np.where(np.isnan(self.values), 0, self.values)
        lower, upper = self.rule.feasible_range(shown)
        least, greatest = (0, np.inf) if self.complemented else self.rule.suppressed_range()
        of_kind = [self.kind == EXACT, self.kind == self.rule.kind_shown, self.kind == SUPPRESSED]
        return (
            np.select(of_kind, [shown, lower, np.full(shown.shape, least)], 0.0).astype(np.float64),
            np.select(of_kind, [shown, upper, np.full(shown.shape, greatest)], np.inf).astype(np.float64),
        )

    def to_frame(self) -> Any:
        """The table with a row for each cell, totals included.

        Returns
        -------
        The kind of table that came in
            The dimensions, for a dimension with several levels a column `<dimension>_level`, the numbers shown, and
            `kind`, `lower`, `upper` and `display`. A bound is NaN where nothing is known.
        """
        return given_back(self.in_pandas(), self.like)

    def in_pandas(self) -> pd.DataFrame:
        """The table of `to_frame` in pandas, whatever came in."""
        frame = self.layout.keys()
        places = np.unravel_index(np.arange(self.layout.size), self.layout.shape)
        for dimension, place in zip(self.layout.dimensions, places, strict=True):
            if len(set(dimension.levels)) > 2:
                at = list(frame.columns).index(dimension.name) + 1
                frame.insert(at, f"{dimension.name}_level", np.array(dimension.levels)[place])
        lower, upper = self.known()
        unknown = np.isin(self.kind, [MISSING, ABSENT])
        frame[self.value] = self.values
        frame["kind"] = self.kind
        frame["lower"] = np.where(unknown, np.nan, lower)
        frame["upper"] = np.where(unknown | np.isinf(upper), np.nan, upper)
        frame["display"] = display_text(self.values, np.where(unknown, MISSING, self.kind), self.rule)
        there: pd.DataFrame = frame[self.kind != ABSENT].reset_index(drop=True)
        return there

    def display(self) -> Any:
        """The table as people read it: the last dimension across, text in the cells.

        Returns
        -------
        The kind of table that came in
            Rows for the other dimensions, in the order of the levels: in the index of a pandas table, in columns of
            another.
        """
        shown = self._displayed()
        return (
            shown
            if self.like is None or isinstance(self.like, pd.DataFrame)
            else given_back(shown.reset_index(), self.like)
        )

    def _displayed(self) -> pd.DataFrame:
        *down, across = self.layout.dimensions
        table, rest = self.in_pandas(), [dimension.name for dimension in down]
        if not down:
            return table.set_index(across.name)["display"].to_frame(self.value)
        rows, columns = table.set_index(rest).index.unique(), pd.Index(across.labels, name=across.name)
        # Put in order afterwards: unsorted, pandas 2 puts cells under the labels of others where some are missing.
        wide: pd.DataFrame = table.set_index([*rest, across.name])["display"].unstack(across.name)
        return wide.reindex(index=rows, columns=columns).fillna("")


@checked
def published_table(
    table: Any,
    dimensions: Sequence[str],
    value: str,
    parents: Mapping[str, Mapping[Any, Any]],
    *,
    rule: Rule = NHS,
    exact: Mapping[str, Sequence[Any]] | None = None,
    complemented: bool = False,
) -> PublishedTable:
    """Take in a table that somebody published, to attack it.

    Parameters
    ----------
    table : any eager frame that narwhals knows
        A row for each published cell, totals included.
    dimensions : sequence of str
        The columns that name a cell.
    value : str
        The column of what is published: numbers, the rule's symbol, or nothing.
    parents : mapping
        For each dimension, which label adds into which: ``{"region": {"North": "England", "South": "England"}}``.
    rule : Rule, optional
        The rule by which it was made.
    exact : mapping, optional
        Labels whose cells are shown unrounded: ``{"region": ["England"]}``. A cell has to have one of them in every
        dimension named.
    complemented : bool, default False
        Whether the publisher also suppressed counts that are not small; the symbol then says nothing by itself.

    Returns
    -------
    PublishedTable
        The table, ready for `attack`.

    Raises
    ------
    BadInput
        When a column is not there, a key is missing or stands twice, a parent is no label, a value is neither a
        number nor the symbol, or not one that the rule would show.
    TypeError
        When it is no table, or a query that has not been run.

    Examples
    --------
    >>> table = pd.DataFrame({"region": ["North", "South", "England"], "patients": [20, "*", 22]})
    >>> taken = published_table(table, ["region"], "patients", {"region": {"North": "England", "South": "England"}},
    ...     exact={"region": ["England"]})
    >>> taken.to_frame()[["region", "kind", "lower", "upper"]]
        region          kind  lower  upper
    0    North  rounded to 5   18.0   22.0
    1    South    suppressed    0.0    4.0
    2  England         exact   22.0   22.0
    """
    exact, like = exact or {}, table
    table = in_pandas(table, "attack")
    refuse_unreadable(table, {"dimensions": dimensions, "value": [value]}, dimensions)
    read = [_dimension(table, name, dict(parents.get(name, {}))) for name in dimensions]
    layout = Layout(read)
    problems = [
        Problem(argument, None, name, f"a dimension; {nearest(name, dimensions) or ', '.join(dimensions)}")
        for argument, given in (("parents", parents), ("exact", exact))
        for name in given
        if name not in dimensions
    ]
    problems += [
        Problem("parents", None, label, f"a label of {dimension.name}")
        for dimension in read
        for label in dict.fromkeys([*dimension.parents, *dimension.parents.values()])
        if label not in dimension.position
    ]
    refuse("the table", problems)
    cells = layout.cell(table)
    unrounded = np.ones(layout.size, dtype=bool) if rule.rounding == 1 else _has_labels(layout, exact)
    values, kind = np.full(layout.size, np.nan), np.full(layout.size, ABSENT, dtype=object)
    for cell, found in zip(cells, table[value], strict=True):
        if isinstance(found, str) and found.strip() == rule.symbol:
            kind[cell] = SUPPRESSED
        elif found is None or found is pd.NA or found != found:
            kind[cell] = MISSING
        elif not _is_shown(found, rule, rounded=not unrounded[cell]):
            expected = f"{rule.symbol!r}, nothing, or a whole number that the rule shows"
            problems.append(Problem(value, layout.name(cell), found, expected))
        else:
            values[cell], kind[cell] = float(found), EXACT if unrounded[cell] else rule.kind_shown
    refuse("the table", problems)
    return PublishedTable(layout, values, kind.astype(str), rule, value, complemented, like=like)


def refuse_unreadable(table: pd.DataFrame, named: Mapping[str, Sequence[str]], dimensions: Sequence[str]) -> None:
    """Refuse a table without the columns, with missing keys, or with keys that stand twice."""
    problems = [each for argument, names in named.items() for each in no_columns(argument, names, table.columns, table)]
    problems += [
        Problem(name, None, None, "a column name that stands once")
        for name in {name: None for names in named.values() for name in names}
        if list(table.columns).count(name) > 1
    ]
    if not dimensions:
        problems.append(Problem("dimensions", None, None, "at least one column"))
    if not len(table):
        problems.append(Problem(None, None, None, "at least one row"))
    refuse("the table", problems)
    keys = table[list(dimensions)]
    problems = [
        Problem(str(name), nth(row, "row"), None, "a key, not nothing")
        for name in keys
        for row in np.flatnonzero(keys[name].isna())
    ]
    for row in np.flatnonzero(keys.duplicated()):
        cell = ", ".join(f"{name}={keys[name].iloc[row]}" for name in dimensions)
        problems.append(Problem(None, cell, None, "one row for these keys"))
    refuse("the table", problems)


def rows_of_totals(table: pd.DataFrame, columns: Sequence[str], counts: NDArray[np.float64]) -> list[Problem]:
    """Rows whose label calls them totals and whose counts are the sum of the others: they would be counted again."""
    problems = []
    for column in columns:
        called = [label for label in table[column].unique() if is_total(label)]
        others = np.nansum(counts[~table[column].isin(called)])
        problems += [
            Problem(column, None, label, "no row of totals, which would be counted again: leave it out")
            for label in called
            if others > 0 and np.nansum(counts[table[column] == label]) == others
        ]
    return problems


def _dimension(table: pd.DataFrame, name: str, parents: dict[Any, Any]) -> Dimension:
    labels = tuple(dict.fromkeys(table[name]))
    return Dimension(name, labels, tuple(str(label) for label in labels), parents)


def _has_labels(layout: Layout, exact: Mapping[str, Sequence[Any]]) -> NDArray[np.bool_]:
    return layout.at_levels({name: [str(label) for label in labels] for name, labels in exact.items()})


def _is_shown(found: Any, rule: Rule, *, rounded: bool) -> bool:
    try:
        number = np.array([float(found)])
    except (TypeError, ValueError):
        return False
    if isinstance(found, bool) or not np.isfinite(number[0]) or number[0] < 0 or number[0] % 1:
        return False
    # What is shown unrounded may be below the threshold: some publishers do not suppress their national figures.
    return not rounded or bool(rule.can_show(number)[0])
