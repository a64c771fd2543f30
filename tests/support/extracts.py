"""Small awkward extracts: few people, ids and dates, so that what is rare in life happens in most of them.

A world is a list of rows a table, in plain values. A shape is how a user may hold it: the version of the data set, dates
as text, integer ids and codes, names in capitals, tables missing. `tables` gives the rows of a world in a shape, and
`FRAMES` the same as tables of each engine.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import duckdb
import ibis
import pandas as pd
import polars as pl
import pyarrow as pa
from hypothesis import strategies as st

from tests.mhsds.oracle import Row, Tables, cell, day_of, identifier, year_before

World = dict[str, list[Row]]
ELSEWHERE = 299
"""A referral that is in no extract."""
TEAMS = (
    *["A05", "A06", "A06", "A06", "A06", "A08", "A08", "A09", "C10", "C03", "C03", "A14", "A14", "D05", "A02", "XX9"],
    None,
    "",
)
BAD_DATES = ("2024-02-30", "2023-02-29", "30/04/2023", "n/a", "")


@dataclass(frozen=True)
class Shape:
    """How a user holds the tables.

    Of version 6 "v6" has the team types on the rows that name a team, as one platform derives them, and "v6 collected" in
    a table of teams; "changed" is of version 5 to March 2024 and of version 6 as collected since.
    """

    version: str = "v5"
    dates: str = "date"
    ids: str = "text"
    codes: str = "text"
    case: Callable[[str], str] = str
    record_numbers: bool = True
    months_of_stays: bool = True
    source_of_admission: bool = True
    missing: frozenset[str] = frozenset()


def shapes() -> st.SearchStrategy[Shape]:
    one_table = st.sampled_from(
        ["people", "contacts", "hospital_spells", "clusters", "ward_stays", "indirect_activity", "gp_registrations"]
    ).map(lambda name: frozenset([name]))
    return st.builds(
        Shape,
        version=st.sampled_from(["v5", "v4", "both", "v6", "v6 collected", "changed"]),
        dates=st.sampled_from(["date", "datetime", "text", "text with time"]),
        ids=st.sampled_from(["text", "integer"]),
        codes=st.sampled_from(["text", "integer"]),
        case=st.sampled_from([str, str.lower, str.upper]),
        record_numbers=st.sampled_from([True, True, False]),
        months_of_stays=st.booleans(),
        source_of_admission=st.booleans(),
        missing=st.one_of(st.just(frozenset()), st.just(frozenset()), one_table),
    )


class Pen:
    """Draws the rows of one world."""

    def __init__(self, chance: random.Random, start: dt.date, end: dt.date) -> None:
        self.chance, self.start, self.end = chance, start, end
        self.last_month = (end.year - 1900) * 12 + end.month - 3 + 1
        self.tables: World = {
            name: []
            for name in (
                "people", "referrals", "service_types", "contacts", "hospital_spells", "clusters", "ward_stays",
                "indirect_activity", "gp_registrations",
            )
        }  # fmt: skip

    def pick(self, *choices: Any) -> Any:
        return self.chance.choice(choices)

    def one_in(self, number: int) -> bool:
        return self.chance.randrange(number) == 0

    def seldom(self) -> bool:
        return self.one_in(8)

    def near(self, *dates: dt.date | None) -> dt.date | None:
        """One of the dates, or now and then none, or what is none, or what is absurd."""
        if self.one_in(25):
            return self.pick(None, *BAD_DATES, dt.date(1890, 1, 1), dt.date(9999, 12, 31))
        return self.pick(*dates)

    def days(self, date: Any, *numbers: int) -> dt.date | None:
        """So many days after a date, of which there may be none."""
        return later(date, self.pick(*numbers))

    def record(self, person: int, month: int | None) -> int | None:
        """One record a person and month; now and then another's, or none."""
        if self.seldom():
            return self.pick(None, 301, 302, 311)
        return 300 + 10 * (person - 101) + (month or 0) - self.last_month + 3


def later(date: Any, days: int) -> dt.date | None:
    if not isinstance(date, dt.date) or date.year > 9000:
        return date if isinstance(date, dt.date) else None
    return date + dt.timedelta(days)


