"""The measures of `cmhs_metrics.mhsds` in plain loops, written from the definitions and not from the code.

Slow and obvious on purpose: a table is a list of rows, a row a dict, and every function states the rule that it
implements. A table that is not in the dict of tables is one that the user does not have.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]
Tables = dict[str, list[Row]]

ATTENDED = {"5", "6"}
DID_NOT_ATTEND = {"3", "7"}
DIRECT_MECHANISMS = {"01", "02", "04", "11"}
FACE_TO_FACE = {"01"}
BEFORE_V5 = {"03": "11", "06": "09"}
ACUTE_BEDS = {"10", "11", "12"}
TRANSFERRED_FROM = {"49", "53", "87"}
RETIRED = {"C03": "C10"}
SPELL_GAP = 5
FOUR_WEEKS = 28
LONG_WAITS = {52: 364, 78: 546, 104: 728}
PRIOR_CONTACT = (365, 3)
ACCESS_WIDENED = dt.date(2023, 4, 30)

CORE_CODES = frozenset(["A05", "A06", "A08", "A09", "A12", "A13", "A16", "C10"])
TEAM_TYPES = {
    "A06": "Generic CMHTs",
    "A07": "Older People",
    "A08": "Assertive Outreach",
    "A09": "Rehabilitation & Recovery",
    "A18": "Assessment & Brief Intervention",
    "A02": "CRHT",
    "A14": "EIP",
    "C02": "Perinatal",
    "C10": "Eating Disorders",
    "B01": "Forensic",
    "A17": "Memory Services",
}
ETHNIC_GROUPS = {
    "A": "White British",
    "BC": "Other White",
    "DEFG": "Mixed",
    "HJKL": "Asian or Asian British",
    "MNP": "Black or Black British",
    "RS": "Other ethnic groups",
    "Z": "Not stated",
}
SEXES = {"1": "male", "2": "female", "3": "other", "4": "other", "9": "other"}


@dataclass(frozen=True)
class Scope:
    """Which referrals count: by team type (None: any, and none), age, residence, and hospital spells."""

    team_types: frozenset[str] | None
    minimum_age: int | None = 18
    england_only: bool = True
    exclude_hospital_spells: bool = True


CORE = Scope(CORE_CODES)
ACCESS = Scope(CORE_CODES | {"A14", "D05"})
ALL = Scope(None, None, england_only=False)


@dataclass
class Service:
    """A team to which a referral was made."""

    code: str | None
    rejected: dt.date | None


@dataclass
class Referral:
    """A referral as it was last submitted."""

    person: str
    id: str
    organisation: str | None
    month: int | None
    received: dt.date
    discharged: dt.date | None
    age: float | None
    services: list[Service]
    residence: str | None
    sex: str | None
    ethnicity: str | None
    in_hospital: bool
    rejected: dt.date | None = None
    closed: dt.date | None = None
    direct: list[tuple[dt.date, str | None]] = field(default_factory=list)
    did_not_attend: list[dt.date] = field(default_factory=list)
    ordered: list[dt.date] = field(default_factory=list)

    def open_at(self, day: dt.date) -> bool:
        """Open at a date: received on or before it, and neither rejected nor discharged on or before it."""
        return self.received <= day and not (self.closed is not None and self.closed <= day)


@dataclass
class Spell:
    """Overlapping or near-adjoining referrals of one person with one provider."""

    members: list[Referral]
    end: dt.date | None

    @property
    def start(self) -> dt.date:
        """A spell starts with its earliest receipt."""
        return min(member.received for member in self.members)

    @property
    def contacts(self) -> list[dt.date]:
        """The contacts of all its members together."""
        return sorted(day for member in self.members for day in member.ordered)

    def open_at(self, day: dt.date) -> bool:
        """A spell is open at a date if any of its members is."""
        return any(member.open_at(day) for member in self.members)


# Cells


def cell(row: Row, *names: str) -> Any:
    """The cell of a column whose name is matched whatever its case; of several columns the first that has a value."""
    for name in names:
        for key, value in row.items():
            if key.lower() == name.lower() and value is not None:
                return value
    return None


def has_column(table: list[Row], name: str) -> bool:
    return any(key.lower() == name.lower() for row in table for key in row)


def day_of(value: Any) -> dt.date | None:
    """Dates are dates, datetimes (cut to the day) or ISO text; text that is no calendar date reads as missing."""
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, str):
        try:
            return dt.date.fromisoformat(value[:10]) if re.fullmatch(r"\d{4}-\d\d-\d\d([ T][\d:.]+)?", value) else None
        except ValueError:
            return None
    return value


def identifier(value: Any) -> str | None:
    """Ids are text or integers."""
    return None if value is None else str(value)


def code_of(value: Any, width: int = 2) -> str | None:
    """Codes are text; an integer reads as the code with its leading zero."""
    return None if value is None else str(value).zfill(width) if isinstance(value, int) else value


def last_day(month_id: int) -> dt.date:
    """The months are numbered (year - 1900) * 12 + month - 3."""
    year, month = divmod(int(month_id) + 2, 12)
    return dt.date(1900 + year + (month == 11), (month + 1) % 12 + 1, 1) - dt.timedelta(1)


def null_lowest(value: Any) -> tuple[bool, Any]:
    return (value is not None, value)


def null_highest(value: Any) -> tuple[bool, Any]:
    return (value is None, value)


# One row an item


def latest_rows(table: list[Row], key: str, *order: Any) -> dict[tuple[str, str], Row]:
    """Of each (person, id) the row that is greatest in the order; rows without either are left out."""
    latest: dict[tuple[str, str], Row] = {}
    for row in table:
        whose = (identifier(cell(row, "Person_ID")), identifier(cell(row, key)))
        if None in whose:
            continue
        if whose not in latest or [rule(row) for rule in order] > [rule(latest[whose]) for rule in order]:
            latest[whose] = row
    return latest


def month_of(row: Row) -> Any:
    return null_lowest(cell(row, "UniqMonthID"))


def record_of(row: Row) -> Any:
    return null_lowest(identifier(cell(row, "RecordNumber")))


def attendance(row: Row) -> str | None:
    """Attendance: AttendStatus, or where there is none AttendOrDNACode, of the same meaning."""
    return code_of(cell(row, "AttendStatus", "AttendOrDNACode"), 1)


def mechanism(row: Row) -> str | None:
    """Mechanism: ConsMechanismMH, or where there is none ConsMediumUsed, of which 03 is video and 06 text."""
    new = code_of(cell(row, "ConsMechanismMH"))
    old = code_of(cell(row, "ConsMediumUsed"))
    return new if new is not None else BEFORE_V5.get(old, old)


def latest_referrals(tables: Tables) -> dict[tuple[str, str], Row]:
    """The greatest month, then record (none lowest), then latest receipt, then no discharge, then latest discharge."""
    return latest_rows(
        tables["referrals"],
        "UniqServReqID",
        month_of,
        record_of,
        lambda row: null_lowest(day_of(cell(row, "ReferralRequestReceivedDate"))),
        lambda row: null_highest(day_of(cell(row, "ServDischDate"))),
    )


def latest_contacts(tables: Tables) -> dict[tuple[str, str], Row]:
    """The greatest month, then record, then date, then attendance, mechanism and referral."""
    return latest_rows(
        tables.get("contacts", []),
        "UniqCareContID",
        month_of,
        record_of,
        lambda row: null_lowest(day_of(cell(row, "CareContDate"))),
        lambda row: null_lowest(attendance(row)),
        lambda row: null_lowest(mechanism(row)),
        lambda row: null_lowest(identifier(cell(row, "UniqServReqID"))),
    )


def latest_stays(table: list[Row], key: str, start: str, end: str) -> dict[tuple[str, str], Row]:
    """Hospital spells and clusters: the greatest month, then latest start, then no end, then latest end."""
    return latest_rows(
        table,
        key,
        month_of,
        lambda row: null_lowest(day_of(cell(row, start))),
        lambda row: null_highest(day_of(cell(row, end))),
    )


def found_by(tables: Tables, name: str, referral: Row, key: str) -> list[Row]:
    """The rows of another table for a referral: by the key and RecordNumber, or UniqMonthID where there is none."""
    table = tables.get(name, [])
    both_have = has_column(table, "RecordNumber") and has_column(tables["referrals"], "RecordNumber")
    found = []
    for row in table:
        for column in (key, "RecordNumber" if both_have else "UniqMonthID"):
            mine, theirs = identifier(cell(referral, column)), identifier(cell(row, column))
            if mine is None or mine != theirs:
                break
        else:
            found.append(row)
    return found


def greatest(rows: list[Row], column: str) -> str | None:
    """Should several rows match, the greatest of each column is taken."""
    return max((code_of(cell(row, column), 1) for row in rows if cell(row, column) is not None), default=None)


# A referral's facts


def service_of(row: Row, received: dt.date | None) -> Service:
    """A team rejects on its rejection date, or on the day of receipt where only a reason is there; C03 is C10."""
    code = cell(row, "ServTeamTypeRefToMH", "ServTeamType") or None
    rejected = day_of(cell(row, "ReferRejectionDate"))
    if rejected is None and cell(row, "ReferRejectReason") is not None:
        rejected = received
    return Service(RETIRED.get(code, code), rejected)


def services_of(tables: Tables, referral: Row, received: dt.date | None) -> list[Service]:
    """The service rows of a referral; from v6 on the referral itself is one of them, if it names any."""
    return [service_of(row, received) for row in service_rows(tables, referral)]


def service_rows(tables: Tables, referral: Row) -> list[Row]:
    """The rows of the table of services, and the referral's own where it names a team type or a rejection."""
    rows = found_by(tables, "service_types", referral, "UniqServReqID")
    if has_column(tables["referrals"], "ServTeamType"):
        names = (cell(referral, "ServTeamType"), day_of(cell(referral, "ReferRejectionDate")))
        if any((*names, cell(referral, "ReferRejectReason"))):
            rows = [referral, *rows]
    return rows


