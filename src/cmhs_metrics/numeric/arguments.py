"""Values of many places: read from any kind of column, checked all at once, and given back in the kind that came in."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
import pint

from cmhs_metrics.errors import BadInput, Problem, nearest
from cmhs_metrics.numeric.containers import OWN, Contract, as_number, evaluate, is_na
from cmhs_metrics.numeric.expected import FINITE_NOT_NEGATIVE, NOT_NEGATIVE, real
from cmhs_metrics.numeric.requirements import index_of, is_whole, row_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

LISTED = 1000
"""How many problems are listed one by one; the rest are counted."""


class Places:
    """The arguments of one call that have a value for each place.

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
        self.subject = subject
        self._given = {name: column for name, column in columns.items() if column is not None}
        self._units = dict.fromkeys(self._given, "")
        self._problems: list[Problem] = []
        self._total = 0
        for position, (name, column) in enumerate(self._given.items()):
            if hasattr(type(column), "columns"):
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
        self.arrays = self._read()

    def _read(self) -> dict[str, NDArray[np.float64]]:
        if self.numbers:
            return {name: np.asarray(_number(name, each)) for name, each in self._given.items()}
        seen: dict[str, Any] = {}

        def look(*values: Any) -> float:
            seen.update(zip(self._given, values, strict=True))
            return math.nan

        evaluate(self._contract(look, self.subject, ""), tuple(self._given.values()))
        shapes = {name: np.shape(value) for name, value in seen.items() if np.ndim(value)}
        if any(len(shape) > 1 for shape in shapes.values()):
            name = next(name for name, shape in shapes.items() if len(shape) > 1)
            raise ValueError(f"{name} has {len(shapes[name])} dimensions; one value for each place is expected")
        if len(set(shapes.values())) > 1:
            found = ", ".join(f"{name} has {shape[0]}" for name, shape in shapes.items())
            raise ValueError(f"the columns are of different lengths: {found}")
        (shape,) = set(shapes.values())
        return {name: np.broadcast_to(np.asarray(value, np.float64), shape) for name, value in seen.items()}

    def _contract(self, body: Any, name: str, unit: str) -> Contract:
        return Contract(name, body, self._units, unit, signed=True, many=True)

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        return self.arrays[name]

    def __contains__(self, name: str) -> bool:
        return name in self.arrays

    @property
    def index(self) -> Any:
        """The index of a pandas Series among the arguments, or None."""
        return index_of(*self._given.values())

    # Problems

    def refuse(self, name: str, wrong: NDArray[np.bool_], expected: str) -> None:
        """Note a problem at every place where `wrong` is true.

        Parameters
        ----------
        name : str
            The argument.
        wrong : numpy.ndarray of bool
            Where it is wrong.
        expected : str
            What was expected.
        """
        found = np.flatnonzero(wrong)
        self._total += len(found)
        for at in found[: max(LISTED - len(self._problems), 0)]:
            value = self.arrays[name].reshape(-1)[at].item()
            row = None if self.numbers else row_name([int(at)], self.index)
            self._problems.append(Problem(name, row, value, expected))

    def refuse_argument(self, name: str, value: object, expected: str) -> None:
        """Note a problem of an argument as a whole.

        Parameters
        ----------
        name : str
            The argument.
        value : object
            What it is.
        expected : str
            What was expected.
        """
        self._total += 1
        self._problems.append(Problem(name, None, value, expected))

    def at_least(self, least: int) -> None:
        """Refuse fewer places than a measure of variation needs.

        Parameters
        ----------
        least : int
            The fewest values.
        """
        name, column = next(iter(self.arrays.items()))
        if column.size < least or self.numbers:
            self.refuse_argument(name, column.size, f"the values of {least} or more places")

    def finite(self, *names: str) -> None:
        """Refuse infinite values.

        Parameters
        ----------
        *names : str
            The arguments.
        """
        for name in names:
            self.refuse(name, np.isinf(self.arrays[name]), "a finite number")

    def not_negative(self, *names: str) -> None:
        """Refuse negative and infinite values.

        Parameters
        ----------
        *names : str
            The arguments.
        """
        for name in names:
            self.refuse(name, (self.arrays[name] < 0) | np.isinf(self.arrays[name]), FINITE_NOT_NEGATIVE)

    def above_zero(self, *names: str) -> None:
        """Refuse zero, negative and infinite values.

        Parameters
        ----------
        *names : str
            The arguments.
        """
        for name in names:
            self.refuse(name, (self.arrays[name] <= 0) | np.isinf(self.arrays[name]), "a finite number above zero")

    def counts(self, *names: str, fractional: bool = False) -> None:
        """Refuse what is not a count; what is one but for rounding in the last digits becomes one.

        Parameters
        ----------
        *names : str
            The arguments.
        fractional : bool, default False
            Whether counts may be fractions, having been estimated or apportioned.
        """
        if fractional:
            self.not_negative(*names)
            return
        expected = f"a count: a whole number, {NOT_NEGATIVE} (fractional=True allows those that were apportioned)"
        for name in names:
            column = self.arrays[name]
            wrong = (column < 0) | np.isinf(column) | ~is_whole(column)
            self.refuse(name, wrong, expected)
            self.arrays[name] = np.where(wrong, column, np.rint(column))

    def one_of(self, name: str, value: object, known: Iterable[str]) -> None:
        """Refuse a word that is not understood.

        Parameters
        ----------
        name : str
            The argument.
        value : object
            The word.
        known : iterable of str
            The words that are.
        """
        words = list(known)
        if value not in words:
            hint = nearest(str(value), words)
            self.refuse_argument(name, value, f"one of {', '.join(words)}{f'; {hint}' if hint else ''}")

    def within(self, name: str, value: object, low: float, high: float, expected: str, *, closed: bool = False) -> None:
        """Refuse a number outside an interval.

        Parameters
        ----------
        name : str
            The argument.
        value : object
            The number.
        low, high : float
            The bounds, which are themselves outside.
        expected : str
            What was expected.
        closed : bool, default False
            Whether the lower bound is inside.
        """
        number = real(value)
        if not (low < number < high or (closed and number == low)):
            self.refuse_argument(name, value, expected)

    def check(self) -> None:
        """Raise what was noted.

        Raises
        ------
        BadInput
            With every problem.
        """
        if self._problems:
            raise BadInput(self.subject, self._problems, total=self._total)

    # What goes out

    def give(self, values: Any, name: str, unit: str = "") -> Any:
        """The result in the kind that came in.

        Parameters
        ----------
        values : numpy.ndarray or float
            A value for each place, or one for all.
        name : str
            The name of the column.
        unit : str, default ""
            The unit, where units came in.

        Returns
        -------
        float, numpy.ndarray, Series or Quantity
            The same values.
        """
        if self.numbers:
            return float(values)
        made = values if np.ndim(values) else float(values)
        return evaluate(self._contract(lambda *_: made, name, unit), tuple(self._given.values()))

    def give_text(self, texts: Sequence[str | None], name: str) -> Any:
        """A text for each place, in the kind of column that came in.

        Parameters
        ----------
        texts : sequence of str or None
            The texts; None where missing.
        name : str
            The name of the column.

        Returns
        -------
        str, numpy.ndarray, Series
            The same texts.
        """
        if self.numbers:
            return texts[0]
        if (index := self.index) is not None:
            import pandas as pd

            return pd.Series(list(texts), index=index, name=name)
        columns = [column for column in self._given.values() if not isinstance(column, (Real, np.ndarray))]
        if not columns:
            return np.array(texts, dtype=object)
        import narwhals as nw

        native = not isinstance(columns[0], nw.Series)
        backend = nw.from_native(columns[0], series_only=True, pass_through=False).implementation
        made = nw.new_series(name, list(texts), nw.String, backend=backend)
        return made.to_native() if native else made


def _is_single(value: Any) -> bool:
    return is_na(value) or (isinstance(value, (Real, Decimal, Fraction)) and not isinstance(value, bool))


def _number(name: str, value: Any) -> float:
    return math.nan if is_na(value) else as_number(name, value)


def in_pandas(column: Any) -> Any:
    """A column as pandas takes it.

    Parameters
    ----------
    column : float, numpy.ndarray or Series
        The column.

    Returns
    -------
    float, numpy.ndarray or pandas.Series
        The same values.
    """
    return column.to_pandas() if hasattr(column, "to_pandas") else column
