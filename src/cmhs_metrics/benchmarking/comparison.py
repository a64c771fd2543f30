"""Benchmarking: each place's metric beside the average, with its rank, its uncertainty and its peers.

This is the report's central act. What is computed is small, a row for each place, so it is computed at once and given
as a pandas table, whatever the engine of the table that goes in.
"""

from __future__ import annotations

import datetime
import math
from typing import TYPE_CHECKING, Any, Literal

import narwhals as nw
import numpy as np
import pandas as pd

from cmhs_metrics.benchmarking.open_values import (
    certainly_outside,
    ends,
    no_chance,
    open_average,
    open_chance,
    open_ranks,
    sums_of_ends,
)
from cmhs_metrics.comparisons import Comparison
from cmhs_metrics.errors import BadInput, Problem, nearest
from cmhs_metrics.intervals import proportion_interval, rate_interval
from cmhs_metrics.measures import AGE_BAND, MEASURES, POPULATION
from cmhs_metrics.selection import column_of
from cmhs_metrics.tables import aggregate
from cmhs_metrics.tables.bounds import LOWER, UPPER
from cmhs_metrics.tables.entry import enter, require
from cmhs_metrics.variation import funnel, quartile_groups, ranks

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cmhs_metrics.catalogue import Metric
    from cmhs_metrics.measures import Basis

Average = Literal["pooled", "mean of places", "median of places"]


