"""Follow-up after discharge from hospital, early intervention in psychosis and crisis response, by national id."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

from tests.mhsds.national_oracle import Facts, Found, Month, sub_icb
from tests.mhsds.national_oracle_clock_stop import concept, person_of
from tests.mhsds.national_oracle_monthly import between, own_team, rows_of_the_month
from tests.mhsds.oracle_cells import (
    Row,
    Tables,
    cell,
    clean,
    code_of,
    day_of,
    given,
    identifier,
    latest_rows,
    month_of,
    null_lowest,
    table,
)
from tests.mhsds.oracle_records import (
    ATTENDED,
    DIRECT_MECHANISMS,
    Referral,
    attendance,
    found_by,
    greatest,
    is_direct,
    latest_contacts,
    mechanism,
    submission_of,
    submitted_referrals,
)

# Follow-up within 72 hours

V6_BEGAN, V5_BEGAN = 1489, 1459
ACUTE_BEFORE_V6 = {"10", "11", "12", "16", "17", "18"}
ACUTE = {"200", "201", "202", "205", "212", "213"}
DIED_OR_OTHER = {"4", "5"}
"""Methods of discharge that are not followed up."""
NOT_FOLLOWED_UP = {"30", "37", "48", "49", "50", "53", "79", "84", "87"}
"""Destinations that are not followed up, with 38 before v5 and 40, 42 and 89 since."""
WITHIN_DAYS = 3
SHIFTED = dt.timedelta(4)
"""The discharges are those of a month that ends four days before the reporting month, so that each can be followed up."""


def followed_up(tables: Tables, when: Month) -> Facts:
    """MHS78 discharges from adult acute beds, MHS79 those followed up within three days.

    Adult acute beds are those of the last ward stay; the method of discharge is not 4 or 5, the destination none that is
    left out, the residence England or unknown, and the person did not die within three days. Followed up: an attended
    contact by a direct mechanism, or another hospital spell, at the same provider, after the day of discharge and within
    three days. Discharges from four days before the month to four days before its end. A referral onward to another
    provider, which nationally becomes the responsible one, is not read.
    """
    if not (given(tables, "hospital_spells") and given(tables, "ward_stays") and given(tables, "contacts")):
        return {}
    facts: Facts = {"MHS78": [], "MHS79": []}
    two = (when.number - 1, when.number)
    stays = {"hospital_spells": [row for row in table(tables, "hospital_spells") if month_of(row) in two]}
    spells = {
        key: row
        for key, row in latest_rows(
            stays["hospital_spells"], "UniqHospProvSpellID", lambda row: month_of(row) or 0
        ).items()
        if is_english(tables, row)
    }
    for (person, id), row in spells.items():
        discharged = day_of(cell(row, "DischDateHospProvSpell"))
        provider = identifier(cell(row, "OrgIDProv"))
        if discharged is None or not between(discharged, when.start - SHIFTED, when.end - SHIFTED):
            continue
        if not is_eligible(row) or not in_acute_bed(tables, person, id, row) or died(tables, row, discharged):
            continue
        found = Found((person, id), provider, sub_icb(tables, person, two))
        facts["MHS78"].append(found)
        days = [
            day_of(cell(other, "StartDateHospProvSpell"))
            for (whose, _), other in spells.items()
            if whose == person and identifier(cell(other, "OrgIDProv")) == provider
        ]
        days += [
            day_of(cell(other, "CareContDate"))
            for (whose, _), other in latest_contacts(tables).items()
            if whose == person
            and identifier(cell(other, "OrgIDProv")) == provider
            and attendance(other) in ATTENDED
            and mechanism(other) in DIRECT_MECHANISMS
        ]
        if any(day is not None and 0 < (day - discharged).days <= WITHIN_DAYS for day in days):
            facts["MHS79"].append(found)
    return facts


def is_english(tables: Tables, row: Row) -> bool:
    """Resident in England, or of unknown residence, in the submission of the row."""
    people = found_by(tables, "people", row, "Person_ID")
    place = greatest([code_of(cell(one, "LADistrictAuth"), 1) for one in people])
    return place is None or place.startswith("E")


def is_eligible(row: Row) -> bool:
    """By method and destination of discharge; a missing one is no reason against it."""
    month = month_of(row) or V6_BEGAN
    destinations = NOT_FOLLOWED_UP | ({"40", "42", "89"} if month >= V5_BEGAN else {"38"})
    method = code_of(cell(row, "MethOfDischMHHospProvSpell"), 1)
    return method not in DIED_OR_OTHER and code_of(cell(row, "DestOfDischHospProvSpell")) not in destinations


def in_acute_bed(tables: Tables, person: str, id: str, spell: Row) -> bool:
    """By the last ward stay: of the latest month, then of the latest end."""
    stays = [
        row
        for row in table(tables, "ward_stays")
        if (person_of(row), identifier(cell(row, "UniqHospProvSpellID"))) == (person, id)
    ]
    if not stays:
        return False
    last = max(stays, key=lambda row: (month_of(row) or 0, null_lowest(day_of(cell(row, "EndDateWardStay")))))
    bed = code_of(cell(last, "MHAdmittedPatientClass", "HospitalBedTypeMH"))
    return bed in (ACUTE if (month_of(spell) or V6_BEGAN) >= V6_BEGAN else ACUTE_BEFORE_V6)


def died(tables: Tables, spell: Row, discharged: dt.date) -> bool:
    """Died within three days of discharge, as the provider told."""
    for row in table(tables, "people"):
        if person_of(row) == person_of(spell) and identifier(cell(row, "OrgIDProv")) == identifier(
            cell(spell, "OrgIDProv")
        ):
            day = day_of(cell(row, "PersDeathDate"))
            if day is not None and (day - discharged).days <= WITHIN_DAYS:
                return True
    return False


# Early intervention in psychosis

PSYCHOSIS = "01"
"""The reason for referral of a suspected first episode."""
EARLY_INTERVENTION = "A14"
EIP_BEGAN = dt.date(2016, 1, 1)
TWO_WEEKS = 14


def early_intervention(tables: Tables, when: Month, nice_concordant: frozenset[str] = frozenset()) -> Facts:
    """EIP23a referrals that entered treatment in the three months, EIP23b within two weeks; EIP63 open referrals for
    suspected psychosis to no A14 team; EIP64 those that entered treatment, EIP65 after and EIP66 within two weeks; EIP68
    caseload of A14 teams, EIP69a with any and EIP69b with a NICE concordant concept.

    Entering treatment is the later of the first contact and the first assignment of a care co-ordinator, both on or after
    receipt: for EIP23 with a team of A14 each, for EIP64 with any, of referrals that had no A14 team in any month. A
    contact is attended and by 01, 02, 04 or 11 (before v5 01 to 04). The measures of treatment are not given without
    MHS006 care co-ordinators, and EIP69 not without care activities.
    """
    facts: Facts = {}
    psychosis, rows = eip_referrals(tables, when), rows_of_the_month(tables, when)
    a14 = {
        (item.person, item.id)
        for item in submitted_referrals(tables)
        if any(service.code == EARLY_INTERVENTION for service in item.services)
    }
    facts["EIP63"] = [
        found_of(tables, item, when)
        for item in psychosis
        if item.month == when.number
        and (item.discharged is None or item.discharged > when.end)
        and not any(service.code == EARLY_INTERVENTION for service in item.services)
    ]
    if not given(tables, "contacts"):
        return facts
    if given(tables, "coordinators"):
        facts |= {id: [] for id in ("EIP23a", "EIP23b", "EIP64", "EIP65", "EIP66")}
        for item in psychosis:
            is_a14 = (item.person, item.id) in a14
            if not is_a14 and not item.services:
                continue
            day = entered_treatment(tables, item, when, is_a14)
            if day is None or not when.quarter_start <= day <= when.end:
                continue
            found, soon = found_of(tables, item, when), (day - item.received).days <= TWO_WEEKS
            for id in ("EIP23a", *["EIP23b"] * soon) if is_a14 else ("EIP64", "EIP66" if soon else "EIP65"):
                facts[id].append(found)
    open_a14 = [
        item
        for item in rows
        if item.discharged is None
        and any(one.code == EARLY_INTERVENTION and not one.rejected for one in item.services)
        and (not item.residence or item.residence.startswith("E"))
    ]
    facts["EIP68"] = [found_of(tables, item, when) for item in open_a14 if is_seen(tables, item)]
    if given(tables, "care_activities"):
        coded = {whose: codes for whose, codes in concepts(tables, open_a14, when).items() if codes}
        with_any = [item for item in open_a14 if (item.person, item.id) in coded]
        facts["EIP69a"] = [found_of(tables, item, when) for item in with_any]
        facts["EIP69b"] = [
            found_of(tables, item, when) for item in with_any if coded[item.person, item.id] & nice_concordant
        ]
    return facts


def found_of(tables: Tables, item: Referral, when: Month) -> Found:
    return Found(
        (item.person, item.id), item.organisation, sub_icb(tables, item.person, range(when.number - 2, when.number + 1))
    )


def eip_referrals(tables: Tables, when: Month) -> list[Referral]:
    """The latest row of each referral for suspected psychosis since 2016: discharged by the month's end, or submitted in it."""
    latest: dict[tuple[str, str], Referral] = {}
    for item in sorted(submitted_referrals(tables), key=lambda item: item.month or 0):
        latest[item.person, item.id] = item
    return [
        item
        for item in latest.values()
        if code_of(cell(item.row, "PrimReasonReferralMH")) == PSYCHOSIS
        and item.received >= EIP_BEGAN
        and (item.month == when.number or (item.discharged is not None and item.discharged <= when.end))
    ]


