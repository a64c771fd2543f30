"""Ranks, and how sure they are."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import betainc

import cmhs_metrics as cm
from cmhs_metrics import variation as v
from cmhs_metrics.variation.uncertain_ranks import _Draw, _drawn_ranks, _middle
from tests.support.refusals import ANY, problem, refused

whole = st.lists(st.integers(0, 20), min_size=2, max_size=30).map(lambda values: np.array(values, dtype=float))


class TestRanks:
    @pytest.mark.parametrize(
        ("ties", "expected"),
        [
            ("average", [2.5, 1, 2.5, 4]),
            ("min", [2, 1, 2, 4]),
            ("max", [3, 1, 3, 4]),
            ("dense", [2, 1, 2, 3]),
            ("first", [2, 1, 3, 4]),
        ],
    )
    def test_ties(self, ties: str, expected: list[float]) -> None:
        assert v.ranks(np.array([30.0, 50, 30, 10]), ties=ties).tolist() == expected

    @given(whole, st.sampled_from(["average", "min", "max", "dense", "first"]), st.booleans())
    def test_agree_with_pandas(self, values: np.ndarray, ties: str, highest_first: bool) -> None:
        column = pd.Series(values).where(values != 7)
        expected = column.rank(method=ties, ascending=not highest_first)
        np.testing.assert_array_equal(v.ranks(column, ties=ties, highest_first=highest_first), expected)

    @given(whole)
    def test_are_a_permutation(self, values: np.ndarray) -> None:
        assert sorted(v.ranks(values, ties="first")) == list(range(1, len(values) + 1))
        assert v.ranks(values).sum() == pytest.approx(len(values) * (len(values) + 1) / 2)

    @given(whole, st.floats(0.01, 100))
    def test_do_not_depend_on_units_or_order(self, values: np.ndarray, factor: float) -> None:
        found = v.ranks(values)
        np.testing.assert_array_equal(v.ranks(values * factor), found)
        np.testing.assert_array_equal(v.ranks(values[::-1])[::-1], found)
        np.testing.assert_array_equal(v.ranks(values, highest_first=False), len(values) + 1 - found)

    @pytest.mark.parametrize("ties", ["average", "min", "max", "dense", "first"])
    def test_one_place_alone_is_the_first(self, ties: str) -> None:
        assert v.ranks(np.array([5.0]), ties=ties).tolist() == [1]
        assert v.ranks(np.array([np.nan, 0.0]), ties=ties).tolist() == pytest.approx([np.nan, 1], nan_ok=True)

    def test_missing_stays_missing_in_every_kind(self) -> None:
        column = pd.Series([3.0, None, 9.0], index=["a", "b", "c"])
        found = v.ranks(column)
        assert found["c"] == 1
        assert math.isnan(found["b"])
        assert found.name == "rank"
        assert v.ranks(pl.Series([3, None, 9])).to_list() == [2, None, 1]
        assert v.ranks(pd.Series([3, None, 9], dtype="Int64")).isna().tolist() == [False, True, False]
        assert v.ranks(cm.units.Quantity(np.array([3.0, 9]), "GBP")).magnitude.tolist() == [2, 1]

    def test_refuses_other_ties(self) -> None:
        with refused("ties", "avrage", suggests="average"):
            v.ranks(np.array([1.0, 2]), ties="avrage")


class TestQuartileGroups:
    def test_by_hand(self) -> None:
        # Of 1 … 8 the quartiles are 2.75, 4.5 and 6.25.
        assert v.quartile_groups(np.arange(1.0, 9)).tolist() == [1, 1, 2, 2, 3, 3, 4, 4]
        assert v.quartile_groups(pl.Series([1, None, 2, 3, 4])).to_list() == [1, None, 2, 3, 4]
        # Of 0 … 100 they are 25, 50 and 75, each of which belongs to the quarter below it.
        assert v.quartile_groups(np.arange(101.0)).tolist() == [1] * 26 + [2] * 25 + [3] * 25 + [4] * 25

    @given(whole)
    def test_rise_with_the_values(self, values: np.ndarray) -> None:
        groups = v.quartile_groups(values)
        assert set(groups) <= {1, 2, 3, 4}
        assert (np.diff(groups[np.argsort(values, kind="stable")]) >= 0).all()

    def test_refuses_fewer_than_two(self) -> None:
        with refused("values", expected="two or more"):
            v.quartile_groups(np.array([1.0, math.nan]))


class TestRankIntervals:
    def test_two_places_as_normal_theory_has_it(self) -> None:
        # The difference of two estimates 1 apart, with standard errors 0.6 and 0.8, is normal with error 1: the first
        # is first with probability 0.841, and so is neither surely first at 95% nor open at 60%.
        pair = {"estimates": np.array([2.0, 1.0]), "standard_errors": np.array([0.6, 0.8])}
        assert v.rank_intervals(**pair).to_frame().to_numpy().tolist() == [[1, 1, 2], [2, 1, 2]]
        assert v.rank_intervals(**pair, confidence=0.60).to_frame().to_numpy().tolist() == [[1, 1, 1], [2, 2, 2]]
        # At 68.3% and beyond it opens: half of what is left, 0.159, is the chance of the other order.
        closed = v.rank_intervals(**pair, confidence=0.66, draws=50_000)
        assert (closed.upper[0], closed.lower[1]) == (1, 2)
        opened = v.rank_intervals(**pair, confidence=0.71, draws=50_000)
        assert (opened.upper[0], opened.lower[1]) == (2, 1)

    @pytest.mark.parametrize(("counts", "kind"), [((3, 0), "rate"), ((9, 4), "ratio")])
    def test_two_counts_as_theory_has_them(self, counts: tuple[int, int], kind: str) -> None:
        # Of two gamma variables with shapes a and b, the share of the second in both has a beta distribution (b, a).
        other_way = betainc(counts[0] + 0.5, counts[1] + 0.5, 0.5)
        data = {"counts": np.array(counts), "denominators": np.array([50.0, 50.0]), "kind": kind, "draws": 50_000}
        assert v.rank_intervals(**data, confidence=1 - 2 * other_way * 1.2).upper[0] == 1
        assert v.rank_intervals(**data, confidence=1 - 2 * other_way / 1.2).upper[0] == 2

    def test_lopsided_bounds_stay_lopsided(self) -> None:
        # The first may well lie far above its estimate, but hardly below it.
        first = {"estimates": 0.0, "lower": -0.1, "upper": 10.0}
        for other, open_ in ((1.0, True), (-1.0, False)):
            found = v.rank_intervals(
                np.array([first["estimates"], other]),
                lower=np.array([first["lower"], other - 0.1]),
                upper=np.array([first["upper"], other + 0.1]),
            )
            assert (found.lower[0] < found.upper[0]) == open_

    def test_hold_the_rank_of_the_first_and_last_of_many_uncertain_places(self) -> None:
        # Drawn anew, some of the many in the middle overtake the first more often than not.
        counts = np.random.default_rng(316).poisson(np.full(300, 20))
        found = v.rank_intervals(counts=counts, denominators=np.full(300, 1e4), draws=2_000, confidence=0.5)
        assert (found.lower <= found.rank).all()
        assert (found.rank <= found.upper).all()

    def test_places_far_apart_are_sure(self) -> None:
        found = v.rank_intervals(counts=np.array([10_000, 1_000, 100]), denominators=np.array([1e5, 1e5, 1e5]))
        for each in (found.rank, found.lower, found.upper):
            assert each.tolist() == [1, 2, 3]

    def test_places_all_alike_may_stand_anywhere(self) -> None:
        found = v.rank_intervals(counts=np.full(20, 50), denominators=np.full(20, 1e5))
        assert found.rank.tolist() == [1.0] * 20
        assert found.lower.max() <= 2
        assert found.upper.min() >= 19

    @given(st.lists(st.integers(0, 40), min_size=2, max_size=12), st.sampled_from(["rate", "proportion", "ratio"]))
    def test_hold_the_rank_and_stay_within_bounds(self, counts: list[int], kind: str) -> None:
        found = v.rank_intervals(counts=np.array(counts), denominators=np.full(len(counts), 50), kind=kind, draws=200)
        assert (found.lower <= found.rank).all()
        assert (found.rank <= found.upper).all()
        assert found.lower.min() >= 1
        assert found.upper.max() <= len(counts)
        np.testing.assert_array_equal(found.rank, v.ranks(np.array(counts, dtype=float), ties="min"))

    def test_widen_with_confidence_and_narrow_with_data(self) -> None:
        counts = np.array([40, 44, 48, 52, 56, 60])
        width = {}
        for times in (1, 100):
            for confidence in (0.5, 0.95):
                found = v.rank_intervals(
                    counts=counts * times, denominators=np.full(6, 1000 * times), confidence=confidence
                )
                width[times, confidence] = (found.upper - found.lower).sum()
        assert width[1, 0.5] < width[1, 0.95]
        assert width[100, 0.95] < width[1, 0.95]

    def test_the_same_seed_gives_the_same(self) -> None:
        data = {"counts": np.array([30, 33, 36, 39]), "denominators": np.full(4, 1000), "draws": 1000}
        first, again = v.rank_intervals(**data, seed=3), v.rank_intervals(**data, seed=3)
        np.testing.assert_array_equal(first.to_frame(), again.to_frame())

    def test_do_not_depend_on_units_or_direction(self) -> None:
        values, errors = np.array([5.0, 4, 3, 2.5, 1]), np.array([0.5, 1, 0.4, 2, 0.3])
        found = v.rank_intervals(values, standard_errors=errors)
        scaled = v.rank_intervals(values * 1000, standard_errors=errors * 1000)
        np.testing.assert_array_equal(found.to_frame(), scaled.to_frame())
        # The mirror image, drawn anew: ranks count from the other end, up to what 10,000 draws leave open.
        mirrored = v.rank_intervals(values, standard_errors=errors, highest_first=False)
        np.testing.assert_array_equal(mirrored.rank, 6 - found.rank)
        np.testing.assert_allclose(mirrored.lower, 6 - found.upper, atol=1)

    def test_bounds_are_as_good_as_standard_errors(self) -> None:
        values, errors = np.array([5.0, 4, 3, 2.5, 1]), np.array([0.5, 1, 0.4, 2, 0.3])
        z = 1.959963984540054
        found = v.rank_intervals(values, lower=values - z * errors, upper=values + z * errors)
        np.testing.assert_array_equal(found.to_frame(), v.rank_intervals(values, standard_errors=errors).to_frame())

    def test_places_at_zero_do_not_win_by_where_they_stand(self) -> None:
        # Their lower bound is their estimate, so half of their draws tie.
        zeros = np.zeros(9)
        found = v.rank_intervals(zeros, lower=zeros, upper=np.full(9, 3.0))
        assert set(found.lower) <= {1, 2}
        assert set(found.upper) <= {8, 9}

    def test_cover_the_true_rank(self) -> None:
        # 20 places whose true rates lie 8% apart, with some 400 events each: an interval of 90% should hold the true
        # rank about nine times in ten. 4,000 intervals leave a standard error of about half a point; draws scatter
        # more than the truth, and so intervals err on the wide side.
        random = np.random.default_rng(1998)
        true = 300 * 1.03 ** np.arange(20)
        held = []
        for seed in range(200):
            counts = random.poisson(true)
            found = v.rank_intervals(counts=counts, denominators=np.full(20, 1e5), confidence=0.9, draws=400, seed=seed)
            rank = np.arange(20, 0, -1)
            held.append((found.lower <= rank) & (rank <= found.upper))
        assert 0.88 <= np.mean(held) <= 0.98

    def test_missing_places_have_no_rank_and_are_not_counted(self) -> None:
        counts = pd.Series([90.0, None, 10.0], index=["a", "b", "c"])
        people = pd.Series([1e5, 1e5, 1e5], index=counts.index)
        found = v.rank_intervals(counts=counts, denominators=people)
        assert found.to_frame().loc["c"].tolist() == [2, 2, 2]
        assert found.to_frame().loc["b"].isna().all()
        assert (found.places, found.missing) == (2, 1)
        assert repr(found) == "<RankIntervals of 2 places, 1 missing, highest first, 95% from 10,000 draws>"
        polars = v.rank_intervals(counts=pl.Series([90, None, 10]), denominators=pl.Series([100, 100, 100]))
        assert polars.rank.to_list() == [1, None, 2]
        nobody = v.rank_intervals(counts=np.array([3, 0]), denominators=np.array([9, 0]), kind="proportion")
        assert math.isnan(nobody.rank[1])
        assert math.isnan(nobody.lower[1])
        assert (nobody.places, nobody.missing, nobody.upper[0]) == (1, 1, 1)
        assert v.rank_intervals(np.full(3, np.nan), standard_errors=np.ones(3)).places == 0

    def test_refuses_bad_input_with_all_its_problems(self) -> None:
        with refused(
            problem("confidence", 95, expected="a proportion"),
            problem("counts", 1.5, row="2nd row", expected="a whole number", names="fractional"),
            problem("counts", -2.0, row="3rd row", expected="zero or more"),
            problem("counts", 5.0, row="1st row", expected="no more than", names="denominator"),
            problem("counts", 4.0, row="4th row", expected="no more than", names="denominator"),
        ):
            v.rank_intervals(
                counts=np.array([5, 1.5, -2, 4]), denominators=np.array([3, 5, 5, 0]), kind="proportion", confidence=95
            )
        with refused("denominators", 0.0, row="1st row", expected=("a finite number", "above zero")):
            v.rank_intervals(counts=np.array([5, 6]), denominators=np.array([0, 10]))
        with refused("lower", 2.0, row="1st row", expected="no more than", names="estimate"):
            v.rank_intervals(np.array([1.0, 2]), lower=np.array([2.0, 1]), upper=np.array([3.0, 4]))
        with refused("standard_errors", 0.0, row="2nd row", expected="above zero"):
            v.rank_intervals(np.array([1.0, 2]), standard_errors=np.array([1.0, 0]))
        with refused("draws", 10, names=100):
            v.rank_intervals(np.array([1.0, 2]), standard_errors=np.array([1.0, 1]), draws=10)

    def test_shares_near_one_are_surer_than_rates(self) -> None:
        # 980 and 950 of 1,000: shares that differ by 3.7 of their standard errors, sqrt(p (1 - p) / 1000); as events with
        # the chance of a Poisson count, sqrt(p / 1000), by 0.7.
        given = {"counts": np.array([980, 950]), "denominators": np.array([1_000, 1_000])}
        sure, unsure = v.rank_intervals(**given, kind="proportion"), v.rank_intervals(**given, kind="rate")
        assert (sure.lower.tolist(), sure.upper.tolist()) == ([1, 2], [1, 2])
        assert (unsure.lower.tolist(), unsure.upper.tolist()) == ([1, 1], [2, 2])

    def test_a_bound_may_be_the_estimate(self) -> None:
        # A place where all did, or none: its share is its upper, or its lower, bound.
        found = v.rank_intervals(
            np.array([1.0, 0.8, 0.0]), lower=np.array([0.9, 0.7, 0.0]), upper=np.array([1.0, 0.9, 0.1])
        )
        assert found.rank.tolist() == [1, 2, 3]
        assert (found.lower[2], found.upper[2]) == (3, 3)

    def test_the_edges_are_accepted(self) -> None:
        found = v.rank_intervals(np.array([1.0, 2]), standard_errors=np.array([1.0, 1]), draws=100)
        assert found.rank.tolist() == [2, 1]
        found = v.rank_intervals(counts=np.array([5, 0]), denominators=np.array([5, 5]), kind="proportion")
        assert found.rank.tolist() == [1, 2]

    @pytest.mark.parametrize(
        ("number", "confidence", "ends"), [(200, 0.95, (5, 195)), (1_000, 0.9, (50, 950)), (10, 0.95, (1, 10))]
    )
    def test_ends_are_the_draws_that_the_percentages_reach(
        self, number: int, confidence: float, ends: tuple[int, int]
    ) -> None:
        # 2.5% of 200 draws are five, and 97.5% are 195: the fifth and the 195th, and neither the one after it.
        low, high = _middle(np.arange(1, number + 1)[None, ::-1].copy(), confidence)
        assert (low[0], high[0]) == ends

    def test_of_very_many_places_no_rank_runs_over(self) -> None:
        # Ranks are held in 16 bits while they fit: 65,536 do not.
        for number in (65_535, 65_536, 70_000):
            columns = {"estimates": np.arange(float(number)), "standard_errors": np.full(number, 1e-9)}
            drawn = _drawn_ranks(_Draw(columns, "rate", 0.95, 0), 2, highest_first=False)
            assert (drawn[:, 0] == np.arange(1, number + 1)).all()

    @pytest.mark.parametrize("names", [[], ["estimates"], ["counts"], ["estimates", "counts", "denominators"]])
    def test_refuses_other_combinations(self, names: list[str]) -> None:
        with refused(
            problem(
                "the values", ANY, names=("estimates", "standard_errors", "lower", "upper", "counts", "denominators")
            ),
            others=int(not names),
        ):
            v.rank_intervals(**{name: np.array([1.0, 2]) for name in names})


class TestQuantileGroups:
    # PHEindicatormethods 2.1.0 (UK Health Security Agency), tests/testthat/testdata_Quantiles.xlsx: under 75 mortality from
    # cancer, women, in the 12 authorities of the North East, low being better, and their tenths by rank.
    RATES = np.array([
        118.7460481, 131.2778276, 137.109864, 137.7256526, 138.9005229, 143.263302, 145.5966707, 146.6971262, 153.6912833,
        155.763081, 157.1222286, 171.2170455,
    ])  # fmt: skip

    def test_peers_data(self) -> None:
        found = v.quantile_groups(self.RATES, 10, invert=True)
        assert found.tolist() == [10, 9, 8, 7, 6, 6, 5, 4, 3, 2, 1, 1]

    def test_quarters_of_42_places(self) -> None:
        # By rank 11, 10, 11 and 10; by the quartiles 11, 10, 10 and 11.
        by_rank = v.quantile_groups(np.arange(42.0)).tolist()
        assert [by_rank.count(each) for each in (1, 2, 3, 4)] == [11, 10, 11, 10]
        by_quartile = v.quartile_groups(np.arange(42.0)).tolist()
        assert [by_quartile.count(each) for each in (1, 2, 3, 4)] == [11, 10, 10, 11]

    @pytest.mark.parametrize("groups", [2, 4, 5, 10, 20])
    @pytest.mark.parametrize("places", [20, 28, 42, 56, 92, 106, 399])
    def test_groups_differ_by_one_place_at_most(self, places: int, groups: int) -> None:
        found = v.quantile_groups(np.random.default_rng(places).permutation(places) * 1.0, groups)
        sizes = [int((found == each).sum()) for each in range(1, groups + 1)]
        assert sum(sizes) == places
        assert max(sizes) - min(sizes) <= 1

    def test_ties_and_missing(self) -> None:
        found = v.quantile_groups(pd.Series([1.0, 1, 1, 4, None], index=list("abcde")), 2)
        assert found.to_dict()["d"] == 2
        assert found.tolist()[:3] == [1, 1, 1]
        assert found.isna().tolist() == [False] * 4 + [True]

    @pytest.mark.parametrize("groups", [1, 2.5, 13, float("nan")])
    def test_groups_that_cannot_be(self, groups: float) -> None:
        with pytest.raises(cm.BadInput):
            v.quantile_groups(self.RATES, groups)  # type: ignore[arg-type]
