"""Moves: whole numbers that can be added to the cells of a table and change no sum.

In one dimension a move runs along a cycle: what one label gains another loses, or the totals above it gain. In several
it is the product of one cycle for each, in two dimensions a rectangle, in three a box of eight cells. The cells of a
hidden box protect one another: every one of them can be more by what the others can be less.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cmhs_metrics.disclosure.layout import Dimension, Layout

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

KEPT_IN_MEMORY = 4e7
"""How many cells of moves are kept, so that they are not made anew."""
LARGEST = 2e6
"""A cell whose moves name more cells than this has none here: others find its bounds."""


class Moves:
    """The products of cycles of a table.

    Parameters
    ----------
    layout : Layout
        The dimensions of the table.
    """

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self._cycles = [_Cycles(dimension) for dimension in layout.dimensions]
        self._made: dict[int, tuple[Integers, Floats]] = {}
        self._size = 0

    def of(self, cell: int) -> tuple[Integers, Floats]:
        """The moves by which a cell becomes one more.

        Parameters
        ----------
        cell : int
            The cell.

        Returns
        -------
        cells : numpy.ndarray of int, of shape (moves, cells)
            The cells that change; shorter moves are filled up with the cell itself.
        signs : numpy.ndarray, of the same shape
            By how much each changes, 1, -1 or, where it only fills up, 0.
        """
        if cell in self._made:
            return self._made[cell]
        places = np.unravel_index(cell, self.layout.shape)
        through = [cycles.through(int(place)) for cycles, place in zip(self._cycles, places, strict=True)]
        if np.prod([float(labels.size) for labels, _ in through]) > LARGEST:
            return np.zeros((0, 1), np.int64), np.zeros((0, 1))
        cells, signs = np.zeros((1, 1), np.int64), np.ones((1, 1))
        for (labels, of_labels), length in zip(through, self.layout.shape, strict=True):
            shape = (len(cells) * len(labels), cells.shape[1] * labels.shape[1])
            cells = (cells[:, None, :, None] * length + labels[None, :, None, :]).reshape(shape)
            signs = (signs[:, None, :, None] * of_labels[None, :, None, :]).reshape(shape)
        cells = np.where(signs == 0, cell, cells)
        self._size += cells.size
        if self._size < KEPT_IN_MEMORY:
            self._made[cell] = cells, signs
        return cells, signs

    def push(self, table: Floats, lower: Floats, upper: Floats, cell: int, to: float) -> Floats:
        """Make a cell more or less, move by move, within the limits of all cells.

        `table`: whole numbers within the limits that add up. `lower`, `upper`: the least and the greatest that each
        cell can be. Gives whole numbers within the limits that add up, the cell being nearer to where it should come.
        """
        cells, signs = self.of(cell)
        if not len(cells) or table[cell] == to:
            return table
        table = table.copy()
        signs = signs if to > table[cell] else -signs
        while table[cell] != to:
            room = np.where(signs > 0, (upper - table)[cells], np.where(signs < 0, (table - lower)[cells], np.inf))
            room = room.min(axis=1)
            best = int(room.argmax())
            step = min(room[best], abs(to - table[cell]))
            if step < 1:
                break
            np.add.at(table, cells[best], signs[best] * step)
        return table


class _Cycles:
    """The cycles of one dimension."""

    def __init__(self, dimension: Dimension) -> None:
        self.position, self.parents = dimension.position, dimension.parents
        self.labels, self.finest = dimension.labels, dimension.finest
        self._made: dict[int, tuple[Integers, Floats]] = {}

    @cached_property
    def chains(self) -> dict[int, list[int]]:
        """For each label that is no total, itself and the totals above it, one after the other."""
        found = {}
        for place in np.flatnonzero(self.finest):
            chain, label = [int(place)], self.labels[place]
            while label in self.parents:
                label = self.parents[label]
                chain.append(self.position[label])
            found[int(place)] = chain
        return found

    def through(self, place: int) -> tuple[Integers, Floats]:
        """The cycles through a label, in which it counts 1: the places of their labels, and how each counts."""
        if place not in self._made:
            found: list[list[tuple[int, int]]] = []
            for one, chain in self.chains.items():
                if place not in chain:
                    continue
                found.append([(label, 1) for label in chain])
                for other, away in self.chains.items():
                    if other != one and away[-1] == chain[-1] and place not in away:
                        ups, downs = [x for x in chain if x not in away], [x for x in away if x not in chain]
                        found.append([*((label, 1) for label in ups), *((label, -1) for label in downs)])
            width = max(map(len, found))
            padded = [[*cycle, *[(place, 0)] * (width - len(cycle))] for cycle in found]
            table: Any = np.array(padded)
            self._made[place] = table[:, :, 0].astype(np.int64), table[:, :, 1].astype(np.float64)
        return self._made[place]
