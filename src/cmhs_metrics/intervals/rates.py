"""Rates of events in a population: Byar's method, and the exact one where events are few."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import gammainccinv, gammaincinv, ndtri

from cmhs_metrics.intervals.results import Interval, Method, calculate, counted_in, unit_per
from cmhs_metrics.numeric.expected import NOISE, PEOPLE
from cmhs_metrics.numeric.ratio import ratio
from cmhs_metrics.numeric.requirements import OnBadInput, Requirement, a_count, finite, is_whole, not_negative
from cmhs_metrics.signatures import checked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cmhs_metrics.numeric.kinds import Number, Value

FEW = 10
"""Below this many events Byar's approximation gives way to the exact method."""


@checked
def rate_interval(
    count: Value | Number,
    population: Value | Number,
    per: float = 100_000,
    confidence: float | Sequence[float] = 0.95,
    *,
    sum_of_squares: Any = None,
    fractional: bool = False,
    on_bad_input: OnBadInput = "refuse",
) -> Interval[Value]:
    """Confidence interval of a rate: events in a population.

    Byar's method; where there are fewer than 10 events, the exact method from the Poisson distribution.

    Parameters
    ----------
    count : float, Quantity, numpy.ndarray or Series
        The events [a unit of counting: contact, referral, admission, patient …].
    population : float, Quantity, numpy.ndarray or Series
        The people at risk, for a year where the rate is a year's [person]; broadcasts against the events.
    per : float, default 100_000
        For how many people the rate is [person]; with quantities, 100,000 or 1.
    confidence : float or sequence of float, default 0.95
        One confidence level or several [proportion].
    sum_of_squares : float, numpy.ndarray or Series, optional
        Where one person may have several events: over people, the square of the events of each [count²]; see
        `event_totals`. The interval is then that of events which are not independent.
    fractional : bool, default False
        Whether counts may be fractions, having been estimated or apportioned.
    on_bad_input : "refuse" or "missing", default "refuse"
        Whether a cell that cannot be what it claims to be is refused or counts as missing.

    Returns
    -------
    Interval
        The lower and the upper bound [events per `per` people], in the kind that came in. NaN or null where the
        population is zero or a value is missing. Several levels make a last axis of an array, and a frame of a Series.

    Raises
    ------
    BadInput
        With every cell that is no count or no population, and every option that cannot be.
    DimensionalityError
        When the events are not in a unit of counting, or the population is not in persons.

    Notes
    -----
    Without `sum_of_squares` the events must be independent. Contacts and readmissions of the same few people are not:
    their interval is wider. People come independently, so that if n people have k events each, the number of events has
    the variance Σ k² n in place of Σ k n. The distance of each bound from the count is multiplied by the square root of
    the two's ratio, as Dobson's method does for standardised rates; no bound is below zero.

    References
    ----------
    Breslow NE, Day NE. Statistical Methods in Cancer Research II. Lyon: IARC, 1987: section 2.3, equation 2.13 (Byar).
    Public Health England, Technical Guide: Confidence Intervals (2018), appendices 1 and 2: which method for how many
    events. Office for Health Improvement and Disparities, Fingertips public health technical guidance: directly
    standardised rates, for events that are not independent.

    Examples
    --------
    >>> import cmhs_metrics as cm
    >>> lower, upper = rate_interval(count=698, population=44_916)
    >>> round(lower, 1), round(upper, 1)
    (1440.8, 1673.7)

    The same number of events, of 100 people with two each and 498 with one:

    >>> lower, upper = rate_interval(698, 44_916, sum_of_squares=100 * 2**2 + 498)
    >>> round(lower, 1), round(upper, 1)
    (1425.7, 1689.8)
    >>> rate_interval(0, 1_000, per=1_000, confidence=[0.95, 0.998]).upper.round(3)
    array([3.689, 6.908])
    >>> rate_interval(cm.units.Quantity(698, "patient"), cm.units.Quantity(44_916, "person")).lower.round(1)
    <Quantity(1440.8, 'patient / person_100k')>
    """
    arguments = (count, population, *(() if sum_of_squares is None else (sum_of_squares,)))

    def limits(level: float, count: NDArray[Any], population: NDArray[Any], *squares: NDArray[Any]) -> tuple[Any, ...]:
        bounds = poisson_limits(count, level)
        if squares:
            spread = spread_by_people(count, squares[0])
            bounds = tuple(np.maximum(count + (bound - count) * spread, 0) for bound in bounds)
        return tuple(ratio(limit, population, per) for limit in bounds)

    counted = counted_in(count)
    of_squares: dict[str, str] = {} if sum_of_squares is None else {"sum_of_squares": ""}
    method = Method(
        "rate_interval",
        {"count": counted, "population": "person", **of_squares},
        unit_per(counted, per, arguments),
        limits,
        (
            *a_count("count", fractional=fractional),
            *not_negative("population", PEOPLE),
            *(each for name in of_squares for each in squares_of("count", name)),
        ),
    )
    interval: Interval[Value] = calculate(method, arguments, confidence, per=per, on_bad_input=on_bad_input)
    return interval


