"""The parts of a comparison by hand, at their edges: open ranks and averages, what is counted, and what is said of it."""

from __future__ import annotations

import datetime as dt
import math
import re
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import cmhs_metrics as cm
from cmhs_metrics.benchmarking.open_values import certainly_outside, open_average, open_chance, open_ranks, sums_of_ends
from cmhs_metrics.benchmarking.place_names import NOT_PLACES, as_names, is_no_place, listed, of_places
from cmhs_metrics.benchmarking.repeated_events import (
    _may_repeat,
    notes_of,
    read_frequencies,
    squares_per_event,
    sums_of_squares,
)
from cmhs_metrics.intervals import proportion_interval, rate_interval
from cmhs_metrics.measures import MEASURES
from cmhs_metrics.selection import column_of
from cmhs_metrics.variation import funnel
from tests.support.refusals import problem, raised, refused

NAN = math.nan
PEOPLE = pd.DataFrame({"icb": ["A", "B", "C"], "registered_population": [1_000, 2_000, 1_500]})
RATE = column_of("contacts_per_100k_registered")[0]  # type: ignore[index]
SHARE = column_of("dna_rate")[0]  # type: ignore[index]


def column(*numbers: float) -> pd.Series[float]:
    return pd.Series(numbers, dtype=float)


def test_open_ranks_by_hand() -> None:
    # Of five the quartiles are the second, third and fourth: who is one belongs to the quarter below it.
    found = open_ranks(column(10, 20, 30, 40, 50), column(10, 20, 30, 40, 50))
    assert found["rank"].tolist() == found["rank_best"].tolist() == found["rank_worst"].tolist() == [5, 4, 3, 2, 1]
    assert found["quartile"].tolist() == [1, 1, 2, 3, 4]
    # Level with 30, 20 to 30 is second from below as it is alone: first quarter. 30 is second or third, in the first or
    # the second. A missing one has neither.
    found = open_ranks(column(10, 20, 30, NAN, 40, 50), column(10, 30, 30, NAN, 40, 50))
    assert found["rank_best"].tolist() == pytest.approx([5, 3, 3, NAN, 2, 1], nan_ok=True)
    assert found["rank_worst"].tolist() == pytest.approx([5, 4, 3, NAN, 2, 1], nan_ok=True)
    assert found["rank"].tolist() == pytest.approx([5, NAN, 3, NAN, 2, 1], nan_ok=True)
    assert found["quartile"].tolist() == pytest.approx([1, 1, NAN, NAN, 3, 4], nan_ok=True)
    # Of one there are no quarters.
    assert open_ranks(column(10, NAN), column(10, NAN))["quartile"].isna().all()
    assert open_ranks(column(10, 20), column(10, 20))["quartile"].tolist() == [1, 4]


def test_an_average_is_open_where_one_place_is() -> None:
    places = pd.DataFrame(
        {
            "contacts": [2.0, NAN, 6, 9], "contacts_lower": [2.0, 1, 6, 9], "contacts_upper": [2.0, 4, 6, 9],
            "registered_population": [100.0, 200, 300, 400], "rate": [2.0, NAN, 2, 9],
            "rate_lower": [2.0, 0.5, 2, 9], "rate_upper": [2.0, NAN, 2, 9],
        }
    )  # fmt: skip
    which = pd.Series([True, True, True, False])
    inputs = ["contacts", "registered_population"]

    def average(kind: str, which: Any = which) -> tuple[float, float]:
        return open_average(places, "rate", RATE, inputs, kind, which)

    assert average("mean of places") == pytest.approx((1.5, NAN), nan_ok=True)
    assert average("median of places") == pytest.approx((2, NAN), nan_ok=True)
    # 9 to 12 of 600 people.
    assert average("pooled") == pytest.approx((1_500, 2_000))
    assert average("pooled", ~which) == pytest.approx((2_250, 2_250))
    # Of contacts without a greatest number there is no greatest rate.
    places.loc[1, "contacts_upper"] = NAN
    assert average("pooled") == pytest.approx((1_500, NAN), nan_ok=True)
    for kind in ("pooled", "mean of places"):
        assert average(kind, which & False) == pytest.approx((NAN, NAN), nan_ok=True)
    places.loc[1, "contacts_upper"] = 4
    assert [each.tolist() for each in sums_of_ends(places, inputs)] == [[102, 201, 306, 409], [102, 204, 306, 409]]


