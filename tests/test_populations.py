"""Age bands and populations: what adds up, what is refused, and rates per 100,000."""

from __future__ import annotations

import csv
import math
import pickle
from decimal import Decimal
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pint
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cmhs_metrics import units
from cmhs_metrics.ages import ADULT_16_PLUS, ALL_AGES, OLDER, UNDER_18, WORKING_AGE, AgeBand
from cmhs_metrics.errors import BadInput
from cmhs_metrics.populations import Population
from cmhs_metrics.team_types import TeamType
from tests.support import official_data
from tests.support.refusals import problem, raised, refused

ALLOCATIONS = official_data.FOLDER / "icb_allocations_2025_26.csv"

some_people = st.floats(1e-3, 1e8)
counts = st.just(0.0) | some_people


@st.composite
def age_bands(draw: st.DrawFn) -> AgeBand:
    lower = draw(st.integers(0, 120))
    return AgeBand(lower, draw(st.none() | st.integers(lower, 130)))


@st.composite
def tilings(draw: st.DrawFn) -> list[AgeBand]:
    """Bands that hold every age once."""
    starts = [0, *sorted(draw(st.sets(st.integers(1, 100), max_size=6)))]
    return [AgeBand(lower, upper - 1) for lower, upper in pairwise(starts)] + [AgeBand(starts[-1])]


@st.composite
def populations(draw: st.DrawFn, place: str = "Fenland", bands: list[AgeBand] | None = None) -> Population:
    held = bands or draw(tilings())
    return Population(place, {band: draw(counts) for band in held}, draw(st.none() | counts))


class TestAgeBand:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("16-64", WORKING_AGE),
            ("16–64", WORKING_AGE),
            ("16 — 64", WORKING_AGE),
            ("16 to 64", WORKING_AGE),
            ("Aged 16 to 64 years", WORKING_AGE),
            ("65+", OLDER),
            (" 65 + ", OLDER),
            ("65 and over", OLDER),
            ("65 or over", OLDER),
            ("65 years and over", OLDER),
            ("90 and over", AgeBand(90)),
            ("18 plus", AgeBand(18)),
            ("≥65", OLDER),
            (">= 65", OLDER),
            ("17 and under", UNDER_18),
            ("Under 18s", UNDER_18),
            ("≤17", UNDER_18),
            ("16-17yrs", AgeBand(16, 17)),
            ("0-4y", AgeBand(0, 4)),
            ("16+", ADULT_16_PLUS),
            ("under 18", UNDER_18),
            ("Under 18", UNDER_18),
            ("0-17", UNDER_18),
            ("17", AgeBand(17, 17)),
            ("all ages", ALL_AGES),
            ("All Ages", ALL_AGES),
            ("0+", ALL_AGES),
            (OLDER, OLDER),
        ],
    )
    def test_bands_as_tables_write_them(self, text: str | AgeBand, expected: AgeBand) -> None:
        assert AgeBand.parse(text) == expected

    @pytest.mark.parametrize("text", ["over 65", "Over 65s", ">65"])
    def test_over_65_is_refused_because_it_may_begin_at_65_or_66(self, text: str) -> None:
        with refused("age_band", text, names=("16-64", "65+")):
            AgeBand.parse(text)

    @pytest.mark.parametrize("value", ["", "adults", "16-", "-5", "16-64-80", "16.5+", "under", 16, True, math.nan])
    def test_what_is_no_band_is_refused(self, value: object) -> None:
        with refused("age_band", value, names=("16-64", "65+")):
            AgeBand.parse(value)  # type: ignore[arg-type]

    @pytest.mark.parametrize(("text", "upper"), [("64-16", 16), ("under 0", -1)])
    def test_bands_without_ages_are_refused(self, text: str, upper: int) -> None:
        with refused("upper", upper):
            AgeBand.parse(text)

    def test_all_problems_at_once(self) -> None:
        with refused(problem("lower", -1, expected="zero or more"), problem("upper", 2.5, expected="zero or more")):
            AgeBand(-1, 2.5)  # type: ignore[arg-type]

    @pytest.mark.parametrize("lower", [None, True, "16"])
    def test_an_age_is_a_whole_number(self, lower: object) -> None:
        with refused("lower", lower):
            AgeBand(lower)  # type: ignore[arg-type]

    @given(age_bands())
    def test_a_label_reads_back(self, band: AgeBand) -> None:
        assert AgeBand.parse(band.label) == band == AgeBand.parse(f"  {str(band).upper()} ")

    @given(age_bands(), age_bands(), age_bands())
    def test_bands_are_in_one_order(self, first: AgeBand, second: AgeBand, third: AgeBand) -> None:
        assert (first < second) + (first == second) + (first > second) == 1
        assert sorted([first, second, third]) == sorted([third, second, first])

    def test_an_open_band_comes_after_a_closed_one(self) -> None:
        assert sorted([AgeBand(16), AgeBand(16, 64), AgeBand(0, 15)]) == [AgeBand(0, 15), WORKING_AGE, ADULT_16_PLUS]

    @given(age_bands(), age_bands(), st.integers(0, 140))
    def test_covering_and_overlapping_are_of_the_ages_contained(
        self, first: AgeBand, second: AgeBand, age: int
    ) -> None:
        if first.covers(second) and second.contains(age):
            assert first.contains(age)
        if first.contains(age) and second.contains(age):
            assert first.overlaps(second)
        assert first.overlaps(second) == second.overlaps(first)
        assert (first.covers(second) and second.covers(first)) == (first == second)
        ages = range(141)
        assert first.overlaps(second) == any(first.contains(each) and second.contains(each) for each in ages)

    def test_age_is_in_completed_years(self) -> None:
        assert [age for age in (15.99, 16, 64.99, 65, math.nan) if WORKING_AGE.contains(age)] == [16, 64.99]


