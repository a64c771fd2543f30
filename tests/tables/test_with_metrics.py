"""Metrics on tables: the same numbers on every engine, and every problem named."""

from __future__ import annotations

import math
import re
from decimal import Decimal

import narwhals as nw
import numpy as np
import pandas as pd
import pint_pandas  # noqa: F401 - makes the type "pint[…]" known
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cmhs_metrics as cm
from tests.support.budgets import examples
from tests.support.engines import ALL, EAGER, LAZY, cells, each, on_spark
from tests.support.refusals import ANY, problem, raised, refused

TEAMS = {
    "organisation": ["RT1", "RT1", "RV9", "RV9"],
    "team_type": ["Generic CMHT", "CRHT", "Generic CMHT", "CRHT"],
    "period": ["2016/17"] * 4,
    "total_cost": [17_700_000.0, math.nan, 1_000_000.0, 2_000_000.0],
    "caseload": [5_291, 0, 100, None],
    "contacts": [108_600, 10, None, 20],
}

every_table = each(ALL)
every_eager = each(EAGER)
every_lazy = each(LAZY)


@every_table
class TestOnEveryEngine:
    def test_adds_each_metric_that_the_columns_allow(self, make) -> None:
        result = cells(cm.with_metrics(make(TEAMS)))
        assert list(result)[6:] == [
            "contacts_per_patient",
            "contacts_per_patient_month",
            "year_of_care_cost",
            "cost_per_contact",
        ]
        assert result["year_of_care_cost"] == [17_700_000 / 5_291, None, 10_000.0, None]
        assert result["cost_per_contact"] == [17_700_000 / 108_600, None, None, 100_000.0]
        assert result["contacts_per_patient"] == [108_600 / 5_291, None, None, None]

    def test_leaves_rows_and_columns_as_they_were(self, make) -> None:
        result = cells(cm.with_metrics(make(TEAMS)))
        assert {name: result[name] for name in TEAMS} == cells(make(TEAMS))

    def test_gives_back_the_kind_that_came(self, make) -> None:
        table = make(TEAMS)
        assert type(cm.with_metrics(table)) is type(table)

    def test_computes_only_what_is_asked_for(self, make) -> None:
        result = cells(cm.with_metrics(make(TEAMS), ["cost_per_contact", cm.year_of_care_cost]))
        assert list(result)[6:] == ["cost_per_contact", "year_of_care_cost"]

    def test_says_which_population_a_rate_stands_on(self, make) -> None:
        table = make(
            {"caseload": [500, 600], "registered_population": [100_000, 0], "weighted_population": [50_000, 60_000]}
        )
        result = cells(cm.with_metrics(table, ["caseload_per_100k"]))
        assert result["caseload_per_100k_registered"] == [500.0, None]
        assert result["caseload_per_100k_weighted"] == [1_000.0, 1_000.0]
        only = cells(cm.with_metrics(table, ["caseload_per_100k"], basis="weighted"))
        assert "caseload_per_100k_registered" not in only

    def test_rates_over_the_ages_that_a_team_is_for(self, make) -> None:
        # Unit Costs 2016/17 prints both: over the age group that a team serves, and over everybody aged 16 and over.
        table = make(
            {
                "team_type": ["Generic CMHT", "Older People", "A17"],
                "total_cost": [2_000.0, 2_000.0, 2_000.0],
                "people_aged_16_plus": [100_000, 100_000, 100_000],
                "people_aged_16_64": [80_000, 80_000, 80_000],
                "people_aged_65_plus": [20_000, 20_000, 20_000],
            }
        )
        result = cells(cm.with_metrics(table, ["cost_per_100k"]))
        assert result["cost_per_100k_16_plus"] == [2_000.0] * 3
        assert result["cost_per_100k_age_band"] == [2_500.0, 10_000.0, 10_000.0]
        assert "cost_per_100k_16_plus" not in cells(cm.with_metrics(table, ["cost_per_100k"], basis="age_band"))

    def test_decimals_are_divided_as_floats(self, make) -> None:
        table = make({"total_cost": [Decimal("17700000"), Decimal("1")], "caseload": [Decimal("5291"), Decimal("0")]})
        assert cells(cm.with_metrics(table))["year_of_care_cost"] == [17_700_000 / 5_291, None]

    def test_a_column_of_nothing_gives_nothing(self, make) -> None:
        table = make({"total_cost": [1.0, 2.0], "contacts": [math.nan, math.nan]})
        assert cells(cm.with_metrics(table))["cost_per_contact"] == [None, None]

    def test_years_of_care_are_not_computed_on_months(self, make) -> None:
        months = make(
            {"period": ["2016-04", "2016-05"], "total_cost": [10.0, 20.0], "caseload": [1, 2], "contacts": [1, 2]}
        )
        result = cells(cm.with_metrics(months))
        assert result["cost_per_contact"] == [10.0, 10.0]
        assert set(result.get("year_of_care_cost", [None])) == {None}

    def test_text_in_a_number_is_refused(self, make) -> None:
        with refused("total_cost", ANY, row=ANY, expected="a number"):
            cm.with_metrics(make({"total_cost": ["1,000", "2"], "contacts": [1, 2]}))

    def test_a_missing_column_says_what_it_costs(self, make) -> None:
        with refused("caseload", expected="a column", names=("year_of_care_cost", "patients_per_wte")):
            cm.with_metrics(make({"total_cost": [1.0], "contacts": [1]}), ["year_of_care_cost"])

    def test_a_table_without_measures_is_refused(self, make) -> None:
        with refused(
            None,
            ["Total Cost", "DNAs"],
            expected="a metric",
            names=("Total Cost", "total_cost", "DNAs", "did_not_attends"),
        ):
            cm.with_metrics(make({"Total Cost": [1.0], "DNAs": [1]}))

    def test_a_measure_that_makes_nothing_says_what_it_needs(self, make) -> None:
        with refused(None, ["icb", "open_referrals"], names=("open_referrals", "open_referrals_per_100k")):
            cm.with_metrics(make({"icb": ["QUE"], "open_referrals": [1.0]}))

    def test_unknown_names_offer_the_nearest(self, make) -> None:
        with refused(None, "year_of_care_costs", suggests="year_of_care_cost"):
            cm.with_metrics(make(TEAMS), ["year_of_care_costs"])
        with refused("basis", "weigthed", names=("registered", "weighted", "16+", "age_band"), suggests="weighted"):
            cm.with_metrics(make(TEAMS), basis="weigthed")
        with refused("weighted_population", expected="a column", names=("basis", "weighted")):
            cm.with_metrics(make(TEAMS), basis="weighted")

    def test_a_column_is_not_overwritten_unasked(self, make) -> None:
        table = make({"total_cost": [10.0], "contacts": [5], "cost_per_contact": [7.0]})
        with refused("cost_per_contact", expected="another name", names="overwrite"):
            cm.with_metrics(table)
        assert cells(cm.with_metrics(table, overwrite=True))["cost_per_contact"] == [2.0]


