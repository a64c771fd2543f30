"""How a column of each kind is read, whatever type it has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw

from cmhs_metrics.mhsds.records.cleaning import (
    clean_code,
    clean_text,
    day_of_number,
    day_of_text,
    number_of_text,
    unclean_text,
    without_zero_day,
)
from cmhs_metrics.mhsds.records.columns import VERSION_5, Column, Kind
from cmhs_metrics.mhsds.records.engines import Change, Values

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cmhs_metrics.mhsds.records.columns import Table
    from cmhs_metrics.mhsds.records.extract import Source

EXPECTED = {
    Kind.ID: "text or whole numbers",
    Kind.NUMBER: "whole numbers",
    Kind.DATE: "dates, or their text as 2025-03-31, 31/03/2025, 31-Mar-2025 or 20250331",
    Kind.CODE: "text",
}


def _is_text(dtype: Any) -> bool:
    return dtype in (nw.String, nw.Categorical, nw.Enum, nw.Object)


def can_be(kind: Kind, dtype: Any) -> bool:
    """Whether a column of a type can hold that."""
    if dtype == nw.Unknown or _is_text(dtype) or dtype.is_numeric():
        return True
    return kind is Kind.DATE and dtype in (nw.Date, nw.Datetime)


def change_of(column: Column, name: str, dtype: Any, alias: str, as_text: bool) -> Change:
    """How a user's column is read: ids, whole numbers, day numbers, and codes as text."""
    kind = column.kind
    text = _is_text(dtype)

    def made(change: Any, values: Values, to: Any, unclean: str | None = None) -> Change:
        return Change(name, alias, change, values, to, unclean)

    if kind is Kind.DATE:
        if text:
            return made(lambda x: without_zero_day(day_of_text(x)), Values.FEW, nw.Int32)
        if dtype in (nw.Date, nw.Datetime):
            return made(None, Values.DATE, nw.Int32)
        return made(lambda x: without_zero_day(day_of_number(_whole(x, dtype))), Values.OTHER, nw.Int32)
    if kind is Kind.NUMBER:
        if text:
            return made(number_of_text, Values.FEW, nw.Int64)
        return made(lambda x: _whole(x, dtype), Values.OTHER, nw.Int64)
    if kind is Kind.ID:
        if text:
            return made(clean_text, Values.MANY, nw.String, unclean_text())
        if dtype == nw.Unknown:  # a UUID, or a column of nothing
            return made(lambda x: x.cast(nw.String).str.to_uppercase(), Values.OTHER, nw.String)
        if as_text:
            return made(lambda x: _whole(x, dtype).cast(nw.String), Values.OTHER, nw.String)
        return made(lambda x: _whole(x, dtype), Values.OTHER, nw.Int64)
    if text:
        width = column.width
        return made(lambda x: clean_code(x, width), Values.FEW, nw.String, unclean_text(width))
    if dtype == nw.Unknown:
        return made(lambda x: x.cast(nw.String), Values.OTHER, nw.String)
    return made(lambda x: _whole(x, dtype).cast(nw.String).str.zfill(column.width), Values.OTHER, nw.String)


def _whole(value: nw.Expr, dtype: Any) -> nw.Expr:
    """A whole number; a fraction is none, and neither is what is not a number."""
    if dtype in (nw.Float32, nw.Float64):
        value = nw.when((value > -1e15) & (value < 1e15)).then(value)
        value = nw.when(value % 1 == 0).then(value)
    return value.cast(nw.Int64)


def unreadable_change(column: Column, name: str, dtype: Any, alias: str) -> Change | None:
    """Of text or numbers: 0 where nothing stands, 1 where a date or whole number does, 2 where something else does."""
    if column.kind not in (Kind.DATE, Kind.NUMBER) or dtype in (nw.Date, nw.Datetime, nw.Unknown):
        return None
    if column.kind is Kind.NUMBER and not _is_text(dtype):
        return None

    def flag(value: nw.Expr) -> nw.Expr:
        if _is_text(dtype):
            stands = ~clean_text(value).is_null()
            read = day_of_text(value) if column.kind is Kind.DATE else number_of_text(value)
        else:
            stands, read = ~value.is_null(), day_of_number(_whole(value, dtype))
        there = nw.when(read.is_null()).then(nw.lit(2)).otherwise(nw.lit(1))
        return nw.when(stands).then(there).otherwise(nw.lit(0))

    return Change(name, alias, flag, Values.FEW if _is_text(dtype) else Values.OTHER, nw.Int64)


def unreadable_of(table: Table, source: Source, start: int) -> list[tuple[Change, Kind]]:
    """The columns of a frame in which something can stand that is no date or whole number, numbered from `start`."""
    found: list[tuple[Change, Kind]] = []
    for column in table.columns:
        for name in source.named(column):
            change = unreadable_change(column, name, source.schema[name], f"c{start + len(found)}")
            if change is not None:
                found.append((change, column.kind))
    return found


def recoded(column: Column, names: Sequence[str], values: Sequence[nw.Expr], month: nw.Expr | None) -> list[nw.Expr]:
    """Codes of before version 5 as they are written since: by the older name, and by month."""
    found = []
    for name, value in zip(names, values, strict=True):
        newer = value.replace_strict(
            list(column.recode), list(column.recode.values()), default=value, return_dtype=nw.String
        )
        if name.strip().casefold().endswith(tuple(each.casefold() for each in column.older)):
            found.append(newer)
        elif month is None:
            found.append(value)
        else:
            found.append(nw.when(month < VERSION_5).then(newer).otherwise(value))
    return found
