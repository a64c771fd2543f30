"""Crisis response: urgent referrals to crisis teams, and how soon they are seen face to face."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from cmhs_metrics.mhsds.facts.contacts import flag
from cmhs_metrics.mhsds.facts.referrals import REFERRAL
from cmhs_metrics.mhsds.national.known import is_in
from cmhs_metrics.mhsds.national.rows import ADULT
from cmhs_metrics.mhsds.records.codes import FACE_TO_FACE

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
    rows = with_moment(rows, "since", "received", "ReferralRequestReceivedTime")
    contacts = facts.contacts.filter(
        nw.col("month") == when.number, nw.col("date") >= when.first, nw.col("date") <= when.last,
        nw.col("attended") == 1, nw.col("mechanism") == FACE_TO_FACE,
    )  # fmt: skip
    contacts = with_moment(contacts, "at", "date", "time").select(*REFERRAL, "at")
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


def with_moment(rows: Frame, name: str, day: str, time: str) -> Frame:
    """Rows with the seconds since 1970 of a day and its time as text.

    As 09:30, 9:30:00 or 0930, alone or after a day and a blank or a T.
    """
    clock = nw.col(name)
    rows = rows.with_columns(nw.col(time).fill_null("").str.replace_all(r"^.*[ T]|[.+Z].*$|:", "").alias(name))
    short = clock.str.contains("^[0-9](?:[0-9]{2}){0,2}$")
    rows = rows.with_columns(nw.when(short).then(nw.concat_str(nw.lit("0"), clock)).otherwise(clock).alias(name))
    told = clock.str.contains("^(?:[01][0-9]|2[0-3])(?:[0-5][0-9]){0,2}$")
    # What has no seconds has zeros there.
    whole = nw.concat_str(nw.when(told).then(clock).otherwise(nw.lit("")), nw.lit("000000"))
    rows = rows.with_columns(whole.alias(name))
    hours, minutes, seconds = (clock.str.slice(at, 2).cast(nw.Int64) for at in (0, 2, 4))
    seconds = hours * SECONDS_AN_HOUR + minutes * 60 + seconds
    return rows.with_columns((nw.col(day).cast(nw.Int64) * SECONDS_A_DAY + seconds).alias(name))
