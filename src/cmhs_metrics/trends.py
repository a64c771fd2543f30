"""Trends: indexing to a base period, percentage change, and real terms."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pint

from cmhs_metrics.catalogue import function
from cmhs_metrics.containers import OWN, SAME
from cmhs_metrics.errors import BadInput, Problem, nearest
from cmhs_metrics.ratio import ratio

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cmhs_metrics.values import Number, Value


@function(inputs={"value": OWN, "earlier": SAME}, unit="percent", signed=True)
def percentage_change(value: Value | Number, earlier: Value | Number) -> Value:
    """Change from an earlier value, as a percentage of it.

    Parameters
    ----------
    value : float, Quantity, numpy.ndarray, Series or expression
        The later value [any unit].
    earlier : float, Quantity, numpy.ndarray, Series or expression
        The earlier value [the same unit].

    Returns
    -------
    The kind that came in, in the same shape
        The change [%]: -14.7 is a fall of 14.7%. NaN or null where the earlier value is zero or one is missing. Of
        a negative earlier value no percentage makes sense, and the sign misleads.

    Raises
    ------
    DimensionalityError
        When the two are not in the same kind of unit.

    References
    ----------
    NHS Benchmarking Network, Community Mental Health Services Audit 2016/17: Community Team Finance – investment
    trends, where £5.3m against £6.239m per 100,000 is printed as a 15% decrease.

    Examples
    --------
    >>> import cmhs_metrics as cm
    >>> round(cm.percentage_change(5.32, 6.239), 1)
    -14.7
    """
    return ratio(value - earlier, earlier, 100)


@function(inputs={"value": "", "earlier": ""}, unit="percentage_point", signed=True)
def percentage_point_change(value: Value | Number, earlier: Value | Number) -> Value:
    """Change of a share from an earlier one, or the gap between two groups, in percentage points.

    Parameters
    ----------
    value : float, Quantity, numpy.ndarray, Series or expression
        The later share, or that of one group [proportion].
    earlier : float, Quantity, numpy.ndarray, Series or expression
        The earlier share, or that of the group it is compared with [proportion].

    Returns
    -------
    The kind that came in, in the same shape
        The difference [percentage point]: from 16% to 14% is -2, which as a percentage change would be -12.5.

    References
    ----------
    NHS England Board paper on partnership with the third sector (2023): paragraph 11, where the gap between ethnic
    groups in admissions without prior contact falls from 7% to 4%.

    Examples
    --------
    >>> import cmhs_metrics as cm
    >>> round(cm.percentage_point_change(0.14, 0.16), 1)
    -2.0
    """
    return (value - earlier) * 100


def real_terms(value: Any, inflation: float, years: float) -> Any:
    """Take price rises out of a sum of money.

    Parameters
    ----------
    value : float, Quantity, numpy.ndarray or Series
        Money at the prices of its own year [GBP].
    inflation : float
        Yearly rise of prices, as a proportion: 0.01 is 1% a year [per year].
    years : float
        Years from the price base to the value's own year; negative where the base lies later [year].

    Returns
    -------
    The kind that came in
        The value at the prices of the base year [GBP].

    Raises
    ------
    BadInput
        When prices would fall by everything or more, or a number is not finite.

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
    """
    problems = []
    if not (math.isfinite(inflation) and inflation > -1):
        problems.append(Problem("inflation", None, inflation, "a proportion above -1: 0.01 is 1% a year"))
    if not math.isfinite(years):
        problems.append(Problem("years", None, years, "a finite number of years"))
    if problems:
        raise BadInput("real_terms", problems)
    return value / (1 + inflation) ** years


def index_to_base(values: Any, base: Any, *, periods: Sequence[Any] | None = None, base_value: float = 100.0) -> Any:
    """Index a series to a base period.

    Parameters
    ----------
    values : pandas.Series, pandas.DataFrame, polars.Series, numpy.ndarray or Quantity of an array
        A value for each period [any unit]; of a DataFrame, each column is a series, indexed by itself.
    base : label or int
        The base period: a label of a pandas Series' index or of `periods`; where there are neither, the position.
    periods : sequence, optional
        The period of each value. A pandas Series has them in its index unless they are given.
    base_value : float, default 100.0
        What the base period becomes.

    Returns
    -------
    The kind that came in, in the same shape
        The index [base = 100]; missing values stay missing.

    Raises
    ------
    BadInput
        When the base period is absent, stands there twice, or its value is zero or missing.

    References
    ----------
    NHS Benchmarking Network, Community Mental Health Services Audit 2016/17: Community Trends – Timeseries.

    Examples
    --------
    >>> import numpy as np
    >>> index_to_base(np.array([6.239, 5.32]), "2012/13", periods=["2012/13", "2016/17"]).round(1)
    array([100. ,  85.3])
    """
    if isinstance(values, (list, tuple)):
        raise TypeError("values is a list or tuple: make it a numpy array or a Series")
    if isinstance(values, pint.Quantity):
        indexed = index_to_base(values.magnitude, base, periods=periods, base_value=base_value)
        return values._REGISTRY.Quantity(indexed, "dimensionless")
    if hasattr(values, "iloc") and hasattr(values, "columns"):
        return values.apply(index_to_base, base=base, periods=periods, base_value=base_value)
    series = hasattr(values, "iloc")
    labels: Sequence[Any] = list(values.index) if periods is None and series else periods or range(len(values))
    if len(labels) != len(values):
        raise BadInput("index_to_base", [Problem("periods", None, len(labels), f"{len(values)} periods, one a value")])
    if periods is None and not series and isinstance(base, int) and base < 0:
        base += len(values)
    at = [position for position, label in enumerate(labels) if label == base]
    if not at:
        hint = nearest(str(base), [str(label) for label in labels]) or f"one of {', '.join(map(str, labels))}"
        raise BadInput("index_to_base", [Problem("base", None, base, f"a period of the series; {hint}")])
    if len(at) > 1:
        raise BadInput(
            "index_to_base", [Problem("base", None, base, f"a period that stands once, not {len(at)} times")]
        )
    value = values.iloc[at[0]] if series else values[at[0]]
    magnitude = float(getattr(value, "magnitude", value)) if value is not None and value == value else math.nan
    if not math.isfinite(magnitude) or magnitude == 0:
        raise BadInput("index_to_base", [Problem(f"the value of {base}", None, magnitude, "a number other than zero")])
    return values / value * base_value
