"""Periods: financial years, their quarters, months and dates, as people write them and as pandas holds them."""

from __future__ import annotations

import datetime
import re
from numbers import Real
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cmhs_metrics.errors import BadInput, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd
    from numpy.typing import NDArray

FINANCIAL_YEAR, QUARTER, MONTH, DAY = "Y-MAR", "Q-MAR", "M", "D"
"""The frequencies, by pandas' names: the year and its quarters end in March."""

PER_YEAR = {FINANCIAL_YEAR: 1, QUARTER: 4, MONTH: 12}
"""How many periods a year has."""

_YEAR = re.compile(r"(\d{4})/(\d{2})(?: Q([1-4]))?")
_YEAR_OTHERWISE = re.compile(r"(?:FY\s*)?(?:20)?(\d{2})\s*[-/–]\s*(?:20)?(\d{2})")
_DATE = re.compile(r"(\d{4})-(\d{2})(?:-(\d{2}))?")
_WRITTEN = "a financial year (2016/17), a quarter of one (2016/17 Q1), a month (2016-04) or a date (2016-04-01)"


def parse_period(period: object) -> pd.Period:
    """Read a period as a pandas period.

    Parameters
    ----------
    period : str, datetime.date, datetime.datetime, pandas.Timestamp, numpy.datetime64 or pandas.Period
        A financial year "2016/17", a quarter of one "2016/17 Q1" (April to June), a month "2016-04", or a date
        "2016-04-01". Of a time of day, the day counts.

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
    read = _read(period)
    if isinstance(read, Problem):
        raise BadInput("the period", [read])
    return read


def financial_year(date: Any) -> Any:
    """Give the financial year in which a date, month or quarter lies.

    Parameters
    ----------
    date : what `parse_period` reads, or a pandas.Series of it
        The date.

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
    if not hasattr(date, "iloc"):
        found = _financial_year(date)
        if isinstance(found, Problem):
            raise BadInput("financial_year", [found])
        return found
    years = {each: _financial_year(each) for each in date.dropna().unique()}
    problems = [
        Problem("date", f"{date.name or 'date'} at {date.index[date == each][0]}", each, found.expected)
        for each, found in years.items()
        if isinstance(found, Problem)
    ]
    if problems:
        raise BadInput("financial_year", problems)
    return date.map(years).rename("financial_year")


def next_period(period: Any, count: int = 1) -> Any:
    """Give the period that follows.

    Parameters
    ----------
    period : str or pandas.Period
        A financial year, quarter, month or date; see `parse_period`.
    count : int, default 1
        How many periods further; back where it is negative.

    Returns
    -------
    str or pandas.Period
        The period, as the kind that came in.

    Raises
    ------
    BadInput
        When the period cannot be read.

    Examples
    --------
    >>> next_period("2016/17"), next_period("2016-12"), next_period("2016/17 Q4", -4)
    ('2017/18', '2017-01', '2015/16 Q4')
    """
    following = parse_period(period) + count
    return write_period(following) if isinstance(period, str) else following


def write_period(period: pd.Period) -> str:
    """Write a pandas period as people do: the inverse of `parse_period`."""
    end: int = period.qyear if period.freqstr == QUARTER else period.year
    if period.freqstr in (FINANCIAL_YEAR, QUARTER):
        year = f"{end - 1}/{end % 100:02}"
        return year if period.freqstr == FINANCIAL_YEAR else f"{year} Q{period.quarter}"
    return str(period)


def _read(period: object) -> pd.Period | Problem:
    import pandas as pd

    if isinstance(period, pd.Period):
        return period
    if isinstance(period, str):
        return _read_text(period)
    if isinstance(period, (datetime.date, np.datetime64)) and not pd.isna(period):
        return pd.Period(pd.Timestamp(period), freq=DAY)
    return Problem("period", None, period, _WRITTEN)


