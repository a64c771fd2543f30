#!/usr/bin/env bash
# duckdb 1.5.0 (as 1.3.0 and 1.4.4; 2.0.1 does not), Python 3.11.
# One would expect: the name in `relation.query(name, sql)` is that of the relation within this query, as its documentation
# says ("the view named … that refers to the relation object"), so that two queries may use one name.
# Seen: the name becomes a temporary view of the connection, which stays. The relation that `query` gave reads the view when
# it is fetched: after a second relation was queried under the same name, the first gives the second's rows, without a word.
# It hurts whoever asks one question of several relations in turn and fetches them at the end: 2024's referrals come twice.
# Here each query has a name of its own.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile duckdb==1.5.0
"$folder/venv/bin/python" - <<'PYTHON'
import duckdb

connection = duckdb.connect()
years = {
    year: connection.sql(f"SELECT * FROM (VALUES ('RX1', {number}), ('RX2', {number})) AS t(provider, referrals)")
    for year, number in (("2023/24", 100), ("2024/25", 900))
}
question = "SELECT sum(referrals)::INT AS referrals FROM of_year"
alone = years["2023/24"].query("of_year", question).fetchall()
together = {year: relation.query("of_year", question) for year, relation in years.items()}
found = {year: answer.fetchall() for year, answer in together.items()}
print(duckdb.__version__, "2023/24 alone:", alone, "both, fetched at the end:", found)
print("left in the connection:", connection.sql("SHOW TABLES").fetchall())
assert alone == [(200,)]
assert found == {"2023/24": [(1800,)], "2024/25": [(1800,)]}
assert ("of_year",) in connection.sql("SHOW TABLES").fetchall()
PYTHON
