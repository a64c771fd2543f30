"""The measures by which community mental health services are planned and compared."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from cmhs_metrics import units
from cmhs_metrics.ages import AgeBand
from cmhs_metrics.catalogue import describe, list_metrics
from cmhs_metrics.clusters import CareCluster, SuperClass
from cmhs_metrics.containers import DimensionalityError
from cmhs_metrics.errors import BadInput, Problem
from cmhs_metrics.metrics.caseload import caseload_per_100k
from cmhs_metrics.metrics.contacts import (
    contacts_per_100k,
    contacts_per_patient,
    contacts_per_patient_month,
    dna_rate,
    face_to_face_share,
)
from cmhs_metrics.metrics.finance import (
    cost_per_100k,
    cost_per_contact,
    cost_per_referral,
    cost_per_wte,
    year_of_care_cost,
    year_of_care_cost_on_average_caseload,
)
from cmhs_metrics.metrics.population import need_index, per_100k, weighted_population
from cmhs_metrics.metrics.referrals import referral_acceptance_rate, referrals_per_100k
from cmhs_metrics.metrics.workforce import contacts_per_wte, patients_per_wte, wte_per_100k
from cmhs_metrics.populations import Population
from cmhs_metrics.team_types import TeamType
from cmhs_metrics.teams import Team
from cmhs_metrics.trends import index_to_base, percentage_change, real_terms

if TYPE_CHECKING:
    from cmhs_metrics import audit
    from cmhs_metrics.tables import aggregate, validate, with_metrics

__version__ = "0.1.0"

__all__ = [
    "AgeBand",
    "BadInput",
    "CareCluster",
    "DimensionalityError",
    "Population",
    "Problem",
    "SuperClass",
    "Team",
    "TeamType",
    "aggregate",
    "audit",
    "caseload_per_100k",
    "contacts_per_100k",
    "contacts_per_patient",
    "contacts_per_patient_month",
    "contacts_per_wte",
    "cost_per_100k",
    "cost_per_contact",
    "cost_per_referral",
    "cost_per_wte",
    "describe",
    "dna_rate",
    "face_to_face_share",
    "index_to_base",
    "list_metrics",
    "need_index",
    "patients_per_wte",
    "per_100k",
    "percentage_change",
    "real_terms",
    "referral_acceptance_rate",
    "referrals_per_100k",
    "units",
    "validate",
    "weighted_population",
    "with_metrics",
    "wte_per_100k",
    "year_of_care_cost",
    "year_of_care_cost_on_average_caseload",
]

# What needs narwhals or the audit's files is loaded when it is first asked for.
_ON_FIRST_USE = {
    "aggregate": "cmhs_metrics.tables",
    "validate": "cmhs_metrics.tables",
    "with_metrics": "cmhs_metrics.tables",
}


def __getattr__(name: str) -> Any:
    if name in _ON_FIRST_USE:
        return getattr(import_module(_ON_FIRST_USE[name]), name)
    if name == "audit":
        return import_module("cmhs_metrics.audit")
    raise AttributeError(f"module 'cmhs_metrics' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
