"""Extracts as SQL Server, Excel and the data centre write them: each case with its right value, on every engine."""

from __future__ import annotations

import datetime as dt
import gzip
import re
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import narwhals as nw
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from cmhs_metrics import mhsds
from cmhs_metrics.mhsds.records import cleaning, engines
from tests.support.budgets import with_deep
from tests.support.engines import ALL, cells
from tests.support.extracts import FRAMES
from tests.support.refusals import problem, refused
from tests.support.small_extracts import contact_rows, referral_rows, row, service_rows

EVERY = ["pandas", "polars lazy", "duckdb"]
ENGINES = with_deep(
    ["polars lazy"], "pandas", "duckdb"
)  # How cells are read is tried on every engine; what follows plans slowly.
YEAR = "2024/25"
REFERRALS = ["referrals", "referrals_rejected", "open_referrals"]


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def extract_of(engine: str, **tables: dict[str, list[Any]]) -> mhsds.Extract:
    return mhsds.Extract(**{name: ALL[engine](table) for name, table in tables.items()})


def one_referral(**changes: list[Any]) -> dict[str, list[Any]]:
    return referral_rows(("P1", "R1", 1489, "2024-04-01", None)) | changes


TEXTS = {
    "2024-02-29": dt.date(2024, 2, 29), "2023-02-29": None, "31/03/2025": dt.date(2025, 3, 31),
    "1/3/2025": dt.date(2025, 3, 1), "1/3/2025T00:00": dt.date(2025, 3, 1), "31-Mar-2025": dt.date(2025, 3, 31), "1-MAR-2025 00:00:00": dt.date(2025, 3, 1),
    "20250331": dt.date(2025, 3, 31), "20250331.0": dt.date(2025, 3, 31), " 2025-03-31 ": dt.date(2025, 3, 31),
    "2025-03-31T00:00:00.000Z": dt.date(2025, 3, 31), "31/03/2025 00:00": dt.date(2025, 3, 31), "13/13/2025": None,
    "1900-01-01": None, "01/01/1900": None, "9999-12-31": None, "31/12/9999 00:00": None, "99991231": None,
    "9999-12-30": dt.date(9999, 12, 30), "NULL": None, "": None, "nan": None, "<NA>": None, "None": None, "n/a": None,
}  # fmt: skip
CODES = {
    "5": "05", "5.0": "05", " 05 ": "05", "a1": "A1", "A6 ": "A6", "null": None, "  ": None, "11": "11", "NaN": None,
}  # fmt: skip
IDS = {
    **{f"{blank}abc-000{n}": f"ABC-000{n}" for n, blank in enumerate(" \t\r\n\u00a0\ufeff")},
    **{f"abc-001{n}{blank}": f"ABC-001{n}" for n, blank in enumerate(" \t\r\n\u00a0\ufeff")},
    " c1 ": "C1", "1234567890.0": "1234567890", "12345678.5": "12345678.5", "a.b c d e f.0": "A.B C D E F.0",
    "café-2024": "CAFÉ-2024", "98765432.00": "98765432", " (null) ": None, "\\N": None, "nullable": "NULLABLE",
}  # fmt: skip
# The last hour of a day in Greenwich is the first of the next in England, from the last Sunday of March to that of October.
TIMES = {
    "2024-05-31T23:00Z": dt.date(2024, 6, 1), "2024-05-31 23:00:00+00:00": dt.date(2024, 6, 1),
    "2024-05-31 23:59:59.999 UTC": dt.date(2024, 6, 1), "20240531T23:00:00+00": dt.date(2024, 6, 1),
    " 31/05/2024 23:00z\t": dt.date(2024, 6, 1), "2024-05-31T22:59Z": dt.date(2024, 5, 31),
    "2024-05-31T23:00": dt.date(2024, 5, 31), "2024-05-31T23:00+01:00": dt.date(2024, 5, 31),
    "2024-06-01T00:00:00.000Z": dt.date(2024, 6, 1), "2024-01-31T23:00Z": dt.date(2024, 1, 31),
    "2024-03-30T23:00Z": dt.date(2024, 3, 30), "2024-03-31T23:00Z": dt.date(2024, 4, 1),
    "2024-10-26T23:00Z": dt.date(2024, 10, 27), "2024-10-27T23:00Z": dt.date(2024, 10, 27),
    "2024-12-31T23:00Z": dt.date(2024, 12, 31), "2024-02-30T23:00Z": None,
}  # fmt: skip
NUMBERS = {"1489": 1489, "1489.0": 1489, " 1489 ": 1489, "NULL": None, "": None}


@pytest.mark.parametrize("name", [*ALL])
def test_cells_read_alike_on_every_engine(name: str) -> None:
    texts = [*TEXTS, *CODES, *NUMBERS][: len(TEXTS)]
    times = len(texts)
    codes = [*CODES][:times] + ["11"] * (times - len(CODES))
    numbers = [*NUMBERS] + ["1489"] * (times - len(NUMBERS))
    ids = [*IDS][:times] + ["C1"] * (times - len(IDS))
    table = {
        "\ufeffUniqCareContID": ids, " CareContDate ": texts,
        "ConsMechanismMH": codes, "UniqMonthID": numbers,
    }  # fmt: skip
    extract = mhsds.Extract(contacts=ALL[name](table))
    wanted = ["UniqCareContID", "CareContDate", "ConsMechanismMH", "UniqMonthID"]
    found = cells(extract.leave(extract.rows("contacts", wanted), ["CareContDate"]))
    known = lambda values: [None if value is None or value != value else value for value in values]  # noqa: E731
    assert known(found["UniqCareContID"]) == [IDS.get(each, each) for each in ids]
    dates = [each and dt.date(each.year, each.month, each.day) for each in known(found["CareContDate"])]
    assert dates == [TEXTS[text] for text in texts]
    assert known(found["ConsMechanismMH"]) == [CODES[code] for code in codes]
    assert known(found["UniqMonthID"]) == [NUMBERS[number] for number in numbers]


@pytest.mark.parametrize("name", [*ALL])
def test_times_in_text_are_of_the_day_in_england_as_typed_ones_are(name: str) -> None:
    extract = mhsds.Extract(contacts=ALL[name]({"CareContDate": [*TIMES]}))
    found = cells(extract.leave(extract.rows("contacts", ["CareContDate"]), ["CareContDate"]))["CareContDate"]
    dates = [each and dt.date(each.year, each.month, each.day) for each in found]
    assert dict(zip(TIMES, dates, strict=True)) == TIMES


NOON = "2024-06-01 12:30:00"
TYPES_OF_DATES = {
    "datetime": lambda: pd.to_datetime(pd.Series([NOON, None])),
    "datetime of a zone": lambda: pd.to_datetime(pd.Series([NOON, None])).dt.tz_localize("Europe/London"),
    "date of Arrow": lambda: pd.Series([dt.date(2024, 6, 1), None], dtype=pd.ArrowDtype(pa.date32())),
    "date in milliseconds of Arrow": lambda: pd.Series([dt.date(2024, 6, 1), None], dtype=pd.ArrowDtype(pa.date64())),
    "time of Arrow": lambda: pd.Series([pd.Timestamp(NOON), None], dtype=pd.ArrowDtype(pa.timestamp("us"))),
    "time of a zone of Arrow": lambda: (
        pd.to_datetime(pd.Series([NOON, None])).dt.tz_localize("Europe/London").astype(
            pd.ArrowDtype(pa.timestamp("ns", "Europe/London"))
        )
    ),
    "date of Python": lambda: pd.Series([dt.date(2024, 6, 1), None], dtype=object),
    "text": lambda: pd.Series(["2024-06-01", None], dtype="string"),
    "categories": lambda: pd.Series(["2024-06-01", None], dtype="category"),
    "categories of times": lambda: pd.to_datetime(pd.Series([NOON, None])).astype("category"),
    "texts in a dictionary of Arrow": lambda: pd.Series(
        pd.array(["2024-06-01", None], dtype=pd.ArrowDtype(pa.dictionary(pa.int32(), pa.string())))
    ),
}  # fmt: skip
TYPES_OF_NUMBERS = {
    "floats": lambda: pd.Series([1491.0, float("nan")]),
    "whole numbers": lambda: pd.Series([1491, None], dtype="Int64"),
    "decimals of Arrow": lambda: pd.Series([Decimal("1491"), None], dtype=pd.ArrowDtype(pa.decimal128(38, 0))),
    "numbers of Arrow": lambda: pd.Series([1491, None], dtype=pd.ArrowDtype(pa.int64())),
    "categories": lambda: pd.Series([1491, None], dtype="category"),
    "decimals of Python": lambda: pd.Series([Decimal("1491"), None], dtype=object),
    "text": lambda: pd.Series(["1491", None], dtype=object),
}


