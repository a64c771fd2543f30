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
from cmhs_metrics.own_table import PLACES, all_of
from cmhs_metrics.presentation import amount, in_words, unit_beside, unit_in_words, with_unit
from cmhs_metrics.selection import column_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cmhs_metrics.returns import Return

WIDTH = 100
"""The most characters of a line."""
_LABEL = 44
"""The most characters of a metric's label before it is wrapped."""
_PRINTED = 2_000
"""The most rows that are printed."""
_NOTHING = "–"


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


def table_report(result: pd.DataFrame, notes: list[str]) -> str:
    """Lay out the metrics of a table for reading, in lines of at most 100 characters.

    Gives a block for each organisation and period, a row for each metric, a column for each team or team type.
    """
    if len(result) > _PRINTED:
        # A screen is no place for so many; the totals at the end are those of the whole.
        whole = result.tail(1)
        for key in ("organisation", *PLACES):
            if key in result and (found := result[result[key] == all_of(key)]).shape[0]:
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
    keys = [key for key in (*PLACES, "period") if key in result]
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
