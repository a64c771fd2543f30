"""Life tables and the mortality gap: against a peer's published test data, by hand, and by simulation."""

from __future__ import annotations

import numpy as np
import pytest

from cmhs_metrics import BadInput
from cmhs_metrics import inequality as q
from cmhs_metrics import intervals as ci
from cmhs_metrics.inequality.life import STARTS

# PHEindicatormethods 2.1.0 (UK Health Security Agency), tests/testthat/testLifeExpectancy.R: people and deaths by age, and
# the further years and their 95% bounds at each age.
PEOPLE = np.array([
    7060, 35059, 46974, 48489, 43219, 38561, 46009, 57208, 61435, 55601, 50209, 56416, 46411, 39820, 37978, 37039, 33288,
    23306, 11936, 11936,
])  # fmt: skip
DEATHS = np.array([17, 9, 4, 8, 20, 15, 24, 33, 50, 71, 100, 163, 263, 304, 536, 872, 1390, 1605, 1936, 1937])
PUBLISHED = {
    0: (80.16960813, 79.88268548, 80.45653078), 1: (79.36245674, 79.0898816, 79.63503188),
    5: (75.44193645, 75.17407307, 75.70979983), 15: (65.52909542, 65.26548673, 65.79270412),
    25: (55.78835987, 55.53801579, 56.03870395), 45: (36.49322717, 36.26223216, 36.72422219),
    65: (18.76856852, 18.57570352, 18.96143352), 85: (6.163942934, 5.978358351, 6.349527517),
    90: (6.16210635, 5.887683386, 6.436529314),
}  # fmt: skip