@pytest.mark.parametrize("kind", TYPES_OF_DATES)
def test_dates_of_every_type_of_pandas_are_read(kind: str) -> None:
    extract = mhsds.Extract(contacts=pd.DataFrame({"CareContDate": TYPES_OF_DATES[kind]()}))
    found = cells(extract.leave(extract.rows("contacts", ["CareContDate"]), ["CareContDate"]))["CareContDate"]
    assert [str(each)[:10] for each in found] in (["2024-06-01", "None"], ["2024-06-01", "NaT"])


# Midnight in England in summer is an hour before it in Greenwich.
MIDNIGHT = pa.array([dt.datetime(2024, 5, 31, 23)] * 3, pa.timestamp("us", "UTC"))
LONG = [12345678901234567, None, 12345678901234568]
HASHES = [2**63 + 1, None, 2**63 + 2]
FROM_ARROW = {
    "pandas": lambda table: table.to_pandas(types_mapper=pd.ArrowDtype), "pyarrow": lambda table: table,
    "polars": FRAMES["polars lazy"], "duckdb": FRAMES["duckdb"], "ibis": FRAMES["ibis"],
}  # fmt: skip


@pytest.mark.parametrize("name", FROM_ARROW)
def test_long_ids_stay_apart_and_times_are_of_the_day_in_england(name: str) -> None:
    decimals = pa.array([None if each is None else Decimal(each) for each in LONG], pa.decimal128(20, 0))
    table = pa.table({
        "UniqCareContID": pa.array(LONG), "RecordNumber": decimals, "Person_ID": pa.array(HASHES, pa.uint64()),
        "CareContDate": MIDNIGHT,
    })  # fmt: skip
    extract = mhsds.Extract(contacts=FROM_ARROW[name](table))
    found = cells(extract.leave(extract.rows("contacts", table.column_names), ["CareContDate"]))
    assert [each and int(each) for each in found["UniqCareContID"]] == LONG
    assert [each and int(each) for each in found["RecordNumber"]] == LONG
    assert found["Person_ID"] == [each and str(each) for each in HASHES]
    assert [str(each)[:10] for each in found["CareContDate"]] == ["2024-06-01"] * 3


@pytest.mark.parametrize("engine", EVERY)
@pytest.mark.parametrize("cell", [2.0**53, 7.5, float("inf")])
def test_ids_that_floats_have_cut_are_refused(engine: str, cell: float) -> None:
    table = {"UniqCareContID": [1.0, cell, None], "Person_ID": [2.0**53 - 1, float("nan"), 7.0]}
    wrong = "1 of 2 cells that are no whole numbers below 2^53"
    with refused(problem("contacts.UniqCareContID", wrong, expected="a whole number")):
        extract_of(engine, contacts=table)
    extract = extract_of(engine, contacts={"Person_ID": table["Person_ID"]})
    assert cells(extract.leave(extract.rows("contacts", ["Person_ID"])))["Person_ID"] == [2**53 - 1, None, 7]


# As a spreadsheet shows 123456789012 and longer numbers, and writes them to a CSV file.
SHORT = {
    "text": ["1.23457E+15", "R2", None],
    "floats": [1.23457e15, 1.23e11, 7.0],
}


@pytest.mark.parametrize("engine", EVERY)
@pytest.mark.parametrize("kind", SHORT)
def test_ids_that_a_spreadsheet_has_shortened_are_refused(engine: str, kind: str) -> None:
    table = {"UniqCareContID": SHORT[kind], "CareContDate": ["01/04/2024"] * 3}
    many = {"text": 1, "floats": 2}[kind]
    got = f"{many} of {many} cells that a spreadsheet has shortened"
    with refused(problem("contacts.UniqCareContID", got, expected="a whole number")):
        extract_of(engine, contacts=table)
    # One long id in a thousand ends in six noughts by chance, and letters and E are no number.
    long = [123456789012.0, 123457000000.0, 123456789013.0] if kind == "floats" else ["1E5", "E+1", "12.5E+10"]
    assert extract_of(engine, contacts=table | {"UniqCareContID": long}).tables == ("contacts",)


@pytest.mark.parametrize("kind", TYPES_OF_NUMBERS)
def test_numbers_and_ids_of_every_type_of_pandas_are_read(kind: str) -> None:
    table = pd.DataFrame({"UniqMonthID": TYPES_OF_NUMBERS[kind](), "Person_ID": TYPES_OF_NUMBERS[kind]()})
    extract = mhsds.Extract(contacts=table)
    found = cells(extract.rows("contacts", ["UniqMonthID", "Person_ID"]))
    for name in ("UniqMonthID", "Person_ID"):
        first, second = found[name]
        assert str(first) == "1491"
        assert second is None or second != second


def test_a_cell_of_python_reads_as_a_column_does() -> None:
    for text, day in (TEXTS | TIMES).items():
        expected = day and (day - dt.date(1970, 1, 1)).days
        found = cleaning.day_cell(text)
        assert (None if found in cleaning.NO_DAYS else found) == expected
    assert {text: cleaning.code_cell(text, 2) for text in CODES} == CODES


def test_a_column_of_an_engine_without_sql_of_ours_reads_as_a_cell_does() -> None:
    texts = [*TEXTS, *TIMES, "2024-05-31T23:00Z ", "9999-12-31T23:00Z"]
    frame = nw.from_native(ALL["duckdb"]({"texts": texts, "cells": texts}))
    for step in cleaning.DAY_OF_TEXT:
        frame = frame.with_columns(step(nw.col("cells")).alias("cells"))
    found = cells(frame)
    assert dict(zip(found["texts"], found["cells"], strict=True)) == {text: cleaning.day_cell(text) for text in texts}


@pytest.mark.parametrize("engine", EVERY)
def test_a_reason_that_is_none_rejects_nothing(engine: str) -> None:
    referrals = referral_rows(*((f"P{n}", f"R{n}", 1489, "2024-04-01", None) for n in range(5)))
    services = service_rows(referrals) | {"ReferRejectReason": ["NULL", "  ", "", "null", "77"]}
    found = row(mhsds.measures(extract_of(engine, referrals=referrals, service_types=services), YEAR, "organisation",
                               which=REFERRALS))  # fmt: skip
    assert [found[name] for name in REFERRALS] == [5, 0, 5]


@pytest.mark.parametrize("engine", EVERY)
def test_padded_codes_in_either_case_are_the_codes(engine: str) -> None:
    referrals = one_referral()
    services = service_rows(referrals, "a06 ") | {"UniqServReqID": ["r1   "]}
    contacts = contact_rows(("C1", "p1 ", "R1 ", 1489, "2024-05-01", "5 ", "1"))
    extract = extract_of(engine, referrals=referrals, service_types=services, contacts=contacts)
    found = row(mhsds.measures(extract, YEAR, "team_type_code", which=["referrals", "contacts"]))
    assert found == {"team_type_code": "A06", "period": YEAR, "referrals": 1, "contacts": 1}


@pytest.mark.parametrize("engine", EVERY)
def test_everything_as_text_gives_what_types_give(engine: str) -> None:
    referrals = one_referral(
        UniqMonthID=["1500"], AgeServReferRecDate=["40"], ReferralRequestReceivedDate=["01/04/2024"],
        ServDischDate=["1-May-2024"], RecordNumber=["0.0"],
    )  # fmt: skip
    services = service_rows(one_referral())
    extract = extract_of(engine, referrals=referrals, service_types=services)
    found = row(mhsds.measures(extract, YEAR, "organisation", which=["referrals", "discharges", "open_referrals"]))
    assert (found["referrals"], found["discharges"], found["open_referrals"]) == (1, 1, 0)


@pytest.mark.parametrize("engine", EVERY)
def test_a_column_of_dates_that_are_none_is_refused_by_its_name(engine: str) -> None:
    table = {"CareContDate": ["Q1 2024", "Q2 2024", "2024-04-01", ""], "UniqMonthID": ["Apr", "May", "NULL", None]}
    with refused(
        problem("contacts.UniqMonthID", "2 of 2 cells that are no whole numbers", expected="a whole number"),
        problem("contacts.CareContDate", "2 of 3 cells that are no dates", expected="a date or period"),
    ):
        extract_of(engine, contacts=table)


@pytest.mark.parametrize("engine", EVERY)
def test_words_and_signs_for_the_codes_of_who_was_seen_are_refused_where_most_are(engine: str) -> None:
    table = {"AttendStatus": ["Attended", "*", "5", None], "ConsMechanismMH": ["Face to face", "*", "01 ", "NULL"]}
    table["CareContDate"] = ["2024-04-01"] * 4
    with refused(
        problem("contacts.AttendStatus", "2 of 3 cells that are no codes", names="5"),
        problem("contacts.ConsMechanismMH", "2 of 3 cells that are no codes", names="01"),
    ):
        extract_of(engine, contacts=table)
    extract_of(
        engine, contacts={"AttendStatus": ["5", " 6", "99", "Attended"], "ConsMechanismMH": ["1", "x", "*", "11"]}
    )


