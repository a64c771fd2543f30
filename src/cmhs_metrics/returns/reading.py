"""`read_return`: from a file as it stands to a table of measures, and what was understood on the way."""

from __future__ import annotations

import html
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cmhs_metrics.errors import BadInput, Problem, refuse
from cmhs_metrics.measures import KEYS
from cmhs_metrics.returns.cells import SUPPRESSED, Cell, read_cell
from cmhs_metrics.returns.columns import read_columns
from cmhs_metrics.returns.heading_lines import headings_in, note_headings_above, read_headings, units_below
from cmhs_metrics.returns.headings import Heading, known_in
from cmhs_metrics.returns.notes import Notes
from cmhs_metrics.returns.sheets import Sheet, cell_of, sheets_of
from cmhs_metrics.returns.totals import compared
from cmhs_metrics.signatures import checked
from cmhs_metrics.total_labels import is_average, is_total

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from cmhs_metrics.returns.sheets import Line

_A_CONTACT_COSTS = 5.0
"""Below so many pounds a contact, the cost is surely in thousands."""


@dataclass(frozen=True)
class Return:
    """A return that was read.

    Parameters
    ----------
    name : str
        The file, with the sheet where it has several.
    table : pandas.DataFrame
        The rows: measures as numbers [each in its canonical unit], with ``_lower`` and ``_upper`` beside those that
        have suppressed cells; keys and every other column as text, as written.
    understood : pandas.DataFrame
        A row for each column of the file: `heading`, `column` (its name in the table), `how` it was found ("name",
        "spelling", "synonym", "likely", "columns=", "kept"), `unit` as written, `times` (what the numbers were
        multiplied by).
    questions : tuple of str
        What was taken for likely, left aside or found strange: look at each.
    set_aside : pandas.DataFrame
        The rows that are no rows of the table, with `line` and `why`: totals and footnotes.
    lines : tuple of int
        The line of the file (the row of the workbook) on which each row of the table stands.
    """

    name: str
    table: pd.DataFrame
    understood: pd.DataFrame
    questions: tuple[str, ...]
    set_aside: pd.DataFrame
    lines: tuple[int, ...]

    def __repr__(self) -> str:
        lines = [f"{self.name}: {len(self.table):,} rows", "", self.understood.to_string(index=False)]
        if self.questions:
            lines += ["", "To look at:", *(f"- {question}" for question in self.questions)]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        questions = "".join(f"<li>{html.escape(question)}</li>" for question in self.questions)
        return (
            f"<p><b>{html.escape(self.name)}</b>: {len(self.table):,} rows</p>"
            f"{self.understood.to_html(index=False)}"
            + (f"<p>To look at:</p><ul>{questions}</ul>" if questions else "")
            + self.table.head().to_html(index=False)
        )


