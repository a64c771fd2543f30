"""Disclosure control at its edges: who is named, bases without a short decimal form, and where columns stand."""

from __future__ import annotations

import io
import math
import sys
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from cmhs_metrics.disclosure import (
    CostRule,
    LinkedTable,
    Rule,
    attack,
    known_rate,
    known_total,
    protect,
    protect_costs,
    published_table,
    round_to,
    suppress,
    suppress_percentage,
    suppress_table,
    suppression,
)
from cmhs_metrics.disclosure.effort import UNLIMITED, Effort
from cmhs_metrics.disclosure.protected_table import record_page
from cmhs_metrics.disclosure.rule import as_fraction
from tests.support.refusals import ANY, problem, raised, refused

EXACT = Rule(rounding=1)


def test_counts_are_named_as_the_argument() -> None:
    for call in (suppress, suppression):
        with refused("counts", -1.0, expected="zero or more"):
            call(np.array([-1.0]))
        with refused("counts", 0.5, row="2nd row", expected="a whole number"):
            call(np.array([3, 0.5]))
    with refused(
        problem("numerator", -1.0, expected="zero or more"), problem("denominator", math.inf, expected="a whole number")
    ):
        suppress_percentage(np.array([-1.0]), np.array([math.inf]))


@pytest.mark.parametrize("wrong", ["x", True], ids=["text", "truths"])
def test_what_is_no_number_is_told_by_its_argument_or_column(wrong: object) -> None:
    column, good = np.array([wrong, wrong]), np.array([10.0, 20.0])
    for call in (suppress, suppression):
        with raised(TypeError, "counts"):
            call(column)
    for argument, given in (("numerator", (column, good)), ("denominator", (good, column))):
        with raised(TypeError, argument):
            suppress_percentage(*given)
    table = pd.DataFrame({"icb": ["A", "B"], "trust": ["C", "D"], "n": column})
    by_key, by_place = (
        [problem("n", wrong, row=row, expected="a whole number") for row in rows]
        for rows in (("icb=A", "icb=B"), ("1st row", "2nd row"))
    )
    with refused(*by_key):
        protect(table, ["icb"], "n")
    with refused(*by_place):
        protect_costs(table, ["icb"], "n", "trust")
    with refused(*by_place):
        suppress_table(table, ["n"])


@pytest.mark.parametrize("engine", [pd.DataFrame, pl.DataFrame], ids=["pandas", "polars"])
@pytest.mark.parametrize("cells", [[Decimal(40), Decimal(3)], [40, None]], ids=["decimals", "None"])
def test_numbers_that_python_or_a_database_wrote_are_counts(engine: Any, cells: list[Any]) -> None:
    column = pd.Series(cells, dtype=object) if engine is pd.DataFrame else pl.Series(cells)
    table = engine({"icb": ["A", "B"], "trust": ["C", "D"], "caseload": column})
    assert suppress_table(table)["caseload_upper"].to_list()[0] == 42
    assert protect(table, ["icb"], "caseload").values[0] == 40
    assert protect_costs(table, ["icb"], "caseload", "trust", rule=CostRule(1, None)).values[0] == 40


@pytest.mark.parametrize("label", ["England", "All ICBs"])
def test_a_row_of_totals_under_another_name_is_not_counted_again(label: str) -> None:
    table = pd.DataFrame({"icb": ["A", "B", label], "trust": ["C", "D", "E"], "n": [40, 20, 60]})
    for totals in ({}, {"icb": None}):
        with refused("icb", label, expected="counted once"):
            protect(table, ["icb"], "n", totals=totals)
        with refused("icb", label, expected="counted once"):
            protect_costs(table, ["icb"], "n", "trust", totals=totals)
    with refused("trust", label, expected="counted once"):
        protect_costs(table.assign(icb="A", trust=table["icb"]), ["icb"], "n", "trust")
    assert max(protect(table.assign(n=[40, 20, 65]), ["icb"], "n").values) == 125


def test_a_text_in_a_query_is_told_by_its_column_before_it_is_run() -> None:
    with refused("caseload", "String", expected="a number"):
        suppress_table(pl.LazyFrame({"caseload": ["*"]}))
    empty = suppress_table(pl.LazyFrame({"caseload": [None]})).collect()
    assert empty["caseload_upper"].to_list() == [None]


