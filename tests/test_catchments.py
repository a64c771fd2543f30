"""Catchments that do not match: nothing is lost, nothing is made up, and nothing is absorbed unnamed."""

from __future__ import annotations

import math
import pickle
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cmhs_metrics as cm
from cmhs_metrics.catchments import NOT_COVERED, Shares, apportion
from cmhs_metrics.catchments.largest_remainder import largest_remainder
from cmhs_metrics.catchments.rows import ROUNDING
from cmhs_metrics.places import to_boundaries
from tests.support import official_data
from tests.support.budgets import examples
from tests.support.engines import ALL, EAGER, LAZY, cells, each, sorted_by
from tests.support.refusals import problem, refused

if TYPE_CHECKING:
    from cmhs_metrics.catchments.rows import Uncovered

ALLOCATIONS = official_data.FOLDER / "icb_allocations_2025_26.csv"

few_examples = examples(6)
every_table = each(ALL)
every_eager = each(EAGER)
every_lazy = each(LAZY)

SHARES = Shares({"RT1": {"QUE": 0.75, "QH8": 0.25}, "RYK": {"QUE": 1.0}})
TRUSTS = {
    "organisation": ["RT1", "RYK", "RT1"],
    "team_type": ["Generic CMHTs", "Generic CMHTs", "CRHT"],
    "contacts": [800, 400, 40],
    "total_cost": [80_000.0, 60_000.0, 6_000.0],
}

FROM, TO = ["R0", "R1", "R2", "R3"], ["Q0", "Q1", "Q2", "Q3", "Q4"]
weights = st.integers(0, 1_000)


@st.composite
def shares(draw: st.DrawFn, origins: list[str] = FROM, destinations: list[str] = TO) -> Shares:
    held = {}
    for origin in origins:
        row = draw(st.lists(weights, min_size=len(destinations), max_size=len(destinations)).filter(any))
        held[origin] = {place: weight / sum(row) for place, weight in zip(destinations, row, strict=True)}
    return Shares(held)


@st.composite
def trusts(draw: st.DrawFn) -> pd.DataFrame:
    rows = []
    for place in draw(st.lists(st.sampled_from(FROM), min_size=1, unique=True)):
        for team_type in draw(st.lists(st.sampled_from(["CRHT", "EIP"]), min_size=1, unique=True)):
            contacts = draw(st.integers(0, 10**6))
            rows.append((place, team_type, contacts, draw(st.integers(0, contacts)), draw(st.floats(0, 1e9))))
    return pd.DataFrame(rows, columns=["organisation", "team_type", "contacts", "face_to_face_contacts", "total_cost"])


def to_icbs(table: Any, by_shares: Shares, **options: Any) -> Any:
    return apportion(table, by_shares, by="organisation", to="icb", **options)


def totals(table: pd.DataFrame, measure: str) -> dict[str, float]:
    return {kind: math.fsum(rows[measure]) for kind, rows in table.groupby("team_type")}


