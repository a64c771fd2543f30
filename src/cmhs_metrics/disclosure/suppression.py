"""Suppression of a column: each number by itself, where no total stands beside it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cmhs_metrics.disclosure.rule import MISSING, NHS, SUPPRESSED, Rule, as_fraction, choose, floor_division, quotient
from cmhs_metrics.errors import Problem, nth, refuse
from cmhs_metrics.numeric.containers import OWN, SAME, Contract, evaluate
from cmhs_metrics.numeric.expected import WHOLE_NOT_NEGATIVE
from cmhs_metrics.numeric.requirements import cell_name
from cmhs_metrics.signatures import checked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray


@checked
def suppress(counts: Any, rule: Rule = NHS) -> Any:
    """Suppress small counts and round the others, each by itself.

    Parameters
    ----------
    counts : float, Quantity, numpy.ndarray, Series or expression
        True counts [any unit].
    rule : Rule, optional
        What is suppressed and how the rest is rounded.

    Returns
    -------
    The kind that came in, in the same shape
        Rounded counts [the same unit, in ones]; NaN or null where suppressed, and where missing. `suppression` tells
        the two apart.

    Raises
    ------
    BadInput
        When a count is negative, infinite or not whole; cells of expressions are not looked at.
    TypeError
        When given a table: `suppress_table` takes those.

    Notes
    -----
    Where totals are published too, a suppressed count may follow from the others: use `protect`.

    Examples
    --------
    >>> import pandas as pd
    >>> suppress(pd.Series([3, 12, 13, 0], dtype="Int64")).tolist()
    [<NA>, 10.0, 15.0, <NA>]
    """
    if hasattr(type(counts), "columns"):
        raise TypeError(f"counts is a table, a {type(counts).__name__}: use suppress_table, or give a column of it")
    counts = _in_ones(counts)
    refuse("suppress", _problems("counts", numbers_of(counts, "counts")))

    def body(numbers: Any) -> Any:
        return choose(rule.is_suppressed(numbers), math.nan, rule.shown(numbers))

    return evaluate(Contract("suppressed", body, {"counts": OWN}, OWN), (counts,))


@checked
def suppress_percentage(numerator: Any, denominator: Any, rule: Rule = NHS, *, small_rest: bool = False) -> Any:
    """Percentages, rounded, and suppressed with either of their counts.

    Parameters
    ----------
    numerator : float, Quantity, numpy.ndarray, Series or expression
        True counts of the part [any unit].
    denominator : float, Quantity, numpy.ndarray, Series or expression
        True counts of the whole [the same unit].
    rule : Rule, optional
        What is suppressed and how percentages are rounded.
    small_rest : bool, default False
        Whether a percentage is suppressed as well where the rest, the whole less the part, is a count that the rule
        suppresses: 100%, or 95% of 20.

    Returns
    -------
    The kind that came in, in the same shape
        Percentages from 0 to 100; NaN or null where a count is suppressed or missing, or the whole zero.

    Raises
    ------
    BadInput
        When a count is negative, infinite or not whole, or a part is above its whole.

    Notes
    -----
    The percentage is computed from the true counts and then rounded. Beside rounded counts it narrows what can stand
    behind them, and one near 100 tells that the rest is small: behind 20 of 20 and 95% is a rest of 1. `small_rest`
    hides it.

    Examples
    --------
    >>> import numpy as np
    >>> suppress_percentage(np.array([30, 3, 8]), np.array([99, 60, 64]))
    array([30., nan, 13.])
    >>> suppress_percentage(np.array([30, 19, 20]), np.array([99, 20, 20]), small_rest=True)
    array([30., nan, nan])
    """
    numerator, denominator = _in_ones(numerator), _in_ones(denominator)
    parts, wholes = numbers_of(numerator, "numerator"), numbers_of(denominator, "denominator")
    problems = [*_problems("numerator", parts), *_problems("denominator", wholes)]
    if parts is not None and wholes is not None and (1 in (parts.size, wholes.size) or parts.size == wholes.size):
        parts, wholes = np.broadcast_arrays(parts, wholes)
        for row in np.flatnonzero(parts > wholes):
            problems.append(Problem("numerator", nth(row, "row"), parts[row], f"no more than {wholes[row]:g}"))
    refuse("suppress_percentage", problems)

    def body(part: Any, whole: Any) -> Any:
        # Twice the numerator times 100 over twice the denominator, all whole numbers: no half is missed by a float.
        top, bottom = as_fraction(rule.percentage_rounding)
        positive = choose(whole > 0, whole, math.nan)
        percentage = quotient(floor_division(200 * bottom * part + top * positive, 2 * top * positive) * top, bottom)
        hidden = rule.is_suppressed(part) | rule.is_suppressed(whole)
        return choose(hidden | rule.is_suppressed(whole - part) if small_rest else hidden, math.nan, percentage)

    return evaluate(
        Contract("percentage", body, {"numerator": OWN, "denominator": SAME}, "dimensionless"), (numerator, denominator)
    )


@dataclass(frozen=True, eq=False)
class Suppression:
    """A column after suppression: what is shown, and what a reader knows of every cell.

    Attributes
    ----------
    values : the kind of column that came in
        As `suppress` gives them: NaN or null where suppressed or missing.
    kind : numpy.ndarray of str
        What each cell is: "exact", "rounded to 5" (or to whatever the rule rounds to), "suppressed" or "missing".
    lower, upper : numpy.ndarray
        The least and the greatest count that can stand behind each cell; NaN where missing.
    rule : Rule
        The rule that was applied.
    """

    values: Any
    kind: NDArray[np.str_]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    rule: Rule

    @property
    def _numbers(self) -> NDArray[np.float64]:
        numbers = numbers_of(self.values, "values")
        assert numbers is not None
        return numbers

    def display(self) -> list[str]:
        """The column as text: the rule's symbol where suppressed, nothing where missing.

        Returns
        -------
        list of str
        """
        return display_text(self._numbers, self.kind, self.rule)

    def to_frame(self) -> pd.DataFrame:
        """The column with its kind, its interval and its text.

        Returns
        -------
        pandas.DataFrame
            Columns `value`, `kind`, `lower`, `upper` and `display`, on the index of the column that came in.
        """
        import pandas as pd

        return pd.DataFrame(
            {
                "value": self._numbers,
                "kind": self.kind,
                "lower": self.lower,
                "upper": self.upper,
                "display": self.display(),
            },
            index=self.values.index if isinstance(self.values, pd.Series) else None,
        )


@checked
def suppression(counts: Any, rule: Rule = NHS) -> Suppression:
    """Suppress a column, and keep apart what is suppressed and what is missing.

    Parameters
    ----------
    counts : float, numpy.ndarray or Series
        True counts.
    rule : Rule, optional
        What is suppressed and how the rest is rounded.

    Returns
    -------
    Suppression
        The values shown, with the kind, the interval and the text of each cell.

    Raises
    ------
    BadInput
        When a count is negative, infinite or not whole.
    TypeError
        When given an expression, whose cells are not known yet.

    Examples
    --------
    >>> import pandas as pd
    >>> suppression(pd.Series([3, 12, None])).to_frame()
       value          kind  lower  upper display
    0    NaN    suppressed    0.0    4.0       *
    1   10.0  rounded to 5    8.0   12.0      10
    2    NaN       missing    NaN    NaN
    """
    counts = _in_ones(counts)
    numbers = numbers_of(counts, "counts")
    if numbers is None:
        raise TypeError("suppression looks at cells and takes no expression: use suppress, or collect the query first")
    values = suppress(counts, rule)
    kind = kind_of(numbers, rule.is_suppressed(numbers), rule)
    lower, upper = rule.feasible_range(rule.shown(numbers))
    hidden = kind == SUPPRESSED
    least, greatest = rule.suppressed_range()
    return Suppression(values, kind, np.where(hidden, least, lower), np.where(hidden, greatest, upper), rule)


def kind_of(counts: NDArray[np.float64], hidden: NDArray[np.bool_], rule: Rule) -> NDArray[np.str_]:
    """What became of each count: exact, rounded, suppressed or missing."""
    return np.where(np.isnan(counts), MISSING, np.where(hidden, SUPPRESSED, rule.kind_shown))


def display_text(values: Iterable[float], kind: Iterable[str], rule: Rule) -> list[str]:
    """Cells as people read them: numbers, the rule's symbol, and nothing where missing."""
    signs = {SUPPRESSED: rule.symbol, MISSING: ""}
    return [signs.get(each, f"{value:.0f}") for value, each in zip(values, kind, strict=True)]


