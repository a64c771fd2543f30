"""Community sizing: the communities, and the staff for them, that a population needs.

The framework organises care in local communities of 30,000 to 50,000 people, where most are treated, linked to wider
communities of 150,000 to 200,000 for more complex needs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cmhs_metrics.errors import BadInput, Problem
from cmhs_metrics.numeric.expected import FINITE_NOT_NEGATIVE, real
from cmhs_metrics.signatures import checked

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Community:
    """A level at which community care is organised.

    Parameters
    ----------
    name : str
        What it is called.
    fewest_people : int
        The smallest population of one [person].
    most_people : int
        The largest population of one [person].

    References
    ----------
    Introducing the Framework for Community Mental Health Support, Care and Treatment (2019): What are we proposing?

    Examples
    --------
    Cambridgeshire and Peterborough, with some 900,000 people, make 18 to 30 local communities:

    >>> LOCAL_COMMUNITY.needed(900_000)
    (18, 30)
    """

    name: str
    fewest_people: int
    most_people: int

    def needed(self, population: float) -> tuple[int, int]:
        """How many communities a population makes.

        `population`: the people of the place [person]. Gives the fewest, each as large as may be, and the most, each
        as small as may be [community]. A population that is too small for one still makes one, and one that falls
        between two numbers makes the larger number of communities, each smaller than it should be. Raises `BadInput`
        when the population is not a number above zero.
        """
        if not 0 < real(population) < math.inf:
            raise BadInput(
                "community sizing", [Problem("population", None, population, "a number of people above zero")]
            )
        fewest = math.ceil(population / self.most_people)
        return fewest, max(fewest, math.floor(population / self.fewest_people))


LOCAL_COMMUNITY = Community("local community", 30_000, 50_000)
"""About 5 to 12 GP surgeries; most people receive their treatment here."""

WIDER_COMMUNITY = Community("wider community", 150_000, 200_000)
"""Specialist multidisciplinary teams, for more complex needs."""


@checked
def community_plan(population: float, wte_per_100k: float | None = None) -> pd.DataFrame:
    """Lay out the communities that a population makes, and the staff of each.

    Parameters
    ----------
    population : float
        The people of the place [person].
    wte_per_100k : float, optional
        Staff for every 100,000 people [WTE per 100,000 people], at both levels together; the audit's 77, for example.

    Returns
    -------
    pandas.DataFrame
        A row for each level: `level`, `fewest` and `most` communities, `least_people` and `most_people` in each
        [person], and with `wte_per_100k` the `least_wte` and `most_wte` for the people of each [WTE].

    Raises
    ------
    BadInput
        When the population is not a number above zero, or the rate is negative.

    References
    ----------
    Introducing the Framework for Community Mental Health Support, Care and Treatment (2019): What are we proposing?

    Examples
    --------
    >>> community_plan(900_000)[["level", "fewest", "most"]].to_dict("records")
    [{'level': 'local community', 'fewest': 18, 'most': 30}, {'level': 'wider community', 'fewest': 5, 'most': 6}]
    """
    import pandas as pd

    if wte_per_100k is not None and not 0 <= real(wte_per_100k) < math.inf:
        raise BadInput("community sizing", [Problem("wte_per_100k", None, wte_per_100k, FINITE_NOT_NEGATIVE)])
    rows = []
    for level in (LOCAL_COMMUNITY, WIDER_COMMUNITY):
        fewest, most = level.needed(population)
        people = (population / most, population / fewest)
        row = {"level": level.name, "fewest": fewest, "most": most, "least_people": people[0], "most_people": people[1]}
        if wte_per_100k is not None:
            row["least_wte"], row["most_wte"] = (each * wte_per_100k / 100_000 for each in people)
        rows.append(row)
    return pd.DataFrame(rows)
