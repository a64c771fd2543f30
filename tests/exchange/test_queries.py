"""Metrics as SQL: run on DuckDB and SQLite, and PostgreSQL where it is, the query gives what Python gives."""

from __future__ import annotations

import math
import sqlite3
from functools import cache

import duckdb
import numpy as np
import pandas as pd
import pytest
import sqlglot
from sqlglot import exp

import cmhs_metrics as cm
from cmhs_metrics.catalogue import CATALOGUE
from cmhs_metrics.exchange import sql
from cmhs_metrics.exchange.queries import of_a_dataset
from cmhs_metrics.measures import MEASURES, POPULATION, Kind
from tests.support.budgets import is_deep, with_deep
from tests.support.postgres import postgres, query_postgres
from tests.support.refusals import refused

CASES = 10_000 if is_deep() else 120
RATIOS = [
    name
    for name, metric in CATALOGUE.items()
    if not metric.contract.many and all(each in MEASURES or each == POPULATION for each in metric.inputs)
]
OF_GROUPS = [
    name
    for name in RATIOS
    if not any(MEASURES[each].kind is Kind.DISTINCT for each in CATALOGUE[name].inputs if each in MEASURES)
]
PEOPLE = [name for name, measure in MEASURES.items() if measure.kind is Kind.POPULATION]
NAMES = [f"{name}_registered" if POPULATION in CATALOGUE[name].inputs else name for name in RATIOS]


