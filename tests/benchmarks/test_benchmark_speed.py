"""What `benchmark` costs beside the sums that it rests on.

Off by default; run with ``python -m pytest tests/benchmarks -s``. Where ``CMHS_METRICS_BASELINE`` names a Python with an
earlier version of the package, that one is timed in the same run as well.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

TIMED = """
import timeit
import cmhs_metrics as cm
teams = cm.synthetic_providers()
places = {"by": "organisation", "place": "organisation", "basis": "16+"}
call = lambda: cm.benchmark(teams, "caseload_per_100k", **places)
sums = lambda: cm.aggregate(teams, metrics=["caseload_per_100k"], **places)
call(), sums()
print(min(timeit.repeat(call, number=1, repeat=25)), min(timeit.repeat(sums, number=1, repeat=25)))
"""


def seconds(python: str) -> tuple[float, float]:
    done = subprocess.run([python, "-c", TIMED], capture_output=True, text=True, check=True)
    whole, sums = map(float, done.stdout.split())
    return whole, sums


def test_costs_little_more_than_its_sums() -> None:
    whole, sums = seconds(sys.executable)
    print(f"\nbenchmark of 464 rows: {whole * 1e3:.1f} ms, of which its sums {sums * 1e3:.1f} ms: {whole / sums:.2f}x")
    assert whole < 2 * sums


@pytest.mark.skipif("CMHS_METRICS_BASELINE" not in os.environ, reason="CMHS_METRICS_BASELINE names no earlier version")
def test_against_an_earlier_version() -> None:
    earlier, now = seconds(os.environ["CMHS_METRICS_BASELINE"]), seconds(sys.executable)
    print(f"\nbenchmark of 464 rows: {earlier[0] / now[0]:.1f} times as fast as the earlier version")
    assert earlier[0] > 5 * now[0]
