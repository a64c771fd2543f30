"""XmR limits: how far single values lie from their centre by chance, judged by how far they lie from each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cmhs_metrics.errors import BadInput, Problem
from cmhs_metrics.numeric.expected import column
from cmhs_metrics.numeric.requirements import cell_name, index_of
from cmhs_metrics.run_charts.chart_types import CHART_TYPES, LIMIT_FACTORS, RANGE_FACTORS, Average, ChartType
from cmhs_metrics.signatures import checked

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


class XmrLimits(NamedTuple):
    """The limits of a chart of single values and their moving ranges.

    Parameters
    ----------
    centre : float
        The mean or median of the values [their unit].
    lower, upper : float
        The process limits [the same].
    moving_range : float
        The mean or median distance of two values that follow each other [the same].
    upper_range_limit : float
        Above it, such a distance is more than chance [the same].
    points : int
        How many values the limits rest on.
    """

    centre: float
    lower: float
    upper: float
    moving_range: float
    upper_range_limit: float
    points: int


@checked
def xmr_limits(
    values: Any,
    *,
    centre: Average = "mean",
    moving_range: Average = "mean",
    baseline: int | None = None,
    screened: bool = False,
) -> XmrLimits:
    """The process limits of a series of single values, from its moving ranges.

    Parameters
    ----------
    values : numpy.ndarray or Series
        The values in the order of their periods [any unit]. No moving range is taken across a missing one.
    centre : {"mean", "median"}, default "mean"
        The centre line.
    moving_range : {"mean", "median"}, default "mean"
        Which average of the moving ranges; a single jump moves the median less.
    baseline : int, optional
        The limits rest on so many points from the start on; on all unless given.
    screened : bool, default False
        Whether moving ranges at or above their own upper limit are left out and the average is taken again.

    Returns
    -------
    XmrLimits
        The limits [the values' unit].

    Raises
    ------
    BadInput
        When a value is infinite, there are fewer than two or none follow each other, or an option is not known.

    References
    ----------
    Wheeler (2000), Understanding variation: the key to managing chaos, appendix: XmR charts. NHS England, Making data
    count: strengthening your decisions. NIST/SEMATECH e-Handbook of statistical methods, section 6.3.2.2.

    Examples
    --------
    The flow rates of the NIST handbook, which prints 45.8159, 50.81 and 55.8041:

    >>> flow = np.array([49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1])
    >>> limits = xmr_limits(flow)
    >>> round(limits.lower, 4), round(limits.centre, 2), round(limits.upper, 4)
    (45.8159, 50.81, 55.8041)
    """
    numbers = column("xmr_limits", "values", values, "a series: one number for each period")
    known = np.flatnonzero(~np.isnan(numbers))
    problems = check_options(centre, moving_range, baseline)
    problems += [
        Problem("values", cell_name([at], index_of(values)), float(numbers[at]), "a finite number")
        for at in np.flatnonzero(np.isinf(numbers)).tolist()
    ]
    if len(known) < 2:
        problems.append(Problem("values", None, len(known), "two points or more"))
    if problems:
        raise BadInput("xmr_limits", problems)
    found = by_phase(
        numbers[known],
        np.ones(len(known)),
        np.zeros(len(known), dtype=np.int64),
        np.concatenate([[0], np.cumsum(np.diff(known) > 1)]),
        np.array([len(numbers) if baseline is None else baseline]),
        CHART_TYPES["xmr"],
        centre,
        moving_range,
        screened,
    )
    middle, reach = float(found.centre[0]), float(found.reach[0])
    if np.isnan(reach):
        raise BadInput("xmr_limits", [Problem("values", None, None, "two points that follow each other")])
    ranges = reach / LIMIT_FACTORS[moving_range]
    return XmrLimits(
        centre=middle,
        lower=middle - reach,
        upper=middle + reach,
        moving_range=ranges,
        upper_range_limit=RANGE_FACTORS[moving_range] * ranges,
        points=int(found.points[0]),
    )


def check_options(centre: str, moving_range: str, baseline: Any) -> list[Problem]:
    """What is wrong with the options of the limits."""
    problems = [
        Problem(name, None, value, "'mean' or 'median'")
        for name, value in (("centre", centre), ("moving_range", moving_range))
        if value not in LIMIT_FACTORS
    ]
    if baseline is not None and not (isinstance(baseline, (int, np.integer)) and baseline >= 2):
        problems.append(Problem("baseline", None, baseline, "a whole number of points, two or more"))
    return problems


class ByPhase(NamedTuple):
    """What the limits of each phase are made of.

    Parameters
    ----------
    centre : numpy.ndarray
        For each phase the average, or the sum of the counts by that of the denominators.
    reach : numpy.ndarray
        For each phase how far the limits are from the centre, where the chart type has a `sigma` in units of it.
    points : numpy.ndarray
        For each phase on how many points its limits rest.
    in_baseline : numpy.ndarray of bool
        For each value whether it is one of them.
    """

    centre: Floats
    reach: Floats
    points: NDArray[Any]
    in_baseline: NDArray[np.bool_]


def by_phase(
    values: Floats,
    denominators: Floats,
    phase: NDArray[Any],
    stretch: NDArray[Any],
    baseline: NDArray[Any],
    chart: ChartType,
    centre: Average,
    moving_range: Average,
    screened: bool,
) -> ByPhase:
    """The limits of many series together.

    `values`, `denominators`: the known values in the power of the chart, or counts and their denominators, in order
    within their phase. `phase`: the number of the phase of each value, in order from 0; each phase has limits of its
    own. `stretch`: a number that changes wherever two values do not follow each other. `baseline`: for each phase,
    how many points from its start its limits rest on. `screened`: whether moving ranges above their upper limit are
    left out.
    """
    count = len(baseline)
    first = np.searchsorted(phase, np.arange(count))
    in_baseline = np.arange(len(values)) - first[phase] < baseline[phase]
    own = phase[in_baseline]
    points = np.bincount(own, minlength=count)
    middle = _averages(values[in_baseline], own, count, centre)
    if chart.denominator:
        # Sums of the baseline, and not the mean of its rates: a month counts by its denominator.
        middle = middle / _averages(denominators[in_baseline], own, count, "mean")
    if not chart.moving_range:
        return ByPhase(middle, np.where(points > 0, 3.0, np.nan), points, in_baseline)
    scores = values
    if chart.sigma is not None:
        with np.errstate(divide="ignore", invalid="ignore"):
            scores = (values / denominators - middle[phase]) / chart.sigma(middle[phase], denominators)
        # Where chance has no room, all is at the centre.
        scores = np.nan_to_num(scores, nan=0.0, posinf=0.0, neginf=0.0)
    follows = (stretch[1:] == stretch[:-1]) & (phase[1:] == phase[:-1]) & in_baseline[1:]
    ranges, own = np.abs(np.diff(scores))[follows], phase[1:][follows]
    average = _averages(ranges, own, count, moving_range)
    if screened:
        kept = ranges < RANGE_FACTORS[moving_range] * average[own]
        # Where all ranges are zero, so is their limit, and none is below it.
        kept |= average[own] == 0
        average = _averages(ranges[kept], own[kept], count, moving_range)
    return ByPhase(middle, LIMIT_FACTORS[moving_range] * average, points, in_baseline)


def _averages(values: Floats, phase: NDArray[Any], count: int, average: Average) -> Floats:
    """The mean or median of each phase; missing where it has no value."""
    sizes = np.bincount(phase, minlength=count)
    if average == "mean":
        sums = np.bincount(phase, weights=values, minlength=count)
        return np.asarray(np.divide(sums, sizes, out=np.full(count, np.nan), where=sizes > 0))
    ordered = np.append(values[np.lexsort((values, phase))], np.nan)
    first = np.cumsum(sizes) - sizes
    low, high = first + (sizes - 1) // 2, first + sizes // 2
    # A phase without values points at the missing one that stands behind all.
    low, high = (np.where(sizes > 0, each, len(values)) for each in (low, high))
    return np.asarray((ordered[low] + ordered[high]) / 2)