@every_table
class TestOnEveryEngine:
    def test_each_place_gets_its_share(self, make) -> None:
        # 75% of 800 and all of 400 are 1,000; 25% of 800 are 200.
        result = sorted_by(cells(to_icbs(make(TRUSTS), SHARES)), "team_type", "icb")
        assert result == {
            "icb": ["QH8", "QUE", "QH8", "QUE"],
            "team_type": ["CRHT", "CRHT", "Generic CMHTs", "Generic CMHTs"],
            "contacts": [10.0, 30.0, 200.0, 1_000.0],
            "total_cost": [1_500.0, 4_500.0, 20_000.0, 120_000.0],
        }

    def test_metrics_follow_from_the_new_totals(self, make) -> None:
        result = sorted_by(
            cells(cm.with_metrics(to_icbs(make(TRUSTS), SHARES), keys=["icb", "team_type"])), "team_type", "icb"
        )
        # RT1 costs £100 a contact and RYK £150: the Q that both serve is between, 120,000 / 1,000.
        assert result["cost_per_contact"] == [150.0, 150.0, 100.0, 120.0]

    def test_missing_where_any_part_is(self, make) -> None:
        for hole in (None, math.nan):
            table = make({**TRUSTS, "contacts": [800.0, hole, 40.0]})
            result = sorted_by(cells(to_icbs(table, SHARES)), "team_type", "icb")
            assert result["contacts"] == [10.0, 30.0, 200.0, None]
            assert result["total_cost"] == [1_500.0, 4_500.0, 20_000.0, 120_000.0]

    def test_places_without_shares_are_kept_in_a_named_place(self, make) -> None:
        known = Shares({"RT1": {"QUE": 1.0}})
        result = sorted_by(cells(to_icbs(make(TRUSTS), known, uncovered="keep")), "team_type", "icb")
        assert result["icb"] == ["QUE", "QUE", NOT_COVERED]
        assert result["contacts"] == [40.0, 800.0, 400.0]

    def test_the_new_places_may_take_the_column_of_the_old(self, make) -> None:
        result = cells(apportion(make(TRUSTS), SHARES, by="organisation", to="organisation"))
        assert list(result) == list(TRUSTS)
        assert sorted(result["organisation"]) == ["QH8", "QH8", "QUE", "QUE"]

    def test_gives_back_the_kind_that_came(self, make) -> None:
        table = make(TRUSTS)
        assert type(to_icbs(table, SHARES)) is type(table)

    def test_other_columns_are_keys_and_may_be_missing(self, make) -> None:
        table = make({**TRUSTS, "region": [None, "Y61", "Y62"]})
        result = sorted_by(cells(to_icbs(table, SHARES)), "team_type", "icb", "region")
        assert list(result) == ["icb", "team_type", "region", "contacts", "total_cost"]
        assert result["region"] == ["Y62", "Y62", None, None, "Y61"]

    def test_only_the_measures_that_are_named(self, make) -> None:
        table = make({**TRUSTS, "registered_population": [1, 1, 1], "cost_per_contact": [100.0, 150.0, 150.0]})
        assert list(cells(to_icbs(table, SHARES, measures=["contacts"]))) == ["icb", "team_type", "contacts"]

    def test_metrics_and_populations_are_refused_by_name(self, make) -> None:
        table = make(
            {
                **TRUSTS,
                "registered_population": [1, 1, 1],
                "cost_per_contact": [1.0, 1.0, 1.0],
                "contacts_per_100k_registered": [1.0, 1.0, 1.0],
            }
        )
        with refused(
            problem("registered_population", names="measures"),
            problem("cost_per_contact", expected=("a metric", "to add up"), names="measures"),
            problem("contacts_per_100k_registered", expected=("a metric", "to add up"), names="measures"),
        ):
            to_icbs(table, SHARES)
        with refused("cost_per_contact", expected=("a measure", "a metric")):
            to_icbs(table, SHARES, measures=["cost_per_contact"])

    def test_what_places_share_does_not_add(self, make) -> None:
        # A trust that serves both places would be counted with each.
        table = make({**TRUSTS, "organisations": [1, 1, 1]})
        with refused("organisations", names="measures"):
            to_icbs(table, SHARES)
        with refused("organisations"):
            to_boundaries(make({"icb": ["QMJ", "QRV"], "organisations": [1, 1], "caseload": [1, 2]}), "2026-04-01")

    def test_flows_become_shares(self, make) -> None:
        flows = make({"trust": ["A", "A", "A", "B"], "icb": ["X", "X", "Y", "Y"], "patients": [300, 300, 200, 5]})
        assert Shares.from_flows(flows, "trust", "icb", "patients") == Shares(
            {"A": {"X": 0.75, "Y": 0.25}, "B": {"Y": 1.0}}
        )

    def test_practices_become_shares(self, make) -> None:
        practices = {
            "practice": ["1", "2", "3"], "trust": ["A"] * 3, "icb": ["X", "X", "Y"],
            "registered_population": [4_000.0, 2_000.0, 2_000.0],
        }  # fmt: skip
        result = Shares.from_populations(make(practices), "trust", "icb", place="practice")
        assert result == Shares({"A": {"X": 0.75, "Y": 0.25}})
        twice = make({**practices, "practice": ["1", "1", "3"]})
        with refused("practice", "1", expected="once", names=2):
            Shares.from_populations(twice, "trust", "icb", place="practice")

    def test_shares_that_are_given(self, make) -> None:
        table = {"from_place": ["A", "A"], "to_place": ["X", "Y"], "share": [0.75, 0.25]}
        assert Shares.given(make(table)) == Shares({"A": {"X": 0.75, "Y": 0.25}})
        with refused("share", 0.25, row="from_place=A, to_place=X", expected="once"):
            Shares.given(make({**table, "to_place": ["X", "X"]}))

    def test_flows_to_nowhere_are_named(self, make) -> None:
        flows = make({"trust": ["A", "A", "B"], "icb": ["X", None, "Y"], "patients": [75, 25, 0]})
        with refused(
            problem("trust", "B", names="uncovered='keep'"),
            problem("icb", row="trust=A", expected="a place", names=(25, 100, "uncovered='keep'")),
        ):
            Shares.from_flows(flows, "trust", "icb", "patients")
        kept = Shares.from_flows(flows, "trust", "icb", "patients", uncovered="keep")
        assert kept == Shares({"A": {"X": 0.75, NOT_COVERED: 0.25}, "B": {NOT_COVERED: 1.0}})

    @pytest.mark.parametrize("label", ["Total", "All ICBs"])
    def test_totals_among_flows_are_named(self, make, label: str) -> None:
        # They would halve the shares of the others.
        flows = {"trust": ["A", "A", "A", "B"], "icb": ["X", "Y", label, "X"], "patients": [75, 25, 100, 5]}
        with refused("icb", label, row="trust=A", expected="counted once"):
            Shares.from_flows(make(flows), "trust", "icb", "patients")
        kept = Shares.from_flows(make({**flows, "patients": [75, 25, 300, 5]}), "trust", "icb", "patients")
        assert kept.of("A")[label] == 0.75

    def test_flows_that_cannot_be(self, make) -> None:
        flows = make({"trust": [None, "A", "B", "C"], "icb": ["X"] * 4, "patients": [1.0, -2.0, None, math.inf]})
        with pytest.raises(cm.BadInput) as raised:
            Shares.from_flows(flows, "trust", "icb", "patients")
        assert {(problem.column, problem.row) for problem in raised.value.problems} == {
            ("trust", "icb=X"),
            ("patients", "trust=A, icb=X"),
            ("patients", "trust=B, icb=X"),
            ("patients", "trust=C, icb=X"),
        }

    def test_one_flow_below_zero_is_refused_beside_a_larger_one(self, make) -> None:
        for flows in ([5.0, -2.0], [-2.0, 5.0]):
            with pytest.raises(cm.BadInput) as raised:
                Shares.from_flows(make({"trust": ["A"] * 2, "icb": ["X"] * 2, "n": flows}), "trust", "icb", "n")
            assert [(each.row, each.value) for each in raised.value.problems] == [("trust=A, icb=X", -2.0)]
        nothing = make({"trust": ["A", "A", "A"], "icb": ["X", "Y", "Y"], "n": [5.0, 0.0, 0.0]})
        assert Shares.from_flows(nothing, "trust", "icb", "n") == Shares({"A": {"X": 1.0}})


