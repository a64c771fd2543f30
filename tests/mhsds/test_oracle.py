"""The package and the oracle agree on every measure, whatever the engine, the shape of the tables and the choices.

Many small worlds that share no id are laid together into one extract: one query answers for all of them. A world that
differs is cut down to the rows that matter. The deep profile tries more worlds, and every case on every engine.
"""

from __future__ import annotations

import datetime as dt
import os
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from cmhs_metrics import mhsds
from tests.mhsds import oracle, oracle_of_tables
from tests.mhsds.oracle import ALL, CORE, Scope, Tables
from tests.support import extracts
from tests.support.agreement import Answer, Case, agree, answer, translated, united, worlds
from tests.support.budgets import is_deep, with_deep
from tests.support.extracts import FRAMES, Shape

DEEP = is_deep()
NUMBER = 1000 if DEEP else 32
FIRST = int(os.environ.get("MHSDS_SEED", "0"))
YEAR = "2023/24"
LEAP = (dt.date(2023, 3, 1), dt.date(2024, 2, 29))
AFTER_LEAP = ("2024-03-01", "2025-02-28")
NARROW = ("2022-03-01", "2023-02-28")
OLD_PEOPLE = Scope(frozenset({"A14", "C10", "A06"}), 65, england_only=False, exclude_hospital_spells=False)
ICBS = {"E06000001": "QAA", "E07000002": "QBB"} | {
    f"RA1-{number:04d}": f"Q{number % 5}" for number in range(0, 1000, 2)
}
TEXT = Shape(dates="text", case=str.lower)
INTEGERS = Shape(ids="integer", codes="integer", dates="datetime")

CASES = [
    Case("national choices", Shape(), YEAR),
    Case("v4, text", Shape("v4", dates="text"), LEAP, ("organisation", "team_type_code")),
    Case("v6", Shape("v6"), AFTER_LEAP),
    Case("old and new columns, integers", Shape("both", ids="integer", codes="integer"), YEAR, ("organisation", "sex")),
    Case("months", INTEGERS, YEAR, ("organisation", "team_type", "month")),
    Case("months, of text", TEXT, ("2023-03-01", "2023-06-30"), ("month", "organisation")),
    Case("narrow access", Shape(record_numbers=False), NARROW, ("organisation", "ethnic_group")),
    Case("residence", Shape(dates="datetime"), YEAR, ("icb", "organisation"), {"icb_of": ICBS}),
    Case("provider's ICB", Shape(case=str.upper), YEAR, ("icb", "age_band"), {"icb_of": ICBS, "icb_from": "provider"}),
    Case("commissioner's ICB", Shape("changed", codes="integer"), YEAR, ("icb", "month"),
         {"icb_of": {"11A": "QAA", "33C": "QBB"}, "icb_from": "commissioner"}),
    Case("sub-ICBs", Shape(record_numbers=False, dates="text"), YEAR, ("organisation", "sub_icb")),
    Case("sub-ICBs of practices", Shape(missing=frozenset({"people"})), YEAR, ("sub_icb", "age_band")),
    Case("sub-ICBs of residence", Shape(missing=frozenset({"gp_registrations"}), ids="integer"), LEAP, ("sub_icb",)),
    Case("v6 as collected", Shape("v6 collected", dates="text"), AFTER_LEAP, ("organisation", "team_type_code")),
    Case("each team, v6 as collected", Shape("v6 collected"), YEAR, ("team_type_code",), {"several_teams": "each", "scope": ALL}),
    Case("v5 and then v6", Shape("changed"), ("2023-05-01", "2024-04-30"), ("organisation", "team_type")),
    Case("first contacts of referrals", Shape(dates="text with time"), YEAR, ("organisation", "team_type"),
         {"waiting_for": "first contact", "pathway": "referral", "caseload_of": "people"}),
    Case("each team, v6", Shape("v6", ids="integer"), YEAR, ("organisation", "team_type_code", "team_type"),
         {"several_teams": "each", "caseload_of": "people"}),
    Case("each team", Shape(), YEAR, ("organisation", "team_type"), {"several_teams": "each", "lapsed": "closed"}),
    Case("all referrals", Shape(months_of_stays=False), YEAR, ("organisation", "team_type_code"),
         {"scope": ALL, "access_scope": CORE, "lapsed": "closed"}),
    Case("admissions without source", Shape(source_of_admission=False, codes="integer"), LEAP, ("organisation", "sex"),
         {"lapsed": "closed", "caseload_of": "people"}),
    Case("own scope, own bands", INTEGERS, AFTER_LEAP, ("age_band", "organisation"),
         {"scope": OLD_PEOPLE, "access_scope": OLD_PEOPLE, "age_bands": ("18-40", "41-64", "65-79")}),
    Case("no groups", Shape(), YEAR, (), {"pathway": "referral"}),
    Case("no people", Shape(missing=frozenset({"people"})), YEAR, ("organisation", "age_band")),
    Case("no contacts", Shape(missing=frozenset({"contacts"})), YEAR, ("organisation", "sex")),
    Case("no ward stays", Shape(missing=frozenset({"ward_stays"})), YEAR, ("organisation",)),
    Case("no hospital spells", Shape(missing=frozenset({"hospital_spells", "indirect_activity"})), YEAR, ("organisation",)),
]  # fmt: skip


