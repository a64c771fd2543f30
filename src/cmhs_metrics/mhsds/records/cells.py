"""How a column of each kind is read, whatever type it has."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import narwhals as nw

from cmhs_metrics.mhsds.records.cleaning import (
    DAY_OF_TEXT,
    NUMBER_OF_TEXT,
    clean_code,
    clean_text,
    code_cell,
    day_cell,
    day_of_number,
    known_day,
    number_cell,
    text_cell,
    unclean_text,
)
from cmhs_metrics.mhsds.records.columns import CONCEPTS, VERSION_5, Column, Kind
from cmhs_metrics.mhsds.records.dates import NO_DAYS, ZONE
from cmhs_metrics.mhsds.records.engine import Change
from cmhs_metrics.mhsds.records.names import column_name
from cmhs_metrics.signatures import LARGEST_EXACT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cmhs_metrics.mhsds.records.sql import Dialect


FLOATS = (nw.Float32, nw.Float64)
WIDE = (nw.UInt64, nw.Int128, nw.UInt128)
"""Whole numbers that 64 bits with a sign do not hold: ids of them, such as hashes, are read as text."""
DATES = (nw.Date, nw.Datetime, nw.Unknown)
"""Types of dates and times; narwhals knows some of Arrow's and DuckDB's by no name."""
LONG, ROUND, SCIENTIFIC = 10**11, 10**6, r"^[0-9](?:[.][0-9]+)?[Ee][+][0-9]+$"
"""From where on a spreadsheet writes a whole number as 1.23457E+11, to what it is rounded so, and that text."""
A_CODE = "^[0-9A-Z]{1,2}$"
"""A code of attendance or mechanism, known or not, and no word for it."""
SHORTENED = "a spreadsheet has shortened"
PADDED, LOST = r"^ *0[0-9]+ *$", "begin with a zero, which the numbers that they are in other tables have lost"
EXPECTED = {
    Kind.ID: "text or whole numbers, in full",
    Kind.NUMBER: "whole numbers",
    Kind.DATE: "dates, or their text as 2025-03-31, 31/03/2025, 31-Mar-2025 or 20250331",
    Kind.CODE: "text",
    Kind.TIME: "times of day, or their text as 09:30 or 09:30:00",
}


def _is_text(dtype: Any) -> bool:
    return dtype in (nw.String, nw.Categorical, nw.Enum, nw.Object)


def expected_of(column: Column) -> str:
    """What is expected of the cells of a column."""
    return EXPECTED[Kind.ID if column.name in CONCEPTS else column.kind]


def can_be(column: Column, dtype: Any) -> bool:
    """Whether a column of a type can hold that."""
    if dtype == nw.Unknown or _is_text(dtype) or dtype.is_numeric():
        return True
    kind = column.kind
    return (kind is Kind.DATE and dtype in DATES) or (kind is Kind.TIME and dtype in (nw.Time, nw.Datetime))


def change_of(sql: Dialect, column: Column, name: str, dtype: Any, alias: str, as_text: bool) -> Change:
    """How a user's column is read: ids, whole numbers, day numbers, and codes as text."""
    kind, width, x = column.kind, column.width, sql.quoted(name)
    if _is_text(dtype):
        x = sql.written(name)
        if kind is Kind.DATE:
            day = sql.day_of_text(x, known=True)
            steps = (*DAY_OF_TEXT, known_day)
            return Change(name, alias, steps, nw.Int32, day, cell=lambda text: _known_day(day_cell(text)))
        if kind is Kind.NUMBER:
            return Change(name, alias, NUMBER_OF_TEXT, nw.Int64, sql.number_of_text(x), cell=number_cell)
        if kind is Kind.ID:
            return Change(name, alias, (clean_text,), nw.String, sql.text_id(x), unclean=unclean_text())
        code = functools.partial(clean_code, width=width)
        cell = functools.partial(code_cell, width=width)
        return Change(name, alias, (code,), nw.String, sql.clean(x, width), cell=cell, unclean=unclean_text(width))
    if kind is Kind.DATE and dtype in DATES:
        # Of a zone: the day in England, where a cast would give that in Greenwich, or of the session's clock.
        zoned = dtype == nw.Datetime and dtype.time_zone is not None
        of_zone = (lambda time: time.dt.convert_time_zone(ZONE).dt.date(),) if zoned else ()
        day = sql.day_of_date(sql.in_england(x) if zoned or dtype == nw.Unknown else x)
        return Change(name, alias, of_zone, nw.Int32, day, is_date=True)
    if kind is Kind.TIME and dtype in (nw.Time, nw.Datetime):
        # As it shows, of a zone too: of 1 January 1970, on which warehouses put times, England's clock was an hour on.
        return Change(name, alias, (_clock,), nw.String, sql.written(name))
    if dtype == nw.Unknown and kind in (Kind.CODE, Kind.TIME, Kind.ID):  # a UUID, or a column of nothing
        upper = f"upper({sql.written(name)})"
        return Change(name, alias, (lambda value: value.cast(nw.String).str.to_uppercase(),), nw.String, upper)
    wide = dtype in WIDE and kind in (Kind.ID, Kind.CODE)
    whole = functools.partial(_whole, dtype=dtype)
    number = x if wide else sql.whole(x, dtype)
    if kind is Kind.DATE:
        day = sql.day_of_text(sql.as_text(number), known=True)
        return Change(name, alias, (whole, day_of_number, known_day), nw.Int32, day)
    if kind in (Kind.CODE, Kind.TIME):
        coded = sql.code_of_number(number, width)
        has_fraction = dtype in FLOATS or dtype == nw.Decimal
        if has_fraction:
            # With a fraction it is a score, or no code: never the code before the point.
            coded = f"CASE WHEN {x} % 1 <> 0 AND {x} < {LARGEST_EXACT} THEN {sql.as_text(x)} ELSE {coded} END"

        def code_of(value: nw.Expr) -> nw.Expr:
            made = whole(value).cast(nw.String).str.zfill(width)
            return _or_with_fraction(value, made) if has_fraction else made

        return Change(name, alias, (code_of,), nw.String, coded)
    if as_text:
        text = sql.as_text(number)
        return Change(name, alias, (lambda value: whole(value).cast(nw.String),), nw.String, text)
    return Change(name, alias, (whole,), nw.Int64, number)