def rejected_on(services: list[Service]) -> dt.date | None:
    """A referral is rejected where it has service rows and every one is; the date is the latest of them."""
    if not services or any(service.rejected is None for service in services):
        return None
    return max(service.rejected for service in services if service.rejected)


def referrals(tables: Tables, lapsed: str = "open") -> dict[tuple[str, str], Referral]:
    """One item a referral; one without a received date is left out of everything."""
    months = [cell(row, "UniqMonthID") for row in tables["referrals"] if cell(row, "UniqMonthID") is not None]
    hospital = {
        (identifier(cell(row, "Person_ID")), identifier(cell(row, "UniqServReqID")))
        for row in tables.get("hospital_spells", [])
    }
    items = {}
    for whose, row in latest_referrals(tables).items():
        received = day_of(cell(row, "ReferralRequestReceivedDate"))
        if received is None:
            continue
        people = found_by(tables, "people", row, "Person_ID")
        item = Referral(
            *whose,
            organisation=cell(row, "OrgIDProv"),
            month=cell(row, "UniqMonthID"),
            received=received,
            discharged=day_of(cell(row, "ServDischDate")),
            age=cell(row, "AgeServReferRecDate"),
            services=services_of(tables, row, received),
            residence=greatest(people, "LADistrictAuth"),
            sex=greatest(people, "Gender"),
            ethnicity=greatest(people, "EthnicCategory"),
            in_hospital=whose in hospital,
        )
        # Closed: the earlier of discharge and rejection. A referral that lapsed (open, and last submitted before the
        # extract's last month) is open, or if so chosen closed on the last day of its last submitted month.
        item.rejected = rejected_on(item.services)
        item.closed = min((day for day in (item.discharged, item.rejected) if day is not None), default=None)
        if lapsed == "closed" and item.closed is None and item.month is not None and item.month < max(months):
            item.closed = last_day(item.month)
        items[whose] = item
    add_contacts(items, tables)
    return items


