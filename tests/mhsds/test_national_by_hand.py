"""National measures beside SQL written by hand, on synthetic extracts as they come and as exports write them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from cmhs_metrics import mhsds
from cmhs_metrics.mhsds.synthesis.extracts import Plan, in_memory
from cmhs_metrics.mhsds.synthesis.providers import Window
from tests.mhsds.by_hand.national import national

pytest.importorskip("pyarrow")
TABLES = {
    "people": "MHS001MPI",
    "referrals": "MHS101Referral",
    "service_types": "MHS102ServiceTypeReferredTo",
    "contacts": "MHS201CareContact",
    "hospital_spells": "MHS501HospProvSpell",
}
APRIL_2023, MONTHS, MONTH = 1477, 15, "2024-06"
BADLY = {"padding": 0.3, "case": 0.3, "null": 0.6, "dates": 0.4}
Values = dict[tuple[str, str], float]


@pytest.fixture(scope="module")
def by_hand(tmp_path_factory: pytest.TempPathFactory) -> Values:
    made: dict[str, Any] = {"contacts": 8_000, "providers": 3, "seed": 11, "months": MONTHS, "first_month": APRIL_2023}
    folder = mhsds.synthesise(tmp_path_factory.mktemp("extract") / "v5", **made)
    files = {table: str(folder / f"{name}.parquet") for table, name in TABLES.items()}
    return national(files, dt.date(2024, 6, 1))


def counted(version: str, engine: str, dirty: Any, ids: list[str]) -> Values:
    window = Window(APRIL_2023, APRIL_2023 + MONTHS - 1)
    plan = Plan(
        contacts=8_000, providers=3, seed=11, window=window, version=version, dirty=dirty, dates="date",
    )  # fmt: skip
    extract = mhsds.Extract.of(in_memory(plan, engine))
    breakdown = ["England", "Provider"]
    table = mhsds.published(extract, MONTH, measures=ids, breakdown=breakdown, suppress=False)
    return {(row.primary_level, row.measure_id): row.value for row in table.itertuples() if row.value}


@pytest.mark.parametrize(
    ("version", "engine", "dirty"),
    [("v5", "polars", 0.0), ("v5", "polars", BADLY), ("v6", "polars", BADLY), ("v6", "pandas", 0.0)],
)
def test_agree(by_hand: Values, version: str, engine: str, dirty: Any) -> None:
    ids = sorted({id for _, id in by_hand})
    expected = {key: value for key, value in by_hand.items() if value}
    found = counted(version, engine, dirty, ids)
    assert found == pytest.approx(expected)
    # None of them is nothing, but for the longest waits of so small an extract.
    assert {id for place, id in expected if place == "England"} >= set(ids) - {"MRS07a", "MRS07c"}
