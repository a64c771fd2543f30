"""Readers of official files, and what must come out right on them."""

from cmhs_metrics.published.allocations import check_weighted_totals, read_icb_allocations
from cmhs_metrics.published.by_place import measures_by_place
from cmhs_metrics.published.changes import changes, share_without_icb
from cmhs_metrics.published.mhsds_monthly import read_mhsds_monthly
from cmhs_metrics.published.national_costs import compare_cost_per_contact, read_national_costs
from cmhs_metrics.published.others import read_published
from cmhs_metrics.published.percentages import check_percentages
from cmhs_metrics.published.rates import icb_rates
from cmhs_metrics.published.samples import sample_files

__all__ = [
    "changes",
    "check_percentages",
    "check_weighted_totals",
    "compare_cost_per_contact",
    "icb_rates",
    "measures_by_place",
    "read_icb_allocations",
    "read_mhsds_monthly",
    "read_national_costs",
    "read_published",
    "sample_files",
    "share_without_icb",
]

__dir__ = __all__.copy
