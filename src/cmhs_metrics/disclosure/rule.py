"""The rule by which small numbers are kept out of sight, and what a reader still knows of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

import numpy as np

from cmhs_metrics.errors import BadInput, Problem, refuse
from cmhs_metrics.numeric.containers import OWN, Contract, evaluate
from cmhs_metrics.signatures import checked

EXACT = "exact"
"""The kind of a number that is shown as it is."""
SUPPRESSED = "suppressed"
"""The kind of a number that is known to the publisher and not shown."""
MISSING = "missing"
"""The kind of a number that the publisher does not have."""
WHOLE_PER_CENT = "rounded to a whole per cent"
"""The kind of a percentage that is shown to the nearest whole number."""
WHOLE_DAY = "rounded to a whole day"
"""The kind of a wait that is shown to the nearest whole day."""
HALF = 1e-12
"""How near to a half, beside its size, a float has to be for it to stand for the decimal half."""


def rounded_to(base: int) -> str:
    """The kind of a number that is shown to the nearest multiple of another.

    Examples
    --------
    >>> rounded_to(5)
    'rounded to 5'
    """
    return f"rounded to {base}"


Measured = Literal["count", "percentage", "day"]
"""What a number measures: each is rounded and suppressed in its own way."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What is suppressed, how the rest is rounded, and how much a reader may learn.

    Its methods take numbers, arrays and expressions alike: the rule stands here and nowhere else.

    Parameters
    ----------
    threshold : int, default 5
        Counts below it are suppressed; 0 suppresses nothing.
    rounding : int, default 5
        Other counts are rounded to the nearest multiple of it (the rounding base), halves up; 1 shows them as they are.
    suppress_zero : bool, default True
        Whether a count of 0 is suppressed like the other small ones. Showing zeros tells that a group is empty, and
        it narrows what the remaining signs can stand for.
    symbol : str, default "*"
        What stands in place of a suppressed number.
    percentage_rounding : float, default 1
        Percentages are rounded to the nearest multiple of it: 0.1 shows one decimal.
    width : int, optional
        The least width of the interval that a reader may bound a suppressed count to (the protection level). By default
        the counts that the sign alone leaves open: 0 to 4 under the defaults, a width of 4; 1 to 4 where zeros are
        shown, a width of 3.
    midpoints : bool, default False
        Whether counts are shown as the middle of their band of `rounding` counts, in place of the nearest multiple:
        with a rounding of 6, 1 to 6 are shown as 3, 7 to 12 as 9, and 0 as 0.
    day_rounding : float, default 1
        Waits and lengths of stay are rounded to the nearest multiple of it [day].

    Raises
    ------
    BadInput
        When a number is not whole or out of range, the symbol reads as a number, or a count that is not suppressed
        could round to one that would have been.

    References
    ----------
    NHS England, Mental Health Services Monthly Statistics: counts under 5 are suppressed below the level of England,
    others rounded to the nearest 5, percentages and days rounded to whole numbers. Rounding to midpoints of 6 is what
    OpenSAFELY asks of its users.

    Examples
    --------
    >>> NHS.threshold, NHS.rounding, NHS.width
    (5, 5, 4)
    >>> Rule(threshold=10, rounding=1).width
    9
    >>> Rule(threshold=0, rounding=6, midpoints=True).shown(np.array([0, 1, 6, 7]))
    array([0., 3., 3., 9.])
    """

    threshold: int = 5
    rounding: int = 5
    suppress_zero: bool = True
    symbol: str = "*"
    percentage_rounding: float = 1
    width: int | None = None
    midpoints: bool = False
    day_rounding: float = 1

    def __post_init__(self) -> None:
        problems = [
            Problem(name, None, getattr(self, name), f"a whole number, {least} or more")
            for name, least in (("threshold", 0), ("rounding", 1), ("width", 1))
            if not (name == "width" and self.width is None) and not _whole(getattr(self, name), least)
        ]
        problems += [
            Problem(name, None, getattr(self, name), "a number above zero")
            for name in ("percentage_rounding", "day_rounding")
            if not _positive(getattr(self, name))
        ]
        if not isinstance(self.symbol, str) or not self.symbol.strip() or _reads_as_number(self.symbol):
            problems.append(Problem("symbol", None, self.symbol, "a text that does not read as a number"))
        if not problems and (shown := float(self.shown(self.threshold))) < self.threshold:
            expected = f"a rounding at which {self.threshold} does not become {shown:g}, which is below the threshold"
            problems.append(Problem("rounding", None, self.rounding, expected))
        refuse("the rule", problems)
        if self.width is None:
            object.__setattr__(self, "width", max(self.threshold - 1 - (not self.suppress_zero), 1))

    @property
    def kind_shown(self) -> str:
        """The kind of a count that is shown: "exact", or "rounded to 5" under the defaults."""
        if self.rounding == 1:
            return EXACT
        return f"midpoints of {self.rounding}" if self.midpoints else rounded_to(self.rounding)

    def is_suppressed(self, counts: Any) -> Any:
        """Which counts the rule by itself suppresses; a missing one is not.

        Parameters
        ----------
        counts : float, numpy.ndarray or expression
            True counts, NaN or null where missing.

        Returns
        -------
        bool, numpy.ndarray of bool or expression
        """
        small = counts < self.threshold
        return small if self.suppress_zero else small & (counts != 0)

    def shown(self, counts: Any) -> Any:
        """What the rule shows of counts that are not suppressed.

        Parameters
        ----------
        counts : float, numpy.ndarray or expression
            True counts, NaN or null where missing.

        Returns
        -------
        float, numpy.ndarray or expression
        """
        if not self.midpoints:
            return to_nearest(counts, self.rounding)
        bands = -floor_division(-1.0 * counts, self.rounding)
        return choose(counts == 0, 0.0, bands * self.rounding - self.rounding // 2)

    def can_show(self, values: Any) -> Any:
        """Which numbers the rule could have shown.

        Parameters
        ----------
        values : float, numpy.ndarray or expression
            Published counts.

        Returns
        -------
        bool, numpy.ndarray of bool or expression
            A number is shown if it is what the rule makes of some count that it does not suppress.
        """
        lower, upper = self.feasible_range(values)
        return (self.shown(upper) == values) & (lower <= upper) & (values >= 0)

    def feasible_range(self, shown: Any, of: Measured = "count") -> tuple[Any, Any]:
        """The least and the greatest true number that can stand behind each number that is shown.

        Parameters
        ----------
        shown : float, numpy.ndarray or expression
            Published numbers, rounded by the rule.
        of : {"count", "percentage", "day"}, default "count"
            What the numbers measure.

        Returns
        -------
        lower, upper : float, numpy.ndarray or expression
            The feasibility interval. Counts are whole numbers, and that they were not suppressed is part of what is
            known: behind a 5 are 5 to 7. Behind 40% are 39.5 to 40.5, behind 12 days 11.5 to 12.5.

        Examples
        --------
        >>> NHS.feasible_range(np.array([5, 10]))
        (array([5., 8.]), array([ 7., 12.]))
        >>> NHS.feasible_range(np.array([100.0]), of="percentage")
        (array([99.5]), array([100.]))
        """
        if of != "count":
            return self._feasible_measurement(shown, of)
        if self.midpoints:
            upper = shown + self.rounding // 2
            lower = upper - self.rounding + 1
        else:
            lower = -floor(-(shown - self.rounding / 2))
            upper = -floor(-(shown + self.rounding / 2)) - 1.0
        lower = choose(lower < self.threshold, float(self.threshold), lower)
        if self.midpoints or (self.threshold and not self.suppress_zero):
            lower = choose(shown == 0, 0.0, lower)
        # A rule that suppresses every count from 1 below the threshold lets only a true 0 show as 0.
        if self.threshold or self.midpoints:
            upper = choose(shown == 0, 0.0, upper)
        return lower, upper

    def _feasible_measurement(self, shown: Any, of: Measured) -> tuple[Any, Any]:
        base = self.percentage_rounding if of == "percentage" else self.day_rounding
        lower, upper = shown - base / 2, shown + base / 2
        lower = choose(lower < 0, 0.0, lower)
        return lower, choose(upper > 100, 100.0, upper) if of == "percentage" else upper

    def suppressed_range(self, of: Measured = "count") -> tuple[float, float]:
        """The least and the greatest number that the rule by itself suppresses.

        Parameters
        ----------
        of : {"count", "percentage", "day"}, default "count"
            What the numbers measure.

        Returns
        -------
        tuple of float
            0 and 4 under the defaults, 0 and 100 for a percentage, 0 and infinity for days, of which a sign tells
            nothing. In a table that was protected the symbol can stand for more than a small count.
        """
        if of != "count":
            return 0, 100 if of == "percentage" else math.inf
        return (0 if self.suppress_zero else 1), max(self.threshold - 1, 0)


@checked
def round_to(values: Any, base: float = 5) -> Any:
    """Round to the nearest multiple, halves away from zero.

    Parameters
    ----------
    values : float, Quantity, numpy.ndarray, Series or expression
        Numbers [any unit].
    base : float, default 5
        The multiple [the same unit].

    Returns
    -------
    The kind that came in, in the same shape
        Multiples of the base; what is missing stays so.

    Raises
    ------
    BadInput
        When the base is not above zero.

    Notes
    -----
    Halves go away from zero, as in Excel and SQL: 2.5 rounds to 3 and 3.5 to 4. Python's `round` and numpy's take them
    to the even side, 2 and 4. Halves are those of the decimals that are written: 1.005 to 0.01 is 1.01 on every engine,
    though the float nearest to 1.005 lies below it.

    Examples
    --------
    >>> round_to(12), round_to(13), round_to(2.5, base=1), round_to(-2.5, base=1)
    (10.0, 15.0, 3.0, -3.0)
    >>> round_to(0.25, base=0.1)
    0.3
    """
    if not _positive(base):
        raise BadInput("round_to", [Problem("base", None, base, "a number above zero")])

    def body(numbers: Any) -> Any:
        return choose(numbers < 0, -to_nearest(-numbers, base), to_nearest(numbers, base))

    return evaluate(Contract("rounded", body, {"values": OWN}, OWN, signed=True), (values,))


def choose(condition: Any, yes: Any, no: Any) -> Any:
    """One of two values for each cell, for numbers, arrays and expressions.

    `yes`, `no`: the two values; NaN stands for null in an expression.
    """
    if not hasattr(condition, "alias"):
        return np.where(condition, yes, no) if np.ndim(condition) else (yes if condition else no)
    when = _library_of(condition).when
    if isinstance(yes, float) and np.isnan(yes):
        return when(~condition).then(no)
    chosen = when(condition).then(yes)
    return chosen if isinstance(no, float) and np.isnan(no) else chosen.otherwise(no)


def floor_division(top: Any, bottom: Any) -> Any:
    """How often whole numbers go into others, for numbers, arrays and expressions.

    `top`, `bottom`: whole numbers below 2 to the power of 53. Gives in floats. The division of such numbers is
    rounded to a whole one only where it is one.
    """
    # Engines do not agree on their own //.
    return floor(quotient(top, bottom)) if hasattr(top, "alias") else top // bottom


def _library_of(expression: Any) -> Any:
    if type(expression).__module__.startswith("polars"):
        import polars

        return polars
    import narwhals

    return narwhals


def floor(values: Any) -> Any:
    """The greatest whole number that is no greater, in floats, for numbers, arrays and expressions."""
    if hasattr(values, "alias"):
        # Engines do not agree on the type of what is floored.
        return values.floor().cast(_library_of(values).Float64)
    return np.floor(values) if np.ndim(values) else float(np.floor(values))


def to_nearest(numbers: Any, base: float) -> Any:
    """The nearest multiple of a base, halves up, for numbers, arrays and expressions.

    `base`: the rounding base. Halves are those of decimals where it has decimals.
    """
    top, bottom = as_fraction(base)
    if bottom == 1:
        return floor_division(2 * numbers + top, 2 * top) * top
    # A float next to a decimal half may lie just below it: halves are taken from a millionth of a millionth below.
    halves = 2.0 * numbers * bottom / top + 1.0
    return quotient(floor(halves * (1 + HALF) / 2) * top, bottom)


def quotient(top: Any, bottom: Any) -> Any:
    """A quotient that is rounded once: Polars takes a division by one number for a product with its inverse."""
    return top / (bottom + top * 0) if hasattr(top, "alias") else top / bottom


def as_fraction(base: float) -> tuple[float, float]:
    """A base as written, 0.1 as 1 and 10; one without a short decimal form over 1."""
    written = Fraction(repr(float(base)))
    return (written.numerator, written.denominator) if written.denominator <= 10**6 else (base, 1)


def _positive(value: Any) -> bool:
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool) and bool(0 < value < math.inf)


def _whole(value: Any, least: int) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool) and int(value) >= least


def _reads_as_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


NHS = Rule()
"""The rule of NHS England's monthly statistics of mental health services."""
