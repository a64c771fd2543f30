"""The measures by which community mental health services are planned and compared."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from cmhs_metrics import units
from cmhs_metrics.ages import AgeBand
from cmhs_metrics.ambitions import (
    AMBITIONS,
    Ambition,
    progress,
    required_growth,
    shortfall,
)
from cmhs_metrics.catalogue import describe, list_metrics
from cmhs_metrics.clusters import CareCluster, SuperClass
from cmhs_metrics.errors import BadInput, Problem
from cmhs_metrics.extrapolation import (
    extrapolate_rate,
    extrapolate_response,
    implied_population,
)
from cmhs_metrics.metrics.caseload import (
    caseload_per_100k,
    caseload_share,
    caseload_turnover,
    community_supported_rate,
    implied_time_on_caseload,
    time_on_caseload,
)
from cmhs_metrics.metrics.clusters import (
    cluster_profile,
    cluster_share,
    iapt_entrants_per_patient,
)
from cmhs_metrics.metrics.contacts import (
    contacts_per_100k,
    contacts_per_patient,
    contacts_per_patient_month,
    dna_rate,
    face_to_face_share,
    non_face_to_face_share,
)
from cmhs_metrics.metrics.finance import (
    cost_per_100k,
    cost_per_contact,
    cost_per_organisation,
    cost_per_referral,
    cost_per_wte,
    organisations_reporting_rate,
    provision_rate,
    year_of_care_cost,
    year_of_care_cost_on_average_caseload,
)
from cmhs_metrics.metrics.inpatient import (
    admissions_per_100k,
    average_length_of_stay,
    bed_occupancy,
    bed_share,
    beds_per_100k,
    delayed_transfer_rate,
    readmission_rate,
)
from cmhs_metrics.metrics.interventions import (
    intervention_offer_rate,
    therapy_offer_rate,
)
from cmhs_metrics.metrics.population import (
    need_index,
    per_100k,
    weighted_population,
)
from cmhs_metrics.metrics.primary_care import (
    enhanced_cost_per_100k,
    enhanced_cost_per_patient,
    enhanced_patients_per_100k,
    enhanced_provider_share,
    housing_cost_per_100k,
    housing_cost_per_place,
    housing_occupancy,
    housing_places_per_100k,
    psychological_therapists_per_100k,
    shared_care_rate,
    smi_health_check_rate,
    trained_professionals_per_100k,
)
from cmhs_metrics.metrics.referrals import (
    open_referrals_per_100k,
    referral_acceptance_rate,
    referral_source_share,
    referral_team_share,
    referrals_per_100k,
)
from cmhs_metrics.metrics.social_care import (
    amhp_share,
    amhps_per_100k,
    assessment_source_share,
    assessments_65_plus_per_100k,
    assessments_per_amhp,
    assessments_under_18_per_100k,
    social_care_support_staff_per_100k,
    social_workers_per_100k,
)
from cmhs_metrics.metrics.transformation import (
    access_per_100k,
    admissions_without_prior_contact_rate,
    arrs_coverage,
    contacted_in_time_rate,
    gp_attendance_reduced_rate,
    improved_share,
    pcn_criteria_share,
    positive_experience_rate,
    premature_mortality_ratio,
    stepped_down_rate,
    transformed_pcn_share,
)
from cmhs_metrics.metrics.voluntary_sector import (
    non_recurrent_share,
    recurrent_share,
    voluntary_sector_cost_per_patient,
    voluntary_sector_spend_share,
)
from cmhs_metrics.metrics.waits import (
    eip_two_week_rate,
    four_week_rate,
    mean_wait,
    median_wait,
    share_within,
    wait_percentile,
    waiting_band_share,
    waiting_bands,
    waiting_over_52_weeks_rate,
    waiting_over_78_weeks_rate,
    waiting_over_104_weeks_rate,
)
from cmhs_metrics.metrics.workforce import (
    contacts_per_wte,
    female_share,
    over_four_days_share,
    patients_per_wte,
    skill_mix,
    team_wte_share,
    under_50_share,
    white_british_share,
    wte_per_100k,
)
from cmhs_metrics.numeric.containers import DimensionalityError
from cmhs_metrics.outcomes import (
    avoided_activity,
    reliable_change,
    share_improved,
)
from cmhs_metrics.periods import parse_periods
from cmhs_metrics.populations import Population
from cmhs_metrics.sizing import (
    community_plan,
)
from cmhs_metrics.team_types import TeamType
from cmhs_metrics.teams import Team
from cmhs_metrics.trends import change, index_to_base, percentage_change, percentage_point_change, real_terms

if TYPE_CHECKING:
    from cmhs_metrics import (
        audit,
        catchments,
        decomposition,
        disclosure,
        intervals,
        mhsds,
        need,
        packs,
        plots,
        published,
        run_charts,
        trends,
        variation,
    )
    from cmhs_metrics.benchmarking import benchmark
    from cmhs_metrics.packs import pack
    from cmhs_metrics.synthetic import synthetic_providers
    from cmhs_metrics.tables import aggregate, validate, with_metrics

__version__ = "0.1.0"

__all__ = [
    "AMBITIONS",
    "AgeBand",
    "Ambition",
    "BadInput",
    "CareCluster",
    "DimensionalityError",
    "Population",
    "Problem",
    "SuperClass",
    "Team",
    "TeamType",
    "access_per_100k",
    "admissions_per_100k",
    "admissions_without_prior_contact_rate",
    "aggregate",
    "amhp_share",
    "amhps_per_100k",
    "arrs_coverage",
    "assessment_source_share",
    "assessments_65_plus_per_100k",
    "assessments_per_amhp",
    "assessments_under_18_per_100k",
    "audit",
    "average_length_of_stay",
    "avoided_activity",
    "bed_occupancy",
    "bed_share",
    "beds_per_100k",
    "benchmark",
    "caseload_per_100k",
    "caseload_share",
    "change",
    "caseload_turnover",
    "catchments",
    "cluster_profile",
    "cluster_share",
    "community_plan",
    "community_supported_rate",
    "contacted_in_time_rate",
    "contacts_per_100k",
    "contacts_per_patient",
    "contacts_per_patient_month",
    "contacts_per_wte",
    "cost_per_100k",
    "cost_per_contact",
    "cost_per_organisation",
    "cost_per_referral",
    "cost_per_wte",
    "decomposition",
    "delayed_transfer_rate",
    "describe",
    "disclosure",
    "dna_rate",
    "eip_two_week_rate",
    "enhanced_cost_per_100k",
    "enhanced_cost_per_patient",
    "enhanced_patients_per_100k",
    "enhanced_provider_share",
    "extrapolate_rate",
    "extrapolate_response",
    "face_to_face_share",
    "female_share",
    "four_week_rate",
    "gp_attendance_reduced_rate",
    "housing_cost_per_100k",
    "housing_cost_per_place",
    "housing_occupancy",
    "housing_places_per_100k",
    "iapt_entrants_per_patient",
    "implied_population",
    "implied_time_on_caseload",
    "improved_share",
    "index_to_base",
    "intervals",
    "intervention_offer_rate",
    "list_metrics",
    "mean_wait",
    "median_wait",
    "mhsds",
    "need",
    "need_index",
    "non_face_to_face_share",
    "non_recurrent_share",
    "organisations_reporting_rate",
    "over_four_days_share",
    "pack",
    "packs",
    "parse_periods",
    "patients_per_wte",
    "pcn_criteria_share",
    "per_100k",
    "percentage_change",
    "percentage_point_change",
    "plots",
    "positive_experience_rate",
    "premature_mortality_ratio",
    "progress",
    "provision_rate",
    "psychological_therapists_per_100k",
    "published",
    "readmission_rate",
    "real_terms",
    "recurrent_share",
    "referral_acceptance_rate",
    "referral_source_share",
    "referral_team_share",
    "open_referrals_per_100k",
    "referrals_per_100k",
    "reliable_change",
    "required_growth",
    "run_charts",
    "share_improved",
    "share_within",
    "shared_care_rate",
    "shortfall",
    "skill_mix",
    "smi_health_check_rate",
    "social_care_support_staff_per_100k",
    "social_workers_per_100k",
    "stepped_down_rate",
    "synthetic_providers",
    "team_wte_share",
    "therapy_offer_rate",
    "time_on_caseload",
    "trained_professionals_per_100k",
    "transformed_pcn_share",
    "under_50_share",
    "units",
    "validate",
    "variation",
    "voluntary_sector_cost_per_patient",
    "voluntary_sector_spend_share",
    "wait_percentile",
    "waiting_band_share",
    "waiting_bands",
    "waiting_over_104_weeks_rate",
    "waiting_over_52_weeks_rate",
    "waiting_over_78_weeks_rate",
    "weighted_population",
    "white_british_share",
    "with_metrics",
    "wte_per_100k",
    "year_of_care_cost",
    "year_of_care_cost_on_average_caseload",
    "trends",
]

# What needs narwhals, scipy or the audit's files is loaded when it is first asked for.
_ROOMS = (
    "audit",
    "catchments",
    "decomposition",
    "disclosure",
    "intervals",
    "mhsds",
    "need",
    "packs",
    "plots",
    "published",
    "run_charts",
    "trends",
    "variation",
)
_ON_FIRST_USE = {
    "aggregate": "cmhs_metrics.tables",
    "benchmark": "cmhs_metrics.benchmarking",
    "pack": "cmhs_metrics.packs",
    "synthetic_providers": "cmhs_metrics.synthetic",
    "validate": "cmhs_metrics.tables",
    "with_metrics": "cmhs_metrics.tables",
}


# Type checkers, which know the names from above, must not take every other name for one of them.
if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name in _ON_FIRST_USE:
            return getattr(import_module(_ON_FIRST_USE[name]), name)
        if name in _ROOMS:
            return import_module(f"cmhs_metrics.{name}")
        raise AttributeError(f"module 'cmhs_metrics' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
