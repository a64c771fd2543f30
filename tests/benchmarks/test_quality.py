"""Data quality of an extract: of three rows, where planning is all; and of many, on DuckDB beside Polars.

Off by default; run with ``QUALITY_CONTACTS=1000000 python -m pytest tests/benchmarks/test_quality.py -s``. ``MHSDS_FOLDER``
keeps the made-up extract for the next run.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import narwhals as nw
import pytest

from cmhs_metrics import mhsds
from tests.support.extracts import LAZY
from tests.support.small_extracts import contact_rows, referral_rows, service_rows

CONTACTS = int(os.environ.get("QUALITY_CONTACTS", "1000000"))
SECONDS, TIMES_POLARS = 0.5, 1.5


def quickest(run: Callable[[], Any], clock: Callable[[], float], times: int = 3) -> float:
    """Of several runs after a first one."""
    run()
    seconds = []
    for _ in range(times):
        began = clock()
        run()
        seconds.append(clock() - began)
    return min(seconds)


def rows_of(table: Any) -> int:
    return len(nw.from_native(table).lazy().collect("pyarrow"))


@pytest.mark.parametrize("engine", LAZY)
def test_of_three_rows(engine: str) -> None:
    import pyarrow as pa

    referrals = referral_rows(*((f"P{n}", f"R{n}", 1489, "2024-04-01", None) for n in range(3)))
    contacts = contact_rows(*((f"C{n}", f"P{n}", f"R{n}", 1489, "2024-04-08", "5", "01") for n in range(3)))
    people = {name: referrals[name] for name in ("Person_ID", "RecordNumber", "UniqMonthID", "OrgIDProv")}
    tables = {
        "referrals": referrals, "contacts": contacts, "service_types": service_rows(referrals),
        "people": people | {"LADistrictAuth": ["E06000001"] * 3},
    }  # fmt: skip
    made = {name: LAZY[engine](pa.table(table)) for name, table in tables.items()}
    seconds = quickest(lambda: rows_of(mhsds.quality(mhsds.Extract(**made))), time.process_time)
    print(f"\n| quality of three rows | {engine} | {seconds:.2f} s of processor |")
    assert seconds < SECONDS


def test_of_many_rows(tmp_path: Path) -> None:
    import duckdb
    import polars as pl

    kept = os.environ.get("MHSDS_FOLDER")
    folder = Path(kept) / f"quality-{CONTACTS}" if kept else tmp_path / "extract"
    if not folder.exists():
        mhsds.synthesise(folder, contacts=CONTACTS, first_month="2024-04")
    found = {}
    for name, read in (("DuckDB", duckdb.read_parquet), ("Polars", pl.scan_parquet)):
        tables = {path.stem: read(str(path)) for path in folder.glob("*.parquet")}
        extract = mhsds.Extract.of(tables)
        found[name] = quickest(lambda: rows_of(mhsds.quality(extract)), time.perf_counter, 2)  # noqa: B023
        print(f"\n| quality of {CONTACTS:,} contacts | {name} | {found[name]:.1f} s |")
    ratio = found["DuckDB"] / found["Polars"]
    print(f"DuckDB beside Polars: {ratio:.2f}x, at most {TIMES_POLARS}x")
    assert ratio <= TIMES_POLARS
