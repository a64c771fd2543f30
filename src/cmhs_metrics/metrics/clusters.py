"""Care clusters: for whom the services care."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmhs_metrics.catalogue import metric
from cmhs_metrics.ratio import ratio
from cmhs_metrics.sources import AUDIT
from cmhs_metrics.summaries import shares

if TYPE_CHECKING:
    from cmhs_metrics.values import Many, Number, Value


@metric(
    label="Share of caseload by care cluster",
    unit="",
    source=AUDIT.section("Benchmarking community caseloads: Profile of Trust level PbR patient cluster profiles"),
    example={"caseload": (23, 28, 26, 23)},
    gives="[0.23, 0.28, 0.26, 0.23]",
    places=2,
    where="unclustered, non-psychosis, psychosis and organic",
    proportion=True,
    many=True,
    caveats=["With the unclustered, or without: the audit prints both, and they are not to be compared."],
)
def cluster_share(caseload: Many) -> Many:
    """The share of each care cluster, or group of clusters, among all people on the caseload."""
    return shares(caseload)


@metric(
    label="People entering IAPT per patient on caseload",
    unit="",
    source=AUDIT.section("Community MH Caseload: Caseload levels and IAPT activity"),
    example={"iapt_entrants": 965_172, "caseload": 698_444},
    gives="1.4",
    where="965,172 people entered IAPT in 2016/17; 698,444 were on CMHS caseloads at its end",
    caveats=["A flow over a stock: a sign of substitution between the two services, and no proof of it."],
)
def iapt_entrants_per_patient(iapt_entrants: Value | Number, caseload: Value | Number) -> Value:
    """People who entered IAPT (now NHS Talking Therapies) in the period, for each person on the community caseload."""
    return ratio(iapt_entrants, caseload)
