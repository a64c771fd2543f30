"""The people that a service is there for: age bands, registered and need-weighted populations.

A population adds over distinct places and over age bands that do not overlap, and over nothing else. A count is never
split: what the held bands cannot answer exactly is refused.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from html import escape
from itertools import combinations
from typing import TYPE_CHECKING, Any, Protocol, TypeGuard, TypeVar

import pint

from cmhs_metrics import units
from cmhs_metrics.ages import ALL_AGES, AN_AGE_BAND, AgeBand
from cmhs_metrics.errors import BadInput, Problem, refuse
from cmhs_metrics.numeric.expected import real

if TYPE_CHECKING:
    from numpy.typing import NDArray

Value = TypeVar("Value", float, "NDArray[Any]", "pint.Quantity[Any]")

_A_COUNT = "a finite number of people, 0 or more"


class HasAgeBand(Protocol):
    """Whatever serves an age band, such as a team type."""

    @property
    def age_band(self) -> AgeBand:
        """The ages served."""
        ...


@dataclass(frozen=True, init=False, repr=False)
class Population:
    """The people of one place, by age band.

    Populations of different places add up, with `+` or `sum`: they must be held by the same bands, and the sum is
    weighted only where all of them are.

    Parameters
    ----------
    place : str
        The place, for example an ICB. The sum of two is named "A + B".
    registered : mapping of AgeBand or str to float, or float
        Registered population [person] by bands that do not overlap; one number stands for all ages. Fractions are
        allowed: official allocations share people out.
    weighted : float, optional
        Need-weighted population [person] of all the registered ages together, for example by PRAMH.

    Attributes
    ----------
    bands : tuple of AgeBand
        The bands, youngest first.
    counts : tuple of float
        The registered population [person] of each.

    Raises
    ------
    BadInput
        With every problem: no place, no bands, bands that overlap or cannot be read, counts below zero or not finite.

    References
    ----------
    NHS England Community Mental Health Services Audit 2016/17: Bed provision – Adult Acute beds (registered and
    weighted population, PRAMH = Person-based Resource Allocation for Mental Health); CMHS Finance – Unit Costs (age
    bands).

    Examples
    --------
    >>> fenland = Population("Fenland", {"16-64": 60_000, "65+": 20_000}, weighted=84_000)
    >>> fenland.total, fenland.need_index, fenland.per_100k(1_244)
    (80000.0, 1.05, 1555.0)
    """

    place: str
    bands: tuple[AgeBand, ...]
    counts: tuple[float, ...]
    weighted: float | None

    def __init__(
        self,
        place: str,
        registered: Mapping[str, float] | Mapping[AgeBand, float] | Mapping[AgeBand | str, float] | float,
        weighted: float | None = None,
    ) -> None:
        problems: list[Problem] = []
        if not isinstance(place, str) or not place.strip():
            problems.append(Problem("place", None, place, "the name of a place"))
        given: Mapping[Any, float] = registered if isinstance(registered, Mapping) else {ALL_AGES: registered}
        if not given:
            problems.append(Problem("registered", None, given, "a count for at least one age band"))
        held: list[tuple[AgeBand, float]] = []
        for key, count in given.items():
            row = f"age band {key}"
            if not _is_count(count):
                problems.append(Problem("registered", row, count, _A_COUNT))
            try:
                held.append((AgeBand.parse(key), float(count) if _is_count(count) else math.nan))
            except BadInput as error:
                problems += [Problem("registered", row, each.value, each.expected) for each in error.problems]
        held.sort(key=lambda pair: pair[0])
        for (band, _), (other, _) in combinations(held, 2):
            if band.overlaps(other):
                problems.append(Problem("registered", f"age band {other}", None, f"no ages that are also in {band}"))
        if weighted is not None and not _is_count(weighted):
            problems.append(Problem("weighted", None, weighted, _A_COUNT))
        refuse(f"Population {place!r}", problems)
        object.__setattr__(self, "place", place.strip())
        object.__setattr__(self, "bands", tuple(band for band, _ in held))
        object.__setattr__(self, "counts", tuple(count for _, count in held))
        object.__setattr__(self, "weighted", None if weighted is None else float(weighted))

    @property
    def registered(self) -> dict[AgeBand, float]:
        """Registered population [person] by age band, youngest first."""
        return dict(zip(self.bands, self.counts, strict=True))

    @property
    def total(self) -> float:
        """Registered population [person] of all the bands together."""
        return math.fsum(self.counts)

    @property
    def need_index(self) -> float:
        """Weighted over registered population [1]: above 1 where need is above average, nan where nobody lives.

        Raises
        ------
        BadInput
            When there is no weighted population.
        """
        return self._people("weighted") / (self.total or math.nan)

    def weighted_by(self, need_index: float) -> Population:
        """Give the same place with `weighted` = need index [1] × registered population.

        Raises
        ------
        BadInput
            When the index is not a finite number above zero.

        Examples
        --------
        >>> Population("Fenland", 80_000).weighted_by(1.05).weighted
        84000.0
        """
        if not _is_count(need_index) or need_index == 0:
            expected = "a finite number above 0: weighted over registered population"
            raise BadInput(f"Population {self.place!r}", [Problem("need_index", None, need_index, expected)])
        return Population(self.place, self.registered, float(need_index) * self.total)

    def registered_in(self, band: AgeBand | str) -> float:
        """Registered population [person] of an age band, where the held bands make it up exactly.

        Raises
        ------
        BadInput
            Naming each held band that is only partly in the asked one, and the ages that nobody counted: nothing is
            interpolated.

        Examples
        --------
        >>> Population("Fenland", {"0-15": 19_000, "16-64": 60_000, "65+": 20_000}).registered_in("16+")
        80000.0
        """
        asked = AgeBand.parse(band)
        touching = {held: count for held, count in self.registered.items() if held.overlaps(asked)}
        problems = [
            Problem("registered", f"age band {held}", None, f"only ages in {asked}: this band straddles its end")
            for held in touching
            if not asked.covers(held)
        ]
        problems += [Problem("registered", f"age band {gap}", None, "a count") for gap in _gaps(asked, tuple(touching))]
        refuse(f"the population of {self.place!r} in the age band {asked}", problems)
        return math.fsum(touching.values())

    def catchment(self, team_type: HasAgeBand) -> float:
        """Registered population [person] in the ages that a type of team serves.

        Raises
        ------
        BadInput
            When the held bands do not make up those ages exactly, or the argument has no age band.

        References
        ----------
        NHS England Community Mental Health Services Audit 2016/17, CMHS Finance – Unit Costs: "population catchments in
        team age bands".

        Examples
        --------
        >>> from cmhs_metrics.team_types import TeamType
        >>> Population("Fenland", {"16-64": 60_000, "65+": 20_000}).catchment(TeamType.MEMORY)
        20000.0
        """
        band = getattr(team_type, "age_band", None)
        if not isinstance(band, AgeBand):
            expected = "a team type, for example TeamType.parse('CRHT')"
            raise BadInput(f"the catchment in {self.place!r}", [Problem("team_type", None, team_type, expected)])
        return self.registered_in(band)

    def per_100k(self, value: Value, basis: AgeBand | str = "registered") -> Value:
        """Rate of a count or a cost per 100,000 people of this place.

        Parameters
        ----------
        value : float, numpy.ndarray or pint.Quantity
            The numerator, in any unit.
        basis : AgeBand or str, default "registered"
            The population below the line: "registered" (all the bands), "weighted", or an age band such as "16+".

        Returns
        -------
        float, numpy.ndarray or pint.Quantity
            What was given, per 100,000 [its unit / person_100k]; nan where nobody lives.

        Raises
        ------
        BadInput
            When the population asked for is not held.

        Examples
        --------
        >>> england = Population("England", {"16+": 44_916_000})
        >>> round(england.per_100k(698_444), 1)
        1555.0
        >>> england.per_100k(units.Quantity(44_916, "WTE"))
        <Quantity(100.0, 'WTE / person_100k')>
        """
        amount: Any = value
        people = self._people(basis) or math.nan
        rate: Value
        if isinstance(value, pint.Quantity):
            registry = units.define(amount._REGISTRY)
            rate = registry.Quantity(amount.magnitude / people * 1e5, amount.units / registry.Unit("person_100k"))
        else:
            rate = amount / people * 1e5
        return rate

    def _people(self, basis: AgeBand | str) -> float:
        if basis == "registered":
            return self.total
        if basis == "weighted":
            if self.weighted is None:
                expected = "a need-weighted population: give weighted=, or use weighted_by(need_index)"
                raise BadInput(f"Population {self.place!r}", [Problem("weighted", None, None, expected)])
            return self.weighted
        try:
            band = AgeBand.parse(basis)
        except BadInput:
            expected = f"'registered', 'weighted', or {AN_AGE_BAND}"
            raise BadInput(f"Population {self.place!r}", [Problem("basis", None, basis, expected)]) from None
        return self.registered_in(band)

    def __add__(self, other: Population) -> Population:
        if not isinstance(other, Population):
            return NotImplemented
        mine, theirs = self.place.split(" + "), other.place.split(" + ")
        problems = [
            Problem("place", None, place, "each place once: a population adds over distinct places only")
            for place in mine
            if place in theirs
        ]
        if self.bands != other.bands:
            labels = [", ".join(band.label for band in each.bands) for each in (self, other)]
            problems.append(Problem("registered", None, " and ".join(labels), "the same age bands in both"))
        refuse(f"{self.place!r} plus {other.place!r}", problems)
        registered = {band: self.registered[band] + other.registered[band] for band in self.bands}
        weighted = None if self.weighted is None or other.weighted is None else self.weighted + other.weighted
        return Population(" + ".join(sorted(mine + theirs)), registered, weighted)

    def __radd__(self, other: int) -> Population:
        return self if other == 0 else NotImplemented  # sum() begins at 0

    def __repr__(self) -> str:
        counts = ", ".join(f"{band.label!r}: {count:_}" for band, count in self.registered.items())
        weighted = "" if self.weighted is None else f", weighted={self.weighted:_}"
        return f"Population({self.place!r}, {{{counts}}}{weighted})"

    def _repr_html_(self) -> str:
        rows = [(band.label, count) for band, count in self.registered.items()] + [("registered", self.total)]
        if self.weighted is not None:
            rows.append(("weighted", self.weighted))
        body = "".join(f'<tr><th scope="row">{escape(label)}</th><td>{count:,.0f}</td></tr>' for label, count in rows)
        return f"<table><caption>{escape(self.place)}: population</caption>{body}</table>"


def _is_count(value: object) -> TypeGuard[float]:
    if isinstance(value, bool) or not isinstance(value, (numbers.Real, Decimal)):
        return False
    return 0 <= real(value) < math.inf


def _gaps(asked: AgeBand, held: tuple[AgeBand, ...]) -> list[AgeBand]:
    gaps, age = [], asked.lower
    for band in held:
        if band.lower > age:
            gaps.append(AgeBand(age, band.lower - 1))
        if band.upper is None:
            return gaps
        age = band.upper + 1
    return [*gaps, AgeBand(age, asked.upper)] if age <= asked._last else gaps
