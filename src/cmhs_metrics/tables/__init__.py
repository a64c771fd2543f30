"""Metrics on tables: the same kind of table comes back, whatever the engine.

A table is read (`reading`), checked (`checking`, `total_rows`), combined (`combining`, `populations`), computed with
(`computing`) and given back (`giving_back`).
"""

from cmhs_metrics.tables.adding import with_metrics
from cmhs_metrics.tables.aggregation import aggregate
from cmhs_metrics.tables.giving_back import TableNote
from cmhs_metrics.tables.validation import validate

__all__ = ["TableNote", "aggregate", "validate", "with_metrics"]

__dir__ = __all__.copy
