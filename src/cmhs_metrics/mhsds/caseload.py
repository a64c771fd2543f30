"""Time on the caseload at a date."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import narwhals as nw

from cmhs_metrics.errors import BadInput, Problem
from cmhs_metrics.mhsds.counting.finish import finish
from cmhs_metrics.mhsds.counting.groups import AGE_BANDS
from cmhs_metrics.mhsds.counting.request import Request, read_request, refuse_broken_rules
from cmhs_metrics.mhsds.counting.sums import facts_wanted, in_scope, team_columns, with_spans
from cmhs_metrics.mhsds.records.codes import CORE, Scope
from cmhs_metrics.mhsds.records.extract import ExtractLike, as_extract
from cmhs_metrics.signatures import checked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cmhs_metrics.mhsds.records.extract import Extract, Frame

DAYS_A_MONTH = 365.25 / 12


@checked
def time_on_caseload(
    extract: ExtractLike,
    at: Any,
    by: str | Sequence[str] = ("organisation", "team_type"),
    *,
    since: str = "first contact",
    scope: Scope = CORE,
    lapsed: str = "closed",
    icb_of: Mapping[str, str] | None = None,
    icb_from: str = "residence",
    age_bands: Sequence[str] = AGE_BANDS,
    strict: bool = False,
) -> Any:
    """How long those on the caseload at a date have been on it.

    Parameters
    ----------
    extract, by, scope, lapsed, icb_of, icb_from, age_bands, strict
        As in `measures`; not by month.
    at : datetime.date or str
        The date.
    since : {"first contact", "referral"}, default "first contact"
        From when the time runs.

    Returns
    -------
    frame of the extract's engine
        A row for each group with a caseload: the columns of `by`, `period` (the date), `caseload` [patient],
        `mean_time_on_caseload` and `median_time_on_caseload` [month of 365.25 ÷ 12 days].

    Raises
    ------
    BadInput
        When an argument is not in order, or a table or column is missing.

    Notes
    -----
    Versions 4, 5 and 6. On the caseload is a referral that is open and has had a direct contact.

    References
    ----------
    NHS Benchmarking Network, Community Mental Health Services Audit 2016/17: Length of time on caseloads.

    Examples
    --------
    >>> from cmhs_metrics import mhsds
    >>> table = mhsds.time_on_caseload(mhsds.example(), "2024-06-30", "organisation")
    >>> table[["organisation", "caseload", "median_time_on_caseload"]].round(2)
      organisation  caseload  median_time_on_caseload
    0          RX1         1                     0.85
    """
    extract = as_extract(extract)
    request = at_a_date(extract, "time_on_caseload", at, by, scope, lapsed, icb_of, icb_from, age_bands, since=since)
    if strict:
        refuse_broken_rules(extract)
    rows = on_caseload(extract, request)
    begin = nw.col("first" if since == "first contact" else "received")
    months = (nw.col("to") - begin) / DAYS_A_MONTH
    rows = rows.select(
        *team_columns(request), "span", nw.lit(1).alias("caseload"),
        months.alias("mean_time_on_caseload"), months.alias("median_time_on_caseload"),
    )  # fmt: skip
    table = rows.group_by(*request.grouping.keys, "span").agg(
        nw.col("caseload").sum(),
        nw.col("mean_time_on_caseload").mean(),
        nw.col("median_time_on_caseload").quantile(0.5, "linear"),
    )
    table = table.with_columns(nw.col("caseload").cast(nw.Int64))
    return finish(extract, table, request, ["caseload", "mean_time_on_caseload", "median_time_on_caseload"])


def at_a_date(
    extract: Extract, subject: str, at: Any, by: Any, scope: Scope, lapsed: str, icb_of: Any, icb_from: str,
    age_bands: Sequence[str], since: str = "referral",
) -> Request:  # fmt: skip
    """Read the arguments of what is asked at a date: a period of that day."""
    problems = []
    if since not in ("first contact", "referral"):
        problems.append(Problem("since", None, since, "'first contact' or 'referral'"))
    if "month" in ([by] if isinstance(by, str) else list(by)):
        problems.append(Problem("by", None, "month", "no month: a date has one"))
    try:
        choices = {"lapsed": lapsed}
        request = read_request(
            extract, subject, (at, at), by, scope, None, icb_of, icb_from, age_bands, ["caseload"], choices
        )
    except BadInput as error:
        # The date is both ends of a period, and is called `at`.
        others = [replace(each, column="at") if each.column == "period" else each for each in error.problems]
        raise BadInput(subject, [*problems, *dict.fromkeys(others)]) from None
    if problems:
        raise BadInput(subject, problems)
    return request


def on_caseload(extract: Extract, request: Request) -> Frame:
    """The referrals that are on the caseload at the end of the period."""
    rows = with_spans(extract, facts_wanted(extract, request), request)
    end = nw.col("to")
    rows = rows.filter(in_scope(request, rows.collect_schema().names()))
    return rows.filter((nw.col("received") <= end) & (nw.col("closed") > end) & (nw.col("first") <= end))
