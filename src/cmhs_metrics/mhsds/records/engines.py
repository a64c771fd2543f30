"""What engines do each in its own way: days of dates, dates of days, and a little table of numbers."""

from __future__ import annotations

import functools
import operator
from typing import TYPE_CHECKING, Any

import narwhals as nw

from cmhs_metrics.mhsds.records.columns import Column, Kind
from cmhs_metrics.mhsds.records.dates import EPOCH, NEVER, day_of_date, day_of_text
from cmhs_metrics.mhsds.records.memory import plain_numbers

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


def marked(frame: Any, item: Sequence[str]) -> tuple[Any, str]:
    """A Polars frame with a number for each item, by which few others may go too, and its name.

    Whole numbers are grouped with a fraction of the memory that ids take.
    """
    import polars as pl

    hashes = (pl.col(name).hash(seed) for seed, name in enumerate(item))
    mark = functools.reduce(operator.xor, hashes).alias("_mark_")
    return nw.from_native(frame.to_native().with_columns(mark)), "_mark_"


def first_two(engine: nw.Implementation, referrals: Any, contacts: Any, by: Sequence[str], flags: Sequence[str]) -> Any:
    """Referrals with the days `first` and `second`, null or NEVER where there is none, and counts of flags, 1 or 0.

    Of a lazy Polars frame or a DuckDB relation, which keep days as they group several times faster than they rank all.
    `day` of contacts is null where a contact does not count, and counts only from the day `received` on.
    """
    if engine is DUCKDB:
        return _first_two_of_lists(referrals, contacts, by, flags)
    import polars as pl

    # Whole numbers are grouped faster than ids.
    referral = referrals.to_native()
    rows = contacts.to_native().join(referral.select(*by, "received").with_row_index("number"), on=list(by))
    counted = pl.when(pl.col("day") >= pl.col("received")).then(pl.col("day")).otherwise(NEVER)
    found = (
        rows.with_columns(counted.alias("first"))
        .group_by("number")
        .agg(
            *(pl.col(name).first() for name in by),
            pl.col("first").min(),
            pl.when(pl.len() > 1).then(pl.col("first").bottom_k(2).max()).otherwise(NEVER).alias("second"),
            *(pl.col(name).sum() for name in flags),
        )
    )
    return nw.from_native(referral.join(found.drop("number"), on=list(by), how="left"))


def _first_two_of_lists(referrals: Any, contacts: Any, by: Sequence[str], flags: Sequence[str]) -> Any:
    keys = ", ".join(f'"{name}"' for name in by)
    # A count is a third of the size of a sum, and a list of days far smaller than DuckDB's min(…, 2).
    counts = "".join(f', count(nullif("{name}", 0)) AS "{name}"' for name in flags)
    days = 'list("day") FILTER (WHERE "day" IS NOT NULL) AS "days"'
    found = nw.from_native(contacts.to_native().aggregate(f"{keys}, {days}{counts}", keys))
    rows = referrals.join(found, on=list(by), how="left").to_native()
    kept = ", ".join(f'"{name}"' for name in rows.columns if name != "days")
    rows = rows.project(f'{kept}, list_sort(list_filter("days", lambda day: day >= "received")) AS "days"')
    return nw.from_native(rows.project(f'{kept}, "days"[1] AS "first", "days"[2] AS "second"'))
