"""Columns as numbers, as text, and as the spelling by which team types are looked up."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

LARGEST_EXACT = 2**53
"""Whole numbers beyond this are not told apart by 64-bit floats."""


def as_float(name: str) -> nw.Expr:
    """A measure's column as 64-bit floats, missing where it is NaN."""
    return nw.col(name).cast(nw.Float64).fill_nan(None)


def as_text(name: str) -> nw.Expr:
    """A column as text; what is missing stays missing, which a cast alone makes the word "None" of in older pandas."""
    return nw.when(~nw.col(name).is_null()).then(nw.col(name).cast(nw.String)).alias(name)


def is_text(dtype: Any) -> bool:
    """Whether a column is one of text, also where its values are held as categories."""
    return bool(dtype in (nw.String, nw.Categorical, nw.Enum))


def team_type_key(column: nw.Expr) -> nw.Expr:
    """A column of team types in the spelling by which `TeamType.parse` looks them up."""
    lowered = column.str.to_lowercase().str.replace_all("&", "and", literal=True)
    return lowered.str.replace_all("[^a-z0-9]", "")


def can_hold_nan(frame: nw.DataFrame[Any] | nw.LazyFrame[Any], name: str, dtype: Any) -> bool:
    """Whether a column may hold a NaN beside nulls: only floats do, and of these not pandas' own, where NaN is null."""
    if not dtype.is_float():
        return bool(dtype == nw.Unknown or not dtype.is_numeric())
    if frame.implementation.is_pandas():
        return not isinstance(nw.to_native(frame)[name].dtype, np.dtype)
    return True


def array_of(column: nw.Series[Any]) -> np.ndarray[Any, Any]:
    """A column of numbers as an array, missing as NaN."""
    if not (column.dtype.is_integer() or column.dtype.is_float()):
        column = column.cast(nw.Float64)
    values = column.to_numpy()
    if values.dtype.kind not in "iuf":
        values = np.array([math.nan if value is None else float(value) for value in values.tolist()], dtype=np.float64)
    return values


def column_like(name: str, values: np.ndarray[Any, Any], frame: nw.DataFrame[Any], like: Iterable[str]) -> Any:
    """An array as a column of a table in memory, missing as its engine has it.

    Parameters
    ----------
    name : str
        The column's name.
    values : numpy.ndarray
        64-bit floats, missing as NaN.
    frame : narwhals.DataFrame
        The table.
    like : iterable of str
        The columns of the table it was made from; in pandas their types say which its own is.

    Returns
    -------
    narwhals.Series
    """
    native = nw.to_native(frame)
    made: Any
    if frame.implementation.is_pandas():
        import pandas as pd

        from cmhs_metrics.numeric.containers import _as_container

        dtypes = [native[each].dtype for each in like if each in native.columns]
        made = pd.Series(_as_container(values, dtypes), index=native.index, name=name, copy=False)
    elif frame.implementation.is_pyarrow():
        import pyarrow as pa

        made = pa.chunked_array([pa.array(values, from_pandas=True)])
    elif frame.implementation.is_polars():
        import polars as pl

        made = pl.Series(name, values, nan_to_null=True)
    else:
        return nw.new_series(name, values, nw.Float64, backend=frame.implementation).fill_nan(None)
    return nw.from_native(made, series_only=True).alias(name)
