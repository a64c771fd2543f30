"""Cells as they arrive, cleaned to what stands in them: one rule for each kind of column, written for every engine.

Codes come from columns of fixed width, padded with blanks and in either case; exports write a missing value as NULL, as
nothing or as blanks; spreadsheets drop the zero of "01" and write 5 as "5.0". Every expression casts only text that was
made safe to cast before, so that an engine that raises on bad text (Spark in its ANSI mode) has nothing to raise on.
"""

from __future__ import annotations

import datetime
import re
from zoneinfo import ZoneInfo

import narwhals as nw

from cmhs_metrics.mhsds.records.dates import NO_DAYS, ZONE, day_number, day_of_parts

BLANK = " \t\r\n\u00a0\ufeff"
"""What is cut from both ends of a cell and a name: blanks, a no-break space, a byte-order mark."""
MISSING = ("", "NULL", "NAN", "NONE", "NAT", "NA", "<NA>", "(NULL)", "#N/A", "\\N")
"""How exports write a missing value, in capitals."""
WORDS = "|".join(re.sub(r"([^A-Z/])", r"[\1]", word).replace("\\", "\\\\") for word in MISSING if word)
"""The same but nothing, as a regular expression."""
LONGEST_WORD = max(map(len, MISSING))
ENDS = f"^[{BLANK}]+|[{BLANK}]+$"

MONTHS = {
    name: f"{number:02}"
    for number, name in enumerate(
        ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"), start=1
    )
}
_WHOLE = r"^[+-]?[0-9]{1,15}(?:\.[0-9]*)?$"
_TIME = r"(?:[T :,].*|\.0+)?$"
_ISO = rf"^[0-9]{{4}}[-/][0-9]{{2}}[-/][0-9]{{2}}{_TIME}"
_COMPACT = rf"^[0-9]{{8}}{_TIME}"
_BRITISH = rf"^[0-9]{{1,2}}[-/. ][0-9]{{1,2}}[-/. ][0-9]{{4}}{_TIME}"
_NAMED = rf"^[0-9]{{1,2}}[-/ ]?(?:{'|'.join(MONTHS)})[-/ ]?[0-9]{{4}}{_TIME}"


DATE_PART = (
    r"^([0-9]{4}[-/][0-9]{2}[-/][0-9]{2}|[0-9]{8}|[0-9]{1,2}[-/. ][0-9]{1,2}[-/. ][0-9]{4}"
    rf"|[0-9]{{1,2}}[-/ ]?(?:{'|'.join(MONTHS)})[-/ ]?[0-9]{{4}}){_TIME}"
)
"""The day in text that is a date, with a time or without, as a regular expression."""
LATE = f"[T ]23:[0-9:.,]* ?(?:Z|UTC|[+-]00(?::?00)?)[{BLANK}]*$"
"""The end of text that writes a time in the last hour of a day in Greenwich: in summer of the next day in England."""
DATE_FORMATS = (
    *(f"%d{one}%m{other}%Y" for one in "-/. " for other in "-/. "),
    *(f"%d{one}%b{other}%Y" for one in ("-", "/", " ", "") for other in ("-", "/", " ", "")),
    *("%Y-%m-%d", "%Y/%m/%d", "%Y-%m/%d", "%Y/%m-%d", "%Y%m%d"),
)
"""How such a day may be written, for databases that read dates by their formats."""


TIME_OF_DAY = (
    "^(?:.*[ T])?(?:(?:[01]?[0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:[.][0-9]+)?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?"
    "|(?:[01]?[0-9]|2[0-3])[0-5][0-9](?:[0-5][0-9])?)$"
)
"""A time of 24 hours as 9:30, 09:30:00, 0930, 930 or 093000, after a day or not, of a zone or not; in capitals."""


def unclean_text(width: int = 1) -> str:
    """What text that has to be cleaned contains; text without it is clean as it is."""
    short = rf"|^[0-9]{{1,{width - 1}}}$" if width > 1 else ""
    return r"[^A-Z0-9_-]|^(?:NULL|NAN|NONE|NAT|NA)?$" + short


def stripped(text: nw.Expr) -> nw.Expr:
    """Text without the blanks at its ends."""
    return text.str.replace_all(ENDS, "")


def clean_text(text: nw.Expr) -> nw.Expr:
    """Text without blanks at its ends, in capitals, null where it stands for nothing; "5.0" is "5"."""
    text = stripped(text).str.to_uppercase()
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
    """The whole number that text without blanks writes, null where it writes none."""
    known = text.str.contains(_WHOLE)
    safe = nw.when(known).then(text.str.replace_all(r"\..*$", "")).otherwise(nw.lit("0"))
    return nw.when(known).then(safe.cast(nw.Int64))


def _with_two_digits_of_day(text: nw.Expr) -> nw.Expr:
    return nw.when(text.str.contains("^[0-9][^0-9]")).then(nw.concat_str(nw.lit("0"), text)).otherwise(text)