def chosen(share: int, *names: str, others: bool = False) -> list[Any]:
    """Each of the engines on one case in so many, not the same for any two; on a deep run, every case on every engine.

    With `others`, on the cases that would not be chosen.
    """
    return [
        pytest.param(FRAMES[name], case, id=f"{name}: {case.name}")
        for place, name in enumerate(names)
        for number, case in enumerate(CASES)
        if DEEP or ((place + number) % share == 0) != others
    ]


def columns_of(by: tuple[str, ...]) -> tuple[str, ...]:
    return (*(name for name in by if name != "month"), "period")


def expected_measures(case: Case, tables: Tables) -> Answer:
    return oracle.measures(tables, case.period, case.by, **case.choices)


def found_measures(case: Case, extract: Any) -> Answer:
    return answer(mhsds.measures(extract, case.period, case.by, **translated(case.choices)), columns_of(case.by))


def compare(engine: Any, case: Case) -> None:
    parts = worlds(case.shape, *case.days, NUMBER, FIRST)
    known = expected_of_all.setdefault(case.name, {})
    agree(parts, case.shape, engine, partial(expected_measures, case), partial(found_measures, case), known=known)


expected_of_all: dict[str, Answer] = {}
"""What the oracle says of a case or table, whatever the engine."""


ON_DUCKDB = chosen(6, "duckdb")
# What plans slowly has fewer cases; of what shares its code in memory, each has its own.
ON_OTHERS = chosen(27, *(name for name in FRAMES if name not in ("polars", "duckdb")))
ELSEWHERE = [] if DEEP else [each.values[1].name for each in (*ON_DUCKDB, *ON_OTHERS)]


@pytest.mark.parametrize(
    ("engine", "case"),
    [each for each in chosen(4, "polars", others=True) if each.values[1].name not in ELSEWHERE],
)
def test_the_other_cases_on_polars(engine: Any, case: Case) -> None:
    compare(engine, case)


@pytest.mark.parametrize(("engine", "case"), ON_DUCKDB)
def test_some_cases_on_duckdb(engine: Any, case: Case) -> None:
    compare(engine, case)


@pytest.mark.parametrize(("engine", "case"), ON_OTHERS)
def test_every_engine_on_some_cases(engine: Any, case: Case) -> None:
    compare(engine, case)


choices = st.fixed_dictionaries(
    {},
    optional={
        "scope": st.sampled_from([ALL, OLD_PEOPLE]),
        "access_scope": st.sampled_from([CORE, OLD_PEOPLE]),
        "waiting_for": st.just("first contact"),
        "pathway": st.just("referral"),
        "caseload_of": st.just("people"),
        "several_teams": st.just("each"),
        "lapsed": st.sampled_from(["closed", "open"]),
        "direct_before_v5": st.just("dashboard"),
        "spell_floor": st.sampled_from([dt.date.min, dt.date(2023, 6, 15)]),
        "excluded_from_spells": st.just(tuple(f"RA1-{number:04d}" for number in range(0, 1000, 2))),
        "grace": st.sampled_from([0, 1, 40]),
        "resubmitted": st.just("each"),
        "age_bands": st.just(("0-17", "18-25", "26-64", "65+")),
    },
)
groupings = st.lists(
    st.sampled_from(
        ["organisation", "team_type", "team_type_code", "sub_icb", "age_band", "sex", "ethnic_group", "month"]
    ), unique=True, max_size=3,
).map(tuple)  # fmt: skip


