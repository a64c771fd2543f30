"""Referral-spells of core services: how many start, close and are open, and who waits for a second contact."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from cmhs_metrics.mhsds.facts.referrals import REFERRAL
from cmhs_metrics.mhsds.facts.spells import EVERY, SpellRules, is_open, with_spells
from cmhs_metrics.mhsds.national.known import flag, numbered, there
from cmhs_metrics.mhsds.records.dates import NEVER
from cmhs_metrics.mhsds.records.latest import latest

if TYPE_CHECKING:
    from cmhs_metrics.mhsds.national.rows import Facts
    from cmhs_metrics.mhsds.records.extract import Frame

LONG_WAITS = {"a": 728, "c": 546, "e": 364}
"""More than 104, 78 and 52 weeks, by the letter of their ids [day]."""
RULES = SpellRules()
SPELL = ("Person_ID", "provider", "start")
ROW = ("Person_ID", "UniqServReqID", "submission")


def spells(facts: Facts) -> Frame:
    """A row for each spell: `start`, `spell_end`, `lingers`; `first` and `second`, the days of contacts within it."""
    rows = latest(facts.known, facts.core, REFERRAL, ["month", "end", "submission"])
    rows = rows.with_columns(
        nw.col("provider").fill_null(""), nw.lit(1).alias("in_spells"), nw.lit(EVERY).alias("variant")
    )
    rows = rows.filter(~nw.col("provider").is_in(list(RULES.left_out)))
    lingers = (nw.col("month") == facts.when.number) & (nw.col("discharged") == NEVER)
    rows = with_spells(facts.known, rows, RULES).with_columns(flag(lingers).alias("lingers"))
    found = rows.filter(nw.col("start") >= RULES.begin, nw.col("start") <= facts.when.last)
    found = found.group_by(*SPELL).agg(nw.col("spell_end").max(), nw.col("lingers").max())
    dated = within(found, counted_contacts(facts), "date")
    dated = numbered(dated, SPELL, ["date", "UniqCareContID"])
    places = [
        dated.filter(nw.col("place") == number).select(*SPELL, nw.col("date").alias(name))
        for number, name in ((1, "first"), (2, "second"))
    ]
    for place in places:
        found = found.join(place, on=list(SPELL), how="left")
    return facts.hold(found)


def within(spells: Frame, rows: Frame, date: str) -> Frame:
    """Rows of the person and provider of a spell that are dated within it."""
    dated = spells.select(*SPELL, "spell_end").join(rows, on=["Person_ID", "provider"], how="inner")
    return dated.filter(nw.col(date) >= nw.col("start"), nw.col(date) <= nw.col("spell_end"))


def counted_contacts(facts: Facts) -> Frame:
    """Direct contacts joined by submission to a referral in scope, at their provider or else the referral's.

    Where the extract has no row of the referral in the contact's submission, the referral's latest row decides.
    """
    contacts = facts.contacts.filter(nw.col("direct") == 1, *there("UniqServReqID"))
    contacts = contacts.select(*ROW, "UniqCareContID", "date", nw.col("provider").alias("own"))
    core = facts.core.with_columns(nw.col("provider").fill_null(""))
    of_submission = core.group_by(*ROW).agg(nw.col("provider").max())
    submitted = facts.referrals.select(*ROW).unique(list(ROW))
    order = ["month", "RecordNumber", "received", "discharged", "submission", "provider"]
    last = latest(facts.known, facts.referrals, REFERRAL, order).select(*ROW)
    last = last.join(of_submission, on=list(ROW), how="inner").select(*REFERRAL, "provider")
    named = ["Person_ID", "UniqCareContID", "date", "own", "provider"]
    parts = [
        contacts.join(of_submission, on=list(ROW), how="inner").select(*named),
        contacts.join(submitted, on=list(ROW), how="anti").join(last, on=list(REFERRAL), how="inner").select(*named),
    ]
    rows = nw.concat(parts, how="vertical")
    return rows.with_columns(nw.coalesce(nw.col("own"), nw.col("provider")).alias("provider")).drop("own")


def waits(facts: Facts) -> Frame:
    """The flags of each spell by measure id, and how long it has waited at the period's end, as `days`.

    As published, a spell whose referral was refused or closed by its service, never discharged, and is still
    submitted, has not closed, though it is not open.
    """
    when = facts.when
    rows = spells(facts)
    return facts.placed(rows.with_columns(*flags(when.quarter, when.last)), 3)


def flags(quarter: int, last: int) -> list[nw.Expr]:
    """The flags of a spell by measure id."""
    end, second = nw.col("spell_end"), nw.col("second").fill_null(NEVER)
    still = is_open(RULES, nw.lit(last))
    seen, waited = second < NEVER, last - nw.col("start")
    made = {
        "MRS03": still & ~seen,
        "MRS04": nw.col("start") >= quarter,
        "MRS05": ~still & (end >= quarter) & (end <= last) & (nw.col("lingers") == 0),
        "MRS06": still,
        "MRS15": (second >= quarter) & (second <= last),
        "MRS21": still & seen,
        **{f"MRS07{letter}": still & ~seen & (waited > days) for letter, days in LONG_WAITS.items()},
    }
    return [*(flag(condition).alias(id) for id, condition in made.items()), waited.alias("days")]
