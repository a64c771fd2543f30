"""What each kind of official file has: its columns as published, and what they are called here."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of official file.

    Parameters
    ----------
    title : str
        What it is, and who publishes it.
    reader : str
        The function that reads it.
    columns : mapping of str to str
        The columns that it must have, by their published name, with their name in the table that is read.
    also : mapping of str to str, optional
        Other names under which columns were published: regular expressions for the whole `folded` name, each with the
        name in the table.
    """

    title: str
    reader: str
    columns: Mapping[str, str]
    also: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def name_of(self, published: str) -> str | None:
        """The name in the table of a published column, None for one that is not known."""
        key = folded(published)
        known = {folded(column): name for column, name in self.columns.items()}
        return known.get(key) or next((name for form, name in self.also.items() if re.fullmatch(form, key)), None)


ALLOCATIONS = Format(
    "NHS England's ICB place-based allocations",
    "read_icb_allocations",
    MappingProxyType(
        {
            "Practice_Code": "practice",
            "GP_Practice_Name": "practice_name",
            "ICB": "icb",
            "ICBname": "icb_name",
            "Rcode": "region",
            "Region": "region_name",
            "Population": "registered_population",
            "MH WP": "weighted_population",
        }
    ),
    MappingProxyType(
        {
            r"gppracticecode": "practice",
            r"practicename": "practice_name",
            r"ics(\d\d|code)": "icb",
            r"ics(\d\d)?name": "icb_name",
            r"r\d\d|regioncode": "region",
            r"region(\d\d|name)": "region_name",
            r"pop\d{4}/\d\d|gppop": "registered_population",
            r"wpmh": "weighted_population",
        }
    ),
)

MHSDS_MONTHLY = Format(
    "the MHSDS monthly statistics' performance files",
    "read_mhsds_monthly",
    MappingProxyType(
        {
            "REPORTING_PERIOD_START": "period_start",
            "REPORTING_PERIOD_END": "period_end",
            "STATUS": "status",
            "BREAKDOWN": "breakdown",
            "PRIMARY_LEVEL": "primary_level",
            "PRIMARY_LEVEL_DESCRIPTION": "primary_level_name",
            "SECONDARY_LEVEL": "secondary_level",
            "SECONDARY_LEVEL_DESCRIPTION": "secondary_level_name",
            "MEASURE_ID": "measure_id",
            "MEASURE_NAME": "measure_name",
            "MEASURE_VALUE": "published_value",
        }
    ),
)

NATIONAL_COSTS = Format(
    "the National Cost Collection's schedule for mental health",
    "read_national_costs",
    MappingProxyType(
        {name: name for name in ("department_code", "currency_code", "currency_desc", "activity", "unit_cost", "cost")}
    ),
    MappingProxyType(
        {
            r"servicecode": "department_code",
            r"deptorcurrencycode": "currency_code",
            r"deptorcurrencydesc": "currency_desc",
        }
    ),
)


def _by_name(title: str, columns: dict[str, str], also: dict[str, str] | None = None) -> Format:
    return Format(title, "read_published", MappingProxyType(columns), MappingProxyType(also or {}))


OTHERS = MappingProxyType(
    {
        "gp_patients": _by_name(
            "NHS England's patients registered at a GP practice, by age and sex",
            {
                "EXTRACT_DATE": "extract_date", "ORG_TYPE": "place_type", "ORG_CODE": "place", "SEX": "sex",
                "AGE_GROUP_5": "age_group", "NUMBER_OF_PATIENTS": "value",
            },
            {"age": "age_group"},
        ),
        "talking_therapies": _by_name(
            "NHS Talking Therapies' monthly activity and performance",
            {
                "REPORTING_PERIOD_START": "period_start", "REPORTING_PERIOD_END": "period_end",
                "GROUP_TYPE": "group_type", "ORG_CODE1": "place", "ORG_CODE2": "second_place",
                "MEASURE_ID": "measure_id", "MEASURE_NAME": "measure_name", "MEASURE_VALUE_SUPPRESSED": "value",
            },
            {"measurevalue": "value"},
        ),
        "smi_health_checks": _by_name(
            "NHS England's physical health checks for people with severe mental illness",
            {"Period": "period", "CCG Code": "place", "Question": "question", "Answer": "value"},
            {"(sub)?icb(location)?code": "place"},
        ),
        "out_of_area_placements": _by_name(
            "NHS Digital's out of area placements, in the form of 2016 to 2023",
            {
                "Question": "question", "Breakdown1": "breakdown", "Breakdown1Code": "place",
                "Breakdown2": "second_breakdown", "Breakdown2Code": "second_place", "value": "value",
            },
        ),
        "oversight_framework": _by_name(
            "the NHS Oversight Framework's metrics of trusts",
            {
                "Trust_code": "place", "Quarter": "quarter", "Metric_ID": "metric_id",
                "Reporting_date": "reporting_date", "Value": "value", "Median_value": "median", "Rank": "rank",
            },
            {r"org(anisation)?code": "place", "reportingperiod": "reporting_date", "median": "median"},
        ),
        "fingertips": _by_name(
            "Fingertips' download of indicators",
            {
                "Indicator ID": "indicator_id", "Indicator Name": "indicator_name", "Area Code": "place",
                "Area Name": "place_name", "Area Type": "place_type", "Sex": "sex", "Age": "age",
                "Time period": "period", "Value": "value", "Lower CI 95.0 limit": "lower_95",
                "Upper CI 95.0 limit": "upper_95", "Count": "count", "Denominator": "denominator",
            },
        ),
    }
)  # fmt: skip
"""Kinds of file of which a row is all that there is to say, by the name under which `read_published` reads them."""

FORMATS = (ALLOCATIONS, MHSDS_MONTHLY, NATIONAL_COSTS, *OTHERS.values())
"""Every kind of file that can be read."""


def folded(name: str) -> str:
    """Bring the name of a column to the form in which names are compared: case, spaces and underscores go.

    Examples
    --------
    >>> folded(" Practice_Code "), folded("MH  WP")
    ('practicecode', 'mhwp')
    """
    return re.sub(r"[\s_]", "", name).casefold()


def recognise(header: Iterable[str]) -> Format | None:
    """Tell which kind of file has such a header; None where none does.

    Examples
    --------
    >>> recognise(NATIONAL_COSTS.columns).reader
    'read_national_costs'
    """
    found = list(header)
    return next((each for each in FORMATS if set(each.columns.values()) <= set(map(each.name_of, found))), None)
