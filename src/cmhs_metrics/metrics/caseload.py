"""Caseload: how many people the services hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmhs_metrics.catalogue import metric
from cmhs_metrics.numeric.ratio import ratio
from cmhs_metrics.numeric.summaries import mean, shares
from cmhs_metrics.sources import ASSERTIVE_OUTREACH, AUDIT, CONFEDERATION, FRAMEWORK

if TYPE_CHECKING:
    from cmhs_metrics.numeric.kinds import Column, Many, Number, Value

__all__ = [
    "people_in_contact_per_100k",
    "care_plan_coverage",
    "key_worker_coverage",
    "discharged_after_dna_rate",
    "caseload_per_100k",
    "caseload_share",
    "time_on_caseload",
    "implied_time_on_caseload",
    "caseload_turnover",
    "community_supported_rate",
]

CARE_PLANNING = FRAMEWORK.section("Care planning and the Care Programme Approach")


@metric(
    label="Caseload per 100,000 people",
    unit="patient / person_100k",
    source=AUDIT.section("Community MH Caseload comparisons: Caseloads per 100,000 population 2016/17"),
    example={"caseload": 698_444, "population": 44_916_013},
    gives="1555",
    places=0,
    where="698,444 people on caseload are 1,555 per 100,000, which implies 44.9m people aged 16 and over",
    caveats=["A person on the caseloads of two teams counts twice when the teams are added."],
)
def caseload_per_100k(caseload: Value | Number, population: Value | Number) -> Value:
    """People on the caseload at the end of the period, for every 100,000 people of the place."""
    return ratio(caseload, population, 100_000)


@metric(
    label="Share of caseload by team",
    unit="",
    source=AUDIT.section("Caseloads by Community Team"),
    example={"caseload": (323_466, 141_937, 83_047, 149_994)},
    gives="[0.463, 0.203, 0.119, 0.215]",
    places=3,
    where="generic CMHTs, older people, memory services, and the rest of 698,444",
    proportion=True,
    many=True,
)
def caseload_share(caseload: Many) -> Many:
    """The share of each team type among all people on the caseload."""
    return shares(caseload)


@metric(
    label="Average time on caseload",
    unit="month",
    source=AUDIT.section("Community MH Caseload comparisons: Length of time on caseloads 2016/17"),
    example={"months": (3, 14, 25)},
    gives="14.0",
    where="generic CMHTs average 14 months",
    many=True,
    parameters={"months": "month"},
    caveats=["People still on the caseload have not stayed their full time yet: say which people were counted."],
)
def time_on_caseload(months: Column) -> float:
    """The mean time for which people have been, or were, on the caseload."""
    return mean(months)


@metric(
    label="Time on caseload implied by Little's law",
    unit="month * patient / discharge",
    source=AUDIT.section("Community MH Caseload comparisons: Length of time on caseloads 2016/17"),
    example={"average_caseload": 698_444, "discharges": 1_558_000},
    gives="5.4",
    where="698,444 on caseload, were discharges as many as accepted referrals: 82% of 1.9m",
    annual=True,
    caveats=[
        "Little's law holds where the caseload is steady: as many come as go.",
        "A referral accepted for no more than an assessment shortens the implied time; the audit reports 14 months for "
        "generic CMHTs.",
    ],
)
def implied_time_on_caseload(average_caseload: Value | Number, discharges: Value | Number) -> Value:
    """The mean time on the caseload that its size and the year's discharges imply."""
    return ratio(average_caseload, discharges, 12)


@metric(
    label="Caseload turnover",
    unit="discharge / patient",
    source=AUDIT.section("Community MH Caseload comparisons: Length of time on caseloads 2016/17"),
    example={"discharges": 1_558_000, "average_caseload": 698_444},
    gives="2.2",
    where="698,444 on caseload, were discharges as many as accepted referrals: 82% of 1.9m",
    annual=True,
)
def caseload_turnover(discharges: Value | Number, average_caseload: Value | Number) -> Value:
    """Discharges of a year for each person on the caseload: how often it is renewed."""
    return ratio(discharges, average_caseload)


@metric(
    label="Share of service users supported in the community",
    unit="",
    source=AUDIT.section("Policy context and drivers for this stocktake"),
    example={"community_patients": 90, "service_users": 100},
    gives="0.9",
    where="over 90% of service users are supported in community settings",
    proportion=True,
)
def community_supported_rate(community_patients: Value | Number, service_users: Value | Number) -> Value:
    """The share of the users of specialist mental health services who are supported in the community."""
    return ratio(community_patients, service_users)


@metric(
    label="People in contact per 100,000 people",
    unit="patient / person_100k",
    source=CONFEDERATION.section("paragraph 22"),
    example={"people_in_contact": 1_340_000, "population": 44_900_000},
    gives="2984.4",
    where="1.34 million adults in October 2024; the 44.9m people aged 16 and over of the audit",
    caveats=["People with an open referral count whether or not anybody has seen them: a caseload is smaller."],
)
def people_in_contact_per_100k(people_in_contact: Value | Number, population: Value | Number) -> Value:
    """People with an open referral at the end of the period, for every 100,000 people of the place."""
    return ratio(people_in_contact, population, 100_000)


@metric(
    label="Patients with a care plan",
    unit="",
    source=CARE_PLANNING,
    example={"patients_with_care_plan": 86, "caseload": 100},
    gives="0.86",
    places=2,
    where="14% of people on the Care Programme Approach said that they had none (CQC survey of 2013)",
    proportion=True,
    caveats=["A plan that is on record is not one that the person knows: surveys find fewer than records do."],
)
def care_plan_coverage(patients_with_care_plan: Value | Number, caseload: Value | Number) -> Value:
    """The share of people on the caseload who have a care plan."""
    return ratio(patients_with_care_plan, caseload)


@metric(
    label="Patients with a key worker",
    unit="",
    source=CARE_PLANNING,
    example={"patients_with_key_worker": 76, "caseload": 100},
    gives="0.76",
    places=2,
    where="24% had not been told who organises their care (CQC survey of 2016)",
    proportion=True,
    caveats=["Called key worker, named worker or care coordinator: whoever organises the person's care."],
)
def key_worker_coverage(patients_with_key_worker: Value | Number, caseload: Value | Number) -> Value:
    """The share of people on the caseload who have a key worker."""
    return ratio(patients_with_key_worker, caseload)


@metric(
    label="Discharges for not attending",
    unit="",
    source=ASSERTIVE_OUTREACH.section("not attending as a reason to discharge"),
    example={"discharges_after_dna": 243, "discharges": 2_967},
    gives="0.082",
    places=3,
    where="one trust, a year: 8.19% of discharges (Hostick and Newell 2004, doi 10.1111/j.1365-2702.2004.01005.x)",
    proportion=True,
    caveats=["Read from the reason that the record gives for closing the referral: did not attend, code 05."],
)
def discharged_after_dna_rate(discharges_after_dna: Value | Number, discharges: Value | Number) -> Value:
    """The share of discharges of which the reason is that the person did not attend."""
    return ratio(discharges_after_dna, discharges)
