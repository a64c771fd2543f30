"""The columns of a return: measures as numbers with their bounds, periods in one form, everything else as text."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import pandas as pd

from cmhs_metrics.errors import Problem
from cmhs_metrics.measures import MEASURES, NOT_COUNTED
from cmhs_metrics.periods import read_periods
from cmhs_metrics.presentation import is_money
from cmhs_metrics.returns.cells import Cell, read_cell
from cmhs_metrics.returns.sheets import Sheet, cell_of, letters

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmhs_metrics.returns.headings import Heading
    from cmhs_metrics.returns.notes import Notes
    from cmhs_metrics.returns.sheets import Line


def read_columns(
    sheet: Sheet, headings: list[Heading], rows: list[Line], notes: Notes, marks: Mapping[str, tuple[float, float]]
) -> pd.DataFrame:
    """The table of the rows: a column for each heading, and bounds beside a measure that has suppressed cells."""
    made: dict[str, Any] = {}
    for at, heading in enumerate(headings):
        texts = [cell_of(line, at) for line in rows]
        if not heading.text:
            if any(texts):
                line = rows[next(n for n, text in enumerate(texts) if text)]
                expected = "a heading above it"
                notes.problems.append(
                    Problem(f"column {letters(at)}", sheet.where(line.number, at), cell_of(line, at), expected)
                )
        elif heading.is_measure:
            made |= _measure(sheet, heading, at, rows, texts, notes, marks)
        elif heading.column == "period":
            made["period"] = _periods(texts, notes)
        else:
            texts = _codes(sheet, heading, at, rows, texts, notes)
            made[heading.column] = pd.Series(_labels(heading, texts, notes), dtype=object)
    return pd.DataFrame(made)


_NOT_COMPUTED = "a value; this formula was never computed: open the workbook where it was made, and save it"


def _codes(sheet: Sheet, heading: Heading, at: int, rows: list[Line], texts: list[str], notes: Notes) -> list[str]:
    """The cells of a column of text: codes as the workbook shows them, and formulas without a value refused."""
    padded = {n: code for n, line in enumerate(rows) if (code := sheet.shown.get((line.number, at)))}
    if padded:
        first, code = next(iter(padded.items()))
        notes.questions.append(
            f"{heading.text!r}: the workbook shows {texts[first]!r} as {code!r}: read as it is shown."
        )
    if sheet.is_workbook and heading.is_known:
        notes.problems += [
            Problem(heading.text, sheet.where(line.number, at), text, _NOT_COMPUTED)
            for line, text in zip(rows, texts, strict=True)
            if text.startswith("=")
        ]
    return [padded.get(n, text) for n, text in enumerate(texts)]


_AS_TEXT = re.compile(r"'[^\W_][^']*$")


def _labels(heading: Heading, texts: list[str], notes: Notes) -> list[str | None]:
    """Text as it is written, but for the apostrophe that tells a spreadsheet that a code is text."""
    if heading.is_known and (marked := [text for text in texts if text[:1] == "'" and _AS_TEXT.match(text)]):
        notes.questions.append(f"{heading.text!r}: {marked[0]!r} is read without its apostrophe, and so are all such.")
        texts = [text[1:] if _AS_TEXT.match(text) else text for text in texts]
    return [text or None for text in texts]


def _periods(texts: list[str], notes: Notes) -> pd.Series[Any]:
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
    notes: Notes,
    marks: Mapping[str, tuple[float, float]],
) -> dict[str, Any]:
    comma = _decimal_comma(sheet, heading, at, rows, texts, notes)
    of = heading.column.removesuffix("_lower").removesuffix("_upper")
    cells: list[Cell] = []
    unit = MEASURES[of].unit
    whole = unit not in NOT_COUNTED and heading.scale == 1.0
    known = {
        text: read_cell(text, heading.scale, comma=comma, suppressed=marks, whole=whole)
        for text in dict.fromkeys(texts)
    }
    for line, text in zip(rows, texts, strict=True):
        cell = known[text]
        if sheet.is_workbook and text.startswith("="):
            cell = _NOT_COMPUTED
        elif not isinstance(cell, str) and cell.value < 0 and not is_money(unit):
            cell = "zero or more"
        elif not isinstance(cell, str) and "£" in text and not is_money(unit):
            cell = "a number that is no amount of money"
        if isinstance(cell, str):
            expected = f"{cell} [{unit}]"
            notes.problems.append(Problem(heading.text, sheet.where(line.number, at), text, expected))
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


def _decimal_comma(sheet: Sheet, heading: Heading, at: int, rows: list[Line], texts: list[str], notes: Notes) -> bool:
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


def _ask_about_marks(heading: Heading, cells: list[Cell], notes: Notes) -> None:
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
