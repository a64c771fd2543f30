"""Which metric of the catalogue a printed figure is a value of."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import cmhs_metrics.metrics  # noqa: F401 - fills the catalogue
from cmhs_metrics.catalogue import CATALOGUE
from cmhs_metrics.measures import MEASURES

if TYPE_CHECKING:
    from collections.abc import Mapping

BY_ID: tuple[tuple[str, str], ...] = (
    ("access.within_four_weeks", "four_week_rate"),
    ("access.over_104_weeks", "waiting_over_104_weeks_rate"),
    ("eip.standard.share", "eip_two_week_rate"),
    ("waiting.within_18_weeks", "share_within"),
    ("primary_care.prescribing", "shared_care_rate"),
    ("workforce.mhp", "arrs_coverage"),
    ("pcns.fully_transformed", "transformed_pcn_share"),
    ("social_care.social_workers.wte", "social_workers_per_100k"),
    ("social_care.support_staff.wte", "social_care_support_staff_per_100k"),
    ("social_care.amhp.wte_per", "amhps_per_100k"),
    ("primary_care.psychological_therapists.wte_per", "psychological_therapists_per_100k"),
    ("primary_care.enhanced.provider", "enhanced_provider_share"),
    ("primary_care.enhanced.cost_per_patient", "enhanced_cost_per_patient"),
    ("voluntary_sector.offers", "voluntary_sector_cost_per_patient"),
    ("social_care.assessments_under_18.assessments", "assessments_under_18_per_100k"),
    ("social_care.assessments_over_65.assessments", "assessments_65_plus_per_100k"),
    ("workforce.demographics.female", "female_share"),
    ("workforce.demographics.white_british", "white_british_share"),
    ("workforce.demographics.under_50", "under_50_share"),
    ("workforce.demographics.over_4_days", "over_four_days_share"),
    ("workforce.by_team", "team_wte_share"),
    ("workforce.disciplines", "skill_mix"),
    ("workforce.staff_group.cpn.share", "skill_mix"),
    ("change.contacts_per_month", "contacts_per_patient_month"),
    ("clusters.change", "change"),
    ("access.growth.people", "change"),
)
"""The metric of figures whose measure alone does not say it, by the beginning of the figure's id."""

METRIC_OF: Mapping[str, str] = MappingProxyType(
    {
        "access_growth": "percentage_change",
        "admissions_without_prior_contact_gap": "percentage_point_change",
        "admissions_without_prior_contact_share": "admissions_without_prior_contact_rate",
        "assessments_per_wte": "assessments_per_amhp",
        "a_and_e_attendances_reduction": "avoided_activity",
        "average_wait": "mean_wait",
        "caseload_reduction": "percentage_change",
        "community_supported_share": "community_supported_rate",
        "contacted_in_time_share": "contacted_in_time_rate",
        "cost_per_100k_reduction": "percentage_change",
        "cost_per_place": "housing_cost_per_place",
        "crisis_calls_reduction": "avoided_activity",
        "given_help_needed_share": "positive_experience_rate",
        "gp_attendance_reduced_share": "gp_attendance_reduced_rate",
        "no_longer_needing_team_share": "stepped_down_rate",
        "occupancy_rate": "housing_occupancy",
        "offered_non_pharmacological_share": "therapy_offer_rate",
        "organisations_providing_share": "provision_rate",
        "organisations_share": "organisations_reporting_rate",
        "patients_per_100k": "enhanced_patients_per_100k",
        "pcn_share": "pcn_criteria_share",
        "people_accessing_increase": "percentage_change",
        "people_in_contact_increase": "percentage_change",
        "physical_health_check_share": "smi_health_check_rate",
        "places_per_100k": "housing_places_per_100k",
        "price_change": "real_terms",
        "professionals_trained_per_100k": "trained_professionals_per_100k",
        "referral_share": "referral_team_share",
        "seen_often_enough_share": "positive_experience_rate",
        "teams_offering_share": "intervention_offer_rate",
        "vcse_spend_share": "voluntary_sector_spend_share",
        "waiting_time_percentile": "wait_percentile",
        "wemwbs_improved_share": "improved_share",
        "workforce_increase": "percentage_change",
    }
)
"""The metric or function of a measure that the documents name otherwise, or give as a change or a part."""

COUNTED = frozenset(
    {
        "assessments",
        "criteria",
        "iapt_patients",
        "ips_access",
        "ips_access_increase",
        "organisations",
        "patients",
        "people_in_contact",
        "people_no_longer_needing_team",
        "people_supported",
        "people_waiting",
        "physical_health_checks",
        "physical_health_checks_increase",
        "population",
        "professionals_trained",
        "referral_sources",
        "staff",
        "staff_increase",
        "team_types",
        "trainees",
        "waiting_list",
    }
)
"""What is counted, as a measure that a metric is made of."""

DEFINED = frozenset(
    {
        "age",
        "contract_length",
        "days_per_week",
        "duration",
        "gp_surgeries",
        "mortality_gap",
        "onset_by_age_share",
        "patients_per_day",
        "people_supported_per_staff_member",
        "percentile_rank",
        "sessions_per_week",
        "variation_fold",
        "waiting_band_lower",
        "waiting_band_upper",
        "waiting_time_standard",
        "waiting_time_target",
    }
)
"""Bounds, durations and facts of other fields, which define or surround metrics and are values of none."""

NO_METRIC = (
    "finance.headline.time_on_caseload_caveat",
    "example.mental_health_concern.support_months",
    "workforce.demographics.other_ethnic",
)
"""Figures beside those of a metric, and yet values of none: a caveat, the length of a single offer, the other staff."""


def metric_of(figure_id: str, measure: str) -> str:
    """Name the metric or function that a figure is a value of.

    Gives the public name in this library; empty for a measure, and for what only defines something.

    Examples
    --------
    >>> metric_of("workforce.mhp.share", "pcn_share")
    'arrs_coverage'
    """
    if figure_id.startswith(NO_METRIC):
        return ""
    for prefix, name in BY_ID:
        if figure_id.startswith(prefix) and measure not in COUNTED and measure not in MEASURES:
            return name
    return measure if measure in CATALOGUE else METRIC_OF.get(measure, "")
