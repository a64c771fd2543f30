"""The types of community mental health team, and the many ways in which people write them."""

from __future__ import annotations

import re
from enum import Enum
from html import escape
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self

from cmhs_metrics.ages import OLDER, WORKING_AGE, AgeBand
from cmhs_metrics.errors import BadInput, Problem, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping


def normalise(text: str) -> str:
    """Bring a spelling to the form that `TEAM_TYPE_SPELLINGS` is keyed by.

    Three steps, which every database can repeat: lower case; "&" becomes "and"; everything but a–z and 0–9 goes.

    Examples
    --------
    >>> normalise("Rehab & Recovery (CMHT)")
    'rehabandrecoverycmht'
    """
    return re.sub("[^a-z0-9]", "", text.lower().replace("&", "and"))


class _InNotebooks:
    """How a notebook shows a type of team; an Enum takes a name with such underscores only from outside."""

    def _repr_html_(self: Any) -> str:
        rows = {
            "What it does": self.description,
            "Ages": self.age_band.label,
            "MHSDS codes": ", ".join(self.mhsds_codes),
            "In Python": f"TeamType.{self.name}",
        }
        cells = "".join(
            f'<tr><th scope="row">{key}</th><td style="text-align:left">{escape(text)}</td></tr>'
            for key, text in rows.items()
        )
        return f"<table><caption><b>{escape(self.label)}</b> (type of team)</caption>{cells}</table>"


