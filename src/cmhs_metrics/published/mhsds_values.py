"""What the cells of the MHSDS monthly statistics mean: dates, units, marks, and where the true value lies."""

from __future__ import annotations

import csv
import re
from calendar import monthrange
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from cmhs_metrics.disclosure.rule import EXACT, MISSING, NHS, SUPPRESSED, WHOLE_PER_CENT, rounded_to
from cmhs_metrics.errors import Problem, refuse

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROUNDED_TO_5 = rounded_to(5)
WHOLE_DAY = "rounded to a whole day"
WHOLE_NUMBER = "rounded to a whole number"
UNKNOWN = "unknown"

KINDS = (EXACT, ROUNDED_TO_5, WHOLE_PER_CENT, WHOLE_DAY, WHOLE_NUMBER, SUPPRESSED, MISSING, UNKNOWN)
"""What a published value can be. Missing is an empty cell; unknown is what the rules of publication do not explain."""

UNITS = ("", "referral", "count", "percent", "day", "rate")
"""The units of published values; the empty one is of measures that nothing is known of."""
COUNTED = ("referral", "count")
NOT_COUNTED = ("percent", "day", "rate")
_ROUNDED = {"percent": WHOLE_PER_CENT, "day": WHOLE_DAY, "rate": WHOLE_NUMBER}

# Words in the name of a measure that is not in the publisher's list, in the order in which they are looked for.
_BY_NAME = {
    r"\brates?\b|per \d[\d,]*0\b|standardised|confidence|difference|\bratio\b|\bindex\b": "rate",
    r"\b(?:proportion|percentage|per cent|percent)\b|%": "percent",
    r"\(days\)": "day",
    r"\b(?:median|mean|average|percentile)\b.*\b(?:days|time|wait|waits|waiting|length|duration)\b": "day",
    r"\b(?:median|mean|average|percentile|score|interval)\b": "",
    r"^(?:the )?number of\b.*\breferral|^(?:the )?(?:open |new |closed )?referrals?\b": "referral",
    r"\b(?:number|people|persons|contacts|referrals?|detentions?|admissions?|discharges?|spells?|days|uses|orders|ctos|"
    r"stays|teams|appointments|restraints?|incidents?|patients|attendances|episodes|records|contact)\b": "count",
}

_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_PLAIN = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_BELOW = re.compile(r"(?:<|less than|under|fewer than)\s*(=?)\s*(\d+)", re.IGNORECASE)
_RANGE = re.compile(r"(\d+)\s*(?:-|–|to)\s*(\d+)")
_HIDDEN = ("*", "**", "[c]", "c", "[C]")
_ABSENT = ("", "-", "–", ":", ".", "..", "[x]", "[z]", "[u]", "n/a", "na", "null", "nan", "none", "not available")

_DATES = (
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y%m%d",
    "%d/%m/%Y",
    "%d/%m/%y",
    "%d %b %Y",
    "%d %B %Y",
    "%d %b %y",
    "%d%b%Y",
)


class Cell(NamedTuple):
    """What stands in a cell: its value, whether it is hidden or absent, and bounds that it states itself."""

    value: float
    hidden: bool = False
    absent: bool = False
    lower: float = np.nan
    upper: float = np.nan
    percent: bool = False
    readable: bool = True


def read_cell(text: str) -> Cell:
    """Read a published value or the mark in its place.

    Gives a number, with separators of thousands or without; or that it is hidden ("*", "[c]"), below a number ("<5")
    or in a range ("1-9"); or that there is none ("", "[x]", "[z]", "-"). Anything else is not readable.

    References
    ----------
    Government Analysis Function, Using symbols in tables: [c] confidential, [x] not available, [z] not applicable.

    Examples
    --------
    >>> read_cell("1,234").value, read_cell("<5").upper, read_cell("1-9")[3:5], read_cell("[c]").hidden
    (1234.0, 4.0, (1.0, 9.0), True)
    """
    cell = text.strip()
    if _THOUSANDS.fullmatch(cell):
        return Cell(float(cell.replace(",", "")))
    if _PLAIN.fullmatch(plain := cell.removesuffix("%").strip()):
        number = float(plain)
        return Cell(number, percent=cell.endswith("%"), readable=bool(np.isfinite(number)) and number >= 0)
    if cell in _HIDDEN:
        return Cell(np.nan, hidden=True)
    if cell.lower() in _ABSENT:
        return Cell(np.nan, absent=True)
    if found := _BELOW.fullmatch(cell):
        return Cell(np.nan, hidden=True, lower=0.0, upper=float(found[2]) - (not found[1]))
    if (found := _RANGE.fullmatch(cell)) and int(found[1]) <= int(found[2]):
        return Cell(np.nan, hidden=True, lower=float(found[1]), upper=float(found[2]))
    return Cell(np.nan, readable=False)


@cache
def known_measures() -> dict[str, tuple[str, str, str]]:
    """The measures of the national pipelines: by id, the unit, and the numerator and denominator of a percentage.

    References
    ----------
    NHS England, MHSDS monthly statistics pipelines: measure metadata, September 2025.

    Examples
    --------
    >>> known_measures()["MRS02f"]
    ('percent', 'MRS02e', 'MRS02')
    """
    with files("cmhs_metrics.published").joinpath("mhsds_measures.csv").open(encoding="utf-8") as file:
        return {row["measure_id"]: (row["unit"], row["numerator"], row["denominator"]) for row in csv.DictReader(file)}


