"""Returns at their edges: totals that are nearly right, what stands between cells, headings, marks and what is asked."""

from __future__ import annotations

import datetime as dt
import math
import sys
import zipfile
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import numpy as np
import pandas as pd
import pytest
from python_calamine import load_workbook

from cmhs_metrics import BadInput
from cmhs_metrics.returns import read_return
from cmhs_metrics.returns.cells import Cell, read_cell
from cmhs_metrics.returns.headings import understand
from cmhs_metrics.returns.hidden import _index, hidden_in
from cmhs_metrics.returns.sheets import Line, _text, cell_of, letters
from tests.support.refusals import problem, raised, refused
from tests.support.returns import workbook, written

NAN = math.nan


@pytest.fixture
def asked(tmp_path: Path) -> Any:
    """What a return of this text asks its reader to look at, of what holds a word."""

    def questions(text: str, word: str = "") -> list[str]:
        return [each for each in read_return(written(tmp_path, text)).questions if word in each]

    return questions


class TestTotals:
    @pytest.mark.parametrize(
        ("said", "told"),
        # Amounts in thousands are rounded each: of two and their total half a thousand each may be amiss, 1,500 in all.
        [("10", False), ("11.5", False), ("11.6", True), ("8.5", False), ("8.4", True)],
    )
    def test_of_thousands_may_be_amiss_by_their_rounding(self, asked: Any, said: str, told: bool) -> None:
        text = f"Trust,Total cost (£000),Contacts\nA,4,900\nB,6,900\nTotal,{said},1800\n"
        found = asked(text, "add up to 10,000")
        assert len(found) == told
        assert not told or f"says {float(said) * 1000:,.10g}" in found[0]

    def test_of_counts_are_right_or_told(self, asked: Any) -> None:
        for total, told in (("1800", 0), ("1801", 1), ("1799", 1), ("*", 0), ("", 0)):
            text = f"Trust,Contacts,Caseload\nA,900,5\nB,900,6\nTotal,{total},11\n"
            assert len(asked(text, "add up to 1,800")) == told, total
        # Where a part is missing there is no saying.
        assert not asked("Trust,Contacts,Caseload\nA,n/a,5\nB,900,6\nTotal,1800,11\n", "add up")

    def test_stocks_do_not_add_over_periods_and_flows_do(self, asked: Any) -> None:
        text = "Trust,FY,Caseload,Contacts\nA,2022/23,5,10\nA,2023/24,7,20\nTotal,,{},{}\n"
        assert not asked(text.format(7, 30), "add up")
        (found,) = asked(text.format(7, 31), "add up")
        assert found.startswith("'Contacts'")
        # Of one period they do.
        (found,) = asked("Trust,FY,Caseload\nA,2022/23,5\nB,2022/23,7\nTotal,,7\n", "add up")
        assert found.startswith("'Caseload'")

    def test_are_held_against_the_rows_that_they_name(self, asked: Any) -> None:
        text = "ICB,Trust,Contacts\nQ1,A,5\nQ1,B,6\nQ2,C,9\n{}\n"
        for row, told in (("Q1,Total,11", 0), ("Q1,Total,20", 1), ("Total,,20", 0), ("Q1 total,,11", 0), ("Total for Q2,,9", 0),
                          ("Q1 total,,20", 1), ("Total for Q2,,20", 1)):  # fmt: skip
            assert len(asked(text.format(row), "add up to")) == told, row

    def test_of_regions_too(self, asked: Any) -> None:
        text = "Region,Trust,Contacts\nN,A,5\nN,B,6\nS,C,9\n{}\n"
        for row, told in (
            ("N total,,11", 0),
            ("N total,,20", 1),
            ("N,Total,11", 0),
            ("N,Total,20", 1),
            ("Total,,20", 0),
        ):
            assert len(asked(text.format(row), "add up to")) == told, row

    def test_a_short_row_of_totals_in_a_workbook(self, tmp_path: Path) -> None:
        path = workbook([["Trust", "Contacts", "Referrals"], ["A", 5, 2], ["B", 6, 3], ["Total", 12]])(tmp_path)
        assert [each for each in read_return(path).questions if "add up to 11" in each]


