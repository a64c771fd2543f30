"""What is asked for, read: scopes by their month, spells by their rules, groups by their names."""

from __future__ import annotations

import datetime as dt
from typing import Any
from unittest.mock import ANY

import pytest

from cmhs_metrics import mhsds
from cmhs_metrics.mhsds.counting.groups import read_grouping
from cmhs_metrics.mhsds.counting.request import _access_scope, read_spells
from cmhs_metrics.mhsds.facts.spells import SpellRules
from cmhs_metrics.mhsds.records.codes import ACCESS, ALL, CORE
from cmhs_metrics.mhsds.records.dates import NEVER, Span
from tests.support.refusals import problem, refused

EPOCH = dt.date(1970, 1, 1)


def number(text: str) -> int:
    return (dt.date.fromisoformat(text) - EPOCH).days


def test_the_types_of_team_of_each_scope() -> None:
    assert CORE.team_types == ("A05", "A06", "A08", "A09", "A12", "A13", "A16", "C10")
    # Early intervention in psychosis, and individual placement and support, besides.
    assert sorted(ACCESS.team_types or ()) == sorted([*CORE.team_types, "A14", "D05"])
    assert ALL.team_types is None


@pytest.mark.parametrize(
    ("last", "scope"),
    [
        ("2023-03-31", CORE),
        ("2023-04-29", CORE),
        ("2023-04-30", ACCESS),
        ("2023-05-01", ACCESS),
        ("2024-03-31", ACCESS),
    ],
)
def test_access_has_the_wider_scope_from_april_2023_on(last: str, scope: Any) -> None:
    span = Span(number("2022-04-01"), number(last), dt.date.fromisoformat(last))
    assert _access_scope(None, span) is scope
    assert _access_scope(ALL, span) is ALL


def test_the_rules_of_spells_are_read_or_refused_together() -> None:
    assert read_spells("2016-01-01", 5, ("DFC", "S9X2N")) == (SpellRules(), [])
    assert read_spells(None, 0, " dfc ") == (SpellRules(-NEVER, 0, ("DFC",)), [])
    assert read_spells(dt.date(2020, 2, 29), 1, []) == (SpellRules(number("2020-02-29"), 1, ()), [])
    for grace in (-1, True, 1.0, "5", None):
        assert [(each.column, each.value) for each in read_spells(None, grace, ())[1]] == [("grace", grace)]
    assert [each.column for each in read_spells("soon", -1, ())[1]] == ["spells_from", "grace"]


def test_a_date_is_named_once_and_weeks_below_none_are_refused() -> None:
    for asked in (mhsds.cluster_profile, mhsds.time_on_caseload, mhsds.time_since_last_contact):
        with refused(problem("at", "2024-06", expected="a date or period")):
            asked(mhsds.example(), "2024-06")
        with refused(problem("at", ANY, names="2025-03-31")):
            asked(mhsds.example(), "2025-04-01")
    with refused(problem("weeks", -1, expected="zero or more")):
        mhsds.waits(mhsds.example(), "2024/25", weeks=[0, -1])


@pytest.mark.parametrize(
    ("choices", "problems"),
    [
        ({}, []),
        ({"by": ["icb", "month"], "icb_of": {"E1": "Q1"}}, []),
        ({"by": ["icb", "month"]}, [("icb_of", None)]),
        ({"by": "sex", "icb_of": None}, []),
        ({"by": ["sex", "gender", "sex"]}, [("by", "gender"), ("by", "sex")]),
        ({"icb_from": "gp"}, [("icb_from", "gp")]),
        ({"age_bands": ["0-17", "17-64"]}, [("age_bands", "0–17 and 17–64")]),
        ({"age_bands": ["65+", "0-17", "18-64"]}, []),
        ({"age_bands": ["old", "18-64"]}, [("age_bands", "old")]),
        ({"age_bands": []}, []),
    ],
)
def test_groups_are_read_or_refused_together(choices: dict[str, Any], problems: list[tuple[str, Any]]) -> None:
    given = {"by": "organisation", "icb_of": None, "icb_from": "residence", "age_bands": ["0-17", "18-64", "65+"]}
    grouping, found = read_grouping(**(given | choices))
    assert [(each.column, each.value) for each in found] == problems
    if not problems:
        by = (given | choices)["by"]
        assert grouping.by == ((by,) if isinstance(by, str) else tuple(by))
        assert grouping.monthly == ("month" in by)
        assert grouping.keys == [name for name in grouping.by if name != "month"]


@pytest.mark.parametrize(
    ("by", "icb_from", "team", "provider", "people"),
    [
        ("organisation", "residence", False, True, []), ("team_type", "residence", True, False, []),
        ("team_type_code", "residence", True, False, []), ("icb", "residence", False, False, ["LADistrictAuth"]),
        ("icb", "provider", False, True, []), ("icb", "commissioner", False, False, ["commissioner"]),
        ("sub_icb", "residence", False, False, ["commissioner"]), ("age_band", "residence", False, False, []),
        (["sex", "ethnic_group"], "residence", False, False, ["GenderIDCode", "EthnicCategory"]),
    ],
)  # fmt: skip
def test_what_each_group_is_told_from(by: Any, icb_from: str, team: bool, provider: bool, people: list[str]) -> None:
    grouping, problems = read_grouping(by, {"E1": "Q1"}, icb_from, ["0-17"])
    assert not problems
    assert (grouping.by_team, grouping.needs_provider, grouping.people) == (team, provider, people)
