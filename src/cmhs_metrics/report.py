"""What the command line prints: the audit recomputed, and a user's own table."""

from __future__ import annotations

import json
import textwrap
import unicodedata
from typing import TYPE_CHECKING, Any

import pandas as pd

from cmhs_metrics import audit
from cmhs_metrics.audit.profile import TITLES
from cmhs_metrics.catalogue import CATALOGUE, Metric
from cmhs_metrics.errors import BadInput, Problem, nearest, refuse
from cmhs_metrics.measures import KEYS, MEASURES, Kind
from cmhs_metrics.presentation import amount, in_words, listed, unit_beside, unit_in_words, with_unit
from cmhs_metrics.selection import column_of, not_computed
from cmhs_metrics.tables import aggregate, with_metrics
from cmhs_metrics.team_types import TEAM_TYPE_SPELLINGS, TeamType, normalise

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from cmhs_metrics.returns import Return
    from cmhs_metrics.tables.aggregation import OverTime

ALL_TEAMS = "All teams"
ALL_ORGANISATIONS = "All organisations"
WIDTH = 100
"""The most characters of a line."""
_LABEL = 44
"""The most characters of a metric's label before it is wrapped."""
_PRINTED = 2_000
"""The most rows that are printed."""
_NOTHING = "–"
_SHORT_STAYS = (TeamType.CRHT, TeamType.ASSESSMENT_BRIEF_INTERVENTION)
_PLACES = ("organisation", "trust", "icb", "region", "place")


def audit_report() -> str:
    """Set the audit's cost and activity profile beside what its own figures give.

    Gives a table for each measure, a row for each team type: published, recomputed, difference, verdict; then the
    count of figures checked, and what to type for a table of one's own.
    """
    profile = audit.profile()
    reconciled = audit.reconcile("audit_2016_17")
    blocks = [
        "NHS Benchmarking Network, Community Mental Health Services Audit 2016/17",
        "Cost and activity by team type: as published, and recomputed from the other figures it prints.",
        "",
        _filled(
            "The audit's averages are means of trusts. Where a figure and its recomputation stand on different "
            "averages no agreement is due, and none is looked for."
        ),
    ]
    for (measure, unit), rows in profile.groupby(["measure", "unit"], sort=False):
        shown = pd.DataFrame(
            {
                "team type": rows["team_type"],
                "published": [_amount(value, str(unit)) for value in rows["published"]],
                "recomputed": [_amount(value, str(unit)) for value in rows["recomputed"]],
                "difference": [_difference(value) for value in rows["difference_percent"]],
                "verdict": rows["verdict"],
                "recomputed as": rows["formula"],
            }
        )
        blocks += ["", f"{_title(str(measure))} [{in_words(str(unit))}]", *_of_profile(shown)]
    wrong = audit.mistakes("audit_2016_17")
    blocks += ["", _filled(_counts(audit.summary(reconciled))), "", "What disagrees:"]
    blocks += [_filled(f"- {row.title} ({row.section}): {row.arithmetic}") for row in wrong.itertuples()]
    blocks += [
        "",
        "For a table of your own (CSV or Excel, a row for each team and period):",
        "  python -m cmhs_metrics teams.csv --output result.csv",
        "  python -m cmhs_metrics pack teams.csv --output pack.html",
    ]
    return "\n".join(blocks)


def _of_profile(shown: pd.DataFrame) -> Iterator[str]:
    """The lines of a table whose last column stands below its row where there is no room beside it."""
    *names, last = shown.columns
    widths = [max(len(name), *shown[name].str.len()) for name in names]
    room = WIDTH - sum(widths) - 2 * len(widths)
    beside = max(len(last), *shown[last].str.len()) <= room
    for row in [[*names, last], *shown.to_numpy().tolist()]:
        cells = [cell.rjust(width) for cell, width in zip(row[:-1], widths, strict=True)]
        cells[0] = row[0].ljust(widths[0])
        yield "  ".join([*cells, *([row[-1]] if beside else [])]).rstrip()
        if not beside and row[-1] != last:
            yield f"    {row[-1]}"


