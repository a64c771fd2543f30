"""Tables as data: a caption, headings, and cells as text; the page sets them so that screen readers find their way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from cmhs_metrics.packs.findings import Writer
from cmhs_metrics.packs.wording import per_cent
from cmhs_metrics.presentation import KNOWN, ordinal, with_unit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cmhs_metrics.packs.figures import Figures
    from cmhs_metrics.packs.sections import Entry


@dataclass(frozen=True)
class Table:
    """A table whose first column names its rows.

    Parameters
    ----------
    name : str
        The id of its caption, once in the page.
    caption : str
        What it holds.
    headings : sequence of str
        The names of the columns.
    rows : sequence of sequence of str
        The cells.
    marked : sequence of int, optional
        The rows of the focus.
    """

    name: str
    caption: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    marked: Sequence[int] = ()


def places_table(entry: Entry, comparison: Figures) -> Table:
    """Every place of a metric, by rank."""
    writer = entry.writer
    rows = ordered(writer)
    has_interval = bool(rows["lower"].notna().any())
    headings = ["Place", "Value", "Rank", f"From the {short_average(comparison)}"]
    has_funnel = bool(writer.funnel_words)
    headings += [interval_heading(comparison)] if has_interval else []
    headings += ["Funnel"] if has_funnel else []
    cells = []
    for _, row in rows.iterrows():
        line = [comparison.name(row["place"]), shown(writer, row), rank_cell(writer, row), difference_cell(writer, row)]
        line += [interval_cell(writer, row)] if has_interval else []
        cells.append([*line, writer.funnel_position(row) or "–"] if has_funnel else line)
    marked = [at for at, place in enumerate(rows["place"]) if place in comparison.focus]
    caption = with_unit(f"{writer.metric.label}: every place, highest first", writer.unit)
    return Table(f"table-{entry.name}", caption, headings, cells, marked)


def short_table(entry: Entry, comparison: Figures) -> Table:
    """The focus places, the peers, the average and the ends of a metric on every population: what is printed."""
    writers = [entry.writer] + [
        Writer(comparison, entry.writer.metric.name, basis)
        for basis in comparison.bases
        if entry.writer.basis is not None and basis != entry.writer.basis
    ]
    headings = ["Place"]
    for writer in writers:
        below = f", {writer.basis}" if len(writers) > 1 else ""
        headings += [f"Value{below}", f"Rank{below}"]
    rows: list[list[str]] = []
    for place in dict.fromkeys([*comparison.focus, *comparison.peers]):
        line = [comparison.short_name(place)]
        for writer in writers:
            row = writer.row(place)
            line += ["–", "–"] if row is None else [shown(writer, row), rank_cell(writer, row)]
        rows.append(line)
    ends = [("Highest", "max"), ("Lowest", "min")] if entry.writer.comparable else []
    averages = [("Peers together", "peer_average")] if len(comparison.peers) > 1 else []
    averages += [(short_average(comparison).capitalize(), "average")] if ends else []
    for label, column in averages:
        line = [label]
        for writer in writers:
            average = writer.rows[column].iloc[0]
            line += [writer.amount(average) if pd.notna(average) else "–", ""]
        rows.append(line)
    for label, end in ends:
        line = [label]
        for writer in writers:
            line += [writer.amount(getattr(writer.known["value"], end)()) if writer.places else "–", ""]
        rows.append(line)
    caption = with_unit(entry.writer.metric.label, entry.writer.unit)
    return Table(f"brief-{entry.name}", caption, headings, rows, list(range(len(comparison.focus))))


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
        ends = [float(row[name]) for name in ("rank_best", "rank_worst") if name in row and pd.notna(row[name])]
        if len(ends) < 2:
            return "uncertain"
        return f"{' to '.join(ordinal(int(each)) for each in ends)} of {int(row['places']):,}"
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


def interval_cell(writer: Writer, row: pd.Series[Any]) -> str:
    """The interval of a value."""
    if row["status"] != KNOWN or pd.isna(row["lower"]):
        return "–"
    return f"{writer.amount(row['lower'])} to {writer.amount(row['upper'])}"


def interval_heading(comparison: Figures) -> str:
    """For example "95% interval"."""
    return f"{comparison.confidence * 100:.3g}% interval"


def short_average(comparison: Figures) -> str:
    """What the average is, in two words or three."""
    kinds = {"pooled": "average, pooled", "mean of places": "mean of places", "median of places": "median of places"}
    return kinds[comparison.average]
