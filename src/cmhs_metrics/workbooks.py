"""Writing results as an accessible workbook: cover, contents, notes, one table a sheet, marks explained."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from decimal import Decimal
from numbers import Integral, Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cmhs_metrics.catalogue import CATALOGUE
from cmhs_metrics.errors import BadInput, Problem, not_installed
from cmhs_metrics.measures import KEYS, MEASURES, PLACE_KEYS
from cmhs_metrics.presentation import in_words, is_money, unit_in_words
from cmhs_metrics.selection import column_of
from cmhs_metrics.signatures import checked

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

__all__ = ["Page", "write_workbook"]

SUPPRESSED, MISSING = "[c]", "[x]"
"""The Analysis Function's marks for what is confidential, and for what is not available."""

_MARKS = {
    SUPPRESSED: "Confidential: the number is suppressed. Where columns of lower and upper bounds stand beside it, it "
    "lies between them.",
    MISSING: "Not available: a value is missing, or there is nothing to divide by.",
}
_STAR = {"*": "Suppressed: the count is small, or another could be found from it."}
_WIDEST = 40
_LETTERS = frozenset({"wte", "icb", "smi", "eip", "gp", "cpa", "nhs"})
"""Words that are spoken by their letters."""


@dataclass(frozen=True)
class Page:
    """A table on a sheet of its own.

    Parameters
    ----------
    name : str
        The name of the sheet, at most 31 characters.
    title : str
        The title of the table.
    table : pandas.DataFrame
        Its rows: text, numbers and dates.
    about : str, default ""
        A sentence on what its rows are.
    """

    name: str
    title: str
    table: pd.DataFrame
    about: str = ""


@checked
def write_workbook(
    path: str | os.PathLike[str],
    pages: Sequence[Page],
    *,
    title: str,
    about: Sequence[str] = (),
    notes: Sequence[str] = (),
) -> None:
    """Write tables as a workbook that everybody can read, also with a screen reader.

    Parameters
    ----------
    path : str or Path
        The file, ending in .xlsx.
    pages : sequence of Page
        The tables. Numbers stay numbers and dates dates; a missing number is "[x]", one with bounds beside it "[c]".
    title : str
        The title of the workbook.
    about : sequence of str, optional
        Lines of the cover: the source, the period, whom to ask.
    notes : sequence of str, optional
        What the reader must know, each numbered on the sheet of notes.

    Raises
    ------
    BadInput
        When there is no table, a name of a sheet cannot be one or stands twice, or the file is no .xlsx.
    ImportError
        When the extra ``excel`` is not installed.

    References
    ----------
    Government Analysis Function: Releasing statistics in spreadsheets (cover, contents and notes; one table a sheet,
    marked as a table; no merged and no empty cells; the marks [c] and [x]).

    Examples
    --------
    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "result.xlsx"
    >>> table = pd.DataFrame({"organisation": ["RT1"], "contacts": [108_600.0]})
    >>> write_workbook(file, [Page("Teams", "Contacts by organisation", table)], title="Community teams")
    """
    file = Path(path)
    _check(file, pages)
    try:
        from openpyxl import Workbook
        from openpyxl.worksheet.hyperlink import Hyperlink
    except ImportError as error:
        raise not_installed("a workbook is written", "openpyxl", "excel") from error
    pages = [replace(page, table=_with_labels(page.table)) for page in pages]
    book = Workbook()
    book.properties.title, book.properties.creator, book.properties.language = title, "cmhs_metrics", "en-GB"
    cover = book.active
    cover.title = "Cover"
    _lines(cover, [title, *about, "Tables start in cell A4 of their sheet. Marks are explained on the sheet Notes."])
    contents = [("Sheet", "Title"), *((page.name, page.title) for page in pages), ("Notes", "Notes and marks")]
    _sheet(book, "Contents", ["Contents", "This sheet has one table."], pd.DataFrame(contents[1:], columns=contents[0]))
    numbered = [(f"Note {number}", text) for number, text in enumerate(notes, start=1)]
    defined = _definitions(pages)
    starred = any((page.table == "*").any(axis=None) for page in pages)
    marks = _MARKS | (_STAR if starred else {})
    table = pd.DataFrame([*marks.items(), *numbered, *defined], columns=["Mark, note or column", "What it says"])
    _sheet(book, "Notes", ["Notes and marks", "This sheet has one table."], table)
    for page in pages:
        _sheet(book, page.name, [page.title, page.about or "This sheet has one table."], page.table, data=True)
    for row, (name, _) in enumerate(contents[1:], start=5):
        cell = book["Contents"].cell(row, 1)
        cell.hyperlink = Hyperlink(ref=cell.coordinate, location=f"'{name}'!A1", display=name)
        cell.style = "Hyperlink"
    book.save(file)