def _known_day(day: int | None) -> int | None:
    return None if day in NO_DAYS else day


def _whole(value: nw.Expr, dtype: Any) -> nw.Expr:
    """A whole number, without its fraction; what is not a number is none."""
    if dtype in FLOATS:
        value = nw.when((value > -LARGEST_EXACT) & (value < LARGEST_EXACT)).then(value)
        value = value - value % 1
    return value if dtype in WIDE else value.cast(nw.Int64)


def _clock(time: nw.Expr) -> nw.Expr:
    """A time as text; pandas 2 has the text NaT of none."""
    return nw.when(~time.is_null()).then(time.cast(nw.String))


def _or_with_fraction(value: nw.Expr, made: nw.Expr) -> nw.Expr:
    """What was made of a number, or the number as text where it is not whole."""
    number = value.cast(nw.Float64)
    is_whole = (number % 1 == 0) | ~(number < LARGEST_EXACT)
    return nw.when(is_whole).then(made).otherwise(number.cast(nw.String))


def _without_fraction(value: nw.Expr) -> nw.Expr:
    return nw.when(value % 1 == 0).then(value)


@dataclass(frozen=True, slots=True)
class Look:
    """What is looked for in a column before it is read.

    Parameters
    ----------
    there : Change
        Something that stands in it, else null.
    read : Change or None
        What is read of that, null where it is not what it should be; None where none of it is.
    wrong : str
        What cells are of which nothing is read.
    one_is_too_many : bool
        Whether a single one is refused, or only most of them.
    """

    there: Change
    read: Change | None
    wrong: str
    one_is_too_many: bool = False

    @property
    def changes(self) -> tuple[Change, ...]:
        """The columns that it needs."""
        return (self.there,) if self.read is None else (self.there, self.read)

    def is_wrong(self) -> nw.Expr:
        """Whether something stands of which nothing is read."""
        there = ~nw.col(self.there.alias).is_null()
        return there if self.read is None else there & nw.col(self.read.alias).is_null()


