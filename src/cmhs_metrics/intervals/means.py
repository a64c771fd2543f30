"""Means, by Student's t distribution."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import stdtrit

from cmhs_metrics.errors import Problem
from cmhs_metrics.intervals.results import Interval, Method, calculate
from cmhs_metrics.numeric.containers import OWN, SAME
from cmhs_metrics.numeric.requirements import OnBadInput, a_count, finite, not_negative
from cmhs_metrics.signatures import checked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cmhs_metrics.numeric.requirements import Arrays


@checked
def mean_interval(
    values: Any = None,
    confidence: float | Sequence[float] = 0.95,
    *,
    mean: Any = None,
    sd: Any = None,
    n: Any = None,
    on_bad_input: OnBadInput = "refuse",
) -> Interval[Any]:
    """Confidence interval of a mean, from the values or from their mean, standard deviation and number.

    Parameters
    ----------
    values : numpy.ndarray, Series or Quantity of an array, optional
        The values, two or more [any unit]. Of an array of several dimensions, the last holds the values of one mean.
    confidence : float or sequence of float, default 0.95
        One confidence level or several [proportion].
    mean, sd : float, Quantity, numpy.ndarray or Series, optional
        In place of the values: their mean, and their standard deviation with n − 1 below the line [any unit, the same].
    n : float, numpy.ndarray or Series, optional
        How many values there are.
    on_bad_input : "refuse" or "missing", default "refuse"
        Whether a cell that cannot be what it claims to be is refused or counts as missing.

    Returns
    -------
    Interval
        The lower and the upper bound [the unit of the values]. NaN where a value is missing, and where `n` is below 2:
        one value has no spread.

    Raises
    ------
    BadInput
        When there are fewer than two values, one is infinite, a standard deviation is negative, or `n` is no count.
    TypeError
        When neither the values nor all three of `mean`, `sd` and `n` are given.

    References
    ----------
    Altman DG, Gardner MJ. Means and their differences. In: Altman DG et al. (eds). Statistics with Confidence, 2nd edn.
    London: BMJ Books, 2000. Public Health England, Technical Briefing 3 (2008): means.

    Examples
    --------
    The mean blood pressure of 100 men, 146.4 mmHg (Gardner and Altman, BMJ 1986;292:746–50):

    >>> lower, upper = mean_interval(mean=146.4, sd=18.5, n=100)
    >>> round(lower, 1), round(upper, 1)
    (142.7, 150.1)
    """
    given = [argument for argument in (mean, sd, n) if argument is not None]
    if (values is None and len(given) < 3) or (values is not None and given):
        raise TypeError("give the values, or all three of mean, sd and n")
    if values is not None:
        of_values = Method("mean_interval", {"values": OWN}, OWN, _of_values, (finite("values"),), shapes=_two_or_more)
        return calculate(of_values, (values,), confidence, on_bad_input=on_bad_input)  # type: ignore[no-any-return]
    of_summary = Method(
        "mean_interval",
        {"mean": OWN, "sd": SAME, "n": ""},
        OWN,
        t_limits,
        (finite("mean"), *not_negative("sd"), *a_count("n", fractional=False)),
    )
    return calculate(of_summary, (mean, sd, n), confidence, on_bad_input=on_bad_input)  # type: ignore[no-any-return]


def _two_or_more(given: Arrays) -> list[Problem]:
    shape = given["values"].shape
    if not shape:
        return [Problem("values", None, given["values"].item(), "a column or array of values")]
    if shape[-1] >= 2:
        return []
    return [Problem("values", None, "one value" if shape[-1] else "no values", "two values or more")]


def _of_values(level: float, values: NDArray[Any]) -> tuple[Any, ...]:
    return t_limits(level, values.mean(axis=-1), values.std(axis=-1, ddof=1), np.asarray(float(values.shape[-1])))


def t_limits(level: float, mean: NDArray[Any], sd: NDArray[Any], n: NDArray[Any]) -> tuple[Any, ...]:
    """Bounds of a mean by Student's t distribution.

    `mean`, `sd`, `n`: the mean, the standard deviation and the number of values. Gives the lower and the upper
    bounds; NaN where there are fewer than two values.
    """
    enough = np.where(n >= 2, n, np.nan)
    half = -stdtrit(enough - 1, (1 - level) / 2) * sd / np.sqrt(enough)
    return mean - half, mean + half
