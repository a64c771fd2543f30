"""The rule by which small numbers are kept out of sight, and what a reader still knows of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cmhs_metrics.errors import BadInput, Problem
from cmhs_metrics.numeric.containers import OWN, Contract, evaluate

if TYPE_CHECKING:
    from numpy.typing import NDArray

EXACT = "exact"
"""The kind of a number that is shown as it is."""
SUPPRESSED = "suppressed"
"""The kind of a number that is known to the publisher and not shown."""
MISSING = "missing"
"""The kind of a number that the publisher does not have."""
WHOLE_PER_CENT = "rounded to a whole per cent"
"""The kind of a percentage that is shown to the nearest whole number."""


def rounded_to(base: int) -> str:
    """The kind of a number that is shown to the nearest multiple of another.

    Parameters
    ----------
    base : int
        The other.

    Returns
    -------
    str

    Examples
    --------
    >>> rounded_to(5)
    'rounded to 5'
    """
    return f"rounded to {base}"


@dataclass(frozen=True, slots=True)
class Rule:
    """What is suppressed, how the rest is rounded, and how much a reader may learn.

    Parameters
    ----------
    threshold : int, default 5
        Counts below it are suppressed; 0 suppresses nothing.
    rounding : int, default 5
        Other counts are rounded to the nearest multiple of it, halves up; 1 shows them as they are.
    suppress_zero : bool, default True
        Whether a count of 0 is suppressed like the other small ones. Showing zeros tells that a group is empty, and
        it narrows what the remaining signs can stand for.
    symbol : str, default "*"
        What stands in place of a suppressed number.
    percentage_rounding : int, default 1
        Percentages are rounded to the nearest multiple of it.
    width : int, optional
        The least width of the interval that a reader may bound a suppressed count to. By default the counts that the
        sign alone leaves open: 0 to 4 under the defaults, a width of 4; 1 to 4 where zeros are shown, a width of 3.

    Raises
    ------
    BadInput
        When a number is not whole or out of range, the symbol reads as a number, or a count that is not suppressed
        could round to one that would have been.

    References
    ----------
    NHS England, Mental Health Services Monthly Statistics: counts under 5 are suppressed below the level of England,
    others rounded to the nearest 5, percentages rounded to whole numbers.

    Examples
    --------
    >>> NHS
    Rule(threshold=5, rounding=5, suppress_zero=True, symbol='*', percentage_rounding=1, width=4)
    >>> Rule(threshold=10, rounding=1).width
    9
    """

    threshold: int = 5
    rounding: int = 5
    suppress_zero: bool = True
    symbol: str = "*"
    percentage_rounding: int = 1
    width: int | None = None

    def __post_init__(self) -> None:
        problems = [
            Problem(name, None, getattr(self, name), f"a whole number, {least} or more")
            for name, least in (("threshold", 0), ("rounding", 1), ("percentage_rounding", 1), ("width", 1))
            if not (name == "width" and self.width is None) and not _whole(getattr(self, name), least)
        ]
        if not isinstance(self.symbol, str) or not self.symbol.strip() or _reads_as_number(self.symbol):
            problems.append(Problem("symbol", None, self.symbol, "a text that does not read as a number"))
        if not problems and (shown := _to_nearest(self.threshold, self.rounding)) < self.threshold:
            expected = f"a rounding at which {self.threshold} does not become {shown}, which is below the threshold"
            problems.append(Problem("rounding", None, self.rounding, expected))
        if problems:
            raise BadInput("the rule", problems)
        if self.width is None:
            object.__setattr__(self, "width", max(self.threshold - 1 - (not self.suppress_zero), 1))

    @property
    def kind_shown(self) -> str:
        """The kind of a count that is shown: "exact", or "rounded to 5" under the defaults."""
        return EXACT if self.rounding == 1 else rounded_to(self.rounding)

    def is_suppressed(self, counts: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which counts the rule by itself suppresses; a missing one is not.

        Parameters
        ----------
        counts : numpy.ndarray
            True counts, NaN where missing.

        Returns
        -------
        numpy.ndarray of bool
        """
        small: NDArray[np.bool_] = counts < self.threshold
        return small if self.suppress_zero else small & (counts != 0)

    def shown(self, counts: NDArray[np.float64]) -> NDArray[np.float64]:
        """What the rule shows of counts that are not suppressed.

        Parameters
        ----------
        counts : numpy.ndarray
            True counts, NaN where missing.

        Returns
        -------
        numpy.ndarray
        """
        return np.asarray(_to_nearest(counts, self.rounding), dtype=np.float64)

    def behind(self, shown: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The least and the greatest count that can stand behind each rounded number.

        Parameters
        ----------
        shown : numpy.ndarray
            Published numbers, rounded by the rule.

        Returns
        -------
        lower, upper : numpy.ndarray
            Whole numbers. That the count was not suppressed is part of what is known: behind a 5 are 5 to 7.
        """
        lower = np.maximum(np.ceil((2 * shown - self.rounding) / 2), self.threshold)
        if not self.suppress_zero:
            lower = np.where(shown == 0, 0, lower)
        upper = np.ceil((2 * shown + self.rounding) / 2) - 1
        # A rule that suppresses every count from 1 below the threshold lets only a true 0 show as 0.
        upper = np.where((shown == 0) & (upper < max(self.threshold, 1)), 0, upper) if self.threshold else upper
        return lower, upper

    def behind_symbol(self) -> tuple[int, int]:
        """The least and the greatest count that the rule by itself suppresses.

        Returns
        -------
        tuple of int
            0 and 4 under the defaults. In a table that was protected the symbol can stand for more.
        """
        return (0 if self.suppress_zero else 1), max(self.threshold - 1, 0)


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
    to the even side, 2 and 4.

    Examples
    --------
    >>> round_to(12), round_to(13), round_to(2.5, base=1), round_to(-2.5, base=1)
    (10.0, 15.0, 3.0, -3.0)
    """
    if not (isinstance(base, (int, float)) and not isinstance(base, bool) and 0 < base < float("inf")):
        raise BadInput("round_to", [Problem("base", None, base, "a number above zero")])

    def body(numbers: Any) -> Any:
        return choose(numbers < 0, -_to_nearest(-numbers, base), _to_nearest(numbers, base))

    return evaluate(Contract("rounded", body, {"values": OWN}, OWN, signed=True), (values,))


def choose(condition: Any, yes: Any, no: Any) -> Any:
    """One of two values for each cell, for numbers, arrays and expressions.

    Parameters
    ----------
    condition : bool, numpy.ndarray or expression
        Which cells take the first value.
    yes, no : float, numpy.ndarray or expression
        The two values; NaN stands for null in an expression.

    Returns
    -------
    float, numpy.ndarray or expression
    """
    if not hasattr(condition, "alias"):
        return np.where(condition, yes, no) if np.ndim(condition) else (yes if condition else no)
    chosen = _library_of(condition).when(condition).then(yes)
    return chosen if isinstance(no, float) and np.isnan(no) else chosen.otherwise(no)


def floor_division(top: Any, bottom: Any) -> Any:
    """How often whole numbers go into others, for numbers, arrays and expressions.

    Parameters
    ----------
    top, bottom : float, numpy.ndarray or expression
        Whole numbers below 2 to the power of 53.

    Returns
    -------
    float, numpy.ndarray or expression
        In floats. The division of such numbers is rounded to a whole one only where it is one.
    """
    if hasattr(top, "alias"):
        # Engines do not agree on their own //, nor on the type of what is floored.
        return (top / bottom).floor().cast(_library_of(top).Float64)
    return top // bottom


def _library_of(expression: Any) -> Any:
    if type(expression).__module__.startswith("polars"):
        import polars

        return polars
    import narwhals

    return narwhals


def _to_nearest(numbers: Any, base: float) -> Any:
    return (2 * numbers + base) // (2 * base) * base


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
