"""The one way out of the table functions: the kind of table that came in, its units again, its notes told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw

from cmhs_metrics import units
from cmhs_metrics.errors import warn
from cmhs_metrics.measures import MEASURES
from cmhs_metrics.tables.sql_server import as_its_engine_can

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class TableNote(UserWarning):
    """What a reader of a result should know: places without a population, a year that lacks months, a likely total.

    The same notes stand in ``attrs["notes"]`` of a result that is a pandas table.
    """


TableNote.__module__ = "cmhs_metrics"


def as_it_came(
    frame: nw.DataFrame[Any] | nw.LazyFrame[Any],
    original: Any,
    has_units: bool,
    metric_units: Mapping[str, str],
    same_rows: bool,
) -> Any:
    """Give a result back as the kind of table that came in; see `Table.to_native`."""
    frame = as_its_engine_can(frame)
    if isinstance(original, (nw.DataFrame, nw.LazyFrame)):
        return frame
    native = nw.to_native(frame)
    return _with_units_again(native, original, metric_units, same_rows) if has_units else native


def with_notes(notes: Sequence[str], result: Any) -> Any:
    """Say what a reader of a result should know.

    Gives a pandas table with the notes in its ``attrs``.

    Warns
    -----
    TableNote
        Each note.
    """
    notes = list(dict.fromkeys(notes))
    if notes and type(result).__module__.split(".")[0] == "pandas":
        result.attrs = {**result.attrs, "notes": [*result.attrs.get("notes", ()), *notes]}
    for note in notes:
        warn(note, TableNote)
    return result


def _with_units_again(native: Any, original: Any, metric_units: Mapping[str, str], same_rows: bool) -> Any:
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
