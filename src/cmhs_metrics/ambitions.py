"""Ambitions: what was promised, by when, and how far there is to go."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pint

from cmhs_metrics import units
from cmhs_metrics.errors import BadInput, Problem, warn
from cmhs_metrics.numeric.containers import OWN, SAME
from cmhs_metrics.numeric.expected import FINITE_NOT_NEGATIVE, real
from cmhs_metrics.numeric.ratio import ratio
from cmhs_metrics.numeric.unit_aware import unit_aware
from cmhs_metrics.signatures import checked
from cmhs_metrics.sources import BOARD_PAPER, CONFEDERATION, FRAMEWORK, PLANNING_2025, WEB_PAGE, Source

if TYPE_CHECKING:
    from collections.abc import ItemsView, Iterator, ValuesView

    from cmhs_metrics.numeric.kinds import Number, Value


@unit_aware(inputs={"actual": OWN, "target": SAME}, unit="")
def progress(actual: Value | Number, target: Value | Number) -> Value:
    """How much of a target has been reached.

    Parameters
    ----------
    actual : float, Quantity, numpy.ndarray, Series or expression
        Where things stand [any unit].
    target : float, Quantity, numpy.ndarray, Series or expression
        Where they should be [the same unit].

    Returns
    -------
    The kind that came in, in the same shape
        The proportion reached; above 1 where the target is passed.

    Raises
    ------
    BadInput
        When a number is negative or infinite.
    DimensionalityError
        When the two do not count the same.

    References
    ----------
    NHS England Board paper on partnership with the third sector (2023): paragraph 11.

    Examples
    --------
    >>> import cmhs_metrics as cm
    >>> round(cm.progress(actual=504_000, target=370_000), 2)
    1.36
    """
    return ratio(actual, target)


@unit_aware(inputs={"actual": OWN, "target": SAME}, unit=OWN)
def shortfall(actual: Value | Number, target: Value | Number) -> Value:
    """What is missing to a target.

    Parameters
    ----------
    actual : float, Quantity, numpy.ndarray, Series or expression
        Where things stand [any unit].
    target : float, Quantity, numpy.ndarray, Series or expression
        Where they should be [the same unit].

    Returns
    -------
    The kind that came in, in the same shape
        The distance [the same unit]; negative where the target is passed.

    Raises
    ------
    BadInput
        When a value is negative: what is counted or paid is not, and neither is a target of it.
    DimensionalityError
        When the two do not count the same.

    References
    ----------
    NHS England Board paper on partnership with the third sector (2023): paragraph 11.

    Examples
    --------
    >>> import cmhs_metrics as cm
    >>> cm.shortfall(actual=300_000.0, target=370_000.0)
    70000.0
    """
    return target - actual


@checked
def required_growth(actual: float, target: float, years: float) -> float:
    """The yearly growth that still leads from here to a target.

    Parameters
    ----------
    actual : float
        Where things stand [any unit].
    target : float
        Where they should be [the same unit].
    years : float
        How long there is [year].

    Returns
    -------
    float
        Compound growth for each year [%]; negative where the target is passed; NaN where nothing is there to grow from.

    Raises
    ------
    BadInput
        When a number is negative or not finite, or no time is left.

    References
    ----------
    NHS England Board paper on partnership with the third sector (2023): paragraph 4, which asks for 5% a year.

    Examples
    --------
    300,000 people, 370,000 wanted in three years:

    >>> round(required_growth(300_000, 370_000, years=3), 1)
    7.2
    """
    problems = [
        Problem(name, None, value, FINITE_NOT_NEGATIVE)
        for name, value in (("actual", actual), ("target", target))
        if not 0 <= real(value) < math.inf
    ]
    if not 0 < real(years) < math.inf:
        problems.append(Problem("years", None, years, "a time above zero"))
    if problems:
        raise BadInput("required_growth", problems)
    return ((real(target) / real(actual)) ** (1 / real(years)) - 1) * 100 if actual else math.nan


@dataclass(frozen=True, slots=True)
class Ambition:
    """A target with its value, date and source.

    Parameters
    ----------
    name : str
        What it is called.
    value : float
        What should be reached [unit].
    unit : str
        Its unit; empty for a share, which is a proportion as everywhere, and "percent" for a yearly growth.
    date : str
        By when: a financial year, or "standing".
    counts : str
        What counts towards it.
    source : Source
        Where it is set.
    more_than : bool
        Whether the value itself is not enough.
    at_most : bool
        Whether less is better: a time that should not be passed.
    since : str
        From when it has been set, "2016-04"; "by 2023-12" where it is only known that it was by then.
    ended : str
        From when it has no longer been asked for; empty while it is.
    ended_by : Source, optional
        The document that dropped or replaced it.
    replaced_by : str
        The name of the ambition that took its place; empty where none did.
    certainty : {"read", "reported", "unverified"}
        Whether the document itself was read, or another that reports it.

    Examples
    --------
    >>> AMBITIONS["ips"].met(55_000)
    True
    >>> AMBITIONS["eip_two_weeks"].met(0.50)
    False
    """

    name: str
    value: float
    unit: str
    date: str
    counts: str
    source: Source
    more_than: bool = False
    at_most: bool = False
    since: str = ""
    ended: str = ""
    ended_by: Source | None = None
    replaced_by: str = ""
    certainty: str = "read"

    def met(self, actual: float | pint.Quantity[Any]) -> bool:
        """Whether it is reached.

        Parameters
        ----------
        actual : float or Quantity
            Where things stand [its unit].

        Returns
        -------
        bool
            True when it is; never when the actual value is missing.

        Raises
        ------
        BadInput
            When it is no number, or of a share above 1, as 45 for 45% is.
        """
        actual = self._plain(actual)
        if hasattr(actual, "__len__"):
            raise BadInput(self.name, [Problem("actual", None, actual, "a single number")])
        actual = real(actual)
        if self.at_most:
            return actual <= self.value
        return actual > self.value if self.more_than else actual >= self.value

    def progress(self, actual: float | pint.Quantity[Any]) -> float:
        """How much of it has been reached [proportion]; see `progress`. A limit has none: it is kept or it is not."""
        if self.at_most:
            raise BadInput(
                self.name, [Problem("progress", None, None, "a target to rise to; a limit is met or it is not")]
            )
        return progress(self._plain(actual), self.value)

    def shortfall(self, actual: float | pint.Quantity[Any]) -> float:
        """What is missing [its unit]; negative where it is passed; see `shortfall`."""
        distance = shortfall(self._plain(actual), self.value)
        return -distance if self.at_most else distance

    def required_growth(self, actual: float | pint.Quantity[Any], years: float) -> float:
        """The yearly growth that still leads to it [%]; see the function `required_growth`."""
        return required_growth(self._plain(actual), self.value, years)

    def _plain(self, actual: Any) -> Any:
        if isinstance(actual, pint.Quantity):
            units.define(actual._REGISTRY)
            return actual.to(self.unit).magnitude
        if not self.unit and real(actual) > 1:
            raise BadInput(self.name, [Problem("actual", None, actual, "a proportion from 0 to 1: 45% is 0.45")])
        return actual


class AmbitionEnded(UserWarning):
    """Tells that an ambition which was asked for has ended: since when, and by which document."""


AmbitionEnded.__module__ = "cmhs_metrics"


class _Ambitions(Mapping[str, Ambition]):
    """Ambitions by name; to ask for one that has ended tells of it, to go through all of them does not."""

    def __init__(self, entries: dict[str, Ambition]) -> None:
        self._entries = MappingProxyType(entries)

    def __getitem__(self, name: str) -> Ambition:
        entry = self._entries[name]
        if entry.ended:
            follows = f"replaced by {entry.replaced_by!r}" if entry.replaced_by else "nothing replaced it"
            told = f"the ambition {name!r} ended in {entry.ended} ({follows}): {entry.ended_by}"
            warn(told, AmbitionEnded)
        return entry

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def values(self) -> ValuesView[Ambition]:
        return self._entries.values()

    def items(self) -> ItemsView[str, Ambition]:
        return self._entries.items()

    def __repr__(self) -> str:
        ended = {name: f" (ended in {entry.ended})" if entry.ended else "" for name, entry in self.items()}
        return "\n".join(f"{name}: {entry.name}{ended[name]}" for name, entry in self.items())


_PLAN = WEB_PAGE.section("Community Mental Health Services: Under the Long Term Plan by 2023/24")
_ADDITIONAL = FRAMEWORK.section("What is the LTP ambition in relation to community MH care for people with SMI?")

_DROPPED: dict[str, Any] = {
    "ended": "2025-04",
    "ended_by": PLANNING_2025.section(
        "national targets that it no longer has (as reported by Rethink Mental Illness, 6 February 2025, and the NHS "
        "Confederation)"
    ),
}

AMBITIONS: Mapping[str, Ambition] = _Ambitions(
    {
        "access": Ambition(
            "Access to transformed community care", 370_000, "person", "2023/24",
            "adults and older adults with severe mental illness supported in the year by new, integrated models of "
            "primary and community care", _PLAN,
            since="2019-05", **_DROPPED,
        ),
        "health_checks": Ambition(
            "Physical health checks", 390_000, "person", "2023/24",
            "people with severe mental illness who receive a physical health check in the year", _PLAN,
            since="by 2020-12", **_DROPPED,
        ),
        "additional_health_checks": Ambition(
            "Additional physical health checks", 110_000, "person", "2023/24",
            "people with severe mental illness who receive a check in the year, beyond those of 2018/19", _ADDITIONAL,
            since="2019-05", **_DROPPED,
        ),
        "ips": Ambition(
            "Individual Placement and Support", 55_000, "person", "2023/24",
            "people with access to Individual Placement and Support in the year", _PLAN,
            since="by 2020-12",
        ),
        "additional_ips": Ambition(
            "Additional Individual Placement and Support", 35_000, "person", "2023/24",
            "people taking part in Individual Placement and Support in the year, beyond those before", _ADDITIONAL,
            since="2019-05",
        ),
        "funding": Ambition(
            "New funding", 1_000_000_000, "GBP", "2023/24",
            "new Long Term Plan funding for community services in the year; printed £1 billion, and almost £1 billion",
            _PLAN,
            since="by 2020-12",
        ),
        "access_growth": Ambition(
            "Growth of access", 5, "percent", "standing",
            "growth of the people with access to community services, each year",
            BOARD_PAPER.section("paragraph 4"),
            since="by 2023-12", **_DROPPED,
        ),
        "eip_two_weeks": Ambition(
            "Early intervention in psychosis within two weeks", 0.50, "", "standing, from April 2016",
            "people with a first episode of psychosis who begin a NICE-approved package of care within two weeks of "
            "referral", WEB_PAGE.section("Early Intervention in Psychosis (EIP)"), more_than=True,
            since="2016-04",
        ),
        "four_weeks": Ambition(
            "Four-week waiting time", 4, "week", "tested from 2019/20; no standard had followed by October 2025",
            "weeks from referral to care by a community mental health team", _ADDITIONAL, at_most=True,
            since="2019-05",
        ),
        "staff": Ambition(
            "More mental health staff", 8_500, "person", "first term of the government elected in 2024",
            "mental health staff beyond those there were", CONFEDERATION.section("paragraph 36"),
            since="by 2025-02", certainty="reported",
        ),
    }
)  # fmt: skip
"""The ambitions that the documents set, by name; one that has ended says so when it is asked for."""
