"""Workforce: how many staff there are, for the people they serve and the work they do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmhs_metrics.catalogue import metric
from cmhs_metrics.ratio import ratio
from cmhs_metrics.sources import AUDIT

if TYPE_CHECKING:
    from cmhs_metrics.containers import Number, Value

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
