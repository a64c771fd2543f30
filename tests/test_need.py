"""Need in many places: weights that move people and create none, rates on another population, need by age."""

from __future__ import annotations

import math

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cmhs_metrics as cm
from cmhs_metrics.ages import AgeBand
from cmhs_metrics.need import convert_rate, normalise_weights, people_column, populations_table, split_need, with_need
from cmhs_metrics.populations import Population
from tests.support import official_data
from tests.support.engines import ALL, LAZY, cells, each, sorted_by
from tests.support.refusals import raised, refused

ALLOCATIONS = official_data.FOLDER / "icb_allocations_2025_26.csv"
Q = cm.units.Quantity

every_table = each(ALL)
people = st.floats(1, 1e7)
places = st.lists(st.tuples(people, people), min_size=1, max_size=20)
ENGLAND = Population("England", 100_000, weighted=200)
ICBS = {"icb": ["QH8", "QUE"], "registered_population": [60_000, 40_000], "weighted_population": [108.0, 92.0]}


class TestNormaliseWeights:
    def test_by_hand(self) -> None:
        # 200 points of need over 100,000 people: each is 500 people.
        registered, weighted = np.array([60_000.0, 40_000.0]), np.array([108.0, 92.0])
        assert normalise_weights(registered, weighted).tolist() == [54_000, 46_000]

    @given(places, st.floats(1e-3, 1e3))
    def test_totals_agree_whatever_the_scale(self, held: list[tuple[float, float]], scale: float) -> None:
        registered, weighted = (np.array(column) for column in zip(*held, strict=True))
        result = normalise_weights(registered, weighted * scale)
        assert result.sum() == pytest.approx(registered.sum(), rel=1e-9)
        assert result == pytest.approx(normalise_weights(registered, weighted), rel=1e-9)
        assert normalise_weights(registered, result) == pytest.approx(result, rel=1e-9)

    @given(places, st.data())
    def test_a_subset_keeps_the_national_scale(self, held: list[tuple[float, float]], data: st.DataObject) -> None:
        registered, weighted = (np.array(column) for column in zip(*held, strict=True))
        shown = data.draw(st.lists(st.integers(0, len(held) - 1), min_size=1, unique=True))
        nation = Population("England", math.fsum(registered), weighted=math.fsum(weighted))
        subset = normalise_weights(registered[shown], weighted[shown], national=nation)
        assert subset == pytest.approx(normalise_weights(registered, weighted)[shown], rel=1e-9)

    def test_what_goes_in_comes_out(self) -> None:
        registered, weighted = [60_000.0, 40_000.0], [108.0, 92.0]
        series = normalise_weights(pd.Series(registered, index=["a", "b"]), pd.Series(weighted, index=["a", "b"]))
        assert series.to_dict() == {"a": 54_000, "b": 46_000}
        assert normalise_weights(pl.Series(registered), pl.Series(weighted)).to_list() == [54_000, 46_000]
        quantity = normalise_weights(Q(np.array([60.0, 40.0]), "kperson"), Q(np.array(weighted), "person"))
        assert quantity.to("kperson").magnitude.tolist() == pytest.approx([54, 46])

    def test_a_missing_place_makes_the_total_unknown(self) -> None:
        registered, weighted = np.array([60_000.0, 40_000.0]), np.array([108.0, math.nan])
        assert np.isnan(normalise_weights(registered, weighted)).all()
        known = normalise_weights(registered, weighted, national=ENGLAND)
        assert known[0] == 54_000
        assert math.isnan(known[1])

    def test_what_is_refused(self) -> None:
        with raised(TypeError, "registered", "weighted"):
            normalise_weights(nw.col("registered_population"), nw.col("weighted_population"))  # type: ignore[type-var]
        with raised(TypeError, "registered", "weighted"):
            normalise_weights(60_000.0, 108.0)  # type: ignore[type-var]
        with refused("weighted", expected="there"):
            normalise_weights(np.ones(2), np.ones(2), national=Population("England", 2))
        with refused("national", 2, names="Population"):
            normalise_weights(np.ones(2), np.ones(2), national=2)  # type: ignore[arg-type]
        people, patients = Q(np.ones(2), "person"), Q(np.ones(2), "patient")
        with raised(cm.DimensionalityError, "weighted", "person", "patient"):
            normalise_weights(people, patients)
        with raised(cm.DimensionalityError, "registered", "person", "patient"):
            normalise_weights(patients, people)


