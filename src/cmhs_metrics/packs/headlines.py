"""The front page: the measures that stand on it, and the few sentences that a reader should see first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from cmhs_metrics.packs.sections import furthest, row_of
from cmhs_metrics.packs.tables import rank_cell, shown
from cmhs_metrics.presentation import KNOWN, ordinal, period_in_words

if TYPE_CHECKING:
    from cmhs_metrics.packs.contents import Contents
    from cmhs_metrics.packs.figures import Figures
    from cmhs_metrics.packs.findings import Finding, Writer
    from cmhs_metrics.packs.processes import Process
    from cmhs_metrics.packs.sections import Entry, Section

FIRST = (
    "referrals_per_100k", "open_referrals_per_100k", "referral_acceptance_rate", "waiting_over_52_weeks_rate",
    "caseload_per_100k", "contacts_per_patient", "dna_rate", "face_to_face_share", "cost_per_contact",
    "year_of_care_cost", "wte_per_100k",
)  # fmt: skip
"""The measures of a front page, where the data allow more than it has room for."""

MOST_ROWS = 9
MOST_SENTENCES, FEWEST_SENTENCES = 5, 3
MOST_FOCUS = 3
"""Of more focus places a table has no room for the values."""


@dataclass(frozen=True)
class Line:
    """A trend so small that it stands in a line of text."""

    points: str
    last: tuple[float, float]
    words: str


@dataclass(frozen=True)
class Headline:
    """A row of the front page.

    Parameters
    ----------
    entry : Entry
        The measure.
    cells : mapping of str to str
        What stands below each heading.
    peers : list of (str, str)
        The peers by name, with their values.
    trend : Line or None
        Its trend.
    process : Process or None
        What its run chart says, where there are enough periods.
    """

    entry: Entry
    cells: dict[str, str]
    peers: list[tuple[str, str]]
    trend: Line | None
    process: Process | None

    @property
    def unit(self) -> str:
        """Its unit, with its population."""
        return self.entry.writer.unit


def headline_entries(made: list[Section]) -> list[Entry]:
    """The measures of the front page, in the order of the page."""
    entries = [entry for section in made for entry in section.entries if section.key != "need"]
    entries = entries or [entry for section in made for entry in section.entries]
    if len(entries) > MOST_ROWS:
        chosen = [entry for entry in entries if entry.writer.metric.name in FIRST]
        others = [entry for entry in entries if entry not in chosen]
        wanted = [*chosen, *others][:MOST_ROWS]
        entries = [entry for entry in entries if entry in wanted]
    return entries


def headlines(made: Contents, comparison: Figures) -> list[Headline]:
    """The rows of the front page: of one place its own, of several their values, of none the range of all.

    Parameters
    ----------
    made : Contents
        What stands in the pack.
    comparison : Figures
        The figures.

    Returns
    -------
    list of Headline
        Up to nine.
    """
    focus = comparison.focus
    return [
        Headline(
            entry,
            _cells(entry, comparison),
            _peers(entry, comparison),
            _line(entry, comparison, focus),
            made.processes.get(entry.name),
        )
        for entry in headline_entries(made.sections)
    ]


def _cells(entry: Entry, comparison: Figures) -> dict[str, str]:
    writer, focus = entry.writer, comparison.focus
    average = writer.rows["average"].iloc[0]
    told = writer.amount(average) if pd.notna(average) else _between(writer, writer.rows.iloc[0])
    alone = len(comparison.measures) == 1
    if len(focus) == 1 or alone:
        row = row_of(entry, focus[0] if focus else str(comparison.measures.index[0]))
        if row is None:
            return {"Value": "–"}
        cells = {"Value": shown(writer, row)}
        if alone:
            return cells
        position = writer.funnel_position(row)
        return cells | {"Average": told, "Rank": rank_cell(writer, row), "Funnel": position or "no funnel"}
    if 0 < len(focus) <= MOST_FOCUS:
        cells = {}
        for place in focus:
            row = row_of(entry, place)
            rank = "" if row is None or pd.isna(row["rank"]) else f" ({ordinal(int(row['rank']))})"
            cells[comparison.short_name(place)] = "–" if row is None else f"{shown(writer, row)}{rank}"
        return cells | {"Average": told}
    low, high = (writer.known.sort_values(["value", "place"]).iloc[at] for at in (0, -1))
    outside = sum(count for word, count in writer.funnel_words.items() if word != "within")
    return {
        "Lowest": f"{writer.amount(low['value'])} ({comparison.short_name(low['place'])})",
        "Average": told,
        "Highest": f"{writer.amount(high['value'])} ({comparison.short_name(high['place'])})",
        "Outside the funnel": f"{outside} of {writer.places}" if writer.funnel_words else "no funnel",
    }


def _between(writer: Writer, row: pd.Series[Any]) -> str:
    low, high = row.get("average_lower"), row.get("average_upper")
    if low is None or high is None or pd.isna(low) or pd.isna(high):
        return "–"
    ends = writer.amount(low), writer.amount(high)
    return ends[0] if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}"


def _peers(entry: Entry, comparison: Figures) -> list[tuple[str, str]]:
    found = []
    for place in comparison.peers:
        row = row_of(entry, place)
        if row is not None:
            found.append((comparison.short_name(place).removesuffix(" ICB"), shown(entry.writer, row)))
    return found


def _line(entry: Entry, comparison: Figures, focus: tuple[str, ...]) -> Line | None:
    """The values of the place over the periods, within a box of 100 by 24."""
    if len(focus) > 1 or not comparison.periods or not entry.writer.moves():
        return None
    held = entry.writer.of_metric(comparison.history)
    if focus:
        values = held[held["place"] == focus[0]].set_index("period")["value"]
    else:
        values = held.groupby("period")["average"].first()
    values = values.reindex(comparison.periods)
    known = values.dropna()
    if len(known) < 2:
        return None
    low, span = float(known.min()), float(known.max() - known.min()) or 1.0
    step = 96 / (len(values) - 1)
    points = [
        (round(2 + step * at, 1), round(22 - 20 * (float(value) - low) / span, 1))
        for at, value in enumerate(values)
        if pd.notna(value)
    ]
    ends = [
        (period_in_words(each, short=True), entry.writer.amount(float(known[each]))) for each in known.index[[0, -1]]
    ]
    words = f"{ends[0][1]} in {ends[0][0]}, {ends[1][1]} in {ends[1][0]}"
    return Line(" ".join(f"{x:g},{y:g}" for x, y in points), points[-1], words)


def front_findings(content: Contents, comparison: Figures) -> list[Finding]:
    """Three to five sentences: the most certain, the largest and the newest of what is said.

    Parameters
    ----------
    content : Contents
        What stands in the pack.
    comparison : Figures
        The figures.

    Returns
    -------
    list of Finding
        Of one place: up to two positions outside a funnel (at 99.8% before 95%), the two furthest from the middle of
        the ranks, and the largest move to the period shown, first of those whose latest point is of special cause. Of
        several places or none: the widest ranges.
    """
    made = content.sections
    entries = [entry for section in made for entry in section.entries]
    if len(comparison.focus) != 1:
        if comparison.focus:
            told = [each for place in comparison.focus[:MOST_FOCUS] for each in furthest(made, place, most=2)]
            if len(told) >= FEWEST_SENTENCES:
                return told[:MOST_SENTENCES]
        spreads = [
            each for entry in entries for each in entry.further if {"fold", "within_percent"} & set(each.figures)
        ]
        return sorted(spreads, key=lambda each: -each.figures.get("fold", 1.0))[:MOST_SENTENCES]
    place = comparison.focus[0]
    positions = [each for entry in entries for each in entry.positions if each.place == place]
    certain = []
    for entry, position in zip(entries, positions, strict=True):
        row = row_of(entry, place)
        word = None if row is None or row["status"] != KNOWN else row.get("funnel_position")
        if isinstance(word, str) and word != "within":
            certain.append(("99.8" not in word, -abs(row["difference_percent"] or 0.0), position))  # type: ignore[index]
    certain.sort(key=lambda each: each[:2])
    chosen = [position for *_, position in certain[:2]]
    chosen += [each for each in furthest(made, place) if each not in chosen][: 4 - len(chosen)]
    moves = []
    for entry in entries:
        process = content.processes.get(entry.name)
        special = process is not None and bool(process.icons) and process.icons[0].words.startswith("special")
        told = [each for each in entry.further if each.kind == "trend" and each.place == place]
        moves += [(not special, -abs(each.figures.get("change_percent", 0.0)), each) for each in told]
    chosen += [each for *_, each in sorted(moves, key=lambda each: each[:2])[:1]]
    told = [each for each in positions if each.kind == "position" and each not in chosen]
    return [*chosen, *told[: max(0, FEWEST_SENTENCES - len(chosen))]][:MOST_SENTENCES]
