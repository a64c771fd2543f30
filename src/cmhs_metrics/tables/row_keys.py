"""Rows told apart by their keys, without comparing texts with one another: each value becomes a number."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cmhs_metrics.tables.table import Table

    Numbers = np.ndarray[Any, Any]

_ODD = np.uint64(0x9E3779B97F4A7C15)
_ROOM = 2**62


def encoded(column: nw.Series[Any]) -> tuple[Numbers, list[Any] | None]:
    """A number for each row, equal where the values are, and the distinct values where they were found on the way.

    Polars hashes quicker than it looks up, so there the numbers are hashes; elsewhere positions in the list, -1
    where the value is missing.
    """
    native = nw.to_native(column)
    if column.implementation.is_polars():
        return native.hash(1).to_numpy(), None
    if column.implementation.is_pyarrow():
        return _encoded_arrow(native)
    import pandas as pd

    series = column.to_pandas()
    if isinstance(series.dtype, pd.ArrowDtype) or getattr(series.dtype, "storage", None) == "pyarrow":
        return _encoded_arrow(series)
    numbers, values = pd.factorize(series)
    return numbers, list(values)


def _encoded_arrow(values: Any) -> tuple[Numbers, list[Any]]:
    import pyarrow as pa

    whole = pa.array(values) if not isinstance(values, pa.ChunkedArray) else values.combine_chunks()
    whole = whole.combine_chunks() if isinstance(whole, pa.ChunkedArray) else whole
    whole = whole if pa.types.is_dictionary(whole.type) else whole.dictionary_encode()
    # Where they are small or have no sign, neither one more nor -1 may have a place among them.
    codes = whole.indices.cast(pa.int64()).fill_null(-1).to_numpy(zero_copy_only=False)
    return codes, [value for value in whole.dictionary.to_pylist() if value is not None]


def row_numbers(table: Table, keys: Sequence[str]) -> Numbers:
    """A number for each row of a table in memory, equal where all its keys are (or, very rarely, where hashes are)."""
    numbers: Numbers = np.zeros(len(table.eager), dtype=np.int64)
    room = 1
    for key in keys:
        codes = table.encoded(key)
        if codes.dtype == np.uint64:
            numbers = numbers.astype(np.uint64) * _ODD ^ codes
            continue
        size = int(codes.max(initial=-1)) + 2
        if room * size > _ROOM:
            numbers, room = np.unique(numbers, return_inverse=True)[1], len(numbers)
        numbers, room = numbers * size + (codes + 1), room * size
    return numbers


def has_repeated(numbers: Numbers) -> bool:
    """Whether a number stands twice."""
    if len(numbers) < 2:
        return False
    if numbers.dtype != np.uint64 and int(numbers.max()) < 4 * len(numbers):
        return bool(np.bincount(numbers).max() > 1)
    ordered = np.sort(numbers)
    return bool((ordered[1:] == ordered[:-1]).any())


def is_missing(value: Any) -> bool:
    """Whether a label is missing."""
    return value is None or (isinstance(value, float) and math.isnan(value))
