"""Run charts: limits from the moving range, and the rules that tell special cause from common cause."""

from __future__ import annotations

from cmhs_metrics.run_charts.chart import run_chart
from cmhs_metrics.run_charts.limits import XmrLimits, xmr_limits
from cmhs_metrics.run_charts.rules import (
    outside_limits,
    run_on_one_side,
    steady_trend,
    two_of_three_near_limit,
)
from cmhs_metrics.run_charts.suggestions import suggest_rebase
from cmhs_metrics.run_charts.summary import RunChartSummary, run_chart_summary

__all__ = [
    "RunChartSummary",
    "XmrLimits",
    "outside_limits",
    "run_chart",
    "run_chart_summary",
    "run_on_one_side",
    "steady_trend",
    "suggest_rebase",
    "two_of_three_near_limit",
    "xmr_limits",
]

__dir__ = __all__.copy