@pytest.mark.parametrize("engine", [*EVERY, "pyarrow", "ibis"])
def test_names_with_a_byte_order_mark_or_that_of_the_table_and_tables_of_no_rows(engine: str) -> None:
    one, asked = one_referral(UniqMonthID=[1489]), {"period": "2024-04", "by": "organisation", "scope": mhsds.ALL}
    for written in ("mhs101referral.{}", "[dbo].[MHS101Referral].[{}]", "\ufeff[{}] "):
        marked = {written.format(name): values for name, values in one.items()}
        assert row(mhsds.measures(extract_of(engine, referrals=marked), which="referrals", **asked))["referrals"] == 1
    with refused("referrals.Person_ID", expected="once"):
        extract_of(engine, referrals=one | {"t.Person_ID": ["P2"]})
    nothing = {name: values[:0] for name, values in marked.items()}
    assert cells(mhsds.measures(extract_of(engine, referrals=nothing), which="referrals", **asked))["referrals"] == []


@pytest.mark.parametrize("day", [dt.date(1900, 1, 1), dt.date(9999, 12, 31)])
def test_a_discharge_that_a_database_made_of_none_is_none(engine: str, day: dt.date) -> None:
    referrals = one_referral(ServDischDate=[day])
    extract = extract_of(engine, referrals=referrals, service_types=service_rows(referrals))
    assert row(mhsds.measures(extract, YEAR, "organisation", which="open_referrals"))["open_referrals"] == 1


def test_access_is_of_two_contacts_within_the_twelve_months(engine: str) -> None:
    months = [(year, month) for year in (2022, 2023, 2024) for month in range(1, 13)][3:33]
    referrals = referral_rows(("P1", "R1", 1489, "2022-04-01", None), ("P2", "R2", 1489, "2022-04-01", None))
    seen = [(f"C{y}{m}", "P1", "R1", 1489, f"{y}-{m:02}-15", "5", "01") for y, m in months]
    # One of two contacts is before the twelve months.
    seen += [("D1", "P2", "R2", 1489, "2023-09-30", "5", "01"), ("D2", "P2", "R2", 1489, "2023-10-01", "5", "01")]
    extract = extract_of(
        engine, referrals=referrals, service_types=service_rows(referrals), contacts=contact_rows(*seen)
    )
    found = row(mhsds.measures(extract, "2024-09", "organisation", which="people_accessing"))
    assert found["people_accessing"] == 1


@pytest.mark.parametrize("engine", with_deep(["polars lazy", "duckdb"], "pandas"))
def test_a_contact_submitted_in_two_months_counts_once_or_in_each(engine: str) -> None:
    referrals = referral_rows(("P1", "R1", 1489, "2024-04-01", None))
    seen = contact_rows(*(("C1", "P1", "R1", month, "2024-05-05", "5", "01") for month in (1490, 1491, 1491)))
    extract = extract_of(engine, referrals=referrals, service_types=service_rows(referrals), contacts=seen)
    which = ["contacts", "waits_completed", "people_accessing"]
    for choice, counts in (("once", [1, 0, 0]), ("each", [2, 1, 1])):
        found = row(mhsds.measures(extract, "2024-05", "organisation", which=which, resubmitted=choice))
        assert [found[name] for name in which] == counts


def stays_of(column: str, beds: list[str]) -> dict[str, dict[str, list[Any]]]:
    ids = [f"H{n}" for n in range(len(beds))]
    spells = {
        "UniqHospProvSpellID": ids, "Person_ID": ids, "OrgIDProv": ["RX1"] * len(ids), "UniqMonthID": [1491] * len(ids),
        "StartDateHospProvSpell": [dt.date(2024, 6, 3)] * len(ids), "SourceAdmMHHospProvSpell": ["19"] * len(ids),
    }  # fmt: skip
    stays = {
        "UniqHospProvSpellID": ids, "Person_ID": ids, "StartDateWardStay": spells["StartDateHospProvSpell"],
        column: beds, "UniqMonthID": [1491] * len(ids),
    }  # fmt: skip
    return {"hospital_spells": spells, "ward_stays": stays}


@pytest.mark.parametrize("column", ["MHAdmittedPatientClass", "HospitalBedTypeMH"])
def test_acute_beds_are_known_by_their_code_whatever_the_column(engine: str, column: str) -> None:
    extract = extract_of(engine, referrals=one_referral(), **stays_of(column, ["200", "205", "10 ", "13"]))
    assert row(mhsds.measures(extract, "2024-06", "organisation", which="admissions"))["admissions"] == 2


def test_ward_stays_without_a_bed_are_refused() -> None:
    with refused("ward_stays.MHAdmittedPatientClass", names="MHAdmittedPatientClass"):
        mhsds.measures(
            extract_of("pandas", referrals=one_referral(), **stays_of("Bed", ["200"])),
            "2024-06",
            "organisation",
            which="admissions",
        )


def test_in_version_6_the_type_of_a_team_stands_in_mhs902(engine: str) -> None:
    referrals = referral_rows(("P1", "R1", 1489, "2024-04-01", None), ("P2", "R2", 1489, "2024-04-01", None))
    referrals["UniqCareProfTeamLocalID"] = ["RX1T1", "RX1T2"]
    others = {
        "UniqServReqID": ["R2"], "RecordNumber": [1], "OrgIDProv": ["RX1"], "UniqMonthID": [1500],
        "UniqOtherCareProfTeamLocalID": ["RX1T1"],
    }  # fmt: skip
    teams = {
        "UniqCareProfTeamLocalID": ["RX1T1", "RX1T2", "RX1T1"], "OrgIDProv": ["RX1"] * 3,
        "UniqMonthID": [1500, 1500, 1499], "ServTeamTypeMH": ["A06", "A02", "A08"],
    }  # fmt: skip
    extract = extract_of(engine, referrals=referrals, service_types=others, service_teams=teams)
    assert extract.version == "v6"
    # R2's own team is out of scope, its other one is in it.
    found = row(mhsds.measures(extract, YEAR, "team_type_code", which="referrals"))
    assert found == {"team_type_code": "A06", "period": YEAR, "referrals": 2}


@pytest.mark.parametrize("engine", EVERY)
def test_teams_are_found_though_their_ids_are_text_in_one_table_and_numbers_in_another(engine: str) -> None:
    referrals = referral_rows(("P1", "R1", 1489, "2024-04-01", None))
    others = {
        "UniqServReqID": ["R1"], "RecordNumber": [0], "OrgIDProv": ["RX1"], "UniqMonthID": [1500],
        "UniqOtherCareProfTeamLocalID": [101],
    }  # fmt: skip
    teams = {
        "UniqCareProfTeamLocalID": ["101", "T2"], "OrgIDProv": ["RX1"] * 2, "UniqMonthID": [1500] * 2,
        "ServTeamTypeMH": ["A06", "A02"],
    }  # fmt: skip
    own = referrals | {"UniqCareProfTeamLocalID": ["T2"]}
    extract = extract_of(engine, referrals=own, service_types=others, service_teams=teams)
    assert row(mhsds.measures(extract, YEAR, "team_type_code", which="referrals"))["team_type_code"] == "A06"
    with refused(problem("service_teams.UniqCareProfTeamLocalID", ANY, expected="a whole number")):
        extract_of(engine, service_types=others, service_teams=teams | {"UniqCareProfTeamLocalID": ["0101", "T2"]})


def test_referrals_of_version_6_with_no_way_to_a_type_of_team_are_refused() -> None:
    referrals = one_referral()
    tables = {
        "MHS101Referral": ALL["pandas"](referrals),
        "MHS102OtherServiceType": ALL["pandas"](service_rows(referrals)),
    }
    with refused("referrals", "no way to a type of team", names=("service_teams", "MHS902ServiceTeamDetails")):
        mhsds.measures(tables, YEAR, "organisation")
    with refused(problem("service_types.ServTeamTypeRefToMH", names="MHS102OtherServiceType"), *()):
        mhsds.measures(
            {**tables, "MHS102OtherServiceType": ALL["pandas"]({"UniqServReqID": ["R1"]})},
            YEAR,
            "team_type",
            scope=mhsds.ALL,
        )
    assert row(mhsds.measures(tables, YEAR, "organisation", scope=mhsds.ALL, which="referrals"))["referrals"] == 1


@pytest.mark.parametrize("engine", EVERY)
def test_names_of_databases_and_both_tables_of_service_types(engine: str) -> None:
    referrals = referral_rows(("P1", "R1", 1489, "2024-04-01", None), ("P2", "R2", 1489, "2024-04-01", None))
    referrals["ServTeamType"] = [None, "A08"]
    first = {name: values[:1] for name, values in service_rows(referrals).items()}
    second = {"UniqServReqID": ["R2"], "RecordNumber": [1], "ServTeamTypeRefToMH": ["A02"], "ReferRejectReason": [None]}
    made = {
        "dbo.MHS101Referral": referrals, "[dbo].[MHS102ServiceTypeReferredTo]": first,
        "MESH_MHSDS.MHS102OtherServiceType_ALL": second, "dbo.MHS000Header": {"a": [1]}, "MHS503AssignedCareProf": {"a": [1]},
    }  # fmt: skip
    extract = mhsds.Extract.of({name: ALL[engine](table) for name, table in made.items()})
    assert extract.tables == ("referrals", "service_types")
    found = cells(mhsds.measures(extract, YEAR, "team_type_code", which="referrals"))
    assert dict(zip(found["team_type_code"], found["referrals"], strict=True)) == {"A06": 1, "A08": 1}


