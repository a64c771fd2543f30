"""The same call on any engine: the same answer, one query, and nothing run on the way."""

from __future__ import annotations

import math
import re
from datetime import datetime
from decimal import Decimal

import duckdb
import ibis
import narwhals as nw
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import cmhs_metrics as cm
from cmhs_metrics.catchments import Shares, apportion
from cmhs_metrics.disclosure import Rule, protect, suppress, suppress_percentage, suppression
from cmhs_metrics.intervals import mean_interval, proportion_interval, rate_interval, standardised_rates, with_intervals
from cmhs_metrics.variation import fold_variation, funnel, quartile_groups, ranks
from tests.support import spark_session
from tests.support.engines import ALL, LAZY, cells, each, on_spark, sorted_by
from tests.support.refusals import raised, refused

TEAMS = {
    "icb": ["B", "A", "B", "A"],
    "team": ["North", "Hills", "Older", "Dales"],
    "period": ["2016/17"] * 4,
    "referrals": [100, 50, 20, 30],
    "referrals_accepted": [80, 40, 20, 15],
    "total_cost": [2e6, 1e6, 5e5, 3e6],
    "caseload": [500, 250, 100, 400],
    "contacts": [9_000, 4_000, 1_000, 8_000],
}
PEOPLE = {"icb": ["A", "B"], "registered_population": [80_000, 60_000]}
SHARES = Shares({"A": {"North": 0.5, "South": 0.5}, "B": {"South": 1.0}})


class TestTheSameAnswer:
    @each(ALL, every_day=True)
    def test_decimals_zeros_nulls_and_nan_side_by_side(self, make) -> None:
        table = make(
            {
                "icb": ["A", "A", "B", "B", "C", None],
                "team": list("abcdef"),
                "total_cost": [
                    Decimal("0.10"),
                    Decimal("0.20"),
                    Decimal("5.00"),
                    None,
                    Decimal("7.00"),
                    Decimal("1.00"),
                ],
                "contacts": [1.0, 2.0, 1.0, 1.0, 0.0, math.nan],
                "caseload": [1, 1, None, 1, 0, 4],
            }
        )
        result = sorted_by(cells(cm.aggregate(table, by="icb", keys=["team"])), "icb")
        assert result["icb"] == ["A", "B", "C", None]
        assert result["total_cost"] == [pytest.approx(0.3), None, 7.0, 1.0], "half a column is no total"
        assert result["cost_per_contact"] == [pytest.approx(0.1), None, None, None], "nothing is divided by zero"
        assert result["contacts"] == [3.0, 2.0, 0.0, None]
        assert result["caseload"] == [2.0, None, 0.0, 4.0], "zero is no hole"

    @each(ALL, every_day=True)
    def test_months_as_dates(self, make) -> None:
        months = [datetime(2016, month, 1) for month in range(4, 13)] + [
            datetime(2017, month, 1) for month in (1, 2, 3)
        ]
        table = make({"icb": ["A"] * 12, "period": months, "caseload": list(range(489, 501)), "total_cost": [1e5] * 12})
        result = cells(cm.aggregate(table, by="icb", over_time="last"))
        assert (result["caseload"], result["year_of_care_cost"]) == ([500.0], [2_400.0])

    @each(ALL, every_day=True)
    def test_suppression_of_columns(self, make) -> None:
        # NHS England's rule: below 5 is not shown, the rest to the nearest 5. Halves go up.
        table = nw.from_native(make({"part": [0, 4, 5, 12, 13, None, math.nan], "whole": [0, 50, 8, 60, 13, 50, 50.0]}))
        shown = cells(table.select(suppress(nw.col("part")), suppress_percentage(nw.col("part"), nw.col("whole"))))
        assert shown["suppressed"] == [None, None, 5, 10, 15, None, None]
        assert shown["percentage"] == [None, None, 63, 20, 100, None, None]
        assert table.select(suppress(nw.col("part"))).collect_schema()["suppressed"] == nw.Float64
        zeros = table.select(suppress(nw.col("part"), Rule(suppress_zero=False)))
        assert cells(zeros)["suppressed"] == [0, None, 5, 10, 15, None, None]

    @each(ALL, every_day=True)
    def test_rates_as_expressions(self, make) -> None:
        table = nw.from_native(make({"referrals": [5, 0, None, 7], "registered_population": [1_000, 500, 10, 0]}))
        rates = table.select(cm.referrals_per_100k(nw.col("referrals"), nw.col("registered_population")))
        assert cells(rates)["referrals_per_100k"] == [500.0, 0.0, None, None]
        # 500 per 100,000 of 1,000 people are 5, which are 2,500 per 100,000 of 200.
        converted = table.select(cm.need.convert_rate(nw.lit(500.0), nw.col("registered_population"), nw.lit(200.0)))
        assert cells(converted)["convert_rate"] == [2_500.0, 1_250.0, 25.0, 0.0]

    @each(LAZY, every_day=True)
    def test_benchmarks(self, make) -> None:
        arguments = {"metrics": ["caseload_per_100k", "referral_acceptance_rate"], "by": "icb", "peers": ["A"]}
        expected = cm.benchmark(pd.DataFrame(TEAMS), populations=pd.DataFrame(PEOPLE), period="2016/17", **arguments)
        arguments |= {"period": "2016/17", "over_time": "last"}
        result = cm.benchmark(make(TEAMS), populations=make(PEOPLE), **arguments)
        both = [table.sort_values(["metric", "place"]).reset_index(drop=True) for table in (expected, result)]
        pd.testing.assert_frame_equal(*both, check_dtype=False)

    @pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")  # Ibis calls it of newer DuckDBs
    def test_ibis_tables_of_a_connection_of_their_own(self) -> None:
        connection = ibis.duckdb.connect()
        for name, columns in {"teams": TEAMS, "people": PEOPLE}.items():
            connection.con.register("given", pa.table(columns))
            connection.con.execute(f"create table {name} as from given")
        teams, people = connection.table("teams"), connection.table("people")
        rates = cells(cm.aggregate(teams, by="icb", populations=people, over_time="last"))
        assert rates["caseload_per_100k_registered"] == [812.5, 1_000.0]
        shared = cells(cm.aggregate(apportion(teams, SHARES, by="icb", to="region"), by="region", over_time="last"))
        assert shared["contacts"] == [6_000.0, 16_000.0]


