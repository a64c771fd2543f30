"""Which metric of the catalogue a printed figure is a value of."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

METRIC_OF: Mapping[str, str] = MappingProxyType(
    {
        "access_growth": "percentage_change",
        "admissions_without_prior_contact_gap": "percentage_point_change",
        "admissions_without_prior_contact_share": "admissions_without_prior_contact_rate",
        "assessments_per_100k": "assessments_under_18_per_100k or assessments_65_plus_per_100k",
        "assessments_per_wte": "assessments_per_amhp",
        "a_and_e_attendances_reduction": "avoided_activity",
        "average_wait": "mean_wait",
        "caseload_reduction": "percentage_change",
        "community_supported_share": "community_supported_rate",
        "contacted_in_time_share": "contacted_in_time_rate",
        "cost_per_100k_reduction": "percentage_change",
        "cost_per_patient": "enhanced_cost_per_patient or voluntary_sector_cost_per_patient",
        "cost_per_place": "housing_cost_per_place",
        "crisis_calls_reduction": "avoided_activity",
        "given_help_needed_share": "positive_experience_rate",
        "gp_attendance_reduced_share": "gp_attendance_reduced_rate",
        "ips_access_increase": "shortfall",
        "no_longer_needing_team_share": "stepped_down_rate",
        "occupancy_rate": "housing_occupancy",
        "offered_non_pharmacological_share": "therapy_offer_rate",
        "organisations_providing_share": "provision_rate",
        "organisations_share": "shared_care_rate",
        "patients_per_100k": "enhanced_patients_per_100k",
        "pcn_share": "pcn_criteria_share",
        "people_accessing_increase": "percentage_change",
        "people_in_contact_increase": "percentage_change",
        "physical_health_check_share": "smi_health_check_rate",
        "physical_health_checks_increase": "shortfall",
        "places_per_100k": "housing_places_per_100k",
        "premature_mortality_ratio": "premature_mortality_ratio",
        "price_change": "real_terms",
        "professionals_trained_per_100k": "trained_professionals_per_100k",
        "provision_share": "provision_rate",
        "referral_share": "referral_team_share",
        "seen_often_enough_share": "positive_experience_rate",
        "teams_offering_share": "intervention_offer_rate",
        "vcse_spend_share": "voluntary_sector_spend_share",
        "waiting_time_percentile": "wait_percentile",
        "wemwbs_improved_share": "improved_share",
        "workforce_increase": "percentage_change",
        "wte_share": "team_wte_share or skill_mix",
    }
)
"""The metric or function for figures that the documents name otherwise, or give as a change or a part."""

COUNTED = frozenset(
    {
        "assessments",
        "criteria",
        "iapt_patients",
        "ips_access",
        "organisations",
        "patients",
        "people_in_contact",
        "people_no_longer_needing_team",
        "people_supported",
        "people_waiting",
        "physical_health_checks",
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