def test_an_average_that_touches_an_interval_is_not_outside_it() -> None:
    # Intervals of 2 to 6, wide enough for all; 3 to 5 whatever is true.
    one = column(*[2.0] * 6)
    chance = {"lower": one, "upper": one + 4, "highest_lower": one + 1, "lowest_upper": one + 3}
    for average, outside in {
        (0.0, 1.0): True, (0.0, 2.0): None, (3.0, 5.0): False, (2.9, 5.0): None, (3.0, 5.1): None, (6.0, 7.0): None,
        (6.1, 7.0): True,
    }.items():  # fmt: skip
        found = certainly_outside(chance, average)
        assert found.isna().all() if outside is None else set(found) == {outside}, average


def test_what_is_known_of_chance_needs_every_end() -> None:
    nothing = {"metric": RATE, "of_all": True, "level": 0.95, "pooled": (100.0, 300.0)}
    count, base = column(*[20.0] * 8), column(*[1_000.0] * 8)

    def with_gap(values: pd.Series[float], at: int, gap: float = NAN) -> pd.Series[float]:
        return values.where(values.index != at, gap)

    # Each end is missing in one place; one has nobody at most, one nobody at least.
    found = open_chance(
        (with_gap(count, 0), with_gap(count, 1)),
        (with_gap(with_gap(base, 2), 5, 0.0), with_gap(with_gap(base, 3), 4, 0.0)),
        squares=np.full(8, NAN), **nothing,
    )  # fmt: skip
    there = [False] * 6 + [True] * 2
    low, high = rate_interval(20, 1_000, confidence=0.95)
    for name, expected in (("lower", low), ("highest_lower", low), ("upper", high), ("lowest_upper", high)):
        assert found[name].notna().tolist() == there
        assert found[name].tolist()[6:] == pytest.approx([expected] * 2)
    assert found["interval_basis"].notna().tolist() == there
    # Of two that are known there is an interval; of one alone there is none.
    for known, number in ((2, 2), (1, 0)):
        few = count.where(count.index < known)
        assert open_chance((few, few), (base, base), squares=np.full(8, NAN), **nothing)["lower"].count() == number
    # Where people are known to have had several, the interval is that of clustered events.
    found = open_chance((count, count), (base, base), squares=np.array([2.0] + [NAN] * 7), **nothing)
    clustered, _ = rate_interval(20, 1_000, confidence=0.95, sum_of_squares=40)
    assert found["lower"].tolist()[:2] == pytest.approx([clustered, low])
    assert found["interval_basis"].tolist()[:2] == ["events per person", "independent events"]


def test_counts_that_were_shared_out_have_intervals() -> None:
    table = pd.DataFrame({"icb": ["A", "B"], "did_not_attends": [2.5, 30.25], "contacts": [20.0, 100.75]})
    people = PEOPLE.head(2)
    bounds = {f"contacts{end}": table["contacts"] for end in ("_lower", "_upper")}
    for given in (table, table.assign(**bounds)):
        shares = cm.benchmark(given, "dna_rate", by="icb")
        low, high = proportion_interval(np.array([2.5, 30.25]), np.array([22.5, 131]), fractional=True)
        assert shares["lower"].tolist() == pytest.approx(low.tolist())
        assert shares["upper"].tolist() == pytest.approx(high.tolist())
        rates = cm.benchmark(given, "contacts_per_100k", by="icb", populations=people)
        low, high = rate_interval(table["contacts"], people["registered_population"], fractional=True)
        assert rates["lower"].tolist() == pytest.approx(low.tolist())
        assert rates["upper"].tolist() == pytest.approx(high.tolist())
        # The funnel is that of counts that were shared out: 2.5 and 30.25 are about a fifth of all.
        whole = table["contacts"] + table["did_not_attends"]
        expected = funnel("proportion", table["did_not_attends"], whole, fractional=True)
        assert shares["outlier"].tolist() == expected.outlier.tolist() == ["within"] * 2


