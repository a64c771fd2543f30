"""The oracle and the package agree on Spark, where Java and PySpark are: fewer worlds, since each query is slow."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Any

import pytest

from cmhs_metrics import mhsds
from tests.mhsds import oracle_of_tables
from tests.mhsds.oracle import Tables
from tests.mhsds.test_oracle import CASES, DEEP, YEAR, Case, expected_measures, found_measures
from tests.support import spark_session
from tests.support.agreement import Answer, agree, answer, united, worlds
from tests.support.extracts import Shape

REASON = spark_session.missing()
pytestmark = [pytest.mark.spark, pytest.mark.skipif(REASON is not None, reason=f"Spark: {REASON}")]
NUMBER = 80 if DEEP else 15
CHOSEN = [case for case in CASES if DEEP or case.name == "v4, text"]


def on_spark(table: Any) -> Any:
    return spark_session.session().createDataFrame(table)


@pytest.mark.parametrize("case", CHOSEN, ids=lambda case: case.name)
def test_measures(case: Case) -> None:
    parts = worlds(case.shape, *case.days, NUMBER, 0)
    agree(parts, case.shape, on_spark, partial(expected_measures, case), partial(found_measures, case))


def test_waits() -> None:
    by, shape = ("organisation",), Shape()
    agree(
        worlds(shape, *Case("", shape, YEAR).days, NUMBER, 0, name_all=True),
        shape,
        on_spark,
        lambda tables: oracle_of_tables.waits(tables, YEAR, by),
        lambda extract: answer(mhsds.waits(extract, YEAR, by), (*by, "period")),
        united,
    )


def test_cluster_profile() -> None:
    by, at, shape = ("organisation",), dt.date(2024, 3, 31), Shape(dates="text")

    def expected(tables: Tables) -> Answer:
        found = oracle_of_tables.cluster_profile(tables, at, by)
        return {(*group, at): {"caseload": people} for group, people in found.items()}

    agree(
        worlds(shape, *Case("", shape, YEAR).days, NUMBER, 0, name_all=True),
        shape,
        on_spark,
        expected,
        lambda extract: answer(mhsds.cluster_profile(extract, at, by), (*by, "cluster", "period")),
        united,
    )
