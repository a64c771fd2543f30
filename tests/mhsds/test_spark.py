"""The oracle and the package agree on Spark, where Java and PySpark are: few worlds, since each query is planned long.

Spark is in its ANSI mode, in which a cast that fails is an error; cells are read in the other mode as well.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from functools import partial
from typing import Any

import narwhals as nw
import pyarrow as pa
import pytest

from cmhs_metrics import mhsds
from cmhs_metrics.mhsds.records import cleaning
from tests.mhsds import oracle_of_tables, test_as_it_arrives, test_national, test_quality_oracle
from tests.mhsds.oracle import Tables
from tests.mhsds.test_dirty import written_badly
from tests.mhsds.test_oracle import CASES, DEEP, TIME_COLUMNS, YEAR, Case, expected_measures, found_measures
from tests.support import extracts, spark_session
from tests.support.agreement import Answer, agree, answer, extract, rows, united, worlds
from tests.support.extracts import FRAMES, Shape

REASON = spark_session.missing()
pytestmark = [pytest.mark.spark, pytest.mark.skipif(REASON is not None, reason=f"Spark: {REASON}")]
NUMBER = 80 if DEEP else 15
SOME = ("v4, text", "months", "each team, v6", "admissions without source")
CHOSEN = [case for case in CASES if DEEP or case.name in SOME]
BY, AT = ("organisation",), dt.date(2024, 3, 31)


def on_spark(table: Any) -> Any:
    return spark_session.session().createDataFrame(table)


@pytest.fixture(autouse=True)
def _offered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FRAMES, "pyspark", on_spark)


@pytest.fixture(params=[True, False], ids=["ansi", "not ansi"])
def _mode(request: pytest.FixtureRequest) -> Iterator[None]:
    conf, name = spark_session.session().conf, "spark.sql.ansi.enabled"
    before = conf.get(name)
    conf.set(name, request.param)
    yield
    conf.set(name, before)


@pytest.mark.parametrize("case", CHOSEN, ids=lambda case: case.name)
def test_measures(case: Case) -> None:
    parts = worlds(case.shape, *case.days, NUMBER, 0)
    agree(parts, case.shape, on_spark, partial(expected_measures, case), partial(found_measures, case))


def test_plans_stay_small() -> None:
    """What the analyser is given grows with what is asked for alone: one that looks at a table twice doubles with each step."""
    shape = Shape()
    (part,) = worlds(shape, *Case("", shape, YEAR).days, 1, 0)
    query = mhsds.measures(extract(part, shape, on_spark), YEAR)
    assert query._jdf.queryExecution().analyzed().treeString().count("\n") < 300


def of_worlds(shape: Shape) -> list[Tables]:
    return worlds(shape, *Case("", shape, YEAR).days, NUMBER, 0, name_all=True)


def test_waits() -> None:
    agree(
        of_worlds(Shape()),
        Shape(),
        on_spark,
        lambda tables: oracle_of_tables.waits(tables, YEAR, BY),
        lambda extract: answer(mhsds.waits(extract, YEAR, BY), (*BY, "period")),
        united,
    )


def test_cluster_profile() -> None:
    shape = Shape(dates="text")

    def expected(tables: Tables) -> Answer:
        found = oracle_of_tables.cluster_profile(tables, AT, BY)
        return {(*group, AT): {"caseload": people} for group, people in found.items()}

    agree(
        of_worlds(shape),
        shape,
        on_spark,
        expected,
        lambda extract: answer(mhsds.cluster_profile(extract, AT, BY), (*BY, "cluster", "period")),
        united,
    )


def test_time_on_caseload() -> None:
    def expected(tables: Tables) -> Answer:
        found = oracle_of_tables.time_on_caseload(tables, AT, BY, "first contact")
        return {(*group, AT): dict(zip(TIME_COLUMNS, values, strict=True)) for group, values in found.items()}

    agree(
        of_worlds(Shape()),
        Shape(),
        on_spark,
        expected,
        lambda extract: answer(mhsds.time_on_caseload(extract, AT, BY), (*BY, "period")),
        united,
    )


def test_quality() -> None:
    test_quality_oracle.test_counts("pyspark", Shape("v4", dates="text"))


def test_national_measures_and_nothing_stays_in_the_cache() -> None:
    stored = spark_session.session().sparkContext._jsc.getPersistentRDDs
    before = len(stored())
    test_national.check("v6", "pyspark", 3)
    assert len(stored()) == before


# How cells are read


def test_dirty_records_tell_what_clean_ones_tell() -> None:
    shape = Shape(ids="integer", codes="integer")
    parts = extracts.together(worlds(shape, *Case("", shape, YEAR).days, 6, 0))
    clean = {name: extracts.arrow(name, rows, shape) for name, rows in parts.items()}
    chance = random.Random(0)
    found = []
    for engine, tables in (
        ("polars", clean),
        ("pyspark", {name: written_badly(clean[name], chance) for name in clean}),
    ):
        given = {name: FRAMES[engine](table) for name, table in tables.items()}
        table = mhsds.measures(mhsds.Extract(**given), YEAR, ("organisation", "sex"))
        found.append(sorted(map(repr, rows(table))))
    assert found[0] == found[1]


@pytest.mark.usefixtures("_mode")
def test_cells_read_as_on_every_engine() -> None:
    test_as_it_arrives.test_cells_read_alike_on_every_engine("pyspark")


def written_in_any_way(chance: random.Random) -> str:
    """A day, a number or a code, or nearly one."""
    day, month, year = (chance.choice(some) for some in (
        ("1", "01", "9", "28", "29", "30", "31", "32", "00"), ("1", "02", "2", "12", "13", "0", "FEB", "mar", "Dec", "XXX"),
        ("2023", "2024", "1900", "0000", "0001", "9999", "24", "02025"),
    ))  # fmt: skip
    one, other = chance.choice(("-", "/", ".", " ", "")), chance.choice(("-", "/", ".", " ", ""))
    parts = (day, month, year) if chance.random() < 0.6 else (year, month, day)
    text = parts[0] + one + parts[1] + other + parts[2] if chance.random() < 0.9 else chance.choice((day, month, year))
    text += chance.choice(("", "", " ", ".0", ".5", "T00:00:00Z", "T23:00:00Z", " 12:30", ":00", ",", "x", "\u00a0"))
    return chance.choice(("", "", "", " ", "\t", "+", "-", "\ufeff")) + text


@pytest.mark.usefixtures("_mode")
def test_cells_read_as_a_cell_of_python_does() -> None:
    chance = random.Random(1)
    words = ["\\N", "#N/A", "(null)", "<NA>", "5.00", "5.", ".0", "'", '"', "`", "a'b", "$1", "\\1", "%", "é ", "1e3"]
    texts = [*dict.fromkeys([*words, *(written_in_any_way(chance) for _ in range(2_000))])]
    table = pa.table(
        {
            "UniqCareContID": texts, "ConsMechanismMH": texts, "CareContDate": texts, "ClinContDurOfCareCont": texts,
            "number": list(range(len(texts))),
        }
    )  # fmt: skip
    # Enough cells that are dates, numbers and codes, so that the columns are not refused.
    count = 2 * len(texts)
    sure = {name: ["20240101"] * count for name in table.column_names[:-1]}
    sure |= {"ConsMechanismMH": ["01"] * count, "number": [-1] * count}
    whole = pa.concat_tables([table, pa.table(sure)])
    whole = whole.append_column("RecordNumber", whole["number"])
    contacts = mhsds.Extract(contacts=on_spark(whole.drop_columns("number")))
    wanted = ["UniqCareContID", "ConsMechanismMH", "CareContDate", "ClinContDurOfCareCont"]
    read = contacts.rows("contacts", [*wanted, "RecordNumber"]).filter(nw.col("RecordNumber") >= 0)
    found = {row["RecordNumber"]: [row[name] for name in wanted] for row in rows(nw.to_native(read))}
    of_cell = (
        cleaning.text_cell, partial(cleaning.code_cell, width=2),
        lambda text: None if cleaning.day_cell(text) in cleaning.NO_DAYS else cleaning.day_cell(text),
        cleaning.number_cell,
    )  # fmt: skip
    expected = {number: [read(text) for read in of_cell] for number, text in enumerate(texts)}
    unlike = {
        texts[number]: (expected[number], found[number]) for number in expected if expected[number] != found[number]
    }
    assert unlike == {}
    assert sum(days is not None for _, _, days, _ in expected.values()) > 50