class TestText:
    @pytest.mark.parametrize(("delimiter", "word"), [(",", ""), ("\t", "tabs"), (";", "semicolons"), ("|", "bars")])
    def test_what_stands_between_cells_is_told(self, asked: Any, delimiter: str, word: str) -> None:
        text = "Trust,Contacts\nA,1\n".replace(",", delimiter)
        found = asked(text, "separated by")
        assert found == ([f"The cells are separated by {word}."] if word else [])
        # One that says it itself, in a line that is none of the table.
        read = asked(f"sep={delimiter}\n{text}")
        assert [each for each in read if "separated" in each] == found
        assert not [each for each in read if "sep=" in each]

    def test_more_known_headings_tell_what_stands_between_them(self, tmp_path: Path) -> None:
        read = read_return(written(tmp_path, "Trust;Contacts;Referrals, new\nA;1,5;2\n".replace("1,5", "15")))
        assert read.table.columns.tolist()[:2] == ["organisation", "contacts"]

    def test_one_measure_alone_is_no_table_and_two_cells_are(self, tmp_path: Path) -> None:
        assert read_return(written(tmp_path, "Contacts,Remark\n5,fine\n")).table["contacts"].tolist() == [5]
        with refused("the file", "one column"):
            read_return(written(tmp_path, "Contacts\n5\n"))

    def test_cells_as_they_would_be_typed(self) -> None:
        given = [5.0, 5.5, 1e15, 999_999_999_999_999.0, True, None, "a  b\n c", '="007"']
        assert [_text(each) for each in given] == [
            "5",
            "5.5",
            "1000000000000000.0",
            "999999999999999",
            "TRUE",
            "",
            "a b c",
            "007",
        ]

    def test_columns_have_the_names_of_a_spreadsheet(self) -> None:
        for at, name in ((0, "A"), (25, "Z"), (26, "AA"), (52, "BA"), (701, "ZZ"), (702, "AAA")):
            assert letters(at) == name
            assert _index(name.encode()) == at
        line = Line(1, ["a", "b"])
        assert [cell_of(line, at) for at in (0, 1, 2, 3)] == ["a", "b", "", ""]


class TestCells:
    @pytest.mark.parametrize(
        ("text", "lower", "upper"),
        [
            ("10-20", 10_000, 20_000),
            ("7 to 7", 7_000, 7_000),
            ("<5", 0, 4_000),
            ("<=5", 0, 5_000),
            ("*", 0, 4_000),
            ("<1", 0, 0),
        ],
    )
    def test_bounds_have_the_unit_of_their_heading(self, text: str, lower: float, upper: float) -> None:
        cell = read_cell(text, 1_000.0)
        assert isinstance(cell, Cell)
        assert (cell.lower, cell.upper, cell.mark) == (lower, upper, text)
        assert cell.is_suppressed
        assert math.isnan(cell.value)

    def test_amounts_have_it_too(self) -> None:
        for text, value in (("(5)", -5_000), ("-5", -5_000), ("5", 5_000), ("£(0.5)", -500), ("0.0001", 0.1)):
            cell = read_cell(text, 1_000.0)
            assert isinstance(cell, Cell)
            assert cell.value == value

    def test_powers_of_ten_are_doubted_and_no_other_number(self) -> None:
        for text, doubted in (("1e3", True), ("1.5E+4", True), ("+1000", False), ("(5)", False), ("2k", False)):
            cell = read_cell(text)
            assert isinstance(cell, Cell)
            assert bool(cell.doubt) is doubted, text

    @pytest.mark.parametrize("bounds", [(5, 1), (1,), [1, 5], (1, 2, 3), "15"])
    def test_marks_are_told_with_two_bounds(self, tmp_path: Path, bounds: Any) -> None:
        path = written(tmp_path, "Trust,Contacts\nA,few\n")
        with refused("suppressed", bounds, row="few"):
            read_return(path, suppressed={"few": bounds})
        for right, upper in (((1, 1), 1), ((1, 5), 5), ((0, None), np.nan)):
            table = read_return(path, suppressed={"few": right}).table
            assert table["contacts_upper"].tolist() == pytest.approx([upper], nan_ok=True)
            assert table["contacts_lower"].tolist() == [right[0]]

    def test_marks_have_the_unit_of_their_heading(self, tmp_path: Path) -> None:
        path = written(tmp_path, "Trust,Total cost (£000)\nA,few\nB,[low]\n")
        table = read_return(path, suppressed={"few": (1, 5)}).table
        assert table["total_cost_lower"].tolist() == [1_000, 0]
        assert table["total_cost_upper"].tolist() == [5_000, 4_000]

    def test_counts_are_not_below_nought_and_bounds_are_measures(self, tmp_path: Path) -> None:
        text = "Trust,Contacts,contacts_lower,Contacts upper bound\nA,0,0,{}\n"
        assert read_return(written(tmp_path, text.format(4))).table["contacts_upper"].tolist() == [4]
        with refused("Contacts upper bound", "-4", row="line 2", expected="zero or more", names="contact"):
            read_return(written(tmp_path, text.format(-4)))
        with refused("contacts_lower", "-1", row="line 2", expected="zero or more", names="contact"):
            read_return(written(tmp_path, "Trust,Contacts,contacts_lower\nA,0,-1\n"))