def test_a_misspelt_table_is_refused_and_a_data_frame_named() -> None:
    frame = ALL["pandas"]({"Person_ID": ["P1"]})
    with refused("tables", "MHS101Referal", names="MHS101Referral"):
        mhsds.Extract.of({"MHS101Referal": frame})
    with refused("extract", "a pandas DataFrame", names="MHS101Referral"):
        mhsds.measures(frame, YEAR)


def test_tables_by_their_names_are_an_extract_wherever_one_is_taken(engine: str) -> None:
    referrals = one_referral()
    tables = {"dbo.MHS101Referral": referrals, "MHS102ServiceTypeReferredTo_ALL": service_rows(referrals)}
    given = {name: ALL[engine](table) for name, table in tables.items()}
    assert row(mhsds.measures(given, YEAR, "organisation", which="referrals"))["referrals"] == 1
    assert row(mhsds.referrals(given))["referral"] == "R1"
    assert len(cells(mhsds.quality(given))["rule"]) > 5
    found = mhsds.published(given, "2025-03", measures=["MHS23"], breakdown="provider")
    assert found["published_value"].tolist() == ["*"]


@pytest.mark.parametrize("code", ["A03", "A04", "A20", "C05", "D03", "F07", "Z01", "c10 "])
def test_every_team_type_of_the_data_set_is_known(code: str) -> None:
    referrals = one_referral()
    table = cells(mhsds.quality(extract_of("polars", referrals=referrals, service_types=service_rows(referrals, code))))
    assert dict(zip(table["rule"], table["rows"], strict=True))["unknown team type"] == 0


def test_ids_of_sql_server_are_text() -> None:
    import duckdb

    connection = duckdb.connect()
    person = "'6f9619ff-8b86-d011-b42d-00c04fc964ff'"
    referrals = connection.sql(
        f"SELECT {person}::UUID AS Person_ID, 'R1' AS UniqServReqID, 1500 AS UniqMonthID, 'RX1' AS OrgIDProv, "
        "DATE '2024-04-10' AS ReferralRequestReceivedDate, NULL::DATE AS ServDischDate"
    )
    contacts = connection.sql(
        f"SELECT {person} AS Person_ID, 'R1' AS UniqServReqID, 1500 AS UniqMonthID, 'C1' AS UniqCareContID, "
        "DATE '2024-04-11' AS CareContDate, '5' AS AttendStatus, '01' AS ConsMechanismMH"
    )
    extract = mhsds.Extract(referrals=referrals, contacts=contacts)
    found = mhsds.measures(extract, YEAR, "organisation", scope=mhsds.ALL, which=["referrals", "contacts"])
    assert found.fetchall() == [("RX1", YEAR, 1, 1)]
    other = duckdb.connect()
    with refused("contacts", "a table of another connection", names="referrals"):
        mhsds.Extract(referrals=referrals, contacts=other.sql("SELECT 'P1' AS Person_ID"))


def waits_of(engine: str, referrals: Any, *seen: Any, period: str = "2024-06", **choices: Any) -> tuple[int, int]:
    extract = extract_of(
        engine, referrals=referrals, service_types=service_rows(referrals), contacts=contact_rows(*seen)
    )
    which = ["open_referrals", "referrals", "waits_completed", "waiting"]
    found = cells(mhsds.measures(extract, period, "organisation", which=which, **choices))
    return (sum(found["waits_completed"]), sum(found["waiting"]))


NOBODY = ("C9", "P9", "R9", 1491, "2024-06-01", "5", "01")


def test_a_spell_of_before_2016_is_left_out_unless_it_is_wanted(engine: str) -> None:
    referrals = referral_rows(("P1", "R1", 1489, "2010-04-01", None))
    assert waits_of(engine, referrals, NOBODY) == (0, 0)
    assert waits_of(engine, referrals, NOBODY, spells_from=None) == (0, 1)


@pytest.mark.parametrize(("ended", "waiting"), [("2024-06-25", 1), ("2024-06-24", 0)])
def test_a_spell_is_open_for_five_days_after_its_end(engine: str, ended: str, waiting: int) -> None:
    referrals = referral_rows(("P1", "R1", 1489, "2024-04-01", ended), ("P2", "R2", 1489, "2024-06-01", "2024-06-02"))
    assert waits_of(engine, referrals, NOBODY) == (0, waiting)


def test_days_of_grace_and_the_providers_left_out_are_choices(engine: str) -> None:
    referrals = referral_rows(("P1", "R1", 1489, "2024-04-01", "2024-06-25"), ("P2", "R2", 1489, "2024-06-01", None))
    referrals["OrgIDProv"] = ["RX1", "DFC"]
    assert waits_of(engine, referrals, NOBODY) == (0, 1)
    assert waits_of(engine, referrals, NOBODY, grace=4) == (0, 0)
    assert waits_of(engine, referrals, NOBODY, providers_left_out=()) == (0, 2)
    assert waits_of(engine, referrals, NOBODY, providers_left_out=("dfc ", "rx1")) == (0, 0)


def test_a_rejected_referral_is_in_a_spell_that_ends_with_the_rejection(engine: str) -> None:
    referrals = referral_rows(("P1", "R1", 1489, "2024-06-01", None), ("P2", "R2", 1489, "2024-06-01", None))
    services = service_rows(referrals) | {"ReferRejectionDate": [dt.date(2024, 6, 24), dt.date(2024, 6, 25)]}
    extract = extract_of(engine, referrals=referrals, service_types=services, contacts=contact_rows(NOBODY))
    assert row(mhsds.measures(extract, "2024-06", "organisation", which="waiting"))["waiting"] == 1


def test_a_contact_after_the_end_of_its_spell_completes_nothing(engine: str) -> None:
    referrals = referral_rows(("P1", "R1", 1489, "2024-04-01", "2024-04-20"), ("P2", "R2", 1489, "2024-06-01", None))
    seen = [("C1", "P1", "R1", 1489, "2024-04-05", "5", "01"), ("C2", "P1", "R1", 1491, "2024-06-10", "5", "01")]
    assert waits_of(engine, referrals, *seen) == (0, 1)


def test_a_contact_counts_for_the_spell_in_which_it_is_dated(engine: str) -> None:
    referrals = referral_rows(("P1", "R1", 1489, "2024-04-01", "2024-04-20"), ("P1", "R2", 1489, "2024-06-01", None))
    seen = [("C1", "P1", "R1", 1491, "2024-06-05", "5", "01"), ("C2", "P1", "R2", 1491, "2024-06-10", "5", "01")]
    assert waits_of(engine, referrals, *seen) == (1, 0)


def test_the_core_services_own_row_decides(engine: str) -> None:
    referrals = referral_rows(("P1", "R1", 1489, "2024-04-01", None))
    services = {
        "UniqServReqID": ["R1", "R1"], "RecordNumber": [0, 0], "ServTeamTypeRefToMH": ["A06", "A02"],
        "ReferRejectionDate": [dt.date(2024, 4, 3), None],
    }  # fmt: skip
    extract = extract_of(engine, referrals=referrals, service_types=services)
    found = row(mhsds.measures(extract, YEAR, "organisation", which=REFERRALS))
    assert [found[name] for name in REFERRALS] == [1, 1, 0]


def test_the_closing_of_the_service_ends_the_spell_and_not_the_referral(engine: str) -> None:
    referrals = referral_rows(("P1", "R1", 1489, "2024-01-01", None))
    services = service_rows(referrals) | {"ReferClosureDate": [dt.date(2024, 2, 1)]}
    extract = extract_of(engine, referrals=referrals, service_types=services, contacts=contact_rows(NOBODY))
    found = row(mhsds.measures(extract, "2024-06", "organisation", which=["open_referrals", "waiting"]))
    assert (found["open_referrals"], found["waiting"]) == (1, 0)


def test_a_period_after_the_last_submitted_month_is_refused(engine: str) -> None:
    referrals = one_referral(UniqMonthID=[1488])
    extract = extract_of(engine, referrals=referrals, service_types=service_rows(referrals))
    for period, end in (
        ("2030/31", "2031-03-31"),
        ("2024-04", "2024-04-30"),
        (("2024-03-01", "2024-04-01"), "2024-04-01"),
    ):
        with refused("period", re.compile(f".*{end}"), names=("2024-03-31", "March 2024", 1488)):
            mhsds.measures(extract, period, "organisation", which="referrals")
    for period in ("2023/24 Q4", "2024-03"):
        mhsds.measures(extract, period, "organisation", which="referrals")


