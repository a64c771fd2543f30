"""Returns in the shapes that trusts send, all of the same five rows."""

from __future__ import annotations

import datetime
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KEYS = ["organisation", "team", "team_type", "period"]
ROWS: list[dict[str, Any]] = [
    {"organisation": "007", "team": "01", "team_type": "CMHT", "period": "2023/24", "total_cost": 17_700_000, "caseload": 5_291, "contacts": 108_589},
    {"organisation": "007", "team": "02", "team_type": "Older People", "period": "2023/24", "total_cost": 7_500_000, "caseload": 1_802, "contacts": 39_683},
    {"organisation": "5E1", "team": "01", "team_type": "CMHT", "period": "2023/24", "total_cost": 8_850_000, "caseload": 3_000, "contacts": 60_000},
    {"organisation": "5E1", "team": "03", "team_type": "Memory Services", "period": "2023/24", "total_cost": 1_200_000, "caseload": 812, "contacts": 9_004},
    {"organisation": "012", "team": "01", "team_type": "CRHT", "period": "2023/24", "total_cost": 950_000, "caseload": 77, "contacts": 6_513},
]  # fmt: skip
TEXT = {name: [row[name] for row in ROWS] for name in KEYS}
NUMBERS = {name: [float(row[name]) for row in ROWS] for name in ("total_cost", "caseload", "contacts")}
PLAIN = {name: name for name in ROWS[0]}
OWN = {
    "organisation": "Trust", "team": "Team", "team_type": "Type of team", "period": "FY", "total_cost": "Total spend (£)",
    "caseload": "Caseload at year end", "contacts": "Total contacts",
}  # fmt: skip


@dataclass
class Shape:
    """A way in which the rows are written.

    `write` makes the file and gives its path; `call` is what `read_return` is told besides; `differs` are the columns in
    which the right table is another than that of the rows.
    """

    name: str
    write: Callable[[Path], Path]
    call: dict[str, Any] = field(default_factory=dict)
    differs: dict[str, list[Any]] = field(default_factory=dict)
    asks: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


def lines_of(
    headings: dict[str, str] = PLAIN, *, cells: Callable[[str, Any], str] = lambda _, value: str(value)
) -> list[list[str]]:
    return [list(headings.values()), *([cells(name, row[name]) for name in headings] for row in ROWS)]


def csv_of(
    lines: list[list[str]],
    *,
    delimiter: str = ",",
    encoding: str = "utf-8",
    end: str = "\n",
    above: tuple[str, ...] = (),
    below: tuple[str, ...] = (),
    suffix: str = "csv",
) -> Callable[[Path], Path]:
    def quoted(cell: str) -> str:
        return '"' + cell.replace('"', '""') + '"' if any(sign in cell for sign in (delimiter, '"', "\n")) else cell

    def write(folder: Path) -> Path:
        path = folder / f"return.{suffix}"
        text = [*above, *(delimiter.join(map(quoted, line)) for line in lines), *below]
        path.write_bytes((end.join(text) + end).encode(encoding))
        return path

    return write