@every_table
class TestWithNeed:
    def test_by_hand(self, make) -> None:
        result = sorted_by(cells(with_need(make({**ICBS, "name": ["A", "B"]}))), "icb")
        assert list(result) == [*ICBS, "name", "need_index"]
        assert result["weighted_population"] == [54_000, 46_000]
        assert result["need_index"] == pytest.approx([0.9, 1.15])

    def test_a_subset_on_the_national_scale(self, make) -> None:
        half = make({name: values[:1] for name, values in ICBS.items()})
        result = cells(with_need(half, ENGLAND))
        assert (result["weighted_population"], result["need_index"]) == ([54_000], [0.9])
        # Taken for the nation, one place has the nation's need.
        assert cells(with_need(half))["need_index"] == [1]

    def test_missing_and_empty_places(self, make) -> None:
        table = {**ICBS, "registered_population": [0, 40_000], "weighted_population": [0.0, None]}
        assert cells(with_need(make(table)))["need_index"] == [None, None]
        assert cells(with_need(make(table), ENGLAND))["need_index"] == [None, None]
        one_missing = make({**ICBS, "weighted_population": [108.0, None]})
        assert cells(with_need(one_missing))["need_index"] == [None, None], "the national total is not known"
        assert sorted_by(cells(with_need(one_missing, ENGLAND)), "icb")["need_index"] == [0.9, None]
        table["weighted_population"] = [0.0, 92.0]
        assert sorted_by(cells(with_need(make(table))), "icb")["need_index"] == [None, 1.0]

    def test_gives_back_the_kind_that_came(self, make) -> None:
        table = make(ICBS)
        assert type(with_need(table)) is type(table)

    def test_people_do_not_add_over_teams_or_periods(self, make) -> None:
        table = make({**ICBS, "team_type": ["CRHT", "EIP"], "period": ["2016/17", "2016/17"]})
        with pytest.raises(cm.BadInput) as raised:
            with_need(table)
        assert [problem.column for problem in raised.value.problems] == ["team_type", "period"]
        assert sorted_by(cells(with_need(table, ENGLAND)), "icb")["need_index"] == [0.9, 1.15]

    def test_columns_that_are_not_there(self, make) -> None:
        with refused("the populations", "weighted_population", expected="a column"):
            with_need(make({"icb": ["A"], "registered_population": [1]}))
        with refused("need_index", expected="another name"):
            with_need(make({**ICBS, "need_index": [1.0, 1.0]}))


def test_rows_of_a_pandas_table_stay_where_they_are() -> None:
    table = pd.DataFrame(ICBS, index=[7, 3])
    assert with_need(table).index.tolist() == [7, 3]
    assert table["weighted_population"].tolist() == [108.0, 92.0]


def test_columns_of_quantities() -> None:
    pytest.importorskip("pint_pandas")
    table = pd.DataFrame(
        {
            "registered_population": pd.Series([60.0, 40.0], dtype="pint[kperson]"),
            "weighted_population": pd.Series([108.0, 92.0], dtype="pint[person]"),
        }
    )
    result = with_need(table)
    assert result["weighted_population"].pint.magnitude.tolist() == pytest.approx([54_000, 46_000])
    assert result["need_index"].tolist() == pytest.approx([0.9, 1.15])


def test_two_rows_of_a_place_are_refused() -> None:
    table = pd.DataFrame({**ICBS, "icb": ["QUE", "QUE"]})
    with refused(None, row="icb=QUE", expected="once"):
        with_need(table, keys=["icb"])
    with refused("weighted_population", -1.0, row="1st row", expected="zero or more"):
        with_need(table.assign(weighted_population=[-1.0, 2.0]))


@each(LAZY)
def test_lazy_stays_lazy(make) -> None:
    assert isinstance(nw.from_native(with_need(make(ICBS))), nw.LazyFrame)


