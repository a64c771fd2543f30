"""The oracle gives what was worked out by hand, on cases small enough for it."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

import pytest

from tests.mhsds import oracle, oracle_cells
from tests.mhsds.oracle import ALL, Reading, Row, Tables, measures
from tests.mhsds.oracle_cells import code_of, day_of, identifier, number_of

YEAR = "2023/24"
JUNE = ("2024-06-01", "2024-06-30")


def month_id(year: int, month: int) -> int:
    return (year - 1900) * 12 + month - 3


def referral(received: str, months: Any, id: str = "R1", *, person: str = "P1", **others: Any) -> list[Row]:
    """A referral of an adult to RA1, submitted in each of the months."""
    return [
        {
            "Person_ID": person,
            "UniqServReqID": id,
            "RecordNumber": f"{person}-{month}",
            "OrgIDProv": "RA1",
            "UniqMonthID": month,
            "ReferralRequestReceivedDate": received,
            "ServDischDate": None,
            "AgeServReferRecDate": 40,
        }
        | others
        for month in months
    ]


def service(referrals: list[Row], team: str = "A06", **others: Any) -> list[Row]:
    return [
        {key: row[key] for key in ("Person_ID", "UniqServReqID", "RecordNumber", "UniqMonthID", "OrgIDProv")}
        | {"ServTeamTypeRefToMH": team, "ReferRejectionDate": None, "ReferRejectReason": None, "ReferClosureDate": None}
        | others
        for row in referrals
    ]


def contact(day: str, id: str = "R1", *, person: str = "P1", **others: Any) -> Row:
    when = dt.date.fromisoformat(day)
    month = month_id(when.year, when.month)
    return {
        "Person_ID": person,
        "UniqServReqID": id,
        "UniqCareContID": f"{id}-{day}",
        "RecordNumber": f"{person}-{month}",
        "OrgIDProv": "RA1",
        "UniqMonthID": month,
        "CareContDate": day,
        "AttendStatus": "5",
        "ConsMechanismMH": "01",
    } | others


def values(tables: Tables, period: Any, **choices: Any) -> dict[str, int]:
    """The measures of everything together, without those that are 0."""
    found = measures(tables, period, (), **choices)
    assert len(found) <= 1
    return {name: number for of in found.values() for name, number in of.items() if number}


def extract(referrals: list[Row], services: list[Row] | None = None, contacts: Any = (), **others: Any) -> Tables:
    services = service(referrals) if services is None else services
    return {"referrals": referrals, "service_types": services, "contacts": list(contacts)} | others


def months(first: tuple[int, int], last: tuple[int, int]) -> range:
    return range(month_id(*first), month_id(*last) + 1)


# Cells


@pytest.mark.parametrize(
    "cell",
    [
        "2025-03-31", "31/03/2025", "31-Mar-2025", "31-MAR-2025", "20250331", 20250331, "2025-03-31 00:00:00.000",
        "2025-03-31T00:00:00", "31/03/2025 00:00", " 2025-03-31 ", dt.date(2025, 3, 31), dt.datetime(2025, 3, 31, 23, 59),
    ],
)  # fmt: skip
def test_days(cell: Any) -> None:
    assert day_of(cell) == dt.date(2025, 3, 31)


def test_days_of_one_digit_are_british() -> None:
    assert day_of("1/3/2025") == dt.date(2025, 3, 1)


@pytest.mark.parametrize(
    "cell", ["", "  ", "NULL", "null", "NaN", "<NA>", "None", None, float("nan"), "1900-01-01", "01/01/1900", "n/a",
             "2024-02-30", "31/02/2024", dt.datetime(1900, 1, 1)],
)  # fmt: skip
def test_no_days(cell: Any) -> None:
    assert day_of(cell) is None


def test_codes_and_ids() -> None:
    assert [code_of(value) for value in ("1", 1, "01", " 1 ", "1.0", 1.0)] == ["01"] * 6
    assert [code_of(value, 1) for value in ("5 ", 5, "5.0", "a06 ", "NULL", " ")] == ["5", "5", "5", "A06", None, None]
    assert identifier(" ab1 ") == "AB1"
    assert identifier(Decimal("12345678901234567890")) == "12345678901234567890"
    assert identifier(uuid.UUID(int=10)) == "00000000-0000-0000-0000-00000000000A"
    assert [number_of(value) for value in ("1491", "1491.0", " 18", 18.0, "NULL")] == [1491, 1491, 18, 18, None]


def test_months_are_numbered_from_april_1429_in_2019() -> None:
    assert oracle_cells.month_number(dt.date(2019, 4, 30)) == 1429
    assert oracle_cells.last_day(1489) == dt.date(2024, 4, 30)
    assert oracle_cells.last_day(1487) == dt.date(2024, 2, 29)
    assert [oracle_cells.financial_year(month) for month in (1488, 1489)] == [2023, 2024]


def test_names_of_tables() -> None:
    for name in ("dbo.MHS101Referral", "[dbo].[MHS101Referral]", "MESH_MHSDS.MHS101Referral_ALL", "mhs101referral"):
        assert oracle.table({name: [{"a": 1}]}, "referrals") == [{"a": 1}]
    both = {"MHS102ServiceTypeReferredTo": [{"a": 1}], "MHS102OtherServiceType": [{"a": 2}]}
    assert oracle.table(both, "service_types") == [{"a": 1}, {"a": 2}]


def test_headers() -> None:
    assert oracle.cell({"\ufeffPerson_ID": 1}, "person_id") == 1
    assert oracle.cell({" Person_ID ": 1}, "Person_ID") == 1


def test_columns_of_which_most_cells_are_no_dates() -> None:
    rows = [
        {"ServDischDate": day, "CareContDate": "2024-04-01", "AgeServReferRecDate": "x"}
        for day in ("03.31.2025", "?", "2024-04-01", "")
    ]
    assert oracle_cells.columns_that_are_no_dates({"referrals": rows}) == [("referrals", "ServDischDate")]


# F1: access inside the twelve months


def test_access_counts_who_has_been_seen_for_long() -> None:
    rows = referral("2022-04-01", months((2022, 4), (2024, 9)))
    seen = [contact(f"{year}-{month:02d}-15") for year in (2022, 2023, 2024) for month in range(1, 13)
            if (2022, 4) <= (year, month) <= (2024, 9)]  # fmt: skip
    assert values(extract(rows, contacts=seen), ("2024-09-01", "2024-09-30"))["people_accessing"] == 1
    one_row = referral("2022-04-01", [month_id(2024, 9)])
    assert values(extract(one_row, contacts=seen), ("2024-09-01", "2024-09-30"))["people_accessing"] == 1


def test_access_needs_both_contacts_inside_the_twelve_months() -> None:
    rows = referral("2022-04-01", months((2022, 4), (2024, 9)))
    september = ("2024-09-01", "2024-09-30")
    one_before = [contact("2023-09-30"), contact("2024-09-30")]
    assert "people_accessing" not in values(extract(rows, contacts=one_before), september)
    both = [contact("2023-10-01"), contact("2024-09-30")]
    assert values(extract(rows, contacts=both), september)["people_accessing"] == 1


def test_access_needs_both_contacts_in_one_referral() -> None:
    rows = referral("2023-04-01", [1488]) + referral("2023-04-01", [1488], "R2")
    apart = [contact("2024-01-10"), contact("2024-01-11", "R2")]
    assert "people_accessing" not in values(extract(rows, contacts=apart), YEAR)


def test_access_counts_contacts_before_receipt_and_a_person_once() -> None:
    rows = referral("2024-01-20", [1488]) + referral("2024-01-20", [1488], "R2")
    seen = [contact(day, id) for day in ("2024-01-10", "2024-01-21") for id in ("R1", "R2")]
    assert values(extract(rows, contacts=seen), YEAR)["people_accessing"] == 1


# F2: beds


@pytest.mark.parametrize("column", ["MHAdmittedPatientClass", "HospitalBedTypeMH"])
@pytest.mark.parametrize(("bed", "is_acute"), [("200", 1), (201, 1), ("202 ", 1), ("205", 0), ("10", 1), ("13", 0)])
def test_beds_are_read_by_their_code(column: str, bed: Any, is_acute: int) -> None:
    spells = [{"Person_ID": "P9", "UniqHospProvSpellID": "H1", "UniqServReqID": "X", "StartDateHospProvSpell": "2024-06-03",
               "SourceAdmMHHospProvSpell": "19", "UniqMonthID": 1491, "OrgIDProv": "RA1"}]  # fmt: skip
    stays = [{"Person_ID": "P9", "UniqHospProvSpellID": "H1", "StartDateWardStay": "2024-06-03", column: bed}]
    tables = extract(referral("2024-06-01", [1491]), hospital_spells=spells, ward_stays=stays)
    assert values(tables, JUNE).get("admissions", 0) == is_acute


def test_ward_stays_without_a_bed_are_refused() -> None:
    stays = [{"Person_ID": "P9", "UniqHospProvSpellID": "H1", "StartDateWardStay": "2024-06-03"}]
    with pytest.raises(oracle.Refused, match="MHAdmittedPatientClass"):
        measures(extract(referral("2024-06-01", [1491]), hospital_spells=[], ward_stays=stays), JUNE)


# F3: v6


def test_v6_finds_teams_in_mhs902() -> None:
    rows = referral("2024-06-03", [1491], UniqCareProfTeamLocalID="T1") + referral(
        "2024-06-03", [1491], "R2", UniqCareProfTeamLocalID="T2"
    )
    others = [{"UniqServReqID": "R2", "RecordNumber": "P1-1491", "UniqOtherCareProfTeamLocalID": "T1"}]
    teams = [{"UniqCareProfTeamLocalID": team, "OrgIDProv": "RA1", "UniqMonthID": 1491, "ServTeamTypeMH": code}
             for team, code in [("T1", "A06"), ("T2", "A02")]]  # fmt: skip
    tables = extract(rows, others, service_teams=teams)
    assert values(tables, JUNE)["referrals"] == 2
    assert values(tables | {"service_types": []}, JUNE)["referrals"] == 1
    elsewhere = [team | {"OrgIDProv": "RB2"} for team in teams]
    assert values(tables | {"service_teams": elsewhere}, JUNE) == {}
    del tables["service_teams"]
    with pytest.raises(oracle.Refused, match="MHS902"):
        measures(tables, JUNE)


def test_v6_rejections_stand_on_the_referral_and_are_of_its_own_team() -> None:
    rows = referral("2024-06-03", [1491], ServTeamType="A02", ReferRejectionDate="2024-06-05", ReferRejectReason="02")
    core_took_it = service(rows, "A06")
    assert values(extract(rows, core_took_it), JUNE) == {
        "referrals": 1,
        "referrals_accepted": 1,
        "open_referrals": 1,
        "waiting": 1,
    }
    assert values(extract([row | {"ServTeamType": "A06"} for row in rows], []), JUNE)["referrals_rejected"] == 1


# F4, F5: words and padding


@pytest.mark.parametrize("reason", ["NULL", "  ", "", "nan", None, "77"])
def test_what_is_no_reason_rejects_nothing(reason: Any) -> None:
    rows = referral("2024-06-03", [1491])
    found = values(extract(rows, service(rows, ReferRejectReason=reason)), JUNE)
    assert found == {"referrals": 1, "referrals_accepted": 1, "open_referrals": 1, "waiting": 1}


def test_padding_and_case_change_nothing() -> None:
    rows = referral("2024-06-03", [1491])
    tables = extract(rows, contacts=[contact("2024-06-04"), contact("2024-06-05")])
    padded = {
        name: [
            {key: f" {value.lower()}  " if isinstance(value, str) else value for key, value in row.items()}
            for row in of
        ]
        for name, of in tables.items()
    }
    assert values(padded, JUNE) == values(tables, JUNE)
    assert values(tables, JUNE)["contacts"] == 2


def test_numbers_as_text() -> None:
    rows = referral("03/06/2024", [1491], AgeServReferRecDate="40", UniqMonthID="1491")
    tables = extract(
        rows, contacts=[contact("2024-06-04", ConsMechanismMH="1", AttendStatus="5.0", UniqMonthID="1491")]
    )
    assert values(tables, JUNE)["contacts"] == 1


def test_1900_is_no_discharge() -> None:
    assert values(extract(referral("2024-06-03", [1491], ServDischDate="1900-01-01")), JUNE)["open_referrals"] == 1


# F9: spells


def test_spells_that_start_before_2016_are_left_out() -> None:
    assert "waiting" not in values(extract(referral("2010-05-01", [1491])), JUNE)
    assert "waiting" not in values(extract(referral("2015-12-31", [1491])), JUNE)
    assert values(extract(referral("2016-01-01", [1491])), JUNE)["waiting_over_104_weeks"] == 1
    joined = referral("2015-12-31", [1491]) + referral("2024-06-01", [1491], "R2")
    assert "waiting" not in values(extract(joined), JUNE)  # the whole spell is left out


@pytest.mark.parametrize(("discharged", "waiting"), [("2024-06-24", 0), ("2024-06-25", 1), ("2024-06-30", 1)])
def test_five_days_of_grace(discharged: str, waiting: int) -> None:
    rows = referral("2024-06-03", [1491], ServDischDate=discharged)
    found = values(extract(rows), JUNE)
    assert found.get("waiting", 0) == waiting
    assert "open_referrals" not in found  # the grace is of spells


def test_contacts_after_the_end_complete_nothing() -> None:
    rows = referral("2024-04-01", [1489], ServDischDate="2024-04-20")
    more = referral("2024-06-29", [1491], "R2", person="P2")  # the extract goes on to June
    tables = extract(rows + more, contacts=[contact("2024-04-05"), contact("2024-06-10")])
    found = values(tables, JUNE)
    assert found["waiting"] == 1  # of P2 alone
    assert "waits_completed" not in found
    assert values(tables, JUNE, pathway="referral")["waits_completed"] == 1  # of a referral there is no such rule


def test_the_core_service_decides() -> None:
    rows = referral("2024-06-03", [1491])
    took = service(rows, "A06", ReferRejectionDate="2024-06-05") + service(rows, "A02")
    assert values(extract(rows, took), JUNE) == {"referrals": 1, "referrals_rejected": 1, "referrals_closed": 1}
    refused = service(rows, "A06") + service(rows, "A02", ReferRejectionDate="2024-06-05")
    assert values(extract(rows, refused), JUNE)["open_referrals"] == 1


def test_closure_of_the_service_ends_the_spell_and_not_the_referral() -> None:
    rows = referral("2024-01-03", months((2024, 1), (2024, 6)))
    found = values(extract(rows, service(rows, ReferClosureDate="2024-02-01")), JUNE)
    assert found == {"open_referrals": 1}


def test_rejected_referrals_are_in_spells_and_end_with_the_rejection() -> None:
    rows = referral("2024-06-03", [1491]) + referral("2024-06-13", [1491], "R2")
    refused = service(rows[:1], ReferRejectionDate="2024-06-08") + service(rows[1:])
    seen = [contact("2024-06-04"), contact("2024-06-13", "R2")]
    found = values(extract(rows, refused, seen), JUNE)
    assert (found["waits_completed"], "waiting" in found) == (
        1,
        False,
    )  # one spell from the 3rd: second contact on the 13th
    later = [*rows[:1], rows[1] | {"ReferralRequestReceivedDate": "2024-06-14"}]
    found = values(extract(later, refused, [seen[0], contact("2024-06-14", "R2")]), JUNE)
    assert ("waits_completed" in found, found["waiting"]) == (False, 1)


def test_a_contact_is_of_the_spell_in_which_it_is_dated() -> None:
    rows = referral("2024-04-01", months((2024, 4), (2024, 6)), ServDischDate="2024-04-20")
    rows += referral("2024-06-01", [1491], "R2")
    seen = [contact("2024-06-04"), contact("2024-06-05", "R2")]  # the first by the number of the referral that ended
    assert values(extract(rows, contacts=seen), JUNE)["waits_completed"] == 1


def test_a_contact_out_of_scope_in_its_own_submission_counts_for_no_spell() -> None:
    rows = referral("2024-04-01", months((2024, 4), (2024, 6)))
    teams = service(rows[:1], "A02") + service(rows[1:], "A06")
    tables = extract(rows, teams, [contact("2024-04-05"), contact("2024-06-10")])
    assert values(tables, JUNE, reading=Reading(contacts="submission"))["waiting"] == 1
    assert values(tables, JUNE, reading=Reading(contacts="referral"))["waits_completed"] == 1


def test_another_provider_is_another_spell() -> None:
    rows = referral("2024-06-03", [1491]) + referral("2024-06-03", [1491], "R2", OrgIDProv="RB2")
    assert values(extract(rows), JUNE)["waiting"] == 2
    assert "waiting" not in values(extract(referral("2024-06-03", [1491], OrgIDProv="DFC")), JUNE)


def test_within_four_weeks_is_28_days() -> None:
    for day, within in (("2024-06-28", 1), ("2024-06-29", 0)):
        rows = referral("2024-05-31", [1490, 1491])
        found = values(extract(rows, contacts=[contact("2024-06-01"), contact(day)]), JUNE)
        assert found["waits_completed"] == 1
        assert found.get("waits_within_four_weeks", 0) == within


# F10: what is no longer submitted


def test_stocks_are_of_what_is_still_submitted() -> None:
    rows = referral("2023-08-01", months((2023, 8), (2023, 11)))
    still = referral("2023-08-01", months((2023, 8), (2024, 6)), "R2", person="P2")
    seen = [contact("2023-08-10"), contact("2023-08-10", "R2", person="P2")]
    tables = extract(rows + still, contacts=seen)
    found = values(tables, JUNE)
    assert (found["open_referrals"], found["caseload"], found["waiting"]) == (1, 1, 1)
    found = values(tables, JUNE, lapsed="open")
    assert (found["open_referrals"], found["caseload"], found["waiting"]) == (2, 2, 2)


def test_a_referral_is_open_on_the_last_day_of_its_last_month() -> None:
    rows = referral("2023-08-01", months((2023, 8), (2023, 11)))
    tables = extract(rows + referral("2024-06-01", [1491], "R2", person="P2"))
    november = values(tables, ("2023-11-01", "2023-11-30"))
    assert november == {"open_referrals": 1, "waiting": 1}
    assert values(tables, ("2023-12-01", "2023-12-31")) == {"referrals_closed": 1}


def test_a_period_after_the_last_month_is_refused() -> None:
    with pytest.raises(oracle.Refused, match="2024-06-30"):
        measures(extract(referral("2024-06-03", [1491])), ("2024-07-01", "2024-07-31"))


# F11: hospital spells


def in_hospital(month: int, id: str = "R1", began: str = "2025-03-03") -> list[Row]:
    return [{"Person_ID": "P1", "UniqServReqID": id, "UniqHospProvSpellID": "H1", "UniqMonthID": month,
             "StartDateHospProvSpell": began, "OrgIDProv": "RA1", "SourceAdmMHHospProvSpell": "19"}]  # fmt: skip


def test_a_later_admission_takes_a_referral_out_of_no_earlier_period() -> None:
    rows = referral("2023-04-10", months((2023, 4), (2025, 3)))
    tables = extract(rows, hospital_spells=in_hospital(1500))
    assert values(tables, YEAR)["open_referrals"] == 1
    assert values(tables, ("2025-03-01", "2025-03-31"))["admissions"] == 1
    assert "open_referrals" not in values(tables, ("2025-03-01", "2025-03-31"))


def test_access_leaves_out_the_financial_year_of_the_hospital_spell() -> None:
    rows = referral("2023-04-10", months((2023, 4), (2024, 9)))
    september = ("2024-09-01", "2024-09-30")
    spell = in_hospital(month_id(2024, 5), began="2024-05-03")
    before = [contact("2024-02-10"), contact("2024-03-10")]
    astride = [contact("2024-03-10"), contact("2024-04-10")]
    assert values(extract(rows, contacts=before, hospital_spells=spell), september)["people_accessing"] == 1
    assert "people_accessing" not in values(extract(rows, contacts=astride, hospital_spells=spell), september)
    assert values(extract(rows, contacts=astride), september)["people_accessing"] == 1


# F12: codes before v5


def test_codes_before_v5_by_month_and_by_column() -> None:
    rows = referral("2021-01-04", [1450])
    seen = [contact("2021-01-05"), contact("2021-01-06", ConsMechanismMH="03"), contact("2021-01-07", ConsMechanismMH="06"),
            contact("2021-01-08", ConsMechanismMH="05"), contact("2021-01-11", ConsMechanismMH="98")]  # fmt: skip
    january = ("2021-01-01", "2021-01-31")
    assert values(extract(rows, contacts=seen), january)["contacts"] == 3
    dashboard = Reading(direct_before_v5="dashboard")
    assert values(extract(rows, contacts=seen), january, reading=dashboard)["contacts"] == 2
    old = [
        {("ConsMediumUsed" if key == "ConsMechanismMH" else key): value for key, value in row.items()} for row in seen
    ]
    assert values(extract(rows, contacts=old), january)["contacts"] == 3
    rows = referral("2024-06-03", [1491])
    assert "contacts" not in values(extract(rows, contacts=[contact("2024-06-04", ConsMechanismMH="03")]), JUNE)


# F15: person


def test_gender_identity_is_preferred() -> None:
    rows = referral("2024-06-03", [1491])
    person = {"Person_ID": "P1", "RecordNumber": "P1-1491", "UniqMonthID": 1491, "Gender": "1"}
    for identity, sex in (("2", "female"), (3, "other"), ("X", "not known"), ("NULL", "male"), ("9", "male")):
        found = measures(extract(rows, people=[person | {"GenderIDCode": identity}]), JUNE, ("sex",))
        assert [group[0] for group in found] == [sex]


def test_residence_that_is_blank_is_unknown_and_counts() -> None:
    rows = referral("2024-06-03", [1491])
    person = {"Person_ID": "P1", "RecordNumber": "P1-1491", "UniqMonthID": 1491}
    for place, number in (("E06000001", 1), ("  ", 1), (None, 1), ("W06000003", 0), ("L99", 0)):
        assert values(extract(rows, people=[person | {"LADistrictAuth": place}]), JUNE).get("referrals", 0) == number


def test_the_commissioner_is_of_the_practice_or_else_of_residence() -> None:
    rows = referral("2024-06-03", [1491])
    person = [{"Person_ID": "P1", "RecordNumber": "P1-1491", "UniqMonthID": 1491, "OrgIDSubICBLocResidence": "11A"}]
    gp = {"Person_ID": "P1", "UniqMonthID": 1491, "RecordNumber": "9", "GMPReg": "A81001", "OrgIDSubICBLocGP": "22B"}

    def sub_icb(*registrations: Row) -> Any:
        tables = extract(rows, people=person, gp_registrations=list(registrations))
        return next(iter(measures(tables, JUNE, ("sub_icb",))))[0]

    assert sub_icb() == "11A"
    assert sub_icb(gp) == "22B"
    assert sub_icb(gp | {"GMPReg": "V81997"}) == "11A"
    assert sub_icb(gp | {"EndDateGMPRegistration": "2024-01-01"}) == "11A"
    assert sub_icb(gp, gp | {"RecordNumber": "10", "OrgIDSubICBLocGP": "33C"}) == "33C"
    old = measures(extract(rows, people=person, gp_registrations=[gp | {"UniqMonthID": 1490}]), JUNE, ("sub_icb",))
    assert next(iter(old))[0] == "11A"


# What was confirmed


def test_admissions_without_prior_contact() -> None:
    rows = referral("2023-04-10", [1491])
    spell = in_hospital(1491, "X", "2024-06-10")
    for day, without in (("2024-06-07", 0), ("2024-06-08", 1), ("2023-06-11", 0), ("2023-06-10", 1)):
        found = values(extract(rows, contacts=[contact(day)], hospital_spells=spell), JUNE)
        assert (found["admissions"], found.get("admissions_without_prior_contact", 0)) == (1, without)
    moved = [row | {"SourceAdmMHHospProvSpell": "53"} for row in spell]
    assert "admissions" not in values(extract(rows, hospital_spells=moved), JUNE)


def test_did_not_attend_and_resubmitted_contacts() -> None:
    rows = referral("2024-06-03", [1490, 1491])
    again = contact("2024-06-04") | {"UniqMonthID": 1490, "RecordNumber": "P1-1490"}
    seen = [contact("2024-06-04"), again, contact("2024-06-05", AttendStatus="3"), contact("2024-06-06", AttendStatus="7"),
            contact("2024-06-07", AttendStatus="2")]  # fmt: skip
    found = values(extract(rows, contacts=seen), JUNE)
    assert (found["contacts"], found["did_not_attends"]) == (1, 2)


def test_of_all_referrals_any_service_decides() -> None:
    rows = referral("2024-06-03", [1491])
    took = service(rows, "A06", ReferRejectionDate="2024-06-05") + service(rows, "A02")
    assert values(extract(rows, took), JUNE, scope=ALL)["open_referrals"] == 1
