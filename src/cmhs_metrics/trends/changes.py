"""Change between two values, and the yearly growth that leads from one to the other."""

from __future__ import annotations

import math
from numbers import Real
from typing import TYPE_CHECKING, Any

from cmhs_metrics.errors import BadInput, Problem
from cmhs_metrics.numeric.containers import OWN, SAME, Contract, evaluate
from cmhs_metrics.numeric.ratio import above_zero, ratio
from cmhs_metrics.numeric.unit_aware import unit_aware
from cmhs_metrics.signatures import checked

if TYPE_CHECKING:
    from cmhs_metrics.numeric.kinds import Number, Value


@unit_aware(inputs={"value": OWN, "earlier": SAME}, unit=OWN, signed=True)
def change(value: Value | Number, earlier: Value | Number) -> Value:
    """Change from an earlier value.

    Parameters
    ----------
    value : float, Quantity, numpy.ndarray, Series or expression
        The later value [any unit].
    earlier : float, Quantity, numpy.ndarray, Series or expression
        The earlier value [the same unit].

    Returns
    -------
    The kind that came in, in the same shape
        The difference [the same unit]: negative for a fall. Missing where one of them is.

    Raises
    ------
    DimensionalityError
        When the two are not in the same kind of unit.

    References
    ----------
    NHS England Board paper on partnership with the third sector (2023): paragraph 11, where 504,000 people with
    access are "a growth … of 28k".

    Examples
    --------
    >>> from cmhs_metrics.trends import change
    >>> change(504_000.0, 476_000.0)
    28000.0
    """
    return value - earlier


@unit_aware(inputs={"value": OWN, "earlier": SAME}, unit="percent", signed=True)
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
        The change [%]: -14.7 is a fall of 14.7%. NaN or null where one is missing, or the earlier value is zero or
        below it, as a deficit is: of that there is no percentage. `change` has the difference.

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
    return ratio(value - earlier, above_zero(earlier), 100)


@unit_aware(inputs={"value": "", "earlier": ""}, unit="percentage_point", signed=True)
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


@checked
def compound_growth(first: Any, last: Any, years: float) -> Any:
    """The yearly growth that leads from one value to another: compound annual growth.

    Parameters
    ----------
    first : float, Quantity, numpy.ndarray, Series or expression
        The earlier value [any unit].
    last : float, Quantity, numpy.ndarray, Series or expression
        The later value [the same unit].
    years : float
        Years from the first to the last; 16 months are 16 / 12 [year].

    Returns
    -------
    The kind that came in, in the same shape
        The growth of each year [% per year]. NaN or null where there is nothing to grow from, or one is missing.

    Raises
    ------
    BadInput
        When a value is negative or infinite, or the years are not above zero.
    DimensionalityError
        When the two are not in the same kind of unit.

    References
    ----------
    NHS England Board paper on partnership with the third sector (2023): paragraph 4, which asks for 5% a year.

    Examples
    --------
    The audit's fall of spending, from 2012/13 to 2016/17, is 3.9% a year:

    >>> from cmhs_metrics.trends import compound_growth
    >>> round(compound_growth(6.239, 5.32, years=4), 1)
    -3.9
    """
    if not (isinstance(years, Real) and not isinstance(years, bool) and 0 < years < math.inf):
        raise BadInput("compound_growth", [Problem("years", None, years, "a time above zero")])

    def grown(first: Any, last: Any) -> Any:
        return (ratio(last, first) ** (1 / years) - 1) * 100

    contract = Contract("compound_growth", grown, {"first": OWN, "last": SAME}, "percent / year")
    return evaluate(contract, (first, last))
