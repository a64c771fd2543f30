"""What stands in a pack before it is written as a page, and what does not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cmhs_metrics.measures import POPULATION
from cmhs_metrics.packs.funnels import FEWEST_IN_FUNNEL, funnel_finding, funnel_of
from cmhs_metrics.packs.processes import process_of
from cmhs_metrics.packs.profiles import profile_findings, profiles, profiles_not_shown
from cmhs_metrics.packs.sections import NotShown, not_shown, sections
from cmhs_metrics.packs.team_types import by_team_type, type_findings
from cmhs_metrics.presentation import listed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmhs_metrics.packs.figures import Figures
    from cmhs_metrics.packs.findings import Finding
    from cmhs_metrics.packs.funnels import PlaceFunnel
    from cmhs_metrics.packs.processes import Process
    from cmhs_metrics.packs.profiles import Profile
    from cmhs_metrics.packs.sections import Entry, Section
    from cmhs_metrics.packs.team_types import ByType


@dataclass(frozen=True)
class Contents:
    """Everything that a page is written from.

    Parameters
    ----------
    sections : list of Section
        The parts of the audit.
    funnels : mapping of str to PlaceFunnel
        The funnels, by the name of the entry that they belong to.
    mapped : str or None
        The name of the entry that is mapped, where places are integrated care boards.
    profiles : list of Profile
        What measures are made of.
    by_type : list of ByType
        Metrics by type of team.
    further : mapping of str to list of Finding
        What is said beside funnels, profiles and metrics by type, by their names.
    not_shown : list of NotShown
        What could not be shown, and why.
    processes : mapping of str to Process
        The run charts of the only place of the focus, by the names of their entries.
    """

    sections: list[Section]
    funnels: Mapping[str, PlaceFunnel]
    mapped: str | None
    profiles: list[Profile]
    by_type: list[ByType]
    further: Mapping[str, list[Finding]]
    not_shown: list[NotShown]
    processes: Mapping[str, Process]

    @property
    def findings(self) -> list[Finding]:
        """Every sentence, in the order of the page."""
        told = []
        for section in self.sections:
            for entry in section.entries:
                told += [*entry.findings, *self.further.get(entry.name, ())]
        for key in (*(each.key for each in self.profiles), *(each.key for each in self.by_type)):
            told += self.further[key]
        return told


def contents(comparison: Figures) -> Contents:
    """Say everything that can be said of the figures.

    Parameters
    ----------
    comparison : Figures
        The figures.

    Returns
    -------
    Contents
        What the page is written from.
    """
    made = sections(comparison)
    first = _first_rate(made)
    funnels: dict[str, PlaceFunnel] = {}
    further: dict[str, list[Finding]] = {}
    for section in made:
        for entry in section.entries:
            held = funnel_of(entry, comparison, of_rate=entry is first)
            if held is not None:
                funnels[entry.name] = held
                further[entry.name] = [funnel_finding(held, entry, comparison)]
    held_profiles = profiles(comparison)
    by_type, of_types = by_team_type(comparison)
    further |= {each.key: profile_findings(each, comparison) for each in held_profiles}
    further |= {each.key: type_findings(each, comparison) for each in by_type}
    said = [*not_shown(comparison), *_no_funnels(made, funnels), *profiles_not_shown(held_profiles, comparison)]
    shown = [each for each in held_profiles if each.known]
    mapped = first.name if first is not None else None
    processes = {}
    for entry in (entry for section in made for entry in section.entries):
        if len(comparison.focus) == 1 and (found := process_of(entry, comparison, comparison.focus[0])) is not None:
            processes[entry.name] = found
    return Contents(made, funnels, mapped, shown, by_type, further, [*said, *of_types], processes)


def _first_rate(made: list[Section]) -> Entry | None:
    """The first rate of the caseload section, which has a map and a funnel."""
    entries = [entry for section in made if section.key == "caseload" for entry in section.entries]
    return next((each for each in entries if POPULATION in each.writer.metric.inputs), None)


def _no_funnels(made: list[Section], funnels: Mapping[str, PlaceFunnel]) -> list[NotShown]:
    """Counts that are in no funnel, and shares of which none is drawn."""
    counted = [entry for section in made for entry in section.entries if entry.writer.metric.counted is not None]
    without = [each.writer.metric.label for each in counted if not each.writer.funnel_words]
    undrawn = [
        each.writer.metric.label
        for each in counted
        if each.writer.funnel_words and each.writer.metric.proportion and each.name not in funnels
    ]
    said = []
    if without:
        why = f"A funnel needs {FEWEST_IN_FUNNEL} places or more, whose counts are known or lie close together"
        said.append(NotShown("Funnels", f"{why}. So there is none for: {listed(without, most=40)}."))
    if undrawn:
        why = "Some counts are suppressed or rounded, so that it is told where places lie, and no funnel is drawn"
        said.append(NotShown("Charts of funnels", f"{why}. This holds for: {listed(undrawn, most=40)}."))
    return said
