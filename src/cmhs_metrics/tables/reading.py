"""How a table comes in: its engine, its measures as numbers, columns with units, and periods of every storage."""

from __future__ import annotations

from decimal import Decimal
from numbers import Real
from typing import Any

import narwhals as nw
import numpy as np

from cmhs_metrics import units
from cmhs_metrics.errors import BadInput, Problem, refuse, row_name
from cmhs_metrics.measures import MEASURES
from cmhs_metrics.numeric.containers import MILLI, DimensionalityError
from cmhs_metrics.signatures import LARGEST_EXACT
from cmhs_metrics.tables.bounds import measure_of
from cmhs_metrics.tables.period_spans import readings
from cmhs_metrics.tables.sql_server import as_its_engine_can
from cmhs_metrics.tables.table import Frame, Table
from cmhs_metrics.team_types import TeamType


def read_table(table: Any, subject: str = "the table") -> Table:
    """Take a table in, and refuse what cannot be computed with.

    Gives the table, ready to compute on. Raises `BadInput` when a column stands twice or has a name of several
    levels, an eager table has no rows, or a measure of a lazy one is not a column of numbers. Raises
    `DimensionalityError` when a column of quantities is in a unit of something else.
    """
    original, given, has_units, problems = table, table, False, list[Problem]()
    is_pandas = type(table).__module__.split(".")[0] == "pandas" and hasattr(table, "columns")
    if is_pandas:
        _refuse_names(table, subject)
        given = table if all(isinstance(column, str) for column in table.columns) else table.rename(columns=str)
        table, has_units, problems = _plain_numbers(table)
    try:
        frame = nw.from_native(table)
    except TypeError as error:
        kinds = "pandas, Polars, PyArrow, DuckDB, Ibis, Spark …"
        raise TypeError(f"{subject}: a table is expected ({kinds}), got a {type(table).__name__}") from error
    if isinstance(frame, nw.DataFrame) and len(frame) == 0:
        raise BadInput(subject, [Problem(None, None, None, "at least one row")])
    read = Table(_with_days(frame, subject), original, has_units)
    named = {problem.column for problem in problems}
    for name in read.measures:
        if name in named:
            continue
        if not (read.schema[name].is_numeric() or _is_empty(read, name)):
            problems += _text_cells(read, name)
        elif read.schema[name].is_integer() and not read.lazy:
            problems += _beyond_floats(read, name)
    if problems and read.lazy:
        raise BadInput(subject, problems)
    given = frame if has_units else nw.from_native(given)
    one_spelling = _with_one_spelling(read)
    if one_spelling is read.frame and not problems:
        read.given = given
        return read
    return Table(one_spelling, original, has_units, tuple(problems), given)


def rows_in(frame: Frame) -> list[dict[str, Any]]:
    """The rows of a table; a lazy one is run, in one query."""
    said = as_its_engine_can(frame)
    found: list[dict[str, Any]] = (said.collect() if isinstance(said, nw.LazyFrame) else said).rows(named=True)
    return found


def _refuse_names(table: Any, subject: str) -> None:
    if getattr(table.columns, "nlevels", 1) > 1:
        expected = (
            "columns with one name each; flatten them: table.columns = ['_'.join(map(str, name)) for name in table]"
        )
        raise BadInput(subject, [Problem(None, None, table.columns[0], expected)])
    columns = [str(column) for column in table.columns]
    if len(set(columns)) < len(columns):
        repeated = sorted({column for column in columns if columns.count(column) > 1})
        raise BadInput(subject, [Problem(column, None, None, "a column name that stands once") for column in repeated])


def _is_empty(table: Table, name: str) -> bool:
    """Whether a column holds nothing but nulls, which has no type to speak of."""
    if isinstance(table.frame, nw.LazyFrame):
        return bool(table.schema[name] == nw.Unknown)
    return bool(table.frame.get_column(name).null_count() == len(table.frame))


def _text_cells(table: Table, name: str) -> list[Problem]:
    unit, dtype = MEASURES[name].unit, table.schema[name]
    if isinstance(table.frame, nw.LazyFrame):
        return [Problem(name, None, str(dtype), f"a column of numbers [{unit}]")]
    column = table.frame.get_column(name).to_list()
    bad = [number for number, cell in enumerate(column) if not _reads_as_number(cell)]
    if not bad:
        expected = f"numbers [{unit}]; every cell reads as one, but is {dtype}: cast the column, for example to float"
        return [Problem(name, None, "text", expected)]
    return _in_rows(table, name, {number: column[number] for number in bad}, f"a number [{unit}]")


