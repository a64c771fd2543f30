"""What changed between two months, and how many people are in no ICB."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from cmhs_metrics.published import changes, icb_rates, measures_by_place, share_without_icb
from cmhs_metrics.published.places_in_files import ICB
from tests.support.refusals import problem, refused, says


def month(number: int, counts: dict[str, float], breakdown: str = "Provider", **more: object) -> pd.DataFrame:
    """A month of counts, each rounded to 5; NaN is suppressed."""
    values = pd.Series(list(counts.values()), dtype=float)
    table = pd.DataFrame({"primary_level": list(counts), "primary_level_name": [f"{each} NAME" for each in counts]})
    start = pd.Timestamp(2024, number, 1)
    return table.assign(
        breakdown=breakdown, secondary_level="NONE", measure_id="MRS06", unit="referral", value=values,
        lower=(values - 2).fillna(0), upper=(values + 2).fillna(4), period_start=start,
        period_end=start + pd.offsets.MonthEnd(0), kind=np.where(values.isna(), "suppressed", "rounded to 5"),
    ).assign(**more)  # fmt: skip


def test_new_gone_and_moved() -> None:
    # Two providers made the step of September 2024; RXY's suppressed count may be what it was.
    august = month(8, {"RWK": 9055, "RXY": 8925, "R1L": 7400, "RA0": 500, "RA1": np.nan})
    september = month(9, {"RWK": 20_985, "RXY": 16_235, "R1L": 4400, "RA9": 60, "RA1": 5})
    result = changes(august, september).set_index("place")
    assert result["what"].to_dict() == {"RWK": "moved", "RXY": "moved", "R1L": "moved", "RA9": "new", "RA0": "gone"}
    assert result["change"].round(1).dropna().to_dict() == {"RWK": 131.8, "RXY": 81.9, "R1L": -40.5}
    assert result.loc["RWK", "place_name"] == "RWK NAME"
    assert set(changes(august, september, more_than=1)["place"]) == {"RWK", "RA9", "RA0"}


def test_a_move_that_rounding_explains_is_none() -> None:
    # 10 may be 12 and 15 may be 13.
    assert changes(month(8, {"RA1": 10}), month(9, {"RA1": 15})).empty
    assert len(changes(month(8, {"RA1": 10}), month(9, {"RA1": 20}))) == 1


def test_a_move_of_just_the_share_is_none() -> None:
    # Of 10, which may be 12, a quarter more is 15: 17 may be 15, and 18 is 16 at least.
    for later, moved in ((17, 0), (18, 1)):
        assert len(changes(month(8, {"RA1": 10}), month(9, {"RA1": later}), more_than=0.25)) == moved
    # Of 102, which may be 100, a quarter less is 75: 73 may be 75, and 72 is 74 at most.
    for later, moved in ((73, 0), (72, 1)):
        assert len(changes(month(8, {"RA1": 102}), month(9, {"RA1": later}), more_than=0.25)) == moved
    for wrong in (True, "0.2", -0.1, math.inf, math.nan):
        with refused("more_than", wrong):
            changes(month(8, {"RA1": 10}), month(9, {"RA1": 15}), more_than=wrong)  # type: ignore[arg-type]


def test_the_largest_moves_come_first_and_the_places_of_other_measures_not_at_all() -> None:
    counts = {"RA1": 100, "RA2": 100, "RA3": 100}
    both = [
        pd.concat([month(number, held), month(number, {"RA4": other}, measure_id="MRS02"), month(number, {"RA5": other}, unit="percent")])
        for number, held, other in ((8, counts, 100), (9, {"RA1": 150, "RA2": 20, "RA3": 300}, 900))
    ]  # fmt: skip
    result = changes(*both, measures="MRS06")
    assert result["place"].tolist() == ["RA3", "RA2", "RA1"]
    assert result["change"].tolist() == [200, -80, 50]
    names = ["breakdown", "place", "place_name", "measure_id", "what", "before", "after", "change"]
    assert result.iloc[:1].to_dict("list") == dict(
        zip(names, (["Provider"], ["RA3"], ["RA3 NAME"], ["MRS06"], ["moved"], [100], [300], [200]), strict=True)
    )
    assert changes(*both, measures=["MRS02"])["place"].tolist() == ["RA4"]
    assert set(changes(*both)["place"]) == {"RA1", "RA2", "RA3", "RA4"}


def test_what_only_one_month_publishes_is_no_change_of_places() -> None:
    later = pd.concat([month(9, {"RA1": 10}), month(9, {"RA1": 50}, measure_id="MRS02")])
    assert changes(month(8, {"RA1": 10}), later).empty


def test_bad_input() -> None:
    with refused(
        problem("lower", expected="a column", names="before"), problem("more_than", 0, expected="a proportion")
    ):
        changes(month(8, {"RA1": 10}).drop(columns="lower"), month(9, {"RA1": 10}), more_than=0)
    both = pd.concat([month(8, {"RA1": 10}), month(9, {"RA1": 10})])
    with refused("measure_id", "MRS06", expected="once"):
        changes(both, month(9, {"RA1": 10}))


# The referral-spells without an ICB in the files of June and September 2024, beside England's exact counts.
JUNE, SEPTEMBER = (1_050, 496_135), (40_725, 525_448)


def england(number: int, counts: tuple[int, int]) -> pd.DataFrame:
    unplaced, everyone = counts
    exact = month(number, {"England": everyone}, "England").assign(lower=everyone, upper=everyone, kind="exact")
    return pd.concat([exact, month(number, {"QT1": 2_020, "UNKNOWN": unplaced}, ICB)], ignore_index=True)


def test_the_share_of_england_in_no_icb() -> None:
    both = pd.concat([england(6, JUNE), england(9, SEPTEMBER)])
    assert share_without_icb(both)["share"].round(3).tolist() == [0.002, 0.078]
    assert share_without_icb(both.replace({"breakdown": {ICB: "ICB"}}))["share"].round(3).tolist() == [0.002, 0.078]
    assert share_without_icb(both[both["breakdown"] != "England"]).empty


def test_above_two_per_cent_every_result_says_so() -> None:
    people = pd.DataFrame({"icb": ["QT1"], "icb_name": ["Notts"], "registered_population": [1e6]})
    people["weighted_population"] = 1e6
    for number, counts, said in (
        (6, JUNE, False),
        (7, (10_000, 500_000), False),
        (8, (10_001, 500_000), True),
        (9, SEPTEMBER, True),
    ):
        table = england(number, counts)
        rates = icb_rates(table, people)
        assert rates["england_without_icb"].round(3).tolist() == [round(counts[0] / counts[1], 3)] * 2
        for result in (rates, measures_by_place(table, {"MRS06": "open_referrals"})):
            assert bool(result.attrs["notes"]) is said
    # Of other places than ICBs it says nothing.
    assert measures_by_place(table, {"MRS06": "open_referrals"}, place="trust").attrs["notes"] == []
    (note,) = result.attrs["notes"]
    assert says(note, "2024-09", "7.8%", "MRS06", "40,725", "525,448")
    first, second = changes(england(6, JUNE), england(9, SEPTEMBER)).attrs["notes"]
    assert says(first, "2024-06", "0.2%", "MRS06", "1,050", "496,135")
    assert says(second, "2024-09", "7.8%")
