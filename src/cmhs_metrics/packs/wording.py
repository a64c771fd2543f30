"""How a metric is worded: its value with the unit, its rank, its distance from others, and how it moved."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd

from cmhs_metrics.catalogue import CATALOGUE
from cmhs_metrics.presentation import KNOWN, amount, ordinal, unit_beside, unit_in_words

if TYPE_CHECKING:
    from cmhs_metrics.catalogue import Metric
    from cmhs_metrics.packs.figures import Figures

PLACE_NAMES = {"icb": "ICBs", "organisation": "organisations", "region": "regions", "pcn": "PCNs"}
"""What the places of a column are called together."""

SINGLE_PLACES = {"icb": "ICB", "organisation": "organisation", "region": "region", "pcn": "PCN"}
"""What one of them is called."""

POPULATIONS = {
    "registered": "registered population",
    "weighted": "weighted population",
    "16+": "people aged 16 and over",
    "age_band": "people of the ages that the team is for",
}
"""The populations below the line, as sentences name them."""

AVERAGES = {"pooled": "pooled average", "mean of places": "mean", "median of places": "median"}
"""The averages of places, as sentences name them."""

POSITIONS = {
    "within": "within the limits",
    "above 99.8%": "above the 99.8% limits", "below 99.8%": "below the 99.8% limits",
    "above 95%": "above the 95% limits", "below 95%": "below the 95% limits",
}  # fmt: skip
"""Where a place lies in a funnel, in words."""

MOST_BY_CHANCE = 0.75
"""Where a larger share of places differs by more than chance, that marks out none of them [proportion]."""

FEWEST_PLACES = 2
"""With fewer known values there is nothing to compare."""


class Wording:
    """The words for one metric on one population.

    Parameters
    ----------
    comparison : Figures
        The figures of the pack.
    metric : str
        The metric.
    basis : str or None
        The population of a rate.
    """

    def __init__(self, comparison: Figures, metric: str, basis: str | None) -> None:
        self.comparison = comparison
        self.metric: Metric = CATALOGUE[metric]
        self.basis = basis
        self.rows = self.of_metric(comparison.rows)
        self.known = self.rows[self.rows["status"] == KNOWN]
        self.places = len(self.known)
        self._read: dict[str, pd.Series[Any] | None] = {}

    def of_metric(self, rows: pd.DataFrame) -> pd.DataFrame:
        """The rows of the metric on its population."""
        of_basis = rows["basis"].isna() if self.basis is None else rows["basis"] == self.basis
        return rows[(rows["metric"] == self.metric.name) & of_basis]

    def row(self, place: str) -> pd.Series[Any] | None:
        """The figures of a place, read once."""
        if place not in self._read:
            held = self.rows[self.rows["place"] == place]
            self._read[place] = held.iloc[0] if len(held) else None
        return self._read[place]

    @property
    def comparable(self) -> bool:
        """Whether enough places are known to be compared."""
        return self.places >= FEWEST_PLACES

    @property
    def tells_apart(self) -> bool:
        """Whether "more than chance" marks places out: not where it holds of more than three in four."""
        tested = self.known["more_than_chance"].dropna().astype(bool)
        return bool(len(tested)) and float(tested.mean()) <= MOST_BY_CHANCE

    @property
    def funnel_words(self) -> dict[str, int]:
        """How many places lie where in the funnel; empty where there is none."""
        if "funnel_position" not in self.known:
            return {}
        counted = self.known["funnel_position"].dropna().astype(str).value_counts()
        return {word: int(counted[word]) for word in POSITIONS if word in counted}

    def funnel_position(self, row: pd.Series[Any]) -> str:
        """Where a place lies, as "above the 99.8% limits"; empty where there is no funnel."""
        word = row.get("funnel_position")
        return POSITIONS.get(word, "") if isinstance(word, str) else ""

    def amount(self, value: float) -> str:
        """A value as tables and sentences show it."""
        return amount(value, self.metric.unit, proportion=self.metric.proportion)

    @property
    def unit(self) -> str:
        """The unit as headings show it, with its population."""
        return unit_in_words(unit_beside(self.metric.label, self.metric.printed_unit), self.basis)

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
        if number == 1:
            return f"1 {SINGLE_PLACES.get(self.comparison.by, 'place')}"
        return f"{number:,} {PLACE_NAMES.get(self.comparison.by, 'places')}"

    @property
    def average_in_words(self) -> str:
        """The average, with its kind, which is never left out."""
        return AVERAGES[self.comparison.average]

    def rank(self, row: pd.Series[Any]) -> str:
        """The rank with the number of places; ties are said."""
        count = int(row["places"])
        if pd.isna(row["rank"]):
            # Others are suppressed or rounded, and may stand on either side.
            best, worst = row.get("rank_best"), row.get("rank_worst")
            if best is None or worst is None or pd.isna(best) or pd.isna(worst):
                return f"of uncertain rank among {self.of_places(count)}"
            return f"between {ordinal(int(best))} and {ordinal(int(worst))} of {self.of_places(count)}"
        rank = int(row["rank"])
        ties = int((self.known["rank"] == row["rank"]).sum())
        if ties == count:
            return f"the same in all {self.of_places(count)}"
        end = " (the highest)" if rank == 1 else " (the lowest)" if rank + ties - 1 == count else ""
        return f"{'joint ' if ties > 1 else ''}{ordinal(rank)} of {self.of_places(count)}{end}"

    def rank_figures(self, row: pd.Series[Any]) -> dict[str, float]:
        """The figures of a rank, as far as it is known."""
        held = {name: row.get(name) for name in ("rank", "rank_best", "rank_worst", "places")}
        return {name: float(value) for name, value in held.items() if value is not None and pd.notna(value)}

    def between(self, low: float, high: float) -> str:
        """Where a value lies of which only the bounds are known; of bounds that are written alike, about where."""
        ends = self.amount(low), self.amount(high)
        return f"is about {ends[0]}" if ends[0] == ends[1] else f"lies from {ends[0]} to {ends[1]}"

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

    def moved(self, first: float, last: float, figures: dict[str, float], name: str) -> str:
        """How a value moved, and between which."""
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