def worlds(start: dt.date, end: dt.date) -> st.SearchStrategy[World]:
    """Worlds by their seed: drawn cell by cell, hypothesis repeats itself, and few examples meet their rule."""
    return st.integers(0, 2**32 - 1).map(lambda seed: world(random.Random(seed), start, end))


def world(chance: random.Random, start: dt.date, end: dt.date) -> World:
    """The rows of up to three people, around a period."""
    pen = Pen(chance, start, end)
    # Without a date of receipt it counts nowhere, yet it makes the last month of every world the same.
    submit(pen, 109, 298, pen.last_month, "RA1", None, None, None, [])
    organisation = pen.pick("RA1", "RB2")
    for person in (101, 102, 103)[: pen.pick(1, 2, 3, 3)]:
        add_people(pen, person)
        ended, at = None, organisation
        for story in stories(pen):
            at = pen.pick(*[at] * 12, "RB2", None)
            ended = add_referral(pen, person, at, "plain" if story == "next" and ended is None else story, ended)
        if pen.pick(False, True):
            add_admissions(pen, person)
        for _ in range(pen.pick(0, 1, 1, 2, 3)):
            add_cluster(pen, person)
    for person in (104, 105)[: pen.pick(0, 1, 2)]:  # known by their admissions only
        add_admissions(pen, person, told=True)
    if pen.one_in(3):
        admit_on_a_referral(pen)
    add_places(pen)
    return pen.tables


def add_places(pen: Pen) -> None:
    """Where people live and are registered with a practice, in the terms of commissioners."""
    places = ("11A", "22B", "33C", None)
    for row in pen.tables["people"]:
        row["OrgIDSubICBLocResidence"] = pen.pick(*places)
    for person in (101, 102, 103, 104, None):
        for month in range(pen.last_month - 2, pen.last_month + 1):
            for _ in range(pen.pick(0, 1, 1, 2, 3)):
                pen.tables["gp_registrations"].append(
                    {
                        "Person_ID": person,
                        "RecordNumber": pen.pick(None, *(300 + 10 * ((person or 101) - 101) + n for n in (1, 2, 3))),
                        "UniqMonthID": month,
                        "GMPReg": pen.pick("A81001", "A81001", "A81002", "V81997", "V81998", "V81999", None),
                        "OrgIDSubICBLocGP": pen.pick(*places),
                        "EndDateGMPRegistration": pen.near(None, None, None, None, pen.end),
                    }
                )


def admit_on_a_referral(pen: Pen) -> None:
    """Somebody who has contacts is admitted on the referral that they are of."""
    seen: dict[Any, list[Row]] = {}
    for row in pen.tables["contacts"]:
        if row["Person_ID"] and row["UniqServReqID"] not in (None, ELSEWHERE) and row["AttendStatus"] in ("5", "6"):
            seen.setdefault((row["Person_ID"], row["UniqServReqID"]), []).append(row)
    for row in max(seen.values(), key=len, default=[])[:1]:
        linked = {name: row[name] for name in ("Person_ID", "UniqServReqID", "OrgIDProv")}
        month = pen.last_month - pen.pick(0, 1, 1, 1, 13)
        stay = {"StartDateHospProvSpell": later(pen.end, -pen.pick(2, 9, 400)), "DischDateHospProvSpell": None}
        spell = {"UniqHospProvSpellID": 505, "UniqMonthID": month, "SourceAdmMHHospProvSpell": "19"}
        pen.tables["hospital_spells"].append(spell | linked | stay)


def stories(pen: Pen) -> list[str]:
    """What happens to a person, referral by referral."""
    some = [
        pen.pick("plain", "plain", "edge", "long wait", "four weeks", "access", "next")
        for _ in range(pen.pick(0, 1, 2, 2))
    ]
    return some + pen.pick(
        ["ends", "next"], ["ends", "next"], ["ends", "next"], ["access", "access"], some or ["access"]
    )