OF_PERSONS = "a sum of squares of what each person has: no less than the events, no more than their square"


def squares_of(count: str, squares: str) -> tuple[Requirement, ...]:
    """What a sum of squares must be: finite, and of people who together had the events."""

    def impossible(given: dict[str, NDArray[Any]]) -> NDArray[Any]:
        events, held = given[count], given[squares]
        wrong: NDArray[Any] = (held < events * (1 - NOISE)) | (held > np.maximum(events**2, events) * (1 + NOISE))
        return wrong

    return finite(squares), Requirement(squares, impossible, OF_PERSONS)


def spread_by_people(events: NDArray[Any], squares: NDArray[Any]) -> NDArray[Any]:
    """How many times as far from the count its bounds are as those of independent events; 1 where there are none."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(events == 0, 1.0, np.sqrt(squares / events))


def poisson_limits(count: NDArray[Any], level: float) -> tuple[NDArray[Any], NDArray[Any]]:
    """Bounds of the mean of a Poisson distribution of which one count is known.

    Gives the lower and the upper bounds: Byar's from 10 events upward, below that the exact ones.

    References
    ----------
    Breslow and Day 1987: equation 2.13; Garwood F. Fiducial limits for the Poisson distribution. Biometrika
    1936;28:437–42.
    """
    lower, upper = byar_limits(count, level)
    few = is_few(count)
    if np.any(few):
        lower[few], upper[few] = exact_poisson_limits(count[few], level)
    return lower, upper


def is_few(count: NDArray[Any]) -> NDArray[np.bool_]:
    """Whether there are fewer than 10 events, but for the last digits of a sum."""
    return np.asarray(count < FEW - 1e-9)


def byar_limits(count: NDArray[Any], level: float) -> tuple[NDArray[Any], NDArray[Any]]:
    """Byar's approximate bounds of a count; of no use below 10.

    Gives the lower and the upper bounds; NaN below of a count of zero.
    """
    z = -ndtri((1 - level) / 2)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return _wilson_hilferty(count, -z), _wilson_hilferty(count + 1, z)


def _wilson_hilferty(count: NDArray[Any], z: float) -> NDArray[Any]:
    """Give count × (1 − 1/(9 count) + z/(3 √count))³, in two arrays and no more."""
    cube = np.asarray(np.sqrt(count))
    np.divide(z / 3, cube, out=cube)
    term = np.asarray(np.divide(-1 / 9, count))
    cube += term
    cube += 1
    np.multiply(cube, cube, out=term)
    cube *= term
    cube *= count
    return cube


def exact_poisson_limits(count: NDArray[Any], level: float) -> tuple[NDArray[Any], NDArray[Any]]:
    """Exact bounds of the mean of a Poisson distribution, by its link with the gamma distribution.

    Gives the lower and the upper bounds; the lower is 0 where the count is.
    """
    tail = (1 - level) / 2
    # Whole counts below 10 have but ten answers.
    if is_whole(count).all():
        known = np.arange(FEW, dtype=np.float64)
        at = np.rint(count).astype(np.intp)
        return _exact_lower(known, tail)[at], gammainccinv(known + 1, tail)[at]
    return _exact_lower(count, tail), gammainccinv(count + 1, tail)


def _exact_lower(count: NDArray[Any], tail: float) -> NDArray[Any]:
    # Of a fraction that small the bound is zero to every digit, and of none the inverse knows no answer.
    limit: NDArray[Any] = gammaincinv(np.maximum(count, 1e-100), tail)
    return limit
