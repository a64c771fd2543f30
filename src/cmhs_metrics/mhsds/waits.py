"""Waits that ended in a period: how many, how long, and within how many weeks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw

from cmhs_metrics.errors import BadInput, Problem
from cmhs_metrics.mhsds.counting.finish import finish
from cmhs_metrics.mhsds.counting.groups import AGE_BANDS
from cmhs_metrics.mhsds.counting.request import read_request, refuse_broken_rules
from cmhs_metrics.mhsds.counting.sums import facts_wanted, spell_ends, team_columns, with_spans
from cmhs_metrics.mhsds.records.codes import CORE, LEFT_OUT_OF_SPELLS, Scope
from cmhs_metrics.mhsds.records.extract import ExtractLike, as_extract
from cmhs_metrics.signatures import checked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


DAYS_A_WEEK = 7


@checked
def waits(
    extract: ExtractLike,
    period: Any,
    by: str | Sequence[str] = ("organisation", "team_type"),
    *,
    waiting_for: str = "second contact",
    pathway: str = "spell",
    scope: Scope = CORE,
    weeks: Sequence[int] = (4, 18),
    lapsed: str = "closed",
    icb_of: Mapping[str, str] | None = None,
    icb_from: str = "residence",
    age_bands: Sequence[str] = AGE_BANDS,
    spells_from: Any = "2016-01-01",
    grace: int = 5,
    providers_left_out: Sequence[str] = LEFT_OUT_OF_SPELLS,
    direct_before_v5: str = "publication",
    resubmitted: str = "once",
    strict: bool = False,
) -> Any:
    """Waits that ended in a period, with their median, 90th percentile, and shares within some weeks.

    Parameters
    ----------
    extract, period, by, waiting_for, pathway, scope, lapsed, icb_of, icb_from, age_bands, spells_from, grace,
    providers_left_out, direct_before_v5, resubmitted, strict
        As in `measures`.
    weeks : sequence of int, default (4, 18)
        Of the shares: `share_within_4_weeks` is of waits of 28 days or fewer.

    Returns
    -------
    frame of the extract's engine
        A row for each group in which a wait ended: the columns of `by`, `period`, `waits_completed` [referral],
        `median_wait` and `wait_percentile_90` [week], interpolated between the waits on both sides (type 7), and
        `share_within_4_weeks` … [proportion].

    Raises
    ------
    BadInput
        When an argument is not in order, or a table or column is missing.

    Notes
    -----
    Versions 4, 5 and 6. A wait runs from the start of the referral-spell (or from receipt of the referral) to its
    second (or first) direct contact.

    References
    ----------
    NHS England, Community mental health waiting times: time to second contact, median and 90th percentile. Hyndman and
    Fan (1996), Sample quantiles in statistical packages, type 7.

    Examples
    --------
    >>> from cmhs_metrics import mhsds
    >>> mhsds.waits(mhsds.example(), "2024/25", "organisation", weeks=[4]).round(2)
      organisation   period  waits_completed  median_wait  wait_percentile_90  share_within_4_weeks
    0          RX1  2024/25                1         3.14                3.14                   1.0
    """
    choices = {
        "waiting_for": waiting_for, "pathway": pathway, "lapsed": lapsed,
        "direct_before_v5": direct_before_v5, "resubmitted": resubmitted,
    }  # fmt: skip
    extract = as_extract(extract)
    if wrong := [each for each in weeks if each < 0]:
        raise BadInput("waits", [Problem("weeks", None, each, "weeks, zero or more") for each in wrong])
    request = read_request(
        extract, "waits", period, by, scope, None, icb_of, icb_from, age_bands, ["waits_completed"], choices,
        (spells_from, grace, providers_left_out),
    )  # fmt: skip
    if strict:
        refuse_broken_rules(extract)
    name = "spell_second" if waiting_for == "second contact" else "spell_first"
    until = nw.col(name)
    rows = with_spans(extract, facts_wanted(extract, request), request)
    done, _ = spell_ends(request, rows.collect_schema().names(), name)
    rows = rows.filter(done)
    rows = rows.select(*team_columns(request), "span", ((until - nw.col("start")) / DAYS_A_WEEK).alias("wait"))
    within = {f"share_within_{limit}_weeks": limit for limit in weeks}
    shares = [
        nw.when(nw.col("wait") <= limit).then(nw.lit(1.0)).otherwise(nw.lit(0.0)).alias(name)
        for name, limit in within.items()
    ]
    rows = rows.with_columns(
        nw.lit(1).alias("waits_completed"),
        nw.col("wait").alias("median_wait"),
        nw.col("wait").alias("wait_percentile_90"),
        *shares,
    )
    table = rows.group_by(*request.grouping.keys, "span").agg(
        nw.col("waits_completed").sum(),
        nw.col("median_wait").quantile(0.5, "linear"),
        nw.col("wait_percentile_90").quantile(0.9, "linear"),
        *(nw.col(name).mean() for name in within),
    )
    table = table.with_columns(nw.col("waits_completed").cast(nw.Int64))
    return finish(extract, table, request, ["waits_completed", "median_wait", "wait_percentile_90", *within])
