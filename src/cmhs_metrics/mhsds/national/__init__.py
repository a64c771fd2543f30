"""The measures of the national monthly file by their ids, counted from an extract."""

from cmhs_metrics.mhsds.national.comparing import compare
from cmhs_metrics.mhsds.national.offered import national_measures
from cmhs_metrics.mhsds.national.paired import paired_outcomes
from cmhs_metrics.mhsds.national.publishing import published

__all__ = ["compare", "national_measures", "paired_outcomes", "published"]
