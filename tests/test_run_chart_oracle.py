"""Run charts of every type on every engine, cell for cell as plain loops have them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmhs_metrics.run_charts import run_chart
from tests.support.budgets import examples, is_deep
from tests.support.engines import ALL, MARKS, cells, sorted_by
from tests.support.spc_by_hand import chart_of

# What is told of a short baseline has a test of its own.
pytestmark = pytest.mark.filterwarnings("ignore:run_chart. the limits rest on a baseline:cmhs_metrics.TableNote")

COLUMNS = [
    "phase", "in_baseline", "points", "trial", "plotted", "centre", "lower", "upper", "outside_limits", "run", "trend",
    "two_of_three", "improvement", "special_cause", "target", "assurance",
]  # fmt: skip
MONTHS = [f"{2019 + at // 12}-{at % 12 + 1:02}" for at in range(48)]
CHARTS = ["xmr", "p", "p'", "u", "u'", "c", "g", "t"]


@cache
def world(seed: int) -> dict[str, list[dict[str, Any]]]:
    """Three groups with a shift, a turn, missing values, absent months and a denominator of zero."""
    draw = np.random.default_rng(seed)
    groups = {}
    for name in ("A", "B & C", "D"):
        n = draw.integers(20, 90, 48)
        value = draw.binomial(n, 0.2)
        value[25:] = np.minimum(n[25:], value[25:] + draw.integers(0, 12))
        ramp = [*range(2, 9), *range(7, 1, -1)]
        value[5:18], n[5:18] = ramp, 40
        points = [{"at": at, "value": float(value[at]), "n": float(n[at])} for at in range(48)]
        for at in draw.choice(48, 3, replace=False):
            points[at]["value"] = None
        points[20] |= {"n": 0.0, "value": 0.0}
        points[21]["n"] = None
        groups[name] = [point for point in points if draw.random() > 0.06]
    return groups


def settings(which: int, chart: str) -> tuple[dict[str, Any], Callable[[str], dict[str, Any]]]:
    """Arguments of `run_chart`, and those of the loops for a group."""
    per = {"per": 100.0} if chart[0] in "pu" else {}
    goal = {"xmr": 12.0, "c": 12.0, "g": 12.0, "t": 12.0}.get(chart, 25.0)
    one_end = {"possible": (0.0, None)} if chart == "xmr" else {}
    loops_end = {"possible": (0.0, float("inf"))} if chart == "xmr" else {}
    if which == 0:
        same = {"improvement": "low", "target": goal} | per
        return same | one_end, lambda _: same | loops_end
    if which == 1:
        same = {"missing": "skip", "screened": True, "length": 6, "minimum_points": 20} | per
        same |= {"centre": "median", "moving_range": "median"} if chart in ("xmr", "t") else {"moving_range": "median"}
        own: dict[str, dict[str, Any]] = {
            "A": {
                "improvement": "high",
                "rebase": [MONTHS[20], MONTHS[35]],
                "target": {MONTHS[0]: goal, MONTHS[30]: 5.0},
            },
            "B & C": {"improvement": "low", "baseline": 12, "target": goal},
            "D": {"rebase": MONTHS[24]},
        }
        given = {
            name: {group: each[name] for group, each in own.items() if name in each}
            for name in ("improvement", "rebase", "baseline", "target")
        }
        numbers = {
            "A": {"improvement": "high", "rebase": (20, 35), "target": {0: goal, 30: 5.0}},
            "B & C": {"improvement": "low", "baseline": 12, "target": goal},
            "D": {"rebase": (24,)},
        }
        return same | given, lambda group: same | numbers[group]
    same = {"baseline": 13} | per
    dated = {MONTHS[0]: goal, MONTHS[24]: 2 * goal}
    return (
        same | {"rebase": MONTHS[22], "target": dated, "improvement": "high"},
        lambda _: same | {"rebase": (22,), "target": {0: goal, 24: 2 * goal}, "improvement": "high"},
    )


def agree(make: Callable[[dict[str, list[Any]]], Any], chart: str, which: int, seed: int = 4) -> None:
    groups = world(seed)
    options, by_hand = settings(which, chart)
    rows = [point | {"group": group} for group, points in groups.items() for point in points]
    np.random.default_rng(5).shuffle(rows)
    table = {
        "group": [row["group"] for row in rows],
        "period": [MONTHS[row["at"]] for row in rows],
        "value": [row["value"] for row in rows],
        "n": [row["n"] for row in rows],
    }
    under = {"denominator": "n"} if chart[0] in "pu" else {}
    found = cells(run_chart(make(table), "value", chart=chart, by="group", **under, **options))
    found = sorted_by(found, "group", "period")
    expected = [
        row | {"group": group} for group in sorted(groups) for row in chart_of(groups[group], chart, **by_hand(group))
    ]
    assert found["group"] == [row["group"] for row in expected]
    assert found["period"] == [MONTHS[row["at"]] for row in expected]
    for name in COLUMNS:
        wanted = [row[name] for row in expected]
        if name in ("plotted", "centre", "lower", "upper", "target"):
            assert [each is None for each in found[name]] == [each is None for each in wanted], name
            pairs = [(one, other) for one, other in zip(found[name], wanted, strict=True) if other is not None]
            assert [one for one, _ in pairs] == pytest.approx([other for _, other in pairs], rel=1e-9, abs=1e-9), name
        else:
            assert found[name] == wanted, name


@pytest.mark.parametrize(
    ("engine", "which"),
    [
        # Ibis plans slowly: settings by group and with baselines it tries in a deep run.
        pytest.param(engine, which, id=f"{kind}-{engine}", marks=marks if engine != "ibis" or which else ())
        for engine, marks in ((each, MARKS.get(each, ())) for each in ALL)
        for which, kind in enumerate(["plain", "by group", "baseline"])
    ],
)
def test_agrees_with_plain_loops(engine: str, which: int) -> None:
    # Each chart type with each kind of settings, on one engine or another; XmR or Laney with all on all.
    at = list(ALL).index(engine)
    for chart in {("xmr", "p'", "u'")[which], CHARTS[(at + 3 * which) % len(CHARTS)]}:
        agree(ALL[engine], chart, which)


@pytest.mark.parametrize("chart", CHARTS)
def test_every_chart_type_agrees_in_memory_and_as_a_query(chart: str) -> None:
    # A deep run tries all three kinds of settings, an everyday one each on some of the types.
    at = CHARTS.index(chart)
    for which in range(3) if is_deep() else {at % 3}:
        for name in ("pandas", "polars lazy"):
            agree(ALL[name], chart, which, seed=8)


@examples(15)
@given(st.integers(0, 10_000), st.sampled_from(CHARTS), st.integers(0, 2))
def test_agrees_on_random_tables(seed: int, chart: str, which: int) -> None:
    agree(ALL["pandas"], chart, which, seed)


def test_the_loops_see_what_is_to_be_seen() -> None:
    # A test of agreement is worth what its tables hold: every rule on both sides, and every word.
    seen: dict[str, set[Any]] = {name: set() for name in COLUMNS}
    for chart in CHARTS:
        for which in range(3):
            options = settings(which, chart)[1]
            for group, points in world(4).items():
                for row in chart_of(points, chart, **options(group)):
                    for name in COLUMNS:
                        seen[name].add(row[name])
    for rule in ("outside_limits", "run", "trend", "two_of_three"):
        assert seen[rule] == {-1, 0, 1}
    assert seen["special_cause"] == {"none", "high", "low", "improvement", "concern", None}
    assert seen["assurance"] == {"pass", "fail", "hit or miss", None}
    assert seen["trial"] == {True, False}
    assert seen["phase"] == {1, 2, 3}
    assert 0 in seen["lower"]