def _in_rows(table: Table, name: str, cells: dict[int, Any], expected: str) -> list[Problem]:
    keys = table.keys()
    numbers = list(cells)
    rows = table.eager.select(keys)[numbers].rows(named=True) if keys else [{}] * len(numbers)
    return [
        Problem(name, row_name(row, keys, number), cells[number], expected)
        for number, row in zip(numbers, rows, strict=True)
    ]


def _beyond_floats(table: Table, name: str) -> list[Problem]:
    """Whole numbers that a 64-bit float would round, which a count or a cost never is."""
    column = table.eager.get_column(name)
    if column.dtype in (nw.Int32, nw.Int16, nw.Int8, nw.UInt32, nw.UInt16, nw.UInt8):
        return []
    known = column.drop_nulls()
    # The extremes of a column without a number are None, NaN or pandas' NA, as the engine has it.
    if not len(known) or (known.min() >= -LARGEST_EXACT and known.max() <= LARGEST_EXACT):
        return []
    # Compared in Python, for Polars and Arrow hold an unsigned column against no number below zero.
    rows = np.flatnonzero(~column.is_null().to_numpy().astype(bool)).tolist()
    cells = {row: cell for row, cell in zip(rows, known.to_list(), strict=True) if abs(cell) > LARGEST_EXACT}
    return _in_rows(table, name, cells, f"a number up to {LARGEST_EXACT:,}, beyond which whole numbers are not exact")


def _reads_as_number(cell: Any) -> bool:
    try:
        float(cell if cell is not None else "nan")
    except (TypeError, ValueError, OverflowError):
        return False
    return not isinstance(cell, bool)


# Periods


def _with_days(frame: Frame, subject: str) -> Frame:
    """Stamps with a time zone become the day in London: a local month ends at its own midnight."""
    dtype = frame.collect_schema().get("period")
    if dtype != nw.Datetime or getattr(dtype, "time_zone", None) is None or frame.implementation.is_spark_like():
        return frame  # Spark's stamps have no zone but that of the session.
    try:
        return frame.with_columns(nw.col("period").dt.convert_time_zone("Europe/London").dt.date())
    except (AttributeError, NotImplementedError, nw.exceptions.NarwhalsError):
        pass
    try:
        in_london = nw.col("period").dt.convert_time_zone("Europe/London").dt.replace_time_zone(None)
        return frame.with_columns(in_london.dt.truncate("1d"))
    except (AttributeError, NotImplementedError, nw.exceptions.NarwhalsError):
        expected = "dates, or stamps without a time zone, for a day depends on it"
        raise BadInput(subject, [Problem("period", None, str(dtype), expected)]) from None


def _with_one_spelling(table: Table) -> Frame:
    """A month that stands in two spellings, as "2017-03" and as "2017-03-31", becomes one."""
    if table.lazy or "period" not in table.schema or not table.is_text("period"):
        return table.frame
    new = {value: str(reading) for value, reading in table.periods.items() if str(reading) != value}
    if not new:
        return table.frame
    return table.eager.with_columns(
        table.text("period").replace_strict(
            table.distinct("period"),
            [new.get(value, value) for value in table.distinct("period")],
            return_dtype=nw.String,
        )
        if table.eager.get_column("period").null_count() == 0
        else nw.coalesce(*(_replaced(table, value, text) for value, text in new.items()), table.text("period")).alias(
            "period"
        )
    )


def _replaced(table: Table, value: str, text: str) -> nw.Expr:
    return nw.when(table.text("period") == value).then(nw.lit(text))


# pandas: columns of quantities, and of Python's own numbers and dates


def _plain_numbers(table: Any) -> tuple[Any, bool, list[Problem]]:
    if not all(isinstance(column, str) for column in table.columns):
        table = table.rename(columns=str)
    plain: dict[str, Any] = {}
    if "team_type" in table and table["team_type"].dtype == np.object_:
        kinds = [each.label if isinstance(each, TeamType) else each for each in table["team_type"]]
        if any(isinstance(each, TeamType) for each in table["team_type"]):
            plain["team_type"] = kinds
    if "period" in table:
        plain |= _plain_periods(table["period"])
    names = [name for name in table.columns if measure_of(name) in MEASURES]
    problems: list[Problem] = []
    for name in names:
        if table[name].dtype == np.object_:
            numbers, bad = _python_numbers(table[name])
            if numbers is not None and not bad:
                plain[name] = numbers
            elif measure_of(name) == name and bad:
                problems += _object_problems(table, name, bad)
    quantities, has_units = _quantities(table, names, plain)
    return (table.assign(**plain | quantities) if plain or quantities else table), has_units, problems


