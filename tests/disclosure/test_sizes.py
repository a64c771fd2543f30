"""Tables of three dimensions: an answer in time, a small one, a proved one, and the record of it."""

from __future__ import annotations

import pickle
import re

import numpy as np
import pandas as pd
import pytest

from cmhs_metrics.disclosure import NHS, Rule, attack, protect
from cmhs_metrics.disclosure.covering import Covering
from cmhs_metrics.disclosure.effort import UNLIMITED
from cmhs_metrics.disclosure.layout import Dimension, Layout
from cmhs_metrics.disclosure.moves import Moves
from tests.support.refusals import raised, refused

EXACT = Rule(rounding=1)


def table_of(shape: tuple[int, ...], seed: int) -> pd.DataFrame:
    counts = np.random.default_rng(seed).geometric(0.03, shape) - 1
    labels = [[f"{name}{at:02}" for at in range(length)] for name, length in zip("abc", shape, strict=False)]
    index = pd.MultiIndex.from_product(labels, names=list("abc"[: len(shape)]))
    return pd.Series(counts.ravel(), index, name="patients").reset_index()


# The fewest cells, proved by the cuts of the build before, which ended on these: 12 and 10.
@pytest.mark.parametrize(("seed", "least"), [(1, 12), (2, 10)])
def test_four_by_four_by_four_is_within_a_tenth_of_the_best(seed: int, least: int) -> None:
    protected = protect(table_of((4, 4, 4), seed), ["a", "b", "c"], "patients", rule=EXACT)
    assert protected.suppressed <= 1.1 * (protected.primary + least)


@pytest.mark.parametrize("rule", [NHS, pytest.param(EXACT, marks=pytest.mark.deep)], ids=["NHS", "exact"])
def test_a_thousand_cells_are_protected(rule: Rule) -> None:
    protected = protect(table_of((20, 6, 6), 1), ["a", "b", "c"], "patients", rule=rule, progress=False)
    assert protected.layout.size == 1029
    assert protected.primary > 50
    # What is hidden lies in lines with other hidden cells, or no total is exact.
    hidden = (protected.kind == "suppressed").reshape(21, 7, 7)
    if rule is EXACT:
        assert all(set(np.unique(hidden.sum(axis=axis))) & {1} == set() for axis in range(3))
        assert protected.complementary < 1.5 * protected.primary


def test_what_takes_too_long_is_refused_with_its_size() -> None:
    with refused("seconds", 0.2, names=(441, 9, 7)):
        protect(table_of((8, 6, 6), 1), ["a", "b", "c"], "patients", rule=EXACT, seconds=0.2)


def test_progress_is_said_where_it_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    protect(table_of((3, 3, 3), 1), ["a", "b", "c"], "patients", rule=EXACT, progress=True)
    assert "disclosure: " in capsys.readouterr().err
    protect(table_of((3, 3, 3), 1), ["a", "b", "c"], "patients", rule=EXACT, progress=False)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("cell", range(0, 60, 7))
def test_moves_change_no_sum(cell: int) -> None:
    places = ("p", "q", "r", "x", "y", "all")
    parents = {"p": "x", "q": "x", "r": "y", "x": "all", "y": "all"}
    layout = Layout(
        [Dimension("a", places, places, parents), Dimension("b", ("u", "v"), ("b", "b")),
         Dimension("c", ("1", "2", "3", "t", "w"), tuple("12345"), {"1": "t", "2": "t", "3": "t"})]
    )  # fmt: skip
    cells, signs = Moves(layout).of(cell)
    assert len(cells)
    for change_of, by in zip(cells, signs, strict=True):
        change = np.zeros(layout.size)
        np.add.at(change, change_of, by)
        assert change[cell] == 1
        assert not np.any(layout.relations @ change)


TREE = ("a", "b", "c", "west", "all")
"""a and b are the west, and c besides is all."""
PARENTS = {"a": "west", "b": "west", "west": "all", "c": "all"}
TRUE = np.array([0.0, 5.0, 9.0, 5.0, 14.0])


