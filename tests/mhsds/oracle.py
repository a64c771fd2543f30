"""The measures of `cmhs_metrics.mhsds` in plain loops, written from the definitions and not from the code.

Slow and obvious on purpose: a table is a list of rows, a row a dict, and every function states the rule that it
implements. A table that is not in the dict of tables is one that the user does not have. How cells are read stands in
`oracle_cells`, what a referral is in `oracle_records`, scope and spells in `oracle_spells`.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from tests.mhsds.oracle_cells import (
    Refused,
    Row,
    Tables,
    cell,
    code_of,
    day_of,
    financial_year,
    given,
    has_column,
    identifier,
    last_day,
    month_number,
    month_of,
    null_highest,
    number_of,
    table,
)
from tests.mhsds.oracle_groups import Grouping, spans, year_before
from tests.mhsds.oracle_records import (
    ACCESS,
    ALL,
    ATTENDED,
    CORE,
    DID_NOT_ATTEND,
    FACE_TO_FACE,
    NATIONAL,
    Contact,
    Reading,
    Referral,
    Scope,
    Service,
    attendance,
    found_by,
    is_direct,
    latest_contacts,
    latest_referrals,
    latest_stays,
    mechanism,
    reading_of,
    referrals,
    service_rows,
    services_of,
)
from tests.mhsds.oracle_spells import Spell, hospital_years, in_scope, pathways

__all__ = [
    "ACCESS", "ALL", "ATTENDED", "CORE", "Contact", "Grouping", "Reading", "Referral", "Refused", "Row", "Scope", "Service",
    "Spell", "Tables", "attendance", "cell", "check", "code_of", "day_of", "found_by", "has_column", "identifier",
    "in_scope", "last_day", "latest_contacts", "latest_referrals", "latest_stays", "measures", "mechanism", "month_of",
    "number_of", "on_caseload", "pathways", "referrals", "service_rows", "services_of", "spans", "table", "year_before",
]  # fmt: skip

ACUTE_BEDS = {"10", "11", "12", "200", "201", "202"}
"""Bed types to month 1488, patient classes from month 1489: "read the code, not the column's name"."""
TRANSFERRED_FROM = {"49", "53", "87"}
FOUR_WEEKS = 28
LONG_WAITS = {18: 126, 52: 364, 78: 546, 104: 728}
PRIOR_CONTACT = (365, 3)
ACCESS_WIDENED = dt.date(2023, 4, 1)


def check(tables: Tables, end: dt.date) -> None:
    """Refuse what would give a wrong number in silence."""
    rows = table(tables, "referrals")
    months = [month for row in rows if (month := month_of(row)) is not None]
    if months and end > last_day(max(months)):
        raise Refused(
            f"the period ends on {end}, after the last submitted month, which ends on {last_day(max(months))}"
        )
    has_team = has_column(rows, "ServTeamType") or (
        given(tables, "service_teams") and has_column(rows, "UniqCareProfTeamLocalID")
    )
    if is_v6(tables) and rows and not has_team:
        raise Refused("referrals of v6 have no ServTeamType, and there is no MHS902ServiceTeamDetails")
    stays = table(tables, "ward_stays")
    if stays and not has_column(stays, "MHAdmittedPatientClass", "HospitalBedTypeMH"):
        raise Refused("ward stays have neither MHAdmittedPatientClass nor HospitalBedTypeMH")


def is_v6(tables: Tables) -> bool:
    """A column that only v6 has: the referral's own team, or the other team of MHS102."""
    return has_column(table(tables, "referrals"), "ServTeamType", "UniqCareProfTeamLocalID") or has_column(
        table(tables, "service_types"), "UniqOtherCareProfTeamLocalID"
    )


# Measures

CONTACT_MEASURES = ("contacts", "face_to_face_contacts", "did_not_attends")
WAIT_MEASURES = (
    "waits_completed", "waits_within_four_weeks", "waiting",
    "waiting_over_18_weeks", "waiting_over_52_weeks", "waiting_over_78_weeks", "waiting_over_104_weeks",
)  # fmt: skip
REFERRAL_MEASURES = (
    "referrals", "referrals_accepted", "referrals_rejected", "referrals_closed", "discharges", "open_referrals",
)  # fmt: skip
Event = tuple[str, Any]