@pytest.mark.parametrize(
    ("others", "position"),
    # Of a standard error of 0.95 points the others differ by half of one, or by two of them: the funnel is then twice as
    # wide. By Poisson's distribution, of three points, they would be alike either way.
    [((895, 905), "below 99.8%"), ((880, 920), "within")],
)
def test_shares_lie_in_a_funnel_of_shares_with_bounds_as_without(others: tuple[int, int], position: str) -> None:
    # The last has 860 of 1,000, which is 4 standard errors below the others.
    accepted = [*others] * 10 + [860]
    table = pd.DataFrame({"icb": [f"P{at:02}" for at in range(21)], "referrals": 1_000, "referrals_accepted": accepted})
    ends = pd.DataFrame({"referrals_accepted_lower": accepted, "referrals_accepted_upper": accepted})
    ends.loc[0] = [others[0] - 1, others[0] + 1]
    hidden = table.assign(referrals_accepted=[None, *accepted[1:]]).join(ends)
    for given in (table, hidden):
        result = cm.benchmark(given, "referral_acceptance_rate", by="icb")
        assert result["outlier"].tolist()[20] == "below 99.8%"
        assert result["funnel_position"].tolist() == ["within"] * 20 + [position]
        assert result["outside_funnel"].tolist() == [False] * 20 + [position != "within"]


def test_no_funnel_stands_around_all_or_nothing_that_may_be() -> None:
    def outliers(low: list[float], high: list[float], whole: float) -> list[Any]:
        count, base = column(*low), column(*[whole] * len(low))
        pooled = sum(low) / base.sum(), sum(high) / base.sum()
        found = open_chance(
            (count, column(*high)), (base, base), SHARE, of_all=True, level=0.95, pooled=pooled,
            squares=np.full(len(low), NAN),
        )  # fmt: skip
        return found["outlier"].tolist()

    assert outliers([0, 0], [9, 9], 100) == [None, None]
    assert outliers([91, 91], [100, 100], 100) == [None, None]
    assert outliers([1, 500, 500], [2, 500, 500], 1_000) == ["below 99.8%", "above 99.8%", "above 99.8%"]
    # People who were shared out are not rounded: a hundred contacts each everywhere.
    shared = PEOPLE.assign(registered_population=[1.4, 1.4, 2.8])
    table = pd.DataFrame({"icb": ["A", "B", "C"], "contacts": [140, 140, 280]})
    result = cm.benchmark(table, "contacts_per_100k", by="icb", populations=shared, not_places=())
    assert result["outlier"].tolist() == ["within"] * 3
    # More contacts than people: a rate of more than one each is a rate.
    table = pd.DataFrame({"icb": ["A", "B", "C"], "contacts": [9_000, 4_000, 2_000]})
    result = cm.benchmark(table, "contacts_per_100k", by="icb", populations=PEOPLE)
    assert result["outlier"].tolist() == ["above 99.8%", "below 99.8%", "below 99.8%"]


