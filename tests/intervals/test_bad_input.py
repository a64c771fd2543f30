"""Bad input is refused with all its problems at once, each naming argument, row, value and what was expected."""

from __future__ import annotations

import math
import re

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pytest

import cmhs_metrics as cm
from cmhs_metrics import intervals
from cmhs_metrics.ages import AgeBand
from cmhs_metrics.intervals import ESP2013, StandardPopulation
from tests.support.refusals import ANY, problem, raised, refused

BANDS = [band.label for band in ESP2013.bands]


def problems(call, *arguments, **options) -> list[tuple]:
    with pytest.raises(cm.BadInput) as caught:
        call(*arguments, **options)
    return [(each.column, each.row, each.value) for each in caught.value.problems]


class TestCounts:
    def test_everything_wrong_with_two_numbers_at_once(self) -> None:
        found = problems(intervals.rate_interval, -1, -5, per=0, confidence=95)
        assert found == [("confidence", None, 95), ("per", None, 0), ("count", None, -1), ("population", None, -5)]

    def test_a_row_is_named_by_its_label_and_the_way_out_too(self) -> None:
        with refused("count", -2.0, row="index=RT2", expected=("a whole number", "zero or more"), names="fractional"):
            intervals.rate_interval(pd.Series([4, -2], index=["RT1", "RT2"]), 1_000)

    def test_rows_of_an_array(self) -> None:
        count, people = np.array([1, -2, 3.5, math.inf]), np.array([10, 10, -1, 10])
        assert problems(intervals.rate_interval, count, people) == [
            ("count", "4th row", math.inf),
            ("count", "2nd row", -2),
            ("count", "3rd row", 3.5),
            ("population", "3rd row", -1),
        ]

    def test_a_cell_is_named_once_however_much_is_wrong_with_it(self) -> None:
        assert problems(intervals.rate_interval, np.array([-2.5, -math.inf]), 10.0) == [
            ("count", "1st row", -2.5),
            ("count", "2nd row", -math.inf),
        ]

    def test_many_are_counted_and_few_shown(self) -> None:
        with refused(problem("count", -1.0, row="1st row", expected="a whole number"), others=999):
            intervals.rate_interval(np.full(1_000, -1.0), 10.0)

    def test_a_fraction_is_no_count_unless_allowed(self) -> None:
        with refused("count", 2.5, expected=("a whole number", "zero or more"), names="fractional"):
            intervals.rate_interval(2.5, 100)
        assert intervals.rate_interval(2.5, 100, fractional=True).upper > intervals.rate_interval(2, 100).upper

    def test_rounding_of_a_unit_makes_no_fraction(self) -> None:
        found = intervals.rate_interval(np.array([0.07 * 100]), 1_000.0)  # 7.000000000000001
        assert found.lower == pytest.approx(intervals.rate_interval(7, 1_000).lower)

    def test_fewer_than_ten_by_rounding_only(self) -> None:
        assert intervals.rate_interval(10 - 1e-13, 1, per=1) == pytest.approx(intervals.rate_interval(10, 1, per=1))

    def test_as_missing_where_that_is_asked_for(self) -> None:
        count = pl.Series([5, -1, 7])
        found = intervals.rate_interval(count, pl.Series([10, 10, -3]), on_bad_input="missing")
        assert found.lower.is_null().to_list() == [False, True, True]
        assert count.to_list() == [5, -1, 7]

    def test_the_callers_arrays_are_never_changed(self) -> None:
        count, people = np.array([5.0, -1.0]), np.array([10.0, 0.0])
        intervals.rate_interval(count, people, on_bad_input="missing")
        assert (count.tolist(), people.tolist()) == ([5, -1], [10, 0])

    def test_missing_and_zero_are_no_bad_input(self) -> None:
        found = intervals.rate_interval(np.array([math.nan, 0, 3]), np.array([100, 100, 0.0]))
        assert np.isnan(found.lower).tolist() == [True, False, True]

    @pytest.mark.parametrize("wrong", ["5", None, [1, 2], True])
    def test_what_is_no_value_at_all(self, wrong) -> None:
        with raised(TypeError, "count"):
            intervals.rate_interval(wrong, 100)

    def test_different_indexes(self) -> None:
        with raised(ValueError, "count", "population", "indexes"):
            intervals.rate_interval(pd.Series([1, 2]), pd.Series([1, 2], index=[1, 2]))

    def test_only_one_with_a_unit(self) -> None:
        with raised(TypeError, "count", "population", "unit"):
            intervals.rate_interval(cm.units.Quantity(5, "patient"), 100)


