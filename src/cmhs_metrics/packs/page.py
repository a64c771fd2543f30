"""The page: one file that opens anywhere, needs no network and no script, and prints."""

from __future__ import annotations

from functools import cache
from html import escape
from importlib import resources
from typing import TYPE_CHECKING

from cmhs_metrics.disclosure import NHS
from cmhs_metrics.packs.accessible_tables import glance_table, places_table, short_table
from cmhs_metrics.packs.background import (
    bullets,
    definitions_text,
    not_shown_text,
    populations_text,
    reading_text,
    source_text,
)
from cmhs_metrics.packs.charts import Charts, history_of
from cmhs_metrics.packs.downloads import download, file_name, link
from cmhs_metrics.packs.funnels import METHOD
from cmhs_metrics.packs.further import chart_box, funnel_text, profile_text, type_text
from cmhs_metrics.packs.sections import counts, furthest
from cmhs_metrics.packs.wording import PLACE_NAMES
from cmhs_metrics.presentation import listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cmhs_metrics.packs.contents import Contents
    from cmhs_metrics.packs.figures import Figures
    from cmhs_metrics.packs.sections import Entry, Section
    from cmhs_metrics.packs.setting import Setting

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
"""What the page may load: nothing. No script runs in it, whatever a name in a table may say."""


def page(comparison: Figures, made: Contents, setting: Setting) -> str:
    """Write the page.

    Parameters
    ----------
    comparison : Figures
        The figures.
    made : Contents
        What stands in the page.
    setting : Setting
        Title, source and date.

    Returns
    -------
    str
        The HTML document: the same for the same input.
    """
    charts = Charts(comparison, setting.source) if setting.charts else None
    sections = made.sections
    parts = [
        ("summary", "Summary", _summary(comparison, sections)),
        *((each.key, each.title, _section(each, comparison, charts, made)) for each in sections),
        *_further(comparison, charts, made),
        ("not-shown", "What could not be shown", not_shown_text(made.not_shown)),
        ("reading", "How to read the figures", reading_text(comparison, [METHOD] if made.funnels else [])),
        ("populations", "Populations and averages", populations_text(comparison)),
        ("definitions", "Definitions and sources", definitions_text(sections, setting)),
        ("data", "The data", _data(comparison)),
    ]
    contents = "".join(f'<li><a href="#{key}">{escape(title)}</a></li>' for key, title, _ in parts)
    of_the_audit = {*(section.key for section in sections), "profiles", "by-team-type"}
    body = "".join(_part(key, title, text, on_a_new_page=key in of_the_audit) for key, title, text in parts)
    return (
        '<!DOCTYPE html>\n<html lang="en-GB">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="generator" content="cmhs_metrics {setting.version}">\n'
        f"<title>{escape(setting.title)}</title>\n<style>\n{_style()}</style>\n</head>\n<body>\n"
        '<a class="skip" href="#main">Skip to the summary</a>\n'
        f"{charts.shared() if charts else ''}\n"
        f"{_header(comparison, setting)}\n"
        f'<nav aria-labelledby="contents"><h2 id="contents">Contents</h2><ul>{contents}</ul></nav>\n'
        f'<main id="main" tabindex="-1">\n{body}\n</main>\n'
        f"<footer><p>Made with cmhs_metrics {escape(setting.version)}"
        f"{f' on {escape(setting.date)}' if setting.date else ''}. "
        f"{escape(source_text(setting))}</p></footer>\n</body>\n</html>\n"
    )


def _further(comparison: Figures, charts: Charts | None, made: Contents) -> list[tuple[str, str, str]]:
    """The profiles, and the metrics by type of team, where the data have these."""
    parts = []
    if made.profiles:
        text = "".join(profile_text(each, comparison, charts, made.further[each.key]) for each in made.profiles)
        parts.append(("profiles", "Profiles: what services are made of", text))
    if made.by_type:
        text = "".join(type_text(each, comparison, charts, made.further[each.key]) for each in made.by_type)
        note = (
            "Each type of team is set beside the same type elsewhere. Rates are of all people of the places that have "
            "such a team, whatever ages it is for. The peers of a chart by type are all other places with such a team."
        )
        parts.append(("by-team-type", "By team type", f'<p class="note">{note}</p>{text}'))
    return parts


def _part(key: str, title: str, text: str, *, on_a_new_page: bool) -> str:
    kind = ' class="part"' if on_a_new_page else ""
    return f'<section{kind} aria-labelledby="{key}"><h2 id="{key}">{escape(title)}</h2>{text}</section>'


