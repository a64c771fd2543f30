"""From the records of a year to every measure by provider and team type: time and memory beside hand-written queries.

Off by default; run with ``MHSDS_CONTACTS=1000000,14000000 python -m pytest tests/benchmarks/test_mhsds_scale.py -s``.
14 million contacts are England. ``MHSDS_FOLDER`` keeps the made-up extracts for the next run; ``MHSDS_ROUNDS`` is how
often each way is run, of which the quickest counts (3); ``MHSDS_ENGINES`` names those to run (DuckDB,Polars; Spark, where it
is, beside DuckDB's query, to which it is not held): Polars needs memory for what it groups, and DuckDB goes to disk.
``CMHS_METRICS_BASELINE`` names a Python with an earlier version: it is run in turn with the others, and what is asked for
beside it is asserted, of processor time, which tells most where others work too.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

PROJECT = Path(__file__).parents[2]
SIZES = [int(size) for size in os.environ.get("MHSDS_CONTACTS", "1000000").split(",")]
ROUNDS = int(os.environ.get("MHSDS_ROUNDS", "3"))
ENGLAND = 14_000_000
ENGINES = os.environ.get("MHSDS_ENGINES", "DuckDB,Polars").split(",")
# By month each referral is counted once for every month, where a query by hand counts each event in its own.
TIMES_BY_HAND = {"year": 1.3, "months": 1.2}
TIMES_EARLIER = 0.6
BASELINE = os.environ.get("CMHS_METRICS_BASELINE")
EARLIER = "earlier "
"""What a way is called when an earlier version runs it."""
MEMORY, SLACK = 8 * 1024, 1.25
EVERY_PAIR = {
    "DuckDB": ("package on DuckDB", "SQL"),
    "Polars": ("package on Polars", "Polars"),
    "Spark": ("package on Spark", "SQL"),
}
PAIRS = {engine: EVERY_PAIR[engine] for engine in ENGINES}
WAYS = dict.fromkeys(way for pair in PAIRS.values() for way in (*pair, *[EARLIER + pair[0]] * bool(BASELINE)))


@pytest.fixture(scope="session")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    kept = os.environ.get("MHSDS_FOLDER")
    return Path(kept) if kept else tmp_path_factory.mktemp("mhsds")


@cache
def folder(root: Path, contacts: int) -> Path:
    """The extract, made up by a process of its own and moved into place when it is whole."""
    place = root / f"{contacts}"
    if not place.exists():
        making = root / f"{contacts}-being-made"
        code = f"from cmhs_metrics import mhsds; mhsds.synthesise({str(making)!r}, contacts={contacts}, first_month='2024-04')"
        subprocess.run([sys.executable, "-c", code], check=True)
        making.rename(place)
    return place


@cache
def measured(root: Path, contacts: int, span: str) -> dict[str, dict[str, Any]]:
    """Of each way its quickest time [s] and its greatest peak memory [MiB], run in turn so that all meet the same machine."""
    best: dict[str, dict[str, Any]] = {}
    for _ in range(ROUNDS):
        for way in WAYS:
            python = BASELINE if BASELINE and way.startswith(EARLIER) else sys.executable
            output = str(root / f"{contacts}-{span}-{way}.parquet")
            command = [
                python,
                "-m",
                "tests.benchmarks.mhsds_run",
                way.removeprefix(EARLIER),
                str(folder(root, contacts)),
                span,
                output,
            ]
            done = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT)
            assert done.returncode == 0, f"{way}: {done.stderr[-2000:]}"
            found = json.loads(done.stdout.splitlines()[-1])
            before = best.setdefault(way, found)
            best[way] = {
                "seconds": min(before["seconds"], found["seconds"]),
                "processor": min(before["processor"], found["processor"]),
                "peak": max(before["peak"], found["peak"]),
                "rows": found["rows"],
            }
    return best


@pytest.mark.parametrize("engine", PAIRS)
@pytest.mark.parametrize("span", ["year", "months"])
@pytest.mark.parametrize("contacts", SIZES)
def test_beside_what_is_written_by_hand(root: Path, contacts: int, span: str, engine: str) -> None:
    ours, theirs = (measured(root, contacts, span)[way] for way in PAIRS[engine])
    for way, of in zip(PAIRS[engine], (ours, theirs), strict=True):
        print(
            f"\n| {contacts:,} contacts | {span} | {way} | {of['seconds']:.1f} s | {of['processor']:.1f} s of processor "
            f"| {of['peak'] / 1024:.1f} GiB |",
            end="",
        )
    ratio = ours["seconds"] / theirs["seconds"]
    print(f"\n{engine}, {span}: {ratio:.2f}x, at most {TIMES_BY_HAND[span]}x")
    if engine == "Spark":
        return
    assert ratio <= TIMES_BY_HAND[span]
    if contacts <= ENGLAND:
        assert ours["peak"] < MEMORY


@pytest.mark.skipif(BASELINE is None, reason="CMHS_METRICS_BASELINE names no earlier version")
@pytest.mark.parametrize("engine", [engine for engine in PAIRS if engine != "Spark"])
@pytest.mark.parametrize("contacts", SIZES)
def test_beside_an_earlier_version(root: Path, contacts: int, engine: str) -> None:
    way = PAIRS[engine][0]
    ours, theirs = (measured(root, contacts, "year")[name]["processor"] for name in (way, EARLIER + way))
    print(f"\n{engine}, {contacts:,} contacts: {ours:.1f} s of processor, earlier {theirs:.1f} s: {ours / theirs:.2f}x")
    assert ours / theirs <= TIMES_EARLIER


@pytest.mark.parametrize("span", ["year", "months"])
@pytest.mark.parametrize("contacts", SIZES)
def test_all_ways_give_one_table(root: Path, contacts: int, span: str) -> None:
    measured(root, contacts, span)
    found = {way: pq.read_table(root / f"{contacts}-{span}-{way}.parquet") for pair in PAIRS.values() for way in pair}
    expected = next(iter(found.values()))
    assert expected.num_rows > 0
    for way, table in found.items():
        assert table.column_names == expected.column_names, way
        for name in (name for name in expected.column_names if name != "period" or span == "months"):
            same = pc.equal(table[name].cast("string"), expected[name].cast("string"))
            assert table.num_rows == expected.num_rows, way
            assert pc.all(pc.fill_null(same, True)).as_py(), f"{way}: {name}"


@pytest.mark.skipif(len(SIZES) < 2, reason="growth is seen between sizes: MHSDS_CONTACTS=1000000,10000000,50000000")
@pytest.mark.parametrize("way", [pair[0] for pair in PAIRS.values()])
def test_time_grows_no_faster_than_rows(root: Path, way: str) -> None:
    seconds = {size: measured(root, size, "year")[way]["seconds"] for size in sorted(SIZES)}
    for (few, quick), (many, slow) in zip(seconds.items(), list(seconds.items())[1:], strict=False):
        growth, rows = slow / quick, many / few
        print(f"\n{way}: {rows:.0f} times the contacts, {growth:.1f} times the time")
        assert growth <= rows * SLACK
