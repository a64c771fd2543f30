"""Community sizing: the framework's two levels."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cmhs_metrics as cm
from cmhs_metrics.sizing import LOCAL_COMMUNITY, WIDER_COMMUNITY
from tests.support.refusals import refused

people = st.integers(1, 60_000_000)


class TestTheFramework:
    def test_sizes(self) -> None:
        # "What are we proposing?": around 30,000 - 50,000 people; 150,000 to 200,000.
        assert (LOCAL_COMMUNITY.fewest_people, LOCAL_COMMUNITY.most_people) == (30_000, 50_000)
        assert (WIDER_COMMUNITY.fewest_people, WIDER_COMMUNITY.most_people) == (150_000, 200_000)

    def test_600_000_people(self) -> None:
        # 600,000 / 50,000 = 12 and 600,000 / 30,000 = 20; 600,000 / 200,000 = 3 and 600,000 / 150,000 = 4.
        plan = cm.community_plan(600_000, wte_per_100k=77)
        assert plan["fewest"].tolist() == [12, 3]
        assert plan["most"].tolist() == [20, 4]
        # 77 WTE per 100,000: 50,000 people have 38.5.
        assert plan["most_wte"].tolist() == [38.5, 154.0]
        assert plan["least_wte"].tolist() == pytest.approx([23.1, 115.5])


@given(people)
def test_communities_are_of_the_right_size_where_they_can_be(population: int) -> None:
    for level in (LOCAL_COMMUNITY, WIDER_COMMUNITY):
        fewest, most = level.needed(population)
        assert 1 <= fewest <= most
        assert population / fewest <= level.most_people
        # Whatever fits between the two sizes must be found: no whole number of communities in range is left out.
        if fewest < most:
            assert population / most >= level.fewest_people
        assert population / (most + 1) < level.fewest_people


@given(people, people)
def test_more_people_never_need_fewer(one: int, other: int) -> None:
    small, large = sorted((one, other))
    assert LOCAL_COMMUNITY.needed(small)[0] <= LOCAL_COMMUNITY.needed(large)[0]


@pytest.mark.parametrize("population", [0, -5, math.nan, math.inf, "900,000"])
def test_bad_populations_are_refused(population) -> None:
    with refused("population", population, expected="above zero"):
        cm.community_plan(population)


def test_bad_staffing_is_refused() -> None:
    with refused("wte_per_100k", -1, expected="zero or more"):
        cm.community_plan(600_000, wte_per_100k=-1)
