"""What intervals cost beside PHStatsMethods, on the same data in the same run; and how much memory they take.

Off by default; install PHStatsMethods in an environment of its own and run ``python -m pytest
tests/benchmarks/test_intervals.py -s``. The figures depend on the machine, their ratios far less.
"""

from __future__ import annotations

import contextlib
import io
import time
import tracemalloc
import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from cmhs_metrics import intervals
from cmhs_metrics.intervals import ESP2013

pytestmark = pytest.mark.filterwarnings("ignore")
RATES, AREAS = 100_000, 6_000
BANDS = [band.label.replace("–", "-") for band in ESP2013.bands]


@pytest.fixture(scope="module")
def counted() -> pd.DataFrame:
    draw = np.random.default_rng(1)
    people = draw.integers(1_000, 50_000, RATES).astype(float)
    return pd.DataFrame({"count": np.maximum(draw.poisson(people * 5e-4), 1.0), "population": people})


@pytest.fixture(scope="module")
def by_age() -> pd.DataFrame:
    draw = np.random.default_rng(2)
    people = draw.integers(200, 3_000, (AREAS, 19)).astype(float)
    return pd.DataFrame(
        {
            "area": np.repeat(np.arange(AREAS), 19),
            "age_band": BANDS * AREAS,
            "events": draw.poisson(people * 3e-3).astype(float).ravel(),
            "population": people.ravel(),
        }
    )


def seconds(call: Callable[[], object], times: int = 1) -> float:
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        with contextlib.redirect_stdout(io.StringIO()):
            call()
        taken.append(time.perf_counter() - start)
    return min(taken)


def compare(what: str, theirs: Callable[[], object], ours: Callable[[], object], least: float) -> None:
    # Ours before and after theirs, so that a busy machine slows both.
    before = seconds(ours, 5)
    other = seconds(theirs)
    own = min(before, seconds(ours, 5))
    print(f"\n{what}: PHStatsMethods {other:.2f} s, cmhs_metrics {own * 1e3:.1f} ms: {other / own:,.0f} times as fast")
    assert other / own >= least


def peak(call: Callable[[], object]) -> int:
    call()
    tracemalloc.start()
    call()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


def installed():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("PHStatsMethods", reason="PHStatsMethods is not installed")


def test_rates(counted: pd.DataFrame) -> None:
    ph = installed()
    compare(
        f"{RATES:,} rates",
        lambda: ph.ph_rate(counted.copy(), "count", "population"),
        lambda: intervals.rate_interval(counted["count"], counted["population"]),
        300,
    )


def test_standardised_rates_of_a_table(by_age: pd.DataFrame) -> None:
    ph = installed()
    compare(
        f"standardised rates of {AREAS:,} areas × 19 bands, from the same table",
        lambda: ph.ph_dsr(by_age.copy(), "events", "population", "age_band", "area"),
        lambda: intervals.standardised_rates(by_age, "area"),
        30,
    )


def test_standardised_rates_of_arrays(by_age: pd.DataFrame) -> None:
    ph = installed()
    events, people = (by_age[name].to_numpy().reshape(AREAS, 19) for name in ("events", "population"))
    compare(
        f"standardised rates of {AREAS:,} areas × 19 bands, from arrays",
        lambda: ph.ph_dsr(by_age.copy(), "events", "population", "age_band", "area"),
        lambda: intervals.standardised_rate(events, people),
        30,
    )


@pytest.mark.parametrize("dtype", [np.float64, np.int64], ids=["floats", "integers"])
def test_memory(counted: pd.DataFrame, by_age: pd.DataFrame, dtype: type) -> None:
    count, people = (counted[name].to_numpy().astype(dtype) for name in ("count", "population"))
    events, populations = (
        by_age[name].to_numpy().astype(dtype).reshape(AREAS, 19) for name in ("events", "population")
    )
    table = by_age.astype({"events": dtype, "population": dtype})
    calls = {
        "rates": (lambda: intervals.rate_interval(count, people), count.nbytes * 2),
        "proportions": (lambda: intervals.proportion_interval(count, people), count.nbytes * 2),
        "standardised rates": (lambda: intervals.standardised_rate(events, populations), events.nbytes * 2),
        "standardised rates of a table": (
            lambda: intervals.standardised_rates(table, "area"),
            int(table.memory_usage(index=False).sum()),
        ),
    }
    for what, (call, given) in calls.items():
        most = peak(call) / given
        print(f"\n{what}, {np.dtype(dtype).name}: at most {most:.1f} times the input, results and all")
        assert most <= 4
