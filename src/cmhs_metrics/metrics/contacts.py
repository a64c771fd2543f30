"""Contacts: how much care is given, how, and how much is missed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmhs_metrics.catalogue import metric
from cmhs_metrics.numeric.ratio import ratio
from cmhs_metrics.sources import AUDIT, FRAMEWORK

if TYPE_CHECKING:
    from cmhs_metrics.numeric.kinds import Number, Value

__all__ = [
    "contacts_per_100k",
    "contacts_per_patient",
    "contacts_per_patient_month",
    "face_to_face_share",
    "dna_rate",
    "non_face_to_face_share",
]

PER_PATIENT = AUDIT.section("Size and shape of the workforce – by team type: Contacts per patient per year")
CASELOAD_AT_YEAR_END = (
    "Contacts of the whole year stand over the caseload on its last day: teams that see many people briefly look more "
    "intensive than they are (assessment and brief intervention above all)."
)


@metric(
    label="Contacts per 100,000 people",
    unit="contact / person_100k",
    source=AUDIT.section("Example benchmarking comparisons: Contact levels per 100,000 population 2016/17"),
    example={"contacts": 14_000_000, "population": 44_900_000},
    gives="31180",
    places=0,
    where="14 million contacts; the population that 698,444 people at 1,555 per 100,000 imply",
    caveats=["The audit's own rate, 32,252, is a mean of trusts over people aged 16 and over."],
)
def contacts_per_100k(contacts: Value | Number, population: Value | Number) -> Value:
    """Contacts that took place in the period, for every 100,000 people of the place."""
    return ratio(contacts, population, 100_000)


@metric(
    label="Contacts per patient per year",
    unit="contact / patient",
    source=PER_PATIENT,
    example={"contacts": 14_000_000, "caseload": 698_444},
    gives="20.0",
    where="14 million contacts, 698,444 people on caseload",
    annual=True,
    caveats=[CASELOAD_AT_YEAR_END],
)
def contacts_per_patient(contacts: Value | Number, caseload: Value | Number) -> Value:
    """Contacts of a year for each person on the caseload at its end: how intensive the care is."""
    return ratio(contacts, caseload)


@metric(
    label="Contacts per patient per month",
    unit="contact / patient / month",
    source=FRAMEWORK.section("Why should services change?"),
    example={"contacts": 16.8, "caseload": 1},
    gives="1.4",
    where="1.4 contacts a month, which are 16.8 a year",
    annual=True,
    caveats=[CASELOAD_AT_YEAR_END],
)
def contacts_per_patient_month(contacts: Value | Number, caseload: Value | Number) -> Value:
    """Contacts of a year for each person on the caseload at its end, in a twelfth of the year."""
    return ratio(contacts, caseload, 1 / 12)


@metric(
    label="Face-to-face share of contacts",
    unit="",
    source=AUDIT.section("Example benchmarking comparisons: Contact levels per 100,000 population 2016/17"),
    example={"face_to_face_contacts": 10_640_000, "contacts": 14_000_000},
    gives="0.76",
    places=2,
    where="76% of 14 million contacts are face to face",
    proportion=True,
    caveats=["Telephone, e-mail and team meetings are the rest; services record them with unequal care."],
)
def face_to_face_share(face_to_face_contacts: Value | Number, contacts: Value | Number) -> Value:
    """The share of the contacts that took place face to face."""
    return ratio(face_to_face_contacts, contacts)


@metric(
    label="DNA rate",
    unit="",
    source=AUDIT.section("Community MH DNA Analysis: DNAs 2016/17"),
    example={"did_not_attends": 11, "contacts": 89},
    gives="0.11",
    places=2,
    where="generic CMHTs: 11% of appointments missed, so 11 to every 89 kept",
    proportion=True,
    whole="appointments",
    caveats=[
        "The whole is appointments: those kept (contacts) and those missed. Cancelled appointments are in neither.",
        "Contacts without an appointment (a telephone call, a message) make the rate look lower.",
    ],
)
def dna_rate(did_not_attends: Value | Number, contacts: Value | Number) -> Value:
    """The share of appointments that the patient missed without warning (did not attend, DNA)."""
    return ratio(did_not_attends, did_not_attends + contacts)


@metric(
    label="Share of contacts that are not face to face",
    unit="",
    source=AUDIT.section("Example benchmarking comparisons: Contact levels per 100,000 population 2016/17"),
    example={"contacts": 14_000_000, "face_to_face_contacts": 10_640_000},
    gives="0.24",
    places=2,
    where="76% of 14 million contacts are face to face, the residual 24% are not",
    proportion=True,
)
def non_face_to_face_share(contacts: Value | Number, face_to_face_contacts: Value | Number) -> Value:
    """The share of the contacts that took place by telephone, message, video or otherwise not face to face."""
    return ratio(contacts - face_to_face_contacts, contacts)
