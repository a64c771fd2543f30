"""How the events of a place cluster in people: what its interval stands on, where that is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np

from cmhs_metrics.benchmarking.place_names import as_names
from cmhs_metrics.errors import BadInput, Problem
from cmhs_metrics.intervals import event_totals
from cmhs_metrics.measures import MEASURES, Kind
from cmhs_metrics.trends.one_period import frame_of, of_period

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from cmhs_metrics.catalogue import Metric

INDEPENDENT, BY_PERSON = "independent events", "events per person"
"""What an interval stands on."""
TOLERANCE = 0.005
"""So far may the events of a table of frequencies be from those of the table."""

Totals = dict[tuple[str, str], tuple[float, float]]
"""By place and measure, the events and the sum of squares of what each person had."""


def read_frequencies(frequencies: Any, by: str, period: Any) -> Totals:
    """The totals of a table of frequencies (see `benchmark`) by place and measure; empty where there is none."""
    if frequencies is None:
        return {}
    frame = frame_of(frequencies, "benchmark", "frequencies")
    columns = frame.collect_schema().names()
    lacking = [name for name in (by, "measure", "events", "people") if name not in columns]
    if lacking:
        has = f"a column of frequencies, as mhsds.event_frequencies makes them; it has {', '.join(columns)}"
        raise BadInput("benchmark", [Problem("frequencies", None, name, has) for name in lacking])
    if period is not None and "period" in columns:
        frame = nw.from_native(of_period(frequencies, period, "frequencies"))
    totals = nw.from_native(event_totals(nw.to_native(frame), [by, "measure"], fractional=True))
    names = as_names(totals.get_column(by).to_list())
    cells = (totals.get_column(name).to_list() for name in ("measure", "events", "sum_of_squares"))
    return {(name, measure): (events, squares) for name, measure, events, squares in zip(names, *cells, strict=True)}


def squares_per_event(totals: Totals, measures: Sequence[str], names: Sequence[str]) -> NDArray[np.float64]:
    """The sum of squares over the events of each place: 1 where each person had one; NaN where nothing is known.

    Of several measures that are counted together, nothing is known of who has both.
    """
    found = np.full(len(names), np.nan)
    if len(measures) == 1:
        for at, name in enumerate(names):
            events, squares = totals.get((name, measures[0])) or (0.0, 0.0)
            if events:
                found[at] = squares / events
    return found


def sums_of_squares(events: Any, per_event: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sums of squares of counts that cluster as the frequencies do; the counts themselves where nothing is known."""
    times = np.where(np.isnan(per_event), 1.0, per_event)
    return np.asarray(events * np.minimum(times, np.maximum(events, 1.0)))


def notes_of(
    metrics: Sequence[tuple[Metric, Sequence[str]]], totals: Totals, sums: Mapping[str, Any], names: Sequence[str]
) -> list[str]:
    """What should be known of the intervals of rates, each with the measures that it counts.

    That events were treated as independent, where one person may have several; and where frequencies have other numbers
    of events than the table.
    """
    notes = []
    for metric, measures in metrics:
        repeated = [name for name in measures if name in MEASURES and _may_repeat(name)]
        known = np.isfinite(squares_per_event(totals, measures, names))
        if repeated and not known.all():
            places = np.count_nonzero(~known)
            where = f" of {places:,} place{'s' if places > 1 else ''}" if known.any() else ""
            notes.append(
                f"{metric.name}: the {' and '.join(repeated).replace('_', ' ')}{where} were treated as independent of "
                "one another; frequencies= (how many people had how many) gives intervals as wide as they are"
            )
        for name in measures:
            other = [
                place
                for place, count in zip(names, np.asarray(sums.get(name, np.full(len(names), np.nan))), strict=True)
                if abs((totals.get((place, name)) or (count,))[0] - count) > TOLERANCE * count
            ]
            if other:
                shown = ", ".join(other[:5]) + (f" and {len(other) - 5:,} more" if len(other) > 5 else "")
                notes.append(
                    f"{metric.name}: frequencies have other {name.replace('_', ' ')} than the table in {shown}"
                )
    return notes


def _may_repeat(measure: str) -> bool:
    held = MEASURES[measure]
    return held.kind is Kind.FLOW and held.unit in ("contact", "referral", "admission", "discharge", "assessment")
