"""The page: one file that opens anywhere, needs no network and no script, and prints.

What it says is data by now: sentences, tables, charts and downloads. Templates set it, and escape all that they set.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from cmhs_metrics.disclosure import NHS
from cmhs_metrics.errors import not_installed
from cmhs_metrics.packs.charts import Charts, history_of
from cmhs_metrics.packs.downloads import download, file_name, link
from cmhs_metrics.packs.headlines import front_findings, headlines
from cmhs_metrics.packs.notes import MOST_LINES, definitions, not_shown_rows, populations, reading, source_text
from cmhs_metrics.packs.profiles import profile_data, profile_rows
from cmhs_metrics.packs.sections import counts
from cmhs_metrics.packs.tables import Table, places_table, short_table
from cmhs_metrics.packs.team_types import type_rows
from cmhs_metrics.packs.wording import PLACE_NAMES, SINGLE_PLACES
from cmhs_metrics.presentation import listed, with_unit

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from cmhs_metrics.packs.charts import Chart
    from cmhs_metrics.packs.contents import Contents
    from cmhs_metrics.packs.downloads import Link
    from cmhs_metrics.packs.figures import Figures
    from cmhs_metrics.packs.findings import Finding
    from cmhs_metrics.packs.sections import Entry
    from cmhs_metrics.packs.setting import Setting

BY_TYPE = (
    "Each type of team is set beside the same type elsewhere. Rates are of all people of the places that have such a "
    "team, whatever ages it is for. The peers of a chart by type are all other places with such a team."
)


@dataclass(frozen=True)
class Article:
    """A metric, a profile or a metric by type of team, as the templates take it.

    Parameters
    ----------
    key, title, definition : str
        Its id, its heading, and the line below that.
    sentences : list of str
        What is said of it.
    beside : Chart or None
        The chart beside the sentences.
    charts : list of Chart
        Further charts, below these.
    table : Table
        The table that is printed.
    folded : Table or None
        The table that is folded away.
    notes : tuple of str
        What has to be borne in mind.
    links : list of Link
        Downloads.
    """

    key: str
    title: str
    sentences: list[str]
    beside: Chart | None
    table: Table
    links: list[Link]
    definition: str = ""
    charts: list[Chart] = field(default_factory=list)
    folded: Table | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Part:
    """A part of the page: its heading and what stands below it."""

    key: str
    title: str
    articles: list[Article]
    note: str = ""


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
    charts = Charts(comparison, setting.source)
    shown = content(comparison, made, setting, charts)
    return rendered("page.html", setting.templates, inline=_marked(charts.inline), **shown)


def content(comparison: Figures, made: Contents, setting: Setting, charts: Charts) -> dict[str, Any]:
    """All that the templates are given, as data."""
    parts = page_parts(comparison, made, charts)
    lines = not_shown_rows(made.not_shown)
    said, people = populations(comparison)
    rows = comparison.history if comparison.periods else comparison.rows
    focus = comparison.focus
    alone = focus[0] if len(focus) == 1 else None
    intervals = comparison.rows["lower"].notna().any()
    return {
        "setting": setting,
        "drawn": setting.charts,
        "lead": _lead(comparison),
        "names": [comparison.short_name(each) for each in focus],
        "small_counts": comparison.small_counts,
        "threshold": NHS.threshold,
        "summary": [counts(made.sections, comparison, alone)] if alone and made.sections else [],
        "findings": [
            each.sentence if alone is None else _without_name(each, comparison)
            for each in front_findings(made, comparison)
        ],
        "headlines": headlines(made, comparison),
        "markup": _marked(str),
        "average": comparison.average,
        "parts": parts,
        "not_shown": lines.head(MOST_LINES).to_dict("records"),
        "more_not_shown": max(0, len(lines) - MOST_LINES),
        "not_shown_link": link(lines, "cmhs-what-could-not-be-shown.csv", "What could not be shown, in full"),
        "reading": reading(comparison, has_funnels=_has_funnels(made), has_intervals=bool(intervals)),
        "populations": said,
        "people": people,
        "definitions": definitions(made.sections),
        "source": source_text(setting),
        "data_rows": len(rows),
        "data_link": link(download(rows, comparison), "cmhs-all-figures.csv", "All figures"),
    }


def page_parts(comparison: Figures, made: Contents, charts: Charts) -> list[Part]:
    """The parts of the audit, then profiles and metrics by type of team."""
    parts = [
        Part(section.key, section.title, [_entry(entry, comparison, charts, made) for entry in section.entries])
        for section in made.sections
    ]
    if made.profiles:
        articles = []
        for profile in made.profiles:
            headings, rows = profile_rows(profile, comparison)
            said = made.further[profile.key]
            table = Table(
                f"table-{profile.key}", f"{profile.title}: shares [% of the whole] and amounts", headings, rows
            )
            data = link(
                profile_data(profile, comparison), file_name([profile.key]), f"Data of the profile: {profile.title}"
            )
            chart = charts.profile(profile, _first(said))
            articles.append(
                Article(profile.key, profile.title, _brief(said, comparison, profile.title), chart, table, [data])
            )
        parts.append(Part("profiles", "Profiles: what services are made of", articles))
    if made.by_type:
        articles = []
        for of in made.by_type:
            headings, rows = type_rows(of, comparison)
            said = made.further[of.key]
            writer = next(iter(of.writers.values()))
            table = Table(f"table-{of.key}", with_unit(of.title, writer.unit), headings, rows)
            data = link(download(of.rows, comparison), file_name([of.key]), f"Data by team type: {of.title}")
            brief = _brief(said, comparison, f"{writer.subject} by team type")
            articles.append(Article(of.key, of.title, brief, charts.by_team_type(of, _first(said)), table, [data]))
        parts.append(Part("by-team-type", "By team type", articles, BY_TYPE))
    return parts


def charts_of(parts: Iterable[Part]) -> list[Chart]:
    """Every chart of the page, in its order."""
    articles = [article for part in parts for article in part.articles]
    return [each for article in articles for each in [article.beside, *article.charts] if each is not None]


def _entry(entry: Entry, comparison: Figures, charts: Charts, made: Contents) -> Article:
    metric = entry.writer.metric
    held, told = made.funnels.get(entry.name), made.further.get(entry.name, [])
    several = len(comparison.measures) > 1
    process = made.processes.get(entry.name)
    small: list[Chart | None] = [charts.ranked(entry)] if several else []
    small.append(charts.process(entry, process) if process else charts.trend(entry) if comparison.periods else None)
    small.append(charts.funnel(entry, held, _first(told)) if held is not None else None)
    small.append(charts.tiles(entry) if entry.name == made.mapped else None)
    drawn = [each for each in small if each is not None]
    beside = next((each for each in drawn if not each.wide), None)
    return Article(
        entry.name,
        metric.label,
        _brief([*entry.findings, *told], comparison, entry.writer.subject),
        beside,
        short_table(entry, comparison),
        _links(entry, comparison, made),
        metric.definition,
        [each for each in drawn if each is not beside],
        places_table(entry, comparison) if several else None,
        tuple(metric.caveats),
    )


def _links(entry: Entry, comparison: Figures, made: Contents) -> list[Link]:
    metric = entry.writer.metric
    named = [metric.name, comparison.period or ""]
    links = [link(download(entry.rows, comparison), file_name(named), f"Data of the chart: {metric.label}")]
    if comparison.periods and entry.writer.moves():
        rows = download(history_of(entry, comparison), comparison)
        links.append(link(rows, file_name([metric.name, "trend"]), f"Data of the trend: {metric.label}"))
    if held := made.funnels.get(entry.name):
        data = held.rows.assign(name=[comparison.name(each) for each in held.rows["place"]])
        name = file_name([metric.name, "funnel", comparison.period or ""])
        links.append(link(data, name, f"Data of the funnel: {metric.label}"))
    return links


def _first(findings: Iterable[Finding]) -> str:
    return next((each.sentence for each in findings), "")


def _brief(findings: Iterable[Finding], comparison: Figures, subject: str) -> list[str]:
    """Sentences below a heading that names the metric, and on a page of one place."""
    own = f", {comparison.short_name(comparison.focus[0])}" if len(comparison.focus) == 1 else ""
    return [each.below(subject, *([own.removeprefix(", ")] if own else [])) for each in findings]


def _without_name(finding: Finding, comparison: Figures) -> str:
    """A sentence of the only place of the page, whose name stands at its top."""
    return finding.sentence.replace(f", {comparison.short_name(comparison.focus[0])}", "", 1)


def _has_funnels(made: Contents) -> bool:
    return any(entry.writer.funnel_words for section in made.sections for entry in section.entries)


def _lead(comparison: Figures) -> str:
    """What the place is, of how many, and when."""
    number, one = len(comparison.measures), SINGLE_PLACES.get(comparison.by, "place")
    places = f"{number:,} {PLACE_NAMES.get(comparison.by, 'places') if number != 1 else one}"
    focus = [comparison.name(each) for each in comparison.focus]
    if not focus:
        said = places
    elif number == 1:
        said = f"{focus[0]}, beside no other {one}"
    else:
        said = f"{listed(focus)}, {'one' if len(focus) == 1 else f'{len(focus):,}'} of {places}"
    return f"{said}, {comparison.shown_period}" if comparison.period else said


def rendered(name: str, folder: str | Path | None = None, **shown: Any) -> str:
    """A template with what it shows; every text that it sets is escaped."""
    return str(_environment(None if folder is None else str(folder)).get_template(name).render(**shown))


@cache
def _environment(folder: str | None) -> Any:
    try:
        import jinja2
    except ImportError as error:
        raise not_installed("the page of a pack is set", "jinja2", "pack") from error
    own = jinja2.PackageLoader("cmhs_metrics.packs", "templates")
    loader = own if folder is None else jinja2.ChoiceLoader([jinja2.FileSystemLoader(folder), own])
    return jinja2.Environment(
        loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )  # fmt: skip


def _marked(made: Any) -> Any:
    """What makes markup that is safe: it escaped its own texts."""

    def safe(*given: Any) -> Any:
        from markupsafe import Markup

        return Markup(made(*given))

    return safe
