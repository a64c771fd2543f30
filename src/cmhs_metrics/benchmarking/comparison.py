"""Benchmarking: each place's metric beside the average, with its rank, its uncertainty and its peers.

This is the report's central act. What is computed is small, a row for each place, so it is computed at once and given
as a pandas table, whatever the engine of the table that goes in.
"""

from __future__ import annotations

from collections import Counter
from numbers import Real
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import narwhals as nw
import numpy as np
import pandas as pd

from cmhs_metrics.benchmarking.one_metric import (
    AVERAGES,
    Average,
    Sums,
    compared_between_bounds,
    compared_exactly,
    counted_names,
)
from cmhs_metrics.benchmarking.place_names import (
    NOT_PLACES,
    as_names,
    asked_for,
    is_no_place,
    listed,
    not_one_spelling,
    of_places,
)
from cmhs_metrics.benchmarking.repeated_events import notes_of, read_frequencies, squares_per_event
from cmhs_metrics.comparisons import Comparison
from cmhs_metrics.errors import BadInput, Problem
from cmhs_metrics.measures import MEASURES, POPULATION, Kind
from cmhs_metrics.periods import is_missing
from cmhs_metrics.places import boundaries_of
from cmhs_metrics.selection import column_of
from cmhs_metrics.signatures import checked
from cmhs_metrics.tables import aggregate
from cmhs_metrics.tables.aggregation import need_no_people
from cmhs_metrics.tables.bounds import LOWER, UPPER
from cmhs_metrics.trends.one_period import frame_of, of_period

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from cmhs_metrics.catalogue import Metric
    from cmhs_metrics.measures import Basis

FEW_PLACES = 4
"""Fewer places than this have no quartiles to speak of."""
OWN_WAY_OUT = "period= (the one to compare)"


