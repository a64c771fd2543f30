"""Reconciliation: what the printed figures imply, where they contradict each other, and where they only seem to."""

from __future__ import annotations

import ast
import importlib
import math
import random
import re
from dataclasses import replace
from fractions import Fraction
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmhs_metrics import audit
from cmhs_metrics.audit.check import VERDICTS, Check, Outcome, Relation, run
from cmhs_metrics.audit.checks import CHECKS
from cmhs_metrics.audit.figures import Figure, load
from cmhs_metrics.audit.reconcile import outcomes
from cmhs_metrics.numeric.ratio import ratio
from tests.support.refusals import raised

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

engine = importlib.import_module("cmhs_metrics.audit.reconcile")


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return audit.reconcile(None)


def row(table: pd.DataFrame, title: str, target: str = "") -> Any:
    found = table[table["title"].str.contains(title, regex=False) & (table["target"] == target)]
    assert len(found) == 1, (title, target, len(found))
    return found.iloc[0]


# What the audit's figures imply


def test_spending_fell_by_a_seventh(table: pd.DataFrame) -> None:
    # (6.239 − 5.32) ÷ 6.239 = 0.1473
    fall = row(table, "from the table", "finance.trend.cost_per_100k_reduction")
    assert fall["recomputed"] == pytest.approx(14.73, abs=0.005)
    assert (fall["printed"], fall["verdict"]) == ("15%", "agrees")


def test_in_real_terms_it_fell_by_more(table: pd.DataFrame) -> None:
    # 1.01⁴ = 1.0406; 5.32 ÷ 1.0406 = 5.1124; 1 − 5.1124 ÷ 6.239 = 0.1806
    fall = row(table, "greater when assessed in real terms", "finance.trend.cost_per_100k_reduction")
    assert fall["recomputed"] == pytest.approx(18.06, abs=0.005)
    assert fall["verdict"] == "agrees"


@pytest.mark.parametrize(
    ("title", "expected", "within"),
    [
        ("People implied by the caseload", 44.9e6, 0.05e6),  # 698,444 ÷ 1,555
        ("People implied by the spending", 44.7e6, 0.05e6),  # £2.38bn ÷ £5.32m
        ("Cost of a year of care, England", 3408, 0.5),  # £2.38bn ÷ 698,444
        ("Cost per contact, England", 170, 0.05),  # £2.38bn ÷ 14m
        ("Contacts per patient, England", 20.0, 0.05),  # 14m ÷ 698,444
    ],
)
def test_what_is_implied_but_not_printed(table: pd.DataFrame, title: str, expected: float, within: float) -> None:
    implied = row(table, title)
    assert implied["recomputed"] == pytest.approx(expected, abs=within)
    assert implied["verdict"] == "implied"
    assert math.isnan(implied["published"])


def test_generic_teams_hold_almost_half(table: pd.DataFrame) -> None:
    # 323,466 ÷ 698,444 = 0.4631
    share = row(table, "Share of Generic CMHTs", "caseload.by_team.generic_cmht.share")
    assert share["recomputed"] == pytest.approx(46.31, abs=0.005)
    assert (share["printed"], share["verdict"]) == ("almost half", "agrees")


# What cannot be right together

MISTAKES = {
    # 79 + 29
    ("", "White British and other ethnic backgrounds"): (108, 100),
    # £511,061 ÷ 1,644 and £281m ÷ 904,036
    ("primary_care.enhanced.cost_per_patient", "from the rates"): (310.9, 676),
    ("primary_care.enhanced.cost_per_patient", "from the totals"): (310.8, 676),
    # 904,036 ÷ 1,644 = 549.9 hundred thousand; 9.3 × 549.9
    ("primary_care.psychological_therapists.wte", "Therapists"): (5114, 4949),
    # (768.9 − 81.3 − 67.5 − 66.0 − 40.0) ÷ 611 = 514.1 ÷ 611
    ("voluntary_sector.commissioning.recurrent.housing_support", "Recurrent share of all but"): (84.1, 82),
    ("clusters.profile.4_8.2016_17", "two places"): (33, 32),
    # 14,586 ÷ 197,776
    ("confederation_2025:access.within_four_weeks.share", "within four weeks"): (7.4, 9.5),
    # 104 × 7 ÷ 30.44
    ("confederation_2025:access.over_104_weeks.threshold_months", "104 weeks in months"): (23.9, 3.5),
    # 429 + 285 + 178 + 358 = 1,250
    ("board_paper_2023:pcns.one_or_two_criteria.share", "one or two"): (14.2, 15),
    ("board_paper_2023:pcns.no_criteria.share", "no criteria"): (28.6, 28),
}