def _check(file: Path, pages: Sequence[Page]) -> None:
    if isinstance(pages, (pd.DataFrame, str)) or not all(isinstance(page, Page) for page in pages):
        found = type(pages).__name__
        raise BadInput("write_workbook", [Problem("pages", None, found, "a list of Page(name, title, table)")])
    problems = [] if len(pages) else [Problem("pages", None, None, "at least one table")]
    if file.suffix.casefold() != ".xlsx":
        problems.append(Problem("path", None, file.name, "a name that ends in .xlsx"))
    names = [page.name.casefold() for page in pages]
    for page in pages:
        if not 0 < len(page.name) <= 31 or re.search(r"[\[\]:*?/\\']", page.name):
            expected = r"1 to 31 characters, none of them [ ] : * ? / \ '"
            problems.append(Problem("pages", None, page.name, expected))
        if names.count(page.name.casefold()) > 1 or page.name.casefold() in ("cover", "contents", "notes"):
            problems.append(Problem("pages", None, page.name, "a name that no other sheet has"))
    if problems:
        raise BadInput("write_workbook", list(dict.fromkeys(problems)))


def _with_labels(table: pd.DataFrame) -> pd.DataFrame:
    """The table with its index as columns where that names the rows, and shown counts as numbers beside their marks."""
    if not (isinstance(table.index, pd.RangeIndex) and table.index.name is None):
        plain = "row" if table.index.nlevels == 1 else "row_{}"
        names = [plain.format(at) if name is None else str(name) for at, name in enumerate(table.index.names)]
        table = table.rename_axis(index=names).reset_index()
    for name in table.columns:
        texts = table[name].astype(str)
        if (texts == "*").any() and texts.str.fullmatch(r"\*|\d[\d,]*(?:\.\d+)?").all():
            cells = [text if text == "*" else float(text.replace(",", "")) for text in texts]
            table = table.assign(**{str(name): pd.Series(cells, dtype=object, index=table.index)})
    return table


def _definitions(pages: Sequence[Page]) -> list[tuple[str, str]]:
    columns = dict.fromkeys(str(name) for page in pages for name in page.table.columns)
    found = []
    for name in columns:
        metric = column_of(name)
        if metric is not None:
            unit = metric[0].printed_unit
            found.append((_heading(name), f"{metric[0].definition} [{unit}] Source: {metric[0].source}."))
        elif name in MEASURES:
            text = MEASURES[name].description
            found.append((_heading(name), f"{text[0].upper()}{text[1:]} [{MEASURES[name].unit}]."))
    return found


def _lines(sheet: Any, lines: Sequence[str]) -> None:
    from openpyxl.styles import Alignment, Font

    for row, text in enumerate(lines, start=1):
        cell = _text(sheet.cell(row, 1), text)
        cell.font = Font(name="Arial", size=16 if row == 1 else 12, bold=row == 1)
        cell.alignment = Alignment(wrap_text=False, vertical="top")
    sheet.column_dimensions["A"].width = _WIDEST


