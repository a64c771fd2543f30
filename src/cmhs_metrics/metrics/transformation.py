"""Transformation: access, equalities, and how far the new model has come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmhs_metrics.catalogue import metric
from cmhs_metrics.numeric.ratio import ratio
from cmhs_metrics.numeric.summaries import shares
from cmhs_metrics.sources import BOARD_PAPER, CONFEDERATION, MONTHLY

if TYPE_CHECKING:
    from cmhs_metrics.numeric.kinds import Many, Number, Value

__all__ = [
    "access_per_100k",
    "access_growth",
    "pcn_criteria_share",
    "transformed_pcn_share",
    "arrs_coverage",
    "admissions_without_prior_contact_rate",
    "improved_share",
    "paired_outcomes_rate",
    "reliable_improvement_rate",
    "contacted_in_time_rate",
    "stepped_down_rate",
    "premature_mortality_ratio",
    "gp_attendance_reduced_rate",
    "positive_experience_rate",
]

PROGRESS = BOARD_PAPER.section("paragraph 10: Progress to date with CMH transformation")
OUTCOMES = MONTHLY.section("outcomes in community mental health services: paired scores and reliable change")
AIMS = BOARD_PAPER.section("paragraph 11: the four headline aims")


@metric(
    label="People accessing community services per 100,000 people",
    unit="patient / person_100k",
    source=AIMS,
    example={"people_accessing": 504_000, "population": 44_900_000},
    gives="1122.5",
    where="504k people in the twelve months to July 2022; the 44.9m people aged 16 and over of the audit",
)
def access_per_100k(people_accessing: Value | Number, population: Value | Number) -> Value:
    """People with two or more contacts within twelve months, for every 100,000 people."""
    return ratio(people_accessing, population, 100_000)


@metric(
    label="Growth of access within a year",
    unit="percent",
    source=AIMS,
    example={"people_accessing": 504_000, "people_accessing_a_year_before": 476_000},
    gives="5.9",
    where="504k people in the twelve months to July 2022, 28k more than in those to March 2021, printed 5.9%",
    caveats=["The example's periods are sixteen months apart, as printed; take them a year apart."],
)
def access_growth(people_accessing: Value | Number, people_accessing_a_year_before: Value | Number) -> Value:
    """By how many per cent the people with two or more contacts in twelve months have become more within a year."""
    return ratio(people_accessing - people_accessing_a_year_before, people_accessing_a_year_before, 100)


@metric(
    label="Share of networks by criteria of transformation met",
    unit="",
    source=PROGRESS,
    example={"pcns": (429, 285, 178, 358)},
    gives="[0.343, 0.228, 0.142, 0.286]",
    places=3,
    where="Q2 2022/23: fully transformed, three of five criteria, one or two, none",
    proportion=True,
    many=True,
)
def pcn_criteria_share(pcns: Many) -> Many:
    """The share of primary care networks that meet all, some or none of the criteria of transformation."""
    return shares(pcns)


@metric(
    label="Networks with fully transformed care",
    unit="",
    source=PROGRESS,
    example={"transformed_pcns": 429, "pcns": 1_250},
    gives="0.34",
    places=2,
    where="429 of 1,250 networks in Q2 2022/23, printed 34%",
    proportion=True,
)
def transformed_pcn_share(transformed_pcns: Value | Number, pcns: Value | Number) -> Value:
    """The share of primary care networks that give access through fully transformed models of care."""
    return ratio(transformed_pcns, pcns)


@metric(
    label="Networks with a mental health practitioner in post",
    unit="",
    source=BOARD_PAPER.section("paragraph 12"),
    example={"arrs_pcns": 717, "pcns": 1_250},
    gives="0.57",
    places=2,
    where="717 networks, printed 57%",
    proportion=True,
)
def arrs_coverage(arrs_pcns: Value | Number, pcns: Value | Number) -> Value:
    """The share of primary care networks with a mental health practitioner in post (additional roles scheme, ARRS)."""
    return ratio(arrs_pcns, pcns)


@metric(
    label="Admissions without prior community contact",
    unit="",
    source=AIMS,
    example={"admissions_without_prior_contact": 14, "admissions": 100},
    gives="0.14",
    places=2,
    where="14% in May 2022, down from 16% in May 2021",
    proportion=True,
    caveats=["Compared between ethnic groups as a gap in percentage points: see percentage_point_change."],
)
def admissions_without_prior_contact_rate(
    admissions_without_prior_contact: Value | Number, admissions: Value | Number
) -> Value:
    """The share of admissions of people who had no contact with community services in the year before."""
    return ratio(admissions_without_prior_contact, admissions)


@metric(
    label="People whose outcome score improved",
    unit="",
    source=BOARD_PAPER.section("paragraph 18: Outcomes"),
    example={"people_improved": 84, "people_measured": 100},
    gives="0.84",
    places=2,
    where="84% scored higher on WEMWBS after the intervention",
    proportion=True,
    caveats=["Any improvement counts, also one within the error of the scale: see reliable_change."],
)
def improved_share(people_improved: Value | Number, people_measured: Value | Number) -> Value:
    """The share of people with an outcome score before and after whose score improved."""
    return ratio(people_improved, people_measured)


@metric(
    label="Referrals with a paired outcome",
    unit="",
    source=OUTCOMES,
    example={"paired_outcomes": 32, "outcomes_due": 245},
    gives="0.13",
    places=2,
    where="adult teams of one trust: 32 of 245 people, 13%, scored a second time (Blenkiron and Goldsmith 2019)",
    proportion=True,
    caveats=[
        "Referrals closed in the period and those open at its end are told apart, as nationally: of the open ones the "
        "last month counts, and months are not added."
    ],
)
def paired_outcomes_rate(paired_outcomes: Value | Number, outcomes_due: Value | Number) -> Value:
    """The share of referrals of which outcomes are asked for that have a first and a later score of a tool."""
    return ratio(paired_outcomes, outcomes_due)


@metric(
    label="Paired outcomes with reliable improvement",
    unit="",
    source=OUTCOMES,
    example={"reliable_improvements": 19, "paired_outcomes": 75},
    gives="0.253",
    places=3,
    where="young people of one trust, 2019: 19 or 25.3%, so of 75, on a scale of the SDQ (Gibbons and others 2021)",
    proportion=True,
    caveats=["Reliable is a change of 1 point of a DIALOG item, 5 of ReQoL-10 or 3 of a goal: tools are not added."],
)
def reliable_improvement_rate(reliable_improvements: Value | Number, paired_outcomes: Value | Number) -> Value:
    """The share of referrals with a first and a later score of a tool that improved by its reliable change or more."""
    return ratio(reliable_improvements, paired_outcomes)


@metric(
    label="People contacted within the time promised",
    unit="",
    source=BOARD_PAPER.section("paragraph 18: Outcomes"),
    example={"people_contacted_in_time": 508, "people_referred": 508},
    gives="1.0",
    where="508 people referred, 100% of them contacted within 96 hours",
    proportion=True,
)
def contacted_in_time_rate(people_contacted_in_time: Value | Number, people_referred: Value | Number) -> Value:
    """The share of people referred who were contacted within the time promised."""
    return ratio(people_contacted_in_time, people_referred)


@metric(
    label="People who no longer need the more intensive team",
    unit="",
    source=BOARD_PAPER.section("paragraph 18: Outcomes"),
    example={"people_stepped_down": 324, "people_referred": 508},
    gives="0.64",
    places=2,
    where="324 of 508 people referred, printed 64%",
    proportion=True,
)
def stepped_down_rate(people_stepped_down: Value | Number, people_referred: Value | Number) -> Value:
    """The share of people referred who no longer need input from the more intensive team."""
    return ratio(people_stepped_down, people_referred)


@metric(
    label="Premature mortality of people with SMI, beside that of others",
    unit="",
    source=BOARD_PAPER.section("paragraph 7"),
    example={"smi_mortality_rate": 49, "other_mortality_rate": 10},
    gives="4.9",
    where="people with SMI are 4.9 times more likely to die prematurely",
    parameters={"smi_mortality_rate": "death / person_100k", "other_mortality_rate": "death / person_100k"},
    caveats=["Both rates must be of the same ages, or standardised to them."],
)
def premature_mortality_ratio(smi_mortality_rate: Value | Number, other_mortality_rate: Value | Number) -> Value:
    """How many times more often people with severe mental illness die prematurely than people without."""
    return ratio(smi_mortality_rate, other_mortality_rate)


@metric(
    label="People who see their GP less often afterwards",
    unit="",
    source=BOARD_PAPER.section("paragraph 18: Outcomes"),
    example={"people_with_fewer_gp_visits": 58, "people_measured": 100},
    gives="0.58",
    places=2,
    where="58% report fewer attendances after the intervention",
    proportion=True,
    caveats=["Reported by the people themselves, and without a comparison group."],
)
def gp_attendance_reduced_rate(people_with_fewer_gp_visits: Value | Number, people_measured: Value | Number) -> Value:
    """The share of people asked before and after who see their GP less often afterwards."""
    return ratio(people_with_fewer_gp_visits, people_measured)


@metric(
    label="Positive experience of care",
    unit="",
    source=CONFEDERATION.section("paragraph 20"),
    example={"positive_responses": 39, "survey_responses": 100},
    gives="0.39",
    places=2,
    where="39% felt they were given the help they needed when they last used services",
    proportion=True,
)
def positive_experience_rate(positive_responses: Value | Number, survey_responses: Value | Number) -> Value:
    """The share of people answering a survey who report a good experience."""
    return ratio(positive_responses, survey_responses)
