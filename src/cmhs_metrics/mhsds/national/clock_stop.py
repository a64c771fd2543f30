"""The full clock stop of referral-spells, with the user's own reference sets of concepts."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

import narwhals as nw

from cmhs_metrics.mhsds.facts.contacts import flag
from cmhs_metrics.mhsds.facts.referrals import REFERRAL
from cmhs_metrics.mhsds.facts.spells import is_open
from cmhs_metrics.mhsds.national.concepts import CURRENT_VIEW, NO_HELP, concept
from cmhs_metrics.mhsds.national.known import there
from cmhs_metrics.mhsds.national.spells import LONG_WAITS, ROW, RULES, SPELL, flags, spells, within
from cmhs_metrics.mhsds.records.dates import NEVER, day_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cmhs_metrics.mhsds.national.rows import Facts
    from cmhs_metrics.mhsds.records.extract import Frame

ASSESSMENT_NEEDED = day_number(datetime.date(2024, 4, 1))
"""A spell that starts, or whose first contact is, on this day or later needs an assessment."""
WITHIN = 28
"""Four weeks [day]."""
KINDS = ("assessment", "outcome", "plan")


def waits(facts: Facts) -> Frame:
    """The flags of each spell by measure id: those of the full clock stop, and of the second contact."""
    when = facts.when
    rows = spells(facts)
    done = events(facts)
    for kind in KINDS:
        dated = within(rows, done.filter(nw.col("kind") == kind), "day")
        made = (nw.col("made") >= nw.col("start")) & (nw.col("made") <= nw.col("day"))
        dated = dated.with_columns(nw.when(made).then(nw.col("made")).otherwise(nw.col("day")).alias(kind))
        rows = rows.join(dated.group_by(*SPELL).agg(nw.col(kind).min()), on=list(SPELL), how="left")
    first = nw.col("first").fill_null(NEVER)
    spared = (nw.col("start") < ASSESSMENT_NEEDED) & (first < ASSESSMENT_NEEDED)
    assessed = nw.when(spared).then(first).otherwise(nw.col("assessment").fill_null(NEVER))
    rows = rows.with_columns(
        first.cast(nw.Int64).alias("first"),
        assessed.cast(nw.Int64).alias("assessment"),
        *(nw.col(name).fill_null(NEVER).cast(nw.Int64) for name in ("outcome", "plan")),
    )
    rows = rows.with_columns(nw.max_horizontal("first", *KINDS).alias("stop"))
    stop, still = nw.col("stop"), is_open(RULES, nw.lit(when.last))
    waited = when.last - nw.col("start")
    stopped = (stop >= when.quarter) & (stop <= when.last)
    waiting = still & (stop >= NEVER)
    conditions = {
        "MRS01": stopped,
        "MRS01a": stopped & (stop - nw.col("start") <= WITHIN),
        "MRS02": waiting,
        "MRS20": still & (stop < NEVER),
        **{f"MRS02{letter}": waiting & (waited > days) for letter, days in LONG_WAITS.items()},
    }
    rows = rows.with_columns(*(flag(condition).alias(id) for id, condition in conditions.items()))
    return facts.placed(rows.with_columns(*flags(when.quarter, when.last)), 3)


def events(facts: Facts) -> Frame:
    """What may stop a clock, each of its `kind`, with its `day` and, of a care plan, the day on which it was `made`."""
    known = facts.known
    within_scope = facts.core.select(*ROW).unique(list(ROW))
    contacts = facts.contacts.select("Person_ID", "UniqCareContID", "UniqServReqID", "provider", "date")
    submitted = facts.referrals.filter(~nw.col("provider").is_null())
    provider_of = submitted.group_by(*REFERRAL).agg(nw.col("provider").min().alias("of_referral"))
    parts = []

    def add(rows: Frame, kinds: Sequence[nw.Expr]) -> None:
        for kind in kinds:
            parts.append(_named(rows.with_columns(kind.alias("kind"))))

    for table, column in (("care_activities", "Procedure"), ("activity_scores", "CodedAssToolType")):
        rows = known.whole(table, ["Person_ID", "UniqCareContID", "RecordNumber", "UniqMonthID", column])
        rows = known.with_submission(rows).filter(*there("Person_ID", "UniqCareContID"))
        rows = rows.select("Person_ID", "UniqCareContID", "submission", nw.col(column).alias("code"))
        rows = rows.join(contacts, on=["Person_ID", "UniqCareContID"], how="inner")
        rows = rows.join(within_scope, on=list(ROW), how="semi")
        add(_coded(facts, rows.rename({"date": "day"}), column), [nw.col("kind")])
    dated = (("indirect_activity", "IndirectActProcedure", "IndirectActDate"),
             ("referral_scores", "CodedAssToolType", "AssToolCompTimestamp"))  # fmt: skip
    for table, column, date in dated:
        rows = known.whole(table, [*REFERRAL, "RecordNumber", "UniqMonthID", "OrgIDProv", column, date])
        rows = known.with_submission(rows).filter(*there(*REFERRAL, date))
        rows = rows.join(within_scope, on=list(ROW), how="semi").join(provider_of, on=list(REFERRAL), how="left")
        rows = rows.select(
            "Person_ID", nw.coalesce(nw.col("OrgIDProv"), nw.col("of_referral")).alias("provider"),
            nw.col(date).alias("day"), nw.col(column).alias("code"),
        )  # fmt: skip
        add(_coded(facts, rows, column), [nw.col("kind")])
    return nw.concat([*parts, _named(care_plans(facts))], how="vertical")


def _named(rows: Frame) -> Frame:
    held = rows.collect_schema().names()
    made: Any = nw.col("made") if "made" in held else nw.lit(-NEVER)
    return rows.select(
        "Person_ID", nw.col("provider").fill_null("").alias("provider"), nw.col("day").cast(nw.Int64).alias("day"),
        made.cast(nw.Int64).alias("made"), "kind",
    )  # fmt: skip


def _coded(facts: Facts, rows: Frame, column: str) -> Frame:
    """Rows whose concept stops a clock, with its `kind`.

    A scored assessment by any tool but Current View is a baseline outcome; other concepts are those of the
    reference sets that are active on the day.
    """
    rows = rows.with_columns(concept("code"))
    if column == "CodedAssToolType":
        rows = rows.filter((nw.col("code") != "") & ~nw.col("code").is_in(list(CURRENT_VIEW)))
        return rows.with_columns(nw.lit("outcome").alias("kind"))
    sets = facts.reference_sets
    parts = []
    # The sets of a group that are active in the same days share one condition.
    for (group, start, end), codes in sets.items():
        kind = "assessment" if group == "Assessments" else "plan"
        helps = [code for code in codes if code not in NO_HELP]
        found = rows.filter(nw.col("code").is_in(helps), nw.col("day") >= start, nw.col("day") <= end)
        parts.append(found.with_columns(nw.lit(kind).alias("kind")))
    return nw.concat(parts, how="vertical") if len(parts) > 1 else parts[0]


def care_plans(facts: Facts) -> Frame:
    """Agreed care plans, on the day of their last update; as published, one never updated stops no clock."""
    known = facts.known
    plan = ["Person_ID", "UniqCarePlanID", "submission"]
    columns = ["Person_ID", "UniqCarePlanID", "RecordNumber", "UniqMonthID"]
    agreed = known.with_submission(known.whole("care_plan_agreements", columns)).filter(*there(*plan))
    rows = known.whole("care_plans", [*columns, "OrgIDProv", "CarePlanCreatDate", "CarePlanLastUpdateDate"])
    rows = known.with_submission(rows).filter(*there("CarePlanLastUpdateDate"))
    rows = rows.join(agreed.select(*plan).unique(plan), on=plan, how="semi")
    return rows.select(
        "Person_ID", nw.col("OrgIDProv").alias("provider"), nw.col("CarePlanLastUpdateDate").alias("day"),
        nw.col("CarePlanCreatDate").fill_null(-NEVER).alias("made"), nw.lit("plan").alias("kind"),
    )  # fmt: skip