ROWS = st.lists(
    st.tuples(
        st.one_of(st.none(), st.just(math.nan), st.just(0.0), st.floats(1e-3, 1e12)),
        st.one_of(st.none(), st.integers(0, 10**7)),
        st.one_of(st.none(), st.integers(0, 10**7)),
    ),
    min_size=1,
    max_size=6,
)


def agrees_with_the_function_on_numbers(engines, rows: list[tuple[float | None, int | None, int | None]]) -> None:
    # A first row of numbers gives each column its type.
    rows = [(1.0, 1, 1), *rows]
    columns = {name: [row[at] for row in rows] for at, name in enumerate(("total_cost", "caseload", "contacts"))}

    def expected(metric, top: float | None, bottom: float | None) -> float | None:
        value = metric(math.nan if top is None else top, math.nan if bottom is None else bottom)
        return None if math.isnan(value) else value

    for name, make in engines.items():
        result = cells(cm.with_metrics(make(columns)))
        assert result["year_of_care_cost"] == [expected(cm.year_of_care_cost, row[0], row[1]) for row in rows], name
        assert result["contacts_per_patient"] == [expected(cm.contacts_per_patient, row[2], row[1]) for row in rows], (
            name
        )


@examples(10)
@given(rows=ROWS)
def test_every_engine_agrees_with_the_function_on_numbers(rows) -> None:
    agrees_with_the_function_on_numbers({name: make for name, make in ALL.items() if name != "pyspark"}, rows)


@on_spark
@examples(2)
@given(rows=ROWS)
def test_spark_agrees_with_the_function_on_numbers(rows) -> None:
    agrees_with_the_function_on_numbers({"pyspark": ALL["pyspark"]}, rows)


class TestCategories:
    def test_keys_held_as_categories_are_text(self) -> None:
        columns = {"team_type": ["CRHT"], "period": ["2016/17"], "total_cost": [6.0], "caseload": [2], "contacts": [3]}
        for table in (
            pd.DataFrame(columns).astype({"team_type": "category", "period": "category"}),
            pl.DataFrame(columns).cast({"team_type": pl.Categorical, "period": pl.Categorical}),
        ):
            assert cells(cm.with_metrics(table))["year_of_care_cost"] == [3.0]
            assert cells(cm.aggregate(table, by="period"))["year_of_care_cost"] == [3.0]

    def test_members_are_read_and_numbers_are_not(self) -> None:
        table = pd.DataFrame({"team_type": [cm.TeamType.CRHT], "total_cost": [6.0], "contacts": [3]})
        assert cm.aggregate(table, by="team_type")["cost_per_contact"].tolist() == [2.0]
        with refused("team_type", 2, row="team_type=2", names="A06"):
            cm.with_metrics(pd.DataFrame({"team_type": [2], "total_cost": [6.0], "contacts": [3]}))