def is_direct(row: Row) -> bool:
    """A direct contact was attended (5, 6), face to face or by telephone, talk type or video (01, 02, 04, 11)."""
    return attendance(row) in ATTENDED and mechanism(row) in DIRECT_MECHANISMS


def add_contacts(items: dict[tuple[str, str], Referral], tables: Tables) -> None:
    """Contacts belong to the referral of their person and id; one before receipt has no place in their order."""
    for (person, _), row in latest_contacts(tables).items():
        item = items.get((person, identifier(cell(row, "UniqServReqID"))))
        day = day_of(cell(row, "CareContDate"))
        if item is None or day is None:
            continue
        if attendance(row) in DID_NOT_ATTEND:
            item.did_not_attend.append(day)
        if is_direct(row):
            item.direct.append((day, mechanism(row)))
            if day >= item.received:
                item.ordered.append(day)
                item.ordered.sort()


def in_scope(item: Referral, scope: Scope) -> bool:
    """Old enough (of known age), with a team of the scope, resident in England or unknown, and in no hospital spell."""
    if scope.minimum_age and (item.age is None or item.age < scope.minimum_age):
        return False
    if scope.team_types is not None and not any(service.code in scope.team_types for service in item.services):
        return False
    if scope.england_only and item.residence and not item.residence.startswith("E"):
        return False
    return not (scope.exclude_hospital_spells and item.in_hospital)


