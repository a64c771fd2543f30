"""Sentences made by rules: by hand on small tables, and whatever the figures are."""

from __future__ import annotations

import math
import re

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cmhs_metrics as cm
from cmhs_metrics.packs.figures import compare
from cmhs_metrics.packs.findings import Finding, Writer
from cmhs_metrics.packs.sections import furthest, not_shown, sections
from cmhs_metrics.packs.wording import per_cent, times_over
from cmhs_metrics.presentation import amount, ordinal
from tests.support.budgets import examples
from tests.support.pages import CAUSES, JUDGEMENTS

THREE = pd.DataFrame(
    {
        "icb": ["A", "B", "C", "D"],
        "referrals": [100, 50, 200, 50],
        "referrals_accepted": [80, 45, 120, 45],
        "total_cost": [1e3, 1e3, 4e3, 1e3],
    }
)
PEOPLE = pd.DataFrame({"icb": ["A", "B", "C", "D"], "registered_population": [10_000.0] * 4})


def writer(metric: str, table: pd.DataFrame = THREE, people: pd.DataFrame | None = PEOPLE, **arguments) -> Writer:
    comparison = compare(table, people, **arguments)
    basis = comparison.rows.loc[comparison.rows["metric"] == metric, "basis"].iloc[0]
    return Writer(comparison, metric, basis if isinstance(basis, str) else None)