BOUNDED = {
    "organisation": ["RT1", "RYK"],
    "caseload": [None, 400.0],
    "caseload_lower": [1_000.0, 398.0],
    "caseload_upper": [1_004.0, 402.0],
}


@every_table
class TestBounds:
    def test_they_are_shared_out_as_values_are(self, make) -> None:
        # RT1 lies from 1,000 to 1,004: a quarter of it from 250 to 251, three quarters from 750 to 753.
        result = sorted_by(cells(to_icbs(make(BOUNDED), SHARES)), "icb")
        assert result == {
            "icb": ["QH8", "QUE"],
            "caseload": [None, None],
            "caseload_lower": [250.0, 750.0 + 398.0],
            "caseload_upper": [251.0, 753.0 + 402.0],
        }

    def test_a_measure_takes_its_bounds_along(self, make) -> None:
        table = make({**BOUNDED, "contacts": [1.0, 2.0]})
        expected = ["icb", "caseload", "caseload_lower", "caseload_upper"]
        assert list(cells(to_icbs(table, SHARES, measures=["caseload"]))) == expected
        assert list(cells(to_icbs(table, SHARES, measures=["contacts"]))) == ["icb", "contacts"]
        with refused("measures", "caseload_lower", names="caseload"):
            to_icbs(table, SHARES, measures=["caseload_lower"])

    def test_no_end_stays_no_end(self, make) -> None:
        table = make({**BOUNDED, "caseload_upper": [None, 402.0]})
        result = sorted_by(cells(to_icbs(table, SHARES)), "icb")
        assert result["caseload_lower"] == [250.0, 1_148.0]
        assert result["caseload_upper"] == [None, None]

    def test_two_places_that_become_one_are_one_row(self, make) -> None:
        # 24,150 and 21,990, each rounded to 5: together 46,140, from 46,136 to 46,144.
        table = {
            "icb": ["QMJ", "QRV"], "icb_name": ["North Central", "North West"], "period": ["2024-06"] * 2,
            "open_referrals": [24_150.0, 21_990.0], "open_referrals_lower": [24_148.0, 21_988.0],
            "open_referrals_upper": [24_152.0, 21_992.0],
        }  # fmt: skip
        whole = Shares.lookup({"QMJ": "Z9B2Z", "QRV": "Z9B2Z"})
        assert cells(apportion(make(table), whole, by="icb", to="icb")) == {
            "icb": ["Z9B2Z"], "period": ["2024-06"], "open_referrals": [46_140.0],
            "open_referrals_lower": [46_136.0], "open_referrals_upper": [46_144.0],
        }  # fmt: skip

    def test_people_go_by_proportionate_flow_where_they_are_asked_for(self, make) -> None:
        # Trust A treats 75% of X's patients and all of Y's: 0.75 x 800 + 400 people.
        flows = Shares({"X": {"A": 0.75, "B": 0.25}, "Y": {"A": 1.0}})
        people = make({"icb": ["X", "Y"], "registered_population": [800, 400], "weighted_population": [400, 800]})
        result = sorted_by(cells(apportion(people, flows, by="icb", to="trust", populations=True)), "trust")
        assert result == {
            "trust": ["A", "B"], "registered_population": [1_000.0, 200.0], "weighted_population": [1_100.0, 100.0],
        }  # fmt: skip


@few_examples
@given(shares(), trusts(), st.integers(0, 5), st.booleans())
def test_bounds_hold_the_value_and_add_to_what_they_were(by_shares, table, slack, integers) -> None:
    table["contacts_lower"] = (table["contacts"] - slack).clip(lower=table["face_to_face_contacts"])
    table["contacts_upper"] = table["contacts"] + slack
    result = to_icbs(table, by_shares, integers=integers, measures=["contacts", "face_to_face_contacts"])
    assert (result["contacts_lower"] <= result["contacts"] * (1 + 1e-9)).all()
    assert (result["contacts"] <= result["contacts_upper"] * (1 + 1e-9)).all()
    if integers:
        assert (result["contacts_lower"] % 1 == 0).all()
        assert (result["contacts_upper"] % 1 == 0).all()
    else:
        for end in ("contacts_lower", "contacts_upper"):
            before, after = totals(table, end), totals(result, end)
            assert after == pytest.approx(before)


