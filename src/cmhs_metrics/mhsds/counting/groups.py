"""What measures are grouped by: provider, team type, ICB, sub-ICB, age band, sex, ethnic group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import narwhals as nw

from cmhs_metrics.ages import AgeBand
from cmhs_metrics.errors import BadInput, Problem, nearest
from cmhs_metrics.mhsds.facts.commissioners import (
    COMMISSIONER,
    RESIDENCE,
    has_practices,
    incomplete_practices,
    read_icbs,
)
from cmhs_metrics.mhsds.facts.referrals import has_own_service
from cmhs_metrics.mhsds.facts.teams import team_code_of, team_type_of
from cmhs_metrics.mhsds.records.codes import ETHNIC_GROUPS, SEX

if TYPE_CHECKING:
    from cmhs_metrics.mhsds.records.extract import Extract

AGE_BANDS = ("0-17", "18-64", "65+")
NOT_KNOWN = "not known"


@dataclass(frozen=True, slots=True)
class Group:
    """A breakdown: from which column it is told, and how.

    Parameters
    ----------
    name : str
        Its name in `by`.
    table, column : str
        The table and column that it is of.
    recode : mapping of str to str, optional
        What each code is called; a code that is not in it is not known. None for the code itself.
    unknown : str or None
        What that is called, and a code that is missing.
    """

    name: str
    table: str
    column: str
    recode: Mapping[str, str] | None = None
    unknown: str | None = NOT_KNOWN


_ROWS = (
    Group("organisation", "referrals", "OrgIDProv", unknown=None),
    Group("sub_icb", "people", COMMISSIONER),
    Group("age_band", "referrals", "AgeServReferRecDate"),
    Group("sex", "people", "GenderIDCode", SEX),
    Group("ethnic_group", "people", "EthnicCategory", ETHNIC_GROUPS),
)
_ICB = {
    "residence": Group("icb", "people", "LADistrictAuth", {}),
    "provider": Group("icb", "referrals", "OrgIDProv", {}),
    "commissioner": Group("icb", "people", COMMISSIONER, {}),
}
"""By where `icb_of` is told from; it is the recode."""
_TEAMS = ("team_type", "team_type_code")
GROUPS = ("organisation", *_TEAMS, "icb", "sub_icb", "age_band", "sex", "ethnic_group", "month")


@dataclass(frozen=True)
class Grouping:
    """What to group by, checked, and how each group is told from the facts; `icb_from` says of what `icb_of` is."""

    by: tuple[str, ...]
    icb_of: Mapping[str, str] | None = None
    icb_from: str = "residence"
    age_bands: tuple[str, ...] = AGE_BANDS
    bands: tuple[AgeBand, ...] = field(default=(), compare=False)

    @property
    def keys(self) -> list[str]:
        """The columns that the groups are told by; the month is told by the period."""
        return [name for name in self.by if name != "month"]

    @property
    def monthly(self) -> bool:
        """Whether there is a row for each month."""
        return "month" in self.by

    @property
    def by_team(self) -> bool:
        """Whether a referral's group depends on its team type."""
        return bool(set(_TEAMS) & set(self.by))

    @property
    def rows(self) -> dict[str, Group]:
        """The breakdowns that are told from a column, by name."""
        icb = _ICB.get(self.icb_from, _ICB["residence"])
        every = (*_ROWS, replace(icb, recode=dict(self.icb_of or {})))
        return {group.name: group for group in every if group.name in self.by}

    @property
    def people(self) -> list[str]:
        """The columns of MHS001MPI that the groups need, and `commissioner`."""
        return list(dict.fromkeys(group.column for group in self.rows.values() if group.table == "people"))

    @property
    def needs_provider(self) -> bool:
        """Whether the groups need the provider."""
        return any(group.column == "OrgIDProv" for group in self.rows.values())

    def problems(self, extract: Extract, costs: str) -> list[Problem]:
        """What of the extract is missing for the groups."""
        needs: dict[str, list[str]] = {}
        found = []
        for group in self.rows.values():
            if group.column == COMMISSIONER:
                found += incomplete_practices(extract)
                if not has_practices(extract) and not extract.has("people", "Person_ID", RESIDENCE):
                    expected = f"MHS002GP.OrgIDSubICBLocGP or MHS001MPI.{RESIDENCE}; without them there is no {costs}"
                    found.append(Problem(group.name, None, None, expected))
                continue
            needs.setdefault(group.table, ["Person_ID"] if group.table == "people" else []).append(group.column)
        if self.by_team and not has_own_service(extract):
            needs["service_types"] = ["UniqServReqID", "ServTeamTypeRefToMH"]
        return [*found, *extract.require({table: list(dict.fromkeys(names)) for table, names in needs.items()}, costs)]

    def columns(self, team: nw.Expr | None = None, organisation: str = "OrgIDProv") -> list[nw.Expr]:
        """The expressions of the keys on facts."""
        made = []
        for name in self.keys:
            if name in _TEAMS:
                assert team is not None
                value = team_type_of(team) if name == "team_type" else team_code_of(team)
            elif name == "age_band":
                value = self._age_band()
            else:
                group = self.rows[name]
                value = nw.col(organisation if group.column == "OrgIDProv" else group.column)
                if group.recode is not None:
                    value = _recode(value, group.recode, group.unknown)
                elif group.unknown is not None:
                    value = value.fill_null(group.unknown)
            made.append(value.alias(name))
        return made

    def _age_band(self) -> nw.Expr:
        age = nw.col("age").fill_null(-1)
        value: Any = nw.lit(NOT_KNOWN)
        for band, label in zip(self.bands, self.age_bands, strict=True):
            inside = age >= band.lower
            if band.upper is not None:
                inside = inside & (age <= band.upper)
            value = nw.when(inside).then(nw.lit(label)).otherwise(value)
        expression: nw.Expr = value
        return expression


