"""CMHS finance: the headline, the Cost Profiling table, and the trend of investment."""

from __future__ import annotations

from cmhs_metrics.ages import OLDER
from cmhs_metrics.audit.check import Check
from cmhs_metrics.audit.checks.families import (
    adds_to,
    at_most,
    change,
    implied_population,
    population_behind,
    printed_again,
    quotient,
)
from cmhs_metrics.metrics.contacts import contacts_per_patient
from cmhs_metrics.metrics.finance import (
    cost_per_100k,
    cost_per_contact,
    cost_per_referral,
    cost_per_wte,
    year_of_care_cost,
)
from cmhs_metrics.team_types import TeamType
from cmhs_metrics.trends.changes import percentage_change
from cmhs_metrics.trends.prices import real_terms

HEADLINE = "finance.headline"
SPENDING = f"{HEADLINE}.total_cost"
ALL_TEAMS = "finance.cost_profile.total"
RATE = f"{ALL_TEAMS}.cost_per_100k"
TREND = "finance.trend.cost_per_100k"
TRUSTS = "introduction.trusts"
CASELOAD = "caseload.england.caseload"
CONTACTS = "contacts.england.contacts"
OVER_65S = "social_care.assessments_over_65"

YEARS = 4
"""From 2012/13 to 2016/17."""

NOT_EVERY_TRUST = "The rows are means of the Trusts that have the team, the total is of all Trusts."


def headline() -> list[Check]:
    """What all teams cost: for each Trust, for each 100,000 people, and over England."""
    return [
        *printed_again(f"{ALL_TEAMS}.total_cost", f"{HEADLINE}.cost_per_trust.chart", f"{HEADLINE}.cost_per_trust"),
        *printed_again(
            RATE,
            f"{HEADLINE}.cost_per_100k",
            f"{HEADLINE}.cost_per_100k.chart",
            f"{TREND}.2016_17",
            note="The figure is the same, its base is not: people of the teams' ages, aged 16+, or all registered.",
        ),
        quotient("Cost of a Trust, from 56 Trusts", f"{ALL_TEAMS}.total_cost", SPENDING, TRUSTS),
        quotient("Trusts, from the cost of one", TRUSTS, SPENDING, f"{HEADLINE}.cost_per_trust"),
        Check(
            "Cost per 100,000, on the people whom the contacts imply",
            RATE,
            (SPENDING, CONTACTS, "contacts.england.contacts_per_100k"),
            "{0} ÷ ({1} ÷ {2})",
            lambda cost, contacts, rate: cost_per_100k(cost, population_behind(contacts, rate)),
            stated=True,
            note="Both totals are extrapolated to England from a rate per 100,000 people aged 16+.",
        ),
        implied_population("People implied by the spending", SPENDING, RATE, note="About those of England aged 16+."),
        quotient("Cost of a year of care, England", None, SPENDING, CASELOAD, year_of_care_cost, unit="GBP / patient"),
        quotient("Cost per contact, England", None, SPENDING, CONTACTS, cost_per_contact, unit="GBP / contact"),
        quotient(
            "Cost per contact, from the two rates", None, RATE, "contacts.england.contacts_per_100k", cost_per_contact,
            unit="GBP / contact",
        ),
        quotient(
            "Cost per referral, England", None, SPENDING, "referrals.england.referrals", cost_per_referral,
            unit="GBP / referral",
        ),
        quotient("Cost per WTE, England", None, SPENDING, "workforce.england.wte", cost_per_wte, unit="GBP / WTE"),
    ]  # fmt: skip


def trend() -> list[Check]:
    """Investment per 100,000 people since 2012/13."""
    fall = f"{TREND}_reduction"
    return [
        change("Fall in spending, from the table", fall, RATE, f"{TREND}.2012_13", fall=True),
        change("Fall in spending, from the sentence", fall, f"{TREND}.2016_17", f"{TREND}.2012_13", fall=True),
        Check(
            "“The decrease in spend is therefore greater when assessed in real terms”",
            fall,
            (RATE, f"{TREND}.2012_13", "finance.trend.price_change"),
            f"(1 − {{0}} ÷ (1 + {{2}})^{YEARS} ÷ {{1}}) × 100",
            lambda later, earlier, rise: -percentage_change(real_terms(later, rise / 100, YEARS), earlier),
            "at least",
            stated=True,
        ),
        Check(
            "Cost of a patient, relative to 2013, from the falls in spending and caseload",
            None,
            (fall, "caseload.trend.caseload_reduction.summary"),
            "((100% − {0}) ÷ (100% − {1}) − 1) × 100",
            lambda spending, caseload: percentage_change(100 - spending, 100 - caseload),
            unit="percent",
            note="Of one sign with the “upwards trajectory of unit costs per patient”.",
        ),
    ]


