"""The figures that five documents print, each with its place, its rounding and the average that it is.

A printed figure is known to its rounding only, and less well where a word stands before it. `Figure.interval` reads both
by one rule, with v the value and p the value of its last printed digit:

=====================================================  ====================  ==========================================
Words before the figure                                 Interval              Because
=====================================================  ====================  ==========================================
none                                                    v − p/2 to v + p/2    it was rounded to its last digit
just over                                               v to v + p/2          above, and nearer to v than to the next
over, more than, at least                               v to v + p            above, short of the next
almost, nearly                                          v − p to v            below, past the one before
less than                                               0 to v                below, by nobody knows how much
around, about, approx., approximately, c, c., circa,    v − p to v + p        vaguer than rounding
estimated, typically
=====================================================  ====================  ==========================================

No figure here can be negative (falls are written as positive numbers), so an interval never goes below zero.
"""

from __future__ import annotations

import csv
import math
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from cmhs_metrics import units
from cmhs_metrics.errors import BadInput, Problem, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    import pint

AUDIT_2016_17 = "audit_2016_17"

STATISTICS = (
    "England total",
    "share of England total",
    "extrapolated to England",
    "responses",
    "target",
    "mean of organisations",
    "mean of organisations providing it",
    "median of organisations",
    "minimum of organisations",
    "maximum of organisations",
    "unknown",
)
"""What a figure can be: a total or a share of one, some average of organisations, or not said."""

_VAGUE = (-1.0, 1.0)
_WORDS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "": (-0.5, 0.5),
        "just over": (0.0, 0.5),
        "over": (0.0, 1.0),
        "more than": (0.0, 1.0),
        "at least": (0.0, 1.0),
        "almost": (-1.0, 0.0),
        "nearly": (-1.0, 0.0),
        "less than": (-math.inf, 0.0),
        "around": _VAGUE,
        "about": _VAGUE,
        "approx.": _VAGUE,
        "approximately": _VAGUE,
        "c": _VAGUE,
        "c.": _VAGUE,
        "circa": _VAGUE,
        "estimated": _VAGUE,
        "typically": _VAGUE,
    }
)


@dataclass(frozen=True)
class Figure:
    """A figure as a document prints it.

    Parameters
    ----------
    id : str
        Its name within the document, for example "finance.headline.total_cost".
    document : str
        The document, for example "audit_2016_17".
    section : str
        The heading that it stands under.
    place : str
        The words, or the cell, that it stands in.
    measure : str
        What is measured, by its name in this library where it has one.
    team_type : str
        The type of team, "all", or empty.
    category : str
        The group that it is of, where that is not a type of team.
    population_base : str
        The population of a rate, as far as the document says.
    period : str
        The year, the date, or the years from and to.
    printed : str
        The figure, letter by letter.
    unit : str
        Its unit, as pint reads it.
    value : float
        The number [unit]; NaN where "N/A" is printed.
    precision : float
        The value of the last digit that counts [unit].
    qualifier : str
        The word of approximation that goes with it, or empty.
    statistic : str
        One of `STATISTICS`.
    note : str
        What to know before using it.
    """

    id: str
    document: str
    section: str
    place: str
    measure: str
    team_type: str
    category: str
    population_base: str
    period: str
    printed: str
    unit: str
    value: float
    precision: float
    qualifier: str
    statistic: str
    note: str

    @property
    def reference(self) -> str:
        """The id, after the name of the document unless that is the 2016/17 audit."""
        return self.id if self.document == AUDIT_2016_17 else f"{self.document}:{self.id}"

    @property
    def interval(self) -> tuple[float, float]:
        """The least and the greatest value [unit] that would be printed so; NaN where none is.

        Raises
        ------
        BadInput
            When the word before the figure is none that the rule knows.
        """
        if self.qualifier not in _WORDS:
            expected = f"a word of the rule: {', '.join(word for word in _WORDS if word)}"
            raise BadInput(f"figure {self.reference}", [Problem("qualifier", None, self.qualifier, expected)])
        below, above = _WORDS[self.qualifier]
        if math.isnan(self.value):
            return math.nan, math.nan
        return max(0.0, self.value + below * self.precision), self.value + above * self.precision

    @property
    def quantity(self) -> pint.Quantity[Any]:
        """The value with its unit."""
        _define_units()
        return units.Quantity(self.value, "" if self.unit == "1" else self.unit)

    @property
    def text(self) -> str:
        """The figure with the word that goes with it, for example "around 1.9m"."""
        said = not self.qualifier or self.qualifier in self.printed.lower() or "+" in self.printed
        return self.printed if said else f"{self.qualifier} {self.printed}"


