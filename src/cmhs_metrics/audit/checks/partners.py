"""Partners: social care, primary care and the voluntary sector."""

from __future__ import annotations

from itertools import pairwise

from cmhs_metrics.audit.check import Check
from cmhs_metrics.audit.checks.families import (
    adds_to,
    ascending,
    at_least,
    at_most,
    between,
    extrapolation,
    highest,
    implied_population,
    lowest,
    printed_again,
    quotient,
    share,
    share_of,
)
from cmhs_metrics.metrics.finance import year_of_care_cost
from cmhs_metrics.numeric.ratio import ratio

ENHANCED = "primary_care.enhanced"
PATIENTS = (f"{ENHANCED}.patients", f"{ENHANCED}.patients_per_100k")
THERAPISTS = "primary_care.psychological_therapists"
TRAINING = "primary_care.training.professionals"
RECURRENT = "voluntary_sector.commissioning.recurrent"
OFFERS = ("counselling", "support_groups", "health_and_wellbeing", "peer_support")
"""The four commonest types of voluntary service, commonest first."""
RECURRENCE = (
    "peer_support", "support_groups", "benefits_support", "counselling", "crisis_housing", "health_and_wellbeing",
    "nice_psychological_therapies", "employment_support", "housing_support",
)  # fmt: skip
"""The nine types of the list, from the least to the most recurrent."""


def social_care() -> list[Check]:
    """Responses, AMHPs and Mental Health Act assessments."""
    responses = "social_care.responses"
    professionals = "social_care.amhp"
    assessments = f"{professionals}.assessments_per_wte"
    ages = {"under_18": "under 18s", "over_65": "over 65s"}
    sources = [f"social_care.mha_assessment_source.{each}" for each in ("cmht", "inpatient", "police", "a_and_e")]
    sources.append("social_care.mha_assessment_source.primary_care")
    both, only_one, only_other = (f"{responses}.{each}" for each in ("both", "nhsbn_only", "adass_only"))
    checks = [
        adds_to("Responses add to the total", f"{responses}.total", [both, only_one, only_other]),
        adds_to("Responses to the NHSBN collection", f"{responses}.nhsbn_total", [both, only_one]),
        adds_to("Responses to the ADASS collection", f"{responses}.adass_total", [both, only_other]),
        *printed_again(f"{responses}.total", "introduction.local_authorities"),
        share_of(
            "“Around two thirds of Social Workers … are AMHPs”", f"{professionals}.share_of_social_workers",
            f"{professionals}.wte_per_100k", "social_care.social_workers.wte_per_100k",
        ),
        implied_population("People implied by AMHPs", f"{professionals}.wte", f"{professionals}.wte_per_100k"),
        extrapolation(
            "AMHPs, on the people that enhanced primary care implies", f"{professionals}.wte",
            f"{professionals}.wte_per_100k", *PATIENTS,
        ),
        *between(
            "Assessments per AMHP among the authorities", assessments,
            [f"{assessments}.minimum", f"{assessments}.maximum"],
        ),
        adds_to("Sources of assessments leave room for the rest", 100, sources, relation="at most"),
        highest("“Two most common sources”: CMHTs first", sources[0], sources),
        highest("“Two most common sources”: inpatient second", sources[1], sources[1:]),
        Check(
            "Assessments of under 18s and over 65s are no more than all",
            100,
            (*(f"social_care.assessments_{age}.assessments" for age in ages), assessments, f"{professionals}.wte"),
            "({0} + {1}) ÷ ({2} × {3}) × 100",
            lambda young, old, of_each, staff: share(young + old, of_each * staff),
            "at most",
            unit="percent",
        ),
    ]  # fmt: skip
    for age, label in ages.items():
        group = f"social_care.assessments_{age}"
        grew = [f"{group}.small_increase", f"{group}.significant_increase"]
        checks.append(adds_to(f"Answers leave room for no increase: {label}", 100, grew, relation="at most"))
        rate = f"{group}.assessments_per_100k"
        checks.append(implied_population(f"People implied by assessments of {label}", f"{group}.assessments", rate))
    return checks


