"""The run chart: limits, rules and assurance for many groups at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from cmhs_metrics.errors import Problem
from cmhs_metrics.run_charts.limits import Average, check_options, limits_by_phase
from cmhs_metrics.run_charts.points import Points, read_points
from cmhs_metrics.run_charts.rules import (
    outside_limits,
    run_on_one_side,
    steady_trend,
    two_of_three_near_limit,
)
from cmhs_metrics.run_charts.settings import directions, numbers_for_each_group, phase_starts, refuse
from cmhs_metrics.signatures import checked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

COLUMNS = (
    "phase", "in_baseline", "centre", "lower", "upper", "outside_limits", "run", "trend", "two_of_three",
    "special_cause", "target", "assurance",
)  # fmt: skip
"""The columns that a run chart adds."""


@checked
def run_chart(
    table: Any,
    value: str,
    *,
    period: str = "period",
    by: str | Sequence[str] = (),
    improvement: Any = None,
    target: Any = None,
    rebase: Any = None,
    baseline: Any = None,
    centre: Average = "mean",
    moving_range: Average = "mean",
    screened: bool = False,
    missing: Literal["break", "skip", "refuse"] = "break",
    length: int = 7,
) -> Any:
    """Chart values over time against the limits of chance, by the rules of "Making Data Count".

    `improvement`, `target`, `rebase` and `baseline` are one for all groups, or a mapping (or pandas Series) from the
    group to its own, in which groups may be absent. The key of a group is what its column holds, or a tuple where
    several columns name a group.

    Parameters
    ----------
    table : pandas.DataFrame, polars.DataFrame, pyarrow.Table or another eager table
        A row for each group and period, in any order.
    value : str
        The column of the values [any unit].
    period : str, default "period"
        The column of the periods, as `parse_period` reads them, or numbers.
    by : str or sequence of str, optional
        The columns that name a group; each group is a chart of its own.
    improvement : {"high", "low"} or mapping, optional
        The direction of good.
    target : float or mapping, optional
        The target [the values' unit].
    rebase : period, list of periods or mapping, optional
        From which periods on the limits are taken anew.
    baseline : int or mapping, optional
        The limits rest on so many known points from the start of each phase on, a phase being what lies between two
        rebase dates, and stay as they are after them; on all points of the phase unless given.
    centre, moving_range : {"mean", "median"}, default "mean"
        The averages of the values and of their moving ranges.
    screened : bool, default False
        Whether moving ranges above their own upper limit are left out of the limits.
    missing : {"break", "skip", "refuse"}, default "break"
        What a missing value, or an absent month, quarter or year, does: it ends runs and trends, and no moving range
        is taken across it; or its neighbours follow each other; or it is refused.
    length : int, default 7
        How many points make a run or a trend.

    Returns
    -------
    The kind of table that came in
        The columns of `by`, the period and the value, in the order of the rows, with

        - `phase`: 1 from the start, one more from each rebase date on;
        - `in_baseline`: whether the point is one of those that the limits rest on;
        - `centre`, `lower`, `upper`: the limits of the phase [the values' unit]; missing where no two points of it
          follow each other;
        - `outside_limits`, `run`, `trend`, `two_of_three`: the rules; 1 for high or rising, -1 for low or falling;
        - `special_cause`: "improvement" or "concern" by the direction of good, "high" or "low" without one (of two
          rules that disagree, the improvement, as in the tools of Making Data Count; without a direction, the first
          rule); "none" for common cause; missing for a missing point;
        - `target`, and `assurance`: whether the limits of the phase promise to "pass" it or to "fail" it, or "hit or
          miss"; missing without a target or a direction of good.

    Raises
    ------
    BadInput
        When a column is not there, a value is not a number or infinite, a key is missing, periods cannot be read or
        stand twice in a group, a group has fewer than two points, a setting names a group that is not there, a rebase
        date is not within its group, or an option is not known. Every problem is named.
    TypeError
        When the table is not eager.

    References
    ----------
    NHS England, Making data count: strengthening your decisions. Wheeler (2000), Understanding variation.

    Examples
    --------
    >>> import pandas as pd
    >>> months = [f"2016-{month:02}" for month in range(4, 13)]
    >>> waits = pd.DataFrame({"period": months, "waits": [50.0, 52, 49, 51, 50, 52, 49, 51, 70]})
    >>> chart = run_chart(waits, "waits", improvement="low", target=40, baseline=8)
    >>> chart[["period", "lower", "upper", "outside_limits", "special_cause", "assurance"]].tail(2).round(1)
        period  lower  upper  outside_limits special_cause assurance
    7  2016-11   44.8   56.2               0          none      fail
    8  2016-12   44.8   56.2               1       concern      fail
    """
    import narwhals as nw

    frame = _eager(table)
    keys = [by] if isinstance(by, str) else list(by)
    problems = check_options(centre, moving_range, None)
    if missing not in ("break", "skip", "refuse"):
        problems.append(Problem("missing", None, missing, "'break', 'skip' or 'refuse'"))
    if length < 3:
        problems.append(Problem("length", None, length, "three points or more"))
    if taken := [name for name in (*keys, period, value) if name in COLUMNS]:
        problems += [Problem(name, None, None, "another name: the chart has a column of this one") for name in taken]
    refuse(problems)
    points = read_points(frame, value, period, keys, missing)
    starts = phase_starts(rebase, points, problems)
    bases = numbers_for_each_group(
        baseline, "baseline", points, problems,
        allowed=lambda n: n >= 2 and n == int(n), expected="a whole number of points, two or more",
    )  # fmt: skip
    targets = numbers_for_each_group(
        target, "target", points, problems, allowed=lambda n: bool(np.isfinite(n)), expected="a finite number"
    )
    good = directions(improvement, points, problems)
    refuse(problems)
    phase = np.cumsum(starts) - 1
    bases = np.nan_to_num(bases, nan=np.inf)[points.group[starts]]
    columns = _judged(points, phase, bases, centre, moving_range, screened, missing == "break", length)
    columns["phase"] = phase - phase[points.starts][points.group] + 1
    columns["special_cause"] = _special_cause(columns, good[points.group], np.isnan(points.values))
    columns["target"] = targets[points.group]
    columns["assurance"] = _assurance(columns, good[points.group])
    result = frame.select(*dict.fromkeys([*keys, period, value]))
    back = np.argsort(points.order)
    backend = frame.implementation
    added = [
        nw.new_series(name, each.tolist(), nw.String, backend=backend)
        if (each := columns[name][back]).dtype == object
        else nw.new_series(name, each, backend=backend)
        for name in COLUMNS
    ]
    result = result.with_columns(*(each.fill_nan(None) if each.dtype == nw.Float64 else each for each in added))
    return result if isinstance(table, nw.DataFrame) else result.to_native()


def _eager(table: Any) -> Any:
    import narwhals as nw

    try:
        return nw.from_native(table, eager_only=True)
    except TypeError:
        kind = type(table).__name__
        raise TypeError(f"run_chart: an eager table is expected, got a {kind}; collect a lazy one first") from None


def _judged(
    points: Points,
    phase: NDArray[Any],
    baseline: NDArray[Any],
    centre: Average,
    moving_range: Average,
    screened: bool,
    gaps_break: bool,
    length: int,
) -> dict[str, NDArray[Any]]:
    """The limits and the rules, for every point; the rules look at the known points only."""
    known = ~np.isnan(points.values)
    breaks = np.append(True, phase[1:] != phase[:-1])
    if gaps_break:
        breaks[1:] |= ~known[:-1]
        if points.step:
            breaks[1:] |= np.diff(points.ordinals) > points.step
    stretch = np.cumsum(breaks)[known]
    values, own = points.values[known], phase[known]
    limits = limits_by_phase(values, own, stretch, baseline, centre, moving_range, screened)
    lines = {name: limits[name] for name in ("centre", "lower", "upper")}
    middle, lower, upper = (each[own] for each in lines.values())
    flags = {
        "outside_limits": outside_limits(values, lower, upper),
        "run": run_on_one_side(values, middle, length=length, stretch=stretch),
        "trend": steady_trend(values, length=length, stretch=stretch),
        "two_of_three": two_of_three_near_limit(values, middle, lower, upper, stretch=stretch),
        "in_baseline": limits["in_baseline"],
    }
    columns: dict[str, NDArray[Any]] = {name: each[phase] for name, each in lines.items()}
    for name, each in flags.items():
        columns[name] = np.zeros(len(phase), dtype=each.dtype)
        columns[name][known] = each
    return columns


def _special_cause(columns: dict[str, NDArray[Any]], good: NDArray[Any], missing: NDArray[Any]) -> NDArray[Any]:
    rules = np.stack([columns[name] for name in ("outside_limits", "run", "trend", "two_of_three")])
    signal = np.take_along_axis(rules, (rules != 0).argmax(axis=0)[None], axis=0)[0]
    improves = (rules * good == 1).any(axis=0)
    labels = np.array(["none", "high", "low", "improvement", "concern", None], dtype=object)
    code = np.where(signal == 0, 0, np.where(signal > 0, 1, 2))
    code = np.where((good != 0) & (signal != 0), np.where(improves, 3, 4), code)
    return np.asarray(labels[np.where(missing, 5, code)])


def _assurance(columns: dict[str, NDArray[Any]], good: NDArray[Any]) -> NDArray[Any]:
    target, lower, upper = columns["target"], columns["lower"], columns["upper"]
    labels = np.array(["hit or miss", "pass", "fail", None], dtype=object)
    # A target on a limit is not passed for sure: as the rules have it, only beyond the limit is outside.
    below, above = target < lower, target > upper
    code = np.where(below, np.where(good > 0, 1, 2), np.where(above, np.where(good > 0, 2, 1), 0))
    return np.asarray(labels[np.where(np.isnan(target) | np.isnan(lower) | (good == 0), 3, code)])
