"""Findings: what the figures say, in sentences made by rules.

A sentence says no more than its figures: no difference without its size, no chance without its interval, no cause, and
nothing good or bad. Each finding carries the figures that stand in it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from cmhs_metrics.catalogue import CATALOGUE
from cmhs_metrics.packs.comparison import UNDEFINED, inputs_of
from cmhs_metrics.presentation import KNOWN, SUPPRESSED, amount, listed, ordinal
from cmhs_metrics.variation import fold_variation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmhs_metrics.catalogue import Metric
    from cmhs_metrics.packs.comparison import Comparison

PLACE_NAMES = {"icb": "ICBs", "organisation": "organisations", "region": "regions", "pcn": "PCNs"}
"""What the places of a column are called together."""

POPULATIONS = {
    "registered": "registered population",
    "weighted": "weighted population",
    "16+": "people aged 16 and over",
    "age_band": "people of the ages that the team is for",
}
"""The populations below the line, as sentences name them."""

AVERAGES = {"pooled": "pooled average", "mean of places": "mean", "median of places": "median"}
"""The averages of places, as sentences name them."""

FEWEST_PLACES = 2
"""With fewer known values there is nothing to compare."""


@dataclass(frozen=True)
class Finding:
    """A sentence with the figures that stand in it.

    Parameters
    ----------
    kind : str
        "position", "peers", "other basis", "trend", "spread" or "absent".
    metric : str
        The metric.
    basis : str or None
        The population of a rate.
    place : str or None
        The place of which it speaks; None where it speaks of all.
    sentence : str
        The finding in plain English.
    figures : dict of str to float
        The figures in the sentence [the unit of the metric, or as their name says].
    """

    kind: str
    metric: str
    basis: str | None
    place: str | None
    sentence: str
    figures: Mapping[str, float] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.sentence


class Writer:
    """Writes the sentences of one metric on one population.

    Parameters
    ----------
    comparison : Comparison
        The figures of the pack.
    metric : str
        The metric.
    basis : str or None
        The population of a rate.
    """

    def __init__(self, comparison: Comparison, metric: str, basis: str | None) -> None:
        self.comparison = comparison
        self.metric: Metric = CATALOGUE[metric]
        self.basis = basis
        self.rows = self.of_metric(comparison.rows)
        self.known = self.rows[self.rows["status"] == KNOWN]
        self.places = len(self.known)

    def of_metric(self, rows: pd.DataFrame) -> pd.DataFrame:
        """The rows of the metric on its population."""
        held = rows[rows["metric"] == self.metric.name]
        return held[held["basis"] == self.basis] if self.basis is not None else held[held["basis"].isna()]

    @property
    def comparable(self) -> bool:
        """Whether enough places are known to be compared."""
        return self.places >= FEWEST_PLACES

    def amount(self, value: float) -> str:
        """A value as tables and sentences show it."""
        return amount(value, self.metric.unit, proportion=self.metric.proportion)

    @property
    def subject(self) -> str:
        """The metric as sentences name it: what stands below the line is said with the value."""
        label = self.metric.label
        return label.removesuffix(" per 100,000 people") if self.basis else label

    def value(self, value: float) -> str:
        """A value with its unit in words, for example "1,712 patients per 100,000 weighted population"."""
        if self.metric.proportion or not self.metric.unit:
            return self.amount(value)
        counted, per, below = self.metric.printed_unit.partition(" per ")
        if self.basis:
            below = below.replace("100,000 people", f"100,000 {POPULATIONS[self.basis]}")
        counted = "" if counted == "GBP" else f" {counted}"
        return f"{self.amount(value)}{counted}{per}{below}"

    def of_places(self, count: int | None = None) -> str:
        """How many places are compared: "42 ICBs"."""
        number = self.places if count is None else count
        return f"{number:,} {PLACE_NAMES.get(self.comparison.by, 'places')}"

    @property
    def average_in_words(self) -> str:
        """The average, with its kind, which is never left out."""
        return AVERAGES[self.comparison.average]

    def position(self, place: str) -> Finding:
        """Value, rank, distance from the average, and whether that is more than chance."""
        row = self._row(place)
        name = self.comparison.short_name(place)
        if row is None or row["status"] != KNOWN:
            return self.absent(place, row)
        figures = {"value": row["value"]}
        parts = [self.value(row["value"])]
        sentence = ""
        if self.comparable:
            figures |= self._rank_figures(row)
            parts += [self.rank(row), self._beside_average(row, figures)]
            sentence = f" {self._chance(row, figures)}" if pd.notna(row["more_than_chance"]) else ""
        sentence = f"{self.subject}, {name}: {', '.join(part for part in parts if part)}.{sentence}"
        return self._finding("position", place, sentence, figures)

    def rank(self, row: pd.Series[Any]) -> str:
        """The rank with the number of places; ties are said."""
        count = int(row["places"])
        if pd.isna(row["rank"]):
            # Others are suppressed or rounded, and may stand on either side.
            best, worst = row.get("rank_best"), row.get("rank_worst")
            if best is None or worst is None or pd.isna(best) or pd.isna(worst):
                return f"of uncertain rank among {self.of_places(count)}"
            return f"{ordinal(int(best))} to {ordinal(int(worst))} of {self.of_places(count)}"
        rank = int(row["rank"])
        ties = int((self.known["rank"] == row["rank"]).sum())
        if ties == count:
            return f"the same in all {self.of_places(count)}"
        end = " (the highest)" if rank == 1 else " (the lowest)" if rank + ties - 1 == count else ""
        return f"{'joint ' if ties > 1 else ''}{ordinal(rank)} of {self.of_places(count)}{end}"

    def _rank_figures(self, row: pd.Series[Any]) -> dict[str, float]:
        held = {name: row.get(name) for name in ("rank", "rank_best", "rank_worst", "places")}
        return {name: float(value) for name, value in held.items() if value is not None and pd.notna(value)}

    def distance(self, difference: float, percent: float, figures: dict[str, float], name: str) -> str:
        """How far above or below: percentage points of a share, per cent of anything else."""
        if difference == 0:
            return "the same as"
        side = "above" if difference > 0 else "below"
        if self.metric.proportion:
            points = abs(difference) * 100
            if round(points, 1) == 0:
                return "about the same as"
            figures[f"{name}_points"] = difference * 100
            return f"{points:.1f} percentage point{'' if f'{points:.1f}' == '1.0' else 's'} {side}"
        if not math.isfinite(percent):
            return side
        if round(abs(percent), 1) == 0:
            return "about the same as"
        figures[f"{name}_percent"] = percent
        return f"{per_cent(percent)} {side}"

    def _beside_average(self, row: pd.Series[Any], figures: dict[str, float]) -> str:
        if pd.isna(row["average"]):
            return self._beside_open_average(row, figures)
        figures["average"] = row["average"]
        words = self.distance(row["difference"], row["difference_percent"], figures, "difference")
        return f"{words} their {self.average_in_words} ({self.amount(row['average'])})"

    def _beside_open_average(self, row: pd.Series[Any], figures: dict[str, float]) -> str:
        """Beside an average of which only the bounds are known, for a part of it is suppressed or rounded."""
        low, high = row.get("average_lower"), row.get("average_upper")
        if low is None or high is None or pd.isna(low) or pd.isna(high):
            return ""
        figures |= {"average_lower": low, "average_upper": high}
        side = "above" if row["value"] > high else "below" if row["value"] < low else "beside"
        return f"{side} their {self.average_in_words}, which lies from {self.amount(low)} to {self.amount(high)}"

    def _chance(self, row: pd.Series[Any], figures: dict[str, float]) -> str:
        figures |= {
            "lower": row["lower"],
            "upper": row["upper"],
            "confidence_percent": self.comparison.confidence * 100,
        }
        verdict = "more than chance" if row["more_than_chance"] else "no more than chance may give"
        interval = f"{self.amount(row['lower'])} to {self.amount(row['upper'])}"
        return f"The difference is {verdict}: {self.comparison.confidence * 100:.3g}% interval {interval}."

    def beside_peers(self, place: str) -> Finding | None:
        """Distance from the average of the peers."""
        row = self._row(place)
        peers = self.rows[self.rows["place"].isin(self.comparison.peers)]
        known = peers[peers["status"] == KNOWN]
        if row is None or row["status"] != KNOWN or known.empty or pd.isna(row["peer_average"]):
            return None
        average = float(row["peer_average"])
        figures = {"value": row["value"], "peer_average": average, "peers": len(known)}
        percent = (row["value"] - average) / average * 100 if average else math.nan
        words = self.distance(row["value"] - average, percent, figures, "peer_difference")
        asked = len(self.comparison.peers)
        which = f"{asked} peers" if asked > 1 else "peer"
        if len(known) < asked:
            figures["peers_asked"] = asked
            which = f"peers ({len(known)} of {asked} have a value)"
        average_of = f"their {self.average_in_words}" if len(known) > 1 else "its value"
        sentence = (
            f"{self.subject}, {self.comparison.short_name(place)} beside its {which}: {self.value(row['value'])}, "
            f"{words} {average_of} ({self.amount(average)})."
        )
        return self._finding("peers", place, sentence, figures)

    def other_basis(self, place: str) -> Finding | None:
        """The same place on another population, more shortly."""
        row = self._row(place)
        if row is None or row["status"] != KNOWN or not self.comparable:
            return None
        figures = {"value": row["value"]} | self._rank_figures(row)
        beside = self._beside_average(row, figures)
        said = ", ".join(each for each in (self.value(row["value"]), self.rank(row), beside) if each)
        sentence = f"{self.subject}, {self.comparison.short_name(place)}: {said}."
        return self._finding("other basis", place, sentence, figures)

    def spread(self) -> Finding | None:
        """The lowest and the highest place, and how many times the one the other is."""
        if not self.comparable:
            return None
        low, high = float(self.known["value"].min()), float(self.known["value"].max())
        figures: dict[str, float] = {"lowest": low, "places": self.places}
        if low == high:
            sentence = f"{self.subject}: {self.value(low)} in all {self.of_places()}."
            return self._finding("spread", None, sentence, figures)
        fold = float(fold_variation(self.known["value"].to_numpy())) if low > 0 else math.nan
        figures["highest"] = high
        without = " with a value" if self.places < len(self.rows) else ""
        times = ""
        if math.isfinite(fold):
            figures["fold"] = fold
            times = f", a {times_over(fold)}-fold range"
        sentence = (
            f"{self.subject}: the {self.of_places()}{without} range from {self.amount(low)} "
            f"({self._named_at(low)}) to {self.amount(high)} ({self._named_at(high)}){times}."
        )
        outside = self.known["more_than_chance"].dropna()
        if len(outside):
            figures |= {"more_than_chance": int(outside.sum()), "with_interval": len(outside)}
            sentence += (
                f" By their {self.comparison.confidence * 100:.3g}% intervals, {int(outside.sum()):,} of "
                f"{len(outside):,} differ from the average by more than chance."
            )
            figures["confidence_percent"] = self.comparison.confidence * 100
        return self._finding("spread", None, sentence, figures)

    def _named_at(self, value: float) -> str:
        names = [self.comparison.short_name(each) for each in self.known.loc[self.known["value"] == value, "place"]]
        return listed(names, most=3)

    def trend(self, place: str) -> Finding | None:
        """From the first to the last period: the place, and the average beside it."""
        held = self.of_metric(self.comparison.history)
        held = held[held["place"] == place]
        known = held[held["status"] == KNOWN]
        if len(known) < 2 or known.iloc[-1]["period"] != self.comparison.period or not self.moves():
            return None
        first, last = known.iloc[0], known.iloc[-1]
        figures = {"first": first["value"], "last": last["value"]}
        moved = self._moved(first["value"], last["value"], figures, "change")
        name = self.comparison.short_name(place)
        sentence = f"{self.subject}, {name}, from {first['period']} to {last['period']}: {moved}."
        if pd.notna(first["average"]) and pd.notna(last["average"]) and self.comparable:
            figures |= {"average_first": first["average"], "average_last": last["average"]}
            moved = self._moved(first["average"], last["average"], figures, "average_change")
            which = f"the {self.average_in_words} of the {self.of_places()}"
            sentence += f" Over the same time {which} {'' if moved.startswith(('rose', 'fell')) else 'was '}{moved}."
            figures["places"] = self.places
            if first["places"] != last["places"]:
                figures["places_first"] = first["places"]
                sentence += f" (In {first['period']} it is of {int(first['places']):,}.)"
        return self._finding("trend", place, sentence, figures)

    def moves(self) -> bool:
        """Whether any place has another value in another period: an index of one year's populations has not."""
        held = self.of_metric(self.comparison.history)
        return bool((held.groupby("place")["value"].nunique() > 1).any())

    def _moved(self, first: float, last: float, figures: dict[str, float], name: str) -> str:
        if last == first:
            return f"unchanged at {self.amount(last)}"
        verb = "rose" if last > first else "fell"
        ends = f", from {self.amount(first)} to {self.amount(last)}"
        if self.metric.proportion:
            points = f"{abs(last - first) * 100:.1f}"
            if points == "0.0":
                return f"about the same{ends}"
            figures[f"{name}_points"] = (last - first) * 100
            return f"{verb} by {points} percentage point{'' if points == '1.0' else 's'}{ends}"
        percent = (last - first) / first * 100 if first else math.nan
        if not math.isfinite(percent):
            return f"{verb}{ends}"
        if round(abs(percent), 1) == 0:
            return f"about the same{ends}"
        figures[f"{name}_percent"] = percent
        return f"{verb} by {per_cent(percent)}{ends}"

    def absent(self, place: str, row: pd.Series[Any] | None = None) -> Finding:
        """Why a place has no value."""
        sentence = f"{self.subject}, {self.comparison.short_name(place)}: {self.reason(place, row)}."
        return self._finding("absent", place, sentence, {})

    def reason(self, place: str, row: pd.Series[Any] | None) -> str:
        """Suppressed, not known for want of a measure, or nothing to divide by."""
        if row is None:
            return "the place is not in the table"
        if row["status"] == SUPPRESSED:
            return "suppressed in the data, and so not shown"
        if row["status"] == UNDEFINED:
            below = inputs_of(self.metric.name, self.basis)[-1].replace("_", " ")
            return f"not defined: {below} is 0, which leaves nothing to divide by"
        cells = self.comparison.measures.loc[place]
        absent = [name for name in inputs_of(self.metric.name, self.basis) if pd.isna(cells.get(name))]
        return f"not known, for the data hold no {listed([each.replace('_', ' ') for each in absent]) or 'value'}"

    def _row(self, place: str) -> pd.Series[Any] | None:
        held = self.rows[self.rows["place"] == place]
        return held.iloc[0] if len(held) else None

    def _finding(self, kind: str, place: str | None, sentence: str, figures: Mapping[str, Any]) -> Finding:
        plain = {name: float(value) for name, value in figures.items()}
        return Finding(kind, self.metric.name, self.basis, place, " ".join(sentence.split()), plain)


def per_cent(percent: float) -> str:
    """A percentage without its sign: whole from ten up, with one place below.

    Examples
    --------
    >>> per_cent(-12.4), per_cent(3.14), per_cent(9.97)
    ('12%', '3.1%', '10%')
    """
    size = abs(percent)
    return f"{size:,.0f}%" if round(size, 1) >= 10 else f"{size:.1f}%"


def times_over(fold: float) -> str:
    """How many times over: whole from ten up, with one place below.

    Examples
    --------
    >>> times_over(4.84), times_over(30.7)
    ('4.8', '31')
    """
    return f"{fold:,.0f}" if round(fold, 1) >= 10 else f"{fold:.1f}"
