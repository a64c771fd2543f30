"""`read_return`: from a file as it stands to a table of measures, and what was understood on the way."""

from __future__ import annotations

import html
import re
from collections import Counter
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cmhs_metrics.errors import BadInput, Problem
from cmhs_metrics.measures import KEYS, MEASURES
from cmhs_metrics.periods import read_periods
from cmhs_metrics.returns.cells import SUPPRESSED, Cell, read_cell
from cmhs_metrics.returns.headings import Heading, known_in, offer, understand
from cmhs_metrics.returns.sheets import Sheet, letters, sheets_of
from cmhs_metrics.returns.totals import compared, is_label

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from cmhs_metrics.returns.sheets import Line

_SEARCHED = 60
"""In so many lines the headings are looked for."""
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


@dataclass
class _Notes:
    """What is wrong, and what is to be asked."""

    problems: list[Problem] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)


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
    held, at = _headings_in(sheets, given)
    notes = _Notes()
    titles = held.lines[at]
    _headings_above(held, at, notes)
    headings = _headings(held, held.lines[at], given, notes)
    at, headings = _units_below(held, at, headings, notes)
    rows, aside = _rows(held, at, headings, notes, totals=totals)
    if notes.problems:
        raise BadInput(held.name, notes.problems)
    table = _table(held, headings, rows, notes, marks)
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
    if problems:
        raise BadInput("read_return", problems)
    own = {mark.casefold(): (low, np.nan if high is None else high) for mark, (low, high) in suppressed.items()}
    return MappingProxyType({**SUPPRESSED, **own})


# Headings


def _headings_in(sheets: list[Sheet], columns: Mapping[str, str]) -> tuple[Sheet, int]:
    """The sheet with the table, and the line of its headings."""
    _refuse_official(sheets)
    found = [(sheet, at) for sheet in sheets if (at := _heading_line(sheet, columns)) is not None]
    if len(found) == 1:
        return found[0]
    if found:
        names = [sheet.name.rpartition(", sheet ")[2] for sheet, _ in found]
        raise BadInput(
            sheets[0].name.partition(", sheet ")[0],
            [Problem("sheet", None, None, f"one of the sheets that have a table: {', '.join(map(repr, names))}")],
        )
    sheet = next((each for each in sheets if each.lines), sheets[0] if sheets else Sheet("the workbook", []))
    if not sheet.lines:
        raise BadInput(sheet.name, [Problem("the file", None, None, "a table, and it is empty")])
    raise _no_headings(sheet)


def _refuse_official(sheets: list[Sheet]) -> None:
    from cmhs_metrics.published.formats import recognise

    for sheet in sheets:
        for line in sheet.lines[:_SEARCHED]:
            official = recognise(line.cells)
            if official is not None:
                expected = f"a return; this is {official.title}: cm.published.{official.reader} reads it"
                raise BadInput(sheet.name, [Problem("the file", sheet.where(line.number), None, expected)])


def _heading_line(sheet: Sheet, columns: Mapping[str, str]) -> int | None:
    counts = [known_in(line.cells, columns) for line in sheet.lines[:_SEARCHED]]
    best = max(counts, default=0)
    if not best:
        return None
    at = counts.index(best)
    measures = sum(understand(cell, columns).is_measure for cell in sheet.lines[at].filled)
    return at if measures and (best > 1 or len(sheet.lines[at].filled) > 1) else None


def _no_headings(sheet: Sheet) -> BadInput:
    widest = max(sheet.lines[:_SEARCHED], key=lambda line: len(line.filled))
    first = sheet.lines[0]
    problems = [
        Problem(
            "the file",
            sheet.where(first.number),
            " | ".join(first.filled)[:80],
            "headings of which one at least is a measure; no line of the file looks like that",
        )
    ]
    problems += [
        Problem(
            "the file", sheet.where(widest.number), cell, offer(cell) or "a standard name, or one of yours in columns="
        )
        for cell in widest.filled[:12]
        if not understand(cell, {}).is_known and offer(cell)
    ]
    return BadInput(sheet.name, problems)


