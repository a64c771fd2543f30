"""Variation between places: how wide it is, what of it is more than chance, and where one place stands in it."""

from cmhs_metrics.variation.dispersion import Overdispersion, funnel_z_scores, overdispersion
from cmhs_metrics.variation.funnels import Funnel, funnel, outliers
from cmhs_metrics.variation.limits import FunnelLimits, Limits, funnel_limits
from cmhs_metrics.variation.positions import Position, position
from cmhs_metrics.variation.quantiles import Quartiles, interquartile_range, percentiles, quartiles
from cmhs_metrics.variation.ranking import quantile_groups, quartile_groups, ranks
from cmhs_metrics.variation.spread import (
    atkinson,
    coefficient_of_variation,
    fold_variation,
    gini,
    systematic_component_of_variation,
    theil,
)
from cmhs_metrics.variation.uncertain_ranks import RankIntervals, rank_intervals

__all__ = [
    "Funnel",
    "FunnelLimits",
    "Limits",
    "Overdispersion",
    "Position",
    "Quartiles",
    "RankIntervals",
    "atkinson",
    "coefficient_of_variation",
    "fold_variation",
    "funnel",
    "funnel_limits",
    "funnel_z_scores",
    "gini",
    "interquartile_range",
    "outliers",
    "overdispersion",
    "percentiles",
    "position",
    "quantile_groups",
    "quartile_groups",
    "quartiles",
    "rank_intervals",
    "ranks",
    "systematic_component_of_variation",
    "theil",
]

__dir__ = __all__.copy
