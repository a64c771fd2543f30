"""Dates as numbers of days, which every engine compares and subtracts alike; months; and periods.

A date is the number of days since 1 January 1970. One that is not there is `NEVER`, later than every date, so that no
comparison meets a null, which engines treat each in its own way.
"""

from __future__ import annotations

import calendar
import datetime
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import narwhals as nw

from cmhs_metrics.errors import BadInput, Problem
from cmhs_metrics.signatures import checked
from cmhs_metrics.trends import parse_period

NEVER = 3_000_000
"""Later than every date: in the year 10183."""

EPOCH = datetime.date(1970, 1, 1)
NO_DAYS = tuple((day - EPOCH).days for day in (datetime.date(1900, 1, 1), datetime.date(9999, 12, 31)))
"""1 January 1900, which databases make of an empty date, and 31 December 9999, which they write of what is open."""
ZONE = "Europe/London"
"""Whose day a time of another zone is taken to be of: midnight in summer is an hour before it in Greenwich."""
LAST_MONTH = 2399
"""February 2100: a greater number is of no month, but one as 202404."""
_ISO = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ].*)?$"


def month_id(date: Any) -> int:
    """Number the reporting month of a date, as UniqMonthID does.

    Parameters
    ----------
    date : datetime.date or str
        The date, or its ISO text.

    Returns
    -------
    int
        (year − 1900) × 12 + month − 3.

    Raises
    ------
    BadInput
        When it is no date.

    References
    ----------
    NHS Data Dictionary: Reporting Period; the data set numbers April 2019 1429.

    Examples
    --------
    >>> month_id("2019-04-30")
    1429
    """
    day = read_date(date)
    if isinstance(day, Problem):
        raise BadInput("month_id", [day])
    return (day.year - 1900) * 12 + day.month - 3


@checked
def last_day(month_id: int) -> datetime.date:
    """Give the last day of a reporting month.

    Parameters
    ----------
    month_id : int
        As `month_id` numbers it.

    Returns
    -------
    datetime.date
        The day.

    Examples
    --------
    >>> last_day(1429)
    datetime.date(2019, 4, 30)
    """
    year, month = divmod(month_id + 2, 12)
    year, month = year + 1900, month + 1
    return datetime.date(year, month, calendar.monthrange(year, month)[1])


def month_number_of(day: int) -> int:
    """The reporting month of a day number."""
    date = EPOCH + datetime.timedelta(days=day)
    return (date.year - 1900) * 12 + date.month - 3


def day_number(date: datetime.date) -> int:
    """Number of days since 1 January 1970."""
    return date.toordinal() - EPOCH.toordinal()


def read_date(value: Any, argument: str = "date") -> datetime.date | Problem:
    """Read a date as users write it, or say what is wrong with it."""
    # A missing time of pandas is a date by its type, and is not equal to itself.
    if isinstance(value, datetime.date) and value == value:
        return value.date() if isinstance(value, datetime.datetime) else value
    if isinstance(value, str) and re.match(_ISO, value):
        with suppress(ValueError):
            return datetime.date.fromisoformat(value[:10])
    return Problem(argument, None, value, "a date, or its text as 2025-03-31")


def day_of_parts(year: nw.Expr, month: nw.Expr, day: nw.Expr) -> nw.Expr:
    """Day number of year, month and day, null where they are no calendar date."""
    leap = ((year % 4 == 0) & (year % 100 != 0)) | (year % 400 == 0)
    february = nw.when(leap).then(nw.lit(29)).otherwise(nw.lit(28))
    others = nw.when(month.is_in([4, 6, 9, 11])).then(nw.lit(30)).otherwise(nw.lit(31))
    length = nw.when(month == 2).then(february).otherwise(others)
    real = (year >= 1) & (year <= 9999) & (month >= 1) & (month <= 12) & (day >= 1) & (day <= length)
    return nw.when(real).then(_days(year, month) + day - 1)