class TestPandas:
    def test_keeps_the_index_and_the_types(self) -> None:
        table = pd.DataFrame({"total_cost": [10, 20], "contacts": [5, 0]}, index=["a", "b"])
        result = cm.with_metrics(table)
        assert result.index.tolist() == ["a", "b"]
        assert result["total_cost"].dtype == np.int64
        assert result["cost_per_contact"].dtype == np.float64
        assert list(table) == ["total_cost", "contacts"], "the user's own table is not changed"

    def test_columns_of_quantities(self) -> None:
        table = pd.DataFrame(
            {
                "team": ["North", "South"],
                "total_cost": pd.Series([17.7, 2.2], dtype="pint[MGBP]"),
                "caseload": pd.Series([5_291.0, 0.0], dtype="pint[patient]"),
            }
        )
        result = cm.with_metrics(table)
        assert str(result["year_of_care_cost"].dtype.units) == "GBP / patient"
        assert result["year_of_care_cost"].iloc[0].magnitude == pytest.approx(17.7e6 / 5_291)
        assert result["year_of_care_cost"].isna().tolist() == [False, True]
        assert str(result["total_cost"].dtype.units) == "megaGBP"

    def test_columns_of_quantities_in_wrong_units(self) -> None:
        swapped = pd.DataFrame(
            {"total_cost": pd.Series([1.0], dtype="pint[patient]"), "caseload": pd.Series([1.0], dtype="pint[GBP]")}
        )
        with raised(cm.DimensionalityError, "total_cost", "column of patient", "caseload", "column of GBP"):
            cm.with_metrics(swapped)
        mixed = pd.DataFrame({"total_cost": pd.Series([1.0], dtype="pint[GBP]"), "caseload": [1.0]})
        with refused("caseload", "float64", expected="a unit", names="total_cost"):
            cm.with_metrics(mixed)

    def test_pythons_own_numbers(self) -> None:
        table = pd.DataFrame({"total_cost": pd.Series([Decimal("10"), None], dtype=object), "contacts": [4, 4]})
        assert cm.with_metrics(table)["cost_per_contact"].fillna(-1).tolist() == [2.5, -1]

    def test_repeated_columns_are_refused(self) -> None:
        table = pd.DataFrame([[1, 2, 3]], columns=["total_cost", "contacts", "contacts"])
        with refused("contacts", expected="once"):
            cm.with_metrics(table)


