"""Reading the rows of an official file, fast where it is large, and refusing what is not such a file."""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import count, islice
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cmhs_metrics.errors import BadInput, Problem, nearest
from cmhs_metrics.published.content import Source, is_not, read_content
from cmhs_metrics.published.formats import Format, recognise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
"""A number as official files write it: no separators of thousands, no currency, no infinity."""

Wanted = Mapping[int, tuple[Collection[str], set[str]]]
"""By position of a column, the values that are wanted, and a set that takes all that the column has."""

LARGE = 1_000_000
"""From how many bytes on a file is read by pyarrow, where that is installed."""
_AT_ONCE = 50_000


@dataclass
class Rows:
    """The rows of an official file, each cell as the text that is published.

    Parameters
    ----------
    name : str
        The file, for messages.
    cells : pandas.DataFrame
        The cells, required columns under their name in this library, others under their published name: text, or
        categories of text where the reader asked for them.
    published : dict of str to str
        The published name of each column.
    lines : callable
        Gives the line of the file on which each row ends [numpy.ndarray of int]; called only to name a row.
    there : dict of str to set of str
        By column of which only some values are wanted, all that the file has.
    """

    name: str
    cells: pd.DataFrame
    published: dict[str, str]
    lines: Callable[[], NDArray[np.int64]]
    there: dict[str, set[str]]

    def problems(self, column: str, wrong: Any, expected: str) -> list[Problem]:
        """Name each row in which a column is wrong."""
        rows = np.flatnonzero(np.asarray(wrong, dtype=bool))
        if not rows.size:
            return []
        values = self.cells[column].iloc[rows]
        return [
            Problem(self.published[column], f"line {line}", value, expected)
            for line, value in zip(self.lines()[rows].tolist(), values, strict=True)
        ]

    def missing(self, columns: Sequence[str], expected: str) -> list[Problem]:
        """Name each empty cell of columns that must not have one."""
        return [each for name in columns for each in self.problems(name, self.cells[name] == "", expected)]

    def numbers(self, column: str, expected: str) -> tuple[pd.Series[Any], list[Problem]]:
        """Read a column of numbers, 0 or more; empty cells are missing, and whatever else stands there is named."""
        text = self.cells[column].str.strip()
        values = to_numbers(text)
        wrong = (values.isna() & (text != "")) | (values < 0) | np.isinf(values)
        return values, self.problems(column, wrong, expected)

    def repeated(self, ignoring: Sequence[str], table: pd.DataFrame | None = None) -> list[Problem]:
        """Name each row that an earlier one repeats, in the file or in what was read from it, but for some columns."""
        keys = [str(name) for name in self.cells if name not in ignoring]
        rows = np.flatnonzero((self.cells if table is None else table).duplicated(keys).to_numpy())
        if not rows.size:
            return []
        expected = "one row for each " + ", ".join(self.published[name] for name in keys)
        return [Problem(None, f"line {line}", None, expected) for line in self.lines()[rows].tolist()]

    def refuse(self, problems: Sequence[Problem]) -> None:
        """Raise BadInput where there is a problem."""
        if problems:
            raise BadInput(self.name, problems)


def to_numbers(text: pd.Series[Any], *, thousands: bool = False) -> pd.Series[Any]:
    """Read numbers, where it is said with separated thousands; whatever is not one becomes NaN.

    Examples
    --------
    >>> to_numbers(pd.Series(["5", "1e2", "1,234", "*", "inf", ""]), thousands=True).tolist()
    [5.0, 100.0, 1234.0, nan, nan, nan]
    """
    if thousands:
        separated = text.str.fullmatch(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d*)?")
        text = text.where(~separated, text.str.replace(",", "", regex=False))
    # Through Python's own float, which gives the nearest one to the printed digits.
    numbers = text.where(text.str.fullmatch(NUMBER), "nan").to_numpy(dtype=object).astype(np.float64)
    return pd.Series(numbers, index=text.index, name=text.name)