class TestByHand:
    def test_a_rate(self) -> None:
        # 200 referrals of 10,000 people; 400 of 40,000 together are 1,000. Byar's limits of 200 are 173.2 and 229.7.
        finding = writer("referrals_per_100k", focus=["C"]).position("C")
        assert finding.sentence == (
            "Referrals, C: 2,000 referrals per 100,000 registered population, 1st of 4 ICBs (the highest), 100% above "
            "their pooled average (1,000). The difference is more than chance: 95% interval 1,732 to 2,297."
        )
        assert finding.figures["rank"] == 1
        assert finding.figures["difference_percent"] == pytest.approx(100)

    def test_chance_may_give_it(self) -> None:
        # The average itself: its interval holds the average.
        finding = writer("referrals_per_100k").position("A")
        assert "2nd of 4 ICBs, the same as their pooled average (1,000)" in finding.sentence
        assert "The difference is no more than chance may give: 95% interval 814 to 1,216." in finding.sentence

    def test_ties_are_said(self) -> None:
        finding = writer("referrals_per_100k").position("B")
        assert "joint 3rd of 4 ICBs (the lowest), 50% below" in finding.sentence

    def test_shares_differ_by_percentage_points(self) -> None:
        # 80% beside 290 of 400, 72.5%.
        finding = writer("referral_acceptance_rate").position("A")
        assert "80.0%, 3rd of 4 ICBs, 7.5 percentage points above their pooled average (72.5%)" in finding.sentence

    def test_costs_have_no_chance(self) -> None:
        finding = writer("cost_per_referral").position("A")
        assert finding.sentence == (
            "Cost per referral, A: £10.0 per referral, 4th of 4 ICBs (the lowest), 43% below their pooled average "
            "(£17.5)."
        )
        assert "chance" not in finding.sentence

    def test_the_same_everywhere(self) -> None:
        same = THREE.assign(referrals=100, referrals_accepted=50)
        finding = writer("referrals_per_100k", same).position("A")
        assert "the same in all 4 ICBs, the same as their pooled average (1,000)" in finding.sentence
        assert writer("referrals_per_100k", same).spread().sentence == (
            "Referrals: 1,000 referrals per 100,000 registered population in all 4 ICBs."
        )

    @pytest.mark.parametrize(
        ("average", "words"), [("mean of places", "their mean (1,000)"), ("median of places", "their median (750)")]
    )
    def test_averages_by_name(self, average: str, words: str) -> None:
        assert words in writer("referrals_per_100k", average=average).position("C").sentence

    def test_peers(self) -> None:
        finding = writer("referrals_per_100k", focus=["C"], peers=["A", "B", "C"]).beside_peers("C")
        # A and B together: 150 of 20,000. C is no peer of itself.
        assert finding.sentence == (
            "Referrals, C beside its 2 peers: 2,000 referrals per 100,000 registered population, 167% above their "
            "pooled average (750)."
        )

    def test_spread(self) -> None:
        assert writer("referrals_per_100k").spread().sentence == (
            "Referrals: the 4 ICBs range from 500 (B and D) to 2,000 (C), a 4.0-fold range. By their 95% intervals, 3 "
            "of 4 differ from the average by more than chance."
        )

    @pytest.mark.parametrize(
        ("highest", "words"),
        [
            (102, "all within 2.0% of each other"),
            (100.01, "all within 0.1% of each other"),
            (105, "a 1.1-fold range"),
            (800, "an 8.0-fold range"),
            (1_100, "an 11-fold range"),
            (1_800, "an 18-fold range"),
            (1_200, "a 12-fold range"),
        ],
    )
    def test_a_range_of_nothing_is_no_fold(self, highest: float, words: str) -> None:
        held = writer(
            "cost_per_referral",
            THREE.assign(
                referrals=100, referrals_accepted=50, total_cost=[100, 100, 101 if highest > 101 else 100, highest]
            ),
        )
        assert held.spread().sentence.endswith(f", {words}.")
        assert "1.0-fold" not in held.spread().sentence

    def test_open_peers_are_said(self) -> None:
        """B has 50 of 10,000; of C it is known that it lies from 0 to 4."""
        table = THREE.assign(referrals=[100, 50, None, 50], referrals_lower=[100, 50, 0, 50])
        table = table.assign(referrals_upper=[100, 50, 4, 50], referrals_accepted=0.0)
        held = writer("referrals_per_100k", table, focus=["A"], peers=["B", "C"])
        told = held.beside_peers("A")
        # From 50 to 54 of 20,000.
        assert told.sentence == (
            "Referrals, A beside its 2 peers: 1,000 referrals per 100,000 registered population, above their pooled "
            "average, which is open, for 1 of them is suppressed: it lies from 250 to 270."
        )
        assert told.figures == {
            "value": 1000, "peers": 2, "peers_suppressed": 1, "peer_average_lower": 250, "peer_average_upper": 270
        }  # fmt: skip
        alone = writer("referrals_per_100k", table, focus=["A"], peers=["C"]).beside_peers("A")
        assert alone.sentence.endswith("registered population, beside a value that is suppressed.")
        assert not {"peer_average_lower", "peer_average_upper"} & set(alone.figures)
        assert held.rows["peer_average_lower"].notna().all()
        bounds = writer("referrals_per_100k", table, focus=["A"], peers=["C"]).rows["peer_average_lower"]
        assert bounds.isna().all(), "the average of one place is that place"

    def test_missing_and_undefined_are_told_apart(self) -> None:
        table = THREE.assign(referrals_accepted=[80, None, 120, 0], referrals=[100, 50, 200, 0])
        held = writer("referral_acceptance_rate", table)
        assert held.position("B").sentence == (
            "Referral acceptance rate, B: not known, for the data hold no referrals accepted."
        )
        assert held.position("D").sentence == (
            "Referral acceptance rate, D: not defined: referrals is 0, which leaves nothing to divide by."
        )
        assert held.position("B").figures == {}
        assert "the 2 ICBs with a value range" in held.spread().sentence

    def test_rounded_counts_that_contradict_each_other(self) -> None:
        table = THREE.assign(referrals_lower=[100, 45, 200, 48], referrals_upper=[100, 55, 200, 53])
        table = table.assign(referrals_accepted=[80, 45, 120, 52], referrals_accepted_lower=[80, 40, 120, 50])
        table = table.assign(referrals_accepted_upper=[80, 50, 120, 54])
        told = writer("referral_acceptance_rate", table).position("D").sentence
        assert told.endswith("D: not known: the counts that it is made of were rounded, and do not go together.")

    def test_the_example_of_the_audit_s_size(self) -> None:
        # 42 places of 100,000 people: eight of 1,800, one of 1,712, the rest so that together they have 1,556.
        rest = (1_556 * 42 - 1_712 - 8 * 1_800) / 33
        table = pd.DataFrame({"icb": [f"Place {each}" for each in range(42)]})
        table["caseload"] = [1_712.0, *([1_800.0] * 8), *([rest] * 33)]
        people = table[["icb"]].assign(weighted_population=100_000.0)
        finding = writer("caseload_per_100k", table, people).position("Place 0")
        assert finding.sentence.startswith(
            "Caseload, Place 0: 1,712 patients per 100,000 weighted population, 9th of 42 ICBs, 10% above their pooled "
            "average (1,556). It lies within the limits of the funnel."
        )


