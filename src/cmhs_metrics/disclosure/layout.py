"""How the cells of a table hang together: its dimensions, their levels, and which cells add up to which."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property, reduce
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True)
class Dimension:
    """One dimension of a table, with its totals.

    Parameters
    ----------
    name : str
        The column.
    labels : tuple
        What stands in the column, totals included.
    levels : tuple of str
        For each label the level that it belongs to: the column's name, that of a coarser column, or the total's label.
    parents : mapping
        For each label that adds into another, that other.
    """

    name: str
    labels: tuple[Any, ...]
    levels: tuple[str, ...]
    parents: Mapping[Any, Any] = field(default_factory=dict)

    @cached_property
    def position(self) -> dict[Any, int]:
        """Where each label stands."""
        return {label: number for number, label in enumerate(self.labels)}

    @cached_property
    def sums(self) -> Any:
        """A row for each label that is a total: 1 at the labels that add into it and −1 at itself."""
        from scipy.sparse import csr_array

        totals = [label for label in self.labels if label in set(self.parents.values())]
        row_of = {label: row for row, label in enumerate(totals)}
        entries = [(row, self.position[label], -1) for label, row in row_of.items()]
        entries += [(row_of[parent], self.position[label], 1) for label, parent in self.parents.items()]
        rows, columns, signs = np.array(entries, dtype=np.int64).reshape(-1, 3).T
        return csr_array((signs.astype(np.float64), (rows, columns)), shape=(len(totals), len(self.labels)))

    @cached_property
    def finest(self) -> NDArray[np.bool_]:
        """Which labels nothing adds into."""
        totals = set(self.parents.values())
        return np.array([label not in totals for label in self.labels])


@dataclass(frozen=True)
class Layout:
    """All cells of a table: every label of each dimension with every label of the others.

    Parameters
    ----------
    dimensions : sequence of Dimension
        The dimensions; the cells run through the last one first.
    """

    dimensions: Sequence[Dimension]

    @property
    def shape(self) -> tuple[int, ...]:
        """How many labels each dimension has."""
        return tuple(len(dimension.labels) for dimension in self.dimensions)

    @property
    def size(self) -> int:
        """How many cells there are."""
        return int(np.prod(self.shape))

    @cached_property
    def relations(self) -> Any:
        """The sums that hold in the table, a sparse row for each: 1 at the parts, −1 at the total."""
        from scipy.sparse import csr_array, eye_array, kron, vstack

        blocks = []
        for axis, dimension in enumerate(self.dimensions):
            factors = [
                dimension.sums if other == axis else eye_array(length, format="csr")
                for other, length in enumerate(self.shape)
            ]
            blocks.append(csr_array(reduce(lambda left, right: kron(left, right, format="csr"), factors)))
        return csr_array(vstack(blocks, format="csr"))

    @cached_property
    def finest(self) -> NDArray[np.bool_]:
        """Which cells are no totals."""
        return np.asarray(reduce(np.logical_and.outer, [dimension.finest for dimension in self.dimensions])).ravel()

    def cell(self, keys: pd.DataFrame) -> NDArray[np.int64]:
        """The number of the cell of each row of keys.

        `keys`: a column for each dimension, with labels that it has.
        """
        places = [keys[dimension.name].map(dimension.position).to_numpy(np.int64) for dimension in self.dimensions]
        return np.asarray(np.ravel_multi_index(tuple(places), self.shape), dtype=np.int64)

    def keys(self) -> pd.DataFrame:
        """The labels of every cell, a column for each dimension."""
        places = np.unravel_index(np.arange(self.size), self.shape)
        return pd.DataFrame(
            {
                dimension.name: pd.Series(list(dimension.labels)).iloc[place].to_numpy()
                for dimension, place in zip(self.dimensions, places, strict=True)
            }
        )

    def at_levels(self, levels: Mapping[str, Sequence[str]]) -> NDArray[np.bool_]:
        """Which cells are at one of the named levels in every dimension that is named.

        `levels`: for each dimension the names of levels. No dimension at all means no cell.
        """
        if not levels:
            return np.zeros(self.size, dtype=bool)
        chosen = [
            np.array([level in levels.get(dimension.name, dimension.levels) for level in dimension.levels])
            for dimension in self.dimensions
        ]
        return np.asarray(reduce(np.logical_and.outer, chosen)).ravel()

    def name(self, cell: int) -> str:
        """A cell by its labels."""
        places = np.unravel_index(cell, self.shape)
        labels = (dimension.labels[place] for dimension, place in zip(self.dimensions, places, strict=True))
        return ", ".join(f"{dimension.name}={label}" for dimension, label in zip(self.dimensions, labels, strict=True))

    def totals(self, counts: NDArray[np.float64]) -> NDArray[np.float64]:
        """Counts of every cell, from those of the cells that are no totals.

        Parameters
        ----------
        counts : numpy.ndarray
            A count for each cell; those of totals are not read.

        Returns
        -------
        numpy.ndarray
            The same with totals; a total is missing where a part is.
        """
        table = np.where(self.finest, counts, np.nan).reshape(self.shape)
        for axis, dimension in enumerate(self.dimensions):
            table = np.moveaxis(table, axis, 0)
            # Labels stand below their totals, so that every part is complete before it is added.
            for place, label in enumerate(dimension.labels):
                parts = [dimension.position[part] for part, parent in dimension.parents.items() if parent == label]
                if parts:
                    table[place] = table[parts].sum(axis=0)
            table = np.moveaxis(table, 0, axis)
        return table.ravel()
