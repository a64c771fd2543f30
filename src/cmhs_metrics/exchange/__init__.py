"""Metrics for other people's systems: NHS England's Central Metrics Library, SQL, Apache Ossie, JSON.

A module for each format. Nothing else in the package imports this room; the extra `exchange` has what it needs.
"""

from cmhs_metrics.exchange.catalogue_file import catalogue, catalogue_schema
from cmhs_metrics.exchange.central_metrics_library import CentralMetrics, cml
from cmhs_metrics.exchange.queries import sql
from cmhs_metrics.exchange.semantic_model import ossie

__all__ = ["CentralMetrics", "catalogue", "catalogue_schema", "cml", "ossie", "sql"]

__dir__ = __all__.copy
