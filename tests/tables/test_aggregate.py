"""Aggregating: measures add, each in its own way; metrics never do."""

from __future__ import annotations

import math
import re
from contextlib import nullcontext as nothing
from typing import Any

import narwhals as nw
import pandas as pd
import pint_pandas  # noqa: F401 - makes the type "pint[…]" known
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cmhs_metrics as cm
from cmhs_metrics import inequality, intervals, places, trends
from tests.support.budgets import examples
from tests.support.engines import ALL, EAGER, LAZY, cells, each, sorted_by
from tests.support.refusals import noted, refused

every_table = each(ALL)
every_eager = each(EAGER)
every_lazy = each(LAZY)

MONTHS = [f"2016-{month:02}" for month in range(4, 13)] + [f"2017-{month:02}" for month in range(1, 4)]
YEAR = {
    "team": ["North"] * 12,
    "period": MONTHS,
    "caseload": list(range(490, 502)),
    "contacts": [100] * 12,
    "total_cost": [1e5] * 12,
}
TWO_TEAMS = {"icb": ["QUE", "QUE"], "team": ["North", "South"], "caseload": [500, 500], "total_cost": [1e6, 2e6]}


@every_table
class TestOnEveryEngine:
    def test_metrics_are_those_of_the_totals(self, make) -> None:
        result = cells(cm.aggregate(make(TWO_TEAMS), by="icb"))
        assert result == {"icb": ["QUE"], "caseload": [1_000], "total_cost": [3e6], "year_of_care_cost": [3_000.0]}

    def test_teams_share_a_population(self, make) -> None:
        # Two teams of 500 in a place of 100,000 are 1,000 per 100,000, not 500.
        people = make({"icb": ["QUE", "QRV"], "registered_population": [100_000, 7]})
        result = cells(cm.aggregate(make(TWO_TEAMS), by="icb", populations=people))
        assert result["caseload_per_100k_registered"] == [1_000.0]
        held = make({**TWO_TEAMS, "registered_population": [100_000, 100_000]})
        with refused("registered_population", names=("place", "populations")):
            cm.aggregate(held, by="icb")
        assert cells(cm.aggregate(held, by="icb", place="icb"))["caseload_per_100k_registered"] == [1_000.0]

    def test_populations_add_over_distinct_places(self, make) -> None:
        teams = make(
            {"region": ["N", "N", "N"], "icb": ["A", "A", "B"], "team": ["1", "2", "3"], "caseload": [10, 20, 30]}
        )
        people = make({"region": ["N", "N"], "icb": ["A", "B"], "weighted_population": [1_000.0, 2_000.0]})
        # Of which a lazy table cannot be asked; there the people of a place that stands twice are not known.
        if not isinstance(nw.from_native(teams), nw.LazyFrame):
            with refused("populations", "icb", names=("by", "place", "icb")):
                cm.aggregate(teams, by="region", populations=people)
        else:
            assert cells(cm.aggregate(teams, by="region", populations=people))["weighted_population"] == [None]
        result = cells(cm.aggregate(teams, by="region", populations=people, place="icb"))
        assert result["weighted_population"] == [3_000.0]
        assert result["caseload_per_100k_weighted"] == [2_000.0]

    def test_names_and_regions_may_stand_beside_a_place(self, make) -> None:
        teams = make({"icb": ["A", "B"], "caseload": [10, 20]})
        people = {"icb": ["A", "B"], "icb_name": ["Fens", "Hills"], "region": ["N", "N"], "latitude": [52.0, None]}
        result = sorted_by(
            cells(cm.aggregate(teams, by="icb", populations=make(people | {"weighted_population": [1_000, 2_000]}))),
            "icb",
        )
        assert result["caseload_per_100k_weighted"] == [1_000.0, 1_000.0]
        assert list(result) == ["icb", "caseload", "weighted_population", "caseload_per_100k_weighted"]

    def test_a_place_without_a_population_is_not_an_empty_one(self, make) -> None:
        teams = make({"region": ["N", "N"], "icb": ["A", "B"], "team": ["1", "2"], "caseload": [10, 20]})
        people = make({"region": ["N", "N"], "icb": ["A", "C"], "registered_population": [1_000, 9_000_000]})
        in_memory = not isinstance(nw.from_native(teams), nw.LazyFrame)
        with noted("region", "icb", "N B") if in_memory else nothing():
            result = cells(cm.aggregate(teams, by="region", populations=people, place="icb"))
        # B has teams and no population: none is known for N. C has no teams, and is not in the rate at all.
        assert result["caseload_per_100k_registered"] == [None]
        only_a = make({"region": ["N"], "icb": ["A"], "team": ["1"], "caseload": [10]})
        assert cells(cm.aggregate(only_a, by="region", populations=people, place="icb"))["registered_population"] == [
            1_000
        ]

    def test_practices_that_the_teams_do_not_know_add_up(self, make) -> None:
        people = make({"icb": ["QUE", "QUE"], "practice": ["a", "b"], "registered_population": [60_000, 40_000]})
        result = cells(cm.aggregate(make(TWO_TEAMS), by="icb", populations=people, place="practice"))
        assert result["caseload_per_100k_registered"] == [1_000.0]

    def test_rates_of_team_types_over_their_ages(self, make) -> None:
        teams = make({"icb": ["A", "A"], "team_type": ["CRHT", "Memory Services"], "caseload": [100, 100]})
        people = make({"icb": ["A"], "people_aged_16_64": [80_000], "people_aged_65_plus": [20_000]})
        result = sorted_by(cells(cm.aggregate(teams, by=["icb", "team_type"], populations=people)), "team_type")
        assert result["caseload_per_100k_age_band"] == [125.0, 500.0]
        whole = cells(cm.aggregate(teams, by="icb", populations=people))
        assert "caseload_per_100k_age_band" not in whole, "all teams together are for no one age band"

    def test_a_caseload_of_twelve_months_is_not_added(self, make) -> None:
        with refused("caseload", re.compile("12 periods|.*several periods"), names=("over_time", "last", "mean")):
            cm.aggregate(make(YEAR), by="team")
        last = cells(cm.aggregate(make(YEAR), by="team", over_time="last"))
        assert (last["caseload"], last["contacts"]) == ([501.0], [1_200.0])
        mean = cells(cm.aggregate(make(YEAR), by="team", over_time="mean"))
        assert (mean["caseload"], mean["contacts"]) == ([495.5], [1_200.0])

    def test_last_means_the_tables_last_period(self, make) -> None:
        table = make(
            {
                "team": ["N", "N", "S"],
                "period": ["2016-04", "2016-05", "2016-04"],
                "caseload": [10, 20, 30],
                "contacts": [1, 1, 1],
            }
        )
        result = sorted_by(cells(cm.aggregate(table, by="team", over_time="last", metrics=[])), "team")
        assert result["caseload"] == [20.0, None]

    def test_half_a_column_is_not_half_a_total(self, make) -> None:
        table = make(
            {
                "icb": ["A", "A", "B"],
                "team": ["1", "2", "3"],
                "total_cost": [1.0, math.nan, 3.0],
                "contacts": [1, 1, None],
            }
        )
        result = sorted_by(cells(cm.aggregate(table, by="icb")), "icb")
        assert result["total_cost"] == [None, 3.0]
        assert result["contacts"] == [2, None]
        assert result["cost_per_contact"] == [None, None]
        known = sorted_by(cells(cm.aggregate(table, by="icb", total_of_known=True)), "icb")
        assert known["total_cost"] == [1.0, 3.0]
        assert known["contacts"] == [2, None]
        assert known["cost_per_contact"] == [None, None], "what is known of the cost is not the cost of the contacts"

    def test_nothing_to_group_by_gives_the_total(self, make) -> None:
        result = cells(cm.aggregate(make(TWO_TEAMS)))
        assert result == {"caseload": [1_000], "total_cost": [3e6], "year_of_care_cost": [3_000.0]}
        people = make({"icb": ["QUE", "QRV"], "registered_population": [100_000, 100_000]})
        total = cells(cm.aggregate(make(TWO_TEAMS), populations=people, place="icb"))
        assert total["caseload_per_100k_registered"] == [1_000.0], "nobody of QRV is in the teams' places"
        england = make({"registered_population": [200_000]})
        assert cells(cm.aggregate(make(TWO_TEAMS), populations=england))["caseload_per_100k_registered"] == [500.0]

    def test_a_place_without_a_population_has_no_rate(self, make) -> None:
        people = make({"icb": ["QRV"], "registered_population": [100_000]})
        if not isinstance(nw.from_native(people), nw.LazyFrame):
            with refused("populations", "'QRV'", names="QUE"):
                cm.aggregate(make(TWO_TEAMS), by="icb", populations=people)
            return
        result = cells(cm.aggregate(make(TWO_TEAMS), by="icb", populations=people))
        assert result["caseload_per_100k_registered"] == [None]
        assert result["year_of_care_cost"] == [3_000.0]

    def test_periods_kept_apart_need_no_rule(self, make) -> None:
        table = make(
            {"team": ["N", "N"], "period": ["2015/16", "2016/17"], "caseload": [10, 20], "total_cost": [100.0, 400.0]}
        )
        result = sorted_by(cells(cm.aggregate(table, by=["team", "period"])), "period")
        assert result["year_of_care_cost"] == [10.0, 20.0]

    def test_two_years_are_not_a_year_of_care(self, make) -> None:
        table = make(
            {
                "team": ["N", "N"],
                "period": ["2015/16", "2016/17"],
                "caseload": [10, 20],
                "total_cost": [100.0, 400.0],
                "contacts": [5, 5],
            }
        )
        result = cells(cm.aggregate(table, by="team", over_time="last"))
        assert result["cost_per_contact"] == [50.0]
        assert result.get("year_of_care_cost", [None]) == [None]

    def test_only_twelve_months_in_a_row_are_a_year(self, make) -> None:
        both = {name: [*values, *values[9:]] for name, values in YEAR.items()}
        both["team"] = ["North"] * 12 + ["South"] * 3
        result = sorted_by(cells(cm.aggregate(make(both), by="team", over_time="last")), "team")
        assert result["year_of_care_cost"] == [12e5 / 501, None], "three months of South are no year"
        apart = {**YEAR, "period": [f"20{year:02}-01" for year in range(12)]}
        assert cells(cm.aggregate(make(apart), by="team", over_time="last")).get("year_of_care_cost", [None]) == [None]

    def test_a_mean_caseload_is_no_year_end_caseload(self, make) -> None:
        mean = cells(cm.aggregate(make(YEAR), by="team", over_time="mean"))
        assert "year_of_care_cost" not in mean
        assert mean["average_caseload"] == [495.5]
        assert mean["year_of_care_cost_on_average_caseload"] == [12e5 / 495.5]
        held = make({**YEAR, "average_caseload": [495] * 12})
        last = cells(cm.aggregate(held, by="team", over_time="last"))
        assert last["year_of_care_cost"] == [12e5 / 501]
        assert "year_of_care_cost_on_average_caseload" not in last
        with refused("year_of_care_cost", names=("over_time", "last")):
            cm.aggregate(make(YEAR), by="team", over_time="mean", metrics=["year_of_care_cost"])

    def test_a_team_that_is_missing_at_the_end_makes_the_stock_missing(self, make) -> None:
        table = make(
            {
                "icb": ["A"] * 3,
                "team": ["1", "1", "2"],
                "period": ["2016-04", "2016-05", "2016-04"],
                "caseload": [1, 2, 5],
            }
        )
        assert cells(cm.aggregate(table, by="icb", over_time="last"))["caseload"] == [None]
        assert cells(cm.aggregate(table, by="icb", over_time="mean"))["caseload"] == [None]
        assert cells(cm.aggregate(table, by="icb", over_time="last", total_of_known=True))["caseload"] == [2]

    def test_what_rows_share_does_not_add(self, make) -> None:
        table = make({"team_type": ["EIP", "CRHT"], "total_cost": [1.0, 2.0], "organisations": [56, 56]})
        with refused("organisations"):
            cm.aggregate(table)

    def test_what_to_group_by_is_no_measure_and_stands_once(self, make) -> None:
        with refused("by", "caseload", expected="a column"):
            cm.aggregate(make(TWO_TEAMS), by=["caseload"])
        with refused("by", "icb", expected="once"):
            cm.aggregate(make(TWO_TEAMS), by=["icb", "icb"])
        assert cells(cm.aggregate(make(TWO_TEAMS), by=None))["caseload"] == [1_000]

    def test_gives_back_the_kind_that_came(self, make) -> None:
        table = make(TWO_TEAMS)
        assert type(cm.aggregate(table, by="icb")) is type(table)

    def test_unknown_columns_and_rules_are_refused(self, make) -> None:
        with refused("by", "icbs", expected="a column", suggests="icb"):
            cm.aggregate(make(TWO_TEAMS), by="icbs")
        with refused("over_time", "first", names=("last", "mean")):
            cm.aggregate(make(TWO_TEAMS), by="icb", over_time="first")
        with refused(None, ["icb", "colour"], expected="to add up"):
            cm.aggregate(make({"icb": ["A"], "colour": [1]}), by="icb")

    def test_populations_that_cannot_be_added_are_refused(self, make) -> None:
        teams = make(TWO_TEAMS)
        with refused("populations", "period", expected="to add up", names=("period", "by")):
            cm.aggregate(
                teams, by="icb", populations=make({"icb": ["QUE"], "period": ["2016/17"], "registered_population": [1]})
            )
        with refused("populations", "team_type", expected="to add up", names=("team_type", "by")):
            cm.aggregate(
                teams, by="icb", populations=make({"icb": ["QUE"], "team_type": ["CRHT"], "registered_population": [1]})
            )
        with refused("populations", ["icb", "people"], expected="a column"):
            cm.aggregate(teams, by="icb", populations=make({"icb": ["QUE"], "people": [1]}))
        with refused("populations", ["place"], expected="a column", names="icb"):
            cm.aggregate(teams, by="icb", populations=make({"place": ["QUE"], "registered_population": [1]}))

    def test_populations_of_places_that_nothing_names_are_no_population(self, make) -> None:
        # Not 3,000 people of each ICB.
        people = make({"registered_population": [1_000, 2_000]})
        if isinstance(nw.from_native(people), nw.LazyFrame):
            assert cells(cm.aggregate(make(TWO_TEAMS), by="icb", populations=people))["registered_population"] == [None]
        else:
            with refused("populations", "2 rows", expected="a column"):
                cm.aggregate(make(TWO_TEAMS), by="icb", populations=people)


