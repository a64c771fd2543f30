"""Spread: fold variation, percentiles, coefficients, the systematic component, Gini."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pandas as pd
import pint_pandas  # noqa: F401 - makes the type "pint[…]" known
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cmhs_metrics as cm
from cmhs_metrics import variation as v
from tests.support import official_data
from tests.support.refusals import problem, raised, refused

Q = cm.units.Quantity
positive = st.lists(st.floats(1e-3, 1e6), min_size=2, max_size=30).map(np.array)
factors = st.floats(1e-3, 1e3)
SUMMARIES = [
    v.fold_variation,
    v.coefficient_of_variation,
    v.gini,
    v.interquartile_range,
    lambda values: v.percentiles(values, 30),
    lambda values: v.quartiles(values).median,
]


class TestTheAuditsRanges:
    """The ranges that the 2016/17 audit prints; its "5-fold", "4-fold" and "3-fold" come without the ranges."""

    def test_did_not_attends(self) -> None:
        # Community MH DNA Analysis: mean 11%, "with a range across Trusts from 3% to 19% of appointments".
        assert v.fold_variation(np.array([0.11, 0.03, 0.19])) == pytest.approx(19 / 3)

    def test_time_on_caseload(self) -> None:
        # Length of time on caseloads: "from 3 months to 52 months", 14 on average.
        assert round(v.fold_variation(np.array([52.0, 14, 3])), 1) == 17.3

    def test_assessments_per_amhp(self) -> None:
        # Mental Health Act assessments: 40 on average, "ranging from 12 to 88 per annum".
        assert round(v.fold_variation(Q(np.array([12.0, 40, 88]), "assessment / WTE")).magnitude, 1) == 7.3


@pytest.fixture(scope="module")
def rates() -> pd.DataFrame:
    practices = pd.read_csv(official_data.FOLDER / "icb_allocations_2025_26.csv", encoding="utf-8-sig")
    people = practices.groupby("ICB")[["Population", "MH WP"]].sum()
    waits = pd.read_csv(official_data.FOLDER / "mhsds_4ww_2024_06.csv.gz", dtype=str)
    of_icbs = waits["BREAKDOWN"].str.startswith("ICB") & (waits["MEASURE_ID"] == "MRS06")
    referrals = waits[of_icbs].set_index("PRIMARY_LEVEL")["MEASURE_VALUE"].drop("UNKNOWN").astype(float)
    return people.rdiv(referrals, axis=0) * 100_000


@official_data.needed("icb_allocations_2025_26.csv")
class TestOpenReferralsOfJune2024:
    """MHSDS community waits, June 2024, MRS06 over 42 ICBs: 4.8-fold registered, 4.9-fold need-weighted."""

    def test_fold(self, rates: pd.DataFrame) -> None:
        assert len(rates) == 42
        assert round(v.fold_variation(rates["Population"]), 1) == 4.8
        assert round(v.fold_variation(rates["MH WP"]), 1) == 4.9

    def test_the_fold_of_the_middle_is_less(self, rates: pd.DataFrame) -> None:
        every, without_one, without_tenths = (v.fold_variation(rates["Population"], out) for out in (0, 1, 0.1))
        assert every > without_one > without_tenths > 1
        assert without_tenths == v.fold_variation(rates["Population"], 4)


class TestFoldVariation:
    @given(positive, factors)
    def test_is_one_or_more_whatever_the_units_and_the_order(self, values: np.ndarray, factor: float) -> None:
        fold = v.fold_variation(values)
        assert fold >= 1
        assert v.fold_variation(values[::-1] * factor) == pytest.approx(fold)

    @given(positive)
    def test_falls_as_more_is_left_out(self, values: np.ndarray) -> None:
        folds = [v.fold_variation(values, out) for out in range((len(values) - 2) // 2 + 1)]
        assert all(later <= earlier for earlier, later in itertools.pairwise(folds))

    def test_leaves_out_a_number_or_a_share(self) -> None:
        values = np.array([100.0, 20, 8, 4, 5, 1, 2, 16, 10, 12])
        assert v.fold_variation(values) == 100
        assert v.fold_variation(values, 1) == 10  # 20 over 2
        assert v.fold_variation(values, 0.1) == 10
        assert v.fold_variation(values, 0.19) == 10
        assert v.fold_variation(values, 2) == 4  # 16 over 4
        assert v.fold_variation(np.arange(1.0, 101), 0.29) == pytest.approx(71 / 30)  # 0.29 × 100 is 28.999…96

    def test_of_nothing_is_undefined(self) -> None:
        assert math.isnan(v.fold_variation(np.array([0.0, 3, 5])))
        assert v.fold_variation(np.array([0.0, 3, 6, 9]), 1) == 2

    @pytest.mark.parametrize("leave_out", [-1, 0.5, 1.0, 0.7, math.nan, True, "one", None])
    def test_refuses_other_numbers_to_leave_out(self, leave_out: object) -> None:
        with refused("leave_out", leave_out, expected="a whole number"):
            v.fold_variation(np.array([1.0, 2, 3]), leave_out)

    def test_refuses_to_leave_out_all(self) -> None:
        with refused("leave_out", 2, expected="two or more", names=5):
            v.fold_variation(np.arange(1.0, 6), 2)


class TestPercentiles:
    def test_hyndman_and_fan_7(self) -> None:
        # Five values: the 10th percentile stands at place 1 + 4 × 0.1 = 1.4, the 90th at 4.6.
        values = np.array([20.0, 3, 8, 12, 5])
        assert v.percentiles(values, 10) == pytest.approx(3 + 0.4 * 2)
        np.testing.assert_allclose(v.percentiles(values, [90, 0, 100, 50]), [12 + 0.6 * 8, 3, 20, 8])
        assert v.quartiles(values) == (5, 8, 12)
        assert v.interquartile_range(values) == 7
        assert math.isnan(v.percentiles(np.append(values, math.nan), 50))

    @given(positive, factors)
    def test_move_with_the_values_and_keep_their_order(self, values: np.ndarray, factor: float) -> None:
        lower, median, upper = v.quartiles(values)
        assert values.min() <= lower <= median <= upper <= values.max()
        np.testing.assert_allclose(v.quartiles(values[::-1] * factor), np.array([lower, median, upper]) * factor)
        assert v.interquartile_range(-values) == pytest.approx(upper - lower, rel=1e-6, abs=1e-6)

    def test_refuse_what_is_no_percentage(self) -> None:
        with pytest.raises(cm.BadInput) as caught:
            v.percentiles(np.array([1.0, math.inf]), [-1, 50, 101])
        assert [(problem.column, problem.value) for problem in caught.value.problems] == [
            ("values", math.inf),
            ("percent", -1),
            ("percent", 101),
        ]


class TestCoefficientOfVariation:
    def test_by_hand(self) -> None:
        # Mean 5; squared distances 9, 1, 1, 1, 0, 0, 4, 16 sum to 32: √(32 / 8) = 2, √(32 / 7) = 2.138.
        values = np.array([2.0, 4, 4, 4, 5, 5, 7, 9])
        assert v.coefficient_of_variation(values) == pytest.approx(2 / 5)
        assert v.coefficient_of_variation(values, sample=True) == pytest.approx(math.sqrt(32 / 7) / 5)

    @given(positive, factors)
    def test_does_not_depend_on_units_or_order(self, values: np.ndarray, factor: float) -> None:
        assert v.coefficient_of_variation(values[::-1] * factor) == pytest.approx(v.coefficient_of_variation(values))
        assert 0 <= v.coefficient_of_variation(values) <= math.sqrt(len(values) - 1) + 1e-9

    def test_of_nothing_is_undefined(self) -> None:
        assert math.isnan(v.coefficient_of_variation(np.zeros(3)))


class TestSystematicComponent:
    def test_by_hand(self) -> None:
        # (30 − 20)² / 20² − 1 / 20 = 0.2; (35 − 50)² / 50² − 1 / 50 = 0.07; (10 − 10)² / 10² − 1 / 10 = −0.1.
        found = v.systematic_component_of_variation(np.array([30, 35, 10]), np.array([20.0, 50, 10]))
        assert found == pytest.approx((0.2 + 0.07 - 0.1) / 3)

    def test_less_than_chance_is_negative(self) -> None:
        assert v.systematic_component_of_variation(np.array([50, 50]), np.array([50.0, 50])) == pytest.approx(-1 / 50)

    def test_finds_the_variance_that_was_put_in(self) -> None:
        random = np.random.default_rng(1982)
        expected = random.uniform(5, 200, 20_000)
        for spread in (0.0, 0.04):
            true = random.gamma(1 / spread, spread, len(expected)) if spread else 1.0
            found = v.systematic_component_of_variation(random.poisson(expected * true), expected)
            assert found == pytest.approx(spread, abs=0.003)

    def test_refuses_what_is_no_count(self) -> None:
        observed = pd.Series([1.5, -1.0, 3.0, 4.0], index=pd.Index(["QUE", "QT1", "QOP", "QWO"], name="icb"))
        expected = pd.Series([1.0, 2.0, 0.0, -1.0], index=observed.index)
        with refused(
            problem("observed", 1.5, row="icb=QUE", expected="a whole number", names="fractional"),
            problem("observed", -1.0, row="icb=QT1", expected="zero or more"),
            problem("expected", 0.0, row="icb=QOP", expected="above zero"),
            problem("expected", -1.0, row="icb=QWO", expected="above zero"),
        ):
            v.systematic_component_of_variation(observed, expected)


class TestGini:
    def test_by_hand(self) -> None:
        # Of 1 … n it is (n − 1) / 3n, of all in one place (n − 1) / n, of equal shares nothing.
        for n in (2, 5, 42):
            assert v.gini(np.arange(1.0, n + 1)) == pytest.approx((n - 1) / (3 * n))
            assert v.gini(np.eye(n)[0]) == pytest.approx((n - 1) / n)
            assert v.gini(np.full(n, 0.1)) == pytest.approx(0, abs=1e-12)

    @given(positive, factors)
    def test_bounds_units_and_order(self, values: np.ndarray, factor: float) -> None:
        found = v.gini(values)
        assert 0 <= found <= 1 - 1 / len(values) + 1e-12
        assert v.gini(values[::-1] * factor) == pytest.approx(found, abs=1e-9)

    @given(st.lists(st.tuples(st.floats(0.1, 100), st.integers(1, 5)), min_size=2, max_size=8))
    def test_a_weight_is_so_many_places(self, pairs: list[tuple[float, int]]) -> None:
        values, weights = map(np.array, zip(*pairs, strict=True))
        assert v.gini(values, weights) == pytest.approx(v.gini(np.repeat(values, weights)), abs=1e-9)

    @given(positive)
    def test_is_half_the_mean_relative_difference(self, values: np.ndarray) -> None:
        mean_difference = np.abs(values[:, None] - values[None, :]).mean()
        assert v.gini(values) == pytest.approx(mean_difference / (2 * values.mean()), abs=1e-9)

    def test_of_nothing_is_undefined(self) -> None:
        assert math.isnan(v.gini(np.zeros(3)))

    def test_refuses_negative_populations_and_none_at_all(self) -> None:
        with refused("weights", -5.0, row="2nd row", expected="zero or more"):
            v.gini(np.array([1.0, 2, 3]), np.array([0, -5, 7]))
        with refused("weights", 0, expected="at least one"):
            v.gini(np.array([1.0, 2]), np.array([0, 0]))

    def test_a_place_without_people_counts_for_nothing(self) -> None:
        values, weights = np.array([1.0, 3, 50, np.nan]), np.array([300, 100, 0, 0])
        assert v.gini(values, weights) == v.gini(values[:2], weights[:2]) == 0.25


class TestEverySummary:
    @pytest.mark.parametrize("summary", SUMMARIES)
    def test_a_missing_value_makes_it_missing(self, summary: object) -> None:
        assert math.isnan(summary(np.array([1.0, math.nan, 3])))
        assert math.isnan(summary(pd.Series([1, None, 3], dtype="Int64")))
        assert math.isnan(summary(pl.Series([1, None, 3])))

    @pytest.mark.parametrize("summary", SUMMARIES)
    def test_agrees_between_kinds(self, summary: object) -> None:
        values = np.array([3.0, 5, 8, 12, 20])
        expected = summary(values)
        assert isinstance(expected, float)
        kinds = [pd.Series(values), pd.Series([3, 5, 8, 12, 20]), pl.Series(values), pd.Series(values, dtype="Float64")]
        assert [summary(kind) for kind in kinds] == [expected] * 4
        quantity = summary(Q(values, "MGBP"))
        assert quantity.magnitude == expected
        assert str(quantity.units) in ("dimensionless", "megaGBP")
        column = summary(pd.Series(values, dtype="pint[MGBP]"))
        assert column.magnitude == expected

    def test_percentiles_keep_their_unit(self) -> None:
        found = v.percentiles(Q(np.array([1.0, 2, 3]), "MGBP"), [0, 100])
        assert found.to("GBP").magnitude.tolist() == [1e6, 3e6]
        assert v.interquartile_range(Q(np.array([1.0, 2, 3]), "MGBP")).to("GBP").magnitude == 1e6

    @pytest.mark.parametrize("summary", SUMMARIES)
    def test_refuses_fewer_than_two_places(self, summary: object) -> None:
        for few in (np.array([]), np.array([4.0]), pl.Series([4.0]), 4.0):
            with refused("values", np.size(few), expected="two or more"):
                summary(few)

    @pytest.mark.parametrize("summary", SUMMARIES[:3])
    def test_refuses_negative_and_infinite_values(self, summary: object) -> None:
        with refused(
            problem("values", math.inf, row="2nd row", expected="a finite number"),
            problem("values", -1.0, row="1st row", expected="zero or more"),
        ):
            summary(np.array([-1.0, math.inf, 3]))

    @pytest.mark.parametrize("summary", SUMMARIES)
    def test_refuses_what_is_no_column(self, summary: object) -> None:
        with raised(TypeError, "values", "list", "numpy array"):
            summary([1.0, 2.0])
        with raised(TypeError, "values", "table"):
            summary(pd.DataFrame({"a": [1.0, 2.0]}))
        with raised(TypeError, "values", "collect"):
            summary(pl.col("a"))
        with raised(TypeError, "values", "String"):
            summary(pl.Series(["1", "2"]))
        with raised(ValueError, "values", 2):
            summary(np.ones((2, 2)))

    def test_names_a_thousand_problems_and_counts_the_rest(self) -> None:
        with refused(problem("values", -1.0, row="1st row", expected="zero or more"), others=4_999) as caught:
            v.gini(-np.ones(5_000))
        assert len(caught.value.problems) == 1_000


class TestOtherMeasuresOfInequality:
    # The incomes of the examples of the R package ineq, whose page prints a Gini coefficient of 0.4620911.
    INCOMES = np.array([541, 1463, 2445, 3438, 4437, 5401, 6392, 8304, 11904, 22261], dtype=float)

    def test_gini_of_a_sample(self) -> None:
        assert v.gini(self.INCOMES) == pytest.approx(0.4620911, abs=1e-7)
        assert v.gini(self.INCOMES, sample=True) == pytest.approx(0.4620911 * 10 / 9, abs=1e-7)
        assert v.gini(np.eye(5)[0], sample=True) == pytest.approx(1)
        with_none = v.gini(np.append(self.INCOMES, np.nan), np.append(np.ones(10), 0), sample=True)
        assert with_none == pytest.approx(v.gini(self.INCOMES, sample=True))

    @pytest.mark.parametrize("measure", [v.theil, v.atkinson, lambda *given: v.atkinson(*given, aversion=2)])
    @given(values=positive, factor=factors)
    def test_laws(self, measure, values: np.ndarray, factor: float) -> None:
        found = measure(values)
        assert found >= 0
        assert measure(values[::-1] * factor) == pytest.approx(found, abs=1e-9)
        assert measure(np.repeat(values, 3)) == pytest.approx(found, abs=1e-9)
        assert measure(values, np.full(values.size, 3.0)) == pytest.approx(found, abs=1e-9)
        assert measure(np.full(4, values[0])) == pytest.approx(0, abs=1e-9)

    def test_by_hand(self) -> None:
        # Of 1 and 3 about 2: (0.5 ln 0.5 + 1.5 ln 1.5) / 2; √1 and √3 have the mean 1.366, the square of which is 1.866.
        values = np.array([1.0, 3.0])
        assert v.theil(values) == pytest.approx((0.5 * math.log(0.5) + 1.5 * math.log(1.5)) / 2)
        assert v.atkinson(values) == pytest.approx(1 - ((1 + math.sqrt(3)) / 2) ** 2 / 2)
        # The geometric mean is √3, the harmonic 1.5.
        assert v.atkinson(values, aversion=1) == pytest.approx(1 - math.sqrt(3) / 2)
        assert v.atkinson(values, aversion=2) == pytest.approx(1 - 1.5 / 2)

    def test_theil_adds_up_over_groups(self) -> None:
        one, two = self.INCOMES[:4], self.INCOMES[4:]
        shares = [each.sum() / self.INCOMES.sum() for each in (one, two)]
        between = v.theil(np.array([one.mean(), two.mean()]), np.array([4, 6]))
        within = sum(share * v.theil(each) for share, each in zip(shares, (one, two), strict=True))
        assert v.theil(self.INCOMES) == pytest.approx(between + within)

    def test_zeros_and_what_is_missing(self) -> None:
        values = np.array([0.0, 4.0])
        assert v.theil(values) == pytest.approx(math.log(2))
        indices = [v.atkinson(values, aversion=each) for each in (0.5, 1, 2)]
        assert indices == pytest.approx([0.5, 1, 1])
        for measure in (v.theil, v.atkinson):
            assert math.isnan(measure(np.zeros(3)))
            assert math.isnan(measure(np.array([1.0, np.nan])))

    def test_what_cannot_be_is_refused(self) -> None:
        with pytest.raises(cm.BadInput) as caught:
            v.atkinson(np.array([1.0, 2.0]), aversion=0)
        assert [problem.column for problem in caught.value.problems] == ["aversion"]
        with pytest.raises(cm.BadInput):
            v.theil(np.array([1.0, -2.0]))
