"""The people of a group: populations add over distinct places, and over nothing else."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np

from cmhs_metrics.errors import BadInput, Problem, nearest, refuse, row_name
from cmhs_metrics.measures import MEASURES, Kind
from cmhs_metrics.tables.bounds import measure_of
from cmhs_metrics.tables.casting import array_of, with_arrays
from cmhs_metrics.tables.casting import as_float as number
from cmhs_metrics.tables.checking import refuse_bad_cells
from cmhs_metrics.tables.combining import COMPLETE, TEMPORARY
from cmhs_metrics.tables.reading import read_table
from cmhs_metrics.tables.row_keys import row_numbers
from cmhs_metrics.tables.table import require
from cmhs_metrics.tables.total_rows import with_index

if TYPE_CHECKING:
    from cmhs_metrics.tables.table import Frame, Table

NEVER_A_PLACE = {"period": "periods", "team_type": "team types", "team": "teams"}
"""Columns over which people do not add, however they are named."""


def of_populations(
    table: Table, by: list[str], populations: Any, place: list[str], total_of_known: bool, notes: list[str]
) -> tuple[Frame, bool]:
    """The population of each group, from a table of places.

    `place`: the columns that name places finer than the groups. `total_of_known`: whether a total is shown that
    leaves out what is missing. `notes`: where places without a population are told. Gives a row for each group of the
    columns of `by` that the table of places has, with its people; and whether places without a population are still
    to be told.
    """
    entered = read_table(populations, subject="populations")
    held = [name for name in entered.measures if MEASURES[name].kind is Kind.POPULATION]
    names = [name for name in entered.schema if name not in MEASURES]
    _check_places(table, entered, by, place, names, held)
    on = [name for name in by if name in names]
    keys = list(dict.fromkeys([*on, *(name for name in place if name in names)]))
    further = [name for name in names if name not in keys]
    if isinstance(entered.frame, nw.DataFrame):
        _refuse_what_varies(entered.frame, keys, further)
        refuse_bad_cells(entered, keys or names, subject="populations")
    frame = _one_row_a_place(entered.frame, keys, held) if names or by else entered.frame
    known_to_teams = [name for name in place if name in table.schema and name not in by]
    if known_to_teams:
        # Only where there are teams, and all of these: a place without a population must not pass for an empty one.
        reached = table.frame.select(*on, *known_to_teams).unique(subset=[*on, *known_to_teams])
        frame = joined(reached, frame, [*on, *known_to_teams], held, notes)
    return _sum_places(frame, on, held, total_of_known), not known_to_teams


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
    in_index = [name for name in with_index(entered).schema if name not in entered.schema]
    if by and not names and (in_index or not (entered.lazy or len(entered.eager) == 1)):
        found = f"an index of {', '.join(in_index)}" if in_index else f"{len(entered.eager)} rows"
        remedy = ": reset_index() makes columns of an index" if in_index else ", or one row"
        problems.append(Problem("populations", None, found, f"a column that names the places{remedy}"))
    if by and names and not any(name in names for name in by):
        problems.append(Problem("populations", None, names, f"at least one of the columns {', '.join(by)}"))
    for name in dict.fromkeys([*by, *place]):
        if name in names and name in table.schema and _kind(entered, name) != _kind(table, name):
            found = f"{name} as {entered.schema[name]}"
            problems.append(Problem("populations", None, found, f"{table.schema[name]}, as in the table of teams"))
    refuse("aggregate", problems)


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
    refuse("aggregate", problems)


def _one_row_a_place(frame: Frame, keys: list[str], held: list[str]) -> Frame:
    """The people of each place; nobody's where it has several rows, which a lazy table cannot be looked at for."""
    if isinstance(frame, nw.DataFrame):
        return frame.select(*keys, *held)
    prepared = frame.with_columns(*(number(name).alias(name) for name in held), nw.lit(0).alias(f"{TEMPORARY}all"))
    facts = [nw.len().alias(f"{TEMPORARY}rows"), *(nw.col(name).max() for name in held)]
    places = prepared.group_by(*(keys or [f"{TEMPORARY}all"])).agg(*facts)
    once = nw.col(f"{TEMPORARY}rows") == 1
    return places.select(*keys, *(nw.when(once).then(nw.col(name)).alias(name) for name in held))