@every_eager
class TestTablesInMemory:
    def test_groups_come_in_the_order_of_the_rows(self, make) -> None:
        table = make(
            {
                "icb": ["B", "A", "B", "C"],
                "team": ["1", "2", "3", "4"],
                "total_cost": [1.0, 2.0, 3.0, 4.0],
                "contacts": [1, 1, 1, 1],
            }
        )
        assert cells(cm.aggregate(table, by="icb"))["icb"] == ["B", "A", "C"]

    def test_twelve_months_make_a_year_of_care(self, make) -> None:
        result = cells(cm.aggregate(make(YEAR), by="team", over_time="last"))
        assert result["year_of_care_cost"] == [12e5 / 501]
        half = {name: values[:6] for name, values in YEAR.items()}
        assert "year_of_care_cost" not in cells(cm.aggregate(make(half), by="team", over_time="last"))

    def test_years_and_their_months_are_not_added(self, make) -> None:
        table = make(
            {"team": ["N", "N"], "period": ["2016/17", "2016-04"], "total_cost": [12.0, 1.0], "contacts": [1, 1]}
        )
        with refused("period", "2016/17 and 2016-04", expected="counted once"):
            cm.aggregate(table, by="team")
        with refused("period", "2016/99", names="2016/17"):
            cm.with_metrics(make({"period": ["2016/99"], "total_cost": [12.0], "contacts": [1]}))

    def test_keys_of_two_kinds_are_refused(self, make) -> None:
        people = make({"icb": [1], "registered_population": [1_000]})
        with refused("populations", "icb as Int64", names="String"):
            cm.aggregate(make(TWO_TEAMS), by="icb", populations=people)

    def test_a_place_with_two_populations_is_refused(self, make) -> None:
        table = make({**TWO_TEAMS, "registered_population": [100_000, 200_000]})
        with refused("registered_population", "100,000 to 200,000", row="icb=QUE", expected="once"):
            cm.aggregate(table, by="icb", place="icb")

    def test_a_place_twice_among_the_populations_is_refused(self, make) -> None:
        people = make({"icb": ["QUE", "QUE"], "registered_population": [1, 2]})
        with refused(None, row="icb=QUE", expected="once"):
            cm.aggregate(make(TWO_TEAMS), by="icb", populations=people)

    def test_one_period_needs_no_rule(self, make) -> None:
        table = make({**TWO_TEAMS, "period": ["2016/17", "2016/17"]})
        assert cells(cm.aggregate(table, by="icb"))["year_of_care_cost"] == [3_000.0]

    @examples(5)
    @given(
        rows=st.lists(
            st.tuples(st.sampled_from("ABC"), st.integers(0, 10**9), st.integers(0, 10**6)), min_size=1, max_size=12
        )
    )
    def test_totals_of_groups_are_the_total(self, make, rows: list[tuple[str, int, int]]) -> None:
        columns = {
            "icb": [row[0] for row in rows],
            "team": [str(number) for number in range(len(rows))],
            "total_cost": [float(row[1]) for row in rows],
            "contacts": [row[2] for row in rows],
        }
        by_icb = cells(cm.aggregate(make(columns), by="icb"))
        whole = cells(cm.aggregate(make(columns)))
        assert sum(by_icb["total_cost"]) == whole["total_cost"][0] == sum(row[1] for row in rows)
        pooled = cm.cost_per_contact(float(sum(row[1] for row in rows)), float(sum(row[2] for row in rows)))
        assert whole["cost_per_contact"] == [None if math.isnan(pooled) else pooled]


