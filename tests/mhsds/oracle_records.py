"""Referrals, services, contacts and referral-spells in plain loops, each rule beside the sentence that it is from.

Sentences in quotation marks are those of the project's reference of the data set.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field, fields
from typing import Any

from tests.mhsds.oracle_cells import (
    V5_BEGAN,
    Row,
    Tables,
    by_month,
    by_record,
    cell,
    code_of,
    day_of,
    has_column,
    identifier,
    last_day,
    latest_rows,
    month_of,
    null_highest,
    null_lowest,
    number_of,
    table,
)

ATTENDED = {"5", "6"}
DID_NOT_ATTEND = {"3", "7"}
DIRECT_MECHANISMS = {"01", "02", "04", "11"}
FACE_TO_FACE = {"01"}
BEFORE_V5 = {"03": "11", "06": "09"}
INDIRECT_BEFORE_V5 = {"05", "09"}
"""E-mail and, as it is coded since v5, text message."""
REJECTION_REASONS = {"01", "02", "03"}
GENDER_IDENTITIES = {"1", "2", "3", "4", "X", "Z"}
PRACTICES_OF_NOBODY = {"V81997", "V81998", "V81999"}
SUB_ICBS_BEGAN = 1468
"""The month from which sub-ICBs replace CCGs: "CCG columns up to month 1467"."""
RETIRED = {"C03": "C10"}
SPELL_GAP = 5
SPELLS_BEGAN = dt.date(2016, 1, 1)
NO_FOUR_WEEK_WAITS = {"DFC", "S9X2N"}

CORE_CODES = frozenset(["A05", "A06", "A08", "A09", "A12", "A13", "A16", "C10"])


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


@dataclass(frozen=True)
class Reading:
    """Choices where the reference allows more than one; the defaults are how the oracle reads it."""

    lapsed: str = "closed"
    """ "closed": what is no longer submitted has ended with its last month; "open": it stays open."""
    direct_before_v5: str = "publication"
    """ "publication": "all but 05 and 06, so 98 too"; "dashboard": "01 to 04"."""
    rows: str = "latest"
    """Of a referral the "latest" row, if it is in scope; or nationally the "latest in scope" row."""
    contacts: str = "referral"
    """A contact of a spell is judged, and its provider told, by the "referral" as it is; or nationally by the referral's
    row in its own "submission", with the contact's own provider.
    """
    spell_floor: dt.date = SPELLS_BEGAN
    excluded_from_spells: frozenset[str] = frozenset(NO_FOUR_WEEK_WAITS)
    grace: int = SPELL_GAP
    """How many days after its end a spell is still open."""
    resubmitted: str = "once"
    """ "once": each UniqCareContID counts once; "each": once in each month that it was submitted in."""


NATIONAL = Reading()


def reading_of(lapsed: str, choices: dict[str, Any]) -> Reading:
    """The choices that are of a reading, taken out of the others."""
    own = {each.name for each in fields(Reading)} & choices.keys()
    return Reading(lapsed=lapsed, **{name: choices.pop(name) for name in own})


@dataclass
class Service:
    """A team to which a referral was made."""

    code: str | None
    rejected: dt.date | None
    closed: dt.date | None = None
    submitted_code: str | None = None
    """As it was submitted: C03 is read as C10."""


@dataclass
class Contact:
    """A contact as it was last submitted."""

    person: str
    id: str
    referral: str | None
    organisation: str | None
    month: int | None
    submission: str | None
    day: dt.date
    attendance: str | None
    mechanism: str | None
    direct: bool


@dataclass
class Referral:
    """A referral in one submission: of most things the latest."""

    person: str
    id: str
    organisation: str | None
    month: int | None
    submission: str | None
    received: dt.date
    discharged: dt.date | None
    age: float | None
    services: list[Service]
    residence: str | None = None
    commissioner: str | None = None
    sex: str | None = None
    ethnicity: str | None = None
    row: Row = field(default_factory=dict)
    hospital: list[tuple[int | None, dt.date | None]] = field(default_factory=list)
    """The months in which it was linked to a hospital spell, and the days on which the spell began."""
    lapses: dt.date | None = None
    """The first day on which it is no longer submitted, where the extract goes further than that."""
    contacts: list[Contact] = field(default_factory=list)

    def rejected(self, scope: Scope) -> dt.date | None:
        """The day on which it was rejected, if it was.

        "Where several services took or refused a referral, the core service's own row decides." Of several core
        services it is rejected when the last of them rejected it.
        """
        days = [service.rejected for service in deciding(self.services, scope)]
        return max(day for day in days if day) if days and all(days) else None

    def closed(self, scope: Scope) -> dt.date | None:
        """The day from which it is not open.

        "Open referral at a date: received on or before it, not rejected, not discharged on or before it, and still
        submitted." It is submitted up to the end of its last month, so it is closed on the day after that.
        """
        days = [self.discharged, self.rejected(scope), self.lapses]
        return min((day for day in days if day is not None), default=None)

    def open_at(self, day: dt.date, scope: Scope) -> bool:
        closed = self.closed(scope)
        return self.received <= day and (closed is None or closed > day)

    @property
    def direct(self) -> list[Contact]:
        """The direct contacts, in order."""
        return sorted((one for one in self.contacts if one.direct), key=lambda one: one.day)

    @property
    def ordered(self) -> list[dt.date]:
        """The days of the direct contacts on or after receipt, in order."""
        return [one.day for one in self.direct if one.day >= self.received]


def deciding(services: list[Service], scope: Scope) -> list[Service]:
    """The services of the scope; where the scope is of any team, or has none of them, all."""
    within = [one for one in services if scope.team_types is not None and one.code in scope.team_types]
    return within or services


# Codes


def attendance(row: Row) -> str | None:
    """Attendance: AttendStatus, or where there is none AttendOrDNACode, of the same meaning."""
    return code_of(cell(row, "AttendStatus", "AttendOrDNACode"), 1)


def is_before_v5(row: Row) -> bool:
    """ "One warehouse holds months before 1459 under the v5 column names with the old codes": by month and by column."""
    month = month_of(row)
    return cell(row, "ConsMechanismMH") is None or (month is not None and month < V5_BEGAN)


def mechanism(row: Row) -> str | None:
    """The mechanism as it is coded since v5: before it 03 was video and 06 text."""
    code = code_of(cell(row, "ConsMechanismMH", "ConsMediumUsed"))
    return BEFORE_V5.get(code or "", code) if is_before_v5(row) else code


def is_direct(row: Row, before_v5: str = "publication") -> bool:
    """ "Attended (5, 6) and by 01, 02, 04 or 11; before v5 by 01 to 04, or by all but 05 and 06, so 98 too"."""
    how = mechanism(row)
    if attendance(row) not in ATTENDED or how is None:
        return False
    if is_before_v5(row) and before_v5 == "publication":
        return how not in INDIRECT_BEFORE_V5
    return how in DIRECT_MECHANISMS


def gender(row: Row) -> str | None:
    """ "GenderIDCode (1 male, 2 female, 3 non-binary, 4 other, X, Z) is preferred to Gender where it is there"."""
    identity = code_of(cell(row, "GenderIDCode"), 1)
    return identity if identity in GENDER_IDENTITIES else code_of(cell(row, "Gender"), 1)


# The latest of each


def latest_referrals(tables: Tables) -> dict[tuple[str, str], Row]:
    """The greatest month, then record (none lowest), then latest receipt, then no discharge, then latest discharge."""
    return latest_rows(
        table(tables, "referrals"),
        "UniqServReqID",
        by_month,
        by_record,
        lambda row: null_lowest(day_of(cell(row, "ReferralRequestReceivedDate"))),
        lambda row: null_highest(day_of(cell(row, "ServDischDate"))),
    )


def latest_contacts(tables: Tables, rows: list[Row] | None = None) -> dict[tuple[str, str], Row]:
    """ "Counting each UniqCareContID once": the greatest month, record, date, attendance, mechanism and referral."""
    return latest_rows(
        table(tables, "contacts") if rows is None else rows,
        "UniqCareContID",
        by_month,
        by_record,
        lambda row: null_lowest(day_of(cell(row, "CareContDate"))),
        lambda row: null_lowest(attendance(row)),
        lambda row: null_lowest(mechanism(row)),
        lambda row: null_lowest(identifier(cell(row, "UniqServReqID"))),
    )


def latest_stays(rows: list[Row], key: str, start: str, end: str) -> dict[tuple[str, str], Row]:
    """Hospital spells and clusters: the greatest month, then latest start, then no end, then latest end."""
    return latest_rows(
        rows,
        key,
        by_month,
        lambda row: null_lowest(day_of(cell(row, start))),
        lambda row: null_highest(day_of(cell(row, end))),
    )


# The rows of other tables for a referral


def found_by(tables: Tables, name: str, referral: Row, key: str) -> list[Row]:
    """The rows of another table for a referral: by the key and RecordNumber, or UniqMonthID where there is none."""
    rows = table(tables, name)
    both_have = has_column(rows, "RecordNumber") and has_column(table(tables, "referrals"), "RecordNumber")
    for column in (key, "RecordNumber" if both_have else "UniqMonthID"):
        mine = identifier(cell(referral, column))
        rows = [row for row in rows if mine is not None and identifier(cell(row, column)) == mine]
    return rows


def greatest(codes: list[str | None]) -> str | None:
    """Should several rows match, the greatest is taken."""
    return max((code for code in codes if code is not None), default=None)


def service_rows(tables: Tables, referral: Row) -> list[Row]:
    """The services of a referral: its rows in MHS102, and from v6 on the referral itself, with its own team.

    In v6 "the type of team stands in MHS902, reached from MHS101.UniqCareProfTeamLocalID and from
    MHS102.UniqOtherCareProfTeamLocalID within one submission, team and month". The rejection, its reason and the closing
    reason of the referral's own team stand on the referral, and its closure is the discharge.
    """
    rows = [
        row | {"team type": own_type(tables, row, "ServTeamTypeRefToMH", "UniqOtherCareProfTeamLocalID", referral)}
        for row in found_by(tables, "service_types", referral, "UniqServReqID")
    ]
    own = own_type(tables, referral, "ServTeamType", "UniqCareProfTeamLocalID", referral)
    if own or cell(referral, "ReferRejectionDate") or cell(referral, "ReferRejectReason"):
        rows = [referral | {"team type": own, "ReferClosureDate": cell(referral, "ServDischDate")}, *rows]
    return rows


def own_type(tables: Tables, row: Row, column: str, team: str, referral: Row) -> str | None:
    """The type of team that stands on a row, or else in the table of teams for the row's team."""
    code = code_of(cell(row, column, "ServTeamTypeRefToMH", "ServTeamType"), 1)
    if code is not None:
        return code
    provider = identifier(cell(row, "OrgIDProv")) or identifier(cell(referral, "OrgIDProv"))
    month = month_of(row) or month_of(referral)
    found = [
        code_of(cell(other, "ServTeamTypeMH"), 1)
        for other in teams(tables).get(identifier(cell(row, team)), ())
        if identifier(cell(other, "OrgIDProv")) == provider and month_of(other) == month
    ]
    return greatest(found)


