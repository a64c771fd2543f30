"""Referrals, people and contacts of a month, by national id."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

from tests.mhsds.national_oracle import ENGLAND, Facts, Found, Month, Published, count, sub_icb
from tests.mhsds.oracle_cells import Row, Tables, cell, day_of, given, has_column, identifier, month_of, table
from tests.mhsds.oracle_records import (
    ATTENDED,
    Referral,
    attendance,
    found_by,
    is_before_v5,
    latest_contacts,
    mechanism,
    own_type,
    submitted_referrals,
)

COMMUNITY = {"A05", "A06", "A08", "A09", "A12", "A13", "A16", "C10"}
"""The team types of the measures of community mental health services; C03 is none of them here, unlike in waits."""
ATTENDANCES = {"2", "3", "4", "5", "6", "7"}
MECHANISMS = {"01", "02", "04", "05", "09", "10", "11", "12", "13", "98"}
TEAM_OF_CONTACT = ("UniqOtherCareProfTeamLocalID", "UniqCareProfTeamID")


def rows_of_the_month(tables: Tables, when: Month) -> list[Referral]:
    """ "Stocks of the monthly file read only rows submitted in that month"; of several rows of a referral the last."""
    latest = {}
    for item in submitted_referrals(tables):
        if item.month == when.number:
            latest[item.person, item.id] = item
    return list(latest.values())


def is_community(item: Referral) -> bool:
    """Whether any team of the referral is of a community mental health service; C03 was read as C10, and is not one."""
    return any(service.code in COMMUNITY and service.submitted_code != "C03" for service in item.services)


def referrals_of_the_month(tables: Tables, when: Month) -> Facts:
    """MHS01 people in contact, MHS23 open referrals, MHS32 new referrals, MHS57 people discharged; 23d, 32c and 57b of
    community mental health services.

    "People in contact (MHS01) are people with an open referral, whether seen or not." Open in the monthly file: submitted in
    the month and not discharged by its end. A rejected referral that is still submitted and not discharged is counted
    there (the published code does not ask), and so it is here. No age, team, residence or hospital spell is asked for.
    """
    facts: Facts = {id: [] for id in ("MHS01", "MHS23", "MHS23d", "MHS32", "MHS32c", "MHS57", "MHS57b")}
    for item in rows_of_the_month(tables, when):
        place = (item.organisation, sub_icb(tables, item.person, [when.number]))
        referral, person = Found((item.person, item.id), *place), Found(item.person, *place)
        ids: dict[str, Found] = {}
        if item.discharged is None or item.discharged > when.end:
            ids |= {"MHS01": person, "MHS23": referral} | ({"MHS23d": referral} if is_community(item) else {})
        if when.start <= item.received <= when.end:
            ids |= {"MHS32": referral} | ({"MHS32c": referral} if is_community(item) else {})
        if item.discharged is not None and when.start <= item.discharged <= when.end:
            ids |= {"MHS57": person} | ({"MHS57b": person} if is_community(item) else {})
        for id, found in ids.items():
            facts[id].append(found)
    return facts


# Contacts


def contacts_of_the_month(tables: Tables, when: Month) -> list[tuple[Row, Found]]:
    """Contacts that were submitted in the month and dated in it, whatever became of them, each id once."""
    of_month = {"contacts": [row for row in table(tables, "contacts") if month_of(row) == when.number]}
    found = []
    for (person, id), row in latest_contacts(of_month).items():
        day = day_of(cell(row, "CareContDate"))
        if day is not None and when.start <= day <= when.end:
            provider = identifier(cell(row, "OrgIDProv"))
            found.append((row, Found((person, id), provider, sub_icb(tables, person, [when.number]))))
    return found


def contacts(tables: Tables, when: Month) -> Facts:
    """MHS29 contacts, MHS30 those attended (by any mechanism); MHS29d and MHS30f of community mental health services.

    MHS29d goes by the contact's own team and leaves out a contact that names none; MHS30f takes the team of the referral
    for it. MHS29d is not given where contacts have no column of a team.
    """
    if not given(tables, "contacts"):
        return {}
    facts: Facts = {"MHS29": [], "MHS30": [], "MHS30f": []}
    if has_column(table(tables, "contacts"), *TEAM_OF_CONTACT):
        facts["MHS29d"] = []
    referrals = {(item.person, item.id): item for item in rows_of_the_month(tables, when)}
    for row, found in contacts_of_the_month(tables, when):
        facts["MHS29"].append(found)
        own = own_team(tables, row)
        referral = referrals.get((found.what[0], identifier(cell(row, "UniqServReqID")) or ""))
        if "MHS29d" in facts and own in COMMUNITY:
            facts["MHS29d"].append(found)
        if attendance(row) not in ATTENDED:
            continue
        facts["MHS30"].append(found)
        names_team = cell(row, *TEAM_OF_CONTACT) is not None
        if own in COMMUNITY or (not names_team and referral is not None and own_is_community(tables, referral)):
            facts["MHS30f"].append(found)
    return facts


def own_team(tables: Tables, contact: Row) -> str | None:
    """The type of the contact's own team: from v6 on in the table of teams, before it among the services of its referral."""
    team = identifier(cell(contact, *TEAM_OF_CONTACT))
    if team is None:
        return None
    code = own_type(tables, {"UniqCareProfTeamLocalID": team, **contact}, "", "UniqCareProfTeamLocalID", contact)
    if code is not None:
        return code
    for service in found_by(tables, "service_types", contact, "UniqServReqID"):
        if identifier(cell(service, "UniqCareProfTeamID", "UniqOtherCareProfTeamLocalID")) == team:
            return own_type(tables, service, "ServTeamTypeRefToMH", "UniqOtherCareProfTeamLocalID", contact)
    return None


def own_is_community(tables: Tables, item: Referral) -> bool:
    """Whether the referral's own team is of a community service; before v6, when it had none of its own, any of its teams."""
    own = own_type(tables, item.row, "ServTeamType", "UniqCareProfTeamLocalID", item.row)
    return own in COMMUNITY if own is not None else is_community(item)


def contacts_by_code(tables: Tables, when: Month) -> Published:
    """MHS29f: contacts by attendance; MHS30h: attended contacts by mechanism. England only, with a row for each code.

    A code that is missing is UNKNOWN (attendance) or Missing (mechanism); one that is not of the data set is Invalid.
    """
    if not given(tables, "contacts"):
        return {}
    groups = defaultdict(list)
    for row, found in contacts_of_the_month(tables, when):
        attended = attendance(row)
        code = "UNKNOWN" if attended is None else attended if attended in ATTENDANCES else "Invalid"
        groups["MHS29f", f"{ENGLAND}; Attendance", code].append(found)
        if attended in ATTENDED:
            how = mechanism(row)
            known = MECHANISMS | ({"03", "06"} if is_before_v5(row) else set())
            code = "Missing" if how is None else how if how in known else "Invalid"
            groups["MHS30h", f"{ENGLAND}; ConsMechanismMH", code].append(found)
    return {key: count(found) for key, found in groups.items()}


def between(day: dt.date | None, first: dt.date, last: dt.date) -> bool:
    return day is not None and first <= day <= last