class TestFrequencies:
    # Three people of A had 2 contacts in April and one had 4: 10, and 12 + 16 squares. In May one had 3. Of B two and a
    # half, who were shared out, had 2.
    ROWS = pd.DataFrame(
        [("A", "contacts", "2024-04", 2.0, 3), ("A", "contacts", "2024-04", 4.0, 1), ("B", "contacts", "2024-04", 2.0, 2.5),
         ("A", "contacts", "2024-05", 3.0, 1), ("A", "referrals", "2024-04", 1.0, 7)],
        columns=["icb", "measure", "period", "events", "people"],
    )  # fmt: skip

    def test_are_those_of_the_period(self) -> None:
        april = {("A", "contacts"): (10, 28), ("B", "contacts"): (5, 10), ("A", "referrals"): (7, 7)}
        for make in (lambda rows: rows, pl.from_pandas):
            assert read_frequencies(make(self.ROWS), "icb", "2024-04") == april
        all_of_them = april | {("A", "contacts"): (13, 37)}
        assert read_frequencies(self.ROWS, "icb", None) == all_of_them
        assert read_frequencies(self.ROWS.drop(columns="period"), "icb", "2024-04") == all_of_them
        assert read_frequencies(None, "icb", "2024-04") == {}
        with refused(*(problem("frequencies", name, expected="a column") for name in ("measure", "people"))):
            read_frequencies(self.ROWS.rename(columns={"measure": "m", "people": "p"}), "icb", None)

    def test_squares_over_the_events_of_one_measure(self) -> None:
        totals = {("A", "contacts"): (10.0, 28.0), ("B", "contacts"): (0.0, 0.0), ("A", "referrals"): (7.0, 7.0)}
        for measures, expected in (
            (["contacts"], [2.8, NAN, NAN]), (["referrals"], [1, NAN, NAN]), (["contacts", "referrals"], [NAN] * 3), ([], [NAN] * 3),
        ):  # fmt: skip
            found = squares_per_event(totals, measures, ["A", "B", "C"])
            assert found.tolist() == pytest.approx(expected, nan_ok=True)

    def test_squares_of_fewer_events(self) -> None:
        # As often as the frequencies have it, where nothing is known once; no person has more than all.
        events = np.array([4, 2, 0.5, 10, 0])
        found = sums_of_squares(events, np.array([2.5, 3, 3, NAN, 3]))
        assert found.tolist() == [10, 4, 0.5, 10, 0]

    def test_what_is_said_of_those_that_are_not_known(self) -> None:
        def notes(totals: dict[Any, Any], names: str, sums: Any = None, measures: Any = ("contacts",)) -> list[str]:
            given = dict.fromkeys(measures, np.full(len(names), 10.0)) if sums is None else sums
            return notes_of([(RATE, list(measures))], totals, given, list(names))

        known = {("A", "contacts"): (10, 28)}
        (note,) = notes({}, "AB")
        assert note.startswith("contacts_per_100k: the contacts were treated as independent")
        (note,) = notes(known, "ABC")
        assert "the contacts of 2 places were treated" in note
        (note,) = notes(known, "AB")
        assert "the contacts of 1 place were treated" in note
        assert notes(known, "A") == []
        # A caseload is counted once; of two measures both are named.
        assert notes({}, "AB", measures=["caseload"]) == []
        (note,) = notes({}, "AB", measures=["did_not_attends", "contacts", "caseload"])
        assert "the did not attends and contacts were" in note
        assert notes({}, "AB", measures=["things"]) == []

    def test_other_numbers_than_those_of_the_table_are_told(self) -> None:
        def others(count: float, names: str) -> list[str]:
            totals = {(name, "contacts"): (10.0, 28.0) for name in names if name != "Z"}
            return notes_of([(RATE, ["contacts"])], totals, {"contacts": np.full(len(names), count)}, list(names))

        # A half per cent of 10.05 is 0.05025; of 10.06 it is less than the 0.06 that are lacking.
        assert others(10.05, "A") == others(9.96, "A") == []
        assert others(10.06, "A") == ["contacts_per_100k: frequencies have other contacts than the table in A"]
        assert others(9.94, "ABCDE")[0].endswith(" in A, B, C, D, E")
        assert others(9.94, "ABCDEF")[0].endswith(" in A, B, C, D, E and 1 more")
        # Of 200 one is a half per cent.
        for events, told in ((201.0, 0), (199.0, 0), (202.0, 1), (198.0, 1)):
            totals = {("A", "contacts"): (events, 300.0)}
            assert len(notes_of([(RATE, ["contacts"])], totals, {"contacts": np.array([200.0])}, ["A"])) == told
        # Who is not there has none; nor has a measure that the table has not.
        assert len(others(10.0, "AZ")) == 1
        totals = {("A", "contacts"): (10.0, 28.0)}
        assert notes_of([(RATE, ["contacts"])], totals, {}, ["A"]) == []

    def test_which_events_one_person_may_have_again(self) -> None:
        once = {"caseload", "total_cost", "registered_population", "patients_seen", "bed_days", "staff_wte"}
        often = {"contacts", "referrals", "admissions", "discharges", "mha_assessments", "did_not_attends"}
        assert {name for name in once & MEASURES.keys() | often if _may_repeat(name)} == often

    def test_the_rate_of_a_benchmark_names_what_it_counts(self) -> None:
        table = pd.DataFrame({"icb": ["A", "B", "C", "D"], "contacts": [10, 20, 30, 40], "did_not_attends": 5})
        people = pd.DataFrame({"icb": list("ABCD"), "registered_population": 1_000})
        both = cm.benchmark(table, ["contacts_per_100k", "dna_rate"], by="icb", populations=people)
        (note,) = both.attrs["notes"]
        assert note.startswith("contacts_per_100k: the contacts were")