def _counts(counts: dict[str, int]) -> str:
    return (
        f"{counts['figures checked']} figures checked in {counts['checks']} ways: {counts['agrees']} agree once "
        f"rounding is allowed for, {counts['disagrees']} disagree, {counts['different averages']} set different "
        f"averages side by side, so that no agreement is due, {counts['implied']} give what the audit does not print; "
        f"{counts['cannot be checked']} meet an N/A, and {counts['figures without a check']} figures have nothing to "
        "be checked against."
    )


# A user's own table


def read_table(
    path: str | Path,
    *,
    rename: Sequence[str] = (),
    sheet: str | None = None,
    exclude: Sequence[str] = (),
) -> Return:
    """Read the table of a command line.

    `rename`: what headings mean, each as "HEADING=name". `exclude`: labels of key columns whose rows are left out.
    Gives the table, and what was understood. Raises `BadInput` when it cannot be read, or an option does not fit it.
    """
    from cmhs_metrics.returns import read_return

    pairs = [text.rpartition("=") for text in rename]
    wrong = [
        Problem("--rename", None, text, "HEADING=name") for text, pair in zip(rename, pairs, strict=True) if not pair[0]
    ]
    refuse("the command", wrong)
    read = read_return(path, columns={heading: name for heading, _, name in pairs}, sheet=sheet)
    return _without(read, exclude) if exclude else read


def _without(read: Return, exclude: Sequence[str]) -> Return:
    from dataclasses import replace

    text = read.table.select_dtypes(exclude="number")
    problems = []
    out = pd.Series(False, index=read.table.index)
    for label in exclude:
        rows = (text == label).any(axis=1)
        if not rows.any():
            known = [each for name in text for each in text[name].dropna().unique()]
            hint = nearest(label, known)
            problems.append(Problem("--exclude", None, label, f"a label of the table{f'; {hint}' if hint else ''}"))
        out |= rows
    refuse("the command", problems)
    said = (
        f"Left out, as asked: {int(out.sum()):,} row{'s' if out.sum() != 1 else ''} of {', '.join(map(repr, exclude))}."
    )
    lines = tuple(line for line, gone in zip(read.lines, out, strict=True) if not gone)
    return replace(read, table=read.table[~out].reset_index(drop=True), questions=(*read.questions, said), lines=lines)


def read_populations(path: str | Path, table: pd.DataFrame, place: str | None) -> tuple[pd.DataFrame, str]:
    """Read the people of each place, and set them beside the rows of a table.

    `path`: a return with a column of places and population columns, or NHS England's allocations as published.
    `place`: the column of the places; the first of the usual ones that both tables have unless given. Gives the rows
    with the populations of their places [person], missing where a place has none. Raises `BadInput` when the two
    tables share no column of places, a place stands twice, or none of the places has people.
    """
    people = read_people(path)
    names = [str(name) for name in people]
    held = [name for name in names if name in MEASURES and MEASURES[name].kind is Kind.POPULATION]
    by = place or next((name for name in _PLACES if name in names and name in table), None)
    problems = []
    if not held:
        problems.append(Problem(str(path), None, None, "a population column, such as registered_population"))
    if by is None or by not in people or by not in table:
        found = by or ", ".join(name for name in names if name not in MEASURES)
        problems.append(
            Problem("--populations", None, found, f"a column of places that both have: {', '.join(_PLACES)}")
        )
    elif people[by].duplicated().any():
        again = people.loc[people[by].duplicated(), by].iloc[0]
        problems.append(Problem(by, None, again, "a place that stands once in the populations"))
    elif not set(people[by]) & set(table[by].dropna()):
        there, asked = sorted(map(str, set(people[by])))[:5], sorted(set(table[by].dropna()))[:5]
        problems.append(Problem(by, None, ", ".join(asked), f"places that have people, such as {', '.join(there)}"))
    problems += [
        Problem(name, None, None, "to stand in the table or in the populations") for name in held if name in table
    ]
    refuse("the populations", problems)
    return table.merge(people[[by, *held]], on=by, how="left"), str(by)


