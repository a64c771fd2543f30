"""Social care: the local authorities' part."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmhs_metrics.catalogue import metric
from cmhs_metrics.numeric.ratio import ratio
from cmhs_metrics.numeric.summaries import shares
from cmhs_metrics.sources import AUDIT

if TYPE_CHECKING:
    from cmhs_metrics.numeric.kinds import Many, Number, Value

__all__ = [
    "social_workers_per_100k",
    "social_care_support_staff_per_100k",
    "amhps_per_100k",
    "assessments_per_amhp",
    "assessment_source_share",
    "assessments_under_18_per_100k",
    "assessments_65_plus_per_100k",
    "amhp_share",
]

SOCIAL_WORKERS = AUDIT.section("Social Care: Mental Health Social Workers (WTE) per 100,000 population")
AMHPS = AUDIT.section("Social Care: AMHP Workforce per 100,000 population")


@metric(
    label="Mental-health social workers per 100,000 people",
    unit="WTE / person_100k",
    source=SOCIAL_WORKERS,
    example={"social_workers": 45, "population": 500_000},
    gives="9.0",
    where="an average of 9 WTE per 100,000: 45 for 500,000 people",
)
def social_workers_per_100k(social_workers: Value | Number, population: Value | Number) -> Value:
    """Mental-health social workers of the local authority, for every 100,000 people."""
    return ratio(social_workers, population, 100_000)


@metric(
    label="Mental-health support staff per 100,000 people",
    unit="WTE / person_100k",
    source=AUDIT.section("Social Care: Mental Health social care support staff (WTE) per 100,000 population"),
    example={"social_care_support_staff": 20, "population": 500_000},
    gives="4.0",
    where="an average of 4 WTE per 100,000: 20 for 500,000 people",
)
def social_care_support_staff_per_100k(social_care_support_staff: Value | Number, population: Value | Number) -> Value:
    """Mental-health support staff of the local authority, for every 100,000 people."""
    return ratio(social_care_support_staff, population, 100_000)


@metric(
    label="Approved mental health professionals per 100,000 people",
    unit="WTE / person_100k",
    source=AMHPS,
    example={"amhps": 3_250, "population": 54_200_000},
    gives="6.0",
    where="around 3,250 WTE in England at 6 per 100,000, which implies 54.2m people",
)
def amhps_per_100k(amhps: Value | Number, population: Value | Number) -> Value:
    """Approved mental health professionals (AMHPs), for every 100,000 people."""
    return ratio(amhps, population, 100_000)


@metric(
    label="Mental Health Act assessments per AMHP",
    unit="assessment / WTE",
    source=AUDIT.section("Social Care: Number of assessments per AMHP (WTE)"),
    example={"mha_assessments": 400, "amhps": 10},
    gives="40.0",
    where="40 assessments for each WTE in the year",
    annual=True,
)
def assessments_per_amhp(mha_assessments: Value | Number, amhps: Value | Number) -> Value:
    """Mental Health Act assessments of a year for each approved mental health professional."""
    return ratio(mha_assessments, amhps)


@metric(
    label="Share of assessments by source of referral",
    unit="",
    source=AUDIT.section("Social Care: Referral source for Mental Health Act assessment"),
    example={"mha_assessments": (28, 25, 12, 20, 4, 11)},
    gives="[0.28, 0.25, 0.12, 0.2, 0.04, 0.11]",
    places=2,
    where="community teams, inpatients, A&E, police and S136, primary care, and the rest of 100%",
    proportion=True,
    many=True,
)
def assessment_source_share(mha_assessments: Many) -> Many:
    """The share of each source of referral among all Mental Health Act assessments."""
    return shares(mha_assessments)


@metric(
    label="Assessments of under 18s per 100,000 of that age",
    unit="assessment / person_100k",
    source=AUDIT.section("Social Care: Assessments for Under 18s"),
    example={"mha_assessments_under_18": 4_100, "people_aged_0_17": 11_714_000},
    gives="35.0",
    where="around 4,100 in England at 35 per 100,000, which implies 11.7m people under 18",
)
def assessments_under_18_per_100k(mha_assessments_under_18: Value | Number, people_aged_0_17: Value | Number) -> Value:
    """Mental Health Act assessments of people under 18, for every 100,000 people of that age."""
    return ratio(mha_assessments_under_18, people_aged_0_17, 100_000)


@metric(
    label="Assessments of over 65s per 100,000 of that age",
    unit="assessment / person_100k",
    source=AUDIT.section("Social Care: Assessments for Over 65s"),
    example={"mha_assessments_65_plus": 22_500, "people_aged_65_plus": 9_912_000},
    gives="227.0",
    where="around 22,500 in England at 227 per 100,000, which implies 9.9m people aged 65 and over",
)
def assessments_65_plus_per_100k(mha_assessments_65_plus: Value | Number, people_aged_65_plus: Value | Number) -> Value:
    """Mental Health Act assessments of people aged 65 and over, for every 100,000 people of that age."""
    return ratio(mha_assessments_65_plus, people_aged_65_plus, 100_000)


@metric(
    label="Share of social workers who are AMHPs",
    unit="",
    source=AMHPS,
    example={"amhp_social_workers": 6, "social_workers": 9},
    gives="0.67",
    places=2,
    where="6 AMHPs and 9 social workers per 100,000: around two thirds",
    proportion=True,
)
def amhp_share(amhp_social_workers: Value | Number, social_workers: Value | Number) -> Value:
    """The share of mental-health social workers who are approved mental health professionals."""
    return ratio(amhp_social_workers, social_workers)