def teams(tables: Tables) -> dict[str, list[Row]]:
    """The rows of the table of teams by their team."""
    if not last_teams or last_teams[0][0] is not tables:
        found: dict[str, list[Row]] = {}
        for row in table(tables, "service_teams"):
            if (team := identifier(cell(row, "UniqCareProfTeamLocalID"))) is not None:
                found.setdefault(team, []).append(row)
        last_teams[:] = [(tables, found)]
    return last_teams[0][1]


last_teams: list[tuple[Tables, dict[str, list[Row]]]] = []
"""Those of the extract that was asked for last: they are asked for by every row."""


def service_of(row: Row, received: dt.date | None) -> Service:
    """A team rejects on its rejection date, or on the day of receipt where only a (known) reason is there; C03 is C10."""
    code = cell(row, "team type")
    rejected = day_of(cell(row, "ReferRejectionDate"))
    if rejected is None and code_of(cell(row, "ReferRejectReason")) in REJECTION_REASONS:
        rejected = received
    return Service(RETIRED.get(code, code), rejected, day_of(cell(row, "ReferClosureDate")), code)


def services_of(tables: Tables, referral: Row, received: dt.date | None) -> list[Service]:
    return [service_of(row, received) for row in service_rows(tables, referral)]


def commissioner_of(tables: Tables, person: str, people: list[Row], month: int | None) -> str | None:
    """ "The sub-ICB of the GP practice where there is one (practice not V81997, V81998 or V81999, registration not ended,
    the latest record), else the sub-ICB of residence"; "CCG columns up to month 1467". Should several rows match, the
    greatest is taken.
    """
    is_new = month is None or month >= SUB_ICBS_BEGAN
    of_practice, of_residence = (
        ("OrgIDSubICBLocGP", "OrgIDSubICBLocResidence") if is_new else ("OrgIDCCGGPPractice", "OrgIDCCGRes")
    )
    registrations = [
        row
        for row in table(tables, "gp_registrations")
        if identifier(cell(row, "Person_ID")) == person
        and (month is None or month_of(row) in (None, month))
        and identifier(cell(row, "GMPReg")) not in PRACTICES_OF_NOBODY
        and day_of(cell(row, "EndDateGMPRegistration")) is None
    ]
    if registrations:
        last = max(map(record_order, registrations))
        place = greatest([identifier(cell(row, of_practice)) for row in registrations if record_order(row) == last])
        if place is not None:
            return place
    return greatest([identifier(cell(row, of_residence)) for row in people])


