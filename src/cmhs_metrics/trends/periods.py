"""Periods of a series: which follows which, and in which financial year they lie."""

from __future__ import annotations

from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cmhs_metrics.errors import BadInput, Problem, nth
from cmhs_metrics.periods import WRITTEN, Form, Reading, is_missing, read_periods
from cmhs_metrics.signatures import checked

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterable, Sequence

    import pandas as pd
    from numpy.typing import NDArray

FINANCIAL_YEAR, QUARTER, MONTH, DAY = "Y-MAR", "Q-MAR", "M", "D"
"""The frequencies, by pandas' names: the year and its quarters end in March."""

PER_YEAR = {FINANCIAL_YEAR: 1, QUARTER: 4, MONTH: 12}
"""How many periods a year has."""

_FREQUENCY: dict[Form, str] = {"financial year": FINANCIAL_YEAR, "quarter": QUARTER, "month": MONTH, "date": DAY}


@checked
def parse_period(period: object, form: Form | None = None) -> pd.Period:
    """Read a period as a pandas period.

    Parameters
    ----------
    period : str, datetime.date, datetime.datetime, pandas.Timestamp, numpy.datetime64 or pandas.Period
        What `parse_periods` reads, for example a financial year "2016/17", a quarter of one "2016/17 Q1" (April to
        June), a month "2016-04", or a date "2016-04-01". Of a time of day, the day counts; in London, where it has a
        time zone.
    form : {"financial year", "quarter", "month", "date"}, optional
        What it is, where that cannot be told: "2010-11" is a month or a financial year.

    Returns
    -------
    pandas.Period
        For a financial year the year that ends in March, which pandas names by its end ("2017" is 2016/17).

    Raises
    ------
    BadInput
        When it is none of these, or the years of "2016/18" do not follow each other.

    References
    ----------
    NHS Data Dictionary: Financial Year, from 1 April to 31 March.

    Examples
    --------
    >>> parse_period("2016/17")
    Period('2017', 'Y-MAR')
    >>> parse_period("2016/17").start_time.date(), parse_period("2016/17 Q4").end_time.date()
    (datetime.date(2016, 4, 1), datetime.date(2017, 3, 31))
    """
    import pandas as pd

    if isinstance(period, pd.Period) and form is None:
        return period
    read = _read_one(period, "the period", form)
    return pd.Period(read.first, freq=_FREQUENCY[read.form])


def financial_year(date: Any) -> Any:
    """Give the financial year in which a date, month or quarter lies.

    Parameters
    ----------
    date : what `parse_period` reads, or a pandas.Series of it
        The date. Of a stamp with a time zone, its day in London.

    Returns
    -------
    str or pandas.Series
        For example "2016/17"; for a Series, a Series with its index, missing where the date is.

    Raises
    ------
    BadInput
        When a date cannot be read, or a period reaches over two financial years.

    References
    ----------
    NHS Data Dictionary: Financial Year, from 1 April to 31 March.

    Examples
    --------
    >>> financial_year("2017-03-31"), financial_year("2017-04-01")
    ('2016/17', '2017/18')
    """
    column = hasattr(date, "iloc")
    labels = list(date) if column else [date]
    problems: list[Problem] = []
    years = _financial_years(labels, problems)
    if problems:
        raise BadInput("financial_year", problems if column else [_without_row(each) for each in problems])
    if not column:
        if date not in years:
            raise BadInput("financial_year", [Problem("date", None, date, WRITTEN)])
        return years[date]
    return date.map(years).rename("financial_year")


@checked
def next_period(period: Any, count: int = 1, form: Form | None = None) -> Any:
    """Give the period that follows.

    Parameters
    ----------
    period : str or pandas.Period
        A financial year, quarter, month or date; see `parse_period`.
    count : int, default 1
        How many periods further; back where it is negative.
    form : {"financial year", "quarter", "month", "date"}, optional
        What the period is, where that cannot be told.

    Returns
    -------
    str or pandas.Period
        The period, as the kind that came in.

    Raises
    ------
    BadInput
        When the period cannot be read, or the count is no whole number.

    Examples
    --------
    >>> next_period("2016/17"), next_period("2016-12"), next_period("2016/17 Q4", -4)
    ('2017/18', '2017-01', '2015/16 Q4')
    """
    following = parse_period(period, form) + int(count)
    return write_period(following) if isinstance(period, str) else following


def write_period(period: pd.Period) -> str:
    """Write a pandas period as people do: the inverse of `parse_period`."""
    end: int = period.qyear if period.freqstr == QUARTER else period.year
    if period.freqstr in (FINANCIAL_YEAR, QUARTER):
        year = f"{end - 1}/{end % 100:02}"
        return year if period.freqstr == FINANCIAL_YEAR else f"{year} Q{period.quarter}"
    return str(period)


def _read_one(period: Any, subject: str, form: Form | None) -> Reading:
    problems: list[Problem] = []
    read = read_periods([period], problems, "period", form) if _is_single(period) else {}
    if period is None or not read:
        raise BadInput(subject, [_without_row(each) for each in problems] or [Problem("period", None, period, WRITTEN)])
    return next(iter(read.values()))


def _is_single(period: Any) -> bool:
    return getattr(period, "__hash__", None) is not None and np.ndim(period) == 0


def _without_row(problem: Problem) -> Problem:
    return Problem(problem.column, None, problem.value, problem.expected)


