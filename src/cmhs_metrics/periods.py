"""Periods: financial years, their quarters, months and dates, as people write them and as engines hold them."""

from __future__ import annotations

import datetime
import re
from functools import lru_cache
from numbers import Integral
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args
from zoneinfo import ZoneInfo

from cmhs_metrics.errors import BadInput, Problem, nth
from cmhs_metrics.signatures import checked

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

Form = Literal["financial year", "quarter", "month", "date"]
FORMS: tuple[Form, ...] = get_args(Form)

LONDON = ZoneInfo("Europe/London")
"""The place whose days count, of a stamp that has a time zone."""

WRITTEN = "a financial year (2016/17), a quarter of one (2016/17 Q1), a month (2016-04) or a date (2016-04-01)"
"""What can be read, for messages."""

_PIVOT = 70
"""Years of two digits below this are of this century, as POSIX has it; the others of the last one."""
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul", "august aug",
            "september sept sep", "october oct", "november nov", "december dec",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_QUARTER = r"(?:Q|Quarter )([1-4])"
_TIME = r"(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?"
_YEARS = re.compile(r"(FY ?)?([0-9]{4}|[0-9]{2}) ?([-/–]) ?([0-9]{4}|[0-9]{2})", re.IGNORECASE)
_QUARTER_LAST = re.compile(rf"(.+?) ?{_QUARTER}", re.IGNORECASE)
_QUARTER_FIRST = re.compile(rf"{_QUARTER} ?(.+)", re.IGNORECASE)
_DIGITS = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})?")
_ISO_DAY = re.compile(rf"([0-9]{{4}})[-/]([0-9]{{2}})[-/]([0-9]{{2}}){_TIME}")
_DAY_FIRST = re.compile(rf"([0-9]{{1,2}})([-/.])([0-9]{{1,2}})\2([0-9]{{4}}){_TIME}")
# Which of the three is the year, and whether the day or the month comes first, only `form` can say.
_SHORT_DATE = re.compile(r"([0-9]{1,2})([-/.])([0-9]{1,2})\2([0-9]{2})")
_WORD = re.compile(r"(?:([0-9]{1,2})[ -])?([A-Za-z]{3,9})[ '’-]?([0-9]{4}|[0-9]{2})")
_WORD_LAST = re.compile(r"([0-9]{4})[ -]([A-Za-z]{3,9})")


