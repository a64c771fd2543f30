"""Checking the cells of a table: everything that is wrong with it, in one query and one message."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, TypeVar

import narwhals as nw

from cmhs_metrics.errors import BadInput, Problem
from cmhs_metrics.measures import MEASURES
from cmhs_metrics.tables.bounds import (
    bound_columns,
    bound_flags,
    bound_problem,
    is_bound_problem,
    parts_to_compare,
    with_plain_bounds,
)
from cmhs_metrics.tables.entry import enter, row_name
from cmhs_metrics.team_types import TEAM_TYPE_SPELLINGS, TeamType, normalise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cmhs_metrics.tables.entry import Table

LISTED = 1000
"""How many rows with problems are listed one by one; the rest are counted."""

FINANCIAL_YEAR = r"^\d{4}/\d{2}$"
MONTH = r"^\d{4}-(?:0[1-9]|1[0-2])(?:-\d{2})?$"
PERIOD = rf"{FINANCIAL_YEAR}|{MONTH}"
_FLAG = "_problem_"
T = TypeVar("T")


def validate(table: T, *, keys: Sequence[str] | None = None) -> T:
    """Check every cell of a table of measures, and refuse it with all its problems at once.

    The other table functions do this by themselves on tables in memory. On a lazy table they cannot without running it:
    call this once, and it runs one query.

    Parameters
    ----------
    table : any frame that narwhals knows
        A row for each team (or organisation, or place) and period; measures and keys under their standard names. Other
        columns are left alone.
    keys : sequence of str, optional
        The columns that name a row. By default those of organisation, team, team_type and period that are there; name
        them where a further column tells rows apart.

    Returns
    -------
    The same table

    Raises
    ------
    BadInput
        When a measure is negative or infinite or not a number, a part is above its whole, a team type or period cannot
        be read, a key is missing, or two rows have the same keys; when bounds of a measure (``caseload_lower`` and
        ``caseload_upper``) are crossed, leave its value out, or stand alone. Each problem names column, row, value and
        what was expected.

    References
    ----------
    NHS Benchmarking Network, Community Mental Health Services Audit 2016/17: Defining Community Mental Health Services,
    for the team types.

    Examples
    --------
    >>> import pandas as pd
    >>> import cmhs_metrics as cm
    >>> teams = pd.DataFrame({"organisation": ["RT1"], "contacts": [90], "face_to_face_contacts": [120]})
    >>> cm.validate(teams)
    Traceback (most recent call last):
        ...
    cmhs_metrics.BadInput: the table has 1 problem:
      face_to_face_contacts, organisation=RT1: got 120, expected no more than contacts (90)
    """
    entered = with_plain_bounds(enter(table))
    check_cells(entered, keys, by_team_type=True)
    return table


def check_cells(
    table: Table, keys: Sequence[str] | None = None, *, by_team_type: bool = False, subject: str = "the table"
) -> None:
    """Refuse a table with bad cells.

    Parameters
    ----------
    table : Table
        The table.
    keys : sequence of str, optional
        The columns that name a row.
    by_team_type : bool, default False
        Whether one team type must have one spelling.
    subject : str, default "the table"
        What the table is, for the message.

    Raises
    ------
    BadInput
        With every problem.
    """
    named_by = table.keys(list(keys) if keys is not None else None)
    flags = _flags(table, named_by)
    found = list(table.problems)
    total = len(found)
    if flags:
        rows = _bad_rows(table, named_by, flags)
        seen: set[str] = set()
        for row in rows:
            for flag in flags:
                if not row[flag]:
                    continue
                problem = _problem(flag.removeprefix(_FLAG), row, named_by)
                # Every row of a repeated key has the problem; it is one.
                if problem.column is None and str(problem) in seen:
                    continue
                seen.add(str(problem) if problem.column is None else "")
                total += 1
                if len(found) < LISTED:
                    found.append(problem)
    whole = [*_periods(table), *(_mixed_spellings(table) if by_team_type else [])]
    if found or whole:
        raise BadInput(subject, [*found, *whole], total=total + len(whole))


def _bad_rows(table: Table, named_by: list[str], flags: dict[str, nw.Expr]) -> list[dict[str, Any]]:
    further = (key for key in ("team_type", "period") if key in table.schema)
    shown = list(dict.fromkeys([*named_by, *table.measures, *bound_columns(table), *further]))
    frame = table.frame
    if isinstance(frame, nw.DataFrame):
        frame = frame.with_row_index(f"{_FLAG}row")
        shown.append(f"{_FLAG}row")
    flagged = frame.with_columns(**flags)
    bad = flagged.filter(nw.any_horizontal(*(nw.col(name) for name in flags), ignore_nulls=True)).select(*shown, *flags)
    rows: list[dict[str, Any]] = (bad.collect() if isinstance(bad, nw.LazyFrame) else bad).rows(named=True)
    return rows


def _flags(table: Table, keys: list[str]) -> dict[str, nw.Expr]:
    """An expression for each kind of problem: true where a row has it."""
    flags: dict[str, nw.Expr] = {}
    for name in table.measures:
        value = number(name)
        flags[f"{name}:bounds"] = (value < 0) | (value == math.inf)
        whole = MEASURES[name].part_of
        if whole in table.measures and parts_to_compare(table, name):
            flags[f"{name}:part"] = value > number(whole)
    flags |= bound_flags(table, number)
    for key in keys:
        flags[f"{key}:missing"] = nw.col(key).is_null()
    if "team_type" in table.schema and is_text(table, "team_type"):
        flags["team_type:unknown"] = ~normalised(table).is_in(list(TEAM_TYPE_SPELLINGS))
    elif "team_type" in table.schema:
        flags["team_type:unknown"] = ~nw.col("team_type").is_null()
    if "period" in table.schema and is_text(table, "period"):
        flags["period:unreadable"] = ~text(table, "period").str.contains(PERIOD)
    elif "period" in table.schema and not table.schema["period"].is_temporal():
        flags["period:unreadable"] = ~nw.col("period").is_null()
    if keys:
        flags["keys:repeated"] = nw.len().over(*keys) > 1
    return {f"{_FLAG}{name}": flag.fill_null(False) for name, flag in flags.items()}


def number(name: str) -> nw.Expr:
    """A measure's column as 64-bit floats, missing where it is NaN."""
    return nw.col(name).cast(nw.Float64).fill_nan(None)


