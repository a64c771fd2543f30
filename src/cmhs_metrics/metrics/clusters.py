"""Care clusters: for whom the services care."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from cmhs_metrics.catalogue import metric
from cmhs_metrics.clusters import CareCluster
from cmhs_metrics.errors import BadInput, Problem, inside
from cmhs_metrics.numeric.expected import expect_mapping
from cmhs_metrics.numeric.ratio import ratio
from cmhs_metrics.numeric.summaries import shares
from cmhs_metrics.signatures import checked
from cmhs_metrics.sources import AUDIT, CURRENCIES

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from cmhs_metrics.numeric.kinds import Many, Number, Value

__all__ = ["cluster_share", "iapt_entrants_per_patient", "currency_share", "cluster_profile"]


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
    annual=True,
    caveats=["A flow over a stock: a sign of substitution between the two services, and no proof of it."],
)
def iapt_entrants_per_patient(iapt_entrants: Value | Number, caseload: Value | Number) -> Value:
    """People who entered IAPT (now NHS Talking Therapies) in the period, for each person on the community caseload."""
    return ratio(iapt_entrants, caseload)


@metric(
    label="Share of caseload by currency group",
    unit="",
    source=CURRENCIES.section("six population groups in three settings"),
    example={"caseload": (32, 33, 29, 6)},
    gives="[0.32, 0.33, 0.29, 0.06]",
    places=2,
    where="the audit's bands of care clusters, for no profile by currency group is published: 4-8, 10-17, 18-21, 1-3",
    proportion=True,
    many=True,
    caveats=["The groups' code list [unverified]: it comes from your own table, see Currency."],
)
def currency_share(caseload: Many) -> Many:
    """The share of each currency group among all people on the caseload."""
    return shares(caseload)


def _code(key: Any) -> int:
    return int(CareCluster.parse(key, allow_unused=True))


@checked
def cluster_profile(
    caseload: Mapping[Any, float] | pd.Series[Any],
    by: Literal["super class", "band"] = "super class",
    *,
    unclustered: bool = True,
) -> pd.Series[Any]:
    """Group a caseload by care cluster into the audit's groups, as shares of the whole.

    Parameters
    ----------
    caseload : mapping or pandas.Series
        People on the caseload of each cluster, by any spelling of it ("3", 3, "Cluster 3", 99) [patient].
    by : {"super class", "band"}, default "super class"
        The audit's groups of a year (variance, non-psychosis, psychosis, organic, unclustered), or its bands over the
        years (1-3, 4-8, 10-17, 18-21), which cover people with a valid cluster only.
    unclustered : bool, default True
        Whether the whole includes people without a cluster; never so by band.

    Returns
    -------
    pandas.Series
        The share of each group that occurs [proportion], in the audit's order.

    Raises
    ------
    BadInput
        When a cluster cannot be read, or is cluster 9, which is not in use.

    References
    ----------
    NHS Benchmarking Network, Community Mental Health Services Audit 2016/17: Benchmarking community caseloads; Profile
    of service utilisation by major care cluster groups.

    Examples
    --------
    >>> cluster_profile({3: 28, 11: 26, 18: 23, 99: 23}).round(2).to_dict()
    {'Non-psychosis': 0.28, 'Psychosis': 0.26, 'Organic': 0.23, 'Unclustered': 0.23}
    >>> cluster_profile({3: 6, 4: 32, 11: 33, 18: 29, 99: 23}, by="band").round(2).to_dict()
    {'1-3': 0.06, '4-8': 0.32, '10-17': 0.33, '18-21': 0.29}
    """
    import pandas as pd

    expect_mapping("cluster_profile", "caseload", caseload, "a mapping or a Series from cluster to people")
    with inside("cluster_profile", "caseload"):
        if 9 in map(_code, caseload):
            expected = "a cluster in use: 9 is under review, and nobody can be in it"
            raise BadInput("cluster_profile", [Problem("caseload", None, 9, expected)])
    groups: dict[str, float] = {}
    counted = sorted(
        ((CareCluster.parse(key), float(count)) for key, count in caseload.items()), key=lambda each: each[0]
    )
    for cluster, count in counted:
        if cluster is CareCluster.NOT_CLUSTERED and not unclustered:
            continue
        group = cluster.band if by == "band" else cluster.super_class.label if cluster.super_class else None
        if group is not None:
            groups[group] = groups.get(group, 0.0) + count
    return pd.Series(cluster_share(pd.Series(groups, dtype="float64")), name="cluster_share")