def test_a_later_admission_takes_a_referral_out_of_no_earlier_period(engine: str) -> None:
    referrals = referral_rows(("P1", "R1", 1489, "2023-04-10", None))
    spells = {
        "UniqHospProvSpellID": ["H1"], "Person_ID": ["P1"], "UniqServReqID": ["R1"], "UniqMonthID": [1500],
        "StartDateHospProvSpell": [dt.date(2025, 3, 3)],
    }  # fmt: skip
    extract = extract_of(engine, referrals=referrals, service_types=service_rows(referrals), hospital_spells=spells)
    which = ["referrals", "open_referrals"]
    found = row(mhsds.measures(extract, "2023/24", "organisation", which=which))
    assert (found["referrals"], found["open_referrals"]) == (1, 1)
    assert cells(mhsds.measures(extract, "2025-03", "organisation", which=which))["period"] == []


@pytest.mark.parametrize(("choice", "contacts"), [("publication", 2), ("dashboard", 1)])
def test_codes_of_before_version_5_are_known_by_their_month(engine: str, choice: str, contacts: int) -> None:
    referrals = referral_rows(("P1", "R1", 1489, "2021-04-01", None))
    seen = contact_rows(
        ("C1", "P1", "R1", 1450, "2021-05-01", "5", "03"), ("C2", "P1", "R1", 1450, "2021-05-02", "5", "98"),
        ("C3", "P1", "R1", 1450, "2021-05-02", "5", "06"),
    )  # fmt: skip
    extract = extract_of(engine, referrals=referrals, service_types=service_rows(referrals), contacts=seen)
    found = row(mhsds.measures(extract, "2021-05", "organisation", which="contacts", direct_before_v5=choice))
    assert found["contacts"] == contacts


def test_gender_identity_is_preferred_and_what_is_missing_is_not_known() -> None:
    """9 is indeterminate as a stated gender, and as an identity no code."""
    referrals = referral_rows(*((f"P{n}", f"R{n}", 1489, "2024-04-01", None) for n in range(6)))
    people = {
        "Person_ID": referrals["Person_ID"], "RecordNumber": referrals["RecordNumber"],
        "GenderIDCode": ["2", None, "X", "9", "9", None], "Gender": ["1", "1", "1", "1", None, "9"],
        "EthnicCategory": ["99", "A", "A", "A", "Z", "Z"],
    }  # fmt: skip
    extract = extract_of("polars lazy", referrals=referrals, service_types=service_rows(referrals), people=people)
    found = cells(mhsds.measures(extract, YEAR, ["sex", "ethnic_group"], which="referrals"))
    assert list(zip(found["sex"], found["ethnic_group"], found["referrals"], strict=True)) == [
        ("female", "not known", 1), ("male", "White British", 2), ("not known", "Not stated", 1),
        ("not known", "White British", 1), ("other", "Not stated", 1),
    ]  # fmt: skip


# Each table by its names in the data set, and what is read of it, "newest/older"; codes of two digits are marked :2.
ROW = "Person_ID RecordNumber OrgIDProv UniqMonthID"
REJECTED = "ReferRejectionDate ReferRejectReason:2 ReferClosureDate ReferClosReason:2"
SCORES = "CodedAssToolType PersScore AssToolCompTimestamp/AssToolCompDate"
LAYOUT = {
    "MHS001MPI": f"{ROW} LADistrictAuth GenderIDCode/Gender EthnicCategory OrgIDSubICBLocResidence/OrgIDCCGRes PersDeathDate",
    "MHS101Referral": f"{ROW} {REJECTED} UniqServReqID UniqSubmissionID ReferralRequestReceivedDate ServDischDate "
    "AgeServReferRecDate PrimReasonReferralMH/PrimReasonReferral:2 ClinRespPriorityType ReferralRequestReceivedTime "
    "ServTeamType UniqCareProfTeamLocalID",
    "MHS102OtherServiceType": f"{ROW} {REJECTED} UniqServReqID UniqSubmissionID ServTeamTypeRefToMH/ServTeamType "
    "UniqOtherCareProfTeamLocalID/UniqCareProfTeamLocalID/UniqCareProfTeamID",
    "MHS102ServiceTypeReferredTo": "UniqServReqID",
    "MHS201CareContact": f"{ROW} UniqCareContID UniqServReqID UniqSubmissionID CareContDate CareContTime "
    "AttendStatus/AttendOrDNACode ConsMechanismMH/ConsMediumUsed:2 ClinContDurOfCareCont "
    "UniqOtherCareProfTeamLocalID/UniqCareProfTeamLocalID/UniqCareProfTeamID",
    "MHS501HospProvSpell": f"{ROW} UniqServReqID UniqHospProvSpellID/UniqHospProvSpellNum StartDateHospProvSpell "
    "DischDateHospProvSpell SourceAdmMHHospProvSpell/SourceAdmCodeHospProvSpell:2 "
    "MethOfDischMHHospProvSpell/DischMethCodeHospProvSpell DestOfDischHospProvSpell/DischDestCodeHospProvSpell:2",
    "MHS801ClusterTool": f"{ROW} UniqClustID AdultMHCareClusterCodeFinal:2 StartDateCareClust EndDateCareClust",
    "MHS502WardStay": f"{ROW} UniqWardStayID UniqHospProvSpellID/UniqHospProvSpellNum UniqServReqID StartDateWardStay "
    "EndDateWardStay MHAdmittedPatientClass/HospitalBedTypeMH:2",
    "MHS204IndirectActivity": f"{ROW} UniqServReqID IndirectActDate "
    "IndirectActProcedure/IndActProcedure/CodeIndActProcAndProcStatus",
    "MHS902ServiceTeamDetails": "UniqCareProfTeamLocalID OrgIDProv UniqMonthID UniqSubmissionID "
    "ServTeamTypeMH/ServTeamType/ServTeamTypeRefToMH",
    "MHS002GP": f"{ROW} GMPReg/GMPCodeReg OrgIDSubICBLocGP/OrgIDCCGGPPractice EndDateGMPRegistration",
    "MHS006MHCareCoord": f"{ROW} StartDateAssCareCoord EndDateAssCareCoord CareProfServOrTeamTypeAssoc",
    "MHS008CarePlanType": f"{ROW} UniqCarePlanID CarePlanCreatDate CarePlanLastUpdateDate",
    "MHS009CarePlanAgreement": f"{ROW} UniqCarePlanID",
    "MHS202CareActivity": f"{ROW} UniqCareActID UniqCareContID UniqServReqID Procedure/CodeProcAndProcStatus "
    "Observation/CodeObs",
    "MHS606CodedScoreAssessmentRefer": f"{ROW} UniqServReqID {SCORES}",
    "MHS607CodedScoreAssessmentAct": f"{ROW} UniqCareActID UniqCareContID UniqServReqID {SCORES}",
}


def is_day(name: str) -> bool:
    return "Timestamp" in name or ("Date" in name and not name.startswith("Age"))


@pytest.mark.parametrize("table", LAYOUT)
def test_every_column_is_read_under_each_of_its_names(table: str) -> None:
    columns = [(names.split("/"), width) for names, _, width in (each.partition(":") for each in LAYOUT[table].split())]
    for older in range(3):
        held = {names[older]: (names[0], width) for names, width in columns if len(names) > older}
        if not held:
            continue
        given = {name: ["2024-04-01" if is_day(name) else "1"] for name in held}
        extract = mhsds.Extract.of({table: ALL["polars"](given)})
        found = cells(extract.rows(extract.tables[0], [newest for newest, _ in held.values()]).to_native())
        whole = ("UniqMonthID", "AgeServReferRecDate", "ClinContDurOfCareCont")
        # 54 years of 365 days, 13 leap days and 91 days after 1 January 1970.
        assert found == {
            name: [19814 if is_day(name) else 1 if name in whole else "01" if width else "1"]
            for name, width in held.values()
        }


@pytest.mark.parametrize(
    ("table", "column", "version"),
    [
        ("contacts", "AttendOrDNACode", "v4"), ("contacts", "ConsMediumUsed", "v4"), ("contacts", "AttendStatus", "v5"),
        ("contacts", "ConsMechanismMH", "v5"), ("contacts", "UniqOtherCareProfTeamLocalID", "v6"),
        ("contacts", "UniqCareProfTeamLocalID", None), ("referrals", "ServTeamType", "v6"),
        ("referrals", "UniqCareProfTeamLocalID", "v6"), ("service_types", "UniqOtherCareProfTeamLocalID", "v6"),
        ("service_types", "ServTeamType", None), ("service_teams", "UniqCareProfTeamLocalID", "v6"),
    ],
)  # fmt: skip
def test_the_version_is_told_by_the_columns_that_came_with_it(table: str, column: str, version: str | None) -> None:
    assert mhsds.Extract(**{table: ALL["polars"]({column: ["1"], "Person_ID": ["P1"]})}).version == version
    both = {table: ALL["polars"]({column: ["1"]}), "MHS102OtherServiceType": ALL["polars"]({"UniqServReqID": ["R1"]})}
    assert table == "service_types" or mhsds.Extract.of(both).version == "v6"


