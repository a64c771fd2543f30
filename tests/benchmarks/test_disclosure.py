"""What protection costs by the size of the table, and how many cells it hides; beside an earlier build in the same run.

Off by default. ``EARLIER_PYTHON`` names the Python of an environment with the build to compare with:
``EARLIER_PYTHON=… python -m pytest tests/benchmarks/test_disclosure.py -s``. Processor time is compared, which depends
less on what else the machine does than time on the clock; the sizes of thousands of cells take minutes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest

from cmhs_metrics.disclosure import NHS, Rule, protect

SIZES = [(4, 4, 4), (5, 5, 5), (10, 6, 6), (20, 6, 6), (42, 12, 12)]
RULES = {"NHS": NHS, "exact": Rule(rounding=1)}
MOST = {(20, 6, 6): 2.0, (42, 12, 12): 300.0}
EARLIER = """
import json, sys, time
import pandas as pd
from cmhs_metrics.disclosure import protect
table = pd.read_json(sys.stdin)
start = time.process_time()
protected = protect(table, ["a", "b", "c"], "patients")
print(json.dumps([time.process_time() - start, protected.suppressed]))
"""


def table_of(shape: tuple[int, ...], seed: int = 1) -> pd.DataFrame:
    counts = np.random.default_rng(seed).geometric(0.03, shape) - 1
    labels = [[f"{name}{at:02}" for at in range(length)] for name, length in zip("abc", shape, strict=True)]
    index = pd.MultiIndex.from_product(labels, names=list("abc"))
    return pd.Series(counts.ravel(), index, name="patients").reset_index()


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("shape", SIZES, ids=str)
def test_an_answer_in_time(shape: tuple[int, ...], rule: str) -> None:
    table = table_of(shape)
    start = time.process_time()
    protected = protect(table, ["a", "b", "c"], "patients", rule=RULES[rule], progress=False)
    took = time.process_time() - start
    print(f"{shape} {rule}: {protected.layout.size:,} cells, {protected.primary} small, "
          f"{protected.complementary} more, {took:.2f} s")  # fmt: skip
    assert took <= MOST.get(shape, 60)


@pytest.mark.skipif("EARLIER_PYTHON" not in os.environ, reason="EARLIER_PYTHON names no Python with an earlier build")
def test_twenty_times_as_fast_as_the_earlier_build() -> None:
    table = table_of((20, 6, 6))
    start = time.process_time()
    protected = protect(table, ["a", "b", "c"], "patients", progress=False)
    took = time.process_time() - start
    told = subprocess.run(
        [os.environ["EARLIER_PYTHON"], "-c", EARLIER], input=table.to_json(), capture_output=True, text=True, check=True
    )  # fmt: skip
    before, hidden = json.loads(told.stdout)
    print(
        f"20 by 6 by 6, NHS rule: {before:.1f} s before, {took:.2f} s now: {before / took:.0f} times as fast",
        file=sys.stderr,
    )
    assert protected.suppressed <= hidden
    assert before >= 20 * took
