"""Reading an official file: its bytes, its text, its rows; and refusing what is not such a file."""

from __future__ import annotations

import csv
import gzip
import io
import os
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cmhs_metrics.errors import BadInput, Problem, nearest
from cmhs_metrics.published.formats import Format, folded, recognise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

Source = str | os.PathLike[str] | IO[bytes] | IO[str]
"""Where a file is: its path, or the file itself, opened as bytes or as text."""

NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
"""A number as official files write it: no separators of thousands, no currency, no infinity."""

_GZIP = b"\x1f\x8b"
_NOT_TEXT = {b"PK\x03\x04": "an Excel workbook or a zip archive", b"%PDF": "a PDF", b"\xd0\xcf\x11\xe0": "an old Excel"}
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_MARK = "\ufeff"
_MARK_READ_AS_WINDOWS_TEXT = "ï»¿"


@dataclass
class Rows:
    """The rows of an official file, each cell as the text that is published.

    Parameters
    ----------
    name : str
        The file, for messages.
    cells : pandas.DataFrame
        The cells [text], required columns under their name in this library, others under their published name.
    lines : numpy.ndarray of int
        The line of the file on which each row ends.
    published : dict of str to str
        The published name of each column.
    """

    name: str
    cells: pd.DataFrame
    lines: NDArray[np.int64]
    published: dict[str, str]

    def problems(self, column: str, wrong: Any, expected: str) -> list[Problem]:
        """Name each row in which a column is wrong."""
        rows = np.flatnonzero(np.asarray(wrong, dtype=bool))
        values = self.cells[column].to_numpy()[rows]
        return [
            Problem(self.published[column], f"line {line}", value, expected)
            for line, value in zip(self.lines[rows].tolist(), values, strict=True)
        ]

    def missing(self, columns: Sequence[str], expected: str) -> list[Problem]:
        """Name each empty cell of columns that must not have one."""
        return [each for name in columns for each in self.problems(name, self.cells[name] == "", expected)]

    def numbers(self, column: str, expected: str) -> tuple[pd.Series[Any], list[Problem]]:
        """Read a column of numbers, 0 or more; empty cells are missing, and whatever else stands there is named."""
        text = self.cells[column].str.strip()
        values = to_numbers(text)
        wrong = (values.isna() & (text != "")) | (values < 0) | np.isinf(values)
        return values, self.problems(column, wrong, expected)

    def repeated(self, ignoring: Sequence[str]) -> list[Problem]:
        """Name each row that an earlier one repeats, but for the columns that hold values or names."""
        keys = [str(name) for name in self.cells if name not in ignoring]
        rows = np.flatnonzero(self.cells.duplicated(keys).to_numpy())
        expected = "one row for each " + ", ".join(self.published[name] for name in keys)
        return [Problem(None, f"line {line}", None, expected) for line in self.lines[rows].tolist()]

    def refuse(self, problems: Sequence[Problem]) -> None:
        """Raise BadInput where there is a problem."""
        if problems:
            raise BadInput(self.name, problems)


def to_numbers(text: pd.Series[Any]) -> pd.Series[Any]:
    """Read numbers; whatever is not one becomes NaN.

    Examples
    --------
    >>> to_numbers(pd.Series(["5", "1e2", "*", "inf", ""])).tolist()
    [5.0, 100.0, nan, nan, nan]
    """
    # Through Python's own float, which gives the nearest one to the printed digits.
    numbers = text.where(text.str.fullmatch(NUMBER), "nan").to_numpy(dtype=object).astype(np.float64)
    return pd.Series(numbers, index=text.index, name=text.name)


def read_rows(source: Source, kind: Format) -> Rows:
    """Read the rows of an official file.

    Parameters
    ----------
    source : str, Path, or open file
        The file, plain or gzipped. An open file is read from where it stands, and left open.
    kind : Format
        The kind of file that is expected.

    Returns
    -------
    Rows
        Every row and column of the file, as text.

    Raises
    ------
    BadInput
        When it is not such a file, or not the whole of one.

    Examples
    --------
    >>> import io
    >>> from cmhs_metrics.published.formats import NATIONAL_COSTS
    >>> rows = read_rows(io.StringIO("<!DOCTYPE html><title>404</title>"), NATIONAL_COSTS)
    Traceback (most recent call last):
        ...
    cmhs_metrics.BadInput: the file has 1 problem:
      the table: got '<!DOCTYPE html><title>404</title>', expected the National Cost Collection's schedule for mental
      health as CSV, not a web page: the address may have answered with an error
    """
    name, text = _text(source, kind)
    found = text.lstrip()
    if not found:
        raise _not(kind, name, None, "as CSV, not an empty file")
    if found.startswith("<"):
        start = found.splitlines()[0][:60]
        raise _not(kind, name, start, "as CSV, not a web page: the address may have answered with an error")
    header, rows, lines = _split(name, text, kind)
    published = _match(name, header, kind)
    _refuse_uneven(name, header, rows, lines)
    if not rows:
        raise _not(kind, name, None, "with rows below the header")
    columns = dict(zip(published, zip(*rows, strict=True), strict=True))
    return Rows(name, pd.DataFrame(columns), np.array(lines, dtype=np.int64), published)


