"""Which national measures are offered, what each needs, and what of them is asked for."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import pandas as pd

from cmhs_metrics.errors import Problem, nearest
from cmhs_metrics.mhsds.facts.commissioners import incomplete_practices
from cmhs_metrics.mhsds.facts.referrals import REFERRAL, TEAM_COLUMNS, has_own_service
from cmhs_metrics.mhsds.national.counting import BREAKDOWNS, ICB, SUB_ICB
from cmhs_metrics.mhsds.national.definitions import BASES, MEASURES, NICE_CONCORDANT, REFERENCE_SETS, Measure
from cmhs_metrics.mhsds.national.known import SUBMITTED, Month, submission_key
from cmhs_metrics.mhsds.records.columns import TABLES
from cmhs_metrics.mhsds.records.dates import month_number_of, read_period
from cmhs_metrics.mhsds.records.extract import Extract, as_extract

_ARGUMENTS = {REFERENCE_SETS: "reference sets", NICE_CONCORDANT: "NICE concordant concepts"}


def national_measures(extract: Extract | None = None, *, reference_sets: bool = True) -> pd.DataFrame:
    """Tell which national measures `published` offers, what each needs, and what an extract lacks for it.

    Parameters
    ----------
    extract : Extract, optional
        An extract.
    reference_sets : bool, default True
        Whether the concepts are at hand that `published` takes as `reference_sets` and as `nice_concordant`.

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
    given = tuple(_ARGUMENTS) if reference_sets else ()
    rows = []
    for each in MEASURES.values():
        base = BASES[each.base]
        tables = [TABLES[name].name for name in {**base.needs, **each.needs}]
        argument = base.argument or each.argument
        needs = [
            *tables,
            *(["types of teams"] if base.teams or each.teams else []),
            *([_ARGUMENTS[argument]] if argument else []),
        ]
        row = {
            "measure_id": each.id, "measure_name": each.name, "months": each.months, "unit": each.measured,
            "needs": ", ".join(needs),
        }  # fmt: skip
        if extract is not None:
            row["lacks"] = "; ".join(_lacking(as_extract(extract), each, given))
        rows.append(row)
    return pd.DataFrame(rows)


def lacking_links(extract: Extract) -> list[str]:
    """What hospital spells have not by which the referrals are known that they are linked to."""
    names = [name for name in REFERRAL if not extract.has("hospital_spells", name)]
    return (
        [f"{extract.name_of('hospital_spells')}.{name}" for name in names]
        if "hospital_spells" in extract.tables
        else []
    )


def lacking_teams(extract: Extract) -> list[str]:
    """What an extract has not by which the type of a referral's teams is told."""
    name = extract.name_of("service_teams")
    if "service_teams" in extract.tables:
        lacks = [f"{name}.{column}" for column in TEAM_COLUMNS if not extract.has("service_teams", column)]
        if lacks:
            return lacks
    if has_own_service(extract):
        return []
    if extract.version == "v6" and "referrals" in extract.tables:
        # From version 6 on MHS102 has the other services of a referral, and its own team is named by itself.
        team = [] if extract.has("referrals", TEAM_COLUMNS[0]) else [f"MHS101Referral.{TEAM_COLUMNS[0]}"]
        return [*([] if "service_teams" in extract.tables else [name]), *team]
    there = extract.has("service_types", "UniqServReqID", "ServTeamTypeRefToMH")
    there = there or (extract.has("service_types", "UniqServReqID") and "service_teams" in extract.tables)
    return [] if there else [f"{extract.name_of('service_types')}.ServTeamTypeRefToMH"]


def _lacking(extract: Extract, each: Measure, given: Collection[str]) -> list[str]:
    """What an extract has not that a measure needs: a table, a column as table.column, or an argument."""
    base, lacks = BASES[each.base], []
    for needs in (base.needs, each.needs):
        for table, columns in needs.items():
            if table not in extract.tables:
                lacks.append(extract.name_of(table))
                continue
            named = [*columns, *([submission_key(extract)] if table in SUBMITTED else [])]
            lacks += [f"{extract.name_of(table)}.{name}" for name in named if not extract.has(table, name)]
    if base.no_hospital:
        lacks += lacking_links(extract)
    if base.teams or each.teams:
        lacks += lacking_teams(extract)
    argument = base.argument or each.argument
    if argument and argument not in given:
        lacks.append(f"the argument {argument}")
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


def read_breakdowns(extract: Extract, breakdown: Any, icb_of: Any, problems: list[Problem]) -> tuple[str, ...]:
    """Read breakdowns by their names, long or short, or add what is wrong with them to the problems."""
    if icb_of is not None and not isinstance(icb_of, Mapping):
        problems.append(Problem("icb_of", None, type(icb_of).__name__, "the ICB of each sub-ICB, as a mapping"))
    if breakdown is None:
        breakdown = [each for each in BREAKDOWNS if each != ICB or icb_of is not None]
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
    if {ICB, SUB_ICB} & {*found}:
        problems += incomplete_practices(extract)
    return tuple(found)


def read_measures(
    extract: Extract, measures: Any, given: Collection[str], problems: list[Problem]
) -> tuple[list[Measure], dict[str, str]]:
    """The measures to compute, in the order of their table, and what the others lack."""
    lacks = {id: _lacking(extract, each, given) for id, each in MEASURES.items()}
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