@cache
def tables() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Cases of three teams each, of whole and broken numbers, many zero or missing; and the people of each case."""
    random = np.random.default_rng(20260401)
    rows = 3 * CASES

    def column(whole: bool, most: np.ndarray | None = None) -> np.ndarray:
        values = np.exp(random.uniform(-3, 14, rows)) if most is None else most * random.uniform(0, 1, rows)
        values = np.where(random.random(rows) < 0.2, 0.0, np.round(values) if whole else values)
        return np.where(random.random(rows) < 0.08, np.nan, values)

    teams: dict[str, np.ndarray] = {}
    for number, (name, measure) in enumerate(MEASURES.items()):
        if measure.kind is not Kind.POPULATION:
            whole = teams.get(measure.part_of or "")
            # A part of what is missing may be anything.
            teams[name] = column(bool(number % 2), None if whole is None else np.nan_to_num(np.floor(whole), nan=9.0))
    frame = pd.DataFrame(teams).astype(
        {
            name: "Int64"
            for n, name in enumerate(teams)
            if n % 2 and (teams[name] % 1 == 0)[~np.isnan(teams[name])].all()
        }
    )
    frame.insert(0, "case_id", [f"case {number // 3}" for number in range(rows)])
    frame.insert(1, "team", [f"team {number % 3}" for number in range(rows)])
    people = {name: np.exp(random.uniform(0, 14, CASES)) for name in PEOPLE}
    people = {name: np.where(random.random(CASES) < 0.1, 0.0, np.round(values)) for name, values in people.items()}
    places = pd.DataFrame(people)
    places.insert(0, "case_id", [f"case {number}" for number in range(CASES)])
    return frame, places


ADDED = [name for name, measure in MEASURES.items() if measure.kind in (Kind.FLOW, Kind.STOCK)]


@cache
def query_of_groups() -> str:
    names = [f"{name}_registered" if POPULATION in CATALOGUE[name].inputs else name for name in OF_GROUPS]
    return sql([*names, *ADDED], by="case_id", populations="places")


@cache
def of_groups() -> tuple[pd.DataFrame, pd.DataFrame]:
    """The metrics of each case as `aggregate` gives them, and the totals by hand."""
    frame, places = tables()
    parts = []
    # A few metrics at a time, of the columns that they need: pandas warns of groups of a hundred columns.
    for some in (OF_GROUPS[start : start + 30] for start in range(0, len(OF_GROUPS), 30)):
        needed = {each for name in some for each in CATALOGUE[name].inputs if each in frame}
        ours = cm.aggregate(
            frame[["case_id", "team", *(name for name in frame if name in needed)]], by="case_id", populations=places,
            place="case_id", basis="registered", metrics=some, keys=["case_id", "team"],
        )  # fmt: skip
        metrics = [name for name in ours if name.removesuffix("_registered") in some]
        assert len(metrics) == len(some)
        parts.append(ours.set_index("case_id")[metrics])
    by_hand = frame.set_index("case_id")[ADDED].astype("float64").groupby(level=0)
    totals = by_hand.sum(min_count=3).where(by_hand.count() == 3)
    return pd.concat(parts, axis=1).sort_index(), totals.sort_index()


def on_duckdb(query: str, **frames: pd.DataFrame) -> pd.DataFrame:
    with duckdb.connect() as connection:
        for name, frame in frames.items():
            connection.register(f"{name}_frame", frame)
            connection.execute(f"CREATE TABLE {name} AS SELECT * FROM {name}_frame")
            # DuckDB reads a NaN of pandas as null.
        return connection.execute(query).df()


def on_sqlite(query: str, **frames: pd.DataFrame) -> pd.DataFrame:
    with sqlite3.connect(":memory:") as connection:
        for name, frame in frames.items():
            frame.to_sql(name, connection, index=False)
        return pd.read_sql_query(query, connection)


ENGINES = [
    pytest.param(on_duckdb, id="duckdb"),
    pytest.param(on_sqlite, id="sqlite"),
    pytest.param(
        query_postgres, id="postgres", marks=pytest.mark.skipif(not postgres(), reason="PostgreSQL is not there")
    ),
]
every_engine = pytest.mark.parametrize("run", ENGINES)


def agree(found: pd.Series, expected: pd.Series, name: str) -> None:
    one, other = (pd.to_numeric(each).astype("float64").to_numpy() for each in (found, expected))
    np.testing.assert_array_equal(np.isnan(one), np.isnan(other), err_msg=f"what is missing in {name}")
    np.testing.assert_allclose(one, other, rtol=1e-12, atol=0, err_msg=name)


class TestAgreement:
    """Each of the generated cases is a table of its own, keyed by its id: all are one query."""

    @every_engine
    def test_of_rows(self, run) -> None:
        frame, places = tables()
        rows = frame.merge(places, on="case_id")
        found = run(sql(NAMES), teams=rows).sort_values(["case_id", "team"], ignore_index=True)
        rows = rows.sort_values(["case_id", "team"], ignore_index=True)
        for name in RATIOS:
            metric = CATALOGUE[name]
            inputs = [rows["registered_population" if each == POPULATION else each] for each in metric.inputs]
            shown = f"{name}_registered" if POPULATION in metric.inputs else name
            ours = metric.function(*(each.to_numpy("float64", na_value=np.nan) for each in inputs))
            agree(found[shown], pd.Series(ours), name)

    @every_engine
    def test_of_groups(self, run) -> None:
        frame, places = tables()
        found = run(query_of_groups(), teams=frame, places=places)
        found = found.set_index("case_id").sort_index()
        ours, totals = of_groups()
        assert found.index.tolist() == ours.index.tolist()
        for name in ours:
            agree(found[name], ours[name], name)
        for name in totals:
            agree(found[name], totals[name], name)

    @every_engine
    def test_of_shares_and_means(self, run) -> None:
        rows = pd.DataFrame({"team": ["a", "b", "c", "d"], "caseload": [1, 3, 4, 0], "total_cost": [1.0, None, 2, 3]})
        found = run(sql(["caseload_share", "currency_cost_share"]), teams=rows)
        assert found["caseload_share"].tolist() == [0.125, 0.375, 0.5, 0.0]
        # The whole is missing where a part of it is.
        assert found["currency_cost_share"].isna().all()
        nobody = run(sql("caseload_share"), teams=pd.DataFrame({"team": ["a", "b"], "caseload": [0, 0]}))
        assert nobody["caseload_share"].isna().all()
        waits = pd.DataFrame({"icb": ["a", "a", "b", "b", "c"], "waits": [1, 2, 3, None, 8]})
        by_icb = run(sql("mean_wait", by="icb", table="waits"), waits=waits).set_index("icb")["mean_wait"]
        # Whole numbers have a broken mean; a mean is missing where a value is.
        assert by_icb["a"] == 1.5
        assert math.isnan(by_icb["b"])
        assert by_icb["c"] == 8
        grouped = run(sql(["caseload_share", "caseload"], by="team"), teams=rows).set_index("team")
        assert grouped["caseload_share"].to_dict() == {"a": 0.125, "b": 0.375, "c": 0.5, "d": 0.0}

    @every_engine
    def test_names_that_mean_something_to_a_database(self, run) -> None:
        rows = pd.DataFrame({"order": ["x", "x"], "My Trust": ["p", "p"], "total_cost": [3, 4], "contacts": [2, 0]})
        found = run(sql("cost_per_contact", by=["order", "My Trust"]), teams=rows)
        assert found.iloc[0].tolist() == ["x", "p", 3.5]

    @every_engine
    @pytest.mark.parametrize("names", [("teams", "people"), ("totals", "places")])
    def test_tables_called_as_the_query_calls_its_own(self, run, names) -> None:
        teams = pd.DataFrame({"icb": ["A", "A", "B"], "caseload": [10, 20, 30]})
        people = pd.DataFrame({"icb": ["A", "B"], "registered_population": [1_000, 2_000]})
        query = sql("caseload_per_100k_registered", by="icb", table=names[0], populations=names[1])
        found = run(query, **dict(zip(names, (teams, people), strict=True)))
        assert dict(zip(found["icb"], found["caseload_per_100k_registered"], strict=True)) == {"A": 3_000, "B": 1_500}


@pytest.mark.parametrize(
    ("dialect", "grouped"),
    with_deep(
        [("ansi", False), ("tsql", True), ("databricks", True)], ("ansi", True), ("tsql", False), ("databricks", False)
    ),
)
def test_every_dialect_parses_and_says_the_same(dialect: str, grouped: bool) -> None:
    names = [*(OF_GROUPS if grouped else RATIOS), "caseload_share", *(["mean_wait", "total_cost"] if grouped else [])]
    by, populations = ("icb", "places") if grouped else (None, None)
    query = sql(names, dialect=dialect, by=by, populations=populations)
    [parsed] = sqlglot.parse(query, read=None if dialect == "ansi" else dialect, error_level=sqlglot.ErrorLevel.RAISE)
    assert not list(parsed.find_all(exp.Command))
    for division in parsed.find_all(exp.Div):
        assert isinstance(division.expression, exp.Nullif), "division by nothing is null"
    for total in (*parsed.find_all(exp.Sum), *parsed.find_all(exp.Avg)):
        if not isinstance(total.parent, exp.Window):
            assert total.this.is_type("float" if dialect == "tsql" else "double"), "added and averaged as floats"
            assert isinstance(total.find_ancestor(exp.Case), exp.Case), "missing where a part is"
    assert ("COUNT_BIG" in query) == (dialect == "tsql")


def test_of_a_dataset() -> None:
    text = of_a_dataset("dna_rate", "teams", "ansi")
    rows = pd.DataFrame({"did_not_attends": [1, 2], "contacts": [4, 5]})
    assert on_duckdb(f"SELECT {text} AS value FROM teams", teams=rows)["value"].tolist() == [0.25]
    assert of_a_dataset("caseload_per_100k", "teams", "ansi") is None
    assert of_a_dataset("caseload_share", "teams", "ansi") is None


class TestWhatIsRefused:
    def test_all_at_once(self) -> None:
        with pytest.raises(cm.BadInput) as caught:
            sql(
                ["median_wait", "cost_per_contct", "caseload_per_100k", "cost_per_organisation"],
                dialect="oracle",
                by="icb",
            )
        found = {(problem.column, str(problem.value)) for problem in caught.value.problems}
        assert found == {
            ("dialect", "oracle"), ("metrics", "median_wait"), ("metrics", "cost_per_contct"),
            ("metrics", "cost_per_organisation"), ("populations", "None"),
        }  # fmt: skip

    def test_measures_have_no_metrics_of_rows(self) -> None:
        with refused("metrics", "total_cost"):
            sql("total_cost")
