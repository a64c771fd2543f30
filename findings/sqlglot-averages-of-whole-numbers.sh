#!/usr/bin/env bash
# sqlglot 30.30.0, Python 3.11.
# One would expect: a query that is brought from DuckDB or Databricks to SQL Server gives the same numbers there; sqlglot
# knows that SQL Server divides whole numbers as whole numbers, and writes a cast into the division.
# Seen: the division is mended and the average is not. SUM(x) / COUNT(*) becomes CAST(SUM(x) AS FLOAT) / COUNT_BIG(*), and
# AVG(x) stays AVG(x), which of whole numbers is a whole number in SQL Server: the mean of 1 and 2 days is 1.
# It hurts whoever moves a report on waits: one column of the same query is right and its neighbour is cut off.
# Our exchange.sql casts before it adds, divides and averages.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile sqlglot==30.30.0
"$folder/venv/bin/python" - <<'PYTHON'
import sqlglot

query = "SELECT AVG(x) AS mean, SUM(x) / COUNT(*) AS the_same FROM waits"
for read in ("duckdb", "databricks"):
    [written] = sqlglot.transpile(query, read=read, write="tsql")
    print(written)
    assert written == "SELECT AVG(x) AS mean, CAST(SUM(x) AS FLOAT) / COUNT_BIG(*) AS the_same FROM waits"
PYTHON
