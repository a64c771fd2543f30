"""Outcomes: who improved on a scale that was taken before and after, and what became needless."""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np

from cmhs_metrics.errors import BadInput, Problem, nth, refuse
from cmhs_metrics.numeric.containers import OWN, SAME
from cmhs_metrics.numeric.expected import floats, real, refuse_other_indexes
from cmhs_metrics.numeric.frames import as_text, is_text, plain_numbers
from cmhs_metrics.numeric.ratio import ratio
from cmhs_metrics.numeric.unit_aware import unit_aware
from cmhs_metrics.periods import is_missing
from cmhs_metrics.signatures import checked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from cmhs_metrics.numeric.kinds import Number, Value

_IN_ORDER = r"^\d{4}-\d{2}-\d{2}"
"""Text of days that stands in their order: 2024-1-5 stands after 2024-02-01."""


@dataclass(frozen=True, slots=True)
class OutcomeTool:
    """A tool whose scores are paired, of which more is better.

    Parameters
    ----------
    name : str
        Its name.
    concepts : tuple of str
        The concepts of SNOMED CT of its items, in their order.
    lowest, highest : float
        The range of a valid score [points].
    reliable : float
        The least reliable change [points].
    cut_off : float, optional
        The clinical cut-off, at or above which a person has recovered [points].
    """

    name: str
    concepts: tuple[str, ...]
    lowest: float
    highest: float
    reliable: float
    cut_off: float | None = None


OUTCOME_TOOLS: Mapping[str, OutcomeTool] = MappingProxyType(
    {
        tool.name: tool
        for tool in (
            OutcomeTool(
                "DIALOG",
                (
                    "1037651000000100", "1037661000000102", "1037671000000109", "1037681000000106", "1037691000000108",
                    "1037701000000108", "1037711000000105", "1037721000000104", "1037731000000102", "1037741000000106",
                    "1037751000000109",
                ),
                1, 7, 1,
            ),
            OutcomeTool("ReQoL-10", ("1091071000000100",), 0, 40, 5, 25),
            OutcomeTool("GBO", ("1638531000000102", "1638541000000106", "1638551000000109"), 0, 10, 3),
        )
    }
)  # fmt: skip
"""The tools of community services by name, an item of DIALOG and a goal of GBO each, with the national thresholds.

NHS England, Mental Health Services Monthly Statistics, published analytical code (state of September 2025).
"""


@unit_aware(inputs={"before": OWN, "after": SAME}, unit=OWN, signed=True)
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


@unit_aware(inputs={"before": OWN, "after": SAME, "standard_deviation": SAME, "reliability": ""}, unit="", signed=True)
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
    refuse("reliable_change", _of_the_scale(getattr(standard_deviation, "magnitude", standard_deviation), reliability))
    return _change_in_errors(before, after, standard_deviation, reliability)


def _of_the_scale(standard_deviation: float | None, reliability: float | None) -> list[Problem]:
    problems = []
    if standard_deviation is not None and not 0 < real(standard_deviation) < math.inf:
        problems.append(Problem("standard_deviation", None, standard_deviation, "a number above zero"))
    if reliability is not None and not 0 <= real(reliability) <= 1:
        problems.append(Problem("reliability", None, reliability, "a number from 0 to 1"))
    return problems


def _of_the_same_people(subject: str, **scores: Any) -> list[NDArray[Any]]:
    """Scores before and after as arrays; refused where two pandas columns have people in different rows."""
    refuse_other_indexes(scores)
    return [floats(subject, name, column) for name, column in scores.items()]


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
    first, second = _of_the_same_people("share_improved", before=before, after=after)
    problems = []
    if first.shape != second.shape or first.ndim != 1:
        problems.append(Problem("after", None, second.shape, f"a score for each of the {first.shape} before"))
    if (standard_deviation is None) != (reliability is None):
        missing = "reliability" if reliability is None else "standard_deviation"
        problems.append(Problem(missing, None, None, "both standard_deviation and reliability, or neither"))
    problems += _of_the_scale(standard_deviation, reliability)
    refuse("share_improved", problems)
    change = second - first if higher_is_better else first - second
    threshold = 0.0
    if standard_deviation is not None and reliability is not None:
        threshold = 1.96 * standard_deviation * math.sqrt(2 * (1 - reliability))
    paired = change[~np.isnan(change)]
    return float((paired > threshold).mean()) if paired.size else math.nan