def add_people(pen: Pen, person: int) -> None:
    for back in range(3):
        for _ in range(pen.pick(0, 1, 1, 1, 1, 2) if back else pen.pick(1, 1, 1, 2)):
            month = pen.last_month - back
            pen.tables["people"].append(
                {
                    "Person_ID": None if pen.one_in(30) else person,
                    "RecordNumber": pen.record(person, month),
                    "OrgIDProv": "RA1",
                    "UniqMonthID": month,
                    "LADistrictAuth": pen.pick(*["E06000001"] * 4, *["E07000002"] * 2, "W06000003", "", None, "L99"),
                    "Gender": pen.pick("1", "2", "2", "3", "4", "9", "X", None),
                    "EthnicCategory": pen.pick(*"ABCDGHLMPRSZ", "99", None),
                }
            )


def receipt(pen: Pen, story: str, ended: Any) -> Any:
    """When a referral is received, as its story goes."""
    start, end = pen.start, pen.end
    if story == "next":
        return pen.days(ended, -3, 0, 4, *[5] * 4, *[6] * 4, 7)
    if story == "edge":
        return pen.near(later(start, -1), start, end, later(end, 1))
    if story == "long wait":
        return pen.days(end, -364, -365, -546, -547, -728, -729)
    if story == "four weeks":
        return pen.days(start, -29, -28, 0, 1)
    if story == "access":
        return later(year_before(end), -pen.pick(1, 10))
    if story == "ends":
        return pen.days(end, -60, -50)
    return pen.near(start, later(start, -20), later(start, 3), later(end, -10), later(end, -40), later(end, 1))


def first_contacts(pen: Pen, story: str, received: Any) -> list[Any]:
    """The days of the contacts of a referral, as its story goes."""
    if story == "long wait":
        return [later(received, pen.pick(0, 7))] * pen.pick(0, 0, 1)
    if story == "four weeks":
        return [later(received, pen.pick(0, 5, 28)), later(received, pen.pick(28, 28, 29, 29))]
    if story == "access":
        edge = year_before(pen.end)
        return [pen.pick(received, edge), pen.days(edge, 0, 0, 1, 1)]
    if story in ("ends", "next") and not pen.one_in(4):
        return [later(received, pen.pick(0, 1))] * pen.pick(0, 1, 1, 1, 1)
    numbers = [pen.pick(-1, 0, 0, 1, 5, 28, 35) for _ in range(pen.pick(0, 1, 2, 2, 3))]
    return [pen.near(later(received, days), later(received, days), pen.start, pen.end) for days in numbers]


def add_referral(pen: Pen, person: int, organisation: str | None, story: str, ended: Any) -> Any:
    """Add a referral, submitted once or more, with its teams and contacts; return when it ended."""
    id = pen.chance.randint(201, 209)
    received = receipt(pen, story, ended)
    closing = (None, None, None) if story in ("long wait", "access") else (None, later(pen.end, -pen.pick(0, 5, 6)))
    if story == "ends":
        closing = (later(pen.end, -20) if pen.pick(True, False) else later(received, -2),) * 20
    discharged = pen.near(*closing, pen.days(received, -1, 0, 10, 40), pen.pick(pen.start, pen.end, later(pen.end, 1)))
    age = pen.pick(17, 18, 18, 18, 40, 40, 40, 64, 65, 65, 80, None)
    told = story != "plain" and not pen.one_in(4)  # else the dates of a story are lost on what is out of scope
    first = pen.last_month - pen.pick(0, 0, 1, 2)
    last = min(first + pen.pick(0, 0, 1, 2), pen.last_month)
    services = [draw_service(pen, received) for _ in range(pen.pick(0, 1, 1, 1, 1, 2, 2, 3))]
    if told:
        age = pen.pick(18, 40, 65)
        services[:1] = [
            draw_service(pen, received)
            | {"ServTeamTypeRefToMH": pen.pick("A06", "A06", "A08", "C03", "A14")}
            | ACCEPTED
        ]
    # What changes from one submission to the next changes in the last.
    changed = pen.pick(None, None, None, "received", "organisation", "age", "services", "discharged")
    for month in range(first, last + 1):
        if month == last and month > first:
            received = pen.days(received, -1, 1, 6) if changed == "received" else received
            organisation = pen.pick("RA1", "RB2") if changed == "organisation" else organisation
            age = pen.pick(17, 18, 65, None) if changed == "age" else age
            services = [draw_service(pen, received)] if changed == "services" else services
        elif changed == "discharged" and month < last:
            submit(pen, person, id, month, organisation, received, pen.near(None, pen.start), age, services)
            continue
        submit(pen, person, id, month, organisation, received, discharged, age, services)
    for date in first_contacts(pen, story, received):
        add_contact(pen, person, id, date, told)
    return max((day for day in (received, discharged) if isinstance(day, dt.date)), default=None)


