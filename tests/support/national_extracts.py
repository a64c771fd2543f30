"""Awkward extracts for the national measures: few people, providers and dates, so that much of it meets.

A world is a list of rows a table by our names of them; `frames` gives it as tables of an engine. The month is June 2024.
"""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

import pyarrow as pa

from tests.mhsds.oracle_cells import Row, Tables, last_day

MONTH = 1491
END = dt.date(2024, 6, 30)
PROVIDERS = ("RA1", "RB2", "DFC")
SUB_ICBS = ("11A", "22B", "33C", None)
ICB_OF = {"11A": "QAA", "22B": "QAA", "33C": "QBB"}
TEAMS = ("A06", "A06", "A06", "A08", "A05", "C10", "C03", "A14", "A14", "D05", "A02", "A18", "XX9", None)
PROCEDURES = ("111", "222", "333", "444", "11429006", "111:222", "987191000000101", None)
TOOLS = (
    "1037651000000100", "1037661000000102", "1091071000000100", "1638531000000102", "987191000000101", "555", None,
)  # fmt: skip
REFERENCE_SETS: list[Row] = [
    {"concept": "111", "group": "Assessments", "start": None, "end": None},
    {"concept": "222", "group": "Psychological therapies", "start": "2024-05-01", "end": None},
    {"concept": "333", "group": "Medication", "start": None, "end": "2024-05-31"},
    {"concept": "11429006", "group": "Assessments", "start": None, "end": None},
]
NICE = ("222", "444")


class Pen:
    """Draws one world; its ids begin with its number, so that worlds may be laid together."""

    def __init__(self, seed: int, version: str) -> None:
        self.chance, self.seed, self.version = random.Random(seed), seed, version
        self.ids = 0
        self.tables: Tables = {name: [] for name in EXAMPLE}
        for month in range(MONTH - 15, MONTH + 2):
            for provider in PROVIDERS:
                for team in TEAMS:
                    if team and version == "v6":
                        self.add(
                            "service_teams", UniqCareProfTeamLocalID=f"{provider}{team}", OrgIDProv=provider,
                            UniqMonthID=month, ServTeamTypeMH=team,
                        )  # fmt: skip

    def add(self, table: str, **row: Any) -> None:
        self.tables[table].append({name: row.get(name) for name in EXAMPLE[table]})

    def pick(self, *choices: Any) -> Any:
        return self.chance.choice(choices)

    def one_in(self, number: int) -> bool:
        return self.chance.randrange(number) == 0

    def id(self, letter: str) -> str:
        self.ids += 1
        return f"{self.seed}-{letter}{self.ids}"

    def day(self, *around: int) -> dt.date:
        return END - dt.timedelta(self.pick(*around))


def world(seed: int, version: str = "v6") -> Tables:
    """The rows of up to three people."""
    pen = Pen(seed, version)
    for person in range(pen.pick(1, 2, 3)):
        add_person(pen, f"{seed}-P{person}")
    return pen.tables


def add_person(pen: Pen, person: str) -> None:
    months = range(MONTH - 13, MONTH + 2)
    home, practice = pen.pick(*SUB_ICBS), pen.pick(*SUB_ICBS)
    district = pen.pick(*["E06000001"] * 6, None, "W06000003")
    death = pen.pick(*[None] * 12, pen.day(2, 6, 10, 40))
    provider = pen.pick(*PROVIDERS[:2], *PROVIDERS)
    for month in months:
        if pen.one_in(8):
            home = pen.pick(*SUB_ICBS)
        if not pen.one_in(10):
            pen.add(
                "people", Person_ID=person, RecordNumber=record(person, provider, month), OrgIDProv=provider,
                UniqMonthID=month, LADistrictAuth=district, OrgIDSubICBLocResidence=home, PersDeathDate=death,
            )  # fmt: skip
        for _ in range(pen.pick(0, 0, 1, 2)):
            pen.add(
                "gp_registrations", Person_ID=person, RecordNumber=record(person, provider, month) + pen.pick("", "0"),
                UniqMonthID=month, GMPReg=pen.pick("A81001", "A81001", "V81997"), OrgIDSubICBLocGP=practice,
                EndDateGMPRegistration=pen.pick(None, None, pen.day(10)),
            )  # fmt: skip
        pen.tables["gp_registrations"] = list(
            {(r["Person_ID"], r["RecordNumber"]): r for r in pen.tables["gp_registrations"]}.values()
        )
    ended = None
    for _ in range(pen.pick(1, 2, 2, 3)):
        ended = add_referral(pen, person, pen.pick(*[provider] * 9, "RB2"), ended)
    for _ in range(pen.pick(0, 1)):
        add_stay(pen, person, provider)
    for _ in range(pen.pick(0, 1, 1)):
        start = pen.day(3, 10, 20, 33, 60, 90)
        for month in (MONTH - 1, MONTH):
            pen.add(
                "care_coordinators", Person_ID=person, RecordNumber=record(person, provider, month), UniqMonthID=month,
                StartDateAssCareCoord=start, EndDateAssCareCoord=pen.pick(None, None, pen.day(5), END),
                CareProfServOrTeamTypeAssoc=pen.pick("A14", "A14", "A06"),
            )  # fmt: skip


