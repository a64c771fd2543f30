"""Spread, ranks and funnels at their edges: the least that is accepted, what is refused by name, and what is left out."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pint
import pytest

from cmhs_metrics import variation as v
from cmhs_metrics.variation.limits import LEVELS
from cmhs_metrics.variation.widened import funnel_positions
from tests.support.refusals import refused

NAN = math.nan


class TestSpread:
    def test_as_many_are_left_out_as_leave_two(self) -> None:
        for nothing in (0, 0.0, np.int64(0)):
            assert v.fold_variation(np.array([2.0, 6]), leave_out=nothing) == 3
        assert v.fold_variation(np.array([1.0, 2, 6, 100]), leave_out=1) == 3
        for places in (np.array([1.0, 2]), np.array([1.0, 2, 3])):
            with refused("leave_out", 1, expected="two or more"):
                v.fold_variation(places, leave_out=1)
        with refused("leave_out", 0.5, expected="a proportion"):
            v.fold_variation(np.arange(1.0, 11), leave_out=0.5)
        # 0.49 of ten is four at each end.
        assert v.fold_variation(np.arange(1.0, 11), leave_out=0.49) == 6 / 5

    def test_one_that_is_missing_makes_all_missing(self) -> None:
        values = np.array([1.0, 2, 3, 4, NAN])
        assert math.isnan(v.fold_variation(values, leave_out=1))
        assert np.isnan(v.percentiles(values, [0, 50])).all()

    def test_of_nothing_and_of_all_alike(self) -> None:
        for measure in (v.gini, v.theil, v.atkinson):
            assert math.isnan(measure(np.zeros(3)))
            for places in range(2, 60):
                alike = measure(np.full(places, 0.1))
                assert 0 <= alike < 1e-12
            with refused("weights", 0, expected="at least one"):
                measure(np.array([1.0, 2]), weights=np.zeros(2))
            assert measure(np.array([1.0, 2]), weights=np.array([0.25, 0.5])) == pytest.approx(
                measure(np.array([1.0, 2, 2]))
            )
        # ln 2 where half have all, and nothing of those that have nothing.
        assert v.theil(np.array([0.0, 8, 0, 8])) == pytest.approx(math.log(2))


class TestGroups:
    def test_of_quantities(self) -> None:
        days = pint.UnitRegistry().Quantity(np.array([3.0, 5, 8, 12, 20]), "day")
        for groups in (v.quartile_groups(days), v.quantile_groups(days, 4)):
            assert np.asarray(getattr(groups, "magnitude", groups)).shape == (5,)

    def test_fewer_than_two_groups_are_refused_by_name(self) -> None:
        with refused("groups", 1, expected="two or more"):
            v.quantile_groups(np.array([1.0, 2, 3]), 1)
        assert v.quantile_groups(np.array([1.0, 2, 3]), 2).tolist() == [1, 1, 2]


class TestRankIntervals:
    def test_of_rates_over_unequal_numbers_of_people(self) -> None:
        # 100 of 1,000 are ten times the rate of 100 of 10,000, and 20 of 100 twice that.
        found = v.rank_intervals(
            counts=np.array([100, 100, 20]), denominators=np.array([10_000, 1_000, 100]), kind="rate"
        )
        assert found.to_frame().astype(int).to_numpy().tolist() == [[3, 3, 3], [2, 2, 2], [1, 1, 1]]

    def test_a_place_of_one_is_a_place(self) -> None:
        found = v.rank_intervals(counts=np.array([1, 0, 0]), denominators=np.array([1, 1, 0]), kind="proportion")
        assert (found.places, found.missing) == (2, 1)
        assert found.rank.tolist() == pytest.approx([1, 2, NAN], nan_ok=True)

    @pytest.mark.parametrize(
        ("argument", "wrong", "right"),
        [
            ("kind", "odds", "rate"), ("confidence", 1, 0.99), ("confidence", 1.5, 0.5), ("confidence", 0, 0.01),
            ("draws", 99, 100),
        ],
    )  # fmt: skip
    def test_each_argument_is_named(self, argument: str, wrong: Any, right: Any) -> None:
        given: dict[str, Any] = {"counts": np.array([5, 9]), "denominators": np.array([10, 10])}
        with refused(argument, wrong):
            v.rank_intervals(**given | {argument: wrong})
        assert v.rank_intervals(**given | {argument: right}).places == 2

    def test_any_number_of_draws_and_what_is_said_of_them(self) -> None:
        given = {"counts": np.array([5, 900]), "denominators": np.array([1_000, 1_000])}
        for draws in (250, 399, 400):
            for first, word in ((True, "highest"), (False, "lowest")):
                found = v.rank_intervals(**given, draws=draws, highest_first=first)
                assert found.lower.tolist() == found.upper.tolist() == ([2, 1] if first else [1, 2])
                assert word in repr(found)
                assert f"{draws}" in repr(found)

    def test_bounds_are_finite_and_about_the_estimate(self) -> None:
        given = {"estimates": np.array([5.0, 9]), "lower": np.array([4.0, 8]), "upper": np.array([6.0, 9])}
        assert v.rank_intervals(**given).places == 2
        for name, wrong in (
            ("upper", [math.inf, 10]),
            ("lower", [-math.inf, 8]),
            ("upper", [4.9, 9]),
            ("lower", [5.1, 8]),
        ):
            with refused(name, wrong[0], row="1st row"):
                v.rank_intervals(**given | {name: np.array(wrong)})

    @pytest.mark.parametrize(
        ("kind", "likely", "unlikely"),
        # Jeffreys' prior: of a share of which 0 of 10 were seen, Beta of 0.5 and 10.5, 14.4% lie above 0.1; of a rate,
        # Gamma of 0.5 over 10, 15.7%.
        [("proportion", 0.135, 0.155), ("rate", 0.145, 0.17)],
    )
    def test_nought_of_ten_may_be_more_than_a_tenth(self, kind: Any, likely: float, unlikely: float) -> None:
        from scipy.special import betainc, gammaincc

        above = 1 - betainc(0.5, 10.5, 0.1) if kind == "proportion" else gammaincc(0.5, 1)
        assert likely + 0.005 < above < unlikely - 0.005
        counts, size = np.array([0, 10**8]), np.array([10, 10**9])
        for tail, best in ((likely, 1), (unlikely, 2)):
            found = v.rank_intervals(counts=counts, denominators=size, kind=kind, confidence=1 - 2 * tail, draws=20_000)
            assert (found.lower[0], found.upper[0]) == (best, 2)

    @pytest.mark.parametrize(("confidence", "z"), [(0.3, 0.3853), (0.6, 0.8416)])
    def test_a_bound_is_so_many_standard_errors_away(self, confidence: float, z: float) -> None:
        # One place is 0, 4 either way at this level; the other is 1 but for a hair. The first is above it where a normal
        # draw is more than z / 4, in 46% and 42% of cases: its best rank is 1 where that is more than the tail, of 35%
        # and of 20%. Its worst is 2.
        one, hair = 4.0, 0.001
        found = v.rank_intervals(
            estimates=np.array([0.0, 1.0]), lower=np.array([-one, 1 - hair]), upper=np.array([one, 1 + hair]),
            confidence=confidence,
        )  # fmt: skip
        above = 0.5 * math.erfc(z / one / math.sqrt(2))
        assert above > (1 - confidence) / 2
        assert (found.lower.tolist(), found.upper.tolist()) == ([1, 1], [2, 2])
        # Where the upper one is 1 less 1.645 standard errors, 5% are above it: it is second.
        tight = v.rank_intervals(
            estimates=np.array([0.0, 1.0]), lower=np.array([-one, 1 - hair]), upper=np.array([z / 1.645, 1 + hair]),
            confidence=confidence,
        )  # fmt: skip
        assert (tight.lower.tolist(), tight.upper.tolist()) == ([2, 1], [2, 1])


class TestFunnels:
    def test_kinds_and_targets_are_named(self) -> None:
        with refused("kind", "odds"):
            v.funnel_limits("odds", np.array([10, 20]), 0.5)  # type: ignore[arg-type]
        with refused("target", 1.0):
            v.funnel("proportion", np.array([10, 20]), np.array([10, 20]))
        with refused("target", 0.0):
            v.funnel("rate", np.array([0, 0]), np.array([10, 20]))
        with refused("limits", 5):
            v.outliers(np.array([0.5]), 5)  # type: ignore[arg-type]
        # All of a rate is no end of it.
        assert v.funnel("rate", np.array([10, 20]), np.array([10, 20])).outlier.tolist() == ["within"] * 2

    def test_of_the_other_places_all_else_stays(self) -> None:
        counts, size = np.array([3.5, 9, 20, 11, 7]), np.array([100.0, 200, 300, 200, 100])
        given = {
            "target": 60.0, "levels": (0.9,), "per": 1_000.0, "adjustment": "multiplicative", "winsorise": 0.2,
            "winsorise_by": "interpolation", "fractional": True,
        }  # fmt: skip
        found = v.funnel("rate", counts, size, **given)  # type: ignore[arg-type]
        left_out = np.array([False, False, True, False, False])
        others = found.without(left_out)
        expected = v.funnel("rate", np.where(left_out, NAN, counts), size, **given)  # type: ignore[arg-type]
        pd.testing.assert_frame_equal(others.to_frame(), expected.to_frame())
        assert (others.missing, others.target, others.dispersion.phi) == (1, 60, expected.dispersion.phi)
        assert others.values[0] == found.values[0] == 35
        assert found.without(left_out & False) is found

    @pytest.mark.parametrize("adjustment", ["none", "additive"])
    def test_what_a_funnel_shows(self, adjustment: Any) -> None:
        counts = np.array([10.0, 10, 60, NAN])
        found = v.funnel("rate", counts, np.full(4, 100.0), 0.2, per=1.0, adjustment=adjustment)
        text = repr(found)
        assert text.startswith("<Funnel of a rate about 0.2: 3 places, 1 missing, ")
        assert text.endswith(">" if adjustment == "none" else ", additive adjustment>")
        assert ("adjustment" in text) is (adjustment != "none")
        assert ("(more than chance)" in text) is (adjustment == "none")
        assert found.to_frame()["adjustment"].unique().tolist() == [adjustment]
        assert "none outside" in repr(v.funnel("rate", np.array([10, 11]), np.array([100, 100])))

    def test_limits_reach_all_of_a_small_place(self) -> None:
        # Of ten at 0.99 all are within chance: ten of ten come in 90% of cases.
        limits = v.funnel_limits("proportion", np.array([10]), 0.99)
        for lower, upper in limits.limits:
            assert upper.tolist() == [1]
            assert lower[0] < 1

    @pytest.mark.parametrize("kind", ["rate", "ratio", "proportion"])
    def test_positions_of_counts_that_are_known(self, kind: str) -> None:
        # Ten that differ by more than chance, one that is missing, and one far out.
        size = np.full(12, 400.0)
        counts = np.array([150.0, 250] * 5 + [NAN, 395])
        target = float(np.nansum(counts)) / 4_400
        funnel = v.funnel(kind, counts, size, target, per=1.0, adjustment="additive")  # type: ignore[arg-type]
        alone = v.funnel(kind, counts, size, target, per=1.0).outlier.tolist()  # type: ignore[arg-type]
        words, phi = funnel_positions(kind, [(counts, size)], (target, target), list(alone))
        assert words == funnel.outlier.tolist()
        assert phi == pytest.approx(funnel.dispersion.phi)
        assert max(LEVELS) == 0.998
        # Wherever the last one is.
        for last in range(200, 400, 4):
            counts[11] = last
            words, _ = funnel_positions(kind, [(counts, size)], (target, target), [None] * 12)
            assert words[11] == v.funnel(kind, counts, size, target, per=1.0, adjustment="additive").outlier[11]  # type: ignore[arg-type]
        counts[11] = 395
        words, phi = funnel_positions(kind, [(counts, size)], (target, target), list(alone))
        # Between the same bounds it is the same.
        again, same = funnel_positions(kind, [(counts, size)] * 2, (target, target), list(alone))
        assert (again, same) == (words, phi)

    def test_a_share_near_all_has_positions_where_it_is_known(self) -> None:
        size = np.full(12, 1_000.0)
        counts = np.array([930.0, 970] * 6)
        words, phi = funnel_positions("proportion", [(counts, size)], (0.95, 0.95), [None] * 12)
        assert words == ["within"] * 12
        assert phi > 1
        # Between bounds nothing is certain there, from above 0.92 on.
        counts = np.array([900.0, 940] * 6)
        assert funnel_positions("proportion", [(counts, size)] * 2, (0.92, 0.92), [None] * 12)[0] == ["within"] * 12
        counts = np.array([930.0, 970] * 6)
        assert funnel_positions("proportion", [(counts, size)] * 2, (0.95, 0.95), [None] * 12)[0] == [None] * 12