class Reading(NamedTuple):
    """A period as it was read.

    Parameters
    ----------
    form : {"financial year", "quarter", "month", "date"}
        How long it is.
    first : datetime.date
        Its first day.
    """

    form: Form
    first: datetime.date

    @property
    def ordinal(self) -> int:
        """A number that the next period of the same form has one more of."""
        months = self.first.year * 12 + self.first.month - 1
        return {
            "financial year": self.first.year, "quarter": months // 3, "month": months, "date": self.first.toordinal()
        }[self.form]  # fmt: skip

    @property
    def last(self) -> datetime.date:
        """Its last day."""
        months = {"financial year": 12, "quarter": 3, "month": 1, "date": 0}[self.form]
        if not months:
            return self.first
        end = self.first.year * 12 + self.first.month - 1 + months
        return datetime.date(end // 12, end % 12 + 1, 1) - datetime.timedelta(days=1)

    def __str__(self) -> str:
        """The one way in which this library writes it."""
        if self.form in ("month", "date"):
            return self.first.isoformat()[: 7 if self.form == "month" else 10]
        start = self.first.year - (self.first.month < 4)
        year = f"{start:04}/{(start + 1) % 100:02}"
        return year if self.form == "financial year" else f"{year} Q{(self.first.month - 4) % 12 // 3 + 1}"


@checked
def parse_periods(values: Any, form: Form | None = None) -> Any:
    """Bring periods, however they are written, into the one spelling that tables are joined and grouped by.

    Parameters
    ----------
    values : Series, Index, numpy.ndarray, pyarrow array, list, tuple or str
        Text such as "2016/17", "2016-17", "FY2016/17", "2016/17 Q1", "Q1 2016/17", "2016-04", "Apr-16", "April 2016",
        "201604", "2016-04-30", "30/04/2016" (the day first) or "2016-04-30 00:00"; dates, stamps and pandas periods.
    form : {"financial year", "quarter", "month", "date"}, optional
        What every value is. Needed where that cannot be told: "2010-11" is a month or a financial year. With "month",
        a date stands for its month; with "date", the day comes first in "01/04/24".

    Returns
    -------
    The same kind of column
        Text: "2016/17", "2016/17 Q1", "2016-04" or "2016-04-30". Missing where the value is.

    Raises
    ------
    BadInput
        When a value is no period ("2016-02-31", "2016/18", a calendar year), may be two and neither `form` nor the rest
        of the column decides, or is of another form. Each problem names the first row that has it.
    TypeError
        When it is not a column.

    Notes
    -----
    Of a stamp with a time zone the day in London counts: 2016-03-31T23:30Z is 1 April. Where months and dates stand in
    one column, and every date is the first or last of its month, the dates are read as months. Years of two digits are
    from 1970 to 2069.

    References
    ----------
    NHS Data Dictionary: Financial Year, from 1 April to 31 March.

    Examples
    --------
    >>> import cmhs_metrics as cm
    >>> cm.parse_periods(["2023-24", "FY2024/25", "25/26"])
    ['2023/24', '2024/25', '2025/26']
    >>> cm.parse_periods(["Apr-24", "202405", "2024-06-30"])
    ['2024-04', '2024-05', '2024-06']
    >>> cm.parse_periods("2010-11", form="month")
    '2010-11'
    """
    if form is not None and form not in FORMS:
        raise BadInput("parse_periods", [Problem("form", None, form, f"one of {', '.join(map(repr, FORMS))}")])
    if isinstance(values, str) or _is_day(values):
        return parse_periods([values], form)[0]
    cells = _cells(values)
    problems: list[Problem] = []
    read = read_periods(cells, problems, "values", form)
    if problems:
        raise BadInput("parse_periods", problems)
    return _given_back([str(read[each]) if not is_missing(each) else None for each in cells], values)


def canonical_period(text: str, form: Form | None = None) -> str | None:
    """Write one period in the one spelling that this library has for it.

    `text`: the period as somebody wrote it; see `parse_periods`. `form`: what it is, where that cannot be told. Gives
    "2016/17", "2016/17 Q1", "2016-04" or "2016-04-30"; None where it is no period, or may be two.

    Examples
    --------
    >>> from cmhs_metrics.periods import canonical_period
    >>> canonical_period("Q1 2024/25"), canonical_period("2016-02-31"), canonical_period("2010-11")
    ('2024/25 Q1', None, None)
    """
    readings = _readings(text, form)
    return str(readings[0]) if len(readings) == 1 else None


def read_periods(
    values: Iterable[Hashable], problems: list[Problem], name: str = "period", form: Form | None = None
) -> dict[Any, Reading]:
    """Read periods that stand together, so that the others decide what one alone does not.

    `values`: the periods; what is missing is left out. `problems`: where problems are added, one for each distinct
    value, with the first row that has it. Gives the reading of each distinct value that has one.
    """
    rows: dict[Any, int] = {}
    for row, value in enumerate(values):
        if getattr(value, "__hash__", None) is None:
            problems.append(Problem(name, nth(row, "row"), value, WRITTEN))
        elif not is_missing(value):
            rows.setdefault(value, row)
    found = {value: _readings(value, form) for value in rows}
    forms = {readings[0].form for readings in found.values() if len(readings) == 1}
    # "2010-11" beside "2010-12" is a month, and beside "2012-13" a year; quarters say nothing of either.
    decided: Form | None = None
    if forms & {"month", "date"} and "financial year" not in forms:
        decided = "month"
    elif "financial year" in forms and not forms & {"month", "date"}:
        decided = "financial year"
    read = {}
    for value, readings in found.items():
        kept = [each for each in readings if len(readings) == 1 or each.form == decided]
        if len(kept) == 1:
            read[value] = kept[0]
        else:
            problems.append(Problem(name, nth(rows[value], "row"), value, _expected(value, readings, form)))
    return _months_of_dates(read)


def _months_of_dates(read: dict[Any, Reading]) -> dict[Any, Reading]:
    """Dates beside months, where each is the first or last of its month, are another spelling of months."""
    dates = {value: each for value, each in read.items() if each.form == "date"}
    if not dates or not any(each.form == "month" for each in read.values()):
        return read
    ends = all(each.first in (month.first, month.last) for each in dates.values() for month in [_month_of(each)])
    if not ends:
        return read
    return read | {value: _month_of(each) for value, each in dates.items()}


def _month_of(date: Reading) -> Reading:
    return Reading("month", date.first.replace(day=1))


def _expected(value: Any, readings: list[Reading], form: Form | None) -> str:
    if len(readings) > 1:
        first, second = readings
        return (
            f"form={first.form!r} or form={second.form!r} (of parse_periods), for it may be {_in_words(first)} or "
            f"{_in_words(second)}"
        )
    if form is not None:
        return f"a {form}, as {dict(zip(FORMS, ('2016/17', '2016/17 Q1', '2016-04', '2016-04-01'), strict=True))[form]}"
    if isinstance(value, str) and _SHORT_DATE.fullmatch(value):
        return "a year of four digits, as '01/04/2024', or form='date' (of parse_periods), which takes the day first"
    if isinstance(value, str) and (found := _YEARS.fullmatch(value)) and len(found[2]) == 4 and found[3] == "/":
        return f"two years that follow each other: {found[2]}/{(int(found[2]) + 1) % 100:02}"
    return WRITTEN


def _in_words(reading: Reading) -> str:
    if reading.form == "financial year":
        return f"the financial year {reading}"
    if reading.form == "month":
        return f"the month {reading.first:%B %Y} (a date of it, as '{reading.last}', can be nothing else)"
    return f"the day {reading}"


def _readings(value: Any, form: Form | None) -> list[Reading]:
    """Everything that a value may be: nothing where it is no period, two where that cannot be told."""
    if isinstance(value, str):
        text = value.strip(" \u00a0")
        readings = list(_text_readings(text))
        if form == "date" and (found := _SHORT_DATE.fullmatch(text)):
            readings = list(_on(_century(found[4]), int(found[3]), int(found[1])))
    elif isinstance(value, Integral) and not isinstance(value, bool):
        # A column of 202404 is read from a file as numbers; a plain year is a calendar year, and nothing here.
        readings = list(_text_readings(str(value))) if len(str(value)) in (6, 8) else []
    else:
        readings = [each for each in [_dated(value)] if each is not None]
    # The end of time of a database is no period, and has none after it.
    readings = [each for each in readings if each.first.year < datetime.MAXYEAR]
    if form is None:
        return readings
    wanted = [each for each in readings if each.form == form]
    if form == "month" and not wanted:
        wanted = [_month_of(each) for each in readings if each.form == "date"]
    return wanted


@lru_cache(maxsize=8192)
def _text_readings(text: str) -> tuple[Reading, ...]:
    for pattern, quarter, years in ((_QUARTER_LAST, 2, 1), (_QUARTER_FIRST, 1, 2)):
        if found := pattern.fullmatch(text):
            return _quarter(found[years], int(found[quarter]))
    if found := _ISO_DAY.fullmatch(text):
        return _iso_day(text, found)
    if found := _YEARS.fullmatch(text):
        return _years_or_month(found)
    if found := _DIGITS.fullmatch(text):
        if found[3]:
            return _on(*map(int, found.groups()))
        return _year_or_month(int(found[1]), int(found[2]))
    if found := _DAY_FIRST.fullmatch(text):
        return _on(int(found[4]), int(found[3]), int(found[1]))
    if (found := _WORD.fullmatch(text)) and (month := _MONTHS.get(found[2].lower())):
        return _on(_century(found[3]), month, int(found[1]) if found[1] else None)
    if (found := _WORD_LAST.fullmatch(text)) and (month := _MONTHS.get(found[2].lower())):
        return _on(int(found[1]), month)
    return ()


def _century(year: str) -> int:
    return int(year) if len(year) == 4 else int(year) + (2000 if int(year) < _PIVOT else 1900)


def _on(year: int, month: int, day: int | None = None) -> tuple[Reading, ...]:
    try:
        return (Reading("month" if day is None else "date", datetime.date(year, month, day or 1)),) if day != 0 else ()
    except ValueError:
        return ()


def _year(start: int, end: int) -> tuple[Reading, ...]:
    """The financial year of two years that follow each other, the second with two digits."""
    follows = 0 < start < datetime.MAXYEAR and (start + 1) % 100 == end
    return (Reading("financial year", datetime.date(start, 4, 1)),) if follows else ()


def _quarter(years: str, quarter: int) -> tuple[Reading, ...]:
    found = _YEARS.fullmatch(years)
    year = _year_of(found) if found else ()
    if not year:
        return ()
    start = year[0].first.year
    first = datetime.date(start, 3 * quarter + 1, 1) if quarter < 4 else datetime.date(start + 1, 1, 1)
    return (Reading("quarter", first),)


def _year_of(found: re.Match[str]) -> tuple[Reading, ...]:
    start = _century(found[2])
    if len(found[4]) == 4 and int(found[4]) != start + 1:
        return ()
    return _year(start, int(found[4]) % 100)


def _years_or_month(found: re.Match[str]) -> tuple[Reading, ...]:
    """Two numbers: two years, a year and a month, or a month and a year."""
    sure, first, sign, second = found[1], found[2], found[3], found[4]
    if sure or len(first) == len(second) == 4 or (len(first) == 4 and sign == "/"):
        return _year_of(found)
    if len(first) == 4:
        return _year_or_month(int(first), int(second))
    if len(second) == 4:
        return _on(int(second), int(first))
    # "23/24" can be nothing else; "10/11" may be a day of some year.
    return _year_of(found) if int(second) > 12 else ()


def _year_or_month(first: int, second: int) -> tuple[Reading, ...]:
    return _on(first, second) + _year(first, second)


def _iso_day(text: str, found: re.Match[str]) -> tuple[Reading, ...]:
    day = _on(int(found[1]), int(found[2]), int(found[3]))
    if not day or len(text) == 10:
        return day
    try:
        stamp = datetime.datetime.fromisoformat(text.replace("/", "-"))
    except ValueError:
        return ()
    return (Reading("date", _in_london(stamp)),)


def _in_london(stamp: datetime.datetime) -> datetime.date:
    return (stamp.astimezone(LONDON) if stamp.tzinfo is not None else stamp).date()


def _dated(value: Any) -> Reading | None:
    """The reading of a date, a stamp, or a pandas period."""
    if isinstance(value, datetime.datetime):
        return Reading("date", _in_london(value))
    if isinstance(value, datetime.date):
        return Reading("date", value)
    if hasattr(value, "astype") and getattr(value, "dtype", None) is not None and value.dtype.kind == "M":
        return Reading("date", value.astype("datetime64[D]").item())
    if hasattr(value, "freqstr") and hasattr(value, "start_time"):
        return _of_pandas(value)
    return None


def _of_pandas(period: Any) -> Reading | None:
    kind, _, end = str(period.freqstr).partition("-")
    first = period.start_time.date()
    if kind in ("Y", "A") and end == "MAR":
        return Reading("financial year", first)
    if kind == "Q" and end in ("MAR", "JUN", "SEP", "DEC"):
        return Reading("quarter", first)
    if kind in ("M", "D") and not end:
        return Reading("month" if kind == "M" else "date", first)
    return Reading("date", first) if kind.lower() in ("h", "min", "s", "ms", "us", "ns") else None


def is_missing(value: Any) -> bool:
    """Whether a label stands for none."""
    # NaN and NaT are not themselves; the missing value of pandas cannot say.
    return value is None or type(value).__name__ in ("NAType", "NaTType") or value != value


def _is_day(value: Any) -> bool:
    return isinstance(value, datetime.date) or (hasattr(value, "freqstr") and not hasattr(value, "tolist"))


# Columns


def _cells(values: Any) -> list[Any]:
    if hasattr(values, "columns") or (hasattr(values, "over") and not hasattr(values, "to_list")):
        raise TypeError(f"values is a {type(values).__name__}: pass one column of it, with its values in memory")
    if isinstance(values, (list, tuple)):
        return list(values)
    if getattr(getattr(values, "dtype", None), "kind", None) == "M" and not hasattr(values, "to_list"):
        return list(values)  # of which NumPy would make plain numbers
    for read in ("to_list", "tolist", "to_pylist"):
        if hasattr(values, read):
            return list(getattr(values, read)())
    raise TypeError(f"values is a {type(values).__name__}: a column, a list or one text is expected")


def _given_back(texts: list[str | None], values: Any) -> Any:
    if isinstance(values, (list, tuple)):
        return type(values)(texts)
    module = type(values).__module__.split(".")[0]
    if module == "pandas":
        import pandas as pd

        if isinstance(values, pd.Series):
            return pd.Series(texts, index=values.index, name=values.name, dtype=None if any(texts) else object)
        return pd.Index(texts, name=values.name)
    if module == "numpy":
        import numpy as np

        return np.array(texts, dtype=object)
    if module == "pyarrow":
        import pyarrow as pa

        made = pa.array(texts, pa.string())
        return pa.chunked_array([made]) if isinstance(values, pa.ChunkedArray) else made
    import narwhals as nw

    native = not isinstance(values, nw.Series)
    column = nw.from_native(values, series_only=True)
    made = nw.new_series(column.name, texts, nw.String, backend=column.implementation)
    return made.to_native() if native else made
