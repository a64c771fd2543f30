"""Proportions: a part of a whole, by Wilson's score method."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import chdtri

from cmhs_metrics.intervals.results import Interval, Method, calculate, counted_in
from cmhs_metrics.numeric.requirements import OnBadInput, a_count, part_of
from cmhs_metrics.signatures import checked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cmhs_metrics.numeric.kinds import Number, Value


@checked
def proportion_interval(
    numerator: Value | Number,
    denominator: Value | Number,
    confidence: float | Sequence[float] = 0.95,
    *,
    fractional: bool = False,
    on_bad_input: OnBadInput = "refuse",
) -> Interval[Value]:
    """Confidence interval of a proportion, by Wilson's score method.

    Parameters
    ----------
    numerator : float, Quantity, numpy.ndarray or Series
        Those of whom it is true [a unit of counting].
    denominator : float, Quantity, numpy.ndarray or Series
        All of them [the same unit].
    confidence : float or sequence of float, default 0.95
        One confidence level or several [proportion].
    fractional : bool, default False
        Whether counts may be fractions, having been weighted or estimated.
    on_bad_input : "refuse" or "missing", default "refuse"
        Whether a cell that cannot be what it claims to be is refused or counts as missing.

    Returns
    -------
    Interval
        The lower and the upper bound [proportion, from 0 to 1], in the kind that came in. NaN or null where the
        denominator is zero or a value is missing. Several levels make a last axis of an array, and a frame of a Series.

    Raises
    ------
    BadInput
        With every cell that is no count, and every numerator above its denominator.
    DimensionalityError
        When the two do not count the same things.

    References
    ----------
    Wilson EB. Probable inference, the law of succession, and statistical inference. J Am Stat Assoc 1927;22:209–12.
    Newcombe RG. Two-sided confidence intervals for the single proportion. Stat Med 1998;17:857–72 (method 3).
    Public Health England, Technical Guide: Confidence Intervals (2018), appendix 3.

    Examples
    --------
    Newcombe's first example, 81 of 263:

    >>> lower, upper = proportion_interval(81, 263)
    >>> round(lower, 4), round(upper, 4)
    (0.2553, 0.3662)
    """
    method = Method(
        "proportion_interval",
        dict.fromkeys(("numerator", "denominator"), counted_in(numerator)),
        "",
        lambda level, part, whole: wilson_limits(part, whole, level),
        (
            *a_count("numerator", fractional=fractional),
            *a_count("denominator", fractional=fractional),
            part_of("numerator", "denominator"),
        ),
    )
    interval: Interval[Value] = calculate(method, (numerator, denominator), confidence, on_bad_input=on_bad_input)
    return interval


def wilson_limits(part: NDArray[Any], whole: NDArray[Any], level: float) -> tuple[NDArray[Any], NDArray[Any]]:
    """Wilson's bounds of a proportion.

    `part`, `whole`: those of whom it is true, and all of them. Gives the lower and the upper bounds, 0 and 1 exactly
    where the part is nothing and everything; NaN of an empty whole.
    """
    z2 = float(chdtri(1, 1 - level))
    with np.errstate(divide="ignore", invalid="ignore"):
        share = part / whole
        root = np.sqrt(z2 * (z2 + 4 * part * (1 - share)))
        # In this form the lower bound loses no digits to subtraction, however small the part.
        lower = 2 * part * share / (2 * part + z2 + root)
        upper = (2 * part + z2 + root) / (2 * (whole + z2))
    return lower, np.where(part == whole, share, upper)