@pytest.mark.parametrize(
    "other", ["MHS105OnwardReferral", "MHS106DischargePlanAgreement", "MHS802ClusterAssess", "MHS901StaffDetails"]
)
def test_other_tables_of_the_data_set_are_passed_over(tmp_path: Path, other: str) -> None:
    given = {"MHS101Referral": ALL["polars"](one_referral()), other: ALL["polars"]({"a": [1]})}
    assert mhsds.Extract.of(given).tables == ("referrals",)
    for name in ("MHS101Referral_2024-06", f"{other}_2024-06"):
        (tmp_path / f"{name}.csv").write_text("Person_ID\nP1\n", encoding="utf-8")
    assert mhsds.Extract.read(tmp_path, engine="polars").tables == ("referrals",)


@pytest.mark.parametrize("engine", ["duckdb", "polars", "pandas"])
def test_a_folder_of_files_is_an_extract(tmp_path: Path, engine: str) -> None:
    lines = {
        "dbo.MHS101Referral.csv": "Person_ID,UniqServReqID,RecordNumber,UniqMonthID,OrgIDProv,AgeServReferRecDate,"
        "ReferralRequestReceivedDate,ServDischDate\nP1,R1,1,1500,RX1,40,01/04/2024,NULL\n",
        "MHS102ServiceTypeReferredTo_2025-03.csv": "UniqServReqID,RecordNumber,ServTeamTypeRefToMH\nR1,1,A06 \n",
        "MHS204IndirectActivity.csv": "Person_ID;IndirectActDate\nP1;01/04/2024\n(1 row affected)\n",
        "MHS000Header.csv": "a\n1\n", "notes.csv": "a\n1\n",
    }  # fmt: skip
    for name, text in lines.items():
        (tmp_path / name).write_text("\ufeff" + text, encoding="utf-8")
    (tmp_path / "MHS502WardStay").mkdir()
    pd.DataFrame({"UniqHospProvSpellID": ["H1"]}).to_parquet(tmp_path / "MHS502WardStay" / "part-0.parquet")
    extract = mhsds.Extract.read(tmp_path, engine=engine)
    assert sorted(extract.tables) == ["indirect_activity", "referrals", "service_types", "ward_stays"]
    assert row(mhsds.measures(extract, YEAR, "team_type_code", which="referrals"))["referrals"] == 1
    assert cells(extract.rows("indirect_activity", ["Person_ID", "IndirectActDate"]))["IndirectActDate"][0] == 19814
    (tmp_path / "MHS001MPI.csv").write_text("Person_ID\nP1\n", encoding="utf-16")
    (tmp_path / "MHS501HospProvSpell.parquet").write_text("Person_ID\nP1\n", encoding="utf-8")
    with refused(
        problem("path", "MHS001MPI.csv", names="UTF-8"), problem("path", "MHS501HospProvSpell.parquet", names="Parquet")
    ):
        mhsds.Extract.read(tmp_path, engine=engine)


@pytest.mark.parametrize("engine", ["duckdb", "polars", "pandas"])
def test_a_table_in_parts_is_read_by_the_names_of_its_columns(tmp_path: Path, engine: str) -> None:
    # As Spark writes a table: columns in another order, one that came later, and those that folders name.
    referrals, indirect = tmp_path / "MHS101Referral.csv", tmp_path / "MHS204IndirectActivity"
    referrals.mkdir()
    for name, text in {
        "part-0.csv": "Person_ID,UniqServReqID,UniqMonthID,OrgIDProv,ReferralRequestReceivedDate,ServDischDate\n"
        "P1,R1,1489,RX1,10/04/2024,\n",
        "part-1.csv": "OrgIDProv,Person_ID,UniqServReqID,UniqMonthID,ServDischDate,ReferralRequestReceivedDate,Later\n"
        "RX2,P2,R2,1489,,11/04/2024,x\n",
        "_SUCCESS": "",
        "_copy.csv": "Person_ID\nP9\n",
    }.items():
        (referrals / name).write_text(text, encoding="utf-8")
    (referrals / "part-1.csv.gz").write_bytes(gzip.compress((referrals / "part-1.csv").read_bytes()))
    (referrals / "part-1.csv").unlink()
    for month in (1489, 1490):
        (indirect / f"UniqMonthID={month}").mkdir(parents=True)
        part = pd.DataFrame({"Person_ID": ["P1"]} | ({"OrgIDProv": ["RX1"]} if month == 1490 else {}))
        part.to_parquet(indirect / f"UniqMonthID={month}" / "part-0.parquet")
    extract = mhsds.Extract.read(tmp_path, engine=engine)
    found = cells(mhsds.measures(extract, "2024-04", "organisation", scope=mhsds.ALL, which="referrals"))
    assert sorted(zip(found["organisation"], found["referrals"], strict=True)) == [("RX1", 1), ("RX2", 1)]
    found = cells(extract.rows("indirect_activity", ["UniqMonthID", "OrgIDProv"]))
    assert sorted(zip(found["UniqMonthID"], found["OrgIDProv"], strict=True)) == [(1489, None), (1490, "RX1")]


@pytest.mark.parametrize("engine", ["duckdb", "polars", "pandas"])
@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_parts_of_other_columns_and_separators_lose_no_rows(tmp_path: Path, ending: str, engine: str) -> None:
    # The second part has no record numbers, by which the referrals of the first would find their services.
    referrals = referral_rows(("P1", "R1", 1489, "2024-04-01", None), ("P2", "R2", 1489, "2024-04-01", None))
    both = pd.DataFrame(referrals)
    tables = {"first": both[:1], "second": both[1:].drop(columns="RecordNumber")}
    services = pd.DataFrame(service_rows(referrals) | {"UniqMonthID": [1500, 1500]})
    (tmp_path / "MHS101Referral").mkdir()
    for (name, table), separator in zip(tables.items(), ",;", strict=True):
        file = tmp_path / "MHS101Referral" / f"{name}.{ending}"
        table.to_csv(file, sep=separator, index=False) if ending == "csv" else table.to_parquet(file)
    services.to_csv(tmp_path / "MHS102ServiceTypeReferredTo.csv", index=False)
    extract = mhsds.Extract.read(tmp_path, engine=engine)
    assert row(mhsds.measures(extract, YEAR, "organisation", which="referrals"))["referrals"] == 2


@pytest.mark.parametrize("inside", [(), ("a.csv", "a.parquet"), ("a.parquet", "_delta_log/0.json")])
def test_a_folder_of_parts_of_which_not_all_count_is_refused(tmp_path: Path, inside: tuple[str, ...]) -> None:
    (tmp_path / "MHS101Referral").mkdir()
    for name in inside:
        (tmp_path / "MHS101Referral" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "MHS101Referral" / name).write_text("Person_ID\nP1\n", encoding="utf-8")
    with refused("path", "MHS101Referral", names="parts"):
        mhsds.Extract.read(tmp_path)


def test_a_duckdb_file_is_an_extract(tmp_path: Path) -> None:
    import duckdb

    with duckdb.connect(str(tmp_path / "x.duckdb")) as connection:
        connection.sql("CREATE SCHEMA mh")
        connection.sql("CREATE TABLE mh.MHS204IndirectActivity_ALL AS SELECT 'P1' AS Person_ID")
    assert mhsds.Extract.read(tmp_path / "x.duckdb").tables == ("indirect_activity",)
    with refused("path", str(tmp_path / "nowhere"), names="DuckDB"):
        mhsds.Extract.read(tmp_path / "nowhere")


def test_a_result_holds_the_connection_that_it_reads(tmp_path: Path) -> None:
    import gc

    (tmp_path / "MHS101Referral.csv").write_text(
        "Person_ID,UniqServReqID,UniqMonthID,OrgIDProv,ReferralRequestReceivedDate,ServDischDate\n"
        "P1,R1,1489,RX1,10/04/2024,\n"
    )
    found = mhsds.measures(
        mhsds.Extract.read(tmp_path, engine="duckdb"), "2024-04", "organisation", scope=mhsds.ALL, which="referrals"
    )
    gc.collect()
    assert row(found)["referrals"] == 1


@pytest.mark.deep
def test_ibis_on_another_database_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    # What Ibis does of itself, as on a database that is not DuckDB.
    monkeypatch.setattr(engines, "IbisOnDuckDB", lambda kind, _: engines.Ibis(kind))
    referrals = one_referral(
        Person_ID=[" p1"], UniqServReqID=["r1 "], UniqMonthID=["1500"], ReferralRequestReceivedDate=["10/04/2024"]
    )
    services = service_rows(one_referral(), "a06 ")
    extract = extract_of("ibis", referrals=referrals, service_types=services)
    assert isinstance(extract.engine, engines.Ibis)
    found = row(mhsds.measures(extract, YEAR, "team_type_code", which=["referrals", "open_referrals"]))
    assert found == {"team_type_code": "A06", "period": YEAR, "referrals": 1, "open_referrals": 1}