@checked
def read_return(
    path: str | os.PathLike[str],
    columns: Mapping[str, str] | None = None,
    sheet: str | None = None,
    *,
    suppressed: Mapping[str, tuple[float, float | None]] | None = None,
    totals: bool = False,
) -> Return:
    r"""Read a return as it is kept: a CSV file or a workbook with headings of its own.

    Parameters
    ----------
    path : str or Path
        A text file (commas, tabs, semicolons or bars; UTF-8, UTF-16 or cp1252) or, with the extra ``excel``, a workbook
        (.xlsx, .xls, .ods).
    columns : mapping of str to str, optional
        What headings mean that are not understood, or not rightly: from the heading to the standard name, or to a name
        of your own to keep a column as text.
    sheet : str, optional
        The sheet of a workbook that has several tables.
    suppressed : mapping of str to (float, float or None), optional
        What a mark of suppression stands for, from the least to the greatest number (None where there is no greatest)
        [unit of the column]. By default "*" is 0 to 4, as in the MHSDS publications, and "[c]" zero or more.
    totals : bool, default False
        Whether rows whose label says that they are totals stay in the table.

    Returns
    -------
    Return
        Its `table` is what `with_metrics`, `aggregate` and `benchmark` take; `understood`, `questions` and `set_aside`
        say how it came about. It shows all of that in a notebook.

    Raises
    ------
    BadInput
        When no line looks like headings, a measure's cell cannot be read, two columns are one measure, two headings are
        the same, a line is longer or shorter than the headings, a quotation mark is not closed, or several sheets have
        a table. Each problem names the file's own line or cell.
    ImportError
        When it is a workbook, and the extra ``excel`` is not installed.

    Notes
    -----
    Only measures become numbers: a code such as 007 or 5E1 stays what it is. £, thousands separators and brackets
    around negative amounts are read; so are "17.7m", and the unit in a heading ("£000", "Total cost £m"). "n/a", "-",
    blanks, [x] and [z] are missing. "<5", "1-4", "*" and "[c]" are suppressed and have bounds. Periods are brought to
    one form ("2023-24" is 2023/24). Nothing else is changed, and nothing is guessed in silence.

    References
    ----------
    Government Analysis Function: Symbols in tables (the marks [c], [x], [z], [low]). NHS England: Mental Health Services
    Data Set monthly statistics, on counts below five.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "teams.csv"
    >>> _ = file.write_text("Trust,Team type,FY,Total spend (£000),DNAs\n007,CMHT,2023-24,\"17,700\",<5\n")
    >>> read = read_return(file)
    >>> read.table.to_dict("records")
    [{'organisation': '007', 'team_type': 'CMHT', 'period': '2023/24', 'total_cost': 17700000.0, 'did_not_attends': nan, 'did_not_attends_lower': 0.0, 'did_not_attends_upper': 4.0}]
    """  # noqa: E501
    given = dict(columns or {})
    marks = _marks(suppressed)
    sheets = sheets_of(path, sheet, lambda cells: known_in(cells, given))
    held, at = headings_in(sheets, given)
    notes = Notes()
    titles = held.lines[at]
    note_headings_above(held, at, notes)
    headings = read_headings(held, held.lines[at], given, notes)
    at, headings = units_below(held, at, headings, notes)
    rows, aside = _rows(held, at, headings, notes, totals=totals)
    if notes.problems:
        raise BadInput(held.name, notes.problems)
    table = read_columns(held, headings, rows, notes, marks)
    if notes.problems:
        raise BadInput(held.name, notes.problems)
    _look_at(table, headings, aside, held, notes)
    _ask_about_labels(table, rows, held, notes)
    above = [", ".join(line.filled) for line in held.lines[: held.lines.index(titles)]]
    if above:
        notes.questions.append(f"Above the headings, and not used: {'; '.join(repr(text) for text in above[:5])}.")
    understood = pd.DataFrame(
        [(each.text, each.column, each.how, each.unit, each.scale) for each in headings if each.text],
        columns=["heading", "column", "how", "unit", "times"],
    )
    set_aside = pd.DataFrame(
        [{"line": line.number, "why": why, "cells": " | ".join(line.filled)} for line, why in aside],
        columns=["line", "why", "cells"],
    )
    lines = tuple(line.number for line in rows)
    return Return(held.name, table, understood, (*held.notes, *notes.questions), set_aside, lines)


def _marks(suppressed: Mapping[str, tuple[float, float | None]] | None) -> Mapping[str, tuple[float, float]]:
    if not suppressed:
        return SUPPRESSED
    problems = [
        Problem("suppressed", str(mark), bounds, "two numbers, the least and the greatest (or None)")
        for mark, bounds in suppressed.items()
        if not (isinstance(bounds, tuple) and len(bounds) == 2 and (bounds[1] is None or bounds[0] <= bounds[1]))
    ]
    refuse("read_return", problems)
    own = {mark.casefold(): (low, np.nan if high is None else high) for mark, (low, high) in suppressed.items()}
    return MappingProxyType({**SUPPRESSED, **own})


# Rows


