"""The rule, the rounding, and the suppression of a column."""

from __future__ import annotations

import math
import re

import narwhals as nw
import numpy as np
import pandas as pd
import pint
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cmhs_metrics as cm
from cmhs_metrics.disclosure import NHS, Rule, round_to, suppress, suppress_percentage, suppression
from tests.support.refusals import raised, refused

RULES = [
    NHS,
    Rule(10, 5),
    Rule(10, 10),
    Rule(5, 1),
    Rule(5, 5, suppress_zero=False),
    Rule(0, 5),
    Rule(7, 1),
    Rule(4, 4),
]
COUNTS = st.lists(st.one_of(st.none(), st.integers(0, 200)), min_size=1, max_size=20)


def floats(counts: list[int | None]) -> np.ndarray:
    return np.array([math.nan if count is None else count for count in counts], dtype=float)


def test_the_nhs_rule_shows_what_the_monthly_files_show() -> None:
    # Under 5 a symbol, 5 to 7 as 5, 8 to 12 as 10.
    shown = suppression(np.arange(14.0)).display()
    assert shown == ["*"] * 5 + ["5"] * 3 + ["10"] * 5 + ["15"]


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_the_interval_behind_a_shown_number_is_every_count_that_shows_so(rule: Rule) -> None:
    counts = np.arange(300.0)
    column = suppression(counts, rule)
    for shown in set(column.display()):
        same = np.array(column.display()) == shown
        if counts[same].max() < 290:
            assert set(column.lower[same]) == {counts[same].min()}
            assert set(column.upper[same]) == {counts[same].max()}


@given(COUNTS, st.sampled_from(RULES))
def test_suppressing_twice_is_suppressing_once(counts, rule: Rule) -> None:
    once = suppress(floats(counts), rule)
    np.testing.assert_array_equal(suppress(once, rule), once)


@given(COUNTS, st.sampled_from(RULES))
def test_a_suppressed_count_is_neither_zero_nor_missing(counts, rule: Rule) -> None:
    frame = suppression(floats(counts), rule).to_frame()
    for count, row in zip(counts, frame.itertuples(), strict=True):
        if count is None:
            assert (row.kind, row.display) == ("missing", "")
            assert math.isnan(row.lower)
            assert math.isnan(row.upper)
        else:
            assert row.kind != "missing"
            assert row.lower <= count <= row.upper
            assert (row.kind == "suppressed") == (row.display == "*") == math.isnan(row.value)


@given(COUNTS, st.sampled_from(RULES))
def test_every_kind_of_column_gives_the_same(counts, rule: Rule) -> None:
    expected = suppress(floats(counts), rule)
    frame = pl.DataFrame({"count": pl.Series(counts, dtype=pl.Int64)})
    columns = [
        suppress(pd.Series(counts, dtype="Int64"), rule).astype("Float64").to_numpy(dtype=float, na_value=math.nan),
        suppress(pd.Series(floats(counts)), rule).to_numpy(),
        suppress(frame["count"], rule).cast(pl.Float64).fill_null(math.nan).to_numpy(),
        frame.select(suppress(pl.col("count"), rule))["suppressed"].fill_null(math.nan).to_numpy(),
        nw.from_native(frame).select(suppress(nw.col("count"), rule)).to_native()["suppressed"].fill_null(math.nan),
        np.array([suppress(each, rule) for each in floats(counts)]),
    ]
    for column in columns:
        np.testing.assert_array_equal(np.asarray(column), expected)


def test_what_goes_in_comes_out() -> None:
    index = pd.Index(["QUE", "QE1"], name="icb")
    assert suppress(pd.Series([3, 12], index=index)).index.equals(index)
    assert isinstance(suppress(pd.Series([3, 12], dtype="Int64")).dtype, pd.Float64Dtype)
    assert suppress(pl.Series([3, 12])).to_list() == [None, 10.0]
    assert suppress(cm.units.Quantity(12, "patient")) == cm.units.Quantity(10.0, "patient")
    assert suppression(pd.Series([3, 12], index=index)).to_frame().index.equals(index)
    with raised(TypeError, "expression", "suppress", "collect"):
        suppression(pl.col("count"))


def test_small_is_what_is_small_in_ones() -> None:
    # 3 thousand patients are none that a rule hides, and 12 thousand are no 10 thousand.
    thousands, ones = cm.units.Quantity(np.array([3, 12.013, 0.003]), "kpatient"), np.array([3_000, 12_013, 3])
    assert suppress(thousands).to("patient").magnitude.tolist()[:2] == [3_000, 12_015]
    assert suppression(thousands).to_frame().equals(suppression(ones).to_frame())
    share = suppress_percentage(cm.units.Quantity(8_000, "patient"), cm.units.Quantity(64, "kpatient"))
    assert share.magnitude == 13


def test_halves_go_away_from_zero() -> None:
    assert round_to(np.array([0.5, 1.5, 2.5, -0.5, -2.5, math.nan]), 1).tolist()[:5] == [1, 2, 3, -1, -3]
    assert round_to(np.array([7, 8, 12, 13, 17]), 5).tolist() == [5, 10, 10, 15, 15]
    assert round_to(np.array([14, 15, 25]), 10).tolist() == [10, 20, 30]
    frame = pl.DataFrame({"x": [2.5, -2.5, None]})
    assert frame.select(round_to(pl.col("x"), 1))["rounded"].to_list() == [3, -3, None]
    for base in (0, -5, math.inf, "5"):
        with refused("base", base, expected="above zero"):
            round_to(3, base)


