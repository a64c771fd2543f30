"""A suppressed value is not to be had from a picture: whatever it is, the picture is the same to the last byte."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import cmhs_metrics as cm
from cmhs_metrics import plots
from cmhs_metrics.comparisons import Comparison
from cmhs_metrics.presentation import statuses
from cmhs_metrics.run_charts import run_chart
from cmhs_metrics.variation import funnel
from tests.support.budgets import with_deep
from tests.support.gallery import TEAMS, YEARS, waits
from tests.support.refusals import problem, refused

RESULT = cm.benchmark(
    TEAMS, "caseload_per_100k", by="organisation", place="organisation", basis="16+", focus=["Synthetic Trust 07"]
)
HIDDEN, HIDDEN_MONTH = "Synthetic Trust 07", "2016-08"


MANY = 24
"""So many places are dots, not bars."""


def marked(hidden: float, rows: int = MANY, **columns: Any) -> pd.DataFrame:
    """The result with one place suppressed, of which its columns still tell all."""
    table = RESULT.head(rows).copy()
    table["status"] = "known"
    at = table["place"] == HIDDEN
    told = {
        "value": hidden,
        "lower": hidden * 0.9,
        "upper": hidden * 1.1,
        "rank": round(hidden),
        "status": "suppressed",
    }
    told |= {
        "quartile": 1 + round(hidden) % 4,
        "difference": hidden - 1,
        "difference_percent": hidden,
        "outlier": f"{hidden}",
    }
    for name, each in {**told, **columns}.items():
        table.loc[at, name] = each
    return table


def as_icbs(table: pd.DataFrame) -> pd.DataFrame:
    codes = plots.icb_tiles()["place"].tolist()
    return table.assign(place=codes)


def trend(value: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    table = pd.DataFrame({"North": [5.0, 6, value, 7, 8], "South": [4.0, 5, 6, 7, 8]}, index=YEARS)
    return table, pd.DataFrame(False, index=YEARS, columns=table.columns).mask(table == value, True)


def points(value: float) -> pd.DataFrame:
    """A run chart made without the value of a month, into which the value was put back."""
    table = waits()[["period", "waits"]]
    chart = run_chart(table.assign(waits=table["waits"].mask(table["period"] == HIDDEN_MONTH)), "waits", target=45)
    chart.loc[chart["period"] == HIDDEN_MONTH, "waits"] = value
    return chart


def parts(value: float) -> dict[str, Any]:
    table = pd.DataFrame(
        {"a": [0.2, value, 0.5], "b": [0.3, 0.3, 0.1], "c": [0.5, 0.7 - value, 0.4]}, index=list("XYZ")
    )
    return {"parts": table, "suppressed": pd.DataFrame({"a": [False, True, False], "b": [False] * 3, "c": [False] * 3})}


def funnel_of(count: float) -> Any:
    counts = pd.Series([10, count, 200.0], index=["A", "B", "C"])
    return funnel("proportion", counts, pd.Series([100, 150, 2_000], index=counts.index), target=0.1)


DRAWN: dict[str, Any] = {
    "columns": lambda value: plots.ranked_bars(marked(value)),
    "bars": lambda value: plots.ranked_bars(marked(value, 12)),
    "named": lambda value: plots.ranked_bars(marked(value, 12).drop(columns="status"), suppressed=[HIDDEN]),
    "a column of truths": lambda value: plots.ranked_bars(
        marked(value, 12, status="known").assign(suppressed=lambda rows: rows["place"] == HIDDEN)
    ),
    "no value but an interval": lambda value: plots.ranked_bars(marked(value, 12, value=np.nan, status="known")),
    "small multiples": lambda value: plots.small_multiples(marked(value).assign(team_type="CRHT")),
    "dot and range, of the place": lambda value: plots.dot_and_range(marked(value), HIDDEN),
    "dot and range, of a peer": lambda value: plots.dot_and_range(marked(value), "Synthetic Trust 08"),
    "tiles": lambda value: plots.tile_map(as_icbs(marked(value, 42))),
    "trend": lambda value: plots.trend_chart(trend(value)[0], suppressed=trend(value)[1]),
    "index": lambda value: plots.index_chart(trend(value)[0], YEARS[0], suppressed=trend(value)[1]),
    "profile": lambda value: plots.stacked_profile(**parts(value / 1e4)),
    "xmr": lambda value: plots.xmr_chart(points(value), "waits", suppressed=[HIDDEN_MONTH]),
    "funnel": lambda value: plots.funnel_chart(funnel_of(round(value / 100)), suppressed=["B"], focus=["A"]),
}


# Told in other ways, or drawn by the same as another.
ALIKE = ["named", "a column of truths", "no value but an interval", "dot and range, of a peer", "bars"]


@pytest.mark.parametrize("name", with_deep([each for each in DRAWN if each not in ALIKE], *ALIKE))
def test_the_picture_is_the_same_whatever_the_value(name: str) -> None:
    drawn = [DRAWN[name](value) for value in (9.0 if name == "trend" else 41.0, 3_967.0)]
    texts = [plots.alternative_text(ax) for ax in drawn]
    assert texts[0] == texts[1]
    assert "uppressed" in texts[0] or name == "dot and range, of a peer"
    assert plots.to_svg(drawn[0]) == plots.to_svg(drawn[1])


@pytest.mark.parametrize("name", ["columns", "bars"])
def test_it_is_named_without_a_bar(name: str) -> None:
    ax = DRAWN[name](3_967.0)
    known = RESULT.head(MANY if name == "columns" else 12)
    axes = ax.child_axes if name == "columns" else [ax]
    texts = [text.get_text() for each in axes for text in each.texts]
    assert texts.count("suppressed") == 1
    if name == "columns":
        # More than twenty places are dots, in columns beside each other.
        dots = (each for panel in axes for each in panel.collections if str(each.get_gid()).startswith("dots-"))
        drawn = [float(value) for each in dots for value, _ in each.get_offsets()]
    else:
        drawn = [bar.get_width() for bar in ax.patches]
    assert sorted(drawn) == sorted(known.loc[known["place"] != HIDDEN, "value"])
    assert 0 not in drawn


def test_suppressed_and_not_known_are_two_things() -> None:
    table = pd.DataFrame(
        {"place": list("ABCD"), "value": [1.0, None, None, 0.0], "least": [1, 0, None, 0], "most": [1, 4, None, 0]}
    )
    assert statuses(table).tolist() == ["known", "suppressed", "not known", "known"]
    ax = plots.ranked_bars(table)
    shown = [text.get_text() for text in ax.texts]
    assert "suppressed" in shown
    assert "not known" in shown
    # A true zero has a bar, without length, and its number.
    assert [bar.get_width() for bar in ax.patches] == [1.0, 0.0]
    assert "Suppressed: B. Not known: C." in plots.alternative_text(ax)


def test_bounds_of_the_average_do_not_make_a_missing_value_suppressed() -> None:
    counts = pd.DataFrame({"icb": list("ABC"), "referrals": [120, None, None]})
    counts = counts.assign(referrals_lower=[118, 0, None], referrals_upper=[122, 4, None])
    people = pd.DataFrame({"icb": list("ABC"), "registered_population": [6_000, 2_000, 9_000]})
    result = cm.benchmark(counts, "referrals_per_100k", by="icb", populations=people)
    known = result.assign(average_lower=1.0, average_upper=2.0)
    assert statuses(known).tolist() == ["known", "suppressed", "not known"]


def test_marks_of_published_files_are_understood() -> None:
    kinds = ["exact", "rounded to 5", "suppressed", "missing", "unknown"]
    table = pd.DataFrame({"place": list("ABCDE"), "value": [1.0, 5, None, None, None], "kind": kinds})
    assert statuses(table).tolist() == ["known", "known", "suppressed", "not known", "not known"]


def test_a_symbol_in_place_of_a_number_is_refused() -> None:
    table = pd.DataFrame({"place": ["A", "B"], "value": [1.0, "*"]})
    with refused("value", "*", row="2nd row", expected="a finite number"):
        plots.ranked_bars(table)
    with refused("suppressed", "Z", expected="there"):
        plots.ranked_bars(table.head(1), suppressed=["Z"])


def test_a_row_with_a_suppressed_part_is_not_drawn_for_the_gap_would_tell() -> None:
    ax = plots.stacked_profile(**parts(0.2))
    assert len(ax.patches) == 6
    assert [text.get_text() for text in ax.texts].count("suppressed") == 1
    text = plots.alternative_text(ax)
    assert "Y:" not in text
    assert "Suppressed: Y." in text


def test_a_line_is_broken_at_a_suppressed_value() -> None:
    values, hidden = trend(9.0)
    ax = plots.trend_chart(values, suppressed=hidden)
    north = [line.get_ydata().tolist() for line in ax.lines if line.get_gid() == "series-0"]
    assert north == [[5.0, 6.0], [7.0, 8.0]]
    assert "Suppressed: North in 2014/15." in plots.alternative_text(ax)


def test_a_notebook_shows_no_suppressed_value() -> None:
    pages = [Comparison(marked(value))._repr_html_() for value in (41.0, 3_967.0)]
    assert pages[0] == pages[1]
    assert "<b>Synthetic Trust 07</b> (focus)</th><td>suppressed</td><td></td>" in pages[0]


def test_one_key_may_stand_without_a_list() -> None:
    table = pd.DataFrame({"place": ["North", "South", "East"], "value": [5.0, 40.0, 7.0], "metric": "n"})
    panels = table.assign(team_type="CRHT")
    draws: list[Any] = [
        lambda hidden: plots.ranked_bars(table, suppressed=hidden),
        lambda hidden: plots.small_multiples(panels, suppressed=hidden),
        lambda hidden: plots.dot_and_range(table, "North", suppressed=hidden),
        lambda hidden: plots.dot_and_range(table, "South", suppressed=hidden),
        lambda hidden: plots.funnel_chart(funnel_of(20), ["North", "South", "East"], suppressed=hidden),
    ]
    for draw in draws:
        ax = draw("South")
        assert plots.to_svg(ax) == plots.to_svg(draw(["South"]))
        assert "40.0" not in plots.alternative_text(ax)


@pytest.mark.parametrize(
    "draw",
    [
        lambda rows: plots.small_multiples(rows.assign(team_type="CRHT"), suppressed=["Sotuh"]),
        lambda rows: plots.dot_and_range(rows, "North", suppressed=["Sotuh"]),
        lambda rows: plots.ranked_bars(rows, suppressed=["Sotuh"]),
    ],
)
def test_a_suppressed_place_that_is_not_there_is_refused(draw: Any) -> None:
    rows = pd.DataFrame({"place": ["North", "South"], "value": [5.0, 40.0], "metric": "n"})
    with refused("suppressed", "Sotuh", suggests="South"):
        draw(rows)


@pytest.mark.parametrize("draw", [plots.stacked_profile, plots.trend_chart])
def test_suppressed_cells_are_matched_by_their_labels(draw: Any) -> None:
    table = pd.DataFrame({"a": [1.0, 2, 3], "b": [3.0, 4, 1]}, index=YEARS[:3])
    hidden = pd.DataFrame({"a": [True, False, False], "b": False}, index=YEARS[:3])
    plain = plots.to_svg(draw(table, suppressed=hidden))
    assert plots.to_svg(draw(table, suppressed=hidden.iloc[::-1, ::-1])) == plain
    assert plots.to_svg(draw(table, suppressed=hidden.to_numpy())) == plain
    with refused(problem("suppressed", "2099/00"), problem("suppressed", "z")):
        draw(table, suppressed=hidden.rename(index={YEARS[0]: "2099/00"}, columns={"a": "z"}))
    with refused("suppressed", expected="a truth"):
        draw(table, suppressed=hidden.astype("boolean").mask(hidden))
    with refused("suppressed", (2, 2), names="(3, 2)"):
        draw(table, suppressed=hidden.head(2))


def test_an_average_made_with_a_suppressed_value_is_not_drawn() -> None:
    """10, 3 and 200 of 10,000, 15,000 and 200,000 people: 94.7 of all together times 225,000 less 210 is 3 again."""
    counts = pd.DataFrame({"icb": list("ABC"), "caseload": [10, 3, 200]})
    people = pd.DataFrame({"icb": list("ABC"), "registered_population": [10_000, 15_000, 200_000]})
    true = pd.DataFrame(cm.benchmark(counts, "caseload_per_100k", by="icb", populations=people))
    there = true["place"] != "B"
    emptied = true.copy()
    emptied.loc[~there, ["value", "lower", "upper", "rank", "difference", "difference_percent"]] = np.nan
    for table in (true, true.assign(value=true["value"].where(there)), emptied):
        words = plots.alternative_text(plots.ranked_bars(table, suppressed=["B"]))
        assert "pooled" not in words
        assert "94.7" not in words
        # 100 of each.
        assert "Mean of places: 100. Median of places: 100." in words
        page = Comparison(table.assign(suppressed=~there))._repr_html_()
        assert "94.7" not in page
        assert "pooled" not in page
        assert "5.6%" not in page, "nor the distance of the others from it"
        assert page.count(" of 2</td>") == 2, "nor their ranks beside it"


def test_a_funnel_is_made_anew_without_what_is_suppressed() -> None:
    counts, people = np.array([10, 3, 200]), np.array([10_000, 15_000, 200_000])
    words = plots.alternative_text(plots.funnel_chart(funnel("rate", counts, people), list("ABC"), suppressed=["B"]))
    # 210 of 210,000, and not 213 of 225,000.
    assert "about a target of 100." in words
    assert "94.7" not in words
    given = funnel("rate", counts, people, target=80.0, adjustment="none")
    assert "target of 80.0" in plots.alternative_text(plots.funnel_chart(given, list("ABC"), suppressed=["B"]))
    with refused("counts", 1, expected="two or more"):
        plots.funnel_chart(funnel("rate", counts[:2], people[:2]), list("AB"), suppressed=["B"])


def test_a_run_chart_made_with_a_suppressed_value_is_refused() -> None:
    table = waits()[["period", "waits"]]
    made = run_chart(table, "waits")
    row = made["period"] == HIDDEN_MONTH
    blanked = made.assign(special_cause=made["special_cause"].mask(row), in_baseline=made["in_baseline"] & ~row)
    for chart in (made, made.assign(waits=made["waits"].mask(row)), blanked.assign(waits=made["waits"].mask(row))):
        with refused("suppressed", row=f"period={HIDDEN_MONTH}", names="run_chart"):
            plots.xmr_chart(chart, "waits", suppressed=[HIDDEN_MONTH])


def test_marks_that_are_neither_true_nor_false_are_refused() -> None:
    table = pd.DataFrame({"place": ["A", "B"], "value": [1.0, 2.0]})
    for name in ("focus", "peer", "suppressed"):
        with refused(name, "yes", expected="a truth"):
            plots.ranked_bars(table.assign(**{name: ["yes", "no"]}))
