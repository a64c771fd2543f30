"""The attack finds what trying every table finds, no more and no less."""

from __future__ import annotations

import itertools
import math
from functools import lru_cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from cmhs_metrics import BadInput
from cmhs_metrics.disclosure import Rule, attack, published_table
from cmhs_metrics.disclosure.bounds import Inconsistent, Unknowns, propagate, reach
from tests.support.budgets import examples
from tests.support.refusals import problem, refused

TOTAL = "All"
EXACT = Rule(rounding=1)


def with_totals(counts: np.ndarray) -> np.ndarray:
    """Each dimension gets its total as a last label."""
    for axis in range(counts.ndim):
        counts = np.concatenate([counts, counts.sum(axis=axis, keepdims=True)], axis=axis)
    return counts


def tidy(cells: np.ndarray) -> pd.DataFrame:
    names = "abc"[: cells.ndim]
    rows = []
    for place in np.ndindex(*cells.shape):
        labels = [
            TOTAL if at == length - 1 else f"{name}{at}"
            for name, at, length in zip(names, place, cells.shape, strict=True)
        ]
        rows.append([*labels, cells[place]])
    return pd.DataFrame(rows, columns=[*names, "patients"])


def as_published(cells: np.ndarray, rule: Rule, complemented: bool = True):
    table = tidy(cells)
    names = list(table.columns[:-1])
    parents = {name: {label: TOTAL for label in table[name].unique() if label != TOTAL} for name in names}
    return published_table(table, names, "patients", parents, rule=rule, complemented=complemented)


def rounds_to(counts: np.ndarray, base: int) -> np.ndarray:
    return np.floor(counts / base + 0.5) * base


@lru_cache
def every_table(shape: tuple[int, ...], greatest: int) -> np.ndarray:
    """All tables of counts up to a greatest one, with totals; the first axis runs over the tables."""
    size = math.prod(shape)
    every = np.array(list(itertools.product(range(greatest + 1), repeat=size))).reshape(-1, *shape)
    for axis in range(1, len(shape) + 1):
        every = np.concatenate([every, every.sum(axis=axis, keepdims=True)], axis=axis)
    return every


def possible(every: np.ndarray, shown: np.ndarray, rule: Rule) -> np.ndarray:
    """The tables that agree with everything that is shown."""
    agrees = np.ones(len(every), dtype=bool)
    for place in np.ndindex(*shown.shape):
        if isinstance(shown[place], int):
            counts = every[(slice(None), *place)]
            agrees &= rounds_to(counts, rule.rounding) == shown[place]
            if rule.rounding > 1:
                agrees &= (counts >= rule.threshold) | ((counts == 0) & (not rule.suppress_zero))
    return every[agrees]


SHAPES = {(3,): 12, (2, 2): 8, (2, 3): 4, (2, 2, 2): 3}


@st.composite
def published_tables(draw: st.DrawFn):
    shape = draw(st.sampled_from(list(SHAPES)))
    rule = draw(
        st.sampled_from(
            [EXACT, Rule(2, 2), Rule(3, 3), Rule(2, 3, suppress_zero=False), Rule(3, 1, suppress_zero=False)]
        )
    )
    # The grand total is shown and small, so that every table that agrees with it can be tried.
    people = draw(st.integers(rule.threshold if rule.rounding > 1 else 0, SHAPES[shape]))
    size = math.prod(shape)
    homes = draw(st.lists(st.integers(0, size - 1), min_size=people, max_size=people))
    cells = with_totals(np.bincount(np.array(homes, dtype=int), minlength=size).reshape(shape))
    first = draw(st.integers(0, size - 1))
    shown = rounds_to(cells, rule.rounding).astype(int).astype(object)
    for place in np.ndindex(*cells.shape):
        small = rule.rounding > 1 and cells[place] < rule.threshold and (rule.suppress_zero or cells[place] > 0)
        if place == np.unravel_index(first, shape):
            shown[place] = "*"
        elif place != tuple(length - 1 for length in cells.shape):
            hidden = draw(st.sampled_from(["", "", "*", "*", "nothing"]))
            shown[place] = None if hidden == "nothing" else "*" if hidden or small else shown[place]
    return shown, rule, shape


@given(published_tables())
@examples(18)
def test_the_bounds_are_those_of_every_table_that_agrees(given_table) -> None:
    shown, rule, shape = given_table
    greatest = shown.flat[-1] + (rule.rounding - 1) // 2
    tables = possible(every_table(shape, greatest), shown, rule)
    found = attack(as_published(shown, rule)).cells
    hidden = [place for place in np.ndindex(*shown.shape) if shown[place] == "*"]
    for place, row in zip(hidden, found.itertuples(), strict=True):
        counts = tables[(slice(None), *place)]
        assert (row.lower, row.upper) == (counts.min(), counts.max())
        assert row.falls == (counts.max() - counts.min() < rule.width)


