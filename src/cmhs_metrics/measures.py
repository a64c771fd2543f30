"""The measures that metrics are made of: their names, units, and how each adds.

A measure is counted or paid; a metric is computed from measures. Measures add, each in its own way; metrics never do.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Kind(Enum):
    """How a measure adds."""

    FLOW = "flow"
    """Happens over a period: adds over teams and over time (cost, contacts, referrals)."""
    STOCK = "stock"
    """Is there at a moment: adds over teams; over time it is the last or the mean (caseload, WTE, beds)."""
    DISTINCT = "distinct"
    """A count of distinct things that rows share (organisations): does not add."""
    POPULATION = "population"
    """People of a place: adds over distinct places, never over teams or months."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A quantity that services count or pay.

    Parameters
    ----------
    name : str
        The name of the parameter and of the column, for example "caseload".
    unit : str
        The canonical unit, for example "patient".
    kind : Kind
        How the measure adds.
    description : str
        What is counted, as a phrase.
    part_of : str, optional
        The measure that this one is a part of, and so never above.
    """

    name: str
    unit: str
    kind: Kind
    description: str
    part_of: str | None = None


def _measures(*measures: Measure) -> Mapping[str, Measure]:
    return MappingProxyType({measure.name: measure for measure in measures})


FLOW, STOCK, DISTINCT, PEOPLE = Kind.FLOW, Kind.STOCK, Kind.DISTINCT, Kind.POPULATION

MEASURES: Mapping[str, Measure] = _measures(
    # Referrals
    Measure("referrals", "referral", FLOW, "referrals received in the period"),
    Measure("referrals_accepted", "referral", FLOW, "referrals accepted in the period", part_of="referrals"),
    Measure("referrals_rejected", "referral", FLOW, "referrals of the period that were rejected", part_of="referrals"),
    Measure("referrals_closed", "referral", FLOW, "referrals discharged or rejected in the period"),
    Measure("open_referrals", "referral", STOCK, "referrals neither discharged nor rejected at the end of the period"),
    # Waits
    Measure("waits_completed", "referral", FLOW, "waits that ended in the period with the care waited for"),
    Measure("waits_within_four_weeks", "referral", FLOW, "those of at most four weeks", part_of="waits_completed"),
    Measure("waiting", "referral", STOCK, "referrals still waiting at the end of the period"),
    Measure("waiting_over_18_weeks", "referral", STOCK, "those waiting for more than 18 weeks", part_of="waiting"),
    Measure("waiting_over_52_weeks", "referral", STOCK, "those waiting for more than 52 weeks", part_of="waiting"),
    Measure("waiting_over_78_weeks", "referral", STOCK, "those waiting for more than 78 weeks", part_of="waiting"),
    Measure("waiting_over_104_weeks", "referral", STOCK, "those waiting for more than 104 weeks", part_of="waiting"),
    Measure("eip_starts", "referral", FLOW, "first episodes of psychosis of which treatment began"),
    Measure("eip_starts_within_two_weeks", "referral", FLOW, "those within two weeks of referral", "eip_starts"),
    Measure("full_clock_stops", "referral", FLOW, "referral-spells that had their full clock stop in the period"),
    Measure("full_clock_stops_within_four_weeks", "referral", FLOW, "those within four weeks", "full_clock_stops"),
    Measure("crisis_referrals", "referral", FLOW, "urgent referrals to crisis teams in the period"),
    Measure(
        "crisis_referrals_seen_in_24_hours", "referral", FLOW, "those seen face to face in 24 hours", "crisis_referrals"
    ),
    # Caseload
    Measure("caseload", "patient", STOCK, "people on the caseload at the end of the period"),
    Measure("average_caseload", "patient", STOCK, "mean number of people on the caseload over the period"),
    Measure("patients_with_care_plan", "patient", STOCK, "those who have a care plan", part_of="caseload"),
    Measure("patients_with_key_worker", "patient", STOCK, "those who have a key worker", part_of="caseload"),
    Measure("people_in_contact", "patient", STOCK, "people with an open referral, seen or not"),
    Measure("discharges", "discharge", FLOW, "discharges in the period"),
    Measure("discharges_after_dna", "discharge", FLOW, "those for not attending", part_of="discharges"),
    Measure("service_users", "patient", STOCK, "people in specialist mental health care, in hospital and out of it"),
    Measure("community_patients", "patient", STOCK, "those supported in the community", part_of="service_users"),
    Measure("patients_offered_therapy", "patient", STOCK, "those offered more than medicines in a year", "caseload"),
    Measure("iapt_entrants", "patient", FLOW, "people entering IAPT (now NHS Talking Therapies) in the period"),
    Measure("people_accessing", "patient", STOCK, "people with two or more contacts in the twelve months to then"),
    Measure("people_accessing_a_year_before", "patient", STOCK, "those who had them in the year before"),
    # Contacts
    Measure("contacts", "contact", FLOW, "contacts that took place in the period, face to face and not"),
    Measure("face_to_face_contacts", "contact", FLOW, "contacts that took place face to face", part_of="contacts"),
    Measure("did_not_attends", "contact", FLOW, "appointments that the patient missed without warning (DNA)"),
    # Finance
    Measure("total_cost", "GBP", FLOW, "cost in the period, with overheads and corporate costs"),
    Measure("expected_cost", "GBP", FLOW, "what the same activity costs at national prices, in the place's market"),
    Measure("organisations", "organisation", DISTINCT, "organisations that the other measures cover"),
    Measure(
        "organisations_providing", "organisation", DISTINCT, "those that provide the service", part_of="organisations"
    ),
    Measure("organisations_reporting", "organisation", DISTINCT, "those that report it", part_of="organisations"),
    # Workforce
    Measure("wte", "WTE", STOCK, "staff in post, whole-time equivalent"),
    Measure("female_wte", "WTE", STOCK, "female staff in post, whole-time equivalent", part_of="wte"),
    Measure("white_british_wte", "WTE", STOCK, "White British staff in post, whole-time equivalent", part_of="wte"),
    Measure("under_50_wte", "WTE", STOCK, "staff in post under 50, whole-time equivalent", part_of="wte"),
    Measure("over_four_days_wte", "WTE", STOCK, "staff working more than four days a week, in WTE", part_of="wte"),
    Measure("caseload_holding_wte", "WTE", STOCK, "staff who hold a caseload, whole-time equivalent", part_of="wte"),
    Measure("establishment_wte", "WTE", STOCK, "posts that are funded, whole-time equivalent"),
    Measure("vacant_wte", "WTE", STOCK, "those without anybody in post", part_of="establishment_wte"),
    Measure("leavers_wte", "WTE", FLOW, "staff who left in the period, whole-time equivalent"),
    Measure("staff_days", "day", FLOW, "days that staff could have worked, whole-time equivalent"),
    Measure("sickness_days", "day", FLOW, "those lost to sickness", part_of="staff_days"),
    Measure("staff_due_supervision", "professional", STOCK, "staff for whom supervision is due"),
    Measure("staff_supervised", "professional", STOCK, "those who had it in time", part_of="staff_due_supervision"),
    Measure("teams", "team", STOCK, "teams that answered"),
    Measure("teams_offering", "team", STOCK, "teams that offer an intervention themselves", part_of="teams"),
    # Inpatient care
    Measure("beds", "bed", STOCK, "beds open"),
    Measure("admissions", "admission", FLOW, "admissions to a bed in the period"),
    Measure("readmissions", "admission", FLOW, "admissions soon after a discharge", part_of="admissions"),
    Measure(
        "admissions_without_prior_contact",
        "admission",
        FLOW,
        "admissions of people without a community contact in the year before",
        part_of="admissions",
    ),
    Measure("occupied_bed_days", "bed_day", FLOW, "days on which beds were occupied, added over beds"),
    Measure("available_bed_days", "bed_day", FLOW, "days on which beds were open, added over beds"),
    Measure("delayed_bed_days", "bed_day", FLOW, "occupied bed days of delayed transfers", part_of="occupied_bed_days"),
    Measure("out_of_area_bed_days", "bed_day", FLOW, "those out of area, inappropriately", "occupied_bed_days"),
    Measure("acute_discharges", "discharge", FLOW, "discharges from adult acute beds"),
    Measure("long_stay_discharges", "discharge", FLOW, "those after 60 days or more", part_of="acute_discharges"),
    Measure("eligible_discharges", "discharge", FLOW, "discharges from adult acute beds that are to be followed up"),
    Measure("followed_up_discharges", "discharge", FLOW, "those followed up within 72 hours", "eligible_discharges"),
    # Social care
    Measure("social_workers", "WTE", STOCK, "mental-health social workers of the local authority"),
    Measure("amhp_social_workers", "WTE", STOCK, "those who are AMHPs", part_of="social_workers"),
    Measure("social_care_support_staff", "WTE", STOCK, "mental-health support staff of the local authority"),
    Measure("amhps", "WTE", STOCK, "approved mental health professionals (AMHPs)"),
    Measure("mha_assessments", "assessment", FLOW, "Mental Health Act assessments in the period"),
    Measure("mha_assessments_under_18", "assessment", FLOW, "those of people under 18", part_of="mha_assessments"),
    Measure(
        "mha_assessments_65_plus", "assessment", FLOW, "those of people aged 65 and over", part_of="mha_assessments"
    ),
    # Primary care
    Measure("trained_professionals", "professional", FLOW, "primary-care professionals trained in mental health"),
    Measure("enhanced_care_patients", "patient", FLOW, "people supported by enhanced services in primary care"),
    Measure("enhanced_care_cost", "GBP", FLOW, "cost of enhanced services in primary care"),
    Measure("psychological_therapists", "WTE", STOCK, "psychological therapists employed locally, outside IAPT"),
    Measure("smi_register", "patient", STOCK, "people on the primary-care register of severe mental illness (SMI)"),
    Measure(
        "smi_health_checks", "patient", STOCK, "those with a full physical health check in the year", "smi_register"
    ),
    Measure("housing_places", "place", STOCK, "places in supported housing"),
    Measure("occupied_housing_places", "place", STOCK, "places in supported housing taken", part_of="housing_places"),
    Measure("housing_cost", "GBP", FLOW, "spend on supported housing"),
    Measure(
        "shared_care_organisations", "organisation", DISTINCT, "those that prescribe under shared care", "organisations"
    ),
    # Voluntary sector
    Measure("voluntary_sector_cost", "GBP", FLOW, "spend through voluntary and community organisations"),
    Measure("voluntary_sector_patients", "patient", FLOW, "people supported by voluntary and community organisations"),
    Measure("services", "service", STOCK, "services commissioned"),
    Measure("recurrent_services", "service", STOCK, "services commissioned on a recurring basis", part_of="services"),
    # Transformation and outcomes
    Measure("transformation_funding", "GBP", FLOW, "funding for the transformation of community services"),
    Measure(
        "voluntary_sector_funding",
        "GBP",
        FLOW,
        "transformation funding spent through voluntary and community organisations",
        part_of="transformation_funding",
    ),
    Measure("pcns", "PCN", STOCK, "primary care networks (PCNs)"),
    Measure("transformed_pcns", "PCN", STOCK, "networks that meet every criterion of transformation", part_of="pcns"),
    Measure("arrs_pcns", "PCN", STOCK, "networks with a mental health practitioner in post", part_of="pcns"),
    Measure("people_measured", "patient", FLOW, "people with an outcome score before and after"),
    Measure(
        "people_with_fewer_gp_visits", "patient", FLOW, "those who see their GP less often", part_of="people_measured"
    ),
    Measure("survey_responses", "response", FLOW, "answers to a question of a survey"),
    Measure(
        "positive_responses", "response", FLOW, "answers that report a good experience", part_of="survey_responses"
    ),
    Measure("people_improved", "patient", FLOW, "those whose score improved", part_of="people_measured"),
    Measure("people_referred", "patient", FLOW, "people referred to a service"),
    Measure("people_contacted_in_time", "patient", FLOW, "those contacted within the time promised", "people_referred"),
    Measure(
        "people_stepped_down", "patient", FLOW, "those who need a more intensive service no longer", "people_referred"
    ),
    Measure("outcomes_due", "referral", FLOW, "referrals of which a paired outcome is asked for"),
    Measure("paired_outcomes", "referral", FLOW, "those with a first and a later score", part_of="outcomes_due"),
    Measure("reliable_improvements", "referral", FLOW, "those that improved by the reliable change", "paired_outcomes"),
    # Populations
    Measure("registered_population", "person", PEOPLE, "people registered with the GPs of the place"),
    Measure("weighted_population", "person", PEOPLE, "registered people, weighted for mental-health need"),
    Measure("people_aged_0_17", "person", PEOPLE, "people of the place under 18"),
    Measure("people_aged_16_plus", "person", PEOPLE, "people of the place aged 16 and over"),
    Measure("people_aged_16_64", "person", PEOPLE, "people of the place aged 16 to 64"),
    Measure("people_aged_65_plus", "person", PEOPLE, "people of the place aged 65 and over"),
)
"""Every measure, by name."""

POPULATION = "population"
"""The parameter of a metric that any population measure may fill; in tables `basis` says which does."""

AGE_BAND = "people_of_the_age_band"
"""Stands for the people whom a row's team type is for: those aged 65 and over, or 16 to 64."""


