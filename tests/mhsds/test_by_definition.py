"""Each definition on a small extract worked by hand, on Polars; a deep run tries every engine."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

import cmhs_metrics as cm
from cmhs_metrics import mhsds
from tests.support.budgets import with_deep
from tests.support.engines import ALL, cells, sorted_by
from tests.support.refusals import problem, refused
from tests.support.small_extracts import contact_rows, referral_rows, row, service_rows

# Planning takes the time: the oracle tries the others on every measure, and a deep run on these as well.
ENGINES = with_deep(["polars lazy"], "pandas", "pyarrow", "duckdb", "ibis")
YEAR = "2024/25"


def extract_of(engine: str, referrals: dict[str, list[Any]], **tables: dict[str, list[Any]]) -> mhsds.Extract:
    every = {"referrals": referrals, "service_types": service_rows(referrals)} | tables
    return mhsds.Extract(**{name: ALL[engine](table) for name, table in every.items()})


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_a_period_has_both_its_edges_and_the_latest_submission_counts(engine: str) -> None:
    referrals = referral_rows(
        ("P1", "R1", 1489, "2024-03-31", None),  # the day before the year
        ("P2", "R2", 1489, "2024-04-01", None),
        ("P3", "R3", 1500, "2025-03-31", None),
        ("P4", "R4", 1500, "2025-04-01", None),  # the day after it
        ("P5", "R5", 1489, "2024-05-01", None),
        ("P5", "R5", 1490, "2024-05-02", "2025-03-31"),  # submitted again, and changed: closed on the last day
        ("P6", "R6", 1490, None, None),  # no received date
    )
    found = row(mhsds.measures(extract_of(engine, referrals), YEAR, "organisation"))
    assert found["period"] == "2024/25"
    assert (found["referrals"], found["referrals_closed"], found["discharges"], found["open_referrals"]) == (3, 1, 1, 3)
    assert "caseload" not in found


@pytest.mark.parametrize("engine", ["pandas", "polars lazy", "pyarrow", "duckdb", "ibis"])
def test_of_two_rows_in_a_month_the_greater_record_number_counts(engine: str) -> None:
    referrals = referral_rows(("P1", "R1", 1489, "2024-04-01", "2024-04-02"), ("P1", "R1", 1489, "2024-04-01", None))
    found = row(mhsds.measures(extract_of(engine, referrals), YEAR, "organisation", which="open_referrals"))
    assert found == {"organisation": "RX1", "period": "2024/25", "open_referrals": 1}


def test_contacts_of_one_day_are_first_and_second(engine: str) -> None:
    referrals = referral_rows(("P1", "R1", 1489, "2024-04-10", None), ("P2", "R2", 1489, "2024-04-10", None))
    contacts = contact_rows(
        ("C1", "P1", "R1", 1489, "2024-05-08", "5", "01"),  # 28 days after the referral
        ("C2", "P1", "R1", 1489, "2024-05-08", "6", "11"),
        ("C3", "P1", "R1", 1489, "2024-05-09", "3", "01"),  # did not attend
        ("C4", "P2", "R2", 1489, "2024-04-09", "5", "01"),  # before the referral: counted, but not first
        ("C5", "P2", "R2", 1489, "2024-05-09", "5", "05"),  # e-mail: not direct
        ("C6", "P2", "R2", 1489, "2024-05-10", "5", "02"),
        ("C6", "P2", "R2", 1490, "2024-05-10", "7", "02"),  # submitted again: came too late to be seen
    )
    found = row(mhsds.measures(extract_of(engine, referrals, contacts=contacts), YEAR, "organisation"))
    counts = {"contacts": 3, "face_to_face_contacts": 2, "did_not_attends": 2, "caseload": 1, "people_accessing": 1}
    counts |= {"waits_completed": 1, "waits_within_four_weeks": 1, "waiting": 1, "waiting_over_52_weeks": 0}
    assert {name: found[name] for name in counts} == counts


@pytest.mark.parametrize(
    ("engine", "received", "spells"),
    with_deep(
        [("polars lazy", "2024-05-25", 1), ("polars lazy", "2024-05-26", 2), ("duckdb", "2024-05-25", 1)],
        ("duckdb", "2024-05-26", 2),
        *(
            (engine, *case)
            for engine in ("pandas", "pyarrow", "ibis")
            for case in (("2024-05-25", 1), ("2024-05-26", 2))
        ),
    ),
)
def test_a_referral_five_days_after_the_last_end_is_of_the_spell(engine: str, received: str, spells: int) -> None:
    referrals = referral_rows(
        ("P1", "R1", 1490, "2024-04-10", "2024-05-20"),
        ("P1", "R2", 1490, "2024-04-12", "2024-04-20"),  # ends within the first
        ("P1", "R3", 1491, received, None),
    )
    contacts = contact_rows(
        ("C1", "P1", "R1", 1489, "2024-04-20", "5", "01"), ("C2", "P1", "R3", 1491, "2024-06-03", "5", "01")
    )
    extract = extract_of(engine, referrals, contacts=contacts)
    found = cells(mhsds.referral_spells(extract))
    assert sorted(found["referrals"]) == ([3] if spells == 1 else [1, 2])
    completed = row(mhsds.measures(extract, YEAR, "organisation"))
    assert (completed["waits_completed"], completed["waiting"]) == ((1, 0) if spells == 1 else (0, 1))


def test_waits_of_a_group_have_their_median_and_percentile(engine: str) -> None:
    starts = ["2024-04-01"] * 4
    referrals = referral_rows(*((f"P{n}", f"R{n}", 1489, start, None) for n, start in enumerate(starts)))
    days = {0: "2024-04-08", 1: "2024-04-15", 2: "2024-04-29", 3: "2024-04-30"}  # 7, 14, 28 and 29 days
    contacts = contact_rows(*((f"C{n}", f"P{n}", f"R{n}", 1489, date, "5", "01") for n, date in days.items()))
    extract = extract_of(engine, referrals, contacts=contacts)
    found = row(mhsds.waits(extract, YEAR, "organisation", waiting_for="first contact", weeks=[4]))
    assert found["median_wait"] == pytest.approx(3.0)  # between 2 and 4 weeks
    assert found["wait_percentile_90"] == pytest.approx((28 + 0.7) / 7)
    assert (found["waits_completed"], found["share_within_4_weeks"]) == (4, 0.75)


def test_scope_wants_the_age_the_team_and_residence_in_england(engine: str) -> None:
    referrals = referral_rows(*((f"P{n}", f"R{n}", 1489, "2024-04-01", None) for n in range(7)))
    referrals["AgeServReferRecDate"] = [18, 17, None, 40, 40, 40, 40]
    services = service_rows(referrals) | {"ServTeamTypeRefToMH": ["C03", "A06", "A06", "A07", "A06", "A06", "A06"]}
    people = {
        "Person_ID": referrals["Person_ID"],
        "RecordNumber": referrals["RecordNumber"],
        "LADistrictAuth": ["E06000023", "E06000023", "E06000023", "E06000023", "W06000015", None, "E06000023"],
    }
    spells = {"Person_ID": ["P6"], "UniqServReqID": ["R6"]}
    extract = extract_of(engine, referrals, service_types=services, people=people, hospital_spells=spells)
    found = cells(mhsds.measures(extract, YEAR, ["team_type_code"], which="referrals"))
    assert dict(zip(found["team_type_code"], found["referrals"], strict=True)) == {"C10": 1, "A06": 1}
    everyone = row(mhsds.measures(extract, YEAR, "organisation", scope=mhsds.ALL, which="referrals"))
    assert everyone["referrals"] == 6


@pytest.mark.parametrize("engine", [*ALL])
def test_the_commissioner_is_that_of_the_practice_or_else_of_residence(engine: str) -> None:
    referrals = referral_rows(*((f"P{n}", f"R{n}", 1489, "2024-04-01", None) for n in range(5)))
    people = {name: referrals[name] for name in ("Person_ID", "RecordNumber")}
    people["OrgIDSubICBLocResidence"] = ["11A", "11A", "11A", "11A", None]
    practices = {
        # P0's practice is in another place; P1's registration ended, P2 has none; the later record of P3 counts.
        "Person_ID": ["P0", "P1", "P2", "P3", "P3", "P3"],
        "RecordNumber": [0, 1, 2, 3, 30, 4],
        "UniqMonthID": [1500] * 6,
        "GMPReg": ["A81001", "A81001", "V81997", "A81001", "A81001", "A81001"],
        "OrgIDSubICBLocGP": ["22B", "22B", "22B", "11A", "22B", "11A"],
        "EndDateGMPRegistration": [None, dt.date(2024, 4, 9), None, None, None, None],
    }
    extract = extract_of(engine, referrals, people=people, gp_registrations=practices)
    chosen = {"which": "referrals", "icb_of": {"11A": "QAA", "22B": "QBB"}, "icb_from": "commissioner"}
    found = cells(mhsds.measures(extract, YEAR, ["sub_icb", "icb"], **chosen))
    assert {tuple(each) for each in zip(*(found[name] for name in ("sub_icb", "icb", "referrals")), strict=True)} == {
        ("22B", "QBB", 2), ("11A", "QAA", 2), ("not known", "not known", 1),
    }  # fmt: skip


def test_a_sub_icb_needs_a_practice_or_a_residence() -> None:
    referrals = referral_rows(("P1", "R1", 1489, "2024-04-01", None))
    with pytest.raises(cm.BadInput) as error:
        mhsds.measures(extract_of("pandas", referrals), YEAR, "sub_icb")
    assert [problem.column for problem in error.value.problems] == ["sub_icb"]
    with pytest.raises(cm.BadInput) as error:
        mhsds.measures(extract_of("pandas", referrals), YEAR, "icb", icb_of={}, icb_from="practice")
    assert ("icb_from", "practice") in [(problem.column, problem.value) for problem in error.value.problems]


def test_a_referral_of_several_teams_counts_in_one_or_in_each(engine: str) -> None:
    referrals = referral_rows(("P1", "R1", 1489, "2024-04-01", None))
    services = {
        "UniqServReqID": ["R1"] * 3,
        "RecordNumber": [0, 0, 0],
        "ServTeamTypeRefToMH": ["A07", "A08", "A06"],
        "ReferRejectionDate": [None, None, dt.date(2024, 4, 3)],
    }
    extract = extract_of(engine, referrals, service_types=services)
    one = row(mhsds.measures(extract, YEAR, "team_type", which=["referrals", "referrals_rejected"]))
    assert (one["team_type"], one["referrals"], one["referrals_rejected"]) == ("Assertive Outreach", 1, 0)
    each = cells(mhsds.measures(extract, YEAR, "team_type", which="referrals", several_teams="each"))
    assert sorted(each["team_type"]) == ["Assertive Outreach", "Generic CMHTs", "Older People"]


def test_people_with_access_are_of_the_team_that_their_wider_scope_finds() -> None:
    """A14 is in the scope of access alone: of A14 and A16 the core is of A16, and access of the lower code."""
    referrals = referral_rows(("P1", "R1", 1489, "2024-04-01", None))
    services = {name: cells * 2 for name, cells in service_rows(referrals).items()}
    contacts = contact_rows(*((f"C{n}", "P1", "R1", 1489, f"2024-04-0{n}", "5", "01") for n in (2, 3)))
    extract = extract_of(
        "polars", referrals, service_types=services | {"ServTeamTypeRefToMH": ["A14", "A16"]}, contacts=contacts
    )
    found = cells(mhsds.measures(extract, YEAR, "team_type_code", which=["referrals", "contacts", "people_accessing"]))
    told = {
        name: dict(zip(found["team_type_code"], found[name], strict=True))
        for name in ("referrals", "contacts", "people_accessing")
    }
    assert told == {
        "referrals": {"A14": 0, "A16": 1}, "contacts": {"A14": 0, "A16": 2}, "people_accessing": {"A14": 1, "A16": 0},
    }  # fmt: skip


def test_a_lapsed_referral_ends_with_its_last_month_unless_it_is_to_stay_open(engine: str) -> None:
    referrals = referral_rows(("P1", "R1", 1489, "2024-04-10", None), ("P2", "R2", 1500, "2024-04-10", None))
    referrals["UniqMonthID"] = [1489, 1500]
    extract = extract_of(engine, referrals)
    which = ["open_referrals", "referrals_closed"]
    assert row(mhsds.measures(extract, YEAR, "organisation", which=which, lapsed="open"))["open_referrals"] == 2
    closed = row(mhsds.measures(extract, YEAR, "organisation", which=which))
    assert (closed["open_referrals"], closed["referrals_closed"]) == (1, 1)
    # What was submitted in April is open at its end, and closed on the day after.
    april = row(mhsds.measures(extract, ("2024-04-01", "2024-04-30"), "organisation", which=which))
    assert (april["open_referrals"], april["referrals_closed"]) == (2, 0)
    assert april["period"] in (dt.date(2024, 4, 30), dt.datetime(2024, 4, 30))
    may = row(mhsds.measures(extract, "2024-05", "organisation", which=which))
    assert (may["open_referrals"], may["referrals_closed"]) == (1, 1)


def test_a_cluster_under_review_is_no_cluster(engine: str) -> None:
    referrals = referral_rows(*((f"P{n}", f"R{n}", 1489, "2024-04-01", None) for n in range(3)))
    contacts = contact_rows(*((f"C{n}", f"P{n}", f"R{n}", 1489, "2024-04-08", "5", "01") for n in range(3)))
    clusters = {
        "UniqClustID": ["L0", "L1", "L2"],
        "Person_ID": ["P0", "P1", "P1"],
        "AdultMHCareClusterCodeFinal": ["09", "10", "11"],
        "StartDateCareClust": [dt.date(2024, 4, 1), dt.date(2024, 4, 1), dt.date(2024, 5, 2)],
        "EndDateCareClust": [None, dt.date(2024, 4, 30), None],
    }
    extract = extract_of(engine, referrals, contacts=contacts, clusters=clusters)
    found = cells(mhsds.cluster_profile(extract, "2024-04-30", "organisation"))
    assert dict(zip(found["cluster"], found["caseload"], strict=True)) == {"10": 1, "99": 2}


def test_an_admission_has_a_prior_contact_from_365_to_3_days_before(engine: str) -> None:
    referrals = referral_rows(*((f"P{n}", f"R{n}", 1489, "2023-01-01", None) for n in range(4)))
    starts = [dt.date(2024, 4, 10)] * 4
    spells = {
        "UniqHospProvSpellID": [f"H{n}" for n in range(4)],
        "Person_ID": referrals["Person_ID"],
        "UniqServReqID": referrals["UniqServReqID"],
        "OrgIDProv": ["RX1"] * 4,
        "StartDateHospProvSpell": starts,
        "DischDateHospProvSpell": [None] * 4,
    }
    before = {0: "2024-04-07", 1: "2024-04-08", 2: "2023-04-11", 3: "2023-04-10"}  # 3, 2, 365 and 366 days
    contacts = contact_rows(*((f"C{n}", f"P{n}", f"R{n}", 1489, date, "5", "02") for n, date in before.items()))
    extract = extract_of(engine, referrals, contacts=contacts, hospital_spells=spells)
    found = row(mhsds.measures(extract, YEAR, "organisation", which=["admissions", "admissions_without_prior_contact"]))
    assert (found["admissions"], found["admissions_without_prior_contact"]) == (4, 2)
    # Alone and of no groups, nothing but numbers is asked for: they are still of four admissions.
    assert row(mhsds.measures(extract, YEAR, [], which="admissions")) == {"period": YEAR, "admissions": 4}


@pytest.mark.parametrize(("direct_before_v5", "unseen"), [("publication", 0), ("dashboard", 1)])
def test_prior_contact_is_direct_as_it_was_chosen(engine: str, direct_before_v5: str, unseen: int) -> None:
    # By another mechanism, in a month before version 5: direct as published, and not on the dashboard.
    referrals = referral_rows(("P1", "R1", 1448, "2020-10-01", None))
    spells = {
        "UniqHospProvSpellID": ["H1"], "Person_ID": ["P1"], "UniqServReqID": ["R9"],
        "StartDateHospProvSpell": [dt.date(2021, 2, 10)],
    }  # fmt: skip
    contacts = contact_rows(("C1", "P1", "R1", 1450, "2021-01-10", "5", "98"))
    extract = extract_of(engine, referrals, contacts=contacts, hospital_spells=spells)
    which = ["admissions", "admissions_without_prior_contact"]
    choice = {"direct_before_v5": direct_before_v5}
    found = row(mhsds.measures(extract, "2020/21", "organisation", which=which, **choice))
    assert (found["admissions"], found["admissions_without_prior_contact"]) == (1, unseen)


def test_admissions_have_the_age_of_their_referral_and_some_have_none() -> None:
    referrals = referral_rows(*((f"P{n}", f"R{n}", 1489, "2023-01-01", None) for n in range(3)))
    referrals["AgeServReferRecDate"] = [17, 65, None]
    spells = {
        "UniqHospProvSpellID": [f"H{n}" for n in range(4)], "Person_ID": [*referrals["Person_ID"], "P9"],
        "UniqServReqID": [*referrals["UniqServReqID"], "R9"], "StartDateHospProvSpell": [dt.date(2024, 4, 10)] * 4,
    }  # fmt: skip
    extract = extract_of("polars", referrals, hospital_spells=spells)
    found = cells(mhsds.measures(extract, YEAR, "age_band", which="admissions"))
    assert dict(zip(found["age_band"], found["admissions"], strict=True)) == {"0-17": 1, "65+": 1, "not known": 2}


def test_those_accepted_may_be_asked_for_alone() -> None:
    referrals = referral_rows(*((f"P{n}", f"R{n}", 1489, "2024-05-01", None) for n in range(3)))
    services = service_rows(referrals) | {"ReferRejectionDate": [dt.date(2024, 5, 2), None, None]}
    extract = extract_of("polars", referrals, service_types=services)
    found = row(mhsds.measures(extract, YEAR, "organisation", which="referrals_accepted"))
    assert {name: found[name] for name in found if name != "period"} == {"organisation": "RX1", "referrals_accepted": 2}


@pytest.mark.parametrize(("of", "caseload"), [("people", 2), ("referrals", 3)])
def test_a_caseload_is_of_people_or_of_referrals(engine: str, of: str, caseload: int) -> None:
    people = (("P1", "R1"), ("P1", "R2"), ("P2", "R3"))
    referrals = referral_rows(*((person, id, 1489, "2024-04-10", None) for person, id in people))
    contacts = contact_rows(
        *((f"{id}-{day}", person, id, 1489, f"2024-04-{day}", "5", "01") for person, id in people for day in (20, 25))
    )
    found = mhsds.measures(extract_of(engine, referrals, contacts=contacts), YEAR, "organisation", caseload_of=of)
    assert row(found)["caseload"] == caseload


def test_a_wait_is_long_from_the_day_after_so_many_weeks(engine: str) -> None:
    end, weeks = dt.date(2025, 3, 31), (18, 52, 78, 104)
    days = [7 * each + more for each in weeks for more in (0, 1)]
    referrals = referral_rows(
        *((f"P{n}", f"R{n}", 1489, (end - dt.timedelta(each)).isoformat(), None) for n, each in enumerate(days))
    )
    names = [f"waiting_over_{each}_weeks" for each in weeks]
    nothing = contact_rows(("C1", "P0", "R0", 1489, "2025-02-01", "3", "01"))  # did not attend
    extract = extract_of(engine, referrals, contacts=nothing)
    found = row(mhsds.measures(extract, YEAR, "organisation", which=["waiting", *names]))
    assert [found[name] for name in ("waiting", *names)] == [8, 7, 5, 3, 1]


def test_what_happens_in_a_month_counts_in_it_on_its_first_day_and_on_its_last(engine: str) -> None:
    days = ["2024-03-31", "2024-04-01", "2024-04-30", "2024-05-01", "2024-05-31", "2024-06-01"]
    opened = [(f"P{n}", f"R{n}", 1489, day, None) for n, day in enumerate(days)]
    closed = [(f"Q{n}", f"D{n}", 1489, "2024-03-01", day) for n, day in enumerate(days)]
    referrals = referral_rows(*opened, *closed)
    contacts = contact_rows(
        *((f"C{n}", f"P{n}", f"R{n}", 1489, day, "5", "01") for n, day in enumerate(days)),
        *((f"N{n}", f"P{n}", f"R{n}", 1489, day, "3", "01") for n, day in enumerate(days)),
    )
    spells = {
        "UniqHospProvSpellID": [f"H{n}" for n in range(6)],
        "Person_ID": [f"P{n}" for n in range(6)],
        "UniqServReqID": [f"S{n}" for n in range(6)],  # no community service's
        "OrgIDProv": ["RX1"] * 6,
        "StartDateHospProvSpell": [dt.date.fromisoformat(day) for day in days],
        "DischDateHospProvSpell": [None] * 6,
    }
    extract = extract_of(engine, referrals, contacts=contacts, hospital_spells=spells)
    which = [
        "referrals", "referrals_closed", "discharges", "contacts", "face_to_face_contacts", "did_not_attends",
        "admissions", "admissions_without_prior_contact",
    ]  # fmt: skip
    by_month = mhsds.measures(extract, ("2024-04-01", "2024-05-31"), ["organisation", "month"], which=which)
    found = sorted_by(cells(by_month), "period")
    assert [str(month)[:10] for month in found["period"]] == ["2024-04-30", "2024-05-31"]
    assert {name: found[name] for name in which} == {name: [2, 2] for name in which}


def test_a_lazy_extract_gives_a_lazy_table() -> None:
    import duckdb
    import polars as pl

    referrals = referral_rows(("P1", "R1", 1489, "2024-04-10", None))
    assert isinstance(mhsds.measures(extract_of("polars lazy", referrals), YEAR, "organisation"), pl.LazyFrame)
    assert isinstance(mhsds.measures(extract_of("duckdb", referrals), YEAR, "organisation"), duckdb.DuckDBPyRelation)


APART = {
    "measures": lambda extract: mhsds.measures(
        extract, ("2024-04-01", "2024-04-30"), ["icb", "month"], icb_of={"SYN001": "Q1"}, icb_from="provider"
    ),
    "contacts": mhsds.contacts,
    "quality": mhsds.quality,
    "waits": lambda extract: mhsds.waits(extract, YEAR),
    "time on caseload": lambda extract: mhsds.time_on_caseload(extract, "2025-03-31"),
    "cluster profile": lambda extract: mhsds.cluster_profile(extract, "2025-03-31"),
    "referrals": mhsds.referrals,
    "referral spells": mhsds.referral_spells,
    "each team": lambda extract: mhsds.measures(extract, YEAR, several_teams="each"),
}


@pytest.mark.parametrize("name", with_deep(list(APART)[:3], *list(APART)[3:]))
def test_it_runs_on_a_connection_of_the_users_own(name: str, tmp_path: Path) -> None:
    import duckdb

    folder = mhsds.synthesise(tmp_path, contacts=500, dirty=0.01)
    connection = duckdb.connect()
    tables = {path.stem: connection.read_parquet(str(path)) for path in folder.glob("*.parquet")}
    result = APART[name](mhsds.Extract.of(tables))
    assert "HUGEINT" not in [str(kind) for kind in result.types]
    assert result.fetchall()


def test_an_extract_becomes_a_benchmark_in_three_lines() -> None:
    referrals = referral_rows(*((f"P{n}", f"R{n}", 1489, "2024-04-01", None) for n in range(4)))
    referrals["OrgIDProv"] = ["RX1", "RX1", "RX2", "RX2"]
    contacts = contact_rows(
        ("C0", "P0", "R0", 1489, "2024-04-08", "5", "01"), ("C1", "P1", "R1", 1489, "2024-04-08", "3", "01"),
        ("C2", "P2", "R2", 1489, "2024-04-08", "5", "01"), ("C3", "P3", "R3", 1489, "2024-04-08", "5", "01"),
    )  # fmt: skip

    extract = extract_of("pandas", referrals, contacts=contacts)
    teams = mhsds.measures(extract, YEAR)
    places = cm.benchmark(teams, "dna_rate", by="organisation")

    assert dict(zip(places["place"], places["value"], strict=True)) == {"RX1": 0.5, "RX2": 0.0}
    lazy = mhsds.measures(extract_of("duckdb", referrals, contacts=contacts), YEAR)
    # What a lazy table holds is not known before it runs, so how a stock adds over time is said.
    same = cm.benchmark(lazy, "dna_rate", by="organisation", over_time="last")
    assert same["value"].tolist() == [0.5, 0.0]


@pytest.mark.parametrize("engine", with_deep(["polars lazy"], "pandas", "duckdb"))
def test_one_month_of_a_table_by_month_is_a_benchmark(engine: str) -> None:
    referrals = referral_rows(*((f"P{n}", f"R{n}", 1489, "2024-04-01", None) for n in range(2)))
    referrals["OrgIDProv"] = ["RX1", "RX2"]
    contacts = contact_rows(
        ("C0", "P0", "R0", 1489, "2024-04-08", "5", "01"), ("C1", "P0", "R0", 1490, "2024-05-08", "3", "01"),
        ("C2", "P1", "R1", 1489, "2024-04-08", "3", "01"), ("C3", "P1", "R1", 1490, "2024-05-08", "5", "01"),
    )  # fmt: skip
    months, wanted = ("2024-04-01", "2024-05-31"), ["contacts", "did_not_attends", "open_referrals"]
    extract = extract_of(engine, referrals, contacts=contacts)
    table = mhsds.measures(extract, months, ["organisation", "month"], which=wanted)
    for month in ("2024-05-31", dt.date(2024, 5, 31), dt.datetime(2024, 5, 31))[: 1 if engine == "duckdb" else 3]:
        places = cm.benchmark(table, "dna_rate", by="organisation", period=month)
        assert dict(zip(places["place"], places["value"], strict=True)) == {"RX1": 1.0, "RX2": 0.0}
    with refused("period", "May", expected="a date or period"):
        cm.benchmark(table, "dna_rate", by="organisation", period="May")


def test_everything_that_is_wrong_is_named_at_once() -> None:
    referrals = {"Person_ID": ["P1"], "UniqServReqID": ["R1"], "UniqMonthID": [1489]}
    extract = mhsds.Extract(referrals=ALL["pandas"](referrals))
    with refused(
        problem("by", "organization", suggests="organisation"),
        problem("pathway", "spel", names=("spell", "referral")),
        problem("period", "2025-03-31 to 2024-04-01"),
        problem("which", "caseloads", suggests="caseload"),
    ):
        mhsds.measures(extract, ("2025-03-31", "2024-04-01"), ["organization"], which=["caseloads"], pathway="spel")


def test_tables_of_two_engines_and_columns_of_a_wrong_type_are_refused() -> None:
    with refused("contacts", "Polars", names=("Pandas", "people")):
        mhsds.Extract(people=ALL["pandas"]({"Person_ID": ["P1"]}), contacts=ALL["polars"]({"Person_ID": ["P1"]}))
    with refused("contacts.CareContDate", "1 of 1 cells that are no dates", expected="a date or period"):
        mhsds.Extract(contacts=ALL["duckdb"]({"CareContDate": [45747]}))
    with refused("contacts.CareContDate", "Boolean", expected="a date or period"):
        mhsds.Extract(contacts=ALL["duckdb"]({"CareContDate": [True]}))


def test_a_date_that_duckdb_types_integer_is_missing_or_a_date_as_20240501() -> None:
    import duckdb

    connection = duckdb.connect()
    rows = "SELECT 'P1' AS Person_ID, 'R1' AS UniqServReqID, 1500 AS UniqMonthID, 'RX1' AS OrgIDProv, "
    rows += "DATE '2024-04-10' AS ReferralRequestReceivedDate, {}::INTEGER AS \"servDischDate\""

    def measured(discharged: str) -> Any:
        extract = mhsds.Extract(referrals=connection.sql(rows.format(discharged)))
        return mhsds.measures(extract, YEAR, "organisation", scope=mhsds.ALL, which=["discharges", "open_referrals"])

    assert measured("NULL").fetchall() == [("RX1", "2024/25", 0, 1)]
    assert measured("20240501").fetchall() == [("RX1", "2024/25", 1, 0)]


def test_a_referral_of_version_6_that_names_no_service_has_the_others_alone(engine: str) -> None:
    referrals = referral_rows(*((f"P{n}", f"R{n}", 1489, "2024-04-01", None) for n in range(6)))
    referrals |= {
        "ServTeamType": [None, "", None, "A06", None, None],
        "ReferRejectionDate": [None, None, None, None, dt.date(2024, 4, 9), dt.date(2024, 4, 3)],
        "ReferRejectReason": [None, "", None, None, None, None],
    }
    others = {
        "UniqServReqID": ["R0", "R1", "R3", "R4", "R5"],
        "RecordNumber": [0, 1, 3, 4, 5],
        "ServTeamTypeRefToMH": ["A08"] * 5,
        "ReferRejectionDate": [dt.date(2024, 4, day) if day else None for day in (3, None, 3, 3, 9)],
    }
    extract = extract_of(engine, referrals, service_types=others)
    found = row(mhsds.measures(extract, ("2024-04-01", "2024-04-08"), "organisation", scope=mhsds.ALL))
    # R0 by its one service; R3 has another that did not reject it; R4 and R5 by both, on the later date.
    counts = {"referrals": 6, "referrals_rejected": 3, "referrals_closed": 1, "open_referrals": 5}
    assert {name: found[name] for name in counts} == counts
    by_team = mhsds.measures(extract, YEAR, "team_type_code", scope=mhsds.ALL, which="referrals", several_teams="each")
    teams = cells(by_team)
    found = {
        team if team == team else None: count
        for team, count in zip(*(teams[n] for n in ("team_type_code", "referrals")), strict=True)
    }
    # R2 has no service at all; R4 and R5 reject a service of their own that has no code.
    assert found == {None: 3, "A06": 1, "A08": 5}
    table = cells(mhsds.quality(extract))
    broken = {rule: rows for rule, rows in zip(table["rule"], table["rows"], strict=True) if rows}
    assert broken == {"no service type": 1, "unknown team type": 2}


def test_a_team_out_of_scope_that_rejected_is_told_where_the_referral_names_none() -> None:
    referrals = referral_rows(("P1", "R1", 1489, "2024-04-01", None)) | {"ServTeamType": [None]}
    others = service_rows(referrals, "A02") | {"ReferRejectReason": ["02"]}
    found = row(mhsds.referrals(extract_of("polars", referrals, service_types=others)))
    assert (found["in_scope"], found["team_type_code"]) == (0, "A02")


def test_times_of_a_zone_have_the_day_of_their_zone() -> None:
    import pandas as pd

    # Half past midnight in London is the day before in UTC.
    times = pd.Series(pd.to_datetime(["2024-06-01 00:30"])).dt.tz_localize("Europe/London")
    contacts = ALL["pandas"](contact_rows(("C1", "P1", "R1", 1491, "2024-06-01", "5", "01")))
    found = row(mhsds.contacts(mhsds.Extract(contacts=contacts.assign(CareContDate=times))))
    assert str(found["date"])[:10] == "2024-06-01"


def test_the_columns_of_facts() -> None:
    dates = ["first_contact", "second_contact"]
    team = ["team_type_code", "team_type"]
    example = mhsds.example()
    assert list(mhsds.referrals(example)) == [
        "person", "referral", "organisation", "last_submitted", "in_scope", *team, "received", "discharged", "rejected",
        "closed", *dates,
    ]  # fmt: skip
    assert list(mhsds.contacts(example)) == [
        "person", "contact", "referral", "date", "direct", "face_to_face", "did_not_attend",
    ]  # fmt: skip
    spells = ["person", "organisation", "first_referral", *team, "referrals", "start", "end"]
    assert list(mhsds.referral_spells(example)) == [*spells, *dates]


def test_the_months_of_the_data_set() -> None:
    assert mhsds.month_id(dt.date(2019, 4, 1)) == 1429
    assert [mhsds.last_day(month).day for month in (1487, 1499)] == [29, 28]  # February 2024 and 2025


@pytest.mark.parametrize("engine", [*ALL])
def test_dates_as_text_and_old_columns_read_alike_on_every_engine(engine: str) -> None:
    table = {
        "UniqCareContID": ["C1", "C2", "C3"],
        "person_id": [1, 2, None],
        "CareContDate": ["2024-02-29", "2023-02-29", "2024-05-01T10:15:00"],
        "AttendOrDNACode": ["5", None, "6"],
        "ConsMediumUsed": ["03", "06", "01"],
    }
    extract = mhsds.Extract(contacts=ALL[engine](table))
    read = extract.rows("contacts", ["Person_ID", "CareContDate", "ConsMechanismMH"], unreadable=True)
    found = cells(extract.leave(read, ["CareContDate"]))
    assert extract.version == "v4"
    assert found["Person_ID"] == [1, 2, None]
    dates = [each and dt.date(each.year, each.month, each.day) for each in found["CareContDate"]]
    assert dates == [dt.date(2024, 2, 29), None, dt.date(2024, 5, 1)]
    assert found["CareContDate unreadable"] == [False, True, False]
    assert found["ConsMechanismMH"] == ["11", "09", "01"]