def read_rows(
    source: Source, kind: Format, *, only: Mapping[str, Collection[str]] | None = None, coded: bool = False
) -> Rows:
    """Read the rows of an official file.

    `source`: the file, plain, gzipped or zipped. An open file is read from where it stands, and left open. `kind`:
    the kind of file that is expected. `only`: rows that are wanted: by column, under its name in this library, the
    values that it may have once spaces around it are gone. Others are left out while the file is read. `coded`:
    whether the cells come as categories, which are much smaller where few values stand in many rows. Gives the rows
    and every column of the file. Raises `BadInput` when it is not such a file, or not the whole of one.

    Examples
    --------
    >>> import io
    >>> from cmhs_metrics.published.formats import NATIONAL_COSTS
    >>> rows = read_rows(io.StringIO("<!DOCTYPE html><title>404</title>"), NATIONAL_COSTS)
    Traceback (most recent call last):
        ...
    cmhs_metrics.BadInput: the file has 1 problem:
      the table: got '<!DOCTYPE html><title>404</title>', expected the National Cost Collection's schedule for mental
      health as CSV, not a web page: the address may have answered with an error
    """
    name, content = read_content(source, kind)
    header, start = _header(name, content, kind)
    published = match(name, header, kind)
    there: dict[str, set[str]] = {column: set() for column in only or {}}
    wanted = {list(published).index(column): (values, there[column]) for column, values in (only or {}).items()}
    columns = _by_arrow(content, start, len(header), wanted) if len(content) >= LARGE else None
    lines: Callable[[], NDArray[np.int64]] = lambda: _line_by_line(name, content, kind, wanted)[1]  # noqa: E731
    if columns is None:
        columns, found = _line_by_line(name, content, kind, wanted)
        lines = lambda: found  # noqa: E731
    kept = ~_blank(columns)
    if not kept.all():
        every, lines = lines, lambda: every()[kept]
        columns = [column[kept] for column in columns]
    cells = pd.DataFrame(dict(zip(published, columns, strict=True)), copy=False)
    return Rows(name, cells if coded else as_text(cells), published, lines, there)


def _blank(columns: Sequence[pd.Categorical]) -> NDArray[np.bool_]:
    """Which rows have nothing in any cell, as spreadsheets leave them below a table."""
    blank = np.ones(len(columns[0]), dtype=bool)
    for column in columns:
        empty = [code for code, name in enumerate(column.categories) if not name.strip()]
        blank &= np.isin(column.codes, empty) if empty else False
        if not blank.any():
            break
    return blank


def categories(codes: NDArray[Any], names: Sequence[str]) -> pd.Categorical:
    """Cells of few values: for each row the position of its name."""
    return pd.Categorical.from_codes(codes, pd.Index(list(names), dtype=object))


def as_text(table: pd.DataFrame) -> pd.DataFrame:
    """The table with columns of text in place of categories."""
    columns = {str(name): table[name] for name in table}
    for name, column in columns.items():
        if isinstance(column.dtype, pd.CategoricalDtype):
            held = pd.Series(column.cat.categories, dtype=str).array
            columns[name] = pd.Series(held.take(column.cat.codes.to_numpy()), index=table.index)
    return pd.DataFrame(columns)


def _header(name: str, content: bytes, kind: Format) -> tuple[list[str], int]:
    """The names of the columns, and where the rows begin."""
    read = 0

    def counted() -> Iterator[str]:
        nonlocal read
        for line in io.TextIOWrapper(io.BytesIO(content), encoding="utf-8", newline=""):
            read += len(line.encode())
            yield line

    try:
        row = next((row for row in csv.reader(counted(), strict=True) if any(cell.strip() for cell in row)), [])
    except csv.Error as error:
        raise is_not(kind, name, f"{error} in the header", "as a whole CSV file") from error
    return [cell.strip() or f"Unnamed: {position}" for position, cell in enumerate(row)], read


def _by_arrow(content: bytes, start: int, width: int, wanted: Wanted) -> list[pd.Categorical] | None:
    """The columns by pyarrow, as categories; None where it is not there, or where anything is not plain in the file."""
    try:
        import pyarrow
        from pyarrow import compute
        from pyarrow import csv as arrow_csv
    except ImportError:
        return None
    names = [str(number) for number in range(width)]
    text = pyarrow.dictionary(pyarrow.int32(), pyarrow.string())
    try:
        batches = arrow_csv.open_csv(
            pyarrow.BufferReader(pyarrow.py_buffer(memoryview(content)[start:])),
            read_options=arrow_csv.ReadOptions(column_names=names, block_size=1 << 23),
            parse_options=arrow_csv.ParseOptions(newlines_in_values=True),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, text), strings_can_be_null=False
            ),
        )
        kept = []
        for batch in batches:
            mask = np.ones(len(batch), dtype=bool)
            for column, (values, seen) in wanted.items():
                held = batch.column(column)
                names_here = compute.utf8_trim_whitespace(held.dictionary).to_pylist()
                seen.update(names_here)
                codes = [code for code, each in enumerate(names_here) if each in values]
                mask &= np.isin(held.indices.to_numpy(), codes)
            kept.append(batch.filter(pyarrow.array(mask)) if wanted else batch)
        table = pyarrow.Table.from_batches(kept).unify_dictionaries()
    except pyarrow.ArrowInvalid:
        return None
    return [_category(table.column(number)) for number in range(width)]


