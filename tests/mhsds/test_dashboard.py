"""How referrals end and who was not seen of late, on small extracts worked by hand."""

from __future__ import annotations

from typing import Any

import pytest

from cmhs_metrics import mhsds
from tests.support.budgets import with_deep
from tests.support.engines import ALL, cells
from tests.support.refusals import refused
from tests.support.small_extracts import contact_rows, referral_rows, row, service_rows

ENGINES = with_deep(["polars lazy"], "pandas", "duckdb")
REFERRALS = referral_rows(
    ("P1", "R1", 1489, "2024-04-10", "2024-05-20"),
    ("P2", "R2", 1489, "2024-04-10", "2024-05-20"),
    ("P3", "R3", 1489, "2024-04-10", "2024-05-20"),
    ("P4", "R4", 1489, "2024-04-10", "2024-05-20"),
    ("P5", "R5", 1489, "2024-04-10", "2025-04-01"),  # the day after the year
    ("P6", "R6", 1489, "2024-04-10", None),
)
CONTACTS = contact_rows(
    ("C1", "P1", "R1", 1489, "2024-04-10", "5", "01"),  # on the day of receipt
    ("C2", "P1", "R1", 1490, "2024-05-20", "6", "02"),  # on the day of discharge
    ("C3", "P2", "R2", 1490, "2024-05-02", "5", "01"),
    ("C4", "P2", "R2", 1490, "2024-05-09", "3", "01"),  # did not attend
    ("C5", "P2", "R2", 1490, "2024-05-21", "5", "01"),  # the day after the discharge
    ("C6", "P3", "R3", 1490, "2024-05-02", "3", "01"),
    ("C7", "P3", "R3", 1490, "2024-05-03", "5", "05"),  # e-mail
    ("C8", "P3", "R3", 1490, "2024-04-09", "5", "01"),  # the day before the receipt
    ("C9", "P6", "R6", 1490, "2024-05-02", "5", "01"),
)
REASONS = ["02", "05", "05", "77", "02", None]
# R1 completed, seen twice. R2 closed for non-attendance, seen once; R3 the same, never seen. R4's code is none.
EXPECTED = {("02", "2+"): 1, ("05", "1"): 1, ("05", "0"): 1, ("not known", "0"): 1}


def by_reason(table: Any) -> dict[tuple[str, str], int]:
    found = cells(table)
    keys = zip(found["closing_reason"], found["contacts_before_discharge"], strict=True)
    return dict(zip(keys, found["discharges"], strict=True))


def extract_of(engine: str, **tables: Any) -> mhsds.Extract:
    every = {"referrals": REFERRALS, "service_types": service_rows(REFERRALS), "contacts": CONTACTS} | tables
    return mhsds.Extract(**{name: ALL[engine](table) for name, table in every.items()})


@pytest.mark.parametrize("engine", ENGINES)
class TestDischarges:
    def test_by_reason_and_contacts_before(self, engine: str) -> None:
        services = service_rows(REFERRALS) | {"ReferClosReason": REASONS}
        table = mhsds.discharges(extract_of(engine, service_types=services), "2024/25", "organisation")
        assert by_reason(table) == EXPECTED

    def test_of_version_6(self, engine: str) -> None:
        referrals = REFERRALS | {"UniqCareProfTeamLocalID": ["T1"] * 6, "ReferClosReason": REASONS}
        teams = {
            "UniqCareProfTeamLocalID": ["T1"],
            "OrgIDProv": ["RX1"],
            "UniqMonthID": [1500],
            "ServTeamTypeMH": ["A06"],
        }
        every = {"referrals": referrals, "service_teams": teams, "contacts": CONTACTS}
        extract = mhsds.Extract(**{name: ALL[engine](table) for name, table in every.items()})
        assert by_reason(mhsds.discharges(extract, "2024/25", "organisation")) == EXPECTED

    def test_the_core_service_says_why(self, engine: str) -> None:
        # The crisis team closed R1 with a lower code.
        services = service_rows(REFERRALS) | {"ReferClosReason": REASONS}
        both = {name: [*values, values[0]] for name, values in services.items()}
        both["ServTeamTypeRefToMH"][-1], both["ReferClosReason"][-1] = "A02", "01"
        table = mhsds.discharges(extract_of(engine, service_types=both), "2024/25", "organisation")
        assert by_reason(table) == EXPECTED


def test_discharges_add_up_to_those_of_the_measures() -> None:
    extract = mhsds.synthesise(contacts=2_000, seed=3, version="v6", engine="polars")
    table = mhsds.discharges(extract, "2024/25", ["organisation", "month"]).to_pandas()
    sums = table.groupby(["organisation", "period"])["discharges"].sum()
    found = mhsds.measures(extract, "2024/25", ["organisation", "month"], which=["discharges"])
    found = found.to_pandas().set_index(["organisation", "period"])["discharges"]
    assert sums.to_dict() == found[found > 0].to_dict()


def test_without_reasons_there_are_no_discharges_by_them() -> None:
    with refused("service_types.ReferClosReason", names=("MHS101Referral", "MHS102ServiceTypeReferredTo")):
        mhsds.discharges(extract_of("pandas"), "2024/25", "organisation")


@pytest.mark.parametrize("engine", ENGINES)
def test_time_since_the_last_contact(engine: str) -> None:
    """On 30 June 2024 R6 was last seen on 2 May, 59 days ago, R7 on 3 April, 88, and R8 on the day; R9 never was."""
    referrals = referral_rows(*((f"P{n}", f"R{n}", 1489, "2024-04-01", None) for n in (6, 7, 8, 9)))
    contacts = contact_rows(
        ("C1", "P6", "R6", 1490, "2024-04-10", "5", "01"), ("C2", "P6", "R6", 1490, "2024-05-02", "5", "01"),
        ("C3", "P6", "R6", 1490, "2024-06-20", "3", "01"), ("C4", "P7", "R7", 1489, "2024-04-03", "5", "01"),
        ("C5", "P8", "R8", 1491, "2024-06-30", "5", "11"), ("C6", "P8", "R8", 1492, "2024-07-01", "5", "11"),
    )  # fmt: skip
    extract = extract_of(engine, referrals=referrals, service_types=service_rows(referrals), contacts=contacts)
    found = row(mhsds.time_since_last_contact(extract, "2024-06-30", "organisation", days=[0, 58, 59, 88]))
    del found["period"]
    assert found == {
        "organisation": "RX1", "caseload": 3, "median_days_since_contact": 59.0,
        "over_0_days": 2, "over_58_days": 2, "over_59_days": 1, "over_88_days": 0,
    }  # fmt: skip


@pytest.mark.parametrize("days", [[-1], [True], ["28"]])
def test_what_are_no_days_are_refused(days: Any) -> None:
    with refused("days", days[0], expected="zero or more"):
        mhsds.time_since_last_contact(extract_of("pandas"), "2024-06-30", "organisation", days=days)
