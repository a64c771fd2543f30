"""Length of life: abridged life tables, and how much earlier a group of people dies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cmhs_metrics.errors import Problem
from cmhs_metrics.intervals.directly_standardised import bands_alike, direct_limits
from cmhs_metrics.intervals.proportion_comparisons import ratio_limits
from cmhs_metrics.intervals.results import Estimate, Method, calculate
from cmhs_metrics.numeric.expected import column
from cmhs_metrics.numeric.requirements import a_count, not_negative, part_of
from cmhs_metrics.signatures import checked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cmhs_metrics.numeric.requirements import Arrays

STARTS = (0, 1, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60, 65, 70, 75, 80, 85, 90)
"""The first year of each band of an abridged life table of England [year]."""
LEAST_PEOPLE = 5_000
"""Of fewer people, in all ages and years together, no life expectancy is published in England [person]."""
LIVED = (0.1, 0.5)
"""The part of a band that those who die in it have lived: of the first year, and of every other."""


@checked
def life_expectancy(
    deaths: Any,
    populations: Any,
    at: int = 0,
    confidence: float | Sequence[float] = 0.95,
    *,
    starts: Sequence[int] = STARTS,
    fractional: bool = False,
) -> Estimate[Any]:
    """Life expectancy with its interval, from an abridged life table.

    Parameters
    ----------
    deaths : numpy.ndarray or Series
        The deaths of each age band, youngest first [death]; the last axis holds the bands, those before it the places.
    populations : numpy.ndarray or Series
        The people of each band in the same shape; of several years, their sum over the years [person-year].
    at : int, default 0
        The age from which the further years are counted, the first year of a band [year].
    confidence : float or sequence of float, default 0.95
        One confidence level or several [proportion].
    starts : sequence of int, optional
        The first year of each band [year]: 0, 1, 5, 10 … 90 unless given.
    fractional : bool, default False
        Whether deaths may be fractions, having been estimated or apportioned.

    Returns
    -------
    Estimate
        The years to live and their bounds [year]. NaN where a value is missing, a band has no people or the last one no
        deaths, and where there are 5,000 people or fewer in all.

    Raises
    ------
    BadInput
        When bands do not match, or a cell is no count or above the people.

    Notes
    -----
    Chiang's second method: of those who die in a band, each has lived half of it, and a tenth of the first year. The
    last band is open, and its variance that of its death rate.

    References
    ----------
    Chiang CL. The Life Table and its Construction. In: Introduction to Stochastic Processes in Biostatistics. Wiley,
    1968. Silcocks PBS, Jenner DA, Reza R. Life expectancy as a summary of mortality in a population: statistical
    considerations and suitability for use by health authorities. Journal of Epidemiology and Community Health 2001; 55:
    38–43. The method is that of PHEindicatormethods.

    Examples
    --------
    Half of those above 50 die in a year, and nobody before:

    >>> import numpy as np
    >>> found = life_expectancy(np.array([0, 500]), np.array([9_000, 1_000]), starts=[0, 50])
    >>> found.estimate
    52.0
    """

    def limits(level: float, deaths: NDArray[Any], populations: NDArray[Any]) -> tuple[Any, ...]:
        return _between(*_from_table(deaths, populations, starts, at), level)

    method = _method("life_expectancy", ("deaths", "populations"), limits, starts, at, fractional)
    estimate: Estimate[Any] = calculate(method, (deaths, populations), confidence)
    return estimate


@checked
def life_expectancy_gap(
    deaths: Any,
    populations: Any,
    reference_deaths: Any,
    reference_populations: Any,
    at: int = 0,
    confidence: float | Sequence[float] = 0.95,
    *,
    starts: Sequence[int] = STARTS,
    fractional: bool = False,
) -> Estimate[Any]:
    """How many years fewer a group lives than another: people with severe mental illness than those without.

    Parameters
    ----------
    deaths, populations, at, confidence, starts, fractional
        As in `life_expectancy`.
    reference_deaths, reference_populations : numpy.ndarray or Series
        The same of those that the group is held against. Where the group is among them, both are not independent, and
        the interval is too wide.

    Returns
    -------
    Estimate
        The life expectancy of the reference less that of the group, with bounds [year].

    Raises
    ------
    BadInput
        As in `life_expectancy`.

    References
    ----------
    As for `life_expectancy`.

    Examples
    --------
    >>> import numpy as np
    >>> people = np.array([9_000, 1_000])
    >>> life_expectancy_gap(np.array([0, 500]), people, np.array([0, 250]), people, starts=[0, 50]).estimate
    2.0
    """

    def limits(level: float, *given: NDArray[Any]) -> tuple[Any, ...]:
        own, other = (_from_table(given[each], given[each + 1], starts, at) for each in (0, 2))
        return _between(other[0] - own[0], np.hypot(own[1], other[1]), level)

    names = ("deaths", "populations", "reference_deaths", "reference_populations")
    method = _method("life_expectancy_gap", names, limits, starts, at, fractional)
    arguments = (deaths, populations, reference_deaths, reference_populations)
    estimate: Estimate[Any] = calculate(method, arguments, confidence)
    return estimate


@checked
def excess_mortality(
    deaths: Any,
    populations: Any,
    reference_deaths: Any,
    reference_populations: Any,
    standard_population: Any,
    confidence: float | Sequence[float] = 0.95,
    *,
    fractional: bool = False,
) -> Estimate[Any]:
    """By how much the standardised death rate of a group is above that of another: the mortality gap of SMI.

    Parameters
    ----------
    deaths, populations : numpy.ndarray or Series
        Deaths and people of each age band [death, person]; the last axis holds the bands, those before it the places.
    reference_deaths, reference_populations : numpy.ndarray or Series
        The same of those that the group is held against: people without severe mental illness.
    standard_population : numpy.ndarray
        The standard's people in these bands, for deaths under 75 up to there: ``list(ESP2013.weights)[3:15]`` for 15 to
        74.
    confidence : float or sequence of float, default 0.95
        One confidence level or several [proportion].
    fractional : bool, default False
        Whether deaths may be fractions, having been estimated or apportioned.

    Returns
    -------
    Estimate
        The ratio of the two directly standardised rates less 1, with bounds [%]: 256 is 3.56 times the rate. NaN where
        either rate is from fewer than 10 deaths, or a value is missing.

    Raises
    ------
    BadInput
        When bands do not match, or a cell is no count.

    References
    ----------
    Office for Health Improvement and Disparities, Premature mortality in adults with severe mental illness: excess
    under 75 mortality rate. Donner A, Zou GY (2012), as for `intervals.proportion_ratio_interval`, on Dobson's
    intervals.

    Examples
    --------
    >>> import numpy as np
    >>> people = np.array([1_000, 1_000])
    >>> found = excess_mortality(np.array([30, 60]), people, np.array([10, 20]), people, np.array([1, 1]))
    >>> round(found.estimate, 6), round(found.lower), round(found.upper)
    (200.0, 97, 367)
    """
    weights = column("excess_mortality", "standard_population", standard_population)

    def limits(level: float, *given: NDArray[Any]) -> tuple[Any, ...]:
        (own, *bounds), (other, *others) = (
            direct_limits(given[each], given[each + 1], weights, 1.0, level) for each in (0, 2)
        )
        with np.errstate(divide="ignore", invalid="ignore"):
            ratios = np.where(other > 0, own / other, np.nan)
        ends = ratio_limits(own, tuple(bounds), other, tuple(others))
        return tuple(np.asarray((each - 1) * 100) for each in (ratios, *ends))

    names = ("deaths", "populations", "reference_deaths", "reference_populations")
    requirements = _requirements(names, fractional)
    method = Method(
        "excess_mortality", dict.fromkeys(names, ""), "", limits, requirements, Estimate,
        lambda given: bands_alike(given, len(weights)),
    )  # fmt: skip
    arguments = (deaths, populations, reference_deaths, reference_populations)
    estimate: Estimate[Any] = calculate(method, arguments, confidence)
    return estimate


def _requirements(names: Sequence[str], fractional: bool) -> tuple[Any, ...]:
    counts, people = names[::2], names[1::2]
    parts = [part_of(*pair) for pair in zip(counts, people, strict=True)]
    return (
        *(each for name in counts for each in a_count(name, fractional=fractional)),
        *(each for name in people for each in not_negative(name, "zero or more people")),
        *parts,
    )


def _method(name: str, names: Sequence[str], limits: Any, starts: Sequence[int], at: int, fractional: bool) -> Method:
    def shapes(given: Arrays) -> list[Problem]:
        problems = bands_alike(given, len(starts))
        if list(starts) != sorted(set(starts)) or len(starts) < 2:
            problems.append(
                Problem("starts", None, list(starts), "the first years of two bands or more, youngest first")
            )
        if at not in starts:
            problems.append(Problem("at", None, at, f"the first year of a band: {', '.join(map(str, starts))}"))
        return problems

    return Method(name, dict.fromkeys(names, ""), "", limits, _requirements(names, fractional), Estimate, shapes)


def _from_table(
    deaths: NDArray[Any], people: NDArray[Any], starts: Sequence[int], at: int
) -> tuple[NDArray[Any], NDArray[Any]]:
    """The years to live from an age on, and their standard error."""
    years = np.diff(starts).astype(np.float64)
    lived = np.where(np.array(starts[:-1]) == 0, *LIVED) if starts[1] == 1 else np.full(len(years), LIVED[1])
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = deaths / np.where(people > 0, people, np.nan)
        risk = np.minimum(rate[..., :-1] * years / (1 + rate[..., :-1] * years * (1 - lived)), 1.0)
        alive = np.concatenate([np.ones((*rate.shape[:-1], 1)), np.cumprod(1 - risk, axis=-1)], axis=-1)
        spent = years * (alive[..., 1:] + lived * (alive[..., :-1] - alive[..., 1:]))
        last = alive[..., -1:] / rate[..., -1:]
        spent = np.concatenate([spent, last], axis=-1)
        to_live = np.cumsum(spent[..., ::-1], axis=-1)[..., ::-1] / alive
        of_risk = np.where(deaths[..., :-1] == 0, 0.0, risk**2 * (1 - risk) / deaths[..., :-1])
        parts = of_risk * alive[..., :-1] ** 2 * ((1 - lived) * years + to_live[..., 1:]) ** 2
        parts = np.concatenate([parts, last**2 / deaths[..., -1:]], axis=-1)
        error = np.sqrt(np.cumsum(parts[..., ::-1], axis=-1)[..., ::-1]) / alive
    known = (people.sum(axis=-1) > LEAST_PEOPLE) & (deaths[..., -1] > 0)
    held = list(starts).index(at)
    return tuple(np.where(known, each[..., held], np.nan) for each in (to_live, error))  # type: ignore[return-value]


def _between(value: NDArray[Any], error: NDArray[Any], level: float) -> tuple[Any, ...]:
    from scipy.special import ndtri

    reach = ndtri((1 + level) / 2) * error
    return value, value - reach, value + reach
