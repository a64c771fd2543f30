"""The one primitive of the metrics, and the zero rule.

A ratio to nothing is undefined: NaN in floats and arrays, null in expressions; never infinity, never an exception.
"""

from __future__ import annotations

import math
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from cmhs_metrics.numeric.kinds import Number, Value

PLAIN = frozenset({float, int, np.float64, np.int64})
"""The number types that need no preparation."""


class Symbol:
    """A parameter of a formula, or a part of it: what comes out of a formula that is given names in place of numbers.

    Parameters
    ----------
    code : str
        The formula as Python, with its zero rule.
    text : str
        The formula as people write it; `code` unless given.
    terms : dict of str to int, optional
        Where it is a sum: each parameter with how often it is added, -1 where it is taken away; a parameter alone
        unless given.
    quotient : tuple of dict, optional
        The terms above and below the line, where it is a quotient of two sums.
    """

    __slots__ = ("code", "quotient", "terms", "text")

    def __init__(
        self,
        code: str,
        text: str | None = None,
        terms: dict[str, int] | None = None,
        quotient: tuple[dict[str, int], dict[str, int]] | None = None,
    ) -> None:
        self.code = code
        self.text = code if text is None else text
        self.terms = {code: 1} if text is None and terms is None else terms
        self.quotient = quotient

    @property
    def grouped(self) -> str:
        """The text, in brackets where it is more than a name."""
        return f"({self.text})" if " " in self.text else self.text

    def _joined(self, operator: str, sign: str, other: Any) -> Symbol:
        code, text = (other.code, other.grouped) if isinstance(other, Symbol) else (f"{other!r}", f"{other:,}")
        terms = None
        if operator in "+-" and isinstance(other, Symbol) and self.terms is not None and other.terms is not None:
            terms = dict(self.terms)
            for name, times in other.terms.items():
                terms[name] = terms.get(name, 0) + (times if operator == "+" else -times)
        return Symbol(f"({self.code} {operator} {code})", f"{self.grouped} {sign} {text}", terms)

    def __add__(self, other: Any) -> Symbol:
        return self._joined("+", "+", other)

    def __sub__(self, other: Any) -> Symbol:
        return self._joined("-", "−", other)

    def __mul__(self, other: Any) -> Symbol:
        return self._joined("*", "×", other)

    def __pow__(self, other: Any) -> Symbol:
        return Symbol(f"{self.code} ** {other!r}", f"√{self.grouped}" if other == 0.5 else f"{self.grouped}^{other}")


def _of_symbols(numerator: Any, denominator: Any, scale: float) -> Symbol:
    times = "" if scale == 1 else f" * {scale!r}"
    shown = "" if scale == 1 else f" × {scale:,}" if scale > 1 else f" / {1 / scale:g}"
    return Symbol(
        f"{numerator.code} / {denominator.code}{times} if {denominator.code} else _nan",
        f"{numerator.grouped} / {denominator.grouped}{shown}",
        quotient=(numerator.terms, denominator.terms) if numerator.terms and denominator.terms else None,
    )


def ratio(numerator: Value | Number, denominator: Value | Number, scale: float = 1.0) -> Value:
    """Divide one measure by another.

    Parameters
    ----------
    numerator : float, numpy.ndarray, narwhals.Expr or polars.Expr
        The measure above the line [its unit].
    denominator : float, numpy.ndarray, narwhals.Expr or polars.Expr
        The measure below the line [its unit]; broadcasts against the numerator.
    scale : float, default 1.0
        What the quotient is multiplied by, for example 100,000 [dimensionless].

    Returns
    -------
    float, numpy.ndarray, narwhals.Expr or polars.Expr
        ``numerator / denominator * scale`` in 64-bit floats; NaN, or null in an expression, where the denominator is
        zero or infinite, either is missing, or the quotient is infinite.

    Examples
    --------
    >>> ratio(17_700_000, 5_291)
    3345.3033453033454
    >>> ratio(1, 0)
    nan
    >>> ratio(np.array([1, 2]), np.array([4, 0]), scale=100)
    array([25., nan])
    """
    return _ratio(numerator, denominator, scale)  # type: ignore[no-any-return]


def above_zero(value: Any) -> Any:
    """What is above zero, of a formula's value of any kind; else zero, or null of an expression: a base of no ratio."""
    if isinstance(value, Symbol):
        return Symbol(f"({value.code} if {value.code} > 0 else 0)", value.text)
    if hasattr(value, "alias"):
        namespace: Any = import_module("polars" if type(value).__module__.startswith("polars") else "narwhals")
        return namespace.when(value > 0).then(value)
    if isinstance(value, np.ndarray):
        return np.maximum(value, 0)
    return value if value > 0 else 0.0


def _ratio(numerator: Any, denominator: Any, scale: float) -> Any:
    if type(numerator) in PLAIN and type(denominator) in PLAIN:
        return numerator / denominator * scale if denominator else math.nan
    if isinstance(numerator, Symbol):
        return _of_symbols(numerator, denominator, scale)
    if isinstance(numerator, np.ndarray) or isinstance(denominator, np.ndarray):
        return _of_arrays(numerator, denominator, scale)
    return _of_expressions(numerator, denominator, scale)


def _of_arrays(numerator: Any, denominator: Any, scale: float) -> np.ndarray[Any, Any]:
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        quotient = np.asarray(np.divide(numerator, denominator, dtype=np.float64))
    if scale != 1.0:
        quotient *= scale
    below = np.asarray(denominator)
    quotient[~np.isfinite(quotient) | np.broadcast_to((below == 0) | np.isinf(below), quotient.shape)] = np.nan
    return quotient


def _of_expressions(numerator: Any, denominator: Any, scale: float) -> Any:
    polars = any(type(value).__module__.startswith("polars") for value in (numerator, denominator))
    namespace: Any = import_module("polars" if polars else "narwhals")
    top, bottom = (
        value if hasattr(value, "alias") else namespace.lit(float(value)) for value in (numerator, denominator)
    )
    if polars:
        # To Polars NaN is above infinity, and so not below it. Its `fill_nan` would work out the quotient three times.
        defined = (top < math.inf) & (top > -math.inf) & (bottom != 0) & (bottom < math.inf)
        quotient = top / namespace.when(defined).then(bottom)
        return quotient if scale == 1 else quotient * scale
    quotient = top / bottom if scale == 1 else top / bottom * scale
    # NaN is not zero, and engines disagree on what it is; so it leaves as a null as well.
    defined = (bottom != 0) & (bottom < math.inf) & (quotient < math.inf) & (quotient > -math.inf)
    return namespace.when(defined).then(quotient).fill_nan(None)