def test_groups_stand_on_the_index_of_their_numbers() -> None:
    numbers = pd.Series([1.0, 2.0], index=["x", "y"])
    with raised(ValueError, "lower", "by", "indexes"):
        known_total(numbers, numbers, by=pd.Series(["a", "b"], index=["x", "z"]))
    assert known_total(numbers, numbers, by=pd.Series(["a", "b"], index=["x", "y"])).lower.tolist() == [1, 2]
    with raised(ValueError, "by", "2"):
        known_total(numbers, numbers, by=np.array(["a"]))


def test_over_what_has_no_greatest_a_rate_may_be_next_to_nothing() -> None:
    assert known_rate(3, 4, 10, math.nan) == (0, 0.4)
    assert known_rate(3, 4, 10, math.nan, scale=100, part=True) == (0, 40)
    assert known_rate(4, 4, 8, 8, scale=1_000) == (500, 500)


def test_bounds_of_the_denominator_are_looked_at_too() -> None:
    with refused("denominator_lower", 10.0, row="1st row", expected="no more than", names=("denominator_upper", "5")):
        known_rate(1, 2, 10, 5)
    with refused("denominator_lower", row="2nd row"):
        known_rate(np.array([1.0, 1]), np.array([2.0, 2]), np.array([10, math.nan]), np.array([10.0, 12]))


def test_bases_that_no_short_decimal_writes() -> None:
    for value, times in ((0.16, 0), (0.17, 1), (0.34, 1), (0.51, 2), (1.0, 3)):
        assert round_to(value, base=1 / 3) == pytest.approx(times / 3)
    # Of a base of three halves, or three tenths, halves are three quarters and three twentieths.
    assert [round_to(value, base=1.5) for value in (0.74, 0.75, 2.2, 2.25, 4)] == [0, 1.5, 1.5, 3, 4.5]
    assert [round_to(value, base=0.3) for value in (0.14, 0.15, 0.44, 0.45)] == pytest.approx([0, 0.3, 0.3, 0.6])
    assert [round_to(value, base=0.001) for value in (0.0004, 0.0005, 0.0125)] == [0, 0.001, 0.013]
    # A millionth is the last that is written.
    assert [as_fraction(base) for base in (0.1, 1e-6, 1e-7)] == [(1, 10), (1, 1_000_000), (1e-7, 1)]


class TestPublished:
    def test_levels_stand_beside_their_labels(self) -> None:
        table = pd.DataFrame(
            {"practice": list("abcd"), "icb": ["Q", "Q", "R", "R"], "month": ["April"] * 4, "n": [9, 20, 30, 41]}
        )
        protected = protect(
            table, ["practice", "month"], "n", hierarchies={"practice": ["icb"]}, totals={"month": None}, rule=EXACT
        )
        frame = protected.to_frame()
        assert frame.columns.tolist() == [
            "practice", "practice_level", "month", "n", "kind", "lower", "upper", "display",
        ]  # fmt: skip
        assert frame["practice_level"].tolist() == ["practice"] * 4 + ["icb"] * 2 + ["Total"]
        assert protected.suppressed == 0
        assert frame["lower"].tolist() == frame["upper"].tolist() == [9, 20, 30, 41, 29, 71, 100]
        assert "<dd>no other table</dd>" in protected.record_html()

    def test_what_is_published_is_read_or_refused(self) -> None:
        parents = {"team": {"North": "All", "South": "All"}}
        table = pd.DataFrame({"team": ["North", "South", "All"], "n": ["20", " * ", None]})
        taken = published_table(table, ["team"], "n", parents)
        assert taken.to_frame()["kind"].tolist() == ["rounded to 5", "suppressed", "missing"]
        assert taken.to_frame()["display"].tolist() == ["20", "*", ""]
        unrounded = published_table(
            table.assign(n=[3, "*", 7]), ["team"], "n", parents, exact={"team": ["North", "South", "All"]}
        )
        assert unrounded.to_frame()["kind"].tolist() == ["exact", "suppressed", "exact"]
        for wrong in ("about 20", 3, -5, 20.5, True, math.inf):
            with refused("n", wrong, row="team=North"):
                published_table(table.assign(n=pd.Series([wrong, "*", None], dtype=object)), ["team"], "n", parents)
        with refused("dimensions", expected="at least one"):
            published_table(table, [], "n", {})
        with refused(
            problem("parents", "tean", suggests="team"), problem("exact", "month", names="team"),
            problem("parents", "East", expected=()), problem("parents", "England", expected=()),
        ):  # fmt: skip
            published_table(table, ["team"], "n", {"team": {"East": "England"}, "tean": {}}, exact={"month": ["April"]})
        for gone in (None, pd.NA, math.nan):
            with refused("team", row="2nd row", expected="a value"):
                published_table(table.assign(team=["North", gone, "All"]), ["team"], "n", {})

    def test_one_dimension_is_shown_as_one_column(self) -> None:
        taken = published_table(pd.DataFrame({"team": ["b", "a"], "n": [20, "*"]}), ["team"], "n", {}, rule=EXACT)
        assert taken.display().to_dict() == {"n": {"b": "20", "a": "*"}}
        two = pd.DataFrame({"icb": ["Q", "R"], "team": ["b", "a"], "n": [20, 30]})
        shown = published_table(two, ["icb", "team"], "n", {}, rule=EXACT).display()
        # In the order in which they stand, and nothing where there is no row.
        assert shown.columns.tolist() == ["b", "a"]
        assert shown.to_numpy().tolist() == [["20", ""], ["", "30"]]


