"""Further shapes in which returns arrive: each is read rightly, told, or refused by its own line."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest

import cmhs_metrics as cm
from cmhs_metrics.__main__ import main
from cmhs_metrics.returns import read_return
from cmhs_metrics.returns.cells import read_cell
from cmhs_metrics.returns.headings import understand
from tests.support.returns import workbook, written


def rows_of(path: Path) -> list[dict[str, Any]]:
    return read_return(path).table.to_dict("records")


def problems_of(path: Path) -> list[tuple[str, str | None, str]]:
    with pytest.raises(cm.BadInput) as caught:
        read_return(path)
    return [(each.column, each.row, str(each.value)) for each in caught.value.problems]


ONE = [{"organisation": "A", "contacts": 20.0, "total_cost": 5000.0}]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("Trust,Contacts*,Total cost (£000)²\nA,20,5\n", ONE),
        ("Trust,Contacts [note 1],Total cost (£000)(a)\nA,20,5\n", ONE),
        ("Trust,Contacts,Total cost\n,,£000\nA,20,5\n", ONE),
        ("Trust,Contacts,Total cost\n,number,(£k)\nA,20,5\n", ONE),
        ("Trust,Activity,Finance\n,Contacts,Total cost (£000)\nA,20,5\n", ONE),
        ("Trust,Contacts,Total cost\r'A,'20,£(5)\r", [ONE[0] | {"total_cost": -5.0}]),
        ("Trust,Contacts,Total cost\nA,20,1'234’567-\n", [ONE[0] | {"total_cost": -1_234_567.0}]),
        ("Trust,Contacts,Total cost\nA,20,−£5\n", [ONE[0] | {"total_cost": -5.0}]),
        ("Trust;Contacts;Total cost\nA;20;1.234.567,50\n", [ONE[0] | {"total_cost": 1_234_567.5}]),
        ("sep=;\r\nTrust;Contacts;Total cost\r\nA;20;5000\r\n", ONE),
        ('"sep=,"\nTrust,Contacts,Total cost\nA,20,"5,000"\n', ONE),
        ('Trust,Contacts,Total cost\n="A",="20",5000\n', ONE),
        ('Trust,Contacts,Total cost\n"=""007""",20,5000\n', [ONE[0] | {"organisation": "007"}]),
    ],
)  # fmt: skip
def test_each_is_read(text: str, rows: list[dict[str, Any]], tmp_path: Path) -> None:
    assert rows_of(written(tmp_path, text)) == rows


@pytest.mark.parametrize(
    "heading", ["DNA %", "% DNA", "DNAs (%)", "Contacts (£)", "Caseload £000", "Δ Contacts", "Contacts +/-"]
)
def test_a_share_or_a_cost_is_no_count(heading: str) -> None:
    assert understand(heading, {}).how == "kept"


@pytest.mark.parametrize("text", ["£000", "000", "£'000", "(-5)", "--5", "5-6-"])
def test_what_is_no_number(text: str) -> None:
    assert isinstance(read_cell(text), str)


def test_a_unit_below_that_the_heading_gainsays(tmp_path: Path) -> None:
    path = written(tmp_path, "Trust,Total cost (£m),Contacts\n,£000,\nA,5,20\n")
    assert problems_of(path) == [("Total cost (£m)", "line 2", "£000")]


class TestTotals:
    def test_subtotals_are_no_trusts(self, tmp_path: Path) -> None:
        text = "Trust,Team,Contacts\nA,X,1\nA,Y,2\nA subtotal,,3\nB,X,4\nB Sub-total,,5\nTotal of totals,,7\n"
        read = read_return(written(tmp_path, text))
        assert read.table["contacts"].tolist() == [1.0, 2.0, 4.0]
        assert read.set_aside["line"].tolist() == [4, 6, 7]
        # Only the second of them is not the sum of its trust's rows.
        assert [each for each in read.questions if "add up" in each] == [
            "'Contacts': line 6 says 5, and the rows add up to 4."
        ]

    def test_the_label_stands_among_remarks(self, tmp_path: Path) -> None:
        read = read_return(written(tmp_path, "Trust,Notes,Contacts\nA,x,1\nB,y,2\n,Total,3\n"))
        assert read.table["contacts"].tolist() == [1.0, 2.0]
        assert read.set_aside["line"].tolist() == [4]

    def test_a_label_in_the_first_row_only_is_told(self, tmp_path: Path) -> None:
        read = read_return(written(tmp_path, "Trust,Team type,Contacts\nA,CMHT,1\n,Older People,2\nB,CMHT,3\n"))
        assert any("line 3" in each and "organisation" in each for each in read.questions)