@every_eager
class TestInMemory:
    def test_groups_come_as_they_first_appear(self, make) -> None:
        result = cells(to_icbs(make(TRUSTS), SHARES))
        assert list(zip(result["team_type"], result["icb"], strict=True)) == [
            ("Generic CMHTs", "QH8"), ("Generic CMHTs", "QUE"), ("CRHT", "QH8"), ("CRHT", "QUE"),
        ]  # fmt: skip

    def test_places_without_shares_are_named(self, make) -> None:
        table = make({**TRUSTS, "organisation": ["RT1", "RYX", "RT9"]})
        with refused(
            problem("organisation", "RT9", expected="a place", names="uncovered='keep'"),
            problem("organisation", "RYX", expected="a place", names="uncovered='keep'", suggests="RYK"),
        ):
            to_icbs(table, SHARES)

    def test_whole_numbers_stay_whole(self, make) -> None:
        table = make({"organisation": ["RT1", "RYK"], "contacts": [7, 2]})
        shares = Shares({"RT1": {"A": 0.2, "B": 0.4, "C": 0.4}, "RYK": {"A": 1.0}})
        # 3.4, 2.8 and 2.8: the two that are missing from 7 + 2 go to the larger remainders.
        assert cells(to_icbs(table, shares, integers=True)) == {"icb": ["A", "B", "C"], "contacts": [3.0, 3.0, 3.0]}

    def test_equal_remainders_go_by_name(self, make) -> None:
        table = make({"organisation": ["RT1"], "contacts": [3]})
        shares = Shares({"RT1": {"B": 0.25, "A": 0.25, "D": 0.25, "C": 0.25}})
        assert cells(to_icbs(table, shares, integers=True))["contacts"] == [1.0, 1.0, 1.0, 0.0]

    def test_parts_stay_within_their_wholes(self, make) -> None:
        # 1.4, 1.8 and 1.8 contacts, of which 1.4, 0.3 and 0.3 face to face: rounded alone those would be 2, 0, 0 of 1, 2, 2.
        table = make({"organisation": ["RT1", "RYK"], "face_to_face_contacts": [2, 0], "contacts": [2, 3]})
        shares = Shares({"RT1": {"A": 0.7, "B": 0.15, "C": 0.15}, "RYK": {"B": 0.5, "C": 0.5}})
        result = cells(to_icbs(table, shares, integers=True))
        assert (result["contacts"], result["face_to_face_contacts"]) == ([1.0, 2.0, 2.0], [1.0, 1.0, 0.0])

    def test_fractions_are_not_whole(self, make) -> None:
        table = make({"organisation": ["RT1", "RYK"], "wte": [7.5, 2.0]})
        with refused("wte", 7.5, row="organisation=RT1", expected="a whole number"):
            to_icbs(table, SHARES, integers=True)

    def test_bad_cells_are_refused(self, make) -> None:
        with refused("contacts", -1, row="organisation=RYK, team_type=Generic CMHTs", expected="zero or more"):
            to_icbs(make({**TRUSTS, "contacts": [1, -1, 1]}), SHARES)
        with refused(None, row="organisation=RT1, team_type=CRHT", expected="once"):
            to_icbs(make({**TRUSTS, "team_type": ["CRHT"] * 3}), SHARES)

    def test_a_row_is_named_by_its_place_and_the_standard_keys(self, make) -> None:
        said = {}
        for place in ("organisation", "trust"):
            wrong = make(
                {(place if name == "organisation" else name): TRUSTS[name] for name in TRUSTS} | {"wte": [1, -1, 1]}
            )
            with pytest.raises(cm.BadInput) as raised:
                apportion(wrong, SHARES, by=place, to="icb")
            said[place] = [(each.column, each.row) for each in raised.value.problems]
        assert said == {each: [("wte", f"{each}=RYK, team_type=Generic CMHTs")] for each in ("organisation", "trust")}
        # Keys that are named are those that a row has to be the only one of.
        with refused(None, row="organisation=RT1", expected="once"):
            to_icbs(make(TRUSTS), SHARES, keys=["organisation"])
        assert len(cells(to_icbs(make({**TRUSTS, "ward": ["1", "2", "3"]}), SHARES, keys=["ward"]))["icb"]) == 5


@every_lazy
class TestLazy:
    def test_whole_numbers_are_refused_before_anything_runs(self, make) -> None:
        with refused("integers", True, expected="a table in memory"):
            to_icbs(make(TRUSTS), SHARES, integers=True)

    def test_places_without_shares_cannot_be_lost(self, make) -> None:
        result = cells(to_icbs(make({**TRUSTS, "organisation": ["RT1", "RT9", None]}), SHARES))
        assert sum(result["contacts"]) == 1_240
        assert sorted(zip(result["icb"], result["contacts"], strict=True))[-2:] == [
            (NOT_COVERED, 40.0), (NOT_COVERED, 400.0),
        ]  # fmt: skip

    def test_sorted_by_its_columns(self, make) -> None:
        assert cells(to_icbs(make(TRUSTS), SHARES))["icb"] == ["QH8", "QH8", "QUE", "QUE"]


def test_a_relation_of_another_connection() -> None:
    connection = duckdb.connect()
    relation = connection.sql("select 'RT1' as organisation, 800 as contacts")
    assert sorted(to_icbs(relation, SHARES).fetchall()) == [("QH8", 200.0), ("QUE", 600.0)]


def test_columns_of_quantities_keep_their_unit_even_where_rows_are_as_many() -> None:
    pytest.importorskip("pint_pandas")
    table = pd.DataFrame({"organisation": ["RT1", "RYK"], "total_cost": pd.Series([0.8, 0.6], dtype="pint[MGBP]")})
    result = to_icbs(table, SHARES)
    assert result["icb"].tolist() == ["QH8", "QUE"]
    assert result["total_cost"].pint.to("GBP").pint.magnitude.tolist() == pytest.approx([200_000, 1_200_000])


def test_codes_as_numbers_and_other_schemas_are_refused_at_once() -> None:
    table = pd.DataFrame({"organisation": [1, 2], "icb": ["A", "B"], "contacts": [1, 2]})
    with refused(
        problem("organisation", "Int64", expected="a text"),
        problem("to", "icb", expected="a name"),
        problem("measures", "contact", expected="a measure", suggests="contacts"),
    ):
        to_icbs(table, SHARES, measures=["contact"])
    with refused("measures", ["organisation"], expected="to add up"):
        to_icbs(pd.DataFrame({"organisation": ["RT1"]}), SHARES)
    with refused("uncovered", "drop", names=("refuse", "keep")):
        to_icbs(pd.DataFrame({"organisation": ["RT1"], "contacts": [1]}), SHARES, uncovered="drop")  # type: ignore[arg-type]