class TestConvertRate:
    # CMHS Finance – Unit Costs, two columns of one table. The populations that the audit itself implies: 698,444 people
    # on caseload at 1,555 per 100,000 are 44.9m aged 16+ (Community MH Caseload comparisons); "around 22,500"
    # assessments at 227 per 100,000 are 9.9m aged 65+ (Social Care – Assessments), which leaves 35.0m of 16 to 64.
    AGED_16_PLUS = 698_444 / 1_555 * 100_000
    AGED_65_PLUS = 22_500 / 227 * 100_000
    AGED_16_64 = AGED_16_PLUS - AGED_65_PLUS

    def converted(self, team_type: str, population: float) -> tuple[float, float]:
        low, high = cm.audit.figure(f"finance.cost_profile.{team_type}.cost_per_100k").interval
        return tuple(convert_rate(end, self.AGED_16_PLUS, population) for end in (low, high))  # type: ignore[return-value]

    @pytest.mark.parametrize(
        "team_type", ["generic_cmht", "assertive_outreach", "eip", "perinatal", "eating_disorders", "forensic"]
    )
    def test_six_types_of_team_agree_within_the_rounding_of_both_columns(self, team_type: str) -> None:
        low, high = self.converted(team_type, self.AGED_16_64)
        printed = cm.audit.figure(f"finance.cost_profile.{team_type}.cost_per_100k_age_group").interval
        assert low <= printed[1]
        assert printed[0] <= high

    @pytest.mark.parametrize(
        ("team_type", "printed_over_converted"),
        # £m by hand, with 16+ / 16–64 = 1.283 and 16+ / 65+ = 4.532: 0.3 / 0.372, 0.8 / 0.731, 1 / 1.219, 1.4 / 0.821,
        # 4.3 / 4.124 and 1.2 / 1.541. The columns are means of Trusts, which do not convert exactly.
        [
            ("rehabilitation_recovery", 0.81), ("assessment_brief_intervention", 1.09), ("crht", 0.82), ("other", 1.71),
            ("older_people", 1.04), ("memory", 0.78),
        ],
    )  # fmt: skip
    def test_six_types_do_not(self, team_type: str, printed_over_converted: float) -> None:
        older = team_type in ("older_people", "memory")
        rate = (
            cm.audit.figure(f"finance.cost_profile.{team_type}.cost_per_100k")
            .quantity.to("GBP / person_100k")
            .magnitude
        )
        printed = cm.audit.figure(f"finance.cost_profile.{team_type}.cost_per_100k_age_group")
        result = convert_rate(rate, self.AGED_16_PLUS, self.AGED_65_PLUS if older else self.AGED_16_64)
        assert printed.quantity.to("GBP / person_100k").magnitude / result == pytest.approx(
            printed_over_converted, abs=0.006
        )

    @given(people, people, people)
    def test_there_and_back(self, rate: float, one: float, other: float) -> None:
        assert convert_rate(convert_rate(rate, one, other), other, one) == pytest.approx(rate)
        total = cm.extrapolate_rate(rate, one)
        assert convert_rate(rate, one, other) == pytest.approx(cm.per_100k(total, other))

    def test_kinds_of_value(self) -> None:
        quantity = convert_rate(Q(2.1, "MGBP / person_100k"), Q(44.9, "Mperson"), Q(35, "Mperson"))
        assert quantity.to("MGBP / person_100k").magnitude == pytest.approx(2.694)
        assert convert_rate(np.array([2.1, 1.0]), 44.9, np.array([35.0, 0.0])) == pytest.approx(
            [2.694, math.nan], nan_ok=True
        )
        frame = pl.DataFrame({"rate": [2.1], "a": [44.9], "b": [35.0]})
        assert frame.select(convert_rate(pl.col("rate"), pl.col("a"), pl.col("b"))).item() == pytest.approx(2.694)
        with refused("rate", -1.0, expected="zero or more"):
            convert_rate(-1.0, 1.0, 1.0)


class TestSplitNeed:
    @given(st.lists(people, min_size=4, max_size=4))
    def test_nothing_is_lost(self, weights: list[float]) -> None:
        held = dict(zip(["0-15", "16-39", "40-64", "65+"], weights, strict=True))
        split = split_need(held, ["0-15", "16-64", "65+"])
        assert math.fsum(split.values()) == pytest.approx(math.fsum(weights))
        assert split[AgeBand(16, 64)] == weights[1] + weights[2]
        assert split_need(held, list(held)) == {AgeBand.parse(band): weight for band, weight in held.items()}

    def test_everything_that_cannot_be_answered_is_named(self) -> None:
        with pytest.raises(cm.BadInput) as raised:
            split_need({"0-15": 5, "18-64": 60, "65+": 20}, ["16-59", "50-64", "65+"])
        assert [(problem.column, problem.row) for problem in raised.value.problems] == [
            ("bands", "age band 50–64"),
            ("bands", "age band 0–15"),
            ("weighted_by_age", "age band 18–64, for 16–59"),
            ("weighted_by_age", "age band 16–17, for 16–59"),
            ("weighted_by_age", "age band 18–64, for 50–64"),
        ]