@dataclass(frozen=True, slots=True)
class Basis:
    """A population on which rates per 100,000 can stand.

    Parameters
    ----------
    name : str
        How it is asked for, for example "weighted" or "16+".
    measure : str
        The measure that it is, or `AGE_BAND`.
    needs : tuple of str
        The columns that it is found in.
    """

    name: str
    measure: str
    needs: tuple[str, ...]

    @property
    def suffix(self) -> str:
        """How the columns of its rates end, for example "weighted" or "16_plus"."""
        return self.name.replace("+", "_plus")


BASES: Mapping[str, Basis] = MappingProxyType(
    {
        "registered": Basis("registered", "registered_population", ("registered_population",)),
        "weighted": Basis("weighted", "weighted_population", ("weighted_population",)),
        "16+": Basis("16+", "people_aged_16_plus", ("people_aged_16_plus",)),
        "age_band": Basis("age_band", AGE_BAND, ("team_type", "people_aged_16_64", "people_aged_65_plus")),
    }
)
"""The population bases, by name."""

PARAMETERS: Mapping[str, str] = MappingProxyType(
    {
        "need_index": "need for each registered person, relative to England's",
        "waits": "the wait of each person",
        "days_waiting": "how long each person who still waits has waited",
        "weeks": "the limit, which itself is within",
        "percent": "the percentage of people whose wait is no longer, from 0 to 100",
        "months": "the time of each person on the caseload",
        "smi_mortality_rate": "premature deaths of people with severe mental illness, for every 100,000 of them",
        "other_mortality_rate": "premature deaths of other people, for every 100,000 of them",
    }
)
"""What the parameters of metrics are that are not measures."""

NOT_COUNTED = frozenset({"GBP", "WTE", "day"})
"""Units of what is no count of events or people, and so has no chance of its own."""

KEYS: tuple[str, ...] = ("organisation", "team", "team_type", "period")
"""The key columns: together they name a row."""

PLACE_KEYS: tuple[str, ...] = ("region", "icb", "place", "trust")
"""Columns of places: beside one of the others they name a row too."""


def unit_of(parameter: str) -> str | None:
    """Canonical unit of a parameter of a metric.

    `parameter`: a measure's name, or "population". Gives the unit, or None where the name is not a measure's.

    Examples
    --------
    >>> unit_of("caseload"), unit_of("population"), unit_of("colour")
    ('patient', 'person', None)
    """
    if parameter == POPULATION:
        return "person"
    measure = MEASURES.get(parameter)
    return measure.unit if measure else None
