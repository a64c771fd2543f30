"""Follow-up within 72 hours of discharge from adult acute beds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from cmhs_metrics.mhsds.facts.contacts import flag
from cmhs_metrics.mhsds.facts.referrals import row_key
from cmhs_metrics.mhsds.national.known import is_in, there
from cmhs_metrics.mhsds.records.columns import VERSION_5, VERSION_6
from cmhs_metrics.mhsds.records.latest import latest

if TYPE_CHECKING:
    from cmhs_metrics.mhsds.national.rows import Facts
    from cmhs_metrics.mhsds.records.extract import Frame

ACUTE_BEFORE_V6 = ("10", "11", "12", "16", "17", "18")
ACUTE = ("200", "201", "202", "205", "212", "213")
"""Adult acute beds and classes of patient, with those of other adult specialties that the follow-up takes in."""
DIED_OR_OTHER = ("4", "5")
"""Methods of discharge that are not followed up."""
NOT_FOLLOWED_UP = ("30", "37", "48", "49", "50", "53", "79", "84", "87")
"""Destinations that are not followed up, with 38 before version 5 and 40, 42 and 89 since."""
DAYS = 3
"""72 hours [day]."""
SHIFT = 4
"""The discharges are those of a month that ends so many days earlier, so that each can be followed up [day]."""
SPELL = ("Person_ID", "UniqHospProvSpellID")


def follow_up(facts: Facts) -> Frame:
    """Discharges from adult acute beds, and those followed by a contact or another hospital spell in three days.

    By the last ward stay; of people resident in England or nobody knows where, who did not die within three days.
    Followed up at the provider that discharged: a referral onward to another is not read.
    """
    when = facts.when
    spells = _spells(facts)
    first, last = when.first - SHIFT, when.last - SHIFT
    rows = spells.filter(nw.col("discharged") >= first, nw.col("discharged") <= last)
    rows = rows.filter(~is_in("method", DIED_OR_OTHER), ~is_in("destination", NOT_FOLLOWED_UP))
    since, before = ("40", "42", "89"), ("38",)
    is_new = nw.col("month") >= VERSION_5
    rows = rows.filter(~(is_new & is_in("destination", since)), ~(~is_new & is_in("destination", before)))
    rows = rows.join(_last_beds(facts), on=list(SPELL), how="inner")
    new = nw.col("month") >= VERSION_6
    rows = rows.filter((new & is_in("bed", ACUTE)) | (~new & is_in("bed", ACUTE_BEFORE_V6)))
    rows = _living(facts, rows)
    contacts = facts.contacts.filter(nw.col("by_direct_mechanism") == 1)
    parts = [
        contacts.select("Person_ID", "provider", nw.col("date").alias("day")),
        spells.select("Person_ID", "provider", nw.col("began").alias("day")),
    ]
    days = nw.concat([part.filter(*there("day", "provider")) for part in parts], how="vertical")
    seen = rows.select(*SPELL, "provider", "discharged").join(days, on=["Person_ID", "provider"], how="inner")
    after = nw.col("day") - nw.col("discharged")
    seen = seen.filter(after > 0, after <= DAYS).select(*SPELL).unique(list(SPELL))
    rows = rows.join(seen.with_columns(nw.lit(1).alias("seen")), on=list(SPELL), how="left")
    rows = rows.with_columns(
        flag(nw.col("discharged") > 0).alias("MHS78"), flag(nw.col("seen").fill_null(0) == 1).alias("MHS79")
    )
    return facts.placed(rows, 2)


def _spells(facts: Facts) -> Frame:
    """Hospital spells as last submitted in the last two months, of people not known to live outside England."""
    known = facts.known
    columns = [
        *SPELL, "RecordNumber", "UniqMonthID", "OrgIDProv", "StartDateHospProvSpell", "DischDateHospProvSpell",
        "MethOfDischMHHospProvSpell", "DestOfDischHospProvSpell",
    ]  # fmt: skip
    rows = known.whole("hospital_spells", columns).filter(nw.col("UniqMonthID").fill_null(0) >= facts.when.number - 1)
    order = ["UniqMonthID", "StartDateHospProvSpell", "DischDateHospProvSpell"]
    rows = latest(known, rows, SPELL, order)
    if known.has("people", "LADistrictAuth"):
        key = row_key(known, "people")
        if known.has("hospital_spells", key):
            people = known.rows("people", ["Person_ID", key, "LADistrictAuth"]).filter(*there("Person_ID", key))
            people = people.with_columns(nw.col("LADistrictAuth").fill_null("").alias("home"))
            people = people.group_by("Person_ID", key).agg(nw.col("home").max())
            rows = rows.join(people, on=["Person_ID", key], how="left")
            home = nw.col("home").fill_null("")
            rows = rows.filter((home == "") | home.str.starts_with("E"))
    return rows.select(
        *SPELL, nw.col("UniqMonthID").alias("month"), nw.col("OrgIDProv").alias("provider"),
        nw.col("StartDateHospProvSpell").alias("began"),
        nw.col("DischDateHospProvSpell").fill_null(0).alias("discharged"),
        nw.col("MethOfDischMHHospProvSpell").alias("method"), nw.col("DestOfDischHospProvSpell").alias("destination"),
    )  # fmt: skip


def _last_beds(facts: Facts) -> Frame:
    """The bed of the last ward stay of each hospital spell: of the latest month, then of the latest end."""
    known = facts.known
    columns = [*SPELL, "UniqMonthID", "EndDateWardStay", "MHAdmittedPatientClass", "StartDateWardStay"]
    rows = known.whole("ward_stays", columns)
    order = ["UniqMonthID", "EndDateWardStay", "StartDateWardStay", "MHAdmittedPatientClass"]
    return latest(known, rows, SPELL, order).select(*SPELL, nw.col("MHAdmittedPatientClass").alias("bed"))


def _living(facts: Facts, rows: Frame) -> Frame:
    """Without those who died within three days of their discharge, as the provider told."""
    known = facts.known
    if not known.has("people", "PersDeathDate", "OrgIDProv"):
        return rows
    deaths = known.rows("people", ["Person_ID", "OrgIDProv", "PersDeathDate"])
    deaths = deaths.filter(*there("Person_ID", "OrgIDProv", "PersDeathDate")).rename({"OrgIDProv": "provider"})
    deaths = deaths.group_by("Person_ID", "provider").agg(nw.col("PersDeathDate").min())
    rows = rows.join(deaths, on=["Person_ID", "provider"], how="left")
    death = nw.col("PersDeathDate")
    return rows.filter(death.is_null() | (death.fill_null(0) - nw.col("discharged") > DAYS))