class TestOptions:
    @pytest.mark.parametrize("level", [0, 1, 95, -0.1, math.nan, True, "0.95", None])
    def test_levels_that_are_none(self, level) -> None:
        with refused("confidence", level, expected="a proportion"):
            intervals.rate_interval(5, 100, confidence=level)

    @pytest.mark.parametrize(
        ("levels", "value", "expected"),
        [([], [], "at least one"), ([0.95, 0.95], [0.95, 0.95], "once"), ([0.95, 95], 95, "a proportion")],
    )
    def test_lists_of_levels(self, levels, value, expected) -> None:
        with refused("confidence", value, expected=expected):
            intervals.proportion_interval(np.array([5]), np.array([100]), levels)

    @pytest.mark.parametrize("per", [0, -1, math.inf, math.nan, "100k", None, True])
    def test_per(self, per) -> None:
        with refused("per", per, expected="above zero"):
            intervals.rate_interval(5, 100, per=per)

    def test_on_bad_input(self) -> None:
        with refused("on_bad_input", "ignore", names=("refuse", "missing")):
            intervals.rate_interval(5, 100, on_bad_input="ignore")

    def test_even_where_the_number_is_missing(self) -> None:
        with refused("confidence", 95, expected="a proportion"):
            intervals.rate_interval(pd.NA, 100, confidence=95)

    def test_reference(self) -> None:
        with refused("reference", 0, expected="above zero"):
            intervals.standardised_ratio(5, 4.0, reference=0)
        with refused("reference_rate", -3, expected="above zero"):
            intervals.indirectly_standardised_rate(5, 4.0, reference_rate=-3)

    def test_bad_cells_as_missing_and_fractions_in_each_function(self) -> None:
        cells, ones = np.array([-1.0, 20]), np.array([25.0, 25])
        for function, more in (
            (intervals.rate_interval, ()),
            (intervals.proportion_interval, ()),
            (intervals.standardised_ratio, ()),
            (intervals.indirectly_standardised_rate, (7.0,)),
            (intervals.rate_ratio_interval, (30, 40)),
            (intervals.rate_difference_interval, (30, 40)),
            (intervals.proportion_ratio_interval, (30, 40)),
            (intervals.proportion_difference_interval, (30, 40)),
        ):
            found = function(cells, ones, *more, on_bad_input="missing")
            assert [np.isnan(field).tolist() for field in found] == [[True, False]] * len(found), function
            with pytest.raises(cm.BadInput):
                function(cells, ones, *more)
            with pytest.raises(cm.BadInput):
                function(np.abs(cells) + 0.5, ones, *more)
            assert not np.isnan(function(np.abs(cells) + 0.5, ones, *more, fractional=True)).any(), function


class TestProportions:
    def test_events_above_population(self) -> None:
        with refused("numerator", 11.0, row="2nd row", expected="no more than", names="denominator"):
            intervals.proportion_interval(np.array([5, 11]), np.array([10, 10]))
        assert problems(intervals.proportion_difference_interval, 11, 10, 3, 2) == [
            ("numerator", None, 11),
            ("reference_numerator", None, 3),
        ]

    def test_nothing_of_nothing_is_undefined(self) -> None:
        assert all(math.isnan(bound) for bound in intervals.proportion_interval(0, 0))


