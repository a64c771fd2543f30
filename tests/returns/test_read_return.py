"""Reading a return: each shape gives its right table; what cannot be read is named by the file's own lines."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cmhs_metrics as cm
from cmhs_metrics.returns import read_return
from cmhs_metrics.returns.cells import Cell, read_cell
from cmhs_metrics.returns.headings import understand
from cmhs_metrics.total_labels import TOTAL_LABELS, is_total
from tests.support import returns as shapes
from tests.support.refusals import refused, says
from tests.support.returns import written


def problems_of(call: object, **arguments: object) -> list[cm.Problem]:
    with pytest.raises(cm.BadInput) as caught:
        read_return(call, **arguments)
    return list(caught.value.problems)


@pytest.mark.parametrize("shape", shapes.SHAPES, ids=lambda shape: shape.name)
def test_each_shape_gives_its_table(shape: object, tmp_path: Path) -> None:
    read = read_return(shape.write(tmp_path), **shape.call)
    right = shapes.TEXT | shapes.NUMBERS | shape.differs
    assert set(read.table.columns) == set(right)
    for name, cells in right.items():
        if isinstance(cells[0], float):
            np.testing.assert_allclose(read.table[name].to_numpy(), cells, rtol=1e-12)
        else:
            assert read.table[name].tolist() == cells, name
    for asked in shape.asks:
        assert any(asked in question for question in read.questions), read.questions
    # What was read is in order for the tables, but for a code that stands for several things.
    cm.validate(read.table)
    assert len(read.lines) == len(read.table)


def test_the_library_answers_right_away(tmp_path: Path) -> None:
    """£17.7m over 108,589 contacts is £163, as the audit prints it."""
    read = read_return(shapes.SHAPES[1].write(tmp_path))
    assert cm.with_metrics(read.table)["cost_per_contact"].round().tolist()[0] == 163.0


class TestLines:
    def test_problems_name_the_files_own_lines(self, tmp_path: Path) -> None:
        path = written(tmp_path, "Return for 2023/24\n\nTrust,Contacts\nA,10\n\nB,about 20\n")
        (problem,) = problems_of(path)
        assert (problem.column, problem.row, problem.value) == ("Contacts", "line 6", "about 20")

    def test_cells_of_a_workbook_have_its_names(self, tmp_path: Path) -> None:
        path = shapes.workbook([["Trust", "Contacts"], ["A", 10], ["B", "about 20"]], above=3)(tmp_path)
        (problem,) = problems_of(path)
        assert problem.row == "cell B6"

    def test_a_line_of_another_length(self, tmp_path: Path) -> None:
        path = written(tmp_path, "Trust,Team,Contacts\nA,X,10\nB,Y,1,200\nC,3\n")
        assert [(each.row, each.value) for each in problems_of(path)] == [("line 3", "4 cells"), ("line 4", "2 cells")]

    @pytest.mark.parametrize("text", ['Trust,Contacts\n"A,10\nB,20\n', 'Trust,Contacts\nZ,1\n"A,10\n"B",20\n'])
    def test_a_quote_that_is_not_closed(self, text: str, tmp_path: Path) -> None:
        (problem,) = problems_of(written(tmp_path, text))
        assert problem.row == f"line {text.split(chr(34))[0].count(chr(10)) + 1}"

    def test_lines_after_a_heading_over_two(self, tmp_path: Path) -> None:
        path = written(tmp_path, 'Trust,"Total\ncontacts"\nA,10\nB,x\n')
        assert problems_of(path)[0].row == "line 4"


class TestHeadings:
    def test_one_name_twice_is_refused(self, tmp_path: Path) -> None:
        path = written(tmp_path, "caseload,caseload,contacts\n1,2,3\n")
        (problem,) = problems_of(path)
        assert (problem.column, problem.row) == ("caseload", "line 1")

    def test_two_names_of_one_measure_are_refused_until_told(self, tmp_path: Path) -> None:
        path = written(tmp_path, "Trust,Contacts 2022/23,Contacts 2023/24\nA,1,2\n")
        assert says(problems_of(path)[0].expected, "contacts")
        read = read_return(path, columns={"Contacts 2022/23": "last year's contacts"})
        assert read.table["contacts"].tolist() == [2.0]
        assert read.table["last year's contacts"].tolist() == ["1"]

    def test_a_file_without_headings_names_what_is_near(self, tmp_path: Path) -> None:
        found = problems_of(written(tmp_path, "Caselod,Contcts\n1,2\n"))
        assert [says(each.expected, name) for each, name in zip(found[1:], ["caseload", "contacts"], strict=True)] == [
            True
        ] * 2

    def test_what_is_no_measure_stays_text(self, tmp_path: Path) -> None:
        path = written(tmp_path, "Trust,Contacts,Contacts per WTE,DNA rate,Cost code\n1,10,2.50,5%,007\n")
        row = read_return(path).table.to_dict("records")[0]
        assert row == {
            "organisation": "1", "contacts": 10.0, "Contacts per WTE": "2.50", "DNA rate": "5%", "Cost code": "007",
        }  # fmt: skip

    def test_a_heading_that_is_not_there(self, tmp_path: Path) -> None:
        (problem,) = problems_of(written(tmp_path, "Trust,Contacts\nA,1\n"), columns={"Seen": "contacts"})
        assert problem.value == "Seen"

    @pytest.mark.parametrize(
        ("text", "column", "scale"),
        [
            ("Caseload (31 March)", "caseload", 1),
            ("No. on caseload", "caseload", 1),
            ("Total spend (£)", "total_cost", 1),
            ("Expenditure £000", "total_cost", 1000),
            ("Total cost £m", "total_cost", 1e6),
            ("F2F contacts", "face_to_face_contacts", 1),
            ("DNAs", "did_not_attends", 1),
            ("Referrals received", "referrals", 1),
            ("Refs accepted", "referrals_accepted", 1),
            ("WTE in post", "wte", 1),
            ("Reg pop", "registered_population", 1),
            ("Reg pop (000s)", "registered_population", 1000),
            ("Weighted pop (MH)", "weighted_population", 1),
            ("Provider", "organisation", 1),
            ("Org code", "organisation", 1),
            ("Month", "period", 1),
            ("caseload_lower", "caseload_lower", 1),
            ("Non F2F", "Non F2F", 1),
            ("Contacts per patient", "Contacts per patient", 1),
            ("Caseload target", "Caseload target", 1),
        ],
    )
    def test_headings_of_the_field(self, text: str, column: str, scale: float) -> None:
        found = understand(text, {})
        assert (found.column, found.scale) == (column, scale)


class TestCells:
    @pytest.mark.parametrize(
        ("text", "value"),
        [("5,291", 5291), ("£17,700,000", 17.7e6), ("(1,200)", -1200), ("-£5", -5), ("£17.7m", 17.7e6), ("17,700k", 17.7e6),
         ("1 234", 1234), ("1\u00a0234", 1234), (".5", 0.5), ("1.77E+07", 17.7e6), ("£ 12.50", 12.5), ("2.38bn", 2.38e9)],
    )  # fmt: skip
    def test_numbers(self, text: str, value: float) -> None:
        assert read_cell(text).value == value

    @pytest.mark.parametrize(
        "text", ["1,23", "12,34,567", "5%", "about 50", "1.2.3", "31/03/2024", "inf", "1_000", "10-5"]
    )
    def test_what_is_no_number_is_refused(self, text: str) -> None:
        assert isinstance(read_cell(text), str)

    @pytest.mark.parametrize(
        ("text", "low", "high"), [("<5", 0, 4), ("< 8", 0, 7), ("≤4", 0, 4), ("1-4", 1, 4), ("1 to 7", 1, 7), ("fewer than 5", 0, 4)]
    )  # fmt: skip
    def test_ranges(self, text: str, low: float, high: float) -> None:
        cell = read_cell(text)
        assert (cell.lower, cell.upper) == (low, high)
        assert np.isnan(cell.value)

    @given(st.integers(0, 10**12), st.sampled_from([1.0, 1e3, 1e6]))
    def test_a_number_reads_the_same_however_it_is_written(self, number: int, scale: float) -> None:
        for text in (str(number), f"{number:,}", f"£{number:,}", f" {number:,}.00"):
            cell = read_cell(text, scale)
            assert isinstance(cell, Cell)
            assert cell.value == number * scale

    def test_a_mark_can_be_told(self, tmp_path: Path) -> None:
        path = written(tmp_path, "Trust,Contacts\nA,*\nB,#\n")
        read = read_return(path, suppressed={"*": (1, 7), "#": (0, None)})
        assert read.table["contacts_lower"].tolist() == [1.0, 0.0]
        assert read.table["contacts_upper"].tolist()[0] == 7.0
        assert np.isnan(read.table["contacts_upper"].tolist()[1])

    def test_thousands_and_decimals_that_cannot_be_told_apart(self, tmp_path: Path) -> None:
        (problem,) = problems_of(written(tmp_path, "Trust;Contacts\nA;1,234\nB;17\n"))
        assert (problem.column, problem.row, problem.value) == ("Contacts", "line 2", "1,234")

    def test_pounds_are_no_count(self, tmp_path: Path) -> None:
        (problem,) = problems_of(written(tmp_path, "Trust,Contacts,Total cost\nA,£500,£500\nB,17,17\n"))
        assert (problem.column, problem.row, problem.value) == ("Contacts", "line 2", "£500")

    @pytest.mark.parametrize(("heading", "column", "upper"), [
        ("Contacts", "contacts", 4), ("Contacts (000s)", "contacts", 5_000), ("WTE", "wte", 5),
        ("Total cost £000", "total_cost", 5_000),
    ])  # fmt: skip
    def test_the_greatest_below_a_number_is_one_less_where_numbers_are_whole(
        self, heading: str, column: str, upper: float, tmp_path: Path
    ) -> None:
        table = read_return(written(tmp_path, f"Trust,{heading}\nA,<5\nB,17\n")).table
        assert table[f"{column}_upper"][0] == upper


class TestTotals:
    def test_a_label_and_no_other_word(self) -> None:
        assert [is_total(text) for text in ("TOTAL", "Sub-total", "CMHT total", "All organisations", "England")] == [
            True
        ] * 5
        assert [is_total(text) for text in ("Totnes", "All Saints", "Allerdale", "New England House", "")] == [
            False
        ] * 5

    @pytest.mark.parametrize("label", sorted(TOTAL_LABELS))
    def test_what_a_table_calls_a_total_a_return_does_too(self, label: str, tmp_path: Path) -> None:
        assert is_total(f" {label.upper()} ")
        rows = f"Trust,Contacts,Referrals\nA,10,4\nB,5,3\n{label.title()},15,7\n"
        assert len(read_return(written(tmp_path, rows)).table) == 2
        with refused("trust", label.title(), names="exclude"):
            cm.aggregate(
                pd.DataFrame({"trust": ["A", "B", label.title()], "contacts": [10, 5, 15], "referrals": [4, 3, 7]}),
                by="trust",
            )

    def test_they_can_be_kept(self, tmp_path: Path) -> None:
        path = written(tmp_path, "Trust,Contacts\nA,1\nTotal,1\n")
        assert len(read_return(path, totals=True).table) == 2
        read = read_return(path)
        assert read.table["organisation"].tolist() == ["A"]
        assert read.set_aside["line"].tolist() == [3]

    @pytest.mark.parametrize("label", ["Average", "England average"])
    def test_an_average_is_no_team(self, label: str, tmp_path: Path) -> None:
        read = read_return(written(tmp_path, f"Trust,Team,Contacts\nA,N,10\nA,S,20\nA,{label},15\n"))
        assert read.table["contacts"].sum() == 30
        (question,) = read.questions  # which says nothing of a sum
        assert says(question, "average", label, 4)

    def test_a_table_of_england_alone_is_no_total(self, tmp_path: Path) -> None:
        path = written(tmp_path, "ICB,Contacts\nEngland,1\n")
        assert read_return(path).table["icb"].tolist() == ["England"]


class TestFiles:
    def test_no_such_file(self, tmp_path: Path) -> None:
        (problem,) = problems_of(tmp_path / "none.csv")
        assert says(problem.expected, "file")

    @pytest.mark.parametrize("text", ["<html><table></table></html>", "", "\n\n"])
    def test_what_is_no_table(self, text: str, tmp_path: Path) -> None:
        assert problems_of(written(tmp_path, text))

    def test_several_sheets_ask_which(self, tmp_path: Path) -> None:
        def copy(book: object, page: object) -> None:
            book.copy_worksheet(page).title = "Q2"

        path = shapes.workbook(shapes.typed(), sheet="Q1", change=copy)(tmp_path)
        (problem,) = problems_of(path)
        assert problem.column == "sheet"
        assert says(problem.expected, "Q1", "Q2")
        assert len(read_return(path, sheet="Q2").table) == 5
        assert problems_of(path, sheet="Q3")[0].value == "Q3"

    def test_an_official_file_is_named_with_its_reader(self, tmp_path: Path) -> None:
        header = "Practice_Code,GP_Practice_Name,ICB,ICBname,Rcode,Region,Population,MH WP"
        path = written(tmp_path, f"{header}\nA1,The Surgery,QUE,NHS C,Y61,East,5000,4800\n")
        assert says(problems_of(path)[0].expected, "read_icb_allocations")

    def test_costs_in_thousands_are_asked_about(self, tmp_path: Path) -> None:
        path = written(tmp_path, "Trust,Total cost,Contacts\nA,17700,108589\n")
        assert any("£0.16" in question for question in read_return(path).questions)

    def test_it_shows_what_was_understood(self, tmp_path: Path) -> None:
        read = read_return(written(tmp_path, "<b>,Contacts,Cost\nA,1,100\n"))
        assert "&lt;b&gt;" in read._repr_html_()
        assert "'Cost' is taken for total_cost: is it?" in repr(read)
