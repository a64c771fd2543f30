"""A hook of mkdocs: pages that hold a mark get there what the library itself says, so that nothing is written twice."""

from __future__ import annotations

import inspect
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from cmhs_metrics import TeamType, audit
from cmhs_metrics.catalogue import CATALOGUE
from cmhs_metrics.measures import BASES, MEASURES, POPULATION
from cmhs_metrics.synonyms import METRIC_WORDS, NO_LONGER_COLLECTED
from cmhs_metrics.units import DEFINITIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

    from cmhs_metrics.catalogue import Metric

PROJECT = Path(__file__).parents[2]

FORM = """
<form class="catalogue-filter" role="search" aria-label="Metrics" hidden>
<label for="catalogue-words">Search metrics</label>
<input id="catalogue-words" type="search" autocomplete="off" placeholder="cost contact">
<label for="catalogue-section">Section</label>
<select id="catalogue-section"><option value="">Every section</option></select>
<label for="catalogue-status">Status</label>
<select id="catalogue-status"><option value="">Every status</option></select>
<output for="catalogue-words catalogue-section catalogue-status" aria-live="polite"></output>
</form>
""".strip()
"""What docs/assets/catalogue.js brings to life; without scripts it stays hidden, and every metric is shown."""


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Put the generated text in the place of each mark that stands alone on its line."""
    lines = markdown.splitlines()
    return "\n".join(MARKS[line.strip()]() if line.strip() in MARKS else line for line in lines)


def catalogue() -> str:
    """Every metric, under the heading of its section, below a form that searches them."""
    parts = [FORM]
    for _, group in groupby(CATALOGUE.values(), key=lambda metric: metric.section):
        metrics = list(group)
        heading, _, subject = _subject(metrics[0]).partition(": ")
        parts += [f"## {heading}", _sentence(subject), *(entry(metric) for metric in metrics)]
    return "\n\n".join(parts)


def entry(metric: Metric) -> str:
    """One metric: what it says, how it is computed, from what, where it is defined, and an example."""
    inputs = [
        [_code(name), _described(name, unit), _code(unit or "1")] for name, unit in metric.contract.inputs.items()
    ]
    example = metric.example.call(metric.name)
    imports = [">>> import cmhs_metrics as cm", *([">>> import numpy as np"] if "np." in example else [])]
    call = "\n".join([*imports, f">>> {example}", metric.example.gives])
    parts = [
        f"### {metric.label} {{ #{metric.name} }}",
        metric.definition,
        f"`cm.{metric.name}({', '.join(metric.inputs)})` = `{metric.formula}`",
        f"**Unit:** {metric.printed_unit}",
        _table(["Input", "What it is", "Unit"], inputs),
    ]
    if POPULATION in metric.inputs:
        columns = " or ".join(_code(f"{metric.name}_{basis}") for basis in BASES)
        parts.append(f"**In a table:** the column is {columns}, after the population it was computed with.")
    if metric.contract.many:
        parts.append(
            "**In a table:** no column; it takes many values together, and gives the summary or share of them."
        )
    if metric.annual:
        parts.append("**Period:** the flow must cover a year; tables of months leave it out.")
    if metric.caveats:
        parts.append("**Read it with care:**\n\n" + "\n".join(f"- {caveat}" for caveat in metric.caveats))
    parts.append(f'**Status:** <span class="catalogue-status">{metric.status}</span>{_why(metric)}')
    if metric.published_as:
        parts.append(f"**Published as:** {', '.join(_code(each) for each in metric.published_as)}")
    if metric.name in METRIC_WORDS:
        # The search of the site finds the words that people use.
        parts.append(f"**Also called:** {', '.join(METRIC_WORDS[metric.name])}.")
    parts += [f"**Source:** {metric.source}.", f"**Example** ({metric.example.where}):", f"```pycon\n{call}\n```"]
    return "\n\n".join(parts)


def _why(metric: Metric) -> str:
    reason = NO_LONGER_COLLECTED.get(metric.name)
    return f": {reason}." if reason else ""


def declaration() -> str:
    """A declaration of a metric as it stands in the code, for those who add one."""
    return f"```py\n{inspect.getsource(CATALOGUE['cost_per_contact'].contract.body).strip()}\n```"


def vocabulary() -> str:
    """The measures that a table may hold, with their units and how each adds."""
    rows = [
        [_code(name), _code(measure.unit), measure.kind.value, _described(name, measure.unit)]
        for name, measure in MEASURES.items()
    ]
    return _table(["Column", "Unit", "Kind", "What is counted"], rows)


def units() -> str:
    """The names of the units, each with its definition where that is made of others."""
    given = {name: text.split("=")[1].strip() for name, text in DEFINITIONS.items()}
    return ", ".join(_code(name) + ("" if "[" in text else f" ({text})") for name, text in given.items()) + "."


def team_types() -> str:
    """The types of team, with the ages and the national codes that each stands for."""
    rows = [
        [
            team_type.label,
            f"`TeamType.{team_type.name}`",
            team_type.age_band.label,
            team_type.description,
            ", ".join(team_type.mhsds_codes) if len(team_type.mhsds_codes) < 5 else "every other code",
        ]
        for team_type in TeamType
    ]
    return _table(["Team type", "In Python", "Ages", "What it does", "MHSDS codes"], rows)


def reconciliation_counts() -> str:
    """What came of recomputing each document."""
    counts = {row["document"]: audit.summary(audit.reconcile(row["document"])) for row in _documents()}
    names = list(next(iter(counts.values())))
    rows = [
        [f"{row['title']} ({row['publisher']}, {row['date']})", *(str(counts[row["document"]][name]) for name in names)]
        for row in _documents()
    ]
    return _table(["Document", *names], rows)


def mistakes() -> str:
    """The printed figures that cannot be right together, with the arithmetic."""
    titles = {row["document"]: row["title"] for row in _documents()}
    rows = [
        [f"{titles[row['document']]}: {row['section']}", row["title"], row["printed"], row["arithmetic"], row["note"]]
        for row in audit.mistakes().to_dict("records")
    ]
    return _table(["Where", "What", "Printed", "Arithmetic", "Note"], rows)


def changelog() -> str:
    """What changed, from the file at the top of the project, without its title."""
    _, _, text = (PROJECT / "CHANGELOG.md").read_text(encoding="utf-8").partition("\n")
    return text.strip()


MARKS: dict[str, Callable[[], str]] = {
    "<!-- catalogue -->": catalogue,
    "<!-- declaration -->": declaration,
    "<!-- vocabulary -->": vocabulary,
    "<!-- units -->": units,
    "<!-- team-types -->": team_types,
    "<!-- reconciliation-counts -->": reconciliation_counts,
    "<!-- mistakes -->": mistakes,
    "<!-- changelog -->": changelog,
}
"""The marks, each with what takes its place."""


def _subject(metric: Metric) -> str:
    """The first paragraph of the module that declares a metric."""
    module = inspect.getmodule(metric.contract.body)
    return " ".join((inspect.getdoc(module) or metric.section).split("\n\n")[0].split())


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _described(name: str, unit: str) -> str:
    if name == POPULATION:
        return "people of the place, registered or weighted"
    if name not in MEASURES:
        return name.replace("_", " ") + ("" if unit else ", a plain number")
    whole = MEASURES[name].part_of
    return MEASURES[name].description + (f" (part of {_code(whole)})" if whole else "")


def _documents() -> list[dict[str, str]]:
    return [{str(key): str(value) for key, value in row.items()} for row in audit.documents().to_dict("records")]


def _table(heads: list[str], rows: Iterable[list[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(
        f"| {' | '.join(' '.join(cell.split()).replace('|', '&#124;') for cell in line)} |" for line in lines
    )


def _code(text: str) -> str:
    return f"`{text}`"