class TestMeans:
    def test_fewer_than_two_values(self) -> None:
        with refused("values", "one value", expected="two or more"):
            intervals.mean_interval(np.array([5.0]))
        with refused("values", "no values", expected="two or more"):
            intervals.mean_interval(np.array([]))
        with refused("values", 5.0, expected="a column"):
            intervals.mean_interval(5.0)

    def test_a_summary_of_one_value_has_no_spread(self) -> None:
        found = intervals.mean_interval(mean=np.array([5.0, 5.0]), sd=np.array([math.nan, 1.0]), n=np.array([1, 10]))
        assert np.isnan(found.lower).tolist() == [True, False]
        assert math.isnan(intervals.mean_interval(mean=5.0, sd=1.0, n=1).lower)

    def test_summary(self) -> None:
        assert problems(intervals.mean_interval, mean=math.nan, sd=-1.0, n=2.5) == [("sd", None, -1), ("n", None, 2.5)]

    @pytest.mark.parametrize(
        "given", [{}, {"mean": 5}, {"mean": 5, "sd": 1}, {"values": np.array([1.0, 2.0]), "sd": 1}], ids=str
    )
    def test_neither_values_nor_a_whole_summary(self, given) -> None:
        with raised(TypeError, "mean", "sd", "n"):
            intervals.mean_interval(**given)


