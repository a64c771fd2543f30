"""Workforce: how many staff there are, for the people they serve and the work they do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmhs_metrics.catalogue import metric
from cmhs_metrics.numeric.ratio import ratio
from cmhs_metrics.numeric.summaries import shares
from cmhs_metrics.sources import AUDIT

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
