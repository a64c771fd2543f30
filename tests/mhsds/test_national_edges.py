"""The national measures exactly at their limits: days, ages, hours and counts, each with the number beside it."""

from __future__ import annotations

import datetime
import functools
import io
import math
from typing import Any
from unittest.mock import ANY

import pandas as pd
import polars as pl
import pytest

from cmhs_metrics import BadInput, mhsds
from cmhs_metrics.mhsds.national.concepts import read_concepts, read_reference_sets
from cmhs_metrics.mhsds.national.definitions import MEASURES
from cmhs_metrics.mhsds.national.publishing import _shown, _text
from cmhs_metrics.mhsds.records.dates import NEVER
from tests.support.budgets import with_deep
from tests.support.refusals import problem, raised, refused

JUNE_2024 = 1491
PLACE = ("Provider", "RX1")
Row = dict[str, Any]


def tables(referrals: list[Row], team: str = "A06", **others: list[Row]) -> dict[str, pd.DataFrame]:
    """A person, a record and a service of one team for each referral; contacts are attended face to face."""
    rows, services = [], []
    for number, own in enumerate(referrals, 1):
        row = {"Person_ID": f"P{number}", "UniqServReqID": f"R{number}", "RecordNumber": number, "OrgIDProv": "RX1"}
        row |= {"UniqMonthID": JUNE_2024, "ServDischDate": None, "AgeServReferRecDate": 40}
        rows.append(row | own)
        own = {"UniqServReqID": f"R{number}", "RecordNumber": number, "UniqMonthID": JUNE_2024}
        services.append(own | {"ServTeamTypeRefToMH": team})
    seen = {"UniqMonthID": JUNE_2024, "OrgIDProv": "RX1", "AttendStatus": "5", "ConsMechanismMH": "01"}
    contacts = [seen | {"UniqCareContID": f"C{at}"} | row for at, row in enumerate(others.pop("contacts", []))]
    made = {"referrals": rows, "service_types": services, "contacts": contacts or [dict.fromkeys(seen, None)], **others}
    return {name: pd.DataFrame(each) for name, each in made.items()}


def england(extract: dict[str, pd.DataFrame], measures: list[str]) -> dict[str, float]:
    found = mhsds.published(mhsds.Extract(**extract), "2024-06", measures=measures, breakdown="England")
    return dict(zip(found["measure_id"], found["value"], strict=True))


def test_urgent_referrals_at_their_hours_and_ages() -> None:
    of = ["PrimReasonReferralMH", "ReferralRequestReceivedDate", "ReferralRequestReceivedTime"]
    cases = [  # priority, received, age, seen
        ("4", "2024-06-01", "00:00", 18, "2024-06-01", "04:00:00"),  # in four hours
        ("4", "2024-06-30", "08:00", 17, "2024-06-30", "12:00:01"),  # a second later
        ("2", "2024-06-29", "12:00", None, "2024-06-30", "12:00:00"),  # in a day, of nobody knows which age
        ("2", "2024-06-28", "12:00", 0, "2024-06-29", "12:00:01"),
        ("4", "2024-05-31", "23:59", 40, "2024-06-01", "00:00:00"),  # received the day before
        ("4", "2024-07-01", "00:00", 40, "2024-07-01", "00:00:00"),  # the day after
    ]
    referrals = [
        dict(zip(of, ("01", day, time), strict=True)) | {"ClinRespPriorityType": priority, "AgeServReferRecDate": age}
        for priority, day, time, age, _, _ in cases
    ]
    contacts = [
        {"Person_ID": f"P{n}", "UniqServReqID": f"R{n}", "RecordNumber": n, "CareContDate": day, "CareContTime": time}
        for n, (*_, day, time) in enumerate(cases, 1)
    ]
    ids = [f"CCR{number}{letter}" for number in (117, 118, 119, 120) for letter in ("", "a", "b")]
    found = england(tables(referrals, "A02", contacts=contacts), ids)
    assert [found[id] for id in ids] == [2, 1, 1, 2, 1, 1, 1, 1, 0, 1, 0, 0]


