"""Suppression of the measures of a table, with what a reader knows of each: on any engine, lazy ones too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import narwhals as nw

from cmhs_metrics.disclosure.rule import NHS, Rule
from cmhs_metrics.disclosure.suppression import counts_in, suppress
from cmhs_metrics.errors import Problem, no_columns, nth, refuse, unknown
from cmhs_metrics.measures import MEASURES, NOT_COUNTED, Kind
from cmhs_metrics.numeric.frames import frame_of
from cmhs_metrics.signatures import checked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

T = TypeVar("T")
"""Units of measures that count nobody."""


@checked
def suppress_table(table: T, measures: Sequence[str] | None = None, rule: Rule | Mapping[str, Rule] = NHS) -> T:
    """Suppress the counts of a table, each by itself, and say what is still known of them.

    Parameters
    ----------
    table : any frame that narwhals knows
        True counts under the names of measures.
    measures : sequence of str, optional
        The columns to suppress; by default every measure that counts people, events or things: no costs, no staff in
        whole-time equivalents, no populations.
    rule : Rule or mapping of str to Rule, optional
        What is suppressed and how the rest is rounded. A mapping gives each column its rule; a column that it does not
        name has the NHS rule.

    Returns
    -------
    The same kind of table
        Its rows and columns, and after each suppressed column its bounds, ``_lower`` and ``_upper``: the least and the
        greatest count that can stand behind what is shown. `aggregate`, `with_metrics` and `benchmark` carry them on.

    Raises
    ------
    BadInput
        When a column is not there, has bounds already, or there is none to suppress; when a count is negative, infinite
        or not whole, which a lazy table is not looked into for.
    TypeError
        When it is not a table.

    Notes
    -----
    Where totals of these rows are published too, a suppressed count may follow from the others: use `protect`.

    Examples
    --------
    >>> import pandas as pd
    >>> suppress_table(pd.DataFrame({"icb": ["QE1", "QUE"], "caseload": [3, 12]}))
       icb  caseload  caseload_lower  caseload_upper
    0  QE1       NaN             0.0             4.0
    1  QUE      10.0             8.0            12.0
    """
    frame: Any = frame_of(table, "suppress_table")
    schema = dict(frame.collect_schema())
    names = [name for name in schema if _is_count(name)] if measures is None else list(measures)
    frame = _checked(frame, schema, names, [] if isinstance(rule, Rule) else list(rule))
    rules = dict.fromkeys(names, rule) if isinstance(rule, Rule) else {name: rule.get(name, NHS) for name in names}
    made = {each: value for name in names for each, value in _shown(name, rules[name]).items()}
    result = frame.with_columns(**made)
    order = [each for name in schema for each in ([name, *_bounds_of(name)] if name in names else [name])]
    result = result.select(*order)
    return result if isinstance(table, (nw.DataFrame, nw.LazyFrame)) else nw.to_native(result)  # type: ignore[no-any-return]


def _bounds_of(name: str) -> tuple[str, str]:
    return f"{name}_lower", f"{name}_upper"


def _is_count(name: str) -> bool:
    measure = MEASURES.get(name)
    return measure is not None and measure.kind is not Kind.POPULATION and measure.unit not in NOT_COUNTED


def _shown(name: str, rule: Rule) -> dict[str, nw.Expr]:
    count = nw.col(name).cast(nw.Float64).fill_nan(None)
    hidden, shown, known = rule.is_suppressed(count), suppress(count, rule), ~count.is_null()
    ends = zip(_bounds_of(name), rule.suppressed_range(), rule.feasible_range(shown), strict=True)
    return {name: shown} | {
        bound: nw.when(known).then(nw.when(hidden).then(float(of_sign)).otherwise(of_number))
        for bound, of_sign, of_number in ends
    }


def _checked(frame: Any, schema: dict[str, Any], names: list[str], ruled: list[str]) -> Any:
    """The table with numbers in every column to suppress."""
    problems = no_columns("measures", names, schema) + unknown("rule", ruled, names, "a column that is suppressed")
    bounded = [name for name in names if any(bound in schema for bound in _bounds_of(name))]
    others = [name for name in names if name not in bounded]
    remedy = f"; measures={others} leaves it as it is" if others else ""
    problems += [
        Problem(bound, None, None, f"no such column: {name} is suppressed or rounded already{remedy}")
        for name in bounded
        for bound in _bounds_of(name)
        if bound in schema
    ]
    if not names:
        problems.append(Problem("measures", None, list(schema), "at least one column of a measure that counts"))
    of_others = [name for name in names if name in schema and not schema[name].is_numeric()]
    if isinstance(frame, nw.LazyFrame):
        typed = [name for name in of_others if schema[name] != nw.Unknown]
        problems += [Problem(name, None, str(schema[name]), "a column of numbers") for name in typed]
    elif not problems:
        for name in names:
            counts, wrong = counts_in(frame.get_column(name), name, lambda row: nth(row, "row"))
            problems += wrong
            if name in of_others:
                numbers = nw.new_series(name, counts, nw.Float64, backend=frame.implementation)
                frame = frame.with_columns(numbers.fill_nan(None))
    refuse("the table", problems)
    return frame
