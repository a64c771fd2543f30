"""How a table comes in and goes out: its engine, its measures, and columns with units."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from numbers import Real
from typing import Any

import narwhals as nw
import numpy as np

from cmhs_metrics import units
from cmhs_metrics.errors import BadInput, Problem, nearest
from cmhs_metrics.measures import KEYS, MEASURES
from cmhs_metrics.numeric.containers import MILLI, DimensionalityError
from cmhs_metrics.tables.sql_server import as_its_engine_can
from cmhs_metrics.team_types import TeamType

Frame = nw.DataFrame[Any] | nw.LazyFrame[Any]


@dataclass
class Table:
    """A user's table on its way through a table function.

    Parameters
    ----------
    frame : narwhals.DataFrame or narwhals.LazyFrame
        The table, with measures that narwhals can compute with.
    schema : dict of str to narwhals data type
        Its columns.
    original : object
        What the user gave.
    has_units : bool
        Whether the measures came as columns of pint quantities.
    problems : tuple of Problem
        Cells of measures that are not numbers, to be named together with whatever else is wrong.
    """

    frame: Frame
    schema: dict[str, Any]
    original: Any
    has_units: bool = False
    problems: tuple[Problem, ...] = ()
    measures: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        unreadable = {problem.column for problem in self.problems}
        self.measures = tuple(name for name in self.schema if name in MEASURES and name not in unreadable)

    @property
    def lazy(self) -> bool:
        """Whether the table is a query that has not been run."""
        return isinstance(self.frame, nw.LazyFrame)

    def keys(self, chosen: list[str] | None = None) -> list[str]:
        """The columns that name a row."""
        if chosen is None:
            return [key for key in KEYS if key in self.schema]
        require(self, chosen, "keys")
        return list(chosen)

    def leave(self, frame: Frame, metric_units: dict[str, str], *, same_rows: bool = False) -> Any:
        """Give the result back as the kind of table that came in.

        Parameters
        ----------
        frame : narwhals.DataFrame or narwhals.LazyFrame
            The result.
        metric_units : dict of str to str
            The unit of each column that is a metric.
        same_rows : bool, default False
            Whether the rows are those that came in, so that their columns are given back as they were.

        Returns
        -------
        The native table, or a narwhals one where that came in.
        """
        frame = as_its_engine_can(frame)
        if isinstance(self.original, (nw.DataFrame, nw.LazyFrame)):
            return frame
        native = nw.to_native(frame)
        return _with_units_again(native, self.original, metric_units, same_rows) if self.has_units else native


def enter(table: Any, subject: str = "the table") -> Table:
    """Take a table in, and refuse what cannot be computed with.

    Parameters
    ----------
    table : any frame that narwhals knows
        The user's table.
    subject : str, default "the table"
        What it is, for the message.

    Returns
    -------
    Table
        The table, ready to compute on.

    Raises
    ------
    BadInput
        When a column stands twice, an eager table has no rows, or a measure of a lazy one is not a column of numbers.
    DimensionalityError
        When a column of quantities is in a unit of something else.
    TypeError
        When it is not a table.
    """
    _refuse_repeated_columns(table)
    original, has_units = table, False
    if type(table).__module__.split(".")[0] == "pandas" and hasattr(table, "columns"):
        table, has_units = _plain_numbers(table)
    try:
        frame = nw.from_native(table)
    except TypeError as error:
        raise TypeError(
            f"a table is expected (pandas, Polars, PyArrow, DuckDB, Ibis, Spark …), got a {type(table).__name__}"
        ) from error
    entered = Table(frame, dict(frame.collect_schema()), original, has_units)
    if isinstance(frame, nw.DataFrame) and len(frame) == 0:
        raise BadInput(subject, [Problem(None, None, None, "at least one row")])
    problems = [
        problem
        for name in entered.measures
        if not (entered.schema[name].is_numeric() or _is_empty_column(entered, name))
        for problem in _text_cells(entered, name)
    ]
    if problems and entered.lazy:
        raise BadInput(subject, problems)
    return replace(entered, problems=tuple(problems))


def require(table: Table, columns: list[str], argument: str) -> None:
    """Refuse names of columns that the table does not have.

    Parameters
    ----------
    table : Table
        The table.
    columns : list of str
        The names.
    argument : str
        The argument in which they were given, for the message.

    Raises
    ------
    BadInput
        When one is not there; the nearest names are offered.
    """
    missing = [name for name in columns if name not in table.schema]
    if missing:
        problems = [
            Problem(
                argument, None, name, f"a column of the table; {nearest(name, table.schema) or _list(table.schema)}"
            )
            for name in missing
        ]
        raise BadInput("the table", problems)


def _list(columns: Any) -> str:
    return f"it has {', '.join(map(str, columns))}"


def row_name(row: dict[str, Any], keys: list[str], number: Any = None) -> str:
    """Name a row by its keys, or by its number where it has none."""
    if not keys:
        return "a row" if number is None else f"row {number}"
    return ", ".join(f"{key}={row[key]}" for key in keys)


def rows_in(frame: Frame) -> list[dict[str, Any]]:
    """The rows of a table; a lazy one is run, in one query."""
    said = as_its_engine_can(frame)
    found: list[dict[str, Any]] = (said.collect() if isinstance(said, nw.LazyFrame) else said).rows(named=True)
    return found


def _refuse_repeated_columns(table: Any) -> None:
    columns = [str(column) for column in getattr(table, "columns", ())] if hasattr(table, "iloc") else []
    repeated = sorted({column for column in columns if columns.count(column) > 1})
    if repeated:
        raise BadInput(
            "the table", [Problem(column, None, None, "a column name that stands once") for column in repeated]
        )


def _is_empty_column(table: Table, name: str) -> bool:
    """Whether a column holds nothing but nulls, which has no type to speak of."""
    if isinstance(table.frame, nw.LazyFrame):
        return bool(table.schema[name] == nw.Unknown)
    return bool(table.frame.get_column(name).null_count() == len(table.frame))


def _text_cells(table: Table, name: str) -> list[Problem]:
    expected = f"a number [{MEASURES[name].unit}]"
    dtype = table.schema[name]
    if isinstance(table.frame, nw.LazyFrame):
        return [Problem(name, None, str(dtype), f"a column of numbers [{MEASURES[name].unit}]")]
    keys = table.keys()
    column = table.frame.get_column(name).to_list()
    bad = [number for number, cell in enumerate(column) if not _reads_as_number(cell)]
    if not bad:
        return [
            Problem(name, None, "text", f"numbers [{MEASURES[name].unit}]; every cell reads as one, but is {dtype}")
        ]
    rows = table.frame.select(keys)[bad].rows(named=True) if keys else [{}] * len(bad)
    return [
        Problem(name, row_name(row, keys, number), column[number], expected)
        for number, row in zip(bad, rows, strict=True)
    ]


def _reads_as_number(cell: Any) -> bool:
    try:
        float(cell if cell is not None else "nan")
    except (TypeError, ValueError):
        return False
    return not isinstance(cell, bool)


# pandas: columns of quantities, and of Python's own numbers


def _plain_numbers(table: Any) -> tuple[Any, bool]:
    import pandas as pd

    if not all(isinstance(column, str) for column in table.columns):
        table = table.rename(columns=str)
    if "team_type" in table and table["team_type"].dtype == np.object_ and _has_members(table["team_type"]):
        kinds = [each.label if isinstance(each, TeamType) else each for each in table["team_type"]]
        table = (
            table.assign(team_type=kinds) if any(isinstance(each, TeamType) for each in table["team_type"]) else table
        )
    measures = [name for name in table.columns if name in MEASURES]
    with_units = [name for name in measures if hasattr(table[name].dtype, "ureg")]
    for name in measures:
        column = table[name]
        if column.dtype == np.object_ and all(_is_number(cell) for cell in column):
            table = table.assign(**{name: pd.to_numeric(column.where(column.notna(), None).astype("Float64"))})
    if not with_units:
        return table, False
    without = [name for name in measures if name not in with_units]
    if without:
        raise BadInput(
            "the table",
            [Problem(name, None, str(table[name].dtype), f"a unit, as {with_units[0]} has") for name in without],
        )
    complaints = []
    plain = {}
    for name in with_units:
        quantity = table[name].array.quantity
        units.define(quantity._REGISTRY)
        unit = MEASURES[name].unit
        if quantity.check(unit) and quantity._REGISTRY.Quantity(1.0, quantity.units).to(unit).magnitude < MILLI:
            complaints.append(f"{name} is measured in {unit}, got a column of {quantity.units:~} (did you mean M?)")
        elif not quantity.check(unit):
            complaints.append(f"{name} is measured in {MEASURES[name].unit}, got a column of {quantity.units:~}")
        else:
            values = quantity.to(MEASURES[name].unit).magnitude
            plain[name] = pd.Series(pd.array(values, dtype="Float64"), index=table.index)
    if complaints:
        raise DimensionalityError("; ".join(complaints))
    return table.assign(**plain), True


def _has_members(column: Any) -> bool:
    return any(isinstance(each, TeamType) for each in column)


def _is_number(cell: Any) -> bool:
    return cell is None or (isinstance(cell, (Real, Decimal)) and not isinstance(cell, bool)) or cell != cell


def _with_units_again(native: Any, original: Any, metric_units: dict[str, str], same_rows: bool) -> Any:
    import pandas as pd
    from pint_pandas import PintArray

    native = native.copy()
    kept = next(column for column in original.columns if hasattr(original[column].dtype, "ureg"))
    registry = units.define(original[kept].dtype.ureg)
    for name in native.columns:
        if same_rows and name in original.columns and name not in metric_units:
            native[name] = original[name]
        elif (unit := metric_units.get(name) or (MEASURES[name].unit if name in MEASURES else None)) is not None:
            array = PintArray(native[name].array, dtype=registry.parse_units(unit))
            native[name] = pd.Series(array, index=native.index)
    return native
