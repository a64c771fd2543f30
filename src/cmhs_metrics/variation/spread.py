"""Spread: how far apart places are, and how much of it is more than chance.

A missing value makes every one of these missing: what is left out is the user's to say, for example with
``values.dropna()``.
"""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import Any

import numpy as np

from cmhs_metrics.numeric.arguments import Places
from cmhs_metrics.signatures import checked


@checked
def fold_variation(values: Any, leave_out: float = 0) -> Any:
    """How many times the lowest value the highest is: a "5-fold variation".

    Parameters
    ----------
    values : numpy.ndarray, Series or Quantity of an array
        The value of each place [any unit].
    leave_out : int or float, default 0
        How many places to leave out at each end: a whole number, or a share of all places below 0.5, rounded down to
        whole places. 0.1 of 42 places leaves out the 4 highest and the 4 lowest.

    Returns
    -------
    float or Quantity
        Highest over lowest [dimensionless], 1 or more; NaN where the lowest is zero or a value is missing.

    Raises
    ------
    BadInput
        When a value is negative or infinite, or fewer than two places are there or would remain.

    Notes
    -----
    It rests on two places alone, and grows with the number of places: say how many there are, and what it is without
    the extremes.

    References
    ----------
    NHS Benchmarking Network, Community Mental Health Services Audit 2016/17: Key messages, where caseloads per head
    have a 5-fold variation.

    Examples
    --------
    DNA rates of trusts range "from 3% to 19%":

    >>> import numpy as np
    >>> round(fold_variation(np.array([0.11, 0.19, 0.03])), 1)
    6.3
    >>> fold_variation(np.array([1.0, 10, 12, 20, 90]), leave_out=1)
    2.0
    """
    places = Places("fold_variation", with_units=True, values=values)
    places.at_least(2)
    places.not_negative("values")
    held = places["values"]
    ends = _places_left_out(places, leave_out, held.size)
    places.check()
    kept = np.sort(held)[ends : held.size - ends]
    fold = math.nan
    if not np.isnan(held).any() and kept[0] > 0:
        fold = float(kept[-1] / kept[0])
    return places.give(fold, "fold_variation")


def _places_left_out(places: Places, leave_out: float, size: int) -> int:
    """How many at each end."""
    number = isinstance(leave_out, Real) and not isinstance(leave_out, bool)
    if number and isinstance(leave_out, Integral) and leave_out >= 0:
        ends = int(leave_out)
    elif number and 0 <= leave_out < 0.5:
        # 0.29 × 100 is a hair under 29 in binary.
        ends = math.floor(leave_out * size + 1e-9)
    else:
        places.refuse_argument("leave_out", leave_out, "a whole number of places, or a share from 0 to below 0.5")
        return 0
    if size >= 2 and size - 2 * ends < 2:
        places.refuse_argument("leave_out", leave_out, f"so few that two or more of the {size} places remain")
    return ends


@checked
def coefficient_of_variation(values: Any, *, sample: bool = False) -> Any:
    """The standard deviation of places as a proportion of their mean.

    Parameters
    ----------
    values : numpy.ndarray, Series or Quantity of an array
        The value of each place [any unit].
    sample : bool, default False
        False where the places are all there are (the 42 ICBs of England), and squares are divided by n; True where
        they stand for others (53 trusts of 56 that answered), and squares are divided by n − 1.

    Returns
    -------
    float or Quantity
        The coefficient [dimensionless]; NaN where the mean is zero or a value is missing. Each place counts alike,
        however many people live there, and chance is in it.

    Raises
    ------
    BadInput
        When a value is negative or infinite, or there are fewer than two places.

    Examples
    --------
    >>> import numpy as np
    >>> coefficient_of_variation(np.array([2.0, 4, 4, 4, 5, 5, 7, 9]))
    0.4
    """
    places = Places("coefficient_of_variation", with_units=True, values=values)
    places.at_least(2)
    places.not_negative("values")
    places.check()
    held = places["values"]
    mean = held.mean()
    return places.give(held.std(ddof=int(sample)) / mean if mean else math.nan, "coefficient_of_variation")


@checked
def systematic_component_of_variation(observed: Any, expected: Any, *, fractional: bool = False) -> float:
    """Variation between places beyond what chance brings: the systematic component of variation.

    Parameters
    ----------
    observed : numpy.ndarray or Series
        Events counted in each place [count].
    expected : numpy.ndarray or Series
        Events that its people would have at the rates of all places, age by age for example [count].
    fractional : bool, default False
        Whether counts may be fractions, having been estimated or apportioned.

    Returns
    -------
    float
        Mean over places of the squared relative difference (O − E)² / E², less what chance alone would make of it,
        1 / E [dimensionless]: the variance between places of the true ratio of observed to expected. NaN where a value
        is missing. Some publications print it times 100. It is an estimate, and may be negative where places differ
        less than chance would have them: then nothing systematic is seen.

    Raises
    ------
    BadInput
        When an observed number is not a count, an expected one not above zero, or there are fewer than two places.

    References
    ----------
    McPherson K, Wennberg JE, Hovind OB, Clifford P. Small-area variations in the use of common surgical procedures: an
    international comparison of New England, England, and Norway. New England Journal of Medicine 1982; 307: 1310–1314.

    Examples
    --------
    (20² / 100² − 1 / 100 + 20² / 100² − 1 / 100) / 2:

    >>> import numpy as np
    >>> round(systematic_component_of_variation(np.array([80, 120]), np.array([100, 100])), 3)
    0.03
    """
    places = Places("systematic_component_of_variation", observed=observed, expected=expected)
    places.at_least(2)
    places.counts("observed", fractional=fractional)
    places.above_zero("expected")
    places.check()
    counted, awaited = places["observed"], places["expected"]
    return float(((counted / awaited - 1) ** 2 - 1 / awaited).mean())


