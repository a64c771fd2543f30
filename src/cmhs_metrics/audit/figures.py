"""The figures that five documents print, each with its place, its rounding and the average that it is."""

from __future__ import annotations

import csv
import math
from dataclasses import asdict, dataclass
from functools import cache
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from cmhs_metrics import units
from cmhs_metrics.audit.naming import metric_of
from cmhs_metrics.audit.rounding import interval
from cmhs_metrics.errors import nearest
from cmhs_metrics.signatures import checked

if TYPE_CHECKING:
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
        """The least and the greatest value [unit] that would be printed so; NaN where none is."""
        return interval(self.value, self.precision, self.qualifier)

    @property
    def quantity(self) -> pint.Quantity[Any]:
        """The value with its unit."""
        return units.Quantity(self.value, "" if self.unit == "1" else self.unit)

    @property
    def metric(self) -> str:
        """The metric or function that the figure is a value of; empty where it is a measure, or defines something."""
        return metric_of(self.id, self.measure)

    def _repr_html_(self) -> str:
        rows = {
            "Section": self.section,
            "Words": self.place,
            "Printed": " ".join(part for part in (self.qualifier, self.printed) if part),
            "Value": "" if math.isnan(self.value) else f"{self.value:,.10g} {'' if self.unit == '1' else self.unit}",
            "What it is": self.statistic,
            "Team type": self.team_type,
            "Of": self.category,
            "Population": self.population_base,
            "Period": self.period,
            "Note": self.note,
        }
        cells = "".join(
            f'<tr><th scope="row">{key}</th><td style="text-align:left">{escape(text)}</td></tr>'
            for key, text in rows.items()
            if text
        )
        return f"<table><caption><b>{escape(self.id)}</b> ({escape(self.document)})</caption>{cells}</table>"

    @property
    def text(self) -> str:
        """The figure with the word that goes with it, for example "around 1.9m"."""
        # A sign or another form of words (">18", "20,000 +", "most") stands for the word that the rule knows.
        said = self.qualifier in self.place.lower() and self.qualifier not in self.printed.lower()
        return f"{self.qualifier} {self.printed}" if self.qualifier and said else self.printed


def written(value: float, unit: str) -> str:
    """Write a value as people read it, to four figures or to the whole number.

    `value`: the value [unit]. `unit`: its unit, as pint reads it; only money and percentages show. Gives for example
    "£2.38bn", "14.24%" or "698,444".

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
    # The ends of a rounded whole number lie at a half.
    number = f"{value:.4g}" if abs(value) < 1000 else f"{value:,.1f}" if value % 1 == 0.5 else f"{value:,.0f}"
    return f"£{number}" if unit.startswith("GBP") else number


@checked
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
        A row for each figure, with the fields of `Figure`, its interval as `low` and `high` [unit], and the `metric` or
        function of this library that it is a value of.

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
        rows.append(asdict(each) | {"low": low, "high": high, "metric": each.metric})
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

    Gives the figures, in the order of the documents.

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
    text = (files("cmhs_metrics.audit") / "data" / f"{name}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def _figure(document: str, row: dict[str, str]) -> Figure:
    texts = {name: text for name, text in row.items() if name not in ("multiplier", "value", "precision")}
    value, precision = (float(row[name] or "nan") for name in ("value", "precision"))
    return Figure(document=document, value=value, precision=precision, **texts)
