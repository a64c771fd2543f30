"""Places of which some are suppressed or rounded, against every truth that may stand behind them."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cmhs_metrics as cm
from tests.support.budgets import examples

# One of three drawn counts may be the sum of the others by chance, which is told.
pytestmark = pytest.mark.filterwarnings("ignore::cmhs_metrics.TableNote")

PEOPLE = pd.DataFrame({"icb": ["A", "B", "C"], "registered_population": [1_000, 2_000, 1_500]})


def table(name: str, intervals: list[tuple[int, int]]) -> dict[str, list]:
    """A measure of which the first known thing is an interval."""
    return {
        name: [float(low) if low == high else None for low, high in intervals],
        f"{name}_lower": [low for low, _ in intervals],
        f"{name}_upper": [high for _, high in intervals],
    }


def every(*columns: list[tuple[int, int]]) -> list[list[tuple[int, ...]]]:
    """Every choice of whole numbers, a tuple for each column."""
    choices = [list(itertools.product(*(range(low, high + 1) for low, high in column))) for column in columns]
    return list(itertools.product(*choices))


def holds_every_truth(known: pd.DataFrame, truths: list[pd.DataFrame]) -> None:
    """Nothing that is claimed is false of any truth, and the ranges are no wider than the truths make them."""
    for place in known.index:
        mine, rows = known.loc[place], [truth.loc[place] for truth in truths]
        values = np.array([row["value"] for row in rows], dtype=float)
        assert mine["value_lower"] == pytest.approx(np.nanmin(values))
        assert mine["value_upper"] == pytest.approx(np.nanmax(values))
        assert pd.isna(mine["value"]) or (mine["value_lower"] <= mine["value"] <= mine["value_upper"])
        for row in rows:
            if pd.isna(row["value"]):
                continue
            assert mine["lower"] <= row["lower"] + 1e-12
            assert mine["upper"] >= row["upper"] - 1e-12
            assert mine["average_lower"] - 1e-9 <= row["average"] <= mine["average_upper"] + 1e-9
            assert mine["rank_best"] <= row["rank"] <= mine["rank_worst"]
            for name in ("rank", "quartile", "more_than_chance", "outlier", "funnel_position", "outside_funnel"):
                assert pd.isna(mine[name]) or mine[name] == row[name], (name, place)


small = st.tuples(st.integers(0, 12), st.integers(0, 2)).map(lambda pair: (pair[0], pair[0] + pair[1]))


@examples(5)
@given(intervals=st.lists(small, min_size=3, max_size=3), average=st.sampled_from(["pooled", "mean of places"]))
def test_rates(intervals, average: str) -> None:
    if sum(low for low, _ in intervals) == 0:
        intervals[0] = (intervals[0][0] + 1, intervals[0][1] + 1)
    arguments = {"metrics": "referrals_per_100k", "by": "icb", "populations": PEOPLE, "average": average}
    known = cm.benchmark(pd.DataFrame({"icb": ["A", "B", "C"], **table("referrals", intervals)}), **arguments)
    truths = [
        cm.benchmark(pd.DataFrame({"icb": ["A", "B", "C"], "referrals": list(counts)}), **arguments).set_index("place")
        for (counts,) in every(intervals)
    ]
    holds_every_truth(known.set_index("place"), truths)


@examples(3)
@given(
    parts=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 1)), min_size=3, max_size=3),
    rests=st.lists(st.tuples(st.integers(1, 30), st.integers(0, 1)), min_size=3, max_size=3),
)
def test_shares(parts, rests) -> None:
    parts = [(low, low + more) for low, more in parts]
    wholes = [(high + rest, high + rest + more) for (_, high), (rest, more) in zip(parts, rests, strict=True)]
    if sum(low for low, _ in parts) == 0:
        parts[0], wholes[0] = (1, 1), (wholes[0][0] + 1, wholes[0][1] + 1)
    frame = pd.DataFrame({"icb": ["A", "B", "C"], **table("referrals_accepted", parts), **table("referrals", wholes)})
    known = cm.benchmark(frame, "referral_acceptance_rate", by="icb").set_index("place")
    truths = [
        cm.benchmark(
            pd.DataFrame({"icb": ["A", "B", "C"], "referrals_accepted": list(tops), "referrals": list(bottoms)}),
            "referral_acceptance_rate",
            by="icb",
        ).set_index("place")
        for tops, bottoms in every(parts, wholes)
    ]
    holds_every_truth(known, truths)


def test_a_place_has_its_position_only_where_no_average_of_all_moves_it() -> None:
    # Enough places for a widened funnel, of which the last is known only to be from 340 to 590: the average of all runs
    # from 205 to 226, at the least of which the 40 of H are within the limits, and at the greatest below them.
    counts = [350, 80, 220, 320, 140, 80, 190, 40, 90, 340, 270]
    places = pd.DataFrame({"icb": list("ABCDEFGHIJKL")})
    arguments = {"by": "icb", "populations": places.assign(registered_population=10_000)}
    intervals = [*((each, each) for each in counts), (340, 590)]
    frame = places.assign(**table("referrals", intervals))
    known = cm.benchmark(frame, "referrals_per_100k", **arguments).set_index("place")["funnel_position"]
    truths = [
        cm.benchmark(places.assign(referrals=[*counts, last]), "referrals_per_100k", **arguments).set_index("place")
        for last in (340, 400, 500, 590)
    ]
    positions = pd.concat([each["funnel_position"] for each in truths], axis=1)
    assert positions.loc["H"].nunique() == 2
    assert pd.isna(known["H"])
    told = known.dropna()
    assert len(told) > 5
    assert positions.loc[told.index].eq(told, axis=0).all(axis=None)


def test_a_part_that_may_be_all_of_its_whole() -> None:
    frame = pd.DataFrame(
        {
            "icb": ["A", "B"],
            **table("referrals_accepted", [(0, 4), (10, 10)]),
            **table("referrals", [(0, 4), (20, 20)]),
        }
    )
    result = cm.benchmark(frame, "referral_acceptance_rate", by="icb").set_index("place")
    assert result.loc["A", ["value_lower", "value_upper"]].tolist() == [0, 1]
    assert (result.loc["A", "rank_best"], result.loc["A", "rank_worst"]) == (1, 2)
    assert result.loc["A", ["value", "rank", "more_than_chance", "outlier"]].isna().all()
    assert result.loc["B", "value"] == 0.5


def test_an_average_over_what_is_suppressed_has_bounds_only() -> None:
    frame = pd.DataFrame({"icb": ["A", "B", "C"], **table("referrals", [(20, 20), (0, 4), (30, 30)])})
    result = cm.benchmark(frame, "referrals_per_100k", by="icb", populations=PEOPLE, peers=["A", "C"])
    assert result["average"].isna().all()
    assert result["average_lower"].tolist() == pytest.approx([50 / 4_500 * 100_000] * 3)
    assert result["average_upper"].tolist() == pytest.approx([54 / 4_500 * 100_000] * 3)
    assert result["difference"].isna().all()
    assert result["peer_average"].tolist() == pytest.approx([50 / 2_500 * 100_000] * 3)
    assert result["rank"].tolist() == [1, 3, 1]
    assert result["places"].tolist() == [3, 3, 3]


def test_a_missing_place_is_no_suppressed_one() -> None:
    frame = pd.DataFrame({"icb": ["A", "B", "C"], **table("referrals", [(20, 20), (5, 5), (30, 30)])})
    frame.loc[1, ["referrals", "referrals_lower", "referrals_upper"]] = None
    result = cm.benchmark(frame, "referrals_per_100k", by="icb", populations=PEOPLE).set_index("place")
    assert result.loc["B", ["value", "value_lower", "rank_best", "more_than_chance"]].isna().all()
    assert set(result["places"]) == {2}
    assert result["average"].tolist() == pytest.approx([2_000] * 3)


def test_metrics_with_and_without_bounds_stand_in_one_table() -> None:
    frame = pd.DataFrame(
        {"icb": ["A", "B", "C"], **table("referrals", [(20, 20), (0, 4), (30, 30)]), "caseload": [10, 20, 30]}
    )
    result = cm.benchmark(frame, ["referrals_per_100k", "caseload_per_100k"], by="icb", populations=PEOPLE)
    caseload = result[result["metric"] == "caseload_per_100k"]
    assert caseload["value_lower"].tolist() == caseload["value_upper"].tolist() == caseload["value"].tolist()
    assert caseload["rank_best"].tolist() == caseload["rank_worst"].tolist() == caseload["rank"].tolist()
    plain = cm.benchmark(frame[["icb", "caseload"]], "caseload_per_100k", by="icb", populations=PEOPLE)
    assert "value_lower" not in plain
    pd.testing.assert_frame_equal(
        caseload[list(plain)].reset_index(drop=True), pd.DataFrame(plain), check_dtype=False, check_exact=True
    )


def test_exact_bounds_change_nothing() -> None:
    intervals = [(20, 20), (3, 3), (30, 30)]
    frame = pd.DataFrame({"icb": ["A", "B", "C"], **table("referrals", intervals)})
    known = cm.benchmark(frame, "referrals_per_100k", by="icb", populations=PEOPLE)
    plain = cm.benchmark(frame[["icb", "referrals"]], "referrals_per_100k", by="icb", populations=PEOPLE)
    pd.testing.assert_frame_equal(known[list(plain)], pd.DataFrame(plain), check_dtype=False)


def test_costs_have_no_chance_and_still_have_bounds() -> None:
    frame = pd.DataFrame({"icb": ["A", "B"], "total_cost": [100.0, 900.0], **table("referrals", [(2, 4), (10, 10)])})
    result = cm.benchmark(frame, "cost_per_referral", by="icb").set_index("place")
    assert result.loc["A", ["value_lower", "value_upper"]].tolist() == [25, 50]
    assert result.loc["A", "rank"] == 2
    assert result[["lower", "upper", "outlier", "more_than_chance"]].isna().all(axis=None)
