"""The periods of a table: what each is, and which months it covers.

Tables in memory are read by their distinct periods. Of a query none is known before it runs, so patterns tell them
apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np

from cmhs_metrics.errors import Problem
from cmhs_metrics.periods import canonical_period, read_periods

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cmhs_metrics.periods import Reading
    from cmhs_metrics.tables.table import Table

FINANCIAL_YEAR = r"^\d{4}/\d{2}$"
QUARTER = r"^\d{4}/\d{2} Q[1-4]$"
MONTH = r"^\d{4}-(?:0[1-9]|1[0-2])(?:-\d{2})?$"

MONTHS_OF = {"financial year": 12, "quarter": 3, "month": 1, "date": 1}
"""How many months each form of period stands for; a date stands for its month, or for a part of it."""

_ACCEPTED = "a financial year as '2016/17', a quarter as '2016/17 Q1', a month as '2016-04', or a date"


def readings(values: Iterable[Any], problems: list[Problem]) -> dict[Any, Reading]:
    """What each distinct period of a table is.

    `problems`: where the values are added that are no period, or are one in a spelling by which tables are not
    joined. Gives the reading of each value that has one. A date beside months, the first or last of its own, is that
    month.
    """
    values = list(values)
    unread: list[Problem] = []
    found = read_periods(values, unread)
    for problem in unread:
        text = str(problem.value)
        if text[:4].isdigit() and text[4:5] == "/" and text[5:].isdigit() and len(text) == 7:
            problems.append(Problem("period", None, problem.value, "a year and the next, as in '2016/17'"))
        else:
            more = problem.expected if "form=" in problem.expected else _ACCEPTED
            problems.append(Problem("period", "", problem.value, more))
    kept = {}
    for value, reading in found.items():
        written = str(reading)
        if (isinstance(value, str) and value not in (written, _alone(value))) or isinstance(value, (int, np.integer)):
            expected = f"{_ACCEPTED}; read as {written!r}? cm.parse_periods(table['period']) writes it so"
            problems.append(Problem("period", "", value, expected))
        else:
            kept[value] = reading
    return kept


def _alone(value: str) -> str | None:
    return canonical_period(value)


def mixed_forms(found: Mapping[Any, Reading]) -> list[Problem]:
    """Refuse years beside their quarters or months."""
    by_length: dict[int, str] = {}
    for value, reading in found.items():
        by_length.setdefault(MONTHS_OF[reading.form], str(value))
    if len(by_length) < 2:
        return []
    (first, one), (second, other) = sorted(by_length.items(), reverse=True)[:2]
    names = {12: "financial years", 3: "quarters", 1: "months"}
    expected = f"{names[first]} or {names[second]}, for what stands in both would be counted twice"
    return [Problem("period", None, f"{one} and {other}", expected)]


def months_counted(found: Mapping[Any, Reading]) -> tuple[int, bool]:
    """How many distinct months some periods cover, and whether these follow one another without a gap."""
    starts = {reading.first.year * 12 + reading.first.month: MONTHS_OF[reading.form] for reading in found.values()}
    if not starts:
        return 0, True
    covered = sum(starts.values())
    last = max(starts)
    return covered, last + starts[last] - min(starts) == covered


def first_months(table: Table) -> np.ndarray[Any, Any]:
    """For each row of a table in memory the first month of its period, counted from year nought."""
    codes, found = table.encoded("period"), table.periods
    values = table.distinct("period")
    months = np.array([_month_number(found.get(value)) for value in values] + [0], dtype=np.int64)
    if codes.dtype != np.uint64:
        return np.asarray(months[codes])
    column = table.eager.get_column("period")
    known = nw.new_series(column.name, values, column.dtype, backend=column.implementation)
    hashes = nw.to_native(known).hash(1).to_numpy()
    order = np.argsort(hashes)
    at = np.searchsorted(hashes[order], codes).clip(max=max(len(order) - 1, 0))
    counted: np.ndarray[Any, Any] = np.where(hashes[order][at] == codes, months[order][at], 0)
    return counted


def _month_number(reading: Reading | None) -> int:
    return 0 if reading is None else reading.first.year * 12 + reading.first.month


def span_expressions(table: Table) -> tuple[nw.Expr, nw.Expr]:
    """For each row of a query the first month of its period, and how many months it covers."""
    if table.schema["period"].is_temporal():
        period = nw.col("period")
        return period.dt.year().cast(nw.Int64) * 12 + period.dt.month().cast(nw.Int64), nw.lit(1)
    period = table.text("period")
    is_year, is_quarter, is_month = (period.str.contains(pattern) for pattern in (FINANCIAL_YEAR, QUARTER, MONTH))
    # What is no period is kept from the casts, which would stop the query.
    year = nw.when(is_year | is_quarter | is_month).then(period).otherwise(nw.lit("0000-00")).str.slice(0, 4)
    month = nw.when(is_month).then(period).otherwise(nw.lit("0000-00")).str.slice(5, 2)
    quarter = nw.when(is_quarter).then(period).otherwise(nw.lit("0000/00 Q0")).str.slice(9, 1)
    within = month.cast(nw.Int64) + nw.when(is_year).then(4).otherwise(0)
    within = within + nw.when(is_quarter).then(quarter.cast(nw.Int64) * 3 + 1).otherwise(0)
    length = nw.when(is_year).then(12).otherwise(nw.when(is_quarter).then(3).otherwise(1))
    return year.cast(nw.Int64) * 12 + within, length
