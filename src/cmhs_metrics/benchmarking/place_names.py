"""Places by name: those that a reader asks about, and rows that stand for no place."""

from __future__ import annotations

import datetime
import re
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import narwhals as nw

from cmhs_metrics.errors import Problem, nearest
from cmhs_metrics.tables.total_rows import two_spellings

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

NOT_PLACES = (
    "Unknown", "Not known", "Unspecified", "Not specified", "Not stated", "Not recorded", "Not applicable", "N/A",
    "Not available", "Invalid", "Invalid code", "Missing", "Unallocated", "Not allocated", "Unassigned", "Unmapped",
    "No ICB", "Unknown ICB", "None", "Null", "NaN",
)  # fmt: skip
"""What sources write where they know no place; capitals, and how words are joined, do not matter."""

MANY = 8
"""So many places are listed in a message; the rest are counted."""


def as_names(values: Iterable[Any]) -> list[str]:
    """Places as text: a number by its value, whatever it is held as, and a date by its day."""
    return [_as_name(value) for value in values]


def _as_name(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Real) and not isinstance(value, (bool, Integral)) and float(value).is_integer():
        return str(int(float(value)))
    if hasattr(value, "to_integral_value") and value == value.to_integral_value():
        return str(int(value))
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date().isoformat()
    return str(value)


def listed(argument: str, given: Any, problems: list[Problem], what: str = "places") -> list[Any]:
    """What is given where names are listed: none, one, or a collection of them."""
    if given is None:
        return []
    if isinstance(given, (str, bytes, Real, datetime.date)) or callable(given) or hasattr(given, "to_integral_value"):
        return [given]
    try:
        return list(given)
    except TypeError:
        problems.append(Problem(argument, None, given, f"one of the {what}, or a list of them"))
        return []


def of_places(table: Any) -> Any:
    """The rows of the finest level of a table that `aggregate` made with ``totals=True``: no total is a place."""
    try:
        frame = nw.from_native(table)
    except TypeError:
        return table  # which `aggregate` says
    schema = frame.collect_schema()
    if schema.get("level") != nw.String:
        return table
    found = frame.select("level").unique()
    levels = (found.collect() if isinstance(found, nw.LazyFrame) else found).get_column("level").to_list()
    finer = [each for each in levels if each != "total"]
    if len(finer) == len(levels) or not all(each in schema for each in finer):
        return table
    told = [~nw.col(each).is_null() for each in finer]
    rows = frame.filter(nw.col("level") != "total", *told)
    return rows if isinstance(table, (nw.DataFrame, nw.LazyFrame)) else nw.to_native(rows)


def is_no_place(names: Iterable[str], not_places: Collection[str]) -> list[bool]:
    """Which names stand for no place."""
    known = {_normalised(each) for each in not_places}
    return [_normalised(each) in known for each in names]


def _normalised(name: str) -> str:
    return re.sub(r"[\s_-]+", " ", name.strip()).casefold()


def not_one_spelling(column: str, names: Iterable[str]) -> list[Problem]:
    """What is wrong where one place would be two."""
    return [Problem(column, None, each, "one spelling of a place") for each in two_spellings(names)]


def asked_for(
    argument: str, asked: Sequence[Any], names: Sequence[str], no_place: Sequence[bool], problems: list[Problem]
) -> set[str]:
    """The places that an argument names; problems are added for those that are not there.

    `argument`: "focus" or "peers". `asked`: the places, by value or as text. `no_place`: which of them stand for no
    place.
    """
    wanted = as_names(asked)
    known = dict(zip(names, no_place, strict=True))
    there = [name for name, none in known.items() if not none]
    for given, name in zip(asked, wanted, strict=True):
        if name not in known:
            more = f" and {len(there) - MANY:,} more" if len(there) > MANY else ""
            has = f"it has {', '.join(there[:MANY])}{more}"
            expected = "; ".join(each for each in ("a place of the table", nearest(name, there), has) if each)
            problems.append(Problem(argument, None, given, expected))
        elif known[name]:
            expected = "a place, which this is not (not_places= names what stands for none)"
            problems.append(Problem(argument, None, given, expected))
    return set(wanted)
