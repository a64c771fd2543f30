"""The metadata of the Central Metrics Library: what the catalogue knows of a metric, in 39 columns."""

from __future__ import annotations

import inspect
import sys
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from cmhs_metrics.ambitions import AMBITIONS
from cmhs_metrics.measures import MEASURES, Kind
from cmhs_metrics.policies import policy
from cmhs_metrics.selection import column_of
from cmhs_metrics.synonyms import METRIC_WORDS, PUBLISHED_AS

if TYPE_CHECKING:
    import datetime

    from cmhs_metrics.catalogue import Metric
    from cmhs_metrics.measures import Basis, Measure

_DOMAINS = {
    "finance": "Finance", "waits": "Access", "referrals": "Access", "transformation": "Access", "population": "Context",
    "contacts": "Activity", "caseload": "Activity", "clusters": "Activity", "inpatient": "Activity",
    "interventions": "Quality of care",
}  # fmt: skip


class Facts(NamedTuple):
    """What the metadata of every metric share."""

    owner: str
    source: str
    status: str
    state: str
    category: str
    disclosure: str
    platform: str | None
    location_type: str
    dimensions: list[str]
    last: datetime.date

    def row(
        self, name: str, metric_id: str, grain: str, first: pd.Timestamp, location_types: set[str]
    ) -> dict[str, Any]:
        """The metadata of a metric or measure, in the order of the proforma."""
        held = column_of(name)
        told = _of_metric(*held) if held else _of_measure(MEASURES[name])
        targets = _targets(self.last).get(held[0].name if held else name)
        return {
            "metric_family_id": metric_id.partition("_")[0], "metric_id": metric_id, "metric_status": self.status,
            "metric_state": self.state, "metric_title": str(told["title"])[:160],
            "metric_start_date": first, "metric_end_date": pd.NaT,
            "available_metric_category": self.category, "available_reporting_grain": grain,
            "available_location_types": ", ".join(sorted(location_types)),
            "available_dimension_types": ", ".join(self.dimensions) or None, "business_area": "Mental health",
            "business_sub_area": "Community mental health services", "domain": told["domain"],
            "numerator_source_name": self.source, "numerator_project_id": None,
            "numerator_source_platform": self.platform, "denominator_source_name": self.source,
            "denominator_project_id": None, "denominator_source_platform": self.platform, "metric_owner": self.owner,
            "metric_short_name": name, "metric_alias": told["alias"], "metric_description": told["description"],
            "calculation": told["calculation"], "metric_purpose": told["purpose"], "unit": told["unit"],
            "format": told["format"], "target": targets, "frequency_of_refresh": grain,
            "aggregation": told["aggregation"],
            "statistical_disclosure_control_flag": "Y" if self.disclosure else "NA",
            "statistical_disclosure_control_description": self.disclosure or "not stated by the producer",
            "interpretation": told["interpretation"], "inclusion_exclusion_rules": told["rules"],
            "usage": told["usage"], "organisation_geog_type": self.location_type, "footnotes": told["footnotes"],
            "notes": told["notes"],
        }  # fmt: skip


def _of_metric(metric: Metric, basis: Basis | None) -> dict[str, str | None]:
    doc = inspect.getdoc(sys.modules[metric.function.__module__]) or metric.section
    of_people = f" People: {MEASURES[basis.measure].description}." if basis and basis.measure in MEASURES else ""
    inputs = [f"{each} ({MEASURES[each].description})" for each in metric.inputs if each in MEASURES]
    return {
        "title": metric.label + (f" ({basis.name} population)" if basis else ""),
        "domain": _DOMAINS.get(metric.section, "Other"),
        "alias": ", ".join((*METRIC_WORDS.get(metric.name, ()), *metric.published_as)) or metric.name.replace("_", " "),
        "description": metric.definition + of_people,
        "calculation": metric.formula,
        "purpose": doc.split("\n\n")[0].replace("\n", " "),
        "unit": metric.printed_unit,
        "format": "proportion, 0 to 1" if metric.proportion else "currency" if "GBP" in metric.unit else "decimal",
        "aggregation": "N",
        "interpretation": _directions().get(metric.name),
        "rules": "Of " + " and ".join(inputs) + (". The flow covers a year." if metric.annual else "."),
        "usage": "To compare places and to follow one over time. Add measures and compute again: metrics do not add.",
        "footnotes": " ".join(metric.caveats) or "None.",
        "notes": f"Defined in {metric.source}. Status: {metric.status}. Package: cmhs_metrics.",
    }


def _of_measure(measure: Measure) -> dict[str, str | None]:
    return {
        "title": measure.description[0].upper() + measure.description[1:],
        "domain": "Finance" if measure.unit == "GBP" else "Activity",
        "alias": ", ".join(PUBLISHED_AS.get(measure.name, ())) or measure.name.replace("_", " "),
        "description": measure.description,
        "calculation": f"total of {measure.name}",
        "purpose": "A count or sum from which metrics are computed.",
        "unit": measure.unit,
        "format": "currency" if measure.unit == "GBP" else "number",
        "aggregation": "Y",
        "interpretation": None,
        "rules": f"Part of {measure.part_of}." if measure.part_of else "All of them.",
        "usage": "Above or below the line of metrics.",
        "footnotes": "Adds over teams; over time it is the last or the mean."
        if measure.kind is Kind.STOCK
        else "Adds.",
        "notes": f"A {measure.kind.value} of cmhs_metrics.",
    }


@cache
def _directions() -> dict[str, str]:
    """Which way is better, of the metrics of which policy says it."""
    entries = policy()
    told = entries[(entries["metric"] != "") & (entries["direction"] != "neither")]
    return dict(zip(told["metric"], told["direction"], strict=True))


@cache
def _targets(day: datetime.date) -> dict[str, str]:
    """The ambitions that are in force on a day, by metric, with their value and source."""
    ambitions, in_force, found = dict(AMBITIONS.items()), policy(day, kind="ambition"), {}
    for key, row in in_force[in_force["metric"] != ""].iterrows():
        if (held := ambitions.get(str(key))) is not None:
            value = f"{'more than ' if held.more_than else ''}{held.value:,g} {held.unit}".strip()
            found[str(row["metric"])] = f"{value}: {row['source']}"
    return found
