"""What stands behind the figures of a page: what is not shown, how to read, populations, definitions, sources."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import pandas as pd

from cmhs_metrics.catalogue import CATALOGUE
from cmhs_metrics.measures import BASES, MEASURES, Kind
from cmhs_metrics.packs.accessible_tables import table, unit_words
from cmhs_metrics.presentation import listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

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


def source_text(setting: Setting) -> str:
    """Where the data come from."""
    if setting.sample:
        return "Data: synthetic providers of the library; no real organisation is among them."
    said = f"Data: {setting.source.rstrip('.')}." if setting.source else "The source of the data was not given."
    return f"{said} The places have their boundaries {setting.boundaries}." if setting.boundaries else said


def not_shown_text(said: Iterable[NotShown]) -> str:
    """What is not in the page, and why."""
    reasons: dict[str, list[str]] = {}
    for each in said:
        reasons.setdefault(each.what, []).append(each.why)
    rows = [[what, " ".join(why)] for what, why in reasons.items()]
    text = (
        "<p>Suppressed, missing and undefined values are three things, and none of them is zero. Nothing was put in "
        "their place.</p>"
    )
    return (
        text + f'<div class="words">{table("table-not-shown", "What is not in this page", ["What", "Why"], rows)}</div>'
    )


def reading_text(comparison: Figures, further: Sequence[str] = ()) -> str:
    """How ranks, differences and intervals are to be read."""
    confidence = f"{comparison.confidence * 100:.3g}%"
    said = [
        "Ranks run from the highest value, which is 1st, whatever a high value may mean: higher is neither better nor "
        "worse here. Places with the same value share a rank.",
        "Ranks and differences are made before rounding, and may differ a little from what the rounded figures give.",
        f"Intervals are {confidence} intervals of the value, for counts of people or events: Byar's for rates, "
        "Wilson's for shares. “More than chance” says that the average lies outside the interval of the place.",
        f"Of every {round(1 / (1 - comparison.confidence)):,} places that differ by chance alone, about one is outside "
        "its interval. Contacts and referrals of one person do not come independently, so their intervals are narrower "
        "than they should be. Where nearly every place differs by more than chance, as with large counts, that alone "
        "does not mark a place out: look at its rank, and at the size of the difference.",
        "A difference tells that places differ, and not why. It may come from need, from how services are organised, "
        "from how they count, or from the quality of the data.",
        "The quarters are of places by rank: the highest quarter holds the highest values.",
        *further,
    ]
    return bullets(said)


def populations_text(comparison: Figures) -> str:
    """The kind of average, and the people below the rates."""
    text = (
        f"<p>{escape(_AVERAGES[comparison.average])} A place whose value is not known has no part in it. Of a "
        "suppressed or rounded value only its bounds are known, and so the average may have bounds too.</p>"
    )
    held = [
        name for name in map(str, comparison.measures) if name in MEASURES and MEASURES[name].kind is Kind.POPULATION
    ]
    if not held:
        return text + "<p>No populations were given, so there are no rates per 100,000 people.</p>"
    if comparison.bases:
        bases = listed([BASES[name].measure.replace("_", " ") for name in comparison.bases])
        text += f"<p>Rates stand on: {escape(bases)}. Charts use the first.</p>"
    headings = ["Population", "People", *(comparison.name(each) for each in comparison.focus)]
    rows = [
        [
            MEASURES[name].description,
            *(f"{value:,.0f}" if pd.notna(value) else "not known" for value in _people(comparison, name)),
        ]
        for name in held
    ]
    return text + table("table-populations", "People of all places, and of the places asked about", headings, rows)


def _people(comparison: Figures, name: str) -> list[float]:
    column = comparison.measures[name]
    return [float(column.sum(skipna=False)), *(float(column[each]) for each in comparison.focus)]


def definitions_text(sections: Sequence[Section], setting: Setting) -> str:
    """What each metric says, its formula, and where it is defined."""
    units = {entry.writer.metric.name: entry.writer for section in sections for entry in section.entries}
    text = f"<p>{escape(source_text(setting))}</p><dl>"
    for name in units:
        metric = CATALOGUE[name]
        text += (
            f"<dt>{escape(metric.label)} ({escape(unit_words(units[name]))})</dt><dd>{escape(metric.definition)}</dd>"
            f"<dd>Formula: {escape(metric.formula.replace('_', ' '))}</dd><dd>Source: {escape(str(metric.source))}</dd>"
        )
    return f"{text}</dl>"


def bullets(sentences: Iterable[str]) -> str:
    """Sentences as a list."""
    items = "".join(f"<li>{escape(each)}</li>" for each in sentences)
    return f'<ul class="findings">{items}</ul>' if items else ""
