"""Directly standardised rates: places compared as if their people had the same ages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from cmhs_metrics.ages import AgeBand
from cmhs_metrics.errors import BadInput, Problem
from cmhs_metrics.intervals.rates import byar_limits, is_few, squares_of
from cmhs_metrics.intervals.results import Estimate, Method, calculate, counted_in, unit_per
from cmhs_metrics.intervals.standard_populations import ESP2013, StandardPopulation
from cmhs_metrics.numeric.expected import PEOPLE, floats
from cmhs_metrics.numeric.ratio import ratio
from cmhs_metrics.numeric.requirements import OnBadInput, a_count, not_negative
from cmhs_metrics.signatures import checked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cmhs_metrics.numeric.requirements import Arrays


@checked
def standardised_rate(
    events: Any,
    populations: Any,
    standard_population: StandardPopulation | Mapping[Any, float] | NDArray[Any] = ESP2013,
    per: float = 100_000,
    confidence: float | Sequence[float] = 0.95,
    *,
    age_bands: Sequence[AgeBand | str] | None = None,
    sum_of_squares: Any = None,
    fractional: bool = False,
    on_bad_input: OnBadInput = "refuse",
) -> Estimate[Any]:
    """Directly standardised rate with its confidence interval, by Byar's method with Dobson's adjustment.

    The rate that a place would have, had it the ages of the standard population and its own rates at each age. It is
    not computed from fewer than 10 events.

    Parameters
    ----------
    events : numpy.ndarray, Series or Quantity of an array
        The events of each age band, youngest first [a unit of counting]; the last axis holds the bands, those before
        it the places.
    populations : numpy.ndarray, Series or Quantity of an array
        The people of each age band [person], in the same shape.
    standard_population : StandardPopulation, mapping of age band to people, or numpy.ndarray, default `ESP2013`
        The people of the standard by age band [person, or any weight].
    per : float, default 100_000
        For how many people the rate is [person]; with quantities, 100,000 or 1.
    confidence : float or sequence of float, default 0.95
        One confidence level or several [proportion].
    age_bands : sequence of AgeBand or str, optional
        The bands of `events`, to be checked against those of the standard population. A pandas Series whose index
        holds age bands as text has them there.
    sum_of_squares : numpy.ndarray or Series, optional
        Where one person may have several events: of each age band, over people, the square of the events of each
        [count²], in the same shape; see `event_totals` and the notes of `rate_interval`.
    fractional : bool, default False
        Whether counts may be fractions, having been estimated or apportioned.
    on_bad_input : "refuse" or "missing", default "refuse"
        Whether a cell that cannot be what it claims to be is refused or counts as missing.

    Returns
    -------
    Estimate
        The rate and its lower and upper bound [events per `per` people]: numbers for one place, an array for several.
        All three are NaN where there are fewer than 10 events, where nobody lives in an age band that the standard
        counts, or where a value is missing; `standardised_rates` says which.

    Raises
    ------
    BadInput
        When the bands are not those of the standard population, or a cell is no count or no population.
    DimensionalityError
        When the events are not in a unit of counting, or the populations are not in persons.

    References
    ----------
    Dobson AJ, Kuulasmaa K, Eberle E, Scherer J. Confidence intervals for weighted sums of Poisson parameters. Stat Med
    1991;10:457–62. Public Health England, Technical Guide: Confidence Intervals (2018), appendix 4. Office for Health
    Improvement and Disparities, Fingertips public health technical guidance: directly standardised rates, for events
    that are not independent.

    Examples
    --------
    Down's syndrome among births of fifth and later order by mother's age, over the births of all orders (Fleiss 1981,
    table 14.4), 75.5 per 100,000:

    >>> import numpy as np
    >>> cases = np.array([0, 8, 63, 112, 262, 295])
    >>> births = np.array([327, 30_666, 123_419, 149_919, 104_088, 34_392])
    >>> of_all_orders = np.array([319_933, 931_318, 786_511, 488_235, 237_863, 61_313])
    >>> round(standardised_rate(cases, births, of_all_orders).estimate, 1)
    75.5
    """
    weights, problems = _weights(standard_population, age_bands if age_bands is not None else _labels(events))

    def limits(
        level: float, events: NDArray[Any], populations: NDArray[Any], *squares: NDArray[Any]
    ) -> tuple[Any, ...]:
        return direct_limits(events, populations, weights, per, level, *squares)

    arguments = (events, populations, *(() if sum_of_squares is None else (sum_of_squares,)))
    counted = counted_in(events)
    of_squares: dict[str, str] = {} if sum_of_squares is None else {"sum_of_squares": ""}
    method = Method(
        "standardised_rate",
        {"events": counted, "populations": "person", **of_squares},
        unit_per(counted, per, arguments),
        limits,
        (
            *a_count("events", fractional=fractional),
            *not_negative("populations", PEOPLE),
            *(each for name in of_squares for each in squares_of("events", name)),
        ),
        Estimate,
        lambda given: problems or bands_alike(given, len(weights)),
    )
    estimate: Estimate[Any] = calculate(method, arguments, confidence, per=per, on_bad_input=on_bad_input)
    return estimate


def direct_limits(
    events: NDArray[Any],
    populations: NDArray[Any],
    weights: NDArray[Any],
    per: float,
    level: float,
    squares: NDArray[Any] | None = None,
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """The directly standardised rate, and its bounds by Dobson's method.

    `events`, `populations`: by place and age band; the bands on the last axis. `per`: for how many people the rate
    is. `squares`: over people, the square of the events of each; of independent events these are the events. Gives
    the rates and their lower and upper bounds; NaN where there are fewer than 10 events.
    """
    counted = weights > 0
    squares = events if squares is None else squares
    if not counted.all():  # an age that the standard does not count may be empty
        events, populations, squares = (each[..., counted] for each in (events, populations, squares))
        weights = weights[counted]
    share = ratio(weights / weights.sum(), populations)
    total = np.asarray(events.sum(axis=-1))
    total = np.where(is_few(total), np.nan, total)
    rate = np.einsum("...b,...b->...", share, events)
    variance = np.einsum("...b,...b,...b->...", share, share, squares)
    spread = np.sqrt(variance / total)
    lower, upper = byar_limits(total, level)
    rate = np.where(np.isnan(total), np.nan, rate)
    return rate * per, np.maximum(rate + spread * (lower - total), 0) * per, (rate + spread * (upper - total)) * per


def _labels(events: Any) -> list[Any] | None:
    """The age bands that a Series has in its index, where there are any."""
    labels = list(getattr(events, "index", ())) if hasattr(events, "iloc") else []
    return labels if any(isinstance(label, (str, AgeBand)) for label in labels) else None


def _weights(
    standard: StandardPopulation | Mapping[Any, float] | Any, labels: Sequence[AgeBand | str] | None
) -> tuple[NDArray[Any], list[Problem]]:
    """The standard population in the order of the bands that the events are in, and what does not match."""
    if isinstance(standard, Mapping):
        standard = StandardPopulation("standard_population", standard)
    if isinstance(standard, StandardPopulation):
        return weights_in_order(standard, labels) if labels is not None else (np.array(standard.weights), [])
    weights = floats("standardised_rate", "standard_population", standard, "a standard population")
    if weights.ndim == 1 and np.all(np.isfinite(weights) & (weights >= 0)) and weights.sum() > 0:
        if labels is None or len(labels) == len(weights):
            return weights, []
        expected = f"{len(labels)} weights, one for each of age_bands"
    else:
        expected = "a list of finite weights, 0 or more, and not all of them 0"
    return weights, [Problem("standard_population", None, standard, expected)]


def weights_in_order(
    standard: StandardPopulation, labels: Sequence[AgeBand | str]
) -> tuple[NDArray[Any], list[Problem]]:
    """The people of the standard population in the order of some age bands, and which of them do not match.

    Gives the people of each band, and the problems.
    """
    weight_of = dict(zip(standard.bands, standard.weights, strict=True))
    bands, problems = [], []
    for label in labels:
        try:
            band = AgeBand.parse(label)
        except BadInput as error:
            problems += [Problem("age_band", None, each.value, each.expected) for each in error.problems]
            continue
        if band in bands:
            problems.append(Problem("age_band", None, label, "each age band once"))
        elif band not in weight_of:
            expected = f"an age band of {standard.name}; for wider bands give the standard population .in_bands(…)"
            problems.append(Problem("age_band", None, label, expected))
        bands.append(band)
    problems += [
        Problem("age_band", f"age band {band}", None, f"to be there: {standard.name} has it")
        for band in weight_of
        if band not in bands
    ]
    return np.array([weight_of.get(band, np.nan) for band in bands]), problems


def bands_alike(given: Arrays, bands: Any) -> list[Problem]:
    """What is wrong with the number of age bands on the last axis."""
    wanted = np.ravel(bands).tolist() or [0]
    return [
        Problem(name, None, f"{values.shape[-1]} age bands" if values.ndim else values.item(), _so_many(wanted[0]))
        for name, values in given.items()
        if list(values.shape[-1:]) != wanted
    ]


def _so_many(bands: int) -> str:
    return f"{bands} age bands on the last axis, as the others have" if bands else "age bands on the last axis"
