"""Extrapolation: from a rate, or from those who answered, to a whole country; and back to the people behind a rate.

The audit extrapolates means of the organisations that answered. An extrapolation is only as good as the likeness of
those who answered to those who did not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmhs_metrics.numeric.containers import OWN
from cmhs_metrics.numeric.ratio import ratio
from cmhs_metrics.numeric.unit_aware import unit_aware

if TYPE_CHECKING:
    from cmhs_metrics.numeric.kinds import Number, Value


@unit_aware(inputs={"rate": OWN, "population": "person"}, unit=f"{OWN} * person_100k")
def extrapolate_rate(rate: Value | Number, population: Value | Number) -> Value:
    """The total that a rate per 100,000 people makes over a population.

    Parameters
    ----------
    rate : float, Quantity, numpy.ndarray, Series or expression
        What is counted, for every 100,000 people [any unit per 100,000 people].
    population : float, Quantity, numpy.ndarray, Series or expression
        The people of the whole [person].

    Returns
    -------
    The kind that came in, in the same shape
        The total [the unit that is counted].

    Raises
    ------
    BadInput
        When a number is negative or infinite.
    DimensionalityError
        When the population is not in persons.

    References
    ----------
    NHS Benchmarking Network, Community Mental Health Services Audit 2016/17: CMHS Finance – Total Expenditure;
    Primary Care: Enhanced Primary Care.

    Examples
    --------
    1,644 patients of enhanced primary care per 100,000, "extrapolated to an England-wide basis":

    >>> import cmhs_metrics as cm
    >>> round(cm.extrapolate_rate(rate=1_644, population=54_990_024))
    904036
    """
    return rate * population * 1e-5


@unit_aware(inputs={"total": OWN, "rate": f"{OWN} / person_100k"}, unit="person")
def implied_population(total: Value | Number, rate: Value | Number) -> Value:
    """The people whom a total and its rate per 100,000 imply.

    Parameters
    ----------
    total : float, Quantity, numpy.ndarray, Series or expression
        What is counted [any unit].
    rate : float, Quantity, numpy.ndarray, Series or expression
        The same for every 100,000 people [that unit per 100,000 people].

    Returns
    -------
    The kind that came in, in the same shape
        The population on which both stand [person]; NaN or null where the rate is zero.

    Raises
    ------
    BadInput
        When a number is negative or infinite.
    DimensionalityError
        When the rate does not count what the total counts.

    References
    ----------
    NHS Benchmarking Network, Community Mental Health Services Audit 2016/17: Community MH Caseload comparisons, where
    1,555 people on caseload per 100,000 are 698,444 in England.

    Examples
    --------
    >>> import cmhs_metrics as cm
    >>> round(cm.implied_population(total=698_444, rate=1_555))
    44916013
    """
    return ratio(total, rate, 100_000)


@unit_aware(
    inputs={"total": OWN, "responded": "organisation", "asked": "organisation"},
    unit=OWN,
    parts=(("responded", "asked"),),
)
def extrapolate_response(total: Value | Number, responded: Value | Number, asked: Value | Number) -> Value:
    """The total of all organisations, were those that did not answer like those that did.

    Parameters
    ----------
    total : float, Quantity, numpy.ndarray, Series or expression
        The total of the organisations that answered [any unit].
    responded : float, Quantity, numpy.ndarray, Series or expression
        How many answered [organisation].
    asked : float, Quantity, numpy.ndarray, Series or expression
        How many there are [organisation].

    Returns
    -------
    The kind that came in, in the same shape
        The total of all [the same unit]; NaN or null where nobody answered.

    Raises
    ------
    BadInput
        When a number is negative or infinite, or more answered than there are.
    DimensionalityError
        When a number of organisations has another unit.

    References
    ----------
    NHS Benchmarking Network, Community Mental Health Services Audit 2016/17: Introduction, on who answered.

    Examples
    --------
    £44.4m a trust, were 53 of 56 trusts heard:

    >>> import cmhs_metrics as cm
    >>> round(cm.extrapolate_response(total=44.4e6 * 53, responded=53, asked=56) / 1e9, 2)
    2.49
    """
    return ratio(total * asked, responded)
