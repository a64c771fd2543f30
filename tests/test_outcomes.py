"""Outcomes: improvement on a scale, reliable or not, and activity avoided."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cmhs_metrics as cm
from tests.support.engines import ALL, cells, each
from tests.support.refusals import problem, refused

scores = st.lists(st.tuples(st.floats(14, 70), st.floats(14, 70)), min_size=1, max_size=20)


class TestPublished:
    def test_reliable_change_of_jacobson_and_truax(self) -> None:
        # Jacobson & Truax 1991, p. 14: s = 10, r = 0.80, 47.5 to 32.5: standard error 4.47, of the difference 6.32, RC -2.37.
        assert round(cm.reliable_change(47.5, 32.5, 10, 0.80), 2) == -2.37

    def test_mental_health_concern(self) -> None:
        # Board paper, paragraph 18: 324 of 508 people (64%), all contacted; 203 calls and 50 attendances fewer.
        assert round(cm.stepped_down_rate(324, 508) * 100) == 64
        assert cm.contacted_in_time_rate(508, 508) == 1
        assert cm.avoided_activity(203.0, 0.0) == 203


class TestReliableChange:
    @given(st.floats(14, 70), st.floats(14, 70))
    def test_changes_sign_with_the_direction(self, before: float, after: float) -> None:
        there, back = cm.reliable_change(before, after, 10, 0.8), cm.reliable_change(after, before, 10, 0.8)
        assert there == pytest.approx(-back)

    @given(st.floats(1, 30), st.floats(0.1, 0.8))
    def test_a_surer_scale_makes_more_of_a_change(self, change: float, reliability: float) -> None:
        assert cm.reliable_change(40, 40 + change, 10, reliability + 0.1) > cm.reliable_change(
            40, 40 + change, 10, reliability
        )

    def test_a_perfect_scale_divides_by_nothing(self) -> None:
        assert math.isnan(cm.reliable_change(40, 45, 10, 1))

    def test_on_arrays(self) -> None:
        assert cm.reliable_change(np.array([47.5, 40]), np.array([32.5, 40]), 10, 0.8).round(2).tolist() == [-2.37, 0]


class TestShareImproved:
    @given(scores)
    def test_better_worse_and_same_are_everybody(self, pairs: list[tuple[float, float]]) -> None:
        before, after = np.array(pairs).T
        better = cm.share_improved(before, after)
        worse = cm.share_improved(before, after, higher_is_better=False)
        assert better + worse + (before == after).mean() == pytest.approx(1)

    @given(scores)
    def test_fewer_improve_reliably(self, pairs: list[tuple[float, float]]) -> None:
        before, after = np.array(pairs).T
        assert cm.share_improved(before, after, standard_deviation=10, reliability=0.8) <= cm.share_improved(
            before, after
        )

    @given(scores)
    def test_reliable_means_an_index_beyond_1_96(self, pairs: list[tuple[float, float]]) -> None:
        before, after = np.array(pairs).T
        index = cm.reliable_change(before, after, 10, 0.8)
        reliable = cm.share_improved(before, after, standard_deviation=10, reliability=0.8)
        assert reliable == pytest.approx((index > 1.96).mean())

    def test_people_without_a_pair_are_left_out(self) -> None:
        assert cm.share_improved([1, np.nan, 3], [2, 2, np.nan]) == 1.0
        assert math.isnan(cm.share_improved([np.nan], [1]))

    def test_every_problem_at_once(self) -> None:
        with refused(
            problem("after", (1,), expected="one for each"), problem("reliability", names="standard_deviation")
        ):
            cm.share_improved([1, 2], [1], standard_deviation=5)
        with refused("reliability", 1.2):
            cm.share_improved([1], [2], standard_deviation=1, reliability=1.2)


class TestFirstAndLatest:
    """ReQoL-10 from 0 to 40: the pairs by hand."""

    SCORES: ClassVar = {
        "person": ["P1", "P1", "P1", "P1", "P2", "P3", "P3", "P4", "P4", "P5", "P6"],
        "day": [
            "2024-03-01", "2024-01-05", "2024-06-30", "2024-06-30", "2024-01-09", "2024-02-02", "2024-02-02",
            "2024-02-02", "2024-02-02", "2024-01-01", None,
        ],
        "score": [99, 14, 20, 27, 31, 20, 20, 12, 18, 41, 10],
    }  # fmt: skip
    # P1: 99 is invalid; of the two of the last day the lower stands first, so the latest is 27. P2: one score. P3: the
    # same score twice on a day is one. P4: two on one day are a pair. P5: 41 is out of range. P6: on no day.
    PAIRS: ClassVar = {"P1": (14, 27), "P2": (31, None), "P3": (20, None), "P4": (12, 18)}

    @each(ALL)
    def test_are_found_on_every_engine(self, make: Any) -> None:
        found = cells(cm.first_and_latest_scores(make(self.SCORES), "person", tool=cm.OUTCOME_TOOLS["ReQoL-10"]))
        pairs = zip(found["person"], found["first"], found["latest"], strict=True)
        assert {person: (first, latest) for person, first, latest in pairs} == self.PAIRS

    def test_without_a_tool_every_number_is_valid_and_columns_have_any_name(self) -> None:
        scores = pd.DataFrame(self.SCORES).rename(columns={"day": "on", "score": "points"}).assign(item=1)
        found = cm.first_and_latest_scores(scores, ["person", "item"], day="on", score="points")
        assert found.set_index("person").loc["P5", "first"] == 41
        assert set(found.columns) == {"person", "item", "first", "latest"}

    @each(ALL)
    def test_nan_is_no_score_on_any_engine(self, make: Any) -> None:
        # To Polars and databases it is a number: the latest one.
        scores = {"person": ["P1"] * 3, "day": [1, 2, 3], "score": [10.0, 20.0, float("nan")]}
        found = cells(cm.first_and_latest_scores(make(scores), "person"))
        assert [found["first"][0], found["latest"][0]] == [10, 20]

    @pytest.mark.parametrize(
        "make",
        [
            lambda days: pd.Series(pd.Categorical(days, categories=days[:3], ordered=True)),
            lambda days: pl.Series(days, dtype=pl.Enum(days[:3])),
            lambda days: pa.array(days).dictionary_encode(),
        ],
        ids=["pandas", "polars", "arrow"],
    )
    def test_days_that_are_categories_stand_in_their_own_order(self, make: Any) -> None:
        days = make(["2024-06-30", "2024-01-05", "2024-03-01", None])
        kind = {pd.Series: pd.DataFrame, pl.Series: pl.DataFrame}.get(type(days), pa.table)
        found = cells(
            cm.first_and_latest_scores(kind({"person": ["P1"] * 4, "day": days, "score": [27, 14, 20, 1]}), "person")
        )
        assert [found["first"][0], found["latest"][0]] == [14, 27]

    @pytest.mark.parametrize("other", ["01/02/2024", "2024-1-31", "2024/01/01", "20240101", " 2024-02-01", "2024"])
    @pytest.mark.parametrize("make", [pd.DataFrame, pl.LazyFrame])
    def test_days_that_do_not_stand_in_their_order_are_refused(self, make: Any, other: str) -> None:
        scores = {"person": ["P1"] * 3, "day": ["2024-02-01T09:00", None, other], "score": [1, 2, 3]}
        with refused("day", other):
            cm.first_and_latest_scores(make(scores), "person")

    @pytest.mark.parametrize(
        ("day", "other"),
        [
            (dt.date(2024, 1, 1), 45_000), (45_000, "2024-01-01"), (dt.date(2024, 1, 1), "2024-01-02"),
            (dt.date(2024, 1, 1), dt.datetime(2024, 1, 2)), (dt.datetime(2024, 1, 1), dt.datetime(2024, 1, 2, tzinfo=dt.UTC)),
        ],
    )  # fmt: skip
    def test_days_of_several_kinds_are_refused_by_their_row(self, day: Any, other: Any) -> None:
        scores = pd.DataFrame({"person": ["P1"] * 4, "score": [1, 2, 3, 4]})
        days = pd.Series([None, day, pd.NA, other], dtype=object)
        with refused("day", other, row="4th row"):
            cm.first_and_latest_scores(scores.assign(day=days), "person")
        # Of one kind they are days as others are.
        found = cm.first_and_latest_scores(scores.assign(day=days.where(days != other)), "person")
        assert found["first"].tolist() == [2]

    def test_a_series_without_a_name_is_refused(self) -> None:
        scores = pd.DataFrame({"person": ["P1"], "day": ["2024-01-05"], "score": [1]})
        with refused("by", []):
            cm.first_and_latest_scores(scores, [])

    def test_a_column_that_is_not_there_is_refused(self) -> None:
        with refused("when", expected="a column"):
            cm.first_and_latest_scores(pd.DataFrame(self.SCORES), "person", day="when")

    def test_scores_that_are_no_numbers_are_refused(self) -> None:
        with refused("score", "String", expected="a number"):
            cm.first_and_latest_scores(pd.DataFrame(self.SCORES).astype({"score": "str"}), "person")


class TestReliableOutcomes:
    @pytest.mark.parametrize(
        ("tool", "least"), [("DIALOG", 1), ("ReQoL-10", 5), ("GBO", 3)]
    )  # by the national rule: 1 for a DIALOG item, 5 for ReQoL-10, 3 for a GBO
    def test_a_change_counts_from_the_threshold_on(self, tool: str, least: float) -> None:
        first = np.full(5, 5.0)
        latest = first + np.array([least, least - 0.5, 0, -least + 0.5, -least])
        found = cm.reliable_outcomes(first, latest, tool)
        assert (found.improved, found.unchanged, found.deteriorated) == (1, 3, 1)
        assert found.improvement_rate == found.deterioration_rate == 0.2

    def test_a_change_of_decimals_counts_from_the_threshold_on(self) -> None:
        # 2.3 - 1.8 is 0.4999999999999998 in binary, and 4.1 - 3.1 is 0.9999999999999996.
        better = cm.reliable_outcomes([2.3, 2.3], [1.8, 1.9], reliable=0.5, cut_off=2, higher_is_better=False)
        assert (better.improved, better.unchanged, better.recovered) == (1, 1, 1)
        assert cm.reliable_outcomes([4.1], [3.1], reliable=1).deteriorated == 1

    def test_people_in_other_rows_are_refused(self) -> None:
        first, latest = pd.Series([14, 30], index=["P1", "P2"]), pd.Series([30, 14], index=["P2", "P1"])
        with pytest.raises(ValueError, match="different indexes"):
            cm.reliable_outcomes(first, latest, "ReQoL-10")
        # A list has no index, though it has a method of that name.
        assert cm.share_improved([14, 30], latest) == cm.share_improved(first, [30, 14]) == 0.5

    def test_recovery_is_from_below_the_cut_off_to_it_by_a_reliable_change(self) -> None:
        # ReQoL-10, cut-off 25: recovered; at 25 at first; reliable, but still below; reaches 25 by 4 points; no pair.
        found = cm.reliable_outcomes([20, 25, 10, 21, 5], [25, 40, 24, 25, None], "ReQoL-10")
        assert (found.scored, found.paired, found.below_cut_off, found.recovered) == (5, 4, 3, 1)
        assert found.recovery_rate == pytest.approx(1 / 3)

    def test_without_a_cut_off_nobody_recovers(self) -> None:
        found = cm.reliable_outcomes([2.0], [9.0], "GBO")
        assert found.below_cut_off is found.recovered is None
        assert math.isnan(found.recovery_rate)

    def test_less_may_be_better(self) -> None:
        # PHQ-9, reliable change 6 and caseness from 10 on: recovered at 9 or below is the user's own cut-off.
        found = cm.reliable_outcomes([20, 12, 9], [9, 10, 2], reliable=6, cut_off=9, higher_is_better=False)
        assert (found.improved, found.below_cut_off, found.recovered) == (2, 2, 1)

    @given(scores)
    def test_better_worse_and_the_rest_are_everybody(self, pairs: list[tuple[float, float]]) -> None:
        before, after = np.array(pairs).T
        there, back = (cm.reliable_outcomes(*both, reliable=5) for both in ((before, after), (after, before)))
        assert there.improved + there.deteriorated + there.unchanged == there.paired == len(pairs)
        assert (there.improved, there.deteriorated) == (back.deteriorated, back.improved)

    def test_nobody_gives_no_rate(self) -> None:
        assert math.isnan(cm.reliable_outcomes([], [], "GBO").improvement_rate)

    @pytest.mark.parametrize(
        ("given", "named"),
        [
            ({"tool": "HoNOS"}, {"tool", "reliable"}),
            ({}, {"reliable"}),
            ({"reliable": 0}, {"reliable"}),
            ({"reliable": 5, "cut_off": math.inf}, {"cut_off"}),
        ],
    )
    def test_what_is_no_threshold_is_refused(self, given: dict[str, Any], named: set[str]) -> None:
        with pytest.raises(cm.BadInput) as caught:
            cm.reliable_outcomes([1.0], [2.0], **given)
        assert {problem.column for problem in caught.value.problems} == named

    def test_scores_of_other_people_are_refused(self) -> None:
        with refused("latest", (1,), expected="one for each"):
            cm.reliable_outcomes([1.0, 2.0], [2.0], "GBO")
