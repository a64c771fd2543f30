"""The quality table: each rule by rows made by hand, and what synthetic extracts plant is what is found."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import narwhals as nw
import pandas as pd
import polars as pl
import pytest

from cmhs_metrics import mhsds
from cmhs_metrics.mhsds.quality import RULES, refuse_broken
from cmhs_metrics.mhsds.quality_report import Line, QualityReport
from cmhs_metrics.mhsds.synthesis.extracts import Plan, in_memory
from cmhs_metrics.mhsds.synthesis.providers import Window
from tests.support.budgets import with_deep
from tests.support.engines import ALL, LAZY, cells
from tests.support.refusals import problem, refused

JUNE_2024 = 1491
"""Its last day is 30 June 2024: 1429 is April 2019, and June 2024 is 62 months on."""
Rows = dict[str, list[Any]]
LIKE_ANOTHER = ("pandas", "pandas arrow", "polars", "narwhals")
"""What plans as another kind of table in memory does."""

REFERRALS: Rows = {
    "UniqServReqID": ["R1", "R2", "R3"],
    "Person_ID": ["P1", "P2", "P3"],
    "RecordNumber": [11, 12, 13],
    "UniqMonthID": [JUNE_2024] * 3,
    "OrgIDProv": ["RT1"] * 3,
    "ReferralRequestReceivedDate": ["2024-05-01", "2024-05-02", "2024-06-30"],
    "ServDischDate": [None, "2024-06-30", None],
    "AgeServReferRecDate": [30, 40, 50],
}
SERVICES: Rows = {
    "UniqServReqID": ["R1", "R2", "R3"],
    "RecordNumber": [11, 12, 13],
    "UniqMonthID": [JUNE_2024] * 3,
    "ServTeamTypeRefToMH": ["A06", "C03", "A18"],
    "ReferRejectionDate": [None, None, "2024-06-30"],
    "ReferRejectReason": [None, None, "02"],
}
CONTACTS: Rows = {
    "UniqCareContID": ["C1", "C2", "C3"],
    "UniqServReqID": ["R1", "R1", "R2"],
    "Person_ID": ["P1", "P1", "P2"],
    "RecordNumber": [11, 11, 12],
    "UniqMonthID": [JUNE_2024 - 1, JUNE_2024, JUNE_2024],
    "CareContDate": ["2024-05-01", "2024-06-30", "2024-06-01"],
    "AttendStatus": ["5", "3", "6"],
    "ConsMechanismMH": ["01", "02", "98"],
}
PEOPLE: Rows = {
    "Person_ID": ["P1", "P2", "P3"],
    "RecordNumber": [11, 12, 13],
    "UniqMonthID": [JUNE_2024] * 3,
    "LADistrictAuth": ["E1", None, "E2"],
}
SPELLS: Rows = {
    "UniqHospProvSpellID": ["H1", "H2"],
    "Person_ID": ["P1", "P2"],
    "UniqServReqID": ["R1", "R2"],
    "UniqMonthID": [JUNE_2024] * 2,
    "StartDateHospProvSpell": ["2024-06-01", "2024-06-01"],
    "DischDateHospProvSpell": ["2024-06-01", None],
}
CLUSTERS: Rows = {
    "UniqClustID": ["K1", "K2"],
    "Person_ID": ["P1", "P2"],
    "UniqMonthID": [JUNE_2024] * 2,
    "AdultMHCareClusterCodeFinal": ["00", "21"],
    "StartDateCareClust": ["2024-06-01", "2024-06-01"],
    "EndDateCareClust": [None, "2024-06-30"],
}
WARDS: Rows = {
    "UniqHospProvSpellID": ["H1", "H2"],
    "Person_ID": ["P1", "P2"],
    "UniqMonthID": [JUNE_2024] * 2,
    "StartDateWardStay": ["2024-06-01", "2024-06-01"],
    "MHAdmittedPatientClass": ["200", "11"],
}
SOUND = {
    "people": PEOPLE,
    "referrals": REFERRALS,
    "service_types": SERVICES,
    "contacts": CONTACTS,
    "hospital_spells": SPELLS,
    "clusters": CLUSTERS,
    "ward_stays": WARDS,
}


def extract_of(tables: dict[str, Rows], engine: str = "polars") -> mhsds.Extract:
    return mhsds.Extract(**{name: ALL[engine](rows) for name, rows in tables.items()})


def changed(table: str, row: int, **values: Any) -> dict[str, Rows]:
    """The sound tables with some cells of one row changed."""
    rows = {name: list(cells) for name, cells in SOUND[table].items()}
    for name, value in values.items():
        rows[name][row] = value
    return SOUND | {table: rows}


def with_row(table: str, like: int, **values: Any) -> dict[str, Rows]:
    """The sound tables with a row more, like another but for some cells."""
    rows = {name: [*cells, values.get(name, cells[like])] for name, cells in SOUND[table].items()}
    return SOUND | {table: rows}


def without(table: str, row: int) -> dict[str, Rows]:
    rows = {name: [cell for place, cell in enumerate(cells) if place != row] for name, cells in SOUND[table].items()}
    return SOUND | {table: rows}


def laid_together(extracts: list[dict[str, Rows]]) -> dict[str, Rows]:
    """Extracts as one that shares no id, record or provider between them."""
    ids = ("UniqServReqID", "Person_ID", "UniqCareContID", "UniqHospProvSpellID", "UniqClustID", "OrgIDProv")
    together: dict[str, Rows] = {name: {column: [] for column in table} for name, table in SOUND.items()}
    for number, extract in enumerate(extracts):
        for name, table in extract.items():
            for column, values in table.items():
                if column in ids:
                    values = [None if value is None else f"{number}-{value}" for value in values]
                elif column == "RecordNumber":
                    values = [value + 1_000 * number for value in values]
                together[name][column] += values
    return together


def broken(quality: Any) -> dict[tuple[str, str], int]:
    table = cells(quality)
    counts: Counter[tuple[str, str]] = Counter()
    for column, rule, rows in zip(table["column"], table["rule"], table["rows"], strict=True):
        counts[column, rule] += rows
    return {broken: rows for broken, rows in counts.items() if rows}


BEFORE_CONTACTS = ("ReferralRequestReceivedDate", "received before the first contact month")
CASES = {
    "no referral id": (
        with_row("referrals", 0, UniqServReqID=None),
        {("UniqServReqID", "id missing"): 1},
    ),
    "no person id": (with_row("contacts", 0, Person_ID=None), {("Person_ID", "id missing"): 1}),
    "no service id": (with_row("service_types", 0, UniqServReqID=None), {("UniqServReqID", "id missing"): 1}),
    "a referral twice in a month": (with_row("referrals", 0), {("UniqServReqID", "duplicate id"): 1}),
    "a referral again in another month": (with_row("referrals", 0, UniqMonthID=JUNE_2024 - 1), {}),
    "a contact thrice in a month": (
        {
            **SOUND,
            "contacts": {name: [*cells, cells[0], cells[0]] for name, cells in CONTACTS.items()},
        },
        {("UniqCareContID", "duplicate id"): 2},
    ),
    "a contact id of two people": (
        with_row("contacts", 1, UniqCareContID="C1", Person_ID="P2", UniqServReqID="R2", CareContDate="2024-06-03"),
        {},
    ),
    "30 February": (
        changed("contacts", 2, CareContDate="2024-02-30"),
        {("CareContDate", "text that is no date"): 1, ("CareContDate", "date missing"): 1},
    ),
    "an empty text is missing, not wrong": (changed("referrals", 1, ServDischDate=""), {}),
    "no date of a contact": (
        changed("contacts", 2, CareContDate="soon"),
        {("CareContDate", "text that is no date"): 1, ("CareContDate", "date missing"): 1},
    ),
    "the day after the month": (
        changed("contacts", 1, CareContDate="2024-07-01"),
        {("CareContDate", "date out of range"): 1},
    ),
    "the last day of 1899": (
        changed("referrals", 0, ReferralRequestReceivedDate="1899-12-31"),
        {("ReferralRequestReceivedDate", "date out of range"): 1} | {BEFORE_CONTACTS: 1},
    ),
    "the first day of 1900, which is no date": (
        changed("referrals", 0, ReferralRequestReceivedDate="1900-01-01"),
        {("ReferralRequestReceivedDate", "received date missing"): 1},
    ),
    "the second day of 1900": (changed("referrals", 0, ReferralRequestReceivedDate="1900-01-02"), {BEFORE_CONTACTS: 1}),
    "no date of receipt": (
        changed("referrals", 1, ReferralRequestReceivedDate=None),
        {("ReferralRequestReceivedDate", "received date missing"): 1},
    ),
    "discharged the day before": (
        changed("referrals", 1, ServDischDate="2024-05-01"),
        {("ServDischDate", "discharge before receipt"): 1},
    ),
    "discharged on the day": (changed("referrals", 1, ServDischDate="2024-05-02"), {}),
    "rejected at no date": (
        changed("service_types", 2, ReferRejectionDate=None),
        {("ReferRejectionDate", "rejection without a date"): 1},
    ),
    "no service": (without("service_types", 0), {("ServTeamTypeRefToMH", "no service type"): 1}),
    "a service of an earlier submission alone": (
        changed("service_types", 0, RecordNumber=1),
        {("ServTeamTypeRefToMH", "no service type"): 1},
    ),
    "a team of no code": (
        changed("service_types", 0, ServTeamTypeRefToMH="X99"),
        {("ServTeamTypeRefToMH", "unknown team type"): 1},
    ),
    "no age": (changed("referrals", 0, AgeServReferRecDate=None), {("AgeServReferRecDate", "age missing"): 1}),
    "lapsed": (
        {
            **changed("referrals", 0, UniqMonthID=JUNE_2024 - 1),
            "service_types": changed("service_types", 0, UniqMonthID=JUNE_2024 - 1)["service_types"],
        },
        {("UniqMonthID", "lapsed"): 1},
    ),
    "discharged, and so not lapsed": (
        changed("referrals", 1, UniqMonthID=JUNE_2024 - 1, ServDischDate="2024-05-31"),
        {},
    ),
    "rejected, and so not lapsed": (
        {
            **changed("referrals", 2, UniqMonthID=JUNE_2024 - 1, ReferralRequestReceivedDate="2024-05-30"),
            "service_types": changed("service_types", 2, UniqMonthID=JUNE_2024 - 1, ReferRejectionDate="2024-05-31")[
                "service_types"
            ],
        },
        {},
    ),
    "no person": (without("people", 0), {("RecordNumber", "no person"): 1}),
    "no date": (changed("contacts", 0, CareContDate=None), {("CareContDate", "date missing"): 1}),
    "the day before receipt": (
        changed("contacts", 0, CareContDate="2024-04-30"),
        {("CareContDate", "before its referral"): 1},
    ),
    "another person's referral": (
        changed("contacts", 0, UniqServReqID="R2"),
        {("UniqServReqID", "without a referral"): 1},
    ),
    "no referral named": (changed("contacts", 0, UniqServReqID=None), {("UniqServReqID", "without a referral"): 1}),
    "attendance": (changed("contacts", 0, AttendStatus="8"), {("AttendStatus", "unknown attendance"): 1}),
    "no attendance": (changed("contacts", 0, AttendStatus=None), {("AttendStatus", "unknown attendance"): 1}),
    "mechanism": (changed("contacts", 0, ConsMechanismMH="03"), {("ConsMechanismMH", "unknown mechanism"): 1}),
    "a wrong row that was put right": (
        with_row("contacts", 1, UniqMonthID=JUNE_2024 - 1, CareContDate="2024-05-31", AttendStatus="9"),
        {},
    ),
    "cluster 9": (
        changed("clusters", 0, AdultMHCareClusterCodeFinal="09"),
        {("AdultMHCareClusterCodeFinal", "unknown cluster"): 1},
    ),
    "no cluster": (
        changed("clusters", 0, AdultMHCareClusterCodeFinal=None),
        {("AdultMHCareClusterCodeFinal", "unknown cluster"): 1},
    ),
    "left before coming": (
        changed("hospital_spells", 0, DischDateHospProvSpell="2024-05-31"),
        {("DischDateHospProvSpell", "discharge before start"): 1},
    ),
    "a bed of no code": (
        changed("ward_stays", 0, MHAdmittedPatientClass="99"),
        {("MHAdmittedPatientClass", "unknown bed"): 1},
    ),
    "no bed": (changed("ward_stays", 0, MHAdmittedPatientClass="NULL"), {("MHAdmittedPatientClass", "unknown bed"): 1}),
    "a bed without its zero is none": (
        changed("ward_stays", 0, MHAdmittedPatientClass="9"),
        {("MHAdmittedPatientClass", "unknown bed"): 1},
    ),
    "a code with blanks after it": (changed("contacts", 0, AttendStatus="5 "), {("AttendStatus", "padded code"): 1}),
    "a code with blanks before it": (
        changed("service_types", 0, ServTeamTypeRefToMH="  A06"),
        {("ServTeamTypeRefToMH", "padded code"): 1},
    ),
    "blanks alone are no code": (
        changed("contacts", 0, AttendStatus="  "),
        {("AttendStatus", "unknown attendance"): 1},
    ),
    "a blank inside a code": (changed("contacts", 0, AttendStatus="5 5"), {("AttendStatus", "unknown attendance"): 1}),
    "a provider in small letters": (
        changed("referrals", 1, OrgIDProv="rt1"),
        {("OrgIDProv", "provider in two spellings"): 1},
    ),
    "a provider with a blank": (
        changed("referrals", 1, OrgIDProv="RT1 "),
        {("OrgIDProv", "provider in two spellings"): 1, ("OrgIDProv", "padded code"): 1},
    ),
    "another provider": (changed("referrals", 1, OrgIDProv="RT2"), {}),
    "a person who lives in Wales": (
        changed("people", 2, LADistrictAuth="W06000015"),
        {("LADistrictAuth", "resident outside England"): 1},
    ),
    "residence unknown": (changed("people", 2, LADistrictAuth=""), {}),
    "received the day before the first contact month": (
        changed("referrals", 1, ReferralRequestReceivedDate="2024-04-30"),
        {BEFORE_CONTACTS: 1},
    ),
    "received on its first day": (changed("referrals", 1, ReferralRequestReceivedDate="2024-05-01"), {}),
}


class TestEachRule:
    def test_counts_the_rows_that_break_it(self) -> None:
        expected: Counter[tuple[str, str]] = Counter()
        for _, counts in CASES.values():
            expected.update(counts)
        found = broken(mhsds.quality(extract_of(laid_together([tables for tables, _ in CASES.values()]))))
        # One query for all of them; where it differs, each alone says which.
        assert found == dict(expected), {
            name: alone
            for name, (tables, counts) in CASES.items()
            if (alone := broken(mhsds.quality(extract_of(tables)))) != counts
        }

    @pytest.mark.parametrize("engine", with_deep(["polars lazy"], "pandas"))
    def test_is_there_where_nothing_breaks_it(self, engine: str) -> None:
        result = mhsds.quality(extract_of(SOUND, engine))
        table = cells(result)
        assert set(table["rows"]) == {0}
        assert set(table["rule"]) == set(RULES)
        assert list(table) == ["table", "column", "rule", "rows", "of", "what_happens"]

    @pytest.mark.parametrize("engine", with_deep([name for name in ALL if name not in LIKE_ANOTHER], *LIKE_ANOTHER))
    def test_counts_the_same_on_every_engine(self, engine: str) -> None:
        # In the extract: a lapsed referral, a contact at no date, cluster 09, a referral without a person.
        tables = SOUND | {
            name: CASES[case][0][name]
            for name, case in {
                "referrals": "lapsed",
                "contacts": "no date of a contact",
                "clusters": "cluster 9",
                "people": "no person",
            }.items()
        }
        del tables["hospital_spells"]
        result = mhsds.quality(extract_of(tables, engine))
        assert isinstance(nw.from_native(result), nw.LazyFrame) == (engine in LAZY)
        assert broken(result) == {
            ("UniqMonthID", "lapsed"): 1,
            ("CareContDate", "text that is no date"): 1,
            ("CareContDate", "date missing"): 1,
            ("AdultMHCareClusterCodeFinal", "unknown cluster"): 1,
            ("RecordNumber", "no person"): 1,
            # Its service was submitted in the later month, and is found by the record number all the same.
        }

    @pytest.mark.parametrize("engine", with_deep([name for name in ALL if name not in LIKE_ANOTHER], *LIKE_ANOTHER))
    def test_reads_an_old_column_of_another_type(self, engine: str) -> None:
        tables = {"contacts": CONTACTS | {"AttendStatus": ["5", None, "6"], "AttendOrDNACode": [3, 9, 3]}}
        assert broken(mhsds.quality(extract_of(tables, engine))) == {("AttendStatus", "unknown attendance"): 1}

    def test_counts_what_is_no_date_among_dates_of_pandas(self) -> None:
        tables = {name: ALL["pandas"](rows) for name, rows in SOUND.items()}
        dates = pd.Series([None, "soon", 20240630], dtype=object)
        extract = mhsds.Extract(**(tables | {"referrals": tables["referrals"].assign(ServDischDate=dates)}))
        assert broken(mhsds.quality(extract)) == {("ServDischDate", "text that is no date"): 1}

    def test_a_discharge_to_come_is_not_lapsed(self) -> None:
        # As `lapsed="closed"` takes it: closed on the day of its discharge.
        tables = CASES["lapsed"][0]
        tables = tables | {"referrals": tables["referrals"] | {"ServDischDate": ["2024-07-01", "2024-06-30", None]}}
        assert broken(mhsds.quality(extract_of(tables))) == {("ServDischDate", "date out of range"): 1}

    def test_says_what_was_looked_at_and_what_happens(self) -> None:
        table = cells(mhsds.quality(extract_of(with_row("contacts", 0, UniqCareContID=None))))
        rows = {
            (c, r): (of, what)
            for c, r, of, what in zip(*(table[n] for n in ("column", "rule", "of", "what_happens")), strict=True)
        }
        # Four rows, of which three have an id.
        assert rows["UniqCareContID", "id missing"][0] == 4
        assert rows["AttendStatus", "unknown attendance"][0] == 3
        assert rows["AttendStatus", "unknown attendance"][1] == "taken not to have been attended"

    def test_tables_that_are_not_there_cost_their_rules(self) -> None:
        table = cells(mhsds.quality(extract_of({"contacts": CONTACTS})))
        assert set(table["table"]) == {"MHS201CareContact"}
        assert "without a referral" not in table["rule"]
        assert "unknown attendance" in table["rule"]

    def test_columns_that_are_not_there_cost_their_rules(self) -> None:
        few = {name: REFERRALS[name] for name in ("UniqServReqID", "Person_ID", "UniqMonthID")}
        rules = set(cells(mhsds.quality(extract_of({"referrals": few})))["rule"])
        assert rules == {"id missing", "duplicate id", "after a month without rows"}

    @pytest.mark.parametrize("engine", ["pandas", "polars", "pyarrow", "duckdb"])
    def test_a_month_that_is_missing_in_the_middle_is_told(self, engine: str) -> None:
        """Of months 1, 2, 4, 4 and 5 month 3 is not there, after which two rows came; nothing was before month 1."""
        referrals = {
            "UniqServReqID": ["R1", "R1", "R1", "R1", "R2"], "Person_ID": ["P1"] * 5,
            "UniqMonthID": [JUNE_2024 + month for month in (5, 1, 4, 2, 4)],
        }  # fmt: skip
        table = cells(mhsds.quality(extract_of({"referrals": referrals}, engine)))
        at = table["rule"].index("after a month without rows")
        assert (table["rows"][at], table["of"][at]) == (2, 5)


# What the data dictionary has of each code, and what it has not next to that.
IN_USE = {
    ("contacts", "AttendStatus", "unknown attendance"): (["2", "3", "4", "5", "6", "7"], ["1", "8"]),
    ("contacts", "ConsMechanismMH", "unknown mechanism"): (
        ["01", "02", "04", "05", "09", "10", "11", "12", "13", "98"],
        ["00", "03", "06", "07", "08", "14", "97", "99"],
    ),
    ("clusters", "AdultMHCareClusterCodeFinal", "unknown cluster"): (
        ["00", "01", "02", "03", "04", "05", "06", "07", "08", *map(str, range(10, 22))],
        ["09", "22", "99"],
    ),
    ("ward_stays", "MHAdmittedPatientClass", "unknown bed"): (
        [str(code) for first, last in ((10, 40), (200, 213), (300, 311)) for code in range(first, last + 1)],
        ["09", "41", "199", "214", "299", "312"],
    ),
}


@pytest.mark.parametrize(
    "name", with_deep(["contacts", "referrals"], *(name for name in SOUND if name not in ("contacts", "referrals")))
)
def test_without_a_row_in_a_table_only_what_others_ask_of_it_is_broken(name: str) -> None:
    frames = {each: pd.DataFrame(rows).convert_dtypes() for each, rows in SOUND.items()}
    missed = {"people": "no person", "service_types": "no service type", "referrals": "without a referral"}
    found = broken(mhsds.quality(mhsds.Extract(**frames | {name: frames[name][:0]})))
    assert {rule: rows for (_, rule), rows in found.items()} == ({missed[name]: 3} if name in missed else {})


def test_every_code_in_use_is_known_and_none_beside_it() -> None:
    for (table, code, rule), (used, unused) in IN_USE.items():
        codes = [*used, *unused]
        item = {"contacts": "UniqCareContID", "clusters": "UniqClustID", "ward_stays": "UniqHospProvSpellID"}[table]
        rows = {code: codes, item: [f"X{each}" for each in codes], "Person_ID": ["P1"] * len(codes)}
        for each, unknown in ((rows, unused), ({name: column[: len(used)] for name, column in rows.items()}, [])):
            assert broken(mhsds.quality(extract_of({table: each}))) == ({(code, rule): len(unknown)} if unknown else {})


class TestStrict:
    def test_refuses_with_a_problem_for_each_rule(self) -> None:
        tables = changed("contacts", 0, AttendStatus="8", ConsMechanismMH=None)
        with refused(
            problem("MHS201CareContact.AttendStatus", "unknown attendance: 1 of 3 rows", names=(2, 3, 4, 5, 6, 7)),
            problem("MHS201CareContact.ConsMechanismMH", "unknown mechanism: 1 of 3 rows", names=("01", 98)),
        ):
            refuse_broken(extract_of(tables))

    @pytest.mark.parametrize("engine", with_deep(["polars lazy"], "pandas"))
    def test_lets_a_sound_extract_pass(self, engine: str) -> None:
        refuse_broken(extract_of(SOUND, engine))

    def test_is_what_the_measures_do(self) -> None:
        few = {name: changed("referrals", 0, AgeServReferRecDate=None)[name] for name in ("referrals", "service_types")}
        few["contacts"] = CONTACTS
        extract = extract_of(few)
        mhsds.measures(extract, "2024-06", by="organisation", which=["referrals"])
        with refused("MHS101Referral.AgeServReferRecDate", "age missing: 1 of 3 rows"):
            mhsds.measures(extract, "2024-06", by="organisation", which=["referrals"], strict=True)

    def test_lets_pass_what_is_read_right(self) -> None:
        tables = changed("people", 2, LADistrictAuth="W06000015") | {
            "contacts": changed("contacts", 0, AttendStatus="5 ")["contacts"],
            "referrals": changed("referrals", 1, OrgIDProv="rt1", ReferralRequestReceivedDate="2024-04-30")[
                "referrals"
            ],
        }
        assert broken(mhsds.quality(extract_of(tables)))
        refuse_broken(extract_of(tables))


class TestTheReport:
    def report(self, **cells: Any) -> QualityReport:
        return mhsds.quality_report(extract_of(changed("contacts", 0, **cells)), title="A & B <Trust>")

    def test_says_what_is_broken_and_what_is_only_told(self) -> None:
        report = self.report(AttendStatus="8 ", CareContDate=None)
        assert [(line.column, line.rule, line.rows, line.of) for line in report.broken] == [
            ("CareContDate", "date missing", 1, 3),
            ("AttendStatus", "unknown attendance", 1, 3),
        ]
        assert [(line.column, line.rule) for line in report.told] == [("AttendStatus", "padded code")]
        checks = len(cells(mhsds.quality(extract_of(SOUND)))["rule"])
        assert len(report.kept) == checks - 3
        assert report.summary.startswith(f"Of {checks} checks of columns, 2 are broken")
        assert "2 are broken" in repr(report)

    def test_is_a_page_that_screen_readers_can_read(self, tmp_path: Path) -> None:
        page = self.report(AttendStatus="8").to_html(tmp_path / "quality.html").read_text(encoding="utf-8")
        assert '<html lang="en">' in page
        assert "<title>A &amp; B &lt;Trust&gt;</title>" in page
        assert "<h1>A &amp; B &lt;Trust&gt;</h1>" in page
        root = ElementTree.fromstring(re.sub(r"<!DOCTYPE html>|<meta[^>]*>", "", page))
        (table,) = root.iter("table")
        assert table.find("caption") is not None
        assert {cell.get("scope") for cell in table.iter("th")} == {"col", "row"}
        headings = [cell for cell in table.iter("th") if cell.get("scope") == "col"]
        (row,) = table.findall("tbody/tr")
        assert len(row) == len(headings)
        assert [each.text for each in row][:5] == [
            "MHS201CareContact.AttendStatus", "unknown attendance", "1", "3", "33.3%",
        ]  # fmt: skip
        # Numbers stand at the right, in the head as below.
        for cells_of in (headings, list(row)):
            assert [each.get("class") for each in cells_of] == [None, None, "n", "n", "n", None, None]
        assert "<script" not in page

    @pytest.mark.parametrize(
        ("rows", "of", "share"),
        [(0, 0, "0%"), (0, 5, "0%"), (1, 1_000, "0.1%"), (1, 1_001, "under 0.1%"), (3, 3, "100.0%"), (1, 3, "33.3%")],
    )
    def test_a_share_as_people_read_it(self, rows: int, of: int, share: str) -> None:
        assert Line("MHS101Referral", "x", "age missing", rows, of, "").share == share

    def test_shows_itself_in_a_notebook_and_escapes_all(self) -> None:
        line = Line("<b>", "x&y", "age missing", 1, 4_000, "<script>")
        shown = QualityReport([line], "t")._repr_html_()
        assert "<script>" not in shown
        assert "&lt;b&gt;.x&amp;y" in shown
        assert "under 0.1%" in shown
        assert "4,000" in shown

    def test_of_a_sound_extract_is_a_sentence_and_a_list(self) -> None:
        report = mhsds.quality_report(extract_of(SOUND))
        assert "<table" not in report._repr_html_()
        assert report.broken == report.told == ()


class TestLazy:
    def test_reads_nothing_until_asked(self) -> None:
        def fail(frame: pl.DataFrame) -> pl.DataFrame:
            raise AssertionError("the contacts were read")

        # Of dates as dates: a column of text is looked at once, to be refused if it is of no dates.
        contacts = pl.DataFrame(CONTACTS).with_columns(pl.col("CareContDate").str.to_date())
        mhsds.quality(mhsds.Extract(contacts=contacts.lazy().map_batches(fail, schema=contacts.schema)))


NATURAL = ("resident outside England", "received before the first contact month", "after a month without rows")


@pytest.mark.parametrize("version", with_deep(["v6"], "v4", "v5"))
class TestSyntheticExtracts:
    @staticmethod
    def made(version: str, engine: str = "polars", **given: Any) -> tuple[mhsds.Extract, Plan]:
        pytest.importorskip("pyarrow")
        plan = Plan(
            contacts=4_000, providers=3, seed=6, window=Window(1489, 1500), version=version,
            **({"dirty": 0.0, "dates": "date"} | given),
        )  # fmt: skip
        return mhsds.Extract.of(in_memory(plan, engine)), plan

    def test_a_clean_one_breaks_no_rule(self, version: str) -> None:
        # A few people live in Wales, and a few contacts are of long before.
        found = broken(mhsds.quality(self.made(version)[0]))
        assert {rule for _, rule in found} <= set(NATURAL)

    @pytest.mark.parametrize("dates", with_deep(["text"], "date"))
    def test_what_is_planted_is_found(self, version: str, dates: str) -> None:
        extract, plan = self.made(version, dirty=0.01, dates=dates)
        planted: dict[str, int] = {}
        for (_, column, rule), count in plan.planted.items():
            # Of the source of referral nothing is made, so that it is not read.
            planted[rule] = planted.get(rule, 0) + count * (column != "SourceOfReferralMH")
        table = pd.DataFrame(cells(mhsds.quality(extract)))
        found = table.groupby("rule")["rows"].sum().drop(list(NATURAL))
        assert found[found > 0].to_dict() == planted
        missing = set(RULES) - set(planted) - set(NATURAL)
        assert missing <= ({"text that is no date"} if dates == "date" else set()) | (
            {"unknown cluster"} if version == "v6" else set()
        )

    def test_the_share_of_dirty_rows_is_what_was_asked_for(self, version: str) -> None:
        extract, _ = self.made(version, dirty=0.02)
        table = pd.DataFrame(cells(mhsds.quality(extract)))
        for column, rule in (("CareContDate", "before its referral"), ("AgeServReferRecDate", "age missing")):
            (row,) = table[(table["column"] == column) & (table["rule"] == rule)].to_dict("records")
            # Of all rows looked at, which include those planted by other rules and those put right.
            assert 0.015 < row["rows"] / row["of"] < 0.021
