"""The hand-written SQL and Polars, by which the package's speed is judged, give what the oracle gives."""

from __future__ import annotations

import datetime as dt
from itertools import product
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.mhsds import oracle
from tests.mhsds.by_hand import with_duckdb, with_polars
from tests.support import extracts
from tests.support.agreement import added, answer, differences, worlds
from tests.support.budgets import with_deep
from tests.support.extracts import Shape

PERIODS = {
    "year": (dt.date(2023, 4, 1), dt.date(2024, 3, 31)),
    "leap": (dt.date(2023, 3, 1), dt.date(2024, 2, 29)),
    "narrow access": (dt.date(2022, 3, 1), dt.date(2023, 2, 28)),
}


MODULES = {"SQL": with_duckdb, "Polars": with_polars}
CASES = list(product(MODULES, PERIODS, [False, True], ["text", "integer"]))
EVERYDAY = [("SQL", "year", True, "text"), ("Polars", "leap", False, "integer")]
"""These test the queries, not the package."""


@pytest.mark.parametrize(
    ("way", "year", "by_month", "ids"), with_deep(EVERYDAY, *(case for case in CASES if case not in EVERYDAY))
)
def test_agrees(way: str, year: str, by_month: bool, ids: str, tmp_path: Path) -> None:
    module, period = MODULES[way], PERIODS[year]
    shape = Shape(ids=ids)
    parts = worlds(shape, *period, 60, 0)
    files = {}
    for name, rows in extracts.together(parts).items():
        files[name] = str(tmp_path / f"{name}.parquet")
        pq.write_table(extracts.arrow(name, rows, shape), files[name])
    keys = ("organisation", "team_type", "period")
    # The oracle names a year by its text; the queries name every period by its last day.
    span = (period[0], period[1])
    by = ("organisation", "team_type", *["month"] * by_month)
    expected = {
        (*group[:-1], group[-1] if isinstance(group[-1], dt.date) else period[1]): values
        for group, values in added([oracle.measures(part, span, by) for part in parts]).items()
    }
    assert differences(expected, answer(module.measures(files, *period, by_month), keys)) == []