@checked
def gini(values: Any, weights: Any = None, *, sample: bool = False) -> Any:
    """The Gini coefficient: how unequally something is spread, from 0 for all alike to near 1 for all in one place.

    Parameters
    ----------
    values : numpy.ndarray, Series or Quantity of an array
        The value of each place [any unit], for example spend per head.
    weights : numpy.ndarray or Series, optional
        The people of each place [person], for values per head: each place then counts by its people. Without them each
        place counts alike.
    sample : bool, default False
        Whether the places stand for others: the coefficient is then times n / (n − 1), which is 1 for all in one place.

    Returns
    -------
    float or Quantity
        The coefficient [dimensionless]: twice the area between the Lorenz curve and the diagonal. The most that n
        places of equal weight can have is 1 − 1 / n. NaN where all values are zero or one is missing.

    Raises
    ------
    BadInput
        When a value is negative or infinite, a weight not above zero, or there are fewer than two places.

    References
    ----------
    Gini C. Variabilità e mutabilità. Bologna: Cuppini, 1912. Lerman RI, Yitzhaki S. Improving the accuracy of estimates
    of Gini coefficients. Journal of Econometrics 1989; 42: 43–47, for the weights.

    Examples
    --------
    >>> import numpy as np
    >>> gini(np.array([1.0, 1, 1, 1])), gini(np.array([0.0, 0, 0, 8]))
    (0.0, 0.75)
    >>> gini(np.array([1.0, 3]), weights=np.array([300, 100]))
    0.25
    """
    places, held, people = _weighted("gini", values, weights)
    order = np.argsort(held, kind="stable")
    shares = people[order] / people.sum()
    # People are placed at the middle of their own share, so that a place of two hundred is two of one hundred.
    standing = np.cumsum(shares) - shares / 2
    parts = shares * held[order]
    whole = parts.sum()
    found = 2 * (parts * (standing - 0.5)).sum() / whole if whole else math.nan
    # Rounding can bring equal values to a hair below nothing.
    found = 0.0 if found < 0 else found
    return places.give(found * held.size / (held.size - 1) if sample else found, "gini")


@checked
def theil(values: Any, weights: Any = None) -> Any:
    """Theil's index: how unequally something is spread, which adds up over groups of places.

    Parameters
    ----------
    values, weights
        As in `gini`.

    Returns
    -------
    float or Quantity
        The mean of x ln x over places, x being the value over the mean [dimensionless]: 0 for all alike, ln n for all
        in one of n places. NaN where all values are zero or one is missing.

    Raises
    ------
    BadInput
        As in `gini`.

    References
    ----------
    Theil H. Economics and Information Theory. Amsterdam: North-Holland, 1967.

    Examples
    --------
    >>> import numpy as np
    >>> round(theil(np.array([0.0, 0, 0, 8])), 6), round(float(np.log(4)), 6)
    (1.386294, 1.386294)
    """
    places, held, people = _weighted("theil", values, weights)
    shares = people / people.sum()
    mean = float(shares @ held)
    if not mean > 0:
        return places.give(math.nan, "theil")
    relative = held / mean
    return places.give(max(float(shares @ (relative * np.log(np.where(relative > 0, relative, 1.0)))), 0.0), "theil")


@checked
def atkinson(values: Any, weights: Any = None, *, aversion: float = 0.5) -> Any:
    """Atkinson's index: the share of the whole that could be given up, were the rest spread alike, for equal good.

    Parameters
    ----------
    values, weights
        As in `gini`.
    aversion : float, default 0.5
        How much inequality weighs, above zero: the more, the more the lowest values count.

    Returns
    -------
    float or Quantity
        1 less the ratio of the equally spread equivalent, the power mean of exponent 1 − aversion (the geometric mean
        at 1), to the mean [proportion]. NaN where all values are zero or one is missing; 1 where a value is zero and
        aversion is 1 or more.

    Raises
    ------
    BadInput
        As in `gini`, or when the aversion is not above zero.

    References
    ----------
    Atkinson AB. On the measurement of inequality. Journal of Economic Theory 1970; 2: 244–263.

    Examples
    --------
    1 − √(1 × 4) / 2.5:

    >>> import numpy as np
    >>> round(atkinson(np.array([1.0, 4.0]), aversion=1), 6)
    0.2
    """
    places, held, people = _weighted("atkinson", values, weights, aversion)
    shares = people / people.sum()
    mean = float(shares @ held)
    if not mean > 0:
        return places.give(math.nan, "atkinson")
    with np.errstate(divide="ignore", over="ignore"):
        if aversion == 1:
            alike = float(np.exp(shares @ np.log(held / mean)))
        else:
            alike = float((shares @ (held / mean) ** (1 - aversion)) ** (1 / (1 - aversion)))
    return places.give(max(1 - alike, 0.0), "atkinson")


def _weighted(name: str, values: Any, weights: Any, aversion: float = 1.0) -> tuple[Places, Any, Any]:
    """Values and people of the places that have any, checked: one without counts for nothing, whatever its value."""
    places = Places(name, with_units=True, values=values, weights=weights)
    places.at_least(2)
    places.not_negative("values")
    if weights is not None:
        places.not_negative("weights")
        if not np.nansum(places["weights"]) > 0:
            places.refuse_argument("weights", 0, "people in one place at least")
    places.within("aversion", aversion, 0, math.inf, "a number above zero")
    places.check()
    held = places["values"]
    people = places["weights"] if weights is not None else np.ones_like(held)
    return places, held[people != 0], people[people != 0]
