"""Real terms: money with the rise of prices taken out."""

from __future__ import annotations

import math
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
import pint

from cmhs_metrics.errors import BadInput, Problem, nearest, no_columns, refuse
from cmhs_metrics.measures import MEASURES
from cmhs_metrics.numeric.containers import DimensionalityError
from cmhs_metrics.periods import Reading, is_missing, read_periods
from cmhs_metrics.signatures import checked
from cmhs_metrics.trends.along import along

MOST_A_YEAR = 0.3
"""A yearly rise of prices above this, as a proportion, is surely meant in per cent."""

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd


@checked
def real_terms(
    value: Any,
    inflation: float | str | Sequence[str] | None = None,
    years: float | None = None,
    *,
    deflator: Mapping[Any, float] | pd.Series[Any] | None = None,
    base: Any = None,
    periods: Any = None,
    columns: str | Sequence[str] | None = None,
    period: str = "period",
) -> Any:
    """Take price rises out of a sum of money, by a constant rate or by a price index.

    Parameters
    ----------
    value : float, Quantity, numpy.ndarray, Series, pandas.DataFrame, or a table of any engine
        Money at the prices of its own year [GBP]; of a DataFrame without `columns`, every column.
    inflation : float, optional
        Yearly rise of prices, as a proportion: 0.01 is 1% a year [per year]. More than 0.3 is surely meant in per cent,
        and refused.
    years : float, optional
        Years from the price base to the value's own year; negative where the base lies later [year].
    deflator : pandas.Series or mapping, optional
        The price index of each period, in place of `inflation` and `years`; on whatever base it stands [index].
    base : label, optional
        The period of the deflator at whose prices the values shall be.
    periods : label or sequence, optional
        The period of each value: one for a single number. A pandas Series or DataFrame has them in its index unless
        they are given.
    columns : str or sequence of str, optional
        Of a table with a row for each place and period, the columns of money; they may also stand in second place.
        The others stay as they are.
    period : str, default "period"
        The column of the table that holds the periods.

    Returns
    -------
    The kind that came in
        The value at the prices of the base year [GBP]; missing where the value is. A lazy table stays one: it is asked
        for its periods, in one query.

    Raises
    ------
    BadInput
        When prices would fall by everything or more, a number is not finite or surely per cent, a period or the base is
        not in the deflator or stands there twice, an index is not above zero, or a column is not there or no money.
    TypeError
        When neither a rate with years nor a deflator with a base is given, or both are.

    Notes
    -----
    Periods are the same however they are written: "2016-17" and "2016/17". A month or quarter that the deflator does
    not have takes the index of its financial year.

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

    A table, of which metrics can then be computed at those prices:

    >>> import pandas as pd
    >>> spend = pd.DataFrame({"icb": ["A", "A"], "period": ["2012/13", "2016/17"], "total_cost": [5.0, 5.5]})
    >>> cm.real_terms(spend, "total_cost", deflator={"2012/13": 100, "2016/17": 110}, base="2012/13")
      icb   period  total_cost
    0   A  2012/13         5.0
    1   A  2016/17         5.0
    """
    if columns is None and isinstance(inflation, (str, list, tuple)):
        columns, inflation = inflation, None
    if value is None or isinstance(value, (str, list, tuple, dict)):
        raise TypeError(
            f"real_terms: value is a {type(value).__name__}: a number, an array, a Series or a table is expected"
        )
    if isinstance(value, pint.Quantity) and "[currency]" not in value.dimensionality:
        raise DimensionalityError(f"real_terms: value is measured in money, got {value.units:~}")
    if deflator is not None:
        if inflation is not None or years is not None:
            raise TypeError("real_terms: give inflation and years, or a deflator, not both")
        if base is None:
            raise TypeError(
                "real_terms: base is needed: the period of the deflator at whose prices the values shall be"
            )
        if not hasattr(deflator, "items"):
            expected = "a mapping or pandas Series of the price index of each period; no series is carried here"
            raise BadInput("real_terms", [Problem("deflator", None, type(deflator).__name__, expected)])
        if columns is not None:
            return _deflated_table(
                value, [columns] if isinstance(columns, str) else list(columns), period, deflator, base
            )
        return _deflated(value, deflator, base, periods)
    if inflation is None or years is None:
        raise TypeError("real_terms: give inflation and years, or a deflator and its base")
    if columns is not None:
        raise TypeError("real_terms: the columns of a table need a deflator and its base, which know each row's prices")
    problems = [*_wrong_rate(inflation)]
    if not (_is_number(years) and math.isfinite(years)):
        problems.append(Problem("years", None, years, "a finite number of years"))
    refuse("real_terms", problems)
    return along(value, lambda amount: amount / (1 + inflation) ** years, "real_terms", argument="value")


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _wrong_rate(inflation: Any) -> list[Problem]:
    if not (_is_number(inflation) and math.isfinite(inflation) and inflation > -1):
        return [Problem("inflation", None, inflation, "a proportion above -1: 0.01 is 1% a year")]
    if inflation > MOST_A_YEAR:
        expected = (
            f"a proportion: {inflation / 100:g} is {inflation:g}% a year, and {inflation:g} is {inflation * 100:g}%"
        )
        return [Problem("inflation", None, inflation, expected)]
    return []