class TestTotals:
    @few_examples
    @given(trusts(), shares())
    def test_are_kept(self, table: pd.DataFrame, by_shares: Shares) -> None:
        result = to_icbs(table, by_shares)
        for measure in ("contacts", "face_to_face_contacts", "total_cost"):
            assert totals(result, measure) == pytest.approx(totals(table, measure), rel=1e-9)

    @few_examples
    @given(trusts(), shares())
    def test_are_kept_to_the_last_unit(self, table: pd.DataFrame, by_shares: Shares) -> None:
        counts = table.drop(columns="total_cost")
        result, exact = to_icbs(counts, by_shares, integers=True), to_icbs(counts, by_shares)
        for measure in ("contacts", "face_to_face_contacts"):
            assert totals(result, measure) == totals(counts, measure)
            assert (result[measure] == np.floor(result[measure])).all()
        assert (abs(result["contacts"] - exact["contacts"]) < 1 + 1e-6).all()
        assert (result["face_to_face_contacts"] <= result["contacts"]).all(), "a part stays within its whole"

    @few_examples
    @given(trusts(), shares(), st.randoms(use_true_random=False))
    def test_do_not_depend_on_the_order_of_rows(self, table: pd.DataFrame, by_shares: Shares, random) -> None:
        order = list(range(len(table)))
        random.shuffle(order)
        counts = table.drop(columns="total_cost")
        keys = ["team_type", "icb"]
        one, other = (
            to_icbs(each, by_shares, integers=True).sort_values(keys, ignore_index=True)
            for each in (counts, counts.iloc[order])
        )
        pd.testing.assert_frame_equal(one, other)

    @few_examples
    @given(trusts(), shares())
    def test_engines_agree(self, table: pd.DataFrame, by_shares: Shares) -> None:
        counts = table.drop(columns="total_cost")
        pandas, polars = (to_icbs(each, by_shares, integers=True) for each in (counts, pl.from_pandas(counts)))
        assert cells(pandas) == cells(polars)


class TestRoundTrips:
    @few_examples
    @given(trusts())
    def test_identity_changes_nothing(self, table: pd.DataFrame) -> None:
        identity = Shares.lookup({place: place for place in FROM})
        result = apportion(table, identity, by="organisation", to="organisation")
        keys = ["organisation", "team_type"]
        expected = table.astype({"contacts": float, "face_to_face_contacts": float})
        pd.testing.assert_frame_equal(
            result.sort_values(keys, ignore_index=True), expected.sort_values(keys, ignore_index=True)
        )

    @few_examples
    @given(trusts())
    def test_one_place_is_the_total(self, table: pd.DataFrame) -> None:
        result = to_icbs(table, Shares.lookup(dict.fromkeys(FROM, "England")))
        assert totals(result, "total_cost") == pytest.approx(totals(table, "total_cost"))
        assert len(result) == table["team_type"].nunique()

    @few_examples
    @given(trusts(), shares())
    def test_merging_before_is_merging_after(self, table: pd.DataFrame, by_shares: Shares) -> None:
        merged = [place for place in ("Q0", "Q1") if place in by_shares.to_places]
        before = to_icbs(table, by_shares.merge(merged, into="Q0") if merged else by_shares)
        after = to_icbs(table, by_shares)
        after = after.assign(icb=after["icb"].replace({"Q1": "Q0"} if merged else {}))
        keys = ["team_type", "icb"]
        after = after.groupby(keys, as_index=False)[["contacts", "face_to_face_contacts", "total_cost"]].sum()
        before = before.sort_values(keys, ignore_index=True)[list(after.columns)]
        pd.testing.assert_frame_equal(before, after, check_dtype=False, rtol=1e-9, atol=1e-6)

    @few_examples
    @given(trusts(), shares(), shares(TO, ["Y1", "Y2"]))
    def test_two_apportionments_are_one(self, table: pd.DataFrame, first: Shares, second: Shares) -> None:
        once = apportion(table, first.then(second), by="organisation", to="region")
        twice = apportion(to_icbs(table, first), second, by="icb", to="region")
        keys = ["team_type", "region"]
        once, twice = (each.sort_values(keys, ignore_index=True) for each in (once, twice))
        pd.testing.assert_frame_equal(once, twice[list(once.columns)], rtol=1e-9, atol=1e-6)

    @few_examples
    @given(shares(), st.lists(st.integers(1, 10**6), min_size=4, max_size=4))
    def test_the_reverse_brings_the_amounts_back(self, by_shares: Shares, amounts: list[int]) -> None:
        table = pd.DataFrame({"organisation": FROM, "contacts": amounts})
        back = by_shares.reverse(dict(zip(FROM, amounts, strict=True)))
        result = apportion(to_icbs(table, by_shares), back, by="icb", to="organisation")
        found = dict(zip(result["organisation"], result["contacts"], strict=True))
        assert found == pytest.approx(dict(zip(FROM, amounts, strict=True)), rel=1e-9)

    def test_shares_as_a_table_and_back(self) -> None:
        assert Shares.given(SHARES.to_pandas()) == SHARES
        assert pickle.loads(pickle.dumps(SHARES)) == SHARES
        assert hash(Shares({"A": {"X": 1.0, "Y": 0.0}})) == hash(Shares({"A": {"X": 1}}))


