"""The MHSDS monthly statistics, of one month or of many: each value with what is known of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pandas.api.types import union_categoricals

from cmhs_metrics.disclosure.rule import EXACT, MISSING, SUPPRESSED
from cmhs_metrics.errors import BadInput, Problem, nearest
from cmhs_metrics.published.formats import MHSDS_MONTHLY
from cmhs_metrics.published.mhsds_values import (
    KINDS,
    ROUNDED_TO_5,
    UNITS,
    UNKNOWN,
    WHOLE_DAY,
    Cell,
    interval_of,
    is_in,
    kinds_of,
    read_cell,
    read_period,
    unit_of,
)
from cmhs_metrics.published.percentages import PERCENTAGES, recompute
from cmhs_metrics.published.reading import as_text, categories, read_rows
from cmhs_metrics.signatures import checked

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cmhs_metrics.published.content import Source
    from cmhs_metrics.published.reading import Rows

__all__ = ["EXACT", "KINDS", "MISSING", "ROUNDED_TO_5", "SUPPRESSED", "UNKNOWN", "WHOLE_DAY", "read_mhsds_monthly"]

_PERIOD = ["period_start", "period_end"]
_KEYS = ["status", "breakdown", "primary_level", "secondary_level", "measure_id"]
_NAMES = ["primary_level_name", "secondary_level_name", "measure_name"]
_CELL = Cell(np.nan)._asdict()
_ARGUMENTS = {"measure_id": "measures", "breakdown": "breakdowns", "primary_level": "places"}
_LAST = ["value", "kind", "lower", "upper", "unit", "published_value"]
_STATUSES = ("primary", "provisional", "performance", "refresh", "final")


@checked
def read_mhsds_monthly(
    source: Source | Sequence[Source],
    *,
    measures: Iterable[str] | None = None,
    breakdowns: Iterable[str] | None = None,
    places: Iterable[str] | None = None,
    latest: bool = False,
) -> pd.DataFrame:
    """Read files of the MHSDS monthly statistics: community waits ("4WW"), the main files, or the time series.

    Parameters
    ----------
    source : str, Path, open file, or a sequence of them
        What NHS England publishes as CSV, of one month or of many; plain, gzipped or zipped.
    measures, breakdowns, places : iterable of str, optional
        Only these measures (by id), breakdowns and places (by the code of the primary level); others are left out while
        the file is read. By default all.
    latest : bool, default False
        Whether, where a measure of a period is there in two editions, the later one is taken: final after refreshed
        after performance after provisional, else that of the file that stands later. By default two editions are
        refused.

    Returns
    -------
    pandas.DataFrame
        A row for each published value, in the order of the files: ``period_start`` and ``period_end`` (dates),
        ``status``, ``breakdown``, ``primary_level`` and ``secondary_level`` (codes) with their ``_name``,
        ``measure_id``, ``measure_name``, and

        - ``value`` [its unit], NaN where none is published;
        - ``kind``, what the value is: "exact", "rounded to 5", "rounded to a whole per cent", "rounded to a whole day",
          "rounded to a whole number" or "suppressed"; "missing" where there is none, "unknown" where it is none of
          these;
        - ``lower`` and ``upper`` [its unit], the interval in which the true value lies, both ends included; NaN where
          nothing bounds it;
        - ``unit``: "referral", "percent", "day", "rate", or "count" for what else is counted; empty where neither the
          publisher's list of measures nor the name of the measure says;
        - ``published_value``, the cell as published; then every other column of the file, under its published name.

    Raises
    ------
    BadInput
        When it is another file, or not a whole one; when a date cannot be read or is no first or last day of a month, a
        value cannot be read or is below 0, a percentage is above 100, or two rows are of the same measure, place and
        period; when two files have the same measures of a period, unless `latest`; when nothing of what is asked for is
        there.

    Notes
    -----
    Values for England are exact. Of other places, counts under 5 are published as "*" and others to the nearest 5, so
    that 5 stands for 5, 6 or 7; percentages, days and rates are published to the whole number, so that a wait of 97
    days is one of 96.5 to 97.5. A suppressed count lies from 0 to 4. A suppressed percentage lies where its numerator
    and denominator leave it, from 0 to 100 where they are not known.

    Of large files the most time goes into the CSV itself. It is read by pyarrow where that is installed, and by
    Python's own reader, several times slower, where it is not.

    References
    ----------
    NHS England, Mental Health Services Monthly Statistics: community waits, performance April to June 2024; MHSDS
    monthly statistics pipelines: measure metadata (how each measure is suppressed).

    Examples
    --------
    >>> import io
    >>> file = io.StringIO('''REPORTING_PERIOD_START,REPORTING_PERIOD_END,STATUS,BREAKDOWN,PRIMARY_LEVEL,PRIMARY_LEVEL_DESCRIPTION,SECONDARY_LEVEL,SECONDARY_LEVEL_DESCRIPTION,MEASURE_ID,MEASURE_NAME,MEASURE_VALUE
    ... 01/06/2024,30/06/2024,Performance,Provider,P1,FEN TRUST,NONE,NONE,MRS02,Number of CMH referral-spells waiting,40
    ... 01/06/2024,30/06/2024,Performance,Provider,P1,FEN TRUST,NONE,NONE,MRS02a,Number of CMH referral-spells waiting more than 104 weeks,*
    ... 01/06/2024,30/06/2024,Performance,Provider,P1,FEN TRUST,NONE,NONE,MRS02b,Proportion of CMH referral-spells waiting more than 104 weeks,*
    ... ''')
    >>> read_mhsds_monthly(file)[["measure_id", "value", "kind", "lower", "upper", "unit"]].round(1)
      measure_id  value          kind  lower  upper      unit
    0      MRS02   40.0  rounded to 5   38.0   42.0  referral
    1     MRS02a    NaN    suppressed    0.0    4.0  referral
    2     MRS02b    NaN    suppressed    0.0   10.5   percent
    """  # noqa: E501 - the header is as published
    sources: list[Any] = list(source) if isinstance(source, (list, tuple)) else [source]
    if not sources:
        raise BadInput("read_mhsds_monthly", [Problem("source", None, source, "at least one file")])
    asked = {
        name: _wanted(values)
        for name, values in (("measure_id", measures), ("breakdown", breakdowns), ("primary_level", places))
        if values is not None
    }
    only = {name: set(values) for name, values in asked.items()}
    if "measure_id" in only:
        # A suppressed percentage is bounded by its parts.
        parts = (PERCENTAGES.get(each) for each in asked["measure_id"])
        only["measure_id"] |= {part for each in parts if each for part in (each.numerator, each.denominator)}
    there: dict[str, set[str]] = {name: set() for name in asked}
    tables: list[pd.DataFrame] = []
    names: list[str] = []
    for each in sources:
        rows = read_rows(each, MHSDS_MONTHLY, only=only, coded=True)
        names.append(rows.name)
        for name, seen in rows.there.items():
            there[name] |= seen
        tables.append(_table(rows).assign(_file=len(tables)))
    table = tables[0] if len(tables) == 1 else _together(tables)
    _refuse_not_there(table, asked, there)
    table = _one_edition(table, names, latest)
    if "measure_id" in asked:
        table = table[table["measure_id"].isin(asked["measure_id"])]
    table = table.drop(columns="_file").reset_index(drop=True)
    return as_text(table)


def _wanted(values: Iterable[str]) -> list[str]:
    return [values] if isinstance(values, str) else list(values)


def _table(rows: Rows) -> pd.DataFrame:
    table = rows.cells.copy(deep=False)
    for name in (*_KEYS, *_NAMES):
        table[name] = _mapped(table[name], [text.strip() for text in table[name].cat.categories])
    problems = rows.missing(["breakdown", "primary_level", "measure_id", "measure_name"], "a code or name")
    problems += _read_periods(rows, table)
    published = rows.cells["published_value"].cat
    cells = [read_cell(text) for text in published.categories]
    codes = published.codes.to_numpy()
    each = {
        name: np.array([getattr(cell, name) for cell in cells], dtype=type(default))[codes]
        for name, default in _CELL.items()
    }
    unit = _units(table)
    percent = is_in(unit, "percent")
    wrong = ~each["readable"] | (each["percent"] & ~percent)
    problems += rows.problems("published_value", wrong, "zero or more: a number, or a mark as *, [c], [x], <5 or 1-9")
    problems += rows.problems("published_value", (each["value"] > 100) & percent, "100 per cent or less")
    rows.refuse([*problems, *rows.repeated([*_NAMES, "published_value"], table)])
    breakdown = table["breakdown"].cat
    exact = np.array([name.startswith("England") for name in breakdown.categories], dtype=bool)[breakdown.codes]
    kind = kinds_of(each["value"], each["hidden"], each["absent"], unit, exact)
    lower, upper = interval_of(each["value"], kind, unit)
    stated = ~np.isnan(each["lower"])
    table["value"] = each["value"]
    table["kind"] = categories(kind, KINDS)
    table["lower"] = np.where(stated, each["lower"], lower)
    table["upper"] = np.where(stated, each["upper"], upper)
    table["unit"] = categories(unit, UNITS)
    first = [name for name in MHSDS_MONTHLY.columns.values() if name != "published_value"]
    return _bound_by_parts(table[[*first, *_LAST, *(name for name in table if name not in (*first, *_LAST))]])


def _mapped(column: pd.Series[Any], names: Sequence[str]) -> pd.Categorical:
    """A column of categories with other names for them, which may be the same for several."""
    codes, uniques = pd.factorize(np.array(names, dtype=object))
    return categories(codes[column.cat.codes.to_numpy()], uniques.tolist())


def _pairs(table: pd.DataFrame, first: str, second: str) -> tuple[Any, list[tuple[str, str]]]:
    """The pairs of two columns of categories that stand together: for each row which, and the pairs."""
    one, other = table[first].cat, table[second].cat
    width = max(len(other.categories), 1)
    codes, pairs = pd.factorize(one.codes.to_numpy().astype(np.int64) * width + other.codes.to_numpy())
    firsts, seconds = one.categories.tolist(), other.categories.tolist()
    return codes, [(firsts[pair // width], seconds[pair % width]) for pair in pairs.tolist()]


def _read_periods(rows: Rows, table: pd.DataFrame) -> list[Problem]:
    codes, pairs = _pairs(rows.cells, *_PERIOD)
    periods = [read_period(*pair) for pair in pairs]
    problems: list[Problem] = []
    for at, (name, which) in enumerate(zip(_PERIOD, ("first", "last"), strict=True)):
        dates = np.array([period[at] for period in periods], dtype="datetime64[s]")[codes]
        table[name] = dates
        expected = f"a date as 30/06/2024, here the {which} day of a month"
        problems += rows.problems(name, np.isnat(dates), expected)
    early = (table["period_end"] < table["period_start"]).to_numpy()
    return problems + rows.problems("period_end", early, "a day on or after the start")


def _units(table: pd.DataFrame) -> Any:
    """The unit of each row, as a position in `UNITS`."""
    codes, pairs = _pairs(table, "measure_id", "measure_name")
    return np.array([UNITS.index(unit_of(*pair)) for pair in pairs], dtype=np.int8)[codes]


def _bound_by_parts(table: pd.DataFrame) -> pd.DataFrame:
    """Narrow the suppressed percentages to what their numerator and denominator allow."""
    here = (table["kind"] == SUPPRESSED) & table["measure_id"].isin(list(PERCENTAGES))
    if not here.any():
        return table
    at = np.flatnonzero(here.to_numpy())
    allowed = recompute(table, at)
    known = allowed["lower"].notna().to_numpy()
    for end in ("lower", "upper"):
        values = table[end].to_numpy(copy=True)
        values[at[known]] = allowed[end].to_numpy()[known]
        table[end] = values
    return table


def _together(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Several files as one; a column that a file has not is empty there."""
    columns: dict[str, Any] = {}
    for name in dict.fromkeys(str(name) for table in tables for name in table):
        parts = [table[name] if name in table else categories(np.zeros(len(table), np.int8), [""]) for table in tables]
        if all(isinstance(part.dtype, pd.CategoricalDtype) for part in parts):
            columns[name] = union_categoricals(parts)
        else:
            columns[name] = np.concatenate([np.asarray(part) for part in parts])
    return pd.DataFrame(columns)