def referral_spells(items: list[Referral]) -> list[Spell]:
    """Referrals of one person with one provider that start within 5 days of the latest end so far are one spell.

    Rejected referrals are in none. What has no end is joined by every referral after it.
    """
    spells: list[Spell] = []
    by_person = defaultdict(list)
    for item in items:
        if item.rejected is None:
            by_person[item.person, item.organisation].append(item)
    for theirs in by_person.values():
        spell = None
        for item in sorted(theirs, key=lambda item: (item.received, item.id)):
            end = end_of(item)
            if spell is not None and (spell.end is None or (item.received - spell.end).days <= SPELL_GAP):
                spell.members.append(item)
                spell.end = None if None in (spell.end, end) else max(spell.end, end)
            else:
                spell = Spell([item], end)
                spells.append(spell)
    return spells


def end_of(item: Referral) -> dt.date | None:
    """A referral ends when it is closed, or is received where that is later; an open one has no end."""
    return None if item.closed is None else max(item.closed, item.received)


def pathways(items: list[Referral], pathway: str) -> list[Spell]:
    """Waits are those of referral-spells, or of referrals, each by itself; what was rejected waits for nothing."""
    if pathway == "spell":
        return referral_spells(items)
    return [Spell([item], item.closed) for item in items if item.rejected is None]


# Groups


@dataclass(frozen=True)
class Grouping:
    """By what to group, and the choices that bear on it."""

    by: tuple[str, ...]
    several_teams: str = "one"
    icb_of: Any = None
    icb_from: str = "residence"
    age_bands: tuple[str, ...] = ("0-17", "18-64", "65+")

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the groups; months are named by `period`."""
        return tuple(name for name in self.by if name != "month")

    def of(self, item: Referral, scope: Scope) -> set[tuple[Any, ...]]:
        """The groups of a referral: one, or one for each distinct team type that it has."""
        codes = team_types(item, scope, self.several_teams)
        return {tuple(self.value(name, item, code) for name in self.columns) for code in codes}

    def value(self, name: str, item: Any, code: str | None = None) -> Any:
        """The value of one grouping for one referral (or admission)."""
        if name == "organisation":
            return item.organisation
        if name == "team_type":
            return TEAM_TYPES.get(code, "Other CMHTs")
        if name == "team_type_code":
            return code
        if name == "icb":
            place = item.residence if self.icb_from == "residence" else item.organisation
            return self.icb_of.get(place, "UNKNOWN")
        if name == "age_band":
            return age_band(item.age, self.age_bands)
        if name == "sex":
            return SEXES.get(item.sex, "not known")
        assert name == "ethnic_group"
        return next((group for codes, group in ETHNIC_GROUPS.items() if item.ethnicity and item.ethnicity in codes),
                    "Not known")  # fmt: skip


def team_types(item: Referral, scope: Scope, several_teams: str) -> list[str | None]:
    """Each team type that it has, or one: of those within the scope first, then of those not rejected, the lowest code."""
    if not item.services:
        return [None]
    if several_teams == "each":
        return [service.code for service in item.services]
    within = [s for s in item.services if scope.team_types is None or s.code in scope.team_types]
    return [min(within or item.services, key=lambda s: (s.rejected is not None, s.code is None, s.code)).code]


def age_band(age: float | None, bands: tuple[str, ...]) -> str:
    """The band that holds an age: "18-64" from 18 to 64, "65+" from 65; "not known" of no age and no band."""
    for band in bands:
        first, _, last = band.rstrip("+").partition("-")
        if age is not None and int(first) <= age and (band.endswith("+") or age <= int(last)):
            return band
    return "not known"


# Periods


def spans(period: Any, by: tuple[str, ...]) -> list[tuple[Any, dt.date, dt.date]]:
    """The periods of the rows: the whole one, named by its financial year or else last day, or each of its months."""
    if isinstance(period, str):
        year = int(period[:4])
        start, end = dt.date(year, 4, 1), dt.date(year + 1, 3, 31)
    else:
        start, end = map(day_of, period)
    if "month" not in by:
        is_year = (start.month, start.day) == (4, 1) and end == dt.date(start.year + 1, 3, 31)
        return [(f"{start.year}/{end.year % 100:02d}" if is_year else end, start, end)]
    months = []
    first = start
    while first <= end:
        following = (first.replace(day=1) + dt.timedelta(32)).replace(day=1)
        months.append((following - dt.timedelta(1), first, following - dt.timedelta(1)))
        first = following
    return months


def year_before(end: dt.date) -> dt.date:
    """12 months before a date; before a month's last day, the last day of that month a year before."""
    following = end + dt.timedelta(1)
    if following.day == 1:
        return following.replace(year=following.year - 1) - dt.timedelta(1)
    return end.replace(year=end.year - 1)


