"""What engines do each in its own way: days of dates, dates of days, and a little table of numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw

from cmhs_metrics.mhsds.columns import Column, Kind
from cmhs_metrics.mhsds.dates import EPOCH, day_of_date, day_of_text
from cmhs_metrics.mhsds.memory import plain_numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

DUCKDB, IBIS = nw.Implementation.DUCKDB, nw.Implementation.IBIS
POLARS, PYARROW = nw.Implementation.POLARS, nw.Implementation.PYARROW


def value_of(engine: nw.Implementation, column: Column, value: nw.Expr, dtype: Any, as_text: bool) -> nw.Expr:
    """A column as it is computed with: ids, whole numbers, day numbers, and codes as text."""
    kind = column.kind
    if dtype == nw.Unknown:
        return value.cast(nw.String) if kind is Kind.CODE or as_text else value.cast(nw.Int64)
    if kind is Kind.DATE:
        return _day(engine, value, dtype)
    if kind is Kind.NUMBER:
        return value.cast(nw.Int64)
    if kind is Kind.ID:
        value = value.cast(nw.Int64) if dtype.is_numeric() else value
        return value.cast(nw.String) if as_text and dtype != nw.String else value
    if dtype.is_numeric():
        return value.cast(nw.Int64).cast(nw.String).str.zfill(column.width)
    return value if dtype == nw.String else value.cast(nw.String)


def _day(engine: nw.Implementation, value: nw.Expr, dtype: Any) -> nw.Expr:
    if dtype == nw.String:
        return day_of_text(value).cast(nw.Int32)
    if dtype.is_numeric():  # an eager column without a value
        return value.cast(nw.Int32)
    date = value if dtype == nw.Date else value.cast(nw.Date)
    if engine is POLARS:
        return date.cast(nw.Int32)
    # DuckDB subtracts dates to a whole number of days.
    days = date - nw.lit(EPOCH) if engine is DUCKDB else day_of_date(date)
    return days.cast(nw.Int32)


def with_dates(engine: nw.Implementation, frame: Any, names: Sequence[str]) -> Any:
    """Day numbers of a lazy frame made dates, by what its engine has for it."""
    if engine is POLARS:
        return frame.with_columns(*(nw.col(name).cast(nw.Int32).cast(nw.Date) for name in names))
    if engine is DUCKDB:
        days = {name: nw.lit(EPOCH) + nw.col(name).cast(nw.Int32) for name in names}
        return frame.with_columns(*(day.cast(nw.Date).alias(name) for name, day in days.items()))
    native = frame.to_native()
    if engine is IBIS:
        import ibis

        native = native.mutate(**{name: ibis.literal(EPOCH) + native[name].as_interval("D") for name in names})
        return nw.from_native(native.cast(dict.fromkeys(names, "date")))
    made = [
        f"date_add(DATE '1970-01-01', CAST(`{each}` AS INT)) AS `{each}`" if each in names else f"`{each}`"
        for each in native.columns
    ]
    return nw.from_native(native.selectExpr(*made))


def numbers(engine: nw.Implementation, native: Any, values: Sequence[int]) -> Any:
    """A table of whole numbers, `number`, that can be joined with a native table."""
    table: Any
    if engine is DUCKDB:
        listed = ", ".join(f"({value})" for value in values)
        table = native.query("extract", f"SELECT number FROM (VALUES {listed}) AS numbers(number)")
    elif engine is POLARS:
        import polars

        table = polars.LazyFrame({"number": list(values)})
    elif engine is IBIS:
        import ibis
        import pyarrow as pa

        table = ibis.memtable(pa.table({"number": list(values)}))
    elif engine.is_spark_like():
        table = native.sparkSession.createDataFrame([(value,) for value in values], ["number"])
    else:
        table = plain_numbers(values)
    return nw.from_native(table)


def numbered(frame: Any, name: str) -> Any:
    """A Polars frame with its rows numbered."""
    return nw.from_native(frame.to_native().with_row_index(name))


def two_smallest(frame: Any, key: str, smallest: str, second: str, none: int, sums: Sequence[str]) -> Any:
    """The smallest value of each group of a Polars frame, and the second, `none` where there is one alone; and sums.

    Polars takes the two smallest of a group several times faster than it ranks all.
    """
    import polars as pl

    two = pl.col(smallest).bottom_k(2)
    later = pl.when(pl.len() > 1).then(two.max()).otherwise(none).cast(pl.Int32).alias(second)
    groups = frame.to_native().group_by(key)
    return nw.from_native(groups.agg(pl.col(smallest).min(), later, *(pl.col(name).sum() for name in sums)))
