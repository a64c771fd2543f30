"""The National Cost Collection: what a contact costs, by type of team, now and at the time of the audit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cmhs_metrics.audit import figures
from cmhs_metrics.errors import BadInput, Problem, lacking, refuse
from cmhs_metrics.metrics.finance import cost_per_contact
from cmhs_metrics.published.content import content_again, is_not, read_bytes
from cmhs_metrics.published.formats import NATIONAL_COSTS, folded
from cmhs_metrics.published.reading import Rows, read_rows, to_numbers
from cmhs_metrics.published.workbooks import sheets_of, workbooks_in
from cmhs_metrics.signatures import checked
from cmhs_metrics.team_types import TeamType
from cmhs_metrics.trends import percentage_change, real_terms

if TYPE_CHECKING:
    from cmhs_metrics.published.content import Source

CARE_CONTACT = "Mental Health Care Contact"
"""The department whose rows are contacts of teams, by MHSDS team code."""

SMALLEST_ACTIVITY = 5
"""With fewer contacts, bed days or spells than this a unit cost says nothing."""

SMALL = "*"
"""What stands in place of a small number."""

_NUMBERS = {"activity": "zero or more", "unit_cost": "zero or more pounds", "cost": "zero or more pounds"}
_NEEDED = ("team_type", "activity", "cost", "meaningful")


@checked
def read_national_costs(source: Source) -> pd.DataFrame:
    """Read the national schedule of costs for mental health.

    Parameters
    ----------
    source : str, Path, or open file
        The schedule as NHS England publishes it: the workbook "Summary MH NHS Talking Therapies.xlsx", the zip archive
        that it stands in, or the CSV of 2023/24; or a CSV with the columns that the result has. A workbook needs the
        extra ``excel``.

    Returns
    -------
    pandas.DataFrame
        A row for each service or team type, in the order of the file: ``department_code``, ``currency_code`` (the
        MHSDS team code, where it is of care contacts), ``currency_desc``, ``activity`` [contact, where it is of care
        contacts], ``unit_cost`` [GBP for each], ``cost`` [GBP]; ``team_type``, the value of the `TeamType` that the
        code is counted as, None for what is not a mental-health care contact or has an unknown code; ``meaningful``,
        False where the cost is zero or missing, or the activity under 5 or not shown; then every other column of the
        file. A small number that is published as "*" is missing; totals of the workbook are left out.

    Raises
    ------
    BadInput
        When it is another file, or not a whole one; when a number is negative or no number; when activity × unit cost
        is not the cost, to the pound for each; when two rows are of the same service.

    References
    ----------
    NHS England, National Cost Collection 2024/25: national schedule of NHS costs.

    Examples
    --------
    >>> import io
    >>> file = io.StringIO('''department_code,currency_code,currency_desc,activity,unit_cost,cost
    ... Mental Health Care Contact,A02,Crisis Resolution Team,2000,350.0,700000.0
    ... Mental Health Care Contact,C08,Acquired Brain Injury Service,4,100.0,400.0
    ... Mental Health Provider Spell,200MHPS,Acute Adult Mental Health Care,1000,700.0,700000.0
    ... ''')
    >>> read_national_costs(file)[["currency_code", "team_type", "cost", "meaningful"]]
      currency_code team_type      cost  meaningful
    0           A02      crht  700000.0        True
    1           C08     other     400.0       False
    2       200MHPS      None  700000.0        True
    """
    rows = _rows(source)
    for name in ("department_code", "currency_code", "currency_desc"):
        rows.cells[name] = rows.cells[name].str.strip()
    table = rows.cells.copy()
    problems = rows.missing(["department_code", "currency_code"], "a code")
    for name, expected in _NUMBERS.items():
        text = rows.cells[name].str.strip()
        table[name] = to_numbers(text, thousands=True)
        wrong = (table[name].isna() & ~text.isin(["", SMALL])) | (table[name] < 0) | np.isinf(table[name])
        problems += rows.problems(name, wrong, expected)
    # A small number that is not shown leaves its unit cost unexplained. Some years print the unit cost to the pound.
    unexplained = (table["activity"] * table["unit_cost"] - table["cost"]).abs() > 0.5 * (table["activity"] + 1)
    problems += rows.problems("cost", unexplained, "activity times unit cost")
    rows.refuse([*problems, *rows.repeated(ignoring=[*_NUMBERS, "currency_desc"])])
    contacts = table["department_code"].str.strip() == CARE_CONTACT
    types = [
        _team_type(code) if contact else None for code, contact in zip(table["currency_code"], contacts, strict=True)
    ]
    table["team_type"] = pd.Series(types, index=table.index, dtype=object)
    table["meaningful"] = (table["cost"] > 0) & (table["activity"] >= SMALLEST_ACTIVITY)
    first = [*NATIONAL_COSTS.columns, "team_type", "meaningful"]
    return table[[*first, *(name for name in table if name not in first)]]


@checked
def compare_cost_per_contact(costs: pd.DataFrame, *, inflation: float, years: float = 8) -> pd.DataFrame:
    """Cost per contact by type of team, against the 2016/17 audit, in cash and in real terms.

    Parameters
    ----------
    costs : pandas.DataFrame
        A schedule as `read_national_costs` gives it.
    inflation : float
        Yearly rise of prices since 2016/17, as a proportion: 0.03 is 3% a year [per year].
    years : float, default 8
        Years from 2016/17 to the schedule's; 2024/25 is 8 years later [year].

    Returns
    -------
    pandas.DataFrame
        A row for each team type, in the audit's order: ``team_type``, ``contacts``, ``total_cost`` [GBP] and
        ``cost_per_contact`` [GBP per contact] of its codes together; ``codes``, the codes that are in them, and
        ``left_out``, those whose cost is not meaningful; ``cost_per_contact_2016_17`` as the audit prints it, at its
        own prices, and its ``statistic``; ``change`` in cash [%]; ``real_cost_per_contact``, at prices of 2016/17, and
        ``real_change`` [%]. Missing where there are no contacts.

    Raises
    ------
    BadInput
        When a column is not there, no code is one of a type of team, or prices would fall by everything or more.

    Notes
    -----
    The two are not the same figure. The audit prints a mean of trusts, of the contacts that they reported to it; the
    schedule is England's cost over England's contacts. Which codes are which type of team is this library's reading;
    "other" is of many services that the audit did not ask about, such as those for learning disability.

    References
    ----------
    NHS Benchmarking Network, Community Mental Health Services Audit 2016/17: CMHS Finance – Unit Costs; NHS England,
    National Cost Collection 2024/25.

    Examples
    --------
    £163 a contact in the audit, had it become £278.91 when prices rose by 3% a year:

    >>> costs = pd.DataFrame({"currency_code": ["A06"], "team_type": ["generic_cmht"], "activity": [1000.0]})
    >>> compared = compare_cost_per_contact(costs.assign(cost=278_910.0, meaningful=True), inflation=0.03)
    >>> compared.loc[0, ["cost_per_contact_2016_17", "change", "real_change"]].astype(float).round(1).tolist()
    [163.0, 71.1, 35.1]
    """
    refuse("the costs", lacking("costs", costs, ("currency_code", *_NEEDED), of="read_national_costs"))
    if costs["team_type"].isna().all():
        contacts = costs[costs["currency_code"].str.startswith("MHCC")] if len(costs) else costs
        total = (
            f": in all {contacts['activity'].sum():,.0f} contacts, £{contacts['cost'].sum():,.0f}"
            if len(contacts)
            else ""
        )
        expected = (
            f"codes of types of team, such as A06; this schedule has none, so that no type can be compared{total}"
        )
        raise BadInput("compare_cost_per_contact", [Problem("team_type", None, None, expected)])
    meaningful = costs["meaningful"].astype(bool)
    table = pd.DataFrame({"team_type": [each.value for each in TeamType]})
    for name, column in (("contacts", "activity"), ("total_cost", "cost")):
        totals = costs[meaningful].groupby("team_type")[column].sum()
        table[name] = table["team_type"].map(totals).astype(np.float64)
    table["codes"] = _codes(table, costs[meaningful])
    table["left_out"] = _codes(table, costs[~meaningful])
    table["cost_per_contact"] = cost_per_contact(table["total_cost"], table["contacts"])
    audit = figures("audit_2016_17").query("measure == 'cost_per_contact' and team_type != ''").set_index("team_type")
    table["cost_per_contact_2016_17"] = table["team_type"].map(audit["value"])
    table["statistic"] = table["team_type"].map(audit["statistic"])
    table["change"] = percentage_change(table["cost_per_contact"], table["cost_per_contact_2016_17"])
    table["real_cost_per_contact"] = real_terms(table["cost_per_contact"], inflation, years)
    table["real_change"] = percentage_change(table["real_cost_per_contact"], table["cost_per_contact_2016_17"])
    return table


def _rows(source: Source) -> Rows:
    name, content = read_bytes(source, NATIONAL_COSTS)
    books = workbooks_in(content) if isinstance(content, bytes) else {}
    if not books:
        return read_rows(content_again(name, content), NATIONAL_COSTS)
    found = {}
    for book, held in books.items():
        for title, sheet in sheets_of(name, held, NATIONAL_COSTS).items():
            long = _long(sheet)
            if long and CARE_CONTACT in long[0]:
                found[f"{book} {title}".strip()] = long
    if len(found) != 1:
        expected = f"with one sheet of departments across, {CARE_CONTACT!r} among them, and services down"
        raise is_not(NATIONAL_COSTS, name, ", ".join(found) or ", ".join(filter(None, books)) or "a workbook", expected)
    columns = dict(zip(NATIONAL_COSTS.columns, next(iter(found.values())), strict=True))
    cells = pd.DataFrame(columns, dtype=str)
    return Rows(name, cells, {each: each for each in columns}, lambda: np.arange(3, len(cells) + 3), {})


def _long(sheet: list[list[str]]) -> list[list[str]] | None:
    """A sheet with two header rows, departments across and services down, as the columns of the long table."""
    if len(sheet) < 3:
        return None
    departments, metrics = sheet[0], [folded(cell) for cell in sheet[1]]
    kinds = {folded(name): name for name in _NUMBERS}
    if not set(kinds) <= set(metrics):
        return None
    held, at = "", []
    for column, (department, metric) in enumerate(zip(departments, metrics, strict=False)):
        # A department may stand in the first of its merged cells only.
        held = department.strip() or held
        at.append((held, metric, column))
    rows = []
    for row in sheet[2:]:
        code, _, description = (part.strip() for part in (row[0] if row else "").partition(" - "))
        if not code or code.lower() == "total":
            continue
        for department in dict.fromkeys(name for name, metric, _ in at if metric in kinds and name.lower() != "total"):
            here = {kinds[metric]: column for name, metric, column in at if name == department and metric in kinds}
            cells = [row[here[name]].strip() if name in here and here[name] < len(row) else "" for name in _NUMBERS]
            if any(cells):
                rows.append([department, code, description, *cells])
    return [list(column) for column in zip(*rows, strict=True)] if rows else None


def _team_type(code: str) -> str | None:
    try:
        return str(TeamType.parse(code).value)
    except BadInput:
        return None


def _codes(table: pd.DataFrame, costs: pd.DataFrame) -> list[str]:
    codes: dict[Any, list[str]] = {}
    for team_type, code in zip(costs["team_type"], costs["currency_code"], strict=True):
        codes.setdefault(team_type, []).append(code)
    return [" ".join(codes.get(each, [])) for each in table["team_type"]]
