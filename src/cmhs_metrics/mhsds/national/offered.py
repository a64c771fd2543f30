"""Which national measures are offered, what each needs, and what of them is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from cmhs_metrics.errors import Problem, nearest
from cmhs_metrics.mhsds.facts.referrals import has_own_service
from cmhs_metrics.mhsds.national.counting import BREAKDOWNS, ICB
from cmhs_metrics.mhsds.national.definitions import BASES, MEASURES, Measure
from cmhs_metrics.mhsds.national.known import Month
from cmhs_metrics.mhsds.records.columns import TABLES
from cmhs_metrics.mhsds.records.dates import month_number_of, read_period
from cmhs_metrics.mhsds.records.extract import Extract, as_extract

REFERENCE_SETS = "reference_sets"


def national_measures(extract: Extract | None = None, *, reference_sets: bool = True) -> pd.DataFrame:
    """Tell which national measures `published` offers, what each needs, and what an extract lacks for it.

    Parameters
    ----------
    extract : Extract, optional
        An extract.
    reference_sets : bool, default True
        Whether a table of reference sets is at hand.

    Returns
    -------
    pandas.DataFrame
        A row for each id: `measure_id`, `measure_name`, `months` (of its period), `unit`, `needs` (tables), and,
        with an extract, `lacks`: the tables and columns that are not there, empty where it can be computed.

    Examples
    --------
    >>> from cmhs_metrics import mhsds
    >>> mhsds.national_measures().set_index("measure_id").loc["MHS108", "needs"]
    'MHS101Referral, MHS201CareContact, types of teams'
    """
    rows = []
    for each in MEASURES.values():
        base = BASES[each.base]
        tables = [TABLES[name].name for name in {**base.needs, **each.needs}]
        needs = [
            *tables,
            *(["types of teams"] if base.teams else []),
            *(["reference sets"] if _needs_sets(each) else []),
        ]
        row = {
            "measure_id": each.id, "measure_name": each.name, "months": each.months, "unit": each.measured,
            "needs": ", ".join(needs),
        }  # fmt: skip
        if extract is not None:
            row["lacks"] = "; ".join(_lacking(as_extract(extract), each, reference_sets))
        rows.append(row)
    return pd.DataFrame(rows)


def _needs_sets(each: Measure) -> bool:
    return each.base == "clock stops"


def _lacking(extract: Extract, each: Measure, has_sets: bool) -> list[str]:
    """What an extract has not that a measure needs: a table, or a column as table.column."""
    base, lacks = BASES[each.base], []
    for needs in (base.needs, each.needs):
        for table, columns in needs.items():
            if table not in extract.tables:
                lacks.append(extract.name_of(table))
                continue
            lacks += [f"{extract.name_of(table)}.{name}" for name in columns if not extract.has(table, name)]
    has_teams = has_own_service(extract) or extract.has("service_types", "UniqServReqID", "ServTeamTypeRefToMH")
    has_teams = has_teams or (extract.has("service_types", "UniqServReqID") and "service_teams" in extract.tables)
    if base.teams and not has_teams:
        lacks.append(f"{extract.name_of('service_types')}.ServTeamTypeRefToMH")
    if _needs_sets(each) and not has_sets:
        lacks.append(f"the argument {REFERENCE_SETS}")
    return list(dict.fromkeys(lacks))


def read_month(extract: Extract, month: Any, problems: list[Problem]) -> Month | None:
    """Read a month that the extract reaches, or add what is wrong with it to the problems."""
    read = read_period(month)
    expected = "a month as 2024-06"
    if isinstance(read, list):
        problems.append(Problem("month", None, month, expected))
        return None
    span, _ = read
    number = month_number_of(span.last)
    if (span.first, span.last) != (Month(number).first, Month(number).last):
        problems.append(Problem("month", None, month, expected))
        return None
    last = extract.last_month
    if last is not None and number > last:
        told = Month(last).last_date.strftime("%Y-%m")
        problems.append(Problem("month", None, month, f"a month up to {told}, the last that was submitted"))
    return Month(number)


_SHORT = {
    "england": BREAKDOWNS[0], "icb": BREAKDOWNS[1], "sub_icb": BREAKDOWNS[2], "sub icb": BREAKDOWNS[2],
    "provider": BREAKDOWNS[3],
}  # fmt: skip


def read_breakdowns(breakdown: Any, icb_of: Any, problems: list[Problem]) -> tuple[str, ...]:
    """Read breakdowns by their names, long or short, or add what is wrong with them to the problems."""
    if icb_of is not None and not isinstance(icb_of, Mapping):
        problems.append(Problem("icb_of", None, type(icb_of).__name__, "the ICB of each sub-ICB, as a mapping"))
    if breakdown is None:
        return tuple(each for each in BREAKDOWNS if each != ICB or icb_of is not None)
    known = {each.casefold(): each for each in BREAKDOWNS} | _SHORT
    found, asked = [], [breakdown] if isinstance(breakdown, str) else list(breakdown)
    if not asked:
        problems.append(Problem("breakdown", None, breakdown, f"any of {', '.join(BREAKDOWNS)}"))
    for each in asked:
        name = known.get(str(each).casefold())
        if name is None:
            problems.append(Problem("breakdown", None, each, f"any of {', '.join(BREAKDOWNS)}"))
        elif name == ICB and icb_of is None:
            problems.append(Problem("icb_of", None, None, "the ICB of each sub-ICB, for rows of ICBs"))
        else:
            found.append(name)
    return tuple(found)


def read_measures(
    extract: Extract, measures: Any, has_sets: bool, problems: list[Problem]
) -> tuple[list[Measure], dict[str, str]]:
    """The measures to compute, in the order of their table, and what the others lack."""
    lacks = {id: _lacking(extract, each, has_sets) for id, each in MEASURES.items()}
    if measures is None:
        found = [each for id, each in MEASURES.items() if not lacks[id]]
        missing = {id: "; ".join(what) for id, what in lacks.items() if what}
        if not found:
            problems.append(Problem("the extract", None, None, "tables of which a measure can be made: MHS101Referral"))
        return found, missing
    asked = [measures] if isinstance(measures, str) else list(measures)
    known = {id.casefold(): id for id in MEASURES}
    ids = []
    for each in asked:
        id = known.get(str(each).casefold())
        if id is None:
            hint = nearest(str(each), list(MEASURES))
            problems.append(
                Problem("measures", None, each, f"an id of national_measures(){f'; {hint}' if hint else ''}")
            )
        elif lacks[id]:
            problems += [Problem("measures", None, id, f"{what}, without which there is no {id}") for what in lacks[id]]
        else:
            ids.append(id)
    if not asked:
        problems.append(Problem("measures", None, asked, "an id at least"))
    return [each for id, each in MEASURES.items() if id in ids], {}