def looks_at(
    sql: Dialect, column: Column, name: str, dtype: Any, alias: str, *, typed: bool = True, in_words: bool = False,
    elsewhere: bool = False,
) -> Iterator[Look]:  # fmt: skip
    """What is looked for in a column.

    For what only text files do to ids, if the table is not `typed`; for words in place of codes, if `in_words`; for
    zeros before ids in text, if `elsewhere` the id is a number, which has none.
    """
    kind, x, there, read = column.kind, sql.quoted(name), f"{alias} there", f"{alias} read"
    is_long = kind is Kind.ID or column.name in CONCEPTS
    if is_long and dtype in FLOATS:
        read_whole = (_without_fraction, functools.partial(_whole, dtype=dtype))
        kept = f"CASE WHEN {x} % 1 = 0 THEN {x} END"
        whole = Change(name, read, read_whole, nw.Int64, sql.whole(kept, dtype))
        yield Look(_there(name, there, x, dtype), whole, "are no whole numbers below 2^53", one_is_too_many=True)
        within = f"{x} BETWEEN {LONG} AND {LARGEST_EXACT}"
        long = Change(name, f"{alias} long", (_long,), nw.Float64, f"CASE WHEN {within} THEN {x} END")
        whole = Change(
            name, f"{alias} whole", (lambda value: _not_round(_long(value)),), nw.Float64,
            f"CASE WHEN {within} AND {x} % {ROUND} <> 0 THEN {x} END",
        )  # fmt: skip
        yield Look(long, whole, SHORTENED)
    elif is_long and _is_text(dtype):
        asked = [*([] if typed else [(SCIENTIFIC, SHORTENED)]), *([(PADDED, LOST)] if elsewhere else [])]
        for pattern, wrong in asked:
            found = f"nullif(regexp_extract({sql.written(name)}, {sql.literal(pattern)}, 0), '')"
            matching = functools.partial(_matching, pattern=pattern)
            there_is = Change(name, f"{alias} {wrong}", (matching,), nw.String, found)
            yield Look(there_is, None, wrong, one_is_too_many=True)
    elif kind is Kind.DATE and dtype.is_numeric():
        steps = (functools.partial(_whole, dtype=dtype), day_of_number)
        day = sql.day_of_text(sql.as_text(sql.whole(x, dtype)))
        yield Look(_there(name, there, x, dtype), Change(name, read, steps, nw.Int64, day), "are no dates")
    elif kind in (Kind.DATE, Kind.NUMBER) and _is_text(dtype):
        x = sql.written(name)
        if kind is Kind.DATE:
            made = Change(name, read, DAY_OF_TEXT, nw.Int64, sql.day_of_text(x), cell=day_cell)
        else:
            made = Change(name, read, NUMBER_OF_TEXT, nw.Int64, sql.number_of_text(x), cell=number_cell)
        stands = Change(name, there, (clean_text,), nw.String, sql.clean(x), cell=text_cell)
        yield Look(
            stands, made, {Kind.DATE: "are no dates", Kind.TIME: "are no times"}.get(kind, "are no whole numbers")
        )
    elif in_words and column.in_words and _is_text(dtype):
        clean = sql.clean(sql.written(name))
        found = f"nullif(regexp_extract({clean}, {sql.literal(A_CODE)}, 0), '')"
        stands = Change(name, there, (clean_text,), nw.String, clean, cell=text_cell)
        yield Look(stands, Change(name, read, (clean_text, _codes), nw.String, found, cell=_code_cell), "are no codes")


def _codes(text: nw.Expr) -> nw.Expr:
    return nw.when(text.str.contains(A_CODE)).then(text)


def _code_cell(text: str) -> str | None:
    found = text_cell(text)
    return found if found is not None and re.search(A_CODE, found) else None


def _long(value: nw.Expr) -> nw.Expr:
    return nw.when((value >= LONG) & (value <= LARGEST_EXACT)).then(value)


def _not_round(value: nw.Expr) -> nw.Expr:
    return nw.when(value % ROUND != 0).then(value)


def _matching(text: nw.Expr, pattern: str) -> nw.Expr:
    text = text.cast(nw.String)  # of categories, too
    return nw.when(text.str.contains(pattern)).then(text)


def _there(name: str, alias: str, x: str, dtype: Any) -> Change:
    """A number that stands in a column; what is not a number does not."""
    if dtype not in FLOATS:
        return Change(name, f"{alias} there", (lambda value: value,), nw.Float64, x)
    known = (lambda value: nw.when(~value.is_nan()).then(value),)
    return Change(name, f"{alias} there", known, nw.Float64, f"CASE WHEN NOT isnan({x}) THEN {x} END")


def recoded(column: Column, names: Sequence[str], values: Sequence[nw.Expr], month: nw.Expr | None) -> list[nw.Expr]:
    """Codes of before version 5 as they are written since: by the older name, and by month."""
    found = []
    for name, value in zip(names, values, strict=True):
        newer: nw.Expr = value
        for old, new in column.recode.items():
            newer = nw.when(value == old).then(nw.lit(new)).otherwise(newer)
        if column_name(name) == column.name.casefold():
            newer = value if month is None else _by_month(month, older=newer, newer=value)
            newer = nw.when(newer.is_in(list(column.codes))).then(newer) if column.codes else newer
        found.append(newer)
    return found


def _by_month(month: nw.Expr, older: nw.Expr, newer: nw.Expr) -> nw.Expr:
    return nw.when(month.fill_null(VERSION_5) < VERSION_5).then(older).otherwise(newer)


def is_older(column: Column, names: Sequence[str], values: Sequence[nw.Expr], month: nw.Expr | None) -> nw.Expr:
    """Whether a code was submitted before version 5: not under the newest name, or in a month before it."""
    newest = [value for name, value in zip(names, values, strict=True) if column_name(name) == column.name.casefold()]
    older = newest[0].is_null() if newest else nw.lit(True)
    return older if month is None else older | (month.fill_null(VERSION_5) < VERSION_5)
