"""The run chart: limits, rules and assurance for many groups at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np

from cmhs_metrics.errors import Problem
from cmhs_metrics.numeric.frames import plain_numbers
from cmhs_metrics.run_charts.chart_types import impossible
from cmhs_metrics.run_charts.limits import by_phase
from cmhs_metrics.run_charts.options import ASSURANCES, CAUSES, COLUMNS, SIGNALS, Missing, Options, read_options
from cmhs_metrics.run_charts.points import Points, read_points
from cmhs_metrics.run_charts.query import query_chart
from cmhs_metrics.run_charts.rules import outside_limits, run_on_one_side, trends, two_of_three_near_limit
from cmhs_metrics.run_charts.settings import Setting, baselines, dated_targets, directions, phase_starts, refuse
from cmhs_metrics.signatures import checked
from cmhs_metrics.tables.giving_back import with_notes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cmhs_metrics.run_charts.chart_types import Average

SOUND_BASELINE = 12
"""Fewer points than this are a weak base of limits: NHSRplotthedots refuses them."""


@checked
def run_chart(
    table: Any,
    value: str,
    *,
    chart: str = "xmr",
    denominator: str | None = None,
    period: str = "period",
    by: str | Sequence[str] = (),
    improvement: Any = None,
    target: Any = None,
    rebase: Any = None,
    baseline: Any = None,
    minimum_points: int = 13,
    centre: Average = "mean",
    moving_range: Average = "mean",
    screened: bool = False,
    missing: Missing = "break",
    length: int = 7,
    per: float = 1,
    possible: Sequence[float | None] | None = None,
    fractional: bool = False,
) -> Any:
    """Chart values over time against the limits of chance, by the rules of "Making Data Count".

    `improvement`, `target`, `rebase` and `baseline` are one for all groups, or a mapping (or pandas Series) from the
    group to its own, in which groups may be absent. The key of a group is what its column holds, or a tuple where
    several columns name a group.

    Parameters
    ----------
    table : pandas.DataFrame, polars.DataFrame, pyarrow.Table, or a query of Polars, DuckDB, Ibis or Spark
        A row for each group and period, in any order.
    value : str
        The column of the values [any unit]; on a chart of counts, the counts.
    chart : {"xmr", "p", "p'", "u", "u'", "c", "g", "t"}, default "xmr"
        The chart type: single values; shares of a denominator; events for each unit of one; each of these with
        Laney's correction for more (or less) variation than the distribution has, which large denominators need;
        events in equal periods; how many cases, or how long, between rare events, with a row for each event.
    denominator : str, optional
        The column of what the counts are of, on charts of p and u.
    period : str, default "period"
        The column of the periods, as `parse_period` reads them, or numbers.
    by : str or sequence of str, optional
        The columns that name a group; each group is a chart of its own.
    improvement : {"high", "low"} or mapping, optional
        The direction of good.
    target : float, str or mapping, optional
        The target [the unit of what is plotted]; the column that has it; or targets by the period from which on each
        holds, for all groups or for each.
    rebase : period, list of periods or mapping, optional
        From which periods on the limits are taken anew.
    baseline : int or mapping, optional
        The limits rest on so many known points from the start of each phase on, a phase being what lies between two
        rebase dates, and stay as they are after them; on all points of the phase unless given.
    minimum_points : int, default 13
        With fewer known points in a phase its limits are trial limits, and promise nothing of a target.
    centre, moving_range : {"mean", "median"}, default "mean"
        The averages of the values and of their moving ranges.
    screened : bool, default False
        Whether moving ranges above their own upper limit are left out of the limits.
    missing : {"break", "skip", "refuse"}, default "break"
        What a missing value, or an absent period, does: it ends runs and trends, and no moving range is taken across
        it; or its neighbours follow each other; or it is refused. Of days, those of the week on which nothing ever is
        are not absent; numbers, and the events of charts g and t, have no absent ones.
    length : int, default 7
        How many points make a run or a trend.
    per : float, default 1
        Rates are for so many of the denominator: 100 for per cent.
    possible : tuple of float, optional
        The least and greatest value that an XmR chart's limits are cut at, such as (0, 1) for a share; None for an end
        that is open. The other chart types know theirs.
    fractional : bool, default False
        Whether counts need not be whole, as after sharing out.

    Returns
    -------
    The kind of table that came in
        The columns of `by`, the period, the value and the denominator, in the order of the rows (of a query, in any),
        with

        - `phase`: 1 from the start, one more from each rebase date on;
        - `in_baseline`: whether the point is one of those that the limits rest on;
        - `points`, `trial`: on how many points the limits rest, and whether they are trial limits;
        - `plotted`: the value, or the count by its denominator;
        - `centre`, `lower`, `upper`: the limits of the phase, which vary with the denominator [the unit of what is
          plotted]; missing where no two points of it follow each other, or there is no denominator;
        - `outside_limits`, `run`, `trend`, `two_of_three`: the rules; 1 for high or rising, -1 for low or falling;
        - `improvement`: the direction of good;
        - `special_cause`: "improvement" or "concern" by the direction of good, "high" or "low" without one (of two
          rules that disagree, the improvement, as in the tools of Making Data Count; without a direction, the first
          rule); "none" for common cause; missing for a missing point;
        - `target`, and `assurance`: whether the limits promise to "pass" it or to "fail" it, or "hit or miss";
          missing without a target or a direction of good, and on trial limits.

    Raises
    ------
    BadInput
        When a column is not there, a value is not a number, infinite or none that the chart type can have, a key is
        missing, periods cannot be read or stand twice in a group, a setting names a group that is not there, a rebase
        date is not within its group, or an option is not known. Every problem is named.
    TypeError
        When it is no table.

    Warns
    -----
    TableNote
        When limits rest on a baseline of fewer than 12 points.

    Notes
    -----
    Of a query only its distinct periods, the rows that cannot be charted and, where a setting is by group, its groups
    are looked at; what is given back is a query again. There a rebase date is held against the periods of the table.

    References
    ----------
    NHS England, Making data count: strengthening your decisions. Wheeler (2000), Understanding variation. NIST/SEMATECH
    e-Handbook of statistical methods, sections 6.3.2.2 and 6.3.3. Laney (2002), Quality Engineering 14(4). Benneyan
    (2001), Health Care Management Science 4 (g). Nelson (1994), Journal of Quality Technology 26(3) (t).

    Examples
    --------
    >>> import pandas as pd
    >>> months = [str(each) for each in pd.period_range("2016-04", periods=14, freq="M")]
    >>> waits = pd.DataFrame({"period": months, "waits": [50.0, 52, 49, 51, 50, 52, 49, 51, 50, 52, 49, 51, 50, 70]})
    >>> chart = run_chart(waits, "waits", improvement="low", target=40, baseline=12)
    >>> chart[["period", "lower", "upper", "outside_limits", "special_cause", "assurance"]].tail(2).round(1)
         period  lower  upper  outside_limits special_cause assurance
    12  2017-04   44.9   56.1               0          none      fail
    13  2017-05   44.9   56.1               1       concern      fail

    Of patients who did not attend, as a share of appointments:

    >>> missed = pd.DataFrame({"period": months, "missed": [10, 12, 9, 11] * 3 + [10, 30], "booked": [100, 120] * 7})
    >>> shares = run_chart(missed, "missed", chart="p", denominator="booked", improvement="low")
    >>> shares[["plotted", "centre", "lower", "upper", "special_cause"]].tail(1).round(3)
        plotted  centre  lower  upper special_cause
    13     0.25   0.108  0.023  0.193       concern
    """
    problems: list[Problem] = []
    options = read_options(
        chart, value, denominator, target, by, problems, period=period, per=per, possible=possible, centre=centre,
        moving_range=moving_range, screened=screened, missing=missing, length=length, minimum_points=minimum_points,
        fractional=fractional,
    )  # fmt: skip
    refuse(problems)
    try:
        frame = nw.from_native(plain_numbers(table, options.roles.values()))
    except TypeError:
        kind = type(table).__name__
        raise TypeError(f"run_chart: a table that narwhals knows is expected, got a {kind}") from None
    setting = Setting(improvement, None if isinstance(target, str) else target, rebase, baseline)
    result, bases = (_chart if isinstance(frame, nw.DataFrame) else query_chart)(frame, options, setting)
    notes = [
        f"run_chart: the limits rest on a baseline of {int(each)} points; {SOUND_BASELINE} or more are sound"
        for each in sorted(set(bases)) if each < SOUND_BASELINE
    ]  # fmt: skip
    return with_notes(notes, result if isinstance(table, (nw.DataFrame, nw.LazyFrame)) else result.to_native())


def _chart(frame: nw.DataFrame[Any], options: Options, setting: Setting) -> tuple[nw.DataFrame[Any], list[float]]:
    """The chart of a table in memory, and the baselines that were asked for."""
    problems: list[Problem] = []
    points = read_points(frame, options.roles, options.period, options.by, options.chart, options.missing)
    starts = phase_starts(setting.rebase, points, problems)
    bases = baselines(setting.baseline, points, problems)
    targets = _targets(dated_targets(setting.target, points, problems), points)
    good = directions(setting.improvement, points, problems)[points.group]
    problems += _impossible(points, options)
    refuse(problems)
    phase = np.cumsum(starts) - 1
    columns = _judged(points, phase, np.nan_to_num(bases, nan=np.inf)[points.group[starts]], good, options)
    columns["phase"] = phase - phase[points.starts][points.group] + 1
    columns["target"] = points.numbers.get("target", targets)
    columns["improvement"] = good
    columns["special_cause"] = _special_cause(columns, good)
    columns["assurance"] = _assurance(columns, good)
    result = frame.select(*options.keys)
    back = np.argsort(points.order)
    backend = frame.implementation
    added = []
    for name in COLUMNS:
        each = columns[name][back]
        if name in _WORDS:
            added.append(nw.new_series(name, list(_WORDS[name]), nw.String, backend=backend)[each % len(_WORDS[name])])
        else:
            series = nw.new_series(name, each, backend=backend)
            added.append(series.fill_nan(None) if series.dtype == nw.Float64 and not backend.is_pandas() else series)
    return result.with_columns(*added), bases[~np.isnan(bases)].tolist()


_WORDS = {"improvement": (None, "high", "low"), "special_cause": CAUSES, "assurance": ASSURANCES}


def _impossible(points: Points, options: Options) -> list[Problem]:
    found = impossible(options.chart, points.numbers, options.possible, options.fractional)
    problems = []
    for role, wrong, expected in found:
        numbers = points.numbers[role]
        for at in np.flatnonzero(wrong):
            row = points.label(at, options.period)
            problems.append(Problem(options.roles[role], row, float(numbers[at]), expected))
    return problems


def _targets(dated: list[list[tuple[float, float]]], points: Points) -> NDArray[np.float64]:
    """The target of each point: the last that holds from its period or an earlier one on."""
    alike = all(each is dated[0] for each in dated)
    targets = np.full(len(points.group), np.nan)
    edges = np.append(np.flatnonzero(points.starts), len(targets))
    for position, steps in enumerate(dated[:1] if alike else dated):
        own = slice(None) if alike else slice(edges[position], edges[position + 1])
        for start, target in steps:
            targets[own] = np.where(points.ordinals[own] >= start, target, targets[own])
    return targets


def _judged(
    points: Points, phase: NDArray[Any], baseline: NDArray[Any], good: NDArray[Any], options: Options
) -> dict[str, NDArray[Any]]:
    """The limits and the rules, for every point; the rules look at the known points only."""
    chart, length = options.chart, options.length
    values = points.numbers["value"]
    under = points.numbers.get("denominator", np.ones(len(values)))
    known = ~np.isnan(values) & (under > 0)
    breaks = np.append(True, phase[1:] != phase[:-1])
    if options.missing == "break":
        breaks[1:] |= ~known[:-1] | points.gaps[1:]
    stretch = np.cumsum(breaks)[known]
    with np.errstate(divide="ignore", invalid="ignore"):
        level = np.where(known, values / under, np.nan) ** chart.power
    raw = values[known] if chart.denominator else level[known]
    own = phase[known]
    found = by_phase(
        raw, under[known], own, stretch, baseline, chart, options.centre, options.moving_range, options.screened
    )
    middle, reach = found.centre[phase], found.reach[phase]
    if chart.sigma is not None:
        with np.errstate(divide="ignore", invalid="ignore"):
            reach = reach * chart.sigma(middle, np.where(under > 0, under, np.nan))
    lower, upper = middle - reach, middle + reach
    if chart.centre_line is not None:
        middle = chart.centre_line(middle)
    # Judged before they are cut: two thirds of the way to a limit of zero would not be two sigma.
    lines = (each[known] for each in (level, middle, lower, upper))
    level_, middle_, lower_, upper_ = lines
    reaching, leading = trends(level_, length, stretch)
    # At a turning point both hold, and the improvement is shown.
    towards = np.where((leading != 0) & ((reaching == 0) | (leading == good[known])), leading, reaching)
    flags = {
        "outside_limits": outside_limits(level_, lower_, upper_),
        "run": run_on_one_side(level_, middle_, length=length, stretch=stretch),
        "trend": towards,
        "two_of_three": two_of_three_near_limit(level_, middle_, lower_, upper_, stretch=stretch),
        "in_baseline": found.in_baseline,
    }
    least, greatest = options.possible
    shown = {
        "plotted": level,
        "centre": middle,
        "lower": np.maximum(lower, least),
        "upper": np.minimum(upper, greatest),
    }
    columns: dict[str, NDArray[Any]] = {
        name: (each if chart.power == 1 else each ** (1 / chart.power)) * options.per for name, each in shown.items()
    }
    if chart.power == 1 and not chart.denominator:
        columns["plotted"] = values
    columns["points"] = found.points[phase]
    columns["trial"] = (np.bincount(own, minlength=len(baseline)) < options.minimum_points)[phase]
    for name, flag in flags.items():
        columns[name] = np.zeros(len(phase), dtype=flag.dtype)
        columns[name][known] = flag
    return columns


def _special_cause(columns: dict[str, NDArray[Any]], good: NDArray[Any]) -> NDArray[Any]:
    """What is said of each point, as its place among the words."""
    rules = np.stack([columns[name] for name in SIGNALS])
    signal = np.take_along_axis(rules, (rules != 0).argmax(axis=0)[None], axis=0)[0]
    improves = (rules * good == 1).any(axis=0)
    code = np.where(signal == 0, 0, np.where(signal > 0, 1, 2))
    code = np.where((good != 0) & (signal != 0), np.where(improves, 3, 4), code)
    return np.where(np.isnan(columns["plotted"]), 5, code)


def _assurance(columns: dict[str, NDArray[Any]], good: NDArray[Any]) -> NDArray[Any]:
    target, lower, upper = columns["target"], columns["lower"], columns["upper"]
    # A target on a limit is not passed for sure: as the rules have it, only beyond the limit is outside.
    below, above = target < lower, target > upper
    code = np.where(below, np.where(good > 0, 1, 2), np.where(above, np.where(good > 0, 2, 1), 0))
    return np.where(np.isnan(target) | np.isnan(lower) | (good == 0) | columns["trial"], 3, code)
