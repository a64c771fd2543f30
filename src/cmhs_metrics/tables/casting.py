"""Columns as numbers, as text, and as the spelling by which team types are looked up."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np

from cmhs_metrics.numeric.containers import as_container

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def as_float(name: str) -> nw.Expr:
    """A measure's column as 64-bit floats, missing where it is NaN."""
    return nw.col(name).cast(nw.Float64).fill_nan(None)


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


def with_arrays(
    frame: nw.DataFrame[Any],
    made: Mapping[str, tuple[np.ndarray[Any, Any], Iterable[str]]],
    like: nw.DataFrame[Any] | None = None,
) -> nw.DataFrame[Any]:
    """Add arrays to a table in memory, missing as its engine has it.

    `made`: for each new column 64-bit floats, missing as NaN, and the columns it was made from: in pandas their types
    say which its own is. `like`: the table of these columns, where it is another.
    """
    floats = {name: np.asarray(values, dtype=np.float64) for name, (values, _) in made.items()}
    if frame.implementation.is_pandas():
        import pandas as pd

        native, source = nw.to_native(frame), nw.to_native(frame if like is None else like)
        held = dict(source.dtypes.items())
        new = pd.DataFrame(
            {
                name: as_container(floats[name], [held[each] for each in origin if each in held])
                for name, (_, origin) in made.items()
            },
            index=native.index,
        )
        if not any(name in native.columns for name in made):
            return nw.from_native(pd.concat([native, new], axis=1), eager_only=True)
        return nw.from_native(native.assign(**{str(name): new[name] for name in new}), eager_only=True)
    columns: list[Any] = []
    for name, values in floats.items():
        if frame.implementation.is_pyarrow():
            import pyarrow as pa

            column = nw.from_native(pa.chunked_array([pa.array(values, from_pandas=True)]), series_only=True)
        elif frame.implementation.is_polars():
            import polars as pl

            column = nw.from_native(pl.Series(name, values, nan_to_null=True), series_only=True)
        else:
            column = nw.new_series(name, values, nw.Float64, backend=frame.implementation).fill_nan(None)
        columns.append(column.alias(name))
    return frame.with_columns(*columns)