def joined(frame: Frame, people: Frame, on: list[str], held: list[str], notes: list[str] | None) -> Frame:
    """Put people beside the places of a table, whatever the storage of their names.

    `notes`: where places without people are told; None to tell nothing. Gives the places with their people; missing
    where there are none. Raises `BadInput` when no place of a table in memory has people.
    """
    if not on:
        return frame.join(people.select(*held), how="cross")  # type: ignore[arg-type]
    if not isinstance(frame, nw.DataFrame) or not isinstance(people, nw.DataFrame):
        return _joined_lazily(frame, people, on, held)
    values = matched(frame, people, on, held, notes)
    return with_arrays(frame, {name: (column, ()) for name, column in values.items()})


def matched(
    frame: nw.DataFrame[Any], people: nw.DataFrame[Any], on: list[str], held: list[str], notes: list[str] | None
) -> dict[str, Any]:
    """The people of the places of a table in memory, as arrays; see `joined`."""
    at = {_labels(row): number for number, row in enumerate(people.select(*on).rows())}
    wanted = [_labels(row) for row in frame.select(*on).rows()]
    missing = list(dict.fromkeys(labels for labels in wanted if labels not in at))
    if missing and notes is not None:
        _tell(missing, set(wanted), list(at), on, notes)
    rows = np.array([at.get(labels, len(at)) for labels in wanted], dtype=np.int64)
    return {name: np.append(array_of(people.get_column(name)).astype(np.float64), np.nan)[rows] for name in held}