ACCEPTED = {"ReferRejectionDate": None, "ReferRejectReason": None}


def draw_service(pen: Pen, received: Any) -> Row:
    rejected = pen.pick("no", "no", "no", "no", "no", "date", "reason", "both")
    date = pen.near(received, later(received, 2), pen.end, later(pen.end, 1)) if rejected in ("date", "both") else None
    return {
        "ServTeamTypeRefToMH": pen.pick(*TEAMS),
        "UniqCareProfTeamID": "T1",
        "ReferClosureDate": None,
        "ReferRejectionDate": date,
        "ReferRejectReason": "02" if rejected in ("reason", "both") else None,
    }


def submit(
    pen: Pen, person: Any, id: Any, month: int, organisation: Any, received: Any, discharged: Any, age: Any,
    services: list[Row],
) -> None:  # fmt: skip
    record = pen.record(person, month)
    row = {
        "UniqServReqID": None if pen.one_in(40) else id,
        "Person_ID": None if pen.one_in(40) else person,
        "RecordNumber": record,
        "OrgIDProv": organisation,
        "UniqMonthID": month,
        "ReferralRequestReceivedDate": received,
        "ServDischDate": discharged,
        "AgeServReferRecDate": age,
    }
    pen.tables["referrals"] += [row] * pen.pick(1, 1, 1, 1, 1, 1, 1, 2)
    if pen.one_in(6):  # corrected within the month
        again = pen.pick(
            {"RecordNumber": pen.pick(None, 311)},
            {"ServDischDate": pen.pick(None, pen.start, pen.end)},
            {"ReferralRequestReceivedDate": pen.near(None, later(received, 1))},
        )
        pen.tables["referrals"].append(row | again)
    for service in services:
        pen.tables["service_types"].append(
            {"UniqServReqID": id, "RecordNumber": record, "UniqMonthID": month} | service
        )
    if pen.seldom():
        stray = draw_service(pen, received) | {"RecordNumber": pen.pick(None, 301, 311), "UniqMonthID": month}
        pen.tables["service_types"].append({"UniqServReqID": pen.pick(id, 201, None)} | stray)


def add_contact(pen: Pen, person: Any, id: Any, date: Any, direct: bool = False) -> None:
    month = pen.last_month - pen.pick(0, 1, 2)
    row = {
        "UniqCareContID": None if pen.one_in(40) else pen.chance.randint(401, 412),
        "UniqServReqID": pen.pick(*[id] * 10, ELSEWHERE, None, 201),
        "Person_ID": None if pen.one_in(40) else person,
        "RecordNumber": pen.record(person, month),
        "OrgIDProv": "RA1",
        "UniqMonthID": month,
        "CareContDate": date,
        "CareContTime": pen.pick("10:00:00", "09:30:00", None),
        "AttendStatus": pen.pick(*"5555556666", "3", "3", "7", "2", "4", "0", None),
        "ConsMechanismMH": pen.pick(*["01"] * 5, "02", "02", "04", "11", "11", "05", "09", "98", "77", None),
    }
    if direct:
        row |= {"UniqCareContID": pen.chance.randint(413, 499), "UniqServReqID": id}
        row |= {"AttendStatus": pen.pick("5", "6"), "ConsMechanismMH": pen.pick("01", "02", "11")}
    pen.tables["contacts"].append(row)
    if pen.one_in(5):
        changes: Row = pen.pick(
            {"UniqMonthID": pen.last_month},
            {"AttendStatus": "3", "UniqMonthID": pen.last_month},
            {"CareContDate": pen.days(date, -1, 1)},
            {"AttendStatus": pen.pick("3", "6", None)},
            {"ConsMechanismMH": pen.pick("01", "05", None)},
            {"UniqServReqID": pen.pick(201, 202, None)},
            {"RecordNumber": pen.pick(None, 300), "CareContDate": later(date, 1)},
            {"RecordNumber": pen.pick(None, 300), "AttendStatus": "7"},
            {"RecordNumber": 399, "AttendStatus": "3"},
        )
        pen.tables["contacts"].append(row | changes)


