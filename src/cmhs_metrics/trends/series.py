"""Change along a series, rolling years, and growth against an ambition."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from cmhs_metrics.errors import BadInput, Problem, refuse
from cmhs_metrics.numeric.containers import OWN
from cmhs_metrics.numeric.expected import FINITE_NOT_NEGATIVE, column
from cmhs_metrics.numeric.ratio import ratio
from cmhs_metrics.signatures import checked, is_table
from cmhs_metrics.trends.along import along
from cmhs_metrics.trends.periods import DAY, PER_YEAR, Ordered, ordered, position_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    import pandas as pd
    from numpy.typing import NDArray

LEAST_PER_CENT = 0.3
"""Nearer to zero, a yearly growth in per cent is surely meant as a proportion: 0.05 for 5%."""

_MEASURES: dict[str, tuple[str, Callable[[Any, Any], Any]]] = {
    "absolute": (OWN, lambda value, earlier: value - earlier),
    "percentage": ("percent", lambda value, earlier: ratio(value - earlier, np.maximum(earlier, 0), 100)),
    "percentage points": ("percentage_point", lambda value, earlier: (value - earlier) * 100),
}


@checked
def change_on_previous(
    values: Any,
    *,
    periods: Sequence[Any] | None = None,
    measure: Literal["absolute", "percentage", "percentage points"] = "percentage",
    lag: int = 1,
    breaks: Collection[Any] = (),
) -> Any:
    """Change of each value of a series from the period before, or from the same period of an earlier year.

    Parameters
    ----------
    values : pandas.Series, pandas.DataFrame, polars.Series, numpy.ndarray or Quantity of an array
        A value for each period [any unit]; of a DataFrame, each column is a series. Shares as proportions where the
        change is in percentage points.
    periods : sequence, optional
        The period of each value, as `parse_period` reads them, or numbers such as plain years. A pandas Series has
        them in its index unless they are given; otherwise values follow each other without a gap.
    measure : {"percentage", "absolute", "percentage points"}, default "percentage"
        How the change is measured.
    lag : int, default 1
        How many periods back: 12 for the same month of the year before.
    breaks : collection, optional
        The periods from which values are not comparable with those before them: an interrupted series.

    Returns
    -------
    The kind that came in, in the same shape
        The change [%, the values' own unit, or percentage points]; missing at the start, after a gap in the periods
        or a missing value, across a break, and as a percentage of zero or of what is below it.

    Raises
    ------
    BadInput
        When there are fewer than two periods, they cannot be read, are not in order or repeat, or a break lies
        outside the series.

    References
    ----------
    Office for National Statistics: growth on the previous period, and on the same period a year ago.

    Examples
    --------
    Access was counted anew from 2019/20:

    >>> import pandas as pd
    >>> access = pd.Series([100.0, 110, 150, 165], index=["2017/18", "2018/19", "2019/20", "2020/21"])
    >>> change_on_previous(access, breaks=["2019/20"]).round(1).tolist()
    [nan, 10.0, nan, 10.0]
    """
    problems: list[Problem] = []
    if lag < 1:
        problems.append(Problem("lag", None, lag, "one period or more"))
    labels, order = _periods_of(values, periods, problems)
    starts = _starts(breaks, labels, order, problems)
    refuse("change_on_previous", problems)
    before = order.ordinals - lag * order.step
    partner = np.searchsorted(order.ordinals, before)
    stretch = np.searchsorted(starts, np.arange(len(labels)), side="right")
    comparable = (order.ordinals[partner] == before) & (stretch[partner] == stretch)
    unit, changed = _MEASURES[measure]

    def change(values: NDArray[Any]) -> NDArray[Any]:
        return np.where(comparable, changed(values, values[partner]), np.nan)

    return along(values, change, "change_on_previous", unit)


@checked
def rolling_year(
    values: Any,
    periods: Sequence[Any] | None = None,
    *,
    over_time: Literal["sum", "last", "mean"] = "sum",
    by: str | Sequence[str] | None = None,
    metrics: str | Callable[..., Any] | Sequence[str | Callable[..., Any]] | None = None,
    populations: Any = None,
    place: str | Sequence[str] | None = None,
    basis: str | Sequence[str] | None = None,
    keys: str | Sequence[str] | None = None,
) -> Any:
    """The twelve months, or four quarters, up to each period.

    Parameters
    ----------
    values : pandas.Series, pandas.DataFrame, polars.Series, numpy.ndarray, Quantity of an array, or a table
        A value for each month or quarter [any unit]; of a DataFrame, each column is a series. With `by`, a table of any
        engine with a row for each team (or organisation) and month in the column `period`; a lazy one is run.
    periods : sequence, optional
        The month or quarter of each value, as `parse_periods` reads them; dates on the same day of each month, or on
        its last, are months. A pandas Series has them in its index unless they are given.
    over_time : {"sum", "last", "mean"}, default "sum"
        How values become one: a flow (cost, contacts) adds; a stock (caseload, WTE) is the last or the mean. In a
        table, flows always add, and this says what becomes of the stocks.
    by : str or sequence of str, optional
        The columns of the table that name the groups, each of which has its rolling years; an empty list gives those
        of the whole table.
    metrics, populations, place, basis, keys
        Of a table, as in `aggregate`: the measures of twelve months are summed, and the metrics computed from the sums.

    Returns
    -------
    The kind that came in, in the same shape; of a table, a row for each group and period
        The rolling year at its last period [the same unit]; of a lazy table a pandas one. Missing for the first eleven
        months, wherever a month of the twelve is absent, and wherever a value that is needed is missing: all twelve for
        a sum or a mean, that of the last month for the last.

    Raises
    ------
    BadInput
        When there are fewer than two periods, they cannot be read, are not months or quarters, are not in order or
        repeat; when a series is itself a metric, by its name, or a stock that would be summed; of a table, as
        `aggregate`.

    References
    ----------
    NHS England Board paper on partnership with the third sector (2023): paragraph 11, "in the preceding 12 months".

    Examples
    --------
    >>> import numpy as np
    >>> months = [f"2016-{month:02}" for month in range(4, 13)] + [f"2017-{month:02}" for month in range(1, 5)]
    >>> rolling_year(np.arange(1.0, 14.0), months)[-3:].tolist()
    [nan, 78.0, 90.0]

    The DNA rate of twelve months, which is not the mean of twelve rates:

    >>> import pandas as pd
    >>> table = pd.DataFrame({"team": "North", "period": months, "contacts": 90, "did_not_attends": [10] * 12 + [40]})
    >>> rolling_year(table, by="team", metrics="dna_rate")["dna_rate"].round(3).tolist()[-3:]
    [nan, 0.1, 0.122]
    """
    # Loads the tables, which numbers do without.
    from cmhs_metrics.trends.rolling import refuse_metric, rolling_table

    if by is not None:
        if hasattr(values, "__array__") and not is_table(values):
            raise BadInput("rolling_year", [Problem("by", None, by, "None, for values is no table, which has groups")])
        return rolling_table(
            values, by, over_time=over_time, metrics=metrics, populations=populations, place=place, basis=basis,
            keys=keys,
        )  # fmt: skip
    problems: list[Problem] = []
    if periods is None and not hasattr(values, "iloc"):
        problems.append(Problem("periods", None, None, "the month or quarter of each of the values"))
    if over_time in ("sum", "mean"):
        for name in getattr(values, "columns", [getattr(values, "name", None)]):
            refuse_metric(name, over_time)
    if hasattr(values, "columns") and "period" in values.columns:
        expected = "by= (the columns that name the groups), for this is a table with a row for each group and period"
        problems.append(Problem("by", None, None, expected))
        raise BadInput("rolling_year", problems)
    labels, order = _periods_of(values, periods, problems)
    if not problems and (order.frequency in (None, DAY) or PER_YEAR[order.frequency] == 1):
        expected = "months, such as 2016-04, or quarters, 2016/17 Q1: the index of values, unless they are given"
        problems.append(Problem("periods", None, str(labels[0]), expected))
    refuse("rolling_year", problems)
    window = PER_YEAR[str(order.frequency)]

    def roll(values: NDArray[Any]) -> NDArray[Any]:
        rolled = np.full_like(values, np.nan)
        if len(values) >= window:
            windows = np.lib.stride_tricks.sliding_window_view(values, window, axis=0)
            taken = windows[..., -1] if over_time == "last" else getattr(windows, over_time)(axis=-1)
            unbroken = order.ordinals[window - 1 :] - order.ordinals[: 1 - window] == window - 1
            rolled[window - 1 :] = np.where(unbroken, taken, np.nan)
        return rolled

    return along(values, roll, "rolling_year")


@checked
def growth_against(
    actual: Any, ambition_rate: float, *, periods: Sequence[Any] | None = None, at_most: bool = False
) -> pd.DataFrame:
    """Growth since the first period, against a yearly growth that was promised.

    Parameters
    ----------
    actual : pandas.Series or numpy.ndarray
        A value for each period [any unit].
    ambition_rate : float
        The growth of each year that was promised, compounded from the first period on; negative for a fall
        [% per year]. What is less than 0.3 either way is surely a proportion, and refused.
    periods : sequence, optional
        The period of each value, as `parse_period` reads them, or plain years. A pandas Series has them in its index.
    at_most : bool, default False
        Whether less is better.

    Returns
    -------
    pandas.DataFrame
        A row for each period: `actual`; `growth` since the first period [% per year, compound]; `ambition`, what the
        promise makes of the first value; `difference`, the actual less that; and `met`, whether it is reached. What
        cannot be said is missing.

    Raises
    ------
    BadInput
        When there are fewer than two periods, they cannot be read, are not in order or repeat, a value is negative or
        infinite, the first one is zero or missing, or the rate is not above -100.

    References
    ----------
    NHS England Board paper on partnership with the third sector (2023): paragraph 4 (5% a year) and paragraph 11.

    Examples
    --------
    "504k people … a growth in access on the March 2021 of 28k (5.9%)" was over 16 months; in a year it is less than 5%:

    >>> import pandas as pd
    >>> growth_against(pd.Series([476.0, 504.0], index=["2021-03", "2022-07"]), 5).round(1)
             actual  growth  ambition  difference    met
    period
    2021-03   476.0     NaN     476.0         0.0   True
    2022-07   504.0     4.4     508.0        -4.0  False
    """
    import pandas as pd

    problems: list[Problem] = []
    labels, order = _periods_of(actual, periods, problems, "actual")
    amounts = column(
        "growth_against", "actual", along(actual, lambda values: values, "growth_against", argument="actual")
    )
    for label, amount in zip(labels, amounts, strict=False):
        if amount < 0 or math.isinf(amount):
            problems.append(Problem("actual", f"period={label}", float(amount), FINITE_NOT_NEGATIVE))
    if len(amounts) and not amounts[0] > 0:
        problems.append(Problem("actual", f"period={labels[0]}", float(amounts[0]), "a value to grow from"))
    if not -100 < ambition_rate < math.inf:
        problems.append(Problem("ambition_rate", None, ambition_rate, "a percentage above -100: 5 is 5% a year"))
    elif 0 < abs(ambition_rate) < LEAST_PER_CENT:
        expected = (
            f"a percentage: {ambition_rate * 100:g} is {ambition_rate * 100:g}% a year, as {ambition_rate:g} is not"
        )
        problems.append(Problem("ambition_rate", None, ambition_rate, expected))
    if order.frequency == DAY:
        problems.append(Problem("periods", None, str(labels[0]), "financial years, quarters, months or plain years"))
    refuse("growth_against", problems)
    years = (order.ordinals - order.ordinals[0]) / PER_YEAR.get(str(order.frequency), 1)
    ambition = amounts[0] * (1 + ambition_rate / 100) ** years
    exponent = np.divide(1, years, out=np.zeros(len(years)), where=years > 0)
    growth = np.where(years > 0, ((amounts / amounts[0]) ** exponent - 1) * 100, np.nan)
    met = pd.array(amounts <= ambition if at_most else amounts >= ambition, dtype="boolean")
    met[np.isnan(amounts)] = pd.NA
    return pd.DataFrame(
        {
            "actual": amounts,
            "growth": growth,
            "ambition": ambition,
            "difference": amounts - ambition,
            "met": met,
        },
        index=pd.Index(labels, name="period"),
    )


def _periods_of(
    values: Any, periods: Sequence[Any] | None, problems: list[Problem], name: str = "values"
) -> tuple[list[Any], Ordered]:
    try:
        length = len(values)
    except TypeError:
        raise TypeError(f"{name}: a series of values is expected, got a {type(values).__name__}") from None
    pandas = hasattr(values, "iloc")
    if length < 2:
        problems.append(Problem(name, None, length, "the values of 2 periods or more"))
    labels = list(periods) if periods is not None else list(values.index) if pandas else list(range(length))
    if len(labels) != length:
        problems.append(Problem("periods", None, len(labels), f"{length} periods, one a value"))
    return labels, ordered(labels, problems, least=0)


def _starts(breaks: Collection[Any], labels: list[Any], order: Ordered, problems: list[Problem]) -> list[int]:
    """The positions from which a new series begins."""
    if problems:
        return []
    starts = []
    for each in breaks:
        position = position_of(each, labels, order, problems, "breaks")
        if position is not None and not 0 < position < len(labels):
            expected = f"a period after {labels[0]} and not after {labels[-1]}"
            problems.append(Problem("breaks", None, str(each), expected))
        elif position is not None:
            starts.append(position)
    return sorted(starts)
