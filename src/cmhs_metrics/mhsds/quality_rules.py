"""Which rows of an extract break a rule of data quality: the counts, one of each table and kind of rule."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import narwhals as nw

from cmhs_metrics.mhsds.facts.contacts import flag
from cmhs_metrics.mhsds.facts.referrals import (
    OWN_SERVICE,
    REFERRAL,
    cleaned_later,
    has_own_service,
    services,
    shared_key,
    with_own_service,
)
from cmhs_metrics.mhsds.records.cleaning import clean_text
from cmhs_metrics.mhsds.records.codes import ATTENDANCE, BEDS, CLUSTERS, MECHANISMS
from cmhs_metrics.mhsds.records.columns import PROVIDER, TABLES, Column, Kind
from cmhs_metrics.mhsds.records.dates import EPOCH, last_day_of_month
from cmhs_metrics.mhsds.records.engine import Change
from cmhs_metrics.mhsds.records.latest import LOWEST, end_date, latest, mostly_once, number
from cmhs_metrics.team_types import TeamType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cmhs_metrics.mhsds.records.extract import Extract

    Frame = Any

_FIRST_DAY = (dt.date(1900, 1, 1) - EPOCH).days
"""1 January 1900, as a day number."""
BED, DISTRICT = "MHAdmittedPatientClass", "LADistrictAuth"
_TEAM_CODES = sorted({code for team in TeamType for code in team.mhsds_codes})


class Check(NamedTuple):
    """A rule for a column: the name of the table in the data set, the column, and the rule."""

    table: str
    column: str
    rule: str


@dataclass(frozen=True, slots=True)
class Count:
    """Rows, the sum over them that counts each check, and the one that says how many were looked at."""

    frame: Frame
    checks: dict[Check, nw.Expr]
    of: nw.Expr


def counts(extract: Extract) -> list[Count]:
    """Every count of the tables and columns that the extract has."""
    every = (
        *_of_every_row(extract), *_of_repeats(extract), *_of_latest_rows(extract), *_of_codes(extract),
        *_of_providers(extract), *_of_months(extract),
    )  # fmt: skip
    return [count for count in every if count.checks]


def _counted(frame: Frame, checks: dict[Check, nw.Expr]) -> Count:
    """Count where each check fails; what is null does not fail."""
    return Count(frame, {check: flag(fails).sum() for check, fails in checks.items()}, nw.len())


# Every row


def _of_every_row(extract: Extract) -> list[Count]:
    counts = []
    for name in extract.tables:
        table = TABLES[name]
        checks = {
            Check(table.name, column, "id missing"): nw.col(column).is_null()
            for column in table.item
            if extract.has(name, column)
        }
        dates = [each for each in table.columns if each.kind is Kind.DATE and extract.has(name, each.name)]
        text = [each.name for each in dates if extract.may_be_no_date(name, each)]
        with_month = bool(dates) and extract.has(name, "UniqMonthID")
        for column in (each.name for each in dates):
            early = nw.col(column) < _FIRST_DAY
            fails = early | (nw.col(column) > nw.col("last day")) if with_month else early
            checks[Check(table.name, column, "date out of range")] = fails
        for column in text:
            checks[Check(table.name, column, "text that is no date")] = nw.col(f"{column} unreadable")
        if name == "ward_stays" and extract.has(name, BED):
            checks[Check(table.name, BED, "unknown bed")] = _unknown(BED, BEDS)
        columns = list(dict.fromkeys([*(check.column for check in checks), "UniqMonthID"]))
        rows = extract.rows(name, columns, unreadable=bool(text))
        if with_month:
            rows = rows.with_columns(last_day_of_month(nw.col("UniqMonthID")).alias("last day"))
        counts.append(_counted(rows, checks))
    return counts


def _of_repeats(extract: Extract) -> list[Count]:
    """Rows beyond the first of one id in one month."""
    counts = []
    for name in ("referrals", "contacts", "hospital_spells", "clusters"):
        table = TABLES[name]
        if not extract.has(name, *table.item, "UniqMonthID"):
            continue
        keys = [*table.item, "UniqMonthID"]
        rows = extract.rows(name, keys).filter(*(~nw.col(column).is_null() for column in keys))
        grouped = rows.group_by(keys).agg(nw.len().alias("times"))
        beyond = {Check(table.name, table.item[-1], "duplicate id"): nw.col("times").sum() - nw.len()}
        counts.append(Count(grouped, beyond, nw.col("times").sum()))
    return counts


# How codes are written


def _is_padded(code: nw.Expr) -> nw.Expr:
    """Whether there are blanks before or after something: without a pattern, which is dearer."""
    return (code.str.starts_with(" ") | code.str.ends_with(" ")) & (code.str.strip_chars(" ") != "")


def _as_written(extract: Extract, name: str, columns: Sequence[Column]) -> list[Frame]:
    """Columns of a table as they are in the user's frames, of those frames in which they are text."""
    frames = []
    for source in extract._sources[name]:
        named = {column.name: each for column in columns for each in source.named(column)[:1]}
        text = {alias: each for alias, each in named.items() if source.schema[each] == nw.String}
        changes = [
            Change(each, alias, (lambda value: value,), nw.String, extract.engine.sql.quoted(each))
            for alias, each in text.items()
        ]
        if changes:
            frames.append(extract.engine.read(source.frame, changes))
    return frames