def _headings_above(sheet: Sheet, at: int, notes: _Notes) -> None:
    """Take the heading of a column that has none in its line from the line above, where headings stand over two."""
    line, above = sheet.lines[at], sheet.lines[at - 1] if at else None
    if above is None or above.number != line.number - 1:
        return
    for column, text in enumerate(above.cells):
        if text and column < len(line.cells) and not line.cells[column] and understand(text, {}).is_known:
            line.cells[column] = text
            notes.questions.append(
                f"{text!r}, which stands in {sheet.where(above.number)}, is taken for a heading too."
            )


_UNIT_WORD = re.compile(
    r"[(\[]?\s*(?:(?:£|gbp)?\s*'?0{3}'?s?|(?:£|gbp)\s*(?:k|mn?|millions?|thousands?)?|%|#|n|no\.?|number|count|people|"
    r"patients?|persons?|contacts?|referrals?|wte|fte|days?|beds?|thousands?|millions?|text|code|name)\s*[)\]]?",
    re.IGNORECASE,
)


def _units_below(sheet: Sheet, at: int, headings: list[Heading], notes: _Notes) -> tuple[int, list[Heading]]:
    """Apply the units that stand in a line of their own under the headings."""
    if at + 1 >= len(sheet.lines):
        return at, headings
    line = sheet.lines[at + 1]
    if not all(_UNIT_WORD.fullmatch(cell) for cell in line.filled):
        return at, headings
    found = []
    for column, each in enumerate(headings):
        unit = _cell(line, column)
        if not (unit and each.is_measure):
            found.append(each)
            continue
        bare = unit.strip("()[] ")
        with_unit = understand(f"{each.column} ({bare})", {})
        if bare.casefold() == each.unit.casefold() or re.fullmatch(r"[a-z.]{2,}|[n#]", bare, re.IGNORECASE):
            found.append(each)
        elif each.unit or not with_unit.is_known:
            expected = "one unit, of its heading or below it, that the measure can have"
            notes.problems.append(Problem(each.text, sheet.where(line.number, column), unit, expected))
            found.append(each)
        else:
            found.append(replace(each, scale=with_unit.scale, unit=with_unit.unit))
    notes.questions.append(f"{sheet.where(line.number).capitalize()} is read as units: {', '.join(line.filled)}.")
    return at + 1, found


def _headings(sheet: Sheet, line: Line, columns: Mapping[str, str], notes: _Notes) -> list[Heading]:
    width = max(at for at, cell in enumerate(line.cells) if cell) + 1
    headings = [understand(cell, columns) for cell in line.cells[:width]]
    texts = Counter(each.text for each in headings if each.text)
    for text, count in texts.items():
        if count > 1:
            expected = f"a heading that stands once; it stands {count} times"
            notes.problems.append(Problem(text, sheet.where(line.number), None, expected))
    notes.problems += [
        Problem("columns", None, text, f"a heading of the file; it has {', '.join(map(repr, texts))}")
        for text in columns
        if text not in texts
    ]
    taken: dict[str, Heading] = {}
    for at, each in enumerate(headings):
        if not each.text:
            continue
        other = taken.setdefault(each.column, each)
        if other is each or each.text == other.text:
            continue
        if each.is_measure:
            expected = f"one column for {each.column}; {other.text!r} is it too: say in columns= which of them is"
            notes.problems.append(Problem(each.text, sheet.where(line.number), None, expected))
        else:
            headings[at] = Heading(each.text, each.text, "kept")
            notes.questions.append(f"{each.text!r} is kept as it is: {other.text!r} is taken for {each.column}.")
    for each in headings:
        _ask_about(each, notes)
    return headings