@every_lazy
class TestLazyTables:
    def test_come_sorted_by_what_they_are_grouped_by(self, make) -> None:
        table = make(
            {"icb": ["B", "A", "B"], "team": ["1", "2", "3"], "total_cost": [1.0, 2.0, 3.0], "contacts": [1, 1, 1]}
        )
        assert cells(cm.aggregate(table, by="icb"))["icb"] == ["A", "B"]

    def test_a_place_with_two_populations_has_none(self, make) -> None:
        table = make({**TWO_TEAMS, "registered_population": [100_000, 200_000]})
        assert cells(cm.aggregate(table, by="icb", place="icb"))["caseload_per_100k_registered"] == [None]


class TestPandas:
    @pytest.mark.parametrize("icbs", [["QUE"], ["QUE", "QRV"]])
    def test_populations_whose_places_are_their_index_are_refused(self, icbs: list[str]) -> None:
        people = pd.DataFrame({"registered_population": [1_000] * len(icbs)}, index=pd.Index(icbs, name="icb"))
        with refused("populations", "an index of icb", names="reset_index()"):
            cm.aggregate(pd.DataFrame(TWO_TEAMS), by="icb", populations=people)

    @pytest.mark.parametrize("index", [["icb"], ["team", "icb"]])
    @pytest.mark.parametrize(
        ("argument", "of"),
        [
            ("by", lambda table: cm.aggregate(table, by="icb")),
            ("keys", lambda table: cm.validate(table, keys=["icb"])),
            ("by", lambda table: cm.benchmark(table, "cost_per_contact", by="icb")),
            ("by", lambda table: cm.pack(table, by="icb", charts=False)),
            ("by", lambda table: trends.rolling_year(table, by="icb")),
            ("by", lambda table: intervals.event_totals(table, "icb", events="caseload", people="total_cost")),
            ("group", lambda table: inequality.group_gaps(
                table, "icb", count="caseload", population="total_cost", reference="QUE")),
            ("by", lambda table: places.to_boundaries(table, "2026-04", by="icb")),
        ],
    )  # fmt: skip
    def test_a_column_that_stands_in_the_index_is_told(self, argument: str, of: Any, index: list[str]) -> None:
        # A column of nearly that name is no better guess.
        table = pd.DataFrame(TWO_TEAMS).assign(icb_=1, team=["a", "b"]).set_index(index)
        with refused(argument, "icb", expected="a column", names="reset_index()"):
            of(table)

    def test_totals_of_quantities_keep_to_their_groups_whatever_the_index(self) -> None:
        table = pd.DataFrame(
            {
                "team": list("abc"),
                "total_cost": pd.Series([1.0, 2, 3], dtype="pint[MGBP]"),
                "contacts": pd.Series([10.0] * 3, dtype="pint[contact]"),
            }
        ).set_index(pd.Index([2, 1, 0]))
        result = cm.aggregate(table, by="team")
        assert result["team"].tolist() == list("abc")
        assert [each.magnitude for each in result["total_cost"]] == [1e6, 2e6, 3e6]
        assert str(result["total_cost"].dtype.units) == "GBP"

    def test_months_as_dates(self) -> None:
        dates = pd.date_range("2016-04-01", periods=12, freq="MS")
        table = pd.DataFrame({"team": "N", "period": dates, "caseload": 500, "total_cost": 1e5})
        result = cm.aggregate(table, by="team", over_time="last")
        assert result[["caseload", "year_of_care_cost"]].iloc[0].tolist() == [500, 2_400]

    def test_totals_of_quantities_keep_their_units(self) -> None:
        table = pd.DataFrame(
            {
                "icb": ["A", "A"],
                "team": ["1", "2"],
                "total_cost": pd.Series([1.0, 2.0], dtype="pint[MGBP]"),
                "contacts": pd.Series([1_000.0, 500.0], dtype="pint[contact]"),
            }
        )
        result = cm.aggregate(table, by="icb")
        assert str(result["total_cost"].dtype.units) == "GBP"
        assert result["cost_per_contact"].iloc[0].magnitude == pytest.approx(2_000)

    def test_tables_of_two_kinds_are_refused(self) -> None:
        people = pl.DataFrame({"icb": ["QUE"], "registered_population": [1]})
        with refused("populations", "DataFrame", names="pandas"):
            cm.aggregate(pd.DataFrame(TWO_TEAMS), by="icb", populations=people)

    def test_means_of_metrics_are_something_else(self) -> None:
        # A cheap large team and a dear small one: the pooled cost per contact is not the mean of theirs.
        table = pd.DataFrame({"team": ["1", "2"], "total_cost": [1_000.0, 1_000.0], "contacts": [100, 10]})
        pooled = cm.aggregate(table)["cost_per_contact"].item()
        assert pooled == pytest.approx(2_000 / 110)
        assert cm.with_metrics(table)["cost_per_contact"].mean() == pytest.approx(55)