def crisis_at(times: list[tuple[Any, Any]]) -> dict[str, pd.DataFrame]:
    """Very urgent referrals of one day with the times at which they were received and seen."""
    day = {"ReferralRequestReceivedDate": "2024-06-10", "ClinRespPriorityType": "4", "PrimReasonReferralMH": "01"}
    referrals = [day | {"ReferralRequestReceivedTime": received} for received, _ in times]
    contacts = [
        {"Person_ID": f"P{n}", "UniqServReqID": f"R{n}", "RecordNumber": n, "CareContDate": "2024-06-10",
         "CareContTime": seen}
        for n, (_, seen) in enumerate(times, 1)
    ]  # fmt: skip
    return tables(referrals, "A02", contacts=contacts)


@pytest.mark.parametrize("times_as", ["text", "polars"])
def test_times_of_day_however_they_are_written(times_as: str) -> None:
    """Each is followed by one that is a minute too late."""
    times = [
        ("9:30", "13:30"), ("9:30", "13:31"), ("0935", "1335"), ("0935", "1336"), ("093500", "13:35:00"),
        ("1900-01-01 09:35:00.000", "2024-06-10T13:36:00Z"), ("NULL", " "),
    ]  # fmt: skip
    extract: dict[str, Any] = crisis_at(times)
    if times_as == "polars":
        times = [(datetime.time(9, 30), datetime.time(13, 30)), (datetime.time(9, 30), datetime.time(13, 31))] * 2
        extract = {name: pl.from_pandas(table) for name, table in crisis_at([*times, (None, None)]).items()}
        assert extract["contacts"].schema["CareContTime"] == pl.Time
    expected = {"CCR118": 7, "CCR119": 4} if times_as == "text" else {"CCR118": 5, "CCR119": 3}
    assert england(extract, ["CCR118", "CCR119"]) == expected


def test_a_column_of_what_is_no_time_is_refused_where_it_is_asked_for() -> None:
    extract = crisis_at([("9:30 AM", "13:00"), ("1:05 PM", "13:00"), ("09:30", "13:00")])
    with refused("referrals.ReferralRequestReceivedTime", "2 of 3 cells that are no times", names="09:30"):
        england(extract, ["CCR119"])
    assert england(extract, ["MHS01"]) == {"MHS01": 3}


def test_a_time_is_read_however_it_is_written() -> None:
    # Seen at half past one: within four hours of half past nine, and of no time that is taken for midnight.
    times = ["9:30", "09:30", "0930", "930", "09:30:00.000", "1970-01-01 09:30:00", "01/01/1970T09:30:00Z", "093000"]
    others = ["9:29", "9:30 AM", "25:00", "noon", "", None]
    referrals = [
        {"ReferralRequestReceivedDate": "2024-06-03", "ReferralRequestReceivedTime": time, "ClinRespPriorityType": "4"}
        for time in times + others
    ]
    contacts = [
        {"Person_ID": f"P{n}", "UniqServReqID": f"R{n}", "CareContDate": "2024-06-03", "CareContTime": "13:30"}
        for n in range(1, len(referrals) + 1)
    ]
    found = england(tables(referrals, "A02", contacts=contacts), ["CCR118", "CCR119"])
    assert found == {"CCR118": len(times) + len(others), "CCR119": len(times)}


def test_outcomes_are_asked_of_what_ended_in_the_month_or_is_open_at_its_end() -> None:
    # Submitted in June though it ended in May: neither closed in the month nor open.
    ends = [None, "2024-07-01", "2024-06-30", "2024-06-01", "2024-05-31"]
    about = {"ReferralRequestReceivedDate": "2023-06-01", "PrimReasonReferralMH": "01"}
    referrals = [about | {"ServDischDate": end} for end in ends]
    named = [{"Person_ID": f"P{n}", "UniqServReqID": f"R{n}"} for n in range(1, len(ends) + 1)]
    contacts = [each | {"CareContDate": "2023-07-01"} for each in named * 2]
    score = {"CodedAssToolType": "1091071000000100", "PersScore": "20", "AssToolCompTimestamp": "2023-07-01"}
    extract = tables(referrals, contacts=contacts, referral_scores=[each | score for each in named])
    found = mhsds.paired_outcomes(mhsds.Extract(**extract), "2024-06")
    assert found[["status", "due", "referrals"]].to_numpy().tolist() == [["closed", 2, 2], ["open", 2, 2]]


def test_no_breakdown_at_all_is_refused() -> None:
    with refused("breakdown", ANY, names="Provider"):
        mhsds.published(mhsds.example(), "2025-03", measures=["MRS06"], breakdown=[])