class TestShares:
    def test_every_place_that_does_not_add_to_one_is_named(self) -> None:
        with refused(
            problem("share", 0.9, row="from_place=A", expected="to add up", names=("0.1", "uncovered='keep'")),
            problem("share", 1.25, row="from_place=B", expected="to add up", names="0.25"),
            problem("share", 0.0, row="from_place=D", expected="to add up", names=(1, "uncovered='keep'")),
        ):
            Shares({"A": {"X": 0.5, "Y": 0.4}, "B": {"X": 0.75, "Y": 0.5}, "C": {"X": 1.0}, "D": {}})

    def test_what_is_not_covered_can_be_kept_but_not_what_is_over_covered(self) -> None:
        assert Shares({"A": {"X": 0.75}}, uncovered="keep").of("A") == {"X": 0.75, NOT_COVERED: 0.25}
        with refused("share", 1.25, row="from_place=B", expected="to add up", names=1):
            Shares({"A": {"X": 0.75}, "B": {"X": 0.75, "Y": 0.5}}, uncovered="keep")

    def test_cells_that_are_no_shares(self) -> None:
        with pytest.raises(cm.BadInput) as raised:
            Shares({"A": {"X": -0.1, "Y": 60.0}, "B": {"X": math.nan}, 7: {"X": 1.0}, "C": {"": 1.0}})  # type: ignore[dict-item]
        assert [(problem.column, problem.row) for problem in raised.value.problems] == [
            ("share", "from_place=A, to_place=X"),
            ("share", "from_place=A, to_place=Y"),
            ("share", "from_place=B, to_place=X"),
            ("from_place", None),
            ("to_place", None),
        ]
        with refused("shares", {}, expected="at least one"):
            Shares({})

    def test_shares_in_whole_per_cents_are_scaled_where_asked(self) -> None:
        thirds = {"A": {"X": 0.33, "Y": 0.33, "Z": 0.33}}
        with refused("share", 0.99, row="from_place=A", expected="to add up", names=("0.01", "uncovered")):
            Shares(thirds)
        assert list(Shares(thirds, tolerance=0.02).of("A").values()) == pytest.approx([1 / 3] * 3, rel=1e-15)
        with refused("tolerance", 2, expected="a proportion"):
            Shares(thirds, tolerance=2)

    @pytest.mark.parametrize("uncovered", ["refuse", "keep"])
    def test_what_just_adds_is_accepted(self, uncovered: Uncovered) -> None:
        # As far from 1 as is allowed, in numbers that floats hold exactly: scaled, so that nothing is left to keep.
        for row in ({"X": 0.25, "Y": 0.5}, {"X": 0.5, "Y": 0.75}):
            total = sum(row.values())
            found = Shares({"A": row}, tolerance=0.25, uncovered=uncovered).of("A")
            assert found == {place: share / total for place, share in row.items()}
        assert Shares({"A": {"X": 1.0, "Y": 0.0}}, tolerance=0, uncovered=uncovered).of("A") == {"X": 1.0}

    def test_a_whole_share_may_exceed_one_by_rounding(self) -> None:
        assert Shares({"A": {"X": 1 + ROUNDING}}, tolerance=0.25).of("A") == {"X": 1.0}
        with refused("share", 1 + 2 * ROUNDING, row="from_place=A, to_place=X", expected="a proportion"):
            Shares({"A": {"X": 1 + 2 * ROUNDING}}, tolerance=0.25)

    def test_a_flow_without_end_is_named_beside_one_of_nothing(self) -> None:
        flows = pd.DataFrame({"trust": ["A"] * 2, "icb": ["X"] * 2, "n": [0.0, math.inf]})
        with refused("n", math.inf, row="trust=A, icb=X", expected="a finite number"):
            Shares.from_flows(flows, "trust", "icb", "n")

    def test_what_is_not_covered_is_added_to_what_was(self) -> None:
        kept = Shares({"A": {"X": 0.5, NOT_COVERED: 0.25}}, uncovered="keep")
        assert kept.of("A") == {"X": 0.5, NOT_COVERED: 0.5}
        assert kept.then(Shares.lookup({"X": "Z"})).of("A") == {"Z": 0.5, NOT_COVERED: 0.5}

    def test_a_place_that_nothing_was_received_from_may_be_turned_round(self) -> None:
        # All of QUE is then RYK's; QH8, to which RT1 alone leads, is merged away.
        assert SHARES.merge(["QUE", "QH8"], into="QUE").reverse({"RT1": 0, "RYK": 3}) == Shares({"QUE": {"RYK": 1.0}})

    def test_a_total_is_shown_to_twelve_digits(self) -> None:
        with pytest.raises(cm.BadInput) as raised:
            Shares({"A": {"X": 1 / 3, "Y": 1 / 3}})
        assert raised.value.problems[0].value == 0.666666666667

    def test_unknown_places(self) -> None:
        with refused("place", "RT2", expected="a place", suggests="RT1"):
            SHARES.of("RT2")
        with refused("from_place", "QH8", expected="there"):
            SHARES.then(Shares.lookup({"QUE": "Y61"}))
        with refused("places", "QUX", expected="a place", suggests="QUE"):
            SHARES.merge(["QUE", "QUX"], into="Q1")
        with refused("into", "QH8", expected="another name"):
            SHARES.merge(["QUE"], into="QH8")

    def test_a_reverse_needs_every_amount(self) -> None:
        with pytest.raises(cm.BadInput) as raised:
            SHARES.reverse({"RT1": -1, "RYX": 3})
        assert [(problem.column, problem.row, problem.value) for problem in raised.value.problems] == [
            ("amounts", "RT1", -1), ("amounts", "RYK", None), ("amounts", None, "RYX"),
        ]  # fmt: skip
        with refused("to_place", "QH8", names="uncovered"):
            SHARES.reverse({"RT1": 0, "RYK": 3})

    def test_what_is_not_covered_stays_so(self) -> None:
        kept = Shares({"A": {"X": 0.75}}, uncovered="keep")
        assert kept.then(Shares.lookup({"X": "Y"})).of("A") == {"Y": 0.75, NOT_COVERED: 0.25}


