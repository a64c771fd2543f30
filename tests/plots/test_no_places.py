"""What is no place, such as "Unknown", is in no picture, and each picture says so."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import cmhs_metrics as cm
from cmhs_metrics import plots
from cmhs_metrics.variation import funnel

WAITS = pd.DataFrame(
    {
        "icb": ["QHM", "QUE", "QOX", "UNKNOWN"],
        "waiting": [100, 200, 100, 1000],
        "waiting_over_52_weeks": [10, 30, 30, 900],
    }
)
RESULT = cm.benchmark(WAITS, "waiting_over_52_weeks_rate", by="icb", focus="QUE")
PLAIN = pd.DataFrame({"place": WAITS["icb"], "value": [0.1, 0.15, 0.3, 0.9]})


@pytest.mark.parametrize("table", [RESULT, PLAIN], ids=["a benchmark", "places and values"])
@pytest.mark.parametrize("draw", [plots.ranked_bars, plots.tile_map])
def test_places_alone_are_drawn(draw: Any, table: pd.DataFrame) -> None:
    ax = draw(table)
    said = plots.alternative_text(ax)
    assert "No place, and not shown: UNKNOWN." in said
    assert "90.0%" not in said
    assert ("for 3 places" in said) is (draw is plots.ranked_bars)


def test_mean_and_median_are_of_places() -> None:
    said = plots.alternative_text(plots.ranked_bars(RESULT))
    assert "Mean of places: 18.3%." in said
    assert "Median of places: 15.0%." in said
    assert "QUE: 15.0% (2 of 3, highest first)." in said


def test_a_place_may_be_called_unknown_where_that_is_meant() -> None:
    every = cm.benchmark(WAITS, "waiting_over_52_weeks_rate", by="icb", not_places=())
    assert "for 4 places" in plots.alternative_text(plots.ranked_bars(every))


def test_a_range_is_of_peers_that_are_places() -> None:
    said = plots.alternative_text(plots.dot_and_range(RESULT, "QUE"))
    assert "No place, and not shown: UNKNOWN." in said
    assert "peers 10.0% to 30.0%" in said


def test_a_funnel_draws_places() -> None:
    found = funnel("proportion", WAITS["waiting_over_52_weeks"], WAITS["waiting"])
    said = plots.alternative_text(plots.funnel_chart(found, WAITS["icb"].tolist()))
    assert "No place, and not shown, though the target may hold it: UNKNOWN." in said
    assert "for 3 places" in said