class TeamType(_InNotebooks, Enum):
    """The audit's twelve types of community mental health team, in the audit's order.

    Attributes
    ----------
    label : str
        The type in the audit's words.
    mhsds_codes : tuple of str
        The codes of the Mental Health Services Data Set (Service or Team Type Referred To) that this library counts as
        this type. The mapping is our reading: the audit has none. A code that no other type has is OTHER.
    description : str
        What such a team does, in a sentence.
    age_band : AgeBand
        The ages served: 65 and over for older people's and memory services, 16–64 for the rest.

    References
    ----------
    NHS England Community Mental Health Services Audit 2016/17: Defining Community Mental Health Services (the types);
    CMHS Finance – Unit Costs ("population catchments in team age bands"). NHS Data Dictionary: Service or Team Type
    Referred To (Mental Health).

    Examples
    --------
    >>> TeamType.parse("Older Peoples CMHTs")
    <TeamType.OLDER_PEOPLE: 'older_people'>
    >>> TeamType.parse("A17").label, TeamType.parse("A17").age_band.label
    ('Memory Services', '65+')
    """

    _value_: str
    label: str
    mhsds_codes: tuple[str, ...]
    description: str
    age_band: AgeBand

    GENERIC_CMHT = (
        "generic_cmht", "Generic CMHTs", "A06",
        "Treats people who live in one area and coordinates their care; the most common type.",
    )  # fmt: skip
    ASSERTIVE_OUTREACH = (
        "assertive_outreach", "Assertive Outreach", "A08",
        "Supports intensively people with severe mental illness who find it hard to engage with services.",
    )  # fmt: skip
    REHABILITATION_RECOVERY = (
        "rehabilitation_recovery", "Rehabilitation & Recovery", "A09",
        "Gives specialist support to people with severe mental illness of long standing.",
    )  # fmt: skip
    ASSESSMENT_BRIEF_INTERVENTION = (
        "assessment_brief_intervention", "Assessment & Brief Intervention", "A18",
        "Assesses and triages people quickly outside a crisis, and offers short packages of care or the way to others.",
    )  # fmt: skip
    OLDER_PEOPLE = (
        "older_people", "Older People", "A07",
        "Supports older people with lasting mental health needs, functional and organic.", OLDER,
    )  # fmt: skip
    CRHT = (
        "crht", "CRHT", "A02",
        "Crisis resolution and home treatment: urgent, intensive care at home in place of a hospital admission.",
    )  # fmt: skip
    EIP = (
        "eip", "EIP", "A14",
        "Early intervention in psychosis: rapid care in a first episode, or for a mental state at risk of one.",
    )  # fmt: skip
    PERINATAL = (
        "perinatal", "Perinatal", "C02",
        "Supports women with severe mental illness around a birth, and their families.",
    )  # fmt: skip
    EATING_DISORDERS = (
        "eating_disorders", "Eating Disorders", "C10 C03",
        "Gives specialist community care for eating disorders.",
    )  # fmt: skip
    FORENSIC = (
        "forensic", "Forensic", "B01",
        "Supports people who have offended or are at high risk of offending.",
    )  # fmt: skip
    MEMORY = (
        "memory", "Memory Services", "A17",
        "Gives specialist support to people with, as a rule, organic mental illness.", OLDER,
    )  # fmt: skip
    OTHER = (
        "other", "Other CMHTs",
        """A01 A03 A04 A05 A10 A11 A12 A13 A15 A16 A19 A20 A21 A22 A23 A24 A25 B02 C01 C04 C05 C06 C07 C08
        D01 D02 D03 D04 D05 D06 D07 D08 E01 E02 E03 E04 F01 F02 F03 F04 F05 F06 F07 Z01 Z02""",
        "Any other specialist or local team for one particular service.",
    )  # fmt: skip

    def __new__(
        cls, slug: str, label: str = "", codes: str = "", description: str = "", age_band: AgeBand = WORKING_AGE
    ) -> Self:
        """Make a member; the defaults serve type checkers, which take TeamType("crht") for a call of this."""
        member = object.__new__(cls)
        member._value_ = slug
        member.label = label
        member.mhsds_codes = tuple(codes.split())
        member.description = description
        member.age_band = age_band
        return member

    @property
    def spellings(self) -> frozenset[str]:
        """Every spelling that is read as this type, in the form of `normalise`."""
        return frozenset(spelling for spelling, team_type in TEAM_TYPE_SPELLINGS.items() if team_type is self)

    @classmethod
    def parse(cls, text: str | TeamType) -> TeamType:
        """Read a team type as analysts and data sets write it.

        Parameters
        ----------
        text : str or TeamType
            For example "Generic CMHTs", "older-people", "Rehab & Recovery", "CRHTT", "Home Treatment Team" or the
            MHSDS code "A06"; case, spaces and punctuation do not matter.

        Returns
        -------
        TeamType
            The type.

        Raises
        ------
        BadInput
            When no type is spelt so, with the nearest that are. Totals ("All CMHTs") are not a type; nor is a mother
            and baby unit, which is a ward.

        Examples
        --------
        >>> TeamType.parse("Rehab and Recovery"), TeamType.parse("htt")
        (<TeamType.REHABILITATION_RECOVERY: 'rehabilitation_recovery'>, <TeamType.CRHT: 'crht'>)
        """
        if isinstance(text, TeamType):
            return text
        found = TEAM_TYPE_SPELLINGS.get(normalise(text)) if isinstance(text, str) else None
        if found is None:
            hint = nearest(text, _TO_SUGGEST) if isinstance(text, str) else ""
            expected = (
                "one of the audit's team types, such as 'Generic CMHTs' or 'CRHT', or an MHSDS team code like 'A06'"
            )
            if text is None:
                expected += ", not a missing value"
            elif hint:
                expected = f"a team type; {hint}"
            raise BadInput("the team type", [Problem("team_type", None, text, expected)])
        return found


# Each of these is also read with a kind of team after it.
_NAMES = {
    TeamType.GENERIC_CMHT: ("Generic", "Generic Adult"),
    TeamType.ASSERTIVE_OUTREACH: ("Assertive Outreach",),
    TeamType.REHABILITATION_RECOVERY: (
        "Rehabilitation and Recovery", "Rehab and Recovery", "Rehabilitation", "Rehab", "Community Rehabilitation",
        "Community Rehab",
    ),
    TeamType.ASSESSMENT_BRIEF_INTERVENTION: (
        "Assessment and Brief Intervention", "Assessment and Brief Interventions", "Brief Intervention",
        "Single Point of Access",
    ),
    TeamType.OLDER_PEOPLE: (
        "Older People", "Older Peoples", "Older Person", "Older Persons", "Older Adult", "Older Adults", "OPMH", "MHOP",
        "MHSOP",
    ),
    TeamType.CRHT: (
        "CRHT", "Crisis Resolution and Home Treatment", "Crisis Resolution Home Treatment", "Crisis Resolution",
        "Crisis and Home Treatment", "Home Treatment", "Home Based Treatment",
    ),
    TeamType.EIP: (
        "EIP", "Early Intervention in Psychosis", "Early Intervention for Psychosis", "Early Intervention Psychosis",
        "Early Intervention",
    ),
    TeamType.PERINATAL: ("Perinatal", "Community Perinatal", "Specialist Perinatal"),
    TeamType.EATING_DISORDERS: (
        "Eating Disorders", "Eating Disorder", "Community Eating Disorders", "Community Eating Disorder",
        "Adult Eating Disorders", "Adult Eating Disorder",
    ),
    TeamType.FORENSIC: ("Forensic", "Community Forensic", "Specialist Community Forensic"),
    TeamType.MEMORY: ("Memory", "Memory Assessment", "Memory Clinic"),
    TeamType.OTHER: ("Other", "Any Other", "Other Specialist"),
}  # fmt: skip