@given(published_tables())
@examples(12)
def test_the_quick_attack_fells_the_same_cells(given_table) -> None:
    shown, rule, _ = given_table
    published = as_published(shown, rule)
    exact, quick = attack(published).cells, attack(published, exact=False).cells
    assert exact["falls"].tolist() == quick["falls"].tolist()
    assert (exact["lower"] <= quick["lower"]).all()
    assert (quick["upper"] <= exact["upper"]).all()


def test_a_lone_symbol_in_a_row_is_recovered() -> None:
    shown = np.array([[20, "*", 24], [11, 9, 20], [31, 13, 44]], dtype=object)
    found = attack(as_published(shown, EXACT))
    assert found.cells[["lower", "upper"]].to_numpy().tolist() == [[4, 4]]
    assert not found.safe
    assert found.fallen["b"].tolist() == ["b1"]
    assert "1 can be recovered" in str(found)


def test_a_rectangle_of_symbols_is_bounded_by_its_totals() -> None:
    # Of the four, any can give what its neighbours take: from 2 - 2 to 2 + 3.
    shown = np.array([["*", "*", 5], ["*", "*", 30], [10, 25, 35]], dtype=object)
    found = attack(as_published(shown, EXACT)).cells
    assert found[["lower", "upper"]].to_numpy().tolist() == [[0, 5], [0, 5], [5, 10], [20, 25]]


def test_rounding_leaves_an_interval_where_exact_totals_leave_a_point() -> None:
    # Behind 20, 10 and 30 are 18 to 22, 8 to 12 and 28 to 32, so the symbol is 0 to 6; shown exactly it is 0.
    shown = np.array([20, "*", 10, 30], dtype=object)
    found = attack(as_published(shown, Rule())).cells
    assert found[["lower", "upper", "falls"]].to_numpy().tolist() == [[0, 6, False]]
    # Behind the 5s are 5 to 7: the symbol is 0 to 2, which is less than 0 to 4.
    found = attack(as_published(np.array(["*", 5, 5], dtype=object), Rule())).cells
    assert found[["lower", "upper", "falls"]].to_numpy().tolist() == [[0, 2, True]]


def test_a_symbol_that_only_stands_for_small_counts_says_so() -> None:
    shown = np.array(["*", "*", 100, 105], dtype=object)
    alone = attack(as_published(shown, EXACT, complemented=False)).cells
    assert alone[["lower", "upper"]].to_numpy().tolist() == [[1, 4], [1, 4]]
    protected = attack(as_published(shown, EXACT)).cells
    assert protected[["lower", "upper"]].to_numpy().tolist() == [[0, 5], [0, 5]]


def test_without_a_total_there_is_no_greatest() -> None:
    shown = np.array(["*", 30, "*"], dtype=object)
    found = attack(as_published(shown, EXACT)).cells
    assert found["lower"].tolist() == [0, 30]
    assert found["upper"].isna().all()
    assert not found["falls"].any()


def test_in_three_dimensions_whose_margins_are_all_one_there_are_two_tables() -> None:
    shown = with_totals(np.array([[[1, 0], [0, 1]], [[0, 1], [1, 0]]])).astype(object)
    shown[:2, :2, :2] = "*"
    found = attack(as_published(shown, Rule(rounding=1, width=1))).cells
    assert found[["lower", "upper"]].to_numpy().tolist() == [[0, 1]] * 8


def test_whole_numbers_are_bounded_more_narrowly_than_fractions() -> None:
    # Every two of three cells come to 1 at most. With halves the three come to 1½, in whole numbers to 1.
    relations = csr_array(
        [
            [1, 1, 0, -1, 0, 0, 0],
            [0, 1, 1, 0, -1, 0, 0],
            [1, 0, 1, 0, 0, -1, 0],
            [1, 1, 1, 0, 0, 0, -1],
        ]
    ).astype(float)
    upper = np.array([np.inf, np.inf, np.inf, 1, 1, 1, np.inf])
    for enough in (None, 2):
        found = reach(relations, np.zeros(7), upper, np.array([6]), enough=enough)
        assert (found.inner_lower[6], found.inner_upper[6]) == (0, 1)


