"""A choice of further cells for tables that are too large for the best one to be proved.

Every hidden cell is given a move, all of whose cells are hidden: they protect one another, whatever else is shown.
Cells are hidden until each has one, the cheapest move first; then parts of the choice are taken back and made anew,
over and over, and what came out smaller is kept. The work is counted, not timed: a table always gives the same choice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cmhs_metrics.disclosure.effort import Effort
    from cmhs_metrics.disclosure.moves import Moves

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]
    Mask = NDArray[np.bool_]

CANDIDATES = 1500
"""How many moves of a cell are looked at: those that hide least beyond what is small."""
WORK = 1e8
"""How many cells of moves are looked at before the search ends."""
IDLE = 800
"""How many trials without gain end the search."""
WORSE = 0.03
"""How often a choice is followed that is one cell worse."""


class Uncovered(ValueError):  # noqa: N818 - it is the cell that is
    """A cell has no move by which it could be protected."""


class Covering:
    """The search.

    Parameters
    ----------
    moves : Moves
        The moves of the table.
    counts : numpy.ndarray
        The true counts, 0 where missing.
    primary : numpy.ndarray of bool
        The cells that have to be hidden.
    free : numpy.ndarray of bool
        Cells of which a reader knows nothing anyhow.
    barred : numpy.ndarray of bool
        Cells that may not be hidden.
    width : int
        The least width of the interval of a hidden cell.
    effort : Effort
        How long it may take.
    seed : int, default 0
        Where the search starts.
    """

    def __init__(
        self,
        moves: Moves,
        counts: Floats,
        primary: Mask,
        free: Mask,
        barred: Mask,
        width: int,
        effort: Effort,
        seed: int = 0,
    ) -> None:
        self.moves, self.counts, self.primary, self.free, self.barred = moves, counts, primary, free, barred
        self.width, self.effort = width, effort
        self.hidden = primary | free
        self.move_of: dict[int, Integers] = {}
        self.work = 0.0
        self._avoided = np.zeros(len(counts))
        self._candidates: dict[int, Integers] = {}
        self._random = np.random.default_rng(seed)

    def solve(self) -> Mask:
        """The cells to hide, the primary ones included.

        Raises `Uncovered` when a cell has no move of cells that may be hidden and leave it wide enough.
        """
        self._protect()
        now = best = self._cost()
        kept, idle = self.hidden.copy(), 0
        small = np.flatnonzero(self.primary)
        while idle < IDLE and self.work < WORK and best[0]:
            self.effort.check()
            self.effort.at(f"{len(small):,} small cells are protected by {best[0]:,} more")
            before = self.hidden.copy(), dict(self.move_of)
            self._take_back(small)
            self._protect()
            cost = self._cost()
            idle += 1
            if cost < best:
                best, kept, idle = cost, self.hidden.copy(), 0
            if cost <= now or (cost[0] <= now[0] + 1 and self._random.random() < WORSE):
                now = cost
            else:
                self.hidden, self.move_of = before
        return kept & ~self.free

    def _take_back(self, small: Integers) -> None:
        """Forget the moves of some small cells, or every move through some cells that were added."""
        self._avoided = np.zeros(len(self.hidden))
        if self._random.random() < 0.5:
            for cell in self._some_of(small, 8):
                self.move_of.pop(cell, None)
        else:
            taken = self._some_of(np.flatnonzero(self._added()), 4)
            # The cell itself is among those of its move.
            self.move_of = {cell: move for cell, move in self.move_of.items() if taken.isdisjoint(move.tolist())}
            self._avoided[list(taken)] = 0.5

    def _some_of(self, cells: Integers, most: int) -> set[int]:
        number = min(int(self._random.integers(1, most + 1)), len(cells))
        chosen: list[int] = self._random.choice(cells, number, replace=False).tolist()
        return set(chosen)

    def _protect(self) -> None:
        """Give a move to every cell that is needed and has none."""
        while True:
            self._forget_what_is_not_needed()
            lacking = [cell for cell in np.flatnonzero(self.hidden & ~self.free).tolist() if cell not in self.move_of]
            if not lacking:
                return
            self._cover(self._random.permutation(lacking).tolist())

    def _added(self) -> Mask:
        return self.hidden & ~self.primary & ~self.free

    def _cost(self) -> tuple[int, float]:
        added = self._added()
        return int(added.sum()), float(self.counts[added].sum())

    def _cover(self, cells: list[int]) -> None:
        """Give each cell a move, first where it hides nothing more, then the cheapest."""
        level = 0.0
        while cells:
            left, lowest = [], np.inf
            for cell in cells:
                if cell in self.move_of:
                    continue
                move, cost = self._cheapest(cell)
                if cost <= level:
                    self._hide(move)
                    level = 0.0
                else:
                    left.append(cell)
                    lowest = min(lowest, cost)
            level = lowest if level == 0 and len(left) == len(cells) else 0.0
            cells = left

    def _hide(self, move: Integers) -> None:
        self.hidden[move] = True
        for cell in move.tolist():
            self.move_of.setdefault(cell, move)

    def _cheapest(self, cell: int) -> tuple[Integers, float]:
        candidates = self._of(cell)
        self.work += candidates.size
        shown = ~self.hidden
        costs = (shown * (1 + self._avoided))[candidates].sum(axis=1) + self._random.uniform(0, 0.4, len(candidates))
        best = int(costs.argmin())
        return candidates[best], float(np.floor(costs[best]))

    def _of(self, cell: int) -> Integers:
        """The moves that leave a cell wide enough once all their cells are hidden, the likeliest first."""
        if cell not in self._candidates:
            cells, signs = self.moves.of(cell)
            least = [
                np.where(signs * side < 0, self.counts[cells], np.inf).min(axis=1, initial=np.inf) for side in (1, -1)
            ]
            fit = (least[0] + least[1] >= self.width) & ~self.barred[cells].any(axis=1)
            cells = cells[fit]
            if not len(cells):
                raise Uncovered(cell)
            known = self.primary | self.free
            price = np.where(known, 0.0, 1 + self.counts / (1 + self.counts.sum()))[cells].sum(axis=1)
            order = np.argsort(price, kind="stable")[:CANDIDATES]
            self._candidates[cell] = cells[order]
        return self._candidates[cell]

    def _forget_what_is_not_needed(self) -> None:
        """Show again what no small cell leans on, through however many moves."""
        needed = self.primary.copy()
        fresh = list(np.flatnonzero(self.primary))
        while fresh:
            cell = int(fresh.pop())
            for other in self.move_of.get(cell, ()):
                if not needed[other]:
                    needed[other] = True
                    if not self.free[other]:
                        fresh.append(other)
        self.hidden = needed | self.free
        self.move_of = {cell: move for cell, move in self.move_of.items() if needed[cell]}