def test_rows_of_totals_are_known_by_a_level_for_each_column() -> None:
    rows = pd.DataFrame({"region": ["N", "N", None], "icb": ["A", None, None], "level": ["icb", "region", "total"]})
    rows["contacts"] = [1, 2, 3]
    assert of_places(rows)["contacts"].tolist() == [1]
    for level, kept in (
        # No total at all; a level that is no column; other words; numbers.
        (["icb", "region", "region"], [1, 2, 3]), (["icb", "ward", "total"], [1, 2, 3]), (["a", "b", "c"], [1, 2, 3]),
        ([1, 2, 3], [1, 2, 3]), (["icb", "total", "total"], [1]), (["total"] * 3, []),
    ):  # fmt: skip
        assert of_places(rows.assign(level=level))["contacts"].tolist() == kept, level
    assert of_places("no table") == "no table"


def test_names_are_those_of_values() -> None:
    given = ["7.0", 7, 7.0, 7.5, True, Decimal("7.0"), Decimal("7.5"), dt.datetime(2024, 4, 1), dt.date(2024, 4, 1)]
    assert as_names(given) == ["7.0", "7", "7", "7.5", "True", "7", "7.5", "2024-04-01", "2024-04-01"]
    assert as_names([dt.datetime(2024, 4, 1, 12)]) == ["2024-04-01 12:00:00"]


@pytest.mark.parametrize(("number", "more"), [(8, False), (9, True)])
def test_so_many_places_are_listed(number: int, more: bool) -> None:
    table = pd.DataFrame({"icb": [f"W{at}" for at in range(number)], "contacts": 10, "did_not_attends": 1})
    with refused("focus", "elsewhere", expected="a place", names=tuple(f"W{at}" for at in range(8))) as caught:
        cm.benchmark(table, "dna_rate", by="icb", focus="elsewhere")
    assert caught.value.problems[0].expected.endswith(" and 1 more" if more else ", W7")


TABLE = pd.DataFrame({"icb": ["A", "B", "C"], "contacts": [10, 20, 35], "did_not_attends": [1, 2, 4]})


@pytest.mark.parametrize("confidence", [0, 1, 1.0, -0.5, 100, True, math.nan, None])
def test_a_level_is_between_nothing_and_all(confidence: Any) -> None:
    with pytest.raises(cm.BadInput) as caught:
        cm.benchmark(TABLE, "dna_rate", by="icb", confidence=confidence)
    (found,) = caught.value.problems
    assert (caught.value.subject, found.column) == ("benchmark", "confidence")
    assert "%" not in found.expected


def test_a_percentage_is_told_as_the_proportion_that_it_is() -> None:
    for percent, said in ((95, "0.95 is 95%"), (1.5, "0.015 is 1.5%"), (99.9, "0.999 is 99.9%")):
        with refused("confidence", percent, expected="a proportion", names=said):
            cm.benchmark(TABLE, "dna_rate", by="icb", confidence=percent)
    assert cm.benchmark(TABLE, "dna_rate", by="icb", confidence=0.5).attrs["confidence"] == 0.5


