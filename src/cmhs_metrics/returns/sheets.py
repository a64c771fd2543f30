"""The lines of a file, as text: CSV in its many forms, and workbooks. Nothing is understood here."""

from __future__ import annotations

import csv
import datetime
import io
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cmhs_metrics.errors import BadInput, Problem, not_installed
from cmhs_metrics.numeric.expected import expect
from cmhs_metrics.returns.hidden import hidden_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

_WORKBOOKS = {b"PK\x03\x04", b"\xd0\xcf\x11\xe0"}
_DELIMITERS = (",", "\t", ";", "|")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")
_SEPARATOR = re.compile(r'"?sep=([,;|\t])"?[\r\n]', re.IGNORECASE)
_AS_TEXT = re.compile(r'="([^"]*)"')
_LOOKED_AT = 60
"""In so many lines the headings stand, and show what is between the cells."""


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the file.

    Parameters
    ----------
    number : int
        Its number in the file, from 1; of a record over several lines the first.
    cells : list of str
        Its cells as text, without blanks around them.
    """

    number: int
    cells: list[str]

    @property
    def filled(self) -> list[str]:
        """The cells that hold something."""
        return [cell for cell in self.cells if cell]


@dataclass(frozen=True)
class Sheet:
    """A file of lines, or a sheet of a workbook.

    Parameters
    ----------
    name : str
        The file, with the sheet where it has several, for messages.
    lines : list of Line
        The lines that are not blank.
    is_workbook : bool
        Whether it comes from a workbook, whose cells have names such as D7.
    notes : list of str
        What was found out on the way.
    delimiter : str
        What stands between the cells of a text.
    shown : dict of (int, int) to str
        Numbers that the workbook shows with more than their digits, such as 7 as 007, by line and column: where they
        stand for a code, this is the code.
    """

    name: str
    lines: list[Line]
    is_workbook: bool = False
    notes: list[str] = field(default_factory=list)
    delimiter: str = ""
    shown: dict[tuple[int, int], str] = field(default_factory=dict)

    def where(self, line: int, column: int | None = None) -> str:
        """The name of a line, or of a cell in it, as the file's own program shows it."""
        if not self.is_workbook or column is None:
            return f"{'row' if self.is_workbook else 'line'} {line}"
        return f"cell {letters(column)}{line}"


def cell_of(line: Line, at: int) -> str:
    """The cell of a line in a column; empty where the line is shorter."""
    return line.cells[at] if at < len(line.cells) else ""


def letters(column: int) -> str:
    """The name that a spreadsheet gives a column, counted from 0.

    Examples
    --------
    >>> letters(0), letters(25), letters(26)
    ('A', 'Z', 'AA')
    """
    name, left = "", column + 1
    while left:
        left, place = divmod(left - 1, 26)
        name = chr(ord("A") + place) + name
    return name


def sheets_of(path: str | os.PathLike[str], sheet: str | None, known: Callable[[Sequence[str]], int]) -> list[Sheet]:
    """The sheets of a file that a table may stand in.

    `sheet`: the sheet of a workbook that is asked for. `known`: how many cells of a line are headings that are
    understood: it tells what stands between the cells. Gives one for a text file; for a workbook each sheet that is
    not hidden, or the one asked for. Raises `BadInput` when there is no such file, or it is neither text nor a
    workbook. Raises `ImportError` when a workbook cannot be read for want of the extra.
    """
    expect("read_return", "path", path, (str, os.PathLike), "the path of a file")
    file = Path(path)
    if not file.is_file():
        raise _refused(file, None, None, "a file of that name")
    raw = file.read_bytes()
    if raw[:4] in _WORKBOOKS:
        return _workbook(file, sheet)
    if sheet is not None:
        raise BadInput(str(file), [Problem("sheet", None, sheet, "None: a text file has no sheets")])
    if raw[:2] == b"\x1f\x8b":
        raise _refused(file, None, None, "a table that is not compressed; unpack it first")
    if re.match(rb"\s*(<\?xml|<!doctype|<html|<table|%PDF)", raw[:200], re.IGNORECASE):
        raise _refused(file, None, raw[:40].decode("latin-1"), "a table: CSV, or an Excel or OpenDocument workbook")
    text, notes = _decoded(file, raw)
    return [_split(file, text, notes, known)]


def _refused(file: Path, row: str | None, found: object, expected: str) -> BadInput:
    return BadInput(str(file), [Problem("the file", row, found, expected)])


def _decoded(file: Path, raw: bytes) -> tuple[str, list[str]]:
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        try:
            return raw.decode("utf-16"), ["The text is in UTF-16, as Excel's 'Unicode text'."]
        except UnicodeDecodeError:
            raise _refused(file, None, None, "text; it says that it is UTF-16, and is cut off or is not") from None
    try:
        return raw.decode("utf-8-sig"), []
    except UnicodeDecodeError:
        pass
    try:
        return raw.decode("cp1252"), ["The text is in the Windows encoding (cp1252)."]
    except UnicodeDecodeError:
        raise _refused(file, None, None, "text in UTF-8 or the Windows encoding; save it as 'CSV UTF-8'") from None


