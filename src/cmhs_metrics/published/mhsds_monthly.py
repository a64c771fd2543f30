"""The MHSDS monthly statistics: each value with what is known of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cmhs_metrics.disclosure.rule import EXACT, MISSING, SUPPRESSED, WHOLE_PER_CENT, rounded_to
from cmhs_metrics.published.formats import MHSDS_MONTHLY
from cmhs_metrics.published.percentages import PERCENTAGES, recompute
from cmhs_metrics.published.reading import NUMBER, read_rows, to_numbers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cmhs_metrics.published.reading import Rows, Source

ROUNDED_TO_5 = rounded_to(5)
UNKNOWN = "unknown"

KINDS = (EXACT, ROUNDED_TO_5, WHOLE_PER_CENT, SUPPRESSED, MISSING, UNKNOWN)
"""What a published value can be. Missing is an empty cell; unknown is what the rules of publication do not explain."""

SUPPRESSION_MARK = "*"
SMALLEST_COUNT_SHOWN = 5

# By the words with which the name of a measure begins, or which stand in it.
_UNITS = {
    r"^(?:proportion|percentage) of\b": "percent",
    r"\(days\)": "day",
    r"^number of\b.*\breferral": "referral",
    r"^number of\b": "count",
}
_DATES = {r"\d{2}/\d{2}/\d{4}": "%d/%m/%Y", r"\d{4}-\d{2}-\d{2}": "%Y-%m-%d"}


def read_mhsds_monthly(source: Source) -> pd.DataFrame:
    """Read a performance file of the MHSDS monthly statistics.

    Parameters
    ----------
    source : str, Path, or open file
        The file that NHS England publishes as CSV, for example of community waits ("4WW"); plain or gzipped.

    Returns
    -------
    pandas.DataFrame
        A row for each published value, in the order of the file: ``period_start`` and ``period_end`` (dates),
        ``status``, ``breakdown``, ``primary_level`` and ``secondary_level`` (codes) with their ``_name``,
        ``measure_id``, ``measure_name``, and

        - ``value`` [its unit], NaN where none is published;
        - ``kind``, what the value is: "exact", "rounded to 5", "rounded to a whole per cent" or "suppressed"; "missing"
          where the cell is empty, "unknown" where it is none of these;
        - ``lower`` and ``upper`` [its unit], the interval in which the true value lies, both ends included; NaN where
          nothing bounds it;
        - ``unit``: "referral", "percent", "day", or "count" for what else is counted; empty where the name of the
          measure does not say;
        - ``published_value``, the cell as published; then every other column of the file, under its published name.

    Raises
    ------
    BadInput
        When it is another file, or not a whole one; when a date cannot be read, a value is below 0, a percentage above
        100, or two rows are of the same measure, place and period.

    Notes
    -----
    Values for England are exact. Of other places, counts under 5 are published as "*" and others to the nearest 5, so
    that 5 stands for 5, 6 or 7; percentages are published to the whole number, and days as they are. A suppressed
    count lies from 0 to 4. A suppressed percentage lies where its numerator and denominator leave it, from 0 to 100
    where they are not known.

    References
    ----------
    NHS England, Mental Health Services Monthly Statistics: community waits, performance April to June 2024.

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
    rows = read_rows(source, MHSDS_MONTHLY)
    table = rows.cells.copy()
    unit = _unit(table["measure_name"])
    text = table["published_value"].str.strip()
    value = to_numbers(text)
    problems = rows.missing(["breakdown", "primary_level", "measure_id", "measure_name"], "a code or name")
    for name in ("period_start", "period_end"):
        table[name], wrong = _dates(rows, name)
        problems += wrong
    problems += rows.problems("period_end", table["period_end"] < table["period_start"], "a day on or after the start")
    problems += rows.problems("published_value", (value < 0) | np.isinf(value), "zero or more")
    problems += rows.problems("published_value", (value > 100) & (unit == "percent"), "100 per cent or less")
    names = ("primary_level_name", "secondary_level_name", "measure_name", "published_value")
    rows.refuse([*problems, *rows.repeated(ignoring=names)])
    table = table.assign(value=value, kind=_kind(table["breakdown"], text, value, unit), unit=unit)
    table["lower"], table["upper"] = _interval(table)
    table = _bound_by_parts(table)
    last = ["value", "kind", "lower", "upper", "unit", "published_value"]
    known = [name for name in MHSDS_MONTHLY.columns.values() if name != "published_value"] + last
    return table[[*known, *(name for name in table if name not in known)]]


