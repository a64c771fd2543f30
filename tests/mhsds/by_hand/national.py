"""Run the hand-written SQL of national measures on Parquet files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path

import duckdb

SQL = (Path(__file__).parent / "national.sql").read_text()


def national(files: Mapping[str, str], month: dt.date) -> dict[tuple[str, str], float]:
    """The measures of a month, by place and id; files are paths by the name of the table."""
    connection = duckdb.connect()
    number = (month.year - 1900) * 12 + month.month - 3
    connection.execute(
        "CREATE MACRO first_of(month) AS CAST(DATE '1900-03-01' + to_months(CAST(month AS INT)) AS DATE)"
    )
    connection.execute("CREATE MACRO year_of(day) AS year(CAST(day AS DATE) - INTERVAL 3 MONTH)")
    connection.execute(f"CREATE MACRO m() AS {number}")
    for name, first in {"month": number, "quarter": number - 2, "year": number - 11}.items():
        connection.execute(f"CREATE MACRO {name}_first() AS first_of({first})")
    connection.execute(f"CREATE MACRO month_last() AS first_of({number + 1}) - 1")
    sql = SQL
    for table, path in files.items():
        sql = sql.replace(f"${table})", f"'{path}')")
    return {(place, id): float(value) for place, id, value in connection.sql(sql).fetchall()}
