"""Age bands, in completed years."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import total_ordering

from cmhs_metrics.errors import BadInput, Problem, refuse

AN_AGE_BAND = "an age band such as '16-64', '65+', 'under 18' or 'all ages'"
_DASHES = re.compile("[‐‑‒–—―−]")
_PADDING = re.compile(r"(?:\b|(?<=\d))(?:aged?|ages|years?|yrs?|yo?|old)\b")
_RANGE = re.compile(r"(\d+) ?(?:-|to) ?(\d+)")
_AND_OVER = re.compile(r"(\d+) ?(?:\+|plus|(?:and|or|&) (?:over|above|older))|(?:≥|>=) ?(\d+)")
_UNDER = re.compile(r"(?:under|below|<) ?(\d+)s?")
_UP_TO = re.compile(r"(\d+) (?:and|or|&) (?:under|below|younger)|(?:≤|<=|up to) ?(\d+)")


@total_ordering
@dataclass(frozen=True, slots=True)
class AgeBand:
    """A band of ages, both ends included, ordered by its lower and then its upper age.

    Parameters
    ----------
    lower : int
        The youngest age [completed years].
    upper : int, optional
        The oldest age [completed years]; None where the band has no upper end.

    Raises
    ------
    BadInput
        When an age is not a whole number of 0 or more, or the upper is below the lower.

    Examples
    --------
    >>> AgeBand(16, 64).label
    '16–64'
    >>> AgeBand(16, 64) < AgeBand(65)
    True
    """

    lower: int
    upper: int | None = None

    def __post_init__(self) -> None:
        ends = {"lower": self.lower} if self.upper is None else {"lower": self.lower, "upper": self.upper}
        problems = [
            Problem(name, None, age, "an age in whole years, 0 or more")
            for name, age in ends.items()
            if isinstance(age, bool) or not isinstance(age, int) or age < 0
        ]
        if not problems and self._last < self.lower:
            problems = [Problem("upper", None, self.upper, f"an age of {self.lower} or more, the lower end")]
        refuse("the age band", problems)

    @classmethod
    def parse(cls, text: str | AgeBand) -> AgeBand:
        """Read an age band as tables write it.

        Parameters
        ----------
        text : str or AgeBand
            For example "16-64", "16 to 64", "65+", "18 plus", "90 and over", "≥65", "under 18s", "17 and
            under", "aged 5 to 9 years", "16-17yrs", "0-4y", "17" or "all ages".
            "Over 65" is refused: it may begin at 65 or at 66.

        Raises
        ------
        BadInput
            When the text is not an age band.

        Examples
        --------
        >>> AgeBand.parse("16 to 64"), AgeBand.parse("under 18")
        (AgeBand(lower=16, upper=64), AgeBand(lower=0, upper=17))
        """
        if isinstance(text, AgeBand):
            return text
        plain = " ".join(_DASHES.sub("-", text).lower().split()) if isinstance(text, str) else ""
        if plain in ("all ages", "all"):
            return ALL_AGES
        plain = " ".join(_PADDING.sub(" ", plain).split())
        if match := _RANGE.fullmatch(plain):
            return cls(int(match[1]), int(match[2]))
        if match := _AND_OVER.fullmatch(plain):
            return cls(int(match[1] or match[2]))
        if match := _UNDER.fullmatch(plain):
            return cls(0, int(match[1]) - 1)
        if match := _UP_TO.fullmatch(plain):
            return cls(0, int(match[1] or match[2]))
        if plain.isdecimal():
            return cls(int(plain), int(plain))
        raise BadInput("the age band", [Problem("age_band", None, text, AN_AGE_BAND)])

    @property
    def label(self) -> str:
        """The band as people read it: "16–64", "65+", "17" or "all ages"."""
        if self.upper is None:
            return f"{self.lower}+" if self.lower else "all ages"
        return str(self.lower) if self.upper == self.lower else f"{self.lower}–{self.upper}"

    def __str__(self) -> str:
        return self.label

    @property
    def _last(self) -> float:
        return math.inf if self.upper is None else self.upper

    def __lt__(self, other: AgeBand) -> bool:
        if not isinstance(other, AgeBand):
            return NotImplemented
        return (self.lower, self._last) < (other.lower, other._last)

    def contains(self, age: float) -> bool:
        """Whether somebody of this age [years] is in the band; at 64.9 years a person is 64.

        Examples
        --------
        >>> WORKING_AGE.contains(64.9), WORKING_AGE.contains(65)
        (True, False)
        """
        return self.lower <= age < self._last + 1

    def covers(self, other: AgeBand) -> bool:
        """Whether every age of the other band is in this one.

        Examples
        --------
        >>> ADULT_16_PLUS.covers(WORKING_AGE)
        True
        """
        return self.lower <= other.lower and other._last <= self._last

    def overlaps(self, other: AgeBand) -> bool:
        """Whether any age is in both bands.

        Examples
        --------
        >>> WORKING_AGE.overlaps(UNDER_18), WORKING_AGE.overlaps(OLDER)
        (True, False)
        """
        return self.lower <= other._last and other.lower <= self._last


ALL_AGES = AgeBand(0)
"""Everybody."""
UNDER_18 = AgeBand(0, 17)
"""Under 18s, "age 0-17 inclusive": NHS England CMHS audit 2016/17, Social Care – Assessments for Under 18s."""
ADULT_16_PLUS = AgeBand(16)
"""The same audit's "all people aged 16 and over": CMHS Finance – Unit Costs."""
WORKING_AGE = AgeBand(16, 64)
"""The same audit's "working age adults i.e. population aged 16-64": CMHS Finance – Unit Costs."""
OLDER = AgeBand(65)
"""The same audit's "population aged 65+", of older people's and memory services: CMHS Finance – Unit Costs."""