def refuse(*_: object) -> None:
    raise RuntimeError("the query was run")


def _polars(columns: dict[str, list]) -> pl.LazyFrame:
    return pl.LazyFrame(columns).with_columns(pl.col("icb").map_batches(refuse, return_dtype=pl.String))


def _duckdb(columns: dict[str, list]) -> duckdb.DuckDBPyRelation:
    fails = "case when random() < 2 then error('the query was run') else icb end"
    return duckdb.from_arrow(pa.table(columns)).project(f"* replace ({fails}::varchar as icb)")


def _ibis(columns: dict[str, list]) -> ibis.Table:
    return ibis.table(ibis.memtable(pa.table(columns)).schema(), name="nowhere")


def _spark(columns: dict[str, list]) -> object:
    from pyspark.sql import functions

    fails = functions.raise_error(functions.lit("the query was run")).cast("string")
    table = LAZY["pyspark"](columns)
    return table.withColumn("icb", functions.when(functions.rand() < 2, fails).otherwise(table["icb"]))


THAT_FAIL_WHEN_RUN = {
    name: {"polars lazy": _polars, "duckdb": _duckdb, "ibis": _ibis, "pyspark": _spark}[name] for name in LAZY
}


class TestNothingIsRunOnTheWay:
    @each(THAT_FAIL_WHEN_RUN, every_day=True)
    def test_by_what_gives_a_table(self, make, monkeypatch: pytest.MonkeyPatch) -> None:
        teams, people = make(TEAMS), make(PEOPLE)
        weighted = make({**PEOPLE, "weighted_population": [1.0, 2.0]})
        by_month = make({**TEAMS, "period": ["2016-04", "2016-04", "2016-05", "2016-05"]})
        monkeypatch.setattr(nw.LazyFrame, "collect", refuse)
        for made in (
            cm.with_metrics(teams),
            cm.aggregate(teams, by="icb", populations=people, over_time="last"),
            cm.aggregate(by_month, by="icb", over_time="mean", total_of_known=True),
            cm.aggregate(make({**TEAMS, "registered_population": [1] * 4}), place="icb", over_time="last"),
            apportion(teams, SHARES, by="icb", to="region"),
            cm.need.with_need(weighted),
            nw.from_native(teams).with_columns(suppress(nw.col("contacts"))),
        ):
            assert isinstance(nw.from_native(made), nw.LazyFrame)

    @each(THAT_FAIL_WHEN_RUN, every_day=True)
    def test_by_what_gives_values_it_is_run(self, make) -> None:
        teams, people = make(TEAMS), make(PEOPLE)
        # Each engine raises an exception of its own; Ibis has no connection to run on.
        with pytest.raises(Exception, match="the query was run|backend"):
            cm.validate(teams, keys=["icb", "team"])
        with pytest.raises(Exception, match="the query was run|backend"):
            cm.benchmark(teams, "caseload_per_100k", by="icb", populations=people, over_time="last")
        with pytest.raises(Exception, match="the query was run|backend"):
            Shares.from_flows(teams, "team", "icb", "contacts")

    @on_spark
    def test_spark_is_given_no_job(self) -> None:
        tracker = spark_session.session().sparkContext.statusTracker()
        before = set(tracker.getJobIdsForGroup(None))
        teams, people = LAZY["pyspark"](TEAMS), LAZY["pyspark"](PEOPLE)
        rates = cm.aggregate(cm.with_metrics(teams), by="icb", populations=people, over_time="last")
        shared = apportion(teams, SHARES, by="icb", to="region")
        assert set(tracker.getJobIdsForGroup(None)) == before
        assert [row["caseload_per_100k_registered"] for row in rates.collect()] == [812.5, 1_000.0]
        assert sum(row["contacts"] for row in shared.collect()) == sum(TEAMS["contacts"])
        assert set(tracker.getJobIdsForGroup(None)) > before


