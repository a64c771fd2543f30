"""Inequality: by deprivation, between groups, and in length of life."""

from cmhs_metrics.inequality.groups import by_deprivation, group_gaps, slope_indices
from cmhs_metrics.inequality.life import excess_mortality, life_expectancy, life_expectancy_gap
from cmhs_metrics.inequality.slope import SlopeIndex, slope_index

__all__ = [
    "SlopeIndex",
    "by_deprivation",
    "excess_mortality",
    "group_gaps",
    "life_expectancy",
    "life_expectancy_gap",
    "slope_index",
    "slope_indices",
]

__dir__ = __all__.copy