class TestLifeExpectancy:
    @pytest.mark.parametrize("age", PUBLISHED)
    def test_peers_data(self, age: int) -> None:
        found = q.life_expectancy(DEATHS, PEOPLE, age)
        assert found.estimate == pytest.approx(PUBLISHED[age][0], abs=1e-7)
        # Its bounds take 1.96 for the quantile, which is 1.959964.
        assert (found.lower, found.upper) == pytest.approx(PUBLISHED[age][1:], abs=1e-5)

    def test_by_hand(self) -> None:
        # 20 of 5,000 die a year under 50: q = 0.004 × 50 / (1 + 0.004 × 25) = 2 / 11 die, half way through the band. From
        # 50 on a tenth dies a year, which leaves 10 years to live.
        found = q.life_expectancy(np.array([20, 500]), np.array([5_000, 5_000]), starts=[0, 50])
        assert found.estimate == pytest.approx(50 * (1 - 1 / 11) + 10 * 9 / 11)

    def test_of_more_than_five_thousand_people(self) -> None:
        deaths = np.array([20, 500])
        few, enough = (q.life_expectancy(deaths, np.array([2_500, each]), starts=[0, 50]) for each in (2_500, 2_501))
        assert np.isnan(few.estimate)
        assert enough.estimate > 40

    def test_places_at_once_and_levels(self) -> None:
        found = q.life_expectancy(np.array([DEATHS, DEATHS]), np.array([PEOPLE, PEOPLE]), confidence=[0.95, 0.998])
        assert found.estimate.tolist() == pytest.approx([80.16960813] * 2)
        assert found.lower.shape == (2, 2)
        assert (found.lower[:, 1] < found.lower[:, 0]).all()

    @pytest.mark.parametrize(
        ("deaths", "people"),
        [
            (DEATHS // 100, PEOPLE // 160),  # 4,900 people
            (np.append(DEATHS[:-1], 0), PEOPLE),
            (DEATHS, np.append(0, PEOPLE[1:])),
            (np.append(np.nan, DEATHS[1:]), PEOPLE),
        ],
    )
    def test_none_where_it_would_mislead(self, deaths: np.ndarray, people: np.ndarray) -> None:
        deaths = np.where(people == 0, 0, deaths)
        assert np.isnan(q.life_expectancy(deaths, people)).all()

    def test_what_cannot_be_is_refused(self) -> None:
        for deaths, people, options, named in (
            (-DEATHS, PEOPLE, {}, "deaths"),
            (DEATHS * 10.0, PEOPLE, {}, "deaths"),
            (DEATHS[:5], PEOPLE[:5], {}, "deaths"),
            (DEATHS, PEOPLE, {"at": 7}, "at"),
            (DEATHS, PEOPLE, {"starts": STARTS[::-1]}, "starts"),
        ):
            with pytest.raises(BadInput) as refused:
                q.life_expectancy(deaths, people, **options)
            assert named in {problem.column for problem in refused.value.problems}

    def test_coverage(self) -> None:
        draw, rates = np.random.default_rng(9), DEATHS / PEOPLE
        found = q.life_expectancy(draw.poisson(rates * PEOPLE / 10, (800, 20)), np.tile(PEOPLE // 10, (800, 1)))
        held = np.mean((found.lower <= 80.1696) & (found.upper >= 80.1696))
        assert 0.93 < held < 0.97


class TestGap:
    def test_is_the_difference(self) -> None:
        ill = DEATHS * 2
        ill[-2:] = DEATHS[-2:]
        own, other = q.life_expectancy(ill, PEOPLE), q.life_expectancy(DEATHS, PEOPLE)
        gap = q.life_expectancy_gap(ill, PEOPLE, DEATHS, PEOPLE)
        assert gap.estimate == pytest.approx(other.estimate - own.estimate)
        assert gap.estimate > 3
        halves = [(each.upper - each.lower) / 2 for each in (own, other, gap)]
        assert halves[2] == pytest.approx(np.hypot(*halves[:2]))


class TestFourColumns:
    """Deaths and people of one and of the other: what is wrong with each is said by its name."""

    NAMES = ("deaths", "populations", "reference_deaths", "reference_populations")

    @pytest.mark.parametrize("wrong", NAMES)
    def test_each_is_named(self, wrong: str) -> None:
        given = [-each if name == wrong else each for name, each in zip(self.NAMES, [DEATHS, PEOPLE] * 2, strict=True)]
        for function, more in ((q.life_expectancy_gap, ()), (q.excess_mortality, (np.ones(20),))):
            with pytest.raises(BadInput) as refused:
                function(*given, *more)
            assert {problem.column for problem in refused.value.problems} >= {wrong}


class TestExcessMortality:
    ILL, PEOPLE = np.array([30, 60]), np.array([1_000, 1_000])

    def test_by_hand(self) -> None:
        # 4.5% over 1.5%.
        found = q.excess_mortality(self.ILL, self.PEOPLE, np.array([10, 20]), self.PEOPLE, np.array([1, 1]))
        assert found.estimate == pytest.approx(200)
        # The exact interval of 90 events against 30 is (1.967, 4.693) times.
        exact = ci.rate_ratio_interval(90, 2_000, 30, 2_000)
        assert found.lower == pytest.approx((exact.lower - 1) * 100, abs=4)
        assert found.upper == pytest.approx((exact.upper - 1) * 100, abs=4)

    def test_standardising_takes_ages_out(self) -> None:
        # Twice the rate at each age, among people who are younger: the crude rates are the same.
        standard, old = np.array([1, 1]), np.array([10_000, 10_000])
        found = q.excess_mortality(
            np.array([200, 400]), np.array([10_000, 10_000]), np.array([100, 200]), old, standard
        )
        younger = q.excess_mortality(
            np.array([380, 40]), np.array([19_000, 1_000]), np.array([100, 200]), old, standard
        )
        assert found.estimate == pytest.approx(100)
        assert younger.estimate == pytest.approx(100)

    def test_of_few_deaths_there_is_none(self) -> None:
        found = q.excess_mortality(np.array([4, 5]), self.PEOPLE, np.array([10, 20]), self.PEOPLE, np.array([1, 1]))
        assert np.isnan(found).all()
