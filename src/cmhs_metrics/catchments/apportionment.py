"""Apportioning: the measures of places brought to other places, by shares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np

from cmhs_metrics.catalogue import CATALOGUE
from cmhs_metrics.catchments.amounts import refuse_other_than_text
from cmhs_metrics.catchments.largest_remainder import largest_remainder
from cmhs_metrics.catchments.rows import NOT_COVERED, ROUNDING, unknown_place
from cmhs_metrics.errors import BadInput, Problem, nearest, refuse, row_name
from cmhs_metrics.measures import KEYS, MEASURES, POPULATION, Kind
from cmhs_metrics.numeric.frames import as_text, beside, is_text
from cmhs_metrics.periods import is_missing
from cmhs_metrics.signatures import checked
from cmhs_metrics.tables.bounds import LOWER, bounded_measures, measure_of
from cmhs_metrics.tables.casting import as_float
from cmhs_metrics.tables.checking import LISTED, refuse_bad_cells
from cmhs_metrics.tables.reading import read_table
from cmhs_metrics.tables.table import require

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cmhs_metrics.catchments.rows import Uncovered
    from cmhs_metrics.catchments.shares import Shares
    from cmhs_metrics.tables.table import Frame, Table

_TEMPORARY = "_apportion_"
_TO, _SHARE, _ORDER = f"{_TEMPORARY}to", f"{_TEMPORARY}share", f"{_TEMPORARY}order"


@checked
def apportion(
    table: Any,
    shares: Shares,
    *,
    by: str,
    to: str,
    measures: Sequence[str] | None = None,
    integers: bool = False,
    uncovered: Uncovered = "refuse",
    keys: Sequence[str] | None = None,
    populations: bool = False,
    also: Sequence[str] = (),
) -> Any:
    """Bring the measures of a table from the places that it has to others, such as from trusts to ICBs.

    Parameters
    ----------
    table : any frame that narwhals knows
        A row for each place and, where they are there, team, team type and period [measures each in its canonical
        unit]. Where a measure has bounds (``caseload_lower`` and ``caseload_upper``), they go with it.
    shares : Shares
        The share of each place that belongs to each of the others.
    by : str
        The column of the places that the table has [text], for example "organisation".
    to : str
        The name of the column of the others, for example "icb", which takes its place.
    measures : sequence of str, optional
        The measures to apportion, flows and stocks only; the others, metrics and populations are then left out. By
        default all, in a table that has no metrics, and populations only where they are asked for.
    integers : bool, default False
        Whether whole numbers stay whole, by largest remainders within each measure and each group of the other keys:
        equal remainders are served in the order of the places' names, and a part is kept within its whole. Not for lazy
        tables: remainders are ranked over whole groups. Bounds are then taken outwards to whole numbers.
    uncovered : {"refuse", "keep"}, default "refuse"
        What to do with places of which there are no shares: refuse them, or keep their measures in "not covered". A
        lazy table is not looked into: it keeps them there.
    keys : sequence of str, optional
        The columns that name a row; see `validate`. By default the standard ones and `by`.
    populations : bool, default False
        Whether populations are shared out as well, so that a place gets the people of its catchment by proportionate
        flow: of each place where people live, the share that it serves. Right where the table has the people of
        distinct places and the shares are of people.
    also : sequence of str, optional
        Further columns of numbers that add and are shared out, such as people weighted for other services.

    Returns
    -------
    The same kind of table
        A row for each of the other places and each group of the other columns, in the order in which groups first
        appear (a lazy table comes sorted by them): the columns that are not measures, as keys, and the measures [their
        canonical units], which add to the totals that they had. A measure is missing where any part of it is. Bounds
        are shared out and added as the values are, so that the bounds of all places add to those that there were; a
        suppressed value stays empty between its bounds. The name of a place (a column called as `by`, with "_name")
        is left out, for the new places have others.

    Raises
    ------
    BadInput
        When a cell is wrong (see `validate`), a place has no shares, a column is a metric, a population or a count of
        organisations, a number is not whole though it should stay so, or the table is lazy and should.

    Notes
    -----
    Metrics are not apportioned: apportion the measures and compute the metrics again, with `with_metrics` or
    `aggregate`. Populations are those of distinct places, and are shared out only on request: take those of the new
    places where they are published.
    Apportioning takes every measure of a trust to be spread as the shares are; what it does not know is how patients of
    two ICBs differ within one trust.

    References
    ----------
    NHS Benchmarking Network, Community Mental Health Services Audit 2016/17: Introduction, on boundaries of Trusts and
    STPs. M. L. Balinski and H. P. Young, Fair Representation (2nd ed., Brookings, 2001), on largest remainders.

    Examples
    --------
    >>> import pandas as pd
    >>> from cmhs_metrics.catchments import Shares, apportion
    >>> trusts = pd.DataFrame({"organisation": ["RT1", "RYK"], "contacts": [800, 400], "total_cost": [80_000, 60_000]})
    >>> shares = Shares({"RT1": {"QUE": 0.75, "QH8": 0.25}, "RYK": {"QUE": 1.0}})
    >>> apportion(trusts, shares, by="organisation", to="icb")
       icb  contacts  total_cost
    0  QH8     200.0     20000.0
    1  QUE    1000.0    120000.0

    A count that is suppressed, or a total with a suppressed part, keeps its bounds:

    >>> counts = pd.DataFrame({"organisation": ["RT1"], "caseload": [float("nan")], "caseload_lower": [1_000]})
    >>> apportion(counts.assign(caseload_upper=[1_004]), shares, by="organisation", to="icb")
       icb  caseload  caseload_lower  caseload_upper
    0  QH8       NaN           250.0           251.0
    1  QUE       NaN           750.0           753.0
    """
    entered = read_table(table)
    require(entered, [by], "by")
    chosen = _measures(entered, by, to, measures, populations) if measures or not also else []
    if integers and entered.lazy:
        expected = "a table in memory (collect it first): remainders are ranked over whole groups"
        raise BadInput("apportion", [Problem("integers", None, integers, expected)])
    if not entered.lazy:
        refuse_bad_cells(
            entered, keys if keys is not None else [by, *(k for k in KEYS if k in entered.schema and k != by)]
        )
        _refuse_unknown(entered, by, shares, uncovered)
    if integers:
        _refuse_fractions(entered, by, [name for name in chosen if not _is_population(name)])
    bounded = bounded_measures(entered)
    chosen = [name for name in entered.schema if measure_of(name) in chosen and measure_of(name) in (name, *bounded)]
    require(entered, list(also), "also")
    expected = "a column of numbers, which add and are shared out"
    texts = [name for name in also if entered.schema[name] == nw.Boolean or is_text(entered.schema[name])]
    refuse("the table", [Problem(name, None, str(entered.schema[name]), expected) for name in texts])
    chosen += [name for name in also if name not in chosen]
    left_out = {by, f"{by}_name", *also}
    others = [
        name for name in entered.schema
        if measure_of(name) not in MEASURES and name not in left_out and not _is_metric(name)
    ]  # fmt: skip
    columns = [to if name == by else name for name in entered.schema if name == by or name in others]
    result = _shared_out(entered, shares, by, chosen, others)
    result = result.rename({_TO: to})
    if isinstance(result, nw.DataFrame):
        result = nw.maybe_reset_index(result.sort(_ORDER, to))
        if integers:
            result = _in_whole_numbers(result, to, others, chosen)
    else:
        result = result.sort(*columns)
    return entered.to_native(result.select(*columns, *chosen), {})


def _shared_out(table: Table, shares: Shares, by: str, measures: list[str], others: list[str]) -> Frame:
    frame = table.frame
    if isinstance(frame, nw.DataFrame):
        frame = frame.with_row_index(_ORDER)
    matched = frame.with_columns(
        as_text(by).alias(f"{_TEMPORARY}from"), *(as_float(name).alias(name) for name in measures)
    ).join(_beside(frame, shares), left_on=f"{_TEMPORARY}from", right_on=f"{_TEMPORARY}shared", how="left")  # type: ignore[arg-type]
    share = nw.col(_SHARE).fill_null(1.0)
    parts = matched.with_columns(
        nw.col(_TO).fill_null(NOT_COVERED), *((nw.col(name) * share).alias(name) for name in measures)
    )
    sums = [nw.len().alias(f"{_TEMPORARY}cells")]
    for name in measures:
        sums += [nw.col(name).sum(), nw.col(name).count().alias(f"{_TEMPORARY}known_{name}")]
    if isinstance(frame, nw.DataFrame):
        sums.append(nw.col(_ORDER).min())
    cells = nw.col(f"{_TEMPORARY}cells")
    summed = parts.group_by(*others, _TO).agg(*sums)
    # Engines sum nothing to zero.
    return summed.with_columns(
        *(nw.when(nw.col(f"{_TEMPORARY}known_{name}") == cells).then(nw.col(name)).alias(name) for name in measures)
    )


def _beside(frame: Frame, shares: Shares) -> Frame:
    """The shares as a table of the engine that the measures are in."""
    origins, destinations, values = zip(*shares.rows, strict=True)
    columns = {f"{_TEMPORARY}shared": list(origins), _TO: list(destinations), _SHARE: list(values)}
    return beside(frame, columns)  # type: ignore[no-any-return]


def _measures(table: Table, by: str, to: str, measures: Sequence[str] | None, populations: bool) -> list[str]:
    """The measures that will be apportioned; all others that cannot be are named."""
    if isinstance(measures, str):
        measures = [measures]
    named = list(table.schema) if measures is None else list(measures)
    problems, chosen = refuse_other_than_text(table, [by]), []
    if to in table.schema and to != by:
        problems.append(Problem("to", None, to, "the name of a new column"))
    for name in named:
        if _is_population(name) and not populations:
            problems.append(
                Problem(
                    name,
                    None,
                    None,
                    "no population: people add over distinct places; take those of the new places, and name the "
                    "measures in measures= to leave this column out, or share people out with populations=True",
                )
            )
        elif _is_metric(name) and not _is_population(name):
            problems.append(
                Problem(
                    name,
                    None,
                    None,
                    "a measure, and this is a metric, which does not add: apportion the measures that it is made of "
                    "and compute it again; measures= leaves it out",
                )
            )
        elif name in MEASURES and MEASURES[name].kind is Kind.DISTINCT:
            expected = "to be left out (measures=): places share what it counts, so it does not add"
            problems.append(Problem(name, None, None, expected))
        elif name in MEASURES and name in table.schema:
            chosen.append(name)
        elif measures is not None and measure_of(name) != name:
            problems.append(Problem("measures", None, name, f"{measure_of(name)!r}: its bounds go with it"))
        elif measures is not None:
            near = nearest(name, [each for each in table.schema if each in MEASURES])
            problems.append(Problem("measures", None, name, f"a measure of the table; {near}".removesuffix("; ")))
    if not chosen and not problems:
        problems.append(Problem("measures", None, list(table.schema), "a column of a measure that adds"))
    refuse("apportion", problems)
    return list(dict.fromkeys(chosen))


def _is_population(name: str) -> bool:
    return name in MEASURES and MEASURES[name].kind is Kind.POPULATION


def _is_metric(name: str) -> bool:
    """Whether a column has a metric's name, with or without the population that it rests on."""
    return name in CATALOGUE or any(
        name.startswith(f"{metric.name}_") for metric in CATALOGUE.values() if POPULATION in metric.inputs
    )