def record(person: str, provider: str, month: int) -> str:
    return f"{person}-{provider}-{month}"


def add_referral(pen: Pen, person: str, provider: str, ended: dt.date | None) -> dt.date:
    id = pen.id("R")
    received = pen.day(*[3, 10, 20, 29, 40, 60, 85, 91] * 2, 200, 364, 365, 380, 547, 729, 800, 3000, 3200)
    if ended is not None and pen.one_in(2):
        received = ended + dt.timedelta(pen.pick(-3, 0, 5, 5, 6))
    lasting = pen.pick(*[None] * 5, 0, 3, 20, 50, 100)
    discharged = None if lasting is None else received + dt.timedelta(lasting)
    if pen.one_in(6):
        discharged = pen.day(-2, 0, 4, 5, 6)
    plain = not pen.one_in(3)
    if plain and not pen.one_in(4):
        discharged = None
    age = pen.pick(*[40] * 8, *([] if plain else [17, 18, None]))
    teams = [pen.pick(*TEAMS) for _ in range(pen.pick(1, 1, 1, 2))]
    refusals = [pen.pick(*[None] * 6, received + dt.timedelta(pen.pick(0, 8, 40))) for _ in teams]
    reasons = [pen.pick(*[None] * 10, "02") for _ in teams]
    closures = [pen.pick(*[None] * 6, received + dt.timedelta(pen.pick(5, 30))) for _ in teams]
    if plain:
        teams, refusals, reasons, closures = (
            [pen.pick("A06", "A06", "A08", "A14", "A02", "A18")],
            [None],
            [None],
            [None],
        )
    reason, priority = pen.pick("01", "01", "08", None), pen.pick("4", "4", "2", "2", "1", None)
    first = max((received.year - 1900) * 12 + received.month - 3, MONTH - 13)
    last = min(pen.pick(*[MONTH + 1] * 6, MONTH, MONTH - 1, MONTH - 2), MONTH + 1)
    if discharged is not None:
        last = min(last, (discharged.year - 1900) * 12 + discharged.month - 3 + pen.pick(0, 0, 1))
    for month in range(first, max(first, last) + 1):
        told = discharged if discharged is None or discharged <= last_day(month) or pen.one_in(9) else None
        own = pen.version == "v6"
        number = record(person, provider, month)
        pen.add(
            "referrals", UniqServReqID=id, Person_ID=person, RecordNumber=number, OrgIDProv=provider, UniqMonthID=month,
            ReferralRequestReceivedDate=received, ServDischDate=told, AgeServReferRecDate=age,
            PrimReasonReferralMH=reason, ClinRespPriorityType=priority,
            ReferralRequestReceivedTime=pen.pick("09:30:00", None),
            UniqCareProfTeamLocalID=f"{provider}{teams[0]}" if own else None,
            ReferRejectionDate=refusals[0] if own else None, ReferRejectReason=reasons[0] if own else None,
        )  # fmt: skip
        for place, team in enumerate(teams):
            if own and place == 0:
                continue
            pen.add(
                "service_types", UniqServReqID=id, Person_ID=person, RecordNumber=number, OrgIDProv=provider, UniqMonthID=month,
                ServTeamTypeRefToMH=None if own else team, UniqOtherCareProfTeamLocalID=f"{provider}{team}",
                ReferRejectionDate=refusals[place], ReferRejectReason=reasons[place], ReferClosureDate=closures[place],
            )  # fmt: skip
    numbers = pen.pick((), (0,), (0, 7), (0, 7, 7), (1, 14, 29, 45))
    for days in numbers:
        add_contact(pen, person, provider, id, received + dt.timedelta(days + pen.pick(0, 0, 0, -1)), teams, plain)
    for _ in range(pen.pick(0, 1, 1, 2)):
        add_contact(pen, person, pen.pick(*[provider] * 6, "RB2"), id, pen.day(0, 5, 28, 35, 70, 364, 365, 366), teams)
    add_plans_and_scores(pen, person, provider, id, received)
    return discharged or received