def _sheet(book: Any, name: str, above: Sequence[str], table: pd.DataFrame, *, data: bool = False) -> None:
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.table import Table, TableStyleInfo

    sheet = book.create_sheet(name)
    _lines(sheet, above)
    first = 4
    columns = [str(column) for column in table.columns]
    headings = _headings(columns)
    for at, column in enumerate(columns, start=1):
        cell = _text(sheet.cell(first, at), headings[at - 1])
        cell.font, cell.alignment = Font(name="Arial", size=12, bold=True), Alignment(wrap_text=True, vertical="top")
        values = _cells(table, column)
        for row, value in enumerate(values, start=first + 1):
            cell = sheet.cell(row, at)
            cell.font = Font(name="Arial", size=12)
            if isinstance(value, str):
                _text(cell, value)
                cell.alignment = Alignment(wrap_text=not data, vertical="top", horizontal=_side(value))
                continue
            cell.value = value
            if isinstance(value, (int, float)):
                cell.number_format = (
                    "0.0%" if _is_share(column) else "#,##0" if float(value).is_integer() else "#,##0.00"
                )
        widest = max([len(headings[at - 1]), *(len(str(value)) for value in values)], default=10)
        sheet.column_dimensions[get_column_letter(at)].width = min(max(widest + 2, 12), _WIDEST if data else 90)
    area = f"A{first}:{get_column_letter(len(columns))}{first + len(table)}"
    made = Table(displayName=re.sub(r"\W", "_", f"table_{name}"), ref=area)
    made.tableStyleInfo = TableStyleInfo(name="TableStyleLight1", showRowStripes=False)
    sheet.add_table(made)
    sheet.freeze_panes = f"A{first + 1}"


def _headings(columns: Sequence[str]) -> list[str]:
    """What stands above the columns: measures and metrics in words, with their units."""
    words = [_heading(column) for column in columns]
    return [text if words.count(text) == 1 else column for text, column in zip(words, columns, strict=True)]


def _heading(column: str) -> str:
    name = column.removesuffix("_lower").removesuffix("_upper")
    bound = {"_lower": ", lower bound", "_upper": ", upper bound"}.get(column.removeprefix(name), "")
    metric = column_of(name)
    if metric is not None:
        unit = unit_in_words(metric[0].printed_unit, metric[1].name if metric[1] else None)
        return f"{metric[0].label}{bound} ({unit})" if unit else f"{metric[0].label}{bound}"
    if name in MEASURES:
        unit = in_words(MEASURES[name].unit).replace("GBP", "£")
        return f"{_capital(name)}{bound}" + (f" ({unit})" if is_money(MEASURES[name].unit) else "")
    return _capital(column) if column in (*KEYS, *PLACE_KEYS) else column


def _capital(name: str) -> str:
    words = [word.upper() if word in _LETTERS else word for word in name.split("_")]
    return " ".join([words[0][0].upper() + words[0][1:], *words[1:]])


def _side(value: str) -> str:
    return "right" if value in _MARKS else "left"


def _is_share(column: str) -> bool:
    name = column.removesuffix("_lower").removesuffix("_upper")
    found = column_of(name)
    return found is not None and CATALOGUE[found[0].name].proportion


def _cells(table: pd.DataFrame, column: str) -> list[Any]:
    held = table[column]
    lower = table.get(f"{column}_lower")
    hidden = held.isna() & lower.notna() if lower is not None else pd.Series(False, index=held.index)
    if "kind" in table and column not in ("kind", "lower", "upper"):
        hidden |= held.isna() & table["kind"].astype(str).str.startswith("suppressed")
    return [
        SUPPRESSED if secret else _cell(value) for value, secret in zip(held.tolist(), hidden.tolist(), strict=True)
    ]


def _cell(value: Any) -> Any:
    if value is None or value is pd.NaT or value is pd.NA or value != value:
        return MISSING
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, (Real, Decimal)):
        # Of text, as a Decimal would be, a sheet adds nothing; an infinite number it cannot hold.
        number = int(value) if isinstance(value, Integral) else float(value)
        return number if math.isfinite(number) else str(number)
    if isinstance(value, pd.Timestamp):
        return value.to_pydatetime() if value.tzinfo is None else value.isoformat()
    if hasattr(value, "year") and hasattr(value, "month"):
        return value
    return _plain(str(value))


def _text(cell: Any, text: str) -> Any:
    """The cell with a text in it, which is one and no formula whatever it begins with."""
    cell.value, cell.data_type = _plain(text), "s"
    return cell


def _plain(text: str) -> str:
    """Text without the characters that a workbook cannot hold."""
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", "", text)
