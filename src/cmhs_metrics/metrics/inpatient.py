"""Inpatient care: the beds beside which community services stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmhs_metrics.catalogue import metric
from cmhs_metrics.numeric.ratio import ratio
from cmhs_metrics.numeric.summaries import shares
from cmhs_metrics.sources import AUDIT, MONTHLY

if TYPE_CHECKING:
    from cmhs_metrics.numeric.kinds import Many, Number, Value

__all__ = [
    "beds_per_100k",
    "bed_share",
    "admissions_per_100k",
    "readmission_rate",
    "average_length_of_stay",
    "bed_occupancy",
    "delayed_transfer_rate",
    "follow_up_72_hour_rate",
    "long_stay_rate",
    "out_of_area_bed_day_share",
]


@metric(
    label="Beds per 100,000 people",
    unit="bed / person_100k",
    source=AUDIT.section("Bed provision – Adult Acute beds"),
    example={"beds": 7_194, "population": 44_916_013},
    gives="16.0",
    where="7,194 adult acute beds; the people whom 698,444 on caseload at 1,555 per 100,000 imply",
    caveats=["The audit's 20 adult acute beds per 100,000 is a mean of trusts, over the people of their catchments."],
)
def beds_per_100k(beds: Value | Number, population: Value | Number) -> Value:
    """Beds open, for every 100,000 people of the place."""
    return ratio(beds, population, 100_000)


@metric(
    label="Share of beds",
    unit="",
    source=AUDIT.section("NHS Inpatient services in England"),
    example={"beds": (7_194, 12_075)},
    gives="[0.373, 0.627]",
    places=3,
    where="7,194 adult acute beds of 19,269, and all the others",
    proportion=True,
    many=True,
)
def bed_share(beds: Many) -> Many:
    """The share of each type of bed among all beds."""
    return shares(beds)


@metric(
    label="Admissions per 100,000 people",
    unit="admission / person_100k",
    source=AUDIT.section("Admissions & readmissions variation"),
    example={"admissions": 1_000, "population": 500_000},
    gives="200.0",
    where="illustration",
)
def admissions_per_100k(admissions: Value | Number, population: Value | Number) -> Value:
    """Admissions in the period, for every 100,000 people of the place."""
    return ratio(admissions, population, 100_000)


@metric(
    label="Readmission rate",
    unit="",
    source=AUDIT.section("Admissions & readmissions variation"),
    example={"readmissions": 15, "admissions": 100},
    gives="0.15",
    places=2,
    where="South London, within 90 days: 15% (Tulloch and others 2015, doi 10.1017/S2045796015000128)",
    proportion=True,
    caveats=[
        "How soon is soon is for the data to say: 28 and 30 days are both in use. The audit does not say which it took."
    ],
)
def readmission_rate(readmissions: Value | Number, admissions: Value | Number) -> Value:
    """The share of admissions that came soon after a discharge."""
    return ratio(readmissions, admissions)


@metric(
    label="Average length of stay",
    unit="bed_day / discharge",
    source=AUDIT.section("Length of stay & DTOC variation"),
    example={"occupied_bed_days": 39_000, "discharges": 1_000},
    gives="39.0",
    where="39 days in an adult acute bed in 2023 (NHS Benchmarking Network, in The King's Fund, Mental health 360)",
    caveats=[
        "Days occupied in the period stand over discharges in it: fair where stays are short beside the period, and "
        "not where a few people stay for years.",
    ],
)
def average_length_of_stay(occupied_bed_days: Value | Number, discharges: Value | Number) -> Value:
    """Bed days for each discharge."""
    return ratio(occupied_bed_days, discharges)


@metric(
    label="Bed occupancy",
    unit="",
    source=AUDIT.section("Length of stay & DTOC variation"),
    example={"occupied_bed_days": 16_375, "available_bed_days": 18_270},
    gives="0.896",
    places=3,
    where="mental illness beds of a day, England, April to June 2019: 89.6% (NHS England, KH03)",
    caveats=["Above 1 where the beds of people on leave are used again."],
)
def bed_occupancy(occupied_bed_days: Value | Number, available_bed_days: Value | Number) -> Value:
    """Occupied bed days for each bed day that was open."""
    return ratio(occupied_bed_days, available_bed_days)


@metric(
    label="Delayed transfers of care",
    unit="",
    source=AUDIT.section("Length of stay & DTOC variation"),
    example={"delayed_bed_days": 3, "occupied_bed_days": 100},
    gives="0.03",
    places=2,
    where="England, October 2015: 23,321 days, about 3% of all (NHS Providers, 8 February 2016)",
    proportion=True,
)
def delayed_transfer_rate(delayed_bed_days: Value | Number, occupied_bed_days: Value | Number) -> Value:
    """The share of occupied bed days on which the patient was well enough to leave and could not."""
    return ratio(delayed_bed_days, occupied_bed_days)


@metric(
    label="Followed up within 72 hours of discharge",
    unit="",
    source=MONTHLY.section("72-hour follow-up: MHS80"),
    example={"followed_up_discharges": 80, "eligible_discharges": 100},
    gives="0.8",
    where="the standard that is set for it: 80% (Royal College of Psychiatrists, Mental Health Watch)",
    proportion=True,
    caveats=["Of discharges from adult acute beds, without those who died, moved away or went to another ward."],
)
def follow_up_72_hour_rate(followed_up_discharges: Value | Number, eligible_discharges: Value | Number) -> Value:
    """The share of discharges from adult acute beds that were followed up within 72 hours."""
    return ratio(followed_up_discharges, eligible_discharges)


@metric(
    label="Acute stays of 60 days or more",
    unit="",
    source=MONTHLY.section("length of stay: MHS100b"),
    example={"long_stay_discharges": 24, "acute_discharges": 100},
    gives="0.24",
    places=2,
    where="illustration",
    proportion=True,
    caveats=["Of those discharged in the period: who stays longest is not in it until discharge."],
)
def long_stay_rate(long_stay_discharges: Value | Number, acute_discharges: Value | Number) -> Value:
    """The share of discharges from adult acute beds after a stay of 60 days or more."""
    return ratio(long_stay_discharges, acute_discharges)


@metric(
    label="Bed days out of area",
    unit="",
    source=MONTHLY.section("out of area placements: OAP09"),
    example={"out_of_area_bed_days": 58_735, "occupied_bed_days": 1_506_500},
    gives="0.039",
    places=3,
    where="58,735 days, October to December 2021 (Royal College of Psychiatrists), beside 92 days of the 16,375 beds "
    "that were occupied in April to June 2019 (NHS England, KH03)",
    proportion=True,
    caveats=["Inappropriate placements alone: a bed elsewhere because none was free at home."],
)
def out_of_area_bed_day_share(out_of_area_bed_days: Value | Number, occupied_bed_days: Value | Number) -> Value:
    """The share of occupied bed days that were spent out of area for want of a bed at home."""
    return ratio(out_of_area_bed_days, occupied_bed_days)