def _category(column: Any) -> pd.Categorical:
    codes = np.concatenate([chunk.indices.to_numpy() for chunk in column.chunks])
    return categories(codes, column.chunk(0).dictionary.to_pylist())


def _line_by_line(
    name: str, content: bytes, kind: Format, wanted: Wanted
) -> tuple[list[pd.Categorical], NDArray[np.int64]]:
    """The columns as categories, and the line on which each row ends; whatever is wrong is named by its line."""
    reader = csv.reader(io.TextIOWrapper(io.BytesIO(content), encoding="utf-8", newline=""), strict=True)
    width, problems, kept, ends = 0, [], [], []
    codes: list[defaultdict[str, int]] = []
    parts: list[list[NDArray[np.int32]]] = []
    found, last = False, None
    try:
        while rows := [(row, reader.line_num) for row in islice(reader, _AT_ONCE) if row]:
            if not width:
                first = next((at for at, (row, _) in enumerate(rows) if any(cell.strip() for cell in row)), 0)
                width, rows = len(rows[first][0]), rows[first + 1 :]
                codes = [defaultdict(count().__next__) for _ in range(width)]
                parts = [[] for _ in range(width)]
            found = found or bool(rows)
            for row, line in rows:
                if len(row) != width:
                    fields = f"{len(row)} field{'' if len(row) == 1 else 's'}"
                    problems.append(Problem(None, f"line {line}", fields, f"{width} fields, as the header has"))
                last = (line, len(row))
            kept = [(row, line) for row, line in rows if len(row) == width]
            for at, (_, seen) in wanted.items():
                seen.update(row[at].strip() for row, _ in kept)
            for at, (values, _) in wanted.items():
                kept = [(row, line) for row, line in kept if row[at].strip() in values]
            ends += [line for _, line in kept]
            for each, part, cells in zip(codes, parts, zip(*(row for row, _ in kept), strict=True), strict=False):
                part.append(np.fromiter(map(each.__getitem__, cells), np.int32, len(cells)))
    except csv.Error as error:
        raise is_not(kind, name, f"{error} on line {reader.line_num}", "as a whole CSV file") from error
    if problems and last and problems[-1].row == f"line {last[0]}" and last[1] < width:
        expected = f"{problems[-1].expected} (the file may be cut short)"
        problems[-1] = Problem(None, problems[-1].row, problems[-1].value, expected)
    if problems:
        raise BadInput(name, problems)
    if not found:
        raise is_not(kind, name, None, "with rows below the header")
    columns = [
        categories(np.concatenate(part) if part else np.zeros(0, np.int32), list(each))
        for each, part in zip(codes, parts, strict=True)
    ]
    return columns, np.array(ends, dtype=np.int64)


def match(name: str, header: Sequence[str], kind: Format) -> dict[str, str]:
    """Give the published name of each column by its name in the table, or refuse the header."""
    names = [kind.name_of(column) for column in header]
    there = {each for each in names if each}
    problems = [
        Problem(column, None, None, f"a column of that name; {nearest(column, header)}".removesuffix("; "))
        for column, here in kind.columns.items()
        if here not in there
    ]
    if problems:
        other = recognise(header)
        hint = f"; this is {other.title}: use {other.reader}" if other else ""
        if len(header) == 1 and (separated := re.search("[;\t|]", header[0])):
            hint = f", with commas between the cells, and not {separated[0]!r}: save it as 'CSV UTF-8'"
        shown = ", ".join(header)
        shown = shown if len(shown) <= 200 else f"{shown[:200]}…"
        # Where nothing matches it is another file, and the names of its columns are no help.
        problems = [] if not there else problems
        problems.insert(0, Problem(None, None, shown, f"the columns of {kind.title}{hint}"))
    named = [here or column for here, column in zip(names, header, strict=True)]
    for column in dict.fromkeys(column for column in named if named.count(column) > 1):
        problems.append(Problem(header[named.index(column)], None, None, "a column that stands once"))
    if problems:
        raise BadInput(name, problems)
    return dict(zip(named, header, strict=True))
