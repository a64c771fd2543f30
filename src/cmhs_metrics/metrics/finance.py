"""Finance: what the services cost, by the people they serve, the people they hold and the work they do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmhs_metrics.catalogue import metric
from cmhs_metrics.numeric.ratio import ratio
from cmhs_metrics.numeric.summaries import shares
from cmhs_metrics.sources import AUDIT, CURRENCIES, NATIONAL_COSTS, OVERSIGHT

if TYPE_CHECKING:
    from cmhs_metrics.numeric.kinds import Many, Number, Value

__all__ = [
    "cost_per_100k",
    "year_of_care_cost",
    "year_of_care_cost_on_average_caseload",
    "cost_per_contact",
    "cost_per_referral",
    "cost_per_wte",
    "cost_per_organisation",
    "provision_rate",
    "organisations_reporting_rate",
    "cost_per_bed_day",
    "relative_cost",
    "currency_cost_share",
]

UNIT_COSTS = AUDIT.section("CMHS Finance: Unit Costs 2016/17")


@metric(
    label="Cost per 100,000 people",
    unit="GBP / person_100k",
    source=AUDIT.section("CMHS Finance: Per capita expenditure"),
    example={"total_cost": 44_400_000, "population": 834_586},
    gives="5320000.0",
    places=-4,
    where="£44.4m a trust at £5.32m per 100,000 implies 834,586 people aged 16 and over a trust",
    caveats=[
        "The audit prints it twice: over the age group that a team serves, and over everybody aged 16 and over.",
        "Cost includes overheads and corporate costs.",
    ],
)
def cost_per_100k(total_cost: Value | Number, population: Value | Number) -> Value:
    """Cost of the services in the period, for every 100,000 people of the place."""
    return ratio(total_cost, population, 100_000)


@metric(
    label="Cost of a year of care",
    unit="GBP / patient",
    source=UNIT_COSTS,
    example={"total_cost": 2_380_000_000, "caseload": 698_444},
    gives="3408",
    places=0,
    where="£2.38bn of spend, 698,444 people on caseload",
    annual=True,
    caveats=[
        "The caseload is that of the year's last day. Where people stay for less than a year, more of them share the "
        "cost than the caseload shows, and the year of care looks dearer than it is.",
        "For crisis, and for assessment and brief intervention, the audit prints none for that reason.",
    ],
)
def year_of_care_cost(total_cost: Value | Number, caseload: Value | Number) -> Value:
    """Cost of a year for each person on the caseload at its end."""
    return ratio(total_cost, caseload)


@metric(
    label="Cost of a year of care, on average caseload",
    unit="GBP / patient",
    source=UNIT_COSTS,
    example={"total_cost": 2_380_000_000, "average_caseload": 698_444},
    gives="3408",
    places=0,
    where="£2.38bn of spend and 698,444 people, had that been the caseload all year",
    annual=True,
    caveats=[
        "Not the audit's way, which takes the caseload of the year's last day; fairer where the caseload moved during "
        "the year. Never compare one with the other.",
    ],
)
def year_of_care_cost_on_average_caseload(total_cost: Value | Number, average_caseload: Value | Number) -> Value:
    """Cost of a year for each person on the caseload on an average day of it."""
    return ratio(total_cost, average_caseload)


@metric(
    label="Cost per contact",
    unit="GBP / contact",
    source=UNIT_COSTS,
    example={"total_cost": 2_380_000_000, "contacts": 14_000_000},
    gives="170.0",
    where="£2.38bn of spend, 14 million contacts",
    caveats=["Contacts are all of them, face to face and not."],
)
def cost_per_contact(total_cost: Value | Number, contacts: Value | Number) -> Value:
    """Cost of the services for each contact that took place."""
    return ratio(total_cost, contacts)


@metric(
    label="Cost per referral",
    unit="GBP / referral",
    source=UNIT_COSTS,
    example={"total_cost": 2_380_000_000, "referrals": 1_900_000},
    gives="1252.6",
    where="£2.38bn of spend, around 1.9m referrals",
    caveats=["Referrals that were not accepted are counted too. The audit itself does not print this ratio."],
)
def cost_per_referral(total_cost: Value | Number, referrals: Value | Number) -> Value:
    """Cost of the services for each referral received."""
    return ratio(total_cost, referrals)


@metric(
    label="Cost per whole-time equivalent",
    unit="GBP / WTE",
    source=UNIT_COSTS,
    example={"total_cost": 2_380_000_000, "wte": 40_216},
    gives="59180",
    places=0,
    where="£2.38bn of spend, 40,216 WTE on 31 March 2017",
    annual=True,
    caveats=["All costs of the service, not pay alone: no salary can be read from it. The audit does not print it."],
)
def cost_per_wte(total_cost: Value | Number, wte: Value | Number) -> Value:
    """Cost of a year for each whole-time equivalent member of staff."""
    return ratio(total_cost, wte)


@metric(
    label="Cost per organisation",
    unit="GBP / organisation",
    source=AUDIT.section("CMHS Finance: Total Expenditure 2016/17"),
    example={"total_cost": 2_486_400_000, "organisations": 56},
    gives="44400000.0",
    places=-5,
    where="£44.4m a trust, were it that of all 56 trusts",
    caveats=[
        "Organisations differ in size: it describes a set of them, and compares nothing.",
        "56 trusts at £44.4m are £2.49bn; the audit extrapolates £2.38bn.",
    ],
)
def cost_per_organisation(total_cost: Value | Number, organisations: Value | Number) -> Value:
    """Cost of the services in the period for each organisation."""
    return ratio(total_cost, organisations)


@metric(
    label="Share of organisations that provide a service",
    unit="",
    source=AUDIT.section("CMHS Finance: Per capita expenditure"),
    example={"organisations_providing": 28, "organisations": 56},
    gives="0.5",
    where="only around half of 56 trusts offer community forensic services",
    proportion=True,
    caveats=["Means over those that provide it do not add up to means over all."],
)
def provision_rate(organisations_providing: Value | Number, organisations: Value | Number) -> Value:
    """The share of organisations that provide a type of team."""
    return ratio(organisations_providing, organisations)


@metric(
    label="Share of organisations that report something",
    unit="",
    source=AUDIT.section("Primary Care: Workforce – CCG Mental Health Leads"),
    example={"organisations_reporting": 93, "organisations": 100},
    gives="0.93",
    places=2,
    where="93% of CCGs have a mental health lead",
    proportion=True,
)
def organisations_reporting_rate(organisations_reporting: Value | Number, organisations: Value | Number) -> Value:
    """The share of organisations that report a thing of themselves: a lead in post, an increase, a seat on a board."""
    return ratio(organisations_reporting, organisations)


@metric(
    label="Cost per occupied bed day",
    unit="GBP / bed_day",
    source=NATIONAL_COSTS.section("2024/25, national schedule: mental health provider spells"),
    example={"total_cost": 1_770_251_284, "occupied_bed_days": 2_461_767},
    gives="719.1",
    where="adult acute care, England, 2024/25: £719.10 a day",
    caveats=["Of what beds cost alone: a place's total_cost holds its community services as well."],
)
def cost_per_bed_day(total_cost: Value | Number, occupied_bed_days: Value | Number) -> Value:
    """Cost of inpatient care for each day on which a bed was occupied."""
    return ratio(total_cost, occupied_bed_days)


@metric(
    label="Relative cost (100 as expected)",
    unit="percent",
    source=OVERSIGHT.section("OF0086: relative cost"),
    example={"total_cost": 6_988_892_926, "expected_cost": 6_988_892_926},
    gives="100.0",
    where="England, National Cost Collection 2024/25, mental health care contacts: what a nation costs is expected",
    caveats=[
        "Expected is what the same activity costs at national unit costs, adjusted for the prices of the place.",
        "The framework's full specification [unverified]; the national index comes with the cost collection.",
    ],
)
def relative_cost(total_cost: Value | Number, expected_cost: Value | Number) -> Value:
    """Cost as a percentage of what the same activity would be expected to cost: 100 is as expected."""
    return ratio(total_cost, expected_cost, 100)


@metric(
    label="Share of cost by currency group and setting",
    unit="",
    source=CURRENCIES.section("six population groups in three settings"),
    example={"total_cost": (6_988_892_926, 5_317_997_194)},
    gives="[0.568, 0.432]",
    places=3,
    where="care contacts and provider spells, England, National Cost Collection 2024/25",
    proportion=True,
    many=True,
    caveats=["The groups' code list [unverified]: it comes from your own table, see Currency."],
)
def currency_cost_share(total_cost: Many) -> Many:
    """The share of each currency group, setting or both in the cost of all."""
    return shares(total_cost)
