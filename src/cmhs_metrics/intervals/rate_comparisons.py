"""Comparisons: ratios and differences of two rates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import betaincinv

from cmhs_metrics.intervals.rates import poisson_limits
from cmhs_metrics.intervals.results import Interval, Method, calculate, counted_in, unit_per
from cmhs_metrics.numeric.expected import PEOPLE
from cmhs_metrics.numeric.ratio import ratio
from cmhs_metrics.numeric.requirements import OnBadInput, Requirement, a_count, not_negative
from cmhs_metrics.signatures import checked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cmhs_metrics.numeric.kinds import Number, Value


@checked
def rate_ratio_interval(
    count: Value | Number,
    population: Value | Number,
    reference_count: Value | Number,
    reference_population: Value | Number,
    confidence: float | Sequence[float] = 0.95,
    *,
    fractional: bool = False,
    on_bad_input: OnBadInput = "refuse",
) -> Interval[Value]:
    """Confidence interval of the ratio of two independent rates, exact given the events of both together.

    Parameters
    ----------
    count, reference_count : float, Quantity, numpy.ndarray or Series
        The events, and those of the reference [the same unit of counting].
    population, reference_population : float, Quantity, numpy.ndarray or Series
        The people at risk, and those of the reference [person].
    confidence : float or sequence of float, default 0.95
        One confidence level or several [proportion].
    fractional : bool, default False
        Whether counts may be fractions, having been estimated or apportioned.
    on_bad_input : "refuse" or "missing", default "refuse"
        Whether a cell that cannot be what it claims to be is refused or counts as missing.

    Returns
    -------
    Interval
        The lower and the upper bound of rate over reference rate [ratio]. Where the reference has no events there is no
        upper bound, which is NaN or null, and a lower one unless there are no events at all. Both are NaN or null where
        a population is zero.

    Raises
    ------
    BadInput
        With every cell that is no count or no population.
    DimensionalityError
        When the two counts are of different things.

    References
    ----------
    Breslow and Day 1987: chapter 3, the ratio of two rates given the sum of the events; Clopper CJ, Pearson ES.
    Biometrika 1934;26:404–13, for the bounds of the share that one of the two has in that sum.

    Examples
    --------
    Two events in 17,877 person-years against 9 in 16,660 (Fay MP, R package rateratio.test: vignette, section 1):

    >>> lower, upper = rate_ratio_interval(2, 17_877, 9, 16_660)
    >>> round(lower, 5), round(upper, 5)
    (0.02177, 1.00055)
    """

    def limits(
        level: float, count: NDArray[Any], people: NDArray[Any], other: NDArray[Any], others: NDArray[Any]
    ) -> tuple[Any, ...]:
        tail = (1 - level) / 2
        defined = (count + other > 0) & (others > 0)
        a, b = np.where(defined, count, np.nan), np.where(defined, other, np.nan)
        low = np.where(a > 0, betaincinv(a, b + 1, tail), a)
        # Without events of the reference all events may be of the one, at whatever ratio of the rates.
        high = betaincinv(a + 1, np.where(b > 0, b, np.nan), 1 - tail)
        odds = (np.asarray(share / (1 - share)) for share in (low, high))
        return tuple(ratio(each * others, people) for each in odds)

    counted = counted_in(count)
    inputs, requirements = _of_rates(counted, fractional=fractional)
    method = Method("rate_ratio_interval", inputs, "", limits, requirements)
    interval: Interval[Value] = calculate(
        method, (count, population, reference_count, reference_population), confidence, on_bad_input=on_bad_input
    )
    return interval


@checked
def rate_difference_interval(
    count: Value | Number,
    population: Value | Number,
    reference_count: Value | Number,
    reference_population: Value | Number,
    per: float = 100_000,
    confidence: float | Sequence[float] = 0.95,
    *,
    fractional: bool = False,
    on_bad_input: OnBadInput = "refuse",
) -> Interval[Value]:
    """Confidence interval of the difference of two independent rates, from the intervals of both.

    Parameters
    ----------
    count, reference_count : float, Quantity, numpy.ndarray or Series
        The events, and those of the reference [the same unit of counting].
    population, reference_population : float, Quantity, numpy.ndarray or Series
        The people at risk, and those of the reference [person].
    per : float, default 100_000
        For how many people the rates are [person]; with quantities, 100,000 or 1.
    confidence : float or sequence of float, default 0.95
        One confidence level or several [proportion].
    fractional : bool, default False
        Whether counts may be fractions, having been estimated or apportioned.
    on_bad_input : "refuse" or "missing", default "refuse"
        Whether a cell that cannot be what it claims to be is refused or counts as missing.

    Returns
    -------
    Interval
        The lower and the upper bound of rate minus reference rate [events per `per` people]. NaN or null where a
        population is zero.

    Raises
    ------
    BadInput
        With every cell that is no count or no population, and every option that cannot be.
    DimensionalityError
        When the two counts are of different things.

    References
    ----------
    Zou GY, Donner A. Construction of confidence limits about effect measures: a general approach. Stat Med
    2008;27:1693–702. Its bounds are made of those that `rate_interval` gives.

    Examples
    --------
    >>> lower, upper = rate_difference_interval(41, 28_010, 15, 19_017)
    >>> round(lower, 1), round(upper, 1)
    (1.7, 130.2)
    """

    def limits(
        level: float, count: NDArray[Any], people: NDArray[Any], other: NDArray[Any], others: NDArray[Any]
    ) -> tuple[Any, ...]:
        first = tuple(ratio(limit, people, per) for limit in poisson_limits(count, level))
        second = tuple(ratio(limit, others, per) for limit in poisson_limits(other, level))
        return difference_limits(ratio(count, people, per), first, ratio(other, others, per), second)

    arguments = (count, population, reference_count, reference_population)
    counted = counted_in(count)
    inputs, requirements = _of_rates(counted, fractional=fractional)
    method = Method("rate_difference_interval", inputs, unit_per(counted, per, arguments), limits, requirements)
    interval: Interval[Value] = calculate(method, arguments, confidence, per=per, on_bad_input=on_bad_input)
    return interval


def difference_limits(
    first: Any, first_limits: tuple[NDArray[Any], ...], second: Any, second_limits: tuple[NDArray[Any], ...]
) -> tuple[Any, ...]:
    """Bounds of a difference, from two estimates and the bounds of each (Zou and Donner 2008)."""
    (low, high), (other_low, other_high) = first_limits, second_limits
    difference = first - second
    return (
        difference - np.hypot(first - low, other_high - second),
        difference + np.hypot(high - first, second - other_low),
    )


def _of_rates(counted: str, *, fractional: bool) -> tuple[dict[str, str], tuple[Requirement, ...]]:
    inputs = {
        "count": counted,
        "population": "person",
        "reference_count": counted,
        "reference_population": "person",
    }
    requirements = (
        *a_count("count", fractional=fractional),
        *not_negative("population", PEOPLE),
        *a_count("reference_count", fractional=fractional),
        *not_negative("reference_population", PEOPLE),
    )
    return inputs, requirements
