"""The counts of the quality table and the oracle's agree, rule by rule."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest

from cmhs_metrics import mhsds
from tests.mhsds import oracle_of_tables
from tests.support import extracts
from tests.support.agreement import extract, rows, worlds
from tests.support.extracts import FRAMES, Shape

TABLES = {
    "people": {"MHS001MPI"},
    "referrals": {"MHS101Referral"},
    "service_types": {"MHS102ServiceTypeReferredTo", "MHS102OtherServiceType"},
    "contacts": {"MHS201CareContact"},
    "hospital_spells": {"MHS501HospProvSpell"},
    "clusters": {"MHS801ClusterTool"},
    "ward_stays": {"MHS502WardStay"},
    "indirect_activity": {"MHS204IndirectActivity"},
    "gp_registrations": {"MHS002GP"},
    "service_teams": {"MHS902ServiceTeamDetails"},
}
NAMES = {name: table for table, names in TABLES.items() for name in names}
# What a referral lacks in another table may stand by the name of either.
OF_TWO_TABLES = {
    "no person",
    "no service type",
    "unknown team type",
    "rejection without a date",
    "resident outside England",
}
# How cells are written is tried by hand in test_quality.py.
OF_WRITING = {"padded code", "provider in two spellings"}
# The specification names no ids of these.
WITHOUT_IDS = {"people", "service_types", "ward_stays", "indirect_activity", "gp_registrations", "service_teams"}


def key_of(table: str, rule: str) -> tuple[str, str]:
    return ("" if rule in OF_TWO_TABLES else table, rule)


# Other engines are slow on so many rules, and tried on a deep run; test_quality.py breaks some on each in every run.
SLOW = pytest.mark.deep


@pytest.mark.parametrize(
    ("engine", "shape"),
    [
        ("polars", Shape(dates="text")),
        pytest.param("duckdb", Shape("v4", dates="text", case=str.upper), marks=SLOW),
        pytest.param("pandas", Shape("v6", ids="integer"), marks=SLOW),
        ("polars", Shape("v6 collected", record_numbers=False)),
        ("polars", Shape("changed", codes="integer")),
        pytest.param("ibis", Shape("both", dates="text", codes="integer", record_numbers=False), marks=SLOW),
    ],
    ids=["polars", "duckdb, v4", "pandas, v6", "collected", "changed", "ibis, both"],
)
def test_counts(engine: str, shape: Shape) -> None:
    parts = worlds(shape, dt.date(2023, 4, 1), dt.date(2024, 3, 31), 30, 0)
    expected: Counter[tuple[str, str]] = Counter()
    for (table, rule, _), count in oracle_of_tables.quality(extracts.together(parts)).items():
        expected[key_of(table, rule)] += count
    found: Counter[tuple[str, str]] = Counter()
    for row in rows(mhsds.quality(extract(extracts.together(parts), shape, FRAMES[engine]))):
        table = NAMES[row["table"]]
        no_id = row["rule"] == "id missing" and table in WITHOUT_IDS
        if not (no_id or row["rule"] in OF_WRITING):
            found[key_of(table, row["rule"])] += row["rows"]
    unlike = {key: (expected[key], found[key]) for key in expected | found if expected[key] != found[key]}
    assert unlike == {}
    broken = {rule for (_, rule), count in expected.items() if count}
    assert {rule for _, rule in expected} - broken <= {"text that is no date", "after a month without rows"}
