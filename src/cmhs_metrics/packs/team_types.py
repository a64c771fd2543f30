"""By team type: the chief metrics of each type of team, a place beside the same type elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from cmhs_metrics.catalogue import CATALOGUE
from cmhs_metrics.packs.figures import compared, place_of
from cmhs_metrics.packs.findings import Finding, Writer
from cmhs_metrics.packs.sections import NotShown
from cmhs_metrics.packs.tables import difference_cell, rank_cell, short_average, shown
from cmhs_metrics.packs.wording import FEWEST_PLACES
from cmhs_metrics.presentation import KNOWN, NOT_KNOWN, SUPPRESSED, listed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cmhs_metrics.packs.figures import Figures

CHIEF = ("caseload_per_100k", "contacts_per_patient", "cost_per_contact", "dna_rate", "face_to_face_share")
"""The metrics that are shown by type of team, as in the audit's profiles."""

NO_TEAM = "no such team"


@dataclass(frozen=True)
class ByType:
    """A metric of each type of team.

    Parameters
    ----------
    metric : str
        The metric.
    basis : str or None
        The population of a rate.
    writers : mapping of str to Writer
        The words for each type of team, in the audit's order.
    """

    metric: str
    basis: str | None
    writers: Mapping[str, Writer]

    @property
    def key(self) -> str:
        """What its anchors and files are called."""
        return f"by-team-type-{self.metric.replace('_', '-')}"

    @property
    def title(self) -> str:
        """The metric, by type of team."""
        return f"{CATALOGUE[self.metric].label}, by team type"

    @cached_property
    def rows(self) -> pd.DataFrame:
        """The figures of every place and type, one type below the other."""
        return pd.concat(
            [writer.rows.assign(team_type=label) for label, writer in self.writers.items()], ignore_index=True
        )


def by_team_type(comparison: Figures) -> tuple[list[ByType], list[NotShown]]:
    """The chief metrics by type of team, and what is not shown of them.

    Parameters
    ----------
    comparison : Figures
        The figures.

    Returns
    -------
    tuple of lists
        The metrics that the data allow, each for the types of team that two places or more have; and the rest, and why.
    """
    parts = next((each for each in comparison.parts if each.column == "team_type" and not each.unnamed), None)
    if parts is None:
        return [], []
    wanted = [name for name in CHIEF if name in parts.metrics]
    types, said = {}, []
    few = []
    for label in parts.order if wanted else ():
        sums = parts.cells[parts.cells["part"] == label].drop(columns="part").reset_index(drop=True)
        if len(sums) < FEWEST_PLACES:
            few.append(label)
            continue
        types[label] = _of_type(comparison, sums, wanted)
    made = []
    for name in wanted:
        basis = _basis(types, name, comparison)
        writers = {label: Writer(figures, name, basis) for label, figures in types.items()}
        writers = {label: writer for label, writer in writers.items() if writer.comparable}
        if len(writers) > 1:
            made.append(ByType(name, basis, writers))
            said += _absent(made[-1], comparison)
    if few:
        said.append(NotShown("By team type", f"Of one place only, and so not compared: {listed(few)}."))
    not_years = [CATALOGUE[name].label for name in CHIEF if name in parts.not_years]
    if not_years:
        said.append(NotShown("By team type", f"Of whole years, which some teams do not cover: {listed(not_years)}."))
    return made, said


def _of_type(comparison: Figures, sums: pd.DataFrame, wanted: Sequence[str]) -> Figures:
    there = set(sums[comparison.by])
    arguments: dict[str, Any] = {
        "by": comparison.by, "place": place_of(sums, comparison.by), "basis": comparison.bases or None,
        "average": comparison.average, "confidence": comparison.confidence,
        "focus": [each for each in comparison.focus if each in there], "peers": [],
    }  # fmt: skip
    rows = compared(sums, sums, list(wanted), arguments).assign(period=comparison.period)
    return replace(comparison, rows=rows, history=rows.iloc[:0], measures=sums.set_index(comparison.by), peers=())


