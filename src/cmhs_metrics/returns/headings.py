"""What the headings of a return mean: keys and measures by name, case, synonym and unit."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cmhs_metrics.measures import KEYS, MEASURES
from cmhs_metrics.synonyms import KEY_WORDS, LIKELY_KEYS, LIKELY_MEASURES, MEASURE_WORDS, words_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

BOUNDS = frozenset(f"{name}{end}" for name in MEASURES for end in ("_lower", "_upper"))
_THOUSANDS = r"(?:£|gbp)?\s*'?\s*000'?s?|(?:£|gbp)\s*k|k|thousands?"
_MILLIONS = r"(?:£|gbp)\s*m(?:n|illions?)?|millions?"
_UNIT = re.compile(
    rf"[(\[]?\s*(?<![a-z0-9])(?:in\s+)?"
    rf"(?:(?P<thousands>{_THOUSANDS})|(?P<millions>{_MILLIONS})|(?P<units>£s?|gbp|pounds))\s*[)\]]?\s*$",
    re.IGNORECASE,
)
_MONTHS = "january|february|march|april|may|june|july|august|september|october|november|december"
_MONTHS += "|" + "|".join(month[:3] for month in _MONTHS.split("|"))
_WHEN = re.compile(
    rf"[(\[]?\s*\b(?:as\s+at|at|to|for|in|on|ending)?\s*(?:(?:\d{{1,2}}(?:st|nd|rd|th)?\s+)?(?:{_MONTHS})\.?(?:[\s-]+(?:20)?\d\d)?"
    r"|(?:fy\s*)?20\d\d\s*[/-]\s*(?:20)?\d\d|\d{1,2}/\d{1,2}/(?:20)?\d\d|20\d\d)\s*[)\]]?\s*$",
    re.IGNORECASE,
)
_FOOTNOTE = re.compile(
    r"(?:\s*(?:[¹²³⁰⁴-⁹*†‡§^]+|[(\[](?:note |footnote )?\d{1,2}[)\]]|[(\[](?:note )?[a-h][)\]]))+\s*$", re.IGNORECASE
)
"""The mark of a footnote: "Contacts*", "DNAs [note 1]", "Caseload²"."""
_OF_ANOTHER_KIND = re.compile(
    r"%|‰|Δ|±|\+/-|\bper\b|\b(?:percent|percentage|variance|target|plan|rate)\b", re.IGNORECASE
)
"""What says that a column holds a share, a rate or a difference, and no count or amount."""
_NEGATED = re.compile(r"\b(?:non|not|without|excluding|excl|except)\b")
_IN_FRONT = re.compile(r"^(?:number of|no of|num of|count of|total|actual)\s+")


@dataclass(frozen=True)
class Heading:
    """A heading and what it is taken for.

    Parameters
    ----------
    text : str
        As it is written.
    column : str
        The name in the table: a standard one, or the text itself.
    how : str
        How it was found: "name", "spelling", "synonym", "likely", "columns=", or "kept".
    scale : float
        What its numbers are multiplied by: 1,000 for "£000".
    unit : str
        The unit as it is written in the heading; empty where there is none.
    when : str
        The date or year in the heading; empty where there is none.
    """

    text: str
    column: str
    how: str
    scale: float = 1.0
    unit: str = ""
    when: str = ""

    @property
    def is_measure(self) -> bool:
        """Whether its cells are numbers: of a measure, or of one of its bounds."""
        return self.column in MEASURES or self.column in BOUNDS

    @property
    def is_known(self) -> bool:
        """Whether it was understood."""
        return self.how != "kept"


def _by_words() -> dict[str, tuple[str, str]]:
    found = {words_of(name): (name, "spelling") for name in (*KEYS, "icb", "region", *MEASURES)}
    for name in BOUNDS:
        plain = words_of(name)
        found |= {plain: (name, "spelling"), f"{plain} bound": (name, "spelling")}
    for table, likely in ((KEY_WORDS, LIKELY_KEYS), (MEASURE_WORDS, LIKELY_MEASURES)):
        for name, phrases in table.items():
            for phrase in phrases:
                found.setdefault(words_of(phrase), (name, "likely" if phrase in likely else "synonym"))
    return found


_KNOWN = _by_words()


def understand(text: str, columns: Mapping[str, str]) -> Heading:
    """Say what a heading means.

    `columns`: what the user says that headings mean.

    Examples
    --------
    >>> understand("Total spend (£000)", {})
    Heading(text='Total spend (£000)', column='total_cost', how='synonym', scale=1000.0, unit='£000', when='')
    >>> understand("Caseload (31 March)", {}).when, understand("Notes", {}).how
    ('31 March', 'kept')
    """
    rest, scale, unit = _without_unit(_FOOTNOTE.sub("", text))
    when = ""
    if text in columns:
        return Heading(text, columns[text], "columns=", scale if columns[text] in MEASURES else 1.0, unit)
    if text in MEASURES or text in BOUNDS or text in KEYS:
        return Heading(text, text, "name")
    found = _look_up(text) or _look_up(rest)
    if found is None and (match := _WHEN.search(rest)) and match.start():
        when = match.group().strip(" ()[]")
        rest, scale, unit = _without_unit(rest[: match.start()]) if not unit else (rest[: match.start()], scale, unit)
        found = _look_up(rest)
    if found is None:
        return Heading(text, text, "kept")
    name, how = found
    measure = MEASURES.get(name.removesuffix("_lower").removesuffix("_upper"))
    if measure is not None and _is_of_another_kind(text, unit, measure.unit):
        return Heading(text, text, "kept")
    if scale != 1.0 and name not in MEASURES and name not in BOUNDS:
        return Heading(text, text, "kept")
    return Heading(text, name, how, scale, unit, when)


def _is_of_another_kind(text: str, unit: str, canonical: str) -> bool:
    """Whether a heading with the words of a measure holds something else: "DNA %", or "Contacts (£)"."""
    pounds = re.search(r"£|gbp|pounds", unit, re.IGNORECASE) is not None
    return (pounds and "GBP" not in canonical) or _OF_ANOTHER_KIND.search(text) is not None


def _without_unit(text: str) -> tuple[str, float, str]:
    match = _UNIT.search(text)
    if not match or not match.group().strip():
        return text, 1.0, ""
    scale = 1000.0 if match["thousands"] else 1e6 if match["millions"] else 1.0
    return text[: match.start()], scale, match.group().strip(" ()[]")


def _look_up(text: str) -> tuple[str, str] | None:
    words = words_of(text)
    return _KNOWN.get(words) or _KNOWN.get(_IN_FRONT.sub("", words))


def known_in(cells: Sequence[str], columns: Mapping[str, str]) -> int:
    """How many cells of a line are headings that are understood."""
    return sum(understand(cell, columns).is_known for cell in cells if cell)


def offer(text: str) -> str:
    """The standard name or synonym that comes nearest to a heading, as a question; empty where none does."""
    if _OF_ANOTHER_KIND.search(text):
        return ""
    words = words_of(_without_unit(text)[0])
    near = difflib.get_close_matches(words, _KNOWN, cutoff=0.8)
    # "Non face to face contacts" are all others than those whose name is nearest.
    if not near or set(_NEGATED.findall(words)) - set(_NEGATED.findall(near[0])):
        return ""
    name = _KNOWN[near[0]][0]
    return f"did you mean {name!r}? Then say columns={{{text!r}: {name!r}}}"
