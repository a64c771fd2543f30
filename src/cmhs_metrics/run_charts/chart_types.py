"""The chart types: what each plots, how far chance takes it, and where its limits must end."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

Average = Literal["mean", "median"]
LIMIT_FACTORS = {"mean": 3 / 1.128, "median": 3 / 0.954}
"""Three standard deviations for each unit of the mean, or of the median, moving range of two: 2.66 and 3.14."""
RANGE_FACTORS = {"mean": 3.267, "median": 3.865}
"""The upper limit of the moving ranges for each unit of their mean or median."""
_WHOLE = 1e-12
"""Squared, how far from a whole number a count may lie: sums of shares are whole to the last digits only."""


@dataclass(frozen=True, slots=True)
class ChartType:
    """A type of control chart.

    Parameters
    ----------
    name : str
        How it is asked for.
    label : str
        How it is called.
    moving_range : bool
        Whether the spread is taken from moving ranges: of the values, or in units of `sigma`, where there is one.
    denominator : bool
        Whether what is plotted is a count for each unit of a denominator.
    sigma : function, optional
        The standard deviation by the distribution, of the centre and the denominator: arrays or expressions.
    floor, ceiling : float, optional
        Where limits are cut, because nothing lies beyond.
    power : float
        Values are judged in this power of them, in which chance is even on both sides.
    centre_line : function, optional
        The line that runs are judged by, of the mean; the mean itself by default.
    of_events : bool
        Whether a row is an event, so that no period between two can be absent.
    """

    name: str
    label: str
    moving_range: bool = False
    denominator: bool = False
    sigma: Callable[[Any, Any], Any] | None = None
    floor: float | None = 0.0
    ceiling: float | None = None
    power: float = 1.0
    centre_line: Callable[[Any], Any] | None = None
    of_events: bool = False

    @property
    def counts(self) -> bool:
        """Whether the values are counts."""
        return self.sigma is not None


def _binomial(centre: Any, denominator: Any) -> Any:
    return (centre * (1 - centre) / denominator) ** 0.5


def _poisson(centre: Any, denominator: Any) -> Any:
    return (centre / denominator) ** 0.5


def _geometric(centre: Any, _: Any) -> Any:
    return (centre * (centre + 1)) ** 0.5


def _geometric_median(mean: Any) -> Any:
    """Half of the counts before an event are below it, where their mean is this."""
    # Written so that arrays and expressions can both be asked; a mean of zero has a median of zero.
    if isinstance(mean, np.ndarray):
        with np.errstate(divide="ignore"):
            return math.log(2) / np.log1p(1 / mean)
    return math.log(2) / (1 + 1 / mean).log()


CHART_TYPES = {
    each.name: each
    for each in (
        ChartType("xmr", "XmR chart", moving_range=True, floor=None),
        ChartType("p", "p chart", denominator=True, sigma=_binomial, ceiling=1.0),
        ChartType("p'", "p′ chart", denominator=True, sigma=_binomial, ceiling=1.0, moving_range=True),
        ChartType("u", "u chart", denominator=True, sigma=_poisson),
        ChartType("u'", "u′ chart", denominator=True, sigma=_poisson, moving_range=True),
        ChartType("c", "c chart", sigma=_poisson),
        ChartType("g", "g chart", sigma=_geometric, centre_line=_geometric_median, of_events=True),
        ChartType("t", "t chart", moving_range=True, power=1 / 3.6, of_events=True),
    )
}
"""The chart types by name."""


def impossible(
    chart: ChartType, numbers: dict[str, Any], possible: tuple[float, float], fractional: bool
) -> list[tuple[str, Any, str]]:
    """What no row of a chart may have.

    `numbers`: the values, and the denominators where there are any. `possible`: the least and the greatest value that
    there can be. Gives the role of the column, whether a row is wrong, and what was expected of it.
    """
    value = numbers["value"]
    found: list[tuple[str, Any, str]] = []
    if chart.counts:
        found.append(("value", value < 0, "a count, zero or more"))
        if not fractional:
            expected = "a whole count, and no rate (fractional=True for counts that were shared out)"
            found.append(("value", (value - value.round()) ** 2 > _WHOLE, expected))
    elif chart.power != 1:
        found.append(("value", value < 0, "a time between events, zero or more"))
    elif math.isfinite(possible[0]) or math.isfinite(possible[1]):
        expected = f"a value from {possible[0]:g} to {possible[1]:g}, the least and greatest possible"
        found.append(("value", (value < possible[0]) | (value > possible[1]), expected))
    if chart.denominator:
        denominator = numbers["denominator"]
        found.append(("denominator", denominator < 0, "a denominator, zero or more"))
        if chart.ceiling is not None:
            found.append(("value", value > denominator, "no more than the denominator"))
        else:
            found.append(("value", (value > 0) & (denominator == 0), "no count where there is nothing to count in"))
    return found
