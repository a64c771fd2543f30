"""The position of a place among others."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cmhs_metrics as cm
from cmhs_metrics import variation as v
from tests.support.refusals import ANY, problem, refused

NAMES = pd.Index(["North", "South", "East", "West", "Centre"], name="trust")
RATES = pd.Series([10.0, 20, 30, 40, 100], index=NAMES)
COUNTS = pd.Series([10, 400, 30, 40, 100], index=NAMES)
PEOPLE = pd.Series([1e5, 2e6, 1e5, 1e5, 1e5], index=NAMES)


class TestPosition:
    def test_value_rank_quartile_and_distance(self) -> None:
        found = v.position("West", RATES)
        assert (found.value, found.rank, found.places, found.quartile) == (40, 2, 5, 3)
        assert (found.average_value, found.difference) == (40, 0)
        assert v.position("West", RATES, average="median").difference == 10
        assert v.position("West", RATES, highest_first=False).rank == 4
        assert found.chance is None
        assert found.peer_value is None

    def test_the_three_averages_differ(self) -> None:
        averages = {
            average: v.position("East", counts=COUNTS, denominators=PEOPLE, average=average).average_value
            for average in ("mean of places", "median", "pooled")
        }
        # Places have 10, 20, 30, 40 and 100; together 580 of 2.4 million.
        assert averages == pytest.approx({"mean of places": 40, "median": 30, "pooled": 580 / 2.4e6 * 1e5})

    def test_peers_are_without_itself(self) -> None:
        found = v.position("East", RATES, peers=["North", "East", "South", "North"])
        assert found.peers == ("North", "South")
        assert (found.peer_value, found.peer_difference) == (15, 15)
        assert v.position("East", RATES, average="median", peers=["North", "South", "Centre"]).peer_value == 20
        pooled = v.position("East", counts=COUNTS, denominators=PEOPLE, average="pooled", peers=["North", "South"])
        assert pooled.peer_value == pytest.approx(410 / 2.1e6 * 1e5)

    def test_chance_by_counts_is_what_the_funnel_says(self) -> None:
        funnel = v.funnel("rate", COUNTS, PEOPLE)
        for name in NAMES:
            found = v.position(name, counts=COUNTS, denominators=PEOPLE, average="pooled")
            assert found.average_value == pytest.approx(funnel.target)
            assert found.chance == funnel.outlier[name]
        assert v.position("Centre", counts=COUNTS, denominators=PEOPLE, average="pooled").chance == "above 99.8%"

    @pytest.mark.parametrize(("kind", "scale"), [("rate", 1e5), ("proportion", 1), ("ratio", 1)])
    def test_value_and_averages_are_on_the_scale_of_their_kind(self, kind: str, scale: float) -> None:
        # 10 of 100, 30 of 100 and 20 of 50: 0.1, 0.3 and 0.4; together 60 of 250.
        given = {"counts": np.array([10, 30, 20]), "denominators": np.array([100, 100, 50]), "kind": kind}
        found = v.position(1, **given, average="pooled", peers=[0])
        assert found.value == pytest.approx(0.3 * scale)
        assert found.average_value == pytest.approx(60 / 250 * scale)
        assert found.peer_value == pytest.approx(0.1 * scale)
        assert v.position(1, **given, average="median").average_value == pytest.approx(0.3 * scale)

    def test_a_small_difference_is_above_or_below_all_the_same(self) -> None:
        values = np.array([0.2, 0.3, 0.4])
        assert "0.1 above" in repr(v.position(2, values))
        assert "0.1 below" in repr(v.position(0, values))

    def test_refuses_bounds_without_values_and_says_what_is_wrong_with_them_too(self) -> None:
        with pytest.raises(cm.BadInput) as caught:
            v.position(0, lower=np.array([2.0, 1]), upper=np.array([1.0, 2]))
        assert {"the values", "lower"} <= {each.column for each in caught.value.problems}

    def test_chance_by_bounds(self) -> None:
        lower, upper = RATES - 15, RATES + 15
        chances = [v.position(name, RATES, lower=lower, upper=upper).chance for name in NAMES]
        assert chances == ["below 95%", "below 95%", "within", "within", "above 95%"]
        found = v.position("West", RATES, lower=lower, upper=upper, confidence=0.9, peers=["North", "South"])
        assert (found.chance, found.peer_chance) == ("within", "above 90%")

    @given(st.lists(st.integers(0, 200), min_size=2, max_size=15), st.floats(0.01, 100))
    def test_does_not_depend_on_units_or_order(self, counts: list[int], factor: float) -> None:
        values = np.array(counts, dtype=float)
        found, scaled = v.position(0, values), v.position(0, values * factor)
        turned = v.position(len(values) - 1, values[::-1])
        for other in (scaled, turned):
            assert (other.rank, other.places) == (found.rank, found.places)
        assert scaled.difference == pytest.approx(found.difference * factor, abs=1e-6)
        assert 1 <= found.rank <= found.places == len(values)
        differences = [v.position(at, values).difference for at in range(len(values))]
        assert sum(differences) == pytest.approx(0, abs=1e-6)

    def test_agrees_between_kinds(self) -> None:
        expected = v.position("East", RATES, peers=["North"])
        labels = list(NAMES)
        for values in (RATES.to_numpy(), pl.Series(RATES.to_numpy()), RATES.reset_index(drop=True)):
            assert v.position("East", values, places=labels, peers=["North"]) == expected
        assert v.position(2, RATES.to_numpy()).rank == expected.rank

    def test_places_without_a_value_have_no_part(self) -> None:
        values = RATES.where(RATES != 100)
        found = v.position("West", values)
        assert (found.rank, found.places, found.missing, found.average_value) == (1, 4, 1, 25)
        assert "1st of 4 (highest first, 1 missing)" in repr(found)
        with refused("place", "Centre", expected=("a place", "a value")):
            v.position("Centre", values)

    def test_says_from_which_end_it_counts(self) -> None:
        for highest_first, said in ((True, "5th of 5 (highest first)"), (False, "1st of 5 (lowest first)")):
            assert said in repr(v.position(0, np.array([10.0, 20, 30, 40, 50]), highest_first=highest_first))

    def test_reads_as_a_sentence(self) -> None:
        found = v.position("Centre", counts=COUNTS, denominators=PEOPLE, peers=["East", "West"])
        assert repr(found) == (
            "Centre: 100, 1st of 5 (highest first), highest quarter\n"
            "  60 above the mean of places (40), 150.0%; more than chance (above 99.8%)\n"
            "  65 above the mean of places of 2 peers (35), 185.7%; more than chance (above 99.8%)"
        )
        pooled = v.position("Centre", counts=COUNTS, denominators=PEOPLE, average="pooled", peers=["East", "West"])
        assert [line.split("the ")[1].split(" (")[0] for line in repr(pooled).splitlines()[1:]] == [
            "pooled value", "pooled value of 2 peers"
        ]  # fmt: skip
        assert [v.position(at, np.arange(30.0)).__repr__().split(", ")[1].split(" ")[0] for at in (29, 28, 27, 19, 7)] == [
            "1st", "2nd", "3rd", "11th", "23rd"
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("place", "said"),
        [
            ("West", "at the mean of places (40)"),
            ("East", "10 below the mean of places (40), 25.0%"),
            ("Centre", "60 above the mean of places (40), 150.0%"),
        ],
    )
    def test_says_on_which_side_of_the_average_it_lies(self, place: str, said: str) -> None:
        assert repr(v.position(place, RATES)).splitlines()[1].strip() == said

    @pytest.mark.parametrize("column", ["values", "lower", "upper"])
    def test_refuses_what_is_infinite(self, column: str) -> None:
        given = {"values": [1.0, 2, 3], "lower": [0.5, 1.5, 2.5], "upper": [1.5, 2.5, 3.5]}
        given[column][1] = math.inf
        with pytest.raises(cm.BadInput) as caught:
            v.position(0, **{name: np.array(values) for name, values in given.items()})
        assert (column, "2nd row", math.inf) in [(each.column, each.row, each.value) for each in caught.value.problems]
        if column == "values":
            with pytest.raises(cm.BadInput):
                v.position(0, np.array(given["values"]))

    def test_bounds_may_be_equal_and_may_touch_the_value(self) -> None:
        # A place whose value is certain, and one at its bound.
        values = np.array([0.0, 5.0, 10.0])
        found = v.position(1, values, lower=np.array([0.0, 5.0, 8.0]), upper=np.array([1.0, 5.0, 10.0]))
        assert (found.rank, found.places) == (2, 3)

    def test_to_frame(self) -> None:
        frame = v.position("Centre", RATES, peers=["East"]).to_frame()
        assert frame.loc[0, ["place", "rank", "places", "peers"]].tolist() == ["Centre", 1, 5, 1]

    def test_about_all_or_nothing_chance_says_nothing(self) -> None:
        whole = np.array([5.0, 8, 20])
        for kind in ("proportion", "rate", "ratio"):
            for counts in (whole, 0 * whole):
                found = v.position(1, counts=counts, denominators=whole, kind=kind, per=1)
                told = kind != "proportion" and counts[0] > 0
                assert found.chance == ("within" if told else None)
                # Nor does a funnel of ten places, all of them alike.
                ten = v.position(1, counts=np.full(10, counts[0]), denominators=np.full(10, 5.0), kind=kind, per=1)
                assert ten.funnel == ("within" if told else None)

    def test_less_than_half_a_case_has_limits_of_rates_alone(self) -> None:
        given = {"counts": np.array([0.4, 8, 2]), "denominators": np.array([0.4, 40, 40]), "fractional": True}
        assert v.position(0, **given, kind="proportion").chance is None
        assert v.position(0, **given, kind="ratio").chance == "within"
        sizes = np.array([0.4, *[40.0] * 10])
        for kind, said in (("proportion", None), ("ratio", "within")):
            found = v.position(0, counts=sizes / 4, denominators=sizes, kind=kind, fractional=True)
            assert (found.chance, found.funnel) == (said, said)

    def test_refuses_bad_input_with_all_its_problems(self) -> None:
        with refused(problem("the values", "counts"), others=ANY):
            v.position("Centre", counts=COUNTS)
        assert v.position(0, counts=np.array([1.0, 2]), denominators=np.array([1.0, 4]), kind="ratio").value == 1
        for peers in (["Centre"], [], ["Nowhere"]):
            with refused(problem("peers", ANY), others=ANY):
                v.position("Centre", counts=COUNTS, denominators=PEOPLE, peers=peers)
        for wrong in (0.0, 1.0, 1.5):
            with refused("confidence", wrong, expected="a proportion"):
                v.position("Centre", counts=COUNTS, denominators=PEOPLE, confidence=wrong)
        with refused(
            problem("average", "average"),
            problem("place", "Nort", suggests="North"),
            problem("peers", "Sout", suggests="South"),
        ):
            v.position("Nort", RATES, average="average", peers=["Sout", "East"])
        with refused("average", "pooled", names=("counts", "denominators")):
            v.position("North", RATES, average="pooled")
        with refused(
            "the values", "counts, denominators, values", names=("values", "lower", "upper", "counts", "denominators")
        ):
            v.position("North", RATES, counts=COUNTS, denominators=PEOPLE)
        with refused(
            problem("values", 1, expected="two or more"),
            problem("the values", names=("values", "lower", "upper", "counts", "denominators")),
            problem("place", "North", expected="a place"),
        ):
            v.position("North")
        with refused("place", "a", expected="once", names=2):
            v.position("a", np.array([1.0, 2]), places=["a", "a"])
        with refused(problem("places", 1, expected="one for each", names=2), problem("place", "a", expected="a place")):
            v.position("a", np.array([1.0, 2]), places=["a"])
        with refused("peers", ["North"], expected="a place"):
            v.position("North", RATES, peers=["North"])
        with refused(problem("lower", 11.0, row="trust=North", expected="no more than"), others=4):
            v.position("North", RATES, lower=RATES + 1, upper=RATES)
        with refused("counts", 400.0, row="trust=South", expected="no more than", names="denominator"):
            v.position("North", counts=COUNTS, denominators=PEOPLE.clip(upper=300), kind="proportion")
        with refused("values", expected="two or more"):
            v.position(0, np.array([1.0, math.nan]))