def add_contact(
    pen: Pen, person: str, provider: str, referral: str, day: dt.date, teams: list[Any], plain: bool = False
) -> None:
    id, month = pen.id("C"), (day.year - 1900) * 12 + day.month - 3
    month = min(max(month, MONTH - 13), MONTH + 1)
    for again in range(pen.pick(1, 1, 1, 1, 2)):
        number = record(person, provider, month + again)
        pen.add(
            "contacts", UniqCareContID=id, UniqServReqID=referral if plain else pen.pick(*[referral] * 15, "none", None), Person_ID=person,
            RecordNumber=number, OrgIDProv=provider, UniqMonthID=month + again, CareContDate=day,
            CareContTime=pen.pick("08:00:00", "11:00:00", "13:30:00", None),
            AttendStatus="5" if plain else pen.pick(*["5"] * 6, "6", "6", "3", "7", "2", "9", None),
            ConsMechanismMH="01" if plain else pen.pick(*["01"] * 5, "02", "11", "05", "98", "77", None),
            UniqOtherCareProfTeamLocalID=pen.pick(None, *[f"{provider}{team}" for team in teams], f"{provider}A06"),
        )  # fmt: skip
    for _ in range(pen.pick(0, 1, 1, 2)):
        pen.add(
            "care_activities", UniqCareActID=pen.id("A"), UniqCareContID=id, Person_ID=person, RecordNumber=number,
            OrgIDProv=provider, UniqMonthID=month, Procedure=pen.pick(*PROCEDURES), Observation=pen.pick(None, "444"),
        )  # fmt: skip
    if pen.one_in(2):
        pen.add(
            "activity_scores", UniqCareActID=pen.id("A"), UniqCareContID=id, Person_ID=person, RecordNumber=number,
            OrgIDProv=provider, UniqMonthID=month, CodedAssToolType=pen.pick(*TOOLS), PersScore=score(pen),
        )  # fmt: skip


def score(pen: Pen) -> str | None:
    values = ("1", "2", "3", "4", "5", "7", "8", "20", "24", "25", "30", "40", "41", "-1", "2.5", "x", None)
    return pen.chance.choice(values)


def add_plans_and_scores(pen: Pen, person: str, provider: str, referral: str, received: dt.date) -> None:
    for _ in range(pen.pick(0, 2, 3, 4)):
        day = received + dt.timedelta(pen.pick(0, 2, 20, 28, 29, 45))
        month = min(max((day.year - 1900) * 12 + day.month - 3, MONTH - 13), MONTH)
        about = {"Person_ID": person, "RecordNumber": record(person, provider, month), "UniqMonthID": month}
        for _ in range(pen.pick(0, 1, 1, 2)):
            pen.add(
                "referral_scores", UniqServReqID=referral, OrgIDProv=provider, CodedAssToolType=pen.pick(*TOOLS), **about,
                PersScore=score(pen), AssToolCompTimestamp=day + dt.timedelta(pen.pick(0, 3)),
            )  # fmt: skip
        if pen.one_in(2):
            pen.add(
                "indirect_activity", UniqServReqID=referral, OrgIDProv=provider, IndirectActDate=day, **about,
                IndirectActProcedure=pen.pick(*PROCEDURES),
            )  # fmt: skip
        if pen.one_in(2):
            id, updated = pen.id("L"), pen.pick(None, day, day + dt.timedelta(10), day)
            pen.add(
                "care_plans", UniqCarePlanID=id, OrgIDProv=provider, CarePlanCreatDate=pen.pick(day, None, received),
                CarePlanLastUpdateDate=updated, **about,
            )  # fmt: skip
            if not pen.one_in(4):
                pen.add("care_plan_agreements", UniqCarePlanID=id, OrgIDProv=provider, **about)


def add_stay(pen: Pen, person: str, provider: str) -> None:
    id, month = pen.id("H"), MONTH - pen.pick(0, 0, 1, 4)
    left = pen.day(3, 4, 5, 20, 33, 34)
    referrals = [row["UniqServReqID"] for row in pen.tables["referrals"] if row["Person_ID"] == person]
    pen.add(
        "hospital_spells", UniqHospProvSpellID=id, UniqServReqID=pen.pick(*["none"] * 4, *referrals[-1:]),
        Person_ID=person, RecordNumber=record(person, provider, month), OrgIDProv=provider, UniqMonthID=month,
        StartDateHospProvSpell=left - dt.timedelta(9), DischDateHospProvSpell=pen.pick(left, left, left, None),
        MethOfDischMHHospProvSpell=pen.pick("1", "1", "1", "4", None),
        DestOfDischHospProvSpell=pen.pick("19", "19", "19", "30", "40", "38", None),
    )  # fmt: skip
    for days in pen.pick((9,), (9, 4)):
        pen.add(
            "ward_stays", UniqWardStayID=pen.id("W"), UniqHospProvSpellID=id, Person_ID=person, UniqMonthID=month,
            StartDateWardStay=left - dt.timedelta(days), EndDateWardStay=left - dt.timedelta(days - 3),
            MHAdmittedPatientClass=pen.pick("200", "201", "212", "204", "10"),
        )  # fmt: skip
    for days in range(pen.pick(0, 1, 2)):
        add_contact(pen, person, provider, "none", left + dt.timedelta(days + pen.pick(0, 1, 2, 3)), ["A02"])
    if pen.one_in(5):
        pen.add(
            "hospital_spells", UniqHospProvSpellID=pen.id("H"), UniqServReqID="none", Person_ID=person,
            RecordNumber=record(person, provider, month), OrgIDProv=provider, UniqMonthID=MONTH,
            StartDateHospProvSpell=left + dt.timedelta(2),
        )  # fmt: skip