def _of_codes(extract: Extract) -> list[Count]:
    """Codes with blanks before or after them."""
    counts = []
    for name in extract.tables:
        codes = [each for each in TABLES[name].columns if each.kind in (Kind.CODE, Kind.TIME)]
        frames = _as_written(extract, name, codes)
        held = list(dict.fromkeys(column for frame in frames for column in frame.collect_schema().names()))
        flags = []
        for frame in frames:
            there = frame.collect_schema().names()
            padded = {each: _is_padded(nw.col(each).fill_null("")) if each in there else nw.lit(False) for each in held}
            flags.append(frame.select(*(flag(is_padded).alias(each) for each, is_padded in padded.items())))
        if flags:
            rows = nw.concat(flags, how="vertical") if len(flags) > 1 else flags[0]
            checks = {Check(TABLES[name].name, column, "padded code"): nw.col(column) == 1 for column in held}
            counts.append(_counted(rows, checks))
    return counts


def _of_providers(extract: Extract) -> list[Count]:
    """Rows of a provider that is written otherwise on most of them."""
    counts = []
    for name in ("referrals", "contacts"):
        frames = _as_written(extract, name, [PROVIDER]) if extract.has(name, PROVIDER.name) else []
        if not frames:
            continue
        rows = (nw.concat(frames, how="vertical") if len(frames) > 1 else frames[0]).rename({PROVIDER.name: "written"})
        spelt = rows.group_by("written").agg(nw.len().alias("rows"))
        spelt = spelt.with_columns(clean_text(nw.col("written")).alias("provider"))
        spelt = spelt.filter(~nw.col("provider").is_null())
        each = spelt.group_by("provider").agg(nw.col("rows").sum().alias("all"), nw.col("rows").max().alias("most"))
        check = Check(TABLES[name].name, PROVIDER.name, "provider in two spellings")
        counts.append(Count(each, {check: (nw.col("all") - nw.col("most")).sum()}, nw.col("all").sum()))
    return counts


def _of_months(extract: Extract) -> list[Count]:
    """Rows of referrals that were submitted in the month after one of which there is none."""
    if not extract.has("referrals", "UniqMonthID"):
        return []
    month = nw.col("UniqMonthID")
    rows = extract.rows("referrals", ["UniqMonthID"]).filter(~month.is_null())
    each = rows.group_by("UniqMonthID").agg(nw.len().alias("rows"))
    # As fractions, of which pandas' nullable types know one that is missing.
    before = month.cast(nw.Float64).shift(1).over(order_by="UniqMonthID")
    each = each.with_columns(before.alias("before"))
    gap = (month - nw.col("before")).fill_null(1) > 1
    check = Check(TABLES["referrals"].name, "UniqMonthID", "after a month without rows")
    counted = nw.when(gap).then(nw.col("rows")).otherwise(nw.lit(0)).sum()
    return [Count(each, {check: counted}, nw.col("rows").sum())]


# The latest row of each item


def _of_latest_rows(extract: Extract) -> list[Count]:
    counts = []
    referrals = None
    if extract.has("referrals", *TABLES["referrals"].item):
        referrals = _latest(extract, "referrals", ["UniqMonthID", "AgeServReferRecDate", *OWN_SERVICE])
        counts.append(_of_referrals(extract, referrals))
    if extract.has("contacts", *TABLES["contacts"].item):
        counts.append(_of_contacts(extract, referrals))
    cluster, start, end = "AdultMHCareClusterCodeFinal", "StartDateHospProvSpell", "DischDateHospProvSpell"
    for name, columns, rule, fails in (
        ("clusters", [cluster], "unknown cluster", _unknown(cluster, CLUSTERS)),
        ("hospital_spells", [end, start], "discharge before start", nw.col(end) < nw.col(start)),
    ):
        if extract.has(name, *TABLES[name].item, *columns):
            rows = _latest(extract, name, columns)
            counts.append(_counted(rows, {Check(TABLES[name].name, columns[0], rule): fails}))
    return counts


