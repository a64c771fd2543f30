"""What drives a change: ratios, products and mixes."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cmhs_metrics as cm
from cmhs_metrics.decomposition import (
    chain_percentage_changes,
    decompose_mix_change,
    decompose_product_change,
    decompose_ratio_change,
)
from tests.support.budgets import examples
from tests.support.refusals import raised, refused

Q = cm.units.Quantity
METHODS = ["log-mean", "shapley"]
positive = st.floats(1e-3, 1e6)
amount = st.one_of(st.just(0.0), positive)
each_method = pytest.mark.parametrize("method", METHODS)


def parts(change) -> tuple[float, float]:
    return change.due_to_numerator, change.due_to_denominator


class TestRatioByHand:
    def test_log_mean(self) -> None:
        # 2 → 8: numerator ×2, denominator ÷2, so of the logarithm ln 4 each has half: 3 and 3.
        assert parts(decompose_ratio_change(100, 200, 50, 25)) == pytest.approx((3, 3))
        # 2 → 8: numerator ×8, denominator ×2, so 3 ÷ 2 of the logarithm and −1 ÷ 2: 9 and −3.
        assert parts(decompose_ratio_change(100, 800, 50, 100)) == pytest.approx((9, -3))

    def test_shapley(self) -> None:
        # 2 → 8. Numerator first: 2 → 800 ÷ 50 = 16 → 8, which is +14 and −8; denominator first: 2 → 100 ÷ 100 = 1 → 8,
        # which is −1 and +7. The means are 10.5 and −4.5, together 6.
        assert parts(decompose_ratio_change(100, 800, 50, 100, "shapley")) == pytest.approx((10.5, -4.5))

    def test_the_cost_of_a_patient(self) -> None:
        # Spending −15% and caseload −22% on £3,345: ln 0.85 = −0.1625, −ln 0.78 = 0.2485, together 0.0859.
        change = decompose_ratio_change(3_345.0, 3_345 * 0.85, 1.0, 0.78)
        assert round(change.chain.ratio, 2) == 8.97
        assert change.due_to_numerator / change.change == pytest.approx(-0.16252 / 0.08594, abs=1e-3)
        assert change.due_to_denominator / change.change == pytest.approx(0.24846 / 0.08594, abs=1e-3)

    def test_only_one_of_the_two_changes(self) -> None:
        for method in METHODS:
            assert parts(decompose_ratio_change(100, 150, 50, 50, method)) == pytest.approx((1, 0))
            assert parts(decompose_ratio_change(100, 100, 50, 25, method)) == pytest.approx((0, 2))


class TestTheZeroRule:
    def test_a_numerator_from_or_to_zero_has_the_whole_change(self) -> None:
        # The limits of Ang and Liu (2007).
        assert parts(decompose_ratio_change(0, 10, 5, 2)) == (5, 0)
        assert parts(decompose_ratio_change(10, 0, 5, 2)) == (-2, 0)
        assert parts(decompose_ratio_change(0, 0, 5, 2)) == (0, 0)

    def test_it_is_the_limit(self) -> None:
        # The limit is approached as slowly as a logarithm is.
        near = [decompose_ratio_change(10.0**-power, 10, 5, 2).due_to_numerator for power in (5, 50, 300)]
        assert abs(near[2] - 5) < abs(near[1] - 5) < abs(near[0] - 5)
        assert near[2] == pytest.approx(5, abs=0.02)

    def test_shapley_needs_no_limit(self) -> None:
        # 0 ÷ 5 → 10 ÷ 2. Numerator first: 2 and 3; denominator first: 0 and 5. Means 3.5 and 1.5.
        assert parts(decompose_ratio_change(0, 10, 5, 2, "shapley")) == pytest.approx((3.5, 1.5))

    @each_method
    def test_a_zero_denominator_or_a_missing_value_is_undefined(self, method) -> None:
        change = decompose_ratio_change(
            np.array([1.0, 1, np.nan, 1, 0]),
            np.array([2.0, 2, 2, 2, np.nan]),
            np.array([0.0, 1, 1, 1, 1]),
            np.array([1.0, 0, 1, np.nan, 2]),
            method,
        )
        assert np.isnan(change.due_to_numerator).all()
        assert np.isnan(change.due_to_denominator).all()
        assert np.isnan(change.change).all()

    def test_two_factors_that_cross_zero_share_the_change(self) -> None:
        change = decompose_product_change({"a": 0.0, "b": 0.0, "c": 2.0}, {"a": 3.0, "b": 4.0, "c": 1.0})
        assert change.parts == {"a": 6, "b": 6, "c": 0}
        opposite = decompose_product_change({"a": 0.0, "b": 4.0}, {"a": 3.0, "b": 0.0})
        assert opposite.parts == {"a": 0, "b": 0}


class TestRatioProperties:
    @each_method
    @given(amount, amount, positive, positive)
    def test_the_parts_are_the_whole(self, method, n0: float, n1: float, d0: float, d1: float) -> None:
        change = decompose_ratio_change(n0, n1, d0, d1, method)
        size = max(abs(change.due_to_numerator), abs(change.due_to_denominator), change.before, change.after)
        assert sum(parts(change)) == pytest.approx(change.after - change.before, abs=1e-14 * size)

    @each_method
    @given(amount, positive)
    def test_nothing_changes(self, method, numerator: float, denominator: float) -> None:
        assert parts(decompose_ratio_change(numerator, numerator, denominator, denominator, method)) == (0, 0)

    @each_method
    @given(amount, amount, positive, positive)
    def test_time_reversed(self, method, n0: float, n1: float, d0: float, d1: float) -> None:
        there, back = decompose_ratio_change(n0, n1, d0, d1, method), decompose_ratio_change(n1, n0, d1, d0, method)
        for one, other in zip(parts(there), parts(back), strict=True):
            assert one == pytest.approx(-other, rel=1e-9, abs=1e-13 * max(there.before, there.after))

    @each_method
    @given(positive, positive, positive, positive, st.floats(1e-3, 1e3), st.floats(1e-3, 1e3))
    def test_scale(self, method, n0, n1, d0, d1, above: float, below: float) -> None:
        one = decompose_ratio_change(n0, n1, d0, d1, method)
        other = decompose_ratio_change(n0 * above, n1 * above, d0 * below, d1 * below, method)
        for first, second in zip(parts(one), parts(other), strict=True):
            assert second == pytest.approx(first * above / below, rel=1e-9, abs=1e-12 * above / below * one.after)

    @each_method
    @given(positive, positive, positive, positive)
    def test_the_signs_are_those_of_the_changes(self, method, n0, n1, d0, d1) -> None:
        change = decompose_ratio_change(n0, n1, d0, d1, method)
        assert np.sign(change.due_to_numerator) == np.sign(n1 - n0)
        assert np.sign(change.due_to_denominator) == np.sign(1 / d1 - 1 / d0)

    @given(st.floats(1, 1e6), st.floats(1, 1e6))
    def test_a_small_change_loses_no_digits(self, numerator: float, denominator: float) -> None:
        # A rise of both by one in 10¹⁰ leaves the ratio, and the parts are ± that share of it.
        small = 1 + 1e-10
        change = decompose_ratio_change(numerator, numerator * small, denominator, denominator * small)
        assert change.due_to_numerator == pytest.approx(numerator / denominator * 1e-10, rel=1e-5)

    @each_method
    @examples(25)
    @given(st.lists(st.tuples(amount, amount, positive, positive), min_size=1, max_size=5))
    def test_every_container_agrees(self, method, rows) -> None:
        columns = [np.array(column) for column in zip(*rows, strict=True)]
        arrays = decompose_ratio_change(*columns, method)
        series = decompose_ratio_change(*(pd.Series(column) for column in columns), method)
        polars = decompose_ratio_change(*(pl.Series(column) for column in columns), method)
        numbers = [decompose_ratio_change(*row, method).due_to_numerator for row in rows]
        assert series.due_to_numerator.tolist() == arrays.due_to_numerator.tolist()
        assert polars.due_to_numerator.to_list() == arrays.due_to_numerator.tolist()
        np.testing.assert_allclose(numbers, arrays.due_to_numerator, rtol=1e-12)


class TestRatioResults:
    def test_units(self) -> None:
        change = decompose_ratio_change(Q(17.7, "MGBP"), Q(15.0, "MGBP"), Q(5_000, "patient"), Q(4_000, "patient"))
        assert str(change.due_to_numerator.units) == "GBP / patient"
        assert change.change.magnitude == pytest.approx(3_750 - 3_540)
        assert f"{change.chain.denominator:~P}" == "-20.0 %"
        # A unit on one side alone.
        assert str(decompose_ratio_change(Q(100, "GBP"), Q(200, "GBP"), 50, 25).change.units) == "GBP"
        assert str(decompose_ratio_change(100, 200, Q(50, "patient"), Q(25, "patient")).change.units) == "1 / patient"
        with raised(cm.DimensionalityError, "numerator_after", "GBP", "1 patient", "denominator_before"):
            decompose_ratio_change(Q(1, "GBP"), Q(1, "patient"), Q(1, "patient"), Q(1, "patient"))

    def test_it_reads(self) -> None:
        assert repr(decompose_ratio_change(100, 200, 50, 25)).splitlines() == [
            "RatioChange: 2 → 8, +6 (+300%), log-mean",
            "  numerator      +100%  makes +3",
            "  denominator     −50%  makes +3",
        ]
        assert repr(decompose_ratio_change(np.ones(2), 1.0, 1.0, 1.0)).startswith("RatioChange of 2 values")

    def test_to_frame(self) -> None:
        teams = pd.Series([100.0, 100], index=["North", "South"])
        frame = decompose_ratio_change(teams, teams * [2, 8], 50.0, pd.Series([25.0, 100], teams.index)).to_frame()
        assert frame.index.tolist() == ["North", "South"]
        assert frame["due_to_numerator"].tolist() == pytest.approx([3, 9])
        assert frame["denominator_percentage_change"].tolist() == [-50, 100]
        # 2 → 8 and 2 → 8: 100 of 50 became 200 of 25, 100 of 50 became 800 of 100.
        assert frame["percentage_change"].tolist() == pytest.approx([300, 300])
        assert frame["numerator_percentage_change"].tolist() == pytest.approx([100, 700])
        assert len(decompose_ratio_change(1, 2, 3, 4).to_frame()) == 1

    def test_refuses_with_every_problem(self) -> None:
        with pytest.raises(cm.BadInput) as caught:
            decompose_ratio_change(np.array([-1.0, 2]), 2.0, 3.0, np.array([1.0, math.inf]))
        assert [(problem.column, problem.row) for problem in caught.value.problems] == [
            ("numerator_before", "1st row"),
            ("denominator_after", "2nd row"),
        ]
        with refused("numerator_before", -1.0, expected="zero or more"):
            decompose_ratio_change(-1, 2, 3, 4)
        with refused("method", "lmdi", names=("log-mean", "shapley")):
            decompose_ratio_change(1, 2, 3, 4, "lmdi")  # type: ignore[arg-type]
        with raised(ValueError, "numerator_before", "numerator_after", "indexes"):
            decompose_ratio_change(pd.Series([1.0]), pd.Series([1.0], index=[1]), 1.0, 1.0)
        with raised(TypeError, "numerator_before", "expression"):
            decompose_ratio_change(pl.col("a"), pl.col("b"), pl.col("c"), pl.col("d"))


class TestDasGuptasProducts:
    """Das Gupta (1993), Standardization and decomposition of rates: a user's manual, P23-186, chapter 2.

    Data and effects of his examples, as the package DasGuptR documents them too.
    """

    @pytest.mark.parametrize(
        ("before", "after", "effects", "places"),
        [
            # Example 2.1: mean earnings of black and white men.
            ([10_930, 0.717892], [16_591, 0.825974], [4369.913, 1487.262], 3),
            # Example 2.3: crude birth rates of Austria and Chile.
            ([51.78746, 0.45919, 0.52638], [84.90502, 0.75756, 0.51065], [10.4340333, 10.5608476, -0.6670084], 6),
            # Example 2.5: births to unmarried women, 1971 and 1979.
            (
                [25.3, 0.214, 0.279, 0.949],
                [32.7, 0.290, 0.473, 0.986],
                [0.6889411, 0.8125381, 1.3829055, 0.1047547],
                6,
            ),
            # Example 2.7: total fertility, 1970 and 1980.
            (
                [0.58, 0.76, 0.84, 0.66, 16.573],
                [0.72, 0.97, 0.97, 0.56, 16.158],
                [1.0909785, 1.2298438, 0.7278399, -0.8398707, -0.1290187],
                6,
            ),
        ],
    )
    def test_factors(self, before, after, effects, places) -> None:
        names = "abcde"[: len(before)]
        change = decompose_product_change(
            dict(zip(names, before, strict=True)), dict(zip(names, after, strict=True)), "shapley"
        )
        assert list(change.parts.values()) == pytest.approx(effects, abs=10.0**-places)

    def test_factors_of_age_groups_add_up(self) -> None:
        # Example 4.5: births per 1,000 people, 1960 and 1970, over seven age groups.
        before = {
            "fertility": np.array([393.0, 407, 369, 274, 184, 90, 16]),
            "married": np.array([0.122, 0.622, 0.903, 0.930, 0.916, 0.873, 0.800]),
            "women": np.array([0.043, 0.041, 0.036, 0.032, 0.026, 0.020, 0.018]),
        }
        after = {
            "fertility": np.array([488.0, 452, 338, 156, 63, 22, 3]),
            "married": np.array([0.082, 0.527, 0.866, 0.941, 0.942, 0.923, 0.876]),
            "women": np.array([0.058, 0.038, 0.032, 0.030, 0.026, 0.023, 0.019]),
        }
        change = decompose_product_change(before, after, "shapley")
        assert change.before.sum() == pytest.approx(38.77463, abs=1e-5)
        assert change.after.sum() == pytest.approx(27.20318, abs=1e-5)
        assert [part.sum() for part in change.parts.values()] == pytest.approx(
            [-7.285632, -2.720633, -1.565181], abs=1e-6
        )


class TestProductProperties:
    factors = st.lists(st.tuples(amount, amount), min_size=1, max_size=5)

    @each_method
    @given(factors)
    def test_the_parts_are_the_whole(self, method, factors) -> None:
        before, after = ({str(at): pair[side] for at, pair in enumerate(factors)} for side in (0, 1))
        change = decompose_product_change(before, after, method)
        size = max(change.before, change.after, *map(abs, change.parts.values()))
        assert math.fsum(change.parts.values()) == pytest.approx(change.change, abs=1e-13 * size)

    @each_method
    @given(st.tuples(amount, positive), st.tuples(amount, positive))
    def test_a_ratio_is_a_product_with_the_inverse(self, method, before, after) -> None:
        ratio = decompose_ratio_change(before[0], after[0], before[1], after[1], method)
        product = decompose_product_change(
            {"n": before[0], "d": 1 / before[1]}, {"n": after[0], "d": 1 / after[1]}, method
        )
        assert product.parts["n"] == pytest.approx(ratio.due_to_numerator, rel=1e-9, abs=1e-9 * ratio.after)

    @each_method
    @given(st.permutations(["a", "b", "c"]))
    def test_the_order_of_the_factors_does_not_matter(self, method, order) -> None:
        before, after = {"a": 2.0, "b": 0.0, "c": 5.0}, {"a": 3.0, "b": 7.0, "c": 4.0}
        one = decompose_product_change(before, after, method)
        other = decompose_product_change({name: before[name] for name in order}, after, method)
        assert {name: other.parts[name] for name in "abc"} == pytest.approx(one.parts)

    def test_units_and_frame(self) -> None:
        change = decompose_product_change(
            {"caseload": Q(100, "patient"), "cost": Q(2.0, "GBP / patient")},
            {"caseload": Q(80, "patient"), "cost": Q(3.0, "GBP / patient")},
        )
        assert change.change.to("GBP").magnitude == pytest.approx(40)
        assert list(change.to_frame()) == ["before", "after", "change", "due_to_caseload", "due_to_cost"]
        assert repr(change).splitlines() == [
            "ProductChange: 200 → 240, +40, log-mean",
            "  caseload makes −48.96",
            "  cost     makes +88.96",
        ]
        # 200 → 240 pounds, 2 and 3 each. First the one, then the other: −40 or −60, and 100 or 80.
        shapley = decompose_product_change(
            {"caseload": Q(np.array([100.0]), "patient"), "cost": Q(np.array([2.0]), "GBP / patient")},
            {"caseload": Q(np.array([80.0]), "patient"), "cost": Q(np.array([3.0]), "GBP / patient")},
            "shapley",
        )
        assert shapley.to_frame().to_numpy().tolist() == pytest.approx(np.array([[200.0, 240, 40, -50, 90]]))

    def test_refuses_with_every_problem(self) -> None:
        with pytest.raises(cm.BadInput) as caught:
            decompose_product_change({"a": 1.0, "b": 2.0}, {"a": 1.0, "c": 2.0}, "z")  # type: ignore[arg-type]
        assert [problem.value for problem in caught.value.problems] == ["b", "c", "z"]
        with refused("factors", 0, names=10):
            decompose_product_change({}, {})
        with refused("factors", "b"):
            decompose_product_change({"a": 1.0}, {"a": 1.0, "b": 2.0})
        for sides, wrong in ((({}, 5), "after"), ((5, {}), "before")):
            with refused(wrong, 5, expected="a table"):
                decompose_product_change(*sides)  # type: ignore[arg-type]
        ten = dict.fromkeys("abcdefghij", 1.0)
        # All of the change is the one factor's.
        found = decompose_product_change(ten, ten | {"c": 3.0}).parts
        assert found == pytest.approx(dict.fromkeys(ten, 0) | {"c": 2})
        with refused("factors", 11, names=10):
            decompose_product_change(ten | {"k": 1.0}, ten | {"k": 1.0})


class TestKitagawa:
    # Das Gupta (1993), example 5.1: household headship rates [per 100 persons], 1970 and 1985, thirteen age groups.
    SHARES = np.array(
        [
            [12.9, 10.9, 9.5, 8.0, 7.8, 8.4, 8.6, 7.8, 7.0, 5.9, 4.7, 3.6, 4.9],
            [10.1, 11.2, 11.6, 10.9, 9.4, 7.7, 6.3, 6.0, 6.3, 5.9, 5.1, 4.0, 5.5],
        ]
    )
    RATES = np.array(
        [
            [1.9, 25.8, 45.7, 49.6, 51.2, 51.6, 51.8, 54.9, 58.7, 60.4, 62.8, 66.6, 66.8],
            [2.2, 24.3, 45.8, 52.5, 56.1, 55.6, 56.0, 57.4, 57.2, 61.2, 63.9, 68.6, 72.2],
        ]
    )

    def test_das_guptas_households(self) -> None:
        shares = self.SHARES / 100
        change = decompose_mix_change(self.RATES[0], shares[0], self.RATES[1], shares[1])
        assert (round(change.before, 4), round(change.after, 4)) == (44.7268, 47.6940)
        assert round(change.due_to_rates, 4) == 1.7403
        assert round(change.due_to_composition, 4) == 1.2269

    def test_with_the_interaction_apart_by_hand(self) -> None:
        # Rates 10, 20 → 12, 30; shares 0.5, 0.5 → 0.8, 0.2. 15 → 15.6. Rates: 0.5×2 + 0.5×10 = 6; shares:
        # 10×0.3 − 20×0.3 = −3; both: 2×0.3 − 10×0.3 = −2.4. Of the categories: (10−15)×0.3 and (20−15)×−0.3.
        arguments = (np.array([10.0, 20]), np.array([0.5, 0.5]), np.array([12.0, 30]), np.array([0.8, 0.2]))
        change = decompose_mix_change(*arguments, interaction=True)
        assert (change.before, change.after) == pytest.approx((15, 15.6))
        assert (change.due_to_rates, change.due_to_composition, change.interaction) == pytest.approx((6, -3, -2.4))
        assert change.rate_parts.tolist() == pytest.approx([1, 5])
        assert change.composition_parts.tolist() == pytest.approx([-1.5, -1.5])
        assert change.interaction_parts.tolist() == pytest.approx([0.6, -3])
        frame = change.to_frame()
        assert list(frame.columns) == ["due_to_rate", "due_to_composition", "interaction", "change"]
        assert frame["interaction"].tolist() == pytest.approx([0.6, -3])
        assert frame["change"].tolist() == pytest.approx([1 - 1.5 + 0.6, 5 - 1.5 - 3])
        assert repr(change).splitlines() == [
            "MixChange: 15 → 15.6, +0.6",
            "  rates       makes +6",
            "  composition makes −3",
            "  interaction makes −2.4",
        ]
        # Without it, each part takes half of it.
        symmetric = decompose_mix_change(*arguments)
        assert (symmetric.due_to_rates, symmetric.due_to_composition) == pytest.approx((4.8, -4.2))
        assert symmetric.interaction == 0

    def test_a_team_type_that_is_new(self) -> None:
        # Its rate before is unknown: what it brings is mix alone. 100 → 0.75×100 + 0.25×300 = 150.
        change = decompose_mix_change(
            np.array([100.0, np.nan]), np.array([1.0, 0]), np.array([100.0, 300]), np.array([0.75, 0.25])
        )
        assert (change.due_to_rates, change.due_to_composition) == pytest.approx((0, 50))

    def test_a_team_type_that_vanishes(self) -> None:
        # 15 → 12. The rate of what stays moves by 2, at a mean share of 0.75; what goes is mix: -0.5 × (20 - 11).
        change = decompose_mix_change(
            np.array([10.0, 20]), np.array([0.5, 0.5]), np.array([12.0, np.nan]), np.array([1.0, 0])
        )
        assert (change.before, change.after) == (15, 12)
        assert (change.due_to_rates, change.due_to_composition) == pytest.approx((1.5, -4.5))

    @pytest.mark.parametrize(
        ("before", "after", "rates", "composition"),
        # Of rates 10, 20 → 12, 30: rates ¾×2 + ¼×10 = 4; composition 11×½ − 25×½ = −7, and 7 the other way.
        [((0.5, 0.5), (1, 0), 4, -7), ((1, 0), (0.5, 0.5), 4, 7)],
    )
    def test_a_team_type_without_people_keeps_a_rate_that_is_known(self, before, after, rates, composition) -> None:
        one, other = np.array([10.0, 20]), np.array([12.0, 30])
        change = decompose_mix_change(one, np.array(before, float), other, np.array(after, float))
        assert (change.due_to_rates, change.due_to_composition) == pytest.approx((rates, composition))

    def test_a_missing_rate_leaves_all_missing(self) -> None:
        known, lacking, halves = np.ones(2), np.array([1.0, np.nan]), np.array([0.5, 0.5])
        for before, after in ((lacking, known), (known, lacking)):
            change = decompose_mix_change(before, halves, after, halves)
            assert math.isnan(change.change)
            assert math.isnan(change.due_to_rates)


def mixes(count: int = 4):
    weights = st.lists(st.floats(0.01, 1), min_size=count, max_size=count).map(np.array)
    return st.tuples(
        st.lists(st.floats(0, 1e4), min_size=count, max_size=count).map(np.array),
        weights.map(lambda values: values / values.sum()),
        st.lists(st.floats(0, 1e4), min_size=count, max_size=count).map(np.array),
        weights.map(lambda values: values / values.sum()),
    )


class TestMixProperties:
    @pytest.mark.parametrize("interaction", [False, True])
    @given(mixes())
    def test_the_parts_are_the_whole(self, interaction, mix) -> None:
        change = decompose_mix_change(*mix, interaction=interaction)
        size = max(change.before, change.after, 1)
        whole = change.due_to_rates + change.due_to_composition + change.interaction
        assert whole == pytest.approx(change.change, abs=1e-12 * size)
        frame = change.to_frame()
        assert frame["due_to_rate"].sum() == pytest.approx(change.due_to_rates, abs=1e-10 * size)
        assert frame["due_to_composition"].sum() == pytest.approx(change.due_to_composition, abs=1e-10 * size)
        assert frame["change"].sum() == pytest.approx(change.change, abs=1e-10 * size)

    @given(mixes())
    def test_nothing_changes(self, mix) -> None:
        change = decompose_mix_change(mix[0], mix[1], mix[0], mix[1])
        assert (change.due_to_rates, change.due_to_composition, change.change) == (0, 0, 0)

    @given(mixes())
    def test_time_reversed(self, mix) -> None:
        there, back = decompose_mix_change(*mix), decompose_mix_change(mix[2], mix[3], mix[0], mix[1])
        assert there.due_to_rates == pytest.approx(-back.due_to_rates, abs=1e-8)
        np.testing.assert_allclose(there.composition_parts, -back.composition_parts, atol=1e-8)

    @given(mixes(), st.sampled_from(["new", "gone", "both"]))
    def test_time_reversed_where_a_category_is_only_there_at_one_end(self, mix, which: str) -> None:
        rates_before, shares_before, rates_after, shares_after = (column.copy() for column in mix)
        if which != "gone":
            rates_before[0], shares_before[0] = np.nan, 0
        if which != "new":
            rates_after[1], shares_after[1] = np.nan, 0
        shares_before, shares_after = shares_before / shares_before.sum(), shares_after / shares_after.sum()
        there = decompose_mix_change(rates_before, shares_before, rates_after, shares_after)
        back = decompose_mix_change(rates_after, shares_after, rates_before, shares_before)
        assert there.change == pytest.approx(
            np.nansum(rates_after * shares_after) - np.nansum(rates_before * shares_before), abs=1e-8
        )
        for parts in ("rate_parts", "composition_parts"):
            np.testing.assert_allclose(getattr(there, parts), -getattr(back, parts), atol=1e-8)
        # What cannot be known at the other end has no part in the rates.
        assert [there.rate_parts[at] for at in (0, 1) if (at == 0) == (which == "new")][
            : which != "both"
        ] == pytest.approx([0.0][: which != "both"])

    @given(mixes(), st.floats(1e-3, 1e3))
    def test_scale(self, mix, factor: float) -> None:
        one = decompose_mix_change(*mix)
        other = decompose_mix_change(mix[0] * factor, mix[1], mix[2] * factor, mix[3])
        np.testing.assert_allclose(other.rate_parts, one.rate_parts * factor, rtol=1e-9, atol=1e-9 * factor)

    @given(mixes())
    def test_equal_rates_leave_nothing_to_the_mix(self, mix) -> None:
        flat = np.full(4, 7.0)
        assert decompose_mix_change(flat, mix[1], flat, mix[3]).composition_parts == pytest.approx(0, abs=1e-12)

    def test_series_units_and_text(self) -> None:
        clusters = pd.Index(["1-3", "4-8"])
        rates, shares = pd.Series([1.0, 2], clusters), pd.Series([0.5, 0.5], clusters)
        change = decompose_mix_change(rates, shares, rates * 2, shares)
        assert change.to_frame().index.tolist() == ["1-3", "4-8"]
        assert repr(change).splitlines()[1:] == ["  rates       makes +1.5", "  composition makes +0"]
        polars = decompose_mix_change(*(pl.Series(each.to_numpy()) for each in (rates, shares, rates * 2, shares)))
        assert polars.rate_parts.to_list() == change.rate_parts.tolist()
        costs = Q(np.array([1.0, 2]), "kGBP / contact")
        quantity = decompose_mix_change(costs, shares.to_numpy(), costs * 2, shares.to_numpy())
        assert quantity.unit == "GBP / contact"
        assert quantity.due_to_rates == pytest.approx(1_500)
        assert quantity.to_frame()["due_to_rate"].tolist() == pytest.approx([500, 1_000])
        in_shares = decompose_mix_change(costs, Q(shares.to_numpy(), ""), costs * 2, Q(shares.to_numpy(), ""))
        assert in_shares.to_frame()["change"].tolist() == pytest.approx([500, 1_000])

    def test_refuses_with_every_problem(self) -> None:
        half = np.array([0.5, 0.5])
        with pytest.raises(cm.BadInput) as caught:
            decompose_mix_change(half, np.array([-0.1, 1.1]), half, np.array([0.5, 0.4]))
        assert [(problem.column, problem.row) for problem in caught.value.problems] == [
            ("shares_before", "1st row"),
            ("shares_before", "2nd row"),
            ("shares_after", None),
        ]
        with refused("rates_after", -1.0, row="2nd row", expected="zero or more"):
            decompose_mix_change(half, half, np.array([1.0, -1]), half)
        with raised(TypeError, "rates_before", "array"):
            decompose_mix_change([1.0, 2.0], half, half, half)
        with raised(ValueError, "rates_before has 2", "shares_before has 3"):
            decompose_mix_change(half, np.array([0.2, 0.3, 0.5]), half, half)


class TestChain:
    def test_unit_cost_from_spending_and_caseload(self) -> None:
        # (1 − 0.15) ÷ (1 − 0.22) = 0.85 ÷ 0.78 = 1.0897.
        assert round(chain_percentage_changes(numerator=-15, denominator=-22).ratio, 2) == 8.97

    def test_a_fall_to_nothing_is_a_fall(self) -> None:
        # Nothing is spent any more: -100%. The denominator alone cannot fall to nothing.
        assert chain_percentage_changes(numerator=-100, denominator=-20).ratio == -100
        assert chain_percentage_changes(ratio=-100, denominator=-20).numerator == -100
        with pytest.raises(cm.BadInput) as caught:
            chain_percentage_changes(numerator=-20, denominator=-100)
        assert [(each.column, each.value) for each in caught.value.problems] == [("denominator", -100)]

    def test_the_audits_falls(self) -> None:
        # The figure that the reconciliation implies: (100% − 15%) ÷ (100% − 25%) − 1 = 13.33%.
        checks = cm.audit.reconcile().set_index("check")
        implied = checks.loc["finance.018", "recomputed"]
        chain = chain_percentage_changes(numerator=-15, denominator=-25)
        assert chain.ratio == pytest.approx(implied)
        assert round(chain.ratio, 2) == 13.33

    @given(st.floats(-90, 900), st.floats(-90, 900))
    def test_any_two_give_the_third(self, numerator: float, denominator: float) -> None:
        chain = chain_percentage_changes(numerator=numerator, denominator=denominator)
        assert chain_percentage_changes(ratio=chain.ratio, denominator=denominator).numerator == pytest.approx(
            numerator, abs=1e-6
        )
        assert chain_percentage_changes(ratio=chain.ratio, numerator=numerator).denominator == pytest.approx(
            denominator, abs=1e-6
        )

    @given(positive, positive, positive, positive)
    def test_agrees_with_the_decomposition(self, n0, n1, d0, d1) -> None:
        found = decompose_ratio_change(n0, n1, d0, d1).chain
        chain = chain_percentage_changes(numerator=found.numerator, denominator=found.denominator)
        assert 100 + chain.ratio == pytest.approx(100 + found.ratio, rel=1e-4)

    def test_kinds_and_refusals(self) -> None:
        assert chain_percentage_changes(numerator=pd.Series([0.0]), denominator=pd.Series([-50.0])).ratio.tolist() == [
            100
        ]
        with raised(TypeError, "ratio", "numerator", "denominator"):
            chain_percentage_changes(ratio=1)
        with refused("denominator", -100.0, names=-100):
            chain_percentage_changes(numerator=1, denominator=-100)
        with refused("numerator", -101.0):
            chain_percentage_changes(numerator=-101, denominator=1)
        # Of several the least; a fall to nothing is one of a numerator alone.
        with refused("ratio", -150.0):
            chain_percentage_changes(ratio=np.array([-101.0, -150, 3]), denominator=1)
        assert chain_percentage_changes(ratio=-100, denominator=5).numerator == -100

    def test_quantities_in_per_cent_or_as_shares(self) -> None:
        # 1.2 of 1.5 is 0.8.
        chain = chain_percentage_changes(numerator=Q(20, "percent"), denominator=Q(0.5, ""))
        assert chain.ratio.m_as("percent") == pytest.approx(-20)
        assert str(chain.ratio.units) == "percent"
        # 0.8 times 1.5 is 1.2, and 1.2 over 0.8 is 1.5.
        assert chain_percentage_changes(
            ratio=Q(-20, "percent"), denominator=Q(50, "percent")
        ).numerator.m == pytest.approx(20)
        assert chain_percentage_changes(ratio=Q(-0.2, ""), numerator=Q(0.2, "")).denominator.m == pytest.approx(50)
        with refused("numerator", -150.0):
            chain_percentage_changes(numerator=Q(-1.5, ""), denominator=Q(0.5, ""))


def test_a_mix_is_of_columns_and_its_table_has_every_part() -> None:
    rates, shares = np.array([10.0, 20.0]), np.array([0.5, 0.5])
    for wrong in ([10.0, 20.0], 10.0):
        with raised(TypeError, "rates_before", "array"):
            decompose_mix_change(wrong, shares, rates, shares)
    table = decompose_mix_change(rates, shares, rates + 2, shares, interaction=True).to_frame()
    assert list(table) == ["due_to_rate", "due_to_composition", "interaction", "change"]