def test_a_column_of_thousands_is_counted_in_ones() -> None:
    import pint_pandas  # noqa: F401 - makes the type "pint[…]" known

    column = pd.Series([0.003, 12.013, 3], dtype="pint[kpatient]")
    shown = suppress(column)
    assert str(shown.dtype).startswith("pint[patient]")
    assert shown.isna().tolist() == [True, False, False]
    assert shown.pint.magnitude.tolist()[1:] == [12_015, 3_000]
    assert suppression(column).to_frame()["display"].tolist() == ["*", "12015", "3000"]


def test_each_bound_is_named_as_the_argument() -> None:
    names = ("lower", "upper", "denominator_lower", "denominator_upper")
    for at, name in enumerate(names):
        columns = [np.array([each, math.inf if each == at else each]) for each in range(4)]
        with refused(name, math.inf, row="2nd row", expected="zero or more", others=ANY):
            known_rate(*columns)
        if at < 2:
            with refused(name, math.inf, row="2nd row", expected="a finite number", others=ANY):
                known_total(*columns[:2])
    with refused(problem("by", row="2nd row", expected="a value")):
        known_total(np.array([1.0, 2]), np.array([1.0, 2]), by=["a", None])


def test_what_is_out_gives_a_count_of_the_threshold_away_by_itself() -> None:
    """Five are not small: hidden beside ten of fifteen they are told, and another table has told them already."""
    table = pd.DataFrame({"icb": ["A", "B", "All"], "patients": [10, "*", 15]})
    now = published_table(table, ["icb"], "patients", {"icb": {"A": "All", "B": "All"}}, rule=EXACT, complemented=True)
    assert attack(now).cells["falls"].tolist() == [True]
    before = pd.DataFrame({"icb": ["A", "B"], "patients": [10, 5]})
    out = published_table(before, ["icb"], "patients", {}, rule=EXACT, complemented=True)
    found = attack(now, given=[out])
    assert found.safe
    assert found.cells["falls"].tolist() == [False]


def test_what_is_out_tells_no_count_that_it_leaves_as_wide_as_asked() -> None:
    # A 10 that is out is 8 to 12, as wide as a count has to be; it is this table that tells of 12.
    table = pd.DataFrame({"icb": ["A", "B", "All"], "patients": [10, "*", 22]})
    now = published_table(table, ["icb"], "patients", {"icb": {"A": "All", "B": "All"}}, rule=EXACT, complemented=True)
    out = published_table(pd.DataFrame({"icb": ["B"], "patients": [10]}), ["icb"], "patients", {})
    assert attack(now, given=[out]).cells[["lower", "upper", "falls"]].to_numpy().tolist() == [[12, 12, True]]