class TestTheAuditsRates:
    def test_caseload_and_contacts_stand_on_one_population(self) -> None:
        # Community MH Caseload comparisons: "1,555 people on caseload … per 100,000 population", 698,444 in all.
        # Example benchmarking comparisons: "32,252 contacts per 100,000 population", "14 million contacts per year".
        england = Population("England", {"16+": 698_444 / 1_555 * 100_000})
        assert england.per_100k(698_444) == pytest.approx(1_555)
        contacts = 32_252 * england.total / 100_000
        assert round(contacts / 1e6) == 14

    def test_spend_per_head_follows_from_total_spend(self) -> None:
        # CMHS Finance: "£2.38b in CMHS in 2016/17" and "£5.3m per 100,000 population", with the population above.
        england = Population("England", {"16+": 698_444 / 1_555 * 100_000})
        rate = england.per_100k(units.parse("£2.38bn"), "16+")
        assert round(rate.to("MGBP / person_100k").magnitude, 1) == 5.3

    def test_age_bands_explain_its_two_columns_for_generic_teams(self) -> None:
        # CMHS Finance – Unit Costs: £17.7m a trust; £2.6m per 100,000 aged 16–64, £2.1m per 100,000 aged 16 and over.
        # The total line, £44.4m and £5.32m, gives the average trust's population aged 16 and over.
        over_16 = 44.4 / 5.32 * 100_000
        trust = Population("the average trust", {"16-64": 17.7 / 2.6 * 100_000, "65+": over_16 - 17.7 / 2.6 * 100_000})
        assert round(trust.per_100k(17.7, "16+"), 1) == 2.1
        assert round(trust.per_100k(17.7, TeamType.GENERIC_CMHT.age_band), 1) == 2.6
        assert round(trust.per_100k(44.4), 2) == 5.32