def record_order(row: Row) -> tuple[bool, int, str]:
    """Record numbers are ordered as numbers where they are numbers."""
    record = identifier(cell(row, "RecordNumber")) or ""
    return (record != "", int(record) if record.isdigit() else -1, record)


# Referrals


def submitted_referrals(tables: Tables) -> list[Referral]:
    """One item for each submitted row; one without person, id or received date is left out of everything."""
    months = [month for row in table(tables, "referrals") if (month := month_of(row)) is not None]
    linked = defaultdict(list)
    for row in table(tables, "hospital_spells"):
        whose = (identifier(cell(row, "Person_ID")), identifier(cell(row, "UniqServReqID")))
        linked[whose].append((month_of(row), day_of(cell(row, "StartDateHospProvSpell"))))
    items = []
    for row in table(tables, "referrals"):
        person, id = identifier(cell(row, "Person_ID")), identifier(cell(row, "UniqServReqID"))
        received = day_of(cell(row, "ReferralRequestReceivedDate"))
        if person is None or id is None or received is None:
            continue
        people, month = found_by(tables, "people", row, "Person_ID"), month_of(row)
        item = Referral(
            person,
            id,
            organisation=identifier(cell(row, "OrgIDProv")),
            month=month,
            submission=submission_of(row),
            received=received,
            discharged=day_of(cell(row, "ServDischDate")),
            age=number_of(cell(row, "AgeServReferRecDate")),
            services=services_of(tables, row, received),
            residence=greatest([code_of(cell(one, "LADistrictAuth"), 1) for one in people]),
            commissioner=commissioner_of(tables, person, people, month),
            sex=greatest([gender(one) for one in people]),
            ethnicity=greatest([code_of(cell(one, "EthnicCategory"), 1) for one in people]),
            row=row,
            hospital=linked[person, id],
        )
        if month is not None and month < max(months):
            item.lapses = last_day(month) + dt.timedelta(1)
        items.append(item)
    return items