@pytest.mark.parametrize(
    ("cell", "to", "lower", "upper", "then"),
    [
        # With the west and all shown, what a gains b loses: as far as asked, or as b can.
        (0, 3, [0, 0, 0, 5, 14], [9, 9, 9, 5, 14], [3, 2, 9, 5, 14]),
        (0, 8, [0, 1, 0, 5, 14], [9, 9, 9, 5, 14], [4, 1, 9, 5, 14]),
        (1, 2, [0, 0, 0, 5, 14], [2, 9, 9, 5, 14], [2, 3, 9, 5, 14]),
        # With all shown alone, c loses what the west gains; with nothing shown, all gains too.
        (0, 3, [0, 5, 0, 0, 14], [9, 5, 9, 9, 14], [3, 5, 6, 8, 14]),
        (0, 3, [0, 5, 9, 0, 0], [9, 5, 9, 99, 99], [3, 5, 9, 8, 17]),
        # The widest way first, and what is lacking by another.
        (0, 7, [0, 3, 0, 0, 14], [9, 9, 9, 10, 14], [7, 3, 4, 10, 14]),
        (0, 0, [0, 0, 0, 0, 0], [9, 9, 9, 9, 99], [0, 5, 9, 5, 14]),
    ],
)
def test_a_push_stays_within_what_each_cell_can_be(
    cell: int, to: float, lower: list[float], upper: list[float], then: list[float]
) -> None:
    layout = Layout([Dimension("place", TREE, TREE, PARENTS)])
    assert not np.any(layout.relations @ TRUE)
    moved = Moves(layout).push(TRUE, np.array(lower, float), np.array(upper, float), cell, to)
    assert moved.tolist() == then
    assert TRUE.tolist() == [0, 5, 9, 5, 14]


def test_of_moves_alike_the_one_that_hides_the_smaller_counts_is_the_likeliest() -> None:
    # The 2 people of a are hidden with the 20 of b, the 7 of c or all 29.
    places = ("a", "b", "c", "all")
    layout = Layout([Dimension("place", places, places, dict.fromkeys("abc", "all"))])
    counts = layout.totals(np.array([2, 20, 7, 0.0]))
    none = np.zeros(layout.size, dtype=bool)
    primary = none.copy()
    primary[0] = True
    search = Covering(Moves(layout), counts, primary, none, none, width=4, effort=UNLIMITED)
    assert [sorted(layout.name(cell) for cell in move) for move in search._of(0)] == [
        ["place=a", "place=c"],
        ["place=a", "place=b"],
        ["place=a", "place=all"],
    ]


def test_a_shorter_move_bounds_no_more_than_its_own_cells() -> None:
    # The 1 of a can be 4 more with the 4 of b, and 1 less: 5 wide. Beside moves of three cells that of two is filled up.
    layout = Layout([Dimension("place", TREE, TREE, PARENTS)])
    none = np.zeros(layout.size, dtype=bool)
    # With 2 in b it is 3 wide.
    for b, moves in ((4, [[0, 1], [0, 2, 3], [0, 3, 4]]), (2, [[0, 2, 3], [0, 3, 4]])):
        counts = layout.totals(np.array([1.0, b, 9, 0, 0]))
        search = Covering(Moves(layout), counts, np.arange(5) == 0, none, none, 4, UNLIMITED)
        assert [sorted(set(move.tolist())) for move in search._of(0)] == moves


def test_a_witness_that_does_not_agree_is_not_believed() -> None:
    protected = protect(table_of((3, 3), 5), ["a", "b"], "patients", rule=EXACT)
    wrong = np.full(protected.layout.size, 7.0)
    assert (
        attack(protected, exact=False, witnesses=[wrong]).cells["falls"].tolist()
        == attack(protected).cells["falls"].tolist()
    )


def test_the_record_says_why_and_tells_no_count() -> None:
    table = pd.DataFrame({"a": ["x", "y", "<z>"], "patients": [3, 20, 61]})
    protected = protect(table, ["a"], "patients", rule=EXACT)
    record = protected.record()
    assert record.to_dict("records") == [
        {"a": "x", "reason": "count under 5", "rule": "counts under 5 suppressed; others shown exactly"},
        {"a": "y", "reason": "protects other cells", "rule": "counts under 5 suppressed; others shown exactly"},
    ]
    page = protected.record_html()
    assert "Not for publication" in page
    assert "<dt>Suppressed: protects other cells</dt><dd>1</dd>" in page
    assert page.count("<tr>") == 3
    assert page.count("<th ") == 3
    assert re.findall(r"<td>(.*?)</td>", page)[:2] == ["x", "count under 5"]
    # Which cell is small stays with whoever protected the table.
    copied = pickle.loads(pickle.dumps(protected))
    assert copied.reasons is None
    with raised(ValueError, "protect"):
        copied.record()


def test_an_attack_that_takes_too_long_says_how_far_it_came() -> None:
    protected = protect(table_of((5, 5, 5), 1), ["a", "b", "c"], "patients")
    with refused("seconds", 0.001, names=("exact", 216)):
        attack(protected, seconds=0.001)
