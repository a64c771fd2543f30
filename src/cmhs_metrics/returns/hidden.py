"""What a reader of cells does not tell of an .xlsx sheet: errors, formats, formulas without a value, what is hidden."""

from __future__ import annotations

import posixpath
import re
import zipfile
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING
from xml.etree import ElementTree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

_CELL = re.compile(
    rb'<(?:\w+:)?c\s(?=[^>]*\bt="e")[^>]*?\br="([A-Z]+)(\d+)"[^>]*>(?:(?!</(?:\w+:)?c>).)*?<(?:\w+:)?v>([^<]*)<'
)
_FORMULA = re.compile(
    rb'<(?:\w+:)?c\s[^>]*?\br="([A-Z]+)(\d+)"[^>]*>\s*<(?:\w+:)?f(?:\s[^>]*)?(?:/>|>([^<]*)</(?:\w+:)?f>)\s*'
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
"""A cell with a formula and no value: another program wrote it, and nothing has computed it since."""
_PADDED = re.compile(r'(?:"([^"]*)"|\\(.))?(0+)(?:;.*)?')
"""A format of a number that adds to its digits: 000 shows 7 as 007, and "RT"0 as RT7."""
_STYLED = re.compile(
    rb'<(?:\w+:)?c\s(?=[^>]*\bs="(\d+)")[^>]*?\br="([A-Z]+)(\d+)"(?![^>]*\bt="(?:s|str|inlineStr|b|e)")[^>]*[^/]>'
)
_ROW = re.compile(rb'<(?:\w+:)?row\s(?=[^>]*\bhidden="(?:1|true)")[^>]*?\br="(\d+)"')
_COLUMN = re.compile(rb'<(?:\w+:)?col\s(?=[^>]*\bhidden="(?:1|true)")[^>]*>')


@dataclass(frozen=True)
class Hidden:
    """What is not to be seen in the values of a sheet; rows and columns are counted from 0."""

    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    uncomputed: dict[tuple[int, int], str] = field(default_factory=dict)
    padded: dict[tuple[int, int], Callable[[str], str]] = field(default_factory=dict)
    percentages: set[tuple[int, int]] = field(default_factory=set)
    rows: list[int] = field(default_factory=list)
    columns: list[int] = field(default_factory=list)


def hidden_in(file: Path, sheet: str) -> Hidden:
    """Look into an .xlsx file for what a reader of its cells leaves out; nothing for what is none."""
    if not zipfile.is_zipfile(file):
        return Hidden()
    try:
        with zipfile.ZipFile(file) as archive:
            held = _sheet_xml(archive, sheet)
            formats = _formats(archive)
    except (KeyError, ElementTree.ParseError, zipfile.BadZipFile, ValueError, NotImplementedError, RuntimeError):
        return Hidden()
    errors = {(int(m[2]) - 1, _index(m[1])): m[3].decode("utf-8", "replace") for m in _CELL.finditer(held)}
    uncomputed = {
        (int(m[2]) - 1, _index(m[1])): "=" + (m[3] or b"").decode("utf-8", "replace") for m in _FORMULA.finditer(held)
    }
    shares: set[tuple[int, int]] = set()
    padded: dict[tuple[int, int], Callable[[str], str]] = {}
    for match in _STYLED.finditer(held) if formats else ():
        style = formats.get(int(match[1]), "")
        at = (int(match[3]) - 1, _index(match[2]))
        if "%" in style:
            shares.add(at)
        elif (pad := _PADDED.fullmatch(style)) and (pad[1] or pad[2] or pad[3] != "0"):
            padded[at] = partial(_padded, pad[1] or pad[2] or "", len(pad[3]))
    columns: list[int] = []
    for match in _COLUMN.finditer(held):
        ends = [re.search(rb'\b%s="(\d+)"' % end, match[0]) for end in (b"min", b"max")]
        first, last = (int(end[1]) if end else 0 for end in ends)
        # Whoever hides all columns to the right of a table hides thousands.
        columns += range(first - 1, min(last, first + 200))
    return Hidden(errors, uncomputed, padded, shares, [int(m[1]) - 1 for m in _ROW.finditer(held)], columns)


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


def _padded(prefix: str, width: int, digits: str) -> str:
    return prefix + digits.zfill(width)


def _formats(archive: zipfile.ZipFile) -> dict[int, str]:
    """The format of each style whose numbers are shown otherwise than they are held."""
    root = ElementTree.fromstring(archive.read("xl/styles.xml"))
    formats = {"9": "0%", "10": "0.00%"} | {
        each.get("numFmtId", ""): each.get("formatCode", "") for each in root.iter() if _local(each) == "numFmt"
    }
    styles: Iterable[ElementTree.Element] = next((each for each in root if _local(each) == "cellXfs"), [])
    return {at: found for at, each in enumerate(styles) if (found := formats.get(each.get("numFmtId", "")))}
