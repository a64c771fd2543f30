"""Where the headings of a return stand, with lines above and units below them, and what each of them means."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from cmhs_metrics.errors import BadInput, Problem, nearest
from cmhs_metrics.measures import MEASURES
from cmhs_metrics.returns.cells import Cell, read_cell
from cmhs_metrics.returns.headings import Heading, known_in, offer, understand
from cmhs_metrics.returns.sheets import Sheet, cell_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmhs_metrics.returns.notes import Notes
    from cmhs_metrics.returns.sheets import Line

_SEARCHED = 60
"""In so many lines the headings are looked for."""


def headings_in(sheets: list[Sheet], columns: Mapping[str, str]) -> tuple[Sheet, int]:
    """The sheet with the table, and the line of its headings."""
    _refuse_official(sheets)
    found = [(sheet, at) for sheet in sheets if (at := _heading_line(sheet, columns)) is not None]
    # A sheet that explains the headings has them too, and no numbers below.
    found = [each for each in found if _has_numbers(*each, columns)] or found
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
    return at if measures and len(sheet.lines[at].filled) > 1 else None


def _has_numbers(sheet: Sheet, at: int, columns: Mapping[str, str]) -> bool:
    measures = [n for n, cell in enumerate(sheet.lines[at].cells) if understand(cell, columns).is_measure]
    below = (cell_of(line, n) for line in sheet.lines[at + 1 :] for n in measures)
    return any(isinstance(read_cell(text), Cell) for text in below if text)


def _no_headings(sheet: Sheet) -> BadInput:
    widest = max(sheet.lines[:_SEARCHED], key=lambda line: len(line.filled))
    first = sheet.lines[0]
    if len(widest.filled) == 1 and any(understand(line.cells[0], {}).is_measure for line in sheet.lines[:_SEARCHED]):
        expected = "at least two columns: an organisation, a team or a period beside the measure"
        return BadInput(sheet.name, [Problem("the file", None, "one column", expected)])
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


def note_headings_above(sheet: Sheet, at: int, notes: Notes) -> None:
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


def units_below(sheet: Sheet, at: int, headings: list[Heading], notes: Notes) -> tuple[int, list[Heading]]:
    """Apply the units that stand in a line of their own under the headings."""
    if at + 1 >= len(sheet.lines):
        return at, headings
    line = sheet.lines[at + 1]
    if not all(_UNIT_WORD.fullmatch(cell) for cell in line.filled):
        return at, headings
    found = []
    for column, each in enumerate(headings):
        unit = cell_of(line, column)
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


def read_headings(sheet: Sheet, line: Line, columns: Mapping[str, str], notes: Notes) -> list[Heading]:
    """What each heading of the line means; headings that stand twice and measures with two headings are noted."""
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
    kept = [each.text for each in headings if each.text and not each.is_known and not offer(each.text)]
    if kept:
        notes.questions.append(f"Kept as text, for no measure is called so: {', '.join(map(repr, kept))}.")
    for text, name in columns.items():
        if name not in MEASURES and (near := nearest(name, MEASURES, count=1)) and text in texts:
            notes.questions.append(f"{text!r} is kept as {name!r}, which is no measure; {near}")
    for each in headings:
        _ask_about(each, notes)
    return headings


def _ask_about(heading: Heading, notes: Notes) -> None:
    text = heading.text
    if heading.how == "likely":
        notes.questions.append(f"{text!r} is taken for {heading.column}: is it?")
    if heading.when:
        notes.questions.append(f"{text!r} is taken for {heading.column}; {heading.when!r} in it was not used.")
    if heading.how == "kept" and text and (phrase := offer(text)):
        notes.questions.append(f"{text!r} is kept as it is; {phrase}.")
