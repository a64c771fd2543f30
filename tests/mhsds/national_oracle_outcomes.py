"""Paired outcomes of DIALOG, ReQoL-10 and goal-based outcomes from scored assessments, in plain loops.

"Paired scores of one tool within one referral, the first valid and the latest." The concepts of the items and the ranges
of their scores are those of the published analytical code.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass

from tests.mhsds.national_oracle import Month, known_by, sub_icb
from tests.mhsds.national_oracle_clock_stop import concept, person_of
from tests.mhsds.national_oracle_monthly import rows_of_the_month
from tests.mhsds.oracle_cells import Tables, cell, code_of, day_of, identifier, number_of, table
from tests.mhsds.oracle_records import Referral, Scope, is_direct, latest_contacts
from tests.mhsds.oracle_spells import in_scope

TEAMS = frozenset(["A05", "A06", "A08", "A09", "A12", "A13", "A14", "A16"])
OUTCOMES = Scope(TEAMS)
ORGANIC = "08"
REFERRALS_BEGAN = dt.date(2019, 4, 1)
LONG_ENOUGH, CONTACTS_ENOUGH = 180, 2


@dataclass(frozen=True)
class Tool:
    """A tool: the range of its valid scores, the least reliable change, and the clinical cut-off; more is better."""

    name: str
    lowest: float
    highest: float
    reliable: float
    cut_off: float | None = None


DIALOG = Tool("DIALOG", 1, 7, 1)
REQOL_10 = Tool("ReQoL-10", 0, 40, 5, 25)
GBO = Tool("GBO", 0, 10, 3)
ITEMS = {
    **{
        code: (DIALOG, item)
        for item, code in enumerate(
            (
                "1037651000000100", "1037661000000102", "1037671000000109", "1037681000000106", "1037691000000108",
                "1037701000000108", "1037711000000105", "1037721000000104", "1037731000000102", "1037741000000106",
                "1037751000000109",
            ),
            1,
        )
    },
    "1091071000000100": (REQOL_10, 1),
    "1638531000000102": (GBO, 1),
    "1638541000000106": (GBO, 2),
    "1638551000000109": (GBO, 3),
}  # fmt: skip
"""The tool and the number of the item of each concept."""
OF_EXPERIENCE = {9, 10, 11}
"""Items of DIALOG that ask of care; the national dashboard shows no change of them."""


@dataclass(frozen=True)
class Score:
    """A valid score."""

    person: str
    referral: str
    tool: Tool
    item: int
    day: dt.date
    score: float


@dataclass(frozen=True)
class Outcome:
    """The first and the latest score of an item in a referral; no latest where there is one score."""

    person: str
    referral: str
    provider: str | None
    sub_icb: str
    status: str
    tool: Tool
    item: int
    first: float
    latest: float | None

    @property
    def change(self) -> float | None:
        return None if self.latest is None else self.latest - self.first

    @property
    def improved(self) -> bool:
        return self.change is not None and self.change >= self.tool.reliable

    @property
    def deteriorated(self) -> bool:
        return self.change is not None and self.change <= -self.tool.reliable

    @property
    def unchanged(self) -> bool:
        return self.change is not None and abs(self.change) < self.tool.reliable

    @property
    def below_cut_off(self) -> bool:
        """Paired, and below the cut-off at first: of these recovery is asked."""
        return self.latest is not None and self.tool.cut_off is not None and self.first < self.tool.cut_off

    @property
    def recovered(self) -> bool:
        """Below the cut-off at first, at or above it at last, and reliably improved."""
        cut_off = self.tool.cut_off
        return self.below_cut_off and self.improved and self.latest is not None and self.latest >= (cut_off or 0)


def scores(tables: Tables) -> list[Score]:
    """The valid scores, each (person, referral, item, day, score) once, in order of their days.

    An assessment of a referral (MHS606) is of the day on which the tool was completed, one of an activity (MHS607) of the day
    of its contact. "8 is invalid" for DIALOG; a score that is no number, or out of the tool's range, is invalid.
    """
    contacts = {
        (person, id): (day_of(cell(row, "CareContDate")), identifier(cell(row, "UniqServReqID")))
        for (person, id), row in latest_contacts(tables).items()
    }
    found = set()
    for row in table(tables, "referral_assessments"):
        day = day_of(cell(row, "AssToolCompTimestamp", "AssToolCompDate"))
        found.add((person_of(row), identifier(cell(row, "UniqServReqID")), concept(cell(row, "CodedAssToolType")), day,
                   number_of(cell(row, "PersScore"))))  # fmt: skip
    for row in table(tables, "activity_assessments"):
        contact = (person_of(row), identifier(cell(row, "UniqCareContID")) or "")
        day, referral = contacts.get(contact, (None, None))
        found.add(
            (person_of(row), referral, concept(cell(row, "CodedAssToolType")), day, number_of(cell(row, "PersScore")))
        )
    valid = []
    for person, referral, code, day, score in found:
        if code not in ITEMS or referral is None or day is None or score is None:
            continue
        tool, item = ITEMS[code]
        if tool.lowest <= score <= tool.highest:
            valid.append(Score(person, referral, tool, item, day, score))
    return sorted(valid, key=lambda one: (one.day, one.score))


def outcomes(tables: Tables, month: int) -> list[Outcome]:
    """Of each referral that is asked for, and each item that has a score: the first and the latest by the month's end.

    Asked for: submitted in the month, of people of 18 and over, received since April 2019, not rejected, to a team of the
    eight, in no hospital spell as known, resident in England or unknown, reason not organic (08). "Asked of closed referrals
    with two or more contacts, and of open ones with two or more contacts and 180 days": closed is discharged in the month,
    and open is what is not discharged by its end, to which its days are counted. The latest is any score after the first in order;
    of several of one day the lowest stands first.
    """
    when, tables = Month(month), known_by(tables, month)
    theirs = defaultdict(list)
    for score in scores(tables):
        if score.day <= when.end:
            theirs[score.person, score.referral, score.tool, score.item].append(score.score)
    asked = {}
    for item in rows_of_the_month(tables, when):
        status = asked_for(tables, item, when)
        if status is not None:
            asked[item.person, item.id] = (item, status)
    found = []
    for (person, referral, tool, number), values in theirs.items():
        if (person, referral) in asked:
            item, status = asked[person, referral]
            place = sub_icb(tables, person, [month])
            latest = values[-1] if len(values) > 1 else None
            found.append(Outcome(person, referral, item.organisation, place, status, tool, number, values[0], latest))
    return found


def asked_for(tables: Tables, item: Referral, when: Month) -> str | None:
    """Open, closed, or None of a referral of which outcomes are not asked."""
    reason = code_of(cell(item.row, "PrimReasonReferralMH"))
    if not in_scope(item, OUTCOMES, when.end) or item.received < REFERRALS_BEGAN or reason == ORGANIC:
        return None
    if item.rejected(OUTCOMES) is not None:
        return None
    contacts = [
        row
        for (person, _), row in latest_contacts(tables).items()
        if (person, identifier(cell(row, "UniqServReqID"))) == (item.person, item.id) and is_direct(row)
    ]
    if len(contacts) < CONTACTS_ENOUGH:
        return None
    if item.discharged is not None and when.start <= item.discharged <= when.end:
        return "closed"
    if item.discharged is not None and item.discharged < when.start:
        return None
    return "open" if (when.end - item.received).days >= LONG_ENOUGH else None


def summary(found: list[Outcome]) -> dict[tuple[str, str, int], dict[str, int]]:
    """Counts by status, tool and item."""
    of: dict[tuple[str, str, int], list[Outcome]] = defaultdict(list)
    for one in found:
        of[one.status, one.tool.name, one.item].append(one)
    return {
        key: {
            "with a first score": len(those),
            "paired": sum(one.latest is not None for one in those),
            "improved": sum(one.improved for one in those),
            "deteriorated": sum(one.deteriorated for one in those),
            "unchanged": sum(one.unchanged for one in those),
            "below cut-off": sum(one.below_cut_off for one in those),
            "recovered": sum(one.recovered for one in those),
        }
        for key, those in of.items()
    }
