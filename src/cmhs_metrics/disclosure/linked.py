"""Tables of the same people beside one another: what each says of the others.

Every table is laid over one grid of base cells, the finest that any of them tells apart: places before they were
merged, single months, one measure and its parts. A cell of a table is a sum of base cells: each table adds equations.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from cmhs_metrics.disclosure.rule import SUPPRESSED
from cmhs_metrics.errors import BadInput, Problem, nearest, refuse

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from cmhs_metrics.disclosure.published_table import PublishedTable

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

Lookup = Mapping[str, Any]
BETWEEN = "between the tables"
"""Where a count stands that no table shows, and that follows from several."""


@dataclass(frozen=True, eq=False)
class LinkedTable:
    """A table that is out already, and how its labels lie over those of another.

    Parameters
    ----------
    table : PublishedTable
        The table, from `protect` or `published_table`.
    lookup : mapping, optional
        For a dimension, the base labels that each label covers: ``{"icb": {"Fens": ["Fens North", "Fens South"]},
        "month": {"April to June": ["April", "May", "June"]}}``. A label that is not named stands for itself; a total
        covers what adds into it. For a dimension that the table does not have, the list of base labels that it covers:
        ``{"month": ["April"]}``; otherwise it covers all.
    name : str, optional
        What the table is called in messages.
    """

    table: PublishedTable
    lookup: Lookup = field(default_factory=dict)
    name: str = ""


class Joint:
    """The cells of several tables as whole numbers that add up together.

    Parameters
    ----------
    tables : sequence of LinkedTable
        The tables; the first is the new one.
    links : sequence of mapping of str to int
        Sums of measures that are zero in every base cell, by the names of the columns.

    Raises
    ------
    BadInput
        When a look-up names what is not there, or a link has other numbers than 1 and -1.
    """

    def __init__(self, tables: Sequence[LinkedTable], links: Sequence[Mapping[str, float]] = ()) -> None:
        self.tables, self.links = tables, links
        self._refuse_unreadable()
        self.atoms = self._base_labels()
        self.measures = list(dict.fromkeys([t.table.value for t in tables] + [name for link in links for name in link]))
        self.grid = int(np.prod([len(labels) for labels in self.atoms.values()]))
        self.size = self.grid * len(self.measures)
        self.place: list[Integers] = []
        sums: list[Any] = [self._add(table) for table in tables]
        self.relations = self._together(sums)

    def known(self, tables: Sequence[LinkedTable]) -> tuple[Floats, Floats]:
        """What some of the tables tell of each cell by itself.

        Raises
        ------
        BadInput
            When two tables contradict each other.
        """
        lower, upper = np.zeros(self.size), np.full(self.size, np.inf)
        for table, place in zip(self.tables, self.place, strict=True):
            if table in tables:
                least, greatest = table.table.known()
                np.maximum.at(lower, place, least)
                np.minimum.at(upper, place, greatest)
        if np.any(lower > upper):
            cells = np.flatnonzero(lower > upper)[:20]
            expected = "a number that agrees with the other tables"
            raise BadInput("the set of tables", [Problem(None, self.name(cell), None, expected) for cell in cells])
        return lower, upper

    def hidden(self, tables: Sequence[LinkedTable]) -> NDArray[np.bool_]:
        """The cells that some of the tables suppress."""
        found = np.zeros(self.size, dtype=bool)
        for table, place in zip(self.tables, self.place, strict=True):
            if table in tables:
                found[place[table.table.kind == SUPPRESSED]] = True
        return found

    def widths(self) -> Floats:
        """How narrowly each cell may be bounded: what one of the later tables hides, by the rule of that table."""
        found = np.full(self.size, float(self.tables[0].table.rule.width or 1))
        for table, place in zip(self.tables[1:], self.place[1:], strict=True):
            found[place[table.table.kind == SUPPRESSED]] = float(table.table.rule.width or 1)
        return found

    @cached_property
    def between(self) -> NDArray[np.bool_]:
        """The base cells that no table shows or hides: what is left over between them."""
        found = np.ones(self.size, dtype=bool)
        for place in self.place:
            found[place] = False
        return found

    def keys(self, cells: Integers) -> pd.DataFrame:
        """The table, the measure where there are several, and the labels of cells."""
        import pandas as pd

        rows = [self._labels(int(cell)) for cell in cells]
        frame = pd.DataFrame(rows, columns=["table", "measure", *self.atoms])
        return frame if len(self.measures) > 1 else frame.drop(columns="measure")

    def name(self, cell: int) -> str:
        """A cell by its table and its labels."""
        table, measure, *labels = self._labels(int(cell))
        named = [f"{name}={label}" for name, label in zip(self.atoms, labels, strict=True) if label != ""]
        return f"{table}: {', '.join([measure, *named] if len(self.measures) > 1 else named)}"

    def called(self, number: int) -> str:
        """What a table is called."""
        return self.tables[number].name or ("this table" if number == 0 else f"table {number} of those given")

    def _labels(self, cell: int) -> list[Any]:
        stands = [
            (table.table.kind[at] != SUPPRESSED, number, at)
            for number, (table, place) in enumerate(zip(self.tables, self.place, strict=True))
            for at in np.flatnonzero(place == cell)
        ]
        if stands:
            # One that suppresses the cell rather than one that shows it.
            _, number, at = min(stands)
            layout = self.tables[number].table.layout
            places = np.unravel_index(at, layout.shape)
            labels = {d.name: d.labels[p] for d, p in zip(layout.dimensions, places, strict=True)}
            return [
                self.called(number),
                self.tables[number].table.value,
                *(labels.get(name, "") for name in self.atoms),
            ]
        measure, at_base = divmod(cell, self.grid)
        places = np.unravel_index(at_base, tuple(len(labels) for labels in self.atoms.values()))
        return [BETWEEN, self.measures[measure], *(x[p] for x, p in zip(self.atoms.values(), places, strict=True))]

    def _base_labels(self) -> dict[str, list[Any]]:
        found: dict[str, dict[Any, None]] = {}
        for table in self.tables:
            for dimension in table.table.layout.dimensions:
                lookup = table.lookup.get(dimension.name, {})
                for label, finest in zip(dimension.labels, dimension.finest, strict=True):
                    if finest:
                        found.setdefault(dimension.name, {}).update(dict.fromkeys(lookup.get(label, [label])))
        for table in self.tables:
            own = {dimension.name for dimension in table.table.layout.dimensions}
            for name, covered in table.lookup.items():
                if name not in own:
                    found.setdefault(name, {}).update(dict.fromkeys(covered))
        return {name: list(labels) for name, labels in found.items()}

    def _covered(self, table: LinkedTable, name: str) -> list[list[int]]:
        """For each label of a table the places of the base labels that it covers; none for a total."""
        position = {label: at for at, label in enumerate(self.atoms[name])}
        for dimension in table.table.layout.dimensions:
            if dimension.name == name:
                lookup = table.lookup.get(name, {})
                return [
                    [position[each] for each in lookup.get(label, [label])] if finest else []
                    for label, finest in zip(dimension.labels, dimension.finest, strict=True)
                ]
        return [[position[each] for each in table.lookup.get(name, self.atoms[name])]]

    def _add(self, table: LinkedTable) -> list[tuple[Integers, Floats]]:
        """Give the cells of a table their places, and say what each that is no total is the sum of."""
        layout = table.table.layout
        start = self.grid * self.measures.index(table.table.value)
        shape = tuple(len(labels) for labels in self.atoms.values())
        covered = {name: self._covered(table, name) for name in self.atoms}
        own = {dimension.name: axis for axis, dimension in enumerate(layout.dimensions)}
        place, rows = np.zeros(layout.size, dtype=np.int64), []
        for cell in range(layout.size):
            places = np.unravel_index(cell, layout.shape)
            sets = [labels[places[own[name]] if name in own else 0] for name, labels in covered.items()]
            base = np.array(list(itertools.product(*sets)), dtype=np.int64)
            if len(base) == 1:
                place[cell] = start + np.ravel_multi_index(tuple(base[0]), shape)
                continue
            place[cell] = self.size
            self.size += 1
            if len(base):
                parts = start + np.ravel_multi_index(tuple(base.T), shape)
                rows.append((np.append(parts, place[cell]), np.append(np.ones(len(parts)), -1.0)))
        self.place.append(place)
        own_sums = layout.relations
        for row in range(own_sums.shape[0]):
            entries = slice(own_sums.indptr[row], own_sums.indptr[row + 1])
            rows.append((place[own_sums.indices[entries]], own_sums.data[entries]))
        return rows

    def _together(self, sums: Sequence[Sequence[tuple[Integers, Floats]]]) -> Any:
        from scipy.sparse import csr_array

        rows = [row for table in sums for row in table]
        for link in self.links:
            starts = np.array([self.grid * self.measures.index(name) for name in link])
            signs = np.array(list(link.values()), dtype=np.float64)
            rows += [(starts + base, signs) for base in range(self.grid)]
        lengths = [len(cells) for cells, _ in rows]
        if not rows:
            return csr_array((0, self.size))
        where = (np.repeat(np.arange(len(rows)), lengths), np.concatenate([cells for cells, _ in rows]))
        return csr_array((np.concatenate([signs for _, signs in rows]), where), shape=(len(rows), self.size))

    def _refuse_unreadable(self) -> None:
        problems = []
        for number, table in enumerate(self.tables):
            dimensions = {dimension.name: dimension for dimension in table.table.layout.dimensions}
            others = {d.name for other in self.tables for d in other.table.layout.dimensions}
            others |= {name for other in self.tables for name in other.lookup}
            for name, lookup in table.lookup.items():
                subject = f"lookup of {self.called(number)}"
                if name in dimensions and not isinstance(lookup, Mapping):
                    problems.append(Problem(subject, name, lookup, "a mapping of labels to lists of base labels"))
                elif name in dimensions:
                    labels = dimensions[name].position
                    problems += [
                        Problem(subject, name, label, f"a label of {name}; {nearest(str(label), map(str, labels))}")
                        for label in lookup
                        if label not in labels
                    ]
                    problems += [
                        Problem(subject, f"{name}={label}", covered, "a list of base labels")
                        for label, covered in lookup.items()
                        if isinstance(covered, str) or not len(covered)
                    ]
                elif isinstance(lookup, (str, Mapping)) or not len(lookup):
                    problems.append(Problem(subject, name, lookup, "a list of the base labels that it covers"))
        problems += [
            Problem("relations", name, sign, "1 or -1")
            for link in self.links
            for name, sign in link.items()
            if sign not in (1, -1)
        ]
        refuse("the set of tables", problems)


def as_linked(tables: Sequence[Any]) -> list[LinkedTable]:
    """Tables with look-ups; those that came without have none."""
    return [table if isinstance(table, LinkedTable) else LinkedTable(table) for table in tables]
