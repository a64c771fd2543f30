"""Computing metrics from the columns of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np

from cmhs_metrics.ages import OLDER
from cmhs_metrics.measures import AGE_BAND, MEASURES
from cmhs_metrics.numeric.frames import as_text
from cmhs_metrics.tables.bounds import LOWER, UPPER
from cmhs_metrics.tables.casting import team_type_key
from cmhs_metrics.tables.columns import Arrays
from cmhs_metrics.tables.metric_bounds import TEMPORARY, BoundedMetric, bounds_of, with_bounds
from cmhs_metrics.team_types import TEAM_TYPE_SPELLINGS, normalise

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from cmhs_metrics.selection import Column
    from cmhs_metrics.tables.columns import Columns


def compute(
    columns: Columns,
    metrics: Sequence[Column],
    where: Callable[[Column], Any] = lambda column: None,
    *,
    prefix: str = "",
    bounded: Collection[str] = (),
) -> list[str]:
    """Add metrics to the columns of a table, each of a bounded measure followed by its own bounds.

    `where`: for a metric, where it may have a value; None for everywhere. `prefix`: what the names of the measures'
    columns begin with. Gives the names of the columns that were added, in their order. Where the bounds of its
    measures leave a metric open, it has bounds of its own, and a value between them where its measures have values.
    """
    made, shown, like = {}, [], {}
    inputs: dict[str, Any] = {}
    for column in metrics:
        for name in column.inputs:
            if name not in inputs:
                inputs[name] = measure_input(columns, name, prefix)
        value = _formula(columns, column, inputs)
        condition = where(column)
        made[column.name] = value if condition is None else columns.where(condition, value)
        like[column.name] = tuple(f"{prefix}{name}" for name in column.inputs)
        shown.append(column.name)
        if set(bounded) & set(column.inputs):
            shown += [f"{column.name}{LOWER}", f"{column.name}{UPPER}"]
    if isinstance(columns, Arrays):
        for name, values in made.items():
            columns.add({name: values}, like[name])
    else:
        columns.add(made)
    open_ones = [column for column in metrics if set(bounded) & set(column.inputs)]
    if open_ones:
        if isinstance(columns, Arrays):
            _add_bounds_of_arrays(columns, open_ones, where, prefix, bounded)
        else:
            _add_bounds(columns, open_ones, where, prefix, bounded)
    return shown


def _formula(columns: Columns, column: Column, inputs: dict[str, Any]) -> Any:
    values = [inputs[name] for name in column.inputs]
    if not isinstance(columns, Arrays):
        return column.metric.function(*values)
    # The cells have been checked; a part that was rounded above its whole is dealt with by its bounds.
    return column.metric.contract.body(*values)


def _add_bounds(
    columns: Columns,
    metrics: Sequence[Column],
    where: Callable[[Column], Any],
    prefix: str,
    bounded: Collection[str],
) -> None:
    frame = columns.materialised()
    lasting = frame.collect_schema().names()
    ends: dict[str, nw.Expr] = {}
    boxes = []
    for column in metrics:
        names = dict(zip(column.metric.inputs, column.inputs, strict=True))
        for name in column.inputs:
            for end in (LOWER, UPPER):
                value = nw.col(f"{prefix}{name}{end}") if name in bounded else _expression(name, prefix)
                ends[f"{TEMPORARY}{name}{end}"] = value.cast(nw.Float64).fill_nan(None)
        boxes.append(
            BoundedMetric(
                column.name,
                column.metric,
                {each: (f"{TEMPORARY}{name}{LOWER}", f"{TEMPORARY}{name}{UPPER}") for each, name in names.items()},
                {each: f"{prefix}{name}" for each, name in names.items()},
                where(column),
            )
        )
    bounds = [f"{column.name}{end}" for column in metrics for end in (LOWER, UPPER)]
    frame = with_bounds(frame.with_columns(**ends), boxes).select(
        *lasting, *(name for name in bounds if name not in lasting)
    )
    columns.use(frame)


def _add_bounds_of_arrays(
    columns: Arrays,
    metrics: Sequence[Column],
    where: Callable[[Column], Any],
    prefix: str,
    bounded: Collection[str],
) -> None:
    for column in metrics:
        names = dict(zip(column.metric.inputs, column.inputs, strict=True))
        values = {each: measure_input(columns, name, prefix) for each, name in names.items()}
        ends = {
            each: tuple(measure_input(columns, f"{name}{end}", prefix) for end in (LOWER, UPPER))
            if name in bounded
            else (values[each],) * 2
            for each, name in names.items()
        }
        made = dict(
            zip((f"{column.name}{LOWER}", f"{column.name}{UPPER}"), bounds_of(column.metric, ends), strict=True)
        )
        condition = where(column)
        if condition is not None:
            made = {name: columns.where(condition, each) for name, each in made.items()}
        like = [f"{prefix}{name}{LOWER}" if name in bounded else f"{prefix}{name}" for name in column.inputs]
        for name, each in made.items():
            columns.add({name: each}, like)
        for part, whole in column.metric.contract.parts:
            # Each was rounded by itself; where the part came out above the whole, their ratio is none of any counts.
            value = columns.where(values[part] <= values[whole], columns[column.name])
            columns.add({column.name: value}, [f"{prefix}{name}" for name in column.inputs])


def measure_input(columns: Columns, name: str, prefix: str) -> Any:
    """A measure's column, or the people of the age band that a row's team type is for."""
    if isinstance(columns, Arrays):
        if name != AGE_BAND:
            values = columns[f"{prefix}{name}"]
            return values if values.dtype == np.float64 else values.astype(np.float64)
        kinds = columns.frame.get_column("team_type")
        distinct = [each for each in kinds.drop_nulls().unique().to_list() if isinstance(each, str)]
        known = {each: TEAM_TYPE_SPELLINGS.get(normalise(each)) for each in distinct}
        older = kinds.is_in([each for each, kind in known.items() if kind and kind.age_band == OLDER]).to_numpy()
        others = kinds.is_in([each for each, kind in known.items() if kind and kind.age_band != OLDER]).to_numpy()
        of_age = columns.where(others.astype(bool), columns[f"{prefix}people_aged_16_64"])
        return np.where(older.astype(bool), columns[f"{prefix}people_aged_65_plus"], of_age)
    return _expression(name, prefix)


def _expression(name: str, prefix: str) -> nw.Expr:
    if name != AGE_BAND:
        return nw.col(f"{prefix}{name}")
    older = [spelling for spelling, kind in TEAM_TYPE_SPELLINGS.items() if kind.age_band == OLDER]
    others = [spelling for spelling, kind in TEAM_TYPE_SPELLINGS.items() if kind.age_band != OLDER]
    key = team_type_key(as_text("team_type"))
    # A team type that nobody knows is for no known ages.
    of_working_age = nw.when(key.is_in(others)).then(nw.col(f"{prefix}people_aged_16_64").cast(nw.Float64))
    of_older_people = nw.col(f"{prefix}people_aged_65_plus").cast(nw.Float64)
    return nw.when(key.is_in(older)).then(of_older_people).otherwise(of_working_age)


def units_of(metrics: Sequence[Column], bounded: Collection[str] = ()) -> dict[str, str]:
    """The unit of each column that a result may have beside its measures: metrics, and columns of bounds.

    `bounded`: the measures whose bounds the result has anew.
    """
    found = {column.name: column.metric.unit for column in metrics}
    own = found | {name: MEASURES[name].unit for name in bounded}
    return found | {f"{name}{end}": unit for name, unit in own.items() for end in (LOWER, UPPER)}
