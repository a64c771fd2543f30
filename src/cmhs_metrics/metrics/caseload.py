"""Caseload: how many people the services hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmhs_metrics.catalogue import metric
from cmhs_metrics.numeric.ratio import ratio
from cmhs_metrics.numeric.summaries import mean, shares
from cmhs_metrics.sources import AUDIT

if TYPE_CHECKING:
    from cmhs_metrics.numeric.kinds import Column, Many, Number, Value

__all__ = [
    "caseload_per_100k",
    "caseload_share",
    "time_on_caseload",
    "implied_time_on_caseload",
    "caseload_turnover",
    "community_supported_rate",
]


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
