"""The tables that a pack is made of: which column names the places, what the places are called, and which periods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw
import pandas as pd

from cmhs_metrics.benchmarking.place_names import NOT_PLACES, as_names, is_no_place, not_one_spelling
from cmhs_metrics.errors import BadInput, Problem, nearest
from cmhs_metrics.measures import MEASURES
from cmhs_metrics.periods import read_periods
from cmhs_metrics.presentation import numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

PLACES = ("icb", "organisation", "region")
"""The columns in which places are looked for, where none is named."""

NAMES = {"organisation": ("trust_name", "provider_name", "org_name", "name"), "icb": ("name",)}
"""Further columns in which the names of places are looked for."""

BOUNDS = ("_lower", "_upper")
"""How the columns end that say where a suppressed or rounded measure lies."""


def columns_of(table: Any) -> list[str]:
    """The names of a table's columns; none of no table."""
    return [] if table is None else list(nw.from_native(table).collect_schema().names())


def place_column(data: Any, columns: Sequence[str], asked: Sequence[str]) -> str:
    """The first column of places that knows all places asked for."""
    there = [name for name in PLACES if name in columns]
    if not there:
        expected = f"by= (the column that names the places), or one of the columns {', '.join(PLACES)}"
        raise BadInput("pack", [Problem("by", None, None, expected)])
    for name in there:
        if set(asked) <= set(distinct(data, [name])[name].astype(str)):
            return name
    known = {name: set(distinct(data, [name])[name].astype(str)) for name in there}
    every = set().union(*known.values())
    unknown = [each for each in asked if each not in every]
    problems = [
        Problem("focus or peers", None, each, f"a place of the table; {nearest(each, every)}".rstrip("; "))
        for each in unknown
    ] or [Problem("focus and peers", None, list(asked), f"places of one column of {', '.join(there)}")]
    raise BadInput("pack", problems)


def distinct(table: Any, names: list[str]) -> pd.DataFrame:
    """The values that columns have together, as text and in order; what is missing is left out."""
    frame = nw.from_native(table).lazy().select(*names).unique().collect()
    known: pd.DataFrame = frame.to_pandas().dropna()
    known = known.sort_values(names)
    return known.assign(**{name: as_names(known[name]) for name in names}).astype(str)


def without_no_place(table: Any, by: str) -> Any:
    """The rows of places: without those of "Unknown" and its kin."""
    frame = nw.from_native(table)
    held = frame.lazy().select(by).unique().collect().get_column(by).to_list()
    none = [each for each in held if each is not None and is_no_place(as_names([each]), NOT_PLACES)[0]]
    if not none:
        return table
    return nw.to_native(frame.filter(nw.col(by).is_null() | ~nw.col(by).is_in(none)))


def no_places(sums: pd.DataFrame, by: str) -> pd.Series[bool]:
    """Which rows of the sums stand for no place."""
    return pd.Series(is_no_place(sums[by], NOT_PLACES), index=sums.index, dtype=bool)


def names_columns(by: str) -> tuple[str, ...]:
    """The columns in which the names of places are looked for."""
    return (f"{by}_name", *NAMES.get(by, ()))


def names_of_places(table: Any, by: str) -> dict[str, str]:
    """The name of each place, where a column such as `icb_name` or `trust_name` gives it one and no other."""
    held = columns_of(table)
    column = next((name for name in names_columns(by) if name in held), None)
    if by not in held or column is None:
        return {}
    named = distinct(table, [by, column]).drop_duplicates(by, keep=False)
    return dict(zip(named[by], named[column], strict=True))


def populations_of_places(populations: Any, columns: list[str], by: str, place: str | None) -> tuple[Any, list[str]]:
    """The table of populations without columns that say nothing of people or places, and the names of these."""
    if populations is None:
        return None, []
    held = columns_of(populations)
    wanted = [name for name in held if name in {by, place, "period"} or name in MEASURES]
    unused = [name for name in held if name not in {*wanted, *names_columns(by)}]
    if by not in held:
        expected = f"the column {by}, which names the places"
        raise BadInput("pack", [Problem("populations", None, held, expected)])
    if "period" in wanted and "period" not in columns:
        wanted.remove("period")
    return nw.to_native(nw.from_native(populations).select(*wanted)), unused


def in_pandas(table: Any) -> pd.DataFrame:
    """A table of any engine in pandas; a lazy one is run."""
    frame = nw.from_native(table)
    held: pd.DataFrame = (frame.collect() if isinstance(frame, nw.LazyFrame) else frame).to_pandas()
    return held


def in_memory(totals: Any, by: str, *further: str) -> pd.DataFrame:
    """The sums in memory as plain numbers, without the metrics; their keys as text."""
    held = in_pandas(totals)
    bounds = {f"{name}{end}" for name in MEASURES for end in BOUNDS}
    numeric = [name for name in map(str, held) if name in MEASURES or name in bounds]
    table = pd.DataFrame({name: numbers(held, name) for name in numeric})
    keys = [name for name in (by, *further, "period") if name in held]
    for at, name in enumerate(keys):
        table.insert(at, name, pd.Series(as_names(held[name]), index=held.index).where(held[name].notna()))
    problems = [Problem(name, None, None, f"a {name} in every row") for name in keys if table[name].isna().any()]
    if not problems:
        problems = [each for name in keys if name != "period" for each in not_one_spelling(name, table[name])]
    if problems:
        raise BadInput("pack", problems)
    return table.sort_values(keys, kind="stable", ignore_index=True)


def periods_of(sums: pd.DataFrame, period: Any) -> tuple[str | None, list[str]]:
    """The period to show, and those up to it that a trend can have, in order."""
    if "period" not in sums:
        if period is not None:
            raise BadInput("pack", [Problem("period", None, period, "none: the table has no column of that name")])
        return None, []
    held = list(dict.fromkeys(sums["period"]))
    read = read_periods([*held, *([] if period is None else [period])], [])
    # What it is that is written differently in the table, and by the reader.
    asked = [each for each in held if each == period or (period in read and read.get(each) == read[period])]
    if period is not None and not asked:
        hint = nearest(str(period), held) or f"such as {', '.join(held[:5])}"
        raise BadInput("pack", [Problem("period", None, period, f"a period of the table; {hint}")])
    if len(held) == 1:
        return held[0], held
    held = _in_order(held)
    shown = asked[0] if period is not None else held[-1]
    return shown, held[: held.index(shown) + 1]


def _in_order(periods: list[str]) -> list[str]:
    problems: list[Problem] = []
    read = read_periods(periods, problems)
    if problems:
        raise BadInput("pack", problems)
    return sorted(periods, key=lambda each: read[each].last)


def pooled_periods(data: Any, columns: Sequence[str], period: Any) -> str | None:
    """What several periods are called that are pooled into one: from the first to the last."""
    if period is not None:
        raise BadInput("pack", [Problem("period", None, period, "none: over_time= pools all periods of the table")])
    if "period" not in columns:
        expected = "a table with the column period, whose periods are pooled"
        raise BadInput("pack", [Problem("over_time", None, None, expected)])
    held = _in_order(list(distinct(data, ["period"])["period"]))
    if not held:
        return None
    return held[0] if len(held) == 1 else f"{held[0]} to {held[-1]}"
