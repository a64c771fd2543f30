"""Tables of any library, and the same kind given back: the methods that need every cell at once."""

from __future__ import annotations

from decimal import Decimal
from numbers import Real
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np
import pandas as pd

from cmhs_metrics.errors import BadInput, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


def collected(table: Any) -> Any:
    """A table in memory: a query that has not been run is run, and anything else given back as it is."""
    frame = nw.from_native(table, pass_through=True)
    return nw.to_native(frame.collect()) if isinstance(frame, nw.LazyFrame) else table


def frame_of(table: Any, subject: str, argument: str = "table") -> Any:
    """A table as narwhals has it."""
    try:
        return nw.from_native(table)
    except TypeError:
        expected = "a table (pandas, Polars, PyArrow, DuckDB, Ibis, Spark …)"
        raise BadInput(subject, [Problem(argument, None, type(table).__name__, expected)]) from None


def as_text(name: str) -> nw.Expr:
    """A column as text; what is missing stays missing, which a cast alone makes the word "None" of in older pandas."""
    return nw.when(~nw.col(name).is_null()).then(nw.col(name).cast(nw.String)).alias(name)


def is_text(dtype: Any) -> bool:
    """Whether a column is one of text, also where its values are held as categories."""
    return bool(dtype in (nw.String, nw.Categorical, nw.Enum))


def plain_numbers(table: Any, names: Iterable[Any]) -> Any:
    """A table with floats in those columns in which pandas holds numbers of Python, as the Decimals of a database."""
    if not isinstance(table, pd.DataFrame):
        return table
    made = {}
    for name in names:
        cells = table.get(name)
        if not isinstance(cells, pd.Series) or cells.dtype != object or not any(_is_number(cell) for cell in cells):
            continue
        if all(_is_number(cell) or cell is None or cell is pd.NA or cell is pd.NaT for cell in cells):
            made[name] = [float(cell) if _is_number(cell) else np.nan for cell in cells]
    table = table.copy(deep=False) if made else table
    for name, numbers in made.items():
        table[name] = numbers
    return table


def _is_number(cell: Any) -> bool:
    return isinstance(cell, (Real, Decimal)) and not isinstance(cell, bool)


def in_pandas(table: Any, method: str) -> pd.DataFrame:
    """Take in a table in memory.

    Parameters
    ----------
    table : any eager frame that narwhals knows
        The table.
    method : str
        What it is for, for the message.

    Returns
    -------
    pandas.DataFrame
        Its columns, null as None or NaN.

    Raises
    ------
    TypeError
        When it is no table, or a query that has not been run.
    """
    if isinstance(table, pd.DataFrame):
        return table
    try:
        frame = nw.from_native(table)
    except TypeError as error:
        raise TypeError(
            f"a table in memory is expected (pandas, Polars, PyArrow …), got a {type(table).__name__}"
        ) from error
    if isinstance(frame, nw.LazyFrame):
        raise TypeError(
            f"{method} needs every cell at once, for it solves linear programmes over all of them; this "
            f"{type(table).__name__} is a query that has not been run: collect it first"
        )
    columns = {}
    for name in frame.columns:
        cells = pd.Series(frame.get_column(name).to_list(), dtype=object)
        columns[name] = cells if frame.schema[name] == nw.Object else cells.infer_objects()
    return pd.DataFrame(columns)


def empty_like(table: Any) -> Any:
    """A table of the same kind that holds nothing, which tells the kind and none of the cells.

    Gives without columns or rows; None for a pandas table, which needs no telling.
    """
    return None if table is None or isinstance(table, pd.DataFrame) else given_back(pd.DataFrame(), table)


def given_back(frame: pd.DataFrame, like: Any) -> Any:
    """Give a table back in the kind of another.

    `like`: the table that came in; pandas where there is none. Gives NaN as null where the kind has null.
    """
    if like is None or isinstance(like, pd.DataFrame):
        return frame
    entered = nw.from_native(like, eager_only=True)
    columns = {
        str(name): [None if cell is None or cell != cell else cell for cell in frame[name].tolist()] for name in frame
    }
    made = nw.from_dict(columns, backend=entered.implementation)
    return made if isinstance(like, nw.DataFrame) else made.to_native()


def beside(frame: Any, columns: Mapping[str, Sequence[Any]]) -> Any:
    """A small table on the engine of another one, to be joined with it.

    Parameters
    ----------
    frame : narwhals.DataFrame or narwhals.LazyFrame
        The other table.
    columns : mapping of str to sequence
        The columns of the small one; none may be all null.

    Returns
    -------
    narwhals.DataFrame or narwhals.LazyFrame
        The small table.
    """
    held = {name: list(cells) for name, cells in columns.items()}
    kind = frame.implementation
    if isinstance(frame, nw.DataFrame):
        return nw.from_dict(held, backend=kind)
    if kind.is_polars():
        return nw.from_dict(held, backend="polars").lazy()
    if kind.is_pyspark() or kind.is_pyspark_connect():
        # Rows of Python's own: Spark and pandas do not always know each other's versions.
        made = frame.to_native().sparkSession.createDataFrame(list(zip(*held.values(), strict=True)), list(held))
        return nw.from_native(made.hint("broadcast"))
    table = nw.from_dict(held, backend="pyarrow" if kind.is_ibis() else "pandas")
    if kind.is_duckdb():
        # Relations of two connections cannot be joined; DuckDB finds the table by its name here.
        _small_table = table.to_native()
        return nw.from_native(frame.to_native().query("_joined_rows", "select * from _small_table"))
    return table.lazy(backend=kind)
