"""Exact additive parts of the change of a product: by the logarithmic mean, and as Shapley values.

Both give each factor a part; the parts add up to the whole, vanish where nothing changes, and change their sign when
time is reversed. They differ where factors change much: the logarithmic mean shares the change in proportion to the
logarithms of the factors' own changes, the Shapley value takes the mean over every order in which the factors could
have changed one after the other.
"""

from __future__ import annotations

import math
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

METHODS = ("log-mean", "shapley")
MOST_FACTORS = 10
"""A Shapley value of n factors takes n × 2ⁿ⁻¹ products."""


def logarithmic_mean(first: Any, second: Any, log_ratio: Any) -> Floats:
    """The logarithmic mean of two positive numbers: their difference over that of their logarithms.

    `first`, `second`: the numbers [any unit]. `log_ratio`: the natural logarithm of the second over the first. Gives
    the mean [the same unit]; of two equal numbers, the number itself, which is the limit.

    References
    ----------
    Ang (2005), The LMDI approach to decomposition analysis: a practical guide, Energy Policy 33: equation 5.

    Examples
    --------
    >>> logarithmic_mean(np.array([1.0, 5.0]), np.array([np.e, 5.0]), np.array([1.0, 0.0])).round(6).tolist()
    [1.718282, 5.0]
    """
    # The difference of two near numbers has lost the digits that the difference of their logarithms still has.
    half = log_ratio / 2
    with np.errstate(invalid="ignore", over="ignore"):
        mean = np.sqrt(first) * np.sqrt(second) * np.sinh(half) / half
    return np.asarray(np.where(half == 0, first, mean))


def log_mean_parts(before: list[Floats], after: list[Floats]) -> list[Floats]:
    """Split the change of a product in proportion to the logarithms of its factors' changes (LMDI-I, additive).

    Where a factor comes from zero or goes to it, the logarithm has no value but the part has a limit: the whole change
    is that factor's, in equal parts where several do so together, and nothing is the others'.

    `before`, `after`: the factors, zero or above [any unit]. Gives a part for each factor; missing where a factor is.

    References
    ----------
    Ang (2005), The LMDI approach to decomposition analysis: a practical guide, Energy Policy 33: equations 3 and 5.
    Ang and Liu (2007), Handling zero values in the logarithmic mean Divisia index decomposition approach, Energy
    Policy 35: the analytical limits.
    """
    whole_before, whole_after = product(before), product(after)
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = [np.log(second / first) for first, second in zip(before, after, strict=True)]
        parts = [logarithmic_mean(whole_before, whole_after, sum(logs)) * each for each in logs]
    crossing = [(first == 0) != (second == 0) for first, second in zip(before, after, strict=True)]
    at_zero = (whole_before == 0) | (whole_after == 0)
    together = np.maximum(np.sum(crossing, axis=0), 1)
    limit = (whole_after - whole_before) / together
    missing = np.isnan(whole_before) | np.isnan(whole_after)
    return [
        np.where(missing, np.nan, np.where(at_zero, np.where(crosses, limit, 0.0), part))
        for part, crosses in zip(parts, crossing, strict=True)
    ]


def shapley_parts(before: list[Floats], after: list[Floats]) -> list[Floats]:
    """Split the change of a product as Shapley values: each factor's mean over all orders of change.

    `before`, `after`: the factors [any unit]. Gives a part for each factor; missing where a factor is.

    References
    ----------
    Das Gupta (1993), Standardization and decomposition of rates: a user's manual, US Bureau of the Census P23-186:
    chapter 2. Albrecht, François and Schoors (2002), A Shapley decomposition of carbon emissions without residuals,
    Energy Policy 30.
    """
    count = len(before)
    parts = []
    for own in range(count):
        others = [each for each in range(count) if each != own]
        part: Any = 0.0
        for size in range(count):
            weight = math.factorial(size) * math.factorial(count - 1 - size) / math.factorial(count)
            for changed in combinations(others, size):
                part = part + weight * product([after[each] if each in changed else before[each] for each in others])
        parts.append(np.asarray(part * (after[own] - before[own])))
    return parts


def product(factors: list[Floats]) -> Floats:
    """The product of the factors; that of none is one."""
    result: Any = np.float64(1.0)
    for factor in factors:
        result = result * factor
    return np.asarray(result)


PARTS = {"log-mean": log_mean_parts, "shapley": shapley_parts}
"""The parts by the name of the method."""