@checked
def benchmark(
    table: Any,
    metrics: str | Callable[..., Any] | Sequence[str | Callable[..., Any]],
    by: str,
    *,
    populations: Any = None,
    place: str | Sequence[str] | None = None,
    basis: str | Sequence[str] | None = None,
    period: Any = None,
    over_time: Literal["last", "mean", "sum"] | None = None,
    average: Average = "pooled",
    focus: Any = (),
    peers: Any = (),
    not_places: str | Sequence[str] = NOT_PLACES,
    confidence: float = 0.95,
    frequencies: Any = None,
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
        The one period to compare, where the table has several, in any spelling that `parse_periods` reads. Populations
        that have a column `period` are those of that period, or of the financial year that it lies in.
    average : {"pooled", "mean of places", "median of places"}, default "pooled"
        What each place is compared with: the metric of all places together, or the mean or median of the places' own
        (the audit's "average" is a mean of trusts).
    focus : place or sequence of them, optional
        Places to be marked, those that the reader asks about: as they stand in the table, or as text.
    peers : place or sequence of them, optional
        Places with which the others are compared besides, by their average of the same kind.
    not_places : str or sequence of str, optional
        Names that stand for no place; "Unknown", "Not stated", "Invalid" and the like unless given. Their rows are kept
        with their value, and have no rank, no interval and no part in an average or in the number of places.
    confidence : float, default 0.95
        Of the intervals [proportion].
    frequencies : any frame that narwhals knows, optional
        How many people of each place had how many of a measure: the columns `by`, `measure`, `events` (of each person)
        and `people`, as `mhsds.event_frequencies` gives them. Rates of these measures then have the interval of events
        that are not independent (see `intervals.rate_interval`), and `interval_basis` is "events per person".

    Returns
    -------
    pandas.DataFrame
        A row for each metric and place, in the order of the places: `metric`, `label`, `unit`, `basis` (the population
        of a rate), `place`, `value` [unit], its interval `lower` and `upper` [unit] and `interval_basis` (what that
        stands on), `outlier` (where the place lies in a funnel of chance alone around the pooled value),
        `funnel_position` (where it lies in the funnel widened for over-dispersion), `rank` (1 is highest) of `places`,
        `quartile` (1 is lowest), `average` [unit], `average_kind` and `average_of` (how many places, and what it leaves
        out), `difference` [unit] and `difference_percent` [%] from it, `more_than_chance` (whether the average lies
        outside the interval), `outside_funnel` (whether the place lies outside the 99.8% limits of the widened funnel),
        `overdispersion` (phi, how many times what chance brings places differ), `peer_average` [unit], and the marks
        `focus`, `peer` and `is_place`.

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
    for them. Contacts of one person do not come independently: without `frequencies` their intervals are narrower than
    they should be, and ``attrs["notes"]`` says so.

    Most large places differ from the average by more than chance, for places differ: where `overdispersion` is well
    above 1, `more_than_chance` says little. `outside_funnel` says which differ by more than places usually do, by the
    additive model of Spiegelhalter and others (2012) as `variation.funnel` has it; it needs 10 places.

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
    problems: list[Problem] = []
    wanted = listed("metrics", metrics, problems, "metrics")
    asked = {name: listed(name, given, problems) for name, given in (("focus", focus), ("peers", peers))}
    none = listed("not_places", not_places, problems, "names that stand for no place")
    _check_arguments(by, wanted, average, confidence, none, problems)
    if period is not None and over_time is None:
        over_time = "last"  # of one period, which a lazy table cannot know that it is
    _boundaries(by, _in(table, by), populations)  # before people who meet no place are refused without a reason
    rows, people = of_period(of_places(table), period), _people_of(populations, period)
    if populations is None and place is None and basis is None and need_no_people(wanted):
        rows = _without_people(rows)
    try:
        totals = aggregate(
            rows, by, populations=people, place=place, basis=basis, over_time=over_time, metrics=wanted, keys=keys
        )
    except BadInput as error:
        raise BadInput(error.subject, map(_with_own_way_out, error.problems), total=error.total) from None
    places, names = _in_memory(totals, by)
    boundaries = _boundaries(by, names, populations)
    marks = _marks(by, names, asked, none)
    counted = read_frequencies(frequencies, by, period)
    rates: list[tuple[Metric, list[str]]] = []
    parts = []
    for column in places:
        found = column_of(column)
        if found is not None:
            events = _repeated(*found)
            rates += [(found[0], events)] if events else []
            squares = squares_per_event(counted, events, names)
            rows = _compared(places, column, *found, average=average, marks=marks, level=confidence, squares=squares)
            parts.append(pd.DataFrame(_described(rows, names, marks, *found)))
    if any("value_lower" in part for part in parts):
        parts = [part if "value_lower" in part else _with_closed_bounds(part) for part in parts]
    result = Comparison(pd.concat(parts, ignore_index=True) if len(parts) > 1 else parts[0])
    notes = list(getattr(table, "attrs", {}).get("notes", ())) if isinstance(table, pd.DataFrame) else []
    notes += [*notes_of(rates, counted, places, names), *_of_few(marks)]
    result.attrs["confidence"] = float(confidence)
    if boundaries or notes:
        result.attrs = {**result.attrs, "notes": list(dict.fromkeys([*result.attrs.get("notes", ()), *notes]))}
    if boundaries:
        result.attrs["boundaries"] = boundaries
    return result


def _without_people(rows: Any) -> Any:
    """The table without columns of populations, which no metric asked for needs."""
    frame = nw.from_native(rows, pass_through=True)
    if not isinstance(frame, (nw.DataFrame, nw.LazyFrame)):
        return rows  # which `aggregate` says
    held = [name for name in frame.collect_schema().names() if name in MEASURES]
    held = [name for name in held if MEASURES[name].kind is Kind.POPULATION]
    return nw.to_native(frame.drop(held)) if held else rows


def _of_few(marks: _Marks) -> list[str]:
    """What to beware of where few places are compared."""
    count = int(marks.is_place.sum())
    if count >= FEW_PLACES:
        return []
    return [
        f"Of {count} place{'s' if count != 1 else ''} a quartile says nothing, and each is a large part of the average "
        "that it is compared with: intervals.rate_ratio_interval and proportion_ratio_interval compare two."
    ]


def _boundaries(by: str, names: list[Any], populations: Any) -> str:
    """Whose boundaries the places and their people have, where they are places of the NHS; two dates are refused."""
    if boundaries_of(names, "benchmark") is None:
        return ""
    start, end = boundaries_of([*names, *_in(populations, by)], "benchmark") or boundaries_of(names) or ("", "")
    return " ".join(filter(None, [start and f"from {start}", end and f"to {end}"]))


def _in(table: Any, by: str) -> list[Any]:
    """The places of a table in memory; a lazy one is not run for it."""
    frame = nw.from_native(table, pass_through=True)
    if not isinstance(frame, nw.DataFrame) or by not in frame.columns:
        return []
    return [name for name in frame.get_column(by).unique().to_list() if isinstance(name, str)]


def _with_own_way_out(problem: Problem) -> Problem:
    """What `aggregate` asks for where periods would be pooled, with what `benchmark` has for it."""
    by_period = "by='period' (with what else there is in by)"
    if by_period in problem.expected:
        expected = problem.expected.replace(by_period, OWN_WAY_OUT)
    elif problem.expected.startswith("over_time="):
        expected = f"{OWN_WAY_OUT}, or {problem.expected}"
    else:
        return problem
    return Problem(problem.column, problem.row, problem.value, expected)


class _Marks(NamedTuple):
    """Which rows are places, and which of these the reader asks about."""

    is_place: NDArray[np.bool_]
    focus: NDArray[np.bool_]
    peer: NDArray[np.bool_]
    said: str


def _check_arguments(
    by: Any, metrics: list[Any], average: Any, confidence: Any, not_places: list[Any], problems: list[Problem]
) -> None:
    if not isinstance(by, str):
        problems.append(Problem("by", None, by, "the name of one column, that of the places"))
    if not metrics and all(each.column != "metrics" for each in problems):
        problems.append(Problem("metrics", None, None, "one metric or more, by name; cm.list_metrics() has them all"))
    problems += [
        Problem("metrics", None, each, "the name of a metric, or the metric itself")
        for each in metrics
        if not (isinstance(each, str) or callable(each))
    ]
    if average not in AVERAGES:
        problems.append(Problem("average", None, average, "'pooled', 'mean of places' or 'median of places'"))
    number = isinstance(confidence, Real) and not isinstance(confidence, bool)
    if not (number and 0 < confidence < 1):
        hint = f" ({confidence / 100:g} is {confidence:g}%)" if number and 1 < confidence < 100 else ""
        problems.append(Problem("confidence", None, confidence, f"a proportion between 0 and 1, as 0.95{hint}"))
    problems += [Problem("not_places", None, each, "a name") for each in not_places if not isinstance(each, str)]
    if problems:
        raise BadInput("benchmark", problems)


def _people_of(populations: Any, period: Any) -> Any:
    """The people of the period compared, where populations have several."""
    if populations is None or period is None:
        return populations
    if "period" not in frame_of(populations, "benchmark", "populations").collect_schema():
        return populations
    return nw.to_native(nw.from_native(of_period(populations, period, "populations")).drop("period"))


def _marks(by: str, names: list[str], asked: dict[str, list[Any]], not_places: list[str]) -> _Marks:
    no_place = is_no_place(names, not_places)
    problems: list[Problem] = []
    wanted = {argument: asked_for(argument, given, names, no_place, problems) for argument, given in asked.items()}
    count = len(names) - sum(no_place)
    if count < 2:
        problems.append(Problem(by, None, count, "at least two places to compare"))
    problems += [
        Problem(by, None, name, "a name that stands once, whatever it is held as")
        for name in sorted(name for name, times in Counter(names).items() if times > 1)
    ]
    problems += not_one_spelling(by, names)
    if problems:
        raise BadInput("benchmark", problems)
    left_out = [name for name, none in zip(names, no_place, strict=True) if none]
    focus, peer = (np.array([name in wanted[argument] for name in names]) for argument in ("focus", "peers"))
    return _Marks(~np.array(no_place), focus, peer, f", without {' and '.join(left_out)}" if left_out else "")


def _in_memory(totals: Any, by: str) -> tuple[Sums, list[str]]:
    """The sums and metrics of the places as plain numbers, and the places as text."""
    frame = nw.from_native(totals)
    frame = frame.collect() if isinstance(frame, nw.LazyFrame) else frame
    cells = frame.get_column(by).to_list()
    if any(is_missing(cell) or not str(cell).strip() for cell in cells):
        raise BadInput("benchmark", [Problem(by, None, None, "a place in every row")])
    numeric = [
        name
        for name in frame.columns
        if any(
            each in MEASURES or column_of(each) for each in (name, name.removesuffix(LOWER), name.removesuffix(UPPER))
        )
    ]
    held = frame.select(*numeric).to_pandas()
    places = {}
    for name, column in held.items():
        plain = column.array.quantity.magnitude if hasattr(column.dtype, "ureg") else column.to_numpy()
        places[str(name)] = np.asarray(plain, dtype=np.float64)
    return places, as_names(cells)


def _compared(
    places: Sums,
    column: str,
    metric: Metric,
    basis: Basis | None,
    *,
    average: Average,
    marks: _Marks,
    level: float,
    squares: NDArray[np.float64],
) -> Mapping[str, Any]:
    inputs = [basis.measure if basis and name == POPULATION else name for name in metric.inputs]
    is_place = marks.is_place
    all_places = bool(is_place.all())
    held = places if all_places else {name: cells[is_place] for name, cells in places.items()}
    compare = compared_between_bounds if f"{column}{LOWER}" in places else compared_exactly
    rows = compare(
        held,
        column,
        metric,
        inputs,
        average=average,
        peers=marks.peer[is_place],
        level=level,
        squares=squares[is_place],
    )
    rows["average_of"] = f"{rows['places']:,} places{marks.said}"
    if all_places:
        return rows
    # What is no place has its value, and no rank, no interval and no difference from places.
    of_places = {name: pd.Series(cells).array for name, cells in rows.items() if np.ndim(cells)}
    spread = pd.DataFrame(of_places, index=np.flatnonzero(is_place)).reindex(range(len(is_place)))
    own = {"value": column, "value_lower": f"{column}{LOWER}", "value_upper": f"{column}{UPPER}"}
    return {
        name: cells if not np.ndim(cells) else places[own[name]] if name in own else spread[name].array
        for name, cells in rows.items()
    }


def _repeated(metric: Metric, basis: Basis | None) -> list[str]:
    """The measures whose events a rate counts: none for a share, or what is no count."""
    inputs = [basis.measure if basis and name == POPULATION else name for name in metric.inputs]
    counted = None if metric.proportion else counted_names(metric, inputs)
    return counted[0] if counted else []


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


def _described(
    rows: Mapping[str, Any], names: list[str], marks: _Marks, metric: Metric, basis: Basis | None
) -> dict[str, Any]:
    told = {
        "metric": metric.name, "label": metric.label, "unit": metric.printed_unit,
        "basis": basis.name if basis else None, "place": names,
    }  # fmt: skip
    return told | dict(rows) | {"focus": marks.focus, "peer": marks.peer, "is_place": marks.is_place}
