"""Rows of totals beside their parts, which would be counted twice: those that say so, and those that add up to it."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np

from cmhs_metrics.errors import BadInput, Problem, refuse, row_name, unknown
from cmhs_metrics.measures import KEYS, MEASURES, PLACE_KEYS, Kind
from cmhs_metrics.tables.columns import Arrays
from cmhs_metrics.tables.reading import rows_in
from cmhs_metrics.tables.row_keys import is_missing, row_numbers
from cmhs_metrics.total_labels import MAY_BE, SPELLINGS, is_total

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cmhs_metrics.tables.columns import Columns
    from cmhs_metrics.tables.table import Frame, Table

LOOKED_AT = 100_000
"""Among how many rows a total is looked for that does not say it is one."""
_CLOSE = 1e-9


def leave_out(table: Table, exclude: str | Sequence[str], argument: str = "exclude") -> Table:
    """Leave out the rows that a caller names.

    Parameters
    ----------
    table : Table
        The table.
    exclude : str or sequence of str
        Labels: a row that has one of them in any column of text is left out.
    argument : str, default "exclude"
        The argument, for the message.

    Returns
    -------
    Table
        The rows that are left.

    Raises
    ------
    BadInput
        When a table in memory has no such label, or nothing is left.
    """
    labels = [exclude] if isinstance(exclude, str) else list(exclude)
    if not labels:
        return table
    given_rows, table = table, with_index(table)
    columns = [name for name in table.schema if name not in MEASURES and table.is_text(name)]
    if not columns:
        raise BadInput("the table", [Problem(argument, None, labels, "a column of text in which these stand")])
    if not table.lazy:
        there = {value for name in columns for value in table.distinct(name)}
        refuse("the table", unknown(argument, labels, there, "a label of the table"))
    named = nw.any_horizontal(*(table.text(name).is_in(labels) for name in columns), ignore_nulls=True)
    if table.lazy:
        return replace(table, frame=table.frame.filter(~named), given=None)
    rows = np.flatnonzero(~table.eager.select(named.alias("named"))["named"].to_numpy().astype(bool)).tolist()
    if not rows:
        raise BadInput("the table", [Problem(argument, None, labels, "at least one row to be left")])
    given = given_rows.given[rows] if isinstance(given_rows.given, nw.DataFrame) else None
    return replace(given_rows, frame=given_rows.eager[rows], given=given)


def with_index(table: Table) -> Table:
    """A table with the labels of its pandas index as columns: a grouping by pandas leaves the names of rows there."""
    index = getattr(nw.to_native(table.frame), "index", None) if table.frame.implementation.is_pandas() else None
    levels = [] if index is None else [index.get_level_values(number) for number in range(index.nlevels)]
    labels = {str(level.name or "index"): level for level in levels if level.dtype.kind == "O"}
    labels = {name: level for name, level in labels.items() if name not in table.schema}
    return replace(table, frame=nw.from_native(nw.to_native(table.frame).assign(**labels))) if labels else table


def total_rows(table: Table, keys: Sequence[str]) -> tuple[list[Problem], list[str]]:
    """Find rows of totals beside their parts.

    `table`: the table. In a lazy one rows are looked for by the plainest of their labels alone, in one query, and one
    more for what they may be the totals of. Gives rows whose label says that they are totals and whose measures are
    the sums of the others, as far as these are known; and notes on rows that are called so and are no sums, and on
    rows without such a label that are the sum of two others or more in two measures or more.
    """
    table = with_index(table)
    # Places that do not tell rows apart may say all the same what a row is the total of.
    keys = list(dict.fromkeys([*keys, *(name for name in (*KEYS, *PLACE_KEYS) if name in table.schema)]))
    if not any(table.is_text(name) for name in keys if name not in ("period", "team_type")):
        keys += [name for name in table.schema if name not in (*keys, *MEASURES) and table.is_text(name)]
    measures = [name for name in table.measures if MEASURES[name].kind in (Kind.FLOW, Kind.STOCK)]
    labels = [name for name in keys if name not in ("period", "team_type") and table.is_text(name)]
    if not measures or (not table.lazy and len(table.eager) < 2):
        return [], []
    if table.lazy:
        return _labelled(table, keys, dict.fromkeys(labels, SPELLINGS), measures) if labels else ([], [])
    called = {name: found for name in labels if (found := _called_totals(table, name))}
    problems, notes = _labelled(table, keys, called, measures) if called else ([], [])
    if len(table.eager) > LOOKED_AT or len(measures) < 2 or not labels or len(table.eager) < 3:
        return problems, notes
    return problems, [*notes, *_unlabelled(table, keys, measures, called)]


def _called_totals(table: Table, name: str) -> list[str]:
    column = table.eager.get_column(name)
    if column.implementation.is_polars() and len(column) > LOOKED_AT:
        # Their distinct values would cost more than looking at each.
        some = column.filter(column.cast(nw.String).str.contains(MAY_BE)).unique().to_list()
        return [each for each in some if is_total(each)]
    return [each for each in table.distinct(name) if is_total(each)]


def _labelled(
    table: Table, keys: Sequence[str], called: dict[str, list[str]], measures: list[str]
) -> tuple[list[Problem], list[str]]:
    is_called = nw.any_horizontal(*(table.text(name).is_in(found) for name, found in called.items()), ignore_nulls=True)
    numbers = [table.number(name).alias(name) for name in measures]
    frame = table.frame.select(*(nw.col(key) for key in keys), *numbers)
    rows = rows_in(frame.filter(is_called).head(LOOKED_AT // 100))
    parts = frame.filter(~is_called)
    if isinstance(parts, nw.DataFrame) and not len(parts):
        return [], []
    if table.lazy:  # engines give rows in orders of their own
        rows.sort(key=lambda row: str([row[key] for key in keys]))
    sums: dict[tuple[str, ...], dict[Any, dict[str, Any]]] = {}
    problems, others = list[Problem](), list[str]()
    for row in rows:
        column = next(name for name in called if is_total(row[name]))
        context = tuple(key for key in keys if not is_missing(row[key]) and not is_total(row[key]))
        for within in dict.fromkeys([context, tuple(key for key in context if key in ("period", "team_type"))]):
            if within not in sums:
                sums[within] = _sums(parts, within, measures)
            total = sums[within].get(tuple(row[key] for key in within))
            if total is not None and _is_sum(row, total, measures):
                count = int(total["_rows"])
                expected = (
                    f"no row of totals, which would be counted again: its measures are the sums of "
                    f"{f'the {count} others' if count > 1 else 'the other row'} (exclude=[{row[column]!r}] leaves it "
                    "out, and aggregate(…, totals=True) makes totals)"
                )
                name = row_name(row, [key for key in keys if key != column and key in context])
                problems.append(Problem(column, name if name != "a row" else None, row[column], expected))
                break
        else:
            if any(not is_missing(row[name]) for name in measures):
                others.append(row_name(row, [column, *(key for key in keys if key != column and key in context)]))
    more = f" and {len(others) - 5} more" if len(others) > 5 else ""
    told = "called a total or an average, and not the sum of the others: it was counted as a place (exclude= leaves "
    told += "a row out)"
    return problems, [f"{'; '.join(others[:5])}{more}: {told}"] if others else []


def _sums(parts: Frame, within: tuple[str, ...], measures: list[str]) -> dict[Any, dict[str, Any]]:
    facts = [nw.len().alias("_rows")]
    for name in measures:
        facts += [nw.col(name).sum(), nw.col(name).count().alias(f"_known_{name}")]
    frame = parts.with_columns(nw.lit(0).alias("_all"))
    summed = frame.group_by(*(within or ("_all",))).agg(*facts)
    return {tuple(row[key] for key in within): row for row in rows_in(summed)}


def _is_sum(row: dict[str, Any], total: dict[str, Any], measures: list[str]) -> bool:
    """Whether a row may be the total: of parts that are known in every measure its sum, and no less than others."""
    compared = [
        (row[name], total[name], total[f"_known_{name}"] == total["_rows"])
        for name in measures
        if not is_missing(row[name])
    ]
    return any(found > 0 for found, _, _ in compared) and all(
        math.isclose(found, known, rel_tol=_CLOSE, abs_tol=_CLOSE) or (found > known and not whole)
        for found, known, whole in compared
    )


def _unlabelled(table: Table, keys: Sequence[str], measures: list[str], called: dict[str, list[str]]) -> list[str]:
    values = np.column_stack([np.asarray(table.array(name), dtype=np.float64) for name in measures])
    values[~np.isfinite(values)] = 0
    base = [key for key in ("period", "team_type") if key in keys]
    found: dict[int, int] = {}
    for context in [base, *([*base, key] for key in keys if key not in base)]:
        numbers = row_numbers(table, context) if context else np.zeros(len(values), dtype=np.int64)
        _, groups = np.unique(numbers, return_inverse=True)
        found |= _totals_of_groups(values, groups, runs=context == base)
    if not found:
        return []
    rows = table.eager.select(*keys)[list(found)].rows(named=True) if keys else []
    naming = [key for key in keys if key not in base] + base
    return [
        f"{row_name(row, naming)} is the sum of {count} other rows in every measure: is it a total? It was counted as "
        "a place (exclude= leaves a row out)"
        for row, count in zip(rows, found.values(), strict=True)
        if not any(is_total(row[name]) for name in called)
    ]


def _totals_of_groups(values: np.ndarray[Any, Any], groups: np.ndarray[Any, Any], *, runs: bool) -> dict[int, int]:
    """Rows that are the sum of all others of their group, or of the rows that stand just before or after them."""
    size = int(groups.max()) + 1
    sums = np.column_stack([np.bincount(groups, column, minlength=size) for column in values.T])[groups]
    many = np.column_stack([np.bincount(groups, column > 0, minlength=size) for column in values.T])[groups]
    positive = (values > 0) & (many >= 3)
    equal = np.abs(2 * values - sums) <= _CLOSE * sums
    is_total = (positive.sum(axis=1) >= 2) & (equal | ~(values > 0)).all(axis=1)
    rows = np.bincount(groups, minlength=size)[groups]
    found = {int(row): int(rows[row]) - 1 for row in np.flatnonzero(is_total)}
    if runs:
        order = np.argsort(groups, kind="stable")
        found |= {row: count for row, count in _totals_of_runs(values, groups, order).items() if row not in found}
    return found


def _totals_of_runs(values: np.ndarray[Any, Any], groups: np.ndarray[Any, Any], order: Any) -> dict[int, int]:
    """Rows that are the sum of two or more that stand just before or just after them in their group."""
    found: dict[int, int] = {}
    for ordered in (order, order[::-1]):
        held = values[ordered]
        before = np.vstack([np.zeros(held.shape[1]), np.cumsum(held, axis=0)])
        positive = np.vstack([np.zeros(held.shape[1], dtype=np.int64), np.cumsum(held > 0, axis=0)])
        leader = int(np.argmax(positive[-1]))
        starts = np.searchsorted(before[:, leader], before[:-1, leader] - held[:, leader] * (1 + _CLOSE), side="left")
        gone, parts = before[:-1] - before[starts], positive[:-1] - positive[starts]
        same = (np.abs(gone - held) <= _CLOSE * np.maximum(gone, 1)).all(axis=1)
        is_total = same & (((held > 0) & (parts >= 2)).sum(axis=1) >= 2)
        is_total &= groups[ordered[starts]] == groups[ordered]
        found |= {int(ordered[row]): int(row - starts[row]) for row in np.flatnonzero(is_total)}
    return found


def two_spellings(labels: Iterable[str]) -> list[str]:
    """Labels that capitals or blanks alone tell apart, side by side.

    Examples
    --------
    >>> two_spellings(["QE1", "qe1", "QE1 ", "QUE"])
    ["'QE1' and 'QE1 ' and 'qe1'"]
    """
    known: dict[str, set[str]] = {}
    for label in labels:
        known.setdefault(" ".join(label.split()).casefold(), set()).add(label)
    return [" and ".join(map(repr, sorted(each))) for each in known.values() if len(each) > 1]


def labels_alike(columns: Columns, names: Sequence[str]) -> list[str]:
    """Notes on labels that differ in capitals or blanks alone, which are groups of their own."""
    notes = []
    for name in names if isinstance(columns, Arrays) else ():
        frame: Any = columns.frame
        labels = dict.fromkeys(each for each in frame.get_column(name).to_list() if isinstance(each, str))
        notes += [f"{name} has {each}, which are groups of their own" for each in two_spellings(labels)]
    return notes
