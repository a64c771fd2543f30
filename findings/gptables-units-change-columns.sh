#!/usr/bin/env bash
# gptables 2.0.2 with pandas 2.3.3, openpyxl 3.1.5, Python 3.11.
# One would expect: the units of a workbook, given by the names of columns, can be written once and used for each table.
# Seen: GPTable changes the dictionary it is given, from names to positions. The second table made from it, with the
# same columns in another order, has the units of the first table's places: costs in people, people in pounds. Nothing
# is raised, and the workbook is written.
# It hurts whoever publishes several sheets from one dictionary of units. docs/comparison.md says to pass a copy.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile gptables==2.0.2 pandas==2.3.3 openpyxl==3.1.5
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import gptables
import openpyxl
import pandas as pd

units = {"Caseload": "people", "Total cost": "pounds"}
first = pd.DataFrame({"Area": ["Fenland", "Uplands"], "Caseload": [120, 80], "Total cost": [400_000, 250_000]})
second = first[["Area", "Total cost", "Caseload"]]
sheets = {
    name: gptables.GPTable(table, f"table_{name}", f"Table {name}", units=units, index_columns={})
    for name, table in {"one": first, "two": second}.items()
}
print(units)
assert units == {1: "people", 2: "pounds"}
gptables.write_workbook("out.xlsx", sheets)
book = openpyxl.load_workbook("out.xlsx")
headings = {name: next(row for row in book[name].values if row[0] == "Area") for name in sheets}
print(headings)
assert headings["one"] == ("Area", "Caseload\n(people)", "Total cost\n(pounds)")
assert headings["two"] == ("Area", "Total cost\n(people)", "Caseload\n(pounds)")
PYTHON