class TestLargestRemainder:
    def test_against_the_bill_of_1792(self) -> None:
        """The United States census of 1790 and the 120 seats of Hamilton's bill of 1792 (Balinski and Young, Fair Representation)."""
        people = {
            "Connecticut": (236_841, 8), "Delaware": (55_540, 2), "Georgia": (70_835, 2), "Kentucky": (68_705, 2),
            "Maryland": (278_514, 9), "Massachusetts": (475_327, 16), "New Hampshire": (141_822, 5),
            "New Jersey": (179_570, 6), "New York": (331_589, 11), "North Carolina": (353_523, 12),
            "Pennsylvania": (432_879, 14), "Rhode Island": (68_446, 2), "South Carolina": (206_236, 7),
            "Vermont": (85_533, 3), "Virginia": (630_560, 21),
        }  # fmt: skip
        counts = np.array([count for count, _ in people.values()], dtype=float)
        seats = largest_remainder(counts / counts.sum() * 120, np.zeros(15, dtype=int), np.arange(15))
        assert seats.tolist() == [seats for _, seats in people.values()]

    def test_a_part_stays_within_its_whole(self) -> None:
        one = np.zeros(3, dtype=int)
        whole = largest_remainder(np.array([1.4, 1.8, 1.8]), one, np.arange(3))
        assert whole.tolist() == [1, 2, 2]
        # By itself the part would be 2, 0, 0: more than the whole of the first.
        part = np.array([1.4, 0.3, 0.3])
        assert largest_remainder(part, one, np.arange(3)).tolist() == [2, 0, 0]
        assert largest_remainder(part, one, np.arange(3), whole).tolist() == [1, 1, 0]

    def test_sums_that_just_miss_a_whole_number(self) -> None:
        amounts = np.array([0.1 + 0.2 + 2.7 - 1e-9, 0.5 + 1e-10, 0.5])
        assert largest_remainder(amounts, np.zeros(3, dtype=int), np.array([2, 1, 0])).tolist() == [3, 0, 1]

    @pytest.mark.parametrize(("apart", "first"), [(4e-7, [0, 1]), (4e-6, [1, 0])])
    def test_remainders_that_agree_to_six_digits_are_equal(self, apart: float, first: list[int]) -> None:
        # 0.5000002 and 0.4999998 go by their order; of 0.500002 and 0.499998 the first is larger.
        amounts = np.array([0.5 + apart / 2, 0.5 - apart / 2])
        assert largest_remainder(amounts, np.zeros(2, dtype=int), np.array([1, 0])).tolist() == first

    def test_missing_stays_missing(self) -> None:
        result = largest_remainder(np.array([1.5, math.nan, 1.5]), np.zeros(3, dtype=int), np.arange(3))
        assert result[[0, 2]].tolist() == [2, 1]
        assert math.isnan(result[1])

    def test_a_part_that_is_missing_elsewhere_never_hangs(self) -> None:
        result = largest_remainder(
            np.array([0.6, math.nan]), np.zeros(2, dtype=int), np.arange(2), np.array([0.0, 2.0])
        )
        assert result[0] == 0


def test_a_sparse_national_matrix() -> None:
    """Trusts that each serve three ICBs, all team types, over a year: 72,000 rows."""
    generator = np.random.default_rng(2017)
    icbs, trusts_ = [f"Q{number:02}" for number in range(42)], [f"R{number:03}" for number in range(500)]
    held = {}
    for trust in trusts_:
        weight = generator.integers(1, 100, 3)
        to = generator.choice(icbs, 3, replace=False)
        held[trust] = dict.fromkeys(icbs, 0.0) | dict(zip(to, weight / weight.sum(), strict=True))
    by_shares = Shares(held)
    assert len(by_shares) == 1_500
    kinds, months = [kind.label for kind in cm.TeamType], [f"2016-{month:02}" for month in range(1, 13)]
    table = pd.DataFrame(
        {
            "organisation": np.repeat(trusts_, 144),
            "team_type": np.tile(np.repeat(kinds, 12), 500),
            "period": np.tile(months, 6_000),
            "contacts": generator.integers(0, 5_000, 72_000),
        }
    )
    result = to_icbs(table, by_shares, integers=True)
    keys = ["team_type", "period"]
    assert len(result) == 42 * 144
    assert (result.groupby(keys)["contacts"].sum() == table.groupby(keys)["contacts"].sum()).all()


@official_data.needed("icb_allocations_2025_26.csv")
def test_published_practices() -> None:
    """6,348 practices in 42 ICBs and 7 regions, had trusts the catchments of local authorities."""
    practices = pd.read_csv(
        ALLOCATIONS, encoding="utf-8-sig", usecols=["Practice_Code", "ICB", "Rcode", "LAD", "Population"]
    )
    to_icb = Shares.from_populations(practices, "LAD", "ICB", "Population", place="Practice_Code")
    people = practices.groupby("LAD")["Population"].sum()
    crossing = (practices.groupby("LAD")["ICB"].nunique() > 1).sum()
    assert len(to_icb.from_places) == practices["LAD"].nunique()
    assert sum(len(to_icb.of(place)) > 1 for place in to_icb.from_places) == crossing
    # A measure that is spread as people are comes to each ICB as its people do.
    authorities = pd.DataFrame({"organisation": people.index, "contacts": people.to_numpy()})
    by_icb = apportion(authorities, to_icb, by="organisation", to="icb").set_index("icb")["contacts"]
    expected = practices.groupby("ICB")["Population"].sum()
    assert by_icb.to_dict() == pytest.approx(expected.to_dict(), rel=1e-9)
    regions = to_icb.then(Shares.lookup(dict(zip(practices["ICB"], practices["Rcode"], strict=True))))
    direct = Shares.from_populations(practices, "LAD", "Rcode", "Population", place="Practice_Code")
    assert [row[:2] for row in regions.rows] == [row[:2] for row in direct.rows]
    assert [row[2] for row in regions.rows] == pytest.approx([row[2] for row in direct.rows])


