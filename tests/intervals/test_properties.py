"""Laws that every interval keeps."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmhs_metrics import intervals
from cmhs_metrics.intervals import ESP2013
from cmhs_metrics.intervals.bootstrap import _drawn_ratios

counts = st.integers(0, 100_000)
some = st.integers(1, 100_000)
people = st.floats(1, 1e8)
levels = st.floats(0.5, 0.999)


@st.composite
def shares(draw: st.DrawFn) -> tuple[int, int]:
    whole = draw(st.integers(1, 100_000))
    return draw(st.integers(0, whole)), whole


def contains(interval, estimate: float) -> bool:
    slack = 1e-12 * max(1, abs(estimate))
    return interval.lower - slack <= estimate <= interval.upper + slack


def width(interval) -> float:
    return interval.upper - interval.lower


class TestRate:
    @given(counts, people, levels)
    def test_contains_the_rate(self, count: int, population: float, level: float) -> None:
        found = intervals.rate_interval(count, population, confidence=level)
        assert 0 <= found.lower <= count / population * 1e5 * (1 + 1e-12)
        assert contains(found, count / population * 1e5)

    @given(counts, people, levels, levels)
    def test_widens_with_confidence(self, count: int, population: float, one: float, other: float) -> None:
        low, high = sorted((one, other))
        narrow, wide = (intervals.rate_interval(count, population, confidence=each) for each in (low, high))
        assert wide.lower <= narrow.lower
        assert wide.upper >= narrow.upper

    @given(some, st.integers(2, 50))
    def test_narrows_with_data(self, count: int, times: int) -> None:
        assert width(intervals.rate_interval(count * times, 1e6 * times)) < width(intervals.rate_interval(count, 1e6))

    @given(counts, people, st.sampled_from([1, 100, 1_000, 100_000]))
    def test_scales_with_per(self, count: int, population: float, per: int) -> None:
        assert intervals.rate_interval(count, population, per) == pytest.approx(
            [each * per for each in intervals.rate_interval(count, population, 1)]
        )

    @given(st.integers(0, 99_999), people)
    def test_rises_with_the_count(self, count: int, population: float) -> None:
        fewer, more = (intervals.rate_interval(each, population) for each in (count, count + 1))
        assert fewer.lower < more.lower
        assert fewer.upper < more.upper

    @given(st.lists(st.tuples(counts, st.sampled_from([0.0, 10.0, 1e5])), min_size=1, max_size=30), st.randoms())
    def test_order_of_the_rows_changes_nothing(self, rows, random) -> None:
        shuffled = list(range(len(rows)))
        random.shuffle(shuffled)
        count, population = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
        there = intervals.rate_interval(count, population)
        here = intervals.rate_interval(count[shuffled], population[shuffled])
        np.testing.assert_array_equal(here.lower, there.lower[shuffled])
        np.testing.assert_array_equal(here.upper, there.upper[shuffled])

    @given(counts)
    def test_never_infinite(self, count: int) -> None:
        assert all(math.isnan(bound) for bound in intervals.rate_interval(count, 0))

    @given(st.floats(0, 30))
    def test_fractions_lie_between_their_neighbours(self, count: float) -> None:
        found = intervals.rate_interval(count, 1, per=1, fractional=True)
        below, above = (intervals.rate_interval(each, 1, per=1) for each in (math.floor(count), math.ceil(count)))
        assert below.upper - 1e-9 <= found.upper <= above.upper + 1e-9
        assert below.lower - 1e-9 <= found.lower <= above.lower + 1e-9

    @given(st.lists(st.one_of(st.integers(0, 20).map(float), st.floats(0, 20)), min_size=1, max_size=6), levels)
    def test_a_column_is_its_rows_whatever_stands_beside_them(self, count: list[float], level: float) -> None:
        # Below 10 whole counts have limits of their own, and a column may hold both.
        column = intervals.rate_interval(np.array(count), 100.0, confidence=level, fractional=True)
        for at, each in enumerate(count):
            alone = intervals.rate_interval(each, 100.0, confidence=level, fractional=True)
            assert (column.lower[at], column.upper[at]) == pytest.approx((alone.lower, alone.upper), rel=1e-12)

    def test_a_whole_count_beside_a_fraction(self) -> None:
        # 2.5 events: half the chi-squared quantiles of 5 and 7 degrees of freedom, 0.8312 and 16.0128, by any table.
        found = intervals.rate_interval(np.array([2.5, 3.0]), np.array([100.0, 100.0]), fractional=True, per=100)
        assert (round(found.lower[0], 4), round(found.upper[0], 4)) == (0.4156, 8.0064)


class TestProportion:
    @given(shares(), levels)
    def test_contains_the_proportion_and_stays_within_0_and_1(self, share, level: float) -> None:
        part, whole = share
        found = intervals.proportion_interval(part, whole, level)
        assert contains(found, part / whole)
        assert found.lower >= 0
        assert found.upper <= 1
        assert (found.lower == 0) == (part == 0)
        assert (found.upper == 1) == (part == whole)

    @given(shares())
    def test_is_mirrored_by_the_complement(self, share) -> None:
        part, whole = share
        lower, upper = intervals.proportion_interval(part, whole)
        assert intervals.proportion_interval(whole - part, whole) == pytest.approx((1 - upper, 1 - lower), abs=1e-12)

    @given(shares(), st.integers(2, 50))
    def test_narrows_with_data(self, share, times: int) -> None:
        part, whole = share
        more = intervals.proportion_interval(part * times, whole * times)
        assert width(more) < width(intervals.proportion_interval(part, whole))

    def test_keeps_its_digits_for_a_tiny_share(self) -> None:
        # One in ten thousand million, and none: Wilson's upper bound of 0 of n is z² / (n + z²).
        z2 = 1.959963984540054**2
        assert intervals.proportion_interval(0, 10**10).upper == pytest.approx(z2 / (1e10 + z2), rel=1e-12)


class TestComparisons:
    @given(counts, people, some, people)
    def test_ratio_of_rates_is_undone_by_its_inverse(self, a: int, m: float, b: int, n: float) -> None:
        found = intervals.rate_ratio_interval(a, m, b, n)
        assert contains(found, (a / m) / (b / n))
        if a:
            back = intervals.rate_ratio_interval(b, n, a, m)
            assert back == pytest.approx((1 / found.upper, 1 / found.lower), rel=1e-6)

    @given(counts, people, counts, people)
    def test_difference_of_rates_changes_sign(self, a: int, m: float, b: int, n: float) -> None:
        found = intervals.rate_difference_interval(a, m, b, n)
        assert contains(found, (a / m - b / n) * 1e5)
        assert intervals.rate_difference_interval(b, n, a, m) == pytest.approx((-found.upper, -found.lower))

    @given(shares(), shares())
    def test_difference_of_proportions_changes_sign(self, one, other) -> None:
        found = intervals.proportion_difference_interval(*one, *other)
        assert contains(found, one[0] / one[1] - other[0] / other[1])
        assert found.lower >= -1 - 1e-12
        assert found.upper <= 1 + 1e-12
        back = intervals.proportion_difference_interval(*other, *one)
        assert back == pytest.approx((-found.upper, -found.lower), abs=1e-12)

    @given(shares(), shares(), levels)
    def test_ratio_of_proportions_contains_the_ratio(self, one, other, level: float) -> None:
        found = intervals.proportion_ratio_interval(*one, *other, level)
        if other[0] == 0:
            assert math.isnan(found.upper)
            assert math.isnan(found.lower) is (one[0] == 0)
        else:
            assert found.lower >= 0
            assert contains(found, (one[0] / one[1]) / (other[0] / other[1]))
            assert math.isfinite(found.upper)

    def test_ratio_to_nothing_is_undefined(self) -> None:
        for found in (intervals.rate_ratio_interval(0, 100, 0, 100), intervals.rate_ratio_interval(5, 100, 5, 0)):
            assert all(math.isnan(bound) for bound in found)

    def test_ratio_to_none_has_a_lower_bound_alone(self) -> None:
        # All 5 events are of the one: the share that Clopper and Pearson's bound leaves is 0.025 ** (1 / 5).
        share = 0.025 ** (1 / 5)
        lower, upper = intervals.rate_ratio_interval(5, 10, 0, 10)
        assert lower == pytest.approx(share / (1 - share))
        assert math.isnan(upper)
        # Donner and Zou's lower bound as the reference goes to nothing: √(l (2p − l)) over its upper bound.
        (low, _), (_, high) = intervals.proportion_interval(3, 10), intervals.proportion_interval(0, 10)
        lower, upper = intervals.proportion_ratio_interval(3, 10, 0, 10)
        assert lower == pytest.approx(math.sqrt(low * (0.6 - low)) / high)
        assert math.isnan(upper)
        assert all(math.isnan(bound) for bound in intervals.proportion_ratio_interval(0, 10, 0, 10))

    def test_less_than_one_person_is_a_population(self) -> None:
        # 5 and 8 events in half a person's year each, and in 50 of them: the ratio of the rates is the same.
        halves = intervals.rate_ratio_interval(5, 0.5, 8, 0.5)
        assert halves == pytest.approx(intervals.rate_ratio_interval(5, 50, 8, 50))
        ones = intervals.rate_ratio_interval(1, 10, 0, 10)
        # Of one event of two: Clopper and Pearson's bounds of 1 of 1, 0.025 and 1.
        assert ones.lower == pytest.approx(0.025 / 0.975)

    def test_ratio_of_nothing_to_something(self) -> None:
        for found in (
            intervals.rate_ratio_interval(0, 100, 5, 100),
            intervals.proportion_ratio_interval(0, 100, 5, 100),
        ):
            assert found.lower == 0
            assert 0 < found.upper < 2

    @given(shares(), levels)
    def test_difference_and_ratio_agree_on_what_is_no_difference(self, share, level: float) -> None:
        assert contains(intervals.proportion_difference_interval(*share, *share, level), 0)
        if share[0]:
            assert contains(intervals.proportion_ratio_interval(*share, *share, level), 1)


class TestMean:
    values = st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=50)

    @given(values, levels)
    def test_values_and_their_summary_agree(self, values: list[float], level: float) -> None:
        array = np.array(values)
        summary = {"mean": float(array.mean()), "sd": float(array.std(ddof=1)), "n": len(values)}
        assert intervals.mean_interval(array, level) == intervals.mean_interval(confidence=level, **summary)

    @given(values, st.floats(-1e3, 1e3), st.floats(0.1, 100))
    def test_moves_and_scales_with_the_values(self, values: list[float], shift: float, scale: float) -> None:
        lower, upper = intervals.mean_interval(np.array(values))
        moved = intervals.mean_interval(np.array(values) * scale + shift)
        assert moved == pytest.approx((lower * scale + shift, upper * scale + shift), rel=1e-6, abs=1e-2)

    def test_rows_of_an_array_are_means_of_their_own(self) -> None:
        array = np.array([[1.0, 2, 3], [4, 4, 4]])
        found = intervals.mean_interval(array)
        assert found.lower[0] == intervals.mean_interval(array[0]).lower
        assert (found.lower[1], found.upper[1]) == (4, 4)

    def test_a_missing_value_makes_the_interval_missing(self) -> None:
        assert all(math.isnan(bound) for bound in intervals.mean_interval(np.array([1.0, math.nan, 3.0])))


class TestStandardisedRate:
    bands = st.lists(st.tuples(st.integers(2, 500), st.integers(500, 50_000)), min_size=19, max_size=19)

    @given(bands, levels)
    def test_contains_the_rate(self, rows, level: float) -> None:
        events, populations = np.array(rows).T
        found = intervals.standardised_rate(events, populations, confidence=level)
        assert contains(found, found.estimate)
        assert found.estimate == pytest.approx(sum(events / populations * np.array(ESP2013.weights)), rel=1e-12)

    @given(bands, st.floats(0.001, 1_000))
    def test_only_the_shape_of_the_standard_counts(self, rows, scale: float) -> None:
        events, populations = np.array(rows).T
        scaled = np.array(ESP2013.weights) * scale
        assert intervals.standardised_rate(events, populations, scaled) == pytest.approx(
            intervals.standardised_rate(events, populations)
        )

    @given(bands, st.randoms())
    def test_order_of_the_bands_changes_nothing(self, rows, random) -> None:
        order = list(range(19))
        random.shuffle(order)
        events, populations = np.array(rows).T
        bands = [ESP2013.bands[place] for place in order]
        assert intervals.standardised_rate(events[order], populations[order], age_bands=bands) == pytest.approx(
            intervals.standardised_rate(events, populations)
        )

    @given(bands)
    def test_equals_the_crude_rate_in_the_standards_own_population(self, rows) -> None:
        events = np.array(rows).T[0]
        crude = events.sum() / 100_000 * 1e5
        assert intervals.standardised_rate(events, np.array(ESP2013.weights)).estimate == pytest.approx(crude)

    @given(st.floats(0.0005, 0.02), bands)
    def test_the_same_rate_at_every_age_needs_no_standardising(self, rate: float, rows) -> None:
        populations = np.array(rows).T[1].astype(float)
        events = populations * rate
        found = intervals.standardised_rate(events, populations, fractional=True)
        if events.sum() >= 10:
            assert found.estimate == pytest.approx(rate * 1e5)

    @given(bands, bands)
    def test_places_do_not_touch_each_other(self, one, other) -> None:
        events, populations = (np.array([one, other])[..., place] for place in (0, 1))
        together = intervals.standardised_rate(events, populations)
        for place in (0, 1):
            alone = intervals.standardised_rate(events[place], populations[place])
            np.testing.assert_allclose([field[place] for field in together], alone, rtol=1e-12)


class TestIndirect:
    @given(bands := TestStandardisedRate.bands)
    def test_the_reference_itself_has_a_ratio_of_one(self, rows) -> None:
        events, populations = np.array(rows).T
        expected = intervals.expected_events(populations, events, populations)
        found = intervals.standardised_ratio(int(events.sum()), expected)
        assert found.estimate == pytest.approx(1)
        assert contains(found, 1)

    @given(counts, st.floats(0.1, 1e5))
    def test_a_reference_of_100(self, observed: int, expected: float) -> None:
        assert intervals.standardised_ratio(observed, expected, reference=100) == pytest.approx(
            [each * 100 for each in intervals.standardised_ratio(observed, expected)]
        )


class TestCostPerPatient:
    organisations = st.lists(
        st.tuples(st.integers(1_000, 10**7), st.integers(1, 10_000)), min_size=2, max_size=40, unique=True
    )

    @given(organisations, st.randoms())
    def test_order_changes_nothing(self, rows, random) -> None:
        cost, patients = np.array(rows).T
        order = list(range(len(rows)))
        random.shuffle(order)
        there = intervals.cost_per_patient_interval(cost, patients, draws=1_000)
        assert intervals.cost_per_patient_interval(cost[order], patients[order], draws=1_000) == there

    @given(organisations, st.floats(0.01, 100))
    def test_scales_with_the_cost(self, rows, scale: float) -> None:
        cost, patients = np.array(rows, dtype=float).T
        there = intervals.cost_per_patient_interval(cost, patients, draws=1_000)
        scaled = intervals.cost_per_patient_interval(cost * scale, patients, draws=1_000)
        assert scaled == pytest.approx([bound * scale for bound in there])

    @given(organisations)
    def test_lies_within_the_organisations_own_costs(self, rows) -> None:
        cost, patients = np.array(rows, dtype=float).T
        found = intervals.cost_per_patient_interval(cost, patients, draws=1_000)
        own = cost / patients
        assert own.min() * (1 - 1e-12) <= found.lower <= found.upper <= own.max() * (1 + 1e-12)

    def test_no_spread_no_width(self) -> None:
        found = intervals.cost_per_patient_interval(np.array([100.0, 200.0, 400.0]), np.array([1, 2, 4]))
        assert found == (100, 100)

    @pytest.mark.parametrize("at_once", [1, 7, 2**20])
    def test_every_draw_is_made_however_many_at_once(self, at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
        patients = np.array([1.0, 2, 4])
        monkeypatch.setattr("cmhs_metrics.intervals.bootstrap.AT_ONCE", at_once)
        assert (_drawn_ratios(2 * patients, patients, 0, 100) == 2).all()
        costs = np.array([5.0, 1, 7])
        monkeypatch.undo()
        together = _drawn_ratios(costs, patients, 0, 100)
        monkeypatch.setattr("cmhs_metrics.intervals.bootstrap.AT_ONCE", at_once)
        assert (_drawn_ratios(costs, patients, 0, 100) == together).all()

    def test_seed_decides(self) -> None:
        draw = np.random.default_rng(3)
        cost, patients = draw.gamma(4, 1e6, 30), draw.integers(100, 9_000, 30)
        one = intervals.cost_per_patient_interval(cost, patients, seed=1)
        assert one == intervals.cost_per_patient_interval(cost, patients, seed=1)
        assert one != intervals.cost_per_patient_interval(cost, patients, seed=2)
        assert one == pytest.approx(intervals.cost_per_patient_interval(cost, patients, seed=2), rel=0.02)

    def test_is_near_the_textbooks_standard_error_of_a_ratio(self) -> None:
        # Cochran WG, Sampling Techniques (1977), chapter 6: the variance of a ratio of two sums.
        draw = np.random.default_rng(11)
        patients = draw.integers(500, 6_000, 200)
        cost = patients * draw.normal(3_345, 300, 200)
        pooled = cost.sum() / patients.sum()
        residual = cost - pooled * patients
        error = math.sqrt((residual**2).sum() / 199 * 200) / patients.sum()
        found = intervals.cost_per_patient_interval(cost, patients)
        assert width(found) == pytest.approx(2 * 1.96 * error, rel=0.05)

    def test_a_draw_without_patients_leaves_it_undefined(self) -> None:
        found = intervals.cost_per_patient_interval(np.array([5.0, 7.0]), np.array([0.0, 2.0]))
        assert all(math.isnan(bound) for bound in found)

    def test_widens_with_confidence(self) -> None:
        draw = np.random.default_rng(5)
        found = intervals.cost_per_patient_interval(
            draw.gamma(4, 1e6, 30), draw.integers(100, 9_000, 30), [0.8, 0.95, 0.99]
        )
        assert (np.diff(found.lower) < 0).all()
        assert (np.diff(found.upper) > 0).all()
