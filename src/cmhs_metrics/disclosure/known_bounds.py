"""Arithmetic with numbers that are known to lie in intervals: totals, rates and ranks.

A suppressed number is neither zero nor missing. What is computed from it is an interval, and nothing narrower.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cmhs_metrics.disclosure.suppression import numbers_of
from cmhs_metrics.errors import BadInput, Problem, nth, refuse
from cmhs_metrics.signatures import checked

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


class Known(NamedTuple):
    """What is known of a number, or of each number of a column.

    Attributes
    ----------
    lower : float, numpy.ndarray or Series
        The least that it can be; NaN where it is missing.
    upper : float, numpy.ndarray or Series
        The greatest that it can be; NaN where it is missing, or has no greatest.
    """

    lower: Any
    upper: Any


def known_total(lower: Any, upper: Any, *, by: Any = None) -> Known:
    """The total of numbers of which some are suppressed.

    Parameters
    ----------
    lower, upper : numpy.ndarray or Series
        The least and the greatest that each number can be, equal where it is known [any unit]. A missing number has no
        lower bound, one without a greatest no upper bound: NaN or null.
    by : Series or numpy.ndarray, optional
        The group of each number, for the total of each group.

    Returns
    -------
    Known
        The interval of the total [the same unit]; two Series on the groups, sorted, where `by` is given. A total is
        missing if any part is missing.

    Raises
    ------
    BadInput
        When a lower bound is above the upper one, a bound is infinite, or a group is not named.
    ValueError
        When the columns have different lengths or indexes.

    Examples
    --------
    >>> import numpy as np
    >>> known_total(np.array([20, 0, 8]), np.array([20, 4, 12]))
    Known(lower=28.0, upper=36.0)
    """
    least, greatest = _bounds({"lower": lower, "upper": upper}, "known_total")
    if by is None:
        return Known(float(least.sum()), float(greatest.sum()))
    import pandas as pd

    if np.shape(by) != least.shape:
        raise ValueError(f"by has the shape {np.shape(by)} and lower {least.shape}")
    groups = pd.Series(np.asarray(by))
    _same_index({"lower": lower, "by": by})
    if groups.isna().any():
        rows = np.flatnonzero(groups.isna())
        raise BadInput("known_total", [Problem("by", nth(row, "row"), None, "a group") for row in rows])
    # Not a sum of pandas: before its version 3 it leaves out what is missing.
    group_of, names = pd.factorize(groups.to_numpy(), sort=True)
    index = pd.Index(names, name=getattr(by, "name", None))
    totals = (np.bincount(group_of, bounds, len(names)) for bounds in (least, greatest))
    return Known(*(pd.Series(total, index, name=name) for total, name in zip(totals, Known._fields, strict=True)))


@checked
def known_rate(
    lower: Any,
    upper: Any,
    denominator_lower: Any,
    denominator_upper: Any = None,
    *,
    scale: float = 1.0,
    part: bool = False,
) -> Known:
    """The rate of a number that is suppressed or rounded.

    Parameters
    ----------
    lower, upper : float, numpy.ndarray or Series
        The least and the greatest that the numerator can be [any unit].
    denominator_lower : float, numpy.ndarray or Series
        The denominator, or the least that it can be [any unit].
    denominator_upper : float, numpy.ndarray or Series, optional
        The greatest that the denominator can be; it is known exactly where this is not given.
    scale : float, default 1.0
        What the rate is multiplied by: 100,000 for a rate per 100,000.
    part : bool, default False
        Whether the numerator is a part of the denominator, so that no rate is above `scale`.

    Returns
    -------
    Known
        The interval of the rate [numerator's unit / denominator's unit]. Both ends are missing where a number is
        missing or the denominator can only be zero; there is no upper end where the denominator may be zero, or the
        numerator has no greatest, unless the part cannot exceed its whole.

    Raises
    ------
    BadInput
        When a lower bound is above the upper one, a number is negative or infinite, or a part is certainly above its
        whole.
    ValueError
        When the columns have different lengths or indexes.

    Examples
    --------
    3 in every 1,000 at most, where the count is "*":

    >>> known_rate(0, 4, 1_200, scale=1_000)
    Known(lower=0.0, upper=3.3333333333333335)
    """
    whole_upper = denominator_lower if denominator_upper is None else denominator_upper
    given = {
        "lower": lower, "upper": upper, "denominator_lower": denominator_lower, "denominator_upper": whole_upper
    }  # fmt: skip
    least, greatest, whole_least, whole_greatest = _bounds(given, "known_rate", positive=True)
    if part:
        above = np.flatnonzero(least > whole_greatest)
        if len(above):
            raise BadInput(
                "known_rate",
                [
                    Problem("lower", nth(row, "row"), least[row], f"no more than {whole_greatest[row]:g}")
                    for row in above
                ],
            )
    missing = np.isnan(least) | np.isnan(whole_least) | (whole_greatest == 0)
    # A denominator without a greatest value lets the rate come as near to zero as it likes.
    below = np.where(
        np.isnan(whole_greatest), 0.0, scale * least / np.where(whole_greatest == 0, np.nan, whole_greatest)
    )
    above_all = scale * greatest / np.where(whole_least == 0, np.nan, whole_least)
    if part:
        above_all = np.fmin(above_all, scale)
    return Known(
        _as_given(np.where(missing, np.nan, below), given), _as_given(np.where(missing, np.nan, above_all), given)
    )


@checked
def known_rank(lower: Any, upper: Any, *, highest_first: bool = True) -> Known:
    """The ranks that a number can have among others, when some are suppressed.

    Parameters
    ----------
    lower, upper : numpy.ndarray or Series
        The least and the greatest that each number can be [any unit].
    highest_first : bool, default True
        Whether rank 1 is the greatest; otherwise it is the least.

    Returns
    -------
    Known
        The best and the worst rank, from 1; equal numbers share the better one. A missing number has none, and the
        others are ranked without it.

    Raises
    ------
    BadInput
        When a lower bound is above the upper one, or a bound is infinite.
    ValueError
        When the columns have different lengths or indexes.

    Examples
    --------
    >>> import numpy as np
    >>> known_rank(np.array([20, 0, 3, 9]), np.array([20, 4, 3, 9]))
    Known(lower=array([1., 3., 3., 2.]), upper=array([1., 4., 4., 2.]))
    """
    given = {"lower": lower, "upper": upper}
    least, greatest = _bounds(given, "known_rank")
    missing = np.isnan(least)
    top = np.where(np.isnan(greatest) & ~missing, np.inf, greatest)
    if not highest_first:
        least, top = -top, -least
    lows, highs = np.sort(least[~missing]), np.sort(top[~missing])
    # Certainly ahead are those whose least is above my greatest; possibly ahead, whose greatest is above my least.
    ahead = len(lows) - np.searchsorted(lows, top, side="right")
    possibly = len(highs) - np.searchsorted(highs, least, side="right") - (top > least)
    return Known(
        _as_given(np.where(missing, np.nan, 1.0 + ahead), given),
        _as_given(np.where(missing, np.nan, 1.0 + possibly), given),
    )


def _bounds(given: Mapping[str, Any], subject: str, *, positive: bool = False) -> list[Floats]:
    """The bounds as floats, refused where they cannot be bounds."""
    _same_index(given)
    read = {}
    for name, values in given.items():
        # An infinite number by itself is refused by whatever reads it, before others are looked at.
        numbers = numbers_of(np.array([values]) if type(values) is float else values, name)
        if numbers is None:
            raise TypeError(f"{name} is an expression; {subject} needs its cells: collect the query first")
        read[name] = numbers
    sizes = {name: len(numbers) for name, numbers in read.items() if len(numbers) != 1}
    if len(set(sizes.values())) > 1:
        raise ValueError(
            f"the columns are of different lengths: {', '.join(f'{name} has {size}' for name, size in sizes.items())}"
        )
    columns = dict(zip(read, np.broadcast_arrays(*read.values()), strict=True))
    problems = []
    for name, numbers in columns.items():
        wrong = np.isinf(numbers) | (numbers < 0 if positive else False)
        expected = "zero or more, and finite" if positive else "a finite number (NaN where there is no bound)"
        problems += [Problem(name, nth(row, "row"), float(numbers[row]), expected) for row in np.flatnonzero(wrong)]
    names = list(columns)
    for low, high in zip(names[::2], names[1::2], strict=True):
        for row in np.flatnonzero(columns[low] > columns[high]):
            expected = f"no more than {high} ({columns[high][row]:g})"
            problems.append(Problem(low, nth(row, "row"), float(columns[low][row]), expected))
        for row in np.flatnonzero(np.isnan(columns[low]) & ~np.isnan(columns[high])):
            problems.append(Problem(low, nth(row, "row"), None, "a lower bound, as there is an upper one, or neither"))
    refuse(subject, problems)
    return list(columns.values())


def _same_index(given: Mapping[str, Any]) -> None:
    indexes = {name: values.index for name, values in given.items() if _is_pandas(values)}
    first = next(iter(indexes), "")
    for name, index in indexes.items():
        if not index.equals(indexes[first]):
            raise ValueError(
                f"{first} and {name} have different indexes; take both from one table, or align them first"
            )


def _is_pandas(values: Any) -> bool:
    return type(values).__module__.startswith("pandas") and hasattr(values, "iloc")


def _as_given(numbers: Floats, given: Mapping[str, Any]) -> Any:
    """A result in the kind of the first column that came in, or a number where there were only numbers."""
    for values in given.values():
        if _is_pandas(values):
            return _series(numbers, values)
    for values in given.values():
        if isinstance(values, np.ndarray):
            return numbers.reshape(values.shape) if values.size == numbers.size else numbers
        if hasattr(values, "dtype") and not np.isscalar(values):
            import narwhals as nw

            column = nw.from_native(values, series_only=True)
            made = nw.new_series(column.name, numbers, nw.Float64, backend=column.implementation)
            return made.fill_nan(None).to_native()
    return float(numbers[0])


def _series(numbers: Floats, like: pd.Series[Any]) -> pd.Series[Any]:
    import pandas as pd

    if isinstance(like.dtype, np.dtype):
        return pd.Series(numbers, index=like.index)
    return pd.Series(pd.arrays.FloatingArray(numbers.copy(), np.isnan(numbers)), index=like.index)
