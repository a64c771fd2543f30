"""The primitives of metrics that take many values: shares that add to one, averages, percentiles.

A missing value makes the summary missing: what is left out is the user's to say, for example with ``waits.dropna()``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from cmhs_metrics.errors import BadInput, Problem
from cmhs_metrics.numeric.ratio import Symbol, ratio

OF_VALUES = "the values"
"""What errors of a summary are of, which does not know the name of its argument."""


class NotManyError(TypeError):
    """A single number, or an expression, where a summary needs every value."""


def shares(parts: Any) -> Any:
    """Each part as a share of all.

    Parameters
    ----------
    parts : numpy.ndarray
        The parts [one unit].

    Returns
    -------
    numpy.ndarray
        The shares [proportion], which add to one; NaN where any part is missing or all are zero.

    Examples
    --------
    >>> shares(np.array([23.0, 28, 26, 23]))
    array([0.23, 0.28, 0.26, 0.23])
    """
    values = _many(parts, "shares")
    if isinstance(values, Symbol):
        return Symbol("", f"{values.text} / sum of {values.text}")
    _refuse_negatives(values)
    return ratio(values, np.asarray(values.sum()))


def mean(values: Any) -> Any:
    """The mean of many values.

    Parameters
    ----------
    values : numpy.ndarray
        The values [one unit].

    Returns
    -------
    float
        The mean [the same unit]; NaN where one is missing or there are none.

    Examples
    --------
    >>> mean(np.array([2.0, 4.0]))
    3.0
    """
    held = _many(values, "a mean")
    if isinstance(held, Symbol):
        return Symbol("", f"mean of {held.text}")
    return float(held.mean()) if held.size else float("nan")


def percentile(values: Any, percent: Any) -> Any:
    """The value below which a percentage of the values lie.

    Parameters
    ----------
    values : numpy.ndarray
        The values [one unit].
    percent : float
        The percentage, from 0 to 100 [%].

    Returns
    -------
    float
        The percentile, interpolated between the two nearest values [the same unit]; NaN where one is missing or there
        are none.

    Examples
    --------
    >>> percentile(np.array([1.0, 2, 3, 4, 10]), 50)
    3.0
    """
    held = _many(values, "a percentile")
    if isinstance(held, Symbol):
        return Symbol("", f"median of {held.text}" if percent == 50 else f"percentile of {held.text} at {percent.text}")
    if not 0 <= percent <= 100:
        raise ValueError(f"a percentile lies between 0 and 100, got {percent}")
    if not held.size or np.isnan(held).any():
        return float("nan")
    return float(np.percentile(held, percent))


def share_at_most(values: Any, limit: Any) -> Any:
    """The share of values that are no larger than a limit.

    `values`: the values [one unit]. `limit`: the limit, which itself counts as within [the same unit]. Gives the
    share [proportion]; NaN where one is missing or there are none.

    Examples
    --------
    >>> share_at_most(np.array([1.0, 4.0, 4.1, 9.0]), 4)
    0.5
    """
    held = _many(values, "a share of values")
    if isinstance(held, Symbol):
        return Symbol("", f"number of {held.text} up to {limit.text} / number of {held.text}")
    _refuse_negatives(held)
    if not held.size or np.isnan(held).any():
        return float("nan")
    return float((held <= limit).mean())


def _refuse_negatives(values: Any) -> None:
    if (values < 0).any():
        raise BadInput(OF_VALUES, [Problem(None, None, float(values[values < 0][0]), "zero or more")])


def _many(values: Any, what: str) -> Any:
    if isinstance(values, Symbol) or (isinstance(values, np.ndarray) and values.ndim == 1):
        return values
    kind = "an expression (collect the column first)" if hasattr(values, "alias") else "a single number"
    raise NotManyError(f"{what} needs a column or array of values, got {kind}")
