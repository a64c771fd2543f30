"""Waiting: how long people wait for care, and how many wait too long."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cmhs_metrics.catalogue import metric
from cmhs_metrics.errors import BadInput, Problem
from cmhs_metrics.numeric.expected import column
from cmhs_metrics.numeric.ratio import ratio
from cmhs_metrics.numeric.summaries import mean, percentile, share_at_most, shares
from cmhs_metrics.sources import AUDIT, CONFEDERATION, FRAMEWORK, MONTHLY, WEB_PAGE

if TYPE_CHECKING:
    import pandas as pd

    from cmhs_metrics.numeric.kinds import Column, Many, Number, Value

__all__ = [
    "share_within",
    "median_wait",
    "wait_percentile",
    "four_week_rate",
    "waiting_over_52_weeks_rate",
    "waiting_over_78_weeks_rate",
    "waiting_over_104_weeks_rate",
    "eip_two_week_rate",
    "full_clock_stop_four_week_rate",
    "median_time_waiting",
    "time_waiting_percentile",
    "crisis_24_hour_rate",
    "waiting_band_share",
    "mean_wait",
    "waiting_bands",
]

BANDS = AUDIT.section("Waiting Times: Waiting times for community MH services")
STANDARD = CONFEDERATION.section("paragraphs 17, 18 and 23: access and waiting times")

WAITING_BANDS = ("< 4 weeks", "4-10 weeks", "11-18 weeks", "> 18 weeks")
"""The audit's bands of waiting times, by speed of access."""


@metric(
    label="Share of waits within a number of weeks",
    unit="",
    source=BANDS,
    example={"waits": (1, 2, 3, 4, 6, 9, 12, 15, 18, 30), "weeks": 18},
    gives="0.9",
    where="around 90% of people are treated within 18 weeks: nine of ten",
    proportion=True,
    many=True,
    parameters={"waits": "week", "weeks": "week"},
    caveats=["A wait of exactly that many weeks is within: four weeks are 28 days or fewer."],
)
def share_within(waits: Column, weeks: Number) -> float:
    """The share of waits that lasted no longer than a number of weeks."""
    return share_at_most(waits, weeks)


@metric(
    label="Median wait",
    unit="week",
    source=STANDARD,
    example={"waits": (0.4, 1.0, 2.1, 4.3, 8.6)},
    gives="2.1",
    where="early intervention: a median of 15 days, quartiles of 7 and 30 (Kirkbride and others, doi "
    "10.1007/s00127-017-1343-7)",
    many=True,
    parameters={"waits": "week"},
    caveats=["Of completed waits it says nothing about those still waiting, who have often waited longest."],
)
def median_wait(waits: Column) -> float:
    """The wait that half of the people exceed."""
    return percentile(waits, 50)


@metric(
    label="Percentile of waits",
    unit="week",
    source=STANDARD,
    example={"waits": (1, 2, 3, 4, 6, 9, 12, 15, 17, 18, 30), "percent": 90},
    gives="18.0",
    where="around 90% of people are treated within 18 weeks: ten of eleven",
    many=True,
    parameters={"waits": "week", "percent": ""},
    caveats=["Between two people the percentile is interpolated."],
)
def wait_percentile(waits: Column, percent: Number) -> float:
    """The wait that all but a given percentage of the people stay below."""
    return percentile(waits, percent)


@metric(
    label="Share of waits completed within four weeks",
    unit="",
    source=STANDARD,
    example={"waits_within_four_weeks": 95, "waits_completed": 1_000},
    gives="0.095",
    places=3,
    where="9.5% were seen within four weeks, August to October 2024",
    proportion=True,
    caveats=[
        "Only those who were seen count: a service that sees nobody has no rate, not a bad one.",
        "Of whatever was waited for; the national measure of it is full_clock_stop_four_week_rate.",
    ],
)
def four_week_rate(waits_within_four_weeks: Value | Number, waits_completed: Value | Number) -> Value:
    """The share of the period's completed waits that lasted four weeks at most."""
    return ratio(waits_within_four_weeks, waits_completed)