class TestHeadings:
    def test_what_is_understood_and_how(self) -> None:
        for text, column, how in (
            ("contacts", "contacts", "name"), ("contacts_lower", "contacts_lower", "name"), ("ICB", "icb", "spelling"),
            ("Total Cost", "total_cost", "spelling"), ("Contacts lower", "contacts_lower", "spelling"),
            ("Face to face contacts", "face_to_face_contacts", "spelling"), ("Remarks", "Remarks", "kept"),
        ):  # fmt: skip
            found = understand(text, {})
            assert (found.column, found.how) == (column, how), text
            assert found.is_known == (how != "kept")
            assert found.is_measure == (column not in ("icb", "Remarks"))
        # A unit of money before bounds of no money, or before a key, is another thing.
        assert understand("Total cost lower (£000)", {}).scale == 1_000
        assert understand("Trust (£000)", {}).how == "kept"
        assert understand("Spend (£000)", {"Spend (£000)": "total_cost"}).scale == 1_000
        assert understand("Spend (£000)", {"Spend (£000)": "icb"}).scale == 1

    def test_a_second_column_of_a_key_is_kept_as_it_is(self, asked: Any, tmp_path: Path) -> None:
        found = asked("Trust,Provider,Contacts\nA,B,5\n", "is kept as it is")
        assert found[0].startswith("'Provider' is kept as it is: 'Trust' is taken for organisation")
        read = read_return(written(tmp_path, "Trust,Provider,Contacts\nA,B,5\n"))
        assert read.table["Provider"].tolist() == ["B"]
        assert read.understood["how"].tolist()[1] == "kept"

    def test_units_below_the_headings(self, tmp_path: Path) -> None:
        read = read_return(written(tmp_path, "Trust,Contacts,Total cost\n,contacts,£000\nA,5,7\n"))
        assert read.table["total_cost"].tolist() == [7_000]
        assert read.understood["unit"].tolist()[2] == "£000"
        assert read.understood.columns.tolist() == ["heading", "column", "how", "unit", "times"]
        # What is said below a column that is kept as it is, or of a key, changes nothing.
        kept = read_return(written(tmp_path, "Trust,Contacts,Share\ntext,n,%\nA,5,7\n"))
        assert kept.table.to_dict("records") == [{"organisation": "A", "contacts": 5, "Share": "7"}]
        # A line of which one cell is no unit is a row.
        assert len(read_return(written(tmp_path, "Trust,Contacts,Total cost\nnumber,8,7\nA,5,7\n")).table) == 2

    def test_headings_over_two_lines_and_what_stands_above(self, tmp_path: Path) -> None:
        read = read_return(written(tmp_path, "Return of 2024,,,\n,Contacts,,\nTrust,,Referrals,Note\nA,5,6,x\n"))
        assert read.table.columns.tolist() == ["organisation", "contacts", "referrals", "Note"]

    def test_a_column_that_is_told_and_not_there(self, tmp_path: Path) -> None:
        with refused("columns", "Nope", expected="there", names="Trust"):
            read_return(written(tmp_path, "Trust,Contacts\nA,5\n"), columns={"Nope": "contacts"})

    @pytest.mark.parametrize("key", ["icb", "region", "organisation", "team"])
    def test_a_label_may_stand_in_any_column(self, tmp_path: Path, key: str) -> None:
        read = read_return(written(tmp_path, f"Contacts,{key}\n1,North\n2,South\n3,Total\n"))
        assert read.table[key].tolist() == ["North", "South"]

    def test_a_key_to_be_filled_in_is_a_row(self, tmp_path: Path) -> None:
        table = read_return(written(tmp_path, "Trust,Team,Contacts\nA,x,5\n,y,\n")).table
        assert table["team"].tolist() == ["x", "y"]

    def test_headings_alone_are_no_table(self, tmp_path: Path) -> None:
        with refused("the file", names="row"):
            read_return(written(tmp_path, "Trust,Contacts"))
        with refused("path", 5, names="file"):
            read_return(5)  # type: ignore[arg-type]

    def test_a_name_of_ones_own_that_is_nearly_a_measure(self, tmp_path: Path) -> None:
        path = written(tmp_path, "Trust,Contacts,Visits\nA,5,6\n")
        read = read_return(path, columns={"Visits": "contcts"})
        (told,) = [each for each in read.questions if "contcts" in each and "no measure" in each]
        assert told.endswith("which is no measure; did you mean 'contacts'?")
        assert not [
            each
            for each in read_return(path, columns={"Visits": "colour"}).questions
            if "no measure" in each and "colour" in each
        ]

    def test_of_two_columns_one_may_be_empty(self, tmp_path: Path) -> None:
        read = read_return(written(tmp_path, "Trust,Contacts\nA,5\nB,\n"))
        assert read.table["organisation"].tolist() == ["A", "B"]
        # Of three a line of one cell is a remark.
        assert len(read_return(written(tmp_path, "Trust,Contacts,Referrals\nA,5,2\nAs of May,,\n")).table) == 1

    def test_an_apostrophe_tells_text_where_no_other_ends_it(self, asked: Any, tmp_path: Path) -> None:
        (told,) = asked("Trust,Contacts\n'007,5\n", "apostrophe")
        assert "'007" in told
        for name in ("'quoted'", "O'Hara", "'"):
            assert not asked(f"Trust,Contacts\n{name},5\n", "apostrophe")
            table = read_return(written(tmp_path, f"Trust,Contacts\n{name},5\n")).table
            assert table["organisation"].tolist() == [name]

    def test_a_formula_in_a_file_of_text_is_text(self, tmp_path: Path) -> None:
        assert read_return(written(tmp_path, "Trust,Contacts\n=A1,5\n")).table["organisation"].tolist() == ["=A1"]