def test_what_is_said_of_a_table_goes_on() -> None:
    table = TABLE.copy()
    table.attrs["notes"] = ["made up", "made up"]
    few = cm.benchmark(TABLE, "dna_rate", by="icb").attrs["notes"]
    assert cm.benchmark(table, "dna_rate", by="icb").attrs["notes"] == ["made up", *few]
    (note,) = few
    assert note.startswith("Of 3 places a quartile")
    four = pd.concat([TABLE, TABLE.head(1).assign(icb="D")])
    assert "notes" not in cm.benchmark(four, "dna_rate", by="icb").attrs
    assert cm.benchmark(pl.from_pandas(table), "dna_rate", by="icb").attrs["notes"] == few


def test_what_stands_in_each_row() -> None:
    both = cm.benchmark(TABLE, ["dna_rate", "contacts_per_100k"], by="icb", populations=PEOPLE)
    told = both[["metric", "label", "basis", "place"]].iloc[[0, 3]].to_numpy().tolist()
    assert told == [
        ["dna_rate", "DNA rate", None, "A"],
        ["contacts_per_100k", "Contacts per 100,000 people", "registered", "A"],
    ]
    assert both["unit"].tolist()[0].startswith("proportion")
    assert both.index.tolist() == list(range(6))


def test_how_far_each_is_from_the_average() -> None:
    for kind, average in (("pooled", 65 / 0.045), ("mean of places", 4_333.333333 / 3), ("median of places", 1_000)):
        table = TABLE.assign(contacts=[10, 20, 35])
        people = PEOPLE.assign(registered_population=[1_000, 2_000, 1_500])
        found = cm.benchmark(table, "contacts_per_100k", by="icb", populations=people, average=kind)  # type: ignore[arg-type]
        rates = np.array([1_000, 1_000, 35 / 0.015])
        assert found["average"].tolist() == pytest.approx([average] * 3)
        assert found["difference"].tolist() == pytest.approx((rates - average).tolist(), abs=1e-5)
        assert found["difference_percent"].tolist() == pytest.approx(((rates / average - 1) * 100).tolist(), abs=1e-5)
        assert set(found["average_kind"]) == {kind}


def test_frequencies_are_named() -> None:
    with refused("frequencies", "list", expected="a table"):
        read_frequencies([1, 2], "icb", None)
    with refused("frequencies", "2030-01", names="2024-04"):
        read_frequencies(TestFrequencies.ROWS, "icb", "2030-01")


def test_bounds_that_meet_stand_beside_bounds_that_do_not() -> None:
    table = TABLE.assign(
        contacts=[None, 20, 30], contacts_lower=[9, 20, 30], contacts_upper=[11, 20, 30], caseload=[4, 5, 9]
    )
    both = cm.benchmark(
        table, ["contacts_per_100k", "caseload_per_100k"], by="icb", populations=PEOPLE, peers=["A", "B"]
    )
    known = both[both["metric"] == "caseload_per_100k"]
    # 9 of 3,000, and 18 of 4,500.
    for name, expected in (("peer_average", 300), ("average", 400)):
        for end in ("", "_lower", "_upper"):
            assert known[f"{name}{end}"].tolist() == pytest.approx([expected] * 3)
    for end in ("_best", "_worst"):
        assert known[f"rank{end}"].tolist() == known["rank"].tolist() == [2, 3, 1]
    peers = both[both["metric"] == "contacts_per_100k"][["peer_average_lower", "peer_average_upper"]]
    assert peers.iloc[0].tolist() == pytest.approx([29 / 0.03, 31 / 0.03])


def test_a_place_stands_once_however_it_is_held() -> None:
    table = pd.DataFrame({"ward": [101, "101", "7"], "contacts": [10, 20, 30], "did_not_attends": 1}, dtype=object)
    table = table.astype({"contacts": int, "did_not_attends": int})
    with refused("ward", "101", expected="once"):
        cm.benchmark(table, "dna_rate", by="ward")