@cache
def _style() -> str:
    return resources.files("cmhs_metrics.packs").joinpath("style.css").read_text(encoding="utf-8")


def _header(comparison: Figures, setting: Setting) -> str:
    places = PLACE_NAMES.get(comparison.by, "places")
    about = [
        f"{listed([comparison.name(each) for each in comparison.focus])} beside "
        if comparison.focus else "", f"{len(comparison.measures):,} {places}",
        f", {comparison.period}" if comparison.period else "",
    ]  # fmt: skip
    text = f'<header><h1>{escape(setting.title)}</h1><p class="lead">{escape("".join(about))}</p>'
    if setting.sample:
        text += (
            '<p class="notice"><strong>A sample.</strong> No data were given: these figures are of synthetic '
            "providers, made up in the proportions of the 2016/17 audit. No real organisation is among them.</p>"
        )
    if comparison.small_counts:
        number = comparison.small_counts
        text += (
            f'<p class="notice"><strong>Before you share this page:</strong> {number:,} of the counts below these '
            f"figures {'is' if number == 1 else 'are'} from 1 to {NHS.threshold - 1}. Most publications hide such "
            "counts; this page shows what it was given.</p>"
        )
    return f"{text}</header>"


def _summary(comparison: Figures, sections: Sequence[Section]) -> str:
    if not sections:
        return "<p>No metric could be compared: see what could not be shown.</p>"
    text = ""
    for at, place in enumerate(comparison.focus):
        findings = furthest(sections, place)
        text += f"<h3>{escape(comparison.name(place))}</h3>" if len(comparison.focus) > 1 else ""
        text += f"<p>{escape(counts(sections, comparison, place))}</p>"
        if findings:
            text += "<p>Furthest from the middle of the ranks, and by more than chance where that can be told:</p>"
            text += bullets(finding.sentence for finding in findings)
        text += glance_table(sections, comparison, place, f"glance-{at + 1}")
    if not comparison.focus:
        spreads = [
            each
            for section in sections
            for entry in section.entries
            for each in entry.further
            if {"fold", "within_percent"} & set(each.figures)
        ]
        spreads.sort(key=lambda each: -each.figures.get("fold", 1.0))
        text += "<p>No place was asked about. The widest ranges:</p>" + bullets(each.sentence for each in spreads[:6])
    return text


def _section(section: Section, comparison: Figures, charts: Charts | None, made: Contents) -> str:
    return "".join(_entry(entry, comparison, charts, made) for entry in section.entries)


def _entry(entry: Entry, comparison: Figures, charts: Charts | None, made: Contents) -> str:
    metric = entry.writer.metric
    figures = ""
    if charts:
        figures = chart_box(charts.ranked(entry), f"Chart, {metric.label}")
        figures += chart_box(charts.trend(entry) if comparison.periods else None, f"Chart of the trend, {metric.label}")
        figures += chart_box(charts.tiles(entry) if entry.name == made.mapped else None, f"Map, {metric.label}")
    held = made.funnels.get(entry.name)
    funnel = funnel_text(held, entry, comparison, charts, made.further[entry.name]) if held else ""
    caveats = "".join(f'<p class="note">{escape(each)}</p>' for each in metric.caveats)
    return (
        f'<article aria-labelledby="{entry.name}"><div class="entry-head">'
        f'<h3 id="{entry.name}">{escape(metric.label)}</h3><p class="definition">{escape(metric.definition)}</p>'
        f"{bullets(each.sentence for each in entry.findings)}</div>"
        f"{figures}{short_table(entry, comparison)}{caveats}"
        f"<details><summary>Every place: {escape(metric.label)}</summary>{places_table(entry, comparison)}</details>"
        f"{_downloads(entry, comparison)}{funnel}</article>"
    )


def _downloads(entry: Entry, comparison: Figures) -> str:
    name = entry.writer.metric.name
    links = [
        link(
            download(entry.rows, comparison),
            file_name([name, comparison.period or ""]),
            f"Data of the chart: {entry.writer.metric.label}",
        )
    ]
    if comparison.periods and entry.writer.moves():
        rows = download(history_of(entry, comparison), comparison)
        links.append(link(rows, file_name([name, "trend"]), f"Data of the trend: {entry.writer.metric.label}"))
    return "".join(links)


def _data(comparison: Figures) -> str:
    rows = comparison.history if comparison.periods else comparison.rows
    text = f"<p>Every figure of this page: {len(rows):,} rows, one for each metric, population, place and period.</p>"
    return text + link(download(rows, comparison), "cmhs-all-figures.csv", "All figures")
