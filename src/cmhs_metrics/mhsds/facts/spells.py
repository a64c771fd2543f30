"""Referral-spells: referrals of a person with one provider that overlap, or follow within five days, are one spell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from cmhs_metrics.mhsds.records.dates import NEVER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cmhs_metrics.mhsds.records.dates import Span
    from cmhs_metrics.mhsds.records.extract import Frame

DAYS_BETWEEN = 5
"""A referral received this many days after the last end belongs to the spell still."""


def with_spells(rows: Frame, spans: Sequence[Span]) -> Frame:
    """Say of each referral which spell it belongs to, and of the first of each spell what the spell is.

    Parameters
    ----------
    rows : frame
        Facts of referrals with `first` and `second` contact; `in_0` says which are in scope.
    spans : sequence of Span
        The periods at whose ends it matters whether the spell is open.

    Returns
    -------
    frame
        The same with `starts_spell` (1 for the first referral of each, and 0), and for these `start`, `spell_first` and
        `spell_second` (the first and second direct contact of all its referrals together), and `spell_open_0` ….
    """
    counts = (nw.col("in_0") == 1) & (nw.col("rejected") == NEVER)
    late = nw.when(nw.col("closed") < nw.col("received")).then(nw.col("received")).otherwise(nw.col("closed"))
    rows = rows.with_columns(_flag(counts).alias("in_spells"), late.alias("end"))
    person, order = ["Person_ID", "OrgIDProv", "in_spells"], ["received", "UniqServReqID"]
    # As floats, which pandas shifts where it cannot shift whole numbers and nothing.
    so_far = nw.col("end").cum_max().over(*person, order_by=order).cast(nw.Float64)
    rows = rows.with_columns(so_far.alias("end_so_far"))
    before = nw.col("end_so_far").shift(1).over(*person, order_by=order)
    rows = rows.with_columns(before.alias("end_before"))
    # No referral before it: an end long past.
    gap = nw.col("received") - nw.col("end_before").fill_null(-NEVER)
    rows = rows.with_columns(_flag(gap > DAYS_BETWEEN).alias("starts"))
    rows = rows.with_columns(nw.col("starts").cum_sum().over(*person, order_by=order).alias("spell"))
    spell = [*person, "spell"]
    opens = []
    for number, span in enumerate(spans):
        is_open = (nw.col("received") <= span.last) & (nw.col("closed") > span.last)
        opens.append(_flag(is_open).alias(f"open_{number}"))
    if opens:
        rows = rows.with_columns(*opens)
    rows = rows.with_columns(
        nw.col("first").min().over(*spell).alias("spell_first"),
        *(nw.col(f"open_{number}").max().over(*spell).alias(f"spell_open_{number}") for number in range(len(spans))),
    )
    earliest = nw.col("first") == nw.col("spell_first")
    rows = rows.with_columns(
        _flag(earliest).alias("ties"),
        nw.when(earliest).then(nw.col("second")).otherwise(nw.col("first")).alias("other"),
    )
    rows = rows.with_columns(
        nw.col("ties").sum().over(*spell).alias("spell_ties"), nw.col("other").min().over(*spell).alias("spell_other")
    )
    second = nw.when(nw.col("spell_ties") > 1).then(nw.col("spell_first")).otherwise(nw.col("spell_other"))
    starts = _flag((nw.col("starts") == 1) & (nw.col("in_spells") == 1))
    return rows.with_columns(
        second.alias("spell_second"), starts.alias("starts_spell"), nw.col("received").alias("start")
    )


def referrals_as_spells(rows: Frame, spans: Sequence[Span]) -> Frame:
    """Each referral in scope a spell of its own, for `pathway="referral"`."""
    counts = (nw.col("in_0") == 1) & (nw.col("rejected") == NEVER)
    opens = [
        _flag((nw.col("received") <= span.last) & (nw.col("closed") > span.last)).alias(f"spell_open_{number}")
        for number, span in enumerate(spans)
    ]
    return rows.with_columns(
        _flag(counts).alias("starts_spell"),
        nw.col("received").alias("start"),
        nw.col("first").alias("spell_first"),
        nw.col("second").alias("spell_second"),
        *opens,
    )


def _flag(condition: nw.Expr) -> nw.Expr:
    return nw.when(condition).then(nw.lit(1)).otherwise(nw.lit(0)).cast(nw.Int32)
