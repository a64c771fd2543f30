"""What drives a change: a ratio's numerator and denominator, a product's factors, a mean's rates and mix."""

from __future__ import annotations

from cmhs_metrics.decomposition.chain import Chain, chain_percentage_changes
from cmhs_metrics.decomposition.drivers import Drivers, what_drove
from cmhs_metrics.decomposition.mix import MixChange, decompose_mix_change
from cmhs_metrics.decomposition.products import (
    ProductChange,
    RatioChange,
    decompose_product_change,
    decompose_ratio_change,
)
from cmhs_metrics.decomposition.rates import RateDecomposition, decompose_rates

__all__ = [
    "Chain",
    "Drivers",
    "MixChange",
    "ProductChange",
    "RateDecomposition",
    "RatioChange",
    "chain_percentage_changes",
    "decompose_mix_change",
    "decompose_product_change",
    "decompose_rates",
    "decompose_ratio_change",
    "what_drove",
]

__dir__ = __all__.copy
