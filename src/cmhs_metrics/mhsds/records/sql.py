"""Cells as DuckDB reads them: the rules of `cleaning` in its SQL, one expression a column.

One projection of such text is bound and planned many times sooner than the same rules step by step, and says each thing
once. An id is changed only where a cheap look finds something to change; codes are few, and DuckDB changes each of a
column's dictionary once.
"""

from __future__ import annotations

from cmhs_metrics.mhsds.records.cleaning import BLANK, DATE_FORMATS, DATE_PART, LONGEST_WORD, WORDS
from cmhs_metrics.mhsds.records.dates import DAY_ZERO

_LOOK = f"strlen({{x}}) <= {LONGEST_WORD} OR strlen({{x}}) <> length({{x}})"
"""A word for nothing, or a character that is none of ASCII."""
_LOOK += "".join(f" OR contains({{x}}, '{each}')" for each in (*BLANK, ".") if each.isascii())


def quoted(name: str) -> str:
    """The name of a column."""
    return '"' + name.replace('"', '""') + '"'


def written(name: str) -> str:
    """A column as text."""
    return f"CAST({quoted(name)} AS VARCHAR)"


def clean(x: str, width: int = 1) -> str:
    """Text as `clean_text` has it, and as `clean_code` where a width is given."""
    x = rf"regexp_replace(upper(trim({x}, '{BLANK}')), '^([0-9]+)[.]0+$', '\1')"
    for held in range(1, width):
        x = rf"regexp_replace({x}, '^([0-9]{{{held}}})$', '{'0' * (width - held)}\1')"
    return f"nullif(regexp_replace({x}, '^(?:{WORDS})$', ''), '')"


def text_id(x: str) -> str:
    """An id of text."""
    return f"CASE WHEN {_LOOK.replace('{x}', x)} THEN {clean(x)} ELSE upper({x}) END"


def number_of_text(x: str) -> str:
    """A whole number in text."""
    return f"TRY_CAST(regexp_extract(trim({x}, '{BLANK}'), '^([+-]?[0-9]{{1,15}})(?:[.][0-9]*)?$', 1) AS BIGINT)"


def day_of_text(x: str, zero: str = "") -> str:
    """The day number of a date in text; `zero` is one that is none."""
    formats = ", ".join(f"'{each}'" for each in DATE_FORMATS)
    day = f"nullif(regexp_extract(upper(trim({x}, '{BLANK}')), '{DATE_PART}', 1), '')"
    return day_of_date(f"try_strptime({day}, [{formats}])", zero)


def day_of_date(x: str, zero: str = str(DAY_ZERO)) -> str:
    """The day number of a date or time."""
    day = f"CAST(CAST({x} AS DATE) - DATE '1970-01-01' AS INTEGER)"
    return f"nullif({day}, {zero})" if zero else day


def whole(x: str, *, of_floats: bool) -> str:
    """A whole number, without its fraction; what is not a number is none."""
    if of_floats:
        x = f"CASE WHEN {x} > -1e15 AND {x} < 1e15 THEN trunc({x}) END"
    return f"CAST({x} AS BIGINT)"


def code_of_number(x: str, width: int) -> str:
    """A code that is held as a whole number."""
    x = f"CAST({x} AS VARCHAR)"
    return x if width == 1 else f"CASE WHEN length({x}) < {width} THEN lpad({x}, {width}, '0') ELSE {x} END"