def measures(
    tables: Tables,
    period: Any,
    by: tuple[str, ...] = ("organisation", "team_type"),
    *,
    scope: Scope = CORE,
    access_scope: Scope | None = None,
    waiting_for: str = "second contact",
    pathway: str = "spell",
    caseload_of: str = "referrals",
    several_teams: str = "one",
    lapsed: str = "closed",
    reading: Reading | None = None,
    **choices: Any,
) -> dict[tuple[Any, ...], dict[str, int]]:
    """The measures of each group and period that has any; what it has none of is 0.

    A measure whose tables are missing is absent, and those of admissions where team types are asked for. Of the choices
    some are of a `Reading`, the others of a `Grouping`.
    """
    reading = reading or reading_of(lapsed, choices)
    grouping = Grouping(tuple(by), several_teams, **choices)
    periods = spans(period, grouping.by)
    check(tables, periods[-1][2])
    items = list(referrals(tables, reading).values())
    found: list[tuple[tuple[Any, ...], str, Any]] = []
    offered = [*REFERRAL_MEASURES]
    if given(tables, "contacts"):
        offered += [*CONTACT_MEASURES, "caseload", *WAIT_MEASURES, "people_accessing"]
    if given(tables, "hospital_spells") and not {"team_type", "team_type_code"} & set(by):
        offered += ["admissions"] + ["admissions_without_prior_contact"] * given(tables, "contacts")
    for name, start, end in periods:
        within = [item for item in items if in_scope(item, scope, end)]
        of_access = access_scope or (ACCESS if end >= ACCESS_WIDENED else CORE)
        for one, its_scope, measure, what in [
            *((item, scope, *each) for item in within for each in referral_events(item, scope, start, end)),
            *((item, scope, *each) for item in within for each in contact_events(item, start, end)),
            *((item, scope, *each) for item in within for each in caseload_events(item, scope, end, caseload_of)),
            *(
                (spell.members[0], scope, *each)
                for spell in pathways(tables, items, scope, end, pathway, reading)
                for each in wait_events(spell, start, end, waiting_for)
            ),
            *((item, of_access, *each) for item in items for each in access(item, of_access, end)),
        ]:
            found += [((*group, name), measure, what) for group in grouping.of(one, its_scope)]
        for place, measure, what in admission_events(tables, items, start, end, reading):
            if "admissions" in offered:
                group = tuple(grouping.value(column, place) for column in grouping.columns)
                found.append(((*group, name), measure, what))
    return counted(found, offered)


def counted(found: list[tuple[tuple[Any, ...], str, Any]], offered: list[str]) -> dict[tuple[Any, ...], dict[str, int]]:
    """Events are counted by what they are of, so that a person counted once is one however often they are met."""
    distinct: dict[tuple[Any, ...], dict[str, set[Any]]] = defaultdict(lambda: defaultdict(set))
    for number, (group, measure, what) in enumerate(found):
        if measure in offered:
            distinct[group][measure].add(what if what is not None else number)
    return {group: {name: len(of[name]) for name in offered} for group, of in distinct.items()}


def referral_events(item: Referral, scope: Scope, start: dt.date, end: dt.date) -> list[Event]:
    """Referrals received in the period, of these rejected whenever known, and the rest accepted; closed; open."""
    events = []
    rejected, closed = item.rejected(scope), item.closed(scope)
    if start <= item.received <= end:
        events += ["referrals", "referrals_accepted" if rejected is None else "referrals_rejected"]
    if closed is not None and start <= closed <= end:
        events.append("referrals_closed")
    if item.discharged is not None and start <= item.discharged <= end and rejected is None:
        events.append("discharges")
    if item.open_at(end, scope):
        events.append("open_referrals")
    return [(event, None) for event in events]


def contact_events(item: Referral, start: dt.date, end: dt.date) -> list[Event]:
    """ "Face to face = 01"; "did not attend (DNA) = 3, 7": direct contacts of the period, and what was not attended."""
    events = []
    for contact in item.contacts:
        if not start <= contact.day <= end:
            continue
        if contact.direct:
            events += ["contacts"] + ["face_to_face_contacts"] * (contact.mechanism in FACE_TO_FACE)
        if contact.attendance in DID_NOT_ATTEND:
            events.append("did_not_attends")
    return [(event, None) for event in events]


def on_caseload(item: Referral, day: dt.date, scope: Scope = CORE) -> bool:
    """ "Caseload at a date: open, and at least one direct contact has taken place on or before it"."""
    return item.open_at(day, scope) and bool(item.ordered) and item.ordered[0] <= day


def caseload_events(item: Referral, scope: Scope, end: dt.date, caseload_of: str) -> list[Event]:
    """The caseload counts referrals, or by choice distinct people."""
    if not on_caseload(item, end, scope):
        return []
    return [("caseload", item.person if caseload_of == "people" else None)]


def wait_events(spell: Spell, start: dt.date, end: dt.date, waiting_for: str) -> list[Event]:
    """ "Waiting for a second contact: open, with fewer than two direct contacts within the spell"; within four weeks is
    28 days or fewer; "long waits: more than 18, 52, 78, 104 weeks (over 126, 364, 546, 728 days)".
    """
    events = []
    wanted = 2 if waiting_for == "second contact" else 1
    ended = spell.contacts[wanted - 1] if len(spell.contacts) >= wanted else None
    if ended is not None and start <= ended <= end:
        events.append("waits_completed")
        if (ended - spell.start).days <= FOUR_WEEKS:
            events.append("waits_within_four_weeks")
    if spell.open_at(end) and (ended is None or ended > end):
        events.append("waiting")
        waited = (end - spell.start).days
        events += [f"waiting_over_{weeks}_weeks" for weeks, days in LONG_WAITS.items() if waited > days]
    return [(event, None) for event in events]