# Measures

CONTACT_MEASURES = ("contacts", "face_to_face_contacts", "did_not_attends")
WAIT_MEASURES = (
    "waits_completed", "waits_within_four_weeks", "waiting",
    "waiting_over_52_weeks", "waiting_over_78_weeks", "waiting_over_104_weeks",
)  # fmt: skip
REFERRAL_MEASURES = (
    "referrals", "referrals_accepted", "referrals_rejected", "referrals_closed", "discharges", "open_referrals",
)  # fmt: skip


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
    lapsed: str = "open",
    **choices: Any,
) -> dict[tuple[Any, ...], dict[str, int]]:
    """The measures of each group and period that has any; what it has none of is 0.

    A measure whose tables are missing is absent, and those of admissions where team types are asked for.
    """
    grouping = Grouping(tuple(by), several_teams, **choices)
    items = list(referrals(tables, lapsed).values())
    within = [item for item in items if in_scope(item, scope)]
    found: list[tuple[tuple[Any, ...], str, Any]] = []
    offered = [*REFERRAL_MEASURES]
    if "contacts" in tables:
        offered += [*CONTACT_MEASURES, "caseload", *WAIT_MEASURES, "people_accessing"]
    if "hospital_spells" in tables and not {"team_type", "team_type_code"} & set(by):
        offered += ["admissions"] + ["admissions_without_prior_contact"] * ("contacts" in tables)
    for name, start, end in spans(period, grouping.by):
        of_access = access_scope or (ACCESS if end >= ACCESS_WIDENED else CORE)
        found += [
            ((*group, name), measure, what)
            for item, its_scope, measure, what in [
                *((item, scope, *each) for item in within for each in referral_events(item, start, end)),
                *((item, scope, *each) for item in within for each in contact_events(item, start, end)),
                *((item, scope, *each) for item in within for each in caseload_events(item, end, caseload_of)),
                *(
                    (spell.members[0], scope, *each)
                    for spell in pathways(within, pathway)
                    for each in wait_events(spell, start, end, waiting_for)
                ),
                *(
                    (item, of_access, *each)
                    for item in items
                    if in_scope(item, of_access)
                    for each in access(item, end)
                ),
            ]
            for group in grouping.of(item, its_scope)
        ]
        for place, measure, what in admission_events(tables, items, start, end):
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


def referral_events(item: Referral, start: dt.date, end: dt.date) -> list[tuple[str, Any]]:
    """Referrals received in the period, of these rejected whenever known, and the rest accepted; closed; open."""
    events = []
    if start <= item.received <= end:
        events += ["referrals", "referrals_accepted" if item.rejected is None else "referrals_rejected"]
    if item.closed is not None and start <= item.closed <= end:
        events.append("referrals_closed")
    if item.discharged is not None and start <= item.discharged <= end and item.rejected is None:
        events.append("discharges")
    if item.open_at(end):
        events.append("open_referrals")
    return [(event, None) for event in events]


def contact_events(item: Referral, start: dt.date, end: dt.date) -> list[tuple[str, Any]]:
    """Direct contacts of the period, those face to face, and appointments not attended."""
    events = []
    for day, how in item.direct:
        if start <= day <= end:
            events += ["contacts"] + ["face_to_face_contacts"] * (how in FACE_TO_FACE)
    events += ["did_not_attends" for day in item.did_not_attend if start <= day <= end]
    return [(event, None) for event in events]


def on_caseload(item: Referral, day: dt.date) -> bool:
    """On the caseload at a date: open, with a direct contact on or before it."""
    return item.open_at(day) and bool(item.ordered) and item.ordered[0] <= day