_ROW = ("Person_ID", "RecordNumber", "OrgIDProv", "UniqMonthID")
_REFUSAL = ("ReferRejectionDate", "ReferRejectReason")
EXAMPLE: dict[str, tuple[str, ...]] = {
    "people": (*_ROW, "LADistrictAuth", "OrgIDSubICBLocResidence", "PersDeathDate"),
    "gp_registrations": (*_ROW, "GMPReg", "OrgIDSubICBLocGP", "EndDateGMPRegistration"),
    "care_coordinators": (*_ROW, "StartDateAssCareCoord", "EndDateAssCareCoord", "CareProfServOrTeamTypeAssoc"),
    "care_plans": (*_ROW, "UniqCarePlanID", "CarePlanCreatDate", "CarePlanLastUpdateDate"),
    "care_plan_agreements": (*_ROW, "UniqCarePlanID"),
    "referrals": ("UniqServReqID", *_ROW, "ReferralRequestReceivedDate", "ServDischDate", "AgeServReferRecDate",
                  "PrimReasonReferralMH", "ClinRespPriorityType", "ReferralRequestReceivedTime",
                  "UniqCareProfTeamLocalID", *_REFUSAL),
    "service_types": ("UniqServReqID", *_ROW, "ServTeamTypeRefToMH", "UniqOtherCareProfTeamLocalID", *_REFUSAL,
                      "ReferClosureDate"),
    "contacts": ("UniqCareContID", "UniqServReqID", *_ROW, "CareContDate", "CareContTime", "AttendStatus",
                 "ConsMechanismMH", "UniqOtherCareProfTeamLocalID"),
    "care_activities": ("UniqCareActID", "UniqCareContID", *_ROW, "Procedure", "Observation"),
    "indirect_activity": ("UniqServReqID", *_ROW, "IndirectActDate", "IndirectActProcedure"),
    "hospital_spells": ("UniqHospProvSpellID", "UniqServReqID", *_ROW, "StartDateHospProvSpell",
                        "DischDateHospProvSpell", "MethOfDischMHHospProvSpell", "DestOfDischHospProvSpell"),
    "ward_stays": ("UniqWardStayID", "UniqHospProvSpellID", "Person_ID", "UniqMonthID", "StartDateWardStay",
                   "EndDateWardStay", "MHAdmittedPatientClass"),
    "referral_scores": ("UniqServReqID", *_ROW, "CodedAssToolType", "PersScore", "AssToolCompTimestamp"),
    "activity_scores": ("UniqCareActID", "UniqCareContID", *_ROW, "CodedAssToolType", "PersScore"),
    "service_teams": ("UniqCareProfTeamLocalID", "OrgIDProv", "UniqMonthID", "ServTeamTypeMH"),
}  # fmt: skip
OF_THE_ORACLE = {
    "care_coordinators": "coordinators", "referral_scores": "referral_assessments",
    "activity_scores": "activity_assessments",
}  # fmt: skip
"""The oracle's names of tables that it calls otherwise."""


def together(worlds: list[Tables]) -> Tables:
    """The rows of many worlds as one; what stands in several is there once."""
    found = {name: [row for one in worlds for row in one[name]] for name in EXAMPLE}
    found["service_teams"] = list({tuple(row.values()): row for row in found["service_teams"]}.values())
    return found


def for_the_oracle(tables: Tables) -> Tables:
    renamed = {"IndirectActProcedure": "IndActProcedure"}
    return {
        OF_THE_ORACLE.get(name, name): [{renamed.get(key, key): value for key, value in row.items()} for row in rows]
        for name, rows in tables.items()
    }


def arrow(name: str, rows: list[Row]) -> pa.Table:
    def type_of(column: str) -> pa.DataType:
        if column in ("UniqMonthID", "AgeServReferRecDate"):
            return pa.int64()
        return pa.date32() if "Date" in column or column == "AssToolCompTimestamp" else pa.string()

    return pa.table({c: pa.array([row[c] for row in rows], type=type_of(c)) for c in EXAMPLE[name]})