def test_suspected_psychosis_since_2016() -> None:
    days = ["2015-12-31", "2016-01-01", "2024-06-30"]
    referrals = [{"ReferralRequestReceivedDate": day, "PrimReasonReferralMH": "01"} for day in days]
    referrals += [referrals[-1] | {"PrimReasonReferralMH": "02"}, referrals[-1] | {"ServDischDate": "2024-06-30"}]
    assert england(tables(referrals, "A02"), ["EIP63"]) == {"EIP63": 2}


def test_treatment_of_psychosis_within_two_weeks() -> None:
    # Of two that began in June one had its co-ordinator on the 14th day after receipt, the other on the 15th.
    referrals = [{"ReferralRequestReceivedDate": "2024-06-01", "PrimReasonReferralMH": "01"}] * 2
    seen = [
        {"Person_ID": f"P{n}", "UniqServReqID": f"R{n}", "RecordNumber": n, "CareContDate": "2024-06-02"}
        for n in (1, 2)
    ]
    assigned = [
        {"Person_ID": person, "UniqMonthID": JUNE_2024, "StartDateAssCareCoord": day, "EndDateAssCareCoord": None,
         "CareProfServOrTeamTypeAssoc": "A14"}
        for person, day in (("P1", "2024-06-15"), ("P2", "2024-06-16"))
    ]  # fmt: skip
    extract = tables(referrals, "A14", contacts=seen, care_coordinators=assigned)
    assert england(extract, ["EIP23a", "EIP23b"]) == {"EIP23a": 2, "EIP23b": 1}


def test_a_hospital_spell_of_no_month_is_known_from_the_day_that_it_began() -> None:
    referrals = [{"ReferralRequestReceivedDate": "2024-06-01"}] * 4
    began = {1: "2024-06-30", 2: "2024-07-01", 3: None}
    spells = [
        {"Person_ID": f"P{n}", "UniqServReqID": f"R{n}", "UniqHospProvSpellID": n, "StartDateHospProvSpell": day}
        for n, day in began.items()
    ]
    seen = [{"Person_ID": "P4", "UniqServReqID": "R4", "RecordNumber": 4, "CareContDate": "2024-06-02"}]
    # Of one that nobody knows when it began the link alone is told, and it counts.
    assert england(tables(referrals, hospital_spells=spells, contacts=seen), ["MRS06"]) == {"MRS06": 2}


@pytest.mark.parametrize(
    ("began", "accessing"), with_deep([(None, 0), ("2024-04-01", 1)], ("2024-03-31", 0), ("2024-07-01", 1))
)
def test_access_has_no_contacts_of_years_in_hospital(began: str | None, accessing: int) -> None:
    # Two contacts in February, which is of another financial year than June; nobody says when the third spell began.
    about = {"Person_ID": "P1", "UniqServReqID": "R1", "ReferralRequestReceivedDate": "2024-02-01"}
    own = [about | {"UniqMonthID": JUNE_2024 - 4}, about]
    seen = [
        about | {"UniqMonthID": JUNE_2024 - 4, "RecordNumber": 1, "CareContDate": day}
        for day in ("2024-02-05", "2024-02-06")
    ]
    spell = {"Person_ID": "P1", "UniqServReqID": "R1", "UniqHospProvSpellID": "H1", "StartDateHospProvSpell": began}
    extract = tables(own, contacts=seen, hospital_spells=[spell])
    extract["service_types"]["UniqServReqID"] = "R1"
    assert england(extract, ["MHS108"]) == {"MHS108": accessing}
    year = ("2023-07-01", "2024-06-30")
    found = mhsds.measures(mhsds.Extract(**extract), year, "organisation", which="people_accessing")
    assert found["people_accessing"].sum() == accessing


