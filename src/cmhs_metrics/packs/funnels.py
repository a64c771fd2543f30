"""Funnels in the pack: which places lie outside the limits of chance, widened for how much places differ anyway."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cmhs_metrics.packs.figures import inputs_of
from cmhs_metrics.packs.findings import Finding
from cmhs_metrics.packs.wording import POSITIONS
from cmhs_metrics.presentation import KNOWN, listed
from cmhs_metrics.variation import funnel

if TYPE_CHECKING:
    import pandas as pd

    from cmhs_metrics.packs.figures import Figures
    from cmhs_metrics.packs.sections import Entry
    from cmhs_metrics.variation import Funnel

FEWEST_IN_FUNNEL = 10
"""With fewer places it cannot be told how much places differ anyway."""


@dataclass(frozen=True)
class PlaceFunnel:
    """A funnel of the places of an entry.

    Parameters
    ----------
    funnel : Funnel
        The funnel.
    places : tuple of str
        The places, in its order.
    denominator : str
        What the values are out of.
    """

    funnel: Funnel
    places: tuple[str, ...]
    denominator: str

    @property
    def rows(self) -> pd.DataFrame:
        """A row for each place whose value is known: value, limits and where it lies."""
        table = self.funnel.to_frame().reset_index(drop=True)
        table.insert(0, "place", list(self.places))
        return table[table["outlier"].notna()].reset_index(drop=True)


def funnel_of(entry: Entry, comparison: Figures, *, of_rate: bool) -> PlaceFunnel | None:
    """The funnel of a metric, where people or events are counted and no count is hidden.

    Parameters
    ----------
    entry : Entry
        The metric.
    comparison : Figures
        The figures.
    of_rate : bool
        Whether a rate is to have one; shares have it always.

    Returns
    -------
    PlaceFunnel or None
        None where there is no chance to tell of, a count is suppressed or rounded, or places are too few.
    """
    writer = entry.writer
    rows, metric = writer.rows, writer.metric
    if writer.places < FEWEST_IN_FUNNEL or rows["outlier"].isna().all() or not (metric.proportion or of_rate):
        return None
    if metric.counted is None:
        return None
    columns = dict(zip(metric.inputs, inputs_of(metric.name, writer.basis), strict=True))
    counted, among = ([columns[name] for name in names] for names in metric.counted)
    measures = comparison.measures.loc[rows["place"]]
    for name in {*counted, *among}:
        if f"{name}_lower" in measures and (measures[f"{name}_lower"] != measures[f"{name}_upper"]).any():
            return None
    known = (rows["status"] == KNOWN).to_numpy()
    events, whole = (measures[names].sum(axis=1, skipna=False).where(known) for names in (counted, among))
    found = funnel(
        "proportion" if metric.proportion else "rate",
        events.round().to_numpy(),
        (whole.round() if metric.proportion else whole).to_numpy(),
        adjustment="additive",
    )
    below = metric.whole or " and ".join(among).replace("_", " ")
    return PlaceFunnel(found, tuple(rows["place"]), below)


def funnel_finding(held: PlaceFunnel, entry: Entry, comparison: Figures) -> Finding:
    """Which places lie outside the limits, and where the focus places lie.

    Parameters
    ----------
    held : PlaceFunnel
        The funnel.
    entry : Entry
        Its metric.
    comparison : Figures
        The figures.

    Returns
    -------
    Finding
        A sentence or two, with the method.
    """
    writer, rows = entry.writer, held.rows
    figures = {"target": float(held.funnel.target), "places": float(len(rows))}
    outside = []
    for word in ("above 99.8%", "below 99.8%", "above 95%", "below 95%"):
        names = [comparison.short_name(each) for each in rows.loc[rows["outlier"] == word, "place"]]
        figures[word] = float(len(names))
        if names:
            side, level = word.split()
            outside.append(f"{len(names)} {side} the {level} limits ({listed(sorted(names), most=6)})")
    told = listed(outside) if outside else "none outside the limits"
    where = dict(zip(rows["place"], rows["outlier"], strict=True))
    focus = [f"{comparison.short_name(each)} is {POSITIONS[where[each]]}" for each in comparison.focus if each in where]
    beside = f" {'; '.join(focus)}." if focus else ""
    sentence = (
        f"{writer.subject}, funnel about {writer.value(figures['target'])}: of {writer.of_places(len(rows))}, "
        f"{told}.{beside} Limits are widened for over-dispersion (additive method)."
    )
    return Finding("funnel", writer.metric.name, writer.basis, None, sentence, figures)