def benchmark(
    table: Any,
    metrics: str | Callable[..., Any] | Sequence[str | Callable[..., Any]],
    by: str,
    *,
    populations: Any = None,
    place: str | Sequence[str] | None = None,
    basis: str | Sequence[str] | None = None,
    period: Any = None,
    over_time: Literal["last", "mean"] | None = None,
    average: Average = "pooled",
    focus: Sequence[str] = (),
    peers: Sequence[str] = (),
    confidence: float = 0.95,
    keys: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Set the places of a table beside one another on one metric or several.

    Parameters
    ----------
    table : any frame that narwhals knows
        The measures, a row for each team (or organisation) and period; see `aggregate`. A lazy table is run.
    metrics : str, function or sequence of them
        The metrics to compare by.
    by : str
        The column that names the places, for example "icb" or "organisation".
    populations, place, basis, over_time, keys
        As in `aggregate`.
    period : optional
        The one period to compare, where the table has several.
    average : {"pooled", "mean of places", "median of places"}, default "pooled"
        What each place is compared with: the metric of all places together, or the mean or median of the places' own
        (the audit's "average" is a mean of trusts).
    focus : sequence of str, optional
        Places to be marked, those that the reader asks about.
    peers : sequence of str, optional
        Places with which the others are compared besides, by their average of the same kind.
    confidence : float, default 0.95
        Of the intervals [proportion].

    Returns
    -------
    pandas.DataFrame
        A row for each metric and place, in the order of the places: `metric`, `label`, `unit`, `basis` (the population
        of a rate), `place`, `value` [unit], its interval `lower` and `upper` [unit], `rank` (1 is highest) of `places`,
        `quartile` (1 is lowest), `average` [unit] and `average_kind`, `difference` [unit] and `difference_percent` [%]
        from it, `more_than_chance` (whether the average lies outside the interval), `outlier` (the place's position in
        a funnel around the pooled value), `peer_average` [unit], and the marks `focus` and `peer`.

        Where a measure has bounds (``caseload_lower`` and ``caseload_upper``, see `aggregate`) there are besides
        `value_lower` and `value_upper`, between which the true value lies [unit]; `rank_best` and `rank_worst`, the
        ranks that it can have; `average_lower` and `average_upper`, and the same of `peer_average` [unit].

    Raises
    ------
    BadInput
        When the table is not in order (see `aggregate`), a place or column is not there, or fewer than two places are
        known.

    Notes
    -----
    Intervals and funnels are for counts of people or events: Byar's for rates, Wilson's for shares. Costs and staff are
    no counts, and ratios of two counts (contacts per patient) no shares: these have neither, and no chance is claimed
    for them. Contacts of one person do not come independently, so their intervals are narrower than they should be.

    Nothing is guessed of what is suppressed or rounded. A suppressed value has bounds and no value; an average over one
    has bounds, and no difference is taken from it. A rank, a quartile, an outlier and `more_than_chance` are given
    where they are the same wherever the true values lie, and the confidence interval is wide enough for all of these.
    A value that was computed from rounded counts is shown, between its bounds.

    References
    ----------
    NHS Benchmarking Network, Community Mental Health Services Audit 2016/17, throughout.

    Examples
    --------
    >>> import cmhs_metrics as cm
    >>> teams = cm.synthetic_providers()
    >>> places = {"by": "organisation", "place": "organisation", "basis": "16+"}
    >>> result = cm.benchmark(teams, "caseload_per_100k", **places, focus=["Synthetic Trust 07"])
    >>> result.query("focus")[["place", "places", "basis"]].to_dict("records")
    [{'place': 'Synthetic Trust 07', 'places': 56, 'basis': '16+'}]
    """
    wanted = [metrics] if isinstance(metrics, str) or callable(metrics) else list(metrics)
    if average not in ("pooled", "mean of places", "median of places"):
        expected = "'pooled', 'mean of places' or 'median of places'"
        raise BadInput("benchmark", [Problem("average", None, average, expected)])
    if period is not None and over_time is None:
        over_time = "last"  # of one period, which a lazy table cannot know that it is
    totals = aggregate(
        _of_period(table, period), by, populations=populations, place=place, basis=basis, over_time=over_time,
        metrics=wanted, keys=keys,
    )  # fmt: skip
    places = _in_memory(totals)
    _check_places(places, by, focus, peers)
    names = places[by].astype(str)
    parts = []
    for column in places.columns:
        found = column_of(str(column))
        if found is not None:
            among = names.isin(list(peers))
            rows = _compared(places, str(column), *found, average=average, peers=among, level=confidence)
            rows.insert(0, "place", names)
            rows["focus"], rows["peer"] = names.isin(list(focus)), among
            parts.append(_described(rows, *found))
    if any("value_lower" in part for part in parts):
        parts = [part if "value_lower" in part else _with_closed_bounds(part) for part in parts]
    return Comparison(pd.concat(parts, ignore_index=True))


def _of_period(table: Any, period: Any) -> Any:
    if period is None:
        return table
    entered = enter(table)
    require(entered, ["period"], "period")
    held = nw.col("period")
    if entered.schema["period"] in (nw.Date, nw.Datetime):
        day = _day(period)
        if day is None:
            expected = "a day, as 2025-03-31: the table names its periods by their last day"
            raise BadInput("benchmark", [Problem("period", None, period, expected)])
        held, period = held.cast(nw.Date), day
    return entered.leave(entered.frame.filter(held == period), {})


def _day(value: Any) -> datetime.date | None:
    if isinstance(value, str):
        try:
            return datetime.date.fromisoformat(value)
        except ValueError:
            return None
    if isinstance(value, datetime.datetime):
        return value.date()
    return value if isinstance(value, datetime.date) else None


def _in_memory(totals: Any) -> pd.DataFrame:
    frame = nw.from_native(totals)
    frame = frame.collect() if isinstance(frame, nw.LazyFrame) else frame
    held = frame.to_pandas()
    plain = {
        name: pd.to_numeric(held[name].array.quantity.magnitude if hasattr(held[name].dtype, "ureg") else held[name])
        for name in held.columns
        if any(
            each in MEASURES or column_of(each) for each in (name, name.removesuffix(LOWER), name.removesuffix(UPPER))
        )
    }
    return held.assign(**{name: pd.Series(values, dtype="float64") for name, values in plain.items()})


def _check_places(places: pd.DataFrame, by: str, focus: Sequence[str], peers: Sequence[str]) -> None:
    known = set(places[by].astype(str))
    problems = [
        Problem(argument, None, name, f"a place of the table; {nearest(str(name), known)}".rstrip("; "))
        for argument, asked in (("focus", focus), ("peers", peers))
        for name in ([asked] if isinstance(asked, str) else asked)
        if str(name) not in known
    ]
    problems += [
        Problem(argument, None, asked, "a list of places")
        for argument, asked in (("focus", focus), ("peers", peers))
        if isinstance(asked, str)
    ]
    if len(known) < 2:
        problems.append(Problem(by, None, len(known), "at least two places to compare"))
    if problems:
        raise BadInput("benchmark", problems)


def _compared(
    places: pd.DataFrame,
    column: str,
    metric: Metric,
    basis: Basis | None,
    *,
    average: Average,
    peers: pd.Series[bool],
    level: float,
) -> pd.DataFrame:
    values = places[column].astype("float64")
    inputs = [basis.measure if basis and name == POPULATION else name for name in metric.inputs]
    if f"{column}{LOWER}" in places:
        return _compared_between_bounds(places, column, metric, inputs, average=average, peers=peers, level=level)
    around = _average(places, values, metric, inputs, average, values.notna())
    among = _average(places, values, metric, inputs, average, values.notna() & peers)
    bounds = _bounds(places, values, metric, inputs, level)
    rows = pd.DataFrame({"value": values, **bounds})
    rows["rank"] = ranks(values, ties="min")
    rows["places"] = int(values.notna().sum())
    rows["quartile"] = quartile_groups(values) if values.notna().sum() > 1 else math.nan
    rows["average"], rows["average_kind"] = around, average
    rows["difference"] = values - around
    rows["difference_percent"] = (values - around) / around * 100 if around else math.nan
    outside = (rows["lower"] > around) | (rows["upper"] < around)
    rows["more_than_chance"] = outside.astype("boolean").where(rows["lower"].notna())
    rows["peer_average"] = among
    return rows


def _compared_between_bounds(
    places: pd.DataFrame,
    column: str,
    metric: Metric,
    inputs: list[str],
    *,
    average: Average,
    peers: pd.Series[bool],
    level: float,
) -> pd.DataFrame:
    """As `_compared`, where some values are suppressed or rounded."""
    values, (lower, upper) = places[column].astype("float64"), ends(places, column)
    there = lower.notna()
    averages = {}
    for name, which in (("average", there), ("peer_average", there & peers)):
        # An average that leaves out what is suppressed would be one of other places.
        known = bool(values[which].notna().all())
        averages[name] = (
            _average(places, values, metric, inputs, average, which) if known else math.nan,
            *open_average(places, column, metric, inputs, average, which),
        )
    around, *between = averages["average"]
    pooled = open_average(places, column, metric, inputs, "pooled", there)
    counted = _counted_names(metric, inputs)
    rows = pd.DataFrame({"value": values, "value_lower": lower, "value_upper": upper})
    chance = no_chance(values.index)
    if counted is not None:
        events, among = counted
        others = among if set(events).isdisjoint(among) else [name for name in among if name not in events]
        (few, many), (less, more) = sums_of_ends(places, events), sums_of_ends(places, others)
        chance = open_chance(
            (few.where(there), many), (less.where(there), more), metric,
            of_all=others is among, level=level, pooled=pooled,
        )  # fmt: skip
    rows = rows.assign(lower=chance["lower"], upper=chance["upper"], outlier=chance["outlier"])
    placed = open_ranks(lower, upper)
    rows[["rank", "rank_best", "rank_worst"]] = placed[["rank", "rank_best", "rank_worst"]]
    rows["places"], rows["quartile"] = int(there.sum()), placed["quartile"]
    rows["average"], rows["average_lower"], rows["average_upper"] = averages["average"]
    rows["average_kind"] = average
    rows["difference"] = values - around
    rows["difference_percent"] = (values - around) / around * 100 if around else math.nan
    rows["more_than_chance"] = certainly_outside(chance, (between[0], between[1]))
    rows["peer_average"], rows["peer_average_lower"], rows["peer_average_upper"] = averages["peer_average"]
    return rows


def _with_closed_bounds(rows: pd.DataFrame) -> pd.DataFrame:
    """What is known exactly, beside what is not: bounds that meet."""
    for name, ends_of in {
        "value": ("value_lower", "value_upper"),
        "rank": ("rank_best", "rank_worst"),
        "average": ("average_lower", "average_upper"),
        "peer_average": ("peer_average_lower", "peer_average_upper"),
    }.items():
        rows = rows.assign(**dict.fromkeys(ends_of, rows[name]))
    return rows


def _average(
    places: pd.DataFrame,
    values: pd.Series[float],
    metric: Metric,
    inputs: list[str],
    kind: Average,
    which: pd.Series[bool],
) -> float:
    if not which.any():
        return math.nan
    if kind == "mean of places":
        return float(values[which].mean())
    if kind == "median of places":
        return float(values[which].median())
    return float(metric.function(*(float(places.loc[which, name].sum()) for name in inputs)))


def _bounds(
    places: pd.DataFrame, values: pd.Series[float], metric: Metric, inputs: list[str], level: float
) -> dict[str, Any]:
    """The interval and the funnel position of each place, where the metric counts people or events."""
    nothing = pd.Series(np.nan, index=values.index)
    counts, whole = _counted(places, metric, inputs)
    known = values.notna()
    if counts is None or whole is None or known.sum() < 2:
        return {"lower": nothing, "upper": nothing, "outlier": pd.Series(None, index=values.index, dtype=object)}
    events, base = counts[known], whole[known]
    if metric.proportion:
        low, high = proportion_interval(events, base, level, fractional=True)
    else:
        low, high = rate_interval(events, base, confidence=level, fractional=True)
    flags = _outliers(events.round(), base.round() if metric.proportion else base, proportion=metric.proportion)
    return {
        "lower": pd.Series(low, index=events.index).reindex(values.index),
        "upper": pd.Series(high, index=events.index).reindex(values.index),
        "outlier": pd.Series(np.asarray(flags, dtype=object), index=events.index).reindex(values.index),
    }


def _outliers(events: pd.Series[float], base: pd.Series[float], *, proportion: bool) -> Any:
    """The place of each in a funnel; of none where all or nothing is counted, for there is no funnel around that."""
    pooled = events.sum() / base.sum() if base.sum() else math.nan
    if not 0 < pooled < (1 if proportion else math.inf):
        return [None] * len(events)
    return funnel("proportion" if proportion else "rate", events, base).outlier


def _counted(
    places: pd.DataFrame, metric: Metric, inputs: list[str]
) -> tuple[pd.Series[float] | None, pd.Series[float] | None]:
    counted = _counted_names(metric, inputs)
    if counted is None:
        return None, None
    events, among = (places[names].sum(axis=1, skipna=False) for names in counted)
    return events, among


def _counted_names(metric: Metric, inputs: list[str]) -> tuple[list[str], list[str]] | None:
    """The columns of which what is counted is the sum, and those that it is counted among."""
    if metric.counted is None or AGE_BAND in inputs:
        return None
    columns = dict(zip(metric.inputs, inputs, strict=True))
    events, among = ([columns[name] for name in names] for names in metric.counted)
    return events, among


def _described(rows: pd.DataFrame, metric: Metric, basis: Basis | None) -> pd.DataFrame:
    rows.insert(0, "basis", basis.name if basis else None)
    rows.insert(0, "unit", metric.printed_unit)
    rows.insert(0, "label", metric.label)
    rows.insert(0, "metric", metric.name)
    return rows