@pytest.mark.parametrize("engine", ["pandas", "pandas nullable", "pyarrow", "polars lazy"])
def test_of_several_rows_of_a_person_those_that_say_nothing_do_not_count(engine: str) -> None:
    # Two rows of one submission: neither the old column nor the new one says in the first of them what the sex is.
    referrals = one_referral(RecordNumber=["7"])
    people = {
        "Person_ID": ["P1", "P1", "P2"], "RecordNumber": ["7", "7", "8"], "UniqMonthID": [1500] * 3,
        "GenderIDCode": [None, 2, None], "Gender": [None, None, 1],
    }  # fmt: skip
    extract = extract_of(engine, referrals=referrals, service_types=service_rows(referrals), people=people)
    found = row(mhsds.measures(extract, YEAR, "sex", which="referrals"))
    assert found == {"sex": "female", "period": YEAR, "referrals": 1}


@pytest.mark.parametrize("engine", EVERY)
def test_a_decimal_loses_its_fraction_and_is_not_rounded(engine: str) -> None:
    referrals = one_referral(AgeServReferRecDate=[Decimal("17.9")])
    extract = extract_of(engine, referrals=referrals)
    found = row(mhsds.measures(extract, YEAR, "age_band", scope=mhsds.ALL, which="referrals"))
    assert (found["age_band"], found["referrals"]) == ("0-17", 1)


@pytest.mark.parametrize("kind", ["floats", "decimals"])
@pytest.mark.parametrize("engine", EVERY)
def test_a_number_with_a_fraction_is_not_the_code_before_its_point(engine: str, kind: str) -> None:
    numbers: list[Any] = [4.5, 7.0, None, 12.25]
    numbers = numbers if kind == "floats" else [None if each is None else Decimal(str(each)) for each in numbers]
    extract = extract_of(engine, referral_scores={"PersScore": numbers, "CodedAssToolType": ["1"] * 4})
    found = cells(extract.leave(extract.rows("referral_scores", ["PersScore"])))["PersScore"]
    assert [each if each is None else float(each) for each in found] == [4.5, 7, None, 12.25]
    assert found[1] == "7"


@pytest.mark.parametrize("engine", EVERY)
@pytest.mark.parametrize("kind", SHORT)
def test_concepts_that_a_spreadsheet_has_shortened_are_refused(engine: str, kind: str) -> None:
    # MHS202 has no dates: that its months are text tells that it was a text file.
    table: dict[str, list[Any]] = {"Procedure": SHORT[kind], "UniqMonthID": ["1491"] * 3}
    with refused("care_activities.Procedure", ANY, expected="a whole number"):
        extract_of(engine, care_activities=table)
    whole = {"text": "1091071000000100", "floats": 1091071000000100.0}[kind]
    extract = extract_of(engine, care_activities=table | {"Procedure": [whole, None, None]})
    found = cells(extract.leave(extract.rows("care_activities", ["Procedure"])))["Procedure"]
    assert found[0] == "1091071000000100"


@pytest.mark.parametrize("engine", EVERY)
def test_ids_that_have_lost_their_zeros_in_another_table_are_refused(engine: str) -> None:
    contacts = contact_rows(("C1", "7", "R1", 1489, "2024-04-24", "5", "01"))
    numbers = contacts | {"Person_ID": [7]}
    with refused(problem("referrals.Person_ID", ANY, expected="a whole number")):
        extract_of(engine, referrals=one_referral(Person_ID=["007"]), contacts=numbers)
    if engine == "polars lazy":
        with refused(problem("referrals.Person_ID", ANY, expected="a whole number")):
            categories = pl.DataFrame(one_referral(Person_ID=["007"])).with_columns(
                pl.col("Person_ID").cast(pl.Categorical)
            )
            mhsds.Extract(referrals=categories, contacts=pl.DataFrame(numbers))
    # Text in both keeps its zeros, and text without any is the number.
    for referrals, other in (("007", contacts | {"Person_ID": ["007"]}), ("7", numbers)):
        extract = extract_of(engine, referrals=one_referral(Person_ID=[referrals]), contacts=other)
        found = row(mhsds.measures(extract, YEAR, "organisation", scope=mhsds.ALL, which="contacts"))
        assert found["contacts"] == 1


@pytest.mark.parametrize("engine", ["pandas", "pyarrow", "polars lazy", "duckdb"])
def test_times_of_a_day_are_read_whatever_their_type(engine: str) -> None:
    types: dict[str, Any] = {"times": dt.time(9, 30), "text": "09:30:00", "moments": dt.datetime(1970, 1, 1, 9, 30)}
    # Of a zone as it shows: of that day the clock in England was an hour before Greenwich.
    if engine != "duckdb":  # which shows it by the clock of the machine
        types["zoned"] = dt.datetime(1970, 1, 1, 9, 30, tzinfo=dt.UTC)
    for each in types.values():
        extract = extract_of(engine, contacts={"CareContTime": [each, None]})
        found = cells(extract.leave(extract.rows("contacts", ["CareContTime"])))["CareContTime"]
        assert "09:30:00" in found[0]
        assert found[1] is None


@pytest.mark.parametrize("engine", EVERY)
def test_record_numbers_of_text_are_in_the_order_of_their_numbers(engine: str) -> None:
    # Of two submissions of one month the 10th is later than the 9th: discharged, and the contact cancelled.
    referrals = referral_rows(("P1", "R1", 1489, "2024-04-01", None), ("P1", "R1", 1489, "2024-04-01", "2024-05-01"))
    referrals["RecordNumber"] = ["9", "10"]
    contacts = contact_rows(*(("C1", "P1", "R1", 1489, "2024-04-24", status, "01") for status in ("5", "4")))
    contacts["RecordNumber"] = ["9", "10"]
    for number in (str, int):
        numbers = {"RecordNumber": [number(each) for each in referrals["RecordNumber"]]}
        extract = extract_of(engine, referrals=referrals | numbers, contacts=contacts | numbers)
        asked = ["discharges", "open_referrals", "contacts"]
        found = row(mhsds.measures(extract, YEAR, "organisation", scope=mhsds.ALL, which=asked))
        assert [found[name] for name in asked] == [1, 0, 0]


@pytest.mark.parametrize(
    ("engine", "blank"),
    with_deep(
        [("polars lazy", None), ("polars lazy", " "), ("pandas", None)],
        ("pandas", " "), ("duckdb", None), ("duckdb", " "),
    ),
)  # fmt: skip
def test_a_record_number_in_which_nothing_stands_joins_nothing_and_is_not_there(engine: str, blank: Any) -> None:
    # Text dates: a lazy table is looked through for them.
    referrals = one_referral(ReferralRequestReceivedDate=["2024-04-01"])
    services = service_rows(referrals) | {"UniqMonthID": referrals["UniqMonthID"], "RecordNumber": [blank]}
    for own in (referrals, referrals | {"RecordNumber": [blank]}):
        extract = extract_of(engine, referrals=own, service_types=services | {"ReferRejectionDate": ["NULL"]})
        assert not extract.has("service_types", "RecordNumber")
        assert cells(mhsds.measures(extract, YEAR, "team_type_code", which="referrals"))["team_type_code"] == ["A06"]
        assert extract_of(engine, service_types={n: v[:0] for n, v in services.items()}).has(
            "service_types", "RecordNumber"
        )


@pytest.mark.parametrize("engine", EVERY)
def test_a_column_that_a_part_of_a_table_lacks_takes_no_rows_away(engine: str) -> None:
    make = ALL[engine]
    referrals = referral_rows(("P1", "R1", 1489, "2024-04-01", None), ("P2", "R2", 1489, "2024-04-01", None))
    referrals |= {"UniqCareProfTeamLocalID": ["T1", "T1"]}
    teams = {"UniqCareProfTeamLocalID": ["T1"], "OrgIDProv": ["RX1"], "UniqMonthID": [1500], "ServTeamTypeMH": ["A06"]}
    with_submission = [make({name: [cell] for name, (cell, _) in referrals.items()} | {"UniqSubmissionID": [1]})]
    without = [make({name: [cell] for name, (_, cell) in referrals.items()})]
    stays = stays_of("MHAdmittedPatientClass", ["200", "200"])
    first, second = ({name: [values[at]] for name, values in stays["ward_stays"].items()} for at in (0, 1))
    del second["Person_ID"]
    extract = mhsds.Extract(
        referrals=with_submission + without, service_teams=make(teams | {"UniqSubmissionID": [1]}),
        hospital_spells=make(stays["hospital_spells"] | {"UniqServReqID": ["R8", "R9"]}),
        ward_stays=[make(first), make(second)],
    )  # fmt: skip
    found = row(mhsds.measures(extract, YEAR, "organisation", which=["referrals", "admissions"]))
    assert (found["referrals"], found["admissions"]) == (2, 2)


