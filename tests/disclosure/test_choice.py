"""Which cells are chosen to protect others, by hand: what a cut asks for, what needs nothing, where the search ends."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array

from cmhs_metrics.disclosure import NHS, Rule, complement
from cmhs_metrics.disclosure.bounds import Inconsistent, Reach, Unknowns, propagate, reach
from cmhs_metrics.disclosure.complement import Choice, Cut, Unprotectable
from cmhs_metrics.disclosure.covering import Covering, Uncovered
from cmhs_metrics.disclosure.effort import UNLIMITED, Effort, OutOfTime
from cmhs_metrics.disclosure.layout import Dimension, Layout
from cmhs_metrics.disclosure.moves import Moves

EXACT = Rule(rounding=1)


def table_of(counts: list[list[int]]) -> tuple[Layout, np.ndarray]:
    """Two dimensions with totals, and the counts of all their cells."""
    inside = np.array(counts, dtype=float)
    dimensions = []
    for name, length in zip("ab", inside.shape, strict=True):
        labels = (*(f"{name}{at}" for at in range(length)), "all")
        dimensions.append(Dimension(name, labels, labels, dict.fromkeys(labels[:-1], "all")))
    layout = Layout(dimensions)
    return layout, layout.totals(np.pad(inside, ((0, 1), (0, 1))).ravel())


def choice_of(relations: Any, counts: Any, **given: Any) -> Choice:
    """A choice for a table that shows all exactly and knows nothing of what is hidden."""
    counts = np.array(counts, dtype=float)
    none = np.zeros(len(counts), dtype=bool)
    held = {
        "lower": counts, "upper": counts, "primary": EXACT.is_suppressed(counts), "missing": none, "kept": none,
        "counts": counts, "width": 4, "widths": np.full(len(counts), 4.0), "watched": none, "rule": EXACT,
        "between": none, "open_lower": np.zeros(len(counts)), "open_upper": np.full(len(counts), np.inf),
    }  # fmt: skip
    return Choice(relations, **(held | given))


def these(length: int, *cells: int) -> np.ndarray:
    found = np.zeros(length, dtype=bool)
    found[list(cells)] = True
    return found


@pytest.mark.parametrize(("rule", "harmless"), [(NHS, [0, 1]), (Rule(suppress_zero=False), [0, 1, 3])])
def test_a_count_between_tables_is_harmless_from_the_threshold_on(rule: Rule, harmless: list[int]) -> None:
    lower, upper = np.array([5, 6, 4, 0, 0, 9.0]), np.array([9, 6, 9, 0, 1, 9.0])
    choice = SimpleNamespace(rule=rule, between=np.array([True] * 5 + [False]))
    found = Choice.harmless(choice, np.arange(6), lower, upper)  # type: ignore[arg-type]
    assert np.flatnonzero(found).tolist() == harmless


def test_what_a_cell_is_worth_to_the_interval_of_another() -> None:
    # a and b are hidden of a + b + c = 12, b being 4 at most: 7 less b, a is 3 to 7. Were c hidden, which is 5 and 9 at
    # most, a could be more by 5 or less by 3 (nothing is below nought), by prices 4; were the total, 12 and 20 at most,
    # more by 8 or less by 12.
    relations = csr_array(np.array([[1.0, 1, 1, -1]]))
    choice = choice_of(
        relations, [4, 3, 5, 12], widths=np.full(4, 22.0), open_upper=np.array([99, 4, 9, 20.0]),
        primary=these(4, 0, 1),
    )  # fmt: skip
    hidden = choice.primary
    unknowns = Unknowns(relations, *choice.known(hidden))
    cut = choice._by_prices(unknowns, 0, hidden)
    # Of 22 a width of 4 is there, and 18 are lacking.
    assert (cut.cell, cut.cells.tolist()) == (0, [2, 3])
    assert cut.weights.tolist() == pytest.approx([9 / 18, 1])
    # Of no more than 12 it is 9 of 8, which is enough; what is missing is no choice.
    enough = choice_of(
        relations, [4, 3, 5, 12], widths=np.full(4, 12.0), open_upper=np.array([99, 4, 9, 20.0]),
        primary=these(4, 0, 1), missing=these(4, 3),
    )  # fmt: skip
    cut = enough._by_prices(Unknowns(relations, *choice.known(hidden)), 0, hidden)
    assert (cut.cells.tolist(), cut.weights.tolist()) == ([2], [1])
    # Of 2 and more the 5 of c could be less by 3 alone: a more by 3 or less by 4.
    known = replace(choice, open_lower=np.array([0, 0, 2, 0.0]))
    cut = known._by_prices(Unknowns(relations, *known.known(hidden)), 0, hidden)
    assert cut.weights.tolist() == pytest.approx([7 / 18, 1])
    # b without an end, a is 0 to 7: more by the 5 of c, or by the 8 that the total can be more; and never less than nothing.
    endless = replace(choice, open_upper=np.array([99, np.inf, 9, 20.0]))
    cut = endless._by_prices(Unknowns(relations, *endless.known(hidden)), 0, hidden)
    assert cut.weights.tolist() == pytest.approx([5 / 15, 8 / 15])
    # Where prices say that it is wide enough, whole numbers alone bound it: whatever is shown may go.
    wide = choice_of(
        relations, [4, 3, 5, 12], open_upper=np.array([99, 4, 9, 20.0]), primary=these(4, 0, 1)
    )  # fmt: skip
    cut = wide._by_prices(Unknowns(relations, *wide.known(hidden)), 0, hidden)
    assert (cut.cells.tolist(), cut.weights.tolist()) == ([2, 3], [1, 1])


@pytest.mark.parametrize(
    # Beside 8 to 12 and ten, a third part of 24 is 2 to 6, and the total with a known 4 is 22 to 26.
    "cell",
    [pytest.param(0, id="part"), pytest.param(3, id="total")],
)
@pytest.mark.parametrize("watched", [False, True])
def test_what_a_sum_by_itself_bounds_too_narrowly(cell: int, watched: bool) -> None:
    one, none = these(4, cell), np.zeros(4, dtype=bool)
    choice = choice_of(
        csr_array(np.array([[1.0, 1, 1, -1]])), [4, 10, 10, 24], lower=np.where(one, 0.0, [4, 8, 10, 24]),
        upper=np.where(one, np.inf, [4, 12, 10, 24]), primary=none, watched=one & watched,
    )  # fmt: skip
    hidden = one & (not watched)
    assert choice.by_each_sum(hidden) == []
    (cut,) = replace(choice, widths=np.full(4, 5.0)).by_each_sum(hidden)
    assert (cut.cell, cut.cells.tolist()) == (cell, [at for at in range(4) if at != cell or watched])


def test_what_nothing_needs_is_shown_again_the_greatest_first() -> None:
    layout, counts = table_of([[3, 20, 60], [30, 7, 50], [80, 70, 90]])
    choice = choice_of(layout.relations, counts, moves=Moves(layout))
    inside = np.flatnonzero(layout.finest)
    found = choice.without_the_needless(these(layout.size, *inside))
    # 90 goes first. Then 80, 70, 60 and 50 have to stay, for each the other of its row or column would be alone; 30 and
    # 20 may go, for 3, 60, 50, 7, 70 and 80 are a ring in which each gains what the next loses. (The least first, 7
    # would go, and 20 stay.)
    expected = [[True, False, True], [False, True, True], [True, True, False]]
    assert found.reshape(layout.shape)[:3, :3].tolist() == expected
    # What is small is never shown.
    assert choice.without_the_needless(these(layout.size, 0)).tolist() == these(layout.size, 0).tolist()


def test_what_holds_two_rings_together_is_needed_though_no_row_falls_without_it() -> None:
    # Rings of four in the upper left and the lower right, and between them 3, which alone could not change; 60, in the
    # other corner, closes a ring through both. Without 60 every row and column still has two that are hidden.
    layout, counts = table_of([[11, 12, 3, 90], [13, 14, 90, 90], [60, 90, 15, 16], [90, 90, 17, 18]])
    hidden = these(
        layout.size, *(5 * row + column for row in range(4) for column in range(4) if counts[5 * row + column] < 90)
    )
    choice = choice_of(layout.relations, counts, moves=Moves(layout))
    without = hidden.copy()
    without[10] = False
    assert not choice.by_each_sum(without)
    assert choice.fallen(without).tolist() == [2]
    # With 60 it stands, so of what is asked for 60 has to be enough.
    (cut,) = choice.by_all_sums(without)
    assert (cut.cell, dict(zip(cut.cells.tolist(), cut.weights.tolist(), strict=True))[10]) == (2, 1)
    assert choice.by_all_sums(hidden) == []
    # 15 goes first and then 11: what is left is one ring, of which every other cell is the last of its row or column.
    assert counts[hidden & ~choice.without_the_needless(hidden)].tolist() == [11, 15]


class TestWhereTheBestIsSought:
    """By proof in a table of as many cells as that is tried on, by the search beyond, and never where totals are rounded."""

    @pytest.fixture
    def tried(self, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
        asked: list[Any] = []

        class Search:
            def __init__(self, moves, counts, primary, missing, barred, width, effort, seed) -> None:
                asked.append((seed, counts.tolist(), np.flatnonzero(barred).tolist(), width))
                self.seed = seed

            def solve(self) -> np.ndarray:
                # The second has as few as the third, and lesser counts; the first has more.
                return [these(4, 0, 1, 2), these(4, 0, 2), these(4, 0, 3)][self.seed % 3]

        monkeypatch.setattr(complement, "Covering", Search)
        monkeypatch.setattr(Choice, "solve", lambda self: self.effort.check() or "proved")
        monkeypatch.setattr(Choice, "without_the_needless", lambda self, hidden: hidden & ~self.primary)
        return asked

    CHOICE = choice_of(None, [3, 9, 10, 22], kept=these(4, 0, 3), moves=SimpleNamespace(), missing=these(4, 1))

    @pytest.mark.parametrize(
        ("exact", "moves", "proved", "by_search"),
        [(True, True, 4, 0), (True, True, 3, 1), (True, False, 3, 0), (False, True, 3, 0), (False, False, 4, 0)],
    )
    def test_by_proof_or_by_search(
        self, tried: list[Any], monkeypatch: pytest.MonkeyPatch, exact: bool, moves: bool, proved: int, by_search: int
    ) -> None:
        monkeypatch.setattr(complement, "PROVED", proved)
        choice = self.CHOICE if moves else complement.replace(self.CHOICE, moves=None)
        found = choice.best(exact)
        assert len(tried) == by_search
        # Of the cells that are kept a small one is none: it has to go.
        assert tried == [(0, [3, 9, 10, 22], [3], 4)] * by_search
        # What nothing needs is looked for where the table is small alone.
        assert np.flatnonzero(found).tolist() == [0, 1, 2] if by_search else found == "proved"

    def test_where_time_is_out_the_best_of_several_searches(
        self, tried: list[Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(complement, "SECONDS", -1.0)
        monkeypatch.setattr(complement, "PROVED", 4)
        found = self.CHOICE.best(exact=True)
        assert [seed for seed, *_ in tried] == list(range(complement.RESTARTS))
        assert np.flatnonzero(found).tolist() == [2]
        # Where the user's own time is out, there is no search.
        with pytest.raises(OutOfTime):
            complement.replace(self.CHOICE, effort=Effort(-1.0, False)).best(exact=True)

    def test_where_no_box_covers_a_cell_it_is_proved(self, tried: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
        def uncovered(*given: Any) -> Any:
            raise Uncovered

        monkeypatch.setattr(complement, "PROVED", 3)
        monkeypatch.setattr(complement, "Covering", uncovered)
        assert self.CHOICE.best(exact=True) == "proved"


class TestCovering:
    def search(self, counts: list[list[int]], free: list[str] = [], barred: list[str] = []) -> tuple[Layout, set[str]]:  # noqa: B006
        layout, cells = table_of(counts)
        masks = (these(layout.size, *(at for at in range(layout.size) if layout.name(at) in n)) for n in (free, barred))
        nothing, not_to_be = masks
        primary = (cells < 5) & ~nothing
        found = Covering(Moves(layout), cells, primary, nothing, not_to_be, width=4, effort=UNLIMITED).solve()
        assert (found >= primary).all()
        return layout, {layout.name(cell) for cell in np.flatnonzero(found)}

    def test_takes_the_box_with_fewest_cells_and_least_counts(self) -> None:
        # One small count is protected by three more, and 7 + 20 + 30 are the fewest people; with 2 of them barred,
        # the next box is that of 20, 90 and 80.
        counts = [[3, 20, 60], [30, 7, 50], [80, 90, 95]]
        _, found = self.search(counts)
        assert found == {"a=a0, b=b0", "a=a0, b=b1", "a=a1, b=b0", "a=a1, b=b1"}
        _, found = self.search(counts, barred=["a=a1, b=b0", "a=a1, b=b1"])
        assert found == {"a=a0, b=b0", "a=a0, b=b1", "a=a2, b=b0", "a=a2, b=b1"}

    def test_what_nothing_is_known_of_helps_and_is_not_given(self) -> None:
        # 60, 80 and 95 are with nobody: they cost nothing, and the box through them hides none.
        free = ["a=a0, b=b2", "a=a2, b=b0", "a=a2, b=b2"]
        _, found = self.search([[3, 20, 60], [30, 7, 50], [80, 90, 95]], free=free)
        assert found == {"a=a0, b=b0"}

    def test_four_small_counts_in_a_box_need_a_wide_enough_one(self) -> None:
        # 4 and 4 on a diagonal give 4 more or 3 less: no more is hidden. 1 and 1 give 1 + 1: two more boxes.
        _, found = self.search([[4, 3, 60], [3, 4, 50], [80, 90, 95]])
        assert len(found) == 4
        _, found = self.search([[1, 1, 60], [1, 1, 50], [80, 90, 95]])
        assert len(found) > 4
        # 2 and 2 are just enough.
        _, found = self.search([[2, 2, 60], [2, 2, 50], [80, 90, 95]])
        assert len(found) == 4

    def test_what_a_small_cell_leans_on_is_needed_through_every_move(self) -> None:
        # 0 leans on 1, 1 on 2 and 3; 3 is with nobody, and what it would lean on is nothing to anybody; 5 is left over.
        layout, cells = table_of([[3, 20, 60], [30, 7, 50], [80, 90, 95]])
        free = these(layout.size, 3, 8)
        search = Covering(Moves(layout), cells, these(layout.size, 0), free, these(layout.size), 4, UNLIMITED)
        search.move_of = {
            cell: np.array(move) for cell, move in {0: [0, 1], 1: [1, 2, 3], 3: [3, 4], 5: [5, 6]}.items()
        }
        search._forget_what_is_not_needed()
        assert np.flatnonzero(search.hidden).tolist() == [0, 1, 2, 3, 8]
        assert list(search.move_of) == [0, 1, 3]

    def test_the_likeliest_boxes_stand_first(self) -> None:
        # A box takes three cells more: of those within 57, 140, 190 and 235 people, and further ones through totals.
        layout, cells = table_of([[3, 20, 60], [30, 7, 50], [80, 90, 95]])
        nothing = np.zeros(layout.size, dtype=bool)
        search = Covering(Moves(layout), cells, cells < 5, nothing, nothing, width=4, effort=UNLIMITED)
        boxes = search._of(0)
        people = (cells[boxes].sum(axis=1) - 3).tolist()
        assert people[0] == 57
        assert people == sorted(people)
        inside = layout.finest[boxes].all(axis=1)
        assert cells[boxes[inside]].sum(axis=1).tolist() == [60, 143, 193, 238]
        assert search._cheapest(0)[1] == 3
        # What was taken back is shunned: the other boxes of as few cells go before it.
        search._avoided[boxes[0]] = 0.5
        shunned, cost = search._cheapest(0)
        assert (set(shunned) & set(boxes[0]), cost) == ({0}, 3)
        # With 4 in the last corner a box takes two cells more, of 140 people; with nothing in its stead, of as many.
        for small in (True, False):
            layout, cells = table_of([[3, 20, 60], [30, 7, 50], [80, 90, 4]])
            corner = these(layout.size, 10)
            primary, free = (cells < 5) & (small | ~corner), corner & (not small)
            search = Covering(Moves(layout), cells, primary, free, nothing, width=4, effort=UNLIMITED)
            assert sorted(cells[search._of(0)[0]].tolist()) == [3, 4, 60, 80]
            assert search._cheapest(0)[1] == 2

    def test_what_hides_nothing_more_goes_first_and_then_the_cheapest(self, monkeypatch: pytest.MonkeyPatch) -> None:
        layout, cells = table_of([[3, 20, 60], [30, 7, 50], [80, 90, 95]])
        nothing = np.zeros(layout.size, dtype=bool)
        search = Covering(Moves(layout), cells, cells < 5, nothing, nothing, width=4, effort=UNLIMITED)
        hides = {0: [0, 1], 1: [2], 2: [4, 5], 3: [6]}
        # What each cell's move hides yet, beside what was hidden before it.
        costs = {
            0: {(): 1, (1,): 1, (1, 2): 0},
            1: {(): 0},
            2: {(): 2, (1,): 0},
            3: {(): 3, (1,): 3, (1, 2): 3, (1, 2, 0): 2},
        }
        done: list[int] = []

        def cheapest(cell: int) -> tuple[np.ndarray, float]:
            search.move_of.pop(cell, None)
            return np.array(hides[cell]), costs[cell].get(tuple(done), 9)

        def hide(move: np.ndarray) -> None:
            done.append(next(cell for cell, cells in hides.items() if cells == move.tolist()))

        monkeypatch.setattr(search, "_cheapest", cheapest)
        monkeypatch.setattr(search, "_hide", hide)
        search.move_of = {}
        search._cover([3, 0, 2, 1])
        assert done == [1, 2, 0, 3]

    def test_a_cell_without_a_box_is_told(self) -> None:
        with pytest.raises(Uncovered):
            self.search([[3, 20], [30, 40]], barred=["a=a1, b=all", "a=a1, b=b0", "a=a1, b=b1", "a=all, b=b0"])


def test_a_search_that_said_nothing_leaves_the_line_alone(capsys: pytest.CaptureFixture[str]) -> None:
    effort = Effort(shown=True)
    effort.done()
    assert capsys.readouterr().err == ""
    effort.at("half")
    effort.done()
    assert "half" in capsys.readouterr().err
    effort.done()
    assert capsys.readouterr().err == ""
    assert effort.so_far == "half"
    silent = Effort(shown=False)
    silent.at("half")
    silent.done()
    assert capsys.readouterr().err == ""
    # Of what is left a part is no more than asked, and the words go on.
    assert Effort(1000.0).part(5.0).left() <= 5.0
    assert Effort(5.0).part(1000.0).left() <= 5.0
    assert Effort(0.0).left() == 0.01
    assert Effort(shown=True).part(1.0).shown


def test_the_choice_is_made_anew_until_it_has_to_end(monkeypatch: pytest.MonkeyPatch) -> None:
    # Four rounds of cuts: two are chosen for what is small alone, the others keep what was chosen.
    bases: list[list[int]] = []
    chosen = iter([these(4, 0, 1), these(4, 0, 1, 2), these(4, 0, 3), these(4, 0, 2)])

    def cheapest(self: Choice, cuts: list[int], base: np.ndarray) -> np.ndarray:
        bases.append([len(cuts), *np.flatnonzero(base).tolist()])
        return next(chosen)

    monkeypatch.setattr(complement, "FRESH_ROUNDS", 3)
    monkeypatch.setattr(Choice, "by_each_sum", lambda self, hidden: [1] if len(bases) < 3 else [])
    monkeypatch.setattr(Choice, "by_all_sums", lambda self, hidden: [2, 3] if len(bases) == 3 else [])
    monkeypatch.setattr(Choice, "cheapest", cheapest)
    found = choice_of(None, [3, 9, 10, 22]).solve()
    assert bases == [[1, 0], [2, 0], [3, 0, 1, 2], [5, 0, 3]]
    assert np.flatnonzero(found).tolist() == [0, 2]


def test_one_cell_however_great_is_cheaper_than_two() -> None:
    """Of cells 1 to 3 the first, a hundred, serves both that fall; the others are nothing, and each serves one."""
    choice = choice_of(None, [0, 100, 0, 0, 0], primary=these(5, 0, 4))
    cuts = [Cut(cell, np.array(others), np.ones(2)) for cell, others in ((0, [1, 2]), (4, [1, 3]))]
    assert np.flatnonzero(choice.cheapest(cuts, choice.primary)).tolist() == [0, 1, 4]
    # Of two that serve as well, the lesser.
    assert np.flatnonzero(choice.cheapest(cuts[:1], choice.primary)).tolist() == [0, 2, 4]
    # What is kept is no choice, and where all is, there is none; where nothing is counted, any will do.
    kept = choice_of(None, [0, 100, 0, 0, 0], primary=these(5, 0, 4), kept=these(5, 2, 3))
    assert np.flatnonzero(kept.cheapest(cuts[:1], kept.primary)).tolist() == [0, 1, 4]
    with pytest.raises(Unprotectable):
        replace(kept, kept=these(5, 1, 2, 3)).cheapest(cuts, kept.primary)
    # To hide what another table hides already serves nothing.
    beside = replace(choice, counts=np.array([0, 9, 5, 0, 0.0]), primary=these(5), watched=these(5, 0))
    assert np.flatnonzero(beside.cheapest(cuts[:1], beside.primary)).tolist() == [2]
    nothing = replace(choice, counts=np.array([0, 0, np.nan, 0, 0.0]))
    assert np.flatnonzero(nothing.cheapest(cuts, choice.primary)).tolist() == [0, 1, 4]


def test_a_cell_is_pushed_by_one_where_there_is_room() -> None:
    layout, counts = table_of([[3, 4], [5, 6]])
    moves, nothing, endless = Moves(layout), np.zeros(len(counts)), np.full(len(counts), np.inf)
    for more in (1, -1, -3, 20):
        found = moves.push(counts, nothing, endless, 0, counts[0] + more)
        assert found[0] == counts[0] + more
        assert layout.totals(found).tolist() == found.tolist()
    assert moves.push(counts, nothing, endless, 0, counts[0]) is counts
    assert moves.push(counts, counts, counts, 0, counts[0] + 1).tolist() == counts.tolist()


def test_moves_of_more_cells_than_the_largest_are_left_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    # Through one of three labels and their total go the cycle with the total, and one with each other label: six places
    # in three cycles, and the product of two dimensions names 36.
    layout, _ = table_of([[3, 20, 60], [30, 7, 50], [80, 90, 95]])
    monkeypatch.setattr("cmhs_metrics.disclosure.moves.LARGEST", 36)
    cells, signs = Moves(layout).of(0)
    assert cells.shape == signs.shape == (9, 4)
    monkeypatch.setattr("cmhs_metrics.disclosure.moves.LARGEST", 35)
    cells, signs = Moves(layout).of(0)
    assert cells.shape == signs.shape == (0, 1)


def test_many_cells_are_widened_by_few_programmes(monkeypatch: pytest.MonkeyPatch) -> None:
    # 49 hidden cells of seven rows and columns of 100 people each.
    layout, counts = table_of([[100] * 7] * 7)
    hidden, asked = layout.finest, []
    lower, upper = np.where(hidden, 0, counts), np.where(hidden, np.inf, counts)
    extreme = Unknowns.extreme
    monkeypatch.setattr(Unknowns, "extreme", lambda self, direction: asked.append(1) or extreme(self, direction))
    found = reach(layout.relations, lower, upper, np.flatnonzero(hidden), enough=4)
    assert (found.inner_upper - found.inner_lower)[hidden].min() >= 4
    assert len(asked) < 30


def test_what_other_tables_bound_too_narrowly_is_hidden_itself() -> None:
    choice = choice_of(None, [11, 11, 11])
    lower, upper = np.array([10.0, 10, 10]), np.array([12.0, 14, np.inf])
    cut = choice._itself(0, lower, upper)
    assert cut is not None
    assert (cut.cell, cut.cells.tolist(), cut.weights.tolist()) == (0, [0], [1])
    assert choice._itself(1, lower, upper) is None
    assert choice._itself(2, lower, upper) is None


def test_of_two_sums_that_contradict_each_other_the_first_is_told() -> None:
    # By the first a cell is five at least, by the second three at most.
    relations = csr_array(np.array([[0, 0, 1.0, -1, 0], [0, 1, 0, -1, 0], [0, 0, 0, 1, -1]]))
    with pytest.raises(Inconsistent) as caught:
        propagate(relations, np.array([0.0, 0, 0, 0, 5]), np.array([9.0, 9, 3, 9, 9]))
    assert caught.value.relation == 0
    # A sum that holds, beside it, changes nothing.
    with pytest.raises(Inconsistent):
        propagate(csr_array([[1.0, -1, 0, 0], [0, 0, 1, -1]]), np.array([5.0, 0, 0, 0]), np.array([9.0, 3, 9, 9]))


def test_what_can_grow_without_end_does_so_with_others_alone() -> None:
    # a and b are five together; d may be whatever e is.
    relations = csr_array(np.array([[1.0, 1, -1, 0, 0], [0, 0, 0, 1, -1]]))
    unknowns = Unknowns(relations, np.array([0.0, 0, 5, 0, 0]), np.array([np.inf, np.inf, 5, np.inf, np.inf]))
    assert unknowns.endless().tolist() == [3, 4]
    # a, b and c are d, and d with a number that is known is e: all five can grow, and d and e as fast as the others together.
    relations = csr_array(np.array([[1.0, 1, 1, -1, 0, 0], [0, 0, 0, 1, -1, 1]]))
    unknowns = Unknowns(relations, np.array([0.0, 0, 0, 0, 0, 7]), np.array([np.inf] * 5 + [7]))
    assert unknowns.endless().tolist() == [0, 1, 2, 3, 4]


def test_sums_that_no_fractions_fill_are_told_from_those_that_no_whole_numbers_do() -> None:
    # Of three cells every two are 1 together: halves, and all three are 1½; no sum by itself says so.
    pairs = np.array([[1.0, 1, 0, 0, -1], [0, 1, 1, 0, -1], [1, 0, 1, 0, -1], [1, 1, 1, -1, 0]])
    for every, matrix in ((1, pairs[:3]), (2, pairs)):
        ends = np.array([0.0, 0, 0, every, 1]), np.array([np.inf] * 3 + [every, 1])
        with pytest.raises(Inconsistent) as caught:
            reach(csr_array(matrix), *ends, np.array([0]))
        assert caught.value.relation is None
    # Of sums of which all is known, the first that does not hold is told.
    known = np.array([1.0, 1, 2, 3, 5])
    with pytest.raises(Inconsistent) as caught:
        Unknowns(csr_array(np.array([[1.0, -1, 0, 0, 0], [0, 1, -1, 0, 0], [0, 0, 1, -1, 0]])), known, known)
    assert caught.value.relation == 1


def test_nothing_found_is_nothing_less_than_nought() -> None:
    found = Reach(np.zeros(2), np.ones(2), np.full(2, np.inf), np.full(2, -np.inf))
    assert found.add(np.array([-1e-9, 1 + 1e-9]))
    assert not np.signbit(found.inner_lower).any()
    assert (found.inner_lower.tolist(), found.inner_upper.tolist()) == ([0, 1], [0, 1])
    assert not found.add(np.array([0, 0.5]))


def test_moves_settle_cells_without_a_programme(monkeypatch: pytest.MonkeyPatch) -> None:
    layout, counts = table_of([[3, 20, 60], [30, 7, 50], [80, 90, 95]])
    hidden = these(layout.size, 0, 1, 4, 5)
    lower, upper = np.where(hidden, 0, counts), np.where(hidden, np.inf, counts)
    monkeypatch.setattr(Unknowns, "extreme", None)
    found = reach(
        layout.relations, lower, upper, np.flatnonzero(hidden), enough=4, moves=Moves(layout), witnesses=[counts]
    )
    assert (found.inner_upper - found.inner_lower)[hidden].min() >= 4


def test_a_table_of_whole_numbers_is_sought_where_the_corner_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    unknowns = Unknowns(csr_array(np.array([[1.0, 1, -1]])), np.array([0.0, 0, 1]), np.array([1.0, 1, 1]))
    monkeypatch.setattr(Unknowns, "extreme", lambda self, direction: SimpleNamespace(status=0, x=np.array([0.5, 0.5])))
    found = unknowns.some_table(UNLIMITED)
    assert sorted(found[:2]) == [0, 1]
    assert found[2] == 1
    # A corner that is one is taken as it is.
    monkeypatch.setattr(Unknowns, "extreme", lambda self, direction: SimpleNamespace(status=0, x=np.array([1.0, 0.0])))
    monkeypatch.setattr(Unknowns, "whole_extreme", None)
    assert unknowns.some_table(UNLIMITED).tolist() == [1, 0, 1]


def test_whole_numbers_are_sought_to_the_last_in_the_time_that_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, float]] = []

    def milp(costs: Any, options: dict[str, float], **given: Any) -> Any:
        asked.append(options)
        return SimpleNamespace(status=int(len(asked) == 3), x=np.zeros(len(costs)))

    monkeypatch.setattr("scipy.optimize.milp", milp)
    unknowns = Unknowns(csr_array(np.array([[1.0, 1, -1]])), np.zeros(3), np.full(3, 9.0))
    unknowns.whole_extreme(np.ones(3))
    unknowns.whole_extreme(np.ones(3), Effort(1000.0))
    assert asked[0] == {"mip_rel_gap": 0}
    assert asked[1]["mip_rel_gap"] == 0
    assert 900 < asked[1]["time_limit"] <= 1000
    with pytest.raises(OutOfTime):
        unknowns.whole_extreme(np.ones(3), Effort(1000.0))