def _with_two_digits_of_month(text: nw.Expr) -> nw.Expr:
    two = nw.concat_str(text.str.slice(0, 3), nw.lit("0"), text.str.slice(3))
    return nw.when(text.str.contains("^[0-9]{2}[-/. ][0-9][-/. ]")).then(two).otherwise(text)


def _as_number(text: nw.Expr) -> nw.Expr:
    """A date as a whole number, 20250331, below zero where it is `LATE`; 0 where the text is none."""
    month = text.str.replace_all("[-/ ]", "").str.slice(2, 3)
    month = month.replace_strict(list(MONTHS), list(MONTHS.values()), default=nw.lit("00"), return_dtype=nw.String)
    year = text.str.replace_all("[-/ ]", "").str.slice(5, 4)
    number = nw.lit("0")
    for pattern, written in (
        (_NAMED, nw.concat_str(year, month, text.str.slice(0, 2))),
        (_BRITISH, nw.concat_str(text.str.slice(6, 4), text.str.slice(3, 2), text.str.slice(0, 2))),
        (_COMPACT, text.str.slice(0, 8)),
        (_ISO, nw.concat_str(text.str.slice(0, 4), text.str.slice(5, 2), text.str.slice(8, 2))),
    ):
        number = nw.when(text.str.contains(pattern)).then(written).otherwise(number)
    sign = nw.when(text.str.contains(LATE)).then(nw.lit(-1)).otherwise(nw.lit(1))
    return number.cast(nw.Int64) * sign


def stripped_capitals(text: nw.Expr) -> nw.Expr:
    """Text without the blanks at its ends, in capitals."""
    return stripped(text).str.to_uppercase()


def day_of_number(number: nw.Expr) -> nw.Expr:
    """Day number of a whole number as 20250331, null where it is no calendar date."""
    return day_of_parts(number // 10_000, number // 100 % 100, number % 100)


def _day_in_england(number: nw.Expr) -> nw.Expr:
    """Day number of a date as `_as_number` has it: summer is from the last Sunday of March to that of October."""
    written = number.abs()
    day, month = day_of_number(written), written // 100 % 100
    sunday = written % 100 - (day + 4) % 7
    is_summer = ((month > 3) & (month < 10)) | ((month == 3) & (sunday >= 25)) | ((month == 10) & (sunday < 25))
    return nw.when((number < 0) & is_summer).then(day + 1).otherwise(day)


DAY_OF_TEXT = (
    stripped_capitals, _with_two_digits_of_day, _with_two_digits_of_month, _as_number, _day_in_england,
)  # fmt: skip
"""From text as 2025-03-31, 31/03/2025, 31-Mar-2025 or 20250331, with or without a time, to a day number, step by step.

Null where it is no calendar date: by arithmetic, so that no engine raises. Each step is a column, for an expression
that holds the one before it many times would be long.
"""
NUMBER_OF_TEXT = (stripped, number_of_text)


def text_cell(text: str) -> str | None:
    """What `clean_text` makes of a cell of Python."""
    text = text.strip(BLANK).upper()
    if text in MISSING:
        return None
    return text.partition(".")[0] if re.fullmatch(r"[0-9]+\.0+", text) else text


def code_cell(text: str, width: int) -> str | None:
    """What `clean_code` makes of a cell of Python."""
    cell = text_cell(text)
    return cell.zfill(width) if cell is not None and re.fullmatch("[0-9]+", cell) else cell


def number_cell(text: str) -> int | None:
    """What `NUMBER_OF_TEXT` makes of a cell of Python."""
    text = text.strip(BLANK)
    return int(text.partition(".")[0]) if re.match(_WHOLE, text) else None


def day_cell(text: str) -> int | None:
    """What `DAY_OF_TEXT` makes of a cell of Python."""
    text = text.strip(BLANK).upper()
    if re.match(_ISO, text):
        year, month, day = text[:4], text[5:7], text[8:10]
    elif re.match(_COMPACT, text):
        year, month, day = text[:4], text[4:6], text[6:8]
    elif re.match(_BRITISH, text):
        day, month, year = re.findall("[0-9]+", text)[:3]
    elif re.match(_NAMED, text):
        day, month, year = re.findall("[0-9]+|[A-Z]+", text)[:3]
        month = MONTHS[month]
    else:
        return None
    try:
        written = datetime.datetime(int(year), int(month), int(day), 23, tzinfo=datetime.UTC)
        return day_number((written.astimezone(ZoneInfo(ZONE)) if re.search(LATE, text) else written).date())
    except (ValueError, OverflowError):
        return None


def known_day(day: nw.Expr) -> nw.Expr:
    """Day numbers without those that databases make of nothing."""
    return nw.when(~day.is_in(NO_DAYS)).then(day)