def test_clusters_of_before_version_6_are_told_though_it_has_begun() -> None:
    # In October 2023 there were clusters, and from April 2024 on there are none.
    referrals = referral_rows(("P1", "R1", 1481, "2023-10-02", None)) | {"ServTeamType": ["A06"]}
    clusters = {
        "Person_ID": ["P1"], "UniqClustID": ["L1"], "AdultMHCareClusterCodeFinal": ["03"],
        "StartDateCareClust": [dt.date(2023, 10, 3)],
    }  # fmt: skip
    contacts = contact_rows(("C1", "P1", "R1", 1483, "2023-10-03", "5", "01"))
    extract = extract_of("pandas", referrals=referrals, contacts=contacts, clusters=clusters)
    assert extract.version == "v6"
    found = row(mhsds.cluster_profile(extract, "2023-10-31", "organisation"))
    assert (found["cluster"], found["caseload"]) == ("03", 1)
    later = extract_of("pandas", referrals=referrals | {"UniqMonthID": [1489]}, contacts=contacts, clusters=clusters)
    with refused(problem("clusters", "version 6", names="4 or 5")):
        mhsds.cluster_profile(later, "2024-04-30", "organisation")


@pytest.mark.parametrize("months", [[202403], ["202403"]])
@pytest.mark.parametrize("engine", EVERY)
def test_a_month_that_is_no_number_of_one_is_refused_by_its_name(engine: str, months: list[Any]) -> None:
    extract = extract_of(engine, referrals=one_referral(UniqMonthID=months))
    with refused(problem("referrals.UniqMonthID", 202403, names="1429")):
        mhsds.measures(extract, YEAR, "organisation", scope=mhsds.ALL, which="referrals")
    for asked in (mhsds.quality, lambda one: mhsds.referrals(one, scope=mhsds.ALL)):
        with refused(problem("referrals.UniqMonthID", 202403, names="1429")):
            asked(extract)


@pytest.mark.parametrize("engine", ["pandas", "pyarrow", "polars lazy", "duckdb"])
def test_referrals_of_no_month_stay_open(engine: str) -> None:
    extract = extract_of(engine, referrals=one_referral(UniqMonthID=[None]))
    assert row(mhsds.measures(extract, YEAR, "organisation", scope=mhsds.ALL, which=REFERRALS))["open_referrals"] == 1
    assert len(cells(mhsds.quality(extract))["rule"]) > 5


def test_periods_of_pandas_are_days_or_refused() -> None:
    table = ALL["pandas"](one_referral())
    days = table.assign(ReferralRequestReceivedDate=pd.PeriodIndex(["2024-04-01"], freq="D"))
    found = row(mhsds.measures(mhsds.Extract(referrals=days), YEAR, "organisation", scope=mhsds.ALL, which="referrals"))
    assert found["referrals"] == 1
    months = pd.PeriodIndex(["2024-04"], freq="M")
    with refused("referrals.ReferralRequestReceivedDate", ANY):
        mhsds.Extract(referrals=table.assign(ReferralRequestReceivedDate=months))
    with refused("referrals.UniqMonthID", ANY):
        mhsds.Extract(referrals=table.assign(UniqMonthID=months))


def test_times_of_a_zone_among_objects_are_of_the_day_in_england() -> None:
    times = pd.Series([pd.Timestamp("2024-05-31 23:00", tz="UTC")], dtype=object)
    extract = mhsds.Extract(contacts=pd.DataFrame({"CareContDate": times}))
    found = cells(extract.leave(extract.rows("contacts", ["CareContDate"]), ["CareContDate"]))["CareContDate"]
    assert str(found[0])[:10] == "2024-06-01"


def test_columns_that_stand_twice_in_pandas_are_refused_by_the_table() -> None:
    table = ALL["pandas"](one_referral())
    with refused("referrals", ANY, expected="once"):
        mhsds.Extract(referrals=pd.concat([table, table[["Person_ID"]]], axis=1))


@pytest.mark.parametrize("engine", EVERY)
def test_names_in_quotes_are_read(engine: str) -> None:
    quoted = {f'"{name}"': values for name, values in one_referral().items()}
    extract = extract_of(engine, referrals=quoted)
    assert row(mhsds.measures(extract, YEAR, "organisation", scope=mhsds.ALL, which="referrals"))["referrals"] == 1


@pytest.mark.parametrize("engine", EVERY)
def test_rows_are_joined_by_what_all_parts_of_a_table_have(engine: str) -> None:
    # The later month came without record numbers.
    referrals = referral_rows(("P1", "R1", 1489, "2024-04-01", None), ("P2", "R2", 1489, "2024-04-01", None))
    services = service_rows(referrals) | {"UniqMonthID": [1500, 1500]}
    first = {name: values[:1] for name, values in referrals.items()}
    second = {name: values[1:] for name, values in referrals.items() if name != "RecordNumber"}
    make = ALL[engine]
    extract = mhsds.Extract(referrals=[make(first), make(second)], service_types=make(services))
    assert row(mhsds.measures(extract, YEAR, "organisation", which="referrals"))["referrals"] == 2
    rules = cells(mhsds.quality(extract))
    assert dict(zip(rules["rule"], rules["rows"], strict=True))["no service type"] == 0
    del services["UniqMonthID"]
    extract = mhsds.Extract(referrals=make(second), service_types=make(services))
    with refused("service_types", names=("RecordNumber", "UniqMonthID")):
        mhsds.measures(extract, YEAR, "organisation", which="referrals")


@pytest.mark.parametrize("engine", EVERY)
@pytest.mark.parametrize(("source", "code"), [("provider", " rx1"), ("residence", "e06000001 ")])
def test_codes_of_the_users_own_are_read_as_those_of_records(engine: str, source: str, code: str) -> None:
    referrals = one_referral()
    people = {"Person_ID": ["P1"], "RecordNumber": [0], "LADistrictAuth": ["E06000001"]}
    extract = extract_of(engine, referrals=referrals, people=people, service_types=service_rows(referrals, "C03"))
    asked: dict[str, Any] = {"which": "referrals", "icb_from": source, "scope": mhsds.Scope(("c03 ",))}
    found = row(mhsds.measures(extract, YEAR, "icb", icb_of={code: "QX", 7: "QY"}, **asked))
    assert (found["icb"], found["referrals"]) == ("QX", 1)
    with refused("icb_of", code.strip(), names="QX"):
        mhsds.measures(extract, YEAR, "icb", icb_of={code: "QX", code.strip(): "QY"}, **asked)


def test_a_scope_of_one_team_type_or_of_a_list_is_a_scope() -> None:
    scopes: list[Any] = ["A06", ["a06"], ("A06 ",)]
    assert {mhsds.Scope(each) for each in scopes} == {mhsds.Scope(("A06",))}
    none: Any = "18"
    with refused(problem("minimum_age", "18", expected="zero or more"), problem("team_types", ANY, names="None")):
        mhsds.Scope((), minimum_age=none)


@pytest.mark.parametrize("engine", ["duckdb", "polars", "pandas"])
def test_only_the_words_for_nothing_are_nothing_in_a_file(tmp_path: Path, engine: str) -> None:
    text = "Person_ID,UniqCareContID\nN/A,C1\nNULL,C2\nP3,\n"
    (tmp_path / "MHS201CareContact.csv").write_text(text, encoding="utf-8")
    extract = mhsds.Extract.read(tmp_path, engine=engine)
    found = cells(extract.rows("contacts", ["Person_ID", "UniqCareContID"]))
    assert list(zip(*found.values(), strict=True)) == [("N/A", "C1"), (None, "C2"), ("P3", None)]


@pytest.mark.parametrize("engine", ["duckdb", "polars", "pandas"])
def test_ids_in_the_encoding_of_windows_are_refused_and_not_made_one(tmp_path: Path, engine: str) -> None:
    text = "Person_ID,UniqServReqID\nÀ1,R1\nÉ1,R2\n"
    (tmp_path / "MHS101Referral.csv").write_bytes(text.encode("cp1252"))
    with refused("path", "MHS101Referral.csv", names="UTF-8"):
        mhsds.Extract.read(tmp_path, engine=engine)
    (tmp_path / "MHS101Referral.csv").write_bytes(text.encode())
    extract = mhsds.Extract.read(tmp_path, engine=engine)
    assert cells(extract.rows("referrals", ["Person_ID"])) == {"Person_ID": ["À1", "É1"]}


@pytest.mark.parametrize("engine", ["duckdb", "polars", "pandas"])
def test_a_file_that_an_engine_cannot_read_is_refused_by_its_path(tmp_path: Path, engine: str) -> None:
    text = 'Person_ID,CareContDate\n"P1,01/04/2024\nP2,02/04/2024\n'
    (tmp_path / "MHS201CareContact.csv").write_text(text, encoding="utf-8")
    with refused("path", ANY):
        mhsds.Extract.read(tmp_path, engine=engine)
