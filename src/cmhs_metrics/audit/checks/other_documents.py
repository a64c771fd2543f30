"""The four documents around the audit: NHS Confederation, board paper, framework slides, web page."""

from __future__ import annotations

from cmhs_metrics import units
from cmhs_metrics.audit.check import Check
from cmhs_metrics.audit.checks.families import (
    adds_to,
    at_least,
    at_most,
    change,
    printed_again,
    quotient,
    share,
    share_of,
    share_of_sum,
)
from cmhs_metrics.numeric.ratio import ratio

BOARD = "board_paper_2023:"
CONFEDERATION = "confederation_2025:"
FRAMEWORK = "framework_2019:"
WEB = "web_page_2019:"


def months(weeks: float) -> float:
    """Weeks as months [month]."""
    return float(units.Quantity(weeks, "week").to("month").magnitude)


def years(weeks: float) -> float:
    """Weeks as years [year]."""
    return float(units.Quantity(weeks, "week").to("year").magnitude)


def confederation() -> list[Check]:
    """NHS Confederation 2025: access and waiting."""
    access = f"{CONFEDERATION}access"
    contact = f"{access}.adults_in_contact"
    long_waits = f"{access}.over_104_weeks"
    within = f"{access}.within_four_weeks"
    contracts = f"{CONFEDERATION}vcse.contract_length"
    return [
        change(
            "Growth of adults in contact", f"{contact}.increase", f"{contact}.2024_10", f"{contact}.2019_10",
            stated=True,
        ),
        share_of(
            "Seen within four weeks, of the referrals", f"{within}.share", f"{access}.accessed", f"{access}.referrals"
        ),
        Check(
            "Referrals of which those seen are the printed share",
            None,
            (f"{access}.accessed", f"{within}.share"),
            "{0} ÷ {1}",
            lambda seen, rate: ratio(seen, rate, 100),
            unit="person",
        ),
        Check(
            "104 weeks in months",
            f"{long_waits}.threshold_months",
            (f"{long_waits}.threshold_weeks",),
            "{0} weeks",
            months,
            stated=True,
        ),
        Check(
            "The 90th percentile is no less than the 104 weeks that about 20% have passed",
            f"{access}.waiting_time.percentile_90",
            (f"{long_waits}.threshold_weeks",),
            "{0} weeks",
            years,
            "at most",
            additive=True,
        ),
        Check(
            "People waiting of whom those over 104 weeks are about 20%",
            None,
            (f"{long_waits}.people", f"{long_waits}.share"),
            "{0} ÷ {1}",
            lambda people, rate: ratio(people, rate, 100),
            unit="person",
        ),
        Check(
            "Referrals still waiting",
            None,
            (f"{access}.referrals", f"{access}.accessed"),
            "{0} − {1}",
            lambda every, seen: every - seen,
        ),
        *printed_again(f"{access}.waiting_time_standard", f"{within}.threshold"),
        at_most("Range in order", f"{contracts}.maximum", f"{contracts}.minimum"),
        quotient(
            "PCNs per care group, Sheffield", None, f"{CONFEDERATION}examples.sheffield.pcns",
            f"{CONFEDERATION}examples.sheffield.care_groups", unit="organisation / team",
        ),
    ]  # fmt: skip


def board_paper() -> list[Check]:
    """NHS England Board paper 2023: PCNs, access, and one organisation's example."""
    groups = ("fully_transformed", "three_criteria", "one_or_two_criteria", "no_criteria")
    counts = [f"{BOARD}pcns.{group}.pcns" for group in groups]
    access = f"{BOARD}access"
    concern = f"{BOARD}example.mental_health_concern"
    leavers = f"{concern}.no_longer_need_ctt"
    prior = f"{BOARD}equalities.admissions_without_prior_contact"
    gap = f"{BOARD}equalities.ethnicity_gap"
    practitioners = f"{BOARD}workforce.mhp"
    criteria = f"{BOARD}pcns.criteria"
    plans = f"{BOARD}vcse.planned_spend_share"
    checks = [
        share_of_sum(
            f"Share of PCNs: {group.replace('_', ' ')}", f"{BOARD}pcns.{group}.share", count,
            [each for each in counts if each != count],
        )
        for group, count in zip(groups, counts, strict=True)
    ]  # fmt: skip
    return [
        *checks,
        adds_to("Shares of PCNs add to 100%", 100, [f"{BOARD}pcns.{group}.share" for group in groups]),
        Check(
            "Share of PCNs with a Mental Health Practitioner",
            f"{practitioners}.share",
            (f"{practitioners}.pcns", *counts),
            "{0} ÷ ({1} + {2} + {3} + {4}) × 100",
            lambda part, *parts: share(part, sum(parts)),
        ),
        Check(
            "Growth in access",
            f"{access}.growth.share",
            (f"{access}.growth.people", f"{access}.people_accessing"),
            "{0} ÷ ({1} − {0}) × 100",
            lambda more, now: share(more, now - more),
            stated=True,
        ),
        Check(
            "Growth in access a year, over the 16 months",
            None,
            (f"{access}.growth.share",),
            "((1 + {0})^(12 ÷ 16) − 1) × 100",
            lambda growth: ((1 + growth / 100) ** (12 / 16) - 1) * 100,
            note="The aim is 5% a year.",
        ),
        at_most("“Dropped from 16% to 14%”", f"{prior}.2021_05", f"{prior}.2022_05"),
        at_most("“The gap is narrowing”", f"{gap}.2021_05", f"{gap}.2022_05"),
        share_of(
            "“No longer need input from CTT”", f"{leavers}.share", f"{leavers}.people", f"{concern}.referrals",
            stated=True,
        ),
        Check(
            "CTT's caseload",
            None,
            (f"{leavers}.people", f"{leavers}.caseload_share"),
            "{0} ÷ {1}",
            lambda people, rate: ratio(people, rate, 100),
            unit="person",
        ),
        at_most("Range in order", f"{concern}.support_months.maximum", f"{concern}.support_months.minimum"),
        quotient(
            "Staff whom the referrals imply", None, f"{concern}.referrals", f"{concern}.people_per_staff", unit="person"
        ),
        at_most("The mean system plans no more than the highest", f"{plans}.maximum", plans),
        at_most("Criteria met are no more than all", f"{criteria}.total", f"{criteria}.met"),
        at_most("Range in order", f"{criteria}.one_or_two.maximum", f"{criteria}.one_or_two.minimum"),
        at_most("One or two criteria are fewer than three", f"{criteria}.met", f"{criteria}.one_or_two.maximum"),
        quotient(
            "Additional funding for each person supported", None, f"{BOARD}programme.funding.additional",
            f"{BOARD}programme.people_supported", unit="GBP / person",
        ),
    ]  # fmt: skip


