"""A user's table on its way through a table function: what `read_table` gives, and every later step takes."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np

from cmhs_metrics.errors import Problem, no_columns, refuse
from cmhs_metrics.measures import KEYS, MEASURES, PLACE_KEYS
from cmhs_metrics.numeric.frames import as_text, is_text
from cmhs_metrics.tables.bounds import bounded_measures
from cmhs_metrics.tables.casting import array_of, as_float, can_hold_nan
from cmhs_metrics.tables.giving_back import as_it_came
from cmhs_metrics.tables.row_keys import encoded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cmhs_metrics.periods import Reading

Frame = nw.DataFrame[Any] | nw.LazyFrame[Any]


@dataclass(eq=False)
class Table:
    """A user's table on its way through a table function.

    Parameters
    ----------
    frame : narwhals.DataFrame or narwhals.LazyFrame
        The table, with measures that narwhals can compute with.
    original : object
        What the user gave.
    has_units : bool
        Whether the measures came as columns of pint quantities.
    problems : tuple of Problem
        Cells of measures that are not numbers, to be named together with whatever else is wrong.
    given : narwhals.DataFrame or narwhals.LazyFrame, optional
        The columns as they came, where a result leaves them so.
    """

    frame: Frame
    original: Any
    has_units: bool = False
    problems: tuple[Problem, ...] = ()
    given: Frame | None = None
    schema: dict[str, Any] = field(init=False)
    measures: tuple[str, ...] = field(init=False)
    _arrays: dict[str, Any] = field(init=False, default_factory=dict)
    _encoded: dict[str, tuple[Any, list[Any] | None]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.schema = dict(self.frame.collect_schema())
        unreadable = {problem.column for problem in self.problems}
        self.measures = tuple(name for name in self.schema if name in MEASURES and name not in unreadable)

    @property
    def lazy(self) -> bool:
        """Whether the table is a query that has not been run."""
        return isinstance(self.frame, nw.LazyFrame)

    @cached_property
    def bounded(self) -> tuple[str, ...]:
        """The measures that have bounds; see `bounded_measures`."""
        return bounded_measures(self)

    @property
    def default_keys(self) -> list[str]:
        """The columns that name a row where the caller names none: places too, beside one of the others."""
        found = [key for key in KEYS if key in self.schema]
        return [*found, *(key for key in PLACE_KEYS if key in self.schema)] if found else []

    def keys(self, chosen: Sequence[str] | str | None = None) -> list[str]:
        """The columns that name a row."""
        if chosen is None:
            return self.default_keys
        names = [chosen] if isinstance(chosen, str) else list(chosen)
        require(self, names, "keys")
        return names

    # Its numbers, cast once

    def number(self, name: str) -> nw.Expr:
        """A measure's column as 64-bit floats, missing where it is NaN."""
        if can_hold_nan(self.frame, name, self.schema[name]) and not self.is_complete(name):
            return as_float(name)
        return nw.col(name) if self.schema[name] == nw.Float64 else nw.col(name).cast(nw.Float64)

    def array(self, name: str) -> np.ndarray[Any, Any]:
        """A column of numbers of a table in memory, missing as NaN; no copy where none is needed."""
        if name not in self._arrays:
            self._arrays[name] = array_of(self.eager.get_column(name))
        return self._arrays[name]  # type: ignore[no-any-return]

    def is_complete(self, name: str) -> bool:
        """Whether a column of numbers is known to have no missing value."""
        if self.lazy:
            return False
        values = self.array(name)
        return values.dtype.kind != "f" or not math.isnan(values.min())

    @property
    def eager(self) -> nw.DataFrame[Any]:
        """The table in memory."""
        assert isinstance(self.frame, nw.DataFrame)
        return self.frame

    # Its labels, looked at by distinct values

    def encoded(self, name: str) -> np.ndarray[Any, Any]:
        """A whole number for each row of a table in memory, equal where the column's values are."""
        if name not in self._encoded:
            self._encoded[name] = encoded(self.eager.get_column(name))
        return np.asarray(self._encoded[name][0])

    def distinct(self, name: str) -> list[Any]:
        """The values of a column of a table in memory, each once, without the missing ones."""
        self.encoded(name)
        codes, values = self._encoded[name]
        if values is None:
            values = self.eager.get_column(name).drop_nulls().unique(maintain_order=True).to_list()
            self._encoded[name] = codes, values
        return values

    @cached_property
    def periods(self) -> dict[Any, Reading]:
        """What each distinct period of a table in memory is; `check` names those that are none."""
        from cmhs_metrics.tables.period_spans import readings

        return readings(self.distinct("period"), []) if "period" in self.schema and not self.lazy else {}

    def is_text(self, name: str) -> bool:
        """Whether a column is one of text, also where its values are held as categories."""
        return is_text(self.schema[name])

    def text(self, name: str) -> nw.Expr:
        """A column of text as text, also where its values are held as categories."""
        return nw.col(name) if self.schema[name] == nw.String else as_text(name)

    def to_native(self, frame: Frame, units: dict[str, str], *, same_rows: bool = False) -> Any:
        """Give a result back as the kind of table that came in; the one way out.

        `units`: the unit of each column that is a metric. `same_rows`: whether the rows are those that came in, so
        that their columns are given back as they were.
        """
        return as_it_came(frame, self.original, self.has_units, units, same_rows)


def require(table: Table, columns: Sequence[str], argument: str) -> None:
    """Refuse names of columns that the table does not have.

    Parameters
    ----------
    table : Table
        The table.
    columns : sequence of str
        The names.
    argument : str
        The argument in which they were given, for the message.

    Raises
    ------
    BadInput
        When one is not there; the nearest names are offered.
    """
    refuse("the table", no_columns(argument, columns, table.schema, table.original))
