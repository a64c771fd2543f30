"""Sheets of an Excel workbook as rows of text, by whichever reader of workbooks is installed."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any

from cmhs_metrics.errors import BadInput, Problem
from cmhs_metrics.published.content import is_not, is_workbook

if TYPE_CHECKING:
    from cmhs_metrics.published.formats import Format


def workbooks_in(content: bytes) -> dict[str, bytes]:
    """The workbooks that a file holds: itself, or those of a zip archive, by name.

    Examples
    --------
    >>> workbooks_in(b"a,b")
    {}
    """
    if is_workbook(content):
        return {"": content}
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except zipfile.BadZipFile:
        return {}
    names = [name for name in archive.namelist() if name.lower().endswith(".xlsx") and "__MACOSX" not in name]
    return {name: archive.read(name) for name in names}


def sheets_of(name: str, content: bytes, kind: Format) -> dict[str, list[list[str]]]:
    """Each sheet of a workbook, as its rows of cells [text].

    `kind`: the kind of file that is expected, for messages. Gives by the name of the sheet. Numbers have all their
    digits; what is empty is the empty text. Raises `BadInput` when it cannot be read, or no reader of workbooks is
    installed.
    """
    try:
        try:
            import python_calamine

            book: Any = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
            sheets = {each: book.get_sheet_by_name(each).to_python() for each in book.sheet_names}
        except ImportError:
            import openpyxl

            book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
            sheets = {each.title: [list(row) for row in each.iter_rows(values_only=True)] for each in book}
    except ImportError:
        expected = "python-calamine or openpyxl, to read a workbook: python -m pip install 'cmhs_metrics[excel]'"
        raise BadInput(name, [Problem(None, None, "an Excel workbook", expected)]) from None
    except Exception as error:
        raise is_not(kind, name, f"a workbook: {error}", "as a whole workbook: this one is damaged") from error
    return {title: [[_text(cell) for cell in row] for row in rows] for title, rows in sheets.items()}


def _text(cell: object) -> str:
    if cell is None:
        return ""
    return repr(cell) if isinstance(cell, float) else str(cell)
