"""A check: what a printed figure should be, by the other printed figures, and what comes of computing it.

The verdict is computed, never written down. Two figures can disagree only where they stand on the same footing:

1. The document itself says that the one follows from the others ("this equates to", "extrapolated to England"), or
   prints the same figure twice. Then the arithmetic is due, whatever the averages.
2. Totals, shares of totals, extrapolated totals, sums of responses and targets combine freely.
3. An average of organisations goes through sums, differences, bounds and changes over time, with averages of its own
   kind. As a bound, the smallest and largest organisation fit every average, and the mean of those that have a service
   fits the mean of all.
4. Everything else mixes averages: a quotient or a product of means is not the mean of the quotients or products, and a
   figure whose average is not said may be either. There the numbers may differ freely.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, Literal

from cmhs_metrics.audit.figures import Figure, written

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Relation = Literal["equals", "at most", "at least"]

AGREES = "agrees"
DISAGREES = "disagrees"
DIFFERENT_AVERAGES = "different averages"
CANNOT_BE_CHECKED = "cannot be checked"
IMPLIED = "implied"
VERDICTS = (AGREES, DISAGREES, DIFFERENT_AVERAGES, CANNOT_BE_CHECKED, IMPLIED)
"""Everything that can come of a check; "implied" where the document prints nothing to hold against the result."""

_TOTALS = frozenset({"England total", "share of England total", "extrapolated to England", "responses", "target"})
_AS_BOUND = {
    "mean of organisations providing it": "mean of organisations",
    "minimum of organisations": "",
    "maximum of organisations": "",
}
_PHRASES: Mapping[Relation, str] = {"equals": "", "at most": "at most ", "at least": "at least "}


@dataclass(frozen=True)
class Check:
    """One figure, and how it follows from others.

    Parameters
    ----------
    title : str
        What is checked, as a phrase.
    target : str, float or None
        What it must meet: a figure's reference, a plain number that needs no source (100%), or None where nothing is
        printed.
    inputs : tuple of str
        The references of the figures that it is computed from.
    formula : str
        The formula as people read it, with "{0}", "{1}" … for the inputs.
    compute : callable
        The formula: floats in the order of the inputs [their units] to a float [the target's unit]. It must rise or
        fall with each input, so that its extremes lie where the inputs have theirs.
    relation : {"equals", "at most", "at least"}
        How the computed value must stand to the target.
    additive : bool
        Whether the formula is a sum, a difference, a bound, an order, or a change over time or of scale.
    stated : bool
        Whether the document itself says that the target follows from the inputs, or is the same figure.
    unit : str
        The unit of the result where there is no target.
    note : str
        What to know before judging.
    """

    title: str
    target: str | float | None
    inputs: tuple[str, ...]
    formula: str
    compute: Callable[..., float]
    relation: Relation = "equals"
    additive: bool = False
    stated: bool = False
    unit: str = ""
    note: str = ""


@dataclass(frozen=True)
class Outcome:
    """What comes of a check.

    Parameters
    ----------
    check : Check
        The check.
    inputs : tuple of Figure
        The figures that it is computed from.
    target : Figure or None
        The figure that it must meet; None where it is a plain number or nothing.
    """

    check: Check
    inputs: tuple[Figure, ...]
    target: Figure | None

    @property
    def subject(self) -> Figure:
        """The figure that the check is about: the target, or the first input."""
        return self.target or self.inputs[0]

    @property
    def unit(self) -> str:
        """The unit of both sides."""
        return self.target.unit if self.target else self.check.unit or self.inputs[0].unit

    @property
    def published(self) -> float:
        """The target [unit]; NaN where there is none."""
        if self.target:
            return self.target.value
        return math.nan if self.check.target is None else float(self.check.target)

    @property
    def published_interval(self) -> tuple[float, float]:
        """The least and greatest value [unit] that would be printed as the target is."""
        return self.target.interval if self.target else (self.published, self.published)

    @cached_property
    def recomputed(self) -> float:
        """The formula at the printed values [unit]."""
        return self.check.compute(*(each.value for each in self.inputs))

    @cached_property
    def interval(self) -> tuple[float, float]:
        """The least and greatest value [unit] of the formula within the rounding of its inputs."""
        corners = [self.check.compute(*corner) for corner in product(*(each.interval for each in self.inputs))]
        if math.isnan(self.recomputed):
            return math.nan, math.nan
        # A corner is undefined where rounding lets a denominator be zero.
        defined = [corner for corner in corners if not math.isnan(corner)]
        return min(defined), max(defined) if len(defined) == len(corners) else math.inf

    @property
    def within_rounding(self) -> bool | None:
        """Whether rounding alone can make up the difference; None where there is nothing to hold the result against."""
        (low, high), (target_low, target_high) = self.interval, self.published_interval
        if math.isnan(low) or math.isnan(target_low):
            return None
        # A number at the upper end would have been printed as the next one, so intervals that only touch stay apart.
        below_target = low <= target_high - 1e-9 * (target_high - target_low)
        above_target = high - 1e-9 * (high - low) >= target_low if high < math.inf else True
        if self.check.relation == "at most":
            return below_target
        if self.check.relation == "at least":
            return above_target
        return below_target and above_target

    @cached_property
    def comparable(self) -> bool:
        """Whether inputs and target stand on the same footing, so that the formula must hold."""
        statistics = self.statistics
        if self.check.stated or statistics <= _TOTALS:
            return True
        if self.check.relation != "equals":
            statistics = frozenset(_AS_BOUND.get(each, each) for each in statistics) - {""}
        return self.check.additive and len(statistics) <= 1

    @property
    def statistics(self) -> frozenset[str]:
        """What the figures are, target included."""
        return frozenset(each.statistic for each in (*self.inputs, self.target) if each)

    @property
    def not_given(self) -> tuple[Figure, ...]:
        """The figures in whose place the document prints "N/A"."""
        return tuple(each for each in (*self.inputs, self.target) if each and math.isnan(each.value))

    @property
    def verdict(self) -> str:
        """One of `VERDICTS`."""
        if self.not_given or math.isnan(self.recomputed):
            return CANNOT_BE_CHECKED
        if self.check.target is None:
            return IMPLIED
        if not self.comparable:
            return DIFFERENT_AVERAGES
        return AGREES if self.within_rounding else DISAGREES

    @property
    def reason(self) -> str:
        """Why the verdict is what it is."""
        if self.not_given:
            return "; ".join(f"{each.printed} is printed for {each.reference}" for each in self.not_given)
        if math.isnan(self.recomputed):
            return "the formula divides by a figure that is printed as zero"
        if self.check.target is None:
            return "no such figure is printed"
        if not self.comparable:
            law = "" if self.check.additive else "; a quotient or product of averages is not their average"
            return f"it combines {', '.join(sorted(self.statistics))}{law}"
        return "within rounding" if self.within_rounding else "beyond rounding"

    @property
    def formula(self) -> str:
        """The formula with the printed figures in it."""
        return self.check.formula.format(*(written(each.value, each.unit) for each in self.inputs))

    @property
    def printed(self) -> str:
        """The target as printed."""
        if self.target:
            return self.target.text
        return "" if self.check.target is None else written(self.published, self.unit)

    @property
    def arithmetic(self) -> str:
        """The whole calculation in words and numbers."""
        computed = _with_interval(self.recomputed, self.interval, self.unit)
        line = computed if computed.startswith(self.formula) else f"{self.formula} = {computed}"
        if self.check.target is None:
            return line
        wanted = _PHRASES[self.check.relation] + _with_interval(self.published, self.published_interval, self.unit)
        where = f", printed “{self.printed}”" if self.target else ""
        return f"{line}, against {wanted}{where}"


def run(check: Check, known: Mapping[str, Figure]) -> Outcome:
    """Look up the figures of a check.

    Raises `KeyError` when a figure of the check is not among the known.
    """
    target = known[check.target] if isinstance(check.target, str) else None
    return Outcome(check, tuple(known[each] for each in check.inputs), target)


def _with_interval(value: float, interval: tuple[float, float], unit: str) -> str:
    low, high = (written(end, unit) for end in interval)
    return written(value, unit) if low == high else f"{written(value, unit)} [{low} to {high}]"
