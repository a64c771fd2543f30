"""No protected table falls to the attack, nothing is altered but by rounding, and little is hidden beyond need."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

from cmhs_metrics import BadInput
from cmhs_metrics.disclosure import NHS, Rule, attack, protect, protect_costs, published_table
from cmhs_metrics.disclosure.complement import Choice, Cut
from tests.support.budgets import examples, with_deep
from tests.support.refusals import problem, raised, refused

EXACT = Rule(rounding=1)
RULES = [
    NHS,
    EXACT,
    Rule(rounding=1, suppress_zero=False),
    Rule(10, 10),
    Rule(3, 1),
    Rule(rounding=5, suppress_zero=False),
]
SHAPES = [(4,), (2, 3), (3, 4), (2, 2, 2), (2, 3, 2)]
# Small counts, counts just above the threshold, and large ones; None is missing.
COUNTS = st.one_of(st.integers(0, 6), st.integers(0, 60), st.sampled_from([0, 1, 4, 5, 7, 8, 500]))


def table_of(counts: np.ndarray) -> pd.DataFrame:
    names = "abc"[: counts.ndim]
    rows = [
        [*(f"{name}{at}" for name, at in zip(names, place, strict=True)), count]
        for place, count in np.ndenumerate(counts)
    ]
    return pd.DataFrame(rows, columns=[*names, "patients"])


@st.composite
def tables(draw: st.DrawFn):
    shape = draw(st.sampled_from(SHAPES))
    size = int(np.prod(shape))
    counts = draw(st.lists(COUNTS, min_size=size, max_size=size))
    if draw(st.integers(0, 3)) == 0:
        counts[draw(st.integers(0, size - 1))] = None
    table = table_of(np.array(counts, dtype=float).reshape(shape))
    # The first dimension may have a level between itself and its total.
    hierarchies = {}
    if draw(st.booleans()):
        table["region"] = np.where(table["a"] < "a1", "north", "south")
        hierarchies = {"a": ["region"]}
    totals = {"b": None} if len(shape) == 3 and draw(st.booleans()) else {}
    return table, list("abc"[: len(shape)]), {"hierarchies": hierarchies, "totals": totals}


def true_counts(table: pd.DataFrame, dimensions: list[str], published: pd.DataFrame) -> list[float]:
    """The count of every published cell, added up from the table; missing where a part is."""
    found = []
    for row in published.itertuples():
        rows = table
        for name in dimensions:
            label = getattr(row, name)
            if label != "Total":
                column = "region" if label in ("north", "south") else name
                rows = rows[rows[column] == label]
        found.append(rows["patients"].sum(skipna=False))
    return found


def half_up(count: float, base: int) -> float:
    return np.floor(count / base + 0.5) * base


@given(tables(), st.sampled_from(RULES))
@examples(20)
def test_no_protected_table_falls(given_table, rule: Rule) -> None:
    table, dimensions, named = given_table
    protected = protect(table, dimensions, "patients", rule=rule, **named)
    found = attack(protected)
    assert found.safe
    assert len(found.cells) == protected.suppressed == protected.primary + protected.complementary
    # The truth is among what the reader finds possible.
    frame = protected.to_frame()
    truth = pd.Series(true_counts(table, dimensions, frame))[frame["kind"] == "suppressed"].reset_index(drop=True)
    assert (found.cells["lower"] <= truth).all()
    assert (truth <= found.cells["upper"].fillna(np.inf)).all()


@given(tables(), st.sampled_from(RULES))
@examples(8)
def test_what_is_shown_is_the_true_count_rounded(given_table, rule: Rule) -> None:
    table, dimensions, named = given_table
    frame = protect(table, dimensions, "patients", rule=rule, **named).to_frame()
    for row, truth in zip(frame.itertuples(), true_counts(table, dimensions, frame), strict=True):
        if np.isnan(truth):
            assert (row.kind, row.display) == ("missing", "")
            assert np.isnan([row.patients, row.lower, row.upper]).all()
        elif truth < rule.threshold and (truth > 0 or rule.suppress_zero):
            assert (row.kind, row.display) == ("suppressed", "*")
        elif row.kind != "suppressed":
            assert row.patients == half_up(truth, rule.rounding)
            assert row.lower <= truth <= row.upper
            assert row.kind == ("exact" if rule.rounding == 1 else f"rounded to {rule.rounding}")


@given(tables(), st.randoms(use_true_random=False))
@examples(4)
def test_the_order_of_the_rows_changes_nothing(given_table, random) -> None:
    table, dimensions, named = given_table
    order = list(range(len(table)))
    random.shuffle(order)
    shuffled = table.iloc[order]
    one = protect(table, dimensions, "patients", rule=EXACT, **named).to_frame()
    other = protect(shuffled, dimensions, "patients", rule=EXACT, **named).to_frame()
    pd.testing.assert_frame_equal(one, other)


@given(tables(), st.sampled_from(RULES[:2]))
@examples(4)
def test_a_reader_of_the_text_finds_what_the_attack_finds(given_table, rule: Rule) -> None:
    table, dimensions, named = given_table
    if named["hierarchies"] or named["totals"]:
        return
    protected = protect(table, dimensions, "patients", rule=rule)
    text = protected.to_frame()[[*dimensions, "display"]]
    text["display"] = [each if each == "*" else float(each) if each else None for each in text["display"]]
    parents = {name: dict.fromkeys(table[name].unique(), "Total") for name in dimensions}
    read = published_table(text, dimensions, "display", parents, rule=rule, complemented=True)
    pd.testing.assert_frame_equal(attack(read).cells, attack(protected).cells)


# How much is hidden, against the least that a search of all choices finds


def sums_of(shape: tuple[int, int]) -> list[tuple[int, ...]]:
    """The cells of each row and column of a table with totals, the total last."""
    places = np.arange((shape[0] + 1) * (shape[1] + 1)).reshape(shape[0] + 1, shape[1] + 1)
    return [tuple(line) for line in (*places, *places.T)]


def is_safe(hidden: set[int], lower: np.ndarray, upper: np.ndarray, sums: list[tuple[int, ...]], width: int) -> bool:
    """An attack of its own: in two dimensions linear programming is exact in whole numbers."""
    matrix = np.zeros((len(sums), len(lower)))
    for row, cells in enumerate(sums):
        matrix[row, list(cells)] = 1
        matrix[row, cells[-1]] = -1
    bounds = [
        (0, None) if cell in hidden else (low, high) for cell, (low, high) in enumerate(zip(lower, upper, strict=True))
    ]
    for cell in hidden:
        direction = np.zeros(len(lower))
        direction[cell] = 1
        highest = linprog(-direction, A_eq=matrix, b_eq=np.zeros(len(sums)), bounds=bounds)
        if highest.status == 3:
            continue
        if -highest.fun < width - 1e-6:
            return False
        lowest = linprog(direction, A_eq=matrix, b_eq=np.zeros(len(sums)), bounds=bounds)
        if -highest.fun - lowest.fun < width - 1e-6:
            return False
    return True


def least_complement(counts: np.ndarray, rule: Rule) -> int:
    cells = np.concatenate([counts, counts.sum(axis=0, keepdims=True)])
    cells = np.concatenate([cells, cells.sum(axis=1, keepdims=True)], axis=1).ravel()
    sums = sums_of(counts.shape)
    shown = half_up(cells, rule.rounding)
    half = (rule.rounding - 1) // 2
    lower, upper = np.maximum(shown - half, rule.threshold), shown + half
    small = {cell for cell, count in enumerate(cells) if count < rule.threshold}
    others = [cell for cell in range(len(cells)) if cell not in small]
    for number in range(len(others) + 1):
        for added in itertools.combinations(others, number):
            hidden = small | set(added)
            # A symbol alone in an exact sum is what is left over.
            if rule.rounding == 1 and any(len(hidden.intersection(line)) == 1 for line in sums):
                continue
            if is_safe(hidden, lower, upper, sums, rule.width):
                return number
    raise AssertionError("with everything hidden, nothing falls")


def compare(shape: tuple[int, int], rule: Rule, seeds: range, mean: float) -> list[tuple[int, int]]:
    found = []
    for seed in seeds:
        random = np.random.default_rng(seed)
        counts = random.poisson(random.gamma(1, mean, shape))
        protected = protect(table_of(counts), ["a", "b"], "patients", rule=rule)
        found.append((protected.complementary, least_complement(counts, rule)))
    return found


@pytest.mark.parametrize(
    ("shape", "rule", "seeds", "mean"),
    with_deep(
        [((2, 2), EXACT, range(12), 12), ((3, 3), NHS, range(200, 212), 8)],
        ((3, 3), EXACT, range(100, 112), 15),
        ((4, 4), EXACT, range(300, 306), 25),
    ),
)
def test_little_more_is_hidden_than_the_least_possible(shape, rule, seeds, mean) -> None:
    found = compare(shape, rule, seeds, mean)
    assert all(least <= hidden <= least + 2 for hidden, least in found)
    hidden, least = map(sum, zip(*found, strict=True))
    assert least > 0
    assert hidden <= 1.25 * least


# Examples by hand


def test_a_lone_small_count_takes_three_others_with_it() -> None:
    # A rectangle is the least that hides one cell of a table whose totals are exact.
    counts = np.array([[3, 20, 30], [15, 25, 40], [50, 60, 70]])
    protected = protect(table_of(counts), ["a", "b"], "patients", rule=EXACT)
    assert (protected.primary, protected.complementary) == (1, 3)


def test_of_choices_with_as_many_cells_the_smallest_counts_are_hidden() -> None:
    protected = protect(table_of(np.array([90, 3, 20, 35])), ["a"], "patients", rule=EXACT)
    assert protected.to_frame()["display"].tolist() == ["90", "*", "*", "35", "148"]


def test_rounded_totals_protect_most_of_it_already() -> None:
    counts = np.array([[3, 20, 30], [15, 25, 40], [50, 60, 70]])
    protected = protect(table_of(counts), ["a", "b"], "patients")
    assert (protected.primary, protected.complementary) == (1, 0)
    assert protected.display().loc["a0"].tolist() == ["*", "20", "30", "55"]


def test_practices_add_into_icbs_regions_and_england() -> None:
    table = pd.DataFrame(
        {
            "practice": [f"P{number}" for number in range(8)],
            "icb": ["QA", "QA", "QB", "QB", "QC", "QC", "QD", "QD"],
            "region": ["North"] * 4 + ["South"] * 4,
            "patients": [3, 40, 50, 60, 70, 80, 90, 100],
        }
    )
    protected = protect(
        table, ["practice"], "patients", hierarchies={"practice": ["icb", "region"]}, totals={"practice": "England"},
        rule=EXACT,
    )  # fmt: skip
    frame = protected.to_frame().set_index("practice")
    assert frame["practice_level"].value_counts().to_dict() == {"practice": 8, "icb": 4, "region": 2, "England": 1}
    # The small practice and one more of its ICB: their sum, 43, leaves 0 to 43 for each.
    assert frame.index[frame["kind"] == "suppressed"].tolist() == ["P0", "P1"]
    assert frame.loc["England", "patients"] == 493
    assert list(protected.to_frame()) == [
        "practice", "practice_level", "patients", "kind", "lower", "upper", "display"
    ]  # fmt: skip
    assert attack(protected).cells[["lower", "upper"]].to_numpy().tolist() == [[0, 43], [0, 43]]


def test_levels_that_are_exact_and_levels_that_are_kept() -> None:
    counts = np.array([[2, 22, 31], [13, 26, 41]])
    protected = protect(table_of(counts), ["a", "b"], "patients", exact={"a": ["Total"]}).to_frame()
    national = protected[protected["a"] == "Total"]
    assert national["patients"].tolist() == [15, 48, 72, 135]
    assert set(national["kind"]) == {"exact"}
    assert set(protected[protected["a"] != "Total"]["kind"]) <= {"rounded to 5", "suppressed"}
    # One dimension, two cells: the only other cell or the total has to go with the small one.
    pair = pd.DataFrame({"a": ["x", "y"], "patients": [1, 50]})
    kept = protect(pair, ["a"], "patients", rule=EXACT, keep={"a": ["Total"]}).to_frame()
    assert kept["display"].tolist() == ["*", "*", "51"]
    # A total alone makes no levels to tell apart.
    assert list(kept) == ["a", "patients", "kind", "lower", "upper", "display"]
    with refused("keep", {"a": ["a", "Total"]}):
        protect(pair, ["a"], "patients", rule=EXACT, keep={"a": ["a", "Total"]})


def test_a_missing_count_is_not_a_suppressed_one() -> None:
    table = pd.DataFrame({"a": ["x", "y", "z"], "patients": [None, 3, 50]})
    frame = protect(table, ["a"], "patients").to_frame()
    assert frame["kind"].tolist() == ["missing", "suppressed", "rounded to 5", "missing"]
    assert frame["display"].tolist() == ["", "*", "50", ""]
    # Nothing is known of what is missing, and by its sign alone no greatest number of what is suppressed.
    assert frame["lower"].isna().tolist() == [True, False, False, True]
    assert frame["upper"].isna().tolist() == [True, True, False, True]


def test_labels_may_be_numbers_dates_and_categories() -> None:
    table = pd.DataFrame({"age": [10, 9, 11], "patients": [20, 3, 40]})
    assert protect(table, ["age"], "patients").to_frame()["age"].tolist() == [9, 10, 11, "Total"]
    months = table.assign(month=pd.to_datetime(["2024-05-01", "2024-04-01", "2024-06-01"]))
    frame = protect(months, ["month"], "patients", totals={"month": None}).to_frame()
    assert frame["month"].tolist() == sorted(months["month"])
    assert frame["display"].tolist() == ["*", "20", "40"]
    grouped = table.assign(age=table["age"].astype(str).astype("category"), icb=pd.Categorical(["Q", "Q", "R"]))
    frame = protect(grouped, ["age"], "patients", hierarchies={"age": ["icb"]}).to_frame()
    assert frame["age"].tolist() == ["10", "11", "9", "Q", "R", "Total"]


def test_what_is_absent_has_to_be_said() -> None:
    table = pd.DataFrame({"a": ["x", "x", "y"], "b": ["u", "v", "u"], "patients": [20, 30, 40]})
    with refused(None, row="a=y, b=v", names="absent"):
        protect(table, ["a", "b"], "patients")
    zero = protect(table, ["a", "b"], "patients", absent="zero", rule=Rule(0, 1)).to_frame()
    assert zero["display"].tolist() == ["20", "30", "50", "40", "0", "40", "60", "30", "90"]
    missing = protect(table, ["a", "b"], "patients", absent="missing").to_frame()
    assert missing["kind"].tolist()[4:] == ["missing", "missing", "rounded to 5", "missing", "missing"]


def test_of_rows_that_are_not_there_a_hundred_are_named_and_all_are_counted() -> None:
    # Eleven rows on the diagonal of a table of 121 cells.
    table = pd.DataFrame({"a": range(11), "b": range(11), "patients": 20})
    with pytest.raises(BadInput) as caught:
        protect(table, ["a", "b"], "patients")
    assert (len(caught.value.problems), caught.value.total) == (100, 110)
    assert [problem.row for problem in caught.value.problems[:2]] == ["a=0, b=1", "a=0, b=2"]


@pytest.mark.parametrize(("rounding", "exact"), [(1, True), (2, False), (5, False)])
def test_only_where_nothing_is_rounded_is_what_is_hidden_all_that_protects(
    monkeypatch: pytest.MonkeyPatch, rounding: int, exact: bool
) -> None:
    asked = []

    def best(choice: Choice, exact: bool) -> np.ndarray:
        asked.append(exact)
        return choice.primary | (choice.counts == 9)

    monkeypatch.setattr(Choice, "best", best)
    table = pd.DataFrame({"a": list("xyz"), "patients": [3, 9, 31]})
    shown = protect(table, ["a"], "patients", rule=Rule(rounding=rounding)).display()["patients"].tolist()
    assert asked == [exact]
    assert shown == ["*", "*", *{1: ("31", "43"), 2: ("32", "44"), 5: ("30", "45")}[rounding]]


def test_bad_tables_are_refused_with_all_their_problems() -> None:
    table = pd.DataFrame({"a": ["x", "y", "z"], "icb": ["Q", "Q", "x"], "patients": [-1, 2.5, 3]})
    with pytest.raises(BadInput) as caught:
        protect(table, ["a"], "patients", hierarchies={"a": ["icb"]})
    assert [(problem.column, problem.row, problem.value) for problem in caught.value.problems] == [
        ("icb", None, "x"),
        ("patients", "a=x", -1.0),
        ("patients", "a=y", 2.5),
    ]
    good = table.assign(patients=[1, 2, 3])
    two_parents = pd.DataFrame({"a": ["x", "x"], "b": ["u", "v"], "icb": ["Q", "R"], "patients": [1, 2]})
    for arguments, problems in [
        ((good, ["aa"], "patients"), [problem("dimensions", "aa", suggests="a")]),
        ((good, [], "patients"), [problem("dimensions", expected=("a column", "at least one"))]),
        ((good.iloc[:0], ["a"], "patients"), [problem(None, expected="at least one")]),
        (
            (good.assign(a=None), ["a"], "patients"),
            [problem("a", row=row, expected="a value") for row in ("1st row", "2nd row", "3rd row")]
            + [problem(None, row="a=None", expected="once")] * 2,
        ),
        (
            (pd.concat([good, good]), ["a"], "patients"),
            [problem(None, row=row, expected="once") for row in ("a=x", "a=y", "a=z")],
        ),
    ]:
        with refused(*problems):
            protect(*arguments)
    with refused("a", "x", names=("icb", "Q", "R")):
        protect(two_parents, ["a", "b"], "patients", hierarchies={"a": ["icb"]})
    with refused("exact", "England", names=("a", "Total")):
        protect(good, ["a"], "patients", exact={"a": ["England"]})
    with refused("absent", "none", names=("refuse", "zero", "missing")):
        protect(good, ["a"], "patients", absent="none")
    with refused("totals", "b", names="a"):
        protect(good, ["a"], "patients", totals={"b": "England"})
    with raised(TypeError, "table", "list"):
        protect([1, 2], ["a"], "patients")


@pytest.mark.parametrize(("counts", "more"), [([3, 1, 20, 30], 0), ([3, 0, 20, 30], 1)])
def test_what_is_bounded_just_as_widely_as_asked_stands(counts: list[int], more: int) -> None:
    # Of 3 and 1 each is 0 to 4; of 3 and 0 each is 0 to 3, which is narrower than 4, and the 20 go too.
    table = pd.DataFrame({"a": list("wxyz"), "patients": counts})
    protected = protect(table, ["a"], "patients", rule=Rule(rounding=1))
    assert (protected.primary, protected.complementary) == (2, more)
    assert [cell == "*" for cell in protected.display()["patients"]] == [True, True, bool(more), False, False]
    assert attack(protected).safe


@pytest.mark.parametrize(
    ("call", "given"),
    [
        (protect, {"dimensions": ["a"], "value": "n", "hierarchies": {"a": ["b"]}}),
        (protect_costs, {"dimensions": ["a"], "value": "n", "hierarchies": {"a": ["b"]}, "contributor": "trust"}),
        (published_table, {"dimensions": ["a"], "value": "n", "parents": {}}),
    ],
)
def test_a_column_that_is_not_there_is_told_by_the_argument_that_named_it(call: Any, given: dict[str, Any]) -> None:
    table = pd.DataFrame({"a": ["x", "y"], "b": ["u", "v"], "trust": ["A", "B"], "n": [10, 20]})
    wrong = {"dimensions": ["q"], "value": "q", "hierarchies": {"a": ["q"]}, "contributor": "q"}
    for argument in given.keys() & wrong.keys():
        changed = given | {argument: wrong[argument]}
        if argument == "dimensions":
            changed.pop("hierarchies", None)
        with refused(argument, "q", expected="a column"):
            call(table, **changed)


def test_a_cell_counts_once_towards_what_protects_another() -> None:
    # Of the cell in front two halves of its width are lacking: both of 2 and 9 people have to go, not one of them twice.
    counts, none = np.array([3.0, 2.0, 9.0]), np.zeros(3, dtype=bool)
    small = np.array([True, False, False])
    choice = Choice(
        relations=None, lower=counts, upper=counts, primary=small, missing=none, kept=none, counts=counts, width=4,
        widths=np.full(3, 4.0), watched=none, rule=NHS, between=none, open_lower=np.zeros(3), open_upper=np.full(3, 9.0),
    )  # fmt: skip
    assert choice.cheapest([Cut(0, np.array([1, 2]), np.array([0.5, 0.5]))], small).tolist() == [True, True, True]
    # Where either is enough, the lesser goes.
    assert choice.cheapest([Cut(0, np.array([1, 2]), np.array([1.0, 1.0]))], small).tolist() == [True, True, False]
