"""Benchmarking: each place's metric beside the average, with its rank, its uncertainty and its peers."""

from cmhs_metrics.benchmarking.comparison import benchmark
from cmhs_metrics.benchmarking.place_names import NOT_PLACES

__all__ = ["NOT_PLACES", "benchmark"]

__dir__ = __all__.copy
