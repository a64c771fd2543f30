"""Synthetic providers: made-up trusts on which to try the library, in the proportions of the audit.

No real trust is in here. Every name begins with "Synthetic"; figures are drawn around the audit's England averages for
each type of team, within the ranges it prints.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from cmhs_metrics.audit.figures import load
from cmhs_metrics.errors import refuse
from cmhs_metrics.numeric.expected import size
from cmhs_metrics.team_types import TeamType

if TYPE_CHECKING:
    import pandas as pd

PROVISION = {
    TeamType.GENERIC_CMHT: 0.98,
    TeamType.CRHT: 0.98,
    TeamType.OLDER_PEOPLE: 0.96,
    TeamType.EIP: 0.95,
    TeamType.MEMORY: 0.75,
    TeamType.OTHER: 0.6,
    TeamType.ASSESSMENT_BRIEF_INTERVENTION: 0.55,
    TeamType.REHABILITATION_RECOVERY: 0.5,
    TeamType.EATING_DISORDERS: 0.5,
    TeamType.PERINATAL: 0.5,
    TeamType.FORENSIC: 0.5,
    TeamType.ASSERTIVE_OUTREACH: 0.3,
}
"""How many of the synthetic trusts have each type of team: our reading of the audit's "most" and "around half"."""

_COST_PER_WTE = 59_000.0
_OVER_65 = 0.22
_WITHOUT_RATE = {"dna_rate": 8.0, "referral_acceptance_rate": 82.0}


MOST_PROVIDERS = 10_000
"""England has a few dozen; far more than this is a slip, and takes hours."""


def synthetic_providers(providers: int = 56, *, period: str = "2016/17", seed: int = 2017) -> pd.DataFrame:
    """Make a table of synthetic trusts with their teams.

    Parameters
    ----------
    providers : int, default 56
        How many trusts; the audit covers 56.
    period : str, default "2016/17"
        The financial year that the table is given.
    seed : int, default 2017
        Of the random draw: the same seed gives the same table.

    Returns
    -------
    pandas.DataFrame
        A row for each synthetic trust and type of team: `organisation`, `icb`, `region` (all synthetic), `team_type`,
        `period`; `total_cost` [GBP], `caseload` [patient], `contacts`, `face_to_face_contacts`, `did_not_attends`
        [contact], `referrals`, `referrals_accepted` [referral], `wte` [WTE]; and the people of the trust's catchment
        [person]: `registered_population`, `weighted_population`, `people_aged_16_plus`, `people_aged_16_64`,
        `people_aged_65_plus`.

    Raises
    ------
    BadInput
        When the number of providers is not a whole number from 1 to 10,000, or the seed none of zero or more.

    References
    ----------
    NHS Benchmarking Network, Community Mental Health Services Audit 2016/17: CMHS Finance – Unit Costs; Community MH
    DNA Analysis; Referrals by team type by source; Length of time on caseloads.

    Examples
    --------
    >>> table = synthetic_providers()
    >>> table["organisation"].nunique()
    56
    >>> bool(table["organisation"].str.startswith("Synthetic").all())
    True
    """
    import pandas as pd

    refuse("synthetic_providers", [*size("providers", providers, 1, MOST_PROVIDERS), *size("seed", seed)])
    draw = np.random.default_rng(seed)
    over_16 = 100_000 * _printed("total.total_cost") / _printed("total.cost_per_100k")
    rows = []
    for number in range(1, providers + 1):
        people = round(over_16 * draw.lognormal(-0.09, 0.42))
        registered = round(people / 0.81)
        place = {
            "organisation": f"Synthetic Trust {number:02}",
            "icb": f"Synthetic ICB {(number - 1) * 42 // max(providers, 42) + 1:02}",
            "region": f"Synthetic Region {(number - 1) % 7 + 1}",
            "period": period,
            "registered_population": registered,
            "weighted_population": round(registered * draw.uniform(0.75, 1.3)),
            "people_aged_16_plus": people,
            "people_aged_16_64": people - round(people * _OVER_65),
            "people_aged_65_plus": round(people * _OVER_65),
        }
        spending = draw.lognormal(0, 0.2)
        rows += [
            place | _team(team_type, people, spending, draw)
            for team_type, share in PROVISION.items()
            if draw.random() < share
        ]
    keys = ["organisation", "icb", "region", "team_type", "period"]
    table = pd.DataFrame(rows)
    # Weights move people between places and create none.
    places = table.drop_duplicates("organisation")
    scale = places["registered_population"].sum() / places["weighted_population"].sum()
    table["weighted_population"] = (table["weighted_population"] * scale).round(1)
    return table[[*keys, *(name for name in table if name not in keys)]]


def _team(team_type: TeamType, people: int, spending: float, draw: np.random.Generator) -> dict[str, object]:
    """A team of the audit's average, drawn away from it."""
    cost = _printed(f"{team_type.value}.cost_per_100k") * people / 100_000 * spending * draw.lognormal(-0.03, 0.25)
    contacts = round(cost / (_printed(f"{team_type.value}.cost_per_contact") * draw.lognormal(0, 0.15)))
    accepted_of = min(0.98, draw.normal(_rate("referral_acceptance_rate", team_type), 4) / 100)
    year_of_care = _printed(f"{team_type.value}.year_of_care_cost")
    if np.isnan(year_of_care):
        # Crisis and assessment teams hold people so briefly that the audit prints no year of care.
        year_of_care = _printed(f"{team_type.value}.cost_per_contact") * 30
    caseload = max(1, round(cost / (year_of_care * draw.lognormal(0, 0.25))))
    months = _figures()[f"time_on_caseload.{team_type.value}"]
    accepted = max(1, round(caseload * 12 / months))
    missed = np.clip(draw.normal(_rate("dna_rate", team_type), 3), 3, 19) / 100
    return {
        "team_type": team_type.label,
        "total_cost": round(cost),
        "caseload": caseload,
        "contacts": contacts,
        "face_to_face_contacts": round(contacts * np.clip(draw.normal(0.76, 0.06), 0.5, 0.95)),
        "did_not_attends": round(contacts * missed / (1 - missed)),
        "referrals": round(accepted / accepted_of),
        "referrals_accepted": accepted,
        "wte": round(cost / (_COST_PER_WTE * draw.lognormal(0, 0.08)), 1),
    }


@cache
def _figures() -> dict[str, float]:
    return {each.id: each.value for each in load("audit_2016_17")}


def _printed(name: str) -> float:
    return _figures()[f"finance.cost_profile.{name}"]


def _rate(measure: str, team_type: TeamType) -> float:
    """The printed rate of the type of team [%], or that of all where none is printed."""
    section = {"dna_rate": "contacts.dna", "referral_acceptance_rate": "referrals.acceptance"}[measure]
    return _figures().get(f"{section}.{team_type.value}", _WITHOUT_RATE[measure])
