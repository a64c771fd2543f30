"""Findings: what the figures say, in sentences made by rules.

A sentence says no more than its figures: no difference without its size, no chance without its interval, no cause, and
nothing good or bad. Each finding carries the figures that stand in it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from cmhs_metrics.packs.figures import UNDEFINED, denominator_of, inputs_of
from cmhs_metrics.packs.wording import Wording, times_over
from cmhs_metrics.presentation import KNOWN, SUPPRESSED, listed, period_in_words
from cmhs_metrics.variation import fold_variation

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Finding:
    """A sentence with the figures that stand in it.

    Parameters
    ----------
    kind : str
        "position", "peers", "other basis", "trend", "spread", "absent", "funnel", "profile" or "team types".
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

    def below(self, *headings: str) -> str:
        """The sentence as it stands below headings that name its metric and its place: without these."""
        text = self.sentence
        for heading in headings:
            shorter = text.removeprefix(heading)
            text = shorter if shorter[:1] in (",", ":", " ") else text
            text = text.removeprefix(", ").removeprefix(": ").lstrip()
        return f"{text[:1].upper()}{text[1:]}"


class Writer(Wording):
    """Writes the sentences of one metric on one population."""

    def position(self, place: str) -> Finding:
        """Value, rank, distance from the average, and whether that is more than chance."""
        row = self.row(place)
        name = self.comparison.short_name(place)
        if row is None or row["status"] != KNOWN:
            return self.absent(place, row)
        figures = {"value": row["value"]}
        parts = [self.value(row["value"])]
        sentence = ""
        if self.comparable:
            figures |= self.rank_figures(row)
            parts += [self.rank(row), self._beside_average(row, figures)]
            sentence = self._verdict(row, figures)
        sentence = f"{self.subject}, {name}: {', '.join(part for part in parts if part)}.{sentence}"
        return self._finding("position", place, sentence, figures)

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
        return f"{side} their {self.average_in_words}, which {self.between(low, high)}"

    def _verdict(self, row: pd.Series[Any], figures: dict[str, float]) -> str:
        """Where the place lies in the funnel; where there is none, its interval, and chance where that tells apart."""
        if self.funnel_position(row):
            return f" It lies {self.funnel_position(row)} of the funnel."
        if pd.isna(row["more_than_chance"]):
            return ""
        figures |= {
            "lower": row["lower"],
            "upper": row["upper"],
            "confidence_percent": self.comparison.confidence * 100,
        }
        verdict = "more than chance" if row["more_than_chance"] else "no more than chance may give"
        said = f"The difference is {verdict}: " if self.tells_apart else "Its "
        interval = f"{self.amount(row['lower'])} to {self.amount(row['upper'])}"
        colon = "" if self.tells_apart else ":"
        return f" {said}{self.comparison.confidence * 100:.3g}% interval{colon} {interval}."

    def beside_peers(self, place: str) -> Finding | None:
        """Distance from the average of the peers."""
        row = self.row(place)
        peers = self.rows[self.rows["place"].isin(self.comparison.peers)]
        known = peers[peers["status"] == KNOWN]
        if row is None or row["status"] != KNOWN or peers.empty:
            return None
        if pd.isna(row["peer_average"]):
            return self._beside_open_peers(place, row, peers)
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

    def _beside_open_peers(self, place: str, row: pd.Series[Any], peers: pd.DataFrame) -> Finding | None:
        """That the average of the peers is open, for one of them is suppressed; and between which values it lies."""
        hidden = int((peers["status"] == SUPPRESSED).sum())
        if not hidden:
            return None
        asked = len(self.comparison.peers)
        figures = {"value": row["value"], "peers": asked, "peers_suppressed": hidden}
        low, high = row.get("peer_average_lower"), row.get("peer_average_upper")
        why = f"which is open, for {hidden} of them {'is' if hidden == 1 else 'are'} suppressed"
        if asked == 1:
            beside = "beside a value that is suppressed"
        elif low is None or high is None or pd.isna(low) or pd.isna(high):
            beside = f"beside their {self.average_in_words}, {why}"
        else:
            figures |= {"peer_average_lower": low, "peer_average_upper": high}
            side = "above" if row["value"] > high else "below" if row["value"] < low else "beside"
            beside = f"{side} their {self.average_in_words}, {why}: it {self.between(low, high)}"
        sentence = (
            f"{self.subject}, {self.comparison.short_name(place)} beside its "
            f"{f'{asked} peers' if asked > 1 else 'peer'}: {self.value(row['value'])}, {beside}."
        )
        return self._finding("peers", place, sentence, figures)

    def other_basis(self, place: str) -> Finding | None:
        """The same place on another population, more shortly."""
        row = self.row(place)
        if row is None or row["status"] != KNOWN or not self.comparable:
            return None
        figures = {"value": row["value"]} | self.rank_figures(row)
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
        if math.isfinite(fold) and times_over(fold) != "1.0":
            figures["fold"] = fold
            over = times_over(fold)
            article = "an" if over.startswith("8") or over in ("11", "18") else "a"
            times = f", {article} {over}-fold range"
        elif math.isfinite(fold):
            # Rounded up, so that what is said to hold does.
            figures["within_percent"] = math.ceil(round((fold - 1) * 1000, 6)) / 10
            times = f", all within {figures['within_percent']:.1f}% of each other"
        sentence = (
            f"{self.subject}: the {self.of_places()}{without} range from {self.amount(low)} "
            f"({self._named_at(low)}) to {self.amount(high)} ({self._named_at(high)}){times}."
        )
        outside = self.known["more_than_chance"].dropna()
        if self.tells_apart and not self.funnel_words:
            figures |= {"more_than_chance": int(outside.sum()), "with_interval": len(outside)}
            told = f"{len(outside):,}"
            told = told if len(outside) == self.places else f"the {told} of which it can be told"
            sentence += (
                f" By their {self.comparison.confidence * 100:.3g}% intervals, {int(outside.sum()):,} of {told} differ "
                "from the average by more than chance."
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
        moved = self.moved(first["value"], last["value"], figures, "change")
        name = self.comparison.short_name(place)
        ends = [period_in_words(each["period"]) for each in (first, last)]
        sentence = f"{self.subject}, {name}, from {ends[0]} to {ends[1]}: {moved}."
        if pd.notna(first["average"]) and pd.notna(last["average"]) and self.comparable:
            figures |= {"average_first": first["average"], "average_last": last["average"]}
            moved = self.moved(first["average"], last["average"], figures, "average_change")
            which = f"the {self.average_in_words} of the {self.of_places()}"
            sentence += f" Over the same time {which} {'' if moved.startswith(('rose', 'fell')) else 'was '}{moved}."
            figures["places"] = self.places
            if first["places"] != last["places"]:
                figures["places_first"] = first["places"]
                sentence += f" (In {ends[0]} it is of {int(first['places']):,}.)"
        return self._finding("trend", place, sentence, figures)

    def moves(self) -> bool:
        """Whether any place has another value in another period: an index of one year's populations has not."""
        held = self.of_metric(self.comparison.history)
        return bool((held.groupby("place")["value"].nunique() > 1).any())

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
            below = self.metric.whole or listed(
                [name.replace("_", " ") for name in denominator_of(self.metric.name, self.basis)]
            )
            return f"not defined: {below} is 0, which leaves nothing to divide by"
        cells = self.comparison.measures.loc[place]
        absent = [name for name in inputs_of(self.metric.name, self.basis) if pd.isna(cells.get(name))]
        if not absent and self.comparison.pooled and self.metric.annual:
            return "not known: its periods do not make up one year"
        if not absent:
            return "not known: the counts that it is made of were rounded, and do not go together"
        return f"not known, for the data hold no {listed([each.replace('_', ' ') for each in absent])}"

    def _finding(self, kind: str, place: str | None, sentence: str, figures: Mapping[str, Any]) -> Finding:
        plain = {name: float(value) for name, value in figures.items()}
        return Finding(kind, self.metric.name, self.basis, place, " ".join(sentence.split()), plain)