def _split(file: Path, text: str, notes: list[str], known: Callable[[Sequence[str]], int]) -> Sheet:
    if "\0" in text:
        raise _refused(file, None, None, "text; this holds bytes of another kind of file")
    # Excel tells itself in a first line what stands between the cells.
    said = _SEPARATOR.match(text)
    head = "\n".join(text.splitlines()[:_LOOKED_AT])
    scores = {}
    for delimiter in [said[1]] if said else _DELIMITERS:
        lines = _records(file, head, delimiter, strict=False)
        width = max((len(line.filled) for line in lines), default=0)
        scores[delimiter] = (max((known(line.cells) for line in lines), default=0), width)
    chosen = max(scores, key=lambda each: scores[each])
    lines = [line for line in _records(file, text, chosen, strict=True) if line.filled][1 if said else 0 :]
    if not lines:
        raise _refused(file, None, None, "a table, and it is empty")
    words = {"\t": "tabs", ";": "semicolons", "|": "bars"}
    told = [] if chosen == "," else [f"The cells are separated by {words[chosen]}."]
    return Sheet(str(file), lines, notes=[*notes, *told], delimiter=chosen)


def _records(file: Path, text: str, delimiter: str, *, strict: bool) -> list[Line]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True, strict=strict)
    lines: list[Line] = []
    start = 1
    try:
        for row in reader:
            lines.append(Line(start, [_text(cell) for cell in row]))
            start = reader.line_num + 1
    except csv.Error as error:
        if not strict:
            return lines
        # What the reader calls the end of the data is far from the quote that nobody closed.
        raise _refused(
            file, f"line {start}", None, f"cells whose quotation marks are closed where the cell ends ({error})"
        ) from None
    return lines


def _text(cell: Any) -> str:
    """A cell as text, and what a workbook holds as a number or a day as it would be typed."""
    if isinstance(cell, str):
        if cell.isascii() and cell.isalnum():
            return cell
        # A line feed within a heading is a blank; the no-break space is what web pages and mail leave behind. ="007" is
        # how a file of text tells Excel to leave a code alone.
        written = _AS_TEXT.fullmatch(cell)
        return " ".join((written[1] if written else cell).split())
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime.datetime):
        return cell.date().isoformat() if cell.time() == datetime.time() else cell.isoformat(sep=" ")
    return " ".join(str(cell).split())


def _workbook(file: Path, sheet: str | None) -> list[Sheet]:
    try:
        from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum
    except ImportError as error:
        raise not_installed("a workbook is read", "python-calamine", "excel") from error
    try:
        book = CalamineWorkbook.from_path(str(file))
        about = {each.name: each for each in book.sheets_metadata if each.typ == SheetTypeEnum.WorkSheet}
        if sheet is not None and sheet not in about:
            raise BadInput(str(file), [Problem("sheet", None, sheet, f"one of {', '.join(map(repr, about))}")])
        names = [sheet] if sheet is not None else [n for n in about if about[n].visible == SheetVisibleEnum.Visible]
        return [_sheet(file, name, book.get_sheet_by_name(name), alone=len(about) == 1) for name in names]
    except CalamineError as error:
        # A broken sheet is found out only when it is read.
        remedy = "without its password" if "password" in str(error) else "that opens (.xlsx, .xls, .ods); unzip a zip"
        raise _refused(file, None, str(error), f"a workbook {remedy}") from None


def _there(found: Iterable[tuple[int, int]], rows: list[list[str]]) -> Iterator[tuple[int, int]]:
    """The cells that are among those that were read: a formula without a value may stand beyond them."""
    return ((row, column) for row, column in found if row < len(rows) and column < len(rows[row]))


def _sheet(file: Path, name: str, held: Any, *, alone: bool) -> Sheet:
    rows = [[_text(cell) for cell in row] for row in held.to_python(skip_empty_area=False)]
    notes = []
    hidden = hidden_in(file, name)
    for row, column in _there(hidden.errors, rows):
        rows[row][column] = hidden.errors[row, column]
    for row, column in _there(hidden.percentages, rows):
        if _NUMBER.fullmatch(cell := rows[row][column]):
            # Excel shows 12.5%, and holds 0.125.
            rows[row][column] = f"{float(cell) * 100:.12g}%"
    for row, column in _there(hidden.uncomputed, rows):
        rows[row][column] = rows[row][column] or hidden.uncomputed[row, column]
    shown = {
        (row + 1, column): hidden.padded[row, column](rows[row][column])
        for row, column in _there(hidden.padded, rows)
        if rows[row][column].isdigit()
    }
    if seen := [letters(at) for at in hidden.columns if any(at < len(row) and row[at] for row in rows)]:
        notes.append(f"Hidden in the workbook, and read all the same: column {', '.join(seen)}.")
    if seen := [str(at + 1) for at in hidden.rows if at < len(rows) and any(rows[at])]:
        more = f" and {len(seen) - 10:,} more" if len(seen) > 10 else ""
        notes.append(f"Hidden in the workbook (by a filter?), and read all the same: row {', '.join(seen[:10])}{more}.")
    for (top, left), (bottom, right) in held.merged_cell_ranges or []:
        # A cell over several rows says the same of each; over several columns it is a title.
        if left == right and bottom < len(rows) and rows[top][left]:
            for below in rows[top + 1 : bottom + 1]:
                below[left] = rows[top][left]
            if (top + 1, left) in shown:
                shown |= {(row + 1, left): shown[top + 1, left] for row in range(top, bottom + 1)}
            notes.append(
                f"{letters(left)}{top + 1} is one cell over {bottom - top + 1} rows; each has '{rows[top][left]}'."
            )
    lines = [Line(number, row) for number, row in enumerate(rows, start=1) if any(row)]
    return Sheet(f"{file}" if alone else f"{file}, sheet {name}", lines, is_workbook=True, notes=notes, shown=shown)