def test_people_of_the_table_itself_and_one_period() -> None:
    table = TABLE.assign(registered_population=[1_000, 1_000, 2_000], period="2024-04")
    both = pd.concat([table, table.assign(period="2024-05", contacts=0)])
    result = cm.benchmark(both, "contacts_per_100k", by="icb", place="icb", period="2024-04")
    assert result["value"].tolist() == pytest.approx([1_000, 2_000, 1_750])
    # People by year, of a table that has no period to choose: as `aggregate` has it.
    years = pd.concat([PEOPLE.assign(period="2023/24"), PEOPLE.assign(period="2024/25")])
    with pytest.raises(cm.BadInput):
        cm.benchmark(TABLE, "contacts_per_100k", by="icb", populations=years)
    with raised(TypeError, "table", "list"):
        cm.benchmark([1, 2], "dna_rate", by="icb")


@pytest.mark.parametrize(
    ("codes", "said"),
    [
        (["Y56", "Y58"], None), (["QHM", "QE1"], "from 2022-07-01"), (["QMJ", "QRL"], "from 2022-07-01 to 2026-03-31"),
        (["A", "B"], None),
    ],
)  # fmt: skip
def test_whose_boundaries_they_are(codes: list[str], said: str | None) -> None:
    table = pd.DataFrame({"icb": codes, "contacts": [10, 20], "did_not_attends": 1})
    assert cm.benchmark(table, "dna_rate", by="icb").attrs.get("boundaries") == said


def test_of_two_there_are_quarters_and_of_one_there_are_none() -> None:
    for contacts, quarters in (([20, 10, None], [4, 1, NAN]), ([20, None, None], [NAN] * 3)):
        table = pd.DataFrame({"icb": ["A", "B", "C"], "contacts": contacts})
        found = cm.benchmark(table, "contacts_per_100k", by="icb", populations=PEOPLE)
        assert found["quartile"].tolist() == pytest.approx(quarters, nan_ok=True)


def test_one_mistake_is_one_problem() -> None:
    table = pd.DataFrame({"icb": ["A", "B"], "contacts": [1, 2], "total_cost": [3, 4]})
    thing = object()
    for wrong, value in ((thing, thing), (5, 5), ([], None), ((5,), 5)):
        with refused("metrics", value):
            cm.benchmark(table, wrong, by="icb")
    with refused(
        problem("not_places", 5, expected="a name"), problem("confidence", 95, names=("0.95", "95%")),
        problem("average", "mode", names="pooled"), problem("by", 5, expected="a name"), problem("peers", thing, expected="a place"),
        in_order=False,
    ):  # fmt: skip
        cm.benchmark(table, "cost_per_contact", by=5, average="mode", confidence=95, not_places=[5], peers=thing)  # type: ignore[arg-type]


def test_rows_of_several_metrics_are_numbered_through() -> None:
    two = cm.benchmark(TABLE.assign(total_cost=5), ["dna_rate", "cost_per_contact"], by="icb")
    assert two.index.tolist() == list(range(6))
    assert two["metric"].tolist() == ["dna_rate"] * 3 + ["cost_per_contact"] * 3


def test_a_place_may_be_any_number() -> None:
    for given in (Decimal(7), 7, 7.0, np.float32(7), dt.date(2024, 4, 1), "7"):
        problems: list[Any] = []
        assert listed("focus", given, problems) == [given]
        assert not problems


@pytest.mark.parametrize(
    "words",
    ["Unknown|Not known|Unspecified|Not specified|Not stated|Not recorded|Not applicable|N/A|Not available|Invalid",
     "invalid code|MISSING|Unallocated|not_allocated|Unassigned|Unmapped|No ICB|Unknown-ICB|None|Null|NaN| nan "],
)  # fmt: skip
def test_words_for_no_place(words: str) -> None:
    assert all(is_no_place(words.split("|"), NOT_PLACES))
    assert not any(is_no_place(["North", "No", "Known", ""], NOT_PLACES))


