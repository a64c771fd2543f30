"""Standard populations: the ages that every place is given, so that places can be compared."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from cmhs_metrics.ages import AgeBand
from cmhs_metrics.errors import BadInput, Problem, refuse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, init=False)
class StandardPopulation:
    """A population of which only the ages matter.

    Parameters
    ----------
    name : str
        What it is.
    people : mapping of AgeBand or str to float
        The people [person] of each age band; the bands do not overlap.

    Attributes
    ----------
    bands : tuple of AgeBand
        The bands, youngest first.
    weights : tuple of float
        The people [person] of each.

    Raises
    ------
    BadInput
        With every band that cannot be read or overlaps another, and every number of people that is none.

    Examples
    --------
    >>> halves = StandardPopulation("two halves", {"0-64": 50_000, "65+": 50_000})
    >>> halves.bands
    (AgeBand(lower=0, upper=64), AgeBand(lower=65, upper=None))
    """

    name: str
    bands: tuple[AgeBand, ...]
    weights: tuple[float, ...]

    def __init__(self, name: str, people: Mapping[Any, float]) -> None:
        problems = []
        held: list[tuple[AgeBand, float]] = []
        for label, number in people.items():
            row = f"age band {label}"
            if isinstance(number, bool) or not isinstance(number, (int, float)) or not 0 <= number < math.inf:
                problems.append(Problem("people", row, number, "a finite number of people, 0 or more"))
            try:
                held.append((AgeBand.parse(label), number))
            except BadInput as error:
                problems += [Problem("people", row, each.value, each.expected) for each in error.problems]
        held.sort(key=lambda pair: pair[0])
        for (band, _), (following, _) in pairwise(held):
            if band.overlaps(following):
                problems.append(Problem("people", f"age band {following}", None, f"no ages that are also in {band}"))
        if not problems and not sum(number for _, number in held) > 0:
            problems.append(Problem("people", None, dict(people), "somebody in at least one age band"))
        refuse(f"the standard population {name!r}", problems)
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "bands", tuple(band for band, _ in held))
        object.__setattr__(self, "weights", tuple(float(number) for _, number in held))

    def in_bands(self, bands: Iterable[AgeBand | str]) -> StandardPopulation:
        """Give the same population in wider bands, each made of whole bands of this one.

        Parameters
        ----------
        bands : iterable of AgeBand or str
            The wider bands. Ages that are in none of them are left out.

        Raises
        ------
        BadInput
            With every band whose end falls inside one of this population's, or outside all of them.

        Examples
        --------
        >>> ESP2013.in_bands(["15-64", "65+"]).weights
        (64500.0, 19500.0)
        """
        wider = [AgeBand.parse(band) for band in bands]
        problems, people = [], {}
        for band in wider:
            inside = [held for held in self.bands if held.overlaps(band)]
            split = [held for held in inside if not band.covers(held)]
            if not inside or inside[0].lower != band.lower or inside[-1].upper != band.upper:
                cut = f", but it cuts {' and '.join(map(str, split))}" if split else ""
                expected = f"a band made of whole bands of {self.name}{cut}"
                problems.append(Problem("age_band", None, str(band), expected))
            people[band] = math.fsum(
                weight for held, weight in zip(self.bands, self.weights, strict=True) if band.covers(held)
            )
        refuse(self.name, problems)
        return StandardPopulation(self.name, people)


ESP2013 = StandardPopulation(
    "European Standard Population 2013",
    {
        "0-4": 5_000, "5-9": 5_500, "10-14": 5_500, "15-19": 5_500, "20-24": 6_000, "25-29": 6_000, "30-34": 6_500,
        "35-39": 7_000, "40-44": 7_000, "45-49": 7_000, "50-54": 7_000, "55-59": 6_500, "60-64": 6_000,
        "65-69": 5_500, "70-74": 5_000, "75-79": 4_000, "80-84": 2_500, "85-89": 1_500, "90+": 1_000,
    },
)  # fmt: skip
"""The European Standard Population 2013, both sexes, in the 19 bands in which England publishes its populations.

Eurostat, Revision of the European Standard Population (2013): report of Eurostat's task force, table of the ESP by
five-year age groups; its bands 90–94 (800) and 95+ (200) are one here, as are under 1 (1,000) and 1–4 (4,000).
"""
