"""Run charts at their edges: targets on a limit, a phase of one point, the least that options may be, and who is named."""

from __future__ import annotations

import re
from typing import Any
from unittest.mock import patch

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pytest

from cmhs_metrics import BadInput
from cmhs_metrics.run_charts import (
    outside_limits,
    run_chart,
    run_chart_summary,
    run_on_one_side,
    steady_trend,
    suggest_rebase,
    summary,
    two_of_three_near_limit,
    xmr_limits,
)
from cmhs_metrics.run_charts.icons import ASSURANCE, VARIATION, icon_of
from cmhs_metrics.run_charts.options import SIGNALS
from cmhs_metrics.run_charts.points import numbered
from cmhs_metrics.run_charts.summary import _RULES
from tests.support.refusals import refused
from tests.support.series import table

IN_MEMORY_AND_AS_A_QUERY = pytest.mark.parametrize("as_query", [False, True])


def charted(frame: pd.DataFrame, as_query: bool, **options: Any) -> pl.DataFrame:
    given = pl.from_pandas(frame)
    found = run_chart(given.lazy() if as_query else given, "value", **options)
    return found.lazy().collect().sort([*options.get("by", []), "period"])


def test_periods_of_a_query_may_be_categories() -> None:
    frame = pl.from_pandas(table([5, 8, 4, 9, 7]))
    months = frame["period"].to_list()
    found = run_chart(frame.with_columns(period=pl.Series(months, dtype=pl.Enum(months[::-1]))).lazy(), "value")
    assert found.collect().sort("period")["centre"].to_list() == [pytest.approx(6.6)] * 5


@pytest.mark.parametrize("dtype", ["string", "Int64", "int64[pyarrow]"])
def test_a_row_without_a_group_is_refused_in_any_type_of_pandas(dtype: str) -> None:
    frame = pd.concat([table([5, 8, 4]), table([6, 7, 8])], ignore_index=True)
    with refused("team", None, expected="a value"):
        run_chart(frame.assign(team=pd.array([None, *"11222"], dtype="string").astype(dtype)), "value", by="team")


@IN_MEMORY_AND_AS_A_QUERY
def test_a_target_on_a_limit_is_hit_or_missed(as_query: bool) -> None:
    # Sixteen faults a month: 16 and three times 4 either way.
    goals = {"a": 4.0, "b": 3.99, "c": 28.0, "d": 28.01}
    words = {
        "high": ["hit or miss", "pass", "hit or miss", "fail"],
        "low": ["hit or miss", "fail", "hit or miss", "pass"],
        None: [None] * 4,
    }
    teams = {f"{team} {good}": (goal, good) for good in words for team, goal in goals.items()}
    frame = pd.concat([table([16] * 13).assign(team=each) for each in teams], ignore_index=True)
    found = charted(
        frame, as_query, chart="c", by=["team"], target={team: goal for team, (goal, _) in teams.items()},
        improvement={team: good for team, (_, good) in teams.items()},
    )  # fmt: skip
    assert found.select("lower", "upper").unique().rows() == [(4, 28)]
    said = dict(found.select("team", "assurance").unique().iter_rows())
    assert said == {
        f"{team} {good}": word for good, each in words.items() for team, word in zip(goals, each, strict=True)
    }


@IN_MEMORY_AND_AS_A_QUERY
def test_counts_of_one_month_have_limits_and_single_values_have_none(as_query: bool) -> None:
    frame = table([9, 9, 16])
    counts = charted(frame, as_query, chart="c", rebase="2016-06")
    assert counts.select("centre", "lower", "upper", "points").rows() == [(9, 0, 18, 2)] * 2 + [(16, 4, 28, 1)]
    single = charted(frame, as_query, rebase="2016-06")
    assert single["upper"].to_list() == [9, 9, None]
    # Where nothing is known there is nothing.
    nothing = charted(frame.assign(value=[9, 9, None]), as_query, chart="c", rebase="2016-06")
    assert nothing["upper"].to_list() == [18, 18, None]
    assert nothing["points"].to_list() == [2, 2, 0]


@pytest.mark.parametrize(
    ("as_query", "possible", "lower", "upper"),
    # Moving ranges of 2 about 10: 3 × 2 / 1.128 either way. Of a query each end is tried alone.
    [
        (False, None, 10 - 6 / 1.128, 10 + 6 / 1.128), (False, (None, 12), 10 - 6 / 1.128, 12),
        (False, (6, None), 6, 10 + 6 / 1.128), (False, (6, 12), 6, 12), (True, (None, 12), 10 - 6 / 1.128, 12),
        (True, (6, None), 6, 10 + 6 / 1.128),
    ],
)  # fmt: skip
def test_limits_are_cut_where_nothing_is_possible(as_query: bool, possible: Any, lower: float, upper: float) -> None:
    found = charted(table([9, 11, 9, 11]), as_query, possible=possible)
    assert found.select("lower", "upper").unique().row(0) == pytest.approx((lower, upper))
    # What is just possible is accepted.
    assert len(charted(table([6, 12]), False, possible=possible)) == 2


