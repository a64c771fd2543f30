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

    `target`: the value that places are held against. `level`: the level [proportion]. Gives lower and upper [the unit
    of the target].
    """
    from scipy.special import betainc, gammainc, gammaincc

    size = _size(kind, denominators, per)
    mean = size * target

    def at_most(count: NDArray[np.float64]) -> NDArray[np.float64]:
        if kind != "proportion":
            return np.asarray(gammaincc(count + 1, mean))
        chance = betainc(size - count, count + 1, 1 - target)
        return np.where(count < 0, 0.0, np.where(count >= size, 1.0, chance))

    def more_than(count: NDArray[np.float64]) -> NDArray[np.float64]:
        if kind != "proportion":
            return np.asarray(gammainc(count + 1, mean))
        chance = betainc(count + 1, size - count, target)
        return np.where(count < 0, 1.0, np.where(count >= size, 0.0, chance))

    tail = (1 - level) / 2
    lower, upper = _between_counts(at_most, more_than, mean, tail)
    upper = np.minimum(upper, size) if kind == "proportion" else upper
    return np.maximum(lower, 0) / size, upper / size


def mixed_limits(
    kind: str, denominators: NDArray[np.float64], target: float, level: float, per: float, tau: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Limits of counts whose true values vary by tau on the even scale: beta-binomial, or negative binomial."""
    from scipy.special import betainc, betaincc

    size, tail = _size(kind, denominators, per), (1 - level) / 2
    if kind == "proportion":
        # An arcsine that varies by tau is a proportion that varies by 2 tau √(p (1 − p)).
        together = 1 / (4 * tau**2) - 1
        known = {cases: _of_beta_binomial(cases, target, together, tail) for cases in np.unique(size[~np.isnan(size)])}
        ends = np.array([known.get(cases, (math.nan, math.nan)) for cases in size.ravel()])
        return ends[:, 0].reshape(size.shape) / size, ends[:, 1].reshape(size.shape) / size
    # A square root that varies by tau is a rate that varies by 2 tau √rate: a gamma distribution of this shape.
    mean, shape = size * target, target / (4 * tau**2)

    def more_than(count: NDArray[np.float64]) -> NDArray[np.float64]:
        # Of two shares that are one together only the lesser is known to its last digit.
        few = betaincc(shape, count + 1, shape / (shape + mean))
        many = betainc(count + 1, shape, mean / (shape + mean))
        return np.where(count < 0, 1.0, np.where(shape < mean, few, many))

    lower, upper = _between_counts(lambda count: 1 - more_than(count), more_than, mean, tail)
    return np.maximum(lower, 0) / size, upper / size


def _size(kind: str, denominators: NDArray[np.float64], per: float) -> NDArray[np.float64]:
    """What counts are out of; NaN where none can be."""
    size = denominators / per if kind == "rate" else denominators
    with np.errstate(invalid="ignore"):
        return np.where(size > 0, size, np.nan)


def _between_counts(
    at_most: Callable[[Any], Any], more_than: Callable[[Any], Any], mean: NDArray[np.float64], tail: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Counts beyond which the tails of a distribution lie, interpolated between whole ones."""
    low = _first(lambda count: at_most(count) > tail, mean)
    high = _first(lambda count: more_than(count) <= tail, mean)
    lower = low - (at_most(low) - tail) / (at_most(low) - at_most(low - 1))
    upper = high + (more_than(high - 1) - tail) / (more_than(high - 1) - more_than(high))
    return lower, upper


def _of_beta_binomial(cases: float, mean: float, together: float, tail: float) -> tuple[float, float]:
    """The same of a beta-binomial distribution, whose tails have no closed form: every count is gone through."""
    alpha, beta, counts = mean * together, (1 - mean) * together, np.arange(cases)
    first = np.log((beta + counts) / (together + counts)).sum()
    ratios = (cases - counts) * (alpha + counts) / ((counts + 1) * (beta + cases - counts - 1))
    chance = np.exp(np.concatenate([[first], first + np.cumsum(np.log(ratios))]))
    at_most, at_least = np.cumsum(chance), np.cumsum(chance[::-1])[::-1]
    low = int(np.argmax(at_most > tail))
    # More than the last count there never is.
    high = int(np.argmax(np.append(at_least[1:], 0.0) <= tail))
    lower = low - (at_most[low] - tail) / chance[low]
    upper = high + (at_least[high] - tail) / chance[high]
    return max(lower, 0.0), min(upper, cases)


def _first(true: Callable[[NDArray[np.float64]], Any], near: NDArray[np.float64]) -> NDArray[np.float64]:
    """The first count at which a condition is true that stays true: by doubling one near to it, and by halving."""
    reached = np.ceil(near)
    below = -np.ones_like(reached)
    while (short := ~true(reached) & np.isfinite(reached)).any():
        below, reached = np.where(short, reached, below), np.where(short, reached + reached, reached)
    while (reached - below > 1).any():
        middle = (below + reached) // 2
        found = true(middle)
        below, reached = np.where(found, below, middle), np.where(found, middle, reached)
    return reached


def to_even_scale(kind: str, values: Any) -> Any:
    """Values on the scale where chance has one variance.

    Gives their square roots; of proportions, the arcsine of these.
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
    return 0.5 / np.sqrt(_size(kind, denominators, per))


def widened_limits(
    kind: str, denominators: NDArray[np.float64], target: float, level: float, per: float, phi: float, tau: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Limits on that scale, with the standard error widened for over-dispersion.

    `target`: the value that places are held against. `level`: the level [proportion]. Gives lower and upper [the unit
    of the target].
    """
    from scipy.special import ndtri

    reach = ndtri((1 + level) / 2) * np.sqrt(phi * standard_errors(kind, denominators, per) ** 2 + tau**2)
    centre = to_even_scale(kind, target)
    lower, upper = np.maximum(centre - reach, 0), centre + reach
    if kind == "proportion":
        return np.sin(lower) ** 2, np.sin(np.minimum(upper, np.pi / 2)) ** 2
    return lower**2, upper**2
