"""Comparisons: ratios and differences of two proportions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cmhs_metrics.intervals.proportions import wilson_limits
from cmhs_metrics.intervals.rate_comparisons import difference_limits
from cmhs_metrics.intervals.results import Interval, Method, calculate, counted_in
from cmhs_metrics.numeric.ratio import ratio
from cmhs_metrics.numeric.requirements import OnBadInput, Requirement, a_count, part_of
from cmhs_metrics.signatures import checked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cmhs_metrics.numeric.kinds import Number, Value


@checked
def proportion_ratio_interval(
    numerator: Value | Number,
    denominator: Value | Number,
    reference_numerator: Value | Number,
    reference_denominator: Value | Number,
    confidence: float | Sequence[float] = 0.95,
    *,
    fractional: bool = False,
    on_bad_input: OnBadInput = "refuse",
) -> Interval[Value]:
    """Confidence interval of the ratio of two independent proportions, from Wilson's intervals of both.

    Parameters
    ----------
    numerator, reference_numerator : float, Quantity, numpy.ndarray or Series
        Those of whom it is true, and those in the reference [a unit of counting].
    denominator, reference_denominator : float, Quantity, numpy.ndarray or Series
        All of them, and all of the reference [the same unit].
    confidence : float or sequence of float, default 0.95
        One confidence level or several [proportion].
    fractional : bool, default False
        Whether counts may be fractions, having been weighted or estimated.
    on_bad_input : "refuse" or "missing", default "refuse"
        Whether a cell that cannot be what it claims to be is refused or counts as missing.

    Returns
    -------
    Interval
        The lower and the upper bound of proportion over reference proportion [ratio]. Where the reference numerator is
        zero there is no upper bound, which is NaN or null, and a lower one unless both numerators are. Both are NaN or
        null where a denominator is zero.

    Raises
    ------
    BadInput
        With every cell that is no count, and every numerator above its denominator.

    References
    ----------
    Donner A, Zou GY. Closed-form confidence intervals for functions of the normal mean and standard deviation. Stat
    Methods Med Res 2012;21:347–59. Fagerland MW, Lydersen S, Laake P. Statistical Analysis of
    Contingency Tables. Chapman & Hall/CRC, 2017: chapter 4, "MOVER-R Wilson".

    Examples
    --------
    Seven of 34 against one of 34 (the same book, the trial of Perondi et al.):

    >>> lower, upper = proportion_ratio_interval(7, 34, 1, 34)
    >>> round(lower, 4), round(upper, 4)
    (1.1537, 41.9763)
    """

    def limits(
        level: float, part: NDArray[Any], whole: NDArray[Any], other: NDArray[Any], others: NDArray[Any]
    ) -> tuple[Any, ...]:
        first, second = wilson_limits(part, whole, level), wilson_limits(other, others, level)
        return ratio_limits(ratio(part, whole), first, ratio(other, others), second)

    inputs, requirements = _of_proportions(counted_in(numerator), fractional=fractional)
    method = Method("proportion_ratio_interval", inputs, "", limits, requirements)
    interval: Interval[Value] = calculate(
        method,
        (numerator, denominator, reference_numerator, reference_denominator),
        confidence,
        on_bad_input=on_bad_input,
    )
    return interval


@checked
def proportion_difference_interval(
    numerator: Value | Number,
    denominator: Value | Number,
    reference_numerator: Value | Number,
    reference_denominator: Value | Number,
    confidence: float | Sequence[float] = 0.95,
    *,
    fractional: bool = False,
    on_bad_input: OnBadInput = "refuse",
) -> Interval[Value]:
    """Confidence interval of the difference of two independent proportions, by Newcombe's hybrid score method.

    Parameters
    ----------
    numerator, reference_numerator : float, Quantity, numpy.ndarray or Series
        Those of whom it is true, and those in the reference [a unit of counting].
    denominator, reference_denominator : float, Quantity, numpy.ndarray or Series
        All of them, and all of the reference [the same unit].
    confidence : float or sequence of float, default 0.95
        One confidence level or several [proportion].
    fractional : bool, default False
        Whether counts may be fractions, having been weighted or estimated.
    on_bad_input : "refuse" or "missing", default "refuse"
        Whether a cell that cannot be what it claims to be is refused or counts as missing.

    Returns
    -------
    Interval
        The lower and the upper bound of proportion minus reference proportion [proportion]: 0.05 is five percentage
        points. NaN or null where a denominator is zero.

    Raises
    ------
    BadInput
        With every cell that is no count, and every numerator above its denominator.

    References
    ----------
    Newcombe RG. Interval estimation for the difference between independent proportions: comparison of eleven methods.
    Stat Med 1998;17:873–90 (method 10).

    Examples
    --------
    Newcombe's first example, 56 of 70 against 48 of 80:

    >>> lower, upper = proportion_difference_interval(56, 70, 48, 80)
    >>> round(lower, 4), round(upper, 4)
    (0.0524, 0.3339)
    """

    def limits(
        level: float, part: NDArray[Any], whole: NDArray[Any], other: NDArray[Any], others: NDArray[Any]
    ) -> tuple[Any, ...]:
        first, second = wilson_limits(part, whole, level), wilson_limits(other, others, level)
        return difference_limits(ratio(part, whole), first, ratio(other, others), second)

    inputs, requirements = _of_proportions(counted_in(numerator), fractional=fractional)
    method = Method("proportion_difference_interval", inputs, "", limits, requirements)
    interval: Interval[Value] = calculate(
        method,
        (numerator, denominator, reference_numerator, reference_denominator),
        confidence,
        on_bad_input=on_bad_input,
    )
    return interval


def ratio_limits(
    first: Any, first_limits: tuple[NDArray[Any], ...], second: Any, second_limits: tuple[NDArray[Any], ...]
) -> tuple[Any, ...]:
    """Bounds of a ratio of proportions, from two estimates and the bounds of each (Donner and Zou 2012)."""
    (low, high), (other_low, other_high) = first_limits, second_limits
    product = first * second
    below, above = low * (2 * first - low), other_high * (2 * second - other_high)
    # Of the two forms of a quadratic's root, each bound takes the one whose divisor cannot vanish.
    lower = ratio(np.asarray(below), np.asarray(product + np.sqrt(np.maximum(product**2 - below * above, 0))))
    below, above = other_low * (2 * second - other_low), high * (2 * first - high)
    upper = ratio(np.asarray(product + np.sqrt(np.maximum(product**2 - below * above, 0))), np.asarray(below))
    return np.where((first == 0) & (second > 0), 0.0, lower), upper


def _of_proportions(counted: str, *, fractional: bool) -> tuple[dict[str, str], tuple[Requirement, ...]]:
    names = ("numerator", "denominator", "reference_numerator", "reference_denominator")
    requirements = [requirement for name in names for requirement in a_count(name, fractional=fractional)]
    parts = (part_of("numerator", "denominator"), part_of("reference_numerator", "reference_denominator"))
    return dict.fromkeys(names, counted), (*requirements, *parts)
