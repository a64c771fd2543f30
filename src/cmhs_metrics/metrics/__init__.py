"""The definitions of the metrics, a module for each section of the audit."""

# In the audit's order, which is that of the catalogue.
# ruff: noqa: I001
from cmhs_metrics.metrics import population
from cmhs_metrics.metrics import inpatient
from cmhs_metrics.metrics import referrals
from cmhs_metrics.metrics import waits
from cmhs_metrics.metrics import caseload
from cmhs_metrics.metrics import clusters
from cmhs_metrics.metrics import contacts
from cmhs_metrics.metrics import finance
from cmhs_metrics.metrics import workforce
from cmhs_metrics.metrics import interventions
from cmhs_metrics.metrics import social_care
from cmhs_metrics.metrics import primary_care
from cmhs_metrics.metrics import voluntary_sector
from cmhs_metrics.metrics import transformation

__all__ = [
    "caseload",
    "clusters",
    "contacts",
    "finance",
    "inpatient",
    "interventions",
    "population",
    "primary_care",
    "referrals",
    "social_care",
    "transformation",
    "voluntary_sector",
    "waits",
    "workforce",
]