@pytest.mark.parametrize(("target", "title"), MISTAKES)
def test_a_mistake_is_found(table: pd.DataFrame, target: str, title: str) -> None:
    recomputed, published = MISTAKES[target, title]
    wrong = row(table[table["verdict"] == "disagrees"], title, target)
    assert wrong["recomputed"] == pytest.approx(recomputed, rel=0.005)
    assert wrong["published"] == published
    assert wrong["difference"] == pytest.approx(wrong["recomputed"] - published)
    assert not wrong["within_rounding"]


def test_nothing_else_is_called_a_mistake() -> None:
    assert len(audit.mistakes()) == len(MISTAKES)


def test_mistakes_come_with_their_arithmetic() -> None:
    found = audit.mistakes("confederation_2025").set_index("title")
    assert found.loc["Seen within four weeks, of the referrals", "arithmetic"] == (
        "14,586 ÷ 197,776 × 100 = 7.375%, against 9.5% [9.45% to 9.55%], printed “9.5%”"
    )


@pytest.mark.parametrize("document", ["framework_2019", "web_page_2019"])
def test_a_document_without_mistakes(document: str) -> None:
    assert audit.mistakes(document).empty


# What only seems to disagree


def test_unit_costs_are_means_of_ratios(table: pd.DataFrame) -> None:
    # £163 × 16 = £2,608, printed £3,345
    year = row(
        table, "Cost of a year of care, from a contact's cost", "finance.cost_profile.generic_cmht.year_of_care_cost"
    )
    assert (year["recomputed"], year["published"]) == (2608, 3345)
    assert not year["within_rounding"]
    assert year["verdict"] == "different averages"
    assert "unknown" in year["reason"]


def test_where_nothing_is_given_nothing_is_checked(table: pd.DataFrame) -> None:
    year = row(table, "Cost of a year of care, from a contact's cost", "finance.cost_profile.crht.year_of_care_cost")
    assert year["verdict"] == "cannot be checked"
    assert "N/A" in year["reason"]
    chart = row(table, "No check reaches", "waiting.within_18_weeks.share")
    assert (chart["verdict"], chart["check"]) == ("cannot be checked", "")


MEAN, ENGLAND, SHARE, UNKNOWN = "mean of organisations", "England total", "share of England total", "unknown"
PROVIDING, LEAST = "mean of organisations providing it", "minimum of organisations"
EXTRAPOLATED = "extrapolated to England"


def printed(
    id: str, value: float, precision: float = 1.0, statistic: str = ENGLAND, qualifier: str = "", unit: str = "patient"
) -> Figure:
    return Figure(
        id, "audit_2016_17", "", "", "", "", "", "", "", f"{value:g}", unit, value, precision, qualifier, statistic, ""
    )


def outcome(figures: list[Figure], compute: Callable[..., float], target: str = "target", **structure: Any) -> Outcome:
    known = {each.id: each for each in figures}
    inputs = tuple(name for name in known if name != target)
    return run(Check("", target, inputs, "", compute, **structure), known)


@pytest.mark.parametrize(
    ("statistics", "structure", "comparable"),
    [
        ((ENGLAND, ENGLAND, ENGLAND), {}, True),
        ((ENGLAND, SHARE, EXTRAPOLATED), {}, True),
        ((MEAN, MEAN, MEAN), {}, False),
        ((MEAN, MEAN, MEAN), {"additive": True}, True),
        ((MEAN, MEAN, ENGLAND), {"additive": True}, False),
        ((UNKNOWN, UNKNOWN, UNKNOWN), {"additive": True}, True),
        ((UNKNOWN, UNKNOWN, UNKNOWN), {}, False),
        ((UNKNOWN, UNKNOWN, MEAN), {"additive": True}, False),
        ((MEAN, UNKNOWN, ENGLAND), {"stated": True}, True),
        ((PROVIDING, PROVIDING, MEAN), {"additive": True}, False),
        ((PROVIDING, PROVIDING, MEAN), {"additive": True, "relation": "at least"}, True),
        ((LEAST, LEAST, UNKNOWN), {"additive": True, "relation": "at most"}, True),
        ((LEAST, LEAST, UNKNOWN), {"additive": True}, False),
    ],
)
def test_what_stands_on_the_same_footing(
    statistics: tuple[str, ...], structure: dict[str, Any], comparable: bool
) -> None:
    names = ("first", "second", "target")
    figures = [printed(name, 1, statistic=statistic) for name, statistic in zip(names, statistics, strict=True)]
    found = outcome(figures, lambda first, second: 100 * (first + second), **structure)
    assert found.comparable is comparable
    expected = {True: "agrees" if structure.get("relation") == "at least" else "disagrees", False: "different averages"}
    assert found.verdict == expected[comparable]