@every_eager
class TestCellsOfTablesInMemory:
    def test_every_problem_at_once(self, make) -> None:
        table = make(
            {
                "organisation": ["RT1", "RT1", "RT2", "RT3"],
                "team_type": ["Generic CMHT", "Generic CMHT", "CRTH", "CRHT"],
                "period": ["2016/17", "2016/17", "April", "2016/17"],
                "total_cost": [-5.0, 1.0, 2.0, math.inf],
                "contacts": [1, 2, 3, 4],
                "face_to_face_contacts": [5, 1, 1, 4],
            }
        )
        generic, crisis, third = (
            "organisation=RT1, team_type=Generic CMHT, period=2016/17",
            "organisation=RT2, team_type=CRTH, period=April",
            "organisation=RT3, team_type=CRHT, period=2016/17",
        )
        with refused(
            problem("total_cost", -5.0, row=generic, expected="zero or more", names="GBP"),
            problem("face_to_face_contacts", 5, row=generic, expected="no more than", names=("contacts", 1)),
            problem(None, row=generic, expected="once"),
            problem("team_type", "CRTH", row=crisis, suggests="CRHT"),
            problem("period", "April", row=crisis, expected="a date or period"),
            problem("total_cost", math.inf, row=third, expected="a finite number"),
        ):
            cm.with_metrics(table)

    def test_an_empty_table_is_refused(self, make) -> None:
        table = nw.from_native(make(TEAMS)).head(0)
        with refused(None, expected="at least one"):
            cm.with_metrics(table)

    def test_two_spellings_of_a_team_type_are_refused(self, make) -> None:
        table = make(
            {"organisation": ["RT1", "RT2"], "team_type": ["CRHT", "A02"], "total_cost": [1.0, 2.0], "contacts": [1, 2]}
        )
        with refused("team_type", expected="once", names=("CRHT", "A02")):
            cm.aggregate(table, by="team_type")
        with refused("team_type", expected="once", names=("CRHT", "A02")):
            cm.validate(table)
        assert cells(cm.with_metrics(table))["cost_per_contact"] == [1.0, 1.0], "where nothing is grouped, all is well"

    def test_services_of_the_data_set_are_not_spellings(self, make) -> None:
        codes = make({"team_type": ["A01", "A05", "C03", "C10"], "total_cost": [1.0] * 4, "contacts": [1] * 4})
        assert len(cells(cm.aggregate(codes, by="team_type"))["team_type"]) == 4

    def test_rows_told_apart_by_a_further_column(self, make) -> None:
        table = make({"organisation": ["RT1", "RT1"], "ward": ["a", "b"], "total_cost": [1.0, 2.0], "contacts": [1, 2]})
        with refused(None, row="organisation=RT1", expected="once"):
            cm.with_metrics(table)
        assert cells(cm.with_metrics(table, keys=["organisation", "ward"]))["cost_per_contact"] == [1.0, 1.0]
        with refused("keys", "wards", expected="a column", suggests="ward"):
            cm.with_metrics(table, keys=["wards"])

    def test_a_missing_key_is_refused(self, make) -> None:
        table = make({"organisation": ["RT1", None], "total_cost": [1.0, 2.0], "contacts": [1, 2]})
        with refused("organisation", row=re.compile("organisation=(None|nan)"), expected="a value"):
            cm.with_metrics(table)

    def test_text_cells_are_named_by_their_rows(self, make) -> None:
        with refused("total_cost", "n/a", row="organisation=RT2", expected="a number", names="GBP"):
            cm.with_metrics(make({"organisation": ["RT1", "RT2"], "total_cost": ["1000", "n/a"], "contacts": [1, 2]}))

    def test_annual_metrics_by_name_need_years(self, make) -> None:
        months = make({"period": ["2016-04"], "total_cost": [10.0], "caseload": [1]})
        with refused("year_of_care_cost", expected="a date or period", names="over_time"):
            cm.with_metrics(months, ["year_of_care_cost"])

    def test_long_lists_are_counted(self, make) -> None:
        table = make({"organisation": [f"R{n}" for n in range(50)], "total_cost": [-1.0] * 50, "contacts": [1] * 50})
        with refused(problem("total_cost", -1.0, row="organisation=R0", expected="zero or more"), others=49) as caught:
            cm.with_metrics(table)
        assert [problem.row for problem in caught.value.problems] == [f"organisation=R{n}" for n in range(50)]
        assert [f"organisation=R{n}:" in str(caught.value) for n in range(50)] == [True] * 20 + [False] * 30


NEGATIVE_AND_REPEATED = {"organisation": ["RT1", "RT1"], "total_cost": [-5.0, 1.0], "contacts": [1, 2]}


@every_lazy
class TestLazyTables:
    def test_are_not_looked_into_until_validated(self, make) -> None:
        table = make(NEGATIVE_AND_REPEATED)
        assert cells(cm.with_metrics(table))["cost_per_contact"] == [-5.0, 0.5]
        with refused(
            problem("total_cost", -5.0, row="organisation=RT1", expected="zero or more"),
            problem(None, row="organisation=RT1", expected="once"),
        ):
            cm.validate(table)

    def test_validate_gives_a_good_table_back(self, make) -> None:
        table = make(TEAMS)
        assert cm.validate(table) is table

    def test_a_team_type_that_nobody_knows_has_no_ages(self, make) -> None:
        table = make(
            {
                "team_type": ["Elderly", None, "A17"],
                "total_cost": [1.0] * 3,
                "people_aged_16_64": [100_000] * 3,
                "people_aged_65_plus": [50_000] * 3,
            }
        )
        assert cells(cm.with_metrics(table, ["cost_per_100k"]))["cost_per_100k_age_band"] == [None, None, 2.0]

    def test_nothing_is_collected_on_the_way(self, make, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(*args: object, **options: object) -> None:
            raise AssertionError("the query was run")

        table = make(TEAMS)
        monkeypatch.setattr(nw.LazyFrame, "collect", refuse)
        monkeypatch.setattr(pl.LazyFrame, "collect", refuse)
        cm.with_metrics(table)
        cm.aggregate(table, by=["organisation", "period"])


def test_what_is_no_table_is_refused() -> None:
    with raised(TypeError, "table", "list"):
        cm.with_metrics([1, 2])
    with raised(TypeError, "table", "Series"):
        cm.with_metrics(pd.Series([1, 2]))