class TestTrends:
    TABLE = pd.concat(
        [
            THREE.assign(period="2015/16", referrals=[80, 50, 200, 70]),
            THREE.assign(period="2016/17", referrals_accepted=[90, 45, 120, 45]),
        ]
    )

    def test_place_and_average(self) -> None:
        finding = writer("referrals_per_100k", self.TABLE).trend("A")
        assert finding.sentence == (
            "Referrals, A, from 2015/16 to 2016/17: rose by 25%, from 800 to 1,000. Over the same time the pooled "
            "average of the 4 ICBs was unchanged at 1,000."
        )

    def test_shares_move_by_percentage_points(self) -> None:
        # 80 of 80 became 90 of 100.
        sentence = writer("referral_acceptance_rate", self.TABLE).trend("A").sentence
        assert "fell by 10.0 percentage points, from 100.0% to 90.0%" in sentence

    def test_nothing_without_two_values(self) -> None:
        table = self.TABLE.assign(referrals=[80, 50, 200, 70, None, 50, 200, 50], referrals_accepted=0)
        assert writer("referrals_per_100k", table).trend("A") is None

    def test_averages_of_other_places_are_said(self) -> None:
        table = self.TABLE.assign(referrals=[80, 50, None, 70, 100, 50, 200, 50], referrals_accepted=0)
        assert writer("referrals_per_100k", table).trend("A").sentence.endswith("(In 2015/16 it is of 3.)")

    def test_an_earlier_period_may_be_the_one_shown(self) -> None:
        held = writer("referrals_per_100k", self.TABLE, period="2015/16")
        assert held.position("A").figures["value"] == 800
        assert held.trend("A") is None


class TestSummary:
    def test_furthest_leaves_out_chance_and_the_middle(self) -> None:
        comparison = compare(THREE, PEOPLE, focus=["A"])
        made = sections(comparison)
        told = [finding.metric for finding in furthest(made, "A")]
        assert "referrals_per_100k" not in told, "its difference is none"
        assert "cost_per_referral" in told, "costs have no chance, and A is the lowest"

    def test_the_parts_stand_in_the_order_of_the_audit(self) -> None:
        made = sections(compare(cm.synthetic_providers(), by="icb"))
        assert [each.key for each in made] == ["need", "referrals", "caseload", "contacts", "finance", "workforce"]

    def test_what_is_not_shown_names_the_columns_that_are_missing(self) -> None:
        said = {(each.what, each.why) for each in not_shown(compare(THREE, PEOPLE))}
        inpatient = next(why for what, why in said if what == "Inpatient care" and why.startswith("Columns"))
        assert "Beds per 100,000 people (needs beds)" in inpatient
        assert any(what == "Intervals" and "Cost per referral" in why for what, why in said)

    def test_too_few_places(self) -> None:
        table = THREE.assign(referrals_accepted=[80, None, None, None])
        comparison = compare(table, PEOPLE, focus=["A"])
        why = [each.why for each in not_shown(comparison) if each.what == "Referral acceptance rate"]
        assert "Known for 1 ICB: too few to compare." in why
        shown = [entry.writer.metric.name for section in sections(comparison) for entry in section.entries]
        assert "referral_acceptance_rate" not in shown


counts = st.lists(st.tuples(st.integers(0, 3_000), st.integers(0, 3_000), st.booleans()), min_size=2, max_size=9)
NAMES = [f"Place {letter}" for letter in "ABCDEFGHI"]


