#!/usr/bin/env bash
# abspc 1.1.0 with pandas 2.3.3, Python 3.11.
# One would expect: a month that is not known leaves the u and p charts of the other months as they are.
# Seen: counts are told from rates by the type of the column. One missing count makes a column of whole numbers one of
# floats (so pandas holds it), and on a u chart the same counts are then plotted as rates: 20 events for 200 bed days
# are 20 and not 0.1. On a p chart the centre divides by the denominator of the month whose count is missing, too.
# It hurts whoever charts incidents for bed days: late months are the rule, and limits look as plausible as before.
# Our run charts take counts and a denominator by name, refuse a rate, and leave such a month out of both sums.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile abspc==1.1.0 pandas==2.3.3
"$folder/venv/bin/python" - <<'PYTHON'
import abspc
import numpy as np
import pandas as pd

counts = [20, 24, 16, 30, 18, 22, 25, 19, 21, 23, 20, 24, 18]
whole = pd.DataFrame({"value": counts, "subgroup_size": 200})
one_late = whole.assign(value=[*counts[:-1], np.nan])

for name, table in (("whole", whole), ("one month late", one_late)):
    chart = abspc.calculate_control_limits(table, "u")
    print("u,", name, chart[["value", "mean", "lcl", "ucl"]].iloc[0].round(3).tolist())
    if name == "whole":
        assert abs(chart["value"].iloc[0] - 0.1) < 1e-12
    else:
        assert chart["value"].iloc[0] == 20

centre = abspc.calculate_control_limits(one_late, "p")["mean"].iloc[0]
known = sum(counts[:-1])
print("p, one month late: centre", round(centre, 5), "of twelve months it is", round(known / (12 * 200), 5))
assert abs(centre - known / (13 * 200)) < 1e-12
PYTHON