def is_text(table: Table, name: str) -> bool:
    """Whether a column is one of text, also where its values are held as categories."""
    return bool(table.schema[name] in (nw.String, nw.Categorical, nw.Enum))


def text(table: Table, name: str) -> nw.Expr:
    """A column of text as text, also where its values are held as categories."""
    return nw.col(name) if table.schema[name] == nw.String else nw.col(name).cast(nw.String)


def normalised(table: Table | None = None) -> nw.Expr:
    """The column of team types in the spelling by which `TeamType.parse` looks them up."""
    spelling = nw.col("team_type").cast(nw.String) if table is None else text(table, "team_type")
    lowered = spelling.str.to_lowercase().str.replace_all("&", "and", literal=True)
    return lowered.str.replace_all("[^a-z0-9]", "")


def _problem(flag: str, row: dict[str, Any], keys: list[str]) -> Problem:
    column, _, kind = flag.rpartition(":")
    name = row_name(row, keys, row.get(f"{_FLAG}row"))
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
        return Problem(column, name, row[column], "a financial year as '2016/17', a month as '2016-04', or a date")
    return Problem(
        None, name, None, "one row for these keys, and there are more (name the columns that differ in keys=)"
    )


def _expected_team_type(text: object) -> str:
    try:
        TeamType.parse(str(text))
    except BadInput as error:
        return error.problems[0].expected
    return "a team type"


def _distinct(table: Table, name: str) -> list[str]:
    if name not in table.schema or not is_text(table, name) or isinstance(table.frame, nw.LazyFrame):
        return []
    return [
        each for each in table.frame.get_column(name).unique(maintain_order=True).to_list() if isinstance(each, str)
    ]


def _periods(table: Table) -> list[Problem]:
    """What is wrong with the periods taken together; a lazy table cannot be looked at for it."""
    periods = _distinct(table, "period")
    years = [period for period in periods if "/" in period]
    problems = [
        Problem("period", None, year, "a year and the next, as in '2016/17'")
        for year in years
        if year[:4].isdigit() and year[5:].isdigit() and (int(year[:4]) + 1) % 100 != int(year[5:])
    ]
    months = [period for period in periods if re.match(MONTH, period)]
    if years and months:
        expected = "financial years or months, for what stands in both would be counted twice"
        problems.append(Problem("period", None, f"{years[0]} and {months[0]}", expected))
    return problems


def _mixed_spellings(table: Table) -> list[Problem]:
    """One team type under two spellings would be two groups; a lazy table cannot be looked at for it.

    Codes are no spellings: several services of the data set are one type, and may well stand apart.
    """
    spellings: dict[TeamType, list[str]] = {}
    for written in _distinct(table, "team_type"):
        kind = TEAM_TYPE_SPELLINGS.get(normalise(written))
        if kind is not None and kind is not TeamType.OTHER:
            spellings.setdefault(kind, []).append(written)
    return [
        Problem("team_type", None, None, f"one spelling of {kind.label}, not {' and '.join(map(repr, texts))}")
        for kind, texts in spellings.items()
        if len(texts) > 1 and not all(each.strip().upper() in kind.mhsds_codes for each in texts)
    ]