_ORDER = {
    "referrals": ("ReferralRequestReceivedDate", "ServDischDate"),
    "contacts": ("CareContDate", "AttendStatus", "ConsMechanismMH", "UniqServReqID"),
    "hospital_spells": ("StartDateHospProvSpell", "DischDateHospProvSpell"),
    "clusters": ("StartDateCareClust", "EndDateCareClust"),
}
"""What rows of one item and submission are ordered by; an end that is missing is later than any."""
_ENDS = {"ServDischDate", "DischDateHospProvSpell", "EndDateCareClust"}


def _latest(extract: Extract, name: str, columns: list[str]) -> Frame:
    """The latest row of each item of a table, as the measures take it."""
    table = TABLES[name]
    read = [each.name for each in table.columns]
    ordering = ["UniqMonthID", "RecordNumber", *_ORDER[name]]
    ordering = [each for each in ordering if each in read and extract.has(name, each)]
    # Most contacts are submitted once.
    item = () if name == "contacts" else table.item
    rows = extract.rows(name, list(dict.fromkeys([*table.item, *ordering, *columns])), last_of=item)
    order = [end_date(each) if each in _ENDS else number(each) if each == "UniqMonthID" else each for each in ordering]
    return latest(extract, rows, table.item, order or table.item, once=not item or mostly_once(extract, name, item))


def _unknown(column: str, known: Any) -> nw.Expr:
    return nw.col(column).is_null() | ~nw.col(column).is_in(list(known))


def _of_referrals(extract: Extract, rows: Frame) -> Count:
    table = TABLES["referrals"].name
    held = set(rows.collect_schema().names())
    received, discharged = nw.col("ReferralRequestReceivedDate"), nw.col("ServDischDate")
    checks: dict[Check, nw.Expr] = {}
    if "ReferralRequestReceivedDate" in held:
        checks[Check(table, "ReferralRequestReceivedDate", "received date missing")] = received.is_null()
    if {"ReferralRequestReceivedDate", "ServDischDate"} <= held:
        checks[Check(table, "ServDischDate", "discharge before receipt")] = discharged < received
    if "AgeServReferRecDate" in held:
        checks[Check(table, "AgeServReferRecDate", "age missing")] = nw.col("AgeServReferRecDate").is_null()
    people, service_types = shared_key(extract, "people"), shared_key(extract, "service_types")
    service_types = service_types if extract.has("service_types", "UniqServReqID") else None
    rows = _with_rows(extract, rows, people, service_types)
    served = service_types is not None or has_own_service(extract)
    if served:
        rows = _with_own_service(extract, rows, others=service_types is not None)
        service, team = TABLES["service_types"].name, "ServTeamTypeRefToMH"
        none = nw.col("services").fill_null(0) == 0
        checks[Check(service, team, "no service type")] = none
        checks[Check(service, team, "unknown team type")] = nw.col("unknown") > 0
        checks[Check(service, "ReferRejectionDate", "rejection without a date")] = nw.col("undated") > 0
    if {"UniqMonthID", "ServDischDate"} <= held:
        months = extract.rows("referrals", ["UniqMonthID"]).select(number("UniqMonthID").max().alias("last_month"))
        rows = rows.join(months, how="cross")
        is_open = discharged.is_null()
        if served:
            is_open = is_open & (none | (nw.col("kept").fill_null(0) > 0))
        checks[Check(table, "UniqMonthID", "lapsed")] = is_open & (nw.col("UniqMonthID") < nw.col("last_month"))
    if people is not None:
        checks[Check(TABLES["people"].name, people, "no person")] = nw.col("person").is_null()
        if extract.has("people", DISTRICT):
            elsewhere = ~nw.col(DISTRICT).is_null() & ~nw.col(DISTRICT).str.starts_with("E")
            checks[Check(TABLES["people"].name, DISTRICT, "resident outside England")] = elsewhere
    if "ReferralRequestReceivedDate" in held and extract.has("contacts", "UniqMonthID"):
        # Of no contact no referral is before; the type of what pandas finds in no rows is none.
        earliest = nw.col("UniqMonthID").min().fill_null(0).cast(nw.Int64)
        first = extract.rows("contacts", ["UniqMonthID"]).select(earliest.alias("first_month"))
        rows = rows.join(first, how="cross")
        before = received <= last_day_of_month(nw.col("first_month") - 1)
        checks[Check(table, "ReferralRequestReceivedDate", "received before the first contact month")] = before
    return _counted(rows, checks)