class TestQuestions:
    def test_a_cost_that_must_be_in_thousands(self, asked: Any) -> None:
        for heading, cost, told in (
            ("Total cost", 499, 1), ("Total cost", 500, 0), ("Total cost", 0, 0), ("Total cost (£000)", 0.499, 0),
            ("Income", 499, 0),
        ):  # fmt: skip
            assert len(asked(f"Trust,{heading},Contacts\nA,{cost},100\n", "in thousands of pounds")) == told, heading

    def test_a_cost_alone_beside_contacts_is_asked_about(self, asked: Any) -> None:
        assert asked("Total cost,Contacts\n499,100\n", "in thousands of pounds")

    def test_labels_that_lack_are_counted_to_the_fifth(self, asked: Any) -> None:
        for lack, more in ((5, False), (6, True)):
            rows = "A,Q1,1\n" + "B,,1\n" * lack
            (found,) = asked(f"Trust,ICB,Contacts\n{rows}", "Empty in")
            assert f"Empty in {lack} of {lack + 1} rows (line 3, line 4, line 5, line 6, line 7" in found
            assert ("line 7 and 1 more), and" if more else "line 7), and") in found
        assert not asked("Trust,ICB,Contacts\nA,Q1,1\n", "Empty in")
        (found,) = asked("Trust,Region,Contacts\nA,,1\nB,N,2\n", "Empty in")
        assert "region" in found

    def test_what_it_shows(self, tmp_path: Path) -> None:
        read = read_return(written(tmp_path, "Trust,Contacts\nA,1\nTotal,1\n"))
        shown = repr(read).splitlines()
        assert shown[0].endswith(": 1 rows")
        assert shown[2].split() == ["heading", "column", "how", "unit", "times"]
        assert shown[3].split()[:2] == ["Trust", "organisation"]
        assert read.set_aside.columns.tolist() == ["line", "why", "cells"]
        assert read.set_aside["cells"].tolist() == ["Total | 1"]
        assert read.lines == (2,)
        assert "To look at:" in shown
        assert "<li>Line 3 is set aside" in read._repr_html_()
        assert "<th>0</th>" not in read._repr_html_()
        plain = read_return(written(tmp_path, "organisation,contacts\nA,1\n"))
        assert plain.questions == ()
        assert "To look at" not in repr(plain) + plain._repr_html_()


class TestWorkbooks:
    def test_a_cell_over_several_rows_says_the_same_of_each(self, tmp_path: Path) -> None:
        import openpyxl

        book = openpyxl.Workbook()
        sheet = book.active
        for row in (["Trust", "Team", "Contacts"], ["A", "x", 1], [None, "y", 2], [None, "z", 3], ["B", "x", 4]):
            sheet.append(row)
        sheet.merge_cells("A2:A4")
        sheet.row_dimensions[5].hidden = True
        path = tmp_path / "merged.xlsx"
        book.save(path)
        read = read_return(path)
        assert read.table["organisation"].tolist() == ["A", "A", "A", "B"]
        assert "A2 is one cell over 3 rows; each has 'A'." in read.questions
        assert any(each.endswith("row 5.") for each in read.questions)
        for last, more in ((14, ""), (15, " and 1 more")):
            for at in range(sheet.max_row + 1, last + 1):
                sheet.append([f"T{at}", "x", at])
                sheet.row_dimensions[at].hidden = True
            book.save(path)
            (told,) = [each for each in read_return(path).questions if "Hidden" in each]
            assert told.endswith(f"row 5, 6, 7, 8, 9, 10, 11, 12, 13, 14{more}.")
        assert read_return(path).name == str(path)
        with refused("sheet", "none", names="Sheet"):
            read_return(path, sheet="none")
        assert isinstance(read_return(path, sheet="Sheet").table, pd.DataFrame)
        with refused("sheet", "Sheet"):
            read_return(written(tmp_path, "Trust,Contacts\nA,5\n"), sheet="Sheet")

    def test_what_is_hidden_and_empty_is_not_told(self, tmp_path: Path) -> None:
        import openpyxl

        book = openpyxl.Workbook()
        sheet = book.active
        for row in (["Trust", "Team", "Contacts"], [7, "x", 1], [None, "y", 2], [], ["B", "x", 4]):
            sheet.append(row)
        sheet.merge_cells("A2:A3")
        for cell in ("A2", "A3"):
            sheet[cell].number_format = "000"
        for row in (4, 6, 9):
            sheet.row_dimensions[row].hidden = True
        for column in ("D", "F"):
            sheet.column_dimensions[column].hidden = True
        path = tmp_path / "empty.xlsx"
        book.save(path)
        read = read_return(path)
        assert read.table["organisation"].tolist() == ["007", "007", "B"]
        assert not [each for each in read.questions if "Hidden" in each]
        sheet.column_dimensions["B"].hidden = True
        sheet.row_dimensions[3].hidden = True
        book.save(path)
        column, row = (each for each in read_return(path).questions if "Hidden" in each)
        assert column.endswith(": column B.")
        assert row.endswith(": row 3.")

    def test_of_two_sheets_the_one_with_numbers(self, tmp_path: Path) -> None:
        import openpyxl

        book = openpyxl.Workbook()
        for name, cell in (("Meaning", "how often"), ("North", 5)):
            sheet = book.create_sheet(name)
            for row in (["Trust", "Contacts"], ["A", cell]):
                sheet.append(row)
        path = tmp_path / "two.xlsx"
        book.save(path)
        read = read_return(path)
        assert (read.name, read.table["contacts"].tolist()) == (f"{path}, sheet North", [5])
        book.copy_worksheet(book["North"]).title = "South"
        book.save(path)
        with refused("sheet", names=("North", "South")) as caught:
            read_return(path)
        assert caught.value.subject == str(path)