def test_what_is_shown_of_a_count_and_what_stands_behind_it() -> None:
    referrals = [
        {"ReferralRequestReceivedDate": "2024-06-01", "OrgIDProv": provider}
        for provider, count in {"RA1": 4, "RB1": 5, "RC1": 12, "RD1": 13}.items()
        for _ in range(count)
    ]
    found = mhsds.published(mhsds.Extract(**tables(referrals)), "2024-06", measures=["MHS23"], breakdown="Provider")
    shown = found.set_index("primary_level")[["published_value", "kind", "lower", "upper"]].T.to_dict("list")
    assert shown == {
        "RA1": ["*", "suppressed", 0, 4], "RB1": ["5", "rounded to 5", 5, 7],
        "RC1": ["10", "rounded to 5", 8, 12], "RD1": ["15", "rounded to 5", 13, 17],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("id", "value", "count", "shown"),
    [
        ("EIP23i", 62.5, 5, ("rounded to a whole per cent", 63, 62.5, 63.5)),
        ("EIP23i", 99.7, 5, ("rounded to a whole per cent", 100, 99.5, 100)),
        ("EIP23i", 0.2, 5, ("rounded to a whole per cent", 0, 0, 0.5)),
        ("EIP23i", 50.0, 4, ("suppressed", None, 0, 100)),
        ("EIP23i", None, 5, ("suppressed", None, 0, 100)),
        ("MHS125", 10.5, 5, ("rounded to a whole day", 11, 10.5, 11.5)),
        ("MHS125", 110.0, 5, ("rounded to a whole day", 110, 109.5, 110.5)),
        ("MHS125", 0.2, 5, ("rounded to a whole day", 0, 0, 0.5)),
        ("MHS125", 10.5, 4, ("suppressed", None, 0, None)),
        ("MHS23", 7.0, 7, ("rounded to 5", 5, 5, 7)),
        ("MHS23", 0.0, 0, ("suppressed", None, 0, 4)),
    ],
)
def test_a_measure_is_hidden_with_the_count_that_decides(
    id: str, value: float | None, count: int, shown: tuple[Any, ...]
) -> None:
    each = MEASURES[id]
    counted = {name: {PLACE: float(count)} for name in each.deciding}
    found = _shown(each, PLACE, value, counted, each.measured, suppress=True)
    assert [None if cell != cell else cell for cell in found] == list(shown)
    for name in each.deciding:  # any of them, and one that is not there is nought
        hidden = _shown(each, PLACE, value, counted | {name: {}}, each.measured, suppress=True)
        assert hidden[0] == "suppressed"
    whole = _shown(each, PLACE, value, counted, each.measured, suppress=False)
    assert whole[0] == ("missing" if value is None else "exact")
    assert all(cell != cell or cell == value for cell in whole[1:])


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [("exact", 5.0, "5"), ("exact", 5.5, "5.5"), ("suppressed", math.nan, "*"), ("missing", math.nan, "")],
)
def test_a_number_as_it_is_written(kind: str, value: float, text: str) -> None:
    assert _text(kind, value) == text


QUARTERLY = {
    "MRS01", "MRS01a", "MRS01b", "MRS04", "MRS05", "MRS15", "MHS124", "MHS125", "MHS126", "MHS127", "MHS128", "MHS129",
    "EIP23a", "EIP23b", "EIP23i", "EIP64", "EIP65", "EIP66", "EIP67",
}  # fmt: skip
"""What is published of three months that end with the month; access is of twelve, and all else of the month."""


@pytest.mark.parametrize("id", MEASURES)
def test_a_measure_is_of_as_many_months_as_it_is_published_of(id: str) -> None:
    assert MEASURES[id].months == (12 if id == "MHS108" else 3 if id in QUARTERLY else 1)


STORED: dict[str, Any] = {
    "read again": lambda table: pd.read_csv(io.StringIO(table.to_csv(index=False))),
    "read as text": lambda table: pd.read_csv(io.StringIO(table.to_csv(index=False)), dtype=str, keep_default_na=False),
    "dates": lambda table: table.assign(period_end=table["period_end"].dt.date),
    "of Arrow": lambda table: table.convert_dtypes(dtype_backend="pyarrow"),
}


@functools.cache
def own(suppress: bool) -> pd.DataFrame:
    asked: Any = {"measures": ["MRS06", "MRS07b"], "breakdown": ["England", "Provider"]}
    return mhsds.published(mhsds.example(), "2025-03", suppress=suppress, **asked)


@pytest.mark.parametrize("how", STORED)
def test_a_comparison_of_tables_that_were_stored_is_that_of_those_in_memory(how: str) -> None:
    ours, theirs, stored = own(False), own(True), STORED[how]
    beside = mhsds.compare(ours, theirs)
    assert beside["verdict"].tolist() == ["the same", "within rounding"] * 2
    for one, other in ((stored(ours), theirs), (ours, stored(theirs)), (stored(ours), stored(theirs))):
        assert mhsds.compare(one, other).equals(beside)


