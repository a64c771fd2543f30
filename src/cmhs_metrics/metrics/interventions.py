"""Interventions: which therapies the teams offer themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmhs_metrics.catalogue import metric
from cmhs_metrics.ratio import ratio
from cmhs_metrics.sources import AUDIT

if TYPE_CHECKING:
    from cmhs_metrics.values import Number, Value

INTERVENTIONS = (
    "Behavioural couples therapy",
    "Behavioural therapy",
    "Cognitive Analytic Therapy (CAT)",
    "CBT (to BABCP accreditable level)",
    "CBTp (i.e. CBT for Psychosis)",
    "Counselling (to BACP level)",
    "DBT",
    "EMDR",
    "Family therapy",
    "Functional family therapy",
    "IPT",
    "Mentalization based therapy",
    "Structured Clinical Management",
    "STEPPS (Systems Training for Emotional Predictability and Problem Solving)",
    "Psychodynamic psychotherapy",
    "Non-medical prescribing",
    "Employment support",
    "Physical healthcare checks",
    "Psychosocial Interventions (PSI)",
    "Carer Support",
    "Smoking Cessation",
    "ECT (Electroconvulsive therapy)",
)
"""The 22 interventions that the audit asked about."""


@metric(
    label="Share of teams that offer an intervention",
    unit="",
    source=AUDIT.section("Psychological therapies and interventions"),
    example={"teams_offering": 30, "teams": 40},
    gives="0.75",
    places=2,
    where="illustration; the audit marks 50% and more",
    proportion=True,
    caveats=["The audit warns that its answers are incomplete: read them as one intervention against another."],
)
def intervention_offer_rate(teams_offering: Value | Number, teams: Value | Number) -> Value:
    """The share of teams that offer an intervention themselves, not by referring on."""
    return ratio(teams_offering, teams)
