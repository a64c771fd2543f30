"""Referrals: how many reach the services, and how many are accepted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmhs_metrics.catalogue import metric
from cmhs_metrics.numeric.ratio import ratio
from cmhs_metrics.numeric.summaries import shares
from cmhs_metrics.sources import AUDIT, MONTHLY

if TYPE_CHECKING:
    from cmhs_metrics.numeric.kinds import Many, Number, Value

__all__ = [
    "referrals_per_100k",
    "open_referrals_per_100k",
    "referral_acceptance_rate",
    "referral_source_share",
    "referral_team_share",
]


@metric(
    label="Referrals per 100,000 people",
    unit="referral / person_100k",
    source=AUDIT.section("Referral comparisons: Referrals to CMHS 2016/17"),
    example={"referrals": 1_900_000, "population": 44_900_000},
    gives="4231.6",
    where="around 1.9m referrals; the population that 698,444 people at 1,555 per 100,000 imply",
    caveats=[
        "A referral from one team to another counts again: almost a fifth of referrals come from within the trust."
    ],
)
def referrals_per_100k(referrals: Value | Number, population: Value | Number) -> Value:
    """Referrals received in the period, for every 100,000 people of the place."""
    return ratio(referrals, population, 100_000)


@metric(
    label="Open referrals per 100,000 people",
    unit="referral / person_100k",
    source=MONTHLY.section("Community mental health waiting times, MRS06: referral spells still open"),
    example={"open_referrals": 496_135, "population": 63_849_324},
    gives="777.0",
    places=1,
    where="MRS06, England, June 2024; the registered population of all ICBs in NHS England's allocations for 2025/26",
    caveats=[
        "A referral is open until it is closed on the record, whether or not anyone is seen.",
        "The national figure counts referral spells: referrals of one person that overlap or nearly adjoin are one.",
    ],
)
def open_referrals_per_100k(open_referrals: Value | Number, population: Value | Number) -> Value:
    """Referrals open at the end of the period, for every 100,000 people of the place."""
    return ratio(open_referrals, population, 100_000)


@metric(
    label="Referral acceptance rate",
    unit="",
    source=AUDIT.section("Referrals by team type by source: Referral Acceptance Rate"),
    example={"referrals": 36_579, "referrals_accepted": 29_995},
    gives="0.82",
    places=2,
    where="36,579 referrals for each provider, of which 82% accepted",
    proportion=True,
    caveats=[
        "A high rate can mean suitable referrals, low thresholds or spare capacity; the rate cannot tell them apart."
    ],
)
def referral_acceptance_rate(referrals_accepted: Value | Number, referrals: Value | Number) -> Value:
    """The share of the referrals received in the period that the service accepted."""
    return ratio(referrals_accepted, referrals)


@metric(
    label="Share of referrals by source",
    unit="",
    source=AUDIT.section("Referrals by team type by source"),
    example={"referrals": (42, 5, 19, 3, 31)},
    gives="[0.42, 0.05, 0.19, 0.03, 0.31]",
    places=2,
    where="all teams: primary care, self and carer, other CMHTs, inpatients, other sources",
    proportion=True,
    many=True,
)
def referral_source_share(referrals: Many) -> Many:
    """The share of each source among all referrals."""
    return shares(referrals)


@metric(
    label="Share of referrals by team",
    unit="",
    source=AUDIT.section("Referrals by Community Team"),
    example={"referrals": (1_470_000, 430_000)},
    gives="[0.774, 0.226]",
    places=3,
    where="1.9m referrals, of which 430,000 went to crisis teams",
    proportion=True,
    many=True,
    caveats=["The audit says both that the 1.9m include crisis teams and that their 430,000 come on top."],
)
def referral_team_share(referrals: Many) -> Many:
    """The share of each team type among all referrals."""
    return shares(referrals)
