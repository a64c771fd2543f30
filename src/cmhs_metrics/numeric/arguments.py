"""Values of many places: read from any kind of column, checked all at once, and given back in the kind that came in."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from functools import partial
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
import pint

from cmhs_metrics.errors import BadInput, Problem
from cmhs_metrics.numeric.containers import OWN, Contract, as_number, evaluate, is_na
from cmhs_metrics.numeric.requirements import Checks, cell_name, index_of
from cmhs_metrics.signatures import is_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


class Places(Checks):
    """The arguments of one call that have a value for each place, of any kind of column.

    Parameters
    ----------
    subject : str
        The function that was called, for messages.
    with_units : bool, default False
        Whether the first argument may be a Quantity.
    **columns : float, numpy.ndarray, Series or Quantity
        The arguments by name; those that are None were not given.

    Raises
    ------
    TypeError
        When one is not a column of numbers, or the kinds do not go together.
    ValueError
        When two columns have different indexes or lengths.
    """

    def __init__(self, subject: str, *, with_units: bool = False, **columns: Any) -> None:
        self._given = {name: column for name, column in columns.items() if column is not None}
        self._units = dict.fromkeys(self._given, "")
        for position, (name, column) in enumerate(self._given.items()):
            if is_table(column):
                raise TypeError(f"{name} is a table: pass one of its columns, for example {name}=table[column]")
            if hasattr(column, "over"):
                raise TypeError(f"{name} is an expression, and {subject} needs every value: collect the column first")
            if isinstance(column, pint.Quantity) or hasattr(getattr(column, "dtype", None), "ureg"):
                if not with_units or position or len(self._given) > 1:
                    raise TypeError(f"{name} has a unit, and {subject} takes plain numbers: pass its magnitude")
                self._units[name] = OWN
        if not self._given:
            raise BadInput(subject, [Problem(next(iter(columns), None), None, None, "the values of places")])
        self.numbers = all(_is_single(column) for column in self._given.values())
        super().__init__(subject, self._read(subject), partial(cell_name, index=self.index))

    def _read(self, subject: str) -> dict[str, NDArray[np.float64]]:
        if self.numbers:
            return {name: np.asarray(as_number(name, each)) for name, each in self._given.items()}
        seen: dict[str, Any] = {}

        def look(*values: Any) -> float:
            seen.update(zip(self._given, values, strict=True))
            return math.nan

        evaluate(Contract(subject, look, self._units, "", signed=True, many=True), tuple(self._given.values()))
        shapes = {name: np.shape(value) for name, value in seen.items() if np.ndim(value)}
        if any(len(shape) > 1 for shape in shapes.values()):
            name = next(name for name, shape in shapes.items() if len(shape) > 1)
            raise ValueError(f"{name} has {len(shapes[name])} dimensions; one value for each place is expected")
        if len(set(shapes.values())) > 1:
            found = ", ".join(f"{name} has {shape[0]}" for name, shape in shapes.items())
            raise ValueError(f"the columns are of different lengths: {found}")
        (shape,) = set(shapes.values())
        return {name: np.broadcast_to(np.asarray(value, np.float64), shape) for name, value in seen.items()}

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        return self.arrays[name]

    def __contains__(self, name: str) -> bool:
        return name in self.arrays

    @property
    def index(self) -> Any:
        """The index of a pandas Series among the arguments, or None."""
        return index_of(*self._given.values())

    def at_least(self, least: int) -> None:
        """Refuse fewer places than a measure of variation needs."""
        name, column = next(iter(self.arrays.items()))
        if column.size < least or self.numbers:
            self.refuse_argument(name, column.size, f"the values of {least} or more places")

    # What goes out

    def give(self, values: Any, name: str, unit: str = "") -> Any:
        """A value for each place, or one for all, in the kind that came in; of a unit where units came in."""
        if self.numbers:
            return float(values)
        made = values if np.ndim(values) else float(values)
        contract = Contract(name, lambda *_: made, self._units, unit, signed=True, many=True)
        return evaluate(contract, tuple(self._given.values()))

    def give_text(self, texts: Sequence[str | None], name: str) -> Any:
        """A text for each place, or None where it is missing, in the kind of column that came in."""
        if self.numbers:
            return texts[0]
        if self.index is not None:
            import pandas as pd

            return pd.Series(list(texts), index=self.index, name=name)
        columns = [each for each in self._given.values() if not (_is_single(each) or isinstance(each, np.ndarray))]
        if not columns:
            return np.array(texts, dtype=object)
        import narwhals as nw

        native = not isinstance(columns[0], nw.Series)
        backend = nw.from_native(columns[0], series_only=True, pass_through=False).implementation
        made = nw.new_series(name, list(texts), nw.String, backend=backend)
        return made.to_native() if native else made


def _is_single(value: Any) -> bool:
    return is_na(value) or (isinstance(value, (Real, Decimal, Fraction)) and not isinstance(value, bool))


def in_pandas(column: Any) -> Any:
    """A column as pandas takes it: a number, an array or a Series with the same values."""
    return column.to_pandas() if hasattr(column, "to_pandas") else column