def test_a_table_that_cannot_be_compared_is_refused_and_one_of_no_rows_is_none() -> None:
    ours, theirs = own(False), own(True)
    assert len(mhsds.compare(ours[:0], theirs)) == 0
    with refused("theirs.period_end", "2024-05-31", names="2025-03-31"):
        mhsds.compare(ours, theirs.assign(period_end=pd.Timestamp(2024, 5, 31)))
    with refused(problem("ours.period_end", "Q4"), problem("theirs.value", "few")):
        mhsds.compare(ours.assign(period_end="Q4"), theirs.assign(value="few"))
    # Of a month that is the first day, to which nothing is told.
    with refused(problem("theirs.period_end", "2025-03")):
        mhsds.compare(ours, theirs.assign(period_end="2025-03"))


@pytest.mark.parametrize("concept", [pd.NA, 123456789012345678.0])
def test_a_concept_that_is_missing_or_has_lost_digits_is_refused_by_its_row(concept: Any) -> None:
    sets = pd.DataFrame({"concept": pd.Series(["225337009", concept], dtype=object), "group": "Assessments"})
    with refused("reference_sets.concept", ANY, row="2nd row"):
        mhsds.published(mhsds.example(), "2025-03", measures=["MRS06"], reference_sets=sets)


def test_reference_sets_without_a_concept_are_refused_and_one_of_no_date_is_always_active() -> None:
    with refused("reference_sets", ANY):
        mhsds.published(mhsds.example(), "2025-03", measures=["MRS06"], reference_sets=[])
    sets = [{"concept": "225337009", "group": "Assessments", "start": pd.NA, "end": pd.NaT}]
    found = read_reference_sets(sets)
    assert found == {("Assessments", -NEVER, NEVER): ["225337009"]}
    assert read_concepts("225337009") == read_concepts([225337009.0]) == {"225337009"}


def test_the_icb_of_a_sub_icb_is_found_however_its_code_is_written() -> None:
    place = {"Person_ID": "P1", "OrgIDSubICBLocGP": "11A", "UniqMonthID": 1491, "RecordNumber": 1}
    referral = {
        "Person_ID": "P1", "UniqServReqID": "R1", "UniqMonthID": 1491, "RecordNumber": 1, "OrgIDProv": "RX1",
        "ReferralRequestReceivedDate": "2024-06-01", "ServDischDate": None,
    }  # fmt: skip
    extract = {"MHS101Referral": pd.DataFrame([referral]), "MHS002GP": pd.DataFrame([place])}
    found = mhsds.published(extract, "2024-06", measures=["MHS23"], breakdown="icb", icb_of={"11a ": "QX"})
    assert found["primary_level"].tolist() == ["QX"]


ROW = ("Person_ID", "RecordNumber", "UniqMonthID", "OrgIDProv")
SCORE = ("CodedAssToolType", "PersScore")
EVERY: dict[str, tuple[str, ...]] = {
    "MHS001MPI": (*ROW, "LADistrictAuth", "PersDeathDate", "OrgIDSubICBLocResidence"),
    "MHS002GP": (*ROW, "OrgIDSubICBLocGP"),
    "MHS006MHCareCoord": (*ROW, "StartDateAssCareCoord", "EndDateAssCareCoord", "CareProfServOrTeamTypeAssoc"),
    "MHS008CarePlanType": (*ROW, "UniqCarePlanID", "CarePlanCreatDate", "CarePlanLastUpdateDate"),
    "MHS009CarePlanAgreement": (*ROW, "UniqCarePlanID"),
    "MHS101Referral": (*ROW, "UniqServReqID", "ReferralRequestReceivedDate", "ServDischDate", "AgeServReferRecDate",
                       "PrimReasonReferralMH", "ClinRespPriorityType", "ReferralRequestReceivedTime",
                       "UniqCareProfTeamLocalID"),
    "MHS102OtherServiceType": (*ROW, "UniqServReqID", "UniqOtherCareProfTeamLocalID"),
    "MHS201CareContact": (*ROW, "UniqServReqID", "UniqCareContID", "CareContDate", "CareContTime", "AttendStatus",
                          "ConsMechanismMH", "UniqOtherCareProfTeamLocalID"),
    "MHS202CareActivity": (*ROW, "UniqCareContID", "Procedure", "Observation"),
    "MHS204IndirectActivity": (*ROW, "UniqServReqID", "IndirectActDate", "IndirectActProcedure"),
    "MHS501HospProvSpell": (*ROW, "UniqServReqID", "UniqHospProvSpellID", "StartDateHospProvSpell",
                            "DischDateHospProvSpell", "MethOfDischMHHospProvSpell", "DestOfDischHospProvSpell"),
    "MHS502WardStay": (*ROW, "UniqHospProvSpellID", "StartDateWardStay", "EndDateWardStay", "MHAdmittedPatientClass"),
    "MHS606CodedScoreAssessmentRefer": (*ROW, *SCORE, "UniqServReqID", "AssToolCompTimestamp"),
    "MHS607CodedScoreAssessmentAct": (*ROW, *SCORE, "UniqCareContID"),
    "MHS902ServiceTeamDetails": ("UniqCareProfTeamLocalID", "OrgIDProv", "UniqMonthID", "ServTeamTypeMH"),
}  # fmt: skip
"""The tables of version 6, without rows, with every column that a national measure reads."""