def _not(kind: Format, name: str, found: object, expected: str) -> BadInput:
    return BadInput(name, [Problem(None, None, found, f"{kind.title} {expected}")])


def _text(source: Source, kind: Format) -> tuple[str, str]:
    if isinstance(source, (str, os.PathLike)):
        path = Path(source)
        name, read = str(path), path.read_bytes
    elif callable(getattr(source, "read", None)):
        name = str(getattr(source, "name", None) or "the file")
        read = source.read  # type: ignore[assignment]
    else:
        raise TypeError(f"a path or an open file is expected, got a {type(source).__name__}")
    try:
        content: str | bytes = read()
        if isinstance(content, bytes) and content.startswith(_GZIP):
            content = gzip.decompress(content)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise _not(kind, name, str(error), "gzipped as a whole: this is part of a file, or a damaged one") from error
    except UnicodeDecodeError as error:
        raise _not_utf_8(kind, name, error) from error
    text = content if isinstance(content, str) else _decode(name, content, kind)
    if text.startswith(_MARK_READ_AS_WINDOWS_TEXT):
        raise _not(kind, name, text[:3], "opened as bytes, or as text with encoding='utf-8'")
    return name, text.removeprefix(_MARK)


def _decode(name: str, content: bytes, kind: Format) -> str:
    for start, what in _NOT_TEXT.items():
        if content.startswith(start):
            raise _not(kind, name, what, "as CSV: open it and save the sheet as 'CSV UTF-8'")
    if content.startswith(_UTF_16):
        raise _not(kind, name, "text in UTF-16", "as CSV in UTF-8: save it as 'CSV UTF-8'")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _not_utf_8(kind, name, error) from error


def _not_utf_8(kind: Format, name: str, error: UnicodeDecodeError) -> BadInput:
    found = f"byte {error.object[error.start]:#04x} at position {error.start:,}"
    return _not(kind, name, found, "as CSV in UTF-8: save it as 'CSV UTF-8'")


def _split(name: str, text: str, kind: Format) -> tuple[list[str], list[list[str]], list[int]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows, lines = [], []
    try:
        for row in reader:
            if row:
                rows.append(row)
                lines.append(reader.line_num)
    except csv.Error as error:
        raise _not(kind, name, f"{error} on line {reader.line_num}", "as a whole CSV file") from error
    header = [cell.strip() or f"Unnamed: {position}" for position, cell in enumerate(rows[0])]
    return header, rows[1:], lines[1:]


def _refuse_uneven(name: str, header: list[str], rows: list[list[str]], lines: list[int]) -> None:
    width = len(header)
    problems = []
    for row, line in zip(rows, lines, strict=True):
        if len(row) != width:
            cut = " (the file may be cut short)" if line == lines[-1] and len(row) < width else ""
            fields = f"{len(row)} field{'' if len(row) == 1 else 's'}"
            problems.append(Problem(None, f"line {line}", fields, f"{width} fields, as the header has{cut}"))
    if problems:
        raise BadInput(name, problems)


def _match(name: str, header: list[str], kind: Format) -> dict[str, str]:
    """Give the published name of each column by its name in the table, or refuse the header."""
    required = {folded(column): column for column in kind.columns}
    found = [folded(column) for column in header]
    problems = [
        Problem(column, None, None, f"a column of that name; {nearest(column, header)}".removesuffix("; "))
        for key, column in required.items()
        if key not in found
    ]
    if problems:
        other = recognise(header)
        hint = f"; this is {other.title}: use {other.reader}" if other else ""
        shown = ", ".join(header)
        shown = shown if len(shown) <= 200 else f"{shown[:200]}…"
        problems.insert(0, Problem(None, None, shown, f"the columns of {kind.title}{hint}"))
    names = {key: kind.columns[column] for key, column in required.items()}
    named = [names.get(key, column) for key, column in zip(found, header, strict=True)]
    for column in dict.fromkeys(column for column in named if named.count(column) > 1):
        problems.append(Problem(header[named.index(column)], None, None, "a column that stands once"))
    if problems:
        raise BadInput(name, problems)
    return dict(zip(named, header, strict=True))