class TestStandardisedRates:
    events, people = np.full(19, 5), np.full(19, 1_000)

    def test_bands_that_are_not_as_many(self) -> None:
        with refused(problem("events", "18 age bands", names=19), problem("populations", "18 age bands", names=19)):
            intervals.standardised_rate(self.events[:18], self.people[:18])
        with refused("populations", "18 age bands"):
            intervals.standardised_rate(self.events, self.people[:18])
        with refused(problem("events", 5.0), problem("populations", 100.0)):
            intervals.standardised_rate(5, 100)

    def test_bands_that_the_standard_does_not_have(self) -> None:
        bands = ["0-14", *BANDS[3:]]
        found = problems(intervals.standardised_rate, np.full(17, 5), np.full(17, 100), age_bands=bands)
        assert ("age_band", None, "0-14") in found
        assert [row for _, row, _ in found if row] == ["age band 0–4", "age band 5–9", "age band 10–14"]

        with refused(problem("age_band", ANY, names="standard_population"), others=ANY):
            intervals.standardised_rate(self.events, self.people, {"0-9": 1, "10+": 1}, age_bands=BANDS)

    def test_weights_beside_bands_are_as_many(self) -> None:
        weights = np.array(ESP2013.weights)
        plain = intervals.standardised_rate(self.events, self.people, weights)
        assert intervals.standardised_rate(self.events, self.people, weights, age_bands=BANDS) == pytest.approx(plain)
        with refused(problem("standard_population", ANY, names=("19", "age_bands")), others=ANY):
            intervals.standardised_rate(self.events, self.people, weights[:18], age_bands=BANDS)
        with refused("standard_population", ANY):
            intervals.standardised_rate(self.events, self.people, np.array(["many"] * 19))

    def test_wider_bands_are_made_by_name(self) -> None:
        bands = ["0-14", *BANDS[3:]]
        found = intervals.standardised_rate(np.full(17, 5), np.full(17, 100), ESP2013.in_bands(bands), age_bands=bands)
        assert found.estimate == pytest.approx(5_000)

    def test_band_twice_and_band_unreadable(self) -> None:
        found = problems(
            intervals.standardised_rate, self.events, self.people, age_bands=[*BANDS[:17], "0-4", "old people"]
        )
        assert found == [
            ("age_band", None, "0-4"),
            ("age_band", None, "old people"),
            ("age_band", "age band 85–89", None),
            ("age_band", "age band 90+", None),
        ]

    def test_a_series_is_held_to_its_labels(self) -> None:
        events, people = pd.Series(self.events.copy(), index=BANDS), pd.Series(self.people.copy(), index=BANDS)
        events.iloc[3], people.iloc[4] = 90, 4_000
        plain = intervals.standardised_rate(events.to_numpy(), people.to_numpy())
        turned = intervals.standardised_rate(events[::-1], people[::-1])
        assert turned == pytest.approx(plain)
        with refused(problem("age_band", "95+"), problem("age_band", row="age band 90+")):
            intervals.standardised_rate(events.rename({"90+": "95+"}), people.rename({"90+": "95+"}))

    @pytest.mark.parametrize("weights", [np.zeros(19), np.full(19, -1.0), np.full((2, 19), 1.0), np.full(19, np.nan)])
    def test_weights_that_are_none(self, weights) -> None:
        with refused("standard_population", weights, expected="zero or more"):
            intervals.standardised_rate(self.events, self.people, weights)

    @pytest.mark.parametrize("label", [None, math.nan, 90])
    def test_a_series_with_one_label_that_is_no_band(self, label: object) -> None:
        index = pd.Index([*BANDS[:-1], label], dtype=object)
        events, people = (pd.Series(np.asarray(each, dtype=float), index) for each in (self.events, self.people))
        with pytest.raises(cm.BadInput) as caught:
            intervals.standardised_rate(events, people)
        assert "age_band" in [each.column for each in caught.value.problems]
        # Numbers alone are no bands, and the rows are those of the standard population.
        rows = pd.RangeIndex(len(BANDS))
        found = intervals.standardised_rate(events.set_axis(rows), people.set_axis(rows))
        assert found == pytest.approx(intervals.standardised_rate(events.to_numpy(), people.to_numpy()))

    @pytest.mark.parametrize("wrong", [-1.0, -1e-9, math.nan, math.inf])
    def test_one_weight_that_is_none_among_others(self, wrong: float) -> None:
        weights = np.array(ESP2013.weights)
        weights[3] = wrong
        with pytest.raises(cm.BadInput) as caught:
            intervals.standardised_rate(self.events, self.people, weights)
        assert [each.column for each in caught.value.problems] == ["standard_population"]

    def test_cells(self) -> None:
        events, people = np.tile(self.events, (2, 1)).astype(float), np.tile(self.people, (2, 1)).astype(float)
        events[1, 3], people[0, 0] = -4, -1
        assert problems(intervals.standardised_rate, events, people) == [
            ("events", "2nd row, 4th value", -4),
            ("populations", "1st row, 1st value", -1),
        ]
        found = intervals.standardised_rate(events, people, on_bad_input="missing")
        assert np.isnan(found.estimate).all()

    def test_fewer_than_ten_events_are_not_computed(self) -> None:
        events = np.zeros((2, 19))
        events[0, 5], events[1, 5] = 9, 10
        found = intervals.standardised_rate(events, np.tile(self.people, (2, 1)))
        assert [np.isnan(field).tolist() for field in found] == [[True, False]] * 3

    def test_an_empty_age_band_is_undefined(self) -> None:
        people = self.people.copy()
        people[18] = 0
        assert math.isnan(intervals.standardised_rate(self.events, people).estimate)

    def test_an_empty_age_band_that_the_standard_does_not_count_is_no_matter(self) -> None:
        people, weights = self.people.copy(), np.array(ESP2013.weights)
        people[:3], weights[:3] = 0, 0
        found = intervals.standardised_rate(self.events, people, weights)
        assert found.estimate == pytest.approx(500)

    def test_expected_events(self) -> None:
        with refused("reference_events", "2 age bands", names=3):
            intervals.expected_events(np.ones(3), np.ones(2), np.ones(3))
        with refused(
            problem("populations", 5.0),
            problem("reference_events", "2 age bands"),
            problem("reference_populations", "2 age bands"),
        ):
            intervals.expected_events(5, np.ones(2), np.ones(2))
        with pytest.raises(cm.BadInput) as caught:
            intervals.expected_events(5, 6, 7)
        assert not any(re.search(r"\d", each.expected) for each in caught.value.problems)
        assert math.isnan(intervals.expected_events(np.ones(2), np.ones(2), np.array([1.0, 0.0])))


