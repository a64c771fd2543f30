"""Quantiles: the values below which shares of the places lie.

A missing value makes every one of these missing: what is left out is the user's to say, for example with
``values.dropna()``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cmhs_metrics.numeric.arguments import Places
from cmhs_metrics.numeric.containers import OWN
from cmhs_metrics.signatures import checked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@checked
def percentiles(values: Any, percent: float | Sequence[float]) -> Any:
    """The values below which percentages of the places lie.

    Parameters
    ----------
    values : numpy.ndarray, Series or Quantity of an array
        The value of each place [any unit].
    percent : float or sequence of float
        One or more percentages, from 0 to 100 [%].

    Returns
    -------
    float, numpy.ndarray or Quantity
        The percentiles in the order asked for [the same unit]; NaN where a value is missing. With n values in order,
        the p-th percentile stands at place 1 + (n − 1) p / 100, and between two places is interpolated: definition 7 of
        Hyndman and Fan, which is numpy's, pandas' and Excel's PERCENTILE.INC.

    Raises
    ------
    BadInput
        When a value is infinite, a percentage is not from 0 to 100, or there are fewer than two places.

    References
    ----------
    Hyndman RJ, Fan Y. Sample quantiles in statistical packages. The American Statistician 1996; 50: 361–365.

    Examples
    --------
    >>> import numpy as np
    >>> percentiles(np.array([3.0, 5, 8, 12, 20]), [10, 90]).round(1).tolist()
    [3.8, 16.8]
    """
    places = Places("percentiles", with_units=True, values=values)
    places.at_least(2)
    places.finite("values")
    asked = np.asarray(percent, dtype=np.float64)
    for each in asked.ravel():
        if not 0 <= each <= 100:
            places.refuse_argument("percent", each.item(), "a percentage from 0 to 100")
    places.check()
    found = _percentiles(places["values"], asked)
    one = places.give(1.0, "percentiles", OWN)
    return found * one if np.ndim(found) else float(found) * one


def _percentiles(held: NDArray[np.float64], percent: Any) -> Any:
    if np.isnan(held).any():
        return np.full(np.shape(percent), np.nan)
    return np.percentile(held, percent)


class Quartiles(NamedTuple):
    """The three values that divide places into four quarters."""

    lower: Any
    """A quarter of the places lie below it [the unit of the values]."""
    median: Any
    """Half of the places lie below it [the unit of the values]."""
    upper: Any
    """Three quarters of the places lie below it [the unit of the values]."""


def quartiles(values: Any) -> Quartiles:
    """The quartiles.

    Parameters
    ----------
    values : numpy.ndarray, Series or Quantity of an array
        The value of each place [any unit].

    Returns
    -------
    Quartiles
        ``lower``, ``median`` and ``upper`` [the same unit], by the definition of `percentiles`; NaN where a value is
        missing.

    Raises
    ------
    BadInput
        When a value is infinite, or there are fewer than two places.

    Examples
    --------
    >>> import numpy as np
    >>> quartiles(np.array([3.0, 5, 8, 12, 20]))
    Quartiles(lower=5.0, median=8.0, upper=12.0)
    """
    places = Places("quartiles", with_units=True, values=values)
    places.at_least(2)
    places.finite("values")
    places.check()
    return Quartiles(*(places.give(each, "quartiles", OWN) for each in _percentiles(places["values"], [25, 50, 75])))


def interquartile_range(values: Any) -> Any:
    """The distance between the upper and the lower quartile: the width of the middle half of the places.

    Parameters
    ----------
    values : numpy.ndarray, Series or Quantity of an array
        The value of each place [any unit].

    Returns
    -------
    float or Quantity
        The distance [the same unit]; NaN where a value is missing.

    Raises
    ------
    BadInput
        When a value is infinite, or there are fewer than two places.

    Examples
    --------
    >>> import numpy as np
    >>> interquartile_range(np.array([3.0, 5, 8, 12, 20]))
    7.0
    """
    found = quartiles(values)
    return found.upper - found.lower
