"""How a run chart is to be made: what is the same for all its groups."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from cmhs_metrics.errors import Problem, nearest
from cmhs_metrics.run_charts.chart_types import CHART_TYPES, LIMIT_FACTORS, ChartType

if TYPE_CHECKING:
    from cmhs_metrics.run_charts.chart_types import Average

Missing = Literal["break", "skip", "refuse"]
SIGNALS = ("outside_limits", "run", "trend", "two_of_three")
"""The rules, in the order in which they are looked at."""
COLUMNS = (
    "phase", "in_baseline", "points", "trial", "plotted", "centre", "lower", "upper", *SIGNALS, "improvement",
    "special_cause", "target", "assurance",
)  # fmt: skip
"""The columns that a run chart adds."""
DIRECTIONS = {"high": 1, "low": -1, None: 0}
"""The direction of good, by name."""
CAUSES = ("none", "high", "low", "improvement", "concern", None)
"""What is said of a point, by number."""
ASSURANCES = ("hit or miss", "pass", "fail", None)
"""What limits promise of a target, by number."""


@dataclass(frozen=True, slots=True)
class Options:
    """The options of a run chart; see `run_chart`."""

    chart: ChartType
    roles: dict[str, str]
    period: str
    by: list[str]
    per: float
    possible: tuple[float, float]
    centre: Average
    moving_range: Average
    screened: bool
    missing: Missing
    length: int
    minimum_points: int
    fractional: bool

    @property
    def keys(self) -> list[str]:
        """The columns of the table that a chart has before its own."""
        given = [self.roles[role] for role in ("value", "denominator") if role in self.roles]
        return list(dict.fromkeys([*self.by, self.period, *given]))


def read_options(
    chart: Any, value: str, denominator: Any, target: Any, by: Any, problems: list[Problem], **given: Any
) -> Options:
    """Read the options, and add what is wrong with them to the problems."""
    name = chart.strip().casefold().replace("′", "'").replace("’", "'") if isinstance(chart, str) else ""
    kind = CHART_TYPES.get(name, CHART_TYPES["xmr"])
    if name not in CHART_TYPES:
        known = ", ".join(repr(each) for each in CHART_TYPES)
        problems.append(Problem("chart", None, chart, f"{nearest(name, CHART_TYPES)} one of {known}".strip()))
    elif kind.denominator and denominator is None:
        problems.append(
            Problem("denominator", None, None, f"a column, by which the counts of a {kind.label} are divided")
        )
    elif not kind.denominator and denominator is not None:
        problems.append(Problem("denominator", None, denominator, f"none: a {kind.label} has no denominator"))
    for option in ("centre", "moving_range"):
        if given[option] not in LIMIT_FACTORS:
            problems.append(Problem(option, None, given[option], "'mean' or 'median'"))
    if given["centre"] == "median" and kind.counts:
        expected = f"'mean': the limits of a {kind.label} are those of a distribution, which has a mean"
        problems.append(Problem("centre", None, "median", expected))
    if given["missing"] not in ("break", "skip", "refuse"):
        problems.append(Problem("missing", None, given["missing"], "'break', 'skip' or 'refuse'"))
    for option, least in (("length", 3), ("minimum_points", 2)):
        number = given[option]
        if isinstance(number, bool) or not isinstance(number, (int, float)) or not least <= number == number // 1:
            words = {3: "three points or more", 2: "a whole number of points, two or more"}[least]
            problems.append(Problem(option, None, number, words))
    if not _is_number(given["per"]) or not 0 < given["per"] < math.inf:
        problems.append(Problem("per", None, given["per"], "a number above zero"))
    elif given["per"] != 1 and not kind.denominator:
        problems.append(Problem("per", None, given["per"], f"1: a {kind.label} plots no rates"))
    roles = {"value": value} | ({"denominator": denominator} if denominator is not None else {})
    if isinstance(target, str):
        roles["target"] = target
    keys = [by] if isinstance(by, str) else list(by)
    possible = _possible(given.pop("possible"), kind, problems)
    options = Options(chart=kind, roles=roles, by=keys, possible=possible, **given)
    taken = [each for each in options.keys if each in COLUMNS]
    problems += [Problem(each, None, None, "another name: the chart has a column of this one") for each in taken]
    return options


def _possible(possible: Any, chart: ChartType, problems: list[Problem]) -> tuple[float, float]:
    own = (-math.inf if chart.floor is None else chart.floor, math.inf if chart.ceiling is None else chart.ceiling)
    if possible is None:
        return own
    try:
        least, greatest = (
            default if each is None else each for each, default in zip(possible, (-math.inf, math.inf), strict=True)
        )
        fits = _is_number(least) and _is_number(greatest) and least < greatest
    except (TypeError, ValueError):
        fits = False
    if not fits:
        expected = "the least and the greatest value that there can be, such as (0, 1); None where there is none"
        problems.append(Problem("possible", None, possible, expected))
        return own
    if chart.name != "xmr":
        expected = f"none: what is possible on a {chart.label} is known"
        problems.append(Problem("possible", None, possible, expected))
        return own
    return float(least), float(greatest)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value == value
