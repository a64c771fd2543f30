"""Funnels: limits, z-scores, over-dispersion, outliers."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import pdtr, pdtrc

import cmhs_metrics as cm
from cmhs_metrics import variation as v
from tests.support.refusals import problem, raised, refused

kinds = st.sampled_from(["rate", "proportion", "ratio"])
TARGETS = {"rate": 250.0, "proportion": 0.12, "ratio": 1.0}
SIZES = {"rate": 1e4, "proportion": 1.0, "ratio": 1.0}


def falling_outside(expected: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    """The probability that a Poisson count of that mean lies below and above the limits."""
    limits = v.funnel_limits("ratio", expected, levels=level).at(level)
    last_below = np.ceil(limits.lower * expected - 1e-9) - 1
    below = np.where(last_below >= 0, pdtr(np.maximum(last_below, 0), expected), 0.0)
    return below, pdtrc(np.floor(limits.upper * expected + 1e-9), expected)


class TestSeatonAndManktelow:
    """Seaton and Manktelow, BMC Medical Research Methodology 2012; 12: 98: the table of the probabilities with which an
    SMR in control falls outside 95% limits. Probability-based limits: median, least and greatest, below the lower limit,
    for expected events over each range; and above the upper limit for 1 to 50 expected events."""

    @pytest.mark.parametrize(
        ("least", "most", "below"),
        [
            (1, 50, [0.0186, 0, 0.0250]),
            (50, 100, [0.0215, 0.0172, 0.0250]),
            (100, 500, [0.0233, 0.0194, 0.0250]),
        ],
    )
    def test_below_the_lower_limit(self, least: int, most: int, below: list[float]) -> None:
        found, _ = falling_outside(np.linspace(least, most, 100 * (most - least) + 1)[least > 1 :], 0.95)
        assert [round(each, 4) for each in (np.median(found), found.min(), found.max())] == below

    def test_above_the_upper_limit(self) -> None:
        _, found = falling_outside(np.linspace(1, 50, 4901), 0.95)
        assert [round(each, 4) for each in (np.median(found), found.min(), found.max())] == [0.0201, 0.0052, 0.0250]


class TestExactLimits:
    def test_poisson_by_hand(self) -> None:
        # One event expected: P(R ≤ 0) = e⁻¹ = 0.368 is above 2.5%, so nothing is too low. P(R ≥ 3) = 0.0803 is above
        # 2.5% and P(R ≥ 4) = 0.0190 is not: the limit lies (0.0803 − 0.025) / (0.0803 − 0.0190) of the way from 3 to 4.
        at_least_3 = 1 - math.exp(-1) * (1 + 1 + 1 / 2)
        at_least_4 = at_least_3 - math.exp(-1) / 6
        limits = v.funnel_limits("ratio", 1.0).at(0.95)
        assert limits.lower == 0
        assert limits.upper == pytest.approx(3 + (at_least_3 - 0.025) / (at_least_3 - at_least_4), rel=1e-12)

    def test_binomial_by_hand(self) -> None:
        # Ten tosses of a coin: P(R ≤ 1) = 11/1024 and P(R ≤ 2) = 56/1024, on either side of 2.5%.
        share = (Fraction(56, 1024) - Fraction(25, 1000)) / (Fraction(56, 1024) - Fraction(11, 1024))
        limits = v.funnel_limits("proportion", 10, 0.5).at(0.95)
        assert limits.lower == pytest.approx(float(2 - share) / 10, rel=1e-12)
        assert limits.upper == pytest.approx(1 - float(2 - share) / 10, rel=1e-12)

    def test_where_one_count_alone_is_common(self) -> None:
        # One case, and 1% of such fail: P(R ≤ 0) = 0.01 is within 2.5%, and the limit lies 0.975 / 0.99 of the way back
        # from 1 to 0. The other end is all of it, and the other way round the same.
        often, seldom = (v.funnel_limits("proportion", 1, target).at(0.95) for target in (0.99, 0.01))
        assert often == pytest.approx((1 - 0.975 / 0.99, 1))
        assert seldom == pytest.approx((0, 0.975 / 0.99))
        # Of a hundredth of an event none is seen in e⁻⁰·⁰¹; of a gamma distribution of shape 1 in 1 / 1.01.
        assert v.funnel_limits("ratio", 1, 0.01).at(0.95) == pytest.approx((0, 0.975 * math.exp(0.01)))
        mixed = v.funnel_limits("ratio", 1, 0.01, tau=0.05, mixture=True).at(0.95)
        assert mixed == pytest.approx((0, 0.975 * 1.01))

    @pytest.mark.parametrize("size", [1, 2, 20, 200])
    @pytest.mark.parametrize("target", [0.02, 0.1, 0.5, 0.93])
    @pytest.mark.parametrize("level", [0.5, 0.95, 0.998])
    def test_a_place_at_the_target_is_outside_as_seldom_as_said(self, size: int, target: float, level: float) -> None:
        limits = v.funnel_limits("proportion", size, target, levels=level).at(level)
        chance = [math.comb(size, k) * target**k * (1 - target) ** (size - k) for k in range(size + 1)]
        tail = (1 - level) / 2 + 1e-12
        below = [k for k in range(size + 1) if k / size < limits.lower - 1e-12]
        above = [k for k in range(size + 1) if k / size > limits.upper + 1e-12]
        assert sum(chance[k] for k in below) <= tail
        assert sum(chance[k] for k in above) <= tail
        # And one count more would be one too many.
        assert sum(chance[: len(below) + 1]) >= tail - 2e-12
        assert sum(chance[size - len(above) :]) >= tail - 2e-12

    @pytest.mark.parametrize("expected", [0.01, 0.5, 3.0, 47.3, 1e4, 1e8])
    def test_the_same_of_poisson_counts_of_any_size(self, expected: float) -> None:
        for level in (0.8, 0.95, 0.998, 0.999999):
            below, above = falling_outside(np.array([expected]), level)
            assert below[0] <= (1 - level) / 2 * (1 + 1e-6)
            assert above[0] <= (1 - level) / 2 * (1 + 1e-6)

    def test_many_rare_cases_are_as_events(self) -> None:
        rare = v.funnel_limits("proportion", 10_000_000, 2e-6).at(0.95)
        events = v.funnel_limits("ratio", 20.0).at(0.95)
        assert rare.upper / 2e-6 == pytest.approx(events.upper, rel=1e-4)
        assert rare.lower / 2e-6 == pytest.approx(events.lower, rel=1e-4)

    def test_large_places_are_as_normal_theory_has_them(self) -> None:
        limits = v.funnel_limits("proportion", 1_000_000, 0.2).at(0.998)
        assert limits.upper - 0.2 == pytest.approx(3.0902 * math.sqrt(0.16 / 1e6), rel=0.01)

    @given(kinds, st.integers(1, 10_000))
    def test_hold_the_target_and_nest(self, kind: str, size: int) -> None:
        limits = v.funnel_limits(kind, size * SIZES[kind], TARGETS[kind])
        inner, outer = limits.limits
        assert 0 <= outer.lower <= inner.lower <= TARGETS[kind] <= inner.upper <= outer.upper
        assert kind != "proportion" or outer.upper <= 1

    @pytest.mark.parametrize("widened", [{}, {"phi": 3.0}, {"tau": 0.02}])
    @pytest.mark.parametrize("kind", TARGETS)
    def test_tighten_as_denominators_grow(self, kind: str, widened: dict[str, float]) -> None:
        # Fourfold each time: from one count to the next, exact limits step back a little.
        sizes = 4.0 ** np.arange(10) * SIZES[kind]
        for lower, upper in v.funnel_limits(kind, sizes, TARGETS[kind], **widened).limits:
            assert (np.diff(lower) >= -1e-12).all()
            assert (np.diff(upper) <= 1e-12).all()

    @given(st.floats(1.0, 1e5), st.floats(1.0, 1e6))
    def test_rates_do_not_depend_on_what_they_are_per(self, rate: float, per: float) -> None:
        people = np.array([2_000.0, 30_000, 900_000])
        there = v.funnel_limits("rate", people, rate)
        here = v.funnel_limits("rate", people, rate / 1e5 * per, per=per)
        np.testing.assert_allclose(here.at(0.95).upper, there.at(0.95).upper / 1e5 * per, rtol=1e-6)
        ratio = v.funnel_limits("ratio", people * rate / 1e5)
        np.testing.assert_allclose(ratio.at(0.998).lower * rate, there.at(0.998).lower, rtol=1e-6, atol=1e-9)


class TestWidenedLimits:
    def test_by_hand(self) -> None:
        # Ratio, 25 expected: standard error ½ / 5 = 0.1 about √1. Phi 4 doubles it; tau 0.24 makes it 0.26.
        z = 1.959963984540054
        multiplied = v.funnel_limits("ratio", 25.0, phi=4.0).at(0.95)
        assert multiplied == pytest.approx(((1 - 0.2 * z) ** 2, (1 + 0.2 * z) ** 2))
        added = v.funnel_limits("ratio", 25.0, tau=0.24).at(0.95)
        assert added == pytest.approx(((1 - 0.26 * z) ** 2, (1 + 0.26 * z) ** 2))

    def test_proportion_by_hand(self) -> None:
        # arcsine √0.5 = π / 4; 100 cases: standard error 0.05; phi 4 doubles it.
        limits = v.funnel_limits("proportion", 100, 0.5, levels=0.95, phi=4.0).at(0.95)
        assert limits.upper == pytest.approx(math.sin(math.pi / 4 + 0.1 * 1.959963984540054) ** 2)
        assert limits.lower + limits.upper == pytest.approx(1)

    def test_stop_at_the_end_of_the_scale(self) -> None:
        limits = v.funnel_limits("proportion", 4, 0.9, phi=10.0).at(0.998)
        assert limits == (pytest.approx(0, abs=0.05), 1)
        assert v.funnel_limits("rate", 1_000.0, 10.0, phi=10.0).at(0.95).lower == 0

    @given(kinds, st.integers(20, 10_000), st.floats(1.0001, 50))
    def test_hold_the_target_and_widen(self, kind: str, size: int, phi: float) -> None:
        narrow = v.funnel_limits(kind, size * SIZES[kind], TARGETS[kind], phi=phi).at(0.95)
        wide = v.funnel_limits(kind, size * SIZES[kind], TARGETS[kind], phi=phi * 1.5).at(0.95)
        assert wide.lower <= narrow.lower <= TARGETS[kind] <= narrow.upper <= wide.upper

    def test_additive_limits_never_close(self) -> None:
        # What places have beyond chance does not shrink as they grow; what phi multiplies does.
        large = 1e12
        assert v.funnel_limits("ratio", large, tau=0.1).at(0.95).upper == pytest.approx((1 + 0.196) ** 2, rel=1e-3)
        assert v.funnel_limits("ratio", large, phi=9.0).at(0.95).upper == pytest.approx(1, abs=1e-4)


class TestZScores:
    @pytest.mark.parametrize("kind", ["rate", "proportion", "ratio"])
    def test_z_scores_refuse_what_is_no_count(self, kind: str) -> None:
        with pytest.raises(cm.BadInput) as caught:
            v.funnel_z_scores(kind, np.array([5, 1.5, -2]), np.array([10, 10, 10]), 0.5)
        assert [(each.column, each.row) for each in caught.value.problems] == [
            ("counts", "2nd row"),
            ("counts", "3rd row"),
        ]

    def test_z_scores_refuse_a_part_above_its_whole(self) -> None:
        with pytest.raises(cm.BadInput) as caught:
            v.funnel_z_scores("proportion", np.array([5, 11]), np.array([10, 10]), 0.5)
        assert [(each.column, each.row, each.value) for each in caught.value.problems] == [("counts", "2nd row", 11)]

    def test_by_hand(self) -> None:
        assert v.funnel_z_scores("ratio", 16, 9) == pytest.approx(2 * (4 - 3))
        assert v.funnel_z_scores("rate", 16, 900_000, 1.0) == pytest.approx(2)
        # 2 √25 (arcsine √1 − arcsine √½) = 10 × π / 4.
        assert v.funnel_z_scores("proportion", 25, 25, 0.5) == pytest.approx(10 * math.pi / 4)

    @given(kinds, st.integers(1, 10_000))
    def test_at_the_target_are_nothing(self, kind: str, size: int) -> None:
        target = {"rate": 50.0, "proportion": 0.5, "ratio": 1.0}[kind]
        denominators = size * 2.0 * (1000 if kind == "rate" else 1)
        count = size * {"rate": 1.0, "proportion": 1.0, "ratio": 2.0}[kind]
        assert v.funnel_z_scores(kind, count, denominators, target) == pytest.approx(0, abs=1e-9)

    def test_scatter_by_one_under_chance_alone(self) -> None:
        random = np.random.default_rng(2005)
        size = random.integers(100, 2000, 20_000)
        z = v.funnel_z_scores("proportion", random.binomial(size, 0.2), size, 0.2)
        assert z.std() == pytest.approx(1, abs=0.02)
        expected = random.uniform(30, 300, 20_000)
        assert v.funnel_z_scores("ratio", random.poisson(expected), expected).std() == pytest.approx(1, abs=0.02)


class TestOverdispersion:
    def test_by_hand(self) -> None:
        scores = np.array([3.0, -1, 1, -3])
        found = v.overdispersion(scores, winsorise=0)
        assert found.phi == 5
        # Four squares sum to 20: chi-squared with 4 degrees of freedom is above x with e^(−x/2) (1 + x/2).
        assert found.p_value == pytest.approx(math.exp(-10) * 11)
        assert v.overdispersion(scores, winsorise=0.25).phi == 1
        # Equal weights 1 / 0.5² = 4: (4 × 5 − 3) / (16 − 64 / 16) = 17 / 12.
        with_errors = v.overdispersion(scores, winsorise=0, standard_errors=np.full(4, 0.5))
        assert with_errors.tau == pytest.approx(math.sqrt(17 / 12))

    def test_unequal_weights_by_hand(self) -> None:
        # Weights 1, 4, 4: Σw = 9, Σw² = 33; squares 4 + 1 + 9 = 14: (14 − 2) / (9 − 33 / 9) = 2.25.
        found = v.overdispersion(np.array([2.0, 1, -3]), winsorise=0, standard_errors=np.array([1, 0.5, 0.5]))
        assert found.tau == pytest.approx(1.5)

    def test_winsorised_normal_scores(self) -> None:
        # ∫ z² over the middle 80% of the normal distribution, and 20% at ±1.2816: 0.3502 + 0.2 × 1.2816² = 0.6787.
        scores = np.random.default_rng(14).standard_normal(400_000)
        assert v.overdispersion(scores, winsorise=0).phi == pytest.approx(1, abs=0.01)
        assert v.overdispersion(scores).phi == pytest.approx(0.6787, abs=0.005)

    def test_finds_the_spread_that_was_put_in(self) -> None:
        random = np.random.default_rng(347)
        errors = random.uniform(0.05, 0.2, 20_000)
        values = random.normal(0, np.sqrt(errors**2 + 0.15**2))
        assert v.overdispersion(values / errors, winsorise=0, standard_errors=errors).tau == pytest.approx(
            0.15, abs=0.005
        )

    def test_less_than_chance_leaves_nothing(self) -> None:
        assert v.overdispersion(np.full(9, 0.1), standard_errors=np.ones(9)).tau == 0

    @given(st.lists(st.floats(-20, 20), min_size=2, max_size=40).map(np.array), st.floats(0, 0.49))
    def test_winsorising_never_widens(self, scores: np.ndarray, share: float) -> None:
        plain, drawn_in = v.overdispersion(scores, winsorise=0), v.overdispersion(scores, winsorise=share)
        assert drawn_in.p_value == plain.p_value
        assert v.overdispersion(-scores[::-1], winsorise=share).phi == pytest.approx(drawn_in.phi)
        # Scores all on one side can be drawn away from nothing, towards their middle.
        if (scores < 0).sum() > len(scores) / 2 - 1 and (scores > 0).sum() > len(scores) / 2 - 1:
            assert drawn_in.phi <= plain.phi + 1e-9

    def test_leaves_missing_scores_out_and_says_how_many_remain(self) -> None:
        found = v.overdispersion(pl.Series([1.0, None, -2.0]), winsorise=0, standard_errors=pl.Series([1.0, 1.0, 1.0]))
        assert (found.phi, found.places) == (2.5, 2)

    def test_refuses_bad_input(self) -> None:
        with pytest.raises(cm.BadInput) as caught:
            v.overdispersion(np.array([1.0, math.inf, math.nan]), winsorise=0.5, standard_errors=np.array([1, 0, 1]))
        assert [problem.column for problem in caught.value.problems] == ["z", "standard_errors", "winsorise"]
        with refused("z", 1, expected="two or more"):
            v.overdispersion(np.array([1.0, math.nan]))


class TestFunnel:
    def test_pools_the_target(self) -> None:
        found = v.funnel("rate", np.array([30, 10, 20]), np.array([10_000.0, 10_000, 30_000]))
        assert found.target == pytest.approx(60 / 50_000 * 1e5)
        np.testing.assert_allclose(found.values, [300, 100, 20 / 3e4 * 1e5])
        assert v.funnel("ratio", np.array([30, 10]), np.array([20.0, 18.0])).target == 1

    def test_every_step_by_hand(self) -> None:
        counts, expected = np.array([49, 16, 25, 25, 25]), np.full(5, 25.0)
        found = v.funnel("ratio", counts, expected, winsorise=0, adjustment="multiplicative")
        np.testing.assert_allclose(found.z_scores, [4, -2, 0, 0, 0])
        assert found.dispersion.phi == pytest.approx(20 / 5)
        assert found.limits.at(0.95).upper[0] == pytest.approx((1 + 0.2 * 1.959963984540054) ** 2)
        assert list(found.outlier) == ["above 95%", "within", "within", "within", "within"]
        # Weights 1 / 0.1² = 100: tau² = (20 − 4) / (500 − 100) = 0.04; √(0.01 + 0.04) = 0.2236.
        added = v.funnel("ratio", counts, expected, winsorise=0, adjustment="additive")
        assert added.dispersion.tau == pytest.approx(0.2)
        assert added.limits.at(0.998).upper[0] == pytest.approx((1 + math.sqrt(0.05) * 3.090232306167813) ** 2)

    def test_is_never_narrowed(self) -> None:
        counts, expected = np.array([24, 25, 26, 25]), np.full(4, 25.0)
        plain = v.funnel("ratio", counts, expected)
        assert plain.dispersion.phi < 1
        for adjustment in ("multiplicative", "additive"):
            adjusted = v.funnel("ratio", counts, expected, adjustment=adjustment)
            np.testing.assert_array_equal(adjusted.limits.at(0.95).upper, plain.limits.at(0.95).upper)

    def test_keeps_the_kind_and_the_index(self) -> None:
        counts = pd.Series([4, 32, 120, None], index=pd.Index(["a", "b", "c", "d"], name="icb"), dtype="Float64")
        people = pd.Series([20, 200, 2000, 50], index=counts.index)
        found = v.funnel("proportion", counts, people, 0.1)
        assert found.outlier.index.equals(counts.index)
        assert found.outlier.tolist()[:3] == ["within", "above 95%", "below 99.8%"]
        assert found.outlier.isna().tolist() == [False, False, False, True]
        assert found.missing == 1
        frame = found.to_frame()
        assert frame.index.name == "icb"
        assert list(frame) == [
            "denominator", "value", "z_score", "outlier", "target", "lower_95", "upper_95", "lower_99_8", "upper_99_8",
            "adjustment",
        ]  # fmt: skip
        polars = v.funnel("proportion", pl.Series([4, 32, 120, None]), pl.Series([20, 200, 2000, 50]), 0.1)
        assert isinstance(polars.outlier, pl.Series)
        assert polars.outlier.to_list() == ["within", "above 95%", "below 99.8%", None]
        assert polars.limits.at(0.95).upper.dtype == pl.Float64
        np.testing.assert_allclose(polars.to_frame()["upper_95"], frame["upper_95"])
        assert repr(found).startswith(
            "<Funnel of a proportion about 0.1: 3 places, 1 missing, 1 above 95%, 1 below 99.8%"
        )

    def test_arrow_columns(self) -> None:
        arrow = pytest.importorskip("pyarrow")
        found = v.funnel("ratio", arrow.chunked_array([[50, 25, None]]), arrow.chunked_array([[25, 25, 25]]))
        assert found.outlier.to_pylist() == ["above 99.8%", "within", None]
        assert repr(found).startswith("<Funnel of a ratio about 1: 2 places, 1 missing, 1 above 99.8% (more than")

    def test_no_cases_are_undefined_and_nobody_is_refused(self) -> None:
        found = v.funnel("proportion", np.array([4, 0, 6]), np.array([20, 0, 30]), 0.2)
        assert found.outlier.tolist() == ["within", None, "within"]
        assert np.isnan(found.limits.at(0.95).lower[1])
        with refused("denominators", 0.0, row="2nd row", expected=("a finite number", "above zero")):
            v.funnel("rate", np.array([4, 0, 6]), np.array([20, 0, 30]))
        assert math.isnan(v.funnel_limits("ratio", np.array([0.0, np.nan])).at(0.95).upper[0])

    def test_chance_alone_puts_few_outside(self) -> None:
        # 20,000 places at the target: at most 5% and 0.2% outside, and not far fewer.
        random = np.random.default_rng(1185)
        people = random.integers(100, 2_000, 20_000)
        found = v.funnel("proportion", random.binomial(people, 0.15), people, 0.15)
        outside = 1 - np.mean(found.outlier == "within")
        far = np.mean([word.endswith("99.8%") for word in found.outlier])
        assert 0.040 <= outside <= 0.051
        assert 0.0008 <= far <= 0.0025

    def test_refuses_bad_input_with_all_its_problems(self) -> None:
        with pytest.raises(cm.BadInput) as caught:
            v.funnel("proportion", np.array([5, 2.5, 1]), np.array([4, 9, -3]), 1.5, adjustment="some", winsorise=1)
        assert [(problem.column, problem.row) for problem in caught.value.problems] == [
            ("target", None),
            ("counts", "2nd row"),
            ("denominators", "3rd row"),
            ("counts", "1st row"),
            ("counts", "3rd row"),
            ("adjustment", None),
            ("winsorise", None),
        ]
        with refused("kind", "rates", suggests="rate"):
            v.funnel("rates", np.array([5, 2]), np.array([4, 9]))
        with refused("target", 0.0):
            v.funnel("proportion", np.array([0, 0]), np.array([4, 9]))
        with refused("counts", 1, expected="two or more"):
            v.funnel("rate", np.array([5, np.nan]), np.array([4, 9]))
        with raised(ValueError, "counts", "denominators", "indexes"):
            v.funnel("rate", pd.Series([1, 2]), pd.Series([5, 6], index=[1, 2]))
        with raised(ValueError, "counts has 2", "denominators has 3"):
            v.funnel("rate", np.array([1, 2]), np.array([5, 6, 7]))
        with raised(TypeError, "counts", "unit"):
            v.funnel("rate", cm.units.Quantity(np.array([1, 2]), "contact"), np.array([5, 6]))

    def test_limits_refuse_bad_input_with_all_its_problems(self) -> None:
        with pytest.raises(cm.BadInput) as caught:
            v.funnel_limits("rate", np.array([1.0, -1]), None, levels=(95, 0.9, 0.9), phi=0.5, tau=-1)
        assert [problem.column for problem in caught.value.problems] == [
            "levels", "levels", "target", "denominators", "phi", "tau"
        ]  # fmt: skip
        with refused("tau", 0.1, names=("phi", "tau")):
            v.funnel_limits("ratio", 5.0, phi=2.0, tau=0.1)
        for kind in ("rate", "proportion", "ratio"):
            target = 0.5 if kind == "proportion" else None if kind == "ratio" else 5.0
            assert np.isfinite(v.funnel_limits(kind, 5.0, target, tau=9e99).at(0.95).upper)
            assert np.isfinite(v.funnel_limits(kind, 5.0, target, phi=9e199).at(0.95).upper)
            with refused("tau", 1e100, names="1e+100"):
                v.funnel_limits(kind, 5.0, target, tau=1e100)
            with refused("phi", 1e200, names="1e+200"):
                v.funnel_limits(kind, 5.0, target, phi=1e200)
        for kind, wrong in (("proportion", (0.0, 1.0, 1.5)), ("rate", (0.0, math.inf))):
            for target in wrong:
                with refused("target", target):
                    v.funnel_limits(kind, 5.0, target)
        with refused("per", 0):
            v.funnel_limits("rate", 5.0, 1.5, per=0)
        with refused("denominators", 2.5, expected="a whole number", names="fractional"):
            v.funnel_limits("proportion", 2.5, 0.5)
        with raised(KeyError, 0.9, 0.95, 0.998):
            v.funnel_limits("ratio", 5.0).at(0.9)

    @pytest.mark.parametrize("level", [0, 1, 1.5, 2, -0.5, math.nan])
    def test_a_level_lies_between_nothing_and_all(self, level: float) -> None:
        for levels in (level, (0.95, level)):
            with pytest.raises(cm.BadInput) as caught:
                v.funnel_limits("ratio", 5.0, levels=levels)
            assert [problem.column for problem in caught.value.problems] == ["levels"]

    @pytest.mark.parametrize(
        "asked", [{"levels": 1e-3}, {"levels": 1 - 1e-9}, {"phi": 1.0}, {"tau": 0.0}, {"target": 1e-9}]
    )
    def test_the_last_values_that_are_accepted(self, asked: dict[str, float]) -> None:
        found = v.funnel_limits("ratio", 5.0, **asked).limits[0]
        assert 0 <= found.lower <= found.upper

    @pytest.mark.parametrize(("kind", "target"), [("rate", 2.0), ("ratio", 1.1), ("proportion", 0.3)])
    @pytest.mark.parametrize("asked", [{}, {"tau": 0.1}, {"tau": 0.1, "mixture": True}])
    def test_a_place_among_others_has_the_limits_that_it_has_alone(
        self, kind: str, target: float, asked: dict[str, Any]
    ) -> None:
        # Whole and apportioned denominators, of which one beside the other changes nothing.
        given: dict[str, Any] = {"per": 1.0, "fractional": True} | asked
        sizes = np.array([2.5, 3.0, 20.0, 40.25, 400.0])
        together = v.funnel_limits(kind, sizes, target, **given).at(0.95)
        for at, size in enumerate(sizes):
            alone = v.funnel_limits(kind, float(size), target, **given).at(0.95)
            assert (together.lower[at], together.upper[at]) == pytest.approx((alone.lower, alone.upper), rel=1e-9)

    def test_one_place(self) -> None:
        limits = v.funnel_limits("rate", 50_000, 200.0)
        assert isinstance(limits.at(0.95).upper, float)
        assert v.outliers(400.0, limits) == "above 99.8%"
        assert limits.to_frame().index.tolist() == [0]
        assert repr(limits) == "<FunnelLimits of a rate about 200 at 95% and 99.8%, 1 places>"
        with refused("values", -1.0, expected="zero or more"):
            v.outliers(-1.0, limits)


class TestApportionedCounts:
    """Counts that were shared out: whole but for noise in the last digits, or fractions in earnest."""

    NOISY = pd.Series([775.9999999999999, 727.0000000000001])
    PEOPLE = pd.Series([250_000, 1_000_000])

    def test_noise_is_no_fraction(self) -> None:
        found, exact = v.funnel("rate", self.NOISY, self.PEOPLE), v.funnel("rate", pd.Series([776, 727]), self.PEOPLE)
        assert found.outlier.tolist() == exact.outlier.tolist()
        assert found.values.tolist() == exact.values.tolist()
        shares = [v.funnel("proportion", held, held * 2) for held in (self.NOISY, pd.Series([776.0, 727.0]))]
        assert shares[0].limits.at(0.95).upper.tolist() == shares[1].limits.at(0.95).upper.tolist()
        assert v.systematic_component_of_variation(self.NOISY, self.PEOPLE) == pytest.approx(
            v.systematic_component_of_variation(np.array([776, 727]), self.PEOPLE.to_numpy())
        )

    def test_fractions_are_asked_for(self) -> None:
        counts, people = np.array([35078.488, 40.5]), np.array([4e6, 6e3])
        with refused(
            problem("counts", 35078.488, row="1st row", names="fractional"),
            problem("counts", 40.5, row="2nd row", names="fractional"),
        ):
            v.funnel("rate", counts, people)
        found = v.funnel("rate", counts, people, fractional=True)
        assert found.values.tolist() == pytest.approx([876.9622, 675.0])
        # The limits rest on the people and the target alone.
        limits = v.funnel_limits("rate", people, found.target)
        assert found.limits.to_frame().equals(limits.to_frame())

    def test_a_proportion_has_the_limits_of_the_nearest_whole_number(self) -> None:
        found = v.funnel("proportion", np.array([4.2, 30.0]), np.array([20.4, 200.0]), 0.1, fractional=True)
        whole = v.funnel_limits("proportion", np.array([20.0, 200.0]), 0.1)
        np.testing.assert_array_equal(found.limits.at(0.95).upper, whole.at(0.95).upper)
        assert found.values[0] == pytest.approx(4.2 / 20.4)

    def test_positions_and_ranks_too(self) -> None:
        arguments = {
            "counts": pd.Series({"A": 5.5, "B": 900.25, "C": 7.0}),
            "denominators": pd.Series({"A": 1e4, "B": 1e4, "C": 1e4}),
        }
        assert v.position("B", **arguments, fractional=True).rank == 1
        assert v.rank_intervals(**arguments, fractional=True, draws=100).rank.tolist() == [3, 1, 2]


class TestOnePlace:
    @pytest.mark.parametrize(("count", "word"), [(20, "within"), (60, "above 99.8%"), (0, "below 99.8%")])
    def test_is_judged_against_a_target(self, count: int, word: str) -> None:
        found = v.funnel("rate", np.array([count]), np.array([100_000]), target=20)
        assert found.outlier.tolist() == [word]
        assert found.limits.to_frame().shape == (1, 6)

    def test_of_a_ratio_is_judged_against_one(self) -> None:
        # P(R ≥ 5) of one expected is 0.0037, and P(R ≥ 12) less than one in a thousand.
        assert v.funnel("ratio", np.array([4]), np.array([1.0])).outlier.tolist() == ["above 95%"]
        assert v.funnel("ratio", np.array([12]), np.array([1.0])).outlier.tolist() == ["above 99.8%"]

    def test_beside_one_that_is_missing(self) -> None:
        found = v.funnel("rate", np.array([60.0, math.nan]), np.full(2, 100_000.0), target=20)
        assert found.outlier.tolist() == ["above 99.8%", None]
        assert (found.missing, found.dispersion.places, found.dispersion.winsorised) == (1, 1, 0)
        two = v.funnel("rate", np.array([60.0, 10]), np.full(2, 100_000.0), target=20)
        assert (two.missing, two.dispersion.places, math.isnan(two.dispersion.phi)) == (0, 2, False)

    def test_all_or_nothing_of_proportions_and_nothing_of_rates_is_no_target(self) -> None:
        for kind, counts in (("proportion", [5, 8]), ("proportion", [0, 0]), ("rate", [0, 0]), ("rate", [5, 8])):
            given = (kind, np.array(counts), np.array([5, 8]))
            if kind == "rate" and any(counts):
                assert v.funnel(*given, per=1).target == 1
            else:
                with refused("target", float(any(counts))):
                    v.funnel(*given)

    @pytest.mark.parametrize(("kind", "adjustment"), [("proportion", "beta-binomial"), ("ratio", "negative-binomial")])
    def test_of_a_mixture_has_its_limits(self, kind: str, adjustment: str) -> None:
        counts, base = np.array([5, 20, 12, 30, 2]), np.full(5, 40)
        found = v.funnel(kind, counts, base, 0.4, adjustment=adjustment)
        tau = found.dispersion.tau
        assert tau is not None
        same = v.funnel_limits(kind, base, 0.4, tau=tau, mixture=True)
        assert found.limits.at(0.95).upper.tolist() == same.at(0.95).upper.tolist()
        assert found.limits.at(0.95).upper[0] != v.funnel_limits(kind, base, 0.4, tau=tau).at(0.95).upper[0]

    def test_of_one_case_has_a_value(self) -> None:
        found = v.funnel("proportion", np.array([1, 3]), np.array([1, 10]))
        assert found.values.tolist() == pytest.approx([1, 0.3])
        assert found.missing == 0

    def test_without_one_is_refused_once(self) -> None:
        with refused("counts", 1, expected="two or more"):
            v.funnel("rate", np.array([5]), np.array([1000]))
        with refused("counts", 1, expected="two or more"):
            v.funnel("rate", np.array([5]), np.array([1000]), target=20, adjustment="additive")


@pytest.mark.parametrize("column", [pd.Series, lambda values: pl.Series("count", values)], ids=["pandas", "polars"])
def test_what_comes_back_has_a_name_of_its_own(column: Any) -> None:
    counts, people = column([5.0, 8, 2]), column([100.0, 90, 80])
    ranks = v.rank_intervals(counts=counts, denominators=people, draws=100)
    limits = v.funnel_limits("rate", people, 5.0)
    funnel = v.funnel("rate", counts, people, 5.0)
    named = {
        "rank": [v.ranks(counts), ranks.rank], "lower": [ranks.lower], "upper": [ranks.upper],
        "quartile": [v.quartile_groups(counts)], "quantile": [v.quantile_groups(counts, 3)],
        "z_score": [v.funnel_z_scores("rate", counts, people, 5.0), funnel.z_scores],
        "lower_95": [limits.at(0.95).lower], "upper_95": [limits.at(0.95).upper],
        "lower_99_8": [limits.at(0.998).lower], "upper_99_8": [limits.at(0.998).upper],
        "rate": [funnel.values], "outlier": [funnel.outlier],
    }  # fmt: skip
    assert {name: {each.name for each in held} for name, held in named.items()} == {name: {name} for name in named}