def test_in_whole_numbers_bounds_are_widened_to_the_next() -> None:
    table = pd.DataFrame({"organisation": ["T"], "caseload": [6.0], "caseload_lower": [5.0], "caseload_upper": [9.0]})
    found = to_icbs(table, Shares({"T": {"A": 0.5, "B": 0.5}}), integers=True)
    # Halves of 6, of 5 and of 9: 3, no fewer than 2.5 and no more than 4.5.
    assert found[["caseload", "caseload_lower", "caseload_upper"]].to_numpy().tolist() == [[3, 2, 5], [3, 2, 5]]
    # Bounds that are their value, and such of a count that is hidden.
    table = table.assign(caseload_lower=6.0, caseload_upper=6.0)
    found = to_icbs(table, Shares({"T": {"A": 0.5, "B": 0.5}}), integers=True)
    assert found[["caseload", "caseload_lower", "caseload_upper"]].to_numpy().tolist() == [[3, 3, 3], [3, 3, 3]]
    found = to_icbs(table.assign(caseload=math.nan), Shares({"T": {"A": 0.5, "B": 0.5}}), integers=True)
    assert found["caseload"].isna().all()
    assert found[["caseload_lower", "caseload_upper"]].to_numpy().tolist() == [[3, 3], [3, 3]]


def test_in_whole_numbers_a_part_has_bounds_too() -> None:
    # Halves of 7 contacts (6 to 9), of which 3 (3 to 4) were face to face.
    table = {"organisation": ["T"], "face_to_face_contacts_lower": [3], "face_to_face_contacts_upper": [4]}
    table |= {"face_to_face_contacts": [3], "contacts": [7], "contacts_lower": [6], "contacts_upper": [9]}
    found = cells(to_icbs(pd.DataFrame(table), Shares({"T": {"A": 0.5, "B": 0.5}}), integers=True))
    assert found == {
        "icb": ["A", "B"], "contacts": [4, 3], "contacts_lower": [3, 3], "contacts_upper": [5, 5],
        "face_to_face_contacts": [2, 1], "face_to_face_contacts_lower": [1, 1], "face_to_face_contacts_upper": [2, 2],
    }  # fmt: skip


def test_whole_numbers_add_up_within_each_group_also_where_a_key_is_missing() -> None:
    # 3 halves twice, in the region and without one: 2 and 1 each, the first place by name served first.
    shares = Shares({each: {"B": 0.5, "A": 0.5} for each in ("R1", "R2", "R3")})
    table = {"organisation": ["R1", "R2", "R3"], "region": ["Y1", None, math.nan], "contacts": [3, 2, 1]}
    region = [pd.array(["Y1", None, None], dtype=dtype) for dtype in ("string", "string[pyarrow]")]
    new = [pd.DataFrame(table | {"region": each}) for each in region]
    for frame in (pd.DataFrame(table), pl.DataFrame(table | {"region": ["Y1", None, None]}), *new):
        found = sorted_by(cells(to_icbs(frame, shares, integers=True)), "icb", "contacts")
        assert found["icb"] == ["A", "A", "B", "B"]
        assert found["contacts"] == [2, 2, 1, 1]


@pytest.mark.parametrize(
    ("call", "argument", "value"),
    [
        (lambda table: apportion(table, SHARES, by="organization", to="icb"), "by", "organization"),
        (lambda table: to_icbs(table, SHARES, also=["people"]), "also", "people"),
        (lambda table: Shares.from_flows(table, "trust", "organisation", "contacts"), "table", "trust"),
        (lambda table: Shares.from_populations(table, "organisation", "team_type", place="gp"), "place", "gp"),
        (lambda table: Shares.given(table, "organisation", "team_type", "part"), "table", "part"),
    ],
)
def test_a_column_that_is_not_there_is_told_by_the_argument_that_named_it(call, argument: str, value: str) -> None:
    with pytest.raises(cm.BadInput) as raised:
        call(pd.DataFrame(TRUSTS))
    assert [(problem.column, problem.value) for problem in raised.value.problems] == [(argument, value)]


@each(ALL)
@pytest.mark.parametrize(("values", "kind"), [(["a", "b", "c"], "String"), ([True, False, True], "Boolean")])
def test_what_is_no_number_is_not_shared_out(make: Any, values: list[Any], kind: str) -> None:
    table = make({"organisation": ["RT1", "RT2", "RT3"], "contacts": [1, 2, 3], "note": values})
    with refused("note", kind, expected="a number"):
        apportion(table, SHARES, by="organisation", to="icb", uncovered="keep", also=["note"])


def test_what_are_no_choices_are_told_by_their_arguments() -> None:
    for choices in ({"uncovered": "drop"}, {"tolerance": 1}, {"tolerance": -0.1}, {"tolerance": math.nan}):
        (argument,) = choices
        with pytest.raises(cm.BadInput) as raised:
            Shares({"A": {"X": 1.0}}, **choices)
        assert [problem.column for problem in raised.value.problems] == [argument]
    with pytest.raises(cm.BadInput) as raised:
        Shares({}, uncovered="drop", tolerance=2)  # type: ignore[arg-type]
    assert [problem.column for problem in raised.value.problems] == ["uncovered", "tolerance", "shares"]