# What differs is made smaller by `agree` already.
@settings(
    max_examples=200 if DEEP else 4,
    phases=[each for each in Phase if DEEP or each not in (Phase.shrink, Phase.explain)],
    suppress_health_check=list(HealthCheck),
)
@given(st.integers(0, 2**32), extracts.shapes(), st.sampled_from([YEAR, LEAP, NARROW, AFTER_LEAP]), groupings, choices)
def test_any_choices(seed: int, shape: Shape, period: Any, by: tuple[str, ...], choices: dict[str, Any]) -> None:
    assume(not ("people" in shape.missing and {"sex", "ethnic_group"} & set(by)))
    case = Case("any", shape, period, by, choices)
    parts = worlds(shape, *case.days, 15, seed)
    agree(parts, shape, FRAMES["polars"], partial(expected_measures, case), partial(found_measures, case))


# The other tables


def in_turn(table: int) -> list[str]:
    """The engines that an everyday run asks for one of the three tables: Polars always, the others each for one."""
    others = [name for name in FRAMES if name != "polars"]
    return ["polars", *others[table::3]]


BY_REFERRAL = {"waiting_for": "first contact", "pathway": "referral", "scope": ALL, "weeks": (1, 52)}


@pytest.mark.parametrize(
    ("engine", "choices"),
    with_deep(
        [("polars", BY_REFERRAL), ("duckdb", BY_REFERRAL), *((engine, {}) for engine in in_turn(0))],
        *((engine, {}) for engine in FRAMES if engine not in in_turn(0)),
    ),
)
def test_waits(engine: str, choices: dict[str, Any]) -> None:
    by = ("organisation", "team_type") if choices else ("organisation",)
    shape = Shape("v4", dates="text")
    agree(
        worlds(shape, *Case("", shape, YEAR).days, NUMBER, FIRST, name_all=True),
        shape,
        FRAMES[engine],
        lambda tables: oracle_of_tables.waits(tables, YEAR, by, **choices),
        lambda extract: answer(mhsds.waits(extract, YEAR, by, **translated(choices)), (*by, "period")),
        united,
        known=expected_of_all.setdefault(f"waits {sorted(choices)}", {}),
    )


@pytest.mark.parametrize(
    ("engine", "since"),
    with_deep(
        [("polars", "referral"), *((engine, "first contact") for engine in in_turn(1))],
        ("ibis", "referral"),
        *((engine, "first contact") for engine in FRAMES if engine not in in_turn(1)),
    ),
)
def test_time_on_caseload(engine: str, since: str) -> None:
    by, at, shape = ("organisation", "sex"), dt.date(2024, 3, 31), Shape()

    def expected(tables: Tables) -> Answer:
        found = oracle_of_tables.time_on_caseload(tables, at, by, since)
        return {(*group, at): dict(zip(TIME_COLUMNS, values, strict=True)) for group, values in found.items()}

    agree(
        worlds(shape, *Case("", shape, YEAR).days, NUMBER, FIRST, name_all=True),
        shape,
        FRAMES[engine],
        expected,
        lambda extract: answer(mhsds.time_on_caseload(extract, at, by, since=since), (*by, "period")),
        united,
        known=expected_of_all.setdefault(f"time on caseload {since}", {}),
    )


TIME_COLUMNS = ("caseload", "mean_time_on_caseload", "median_time_on_caseload")


@pytest.mark.parametrize("engine", with_deep(in_turn(2), *(name for name in FRAMES if name not in in_turn(2))))
def test_cluster_profile(engine: str) -> None:
    by, at, shape = ("organisation",), dt.date(2024, 3, 31), Shape(codes="integer", dates="text")

    def expected(tables: Tables) -> Answer:
        found = oracle_of_tables.cluster_profile(tables, at, by)
        return {(*group, at): {"caseload": people} for group, people in found.items()}

    agree(
        worlds(shape, *Case("", shape, YEAR).days, NUMBER, FIRST, name_all=True),
        shape,
        FRAMES[engine],
        expected,
        lambda extract: answer(mhsds.cluster_profile(extract, at, by), (*by, "cluster", "period")),
        united,
        known=expected_of_all.setdefault("clusters", {}),
    )