def day_of_date(date: nw.Expr) -> nw.Expr:
    """Day number of a column of dates, by arithmetic that every engine has."""
    before = date.dt.year().cast(nw.Int64) - 1
    leaps = before // 4 - before // 100 + before // 400
    return before * 365 + leaps + date.dt.ordinal_day().cast(nw.Int64) - (EPOCH.toordinal() - 1) - 1


def last_day_of_month(month: nw.Expr) -> nw.Expr:
    """Day number of the last day of a reporting month."""
    return first_day_of_month(month + 1) - 1


def first_day_of_month(month: nw.Expr) -> nw.Expr:
    """Day number of the first day of a reporting month, to `LAST_MONTH`.

    With floors of fractions: databases write the whole quotient of numbers of either sign at length.
    """
    year = (month / 12).floor()
    in_year = ((month - year * 12) * 153 + 2) / 5
    return (year * 365 + (year / 4).floor() + in_year.floor() + _MARCH_1900).cast(nw.Int64)


_MARCH_1900 = (datetime.date(1900, 3, 1) - EPOCH).days
"""Months are numbered from March 1900."""


def year_of(span: Span) -> int:
    """The financial year in which a period ends, by the number of its April."""
    return span.last_date.year - (span.last_date.month < 4)


def year_days(year: int) -> tuple[int, int]:
    """The first and the last day of a financial year."""
    return day_number(datetime.date(year, 4, 1)), day_number(datetime.date(year + 1, 3, 31))


def _days(year: nw.Expr, month: nw.Expr) -> nw.Expr:
    """Day number of the first of a month: years begin in March, so that a leap day ends one."""
    early = nw.when(month <= 2).then(nw.lit(1)).otherwise(nw.lit(0))
    year = year - early
    from_march = month - 3 + early * 12
    return year * 365 + year // 4 - year // 100 + year // 400 + (from_march * 153 + 2) // 5 - 719468


@dataclass(frozen=True, slots=True)
class Span:
    """Days from the first to the last, both included, as day numbers."""

    first: int
    last: int
    last_date: datetime.date

    @property
    def year_before(self) -> int:
        """The same end of a month a year before: the day after which twelve months to the end begin."""
        end = self.last_date
        is_last = end.day == calendar.monthrange(end.year, end.month)[1]
        last = calendar.monthrange(end.year - 1, end.month)[1]
        return day_number(datetime.date(end.year - 1, end.month, last if is_last else min(end.day, last)))


_PERIODS = "'2024/25', '2023/24 Q4' or '2024-03', or (first day, last day)"


def read_period(period: Any) -> tuple[Span, str | None] | list[Problem]:
    """Read a period: its span, and its name where it is a financial year; or what is wrong with it."""
    if isinstance(period, str):
        try:
            parsed = parse_period(period)
        except BadInput as error:
            return list(error.problems)
        if parsed.freqstr == "D":
            return [Problem("period", None, period, _PERIODS)]
        return _span(parsed.start_time.date(), parsed.end_time.date())
    if not isinstance(period, (tuple, list)) or len(period) != 2:
        return [Problem("period", None, period, _PERIODS)]
    days = [read_date(each, "period") for each in period]
    problems = [day for day in days if isinstance(day, Problem)]
    if problems:
        return problems
    first, last = days
    assert isinstance(first, datetime.date)
    assert isinstance(last, datetime.date)
    if first > last:
        return [Problem("period", None, f"{first} to {last}", "a first day that is not after the last")]
    return _span(first, last)


def _span(first: datetime.date, last: datetime.date) -> tuple[Span, str | None]:
    is_year = (first.month, first.day, last.month, last.day, last.year) == (4, 1, 3, 31, first.year + 1)
    name = f"{first.year}/{last.year % 100:02}" if is_year else None
    return Span(day_number(first), day_number(last), last), name


def months_of(span: Span) -> list[Span]:
    """The calendar months of a period; its first and last may be parts of one."""
    months = []
    first = EPOCH + datetime.timedelta(days=span.first)
    while first <= span.last_date:
        last = min(last_day(month_id(first)), span.last_date)
        months.append(Span(day_number(first), day_number(last), last))
        first = last + datetime.timedelta(days=1)
    return months
