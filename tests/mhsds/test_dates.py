"""Days, months and periods by number, against the calendar of Python."""

from __future__ import annotations

import datetime as dt
from calendar import monthrange
from typing import Any

import narwhals as nw
import pandas as pd
import polars as pl
import pytest

from cmhs_metrics.mhsds.records import dates
from cmhs_metrics.mhsds.records.cells import _whole
from cmhs_metrics.mhsds.records.dates import Span, day_number, read_date, read_period
from tests.support.refusals import refused

EPOCH = dt.date(1970, 1, 1)
MONTHS = [(year, month) for year in range(1900, 2100) for month in range(1, 13)]


def expression(values: dict[str, list[Any]], made: nw.Expr) -> list[Any]:
    frame = nw.from_native(pl.DataFrame(values)).select(made.alias("found"))
    return frame.get_column("found").to_list()


def span(first: str, last: str) -> Span:
    days = dt.date.fromisoformat(first), dt.date.fromisoformat(last)
    return Span(*((day - EPOCH).days for day in days), days[1])


def test_every_month_of_two_centuries_has_its_number_and_its_ends() -> None:
    firsts = [dt.date(year, month, 1) for year, month in MONTHS]
    lasts = [dt.date(year, month, monthrange(year, month)[1]) for year, month in MONTHS]
    # March 1900 is 0 and April 2019 is 1429.
    numbers = list(range(-2, len(MONTHS) - 2))
    assert numbers[MONTHS.index((2019, 4))] == 1429
    for day in (firsts, lasts):
        assert [dates.month_id(each) for each in day] == numbers
        assert [dates.month_number_of((each - EPOCH).days) for each in day] == numbers
    assert [dates.last_day(number) for number in numbers] == lasts
    # From March 1900 on, whose number is the first that a submission could have.
    for made, day in ((dates.first_day_of_month, firsts), (dates.last_day_of_month, lasts)):
        assert expression({"month": numbers[2:]}, made(nw.col("month"))) == [(each - EPOCH).days for each in day[2:]]


def test_every_day_is_numbered_and_what_is_none_is_not() -> None:
    days = [dt.date(year, month, day) for year, month in MONTHS for day in (1, 28, monthrange(year, month)[1])]
    numbers = [(day - EPOCH).days for day in days]
    assert [day_number(day) for day in days] == numbers
    assert expression({"day": days}, dates.day_of_date(nw.col("day"))) == numbers
    parts = [
        (year, month, day)
        for year in (0, 1, 4, 100, 400, 1900, 1999, 2000, 2023, 2024, 2100, 9999, 10_000)
        for month in range(14)
        for day in (0, 1, 27, 28, 29, 30, 31, 32)
    ]
    expected = []
    for each in parts:
        try:
            expected.append((dt.date(*each) - EPOCH).days)
        except ValueError:
            expected.append(None)
    columns = dict(zip(("year", "month", "day"), (list(column) for column in zip(*parts, strict=True)), strict=True))
    assert expression(columns, dates.day_of_parts(nw.col("year"), nw.col("month"), nw.col("day"))) == expected


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("2024-02-29", dt.date(2024, 2, 29)), ("2024-02-29T10:00", dt.date(2024, 2, 29)),
        ("2024-02-29 10:00", dt.date(2024, 2, 29)), (dt.datetime(2024, 2, 29, 23), dt.date(2024, 2, 29)),
        (dt.date(2024, 2, 29), dt.date(2024, 2, 29)), ("2023-02-29", None), ("29/02/2024", None), ("20240229", None),
        ("2024-02-291", None), (20240229, None), (None, None), (pd.NaT, None),
    ],
)  # fmt: skip
def test_a_date_is_read_as_users_write_it(value: Any, day: dt.date | None) -> None:
    found = read_date(value)
    assert (None if isinstance(found, dates.Problem) else found) == day


@pytest.mark.parametrize(
    ("first", "last", "name"),
    [
        ("2024-04-01", "2025-03-31", "2024/25"), ("1999-04-01", "2000-03-31", "1999/00"),
        ("2024-04-01", "2026-03-31", None), ("2024-04-01", "2024-03-31", "refused"), ("2024-04-02", "2025-03-31", None),
        ("2024-04-01", "2025-03-30", None), ("2024-05-01", "2025-03-31", None), ("2024-04-01", "2025-04-30", None),
        ("2024-04-01", "2024-04-01", None),
    ],
)  # fmt: skip
def test_a_period_is_a_financial_year_where_it_is_all_of_one(first: str, last: str, name: str | None) -> None:
    if name == "refused":
        assert [problem.column for problem in read_period((first, last))] == ["period"]
        return
    assert read_period((first, last)) == (span(first, last), name)
    assert read_period([dt.date.fromisoformat(first), last]) == (span(first, last), name)


def test_a_period_has_two_days_or_a_name() -> None:
    assert read_period("2024/25") == (span("2024-04-01", "2025-03-31"), "2024/25")
    assert read_period("2023/24 Q4") == (span("2024-01-01", "2024-03-31"), None)
    assert read_period("2024-02") == (span("2024-02-01", "2024-02-29"), None)
    for wrong in ("2024-02-01", "soon", ("2024-02-01",), ("2024-02-01",) * 3, 2024, None, ("soon", "2024-02-01")):
        assert [problem.column for problem in read_period(wrong)] == ["period"]
    assert [problem.value for problem in read_period(("soon", "late"))] == ["soon", "late"]
    with refused("date", "soon", expected="a date or period"):
        dates.month_id("soon")


def test_months_and_years_of_a_period() -> None:
    found = dates.months_of(span("2024-02-10", "2024-04-02"))
    assert found == [
        span("2024-02-10", "2024-02-29"),
        span("2024-03-01", "2024-03-31"),
        span("2024-04-01", "2024-04-02"),
    ]
    assert dates.months_of(span("2024-02-29", "2024-02-29")) == [span("2024-02-29", "2024-02-29")]
    assert [dates.year_of(span("2024-01-01", last)) for last in ("2024-03-31", "2024-04-01", "2024-12-31")] == [
        2023,
        2024,
        2024,
    ]
    assert dates.year_days(2023) == ((dt.date(2023, 4, 1) - EPOCH).days, (dt.date(2024, 3, 31) - EPOCH).days)


@pytest.mark.parametrize(
    ("end", "before"),
    [
        ("2024-02-29", "2023-02-28"), ("2025-02-28", "2024-02-29"), ("2023-02-28", "2022-02-28"),
        ("2024-02-28", "2023-02-28"), ("2024-03-30", "2023-03-30"), ("2024-04-30", "2023-04-30"),
    ],
)  # fmt: skip
def test_the_same_end_of_a_month_a_year_before(end: str, before: str) -> None:
    assert span("2020-01-01", end).year_before == (dt.date.fromisoformat(before) - EPOCH).days


def test_a_whole_number_is_one_that_a_float_tells_from_the_next() -> None:
    floats = [2.0**53 - 1, 2.0**53, 1 - 2.0**53, -(2.0**53), 2.9, None, float("nan")]
    found = expression({"x": floats}, _whole(nw.col("x"), nw.Float64))
    assert found == [9_007_199_254_740_991, None, -9_007_199_254_740_991, None, 2, None, None]
