"""The rules of "Making Data Count": which points are more than chance, and on which side.

Each rule gives 1 for a point that it flags as high (or rising), -1 for one that it flags as low (or falling), and 0
for the others. Missing points are never flagged, and no pattern reaches across one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cmhs_metrics.errors import BadInput, Problem
from cmhs_metrics.numeric.expected import floats, refuse_other_indexes
from cmhs_metrics.signatures import checked

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Flags = NDArray[np.int8]

NEAR = 2 / 3
"""How much of the way from the centre to a limit a point must have gone to be near the limit: two sigma of three."""

EQUAL = 1e-12
"""Values that differ by less than this share of themselves are equal: the mean of equal values is not always exact."""


def outside_limits(values: Any, lower: Any, upper: Any) -> Flags:
    """Points outside the process limits.

    Parameters
    ----------
    values : numpy.ndarray or Series
        The values [any unit].
    lower, upper : float or numpy.ndarray
        The process limits, one for all points or one for each [the same unit].

    Returns
    -------
    numpy.ndarray of int8
        1 above the upper limit, -1 below the lower one; a point on a limit is not outside.

    References
    ----------
    NHS England, Making data count: strengthening your decisions.

    Examples
    --------
    >>> outside_limits(np.array([3.0, 11.0, -2.0]), lower=-1, upper=10).tolist()
    [0, 1, -1]
    """
    _check("outside_limits", {"values": values, "lower": lower, "upper": upper})
    above, below = _side(values, upper), _side(values, lower)
    return np.where(above > 0, above, np.where(below < 0, below, 0)).astype(np.int8)


@checked
def run_on_one_side(values: Any, centre: Any, *, length: int = 7, stretch: Any = None) -> Flags:
    """Runs of points on one side of the centre line.

    Parameters
    ----------
    values : numpy.ndarray or Series
        The values in the order of their periods [any unit].
    centre : float or numpy.ndarray
        The centre line [the same unit].
    length : int, default 7
        How many points in a row make a run.
    stretch : numpy.ndarray, optional
        A number that changes wherever values do not follow each other: another series, a rebase, a gap.

    Returns
    -------
    numpy.ndarray of int8
        1 for every point of a run above, -1 below. A point on the line ends a run.

    References
    ----------
    NHS England, Making data count: strengthening your decisions.

    Examples
    --------
    >>> run_on_one_side(np.array([1, 6, 7, 8, 6, 9, 7, 6, 2]), centre=5).tolist()
    [0, 1, 1, 1, 1, 1, 1, 1, 0]
    """
    _check("run_on_one_side", {"values": values, "centre": centre}, length, stretch)
    side = _side(values, centre)
    return _long_runs(side, _breaks(len(side), stretch), length)


@checked
def steady_trend(values: Any, *, length: int = 7, stretch: Any = None) -> Flags:
    """Points that rise, or fall, one after the other.

    Parameters
    ----------
    values : numpy.ndarray or Series
        The values in the order of their periods [any unit].
    length : int, default 7
        How many points in a row make a trend: seven points rise six times.
    stretch : numpy.ndarray, optional
        A number that changes wherever values do not follow each other: another series, a rebase, a gap.

    Returns
    -------
    numpy.ndarray of int8
        1 for every point of a rising trend, -1 of a falling one. A point that ends one and begins the other belongs to
        both, and is given the first here; `run_chart` gives it the one that is an improvement. Two equal values end a
        trend.

    References
    ----------
    NHS England, Making data count: strengthening your decisions.

    Examples
    --------
    >>> steady_trend(np.array([4, 1, 2, 3, 4, 5, 6, 7, 7])).tolist()
    [0, 1, 1, 1, 1, 1, 1, 1, 0]
    """
    _check("steady_trend", {"values": values}, length, stretch)
    ends, begins = trends(np.asarray(values, dtype=np.float64), length, stretch)
    return np.where(ends != 0, ends, begins).astype(np.int8)


def trends(values: NDArray[np.float64], length: int, stretch: Any) -> tuple[Flags, Flags]:
    """The trend that reaches each point, and the one that leads on from it: at a turning point they are opposite."""
    breaks = _breaks(len(values), stretch)
    steps = np.zeros(len(values), dtype=np.int8)
    steps[1:] = np.where(breaks[1:], 0, _side(values[1:], values[:-1]))
    # Steps of both directions cannot stand side by side in one run, nor can those of two stretches: the first is zero.
    reaching = _long_runs(steps, breaks, length - 1)
    return reaching, np.append(reaching[1:], np.zeros(min(len(values), 1), dtype=np.int8))


def two_of_three_near_limit(values: Any, centre: Any, lower: Any, upper: Any, *, stretch: Any = None) -> Flags:
    """Two of three points in a row near, or beyond, the same process limit.

    Parameters
    ----------
    values : numpy.ndarray or Series
        The values in the order of their periods [any unit].
    centre, lower, upper : float or numpy.ndarray
        The centre line and the process limits [the same unit]. Near is the last third of the way to a limit.
    stretch : numpy.ndarray, optional
        A number that changes wherever values do not follow each other: another series, a rebase, a gap.

    Returns
    -------
    numpy.ndarray of int8
        1 for the points near the upper limit, -1 near the lower one. All three points have to be on the same side of
        the centre; the third is flagged only where it is near the limit itself.

    References
    ----------
    NHS England, Making data count: the two-sigma rule as its tools have had it since the end of 2023, which counts
    points outside the limits too.

    Examples
    --------
    >>> two_of_three_near_limit(np.array([0, 8, 1, 7, 0]), centre=0, lower=-9, upper=9).tolist()
    [0, 1, 0, 1, 0]
    """
    _check("two_of_three_near_limit", {"values": values, "centre": centre, "lower": lower, "upper": upper}, 3, stretch)
    centre, lower, upper = (np.asarray(each, dtype=np.float64) for each in (centre, lower, upper))
    side = _side(values, centre)
    high = _side(values, centre + NEAR * (upper - centre)) > 0
    low = _side(values, centre - NEAR * (centre - lower)) < 0
    near = high.astype(np.int8) - low.astype(np.int8)
    flags = np.zeros(len(side), dtype=np.int8)
    if len(side) < 3:
        return flags
    breaks = _breaks(len(side), stretch)
    for direction in (1, -1):
        on_side, beyond = side == direction, (near == direction).astype(np.int8)
        together = on_side[:-2] & on_side[1:-1] & on_side[2:] & ~breaks[1:-1] & ~breaks[2:]
        found = together & (beyond[:-2] + beyond[1:-1] + beyond[2:] >= 2)
        for offset in range(3):
            window = flags[offset : len(flags) - 2 + offset]
            window[found & (beyond[offset : len(flags) - 2 + offset] == 1)] = direction
    return flags


def _check(subject: str, given: dict[str, Any], length: Any = 2, stretch: Any = None) -> None:
    """Refuse what is no series, no line beside it, or no number of points."""
    refuse_other_indexes({**given, "stretch": stretch})
    problems: list[Problem] = []
    shapes = {}
    for name, value in given.items():
        try:
            shapes[name] = floats(subject, name, value, "numbers").shape
        except BadInput as error:
            problems += error.problems
    size = shapes.get("values", (0,))
    if len(size) != 1:
        problems.append(Problem("values", None, given["values"], "a series: one value for each period"))
    else:
        expected = f"one number, or {size[0]}: one for each value"
        problems += [
            Problem(name, None, given[name], expected) for name, shape in shapes.items() if shape not in ((), size)
        ]
        if stretch is not None and np.shape(stretch) != size:
            problems.append(Problem("stretch", None, stretch, f"{size[0]} numbers, one for each value"))
    try:
        whole = not isinstance(length, bool) and 1 < length == int(length)
    except (TypeError, ValueError, OverflowError, ArithmeticError):
        whole = False
    if not whole:
        problems.append(Problem("length", None, length, "a whole number of points, two or more"))
    if problems:
        raise BadInput(subject, problems)


def _side(values: Any, line: Any) -> Flags:
    """On which side of a line values are; 0 on it, and where either is missing."""
    numbers, lines = np.asarray(values, dtype=np.float64), np.asarray(line, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        distance = numbers - lines
    equal = np.abs(distance) <= EQUAL * np.maximum(np.abs(numbers), np.abs(lines))
    return np.where(equal | np.isnan(distance), 0, np.sign(distance)).astype(np.int8)


def _breaks(count: int, stretch: Any) -> NDArray[np.bool_]:
    """Where a point does not follow the one before it."""
    breaks = np.zeros(count, dtype=np.bool_)
    breaks[:1] = True
    if stretch is not None:
        numbers = np.asarray(stretch)
        breaks[1:] = numbers[1:] != numbers[:-1]
    return breaks


def _long_runs(signs: Flags, breaks: NDArray[np.bool_], length: int) -> Flags:
    """The signs that stand in runs of one sign of at least a length; zero elsewhere."""
    starts = breaks.copy()
    starts[1:] |= signs[1:] != signs[:-1]
    run = np.cumsum(starts) - 1
    long = np.bincount(run)[run] >= length if len(run) else np.zeros(0, dtype=np.bool_)
    return np.where(long, signs, 0).astype(np.int8)
