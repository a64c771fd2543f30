"""What a reader of cells does not tell of an .xlsx sheet: errors, percentages, hidden rows and columns."""

from __future__ import annotations

import posixpath
import re
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.etree import ElementTree

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_CELL = re.compile(
    rb'<(?:\w+:)?c\s(?=[^>]*\bt="e")[^>]*?\br="([A-Z]+)(\d+)"[^>]*>(?:(?!</(?:\w+:)?c>).)*?<(?:\w+:)?v>([^<]*)<'
)
_STYLED = re.compile(
    rb'<(?:\w+:)?c\s(?=[^>]*\bs="(\d+)")[^>]*?\br="([A-Z]+)(\d+)"(?![^>]*\bt="(?:s|str|inlineStr|b|e)")[^>]*[^/]>'
)
_ROW = re.compile(rb'<(?:\w+:)?row\s(?=[^>]*\bhidden="(?:1|true)")[^>]*?\br="(\d+)"')
_COLUMN = re.compile(rb'<(?:\w+:)?col\s(?=[^>]*\bhidden="(?:1|true)")[^>]*>')


@dataclass(frozen=True)
class Hidden:
    """What is not to be seen in the values of a sheet; rows and columns are counted from 0."""

    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    percentages: set[tuple[int, int]] = field(default_factory=set)
    rows: list[int] = field(default_factory=list)
    columns: list[int] = field(default_factory=list)


def hidden_in(file: Path, sheet: str) -> Hidden:
    """Look into an .xlsx file for what a reader of its cells leaves out; nothing for what is none, or is put otherwise.

    Parameters
    ----------
    file : Path
        The workbook.
    sheet : str
        The name of the sheet.

    Returns
    -------
    Hidden
    """
    if not zipfile.is_zipfile(file):
        return Hidden()
    try:
        with zipfile.ZipFile(file) as archive:
            held = _sheet_xml(archive, sheet)
            percent = _percent_styles(archive)
    except (KeyError, ElementTree.ParseError, zipfile.BadZipFile, ValueError, NotImplementedError, RuntimeError):
        return Hidden()
    errors = {(int(m[2]) - 1, _index(m[1])): m[3].decode("utf-8", "replace") for m in _CELL.finditer(held)}
    shares = (
        {(int(m[3]) - 1, _index(m[2])) for m in _STYLED.finditer(held) if int(m[1]) in percent} if percent else set()
    )
    columns: list[int] = []
    for match in _COLUMN.finditer(held):
        ends = [re.search(rb'\b%s="(\d+)"' % end, match[0]) for end in (b"min", b"max")]
        first, last = (int(end[1]) if end else 0 for end in ends)
        # Whoever hides all columns to the right of a table hides thousands.
        columns += range(first - 1, min(last, first + 200))
    return Hidden(errors, shares, [int(m[1]) - 1 for m in _ROW.finditer(held)], columns)


def _index(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1


def _local(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _sheet_xml(archive: zipfile.ZipFile, name: str) -> bytes:
    book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
    ids = {
        each.get("name"): next((value for key, value in each.attrib.items() if key.endswith("}id")), None)
        for each in book.iter()
        if _local(each) == "sheet"
    }
    links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    targets = {each.get("Id"): each.get("Target", "") for each in links}
    return archive.read(posixpath.normpath(posixpath.join("/xl", targets[ids[name]])).lstrip("/"))


def _percent_styles(archive: zipfile.ZipFile) -> set[int]:
    root = ElementTree.fromstring(archive.read("xl/styles.xml"))
    formats = {"9", "10"} | {
        each.get("numFmtId", "")
        for each in root.iter()
        if _local(each) == "numFmt" and "%" in each.get("formatCode", "")
    }
    styles: Iterable[ElementTree.Element] = next((each for each in root if _local(each) == "cellXfs"), [])
    return {at for at, each in enumerate(styles) if each.get("numFmtId") in formats}
