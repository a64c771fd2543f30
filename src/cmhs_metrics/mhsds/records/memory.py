"""Tables in pandas and PyArrow, read to columns that behave as a database's do, and given back as they came.

pandas has many types for one thing, and a missing whole number makes a column of floats; PyArrow has no ordered windows
and only approximate medians. Both become pandas' nullable columns of whole numbers, numbers, text and dates here.
"""

from __future__ import annotations

import datetime
import math
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import narwhals as nw
import numpy as np
import pandas as pd

from cmhs_metrics.mhsds.records.dates import NO_DAYS, ZONE

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping, Sequence

TEXT = pd.StringDtype()


def plain(native: Any, dates: Container[str], *, arrow: bool) -> pd.DataFrame:
    """A table of plain columns; `dates` are those whose times of a zone are of a day in England."""
    frame: pd.DataFrame = native.to_pandas(types_mapper=pd.ArrowDtype) if arrow else native
    return pd.DataFrame({name: _plain(frame[name], name in dates).reset_index(drop=True) for name in frame.columns})


def _plain(cells: pd.Series, is_date: bool) -> pd.Series:
    dtype = cells.dtype
    if isinstance(dtype, pd.ArrowDtype):
        kind = str(dtype.pyarrow_dtype)
        if kind.startswith("date"):
            return cells.astype("datetime64[s]")
        if kind.startswith("timestamp"):
            return _without_zone(cells, is_date)
        if kind.startswith("decimal"):
            try:
                return cells.astype("int64[pyarrow]").astype("Int64")
            except ValueError:
                return _numbers(cells.astype("Float64"))
        if kind.startswith("dictionary"):
            cells = cells.astype(TEXT)
    if isinstance(cells.dtype, pd.CategoricalDtype):
        cells = cells.astype(object)
    if isinstance(cells.dtype, pd.DatetimeTZDtype) or pd.api.types.is_datetime64_dtype(cells.dtype):
        return _without_zone(cells, is_date)
    if pd.api.types.is_bool_dtype(cells.dtype):
        return cells
    if pd.api.types.is_numeric_dtype(cells.dtype):
        return _numbers(cells)
    if cells.dtype == object:
        places, values = pd.factorize(cells)
        written = pd.array([*(_written(value) for value in values), None], dtype=TEXT)
        return pd.Series(written.take(places, allow_fill=True), index=cells.index, dtype=TEXT)
    return cells.astype(TEXT)


def _without_zone(cells: pd.Series, is_date: bool) -> pd.Series:
    """Times as the clock in England showed them, where they are of a zone and of a date, or else as they are."""
    zoned = cells.dt.tz is not None
    if isinstance(cells.dtype, pd.ArrowDtype):
        # Before it leaves its zone: pandas 2.2 takes a time of Arrow back to Greenwich.
        cells = cells.astype(pd.DatetimeTZDtype("us", "UTC") if zoned else "datetime64[us]")
    return (cells.dt.tz_convert(ZONE) if is_date else cells).dt.tz_localize(None) if zoned else cells


def _numbers(cells: pd.Series) -> pd.Series:
    """Whole numbers where all are whole, else numbers; one that is not there is null."""
    if pd.api.types.is_integer_dtype(cells.dtype):
        return cells.astype("UInt64" if cells.dtype.name.casefold().startswith("uint64") else "Int64")
    numbers = cells.astype("Float64")
    numbers = numbers.mask(numbers.isna() | (numbers != numbers))
    known = numbers.dropna()
    return numbers.astype("Int64") if bool((known % 1 == 0).all()) else numbers


def as_nullable(cells: pd.Series, dtype: Any) -> pd.Series:
    """A column as text or whole numbers that may be missing."""
    if dtype == nw.String:
        return cells.astype(TEXT)
    # Whole numbers by no way over floats, which do not tell long ids apart.
    if dtype == nw.Float64 or not pd.api.types.is_integer_dtype(cells.dtype):
        cells = cells.astype("Float64")
    return cells if dtype == nw.Float64 else cells.astype("Int32" if dtype == nw.Int32 else "Int64")