def written(value: float, unit: str) -> str:
    """Write a value as people read it, to four figures or to the whole number.

    Parameters
    ----------
    value : float
        The value [unit].
    unit : str
        Its unit, as pint reads it; only money and percentages show.

    Returns
    -------
    str
        For example "£2.38bn", "14.24%" or "698,444".

    Examples
    --------
    >>> written(2_380_000_000, "GBP"), written(14.24, "percent"), written(698_444, "patient")
    ('£2.38bn', '14.24%', '698,444')
    """
    if math.isnan(value):
        return "N/A"
    if unit.startswith("percent"):
        return f"{value:.4g}%"
    for size, letter in ((1e9, "bn"), (1e6, "m")):
        if unit.startswith("GBP") and math.inf > abs(value) >= size:
            return f"£{value / size:.4g}{letter}"
    number = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return f"£{number}" if unit.startswith("GBP") else number


def figure(id: str, document: str = AUDIT_2016_17) -> Figure:
    """Look a printed figure up.

    Parameters
    ----------
    id : str
        Its name within the document; "web_page_2019:ambition.ips" names the document too.
    document : str, default "audit_2016_17"
        The document.

    Returns
    -------
    Figure
        The figure, with its rounding and where it stands.

    Raises
    ------
    KeyError
        When there is no such figure or document; the nearest names are offered.

    References
    ----------
    NHS England Community Mental Health Services Audit 2016/17, and the other documents of `documents`.

    Examples
    --------
    >>> spend = figure("finance.headline.total_cost")
    >>> spend.printed, spend.interval
    ('£2.38b', (2375000000.0, 2385000000.0))
    """
    if ":" in id:
        document, id = id.split(":", 1)
    known = {each.id: each for each in load(document)}
    if id not in known:
        raise KeyError(f"{document} has no figure {id!r}; {nearest(id, known) or 'figures() has them all'}")
    return known[id]


def figures(document: str | None = None) -> pd.DataFrame:
    """Give every printed figure as a table.

    Parameters
    ----------
    document : str, optional
        One document; all five unless given.

    Returns
    -------
    pandas.DataFrame
        A row for each figure, with the fields of `Figure` and `low` and `high`, its interval [unit].

    Raises
    ------
    KeyError
        When there is no such document.

    References
    ----------
    NHS England Community Mental Health Services Audit 2016/17, and the other documents of `documents`.

    Examples
    --------
    >>> table = figures("audit_2016_17").set_index("id")
    >>> float(table.loc["caseload.england.caseload", "value"])
    698444.0
    """
    import pandas as pd

    rows = []
    for each in load(document):
        low, high = each.interval
        rows.append(asdict(each) | {"low": low, "high": high})
    return pd.DataFrame(rows)


def documents() -> pd.DataFrame:
    """List the documents that the figures come from.

    Returns
    -------
    pandas.DataFrame
        A row for each document: its short name, title, publisher, date and a note.

    Examples
    --------
    >>> documents()["document"].tolist()[:2]
    ['audit_2016_17', 'confederation_2025']
    """
    import pandas as pd

    return pd.DataFrame(_rows("documents"))


@cache
def load(document: str | None = None) -> tuple[Figure, ...]:
    """Read the printed figures.

    Parameters
    ----------
    document : str, optional
        One document; all five unless given.

    Returns
    -------
    tuple of Figure
        The figures, in the order of the documents.

    Raises
    ------
    KeyError
        When there is no such document.

    Examples
    --------
    >>> load("web_page_2019")[0].printed
    '370,000'
    """
    names = [row["document"] for row in _rows("documents")]
    if document is None:
        return tuple(each for name in names for each in load(name))
    if document not in names:
        raise KeyError(f"there is no document {document!r}; {nearest(document, names) or ', '.join(names)}")
    return tuple(_figure(document, row) for row in _rows(document))


def _rows(name: str) -> list[dict[str, str]]:
    with (files("cmhs_metrics.audit") / "data" / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _figure(document: str, row: dict[str, str]) -> Figure:
    texts = {name: text for name, text in row.items() if name not in ("multiplier", "value", "precision")}
    value, precision = (float(row[name] or "nan") for name in ("value", "precision"))
    return Figure(document=document, value=value, precision=precision, **texts)


def _define_units() -> None:
    """Add what is counted in these documents only."""
    registry = units.define()
    for name in ("organisation", "service", "place", "session", "team"):
        if name not in registry:
            registry.define(f"{name} = [{name}]")
    if "percentage_point" not in registry:
        registry.define("percentage_point = percent")
