"""The points of a run chart, in order within their groups."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np
import pandas as pd

from cmhs_metrics.errors import BadInput, Problem, no_columns
from cmhs_metrics.periods import is_missing
from cmhs_metrics.trends.periods import DAY, ordinals_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from cmhs_metrics.run_charts.chart_types import ChartType


@dataclass
class Groups:
    """The groups of a table, and its periods.

    Parameters
    ----------
    by : list of str
        The columns that name a group.
    groups : list of tuple
        The groups.
    frequency : str or None
        The frequency of the periods.
    example : object
        A period of the table.
    """

    by: list[str]
    groups: list[tuple[Any, ...]]
    frequency: str | None
    example: Any

    def row(self, group: int | np.integer[Any]) -> str | None:
        """A group by its keys, for messages."""
        keys = zip(self.by, self.groups[group], strict=True)
        return ", ".join(f"{name}={key}" for name, key in keys) or None


@dataclass
class Points(Groups):
    """The points of all groups, sorted by group and period.

    Parameters
    ----------
    order : numpy.ndarray
        For each point its row in the table.
    group : numpy.ndarray
        For each point the number of its group.
    ordinals : numpy.ndarray
        For each point its period as a number.
    starts : numpy.ndarray of bool
        Whether a point is the first of its group.
    gaps : numpy.ndarray of bool
        Whether a period is absent before a point.
    labels : list
        The different periods as the table has them.
    which : numpy.ndarray
        For each point which of them is its own.
    numbers : dict of str to numpy.ndarray
        The columns of numbers by what they are for, in the order of the points; NaN where missing.
    """

    order: NDArray[Any]
    group: NDArray[Any]
    ordinals: NDArray[Any]
    starts: NDArray[np.bool_]
    gaps: NDArray[np.bool_]
    labels: list[Any]
    which: NDArray[Any]
    numbers: dict[str, NDArray[np.float64]] = field(default_factory=dict)

    def label(self, at: int | np.integer[Any], period: str) -> str:
        """A point by its keys and period, for messages."""
        return ", ".join(part for part in (self.row(self.group[at]), f"{period}={self.labels[self.which[at]]}") if part)


def require_columns(
    schema: Any, by: Sequence[str], period: str, roles: Mapping[str, str], subject: str = "run_chart"
) -> None:
    """Refuse a table that lacks columns, or has other than numbers in those that must be."""
    named = {"by": list(dict.fromkeys(by)), "period": [period], **{role: [name] for role, name in roles.items()}}
    problems = [each for argument, names in named.items() for each in no_columns(argument, names, schema)]
    problems += [
        Problem(name, None, str(schema[name]), "a column of numbers")
        for name in dict.fromkeys(roles.values())
        if name in schema and not schema[name].is_numeric()
    ]
    if problems:
        raise BadInput(subject, problems)


def read_points(
    table: Any, roles: dict[str, str], period: str, by: list[str], chart: ChartType, missing: str
) -> Points:
    """Read the points out of a table, and refuse what has no order.

    `table`: a row for each group and period. `roles`: the columns of numbers by what they are for: "value",
    "denominator", "target". `missing`: whether missing values and absent periods are refused. Raises `BadInput` when
    a column is not there, a key or period missing or unreadable, or a period stands twice in a group.
    """
    require_columns(table.schema, by, period, roles)
    if len(table) == 0:
        raise BadInput("run_chart", [Problem(None, None, None, "at least one row")])
    group, groups = numbered(table, by)
    problems = [
        Problem(name, None, None, "a key in every row, but it is missing in some")
        for at, name in enumerate(by)
        if any(is_missing(key[at]) for key in groups)
    ]
    which, distinct = numbered(table, [period])
    labels = [label for (label,) in distinct]
    step: float
    frequency, step, found = ordinals_of(labels, problems, period)
    if problems:
        raise BadInput("run_chart", problems)
    ordinals = found[which]
    order = np.lexsort((ordinals, group))
    group, ordinals = group[order], ordinals[order]
    starts = np.append(True, group[1:] != group[:-1])
    if frequency is not None and not chart.of_events:
        ordinals, step = in_rhythm(ordinals, frequency, step, lambda each: np.diff(each)[~starts[1:]])
        gaps = np.append(False, np.diff(ordinals) > step) & ~starts
    else:
        gaps = np.zeros(len(ordinals), dtype=np.bool_)
    points = Points(
        by, groups, frequency, labels[0], order, group, found[which][order], starts, gaps, labels, which[order]
    )
    points.numbers = {role: _floats(table.get_column(name))[order] for role, name in roles.items()}
    _check(points, roles, period, missing)
    return points


def in_rhythm(
    ordinals: Any, frequency: str, step: float, differences: Callable[[Any], NDArray[Any]]
) -> tuple[Any, float]:
    """Days counted as the table has them: every day, some days of the week, or every so many days.

    `differences`: gives, of other ordinals for the same periods, the steps from one point of a group to the next.
    Gives the ordinals, and the longest step that leaves no period out.
    """
    if frequency != DAY:
        return ordinals, step
    weekdays = np.unique(ordinals % 7)
    counted = ordinals // 7 * len(weekdays) + np.searchsorted(weekdays, ordinals % 7)
    steps = differences(counted)
    if 2 * np.count_nonzero(steps == 1) >= len(steps):
        # Monday to Friday, say, or each Tuesday: the days on which nothing ever is are not absent.
        return counted, 1
    # A fortnight, say; or a week whose day moved for a holiday: half a step more is not a period absent.
    return ordinals, 1.5 * float(np.median(differences(ordinals)))


def numbered(table: Any, names: list[str]) -> tuple[NDArray[Any], list[tuple[Any, ...]]]:
    """For each row the number of its keys, and the keys by number, in the order in which they first stand."""
    number, groups = np.zeros(len(table), dtype=np.int64), [()]
    for name in names:
        codes, cells = _codes(table.get_column(name))
        number, kept = pd.factorize(number * len(cells) + codes)
        groups = [(*groups[each // len(cells)], cells[each % len(cells)]) for each in kept.tolist()]
    return number, groups


def _codes(column: Any) -> tuple[NDArray[Any], list[Any]]:
    kind = column.implementation
    if kind.is_polars() and not column.null_count() and column.dtype != nw.Object:
        known = column.unique(maintain_order=True).to_list()
        return column.replace_strict(known, range(len(known)), return_dtype=nw.Int64).to_numpy(), known
    cells = column.to_native() if kind.is_pandas() else column.to_pandas() if kind.is_pyarrow() else None
    if cells is None:
        cells = np.fromiter(column.to_list(), dtype=object, count=len(column))
    codes, distinct = pd.factorize(cells, use_na_sentinel=False)
    return codes, distinct.tolist()


def _floats(column: Any) -> NDArray[np.float64]:
    return np.array(column.cast(nw.Float64).fill_null(float("nan")).to_numpy(), dtype=np.float64)


def _check(points: Points, roles: dict[str, str], period: str, missing: str) -> None:
    def row(at: int | np.integer[Any]) -> str:
        return points.label(at, period)

    def written(at: int | np.integer[Any]) -> str:
        return str(points.labels[points.which[at]])

    again = np.flatnonzero(~points.starts[1:] & (np.diff(points.ordinals) == 0)) + 1
    problems = [Problem(period, row(at), written(at), "a period that stands once in its group") for at in again]
    problems += [
        Problem(roles[role], row(at), float(numbers[at]), "a finite number")
        for role, numbers in points.numbers.items()
        for at in np.flatnonzero(np.isinf(numbers))
    ]
    if missing == "refuse":
        absent = np.isnan(points.numbers["value"])
        problems += [
            Problem(roles["value"], row(at), None, "a value for every period") for at in np.flatnonzero(absent)
        ]
        gaps = np.flatnonzero(points.gaps)
        problems += [Problem(period, row(at), written(at), "no period absent before it") for at in gaps]
    if problems:
        raise BadInput("run_chart", problems)
