"""Waits, time on the caseload, cluster profile and data quality in plain loops, from the definitions."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from typing import Any

from tests.mhsds.oracle import (
    CORE,
    Grouping,
    Referral,
    Scope,
    Tables,
    attendance,
    cell,
    check,
    code_of,
    day_of,
    found_by,
    has_column,
    identifier,
    in_scope,
    last_day,
    latest_contacts,
    latest_referrals,
    latest_stays,
    mechanism,
    month_of,
    number_of,
    on_caseload,
    pathways,
    reading_of,
    referrals,
    service_rows,
    services_of,
    spans,
    table,
)
from tests.mhsds.oracle_cells import clean, given, is_no_date
from tests.mhsds.oracle_records import REJECTION_REASONS

DAYS_IN_MONTH = 365.25 / 12
CLUSTERS = {f"{number:02d}" for number in range(22)} - {"09"}
ATTENDANCES = set("234567")
MECHANISMS = {"01", "02", "04", "05", "09", "10", "11", "12", "13", "98"}
TEAM_CODES = frozenset(
    [
        "A01",
        "A02",
        "A03",
        "A04",
        "A05",
        "A06",
        "A07",
        "A08",
        "A09",
        "A10",
        "A11",
        "A12",
        "A13",
        "A14",
        "A15",
        "A16",
        "A17",
        "A18",
        "A19",
        "A20",
        "A21",
        "A22",
        "A23",
        "A24",
        "A25",
        "B01",
        "B02",
        "C01",
        "C02",
        "C04",
        "C05",
        "C06",
        "C07",
        "C08",
        "C10",
        "D01",
        "D02",
        "D03",
        "D04",
        "D05",
        "D06",
        "D07",
        "D08",
        "E01",
        "E02",
        "E03",
        "E04",
        "F01",
        "F02",
        "F03",
        "F04",
        "F05",
        "F06",
        "F07",
        "Z01",
        "Z02",
    ]
)


def quantile(values: list[float], share: float) -> float:
    """Linear interpolation between the ordered values (type 7)."""
    values = sorted(values)
    place = (len(values) - 1) * share
    below = int(place)
    above = min(below + 1, len(values) - 1)
    return values[below] + (place - below) * (values[above] - values[below])


def waits(
    tables: Tables,
    period: Any,
    by: tuple[str, ...],
    *,
    waiting_for: str = "second contact",
    pathway: str = "spell",
    scope: Scope = CORE,
    weeks: tuple[int, ...] = (4, 18),
    lapsed: str = "closed",
    **choices: Any,
) -> dict[tuple[Any, ...], dict[str, float]]:
    """The waits that ended in the period [week]: how many, median, 90th percentile, share within n weeks."""
    reading = reading_of(lapsed, choices)
    grouping = Grouping(tuple(by), **choices)
    check(tables, spans(period, grouping.by)[-1][2])
    items = list(referrals(tables, reading).values())
    wanted = 2 if waiting_for == "second contact" else 1
    found: dict[tuple[Any, ...], list[float]] = defaultdict(list)
    for name, start, end in spans(period, grouping.by):
        for spell in pathways(tables, items, scope, end, pathway, reading):
            if len(spell.contacts) >= wanted and start <= spell.contacts[wanted - 1] <= end:
                for group in grouping.of(spell.members[0], scope):
                    found[*group, name].append((spell.contacts[wanted - 1] - spell.start).days)
    return {
        group: {
            "waits_completed": len(days),
            "median_wait": quantile(days, 0.5) / 7,
            "wait_percentile_90": quantile(days, 0.9) / 7,
        }
        | {f"share_within_{n}_weeks": sum(day <= 7 * n for day in days) / len(days) for n in weeks}
        for group, days in found.items()
    }


def caseload_at(tables: Tables, at: dt.date, scope: Scope, lapsed: str = "closed") -> list[Referral]:
    check(tables, at)
    items = referrals(tables, lapsed).values()
    return [item for item in items if in_scope(item, scope, at) and on_caseload(item, at, scope)]


def time_on_caseload(
    tables: Tables, at: dt.date, by: tuple[str, ...], since: str = "first contact", scope: Scope = CORE
) -> dict[tuple[Any, ...], tuple[int, float, float]]:
    """Of those on the caseload at a date: how many, mean and median months since first contact (or receipt)."""
    found = defaultdict(list)
    for item in caseload_at(tables, at, scope):
        began = item.ordered[0] if since == "first contact" else item.received
        for group in Grouping(tuple(by)).of(item, scope):
            found[group].append((at - began).days / DAYS_IN_MONTH)
    return {group: (len(times), sum(times) / len(times), quantile(times, 0.5)) for group, times in found.items()}


def cluster_profile(
    tables: Tables, at: dt.date, by: tuple[str, ...], scope: Scope = CORE
) -> dict[tuple[Any, ...], int]:
    """The distinct people on the caseload of each group by their cluster at the date.

    That is of the clusters begun by it and not ended before it the one of latest start, then greatest id; none, 09 or
    unknown is 99.
    """
    cluster_of: dict[str, tuple[Any, str | None]] = {}
    clusters = latest_stays(table(tables, "clusters"), "UniqClustID", "StartDateCareClust", "EndDateCareClust")
    for (person, id), row in clusters.items():
        start, end = day_of(cell(row, "StartDateCareClust")), day_of(cell(row, "EndDateCareClust"))
        if start is None or start > at or (end is not None and end < at):
            continue
        if person not in cluster_of or (start, id) > cluster_of[person][0]:
            cluster_of[person] = (start, id), code_of(cell(row, "AdultMHCareClusterCodeFinal"))
    people = defaultdict(set)
    for item in caseload_at(tables, at, scope):
        for group in Grouping(tuple(by)).of(item, scope):
            cluster = cluster_of.get(item.person, (None, None))[1]
            people[*group, cluster if cluster in CLUSTERS else "99"].add(item.person)
    return {group: len(those) for group, those in people.items()}


# Quality

IDS = {
    "people": (),
    "referrals": ("UniqServReqID",),
    "service_types": (),
    "contacts": ("UniqCareContID",),
    "hospital_spells": ("UniqHospProvSpellID",),
    "clusters": ("UniqClustID",),
}
DATES = {
    "referrals": ("ReferralRequestReceivedDate", "ServDischDate", "ReferRejectionDate"),
    "service_types": ("ReferClosureDate", "ReferRejectionDate"),
    "contacts": ("CareContDate",),
    "hospital_spells": ("StartDateHospProvSpell", "DischDateHospProvSpell"),
    "clusters": ("StartDateCareClust", "EndDateCareClust"),
    "ward_stays": ("StartDateWardStay",),
    "indirect_activity": ("IndirectActDate",),
    "gp_registrations": ("EndDateGMPRegistration",),
}


def quality(tables: Tables) -> dict[tuple[str, str, str | None], int]:
    """How many rows break each rule, by (table, rule, column); rules that look at no one column have None."""
    counts: Counter[tuple[str, str, str | None]] = Counter()
    for name, ids in IDS.items():
        for id in ids if given(tables, name) else ():
            keys = [tuple(identifier(cell(row, column)) for column in ("Person_ID", id)) for row in table(tables, name)]
            for place, column in enumerate(("Person_ID", id)):
                counts[name, "id missing", column] += sum(key[place] is None for key in keys)
            seen = Counter(
                (*key, month_of(row))
                for key, row in zip(keys, table(tables, name), strict=True)
                if None not in key and month_of(row) is not None
            )
            counts[name, "duplicate id", None] += sum(times - 1 for times in seen.values())
    for name, columns in DATES.items():
        for column in columns if given(tables, name) else ():
            for row in table(tables, name) if has_column(table(tables, name), column) else ():
                value = cell(row, column)
                day, month = day_of(value), month_of(row)
                # Empty text and 1900-01-01 are dates that are missing, and no bad ones.
                counts[name, "text that is no date", column] += (
                    clean(value) is not None and day is None and not is_no_date(value)
                )
                late = day is not None and month is not None and day > last_day(month)
                counts[name, "date out of range", column] += day is not None and (late or day.year < 1900)
    of_referrals(tables, counts)
    of_contacts(tables, counts)
    if given(tables, "ward_stays"):
        for row in table(tables, "ward_stays"):
            bed = code_of(cell(row, "MHAdmittedPatientClass", "HospitalBedTypeMH"))
            counts["ward_stays", "unknown bed", None] += bed is None or not any(
                low <= int(bed) <= high for low, high in ((10, 40), (200, 213), (300, 311))
            )
    if given(tables, "clusters"):
        for row in latest_stays(
            table(tables, "clusters"), "UniqClustID", "StartDateCareClust", "EndDateCareClust"
        ).values():
            code = code_of(cell(row, "AdultMHCareClusterCodeFinal"))
            counts["clusters", "unknown cluster", None] += code not in CLUSTERS
    if given(tables, "hospital_spells"):
        spells = latest_stays(
            table(tables, "hospital_spells"), "UniqHospProvSpellID", "StartDateHospProvSpell", "DischDateHospProvSpell"
        )
        for row in spells.values():
            start, end = day_of(cell(row, "StartDateHospProvSpell")), day_of(cell(row, "DischDateHospProvSpell"))
            counts["hospital_spells", "discharge before start", None] += bool(start and end and end < start)
    return dict(counts)


def has_reason(row: dict[str, Any]) -> bool:
    """Whether a known reason of rejection is given."""
    return code_of(cell(row, "ReferRejectReason")) in REJECTION_REASONS


def of_referrals(tables: Tables, counts: Counter[tuple[str, str, str | None]]) -> None:
    months = [month for row in table(tables, "referrals") if (month := month_of(row)) is not None]
    after_a_gap = [month for month in months if month > min(months) and month - 1 not in months]
    counts["referrals", "after a month without rows", None] += len(after_a_gap)
    contact_months = [month for row in table(tables, "contacts") if (month := month_of(row)) is not None]
    for row in latest_referrals(tables).values():
        received, discharged = day_of(cell(row, "ReferralRequestReceivedDate")), day_of(cell(row, "ServDischDate"))
        services = services_of(tables, row, received)
        month = month_of(row)
        raw = service_rows(tables, row)
        reason_only = any(has_reason(each) and day_of(cell(each, "ReferRejectionDate")) is None for each in raw)
        rejections = [has_reason(each) or day_of(cell(each, "ReferRejectionDate")) is not None for each in raw]
        is_open = discharged is None and not (raw and all(rejections))
        broken = {
            "received date missing": received is None,
            "discharge before receipt": bool(received and discharged and discharged < received),
            "rejection without a date": reason_only,
            "no service type": not services,
            "unknown team type": any(service.code not in TEAM_CODES for service in services),
            "age missing": number_of(cell(row, "AgeServReferRecDate")) is None,
            "lapsed": is_open and month is not None and month < max(months),
            "no person": not (people := found_by(tables, "people", row, "Person_ID")),
            "resident outside England": bool(
                (homes := [home for each in people if (home := code_of(cell(each, "LADistrictAuth")))])
                and not max(homes).startswith("E")
            ),
            "received before the first contact month": bool(
                received and contact_months and received <= last_day(min(contact_months) - 1)
            ),
        }
        for rule, is_broken in broken.items():
            counts["referrals", rule, None] += is_broken


def of_contacts(tables: Tables, counts: Counter[tuple[str, str, str | None]]) -> None:
    referrals_of = latest_referrals(tables)
    for (person, _), row in latest_contacts(tables).items():
        referral = referrals_of.get((person, identifier(cell(row, "UniqServReqID")) or ""))
        received = day_of(cell(referral, "ReferralRequestReceivedDate")) if referral else None
        day = day_of(cell(row, "CareContDate"))
        broken = {
            "date missing": day is None,
            "before its referral": bool(day and received and day < received),
            "without a referral": referral is None,
            "unknown attendance": attendance(row) not in ATTENDANCES,
            "unknown mechanism": mechanism(row) not in MECHANISMS,
        }
        for rule, is_broken in broken.items():
            counts["contacts", rule, None] += is_broken
