"""One metric of every place: intervals, ranks, and averages, of values that are known and of values between bounds."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cmhs_metrics.benchmarking.open_values import (
    certainly_outside,
    ends,
    no_chance,
    open_average,
    open_chance,
    open_ranks,
    sums_of_ends,
)
from cmhs_metrics.benchmarking.repeated_events import BY_PERSON, INDEPENDENT, sums_of_squares
from cmhs_metrics.intervals import proportion_interval, rate_interval
from cmhs_metrics.measures import AGE_BAND
from cmhs_metrics.variation.chance import exact_limits
from cmhs_metrics.variation.funnels import flags
from cmhs_metrics.variation.limits import LEVELS
from cmhs_metrics.variation.ranking import quarters, ranked
from cmhs_metrics.variation.widened import funnel_positions

if TYPE_CHECKING:
    from cmhs_metrics.catalogue import Metric

Average = Literal["pooled", "mean of places", "median of places"]
AVERAGES = ("pooled", "mean of places", "median of places")

Cells = NDArray[np.float64]
Sums = dict[str, Cells]
"""The sums and metrics of the places, by column."""


def compared_exactly(
    places: Sums, column: str, metric: Metric, inputs: list[str], *, average: Average, peers: NDArray[np.bool_],
    level: float, squares: Cells,
) -> dict[str, Any]:  # fmt: skip
    """What is said of each place by one metric, and of all of them, as columns."""
    values = places[column]
    there = ~np.isnan(values)
    around, among = (_average(places, values, metric, inputs, average, which) for which in (there, there & peers))
    bounds, phi = _bounds(places, there, metric, inputs, level, squares)
    outside = (bounds["lower"] > around) | (bounds["upper"] < around)
    ranks = np.full(len(values), np.nan)
    ranks[there] = ranked(values[there], "min", True)
    chance = outside.astype(object)
    chance[np.isnan(bounds["lower"])] = None
    return {
        "value": values,
        **bounds,
        "rank": ranks,
        "places": int(there.sum()),
        "quartile": quarters(values) if there.sum() > 1 else np.full(len(values), np.nan),
        "average": around,
        "average_kind": average,
        "difference": values - around,
        "difference_percent": (values - around) / around * 100 if around else np.full(len(values), np.nan),
        "more_than_chance": pd.array(chance, dtype="boolean"),
        "outside_funnel": outside_of(bounds["funnel_position"]),
        "overdispersion": phi,
        "peer_average": among,
    }


def compared_between_bounds(
    sums: Sums, column: str, metric: Metric, inputs: list[str], *, average: Average, peers: NDArray[np.bool_],
    level: float, squares: Cells,
) -> dict[str, Any]:  # fmt: skip
    """As `compared_exactly`, where some values are suppressed or rounded."""
    places = pd.DataFrame(sums)
    values, (lower, upper) = places[column], ends(places, column)
    there = lower.notna()
    averages = {}
    for name, which in (("average", there), ("peer_average", there & peers)):
        # An average that leaves out what is suppressed would be one of other places.
        known = bool(values[which].notna().all())
        averages[name] = (
            _average(sums, values.to_numpy(), metric, inputs, average, which.to_numpy()) if known else math.nan,
            *open_average(places, column, metric, inputs, average, which),
        )
    around, *between = averages["average"]
    pooled = open_average(places, column, metric, inputs, "pooled", there)
    counted = counted_names(metric, inputs)
    chance = no_chance(values.index)
    if counted is not None:
        events, among = counted
        others = among if set(events).isdisjoint(among) else [name for name in among if name not in events]
        (few, many), (less, more) = sums_of_ends(places, events), sums_of_ends(places, others)
        chance = open_chance(
            (few.where(there), many), (less.where(there), more), metric,
            of_all=others is among, level=level, pooled=pooled, squares=squares,
        )  # fmt: skip
    placed = open_ranks(lower, upper)
    rows = {
        "value": values, "value_lower": lower, "value_upper": upper,
        **{name: chance[name] for name in ("lower", "upper", "interval_basis", "outlier", "funnel_position")},
        **{name: placed[name] for name in ("rank", "rank_best", "rank_worst")},
        "places": int(there.sum()), "quartile": placed["quartile"],
        **dict(zip(("average", "average_lower", "average_upper"), averages["average"], strict=True)),
        "average_kind": average,
        "difference": values - around,
        "difference_percent": (values - around) / around * 100 if around else values * math.nan,
        "more_than_chance": certainly_outside(chance, (between[0], between[1])),
        "outside_funnel": outside_of(chance["funnel_position"]), "overdispersion": chance["overdispersion"],
        **dict(zip(("peer_average", "peer_average_lower", "peer_average_upper"), averages["peer_average"], strict=True))
    }  # fmt: skip
    return {name: cells.array if isinstance(cells, pd.Series) else cells for name, cells in rows.items()}


def _average(
    places: Sums, values: Cells, metric: Metric, inputs: list[str], kind: Average, which: NDArray[np.bool_]
) -> float:
    if not which.any():
        return math.nan
    if kind == "mean of places":
        return float(values[which].mean())
    if kind == "median of places":
        return float(np.median(values[which]))
    return float(metric.function(*(float(places[name][which].sum()) for name in inputs)))


def _bounds(
    places: Sums, known: NDArray[np.bool_], metric: Metric, inputs: list[str], level: float, squares: Cells
) -> tuple[dict[str, NDArray[Any]], float]:
    """The interval and the funnel positions of each place, where the metric counts people or events; and phi."""
    found: dict[str, NDArray[Any]] = {name: np.full(len(known), np.nan) for name in ("lower", "upper")}
    for name in ("interval_basis", "outlier", "funnel_position"):
        found[name] = np.full(len(known), None, dtype=object)
    counts, whole = _counted(places, metric, inputs)
    if counts is None or whole is None or known.sum() < 2:
        return found, math.nan
    events, base = counts[known], whole[known]
    if metric.proportion:
        low, high = proportion_interval(events, base, level, fractional=True)
    else:
        of_persons = sums_of_squares(events, squares[known])
        low, high = rate_interval(events, base, confidence=level, sum_of_squares=of_persons, fractional=True)
    found["lower"][known], found["upper"][known] = low, high
    found["interval_basis"][known] = np.where(np.isnan(squares[known]), INDEPENDENT, BY_PERSON)
    positions = _positions(events, base, "proportion" if metric.proportion else "rate")
    found["outlier"][known], found["funnel_position"][known], phi = positions
    return found, phi


def _positions(events: Cells, base: Cells, kind: str) -> tuple[list[str | None], list[str | None], float]:
    """Where each lies in the funnel of chance and in the widened one; nowhere where all or nothing is counted."""
    pooled = events.sum() / base.sum() if base.sum() else math.nan
    if not 0 < pooled < (1 if kind == "proportion" else math.inf):
        return [None] * len(events), [None] * len(events), math.nan
    limits = [end for level in LEVELS for end in exact_limits(kind, base, pooled, level, 1.0)]
    with np.errstate(divide="ignore", invalid="ignore"):
        words = flags(events / base, LEVELS, limits)
    return words, *funnel_positions(kind, [(events, base)], (pooled, pooled), words)


def outside_of(positions: Any) -> Any:
    """Whether places lie outside the outer limits; missing where that is not known."""
    words = pd.Series(np.asarray(positions, dtype=object))
    outside = words.astype(str).str.endswith(f" {max(LEVELS) * 100:g}%").astype("boolean")
    return outside.mask(words.isna()).array


def _counted(places: Sums, metric: Metric, inputs: list[str]) -> tuple[Cells | None, Cells | None]:
    counted = counted_names(metric, inputs)
    if counted is None:
        return None, None
    events, among = (sum((places[name] for name in names[1:]), places[names[0]]) for names in counted)
    return events, among


def counted_names(metric: Metric, inputs: list[str]) -> tuple[list[str], list[str]] | None:
    """The columns of which what is counted is the sum, and those that it is counted among."""
    if metric.counted is None or AGE_BAND in inputs:
        return None
    columns = dict(zip(metric.inputs, inputs, strict=True))
    events, among = ([columns[name] for name in names] for names in metric.counted)
    return events, among
