"""National measures beside SQL written by hand, on synthetic extracts as they come and as exports write them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from cmhs_metrics import mhsds
from cmhs_metrics.mhsds.synthesis.extracts import Plan, in_memory
from cmhs_metrics.mhsds.synthesis.providers import Window
from tests.mhsds.by_hand.national import BY_CODE, PLACES, Values, national
from tests.support import large_extract
from tests.support.budgets import is_deep, with_deep
from tests.support.extracts import FRAMES

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
LARGE = 100_000 if is_deep() else 20_000


@pytest.fixture(scope="module")
def by_hand(tmp_path_factory: pytest.TempPathFactory) -> Values:
    made: dict[str, Any] = {"contacts": 8_000, "providers": 3, "seed": 11, "months": MONTHS, "first_month": APRIL_2023}
    folder = mhsds.synthesise(tmp_path_factory.mktemp("extract") / "v5", **made)
    files = {table: str(folder / f"{name}.parquet") for table, name in TABLES.items()}
    values = national(files, dt.date(2024, 6, 1))
    return {key: value for key, value in values.items() if key[0].startswith(("England", "Provider"))}


def counted(extract: mhsds.Extract, ids: list[str], **choices: Any) -> Values:
    table = mhsds.published(extract, MONTH, measures=ids, suppress=False, **choices)
    return {
        (row.breakdown, row.secondary_level if ";" in row.breakdown else row.primary_level, row.measure_id): row.value
        for row in table.itertuples()
        if row.value and row.value == row.value
    }


@pytest.mark.parametrize(
    ("version", "engine", "dirty"),
    with_deep([("v5", "polars", BADLY), ("v6", "polars", BADLY)], ("v5", "polars", 0.0), ("v6", "pandas", 0.0)),
)
def test_agree(by_hand: Values, version: str, engine: str, dirty: Any) -> None:
    window = Window(APRIL_2023, APRIL_2023 + MONTHS - 1)
    plan = Plan(
        contacts=8_000, providers=3, seed=11, window=window, version=version, dirty=dirty, dates="date",
    )  # fmt: skip
    ids = sorted({id for *_, id in by_hand})
    expected = {key: value for key, value in by_hand.items() if value}
    found = counted(mhsds.Extract.of(in_memory(plan, engine)), ids, breakdown=["England", "Provider"])
    assert found == pytest.approx(expected)
    # None of them is nothing, but for the longest waits of so small an extract.
    at_all = {id for place, _, id in expected if place.startswith("England")}
    assert at_all >= set(ids) - {f"MRS07{letter}" for letter in "abcd"}


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["polars lazy", *(["duckdb"] if is_deep() else [])])
def test_every_measure_agrees_on_a_large_extract(tmp_path: Path, engine: str) -> None:
    files = large_extract.write(tmp_path, LARGE)
    values = national(
        files, dt.date(2024, 6, 1), icb_of=large_extract.ICB_OF, reference_sets=large_extract.REFERENCE_SETS,
        nice=large_extract.NICE,
    )  # fmt: skip
    expected = {key: value for key, value in values.items() if value}
    extract = mhsds.Extract(**{name: FRAMES[engine](pq.read_table(path)) for name, path in files.items()})
    ids = mhsds.national_measures()["measure_id"].tolist()
    found = counted(
        extract, ids, icb_of=large_extract.ICB_OF, reference_sets=large_extract.REFERENCE_SETS,
        nice_concordant=large_extract.NICE,
    )  # fmt: skip
    assert found == pytest.approx(expected)
    # Every id counts something, at every kind of place.
    by_code = {id: breakdown for id, breakdown, _ in BY_CODE}
    kinds = {(breakdown, id) for id in ids for breakdown in ([by_code[id]] if id in by_code else PLACES)}
    assert {(breakdown, id) for breakdown, _, id in expected} == kinds
