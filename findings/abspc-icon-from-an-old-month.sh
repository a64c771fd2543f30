#!/usr/bin/env bash
# abspc 1.1.0 with pandas 2.3.3, Python 3.11.
# One would expect: the icon of variation says how the process stands at its latest point, as in NHS England's Making
# Data Count, whose method the package names: a series that was quiet for two years is common cause.
# Seen: the icon follows the last special cause however old it is (one high first month out of 25), and its side of the
# mean alone: a series that has risen for six months from a low is "concern_low" where high is good.
# It hurts boards: a grid of icons shows as improving or worrying what has not moved for years.
# Our `run_chart_summary` and its icons speak of the latest point.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile abspc==1.1.0 pandas==2.3.3
"$folder/venv/bin/python" - <<'PYTHON'
import abspc
import pandas as pd


def icon_and_points(values):
    limits = abspc.calculate_control_limits(pd.DataFrame({"value": values}), "XmR")
    points = abspc.detect_special_causes(limits)
    return abspc.determine_variation_type(points, improvement_direction="high"), points


quiet_year = [50, 51, 49, 50, 52, 48, 50, 51, 49, 50, 52, 48]
icon, points = icon_and_points([60, *quiet_year, *quiet_year])
print(icon, points["special_cause"].to_numpy().nonzero()[0].tolist())
assert points["special_cause"].to_numpy().nonzero()[0].tolist() == [0]
assert icon == "improvement_high"

icon, points = icon_and_points([60, 61, 59, 60, 62, 58, 60, 61, 59, 60, 61, 60, 59, 50, 51, 52, 53, 54, 55])
print(icon, points["rule3"].tail(6).tolist())
assert points["rule3"].tail(6).all()
assert not points["rule1"].iloc[-1]
assert icon == "concern_low"
PYTHON