def _labels(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """The labels of a place, one text in two storages or one date in two units the same."""
    return tuple(
        each.date() if isinstance(each, datetime.datetime) and each.time() == datetime.time() else each for each in row
    )


def _tell(missing: list[Any], wanted: set[Any], known: list[Any], on: list[str], notes: list[str]) -> None:
    names = [" ".join(map(str, labels)) for labels in missing]
    others = sorted(" ".join(map(str, labels)) for labels in known)
    shown = ", ".join(f"{name!r}" for name in names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    hints = [f"{name!r}: {hint}" for name in names[:5] if (hint := _nearest(name, others))]
    if len(missing) == len(wanted):
        theirs = ", ".join(f"{name!r}" for name in others[:5]) + (" …" if len(others) > 5 else "")
        expected = f"some of the places of the table, by {' and '.join(on)}: {shown}"
        hint = f" ({'; '.join(hints)})" if hints else ""
        raise BadInput("aggregate", [Problem("populations", None, theirs, f"{expected}{hint}")])
    hint = f" ({'; '.join(hints)})" if hints else ""
    notes.append(f"no population for {' and '.join(on)} {shown}, whose rates are missing{hint}")


def _nearest(name: str, known: list[str]) -> str:
    same = [each for each in known if each.strip().casefold() == name.strip().casefold()]
    return f"did you mean {same[0]!r}?" if same else nearest(name, known, count=1)


def _joined_lazily(frame: Frame, people: Frame, on: list[str], held: list[str]) -> Frame:
    """Keys of two storages are joined as what both are: text, whole numbers, or days."""
    left, right = frame.collect_schema(), people.collect_schema()
    own = {name: common for name in on if (common := _common(left[name], right[name])) is not None}
    if not own:
        return frame.join(people.select(*on, *held), on=on, how="left")  # type: ignore[arg-type]
    named = {name: f"{TEMPORARY}on_{name}" for name in on}
    cast = [(nw.col(name).cast(own[name]) if name in own else nw.col(name)).alias(key) for name, key in named.items()]
    with_keys, theirs = frame.with_columns(*cast), people.select(*cast, *held)
    return with_keys.join(theirs, on=list(named.values()), how="left").drop(*named.values())  # type: ignore[arg-type]


def _common(one: Any, other: Any) -> Any:
    if one == other:
        return None
    if one.is_numeric():
        return nw.Int64 if one.is_integer() and other.is_integer() else nw.Float64
    return nw.Date if one.is_temporal() else nw.String


def _kind(table: Table, name: str) -> tuple[bool, bool]:
    """Whether a column is of numbers, and whether it is of times; else it is of text."""
    dtype = table.schema[name]
    return dtype.is_numeric(), dtype.is_temporal()


def of_places(table: Table, by: list[str], place: list[str], held: list[str], total_of_known: bool) -> Frame:
    """The population of each group, from the table of teams: once for each distinct place.

    `table`: the table of teams, with population columns. `total_of_known`: whether a total is shown that leaves out
    what is missing. Gives a row for each group, with its people; missing where a place has two populations.
    """
    require(table, place, "place")
    named = list(dict.fromkeys([*by, *place]))
    if not table.lazy:
        return _of_places_in_memory(table, by, named, held, total_of_known)
    prepared = table.frame.with_columns(*(number(name).alias(name) for name in held))
    facts = [nw.len().alias(f"{TEMPORARY}rows")]
    for name in held:
        facts += [
            nw.col(name).min().alias(f"{TEMPORARY}min_{name}"),
            nw.col(name).max().alias(f"{TEMPORARY}max_{name}"),
            nw.col(name).count().alias(f"{TEMPORARY}known_{name}"),
        ]
    places = prepared.group_by(*named).agg(*facts)
    once = places.with_columns(*(_one_population(name).alias(name) for name in held))
    return _sum_places(once.select(*named, *held), by, held, total_of_known)


def _one_population(name: str) -> nw.Expr:
    low, high = nw.col(f"{TEMPORARY}min_{name}"), nw.col(f"{TEMPORARY}max_{name}")
    everywhere = nw.col(f"{TEMPORARY}known_{name}") == nw.col(f"{TEMPORARY}rows")
    return nw.when((low == high) & everywhere).then(high)


def _of_places_in_memory(table: Table, by: list[str], named: list[str], held: list[str], total_of_known: bool) -> Frame:
    _, first, at = np.unique(row_numbers(table, named), return_index=True, return_inverse=True)
    order = np.argsort(at, kind="stable")
    starts = np.searchsorted(at[order], np.arange(len(first)))
    rows = np.bincount(at, minlength=len(first))
    problems, people = [], {}
    for name in held:
        values = table.array(name).astype(np.float64)[order]
        low, high = np.fmin.reduceat(values, starts), np.fmax.reduceat(values, starts)
        known = np.add.reduceat((~np.isnan(values)).astype(np.int64), starts)
        for place in np.flatnonzero(low < high).tolist():
            found = f"{low[place]:,.0f} to {high[place]:,.0f}"
            row = table.eager.select(*named)[[int(first[place])]].rows(named=True)[0]
            problems.append(Problem(name, row_name(row, named), found, "one population for the place"))
        people[name] = np.where(known == rows, high, np.nan)
    refuse("the table", problems)
    _, leader, group = np.unique(row_numbers(table, by)[first], return_index=True, return_inverse=True)
    size = np.bincount(group, minlength=len(leader))
    made: dict[str, tuple[Any, tuple[str, ...]]] = {}
    for name, values in people.items():
        known = np.bincount(group, ~np.isnan(values), minlength=len(leader))
        total = np.bincount(group, np.nan_to_num(values), minlength=len(leader))
        complete = known == size
        made[name] = np.where(known > 0 if total_of_known else complete, total, np.nan), (name,)
        made[f"{COMPLETE}{name}"] = np.where(complete, total, np.nan), (name,)
    base = table.eager.select(*(by or named[:1]))[first[leader].tolist()]
    return with_arrays(base, made, table.eager).select(*by, *made)


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
            nw.when(whole).then(nw.col(name)).alias(f"{COMPLETE}{name}"),
        ]
    return summed.with_columns(*totals).select(*on, *held, *(f"{COMPLETE}{name}" for name in held))
