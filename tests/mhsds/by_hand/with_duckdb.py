"""Run the hand-written SQL on Parquet files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path

import duckdb
import pyarrow as pa

from tests.mhsds.by_hand.periods import Span, codes_by_team_type, spans

SQL = (Path(__file__).parent / "measures.sql").read_text()


def measures(files: Mapping[str, str], start: dt.date, end: dt.date, by_month: bool = False) -> pa.Table:
    """Every measure by provider and team type; files are paths (or globs) by the name of the table."""
    connection = duckdb.connect()
    periods = spans(start, end, by_month)
    connection.execute("CREATE TABLE periods(period DATE, first_day DATE, last_day DATE, access_from DATE, wide BOOL)")
    connection.executemany("INSERT INTO periods VALUES (?, ?, ?, ?, ?)", [Span.row(span) for span in periods])
    cases = " ".join(f"WHEN code = '{code}' THEN '{label}'" for code, label in codes_by_team_type().items())
    connection.execute(f"CREATE MACRO team_type(code) AS CASE {cases} WHEN code IS NOT NULL THEN 'Other CMHTs' END")
    name = "last_day(day)" if by_month else f"DATE '{end}'"
    connection.execute(
        f"CREATE MACRO period_of(day) AS CASE WHEN day BETWEEN DATE '{start}' AND DATE '{end}' THEN {name} END"
    )
    connection.execute(
        "CREATE MACRO first_of(month) AS CAST(DATE '1900-03-01' + to_months(CAST(month AS INT)) AS DATE)"
    )
    connection.execute("CREATE MACRO year_of(day) AS year(CAST(day AS DATE) - INTERVAL 3 MONTH)")
    sql = SQL
    for table, path in files.items():
        sql = sql.replace(f"${table})", f"'{path}')")
    return connection.sql(sql).to_arrow_table()
