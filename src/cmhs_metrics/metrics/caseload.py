"""Caseload: how many people the services hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmhs_metrics.catalogue import metric
from cmhs_metrics.ratio import ratio
from cmhs_metrics.sources import AUDIT

if TYPE_CHECKING:
    from cmhs_metrics.containers import Number, Value


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
