"""What the command line prints: the audit recomputed, and a user's own table."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from cmhs_metrics import audit
from cmhs_metrics.audit.profile import TITLES
from cmhs_metrics.catalogue import CATALOGUE, Metric
from cmhs_metrics.errors import BadInput, Problem
from cmhs_metrics.measures import KEYS, MEASURES, Kind
from cmhs_metrics.selection import column_of, not_computed
from cmhs_metrics.tables import aggregate, with_metrics

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmhs_metrics.tables.aggregation import OverTime

ALL_TEAMS = "All teams"
ALL_ORGANISATIONS = "All organisations"


def audit_report() -> str:
    """Set the audit's cost and activity profile beside what its own figures give.

    Returns
    -------
    str
        A table for each measure, a row for each team type: published, recomputed, difference, verdict; then the count
        of figures checked.
    """
    profile = audit.profile()
    reconciled = audit.reconcile("audit_2016_17")
    blocks = [
        "NHS Benchmarking Network, Community Mental Health Services Audit 2016/17",
        "Cost and activity by team type: as published, and recomputed from the other figures it prints.",
    ]
    for (measure, unit), rows in profile.groupby(["measure", "unit"], sort=False):
        shown = pd.DataFrame(
            {
                "team type": rows["team_type"],
                "published": [_amount(value, unit) for value in rows["published"]],
                "recomputed": [_amount(value, unit) for value in rows["recomputed"]],
                "difference": [_difference(value) for value in rows["difference_percent"]],
                "within rounding": [
                    "–" if pd.isna(each) else "yes" if each else "no" for each in rows["within_rounding"]
                ],
                "verdict": rows["verdict"],
                "recomputed as": rows["formula"],
            }
        )
        blocks += [
            "",
            f"{_title(str(measure))} [{_in_words(str(unit))}]",
            shown.to_string(index=False, justify="right"),
        ]
    blocks += ["", _counts(audit.summary(reconciled)), "", "What disagrees:"]
    wrong = audit.mistakes("audit_2016_17")
    blocks += [f"- {row.title} ({row.section}): {row.arithmetic}" for row in wrong.itertuples()]
    return "\n".join(blocks)


def _counts(counts: dict[str, int]) -> str:
    return (
        f"{counts['figures checked']} figures checked in {counts['checks']} ways: {counts['agrees']} agree once "
        f"rounding is allowed for, {counts['disagrees']} disagree, {counts['different averages']} set different "
        f"averages side by side, so that no agreement is due, {counts['implied']} give what the audit does not print; "
        f"{counts['cannot be checked']} meet an N/A, and {counts['figures without a check']} figures have nothing to "
        "be checked against."
    )


def read_table(path: str | Path) -> pd.DataFrame:
    """Read a CSV file of measures.

    Parameters
    ----------
    path : str or Path
        The file, comma separated in UTF-8: a row of column names, then a row for each organisation, team type, period.

    Returns
    -------
    pandas.DataFrame
        The table as it stands.

    Raises
    ------
    BadInput
        When there is no such file, or it is not a CSV file.
    """
    file = Path(path)
    if not file.is_file():
        raise BadInput(str(path), [Problem("the file", None, None, "a file of that name")])
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            rows = [row for row in csv.reader(lines, skipinitialspace=True) if any(cell.strip() for cell in row)]
    except UnicodeDecodeError:
        raise BadInput(str(path), [Problem("the file", None, None, "text in UTF-8; save it as 'CSV UTF-8'")]) from None
    except csv.Error as error:
        raise BadInput(str(path), [Problem("the file", None, str(error), "comma-separated values")]) from None
    if not rows:
        raise BadInput(str(path), [Problem("the file", None, None, "comma-separated values, and it is empty")])
    names = [name.strip() for name in rows[0]]
    while names and not names[-1]:
        names.pop()
    _check_shape(str(path), names, rows[1:])
    cells = {name: [row[at].strip() if at < len(row) else "" for row in rows[1:]] for at, name in enumerate(names)}
    table = pd.DataFrame({name: pd.Series(column, dtype=object) for name, column in cells.items()})
    # An empty cell is missing and nothing else is: an organisation may well be called "NA".
    table = table.where(table != "", None)
    return table.apply(_numbers)


def _check_shape(path: str, names: list[str], rows: list[list[str]]) -> None:
    if not names or names[0].startswith(("<", "PK\x03\x04")):
        found = names[0][:40] if names else None
        raise BadInput(path, [Problem("the file", None, found, "a CSV file, not a page or workbook")])
    problems = [
        Problem("the file", f"line {number}", f"{len(row)} cells", f"{len(names)}, as there are column names")
        for number, row in enumerate(rows, start=2)
        if any(cell.strip() for cell in row[len(names) :])
    ]
    if len(names) == 1 and ";" in names[0]:
        problems.append(Problem("the file", None, names[0], "commas between the cells, and points in the numbers"))
    if problems:
        raise BadInput(path, problems)


def _numbers(column: pd.Series[Any]) -> pd.Series[Any]:
    """A column of numbers where every cell reads as one; text otherwise, to be refused with its cells."""
    try:
        return pd.to_numeric(column)
    except (ValueError, TypeError):
        return column


def table_with_totals(
    table: pd.DataFrame, place: str | None = None, over_time: OverTime | None = None
) -> tuple[pd.DataFrame, list[str]]:
    """Compute the metrics of every row, of every organisation and of the whole.

    Parameters
    ----------
    table : pandas.DataFrame
        The measures [each in its canonical unit].
    place : str, optional
        The column whose people the population columns are; the organisation unless given.
    over_time : {"last", "mean"}, optional
        With several periods, makes totals over them too, of which a stock is the last or the mean.

    Returns
    -------
    pandas.DataFrame
        The rows with their metrics, then the totals: measures summed first, metrics computed from the sums.
    list of str
        What could not be shown, and why.

    Raises
    ------
    BadInput
        When the table is not in order; see `validate`.
    """
    keys = [key for key in KEYS if key in table]
    period = [] if over_time else [key for key in keys if key == "period"]
    notes: list[str] = []
    if over_time:
        rows, notes = _totals(table, [key for key in keys if key != "period"], place, over_time)
    else:
        rows = with_metrics(table)
    parts = [rows]
    if "organisation" in table and len(rows) > rows[["organisation", *period]].drop_duplicates().shape[0]:
        totals, note = _totals(table, ["organisation", *period], place, over_time)
        parts.append(totals.assign(**{key: ALL_TEAMS for key in ("team", "team_type") if key in table}))
        notes += note
    one_organisation = "organisation" in table and table["organisation"].nunique() == 1
    if not one_organisation and len(rows) > (rows[period].drop_duplicates().shape[0] if period else 1):
        totals, note = _totals(table, period, place, over_time)
        labels = {"organisation": ALL_ORGANISATIONS, "team": ALL_TEAMS, "team_type": ALL_TEAMS}
        parts.append(totals.assign(**{key: label for key, label in labels.items() if key in table}))
        notes += note
    notes += _left_out(list(table.columns))
    combined = pd.concat(parts, ignore_index=True)
    return combined[list(rows.columns)], list(dict.fromkeys(notes))


def _left_out(columns: list[str]) -> list[str]:
    """What a further column or two would give, of the metrics for which something is there already."""
    gains: dict[str, list[str]] = {}
    for name, missing in not_computed(columns).items():
        if set(CATALOGUE[name].inputs) - set(missing) - {"population"}:
            gains.setdefault(" and ".join(missing), []).append(name)
    if not gains:
        return []
    return [
        "Not computed: " + "; ".join(f"{', '.join(names)} (no {lacking})" for lacking, names in gains.items()) + "."
    ]


def _totals(
    table: pd.DataFrame, by: list[str], place: str | None, over_time: OverTime | None
) -> tuple[pd.DataFrame, list[str]]:
    held = [name for name, measure in MEASURES.items() if measure.kind is Kind.POPULATION and name in table]
    column = place or ("organisation" if "organisation" in table else None)
    if not held:
        return aggregate(table, by, over_time=over_time), []
    if column is not None:
        try:
            return aggregate(table, by, place=column, over_time=over_time), []
        except BadInput as error:
            if not all(problem.column in held for problem in error.problems):
                raise
            reason = f"the {column} has more than one population in {error.total} case{'s' if error.total > 1 else ''}"
    else:
        reason = "no column says whose people they are"
    return aggregate(table.drop(columns=held), by, over_time=over_time), [f"No totals per 100,000 people: {reason}."]


def table_report(result: pd.DataFrame, notes: list[str]) -> str:
    """Lay out the metrics of a table for reading.

    Parameters
    ----------
    result : pandas.DataFrame
        What `table_with_totals` gave.
    notes : list of str
        What it could not show.

    Returns
    -------
    str
        A block for each organisation and period, a row for each metric, a column for each team or team type.
    """
    blocks = []
    for title, rows in _blocks(result):
        columns = [_column_name(row) for _, row in rows.iterrows()]
        shown = pd.DataFrame(
            [
                [_amount(value, metric.unit, proportion=metric.proportion) for value in rows[name]]
                for name, metric in _metrics_in(result)
            ],
            index=[_row_name(name, metric) for name, metric in _metrics_in(result)],
            columns=columns,
        )
        blocks.append(f"{title}\n{shown.to_string()}")
    dash = "–: missing, or nothing to divide by. A total is missing where a part of it is."
    return "\n\n".join([*blocks, *([dash] if result.isna().any(axis=None) else []), *notes])


def _blocks(result: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    keys = [key for key in ("organisation", "period") if key in result]
    if not keys:
        yield "All rows", result
        return
    for values, rows in result.groupby(keys, sort=False, dropna=False):
        yield ", ".join(str(value) for value in values), rows


def _metrics_in(result: pd.DataFrame) -> list[tuple[str, Metric]]:
    held = ((name, column_of(name)) for name in result.columns)
    return [(name, found[0]) for name, found in held if found]


def _row_name(name: str, metric: Metric) -> str:
    found = column_of(name)
    basis = f", {found[1].name.replace('_', ' ')}" if found and found[1] else ""
    unit = "%" if metric.proportion else metric.printed_unit
    return f"{metric.label}{basis} [{unit}]"


def _column_name(row: pd.Series[Any]) -> str:
    return (
        " ".join(dict.fromkeys(str(row[key]) for key in KEYS if key in row and key in ("team", "team_type"))) or "value"
    )


def _amount(value: float, unit: object, *, proportion: bool = False) -> str:
    if value is None or pd.isna(value):
        return "–"
    if proportion:
        return f"{value:.1%}"
    pound = "£" if str(unit).startswith("GBP") else ""
    return f"{pound}{value:,.0f}" if abs(value) >= 1000 else f"{pound}{value:,.1f}"


def _difference(percent: float) -> str:
    return "–" if pd.isna(percent) else f"{percent:+.1f}%"


def _title(measure: str) -> str:
    metric = CATALOGUE.get(measure)
    return TITLES.get(measure) or (metric.label if metric else measure.replace("_", " ").capitalize())


def _in_words(unit: str) -> str:
    return unit.replace("person_100k", "100,000 people").replace(" / ", " per ")
