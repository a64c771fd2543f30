"""The definitions of the metrics, a module for each section of the audit."""

# In the audit's order, which is that of the catalogue.
# ruff: noqa: I001
from cmhs_metrics.metrics import population
from cmhs_metrics.metrics import referrals
from cmhs_metrics.metrics import caseload
from cmhs_metrics.metrics import contacts
from cmhs_metrics.metrics import finance
from cmhs_metrics.metrics import workforce

__all__ = ["caseload", "contacts", "finance", "population", "referrals", "workforce"]
