"""Groups and periods of the measures, in plain Python."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from tests.mhsds.oracle_cells import day_of
from tests.mhsds.oracle_records import Referral, Scope

NOT_KNOWN = "not known"

TEAM_TYPES = {
    "A06": "Generic CMHTs",
    "A07": "Older People",
    "A08": "Assertive Outreach",
    "A09": "Rehabilitation & Recovery",
    "A18": "Assessment & Brief Intervention",
    "A02": "CRHT",
    "A14": "EIP",
    "C02": "Perinatal",
    "C10": "Eating Disorders",
    "B01": "Forensic",
    "A17": "Memory Services",
}
ETHNIC_GROUPS = {
    "A": "White British",
    "BC": "Other White",
    "DEFG": "Mixed",
    "HJKL": "Asian or Asian British",
    "MNP": "Black or Black British",
    "RS": "Other ethnic groups",
    "Z": "Not stated",
}
SEXES = {"1": "male", "2": "female", "3": "other", "4": "other", "9": "other"}


# Groups


@dataclass(frozen=True)
class Grouping:
    """By what to group, and the choices that bear on it."""

    by: tuple[str, ...]
    several_teams: str = "one"
    icb_of: Any = None
    icb_from: str = "residence"
    age_bands: tuple[str, ...] = ("0-17", "18-64", "65+")

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the groups; months are named by `period`."""
        return tuple(name for name in self.by if name != "month")

    def of(self, item: Referral, scope: Scope) -> set[tuple[Any, ...]]:
        """The groups of a referral: one, or one for each distinct team type that it has."""
        codes = team_types(item, scope, self.several_teams)
        return {tuple(self.value(name, item, code) for name in self.columns) for code in codes}

    def value(self, name: str, item: Any, code: str | None = None) -> Any:
        """The value of one grouping for one referral (or admission)."""
        if name == "organisation":
            return item.organisation
        if name == "team_type":
            return TEAM_TYPES.get(code or "", "Other CMHTs")
        if name == "team_type_code":
            return code
        if name == "icb":
            place = {
                "residence": item.residence,
                "provider": item.organisation,
                "commissioner": item.commissioner,  # "the sub-ICB of the GP practice, else of residence"
            }[self.icb_from]
            return self.icb_of.get(place, NOT_KNOWN)
        if name == "sub_icb":
            return item.commissioner or NOT_KNOWN
        if name == "age_band":
            return age_band(item.age, self.age_bands)
        if name == "sex":
            return SEXES.get(item.sex, NOT_KNOWN)
        assert name == "ethnic_group"
        return next(
            (group for codes, group in ETHNIC_GROUPS.items() if item.ethnicity and item.ethnicity in codes), NOT_KNOWN
        )


def team_types(item: Referral, scope: Scope, several_teams: str) -> list[str | None]:
    """Each team type that it has, or one: of those within the scope first, then of those not rejected, the lowest code."""
    if not item.services:
        return [None]
    if several_teams == "each":
        return [service.code for service in item.services]
    within = [s for s in item.services if scope.team_types is None or s.code in scope.team_types]
    return [min(within or item.services, key=lambda s: (s.rejected is not None, s.code is None, s.code or "")).code]


def age_band(age: float | None, bands: tuple[str, ...]) -> str:
    """The band that holds an age: "18-64" from 18 to 64, "65+" from 65; "not known" of no age and no band."""
    for band in bands:
        first, _, last = band.rstrip("+").partition("-")
        if age is not None and int(first) <= age and (band.endswith("+") or age <= int(last)):
            return band
    return NOT_KNOWN


# Periods


def spans(period: Any, by: tuple[str, ...]) -> list[tuple[Any, dt.date, dt.date]]:
    """The periods of the rows: the whole one, named by its financial year or else last day, or each of its months."""
    if isinstance(period, str):
        year = int(period[:4])
        start, end = dt.date(year, 4, 1), dt.date(year + 1, 3, 31)
    else:
        start, end = (day for each in period if (day := day_of(each)) is not None)
    if "month" not in by:
        is_year = (start.month, start.day) == (4, 1) and end == dt.date(start.year + 1, 3, 31)
        return [(f"{start.year}/{end.year % 100:02d}" if is_year else end, start, end)]
    months = []
    first = start
    while first <= end:
        following = (first.replace(day=1) + dt.timedelta(32)).replace(day=1)
        months.append((following - dt.timedelta(1), first, following - dt.timedelta(1)))
        first = following
    return months


def year_before(end: dt.date) -> dt.date:
    """12 months before a date; before a month's last day, the last day of that month a year before."""
    following = end + dt.timedelta(1)
    if following.day == 1:
        return following.replace(year=following.year - 1) - dt.timedelta(1)
    return end.replace(year=end.year - 1)