def read_grouping(by: Any, icb_of: Any, icb_from: str, age_bands: Sequence[str]) -> tuple[Grouping, list[Problem]]:
    """Read the arguments that say what to group by, and name what is wrong with them."""
    names = [by] if isinstance(by, str) else list(by)
    problems: list[Problem] = []
    icb_of = read_icbs(icb_of, problems)
    for name in names:
        if name not in GROUPS:
            expected = f"one of {', '.join(GROUPS)}; {nearest(str(name), GROUPS)}".rstrip("; ")
            problems.append(Problem("by", None, name, expected))
    for name in sorted({name for name in names if names.count(name) > 1}):
        problems.append(Problem("by", None, name, "each group once"))
    if icb_from not in _ICB:
        problems.append(Problem("icb_from", None, icb_from, " or ".join(map(repr, _ICB))))
    if "icb" in names and not isinstance(icb_of, Mapping):
        expected = (
            "a mapping from each local authority (or provider, or sub-ICB) to its ICB's code, which 'icb' in `by` needs"
        )
        problems.append(Problem("icb_of", None, icb_of, expected))
    bands: list[AgeBand] = []
    for text in age_bands:
        try:
            bands.append(AgeBand.parse(text))
        except BadInput as error:
            problems += [Problem("age_bands", None, each.value, each.expected) for each in error.problems]
    for one, other in zip(sorted(bands), sorted(bands)[1:], strict=False):
        if one.overlaps(other):
            problems.append(Problem("age_bands", None, f"{one} and {other}", "bands that do not overlap"))
    mapping = icb_of if isinstance(icb_of, Mapping) else None
    return Grouping(tuple(names), mapping, icb_from, tuple(age_bands), tuple(bands)), problems


def _recode(value: nw.Expr, new: Mapping[str, str], default: str | None) -> nw.Expr:
    if not new:
        return nw.lit(default)
    return value.fill_null("").replace_strict(list(new), list(new.values()), default=default, return_dtype=nw.String)
