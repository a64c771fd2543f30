"""The 2016/17 audit and four documents around it: their printed figures, and what comes of recomputing them."""

from __future__ import annotations

from cmhs_metrics.audit.figures import Figure, documents, figure, figures
from cmhs_metrics.audit.profile import profile
from cmhs_metrics.audit.reconcile import mistakes, reconcile, summary

__all__ = ["Figure", "documents", "figure", "figures", "mistakes", "profile", "reconcile", "summary"]

__dir__ = __all__.copy
