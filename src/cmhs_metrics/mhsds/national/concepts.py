"""Concepts of SNOMED CT that the national measures turn on, and the user's table of reference sets.

References
----------
NHS England, Mental Health Services Monthly Statistics, analytical code of the four-week waits (state of September
2025).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import narwhals as nw
import pandas as pd

from cmhs_metrics.errors import Problem, nth
from cmhs_metrics.mhsds.records.dates import NEVER, day_number, read_date
from cmhs_metrics.signatures import LARGEST_EXACT

NO_HELP = ("11429006", "975131000000104", "2386021000000108")
"""Consultation, signposting, and discussion with a care professional stop no clock."""
CURRENT_VIEW = (
    "987191000000101", "987201000000104", "987211000000102", "987221000000108", "987231000000105", "987241000000101",
    "987251000000103", "987261000000100", "987271000000107", "987281000000109", "987291000000106", "987301000000105",
    "987311000000107", "987321000000101", "987331000000104", "987341000000108", "987351000000106", "987361000000109",
    "987371000000102", "987381000000100", "987391000000103", "987401000000100", "987411000000103", "987421000000109",
    "987431000000106", "987441000000102", "987451000000104", "987461000000101", "987471000000108", "987481000000105",
    "987491000000107", "987501000000101", "987511000000104", "987521000000105", "987531000000107", "987541000000103",
)  # fmt: skip
"""The concepts of the Current View tool, which is no baseline outcome."""
GROUPS = ("Assessments", "Psychological therapies", "Psychosocial interventions", "Medication")
"""The reference sets of the full clock stop."""

Sets = dict[tuple[str, int, int], list[str]]
"""The concepts of a group that are active from a day to a day."""


def concept(name: str) -> nw.Expr:
    """The concept of an expression: what stands before a colon and its refinement; "" where there is none."""
    return nw.col(name).fill_null("").str.replace_all(r"\s*:.*$", "").alias(name)


def read_reference_sets(table: Any) -> Sets | list[Problem]:
    """Read the user's table of reference sets, or say what is wrong with it.

    A frame or a list of mappings with `concept`, `group`, and `start` and `end` where it is active only from or to
    a day.
    """
    try:
        frame = nw.from_native(table, pass_through=True)
    except TypeError:
        frame = table
    if isinstance(frame, (nw.DataFrame, nw.LazyFrame)):
        found = frame.collect() if isinstance(frame, nw.LazyFrame) else frame
        rows = list(found.iter_rows(named=True))
    elif isinstance(table, (list, tuple)) and all(isinstance(row, Mapping) for row in table):
        rows = [dict(row) for row in table]
    else:
        expected = "a table of reference sets, with the columns concept, group, start and end"
        return [Problem("reference_sets", None, type(table).__name__, expected)]
    problems = [] if rows else [Problem("reference_sets", None, table, "a concept at least")]
    sets: Sets = defaultdict(list)
    for number, row in enumerate(rows):
        where = nth(number, "row")
        code, group = _text(row.get("concept")).partition(":")[0].strip(), _text(row.get("group"))
        if not code.isdigit():
            problems.append(Problem("reference_sets.concept", where, row.get("concept"), "a concept of SNOMED CT"))
        if group not in GROUPS:
            problems.append(Problem("reference_sets.group", where, row.get("group"), f"one of {', '.join(GROUPS)}"))
        days = []
        for name, default in (("start", -NEVER), ("end", NEVER)):
            value = row.get(name)
            if _text(value) in ("", "NaT"):
                days.append(default)
                continue
            day = read_date(value, f"reference_sets.{name}")
            if isinstance(day, Problem):
                problems.append(Problem(day.column, where, day.value, day.expected))
            else:
                days.append(day_number(day))
        if not problems:
            sets[group, days[0], days[1]].append(code)
    return problems or dict(sets)


def read_concepts(concepts: str | Iterable[Any]) -> frozenset[str]:
    """Concepts as they stand in records; one may stand alone."""
    return frozenset(_text(each) for each in ([concepts] if isinstance(concepts, str) else concepts))


def _text(value: Any) -> str:
    if value is None or value is pd.NA or value != value:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value)) if abs(value) <= LARGEST_EXACT else ""  # whose last digits a float has lost
    return str(value).strip()