class TestColumns:
    @pytest.mark.parametrize(
        ("cells", "values"),
        [
            # A comma of which two digits follow is a decimal one, and then so is each; a point likewise.
            (["1,25", "1.250"], [1.25, 1_250]), (["1,250", "1.25"], [1_250, 1.25]), (["1.234,5", "7"], [1_234.5, 7]),
            (["12", "7"], [12, 7]), (["1,250", "1.250", "0,5"], [1.25, 1_250, 0.5]), (["-1,25", "£2"], [-1.25, 2]),
            (["1,250", "1.25", "7"], [1_250, 1.25, 7]),
        ],
    )  # fmt: skip
    def test_what_a_comma_is_where_semicolons_separate(
        self, tmp_path: Path, cells: list[str], values: list[float]
    ) -> None:
        rows = "".join(f"T{at};{cell}\n" for at, cell in enumerate(cells))
        table = read_return(written(tmp_path, f"Trust;Total cost\n{rows}")).table
        assert table["total_cost"].tolist() == values

    def test_what_may_be_either_is_asked_for(self, tmp_path: Path) -> None:
        for cells in (["1,250", "7"], ["1.250", "7"]):
            rows = "".join(f"T{at};{cell}\n" for at, cell in enumerate(cells))
            with refused("Total cost", cells[0], row="line 2", expected="a number"):
                read_return(written(tmp_path, f"Trust;Total cost\n{rows}"))
        # Where commas separate, or tabs, there is no question.
        assert read_return(written(tmp_path, 'Trust,Total cost\nA,"1,250"\n')).table["total_cost"].tolist() == [1_250]

    def test_a_column_without_a_heading_is_empty_or_refused(self, tmp_path: Path) -> None:
        assert read_return(written(tmp_path, "Trust,,Contacts\nA,,5\nB,,6\n")).table.columns.tolist() == [
            "organisation",
            "contacts",
        ]
        with refused("column B", "x", row="line 3", names="heading"):
            read_return(written(tmp_path, "Trust,,Contacts\nA,,5\nB,x,6\n"))

    def test_marks_are_told_with_what_they_are_read_as(self, asked: Any) -> None:
        for cells, told in (
            (["*", "*"], "'*' in 2 cells is read as suppressed: from 0 to 4."),
            (["[c]"], "'[c]' in 1 cell is read as suppressed: 0 or more."),
            (["-"], "'-' in 1 cell is read as missing, and not as zero."), (["n/a"], "'n/a' in 1 cell is read as missing."),
        ):  # fmt: skip
            rows = "".join(f"T{at},{cell}\n" for at, cell in enumerate(cells))
            assert f"'Contacts': {told}" in asked(f"Trust,Contacts\n{rows}")
        (found,) = asked("Trust,Contacts\nA,1e3\n", "power of ten")
        assert "line 2" in found

    def test_bounds_of_what_is_known_are_what_it_is(self, tmp_path: Path) -> None:
        table = read_return(written(tmp_path, "Trust,Contacts\nA,9\nB,<5\nC,n/a\n")).table
        assert table["contacts_lower"].tolist() == pytest.approx([9, 0, np.nan], nan_ok=True)
        assert table["contacts_upper"].tolist() == pytest.approx([9, 4, np.nan], nan_ok=True)
        assert "contacts_lower" not in read_return(written(tmp_path, "Trust,Contacts\nA,9\nC,n/a\n")).table

    def test_periods_are_told_once_with_how_many(self, asked: Any) -> None:
        (told,) = asked("Trust,FY,Contacts\nA,2023-24,1\nB,2023-24,2\n", "Periods are written")
        assert told.endswith("'2023-24': read as '2023/24'.")
        (told,) = asked("Trust,FY,Contacts\nA,2023-24,1\nB,2022-23,2\n", "Periods are written")
        assert "'2023-24' and 1 more: read as" in told
        assert not asked("Trust,FY,Contacts\nA,2023/24,1\n", "Periods are written")
        assert not asked("Trust,ICB,Contacts\nA,,1\nB,,2\n", "Empty in")

    def test_a_total_in_words_of_a_row_with_a_key_is_a_remark(self, tmp_path: Path) -> None:
        read = read_return(written(tmp_path, "Trust,ICB,Remarks,Contacts\nA,Q,fine,5\nB,,Total,6\n,,Total,11\n"))
        assert read.table["organisation"].tolist() == ["A", "B"]
        assert read.set_aside["line"].tolist() == [4]

    def test_what_has_no_headings_names_what_comes_near_in_its_widest_line(self, tmp_path: Path) -> None:
        with pytest.raises(Exception, match="contacts") as caught:
            read_return(written(tmp_path, "A note,\nTrst,Contats\nA,x\n"))
        problems = caught.value.problems  # type: ignore[attr-defined]
        assert [(each.column, each.row, each.value) for each in problems] == [
            ("the file", "line 1", "A note"), ("the file", "line 2", "Trst"), ("the file", "line 2", "Contats"),
        ]  # fmt: skip
        with refused("the file", expected="a table"):
            read_return(written(tmp_path, "\n\n"))
        with refused("the file", names="compressed"):
            path = tmp_path / "x.csv"
            path.write_bytes(b"\x1f\x8b\x08rest")
            read_return(path)


