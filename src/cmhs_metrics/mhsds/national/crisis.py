"""Crisis response: urgent referrals to crisis teams, and how soon they are seen face to face."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from cmhs_metrics.errors import BadInput, Problem
from cmhs_metrics.mhsds.facts.contacts import flag
from cmhs_metrics.mhsds.facts.referrals import REFERRAL
from cmhs_metrics.mhsds.national.counting import rows_of
from cmhs_metrics.mhsds.national.known import is_in
from cmhs_metrics.mhsds.national.rows import ADULT
from cmhs_metrics.mhsds.records.cells import EXPECTED
from cmhs_metrics.mhsds.records.cleaning import TIME_OF_DAY
from cmhs_metrics.mhsds.records.codes import FACE_TO_FACE
from cmhs_metrics.mhsds.records.columns import Kind

if TYPE_CHECKING:
    from cmhs_metrics.mhsds.national.rows import Facts
    from cmhs_metrics.mhsds.records.extract import Frame

VERY_URGENT, URGENT = ("4",), ("2",)
"""Priorities of the clinical response (ClinRespPriorityType)."""
SECONDS_A_DAY, SECONDS_AN_HOUR = 86_400, 3_600
IDS = ("CCR117", "CCR118", "CCR119", "CCR120")


def response(facts: Facts) -> Frame:
    """New urgent referrals to crisis teams, and those seen face to face, within 4 and 24 hours.

    The contact is the first attended face to face in the month at or after the time of receipt; a time that is not
    told, or that cannot be read, is midnight.
    """
    when = facts.when
    rows = facts.of_the_month.filter(
        nw.col("received") >= when.first, nw.col("received") <= when.last, nw.col("in_crisis") == 1
    )
    refuse_no_times(rows, "ReferralRequestReceivedTime", "referrals.ReferralRequestReceivedTime")
    rows = with_moment(rows, "received", "ReferralRequestReceivedTime", "since")
    contacts = facts.contacts.filter(
        nw.col("month") == when.number, nw.col("date") >= when.first, nw.col("date") <= when.last,
        nw.col("attended") == 1, nw.col("mechanism") == FACE_TO_FACE,
    )  # fmt: skip
    refuse_no_times(contacts, "time", "contacts.CareContTime")
    contacts = with_moment(contacts, "date", "time", "at").select(*REFERRAL, "at")
    seen = rows.select(*REFERRAL, "since").join(contacts, on=list(REFERRAL), how="inner")
    seen = seen.filter(nw.col("at") >= nw.col("since")).group_by(*REFERRAL).agg(nw.col("at").min())
    rows = rows.join(seen, on=list(REFERRAL), how="left")
    is_seen = ~nw.col("at").is_null()
    hours = (nw.col("at").fill_null(0) - nw.col("since")) / SECONDS_AN_HOUR
    very, urgent = is_in("ClinRespPriorityType", VERY_URGENT), is_in("ClinRespPriorityType", URGENT)
    conditions = (very, very & is_seen, very & is_seen & (hours <= 4), urgent & is_seen & (hours <= 24))
    made = []
    for id, condition in zip(IDS, conditions, strict=True):
        made += [
            flag(condition).alias(id),
            flag(condition & (nw.col("age") >= ADULT)).alias(f"{id}a"),
            flag(condition & (nw.col("age") >= 0) & (nw.col("age") < ADULT)).alias(f"{id}b"),
        ]
    return facts.placed(rows.with_columns(*made), 1)


def refuse_no_times(rows: Frame, time: str, place: str) -> None:
    """Refuse a column of times most of which are none: all would be midnight, and everybody seen at once."""
    text = nw.col(time).fill_null("")
    there, none = flag(text != ""), flag((text != "") & ~text.str.contains(TIME_OF_DAY))
    counted = rows.with_columns(there.alias("all"), none.alias("none")).select(
        nw.col("all").sum(), nw.col("none").sum()
    )
    (found,) = rows_of(counted)
    if 2 * (found["none"] or 0) > (found["all"] or 0):
        got = f"{found['none']} of {found['all']} cells that are no times"
        raise BadInput("the extract", [Problem(place, None, got, EXPECTED[Kind.TIME])])


def with_moment(rows: Frame, day: str, time: str, alias: str) -> Frame:
    """Rows with the seconds since 1970 of a day and its time of day; one that is not told, or is none, is midnight."""
    clock = nw.col(alias)
    for step in (
        nw.when(nw.col(time).fill_null("").str.contains(TIME_OF_DAY)).then(nw.col(time)).otherwise(nw.lit("00:00")),
        clock.str.replace_all("^.*[ T]|(?:Z|[+-][0-9]{2}:?[0-9]{2})$", ""),
        nw.when(clock.str.contains("^[0-9](?::|(?:[0-9]{2}){1,2}$)"))
        .then(nw.concat_str(nw.lit("0"), clock))
        .otherwise(clock),
        # 0930 as 09:30; what has no seconds has a zero there.
        nw.concat_str(clock.str.replace_all("[:]|[.].*$", ""), nw.lit("00")),
    ):
        rows = rows.with_columns(step.alias(alias))
    hours, minutes, seconds = (clock.str.slice(at, 2).cast(nw.Int64) for at in (0, 2, 4))
    since = nw.col(day).cast(nw.Int64) * SECONDS_A_DAY + hours * SECONDS_AN_HOUR + minutes * 60 + seconds
    return rows.with_columns(since.alias(alias))
