"""Each rule of the definitions decides something in a good share of the small extracts: else no test could miss it.

A rule is bent in the oracle; worlds whose answers change by it are counted. One in sixty is enough for batches of
sixty to meet it, and most are met by far more.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from tests.mhsds import oracle, oracle_cells, oracle_groups, oracle_of_tables, oracle_records, oracle_spells
from tests.mhsds.oracle import Reading, Referral, Row, Scope, Service, Spell, Tables
from tests.support import extracts
from tests.support.budgets import with_deep
from tests.support.extracts import Shape

START, END = dt.date(2023, 4, 1), dt.date(2024, 3, 31)
WORLDS, ENOUGH = 120, 2
V5, NO_SOURCE, TEXT = Shape(), Shape(source_of_admission=False), Shape(dates="text", record_numbers=False)
V4, V6 = Shape("v4", dates="text"), Shape("v6")
COLLECTED, CHANGED = Shape("v6 collected"), Shape("changed")
ORACLE = (oracle, oracle_cells, oracle_groups, oracle_records, oracle_spells)

bend: dict[str, tuple[Shape, str, Callable[..., Any]]] = {}


def bent(name: str, attribute: str, shape: Shape = V5) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        bend[name] = (shape, attribute, function)
        return function

    return register


CONSTANTS: dict[str, tuple[str, Any]] = {
    "gap of 4 days": ("SPELL_GAP", 4),
    "gap of 6 days": ("SPELL_GAP", 6),
    "27 days are four weeks": ("FOUR_WEEKS", 27),
    "29 days are four weeks": ("FOUR_WEEKS", 29),
    "363 days": ("LONG_WAITS", {18: 125, 52: 363, 78: 545, 104: 727}),
    "365 days": ("LONG_WAITS", {18: 127, 52: 365, 78: 547, 104: 729}),
    "366 days before admission": ("PRIOR_CONTACT", (366, 3)),
    "364 days before admission": ("PRIOR_CONTACT", (364, 3)),
    "2 days before admission": ("PRIOR_CONTACT", (365, 2)),
    "4 days before admission": ("PRIOR_CONTACT", (365, 4)),
    "C03 is no C10": ("RETIRED", {}),
    "late arrivals did not attend": ("ATTENDED", {"5"}),
    "cancelled is missed": ("DID_NOT_ATTEND", {"2", "3", "7"}),
    "video is indirect": ("DIRECT_MECHANISMS", {"01", "02", "04"}),
    "every bed is acute": ("ACUTE_BEDS", {None, "10", "11", "12", "13", "14"}),
    "transfers are admissions": ("TRANSFERRED_FROM", set()),
    "access is core": ("ACCESS", oracle.CORE),
    "nobody is too young": ("CORE", Scope(oracle_records.CORE_CODES, None)),
    "everybody is English": ("CORE", Scope(oracle_records.CORE_CODES, england_only=False)),
    "hospital referrals count": ("CORE", Scope(oracle_records.CORE_CODES, exclude_hospital_spells=False)),
}


@bent("every referral is a spell", "referral_spells")
def no_spells(items: list[Referral], scope: Scope, reading: Reading) -> list[Spell]:
    return [Spell([item], oracle_spells.end_of(item, scope), scope) for item in items]


@bent("what was refused is in no spell", "referral_spells")
def only_accepted(
    items: list[Referral], scope: Scope, reading: Reading, original: Any = oracle_spells.referral_spells
) -> Any:
    return original([item for item in items if item.rejected(scope) is None], scope, reading)


@bent("what is discharged before receipt ends then", "end_of")
def ends_before(item: Referral, scope: Scope, lapsed: str = "closed", original: Any = oracle_spells.end_of) -> Any:
    return original(replace(item, received=dt.date.min), scope, lapsed)


@bent("a spell goes on after its last month", "end_of")
def goes_on(item: Referral, scope: Scope, lapsed: str = "closed", original: Any = oracle_spells.end_of) -> Any:
    return original(item, scope, "open")


@bent("a spell is closed on the day that it ends", "Spell.open_at")
def without_grace(spell: Spell, day: dt.date) -> bool:
    return spell.start <= day and (spell.end is None or day < spell.end)


@bent("contacts after the spell complete it", "add_contacts_to")
def whenever(spells: list[Spell], *others: Any, original: Any = oracle_spells.add_contacts_to) -> None:
    ends = [spell.end for spell in spells]
    for spell in spells:
        spell.end = None
    original(spells, *others)
    for spell, end in zip(spells, ends, strict=True):
        spell.end = end


@bent("one rejecting team is enough", "Referral.rejected")
def any_rejects(item: Referral, scope: Scope) -> dt.date | None:
    return max((day for one in oracle_records.deciding(item.services, scope) if (day := one.rejected)), default=None)


@bent("every service decides, not the core one alone", "deciding")
def all_decide(services: list[Service], scope: Scope) -> list[Service]:
    return services


@bent("a reason alone rejects nothing", "service_of")
def reason_is_nothing(row: Row, received: Any, original: Any = oracle_records.service_of) -> Any:
    return original(row, None)


@bent("open on the day of its discharge", "Referral.open_at")
def open_that_day(item: Referral, day: dt.date, scope: Scope) -> bool:
    closed = item.closed(scope)
    return item.received <= day and not (closed is not None and closed < day)


@bent("what is no longer submitted stays open", "referrals")
def stays_open(tables: Tables, reading: Any = None, original: Any = oracle_records.referrals) -> Any:
    return original(tables, Reading(lapsed="open"))


@bent("contacts before receipt are first", "Referral.ordered")
def any_is_first(item: Referral) -> list[dt.date]:
    return [contact.day for contact in item.direct]


@bent("a later admission takes out of every period", "is_known")
def always_known(month: Any, began: Any, end: dt.date) -> bool:
    return True


@bent("the first submission", "by_month")
def first_submission(row: Row) -> Any:
    return tuple(-value for value in oracle_cells.null_lowest(oracle_cells.month_of(row)) if value is not None)


@bent("any record of the month", "by_record")
def any_record(row: Row) -> Any:
    return 0


@bent("a discharge before none", "null_highest")
def discharge_first(value: Any) -> Any:
    return oracle_cells.null_lowest(value)


@bent("the lowest person's row", "greatest")
def lowest(codes: list[str | None]) -> Any:
    return min((code for code in codes if code is not None), default=None)


@bent("people by record alone", "found_by")
def by_record(tables: Tables, name: str, referral: Row, key: str, original: Any = oracle_records.found_by) -> list[Row]:
    return original(tables, name, referral, "RecordNumber" if name == "people" else key)


@bent("rejecting teams first", "team_types")
def rejecting_first(item: Referral, scope: Scope, several_teams: str) -> list[Any]:
    return [
        min((s.code for s in item.services if scope.team_types is None or s.code in scope.team_types), default=None)
    ]


@bent("out of scope teams too", "team_types")
def any_team(item: Referral, scope: Scope, several_teams: str) -> list[Any]:
    services = sorted(item.services, key=lambda s: (s.rejected is not None, s.code is None, s.code))
    return [services[0].code if services else None]


@bent("a year has 365 days", "year_before")
def days_before(end: dt.date) -> dt.date:
    return end - dt.timedelta(365)


@bent("the second contact ever is access", "access")
def second_ever(item: Referral, scope: Scope, end: dt.date) -> Any:
    inside = oracle.in_scope(item, scope, end) and len(item.direct) > 1
    return [("people_accessing", item.person)] if inside and oracle.year_before(end) < item.direct[1].day <= end else []


@bent("a contact in a year of hospital is access", "hospital_years")
def no_years(item: Referral, end: dt.date) -> set[int]:
    return set()


@bent("people accessing count referrals", "access")
def each_referral(item: Referral, scope: Scope, end: dt.date, original: Any = oracle.access) -> Any:
    return [(name, None) for name, _ in original(item, scope, end)]


@bent("its own discharge makes a transfer", "is_transfer", NO_SOURCE)
def own_discharge(tables: Tables, whose: Any, row: Row, spells: Any, original: Any = oracle.is_transfer) -> bool:
    return bool(
        original(tables, ("", ""), row, {("", ""): row, **spells}) or original(tables, (whose[0], ""), row, spells)
    )


@bent("no transfer from the day before", "is_transfer", NO_SOURCE)
def that_day_only(tables: Tables, whose: Any, row: Row, spells: Any, original: Any = oracle.is_transfer) -> bool:
    start = oracle.day_of(oracle.cell(row, "StartDateHospProvSpell"))
    kept = {k: v for k, v in spells.items() if oracle.day_of(oracle.cell(v, "DischDateHospProvSpell")) == start}
    return bool(original(tables, whose, row, kept))


@bent("the last ward", "first_ward")
def last_ward(tables: Tables, whose: Any, original: Any = oracle.first_ward) -> Any:
    theirs = [
        row
        for row in tables["ward_stays"]
        if (oracle.identifier(row["Person_ID"]), oracle.identifier(row["UniqHospProvSpellID"])) == whose
    ]
    return original(tables | {"ward_stays": theirs[-1:]}, whose)


@bent("old media as new", "mechanism", V4)
def as_new(row: Row) -> Any:
    return oracle.code_of(oracle.cell(row, "ConsMediumUsed"))


@bent("another medium was indirect before version 5", "is_direct", V4)
def of_the_dashboard(row: Row, before_v5: str = "", original: Any = oracle_records.is_direct) -> bool:
    return bool(original(row, "dashboard"))


@bent("bad text is the first of its month", "day_of", TEXT)
def guessed(value: Any, original: Any = oracle_cells.day_of) -> Any:
    return original(value[:8] + "01") if isinstance(value, str) and original(value) is None else original(value)


@bent("no team in the referral", "service_rows", V6)
def only_others(tables: Tables, referral: Row, original: Any = oracle_records.service_rows) -> Any:
    return [row for row in original(tables, referral) if "Person_ID" not in row]


@bent("teams of no table", "own_type", COLLECTED)
def without_902(tables: Tables, *others: Any, original: Any = oracle_records.own_type) -> Any:
    return original(tables | {"service_teams": []}, *others)


@bent("teams of the referral's month alone", "own_type", CHANGED)
def only_902(tables: Tables, row: Row, column: str, *others: Any, original: Any = oracle_records.own_type) -> Any:
    return original(tables, row | {column: None}, column, *others)


@bent("residence before the practice", "commissioner_of")
def home_first(
    tables: Tables, person: Any, people: Any, month: Any, original: Any = oracle_records.commissioner_of
) -> Any:
    return original(tables | {"gp_registrations": []}, person, people, month) or original(tables, person, people, month)


@bent("registrations that have ended", "commissioner_of")
def ended_too(tables: Tables, *others: Any, original: Any = oracle_records.commissioner_of) -> Any:
    rows = [row | {"EndDateGMPRegistration": None} for row in tables["gp_registrations"]]
    return original(tables | {"gp_registrations": rows}, *others)


@bent("any record of a practice", "record_order")
def any_practice(row: Row) -> Any:
    return 0


CONSTANTS["a practice of nobody"] = ("PRACTICES_OF_NOBODY", set())


def answers(tables: Tables) -> Any:
    return [
        oracle.measures(tables, (START, END)),
        oracle.measures(tables, (START, END), ("organisation", "sex", "sub_icb")),
        oracle.measures(tables, (dt.date(2024, 2, 1), dt.date(2024, 2, 29)), ("organisation",)),
    ]


@cache
def world(seed: int, shape: Shape) -> Tables:
    return extracts.tables(extracts.world(random.Random(seed), START, END), shape)


@cache
def unbent(seed: int, shape: Shape) -> Any:
    return answers(world(seed, shape))


def met(shape: Shape, bent: Callable[[pytest.MonkeyPatch], None]) -> int:
    """How many worlds change their answers; no more are tried than prove the point."""
    changed = 0
    for seed in range(WORLDS):
        tables, before = world(seed, shape), unbent(seed, shape)
        with pytest.MonkeyPatch.context() as patch:
            bent(patch)
            changed += answers(tables) != before
        if changed == ENOUGH:
            break
    return changed


def change(patch: pytest.MonkeyPatch, name: str, value: Any) -> None:
    """Wherever the oracle holds it by that name."""
    holders = [module for module in ORACLE if name in vars(module)]
    assert holders
    for module in holders:
        patch.setattr(module, name, value)


# These test the worlds, not the package: the everyday run bends every eighth rule.
@pytest.mark.parametrize("rule", with_deep([*CONSTANTS][::8], *(rule for at, rule in enumerate(CONSTANTS) if at % 8)))
def test_a_constant_matters(rule: str) -> None:
    attribute, value = CONSTANTS[rule]

    def bent(patch: pytest.MonkeyPatch) -> None:
        if attribute == "CORE":
            patch.setitem(oracle.measures.__kwdefaults__, "scope", value)
        else:
            change(patch, attribute, value)

    assert met(V5, bent) == ENOUGH


@pytest.mark.parametrize("rule", with_deep([*bend][::8], *(rule for at, rule in enumerate(bend) if at % 8)))
def test_a_rule_matters(rule: str) -> None:
    shape, attribute, function = bend[rule]
    holder, _, name = attribute.rpartition(".")

    def bent(patch: pytest.MonkeyPatch) -> None:
        if not holder:
            change(patch, attribute, function)
            return
        of = getattr(oracle, holder)
        patch.setattr(of, name, property(function) if isinstance(vars(of)[name], property) else function)

    assert met(shape, bent) == ENOUGH


def test_every_rule_of_quality_is_broken_somewhere() -> None:
    broken = set()
    for seed in range(60):
        for shape in (TEXT, V6):
            found = oracle_of_tables.quality(world(seed, shape))
            broken |= {(table, rule) for (table, rule, _), rows in found.items() if rows}
            looked_at = {(table, rule) for table, rule, _ in found}
    assert looked_at - broken == set()