def columns() -> list[Check]:
    """The two columns of the table that have a total, down their rows."""
    teams = [f"finance.cost_profile.{team.value}" for team in TeamType]
    checks = []
    for column in ("total_cost", "cost_per_100k"):
        whole = f"{ALL_TEAMS}.{column}"
        rows = [f"{team}.{column}" for team in teams]
        checks.append(
            adds_to("The rows are no less than the total", whole, rows, relation="at least", note=NOT_EVERY_TRUST)
        )
        checks += [at_most("One type of team costs no more than all", whole, row) for row in rows]
    return checks


def row(team: TeamType) -> list[Check]:
    """A row of the table: its columns from one another."""
    profile = f"finance.cost_profile.{team.value}"
    cost, rate, year, contact = (
        f"{profile}.{column}" for column in ("total_cost", "cost_per_100k", "year_of_care_cost", "cost_per_contact")
    )
    contacts = f"contacts_per_patient.{team.value}"
    totals = (f"{ALL_TEAMS}.total_cost", RATE)

    def age_group(cost: float, spending: float, per_100k: float, assessments: float, per_100k_older: float) -> float:
        adults, older = population_behind(spending, per_100k), population_behind(assessments, per_100k_older)
        return cost_per_100k(cost * adults / 100_000, older if team.age_band is OLDER else adults - older)

    people = "({3} ÷ {4})" if team.age_band is OLDER else "({1} ÷ {2} − {3} ÷ {4})"
    return [
        Check(
            f"Cost, from the cost per 100,000 aged 16+: {team.label}",
            cost,
            (rate, *totals),
            "{0} × {1} ÷ {2}",
            lambda per_100k, total_cost, whole: per_100k * population_behind(total_cost, whole) / 100_000,
        ),
        Check(
            f"Cost per 100,000 aged 16+, from the cost: {team.label}",
            rate,
            (cost, *totals),
            "{0} ÷ ({1} ÷ {2})",
            lambda total_cost, every, whole: cost_per_100k(total_cost, population_behind(every, whole)),
        ),
        Check(
            f"Cost per 100,000 of the ages served, from that of all aged 16+: {team.label}",
            f"{profile}.cost_per_100k_age_group",
            (rate, SPENDING, RATE, f"{OVER_65S}.assessments", f"{OVER_65S}.assessments_per_100k"),
            f"{{0}} × {{1}} ÷ {{2}} ÷ {people}",
            age_group,
            note=f"People aged {team.age_band.label}, by what the spending and the assessments of over 65s imply.",
        ),
        Check(
            f"Cost of a year of care, from a contact's cost and the contacts: {team.label}",
            year,
            (contact, contacts),
            "{0} × {1}",
            lambda of_contact, a_year: year_of_care_cost(of_contact * a_year, 1),
        ),
        quotient(f"Cost per contact, from a year of care: {team.label}", contact, year, contacts, cost_per_contact),
        Check(
            f"Contacts per patient, from the two unit costs: {team.label}",
            contacts,
            (year, contact),
            "{0} ÷ {1}",
            lambda of_year, of_contact: contacts_per_patient(of_year / of_contact, 1),
        ),
    ]  # fmt: skip


def caseloads() -> list[Check]:
    """The four types of team whose caseload in England is printed."""
    teams = ("generic_cmht", "older_people", "memory", "assertive_outreach")
    checks = [
        Check(
            f"Cost of a year of care, if all 56 Trusts had the team: {TeamType(team).label}",
            f"finance.cost_profile.{team}.year_of_care_cost",
            (f"finance.cost_profile.{team}.total_cost", TRUSTS, f"caseload.by_team.{team}.caseload"),
            "{0} × {1} ÷ {2}",
            lambda cost, trusts, caseload: year_of_care_cost(cost * trusts, caseload),
            "at least",
            note="The most that the pooled cost can be; a mean of Trusts' own ratios can be above it.",
        )
        for team in teams
    ]
    caseload = tuple(f"caseload.by_team.{team}.caseload" for team in teams)
    for title, whole, each in (
        ("Four types of team cost no more than all", SPENDING, "finance.cost_profile.{}.year_of_care_cost"),
        ("Four types of team have no more contacts than all", CONTACTS, "contacts_per_patient.{}"),
    ):
        rates = tuple(each.format(team) for team in teams)
        formula = " + ".join(f"{{{position}}} × {{{position + 4}}}" for position in range(4))
        checks.append(Check(title, whole, caseload + rates, formula, _products, "at most"))
    return checks


def _products(*values: float) -> float:
    return sum(patients * rate for patients, rate in zip(values[:4], values[4:], strict=True))


CHECKS = (*headline(), *trend(), *columns(), *(check for team in TeamType for check in row(team)), *caseloads())