class TestStandardPopulation:
    def test_everything_wrong_with_it(self) -> None:
        with pytest.raises(cm.BadInput) as caught:
            StandardPopulation("ours", {"0-64": -1, "60+": 5, "old": math.nan})
        assert {each.column for each in caught.value.problems} == {"people"}
        assert sorted(str(each.row) for each in caught.value.problems) == [
            "age band 0-64", "age band 60+", "age band old", "age band old"
        ]  # fmt: skip

    def test_nobody(self) -> None:
        assert problems(StandardPopulation, "ours", {"0+": 0}) == [("people", None, {"0+": 0})]

    @pytest.mark.parametrize("number", [math.inf, -math.inf, math.nan, -0.5, True, "5"])
    def test_what_is_no_number_of_people(self, number: object) -> None:
        found = problems(StandardPopulation, "ours", {"0-64": 10, "65+": number})
        assert [(column, row) for column, row, _ in found] == [("people", "age band 65+")]

    def test_the_edges_are_accepted(self) -> None:
        # Nobody in one band, a fraction of a person, one band alone, and bands that touch or leave ages out.
        assert StandardPopulation("ours", {"65+": 0, "0-64": 0.5}).weights == (0.5, 0)
        assert StandardPopulation("ours", {"all ages": 1}).weights == (1,)
        assert len(StandardPopulation("ours", {"0-17": 1, "18-64": 2, "75+": 3}).bands) == 3

    @pytest.mark.parametrize("band", ["16-64", "95+", "0-2"])
    def test_bands_that_cut_the_standards(self, band: str) -> None:
        cut = {"16-64": "15–19", "0-2": "0–4", "95+": "90+"}
        with pytest.raises(cm.BadInput) as caught:
            ESP2013.in_bands([band])
        (problem,) = caught.value.problems
        assert (problem.column, problem.value) == ("age_band", str(AgeBand.parse(band)))
        named = [str(held) for held in ESP2013.bands if f"cuts {held}" in problem.expected]
        assert named == [cut[band]]


class TestCostPerPatient:
    def test_everything_wrong_at_once(self) -> None:
        found = problems(intervals.cost_per_patient_interval, np.array([-5.0]), np.array([10]), 95, seed=-1, draws=10)
        assert [column for column, _, _ in found] == ["confidence", "seed", "draws", None, "total_cost"]

    def test_lengths(self) -> None:
        found = problems(intervals.cost_per_patient_interval, np.ones(3), np.ones(2))
        assert found == [("total_cost", None, "shape (3,)"), ("caseload", None, "shape (2,)")]

    def test_cells(self) -> None:
        with refused(problem("total_cost", -1.0, row=ANY), problem("caseload", -2.0, row=ANY)):
            intervals.cost_per_patient_interval(np.array([-1.0, 5]), np.array([3.0, -2]))