def test_two_roundings_that_only_touch_do_not_agree() -> None:
    touching = [printed("first", 33), printed("target", 32)]
    assert outcome(touching, float).verdict == "disagrees"
    assert outcome([printed("first", 32.9, 0.1), printed("target", 33)], float).verdict == "agrees"


@pytest.mark.parametrize(
    ("relation", "value", "verdict"),
    [
        ("at most", 33, "disagrees"),
        ("at most", 31, "agrees"),
        ("at least", 31, "disagrees"),
        ("at least", 33, "agrees"),
    ],
)
def test_bounds(relation: Relation, value: float, verdict: str) -> None:
    figures = [printed("first", value), printed("target", 32)]
    assert outcome(figures, float, additive=True, relation=relation).verdict == verdict


def test_a_denominator_that_rounds_to_zero() -> None:
    could_be_zero = [printed("first", 10, 1), printed("second", 1, 1, qualifier="around"), printed("target", 500, 1)]
    assert outcome(could_be_zero, ratio).interval == (4.75, math.inf)
    assert outcome(could_be_zero, ratio).verdict == "agrees"
    zero = [printed("first", 10), printed("second", 0), printed("target", 500)]
    assert outcome(zero, ratio).verdict == "cannot be checked"


# True numbers, once rounded, always agree


def rounded(value: int | Fraction, precision: int | Fraction) -> float:
    """The nearest multiple of the precision, halves upward."""
    return float(math.floor(Fraction(value) / Fraction(precision) + Fraction(1, 2)) * Fraction(precision))


precisions = st.sampled_from([1, 10, 100, 1000])
amounts = st.integers(0, 10**6)


@given(st.lists(st.tuples(amounts, precisions), min_size=1, max_size=6), precisions)
def test_a_rounded_sum_agrees(parts: list[tuple[int, int]], precision: int) -> None:
    figures = [printed(f"part {n}", rounded(value, p), p) for n, (value, p) in enumerate(parts)]
    whole = printed("target", rounded(sum(value for value, _ in parts), precision), precision)
    assert outcome([*figures, whole], lambda *values: sum(values), additive=True).verdict == "agrees"


@given(amounts, precisions, st.integers(1, 10**6), precisions, st.sampled_from([Fraction(1, 10), 1, 10]))
def test_a_rounded_quotient_agrees(above: int, p_above: int, below: int, p_below: int, precision: int) -> None:
    figures = [printed("above", rounded(above, p_above), p_above), printed("below", rounded(below, p_below), p_below)]
    target = printed("target", rounded(Fraction(above, below), precision), float(precision))
    verdict = outcome([*figures, target], ratio).verdict
    assert verdict == ("agrees" if figures[1].value else "cannot be checked")


@given(amounts, amounts, precisions, st.sampled_from(["at most", "at least"]))
def test_a_true_bound_agrees(one: int, other: int, precision: int, relation: Relation) -> None:
    lower, higher = sorted((one, other))
    value, target = (lower, higher) if relation == "at most" else (higher, lower)
    figures = [printed("first", rounded(value, precision), precision), printed("target", rounded(target, 1), 1)]
    assert outcome(figures, float, relation=relation).verdict == "agrees"


# The checks themselves


def test_an_altered_figure_turns_the_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    def verdict_of(title: tuple[str, str]) -> Any:
        return row(audit.reconcile(), title[0], title[1])["verdict"]

    def alter(reference: str, value: float) -> None:
        altered = tuple(replace(each, value=value) if each.reference == reference else each for each in load())
        monkeypatch.setattr(
            engine, "load", lambda document=None: tuple(each for each in altered if document in (None, each.document))
        )

    origins = ("White British and other ethnic backgrounds", "")
    share = ("Share of Generic CMHTs", "caseload.by_team.generic_cmht.share")
    assert (verdict_of(origins), verdict_of(share)) == ("disagrees", "agrees")
    alter("workforce.demographics.white_british", 71.0)
    assert verdict_of(origins) == "agrees"
    alter("caseload.by_team.generic_cmht.caseload", 232_466.0)
    assert verdict_of(share) == "disagrees"


def test_no_verdict_is_written_down_among_the_checks() -> None:
    for source in (files("cmhs_metrics.audit") / "checks").iterdir():
        if source.name.endswith(".py"):
            tree = ast.walk(ast.parse(source.read_text(encoding="utf-8")))
            words = {getattr(node, "value", None) or getattr(node, "id", None) for node in tree if _is_word(node)}
            assert not words & {*VERDICTS, *(verdict.upper().replace(" ", "_") for verdict in VERDICTS)}, source.name