class TestBands:
    @given(populations(), st.data())
    def test_sums_of_bands_are_additive(self, place: Population, data: st.DataObject) -> None:
        cut = data.draw(st.sampled_from([band.lower for band in place.bands]))
        assume(cut > 0)
        younger, older = place.registered_in(AgeBand(0, cut - 1)), place.registered_in(AgeBand(cut))
        assert younger + older == pytest.approx(place.total, rel=1e-12)

    @given(populations())
    def test_the_held_bands_are_given_back_and_all_together_make_the_total(self, place: Population) -> None:
        assert all(place.registered_in(band) == count for band, count in place.registered.items())
        assert place.registered_in("all ages") == place.total

    @given(populations(), age_bands())
    def test_a_band_is_answered_exactly_or_not_at_all(self, place: Population, asked: AgeBand) -> None:
        inside = [count for band, count in place.registered.items() if asked.covers(band)]
        across = [band for band in place.bands if asked.overlaps(band) and not asked.covers(band)]
        if across:
            with pytest.raises(BadInput) as caught:
                place.registered_in(asked)
            assert [problem.row for problem in caught.value.problems] == [f"age band {band}" for band in across]
        else:
            assert place.registered_in(asked) == math.fsum(inside)

    @given(st.sets(st.integers(0, 9), min_size=1), st.booleans(), st.integers(0, 12), st.none() | st.integers(0, 12))
    def test_every_age_asked_for_must_be_counted(
        self, counted: set[int], to_the_end: bool, lower: int, upper: int | None
    ) -> None:
        held = {AgeBand(age, age): 1 for age in counted} | ({AgeBand(10): 1} if to_the_end else {})
        asked = AgeBand(lower, None if upper is None else max(lower, upper))
        assume(not to_the_end or asked.upper is None or asked.upper < 10)
        assume(not to_the_end or lower <= 10)
        missing = {age for age in range(14) if asked.contains(age) and not any(band.contains(age) for band in held)}
        place = Population("Ely", held)
        if not missing:
            assert place.registered_in(asked) == sum(asked.covers(band) for band in held)
        else:
            with pytest.raises(BadInput) as caught:
                place.registered_in(asked)
            named = [AgeBand.parse(str(problem.row).removeprefix("age band ")) for problem in caught.value.problems]
            assert missing == {age for age in range(14) if any(band.contains(age) for band in named)}

    def test_the_order_given_does_not_matter(self) -> None:
        assert Population("Ely", {"65+": 2, "0-15": 3, "16-64": 5}) == Population(
            "Ely", {"0-15": 3, "16-64": 5, "65+": 2}
        )
        assert Population("Ely", {"65+": 2, "0-15": 3}).bands == (AgeBand(0, 15), OLDER)

    def test_one_number_is_all_ages(self) -> None:
        assert Population("Ely", 20_000).registered == {ALL_AGES: 20_000}

    def test_a_straddling_band_is_named(self) -> None:
        with refused(
            problem("registered", row="age band 0–17", names="16–64"),
            problem("registered", row="age band 18+", names="16–64"),
        ):
            Population("Ely", {"0-17": 4_000, "18+": 16_000}).registered_in(WORKING_AGE)

    def test_ages_that_nobody_counted_are_named(self) -> None:
        unknown = ("age band 0–15", "age band 18–24", "age band 65+")
        with refused(*(problem("registered", row=band, expected="a count") for band in unknown)):
            Population("Ely", {"16-17": 500, "25-64": 9_000}).registered_in("all ages")

    @pytest.mark.parametrize("team_type", TeamType)
    def test_the_catchment_of_a_team_is_its_age_band(self, team_type: TeamType) -> None:
        ely = Population("Ely", {"0-15": 3, "16-64": 5, "65-84": 2, "85+": 1})
        assert ely.catchment(team_type) == (3 if team_type in (TeamType.OLDER_PEOPLE, TeamType.MEMORY) else 5)

    def test_a_catchment_needs_a_team_type(self) -> None:
        with refused("team_type", "CRHT", names="TeamType.parse"):
            Population("Ely", 20_000).catchment("CRHT")  # type: ignore[arg-type]


