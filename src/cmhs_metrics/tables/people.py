"""The people of a group: populations add over distinct places, and over nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw

from cmhs_metrics.errors import BadInput, Problem
from cmhs_metrics.measures import MEASURES, Kind
from cmhs_metrics.tables.bounds import measure_of
from cmhs_metrics.tables.entry import enter, require, row_name
from cmhs_metrics.tables.rules import TEMPORARY, WHOLE
from cmhs_metrics.tables.validation import check_cells, number

if TYPE_CHECKING:
    from cmhs_metrics.tables.entry import Frame, Table

NEVER_A_PLACE = {"period": "periods", "team_type": "team types", "team": "teams"}
"""Columns over which people do not add, however they are named."""


def of_populations(table: Table, by: list[str], populations: Any, place: list[str], total_of_known: bool) -> Frame:
    """The population of each group, from a table of places.

    Parameters
    ----------
    table : Table
        The table of teams.
    by : list of str
        What it is grouped by.
    populations : any frame that narwhals knows
        The table of places.
    place : list of str
        The columns that name places finer than the groups.
    total_of_known : bool
        Whether a total is shown that leaves out what is missing.

    Returns
    -------
    narwhals.DataFrame or narwhals.LazyFrame
        A row for each group of the columns of `by` that the table of places has, with its people.
    """
    entered = enter(populations, subject="populations")
    held = [name for name in entered.measures if MEASURES[name].kind is Kind.POPULATION]
    names = [name for name in entered.schema if name not in MEASURES]
    _check_places(table, entered, by, place, names, held)
    on = [name for name in by if name in names]
    keys = list(dict.fromkeys([*on, *(name for name in place if name in names)]))
    further = [name for name in names if name not in keys]
    if isinstance(entered.frame, nw.DataFrame):
        _refuse_what_varies(entered.frame, keys, further)
        check_cells(entered, keys or names, subject="populations")
    frame = _one_row_a_place(entered.frame, keys, held) if further else entered.frame
    known_to_teams = [name for name in place if name in table.schema and name not in by]
    if known_to_teams:
        # Only where there are teams, and all of these: a place without a population must not pass for an empty one.
        reached = table.frame.select(*on, *known_to_teams).unique(subset=[*on, *known_to_teams])
        frame = reached.join(frame, on=[*on, *known_to_teams], how="left")  # type: ignore[arg-type]
    return _sum_places(frame, on, held, total_of_known)


def _check_places(
    table: Table, entered: Table, by: list[str], place: list[str], names: list[str], held: list[str]
) -> None:
    problems = []
    if not held and not entered.problems:
        problems.append(Problem("populations", None, list(entered.schema), "a population column"))
    if entered.frame.implementation != table.frame.implementation or entered.lazy != table.lazy:
        expected = f"a {table.frame.implementation.value} table, as the teams are in"
        problems.append(Problem("populations", None, type(entered.original).__name__, expected))
    for name in names:
        if name not in by and name in NEVER_A_PLACE:
            expected = f"no {name} column, or {name!r} in by: people do not add over {NEVER_A_PLACE[name]}"
            problems.append(Problem("populations", None, name, expected))
        elif measure_of(name) in held:
            expected = "to be known exactly: people that lie between bounds are not added over places"
            problems.append(Problem(measure_of(name), None, None, expected))
    problems += [Problem("place", None, name, "a column of populations") for name in place if name not in names]
    if by and names and not any(name in names for name in by):
        problems.append(Problem("populations", None, names, f"at least one of the columns {', '.join(by)}"))
    for name in dict.fromkeys([*by, *place]):
        if name in names and name in table.schema and _kind(entered, name) != _kind(table, name):
            found = f"{name} as {entered.schema[name]}"
            problems.append(Problem("populations", None, found, f"{table.schema[name]}, as in the table of teams"))
    if problems:
        raise BadInput("aggregate", problems)


def _refuse_what_varies(frame: nw.DataFrame[Any], keys: list[str], further: list[str]) -> None:
    """A name or a region may stand beside a place; what differs between its rows tells finer places apart."""
    problems = []
    for name in further:
        pairs = frame.select(*keys, name).unique()
        held = pairs.group_by(*keys).agg(nw.len().alias(f"{TEMPORARY}held")) if keys else None
        most = len(pairs) if held is None else int(held[f"{TEMPORARY}held"].max())
        if most > 1:
            within = f"within one {' and '.join(keys)}" if keys else "over the rows"
            expected = f"a column of by, or place={name!r} if it names places finer than the groups: it varies {within}"
            problems.append(Problem("populations", None, name, expected))
    if problems:
        raise BadInput("aggregate", problems)


def _one_row_a_place(frame: Frame, keys: list[str], held: list[str]) -> Frame:
    """The people of each place; nobody's where it has several rows, which a lazy table cannot be looked at for."""
    if isinstance(frame, nw.DataFrame):
        return frame.select(*keys, *held)
    prepared = frame.with_columns(*(number(name).alias(name) for name in held), nw.lit(0).alias(f"{TEMPORARY}all"))
    facts = [nw.len().alias(f"{TEMPORARY}rows"), *(nw.col(name).max() for name in held)]
    places = prepared.group_by(*(keys or [f"{TEMPORARY}all"])).agg(*facts)
    once = nw.col(f"{TEMPORARY}rows") == 1
    return places.select(*keys, *(nw.when(once).then(nw.col(name)).alias(name) for name in held))