def _is_word(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def test_a_formula_shows_every_input() -> None:
    for name, check in CHECKS.items():
        shown = {int(number) for number in re.findall(r"\{(\d+)\}", check.formula)}
        assert shown == set(range(len(check.inputs))), name
        assert len(set(check.inputs)) == len(check.inputs), name
        assert check.target not in check.inputs, name


def test_no_check_stands_twice() -> None:
    seen = [(check.target, check.inputs, check.formula, check.relation) for check in CHECKS.values()]
    assert len(set(seen)) == len(seen)
    assert len(seen) > 300


def test_extremes_lie_where_the_inputs_have_theirs() -> None:
    draw = random.Random(2017)
    for name, each in outcomes().items():
        if math.isnan(each.recomputed):
            continue
        low, high = each.interval
        for _ in range(20):
            values = [draw.uniform(*figure.interval) for figure in each.inputs]
            assert low - 1e-9 * abs(low) <= each.check.compute(*values) <= high + 1e-9 * abs(high), name
        assert low <= each.recomputed <= high, name


def test_every_figure_is_accounted_for(table: pd.DataFrame) -> None:
    reached = {
        figure.reference for each in outcomes().values() for figure in (*each.inputs, each.target) if figure is not None
    }
    left = set(table.loc[table["check"] == "", "target"])
    assert reached.isdisjoint(left)
    assert reached | left == {figure.reference for figure in load()}


def test_the_rows_of_a_document() -> None:
    table = audit.reconcile("board_paper_2023")
    assert set(table["document"]) == {"board_paper_2023"}
    with raised(KeyError, "board_paper_2023"):
        audit.reconcile("board_paper_2022")


def test_the_summary_counts(table: pd.DataFrame) -> None:
    counts = audit.summary(table)
    assert counts["checks"] == len(CHECKS) == sum(counts[verdict] for verdict in VERDICTS)
    assert counts["disagrees"] == len(MISTAKES)
    assert counts["checks"] + counts["figures without a check"] == len(table)


# The profile


def cells() -> dict[tuple[str, str], Any]:
    return {(each["team_type"], each["measure"]): each for each in audit.profile().to_dict("records")}


def test_the_profile_has_every_cell_of_the_tables() -> None:
    table = audit.profile()
    teams = table[table["team_type"] != "All CMHTs"]
    assert teams.groupby("team_type").size().tolist() == [7] * 12
    assert teams["team_type"].iloc[0] == "Generic CMHTs"
    assert table.loc[table["team_type"] == "All CMHTs", "measure"].tolist() == [
        "total_cost", "cost_per_100k", "year_of_care_cost", "cost_per_contact", "contacts_per_patient",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("team", "measure", "published", "recomputed"),
    [
        ("Generic CMHTs", "total_cost", 17_700_000, 17_526_316),  # £2.1m × £44.4m ÷ £5.32m
        ("Generic CMHTs", "cost_per_100k", 2_100_000, 2_120_811),  # £17.7m ÷ £44.4m × £5.32m
        ("Generic CMHTs", "year_of_care_cost", 3345, 2608),  # £163 × 16
        ("Generic CMHTs", "cost_per_contact", 163, 209.06),  # £3,345 ÷ 16
        ("Generic CMHTs", "contacts_per_patient", 16, 20.52),  # £3,345 ÷ £163
        # 44.74m aged 16+ and 9.91m aged 65+ leave 34.82m: £2.1m × 44.74 ÷ 34.82, and £0.91m × 44.74 ÷ 9.91
        ("Generic CMHTs", "cost_per_100k_age_group", 2_600_000, 2_697_700),
        ("Older People", "cost_per_100k_age_group", 4_300_000, 4_107_240),
        ("Assertive Outreach", "time_on_caseload", 52, 58.36),  # 4,603 ÷ (1,198 × 0.79) × 12
        ("All CMHTs", "total_cost", 44_400_000, 42_500_000),  # £2.38bn ÷ 56
    ],
)
def test_cells_of_the_profile(team: str, measure: str, published: float, recomputed: float) -> None:
    cell = cells()[team, measure]
    assert cell["published"] == published
    assert cell["recomputed"] == pytest.approx(recomputed, rel=1e-4)
    assert cell["difference"] == pytest.approx(recomputed - published, abs=1e-4 * recomputed)
    assert cell["difference_percent"] == pytest.approx((recomputed / published - 1) * 100, abs=0.02)
    assert cell["verdict"] == "different averages"


def test_the_profile_says_what_it_cannot_recompute() -> None:
    cell = cells()["CRHT", "time_on_caseload"]
    assert (cell["published"], cell["verdict"]) == (1, "cannot be checked")
    assert math.isnan(cell["recomputed"])
    assert cells()["All CMHTs", "year_of_care_cost"]["verdict"] == "implied"
