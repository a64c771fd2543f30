"""Access, referral-spells with second contact and full clock stop, and second contacts of referrals, by national id."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

from tests.mhsds.national_oracle import Facts, Found, Month, sub_icb
from tests.mhsds.national_oracle_clock_stop import LONG_WAITS, events, of_clock_stop
from tests.mhsds.oracle_cells import Row, Tables, financial_year, given
from tests.mhsds.oracle_records import ACCESS, CORE, Reading, Referral, contacts, referrals, submitted_referrals
from tests.mhsds.oracle_spells import Spell, hospital_years, in_scope, pathways

NATIONAL_ROWS = Reading(rows="latest in scope", contacts="submission")
ACCESS_WIDENED = 1477
"""April 2023, from which early intervention (A14) and individual placement and support (D05) belong to access."""
REFERRALS_BEGAN = dt.date(2019, 4, 1)


def rows_of_the_year(tables: Tables, when: Month) -> list[Referral]:
    """The submitted rows of the twelve months that are in the scope of access.

    A row is left out where its referral is linked to a hospital spell in the row's own financial year: "not linked to a
    hospital spell in the same financial year (access)".
    """
    scope = ACCESS if when.number >= ACCESS_WIDENED else CORE
    return [
        item
        for item in submitted_referrals(tables)
        if item.month is not None
        and item.month in when.year
        and in_scope(item, scope, when.end, hospital=False)
        and financial_year(item.month) not in hospital_years(item, when.end)
    ]


def access(tables: Tables, when: Month) -> Facts:
    """MHS108: "distinct people with a referral that has two or more direct contacts inside the rolling 12 months".

    A contact counts where the referral has a row in its submission; where the extract has no row of the referral in that
    submission at all, its latest row decides. The place is that of the second contact.
    """
    if not given(tables, "contacts"):
        return {}
    rows = rows_of_the_year(tables, when)
    of_submission = {(item.person, item.id, item.submission): item for item in rows}
    latest = {(item.person, item.id): item for item in sorted(rows, key=lambda item: item.month or 0)}
    submitted = {(item.person, item.id, item.submission) for item in submitted_referrals(tables)}
    counting = defaultdict(list)
    for contact in contacts(tables, NATIONAL_ROWS):
        key = (contact.person, contact.referral or "", contact.submission)
        row = of_submission.get(key) if key in submitted else latest.get(key[:2])
        if row is not None and contact.direct and first_day(when) <= contact.day <= when.end:
            counting[row.person, row.id].append((contact.day, contact.id, row))
    found = []
    for (person, _), theirs in counting.items():
        if len(theirs) >= 2:
            row = sorted(theirs, key=lambda one: one[:2])[1][2]
            found.append(Found(person, row.organisation, row.commissioner))
    return {"MHS108": found}


def first_day(when: Month) -> dt.date:
    return Month(when.number - 11).start


def second_contacts(tables: Tables, when: Month) -> Facts:
    """MHS124 to MHS126: referrals whose second contact is within the three months, and how long it took [day];
    MHS127 to MHS129: referrals still waiting for one, and for how long.

    Referrals of the scope of access, by their latest row in the twelve months, received since April 2019. Nationally all
    direct contacts of the referral count, also one before receipt or after discharge. Still waiting are those submitted in
    the month and not discharged by its end; a rejection is not asked for. Nationally they have waited to the day *after*
    the period's end.
    """
    if not given(tables, "contacts"):
        return {}
    latest: dict[tuple[str, str], Referral] = {}
    for item in sorted(rows_of_the_year(tables, when), key=lambda item: item.month or 0):
        latest[item.person, item.id] = item
    days = defaultdict(list)
    for contact in contacts(tables, NATIONAL_ROWS):
        if contact.direct:
            days[contact.person, contact.referral].append(contact.day)
    done, waiting = [], []
    for whose, item in latest.items():
        theirs = sorted(days[whose])
        second = theirs[1] if len(theirs) > 1 else None
        if item.received < REFERRALS_BEGAN:
            continue
        if second is not None and when.quarter_start <= second <= when.end:
            done.append(Found(whose, item.organisation, item.commissioner, (second - item.received).days))
        still_open = item.discharged is None or item.discharged > when.end
        if second is None and item.month == when.number and still_open:
            waited = (when.end + dt.timedelta(1) - item.received).days
            waiting.append(Found(whose, item.organisation, item.commissioner, waited))
    return {"MHS124": done, "MHS127": waiting}


# Referral-spells


def referral_spells(tables: Tables, when: Month, reference_sets: list[Row] | None = None) -> Facts:
    """MRS03 to MRS07f, MRS15 and MRS21; with reference sets also MRS01, MRS02, MRS20 and MRS22.

    "Flows (MRS01, MRS04, MRS05, MRS15) are over three months, stocks at the month's end." A spell that still counts as open
    is not closed. As published, MRS05 leaves out, too, the spell of a referral that was rejected (or closed by its service),
    never discharged, and is still submitted in the last month: it is neither open nor closed. The place is the person's in
    the latest of the three months.
    """
    if not given(tables, "contacts"):
        return {}
    items = list(referrals(tables, NATIONAL_ROWS).values())
    spells = pathways(tables, items, CORE, when.end, "spell", NATIONAL_ROWS)
    done = None if reference_sets is None else events(tables, reference_sets, when)
    facts: Facts = {id: [] for id in ("MRS03", "MRS04", "MRS05", "MRS06", "MRS15", "MRS21")}
    facts |= {f"MRS07{letter}": [] for letter in LONG_WAITS}
    if reference_sets is not None:
        facts |= {id: [] for id in ("MRS01", "MRS01a", "MRS02", "MRS20")}
        facts |= {f"MRS02{letter}": [] for letter in LONG_WAITS}
    for number, spell in enumerate(spells):
        if spell.start > when.end:
            continue
        person, provider = spell.members[0].person, spell.members[0].organisation
        place = sub_icb(tables, person, range(when.number - 2, when.number + 1))
        waited = (when.end - spell.start).days
        found = Found(number, provider, place, waited)
        for id in (*of_second_contact(spell, when), *of_clock_stop(spell, when, done)):
            facts[id].append(found)
    return facts


def of_second_contact(spell: Spell, when: Month) -> list[str]:
    second = spell.contacts[1] if len(spell.contacts) > 1 else None
    waited = (when.end - spell.start).days
    ids = []
    if spell.start >= when.quarter_start:
        ids.append("MRS04")
    if second is not None and when.quarter_start <= second <= when.end:
        ids.append("MRS15")
    if not spell.open_at(when.end):
        lingers = any(member.month == when.number and member.discharged is None for member in spell.members)
        if spell.end is not None and when.quarter_start <= spell.end <= when.end and not lingers:
            ids.append("MRS05")
        return ids
    ids.append("MRS06")
    if second is not None:
        return [*ids, "MRS21"]
    return [*ids, "MRS03", *(f"MRS07{letter}" for letter, days in LONG_WAITS.items() if waited > days)]