_KINDS = (
    "", "team", "teams", "service", "services", "CMHT", "CMHTs", "mental health", "mental health team",
    "mental health teams", "mental health service", "mental health services", "community team", "community teams",
    "community mental health team", "community mental health teams", "community mental health service",
    "community mental health services",
)  # fmt: skip

# These are read as they stand and with an "s". Left out is what means two things: ABI (acquired brain injury), ED
# (emergency department), CRT (cognitive remediation therapy), and "Recovery Team", generic in one trust and
# rehabilitation in the next.
_WHOLE_NAMES = {
    TeamType.GENERIC_CMHT: (
        "CMHT", "CMHT team", "Community Mental Health Team", "Adult CMHT", "Adult Community Mental Health Team",
        "Working Age CMHT", "Working Age Adult CMHT", "CMHT Functional", "Functional CMHT",
        "Community Mental Health Team Functional",
    ),
    TeamType.ASSERTIVE_OUTREACH: ("AOT",),
    TeamType.ASSESSMENT_BRIEF_INTERVENTION: ("SPA", "SPoA"),
    TeamType.OLDER_PEOPLE: (
        "CMHT Organic", "Organic CMHT", "Community Mental Health Team Organic", "CMHT for Older People",
        "Community Mental Health Team for Older People", "CMHT Older People", "Mental Health Services for Older People",
    ),
    TeamType.CRHT: ("CRHTT", "HTT", "HBTT", "Crisis Team", "Crisis Resolution Team Home Treatment Service"),
    TeamType.EIP: ("EIPT", "EIS", "Early Intervention Team for Psychosis", "Early Intervention Service for Psychosis"),
    TeamType.PERINATAL: ("Specialist Perinatal Mental Health Community Service",),
    TeamType.EATING_DISORDERS: ("CEDS", "Eating Disorders Dietetics Service"),
    TeamType.MEMORY: ("Memory Clinic", "Memory Services Clinic Drop in service"),
}  # fmt: skip


def _every_spelling() -> dict[str, TeamType]:
    # Codes of the MHSDS that it has yet to give out are Other too, until one of the types above claims them.
    spellings = {f"{letter}{number:02d}": TeamType.OTHER for letter in "abcdef" for number in range(100)}
    spellings |= {normalise(code): team_type for team_type in TeamType for code in team_type.mhsds_codes}
    for team_type in TeamType:
        names = [team_type.value, team_type.label]
        names += [f"{name} {kind}" for name in _NAMES[team_type] for kind in _KINDS]
        names += [name + plural for name in _WHOLE_NAMES.get(team_type, ()) for plural in ("", "s")]
        for spelling in map(normalise, names):
            if spellings.setdefault(spelling, team_type) is not team_type:
                raise ValueError(f"{spelling!r} is a spelling of both {spellings[spelling]} and {team_type}")
    return spellings


TEAM_TYPE_SPELLINGS: Mapping[str, TeamType] = MappingProxyType(_every_spelling())
"""Every spelling that is understood, in the form of `normalise`, with its type; no two types share one."""

_TO_SUGGEST = tuple(
    dict.fromkeys(
        name
        for team_type in TeamType
        for name in (team_type.label, *_NAMES[team_type], *_WHOLE_NAMES.get(team_type, ()))
    )
)
