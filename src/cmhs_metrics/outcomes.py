"""Outcomes: who improved on a scale that was taken before and after, and what became needless."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from cmhs_metrics.catalogue import function
from cmhs_metrics.errors import BadInput, Problem
from cmhs_metrics.numeric.containers import OWN, SAME
from cmhs_metrics.numeric.expected import floats, real
from cmhs_metrics.numeric.ratio import ratio
from cmhs_metrics.signatures import checked

if TYPE_CHECKING:
    from cmhs_metrics.numeric.kinds import Number, Value


@function(inputs={"before": OWN, "after": SAME}, unit=OWN, signed=True)
def avoided_activity(before: Value | Number, after: Value | Number) -> Value:
    """Activity that fell away: calls, attendances or admissions before, less those after.

    Parameters
    ----------
    before : float, Quantity, numpy.ndarray, Series or expression
        Activity over a period before [any unit].
    after : float, Quantity, numpy.ndarray, Series or expression
        Activity of the same people over as long a period after [the same unit].

    Returns
    -------
    The kind that came in, in the same shape
        What fell away [the same unit]; negative where activity grew.

    Raises
    ------
    DimensionalityError
        When the two do not count the same.

    References
    ----------
    NHS England Board paper on partnership with the third sector (2023): paragraph 18, 203 crisis calls and 50
    attendances fewer over twelve months. A fall is not by itself the work of the service: activity that is high when
    people are referred falls of itself.

    Examples
    --------
    >>> import cmhs_metrics as cm
    >>> cm.avoided_activity(before=410.0, after=207.0)
    203.0
    """
    return before - after


@function(inputs={"before": OWN, "after": SAME, "standard_deviation": SAME, "reliability": ""}, unit="", signed=True)
def _change_in_errors(
    before: Value | Number, after: Value | Number, standard_deviation: Value | Number, reliability: Value | Number
) -> Value:
    return ratio(after - before, standard_deviation * (reliability * -2 + 2) ** 0.5)


@checked
def reliable_change(
    before: Value | Number, after: Value | Number, standard_deviation: Any, reliability: float
) -> Value:
    """The reliable change index: a change of score, in standard errors of a difference between two scores.

    Parameters
    ----------
    before : float, Quantity, numpy.ndarray, Series or expression
        The score before [points of the scale].
    after : float, Quantity, numpy.ndarray, Series or expression
        The score after [the same points].
    standard_deviation : float
        Standard deviation of scores before, in the scale's reference group [the same points].
    reliability : float
        Test-retest reliability of the scale, from 0 to 1 [dimensionless].

    Returns
    -------
    The kind that came in, in the same shape
        The index; beyond -1.96 or 1.96 a change is more than the scale's own error would bring in 19 cases of 20.

    Raises
    ------
    BadInput
        When the standard deviation is not above zero, or the reliability not from 0 to 1.

    References
    ----------
    Jacobson NS, Truax P. Clinical significance: a statistical approach to defining meaningful change in psychotherapy
    research. Journal of Consulting and Clinical Psychology 1991; 59: 12–19.

    Examples
    --------
    Their example: 47.5 to 32.5 points where the standard deviation is 10 and the reliability 0.80 is a reliable change
    of a scale on which less is better.

    >>> import cmhs_metrics as cm
    >>> round(cm.reliable_change(47.5, 32.5, standard_deviation=10, reliability=0.80), 2)
    -2.37
    """
    if problems := _of_the_scale(getattr(standard_deviation, "magnitude", standard_deviation), reliability):
        raise BadInput("reliable_change", problems)
    return _change_in_errors(before, after, standard_deviation, reliability)


def _of_the_scale(standard_deviation: float | None, reliability: float | None) -> list[Problem]:
    problems = []
    if standard_deviation is not None and not 0 < real(standard_deviation) < math.inf:
        problems.append(Problem("standard_deviation", None, standard_deviation, "a number above zero"))
    if reliability is not None and not 0 <= real(reliability) <= 1:
        problems.append(Problem("reliability", None, reliability, "a number from 0 to 1"))
    return problems


@checked
def share_improved(
    before: Any,
    after: Any,
    *,
    higher_is_better: bool = True,
    standard_deviation: float | None = None,
    reliability: float | None = None,
) -> float:
    """The share of people whose score improved, of those with a score before and after.

    Parameters
    ----------
    before : array of float
        Scores before, a person each [points of the scale].
    after : array of float
        Scores after, of the same people in the same order [the same points].
    higher_is_better : bool, default True
        Whether a higher score is a better one.
    standard_deviation, reliability : float, optional
        Of the scale; with both, only improvements beyond its error count (see `reliable_change`).

    Returns
    -------
    float
        The share [proportion]; NaN where nobody has both scores. People with only one are left out: there is no pair.

    Raises
    ------
    BadInput
        When the two are of different lengths, or only one of `standard_deviation` and `reliability` is given, or they
        are out of range.

    References
    ----------
    NHS England Board paper on partnership with the third sector (2023): paragraph 18, where 84% showed an increased
    score on WEMWBS.

    Examples
    --------
    >>> share_improved([40, 45, 50, 44], [48, 47, 49, 50])
    0.75
    >>> share_improved([40, 45, 50, 44], [62, 47, 49, 50], standard_deviation=10, reliability=0.8)
    0.25
    """
    if hasattr(before, "index") and hasattr(after, "iloc") and not before.index.equals(after.index):
        raise ValueError("before and after have different indexes: the same people must stand in the same rows")
    first, second = (floats("share_improved", *given) for given in (("before", before), ("after", after)))
    problems = []
    if first.shape != second.shape or first.ndim != 1:
        problems.append(Problem("after", None, second.shape, f"a score for each of the {first.shape} before"))
    if (standard_deviation is None) != (reliability is None):
        missing = "reliability" if reliability is None else "standard_deviation"
        problems.append(Problem(missing, None, None, "both standard_deviation and reliability, or neither"))
    problems += _of_the_scale(standard_deviation, reliability)
    if problems:
        raise BadInput("share_improved", problems)
    change = second - first if higher_is_better else first - second
    threshold = 0.0
    if standard_deviation is not None and reliability is not None:
        threshold = 1.96 * standard_deviation * math.sqrt(2 * (1 - reliability))
    paired = change[~np.isnan(change)]
    return float((paired > threshold).mean()) if paired.size else math.nan