def _unit(measure_name: pd.Series[Any]) -> pd.Series[Any]:
    """The unit of each measure, by its name."""
    units = {}
    for name in measure_name.unique():
        matching = (unit for pattern, unit in _UNITS.items() if pd.Series([name]).str.contains(pattern, case=False)[0])
        units[name] = next(matching, "")
    return measure_name.map(units)


def _dates(rows: Rows, name: str) -> tuple[pd.Series[Any], list[Any]]:
    text = rows.cells[name].str.strip()
    spellings = [
        pd.to_datetime(text.where(text.str.fullmatch(pattern)), format=form, errors="coerce")
        for pattern, form in _DATES.items()
    ]
    dates = spellings[0].fillna(spellings[1])
    return dates, rows.problems(name, dates.isna(), "a date as 30/06/2024")


def _kind(breakdown: pd.Series[Any], text: pd.Series[Any], value: pd.Series[Any], unit: pd.Series[Any]) -> Any:
    number = text.str.fullmatch(NUMBER)
    counted = unit.isin(["referral", "count"])
    # A day is published as it is counted, of any place.
    exact = number & (breakdown.str.startswith("England") | (unit == "day"))
    conditions = {
        SUPPRESSED: text == SUPPRESSION_MARK,
        MISSING: text == "",
        EXACT: exact,
        ROUNDED_TO_5: number & counted & (value % 5 == 0) & (value >= SMALLEST_COUNT_SHOWN),
        WHOLE_PER_CENT: number & (unit == "percent") & (value % 1 == 0),
    }
    return np.select([condition.to_numpy() for condition in conditions.values()], list(conditions), UNKNOWN)


def _interval(table: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The least and the greatest value that would be published so, by the rules for its kind and unit."""
    value, kind, unit = (table[name].to_numpy() for name in ("value", "kind", "unit"))
    counted = np.isin(unit, ["referral", "count"])
    hidden = kind == SUPPRESSED
    cases: list[tuple[Any, Any, Any]] = [
        (kind == EXACT, value, value),
        (kind == ROUNDED_TO_5, np.maximum(value - 2, SMALLEST_COUNT_SHOWN), value + 2),
        (kind == WHOLE_PER_CENT, np.maximum(value - 0.5, 0), np.minimum(value + 0.5, 100)),
        (hidden & counted, 0, SMALLEST_COUNT_SHOWN - 1),
        (hidden & (unit == "percent"), 0, 100),
        # How long a hidden wait may be, nothing says.
        (hidden & (unit == "day"), 0, np.nan),
    ]
    conditions = [condition for condition, _, _ in cases]
    lower = np.select(conditions, [np.broadcast_to(low, len(table)) for _, low, _ in cases], np.nan)
    upper = np.select(conditions, [np.broadcast_to(high, len(table)) for _, _, high in cases], np.nan)
    return lower.astype(np.float64), upper.astype(np.float64)


def _bound_by_parts(table: pd.DataFrame) -> pd.DataFrame:
    """Narrow the suppressed percentages to what their numerator and denominator allow."""
    hidden = table[(table["kind"] == SUPPRESSED) & table["measure_id"].isin(PERCENTAGES)]
    allowed = recompute(table, hidden)
    known = allowed["lower"].notna().to_numpy()
    table.loc[hidden.index[known], "lower"] = allowed["lower"].to_numpy()[known]
    table.loc[hidden.index[known], "upper"] = allowed["upper"].to_numpy()[known]
    return table
