"""Computing metrics in a frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from cmhs_metrics.ages import OLDER
from cmhs_metrics.measures import AGE_BAND, MEASURES
from cmhs_metrics.tables.bounds import LOWER, UPPER
from cmhs_metrics.tables.boxes import TEMPORARY, Box, with_bounds
from cmhs_metrics.tables.validation import normalised
from cmhs_metrics.team_types import TEAM_TYPE_SPELLINGS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from cmhs_metrics.selection import Column
    from cmhs_metrics.tables.entry import Frame


def compute(
    frame: Frame,
    columns: Iterable[Column],
    annual_where: nw.Expr | None = None,
    *,
    prefix: str = "",
    bounded: Collection[str] = (),
) -> Frame:
    """Add the columns of metrics to a frame, each of a bounded measure followed by its own bounds.

    Parameters
    ----------
    frame : narwhals.DataFrame or narwhals.LazyFrame
        The frame with their inputs.
    columns : iterable of Column
        The metrics.
    annual_where : narwhals.Expr, optional
        Where a row covers a year; metrics that ask for a year are null elsewhere.
    prefix : str, default ""
        What the names of the measures' columns begin with.
    bounded : collection of str, optional
        The measures that have bound columns.

    Returns
    -------
    narwhals.DataFrame or narwhals.LazyFrame
        The frame with the metrics. Where the bounds of its measures leave a metric open, it has bounds of its own, and
        a value between them where its measures have values.
    """
    columns = list(columns)
    if any(name in bounded for column in columns for name in column.inputs):
        return _computed_with_bounds(frame, columns, annual_where, prefix, bounded)
    expressions: list[nw.Expr] = []
    for column in columns:
        value = column.metric.function(*(metric_input(name, prefix) for name in column.inputs))
        if column.metric.annual and annual_where is not None:
            value = nw.when(annual_where).then(value)
        expressions.append(value.alias(column.name))
    return frame.with_columns(*expressions) if expressions else frame


def _computed_with_bounds(
    frame: Frame, columns: Sequence[Column], annual_where: nw.Expr | None, prefix: str, bounded: Collection[str]
) -> Frame:
    kept = frame.collect_schema().names()
    frame = compute(frame, columns, annual_where, prefix=prefix)
    boxes, ends, shown = [], dict[str, nw.Expr](), []
    for column in columns:
        shown += [column.name]
        if not set(bounded) & set(column.inputs):
            continue
        shown += [f"{column.name}{LOWER}", f"{column.name}{UPPER}"]
        names = dict(zip(column.metric.inputs, column.inputs, strict=True))
        for name in column.inputs:
            for end in (LOWER, UPPER):
                value = nw.col(f"{prefix}{name}{end}") if name in bounded else metric_input(name, prefix)
                ends[f"{TEMPORARY}{name}{end}"] = value.cast(nw.Float64).fill_nan(None)
        boxes.append(
            Box(
                column.name,
                column.metric,
                {each: (f"{TEMPORARY}{name}{LOWER}", f"{TEMPORARY}{name}{UPPER}") for each, name in names.items()},
                {each: f"{prefix}{name}" for each, name in names.items()},
            )
        )
    frame = with_bounds(frame.with_columns(**ends), boxes, annual_where)
    return frame.select(*(name for name in kept if name not in shown), *shown)


def metric_input(name: str, prefix: str) -> nw.Expr:
    """A measure's column, or the people of the age band that a row's team type is for."""
    if name != AGE_BAND:
        return nw.col(f"{prefix}{name}")
    older = [spelling for spelling, kind in TEAM_TYPE_SPELLINGS.items() if kind.age_band == OLDER]
    others = [spelling for spelling, kind in TEAM_TYPE_SPELLINGS.items() if kind.age_band != OLDER]
    # A team type that nobody knows is for no known ages.
    of_working_age = nw.when(normalised().is_in(others)).then(nw.col(f"{prefix}people_aged_16_64").cast(nw.Float64))
    of_older_people = nw.col(f"{prefix}people_aged_65_plus").cast(nw.Float64)
    return nw.when(normalised().is_in(older)).then(of_older_people).otherwise(of_working_age)


def units_of(columns: Iterable[Column], bounded: Iterable[str] = ()) -> dict[str, str]:
    """The unit of each column that a result may have beside its measures: metrics, and columns of bounds.

    Parameters
    ----------
    columns : iterable of Column
        The metrics.
    bounded : iterable of str, optional
        The measures whose bounds the result has anew.

    Returns
    -------
    dict of str to str
    """
    metrics = {column.name: column.metric.unit for column in columns}
    own = metrics | {name: MEASURES[name].unit for name in bounded}
    return metrics | {f"{name}{end}": unit for name, unit in own.items() for end in (LOWER, UPPER)}