def test_a_small_count_falls_whoever_tells_it_and_what_another_table_tells_of_its_own_cells_does() -> None:
    table = pd.DataFrame({"icb": ["A", "B", "All"], "patients": [10, "*", 13]})
    parents = {"icb": {"A": "All", "B": "All"}}
    now = published_table(table, ["icb"], "patients", parents, rule=EXACT, complemented=True)
    before = pd.DataFrame({"icb": ["A", "B"], "patients": [10, 3]})
    out = published_table(before, ["icb"], "patients", {}, rule=EXACT, complemented=True)
    assert attack(now, given=[out]).cells[["lower", "upper", "falls"]].to_numpy().tolist() == [[3, 3, True]]
    # Of 22 the other table hides 12, beside ten.
    told = published_table(
        table.assign(patients=[10, "*", 22]), ["icb"], "patients", parents, rule=EXACT, complemented=True
    )
    found = attack(published_table(before[:1], ["icb"], "patients", {}, rule=EXACT), given=[told]).cells
    assert found[["icb", "lower", "falls"]].to_numpy().tolist() == [["B", 12, True]]


def test_a_total_that_follows_from_what_is_out_is_not_given_away() -> None:
    rows = {"icb": ["A", "B", "All"], "patients": [10, 5, "*"]}
    parents = {"icb": {"A": "All", "B": "All"}}
    now = published_table(pd.DataFrame(rows), ["icb"], "patients", parents, rule=EXACT, complemented=True)
    assert attack(now).cells[["lower", "upper", "falls"]].to_numpy().tolist() == [[15, 15, True]]
    before = pd.DataFrame(rows)[:2].astype({"patients": int})
    out = published_table(before, ["icb"], "patients", {}, rule=EXACT, complemented=True)
    assert attack(now, given=[out]).cells[["lower", "upper", "falls"]].to_numpy().tolist() == [[15, 15, False]]


def test_what_this_table_hides_stands_before_what_others_do() -> None:
    now, out = (
        published_table(pd.DataFrame({"icb": icbs, "n": shown}), ["icb"], "n", {}, rule=EXACT, complemented=True)
        for icbs, shown in ((["M", "C"], ["*", 30]), (["A", "B", "C"], ["*", 20, 30]))
    )
    found = attack(now, given=[LinkedTable(out, name="2022")], lookup={"icb": {"M": ["A", "B"]}}).cells
    assert found[["table", "icb", "lower"]].to_numpy().tolist() == [["this table", "M", 20], ["2022", "A", 0]]


def test_beside_other_tables_bounds_are_exact() -> None:
    """Of three by three hidden cells, each is at most the lesser of its totals, and at least what the others leave it."""
    rows, columns = {"A": 20, "B": 30, "C": 50}, {"X": 25, "Y": 35, "Z": 40}
    table = [[icb, team, "*"] for icb in rows for team in columns]
    table += [[icb, "All", total] for icb, total in rows.items()] + [
        ["All", team, total] for team, total in columns.items()
    ]
    given = pd.DataFrame([*table, ["All", "All", 100]], columns=["icb", "team", "patients"])
    parents = {"icb": dict.fromkeys(rows, "All"), "team": dict.fromkeys(columns, "All")}
    now = published_table(given, ["icb", "team"], "patients", parents, rule=EXACT, complemented=True)
    out = published_table(given[-1:], ["icb", "team"], "patients", {}, rule=EXACT, complemented=True)
    found = attack(now, given=[LinkedTable(out, {"icb": {"All": list(rows)}, "team": {"All": list(columns)}})]).cells
    expected = [[max(0, r + c - 100), min(r, c)] for r in rows.values() for c in columns.values()]
    assert found[["lower", "upper"]].to_numpy().tolist() == expected


def test_tables_beside_without_a_name_are_counted() -> None:
    table = pd.DataFrame({"icb": ["A", "B"], "patients": [20, 30]})
    out = published_table(table, ["icb"], "patients", {}, rule=EXACT, complemented=True)
    named = LinkedTable(out, name="2022")
    given = {"totals": {"icb": None}, "rule": EXACT, "published": [out, named, out]}
    assert protect(table, ["icb"], "patients", **given).beside == ("table 1", "2022", "table 3")


