"""SQL Server, through Ibis: a query without NaN and regular expressions, which it has not.

Its columns hold no NaN, so nothing is lost where a query does not look for it. Periods are told apart by the patterns
of its own LIKE instead.
"""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

import narwhals as nw

from cmhs_metrics.errors import BadInput, Problem

if TYPE_CHECKING:
    from cmhs_metrics.tables.table import Frame

_DIGIT = "[0-9]"
YEARS = (f"{_DIGIT * 4}/{_DIGIT * 2}",)
QUARTERS = (f"{YEARS[0]} Q[1-4]",)
MONTHS = tuple(f"{_DIGIT * 4}-{month}{day}" for month in ("0[1-9]", "1[0-2]") for day in ("", f"-{_DIGIT * 2}"))
"""The periods that are text, in the patterns of LIKE."""


def as_its_engine_can(frame: Frame) -> Frame:
    """Say the query of a lazy table as its engine can; only on SQL Server does it change."""
    if not is_on_sql_server(frame):
        return frame
    return nw.from_native(without_nan_and_patterns(nw.to_native(frame)))  # type: ignore[no-any-return]


def is_on_sql_server(frame: Frame) -> bool:
    """Whether a table stands on a connection to SQL Server; one without a connection is taken not to."""
    if not frame.implementation.is_ibis():
        return False
    import ibis

    try:
        return bool(nw.to_native(frame).get_backend().name == "mssql")
    except ibis.common.exceptions.IbisError:
        return False


def without_nan_and_patterns(table: Any) -> Any:
    """Rewrite a query of Ibis.

    Gives the same query without NaN and without regular expressions. Raises `BadInput` when it cannot be said: team
    types are looked up by a regular expression.
    """
    from ibis.expr import operations

    from cmhs_metrics.tables.period_spans import FINANCIAL_YEAR, MONTH, QUARTER  # which imports this module

    like = {FINANCIAL_YEAR: YEARS, QUARTER: QUARTERS, MONTH: MONTHS}

    def said(node: Any, changed: dict[str, Any] | None) -> Any:
        if isinstance(node, operations.SearchedCase) and isinstance(node.cases[0], operations.IsNan):
            return changed["default"] if changed else node.default
        if isinstance(node, operations.RegexSearch) and node.pattern.value in like:
            column = (changed["arg"] if changed else node.arg).to_expr()
            return reduce(or_, (column.like(pattern) for pattern in like[node.pattern.value])).op()
        if isinstance(node, (operations.RegexSearch, operations.RegexReplace)):
            expected = (
                "no team types to look up, which SQL Server cannot (basis= without 'age_band', or bring the rows "
            )
            raise BadInput("the table", [Problem("team_type", None, None, f"{expected}into another engine)")])
        return node.__recreate__(changed) if changed else node

    return table.op().replace(said).to_expr()
