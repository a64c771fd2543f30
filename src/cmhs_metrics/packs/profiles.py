"""Profiles: of what a place's caseload, contacts, cost and staff are made, beside all places together.

The parts of a profile add up to its whole, so that one part that is hidden could be had from the others. Of a place
with a suppressed part no share is shown; nor of all places together, where a part of any place is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from cmhs_metrics.clusters import CareCluster
from cmhs_metrics.measures import MEASURES
from cmhs_metrics.packs.entering import BOUNDS
from cmhs_metrics.packs.figures import UNDEFINED
from cmhs_metrics.packs.findings import Finding
from cmhs_metrics.packs.parts import CLUSTERS, STAFF
from cmhs_metrics.packs.sections import NotShown
from cmhs_metrics.packs.wording import PLACE_NAMES
from cmhs_metrics.presentation import KNOWN, NOT_KNOWN, SUPPRESSED, amount, listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cmhs_metrics.packs.figures import Figures
    from cmhs_metrics.packs.parts import Parts

PROFILES = (
    ("caseload", "Caseload by team type", "caseload_share"),
    ("contacts", "Contacts by team type", None),
    ("total_cost", "Cost by team type", None),
    ("wte", "Staff by team type", "team_wte_share"),
)
"""The measures that are shown by type of team: title, and the metric that their shares are."""

ALL = ""
"""Stands for all places together, which no place can be called."""

FEWEST_PARTS = 2


@dataclass(frozen=True)
class Profile:
    """What a measure is made of.

    Parameters
    ----------
    key, title : str
        What its anchors and files are called, and its title.
    column : str
        What the parts are.
    measure : str
        What is shared out.
    metric : str or None
        The metric of the catalogue that the shares are, where it has one.
    values : pandas.DataFrame
        A row for each focus place and for `ALL`, a column for each part [the unit of the measure]; empty cells where
        nothing is to be shown.
    status : pandas.Series
        Of each row: whether all its parts are known.
    """

    key: str
    title: str
    column: str
    measure: str
    metric: str | None
    values: pd.DataFrame
    status: pd.Series[str]

    @property
    def shares(self) -> pd.DataFrame:
        """The share of each part in its row [proportion]."""
        return self.values.div(self.values.sum(axis=1, skipna=False), axis=0)

    @property
    def known(self) -> list[str]:
        """The rows that are shown."""
        return [str(row) for row in self.values.index[self.status == KNOWN]]

    @property
    def part_words(self) -> str:
        """What a part is called in a heading."""
        return self.column.replace("_", " ").capitalize() if self.column not in CLUSTERS else "Group of care clusters"


def profiles(comparison: Figures) -> list[Profile]:
    """The profiles that the data allow.

    Parameters
    ----------
    comparison : Figures
        The figures.

    Returns
    -------
    list of Profile
        By type of team, then the skill mix, then the care clusters; a profile of which no row is known has its title
        and no values to show.
    """
    made = []
    for parts in comparison.parts:
        if parts.unnamed:
            continue
        if parts.column in STAFF:
            kinds: Sequence[tuple[str, str, str | None]] = (("wte", "Skill mix", "skill_mix"),)
        elif parts.column in CLUSTERS:
            kinds = (("caseload", "Caseload by care cluster", "cluster_share"),)
        else:
            kinds = PROFILES
        made += [_profile(comparison, parts, *kind) for kind in kinds if kind[0] in parts.cells]
    return [each for each in made if each.values.shape[1] >= FEWEST_PARTS]


def _profile(comparison: Figures, parts: Parts, measure: str, title: str, metric: str | None) -> Profile:
    cells = parts.cells.rename(columns={comparison.by: "place"})
    order = list(parts.order)
    if parts.column in CLUSTERS:
        # Bands of the audit, for single clusters are many and small.
        groups = {each: _group(each) for each in order}
        cells, order = cells.assign(part=cells["part"].map(groups)), list(dict.fromkeys(groups.values()))
    hidden = pd.Series(False, index=cells.index)
    for end in BOUNDS:
        if f"{measure}{end}" in cells:
            hidden |= cells[f"{measure}{end}"].notna()
    cells = cells.assign(absent=cells[measure].isna(), hidden=hidden & cells[measure].isna())
    values, status = {}, {}
    for place in (*comparison.focus, ALL):
        held = cells if place == ALL else cells[cells["place"] == place]
        # A place without a team of some type has none of its caseload there: that is a zero that is known.
        sums = held.groupby("part")[measure].sum().reindex(order, fill_value=0.0)
        status[place] = (
            SUPPRESSED if held["hidden"].any() else NOT_KNOWN if held["absent"].any() or held.empty
            else UNDEFINED if sums.sum() == 0 else KNOWN
        )  # fmt: skip
        values[place] = sums if status[place] == KNOWN else sums * float("nan")
    table = pd.DataFrame(values).T.reindex(columns=order)
    key = f"profile-{measure.replace('_', '-')}-by-{parts.column.replace('_', '-')}"
    return Profile(key, title, parts.column, measure, metric, table, pd.Series(status, dtype=object))


def _group(cluster: str) -> str:
    group = CareCluster.parse(cluster, allow_unused=True).super_class
    return group.label if group is not None else "Other"


def row_name(row: str, comparison: Figures, *, short: bool = True) -> str:
    """What a row of a profile is called."""
    if row == ALL:
        return f"all {len(comparison.measures):,} {PLACE_NAMES.get(comparison.by, 'places')}"
    return comparison.short_name(row) if short else comparison.name(row)


def profile_findings(profile: Profile, comparison: Figures) -> list[Finding]:
    """The largest part of each focus place, and what it is of all places.

    Parameters
    ----------
    profile : Profile
        The profile.
    comparison : Figures
        The figures.

    Returns
    -------
    list of Finding
        A sentence for each focus place; without focus one of all places. None of a row that is not known.
    """
    shares, found = profile.shares, []
    for place in [each for each in profile.known if each != ALL] or ([] if comparison.focus else profile.known):
        row = {str(part): float(shares.at[place, part]) for part in shares}  # type: ignore[arg-type]
        largest = [part for part, share in row.items() if share == max(row.values())]
        figures = {"share": max(row.values())}
        said = f"{largest[0]} with" if len(largest) == 1 else f"{listed(largest, most=3)} with each"
        which = "the largest part is" if len(largest) == 1 else "the largest parts are"
        sentence = f"{profile.title}, {row_name(place, comparison)}: {which} {said} {_share(figures['share'])}"
        if place != ALL and ALL in profile.known and len(largest) == 1:
            figures |= {"share_of_all": float(shares[largest[0]][ALL]), "places": len(comparison.measures)}
            sentence += f"; of {row_name(ALL, comparison)} together it is {_share(figures['share_of_all'])}"
        found.append(
            Finding("profile", profile.metric or profile.measure, None, place or None, f"{sentence}.", figures)
        )
    return found


def profile_rows(profile: Profile, comparison: Figures) -> tuple[list[str], list[list[str]]]:
    """Headings and rows of the table of a profile: a row for each part, the shares and the amounts of each place."""
    unit = MEASURES[profile.measure].unit
    counted = {"GBP": "£", "patient": "patients", "contact": "contacts"}.get(unit, unit)
    headings = [profile.part_words]
    for row in profile.values.index:
        name = row_name(str(row), comparison)
        headings += [f"Share, {name}", f"{counted[0].upper()}{counted[1:]}, {name}"]
    shares = profile.shares
    rows = []
    for part in profile.values.columns:
        line = [str(part)]
        for row in profile.values.index:
            if profile.status[row] == KNOWN:
                line += [_share(shares.loc[row, part]), _amount(float(profile.values.loc[row, part]), unit)]
            else:
                line += [profile.status[row], "–"]
        rows.append(line)
    return headings, rows


def profile_data(profile: Profile, comparison: Figures) -> pd.DataFrame:
    """The figures of a profile as a file: a row for each place and part."""
    shares = profile.shares
    return pd.DataFrame(
        {
            "measure": profile.measure,
            "unit": MEASURES[profile.measure].unit,
            "period": comparison.period,
            "place": row or "all places",
            "name": row_name(str(row), comparison, short=False),
            profile.column: str(part),
            "status": profile.status[row],
            "value": profile.values.loc[row, part],
            "share": shares.loc[row, part],
        }
        for row in profile.values.index
        for part in profile.values.columns
    )


def profiles_not_shown(made: Sequence[Profile], comparison: Figures) -> list[NotShown]:
    """The profiles, or rows of them, that are left out, and why."""
    said = []
    if any(each.unnamed for each in comparison.parts):
        said.append(NotShown("By team type", "Some rows do not say what type of team they are."))
    for each in made:
        for row, status in each.status.items():
            if status == KNOWN:
                continue
            name = row_name(str(row), comparison)
            if status == SUPPRESSED:
                why = (
                    f"A part is suppressed for {name if row else 'one place or more'}: from the others it could be had."
                )
            elif status == NOT_KNOWN:
                why = f"A part is not known for {name if row else 'one place or more'}, and so neither is the whole."
            else:
                why = f"Not defined for {name}: there is nothing to divide by."
            said.append(NotShown(f"{each.title}: {name}", why))
    return said


def _amount(value: float, unit: str) -> str:
    """An amount; a count without decimals."""
    return f"{value:,.0f}" if value.is_integer() and unit != "GBP" else amount(value, unit)


def _share(value: float) -> str:
    return amount(float(value), proportion=True)
