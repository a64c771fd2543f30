"""The measures by which community mental health services are planned and compared."""

# Each module of metrics/ says in its own `__all__` what is public. Star imports are what every type checker follows.
# ruff: noqa: F403
from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from cmhs_metrics import metrics, units
from cmhs_metrics.ages import AgeBand
from cmhs_metrics.ambitions import AMBITIONS, Ambition, AmbitionEnded, progress, required_growth, shortfall
from cmhs_metrics.catalogue import describe, list_metrics
from cmhs_metrics.clusters import CareCluster, SuperClass
from cmhs_metrics.currencies import CareSetting, Currency, CurrencyGroup
from cmhs_metrics.errors import BadInput, Problem
from cmhs_metrics.extrapolation import extrapolate_rate, extrapolate_response, implied_population
from cmhs_metrics.metrics.caseload import *
from cmhs_metrics.metrics.clusters import *
from cmhs_metrics.metrics.contacts import *
from cmhs_metrics.metrics.finance import *
from cmhs_metrics.metrics.inpatient import *
from cmhs_metrics.metrics.interventions import *
from cmhs_metrics.metrics.population import *
from cmhs_metrics.metrics.primary_care import *
from cmhs_metrics.metrics.referrals import *
from cmhs_metrics.metrics.social_care import *
from cmhs_metrics.metrics.transformation import *
from cmhs_metrics.metrics.voluntary_sector import *
from cmhs_metrics.metrics.waits import *
from cmhs_metrics.metrics.workforce import *
from cmhs_metrics.numeric.containers import DimensionalityError
from cmhs_metrics.outcomes import (
    OUTCOME_TOOLS,
    OutcomeTool,
    ReliableOutcomes,
    avoided_activity,
    first_and_latest_scores,
    reliable_change,
    reliable_outcomes,
    share_improved,
)
from cmhs_metrics.periods import parse_periods
from cmhs_metrics.populations import Population
from cmhs_metrics.sizing import community_plan
from cmhs_metrics.team_types import TeamType
from cmhs_metrics.teams import Team
from cmhs_metrics.trends import change, index_to_base, percentage_change, percentage_point_change, real_terms
from cmhs_metrics.version import __version__ as __version__

if TYPE_CHECKING:
    from cmhs_metrics import (
        audit,
        catchments,
        decomposition,
        disclosure,
        exchange,
        inequality,
        intervals,
        mhsds,
        need,
        packs,
        places,
        plots,
        published,
        returns,
        run_charts,
        trends,
        variation,
        workbooks,
    )
    from cmhs_metrics.benchmarking import benchmark
    from cmhs_metrics.decomposition import what_drove
    from cmhs_metrics.packs import pack
    from cmhs_metrics.policies import policy
    from cmhs_metrics.returns import read_return
    from cmhs_metrics.searching import search
    from cmhs_metrics.synthetic import synthetic_providers
    from cmhs_metrics.tables import TableNote, aggregate, validate, with_metrics

__all__ = [
    "AMBITIONS",
    "AgeBand",
    "Ambition",
    "AmbitionEnded",
    "BadInput",
    "CareCluster",
    "CareSetting",
    "Currency",
    "CurrencyGroup",
    "DimensionalityError",
    "Population",
    "Problem",
    "SuperClass",
    "TableNote",
    "Team",
    "TeamType",
    "aggregate",
    "audit",
    "avoided_activity",
    "benchmark",
    "catchments",
    "change",
    "community_plan",
    "decomposition",
    "describe",
    "disclosure",
    "exchange",
    "extrapolate_rate",
    "extrapolate_response",
    "implied_population",
    "index_to_base",
    "inequality",
    "intervals",
    "list_metrics",
    "mhsds",
    "need",
    "pack",
    "packs",
    "parse_periods",
    "percentage_change",
    "percentage_point_change",
    "places",
    "plots",
    "policy",
    "progress",
    "published",
    "read_return",
    "real_terms",
    "reliable_change",
    "required_growth",
    "returns",
    "run_charts",
    "search",
    "share_improved",
    "shortfall",
    "synthetic_providers",
    "trends",
    "units",
    "validate",
    "variation",
    "what_drove",
    "with_metrics",
    "workbooks",
    "OUTCOME_TOOLS",
    "OutcomeTool",
    "ReliableOutcomes",
    "first_and_latest_scores",
    "reliable_outcomes",
]
__all__ += metrics.__all__

# What needs narwhals, scipy or the audit's files is loaded when it is first asked for: these, and the modules of
# `__all__` that are not imported above.
_ON_FIRST_USE = {
    "TableNote": "cmhs_metrics.tables",
    "aggregate": "cmhs_metrics.tables",
    "benchmark": "cmhs_metrics.benchmarking",
    "pack": "cmhs_metrics.packs",
    "policy": "cmhs_metrics.policies",
    "read_return": "cmhs_metrics.returns",
    "search": "cmhs_metrics.searching",
    "synthetic_providers": "cmhs_metrics.synthetic",
    "validate": "cmhs_metrics.tables",
    "what_drove": "cmhs_metrics.decomposition",
    "with_metrics": "cmhs_metrics.tables",
}


# Type checkers, which know the names from above, must not take every other name for one of them.
if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name in _ON_FIRST_USE:
            return getattr(import_module(_ON_FIRST_USE[name]), name)
        if name in __all__:
            return import_module(f"cmhs_metrics.{name}")
        raise AttributeError(f"module 'cmhs_metrics' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
