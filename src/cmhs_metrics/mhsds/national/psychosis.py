"""Early intervention in psychosis: who entered treatment and how soon, who waits, and the caseload."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

import narwhals as nw

from cmhs_metrics.mhsds.facts.contacts import flag
from cmhs_metrics.mhsds.facts.referrals import REFERRAL
from cmhs_metrics.mhsds.national.concepts import concept
from cmhs_metrics.mhsds.national.known import is_in, there
from cmhs_metrics.mhsds.national.monthly import with_own_team
from cmhs_metrics.mhsds.national.rows import EARLY_INTERVENTION
from cmhs_metrics.mhsds.records.dates import NEVER, day_number
from cmhs_metrics.mhsds.records.latest import latest

if TYPE_CHECKING:
    from cmhs_metrics.mhsds.national.rows import Facts
    from cmhs_metrics.mhsds.records.extract import Frame

PSYCHOSIS = "01"
"""The reason for referral of a suspected first episode."""
BEGAN = day_number(datetime.date(2016, 1, 1))
TWO_WEEKS = 14


def referrals(facts: Facts) -> Frame:
    """The latest row of each referral for suspected psychosis: discharged by the month's end, or submitted in it."""
    when = facts.when
    order = ["month", "RecordNumber", "received", "discharged", "submission"]
    rows = latest(facts.known, facts.referrals, REFERRAL, order)
    still = (nw.col("month") == when.number) | (nw.col("discharged") <= when.last)
    return rows.filter(is_in("PrimReasonReferralMH", (PSYCHOSIS,)), nw.col("received") >= BEGAN, still)


def waiting(facts: Facts) -> Frame:
    """Open referrals for suspected psychosis that are to no early intervention team."""
    when = facts.when
    condition = (nw.col("month") == when.number) & (nw.col("discharged") > when.last) & (nw.col("is_a14") == 0)
    return facts.placed(referrals(facts).with_columns(flag(condition).alias("EIP63")), 3)


def treatment(facts: Facts) -> Frame:
    """Referrals that entered treatment in the three months, on the later of contact and of care co-ordination.

    Both on or after receipt: with an early intervention team each where the referral had one in any month, else
    with any.
    """
    when = facts.when
    rows = referrals(facts)
    ever = facts.referrals.group_by(*REFERRAL).agg(nw.col("is_a14").max().alias("ever_a14"))
    rows = rows.join(ever, on=list(REFERRAL), how="left")
    rows = rows.filter((nw.col("ever_a14") == 1) | (nw.col("has_service") == 1))
    told = rows.select(*REFERRAL, "received", "discharged", "ever_a14", "is_a14")
    contacts = facts.contacts.filter(nw.col("by_direct_mechanism") == 1, *there("UniqServReqID"))
    contacts = with_own_team(facts, contacts).join(told, on=list(REFERRAL), how="inner")
    own = nw.col("own").fill_null("")
    theirs = (own == EARLY_INTERVENTION) | ((own == "") & (nw.col("is_a14") == 1))
    contacts = contacts.filter(nw.col("date") >= nw.col("received"), (nw.col("ever_a14") == 0) | theirs)
    seen = contacts.group_by(*REFERRAL).agg(nw.col("date").min().alias("seen"))
    known = facts.known
    columns = ["UniqMonthID", "StartDateAssCareCoord", "EndDateAssCareCoord", "CareProfServOrTeamTypeAssoc"]
    assigned = known.whole("care_coordinators", ["Person_ID", *columns]).filter(
        *there("Person_ID", "StartDateAssCareCoord")
    )
    assigned = assigned.join(told, on="Person_ID", how="inner")
    start, end = nw.col("StartDateAssCareCoord"), nw.col("EndDateAssCareCoord").fill_null(NEVER)
    current = nw.col("UniqMonthID").fill_null(when.number) == when.number
    assigned = assigned.filter(
        start >= nw.col("received"),
        (nw.col("ever_a14") == 0) | is_in("CareProfServOrTeamTypeAssoc", (EARLY_INTERVENTION,)),
        (nw.col("discharged") > when.last) | (start <= nw.col("discharged")),
        (end <= when.last) | current,
    )
    assigned = assigned.group_by(*REFERRAL).agg(nw.col("StartDateAssCareCoord").min().alias("assigned"))
    rows = rows.join(seen, on=list(REFERRAL), how="inner").join(assigned, on=list(REFERRAL), how="inner")
    rows = rows.with_columns(nw.max_horizontal("seen", "assigned").alias("entered"))
    inside = (nw.col("entered") >= when.quarter) & (nw.col("entered") <= when.last)
    soon = nw.col("entered") - nw.col("received") <= TWO_WEEKS
    is_a14 = nw.col("ever_a14") == 1
    made = {
        "EIP23a": inside & is_a14, "EIP23b": inside & is_a14 & soon, "EIP64": inside & ~is_a14,
        "EIP65": inside & ~is_a14 & ~soon, "EIP66": inside & ~is_a14 & soon,
    }  # fmt: skip
    return facts.placed(rows.with_columns(*(flag(condition).alias(id) for id, condition in made.items())), 3)


