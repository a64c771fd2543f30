"""What is set for each group of a run chart: rebase dates, target, baseline, direction of good."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from cmhs_metrics.errors import BadInput, Problem, nearest
from cmhs_metrics.trends.periods import ordinals_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from cmhs_metrics.run_charts.points import Points

DIRECTIONS = {"high": 1, "low": -1, None: 0}
"""The direction of good, by name."""


def for_each_group(value: Any, name: str, points: Points, problems: list[Problem]) -> list[Any]:
    """Read a setting that is one for all groups, or a mapping from groups to their own.

    Parameters
    ----------
    value : object, mapping or pandas.Series
        The setting. The key of a group is what its column holds, or a tuple where several columns name a group.
    name : str
        The name of the parameter.
    points : Points
        The points with their groups.
    problems : list of Problem
        Where groups that are not in the table are added.

    Returns
    -------
    list
        The setting of each group; None where it has none.
    """
    if hasattr(value, "to_dict"):
        value = value.to_dict()
    if not isinstance(value, Mapping):
        return [value] * len(points.groups)
    if not points.by:
        problems.append(Problem(name, None, None, "one setting, as there are no groups (by=)"))
        return []
    keys = {group if len(points.by) > 1 else group[0]: position for position, group in enumerate(points.groups)}
    found: list[Any] = [None] * len(keys)
    for key, setting in value.items():
        if key in keys:
            found[keys[key]] = None if _missing(setting) else setting
        else:
            hint = nearest(str(key), map(str, keys)) or "a group of the table"
            problems.append(Problem(name, None, key, hint))
    return found


def _missing(setting: Any) -> bool:
    return setting is None or (isinstance(setting, (float, np.floating)) and math.isnan(setting))


def phase_starts(rebase: Any, points: Points, problems: list[Problem]) -> NDArray[np.bool_]:
    """Where a new phase begins, among the points in order: at each group's start and at its rebase dates."""
    starts = points.starts.copy()
    edges = np.append(np.flatnonzero(points.starts), len(starts))
    read: dict[Any, Any] = {}
    for position, dates in enumerate(for_each_group(rebase, "rebase", points, problems)):
        if dates is None:
            continue
        own = slice(edges[position], edges[position + 1])
        for date in dates if isinstance(dates, (list, tuple, set, frozenset)) else [dates]:
            if date not in read:
                read[date] = _ordinal(date, points, problems)
            if read[date] is None:
                continue
            at = int(np.searchsorted(points.ordinals[own], read[date]))
            if at in (0, edges[position + 1] - edges[position]):
                expected = "a period after the first of its group, and not after the last"
                problems.append(Problem("rebase", points.row(position), str(date), expected))
            else:
                starts[edges[position] + at] = True
    return starts


def _ordinal(date: Any, points: Points, problems: list[Problem]) -> Any:
    own: list[Problem] = []
    frequency, _, found = ordinals_of([points.example, date], own, "rebase")
    if own or frequency != points.frequency:
        problems.append(Problem("rebase", None, str(date), f"a period as the table has them, such as {points.example}"))
        return None
    return found[1]


def numbers_for_each_group(
    value: Any, name: str, points: Points, problems: list[Problem], *, allowed: Callable[[Any], bool], expected: str
) -> NDArray[np.float64]:
    """Read a setting that is a number; missing where a group has none."""
    numbers = np.full(len(points.groups), np.nan)
    one_for_all = not isinstance(value, Mapping) and not hasattr(value, "to_dict")
    for position, setting in enumerate(for_each_group(value, name, points, problems)):
        if setting is None:
            continue
        if isinstance(setting, (int, float, np.number)) and not isinstance(setting, bool) and allowed(setting):
            numbers[position] = float(setting)
        else:
            problems.append(Problem(name, None if one_for_all else points.row(position), setting, expected))
            if one_for_all:
                break
    return numbers


def directions(improvement: Any, points: Points, problems: list[Problem]) -> NDArray[np.int8]:
    """Read the direction of good of each group: 1 for high, -1 for low, 0 where none is given."""
    found = for_each_group(improvement, "improvement", points, problems)
    wrong = {each for each in found if each not in DIRECTIONS}
    problems.extend(Problem("improvement", None, each, "'high', 'low' or None") for each in sorted(wrong, key=str))
    return np.array([DIRECTIONS.get(each, 0) for each in found], dtype=np.int8)


def refuse(problems: list[Problem]) -> None:
    """Raise what is wrong, if anything is."""
    if problems:
        raise BadInput("run_chart", problems)
