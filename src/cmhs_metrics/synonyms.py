"""The words that people use for keys, measures and metrics, beside the standard names.

Read by `search`, by `describe`'s hints and by `read_return`. A name that is not here is found by itself and by the
words of its definition.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

KEY_WORDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "organisation": (
            "trust", "trust name", "provider", "provider name", "org", "org name", "organisation name",
            "trust/provider",
            "organisation code", "org code", "trust code", "provider code", "ods code",
        ),
        "icb": ("integrated care board", "icb code", "icb name", "commissioner"),
        "region": ("region name", "region code", "nhs region"),
        "team": ("team name", "team code", "service", "service name"),
        "team_type": ("type of team", "team type", "service type", "type of service", "service line", "type"),
        "period": (
            "fy", "year", "financial year", "month", "quarter", "reporting period", "date", "period end",
            "month ending",
            "year ending",
        ),
    }
)  # fmt: skip
"""Headings of key columns, by the standard name."""

LIKELY_KEYS = frozenset({"commissioner", "service", "service name", "service line", "type", "date"})
"""Headings that mean the key as a rule, and now and then something else: whoever reads is asked."""

MEASURE_WORDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "referrals": (
            "referrals received", "refs received", "refs", "referrals in", "new referrals", "number of referrals",
            "total referrals",
        ),
        "referrals_accepted": ("refs accepted", "accepted referrals", "accepted"),
        "referrals_rejected": ("refs rejected", "rejected referrals", "referrals not accepted", "rejected"),
        "referrals_closed": ("closed referrals", "referrals closed or discharged"),
        "open_referrals": ("referrals open", "open refs", "number of open referrals"),
        "waiting": ("waiting list", "people waiting", "number waiting", "on waiting list", "currently waiting"),
        "waiting_over_52_weeks": ("52 week waits", "52+ week waits", "waits over 52 weeks", "over 52 weeks"),
        "waiting_over_78_weeks": ("78 week waits", "waits over 78 weeks", "over 78 weeks"),
        "waiting_over_104_weeks": ("104 week waits", "waits over 104 weeks", "over 104 weeks"),
        "waits_completed": ("completed waits", "completed pathways"),
        "waits_within_four_weeks": ("seen within 4 weeks", "4 week wait met", "within four weeks"),
        "caseload": (
            "caseload at year end", "year end caseload", "caseload at period end", "caseload at end of period",
            "caseload at month end", "number on caseload", "no on caseload", "patients on caseload",
            "people on caseload", "closing caseload", "current caseload", "total caseload",
        ),
        "average_caseload": ("mean caseload", "caseload average", "avg caseload"),
        "discharges": ("discharged", "number of discharges", "patients discharged"),
        "contacts": (
            "total contacts", "attended contacts", "contacts attended", "all contacts", "number of contacts",
            "care contacts",
        ),
        "face_to_face_contacts": (
            "f2f contacts", "f2f", "face to face", "face to face contacts", "contacts f2f", "contacts face to face",
        ),
        "did_not_attends": (
            "dna", "dnas", "did not attend", "did not attends", "number of dnas", "missed appointments",
            "non attendances",
        ),
        "total_cost": (
            "cost", "costs", "total costs", "total spend", "spend", "expenditure", "total expenditure", "budget spent",
            "actual spend", "full cost",
        ),
        "wte": (
            "wte in post", "staff wte", "total wte", "fte", "staff fte", "staff in post", "whole time equivalent",
            "whole time equivalents", "full time equivalent",
        ),
        "beds": ("bed numbers", "number of beds", "open beds"),
        "admissions": ("number of admissions", "ward admissions"),
        "readmissions": ("re admissions", "emergency readmissions"),
        "occupied_bed_days": ("obds", "obd", "bed days occupied"),
        "available_bed_days": ("bed days available",),
        "delayed_bed_days": ("delayed transfers", "dtoc days", "bed days delayed"),
        "people_accessing": ("people in access", "people with two or more contacts", "access"),
        "smi_register": ("smi register size", "people on smi register", "smi qof register"),
        "smi_health_checks": ("physical health checks", "smi health checks", "sphc", "annual health checks"),
        "amhps": ("amhp", "approved mental health professionals"),
        "social_workers": ("social workers wte",),
        "registered_population": (
            "reg pop", "registered pop", "gp registered population", "registered list size", "list size", "population",
            "pop",
        ),
        "weighted_population": (
            "weighted pop", "weighted pop (mh)", "mh weighted population", "mh weighted pop",
            "need weighted population",
        ),
        "people_aged_16_plus": ("population 16+", "population aged 16 and over", "pop 16+"),
        "people_aged_16_64": ("population 16-64", "population aged 16 to 64", "pop 16-64"),
        "people_aged_65_plus": ("population 65+", "population aged 65 and over", "pop 65+"),
    }
)  # fmt: skip
"""Headings and words for measures, by the standard name."""

LIKELY_MEASURES = frozenset(
    {
        "refs", "accepted", "rejected", "discharged", "cost", "costs", "spend", "expenditure", "access", "pop",
        "population", "list size", "face to face", "staff in post", "delayed transfers", "current caseload",
        "contacts face to face", "full cost",
    }
)  # fmt: skip
"""Words that mean the measure as a rule, and now and then something else: whoever reads is asked."""

METRIC_WORDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "dna_rate": ("dna", "dnas", "did not attend", "missed appointments", "non-attendance"),
        "average_length_of_stay": ("los", "alos", "length of stay"),
        "bed_occupancy": ("occupancy",),
        "four_week_rate": ("4 week wait", "4ww", "four week wait", "28 days", "waiting time standard"),
        "median_wait": ("waiting list", "waiting time", "average wait"),
        "wait_percentile": ("90th percentile", "waiting list"),
        "mean_wait": ("average wait", "waiting time"),
        "waiting_over_52_weeks_rate": ("waiting list", "long waits", "year waits"),
        "access_per_100k": ("access rate", "access", "people in contact"),
        "iapt_entrants_per_patient": ("talking therapies", "nhs talking therapies", "iapt"),
        "wte_per_100k": ("staffing", "staff per head", "fte", "whole time equivalent"),
        "cost_per_100k": ("cost per head", "spend per head", "cost per capita", "investment"),
        "year_of_care_cost": ("cost per patient", "cost per person", "unit cost", "cost per service user"),
        "cost_per_contact": ("unit cost", "price of a contact"),
        "contacts_per_patient": ("intensity", "contact frequency"),
        "contacts_per_wte": ("productivity",),
        "patients_per_wte": ("caseload per worker", "caseload size", "productivity"),
        "caseload_per_100k": ("caseload per head", "prevalence"),
        "referral_acceptance_rate": ("rejection rate", "referrals accepted", "threshold"),
        "referrals_per_100k": ("demand", "referral rate"),
        "readmission_rate": ("emergency readmissions", "readmitted"),
        "delayed_transfer_rate": ("dtoc", "delayed discharge", "clinically ready for discharge"),
        "smi_health_check_rate": ("physical health checks", "annual health check", "sphc"),
        "admissions_without_prior_contact_rate": ("not known to services", "unknown to services"),
        "eip_two_week_rate": ("early intervention", "eip standard", "two week wait"),
        "improved_share": ("outcomes", "recovery", "reliable improvement"),
        "premature_mortality_ratio": ("mortality gap", "premature death"),
        "access_growth": ("growth in access",),
        "people_in_contact_per_100k": ("people in contact", "open referrals"),
        "full_clock_stop_four_week_rate": ("full clock stop", "meaningful help", "four week wait", "4ww"),
        "median_time_waiting": ("still waiting", "waiting list", "incomplete waits"),
        "time_waiting_percentile": ("still waiting", "90th percentile", "incomplete waits"),
        "crisis_24_hour_rate": ("urgent response", "crisis response"),
        "follow_up_72_hour_rate": ("72 hours", "72hfu", "follow-up after discharge"),
        "long_stay_rate": ("60 days", "long length of stay", "long stays"),
        "out_of_area_bed_day_share": ("oaps", "oap", "out of area placements"),
        "relative_cost": ("national cost collection index", "ncci", "reference cost index", "efficiency"),
        "discharged_after_dna_rate": ("discharged for not attending", "disengagement"),
        "caseload_per_worker": ("assertive outreach", "caseload per care coordinator", "caseload size"),
        "care_plan_coverage": ("care plans", "care planning"),
        "key_worker_coverage": ("care coordinator", "named worker"),
        "voluntary_sector_spend_share": ("vcse share", "vcse", "third sector"),
        "vacancy_rate": ("vacancies", "unfilled posts"),
        "sickness_absence_rate": ("sickness", "absence"),
        "turnover_rate": ("turnover", "leavers", "retention"),
        "supervision_rate": ("supervision", "clinical supervision"),
        "currency_share": ("currency", "resource groups"),
        "amhps_per_100k": ("approved mental health professionals",),
    }
)
"""Words for metrics, by name."""

PUBLISHED_AS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "admissions_without_prior_contact_rate": ("MHS107b",),
        "crisis_24_hour_rate": ("OF0016 [unverified]",),
        "eip_two_week_rate": ("EIP23i",),
        "follow_up_72_hour_rate": ("MHS80",),
        "full_clock_stop_four_week_rate": ("MRS01b",),
        "long_stay_rate": ("MHS100b", "OF0063 [unverified]"),
        "median_time_waiting": ("MRS03a", "MHS128"),
        "median_wait": ("MHS125",),
        "out_of_area_bed_day_share": ("OAP09M", "OAP09Q", "OAP09Y"),
        "relative_cost": ("OF0086 [unverified]",),
        "time_waiting_percentile": ("MRS03b", "MHS129"),
        "wait_percentile": ("MHS126",),
        "waiting_over_52_weeks_rate": ("MRS02f", "MRS07f"),
        "waiting_over_78_weeks_rate": ("MRS02d", "MRS07d"),
        "waiting_over_104_weeks_rate": ("MRS02b", "MRS07b"),
        # Measures
        "acute_discharges": ("MHS140",),
        "admissions_without_prior_contact": ("MHS106b",),
        "crisis_referrals": ("CCR71",),
        "crisis_referrals_seen_in_24_hours": ("CCR120",),
        "eip_starts": ("EIP23a",),
        "eip_starts_within_two_weeks": ("EIP23b",),
        "eligible_discharges": ("MHS78",),
        "followed_up_discharges": ("MHS79",),
        "full_clock_stops": ("MRS01",),
        "full_clock_stops_within_four_weeks": ("MRS01a",),
        "long_stay_discharges": ("MHS100",),
        "out_of_area_bed_days": ("OAP02M", "OAP02Q", "OAP02Y"),
        "people_accessing": ("MHS108",),
        "people_in_contact": ("MHS01",),
        "waiting": ("MRS02", "MRS03"),
        "waiting_over_52_weeks": ("MRS02e", "MRS07e"),
        "waiting_over_78_weeks": ("MRS02c", "MRS07c"),
        "waiting_over_104_weeks": ("MRS02a", "MRS07a"),
    }
)
"""National ids of what is the same thing, by the name of the metric or measure; percentages there are shares here.

