"""Money: who can work out whose costs, by hand and by the p% rule's own attacker."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

from cmhs_metrics import BadInput
from cmhs_metrics.disclosure import CostRule, protect, protect_costs
from cmhs_metrics.disclosure.choices import alone
from cmhs_metrics.disclosure.complement import Choice
from tests.support.refusals import refused


def test_the_rules_by_hand() -> None:
    rule = CostRule(contributors=3, percent=10, dominance=(1, 75))
    assert rule.problem(np.array([600.0, 400.0])) == "2 contributors, fewer than 3"
    assert rule.problem(np.array([5.0])) == "1 contributor, fewer than 3"
    # The second knows its own 60 and that the rest is 40 at most more than the first: 940 less 900 is 4.4% of 900.
    assert "within 4.4%" in str(rule.problem(np.array([900.0, 60.0, 40.0])))
    # The rest, 100, is 12.5% of 800: by the p% rule it may be shown; but 800 of 1,000 is 80%.
    assert rule.problem(np.array([800.0, 100.0, 100.0])) == "dominance rule: the 1 largest make up 80.0%, over 75%"
    assert rule.problem(np.array([400.0, 300.0, 300.0])) is None
    assert rule.problem(np.array([0.0, 0.0])) is None
    # Of 600 and 400, 10% of 600 is lacking on either side.
    assert CostRule().width(np.array([600.0, 400.0])) == 120


@pytest.mark.parametrize(
    ("rule", "enough", "too_little"),
    [
        # Three contributors, of whom one that adds nothing is none.
        (CostRule(3, percent=None), [100, 90, 80], [100, 90, 0]),
        # The rest is 50 of 500, which is 10%.
        (CostRule(3, percent=10), [500, 300, 50], [500, 300, 49]),
        # Two of three have 800 of 1,000, which is 80%; 801 is more.
        (CostRule(3, percent=None, dominance=(2, 80)), [500, 300, 200], [501, 300, 199]),
    ],
)
def test_what_is_just_enough_is_shown(rule: CostRule, enough: list[float], too_little: list[float]) -> None:
    assert rule.problem(np.array(enough, dtype=float)) is None
    assert rule.problem(np.array(too_little, dtype=float)) is not None


@pytest.mark.parametrize(
    ("rule", "parts", "width"),
    [
        # 25% of 100 is 25, and the rest has 15: 10 is lacking on either side.
        (CostRule(percent=25), [100, 50, 10, 5], 20),
        # Half of all would have to be 600: 200 is lacking.
        (CostRule(dominance=(1, 50)), [600, 200, 200], 400),
        # Nothing is lacking.
        (CostRule(percent=10), [100, 50, 10], 1),
    ],
)
def test_how_much_is_lacking(rule: CostRule, parts: list[float], width: float) -> None:
    assert rule.width(np.array(parts, dtype=float)) == width


def test_a_rule_of_ones_own() -> None:
    table = pd.DataFrame({"icb": ["Q", "Q", "R", "R"], "trust": list("ABAB"), "total_cost": [100, 90, 80, 70]})
    assert protect_costs(table, ["icb"], "total_cost", "trust").suppressed == 3
    assert protect_costs(table, ["icb"], "total_cost", "trust", rule=CostRule(2, percent=None)).suppressed == 0


def test_what_falls_is_never_given_out(monkeypatch: pytest.MonkeyPatch) -> None:
    # Were nothing hidden beside what is small: of Q both teams are, and hide each other; of R one is, and falls.
    rows = [["Q", "q1", "A", 90], ["Q", "q2", "B", 80], ["R", "r1", "C", 50]]
    rows += [["R", "r2", trust, 50] for trust in "CDEF"]
    table = pd.DataFrame(rows, columns=["icb", "team", "trust", "total_cost"])
    monkeypatch.setattr(Choice, "solve", lambda choice: choice.primary)
    with pytest.raises(AssertionError):
        protect_costs(table, ["team"], "total_cost", "trust", hierarchies={"team": ["icb"]})


def costs_of(random: np.random.Generator) -> pd.DataFrame:
    rows = [
        [icb, team, trust, int(random.gamma(0.7, 400))]
        for icb in ("Q1", "Q2", "Q3")
        for team in ("adult", "crisis", "older")
        for trust in random.choice(list("ABCDEF"), random.integers(1, 6), replace=False)
    ]
    return pd.DataFrame(rows, columns=["icb", "team", "trust", "total_cost"])


@pytest.mark.parametrize("seed", range(6))
def test_no_trust_learns_the_costs_of_another_to_within_the_percentage(seed: int) -> None:
    table = costs_of(np.random.default_rng(seed))
    shown = protect_costs(table, ["icb", "team"], "total_cost", "trust").to_frame()
    cells = {
        key: at
        for at, key in enumerate((icb, team) for icb in ("Q1", "Q2", "Q3") for team in sorted(set(table["team"])))
    }
    sums = []
    for row in shown.itertuples():
        inside = [at for (icb, team), at in cells.items() if row.icb in (icb, "Total") and row.team in (team, "Total")]
        sums.append((inside, row.total_cost if row.display != "*" else None, row.icb, row.team))
    known = np.zeros((0, 9)), []
    for inside, value, *_ in sums:
        if value is not None:
            line = np.zeros(9)
            line[inside] = 1
            known = np.vstack([known[0], line]), [*known[1], value]
    for inside, value, icb, team in sums:
        rows = table[table["icb"].eq(icb) | (icb == "Total")]
        rows = rows[rows["team"].eq(team) | (team == "Total")]
        parts = rows.groupby("trust")["total_cost"].sum()
        parts = np.sort(parts[parts > 0])[::-1]
        if not len(parts):
            continue
        safe = len(parts) >= 3 and parts[2:].sum() >= 0.1 * parts[0]
        if value is not None:
            assert safe
            continue
        line = np.zeros(9)
        line[inside] = 1
        ends = []
        for sign in (1, -1):
            result = linprog(
                sign * line, A_eq=known[0] if len(known[1]) else None, b_eq=known[1] if len(known[1]) else None
            )
            ends.append(np.inf if result.status == 3 else sign * result.fun)
        if not safe:
            assert abs(ends[1]) - ends[0] >= 2 * (0.1 * parts[0] - parts[2:].sum()) - 1e-6


def test_a_trust_in_two_cells_is_one_contributor_to_their_total() -> None:
    table = pd.DataFrame(
        {"icb": ["Q", "Q", "Q", "R", "R", "R"], "trust": list("ABCABC"), "total_cost": [100, 90, 80, 70, 60, 50]}
    )
    open_table = protect_costs(table, ["icb"], "total_cost", "trust")
    assert open_table.suppressed == 0
    two = protect_costs(table[table["trust"] != "C"], ["icb"], "total_cost", "trust")
    # Two trusts in each and in both together.
    assert two.display()["total_cost"].tolist() == ["*", "*", "*"]
    assert set(two.record()["reason"]) == {"2 contributors, fewer than 3"}


def test_categories_are_protected_as_the_texts_that_they_are() -> None:
    # No trust has a crisis team in R: what is not there cost nothing.
    rows = [("Q", "adult", "A", 900), ("Q", "adult", "B", 500), ("Q", "adult", "C", 400), ("Q", "crisis", "A", 70),
            ("R", "adult", "D", 800), ("R", "adult", "E", 600), ("R", "adult", "F", 500)]  # fmt: skip
    table = pd.DataFrame(rows, columns=["icb", "team", "trust", "total_cost"])
    kinds = {"icb": ["Q", "R"], "team": ["adult", "crisis"], "trust": list("ABCDEFG")}
    categories = table.astype({name: pd.CategoricalDtype(labels) for name, labels in kinds.items()})
    texts, found = (
        protect_costs(each, ["icb", "team"], "total_cost", "trust").to_frame() for each in (table, categories)
    )
    assert found.astype(str).to_numpy().tolist() == texts.astype(str).to_numpy().tolist()


def test_a_missing_cost_makes_the_totals_above_it_missing() -> None:
    # Of five trusts four are known: their 1,650 is no total of five.
    table = pd.DataFrame(
        {
            "icb": ["Fens"] * 5 + ["Hills"] * 4,
            "trust": [*"ABCDE", *"ABCD"],
            "total_cost": [500, 400, 300, 450, None, 500, 400, 300, 450],
        }
    )
    shown = protect_costs(table, ["icb"], "total_cost", "trust").display()["total_cost"]
    assert shown.tolist() == ["", "1650", ""]


def test_bad_costs_are_refused() -> None:
    table = pd.DataFrame({"icb": ["Q", "Q"], "trust": ["A", "B"], "total_cost": [100, -5]})
    with refused("total_cost", -5.0, row="2nd row", expected=("a whole number", "zero or more")):
        protect_costs(table, ["icb"], "total_cost", "trust")
    with refused(None, row="icb=Q, trust=A", expected="once"):
        protect_costs(table.assign(trust="A"), ["icb"], "total_cost", "trust")
    with pytest.raises(BadInput) as caught:
        CostRule(contributors=0, percent=0, dominance=(0, 75))
    assert [problem.column for problem in caught.value.problems] == ["contributors", "percent", "dominance"]


def test_what_is_as_in_protect_is_so_where_nothing_is_said() -> None:
    own, other = (inspect.signature(each).parameters for each in (protect_costs, protect))
    for name in ("hierarchies", "totals", "keep", "seconds", "progress"):
        assert own[name].default == other[name].default
    assert own["absent"].default == "zero"


def test_the_numbers_of_a_rule_go_up_to_their_limits() -> None:
    for accepted in (
        {"contributors": 1},
        {"percent": 100},
        {"percent": 0.1},
        {"dominance": (1, 99.9)},
        {"dominance": (1, 0.1)},
    ):
        CostRule(**accepted)
    for wrong in (
        {"contributors": 0},
        {"percent": 100.5},
        {"percent": 0},
        {"dominance": (0, 50)},
        {"dominance": (1, 100)},
        {"dominance": (1, 0)},
    ):
        with pytest.raises(BadInput) as caught:
            CostRule(**wrong)
        assert [problem.column for problem in caught.value.problems] == list(wrong)


def test_how_much_is_lacking_of_thousands() -> None:
    # Twice a tenth of 10,000, or of what is lacking beside a third of 300; and 12,000 to the 20,000 of which 10,000 are half.
    assert CostRule().width(np.array([10_000.0])) == 2_000
    assert CostRule(percent=None).width(np.array([10_000.0])) == 2_000
    assert CostRule(percent=20).width(np.array([10_000.0])) == 4_000
    assert CostRule().width(np.array([10_000.0, 5_000, 300])) == 1_400
    assert CostRule(dominance=(1, 50)).width(np.array([10_000.0, 2_000])) == 16_000


def test_small_costs_and_what_goes_with_them_are_counted_apart() -> None:
    """One provider of crisis care in each place, two in both: three cells, and the three of the other teams beside."""
    costs = pd.DataFrame(
        {
            "icb": ["Fens"] * 4 + ["Hills"] * 4, "team": ["Adult", "Adult", "Adult", "Crisis"] * 2,
            "trust": ["A", "B", "C", "A", "D", "E", "F", "D"], "cost": [500, 400, 300, 90, 450, 420, 380, 80],
        }
    )  # fmt: skip
    protected = protect_costs(costs, ["icb", "team"], "cost", "trust")
    assert (protected.primary, protected.complementary, protected.suppressed) == (3, 3, 6)


def test_what_protects_others_has_to_be_uncertain_by_a_pound(monkeypatch: pytest.MonkeyPatch) -> None:
    # Of the two in Q a tenth of 100 is lacking on either side; R and the total have three each, and 80 and 70 beside them.
    rows = [["Q", "A", 100], ["Q", "B", 90], ["R", "A", 90], ["R", "B", 80], ["R", "C", 70]]
    seen: list[list[float]] = []

    def noted(*given: Any) -> Choice:
        seen.append(given[-1].tolist())
        return alone(*given)

    monkeypatch.setattr("cmhs_metrics.disclosure.costs.alone", noted)
    found = protect_costs(pd.DataFrame(rows, columns=["icb", "trust", "cost"]), ["icb"], "cost", "trust")
    assert found.display()["cost"].tolist() == ["*", "*", "430"]
    assert seen == [[20, 1, 1]]
