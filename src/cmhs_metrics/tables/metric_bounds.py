"""The bounds of metrics, from the bounds of their measures.

A metric rises or falls with each of its measures, so that its least and its greatest value stand at vertices of the box
that their bounds make, two to the power of their number. The tests hold every metric of the catalogue to that.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np

from cmhs_metrics.tables.bounds import LOWER, UPPER

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cmhs_metrics.catalogue import Metric
    from cmhs_metrics.tables.table import Frame

    Cells = np.ndarray[Any, np.dtype[np.float64]]

TEMPORARY = "_bounds_"
UNBOUNDED = 1e150
"""Stands for the greatest value of what has none, so that a formula tells where it leads."""
UNBOUNDED_RESULT = 1e100
"""Beyond this a result is one of `UNBOUNDED`, and below its inverse one of dividing by it; no metric comes near."""
_BEYOND_ALL = 1e300


@dataclass(frozen=True)
class BoundedMetric:
    """A metric whose measures lie between bounds.

    Parameters
    ----------
    name : str
        The column of the metric.
    metric : Metric
        The metric.
    ends : mapping of str to (str, str)
        For each parameter the columns of its bounds; a missing upper one says that there is no greatest.
    values : mapping of str to str
        For each parameter the column of its value.
    where : narwhals.Expr, optional
        The rows that may have the metric.
    """

    name: str
    metric: Metric
    ends: Mapping[str, tuple[str, str]]
    values: Mapping[str, str]
    where: nw.Expr | None = None

    def temporary(self, what: str) -> str:
        """The name of a column that is needed on the way."""
        return f"{TEMPORARY}{self.name}_{what}"

    @property
    def vertices(self) -> list[str]:
        """The columns of the metric at the vertices."""
        return [self.temporary(f"vertex_{number}") for number in range(2 ** len(self.metric.inputs))]


def bounds_of(metric: Metric, ends: Mapping[str, tuple[Cells, Cells]]) -> tuple[Cells, Cells]:
    """The bounds of a metric on arrays: what `with_bounds` adds to a frame, for tables in memory.

    `ends`: for each parameter the least and the greatest that it can be; a missing greatest says that there is none.
    Gives the least and the greatest value of the metric.
    """
    least = {name: np.asarray(low, dtype=np.float64) for name, (low, _) in ends.items()}
    there = np.logical_and.reduce([~np.isnan(low) for low in least.values()])
    greatest = {
        name: np.where(np.isnan(least[name]), np.nan, np.where(np.isnan(high), UNBOUNDED, high))
        for name, (_, high) in ends.items()
    }
    raised = {}
    # Each step from the one before, as the steps of `with_bounds`: a measure may be a part here and a whole there.
    low, high = dict(least), dict(greatest)
    for part, whole in metric.contract.parts:
        low[part] = np.where(least[part] <= greatest[whole], least[part], np.nan)
        high[part] = np.where(greatest[part] <= greatest[whole], greatest[part], greatest[whole])
        low[whole] = np.where(least[whole] >= least[part], least[whole], least[part])
    for part, whole in metric.contract.parts:
        raised[whole] = np.where(low[whole] >= high[part], low[whole], high[part])
    vertices = []
    for chosen in product(("least", "greatest"), repeat=len(metric.inputs)):
        at = dict(zip(metric.inputs, chosen, strict=True))
        for part, whole in metric.contract.parts:
            if at[part] == "greatest" and at[whole] == "least":
                at[whole] = "raised"
        of = {"least": low, "greatest": high, "raised": raised}
        vertices.append(np.asarray(metric.contract.body(*(of[end][name] for name, end in at.items()))))
    held = np.stack(np.broadcast_arrays(*vertices))
    undefined = np.isnan(held)
    lower, upper = (
        np.where(undefined, _BEYOND_ALL, held).min(axis=0),
        np.where(undefined, -_BEYOND_ALL, held).max(axis=0),
    )
    there &= (upper > -UNBOUNDED_RESULT) & np.logical_and.reduce([~np.isnan(each) for each in low.values()])
    ended = upper < UNBOUNDED_RESULT
    if not metric.proportion:
        # What may be divided by zero may be anything, unless it is nothing.
        ended &= ~undefined.any(axis=0) | ((upper <= 1 / UNBOUNDED_RESULT) & _adds(metric))
    lower = np.where(there, np.where(np.abs(lower) > 1 / UNBOUNDED_RESULT, lower, 0.0), np.nan)
    return lower, np.where(there & ended, upper, np.nan)


def with_bounds(frame: Frame, boxes: Iterable[BoundedMetric]) -> Frame:
    """Add the bounds of metrics to a frame.

    `frame`: the frame, with the metrics and the bounds of their measures. Gives the frame with two more columns for
    each metric, and some that were needed on the way. Both are missing where a measure is, where the metric is
    undefined whatever the measures are, or where a part is certainly above its whole. The upper one is missing where
    the metric has no greatest value.
    """
    boxes = list(boxes)
    # Step by step: an expression of all of it at once would repeat its parts a thousand times over.
    for step in (_ends, _within_wholes, _raised_wholes, _vertices, _extremes):
        made = {name: value for box in boxes for name, value in step(box).items()}
        frame = frame.with_columns(**made) if made else frame
    return frame.with_columns(**{name: value for box in boxes for name, value in _results(box).items()})


def _ends(box: BoundedMetric) -> dict[str, nw.Expr]:
    found: dict[str, nw.Expr] = {}
    for parameter, (lower, upper) in box.ends.items():
        greatest = nw.when(~nw.col(lower).is_null()).then(nw.col(upper).fill_null(UNBOUNDED))
        found |= {box.temporary(f"{parameter}_least"): nw.col(lower), box.temporary(f"{parameter}_greatest"): greatest}
    return found


def _within_wholes(box: BoundedMetric) -> dict[str, nw.Expr]:
    """No part reaches above the greatest that its whole can be, and no whole below the least of its part."""
    found: dict[str, nw.Expr] = {}
    for part, whole in box.metric.contract.parts:
        least, greatest = _column(box, part, "least"), _column(box, part, "greatest")
        whole_least, whole_greatest = _column(box, whole, "least"), _column(box, whole, "greatest")
        possible = least <= whole_greatest
        found |= {
            box.temporary(f"{part}_least"): nw.when(possible).then(least),
            box.temporary(f"{part}_greatest"): nw.when(greatest <= whole_greatest)
            .then(greatest)
            .otherwise(whole_greatest),
            box.temporary(f"{whole}_least"): nw.when(whole_least >= least).then(whole_least).otherwise(least),
        }
    return found


def _raised_wholes(box: BoundedMetric) -> dict[str, nw.Expr]:
    """The least that a whole can be when its part is at its greatest."""
    found = {}
    for part, whole in box.metric.contract.parts:
        least, greatest = _column(box, whole, "least"), _column(box, part, "greatest")
        found[box.temporary(f"{whole}_raised")] = _chosen(least >= greatest, least, greatest)
    return found


def _vertices(box: BoundedMetric) -> dict[str, nw.Expr]:
    inputs, found = box.metric.inputs, {}
    for vertex, chosen in zip(box.vertices, product(("least", "greatest"), repeat=len(inputs)), strict=True):
        ends = dict(zip(inputs, chosen, strict=True))
        for part, whole in box.metric.contract.parts:
            if ends[part] == "greatest" and ends[whole] == "least":
                ends[whole] = "raised"
        found[vertex] = box.metric.function(*(_column(box, each, end) for each, end in ends.items()))
    return found


def _extremes(box: BoundedMetric) -> dict[str, nw.Expr]:
    vertices = [nw.col(name) for name in box.vertices]
    return {
        # The least of the vertices that are defined, and the greatest.
        box.temporary("least"): nw.min_horizontal(*(vertex.fill_null(_BEYOND_ALL) for vertex in vertices)),
        box.temporary("greatest"): nw.max_horizontal(*(vertex.fill_null(-_BEYOND_ALL) for vertex in vertices)),
        box.temporary("undefined"): nw.any_horizontal(*(vertex.is_null() for vertex in vertices), ignore_nulls=False),
    }


def _results(box: BoundedMetric) -> dict[str, nw.Expr]:
    lower, upper = nw.col(box.temporary("least")), nw.col(box.temporary("greatest"))
    there = upper > -UNBOUNDED_RESULT
    for parameter in box.metric.inputs:
        there = there & ~_column(box, parameter, "least").is_null()
    ended = upper < UNBOUNDED_RESULT
    if not box.metric.proportion:
        # What may be divided by zero may be anything, unless it is nothing.
        nothing = upper <= 1 / UNBOUNDED_RESULT if _adds(box.metric) else nw.lit(False)
        ended = ended & (~nw.col(box.temporary("undefined")) | nothing)
    if box.where is not None:
        there = there & box.where
    lower = nw.when(there).then(nw.when(lower.abs() > 1 / UNBOUNDED_RESULT).then(lower).otherwise(0.0))
    found = {f"{box.name}{LOWER}": lower, f"{box.name}{UPPER}": nw.when(there & ended).then(upper)}
    value = nw.col(box.name)
    for part, whole in box.metric.contract.parts:
        # Each was rounded by itself; where the part came out above the whole, their ratio is none of any true counts.
        parts, wholes = (nw.col(box.values[each]).cast(nw.Float64).fill_nan(None) for each in (part, whole))
        value = nw.when(parts <= wholes).then(value)
    return found | ({box.name: value} if box.metric.contract.parts else {})


def _adds(metric: Metric) -> bool:
    """Whether the numerator is a sum, which is nothing where all of it is; a difference can be so by chance."""
    return all(times > 0 for times in metric.numerator.values())


def _column(box: BoundedMetric, parameter: str, end: str) -> nw.Expr:
    return nw.col(box.temporary(f"{parameter}_{end}"))


def _chosen(condition: nw.Expr, yes: nw.Expr, no: nw.Expr) -> nw.Expr:
    return nw.when(condition).then(yes).otherwise(no)