def entered_treatment(tables: Tables, item: Referral, when: Month, is_a14: bool) -> dt.date | None:
    contacts = []
    for (person, _), row in latest_contacts(tables).items():
        day = day_of(cell(row, "CareContDate"))
        if (person, identifier(cell(row, "UniqServReqID"))) != (item.person, item.id) or day is None:
            continue
        counts = attendance(row) in ATTENDED and mechanism(row) in DIRECT_MECHANISMS and day >= item.received
        if counts and (not is_a14 or team_of(tables, item, row) == EARLY_INTERVENTION):
            contacts.append(day)
    assigned = []
    for row in table(tables, "coordinators"):
        start, end = day_of(cell(row, "StartDateAssCareCoord")), day_of(cell(row, "EndDateAssCareCoord"))
        if person_of(row) != item.person or start is None or start < item.received:
            continue
        if is_a14 and code_of(cell(row, "CareProfServOrTeamTypeAssoc"), 1) != EARLY_INTERVENTION:
            continue
        before_discharge = item.discharged is None or item.discharged > when.end or start <= item.discharged
        is_current = month_of(row) in (None, when.number) if end is None or end > when.end else True
        if before_discharge and is_current:
            assigned.append(start)
    return max(min(contacts), min(assigned)) if contacts and assigned else None


