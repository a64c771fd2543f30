"""Coverage: of many draws from a known truth, about as many intervals hold the truth as the level says.

The tolerance is stated for each method, and is what the method's literature leads to expect: an exact method covers at
least its level, an approximate one about it. With 20,000 draws, chance moves the share by some 0.003.
"""

from __future__ import annotations

import numpy as np
import pytest

from cmhs_metrics import intervals

DRAWS = 20_000


def covered(interval, truth: float) -> float:
    return float(((interval.lower <= truth) & (truth <= interval.upper)).mean())


@pytest.mark.parametrize(("level", "least", "most"), [(0.8, 0.79, 0.9), (0.95, 0.947, 0.985), (0.998, 0.997, 1.0)])
@pytest.mark.parametrize("events", [3, 8, 12, 40, 500])
def test_rates(events: int, level: float, least: float, most: float) -> None:
    counts = np.random.default_rng(events).poisson(events, DRAWS)
    found = intervals.rate_interval(counts, 1_000.0, per=1_000, confidence=level)
    # The exact limits, and Byar's, which are within 0.2% of them, are never below their level but by chance.
    assert least <= covered(found, events) <= most + (0.06 if events < 12 else 0)


@pytest.mark.parametrize(("whole", "share"), [(20, 0.3), (50, 0.1), (200, 0.5), (1_000, 0.02)])
def test_proportions(whole: int, share: float) -> None:
    parts = np.random.default_rng(whole).binomial(whole, share, DRAWS)
    # Wilson's method covers 0.95 on average, and oscillates with the share by a few per cent in small samples.
    assert 0.93 <= covered(intervals.proportion_interval(parts, whole), share) <= 0.98


@pytest.mark.parametrize("n", [2, 5, 30])
def test_means(n: int) -> None:
    values = np.random.default_rng(n).normal(50, 12, (DRAWS, n))
    assert covered(intervals.mean_interval(values), 50) == pytest.approx(0.95, abs=0.006)


@pytest.mark.parametrize("size", [20, 200, 2_000])
def test_standardised_rates(size: int) -> None:
    draw = np.random.default_rng(size)
    populations = draw.integers(2_000, 6_000, 19).astype(float)
    rates = np.linspace(0.5, 4, 19) * size / (populations.sum() * 2)
    weights = np.array(intervals.ESP2013.weights)
    events = draw.poisson(populations * rates, (DRAWS, 19))
    found = intervals.standardised_rate(events, np.broadcast_to(populations, events.shape))
    held = ~np.isnan(found.estimate)
    truth = (weights * rates).sum()
    share = ((found.lower <= truth) & (truth <= found.upper))[held].mean()
    assert 0.945 <= share <= 0.975


@pytest.mark.parametrize(("one", "other"), [(4, 6), (15, 30), (200, 100)])
def test_comparisons_of_rates(one: int, other: int) -> None:
    draw = np.random.default_rng(one)
    first, second = draw.poisson(one, DRAWS), np.maximum(draw.poisson(other, DRAWS), 1)
    # Given the sum, the ratio's bounds are exact; those of the difference are made of conservative ones.
    assert covered(intervals.rate_ratio_interval(first, 1.0, second, 2.0), 2 * one / other) >= 0.947
    assert (
        0.945 <= covered(intervals.rate_difference_interval(first, 1.0, second, 2.0, per=1), one - other / 2) <= 0.985
    )


@pytest.mark.parametrize(("one", "other"), [((40, 0.3), (60, 0.2)), ((200, 0.5), (150, 0.4))])
def test_comparisons_of_proportions(one, other) -> None:
    draw = np.random.default_rng(one[0])
    first, second = draw.binomial(*one, DRAWS), np.maximum(draw.binomial(*other, DRAWS), 1)
    difference = intervals.proportion_difference_interval(first, one[0], second, other[0])
    ratio = intervals.proportion_ratio_interval(first, one[0], second, other[0])
    assert covered(difference, one[1] - other[1]) == pytest.approx(0.95, abs=0.012)
    assert covered(ratio, one[1] / other[1]) == pytest.approx(0.95, abs=0.012)


def test_costs_per_patient() -> None:
    draw = np.random.default_rng(2_017)
    held = []
    for _ in range(400):
        patients = draw.integers(500, 6_000, 50)
        cost = patients * draw.gamma(20, 3_345 / 20, 50)
        lower, upper = intervals.cost_per_patient_interval(cost, patients, draws=1_000)
        held.append(lower <= 3_345 <= upper)
    # Percentile bootstrap over 50 organisations: a little below its level; 400 trials move it by some 0.012.
    assert 0.90 <= np.mean(held) <= 0.975
