"""Where engines differ: what each gives by itself, as docs/how-to/any-engine.md says, and what ours gives on all."""

from __future__ import annotations

import math
from decimal import Decimal

import duckdb
import ibis
import narwhals as nw
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pytest

import cmhs_metrics as cm
from tests.support.engines import ALL, cells, each

every_table = each(ALL)


def sql(text: str) -> list[object]:
    return [row[0] for row in duckdb.sql(text).fetchall()]


class TestByThemselves:
    def test_halves(self) -> None:
        assert pd.Series([0.5, 2.5]).round().tolist() == [0, 2]
        assert pl.Series([0.5, 2.5]).round().to_list() == [0, 2]
        assert pc.round(pa.array([0.5, 2.5])).to_pylist() == [0, 2]
        assert nw.from_native(pa.chunked_array([[0.5, 2.5]]), series_only=True).round().to_list() == [1, 3]
        assert sql("select round(x) from (values (0.5::double), (2.5::double)) t(x)") == [1, 3]

    def test_a_tenth_that_is_no_half(self) -> None:
        assert pd.Series([0.35]).round(1).tolist() == pl.Series([0.35]).round(1).to_list() == [0.4]
        assert pc.round(pa.array([0.35]), 1).to_pylist() == [0.4]

    def test_means_of_decimals(self) -> None:
        held = [Decimal("1.00"), Decimal("1.00"), Decimal("1.01")]
        exact = 3.01 / 3
        assert math.isclose(pl.Series(held).mean(), exact)
        assert pc.mean(pa.array(held)).as_py() == Decimal("1.00")
        values = "(values (1.00::decimal(10,2)), (1.00), (1.01)) t(x)"
        assert math.isclose(sql(f"select avg(x) from {values}")[0], exact)
        assert sql(f"select median(x) from {values}") == [Decimal("1.00")]
        assert (pl.Series([Decimal("1.00")]) / pl.Series([Decimal("3.00")])).to_list() == [Decimal("0.33")]

    def test_nan_beside_numbers(self) -> None:
        assert pd.Series([1.0, math.nan]).gt(0).sum() == 1
        assert pl.Series([1.0, math.nan]).gt(0).sum() == 2
        assert pc.greater(pa.array([math.nan]), 0.0).to_pylist() == [False]
        assert sql("select x > 0 from (values ('nan'::double)) t(x)") == [True]

    def test_a_no_break_space_at_an_end(self) -> None:
        padded, bare = "QUE\xa0", ["QUE"]
        assert pd.Series([padded]).str.strip().tolist() == pl.Series([padded]).str.strip_chars().to_list() == bare
        assert pc.utf8_trim_whitespace(pa.array([padded])).to_pylist() == bare
        assert pc.ascii_trim_whitespace(pa.array([padded])).to_pylist() == [padded]
        assert sql("select trim('QUE' || chr(160))") == bare
        assert sql(r"select regexp_replace('QUE' || chr(160), '\s+$', '')") == [padded]
        assert ibis.duckdb.connect().to_pyarrow(ibis.literal(padded).strip()).as_py() == padded

    def test_is_in_of_a_null(self) -> None:
        assert pd.Series(["a", None]).isin(["a"]).tolist() == [True, False]
        assert pl.Series(["a", None]).is_in(["a"]).to_list() == [True, None]
        assert pc.is_in(pa.array(["a", None]), pa.array(["a"])).to_pylist() == [True, False]
        assert sql("select x in ('a') from (values ('a'), (null)) t(x)") == [True, None]

    def test_sums_of_nothing(self) -> None:
        assert pd.Series([math.nan]).sum() == pl.Series([None], dtype=pl.Float64).sum() == 0
        assert pc.sum(pa.array([None], pa.float64())).as_py() is None
        assert sql("select sum(x) from (values (null::double)) t(x)") == [None]

    def test_a_date_that_is_cut_to_its_month(self) -> None:
        assert sql("select typeof(date_trunc('month', date '2024-04-05'))") == ["TIMESTAMP"]
        assert pl.Series(["2024-04-05"]).str.to_date().dt.truncate("1mo").dtype == pl.Date

    def test_the_average_of_whole_numbers_on_sql_server(self) -> None:
        written = ibis.to_sql(ibis.table({"x": "int64"}, name="t").x.mean(), dialect="mssql")
        assert "AVG([t0].[x])" in written
        assert "CAST" not in written


@every_table
class TestOurs:
    def test_decimals_are_divided_as_floats(self, make) -> None:
        costs = [Decimal("1.00"), Decimal("1.00"), Decimal("1.01")]
        table = make({"team": ["a", "b", "c"], "total_cost": costs, "contacts": [1] * 3})
        assert cells(cm.aggregate(table))["cost_per_contact"] == [pytest.approx(3.01 / 3)]

    def test_nan_and_sums_of_nothing_are_missing(self, make) -> None:
        table = make({"team": ["a", "b"], "total_cost": [1.0, math.nan], "contacts": [1, 1]})
        result = cells(cm.aggregate(table, by="team"))
        assert sorted(result["total_cost"], key=str) == [1.0, None]
        assert sorted(result["cost_per_contact"], key=str) == [1.0, None]

    def test_whole_numbers_keep_their_fractions(self, make) -> None:
        table = make({"team": ["a", "a"], "period": ["2024-04", "2024-05"], "caseload": [1, 2]})
        assert cells(cm.aggregate(table, by="team", over_time="mean"))["caseload"] == [1.5]