def team_of(tables: Tables, item: Referral, contact: Row) -> str | None:
    """The contact's own team; of one that names none, A14 where the referral has that team."""
    own = own_team(tables, contact)
    if own is not None:
        return own
    return EARLY_INTERVENTION if any(one.code == EARLY_INTERVENTION for one in item.services) else None


def is_seen(tables: Tables, item: Referral) -> bool:
    """At least one attended direct contact, in any month so far."""
    return any(
        (person, identifier(cell(row, "UniqServReqID"))) == (item.person, item.id) and is_direct(row)
        for (person, _), row in latest_contacts(tables).items()
    )


def concepts(tables: Tables, items: list[Referral], when: Month) -> dict[tuple[str, str], set[str]]:
    """The concepts of care and indirect activity of the person since receipt, whichever referral they are by.

    Nationally a concept has to be one of SNOMED CT; here any that is given counts.
    """
    days = {(person, id): day_of(cell(row, "CareContDate")) for (person, id), row in latest_contacts(tables).items()}
    done = defaultdict(list)
    for row in table(tables, "care_activities"):
        day = days.get((person_of(row), identifier(cell(row, "UniqCareContID")) or ""))
        for column in ("Procedure", "Observation"):
            done[person_of(row)].append((day, submission_of(row), concept(cell(row, column))))
    for row in table(tables, "indirect_activity"):
        day = day_of(cell(row, "IndirectActDate"))
        done[person_of(row)].append((day, submission_of(row), concept(cell(row, "IndActProcedure"))))
    submissions = defaultdict(set)
    for item in submitted_referrals(tables):
        submissions[item.person, item.id].add(item.submission)
    return {
        (item.person, item.id): {
            code
            for day, submission, code in done[item.person]
            if code is not None
            and between(day, item.received, when.end)
            and submission in submissions[item.person, item.id]
        }
        for item in items
    }


