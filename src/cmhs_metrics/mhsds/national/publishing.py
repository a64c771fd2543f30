"""The table of national measures, in the shape of the published monthly file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np
import pandas as pd

from cmhs_metrics.disclosure.rule import (
    EXACT,
    MISSING,
    NHS,
    SUPPRESSED,
    WHOLE_DAY,
    WHOLE_PER_CENT,
    round_to,
    rounded_to,
)
from cmhs_metrics.errors import BadInput, Problem
from cmhs_metrics.mhsds.facts.commissioners import read_icbs
from cmhs_metrics.mhsds.national.concepts import read_concepts, read_reference_sets
from cmhs_metrics.mhsds.national.counting import BREAKDOWNS, ENGLAND, Place, by_code, counts, people, percentiles
from cmhs_metrics.mhsds.national.definitions import BASES, NICE_CONCORDANT, REFERENCE_SETS, Measure
from cmhs_metrics.mhsds.national.known import Known, Month
from cmhs_metrics.mhsds.national.offered import read_breakdowns, read_measures, read_month
from cmhs_metrics.mhsds.national.rows import Facts
from cmhs_metrics.mhsds.records.extract import ExtractLike, as_extract
from cmhs_metrics.signatures import checked

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

NONE = "NONE"


@checked
def published(
    extract: ExtractLike,
    month: str,
    *,
    measures: Sequence[str] | None = None,
    breakdown: str | Sequence[str] | None = None,
    icb_of: Mapping[str, str] | None = None,
    reference_sets: Any = None,
    nice_concordant: Iterable[str] = (),
    suppress: bool = True,
) -> pd.DataFrame:
    """National measures of an extract by their ids, in the shape of the published monthly file.

    Parameters
    ----------
    extract : Extract or mapping of str to frame
        The extract, or its tables as `Extract.of` takes them. Twelve months are needed for access, and what the
        waits are counted from reaches further back.
    month : str
        The reporting month, as "2024-06". Everything is as it was known at its end: what was submitted later is
        not read.
    measures : sequence of str, optional
        Ids, as "MHS108"; by default every one that the tables allow (see `national_measures`).
    breakdown : str or sequence of str, optional
        Any of "England", "ICB of GP Practice or Residence", "Sub ICB of GP Practice or Residence" and "Provider"; by
        default all, ICBs where `icb_of` is given.
    icb_of : mapping of str to str, optional
        The ICB of each sub-ICB.
    reference_sets : frame or sequence of mapping, optional
        The concepts that stop a clock: `concept`, `group` ("Assessments", "Psychological therapies", "Psychosocial
        interventions" or "Medication"), `start` and `end`. Measures of the full clock stop need it.
    nice_concordant : iterable of str, optional
        The concepts of EIP69b.
    suppress : bool, default True
        Whether numbers outside England are suppressed and rounded by the published rule.

    Returns
    -------
    pandas.DataFrame
        The columns of `published.read_mhsds_monthly`: a row for each measure and place that has any of the
        measures. `status` is "Own extract". `value` [its unit] is the number that is shown, NaN where it is
        suppressed or missing; `kind`,
        `lower` and `upper` say what is known of the true one. `attrs["missing"]` names, by id, what the measures that
        are not there lack.

    Raises
    ------
    BadInput
        When an argument is not in order, a measure that was asked for by its id lacks a table or column, or the
        month lies after the last that was submitted.

    Notes
    -----
    Outside England counts under 5 are suppressed, other counts rounded to the nearest 5, percentages and days to a
    whole number; a percentage or a number of days is suppressed where the count that it is of is. Contacts that were
    submitted twice are counted once, unlike in the published four-week waits. Lazy tables are run by their engine,
    a query for each kind of facts, and only the sums are brought here.

    References
    ----------
    NHS England, Mental Health Services Monthly Statistics: performance files, metadata and published analytical
    code (state of September 2025).

    Examples
    --------
    >>> from cmhs_metrics import mhsds
    >>> ours = mhsds.published(mhsds.example(), "2025-03", measures=["MRS06", "MHS108"], breakdown="England")
    >>> ours[["measure_id", "breakdown", "value", "kind"]]
      measure_id breakdown  value   kind
    0     MHS108   England    1.0  exact
    1      MRS06   England    2.0  exact
    """
    extract = as_extract(extract)
    problems: list[Problem] = []
    when = read_month(extract, month, problems)
    sets = None
    if reference_sets is not None:
        read = read_reference_sets(reference_sets)
        problems += read if isinstance(read, list) else []
        sets = read if isinstance(read, dict) else None
    icb_of = read_icbs(icb_of, problems)
    places = read_breakdowns(extract, breakdown, icb_of, problems)
    concordant = read_concepts(nice_concordant)
    given = [REFERENCE_SETS] if reference_sets is not None else []
    given += [NICE_CONCORDANT] if concordant else []
    wanted, missing = read_measures(extract, measures, given, problems)
    if problems or when is None:
        raise BadInput("published", problems)
    known = Known(extract, when)
    facts = Facts(known, sets or {}, concordant)
    try:
        values, deciding = _values(facts, wanted, icb_of or {})
    finally:
        known.let_go()
    rows = [
        _row(each, when, place, value, values, deciding, suppress)
        for each in wanted
        for place, value in sorted(values[each.id].items(), key=lambda one: _order(one[0]))
        if place[0].partition(";")[0] in places
    ]
    table = pd.DataFrame(rows, columns=COLUMNS)
    for name in ("value", "lower", "upper"):
        table[name] = table[name].astype("float64")
    table.attrs["missing"] = missing
    return table


COLUMNS = [
    "period_start", "period_end", "status", "breakdown", "primary_level", "primary_level_name", "secondary_level",
    "secondary_level_name", "measure_id", "measure_name", "value", "kind", "lower", "upper", "unit", "published_value",
]  # fmt: skip


Values = dict[str, dict[Place, float | None]]


def _values(facts: Facts, wanted: Sequence[Measure], icb_of: Mapping[str, str]) -> tuple[Values, Values]:
    """The values of each measure by place, and the counts that decide whether they are suppressed."""
    counted: Values = {}
    coded: Values = {}
    of_days: dict[str, dict[Place, tuple[float, float]]] = {}
    for name, base in BASES.items():
        those = [each for each in wanted if each.base == name]
        if not those:
            continue
        frame = facts.hold(base.facts(facts))
        flags = {id for each in those if not each.code for id in (*each.counted, *each.deciding)}
        distinct = {each.id for each in those if each.kind == "people"}
        for how, ids in ((counts, sorted(flags - distinct)), (people, sorted(distinct))):
            if ids:
                for (id, place), value in how(frame, ids, icb_of).items():
                    counted.setdefault(id, {})[place] = value
                for id in ids:
                    counted.setdefault(id, {})
        for id in sorted({each.of for each in those if each.of}):
            of_days[id] = percentiles(frame.filter(nw.col(id) == 1), icb_of)
        for each in those:
            if each.code:
                codes = by_code(frame, each.code, each.id)
                coded[each.id] = {(each.breakdown, code): float(value) for code, value in codes.items()}
    # A place is told of where it has anything of any measure.
    places = {place for values in counted.values() for place, value in values.items() if value}
    places.add((ENGLAND, ENGLAND))
    values: Values = {}
    for each in wanted:
        values[each.id] = coded.get(each.id) or {
            place: _value(each, place, counted, of_days) for place in ([] if each.code else places)
        }
    return values, counted


def _value(
    each: Measure, place: Place, counted: Values, of_days: Mapping[str, Mapping[Place, tuple[float, float]]]
) -> float | None:
    if each.of:
        pair = of_days[each.of].get(place)
        return None if pair is None else pair[each.kind != "median"]
    if each.kind == "percentage":
        above, below = (float(counted[id].get(place) or 0) for id in each.counted)
        return 100 * above / below if below else each.of_none
    return float(counted[each.id].get(place) or 0)


def _row(
    each: Measure, when: Month, place: Place, value: float | None, values: Values, counted: Values, suppress: bool
) -> dict[str, Any]:
    breakdown, code = place
    is_england = breakdown.partition(";")[0] == ENGLAND
    of = each.measured
    kind, shown, lower, upper = _shown(each, place, value, counted, of, suppress and not is_england)
    return {
        "period_start": pd.Timestamp(when.start_of(each.months)), "period_end": pd.Timestamp(when.last_date),
        "status": "Own extract", "breakdown": breakdown, "primary_level": ENGLAND if is_england else code,
        "primary_level_name": ENGLAND if is_england else "", "secondary_level": code if each.code else NONE,
        "secondary_level_name": code if each.code else NONE, "measure_id": each.id, "measure_name": each.name,
        "value": shown, "kind": kind, "lower": lower, "upper": upper, "unit": of,
        "published_value": _text(kind, shown),
    }  # fmt: skip


def _shown(
    each: Measure, place: Place, value: float | None, counted: Values, of: str, suppress: bool
) -> tuple[str, float, float, float]:
    """The kind of a value, what is shown of it, and the least and the greatest that it can be."""
    if not suppress:
        return (MISSING, np.nan, np.nan, np.nan) if value is None else (EXACT, value, value, value)
    deciding = np.array([float(counted[id].get(place) or 0) for id in each.deciding])
    if value is None or bool(np.any(NHS.is_suppressed(deciding))):
        return SUPPRESSED, np.nan, 0.0, {"percent": 100.0, "day": np.nan}.get(of, float(NHS.threshold - 1))
    if of in ("percent", "day"):
        whole = float(round_to(value, 1))
        upper = min(whole + 0.5, 100) if of == "percent" else whole + 0.5
        return (WHOLE_PER_CENT if of == "percent" else WHOLE_DAY), whole, max(whole - 0.5, 0), upper
    count = float(NHS.shown(np.array([value]))[0])
    return rounded_to(NHS.rounding), count, max(count - 2, NHS.threshold), count + 2


def _text(kind: str, value: float) -> str:
    if kind in (SUPPRESSED, MISSING):
        return NHS.symbol if kind == SUPPRESSED else ""
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def _order(place: Place) -> tuple[int, str]:
    breakdown = place[0].partition(";")[0]
    return BREAKDOWNS.index(breakdown), place[1]
