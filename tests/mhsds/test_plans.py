"""The table does not hang on how an engine plans its query."""

from __future__ import annotations

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from cmhs_metrics import mhsds


@pytest.mark.parametrize("by", [("organisation", "team_type"), ("organisation", "month")])
def test_polars_gives_the_same_without_its_optimisations(by: tuple[str, ...]) -> None:
    # Some parts of the query stand in it twice: whether Polars computes them once or twice may not matter.
    extract = mhsds.synthesise(contacts=20_000, providers=3, dirty=0.02, engine="polars")
    tables = {name: extract.raw(name).to_native().lazy() for name in extract.tables}
    query = mhsds.measures(mhsds.Extract(**tables), "2024/25", by)
    plain = query.collect(optimizations=pl.QueryOptFlags.none())
    keys = [name for name in (*by, "period") if name in plain.columns]
    for engine in ("in-memory", "streaming"):
        assert_frame_equal(query.collect(engine=engine).sort(keys), plain.sort(keys))
    assert plain["people_accessing"].sum() > 0