def add_admissions(pen: Pen, person: int, told: bool = False) -> None:
    ended: Any = None
    for _ in range(pen.pick(1, 1, 2)):
        after = pen.days(ended, 0, 0, 1, 1, 2, 2) if isinstance(ended, dt.date) else None
        started = after or pen.near(pen.start, pen.end, later(pen.start, -1), later(pen.start, 9), later(pen.end, -9))
        ended = pen.near(None, started, *[later(started, 3)] * 4, later(started, -1))
        id, month = pen.pick(501, 502, 503, 504), pen.last_month - pen.pick(0, 1)
        row = {
            "UniqHospProvSpellID": None if pen.one_in(40) else id,
            "UniqServReqID": pen.pick(ELSEWHERE, ELSEWHERE, None, *range(201, 210)),
            "Person_ID": person,
            "OrgIDProv": pen.pick("RA1", "RA1", "RB2", None),
            "UniqMonthID": month,
            "StartDateHospProvSpell": started,
            "DischDateHospProvSpell": ended,
            "SourceAdmMHHospProvSpell": pen.pick("19", "19", None, "49", "53", "87"),
        }
        if told:
            row |= {"SourceAdmMHHospProvSpell": pen.pick(*["19"] * 9, "53"), "OrgIDProv": "RA1"}
        pen.tables["hospital_spells"].append(row)
        if pen.seldom():
            changes = {"UniqMonthID": month + pen.pick(0, 1), "StartDateHospProvSpell": pen.days(started, -1, 1)}
            pen.tables["hospital_spells"].append(row | pen.pick(changes, {"DischDateHospProvSpell": None}))
        for days in pen.pick([0], [0], [0], [0, 4], [4, 0], []):
            stay = {"UniqHospProvSpellID": id, "Person_ID": person, "UniqMonthID": month}
            beds = pen.pick(*["10"] * (20 if told else 2), "11", "12", "13", "14", None)
            pen.tables["ward_stays"].append(
                stay | {"StartDateWardStay": pen.near(later(started, days)), "HospitalBedTypeMH": beds}
            )
        for _ in range(pen.pick(0, 1, 1)):
            date = pen.days(started, -2, -3, -3, -365, -365, -366)
            if pen.pick(True, False):
                add_contact(pen, person, pen.pick(201, 202, ELSEWHERE), date, told)
            else:
                activity = {"Person_ID": person, "IndirectActDate": pen.near(date), "UniqMonthID": month}
                pen.tables["indirect_activity"].append(activity | {"UniqServReqID": ELSEWHERE})


def add_cluster(pen: Pen, person: int) -> None:
    row = {
        "UniqClustID": pen.pick(601, 602, 603, 604),
        "Person_ID": pen.pick(*[person] * 12, None),
        "UniqMonthID": pen.last_month - pen.pick(0, 1),
        "AdultMHCareClusterCodeFinal": pen.pick("00", "01", "08", "09", "11", "21", "22", "99", None),
        "StartDateCareClust": pen.near(*(later(pen.end, days) for days in (-400, -30, -30, -1, 0, 0, 1))),
        "EndDateCareClust": pen.near(None, None, None, later(pen.end, -1), pen.end, later(pen.end, 1)),
    }
    pen.tables["clusters"].append(row)
    if pen.seldom():
        pen.tables["clusters"].append(
            row | {"UniqMonthID": pen.last_month, "EndDateCareClust": pen.near(None, pen.end)}
        )


# The rows of a world in a shape

IDS = {
    "Person_ID", "RecordNumber", "UniqServReqID", "UniqCareContID", "UniqHospProvSpellID", "UniqClustID",
}  # fmt: skip
NUMBERS = {"UniqMonthID", "AgeServReferRecDate"}
CODES = {
    "AttendStatus", "AttendOrDNACode", "ConsMechanismMH", "ConsMediumUsed", "Gender", "AdultMHCareClusterCodeFinal",
    "HospitalBedTypeMH", "MHAdmittedPatientClass", "GenderIDCode", "SourceAdmMHHospProvSpell",
}  # fmt: skip
OLD_MECHANISMS = {"11": "03", "09": "06"}


