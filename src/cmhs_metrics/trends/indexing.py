"""Indexing series to a base period."""

from __future__ import annotations

import math
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from cmhs_metrics.errors import BadInput, Problem, nearest, refuse
from cmhs_metrics.signatures import checked
from cmhs_metrics.trends.along import along
from cmhs_metrics.trends.periods import ordered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@checked
def index_to_base(
    values: Any,
    base: Any,
    *,
    periods: Sequence[Any] | None = None,
    base_value: float = 100.0,
    by_position: bool = False,
) -> Any:
    """Index one or several series to a base period.

    Parameters
    ----------
    values : pandas.Series, pandas.DataFrame, polars.Series, numpy.ndarray or Quantity of an array
        A value for each period [any unit]; of a DataFrame, each column is a series, indexed by itself.
    base : label or int, or a list of them
        The base period: a label of a pandas index or of `periods`; where there are neither, the position. Of a list,
        each is the base from its own period on, and the first one also before it: a rebased series, which shows
        each stretch against its own start and is not to be compared across them.
    periods : sequence, optional
        The period of each value. A pandas Series has them in its index unless they are given.
    base_value : float, default 100.0
        What the base period becomes.
    by_position : bool, default False
        Whether `base` is a position, counted from 0 or back from -1, even where there are labels.

    Returns
    -------
    The kind that came in, in the same shape
        The index [base = 100]; missing values stay missing, and absent periods stay absent.

    Raises
    ------
    BadInput
        When a base period is absent, its value is zero or missing, or a period stands there twice; with several bases,
        also when the periods are not in order. Every problem of every series is named.

    References
    ----------
    NHS Benchmarking Network, Community Mental Health Services Audit 2016/17: Community Trends – Timeseries.

    Examples
    --------
    >>> import numpy as np
    >>> index_to_base(np.array([6.239, 5.32]), "2012/13", periods=["2012/13", "2016/17"]).round(1)
    array([100. ,  85.3])

    Rebased where the way of counting changed:

    >>> years = ["2013/14", "2014/15", "2015/16", "2016/17"]
    >>> index_to_base(np.array([50.0, 55, 80, 84]), ["2013/14", "2015/16"], periods=years).tolist()
    [100.0, 110.00000000000001, 100.0, 105.0]
    """
    if isinstance(values, (list, tuple)):
        raise TypeError("values is a list or tuple: make it a numpy array or a Series")
    if not hasattr(values, "__len__") or isinstance(values, (str, dict)):
        raise TypeError(f"values is a {type(values).__name__}: a series of values is expected")
    if periods is not None and (isinstance(periods, str) or not hasattr(periods, "__iter__")):
        raise BadInput("index_to_base", [Problem("periods", None, periods, f"{len(values)} periods, one a value")])
    if not (isinstance(base_value, Real) and not isinstance(base_value, bool) and math.isfinite(base_value)):
        raise BadInput("index_to_base", [Problem("base_value", None, base_value, "a finite number, as 100")])
    pandas = hasattr(values, "iloc")
    labels: list[Any] = list(
        values.index if periods is None and pandas else range(len(values)) if periods is None else periods
    )
    if len(labels) != len(values):
        raise BadInput("index_to_base", [Problem("periods", None, len(labels), f"{len(values)} periods, one a value")])
    by_position = by_position or (periods is None and not pandas)
    problems: list[Problem] = []
    at = _positions(base if isinstance(base, list) else [base], labels, by_position, problems)
    if pandas and hasattr(values, "columns"):
        columns = [
            _indexed(values.iloc[:, column], at, labels, base_value, f"series={name}", problems)
            for column, name in enumerate(values.columns)
        ]
        result = type(values)(dict(enumerate(columns)), index=values.index).set_axis(values.columns, axis=1)
    else:
        result = _indexed(values, at, labels, base_value, None, problems)
    refuse("index_to_base", problems)
    return result


def _positions(bases: list[Any], labels: list[Any], by_position: bool, problems: list[Problem]) -> list[int]:
    """Where the bases stand; problems are added for those that stand nowhere or in more than one place."""
    if by_position:
        known: dict[Any, list[int]] = {each: [each % len(labels)] for each in range(-len(labels), len(labels))}
        hint = f"one of 0 to {len(labels) - 1}, or counted back from -1"
    else:
        known = {}
        for position, label in enumerate(labels):
            known.setdefault(label, []).append(position)
        hint = f"one of {', '.join(map(str, labels))}"
        for label, standing in known.items():
            if len(standing) > 1:
                name = "base" if label in bases else "periods"
                expected = f"a period that stands once, not {len(standing)} times"
                problems.append(Problem(name, None, label, expected))
    problems += [
        Problem("base", None, base, "a period of the values")
        for base in bases
        if getattr(base, "__hash__", None) is None
    ]
    bases = [base for base in bases if getattr(base, "__hash__", None) is not None]
    for base in bases:
        if base not in known:
            offered = nearest(str(base), map(str, labels)) or hint
            problems.append(Problem("base", None, base, f"a period of the values; {offered}"))
    if not bases and not problems:
        problems.append(Problem("base", None, bases, "a period of the values, or several"))
    at = [known[base][0] for base in bases if base in known]
    if len(bases) > 1:
        if not by_position:
            ordered(labels, problems)
        if at != sorted(set(at)):
            problems.append(Problem("base", None, bases, "bases in the order of the periods, each once"))
    return at


def _indexed(
    values: Any, at: list[int], labels: list[Any], base_value: float, row: str | None, problems: list[Problem]
) -> Any:
    def index(values: NDArray[Any]) -> NDArray[Any]:
        for position in at:
            value = float(values[position])
            if not math.isfinite(value) or value == 0:
                name = f"the value of {labels[position]}"
                problems.append(Problem(name, row, value, "a number other than zero"))
        if problems:
            return values
        # The base of each period is the last one that stands at it or before it; before the first, the first.
        which = np.maximum(np.searchsorted(at, np.arange(len(values)), side="right") - 1, 0)
        return np.asarray(values / values[np.array(at)][which] * base_value)

    return along(values, index, "index_to_base", "")
