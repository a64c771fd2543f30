"""Indirectly standardised ratios and rates: what was seen beside what the reference's rates would have given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cmhs_metrics.intervals.directly_standardised import bands_alike
from cmhs_metrics.intervals.rates import poisson_limits
from cmhs_metrics.intervals.results import Estimate, Method, calculate, counted_in
from cmhs_metrics.numeric.ratio import ratio
from cmhs_metrics.numeric.requirements import OnBadInput, a_count, not_negative
from cmhs_metrics.signatures import checked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cmhs_metrics.numeric.kinds import Number, Value


@checked
def expected_events(
    populations: NDArray[Any],
    reference_events: NDArray[Any],
    reference_populations: NDArray[Any],
    *,
    on_bad_input: OnBadInput = "refuse",
) -> Any:
    """The events that a place would have with the reference's rate at each age.

    Parameters
    ----------
    populations : numpy.ndarray
        The people of each age band [person]; the last axis holds the bands, those before it the places.
    reference_events, reference_populations : numpy.ndarray
        The events and the people [person] of the reference in the same bands.
    on_bad_input : "refuse" or "missing", default "refuse"
        Whether a cell that cannot be what it claims to be is refused or counts as missing.

    Returns
    -------
    float or numpy.ndarray
        The expected events of each place; NaN where the reference has nobody in an age band, or a value is missing.

    Raises
    ------
    BadInput
        When the bands of places and reference are not as many, or a cell is no number of events or people.

    Examples
    --------
    >>> import numpy as np
    >>> expected_events(np.array([1_000, 2_000]), np.array([50, 300]), np.array([10_000, 10_000]))
    65.0
    """

    def expected(_: float, people: NDArray[Any], cases: NDArray[Any], among: NDArray[Any]) -> tuple[Any, ...]:
        return (np.einsum("...b,...b->...", people, ratio(cases, among)),)

    counted = counted_in(reference_events)
    inputs = {"populations": "person", "reference_events": counted, "reference_populations": "person"}
    method = Method(
        "expected_events",
        inputs,
        counted,
        expected,
        tuple(requirement for name in inputs for requirement in not_negative(name)),
        _Expected,
        lambda given: bands_alike(given, np.shape(given["populations"])[-1:]),
    )
    arguments = (populations, reference_events, reference_populations)
    return calculate(method, arguments, 0.95, on_bad_input=on_bad_input).expected_events


@checked
def standardised_ratio(
    observed: Value | Number,
    expected: Value | Number,
    reference: float = 1,
    confidence: float | Sequence[float] = 0.95,
    *,
    fractional: bool = False,
    on_bad_input: OnBadInput = "refuse",
) -> Estimate[Value]:
    """Indirectly standardised ratio (such as an SMR) with its confidence interval.

    Byar's method; where there are fewer than 10 events, the exact method from the Poisson distribution.

    Parameters
    ----------
    observed : float, Quantity, numpy.ndarray or Series
        The events of the place, of all ages together [a unit of counting].
    expected : float, Quantity, numpy.ndarray or Series
        The events it would have with the reference's rates, as `expected_events` gives them [the same unit]; taken to
        be known without error.
    reference : float, default 1
        What the reference itself is given: 1, or 100.
    confidence : float or sequence of float, default 0.95
        One confidence level or several [proportion].
    fractional : bool, default False
        Whether counts may be fractions, having been estimated or apportioned.
    on_bad_input : "refuse" or "missing", default "refuse"
        Whether a cell that cannot be what it claims to be is refused or counts as missing.

    Returns
    -------
    Estimate
        The ratio and its lower and upper bound [reference = 1], in the kind that came in; NaN or null where nothing is
        expected or a value is missing.

    Raises
    ------
    BadInput
        With every cell that is no count or no expectation, and a reference that is not above zero.

    References
    ----------
    Breslow and Day 1987: section 2.3, the standardised mortality ratio. Public Health England, Technical Guide:
    Confidence Intervals (2018), appendices 1 and 2.

    Examples
    --------
    96 interval cancers where 640.4 cancers were expected (BMC Medicine 2010;8:11, table 2):

    >>> [round(each, 2) for each in standardised_ratio(96, 640.4)]
    [0.15, 0.12, 0.18]
    """
    options = {"reference": reference, "on_bad_input": on_bad_input}
    estimate: Estimate[Value] = _indirect(
        "standardised_ratio", observed, expected, reference, confidence, fractional, options
    )
    return estimate


@checked
def indirectly_standardised_rate(
    observed: Value | Number,
    expected: Value | Number,
    reference_rate: float,
    confidence: float | Sequence[float] = 0.95,
    *,
    fractional: bool = False,
    on_bad_input: OnBadInput = "refuse",
) -> Estimate[Value]:
    """Indirectly standardised rate with its confidence interval: the standardised ratio times the reference's rate.

    Parameters
    ----------
    observed : float, Quantity, numpy.ndarray or Series
        The events of the place, of all ages together [a unit of counting].
    expected : float, Quantity, numpy.ndarray or Series
        The events it would have with the reference's rates, as `expected_events` gives them [the same unit].
    reference_rate : float
        The crude rate of the reference, for example per 100,000; the result is per as many.
    confidence : float or sequence of float, default 0.95
        One confidence level or several [proportion].
    fractional : bool, default False
        Whether counts may be fractions, having been estimated or apportioned.
    on_bad_input : "refuse" or "missing", default "refuse"
        Whether a cell that cannot be what it claims to be is refused or counts as missing.

    Returns
    -------
    Estimate
        The rate and its lower and upper bound [as the reference rate], in the kind that came in; a Quantity has no
        dimension here, since the reference rate has none. NaN or null where nothing is expected.

    Raises
    ------
    BadInput
        With every cell that is no count or no expectation, and a reference rate that is not above zero.

    References
    ----------
    Public Health England, Technical Briefing 3 (2008): age-standardised ratios and rates.

    Examples
    --------
    >>> round(indirectly_standardised_rate(96, 640.4, reference_rate=200).estimate, 2)
    29.98
    """
    options = {"reference_rate": reference_rate, "on_bad_input": on_bad_input}
    estimate: Estimate[Value] = _indirect(
        "indirectly_standardised_rate", observed, expected, reference_rate, confidence, fractional, options
    )
    return estimate


class _Expected(NamedTuple):
    expected_events: Any


def _indirect(
    name: str, observed: Any, expected: Any, scale: float, confidence: Any, fractional: bool, options: dict[str, Any]
) -> Any:
    def limits(level: float, observed: NDArray[Any], expected: NDArray[Any]) -> tuple[Any, ...]:
        return tuple(ratio(each, expected, scale) for each in (observed, *poisson_limits(observed, level)))

    counted = counted_in(observed)
    inputs = {"observed": counted, "expected": counted}
    requirements = (*a_count("observed", fractional=fractional), *not_negative("expected"))
    return calculate(
        Method(name, inputs, "", limits, requirements, Estimate), (observed, expected), confidence, **options
    )
