"""Access (MHS108), and second contacts of referrals: which had one in the three months, and which wait."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

import narwhals as nw

from cmhs_metrics.mhsds.facts.contacts import flag
from cmhs_metrics.mhsds.facts.referrals import REFERRAL
from cmhs_metrics.mhsds.national.known import numbered, there
from cmhs_metrics.mhsds.national.rows import FIRST_YEAR, adult_english
from cmhs_metrics.mhsds.national.spells import ROW, by_submission
from cmhs_metrics.mhsds.records.dates import day_number
from cmhs_metrics.mhsds.records.latest import latest

if TYPE_CHECKING:
    from cmhs_metrics.mhsds.national.rows import Facts
    from cmhs_metrics.mhsds.records.extract import Frame

ACCESS_WIDENED = 1477
"""April 2023, from which A14 and D05 belong to access."""
REFERRALS_BEGAN = day_number(datetime.date(2019, 4, 1))


def rows_of_the_year(facts: Facts) -> Frame:
    """Submitted rows of the twelve months in the scope of access, not linked to a hospital spell in their own year."""
    when = facts.when
    scope = "in_access" if when.number >= ACCESS_WIDENED else "in_core"
    rows = facts.referrals.filter(nw.col(scope) == 1, *adult_english(), nw.col("month") > when.number - 12)
    if facts.has_hospital:
        rows = rows.with_columns(((nw.col("month") - 1) // 12 + FIRST_YEAR).cast(nw.Int64).alias("year"))
        rows = rows.join(facts.hospital, on=[*REFERRAL, "year"], how="anti")
    return rows


def access(facts: Facts) -> Frame:
    """People with a referral that has two or more direct contacts in the twelve months, at the place of the second."""
    when = facts.when
    rows = rows_of_the_year(facts)
    of_submission = rows.group_by(*ROW).agg(nw.col("provider").max(), nw.col("sub_icb").max())
    last = latest(facts.known, rows, REFERRAL, ["month", "submission"])
    contacts = facts.contacts.filter(
        nw.col("direct") == 1, nw.col("date") >= when.year, nw.col("date") <= when.last, *there("UniqServReqID")
    ).select(*ROW, "UniqCareContID", "date")
    found = by_submission(facts, contacts, of_submission, last)
    found = numbered(found, REFERRAL, ["date", "UniqCareContID"])
    return found.filter(nw.col("place") == 2).with_columns(flag(nw.col("place") == 2).alias("MHS108"))


def second_contacts(facts: Facts) -> Frame:
    """Referrals whose second direct contact is in the three months, with the days that it took, or that wait.

    Nationally a contact counts whenever it is of the referral, and one waits to the day after the period's end.
    """
    when = facts.when
    rows = latest(facts.known, rows_of_the_year(facts), REFERRAL, ["month", "submission"])
    rows = rows.filter(nw.col("received") >= REFERRALS_BEGAN)
    contacts = facts.contacts.filter(nw.col("direct") == 1, *there("UniqServReqID"))
    second = numbered(contacts.select(*REFERRAL, "UniqCareContID", "date"), REFERRAL, ["date", "UniqCareContID"])
    second = second.filter(nw.col("place") == 2).select(*REFERRAL, nw.col("date").alias("second"))
    rows = rows.join(second, on=list(REFERRAL), how="left")
    has = ~nw.col("second").is_null()
    on = nw.col("second").fill_null(0)
    done = has & (on >= when.quarter) & (on <= when.last)
    waiting = ~has & (nw.col("month") == when.number) & (nw.col("discharged") > when.last)
    rows = rows.with_columns(flag(done).alias("MHS124"), flag(waiting).alias("MHS127"))
    until = nw.when(nw.col("MHS124") == 1).then(on).otherwise(nw.lit(when.last + 1))
    return rows.with_columns((until - nw.col("received")).alias("days"))
