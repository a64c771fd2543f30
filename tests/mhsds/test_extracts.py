"""Each rule of the definitions decides something in a good share of the small extracts: else no test could miss it.

A rule is bent in the oracle; worlds whose answers change by it are counted. One in sixty is enough for batches of
sixty to meet it, and most are met by far more.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from tests.mhsds import oracle, oracle_of_tables
from tests.mhsds.oracle import Referral, Row, Scope, Spell, Tables
from tests.support import extracts
from tests.support.extracts import Shape

pytest.skip("bends rules of the former oracle, and is yet to be rewritten for the present one", allow_module_level=True)
START, END = dt.date(2023, 4, 1), dt.date(2024, 3, 31)
WORLDS, ENOUGH = 240, 4
V5, NO_SOURCE, TEXT = Shape(), Shape(source_of_admission=False), Shape(dates="text", record_numbers=False)
V4, V6 = Shape("v4", dates="text"), Shape("v6")

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
    "363 days": ("LONG_WAITS", {52: 363, 78: 545, 104: 727}),
    "365 days": ("LONG_WAITS", {52: 365, 78: 547, 104: 729}),
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
    "nobody is too young": ("CORE", Scope(oracle.CORE_CODES, None)),
    "everybody is English": ("CORE", Scope(oracle.CORE_CODES, england_only=False)),
    "hospital referrals count": ("CORE", Scope(oracle.CORE_CODES, exclude_hospital_spells=False)),
}


@bent("every referral is a spell", "referral_spells")
def no_spells(items: list[Referral]) -> list[Spell]:
    return [Spell([item], None) for item in items if item.rejected is None]


@bent("what is discharged before receipt ends then", "end_of")
def ends_before(item: Referral) -> dt.date | None:
    return item.closed


@bent("one rejecting team is enough", "rejected_on")
def any_rejects(services: list[Any]) -> dt.date | None:
    return max((service.rejected for service in services if service.rejected), default=None)


@bent("a reason alone rejects nothing", "service_of")
def reason_is_nothing(row: Row, received: Any, original: Any = oracle.service_of) -> Any:
    return original(row, None)


@bent("open on the day of its discharge", "Referral.open_at")
def open_that_day(item: Referral, day: dt.date) -> bool:
    return item.received <= day and not (item.closed is not None and item.closed < day)


@bent("contacts before receipt are first", "add_contacts")
def any_is_first(items: Any, tables: Tables, original: Any = oracle.add_contacts) -> None:
    received = {key: item.received for key, item in items.items()}
    for item in items.values():
        item.received = dt.date.min
    original(items, tables)
    for key, item in items.items():
        item.received = received[key]


@bent("the first submission", "month_of")
def first_submission(row: Row) -> Any:
    return tuple(-value for value in oracle.null_lowest(oracle.cell(row, "UniqMonthID")) if value is not None)


@bent("any record of the month", "record_of")
def any_record(row: Row) -> Any:
    return 0


@bent("a discharge before none", "null_highest")
def discharge_first(value: Any) -> Any:
    return oracle.null_lowest(value)


@bent("the lowest person's row", "greatest")
def lowest(rows: list[Row], column: str) -> Any:
    return min((oracle.cell(row, column) for row in rows if oracle.cell(row, column) is not None), default=None)


@bent("people by record alone", "found_by")
def by_record(tables: Tables, name: str, referral: Row, key: str, original: Any = oracle.found_by) -> list[Row]:
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


@bent("any two contacts are access", "access")
def two_contacts(item: Referral, end: dt.date) -> Any:
    inside = [day for day in item.ordered if oracle.year_before(end) < day <= end]
    return [("people_accessing", item.person)] if len(inside) >= 2 else []


@bent("people accessing count referrals", "access")
def each_referral(item: Referral, end: dt.date, original: Any = oracle.access) -> Any:
    return [(name, None) for name, _ in original(item, end)]


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
    return original(tables | {"ward_stays": tables["ward_stays"][-1:]}, whose)


@bent("old media as new", "mechanism", V4)
def as_new(row: Row) -> Any:
    return oracle.cell(row, "ConsMediumUsed")


@bent("bad text is the first of its month", "day_of", TEXT)
def guessed(value: Any, original: Any = oracle.day_of) -> Any:
    return original(value[:8] + "01") if isinstance(value, str) and original(value) is None else original(value)


@bent("no team in the referral", "services_of", V6)
def only_others(tables: Tables, row: Row, received: Any) -> Any:
    found = oracle.found_by(tables, "service_types", row, "UniqServReqID")
    return [oracle.service_of(each, received) for each in found]


def answers(tables: Tables) -> Any:
    return [
        oracle.measures(tables, (START, END)),
        oracle.measures(tables, (START, END), ("organisation", "sex")),
        oracle.measures(tables, (dt.date(2024, 2, 1), dt.date(2024, 2, 29)), ("organisation",)),
    ]


@cache
def world(seed: int, shape: Shape) -> tuple[Tables, Any]:
    tables = extracts.tables(extracts.world(random.Random(seed), START, END), shape)
    return tables, answers(tables)


def met(shape: Shape) -> int:
    """How many worlds change their answers; no more are tried than prove the point."""
    changed = 0
    for seed in range(WORLDS):
        tables, before = world(seed, shape)
        changed += answers(tables) != before
        if changed == ENOUGH:
            break
    return changed


@pytest.mark.parametrize("rule", CONSTANTS)
def test_a_constant_matters(rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    attribute, value = CONSTANTS[rule]
    for seed in range(WORLDS):
        world(seed, V5)
    if attribute == "CORE":
        monkeypatch.setitem(oracle.measures.__kwdefaults__, "scope", value)
    else:
        monkeypatch.setattr(oracle, attribute, value)
    assert met(V5) == ENOUGH


@pytest.mark.parametrize("rule", bend)
def test_a_rule_matters(rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    shape, attribute, function = bend[rule]
    for seed in range(WORLDS):
        world(seed, shape)
    holder, _, name = attribute.rpartition(".")
    monkeypatch.setattr(getattr(oracle, holder) if holder else oracle, name, function)
    assert met(shape) == ENOUGH


def test_every_rule_of_quality_is_broken_somewhere() -> None:
    broken = set()
    for seed in range(180):
        for shape in (TEXT, V6):
            found = oracle_of_tables.quality(world(seed, shape)[0])
            broken |= {(table, rule) for (table, rule, _), rows in found.items() if rows}
            looked_at = {(table, rule) for table, rule, _ in found}
    assert looked_at - broken == set()