class TestPeriods:
    def test_what_is_no_period_is_told(self, tmp_path: Path) -> None:
        read = read_return(written(tmp_path, "Trust,Period,Contacts\nA,45382,1\nB,M1,2\n"))
        assert read.table["period"].tolist() == ["45382", "M1"]
        assert sum("is kept as it is" in each for each in read.questions) == 2

    def test_the_others_decide_what_one_alone_does_not(self, tmp_path: Path) -> None:
        read = read_return(written(tmp_path, "Trust,Period,Contacts\nA,2010-11,1\nA,2012-13,2\n"))
        assert read.table["period"].tolist() == ["2010/11", "2012/13"]


def test_all_that_is_wrong_is_said_at_once_by_line(tmp_path: Path) -> None:
    path = written(tmp_path, "Trust,Contacts,DNAs,Caseload\nA,-5,1,3\nB,10,abc,(4)\n")
    assert problems_of(path) == [("Contacts", "line 2", "-5"), ("DNAs", "line 3", "abc"), ("Caseload", "line 3", "(4)")]


def test_a_file_of_one_column_is_told_what_it_lacks(tmp_path: Path) -> None:
    assert problems_of(written(tmp_path, "Contacts\n100\n200\n")) == [("the file", None, "one column")]


class TestWorkbooks:
    def test_errors_of_formulas_are_not_missing(self, tmp_path: Path) -> None:
        def break_it(book: Any, page: Any) -> None:
            for name, text in (("B2", "#REF!"), ("C3", "#DIV/0!")):
                page[name].value = text
                page[name].data_type = "e"

        path = workbook([["Trust", "Contacts", "Caseload"], ["A", 1, 2], ["B", 2, 4]], change=break_it)(tmp_path)
        assert problems_of(path) == [("Contacts", "cell B2", "#REF!"), ("Caseload", "cell C3", "#DIV/0!")]

    def test_a_code_is_what_the_workbook_shows(self, tmp_path: Path) -> None:
        def show(book: Any, page: Any) -> None:
            page["A2"].number_format = "000"
            page["A3"].number_format = '"RX"00;@'
            page["B2"].number_format = "0000"
            page["A4"].number_format = "0"

        rows = [["Trust", "Contacts"], [7, 12], [5, 3], [1, 4]]
        path = workbook(rows, change=show)(tmp_path)
        assert [(row["organisation"], row["contacts"]) for row in rows_of(path)] == [("007", 12), ("RX05", 3), ("1", 4)]
        assert any("'007'" in each for each in read_return(path).questions)

    def test_a_formula_without_a_value_is_not_a_missing_one(self, tmp_path: Path) -> None:
        rows = [["Trust", "Contacts", "Caseload"], ["A", 1, 2], ["B", "=B2*2", 4], ["Total", "=SUM(B2:B3)", 6]]
        path = workbook(rows)(tmp_path)
        assert problems_of(path) == [("Contacts", "cell B3", "=B2*2")]
        rows[2][1] = 2
        assert rows_of(workbook(rows)(tmp_path)) == [
            {"organisation": "A", "contacts": 1, "caseload": 2},
            {"organisation": "B", "contacts": 2, "caseload": 4},
        ]

    def test_a_percentage_is_no_count(self, tmp_path: Path) -> None:
        def show(book: Any, page: Any) -> None:
            page["C2"].number_format = "0.0%"

        path = workbook([["Trust", "Contacts", "DNAs"], ["A", 1, 0.125]], change=show)(tmp_path)
        assert problems_of(path) == [("DNAs", "cell C2", "12.5%")]

    def test_hidden_rows_and_columns_are_told(self, tmp_path: Path) -> None:
        def hide(book: Any, page: Any) -> None:
            page.column_dimensions["C"].hidden = True
            page.row_dimensions[3].hidden = True

        path = workbook([["Trust", "Contacts", "Caseload"], ["A", 1, 2], ["B", 2, 4]], change=hide)(tmp_path)
        questions = read_return(path).questions
        assert any(each.endswith("column C.") for each in questions)
        assert any(each.endswith("row 3.") for each in questions)

    def test_dates_that_count_from_1904(self, tmp_path: Path) -> None:
        def count(book: Any, page: Any) -> None:
            from openpyxl.utils.datetime import CALENDAR_MAC_1904

            book.epoch = CALENDAR_MAC_1904

        day = datetime.date(2024, 3, 31)
        path = workbook([["Trust", "Month", "Contacts"], ["A", day, 1]], change=count)(tmp_path)
        assert rows_of(path)[0]["period"] == "2024-03-31"


def test_a_long_table_prints_its_totals(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [f"R{row % 50:02},T{row},{row % 9 + 1},{row % 7 + 10}" for row in range(2_500)]
    path = written(tmp_path, "Trust,Team,Caseload,Contacts\n" + "\n".join(lines) + "\n")
    assert main([str(path)]) == 0
    said = capsys.readouterr().out
    assert "All organisations" in said
    assert "Too many rows to print here: 2,551" in said
    assert len(said) < 10_000
