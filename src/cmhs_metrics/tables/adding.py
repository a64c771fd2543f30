"""Adding to a table the metrics that its columns allow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import narwhals as nw

from cmhs_metrics.errors import BadInput, Problem
from cmhs_metrics.selection import Column, plan
from cmhs_metrics.signatures import checked
from cmhs_metrics.tables.bounds import LOWER, UPPER
from cmhs_metrics.tables.checking import Found, check
from cmhs_metrics.tables.columns import Arrays, columns_of
from cmhs_metrics.tables.computing import compute, units_of
from cmhs_metrics.tables.period_spans import FINANCIAL_YEAR
from cmhs_metrics.tables.reading import read_table
from cmhs_metrics.tables.total_rows import leave_out

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cmhs_metrics.tables.table import Table

T = TypeVar("T")


@checked
def with_metrics(
    table: T,
    metrics: str | Callable[..., Any] | Sequence[str | Callable[..., Any]] | None = None,
    *,
    basis: str | Sequence[str] | None = None,
    keys: str | Sequence[str] | None = None,
    exclude: str | Sequence[str] = (),
    overwrite: bool = False,
) -> T:
    """Add to a table every metric that its columns allow.

    Parameters
    ----------
    table : any frame that narwhals knows
        A row for each team (or organisation, or place) and period; measures and keys under their standard names [each
        in its canonical unit, or in columns of pint quantities].
    metrics : str, function or sequence of them, optional
        The metrics wanted; by default all for which the columns are there.
    basis : str or sequence of str, optional
        The population or populations for rates per 100,000: "registered", "weighted", "16+" (``people_aged_16_plus``)
        or "age_band" (``people_aged_65_plus`` for older people's and memory teams, ``people_aged_16_64`` for the rest,
        by ``team_type``); by default each that is there. The column's name says which, for example
        ``caseload_per_100k_registered``.
    keys : str or sequence of str, optional
        The columns that name a row; see `validate`.
    exclude : str or sequence of str, optional
        Labels of rows to leave out, such as "Total"; by default none is.
    overwrite : bool, default False
        Whether a column that has a metric's name already may be computed anew.

    Returns
    -------
    The same kind of table
        Its rows in their order and its columns as they were, followed by the metrics; null (NaN in numpy columns) where
        a denominator is zero or a measure is missing.

    Raises
    ------
    BadInput
        When a cell is wrong (see `validate`; a lazy table is not looked into), a column that a named metric needs is
        not there, no metric can be computed at all, or a column would be overwritten.

    Notes
    -----
    A metric that is defined on the flow of a year (a year of care, contacts per patient) is left out where the periods
    are not financial years.

    Where a measure is suppressed or rounded, ``caseload_lower`` and ``caseload_upper`` beside it say what is known
    [its unit], and each of its metrics is followed by ``_lower`` and ``_upper``: the least and the greatest that it can
    be. It has a value where its measures have; there is no upper bound where the denominator may be zero.

    References
    ----------
    NHS Benchmarking Network, Community Mental Health Services Audit 2016/17; each metric has its own source, see
    `describe`.

    Examples
    --------
    >>> import pandas as pd
    >>> import cmhs_metrics as cm
    >>> teams = pd.DataFrame({"team_type": ["Generic CMHT"], "total_cost": [17.7e6], "contacts": [108_600]})
    >>> cm.with_metrics(teams)["cost_per_contact"].round(1).tolist()
    [163.0]
    """
    read = leave_out(read_table(table), exclude)
    bounded = read.bounded
    found = Found([], 0) if read.lazy else check(read, keys)
    problems: list[Problem] = []
    columns: list[Column] = []
    try:
        columns = plan(read.schema, metrics, basis, annual=_whole_years(read))
    except BadInput as error:
        problems += error.problems
    if found.problems or problems:
        raise BadInput("the table", [*found.problems, *problems], total=found.total + len(problems))
    made = [
        name
        for column in columns
        for name in ([column.name, *_bounds_of(column.name)] if set(bounded) & set(column.inputs) else [column.name])
    ]
    taken = [name for name in made if name in read.schema]
    if taken and not overwrite:
        raise BadInput(
            "the table",
            [Problem(name, None, None, "no column of a metric's name, or overwrite=True") for name in taken],
        )
    in_years = _in_years(read)
    arrays = {} if read.lazy else {name: read.array(name) for name in read.measures}
    held = columns_of(read.frame, arrays)
    shown = compute(held, columns, lambda column: in_years if column.metric.annual else None, bounded=bounded)
    if isinstance(held, Arrays) and isinstance(read.given, nw.DataFrame):
        result: Any = held.added_to(read.given, shown)
    else:
        result = held.result(list(dict.fromkeys([*(name for name in read.schema if name not in shown), *shown])))
    return read.to_native(result, units_of(columns), same_rows=True)  # type: ignore[no-any-return]


def _bounds_of(name: str) -> list[str]:
    return [f"{name}{LOWER}", f"{name}{UPPER}"]


def _whole_years(table: Table) -> bool:
    """Whether no row is known to cover less than a year: a date is a month's, or a week's."""
    if "period" not in table.schema:
        return True
    if table.lazy:
        return table.is_text("period")
    return all(reading.form == "financial year" for reading in table.periods.values())


def _in_years(table: Table) -> nw.Expr | None:
    """On a lazy table the periods are not known before the query runs; the query itself keeps months out."""
    if table.lazy and "period" in table.schema and table.is_text("period"):
        return table.text("period").str.contains(FINANCIAL_YEAR)
    return None
