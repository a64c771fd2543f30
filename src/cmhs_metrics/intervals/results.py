"""An interval, and how a method of lower and upper bounds works on every kind of value."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

import numpy as np
import pint

from cmhs_metrics.errors import BadInput, Problem, refuse
from cmhs_metrics.numeric.containers import Contract, evaluate
from cmhs_metrics.numeric.expected import outside, real
from cmhs_metrics.numeric.requirements import OnBadInput, Requirement, cell_name, index_of, met

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from cmhs_metrics.numeric.requirements import Arrays

Kind = TypeVar("Kind")


class Interval(NamedTuple, Generic[Kind]):
    """A confidence interval.

    Attributes
    ----------
    lower, upper : float, Quantity, numpy.ndarray or Series
        The bounds, in the kind that came in. For several confidence levels at once an array has a last axis more,
        and a Series becomes a frame with a column for each level.

    Examples
    --------
    >>> Interval(4.8, 18.4).upper
    18.4
    """

    lower: Kind
    upper: Kind


class Estimate(NamedTuple, Generic[Kind]):
    """An estimate with its confidence interval.

    Attributes
    ----------
    estimate : float, Quantity, numpy.ndarray or Series
        The estimate, in the kind that came in.
    lower, upper : float, Quantity, numpy.ndarray or Series
        The bounds; for several confidence levels at once as in `Interval`.

    Examples
    --------
    >>> Estimate(10.0, 4.8, 18.4).estimate
    10.0
    """

    estimate: Kind
    lower: Kind
    upper: Kind


@dataclass(frozen=True, slots=True)
class Method:
    """A method of computing bounds.

    Parameters
    ----------
    name : str
        The name of the function that users call.
    inputs : mapping of str to str
        The parameters with their units.
    unit : str
        The unit of the bounds.
    limits : callable
        From a confidence level and the arguments as arrays of floats, an array for each field of the result.
    requirements : tuple of Requirement
        What the arguments must be.
    result : type
        `Interval`, `Estimate` or another named tuple.
    shapes : callable, optional
        From the arguments by name, what is wrong with their shapes.
    """

    name: str
    inputs: Mapping[str, str]
    unit: str
    limits: Callable[..., tuple[Any, ...]]
    requirements: tuple[Requirement, ...]
    result: type[Any] = Interval
    shapes: Callable[[Arrays], list[Problem]] = lambda _: []


def calculate(method: Method, arguments: tuple[Any, ...], confidence: Any, **options: Any) -> Any:
    """Apply a method to arguments of any kind, at one or several confidence levels.

    `confidence`: one level or several [proportion]. `**options`: the other options that the user gave, to be checked:
    `per`, `on_bad_input`. Gives in the kind that came in. Raises `BadInput` with everything that is wrong with the
    options and the cells. Raises `TypeError` when an argument is an expression or a table.
    """
    levels, several, problems = confidence_levels(confidence)
    problems += [
        problem
        for name in options.keys() & _ABOVE_ZERO
        for problem in outside(name, options[name], 0, math.inf, _ABOVE_ZERO[name])
    ]
    row = partial(cell_name, index=index_of(*arguments))
    found: list[list[Any]] = []

    def once(*prepared: Any) -> Any:
        if any(hasattr(argument, "alias") for argument in prepared):
            raise TypeError(f"{method.name} needs values, got an expression: collect the columns first")
        given = _checked(method, prepared, problems, row, options.get("on_bad_input", "refuse"))
        for level in levels:
            found.append([_plain(limit) for limit in method.limits(level, *given)])
        return found[0][0]

    contract = Contract(method.name, once, MappingProxyType(dict(method.inputs)), method.unit, signed=True, many=True)
    first = evaluate(contract, arguments)
    if not found:  # one of the numbers is pandas.NA
        refuse(method.name, problems)
        return method.result(*(first for _ in method.result._fields))

    def in_kind(field: str, values: Any) -> Any:
        return evaluate(replace(contract, name=field, body=lambda *_: values), arguments)

    fields = []
    for position, field in enumerate(method.result._fields):
        kinds = [in_kind(field, limits[position]) for limits in found]
        fields.append(_side_by_side(kinds, levels) if several and field != "estimate" else kinds[0])
    return method.result(*fields)


_ABOVE_ZERO = {
    "per": "a number of people above zero, for example 100_000",
    "reference": "what the reference is given, above zero: 1 or 100",
    "reference_rate": "the crude rate of the reference, above zero",
}


def confidence_levels(confidence: Any) -> tuple[list[float], bool, list[Problem]]:
    """The confidence levels that were asked for, whether they came as several, and what is wrong with them."""
    several = math.isnan(real(confidence))
    try:
        levels = list(confidence) if several and not isinstance(confidence, str) else [confidence]
    except TypeError:
        levels = [confidence]
    expected = "a proportion between 0 and 1, for example 0.95"
    problems = [problem for level in levels for problem in outside("confidence", level, 0, 1, expected)]
    if not levels:
        problems = [Problem("confidence", None, confidence, "at least one level, for example 0.95")]
    if not problems and len(set(levels)) < len(levels):
        problems = [Problem("confidence", None, confidence, "each level once")]
    return [float(level) for level in levels] if not problems else [], several, problems


def _checked(
    method: Method, prepared: tuple[Any, ...], problems: list[Problem], row: Any, on_bad_input: OnBadInput
) -> list[NDArray[Any]]:
    given = {name: np.asarray(each, dtype=np.float64) for name, each in zip(method.inputs, prepared, strict=True)}
    problems = [*problems, *method.shapes(given)]
    given = met(method.name, given, method.requirements, options=problems, row=row, on_bad_input=on_bad_input)
    return list(given.values())


def _plain(values: Any) -> Any:
    return float(values) if np.ndim(values) == 0 else values


def _side_by_side(kinds: list[Any], levels: list[float]) -> Any:
    """The bounds of several levels in one value: a last axis more, or a frame with a column for each level."""
    first = kinds[0]
    if isinstance(first, pint.Quantity):
        magnitudes: Any = [each.magnitude for each in kinds]
        return first._REGISTRY.Quantity(_side_by_side(magnitudes, levels), first.units)
    if isinstance(first, (float, np.ndarray)):
        return np.stack([np.asarray(each) for each in kinds], axis=-1)
    if hasattr(first, "iloc"):
        import pandas as pd

        return pd.DataFrame(dict(zip(levels, kinds, strict=True)), index=first.index)
    import narwhals as nw

    columns: list[Any] = [
        nw.from_native(each, series_only=True).alias(f"{level:g}") for each, level in zip(kinds, levels, strict=True)
    ]
    table = columns[0].to_frame().with_columns(*columns[1:])
    return table if isinstance(first, nw.Series) else table.to_native()


COUNTED = (
    "patient", "person", "contact", "referral", "admission", "discharge", "assessment", "death", "response", "session",
    "place", "professional", "team", "service", "organisation", "bed",
)  # fmt: skip
"""The units in which whole things are counted."""


def counted_in(count: Any) -> str:
    """The unit in which a count is made of whole things.

    The bounds of a count depend on how many were counted: of 5.291 thousand patients they are those of 5,291.

    Gives a unit of counting, empty for a count without a dimension; "patient" where the argument has no unit or one
    in which nothing is counted.
    """
    quantity = count if isinstance(count, pint.Quantity) else None
    if hasattr(getattr(count, "dtype", None), "ureg"):
        quantity = count.array.quantity
    if quantity is None:
        return "patient"
    if quantity.dimensionless:
        return ""
    from cmhs_metrics import units

    units.define(quantity._REGISTRY)
    return next((unit for unit in COUNTED if quantity.check(unit)), "patient")


def unit_per(counted: str, per: float, arguments: tuple[Any, ...]) -> str:
    """The unit of a rate of so many people.

    `per`: how many people the rate is for. `arguments`: the arguments, of which some may have units. Raises
    `BadInput` when the arguments have units and there is none for that many people.
    """
    known: dict[float, str] = {100_000: "person_100k", 1: "person"}
    people = known.get(per)
    if people is None:
        if any(isinstance(each, pint.Quantity) or hasattr(getattr(each, "dtype", None), "ureg") for each in arguments):
            expected = "100_000 or 1 where there are units: convert the result"
            raise BadInput("the rate", [Problem("per", None, per, expected)])
        people = "person"
    return f"{counted or '1'} / {people}"
