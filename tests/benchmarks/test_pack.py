"""How long a pack of suppressed and rounded counts takes, as they are published, beside an earlier build of the package: `CMHS_METRICS_BASELINE=/path/to/its/python`."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

SIX_MONTHS = """
import time, warnings
import pandas as pd
import cmhs_metrics as cm
warnings.simplefilter("ignore")
months = [f"2024-{month:02}" for month in range(1, 7)]
rows = [
    {"icb": f"I{at:02}", "period": month, "caseload": 900.0 + 37 * at + 5 * n, "contacts": 5200.0 + 11 * at * n % 700,
     "did_not_attends": 400.0 + (at * n) % 53, "referrals": 300.0 + at + n, "referrals_accepted": 250.0 + at,
     "total_cost": 1e6 + 1e4 * at}
    for at in range(42) for n, month in enumerate(months)
]
people = pd.DataFrame({"icb": [f"I{at:02}" for at in range(42)], "registered_population": [5e5 + 1e4 * at for at in range(42)]})
counts = ["caseload", "contacts", "did_not_attends", "referrals", "referrals_accepted"]
table = cm.disclosure.suppress_table(pd.DataFrame(rows), counts)
cm.pack(table[table["icb"] < "I05"], people, focus="I03", charts=False)
start = time.process_time()
cm.pack(table, people, focus="I07", peers=["I03", "I12"], charts=False)
print(time.process_time() - start)
"""


def seconds(python: str) -> float:
    done = subprocess.run([python, "-c", SIX_MONTHS], check=True, capture_output=True, text=True, timeout=600)
    return float(done.stdout.split()[-1])


def test_six_months_of_42_icbs_take_a_third_of_the_baseline() -> None:
    baseline = os.environ.get("CMHS_METRICS_BASELINE")
    if not baseline:
        pytest.skip("CMHS_METRICS_BASELINE names no Python with an earlier build")
    ours, theirs = seconds(sys.executable), seconds(baseline)
    # In one run: what the machine does besides weighs on both.
    print(f"\na pack of six months: {ours:.2f} s, baseline {theirs:.2f} s, {ours / theirs:.2f} of it")
    assert ours <= theirs / 3
