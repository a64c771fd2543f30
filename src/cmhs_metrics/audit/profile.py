"""The 2016/17 cost and activity profile by type of team, recomputed from the audit's other figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cmhs_metrics.audit.check import CANNOT_BE_CHECKED, Outcome
from cmhs_metrics.audit.figures import Figure, load
from cmhs_metrics.audit.reconcile import outcomes
from cmhs_metrics.numeric.ratio import ratio
from cmhs_metrics.team_types import TeamType

if TYPE_CHECKING:
    import pandas as pd

_COLUMNS = {
    "total_cost": "finance.cost_profile.{}.total_cost",
    "cost_per_100k_age_group": "finance.cost_profile.{}.cost_per_100k_age_group",
    "cost_per_100k": "finance.cost_profile.{}.cost_per_100k",
    "year_of_care_cost": "finance.cost_profile.{}.year_of_care_cost",
    "cost_per_contact": "finance.cost_profile.{}.cost_per_contact",
    "contacts_per_patient": "contacts_per_patient.{}",
    "time_on_caseload": "time_on_caseload.{}",
}

TITLES = {
    "total_cost": "Cost per trust",
    "cost_per_100k_age_group": "Cost per 100,000 people of the team's ages",
    "cost_per_100k": "Cost per 100,000 people aged 16 and over",
}
"""What the audit calls the columns of its profile that are no metric of one population."""

ALL_TEAMS = "All CMHTs"


def profile() -> pd.DataFrame:
    """Profile cost and activity by type of team as published, and as the other published figures give it.

    Returns
    -------
    pandas.DataFrame
        A row for each type of team and measure, then for all teams: `team_type` (its label), `measure`, `unit`,
        `published` and `recomputed` [unit], `difference` (recomputed less published) [unit] and `difference_percent`
        [%], `within_rounding`, `verdict`, `formula` with the printed numbers in it, and `reason`. Where the audit
        prints nothing that the figure could be recomputed from, `recomputed` is missing.

    References
    ----------
    NHS England Community Mental Health Services Audit 2016/17: CMHS Finance – Unit Costs; Size and shape of the
    workforce – by team type: Contacts per patient per year; Community MH Caseload: average time on caseload.

    Examples
    --------
    >>> table = profile().set_index(["team_type", "measure"])
    >>> float(table.loc[("Generic CMHTs", "year_of_care_cost"), "published"])
    3345.0
    """
    import pandas as pd

    found = {each.reference: each for each in load("audit_2016_17")}
    results = outcomes().values()
    recomputed = {_target(outcome): outcome for outcome in reversed(results) if _computes(outcome)}
    implied = {_formula_name(outcome): outcome for outcome in reversed(results) if outcome.check.target is None}
    teams = {team.value: team.label for team in TeamType} | {"total": ALL_TEAMS}
    rows = []
    for team, label in teams.items():
        for measure, reference in _COLUMNS.items():
            name = reference.format(team)
            outcome = recomputed.get(name) if name in found else implied.get(measure) if team == "total" else None
            if outcome:
                rows.append({"team_type": label, "measure": measure} | _compared(outcome))
            elif name in found:
                rows.append({"team_type": label, "measure": measure} | _alone(found[name]))
    return pd.DataFrame(rows).astype({"within_rounding": "boolean"})


def _target(outcome: Outcome) -> str:
    return outcome.target.reference if outcome.target else ""


def _computes(outcome: Outcome) -> bool:
    """Whether the check gives its figure a value, rather than a bound or the same figure from another page."""
    return outcome.check.relation == "equals" and len(outcome.inputs) > 1


def _formula_name(outcome: Outcome) -> str:
    return getattr(outcome.check.compute, "__name__", "")


def _compared(outcome: Outcome) -> dict[str, Any]:
    difference = outcome.recomputed - outcome.published
    return {
        "unit": outcome.unit,
        "published": outcome.published,
        "recomputed": outcome.recomputed,
        "difference": difference,
        "difference_percent": ratio(difference, outcome.published, 100),
        "within_rounding": outcome.within_rounding,
        "verdict": outcome.verdict,
        "formula": outcome.formula,
        "reason": outcome.reason,
    }


def _alone(figure: Figure) -> dict[str, Any]:
    return {
        "unit": figure.unit,
        "published": figure.value,
        "verdict": CANNOT_BE_CHECKED,
        "formula": "",
        "reason": "the audit prints nothing to recompute it from",
    }