def test_a_table_that_contradicts_itself_is_refused_by_its_total() -> None:
    shown = np.array([20, "*", 15], dtype=object)
    with refused("patients", 15.0, row="a=All", expected="to add up"):
        attack(as_published(shown, EXACT))


def test_the_national_figure_can_be_exact() -> None:
    table = pd.DataFrame({"icb": ["QE1", "QUE", "England"], "patients": [10, "*", 12]})
    parents = {"icb": {"QE1": "England", "QUE": "England"}}
    rounded = attack(published_table(table.replace(12, 10), ["icb"], "patients", parents)).cells
    exact = attack(published_table(table, ["icb"], "patients", parents, exact={"icb": ["England"]})).cells
    assert rounded[["lower", "upper"]].to_numpy().tolist() == [[0, 4]]
    assert exact[["lower", "upper"]].to_numpy().tolist() == [[0, 4]]


# a and b are c, and c and d are e.
SUMS = csr_array(np.array([[1.0, 1, -1, 0, 0], [0, 0, 1, 1, -1]]))


def test_a_sum_narrows_what_another_sum_has_narrowed() -> None:
    anything, none = np.full(4, np.inf), np.zeros(4)
    lower, upper = propagate(SUMS, np.append(none, 10.0), np.append(anything, 10.0))
    assert (lower.tolist(), upper.tolist()) == ([0, 0, 0, 0, 10], [10] * 5)
    # 7 to 10 less 1 to 2 are 5 to 9, and less 4 they are 1 to 5.
    lower, upper = propagate(SUMS, np.array([4.0, 0, 0, 1, 7]), np.array([4, np.inf, np.inf, 2, 10]))
    assert (lower.tolist(), upper.tolist()) == ([4, 1, 5, 1, 7], [4, 5, 9, 2, 10])
    # Of what has no end: 3 and 4 or more with 1 or more are 8 or more, and 20 or more less 2 at most are 18 or more.
    endless = np.full(5, np.inf)
    assert propagate(SUMS, np.array([3.0, 4, 0, 1, 0]), endless)[0].tolist() == [3, 4, 7, 1, 8]
    assert propagate(SUMS, np.array([0.0, 0, 20, 0, 0]), np.where([0, 1, 0, 0, 0], 2, endless))[0][0] == 18
    # 7 less 8 to 9 is below nought.
    with pytest.raises(Inconsistent):
        propagate(SUMS, np.array([0.0, 0, 0, 8, 7]), np.array([np.inf] * 3 + [9, 7]))


@pytest.mark.parametrize(
    ("table", "allowed"),
    [
        ([2, 3, 5, 4, 9], True), ([2, 2, 4, 4, 8], True), ([2, 4, 6, 4, 10], True),
        ([1, 3, 4, 4, 8], False), ([2, 5, 7, 4, 11], False), ([2, 3, 6, 4, 10], False), ([2.5, 2.5, 5, 4, 9], False),
        ([2, 3, 5, 4, math.nan], False),
    ],
)  # fmt: skip
def test_a_table_agrees_with_every_bound_and_every_sum_in_whole_numbers(table: list[float], allowed: bool) -> None:
    unknowns = Unknowns(SUMS, np.array([2.0, 0, 0, 4, 0]), np.array([np.inf, 4, np.inf, 4, 10]))
    assert unknowns.open.tolist() == [0, 1, 2, 4]
    assert unknowns.allows(np.array(table, dtype=float)) is allowed
    assert unknowns.all_cells(np.array([2.0, 3, 5, 9])).tolist() == [2, 3, 5, 4, 9]


def test_a_published_table_is_refused_with_all_its_problems() -> None:
    table = pd.DataFrame({"icb": ["QE1", "QUE", "QOP", "England"], "patients": [10, "x", 13, 3]})
    with pytest.raises(BadInput) as caught:
        published_table(table, ["icb"], "patients", {"icb": {"QE1": "England"}})
    assert [(problem.row, problem.value) for problem in caught.value.problems] == [
        ("icb=QUE", "x"),
        ("icb=QOP", 13),
        ("icb=England", 3),
    ]
    with refused("parents", "QXX", names="icb"):
        published_table(table, ["icb"], "patients", {"icb": {"QXX": "England"}})
    with refused(
        problem(None, row="icb=QE1", expected="once"),
        problem(None, row="icb=QUE", expected="once"),
        problem(None, row="icb=QOP", expected="once"),
        problem(None, row="icb=England", expected="once"),
    ):
        published_table(pd.concat([table, table]), ["icb"], "patients", {})
    with refused("value", "patient", suggests="patients"):
        published_table(table, ["icb"], "patient", {})