def _rows(
    sheet: Sheet, at: int, headings: list[Heading], notes: Notes, *, totals: bool
) -> tuple[list[Line], list[tuple[Line, str]]]:
    rows: list[Line] = []
    aside: list[tuple[Line, str]] = []
    labels = [n for n, each in enumerate(headings) if each.column in (*KEYS, "icb", "region")] or [0]
    repeated = [each.text for each in headings]
    for line in sheet.lines[at + 1 :]:
        short = len(line.cells) < len(headings) and not sheet.is_workbook
        filled = [n for n, cell in enumerate(line.cells) if cell]
        if any(n >= len(headings) for n in filled):
            found = f"{filled[-1] + 1} cells"
            notes.problems.append(
                Problem("the file", sheet.where(line.number), found, f"{len(headings)}, as there are headings")
            )
        elif _is_footnote(line, headings, labels):
            aside.append((line, "a line of one cell"))
        elif line.cells[: len(headings)] == repeated:
            aside.append((line, "the headings again"))
        elif short:
            found = f"{len(line.cells)} cells"
            notes.problems.append(
                Problem("the file", sheet.where(line.number), found, f"{len(headings)}, as there are headings")
            )
        elif not totals and _is_total_in_words(line, headings, labels):
            aside.append((line, "a total, for it has no key and is called one beside them"))
        elif not totals and (label := next((line.cells[n] for n in labels if is_total(cell_of(line, n))), None)):
            what = "an average" if is_average(label) else "a total"
            aside.append((line, f"{what}, for its label is {label!r}"))
        else:
            rows.append(line)
    if not rows and not notes.problems:
        # A table of one row that is called England is no total of anything.
        rows = [line for line, why in aside if why.startswith("a total")]
        aside = [each for each in aside if not each[1].startswith("a total")]
    if not rows and not notes.problems:
        notes.problems.append(Problem("the file", None, None, "at least one row under the headings"))
    return rows, aside


def _is_footnote(line: Line, headings: list[Heading], labels: list[int]) -> bool:
    """Whether a line under the table is a remark: one cell of words, and no key of a row yet to be filled in."""
    at = next(n for n, cell in enumerate(line.cells) if cell)
    alone = len(line.filled) == 1 and len(headings) > 2
    return alone and at not in labels[1:] and not _is_number(line.cells[at]) and not is_total(line.cells[at])


def _is_total_in_words(line: Line, headings: list[Heading], labels: list[int]) -> bool:
    """Whether a row without any key is called a total in another column of text, such as that of remarks."""
    if any(cell_of(line, n) for n in labels):
        return False
    return any(is_total(cell_of(line, n)) for n, each in enumerate(headings) if not each.is_measure)


def _is_number(text: str) -> bool:
    return isinstance(read_cell(text), Cell)


# What looks strange


def _ask_about_labels(table: pd.DataFrame, rows: list[Line], sheet: Sheet, notes: Notes) -> None:
    """Say which rows lack a key that others have: the first of a group may have it for all, or the row be a total."""
    lacking: dict[tuple[int, ...], list[str]] = {}
    for key in (*KEYS, "icb", "region"):
        if key in table and 0 < (gone := table[key].isna()).sum() < len(table):
            lacking.setdefault(tuple(int(n) for n in gone.to_numpy().nonzero()[0]), []).append(key)
    for lack, names in lacking.items():
        where = ", ".join(sheet.where(rows[n].number) for n in lack[:5])
        more = f" and {len(lack) - 5:,} more" if len(lack) > 5 else ""
        notes.questions.append(
            f"Empty in {len(lack):,} of {len(table):,} rows ({where}{more}), and left so: {' and '.join(names)}. Fill "
            "a label down that stands only in the first row of its group; leave the row out if it is a total."
        )


def _look_at(
    table: pd.DataFrame, headings: list[Heading], aside: list[tuple[Line, str]], sheet: Sheet, notes: Notes
) -> None:
    for line, why in aside:
        notes.questions.append(f"{sheet.where(line.number).capitalize()} is set aside: {why}.")
        if why.startswith("a total"):
            notes.questions += compared(table, headings, line, sheet.where(line.number))
    if {"total_cost", "contacts"} <= set(table):
        each = (table["total_cost"] / table["contacts"].where(table["contacts"] > 0)).median()
        scale = next(h.scale for h in headings if h.column == "total_cost")
        if scale == 1.0 and 0 < each < _A_CONTACT_COSTS:
            notes.questions.append(
                f"A contact costs £{each:,.2f} in the middle of the rows: is the cost in thousands of pounds?"
            )
