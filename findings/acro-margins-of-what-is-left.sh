#!/usr/bin/env bash
# acro 1.0.2 with pandas 2.3.3, Python 3.11.
# One would expect: suppression blanks cells, and "All" stays the figure of everybody, or is blanked too.
# Seen: crosstab(..., margins=True) in an ACRO(suppress=True) drops the records of the blanked cells first and makes the
# margins from the rest. 98 people have a grand total of 95; the mean wait of a team with one blanked cell is 19.5 and not
# 21.0, and the mean of all is 48.7 and not 48.5. The cell beside it is blank, the margin looks like any other.
# It hurts whoever copies the margin as the team's figure or compares it with the year before. Our disclosure.protect keeps
# published totals true and blanks further cells instead; docs/comparison.md says to label such margins.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile acro==1.0.2 pandas==2.3.3
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import logging

import pandas as pd
from acro import ACRO

logging.disable(logging.INFO)
people = [("North", "F")] * 40 + [("North", "M")] * 3 + [("South", "F")] * 30 + [("South", "M")] * 25
table = pd.DataFrame(people, columns=["team", "sex"])
table["wait"] = range(len(table))
session = ACRO(suppress=True)
counts = session.crosstab(table["team"], table["sex"], margins=True)
means = session.crosstab(table["team"], table["sex"], values=table["wait"], aggfunc="mean", margins=True)
print(counts, means, sep="\n")
assert len(table) == 98
assert counts.isna().sum().sum() == 1
assert counts.loc["All", "All"] == 95
assert table.loc[table["team"] == "North", "wait"].mean() == 21.0
assert means.loc["North", "All"] == 19.5
assert table["wait"].mean() == 48.5
assert round(means.loc["All", "All"], 1) == 48.7
PYTHON