def _read_text(text: str) -> pd.Period | Problem:
    import pandas as pd

    if found := _YEAR.fullmatch(text):
        end = int(found[1]) + 1
        if end % 100 != int(found[2]):
            expected = f"two years that follow each other: {found[1]}/{end % 100:02}"
            return Problem("period", None, text, expected)
        return (
            pd.Period(year=end, quarter=int(found[3]), freq=QUARTER)
            if found[3]
            else pd.Period(str(end), FINANCIAL_YEAR)
        )
    if found := _DATE.fullmatch(text):
        year, month, day = int(found[1]), int(found[2]), int(found[3] or 1)
        try:
            return pd.Period(datetime.date(year, month, day).isoformat(), DAY if found[3] else MONTH)
        except ValueError:
            pass
    if (found := _YEAR_OTHERWISE.fullmatch(text.strip())) and (int(found[1]) + 1) % 100 == int(found[2]):
        return Problem("period", None, text, f"{_WRITTEN}; did you mean '20{found[1]}/{found[2]}'?")
    return Problem("period", None, text, _WRITTEN)


def _financial_year(date: object) -> str | Problem:
    read = _read(date)
    if isinstance(read, Problem):
        return read
    first, last = (each.asfreq(FINANCIAL_YEAR) for each in (read.asfreq(DAY, "start"), read.asfreq(DAY, "end")))
    if first != last:
        return Problem("date", None, str(date), "a date or period within one financial year, from April to March")
    return write_period(first)


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

    Parameters
    ----------
    periods : iterable
        What `parse_period` reads, all of one frequency, or numbers. Dates on the same day of each month, or on its
        last, are months.
    problems : list of Problem
        Where problems are added: too few, unreadable, of unlike frequencies, repeated or unsorted.
    least : int, default 2
        How many periods there must be.
    name : str, default "periods"
        What the problems call them.

    Returns
    -------
    Ordered
        The periods; without any where they could not be read.
    """
    labels = list(periods)
    if len(labels) < least:
        problems.append(Problem(name, None, len(labels), f"{least} periods or more"))
    frequency, step, ordinals = ordinals_of(labels, problems, name)
    for position in range(1, len(ordinals)):
        if ordinals[position] <= ordinals[position - 1]:
            again = ordinals[position] in ordinals[:position]
            expected = "a period that stands once" if again else f"a period after {labels[position - 1]}"
            problems.append(Problem(name, f"position {position}", str(labels[position]), expected))
    return Ordered(ordinals, frequency, step)


def position_of(
    period: Any, series: Sequence[Any], ordinals: Ordered, problems: list[Problem], name: str
) -> int | None:
    """The position at which a period stands in a series, or would stand: that of the first one not before it."""
    own: list[Problem] = []
    # Read beside the first of the series, a date on its day of the month is a month as well.
    read = ordinals_of([series[0], period], own, name)
    if own or read[0] != ordinals.frequency:
        kind = f"as the series has them, such as {series[0]}"
        problems.append(Problem(name, None, str(period), f"a period {kind}"))
        return None
    return int(np.searchsorted(ordinals.ordinals, read[2][1]))


def ordinals_of(labels: list[Any], problems: list[Problem], name: str) -> tuple[str | None, int, NDArray[Any]]:
    """Read periods in any order as numbers: their frequency, the step from one to the next, and a number for each."""
    none = np.array([], dtype=np.int64)
    if all(isinstance(label, Real) and not isinstance(label, bool) and label == label for label in labels):
        return None, 1, np.array(labels)
    read = [_read(label) for label in labels]
    unreadable = [each for each in read if isinstance(each, Problem)]
    if unreadable:
        problems.extend(Problem(name, None, each.value, each.expected) for each in unreadable)
        return None, 1, none
    found = [each for each in read if not isinstance(each, Problem)]
    frequencies = {each.freqstr for each in found}
    if len(frequencies) > 1:
        examples = ", ".join(write_period(next(each for each in found if each.freqstr == one)) for one in frequencies)
        problems.append(Problem(name, None, examples, "periods of one length"))
        return None, 1, none
    (frequency,) = frequencies
    if frequency != DAY:
        return frequency, 1, np.array([each.ordinal for each in found])
    if len({each.day for each in found}) == 1 or all(each.day == each.days_in_month for each in found):
        months = np.array([each.asfreq(MONTH).ordinal for each in found])
        return MONTH, _smallest_step(months), months
    days = np.array([each.ordinal for each in found])
    return DAY, _smallest_step(days), days


def _smallest_step(ordinals: NDArray[Any]) -> int:
    steps = np.diff(np.unique(ordinals))
    return int(steps.min()) if len(steps) else 1
