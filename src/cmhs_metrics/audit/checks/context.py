"""Context and capacity: inpatient beds, the workforce, and its disciplines."""

from __future__ import annotations

from cmhs_metrics.audit.check import Check
from cmhs_metrics.audit.checks.activity import CASELOAD, CONTACTS, SHOWN, SPENDING, SPENDING_RATE
from cmhs_metrics.audit.checks.families import (
    adds_to,
    at_most,
    highest,
    implied_population,
    population_behind,
    printed_again,
    quotient,
    share,
    share_of,
)
from cmhs_metrics.metrics.population import per_100k
from cmhs_metrics.metrics.workforce import contacts_per_wte, patients_per_wte
from cmhs_metrics.team_types import TeamType

BEDS = "inpatient.beds"
STAFF = "workforce.england.wte"
BED_TYPES = (
    "adult_acute", "older_adult_acute", "picu", "eating_disorders", "mother_and_baby", "low_secure", "medium_secure",
    "high_secure", "high_dependency_rehabilitation", "longer_term_complex", "neuropsychiatry", "other",
)  # fmt: skip
DISCIPLINES = (
    "psychiatry", "cpn", "social_workers", "occupational_therapists", "clinical_psychologists", "psychology_other",
    "peer_support_workers", "support_workers", "outreach_workers", "psychotherapists", "team_manager", "admin_support",
    "other",
)  # fmt: skip
STAFF_GROUPS = (
    "consultant_psychiatrist", "other_psychiatry", "cpn", "clinical_psychology", "occupational_therapist",
    "social_worker", "support_worker", "peer_support_worker", "all_other_staff",
)  # fmt: skip


def inpatient() -> list[Check]:
    """Beds by type, and for each 100,000 people."""
    acute = (f"{BEDS}.adult_acute", SPENDING, SPENDING_RATE)
    older = ("social_care.assessments_over_65.assessments", "social_care.assessments_over_65.assessments_per_100k")
    rate = "inpatient.adult_acute.beds_per_100k"
    return [
        adds_to("Beds add to the total", f"{BEDS}.total", [f"{BEDS}.{each}" for each in BED_TYPES]),
        *printed_again(f"{BEDS}.total", "inpatient.england.beds.text", "inpatient.england.beds.summary"),
        Check(
            "Adult acute beds per 100,000, on the people aged 16+ that spending implies",
            rate,
            acute,
            "{0} ÷ ({1} ÷ {2})",
            lambda beds, cost, of_cost: per_100k(beds, population_behind(cost, of_cost)),
        ),
        Check(
            "Adult acute beds per 100,000, on people aged 16–64",
            rate,
            (*acute, *older),
            "{0} ÷ ({1} ÷ {2} − {3} ÷ {4})",
            lambda beds, cost, of_cost, assessed, of_assessed: per_100k(
                beds, population_behind(cost, of_cost) - population_behind(assessed, of_assessed)
            ),
        ),
        Check(
            "“Over 90% of service users supported in community settings”, with one patient a bed",
            "context.community_supported_share",
            (CASELOAD, f"{BEDS}.total"),
            "{0} ÷ ({0} + {1}) × 100",
            lambda patients, beds: share(patients, patients + beds),
            "at least",
        ),
    ]


def workforce() -> list[Check]:
    """CMHS workforce: its size, its people, and the teams they work in."""
    by_team = "workforce.by_team"
    people = "workforce.demographics"
    three = [f"{by_team}.{team}" for team in ("generic_cmht", "older_people", "crht")]
    largest = f"{by_team}.largest_three.share"
    return [
        *printed_again(STAFF, f"{STAFF}.conclusions", note="“Clinical staff” in the conclusions, all in the count."),
        at_most("Profiled staff are no more than all", STAFF, f"{STAFF}_profiled"),
        *(share_of("Share of staff, from the counts", f"{team}.share", f"{team}.wte", STAFF) for team in three),
        adds_to("Three largest types of team, from their shares", largest, [f"{team}.share" for team in three]),
        Check(
            "Three largest types of team, from the counts",
            largest,
            (*(f"{team}.wte" for team in three), STAFF),
            "({0} + {1} + {2}) ÷ {3} × 100",
            lambda first, second, third, every: share(first + second + third, every),
        ),
        adds_to(
            "White British and other ethnic backgrounds are all",
            100,
            [f"{people}.white_british", f"{people}.other_ethnic_backgrounds"],
        ),
        quotient("Patients per WTE, England", None, CASELOAD, STAFF, patients_per_wte, unit="patient / WTE"),
        *(
            quotient(
                f"Patients per WTE: {TeamType(team).label}", None, f"caseload.by_team.{team}.caseload",
                f"{by_team}.{team}.wte", patients_per_wte, unit="patient / WTE",
            )
            for team in ("generic_cmht", "older_people")
        ),
        quotient("Contacts per WTE, England", None, CONTACTS, STAFF, contacts_per_wte, unit="contact / WTE"),
    ]  # fmt: skip


def disciplines() -> list[Check]:
    """Who works in the teams: by type of team, and for each 100,000 people."""
    checks = []
    for team in SHOWN:
        column = [f"workforce.disciplines.{team.value}.{each}" for each in DISCIPLINES]
        checks.append(adds_to(f"Disciplines add to 100%: {team.label}", 100, column))
    group = "workforce.staff_group"
    rates = [f"{group}.{each}.wte_per_100k" for each in STAFF_GROUPS]
    every, nurses = f"{group}.total.wte_per_100k", f"{group}.cpn.wte_per_100k"
    return [
        *checks,
        adds_to("Staff groups add to the total", every, rates),
        share_of("“CPNs … account for 43% of all CMHT staff”", f"{group}.cpn.share.text", nurses, every, stated=True),
        highest("“Community Psychiatric Nurses are the largest staff group”", nurses, rates),
        implied_population(
            "People implied by the staff", STAFF, every,
            note="Neither those aged 16+ nor all: the base is not said, or some staff are left out of the rate.",
        ),
    ]  # fmt: skip


CHECKS = (*inpatient(), *workforce(), *disciplines())
