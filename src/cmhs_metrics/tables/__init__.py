"""Metrics on tables: the same kind of table comes back, whatever the engine."""

from cmhs_metrics.tables.aggregation import aggregate
from cmhs_metrics.tables.columns import with_metrics
from cmhs_metrics.tables.validation import validate

__all__ = ["aggregate", "validate", "with_metrics"]
