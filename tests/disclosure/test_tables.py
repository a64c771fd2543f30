"""Suppression of tables of every engine, and the methods that need the whole table at once."""

from __future__ import annotations

import math

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cmhs_metrics as cm
from cmhs_metrics.disclosure import NHS, Rule, attack, protect, published_table, suppress, suppress_table, suppression
from tests.support.budgets import examples
from tests.support.engines import ALL, EAGER, LAZY, cells
from tests.support.refusals import problem, raised, refused

every_engine = pytest.mark.parametrize("make", ALL.values(), ids=ALL)
every_eager = pytest.mark.parametrize("make", EAGER.values(), ids=EAGER)
every_lazy = pytest.mark.parametrize("make", LAZY.values(), ids=LAZY)
RULES = [
    NHS,
    Rule(rounding=1),
    Rule(suppress_zero=False),
    Rule(threshold=10, rounding=10),
    Rule(threshold=0, rounding=5, width=1),
    Rule(threshold=3, rounding=1, suppress_zero=False),
]
TEAMS = {
    "icb": ["Fens", "Fens", "Fens", "Hills", "Hills", "Hills"],
    "team": ["Adult", "Crisis", "Older"] * 2,
    "caseload": [40, 3, 22, 31, 18, 12],
}


class TestSuppressTable:
    # The expressions of a rule are one code for all engines: each rule in memory and in a query, each engine by one rule.
    @pytest.mark.parametrize(
        ("make", "rule"),
        [
            pytest.param(make, rule, id=f"{name}-{rule}")
            for name, make in ALL.items()
            for rule in (RULES if name in ("pandas", "duckdb") else RULES[:1])
        ],
    )
    def test_is_the_suppression_of_each_column(self, make, rule: Rule) -> None:
        counts = [*range(27), None, 108]
        result = cells(suppress_table(make({"caseload": counts, "total_cost": counts}), rule=rule))
        expected = suppression(pd.Series(counts, dtype="float64"), rule).to_frame()
        for name, column in {"caseload": "value", "caseload_lower": "lower", "caseload_upper": "upper"}.items():
            assert result[name] == [None if np.isnan(each) else each for each in expected[column]]
        assert list(result) == ["caseload", "caseload_lower", "caseload_upper", "total_cost"]
        assert result["total_cost"] == counts

    @every_engine
    def test_goes_through_sums_and_metrics(self, make) -> None:
        table = make(TEAMS | {"contacts": [400, 30, 220, 310, 180, 120]})
        people = make({"icb": ["Fens", "Hills"], "registered_population": [10_000, 10_000]})
        result = cells(cm.aggregate(suppress_table(table), by="icb", populations=people))
        fens, hills = result["icb"].index("Fens"), result["icb"].index("Hills")
        # 40 is 38 to 42, the sign 0 to 4, and 20 is 18 to 22; 30, 20 and 10 are 52 to 68 ... and 60 as published.
        assert [result[f"caseload{end}"][fens] for end in ("", "_lower", "_upper")] == [None, 38 + 0 + 18, 42 + 4 + 22]
        assert [result[f"caseload{end}"][hills] for end in ("", "_lower", "_upper")] == [60, 54, 66]
        assert result["caseload_per_100k_registered"][fens] is None
        assert result["caseload_per_100k_registered_lower"][fens] == pytest.approx(560)
        assert result["caseload_per_100k_registered_upper"][fens] == pytest.approx(680)

    @examples(8)
    @given(
        rows=st.lists(st.tuples(st.sampled_from("AB"), st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=8)
    )
    def test_the_truth_lies_between_the_bounds(self, rows) -> None:
        table = pd.DataFrame(rows, columns=["icb", "referrals_accepted", "referrals"])
        table["referrals"] += table["referrals_accepted"]
        truth = cm.aggregate(table, by="icb")
        known = cm.aggregate(suppress_table(table), by="icb")
        for name in ("referrals", "referrals_accepted", "referral_acceptance_rate"):
            there = truth[name].notna()
            assert (known[f"{name}_lower"] <= truth[name] + 1e-12)[there].all()
            assert (known[f"{name}_upper"] >= truth[name] - 1e-12)[there].all()

    @every_lazy
    def test_a_query_stays_one(self, make) -> None:
        assert isinstance(nw.from_native(suppress_table(make(TEAMS))), nw.LazyFrame)

    def test_every_problem_at_once(self) -> None:
        table = pd.DataFrame({"caseload": [-1, 2.5, 7], "contacts": [1, 2, np.inf]})
        with refused(
            problem("caseload", -1.0, row="1st row", expected="zero or more"),
            problem("caseload", 2.5, row="2nd row", expected="a whole number"),
            problem("contacts", math.inf, row="3rd row", expected="a whole number"),
        ):
            suppress_table(table)
        with refused(
            problem("caseload_lower", expected="another name"),
            problem("caseload_upper", expected="another name"),
            problem("contacts_lower", expected="another name"),
            problem("contacts_upper", expected="another name"),
        ):
            suppress_table(suppress_table(table.abs().replace({2.5: 2, np.inf: 3})))
        with refused("measures", "caselod", suggests="caseload"):
            suppress_table(table, ["caselod"])
        with refused("measures", ["total_cost"], expected=("a measure", "at least one")):
            suppress_table(pd.DataFrame({"total_cost": [1]}))


def test_a_table_is_no_column() -> None:
    with raised(TypeError, "counts", "DataFrame", "suppress_table"):
        suppress(pd.DataFrame(TEAMS))


@every_engine
def test_a_column_of_any_query(make) -> None:
    frame = nw.from_native(make({"caseload": [3, 12, 13, 0, None, 108]}))
    result = cells(frame.with_columns(suppress(nw.col("caseload"))).select("suppressed").to_native())
    assert result["suppressed"] == [None, 10, 15, None, None, 110]


class TestTheWholeTableAtOnce:
    @every_eager
    def test_the_same_table_of_any_kind(self, make) -> None:
        table = make(TEAMS)
        result = protect(table, ["icb", "team"], "caseload", rule=Rule(rounding=1))
        expected = protect(pd.DataFrame(TEAMS), ["icb", "team"], "caseload", rule=Rule(rounding=1))
        assert type(result.to_frame()) is type(table)
        assert cells(result.to_frame()) == cells(expected.to_frame())
        shown = result.display()
        assert type(shown) is type(table)
        plain = shown.reset_index() if isinstance(shown, pd.DataFrame) else shown
        assert cells(plain) == cells(expected.display().reset_index())
        found = attack(result)
        assert type(found.cells) is type(found.fallen) is type(table)
        assert cells(found.cells) == cells(attack(expected).cells)

    @every_eager
    def test_what_others_published(self, make) -> None:
        table = make({"team": ["North", "South", "All"], "caseload": ["20", "*", "23"]})
        published = published_table(
            table, ["team"], "caseload", {"team": {"North": "All", "South": "All"}}, rule=Rule(rounding=1)
        )
        found = attack(published)
        assert cells(found.fallen)["lower"] == [3]
        assert type(found.fallen) is type(table)

    @every_lazy
    def test_a_query_is_refused_before_anything_starts(self, make) -> None:
        with raised(TypeError, "protect", "collect"):
            protect(make(TEAMS), ["icb", "team"], "caseload")
        with raised(TypeError, "attack", "collect"):
            published_table(make(TEAMS), ["icb", "team"], "caseload", {})

    def test_an_arrow_table_stays_one(self) -> None:
        table = pa.table(TEAMS)
        assert isinstance(protect(table, ["icb", "team"], "caseload").to_frame(), pa.Table)
        assert isinstance(protect(pl.from_arrow(table), ["icb", "team"], "caseload").display(), pl.DataFrame)
