"""The measures of the national monthly file by their ids, in plain loops: what each is, for England and each place.

`published(tables, month)` gives {(id, breakdown, place): value}. Everything is as it was known at the month's end: rows
submitted later are not read. Definitions are those of the project's reference; where it says too little, of the published
analytical code of NHS England (the state of September 2025), and each such reading is said in a docstring. Its slips are
repeated, so that the numbers are those published; only contacts that were submitted twice are counted once.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.mhsds.oracle_cells import Row, Tables, cell, identifier, last_day, month_of, table
from tests.mhsds.oracle_records import commissioner_of

UNKNOWN = "UNKNOWN"
ENGLAND, PROVIDER = "England", "Provider"
ICB, SUB_ICB = "ICB of GP Practice or Residence", "Sub ICB of GP Practice or Residence"
Published = dict[tuple[str, str, str], float | None]


@dataclass(frozen=True)
class Found:
    """A thing that counts for a measure: which (counted once a place), where, and how many days it took or waited."""

    what: Any
    provider: str | None
    sub_icb: str | None
    days: int | None = None


Facts = dict[str, list[Found]]


@dataclass(frozen=True)
class Month:
    """A reporting month and the periods that end with it."""

    number: int

    @property
    def end(self) -> dt.date:
        return last_day(self.number)

    @property
    def start(self) -> dt.date:
        return self.end.replace(day=1)

    @property
    def quarter_start(self) -> dt.date:
        """The first day of the three months that end with it."""
        return last_day(self.number - 3) + dt.timedelta(1)

    @property
    def year(self) -> range:
        """The numbers of the twelve months that end with it."""
        return range(self.number - 11, self.number + 1)


def known_by(tables: Tables, month: int) -> Tables:
    """The rows that had been submitted by a month; a row without a month counts as known."""
    return {name: [row for row in rows if (month_of(row) or 0) <= month] for name, rows in tables.items()}


def sub_icb(tables: Tables, person: str, months: Iterable[int]) -> str:
    """The sub-ICB of a person in the latest of the months that tells one."""
    for month in sorted(months, reverse=True):
        people = [
            row
            for row in table(tables, "people")
            if identifier(cell(row, "Person_ID")) == person and month_of(row) == month
        ]
        place = commissioner_of(tables, person, people, month)
        if place is not None:
            return place
    return UNKNOWN


# Counting


def placed(found: list[Found], icb_of: Mapping[str, str]) -> dict[tuple[str, str], list[Found]]:
    """What was found, by breakdown and place."""
    places = defaultdict(list)
    for one in found:
        code = one.sub_icb or UNKNOWN
        places[ENGLAND, ENGLAND].append(one)
        places[PROVIDER, one.provider or UNKNOWN].append(one)
        places[SUB_ICB, code].append(one)
        places[ICB, icb_of.get(code, UNKNOWN)].append(one)
    return places


def count(found: list[Found]) -> float:
    return len({one.what for one in found})


def percentile(share: float) -> Callable[[list[Found]], float | None]:
    """Linear interpolation between the ordered days, each thing once."""

    def of(found: list[Found]) -> float | None:
        days = sorted({one.what: one.days for one in found if one.days is not None}.values())
        if not days:
            return None
        place = (len(days) - 1) * share
        below = int(place)
        above = min(below + 1, len(days) - 1)
        return days[below] + (place - below) * (days[above] - days[below])

    return of


def counted(facts: Facts, icb_of: Mapping[str, str]) -> Published:
    """Counts of each id at each place that has any thing of any of the ids; England has a row of 0 where there is none."""
    places = {place for found in facts.values() for place in placed(found, icb_of)} | {(ENGLAND, ENGLAND)}
    values: Published = {}
    for id, found in facts.items():
        at = placed(found, icb_of)
        values |= {(id, *place): count(at.get(place, [])) for place in places}
    return values


PERCENTILES = {"MRS03": ("MRS03a", "MRS03b"), "MHS124": ("MHS125", "MHS126"), "MHS127": ("MHS128", "MHS129")}
"""The median and the 90th percentile of the days of what another id counts [day]."""
PERCENTAGES = {
    "MRS01b": ("MRS01a", "MRS01"),
    "MRS02b": ("MRS02a", "MRS02"),
    "MRS02d": ("MRS02c", "MRS02"),
    "MRS02f": ("MRS02e", "MRS02"),
    "MRS07b": ("MRS07a", "MRS03"),
    "MRS07d": ("MRS07c", "MRS03"),
    "MRS07f": ("MRS07e", "MRS03"),
    "MRS22": ("MRS20", "MRS21"),
    "MHS80": ("MHS79", "MHS78"),
    "EIP23i": ("EIP23b", "EIP23a"),
    "EIP67": ("EIP66", "EIP64"),
}
"""Numerator and denominator of each percentage."""
SUPPRESSED_BY = {
    **{id: numerator for id, (numerator, _) in PERCENTAGES.items()},
    **{id: of for of, ids in PERCENTILES.items() for id in ids},
    "MRS02f": "MRS02a",  # "a slip in the published code"
}
"""The id whose count decides whether a percentage or a number of days is suppressed."""
BOTH_DECIDE = {"MHS80", "EIP23i", "EIP67"}
"""Percentages of the pipelines that suppress by numerator and by denominator."""
ZERO_FOR_NONE = {"MRS22", "MHS80"}
"""Percentages that are published as 0 where the denominator is 0; the others are missing."""


def completed(facts: Facts, icb_of: Mapping[str, str]) -> Published:
    """Counts, percentiles and percentages."""
    values = counted(facts, icb_of)
    for of, ids in PERCENTILES.items():
        for where, found in placed(facts.get(of, []), icb_of).items():
            values |= {(id, *where): percentile(share)(found) for id, share in zip(ids, (0.5, 0.9), strict=True)}
    for id, (numerator, denominator) in PERCENTAGES.items():
        for name, breakdown, place in list(values):
            if name == denominator and numerator in facts:
                above, below = values[numerator, breakdown, place], values[denominator, breakdown, place]
                assert above is not None
                share = 100 * above / below if below else 0.0 if id in ZERO_FOR_NONE else None
                values[id, breakdown, place] = share
    return values


# Suppression


def suppressed(values: Published) -> dict[tuple[str, str, str], str]:
    """As text, by the published rule.

    "Outside England totals, counts under 5 become `*`, other counts are rounded to the nearest 5, percentages and days to a
    whole number, and a percentage is suppressed where its numerator is (MRS02f where MRS02a is)." A count of 0 is under 5.
    A half is rounded up. The rows of England are as they are. MHS80, EIP23i and EIP67 are suppressed where either of
    numerator and denominator is under 5. What is missing is `*` outside England.
    """
    return {(id, breakdown, place): suppressed_value(values, id, breakdown, place) for id, breakdown, place in values}


def suppressed_value(values: Published, id: str, breakdown: str, place: str) -> str:
    value = values[id, breakdown, place]
    if breakdown.partition(";")[0] == ENGLAND:
        return "" if value is None else f"{value:g}" if value == int(value) else repr(value)
    deciding = [SUPPRESSED_BY.get(id, id)]
    if id in BOTH_DECIDE:
        deciding.append(PERCENTAGES[id][1])
    if value is None or any((values.get((one, breakdown, place)) or 0) < 5 for one in deciding):
        return "*"
    return str(half_up(value) if id in SUPPRESSED_BY else 5 * half_up(value / 5))


def half_up(value: float) -> int:
    return int(value + 0.5)


# All of them


def published(
    tables: Tables,
    month: int,
    *,
    icb_of: Mapping[str, str] | None = None,
    reference_sets: list[Row] | None = None,
    nice_concordant: Iterable[str] = (),
) -> Published:
    """Every measure that the tables allow, of a numbered month (and the three and the twelve that end with it).

    `icb_of` gives the ICB of a sub-ICB. `reference_sets` has a row for each concept: `concept`, `group` ("Assessments",
    "Psychological therapies", "Psychosocial interventions", "Medication"), `start` and `end`; without it the measures of a
    full clock stop are not given. `nice_concordant` are the concepts of EIP69b.
    """
    from tests.mhsds.national_oracle_crisis import crisis_response, early_intervention, followed_up
    from tests.mhsds.national_oracle_monthly import contacts, contacts_by_code, referrals_of_the_month
    from tests.mhsds.national_oracle_waits import access, referral_spells, second_contacts

    known, when = known_by(tables, month), Month(month)
    facts: Facts = {}
    facts |= access(known, when)
    facts |= referral_spells(known, when, reference_sets)
    facts |= second_contacts(known, when)
    facts |= referrals_of_the_month(known, when)
    facts |= contacts(known, when)
    facts |= followed_up(known, when)
    facts |= early_intervention(known, when, frozenset(nice_concordant))
    facts |= crisis_response(known, when)
    return completed(facts, icb_of or {}) | contacts_by_code(known, when)