def _ask_about(heading: Heading, notes: _Notes) -> None:
    text = heading.text
    if heading.how == "likely":
        notes.questions.append(f"{text!r} is taken for {heading.column}: is it?")
    if heading.when:
        notes.questions.append(f"{text!r} is taken for {heading.column}; {heading.when!r} in it was not used.")
    if heading.how == "kept" and text and (phrase := offer(text)):
        notes.questions.append(f"{text!r} is kept as it is; {phrase}.")


# Rows


def _rows(
    sheet: Sheet, at: int, headings: list[Heading], notes: _Notes, *, totals: bool
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
        elif not totals and (label := next((line.cells[n] for n in labels if is_label(_cell(line, n))), None)):
            aside.append((line, f"a total, for its label is {label!r}"))
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
    return alone and at not in labels[1:] and not _is_number(line.cells[at]) and not is_label(line.cells[at])


def _is_total_in_words(line: Line, headings: list[Heading], labels: list[int]) -> bool:
    """Whether a row without any key is called a total in another column of text, such as that of remarks."""
    if any(_cell(line, n) for n in labels):
        return False
    return any(is_label(_cell(line, n)) for n, each in enumerate(headings) if not each.is_measure)


def _cell(line: Line, at: int) -> str:
    return line.cells[at] if at < len(line.cells) else ""


def _is_number(text: str) -> bool:
    return isinstance(read_cell(text), Cell)


# The table


def _table(
    sheet: Sheet, headings: list[Heading], rows: list[Line], notes: _Notes, marks: Mapping[str, tuple[float, float]]
) -> pd.DataFrame:
    made: dict[str, Any] = {}
    for at, heading in enumerate(headings):
        texts = [_cell(line, at) for line in rows]
        if not heading.text:
            if any(texts):
                line = rows[next(n for n, text in enumerate(texts) if text)]
                expected = "a heading above it"
                notes.problems.append(
                    Problem(f"column {letters(at)}", sheet.where(line.number, at), _cell(line, at), expected)
                )
        elif heading.is_measure:
            made |= _measure(sheet, heading, at, rows, texts, notes, marks)
        elif heading.column == "period":
            made["period"] = _periods(texts, notes)
        else:
            made[heading.column] = pd.Series(_labels(heading, texts, notes), dtype=object)
    return pd.DataFrame(made)


_AS_TEXT = re.compile(r"'[^\W_][^']*$")


def _labels(heading: Heading, texts: list[str], notes: _Notes) -> list[str | None]:
    """Text as it is written, but for the apostrophe that tells a spreadsheet that a code is text."""
    if heading.is_known and (marked := [text for text in texts if text[:1] == "'" and _AS_TEXT.match(text)]):
        notes.questions.append(f"{heading.text!r}: {marked[0]!r} is read without its apostrophe, and so are all such.")
        texts = [text[1:] if _AS_TEXT.match(text) else text for text in texts]
    return [text or None for text in texts]


def _periods(texts: list[str], notes: _Notes) -> pd.Series[Any]:
    problems: list[Problem] = []
    found = read_periods([text for text in texts if text], problems)
    read = {text: str(found.get(text, text)) for text in dict.fromkeys(texts) if text}
    notes.questions += [
        f"The period {problem.value!r} is kept as it is: what was expected is {problem.expected}."
        for problem in problems[:5]
    ]
    changed = {text: period for text, period in read.items() if text != period}
    if changed:
        first, period = next(iter(changed.items()))
        more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        notes.questions.append(f"Periods are written {first!r}{more}: read as {period!r}.")
    return pd.Series([read.get(text) for text in texts], dtype=object)


def _measure(
    sheet: Sheet,
    heading: Heading,
    at: int,
    rows: list[Line],
    texts: list[str],
    notes: _Notes,
    marks: Mapping[str, tuple[float, float]],
) -> dict[str, Any]:
    comma = _decimal_comma(sheet, heading, at, rows, texts, notes)
    cells: list[Cell] = []
    known = {text: read_cell(text, heading.scale, comma=comma, suppressed=marks) for text in dict.fromkeys(texts)}
    for line, text in zip(rows, texts, strict=True):
        cell = known[text]
        if isinstance(cell, str):
            unit = MEASURES[heading.column.removesuffix("_lower").removesuffix("_upper")].unit
            notes.problems.append(Problem(heading.text, sheet.where(line.number, at), text, f"{cell} [{unit}]"))
            cell = Cell()
        elif cell.doubt:
            notes.questions.append(f"{heading.text!r}, {sheet.where(line.number, at)}: {text!r} is {cell.doubt}.")
        cells.append(cell)
    _ask_about_marks(heading, cells, notes)
    made = {heading.column: pd.Series([cell.value for cell in cells], dtype="float64")}
    if any(cell.is_suppressed for cell in cells):
        shown = [cell.value == cell.value for cell in cells]
        for end in ("lower", "upper"):
            made[f"{heading.column}_{end}"] = pd.Series(
                [cell.value if told else getattr(cell, end) for cell, told in zip(cells, shown, strict=True)],
                dtype="float64",
            )
    return made


def _decimal_comma(sheet: Sheet, heading: Heading, at: int, rows: list[Line], texts: list[str], notes: _Notes) -> bool:
    """Whether the numbers of a column have a comma for a decimal point, as where cells are separated by semicolons."""
    if sheet.delimiter != ";":
        return False
    bare = [re.sub(r"[£\s]", "", text) for text in texts]
    three = [text for text in bare if re.fullmatch(r"-?\d{1,3}[.,]\d{3}", text)]
    if any(re.fullmatch(r"-?\d[\d,]*\.\d+", text) for text in bare if text not in three):
        return False
    if any(re.fullmatch(r"-?[\d.]*\d,\d+", text) for text in bare if text not in three):
        return True
    for line, text, each in zip(rows, texts, bare, strict=True):
        if each in three:
            expected = "a number that is read in one way only: thousands and decimals cannot be told apart here"
            notes.problems.append(Problem(heading.text, sheet.where(line.number, at), text, expected))
    return False


def _ask_about_marks(heading: Heading, cells: list[Cell], notes: _Notes) -> None:
    marks = Counter(cell.mark for cell in cells if cell.mark)
    for mark, count in marks.items():
        example = next(cell for cell in cells if cell.mark == mark)
        said = f"{heading.text!r}: {mark!r} in {count:,} cell{'s' if count > 1 else ''} is read as"
        if not example.is_suppressed:
            dash = ", and not as zero" if mark in "-–—" else ""
            notes.questions.append(f"{said} missing{dash}.")
        elif example.upper != example.upper:
            notes.questions.append(f"{said} suppressed: {example.lower:,.0f} or more.")
        else:
            notes.questions.append(f"{said} suppressed: from {example.lower:,.0f} to {example.upper:,.0f}.")


# What looks strange


def _ask_about_labels(table: pd.DataFrame, rows: list[Line], sheet: Sheet, notes: _Notes) -> None:
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
    table: pd.DataFrame, headings: list[Heading], aside: list[tuple[Line, str]], sheet: Sheet, notes: _Notes
) -> None:
    for line, why in aside:
        notes.questions.append(f"{sheet.where(line.number).capitalize()} is set aside: {why}.")
        if why.startswith("a total"):
            notes.questions += compared(table, headings, line, sheet.where(line.number))
    if {"total_cost", "contacts"} <= set(table):
        each = (table["total_cost"] / table["contacts"].where(table["contacts"] > 0)).median()
        scale = next((h.scale for h in headings if h.column == "total_cost"), 1.0)
        if scale == 1.0 and 0 < each < _A_CONTACT_COSTS:
            notes.questions.append(
                f"A contact costs £{each:,.2f} in the middle of the rows: is the cost in thousands of pounds?"
            )
