"""SQL Server through Ibis. There is no server here: the queries are written out in its dialect, and what is rewritten for
it is run on DuckDB.
"""

from __future__ import annotations

import re
from datetime import datetime

import ibis
import narwhals as nw
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import cmhs_metrics as cm
from cmhs_metrics.catchments import Shares, apportion
from cmhs_metrics.tables.period_spans import FINANCIAL_YEAR, MONTH
from cmhs_metrics.tables.sql_server import MONTHS, YEARS, is_on_sql_server, without_nan_and_patterns
from tests.support.budgets import examples
from tests.support.engines import cells
from tests.support.refusals import refused

# Ibis calls a method of DuckDB by its former name.
pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")

SHARES = Shares({"A": {"N": 0.5, "S": 0.5}, "B": {"S": 1.0}})
TEAMS = {
    "icb": ["B", "A", "B", "A"],
    "team": ["1", "2", "3", "4"],
    "period": [datetime(2016, 4, 1)] * 4,
    "total_cost": [1.0, None, 3.0, 5.0],
    "contacts": [1, 2, 0, 4],
    "caseload": [10, 20, None, 40],
}
PEOPLE = {"icb": ["A", "B"], "registered_population": [1_000, 0]}


def on_duckdb() -> tuple[ibis.Table, ibis.Table]:
    connection = ibis.duckdb.connect()
    for name, columns in {"teams": TEAMS, "people": PEOPLE}.items():
        connection.con.register("given", pa.table(columns))
        connection.con.execute(f"create table {name} as from given")
    return connection.table("teams"), connection.table("people")


def queries(teams: ibis.Table, people: ibis.Table) -> list[ibis.Table]:
    return [
        cm.with_metrics(teams),
        cm.aggregate(teams, by="icb", populations=people, over_time="last"),
        cm.aggregate(teams, by="icb", over_time="mean", total_of_known=True),
        apportion(teams, SHARES, by="icb", to="region"),
    ]


def test_queries_are_written_without_what_it_has_not() -> None:
    text = {"icb": "string", "team": "string", "period": "string", "total_cost": "decimal(18, 2)", "contacts": "int64"}
    teams = ibis.table({**text, "caseload": "float64"}, name="teams")
    people = ibis.table({"icb": "string", "registered_population": "int64"}, name="people")
    for query in queries(teams, people):
        written = ibis.to_sql(without_nan_and_patterns(query), dialect="mssql")
        assert not re.search(r"(?i)isnan|regexp", written)
    assert "LIKE '[0-9][0-9][0-9][0-9]/[0-9][0-9]'" in ibis.to_sql(
        without_nan_and_patterns(cm.with_metrics(teams)), dialect="mssql"
    )


def test_and_give_the_same_answer() -> None:
    for query in queries(*on_duckdb()):
        assert "ISNAN" in ibis.to_sql(query)
        rewritten = without_nan_and_patterns(query)
        assert "ISNAN" not in ibis.to_sql(rewritten)
        columns = cells(rewritten)
        rows = sorted(map(repr, zip(*columns.values(), strict=True)))
        assert rows == sorted(map(repr, zip(*cells(query).values(), strict=True)))
        assert len(rows) > 1


@example("2016-13")
@example("2016-00")
@example("2016-12-31")
@example("2016/2017")
@example("2016-4")
@examples(60)
@given(st.one_of(st.from_regex(FINANCIAL_YEAR), st.from_regex(MONTH), st.text("0123456789-/", max_size=11)))
def test_its_patterns_say_what_the_regular_expressions_do(period: str) -> None:
    # A pattern of LIKE covers the whole text, and in brackets it is as a regular expression.
    period = period.rstrip("\n")
    for patterns, expression in ((YEARS, FINANCIAL_YEAR), (MONTHS, MONTH)):
        ascii_only = re.search(expression, period, re.ASCII)
        assert any(re.fullmatch(pattern, period) for pattern in patterns) == bool(ascii_only)


class TestOnAConnection:
    def test_is_told_by_the_connection(self, monkeypatch: pytest.MonkeyPatch) -> None:
        teams, people = on_duckdb()
        assert not is_on_sql_server(nw.from_native(teams))
        assert not is_on_sql_server(nw.from_native(pa.table(TEAMS)))
        assert not is_on_sql_server(nw.from_native(ibis.table(teams.schema(), name="nowhere")))
        monkeypatch.setattr(type(teams.get_backend()), "name", "mssql")
        assert is_on_sql_server(nw.from_native(teams))
        for query in queries(teams, people):
            assert not re.search("ISNAN|REGEXP", ibis.to_sql(query, dialect="duckdb"))

    def test_what_it_cannot_it_says(self, monkeypatch: pytest.MonkeyPatch) -> None:
        teams, _ = on_duckdb()
        monkeypatch.setattr(type(teams.get_backend()), "name", "mssql")
        aged = teams.mutate(team_type=ibis.literal("CRHT"), people_aged_16_64=1, people_aged_65_plus=1)
        with refused("team_type", names=("SQL Server", "basis")):
            cm.with_metrics(aged)
        with refused(None, "a table on SQL Server", names="DuckDB"):
            cm.validate(teams)
