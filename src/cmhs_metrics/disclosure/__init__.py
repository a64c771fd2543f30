"""Disclosure control: suppression, rounding, and the attack that tests them."""

from cmhs_metrics.disclosure.attack import Attack, attack
from cmhs_metrics.disclosure.costs import CostRule, protect_costs
from cmhs_metrics.disclosure.known_bounds import Known, known_rank, known_rate, known_total
from cmhs_metrics.disclosure.linked import LinkedTable
from cmhs_metrics.disclosure.protected_table import ProtectedTable
from cmhs_metrics.disclosure.protection import protect
from cmhs_metrics.disclosure.published_table import PublishedTable, published_table
from cmhs_metrics.disclosure.rule import NHS, Rule, round_to
from cmhs_metrics.disclosure.suppressed_tables import suppress_table
from cmhs_metrics.disclosure.suppression import Suppression, suppress, suppress_percentage, suppression

__all__ = [
    "NHS",
    "Attack",
    "CostRule",
    "Known",
    "LinkedTable",
    "ProtectedTable",
    "PublishedTable",
    "Rule",
    "Suppression",
    "attack",
    "known_rank",
    "known_rate",
    "known_total",
    "protect",
    "protect_costs",
    "published_table",
    "round_to",
    "suppress",
    "suppress_percentage",
    "suppress_table",
    "suppression",
]

__dir__ = __all__.copy
