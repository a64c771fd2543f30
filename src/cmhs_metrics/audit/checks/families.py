"""Families of checks: the few ways in which one printed figure can follow from others."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from cmhs_metrics.audit.check import Check
from cmhs_metrics.numeric.ratio import ratio
from cmhs_metrics.trends.changes import percentage_change

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from cmhs_metrics.audit.check import Relation


def same(value: float) -> float:
    """The value itself: the formula of a figure that is printed again, or that bounds another."""
    return value


def total(*values: float) -> float:
    """The sum of the values."""
    return sum(values)


def share(part: float, whole: float) -> float:
    """Part of a whole [%]."""
    return ratio(part, whole, 100)


def joined(count: int, sign: str) -> str:
    """The formula that joins its inputs by one sign."""
    return f" {sign} ".join(f"{{{position}}}" for position in range(count))


def listed(count: int) -> str:
    """The formula that names its inputs one after the other."""
    return ", ".join(f"{{{position}}}" for position in range(count))


def printed_again(exact: str, *others: str, note: str = "") -> list[Check]:
    """The same figure in several places: each must fit the most exact of them."""
    return [
        Check("Printed in two places", other, (exact,), "{0}", same, additive=True, stated=True, note=note)
        for other in others
    ]


def adds_to(
    title: str, target: str | float, parts: Iterable[str], *, relation: Relation = "equals", note: str = ""
) -> Check:
    """Parts that make up a whole, or leave room in it."""
    parts = tuple(parts)
    return Check(title, target, parts, joined(len(parts), "+"), total, relation, additive=True, note=note)


def share_of(title: str, target: str, part: str, whole: str, *, stated: bool = False) -> Check:
    """A part of a whole, printed as a percentage."""
    return Check(title, target, (part, whole), "{0} ÷ {1} × 100", share, stated=stated)


def share_of_sum(title: str, target: str, part: str, others: Sequence[str]) -> Check:
    """A part of a whole that is the sum of its parts, printed as a percentage."""

    def compute(*values: float) -> float:
        return share(values[0], total(*values))

    return Check(title, target, (part, *others), f"{{0}} ÷ ({joined(len(others) + 1, '+')}) × 100", compute)


def quotient(
    title: str,
    target: str | None,
    above: str,
    below: str,
    compute: Callable[[float, float], float] = ratio,
    *,
    stated: bool = False,
    unit: str = "",
) -> Check:
    """One figure divided by another, by the metric that divides them."""
    return Check(title, target, (above, below), "{0} ÷ {1}", compute, stated=stated, unit=unit)


def change(title: str, target: str, later: str, earlier: str, *, stated: bool = False, fall: bool = False) -> Check:
    """Percentage change over time; falls are printed as positive numbers."""

    def compute(value: float, before: float) -> float:
        return -percentage_change(value, before) if fall else percentage_change(value, before)

    formula = "(1 − {0} ÷ {1}) × 100" if fall else "({0} ÷ {1} − 1) × 100"
    return Check(title, target, (later, earlier), formula, compute, additive=True, stated=stated)


def implied_population(title: str, count: str, rate: str, *, note: str = "") -> Check:
    """The people that a count and its rate per 100,000 imply."""
    return Check(title, None, (count, rate), "{0} ÷ {1} × 100,000", population_behind, unit="person", note=note)


def population_behind(count: float, rate: float) -> float:
    """The population [person] on which a count is a rate per 100,000."""
    return ratio(count, rate, 100_000)


def extrapolation(title: str, target: str, rate: str, count: str, its_rate: str) -> Check:
    """A mean rate taken to England, on the population that another extrapolation of the document implies.

    The document says of these totals that they are extrapolated, which is to multiply the rate by the population.
    """

    def compute(per_100k: float, other: float, other_rate: float) -> float:
        return per_100k * population_behind(other, other_rate) / 100_000

    return Check(title, target, (rate, count, its_rate), "{0} × {1} ÷ {2}", compute, stated=True)


def at_most(title: str, target: str | float, lower: str, *, note: str = "") -> Check:
    """A figure that another bounds from above."""
    return Check(title, target, (lower,), "{0}", same, "at most", additive=True, note=note)


def at_least(title: str, target: str | float, higher: str) -> Check:
    """A figure that another bounds from below."""
    return Check(title, target, (higher,), "{0}", same, "at least", additive=True)


def between(title: str, target: str, others: Sequence[str]) -> list[Check]:
    """A figure that lies among others."""
    smallest, largest = (f"the {end} of {listed(len(others))}" for end in ("smallest", "largest"))
    return [
        Check(f"{title}: not below the smallest", target, tuple(others), smallest, _smallest, "at most", additive=True),
        Check(f"{title}: not above the largest", target, tuple(others), largest, _largest, "at least", additive=True),
    ]


def highest(title: str, target: str, others: Iterable[str]) -> Check:
    """A figure that none of the others exceeds."""
    others = tuple(each for each in others if each != target)
    return Check(title, target, others, f"the largest of {listed(len(others))}", _largest, "at most", additive=True)


def lowest(title: str, target: str, others: Iterable[str]) -> Check:
    """A figure that none of the others is below."""
    others = tuple(each for each in others if each != target)
    return Check(title, target, others, f"the smallest of {listed(len(others))}", _smallest, "at least", additive=True)


def ascending(title: str, references: Sequence[str]) -> list[Check]:
    """A list from the smallest to the largest."""
    return [at_most(title, higher, lower) for lower, higher in pairwise(references)]


def _smallest(*values: float) -> float:
    return min(values)


def _largest(*values: float) -> float:
    return max(values)
