"""Run one way from records to measures in a process of its own, and print its time [s] and peak memory [MiB] as JSON."""

from __future__ import annotations

import datetime as dt
import importlib
import json
import resource
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

START, END = dt.date(2024, 4, 1), dt.date(2025, 3, 31)
TABLES = {
    "people": "MHS001MPI",
    "referrals": "MHS101Referral",
    "service_types": "MHS102ServiceTypeReferredTo",
    "contacts": "MHS201CareContact",
    "hospital_spells": "MHS501HospProvSpell",
}
"""What the hand-written queries read; the package is given the same files."""


def by_hand(module: str) -> Callable[[Path, bool], Any]:
    def run(folder: Path, by_month: bool) -> Any:
        files = {table: str(folder / f"{name}.parquet") for table, name in TABLES.items()}
        return importlib.import_module(f"tests.mhsds.by_hand.{module}").measures(files, START, END, by_month)

    return run


def with_package(read: Callable[[str], Any], collect: Callable[[Any], Any]) -> Callable[[Path, bool], Any]:
    def run(folder: Path, by_month: bool) -> Any:
        from cmhs_metrics import mhsds

        extract = mhsds.Extract(**{table: read(str(folder / f"{name}.parquet")) for table, name in TABLES.items()})
        by = ("organisation", "team_type", *["month"] * by_month)
        return collect(mhsds.measures(extract, (START, END), by))

    return run


def package_on_duckdb(folder: Path, by_month: bool) -> Any:
    import duckdb

    return with_package(duckdb.read_parquet, lambda result: result.to_arrow_table())(folder, by_month)


def package_on_polars(folder: Path, by_month: bool) -> Any:
    import polars as pl

    collect = lambda result: result.collect(engine="streaming").to_arrow()  # noqa: E731
    return with_package(pl.scan_parquet, collect)(folder, by_month)


@cache
def spark() -> Any:
    """Spark as a user starts it on two cores; that of the tests is made to start soon."""
    from pyspark.sql import SparkSession

    made = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    return made.config("spark.driver.memory", "3g").getOrCreate()


def package_on_spark(folder: Path, by_month: bool) -> Any:
    return with_package(spark().read.parquet, lambda result: result.toArrow())(folder, by_month)


WAYS = {
    "SQL": by_hand("with_duckdb"),
    "package on DuckDB": package_on_duckdb,
    "Polars": by_hand("with_polars"),
    "package on Polars": package_on_polars,
    "package on Spark": package_on_spark,
}


def processor_time(java: Any) -> float:
    """Of this process, and of Spark's [s]."""
    return time.process_time() + (java.info().totalCpuDuration().get().toMillis() / 1000 if java is not None else 0)


def main(way: str, folder: str, by_month: str, output: str) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    # What a session imports once is no part of a query.
    for module in ("tests.mhsds.by_hand.with_duckdb", "tests.mhsds.by_hand.with_polars", "cmhs_metrics.mhsds"):
        importlib.import_module(module)
    java = None
    if "Spark" in way:
        spark().range(1).count()
        java = spark()._jvm.java.lang.ProcessHandle.current()
    began, worked = time.perf_counter(), processor_time(java)
    table = WAYS[way](Path(folder), by_month == "months")
    seconds, processor = time.perf_counter() - began, processor_time(java) - worked
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if java is not None:
        held = Path(f"/proc/{java.pid()}/status").read_text()
        peak += int(held.partition("VmHWM:")[2].split()[0]) / 1024
        spark().stop()
    # The package names a year by its text, and the queries by its last day.
    table = table.set_column(table.column_names.index("period"), "period", table["period"].cast(pa.string()))
    columns = ["organisation", "team_type", "period"]
    columns += sorted(name for name in table.column_names if name not in columns)
    keys = [(name, "ascending") for name in columns[:3]]
    pq.write_table(table.select(columns).sort_by(keys), output)
    print(json.dumps({"seconds": seconds, "processor": processor, "peak": peak, "rows": table.num_rows}))


if __name__ == "__main__":
    main(*sys.argv[1:])
