"""Scope and referral-spells in plain loops, each rule beside the sentence that it is from.

Sentences in quotation marks are those of the project's reference of the data set.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field

from tests.mhsds.oracle_cells import Tables, financial_year, last_day, month_number, null_highest, null_lowest
from tests.mhsds.oracle_records import (
    CORE,
    NATIONAL,
    SPELL_GAP,
    Reading,
    Referral,
    Scope,
    Service,
    contacts,
    deciding,
    submitted_referrals,
)

# Scope


def in_scope(item: Referral, scope: Scope, end: dt.date = dt.date.max, hospital: bool = True) -> bool:
    """Old enough (of known age), with a team of the scope, resident in England or unknown, and in no hospital spell."""
    if scope.minimum_age and (item.age is None or item.age < scope.minimum_age):
        return False
    if scope.team_types is not None and not any(service.code in scope.team_types for service in item.services):
        return False
    if scope.england_only and item.residence and not item.residence.startswith("E"):
        return False  # "blank counts as unknown"
    return not (hospital and scope.exclude_hospital_spells and in_hospital(item, end))


def in_hospital(item: Referral, end: dt.date) -> bool:
    """ "Linked to a hospital spell as known up to the end of the period: a later admission takes a referral out of no
    earlier period." Known in the month of its row; where that is not told, on the day that it began.
    """
    return any(is_known(month, began, end) for month, began in item.hospital)


def is_known(month: int | None, began: dt.date | None, end: dt.date) -> bool:
    if month is not None:
        return month <= month_number(end)
    return began is None or began <= end


def hospital_years(item: Referral, end: dt.date) -> set[int]:
    """The financial years in which a referral was linked to a hospital spell, as known at the end.

    A link that nobody dates counts, as in the four-week waits: in both years that twelve months touch.
    """
    years = set()
    for month, began in item.hospital:
        if is_known(month, began, end):
            year = financial_year(month if month is not None else month_number(began or end))
            years |= {year, year - 1} if month is None and began is None else {year}
    return years


# Referral-spells


@dataclass
class Spell:
    """Overlapping or near-adjoining referrals of one person with one provider (or one referral, by choice)."""

    members: list[Referral]
    end: dt.date | None
    scope: Scope
    is_single: bool = False
    grace: int = SPELL_GAP
    contacts: list[dt.date] = field(default_factory=list)

    @property
    def start(self) -> dt.date:
        """A spell starts with its earliest receipt."""
        return min(member.received for member in self.members)

    def open_at(self, day: dt.date) -> bool:
        """ "A spell that ended within 5 days of the period's end still counts as open"."""
        if self.is_single:
            return self.members[0].open_at(day, self.scope)
        return self.start <= day and (self.end is None or (day - self.end).days <= self.grace)


def end_of(item: Referral, scope: Scope, lapsed: str = "closed") -> dt.date | None:
    """ "A referral's end, in the row of each month, is the discharge date, else the rejection's, else that of the
    service's closure; where there is none, or it lies after that month's end, the month's end."

    Of several core services the latest end. It ends on the day of receipt at the earliest.
    """
    month_end = last_day(item.month) if item.month is not None and lapsed == "closed" else None
    ends = []
    for service in deciding(item.services, scope) or [Service(None, None)]:
        end = item.discharged or service.rejected or service.closed
        if month_end is not None and (end is None or end > month_end):
            end = month_end
        ends.append(end)
    latest = max(ends, key=null_highest)
    return None if latest is None else max(latest, item.received)


def referral_spells(items: list[Referral], scope: Scope = CORE, reading: Reading = NATIONAL) -> list[Spell]:
    """ "A new referral that starts within 5 days after the last end belongs to the same spell"."""
    spells: list[Spell] = []
    by_person = defaultdict(list)
    for item in items:
        if item.organisation not in reading.excluded_from_spells:
            by_person[item.person, item.organisation].append(item)
    for theirs in by_person.values():
        spell = None
        for item in sorted(theirs, key=lambda item: (item.received, item.id)):
            end = end_of(item, scope, reading.lapsed)
            if spell is not None and (spell.end is None or (item.received - spell.end).days <= SPELL_GAP):
                spell.members.append(item)
                spell.end = max(spell.end, end, key=null_highest)
            else:
                spell = Spell([item], end, scope, grace=reading.grace)
                spells.append(spell)
    # "Spells that start before 1 January 2016 are left out": the whole of them, whatever they were joined by.
    return [spell for spell in spells if spell.start >= reading.spell_floor]


def add_contacts_to(
    spells: list[Spell], tables: Tables, scope: Scope, end: dt.date, reading: Reading, items: list[Referral]
) -> None:
    """ "A contact counts for a spell when it is one of the person's with that provider, attended and direct, dated within
    the spell, and joined by submission to an in-scope referral."

    Where the extract has no row of the referral in the contact's own submission, the referral as it is decides.
    """
    latest = {(item.person, item.id): item for item in items}
    submitted = defaultdict(list)
    for item in submitted_referrals(tables) if reading.contacts == "submission" else ():
        submitted[item.person, item.id, item.submission].append(item)
    for contact in contacts(tables, reading):
        own = submitted[contact.person, contact.referral or "", contact.submission]
        known = own or [item for item in [latest.get((contact.person, contact.referral or ""))] if item is not None]
        within = [item for item in known if in_scope(item, scope, end)]
        if not contact.direct or not within:
            continue
        provider = within[0].organisation
        if reading.contacts == "submission":
            provider = contact.organisation or provider
        for spell in spells:
            whose = (spell.members[0].person, spell.members[0].organisation)
            within_spell = spell.start <= contact.day and (spell.end is None or contact.day <= spell.end)
            if whose == (contact.person, provider) and within_spell:
                spell.contacts.append(contact.day)
    for spell in spells:
        spell.contacts.sort()


def pathways(
    tables: Tables, items: list[Referral], scope: Scope, end: dt.date, pathway: str, reading: Reading = NATIONAL
) -> list[Spell]:
    """Waits are those of referral-spells, or of referrals, each by itself, by the contacts since its receipt."""
    within = [item for item in items if in_scope(item, scope, end)]
    if pathway == "referral":
        return [Spell([one], end_of(one, scope), scope, True, contacts=one.ordered) for one in within]
    if reading.rows == "latest in scope":
        within = latest_in_scope(tables, scope, end)
    spells = referral_spells(within, scope, reading)
    add_contacts_to(spells, tables, scope, end, reading, items)
    return spells


def latest_in_scope(tables: Tables, scope: Scope, end: dt.date) -> list[Referral]:
    """Nationally the latest of the rows that are in scope counts, whatever a later row says."""
    latest: dict[tuple[str, str], Referral] = {}
    for item in submitted_referrals(tables):
        if in_scope(item, scope, end):
            whose = (item.person, item.id)
            order = (null_lowest(item.month), null_highest(end_of(item, scope)))
            known = latest.get(whose)
            if known is None or order > (null_lowest(known.month), null_highest(end_of(known, scope))):
                latest[whose] = item
    return list(latest.values())