class TestPer100k:
    @given(populations(), st.floats(-1e9, 1e9), st.floats(0.1, 10))
    def test_it_scales_with_the_value(self, place: Population, value: float, factor: float) -> None:
        assume(place.total > 1e-3)
        assert place.per_100k(value * factor) == pytest.approx(place.per_100k(value) * factor, rel=1e-12, abs=1e-12)

    @given(some_people, st.floats(0, 1e9))
    def test_it_undoes_a_share_of_the_population(self, people: float, rate: float) -> None:
        assert Population("Ely", people).per_100k(rate * people / 1e5) == pytest.approx(rate)

    @given(populations(), st.floats(0, 1e9))
    def test_arrays_quantities_and_columns_agree_with_floats(self, place: Population, value: float) -> None:
        expected = place.per_100k(value)
        assert np.array_equal(place.per_100k(np.array([value, 0.0])), [expected, place.per_100k(0.0)], equal_nan=True)
        quantity = place.per_100k(units.Quantity(value, "GBP"))
        assert np.array_equal(quantity.magnitude, expected, equal_nan=True)
        assert quantity.units == units.Quantity(1, "GBP / person_100k").units

    def test_a_column_stays_a_column(self) -> None:
        column = pd.Series([1.0, 2.0], index=["a", "b"])
        pd.testing.assert_series_equal(Population("Ely", 1e5).per_100k(column), column)  # type: ignore[type-var]

    @pytest.mark.parametrize("value", [0, 5.0, -5.0])
    def test_where_nobody_lives_a_rate_is_undefined_never_infinite(self, value: float) -> None:
        nobody = Population("Doggerland", {"16+": 0}, weighted=0)
        assert math.isnan(nobody.per_100k(value))
        assert math.isnan(nobody.per_100k(value, "weighted"))
        assert np.isnan(nobody.per_100k(np.array([value, 1.0]))).all()
        assert math.isnan(nobody.per_100k(units.Quantity(value, "patient")).magnitude)
        assert math.isnan(nobody.need_index)

    def test_the_basis_says_which_population(self) -> None:
        ely = Population("Ely", {"0-15": 4_000, "16-64": 12_000, "65+": 4_000}, weighted=25_000)
        rates = [ely.per_100k(100, basis) for basis in ("registered", "weighted", "16+", WORKING_AGE, "65 and over")]
        assert rates == pytest.approx([500, 400, 625, 833.333333, 2_500])

    def test_a_quantity_keeps_its_own_registry(self) -> None:
        registry: Any = pint.UnitRegistry()
        rate = Population("Ely", 200_000).per_100k(registry.Quantity(10, "hour"))
        assert rate == registry.Quantity(5, "hour / person_100k")

    def test_an_unknown_basis_is_refused(self) -> None:
        with refused("basis", "wieghted", names=("registered", "weighted")):
            Population("Ely", 20_000).per_100k(1, "wieghted")

    def test_a_basis_that_is_not_held_is_refused(self) -> None:
        with refused("weighted", names="weighted"):
            Population("Ely", 20_000).per_100k(1, "weighted")
        with refused("registered", row="age band all ages", names="16+"):
            Population("Ely", 20_000).per_100k(1, "16+")


class TestNeed:
    @given(populations())
    def test_index_times_registered_is_weighted(self, place: Population) -> None:
        assume(place.weighted is not None and place.total > 1e-3)
        assert place.need_index * place.total == pytest.approx(place.weighted)

    @given(populations(), st.floats(0.1, 3))
    def test_weighting_by_an_index_gives_it_back_and_changes_nothing_else(
        self, place: Population, index: float
    ) -> None:
        assume(place.total > 1e-3)
        weighted = place.weighted_by(index)
        assert weighted.need_index == pytest.approx(index)
        assert (weighted.place, weighted.registered) == (place.place, place.registered)

    def test_without_a_weighted_population_there_is_no_index(self) -> None:
        with refused("weighted", names=("weighted", "weighted_by(need_index)")):
            _ = Population("Ely", 20_000).need_index

    @pytest.mark.parametrize("index", [0, -1, math.nan, math.inf, True, "1.1"])
    def test_an_index_is_a_number_above_zero(self, index: float) -> None:
        with refused("need_index", index, expected=("a finite number", "above zero")):
            Population("Ely", 20_000).weighted_by(index)


class TestMerging:
    @given(st.data(), tilings())
    def test_two_places_add_band_by_band_in_either_order(self, data: st.DataObject, bands: list[AgeBand]) -> None:
        ely, march = (data.draw(populations(place, bands)) for place in ("Ely", "March"))
        both = ely + march
        assert both == march + ely
        assert both.place == "Ely + March"
        assert all(both.registered_in(band) == ely.registered[band] + march.registered[band] for band in bands)
        if ely.weighted is None or march.weighted is None:
            assert both.weighted is None
        else:
            assert both.weighted == ely.weighted + march.weighted

    def test_sum_adds_many(self) -> None:
        places = [Population(name, {"16+": 10}, weighted=11) for name in ("March", "Ely", "Wisbech")]
        assert sum(places) == Population("Ely + March + Wisbech", {"16+": 30}, weighted=33)

    def test_a_place_is_never_counted_twice(self) -> None:
        ely, march = Population("Ely", 10), Population("March", 20)
        with refused("place", "Ely", expected="once"):
            (ely + march) + ely

    def test_places_held_by_other_bands_do_not_add(self) -> None:
        with refused("registered", "16–64, 65+ and all ages"):
            Population("Ely", {"16-64": 1, "65+": 2}) + Population("March", 3)

    @pytest.mark.parametrize("other", [1, "March", None])
    def test_only_populations_add(self, other: object) -> None:
        with raised(TypeError, "Population"):
            Population("Ely", 10) + other  # type: ignore[operator]
        with raised(TypeError, "Population"):
            other + Population("Ely", 10)  # type: ignore[operator]


