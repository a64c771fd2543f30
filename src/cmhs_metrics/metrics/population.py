"""Populations: counts per 100,000 people, and weighting people for their need."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmhs_metrics.catalogue import metric
from cmhs_metrics.numeric.containers import OWN
from cmhs_metrics.numeric.ratio import ratio
from cmhs_metrics.numeric.unit_aware import unit_aware
from cmhs_metrics.sources import AUDIT

if TYPE_CHECKING:
    from cmhs_metrics.numeric.kinds import Number, Value

__all__ = ["per_100k", "per_1000", "per_head", "need_index", "weighted_population"]

NEED = AUDIT.section("Bed provision – Adult Acute beds (weighted population, PRAMH)")


@unit_aware(inputs={"value": OWN, "population": "person"}, unit=f"{OWN} / person_100k")
def per_100k(value: Value | Number, population: Value | Number) -> Value:
    """Any count or cost, for every 100,000 people of the place.

    Parameters
    ----------
    value : float, Quantity, numpy.ndarray, Series or expression
        What is counted [any unit].
    population : float, Quantity, numpy.ndarray, Series or expression
        People of the place [person].

    Returns
    -------
    The kind that came in, in the same shape
        The rate [unit of the value per 100,000 people]; NaN or null where there are no people.

    Raises
    ------
    BadInput
        When a number is negative or infinite.
    DimensionalityError
        When the population is not in persons.

    References
    ----------
    NHS Benchmarking Network, Community Mental Health Services Audit 2016/17, throughout.

    Examples
    --------
    >>> import cmhs_metrics as cm
    >>> round(cm.per_100k(698_444, 44_916_013))
    1555
    """
    return ratio(value, population, 100_000)


@unit_aware(inputs={"value": OWN, "population": "person"}, unit=f"{OWN} / person_1k")
def per_1000(value: Value | Number, population: Value | Number) -> Value:
    """Any count or cost, for every 1,000 people of the place.

    Parameters
    ----------
    value, population : float, Quantity, numpy.ndarray, Series or expression
        As in `per_100k` [any unit], [person].

    Returns
    -------
    The kind that came in, in the same shape
        The rate [unit of the value per 1,000 people]; NaN or null where there are no people.

    Raises
    ------
    BadInput, DimensionalityError
        As in `per_100k`.

    Examples
    --------
    >>> import cmhs_metrics as cm
    >>> round(cm.per_1000(698_444, 44_916_013), 2)
    15.55
    """
    return ratio(value, population, 1_000)


@unit_aware(inputs={"value": OWN, "population": "person"}, unit=f"{OWN} / person")
def per_head(value: Value | Number, population: Value | Number) -> Value:
    """Any count or cost, for each of the people of the place.

    Parameters
    ----------
    value, population : float, Quantity, numpy.ndarray, Series or expression
        As in `per_100k` [any unit], [person].

    Returns
    -------
    The kind that came in, in the same shape
        The rate [unit of the value per person]; NaN or null where there are no people.

    Raises
    ------
    BadInput, DimensionalityError
        As in `per_100k`.

    Examples
    --------
    >>> import cmhs_metrics as cm
    >>> round(cm.per_head(2_380_000_000, 44_916_013), 2)
    52.99
    """
    return ratio(value, population)


@metric(
    label="Need index",
    unit="",
    source=NEED,
    example={"weighted_population": 926_303, "registered_population": 1_056_872},
    gives="0.876",
    places=3,
    where="Cambridgeshire and Peterborough, mental health: NHS England, ICB place-based allocations 2025/26",
    caveats=["Weights move population between places and create none: over England the index is 1."],
    index=True,
)
def need_index(weighted_population: Value | Number, registered_population: Value | Number) -> Value:
    """Need for mental-health care for each registered person, relative to England's: above 1 is more need."""
    return ratio(weighted_population, registered_population)


@metric(
    label="Weighted population",
    unit="person",
    source=NEED,
    example={"registered_population": 1_056_872, "need_index": 0.876},
    gives="926000.0",
    places=-3,
    where="Cambridgeshire and Peterborough, mental health: NHS England, ICB place-based allocations 2025/26",
    parameters={"need_index": ""},
    caveats=["Rates per weighted population compare places as if their need were equal."],
)
def weighted_population(registered_population: Value | Number, need_index: Value | Number) -> Value:
    """Registered people, each counted by the need of the place for mental-health care."""
    return registered_population * need_index
