"""The columns that metrics are computed from and become: arrays of a table in memory, expressions of a query.

A formula is the same on both, for both have the signs of arithmetic; what differs stands here, once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np

from cmhs_metrics.tables.casting import array_of, with_arrays

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Expressions:
    """The columns of a query.

    Parameters
    ----------
    frame : narwhals.LazyFrame
        The query.
    """

    in_memory = False

    def __init__(self, frame: nw.LazyFrame[Any]) -> None:
        self.frame = frame

    def __getitem__(self, name: str) -> Any:
        return nw.col(name)

    def __contains__(self, name: str) -> bool:
        return name in self.frame.collect_schema()

    def add(self, made: dict[str, Any], like: Iterable[str] = ()) -> None:
        """Add columns to the query."""
        if made:
            self.frame = self.frame.with_columns(**made)

    def where(self, condition: Any, value: Any) -> Any:
        """A value where a condition holds, missing elsewhere."""
        return nw.when(condition).then(value)

    def materialised(self) -> nw.LazyFrame[Any]:
        """The query as it is."""
        return self.frame

    def use(self, frame: Any) -> None:
        """Go on with another query."""
        self.frame = frame

    def result(self, names: Sequence[str]) -> nw.LazyFrame[Any]:
        """The query with some of its columns."""
        return self.frame.select(*names)


class Arrays:
    """The columns of a table in memory.

    Parameters
    ----------
    frame : narwhals.DataFrame
        The table.
    arrays : dict of str to numpy.ndarray, optional
        Columns that are known as arrays already.
    """

    in_memory = True

    def __init__(self, frame: nw.DataFrame[Any], arrays: dict[str, Any] | None = None) -> None:
        self.frame = frame
        self._read: dict[str, Any] = {} if arrays is None else arrays
        self._made: dict[str, tuple[Any, tuple[str, ...]]] = {}

    def __getitem__(self, name: str) -> Any:
        if name in self._made:
            return self._made[name][0]
        if name not in self._read:
            self._read[name] = array_of(self.frame.get_column(name))
        return self._read[name]

    def __contains__(self, name: str) -> bool:
        return name in self._made or name in self.frame.columns

    def add(self, made: dict[str, Any], like: Iterable[str] = ()) -> None:
        """Add columns, in pandas of the kind that some others have."""
        for name, values in made.items():
            self._made[name] = values, tuple(like)

    def where(self, condition: Any, value: Any) -> Any:
        """A value where a condition holds, missing elsewhere."""
        return np.where(condition, value, np.nan)

    def materialised(self) -> nw.DataFrame[Any]:
        """The table with what was made."""
        return self.added_to(self.frame, list(self._made))

    def added_to(self, base: nw.DataFrame[Any], names: Sequence[str]) -> nw.DataFrame[Any]:
        """Some of the columns beside those of another table of the same rows."""
        made = {name: self._made[name] for name in names if name in self._made}
        others = [self.frame.get_column(name) for name in names if name not in self._made]
        if others:
            base = base.with_columns(*others)
        return with_arrays(base, made, self.frame) if made else base

    def use(self, frame: Any) -> None:
        """Go on with another table of the same rows."""
        self.frame, self._read, self._made = frame, {}, {}

    def result(self, names: Sequence[str]) -> nw.DataFrame[Any]:
        """The table with some of its columns."""
        return self.materialised().select(*names)


Columns = Expressions | Arrays


def columns_of(frame: nw.DataFrame[Any] | nw.LazyFrame[Any], arrays: dict[str, Any] | None = None) -> Columns:
    """The columns of any frame."""
    return Arrays(frame, arrays) if isinstance(frame, nw.DataFrame) else Expressions(frame)