def primary_care() -> list[Check]:
    """CCGs that answered, enhanced primary care, training, therapists, housing."""
    checked = "primary_care.physical_health_checks.2017_18"
    per_patient = f"{ENHANCED}.cost_per_patient"
    every_ccg = "introduction.prescribing.ccgs"
    checks = [
        at_most("CCGs that answered are no more than all", every_ccg, "introduction.primary_care_initiatives.ccgs"),
        at_most("CCGs that answered are no more than all", every_ccg, "introduction.voluntary_sector.ccgs"),
        at_most("CCGs that answered are no more than all", every_ccg, f"{THERAPISTS}.ccgs"),
        at_most(
            "CCGs of one page are among those of the introduction", "introduction.primary_care_initiatives.ccgs",
            f"{ENHANCED}.ccgs", note="179 and 104 for what seems to be one collection.",
        ),
        *printed_again(f"{THERAPISTS}.ccgs", f"{THERAPISTS}.ccgs.text"),
        implied_population("People implied by enhanced primary care's patients", *PATIENTS),
        implied_population("People implied by its cost", f"{ENHANCED}.total_cost", f"{ENHANCED}.cost_per_100k"),
        implied_population("People implied by professionals trained", TRAINING, f"{TRAINING}_per_100k"),
        implied_population("People implied by therapists", f"{THERAPISTS}.wte", f"{THERAPISTS}.wte_per_100k"),
        extrapolation(
            "Cost, on the people its patients imply", f"{ENHANCED}.total_cost", f"{ENHANCED}.cost_per_100k", *PATIENTS
        ),
        extrapolation("Professionals trained, on the same people", TRAINING, f"{TRAINING}_per_100k", *PATIENTS),
        extrapolation("Therapists, on the same people", f"{THERAPISTS}.wte", f"{THERAPISTS}.wte_per_100k", *PATIENTS),
        quotient(
            "Cost per patient, from the rates: “this equates to”", per_patient, f"{ENHANCED}.cost_per_100k",
            f"{ENHANCED}.patients_per_100k", year_of_care_cost, stated=True,
        ),
        quotient(
            "Cost per patient, from the totals: “this equates to”", per_patient, f"{ENHANCED}.total_cost",
            f"{ENHANCED}.patients", year_of_care_cost, stated=True,
        ),
        adds_to(
            "Providers add to 100%", 100,
            [f"{ENHANCED}.provider.{each}" for each in ("trusts", "gp_practices", "primary_care_teams")],
        ),
        at_least("Professionals trained are no fewer than those reported", f"{TRAINING}_reported", TRAINING),
        at_least("Physical health checks rise", checked, "primary_care.physical_health_checks.2019_20"),
        *between("Physical health checks among the CCGs", checked, [f"{checked}.minimum", f"{checked}.maximum"]),
        Check(
            "Two sessions are a day",
            "primary_care.ccg_leads.days_per_week",
            ("primary_care.ccg_leads.sessions_per_week",),
            "{0} ÷ 2",
            lambda sessions: sessions / 2,
            additive=True,
        ),
    ]  # fmt: skip
    housing = [
        f"primary_care.supported_housing.{each}"
        for each in ("residential_care_home", "supported_flat", "therapeutic_community")
    ]
    for each in housing:
        spend, spaces = f"{each}.cost_per_100k", f"{each}.places_per_100k"
        checks.append(
            quotient("Spend per space, from its two columns", f"{each}.cost_per_place", spend, spaces, stated=True)
        )
        checks.append(at_most("Spaces occupied are no more than all", 100, f"{each}.occupancy"))
    places = [f"{each}.places_per_100k" for each in housing]
    return [*checks, highest("“The largest category … was residential care homes”", places[0], places)]


def voluntary_sector() -> list[Check]:
    """What is offered, for whom, at what cost, and whether it recurs."""
    checks: list[Check] = []
    for offer in OFFERS:
        cost, patients, each = (
            f"voluntary_sector.offers.{offer}.{column}" for column in ("total_cost", "patients", "cost_per_patient")
        )
        label = offer.replace("_", " ")
        checks.append(quotient(f"Cost per patient: {label}", each, cost, patients, year_of_care_cost))
        checks.append(
            Check(f"Investment, from the cost per patient: {label}", cost, (each, patients), "{0} × {1}", _product)
        )
    services = [f"voluntary_sector.offers.{offer}.services" for offer in OFFERS]
    every = "introduction.voluntary_sector.services"
    shares = [f"{RECURRENT}.{each}" for each in RECURRENCE]
    return [
        *checks,
        adds_to("The four commonest leave room for the rest", every, services, relation="at most"),
        *(at_least("The commonest come first", lower, higher) for higher, lower in pairwise(services)),
        adds_to("Recurrent and not are all", 100, [RECURRENT, "voluntary_sector.commissioning.non_recurrent"]),
        *printed_again(f"{RECURRENT}.housing_support", f"{RECURRENT}.housing_support.text"),
        *printed_again(f"{RECURRENT}.peer_support", f"{RECURRENT}.peer_support.text"),
        *ascending("The list goes upward", shares),
        lowest("Peer support is the least recurrent", shares[0], shares),
        *between("All services among the types", RECURRENT, shares),
        Check(
            "Recurrent share of all but the four commonest is no more than that of the most recurrent",
            shares[-1],
            (RECURRENT, every, *(f"{RECURRENT}.{offer}" for offer in OFFERS), *services),
            "({0} × {1} − ({2} × {6} + {3} × {7} + {4} × {8} + {5} × {9})) ÷ ({1} − ({6} + {7} + {8} + {9}))",
            _recurrent_rest,
            "at most",
            note="The base of the share of all cannot be the services that the introduction counts.",
        ),
    ]


def _product(first: float, second: float) -> float:
    return first * second


def _recurrent_rest(of_all: float, every: float, *parts: float) -> float:
    shares, services = parts[:4], parts[4:]
    known = sum(of_type * count for of_type, count in zip(shares, services, strict=True))
    return ratio(of_all * every - known, every - sum(services))


CHECKS = (*social_care(), *primary_care(), *voluntary_sector())
