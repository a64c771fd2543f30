"""Intervals: how sure a rate, a proportion, a mean or a standardised rate is."""

from cmhs_metrics.intervals.bootstrap import cost_per_patient_interval
from cmhs_metrics.intervals.directly_standardised import standardised_rate
from cmhs_metrics.intervals.indirectly_standardised import (
    expected_events,
    indirectly_standardised_rate,
    standardised_ratio,
)
from cmhs_metrics.intervals.means import mean_interval
from cmhs_metrics.intervals.proportion_comparisons import proportion_difference_interval, proportion_ratio_interval
from cmhs_metrics.intervals.proportions import proportion_interval
from cmhs_metrics.intervals.rate_comparisons import rate_difference_interval, rate_ratio_interval
from cmhs_metrics.intervals.rates import rate_interval
from cmhs_metrics.intervals.repeated import event_totals
from cmhs_metrics.intervals.results import Estimate, Interval
from cmhs_metrics.intervals.standard_populations import ESP2013, StandardPopulation
from cmhs_metrics.intervals.tables import standardised_rates, with_intervals

__all__ = [
    "ESP2013",
    "Estimate",
    "Interval",
    "StandardPopulation",
    "cost_per_patient_interval",
    "event_totals",
    "expected_events",
    "indirectly_standardised_rate",
    "mean_interval",
    "proportion_difference_interval",
    "proportion_interval",
    "proportion_ratio_interval",
    "rate_difference_interval",
    "rate_interval",
    "rate_ratio_interval",
    "standardised_rate",
    "standardised_rates",
    "standardised_ratio",
    "with_intervals",
]

__dir__ = __all__.copy