def numbers_of(values: Any, name: str) -> NDArray[np.float64] | None:
    """The cells of a number or column as floats, NaN where missing; None for an expression."""
    values = getattr(values, "magnitude", values)
    if hasattr(values, "over") and not hasattr(values, "to_numpy"):
        return None
    held: list[Any] = []

    def keep(numbers: Any) -> Any:
        held.append(numbers)
        return numbers

    evaluate(Contract(name, keep, {name: OWN}, OWN, signed=True, many=True), (values,))
    return np.atleast_1d(np.asarray(held[0], dtype=np.float64)) if held else np.array([math.nan])


def _in_ones(counts: Any) -> Any:
    """Counts in the unit of which there are whole ones: 12 thousand patients are 12,000, of which none is hidden."""
    held = counts.pint if hasattr(getattr(counts, "dtype", None), "ureg") else counts
    return held.to_base_units() if hasattr(held, "to_base_units") else counts


def is_no_count(numbers: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which numbers are negative, infinite or not whole."""
    wrong: NDArray[np.bool_] = (numbers < 0) | np.isinf(numbers) | (numbers != np.floor(numbers))
    return wrong & ~np.isnan(numbers)


def counts_in(column: Any, name: str, row: Callable[[int], str]) -> tuple[NDArray[np.float64], list[Problem]]:
    """The counts of a column of a table, and its cells that are none.

    `column`: of pandas or narwhals. `row`: what a row is called, from its position.
    """
    cells = column.to_list()
    try:
        held = numbers_of(column, name)
        assert held is not None
        numbers, wrong = held, is_no_count(held)
    except TypeError:  # there is text among its cells, or a category holds them
        is_number = [isinstance(cell, (Real, Decimal)) and not isinstance(cell, (bool, np.bool_)) for cell in cells]
        numbers = np.array([float(cell) if fits else np.nan for cell, fits in zip(cells, is_number, strict=True)])
        wrong = is_no_count(numbers) | ~(np.array(is_number, dtype=bool) | np.array(pd.isna(cells), dtype=bool))
    found = [(at, cells[at] if np.isnan(numbers[at]) else float(numbers[at])) for at in np.flatnonzero(wrong).tolist()]
    return numbers, [Problem(name, row(at), cell, WHOLE_NOT_NEGATIVE) for at, cell in found]


def _problems(name: str, counts: NDArray[np.float64] | None) -> list[Problem]:
    if counts is None:
        return []
    flat = counts.ravel()
    return [
        Problem(name, cell_name([at] if flat.size > 1 else []), float(flat[at]), WHOLE_NOT_NEGATIVE)
        for at in np.flatnonzero(is_no_count(flat))
    ]