def tables(world: World, shape: Shape, number: int = 0) -> Tables:
    """The rows of a world as a user holds them; the number keeps the ids of worlds apart."""
    found: Tables = {}
    for name, rows in world.items():
        if name not in shape.missing:
            found[name] = [in_shape(name, dict(row), shape, number, place) for place, row in enumerate(rows)]
    if shape.version == "v6":
        give_referrals_a_team(found, shape)
    if shape.version in COLLECTED:
        give_teams_a_table(found, shape)
    return settled(found)


def in_shape(name: str, row: Row, shape: Shape, number: int, place: int) -> Row:
    if not shape.record_numbers:
        row.pop("RecordNumber", None)
    if name in ("hospital_spells", "clusters") and not shape.months_of_stays:
        row.pop("UniqMonthID", None)
    if name == "hospital_spells" and not shape.source_of_admission:
        row.pop("SourceAdmMHHospProvSpell", None)
    if name == "contacts" and shape.version in ("v4", "both"):
        is_old = shape.version == "v4" or place % 3 == 0
        attended, how = row["AttendStatus"], row["ConsMechanismMH"]
        row |= {
            "AttendOrDNACode": attended if is_old else "3",
            "ConsMediumUsed": OLD_MECHANISMS.get(how, how) if is_old else "03",
        }
        if shape.version == "v4":
            del row["AttendStatus"], row["ConsMechanismMH"]
        elif is_old:
            row |= {"AttendStatus": None, "ConsMechanismMH": None}
    return {shape.case(column): as_held(column, value, shape, number) for column, value in row.items()}


def as_held(column: str, value: Any, shape: Shape, number: int) -> Any:
    if value is None:
        return None
    if column in IDS:
        return f"{number:04d}-{value}" if shape.ids == "text" else number * 1000 + value
    if "Date" in column and column not in NUMBERS:
        if not isinstance(value, dt.date):
            return value if shape.dates.startswith("text") else None
        if shape.dates == "datetime":
            return dt.datetime(value.year, value.month, value.day, 23, 59, 59)
        clock = " 00:00:00" if shape.dates == "text with time" else ""
        return value if shape.dates == "date" else value.isoformat() + clock
    if column in CODES and shape.codes == "integer":
        return int(value) if value.isdigit() else None
    return value


def give_referrals_a_team(found: Tables, shape: Shape) -> None:
    """From v6 on the first team of a referral stands in its own row."""
    others = found["service_types"]
    for row in found["referrals"]:
        own = None
        if shape.version == "changed" and cell(row, "UniqMonthID") < VERSION_6:
            row |= {shape.case(column): None for column in OWN}
            continue
        for other in others:
            if all(
                cell(other, key) == cell(row, key) is not None
                for key in ("UniqServReqID", "RecordNumber" if shape.record_numbers else "UniqMonthID")
            ):
                own = other
                break
        others = [other for other in others if other is not own]
        row |= {shape.case(new): cell(own, old) if own else None for new, old in OWN.items()}
    found["service_types"] = others


OWN = {
    "ServTeamType": "ServTeamTypeRefToMH",
    "UniqCareProfTeamLocalID": "UniqCareProfTeamID",
    "ReferRejectionDate": "ReferRejectionDate",
    "ReferRejectReason": "ReferRejectReason",
}
"""What a referral says of its own team from v6 on, and what the row of a service calls it."""
COLLECTED = ("v6 collected", "changed")
VERSION_6 = 1489


def local_id(provider: str | None, code: str | None) -> str:
    """What a provider calls a team of a type; another calls one of another type the same."""
    place = (*sorted(set(filter(None, TEAMS))), "", None).index(code)
    return f"T{place if provider == 'RA1' else 11 - place:02d}"


