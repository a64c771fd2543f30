"""Records to measures: the Mental Health Services Data Set (MHSDS), by the national definitions.

An `Extract` holds the tables that a user has. `measures` makes of it the table of measures that `with_metrics`,
`aggregate` and `benchmark` take. The same definitions run on pandas, Polars, PyArrow, DuckDB, Ibis and PySpark; lazy
tables stay lazy. Versions 4, 5 and 6 of the data set are read.
"""

from cmhs_metrics.mhsds.caseload import time_on_caseload
from cmhs_metrics.mhsds.clusters import cluster_profile
from cmhs_metrics.mhsds.dashboard import discharges, time_since_last_contact
from cmhs_metrics.mhsds.example import example
from cmhs_metrics.mhsds.frequencies import event_frequencies
from cmhs_metrics.mhsds.measures import measures
from cmhs_metrics.mhsds.national import compare, national_measures, paired_outcomes, published
from cmhs_metrics.mhsds.quality import quality
from cmhs_metrics.mhsds.quality_report import quality_report
from cmhs_metrics.mhsds.records.codes import ACCESS, ALL, CORE, Scope
from cmhs_metrics.mhsds.records.dates import last_day, month_id
from cmhs_metrics.mhsds.records.extract import Extract
from cmhs_metrics.mhsds.rows import contacts, referral_spells, referrals
from cmhs_metrics.mhsds.synthesis import synthesise
from cmhs_metrics.mhsds.waits import waits

__all__ = [
    "ACCESS",
    "ALL",
    "CORE",
    "Extract",
    "Scope",
    "cluster_profile",
    "compare",
    "contacts",
    "discharges",
    "event_frequencies",
    "example",
    "last_day",
    "measures",
    "month_id",
    "national_measures",
    "paired_outcomes",
    "published",
    "quality",
    "quality_report",
    "referral_spells",
    "referrals",
    "synthesise",
    "time_on_caseload",
    "time_since_last_contact",
    "waits",
]

__dir__ = __all__.copy
