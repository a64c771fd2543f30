"""Outcomes: improvement on a scale, reliable or not, and activity avoided."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cmhs_metrics as cm

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
        with pytest.raises(cm.BadInput, match="has 2 problems") as caught:
            cm.share_improved([1, 2], [1], standard_deviation=5)
        assert "reliability: expected both standard_deviation and reliability, or neither" in str(caught.value)
        with pytest.raises(cm.BadInput, match="reliability: got 1.2"):
            cm.share_improved([1], [2], standard_deviation=1, reliability=1.2)
