"""What a method asks of its arguments, and what happens to cells that are not so."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from cmhs_metrics.errors import SHOWN_IN_MESSAGE, BadInput, Problem
from cmhs_metrics.numeric.expected import NOISE, NOT_NEGATIVE, real

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    Arrays = dict[str, NDArray[Any]]

MOST = 1e15
"""More than this is no count of anything here."""

OnBadInput = Literal["refuse", "missing"]
"""What becomes of a cell that cannot be what it claims to be: the call is refused, or the cell counts as missing."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """Something that every cell of an argument must be; a missing cell meets them all.

    Parameters
    ----------
    column : str
        The argument.
    fails : callable
        From the arguments by name, the cells of this one that are at fault.
    expected : str
        What was expected, as a phrase.
    """

    column: str
    fails: Callable[[Arrays], NDArray[Any]]
    expected: str


def finite(name: str) -> Requirement:
    """A number that is not infinite."""
    return Requirement(name, lambda given: np.isinf(given[name]), "a finite number")


def not_negative(name: str, expected: str = NOT_NEGATIVE) -> tuple[Requirement, ...]:
    """A finite number of zero or more."""
    return finite(name), Requirement(name, lambda given: given[name] < 0, expected)


def a_count(name: str, *, fractional: bool) -> tuple[Requirement, ...]:
    """A whole number of zero or more; any such number where counts may be fractional."""
    # Above this, floats are no whole numbers any more, and their squares are infinite.
    countable = Requirement(name, lambda given: given[name] > MOST, f"a count of {MOST:.0e} at most")
    if fractional:
        return *not_negative(name), countable
    expected = "a whole number (fractional=True allows counts that were estimated or apportioned)"
    return *not_negative(name), countable, Requirement(name, lambda given: ~is_whole(given[name]), expected)


def part_of(part: str, whole: str) -> Requirement:
    """A part that is no more than its whole."""
    return Requirement(part, lambda given: given[part] > given[whole], f"no more than {whole}")


def is_whole(values: NDArray[Any]) -> NDArray[Any]:
    """Where the values are whole numbers, or missing.

    A change of unit (5.291 thousand patients) leaves rounding of the last digits, which makes no patient a fraction.
    """
    nearest = np.rint(values)
    exact: NDArray[Any] = values == nearest
    if not np.all(exact):
        with np.errstate(invalid="ignore"):
            exact = exact | np.isnan(values) | (np.abs(values - nearest) <= NOISE * nearest)
    return exact


def met(
    name: str,
    given: Arrays,
    requirements: Iterable[Requirement],
    *,
    options: Sequence[Problem] = (),
    row: Callable[[list[int]], str | None] | None = None,
    on_bad_input: OnBadInput = "refuse",
) -> Arrays:
    """The arguments, once they are what they must be.

    Parameters
    ----------
    name : str
        The function, for the message.
    given : dict of str to numpy.ndarray
        The arguments.
    requirements : iterable of Requirement
        What they must be.
    options : sequence of Problem
        What is wrong with the options, to be named together with the cells.
    row : callable, optional
        From the place of a cell in its array, the name of its row; the number of the row unless given.
    on_bad_input : "refuse" or "missing"
        Whether cells at fault are refused or counted as missing.

    Returns
    -------
    dict of str to numpy.ndarray
        The arguments; with "missing", NaN in every cell at fault.

    Raises
    ------
    BadInput
        With every problem of options and cells.
    """
    faults: dict[str, NDArray[Any]] = {}
    problems, total = list(options), len(options)
    for requirement in requirements:
        column, before = requirement.column, faults.get(requirement.column)
        at_fault = requirement.fails(given)
        if before is not None:
            at_fault = at_fault & ~before
        if not np.any(at_fault):
            continue
        faults[column] = at_fault if before is None else before | at_fault
        total += int(np.count_nonzero(at_fault))
        problems += _problems(requirement, given[column], at_fault, row or row_name)
    if options or (faults and on_bad_input == "refuse"):
        raise BadInput(name, problems, total=total)
    if not faults:
        return given
    return given | {column: np.where(at_fault, math.nan, given[column]) for column, at_fault in faults.items()}


def _problems(
    requirement: Requirement, values: NDArray[Any], at_fault: NDArray[Any], row: Callable[[list[int]], str | None]
) -> Iterable[Problem]:
    values = np.broadcast_to(values, at_fault.shape)
    for place in np.argwhere(at_fault)[:SHOWN_IN_MESSAGE].tolist():
        yield Problem(
            requirement.column, row(place) if place else None, values[tuple(place)].item(), requirement.expected
        )


def index_of(*values: Any) -> Any:
    """The index of the first pandas Series among the values; None where there is none."""
    return next((value.index for value in values if hasattr(value, "iloc")), None)


def row_name(place: Sequence[int], index: Any = None) -> str | None:
    """Name a row by its keys, or by its number where it has none; a cell of several dimensions also by its position.

    Parameters
    ----------
    place : sequence of int
        Where the cell stands; empty for a single number.
    index : pandas.Index, optional
        The index of the rows.

    Returns
    -------
    str or None
        For example "icb=QUE", "row 3", or "row 3, position 1"; None for a single number.
    """
    if not place:
        return None
    label = place[0] if index is None else index[place[0]]
    names = [None] if index is None else index.names
    labels = label if isinstance(label, tuple) else (label,)
    keys = [f"row {each}" if name is None else f"{name}={each}" for name, each in zip(names, labels, strict=True)]
    return ", ".join(keys + [f"position {', '.join(map(str, place[1:]))}"] * (len(place) > 1))


_ABOVE_ZERO = {
    "per": "a number of people above zero, for example 100_000",
    "reference": "what the reference is given, above zero: 1 or 100",
    "reference_rate": "the crude rate of the reference, above zero",
}


def option_problems(options: Mapping[str, Any]) -> list[Problem]:
    """What is wrong with `per`, `on_bad_input` and the like.

    Parameters
    ----------
    options : mapping of str to object
        The options that the user gave, by name.

    Returns
    -------
    list of Problem
        One for each that cannot be.
    """
    problems = []
    for name, expected in _ABOVE_ZERO.items():
        value = options.get(name, 1)
        if not 0 < real(value) < math.inf:
            problems.append(Problem(name, None, value, expected))
    if options.get("on_bad_input", "refuse") not in ("refuse", "missing"):
        problems.append(Problem("on_bad_input", None, options["on_bad_input"], "'refuse' or 'missing'"))
    return problems


def confidence_levels(confidence: Any) -> tuple[list[float], bool, list[Problem]]:
    """The confidence levels that were asked for.

    Parameters
    ----------
    confidence : float or sequence of float
        One level or several [proportion].

    Returns
    -------
    tuple
        The levels, whether they came as several, and what is wrong with them.
    """
    several = math.isnan(real(confidence))
    try:
        levels = list(confidence) if several and not isinstance(confidence, str) else [confidence]
    except TypeError:
        levels = [confidence]
    expected = "a proportion between 0 and 1, for example 0.95"
    problems = [Problem("confidence", None, level, expected) for level in levels if not 0 < real(level) < 1]
    if not levels:
        problems = [Problem("confidence", None, confidence, "at least one level, for example 0.95")]
    if not problems and len(set(levels)) < len(levels):
        problems = [Problem("confidence", None, confidence, "each level once")]
    return [float(level) for level in levels] if not problems else [], several, problems