def _kind(table: Table, name: str) -> str:
    dtype = table.schema[name]
    return "number" if dtype.is_numeric() else "time" if dtype.is_temporal() else "text"


def of_places(table: Table, by: list[str], place: list[str], held: list[str], total_of_known: bool) -> Frame:
    """The population of each group, from the table of teams: once for each distinct place.

    Parameters
    ----------
    table : Table
        The table of teams, with population columns.
    by : list of str
        What it is grouped by.
    place : list of str
        The columns that name the places.
    held : list of str
        The population columns.
    total_of_known : bool
        Whether a total is shown that leaves out what is missing.

    Returns
    -------
    narwhals.DataFrame or narwhals.LazyFrame
        A row for each group, with its people; missing where a place has two populations.
    """
    require(table, place, "place")
    named = list(dict.fromkeys([*by, *place]))
    prepared = table.frame.with_columns(*(number(name).alias(name) for name in held))
    facts = [nw.len().alias(f"{TEMPORARY}rows")]
    for name in held:
        facts += [
            nw.col(name).min().alias(f"{TEMPORARY}min_{name}"),
            nw.col(name).max().alias(f"{TEMPORARY}max_{name}"),
            nw.col(name).count().alias(f"{TEMPORARY}known_{name}"),
        ]
    places = prepared.group_by(*named).agg(*facts)
    if isinstance(places, nw.DataFrame):
        _refuse_two_populations(places, named, held)
    once = places.with_columns(*(_one_population(name).alias(name) for name in held))
    return _sum_places(once.select(*named, *held), by, held, total_of_known)


def _one_population(name: str) -> nw.Expr:
    low, high = nw.col(f"{TEMPORARY}min_{name}"), nw.col(f"{TEMPORARY}max_{name}")
    everywhere = nw.col(f"{TEMPORARY}known_{name}") == nw.col(f"{TEMPORARY}rows")
    return nw.when((low == high) & everywhere).then(high)


def _refuse_two_populations(places: nw.DataFrame[Any], named: list[str], held: list[str]) -> None:
    problems = []
    for name in held:
        low, high = f"{TEMPORARY}min_{name}", f"{TEMPORARY}max_{name}"
        for row in places.filter(nw.col(low) < nw.col(high)).rows(named=True):
            found = f"{row[low]:,.0f} to {row[high]:,.0f}"
            problems.append(Problem(name, row_name(row, named), found, "one population for the place"))
    if problems:
        raise BadInput("the table", problems)


def _sum_places(frame: Frame, on: list[str], held: list[str], total_of_known: bool) -> Frame:
    if not on:
        frame = frame.with_columns(nw.lit(0).alias(f"{TEMPORARY}all"))
    facts = [nw.len().alias(f"{TEMPORARY}places")]
    for name in held:
        facts += [nw.col(name).sum(), nw.col(name).count().alias(f"{TEMPORARY}known_{name}")]
    prepared = frame.with_columns(*(number(name).alias(name) for name in held))
    summed = prepared.group_by(*(on or [f"{TEMPORARY}all"])).agg(*facts)
    totals = []
    for name in held:
        known = nw.col(f"{TEMPORARY}known_{name}")
        whole = known == nw.col(f"{TEMPORARY}places")
        totals += [
            nw.when(known > 0 if total_of_known else whole).then(nw.col(name)).alias(name),
            nw.when(whole).then(nw.col(name)).alias(f"{WHOLE}{name}"),
        ]
    return summed.with_columns(*totals).select(*on, *held, *(f"{WHOLE}{name}" for name in held))
