"""Small files in the published formats."""

from __future__ import annotations

import math

MONTHLY_HEADER = (
    "REPORTING_PERIOD_START,REPORTING_PERIOD_END,STATUS,BREAKDOWN,PRIMARY_LEVEL,PRIMARY_LEVEL_DESCRIPTION,"
    "SECONDARY_LEVEL,SECONDARY_LEVEL_DESCRIPTION,MEASURE_ID,MEASURE_NAME,MEASURE_VALUE"
)
MEASURE_NAMES = {
    "MRS02": "Number of CMH referral-spells waiting for a full clock stop that were still open at the end of the RP",
    "MRS02a": "Number of CMH referral-spells waiting more than 104 weeks for full clock stop that were still open",
    "MRS02b": "Proportion of CMH referral-spells waiting more than 104 weeks for full clock stop that were still open",
    "MRS03": "Number of open CMH referral-spells waiting for a 2nd contact at the end of the RP",
    "MRS03a": "Median time (days) for open CMH referral-spells waiting for a 2nd contact at the end of the RP",
    "MRS06": "Number of CMH referral-spells that were still open at the end of the RP",
    "MRS07a": "Number of CMH referral-spells waiting more than 104 weeks for a 2nd contact that were still open",
    "MRS07b": "Proportion of CMH referral-spells waiting more than 104 weeks for a 2nd contact that were still open",
    "XYZ01": "People in contact with services at the end of the RP",
    "XYZ03": "A thing that nobody knows",
    "XYZ02": "Proportion of people who like the service",
}
ICB = "ICB of GP Practice or Residence"


def monthly_row(measure_id: str, value: object, code: str = "England", breakdown: str = "England") -> str:
    """A row of an MHSDS monthly file."""
    name = MEASURE_NAMES[measure_id]
    return f"01/06/2024,30/06/2024,Performance,{breakdown},{code},{code} NAME,NONE,NONE,{measure_id},{name},{value}"


def monthly_text(values: dict[str, object], code: str = "England", breakdown: str = "England") -> str:
    """An MHSDS monthly file of one place."""
    rows = [monthly_row(measure_id, value, code, breakdown) for measure_id, value in values.items()]
    return "\n".join([MONTHLY_HEADER, *rows]) + "\n"


def publish_count(count: int) -> object:
    """The rule of publication: under 5 hidden, else to the nearest 5."""
    return "*" if count < 5 else 5 * math.floor(count / 5 + 0.5)


ALLOCATIONS = """\
Practice_Code,GP_Practice_Name,Practice_Postcode,Latitude,CCG,ICB,ICBname,Rcode,Region,Patients,Population,G&A WP,MH WP
P1,"FEN SURGERY, NORTH",PE1 1AA,52.5,,QF1,Fenland ICB,Y1,East,,6000.5,6100,5400.25
P2,MARSH SURGERY,PE2 2BB,52.6,,QF1,Fenland ICB,Y1,East,,3999.5,4000,3600
P3,HILL SURGERY,HL1 1CC,53.1,,QU1,Uplands ICB,Y1,East,,2000,1900,2499.75
P4,CITY SURGERY,CT1 1DD,53.2,,QC1,City ICB,Y2,North,,8000,8000,8500
"""

COSTS = """\
department_code,currency_code,currency_desc,activity,unit_cost,cost
Mental Health Care Contact,A02,Crisis Resolution Team,2000.0,350.0,700000.0
Mental Health Care Contact,A06,Community Mental Health Team - Functional,1000.0,250.0,250000.0
Mental Health Care Contact,C10,Community Eating Disorder Service,100.0,300.0,30000.0
Mental Health Care Contact,C03,Eating Disorders,50.0,360.0,18000.0
Mental Health Care Contact,A12,Psychotherapy Service,4.0,1000.0,4000.0
Mental Health Care Contact,A13,Psychological Therapy Service,300.0,0.0,0.0
Mental Health Care Contact,X99,A service of the future,10.0,100.0,1000.0
Mental Health Provider Spell,200MHPS,Acute Adult Mental Health Care – beds,1000.0,700.0,700000.0
NHS Talking Therapy Care Contact,01IAPT,Assessment,500.0,170.0,85000.0
"""