def caseload_events(item: Referral, end: dt.date, caseload_of: str) -> list[tuple[str, Any]]:
    """The caseload counts referrals, or by choice distinct people."""
    if not on_caseload(item, end):
        return []
    return [("caseload", item.person if caseload_of == "people" else None)]


def wait_events(spell: Spell, start: dt.date, end: dt.date, waiting_for: str) -> list[tuple[str, Any]]:
    """Waits that ended in the period, of these in 28 days or fewer; those still waiting at its end, and how long."""
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


def access(item: Referral, end: dt.date) -> list[tuple[str, Any]]:
    """Access: distinct people with a referral whose second direct contact falls in the 12 months to the end."""
    if len(item.ordered) >= 2 and year_before(end) < item.ordered[1] <= end:
        return [("people_accessing", item.person)]
    return []


# Admissions


@dataclass
class Admission:
    """Whose and where an admission was, for its groups."""

    organisation: str | None
    age: float | None = None
    residence: str | None = None
    sex: str | None = None
    ethnicity: str | None = None


def first_ward(tables: Tables, whose: tuple[str, str]) -> str | None:
    """The bed type of the earliest ward stay of a hospital spell."""
    first = None
    for row in tables["ward_stays"]:
        if (identifier(cell(row, "Person_ID")), identifier(cell(row, "UniqHospProvSpellID"))) == whose:
            day = null_highest(day_of(cell(row, "StartDateWardStay")))
            if first is None or day < first[0]:
                first = (day, code_of(cell(row, "HospitalBedTypeMH")))
    return first[1] if first else None


def is_transfer(tables: Tables, whose: tuple[str, str], row: Row, spells: dict[tuple[str, str], Row]) -> bool:
    """Admitted from another ward, as the source says where it is collected.

    Where it is not: another spell of the person ended on the day of admission or the day before.
    """
    if has_column(tables["hospital_spells"], "SourceAdmMHHospProvSpell"):
        return code_of(cell(row, "SourceAdmMHHospProvSpell")) in TRANSFERRED_FROM
    start = day_of(cell(row, "StartDateHospProvSpell"))
    for other, other_row in spells.items():
        ended = day_of(cell(other_row, "DischDateHospProvSpell"))
        if other != whose and other[0] == whose[0] and ended is not None and 0 <= (start - ended).days <= 1:
            return True
    return False


def known_before(tables: Tables, person: str, admitted: dt.date) -> bool:
    """A direct contact or an indirect activity of the person, of any referral, 365 to 3 days before admission."""
    days = [day_of(cell(row, "CareContDate")) for (whose, _), row in latest_contacts(tables).items()
            if whose == person and is_direct(row)]  # fmt: skip
    days += [day_of(cell(row, "IndirectActDate")) for row in tables.get("indirect_activity", [])
             if identifier(cell(row, "Person_ID")) == person]  # fmt: skip
    furthest, nearest = PRIOR_CONTACT
    return any(day is not None and nearest <= (admitted - day).days <= furthest for day in days)


def admission_events(
    tables: Tables, items: list[Referral], start: dt.date, end: dt.date
) -> list[tuple[Admission, str, Any]]:
    """Hospital spells that start in the period in an acute or PICU bed and are no transfer; those without contact.

    Where no ward stays are collected all spells count. Of the spell are the provider (else the referral's); of its
    referral age and person. No scope applies.
    """
    found: list[tuple[Admission, str, Any]] = []
    spells = latest_stays(
        tables.get("hospital_spells", []), "UniqHospProvSpellID", "StartDateHospProvSpell", "DischDateHospProvSpell"
    )
    of_id = {(item.person, item.id): item for item in items}
    for whose, row in spells.items():
        admitted = day_of(cell(row, "StartDateHospProvSpell"))
        if admitted is None or not start <= admitted <= end:
            continue
        if "ward_stays" in tables and first_ward(tables, whose) not in ACUTE_BEDS:
            continue
        if is_transfer(tables, whose, row, spells):
            continue
        item = of_id.get((whose[0], identifier(cell(row, "UniqServReqID"))))
        place = Admission(cell(row, "OrgIDProv"))
        if item is not None:
            place = Admission(
                place.organisation or item.organisation, item.age, item.residence, item.sex, item.ethnicity
            )
        found.append((place, "admissions", None))
        if not known_before(tables, whose[0], admitted):
            found.append((place, "admissions_without_prior_contact", None))
    return found
