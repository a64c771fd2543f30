"""The national rates that synthetic extracts are drawn from: the audit's, and our reading where it prints none."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from cmhs_metrics.audit.figures import load
from cmhs_metrics.team_types import TeamType

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

YEAR = 365.25
MONTH = YEAR / 12
DIRECT_CONTACTS = 14_000_000.0
"""In an England year; every other number is in proportion."""
FACE_TO_FACE = 0.76
ADMISSIONS = 110_000.0
"""To acute and psychiatric intensive care beds in a year: our reading; the audit prints beds, not admissions."""
WITHOUT_REFERRAL = 0.15
"""Of the people admitted: those unknown to the community teams."""

TEAMS = tuple(TeamType)

# Referrals a year. Printed: 1.9 million with CRHT, three-quarters of the others to the three largest types, 430,000 to
# CRHT and 1,198 to assertive outreach. The rest is divided so that each type's caseload and stay go together.
_REFERRALS = {
    TeamType.GENERIC_CMHT: 480_000,
    TeamType.ASSERTIVE_OUTREACH: 1_198,
    TeamType.REHABILITATION_RECOVERY: 9_500,
    TeamType.ASSESSMENT_BRIEF_INTERVENTION: 300_000,
    TeamType.OLDER_PEOPLE: 330_000,
    TeamType.CRHT: 430_000,
    TeamType.EIP: 35_000,
    TeamType.PERINATAL: 15_000,
    TeamType.EATING_DISORDERS: 13_000,
    TeamType.FORENSIC: 5_000,
    TeamType.MEMORY: 150_000,
    TeamType.OTHER: 131_000,
}
# People on caseload. Printed: the total, generic, older people, memory, assertive outreach; the others from cost over
# cost per contact and contacts per patient, times the trusts that have such teams.
_CASELOAD = {
    TeamType.ASSESSMENT_BRIEF_INTERVENTION: 42_000,
    TeamType.CRHT: 22_000,
    TeamType.EIP: 22_000,
    TeamType.PERINATAL: 3_800,
    TeamType.EATING_DISORDERS: 6_300,
    TeamType.FORENSIC: 4_000,
    TeamType.REHABILITATION_RECOVERY: 8_300,
    TeamType.OTHER: 37_000,
}
_CRHT_CONTACTS_PER_PATIENT = 84.0
_ACCEPTANCE_ELSEWHERE, _DNA_ELSEWHERE = 80.0, 10.0
# Days to the first contact, median and spread (sigma of the logarithm): the audit's order of the types, and its nine in
# ten treated within 18 weeks.
_WAITS = {
    TeamType.GENERIC_CMHT: (30, 1.15),
    TeamType.ASSERTIVE_OUTREACH: (14, 0.9),
    TeamType.REHABILITATION_RECOVERY: (10, 1.0),
    TeamType.ASSESSMENT_BRIEF_INTERVENTION: (14, 1.0),
    TeamType.OLDER_PEOPLE: (18, 1.0),
    TeamType.CRHT: (1, 1.0),
    TeamType.EIP: (9, 0.8),
    TeamType.PERINATAL: (14, 0.9),
    TeamType.EATING_DISORDERS: (30, 1.1),
    TeamType.FORENSIC: (20, 0.9),
    TeamType.MEMORY: (50, 0.8),
    TeamType.OTHER: (25, 1.2),
}
# Of those on caseload: not clustered, clusters 1-8, 10-17, 18-21. Weighted by caseload they give the audit's profile.
_CLUSTERS = {
    TeamType.GENERIC_CMHT: (0.20, 0.39, 0.40, 0.01),
    TeamType.ASSERTIVE_OUTREACH: (0.05, 0.05, 0.90, 0.00),
    TeamType.REHABILITATION_RECOVERY: (0.10, 0.10, 0.80, 0.00),
    TeamType.ASSESSMENT_BRIEF_INTERVENTION: (0.45, 0.48, 0.06, 0.01),
    TeamType.OLDER_PEOPLE: (0.16, 0.16, 0.08, 0.60),
    TeamType.CRHT: (0.40, 0.34, 0.25, 0.01),
    TeamType.EIP: (0.10, 0.05, 0.85, 0.00),
    TeamType.PERINATAL: (0.50, 0.45, 0.05, 0.00),
    TeamType.EATING_DISORDERS: (0.50, 0.50, 0.00, 0.00),
    TeamType.FORENSIC: (0.30, 0.10, 0.60, 0.00),
    TeamType.MEMORY: (0.19, 0.01, 0.00, 0.80),
    TeamType.OTHER: (0.60, 0.25, 0.10, 0.05),
}
CLUSTER_CODES = (
    ((1, 0.02), (2, 0.04), (3, 0.10), (4, 0.30), (5, 0.12), (6, 0.10), (7, 0.17), (8, 0.15)),
    ((10, 0.14), (11, 0.36), (12, 0.20), (13, 0.12), (14, 0.05), (15, 0.02), (16, 0.06), (17, 0.05)),
    ((18, 0.35), (19, 0.40), (20, 0.15), (21, 0.10)),
)
"""The clusters of each group and their shares; of 1-8, one in six is mild to moderate (1-3), as the audit has it."""
TEAM_CODES = {
    TeamType.GENERIC_CMHT: (("A06", 1.0),),
    TeamType.EATING_DISORDERS: (("C10", 1.0),),
    TeamType.OTHER: (
        ("A05", 0.22), ("A12", 0.10), ("A13", 0.16), ("A16", 0.08), ("A10", 0.10), ("A11", 0.12), ("A19", 0.04),
        ("C01", 0.03), ("C04", 0.04), ("D01", 0.03), ("D05", 0.04), ("E01", 0.04),
    ),
}  # fmt: skip
"""The codes of the data set by type of team, where it has more than one, and their shares: our reading."""


@dataclass(frozen=True)
class Rates:
    """The rates of an England year, an array over the types of team each.

    Parameters
    ----------
    referrals : array
        Referrals [a year].
    accepted : array
        The share of them that is accepted.
    seen : array
        The share of the accepted that has a direct contact before discharge.
    caseload : array
        People on caseload at any time.
    stay_mu, stay_sigma : array
        Days from the first contact to discharge: a lognormal whose mean is caseload over flow, and whose spread gives
        those on caseload the audit's time on it.
    wait_mu, wait_sigma : array
        Days to the first contact: lognormal.
    contacts_per_day : array
        Direct contacts of a person on caseload after the first [a day].
    did_not_attend : array
        The share of appointments, attended or not, that people did not attend.
    clusters : array
        Shares not clustered, and of the three groups of clusters.
    """

    referrals: Floats
    accepted: Floats
    seen: Floats
    caseload: Floats
    stay_mu: Floats
    stay_sigma: Floats
    wait_mu: Floats
    wait_sigma: Floats
    contacts_per_day: Floats
    did_not_attend: Floats
    clusters: Floats


@cache
def national() -> Rates:
    """The rates of an England year.

    Returns
    -------
    Rates
        By type of team, in the order of `TEAMS`.

    References
    ----------
    NHS Benchmarking Network, NHS England Community Mental Health Services Audit 2016/17: Referrals by team type by
    source; Referrals and Caseloads by Community Team; Length of time on caseloads; Community MH DNA Analysis; Contacts
    per patient; Benchmarking community caseloads.
    """
    printed = {each.id: each.value for each in load("audit_2016_17")}

    def column(prefix: str, otherwise: dict[TeamType, float] | float) -> Floats:
        values = [printed.get(f"{prefix}.{team.value}", np.nan) for team in TEAMS]
        rest = [otherwise[team] if isinstance(otherwise, dict) else otherwise for team in TEAMS]
        return np.where(np.isnan(values), rest, values)

    referrals = np.array([_REFERRALS[team] for team in TEAMS], dtype=float)
    accepted = column("referrals.acceptance", _ACCEPTANCE_ELSEWHERE) / 100
    known = {team: printed.get(f"caseload.by_team.{team.value}.caseload", np.nan) for team in TEAMS}
    caseload = np.array([_CASELOAD.get(team, known[team]) for team in TEAMS], dtype=float)
    caseload *= printed["caseload.england.caseload"] / caseload.sum()
    seen = np.full(len(TEAMS), 0.92)
    flow = referrals * accepted * seen
    stay = caseload / flow * YEAR
    # The mean time so far of those on caseload is E(stay²) / 2 E(stay), whatever the spread of stays.
    squared_spread = 2 * column("time_on_caseload", 9.0) * MONTH / stay
    sigma = np.sqrt(np.log(np.maximum(squared_spread, 1.05)))
    contacts = caseload * column("contacts_per_patient", _CRHT_CONTACTS_PER_PATIENT)
    contacts *= DIRECT_CONTACTS / contacts.sum()
    medians, spreads = np.array([_WAITS[team] for team in TEAMS], dtype=float).T
    return Rates(
        referrals=referrals,
        accepted=accepted,
        seen=seen,
        caseload=caseload,
        stay_mu=np.log(stay) - sigma**2 / 2,
        stay_sigma=sigma,
        wait_mu=np.log(medians),
        wait_sigma=spreads,
        contacts_per_day=(contacts - flow) / (caseload * YEAR),
        did_not_attend=column("contacts.dna", _DNA_ELSEWHERE) / 100,
        clusters=np.array([_CLUSTERS[team] for team in TEAMS]),
    )