def read_people(path: str | Path) -> pd.DataFrame:
    """Read populations: a return of them, or NHS England's allocations as published, added up to ICBs.

    Gives a row for each place, or as the return has them.
    """
    from cmhs_metrics import published
    from cmhs_metrics.returns import read_return

    try:
        return read_return(path).table
    except BadInput as error:
        if not any("read_icb_allocations" in problem.expected for problem in error.problems):
            raise
    practices = published.read_icb_allocations(path)
    held = [name for name in practices if name in MEASURES]
    return practices.groupby("icb", as_index=False)[held].sum()


def table_with_totals(
    table: pd.DataFrame, place: str | None = None, over_time: OverTime | None = None
) -> tuple[pd.DataFrame, list[str]]:
    """Compute the metrics of every row, of every organisation and of the whole.

    `table`: the measures [each in its canonical unit]. `place`: the column whose people the population columns are;
    the organisation unless given. `over_time`: with several periods, makes totals over them too, of which a stock is
    the last or the mean. Gives the rows with their metrics, then the totals: measures summed first, metrics computed
    from the sums. Gives what could not be shown, and why. Raises `BadInput` when the table is not in order; see
    `validate`.
    """
    keys = [key for key in dict.fromkeys((*KEYS, *_PLACES)) if key in table]
    top = next((name for name in _PLACES if name in table), None)
    period = [] if over_time else [key for key in keys if key == "period"]
    notes: list[str] = []
    if over_time:
        rows, notes = _totals(table, [key for key in keys if key != "period"], place, over_time, keys)
    else:
        rows = with_metrics(table, keys=keys)
    parts = [rows]
    if top and len(rows) > rows[[top, *period]].drop_duplicates().shape[0]:
        totals, note = _totals(table, [top, *period], place, over_time, keys)
        parts.append(totals.assign(**{key: ALL_TEAMS for key in ("team", "team_type") if key in table}))
        notes += note
    if (top is None or table[top].nunique() > 1) and len(rows) > (
        rows[period].drop_duplicates().shape[0] if period else 1
    ):
        totals, note = _totals(table, period, place, over_time, keys)
        labels = {name: _all_of(name) for name in _PLACES} | {"team": ALL_TEAMS, "team_type": ALL_TEAMS}
        parts.append(totals.assign(**{key: label for key, label in labels.items() if key in table}))
        notes += note
    notes += [*_short_stays(rows), *_left_out(list(table.columns))]
    combined = pd.concat(parts, ignore_index=True)
    return combined[list(rows.columns)], list(dict.fromkeys(notes))


def _short_stays(rows: pd.DataFrame) -> list[str]:
    """What to beware of where a year is reckoned for each person on the caseload of teams who are there for weeks."""
    metrics = {name: column_of(str(name)) for name in rows}
    yearly = [
        name for name, each in metrics.items() if each and each[0].annual and set(each[0].denominator) == {"caseload"}
    ]
    if "team_type" not in rows or not yearly:
        return []
    known = rows.loc[rows[yearly].notna().any(axis=1), "team_type"].dropna().unique()
    found = [text for text in known if TEAM_TYPE_SPELLINGS.get(normalise(str(text))) in _SHORT_STAYS]
    if not found:
        return []
    return [
        f"A year for each person on the caseload, of {listed(found)}: people stay for less than a year, so that it "
        "looks more than it is; the audit prints no cost of a year of care for such teams."
    ]