# Crisis response

CRISIS = {"A02", "A18", "A19"}
VERY_URGENT, URGENT = "4", "2"
HOURS_4, HOURS_24 = dt.timedelta(hours=4), dt.timedelta(hours=24)


def crisis_response(tables: Tables, when: Month) -> Facts:
    """CCR117 new very urgent referrals to crisis teams, CCR118 with a face to face contact, CCR119 within 4 hours; CCR120
    new urgent referrals with one within 24 hours; a of people of 18 and over, b of younger ones.

    Referrals received in the month, to A02, A18 or A19; very urgent is priority 4, urgent is 2. The contact is the first
    that was attended face to face in the month, at or after the time of receipt; a time that is not given is midnight.
    """
    if not given(tables, "contacts"):
        return {}
    facts: Facts = {f"CCR{number}{letter}": [] for number in (117, 118, 119, 120) for letter in ("", "a", "b")}
    for item in rows_of_the_month(tables, when):
        if not when.start <= item.received <= when.end or not {one.code for one in item.services} & CRISIS:
            continue
        priority = code_of(cell(item.row, "ClinRespPriorityType"), 1)
        received = moment(item.received, cell(item.row, "ReferralRequestReceivedTime"))
        seen = first_face_to_face(tables, item, received, when)
        ids = []
        if priority == VERY_URGENT:
            ids = ["CCR117"] + ["CCR118"] * (seen is not None)
            ids += ["CCR119"] * (seen is not None and seen - received <= HOURS_4)
        elif priority == URGENT and seen is not None and seen - received <= HOURS_24:
            ids = ["CCR120"]
        letters = [""] if item.age is None else ["", "a" if item.age >= 18 else "b"]
        found = Found((item.person, item.id), item.organisation, sub_icb(tables, item.person, [when.number]))
        for id in ids:
            for letter in letters:
                facts[id + letter].append(found)
    return facts


def first_face_to_face(tables: Tables, item: Referral, received: dt.datetime, when: Month) -> dt.datetime | None:
    moments = []
    for row in table(tables, "contacts"):
        day = day_of(cell(row, "CareContDate"))
        if (person_of(row), identifier(cell(row, "UniqServReqID"))) != (item.person, item.id) or month_of(
            row
        ) != when.number:
            continue
        if between(day, when.start, when.end) and attendance(row) in ATTENDED and mechanism(row) == "01":
            assert day is not None
            moments.append(moment(day, cell(row, "CareContTime")))
    return min((one for one in moments if one >= received), default=None)


def moment(day: dt.date, time: object) -> dt.datetime:
    """A day and its time: a time, a stamp (of whatever day), or text such as 09:30, 09:30:00 or 1970-01-01 09:30:00."""
    time = clean(time)
    if isinstance(time, str):
        time = dt.time.fromisoformat(time.replace("T", " ").rpartition(" ")[2][:8])
    if isinstance(time, dt.datetime):
        time = time.time()
    return dt.datetime.combine(day, time if isinstance(time, dt.time) else dt.time())