class TestTables:
    def table(self) -> pd.DataFrame:
        return pd.DataFrame(
            {"area": np.repeat(["A", "B"], 19), "age_band": BANDS * 2, "events": 5, "population": 1_000}
        )

    @pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame], ids=["pandas", "polars"])
    def test_agrees_with_the_arrays_in_any_order_of_rows(self, make) -> None:
        draw = np.random.default_rng(7)
        table = self.table().assign(events=draw.poisson(6, 38), population=draw.integers(500, 2_000, 38))
        arrays = intervals.standardised_rate(
            table["events"].to_numpy().reshape(2, 19), table["population"].to_numpy().reshape(2, 19)
        )
        shuffled = table.sample(frac=1, random_state=4)
        found = intervals.standardised_rates(make(shuffled.to_dict(orient="list")), "area")
        assert type(found) is make
        rows = {area: rest for area, *rest in zip(*(found[name].to_list() for name in found.columns), strict=True)}
        for place, area in enumerate("AB"):
            events, people, rate, lower, upper, note = rows[area]
            assert (events, people) == (
                table["events"][place * 19 : place * 19 + 19].sum(),
                table["population"][place * 19 : place * 19 + 19].sum(),
            )
            assert (rate, lower, upper) == pytest.approx(tuple(field[place] for field in arrays))
            assert note is None or note != note

    def test_places_named_by_two_columns(self) -> None:
        table = pd.concat([self.table().assign(sex=sex) for sex in ("f", "m")], ignore_index=True)
        found = intervals.standardised_rates(table, ["area", "sex"], confidence=[0.95, 0.998])
        assert found[["area", "sex"]].to_numpy().tolist() == [["A", "f"], ["B", "f"], ["A", "m"], ["B", "m"]]
        assert list(found.columns)[4:] == [
            "standardised_rate", "lower_0.95", "lower_0.998", "upper_0.95", "upper_0.998", "note",
        ]  # fmt: skip

    def test_says_why_there_is_no_rate(self) -> None:
        table = pd.concat([self.table(), self.table().assign(area=self.table()["area"] + "'")], ignore_index=True)
        table = table.astype({"events": float})
        table.loc[0, "events"] = math.nan
        table.loc[19:37, "events"] = 0
        table.loc[38, "population"] = 0
        found = intervals.standardised_rates(table, "area").set_index("area")
        assert found["note"].fillna("").to_dict() == {
            "A": "an age band lacks its events or its population",
            "B": "fewer than 10 events",
            "A'": "nobody lives in an age band",
            "B'": "",
        }
        assert found["standardised_rate"].notna().to_list() == [False, False, False, True]
        # Ten but for the last digits of a sum have a rate, and no note.
        ten = intervals.standardised_rates(
            self.table().assign(events=[10 - 1e-13, *[0.0] * 18] * 2), "area", fractional=True
        )
        assert ten["standardised_rate"].notna().all()
        assert ten["note"].isna().all()

    def test_bands_missing_and_repeated(self) -> None:
        table = pd.concat([self.table().drop(20), self.table().iloc[[3]]], ignore_index=True)
        assert problems(intervals.standardised_rates, table, "area") == [
            ("age_band", "area=A, age band 15–19", None),
            ("age_band", "area=B, age band 5–9", None),
        ]

    @pytest.mark.parametrize("make", [pd.DataFrame, pl.from_pandas])
    def test_a_band_in_two_spellings_is_one(self, make) -> None:
        events = [*range(10, 29), *range(40, 59)]
        table = self.table().assign(events=events)
        hyphens = self.table().assign(events=events, age_band=[*BANDS, *(each.replace("–", "-") for each in BANDS)])
        hyphens.loc[37, "age_band"] = "90 and over"
        assert hyphens["age_band"].nunique() > 30
        found = nw.from_native(intervals.standardised_rates(make(hyphens), "area")).rows()
        assert found == nw.from_native(intervals.standardised_rates(make(table), "area")).rows()
        # Of one place it is a row too many.
        twice = pd.concat([table, table.iloc[[20]].replace({"age_band": {"5–9": "5 to 9"}})], ignore_index=True)
        with refused("age_band", row="area=B, age band 5–9", expected="once"):
            intervals.standardised_rates(make(twice), "area")

    def test_bands_of_another_standard(self) -> None:
        table = self.table().replace({"age_band": {"90+": "95+"}})
        assert problems(intervals.standardised_rates, table, "area") == [
            ("age_band", None, "95+"),
            ("age_band", "age band 90+", None),
        ]

    def test_columns(self) -> None:
        with refused("events", "event", suggests="events"):
            intervals.standardised_rates(self.table(), "area", events="event")
        with refused("by", "icb", expected="a column", names="area"):
            intervals.standardised_rates(self.table(), "icb")
        with refused("by", [], expected="at least one"):
            intervals.standardised_rates(self.table(), [])
        with refused("by", 5, expected="a name"):
            intervals.standardised_rates(self.table(), ["area", 5])
        for role in ("events", "population", "age_band", "sum_of_squares"):
            with refused(role, "no such", expected="a column"):
                intervals.standardised_rates(self.table(), "area", **{role: "no such"})
        with refused("events", "String", expected="a number"):
            intervals.standardised_rates(self.table().assign(events="5"), "area")

    def test_place_without_a_name(self) -> None:
        table = self.table()
        table.loc[2, "area"] = None
        assert problems(intervals.standardised_rates, table, "area") == [("area", "3rd row", None)]

    def test_cells(self) -> None:
        table = self.table()
        table.loc[20, "events"] = -3
        with refused("events", -3.0, row="area=B, age band 5–9", expected=("a whole number", "zero or more")):
            intervals.standardised_rates(table, "area")
