"""Funnels, profiles and types of team as they stand in the page: sentences, chart, accessible table, download."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from cmhs_metrics.packs.accessible_tables import table, unit_words
from cmhs_metrics.packs.background import bullets
from cmhs_metrics.packs.downloads import download, file_name, link
from cmhs_metrics.packs.funnels import funnel_rows
from cmhs_metrics.packs.profiles import profile_data, profile_rows
from cmhs_metrics.packs.team_types import type_rows

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cmhs_metrics.packs.charts import Charts
    from cmhs_metrics.packs.figures import Figures
    from cmhs_metrics.packs.findings import Finding
    from cmhs_metrics.packs.funnels import PlaceFunnel
    from cmhs_metrics.packs.profiles import Profile
    from cmhs_metrics.packs.sections import Entry
    from cmhs_metrics.packs.team_types import ByType


def chart_box(drawing: str | None, name: str) -> str:
    """A chart in a box that scrolls by keyboard where it is too wide; nothing where there is none."""
    if not drawing:
        return ""
    box = f'<div class="chart" tabindex="0" role="group" aria-label="{escape(name)}">'
    return f"<figure>{box}{drawing}</div></figure>"


def funnel_text(
    held: PlaceFunnel, entry: Entry, comparison: Figures, charts: Charts | None, findings: Iterable[Finding]
) -> str:
    """The funnel of a metric, below what else is shown of it."""
    label = entry.writer.metric.label
    headings, rows, marked = funnel_rows(held, entry, comparison)
    caption = f"{label}: funnel, highest first [{unit_words(entry.writer)}]"
    data = held.rows.assign(name=[comparison.name(each) for each in held.rows["place"]])
    return (
        f"<h4>{escape(label)}: funnel</h4>{bullets(each.sentence for each in findings)}"
        f"{chart_box(charts.funnel(entry, held) if charts else None, f'Funnel, {label}')}"
        f"<details><summary>Limits of every place: {escape(label)}</summary>"
        f"{table(f'limits-{entry.name}', caption, headings, rows, marked=marked)}</details>"
        + link(
            data,
            file_name([entry.writer.metric.name, "funnel", comparison.period or ""]),
            f"Data of the funnel: {label}",
        )
    )


def profile_text(profile: Profile, comparison: Figures, charts: Charts | None, findings: Iterable[Finding]) -> str:
    """A profile with its table."""
    headings, rows = profile_rows(profile, comparison)
    caption = f"{profile.title}: shares [% of the whole] and amounts"
    return (
        f'<article aria-labelledby="{profile.key}"><h3 id="{profile.key}">{escape(profile.title)}</h3>'
        f"{bullets(each.sentence for each in findings)}"
        f"{chart_box(charts.profile(profile) if charts else None, f'Chart, {profile.title}')}"
        f"{table(f'table-{profile.key}', caption, headings, rows)}"
        + link(profile_data(profile, comparison), file_name([profile.key]), f"Data of the profile: {profile.title}")
        + "</article>"
    )


def type_text(of: ByType, comparison: Figures, charts: Charts | None, findings: Iterable[Finding]) -> str:
    """A metric by type of team with its table."""
    headings, rows = type_rows(of, comparison)
    unit = unit_words(next(iter(of.writers.values())))
    return (
        f'<article aria-labelledby="{of.key}"><h3 id="{of.key}">{escape(of.title)}</h3>'
        f"{bullets(each.sentence for each in findings)}"
        f"{chart_box(charts.by_team_type(of) if charts else None, f'Chart, {of.title}')}"
        f"{table(f'table-{of.key}', f'{of.title} [{unit}]', headings, rows)}"
        + link(download(of.rows, comparison), file_name([of.key]), f"Data by team type: {of.title}")
        + "</article>"
    )