@metric(
    label="Share of those waiting who have waited over 52 weeks",
    unit="",
    source=STANDARD,
    example={"waiting_over_52_weeks": 145_343, "waiting": 372_004},
    gives="0.391",
    places=3,
    where="MHSDS monthly statistics, community waits, England, June 2024: MRS02e over MRS02",
    proportion=True,
)
def waiting_over_52_weeks_rate(waiting_over_52_weeks: Value | Number, waiting: Value | Number) -> Value:
    """The share of those still waiting at the end of the period who have waited for more than 52 weeks."""
    return ratio(waiting_over_52_weeks, waiting)


@metric(
    label="Share of those waiting who have waited over 78 weeks",
    unit="",
    source=STANDARD,
    example={"waiting_over_78_weeks": 103_537, "waiting": 372_004},
    gives="0.278",
    places=3,
    where="MHSDS monthly statistics, community waits, England, June 2024: MRS02c over MRS02",
    proportion=True,
)
def waiting_over_78_weeks_rate(waiting_over_78_weeks: Value | Number, waiting: Value | Number) -> Value:
    """The share of those still waiting at the end of the period who have waited for more than 78 weeks."""
    return ratio(waiting_over_78_weeks, waiting)


@metric(
    label="Share of those waiting who have waited over 104 weeks",
    unit="",
    source=STANDARD,
    example={"waiting_over_104_weeks": 76_748, "waiting": 383_740},
    gives="0.2",
    where="76,748 people are about 20% of those waiting",
    proportion=True,
)
def waiting_over_104_weeks_rate(waiting_over_104_weeks: Value | Number, waiting: Value | Number) -> Value:
    """The share of those still waiting at the end of the period who have waited for more than 104 weeks."""
    return ratio(waiting_over_104_weeks, waiting)


@metric(
    label="EIP treatment begun within two weeks",
    unit="",
    source=WEB_PAGE.section("Early Intervention in Psychosis (EIP)"),
    example={"eip_starts_within_two_weeks": 783, "eip_starts": 1_204},
    gives="0.65",
    places=2,
    where="England, April 2016: 65% of 1,204 people (Health Service Journal); the standard is more than 50%",
    proportion=True,
    caveats=["The standard asks for a NICE-approved package of care, not for a first contact."],
)
def eip_two_week_rate(eip_starts_within_two_weeks: Value | Number, eip_starts: Value | Number) -> Value:
    """The share of people with a first episode of psychosis whose treatment began within two weeks of referral."""
    return ratio(eip_starts_within_two_weeks, eip_starts)


@metric(
    label="Full clock stop within four weeks",
    unit="",
    source=MONTHLY.section("community waits: MRS01b"),
    example={"full_clock_stops_within_four_weeks": 934, "full_clock_stops": 16_139},
    gives="0.058",
    places=3,
    where="community waits, England, three months to June 2024: MRS01a over MRS01, printed 5.7872233%",
    proportion=True,
    caveats=[
        "The clock stops with the last of contact, assessment, baseline outcome, and care plan or intervention.",
        "Those whose clock has not stopped are not in it: read it beside the time of those still waiting.",
    ],
)
def full_clock_stop_four_week_rate(
    full_clock_stops_within_four_weeks: Value | Number, full_clock_stops: Value | Number
) -> Value:
    """The share of referral-spells with a full clock stop in the period that had it within four weeks."""
    return ratio(full_clock_stops_within_four_weeks, full_clock_stops)


@metric(
    label="Median time of those still waiting",
    unit="day",
    source=MONTHLY.section("community waits: MRS03a"),
    example={"days_waiting": (12, 41, 97, 210, 733)},
    gives="97.0",
    where="community waits, England, June 2024: a median of 97 days to a second contact, a 90th percentile of 733",
    many=True,
    parameters={"days_waiting": "day"},
    caveats=["How long they have waited so far: none of these waits has ended."],
)
def median_time_waiting(days_waiting: Column) -> float:
    """The time that half of those still waiting have waited for longer than."""
    return percentile(days_waiting, 50)