@checked
def first_and_latest_scores(
    scores: Any, by: str | Sequence[str], *, day: str = "day", score: str = "score", tool: OutcomeTool | None = None
) -> Any:
    """The first and the latest valid score of each series of scores.

    Parameters
    ----------
    scores : frame
        A row a score, of any engine.
    by : str or sequence of str
        The columns that name a series: the person, or the person, referral and item.
    day, score : str, default "day" and "score"
        The columns of the day on which it was taken, of a type that has an order, and of the score [points].
    tool : OutcomeTool, optional
        Scores out of its range, as 8 of DIALOG, are no valid ones; without it every number is one.

    Returns
    -------
    frame
        Of the same engine, a row for each series that has a valid score, in no set order: the columns of `by`,
        `first` and `latest` [points], null where there is no second score. Of several scores of one day the lowest
        stands first, as nationally, and the same score twice on one day is one.

    Raises
    ------
    BadInput
        When `scores` is no table, a column is not there, the scores are no numbers, days are of several kinds, or days
        are text that is not written as 2024-01-31: such text does not stand in their order.

    Examples
    --------
    >>> import pandas as pd
    >>> days = ["2024-01-05", "2024-03-01", "2024-06-30", "2024-02-02"]
    >>> scores = pd.DataFrame({"person": ["P1", "P1", "P1", "P2"], "day": days, "score": [14, 99, 27, 31]})
    >>> first_and_latest_scores(scores, "person", tool=OUTCOME_TOOLS["ReQoL-10"]).sort_values("person")
      person  first  latest
    0     P1   14.0    27.0
    1     P2   31.0     NaN
    """
    try:
        frame = nw.from_native(plain_numbers(scores, [score]))
        schema = dict(frame.collect_schema())
    except (TypeError, AttributeError):
        kind = type(scores).__name__
        raise BadInput("first_and_latest_scores", [Problem("scores", None, f"a {kind}", "a table")]) from None
    keys = [by] if isinstance(by, str) else list(by)
    problems = [Problem(name, None, None, "a column of scores") for name in (*keys, day, score) if name not in schema]
    if score in schema and not schema[score].is_numeric():
        problems.append(Problem(score, None, str(schema[score]), "numbers"))
    if not keys:
        problems.append(Problem("by", None, by, "the columns that name a series"))
    days = nw.col(day)
    if day in schema and is_text(schema[day]):
        days = as_text(day)  # Categories stand in an order of their own.
        # As text 01/02/2024 stands before 05/01/2024.
        is_other = ~days.fill_null("0000-00-00").str.contains(_IN_ORDER)
        others = frame.filter(is_other).select(days).head(1).lazy().collect()
        problems += [Problem(day, None, each, "a date, or text as 2024-01-31") for each in others[day].to_list()]
    elif schema.get(day) == nw.Object:
        problems += _days_of_several_kinds(day, frame.select(day).lazy().collect()[day].to_list())
    if problems:
        raise BadInput("first_and_latest_scores", problems)
    value = nw.col(score).cast(nw.Float64)
    # To some engines NaN is a number, and the greatest.
    valid = [*(~nw.col(name).is_null() for name in (*keys, day, score)), ~value.is_nan()]
    if tool is not None:
        valid += [value >= tool.lowest, value <= tool.highest]
    rows = frame.filter(*valid).select(*keys, days.alias("_day"), value.alias("_score"))
    ends = rows.group_by(*keys).agg(nw.col("_day").min().alias("_from"), nw.col("_day").max().alias("_to"))
    rows = rows.join(ends, on=keys, how="inner").with_columns(
        nw.when(nw.col("_day") == nw.col("_from")).then(nw.col("_score")).alias("first"),
        nw.when(nw.col("_day") == nw.col("_to")).then(nw.col("_score")).alias("latest"),
        nw.when(nw.col("_from") == nw.col("_to")).then(nw.lit(1)).otherwise(nw.lit(0)).alias("_one"),
    )
    found = rows.group_by(*keys).agg(nw.col("first").min(), nw.col("latest").max(), nw.col("_one").max())
    is_second = (nw.col("_one") == 0) | (nw.col("latest") > nw.col("first"))
    return found.select(*keys, "first", nw.when(is_second).then(nw.col("latest")).alias("latest")).to_native()


def _days_of_several_kinds(day: str, cells: Sequence[Any]) -> list[Problem]:
    """The first cell of a column of Python's objects that has no order beside those before it."""
    known = [(row, cell) for row, cell in enumerate(cells) if not is_missing(cell)]
    for row, cell in known:
        try:
            operator.lt(cell, known[0][1])
        except TypeError:
            expected = f"days of one kind, as {known[0][1]!r}: dates, times, numbers, or text as 2024-01-31"
            return [Problem(day, nth(row, "row"), cell, expected)]
    return []


