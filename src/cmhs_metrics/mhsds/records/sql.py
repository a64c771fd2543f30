"""Cells in SQL: the rules of `cleaning`, one expression a column, as DuckDB writes them.

One projection of such text is bound and planned many times sooner than the same rules step by step, and says each thing
once. An id is changed only where a cheap look finds something to change; codes are few, and DuckDB changes each of a
column's dictionary once.
"""

from __future__ import annotations

from typing import Any

from cmhs_metrics.mhsds.records.cleaning import BLANK, DATE_FORMATS, DATE_PART, LATE, LONGEST_WORD, WORDS
from cmhs_metrics.mhsds.records.dates import NO_DAYS, ZONE
from cmhs_metrics.signatures import LARGEST_EXACT


def quoted(name: str) -> str:
    """The name of a column."""
    return '"' + name.replace('"', '""') + '"'


class Dialect:
    """The SQL of DuckDB; another database's says what it writes otherwise."""

    text, integer, bytes_, trim, group, every = "VARCHAR", "INTEGER", "strlen", "trim", "\\", ", 'g'"
    """Two types, two functions, what stands before the number of a group, and what asks for every match."""

    def quoted(self, name: str) -> str:
        """The name of a column."""
        return quoted(name)

    def literal(self, text: str) -> str:
        """Text as it is; of what is written here, none has a quote."""
        return f"'{text}'"

    def as_text(self, x: str) -> str:
        """Anything as text."""
        return f"CAST({x} AS {self.text})"

    def written(self, name: str) -> str:
        """A column as text."""
        return self.as_text(self.quoted(name))

    def trimmed(self, x: str) -> str:
        """Text without the blanks at its ends."""
        return f"{self.trim}({x}, {self.literal(BLANK)})"

    def replaced(self, x: str, pattern: str, *by: str) -> str:
        """Text that a pattern finds, as what stands before its first group, the group, and so on."""
        return f"regexp_replace({x}, {self.literal(pattern)}, '{''.join(by)}')"

    def clean(self, x: str, width: int = 1) -> str:
        """Text as `clean_text` has it, and as `clean_code` where a width is given.

        In one pattern: DuckDB keeps what it makes of a column's dictionary for one function and not for a chain.
        """
        blanks = f"[{BLANK}]"
        found = f"^{blanks}*(?:{WORDS}|([0-9]+)[.]0+){blanks}*$|^{blanks}+|{blanks}+$"
        x = f"regexp_replace(upper({x}), {self.literal(found)}, '{self.group}1'{self.every})"
        for held in range(1, width):
            x = self.replaced(x, f"^([0-9]{{{held}}})$", "0" * (width - held), f"{self.group}1")
        return f"nullif({x}, '')"

    def text_id(self, x: str) -> str:
        """An id of text: a word for nothing, and a blank at an end, are looked for first.

        Blanks come before digits and letters, or, as what is no ASCII, after them.
        """
        outside = "{} NOT BETWEEN '0' AND '~'".format
        look = f"{self.bytes_}({x}) <= {LONGEST_WORD} OR {outside(x)} OR {outside(self.last(x))}"
        look += f" OR ({x} < ':' AND contains({x}, '.'))"
        return f"CASE WHEN {look} THEN {self.clean(x)} ELSE upper({x}) END"

    def last(self, x: str) -> str:
        """The last character."""
        return f"{x}[-1]"

    def number_of_text(self, x: str) -> str:
        """A whole number in text."""
        whole = self.literal("^([+-]?[0-9]{1,15})(?:[.][0-9]*)?$")
        return f"TRY_CAST(regexp_extract({self.trimmed(x)}, {whole}, 1) AS BIGINT)"

    def day_of_text(self, x: str, *, known: bool = False) -> str:
        """The day number of a date in text; if `known`, without those that databases make of nothing."""
        formats = ", ".join(f"'{each}'" for each in DATE_FORMATS)
        day = f"try_strptime(nullif(regexp_extract(upper({self.trimmed(x)}), '{DATE_PART}', 1), ''), [{formats}])"
        late = f"timezone('{ZONE}', timezone('UTC', {day} + INTERVAL 23 HOUR))"
        # A cheap look first: a pattern would take half as long again.
        is_late = f"contains({x}, '23:') AND regexp_matches({x}, '{LATE}', 'i')"
        return self.day_of_date(f"CASE WHEN {is_late} THEN {late} ELSE {day} END", known=known)

    def in_england(self, x: str) -> str:
        """A time of a zone as the clock in England showed it."""
        return f"timezone({self.literal(ZONE)}, CAST({x} AS TIMESTAMPTZ))"

    def day_of_date(self, x: str, *, known: bool = True) -> str:
        """The day number of a date or time."""
        day = self.number_of_date(f"CAST({x} AS DATE)")
        return f"CASE WHEN {day} NOT IN {NO_DAYS} THEN {day} END" if known else day

    def number_of_date(self, x: str) -> str:
        """The day number of any date."""
        return f"CAST({x} - DATE '1970-01-01' AS {self.integer})"

    def whole(self, x: str, dtype: Any) -> str:
        """A whole number, without its fraction, which a cast would round; what is not a number is none."""
        if dtype.is_float():
            x = f"CASE WHEN {x} > -{LARGEST_EXACT} AND {x} < {LARGEST_EXACT} THEN {x} END"
        # Of whole numbers the column itself, by whose statistics DuckDB passes over what is not wanted.
        return f"CAST({x if dtype.is_integer() else f'trunc({x})'} AS BIGINT)"

    def code_of_number(self, x: str, width: int) -> str:
        """A code that is held as a whole number."""
        x = self.as_text(x)
        return x if width == 1 else f"CASE WHEN length({x}) < {width} THEN lpad({x}, {width}, '0') ELSE {x} END"
