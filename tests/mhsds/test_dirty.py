"""Records as exports write them tell what clean ones tell: on awkward extracts of every version and across the change."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from cmhs_metrics import mhsds
from cmhs_metrics.mhsds.synthesis.extracts import Plan, in_memory
from cmhs_metrics.mhsds.synthesis.providers import Window
from tests.mhsds.test_national import extract_of, found_of, together
from tests.mhsds.test_national import worlds as national_worlds
from tests.support import extracts, national_extracts
from tests.support.agreement import rows, worlds
from tests.support.budgets import times, with_deep
from tests.support.extracts import FRAMES, Shape

NOTHING = (None, "NULL", "null", "", "  ", "NaN", "<NA>")
DAYS = ("%Y-%m-%d", "%d/%m/%Y", "%d-%b-%Y", "%Y%m%d", "%Y-%m-%d 00:00:00", "%d/%m/%Y 00:00")
START, END = dt.date(2023, 4, 1), dt.date(2024, 3, 31)


def written_badly(table: pa.Table, chance: random.Random) -> pa.Table:
    """Text with blanks, in either case, and with words for nothing; days as text in many forms; numbers as text."""

    def cell(value: Any) -> Any:
        if value is None:
            return chance.choice(NOTHING)
        if isinstance(value, dt.date):
            return value.strftime(chance.choice(DAYS)) if value.year > 1000 else value.isoformat()
        text = str(value)
        text = chance.choice((text, text.lower(), text.upper()))
        return chance.choice((text, text, f"{text}  ", f" {text}", f"\t{text}\u00a0"))

    return pa.table(
        {name: pa.array([cell(value) for value in table[name].to_pylist()], pa.string()) for name in table.column_names}
    )


@settings(max_examples=max(2, round(3 * times())), suppress_health_check=list(HealthCheck))
@given(
    st.integers(0, 2**32),
    st.builds(
        Shape,
        version=st.sampled_from(["v4", "v5", "both", "v6", "v6 collected", "changed"]),
        dates=st.sampled_from(["date", "text"]),
        ids=st.sampled_from(["text", "integer"]),
        codes=st.sampled_from(["text", "integer"]),
        record_numbers=st.booleans(),
    ),
    st.sampled_from([("organisation", "team_type"), ("organisation", "sex", "month"), ("age_band", "sub_icb")]),
)
def test_measures(seed: int, shape: Shape, by: tuple[str, ...]) -> None:
    chance = random.Random(seed)
    parts = extracts.together(worlds(shape, START, END, 6, seed))
    clean = {name: extracts.arrow(name, rows, shape) for name, rows in parts.items()}
    answers = []
    for tables in (clean, {name: written_badly(table, chance) for name, table in clean.items()}):
        extract = mhsds.Extract(**{name: FRAMES["polars"](table) for name, table in tables.items()})
        found = rows(mhsds.measures(extract, "2023/24", by))
        answers.append(sorted(map(repr, found)))
    assert answers[0] == answers[1]


@pytest.mark.deep  # test_national_by_hand.py tries some of it every day
@pytest.mark.parametrize("version", ["v5", "v6"])
def test_national_measures(version: str) -> None:
    chance = random.Random(7)
    parts = together(national_worlds(version, 6))
    clean = found_of(extract_of(parts, "polars"), suppress=False)
    tables = {name: written_badly(national_extracts.arrow(name, rows), chance) for name, rows in parts.items()}
    dirty = found_of(mhsds.Extract(**{name: FRAMES["polars"](table) for name, table in tables.items()}), suppress=False)
    assert dirty == clean
    assert sum(bool(value) for value in clean.values()) > 100


def across_the_change(months: int, dirty: Any) -> tuple[mhsds.Extract, mhsds.Extract]:
    """A synthetic extract of version 5, and the same to March 2024 in that version and from April on in version 6."""
    april, drawn = 1489, {}
    window = Window(april - months // 2, april - months // 2 + months - 1)
    for version in ("v5", "v6"):
        plan = Plan(contacts=1_500, providers=2, seed=4, window=window, version=version, dirty=dirty, dates="date")
        drawn[version] = in_memory(plan, "polars")
    parts: dict[str, list[pl.DataFrame]] = {}
    for version, tables in drawn.items():
        for name, table in tables.items():
            later = pl.col("UniqMonthID") >= april
            kept = table.filter(later if version == "v6" else ~later)
            if len(kept):
                parts.setdefault(name, []).append(kept)
    del parts["MHS801ClusterTool"], drawn["v5"]["MHS801ClusterTool"]
    return tuple(  # type: ignore[return-value]
        mhsds.Extract.of({name: of(tables) for name, tables in every.items()})
        for every, of in (
            (drawn["v5"], lambda table: table),
            (parts, lambda some: some if len(some) > 1 else some[0]),
        )
    )


@pytest.mark.parametrize("dirty", with_deep([{"padding": 0.4, "case": 0.4, "null": 0.6, "dates": 0.5}], 0.0))
def test_across_the_change(dirty: Any) -> None:
    whole, both = across_the_change(14, dirty)
    one, other = (
        mhsds.measures(each, ("2023-10-01", "2024-09-30"), ("organisation", "team_type")) for each in (whole, both)
    )
    assert_frame_equal(one, other)
    ids = ["MHS108", "MRS03", "MRS04", "MRS05", "MRS06", "MRS15", "MHS124", "MHS127", "MHS23", "MHS29"]
    one, other = (mhsds.published(each, "2024-06", measures=ids, suppress=False) for each in (whole, both))
    pd.testing.assert_frame_equal(one, other)
