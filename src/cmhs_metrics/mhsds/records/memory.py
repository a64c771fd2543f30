"""Tables in pandas and PyArrow, read to columns that behave as a database's do.

pandas has many types for one thing, and a missing whole number makes a column of floats; PyArrow has no ordered windows
and only approximate medians. Both are read to pandas' nullable types here, and given back as they came.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from cmhs_metrics.mhsds.records.columns import NEWER_MECHANISM, Column, Kind
from cmhs_metrics.mhsds.records.dates import day_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TEXT = pd.StringDtype()


def from_arrow(table: Any) -> pd.DataFrame:
    """PyArrow's columns in pandas, still in Arrow's types."""
    frame: pd.DataFrame = table.to_pandas(types_mapper=pd.ArrowDtype)
    return frame


def plain_columns(columns: Mapping[str, pd.Series]) -> pd.DataFrame:
    """A table of columns in their order."""
    return pd.DataFrame({name: column.reset_index(drop=True) for name, column in columns.items()})


def plain_numbers(values: Sequence[int]) -> pd.DataFrame:
    """A table of whole numbers."""
    return pd.DataFrame({"number": list(values)})


def read_cells(column: Column, found: Sequence[pd.Series], as_text: bool) -> pd.Series:
    """Read a column, under its newest name first and, where that is missing, under its older ones."""
    parts = []
    for cells in found:
        part = _read(column, cells, as_text)
        if str(cells.name).casefold() == "consmediumused":
            part = part.replace(dict(NEWER_MECHANISM))
        parts.append(part.reset_index(drop=True))
    result = parts[0]
    for older in parts[1:]:
        result = result.fillna(older)
    return result


def _read(column: Column, cells: pd.Series, as_text: bool) -> pd.Series:
    if column.kind is Kind.DATE:
        return _days(cells)
    if column.kind is Kind.NUMBER:
        return pd.to_numeric(cells).astype("Int64")
    is_number = pd.api.types.is_numeric_dtype(cells.dtype) and not pd.api.types.is_bool_dtype(cells.dtype)
    if is_number and column.kind is Kind.ID and not as_text:
        return cells.astype("Int64")
    if is_number:
        text = cells.astype("Int64").astype(TEXT)
        return text.str.zfill(column.width) if column.kind is Kind.CODE else text
    if cells.dtype == object:
        width = column.width if column.kind is Kind.CODE else 1
        cells = cells.map(lambda cell: str(cell).zfill(width) if isinstance(cell, int) else cell)
    return cells.astype(TEXT)


def something(cells: pd.Series) -> pd.Series:
    """Whether a cell holds anything; empty text is nothing."""
    is_empty = [isinstance(cell, str) and not cell.strip() for cell in cells]
    return pd.Series(cells.notna().to_numpy(dtype=bool) & ~pd.Series(is_empty, dtype=bool).to_numpy())


def _days(cells: pd.Series) -> pd.Series:
    """Day numbers of dates, times or text."""
    dtype = cells.dtype
    if isinstance(dtype, pd.ArrowDtype):
        kind = str(dtype.pyarrow_dtype)
        if kind.startswith("date"):
            cells = cells.astype("datetime64[s]")
        elif kind.startswith("timestamp"):
            cells = pd.Series(pd.to_datetime(cells).to_numpy(), index=cells.index)
        else:
            cells = cells.astype(object)
    if isinstance(cells.dtype, pd.DatetimeTZDtype):
        cells = cells.dt.tz_localize(None)
    if pd.api.types.is_datetime64_dtype(cells.dtype):
        known = cells.notna()
        days = cells.to_numpy().astype("datetime64[D]").astype("int64")
        return pd.Series(pd.array(days, dtype="Int64"), index=cells.index).where(known, pd.NA).astype("Int32")
    places, different = pd.factorize(cells)
    read = [day_of(each) for each in different]
    known_days = pd.array([*read, None], dtype="Int32")
    return pd.Series(known_days.take(places, allow_fill=True), index=cells.index)


def to_arrow(frame: pd.DataFrame, dates: Sequence[str], *, arrow: bool) -> Any:
    """Give a result back in pandas or PyArrow, its day numbers as dates."""
    if not arrow:
        for name in dates:
            frame[name] = pd.to_datetime(frame[name].astype("Float64").astype(float), unit="D").astype("datetime64[s]")
        return frame
    import pyarrow as pa

    columns = {}
    for name in frame.columns:
        column = pa.Array.from_pandas(frame[name])
        columns[name] = column.cast(pa.int32()).cast(pa.date32()) if name in dates else column
    return pa.table(columns)
