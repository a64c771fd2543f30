"""The points of a run chart, in order within their groups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cmhs_metrics.errors import BadInput, Problem, nearest
from cmhs_metrics.trends.periods import PER_YEAR, ordinals_of

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass
class Points:
    """The points of all groups, sorted by group and period.

    Parameters
    ----------
    by : list of str
        The columns that name a group.
    groups : list of tuple
        The groups, in the order in which they first stand in the table.
    order : numpy.ndarray
        For each point its row in the table.
    group : numpy.ndarray
        For each point the number of its group.
    ordinals : numpy.ndarray
        For each point its period as a number.
    starts : numpy.ndarray of bool
        Whether a point is the first of its group.
    values : numpy.ndarray
        The values; NaN where missing.
    frequency : str or None
        The frequency of the periods.
    step : int
        From one period to the next; 0 where it cannot be told whether one is absent.
    example : object
        A period of the table.
    """

    by: list[str]
    groups: list[tuple[Any, ...]]
    order: NDArray[Any]
    group: NDArray[Any]
    ordinals: NDArray[Any]
    starts: NDArray[np.bool_]
    values: NDArray[np.float64]
    frequency: str | None
    step: int
    example: Any

    def row(self, group: int | np.integer[Any]) -> str | None:
        """A group by its keys, for messages."""
        keys = zip(self.by, self.groups[group], strict=True)
        return ", ".join(f"{name}={key}" for name, key in keys) or None


def read_points(table: Any, value: str, period: str, by: list[str], missing: str) -> Points:
    """Read the points out of a table, and refuse what cannot be charted.

    Parameters
    ----------
    table : narwhals.DataFrame
        A row for each group and period.
    value, period : str
        The columns of the values and periods.
    by : list of str
        The columns that name a group.
    missing : {"break", "skip", "refuse"}
        Whether missing values are refused.

    Returns
    -------
    Points
        The points.

    Raises
    ------
    BadInput
        When a column is not there, a value is no number or infinite, a key or period missing or unreadable, a period
        stands twice in a group, or a group has fewer than two points.
    """
    columns = list(table.columns)
    problems = [
        Problem(name, None, None, f"a column of the table; {nearest(name, columns) or 'it has ' + ', '.join(columns)}")
        for name in dict.fromkeys([*by, period, value])
        if name not in columns
    ]
    if not problems and not table.get_column(value).dtype.is_numeric():
        problems.append(Problem(value, None, str(table.get_column(value).dtype), "a column of numbers"))
    if not problems and len(table) == 0:
        problems.append(Problem(None, None, None, "at least one row"))
    if problems:
        raise BadInput("run_chart", problems)
    numbers = _floats(table.get_column(value))
    keys = list(zip(*(table.get_column(name).to_list() for name in by), strict=True)) if by else [()] * len(numbers)
    codes: dict[tuple[Any, ...], int] = {}
    group = np.array([codes.setdefault(key, len(codes)) for key in keys], dtype=np.int64)
    groups = list(codes)
    problems += [
        Problem(name, None, None, "a key in every row, but it is missing in some")
        for at, name in enumerate(by)
        if any(key[at] is None or key[at] != key[at] for key in groups)
    ]
    labels = table.get_column(period).to_list()
    known: dict[Any, int] = {}
    which = np.array([known.setdefault(label, len(known)) for label in labels], dtype=np.int64)
    frequency, step, ordinals = ordinals_of(list(known), problems, period)
    if problems:
        raise BadInput("run_chart", problems)
    order = np.lexsort((ordinals[which], group))
    group, ordinals, numbers = group[order], ordinals[which][order], numbers[order]
    starts = np.append(True, group[1:] != group[:-1])
    step = step if frequency in PER_YEAR else 0
    points = Points(by, groups, order, group, ordinals, starts, numbers, frequency, step, labels[0])
    _check(points, [labels[at] for at in order] if len(labels) else [], value, period, missing)
    return points


def _floats(column: Any) -> NDArray[np.float64]:
    import narwhals as nw

    return np.array(column.cast(nw.Float64).fill_null(float("nan")).to_numpy(), dtype=np.float64)


def _check(points: Points, labels: list[Any], value: str, period: str, missing: str) -> None:
    problems = []

    def row(at: int | np.integer[Any]) -> str:
        return ", ".join(part for part in (points.row(points.group[at]), f"{period}={labels[at]}") if part)

    again = np.flatnonzero(~points.starts[1:] & (points.ordinals[1:] == points.ordinals[:-1])) + 1
    problems += [Problem(period, row(at), str(labels[at]), "a period that stands once in its group") for at in again]
    problems += [
        Problem(value, row(at), float(points.values[at]), "a finite number")
        for at in np.flatnonzero(np.isinf(points.values))
    ]
    absent = np.isnan(points.values)
    if missing == "refuse":
        problems += [Problem(value, row(at), None, "a value for every period") for at in np.flatnonzero(absent)]
        jumps = ~points.starts[1:] & (np.diff(points.ordinals) > points.step) & (points.step > 0)
        problems += [
            Problem(period, row(at), str(labels[at]), "no period absent before it") for at in np.flatnonzero(jumps) + 1
        ]
    sizes = np.bincount(points.group[~absent], minlength=len(points.groups))
    problems += [
        Problem(value, points.row(at), int(sizes[at]), "two points or more") for at in np.flatnonzero(sizes < 2)
    ]
    if problems:
        raise BadInput("run_chart", problems)
