"""What chance brings: exact limits of counts, and the scale on which chance has one variance."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


def exact_limits(
    kind: str, denominators: NDArray[np.float64], target: float, level: float, per: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Limits from the binomial or Poisson distribution, interpolated between counts.

    Parameters
    ----------
    kind : str
        The kind.
    denominators : numpy.ndarray
        What values are out of.
    target : float
        The value that places are held against.
    level : float
        The level [proportion].
    per : float
        People that a rate is per.

    Returns
    -------
    tuple of numpy.ndarray
        Lower and upper [the unit of the target].
    """
    from scipy.special import betainc, gammainc, gammaincc

    size = denominators / per if kind == "rate" else denominators
    with np.errstate(invalid="ignore"):
        size = np.where(size > 0, size, np.nan)
    mean = size * target

    def at_most(count: NDArray[np.float64]) -> NDArray[np.float64]:
        if kind != "proportion":
            return np.asarray(gammaincc(count + 1, mean))
        inside = np.clip(count, 0, size - 1)
        chance = betainc(size - inside, inside + 1, 1 - target)
        return np.where(count < 0, 0.0, np.where(count >= size, 1.0, chance))

    def more_than(count: NDArray[np.float64]) -> NDArray[np.float64]:
        if kind != "proportion":
            return np.asarray(gammainc(count + 1, mean))
        inside = np.clip(count, 0, size - 1)
        chance = betainc(inside + 1, size - inside, target)
        return np.where(count < 0, 1.0, np.where(count >= size, 0.0, chance))

    tail = (1 - level) / 2
    # Chernoff's bounds on the tails of both distributions tell where to look.
    reach = np.sqrt(2 * mean * -math.log(tail))
    lowest, highest = np.floor(np.maximum(mean - reach, 0)) - 1, np.ceil(mean + reach - 2 / 3 * math.log(tail))
    low = _first(lambda count: at_most(count) > tail, lowest, highest)
    high = _first(lambda count: more_than(count) <= tail, lowest, highest)
    lower = low - (at_most(low) - tail) / (at_most(low) - at_most(low - 1))
    upper = high + (more_than(high - 1) - tail) / (more_than(high - 1) - more_than(high))
    upper = np.minimum(upper, size) if kind == "proportion" else upper
    return np.maximum(lower, 0) / size, upper / size


def _first(
    true: Callable[[NDArray[np.float64]], Any],
    lowest: NDArray[np.float64],
    highest: NDArray[np.float64],
) -> NDArray[np.float64]:
    """The first count at which a condition is true that stays true, by halving."""
    below, reached = lowest, highest
    steps = np.nanmax(highest - lowest, initial=0)
    while steps > 1:
        middle = np.floor((below + reached) / 2)
        found = true(middle)
        below, reached = np.where(found, below, middle), np.where(found, middle, reached)
        steps = np.nanmax(reached - below, initial=0)
    return reached


def to_even_scale(kind: str, values: Any) -> Any:
    """Values on the scale where chance has one variance.

    Parameters
    ----------
    kind : str
        The kind.
    values : float or numpy.ndarray
        Rates, proportions or ratios.

    Returns
    -------
    float or numpy.ndarray
        Their square roots; of proportions, the arcsine of these.
    """
    return np.arcsin(np.sqrt(values)) if kind == "proportion" else np.sqrt(values)


def standard_errors(kind: str, denominators: NDArray[np.float64], per: float) -> NDArray[np.float64]:
    """Standard errors that chance brings on that scale.

    Parameters
    ----------
    kind : str
        The kind.
    denominators : numpy.ndarray
        What values are out of.
    per : float
        People that a rate is per.

    Returns
    -------
    numpy.ndarray
        The standard errors; NaN where a denominator is zero.
    """
    size = denominators / per if kind == "rate" else denominators
    with np.errstate(invalid="ignore"):
        return 0.5 / np.sqrt(np.where(size > 0, size, np.nan))


def widened_limits(
    kind: str, denominators: NDArray[np.float64], target: float, level: float, per: float, phi: float, tau: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Limits on that scale, with the standard error widened for over-dispersion.

    Parameters
    ----------
    kind : str
        The kind.
    denominators : numpy.ndarray
        What values are out of.
    target : float
        The value that places are held against.
    level : float
        The level [proportion].
    per : float
        People that a rate is per.
    phi, tau : float
        Multiplicative and additive over-dispersion.

    Returns
    -------
    tuple of numpy.ndarray
        Lower and upper [the unit of the target].
    """
    from scipy.special import ndtri

    reach = ndtri((1 + level) / 2) * np.sqrt(phi * standard_errors(kind, denominators, per) ** 2 + tau**2)
    centre = to_even_scale(kind, target)
    lower, upper = np.maximum(centre - reach, 0), centre + reach
    if kind == "proportion":
        return np.sin(lower) ** 2, np.sin(np.minimum(upper, np.pi / 2)) ** 2
    return lower**2, upper**2
