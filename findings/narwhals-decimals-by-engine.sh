#!/usr/bin/env bash
# narwhals 2.29.0 with polars 2.1.0, pyarrow 26.0.1 and duckdb 2.0.1, Python 3.11.
# One would expect: one call through narwhals on money held as decimal(3, 2) gives one answer, whatever is below.
# Seen: the mean by group of 1.00, 1.00, 1.01 is 1.0033 on Polars and DuckDB and 1.00 on PyArrow, which keeps two places;
# the median of 2.00 and 2.01 is 2.005 on Polars, the decimal 2.00 on DuckDB and the float 2.0 on PyArrow; 1.00 / 3.00 is
# the float 0.333333... on DuckDB, 0.3333 on PyArrow and 0.33 on Polars. No error, and no option asks for another.
# It hurts unit costs: a third of a pound is a penny or more out. Our library divides decimals as 64-bit floats on every
# engine; docs/how-to/any-engine.md has the table.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile \
    narwhals==2.29.0 polars==2.1.0 pyarrow==26.0.1 duckdb==2.0.1
"$folder/venv/bin/python" - <<'PYTHON'
from decimal import Decimal

import duckdb
import narwhals as nw
import polars as pl
import pyarrow as pa

costs = [Decimal(text) for text in ("1.00", "1.00", "1.01", "2.00", "2.01")]
columns = {"team": ["a", "a", "a", "b", "b"], "cost": costs, "contacts": [Decimal("3.00")] * 5}
arrow = pa.table(columns)
tables = {"polars": pl.DataFrame(columns).lazy(), "pyarrow": arrow, "duckdb": duckdb.sql("from arrow")}


def answers(native):
    frame = nw.from_native(native).lazy()
    means = frame.group_by("team").agg(nw.col("cost").mean().alias("x")).sort("team").collect()
    medians = frame.group_by("team").agg(nw.col("cost").median().alias("x")).sort("team").collect()
    quotients = frame.filter(nw.col("team") == "a").select(x=nw.col("cost") / nw.col("contacts")).collect()
    found = means["x"].to_list()[0], medians["x"].to_list()[1], min(quotients["x"].to_list())
    return tuple(f"{x:.6f} (float)" if isinstance(x, float) else str(x) for x in found)


seen = {name: answers(table) for name, table in tables.items()}
print(seen)
assert seen == {
    "polars": ("1.003333 (float)", "2.005000 (float)", "0.33"),
    "pyarrow": ("1.00", "2.000000 (float)", "0.3333"),
    "duckdb": ("1.003333 (float)", "2.00", "0.333333 (float)"),
}
PYTHON