def test_narwhals_comes_back_as_narwhals() -> None:
    assert isinstance(cm.aggregate(nw.from_native(pl.DataFrame(TWO_TEAMS)), by="icb"), nw.DataFrame)


def test_an_index_of_the_table_is_none_of_its_totals() -> None:
    table = pd.DataFrame({"icb": ["x", "y"], "contacts": [1, 2]}, index=[5, 6])
    assert cm.aggregate(table).index.tolist() == [0]
    assert cm.aggregate(table, "icb").index.tolist() == [0, 1]
    assert cm.aggregate(table, "icb", totals=True).index.tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("measure", "periods", "over_time", "by", "columns"),
    [
        ("contacts", ["2015/16", "2016/17"], "sum", ["icb"], {"icb": ["QUE"], "contacts": [30], "periods": [2]}),
        ("contacts", ["2015/16", "2016/17"], "sum", ["icb", "period"], {"icb": ["QUE"] * 2, "contacts": [10, 20]}),
        ("contacts", ["2016/17", "2016/17"], "sum", ["icb"], {"icb": ["QUE"], "contacts": [30]}),
        ("contacts", None, "sum", ["icb"], {"icb": ["QUE"], "contacts": [30]}),
        ("caseload", ["2015/16", "2016/17"], "last", ["icb"], {"icb": ["QUE"], "caseload": [20]}),
        ("caseload", ["2015/16", "2016/17"], "mean", ["icb"], {"icb": ["QUE"], "caseload": [15]}),
        ("caseload", ["2016/17", "2016/17"], None, ["icb"], {"icb": ["QUE"], "caseload": [30]}),
    ],
)
def test_how_many_periods_are_summed_is_told_where_any_are(measure, periods, over_time, by, columns) -> None:
    table = {"icb": ["QUE", "QUE"], "team": ["A", "B" if periods is None or len(set(periods)) == 1 else "A"]}
    table |= {"period": periods} if periods else {}
    found = cells(cm.aggregate(pd.DataFrame(table | {measure: [10, 20]}), by=by, over_time=over_time))
    expected = columns | ({"period": periods} if "period" in by else {})
    assert {name: values for name, values in found.items() if name in (*expected, "periods")} == expected
