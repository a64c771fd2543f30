"""The process of a place over time: whether its latest point is more than noise, and what to expect of the next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from cmhs_metrics.presentation import KNOWN, SUPPRESSED
from cmhs_metrics.run_charts import run_chart, run_chart_summary
from cmhs_metrics.run_charts.icons import ASSURANCE, VARIATION, Icon, icon_of

if TYPE_CHECKING:
    from cmhs_metrics.packs.figures import Figures
    from cmhs_metrics.packs.sections import Entry

FEWEST_POINTS = 10
"""With fewer known periods limits of chance say little, and none are drawn."""


@dataclass(frozen=True)
class Process:
    """The run chart of a metric of one place.

    Parameters
    ----------
    chart : pandas.DataFrame
        What `run_chart` gave.
    suppressed : tuple of str
        The periods whose value is suppressed; the chart was made without them.
    icons : tuple of Icon
        Variation, and assurance where there is a target and a verdict.
    reason : str
        Why, in words.
    """

    chart: pd.DataFrame
    suppressed: tuple[str, ...]
    icons: tuple[Icon, ...]
    reason: str


def process_of(entry: Entry, comparison: Figures, place: str) -> Process | None:
    """The run chart of a metric of one place, where it is known in enough periods and moves at all.

    Parameters
    ----------
    entry : Entry
        The metric.
    comparison : Figures
        The figures, with the targets and the directions of good that the reader gave.
    place : str
        The place.

    Returns
    -------
    Process or None
        None where there are too few periods.
    """
    if len(comparison.periods) < FEWEST_POINTS or not entry.writer.moves():
        return None
    held = entry.writer.of_metric(comparison.history)
    held = held[held["place"] == place]
    values = held["value"].where(held["status"] == KNOWN)
    if values.notna().sum() < FEWEST_POINTS:
        return None
    name = entry.writer.metric.name
    table = pd.DataFrame({"period": held["period"].to_numpy(), "value": values.to_numpy()})
    chart = run_chart(table, "value", improvement=comparison.improvement.get(name), target=comparison.targets.get(name))
    row = run_chart_summary(chart).iloc[0]
    icons = [icon_of(row["variation"], VARIATION, "variation")] if pd.notna(row["variation"]) else []
    icons += [icon_of(row["assurance"], ASSURANCE, "assurance")] if pd.notna(row["assurance"]) else []
    said = [str(row[each]) for each in ("variation_reason", "assurance_reason") if pd.notna(row[each]) and row[each]]
    hidden = held.loc[held["status"] == SUPPRESSED, "period"]
    return Process(chart, tuple(hidden), tuple(icons), "; ".join(said))
