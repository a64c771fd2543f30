"""The text of an official file, out of its archive and its encoding; and what a file is that is no text."""

from __future__ import annotations

import gzip
import io
import os
import zipfile
import zlib
from pathlib import Path
from typing import IO, TYPE_CHECKING

from cmhs_metrics.errors import BadInput, Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cmhs_metrics.published.formats import Format

Source = str | os.PathLike[str] | IO[bytes] | IO[str]
"""Where a file is: its path, or the file itself, opened as bytes or as text."""

_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"
_NOT_TEXT = {b"%PDF": "a PDF", b"\xd0\xcf\x11\xe0": "an old Excel workbook", b"PAR1": "a Parquet file"}
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_MARK = b"\xef\xbb\xbf"
_MARK_READ_AS_WINDOWS_TEXT = "ï»¿"
_HOW = {"a Parquet file": "read it with pandas.read_parquet and write it with to_csv"}
_SAVE = "open it and save the sheet as 'CSV UTF-8'"


def is_not(kind: Format, name: str, found: object, expected: str) -> BadInput:
    """The refusal of a file that is not of a kind."""
    return BadInput(name, [Problem(None, None, found, f"{kind.title} {expected}")])


def read_content(source: Source, kind: Format) -> tuple[str, bytes]:
    """Read the text of a file, out of gzip, zip and Windows' encoding.

    `source`: the file. An open one is read from where it stands, and left open. `kind`: the kind of file that is
    expected, for messages. Gives what to call the file in messages. Gives its text in UTF-8 without a byte-order
    mark. Raises `BadInput` when it is no text, or damaged.

    Notes
    -----
    A file that is not UTF-8 is read as Windows text (cp1252), as some months were published, unless it is UTF-8 that
    was damaged: that has characters which no Windows text has.

    Examples
    --------
    >>> from cmhs_metrics.published.formats import NATIONAL_COSTS
    >>> header = ",".join(NATIONAL_COSTS.columns)
    >>> read_content(io.BytesIO(f"{header},£5".encode("cp1252")), NATIONAL_COSTS)[1].decode()[-2:]
    '£5'
    """
    name, content = read_bytes(source, kind)
    if isinstance(content, str):
        if content.startswith(_MARK_READ_AS_WINDOWS_TEXT):
            raise is_not(kind, name, _MARK_READ_AS_WINDOWS_TEXT, "opened as bytes, or as text with encoding='utf-8'")
        content = content.encode()
    if content.startswith(_ZIP):
        content = _only_csv(name, content, kind)
    for start, what in _NOT_TEXT.items():
        if content.startswith(start):
            raise is_not(kind, name, what, f"as CSV: {_HOW.get(what, _SAVE)}")
    if content.startswith(_UTF_16):
        raise is_not(kind, name, "text in UTF-16", "as CSV in UTF-8: save it as 'CSV UTF-8'")
    content = _in_utf_8(name, content, kind).removeprefix(_MARK)
    found = content[:4096].decode(errors="ignore").lstrip()
    if not found:
        raise is_not(kind, name, None, "as CSV, not an empty file")
    if found.startswith("<"):
        start_of_page = found.splitlines()[0][:60]
        raise is_not(kind, name, start_of_page, "as CSV, not a web page: the address may have answered with an error")
    return name, content


def read_bytes(source: Source, kind: Format) -> tuple[str, bytes | str]:
    """Read a file as it is, but for gzip: text where it was opened as text, else bytes."""
    if isinstance(source, (str, os.PathLike)):
        path = Path(source)
        if path.is_dir():
            raise is_not(kind, str(path), "a folder", "as a file: name one, or list those that are in it")
        name, read = str(path), path.read_bytes
    elif callable(getattr(source, "read", None)):
        name = str(getattr(source, "name", None) or "the file")
        read = source.read  # type: ignore[assignment]
    else:
        raise TypeError(f"source: a path or an open file is expected, got a {type(source).__name__}")
    try:
        content: bytes | str = read()
        if isinstance(content, bytes) and content.startswith(_GZIP):
            content = gzip.decompress(content)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise is_not(kind, name, str(error), "gzipped as a whole: this is part of a file, or a damaged one") from error
    except UnicodeDecodeError as error:
        raise _not_text(kind, name, error) from error
    return name, content


def content_again(name: str, content: bytes | str) -> IO[bytes] | IO[str]:
    """A file that was read, to be read once more under its name."""
    opened: IO[bytes] | IO[str] = io.BytesIO(content) if isinstance(content, bytes) else io.StringIO(content)
    if name != "the file":
        opened.name = name  # type: ignore[misc]
    return opened


def is_workbook(content: bytes) -> bool:
    """Whether bytes are an Excel workbook of today's kind, which is a zip archive of its sheets."""
    if not content.startswith(_ZIP):
        return False
    try:
        return "xl/workbook.xml" in zipfile.ZipFile(io.BytesIO(content)).namelist()
    except zipfile.BadZipFile:
        return False


def _only_csv(name: str, content: bytes, kind: Format) -> bytes:
    if is_workbook(content):
        raise is_not(kind, name, "an Excel workbook", f"as CSV: {_SAVE}")
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        members = [each for each in archive.namelist() if not each.endswith("/") and not each.startswith("__MACOSX")]
        tables = [each for each in members if each.lower().endswith(".csv")]
        if len(tables) != 1:
            found = f"a zip archive of {_listed(members)}"
            raise is_not(kind, name, found, "as CSV, or the only CSV file in a zip archive: unzip it and name one")
        return archive.read(tables[0])
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        what = "as CSV or zipped as a whole: this is part of an archive, or a damaged one"
        raise is_not(kind, name, "an Excel workbook or a zip archive", what) from error


def _listed(members: Sequence[str]) -> str:
    shown = ", ".join(members[:5])
    return f"{len(members)} file{'s' * (len(members) != 1)} ({shown}{', …' * (len(members) > 5)})"


def _in_utf_8(name: str, content: bytes, kind: Format) -> bytes:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        try:
            if _has_utf_8(content):
                raise error
            text = content.decode("cp1252")
        except UnicodeDecodeError:
            raise _not_text(kind, name, error) from error
        header = text.lstrip().partition("\n")[0].split(",")
        if not set(kind.columns.values()) <= {kind.name_of(each.strip(' "\r')) for each in header}:
            raise _not_text(kind, name, error) from error
        return text.encode()
    return content


def _has_utf_8(content: bytes) -> bool:
    """Whether anything beside ASCII in the content is UTF-8 all the same."""
    text = content.decode("utf-8", errors="ignore")
    return not text.isascii()


def _not_text(kind: Format, name: str, error: UnicodeDecodeError) -> BadInput:
    found = f"byte {error.object[error.start]:#04x} at position {error.start:,}"
    return is_not(kind, name, found, "as CSV in UTF-8: save it as 'CSV UTF-8'")
