"""Real terms: money with the rise of prices taken out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pint

from cmhs_metrics.errors import BadInput, Problem, nearest
from cmhs_metrics.numeric.containers import DimensionalityError
from cmhs_metrics.trends.along import along

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd


def real_terms(
    value: Any,
    inflation: float | None = None,
    years: float | None = None,
    *,
    deflator: Mapping[Any, float] | pd.Series[Any] | None = None,
    base: Any = None,
    periods: Sequence[Any] | str | None = None,
) -> Any:
    """Take price rises out of a sum of money, by a constant rate or by a price index.

    Parameters
    ----------
    value : float, Quantity, numpy.ndarray, Series or pandas.DataFrame
        Money at the prices of its own year [GBP]; of a DataFrame, every column.
    inflation : float, optional
        Yearly rise of prices, as a proportion: 0.01 is 1% a year [per year].
    years : float, optional
        Years from the price base to the value's own year; negative where the base lies later [year].
    deflator : pandas.Series or mapping, optional
        The price index of each period, in place of `inflation` and `years`; on whatever base it stands [index].
    base : label, optional
        The period of the deflator at whose prices the values shall be.
    periods : label or sequence, optional
        The period of each value, as the deflator names them. A pandas Series or DataFrame has them in its index
        unless they are given.

    Returns
    -------
    The kind that came in
        The value at the prices of the base year [GBP]; missing where the value is.

    Raises
    ------
    BadInput
        When prices would fall by everything or more, a number is not finite, a period or the base is not in the
        deflator or stands there twice, or an index is not above zero.
    TypeError
        When neither a rate with years nor a deflator with a base is given, or both are.

    References
    ----------
    NHS Benchmarking Network, Community Mental Health Services Audit 2016/17: Community Team Finance – investment
    trends, which estimates NHS prices to have risen by 1% a year.

    Examples
    --------
    >>> import cmhs_metrics as cm
    >>> spend = cm.real_terms(5.32, inflation=0.01, years=4)
    >>> round(cm.percentage_change(spend, 6.239), 1)
    -18.1

    With prices of 110 in 2016/17, at the prices of 2012/13 when they were 100:

    >>> cm.real_terms(5.5, deflator={"2012/13": 100, "2016/17": 110}, base="2012/13", periods="2016/17")
    5.0
    """
    if isinstance(value, pint.Quantity) and "[currency]" not in value.dimensionality:
        raise DimensionalityError(f"real_terms: value is measured in money, got {value.units:~}")
    if deflator is not None:
        if inflation is not None or years is not None:
            raise TypeError("real_terms: give inflation and years, or a deflator, not both")
        if base is None:
            raise TypeError(
                "real_terms: base is needed: the period of the deflator at whose prices the values shall be"
            )
        return _deflated(value, deflator, base, periods)
    if inflation is None or years is None:
        raise TypeError("real_terms: give inflation and years, or a deflator and its base")
    problems = []
    if not (math.isfinite(inflation) and inflation > -1):
        problems.append(Problem("inflation", None, inflation, "a proportion above -1: 0.01 is 1% a year"))
    if not math.isfinite(years):
        problems.append(Problem("years", None, years, "a finite number of years"))
    if problems:
        raise BadInput("real_terms", problems)
    return value / (1 + inflation) ** years


def _deflated(value: Any, deflator: Any, base: Any, periods: Any) -> Any:
    scalar = np.ndim(getattr(value, "magnitude", value)) == 0
    if periods is None:
        if not hasattr(value, "iloc"):
            raise TypeError("real_terms: periods is needed: the period of each value, as the deflator names them")
        periods = value.index
    labels = [periods] if scalar else list(periods)
    wanted = 1 if scalar else len(value)
    problems = []
    if len(labels) != wanted:
        problems.append(Problem("periods", None, len(labels), f"{wanted} periods, one a value"))
    prices = _prices(deflator, [base, *labels], problems)
    if problems:
        raise BadInput("real_terms", problems)
    factors = np.array([prices[base] / prices[label] for label in labels])
    if scalar:
        return value * float(factors[0])
    return along(value, lambda value: value * factors, "real_terms")


def _prices(deflator: Any, wanted: list[Any], problems: list[Problem]) -> dict[Any, float]:
    pairs = list(deflator.items())
    prices = dict(pairs)
    for label in dict.fromkeys(wanted):
        standing = sum(each == label for each, _ in pairs)
        if not standing:
            known = [str(each) for each in prices]
            hint = nearest(str(label), known) or f"it has {', '.join(known)}"
            problems.append(Problem("deflator", None, label, f"a period of the deflator; {hint}"))
        elif standing > 1:
            problems.append(Problem("deflator", f"period={label}", standing, "one index for each period"))
        elif not 0 < prices[label] < math.inf:
            problems.append(Problem("deflator", f"period={label}", prices[label], "an index above zero"))
    return prices