def access(item: Referral, scope: Scope, end: dt.date) -> list[Event]:
    """ "Distinct people with a referral that has two or more direct contacts inside the rolling 12 months, both counted
    within them; contacts before the 12 months count for nothing." A contact before receipt counts.

    "Not linked to a hospital spell in the same financial year": of the contact's own submission, as it was known.
    """
    if not in_scope(item, scope, end, hospital=False):
        return []
    years = hospital_years(item, end) if scope.exclude_hospital_spells else set()
    counted = [
        contact
        for contact in item.direct
        if year_before(end) < contact.day <= end
        and financial_year(contact.month if contact.month is not None else month_number(contact.day)) not in years
    ]
    return [("people_accessing", item.person)] if len(counted) >= 2 else []


# Admissions


@dataclass
class Admission:
    """Whose and where an admission was, for its groups."""

    organisation: str | None
    age: float | None = None
    residence: str | None = None
    commissioner: str | None = None
    sex: str | None = None
    ethnicity: str | None = None


def first_ward(tables: Tables, whose: tuple[str, str]) -> str | None:
    """The bed of the earliest ward stay of a hospital spell."""
    first = None
    for row in table(tables, "ward_stays"):
        if (identifier(cell(row, "Person_ID")), identifier(cell(row, "UniqHospProvSpellID"))) == whose:
            day = null_highest(day_of(cell(row, "StartDateWardStay")))
            if first is None or day < first[0]:
                first = (day, code_of(cell(row, "MHAdmittedPatientClass", "HospitalBedTypeMH")))
    return first[1] if first else None


def is_transfer(tables: Tables, whose: tuple[str, str], row: Row, spells: dict[tuple[str, str], Row]) -> bool:
    """Admitted from another ward, as the source says where it is collected.

    Where it is not: another spell of the person ended on the day of admission or the day before.
    """
    if has_column(table(tables, "hospital_spells"), "SourceAdmMHHospProvSpell"):
        return code_of(cell(row, "SourceAdmMHHospProvSpell")) in TRANSFERRED_FROM
    start = day_of(cell(row, "StartDateHospProvSpell"))
    for other, other_row in spells.items():
        ended = day_of(cell(other_row, "DischDateHospProvSpell"))
        if start and other != whose and other[0] == whose[0] and ended is not None and 0 <= (start - ended).days <= 1:
            return True
    return False


def known_before(tables: Tables, person: str, admitted: dt.date, reading: Reading) -> bool:
    """ "No direct or indirect contact from 365 days to 3 days before admission", of any referral."""
    days = [day_of(cell(row, "CareContDate")) for (whose, _), row in latest_contacts(tables).items()
            if whose == person and is_direct(row, reading.direct_before_v5)]  # fmt: skip
    days += [day_of(cell(row, "IndirectActDate")) for row in table(tables, "indirect_activity")
             if identifier(cell(row, "Person_ID")) == person]  # fmt: skip
    furthest, nearest = PRIOR_CONTACT
    return any(day is not None and nearest <= (admitted - day).days <= furthest for day in days)


def admission_events(
    tables: Tables, items: list[Referral], start: dt.date, end: dt.date, reading: Reading = NATIONAL
) -> list[tuple[Admission, str, Any]]:
    """ "Acute and PICU admissions (excluding transfers, sources 49, 53, 87)" that begin in the period.

    Where no ward stays are collected all spells count. Of the spell are the provider (else the referral's); of its
    referral age and person. No scope applies.
    """
    found: list[tuple[Admission, str, Any]] = []
    spells = latest_stays(
        table(tables, "hospital_spells"), "UniqHospProvSpellID", "StartDateHospProvSpell", "DischDateHospProvSpell"
    )
    of_id = {(item.person, item.id): item for item in items}
    for whose, row in spells.items():
        admitted = day_of(cell(row, "StartDateHospProvSpell"))
        if admitted is None or not start <= admitted <= end:
            continue
        if given(tables, "ward_stays") and first_ward(tables, whose) not in ACUTE_BEDS:
            continue
        if is_transfer(tables, whose, row, spells):
            continue
        item = of_id.get((whose[0], identifier(cell(row, "UniqServReqID")) or ""))
        place = Admission(identifier(cell(row, "OrgIDProv")))
        if item is not None:
            place = Admission(
                place.organisation or item.organisation, item.age, item.residence, item.commissioner, item.sex,
                item.ethnicity,
            )  # fmt: skip
        found.append((place, "admissions", None))
        if not known_before(tables, whose[0], admitted, reading):
            found.append((place, "admissions_without_prior_contact", None))
    return found