def unit_of(measure_id: str, name: str) -> str:
    """The unit of a measure: by its id where the publisher's list has it, else by the words of its name.

    Gives "referral", "count", "percent", "day" or "rate"; empty where neither says.

    Examples
    --------
    >>> unit_of("MRS18", ""), unit_of("MHS01", "People in contact with services at the end of the RP")
    ('referral', 'count')
    >>> unit_of("MHS999", "Median waiting time between referral and contact"), unit_of("X1", "A new thing")
    ('day', '')
    """
    known = known_measures().get(measure_id)
    if known:
        return known[0]
    return next((unit for words, unit in _BY_NAME.items() if re.search(words, name.strip(), re.IGNORECASE)), "")


def read_period(start: str, end: str) -> tuple[date | None, date | None]:
    """The first and the last day of a period, in whatever form of date they are written.

    Gives None for a date that cannot be read, or that is no first (last) day of a month however it is read.

    Notes
    -----
    Periods run from the first day of a month to the last day of one. Where a date has day and month in an order that
    makes it neither, and the other order does, the other order is meant: the series of 2016 to 2023 has starts that are
    month-first beside ends that are day-first.

    Examples
    --------
    >>> [day.isoformat() for day in read_period("04/01/2016", "30/04/2016")]
    ['2016-04-01', '2016-04-30']
    >>> [day.isoformat() for day in read_period("1-6-24", "2024-06-30 00:00:00")]
    ['2024-06-01', '2024-06-30']
    """
    starts = [day for day in _readings(start) if day.day == 1]
    ends = [day for day in _readings(end) if day.day == monthrange(day.year, day.month)[1]]
    return next(iter(starts), None), next(iter(ends), None)


def as_date(text: str) -> date | None:
    """The day that a text names, day-first where it could be either; None where it names none.

    Examples
    --------
    >>> as_date("1/4/2025").isoformat(), as_date("01APR2025").isoformat()
    ('2025-04-01', '2025-04-01')
    """
    return next(iter(_readings(text)), None)


def _readings(text: str) -> list[date]:
    """The dates that a text can be, the day-first one before the month-first one."""
    day = re.sub(r"[T ]\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?$", "", text.strip())
    plain = re.sub(r"(?<=\d)[-.](?=\d)", "/", day) if not re.match(r"\d{4}-", day) else day
    plain = re.sub(r"(?<=[A-Za-z\d])-(?=[A-Za-z])|(?<=[A-Za-z])-(?=\d)", " ", plain)
    found = []
    for form in (*_DATES, "%m/%d/%Y", "%m/%d/%y"):
        try:
            found.append(datetime.strptime(plain, form).date())
        except ValueError:
            continue
    return found


def kinds_of(
    value: NDArray[np.float64], hidden: NDArray[Any], absent: NDArray[Any], unit: NDArray[np.int8], exact: NDArray[Any]
) -> NDArray[np.int8]:
    """What each published value is, as a position in `KINDS`.

    `value`: the values [their units], NaN where there is none. `hidden`, `absent`, `exact`: whether it is suppressed,
    whether there is none, and whether it is of a place whose values are not rounded.
    """
    whole = value % 1 == 0
    conditions = {
        SUPPRESSED: hidden,
        MISSING: absent,
        EXACT: exact & ~np.isnan(value),
        ROUNDED_TO_5: is_in(unit, *COUNTED) & (value % NHS.rounding == 0) & (value >= NHS.threshold),
        **{kind: is_in(unit, name) & whole for name, kind in _ROUNDED.items()},
    }
    positions = [np.int8(KINDS.index(kind)) for kind in conditions]
    return np.select(list(conditions.values()), positions, np.int8(KINDS.index(UNKNOWN)))


def is_in(unit: NDArray[np.int8], *names: str) -> NDArray[np.bool_]:
    """Whether each unit, a position in `UNITS`, is one of these."""
    return np.isin(unit, [UNITS.index(name) for name in names])


def interval_of(
    value: NDArray[np.float64], kind: NDArray[np.int8], unit: NDArray[np.int8]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The least and the greatest value that would be published so, by the rule of publication for its kind and unit.

    Gives [the values' units]; NaN where nothing bounds it.
    """
    is_a = {name: kind == position for position, name in enumerate(KINDS)}
    whole = is_a[WHOLE_PER_CENT] | is_a[WHOLE_DAY] | is_a[WHOLE_NUMBER]
    percent, hidden = is_in(unit, "percent"), is_a[SUPPRESSED]
    counted = hidden & is_in(unit, *COUNTED)
    least, most = NHS.feasible_range(value)
    least_hidden, most_hidden = NHS.suppressed_range()
    lower = np.select(
        [is_a[EXACT], is_a[ROUNDED_TO_5], whole, counted, hidden & ~is_in(unit, "")],
        [value, least, np.maximum(value - 0.5, 0), least_hidden, 0.0],
        np.nan,
    )
    # How long a hidden wait may be, and how high a hidden rate, nothing says.
    upper = np.select(
        [is_a[EXACT], is_a[ROUNDED_TO_5], whole & percent, whole, counted, hidden & percent],
        [value, most, np.minimum(value + 0.5, 100), value + 0.5, most_hidden, 100.0],
        np.nan,
    )
    return lower, upper


def with_plain_numbers(argument: str, table: pd.DataFrame) -> pd.DataFrame:
    """What the reader gave, with its numbers as floats again, however they were stored.

    `argument`: what it was given as. Raises `BadInput` when there is text among them.
    """
    numbers = [name for name in ("value", "lower", "upper") if name in table and table[name].dtype != np.float64]
    problems = [
        Problem(name, None, str(table[name].dtype), f"a column of numbers in {argument}, as the reader gives it")
        for name in numbers
        if not (pd.api.types.is_numeric_dtype(table[name]) or table[name].isna().all())
    ]
    refuse("the monthly table", problems)
    return table.assign(**{name: table[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in numbers})