def thousands(name: str, value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else value


def pounds(name: str, value: Any) -> str:
    return f"£{value:,.2f}" if name == "total_cost" else thousands(name, value)


def in_thousands(name: str, value: Any) -> str:
    return f"{value / 1000:,.0f}" if name == "total_cost" else str(value)


def in_millions(name: str, value: Any) -> str:
    return f"£{value / 1e6:.3f}m" if name == "total_cost" else str(value)


def replaced(lines: list[list[str]], row: int, column: int, text: str) -> list[list[str]]:
    lines[row][column] = text
    return lines


def workbook(
    lines: list[list[Any]],
    *,
    above: int = 0,
    sheet: str = "Return",
    others: tuple[str, ...] = ("Read me",),
    change: Callable[[Any, Any], None] = lambda book, page: None,
) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        import openpyxl

        book = openpyxl.Workbook()
        book.remove(book.active)
        for name in others:
            book.create_sheet(name)["A1"] = "How to fill this in"
        page = book.create_sheet(sheet)
        for at, line in enumerate(lines, start=1 + above):
            for column, cell in enumerate(line, start=1):
                page.cell(at, column, cell)
        if above:
            page["A1"] = "Community mental health teams"
        change(book, page)
        path = folder / "return.xlsx"
        book.save(path)
        return path

    return write


def open_document(lines: list[list[Any]]) -> Callable[[Path], Path]:
    """The smallest workbook that OpenDocument allows."""

    def cell(value: Any) -> str:
        if isinstance(value, str):
            return f'<table:table-cell office:value-type="string"><text:p>{escape(value)}</text:p></table:table-cell>'
        return f'<table:table-cell office:value-type="float" office:value="{value}"/>'

    def write(folder: Path) -> Path:
        rows = "".join(f"<table:table-row>{''.join(map(cell, line))}</table:table-row>" for line in lines)
        of = "urn:oasis:names:tc:opendocument:xmlns"
        content = (
            f'<?xml version="1.0"?><office:document-content xmlns:office="{of}:office:1.0" '
            f'xmlns:table="{of}:table:1.0" xmlns:text="{of}:text:1.0" office:version="1.2"><office:body>'
            f'<office:spreadsheet><table:table table:name="Return">{rows}</table:table></office:spreadsheet>'
            "</office:body></office:document-content>"
        )
        path = folder / "return.ods"
        kind = "application/vnd.oasis.opendocument.spreadsheet"
        manifest = (
            '<?xml version="1.0"?><manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
            f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/></manifest:manifest>'
        )
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("mimetype", kind)
            archive.writestr("META-INF/manifest.xml", manifest)
            archive.writestr("content.xml", content)
        return path

    return write


def typed(headings: dict[str, str] = PLAIN) -> list[list[Any]]:
    return [list(headings.values()), *([row[name] for name in headings] for row in ROWS)]


def _merged(book: Any, page: Any) -> None:
    page["A3"], page["A5"] = None, None
    page.merge_cells("A2:A3")
    page.merge_cells("A4:A5")


def _totals(book: Any, page: Any) -> None:
    page["A7"] = "Total"
    for column in "EFG":
        # A formula that no program has computed reads as an empty cell.
        page[f"{column}7"] = f"=SUM({column}2:{column}6)"


def _hidden(book: Any, page: Any) -> None:
    old = book.copy_worksheet(page)
    old.title = "Last year"
    old.sheet_state = "hidden"


def _days(book: Any, page: Any) -> None:
    for row in range(2, 7):
        page.cell(row, 4, datetime.date(2024, 3, 31))
        page.cell(row, 4).number_format = "dd/mm/yyyy"


BLANKS = ",,,,,,"
NAN = float("nan")
SHAPES = [
    Shape("standard names", csv_of(lines_of())),
    Shape("own headings", csv_of(lines_of(OWN))),
    Shape("capitals", csv_of(lines_of({name: name.upper().replace("_", " ") for name in PLAIN}))),
    Shape("blanks around", csv_of([[f" {cell} " for cell in line] for line in lines_of(OWN)])),
    Shape("thousands", csv_of(lines_of(OWN, cells=thousands))),
    Shape("pounds", csv_of(lines_of(OWN, cells=pounds))),
    Shape("£000", csv_of(lines_of(OWN | {"total_cost": "Expenditure £000"}, cells=in_thousands))),
    Shape("£k", csv_of(lines_of(OWN | {"total_cost": "Total cost (£k)"}, cells=in_thousands))),
    Shape("£'000s", csv_of(lines_of(OWN | {"total_cost": "Spend (£'000s)"}, cells=in_thousands))),
    Shape("millions in the cells", csv_of(lines_of(OWN, cells=in_millions))),
    Shape("£m", csv_of(lines_of(OWN | {"total_cost": "Total cost £m"}, cells=lambda n, v: f"{v / 1e6:g}" if n == "total_cost" else str(v)))),
    Shape("cp1252", csv_of(lines_of(OWN, cells=pounds), encoding="cp1252"), asks=("cp1252",)),
    Shape("a mark in front", csv_of(lines_of(OWN), encoding="utf-8-sig")),
    Shape("UTF-16 and tabs", csv_of(lines_of(OWN), delimiter="\t", encoding="utf-16", suffix="txt"), asks=("UTF-16", "tabs")),
    Shape("tabs", csv_of(lines_of(OWN, cells=thousands), delimiter="\t", suffix="tsv")),
    Shape("semicolons", csv_of(lines_of(OWN), delimiter=";"), asks=("semicolons",)),
    Shape("semicolons and decimal commas", csv_of(lines_of(OWN, cells=lambda n, v: f"{v},00" if n == "total_cost" else str(v)), delimiter=";")),
    Shape("Windows' lines", csv_of(lines_of(OWN), end="\r\n")),
    Shape("a title and a blank line", csv_of(lines_of(OWN), above=(f"Community MH teams: return{BLANKS[1:]}", BLANKS)), asks=("Community MH teams",)),
    Shape("a title of commas and years", csv_of(lines_of(OWN), above=('"Teams, North and South, 2023/24"', "", "Contact: Performance")), asks=("Performance",)),
    Shape("footnotes", csv_of(lines_of(OWN), below=(BLANKS, f"Source: finance ledger{BLANKS[1:]}", "* provisional")), asks=("Line 8", "Line 9")),
    Shape("a row of totals", csv_of(lines_of(OWN), below=("Total,,,,36200000,10982,223789",)), asks=("Line 7 is set aside: a total",)),
    Shape("totals of each trust", csv_of(lines_of(OWN), below=("007,All teams,,,25200000,7093,148272", "Grand total,,,,36200000,10982,223789")), asks=("Line 7", "Line 8")),
    Shape("totals that do not add up", csv_of(lines_of(OWN), below=("Total,,,,36200000,10982,223790",)), asks=("says 223,790, and the rows add up to 223,789",)),
    Shape("missing", csv_of(replaced(replaced(lines_of(OWN), 1, 6, "n/a"), 2, 5, "-")), differs={"contacts": [NAN, *NUMBERS["contacts"][1:]], "caseload": [5291.0, NAN, *NUMBERS["caseload"][2:]]}, asks=("'n/a' in 1 cell is read as missing", "not as zero")),
    Shape("suppressed", csv_of(replaced(replaced(replaced(lines_of(OWN), 1, 5, "<5"), 2, 5, "1-9"), 5, 5, "*")),
          differs={"caseload": [NAN, NAN, 3000.0, 812.0, NAN], "caseload_lower": [0.0, 1.0, 3000.0, 812.0, 0.0], "caseload_upper": [4.0, 9.0, 3000.0, 812.0, 4.0]}),
    Shape("a confidential cell", csv_of(replaced(lines_of(OWN), 5, 5, "[c]")),
          differs={"caseload": [5291.0, 1802.0, 3000.0, 812.0, NAN], "caseload_lower": [5291.0, 1802.0, 3000.0, 812.0, 0.0], "caseload_upper": [5291.0, 1802.0, 3000.0, 812.0, NAN]}),
    Shape("years as NHS England writes them", csv_of(lines_of(OWN, cells=lambda n, v: "2023-24" if n == "period" else str(v))), asks=("'2023-24'",)),
    Shape("a date in a heading", csv_of(lines_of(OWN | {"caseload": "Caseload (31 March 2024)", "contacts": "Contacts 2023/24"})), asks=("'31 March 2024' in it was not used",)),
    Shape("columns of its own", csv_of([[*line, note] for line, note in zip(lines_of(OWN), ["Notes", "1.0", "", "5E1", "=1+1", "007"], strict=True)]), differs={"Notes": ["1.0", None, "5E1", "=1+1", "007"]}),
    Shape("a heading over two lines", csv_of(lines_of(OWN | {"total_cost": "Total\nspend (£)"}))),
    Shape("told by the user", csv_of(lines_of(OWN | {"contacts": "Seen"})), {"columns": {"Seen": "contacts"}}),
    Shape("a workbook", workbook(typed(OWN))),
    Shape("a workbook with a title", workbook(typed(OWN), above=3), asks=("Community mental health teams",)),
    Shape("a workbook of merged cells", workbook(typed(OWN), change=_merged), differs={"organisation": ["007", "007", "5E1", "5E1", "012"]}, asks=("A2 is one cell over 2 rows",)),
    Shape("a workbook of formulas", workbook(typed(OWN), change=_totals), asks=("Row 7 is set aside: a total",)),
    Shape("a workbook with a hidden sheet", workbook(typed(OWN), change=_hidden)),
    Shape("a workbook of days", workbook(typed(OWN), change=_days), differs={"period": ["2024-03-31"] * 5}),
    Shape("a sheet by name", workbook(typed(OWN), sheet="Q4"), {"sheet": "Q4"}),
    Shape("a workbook of £000", workbook([[*line[:4], line[4] if isinstance(line[4], str) else line[4] / 1000, *line[5:]] for line in typed(OWN | {"total_cost": "Total cost £000"})])),
    Shape("OpenDocument", open_document(typed(OWN))),
]  # fmt: skip


def written(folder: Path, text: str, name: str = "return.csv") -> Path:
    """A return as a file of text."""
    path = folder / name
    path.write_bytes(text.encode())
    return path
