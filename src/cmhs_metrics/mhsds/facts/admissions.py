"""Admissions to acute beds, and those of people whom no community service had seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw

from cmhs_metrics.mhsds.facts.contacts import latest_contacts
from cmhs_metrics.mhsds.facts.referrals import REFERRAL, facts
from cmhs_metrics.mhsds.records.codes import ACUTE_BEDS, TRANSFERS
from cmhs_metrics.mhsds.records.dates import NEVER
from cmhs_metrics.mhsds.records.latest import end_date, latest, number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cmhs_metrics.mhsds.records.dates import Span
    from cmhs_metrics.mhsds.records.extract import Extract, Frame

ADMISSIONS = ("admissions", "admissions_without_prior_contact")
FROM_DAYS, TO_DAYS = 365, 3
"""A contact from so many to so many days before admission is a prior contact."""
ITEM = ("Person_ID", "UniqHospProvSpellID")


def latest_spells(extract: Extract) -> Frame:
    """Latest submission of each hospital spell: greatest UniqMonthID, then the latest start, then without an end."""
    months = ["UniqMonthID"] if extract.has("hospital_spells", "UniqMonthID") else []
    columns = ["UniqServReqID", "OrgIDProv", "StartDateHospProvSpell", "DischDateHospProvSpell"]
    rows = extract.rows("hospital_spells", [*ITEM, *months, *columns, "SourceAdmMHHospProvSpell"], last_of=ITEM)
    order: list[str | nw.Expr] = [*(number(name) for name in months), "StartDateHospProvSpell"]
    if extract.has("hospital_spells", "DischDateHospProvSpell"):
        order.append(end_date("DischDateHospProvSpell"))
    rows = latest(extract, rows, ITEM, order)
    ends = nw.col("DischDateHospProvSpell") if extract.has("hospital_spells", "DischDateHospProvSpell") else None
    ends = nw.lit(NEVER) if ends is None else ends.fill_null(NEVER)
    return rows.with_columns(nw.col("StartDateHospProvSpell").fill_null(NEVER).alias("start"), ends.alias("end"))


def acute_admissions(extract: Extract, first: int, last: int) -> Frame:
    """Admissions in some days to acute beds or PICU that are no transfer.

    The bed is that of the first ward stay (MHS502); without ward stays all spells count. A transfer is known by its
    source of admission, or else by a spell of the person that ended on the day or the day before.
    """
    rows = latest_spells(extract)
    every = rows
    rows = rows.filter((nw.col("start") >= first) & (nw.col("start") <= last))
    if extract.has("ward_stays", "UniqHospProvSpellID", "MHAdmittedPatientClass"):
        rows = rows.join(_acute_spells(extract), on=_ward_key(extract), how="inner")
    if extract.has("hospital_spells", "SourceAdmMHHospProvSpell"):
        return rows.filter(~nw.col("SourceAdmMHHospProvSpell").fill_null("").is_in(list(TRANSFERS)))
    ended = every.select("Person_ID", nw.col("UniqHospProvSpellID").alias("earlier"), nw.col("end").alias("ended"))
    pairs = rows.select(*ITEM, "start").join(ended, on="Person_ID", how="inner")
    before = (nw.col("ended") == nw.col("start")) | (nw.col("ended") == nw.col("start") - 1)
    moved = pairs.filter(before, nw.col("earlier") != nw.col("UniqHospProvSpellID")).select(*ITEM).unique()
    return rows.join(moved, on=list(ITEM), how="anti")


def _ward_key(extract: Extract) -> list[str]:
    person = extract.has("ward_stays", "Person_ID", throughout=True)
    return ["UniqHospProvSpellID", *(["Person_ID"] if person else [])]


def _acute_spells(extract: Extract) -> Frame:
    """Spells whose first ward stay is in an acute bed."""
    key = _ward_key(extract)
    stays = extract.rows("ward_stays", [*key, "StartDateWardStay", "MHAdmittedPatientClass", "UniqMonthID"])
    stays = stays.filter(*(~nw.col(name).is_null() for name in key))
    held = stays.collect_schema().names()
    start = -nw.col("StartDateWardStay").fill_null(NEVER) if "StartDateWardStay" in held else nw.lit(0)
    months = ["UniqMonthID"] if "UniqMonthID" in held else []
    order: list[str | nw.Expr] = [start, *months, "MHAdmittedPatientClass"]
    one = latest(extract, stays, key, order)
    return one.filter(nw.col("MHAdmittedPatientClass").fill_null("").is_in(list(ACUTE_BEDS))).select(*key)


def admissions(
    extract: Extract, grouping: Any, spans: Sequence[Span], which: Sequence[str], *, before_v5: str = "publication"
) -> Frame:
    """Count admissions in each period: a row for each group and period, the latter by its number in `span`.

    Without prior contact are those of people with no direct contact and no indirect activity, of any referral, from 365
    to 3 days before.
    """
    rows = acute_admissions(extract, min(span.first for span in spans), max(span.last for span in spans))
    if "admissions_without_prior_contact" in which:
        rows = rows.join(_seen_before(extract, rows, before_v5), on=list(ITEM), how="left")
        rows = rows.with_columns(nw.when(nw.col("seen").is_null()).then(nw.lit(1)).otherwise(nw.lit(0)).alias("unseen"))
    rows = _with_groups(extract, rows, grouping)
    span = nw.lit(0)
    for index, each in enumerate(spans):
        inside = (nw.col("start") >= each.first) & (nw.col("start") <= each.last)
        span = nw.when(inside).then(nw.lit(index)).otherwise(span) if index else span
    unseen = nw.col("unseen") if "admissions_without_prior_contact" in which else nw.lit(0)
    counts = {"admissions": nw.lit(1), "admissions_without_prior_contact": unseen}
    # Beside the columns: where nothing is grouped, numbers alone would be one row, whatever the admissions.
    rows = rows.with_columns(
        *grouping.columns(None, "provider"),
        span.alias("span"),
        *(counts[name].cast(nw.Int64).alias(name) for name in which),
    )
    return rows.group_by(*grouping.keys, "span").agg(*(nw.col(name).sum() for name in which))


def _seen_before(extract: Extract, rows: Frame, before_v5: str) -> Frame:
    """The admissions before which there was a contact or activity."""
    persons = rows.select("Person_ID").unique()
    contacts = latest_contacts(extract, persons, before_v5=before_v5).filter(nw.col("direct") == 1)
    days = [contacts.select("Person_ID", nw.col("date").cast(nw.Int64))]
    if extract.has("indirect_activity", "Person_ID", "IndirectActDate"):
        indirect = extract.rows("indirect_activity", ["Person_ID", "IndirectActDate"])
        indirect = indirect.filter(~nw.col("Person_ID").is_null(), ~nw.col("IndirectActDate").is_null())
        days.append(indirect.select("Person_ID", nw.col("IndirectActDate").cast(nw.Int64).alias("date")))
    seen = nw.concat(days, how="vertical") if len(days) > 1 else days[0]
    pairs = rows.select(*ITEM, "start").join(seen, on="Person_ID", how="inner")
    since = nw.col("start") - nw.col("date")
    pairs = pairs.filter(since >= TO_DAYS, since <= FROM_DAYS)
    return pairs.select(*ITEM).unique().with_columns(nw.lit(1).alias("seen"))


def _with_groups(extract: Extract, rows: Frame, grouping: Any) -> Frame:
    """The provider of the spell, else of its referral; the person's row and age by the spell's referral."""
    own = extract.has("hospital_spells", "OrgIDProv")
    provider = [nw.col("OrgIDProv").alias("own_provider")] if own else []
    rows = rows.select(
        *ITEM,
        *(["UniqServReqID"] if _has_referral(extract) else []),
        "start",
        *provider,
        *(["unseen"] if "unseen" in rows.collect_schema().names() else []),
    )
    needed = bool(grouping.people) or "age_band" in grouping.by or grouping.needs_provider
    if needed and _has_referral(extract) and "referrals" in extract.tables:
        of_referral = facts(extract, (), people=grouping.people, age="age_band" in grouping.by)
        kept = [name for name in of_referral.collect_schema().names() if name in ("OrgIDProv", "age", *grouping.people)]
        rows = rows.join(of_referral.select(*REFERRAL, *kept), on=list(REFERRAL), how="left")
    held = rows.collect_schema().names()
    places = [nw.col(name) for name in ("own_provider", "OrgIDProv") if name in held]
    if grouping.needs_provider:
        rows = rows.with_columns((nw.coalesce(*places) if len(places) > 1 else places[0]).alias("provider"))
    for name in grouping.people:
        if name not in held:
            rows = rows.with_columns(nw.lit(None, nw.String).alias(name))
    return rows


def _has_referral(extract: Extract) -> bool:
    return extract.has("hospital_spells", "UniqServReqID")