def without(*lacking: tuple[str, str | None]) -> mhsds.Extract:
    """All of them but these: a table, or a column of one."""
    kept = {
        name: pd.DataFrame(columns=[each for each in columns if (name, each) not in lacking], dtype="str")
        for name, columns in EVERY.items()
        if (name, None) not in lacking
    }
    return mhsds.Extract.of(kept)


STOPPED = {"MRS01", "MRS01b", "MRS02", "MRS02f", "MRS20", "MRS22"}
SEEN = {"CCR118", "CCR119", "CCR120b"}
OF_TEAMS = {"MHS108", "MRS06", "MHS23d", "MHS32c", "MHS57b", "MHS29d", "MHS30f", "EIP63"}
LACKING: list[dict[tuple[str, str | None], set[str]]] = [
    {},
    {
        ("MHS006MHCareCoord", "EndDateAssCareCoord"): {"EIP23a", "EIP23b", "EIP64"},
        ("MHS501HospProvSpell", "MethOfDischMHHospProvSpell"): {"MHS78", "MHS79", "MHS80"},
        ("MHS501HospProvSpell", "DestOfDischHospProvSpell"): {"MHS78"},
        ("MHS001MPI", "PersDeathDate"): {"MHS78"},
        ("MHS201CareContact", "CareContTime"): SEEN,
        ("MHS101Referral", "ReferralRequestReceivedTime"): SEEN,
        ("MHS202CareActivity", "Observation"): {"EIP69a", "EIP69b"},
        ("MHS202CareActivity", "Procedure"): STOPPED,
        ("MHS204IndirectActivity", "IndirectActProcedure"): STOPPED | {"EIP69a"},
        ("MHS008CarePlanType", "CarePlanLastUpdateDate"): STOPPED,
        ("MHS606CodedScoreAssessmentRefer", "AssToolCompTimestamp"): STOPPED,
        ("MHS101Referral", "UniqCareProfTeamLocalID"): OF_TEAMS,
        ("MHS008CarePlanType", "OrgIDProv"): STOPPED,
        ("MHS501HospProvSpell", "UniqServReqID"): STOPPED | {"MHS108", "MHS124", "MRS03"},
    },
    {
        ("MHS606CodedScoreAssessmentRefer", "UniqMonthID"): STOPPED,
        ("MHS606CodedScoreAssessmentRefer", "RecordNumber"): set(),
        ("MHS902ServiceTeamDetails", "ServTeamTypeMH"): OF_TEAMS,
    },
    {
        ("MHS008CarePlanType", None): STOPPED,
        ("MHS009CarePlanAgreement", None): STOPPED,
        ("MHS202CareActivity", None): STOPPED | {"EIP69a"},
        ("MHS204IndirectActivity", None): STOPPED | {"EIP69a"},
        ("MHS606CodedScoreAssessmentRefer", None): STOPPED,
        ("MHS607CodedScoreAssessmentAct", None): STOPPED,
        ("MHS902ServiceTeamDetails", None): OF_TEAMS,
    },
]


@pytest.mark.parametrize("lacking", LACKING)
def test_what_a_measure_reads_is_not_counted_as_nothing_where_it_is_not_there(
    lacking: dict[tuple[str, str | None], set[str]],
) -> None:
    lacks = mhsds.national_measures(without(*lacking)).set_index("measure_id")["lacks"].str.split("; ")
    for (table, column), ids in lacking.items():
        name = table if column is None else f"{table}.{column}"
        assert ids <= {id for id, what in lacks.items() if name in what}
    concerned = set().union(*lacking.values())
    assert lacks["MHS01"] == [""]
    assert all(what == [""] for id, what in lacks.items()) is (not concerned)