@dataclass(frozen=True)
class ReliableOutcomes:
    """How many people changed reliably between a first and a latest score.

    Parameters
    ----------
    scored, paired : int
        Who has a first score; who has both.
    improved, deteriorated, unchanged : int
        Of those with both: changed by the reliable change or more, for better or worse; the rest.
    below_cut_off, recovered : int or None
        Of those with both: below the clinical cut-off at first; and of these, who improved reliably and are at or
        beyond it at last. None where there is no cut-off.
    """

    scored: int
    paired: int
    improved: int
    deteriorated: int
    unchanged: int
    below_cut_off: int | None = None
    recovered: int | None = None

    @property
    def improvement_rate(self) -> float:
        """Of those with both scores, who improved reliably [proportion]; NaN of nobody."""
        return ratio(float(self.improved), float(self.paired))

    @property
    def deterioration_rate(self) -> float:
        """Of those with both scores, who deteriorated reliably [proportion]; NaN of nobody."""
        return ratio(float(self.deteriorated), float(self.paired))

    @property
    def recovery_rate(self) -> float:
        """Of those below the cut-off at first, who recovered [proportion]; NaN of nobody, and without a cut-off."""
        return ratio(float(self.recovered or 0), float(self.below_cut_off or 0))


@checked
def reliable_outcomes(
    first: Any,
    latest: Any,
    tool: OutcomeTool | str | None = None,
    *,
    reliable: float | None = None,
    cut_off: float | None = None,
    higher_is_better: bool = True,
) -> ReliableOutcomes:
    """Count who improved, deteriorated and recovered reliably between a first and a latest score.

    Parameters
    ----------
    first, latest : array of float
        The scores, a person each, in the same order [points]; missing where there is none.
    tool : OutcomeTool or str, optional
        The tool, or its name in `OUTCOME_TOOLS`, which gives the reliable change and the cut-off.
    reliable, cut_off : float, optional
        The least reliable change and the clinical cut-off of another tool, or in place of the tool's [points].
    higher_is_better : bool, default True
        Whether a higher score is a better one; if not, a person recovers at or below the cut-off.

    Returns
    -------
    ReliableOutcomes
        The counts, and the rates of reliable improvement, deterioration and recovery.

    Raises
    ------
    BadInput
        When the two are of different lengths, the tool is not known, or there is no reliable change above zero.

    References
    ----------
    NHS England, Mental Health Services Monthly Statistics: outcomes in community mental health services. A change of 1
    point of a DIALOG item, of 5 of ReQoL-10 and of 3 of a goal is reliable; the cut-off of ReQoL-10 is 25.

    Examples
    --------
    >>> found = reliable_outcomes([14, 20, 30, 22], [27, 24, 25, None], "ReQoL-10")
    >>> found.paired, found.improved, found.deteriorated, found.below_cut_off, found.recovered
    (3, 1, 1, 2, 1)
    >>> found.recovery_rate
    0.5
    """
    one, other = _of_the_same_people("reliable_outcomes", first=first, latest=latest)
    problems = []
    if one.shape != other.shape or one.ndim != 1:
        problems.append(Problem("latest", None, other.shape, f"a score for each of the {one.shape} at first"))
    if isinstance(tool, str):
        if tool not in OUTCOME_TOOLS:
            problems.append(Problem("tool", None, tool, f"one of {', '.join(OUTCOME_TOOLS)}, or `reliable`"))
        tool = OUTCOME_TOOLS.get(tool)
    if tool is not None:
        reliable, cut_off = reliable or tool.reliable, tool.cut_off if cut_off is None else cut_off
    if reliable is None or not 0 < real(reliable) < math.inf:
        problems.append(Problem("reliable", None, reliable, "a number of points above zero, or a tool"))
    if cut_off is not None and not math.isfinite(real(cut_off)):
        problems.append(Problem("cut_off", None, cut_off, "a number of points"))
    if problems or reliable is None:
        raise BadInput("reliable_outcomes", problems)
    reliable = real(reliable)
    better = 1 if higher_is_better else -1
    paired = ~np.isnan(one) & ~np.isnan(other)
    change = better * (other - one)
    # Of scores with decimals the difference of 2.3 and 1.8 is a hair below 0.5.
    reliably = paired & ((change >= reliable) | np.isclose(change, reliable, rtol=1e-9, atol=0))
    worse = paired & ((change <= -reliable) | np.isclose(change, -reliable, rtol=1e-9, atol=0))
    below = paired & (better * one < better * cut_off) if cut_off is not None else None
    improved, deteriorated = int(reliably.sum()), int(worse.sum())
    return ReliableOutcomes(
        scored=int((~np.isnan(one)).sum()),
        paired=int(paired.sum()),
        improved=improved,
        deteriorated=deteriorated,
        unchanged=int(paired.sum()) - improved - deteriorated,
        below_cut_off=None if below is None else int(below.sum()),
        recovered=None
        if below is None or cut_off is None
        else int((below & reliably & (better * other >= better * cut_off)).sum()),
    )
