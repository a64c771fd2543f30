"""Comparing places of which some values are suppressed or rounded: only what holds wherever the true values lie."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cmhs_metrics.benchmarking.repeated_events import BY_PERSON, INDEPENDENT, sums_of_squares
from cmhs_metrics.disclosure import known_rank
from cmhs_metrics.intervals import proportion_interval, rate_interval
from cmhs_metrics.tables.bounds import LOWER, UPPER
from cmhs_metrics.tables.metric_bounds import bounds_of
from cmhs_metrics.variation import funnel
from cmhs_metrics.variation.limits import PER
from cmhs_metrics.variation.widened import funnel_positions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cmhs_metrics.catalogue import Metric

    Column = pd.Series[float]
    Which = pd.Series[bool]


def ends(places: pd.DataFrame, name: str) -> tuple[Column, Column]:
    """The least and the greatest that a column can be: its bounds, or its values where it has none."""
    if f"{name}{LOWER}" in places:
        return places[f"{name}{LOWER}"], places[f"{name}{UPPER}"]
    return places[name], places[name]


def sums_of_ends(places: pd.DataFrame, names: Sequence[str]) -> tuple[Column, Column]:
    """The least and the greatest that the sum of some columns can be."""
    least, greatest = zip(*(ends(places, name) for name in names), strict=True)
    return sum(least[1:], least[0]), sum(greatest[1:], greatest[0])


def open_ranks(lower: Column, upper: Column) -> pd.DataFrame:
    """The ranks and quarters that places can have.

    `lower`, `upper`: the least and the greatest value of each place. Gives `rank_best` and `rank_worst`; `rank` and
    `quartile` where there is only one.
    """
    best, worst = known_rank(lower, upper)
    least, most = known_rank(lower, upper, highest_first=False)
    edges = np.array([0.25, 0.5, 0.75]) * (lower.notna().sum() - 1)
    # A place is above a quartile if more places are certainly below it than up to there.
    first, last = (np.searchsorted(edges, rank.to_numpy() - 1, side="left") + 1.0 for rank in (least, most))
    certain = (first == last) & lower.notna() & (lower.notna().sum() > 1)
    return pd.DataFrame(
        {
            "rank": best.where(best == worst),
            "rank_best": best,
            "rank_worst": worst,
            "quartile": pd.Series(first, index=lower.index).where(certain),
        }
    )


def open_average(
    places: pd.DataFrame, column: str, metric: Metric, inputs: Sequence[str], kind: str, which: Which
) -> tuple[float, float]:
    """The least and the greatest average of some places.

    `places`: the places, with their measures and metrics and the bounds of these. `inputs`: the columns that it is
    computed from. `which`: the places, each with a value or bounds. Gives NaN where there is no average, or it has no
    greatest.
    """
    if not which.any():
        return math.nan, math.nan
    if kind != "pooled":
        averages = [getattr(end[which], kind.split()[0])(skipna=False) for end in ends(places, column)]
        return float(averages[0]), float(averages[1])
    totals = {}
    for each, name in zip(metric.inputs, inputs, strict=True):
        low, high = (np.array([float(values[which].sum(skipna=False))]) for values in ends(places, name))
        totals[each] = low, high
    lower, upper = bounds_of(metric, totals)
    return float(lower[0]), float(upper[0])


def open_chance(
    events: tuple[Column, Column],
    others: tuple[Column, Column],
    metric: Metric,
    *,
    of_all: bool,
    level: float,
    pooled: tuple[float, float],
    squares: Any,
) -> dict[str, Any]:
    """Confidence intervals and funnel positions that hold whatever the true counts are.

    `events`: the least and the greatest count of each place. `others`: the least and the greatest of what it is
    divided by; where not `of_all`, of what is added to it for that. `metric`: the metric: a share, or a rate.
    `level`: of the intervals [proportion]. `pooled`: the least and the greatest value of all places together.
    `squares`: the sum of squares of what each person has over the events; NaN where nothing is known of it. Gives
    `lower` and `upper`, wide enough for every count; `highest_lower` and `lowest_upper`, the narrowest that a count
    can have; `interval_basis`; `outlier` and `funnel_position`, where there is only one; `overdispersion`.
    """
    (few, many), (less, more) = events, others
    least, greatest = (few, more if of_all else few + more), (many, less if of_all else many + less)
    if of_all and metric.proportion:
        part = many.clip(upper=more)
        greatest = (part, less.clip(lower=part))
    known = few.notna() & many.notna() & less.notna() & more.notna() & (greatest[1] > 0) & (least[1] > 0)
    found = no_chance(few.index)
    if known.sum() < 2:
        return found
    widest, per_event = [], squares[known.to_numpy()]
    for count, base in (least, greatest):
        if metric.proportion:
            low, high = proportion_interval(count[known], base[known], level, fractional=True)
        else:
            of_persons = pd.Series(sums_of_squares(count[known], per_event), index=count[known].index)
            low, high = rate_interval(
                count[known], base[known], confidence=level, sum_of_squares=of_persons, fractional=True
            )
        widest.append((pd.Series(low, index=count[known].index), pd.Series(high, index=count[known].index)))
    (lower, lowest_upper), (highest_lower, upper) = widest
    all_places = few.index
    found |= {
        name: values.reindex(all_places)
        for name, values in {
            "lower": lower, "upper": upper, "highest_lower": highest_lower, "lowest_upper": lowest_upper
        }.items()
    }  # fmt: skip
    basis = np.where(np.isnan(per_event), INDEPENDENT, BY_PERSON)
    found["interval_basis"] = pd.Series(basis, known.index[known], dtype="object").reindex(all_places)
    words = _outliers([least, greatest], known, metric, pooled)
    found["outlier"] = words.reindex(all_places)
    if words.notna().any():
        kind = "proportion" if metric.proportion else "rate"
        corners = [(count[known].to_numpy(), base[known].to_numpy()) for count, base in (least, greatest)]
        scale = 1.0 if metric.proportion else PER
        positions, phi = funnel_positions(kind, corners, (pooled[0] / scale, pooled[1] / scale), words.tolist())
        found["funnel_position"] = pd.Series(positions, words.index, dtype="object").reindex(all_places)
        found["overdispersion"] = phi
    return found


def _outliers(
    corners: Sequence[tuple[Column, Column]], known: Which, metric: Metric, pooled: tuple[float, float]
) -> pd.Series[Any]:
    """The funnel position of each place, where it is the same at each end of what is known."""
    if not all(0 < target < (1 if metric.proportion else math.inf) for target in pooled):
        return _no_words(known.index[known])
    kind = "proportion" if metric.proportion else "rate"
    flags = [
        np.asarray(funnel(kind, count[known], base[known], target, fractional=True).outlier, dtype=object)
        for count, base in corners
        for target in pooled
    ]
    same = np.logical_and.reduce([each == flags[0] for each in flags])
    words = _no_words(known.index[known])
    words[same] = flags[0][same]
    return words


def _no_words(index: pd.Index[Any]) -> pd.Series[Any]:
    return pd.Series([None] * len(index), index=index, dtype="object")


def no_chance(index: pd.Index[Any]) -> dict[str, Any]:
    """What `open_chance` gives where nothing is counted."""
    nothing = pd.Series(np.nan, index=index)
    words = dict.fromkeys(("interval_basis", "outlier", "funnel_position"), _no_words(index))
    return (
        dict.fromkeys(("lower", "upper", "highest_lower", "lowest_upper"), nothing)
        | words
        | {"overdispersion": math.nan}
    )


def certainly_outside(chance: dict[str, Any], average: tuple[float, float]) -> pd.Series[Any]:
    """Whether the average lies outside the interval, where that is so, or is not so, whatever the true counts are."""
    low, high = average
    outside = (chance["lower"] > high) | (chance["upper"] < low)
    inside = (chance["highest_lower"] <= low) & (chance["lowest_upper"] >= high)
    certain: pd.Series[Any] = outside.astype("boolean").where(outside | inside)
    return certain
