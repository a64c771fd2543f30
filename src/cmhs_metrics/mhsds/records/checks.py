"""What a column of an extract can be, and how its engine is called in messages."""

from __future__ import annotations

from typing import Any

import narwhals as nw

from cmhs_metrics.mhsds.records.columns import Column, Kind, Table
from cmhs_metrics.mhsds.records.engines import POLARS

EXPECTED = {
    Kind.ID: "text or whole numbers",
    Kind.NUMBER: "whole numbers",
    Kind.DATE: "dates, or their text as 2025-03-31",
    Kind.CODE: "text",
}


def can_be(kind: Kind, dtype: Any) -> bool:
    """Whether a column of a type can hold that."""
    if dtype in (nw.Unknown, nw.Object):
        return True
    is_text = dtype in (nw.String, nw.Categorical, nw.Enum)
    if kind is Kind.DATE:
        return bool(dtype == nw.String or dtype in (nw.Date, nw.Datetime))
    if kind is Kind.NUMBER:
        return bool(dtype.is_numeric())
    return bool(is_text or dtype.is_numeric())


def engine_name(engine: tuple[nw.Implementation, bool]) -> str:
    """The name of an engine, and whether its tables are lazy."""
    kind, lazy = engine
    return f"{kind.name.capitalize()}{', lazy' if lazy and kind is POLARS else ''}"


def with_dates_of_nothing(table: Table, frame: Any) -> Any:
    """A DuckDB relation in which dates that DuckDB types INTEGER are dates that hold nothing.

    So DuckDB types a column of nothing but nulls. Should there be a number after all, the query fails when it is run,
    and says in which column.
    """
    dates = {name.casefold() for column in table.columns if column.kind is Kind.DATE for name in _names(column)}
    untyped = [name for name, dtype in frame.collect_schema().items() if name.casefold() in dates and dtype == nw.Int32]
    if not untyped:
        return frame
    native = frame.to_native()
    made = []
    for name in native.columns:
        quoted = '"' + name.replace('"', '""') + '"'
        if name in untyped:
            message = f"{table.argument}.{name} holds whole numbers, expected {EXPECTED[Kind.DATE]}"
            quoted = f"CAST(CASE WHEN {quoted} IS NULL THEN NULL ELSE error('{message}') END AS DATE) AS {quoted}"
        made.append(quoted)
    return nw.from_native(native.project(", ".join(made)))


def _names(column: Column) -> tuple[str, ...]:
    return (column.name, *column.older)