def without_objects(frame: pd.DataFrame) -> pd.DataFrame:
    """A table of plain columns, of which those of objects that are text are of text."""
    objects = [name for name in frame.columns if pd.api.types.is_object_dtype(frame[name])]
    return frame.astype({name: TEXT for name in objects if pd.api.types.infer_dtype(frame[name]) == "string"})


def is_text(cells: pd.Series) -> bool:
    """Whether a plain column is text."""
    return bool(pd.api.types.is_string_dtype(cells.dtype))


def by_value(cells: pd.Series, change: Callable[[str], Any], dtype: Any) -> pd.Series:
    """Text changed, each value once."""
    places, values = pd.factorize(cells)
    kind: Any = TEXT if dtype == nw.String else "Int32" if dtype == nw.Int32 else "Int64"
    made = pd.array([*map(change, values), None], dtype=kind)
    return pd.Series(made.take(places, allow_fill=True), index=cells.index, name=cells.name)


def written_out(frame: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """A table whose columns of types that only pandas has are text."""
    names = [name for name in names if not isinstance(frame[name].dtype, pd.ArrowDtype)]
    return frame.assign(**{name: frame[name].astype(object).map(_written).astype(TEXT) for name in names})


def table_of(columns: Mapping[str, pd.Series]) -> pd.DataFrame:
    """A table of columns."""
    return pd.DataFrame(dict(columns))


def days_of_times(cells: pd.Series) -> pd.Series:
    """Day numbers of times that are known; of a column of nothing, whatever its type, nothing."""
    if not pd.api.types.is_datetime64_dtype(cells.dtype):
        return pd.Series(pd.NA, index=cells.index, name=cells.name, dtype="Int32")
    days = cells.to_numpy().astype("datetime64[D]").astype("int64")
    known = cells.notna() & ~np.isin(days, NO_DAYS)
    return (
        pd.Series(pd.array(days, dtype="Int64"), index=cells.index, name=cells.name).where(known, pd.NA).astype("Int32")
    )


def _written(value: Any) -> str | None:
    """A cell of Python as an export would write it."""
    if value is None or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, datetime.datetime) and value.tzinfo is not None:
        value = value.astimezone(ZoneInfo(ZONE))
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def plain_integers(values: Sequence[int]) -> pd.DataFrame:
    """A table of whole numbers."""
    return pd.DataFrame({"number": list(values)})


def to_user(frame: pd.DataFrame, dates: Sequence[str], *, arrow: bool) -> Any:
    """Give a result back in pandas or PyArrow, its day numbers as dates."""
    frame = frame.reset_index(drop=True)
    if not arrow:
        for name in dates:
            days = frame[name].astype("Float64").to_numpy(float, na_value=np.nan)
            # By way of NumPy's days: nanoseconds, which pandas 2 would make of them, end in 2262.
            times = np.full(len(days), np.datetime64("NaT", "D"))
            times[~np.isnan(days)] = days[~np.isnan(days)].astype(np.int64).astype("datetime64[D]")
            frame[name] = times.astype("datetime64[s]")
        return frame
    import pyarrow as pa

    columns = {}
    for name in frame.columns:
        column = pa.Array.from_pandas(frame[name])
        columns[name] = column.cast(pa.int32()).cast(pa.date32()) if name in dates else column
    return pa.table(columns)


def with_nulls(table: pd.DataFrame, columns: Mapping[str, Any]) -> pd.DataFrame:
    """A table with columns of nulls of some types."""
    types = {nw.String: pd.StringDtype(), nw.Int64: pd.Int64Dtype(), nw.Int32: pd.Int32Dtype()}
    made = {name: pd.Series(pd.NA, index=table.index, dtype=types[dtype]) for name, dtype in columns.items()}
    return table.assign(**made)