@metric(
    label="Percentile of the time of those still waiting",
    unit="day",
    source=MONTHLY.section("community waits: MRS03b"),
    example={"days_waiting": (3, 12, 26, 41, 70, 97, 150, 210, 365, 733, 900), "percent": 90},
    gives="733.0",
    where="community waits, England, June 2024: a 90th percentile of 733 days; the tenth of eleven",
    many=True,
    parameters={"days_waiting": "day", "percent": ""},
    caveats=["Between two people the percentile is interpolated, as the national code does."],
)
def time_waiting_percentile(days_waiting: Column, percent: Number) -> float:
    """The time that all but a given percentage of those still waiting have waited for less than."""
    return percentile(days_waiting, percent)


@metric(
    label="Crisis response within 24 hours",
    unit="",
    source=MONTHLY.section("crisis care: CCR120 over CCR71"),
    example={"crisis_referrals_seen_in_24_hours": 70, "crisis_referrals": 100},
    gives="0.7",
    places=2,
    where="illustration",
    proportion=True,
    caveats=["Of urgent referrals: those that are very urgent have four hours, CCR119 over CCR117."],
)
def crisis_24_hour_rate(crisis_referrals_seen_in_24_hours: Value | Number, crisis_referrals: Value | Number) -> Value:
    """The share of urgent referrals to crisis teams that were seen face to face within 24 hours."""
    return ratio(crisis_referrals_seen_in_24_hours, crisis_referrals)


@metric(
    label="Share of waits by band of weeks",
    unit="",
    source=BANDS,
    example={"waiting": (226_661, 41_806, 25_276, 78_261)},
    gives="[0.609, 0.112, 0.068, 0.21]",
    places=3,
    where="up to 52, 78 and 104 weeks, and over: MHSDS, community waits, England, June 2024, MRS02 to MRS02e",
    proportion=True,
    many=True,
    caveats=["Count single waits into the bands with waiting_bands."],
)
def waiting_band_share(waiting: Many) -> Many:
    """The share of each band of waiting times among all waits."""
    return shares(waiting)


@metric(
    label="Mean wait",
    unit="week",
    source=FRAMEWORK.section("Why should services change?"),
    example={"waits": (4, 8, 12)},
    gives="8.0",
    where="assessment teams: 8 weeks on average in 2016/17",
    many=True,
    parameters={"waits": "week"},
    caveats=["A few very long waits move the mean; the median says what is usual."],
)
def mean_wait(waits: Column) -> float:
    """The mean time that people waited."""
    return mean(waits)


def waiting_bands(waits: Any) -> pd.Series[Any]:
    """Count waits into the audit's bands.

    Parameters
    ----------
    waits : array or column of float
        The wait of each person [week].

    Returns
    -------
    pandas.Series
        How many waits lie in each band [referral]: under 4 weeks, 4–10, 11–18, over 18. Weeks are completed weeks: a
        wait of ten weeks and six days is in the second band. Missing waits are in none.

    Raises
    ------
    BadInput
        When a wait is negative.

    References
    ----------
    NHS Benchmarking Network, Community Mental Health Services Audit 2016/17: Waiting Times.

    Examples
    --------
    >>> import cmhs_metrics as cm
    >>> counts = waiting_bands([1, 2, 3.9, 4, 10.9, 11, 18, 18.1, 40, 2])
    >>> counts.to_dict()
    {'< 4 weeks': 4, '4-10 weeks': 2, '11-18 weeks': 2, '> 18 weeks': 2}
    >>> cm.waiting_band_share(counts).tolist()
    [0.4, 0.2, 0.2, 0.2]
    """
    import numpy as np
    import pandas as pd

    weeks = column("waiting_bands", "waits", waits, "a column or an array of waits [week]")
    if (weeks < 0).any():
        raise BadInput("waiting_bands", [Problem("waits", None, float(np.nanmin(weeks)), "zero or more weeks")])
    within = [weeks < 4, (weeks >= 4) & (weeks < 11), (weeks >= 11) & (weeks <= 18), weeks > 18]
    return pd.Series([int(band.sum()) for band in within], index=list(WAITING_BANDS), name="waits")
