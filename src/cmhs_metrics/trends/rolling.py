"""Rolling years of a table: the measures of twelve months are summed, and the metrics computed from the sums."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import narwhals as nw
import pandas as pd

from cmhs_metrics.errors import BadInput, Problem, no_columns, refuse
from cmhs_metrics.measures import MEASURES
from cmhs_metrics.numeric.frames import given_back
from cmhs_metrics.periods import Form, Reading, is_missing, read_periods
from cmhs_metrics.selection import column_of
from cmhs_metrics.tables import aggregate
from cmhs_metrics.tables.giving_back import TableNote, with_notes
from cmhs_metrics.trends.one_period import frame_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

A_YEAR: dict[Form, int] = {"month": 12, "quarter": 4}
"""How many periods of a form make a year."""


def rolling_table(
    table: Any,
    by: str | Sequence[str],
    *,
    over_time: Any,
    metrics: str | Callable[..., Any] | Sequence[str | Callable[..., Any]] | None,
    populations: Any,
    place: str | Sequence[str] | None,
    basis: str | Sequence[str] | None,
    keys: str | Sequence[str] | None,
) -> Any:
    """The rolling years of each group of a table; see `rolling_year`."""
    groups = [by] if isinstance(by, str) else list(by)
    frame = frame_of(table, "rolling_year", "values")
    lazy = isinstance(frame, nw.LazyFrame)
    frame = frame.collect() if isinstance(frame, nw.LazyFrame) else frame
    _check_columns(frame, groups)
    column = frame.get_column("period").to_list()
    read, form = _read(column)
    ordinals = {value: each.ordinal for value, each in read.items()}
    row_of = pd.Series([ordinals.get(value) for value in column], dtype="Int64")
    ends = sorted({each: each.ordinal for each in read.values()}.items(), key=lambda pair: pair[1])
    cells = {name: frame.get_column(name).to_list() for name in groups}
    held = pd.DataFrame({**cells, "ordinal": row_of}).drop_duplicates()
    window = A_YEAR[form]
    arguments = {
        "populations": populations, "place": place, "over_time": None if over_time == "sum" else over_time,
        "metrics": metrics, "basis": basis, "keys": keys,
    }  # fmt: skip
    parts: list[pd.DataFrame] = []
    told: dict[str, list[str]] = {}
    for period, last in ends:
        inside = row_of.between(last - window + 1, last)
        there = held[held["ordinal"].between(last - window + 1, last)]
        # A group has a row for each of its own months, and a rolling year where all of these are there.
        own = there[there["ordinal"] == last].drop(columns="ordinal")
        whole = there.groupby(groups, dropna=False).size().eq(window) if groups else None
        if not groups:
            own = pd.DataFrame(index=[0])
        rows = own.assign(period=str(period))
        complete = bool(whole.any()) if whole is not None else there["ordinal"].nunique() == window
        if complete:
            sums, notes = _sums(frame.filter(inside.tolist()), groups, whole, arguments)
            rows = rows.merge(sums, how="left", **_on(groups))
            for note in notes:
                told.setdefault(note, []).append(str(period))
        parts.append(rows)
    made = pd.concat(parts, ignore_index=True)
    made = made[[*groups, "period", *(name for name in made if name not in groups and name != "period")]]
    notes = [
        f"the year{'s' if len(years) > 1 else ''} to {' and '.join(dict.fromkeys([years[0], years[-1]]))}: {note}"
        for note, years in told.items()
    ]
    return with_notes(notes, given_back(made, None if lazy else table))


def _on(groups: list[str]) -> dict[str, Any]:
    return {"on": groups} if groups else {"left_index": True, "right_index": True}


def _sums(
    window: nw.DataFrame[Any], groups: list[str], whole: Any, arguments: dict[str, Any]
) -> tuple[pd.DataFrame, list[str]]:
    """The sums of the groups that have the whole year, and what a reader should know of them."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", TableNote)
        found = aggregate(nw.to_native(window), groups, **arguments)
    notes = [str(each.message) for each in caught if issubclass(each.category, TableNote)]
    sums = nw.from_native(found, eager_only=True).to_pandas()
    if whole is None:
        return sums, notes
    is_whole = whole.reindex(sums.set_index(groups).index).fillna(False).to_numpy(dtype=bool)
    return sums[is_whole].reset_index(drop=True), notes


def _check_columns(frame: nw.DataFrame[Any], groups: list[str]) -> None:
    problems = no_columns("by", groups, frame.columns, frame)
    if "period" in groups:
        problems.append(Problem("by", None, "period", "columns that name groups; each period has its rolling year"))
    refuse("rolling_year", problems)


def _read(column: list[Any]) -> tuple[dict[Any, Reading], Form]:
    problems: list[Problem] = []
    read = read_periods(column, problems)
    if any(is_missing(value) for value in column):
        problems.append(Problem("period", None, None, "a period in every row"))
    if not problems and read and all(each.form == "date" for each in read.values()):
        read = read_periods(column, problems, form="month")
    forms = {each.form for each in read.values()}
    if not problems and (len(forms) != 1 or not forms <= set(A_YEAR)):
        written = ", ".join(str(next(each for each in read.values() if each.form == form)) for form in sorted(forms))
        problems.append(Problem("period", None, written or None, "months, such as 2016-04, or quarters, 2016/17 Q1"))
    refuse("rolling_year", problems)
    return read, forms.pop()


def refuse_metric(name: Any, over_time: str | None) -> None:
    """Refuse to add up what does not add: the values of a metric, or a stock.

    Raises `BadInput` when the name is that of a metric, or of a measure that does not add over time.
    """
    if not isinstance(name, str) or over_time == "last":
        return
    if column_of(name) is not None:
        expected = (
            "a measure, for metrics never add: rolling_year(table, by=…) sums the measures of twelve months, and "
            "computes the metric from the sums"
        )
        raise BadInput("rolling_year", [Problem("values", None, name, expected)])
    if name in MEASURES and MEASURES[name].kind.value in ("stock", "population") and over_time != "mean":
        expected = f"over_time='last' or 'mean': a {MEASURES[name].kind.value} does not add over time"
        raise BadInput("rolling_year", [Problem("values", None, name, expected)])