def _refuse_not_there(table: pd.DataFrame, asked: dict[str, list[str]], there: dict[str, set[str]]) -> None:
    problems = [
        Problem(_ARGUMENTS[name], None, each, f"one that is in the files; {nearest(each, there[name])}".rstrip("; "))
        for name, values in asked.items()
        for each in values
        if each not in there[name]
    ]
    if not problems and table.empty:
        expected = f"rows that have all of these together: {', '.join(_ARGUMENTS[name] for name in asked)}"
        problems.append(Problem(None, None, None, expected))
    if problems:
        raise BadInput("read_mhsds_monthly", problems)


def _one_edition(table: pd.DataFrame, names: list[str], latest: bool) -> pd.DataFrame:
    """The table with one edition of the measures of each period, or the refusal of two."""
    if len(names) == 1 and table["status"].nunique() < 2:
        return table
    rows = [*_PERIOD, "breakdown", "primary_level", "secondary_level", "measure_id"]
    others = [name for name in table if name not in (*rows, "status", "_file", *_NAMES, *_LAST)]
    twice = table.duplicated([*rows, *others], keep=False)
    if not twice.any():
        return table
    groups = [*_PERIOD, "breakdown", "measure_id"]
    editions = table.loc[twice, [*groups, "status", "_file"]].drop_duplicates()
    if not latest:
        problems = []
        for end, held in editions.groupby("period_end"):
            pairs = held[["status", "_file"]].drop_duplicates().itertuples(index=False)
            found = " and ".join(f"{status!r} in {names[file]}" for status, file in pairs)
            expected = f"one edition of each measure and period, or latest=True: there are {found}"
            problems.append(Problem("period_end", None, f"{end:%Y-%m-%d}", expected))
        raise BadInput("read_mhsds_monthly", problems)
    text = editions["status"].astype(str).str.lower()
    editions["_order"] = text.map({each: at for at, each in enumerate(_STATUSES)}).fillna(-1)
    best = editions.sort_values(["_order", "_file"]).drop_duplicates(groups, keep="last")
    best = best[[*groups, "status", "_file"]].rename(columns={"status": "_status", "_file": "_best"})
    chosen = table[groups].merge(best, how="left", on=groups)
    other = chosen["_best"].notna() & (
        (chosen["_best"].to_numpy() != table["_file"].to_numpy())
        | (chosen["_status"].astype(str).to_numpy() != table["status"].astype(str).to_numpy())
    )
    kept: pd.DataFrame = table[~other.to_numpy()]
    return kept
