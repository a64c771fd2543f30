"""Primary care: what is done for mental health outside the specialist services."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmhs_metrics.catalogue import metric
from cmhs_metrics.numeric.ratio import ratio
from cmhs_metrics.numeric.summaries import shares
from cmhs_metrics.sources import AUDIT

if TYPE_CHECKING:
    from cmhs_metrics.numeric.kinds import Many, Number, Value

__all__ = [
    "trained_professionals_per_100k",
    "enhanced_patients_per_100k",
    "enhanced_cost_per_100k",
    "enhanced_cost_per_patient",
    "psychological_therapists_per_100k",
    "smi_health_check_rate",
    "housing_places_per_100k",
    "housing_occupancy",
    "housing_cost_per_100k",
    "housing_cost_per_place",
    "shared_care_rate",
    "enhanced_provider_share",
]

ENHANCED = AUDIT.section("Primary Care: Enhanced Primary Care")
HOUSING = AUDIT.section("Primary Care: Supported Housing; capacity and spend")


@metric(
    label="Primary-care professionals trained in mental health per 100,000 people",
    unit="professional / person_100k",
    source=AUDIT.section("Primary Care: Primary Care mental health specialist training"),
    example={"trained_professionals": 34_100, "population": 55_000_000},
    gives="62.0",
    where="62 per 100,000, on the 55.0m people that 904,036 patients at 1,644 per 100,000 imply",
)
def trained_professionals_per_100k(trained_professionals: Value | Number, population: Value | Number) -> Value:
    """Primary-care professionals who were trained in mental health in the last two years, for every 100,000 people."""
    return ratio(trained_professionals, population, 100_000)


@metric(
    label="Patients of enhanced primary care per 100,000 people",
    unit="patient / person_100k",
    source=ENHANCED,
    example={"enhanced_care_patients": 904_036, "population": 54_990_000},
    gives="1644.0",
    where="904,036 patients at 1,644 per 100,000, which implies 55.0m people",
)
def enhanced_patients_per_100k(enhanced_care_patients: Value | Number, population: Value | Number) -> Value:
    """People supported by enhanced mental-health services in primary care, for every 100,000 people."""
    return ratio(enhanced_care_patients, population, 100_000)


@metric(
    label="Cost of enhanced primary care per 100,000 people",
    unit="GBP / person_100k",
    source=ENHANCED,
    example={"enhanced_care_cost": 281_000_000, "population": 54_990_000},
    gives="511000.0",
    places=-3,
    where="£281m at £511,061 per 100,000",
)
def enhanced_cost_per_100k(enhanced_care_cost: Value | Number, population: Value | Number) -> Value:
    """Cost of enhanced mental-health services in primary care, for every 100,000 people."""
    return ratio(enhanced_care_cost, population, 100_000)


@metric(
    label="Cost per patient of enhanced primary care",
    unit="GBP / patient",
    source=ENHANCED,
    example={"enhanced_care_cost": 511_061, "enhanced_care_patients": 1_644},
    gives="311",
    places=0,
    where="£511,061 and 1,644 patients per 100,000 people",
    caveats=["The audit prints £676, which neither its rates nor its totals give."],
)
def enhanced_cost_per_patient(enhanced_care_cost: Value | Number, enhanced_care_patients: Value | Number) -> Value:
    """Cost of enhanced mental-health services in primary care for each person supported."""
    return ratio(enhanced_care_cost, enhanced_care_patients)


@metric(
    label="Psychological therapists in primary care per 100,000 people",
    unit="WTE / person_100k",
    source=AUDIT.section("Primary Care: Psychological Therapists (locally employed)"),
    example={"psychological_therapists": 4_949, "population": 53_215_000},
    gives="9.3",
    where="4,949 WTE at 9.3 per 100,000, which implies 53.2m people",
)
def psychological_therapists_per_100k(psychological_therapists: Value | Number, population: Value | Number) -> Value:
    """Psychological therapists employed locally in primary care, outside IAPT, for every 100,000 people."""
    return ratio(psychological_therapists, population, 100_000)


@metric(
    label="Annual physical health checks of people with SMI",
    unit="",
    source=AUDIT.section("Primary Care: Physical Healthcare Checks"),
    example={"smi_health_checks": 58, "smi_register": 100},
    gives="0.58",
    places=2,
    where="58% of people on the register, as CCGs expected for 2017/18",
    proportion=True,
)
def smi_health_check_rate(smi_health_checks: Value | Number, smi_register: Value | Number) -> Value:
    """The share of people on the register of severe mental illness who had a full physical health check in the year."""
    return ratio(smi_health_checks, smi_register)


@metric(
    label="Supported-housing places per 100,000 people",
    unit="place / person_100k",
    source=HOUSING,
    example={"housing_places": 175, "population": 500_000},
    gives="35.0",
    where="residential care homes: 35 places per 100,000, so 175 for 500,000 people",
)
def housing_places_per_100k(housing_places: Value | Number, population: Value | Number) -> Value:
    """Places in supported housing, for every 100,000 people."""
    return ratio(housing_places, population, 100_000)


@metric(
    label="Occupancy of supported housing",
    unit="",
    source=HOUSING,
    example={"occupied_housing_places": 86, "housing_places": 100},
    gives="0.86",
    places=2,
    where="residential care homes: 86% of places occupied on 31 March 2017",
    proportion=True,
)
def housing_occupancy(occupied_housing_places: Value | Number, housing_places: Value | Number) -> Value:
    """The share of places in supported housing that are taken."""
    return ratio(occupied_housing_places, housing_places)


@metric(
    label="Spend on supported housing per 100,000 people",
    unit="GBP / person_100k",
    source=HOUSING,
    example={"housing_cost": 4_330_000, "population": 500_000},
    gives="866000.0",
    where="residential care homes: £866,000 per 100,000, so £4.33m for 500,000 people",
)
def housing_cost_per_100k(housing_cost: Value | Number, population: Value | Number) -> Value:
    """Spend on supported housing, for every 100,000 people."""
    return ratio(housing_cost, population, 100_000)


@metric(
    label="Spend per supported-housing place",
    unit="GBP / place",
    source=HOUSING,
    example={"housing_cost": 866_000, "housing_places": 35},
    gives="24700.0",
    places=-2,
    where="residential care homes: £866,000 for 35 places, printed £24,700",
    annual=True,
)
def housing_cost_per_place(housing_cost: Value | Number, housing_places: Value | Number) -> Value:
    """Spend on supported housing for each place in it."""
    return ratio(housing_cost, housing_places)


@metric(
    label="Prescribing under shared care",
    unit="",
    source=AUDIT.section("Primary Care: Mental Health prescribing"),
    example={"shared_care_organisations": 54, "organisations": 100},
    gives="0.54",
    places=2,
    where="54% of CCGs, for oral antipsychotic medication",
    proportion=True,
)
def shared_care_rate(shared_care_organisations: Value | Number, organisations: Value | Number) -> Value:
    """The share of organisations in which primary care prescribes under a shared-care protocol."""
    return ratio(shared_care_organisations, organisations)


@metric(
    label="Share of enhanced primary care by kind of provider",
    unit="",
    source=ENHANCED,
    example={"services": (100, 55, 41)},
    gives="[0.51, 0.28, 0.21]",
    places=2,
    where="196 services: trusts 51%, GP practices and consortia 28%, primary care teams 21%",
    proportion=True,
    many=True,
)
def enhanced_provider_share(services: Many) -> Many:
    """The share of each kind of provider among the enhanced services in primary care."""
    return shares(services)
