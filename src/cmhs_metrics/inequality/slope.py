"""Slope and relative index of inequality: how far a value falls or rises from the most to the least deprived."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from cmhs_metrics.numeric.arguments import Places
from cmhs_metrics.signatures import checked

if TYPE_CHECKING:
    from numpy.typing import NDArray

FEWEST = 3
"""A line through two groups is no estimate of one."""
ONTO: dict[str, Any] = {"plain": np.array, "log": np.log, "logit": lambda share: np.log(share / (1 - share))}
BACK: dict[str, Any] = {"plain": np.array, "log": np.exp, "logit": lambda logit: 1 / (1 + np.exp(-logit))}


@dataclass(frozen=True, slots=True)
class SlopeIndex:
    """The slope and the relative index of inequality, with their intervals.

    Parameters
    ----------
    slope, slope_lower, slope_upper : float
        The slope index: the difference between the two ends of the scale of deprivation [the unit of the values]. Above
        zero the most deprived are worse off.
    relative, relative_lower, relative_upper : float
        The relative index: the better end over the worse, or the worse over the better where a low value is better
        [ratio]. Above 1 the most deprived are worse off.
    most_deprived, least_deprived : float
        The values at the ends of the line [the unit of the values].
    groups : int
        How many groups it rests on.
    """

    slope: float
    slope_lower: float
    slope_upper: float
    relative: float
    relative_lower: float
    relative_upper: float
    most_deprived: float
    least_deprived: float
    groups: int


@checked
def slope_index(
    values: Any,
    populations: Any,
    *,
    lower: Any = None,
    upper: Any = None,
    standard_errors: Any = None,
    improvement: Literal["high", "low"] = "high",
    scale: Literal["plain", "log", "logit"] = "plain",
    fit_on_scale: bool = False,
    confidence: float = 0.95,
    confidence_of_bounds: float = 0.95,
    draws: int = 100_000,
    seed: int = 0,
) -> SlopeIndex:
    """Slope and relative index of inequality of groups in order of deprivation.

    Parameters
    ----------
    values : numpy.ndarray or Series
        The value of each group, the most deprived first [any unit].
    populations : numpy.ndarray or Series
        The people of each [person].
    lower, upper : numpy.ndarray or Series, optional
        The bounds of the interval of each value [the same unit], for example from `rate_interval`.
    standard_errors : numpy.ndarray or Series, optional
        In place of these, the standard error of each [the same unit].
    improvement : {"high", "low"}, default "high"
        Whether high values are better (life expectancy) or low ones (deaths, waits): the index is above zero where the
        most deprived are worse off.
    scale : {"plain", "log", "logit"}, default "plain"
        Where the error of a value is normal: the values' own for means, "log" for rates, "logit" for proportions.
    fit_on_scale : bool, default False
        Whether the line is fitted on that scale too, on which rates far from each other lie nearer to one.
    confidence : float, default 0.95
        Of the intervals of the indices [proportion].
    confidence_of_bounds : float, default 0.95
        Of `lower` and `upper` [proportion].
    draws, seed : int, default 100_000 and 0
        How many times the values are drawn from their errors, and the seed of it.

    Returns
    -------
    SlopeIndex
        Both indices with their intervals; NaN throughout where a value is missing.

    Raises
    ------
    BadInput
        When neither bounds nor standard errors are given or both, a value is not on its scale, a population is not
        above zero, there are fewer than three groups, or an argument is out of range.

    Notes
    -----
    Each group stands in the middle of its share of all people, ordered by deprivation from 0 to 1. A line is fitted to
    the values, weighted by people; the slope index is its rise from 0 to 1, the relative index the ratio of the values
    at its ends. Values are drawn from normal distributions about them on `scale`, and the interval takes the
    percentiles of the indices. What follows from normal errors without drawing is computed without: the slope on the
    plain scale, and both with `fit_on_scale`, where the bounds turn about the middle of the line.

    References
    ----------
    Low A, Low A. Measuring the gap: quantifying and comparing local health inequalities. Journal of Public Health 2004;
    26: 388–395. Office for Health Improvement and Disparities, Fingertips public health technical guidance: slope index
    of inequality. The method is that of PHEindicatormethods.

    Examples
    --------
    >>> import numpy as np
    >>> years = np.array([74.0, 76, 78, 80, 82])
    >>> found = slope_index(years, np.full(5, 10_000), standard_errors=np.full(5, 0.5))
    >>> round(found.slope, 6), round(found.slope_lower, 2), round(found.slope_upper, 2), round(found.relative, 4)
    (10.0, 8.45, 11.55, 1.137)
    """
    places = Places(
        "slope_index", values=values, populations=populations, lower=lower, upper=upper, standard_errors=standard_errors
    )
    bounds = lower is not None and upper is not None
    if (standard_errors is not None) == (lower is not None or upper is not None) or (not bounds and lower is not upper):
        places.refuse_argument("standard_errors", None, "lower and upper, or standard_errors")
        bounds = False
    places.at_least(FEWEST)
    places.finite(*places.arrays)
    places.above_zero("populations")
    on_scale = ["values", *(["lower", "upper"] if bounds else [])]
    if scale != "plain":
        for name in on_scale:
            most = 1 if scale == "logit" else math.inf
            wrong = (places[name] <= 0) | (places[name] >= most)
            places.refuse(name, wrong, "above zero" + (" and below 1" if scale == "logit" else ""))
    if standard_errors is not None:
        places.not_negative("standard_errors")
        if scale in ("log", "logit"):
            places.refuse_argument("standard_errors", None, f"lower and upper on the {scale} scale")
    if bounds:
        places.refuse("lower", places["lower"] > places["upper"], "no more than the upper bound")
    for name, level in (("confidence", confidence), ("confidence_of_bounds", confidence_of_bounds)):
        places.within(name, level, 0, 1, "a proportion between 0 and 1")
    places.within("draws", draws, 999, math.inf, "a thousand draws or more")
    places.check()
    from scipy.special import ndtri

    onto, back = ONTO[scale], BACK[scale]
    centre = onto(places["values"])
    if bounds:
        errors = (onto(places["upper"]) - onto(places["lower"])) / (2 * ndtri((1 + confidence_of_bounds) / 2))
    else:
        errors = places["standard_errors"]
    rises, starts = _of_line(places["populations"])
    fitted = centre if fit_on_scale else places["values"]
    rise, start = float(rises @ fitted), float(starts @ fitted)
    z, tails = ndtri((1 + confidence) / 2), [(1 - confidence) / 2, (1 + confidence) / 2]
    exact = np.array([rise - z * math.sqrt(rises**2 @ errors**2), rise + z * math.sqrt(rises**2 @ errors**2)])
    if fit_on_scale:
        middle = start + rise / 2
        ends = back(middle - exact / 2), back(middle + exact / 2)
        slopes, ratios = ends[1] - ends[0], ends[1] / ends[0]
        most, least = float(back(start)), float(back(start + rise))
    else:
        drawn = centre + errors * _normals(int(draws), centre.size, seed)
        lines = back(drawn) @ np.column_stack([rises, starts])
        slopes = exact if scale == "plain" else np.quantile(lines[:, 0], tails)
        ratios = np.quantile(1 + lines[:, 0] / lines[:, 1], tails)
        most, least = start, start + rise
    if improvement == "low":
        slopes, ratios, (slope, relative) = -slopes[::-1], 1 / ratios[::-1], (most - least, most / least)
    else:
        slope, relative = least - most, least / most
    return SlopeIndex(
        slope,
        float(slopes[0]),
        float(slopes[1]),
        relative,
        float(ratios[0]),
        float(ratios[1]),
        most,
        least,
        centre.size,
    )


@lru_cache(maxsize=1)
def _normals(draws: int, groups: int, seed: int) -> NDArray[np.float64]:
    """Standard normal draws, which every place takes alike."""
    return np.random.default_rng(seed).standard_normal((draws, groups))


def _of_line(people: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What each value adds to the rise of the weighted line, and to where it starts."""
    shares = people / people.sum()
    # The weighted mean of the middles of all shares is always a half.
    from_middle = np.cumsum(shares) - shares / 2 - 0.5
    rises = shares * from_middle / (shares @ from_middle**2)
    return rises, shares - rises / 2
