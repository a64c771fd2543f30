"""Trends: periods, change, growth, indexing, real terms, and rolling years."""

from __future__ import annotations

from cmhs_metrics.trends.changes import (
    change,
    compound_growth,
    percentage_change,
    percentage_point_change,
)
from cmhs_metrics.trends.indexing import index_to_base
from cmhs_metrics.trends.periods import financial_year, next_period, parse_period
from cmhs_metrics.trends.prices import real_terms
from cmhs_metrics.trends.series import change_on_previous, growth_against, rolling_year

__all__ = [
    "change",
    "change_on_previous",
    "compound_growth",
    "financial_year",
    "growth_against",
    "index_to_base",
    "next_period",
    "parse_period",
    "percentage_change",
    "percentage_point_change",
    "real_terms",
    "rolling_year",
]

__dir__ = __all__.copy
