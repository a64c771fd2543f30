"""The full clock stop of referral-spells (MRS01, MRS02, MRS20), with the user's own reference sets."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from tests.mhsds.national_oracle import Month
from tests.mhsds.oracle_cells import Row, Tables, cell, code_of, day_of, identifier, table
from tests.mhsds.oracle_records import CORE, NATIONAL, contacts, submission_of, submitted_referrals
from tests.mhsds.oracle_spells import Spell, in_scope

LONG_WAITS = {"a": 728, "c": 546, "e": 364}
"""More than 104, 78 and 52 weeks, by the letter of their ids [day]."""
ASSESSMENT_NEEDED = dt.date(2024, 4, 1)
WITHIN = 28
NO_HELP = {"11429006", "975131000000104", "2386021000000108"}
"""Consultation, signposting, and discussion with a care professional stop no clock."""
CURRENT_VIEW = frozenset(
    [
        "987191000000101",
        "987201000000104",
        "987211000000102",
        "987221000000108",
        "987231000000105",
        "987241000000101",
        "987251000000103",
        "987261000000100",
        "987271000000107",
        "987281000000109",
        "987291000000106",
        "987301000000105",
        "987311000000107",
        "987321000000101",
        "987331000000104",
        "987341000000108",
        "987351000000106",
        "987361000000109",
        "987371000000102",
        "987381000000100",
        "987391000000103",
        "987401000000100",
        "987411000000103",
        "987421000000109",
        "987431000000106",
        "987441000000102",
        "987451000000104",
        "987461000000101",
        "987471000000108",
        "987481000000105",
        "987491000000107",
        "987501000000101",
        "987511000000104",
        "987521000000105",
        "987531000000107",
        "987541000000103",
    ]
)
"""The concepts of the Current View tool, which is no baseline outcome."""


@dataclass(frozen=True)
class Event:
    """Something done for a person at a provider that may stop a clock."""

    person: str
    provider: str | None
    day: dt.date
    kind: str
    made: dt.date | None = None
    """Of a care plan, the day on which it was made."""

    def within(self, spell: Spell) -> dt.date | None:
        """Its day, if that is within the spell; of a care plan that was made in the spell, the day on which it was."""
        if self.day < spell.start or (spell.end is not None and self.day > spell.end):
            return None
        return self.made if self.made is not None and spell.start <= self.made <= self.day else self.day


def of_clock_stop(spell: Spell, when: Month, events: list[Event] | None) -> list[str]:
    if events is None:
        return []
    stop = clock_stop(spell, events)
    waited = (when.end - spell.start).days
    ids = []
    if stop is not None and when.quarter_start <= stop <= when.end:
        ids.append("MRS01")
        if (stop - spell.start).days <= WITHIN:
            ids.append("MRS01a")
    if spell.open_at(when.end):
        if stop is not None:
            return [*ids, "MRS20"]
        ids += ["MRS02", *(f"MRS02{letter}" for letter, days in LONG_WAITS.items() if waited > days)]
    return ids


def clock_stop(spell: Spell, events: list[Event]) -> dt.date | None:
    """ "The latest of the first contact, the first meaningful assessment, the first baseline outcome measure, and the first
    care plan or intervention; no assessment is needed where the spell and its first contact are both before 1 April 2024."
    """
    if not spell.contacts:
        return None
    first = spell.contacts[0]
    needed = ["outcome", "plan or intervention"]
    if spell.start >= ASSESSMENT_NEEDED or first >= ASSESSMENT_NEEDED:
        needed.append("assessment")
    person, provider = spell.members[0].person, spell.members[0].organisation
    days = [first]
    for kind in needed:
        of_kind = [
            day
            for one in events
            if (one.person, one.provider, one.kind) == (person, provider, kind)
            and (day := one.within(spell)) is not None
        ]
        if not of_kind:
            return None
        days.append(min(of_kind))
    return max(days)


def events(tables: Tables, reference_sets: list[Row], when: Month) -> list[Event]:
    """All events of in-scope referrals; a contact counts whether it was attended or not, as the published code has it."""
    within = {
        (item.person, item.id, item.submission)
        for item in submitted_referrals(tables)
        if in_scope(item, CORE, when.end)
    }
    of_contact = {(one.person, one.id): one for one in contacts(tables, NATIONAL)}
    found = care_plans(tables)
    for name, column in (("care_activities", "Procedure"), ("activity_assessments", "CodedAssToolType")):
        for row in table(tables, name):
            contact = of_contact.get((person_of(row), identifier(cell(row, "UniqCareContID")) or ""))
            if contact is None or (contact.person, contact.referral or "", submission_of(row)) not in within:
                continue
            kind = kind_of(row, column, contact.day, reference_sets)
            found += [Event(contact.person, contact.organisation, contact.day, kind)] if kind else []
    for name, column, date in (
        ("indirect_activity", "IndActProcedure", "IndirectActDate"),
        ("referral_assessments", "CodedAssToolType", "AssToolCompTimestamp"),
    ):
        for row in table(tables, name):
            day, person = day_of(cell(row, date, *OLD_NAMES.get(date, ()))), person_of(row)
            if day is None or (person, identifier(cell(row, "UniqServReqID")) or "", submission_of(row)) not in within:
                continue
            kind = kind_of(row, column, day, reference_sets)
            found += [Event(person, provider_of(tables, row), day, kind)] if kind else []
    return found


def kind_of(row: Row, column: str, day: dt.date, reference_sets: list[Row]) -> str | None:
    code = concept(cell(row, column, *OLD_NAMES.get(column, ())))
    return scored(code) if column == "CodedAssToolType" else intervention(code, day, reference_sets)


OLD_NAMES = {
    "Procedure": ("CodeProcAndProcStatus",),
    "IndActProcedure": ("CodeIndActProcAndProcStatus",),
    "AssToolCompTimestamp": ("AssToolCompDate",),
}


def person_of(row: Row) -> str:
    return identifier(cell(row, "Person_ID")) or ""


def provider_of(tables: Tables, row: Row) -> str | None:
    """The provider on a row, or else that of its referral."""
    own = identifier(cell(row, "OrgIDProv"))
    referral = (person_of(row), identifier(cell(row, "UniqServReqID")))
    others = [item.organisation for item in submitted_referrals(tables) if (item.person, item.id) == referral]
    return own or (others[0] if others else None)


def concept(value: Any) -> str | None:
    """The concept before a colon, after which its refinement stands."""
    code = code_of(value, 1)
    return None if code is None else code.partition(":")[0].strip()


def intervention(code: str | None, day: dt.date, reference_sets: list[Row]) -> str | None:
    """A concept of a reference set that is active on the day: an assessment, or an intervention."""
    for row in reference_sets:
        if code != concept(row["concept"]) or code in NO_HELP:
            continue
        start, end = day_of(row.get("start")), day_of(row.get("end"))
        if (start is None or start <= day) and (end is None or day <= end):
            return "assessment" if row["group"] == "Assessments" else "plan or intervention"
    return None


def scored(code: str | None) -> str | None:
    """A scored assessment by any tool but Current View is a baseline outcome; nationally, by a tool of a published list."""
    return None if code is None or code in CURRENT_VIEW else "outcome"


def care_plans(tables: Tables) -> list[Event]:
    """Agreed care plans, on the day of their last update, if that is within the spell; then of those that were made in the
    spell the making counts.

    As published, a plan that was never updated stops no clock.
    """
    agreed = {
        (person_of(row), identifier(cell(row, "UniqCarePlanID")), submission_of(row))
        for row in table(tables, "care_plan_agreements")
    }
    found = []
    for row in table(tables, "care_plans"):
        if (person_of(row), identifier(cell(row, "UniqCarePlanID")), submission_of(row)) in agreed:
            made, updated = day_of(cell(row, "CarePlanCreatDate")), day_of(cell(row, "CarePlanLastUpdateDate"))
            if updated is not None:
                provider = identifier(cell(row, "OrgIDProv"))
                found.append(Event(person_of(row), provider, updated, "plan or intervention", made))
    return found
