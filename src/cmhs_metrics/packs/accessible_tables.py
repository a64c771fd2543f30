"""Tables that screen readers can find their way in: a caption, and a scope for every heading."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import pandas as pd

from cmhs_metrics.packs.findings import Writer
from cmhs_metrics.packs.sections import row_of
from cmhs_metrics.packs.wording import POPULATIONS, per_cent
from cmhs_metrics.presentation import KNOWN, ordinal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cmhs_metrics.packs.figures import Figures
    from cmhs_metrics.packs.sections import Entry, Section


def table(
    name: str, caption: str, headings: Sequence[str], rows: Iterable[Sequence[str]], *, marked: Sequence[int] = ()
) -> str:
    """A table whose first column names its rows, in a box that scrolls by keyboard where it is too wide.

    Parameters
    ----------
    name : str
        The id of its caption, once in the page.
    caption : str
        What it holds.
    headings : sequence of str
        The names of the columns.
    rows : iterable of sequence of str
        The cells, as plain text: they are escaped here.
    marked : sequence of int, optional
        The rows of the focus.

    Returns
    -------
    str
        HTML.
    """
    head = "".join(f'<th scope="col">{escape(each)}</th>' for each in headings)
    body = "".join(_row(first, others, at in marked) for at, (first, *others) in enumerate(rows))
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-labelledby="{escape(name)}">'
        f'<table><caption id="{escape(name)}">{escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _row(first: str, others: Sequence[str], is_marked: bool) -> str:
    cells = "".join(f"<td>{escape(each)}</td>" for each in others)
    mark = ' class="focus"' if is_marked else ""
    return f'<tr{mark}><th scope="row">{escape(first)}</th>{cells}</tr>'


def places_table(entry: Entry, comparison: Figures) -> str:
    """Every place of a metric, by rank."""
    writer = entry.writer
    rows = ordered(writer)
    has_interval = bool(rows["lower"].notna().any())
    headings = ["Place", "Value", "Rank", f"From the {short_average(comparison)}"]
    headings += [interval_heading(comparison), "More than chance"] if has_interval else []
    cells = []
    for _, row in rows.iterrows():
        line = [comparison.name(row["place"]), shown(writer, row), rank_cell(writer, row), difference_cell(writer, row)]
        cells.append([*line, *interval_cells(writer, row)] if has_interval else line)
    marked = [at for at, place in enumerate(rows["place"]) if place in comparison.focus]
    caption = f"{writer.metric.label}: every place, highest first [{unit_words(writer)}]"
    return table(f"table-{entry.name}", caption, headings, cells, marked=marked)


def short_table(entry: Entry, comparison: Figures) -> str:
    """The focus places, the average and the peers of a metric on every population: what is printed."""
    writers = [entry.writer] + [
        Writer(comparison, entry.writer.metric.name, basis)
        for basis in comparison.bases
        if entry.writer.basis is not None and basis != entry.writer.basis
    ]
    headings = ["Place"]
    for writer in writers:
        below = f", {writer.basis}" if writer.basis else ""
        headings += [f"Value{below}", f"Rank{below}"]
    rows: list[list[str]] = []
    for place in comparison.focus:
        line = [comparison.name(place)]
        for writer in writers:
            held = writer.rows[writer.rows["place"] == place].iloc[0]
            line += [shown(writer, held), rank_cell(writer, held)]
        rows.append(line)
    focus = list(range(len(rows)))
    for label, column in (("Peers", "peer_average"), (short_average(comparison).capitalize(), "average")):
        line = [label]
        for writer in writers:
            average = writer.rows[column].iloc[0]
            line += [writer.amount(average) if pd.notna(average) else "–", "–"]
        if column == "average" or comparison.peers:
            rows.append(line)
    for label, of_rank in (("Highest", "max"), ("Lowest", "min")):
        line = [label]
        for writer in writers:
            value = getattr(writer.known["value"], of_rank)()
            line += [writer.amount(value), "–"]
        rows.append(line)
    caption = f"{entry.writer.metric.label} [{unit_words(entry.writer)}]"
    return table(f"brief-{entry.name}", caption, headings, rows, marked=focus)


def glance_table(sections: Iterable[Section], comparison: Figures, place: str, name: str) -> str:
    """Every metric of a place on a line."""
    rows = []
    for section in sections:
        for entry in section.entries:
            writer, row = entry.writer, row_of(entry, place)
            if row is None:
                continue
            label = f"{writer.subject} [{unit_words(writer)}]"
            chance = interval_cells(writer, row)[1]
            average = writer.amount(row["average"]) if pd.notna(row["average"]) else "–"
            line = [label, shown(writer, row), average, difference_cell(writer, row), rank_cell(writer, row), chance]
            rows.append(line)
    headings = ["Metric", "Value", short_average(comparison).capitalize(), "Difference", "Rank", "More than chance"]
    return table(name, f"{comparison.name(place)} at a glance", headings, rows)


def ordered(writer: Writer) -> pd.DataFrame:
    """By rank; places alike, and places without a value, by name, so that their order tells nothing."""
    names = writer.rows["place"].map(writer.comparison.name).str.casefold()
    order = writer.rows.assign(hidden=writer.rows["status"] != KNOWN, called=names, at=writer.rows["rank"].fillna(0))
    return order.sort_values(["hidden", "at", "called"], kind="stable")


def shown(writer: Writer, row: pd.Series[Any]) -> str:
    """A value, or the word for its absence."""
    return writer.amount(row["value"]) if row["status"] == KNOWN else str(row["status"])


def rank_cell(writer: Writer, row: pd.Series[Any]) -> str:
    """A rank with the number of places."""
    if row["status"] != KNOWN or not writer.comparable:
        return "–"
    if pd.isna(row["rank"]):
        return writer.rank(row).replace(f" {writer.of_places(int(row['places'])).split()[-1]}", "")
    ties = int((writer.known["rank"] == row["rank"]).sum())
    return f"{'joint ' if ties > 1 else ''}{ordinal(int(row['rank']))} of {int(row['places']):,}"


def difference_cell(writer: Writer, row: pd.Series[Any]) -> str:
    """The distance from the average, as sentences round it."""
    if row["status"] != KNOWN or pd.isna(row["difference"]):
        return "–"
    sign = "+" if row["difference"] > 0 else "−" if row["difference"] < 0 else ""
    if writer.metric.proportion:
        points = f"{abs(row['difference']) * 100:.1f}"
        return f"{sign if float(points) else ''}{points} points"
    if pd.isna(row["difference_percent"]):
        return "–"
    percent = per_cent(row["difference_percent"])
    return f"{sign if percent != '0.0%' else ''}{percent}"


def interval_cells(writer: Writer, row: pd.Series[Any]) -> list[str]:
    """The interval, and whether the average lies outside it."""
    if row["status"] != KNOWN or pd.isna(row["lower"]):
        return ["–", "–"]
    verdict = "–" if pd.isna(row["more_than_chance"]) else "yes" if row["more_than_chance"] else "no"
    return [f"{writer.amount(row['lower'])} to {writer.amount(row['upper'])}", verdict]


def interval_heading(comparison: Figures) -> str:
    """For example "95% interval"."""
    return f"{comparison.confidence * 100:.3g}% interval"


def short_average(comparison: Figures) -> str:
    """What the average is, in two words or three."""
    kinds = {"pooled": "average, pooled", "mean of places": "mean of places", "median of places": "median of places"}
    return kinds[comparison.average]


def unit_words(writer: Writer) -> str:
    """The unit as headings show it, with its population."""
    unit = "%" if writer.metric.proportion else writer.metric.printed_unit.replace("GBP", "£")
    if writer.basis is None:
        return unit
    return unit.replace("100,000 people", f"100,000 {POPULATIONS[writer.basis]}")