@pytest.mark.parametrize("table", with_deep(["care_activities", None], "referrals", "referral_scores"))
def test_rows_of_one_submission_are_found_whichever_table_has_no_record_number(table: str | None) -> None:
    """Seen, assessed, scored and helped in June: the clock of the one referral stops then."""
    own = {"Person_ID": "P1", "UniqServReqID": "R1", "RecordNumber": 1, "UniqMonthID": JUNE_2024, "OrgIDProv": "RX1"}
    done = [own | {"UniqCareContID": "C0", "Procedure": code} for code in ("225337009", "304891004")]
    score = own | {"CodedAssToolType": "1091071000000100", "PersScore": "9", "AssToolCompTimestamp": "2024-06-09"}
    extract = tables(
        [{"ReferralRequestReceivedDate": "2024-06-01"}], contacts=[own | {"CareContDate": "2024-06-05"}],
        care_activities=done, referral_scores=[score],
    )  # fmt: skip
    for name, argument in (
        ("MHS008CarePlanType", "care_plans"), ("MHS009CarePlanAgreement", "care_plan_agreements"),
        ("MHS204IndirectActivity", "indirect_activity"), ("MHS607CodedScoreAssessmentAct", "activity_scores"),
    ):  # fmt: skip
        extract[argument] = pd.DataFrame(columns=list(EVERY[name]))
    if table is not None:
        extract[table] = extract[table].drop(columns="RecordNumber")
    groups = {"225337009": "Assessments", "304891004": "Psychological therapies"}
    found = mhsds.published(
        mhsds.Extract(**extract), "2024-06", measures=["MRS01", "MRS02"], breakdown="England",
        reference_sets=[{"concept": code, "group": group} for code, group in groups.items()],
    )  # fmt: skip
    assert found["value"].tolist() == [1, 0]


def test_the_concepts_of_an_intervention_are_asked_for() -> None:
    lacks = mhsds.national_measures(without(), reference_sets=False).set_index("measure_id")["lacks"]
    assert (lacks["EIP69a"], lacks["EIP69b"]) == ("", "the argument nice_concordant")
    extract = tables([{"ReferralRequestReceivedDate": "2024-06-01", "ServDischDate": None}])
    assert "EIP69b" in mhsds.published(extract, "2024-06", breakdown="England").attrs["missing"]


@pytest.mark.parametrize("column", ["Person_ID", "UniqMonthID", "OrgIDSubICBLocGP"])
def test_a_table_of_practices_is_not_passed_over_where_it_lacks_a_column(column: str) -> None:
    extract = without(("MHS002GP", column))
    wanted = problem(f"gp_registrations.{column}", names="MHS002GP")
    with refused(wanted):
        mhsds.measures(extract, "2024-06", "sub_icb", which="referrals")
    with refused(wanted):
        mhsds.published(extract, "2024-06", measures=["MHS01"])


@pytest.mark.parametrize(
    ("argument", "table", "column"),
    [
        ("people", "MHS001MPI", "Person_ID"),
        ("service_types", "MHS102OtherServiceType", "UniqServReqID"),
        ("service_teams", "MHS902ServiceTeamDetails", "ServTeamTypeMH"),
        ("hospital_spells", "MHS501HospProvSpell", "UniqServReqID"),
        ("ward_stays", "MHS502WardStay", "UniqHospProvSpellID"),
    ],
)
def test_a_table_that_cannot_be_joined_is_refused_by_the_column_that_it_lacks(
    argument: str, table: str, column: str
) -> None:
    with refused(f"{argument}.{column}", ANY, names=table):
        mhsds.measures(without((table, column)), "2024-06", "organisation", which=["referrals", "admissions"])


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("MHS606CodedScoreAssessmentRefer", "AssToolCompTimestamp"), ("MHS607CodedScoreAssessmentAct", "PersScore"),
        ("MHS101Referral", "PrimReasonReferralMH"),
    ],
)  # fmt: skip
def test_paired_outcomes_pass_over_no_table_that_lacks_a_column(table: str, column: str) -> None:
    with raised(BadInput, table, column):
        mhsds.paired_outcomes(without((table, column)), "2024-06")