def framework() -> list[Check]:
    """Framework slides 2019: ranges, and claims that the audit bears out."""
    local = f"{FRAMEWORK}model.local_community"
    wider = f"{FRAMEWORK}model.wider_community.population"
    waits = f"{FRAMEWORK}change.wait.assessment_teams"
    source = "referrals.source.total"
    ranges = (f"{local}.population", f"{local}.gp_surgeries", wider, f"{FRAMEWORK}change.mortality_gap")
    return [
        at_most("Waits for assessment have grown", f"{waits}.2016_17", f"{waits}.2015_16"),
        *(at_most("Range in order", f"{each}.maximum", f"{each}.minimum") for each in ranges),
        *(
            quotient(
                f"People for each GP surgery, at the {end}", None, f"{local}.population.{end}",
                f"{local}.gp_surgeries.{end}", unit="person / organisation",
            )
            for end in ("minimum", "maximum")
        ),
        quotient("Most local communities in one", None, f"{wider}.maximum", f"{local}.population.minimum", unit="1"),
        Check(
            "Contacts per patient a month, from the audit's year",
            f"{FRAMEWORK}change.contacts_per_month",
            ("contacts_per_patient.generic_cmht",),
            "{0} ÷ 12",
            lambda a_year: a_year / 12,
            additive=True,
        ),
        adds_to(
            "“Over 20% are inter-team referrals”, in the audit", f"{FRAMEWORK}change.referrals.inter_team_share",
            [f"{source}.internal_cmht", f"{source}.internal_inpatient"], relation="at least",
        ),
        Check(
            "“Most referrals … do not come from primary care”, in the audit",
            f"{FRAMEWORK}change.referrals.not_primary_care_share",
            (f"{source}.primary_care",),
            "100% − {0}",
            lambda primary: 100 - primary,
            "at least",
            additive=True,
        ),
    ]  # fmt: skip


def programme() -> list[Check]:
    """The programme's aims, as web page, framework and board paper print them."""
    people, money = "ambition.people_supported", "ambition.funding.additional"
    fund = f"{WEB}transformation_fund"
    checks, more_checks = (
        f"{WEB}ambition.physical_health_checks",
        f"{FRAMEWORK}ambition.physical_health_checks.additional",
    )
    work, more_work = f"{WEB}ambition.ips", f"{FRAMEWORK}ambition.ips.additional"
    standard = f"{FRAMEWORK}ambition.waiting_time_standard"
    return [
        *printed_again(f"{FRAMEWORK}{people}", f"{WEB}{people}", f"{BOARD}programme.people_supported"),
        *printed_again(f"{WEB}{money}", f"{WEB}{money}.framework", f"{BOARD}programme.funding.additional"),
        *printed_again(f"{fund}.sites", f"{fund}.sites.framework", f"{BOARD}programme.testing.sites"),
        *printed_again(
            standard, f"{fund}.waiting_time_standard", f"{BOARD}waiting.standard",
            f"{CONFEDERATION}access.waiting_time_standard",
        ),
        *printed_again("definition.eip.waiting_time_target", f"{WEB}eip.standard.weeks"),
        at_least(
            "People reached are no fewer than the aim", f"{BOARD}programme.people_supported",
            f"{BOARD}access.people_accessing",
        ),
        quotient("Money for each site", None, f"{fund}.total_cost", f"{fund}.sites", unit="GBP / organisation"),
        *(
            Check(title, None, (every, more), "{0} − {1}", lambda total, additional: total - additional)
            for title, every, more in (
                ("Physical health checks before the additional", checks, more_checks),
                ("IPS before the additional", work, more_work),
            )
        ),
    ]  # fmt: skip


CHECKS = (*confederation(), *board_paper(), *framework(), *programme())
