#!/usr/bin/env bash
# narwhals 2.29.0 with duckdb 2.0.1 and polars 2.1.0, Python 3.11.
# One would expect: a column that can be selected, sorted, joined and partitioned by its name can be grouped by it, too. Hive
# exports columns as "table.column", so that names with a dot do arrive.
# Seen: on a relation of DuckDB select, sort, join, unique and over take "team.icb" as the name of a column; group_by reads
# it as the column icb of a table team, and raises that there is no such table. On Polars all of them take it as a name.
# It stops an aggregate in the middle of a query, with a message about a table that nobody named. Rename such columns first;
# our library's records drop the part before the dot, and docs/how-to/any-engine.md tells of tables.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile \
    narwhals==2.29.0 polars==2.1.0 pyarrow==26.0.1 duckdb==2.0.1
"$folder/venv/bin/python" - <<'PYTHON'
import duckdb
import narwhals as nw
import polars as pl

columns = {"team.icb": ["QJG", "QJG", "QK1"], "caseload": [10, 20, 30]}
arrow = pl.DataFrame(columns).to_arrow()
tables = {"polars": pl.LazyFrame(columns), "duckdb": duckdb.sql("from arrow")}
total = nw.col("caseload").sum()
verbs = {
    "select": lambda frame: frame.select("team.icb"),
    "sort": lambda frame: frame.sort("team.icb"),
    "unique": lambda frame: frame.unique("team.icb"),
    "join": lambda frame: frame.join(frame.select("team.icb"), on="team.icb"),
    "over": lambda frame: frame.with_columns(total.over("team.icb").alias("all")),
    "group_by": lambda frame: frame.group_by("team.icb").agg(total),
}


def outcome(verb, native):
    try:
        return len(verb(nw.from_native(native)).collect("pyarrow"))
    except duckdb.BinderException as error:
        return str(error).splitlines()[0]


seen = {(engine, name): outcome(verb, table) for engine, table in tables.items() for name, verb in verbs.items()}
for key, value in seen.items():
    print(*key, value)
plain = {"select": 3, "sort": 3, "unique": 2, "join": 5, "over": 3, "group_by": 2}
assert seen == {
    **{("polars", name): rows for name, rows in plain.items()},
    **{("duckdb", name): rows for name, rows in plain.items()},
    ("duckdb", "group_by"): 'Binder Error: Referenced table "team" not found!',
}
PYTHON
