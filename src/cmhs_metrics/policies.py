"""Policy as data: what was asked of community mental health services, by whom, and from when until when."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from cmhs_metrics import sources
from cmhs_metrics.ambitions import AMBITIONS
from cmhs_metrics.errors import BadInput, Problem
from cmhs_metrics.periods import read_periods
from cmhs_metrics.synonyms import FOLLOWED_BY, PUBLISHED_AS

if TYPE_CHECKING:
    import pandas as pd

KINDS = ("ambition", "standard", "requirement", "oversight metric", "national measure")
CERTAINTIES = ("read", "reported", "unverified")
"""The document itself was read; another document that reports it was; or what it says could not be read."""

COLUMNS = (
    "kind", "name", "value", "unit", "numerator", "denominator", "direction", "since", "ended", "ended_by", "source",
    "certainty", "metric", "note",
)  # fmt: skip

_FINANCIAL_YEAR = re.compile(r"(\d{4})/\d{2}")


def policy(at: Any = None, *, kind: str | None = None) -> pd.DataFrame:
    """What is asked of community mental health services, or was: ambitions, standards, oversight, national measures.

    Parameters
    ----------
    at : period, optional
        Only what is in force on the first day of it, for example "2026-04" or "2026/27"; everything unless given.
    kind : {"ambition", "standard", "requirement", "oversight metric", "national measure"}, optional
        Only entries of this kind.

    Returns
    -------
    pandas.DataFrame
        A row for each entry, by `id`: its kind and name; `value` and `unit` of an ambition that has one; `numerator`
        and `denominator` in words, or as ids of other measures; `direction` ("higher is better", "lower is better",
        "neither"); `since` ("by 2023-12": it was by then) and `ended`, the first month in which it no longer is;
        `ended_by`; `source` with its place; `certainty` ("read" in the document itself, "reported" by another, or
        "unverified"); the `metric` of the catalogue, or the measure, that is the same thing or by which it is followed;
        and a `note`.

    Raises
    ------
    BadInput
        When `at` is no period, or there is no such kind.

    Notes
    -----
    Where only a date is known by which an entry was in force, it is not listed for a day before. What is marked
    [unverified] could not be read in a primary source.

    Examples
    --------
    >>> in_force = policy("2026-04")
    >>> "eip_two_weeks" in in_force.index, "access" in in_force.index
    (True, False)
    >>> policy(kind="ambition").loc["access", "ended"]
    '2025-04'
    >>> policy().loc["MRS01b", ["numerator", "denominator", "metric"]].tolist()
    ['MRS01a', 'MRS01', 'full_clock_stop_four_week_rate']
    """
    problems: list[Problem] = []
    day = None
    if at is not None:
        day = next((found.first.isoformat() for found in read_periods([at], problems, "at").values()), None)
        if day is None and not problems:
            problems.append(Problem("at", None, at, "a period or a date, for example '2026-04'"))
    if kind is not None and kind not in KINDS:
        problems.append(Problem("kind", None, kind, f"one of {', '.join(KINDS)}"))
    if problems:
        raise BadInput("policy", problems)
    entries = _entries()
    if kind is not None:
        entries = entries[entries["kind"] == kind]
    if day is not None:
        begun = entries["since"].map(lambda since: _first_day(since) <= day)
        over = entries["ended"].map(lambda ended: bool(ended) and _first_day(ended) <= day)
        entries = entries[begun & ~over]
    return entries.copy()


def _first_day(month: str) -> str:
    """The day from which something is known to be so: of "by 2023-12" the month's first."""
    text = month.removeprefix("by ")
    return text if len(text) == len("2024-07-26") else f"{text}-01"


@cache
def _entries() -> pd.DataFrame:
    import pandas as pd

    rows: dict[str, dict[str, Any]] = {}
    for name, each in AMBITIONS.items():
        due = _FINANCIAL_YEAR.fullmatch(each.date)
        passed = f"{int(due[1]) + 1}-04" if due else ""
        rows[name] = {
            "kind": "ambition", "name": each.name, "value": each.value, "unit": each.unit, "numerator": each.counts,
            "denominator": "", "direction": "lower is better" if each.at_most else "higher is better",
            "since": each.since,
            # What was to be reached by a year is asked for no longer than it, unless a document dropped it later.
            "ended": each.ended or passed,
            "ended_by": str(each.ended_by or (f"its date has passed: by {each.date}" if due else "")),
            "source": str(each.source), "certainty": each.certainty, "note": "" if due else f"by when: {each.date}",
        }  # fmt: skip
    with files("cmhs_metrics").joinpath("policies.csv").open(encoding="utf-8") as file:
        for row in pd.read_csv(file, dtype=str, keep_default_na=False).to_dict("records"):
            document = getattr(sources, row.pop("document"))
            row["source"] = str(document.section(row.pop("place")))
            rows[row.pop("id")] = {str(key): value for key, value in row.items()}
    ours = dict(FOLLOWED_BY) | {
        published.removesuffix(" [unverified]"): name for name, ids in PUBLISHED_AS.items() for published in ids
    }
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("id")
    table["metric"] = [ours.get(str(each), "") for each in table.index]
    table["unit"] = table["unit"].fillna("")
    return table[list(COLUMNS)]