def _deflated(value: Any, deflator: Any, base: Any, periods: Any) -> Any:
    scalar = np.ndim(value) == 0
    if periods is None:
        if not hasattr(value, "iloc"):
            raise TypeError("real_terms: periods is needed: the period of each value, as the deflator names them")
        periods = value.index
    if isinstance(periods, str) and not scalar:
        expected = "the period of each value, in their order; columns= and period= take a table by its columns"
        raise BadInput("real_terms", [Problem("periods", None, periods, expected)])
    labels = [periods] if scalar else list(periods)
    wanted = 1 if scalar else len(value)
    problems = []
    if len(labels) != wanted:
        problems.append(Problem("periods", None, len(labels), f"{wanted} periods, one a value"))
    price = _prices(deflator, base, labels, problems)
    refuse("real_terms", problems)
    factors = np.array([price(base) / price(label) for label in labels])
    if scalar:
        return value * float(factors[0])
    return along(value, lambda value: value * factors, "real_terms")


def _deflated_table(table: Any, columns: list[str], period: str, deflator: Any, base: Any) -> Any:
    import narwhals as nw

    try:
        frame = nw.from_native(table)
    except TypeError as error:
        raise TypeError(f"real_terms: columns is for a table, got a {type(table).__name__}") from error
    schema = frame.collect_schema()
    problems = no_columns("columns", columns, schema) + no_columns("period", [period], schema, table)
    problems += [
        Problem("columns", None, name, f"a column of money; this is measured in {MEASURES[name].unit}")
        for name in columns
        if name in MEASURES and MEASURES[name].unit != "GBP"
    ]
    refuse("real_terms", problems)
    # A suppressed cost has bounds, and they are money of its year too.
    bounds = [f"{name}_{end}" for name in columns for end in ("lower", "upper")]
    columns = list(dict.fromkeys([*columns, *(name for name in bounds if name in schema)]))
    found = frame.select(period).unique()
    labels = (found.collect() if isinstance(found, nw.LazyFrame) else found).get_column(period).to_list()
    if any(is_missing(label) for label in labels):
        problems.append(Problem(period, None, None, "a period in every row"))
    labels = [label for label in labels if not is_missing(label)]
    price = _prices(deflator, base, labels, problems)
    refuse("real_terms", problems)
    factors = {label: price(base) / price(label) for label in labels}
    if hasattr(table, "iloc"):
        rows = np.array([factors[label] for label in table[period]])
        return table.assign(**{name: table[name] * rows for name in columns})
    factor: Any = nw.lit(None).cast(nw.Float64)
    for label, each in factors.items():
        factor = nw.when(nw.col(period) == label).then(nw.lit(each)).otherwise(factor)
    result = frame.with_columns(*(nw.col(name).cast(nw.Float64) * factor for name in columns))
    return result if isinstance(table, (nw.DataFrame, nw.LazyFrame)) else nw.to_native(result)


def _prices(deflator: Any, base: Any, labels: list[Any], problems: list[Problem]) -> Callable[[Any], float]:
    """How to find the price index of a period; problems are added for those of which there is none."""
    pairs = list(deflator.items())
    plain = [label for label in (*(key for key, _ in pairs), base, *labels) if not isinstance(label, Real)]
    read = read_periods(plain, [])
    held: dict[Any, list[float]] = {}
    for key, index in pairs:
        held.setdefault(read.get(key, key), []).append(index)
    years = [key for key in held if isinstance(key, Reading) and key.form == "financial year"]

    def key_of(label: Any) -> Any:
        found = read.get(label, label)
        if found in held or not isinstance(found, Reading):
            return found
        return next((each for each in years if each.first <= found.first and found.last <= each.last), found)

    for name, label in [("base", base), *(("periods", label) for label in dict.fromkeys(labels))]:
        prices = held.get(key_of(label), [])
        row = f"period={label}"
        if not prices:
            known = [str(key) for key, _ in pairs]
            hint = nearest(str(label), known) or f"it has {', '.join(known)}"
            problems.append(Problem(name, None, label, f"a period of the deflator; {hint}"))
        elif len(prices) > 1:
            problems.append(Problem("deflator", row, len(prices), "one index for each period"))
        elif not (_is_number(prices[0]) and 0 < prices[0] < math.inf):
            problems.append(Problem("deflator", row, prices[0], "an index above zero"))
    return lambda label: held[key_of(label)][0]