def _financial_years(dates: list[Any], problems: list[Problem]) -> dict[Any, str]:
    """The financial year of each distinct date; of pandas' periods of any length, if they lie in one."""
    import pandas as pd

    spans = {each: (each.start_time.date(), each.end_time.date()) for each in dates if isinstance(each, pd.Period)}
    others = [None if isinstance(each, pd.Period) else each for each in dates]
    spans |= {each: (found.first, found.last) for each, found in read_periods(others, problems, "date").items()}
    years = {}
    for each, (first, last) in spans.items():
        # A financial year begins in April.
        start, end = (day.year - (day.month < 4) for day in (first, last))
        if start != end:
            expected = "a date or period within one financial year, from April to March"
            problems.append(Problem("date", nth(dates.index(each), "row"), str(each), expected))
        years[each] = f"{start:04}/{(start + 1) % 100:02}"
    return years


class Ordered(NamedTuple):
    """The periods of a series as numbers that can be counted with.

    Parameters
    ----------
    ordinals : numpy.ndarray
        A number for each period; the next period has the next number.
    frequency : str or None
        The frequency; None for numbers, such as plain years.
    step : int
        From one period of the series to the next one.
    """

    ordinals: NDArray[Any]
    frequency: str | None
    step: int


def ordered(periods: Iterable[Any], problems: list[Problem], *, least: int = 2, name: str = "periods") -> Ordered:
    """Read the periods of a series, which must stand in order, each once.

    `periods`: what `parse_periods` reads, all of one length, or numbers. Dates on the same day of each month, or on
    its last, are months. `problems`: where problems are added: too few, unreadable, of unlike lengths, repeated or
    unsorted. Gives the periods; without any where they could not be read.
    """
    labels = list(periods)
    if len(labels) < least:
        problems.append(Problem(name, None, len(labels), f"{least} periods or more"))
    frequency, step, ordinals = ordinals_of(labels, problems, name)
    for position in range(1, len(ordinals)):
        if ordinals[position] <= ordinals[position - 1]:
            again = ordinals[position] in ordinals[:position]
            expected = "a period that stands once" if again else f"a period after {labels[position - 1]}"
            problems.append(Problem(name, nth(position, "row"), str(labels[position]), expected))
    return Ordered(ordinals, frequency, step)


def position_of(
    period: Any, series: Sequence[Any], ordinals: Ordered, problems: list[Problem], name: str
) -> int | None:
    """The position at which a period stands in a series, or would stand: that of the first one not before it."""
    own: list[Problem] = []
    # Read beside the series, a date on its day of the month is a month as well.
    read = ordinals_of([*series, period], own, name)
    if own or read[0] != ordinals.frequency:
        kind = f"as the series has them, such as {series[0]}"
        problems.append(Problem(name, None, str(period), f"a period {kind}"))
        return None
    return int(np.searchsorted(ordinals.ordinals, read[2][-1]))


def ordinals_of(labels: list[Any], problems: list[Problem], name: str) -> tuple[str | None, int, NDArray[Any]]:
    """Read periods in any order as numbers: their frequency, the step from one to the next, and a number for each."""
    unread = None, 0, np.array([], dtype=np.int64)
    if all(_is_number(label) for label in labels):
        return None, 1, np.array(labels)
    missing = [each for each in labels if is_missing(each)]
    problems += [Problem(name, None, each, WRITTEN) for each in missing[:1]]
    own: list[Problem] = []
    frequencies, ordinals, days = _pandas_or_read(labels, own, name)
    problems += [_without_row(each) for each in own]
    if own or missing:
        return unread
    if len(set(frequencies)) > 1:
        examples = ", ".join(str(labels[frequencies.index(each)]) for each in dict.fromkeys(frequencies))
        problems.append(Problem(name, None, examples, "periods of one length"))
        return unread
    frequency = frequencies[0]
    if frequency != DAY:
        return frequency, 1, np.array(ordinals)
    months = np.array([Reading("month", day).ordinal for day in days])
    if len({day.day for day in days}) == 1 or all(Reading("month", day).last == day for day in days):
        return MONTH, _smallest_step(months), months
    return DAY, _smallest_step(np.array(ordinals)), np.array(ordinals)


def _pandas_or_read(
    labels: list[Any], problems: list[Problem], name: str
) -> tuple[list[str], list[int], list[datetime.date]]:
    """The frequency, ordinal and first day of each period."""
    read = read_periods(labels, problems, name)
    if problems and all(hasattr(each, "freqstr") and hasattr(each, "ordinal") for each in labels):
        # Weeks, calendar years and the like, which only pandas has: they follow each other as well.
        problems.clear()
        return [each.freqstr for each in labels], [each.ordinal for each in labels], []
    if problems:
        return [], [], []
    found = [read[each] for each in labels if each in read]
    return [_FREQUENCY[each.form] for each in found], [each.ordinal for each in found], [each.first for each in found]


def _is_number(label: Any) -> bool:
    """Whether a label is a plain number, such as a calendar year, and no 202404."""
    if not isinstance(label, Real) or isinstance(label, bool) or label != label:
        return False
    return not (isinstance(label, Integral) and len(str(label)) in (6, 8))


def _smallest_step(ordinals: NDArray[Any]) -> int:
    steps = np.diff(np.unique(ordinals))
    return int(steps.min()) if len(steps) else 1
