"""What an argument as a whole must be: refused by name, with what it is and what was expected."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from decimal import Decimal
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from cmhs_metrics.errors import BadInput, Problem

if TYPE_CHECKING:
    from numpy.typing import NDArray

TABLE = "a table (pandas, Polars, PyArrow …)"
NOT_NEGATIVE = "zero or more"
FINITE_NOT_NEGATIVE = "zero or more, and finite"
NOISE = 1e-12
"""How far from a whole number a count may be, as a share of it: a change of unit or an apportionment leaves so much."""
NAMES = "a name, or a list of names"


def expect(subject: str, name: str, value: object, kinds: type | tuple[type, ...], expected: str) -> None:
    """Refuse what is of another kind.

    Parameters
    ----------
    subject : str
        The function that was called.
    name : str
        The argument.
    value : object
        What it is.
    kinds : type or tuple of type
        What it may be an instance of.
    expected : str
        The same in words.

    Raises
    ------
    BadInput
        When it is no instance.
    """
    if not isinstance(value, kinds):
        raise BadInput(subject, [Problem(name, None, value, f"{expected}, not None" if value is None else expected)])


def expect_mapping(subject: str, name: str, value: object, expected: str) -> None:
    """Refuse what has no keys with values: all but a mapping and a pandas Series."""
    expect(subject, name, value, Mapping if not hasattr(value, "iloc") or _is_table(value) else object, expected)


def names_in(subject: str, name: str, value: Any, expected: str = NAMES) -> list[str]:
    """The names in an argument that is one name or several.

    Parameters
    ----------
    subject, name, value, expected
        As `expect` has them.

    Returns
    -------
    list of str
        The names.

    Raises
    ------
    BadInput
        When it is neither, or a name is no text.
    """
    if isinstance(value, str):
        return [value]
    several = isinstance(value, Iterable) and not isinstance(value, (bytes, Mapping)) and not _is_table(value)
    expect(subject, name, value, Iterable if several else str, expected)
    held = list(value)
    for each in held:
        expect(subject, name, each, str, expected)
    return held


def real(value: object) -> float:
    """A single number as a float; NaN where it is none, is not a number, or is beyond every float."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (Real, Decimal)):
        return math.nan
    try:
        return float(value)
    except (OverflowError, ValueError):
        return math.nan


def floats(subject: str, name: str, value: Any, expected: str = "a column or an array of numbers") -> NDArray[Any]:
    """Numbers of any kind as an array of floats, missing ones as NaN.

    Parameters
    ----------
    subject, name, value, expected
        As `expect` has them.

    Returns
    -------
    numpy.ndarray of float
        In the same shape.

    Raises
    ------
    BadInput
        When they are no numbers.
    """
    try:
        if hasattr(value, "iloc") and not _is_table(value):
            return np.asarray(value.to_numpy(dtype=np.float64, na_value=np.nan))
        return np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError, OverflowError, ArithmeticError):
        raise BadInput(subject, [Problem(name, None, value, expected)]) from None


def column(subject: str, name: str, value: Any, expected: str = "a column or an array of numbers") -> NDArray[Any]:
    """The same of a value for each row, and no table or single number."""
    held = floats(subject, name, value, expected)
    if held.ndim != 1:
        raise BadInput(subject, [Problem(name, None, value, expected)])
    return held


def _is_table(value: object) -> bool:
    return hasattr(type(value), "columns")
