"""Run charts in plain loops, written from the documented rules alone, for one chart at a time.

Months are numbers here; whatever is looked up, is looked up by asking every point. Slow, and easy to check by eye.
"""

from __future__ import annotations

import math
import statistics
from itertools import pairwise
from typing import Any

FAR = 1e-12


def side(value: float | None, line: float | None) -> int:
    """1 above a line, -1 below, 0 on it or where either is missing."""
    if value is None or line is None or abs(value - line) <= FAR * max(abs(value), abs(line)):
        return 0
    return 1 if value > line else -1


def sigma_of(chart: str, centre: float, n: float) -> float:
    """The standard deviation of the distribution that a chart rests on."""
    kind = chart.rstrip("'")
    squared = {"p": centre * (1 - centre) / n, "u": centre / n, "c": centre, "g": centre * (centre + 1)}
    return math.sqrt(squared[kind])


def chart_of(
    points: list[dict[str, Any]],
    chart: str = "xmr",
    *,
    improvement: str | None = None,
    target: float | dict[int, float] | None = None,
    rebase: tuple[int, ...] = (),
    baseline: int | None = None,
    minimum_points: int = 13,
    centre: str = "mean",
    moving_range: str = "mean",
    screened: bool = False,
    missing: str = "break",
    length: int = 7,
    per: float = 1,
    possible: tuple[float, float] = (-math.inf, math.inf),
) -> list[dict[str, Any]]:
    """The chart of one group: points are {"at": month, "value": number or None, "n": number or None}."""
    good = {"high": 1, "low": -1, None: 0}[improvement]
    rows = [dict(each) for each in sorted(points, key=lambda each: each["at"])]
    starts = sorted({min((row["at"] for row in rows if row["at"] >= date), default=None) for date in rebase} - {None})
    for row in rows:
        row["phase"] = 1 + sum(start <= row["at"] for start in starts if start != rows[0]["at"])
        n = row["n"] if chart.rstrip("'") in ("p", "u") else 1
        known = row["value"] is not None and n is not None and n > 0
        row["n"] = n if n is not None and n > 0 else None
        row["level"] = row["value"] / n if known else None
        if chart == "t" and known:
            row["level"] **= 1 / 3.6
    for phase in sorted({row["phase"] for row in rows}):
        _phase([row for row in rows if row["phase"] == phase], chart, baseline, centre, moving_range, screened, missing)
    for row in rows:
        _one(row, chart, possible, per)
    _rules(rows, length, good)
    for row in rows:
        rules = [row["outside_limits"], row["run"], row["trend"], row["two_of_three"]]
        first = next((each for each in rules if each), 0)
        if row["level"] is None:
            row["special_cause"] = None
        elif not first:
            row["special_cause"] = "none"
        elif not good:
            row["special_cause"] = "high" if first > 0 else "low"
        else:
            row["special_cause"] = "improvement" if good in rules else "concern"
        goal = target
        if isinstance(target, dict):
            dates = [date for date in target if date <= row["at"]]
            goal = target[max(dates)] if dates else None
        size = sum(each["level"] is not None for each in rows if each["phase"] == row["phase"])
        row["trial"] = size < minimum_points
        row["target"] = goal
        row["improvement"] = improvement
        row["assurance"] = None
        if goal is not None and row["lower"] is not None and good and not row["trial"]:
            row["assurance"] = "hit or miss"
            if goal < row["lower"]:
                row["assurance"] = "pass" if good > 0 else "fail"
            if goal > row["upper"]:
                row["assurance"] = "fail" if good > 0 else "pass"
    return rows