def give_teams_a_table(found: Tables, shape: Shape) -> None:
    """As v6 is collected: the types of teams stand in a table of their own, and beds and genders have new columns."""
    give_referrals_a_team(found, shape)
    case, key = shape.case, "RecordNumber" if shape.record_numbers else "UniqMonthID"
    providers = {
        (cell(row, "UniqServReqID"), cell(row, key)): cell(row, "OrgIDProv")
        for row in found["referrals"]
        if cell(row, "OrgIDProv") is not None
    }
    teams: dict[tuple[Any, ...], Any] = {}
    for name, column, team in (
        ("referrals", "ServTeamType", "UniqCareProfTeamLocalID"),
        ("service_types", "ServTeamTypeRefToMH", "UniqOtherCareProfTeamLocalID"),
    ):
        for row in found[name]:
            if name == "service_types":
                row[case("OrgIDProv")] = providers.get((cell(row, "UniqServReqID"), cell(row, key)), "RA1")
                row[case(team)] = None
            month, code = cell(row, "UniqMonthID"), cell(row, column)
            is_new = shape.version == "v6 collected" or month >= VERSION_6
            if is_new and (name == "service_types" or cell(row, team) is not None):
                row[case(team)] = local_id(cell(row, "OrgIDProv"), code)
                if cell(row, "OrgIDProv") is not None:
                    teams[row[case(team)], cell(row, "OrgIDProv"), month] = code
            if name == "referrals" or shape.version == "v6 collected":
                del row[case(column)]
            elif is_new:
                row[case(column)] = None
            if name == "service_types":
                row.pop(case("UniqCareProfTeamID"), None)
    names = [case(column) for column in EXAMPLE["service_teams"]]
    found["service_teams"] = [dict(zip(names, (*of, code), strict=True)) for of, code in teams.items()]
    for row in found.get("ward_stays", []):
        bed, is_new = (
            cell(row, "HospitalBedTypeMH"),
            shape.version == "v6 collected" or cell(row, "UniqMonthID") >= VERSION_6,
        )
        new = str(int(bed) + 190) if bed is not None and str(bed).isdigit() else bed
        new = int(new) if new is not None and shape.codes == "integer" else new
        row |= {case("MHAdmittedPatientClass"): new if is_new else None}
        row |= {case("HospitalBedTypeMH"): None if is_new else bed}
    for row in found.get("people", []):
        gender = cell(row, "Gender")
        # 9 is no code of it; a column of numbers holds no Z.
        row[case("GenderIDCode")] = {"9": "Z", 9: None}.get(gender, gender)
        row[case("Gender")] = None


def settled(found: Tables) -> Tables:
    """Without rows that no rule sets in order: alike in what is compared, and unlike in the rest."""
    compared = {
        "referrals": ("Person_ID", "UniqServReqID", "UniqMonthID", "RecordNumber", "ReferralRequestReceivedDate",
                      "ServDischDate"),
        "hospital_spells": ("Person_ID", "UniqHospProvSpellID", "UniqMonthID", "StartDateHospProvSpell",
                            "DischDateHospProvSpell"),
        "clusters": ("Person_ID", "UniqClustID", "UniqMonthID", "StartDateCareClust", "EndDateCareClust"),
        "ward_stays": ("Person_ID", "UniqHospProvSpellID", "StartDateWardStay"),
    }  # fmt: skip
    for name, columns in compared.items():
        first: dict[tuple[Any, ...], Row] = {}
        rows = []
        for row in found.get(name, []):
            key = tuple(day_of(cell(row, c)) if "Date" in c else identifier(cell(row, c)) for c in columns)
            if first.setdefault(key, row) == row:
                rows.append(row)
        if name in found:
            found[name] = rows
    return found


def together(parts: list[Tables]) -> Tables:
    """The rows of many extracts as one."""
    return {name: [row for part in parts for row in part[name]] for name in parts[0]}


# The tables of every engine


def arrow(name: str, rows: list[Row], shape: Shape) -> pa.Table:
    """A typed table, though it may have no row or a column no value."""
    columns = list(rows[0]) if rows else list(in_shape(name, dict(EXAMPLE[name]), shape, 0, 0))
    if not rows and shape.version in ("v6", *COLLECTED):
        of_version = (
            {"referrals": OWN, "service_types": NEWER["service_types"]} if shape.version != "v6" else {"referrals": OWN}
        )
        columns += [shape.case(c) for c in of_version.get(name, ())]
    every = {column for of in (*EXAMPLE.values(), *NEWER.values(), OWN) for column in of}
    standard = {shape.case(column): column for column in (*every, "AttendOrDNACode", "ConsMediumUsed")}
    return pa.table(
        {c: pa.array([row[c] for row in rows], type=arrow_type(standard[c], shape), from_pandas=False) for c in columns}
    )