def _with_rows(extract: Extract, rows: Frame, people: str | None, service_types: str | None) -> Frame:
    """The latest rows of referrals with what is wrong with their services, and their people; by the keys of both."""
    found = [nw.col(name).max() for name in rows.collect_schema().names() if name not in REFERRAL]
    if service_types is not None:
        one = service_types == "RecordNumber"
        known = "service_teams" in extract.tables or extract.has("service_types", "ServTeamTypeRefToMH")
        facts = services(extract, later=cleaned_later(extract, "UniqServReqID", one=one))
        facts = facts.select("UniqServReqID", service_types, *_service_facts(nw.lit(True), nw.lit(known)))
        rows = extract.engine.with_rows(rows, facts, "UniqServReqID", service_types, one=one)
        found += [nw.col(name).max() for name in _SERVICE_FACTS]
    if people is not None:
        one, at_home = people == "RecordNumber", [DISTRICT] if extract.has("people", DISTRICT) else []
        persons = extract.rows(
            "people", ["Person_ID", people, *at_home], later=cleaned_later(extract, "Person_ID", one=one)
        ).with_columns(nw.lit(1).alias("person"))
        rows = extract.engine.with_rows(rows, persons, "Person_ID", people, one=one)
        found += [nw.col(name).max() for name in ("person", *at_home)]
    rows = rows.group_by(*REFERRAL).agg(*found) if people or service_types else rows
    return rows.with_columns(nw.col(*_SERVICE_FACTS).fill_null(0)) if service_types is not None else rows


def _with_own_service(extract: Extract, rows: Frame, *, others: bool) -> Frame:
    """The same with the own service of each referral, which it names from version 6 on; that may be none."""
    if not has_own_service(extract):
        return rows
    rows = rows.rename({name: f"other {name}" for name in _SERVICE_FACTS}) if others else rows
    rows = with_own_service(extract, rows).with_columns(*_service_facts(nw.col("names_a_service"), nw.lit(True)))
    return rows.with_columns(*(nw.col(name) + nw.col(f"other {name}") for name in _SERVICE_FACTS)) if others else rows


_SERVICE_FACTS = ("services", "unknown", "undated", "kept")


def _service_facts(there: nw.Expr, with_teams: nw.Expr) -> list[nw.Expr]:
    """Of a row of services: whether it is one, of no known team, rejected without a date, not rejected."""
    rejected = nw.col("is_rejected") == 1
    unknown = with_teams & ~nw.col("team").is_in(_TEAM_CODES)
    facts = (there, there & unknown, there & rejected & (nw.col("on") == LOWEST), there & ~rejected)
    return [flag(fact).alias(name) for fact, name in zip(facts, _SERVICE_FACTS, strict=True)]


def _of_contacts(extract: Extract, referrals: Frame | None) -> Count:
    table = TABLES["contacts"].name
    rows = _latest(extract, "contacts", ["UniqServReqID"])
    held = set(rows.collect_schema().names())
    checks: dict[Check, nw.Expr] = {}
    if "CareContDate" in held:
        checks[Check(table, "CareContDate", "date missing")] = nw.col("CareContDate").is_null()
    if "AttendStatus" in held:
        checks[Check(table, "AttendStatus", "unknown attendance")] = _unknown("AttendStatus", ATTENDANCE)
    if "ConsMechanismMH" in held:
        checks[Check(table, "ConsMechanismMH", "unknown mechanism")] = _unknown("ConsMechanismMH", MECHANISMS)
    item = list(TABLES["referrals"].item)
    if referrals is not None and "UniqServReqID" in held:
        dated = "ReferralRequestReceivedDate" in referrals.collect_schema().names()
        columns = [*item, *(["ReferralRequestReceivedDate"] if dated else [])]
        known = referrals.select(*columns).with_columns(nw.lit(1).alias("referral"))
        rows = rows.join(known, on=item, how="left")
        checks[Check(table, "UniqServReqID", "without a referral")] = nw.col("referral").is_null()
        if dated and "CareContDate" in held:
            early = nw.col("CareContDate") < nw.col("ReferralRequestReceivedDate")
            checks[Check(table, "CareContDate", "before its referral")] = early
    return _counted(rows, checks)
