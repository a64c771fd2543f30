"""Names of tables and columns as databases, files and spreadsheets write them."""

from __future__ import annotations

import difflib
import re

from cmhs_metrics.errors import Problem, nearest
from cmhs_metrics.mhsds.records.cleaning import BLANK
from cmhs_metrics.mhsds.records.columns import TABLES

_ARGUMENT_OF = {name.casefold(): table.argument for table in TABLES.values() for name in (*table.names, table.argument)}
_NAMES = [name for table in TABLES.values() for name in table.names]
_NUMBER = re.compile(r"mhs\d{3}")
_READ_NUMBERS = {name[:6].casefold() for name in _NAMES}
_ALIKE = "mhs106dischargeplanagreement"
"""A table that nothing is made of, by a name as near to that of one that is read as if it were misspelt."""


def plain_name(name: object) -> str:
    """A name without blanks, a byte-order mark, quotes or brackets around it, in small letters."""
    return str(name).strip(BLANK).strip("[]\"'`").strip(BLANK).casefold()


def after_table(name: str) -> str:
    """The part of a name after that of a schema or table, with which Hive exports columns."""
    return re.split(r"\.(?![^\[]*\])", name)[-1]


def column_name(name: object) -> str:
    """The plain name of a column, without that of its table."""
    return plain_name(after_table(str(name).strip(BLANK)))


def table_name(name: object) -> str:
    """The name of a table in the data set: without the database and schema before it, and `_ALL` after it."""
    return column_name(name).removesuffix("_all")


def argument_of(name: object) -> str | Problem | None:
    """Which table a name stands for; None for another one of the data set; or what is wrong with it."""
    plain = table_name(name)
    if plain in _ARGUMENT_OF:
        return _ARGUMENT_OF[plain]
    number = plain[:6]
    near = difflib.get_close_matches(plain, [each.casefold() for each in _NAMES], n=1, cutoff=0.8)
    if _NUMBER.fullmatch(number) and number not in _READ_NUMBERS and (not near or plain.startswith(_ALIKE)):
        return None
    hint = f"one of {', '.join(_NAMES)}; {nearest(plain, _NAMES)}".rstrip("; ")
    return Problem("tables", None, name, f"a table of the data set; those read are {hint.removeprefix('one of ')}")


def argument_of_file(stem: str) -> str | Problem | None:
    """The same of a file, whose name may go on after that of the table, as MHS101Referral_2024-06; None for any other.

    A file that is not named as the tables of the data set are is no table of it.
    """
    plain = table_name(stem) if not re.search(r"\d\.\d", stem) else plain_name(stem)
    starts = [each for each in _ARGUMENT_OF if each.startswith("mhs") and re.match(rf"{each}(?![a-z])", plain)]
    if starts:
        return _ARGUMENT_OF[max(starts, key=len)]
    return argument_of(plain) if _NUMBER.match(plain) else None
