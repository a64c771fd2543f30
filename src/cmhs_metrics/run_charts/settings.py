"""What is set for each group of a run chart: rebase dates, target, baseline, direction of good."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cmhs_metrics.errors import BadInput, Problem, nearest
from cmhs_metrics.run_charts.options import DIRECTIONS
from cmhs_metrics.signatures import LARGEST_EXACT, is_float
from cmhs_metrics.trends.periods import ordinals_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cmhs_metrics.run_charts.points import Groups, Points


class Setting(NamedTuple):
    """What may be set for each group on its own, as it was given; see `run_chart`."""

    improvement: Any
    target: Any
    rebase: Any
    baseline: Any

    @property
    def differs(self) -> bool:
        """Whether anything may be set for each group on its own."""
        return any(isinstance(each, Mapping) or hasattr(each, "to_dict") for each in self)


def for_each_group(value: Any, name: str, points: Groups, problems: list[Problem]) -> list[Any]:
    """Read a setting that is one for all groups, or a mapping from groups to their own.

    `value`: the setting. The key of a group is what its column holds, or a tuple where several columns name a group.
    `problems`: where groups that are not in the table are added. Gives the setting of each group; None where it has
    none.
    """
    if hasattr(value, "to_dict"):
        value = value.to_dict()
    if not isinstance(value, Mapping):
        return [value] * len(points.groups)
    if not points.by:
        problems.append(Problem(name, None, None, "one setting, as there are no groups (by=)"))
        return [None] * len(points.groups)
    keys = {group if len(points.by) > 1 else group[0]: position for position, group in enumerate(points.groups)}
    found: list[Any] = [None] * len(keys)
    for key, setting in value.items():
        if key in keys:
            found[keys[key]] = None if _missing(setting) else setting
        else:
            hint = nearest(str(key), map(str, keys)) or "a group of the table"
            hint += "" if name != "target" else " (or only periods, from each of which on a target holds)"
            problems.append(Problem(name, None, key, hint))
    return found


def _missing(setting: Any) -> bool:
    return setting is None or (isinstance(setting, (float, np.floating)) and math.isnan(setting))


def rebase_dates(rebase: Any, points: Groups, problems: list[Problem]) -> list[dict[Any, Any]]:
    """For each group the periods from which limits are taken anew: by their number, as they were given."""
    read: dict[Any, Any] = {}
    found: list[dict[Any, Any]] = []
    for dates in for_each_group(rebase, "rebase", points, problems):
        own = [] if dates is None else list(dates) if isinstance(dates, (list, tuple, set, frozenset)) else [dates]
        for date in own:
            if date not in read:
                read[date] = _ordinal(date, "rebase", points, problems)
        found.append({read[date]: date for date in own if read[date] is not None})
    return found


def phase_starts(rebase: Any, points: Points, problems: list[Problem]) -> NDArray[np.bool_]:
    """Where a new phase begins, among the points in order: at each group's start and at its rebase dates."""
    starts = points.starts.copy()
    edges = np.append(np.flatnonzero(points.starts), len(starts))
    for position, dates in enumerate(rebase_dates(rebase, points, problems)):
        own = points.ordinals[edges[position] : edges[position + 1]]
        for ordinal, date in dates.items():
            at = int(np.searchsorted(own, ordinal))
            if at in (0, len(own)):
                expected = "a period after the first of its group, and not after the last"
                problems.append(Problem("rebase", points.row(position), str(date), expected))
            else:
                starts[edges[position] + at] = True
    return starts


def _ordinal(date: Any, name: str, points: Groups, problems: list[Problem]) -> Any:
    own: list[Problem] = []
    frequency, _, found = ordinals_of([points.example, date], own, name)
    if own or frequency != points.frequency:
        problems.append(Problem(name, None, str(date), f"a period as the table has them, such as {points.example}"))
        return None
    return found[1]


def dated_targets(target: Any, points: Groups, problems: list[Problem]) -> list[list[tuple[float, float]]]:
    """For each group its targets, each with the number of the period from which on it holds.

    `target`: a number; a mapping from periods to numbers; or one from groups to either. Gives from when on, minus
    infinity where always, and the target; in the order of the periods.
    """
    if hasattr(target, "to_dict"):
        target = target.to_dict()
    if isinstance(target, Mapping) and target and _is_dated(target, points):
        own = [target] * len(points.groups)
    else:
        own = for_each_group(target, "target", points, problems)
    read: dict[int, list[tuple[float, float]]] = {}
    found = []
    for position, setting in enumerate(own):
        if id(setting) not in read:
            row = points.row(position) if isinstance(target, Mapping) and setting is not target else None
            read[id(setting)] = _steps(setting, row, points, problems)
        found.append(read[id(setting)])
    return found


def _is_dated(target: Mapping[Any, Any], points: Groups) -> bool:
    """Whether the keys of a mapping are periods, and none is a group."""
    if points.by and any(
        key in {group if len(points.by) > 1 else group[0] for group in points.groups} for key in target
    ):
        return False
    own: list[Problem] = []
    return all(_ordinal(key, "target", points, own) is not None for key in target)


def _steps(setting: Any, row: str | None, points: Groups, problems: list[Problem]) -> list[tuple[float, float]]:
    if setting is None:
        return []
    found = []
    for date, number in setting.items() if isinstance(setting, Mapping) else [(None, setting)]:
        start = -math.inf if date is None else _ordinal(date, "target", points, problems)
        fits = (
            isinstance(number, (int, float, np.number))
            and not isinstance(number, bool)
            and is_float(number)
            and math.isfinite(number)
        )
        if not fits:
            problems.append(Problem("target", row, number, "a finite number, or a mapping from periods to such"))
        elif start is not None:
            found.append((float(start), float(number)))
    return sorted(found)


def baselines(baseline: Any, points: Groups, problems: list[Problem]) -> NDArray[np.float64]:
    """Read on how many points the limits of each group rest; missing where on all."""
    numbers = np.full(len(points.groups), np.nan)
    one_for_all = not isinstance(baseline, Mapping) and not hasattr(baseline, "to_dict")
    for position, setting in enumerate(for_each_group(baseline, "baseline", points, problems)):
        if setting is None:
            continue
        if (
            isinstance(setting, (int, float, np.number))
            and not isinstance(setting, bool)
            and 2 <= setting <= LARGEST_EXACT
            and setting == int(setting)
        ):
            numbers[position] = float(setting)
        else:
            row = None if one_for_all else points.row(position)
            problems.append(Problem("baseline", row, setting, "a whole number of points, two or more"))
            if one_for_all:
                break
    return numbers


def directions(improvement: Any, points: Groups, problems: list[Problem]) -> NDArray[np.int8]:
    """Read the direction of good of each group: 1 for high, -1 for low, 0 where none is given."""
    found = for_each_group(improvement, "improvement", points, problems)
    words = [each if each is None or isinstance(each, str) else "" for each in found]
    wrong = {str(each): each for each, word in zip(found, words, strict=True) if word not in DIRECTIONS}
    problems.extend(Problem("improvement", None, wrong[each], "'high', 'low' or None") for each in sorted(wrong))
    return np.array([DIRECTIONS.get(word, 0) for word in words], dtype=np.int8)


def refuse(problems: list[Problem]) -> None:
    """Raise what is wrong, if anything is."""
    if problems:
        raise BadInput("run_chart", problems)
