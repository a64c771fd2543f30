"""Costs per patient: an interval from the spread across organisations, by the bootstrap."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cmhs_metrics.errors import Problem
from cmhs_metrics.intervals.results import Interval, Method, calculate
from cmhs_metrics.numeric.expected import size
from cmhs_metrics.numeric.requirements import not_negative
from cmhs_metrics.signatures import checked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cmhs_metrics.numeric.requirements import Arrays

FEWEST_DRAWS, MOST_DRAWS = 1_000, 10_000_000
AT_ONCE = 2**20
"""How many organisations are drawn in one go, which bounds the memory."""


@checked
def cost_per_patient_interval(
    total_cost: Any,
    caseload: Any,
    confidence: float | Sequence[float] = 0.95,
    *,
    seed: int = 0,
    draws: int = 10_000,
) -> Interval[Any]:
    """Confidence interval of the pooled cost per patient, from the spread across organisations.

    A cost has no distribution of its own from which an interval follows, as a count has. So organisations are drawn
    with replacement, as many as there are, and their costs pooled over their patients; the bounds are percentiles of
    what many draws give.

    Parameters
    ----------
    total_cost : numpy.ndarray, Series or Quantity of an array
        The cost of each organisation [GBP].
    caseload : numpy.ndarray, Series or Quantity of an array
        The patients of each [patient].
    confidence : float or sequence of float, default 0.95
        One confidence level or several [proportion].
    seed : int, default 0
        The seed of the draws: the same organisations with the same seed give the same bounds, in whatever order.
    draws : int, default 10_000
        How many times organisations are drawn, 1,000 or more.

    Returns
    -------
    Interval
        The lower and the upper bound of total cost over total caseload [GBP / patient]. NaN where a value is missing,
        or where some draw has no patients at all.

    Raises
    ------
    BadInput
        With every negative or infinite cell; when there are fewer than two organisations, or too few draws.
    DimensionalityError
        When a quantity is in a unit of something else.

    Notes
    -----
    With fewer than some 20 organisations the bounds are too close together: a 95% interval covers nearer 90%.

    References
    ----------
    Efron B, Tibshirani RJ. An Introduction to the Bootstrap. New York: Chapman & Hall, 1993: chapter 13, the
    percentile interval.

    Examples
    --------
    >>> import numpy as np
    >>> cost = np.array([17.7e6, 9.1e6, 22.4e6, 12.0e6, 15.3e6])
    >>> patients = np.array([5_291, 3_020, 5_804, 4_410, 4_300])
    >>> lower, upper = cost_per_patient_interval(cost, patients, seed=2017)
    >>> bool(lower < cost.sum() / patients.sum() < upper)
    True
    """

    def limits(level: float, cost: NDArray[Any], patients: NDArray[Any]) -> tuple[Any, ...]:
        tail = (1 - level) / 2
        return tuple(np.quantile(_drawn_ratios(cost, patients, seed, draws), [tail, 1 - tail]))

    def shapes(given: Arrays) -> list[Problem]:
        problems = [*size("seed", seed), *size("draws", draws, FEWEST_DRAWS, MOST_DRAWS)]
        sizes = {name: values.shape for name, values in given.items()}
        if any(len(shape) != 1 for shape in sizes.values()) or len(set(sizes.values())) > 1:
            expected = "one value for each organisation"
            return problems + [Problem(name, None, f"shape {shape}", expected) for name, shape in sizes.items()]
        if given["caseload"].size < 2:
            problems.append(Problem(None, None, given["caseload"].size, "two organisations or more"))
        return problems

    method = Method(
        "cost_per_patient_interval",
        {"total_cost": "GBP", "caseload": "patient"},
        "GBP / patient",
        limits,
        (*not_negative("total_cost"), *not_negative("caseload")),
        shapes=shapes,
    )
    interval: Interval[Any] = calculate(method, (total_cost, caseload), confidence)
    return interval


def _drawn_ratios(cost: NDArray[Any], patients: NDArray[Any], seed: int, draws: int) -> NDArray[Any]:
    # The order of the organisations says nothing, so it must change nothing.
    order = np.lexsort((cost, patients))
    cost, patients = cost[order], patients[order]
    generator = np.random.default_rng(seed)
    ratios = np.empty(draws)
    step = max(1, AT_ONCE // cost.size)
    for start in range(0, draws, step):
        drawn = generator.integers(cost.size, size=(min(step, draws - start), cost.size))
        pooled = patients[drawn].sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratios[start : start + step] = np.where(pooled > 0, cost[drawn].sum(axis=1) / pooled, np.nan)
    return ratios
