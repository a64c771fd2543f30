"""Benchmarking: each place's metric beside the average, with its rank, its uncertainty and its peers."""

from cmhs_metrics.benchmarking.comparison import benchmark

__all__ = ["benchmark"]
