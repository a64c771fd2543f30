"""What an argument as a whole must be: refused by name, with what it is and what was expected."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from decimal import Decimal
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import numpy as np

from cmhs_metrics.errors import BadInput, Problem
from cmhs_metrics.signatures import LARGEST_EXACT, is_float, is_mapping, is_table

if TYPE_CHECKING:
    from numpy.typing import NDArray


TABLE = "a table (pandas, Polars, PyArrow …)"
FINITE = "a finite number"
NOT_NEGATIVE = "zero or more"
FINITE_NOT_NEGATIVE = "zero or more, and finite"
ABOVE_ZERO = "a finite number above zero"
WHOLE_NOT_NEGATIVE = "a whole number, zero or more"
PEOPLE = "zero or more people"
SHARE = "a proportion from 0 to 1"
NUMBERS = "a column of numbers"
NAMES = "a name, or a list of names"
NOISE = 1e-12
"""How far from a whole number a count may be, as a share of it: a change of unit or an apportionment leaves so much."""


def expect(subject: str, name: str, value: object, kinds: type | tuple[type, ...], expected: str) -> None:
    """Refuse what is of another kind: `kinds`, which `expected` says in words."""
    if not isinstance(value, kinds):
        raise BadInput(subject, [Problem(name, None, value, f"{expected}, not None" if value is None else expected)])


def expect_mapping(subject: str, name: str, value: object, expected: str) -> None:
    """Refuse what has no keys with values: all but a mapping and a pandas Series."""
    expect(subject, name, value, object if is_mapping(value) else Mapping, expected)


def names_in(subject: str, name: str, value: Any, expected: str = NAMES) -> list[str]:
    """The names in an argument that is one name or several; refused where one is no text."""
    if isinstance(value, str):
        return [value]
    several = isinstance(value, Iterable) and not isinstance(value, (bytes, Mapping)) and not is_table(value)
    expect(subject, name, value, Iterable if several else str, expected)
    held = list(value)
    for each in held:
        expect(subject, name, each, str, expected)
    return held


def outside(name: str, value: object, low: float, high: float, expected: str, *, closed: bool = False) -> list[Problem]:
    """What is wrong with a single number that must lie between two others, of which the lower may be allowed."""
    number = real(value)
    inside = low < number < high or (closed and number == low)
    return [] if inside else [Problem(name, None, value, expected)]


def size(name: str, value: object, least: int = 0, most: int = LARGEST_EXACT) -> list[Problem]:
    """What is wrong with a seed, or with how many things are to be made: nobody waits for more than `most`."""
    if isinstance(value, Integral) and not isinstance(value, (bool, np.bool_)) and least <= int(value) <= most:
        return []
    return [Problem(name, None, value, f"a whole number from {least:,} to {most:,}")]


def real(value: object) -> float:
    """A single number as a float; NaN where it is none, is not a number, or is beyond every float."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (Real, Decimal)) or not is_float(value):
        return math.nan
    return float(value)


def floats(subject: str, name: str, value: Any, expected: str = "a column or an array of numbers") -> NDArray[Any]:
    """Numbers of any kind as an array of floats in the same shape, missing ones as NaN; refused where they are none."""
    if hasattr(value, "_REGISTRY") or hasattr(getattr(value, "dtype", None), "ureg"):
        raise TypeError(f"{name} has a unit, and {subject} takes plain numbers: pass its magnitude")
    try:
        if hasattr(value, "iloc") and not is_table(value):
            return np.asarray(value.to_numpy(dtype=np.float64, na_value=np.nan))
        return np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError, OverflowError, ArithmeticError):
        raise BadInput(subject, [Problem(name, None, value, expected)]) from None


def refuse_other_indexes(columns: Mapping[str, Any]) -> None:
    """Refuse pandas columns, by name, of which one has other rows than the first; all else has no rows by name."""
    (first, leader), *others = [each for each in columns.items() if hasattr(each[1], "iloc")] or [("", None)]
    for name, held in others:
        if not held.index.equals(leader.index):
            raise ValueError(
                f"{first} and {name} have different indexes, and matching them by label would invent missing or "
                f"repeated rows; take both from one table, or align them first"
            )


def column(subject: str, name: str, value: Any, expected: str = "a column or an array of numbers") -> NDArray[Any]:
    """The same of a value for each row, and no table or single number."""
    held = floats(subject, name, value, expected)
    if held.ndim != 1:
        raise BadInput(subject, [Problem(name, None, value, expected)])
    return held
