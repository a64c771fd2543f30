"""Funnels widened for over-dispersion: mixed distributions, winsorising between places, and counts between bounds."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmhs_metrics import BadInput
from cmhs_metrics import variation as v
from cmhs_metrics.variation.limits import LEVELS
from cmhs_metrics.variation.widened import funnel_positions
from tests.support.budgets import examples


@pytest.mark.slow
class TestMixedLimits:
    """Against the distributions of scipy: at the limits stand the tails that are asked for, and no more."""

    SIZES = np.array([3, 10, 40, 250, 4_000])

    @pytest.mark.parametrize("tau", [0.02, 0.1, 0.3])
    @pytest.mark.parametrize("target", [0.05, 0.5, 0.9])
    def test_proportions_are_beta_binomial(self, tau: float, target: float) -> None:
        from scipy.stats import betabinom

        together = 1 / (4 * tau**2) - 1
        limits = v.funnel_limits("proportion", self.SIZES, target, tau=tau, mixture=True)
        for level, (lower, upper) in zip(limits.levels, limits.limits, strict=True):
            tail = (1 - level) / 2
            for size, low, high in zip(self.SIZES, lower * self.SIZES, upper * self.SIZES, strict=True):
                true = betabinom(size, target * together, (1 - target) * together)
                assert true.cdf(np.ceil(low - 1e-9) - 1) <= tail + 1e-9
                assert true.sf(np.floor(high + 1e-9)) <= tail + 1e-9
                # One count further in, the tail would be exceeded.
                assert low == 0 or true.cdf(np.ceil(low + 1e-9)) > tail - 1e-9
                assert high == size or true.sf(np.floor(high - 1e-9) - 1) > tail - 1e-9

    @pytest.mark.parametrize("tau", [0.05, 0.3, 1.0])
    @pytest.mark.parametrize("target", [0.5, 1.0, 3.0])
    def test_ratios_are_negative_binomial(self, tau: float, target: float) -> None:
        from scipy.stats import nbinom

        shape = target / (4 * tau**2)
        limits = v.funnel_limits("ratio", self.SIZES, target, tau=tau, mixture=True)
        for level, (lower, upper) in zip(limits.levels, limits.limits, strict=True):
            tail = (1 - level) / 2
            for size, low, high in zip(self.SIZES, lower * self.SIZES, upper * self.SIZES, strict=True):
                true = nbinom(shape, shape / (shape + size * target))
                assert true.cdf(np.ceil(low - 1e-9) - 1) <= tail + 1e-9
                assert true.sf(np.floor(high + 1e-9)) <= tail + 1e-9
                assert low == 0 or true.cdf(np.ceil(low + 1e-9)) > tail - 1e-9
                assert true.sf(np.floor(high - 1e-9) - 1) > tail - 1e-9

    def test_with_little_between_places_they_are_the_exact_ones(self) -> None:
        for kind, target, sizes in (
            ("rate", 40.0, self.SIZES * 10_000),
            ("ratio", 1.0, self.SIZES),
            ("proportion", 0.2, self.SIZES),
        ):
            exact = v.funnel_limits(kind, sizes, target)
            for tau in (1e-6, 1e-9, 1e-12):
                mixed = v.funnel_limits(kind, sizes, target, tau=tau, mixture=True)
                for one, other in zip(exact.limits, mixed.limits, strict=True):
                    assert np.allclose(one, other, rtol=1e-7)

    def test_with_very_much_between_places_almost_all_have_none(self) -> None:
        # None has a chance of nearly 1, so that the 0.975 and the 0.998 of it lie within the first count.
        for tau in (1e6, 1e9):
            limits = v.funnel_limits("ratio", self.SIZES * 25, 1.0, tau=tau, mixture=True)
            for level, share in ((0.95, 0.975), (0.998, 0.999)):
                assert limits.at(level).lower.tolist() == [0] * 5
                assert limits.at(level).upper * self.SIZES * 25 == pytest.approx(share)

    def test_missing_and_empty_places_have_none(self) -> None:
        for kind, target in (("ratio", 1.0), ("proportion", 0.2)):
            limits = v.funnel_limits(kind, np.array([0, np.nan, 20]), target, tau=0.1, mixture=True)
            assert np.isnan(limits.at(0.95).lower).tolist() == [True, True, False]

    @pytest.mark.parametrize(
        ("kind", "adjustment"),
        [("rate", "beta-binomial"), ("ratio", "beta-binomial"), ("proportion", "negative-binomial")],
    )
    def test_each_has_its_kinds(self, kind: str, adjustment: str) -> None:
        with pytest.raises(BadInput) as refused:
            v.funnel(kind, np.array([1, 2]), np.array([10, 20]), adjustment=adjustment)
        assert [problem.column for problem in refused.value.problems] == ["adjustment"]

    def test_a_share_cannot_vary_more_than_from_nothing_to_all(self) -> None:
        # A beta distribution of that spread has all its shares at nothing or all; a little less of it is one.
        for asked, told in (({"tau": 0.5, "mixture": True}, True), ({"tau": -0.1}, False), ({"tau": math.inf}, False)):
            with pytest.raises(BadInput) as refused:
                v.funnel_limits("proportion", np.array([10, 20]), 0.5, **asked)
            assert [problem.column for problem in refused.value.problems] == ["tau"]
            assert ("0.5" in refused.value.problems[0].expected) is told
        for asked in ({"tau": 0.499, "mixture": True}, {"tau": 0.5}, {"tau": 2.0}):
            limits = v.funnel_limits("proportion", np.array([10, 20]), 0.5, **asked).at(0.95)
            assert (limits.lower <= 0.5).all()
            assert (limits.upper >= 0.5).all()

    @pytest.mark.parametrize(("kind", "adjustment"), [("ratio", "negative-binomial"), ("proportion", "beta-binomial")])
    def test_few_of_places_that_differ_so_lie_outside(self, kind: str, adjustment: str) -> None:
        draw, tau = np.random.default_rng(20), 0.1
        sizes = draw.integers(20, 400, 4_000)
        if kind == "ratio":
            counts = draw.poisson(sizes * draw.gamma(1 / (4 * tau**2), 4 * tau**2, 4_000))
        else:
            together = 1 / (4 * tau**2) - 1
            counts = draw.binomial(sizes, draw.beta(0.3 * together, 0.7 * together, 4_000))
        found = v.funnel(kind, counts, sizes, None if kind == "ratio" else 0.3, adjustment=adjustment, winsorise=0)
        outside = {word: np.mean(found.outlier == word) for word in set(found.outlier)}
        assert found.dispersion.tau == pytest.approx(tau, rel=0.05)
        for side in ("below", "above"):
            beyond = outside.get(f"{side} 95%", 0) + outside.get(f"{side} 99.8%", 0)
            assert 0.012 < beyond < 0.032


class TestMeaning:
    def test_a_funnel_says_what_outside_means(self) -> None:
        counts, expected = np.array([64, 9, 49, 16, 25, 36, 20, 30, 25, 25]), np.full(10, 25.0)
        plain = v.funnel("ratio", counts, expected)
        widened = v.funnel("ratio", counts, expected, adjustment="additive")
        assert (plain.meaning, widened.meaning) == ("more than chance", "outside the widened funnel")
        assert plain.meaning in repr(plain)
        assert widened.meaning in repr(widened)
        assert set(widened.to_frame()["adjustment"]) == {"additive"}

    @pytest.mark.parametrize("kind", ["rate", "ratio", "proportion"])
    def test_a_position_says_both(self, kind: str) -> None:
        counts = np.array([1_800, 2_300] * 10 + [4_001])
        size = np.full(21, 8_000)
        found = [v.position(at, counts=counts, denominators=size, kind=kind, average="pooled") for at in (0, 20)]
        assert [each.chance for each in found] == ["below 99.8%", "above 99.8%"]
        assert [each.funnel for each in found] == ["within", "above 99.8%"]
        assert "more than chance" in repr(found[0])
        assert "within the widened funnel" in repr(found[0])
        assert "outside the widened funnel (above 99.8%)" in repr(found[1])
        expected = v.funnel(kind, counts, size, found[0].average_value, adjustment="additive")
        assert [each.funnel for each in found] == [expected.outlier[0], expected.outlier[20]]

    @pytest.mark.parametrize("kind", ["rate", "ratio", "proportion"])
    def test_ten_places_have_a_widened_funnel_and_nine_have_none(self, kind: str) -> None:
        # One without a count is no place.
        counts, size = np.array([1_800, 2_000, 2_200] * 3 + [2_000, np.nan]), np.full(11, 8_000.0)
        ten = v.position(0, counts=counts, denominators=size, kind=kind, average="pooled")
        assert (ten.places, ten.funnel) == (10, "within")
        nine = v.position(0, counts=np.delete(counts, 9), denominators=np.delete(size, 9), kind=kind, average="pooled")
        assert (nine.places, nine.funnel) == (9, None)

    def test_of_few_places_there_is_no_widened_funnel(self) -> None:
        found = v.position(0, counts=np.array([10, 20, 30]), denominators=np.full(3, 1_000))
        assert found.funnel is None
        assert "widened" not in repr(found)


class TestWinsorising:
    # Percentile 10 of six scores in order stands half way between the first and the second, by definition 7.
    SCORES = np.array([-6.0, -2.0, 0.0, 1.0, 2.0, 8.0])

    def test_of_few_places_none_is_drawn_in_whole(self) -> None:
        found = v.overdispersion(self.SCORES)
        assert (found.phi, found.winsorised) == ((36 + 4 + 0 + 1 + 4 + 64) / 6, 0)

    def test_by_interpolation_one_is(self) -> None:
        found = v.overdispersion(self.SCORES, winsorise_by="interpolation")
        assert found.phi == pytest.approx((16 + 4 + 0 + 1 + 4 + 25) / 6)
        assert found.winsorised == 1

    def test_phi_of_a_peers_six_units(self) -> None:
        # FunnelPlotR 0.6.0, tests/testthat/test-funnel_plot.R: its phi is 2.33, by quantiles of R's type 7.
        events, expected = np.array([100, 150, 180, 80, 120, 225]), np.array([108, 112, 165, 95, 100, 220])
        found = v.funnel("ratio", events, expected, winsorise_by="interpolation")
        assert round(found.dispersion.phi, 2) == 2.33

    @pytest.mark.parametrize(("number", "beyond"), [(11, 1), (12, 2), (21, 2), (22, 3)])
    def test_so_many_stand_beyond_the_tenth_percentile(self, number: int, beyond: int) -> None:
        # A tenth of the steps between them, and of part of a step the place beyond it.
        assert v.overdispersion(np.arange(float(number)), winsorise_by="interpolation").winsorised == beyond

    def test_at_ten_and_one_both_are_the_same(self) -> None:
        # The tenth percentile of eleven is the second.
        scores = np.arange(11.0) - 5
        both = [v.overdispersion(scores, winsorise_by=by) for by in ("places", "interpolation")]
        assert both[0] == both[1]
        assert both[0].phi == (2 * 16 + 2 * 16 + 2 * 9 + 2 * 4 + 2 * 1) / 11

    def test_the_funnel_passes_it_on(self) -> None:
        counts, expected = np.array([64, 9, 49, 16, 25, 36]), np.full(6, 25.0)
        found = v.funnel("ratio", counts, expected, adjustment="multiplicative", winsorise_by="interpolation")
        z = v.funnel_z_scores("ratio", counts, expected)
        assert found.dispersion.phi == v.overdispersion(z, winsorise_by="interpolation").phi

    def test_another_way_is_refused(self) -> None:
        with pytest.raises(BadInput) as refused:
            v.overdispersion(self.SCORES, winsorise_by="percentile")
        assert [problem.column for problem in refused.value.problems] == ["winsorise_by"]
        with pytest.raises(BadInput) as refused:
            v.funnel("ratio", np.array([5, 6]), np.array([5.0, 6]), winsorise_by="percentile")
        assert [problem.column for problem in refused.value.problems] == ["winsorise_by"]


class TestBetweenBounds:
    """What is said of counts between bounds is true of every count between them."""

    @examples(60)
    @given(
        least=st.lists(st.integers(0, 60), min_size=11, max_size=11),
        widths=st.lists(st.integers(0, 4), min_size=11, max_size=11),
        kind=st.sampled_from(["rate", "proportion"]),
        seed=st.integers(0, 10_000),
    )
    def test_holds_for_every_truth(self, least: list[int], widths: list[int], kind: str, seed: int) -> None:
        low, high, base = np.array(least), np.array(least) + widths, np.full(11, 80.0)
        if not low.sum():
            low, high = low + 1, high + 1
        targets = (low.sum() / base.sum(), high.sum() / base.sum())

        def chance(events: np.ndarray, target: float) -> np.ndarray:
            limits = v.funnel_limits(kind, base, target, per=1.0)
            return v.outliers(events / base, limits)

        words = [chance(events, target) for events in (low, high) for target in targets]
        certain = [here[0] if len(set(here)) == 1 else None for here in zip(*words, strict=True)]
        known, phi = funnel_positions(kind, [(low, base), (high, base)], targets, certain)
        draw = np.random.default_rng(seed)
        for truth in (low, high, *draw.integers(low, high + 1, (4, 11))):
            target = truth.sum() / base.sum()
            found = v.funnel(kind, truth, base, target, per=1.0, adjustment="additive")
            told = np.array([word is not None for word in known])
            assert (np.array(known, dtype=object) == found.outlier)[told].all()
            assert np.isnan(phi) or phi == pytest.approx(found.dispersion.phi)

    @pytest.mark.parametrize(
        ("kind", "base", "last", "word"),
        # The chance of a share above 0.92 need not lie between those of the ends of its counts; that of a rate does.
        [("rate", 1.0, 400, "above 99.8%"), ("ratio", 100.0, 400, "above 99.8%"), ("proportion", 105.0, 40, None),
         ("proportion", 200.0, 190, "above 99.8%")],
    )  # fmt: skip
    def test_a_place_far_out_is_told_whatever_its_count(
        self, kind: str, base: float, last: int, word: str | None
    ) -> None:
        low = np.array([100.0] * 20 + [last])
        high, size = low + np.repeat([0, 2], [20, 1]), np.full(21, base)
        targets = (low.sum() / size.sum(), high.sum() / size.sum())
        certain = ["within"] * 20 + ["below 99.8%" if last < 100 else "above 99.8%"]
        known, _ = funnel_positions(kind, [(low, size), (high, size)], targets, certain)
        assert known == (["within"] * 20 + [word] if word else [None] * 21)

    def test_what_may_be_chance_alone_widens_nothing_for_certain(self) -> None:
        """Eleven places within 1.9 standard errors of 100, one 2.5 above it: that may be all that differs."""

        def count(errors: float) -> float:
            return (10 + errors / 2) ** 2  # on the scale of the square root the standard error is a half

        low, high = (np.array([count(end)] * 11 + [count(2.5)]) for end in (-1.9, 1.9))
        base, chance = np.ones(12), ["within"] * 11 + ["above 95%"]
        for certain, ends in ((None, [(low, base), (high, base)]), ("within", [(high, base)] * 2)):
            words, phi = funnel_positions("rate", ends, (100.0, 100.0), list(chance))
            assert words == ["within"] * 11 + [certain]
            assert math.isnan(phi) is (certain is None)
        # Where each is 1.9 above, and one is not known at one end, the others are told as without it.
        for at in (0, 1):
            ends = [(np.append(high, 1.0 if at == end else np.nan), np.ones(13)) for end in (0, 1)]
            words, phi = funnel_positions("rate", ends, (100.0, 100.0), [*chance, None])
            assert words == ["within"] * 12 + [None]
            # Twelve places of 1.9 and more, of which the outermost counts as the next one.
            assert phi == pytest.approx(1.9**2)

    def test_places_alike_have_exact_limits(self) -> None:
        # Of 3 expected, none comes once in twenty times: within the exact limits, and below those of √3 less 0.98.
        counts, base = np.array([0.0, *[3] * 9, 6]), np.full(11, 1.0)
        exact = list(v.outliers(counts, v.funnel_limits("rate", base, 3.0, per=1.0)))
        words, phi = funnel_positions("rate", [(counts, base)], (3.0, 3.0), exact)
        assert words == exact == ["within"] * 11
        assert phi < 1

    def test_known_counts_are_the_additive_funnel(self) -> None:
        draw = np.random.default_rng(3)
        counts, base = draw.integers(20, 80, 30), np.full(30, 100.0)
        target = counts.sum() / base.sum()
        exact = list(v.outliers(counts / base, v.funnel_limits("rate", base, target, per=1.0)))
        words, phi = funnel_positions("rate", [(counts, base)], (target, target), exact)
        found = v.funnel("rate", counts, base, target, per=1.0, adjustment="additive")
        assert words == list(found.outlier)
        assert phi == pytest.approx(found.dispersion.phi)
        assert found.limits.levels == LEVELS
