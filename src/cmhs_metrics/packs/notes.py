"""What stands behind the figures of a page: what is not shown, how to read, populations, definitions, sources."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from cmhs_metrics.catalogue import CATALOGUE
from cmhs_metrics.measures import BASES, MEASURES, Kind
from cmhs_metrics.packs.tables import Table
from cmhs_metrics.presentation import listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cmhs_metrics.packs.figures import Figures
    from cmhs_metrics.packs.sections import NotShown, Section
    from cmhs_metrics.packs.setting import Setting

_AVERAGES = {
    "pooled": (
        "The average is pooled: the metric of all places together, for which their measures are summed first, so that "
        "a larger place weighs more."
    ),
    "mean of places": "The average is the mean of the places' own values, in which every place weighs the same.",
    "median of places": "The average is the median of the places' own values: half of them lie above it, half below.",
}


MOST_LINES = 6
"""So many lines the page says of what could not be shown; a download holds all."""

_LAST = ("Columns that the data do not have", "From records of people", "It says the same", "Of whole financial years")
"""How the reasons begin that a reader asks for last."""


def source_text(setting: Setting) -> str:
    """Where the data come from."""
    if setting.sample:
        return "Data: synthetic providers of the library; no real organisation is among them."
    said = f"Data: {setting.source.rstrip('.')}." if setting.source else "The source of the data was not given."
    return f"{said} The places have their boundaries {setting.boundaries}." if setting.boundaries else said


def not_shown_rows(said: Sequence[NotShown]) -> pd.DataFrame:
    """What is not in the page, and why: what is hidden or missing before what was never there."""
    order = sorted(said, key=lambda each: each.why.startswith(_LAST))
    return pd.DataFrame([(each.what, each.why) for each in order], columns=["what", "why"])


def reading(comparison: Figures, *, has_funnels: bool, has_intervals: bool) -> list[str]:
    """How ranks, differences, funnels and intervals are to be read."""
    confidence = f"{comparison.confidence * 100:.3g}%"
    said = [_AVERAGES[comparison.average] + " A place whose value is not known has no part in it."]
    said.append(
        "Ranks run from the highest value, which is 1st, and say nothing of good or bad; places with the same value "
        "share one. Ranks and differences are made before rounding."
    )
    if has_funnels:
        said.append(
            "A funnel marks out places beyond the limits of chance, widened by how much places differ anyway (additive "
            "over-dispersion, Spiegelhalter 2005): of 1,000 places alike in all but chance and that spread, about 50 "
            "lie outside the 95% limits and 2 outside the 99.8% limits."
        )
    if has_intervals:
        said.append(
            f"Intervals are {confidence} intervals of counts of people or events: Byar's for rates, Wilson's for "
            "shares. "
            "Events of one person do not come independently, so that they are too narrow. Where the average lies "
            "outside the intervals of most places, as with large counts, the page does not speak of chance."
        )
    said.append(
        "A difference tells that places differ, and not why. Suppressed, missing and undefined values are three "
        "things, and none of them is zero: nothing was put in their place."
    )
    return said


def populations(comparison: Figures) -> tuple[str, Table | None]:
    """The people below the rates: a sentence, and their number."""
    held = [
        name for name in map(str, comparison.measures) if name in MEASURES and MEASURES[name].kind is Kind.POPULATION
    ]
    if not held:
        return "No populations were given, so there are no rates per 100,000 people.", None
    said = ""
    if comparison.bases:
        bases = listed([BASES[name].measure.replace("_", " ") for name in comparison.bases])
        said = f"Rates stand on: {bases}. Charts use the first."
    headings = ["Population", "All places", *(comparison.short_name(each) for each in comparison.focus)]
    rows = [
        [
            MEASURES[name].description,
            *(f"{value:,.0f}" if pd.notna(value) else "not known" for value in _people(comparison, name)),
        ]
        for name in held
    ]
    return said, Table("table-populations", "People", headings, rows)


def _people(comparison: Figures, name: str) -> list[float]:
    column = comparison.measures[name]
    return [float(column.sum(skipna=False)), *(float(column[each]) for each in comparison.focus)]


def definitions(sections: Sequence[Section]) -> list[tuple[str, str]]:
    """What each metric says, its formula, and where it is defined."""
    writers = {entry.writer.metric.name: entry.writer for section in sections for entry in section.entries}
    return [
        (
            f"{metric.label} ({writers[metric.name].unit})",
            f"{metric.definition} Formula: {metric.formula.replace('_', ' ')}. Source: {metric.source}.",
        )
        for metric in (CATALOGUE[name] for name in writers)
    ]
