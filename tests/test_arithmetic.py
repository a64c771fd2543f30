"""The arithmetic of every metric, from numbers that stand here and were worked out by hand.

Nothing is read from the declaration but the function: with any formula doubled, turned round or with another scale, one of
these fails. A new metric needs its line here.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

import cmhs_metrics as cm
from cmhs_metrics.catalogue import CATALOGUE


class Ratio(NamedTuple):
    """A metric, what stands above and below the line, and two rows: numerator, denominator, value."""

    metric: str
    numerator: str
    denominator: str
    first: tuple[float, float, float]
    second: tuple[float, float, float]


RATIOS = [
    Ratio("need_index", "weighted_population", "registered_population", (326, 2, 163), (90, 12, 7.5)),
    Ratio("beds_per_100k", "beds", "population", (30, 60_000, 50), (7, 2_800, 250)),
    Ratio("admissions_per_100k", "admissions", "population", (30, 60_000, 50), (7, 2_800, 250)),
    Ratio("readmission_rate", "readmissions", "admissions", (3, 12, 0.25), (9, 15, 0.6)),
    Ratio("average_length_of_stay", "occupied_bed_days", "discharges", (326, 2, 163), (90, 12, 7.5)),
    Ratio("bed_occupancy", "occupied_bed_days", "available_bed_days", (326, 2, 163), (90, 12, 7.5)),
    Ratio("delayed_transfer_rate", "delayed_bed_days", "occupied_bed_days", (3, 12, 0.25), (9, 15, 0.6)),
    Ratio("referrals_per_100k", "referrals", "population", (30, 60_000, 50), (7, 2_800, 250)),
    Ratio("open_referrals_per_100k", "open_referrals", "population", (30, 60_000, 50), (7, 2_800, 250)),
    Ratio("referral_acceptance_rate", "referrals_accepted", "referrals", (3, 12, 0.25), (9, 15, 0.6)),
    Ratio("four_week_rate", "waits_within_four_weeks", "waits_completed", (3, 12, 0.25), (9, 15, 0.6)),
    Ratio("waiting_over_52_weeks_rate", "waiting_over_52_weeks", "waiting", (3, 12, 0.25), (9, 15, 0.6)),
    Ratio("waiting_over_78_weeks_rate", "waiting_over_78_weeks", "waiting", (3, 12, 0.25), (9, 15, 0.6)),
    Ratio("waiting_over_104_weeks_rate", "waiting_over_104_weeks", "waiting", (3, 12, 0.25), (9, 15, 0.6)),
    Ratio("eip_two_week_rate", "eip_starts_within_two_weeks", "eip_starts", (3, 12, 0.25), (9, 15, 0.6)),
    Ratio("caseload_per_100k", "caseload", "population", (30, 60_000, 50), (7, 2_800, 250)),
    Ratio("implied_time_on_caseload", "average_caseload", "discharges", (50, 200, 3), (90, 60, 18)),
    Ratio("caseload_turnover", "discharges", "average_caseload", (326, 2, 163), (90, 12, 7.5)),
    Ratio("community_supported_rate", "community_patients", "service_users", (3, 12, 0.25), (9, 15, 0.6)),
    Ratio("iapt_entrants_per_patient", "iapt_entrants", "caseload", (326, 2, 163), (90, 12, 7.5)),
    Ratio("contacts_per_100k", "contacts", "population", (30, 60_000, 50), (7, 2_800, 250)),
    Ratio("contacts_per_patient", "contacts", "caseload", (326, 2, 163), (90, 12, 7.5)),
    Ratio("contacts_per_patient_month", "contacts", "caseload", (240, 10, 2), (90, 60, 0.125)),
    Ratio("face_to_face_share", "face_to_face_contacts", "contacts", (3, 12, 0.25), (9, 15, 0.6)),
    Ratio("cost_per_100k", "total_cost", "population", (30, 60_000, 50), (7, 2_800, 250)),
    Ratio("year_of_care_cost", "total_cost", "caseload", (326, 2, 163), (90, 12, 7.5)),
    Ratio("year_of_care_cost_on_average_caseload", "total_cost", "average_caseload", (326, 2, 163), (90, 12, 7.5)),
    Ratio("cost_per_contact", "total_cost", "contacts", (326, 2, 163), (90, 12, 7.5)),
    Ratio("cost_per_referral", "total_cost", "referrals", (326, 2, 163), (90, 12, 7.5)),
    Ratio("cost_per_wte", "total_cost", "wte", (326, 2, 163), (90, 12, 7.5)),
    Ratio("cost_per_organisation", "total_cost", "organisations", (326, 2, 163), (90, 12, 7.5)),
    Ratio("provision_rate", "organisations_providing", "organisations", (3, 12, 0.25), (9, 15, 0.6)),
    Ratio("organisations_reporting_rate", "organisations_reporting", "organisations", (3, 12, 0.25), (9, 15, 0.6)),
    Ratio("wte_per_100k", "wte", "population", (30, 60_000, 50), (7, 2_800, 250)),
    Ratio("patients_per_wte", "caseload", "wte", (326, 2, 163), (90, 12, 7.5)),
    Ratio("contacts_per_wte", "contacts", "wte", (326, 2, 163), (90, 12, 7.5)),
    Ratio("female_share", "female_wte", "wte", (3, 12, 0.25), (9, 15, 0.6)),
    Ratio("white_british_share", "white_british_wte", "wte", (3, 12, 0.25), (9, 15, 0.6)),
    Ratio("under_50_share", "under_50_wte", "wte", (3, 12, 0.25), (9, 15, 0.6)),
    Ratio("over_four_days_share", "over_four_days_wte", "wte", (3, 12, 0.25), (9, 15, 0.6)),
    Ratio("intervention_offer_rate", "teams_offering", "teams", (3, 12, 0.25), (9, 15, 0.6)),
    Ratio("therapy_offer_rate", "patients_offered_therapy", "caseload", (3, 12, 0.25), (9, 15, 0.6)),
    Ratio("social_workers_per_100k", "social_workers", "population", (30, 60_000, 50), (7, 2_800, 250)),
    Ratio(
        "social_care_support_staff_per_100k",
        "social_care_support_staff",
        "population",
        (30, 60_000, 50),
        (7, 2_800, 250),
    ),
    Ratio("amhps_per_100k", "amhps", "population", (30, 60_000, 50), (7, 2_800, 250)),
    Ratio("assessments_per_amhp", "mha_assessments", "amhps", (326, 2, 163), (90, 12, 7.5)),
    Ratio(
        "assessments_under_18_per_100k",
        "mha_assessments_under_18",
        "people_aged_0_17",
        (30, 60_000, 50),
        (7, 2_800, 250),
    ),
    Ratio(
        "assessments_65_plus_per_100k",
        "mha_assessments_65_plus",
        "people_aged_65_plus",
        (30, 60_000, 50),
        (7, 2_800, 250),
    ),
    Ratio("amhp_share", "amhp_social_workers", "social_workers", (3, 12, 0.25), (9, 15, 0.6)),
    Ratio("trained_professionals_per_100k", "trained_professionals", "population", (30, 60_000, 50), (7, 2_800, 250)),
    Ratio("enhanced_patients_per_100k", "enhanced_care_patients", "population", (30, 60_000, 50), (7, 2_800, 250)),
    Ratio("enhanced_cost_per_100k", "enhanced_care_cost", "population", (30, 60_000, 50), (7, 2_800, 250)),
    Ratio("enhanced_cost_per_patient", "enhanced_care_cost", "enhanced_care_patients", (326, 2, 163), (90, 12, 7.5)),
    Ratio(
        "psychological_therapists_per_100k", "psychological_therapists", "population", (30, 60_000, 50), (7, 2_800, 250)
    ),
    Ratio("smi_health_check_rate", "smi_health_checks", "smi_register", (3, 12, 0.25), (9, 15, 0.6)),
    Ratio("housing_places_per_100k", "housing_places", "population", (30, 60_000, 50), (7, 2_800, 250)),
    Ratio("housing_occupancy", "occupied_housing_places", "housing_places", (3, 12, 0.25), (9, 15, 0.6)),
    Ratio("housing_cost_per_100k", "housing_cost", "population", (30, 60_000, 50), (7, 2_800, 250)),
    Ratio("housing_cost_per_place", "housing_cost", "housing_places", (326, 2, 163), (90, 12, 7.5)),
    Ratio("shared_care_rate", "shared_care_organisations", "organisations", (3, 12, 0.25), (9, 15, 0.6)),
    Ratio(
        "voluntary_sector_cost_per_patient",
        "voluntary_sector_cost",
        "voluntary_sector_patients",
        (326, 2, 163),
        (90, 12, 7.5),
    ),
    Ratio("recurrent_share", "recurrent_services", "services", (3, 12, 0.25), (9, 15, 0.6)),
    Ratio(
        "voluntary_sector_spend_share",
        "voluntary_sector_funding",
        "transformation_funding",
        (3, 12, 0.25),
        (9, 15, 0.6),
    ),
    Ratio("access_per_100k", "people_accessing", "population", (30, 60_000, 50), (7, 2_800, 250)),
    Ratio("transformed_pcn_share", "transformed_pcns", "pcns", (3, 12, 0.25), (9, 15, 0.6)),
    Ratio("arrs_coverage", "arrs_pcns", "pcns", (3, 12, 0.25), (9, 15, 0.6)),
    Ratio(
        "admissions_without_prior_contact_rate",
        "admissions_without_prior_contact",
        "admissions",
        (3, 12, 0.25),
        (9, 15, 0.6),
    ),
    Ratio("paired_outcomes_rate", "paired_outcomes", "outcomes_due", (3, 8, 0.375), (9, 36, 0.25)),
    Ratio("reliable_improvement_rate", "reliable_improvements", "paired_outcomes", (1, 3, 1 / 3), (8, 10, 0.8)),
    Ratio("improved_share", "people_improved", "people_measured", (3, 12, 0.25), (9, 15, 0.6)),
    Ratio("contacted_in_time_rate", "people_contacted_in_time", "people_referred", (3, 12, 0.25), (9, 15, 0.6)),
    Ratio("stepped_down_rate", "people_stepped_down", "people_referred", (3, 12, 0.25), (9, 15, 0.6)),
    Ratio("premature_mortality_ratio", "smi_mortality_rate", "other_mortality_rate", (326, 2, 163), (90, 12, 7.5)),
    Ratio("gp_attendance_reduced_rate", "people_with_fewer_gp_visits", "people_measured", (3, 12, 0.25), (9, 15, 0.6)),
    Ratio("people_in_contact_per_100k", "people_in_contact", "population", (30, 60_000, 50), (7, 2_800, 250)),
    Ratio("care_plan_coverage", "patients_with_care_plan", "caseload", (3, 12, 0.25), (9, 15, 0.6)),
    Ratio("key_worker_coverage", "patients_with_key_worker", "caseload", (3, 12, 0.25), (9, 15, 0.6)),
    Ratio("discharged_after_dna_rate", "discharges_after_dna", "discharges", (3, 12, 0.25), (9, 15, 0.6)),
    Ratio(
        "full_clock_stop_four_week_rate",
        "full_clock_stops_within_four_weeks",
        "full_clock_stops",
        (3, 12, 0.25),
        (9, 15, 0.6),
    ),
    Ratio("crisis_24_hour_rate", "crisis_referrals_seen_in_24_hours", "crisis_referrals", (3, 12, 0.25), (9, 15, 0.6)),
    Ratio("follow_up_72_hour_rate", "followed_up_discharges", "eligible_discharges", (3, 12, 0.25), (9, 15, 0.6)),
    Ratio("long_stay_rate", "long_stay_discharges", "acute_discharges", (3, 12, 0.25), (9, 15, 0.6)),
    Ratio("out_of_area_bed_day_share", "out_of_area_bed_days", "occupied_bed_days", (3, 12, 0.25), (9, 15, 0.6)),
    Ratio("cost_per_bed_day", "total_cost", "occupied_bed_days", (326, 2, 163), (90, 12, 7.5)),
    Ratio("relative_cost", "total_cost", "expected_cost", (3, 12, 25), (18, 15, 120)),
    Ratio("caseload_per_worker", "caseload", "caseload_holding_wte", (326, 2, 163), (90, 12, 7.5)),
    Ratio("vacancy_rate", "vacant_wte", "establishment_wte", (3, 12, 0.25), (9, 15, 0.6)),
    Ratio("sickness_absence_rate", "sickness_days", "staff_days", (3, 12, 0.25), (9, 15, 0.6)),
    Ratio("turnover_rate", "leavers_wte", "wte", (3, 12, 25), (18, 15, 120)),
    Ratio("supervision_rate", "staff_supervised", "staff_due_supervision", (3, 12, 0.25), (9, 15, 0.6)),
    Ratio("positive_experience_rate", "positive_responses", "survey_responses", (3, 12, 0.25), (9, 15, 0.6)),
]
OTHERS = [
    # The whole without a part of it: (40 - 30) / 40.
    ("non_face_to_face_share", {"contacts": 40, "face_to_face_contacts": 30}, 0.25),
    ("non_face_to_face_share", {"contacts": 15, "face_to_face_contacts": 9}, 0.4),
    ("non_recurrent_share", {"services": 40, "recurrent_services": 30}, 0.25),
    ("non_recurrent_share", {"services": 15, "recurrent_services": 9}, 0.4),
    # A part of itself and the rest: 5 / (5 + 15).
    ("dna_rate", {"did_not_attends": 5, "contacts": 15}, 0.25),
    ("dna_rate", {"did_not_attends": 12, "contacts": 8}, 0.6),
    # What was added, in per cent of what was there: (306 - 300) / 300.
    ("access_growth", {"people_accessing": 306, "people_accessing_a_year_before": 300}, 2),
    ("access_growth", {"people_accessing": 30, "people_accessing_a_year_before": 40}, -25),
    # A product.
    ("weighted_population", {"registered_population": 250, "need_index": 1.2}, 300),
    ("weighted_population", {"registered_population": 80, "need_index": 0.75}, 60),
]
PROFILES = {
    "bed_share": "beds",
    "referral_source_share": "referrals",
    "referral_team_share": "referrals",
    "waiting_band_share": "waiting",
    "caseload_share": "caseload",
    "cluster_share": "caseload",
    "currency_share": "caseload",
    "currency_cost_share": "total_cost",
    "team_wte_share": "wte",
    "skill_mix": "wte",
    "assessment_source_share": "mha_assessments",
    "enhanced_provider_share": "services",
    "pcn_criteria_share": "pcns",
}
"""Each part of the sum of all: 1, 3 and 4 are 1/8, 3/8 and 1/2; 5 and 15 are 1/4 and 3/4."""
SUMMARIES = [
    # Of 2, 3, 5, 8 and 40: three are 5 at most, the middle one is 5, they add to 58.
    ("share_within", {"waits": [2, 3, 5, 8, 40], "weeks": 5}, 0.6),
    ("share_within", {"waits": [4, 5, 6, 7], "weeks": 4}, 0.25),
    ("median_wait", {"waits": [2, 3, 5, 8, 40]}, 5),
    ("median_wait", {"waits": [1, 2, 10, 20]}, 6),
    # Of eleven, the 90th percentile is the tenth; of five, 90% lies six tenths of the way from the fourth to the fifth.
    ("wait_percentile", {"waits": [0, 1, 2, 3, 4, 5, 6, 7, 8, 13, 99], "percent": 90}, 13),
    ("wait_percentile", {"waits": [2, 3, 5, 8, 40], "percent": 90}, 27.2),
    ("median_time_waiting", {"days_waiting": [2, 3, 5, 8, 40]}, 5),
    ("median_time_waiting", {"days_waiting": [1, 2, 10, 20]}, 6),
    ("time_waiting_percentile", {"days_waiting": [0, 1, 2, 3, 4, 5, 6, 7, 8, 13, 99], "percent": 90}, 13),
    ("time_waiting_percentile", {"days_waiting": [2, 3, 5, 8, 40], "percent": 90}, 27.2),
    ("mean_wait", {"waits": [2, 3, 5, 8, 40]}, 11.6),
    ("mean_wait", {"waits": [4, 8]}, 6),
    ("time_on_caseload", {"months": [2, 3, 5, 8, 40]}, 11.6),
    ("time_on_caseload", {"months": [4, 8]}, 6),
]
BY_HAND = [ratio.metric for ratio in RATIOS] + [name for name, _, _ in OTHERS + SUMMARIES] + list(PROFILES)


def test_every_metric_has_its_lines() -> None:
    assert set(BY_HAND) == set(CATALOGUE)


@pytest.mark.parametrize("ratio", RATIOS, ids=lambda ratio: ratio.metric)
def test_ratios(ratio: Ratio) -> None:
    for above, below, value in (ratio.first, ratio.second):
        found = getattr(cm, ratio.metric)(**{ratio.numerator: above, ratio.denominator: below})
        assert found == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize("ratio", RATIOS, ids=lambda ratio: ratio.metric)
def test_the_metric_says_the_same_of_itself(ratio: Ratio) -> None:
    # What tables, charts and packs read of it.
    metric = cm.describe(ratio.metric)
    assert (metric.numerator, metric.denominator) == ({ratio.numerator: 1}, {ratio.denominator: 1})


@pytest.mark.parametrize(("name", "given", "value"), OTHERS, ids=lambda value: value if isinstance(value, str) else "")
def test_what_is_no_ratio_of_two_measures(name: str, given: dict[str, float], value: float) -> None:
    assert getattr(cm, name)(**given) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize("name", PROFILES)
def test_profiles(name: str) -> None:
    for parts, shares in (([1, 3, 4], [0.125, 0.375, 0.5]), ([5, 15], [0.25, 0.75])):
        found = getattr(cm, name)(**{PROFILES[name]: np.array(parts)})
        np.testing.assert_allclose(found, shares, rtol=1e-12)


@pytest.mark.parametrize(
    ("name", "given", "value"), SUMMARIES, ids=lambda value: value if isinstance(value, str) else ""
)
def test_summaries(name: str, given: dict[str, object], value: float) -> None:
    arguments = {key: np.array(each) if isinstance(each, list) else each for key, each in given.items()}
    assert getattr(cm, name)(**arguments) == pytest.approx(value, rel=1e-12)


def test_few_examples_are_illustrations() -> None:
    # Their figures are made up, for no published ones are known; their arithmetic is tested above like all others.
    made_up = {name for name, metric in CATALOGUE.items() if metric.example.where.startswith("illustration")}
    assert made_up == {
        "admissions_per_100k",
        "intervention_offer_rate",
        "therapy_offer_rate",
        # Rates that are published by place and month in files that are not among the documents read here.
        "crisis_24_hour_rate",
        "long_stay_rate",
    }
