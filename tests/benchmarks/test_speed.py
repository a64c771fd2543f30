"""What the contract of a metric costs, as ratios against bare code timed beside it.

Off by default; run with ``python -m pytest tests/benchmarks -s``.
"""

from __future__ import annotations

import subprocess
import sys
import timeit

import numpy as np
import pytest

import cmhs_metrics as cm


def quickest(statement, repeat: int, number: int = 1, **names: object) -> float:
    return min(timeit.repeat(statement, globals=names, repeat=repeat, number=number))


def report(what: str, ratio: float, limit: float) -> None:
    print(f"\n{what}: {ratio:.2f}x, at most {limit}x")
    assert ratio < limit


def bare_arrays(n: np.ndarray, d: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        quotient = n / d
    quotient[d == 0] = np.nan
    return quotient


@pytest.mark.parametrize("zeros", [0, 5], ids=["no zeros", "a fifth zeros"])
def test_ten_million_elements(zeros: int) -> None:
    draw = np.random.default_rng(1)
    n, d = draw.random(10_000_000), draw.random(10_000_000)
    if zeros:
        d[::zeros] = 0
    np.testing.assert_array_equal(cm.year_of_care_cost(n, d), bare_arrays(n, d))
    # Alternating keeps a busy machine from favouring one side.
    ours, bare = [], []
    for _ in range(15):
        ours.append(quickest(lambda: cm.year_of_care_cost(n, d), 1))
        bare.append(quickest(lambda: bare_arrays(n, d), 1))
    report(f"two arrays of ten million, {'a fifth' if zeros else 'no'} zeros", min(ours) / min(bare), 1.05)


@pytest.mark.parametrize("call", ["f(n, d)", "f(total_cost=n, caseload=d)"], ids=["positional", "keyword"])
def test_two_floats(call: str) -> None:
    names = {"n": 17.7e6, "d": 5_291.0, "nan": float("nan"), "f": cm.year_of_care_cost}
    bare = quickest("n / d if d else nan", 15, 200_000, **names)
    report(f"two floats, {call}", quickest(call, 15, 200_000, **names) / bare, 5)


def test_import() -> None:
    def seconds(code: str) -> float:
        timed = f"import time; t = time.perf_counter(); {code}; print(time.perf_counter() - t)"
        done = subprocess.run([sys.executable, "-c", timed], capture_output=True, text=True, check=True)
        return float(done.stdout)

    ours, bare = [], []
    for _ in range(9):
        ours.append(seconds("import pandas, pint; import cmhs_metrics"))
        bare.append(seconds("import pandas, pint"))
    report("import, beside pandas and pint", min(ours) / min(bare), 1.2)
