# ruff: noqa: E501 - names are as published
"""The national measures that are offered: one row a measure, so that a further one is a row."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from cmhs_metrics.mhsds.facts.referrals import OTHER_TEAM
from cmhs_metrics.mhsds.national import access, clock_stop, crisis, follow_up, monthly, psychosis, spells

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cmhs_metrics.mhsds.national.rows import Facts
    from cmhs_metrics.mhsds.records.extract import Frame


@dataclass(frozen=True, slots=True)
class Base:
    """Facts of one kind, of which several measures count some.

    Parameters
    ----------
    facts : function
        Gives the facts of a month: `provider`, `sub_icb`, a flag for each measure by its id, and `days` where something is
        told of days.
    needs : mapping of str to tuple of str
        The columns of each table without which there are none.
    teams : bool
        Whether types of teams are needed.
    argument : str
        The argument of `published` that is needed.
    no_hospital : bool
        Whether referrals are left out that a hospital spell is linked to.
    """

    facts: Callable[[Facts], Frame]
    needs: Mapping[str, tuple[str, ...]]
    teams: bool = True
    argument: str = ""
    no_hospital: bool = False


@dataclass(frozen=True, slots=True)
class Measure:
    """A national measure.

    Parameters
    ----------
    id, name, base : str
        As published; and the facts that it counts, by their name in `BASES`.
    months : int
        How many months its period has.
    kind : {"count", "people", "median", "percentile 90", "percentage"}
        What is made of what has the flag of its id, or, of days, of `of`. People are counted once a place.
    of, numerator, denominator : str
        The ids that days, or a percentage, are made of.
    hidden_with : tuple of str
        The ids whose counts decide whether it is suppressed; by default its own, or that of `of` or of the numerator.
    of_none : float, optional
        Of a percentage: what is published where the denominator is 0.
    code, breakdown : str
        The column of facts by whose codes it is told, of England only, and what that breakdown is called.
    needs : mapping of str to tuple of str
        What it needs besides.
    unit : str
        Of what is counted: "referral" or "count".
    teams : bool
        Whether it needs types of teams, though its facts do not.
    argument : str
        The argument of `published` that it needs, where its facts need none.
    """

    id: str
    name: str
    base: str
    months: int = 1
    kind: str = "count"
    of: str = ""
    numerator: str = ""
    denominator: str = ""
    hidden_with: tuple[str, ...] = ()
    of_none: float | None = None
    code: str = ""
    breakdown: str = ""
    needs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unit: str = "referral"
    teams: bool = False
    argument: str = ""

    @property
    def counted(self) -> tuple[str, ...]:
        """The ids of the counts that it is made of."""
        if self.kind == "percentage":
            return self.numerator, self.denominator
        return (self.of,) if self.of else (self.id,)

    @property
    def deciding(self) -> tuple[str, ...]:
        """The ids whose counts decide whether it is suppressed."""
        return self.hidden_with or self.counted[:1]

    @property
    def measured(self) -> str:
        """Its unit: "referral", "count", "percent" or "day"."""
        return {"percentage": "percent", "median": "day", "percentile 90": "day"}.get(self.kind, self.unit)


PERSON = "Person_ID"
REFERRALS = MappingProxyType(
    {"referrals": (PERSON, "UniqServReqID", "UniqMonthID", "OrgIDProv", "ReferralRequestReceivedDate", "ServDischDate")}
)
AGE = MappingProxyType({"referrals": (*REFERRALS["referrals"], "AgeServReferRecDate")})
CONTACTS = MappingProxyType(
    {"contacts": (PERSON, "UniqCareContID", "UniqServReqID", "CareContDate", "AttendStatus", "ConsMechanismMH")}
)
OF_A_MONTH = MappingProxyType({"contacts": (*CONTACTS["contacts"], "UniqMonthID", "OrgIDProv")})
COORDINATORS = MappingProxyType(
    {"care_coordinators": (PERSON, "UniqMonthID", "StartDateAssCareCoord", "EndDateAssCareCoord",
                           "CareProfServOrTeamTypeAssoc")}
)  # fmt: skip
INDIRECT = (PERSON, "IndirectActDate", "IndirectActProcedure")
ACTIVITIES = MappingProxyType(
    {"care_activities": (PERSON, "UniqCareContID", "Procedure", "Observation"), "indirect_activity": INDIRECT}
)
# Of each a clock would stop too late without it, or never.
STOPS = MappingProxyType(
    {
        "care_plans": (PERSON, "UniqCarePlanID", "OrgIDProv", "CarePlanCreatDate", "CarePlanLastUpdateDate"),
        "care_plan_agreements": (PERSON, "UniqCarePlanID"),
        "care_activities": (PERSON, "UniqCareContID", "Procedure"),
        "indirect_activity": (*INDIRECT, "UniqServReqID"),
        "referral_scores": (PERSON, "UniqServReqID", "CodedAssToolType", "AssToolCompTimestamp"),
        "activity_scores": (PERSON, "UniqCareContID", "CodedAssToolType"),
    }
)
HOSPITAL = MappingProxyType(
    {"hospital_spells": (PERSON, "UniqHospProvSpellID", "OrgIDProv", "UniqMonthID", "StartDateHospProvSpell",
                         "DischDateHospProvSpell", "MethOfDischMHHospProvSpell", "DestOfDischHospProvSpell"),
     "ward_stays": (PERSON, "UniqHospProvSpellID", "MHAdmittedPatientClass"),
     "people": (PERSON, "OrgIDProv", "PersDeathDate")}
)  # fmt: skip
REASON = MappingProxyType({"referrals": (*REFERRALS["referrals"], "PrimReasonReferralMH")})
PRIORITY = MappingProxyType({"referrals": (*AGE["referrals"], "ClinRespPriorityType")})
TIMES = MappingProxyType({"referrals": ("ReferralRequestReceivedTime",), "contacts": ("CareContTime",)})
REFERENCE_SETS, NICE_CONCORDANT = "reference_sets", "nice_concordant"
"""Arguments of `published`."""

BASES: Mapping[str, Base] = MappingProxyType(
    {
        "access": Base(access.access, AGE | CONTACTS, no_hospital=True),
        "second contacts": Base(access.second_contacts, AGE | CONTACTS, no_hospital=True),
        "spells": Base(spells.waits, AGE | CONTACTS, no_hospital=True),
        "clock stops": Base(clock_stop.waits, AGE | CONTACTS | STOPS, argument=REFERENCE_SETS, no_hospital=True),
        "referrals": Base(monthly.referrals, REFERRALS, teams=False),
        "contacts": Base(monthly.contacts, REFERRALS | OF_A_MONTH, teams=False),
        "discharges": Base(follow_up.follow_up, REFERRALS | OF_A_MONTH | HOSPITAL, teams=False),
        "psychosis": Base(psychosis.waiting, REASON),
        "treatment": Base(psychosis.treatment, REASON | CONTACTS | COORDINATORS),
        "caseload": Base(psychosis.caseload, REFERRALS | CONTACTS),
        "activities": Base(psychosis.activities, REFERRALS | CONTACTS | ACTIVITIES),
        "crisis": Base(crisis.response, PRIORITY | OF_A_MONTH),
    }
)
"""Facts by name."""

_SPELLS = "CMH referral-spells"
_OPEN = "that were still open at the end of the RP"
_ACCESS = "accessing community mental health services for adults and older adults with serious mental illness"
_SECOND = "which received the second contact within the RP (this is based on a three month rolling RP)"
_STILL = "still waiting for a second contact within the RP that were open at the end of the RP"
_REFERRAL_TO = "waiting time between referral and"
_WEEKS = {"a": "104", "c": "78", "e": "52"}


def _waits(family: str, base: str, whole: str, event: str) -> list[Measure]:
    """The long waits of a family of measures, and their shares."""
    rows = []
    for (letter, weeks), share in zip(_WEEKS.items(), "bdf", strict=True):
        what = f"{_SPELLS} waiting more than {weeks} weeks for {event} {_OPEN}"
        # A slip of the published code: the share over 52 weeks is hidden where the count over 104 weeks is.
        decides = (f"{family}a",) if family == "MRS02" and share == "f" else ()
        rows += [
            Measure(f"{family}{letter}", f"Number of {what}", base),
            Measure(f"{family}{share}", f"Proportion of {what}", base, 1, "percentage", numerator=f"{family}{letter}",
                    denominator=whole, hidden_with=decides),
        ]  # fmt: skip
    return rows


def _crisis(id: str, what: str) -> list[Measure]:
    ages = {"": "", "a": ", Aged 18 and over", "b": ", Aged under 18"}
    needs = TIMES if id != "CCR117" else MappingProxyType({})
    return [Measure(f"{id}{letter}", f"{what}{age}", "crisis", needs=needs) for letter, age in ages.items()]


_NEW = "Referrals to Crisis Care teams in the reporting period"
_SEEN = f"New Very Urgent {_NEW} with first face to face contact"
_ENDED = "discharges from adult acute beds eligible for 72 hour follow up in the reporting period"
_EIP = "referrals with suspected first episode of psychosis which entered treatment in the reporting period"

MEASURES: Mapping[str, Measure] = MappingProxyType(
    {
        each.id: each
        for each in (
            Measure("MHS108", "Number of people accessing community mental health services for adults and older adults with 2 or more care contacts within the RP",
                    "access", 12, "people", unit="count"),
            Measure("MRS01", f"Number of {_SPELLS} receiving a full clock stop in the RP", "clock stops", 3),
            Measure("MRS01a", f"Number of {_SPELLS} receiving a full clock stop in less than 4 weeks in the RP", "clock stops", 3),
            Measure("MRS01b", f"Proportion of {_SPELLS} receiving a full clock stop in less than 4 weeks in the RP", "clock stops", 3,
                    "percentage", numerator="MRS01a", denominator="MRS01"),
            Measure("MRS02", f"Number of {_SPELLS} waiting for a full clock stop {_OPEN}", "clock stops"),
            *_waits("MRS02", "clock stops", "MRS02", "full clock stop"),
            Measure("MRS03", f"Number of open {_SPELLS} waiting for a 2nd contact at the end of the RP", "spells"),
            Measure("MRS03a", f"Median time (days) for open {_SPELLS} waiting for a 2nd contact at the end of the RP", "spells", 1,
                    "median", of="MRS03"),
            Measure("MRS03b", f"90th percentile time (days) for open {_SPELLS} waiting for a 2nd contact at the end of the RP", "spells",
                    1, "percentile 90", of="MRS03"),
            Measure("MRS04", f"Number of {_SPELLS} that started in the RP", "spells", 3),
            Measure("MRS05", f"Number of {_SPELLS} that closed in the RP", "spells", 3),
            Measure("MRS06", f"Number of {_SPELLS} {_OPEN}", "spells"),
            *_waits("MRS07", "spells", "MRS03", "a 2nd contact"),
            Measure("MRS15", f"Number of {_SPELLS} receiving a 2nd contact in the RP", "spells", 3),
            Measure("MRS20", f"Number of open {_SPELLS} that have had a full meaningful help clock stop", "clock stops"),
            Measure("MRS21", f"Number of open {_SPELLS} that have had 2+ contacts", "spells"),
            Measure("MRS22", f"Proportion of open {_SPELLS} with 2+ contacts that have had a full meaningful help clock stop",
                    "clock stops", 1, "percentage", numerator="MRS20", denominator="MRS21", of_none=0.0),
            Measure("MHS124", f"Number of referrals {_ACCESS} {_SECOND}", "second contacts", 3),
            Measure("MHS125", f"Median {_REFERRAL_TO} second contact for referrals {_ACCESS} {_SECOND}", "second contacts", 3,
                    "median", of="MHS124"),
            Measure("MHS126", f"90th Percentile {_REFERRAL_TO} second contact for referrals {_ACCESS} {_SECOND}", "second contacts", 3,
                    "percentile 90", of="MHS124"),
            Measure("MHS127", f"Number of referrals {_ACCESS} {_STILL}", "second contacts", 3),
            Measure("MHS128", f"Median {_REFERRAL_TO} the end of the reporting period  for referrals {_ACCESS} {_STILL}",
                    "second contacts", 3, "median", of="MHS127"),
            Measure("MHS129", f"90th Percentile {_REFERRAL_TO} the end of the reporting period for referrals {_ACCESS} {_STILL}",
                    "second contacts", 3, "percentile 90", of="MHS127"),
            Measure("MHS29", "Contacts in reporting period", "contacts", unit="count"),
            Measure("MHS29d", "Contacts with community mental health teams in reporting period", "contacts", unit="count",
                    needs=MappingProxyType({"contacts": (OTHER_TEAM,)}), teams=True),
            Measure("MHS29f", "Contacts in reporting period, by attendance", "contacts", unit="count", code="attendance",
                    breakdown="England; Attendance"),
            Measure("MHS30", "Attended contacts in reporting period", "contacts", unit="count"),
            Measure("MHS30f", "Attended contacts with community mental health teams in reporting period", "contacts", unit="count",
                    teams=True),
            Measure("MHS30h", "Attended contacts in reporting period, by consultation mechanism", "contacts", unit="count",
                    code="how", breakdown="England; ConsMechanismMH"),
            Measure("MHS01", "People in contact with services at the end of the reporting period", "referrals", 1, "people",
                    unit="count"),
            Measure("MHS23", "Open referrals at the end of the reporting period", "referrals"),
            Measure("MHS23d", "Open referrals to community mental health teams at the end of the reporting period", "referrals",
                    teams=True),
            Measure("MHS32", "Referrals starting in the reporting period", "referrals"),
            Measure("MHS32c", "Referrals to community mental health teams starting in the reporting period", "referrals",
                    teams=True),
            Measure("MHS57", "People discharged from a referral in the reporting period", "referrals", 1, "people", unit="count"),
            Measure("MHS57b", "People discharged from a referral to community mental health teams in the reporting period",
                    "referrals", 1, "people", unit="count", teams=True),
            Measure("MHS78", f"Number of {_ENDED}", "discharges", unit="count"),
            Measure("MHS79", f"Number of {_ENDED} that were followed up within 72 hours", "discharges", unit="count"),
            Measure("MHS80", f"Proportion of {_ENDED} that were followed up within 72 hours", "discharges", 1, "percentage",
                    numerator="MHS79", denominator="MHS78", hidden_with=("MHS79", "MHS78"), of_none=0.0),
            Measure("EIP23a", f"Number of {_EIP}, with early intervention teams", "treatment", 3),
            Measure("EIP23b", f"Number of {_EIP}, with early intervention teams, within two weeks", "treatment", 3),
            Measure("EIP23i", f"Proportion of {_EIP}, with early intervention teams, within two weeks", "treatment", 3, "percentage",
                    numerator="EIP23b", denominator="EIP23a", hidden_with=("EIP23b", "EIP23a")),
            Measure("EIP63", "Open referrals with suspected first episode of psychosis at the end of the reporting period, not to early intervention teams",
                    "psychosis"),
            Measure("EIP64", f"Number of {_EIP}, not with early intervention teams", "treatment", 3),
            Measure("EIP65", f"Number of {_EIP}, not with early intervention teams, after two weeks", "treatment", 3),
            Measure("EIP66", f"Number of {_EIP}, not with early intervention teams, within two weeks", "treatment", 3),
            Measure("EIP67", f"Proportion of {_EIP}, not with early intervention teams, within two weeks", "treatment", 3, "percentage",
                    numerator="EIP66", denominator="EIP64", hidden_with=("EIP66", "EIP64")),
            Measure("EIP68", "Referrals on the caseload of early intervention teams at the end of the reporting period", "caseload"),
            Measure("EIP69a", "Referrals on the caseload of early intervention teams with any intervention recorded", "activities"),
            Measure("EIP69b", "Referrals on the caseload of early intervention teams with a NICE concordant intervention recorded", "activities",
                    argument=NICE_CONCORDANT),
            *_crisis("CCR117", f"New Very Urgent {_NEW}"),
            *_crisis("CCR118", _SEEN),
            *_crisis("CCR119", f"{_SEEN} within 4 hours of referral"),
            *_crisis("CCR120", f"New Urgent {_NEW} with first face to face contact within 24 hours of referral"),
        )
    }
)  # fmt: skip
"""The measures that are offered, by id."""
