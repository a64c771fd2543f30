"""What the national dashboard of community services asks besides: how referrals end, and who was not seen of late."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw

from cmhs_metrics.errors import BadInput, Problem
from cmhs_metrics.mhsds.caseload import at_a_date, on_caseload
from cmhs_metrics.mhsds.counting.finish import finish
from cmhs_metrics.mhsds.counting.groups import AGE_BANDS, NOT_KNOWN
from cmhs_metrics.mhsds.counting.request import read_request, refuse_broken_rules
from cmhs_metrics.mhsds.counting.sums import facts_wanted, in_scope, team_columns, with_spans
from cmhs_metrics.mhsds.facts.contacts import latest_contacts
from cmhs_metrics.mhsds.facts.referrals import REFERRAL, latest_referrals, row_key, services
from cmhs_metrics.mhsds.records.codes import CLOSING_REASONS, CORE, Scope
from cmhs_metrics.mhsds.records.dates import NEVER
from cmhs_metrics.mhsds.records.extract import ExtractLike, as_extract
from cmhs_metrics.signatures import checked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cmhs_metrics.mhsds.records.extract import Extract, Frame


@checked
def discharges(
    extract: ExtractLike,
    period: Any,
    by: str | Sequence[str] = ("organisation", "team_type"),
    *,
    scope: Scope = CORE,
    lapsed: str = "closed",
    icb_of: Mapping[str, str] | None = None,
    icb_from: str = "residence",
    age_bands: Sequence[str] = AGE_BANDS,
    strict: bool = False,
) -> Any:
    """Discharges of a period by the reason why the referral was closed, and by how often the person was seen.

    Parameters
    ----------
    extract, period, by, scope, lapsed, icb_of, icb_from, age_bands, strict
        As in `measures`.

    Returns
    -------
    frame of the extract's engine
        A row for each group, reason and number of contacts that a discharge has: the columns of `by`, `closing_reason`
        (as coded: 01 admitted elsewhere, 02 treatment completed, 03 moved, 04 no further treatment appropriate, 05 did
        not attend, 07 asked to be discharged, 08 referred elsewhere, 09 refused to be seen; or "not known"),
        `contacts_before_discharge` ("0", "1", or "2+" direct contacts from receipt to discharge), `period` and
        `discharges` [discharge], which add up to those of `measures`.

    Raises
    ------
    BadInput
        When an argument is not in order, or a table or column is missing.

    Notes
    -----
    From version 6 on the reason stands in MHS101Referral, before in MHS102ServiceTypeReferredTo. Of several services
    those in the scope decide, and of several reasons the lowest code.

    References
    ----------
    NHS Data Dictionary: Referral Closure Reason. NHS England, community mental health dashboard.

    Examples
    --------
    >>> from cmhs_metrics import mhsds
    >>> table = mhsds.discharges(mhsds.synthesise(contacts=2_000, seed=1), "2024/25", "organisation")
    >>> did_not_attend = table[table["closing_reason"] == "05"]
    >>> bool(0 < did_not_attend["discharges"].sum() < table["discharges"].sum())
    True
    """
    extract = as_extract(extract)
    which = ["caseload", "discharges"]
    request = read_request(
        extract, "discharges", period, by, scope, None, icb_of, icb_from, age_bands, which, {"lapsed": lapsed}
    )
    if not any(extract.has(table, "ReferClosReason") for table in ("referrals", "service_types")):
        expected = "a column of MHS101Referral or MHS102ServiceTypeReferredTo; without it there are no closing reasons"
        raise BadInput("discharges", [Problem("service_types.ReferClosReason", None, None, expected)])
    if strict:
        refuse_broken_rules(extract)
    rows = with_spans(extract, facts_wanted(extract, request), request)
    ended = nw.col("discharged")
    rows = rows.filter(
        in_scope(request, rows.collect_schema().names()), nw.col("rejected") >= NEVER,
        ended >= nw.col("from"), ended <= nw.col("to"),
    )  # fmt: skip
    rows = rows.join(_reasons(extract, scope), on=list(REFERRAL), how="left")
    rows = rows.join(
        _contacts(extract, rows.select(*REFERRAL, "received", "discharged")), on=list(REFERRAL), how="left"
    )
    times = nw.col("times").fill_null(0)
    seen = nw.when(times == 0).then(nw.lit("0")).when(times == 1).then(nw.lit("1")).otherwise(nw.lit("2+"))
    known = nw.when(nw.col("reason").is_in(list(CLOSING_REASONS))).then(nw.col("reason")).otherwise(nw.lit(NOT_KNOWN))
    keys = ["closing_reason", "contacts_before_discharge"]
    told = (known.alias(keys[0]), seen.alias(keys[1]), nw.lit(1).alias("discharges"))
    table = rows.select(*team_columns(request), "span", *told)
    table = table.group_by(*request.grouping.keys, "span", *keys).agg(nw.col("discharges").sum())
    table = table.with_columns(nw.col("discharges").cast(nw.Int64))
    return finish(extract, table, request, ["discharges"], keys)


def _reasons(extract: Extract, scope: Scope) -> Frame:
    """The closing reason of each referral that has one, `reason`: of its latest row, and then of its services."""
    parts = []
    if extract.has("referrals", "ReferClosReason"):
        own = latest_referrals(extract, ["ReferClosReason"])
        parts.append(own.select(*REFERRAL, nw.concat_str(nw.lit("0"), nw.col("ReferClosReason")).alias("ranked")))
    if extract.has("service_types", "UniqServReqID", "ReferClosReason"):
        key = row_key(extract, "service_types")
        rows = services(extract, ["ReferClosReason"])
        inside = nw.col("team").is_in(list(scope.team_types)) if scope.team_types is not None else nw.lit(True)
        rank = nw.when(inside).then(nw.lit("1")).otherwise(nw.lit("2"))
        rows = rows.select("UniqServReqID", key, nw.concat_str(rank, nw.col("ReferClosReason")).alias("ranked"))
        last = latest_referrals(extract).select(*REFERRAL, key)
        parts.append(last.join(rows, on=["UniqServReqID", key], how="inner").select(*REFERRAL, "ranked"))
    rows = nw.concat(parts, how="vertical") if len(parts) > 1 else parts[0]
    rows = rows.filter(~nw.col("ranked").is_null()).group_by(*REFERRAL).agg(nw.col("ranked").min())
    return rows.select(*REFERRAL, nw.col("ranked").str.slice(1).alias("reason"))


def _contacts(extract: Extract, rows: Frame) -> Frame:
    """How many direct contacts referrals had from receipt to discharge: `times`."""
    direct = latest_contacts(extract).filter(nw.col("direct") == 1).select(*REFERRAL, "date")
    dated = rows.unique(list(REFERRAL)).join(direct, on=list(REFERRAL), how="inner")
    dated = dated.filter(nw.col("date") >= nw.col("received"), nw.col("date") <= nw.col("discharged"))
    return dated.group_by(*REFERRAL).agg(nw.len().alias("times"))


@checked
def time_since_last_contact(
    extract: ExtractLike,
    at: Any,
    by: str | Sequence[str] = ("organisation", "team_type"),
    *,
    days: Sequence[int] = (28, 91, 182),
    scope: Scope = CORE,
    lapsed: str = "closed",
    icb_of: Mapping[str, str] | None = None,
    icb_from: str = "residence",
    age_bands: Sequence[str] = AGE_BANDS,
    strict: bool = False,
) -> Any:
    """How long ago those on the caseload at a date were last seen.

    Parameters
    ----------
    extract, by, scope, lapsed, icb_of, icb_from, age_bands, strict
        As in `measures`; not by month.
    at : datetime.date or str
        The date.
    days : sequence of int, default (28, 91, 182)
        Of more than how many days the referrals are counted [day].

    Returns
    -------
    frame of the extract's engine
        A row for each group with a caseload: the columns of `by`, `period` (the date), `caseload` [patient],
        `median_days_since_contact` [day] since the last direct contact, and for each of `days` how many of the caseload
        had none for longer, `over_28_days`, … [patient].

    Raises
    ------
    BadInput
        When an argument is not in order, or a table or column is missing.

    Examples
    --------
    >>> from cmhs_metrics import mhsds
    >>> table = mhsds.time_since_last_contact(mhsds.example(), "2024-07-31", "organisation", days=[28, 60])
    >>> table[["caseload", "median_days_since_contact", "over_28_days", "over_60_days"]]
       caseload  median_days_since_contact  over_28_days  over_60_days
    0         1                       57.0             1             0
    """
    extract = as_extract(extract)
    if wrong := [each for each in days if isinstance(each, bool) or not isinstance(each, int) or each < 0]:
        raise BadInput("time_since_last_contact", [Problem("days", None, each, "days, zero or more") for each in wrong])
    request = at_a_date(extract, "time_since_last_contact", at, by, scope, lapsed, icb_of, icb_from, age_bands)
    if strict:
        refuse_broken_rules(extract)
    direct = latest_contacts(extract).filter(nw.col("direct") == 1, nw.col("date") <= request.spans[0].last)
    last = direct.group_by(*REFERRAL).agg(nw.col("date").max().alias("last"))
    rows = on_caseload(extract, request).join(last, on=list(REFERRAL), how="inner")
    since = nw.col("to") - nw.col("last")
    over = {f"over_{each}_days": nw.when(since > each).then(nw.lit(1)).otherwise(nw.lit(0)) for each in days}
    counts = ["caseload", *over]
    rows = rows.select(
        *team_columns(request), "span", nw.lit(1).alias("caseload"), since.alias("median_days_since_contact"),
        *(value.alias(name) for name, value in over.items()),
    )  # fmt: skip
    table = rows.group_by(*request.grouping.keys, "span").agg(
        nw.col("median_days_since_contact").quantile(0.5, "linear"), *(nw.col(name).sum() for name in counts)
    )
    table = table.with_columns(*(nw.col(name).cast(nw.Int64) for name in counts))
    return finish(extract, table, request, ["caseload", "median_days_since_contact", *over])
