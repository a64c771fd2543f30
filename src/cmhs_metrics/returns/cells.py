"""What the cell of a measure says: a number, nothing, or that the number is suppressed."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

MISSING = frozenset(
    {"", "-", "–", "—", "n/a", "na", "n.a.", "#n/a", "null", "none", "nan", "nk", "not known", "tbc", "..", ":"}
)
MISSING |= frozenset({"not available", "not applicable", "not recorded", "no data", "missing", "[x]", "[z]", "."})
"""What stands for a value that is not known; [x] and [z] are the Analysis Function's."""

ENDLESS = math.nan
"""The upper bound of what has none, as tables have it."""

SUPPRESSED: Mapping[str, tuple[float, float]] = {
    "*": (0.0, 4.0), "[c]": (0.0, ENDLESS), "c": (0.0, ENDLESS), "suppressed": (0.0, ENDLESS), "[low]": (0.0, 4.0),
}  # fmt: skip
"""What stands for a suppressed number, and between what bounds that lies: "*" as in the MHSDS publications."""

_BELOW = re.compile(r"(?:<|less than|fewer than|under)\s*(\d+)$", re.IGNORECASE)
_UP_TO = re.compile(r"(?:<=|≤|up to)\s*(\d+)$", re.IGNORECASE)
_BETWEEN = re.compile(r"(\d+)\s*(?:-|–|—|to)\s*(\d+)$", re.IGNORECASE)
_POINT = re.compile(r"[+-]?(?:\d{1,3}(?:[, '’]\d{3})+|\d+)(?:\.\d+)?(?:e[+-]?\d+)?|[+-]?\.\d+", re.IGNORECASE)
_ORDINARY = re.compile(r"(?!00)(?:\d{1,15}|\d{1,3}(?:,\d{3}){1,4})(?:\.\d{1,12})?", re.ASCII)
_COMMA = re.compile(r"[+-]?(?:\d{1,3}(?:[. ]\d{3})+|\d+)(?:,\d+)?", re.IGNORECASE)
_SUFFIX = {"k": 1e3, "m": 1e6, "mn": 1e6, "million": 1e6, "thousand": 1e3, "bn": 1e9}


@dataclass(frozen=True, slots=True)
class Cell:
    """What a cell says.

    Parameters
    ----------
    value : float
        The number; NaN where it is missing or suppressed.
    lower, upper : float
        Between what a suppressed number lies; NaN where it is known, missing, or has no greatest value.
    mark : str
        The mark that stands for it, where there is one.
    doubt : str
        What the reader should look at; empty where there is nothing.
    """

    value: float = math.nan
    lower: float = math.nan
    upper: float = math.nan
    mark: str = ""
    doubt: str = ""

    @property
    def is_suppressed(self) -> bool:
        """Whether there is a number that is not told."""
        return not math.isnan(self.lower)


def read_cell(
    text: str,
    scale: float = 1.0,
    *,
    comma: bool = False,
    suppressed: Mapping[str, tuple[float, float]] = SUPPRESSED,
    whole: bool = True,
) -> Cell | str:
    """Read the cell of a measure.

    `scale`: what its numbers are multiplied by, by its heading. `comma`: whether the decimal point is a comma.
    `suppressed`: the marks of suppression with their bounds. `whole`: whether its numbers are whole ones, of which the
    greatest below 5 is 4. Gives what it says; where it says nothing that is
    understood, what was expected.

    Examples
    --------
    >>> read_cell("£17,700,000").value, read_cell("<5").upper, read_cell("n/a").mark
    (17700000.0, 4.0, 'n/a')
    >>> read_cell("about 50")
    'a number, a mark of suppression or one of what is missing'
    """
    if not comma and _ORDINARY.fullmatch(text):
        # Most cells, by far: a file may have a million of them.
        return Cell(round(float(text.replace(",", "")) * scale, 9))
    plain = " ".join(text.split())
    word = plain.casefold()
    if word in suppressed:
        lower, upper = suppressed[word]
        return Cell(lower=lower * scale, upper=upper * scale, mark=plain)
    if word in MISSING:
        return Cell(mark=plain)
    if match := _BELOW.fullmatch(plain):
        least = int(match[1])
        return (
            Cell(lower=0.0, upper=(least - whole) * scale, mark=plain) if least else "a number below which there is one"
        )
    if match := _UP_TO.fullmatch(plain):
        return Cell(lower=0.0, upper=int(match[1]) * scale, mark=plain)
    if match := _BETWEEN.fullmatch(plain):
        low, high = int(match[1]), int(match[2])
        return Cell(lower=low * scale, upper=high * scale, mark=plain) if low <= high else "a range from low to high"
    return _number(plain, scale, comma=comma)


def _number(plain: str, scale: float, *, comma: bool) -> Cell | str:
    expected = "a number, a mark of suppression or one of what is missing"
    # A minus as typography has it; the apostrophe by which a spreadsheet is told that a cell is text; 600- of a ledger.
    rest = re.sub(r"^[−–—](?=\s*[£\d.])", "-", plain.removeprefix("'"))
    rest = re.sub(r"^(£?\s*)([\d,.'’ ]*\d)-$", r"-\1\2", rest)
    rest = re.sub(r"^£\s*\((.*)\)$", r"(\1)", rest)
    negative = rest.startswith("(") and rest.endswith(")")
    if negative:
        rest = rest[1:-1].strip()
        if rest.startswith(("-", "+")):
            return expected
    rest = re.sub(r"^([+-]?)\s*(?:£|gbp)\s*", r"\1", rest, flags=re.IGNORECASE)
    rest = re.sub(r"^-\s+(?=\d)", "-", rest)
    if re.fullmatch("'?0{2,}'?s?", rest):
        return f"{expected}; this is a unit"
    if rest.endswith("%"):
        return "a count or an amount, not a percentage"
    own = 1.0
    if match := re.fullmatch(r"(.*\d)\s*(k|m|mn|million|thousand|bn)", rest, re.IGNORECASE):
        rest, own = match[1], _SUFFIX[match[2].casefold()]
        if scale != 1.0:
            return f"a number in the unit of its heading, or a heading without one (£{match[2]} stands in both)"
    if not (_COMMA if comma else _POINT).fullmatch(rest):
        return expected
    digits = re.sub("[. ]", "", rest).replace(",", ".") if comma else re.sub("[, '’]", "", rest)
    value = float(digits) * own
    if not math.isfinite(value):
        return "a number that can be"
    doubt = "written as a power of ten, so that digits may have been lost" if "e" in rest.casefold() else ""
    # 17.7 × 1,000,000 is 17,700,000 and not a ten-millionth less.
    return Cell(round(-value * scale if negative else value * scale, 9), doubt=doubt)