class TestBadInput:
    def test_all_problems_at_once(self) -> None:
        number = ("a finite number", "zero or more")
        with refused(
            problem("place", " ", expected="a name"),
            problem("registered", -1, row="age band 16-64", expected=number),
            problem("registered", math.nan, row="age band 60+", expected=number),
            problem("registered", True, row="age band adults", expected=number),
            problem("registered", "adults", row="age band adults", names=("16-64", "65+", "under 18", "all ages")),
            problem("registered", row="age band 60+", names="16–64"),
            problem("weighted", "many", expected=number),
        ):
            Population(" ", {"16-64": -1, "60+": math.nan, "adults": True}, weighted="many")  # type: ignore[arg-type]

    def test_one_band_written_twice_is_refused(self) -> None:
        with refused("registered", row="age band 65+", names="65+"):
            Population("Ely", {"65+": 1, "65 and over": 1})

    def test_an_empty_place_is_refused(self) -> None:
        with refused("registered", {}, expected="at least one"):
            Population("Ely", {})

    @pytest.mark.parametrize("count", [None, math.inf, "20,000", -1e-9])
    def test_a_count_is_a_finite_number(self, count: float) -> None:
        with refused("registered", count, row="age band all ages", expected=("a finite number", "zero or more")):
            Population("Ely", count)

    def test_counts_from_databases_are_read(self) -> None:
        counts = {"16-64": Decimal("10.5"), "65+": np.float32(2.5)}
        assert Population("Ely", counts).counts == (10.5, 2.5)  # type: ignore[arg-type]


class TestLooks:
    @given(populations())
    def test_its_repr_makes_it_again(self, place: Population) -> None:
        assert eval(repr(place)) == place == pickle.loads(pickle.dumps(place))
        assert hash(eval(repr(place))) == hash(place)

    def test_its_repr_is_legible(self) -> None:
        ely = Population("Ely", {"16-64": 12_000, "65+": 4_000.5}, weighted=17_000)
        assert repr(ely) == "Population('Ely', {'16–64': 12_000.0, '65+': 4_000.5}, weighted=17_000.0)"

    def test_its_table_escapes_the_name(self) -> None:
        table = Population("Fen & <script>", {"16+": 12_345}, weighted=13_000)._repr_html_()
        assert "Fen &amp; &lt;script&gt;" in table
        assert '<th scope="row">16+</th><td>12,345</td>' in table
        assert '<th scope="row">weighted</th><td>13,000</td>' in table

    def test_it_cannot_be_changed(self) -> None:
        ely = Population("Ely", 10)
        with raised(AttributeError, "weighted"):
            ely.weighted = 11.0  # type: ignore[misc]
        ely.registered[ALL_AGES] = 0
        assert ely.total == 10


@official_data.needed("icb_allocations_2025_26.csv")
def test_need_weighting_moves_people_between_places_and_creates_none() -> None:
    # ICB place-based allocations 2025/26: Population and MH WP of the 42 ICBs have the same sum, 63.85 million.
    registered: dict[str, list[float]] = {}
    weighted: dict[str, list[float]] = {}
    with ALLOCATIONS.open(encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            registered.setdefault(row["ICB"], []).append(float(row["Population"]))
            weighted.setdefault(row["ICB"], []).append(float(row["MH WP"]))
    places = [Population(icb, math.fsum(registered[icb]), math.fsum(weighted[icb])) for icb in registered]
    england = sum(places)
    assert isinstance(england, Population)
    assert len(places) == 42
    assert round(england.total, -1) == 63_849_320
    assert england.need_index == pytest.approx(1, abs=1e-9)
    assert min(place.need_index for place in places) < 1 < max(place.need_index for place in places)