def arrow_type(column: str, shape: Shape) -> pa.DataType:
    if column in NUMBERS or (column in IDS and shape.ids == "integer"):
        return pa.int64()
    if column in CODES and shape.codes == "integer":
        return pa.int64()
    if "Date" in column and not shape.dates.startswith("text"):
        return pa.date32() if shape.dates == "date" else pa.timestamp("us")
    return pa.string()


EXAMPLE: dict[str, Row] = {
    "people": dict.fromkeys(("Person_ID", "RecordNumber", "OrgIDProv", "UniqMonthID", "LADistrictAuth", "Gender", "EthnicCategory",
                             "OrgIDSubICBLocResidence")),
    "referrals": dict.fromkeys(("UniqServReqID", "Person_ID", "RecordNumber", "OrgIDProv", "UniqMonthID",
                                "ReferralRequestReceivedDate", "ServDischDate", "AgeServReferRecDate")),
    "service_types": dict.fromkeys(("UniqServReqID", "RecordNumber", "UniqMonthID", "ServTeamTypeRefToMH",
                                    "UniqCareProfTeamID", "ReferClosureDate", "ReferRejectionDate", "ReferRejectReason")),
    "contacts": dict.fromkeys(("UniqCareContID", "UniqServReqID", "Person_ID", "RecordNumber", "OrgIDProv", "UniqMonthID",
                               "CareContDate", "CareContTime", "AttendStatus", "ConsMechanismMH")),
    "hospital_spells": dict.fromkeys(("UniqHospProvSpellID", "UniqServReqID", "Person_ID", "OrgIDProv", "UniqMonthID",
                                      "StartDateHospProvSpell", "DischDateHospProvSpell", "SourceAdmMHHospProvSpell")),
    "clusters": dict.fromkeys(("UniqClustID", "Person_ID", "UniqMonthID", "AdultMHCareClusterCodeFinal",
                               "StartDateCareClust", "EndDateCareClust")),
    "ward_stays": dict.fromkeys(("UniqHospProvSpellID", "Person_ID", "UniqMonthID", "StartDateWardStay", "HospitalBedTypeMH")),
    "indirect_activity": dict.fromkeys(("Person_ID", "IndirectActDate", "UniqMonthID", "UniqServReqID")),
    "gp_registrations": dict.fromkeys(("Person_ID", "RecordNumber", "UniqMonthID", "GMPReg", "OrgIDSubICBLocGP",
                                       "EndDateGMPRegistration")),
    "service_teams": dict.fromkeys(("UniqCareProfTeamLocalID", "OrgIDProv", "UniqMonthID", "ServTeamTypeMH")),
}  # fmt: skip

NEWER = {
    "service_types": ("OrgIDProv", "UniqOtherCareProfTeamLocalID"),
    "ward_stays": ("MHAdmittedPatientClass",),
    "people": ("GenderIDCode",),
}
"""Columns of version 6 as it is collected."""


def nullable(table: pa.Table) -> pd.DataFrame:
    kinds = {pa.int64(): pd.Int64Dtype(), pa.string(): pd.StringDtype()}
    return table.to_pandas(types_mapper=kinds.get, date_as_object=False)


EAGER: dict[str, Callable[[pa.Table], Any]] = {
    "pandas": lambda table: table.to_pandas(date_as_object=False),
    "pandas nullable": nullable,
    "pandas arrow": lambda table: table.to_pandas(types_mapper=pd.ArrowDtype),
    "pandas objects": lambda table: table.to_pandas(date_as_object=True),
    "polars": pl.from_arrow,
    "pyarrow": lambda table: table,
}
LAZY: dict[str, Callable[[pa.Table], Any]] = {
    "polars lazy": lambda table: pl.from_arrow(table).lazy(),
    "duckdb": lambda table: duckdb.from_arrow(table),
    "ibis": ibis.memtable,
}
FRAMES = EAGER | LAZY