def _basis(types: Mapping[str, Figures], metric: str, comparison: Figures) -> str | None:
    there = {basis for each in types.values() for basis in each.rows.loc[each.rows["metric"] == metric, "basis"]}
    return next((name for name in comparison.bases if name in there), None)


def type_findings(of: ByType, comparison: Figures) -> list[Finding]:
    """For each focus place, in how many types of team it is above and below the average of the type.

    Parameters
    ----------
    of : ByType
        The metric.
    comparison : Figures
        The figures of the pack.

    Returns
    -------
    list of Finding
        A sentence for each place that can be set beside the average in two types of team or more.
    """
    found = []
    for place in comparison.focus:
        held: dict[str, pd.Series[Any]] = {}
        for label, writer in of.writers.items():
            rows = writer.rows[(writer.rows["place"] == place) & (writer.rows["status"] == KNOWN)]
            if len(rows) and pd.notna(rows.iloc[0]["difference"]):
                held[label] = rows.iloc[0]
        if len(held) > 1:
            found.append(_finding(of, comparison, place, held))
    return found


def _finding(of: ByType, comparison: Figures, place: str, held: Mapping[str, pd.Series[Any]]) -> Finding:
    above = sum(row["difference"] > 0 for row in held.values())
    below = sum(row["difference"] < 0 for row in held.values())
    figures = {"types": float(len(held)), "above": float(above), "below": float(below)}
    size = "difference" if CATALOGUE[of.metric].proportion else "difference_percent"
    furthest = max(held, key=lambda label: abs(row) if pd.notna(row := held[label][size]) else 0.0)
    writer, row = of.writers[furthest], held[furthest]
    words = writer.distance(row["difference"], row["difference_percent"], figures, "difference")
    sentence = (
        f"{writer.subject} by team type, {comparison.short_name(place)}: above the {writer.average_in_words} of the "
        f"type in {above or 'none'} of {len(held)} types of team, below it in {below or 'none'}"
    )
    if "about" not in words and row["difference"] != 0:
        figures |= {"value": float(row["value"]), "average": float(row["average"])}
        sentence += (
            f"; furthest from it in {furthest}, {words} ({writer.amount(row['value'])} beside "
            f"{writer.amount(row['average'])})"
        )
    return Finding("team types", of.metric, of.basis, place, f"{sentence}.", figures)


def type_rows(of: ByType, comparison: Figures) -> tuple[list[str], list[list[str]]]:
    """Headings and rows of the table of a metric: a row for each type of team."""
    average = short_average(comparison).capitalize()
    focus = comparison.focus
    headings = ["Team type"]
    if not focus:
        headings += ["Lowest", average, "Highest", "Places"]
    for place in focus:
        headings += [comparison.short_name(place)]
        headings += ["Difference", "Rank"] if len(focus) == 1 else []
    headings += [average] if focus else []
    rows = []
    for label, writer in of.writers.items():
        line = [label]
        for place in focus:
            held = writer.rows[writer.rows["place"] == place]
            row = held.iloc[0] if len(held) else None
            line.append(NO_TEAM if row is None else shown(writer, row))
            if len(focus) == 1:
                line += ["–", "–"] if row is None else [difference_cell(writer, row), rank_cell(writer, row)]
        around = writer.rows["average"].iloc[0]
        told = writer.amount(around) if pd.notna(around) else "open"
        if focus:
            line.append(told)
        else:
            ends = [writer.amount(getattr(writer.known["value"], end)()) for end in ("min", "max")]
            line += [ends[0], told, ends[1], f"{writer.places:,}"]
        rows.append(line)
    return headings, rows


def _absent(of: ByType, comparison: Figures) -> list[NotShown]:
    """Values of types of team that are suppressed or not known, by type."""
    said = []
    for status, words in ((SUPPRESSED, "Suppressed in the data"), (NOT_KNOWN, "Not known")):
        told = []
        for label, writer in of.writers.items():
            places = writer.rows.loc[writer.rows["status"] == status, "place"]
            if len(places):
                told.append(f"{label} ({listed([comparison.short_name(each) for each in places], most=6)})")
        if told:
            said.append(NotShown(of.title, f"{words}: {', '.join(told)}."))
    return said