class TestOneQuery:
    """What `explain` shows: the whole of it is one plan of the engine."""

    def aggregated(self, name: str) -> object:
        return cm.aggregate(LAZY[name](TEAMS), by="icb", populations=LAZY[name](PEOPLE), over_time="last")

    def test_of_polars(self) -> None:
        plan = self.aggregated("polars lazy").explain()
        assert len(re.findall(r"AGGREGATE", plan)) == 3, "the teams', the people's of each place, and of each group"
        assert "LEFT JOIN" in plan
        assert "SORT BY" in plan

    def test_of_duckdb(self) -> None:
        plan = self.aggregated("duckdb").explain()
        assert re.search(r"(?i)hash.group.by", plan)
        assert re.search(r"(?i)order.by", plan)

    def test_of_ibis(self) -> None:
        query = ibis.to_sql(self.aggregated("ibis"))
        assert query.count("GROUP BY") == 3
        assert query.count("ORDER BY") == 1
        assert ";" not in query, "one statement"

    @on_spark
    def test_of_spark(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.aggregated("pyspark").explain()
        plan = capsys.readouterr().out
        assert plan.count("== Physical Plan ==") == 1
        assert "HashAggregate(keys=[icb" in plan
        apportion(LAZY["pyspark"](TEAMS), SHARES, by="icb", to="region").explain()
        assert "BroadcastHashJoin" in capsys.readouterr().out, "the shares go to where the rows are"

    def test_runs_once(self) -> None:
        runs = []
        table = pl.LazyFrame(TEAMS).with_columns(
            pl.col("icb").map_batches(lambda column: runs.append(1) or column, return_dtype=pl.String)
        )
        cm.aggregate(table, by="icb", over_time="last").collect()
        assert len(runs) == 1
        cm.benchmark(table, "cost_per_contact", by="icb", over_time="last")
        assert len(runs) == 2


class TestSaysSoBeforeItStarts:
    """What needs every value at once takes no query, and says so without running it."""

    @each(THAT_FAIL_WHEN_RUN, every_day=True)
    def test_of_tables(self, make) -> None:
        table = make(TEAMS)
        with raised(TypeError, "the table", "collect"):
            with_intervals(table, rate_interval, count="referrals", population="caseload")
        with raised(TypeError, "the table", "collect"):
            standardised_rates(table, "icb")
        with raised(TypeError, "protect", "collect"):
            protect(table, ["icb"], "contacts")
        with refused("integers", True, expected="a table in memory"):
            apportion(table, SHARES, by="icb", to="region", integers=True)
        with raised(TypeError, "values", "table"):
            ranks(table)
        with raised(TypeError, "counts", "suppress_table"):
            suppress(table)
        with refused("caseload", "perhaps several periods", names="over_time"):
            cm.aggregate(table, by="icb")
        with refused("median_wait", names="cm.median_wait"):
            cm.with_metrics(table, ["median_wait"])
        with refused("populations", "DataFrame", expected="a table"):
            cm.aggregate(table, by="icb", populations=pd.DataFrame(PEOPLE), over_time="last")

    @pytest.mark.parametrize("column", [nw.col("waits"), pl.col("waits")], ids=["narwhals", "polars"])
    def test_of_expressions(self, column) -> None:
        for summary in (cm.median_wait, ranks, quartile_groups, fold_variation):
            with raised(TypeError, "expression", "collect"):
                summary(column)
        for interval in (rate_interval, proportion_interval):
            with raised(TypeError, "expression", "collect"):
                interval(column, column)
        with raised(TypeError, "expression", "collect"):
            mean_interval(column)
        with raised(TypeError, "counts", "funnel", "collect"):
            funnel("rate", column, column)
        with raised(TypeError, "expression", "suppress", "collect"):
            suppression(column)