@given(st.integers(0, 400), st.integers(0, 400))
def test_a_percentage_is_whole_and_goes_with_its_counts(part: int, whole: int) -> None:
    if part > whole:
        with refused("numerator", part, row="1st row", expected="no more than", names=whole):
            suppress_percentage(part, whole)
    elif part < 5:
        assert math.isnan(suppress_percentage(part, whole))
    else:
        shown = suppress_percentage(part, whole)
        # The nearest whole number, upwards from a half.
        assert 2 * whole * shown - whole <= 200 * part < 2 * whole * shown + whole


def test_percentages_of_columns() -> None:
    assert suppress_percentage(pl.Series([8, 3, 5]), pl.Series([64, 9, None])).to_list() == [13, None, None]
    assert suppress_percentage(np.array([0]), np.array([0]), Rule(0, 1)).tolist() == pytest.approx(
        [math.nan], nan_ok=True
    )
    # 5.7872…% in the file of June 2024 for England: 934 of 16,139.
    assert suppress_percentage(934, 16_139) == 6


@pytest.mark.parametrize(
    ("rule", "shown"),
    # At the threshold a count is shown, below it none is, and zero where the rule shows it.
    [
        (NHS, [None, None, 5, 5, 10]),
        (Rule(5, 1), [None, None, 5, 6, 8]),
        (Rule(5, 1, suppress_zero=False), [0, None, 5, 6, 8]),
        (Rule(8, 1), [None, None, None, None, 8]),
    ],
)
def test_a_count_that_is_the_threshold_is_shown(rule: Rule, shown: list[float | None]) -> None:
    assert suppress(pl.Series([0, 4, 5, 6, 8]), rule).to_list() == shown


def test_a_part_may_be_its_whole_and_a_whole_may_be_one_for_all() -> None:
    assert suppress_percentage(np.array([20, 5]), np.array([20, 5])).tolist() == [100, 100]
    assert suppress_percentage(np.array([20, 10]), 20).tolist() == [100, 50]
    with pytest.raises(cm.BadInput) as refused:
        suppress_percentage(np.array([20, 21]), 20)
    assert [(each.column, each.row, each.value) for each in refused.value.problems] == [("numerator", "2nd row", 21)]


@pytest.mark.parametrize(
    ("part", "whole", "names"),
    [
        (np.arange(3), np.arange(2), ["numerator", "denominator"]),
        (pd.Series([1, 2]), pd.Series([2, 3], index=[5, 6]), ["numerator", "denominator"]),
        (cm.units.Quantity(np.array([1]), "patient"), np.array([3]), ["numerator", "denominator"]),
        (cm.units.Quantity(np.array([1]), "patient"), cm.units.Quantity(np.array([3]), "contact"), ["denominator"]),
        (np.array([1]), "x", ["denominator"]),
        (None, np.array([1]), ["numerator"]),
    ],
)
def test_what_does_not_fit_is_named(part: object, whole: object, names: list[str]) -> None:
    with pytest.raises((TypeError, ValueError, pint.DimensionalityError)) as refused:
        suppress_percentage(part, whole)
    assert re.findall(r"\b(?:numerator|denominator)\w*", str(refused.value)) == names


def test_bad_counts_are_refused_by_their_rows() -> None:
    with pytest.raises(cm.BadInput) as caught:
        suppress(pd.Series([-1, 3, 2.5, math.inf]))
    assert [(problem.row, problem.value) for problem in caught.value.problems] == [
        ("1st row", -1), ("3rd row", 2.5), ("4th row", math.inf),
    ]  # fmt: skip
    with pytest.raises(TypeError):
        suppress("3")


def test_bad_rules_are_refused() -> None:
    with pytest.raises(cm.BadInput) as caught:
        Rule(threshold=-1, rounding=0, symbol="0", percentage_rounding=0, day_rounding=-1, width=0)
    assert [problem.column for problem in caught.value.problems] == [
        "threshold", "rounding", "width", "percentage_rounding", "day_rounding", "symbol",
    ]  # fmt: skip
    # A 7 would show as 5, which is below the threshold, and would be suppressed if it were suppressed again.
    with refused("rounding", 5, names=(7, 5)):
        Rule(threshold=7, rounding=5)


def test_the_width_is_what_the_symbol_alone_leaves_open() -> None:
    assert (NHS.width, Rule(suppress_zero=False).width, Rule(10, 1).width, Rule(0, 1).width) == (4, 3, 9, 1)


@pytest.mark.parametrize(("base", "shown"), [(5, 25), (1, 26), (0.5, 26), (2.5, 25)])
def test_a_percentage_is_rounded_to_multiples_of_more_than_one_and_less(base: float, shown: float) -> None:
    # 52 of 200 are 26%.
    assert suppress_percentage(np.array([52.0]), np.array([200.0]), Rule(percentage_rounding=base)).tolist() == [shown]