def test_a_group_that_is_called_as_a_month_is_a_group() -> None:
    frame = table([5.0, 6, 5]).assign(cohort="2016-04")
    with refused("target", "2016-05", expected="a date or period"):
        run_chart(frame, "value", by="cohort", target={"2016-04": 3.0, "2016-05": 4.0})
    found = run_chart(frame, "value", by="cohort", target={"2016-04": 3.0})
    assert found["target"].tolist() == [3] * 3
    assert run_chart(frame, "value", target={"2016-05": 3.0})["target"].isna().tolist() == [True, False, False]


def test_the_least_of_each_option_is_accepted() -> None:
    # The first two of 1, 3 and 50: 2, and 3 × 2 / 1.128 either way.
    found = xmr_limits(np.array([1.0, 3, 50]), baseline=2)
    assert (found.centre, found.moving_range, found.points) == (2, 2, 2)
    assert xmr_limits(np.array([1.0, 3, 50]), baseline=np.int64(2)) == found
    shifted = run_chart(table([50.0, 52, 50, 40, 40, 40, 40, 40, 40, 40]), "value")
    # Above the centre of 43.4 for three months, below it for seven.
    (row,) = suggest_rebase(shifted, minimum_points=2).to_dict("records")
    assert (row["rebase"], row["side"], row["points_before"], row["points_in_run"]) == ("2016-07", "low", 3, 7)
    assert row["mean_of_run"] == 40
    assert row["centre_before"] == pytest.approx(43.2)
    assert suggest_rebase(shifted, minimum_points=4).empty
    for number in (1, 2.0, True, "3"):
        with refused("minimum_points", number, expected="a whole number"):
            suggest_rebase(shifted, minimum_points=number)  # type: ignore[arg-type]


