"""One rule: the same for numbers, arrays and expressions, and what can stand behind what it shows."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal
from unittest.mock import ANY

import duckdb
import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from cmhs_metrics.disclosure import NHS, Rule, round_to, suppress, suppress_percentage, suppress_table
from tests.support.refusals import refused

RULES = [
    NHS,
    Rule(rounding=1),
    Rule(suppress_zero=False),
    Rule(10, 10),
    Rule(3, 4, suppress_zero=False),
    Rule(0, 5),
    Rule(0, 6, midpoints=True),
    Rule(0, 5, midpoints=True),
    Rule(8, 6, suppress_zero=False, midpoints=True),
]


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_the_feasible_range_holds_every_count_that_shows_so_and_no_other(rule: Rule) -> None:
    counts = np.arange(200.0)
    shown = rule.shown(counts)
    kept = counts[~rule.is_suppressed(counts)]
    for number in np.unique(shown[~rule.is_suppressed(counts)])[:-2]:
        behind = [count for count in kept if rule.shown(count) == number]
        lower, upper = rule.feasible_range(number)
        assert (lower, upper) == (min(behind), max(behind))
    hidden = counts[rule.is_suppressed(counts)]
    if len(hidden):
        assert rule.suppressed_range() == (hidden.min(), hidden.max())
    possible = np.isin(counts, shown[~rule.is_suppressed(counts)])
    assert rule.can_show(counts)[:180].tolist() == possible[:180].tolist()


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_arrays_and_expressions_are_ruled_alike(rule: Rule) -> None:
    counts = np.arange(60.0)
    frame = pl.DataFrame({"x": counts})
    ends = rule.feasible_range(nw.col("x"))
    read = (
        nw.from_native(frame)
        .select(
            shown=rule.shown(nw.col("x")), hidden=rule.is_suppressed(nw.col("x")), lower=ends[0], upper=ends[1],
            possible=rule.can_show(nw.col("x")),
        )
        .to_native()
    )  # fmt: skip
    lower, upper = rule.feasible_range(counts)
    for name, expected in {
        "shown": rule.shown(counts), "hidden": rule.is_suppressed(counts), "lower": lower, "upper": upper,
        "possible": rule.can_show(counts),
    }.items():  # fmt: skip
        assert read[name].to_list() == expected.tolist()


def test_midpoints_of_six_by_hand() -> None:
    # Bands 1 to 6, 7 to 12, 13 to 18: three below the upper end of each. A zero is a zero.
    rule = Rule(threshold=0, rounding=6, midpoints=True)
    assert suppress(np.array([0, 1, 6, 7, 12, 13]), rule).tolist() == [0, 3, 3, 9, 9, 15]
    assert [tuple(map(float, rule.feasible_range(shown))) for shown in (0.0, 3.0, 9.0)] == [(0, 0), (1, 6), (7, 12)]
    assert rule.kind_shown == "midpoints of 6"
    with refused("rounding", 6, names=(5, 3)):
        Rule(threshold=5, rounding=6, midpoints=True)


def test_each_kind_of_number_is_rounded_to_its_own_base() -> None:
    rule = Rule(percentage_rounding=0.5, day_rounding=2)
    assert rule.feasible_range(40.0, of="percentage") == (39.75, 40.25)
    assert rule.feasible_range(12.0, of="day") == (11, 13)
    assert rule.feasible_range(100.0, of="percentage") == (99.75, 100)
    assert rule.feasible_range(100.0, of="day") == (99, 101)
    assert rule.feasible_range(0.0, of="percentage") == (0, 0.25)
    assert rule.feasible_range(0.0, of="day") == (0, 1)
    assert [rule.suppressed_range(of) for of in ("count", "percentage", "day")] == [(0, 4), (0, 100), (0, math.inf)]
    assert Rule(suppress_zero=False).suppressed_range() == (1, 4)
    assert Rule(threshold=0).suppressed_range() == (0, 0)


def test_the_kind_of_a_shown_count_names_its_base() -> None:
    rules = [Rule(rounding=1), Rule(rounding=2), NHS, Rule(0, 6, midpoints=True), Rule(rounding=1, midpoints=True)]
    kinds = ["exact", "rounded to 2", "rounded to 5", "midpoints of 6", "exact"]
    assert [rule.kind_shown for rule in rules] == kinds
    assert [rule.width for rule in (*rules[:3], Rule(suppress_zero=False), Rule(1, 1), Rule(width=9))] == [
        4,
        4,
        4,
        3,
        1,
        9,
    ]


def test_percentages_and_days_have_ranges_of_their_own() -> None:
    assert NHS.feasible_range(np.array([0.0, 40.0, 100.0]), of="percentage")[0].tolist() == [0, 39.5, 99.5]
    assert NHS.feasible_range(np.array([0.0, 40.0, 100.0]), of="percentage")[1].tolist() == [0.5, 40.5, 100]
    # Nothing is below nought or above all, and what is a little inside of either stays where it is.
    assert [end.tolist() for end in NHS.feasible_range(np.array([1.0, 99.0]), of="percentage")] == [
        [0.5, 98.5],
        [1.5, 99.5],
    ]
    assert [float(end) for end in NHS.feasible_range(12.0, of="day")] == [11.5, 12.5]
    assert NHS.suppressed_range("percentage") == (0, 100)
    assert NHS.suppressed_range("day") == (0, math.inf)


def half_up(value: float, base: str) -> float:
    """By decimals, from the number as it is written."""
    return float((Decimal(str(value)) / Decimal(base)).quantize(Decimal(1), ROUND_HALF_UP) * Decimal(base))


def engines(values: list[float], base: float) -> dict[str, list[float]]:
    frame = pl.DataFrame({"x": values})
    return {
        "numpy": round_to(np.array(values), base).tolist(),
        "pandas": round_to(pd.Series(values), base).tolist(),
        "polars series": round_to(pl.Series(values), base).to_list(),
        "polars expression": frame.select(round_to(pl.col("x"), base))["rounded"].to_list(),
        "pyarrow": round_to(pa.chunked_array([values]), base).to_pylist(),
        "duckdb": [
            row[0]
            for row in nw.from_native(duckdb.table("frame")).select(round_to(nw.col("x"), base)).to_native().fetchall()
        ],
    }


@pytest.mark.parametrize(
    ("base", "values"),
    [
        ("0.1", [f"{step * 5 / 100:.2f}" for step in range(2000)]),
        ("0.01", [f"{step / 1000:.3f}" for step in range(995, 2000, 5)]),
        ("0.05", [f"{step / 1000:.3f}" for step in range(0, 5000, 25)]),
        ("0.5", [f"{step / 4:.2f}" for step in range(400)]),
        ("3", [f"{step / 2:.1f}" for step in range(400)]),
        ("49", [f"{step / 2:.1f}" for step in range(1000)]),
    ],
)
def test_halves_are_those_of_the_decimals_on_every_engine(base: str, values: list[str]) -> None:
    numbers = [float(value) for value in values]
    expected = [half_up(number, base) for number in numbers]
    for engine, found in engines(numbers, float(base)).items():
        assert found == expected, engine


@pytest.mark.parametrize(
    ("threshold", "suppress_zero", "width"),
    # The sign leaves 0 to 4 open, 1 to 4, 0 and 1, 1 alone, and nothing: a width of one at the least.
    [(5, True, 4), (5, False, 3), (2, True, 1), (2, False, 1), (1, True, 1), (0, True, 1)],
)
def test_a_suppressed_count_may_be_as_open_as_its_sign_leaves_it(
    threshold: int, suppress_zero: bool, width: int
) -> None:
    assert Rule(threshold, 1, suppress_zero).width == width


@pytest.mark.parametrize("base", [0, -1, math.inf, math.nan, True, "5", None])
def test_one_rounds_to_a_multiple_of_a_finite_number_above_zero(base: object) -> None:
    with refused("base", ANY, expected="above zero"):
        round_to(12.0, base)  # type: ignore[arg-type]
    for name in ("percentage_rounding", "day_rounding"):
        with refused(name, ANY, expected="above zero"):
            Rule(**{name: base})  # type: ignore[arg-type]


def test_halves_by_hand() -> None:
    assert [float(round_to(value, 0.1)) for value in (0.25, 0.45, 1.25, -0.25, 0.249)] == [0.3, 0.5, 1.3, -0.3, 0.2]


def test_percentages_to_one_decimal_and_small_rests() -> None:
    # 1 of 8 is 12.5%, 1 of 16 is 6.25%: a half.
    assert suppress_percentage(np.array([10, 10]), np.array([80, 160]), Rule(percentage_rounding=0.1)).tolist() == [
        12.5,
        6.3,
    ]
    parts, wholes = np.array([20, 19, 16, 15, 40]), np.array([20, 20, 20, 20, 40])
    # The rests are 0, 1, 4, 5 and 0.
    found = suppress_percentage(parts, wholes, small_rest=True)
    assert np.isnan(found).tolist() == [True, True, True, False, True]
    shown_zero = suppress_percentage(parts, wholes, Rule(suppress_zero=False), small_rest=True)
    assert np.isnan(shown_zero).tolist() == [False, True, True, False, False]
    assert not np.isnan(suppress_percentage(parts, wholes)).any()
    frame = pl.DataFrame({"part": parts, "whole": wholes})
    lazily = frame.select(suppress_percentage(pl.col("part"), pl.col("whole"), small_rest=True))
    assert lazily["percentage"].to_list() == [None, None, None, 75.0, None]


def test_each_column_may_have_its_own_rule() -> None:
    table = pd.DataFrame({"icb": ["A", "B"], "caseload": [7, 40], "contacts": [7, 42]})
    found = suppress_table(table, rule={"caseload": Rule(10, 1)})
    assert found["caseload"].isna().tolist() == [True, False]
    assert found.loc[0, ["caseload_lower", "caseload_upper"]].tolist() == [0, 9]
    assert found["contacts"].tolist() == [5, 40]
    with refused("rule", "caselod", expected="a column", suggests="caseload"):
        suppress_table(table, rule={"caselod": NHS})
