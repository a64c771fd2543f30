"""A user's own table, as the command line reads it, sets people beside it and totals it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from cmhs_metrics.catalogue import CATALOGUE
from cmhs_metrics.errors import BadInput, Problem, nearest, refuse
from cmhs_metrics.measures import KEYS, MEASURES, Kind
from cmhs_metrics.presentation import listed
from cmhs_metrics.selection import column_of, not_computed
from cmhs_metrics.tables import aggregate, with_metrics
from cmhs_metrics.team_types import TEAM_TYPE_SPELLINGS, TeamType, normalise

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cmhs_metrics.returns import Return
    from cmhs_metrics.tables.aggregation import OverTime

ALL_TEAMS = "All teams"
PLACES = ("organisation", "trust", "icb", "region", "place")
"""Columns of places, the smallest first."""
_SHORT_STAYS = (TeamType.CRHT, TeamType.ASSESSMENT_BRIEF_INTERVENTION)


def read_table(
    path: str | Path,
    *,
    rename: Sequence[str] = (),
    sheet: str | None = None,
    exclude: Sequence[str] = (),
) -> Return:
    """Read the table of a command line.

    `rename`: what headings mean, each as "HEADING=name". `exclude`: labels of key columns whose rows are left out.
    Gives the table, and what was understood. Raises `BadInput` when it cannot be read, or an option does not fit it.
    """
    from cmhs_metrics.returns import read_return

    pairs = [text.rpartition("=") for text in rename]
    wrong = [
        Problem("--rename", None, text, "HEADING=name") for text, pair in zip(rename, pairs, strict=True) if not pair[0]
    ]
    refuse("the command", wrong)
    read = read_return(path, columns={heading: name for heading, _, name in pairs}, sheet=sheet)
    return _without(read, exclude) if exclude else read


def _without(read: Return, exclude: Sequence[str]) -> Return:
    from dataclasses import replace

    text = read.table.select_dtypes(exclude="number")
    problems = []
    out = pd.Series(False, index=read.table.index)
    for label in exclude:
        rows = (text == label).any(axis=1)
        if not rows.any():
            known = [each for name in text for each in text[name].dropna().unique()]
            hint = nearest(label, known)
            problems.append(Problem("--exclude", None, label, f"a label of the table{f'; {hint}' if hint else ''}"))
        out |= rows
    refuse("the command", problems)
    said = (
        f"Left out, as asked: {int(out.sum()):,} row{'s' if out.sum() != 1 else ''} of {', '.join(map(repr, exclude))}."
    )
    lines = tuple(line for line, gone in zip(read.lines, out, strict=True) if not gone)
    return replace(read, table=read.table[~out].reset_index(drop=True), questions=(*read.questions, said), lines=lines)


def read_populations(path: str | Path, table: pd.DataFrame, place: str | None) -> tuple[pd.DataFrame, str]:
    """Read the people of each place, and set them beside the rows of a table.

    `path`: a return with a column of places and population columns, or NHS England's allocations as published.
    `place`: the column of the places; the first of the usual ones that both tables have unless given. Gives the rows
    with the populations of their places [person], missing where a place has none. Raises `BadInput` when the two
    tables share no column of places, a place stands twice, or none of the places has people.
    """
    people = read_people(path)
    names = [str(name) for name in people]
    held = [name for name in names if name in MEASURES and MEASURES[name].kind is Kind.POPULATION]
    by = place or next((name for name in PLACES if name in names and name in table), None)
    problems = []
    if not held:
        problems.append(Problem(str(path), None, None, "a population column, such as registered_population"))
    if by is None or by not in people or by not in table:
        found = by or ", ".join(name for name in names if name not in MEASURES)
        problems.append(
            Problem("--populations", None, found, f"a column of places that both have: {', '.join(PLACES)}")
        )
    elif people[by].duplicated().any():
        again = people.loc[people[by].duplicated(), by].iloc[0]
        problems.append(Problem(by, None, again, "a place that stands once in the populations"))
    elif not set(people[by]) & set(table[by].dropna()):
        there, asked = sorted(map(str, set(people[by])))[:5], sorted(set(table[by].dropna()))[:5]
        problems.append(Problem(by, None, ", ".join(asked), f"places that have people, such as {', '.join(there)}"))
    problems += [
        Problem(name, None, None, "to stand in the table or in the populations") for name in held if name in table
    ]
    refuse("the populations", problems)
    return table.merge(people[[by, *held]], on=by, how="left"), str(by)


def read_people(path: str | Path) -> pd.DataFrame:
    """Read populations: a return of them, or NHS England's allocations as published, added up to ICBs.

    Gives a row for each place, or as the return has them.
    """
    from cmhs_metrics import published
    from cmhs_metrics.returns import read_return

    try:
        return read_return(path).table
    except BadInput as error:
        if not any("read_icb_allocations" in problem.expected for problem in error.problems):
            raise
    practices = published.read_icb_allocations(path)
    held = [name for name in practices if name in MEASURES]
    return practices.groupby("icb", as_index=False)[held].sum()


def table_with_totals(
    table: pd.DataFrame, place: str | None = None, over_time: OverTime | None = None
) -> tuple[pd.DataFrame, list[str]]:
    """Compute the metrics of every row, of every organisation and of the whole.

    `table`: the measures [each in its canonical unit]. `place`: the column whose people the population columns are;
    the organisation unless given. `over_time`: with several periods, makes totals over them too, of which a stock is
    the last or the mean. Gives the rows with their metrics, then the totals: measures summed first, metrics computed
    from the sums. Gives what could not be shown, and why. Raises `BadInput` when the table is not in order; see
    `validate`.
    """
    keys = [key for key in dict.fromkeys((*KEYS, *PLACES)) if key in table]
    top = next((name for name in PLACES if name in table), None)
    period = [] if over_time else [key for key in keys if key == "period"]
    notes: list[str] = []
    if over_time:
        rows, notes = _totals(table, [key for key in keys if key != "period"], place, over_time, keys)
    else:
        rows = with_metrics(table, keys=keys)
    parts = [rows]
    if top and len(rows) > rows[[top, *period]].drop_duplicates().shape[0]:
        totals, note = _totals(table, [top, *period], place, over_time, keys)
        parts.append(totals.assign(**{key: ALL_TEAMS for key in ("team", "team_type") if key in table}))
        notes += note
    if (top is None or table[top].nunique() > 1) and len(rows) > (
        rows[period].drop_duplicates().shape[0] if period else 1
    ):
        totals, note = _totals(table, period, place, over_time, keys)
        labels = {name: all_of(name) for name in PLACES} | {"team": ALL_TEAMS, "team_type": ALL_TEAMS}
        parts.append(totals.assign(**{key: label for key, label in labels.items() if key in table}))
        notes += note
    notes += [*_short_stays(rows), *_left_out(list(table.columns))]
    combined = pd.concat(parts, ignore_index=True)
    return combined[list(rows.columns)], list(dict.fromkeys(notes))


def _short_stays(rows: pd.DataFrame) -> list[str]:
    """What to beware of where a year is reckoned for each person on the caseload of teams who are there for weeks."""
    metrics = {name: column_of(str(name)) for name in rows}
    yearly = [
        name for name, each in metrics.items() if each and each[0].annual and set(each[0].denominator) == {"caseload"}
    ]
    if "team_type" not in rows or not yearly:
        return []
    known = rows.loc[rows[yearly].notna().any(axis=1), "team_type"].dropna().unique()
    found = [text for text in known if TEAM_TYPE_SPELLINGS.get(normalise(str(text))) in _SHORT_STAYS]
    if not found:
        return []
    return [
        f"A year for each person on the caseload, of {listed(found)}: people stay for less than a year, so that it "
        "looks more than it is; the audit prints no cost of a year of care for such teams."
    ]


def all_of(place: str) -> str:
    """The label of a total over all places of a column."""
    return f"All {'ICB' if place == 'icb' else place}s"


def _left_out(columns: list[str]) -> list[str]:
    """What a further column or two would give, of the metrics for which something is there already."""
    gains: dict[str, list[str]] = {}
    for name, missing in not_computed(columns).items():
        if set(CATALOGUE[name].inputs) - set(missing) - {"population"}:
            gains.setdefault(" and ".join(missing), []).append(name)
    if not gains:
        return []
    return [
        "Not computed: " + "; ".join(f"{', '.join(names)} (no {lacking})" for lacking, names in gains.items()) + "."
    ]


def _totals(
    table: pd.DataFrame, by: list[str], place: str | None, over_time: OverTime | None, keys: list[str]
) -> tuple[pd.DataFrame, list[str]]:
    held = [name for name, measure in MEASURES.items() if measure.kind is Kind.POPULATION and name in table]
    column = place or next((name for name in PLACES if name in table), None)
    if not held:
        return aggregate(table, by, over_time=over_time, keys=keys), []
    if column is not None:
        try:
            return aggregate(table, by, place=column, over_time=over_time, keys=keys), []
        except BadInput as error:
            if not all(problem.column in held for problem in error.problems):
                raise
            reason = f"the {column} has more than one population in {error.total} case{'s' if error.total > 1 else ''}"
    else:
        reason = "no column says whose people they are"
    left = table.drop(columns=held)
    return aggregate(left, by, over_time=over_time, keys=keys), [f"No totals per 100,000 people: {reason}."]