class TestPopulationsTable:
    PLACES = (
        Population("Fenland", {"16-64": 60_000, "65+": 20_000}, weighted=84_000),
        Population("Uplands", {"16-64": 30_000, "65+": 20_000}),
    )

    def test_columns(self) -> None:
        table = populations_table(self.PLACES, ["16-64", "16+", "65+"])
        assert table.iloc[0].to_dict() == {
            "place": "Fenland", "registered_population": 80_000, "weighted_population": 84_000,
            "people_aged_16_64": 60_000, "people_aged_16_plus": 80_000, "people_aged_65_plus": 20_000,
        }  # fmt: skip
        assert math.isnan(table["weighted_population"][1])
        assert list(populations_table(self.PLACES[1:])) == ["place", "registered_population"]

    def test_is_ready_for_aggregate(self) -> None:
        teams = pd.DataFrame(
            {"place": ["Fenland", "Fenland", "Uplands"], "team": ["N", "S", "H"], "caseload": [500, 300, 400]}
        )
        result = cm.aggregate(teams, by="place", populations=populations_table(self.PLACES, ["65+"]))
        assert result["caseload_per_100k_registered"].tolist() == [1_000, 800]

    def test_names_of_columns(self) -> None:
        assert [people_column(band) for band in ("0-17", "65+", "17", "all ages")] == [
            "people_aged_0_17", "people_aged_65_plus", "people_aged_17", "people_aged_0_plus",
        ]  # fmt: skip
        assert {"people_aged_0_17", "people_aged_65_plus"} <= set(cm.measures.MEASURES)

    def test_every_problem_is_named(self) -> None:
        with pytest.raises(cm.BadInput) as raised:
            populations_table([*self.PLACES, self.PLACES[0], Population("Coast", 5)], ["65+"])
        assert [(problem.column, problem.row, problem.value) for problem in raised.value.problems] == [
            ("place", None, "Fenland"), ("people_aged_65_plus", "place=Coast, age band all ages", None),
        ]  # fmt: skip
        with refused("populations", [], expected="at least one"):
            populations_table([])


@official_data.needed("icb_allocations_2025_26.csv")
class TestPublishedAllocations:
    @pytest.fixture
    def icbs(self) -> pd.DataFrame:
        practices = pd.read_csv(ALLOCATIONS, encoding="utf-8-sig", usecols=["ICB", "Population", "MH WP"])
        named = practices.rename(
            columns={"ICB": "icb", "Population": "registered_population", "MH WP": "weighted_population"}
        )
        return named.groupby("icb", as_index=False).sum()

    def test_weighted_equals_registered_in_total(self, icbs: pd.DataFrame) -> None:
        # Both columns add to 63,849,324 people: the weights are on the national scale as they are published.
        totals = icbs[["registered_population", "weighted_population"]].sum()
        assert totals.round().tolist() == [63_849_324, 63_849_324]
        result = with_need(icbs)
        assert result["weighted_population"].to_numpy() == pytest.approx(
            icbs["weighted_population"].to_numpy(), rel=1e-7
        )

    def test_any_scale_and_any_subset(self, icbs: pd.DataFrame) -> None:
        whole = with_need(icbs).set_index("icb")["need_index"]
        points = icbs.assign(weighted_population=icbs["weighted_population"] / 17)
        england = Population(
            "England", points["registered_population"].sum(), weighted=points["weighted_population"].sum()
        )
        shown = with_need(points[points["icb"].isin(["QUE", "QH8"])], england).set_index("icb")["need_index"]
        assert shown.to_dict() == pytest.approx(whole[["QH8", "QUE"]].to_dict())
        # Cambridgeshire and Peterborough: 926,303 weighted of 1,056,872 registered.
        assert round(shown["QUE"], 3) == 0.876
