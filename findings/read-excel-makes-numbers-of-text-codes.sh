#!/usr/bin/env bash
# pandas 3.1.1 with openpyxl 3.1.5, Python 3.11.
# One would expect: a cell that the workbook itself stores as text stays text; only number cells become numbers. (A CSV
# file has no types; a workbook has one in each cell.)
# Seen: where all cells of a column could be read as numbers, text cells become numbers too. Codes of organisations "007"
# and "012" are 7 and 12; codes "5E1", "3E2", "014" are powers of ten: 50.0, 300.0, 14.0. One code that is no number keeps
# the whole column as text, so that the same return is read in two ways in two months.
# It hurts whoever joins by code. Our read_return keeps the cells as the workbook has them; docs/how-to/a-messy-return.md.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile pandas==3.1.1 openpyxl==3.1.5
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import openpyxl
import pandas as pd

book = openpyxl.Workbook()
for row in [["org", "team", "mixed"], ["007", "5E1", "5E1"], ["012", "3E2", "3E2"], ["015", "014", "RXA"]]:
    book.active.append(row)
book.save("return.xlsx")
types = {cell.data_type for row in openpyxl.load_workbook("return.xlsx").active["A2:C4"] for cell in row}
assert types == {"s"}, types

read = pd.read_excel("return.xlsx")
print(read)
assert read["org"].tolist() == [7, 12, 15]
assert read["team"].tolist() == [50.0, 300.0, 14.0]
assert read["mixed"].tolist() == ["5E1", "3E2", "RXA"]
assert pd.read_excel("return.xlsx", dtype=str)["team"].tolist() == ["5E1", "3E2", "014"]
PYTHON