def _refuse_unknown(table: Table, by: str, shares: Shares, uncovered: Uncovered) -> None:
    if uncovered == "keep":
        return
    known = set(shares.from_places)
    there = table.frame.select(by).unique().get_column(by).to_list()  # type: ignore[union-attr]
    unknown = sorted(place for place in there if place not in known)
    if unknown:
        raise BadInput(
            "the table",
            [Problem(by, None, place, f"{unknown_place(place, known)}, or uncovered='keep'") for place in unknown],
        )


def _refuse_fractions(table: Table, by: str, measures: list[str]) -> None:
    frame = table.frame
    keys = list(dict.fromkeys([by, *table.keys()]))
    problems: list[Problem] = []
    for name in measures:
        values = frame.select(as_float(name).fill_null(0.0).alias(name)).get_column(name).to_numpy()  # type: ignore[union-attr]
        broken = np.flatnonzero(values != np.floor(values))[:LISTED]
        rows = frame.select(*keys)[broken.tolist()].rows(named=True) if broken.size else []
        problems += [
            Problem(name, row_name(row, keys), float(values[at]), "a whole number, for integers=True")
            for at, row in zip(broken, rows, strict=True)
        ]
    refuse("the table", problems)


def _in_whole_numbers(frame: nw.DataFrame[Any], to: str, others: list[str], measures: list[str]) -> nw.DataFrame[Any]:
    places = frame.get_column(to).to_list()
    rank = {place: number for number, place in enumerate(sorted(set(places)))}
    order = np.array([rank[place] for place in places])
    groups = np.zeros(len(places), dtype=np.intp)
    if others:
        found: dict[tuple[Any, ...], int] = {}
        cells = (tuple(None if is_missing(cell) else cell for cell in row) for row in frame.select(*others).rows())
        groups = np.array([found.setdefault(row, len(found)) for row in cells])
    rounded: dict[str, Any] = {}
    for name in sorted(measures, key=_depth):
        amounts = frame.select(nw.col(name).fill_null(float("nan"))).get_column(name).to_numpy()
        measure = measure_of(name)
        if measure == name:
            rounded[name] = largest_remainder(amounts, groups, order, rounded.get(str(MEASURES[name].part_of)))
        elif name.endswith(LOWER):
            rounded[name] = np.fmin(np.floor(amounts + ROUNDING), rounded[measure])
        else:
            rounded[name] = np.fmax(np.ceil(amounts - ROUNDING), np.where(np.isnan(amounts), np.nan, rounded[measure]))
    return frame.with_columns(
        nw.new_series(name, values, nw.Float64, backend=frame.implementation).fill_nan(None)
        for name, values in rounded.items()
    )


def _depth(name: str) -> int:
    """How many columns are rounded before this one: a whole before its parts, a measure before its bounds."""
    if measure_of(name) != name:
        return 1 + _depth(measure_of(name))
    whole = MEASURES[name].part_of
    return 0 if whole is None else 1 + _depth(whole)
