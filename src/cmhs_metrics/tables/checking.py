"""Checking the cells of a table: everything that is wrong with it, at once.

A table in memory is looked at column by column (the least and the greatest of each measure, the distinct periods and
team types, the keys as numbers); rows are looked at one by one only to name what is wrong.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import narwhals as nw
import numpy as np

from cmhs_metrics.errors import BadInput, Problem, row_name
from cmhs_metrics.measures import MEASURES
from cmhs_metrics.tables.bounds import bound_columns, bound_flags, bound_problem, is_bound_problem, parts_to_compare
from cmhs_metrics.tables.period_spans import mixed_forms, readings
from cmhs_metrics.tables.reading import rows_in
from cmhs_metrics.tables.row_keys import has_repeated, row_numbers
from cmhs_metrics.tables.sql_server import is_on_sql_server
from cmhs_metrics.team_types import TEAM_TYPE_SPELLINGS, TeamType, normalise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cmhs_metrics.tables.table import Table

LISTED = 1000
"""How many rows with problems are listed one by one; the rest are counted."""


class Found(NamedTuple):
    """What is wrong with a table.

    Parameters
    ----------
    problems : list of Problem
        The problems, of rows up to `LISTED`.
    total : int
        How many there are.
    """

    problems: list[Problem]
    total: int


def refuse_bad_cells(table: Table, keys: Sequence[str] | None = None, *, subject: str = "the table") -> None:
    """Refuse a table with bad cells; see `check`."""
    found = check(table, keys)
    if found.problems:
        raise BadInput(subject, found.problems, total=found.total)


def check(
    table: Table,
    keys: Sequence[str] | str | None = None,
    *,
    by_team_type: bool = False,
    grouped_by: Sequence[str] = (),
) -> Found:
    """Find everything that is wrong with the cells of a table.

    `table`: the table. A lazy one is run: once for its periods and team types, once for its rows. `by_team_type`:
    whether one team type must have one spelling. `grouped_by`: what the rows are to be grouped by, which tells them
    apart as well where no keys are named. Raises `BadInput` when a key is no column, or bounds do not go with their
    measures.
    """
    named_by = table.keys(keys)
    shown = named_by if keys is not None else _naming(named_by)
    if keys is None and named_by:
        named_by, shown = (list(dict.fromkeys([*each, *grouped_by])) for each in (named_by, shown))
    periods, team_types = _distinct(table)
    unreadable: list[Problem] = []
    read = readings(periods, unreadable)
    by_value = {problem.value: problem for problem in unreadable if problem.row is not None}
    flags = _flags(table, named_by, shown, list(by_value), team_types)
    found, total = list(table.problems), len(table.problems)
    seen: set[Any] = set()
    prefix = free_prefix(table, "_problem_")
    for row in _bad_rows(table, shown, flags, prefix) if flags else []:
        for flag in flags:
            if not row[f"{prefix}{flag}"]:
                continue
            problem = _problem(flag, row, shown, row.get(f"{prefix}row"), by_value)
            # Every row of a repeated key, and of an unreadable period, has the problem; it is one.
            once = str(problem) if problem.column is None else problem.value if flag == "period:unreadable" else None
            if once is not None and once in seen:
                continue
            seen.add(once)
            total += 1
            if len(found) < LISTED:
                found.append(problem)
    whole = [problem for problem in unreadable if problem.row is None]
    whole += mixed_forms(read)
    whole += _mixed_spellings(team_types) if by_team_type else []
    return Found([*found, *whole], total + len(whole))


def free_prefix(table: Table, prefix: str) -> str:
    """A beginning that no name of a column of the table has."""
    while any(name.startswith(prefix) for name in table.schema):
        prefix = f"_{prefix}"
    return prefix


def _naming(keys: list[str]) -> list[str]:
    """The keys by which a row is named: a place where no organisation or team says more, and what else there is."""
    finer = {"organisation", "team"} & set(keys)
    return [key for key in keys if not finer or key in ("organisation", "team", "team_type", "period")]


def _distinct(table: Table) -> tuple[list[Any], list[str]]:
    """The distinct periods and team types of a table; a query is run for them."""
    wanted = [name for name in ("period", "team_type") if name in table.schema]
    held: dict[str, list[Any]] = {}
    if not table.lazy:
        held = {name: table.distinct(name) for name in wanted}
    elif wanted and not is_on_sql_server(table.frame):
        rows = rows_in(table.frame.select(*wanted).unique())
        held = {name: list(dict.fromkeys(row[name] for row in rows if row[name] is not None)) for name in wanted}
    team_types = held.get("team_type", [])
    return held.get("period", []), [each for each in team_types if isinstance(each, str)]


def _flags(
    table: Table, keys: list[str], shown: list[str], unreadable: list[Any], team_types: list[str]
) -> dict[str, nw.Expr]:
    """An expression for each kind of problem, true where a row has it; of a table in memory those that it has."""
    flags: dict[str, nw.Expr] = {}
    for name in table.measures:
        value = table.number(name)
        if table.lazy or _is_out_of_range(table.array(name)):
            flags[f"{name}:bounds"] = (value < 0) | (value == math.inf)
        whole = MEASURES[name].part_of
        if whole is None or whole not in table.measures or not parts_to_compare(table, name):
            continue
        if table.lazy or bool(np.greater(table.array(name), table.array(whole)).any()):
            flags[f"{name}:part"] = value > table.number(whole)
    if table.bounded:
        flags |= bound_flags(table)
    for key in shown:
        if table.lazy or table.eager.get_column(key).null_count() > 0:
            flags[f"{key}:missing"] = nw.col(key).is_null()
    if "team_type" in table.schema:
        unknown = [each for each in team_types if normalise(each) not in TEAM_TYPE_SPELLINGS]
        if not table.is_text("team_type"):
            flags["team_type:unknown"] = ~nw.col("team_type").is_null()
        elif unknown:
            flags["team_type:unknown"] = table.text("team_type").is_in(unknown)
    if "period" in table.schema and unreadable:
        column = table.text("period") if table.is_text("period") else nw.col("period")
        flags["period:unreadable"] = column.is_in(unreadable)
    if keys and (table.lazy or has_repeated(row_numbers(table, keys))):
        flags["keys:repeated"] = nw.len().over(*keys) > 1
    return {name: flag.fill_null(False) for name, flag in flags.items()}


def _is_out_of_range(values: np.ndarray[Any, Any]) -> bool:
    # The least and the greatest of what is there, in one pass each; only then is anything looked for.
    return bool(np.fmin.reduce(values) < 0 or np.fmax.reduce(values) == math.inf)


def _bad_rows(table: Table, named_by: list[str], flags: dict[str, nw.Expr], prefix: str) -> list[dict[str, Any]]:
    further = (key for key in ("team_type", "period") if key in table.schema)
    shown = list(dict.fromkeys([*named_by, *table.measures, *bound_columns(table), *further]))
    frame = table.frame
    if is_on_sql_server(frame):
        expected = "another engine: cells are checked by patterns that SQL Server has not (bring the rows into DuckDB)"
        raise BadInput("validate", [Problem(None, None, "a table on SQL Server", expected)])
    if isinstance(frame, nw.DataFrame):
        frame = frame.with_row_index(f"{prefix}row")
        shown.append(f"{prefix}row")
    named = {f"{prefix}{name}": flag for name, flag in flags.items()}
    flagged = frame.with_columns(**named)
    bad = flagged.filter(nw.any_horizontal(*(nw.col(name) for name in named), ignore_nulls=True)).select(*shown, *named)
    return rows_in(bad)


def _problem(flag: str, row: dict[str, Any], keys: list[str], number: Any, periods: dict[Any, Problem]) -> Problem:
    column, _, kind = flag.rpartition(":")
    name = row_name(row, keys, number)
    if kind == "bounds":
        unit = MEASURES[column].unit
        return Problem(column, name, row[column], f"zero or more [{unit}], and finite")
    if is_bound_problem(kind):
        return bound_problem(column, kind, row, name)
    if kind == "part":
        whole = str(MEASURES[column].part_of)
        return Problem(column, name, row[column], f"no more than {whole} ({row[whole]})")
    if kind == "missing":
        return Problem(column, name, None, "a value, so that the row can be told from others")
    if kind == "unknown":
        return Problem(column, name, row[column], _expected_team_type(row[column]))
    if kind == "unreadable":
        return Problem(column, name, row[column], periods[row[column]].expected)
    return Problem(
        None, name, None, "one row for these keys, and there are more (name the columns that differ in keys=)"
    )


def _expected_team_type(text: object) -> str:
    try:
        TeamType.parse(str(text))
    except BadInput as error:
        return error.problems[0].expected
    return "a team type"


def _mixed_spellings(team_types: list[str]) -> list[Problem]:
    """One team type under two spellings would be two groups.

    Codes are no spellings: several services of the data set are one type, and may well stand apart.
    """
    spellings: dict[TeamType, list[str]] = {}
    for written in team_types:
        kind = TEAM_TYPE_SPELLINGS.get(normalise(written))
        if kind is not None and kind is not TeamType.OTHER:
            spellings.setdefault(kind, []).append(written)
    return [
        Problem("team_type", None, None, f"one spelling of {kind.label}, not {' and '.join(map(repr, texts))}")
        for kind, texts in spellings.items()
        if len(texts) > 1 and not all(each.strip().upper() in kind.mhsds_codes for each in texts)
    ]
