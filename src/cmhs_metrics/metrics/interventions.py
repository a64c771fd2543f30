"""Interventions: which therapies the teams offer themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmhs_metrics.catalogue import metric
from cmhs_metrics.numeric.ratio import ratio
from cmhs_metrics.sources import AUDIT, FRAMEWORK

if TYPE_CHECKING:
    from cmhs_metrics.numeric.kinds import Number, Value

__all__ = ["intervention_offer_rate", "therapy_offer_rate"]

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


@metric(
    label="Patients offered more than medicines",
    unit="",
    source=FRAMEWORK.section("Why should services change?: Outcomes and services for people are variable"),
    example={"patients_offered_therapy": 45, "caseload": 100},
    gives="0.45",
    places=2,
    where="illustration; less than half were offered it in the last 12 months",
    proportion=True,
)
def therapy_offer_rate(patients_offered_therapy: Value | Number, caseload: Value | Number) -> Value:
    """The share of people on the caseload who were offered a non-pharmacological treatment in the year."""
    return ratio(patients_offered_therapy, caseload)
