"""Voluntary sector: what is commissioned from voluntary and community organisations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmhs_metrics.catalogue import metric
from cmhs_metrics.numeric.ratio import ratio
from cmhs_metrics.sources import AUDIT, BOARD_PAPER

if TYPE_CHECKING:
    from cmhs_metrics.numeric.kinds import Number, Value

__all__ = [
    "voluntary_sector_cost_per_patient",
    "recurrent_share",
    "voluntary_sector_spend_share",
    "non_recurrent_share",
]

SERVICES = AUDIT.section("Voluntary Sector: Most common service offers nationally")


@metric(
    label="Cost per person supported by the voluntary sector",
    unit="GBP / patient",
    source=SERVICES,
    example={"voluntary_sector_cost": 2_500_000, "voluntary_sector_patients": 6_976},
    gives="358",
    places=0,
    where="peer support: £2.5 million for 6,976 people, printed £358",
)
def voluntary_sector_cost_per_patient(
    voluntary_sector_cost: Value | Number, voluntary_sector_patients: Value | Number
) -> Value:
    """Spend through voluntary and community organisations for each person supported."""
    return ratio(voluntary_sector_cost, voluntary_sector_patients)


@metric(
    label="Services commissioned on a recurring basis",
    unit="",
    source=AUDIT.section("Voluntary Sector: Recurrent / Non-recurrent commissioning"),
    example={"recurrent_services": 769, "services": 1_039},
    gives="0.74",
    places=2,
    where="74% of 1,039 services",
    proportion=True,
)
def recurrent_share(recurrent_services: Value | Number, services: Value | Number) -> Value:
    """The share of services that are commissioned on a recurring basis."""
    return ratio(recurrent_services, services)


@metric(
    label="Share of transformation funding spent through the voluntary sector",
    unit="",
    source=BOARD_PAPER.section("paragraph 15"),
    example={"voluntary_sector_funding": 22, "transformation_funding": 100},
    gives="0.22",
    places=2,
    where="an average of 22% planned for 2022/23",
    proportion=True,
    caveats=["The 22% is a mean of systems; the largest is 48%."],
)
def voluntary_sector_spend_share(
    voluntary_sector_funding: Value | Number, transformation_funding: Value | Number
) -> Value:
    """Spend through voluntary and community organisations, as a share of transformation funding."""
    return ratio(voluntary_sector_funding, transformation_funding)


@metric(
    label="Services commissioned without recurrence",
    unit="",
    source=AUDIT.section("Voluntary Sector: Recurrent / Non-recurrent commissioning"),
    example={"services": 1_039, "recurrent_services": 769},
    gives="0.26",
    places=2,
    where="26% of 1,039 services, the rest of the 74%",
    proportion=True,
)
def non_recurrent_share(services: Value | Number, recurrent_services: Value | Number) -> Value:
    """The share of services that are commissioned for a term only."""
    return ratio(services - recurrent_services, services)