def test_a_line_without_an_end_is_flushed(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stream(io.StringIO):
        flushed = 0

        def flush(self) -> None:
            self.flushed += 1

    stream = Stream()
    monkeypatch.setattr(sys, "stderr", stream)
    effort = Effort(shown=True)
    effort.done()
    assert stream.flushed == 0
    effort.at("1 of 2")
    assert stream.flushed == 1
    effort.done()
    assert (stream.getvalue(), stream.flushed) == ("\r\x1b[Kdisclosure: 1 of 2 …\r\x1b[K", 2)
    assert not UNLIMITED.shown


class TestArguments:
    TABLE = pd.DataFrame({"icb": ["A", "B", "All"], "n": [0, 9, 9]})

    def test_of_a_published_table_are_named(self) -> None:
        parents = {"icb": {"A": "All", "B": "All", "C": "All"}, "ward": {}}
        with refused(
            problem("parents", "ward", names="icb"), problem("exact", "region", names="icb"),
            problem("parents", "C", expected=(), names="icb"),
        ):  # fmt: skip
            published_table(self.TABLE, ["icb"], "n", parents, exact={"region": ["A"]}, rule=EXACT)
        with refused("dimensions", expected="at least one"):
            published_table(self.TABLE, [], "n", {}, rule=EXACT)
        with refused(
            problem("dimensions", "ward", expected="a column"), problem("value", "count", expected="a column")
        ):
            published_table(self.TABLE, ["ward"], "count", {}, rule=EXACT)
        with refused(None, row="icb=A", expected="once"):
            published_table(self.TABLE.assign(icb=["A", "A", "All"]), ["icb"], "n", {}, rule=EXACT)
        with refused("icb", row="2nd row"):
            published_table(self.TABLE.assign(icb=["A", None, "All"]), ["icb"], "n", {}, rule=EXACT)

    def test_nothing_at_all_may_be_shown(self) -> None:
        parents = {"icb": {"A": "All", "B": "All"}}
        assert published_table(self.TABLE, ["icb"], "n", parents, rule=EXACT).to_frame()["lower"].tolist() == [0, 9, 9]
        for wrong in (-1, 0.5, True, math.inf, "many"):
            with refused("n", wrong, row="icb=A", expected="a whole number"):
                published_table(self.TABLE.assign(n=[wrong, 9, 9]), ["icb"], "n", parents, rule=EXACT)

    def test_of_what_is_missing_nothing_is_known(self) -> None:
        table = self.TABLE.assign(n=[None, 9, 9])
        lower, upper = published_table(table, ["icb"], "n", {"icb": {"A": "All", "B": "All"}}, rule=EXACT).known()
        assert (lower.tolist(), upper.tolist()) == ([0, 9, 9], [math.inf, 9, 9])

    def test_tables_that_contradict_each_other_are_told_by_the_cell(self) -> None:
        rows = pd.DataFrame({"icb": ["A", "B"], "n": [20, 30]})
        now, out = (
            published_table(each, ["icb"], "n", {}, rule=EXACT, complemented=True)
            for each in (rows, rows.assign(n=[21, 30]))
        )
        with refused(None, row="this table: icb=A"):
            attack(now, given=[out])

    def test_what_contradicts_is_told_by_the_sum_and_not_by_its_parts(self) -> None:
        now = published_table(
            pd.DataFrame({"icb": ["A", "B", "C"], "n": [20, 30, 40]}), ["icb"], "n", {}, rule=EXACT, complemented=True
        )
        out = published_table(
            pd.DataFrame({"icb": ["All"], "n": [91]}), ["icb"], "n", {}, rule=EXACT, complemented=True
        )
        with refused(None, row="2022: icb=All"):
            attack(now, given=[LinkedTable(out, {"icb": {"All": ["A", "B", "C"]}}, "2022")])

    def test_the_record_has_a_cell_for_each_column(self) -> None:
        table = pd.DataFrame({"icb": ["A", "B", "C"], "n": [3, 9, 20]})
        page = record_page(protect(table, ["icb"], "n", rule=EXACT))
        assert page.count("<td>") == page.count("<th ") * (page.count("<tr>") - 1)
        assert "no other table" in page