def _all_of(place: str) -> str:
    return f"All {'ICB' if place == 'icb' else place}s"


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
    table: pd.DataFrame, by: list[str], place: str | None, over_time: OverTime | None, keys: list[str]
) -> tuple[pd.DataFrame, list[str]]:
    held = [name for name, measure in MEASURES.items() if measure.kind is Kind.POPULATION and name in table]
    column = place or next((name for name in _PLACES if name in table), None)
    if not held:
        return aggregate(table, by, over_time=over_time, keys=keys), []
    if column is not None:
        try:
            return aggregate(table, by, place=column, over_time=over_time, keys=keys), []
        except BadInput as error:
            if not all(problem.column in held for problem in error.problems):
                raise
            reason = f"the {column} has more than one population in {error.total} case{'s' if error.total > 1 else ''}"
    else:
        reason = "no column says whose people they are"
    left = table.drop(columns=held)
    return aggregate(left, by, over_time=over_time, keys=keys), [f"No totals per 100,000 people: {reason}."]


# Laying out


def table_report(result: pd.DataFrame, notes: list[str]) -> str:
    """Lay out the metrics of a table for reading, in lines of at most 100 characters.

    Gives a block for each organisation and period, a row for each metric, a column for each team or team type.
    """
    if len(result) > _PRINTED:
        # A screen is no place for so many; the totals at the end are those of the whole.
        whole = result.tail(1)
        for key in ("organisation", *_PLACES):
            if key in result and (found := result[result[key] == _all_of(key)]).shape[0]:
                whole = found
                break
        notes = [
            f"Too many rows to print here: {len(result):,}. Shown are {min(len(whole), _PRINTED):,}, of the totals; "
            "--output writes all of them.",
            *notes,
        ]
        result = whole.tail(_PRINTED)
    metrics = _metrics_in(result)
    labels = [textwrap.wrap(_row_name(name, metric), _LABEL - 2) for name, metric in metrics]
    blocks = []
    for title, rows in _blocks(result):
        columns = [
            [*_column_name(row), *(_shown(row, name, metric) for name, metric in metrics)] for _, row in rows.iterrows()
        ]
        heads = max((len(_column_name(row)) for _, row in rows.iterrows()), default=1)
        columns = [
            ["", *column] if len(_column_name(row)) < heads else column
            for column, (_, row) in zip(columns, rows.iterrows(), strict=True)
        ]
        blocks.append("\n".join([title, *_laid_out(labels, columns, heads)]))
    dash = f"{_NOTHING}: missing, or nothing to divide by. A total is missing where a part of it is."
    missing = [dash] if result[[name for name, _ in metrics]].isna().any(axis=None) else []
    return printable("\n\n".join([*blocks, *missing, *(_filled(note) for note in notes)]))


def _laid_out(labels: list[list[str]], columns: list[list[str]], heads: int) -> Iterator[str]:
    """The lines of a block: as many columns beside each other as there is room for, then the others below them."""
    left = max((len(line) + 2 * (line is not label[0]) for label in labels for line in label), default=0)
    start = 0
    while start < len(columns):
        widths: list[int] = []
        for column in columns[start:]:
            width = min(max(map(len, column)), WIDTH - left - 2)
            if widths and left + sum(widths) + 2 * len(widths) + width + 2 > WIDTH:
                break
            widths.append(width)
        some = columns[start : start + len(widths)]
        for at in range(heads):
            yield _line(" " * left, [column[at] for column in some], widths)
        for row, label in enumerate(labels):
            yield _line(label[0].ljust(left), [column[heads + row] for column in some], widths)
            yield from (f"  {line}" for line in label[1:])
        start += len(widths)
        if start < len(columns):
            yield ""


def _line(label: str, cells: list[str], widths: list[int]) -> str:
    shown = (
        f"{cell[: width - 1]}…" if len(cell) > width else cell.rjust(width)
        for cell, width in zip(cells, widths, strict=True)
    )
    return f"{label}  {'  '.join(shown)}".rstrip()


