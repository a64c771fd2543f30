#!/usr/bin/env bash
# narwhals 2.29.0 with polars 2.1.0, pandas 3.1.1, pyarrow 26.0.1 and duckdb 2.0.1, Python 3.11.
# One would expect: a column of ones, chosen and added up, counts the rows of the table, on every engine alike.
# Seen: of three admissions, select(nw.lit(1)) has three rows on DuckDB, and one on Polars, pandas and PyArrow, whatever the
# table; so the sum is 3 on the one and 1 on the others. With any column of the table beside it the ones are three on all.
# It hurts a count that is grouped by the columns that a user names: right for every list of them but the empty one, and
# there wrong on the engines in memory alone. Our library puts such numbers beside the columns (with_columns) first.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile \
    narwhals==2.29.0 polars==2.1.0 pandas==3.1.1 pyarrow==26.0.1 duckdb==2.0.1
"$folder/venv/bin/python" - <<'PYTHON'
import duckdb
import narwhals as nw
import pandas as pd
import polars as pl
import pyarrow as pa

columns = {"ward": ["a", "a", "b"]}
arrow = pa.table(columns)
tables = {
    "polars": pl.LazyFrame(columns), "pandas": pd.DataFrame(columns), "pyarrow": arrow, "duckdb": duckdb.sql("from arrow"),
}


def admissions(native, *by):
    rows = nw.from_native(native).lazy().select(*by, nw.lit(1).alias("admissions"))
    return int(rows.select(nw.col("admissions").sum()).collect()["admissions"].to_list()[0])


alone = {name: admissions(table) for name, table in tables.items()}
by_ward = {name: admissions(table, "ward") for name, table in tables.items()}
print("beside a column:", by_ward)
print("alone:", alone)
assert by_ward == {"polars": 3, "pandas": 3, "pyarrow": 3, "duckdb": 3}
assert alone == {"polars": 1, "pandas": 1, "pyarrow": 1, "duckdb": 3}
PYTHON
