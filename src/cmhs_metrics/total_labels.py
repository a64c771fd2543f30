"""What rows are called that are no rows of their own: totals of others, and averages."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from cmhs_metrics.synonyms import words_of

_WHOSE = (
    "organisations", "providers", "trusts", "teams", "icbs", "regions", "places", "services", "types", "team types",
    "months", "periods", "ages", "age bands", "age groups", "sexes", "genders", "ethnicities", "ethnic groups",
    "persons", "people", "patients",
)  # fmt: skip
_AVERAGES = ("average", "averages", "mean", "median")
_ALONE = ("total", "totals", "sum", "all", "overall", "england", "national", "persons", "both sexes", *_AVERAGES)
_BEFORE = ("grand", "sub", "overall", "england", "national")
TOTAL_LABELS = frozenset(
    [*_ALONE, "subtotal", "subtotals", "all england", "total england"]
    + [f"{word} {total}" for word in _BEFORE for total in ("total", "totals")]
    + [f"{all_of}{whose}" for whose in _WHOSE for all_of in ("all ", "total all ", "total ")]
)
"""What rows of totals are called, in words without regard to case and to what is neither letter nor figure."""
_NAMED = re.compile(
    r".+ (?:(?:sub)?totals?|averages?|mean|median)|sub ?totals? .+"
    r"|totals? (?:for|of|all|england|trust|organisation|provider|nhs|\d).*"
    r"|(?:averages?|mean|median) (?:for|of|all|england|national) .+"
)
"""Those that say whose they are: "North total", "Total for RT1", "Subtotal 2016/17"."""

MAY_BE = "(?i)total|sum|all|england|national|persons|both|average|mean|median"
"""One of these stands in every label of a total: to ask for them is cheap, where a table has a million labels."""
_LOOK = re.compile(MAY_BE)
SPELLINGS = sorted(
    {spell(label) for label in TOTAL_LABELS for spell in (str.lower, str.upper, str.title, str.capitalize)}
)
"""Those that a query is looked into for, which is asked once."""


def is_total(label: Any) -> bool:
    """Whether a label says that its row is a total, or an average, of others.

    Examples
    --------
    >>> [is_total(text) for text in ("Grand Total", "Total for RT1", "England", "Mean", "Totnes", "All Saints")]
    [True, True, True, True, False, False]
    """
    return isinstance(label, str) and _LOOK.search(label) is not None and _says_total(label)


@lru_cache(maxsize=65536)
def _says_total(label: str) -> bool:
    words = words_of(label).replace("-", " ")
    return words in TOTAL_LABELS or _NAMED.fullmatch(words) is not None


def is_average(label: str) -> bool:
    """Whether what a label calls its row is an average, and no total.

    Examples
    --------
    >>> [is_average(text) for text in ("England average", "MEDIAN", "Total")]
    [True, True, False]
    """
    return not {*words_of(label).split()}.isdisjoint(_AVERAGES)
