"""Which rows of an extract break a rule of data quality: the counts, one of each table and kind of rule."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import narwhals as nw

from cmhs_metrics.mhsds.facts.referrals import OWN_SERVICE, has_own_service, rejected_by, with_own_service
from cmhs_metrics.mhsds.records.codes import ATTENDANCE, CLUSTERS, MECHANISMS
from cmhs_metrics.mhsds.records.columns import TABLES, Kind
from cmhs_metrics.mhsds.records.dates import EPOCH, last_day_of_month
from cmhs_metrics.mhsds.records.latest import end_date, latest, number
from cmhs_metrics.team_types import TeamType

if TYPE_CHECKING:
    from cmhs_metrics.mhsds.records.extract import Extract

    Frame = Any

_FIRST_DAY = (dt.date(1900, 1, 1) - EPOCH).days
"""1 January 1900, as a day number."""
_TEAM_CODES = sorted({code for team in TeamType for code in team.mhsds_codes})


class Check(NamedTuple):
    """A rule for a column: the name of the table in the data set, the column, and the rule."""

    table: str
    column: str
    rule: str


@dataclass(frozen=True, slots=True)
class Count:
    """One row of counts: a number for each check, and how many rows were looked at."""

    frame: Frame
    checks: dict[str, Check]


def counts(extract: Extract) -> list[Count]:
    """Every count of the tables and columns that the extract has."""
    every = (*_of_every_row(extract), *_of_repeats(extract), *_of_text(extract), *_of_latest_rows(extract))
    return [count for count in every if count.checks]


def _counted(frame: Frame, checks: dict[Check, nw.Expr]) -> Count:
    """Count where each check fails; what is null does not fail."""
    named = {f"check{place}": check for place, check in enumerate(checks)}
    sums = [
        nw.when(fails).then(nw.lit(1)).otherwise(nw.lit(0)).sum().alias(key)
        for key, fails in zip(named, checks.values(), strict=True)
    ]
    return Count(frame.select(*sums, nw.len().alias("of")) if checks else frame, named)


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
        dates = [each.name for each in table.columns if each.kind is Kind.DATE and extract.has(name, each.name)]
        last = last_day_of_month(nw.col("UniqMonthID")) if extract.has(name, "UniqMonthID") else None
        for column in dates:
            early = nw.col(column) < _FIRST_DAY
            fails = early if last is None else early | (nw.col(column) > last)
            checks[Check(table.name, column, "date out of range")] = fails
        columns = [*(check.column for check in checks), "UniqMonthID"]
        counts.append(_counted(extract.rows(name, list(dict.fromkeys(columns))), checks))
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
        beyond = (nw.col("times").sum() - nw.len()).alias("repeated")
        key = {"repeated": Check(table.name, table.item[-1], "duplicate id")}
        counts.append(Count(grouped.select(beyond, nw.col("times").sum().alias("of")), key))
    return counts


def _of_text(extract: Extract) -> list[Count]:
    """Cells in which something stands that reads as no date."""
    counts = []
    for name in extract.tables:
        table = TABLES[name]
        dates = [each.name for each in table.columns if each.kind is Kind.DATE and extract.may_be_no_date(name, each)]
        rows = extract.rows(name, dates, unreadable=True) if dates else None
        if rows is not None:
            checks = {Check(table.name, date, "text that is no date"): nw.col(f"{date} unreadable") for date in dates}
            counts.append(_counted(rows, checks))
    return counts


# The latest row of each item


def _of_latest_rows(extract: Extract) -> list[Count]:
    counts = []
    if extract.has("referrals", *TABLES["referrals"].item):
        counts.append(_of_referrals(extract))
    if extract.has("contacts", *TABLES["contacts"].item):
        counts.append(_of_contacts(extract))
    for name, column, rule, fails in (
        (
            "clusters",
            "AdultMHCareClusterCodeFinal",
            "unknown cluster",
            _unknown("AdultMHCareClusterCodeFinal", CLUSTERS),
        ),
        (
            "hospital_spells",
            "DischDateHospProvSpell",
            "discharge before start",
            nw.col("DischDateHospProvSpell") < nw.col("StartDateHospProvSpell"),
        ),
    ):
        needed = [column, *(["StartDateHospProvSpell"] if name == "hospital_spells" else [])]
        if extract.has(name, *TABLES[name].item, *needed):
            rows = _latest(extract, name, needed)
            counts.append(_counted(rows, {Check(TABLES[name].name, column, rule): fails}))
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
    ordering = [each for each in ("UniqMonthID", "RecordNumber", *_ORDER[name]) if _is_read(extract, name, each)]
    rows = extract.rows(name, list(dict.fromkeys([*table.item, *ordering, *columns])))
    monthly = "UniqMonthID" in ordering
    order = [end_date(each) if each in _ENDS else number(each) if each == "UniqMonthID" else each for each in ordering]
    return latest(extract, rows, table.item, order, resubmitted=monthly and name == "referrals")


def _is_read(extract: Extract, name: str, column: str) -> bool:
    return any(each.name == column for each in TABLES[name].columns) and extract.has(name, column)


def _unknown(column: str, known: Any) -> nw.Expr:
    return nw.col(column).is_null() | ~nw.col(column).is_in(list(known))


def _of_referrals(extract: Extract) -> Count:
    table = TABLES["referrals"].name
    rows = _latest(extract, "referrals", ["UniqMonthID", "AgeServReferRecDate", *OWN_SERVICE])
    held = set(rows.collect_schema().names())
    received, discharged = nw.col("ReferralRequestReceivedDate"), nw.col("ServDischDate")
    checks: dict[Check, nw.Expr] = {}
    if "ReferralRequestReceivedDate" in held:
        checks[Check(table, "ReferralRequestReceivedDate", "received date missing")] = received.is_null()
    if {"ReferralRequestReceivedDate", "ServDischDate"} <= held:
        checks[Check(table, "ServDischDate", "discharge before receipt")] = discharged < received
    if "AgeServReferRecDate" in held:
        checks[Check(table, "AgeServReferRecDate", "age missing")] = nw.col("AgeServReferRecDate").is_null()
    services = _services(extract, held)
    if services is not None:
        rows = services(rows)
        service, team = TABLES["service_types"].name, "ServTeamTypeRefToMH"
        none = nw.col("services").fill_null(0) == 0
        checks[Check(service, team, "no service type")] = none
        checks[Check(service, team, "unknown team type")] = nw.col("unknown") > 0
        checks[Check(service, "ReferRejectionDate", "rejection without a date")] = nw.col("undated") > 0
    if {"UniqMonthID", "ServDischDate"} <= held:
        months = extract.rows("referrals", ["UniqMonthID"]).select(nw.col("UniqMonthID").max().alias("last_month"))
        rows = rows.join(months, how="cross")
        is_open = discharged.is_null()
        if services is not None:
            is_open = is_open & (none | (nw.col("kept").fill_null(0) > 0))
        checks[Check(table, "UniqMonthID", "lapsed")] = is_open & (nw.col("UniqMonthID") < nw.col("last_month"))
    key = _row_key(extract, "people")
    if key is not None:
        people = extract.rows("people", ["Person_ID", key])
        people = people.filter(~nw.col("Person_ID").is_null(), ~nw.col(key).is_null()).unique(["Person_ID", key])
        rows = rows.join(people.with_columns(nw.lit(1).alias("person")), on=["Person_ID", key], how="left")
        checks[Check(TABLES["people"].name, key, "no person")] = nw.col("person").is_null()
    return _counted(rows, checks)


def _row_key(extract: Extract, name: str) -> str | None:
    """The column by which the latest row of a referral finds its rows in another table."""
    return next(
        (key for key in ("RecordNumber", "UniqMonthID") if extract.has("referrals", key) and extract.has(name, key)),
        None,
    )


def _services(extract: Extract, held: set[str]) -> Any:
    """What adds to the latest rows of referrals how many services they have, and what is wrong with these."""
    own = has_own_service(extract)
    key = _row_key(extract, "service_types")
    if key is None or not extract.has("service_types", "UniqServReqID"):
        if not own:
            return None
        key = None

    def add(rows: Frame) -> Frame:
        counts = []
        if key is not None:
            on = ["UniqServReqID", key]
            found = extract.rows(
                "service_types", [*on, "ServTeamTypeRefToMH", "ReferRejectionDate", "ReferRejectReason"]
            )
            found = found.filter(*(~nw.col(each).is_null() for each in on))
            facts = _service_facts(found.collect_schema().names(), "ServTeamTypeRefToMH", nw.lit(True))
            sums = [nw.col(name).sum() for name in _SERVICE_FACTS]
            rows = rows.join(found.with_columns(*facts).group_by(*on).agg(*sums), on=on, how="left")
            counts.append({name: nw.col(name).fill_null(0) for name in _SERVICE_FACTS})
        if own:
            # From version 6 on a referral names its own first service; one that names nothing of it has none.
            rows = with_own_service(extract, rows)
            facts = _service_facts(rows.collect_schema().names(), "ServTeamType", nw.col("names_a_service"))
            rows = rows.with_columns(
                *(fact.alias(f"own {name}") for fact, name in zip(facts, _SERVICE_FACTS, strict=True))
            )
            counts.append({name: nw.col(f"own {name}") for name in _SERVICE_FACTS})
        total = counts[0] if len(counts) == 1 else {name: counts[0][name] + counts[1][name] for name in _SERVICE_FACTS}
        return rows.with_columns(*(value.alias(name) for name, value in total.items()))

    return add


_SERVICE_FACTS = ("services", "unknown", "undated", "kept")


def _service_facts(held: Any, team: str, there: nw.Expr) -> list[nw.Expr]:
    """Of a row of services: whether it is one, of no known team, rejected without a date, not rejected."""
    dated, reason = rejected_by(held)
    unknown = _unknown(team, _TEAM_CODES) if team in held else nw.lit(False)
    facts = (there, there & unknown, there & reason & ~dated, there & ~(dated | reason))
    return [
        nw.when(fact).then(nw.lit(1)).otherwise(nw.lit(0)).alias(name)
        for name, fact in zip(_SERVICE_FACTS, facts, strict=True)
    ]


def _of_contacts(extract: Extract) -> Count:
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
    if extract.has("referrals", *item) and "UniqServReqID" in held:
        referrals = _latest(extract, "referrals", [])
        dated = "ReferralRequestReceivedDate" in referrals.collect_schema().names()
        columns = [*item, *(["ReferralRequestReceivedDate"] if dated else [])]
        known = referrals.select(*columns).with_columns(nw.lit(1).alias("referral"))
        rows = rows.join(known, on=item, how="left")
        checks[Check(table, "UniqServReqID", "without a referral")] = nw.col("referral").is_null()
        if dated and "CareContDate" in held:
            early = nw.col("CareContDate") < nw.col("ReferralRequestReceivedDate")
            checks[Check(table, "CareContDate", "before its referral")] = early
    return _counted(rows, checks)
