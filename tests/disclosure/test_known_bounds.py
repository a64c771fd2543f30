"""Totals, rates and ranks of intervals hold whatever the numbers are, and nothing that they cannot be."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmhs_metrics import BadInput
from cmhs_metrics.disclosure import known_rank, known_rate, known_total, suppression
from tests.support.refusals import raised, refused

INTERVALS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 2)), min_size=1, max_size=4)


def ends(intervals) -> tuple[np.ndarray, np.ndarray]:
    lower = np.array([low for low, _ in intervals], dtype=float)
    return lower, lower + [more for _, more in intervals]


def every(lower: np.ndarray, upper: np.ndarray) -> list[tuple[int, ...]]:
    return list(itertools.product(*(range(int(low), int(high) + 1) for low, high in zip(lower, upper, strict=True))))


@given(INTERVALS)
def test_a_total_is_the_interval_of_every_sum(intervals) -> None:
    lower, upper = ends(intervals)
    sums = [sum(numbers) for numbers in every(lower, upper)]
    assert known_total(lower, upper) == (min(sums), max(sums))


@given(INTERVALS, st.booleans())
def test_ranks_are_those_that_some_numbers_give(intervals, highest_first: bool) -> None:
    lower, upper = ends(intervals)
    sign = -1 if highest_first else 1
    ranks = [
        [1 + sum(sign * other < sign * mine for other in numbers) for mine in numbers]
        for numbers in every(lower, upper)
    ]
    known = known_rank(lower, upper, highest_first=highest_first)
    assert known.lower.tolist() == np.min(ranks, axis=0).tolist()
    assert known.upper.tolist() == np.max(ranks, axis=0).tolist()


@given(st.integers(0, 4), st.integers(0, 4), st.integers(1, 9), st.integers(0, 4), st.booleans())
def test_a_rate_is_the_interval_of_every_ratio(low: int, more: int, whole: int, wider: int, part: bool) -> None:
    if part and low > whole + wider:
        with refused("lower", low, row="1st row", expected="no more than", names=whole + wider):
            known_rate(low, low + more, whole, whole + wider, part=True)
        return
    ratios = [
        top / bottom
        for top in range(low, low + more + 1)
        for bottom in range(whole, whole + wider + 1)
        if not part or top <= bottom
    ]
    known = known_rate(low, low + more, whole, whole + wider, part=part)
    assert known.lower == pytest.approx(min(ratios))
    assert known.upper >= max(ratios) - 1e-12
    if not part:
        assert known.upper == pytest.approx(max(ratios))


def test_a_suppressed_count_makes_its_total_an_interval_and_a_missing_one_makes_it_missing() -> None:
    teams = pd.DataFrame({"icb": ["QE1", "QE1", "QUE", "QUE"], "patients": [23, 3, 40, None]})
    column = suppression(teams["patients"]).to_frame()
    total = known_total(column["lower"], column["upper"], by=teams["icb"])
    assert total.lower.to_dict() == pytest.approx({"QE1": 23, "QUE": math.nan}, nan_ok=True)
    assert total.upper.to_dict() == pytest.approx({"QE1": 31, "QUE": math.nan}, nan_ok=True)


def test_totals_stand_by_their_groups_in_order() -> None:
    total = known_total(np.array([1.0, 2, 4]), np.array([1.0, 3, 8]), by=pd.Series(["b", "a", "b"], name="icb"))
    assert [each.to_dict() for each in total] == [{"a": 2, "b": 5}, {"a": 3, "b": 9}]
    assert [list(each.index) for each in total] == [["a", "b"]] * 2
    assert [(each.index.name, each.name) for each in total] == [("icb", "lower"), ("icb", "upper")]


def test_without_a_greatest_there_is_none_of_the_total_rate_or_rank() -> None:
    lower, upper = np.array([0.0, 7.0, 9.0]), np.array([math.nan, 7.0, 9.0])
    total = known_total(lower, upper)
    assert total.lower == 16
    assert math.isnan(total.upper)
    rate = known_rate(lower, upper, 10)
    assert rate.lower.tolist() == [0, 0.7, 0.9]
    assert math.isnan(rate.upper[0])
    assert known_rate(0, math.nan, 10, part=True) == (0, 1)
    rank = known_rank(lower, upper)
    assert (rank.lower.tolist(), rank.upper.tolist()) == ([1, 2, 1], [3, 3, 2])


def test_a_missing_number_has_no_rank() -> None:
    rank = known_rank(pd.Series([3, None, 5]), pd.Series([3, None, 5]))
    assert rank.lower.tolist() == pytest.approx([2, math.nan, 1], nan_ok=True)


def test_a_denominator_of_zero_is_undefined_and_one_that_may_be_zero_has_no_greatest_rate() -> None:
    assert all(math.isnan(end) for end in known_rate(0, 4, 0))
    known = known_rate(1, 4, 0, 4)
    assert known.lower == 0.25
    assert math.isnan(known.upper)
    assert known_rate(1, 4, 0, 4, part=True) == (0.25, 1)


def test_numbers_below_zero_are_added_and_ranked_and_are_no_part_of_a_rate() -> None:
    lower, upper = np.array([-5.0, 2.0, -4.0]), np.array([-3.0, 2.0, -4.0])
    assert known_total(lower, upper) == (-7, -5)
    assert [ranks.tolist() for ranks in known_rank(lower, upper)] == [[2, 1, 2], [3, 1, 3]]
    with refused("lower", -5.0, row="1st row", expected="zero or more"):
        known_rate(-5, 2, 10)


@pytest.mark.parametrize("part", [False, True])
def test_a_rate_is_missing_where_either_of_its_numbers_is(part: bool) -> None:
    known, none = np.array([3.0, math.nan, 3.0]), np.array([10.0, 10.0, math.nan])
    for ends in known_rate(known, known + 1, none, none, part=part):
        assert np.isnan(ends).tolist() == [False, True, True]
    assert known_rate(3, 4, 10, 10, part=part) == (0.3, 0.4)


def test_what_goes_in_comes_out() -> None:
    index = pd.Index(["QE1", "QUE"], name="icb")
    rate = known_rate(
        pd.Series([0, 10], index=index), pd.Series([4, 10], index=index), pd.Series([20, 20], index=index)
    )
    assert rate.upper.to_dict() == {"QE1": 0.2, "QUE": 0.5}
    nullable = pd.Series([0, None], dtype="Int64")
    assert known_rate(nullable, nullable, 5).lower.isna().tolist() == [False, True]
    polars = known_rate(pl.Series([0, None]), pl.Series([4, None]), pl.Series([20, 20]))
    assert polars.upper.to_list() == [0.2, None]
    with raised(ValueError, "lower", "upper", "indexes"):
        known_total(pd.Series([1.0], index=["a"]), pd.Series([1.0], index=["b"]))
    with raised(ValueError, "lower has 2", "upper has 3"):
        known_total(np.array([1.0, 2.0]), np.array([1.0, 2.0, 3.0]))
    with raised(TypeError, "lower", "collect"):
        known_total(pl.col("lower"), pl.col("upper"))
    with raised(TypeError, "lower", "Index"):
        known_rank(pd.Index([1.0]), pd.Index([1.0]))


def test_bad_bounds_are_refused_together() -> None:
    with pytest.raises(BadInput) as caught:
        known_total(np.array([5, math.nan, 1.0]), np.array([4, 3, math.inf]))
    assert [(problem.column, problem.row) for problem in caught.value.problems] == [
        ("upper", "3rd row"), ("lower", "1st row"), ("lower", "2nd row"),
    ]  # fmt: skip
    with refused("lower", -1.0, row="1st row", expected=("a finite number", "zero or more")):
        known_rate(-1, 4, 10)
    for bounds, column in (((0, math.inf, 10), "upper"), ((0, 4, 10, math.inf), "denominator_upper")):
        with refused(column, math.inf, row="1st row", expected=("a finite number", "zero or more")):
            known_rate(*bounds)
    with refused("upper", math.inf, row="2nd row", expected="a finite number"):
        known_total(np.array([-5.0, 1]), np.array([-4, math.inf]))
    with refused("by", row="2nd row", expected="a value"):
        known_total(np.array([1.0, 2.0]), np.array([1.0, 2.0]), by=pd.Series(["a", None]))
