"""The kinds of table that every table function must treat alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb
import narwhals as nw
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from tests.support import spark_session

Columns = dict[str, list[Any]]


def _arrow(columns: Columns) -> pa.Table:
    return pa.table({name: pa.array(values, from_pandas=False) for name, values in columns.items()})


def _nullable(columns: Columns) -> pd.DataFrame:
    kinds = {pa.int64(): pd.Int64Dtype(), pa.float64(): pd.Float64Dtype(), pa.string(): pd.StringDtype()}
    return _arrow(columns).to_pandas(types_mapper=kinds.get)


def _ibis(columns: Columns) -> Any:
    import ibis  # with what it loads, as long to load as all the others together

    return ibis.memtable(_arrow(columns))


EAGER: dict[str, Callable[[Columns], Any]] = {
    "pandas": lambda columns: _arrow(columns).to_pandas(),
    "pandas nullable": _nullable,
    "pandas arrow": lambda columns: _arrow(columns).to_pandas(types_mapper=pd.ArrowDtype),
    "polars": lambda columns: pl.from_arrow(_arrow(columns)),
    "pyarrow": _arrow,
    "narwhals": lambda columns: nw.from_native(pl.from_arrow(_arrow(columns))),
}
LAZY: dict[str, Callable[[Columns], Any]] = {
    "polars lazy": lambda columns: pl.from_arrow(_arrow(columns)).lazy(),
    "duckdb": lambda columns: duckdb.from_arrow(_arrow(columns)),
    "ibis": _ibis,
}
if spark_session.missing() is None:
    LAZY["pyspark"] = lambda columns: spark_session.session().createDataFrame(_arrow(columns))
ALL = EAGER | LAZY


NEAR = ("ibis", "narwhals", "pandas arrow")
"""To DuckDB, to the library it wraps, and to "pandas nullable"."""
MARKS = {"pyspark": (pytest.mark.spark,)} | dict.fromkeys(NEAR, (pytest.mark.deep,))
"""Of tests on an engine."""


def each(engines: dict[str, Callable[[Columns], Any]], *, every_day: bool = False) -> pytest.MarkDecorator:
    """A test for each of some engines; those on Spark can be chosen with ``-m spark``.

    Ibis plans ten times as long as DuckDB, which then runs the same, and some others are near one that is tried: they are
    for a deep run, but where a test is of the engines themselves (`every_day`).
    """
    marked = {name: () if every_day and name in NEAR else MARKS.get(name, ()) for name in engines}
    return pytest.mark.parametrize(
        "make", [pytest.param(make, id=name, marks=marked[name]) for name, make in engines.items()]
    )


def on_spark(test: Callable[..., None]) -> Callable[..., None]:
    """A test that runs where Spark is, and says why it does not elsewhere."""
    reason = f"Spark: {spark_session.missing()}"
    return pytest.mark.spark(pytest.mark.skipif(spark_session.missing() is not None, reason=reason)(test))


def cells(table: Any) -> Columns:
    """The cells of any table, missing ones as None."""
    frame = nw.from_native(table)
    if isinstance(frame, nw.LazyFrame):
        frame = frame.collect("pyarrow")
    return {
        name: [None if value is None or value != value else value for value in values]
        for name, values in frame.to_arrow().to_pydict().items()
    }


def sorted_by(columns: Columns, *keys: str) -> Columns:
    """The same cells in the order of some columns, for engines whose rows have none."""
    order = sorted(range(len(columns[keys[0]])), key=lambda row: [str(columns[key][row]) for key in keys])
    return {name: [values[row] for row in order] for name, values in columns.items()}