def _blocks(result: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    keys = [key for key in (*_PLACES, "period") if key in result]
    if not keys:
        yield "All rows", result
        return
    for values, rows in result.groupby(keys, sort=False, dropna=False):
        yield ", ".join(dict.fromkeys(str(value) for value in values)), rows


def _metrics_in(result: pd.DataFrame) -> list[tuple[str, Metric]]:
    held = ((name, column_of(name)) for name in result.columns)
    return [(name, found[0]) for name, found in held if found]


def _row_name(name: str, metric: Metric) -> str:
    found = column_of(name)
    basis = f", {found[1].name.replace('_', ' ')}" if found and found[1] else ""
    return with_unit(f"{metric.label}{basis}", unit_in_words(unit_beside(metric.label, metric.printed_unit)))


def _column_name(row: pd.Series[Any]) -> list[str]:
    """The team above its type."""
    return list(dict.fromkeys(str(row[key]) for key in ("team", "team_type") if key in row)) or ["value"]


def _shown(row: pd.Series[Any], name: str, metric: Metric) -> str:
    value, lower = row[name], row.get(f"{name}_lower")
    if pd.isna(value) and lower is not None and not pd.isna(lower):
        least, upper = _amount(lower, metric.printed_unit, proportion=metric.proportion), row[f"{name}_upper"]
        return (
            f"{least} or more"
            if pd.isna(upper)
            else f"{least} to {_amount(upper, metric.printed_unit, proportion=metric.proportion)}"
        )
    return _amount(value, metric.printed_unit, proportion=metric.proportion)


def _amount(value: float, unit: str, *, proportion: bool = False) -> str:
    return _NOTHING if value is None or pd.isna(value) else amount(float(value), unit, proportion=proportion)


def _difference(percent: float) -> str:
    return _NOTHING if pd.isna(percent) else amount(percent / 100, proportion=True, sign=True)


def _title(measure: str) -> str:
    metric = CATALOGUE.get(measure)
    return TITLES.get(measure) or (metric.label if metric else measure.replace("_", " ").capitalize())


def _filled(text: str) -> str:
    return textwrap.fill(text, WIDTH, subsequent_indent="  " if text.startswith("- ") else "", break_on_hyphens=False)


def questions_report(read: Return) -> str:
    """What was understood of a return, and what to look at, for reading.

    Gives a line for each heading that is not a standard name, and one for each question; empty where there is none.
    """
    taken = [
        f"{heading!r} is {column}{f' in {unit}' if unit else ''}"
        for heading, column, how, unit, _ in read.understood.itertuples(index=False)
        if how not in ("name", "kept")
    ]
    lines = [_filled(f"Headings: {'; '.join(taken)}.")] if taken else []
    if read.questions:
        lines += ["To look at:", *(_filled(f"- {question}") for question in read.questions)]
    return printable("\n".join(lines))


def result_json(result: pd.DataFrame, notes: Sequence[str], read: Return) -> str:
    """The result for another program: rows, notes, and what was understood.

    Gives JSON: `rows` (a missing number is null), `notes`, `understood`, `questions`.
    """
    rows = [
        {name: None if _is_missing(cell) else cell for name, cell in row.items()}
        for row in result.astype(object).to_dict("records")
    ]
    held = {
        "rows": rows, "notes": list(notes), "understood": read.understood.to_dict("records"),
        "questions": list(read.questions),
    }  # fmt: skip
    return json.dumps(held, ensure_ascii=False, indent=1, allow_nan=False, default=str)


def _is_missing(cell: Any) -> bool:
    return cell is None or cell is pd.NA or cell != cell


def printable(text: str) -> str:
    """Text without what would steer a terminal: control characters, and marks that turn the direction of writing."""
    return "".join(
        each if each == "\n" or unicodedata.category(each) not in ("Cc", "Cf") else "\ufffd" for each in text
    )
