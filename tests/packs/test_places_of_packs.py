"""Places of a pack: by number, by name, and what is no place."""

from __future__ import annotations

import pandas as pd
import polars as pl
import pytest

import cmhs_metrics as cm
from tests.support.refusals import refused

WAITS = pd.DataFrame(
    {
        "icb": ["QHM", "QUE", "QOX", "UNKNOWN"],
        "period": "2024-09",
        "waiting": [100, 200, 100, 1000],
        "waiting_over_52_weeks": [10, 30, 30, 900],
    }
)


@pytest.mark.parametrize("make", [lambda table: table, lambda table: pl.from_pandas(table).lazy()])
def test_what_is_no_place_is_in_no_rank_and_is_told(make) -> None:
    made = cm.pack(make(WAITS), focus="QUE", charts=False)
    position = next(each for each in made.findings if each.kind == "position")
    assert "2nd of 3 ICBs" in str(position)
    # 70 of 400; with the unknown it would be 970 of 1,400.
    assert "pooled average (17.5%)" in str(position)
    (told,) = [each for each in made.not_shown if each.what == "UNKNOWN"]
    assert told.why.startswith("No place, and so in no rank, average or chart")
    # 1,000 of 1,400, and 900 of 970.
    assert "They hold 71% of waiting and 93% of waiting over 52 weeks." in told.why


def test_a_period_in_any_spelling() -> None:
    both = pd.concat([WAITS.assign(period="2024-08"), WAITS, WAITS.assign(period="2024-10")])
    assert cm.pack(both, focus="QUE", charts=False, period="Sep-24").findings == (
        cm.pack(both, focus="QUE", charts=False, period="2024-09").findings
    )


def test_places_that_are_numbers() -> None:
    numbered = WAITS.assign(icb=[1, 2, 3, 4])
    for focus in (2, [2], "2", [2.0]):
        made = cm.pack(numbered, focus=focus, peers=3, charts=False)
        assert any(str(each).startswith("Waiting over 52 weeks, 2:") or ", 2:" in str(each) for each in made.findings)


def test_a_place_that_is_spelt_otherwise_in_another_month_is_refused() -> None:
    both = pd.concat([WAITS.assign(period="2024-08").replace({"icb": {"QUE": "que"}}), WAITS])
    with refused("icb", "'QUE' and 'que'", expected="once"):
        cm.pack(pl.from_pandas(both).lazy(), focus="QUE", charts=False)


def test_a_note_on_the_data_stands_on_the_page() -> None:
    teams = pd.DataFrame({"icb": ["A", "B", "C"], "caseload": [150, 100, 200], "contacts": [1500, 900, 2400]})
    teams.attrs["notes"] = ["In 2024-09, 7.8% of England's MRS06 is in no ICB."]
    made = cm.pack(teams, focus="C", charts=False)
    assert made.not_shown[-1].why == teams.attrs["notes"][0]
    assert "7.8% of England" in made.html


def test_the_page_says_whose_boundaries_it_stands_on() -> None:
    def page(places: list[str]) -> str:
        table = pd.DataFrame({"icb": places, "caseload": [100, 200, 300], "contacts": [1000, 2500, 2000]})
        return cm.pack(table, by="icb", charts=False).html

    # QMM was one of the 42 ICBs of July 2022, and T6Y0W came in its place in April 2026; QF7 was there throughout.
    assert "The places have their boundaries of 2022-07-01 to 2026-03-31." in page(["QMM", "QF7", "QOP"])
    assert "The places have their boundaries of 2026-04-01." in page(["T6Y0W", "QF7", "QOP"])
    assert "have their boundaries" not in page(["North", "South", "East"])
    with refused("the places", "QMM (until 2026-03-31) and T6Y0W (from 2026-04-01)", names="places.to_boundaries"):
        page(["QMM", "T6Y0W", "QF7"])