@pytest.mark.parametrize(("number", "told"), [(2, True), (3, True), (4, False)])
def test_of_fewer_than_four_a_quartile_says_nothing(number: int, told: bool) -> None:
    table = pd.DataFrame({"icb": list("ABCD"), "contacts": [10, 20, 35, 40], "did_not_attends": 5}).head(number)
    notes = cm.benchmark(table, "dna_rate", by="icb").attrs.get("notes", [])
    assert [f"Of {number} places" in note for note in notes] == [True] * told


def test_a_row_without_a_place_and_places_of_two_dates_are_refused() -> None:
    for blank in (None, "", " "):
        table = TABLE.assign(icb=["QMJ", "QRL", blank])
        with refused("icb", None, expected="a place"):
            cm.benchmark(table, "dna_rate", by="icb")
    with refused("the places", re.compile("QMJ .* and Z9B2Z .*")):
        cm.benchmark(table.assign(icb=["QMJ", "QRL", "Z9B2Z"]), "dna_rate", by="icb")
    people = PEOPLE.assign(icb=["QMJ", "QRL", "Z9B2Z"])
    with refused("the places", re.compile("QMJ .* and Z9B2Z .*")):
        cm.benchmark(table.head(2), "contacts_per_100k", by="icb", populations=people)


def test_what_is_known_exactly_is_the_same_between_bounds_that_meet() -> None:
    table = TABLE.assign(contacts=[10, 200, 35])
    bounds = {f"{name}_{end}": table[name] for name in ("contacts", "did_not_attends") for end in ("lower", "upper")}
    both = ["dna_rate", "contacts_per_100k"]
    for average in ("pooled", "mean of places", "median of places"):
        given = {"by": "icb", "populations": PEOPLE, "average": average, "peers": ["A", "B"], "focus": "C"}
        plain = cm.benchmark(table, both, **given)
        met = cm.benchmark(table.assign(**bounds), both, **given)
        pd.testing.assert_frame_equal(pd.DataFrame(met)[plain.columns], pd.DataFrame(plain), check_dtype=False)
        assert met["average_lower"].tolist() == pytest.approx(plain["average"].tolist())
        assert plain["difference"].tolist() == pytest.approx((plain["value"] - plain["average"]).tolist())
        share = (plain["value"] / plain["average"] - 1) * 100
        assert plain["difference_percent"].tolist() == pytest.approx(share.tolist())
    # Where one is hidden there is no average, and no difference from it; those of a metric without it stay.
    hidden = table.assign(**bounds | {"contacts": [None, 200, 35], "contacts_lower": [9, 200, 35]})
    found = cm.benchmark(
        hidden.assign(total_cost=[5, 6, 7], referrals=[1, 2, 3]), [*both, "cost_per_referral"], **given
    )
    hidden_of = found["metric"].isin(both)
    assert found.loc[hidden_of, ["average", "difference", "difference_percent"]].isna().all(axis=None)
    assert found.loc[hidden_of, "value"].isna().tolist() == [True, False, False] * 2
    rest = found[~hidden_of]
    assert rest["value_lower"].tolist() == rest["value_upper"].tolist() == rest["value"].tolist()


def test_notes_of_a_table_stay_with_what_is_made_of_it() -> None:
    table = TABLE.copy()
    table.attrs["notes"] = ["Counted twice in May."]
    assert "Counted twice in May." in cm.benchmark(table, "dna_rate", by="icb").attrs["notes"]


def test_of_less_than_one_person_there_is_a_rate() -> None:
    count, base = column(1.0, 2.0), column(0.5, 0.25)
    found = open_chance(
        (count, count), (base, base), RATE, of_all=True, level=0.95, pooled=(4e5, 4e5), squares=np.full(2, NAN)
    )
    assert found["lower"].notna().all()
    assert found["outlier"].tolist() == ["within", "within"]
