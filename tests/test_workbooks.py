"""Accessible workbooks: read back as a person's program reads them."""

from __future__ import annotations

import datetime
import math
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

import cmhs_metrics as cm
from cmhs_metrics.workbooks import Page, write_workbook
from tests.support.refusals import refused

TABLE = pd.DataFrame(
    {
        "organisation": ["007", "=1+1", None],
        "day": [datetime.date(2024, 3, 31)] * 3,
        "contacts": [108_600.0, 33_600.0, np.nan],
        "caseload": [5_291.0, np.nan, np.nan],
        "caseload_lower": [5_291.0, 0.0, np.nan],
        "caseload_upper": [5_291.0, 4.0, np.nan],
        "dna_rate": [0.125, 0.5, np.nan],
    }
)


@pytest.fixture
def book(tmp_path: Path) -> openpyxl.Workbook:
    path = tmp_path / "result.xlsx"
    write_workbook(
        path,
        [Page("Teams", "Teams of two trusts", TABLE)],
        title="Community teams",
        about=["2023/24"],
        notes=["Provisional."],
    )
    return openpyxl.load_workbook(path)


def test_cover_contents_notes_then_a_table_a_sheet(book: openpyxl.Workbook) -> None:
    assert book.sheetnames == ["Cover", "Contents", "Notes", "Teams"]
    assert book["Cover"]["A1"].value == "Community teams"
    assert book["Cover"]["A2"].value == "2023/24"
    assert book["Contents"]["A5"].hyperlink.location == "'Teams'!A1"
    assert book.properties.title == "Community teams"
    for sheet in book.worksheets[1:]:
        assert len(sheet.tables) == 1
        assert not sheet.merged_cells.ranges


def test_no_cell_of_a_table_is_empty(book: openpyxl.Workbook) -> None:
    for sheet in book.worksheets[1:]:
        (table,) = sheet.tables.values()
        assert all(cell.value is not None for row in sheet[table.ref] for cell in row)


def test_numbers_and_dates_are_real_and_marks_say_what_is_not(book: openpyxl.Workbook) -> None:
    rows = [[cell.value for cell in row] for row in book["Teams"]["A5:G7"]]
    day = datetime.datetime(2024, 3, 31)
    assert rows[0] == ["007", day, 108600, 5291, 5291, 5291, 0.125]
    assert rows[1][3:6] == ["[c]", 0, 4]
    assert rows[2] == ["[x]", day, "[x]", "[x]", "[x]", "[x]", "[x]"]
    assert book["Teams"]["G5"].number_format == "0.0%"


def test_text_is_never_a_formula(book: openpyxl.Workbook) -> None:
    cell = book["Teams"]["A6"]
    assert (cell.value, cell.data_type) == ("=1+1", "s")


def test_nor_are_titles_headings_and_what_is_said(tmp_path: Path) -> None:
    page = Page("Teams", "=1+1", pd.DataFrame({"=2+2": ["=3+3"]}), about="=4+4")
    write_workbook(tmp_path / "r.xlsx", [page], title="=5+5", about=["=6+6"], notes=["=7+7"])
    held = openpyxl.load_workbook(tmp_path / "r.xlsx")
    kinds = {cell.data_type for sheet in held for row in sheet for cell in row if str(cell.value).startswith("=")}
    assert kinds == {"s"}


def test_a_number_of_any_kind_is_a_number(tmp_path: Path) -> None:
    cells = [Decimal("0.1"), Fraction(1, 4), np.float32(0.5), np.int8(3), math.inf]
    write_workbook(
        tmp_path / "r.xlsx", [Page("T", "T", pd.DataFrame({"x": pd.Series(cells, dtype=object)}))], title="T"
    )
    held = [row[0] for row in openpyxl.load_workbook(tmp_path / "r.xlsx")["T"].iter_rows(min_row=5)]
    assert [cell.value for cell in held] == [0.1, 0.25, 0.5, 3, "inf"]
    assert [cell.data_type for cell in held] == ["n"] * 4 + ["s"]


def test_marks_notes_and_columns_are_explained(book: openpyxl.Workbook) -> None:
    notes = {row[0].value: row[1].value for row in book["Notes"].iter_rows(min_row=5)}
    assert {"[c]", "[x]", "Note 1", "Caseload", "DNA rate (%)"} <= set(notes)
    assert notes["Note 1"] == "Provisional."


@pytest.mark.parametrize(
    ("name", "pages"),
    [
        ("result.csv", [Page("Teams", "T", TABLE)]),
        ("result.xlsx", []),
        ("result.xlsx", [Page("Notes", "T", TABLE)]),
        ("result.xlsx", [Page("A/B", "T", TABLE)]),
        ("result.xlsx", [Page("A", "T", TABLE), Page("a", "T", TABLE)]),
        ("result.xlsx", [Page("A" * 32, "T", TABLE)]),
    ],
)
def test_what_cannot_be_written_is_refused(name: str, pages: list[Page], tmp_path: Path) -> None:
    with pytest.raises(cm.BadInput):
        write_workbook(tmp_path / name, pages, title="T")
    assert not list(tmp_path.iterdir())


def test_labels_in_the_index_are_columns_and_stars_stand_beside_numbers(tmp_path: Path) -> None:
    path = tmp_path / "shown.xlsx"
    shown = pd.DataFrame({"Adult": ["310", "*"], "Older": ["1,205", "45"]}, index=pd.Index(["QUE", "QH8"], name="icb"))
    write_workbook(path, [Page("Caseload", "By type of team", shown)], title="T")
    book = openpyxl.load_workbook(path)
    rows = [[cell.value for cell in row] for row in book["Caseload"]["A4:C6"]]
    assert rows == [["ICB", "Adult", "Older"], ["QUE", 310, "1,205"], ["QH8", "*", "45"]]
    assert "*" in {row[0].value for row in book["Notes"].iter_rows(min_row=5)}


def test_what_is_said_to_be_suppressed_is_no_missing_value(tmp_path: Path) -> None:
    path = tmp_path / "long.xlsx"
    table = pd.DataFrame({"icb": ["QUE", "QH8"], "caseload": [310.0, np.nan], "kind": ["rounded to 5", "suppressed"]})
    write_workbook(path, [Page("Caseload", "T", table)], title="T")
    assert openpyxl.load_workbook(path)["Caseload"]["B6"].value == "[c]"


@pytest.mark.parametrize("pages", [TABLE, [TABLE], "Teams", {"Teams": TABLE}])
def test_tables_that_are_no_pages_are_refused(pages: object, tmp_path: Path) -> None:
    with refused("pages", type(pages).__name__, names="Page"):
        write_workbook(tmp_path / "result.xlsx", pages, title="T")