def _plain_periods(column: Any) -> dict[str, Any]:
    """Dates and pandas periods in a column of objects: as stamps, or as text where they are longer."""
    import pandas as pd

    if column.dtype != np.object_ and not isinstance(column.dtype, pd.PeriodDtype):
        return {}
    values = [value for value in column.drop_duplicates() if not pd.isna(value)]
    if all(isinstance(value, str) for value in values):
        return {}
    found = readings(values, [])
    if len(found) < len(values):
        return {}
    if all(reading.form == "date" for reading in found.values()):
        days = column.map(lambda value: found[value].first, na_action="ignore")
        return {"period": pd.to_datetime(days)}
    return {"period": column.map({value: str(reading) for value, reading in found.items()}).astype(object)}


def _python_numbers(column: Any) -> tuple[Any, dict[int, Any]]:
    """A column of Python's numbers as floats, and its cells that are none; nothing where all of it is text."""
    import pandas as pd

    cells: list[float | None] = []
    bad: dict[int, Any] = {}
    texts = 0
    for at, cell in enumerate(column):
        if cell is None or cell is pd.NA or cell is pd.NaT:
            cells.append(None)
            continue
        texts += isinstance(cell, str)
        try:
            number = float(cell) if isinstance(cell, (Real, Decimal)) and not isinstance(cell, bool) else None
        except (OverflowError, ValueError):
            number = None
        if number is None or (isinstance(cell, int) and abs(cell) > LARGEST_EXACT):
            bad[at] = cell
        cells.append(None if number is None or number != number else number)
    if texts == len(column) - sum(cell is None for cell in column) and texts:
        return None, {}
    return pd.Series(pd.array(cells, dtype="Float64"), index=column.index), bad


def _object_problems(table: Any, name: str, bad: dict[int, Any]) -> list[Problem]:
    keys = Table(nw.from_native(table.iloc[:1]), table).keys()
    problems = []
    for at, cell in bad.items():
        shown, expected = cell, f"a number [{MEASURES[name].unit}]"
        if isinstance(cell, int) and not isinstance(cell, bool):
            expected = f"a number up to {LARGEST_EXACT:,}, beyond which whole numbers are not exact"
            # Python itself refuses to write the longest of them.
            digits = int(cell.bit_length() * 0.30103) + 1
            shown = cell if digits <= 30 else f"a number of {digits} digits"
        row = {key: table[key].iloc[at] for key in keys}
        problems.append(Problem(name, row_name(row, keys, at), shown, expected))
    return problems


def _quantities(table: Any, names: list[str], plain: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    """Columns of quantities as numbers in their measures' units."""
    import pandas as pd

    measures = [name for name in names if measure_of(name) == name]
    with_units = [name for name in names if hasattr(table[name].dtype, "ureg")]
    held = [name for name in measures if name in with_units]
    if not with_units:
        return {}, False
    problems = []
    for name in names:
        measure = measure_of(name)
        if (name in with_units) != (measure in with_units if measure != name else bool(held)):
            if measure == name:
                problems.append(Problem(name, None, str(table[name].dtype), f"a unit, as {held[0]} has"))
            elif measure in table:
                expected = f"a unit, as {measure} has" if held else "plain numbers, as the measures are"
                problems.append(Problem(name, None, str(table[name].dtype), expected))
    refuse("the table", problems)
    complaints, found = [], {}
    for name in with_units:
        quantity, unit = table[name].array.quantity, MEASURES[measure_of(name)].unit
        units.define(quantity._REGISTRY)
        if quantity.check(unit) and quantity._REGISTRY.Quantity(1.0, quantity.units).to(unit).magnitude < MILLI:
            complaints.append(f"{name} is measured in {unit}, got a column of {quantity.units:~} (did you mean M?)")
        elif not quantity.check(unit):
            complaints.append(f"{name} is measured in {unit}, got a column of {quantity.units:~}")
        else:
            found[name] = pd.Series(pd.array(quantity.to(unit).magnitude, dtype="Float64"), index=table.index)
    if complaints:
        raise DimensionalityError("; ".join(complaints))
    return found, bool(held)