def _phase(rows, chart, baseline, centre, moving_range, screened, missing) -> None:
    """What the limits of a phase rest on."""
    last = None
    count = 0
    for at, row in enumerate(rows):
        row["before"] = None
        if row["level"] is not None:
            count += 1
            absent = at > 0 and chart not in ("g", "t") and row["at"] - rows[at - 1]["at"] > 1
            apart = missing == "break" and at > 0 and (absent or rows[at - 1]["level"] is None)
            row["before"] = None if last is None or apart else last
            last = row
        row["in_baseline"] = row["level"] is not None and (baseline is None or count <= baseline)
    base = [row for row in rows if row["in_baseline"]]
    average = {"mean": statistics.fmean, "median": statistics.median}
    middle = scores = reach = None
    if base and chart.rstrip("'") in ("p", "u"):
        middle = sum(row["value"] for row in base) / sum(row["n"] for row in base)
    elif base:
        middle = average[centre]([row["level"] for row in base])
    if middle is not None and (chart.endswith("'") or chart in ("xmr", "t")):

        def score(row: dict[str, Any]) -> float:
            if not chart.endswith("'"):
                return row["level"]
            sigma = sigma_of(chart, middle, row["n"])
            return (row["level"] - middle) / sigma if sigma > 0 else 0

        scores = [abs(score(row) - score(row["before"])) for row in base if row["before"] is not None]
        if scores:
            mean = average[moving_range](scores)
            if screened:
                most = {"mean": 3.267, "median": 3.865}[moving_range] * mean
                scores = [each for each in scores if each < most or mean == 0]
            reach = 3 / {"mean": 1.128, "median": 0.954}[moving_range] * average[moving_range](scores)
    elif middle is not None:
        reach = 3
    for row in rows:
        row["points"], row["middle"], row["reach"] = len(base), middle, reach


def _one(row: dict[str, Any], chart: str, possible: tuple[float, float], per: float) -> None:
    """The lines beside one point, as they are judged and as they are shown."""
    kind = chart.rstrip("'")
    middle, reach = row["middle"], row["reach"]
    if middle is not None and reach is not None and chart not in ("xmr", "t"):
        reach = None if kind in ("p", "u") and row["n"] is None else reach * sigma_of(chart, middle, row["n"])
    line = middle
    if kind == "g" and middle:
        line = math.log(2) / math.log(1 + 1 / middle)
    row["line"] = line
    row["low"], row["high"] = (None, None) if reach is None or middle is None else (middle - reach, middle + reach)
    floor, ceiling = possible if chart == "xmr" else (0, 1 if kind == "p" else math.inf)

    def shown(level: float | None) -> float | None:
        return None if level is None else (level**3.6 if chart == "t" else level) * per

    row["plotted"], row["centre"] = shown(row["level"]), shown(line)
    row["lower"] = None if row["low"] is None else shown(max(row["low"], floor))
    row["upper"] = None if row["high"] is None else shown(min(row["high"], ceiling))


def _rules(rows: list[dict[str, Any]], length: int, good: int) -> None:
    """The four rules, window by window."""
    known = [row for row in rows if row["level"] is not None]
    for row in rows:
        above, below = side(row["level"], row["high"]) > 0, side(row["level"], row["low"]) < 0
        row["outside_limits"] = 1 if above else -1 if below else 0
        row["run"] = row["two_of_three"] = 0
        row["trends"] = []
    for first in range(len(known)):
        for count in (length, 3):
            window = known[first : first + count]
            joined = all(later["before"] is earlier for earlier, later in pairwise(window))
            if len(window) < count or not joined:
                continue
            for sign in (1, -1):
                together = all(side(row["level"], row["line"]) == sign for row in window)
                if count == length:
                    if together:
                        for row in window:
                            row["run"] = sign
                    if all(side(later["level"], earlier["level"]) == sign for earlier, later in pairwise(window)):
                        for row in window:
                            row["trends"].append((first, sign))
                elif together and window[0]["high"] is not None:
                    near = []
                    for row in window:
                        limit = row["high"] if sign > 0 else row["low"]
                        if side(row["level"], row["line"] + 2 / 3 * (limit - row["line"])) == sign:
                            near.append(row)
                    if len(near) >= 2:
                        for row in near:
                            row["two_of_three"] = sign
    for row in rows:
        signs = [sign for _, sign in sorted(row["trends"])]
        row["trend"] = 0 if not signs else good if good in signs else signs[0]