def generated(cells: list[tuple[int, int, bool]], average: str) -> list[Finding]:
    table = pd.DataFrame(
        {
            "organisation": NAMES[: len(cells)],
            "referrals": [None if missing else float(max(cell)) for *cell, missing in cells],
            "referrals_accepted": [float(min(low, high)) for low, high, _ in cells],
            "total_cost": [float(low) * 130 for low, *_ in cells],
        }
    )
    people = table[["organisation"]].assign(
        registered_population=[10_000.0 + 500 * at for at in range(len(cells))],
        weighted_population=[12_000.0 - 300 * at for at in range(len(cells))],
    )
    comparison = compare(table, people, focus=[NAMES[0]], peers=NAMES[1 : min(3, len(cells))], average=average)
    return [
        (finding, comparison) for part in sections(comparison) for entry in part.entries for finding in entry.findings
    ]


NUMBER = re.compile(r"£?\d(?:[\d,]*\d)?(?:\.\d+)?(?:m|bn|%|st|nd|rd|th|-fold)?")


@examples(6)
@given(counts, st.sampled_from(["pooled", "mean of places", "median of places"]))
def test_whatever_the_figures(cells: list[tuple[int, int, bool]], average: str) -> None:
    for finding, comparison in generated(cells, average):
        held = Writer(comparison, finding.metric, finding.basis)
        text = finding.sentence
        assert not CAUSES.search(text), text
        assert not JUDGEMENTS.search(text), text
        assert all(math.isfinite(value) for value in finding.figures.values())
        assert "nan" not in text
        assert "inf " not in text
        _every_number_is_of_the_frame(text, held)
        if finding.kind in ("position", "other basis"):
            _agrees_with_its_row(finding, held)


def _every_number_is_of_the_frame(text: str, held: Writer) -> None:
    rows, known = held.rows, held.known
    amounts = [name for name in ("value", "lower", "upper", "average", "peer_average") if name in rows]
    allowed = {held.amount(value) for name in amounts for value in rows[name].dropna()}
    differences = [*rows["difference"].dropna(), *(known["value"] - rows["peer_average"])]
    percents = [*rows["difference_percent"].dropna(), *((known["value"] / rows["peer_average"] - 1) * 100).dropna()]
    allowed |= {f"{abs(each) * 100:.1f}" for each in differences if not math.isnan(each)}
    allowed |= {per_cent(each) for each in percents if math.isfinite(each)}
    allowed |= {ordinal(int(each)) for each in rows["rank"].dropna()}
    allowed |= {f"{number}" for number in range(len(rows) + 1)} | {"95%", "100,000"}
    if len(known) and known["value"].min() > 0:
        fold = known["value"].max() / known["value"].min()
        allowed.add(f"{times_over(fold)}-fold" if fold >= 1.05 else f"{math.ceil(round((fold - 1) * 1e3, 6)) / 10}%")
    assert set(NUMBER.findall(text)) <= allowed, (text, allowed)


def _agrees_with_its_row(finding: Finding, held: Writer) -> None:
    row = held.rows[held.rows["place"] == finding.place].iloc[0]
    text = finding.sentence
    if " above their" in text:
        assert row["difference"] > 0
    if " below their" in text:
        assert row["difference"] < 0
    if "more than chance:" in text and "no more" not in text:
        assert row["lower"] > row["average"] or row["upper"] < row["average"]
    if "chance" in text:
        assert f"interval {held.amount(row['lower'])} to {held.amount(row['upper'])}" in text
    ranked = re.search(r"(joint )?(\d+)(?:st|nd|rd|th) of (\d+) ", text)
    if ranked:
        assert int(ranked[2]) == (held.known["value"] > row["value"]).sum() + 1
        assert int(ranked[3]) == len(held.known)
        assert bool(ranked[1]) == ((held.known["value"] == row["value"]).sum() > 1)
    if finding.figures:
        assert amount(row["value"], held.metric.unit, proportion=held.metric.proportion) in text
    else:
        assert not re.search(r"of \d+ ", text), "a place without a value has no rank"
