"""Reading what flows between places out of a table."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import narwhals as nw

from cmhs_metrics.errors import Problem, refuse
from cmhs_metrics.numeric.frames import as_text, plain_numbers
from cmhs_metrics.tables.casting import as_float
from cmhs_metrics.tables.reading import read_table, rows_in
from cmhs_metrics.tables.table import require

if TYPE_CHECKING:
    from cmhs_metrics.tables.table import Table

TEXT = (nw.String, nw.Categorical, nw.Enum)
"""The types of column that hold names or codes."""


def amounts_between(table: Any, origin: str, destination: str, value: str) -> dict[tuple[str, str | None], float]:
    """What flows between each two places, added over the rows of a table.

    `table`: the rows; a lazy table is run. `origin`, `destination`: the columns of the places [text]. `value`: the
    column of what flows [any one unit]. Gives the totals [the same unit]; the destination is None where it is
    missing. Raises `BadInput` when a column is not there or not of its kind, an origin is missing, or an amount is
    missing, negative or infinite.
    """
    entered = _entered(table, [origin, destination], value)
    places = [as_text(name) for name in (origin, destination)]
    summed = (
        entered.frame.select(*places, as_float(value).alias("_value"))
        .group_by(origin, destination)
        .agg(
            nw.col("_value").sum(),
            nw.col("_value").count().alias("_known"),
            nw.col("_value").min().alias("_least"),
            nw.len().alias("_cells"),
        )
    )
    problems, amounts = [], {}
    # Engines give groups in orders of their own.
    for row in sorted(rows_in(summed), key=lambda row: (str(row[origin]), str(row[destination]))):
        start, end, total = _text(row[origin]), _text(row[destination]), row["_value"]
        name = f"{origin}={start}, {destination}={end}"
        if start is None:
            problems.append(Problem(origin, f"{destination}={end}", None, "the place that it comes from"))
        if row["_known"] < row["_cells"]:
            problems.append(Problem(value, name, None, "a number in every row"))
        elif row["_least"] < 0 or not math.isfinite(total):
            found = row["_least"] if row["_least"] < 0 else total
            problems.append(Problem(value, name, found, "zero or more, and finite"))
        elif start is not None:
            amounts[start, end] = float(total)
    refuse("the flows", problems)
    return amounts


def one_row_a_place(table: Any, place: str) -> None:
    """Refuse a table in which a place stands twice.

    `table`: a row for each place; a lazy table is run. Raises `BadInput` naming each place that stands twice, and one
    without a name.
    """
    entered = read_table(table)
    require(entered, [place], "place")
    counted = entered.frame.group_by(place).agg(nw.len().alias("_rows"))
    repeated = counted.filter((nw.col("_rows") > 1) | nw.col(place).is_null())
    problems = [
        Problem(place, None, row[place], f"each place once, and it stands in {row['_rows']} rows")
        if _text(row[place]) is not None
        else Problem(place, None, None, "the name of the place")
        for row in sorted(rows_in(repeated), key=lambda row: str(row[place]))
    ]
    refuse("the places", problems)


def rows_of(table: Any, origin: str, destination: str, value: str) -> list[tuple[Any, Any, Any]]:
    """The rows of three columns of a table, as they stand.

    `table`: the table; a lazy one is run. `origin`, `destination`: the columns of the places [text]. `value`: the
    column of numbers [any one unit]. Gives the cells; missing ones are None, or NaN. Raises `BadInput` when a column
    is not there or not of its kind.
    """
    entered = _entered(table, [origin, destination], value)
    rows = rows_in(entered.frame.select(origin, destination, as_float(value).alias("_value")))
    return [(row[origin], row[destination], row["_value"]) for row in rows]


def refuse_other_than_text(table: Table, columns: list[str]) -> list[Problem]:
    """Name the columns that do not hold names or codes: 1 and "01" would be two places."""
    return [
        Problem(name, None, str(table.schema[name]), "a column of text: the names or codes of places")
        for name in columns
        if table.schema[name] not in TEXT
    ]


def _entered(table: Any, places: list[str], value: str) -> Table:
    entered = read_table(plain_numbers(table, [value]))
    require(entered, [*places, value], "table")
    problems = refuse_other_than_text(entered, places)
    if not entered.schema[value].is_numeric():
        problems.append(Problem(value, None, str(entered.schema[value]), "a column of numbers"))
    refuse("the table", problems)
    return entered


def _text(value: Any) -> str | None:
    """A name; pandas writes a missing one as NaN or NA."""
    return value if isinstance(value, str) else None
