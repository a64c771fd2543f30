"""Cells as they arrive, cleaned to what stands in them: one rule for each kind of column, written for every engine.

Codes come from columns of fixed width, padded with blanks and in either case; exports write a missing value as NULL, as
nothing or as blanks; spreadsheets drop the zero of "01" and write 5 as "5.0". Every expression casts only text that was
made safe to cast before, so that an engine that raises on bad text (Spark in its ANSI mode) has nothing to raise on.
"""

from __future__ import annotations

import narwhals as nw

from cmhs_metrics.mhsds.records.dates import DAY_ZERO, day_of_parts

BLANK = " \t\r\n\v\f\u00a0\ufeff"
"""What is cut from both ends of a cell and a name: blanks, a no-break space, a byte-order mark."""
MISSING = ("", "NULL", "NAN", "NONE", "NAT", "NA", "<NA>", "(NULL)", "#N/A", "\\N")
"""How exports write a missing value, in capitals."""
_ENDS = f"^[{BLANK}]+|[{BLANK}]+$"

_MONTHS = {
    name: f"{number:02}"
    for number, name in enumerate(
        ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"), start=1
    )
}
_TIME = r"(?:[T :,].*|\.0+)?$"
_ISO = rf"^[0-9]{{4}}[-/][0-9]{{2}}[-/][0-9]{{2}}{_TIME}"
_COMPACT = rf"^[0-9]{{8}}{_TIME}"
_BRITISH = rf"^[0-9]{{1,2}}[-/. ][0-9]{{1,2}}[-/. ][0-9]{{4}}{_TIME}"
_NAMED = rf"^[0-9]{{1,2}}[-/ ]?(?:{'|'.join(_MONTHS)})[-/ ]?[0-9]{{4}}{_TIME}"


def unclean_text(width: int = 1) -> str:
    """What text that has to be cleaned contains; text without it is clean as it is."""
    short = rf"|^[0-9]{{1,{width - 1}}}$" if width > 1 else ""
    return r"[^A-Z0-9_-]|^(?:NULL|NAN|NONE|NAT|NA)?$" + short


def _stripped(text: nw.Expr) -> nw.Expr:
    return text.str.replace_all(_ENDS, "")


def clean_text(text: nw.Expr) -> nw.Expr:
    """Text without blanks at its ends, in capitals, null where it stands for nothing; "5.0" is "5"."""
    text = _stripped(text).str.to_uppercase()
    is_decimal = text.str.contains(r"^[0-9]+\.0+$")
    text = nw.when(is_decimal).then(text.str.replace_all(r"\.0+$", "")).otherwise(text)
    return nw.when(~text.is_in(list(MISSING))).then(text)


def clean_code(text: nw.Expr, width: int) -> nw.Expr:
    """A code, with the zeros before it that a spreadsheet dropped."""
    text = clean_text(text)
    if width == 1:
        return text
    return nw.when(text.str.contains(f"^[0-9]{{1,{width - 1}}}$")).then(text.str.zfill(width)).otherwise(text)


def number_of_text(text: nw.Expr) -> nw.Expr:
    """The whole number that text writes, null where it writes none."""
    text = _stripped(text)
    known = text.str.contains(r"^[+-]?[0-9]{1,15}(?:\.0*)?$")
    safe = nw.when(known).then(text.str.replace_all(r"\..*$", "")).otherwise(nw.lit("0"))
    return nw.when(known).then(safe.cast(nw.Int64))


def day_of_text(text: nw.Expr) -> nw.Expr:
    """Day number of text as 2025-03-31, 31/03/2025, 31-Mar-2025 or 20250331, with or without a time of day.

    Null where it is no calendar date: by arithmetic, so that no engine raises.
    """
    text = _stripped(text).str.to_uppercase()
    iso, compact = text.str.contains(_ISO), text.str.contains(_COMPACT)
    british, named = text.str.contains(_BRITISH), text.str.contains(_NAMED)
    zero = nw.lit("0")
    padded = nw.when(text.str.contains("^[0-9][^0-9]")).then(nw.concat_str(zero, text)).otherwise(text)
    short = padded.str.contains("^[0-9]{2}[-/. ][0-9][-/. ]")
    two = nw.concat_str(padded.str.slice(0, 3), zero, padded.str.slice(3))
    two = nw.when(short).then(two).otherwise(padded)
    plain = padded.str.replace_all("[-/ ]", "")
    month_name = plain.str.slice(2, 3)
    month_of_name = month_name.replace_strict(
        list(_MONTHS), list(_MONTHS.values()), default=nw.lit("00"), return_dtype=nw.String
    )

    def part(of_iso: nw.Expr, of_compact: nw.Expr, of_british: nw.Expr, of_named: nw.Expr) -> nw.Expr:
        value = nw.when(named).then(of_named).otherwise(nw.lit("0"))
        value = nw.when(british).then(of_british).otherwise(value)
        value = nw.when(compact).then(of_compact).otherwise(value)
        return nw.when(iso).then(of_iso).otherwise(value).cast(nw.Int64)

    first_four = text.str.slice(0, 4)
    year = part(first_four, first_four, two.str.slice(6, 4), plain.str.slice(5, 4))
    month = part(text.str.slice(5, 2), text.str.slice(4, 2), two.str.slice(3, 2), month_of_name)
    day = part(text.str.slice(8, 2), text.str.slice(6, 2), two.str.slice(0, 2), plain.str.slice(0, 2))
    return day_of_parts(year, month, day)


def day_of_number(number: nw.Expr) -> nw.Expr:
    """Day number of a whole number as 20250331, null where it is no calendar date."""
    return day_of_parts(number // 10_000, number // 100 % 100, number % 100)


def without_zero_day(day: nw.Expr) -> nw.Expr:
    """Day numbers without 1 January 1900, which databases make of nothing."""
    return nw.when(day != DAY_ZERO).then(day)
