"""A main file of a million rows: time and memory, against pandas reading its text in the same run.

Not part of the tests: ``python -m pytest tests/benchmarks/test_published.py``.
"""

from __future__ import annotations

import csv
import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.official_files import MONTHLY_HEADER

ROWS = 1_000_000
AS_LONG, AS_LARGE, FILTERED = 1.5, 1.5, 0.75

RUN = """
import json, resource, sys, time
import pandas as pd
if sys.argv[2] != "pandas":
    from cmhs_metrics.published import read_mhsds_monthly
start = time.perf_counter()
if sys.argv[2] == "pandas":
    table = pd.read_csv(sys.argv[1], dtype=str)
else:
    table = read_mhsds_monthly(sys.argv[1], **json.loads(sys.argv[3]))
took = time.perf_counter() - start
print(json.dumps({"rows": len(table), "took": took, "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}))
"""


@pytest.fixture(scope="module")
def main_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    draw = random.Random(1)
    places = [("England", "England", "England")]
    places += [("ICB of GP Practice or Residence", f"Q{at:02}", f"AN ICB, NUMBER {at}") for at in range(42)]
    places += [("Provider", f"R{at:03}", f"A TRUST, NUMBER {at}, NHS FOUNDATION TRUST") for at in range(957)]
    path = tmp_path_factory.mktemp("main") / "main.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(MONTHLY_HEADER.split(","))
        for at in range(ROWS):
            breakdown, code, name = places[at % 1000]
            measure = at // 1000 % 250
            words = f"People in contact with services at the end of the reporting period, aged {measure} and over"
            value = "*" if draw.random() < 0.5 else str(5 * draw.randrange(1, 4_000))
            group = at // 250_000
            row = [f"MHX{measure}", words, value]
            writer.writerow(
                ["01/06/2024", "30/06/2024", "Final", breakdown, code, name, f"S{group}", f"Group {group}", *row]
            )
    return path


def run(path: Path, what: str, **options: object) -> dict[str, float]:
    command = [sys.executable, "-c", RUN, str(path), what, json.dumps(options)]
    runs = [json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout) for _ in range(3)]
    return min(runs, key=lambda each: each["took"])


def test_a_million_rows(main_file: Path) -> None:
    pytest.importorskip("pyarrow")
    pandas = run(main_file, "pandas")
    whole = run(main_file, "ours")
    part = run(main_file, "ours", measures=["MHX17", "MHX18"])
    print({"pandas": pandas, "whole": whole, "part": part})
    assert whole["rows"] == pandas["rows"] == ROWS
    assert part["rows"] == ROWS * 2 / 250
    assert whole["took"] < AS_LONG * pandas["took"]
    assert whole["peak"] < AS_LARGE * pandas["peak"]
    assert part["took"] < FILTERED * pandas["took"]
