"""Worked examples: the figures that the sources print."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cmhs_metrics import intervals
from cmhs_metrics.intervals import ESP2013


class TestExactPoisson:
    """Pearson ES, Hartley HO, Biometrika Tables for Statisticians I, table 40: limits of a Poisson mean at 95%."""

    @pytest.mark.parametrize(
        ("count", "lower", "upper"),
        [
            (0, 0.0, 3.69), (1, 0.0253, 5.57), (2, 0.242, 7.22), (3, 0.619, 8.77), (4, 1.09, 10.24),
            (5, 1.62, 11.67), (6, 2.20, 13.06), (7, 2.81, 14.42), (8, 3.45, 15.76), (9, 4.12, 17.08),
        ],
    )  # fmt: skip
    def test_fewer_than_ten(self, count: int, lower: float, upper: float) -> None:
        found = intervals.rate_interval(count, 1, per=1)
        assert found.lower == pytest.approx(lower, abs=0.005)
        assert found.upper == pytest.approx(upper, abs=0.005)

    @pytest.mark.parametrize(
        ("count", "lower", "upper"),
        [(10, 4.80, 18.39), (15, 8.40, 24.74), (20, 12.22, 30.89), (30, 20.24, 42.83), (50, 37.11, 65.92)],
    )
    def test_byars_method_is_near_from_ten_upward(self, count: int, lower: float, upper: float) -> None:
        # "within 0.2% of the exact value for numerators of 10 or more": PHE Technical Guide 2018, appendix 1.
        found = intervals.rate_interval(count, 1, per=1)
        # The table's own rounding comes on top.
        assert found.lower == pytest.approx(lower, abs=0.002 * lower + 0.005)
        assert found.upper == pytest.approx(upper, abs=0.002 * upper + 0.005)

    def test_byars_method_by_hand(self) -> None:
        # 100 (1 − 1/900 − 1.96/30)³ and 101 (1 − 1/909 + 1.96/(3 √101))³, with z = 1.959964.
        lower = 100 * (1 - 1 / 900 - 1.959963984540054 / 30) ** 3
        upper = 101 * (1 - 1 / 909 + 1.959963984540054 / (3 * math.sqrt(101))) ** 3
        found = intervals.rate_interval(100, 20_000, per=1_000)
        assert found == pytest.approx((lower / 20, upper / 20), rel=1e-12)


class TestWilson:
    """Newcombe RG, Stat Med 1998;17:857–72: table I, method 3."""

    @pytest.mark.parametrize(
        ("part", "whole", "lower", "upper"),
        [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0000, 0.1611), (1, 29, 0.0061, 0.1718)],
    )
    def test_newcombes_examples(self, part: int, whole: int, lower: float, upper: float) -> None:
        found = intervals.proportion_interval(part, whole)
        assert (round(found.lower, 4), round(found.upper, 4)) == (lower, upper)


class TestDifferenceOfProportions:
    """Newcombe RG, Stat Med 1998;17:873–90: table II, method 10."""

    @pytest.mark.parametrize(
        ("first", "second", "lower", "upper"),
        [
            ((56, 70), (48, 80), 0.0524, 0.3339), ((9, 10), (3, 10), 0.1705, 0.8090), ((6, 7), (2, 7), 0.0582, 0.8062),
            ((5, 56), (0, 29), -0.0381, 0.1926), ((0, 10), (0, 20), -0.1611, 0.2775),
            ((0, 10), (0, 10), -0.2775, 0.2775), ((10, 10), (0, 20), 0.6791, 1.0), ((10, 10), (0, 10), 0.6075, 1.0),
        ],
    )  # fmt: skip
    def test_newcombes_examples(self, first, second, lower: float, upper: float) -> None:
        found = intervals.proportion_difference_interval(*first, *second)
        assert (round(found.lower, 4), round(found.upper, 4)) == (lower, upper)

    def test_perondi(self) -> None:
        # Fagerland, Lydersen, Laake, Statistical Analysis of Contingency Tables (2017), chapter 4: Newcombe hybrid score.
        found = intervals.proportion_difference_interval(7, 34, 1, 34)
        assert (round(found.lower, 4), round(found.upper, 4)) == (0.0189, 0.3404)


class TestRatioOfProportions:
    def test_perondi(self) -> None:
        # The same book and chapter: "MOVER-R Wilson", 7.0000 (1.1537 to 41.9763).
        found = intervals.proportion_ratio_interval(7, 34, 1, 34)
        assert (round(found.lower, 4), round(found.upper, 4)) == (1.1537, 41.9763)


class TestRatioOfRates:
    def test_fay(self) -> None:
        # Fay MP, vignette of the R package rateratio.test, section 1.
        found = intervals.rate_ratio_interval(2, 17_877, 9, 16_660)
        assert found == pytest.approx((0.02177406, 1.00054910), abs=5e-9)

    def test_r_poisson_test(self) -> None:
        # The example of R's help page for poisson.test, c(11, 6+8+7) in c(800, 1083+1050+878).
        found = intervals.rate_ratio_interval(11, 800, 21, 3_011)
        assert found == pytest.approx((0.8584264, 4.2772659), abs=5e-8)


class TestDifferenceOfRates:
    def test_by_hand_from_the_published_limits(self) -> None:
        # 9 events (4.115–17.085) against 5 (1.623–11.668), each in 1 person: 4 − √((9 − 4.115)² + (11.668 − 5)²) …
        lower = 4 - math.hypot(9 - 4.115, 11.668 - 5)
        upper = 4 + math.hypot(17.085 - 9, 5 - 1.623)
        assert intervals.rate_difference_interval(9, 1, 5, 1, per=1) == pytest.approx((lower, upper), abs=2e-3)


class TestMean:
    def test_blood_pressure_of_100_men(self) -> None:
        # Gardner MJ, Altman DG, BMJ 1986;292:746–50: 146.4 mmHg, SD 18.5, "142.7 to 150.1".
        found = intervals.mean_interval(mean=146.4, sd=18.5, n=100)
        assert (round(found.lower, 1), round(found.upper, 1)) == (142.7, 150.1)

    def test_from_the_values_by_hand(self) -> None:
        # Of 1, 2, 3 the mean is 2, the standard deviation 1, and t with 2 degrees of freedom 4.303 (any t table).
        assert intervals.mean_interval(np.array([1.0, 2.0, 3.0])) == pytest.approx(
            (2 - 4.303 / math.sqrt(3), 2 + 4.303 / math.sqrt(3)), abs=5e-4
        )


class TestDirectlyStandardised:
    # Down's syndrome by mother's age in births of fifth and later order, Michigan: Fleiss JL, Statistical Methods for
    # Rates and Proportions (1981), table 14.4.
    CASES = np.array([0, 8, 63, 112, 262, 295])
    BIRTHS = np.array([327, 30_666, 123_419, 149_919, 104_088, 34_392])
    OF_ALL_ORDERS = np.array([319_933, 931_318, 786_511, 488_235, 237_863, 61_313])

    def test_downs_syndrome(self) -> None:
        # Vignette of the R package dsrTest: 75.52901 per 100,000.
        found = intervals.standardised_rate(self.CASES, self.BIRTHS, self.OF_ALL_ORDERS)
        assert found.estimate == pytest.approx(75.52901, abs=5e-6)

    def test_epidemiologic_surveillance(self) -> None:
        # Frome EL, Oak Ridge: "directly adjusted rates", example 1 (rate 19.3490, standard error 6.2478, 22 events).
        weights = np.array([146_881, 110_905, 118_580, 103_720, 42_403])
        events, people = np.array([3, 9, 7, 2, 1]), np.array([0.0830, 0.5232, 0.4477, 0.3489, 0.0947])
        found = intervals.standardised_rate(events, people, weights, per=1)
        assert found.estimate == pytest.approx(19.3490, rel=1e-3)  # the printed people are rounded
        # Dobson's limits of these from Pearson and Hartley's 13.79 and 33.31 for 22 events.
        assert found.lower == pytest.approx(19.3490 + 6.2478 / math.sqrt(22) * (13.79 - 22), rel=3e-3)
        assert found.upper == pytest.approx(19.3490 + 6.2478 / math.sqrt(22) * (33.31 - 22), rel=3e-3)

    def test_one_age_band_is_a_crude_rate(self) -> None:
        # With one band there is nothing to standardise, and Dobson's limits are Byar's.
        found = intervals.standardised_rate(np.array([30]), np.array([1_000]), np.array([1]), per=1_000)
        assert found == pytest.approx((30, *intervals.rate_interval(30, 1_000, per=1_000)))


class TestIndirectlyStandardised:
    @pytest.mark.parametrize(
        ("observed", "expected", "printed"), [(96, 640.4, (0.15, 0.12, 0.18)), (4, 7.6, (0.53, 0.14, 1.35))]
    )
    def test_interval_cancers(self, observed: int, expected: float, printed: tuple[float, ...]) -> None:
        # BMC Medicine 2010;8:11, table 2: OBS:EXP ratio (95% CI).
        found = intervals.standardised_ratio(observed, expected)
        assert tuple(round(each, 2) for each in found) == printed

    def test_rate_is_ratio_times_reference(self) -> None:
        # 30 where 20 are expected, with 50 per 100,000 in the reference: 75 per 100,000.
        found = intervals.indirectly_standardised_rate(30, 20, reference_rate=50)
        assert found.estimate == 75
        assert found[1:] == pytest.approx([30 / 20 * 50 / 30 * each for each in intervals.rate_interval(30, 1, per=1)])

    def test_expected_events_by_hand(self) -> None:
        # 1,000 × 50/10,000 + 2,000 × 300/10,000 = 5 + 60.
        populations = np.array([[1_000, 2_000], [0, 100]])
        found = intervals.expected_events(populations, np.array([50, 300]), np.array([10_000, 10_000]))
        assert found.tolist() == [65, 3]


class TestEuropeanStandardPopulation:
    def test_is_a_hundred_thousand_people(self) -> None:
        assert sum(ESP2013.weights) == 100_000

    def test_share_aged_65_and_over(self) -> None:
        # Eurostat's report of 2013: 19.5% are 65 and over (11% were in the standard of 1976).
        assert ESP2013.in_bands(["0-64", "65+"]).weights == (80_500, 19_500)
