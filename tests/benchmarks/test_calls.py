"""What one call of a metric costs beside what it stands for: an expression, a division of quantities, of two floats.

Off by default; run with ``python -m pytest tests/benchmarks/test_calls.py -s``. Both sides are timed in turns.
"""

from __future__ import annotations

from collections.abc import Callable
from timeit import default_timer
from typing import Any

import numpy as np
import polars as pl
import pytest

import cmhs_metrics as cm

ROWS = 1_000_000


def ratio(ours: Callable[[], Any], bare: Callable[[], Any], *, times: int = 1, turns: int = 25) -> float:
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(turns):
        for call, held in zip((ours, bare), taken, strict=True):
            start = default_timer()
            for _ in range(times):
                call()
            held.append(default_timer() - start)
    return min(taken[0]) / min(taken[1])


def report(what: str, found: float, limit: float) -> None:
    print(f"\n{what}: {found:.2f}x, at most {limit}x")
    assert found < limit


@pytest.fixture(scope="module")
def table() -> pl.DataFrame:
    draw = np.random.default_rng(1)
    columns = {"total_cost": draw.random(ROWS), "contacts": draw.integers(0, 5, ROWS).astype(float)}
    return pl.DataFrame(columns)


def by_hand() -> pl.Expr:
    """What gives a null for nothing to divide by and for NaN, as people write it."""
    above, below = pl.col("total_cost"), pl.col("contacts")
    return pl.when(below != 0).then(above / below).fill_nan(None).alias("cost_per_contact")


def without_nan() -> pl.Expr:
    """What lets a NaN through."""
    return pl.when(pl.col("contacts") != 0).then(pl.col("total_cost") / pl.col("contacts")).alias("cost_per_contact")


def metric() -> pl.Expr:
    return cm.cost_per_contact(pl.col("total_cost"), pl.col("contacts"))


@pytest.mark.parametrize("lazy", [False, True], ids=["eager", "lazy"])
@pytest.mark.parametrize(("other", "limit"), [(by_hand, 1.3), (without_nan, 1.6)])
def test_an_expression_of_a_million_rows(
    table: pl.DataFrame, other: Callable[[], pl.Expr], limit: float, lazy: bool
) -> None:
    def run(expression: Callable[[], pl.Expr]) -> Callable[[], Any]:
        if lazy:
            return lambda: table.lazy().select(expression()).collect()
        return lambda: table.select(expression())

    assert run(metric)().equals(run(by_hand)())
    found = ratio(run(metric), run(other))
    report(f"Polars, {'lazy' if lazy else 'eager'}, beside {other.__name__.replace('_', ' ')}", found, limit)


def test_an_expression_of_a_few_rows(table: pl.DataFrame) -> None:
    few = table.head(464)
    found = ratio(lambda: few.select(metric()), lambda: few.select(by_hand()), times=50)
    report("Polars, 464 rows, written and run", found, 1.3)


def test_two_quantities() -> None:
    cost, caseload = cm.units.Quantity(17.7, "MGBP"), cm.units.Quantity(5_291, "patient")
    assert cm.year_of_care_cost(cost, caseload) == (cost / caseload).to("GBP / patient")
    found = ratio(
        lambda: cm.year_of_care_cost(cost, caseload), lambda: (cost / caseload).to("GBP / patient"), times=200
    )
    report("two quantities, beside pint's division and conversion", found, 2)
