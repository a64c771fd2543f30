"""How many people had how many of something, against plain loops over the rows and against the measures."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from cmhs_metrics import BadInput, mhsds
from cmhs_metrics import intervals as ci
from tests.support.budgets import with_deep

EXTRACT = mhsds.synthesise(contacts=1_500, providers=2, seed=3, engine="polars")
WHICH = ["contacts", "did_not_attends", "referrals", "admissions"]


def frequencies(*arguments: Any, **named: Any) -> pd.DataFrame:
    return mhsds.event_frequencies(EXTRACT, *arguments, **named).to_pandas()


def test_by_plain_loops() -> None:
    contacts, referrals = (frame.to_dicts() for frame in (mhsds.contacts(EXTRACT), mhsds.referrals(EXTRACT)))
    provider = {(row["person"], row["referral"]): row["organisation"] for row in referrals if row["in_scope"]}
    count = Counter(
        (provider[row["person"], row["referral"]], row["person"])
        for row in contacts
        if row["direct"]
        and (row["person"], row["referral"]) in provider
        and pd.Timestamp("2024-04-01") <= pd.Timestamp(row["date"]) <= pd.Timestamp("2025-03-31")
    )
    expected = Counter((organisation, events) for (organisation, _), events in count.items())
    found = frequencies("2024/25")
    assert dict(zip(zip(found["organisation"], found["events"], strict=True), found["people"], strict=True)) == expected
    assert found["events"].max() > 3


@pytest.mark.parametrize("by", ["organisation", ["organisation", "age_band", "month"]])
def test_events_add_up_to_the_measures(by: Any) -> None:
    keys = [by] if isinstance(by, str) else [name for name in by if name != "month"]
    keys = [*keys, "period"]
    found = frequencies("2024/25", by, which=WHICH)
    totals = ci.event_totals(found, [*keys, "measure"]).pivot_table("events", keys, "measure", fill_value=0)
    measures = mhsds.measures(EXTRACT, "2024/25", by, which=WHICH).to_pandas().set_index(keys).sort_index()
    for name in WHICH:
        there = measures[name][measures[name] > 0]
        assert totals[name][totals[name] > 0].to_dict() == there.to_dict()


@pytest.mark.parametrize("engine", with_deep(["pandas"], "duckdb"))
def test_the_same_on_other_engines(engine: str, tmp_path: Path) -> None:
    arguments: dict[str, Any] = {"period": "2024/25", "by": ["organisation", "sex"], "which": WHICH}
    found = frequencies(**arguments)
    if engine == "duckdb":
        import duckdb

        folder = mhsds.synthesise(tmp_path, contacts=1_500, providers=2, seed=3)
        tables = {path.stem: duckdb.read_parquet(str(path)) for path in folder.glob("*.parquet")}
        made = mhsds.event_frequencies(tables, **arguments).df()
    else:
        other = mhsds.synthesise(contacts=1_500, providers=2, seed=3)
        made = mhsds.event_frequencies(other, **arguments)
    pd.testing.assert_frame_equal(made, found, check_dtype=False)


def test_what_cannot_be_counted_is_refused() -> None:
    with pytest.raises(BadInput) as refused:
        mhsds.event_frequencies(EXTRACT, "2024/25", "team_type", which="admissions")
    assert [problem.column for problem in refused.value.problems] == ["which"]