def submission_of(row: Row) -> str | None:
    """A submission of a person: its RecordNumber, or where there is none its month."""
    return identifier(cell(row, "RecordNumber")) or identifier(cell(row, "UniqMonthID"))


def referrals(tables: Tables, reading: Reading | str = NATIONAL) -> dict[tuple[str, str], Referral]:
    """ "For one row a referral take the latest UniqMonthID of each (Person_ID, UniqServReqID)"."""
    reading = Reading(lapsed=reading) if isinstance(reading, str) else reading
    latest = {id(row): whose for whose, row in latest_referrals(tables).items()}
    items = {latest[id(item.row)]: item for item in submitted_referrals(tables) if id(item.row) in latest}
    for item in items.values():
        if reading.lapsed == "open":
            item.lapses = None
    for contact in contacts(tables, reading):
        # Contacts belong to the referral of their person and id.
        if (contact.person, contact.referral) in items:
            items[contact.person, contact.referral or ""].contacts.append(contact)
    return items


def contacts(tables: Tables, reading: Reading = NATIONAL) -> list[Contact]:
    """The contacts that have a date, each once, or once a month."""
    found = []
    rows = table(tables, "contacts")
    months = {month_of(row) for row in rows} if reading.resubmitted == "each" else {None}
    parts = [[row for row in rows if month_of(row) == month] for month in months] if len(months) > 1 else [rows]
    for (person, id), row in (each for part in parts for each in latest_contacts(tables, part).items()):
        day = day_of(cell(row, "CareContDate"))
        if day is not None:
            found.append(
                Contact(
                    person,
                    id,
                    identifier(cell(row, "UniqServReqID")),
                    identifier(cell(row, "OrgIDProv")),
                    month_of(row),
                    submission_of(row),
                    day,
                    attendance(row),
                    mechanism(row),
                    is_direct(row, reading.direct_before_v5),
                )
            )
    return found
