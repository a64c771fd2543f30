"""Workforce: how many staff there are, for the people they serve and the work they do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmhs_metrics.catalogue import metric
from cmhs_metrics.numeric.ratio import ratio
from cmhs_metrics.numeric.summaries import shares
from cmhs_metrics.sources import AUDIT, CONFEDERATION, WORKFORCE_STATISTICS

if TYPE_CHECKING:
    from cmhs_metrics.numeric.kinds import Many, Number, Value

__all__ = [
    "wte_per_100k",
    "patients_per_wte",
    "contacts_per_wte",
    "team_wte_share",
    "skill_mix",
    "female_share",
    "white_british_share",
    "under_50_share",
    "over_four_days_share",
    "caseload_per_worker",
    "vacancy_rate",
    "sickness_absence_rate",
    "turnover_rate",
    "supervision_rate",
]

BY_TEAM = AUDIT.section("Size and shape of the workforce – by team type")


@metric(
    label="Whole-time equivalents per 100,000 people",
    unit="WTE / person_100k",
    source=AUDIT.section("CMHS workforce size"),
    example={"wte": 40_216, "population": 44_900_000},
    gives="89.6",
    where="40,216 WTE; the population that 698,444 people at 1,555 per 100,000 imply",
    caveats=["The audit's 77 WTE per 100,000 covers the staff whose discipline was given."],
)
def wte_per_100k(wte: Value | Number, population: Value | Number) -> Value:
    """Whole-time equivalent staff in post, for every 100,000 people of the place."""
    return ratio(wte, population, 100_000)


@metric(
    label="Patients per whole-time equivalent",
    unit="patient / WTE",
    source=BY_TEAM,
    example={"caseload": 698_444, "wte": 40_216},
    gives="17.4",
    where="698,444 people on caseload, 40,216 WTE on 31 March 2017",
    caveats=["All staff, also those without a caseload of their own, such as managers and administrators."],
)
def patients_per_wte(caseload: Value | Number, wte: Value | Number) -> Value:
    """People on the caseload for each whole-time equivalent member of staff."""
    return ratio(caseload, wte)


@metric(
    label="Contacts per whole-time equivalent per year",
    unit="contact / WTE",
    source=BY_TEAM,
    example={"contacts": 14_000_000, "wte": 40_216},
    gives="348.1",
    where="14 million contacts, 40,216 WTE on 31 March 2017",
    annual=True,
    caveats=["All staff, also those who see no patients. The audit itself does not print this ratio."],
)
def contacts_per_wte(contacts: Value | Number, wte: Value | Number) -> Value:
    """Contacts of a year for each whole-time equivalent member of staff."""
    return ratio(contacts, wte)


@metric(
    label="Share of staff by team",
    unit="",
    source=AUDIT.section("Workforce demographics All CMHS Staff"),
    example={"wte": (14_600, 6_324, 5_557, 13_735)},
    gives="[0.363, 0.157, 0.138, 0.342]",
    places=3,
    where="generic CMHTs, older people, crisis teams, and the rest of 40,216 WTE",
    proportion=True,
    many=True,
)
def team_wte_share(wte: Many) -> Many:
    """The share of each team type among all whole-time equivalent staff."""
    return shares(wte)


@metric(
    label="Skill mix",
    unit="",
    source=AUDIT.section("Social Care: NHS Trust Employed CMHS Staff"),
    example={"wte": (4, 4, 33, 6, 5, 3, 11, 1, 10)},
    gives="[0.052, 0.052, 0.429, 0.078, 0.065, 0.039, 0.143, 0.013, 0.13]",
    places=3,
    where="WTE per 100,000 by discipline; community psychiatric nurses are 33 of 77, printed 43%",
    proportion=True,
    many=True,
)
def skill_mix(wte: Many) -> Many:
    """The share of each discipline among all whole-time equivalent staff."""
    return shares(wte)


@metric(
    label="Female share of staff",
    unit="",
    source=AUDIT.section("Workforce demographics All CMHS Staff"),
    example={"female_wte": 26_208, "wte": 36_400},
    gives="0.72",
    places=2,
    where="72% of 36,400 WTE",
    proportion=True,
)
def female_share(female_wte: Value | Number, wte: Value | Number) -> Value:
    """The share of staff who are female."""
    return ratio(female_wte, wte)


@metric(
    label="White British share of staff",
    unit="",
    source=AUDIT.section("Workforce demographics All CMHS Staff"),
    example={"white_british_wte": 28_756, "wte": 36_400},
    gives="0.79",
    places=2,
    where="79% of 36,400 WTE",
    proportion=True,
    caveats=["The audit gives 29% to other ethnic backgrounds; with the 79% that is 108%."],
)
def white_british_share(white_british_wte: Value | Number, wte: Value | Number) -> Value:
    """The share of staff who are White British."""
    return ratio(white_british_wte, wte)


@metric(
    label="Share of staff under 50",
    unit="",
    source=AUDIT.section("Workforce demographics All CMHS Staff"),
    example={"under_50_wte": 22_204, "wte": 36_400},
    gives="0.61",
    places=2,
    where="61% of 36,400 WTE",
    proportion=True,
)
def under_50_share(under_50_wte: Value | Number, wte: Value | Number) -> Value:
    """The share of staff who are under 50."""
    return ratio(under_50_wte, wte)


@metric(
    label="Share of staff working more than four days a week",
    unit="",
    source=AUDIT.section("Workforce demographics All CMHS Staff"),
    example={"over_four_days_wte": 27_664, "wte": 36_400},
    gives="0.76",
    places=2,
    where="76% of 36,400 WTE",
    proportion=True,
)
def over_four_days_share(over_four_days_wte: Value | Number, wte: Value | Number) -> Value:
    """The share of staff who work more than four days a week."""
    return ratio(over_four_days_wte, wte)


@metric(
    label="Caseload per worker",
    unit="patient / WTE",
    source=CONFEDERATION.section("paragraphs 27 and 28: caseloads"),
    example={"caseload": 120, "caseload_holding_wte": 10},
    gives="12.0",
    where="assertive outreach as it was prescribed, up to 12 for each (Burns and others on Department of Health 2001)",
    caveats=[
        "Workers who hold a caseload alone; over all staff it is patients_per_wte.",
        "Compare teams of one type: assertive outreach and early intervention need small caseloads.",
    ],
)
def caseload_per_worker(caseload: Value | Number, caseload_holding_wte: Value | Number) -> Value:
    """People on the caseload for each whole-time equivalent worker who holds a caseload."""
    return ratio(caseload, caseload_holding_wte)


@metric(
    label="Vacancy rate",
    unit="",
    source=WORKFORCE_STATISTICS.section("vacancies"),
    example={"vacant_wte": 167, "establishment_wte": 1_000},
    gives="0.167",
    places=3,
    where="nurses of mental health trusts in London, third quarter of 2017/18: 16.7% of posts (Health Service Journal)",
    proportion=True,
    caveats=["A vacant post may be filled by bank or agency staff."],
)
def vacancy_rate(vacant_wte: Value | Number, establishment_wte: Value | Number) -> Value:
    """The share of funded posts without anybody in post."""
    return ratio(vacant_wte, establishment_wte)


@metric(
    label="Sickness absence rate",
    unit="",
    source=WORKFORCE_STATISTICS.section("sickness absence"),
    example={"sickness_days": 56, "staff_days": 1_000},
    gives="0.056",
    places=3,
    where="NHS in England, 2022: 5.6% (Nuffield Trust, All is not well)",
    proportion=True,
    caveats=["Rates have a season: compare a month with the same month."],
)
def sickness_absence_rate(sickness_days: Value | Number, staff_days: Value | Number) -> Value:
    """The share of the days that staff could have worked that were lost to sickness."""
    return ratio(sickness_days, staff_days)


@metric(
    label="Staff turnover",
    unit="percent",
    source=WORKFORCE_STATISTICS.section("leavers"),
    example={"leavers_wte": 23_686, "wte": 183_476},
    gives="12.9",
    where="mental health staff, England, June 2017 to May 2018: one in eight left (healthcareleadernews.com); people "
    "counted over whole-time equivalents",
    annual=True,
    caveats=["Leavers of a year over staff at its end; from one trust to another is to leave as well."],
)
def turnover_rate(leavers_wte: Value | Number, wte: Value | Number) -> Value:
    """Staff who left within the year, as a percentage of the staff in post."""
    return ratio(leavers_wte, wte, 100)


@metric(
    label="Staff supervised",
    unit="",
    source=CONFEDERATION.section("paragraph 27: caseload management and supervision"),
    example={"staff_supervised": 81, "staff_due_supervision": 100},
    gives="0.81",
    places=2,
    where="clinicians of the community teams of Kent and Medway, June 2018: 81% (Trust Board, 26 July 2018)",
    proportion=True,
    caveats=["How often supervision is due differs between trusts and professions."],
)
def supervision_rate(staff_supervised: Value | Number, staff_due_supervision: Value | Number) -> Value:
    """The share of staff for whom supervision was due that had it in time."""
    return ratio(staff_supervised, staff_due_supervision)
