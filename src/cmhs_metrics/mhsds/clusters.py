"""The cluster profile of the caseload at a date."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw

from cmhs_metrics.errors import BadInput, Problem
from cmhs_metrics.mhsds.caseload import at_a_date, on_caseload
from cmhs_metrics.mhsds.counting.finish import finish
from cmhs_metrics.mhsds.counting.groups import AGE_BANDS
from cmhs_metrics.mhsds.counting.request import refuse_broken_rules
from cmhs_metrics.mhsds.counting.sums import team_columns
from cmhs_metrics.mhsds.records.codes import CLUSTERS, CORE, NOT_CLUSTERED, Scope
from cmhs_metrics.mhsds.records.columns import VERSION_6
from cmhs_metrics.mhsds.records.dates import NEVER, month_id, read_date
from cmhs_metrics.mhsds.records.extract import ExtractLike, as_extract
from cmhs_metrics.mhsds.records.latest import end_date, latest, number
from cmhs_metrics.signatures import checked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cmhs_metrics.mhsds.records.extract import Extract, Frame

ITEM = ("Person_ID", "UniqClustID")


@checked
def cluster_profile(
    extract: ExtractLike,
    at: Any,
    by: str | Sequence[str] = ("organisation", "team_type"),
    *,
    scope: Scope = CORE,
    lapsed: str = "closed",
    icb_of: Mapping[str, str] | None = None,
    icb_from: str = "residence",
    age_bands: Sequence[str] = AGE_BANDS,
    strict: bool = False,
) -> Any:
    """People on the caseload at a date by their care cluster on it.

    Parameters
    ----------
    extract, by, scope, lapsed, icb_of, icb_from, age_bands, strict
        As in `measures`; not by month.
    at : datetime.date or str
        The date.

    Returns
    -------
    frame of the extract's engine
        A row for each group and cluster that someone is in: the columns of `by`, `cluster` ("00" to "21"; "99" for
        those with none, or one that is unknown or not in use), `period` (the date) and `caseload` [patient], people and
        not referrals.

    Raises
    ------
    BadInput
        When an argument is not in order, a table or column is missing, or the extract is of version 6 and the date of
        April 2024 or later, from when on clusters are not collected.

    Notes
    -----
    Versions 4 and 5. A person's cluster is the one that had started by the date and had not ended before it; of several
    the latest start, then the greatest UniqClustID.

    References
    ----------
    NHS Data Dictionary: Adult Mental Health Care Cluster Code. NHS Benchmarking Network, Community Mental Health
    Services Audit 2016/17: Benchmarking community caseloads.

    Examples
    --------
    >>> from cmhs_metrics import mhsds
    >>> mhsds.cluster_profile(mhsds.example(), "2024-06-30", "organisation")
      organisation cluster     period  caseload
    0          RX1      11 2024-06-30         1
    """
    extract = as_extract(extract)
    problems = []
    day = read_date(at)
    ended = not isinstance(day, Problem) and month_id(day) >= VERSION_6
    if extract.version == "v6" and (ended or "clusters" not in extract.tables):
        problems.append(Problem("clusters", None, "version 6", "version 4 or 5: clusters are not collected since"))
    columns = [*ITEM, "AdultMHCareClusterCodeFinal", "StartDateCareClust"]
    problems += extract.require({"clusters": columns}, "cluster profile")
    try:
        request = at_a_date(extract, "cluster_profile", at, by, scope, lapsed, icb_of, icb_from, age_bands)
    except BadInput as error:
        raise BadInput("cluster_profile", [*error.problems, *problems]) from None
    if problems:
        raise BadInput("cluster_profile", problems)
    if strict:
        refuse_broken_rules(extract)
    keys = request.grouping.keys
    rows = on_caseload(extract, request)
    people = rows.select(*team_columns(request), "span", "Person_ID").unique()
    people = people.join(_clusters_at(extract, request.spans[0].last), on="Person_ID", how="left")
    people = people.with_columns(nw.col("cluster").fill_null(NOT_CLUSTERED), nw.lit(1).alias("caseload"))
    table = people.group_by(*keys, "span", "cluster").agg(nw.col("caseload").sum())
    table = table.with_columns(nw.col("caseload").cast(nw.Int64))
    return finish(extract, table, request, ["caseload"], ["cluster"])


def _clusters_at(extract: Extract, day: int) -> Frame:
    """The cluster of each person that has one on a day."""
    months = ["UniqMonthID"] if extract.has("clusters", "UniqMonthID") else []
    columns = [*ITEM, *months, "AdultMHCareClusterCodeFinal", "StartDateCareClust", "EndDateCareClust"]
    rows = extract.rows("clusters", columns)
    order: list[str | nw.Expr] = [*(number(name) for name in months), "StartDateCareClust"]
    has_end = extract.has("clusters", "EndDateCareClust")
    if has_end:
        order.append(end_date("EndDateCareClust"))
    code = nw.col("AdultMHCareClusterCodeFinal").fill_null("")
    # Of rows that are alike in all that, the greatest code: any would do, but always the same.
    rows = latest(extract, rows, ITEM, [*order, "AdultMHCareClusterCodeFinal"])
    started = nw.col("StartDateCareClust").fill_null(NEVER) <= day
    rows = rows.filter(started & (nw.col("EndDateCareClust").fill_null(NEVER) >= day) if has_end else started)
    rows = latest(extract, rows, ["Person_ID"], ["StartDateCareClust", "UniqClustID"])
    known = code.is_in(list(CLUSTERS))
    return rows.select("Person_ID", nw.when(known).then(code).otherwise(nw.lit(NOT_CLUSTERED)).alias("cluster"))
