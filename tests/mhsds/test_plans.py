"""The table does not hang on how an engine plans its query."""

from __future__ import annotations

from pathlib import Path

import duckdb
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from cmhs_metrics import mhsds
from tests.support.budgets import with_deep


@pytest.mark.parametrize("by", with_deep([("organisation", "team_type")], (("organisation", "month"),)))
def test_polars_gives_the_same_without_its_optimisations(by: tuple[str, ...], tmp_path: Path) -> None:
    # Some parts of the query stand in it twice: whether Polars computes them once or twice may not matter.
    folder = mhsds.synthesise(tmp_path, contacts=4_000, providers=3, dirty=0.02)
    extract = mhsds.Extract.of({file.stem: pl.scan_parquet(file) for file in folder.glob("*.parquet")})
    query = mhsds.measures(extract, "2024/25", by)
    plain = query.collect(optimizations=pl.QueryOptFlags.none())
    keys = [name for name in (*by, "period") if name in plain.columns]
    for engine in ("in-memory", "streaming"):
        assert_frame_equal(query.collect(engine=engine).sort(keys), plain.sort(keys))
    assert plain["people_accessing"].sum() > 0


def test_polars_and_duckdb_agree_on_more_people_than_a_small_number_holds(tmp_path: Path) -> None:
    # Polars counts people and spells by numbers of its own, of which two become one: here there are thousands.
    folder = mhsds.synthesise(tmp_path, contacts=12_000, providers=3)
    files = {file.stem: file for file in folder.glob("*.parquet")}
    by = ("organisation", "team_type")
    on_polars = mhsds.measures(
        mhsds.Extract.of({name: pl.scan_parquet(file) for name, file in files.items()}), "2024/25", by
    ).collect()
    on_duckdb = mhsds.measures(
        mhsds.Extract.of({name: duckdb.read_parquet(str(file)) for name, file in files.items()}), "2024/25", by
    ).pl()
    assert_frame_equal(on_polars.sort(by), on_duckdb.sort(by), check_dtypes=False)
    assert on_polars["referrals"].sum() > 2**8