def _open(facts: Facts) -> Frame:
    """Referrals that an early intervention team has, submitted in the month, of people not known to live abroad."""
    return facts.of_the_month.filter(nw.col("discharged") == NEVER, nw.col("takes_a14") == 1, nw.col("english") == 1)


def caseload(facts: Facts) -> Frame:
    """Referrals that an early intervention team has seen and has."""
    seen = facts.contacts.filter(nw.col("direct") == 1, *there("UniqServReqID")).select(*REFERRAL)
    rows = _open(facts).join(seen.unique(list(REFERRAL)), on=list(REFERRAL), how="semi")
    return facts.placed(rows.with_columns(nw.lit(1).alias("EIP68")), 3)


def activities(facts: Facts) -> Frame:
    """Referrals that an early intervention team has, with an activity of the person since receipt by a concept.

    Whichever referral the activity is by, in a submission of the referral; nationally the concept has to be one of
    SNOMED CT, and here any that is given counts.
    """
    known, when = facts.known, facts.when
    rows = _open(facts)
    days = facts.contacts.select("Person_ID", "UniqCareContID", nw.col("date").alias("day"))
    parts = []
    columns = ["Person_ID", "UniqCareContID", "RecordNumber", "UniqMonthID", "Procedure", "Observation"]
    done = known.whole("care_activities", columns)
    done = known.with_submission(done).join(days, on=["Person_ID", "UniqCareContID"], how="inner")
    for column in ("Procedure", "Observation"):
        parts.append(done.select("Person_ID", "submission", "day", nw.col(column).alias("code")))
    columns = ["Person_ID", "RecordNumber", "UniqMonthID", "IndirectActDate", "IndirectActProcedure"]
    indirect = known.with_submission(known.whole("indirect_activity", columns)).filter(*there("IndirectActDate"))
    parts.append(
        indirect.select(
            "Person_ID", "submission", nw.col("IndirectActDate").alias("day"),
            nw.col("IndirectActProcedure").alias("code"),
        )
    )  # fmt: skip
    coded = nw.concat(parts, how="vertical").with_columns(concept("code"))
    coded = coded.filter(nw.col("code") != "", *there("Person_ID"))
    submissions = facts.referrals.select(*REFERRAL, "submission").unique([*REFERRAL, "submission"])
    coded = rows.select(*REFERRAL, "received").join(submissions, on=list(REFERRAL), how="inner").join(
        coded, on=["Person_ID", "submission"], how="inner"
    )  # fmt: skip
    coded = coded.filter(nw.col("day") >= nw.col("received"), nw.col("day") <= when.last)
    concordant = nw.col("code").is_in(list(facts.nice_concordant)) if facts.nice_concordant else nw.lit(False)
    coded = coded.with_columns(flag(concordant).alias("EIP69b"))
    found = coded.group_by(*REFERRAL).agg(nw.col("EIP69b").max())
    rows = rows.join(found, on=list(REFERRAL), how="inner")
    return facts.placed(rows.with_columns(nw.lit(1).alias("EIP69a")), 3)