Ids of the monthly statistics of the Mental Health Services Data Set, and of the oversight framework (OF), whose full
specification could not be read: these are marked.
"""

FOLLOWED_BY: Mapping[str, str] = MappingProxyType(
    {
        "access": "people_accessing",
        "access_growth": "access_growth",
        "care_plan": "care_plan_coverage",
        "eip_two_weeks": "eip_two_week_rate",
        "equalities": "admissions_without_prior_contact_rate",
        "fewer_placements": "out_of_area_bed_day_share",
        "health_checks": "smi_health_checks",
        "length_of_stay": "average_length_of_stay",
        "longest_waits": "waiting_over_104_weeks_rate",
        "not_attending": "discharged_after_dna_rate",
    }
)
"""The metric or measure by which an ambition or a requirement is followed."""

NO_LONGER_COLLECTED: Mapping[str, str] = MappingProxyType(
    {"cluster_share": "care clusters are not collected from version 6 of the data set on (April 2024)"}
)
"""Metrics whose measures are no longer collected nationally, and why."""

FUNCTION_WORDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "run_charts.run_chart": ("spc", "xmr", "control chart", "statistical process control", "making data count"),
        "plots.xmr_chart": ("spc", "xmr", "control chart"),
        "real_terms": ("deflator", "inflation", "gdp deflator", "constant prices"),
        "benchmark": ("league table", "compare", "peers", "ranking", "position"),
        "aggregate": ("totals", "sum", "group", "pivot"),
        "with_metrics": ("calculate", "compute", "add columns"),
        "pack": ("report", "board paper", "dashboard"),
        "disclosure.suppress": ("small numbers", "rounding", "anonymise"),
        "disclosure.protect": ("small numbers", "secondary suppression", "anonymise"),
        "catchments.apportion": ("boundaries", "catchment", "allocate"),
        "variation.funnel": ("funnel plot", "outliers"),
        "inequality.slope_indices": ("sii", "rii", "slope index", "health inequalities", "deprivation"),
        "inequality.by_deprivation": ("imd", "deciles", "quintiles", "core20plus5"),
        "inequality.group_gaps": ("ethnicity", "disparity", "gap between groups"),
        "inequality.life_expectancy": ("life tables", "chiang", "mortality gap"),
        "decomposition.decompose_rates": ("das gupta", "standardisation", "kitagawa"),
        "mhsds.measures": ("sql", "records", "extract", "patient level"),
        "units.wte_from_hours": ("hours", "hours per week", "whole time equivalent", "fte"),
        "units.parse": ("million", "thousand", "pounds"),
    }
)
"""Words for functions, by the name under which they are called."""


def words_of(text: str) -> str:
    """Bring a heading or a question to the form in which words are compared.

    Lower case; brackets, underscores and punctuation become spaces, except for the + of an age and the / and - within a
    word or number.

    Examples
    --------
    >>> words_of("No. on Caseload"), words_of("F2F_contacts"), words_of(" Population 16+ ")
    ('no on caseload', 'f2f contacts', 'population 16+')
    """
    plain = re.sub(r"[^a-z0-9+/-]+", " ", text.casefold().replace("&", " and "))
    plain = re.sub(r"(?<![a-z0-9])[-/]+|[-/]+(?![a-z0-9])", " ", plain)
    return " ".join(plain.split())


def measure_called(heading: str) -> str | None:
    """The measure that a heading means by its words or its case; None where it means none.

    Examples
    --------
    >>> measure_called("DNAs"), measure_called("Total_Cost"), measure_called("colour")
    ('did_not_attends', 'total_cost', None)
    """
    asked = words_of(heading.replace("_", " "))
    for name, words in MEASURE_WORDS.items():
        if asked == name.replace("_", " ") or asked in map(words_of, words):
            return name
    return None
