"""Pictures as charts of Altair: the same data and words as what was drawn, valid, and nothing that was not drawn."""

from __future__ import annotations

import json
import sys
from typing import Any

import pandas as pd
import pytest

import cmhs_metrics as cm
from cmhs_metrics import plots
from cmhs_metrics.plots.interactive import specification
from tests.support.budgets import is_deep, with_deep
from tests.support.gallery import DNA, drawn, seen, with_gaps
from tests.support.refusals import raised

pytest.importorskip("altair", reason="interactive pictures need altair")

# One of each picture; what holds of letters and marks holds of all.
PICTURES = [
    "ranked bars, gaps", "ranked, 42 long names", "funnel", "trend", "index", "profile", "waterfall", "xmr",
    "small multiples", "dot and range", "tiles, gaps",
]  # fmt: skip
ALIKE = ["ranked, 42 long names", "profile", "index"]
every_picture = pytest.mark.parametrize(
    "name", with_deep([name for name in PICTURES if name not in ALIKE], *ALIKE), scope="module"
)


def rows(spec: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """The rows of every layer of one mark."""
    names = [layer["data"]["name"] for layer in spec["layer"] if layer["mark"]["type"] == kind]
    return [row for name in names for row in spec["datasets"][name]]


@every_picture
def test_it_says_the_same_and_where_one_points_more(name: str) -> None:
    ax, spec = drawn(name), specification(drawn(name))
    assert spec["description"] == plots.alternative_text(ax)
    written = {line for text in seen(name) for line in text.get_text().split("\n")}
    assert {row["text"] for row in rows(spec, "text")} == written
    assert any("tooltip" in layer["encoding"] for layer in spec["layer"])
    # No row without a tooltip's words in a layer that has one, and no column that is neither drawn nor said.
    for layer in spec["layer"]:
        said = {each["field"] for each in layer["encoding"].get("tooltip", ())}
        drawn_by = {each["field"] for key, each in layer["encoding"].items() if key != "tooltip"}
        for row in spec["datasets"][layer["data"]["name"]]:
            assert set(row) <= said | drawn_by


def test_altair_finds_every_kind_of_mark_valid() -> None:
    # A schema that is not kept raises: bars, lines, points, rules, tiles, letters and an icon.
    for name in ("ranked bars, gaps", "tiles, gaps") if is_deep() else ("ranked bars, gaps",):
        plots.interactive.altair_chart(drawn(name)).to_dict()
    months = [f"2024-{month:02}" for month in range(1, 13)]
    table = pd.DataFrame({"period": [*months, "2025-01"], "waits": [50.0, 52, 49, 51] * 3 + [70]})
    chart = plots.xmr_chart(
        cm.run_charts.run_chart(table, "waits", improvement="low", baseline=12), "waits", interactive=True
    )
    made = chart.to_dict()
    assert type(chart).__module__.startswith("altair")
    images = [layer for layer in made["layer"] if layer["mark"]["type"] == "image"]
    said = [row["icon"] for each in images for row in made["datasets"][each["data"]["name"]]]
    assert sorted(said) == sorted(
        icon.words for icon in (plots.variation_icon("concern high"), plots.assurance_icon(None))
    )
    points = [row for row in rows(made, "point") if "period" in row]
    assert {(row["period"], row["y"]) for row in points} == set(zip(table["period"], table["waits"], strict=True))


def test_bars_are_as_long_as_their_values() -> None:
    table = pd.DataFrame(
        {"place": ["North", "South"], "value": [40.0, 25.5], "lower": [38.0, 24.0], "upper": [42.0, 27.0]}
    )
    spec = plots.ranked_bars(table, title="Waits", interactive=True).to_dict()
    bars = [row for row in rows(spec, "rect") if "place" in row]
    assert [(row["place"], row["x"], row["x2"]) for row in bars] == [("North", 0, 40), ("South", 0, 25.5)]
    assert [row["interval"] for row in bars] == ["38.0 to 42.0", "24.0 to 27.0"]
    assert [row["rank"] for row in bars] == ["1 of 2, highest first", "2 of 2, highest first"]
    rules = {(row["x"], row["x2"]) for row in rows(spec, "rule")}
    assert {(38.0, 42.0), (24.0, 27.0)} <= rules


def test_a_line_ends_at_the_edge_of_its_axes() -> None:
    low, high = drawn("funnel").get_ylim()
    assert all(
        low <= row["y"] <= high for row in rows(specification(drawn("funnel")), "line") if "run" in row and row["y"] < 1
    )


def test_of_what_is_suppressed_a_chart_has_the_name_alone() -> None:
    held = with_gaps(DNA)
    hidden, bounds = held["place"][2], DNA[["value", "lower", "upper"]].iloc[2]
    spec = specification(plots.ranked_bars(held.assign(value=DNA["value"]), suppressed=[hidden]))
    told = [row for part in spec["datasets"].values() for row in part if hidden in row.values()]
    assert [set(row) for row in told] == [{"x", "y", "text"}]
    assert not any(f"{each:.8g}" in json.dumps(spec) for each in bounds)
    assert len([row for row in rows(spec, "rect") if "place" in row]) == len(DNA) - 1


def test_axes_of_ones_own_are_refused_for_it() -> None:
    with pytest.raises(cm.BadInput) as error:
        plots.ranked_bars(DNA, interactive=True, ax=drawn("funnel"))
    assert [problem.column for problem in error.value.problems] == ["ax"]


def test_without_altair_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "altair", None)
    with raised(ImportError, "altair", "interactive"):
        plots.ranked_bars(DNA.head(2), interactive=True)