class TestFurther:
    """What stood in no test: each kind of thing once."""

    @pytest.mark.parametrize(
        ("text", "value"),
        [("2k", 2e3), ("2m", 2e6), ("2mn", 2e6), ("1.5 million", 1.5e6), ("2 Thousand", 2e3), ("2bn", 2e9)],
    )
    def test_sizes_of_numbers(self, text: str, value: float) -> None:
        found = read_cell(text)
        assert isinstance(found, Cell)
        assert found.value == value

    @pytest.mark.parametrize(
        ("text", "column", "how"),
        [
            ("Region", "region", "spelling"), ("ICB", "icb", "spelling"), ("Contacts upper", "contacts_upper", "spelling"),
            ("Contacts upper bound", "contacts_upper", "spelling"), ("Spend", "total_cost", "likely"),
            ("Service name", "team", "likely"), ("Trust", "organisation", "synonym"),
            # A cost or a share with the words of a bound of contacts is none.
            ("Contacts lower (£)", "Contacts lower (£)", "kept"), ("Contacts upper (£)", "Contacts upper (£)", "kept"),
        ],
    )  # fmt: skip
    def test_how_a_heading_is_understood(self, text: str, column: str, how: str) -> None:
        found = understand(text, {})
        assert (found.column, found.how) == (column, how)

    def test_a_line_of_units_alone_is_no_table(self, tmp_path: Path) -> None:
        with refused("the file", expected="at least one", names="row"):
            read_return(written(tmp_path, "Trust,Contacts\n,contacts\n"))

    def test_a_longer_line_above_the_headings(self, tmp_path: Path) -> None:
        table = read_return(written(tmp_path, "Return,,Contacts\nTrust,Referrals\nA,5\n")).table
        assert table.columns.tolist() == ["organisation", "referrals"]

    def test_without_headings_only_what_comes_near_a_name_is_listed(self, tmp_path: Path) -> None:
        with refused(
            problem("the file", "A note", row="line 1", expected="a measure"),
            problem("the file", "Contats", row="line 2", suggests="contacts"),
        ):
            read_return(written(tmp_path, "A note,,\nTrust,Contats,Zzzz\n"))

    def test_a_sheet_that_explains_the_headings_has_no_numbers_below(self, tmp_path: Path) -> None:
        """A year above them is none, and one row is enough."""
        import openpyxl

        book = openpyxl.Workbook()
        for name, rows in (
            ("Meaning", [["As of", 2024], ["Trust", "Contacts"], ["its code", "how often"]]),
            ("North", [["Trust", "Contacts"], ["A", 5]]),
        ):
            sheet = book.create_sheet(name)
            for row in rows:
                sheet.append(row)
        path = tmp_path / "two.xlsx"
        book.save(path)
        assert read_return(path).name.endswith("sheet North")

    def test_a_code_over_several_rows_is_none_of_the_next(self, tmp_path: Path) -> None:
        def merge(book: Any, page: Any) -> None:
            page.merge_cells("A2:A3")
            page["A2"].number_format = "000"

        rows = [["Trust", "Team", "Contacts"], [7, "x", 1], [None, "y", 2], [8, "z", 3]]
        read = read_return(workbook(rows, change=merge)(tmp_path))
        assert read.table["organisation"].tolist() == ["007", "007", "8"]

    def test_a_code_of_an_ordinary_format_is_nothing_to_look_at(self, tmp_path: Path) -> None:
        def plain(book: Any, page: Any) -> None:
            page["A2"].number_format = "0;@"

        path = workbook([["Trust", "Contacts"], [7, 1]], change=plain)(tmp_path)
        assert read_return(path).questions == ()

    def test_what_stands_beyond_the_cells_that_are_read(self, tmp_path: Path) -> None:
        """A formula without a value at the edge, of a share or of none."""

        def beyond(book: Any, page: Any) -> None:
            page["C2"] = "=B2/2"
            page["C2"].number_format = "0%"
            page["A3"] = "=B2"
            page["A3"].number_format = "000"
            page.merge_cells("B2:B3")

        path = workbook([["Trust", "Contacts"], ["A", 1]], change=beyond)(tmp_path)
        held = load_workbook(str(path)).get_sheet_by_name("Return").to_python(skip_empty_area=False)
        if any(len(row) > 2 for row in held):
            pytest.skip("this version of python-calamine reads formulas without a value as cells")
        read = read_return(path)
        assert read.table.to_dict("records") == [{"organisation": "A", "contacts": 1}]
        assert not [each for each in read.questions if "one cell over" in each]

    def test_bytes_that_are_no_text_are_shown_as_such(self, tmp_path: Path) -> None:
        path = tmp_path / "odd.xlsx"
        main, links = "http://x/main", "http://x/links"
        parts = {
            "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{links}"><sheets><sheet name="S" r:id="r1"/></sheets>'
            "</workbook>",
            "xl/_rels/workbook.xml.rels": '<Relationships><Relationship Id="r1" Target="worksheets/s.xml"/></Relationships>',
            "xl/styles.xml": "<styleSheet/>",
            "xl/worksheets/s.xml": '<c r="A1" t="e"><v>#é</v></c><c r="B1"><f>é1</f></c>',
        }
        with zipfile.ZipFile(path, "w") as archive:
            for name, text in parts.items():
                archive.writestr(name, text.encode("latin-1"))
        found = hidden_in(path, "S")
        assert found.errors == {(0, 0): "#\ufffd"}
        assert found.uncomputed == {(0, 1): "=\ufffd1"}

    @pytest.mark.parametrize(("part", "word"), [("manifest:encryption-data", "password"), ("", ".xlsx")])
    def test_a_workbook_that_does_not_open(self, tmp_path: Path, part: str, word: str) -> None:
        """One with a password is to be saved without it; of another it is said what opens."""
        path = tmp_path / "closed.ods"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
            inner = f"<{part}/>" if part else ""
            archive.writestr(
                "META-INF/manifest.xml",
                f'<manifest:manifest xmlns:manifest="m"><manifest:file-entry manifest:full-path="content.xml">{inner}'
                "</manifest:file-entry></manifest:manifest>",
            )
            if part:
                archive.writestr("content.xml", "x")
        with refused("the file", ANY) as caught:
            read_return(path)
        (found,) = caught.value.problems
        assert word in found.expected
        assert ("password" in found.expected) is bool(part)

    def test_a_workbook_needs_what_its_extra_installs(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = workbook([["Trust", "Contacts"], ["A", 1]])(tmp_path)
        monkeypatch.setitem(sys.modules, "python_calamine", None)
        with raised(ImportError, "'excel'", "python-calamine"):
            read_return(path)

    def test_what_is_kept_is_told_as_near_a_measure_or_as_none(self, asked: Any) -> None:
        text = "Trust,Contacts,Shoe size,Contcts\nA,5,x,y\n"
        assert asked(text, "Kept as text") == ["Kept as text, for no measure is called so: 'Shoe size'."]
        (near,) = asked(text, "Contcts")
        assert "did you mean 'contacts'?" in near

    @pytest.mark.parametrize("heading", ["Non face to face contacts", "Non-F2F contacts", "Not accepted referrals"])
    def test_what_is_not_a_measure_is_not_offered_as_that_measure(self, heading: str, asked: Any) -> None:
        text = f"Trust,Contacts,{heading}\nA,5,x\n"
        assert asked(text, "did you mean") == []
        (kept,) = asked(text, "Kept as text")
        assert heading in kept

    def test_days_and_times_as_they_would_be_typed(self) -> None:
        day = dt.datetime(2024, 3, 31)
        assert [_text(each) for each in (day, day.replace(hour=12), day.date())] == [
            "2024-03-31",
            "2024-03-31 12:00:00",
            "2024-03-31",
        ]

    def test_of_what_is_no_table_only_the_beginning_is_shown(self, tmp_path: Path) -> None:
        page = "<html>" + "x" * 60
        with refused("the file", page[:40], expected="a table"):
            read_return(written(tmp_path, page))
        with refused("the file", "y" * 80, row="line 1", expected="a measure"):
            read_return(written(tmp_path, "y" * 90 + "\n1\n"))

    def test_a_blank_before_a_quotation_mark_is_none_of_the_cell(self, tmp_path: Path) -> None:
        table = read_return(written(tmp_path, 'Trust, Contacts\n"A, B", "1,250"\n')).table
        assert table.to_dict("records") == [{"organisation": "A, B", "contacts": 1250}]

    @pytest.mark.parametrize("text", ["Total cost (£000) 2023/24", "Total cost 2023/24 (£000)"])
    def test_a_unit_and_a_year_in_either_order(self, text: str) -> None:
        found = understand(text, {})
        assert (found.column, found.scale, found.unit, found.when) == ("total_cost", 1000, "£000", "2023/24")

    def test_a_sheet_of_which_some_cells_are_numbers_is_the_table(self, tmp_path: Path) -> None:
        path = workbook(
            [["Trust", "Contacts"], ["A", 5], ["B", "about 20"]], others=("Meaning",),
            change=lambda book, page: [book["Meaning"].append(row) for row in (["Trust", "Contacts"], ["code", "how often"])],
        )(tmp_path)  # fmt: skip
        with refused("Contacts", "about 20", row="cell B3", expected="a number"):
            read_return(path)

    def test_who_had_no_contacts_is_no_price_of_one(self, asked: Any) -> None:
        assert asked("Trust,Total cost,Contacts\nA,4,1\n", "A contact costs £4.00 in the middle")
        rows = "Trust,Total cost,Contacts\nA,499,100\nB,900,0\nC,900,0\n"
        assert asked(rows, "A contact costs £4.99 in the middle")

    def test_a_workbook_of_nothing_is_named(self, tmp_path: Path) -> None:
        import openpyxl

        path = tmp_path / "empty.xlsx"
        book = openpyxl.Workbook()
        book.save(path)
        with refused("the file", expected="a table") as caught:
            read_return(path)
        assert caught.value.subject == str(path)
        # Of charts alone it has no sheet that could be.
        book.create_chartsheet("Chart")
        book.remove(book.active)
        book.save(path)
        with refused("the file", expected="a table"):
            read_return(path)

    def test_a_remark_below_england_alone_is_set_aside(self, tmp_path: Path) -> None:
        read = read_return(written(tmp_path, "Trust,Contacts,Caseload\nEngland,5,6\nSource: ledger,,\n"))
        assert read.table["organisation"].tolist() == ["England"]
        assert read.set_aside["line"].tolist() == [3]

    def test_cells_keep_their_names_below_and_beside_what_is_empty(self, tmp_path: Path) -> None:
        rows = [[], [], [None, "Trust", "Contacts"], [None, "A", "about 20"]]
        with refused("Contacts", "about 20", row="cell C4", expected="a number"):
            read_return(workbook(rows)(tmp_path))

    def test_a_total_of_large_amounts_may_be_amiss_in_the_last_digit(self, asked: Any) -> None:
        parts = [100_000_000.1, 200_000_000.2, 300_000_000.3]
        assert sum(parts) != 600_000_000.6
        rows = "".join(f"T{at},{part},1\n" for at, part in enumerate(parts))
        assert not asked(f"Trust,Total cost,Contacts\n{rows}Total,600000000.6,3\n", "add up")

    def test_a_bracket_alone_is_no_number(self) -> None:
        assert isinstance(read_cell("(55"), str)
        assert isinstance(read_cell("55)"), str)

    def test_the_first_column_has_the_labels_where_none_is_a_key(self, tmp_path: Path) -> None:
        read = read_return(written(tmp_path, "Kind,Contacts,Caseload\nA,5,6\nTotal,5,6\n"))
        assert read.table["Kind"].tolist() == ["A"]
        assert read.set_aside["why"].tolist() == ["a total, for its label is 'Total'"]

    def test_twelve_names_that_come_near_are_listed(self, tmp_path: Path) -> None:
        with pytest.raises(BadInput) as caught:
            read_return(written(tmp_path, ",".join(["Contats"] * 13) + "\n"))
        assert len(caught.value.problems) == 1 + 12

    @pytest.mark.parametrize("words", ["- – — n/a na n.a. #n/a null none nan nk tbc .. : missing [x] [z] .", "NK N/A"])
    def test_words_for_what_is_missing(self, words: str) -> None:
        for word in (*words.split(), "not known", "not available", "not applicable", "not recorded", "no data", ""):
            found = read_cell(word)
            assert isinstance(found, Cell)
            assert (found.mark, found.is_suppressed, math.isnan(found.value)) == (word, False, True)

    @pytest.mark.parametrize(
        ("mark", "upper"), [("*", 4), ("[low]", 4), ("[c]", NAN), ("c", NAN), ("suppressed", NAN), ("Suppressed", NAN)]
    )
    def test_marks_of_suppression(self, mark: str, upper: float) -> None:
        found = read_cell(mark)
        assert isinstance(found, Cell)
        assert (found.lower, found.mark) == (0, mark)
        assert found.upper == pytest.approx(upper, nan_ok=True)

    @pytest.mark.parametrize("above", [59, 60])
    def test_headings_are_looked_for_in_sixty_lines(self, tmp_path: Path, above: int) -> None:
        path = written(tmp_path, "note\n" * above + "Trust;Contacts\nA;5\n")
        if above < 60:
            assert read_return(path).table["contacts"].tolist() == [5]
        else:
            with refused("the file", "note", row="line 1", expected="a measure"):
                read_return(path)

    def test_headings_end_with_the_last_that_is_filled(self, tmp_path: Path) -> None:
        # As a spreadsheet writes them whose columns were once wider.
        path = written(tmp_path, "Trust,Contacts,,\nA,5\nB,7,,\n")
        assert read_return(path).table["contacts"].tolist() == [5, 7]
        with refused("the file", "3 cells", row="line 2", names="2"):
            read_return(written(tmp_path, "Trust,Contacts,,\nA,5,9\n"))

    def test_months_are_known_by_three_letters(self) -> None:
        for text in ("Caseload (31 Mar 2024)", "Caseload 31 March 2024", "Caseload Sep-24"):
            found = understand(text, {})
            assert (found.column, found.when, found.scale) == ("caseload", text[9:].strip("()"), 1)
