"""How a cell is read: one cleaning of headers, text, codes, ids, numbers, dates and months, in plain Python.

A table is a list of rows, a row a dict. Nothing here knows a measure.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any

Row = dict[str, Any]
Tables = dict[str, list[Row]]

MISSING = {"", "NULL", "NAN", "<NA>", "NONE"}
"""What exports write for a value that is not there, in either case."""
NO_DATES = (dt.date(1900, 1, 1), dt.date(9999, 12, 31))
"""What SQL Server makes of an empty date."""
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
V5_BEGAN, V6_BEGAN = 1459, 1489
"""Months from which version 5 (October 2021) and version 6 (April 2024) are collected."""


class Refused(ValueError):
    """Input of which no right number can be had."""


# Tables by their names

NATIONAL_NAMES = {
    "people": ("MHS001MPI",),
    "gp_registrations": ("MHS002GP",),
    "coordinators": ("MHS006MHCareCoord",),
    "care_plans": ("MHS008CarePlanType",),
    "care_plan_agreements": ("MHS009CarePlanAgreement",),
    "referrals": ("MHS101Referral",),
    "service_types": ("MHS102ServiceTypeReferredTo", "MHS102OtherServiceType"),
    "contacts": ("MHS201CareContact",),
    "care_activities": ("MHS202CareActivity",),
    "indirect_activity": ("MHS204IndirectActivity",),
    "hospital_spells": ("MHS501HospProvSpell",),
    "ward_stays": ("MHS502WardStay",),
    "referral_assessments": ("MHS606CodedScoreAssessmentRefer",),
    "activity_assessments": ("MHS607CodedScoreAssessmentAct",),
    "clusters": ("MHS801ClusterTool",),
    "service_teams": ("MHS902ServiceTeamDetails",),
}


@cache
def plain_name(name: str) -> str:
    """The part after the last dot, without brackets, spaces, byte-order mark and `_ALL`, in small letters."""
    name = name.rpartition(".")[2].strip('[]"` \ufeff').lower()
    return name.removesuffix("_all")


def given(tables: Tables, name: str) -> bool:
    """Whether the user has a table, under our name of it or a national one."""
    return any(plain_name(key) in wanted(name) for key in tables)


def table(tables: Tables, name: str) -> list[Row]:
    """The rows of a table; of both service tables, of v5 and of v6, the rows together."""
    return [row for key, rows in tables.items() if plain_name(key) in wanted(name) for row in rows]


@cache
def wanted(name: str) -> set[str]:
    return {name.lower(), *(other.lower() for other in NATIONAL_NAMES.get(name, ()))}


# Cells


@cache
def header(name: str) -> str:
    """Headers are matched whatever their case, spaces around them and a byte-order mark."""
    return name.strip("\ufeff \t\r\n").lower()


@lru_cache(maxsize=None, typed=True)
def clean(value: Any) -> Any:
    """A cell without what is around it: text is trimmed, and what stands for a missing value is None."""
    if value is None or value != value:
        return None
    if isinstance(value, str):
        value = value.strip()
        return None if value.upper() in MISSING else value
    return value


def cell(row: Row, *names: str) -> Any:
    """The cell of a column; of several columns the first that has a value."""
    columns = tuple(row)
    for name in names:
        for key in spelt(columns, name):
            if (known := clean(row[key])) is not None:
                return known
    return None


@cache
def spelt(columns: tuple[str, ...], name: str) -> tuple[str, ...]:
    """Those of the columns that mean a name."""
    return tuple(column for column in columns if header(column) == header(name))


def has_column(rows: list[Row], *names: str) -> bool:
    return any(spelt(tuple(row), name) for name in names for row in rows)


def whole(value: Any) -> Any:
    """A number that is whole as an integer, be it a float, a decimal, or text such as "5" or "5.0"."""
    if isinstance(value, str) and re.fullmatch(r"\d+(\.0+)?", value):
        return int(value.partition(".")[0])
    if isinstance(value, (float, Decimal)) and value == int(value):
        return int(value)
    return value


@lru_cache(maxsize=None, typed=True)
def identifier(value: Any) -> str | None:
    """Ids are text, whole numbers or UUIDs; trimmed, in capitals."""
    value = clean(value)
    if isinstance(value, (float, Decimal)):
        value = whole(value)
    return None if value is None else str(value).strip().upper()


def code_of(value: Any, width: int = 2) -> str | None:
    """Codes are text, trimmed and in capitals; a number, also as text, reads as the code with its leading zero."""
    value = clean(value)
    if value is None:
        return None
    number = whole(value)
    return str(number).zfill(width) if isinstance(number, int) else str(value).upper()


def number_of(value: Any) -> float | None:
    """Months and ages are numbers, or text that is a number."""
    value = whole(clean(value))
    if isinstance(value, str):
        return float(value) if re.fullmatch(r"-?\d+\.\d+", value) else None
    return None if value is None else value if isinstance(value, int) else float(value)


def day_of(value: Any) -> dt.date | None:
    """A date, a stamp (cut to the day), or text: 2025-03-31, 31/03/2025, 31-Mar-2025, 20250331, with a time or without.

    Text that is no calendar date reads as missing, and so do 1900-01-01 and 9999-12-31.
    """
    value = clean(value)
    if isinstance(value, dt.datetime):
        value = value.date()
    elif isinstance(value, (str, int)) and not isinstance(value, bool):
        value = day_of_text(str(value))
    return None if value in NO_DATES else value


def day_of_text(text: str) -> dt.date | None:
    text = re.sub(r"[ T]\d{1,2}:\d\d(:\d\d([.,]\d+)?)?(Z|[+-]\d\d:?\d\d)?$", "", text.strip())
    try:
        if match := re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)", text) or re.fullmatch(r"(\d{4})(\d\d)(\d\d)", text):
            return dt.date(*map(int, match.groups()))
        if match := re.fullmatch(r"(\d\d?)/(\d\d?)/(\d{4})", text):
            return dt.date(int(match[3]), int(match[2]), int(match[1]))
        if match := re.fullmatch(r"(\d\d?)-([A-Za-z]{3})-(\d{4})", text):
            return dt.date(int(match[3]), MONTHS.index(match[2].upper()) + 1, int(match[1]))
    except ValueError:
        pass
    return None


def columns_that_are_no_dates(tables: Tables) -> list[tuple[str, str]]:
    """Date columns of which more than half of the cells that are there are no date: (table, column), to be refused."""
    found = []
    for name, rows in tables.items():
        for column in dict.fromkeys(key for row in rows for key in row if "date" in header(key)):
            if header(column) in ("agereppperiodend", "ageservreferrecdate", "ageservreferdischdate"):
                continue  # "date" is in the name, a number of years in the cell
            values = [value for row in rows if (value := clean(row.get(column))) is not None]
            bad = [value for value in values if day_of(value) is None and not is_no_date(value)]
            if values and 2 * len(bad) > len(values):
                found.append((name, column))
    return found


def is_no_date(value: Any) -> bool:
    """Whether a cell holds 1900-01-01 or 9999-12-31, which are missing dates and no bad ones."""
    day = value.date() if isinstance(value, dt.datetime) else value
    return day in NO_DATES or (isinstance(value, (str, int)) and day_of_text(str(value)) in NO_DATES)


# Months


def month_number(day: dt.date) -> int:
    """The months are numbered (year - 1900) * 12 + month - 3, so that April 2019 is 1429."""
    return (day.year - 1900) * 12 + day.month - 3


def last_day(month_id: float) -> dt.date:
    """The last day of a numbered month."""
    year, month = divmod(int(month_id) + 2, 12)
    return dt.date(1900 + year + (month == 11), (month + 1) % 12 + 1, 1) - dt.timedelta(1)


def financial_year(month_id: float) -> int:
    """The year in which the financial year of a month begins, in April."""
    end = last_day(month_id)
    return end.year if end.month >= 4 else end.year - 1


def month_of(row: Row) -> int | None:
    number = number_of(cell(row, "UniqMonthID"))
    return None if number is None else int(number)


# One row an item


def null_lowest(value: Any) -> tuple[bool, Any]:
    return (value is not None, value)


def null_highest(value: Any) -> tuple[bool, Any]:
    return (value is None, value)


def latest_rows(rows: Iterable[Row], key: str, *order: Any) -> dict[tuple[str, str], Row]:
    """Of each (person, id) the row that is greatest in the order; rows without either are left out."""
    latest: dict[tuple[str, str], Row] = {}
    for row in rows:
        person, id = identifier(cell(row, "Person_ID")), identifier(cell(row, key))
        if person is None or id is None:
            continue
        whose = (person, id)
        if whose not in latest or [rule(row) for rule in order] > [rule(latest[whose]) for rule in order]:
            latest[whose] = row
    return latest


def by_month(row: Row) -> Any:
    return null_lowest(month_of(row))


def by_record(row: Row) -> Any:
    return null_lowest(identifier(cell(row, "RecordNumber")))
