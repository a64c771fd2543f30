"""The measures that metrics are made of: their names, units, and how each adds.

A measure is counted or paid; a metric is computed from measures. Measures add, each in its own way; metrics never do.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Kind(Enum):
    """How a measure adds."""

    FLOW = "flow"
    """Happens over a period: adds over teams and over time (cost, contacts, referrals)."""
    STOCK = "stock"
    """Is there at a moment: adds over teams; over time it is the last or the mean (caseload, WTE, beds)."""
    POPULATION = "population"
    """People of a place: adds over distinct places, never over teams or months."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A quantity that services count or pay.

    Parameters
    ----------
    name : str
        The name of the parameter and of the column, for example "caseload".
    unit : str
        The canonical unit, for example "patient".
    kind : Kind
        How the measure adds.
    description : str
        What is counted, as a phrase.
    part_of : str, optional
        The measure that this one is a part of, and so never above.
    """

    name: str
    unit: str
    kind: Kind
    description: str
    part_of: str | None = None


def _measures(*measures: Measure) -> Mapping[str, Measure]:
    return MappingProxyType({measure.name: measure for measure in measures})


MEASURES: Mapping[str, Measure] = _measures(
    Measure("referrals", "referral", Kind.FLOW, "referrals received in the period"),
    Measure("referrals_accepted", "referral", Kind.FLOW, "referrals accepted in the period", part_of="referrals"),
    Measure("contacts", "contact", Kind.FLOW, "contacts that took place in the period, face to face and not"),
    Measure("face_to_face_contacts", "contact", Kind.FLOW, "contacts that took place face to face", part_of="contacts"),
    Measure("did_not_attends", "contact", Kind.FLOW, "appointments that the patient missed without warning (DNA)"),
    Measure("discharges", "discharge", Kind.FLOW, "discharges in the period"),
    Measure("total_cost", "GBP", Kind.FLOW, "cost in the period, with overheads and corporate costs"),
    Measure("admissions", "admission", Kind.FLOW, "admissions to a bed in the period"),
    Measure("readmissions", "admission", Kind.FLOW, "admissions soon after a discharge", part_of="admissions"),
    Measure("occupied_bed_days", "bed_day", Kind.FLOW, "days on which beds were occupied, added over beds"),
    Measure("available_bed_days", "bed_day", Kind.FLOW, "days on which beds were open, added over beds"),
    Measure("delayed_bed_days", "bed_day", Kind.FLOW, "occupied bed days of delayed transfers", "occupied_bed_days"),
    Measure("caseload", "patient", Kind.STOCK, "people on the caseload at the end of the period"),
    Measure("average_caseload", "patient", Kind.STOCK, "mean number of people on the caseload over the period"),
    Measure("wte", "WTE", Kind.STOCK, "staff in post, whole-time equivalent"),
    Measure("beds", "bed", Kind.STOCK, "beds open"),
    Measure("registered_population", "person", Kind.POPULATION, "people registered with the GPs of the place"),
    Measure("weighted_population", "person", Kind.POPULATION, "registered people, weighted for mental-health need"),
)
"""Every measure, by name."""

POPULATION = "population"
"""The parameter of a metric that any population measure may fill; in tables `basis` says which does."""

BASES: Mapping[str, str] = MappingProxyType(
    {name.removesuffix("_population"): name for name, measure in MEASURES.items() if measure.kind is Kind.POPULATION}
)
"""The population bases by name ("registered", "weighted"), each with the measure that it is."""

KEYS: tuple[str, ...] = ("organisation", "team", "team_type", "period")
"""The key columns: together they name a row."""


def unit_of(parameter: str) -> str | None:
    """Canonical unit of a parameter of a metric.

    Parameters
    ----------
    parameter : str
        A measure's name, or "population".

    Returns
    -------
    str or None
        The unit, or None where the name is not a measure's.

    Examples
    --------
    >>> unit_of("caseload"), unit_of("population"), unit_of("colour")
    ('patient', 'person', None)
    """
    if parameter == POPULATION:
        return "person"
    measure = MEASURES.get(parameter)
    return measure.unit if measure else None
