"""The hand-written SQL and Polars, by which the package's speed is judged, give what the oracle gives."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.mhsds import oracle
from tests.mhsds.by_hand import with_duckdb, with_polars
from tests.support import extracts
from tests.support.agreement import added, answer, differences, worlds
from tests.support.extracts import Shape

PERIODS = [
    (dt.date(2023, 4, 1), dt.date(2024, 3, 31)),
    (dt.date(2023, 3, 1), dt.date(2024, 2, 29)),
    (dt.date(2022, 3, 1), dt.date(2023, 2, 28)),
]


@pytest.mark.parametrize("ids", ["text", "integer"])
@pytest.mark.parametrize("by_month", [False, True], ids=["year", "months"])
@pytest.mark.parametrize("period", PERIODS, ids=["year", "leap", "narrow access"])
@pytest.mark.parametrize("module", [with_duckdb, with_polars], ids=["SQL", "Polars"])
def test_agrees(module: Any, period: tuple[dt.date, dt.date], by_month: bool, ids: str, tmp_path: Path) -> None:
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
