"""The parts of a pack, in the order of the audit, each with the metrics that the data allow; and what they do not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from cmhs_metrics.benchmarking.comparison import FEW_PLACES
from cmhs_metrics.catalogue import CATALOGUE
from cmhs_metrics.measures import MEASURES, Kind
from cmhs_metrics.packs.findings import Finding, Writer
from cmhs_metrics.packs.wording import FEWEST_PLACES, per_cent
from cmhs_metrics.presentation import KNOWN, NOT_KNOWN, SUPPRESSED, listed
from cmhs_metrics.selection import not_computed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cmhs_metrics.packs.figures import Figures

PARTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "need": ("Population and need", ("population",)),
    "referrals": ("Referrals", ("referrals",)),
    "waits": ("Waiting times", ("waits",)),
    "caseload": ("Caseload", ("caseload",)),
    "clusters": ("Care clusters", ("clusters",)),
    "contacts": ("Contacts", ("contacts",)),
    "finance": ("Finance", ("finance",)),
    "workforce": ("Workforce and interventions", ("workforce", "interventions")),
    "inpatient": ("Inpatient care", ("inpatient",)),
    "partners": (
        "Partners: social care, primary care, voluntary sector",
        ("social_care", "primary_care", "voluntary_sector"),
    ),
    "transformation": ("Transformation and outcomes", ("transformation",)),
}
"""The parts of a pack: title, and the sections of the catalogue that belong to each."""

SAID_TWICE = {
    "contacts_per_patient_month": "contacts_per_patient",
    "non_face_to_face_share": "face_to_face_share",
    "non_recurrent_share": "recurrent_share",
}
"""Metrics that say the same as another, in other units or from the other side."""


@dataclass(frozen=True)
class Entry:
    """A metric in a pack: what is said of it, and the rows of its chart and table."""

    writer: Writer
    positions: tuple[Finding, ...]
    further: tuple[Finding, ...]
    rows: pd.DataFrame

    @property
    def name(self) -> str:
        """What its anchors, files and pictures are called."""
        return f"{self.writer.metric.name}-{self.writer.basis}" if self.writer.basis else self.writer.metric.name

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All that is said of it, in order."""
        return (*self.positions, *self.further)


@dataclass(frozen=True)
class Section:
    """A part of a pack."""

    key: str
    title: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class NotShown:
    """What a pack could not show, and why."""

    what: str
    why: str


def sections(comparison: Figures) -> list[Section]:
    """The parts of the audit that the data allow.

    Parameters
    ----------
    comparison : Figures
        The figures.

    Returns
    -------
    list of Section
        In the order of the audit; a part without a metric is left out.
    """
    made = []
    shown = _shown(comparison)
    for key, (title, rooms) in PARTS.items():
        names = [name for name in shown if CATALOGUE[name].section in rooms]
        names.sort(key=lambda name: rooms.index(CATALOGUE[name].section))
        entries = [_entry(comparison, name) for name in names]
        alone = len(comparison.measures) == 1
        entries = [each for each in entries if each.writer.comparable or (alone and each.writer.places)]
        if entries:
            made.append(Section(key, title, tuple(entries)))
    return made


def _shown(comparison: Figures) -> list[str]:
    held = list(dict.fromkeys(comparison.rows["metric"]))
    return [name for name in held if SAID_TWICE.get(name) not in held]


def _entry(comparison: Figures, metric: str) -> Entry:
    rows = comparison.rows[comparison.rows["metric"] == metric]
    there = set(rows["basis"].dropna())
    bases: list[str | None] = [name for name in comparison.bases if name in there] or [None]
    writer = Writer(comparison, metric, bases[0])
    further: list[Finding | None] = [writer.beside_peers(place) for place in comparison.focus]
    for basis in bases[1:]:
        other = Writer(comparison, metric, basis)
        further += [other.other_basis(place) for place in comparison.focus]
    further += [writer.trend(place) for place in comparison.focus]
    further.append(writer.spread())
    return Entry(
        writer,
        tuple(writer.position(place) for place in comparison.focus),
        tuple(each for each in further if each is not None),
        rows,
    )


def furthest(made: Iterable[Section], place: str, most: int = 5) -> list[Finding]:
    """The positions of a place that are furthest from the middle of the ranks, and no mere chance.

    Parameters
    ----------
    made : iterable of Section
        The parts of the pack.
    place : str
        The place.
    most : int, default 5
        How many at most.

    Returns
    -------
    list of Finding
        Furthest first; of equal distance in the order of the pack. A difference that chance alone may give is not
        among them, nor one in the middle half of the ranks.
    """
    found = []
    for section in made:
        for entry in section.entries:
            row = row_of(entry, place)
            if row is None or row["status"] != KNOWN or row["quartile"] not in (1, 4) or pd.isna(row["rank"]):
                continue
            if entry.writer.tells_apart and pd.notna(row["more_than_chance"]) and not row["more_than_chance"]:
                continue
            middle = (row["places"] + 1) / 2
            finding = next(each for each in entry.positions if each.place == place)
            found.append((-abs(row["rank"] - middle) / row["places"], finding))
    return [finding for _, finding in sorted(found, key=lambda each: each[0])[:most]]


def row_of(entry: Entry, place: str) -> pd.Series[Any] | None:
    """The figures of a place on the population of the chart."""
    return entry.writer.row(place)