SERIES = np.arange(4.0)
RULES: dict[Any, dict[str, Any]] = {
    outside_limits: {"values": SERIES, "lower": 0, "upper": 9},
    run_on_one_side: {"values": SERIES, "centre": 0, "length": 7, "stretch": np.zeros(4)},
    steady_trend: {"values": SERIES, "length": 7, "stretch": np.zeros(4)},
    two_of_three_near_limit: {"values": SERIES, "centre": 0, "lower": -9, "upper": 9, "stretch": np.zeros(4)},
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_each_argument_of_a_rule_is_named(rule: Any) -> None:
    given = RULES[rule]
    assert rule(**given).shape == (4,)
    for name in given:
        # One for each value, too few, and what is no number of points.
        lines = np.full(4, 3.0)
        if name in ("centre", "lower", "upper"):
            assert rule(**given | {name: lines}).shape == (4,)
        wrong = 1 if name == "length" else SERIES[:, None] if name == "values" else SERIES[:3]
        with pytest.raises(BadInput) as caught:
            rule(**given | {name: wrong})
        assert [each.column for each in caught.value.problems] == [name]
    if "length" in given:
        assert rule(**given | {"length": 2}).shape == (4,)
    # All of them at once.
    others = [name for name in given if name not in ("values", "length")]
    if others:
        with pytest.raises(BadInput) as caught:
            rule(**given | dict.fromkeys(others, SERIES[:3]))
        assert [each.column for each in caught.value.problems] == others


def test_lines_of_other_rows_are_refused() -> None:
    values, line = pd.Series([1.0, 5.0], index=["a", "b"]), pd.Series([4.0, 0.0], index=["b", "a"])
    # Above the line of its own label, and below that of the place where it stands.
    for rule in (outside_limits, two_of_three_near_limit):
        with pytest.raises(ValueError, match="values and lower have different indexes"):
            rule(values, *[values] * (rule is two_of_three_near_limit), line, line)
    with pytest.raises(ValueError, match="values and centre have different indexes"):
        run_on_one_side(values, line)
    with pytest.raises(ValueError, match="values and stretch have different indexes"):
        steady_trend(values, stretch=line)


def test_a_notebook_shows_the_summary_in_its_columns() -> None:
    frame = pd.concat([table([16] * 13).assign(team="A"), table([9]).assign(team="B")], ignore_index=True)
    chart = run_chart(frame, "value", chart="c", by="team", target={"A": 4}, improvement="low")
    html = run_chart_summary(chart, by="team")._repr_html_()
    heads = re.findall(r'<th scope="col">(.*?)</th>', html)
    assert heads == ["team", "Latest", "Centre", "Limits", "Target", "Variation", "Assurance"]
    cells = [re.sub(r"<svg.*?</svg> ", "", each) for each in re.findall(r"<td>(.*?)</td>", html)]
    assert cells[:4] == ["16.0 (2017-04)", "16.0", "4.00 to 28.0", "4.00"]
    assert cells[6:10] == ["9.00 (2016-04)", "9.00", "0 to 18.0 (trial)", ""]
    # A latest point that is the target meets it, whichever way is good.
    for improvement in ("low", "high"):
        (row,) = run_chart_summary(
            run_chart(table([16] * 13), "value", chart="c", target=16, improvement=improvement)
        ).to_dict("records")
        assert row["assurance_reason"].endswith("; the latest point meets it")


@pytest.mark.filterwarnings("ignore:run_chart. the limits rest on a baseline:cmhs_metrics.TableNote")
def test_settings_of_a_series_are_those_of_a_mapping() -> None:
    one = table([5.0, 6, 5, 6])
    by_month = run_chart(one, "value", target=pd.Series({"2016-04": 3.0, "2016-06": 4.0}))
    assert by_month["target"].tolist() == [3, 3, 4, 4]
    two = pd.concat([one.assign(team=each) for each in ("North", "South")], ignore_index=True)
    rests = run_chart(two, "value", by="team", baseline=pd.Series({"North": 2, "South": 3}))
    assert rests["points"].tolist() == [2] * 4 + [3] * 4
    with refused("baseline", 1, row="team=South", expected="two or more"):
        run_chart(two, "value", by="team", baseline=pd.Series({"North": 2, "South": 1}))
    for length in (3.5, 2.9, float("nan"), float("inf")):
        with pytest.raises(BadInput) as caught:
            run_chart(one, "value", length=length)  # type: ignore[arg-type]
        assert [each.column for each in caught.value.problems] == ["length"]


def test_what_is_possible_of_each_type_of_chart() -> None:
    # Half a month may be counted in, and nothing may happen in it; but nothing happens in no time.
    halves = run_chart(table([0, 3, 2], [0.5, 1, 1]), "value", chart="u", denominator="n")
    assert halves["plotted"].tolist() == [0, 3, 2]
    assert run_chart(table([0, 0.5, 1]), "value", chart="t")["plotted"].tolist() == pytest.approx([0, 0.5, 1])
    assert run_chart(table([0, 0.5, 1]), "value", chart="c", fractional=True)["plotted"].tolist() == [0, 0.5, 1]
    for chart, values, n in (
        ("u", [0.5, 1], [0, 1]),
        ("p", [2, 1], [1, 1]),
        ("c", [-1, 1], None),
        ("t", [-0.5, 1], None),
    ):
        with refused("value", float(values[0]), row="period=2016-04"):
            run_chart(
                table(values, n), "value", chart=chart, fractional=chart != "t", **({"denominator": "n"} if n else {})
            )  # type: ignore[arg-type]
    with refused("n", -1.0, row="period=2016-04", expected="zero or more"):
        run_chart(table([0, 1], [-1, 1]), "value", chart="u", denominator="n")
    # Where there is nothing to count in there are no limits.
    none = run_chart(table([3, 0, 3], [10, 0, 10]), "value", chart="u", denominator="n")
    assert none["plotted"].isna().tolist() == none["upper"].isna().tolist() == [False, True, False]


def test_a_rise_is_suggested_as_one() -> None:
    (row,) = suggest_rebase(run_chart(table([50.0, 52] * 7 + [60.0, 62] * 7), "value")).to_dict("records")
    assert (row["rebase"], row["side"], row["mean_of_run"]) == ("2017-06", "high", 61)


def test_values_are_named_where_they_are_no_series() -> None:
    for wrong in (np.ones((2, 2)), np.array(["a", "b", "c"])):
        with pytest.raises(BadInput) as caught:
            xmr_limits(wrong)
        assert [each.column for each in caught.value.problems] == ["values"]


def test_so_many_rows_are_shown_in_a_notebook() -> None:
    frame = pd.concat([table([16] * 13).assign(team=each) for each in "ABC"], ignore_index=True)
    found = run_chart_summary(run_chart(frame, "value", by="team"), by="team")
    for most, more in ((3, None), (2, "… and 1 more"), (1, "… and 2 more")):
        with patch.object(summary, "MOST", most):
            html = found._repr_html_()
        assert html.count("<tr>") == 1 + most + (more is not None)
        assert (more or "<table>") in html
        assert ("more</td>" in html) is (more is not None)


def test_a_missing_verdict_of_any_table_has_its_icon() -> None:
    for nothing in (None, float("nan"), pd.NA):
        assert icon_of(nothing, VARIATION, "variation") is VARIATION[None]
    for word in VARIATION:
        if word is not None and word != "common cause":
            cause, _, side = word.rpartition(" ")
            assert VARIATION[word].words == f"special cause: {f'{cause}, ' if cause else ''}{side}"
            frame, arrow = VARIATION[word].shapes
            assert (frame.kind, arrow.kind) == ("disc" if cause == "improvement" else "area", "area")


@IN_MEMORY_AND_AS_A_QUERY
def test_two_of_three_at_either_end_and_none_on_the_line(as_query: bool) -> None:
    # Sixteen a month, 12 either way: two of three are near beyond 24 and below 8, and not on them.
    ends = {"near": [25, 17, 25, *[16] * 6, 15, 7, 15, 7, 10], "on": [24, 17, 24, *[16] * 6, 15, 8, 15, 8, 9]}
    ends = {name: [*counts, 16 * 16 - sum(counts) - 16, 16] for name, counts in ends.items()}
    assert {sum(counts) for counts in ends.values()} == {256}
    frame = pd.concat([table(counts).assign(team=name) for name, counts in ends.items()], ignore_index=True)
    found = charted(frame, as_query, chart="c", by=["team"])
    flags = dict(found.group_by("team").agg("two_of_three").iter_rows())
    assert found["centre"].unique().to_list() == [16]
    assert flags["near"][:4] == [1, 0, 1, 0]
    assert flags["on"][:4] == [0, 0, 0, 0]
    assert flags["near"][9:13] == [0, -1, 0, -1]
    assert flags["on"][9:13] == [0, 0, 0, 0]
    # With a month left out between them they are no three.
    counts = ends["near"]
    whole = table([*counts[:2], 0, *counts[2:11], 0, *counts[11:]])
    assert charted(whole.drop([2, 12]), as_query, chart="c")["two_of_three"].to_list() == [0] * 16
    counts = [17, *[14] * 10, 25, 17, 25]
    assert sum(counts) == 16 * 14
    at_the_end = charted(table(counts), as_query, chart="c")
    assert at_the_end["two_of_three"].to_list()[-4:] == [0, 1, 0, 1]


@IN_MEMORY_AND_AS_A_QUERY
def test_less_than_one_may_be_counted_in(as_query: bool) -> None:
    found = charted(table([1, 3, 2], [0.5, 1, 1]), as_query, chart="u", denominator="n")
    assert found["plotted"].to_list() == [2, 3, 2]
    assert found["centre"].to_list() == pytest.approx([2.4] * 3)


def test_days_of_a_target_are_named() -> None:
    frame = table([5.0, 6, 5]).assign(team="North")
    with refused("target", "spring", expected="a date or period"):
        run_chart(frame, "value", by="team", target={"North": {"2016-04": 3.0, "spring": 4.0}})


@IN_MEMORY_AND_AS_A_QUERY
def test_the_ranges_that_limits_rest_on_are_those_of_the_baseline(as_query: bool) -> None:
    # Eleven ranges of 2 about 11, and after them five of a half. Where one of 18 is among them, it is screened out.
    calm, later = [10, 12] * 6, [12.5, 13, 13.5, 14, 14.5]
    for values, centre in ((calm, 11), ([*calm[:6], *(each + 20 for each in calm[:6])], 21)):
        found = charted(table([*values, *later]), as_query, screened=True, baseline=12)
        assert found["centre"].to_list() == pytest.approx([centre] * 17)
        assert found["upper"].to_list() == pytest.approx([centre + 2 * 3 / 1.128] * 17, rel=1e-3)


def test_each_signal_has_words_for_either_side() -> None:
    assert set(_RULES) == {(name, side) for name in SIGNALS for side in (1, -1)}
    for (_, side), words in _RULES.items():
        assert bool(re.search("above|rising|upper", words)) is (side == 1)
        assert bool(re.search("below|falling|lower", words)) is (side == -1)


def test_icons_are_drawn_of_discs_areas_and_lines() -> None:
    drawn = {"disc": "<circle", "area": "<polygon", "line": "<polyline"}
    for icon in (*VARIATION.values(), *ASSURANCE.values()):
        svg = icon.svg()
        kinds = [shape.kind for shape in icon.shapes]
        assert {kind: svg.count(tag) for kind, tag in drawn.items()} == {kind: kinds.count(kind) for kind in drawn}
        assert len(kinds) == sum(svg.count(tag) for tag in drawn.values())
        assert 'width="28" height="28"' in svg


def test_groups_of_a_column_of_objects_are_told_apart() -> None:
    class Team:
        pass

    one, other = Team(), Team()
    frame = pl.DataFrame({"team": pl.Series([one, other, one], dtype=pl.Object)})
    number, keys = numbered(nw.from_native(frame), ["team"])
    assert number.tolist() == [0, 1, 0]
    assert keys == [(one,), (other,)]