def counts(made: Iterable[Section], comparison: Figures, place: str) -> str:
    """How many measures a place has, and where among the others it stands in them.

    Parameters
    ----------
    made : iterable of Section
        The parts of the pack.
    comparison : Figures
        The figures.
    place : str
        The place.

    Returns
    -------
    str
        A sentence or two.
    """
    rows = [row_of(entry, place) for section in made for entry in section.entries]
    known = [row for row in rows if row is not None and row["status"] == KNOWN]
    high = sum(row["quartile"] == 4 for row in known)
    low = sum(row["quartile"] == 1 for row in known)
    said = f"It has a value in {len(known)} of the {len(rows)} measures of this page."
    if len(comparison.measures) < FEW_PLACES:
        return said
    said += f" {high or 'None'} of them {'lies' if high < 2 else 'lie'} in the highest quarter of places"
    said += f" and {low or 'none'} in the lowest."
    placed = [row.get("funnel_position") for row in known if isinstance(row.get("funnel_position"), str)]
    if placed:
        outside = sum(each != "within" for each in placed)
        said += f" Of the {len(placed)} that {'has' if len(placed) == 1 else 'have'} a funnel, {outside or 'none'} "
        said += f"{'lies' if outside < 2 else 'lie'} outside its limits."
    return said


def not_shown(comparison: Figures) -> list[NotShown]:
    """What could not be shown, and why.

    Parameters
    ----------
    comparison : Figures
        The figures.

    Returns
    -------
    list of NotShown
        Metrics whose measures are missing, values that are suppressed or missing, metrics known for too few places,
        intervals that cannot be had, and columns that were not used.
    """
    said = [*_no_places(comparison), *_absent_values(comparison), *_no_intervals(comparison)]
    held = set(comparison.rows["metric"])
    said += [
        NotShown(CATALOGUE[name].label, f"It says the same as “{CATALOGUE[other].label}”, which is shown.")
        for name, other in SAID_TWICE.items()
        if name in held and other in held
    ]
    said += _missing_measures(comparison, held)
    if comparison.unused:
        said.append(NotShown("Columns that were not used", f"{listed(list(comparison.unused), most=40)}."))
    return said


def _no_places(comparison: Figures) -> list[NotShown]:
    """The rows of no place, with what they hold of everything counted."""
    held = comparison.no_place
    if held is None or held.empty:
        return []
    shares = []
    for name in (each for each in map(str, held) if each in MEASURES and MEASURES[each].kind is not Kind.POPULATION):
        own, whole = held[name].sum(skipna=False), held[name].sum() + comparison.measures[name].sum(skipna=False)
        if whole > 0 and pd.notna(own):
            shares.append(f"{per_cent(own / whole * 100)} of {name.replace('_', ' ')}")
    holds = f" They hold {listed(shares, most=40)}." if shares else ""
    why = f"No place, and so in no rank, average or chart, nor in the number of places.{holds}"
    return [NotShown(listed(list(dict.fromkeys(held.index))), why)]


def _absent_values(comparison: Figures) -> list[NotShown]:
    said = []
    words = {SUPPRESSED: "Suppressed in the data", NOT_KNOWN: "Not known"}
    for (metric, basis), rows in comparison.rows.groupby(["metric", "basis"], sort=False, dropna=False):
        if SAID_TWICE.get(str(metric)) in set(comparison.rows["metric"]):
            continue
        writer = Writer(comparison, str(metric), basis if isinstance(basis, str) else None)
        what = f"{writer.subject}{f', by {writer.basis}' if writer.basis else ''}"
        if writer.places < min(FEWEST_PLACES, len(comparison.measures)):
            why = f"Known for {writer.of_places()}: too few to compare."
            said.append(NotShown(what, why if writer.places else "Known for no place."))
        for status in dict.fromkeys(rows["status"]):
            if status != KNOWN:
                places = [comparison.name(each) for each in rows.loc[rows["status"] == status, "place"]]
                why = words.get(status, "Not defined, with nothing to divide by")
                said.append(NotShown(what, f"{why}: {listed(places, most=12)}. They have no value here, and no rank."))
    return said


def _no_intervals(comparison: Figures) -> list[NotShown]:
    without = [
        CATALOGUE[str(metric)].label
        for metric, rows in comparison.rows.groupby("metric", sort=False)
        if rows["lower"].isna().all() and (rows["status"] == KNOWN).any() and metric in _shown(comparison)
    ]
    if not without:
        return []
    why = (
        "Costs and staff are no counts of people or events, and ratios of two counts no shares: they have no interval, "
        f"and nothing is said of chance. This holds for: {listed(without, most=40)}."
    )
    return [NotShown("Intervals", why)]


def _missing_measures(comparison: Figures, held: set[str]) -> list[NotShown]:
    """Metrics that the columns do not allow, together where they lack the same."""
    lacking = not_computed(list(comparison.measures.columns))
    said = []
    for title, rooms in PARTS.values():
        needs, not_years, of_records = [], [], []
        for name, metric in CATALOGUE.items():
            if metric.section not in rooms or name in held:
                continue
            if metric.contract.many:
                of_records.append(metric.label)
            elif name in lacking:
                needs.append(f"{metric.label} (needs {listed(lacking[name])})")
            elif metric.annual and set(metric.inputs) <= set(comparison.measures.columns):
                not_years.append(metric.label)
        if needs:
            said.append(NotShown(title, f"Columns that the data do not have: {'; '.join(needs)}."))
        if not_years:
            said.append(NotShown(title, f"Of whole financial years, which the period is not: {'; '.join(not_years)}."))
        if of_records:
            why = "From records of people, or from the parts of a whole, which a table of places does not hold"
            said.append(NotShown(title, f"{why}: {'; '.join(of_records)}."))
    return said
