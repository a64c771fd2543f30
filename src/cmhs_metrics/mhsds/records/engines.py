"""Which engine a frame is on, and those that need little of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw

from cmhs_metrics.mhsds.records.dates import EPOCH
from cmhs_metrics.mhsds.records.engine import Engine, changed
from cmhs_metrics.mhsds.records.memory import (
    as_nullable,
    by_value,
    days_of_times,
    is_text,
    plain,
    plain_integers,
    table_of,
    to_user,
    with_nulls,
    without_objects,
    written_out,
)
from cmhs_metrics.mhsds.records.with_duckdb import DuckDB, IbisOnDuckDB
from cmhs_metrics.mhsds.records.with_polars import Polars
from cmhs_metrics.mhsds.records.with_spark import Spark

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cmhs_metrics.mhsds.records.engine import Change, Frame


class Memory(Engine):
    """pandas, and PyArrow, which has no ordered windows and only approximate medians and is computed in pandas."""

    in_memory = True

    def enter(self, frame: Frame) -> Frame:
        """What pandas alone has types for, as periods, is text."""
        odd = [name for name, dtype in frame.schema.items() if dtype == nw.Unknown]
        return nw.from_native(written_out(frame.to_native(), odd)) if odd and self.kind.is_pandas() else frame

    def read(self, frame: Frame, changes: Sequence[Change]) -> Frame:
        """Each column on its own, in pandas' nullable types."""
        native = frame.select(*dict.fromkeys(each.name for each in changes)).to_native()
        dates = {each.name for each in changes if each.is_date}
        cells = plain(native, dates, arrow=self.kind is nw.Implementation.PYARROW)
        return nw.from_native(table_of({each.alias: self._made(each, cells[each.name]) for each in changes}))

    def selected(self, rows: Frame, columns: Sequence[nw.Expr]) -> Frame:
        """Text stays text: pandas 2 has objects of text where one column is put in the place of another."""
        return nw.from_native(without_objects(super().selected(rows, columns).to_native()))

    def _made(self, each: Change, cells: Any) -> Any:
        if each.is_date:
            return days_of_times(cells)
        if not cells.notna().any():
            # A column of nothing has any type, or in Arrow none: no step that asks for one may see it.
            return as_nullable(cells, each.dtype)
        text = is_text(cells)
        if each.unclean is not None and text and not cells.str.contains(each.unclean, regex=True, na=False).any():
            return cells
        if each.cell is not None and text:
            return by_value(cells, each.cell, each.dtype)
        rows = nw.from_native(cells.to_frame("cells"))
        return as_nullable(rows.select(changed(each, "cells")).to_native()["cells"], each.dtype)

    def of_last_month(self, rows: Frame, item: Sequence[str], month: str) -> Frame:
        """All of them: they are told by what is read."""
        return rows

    def last_of_each(self, rows: Frame, item: Sequence[str], order: Sequence[str], *, once: bool = False) -> Frame:
        """Sorts only the rows of the greatest of what they are ordered by first."""
        rows = self.known(rows, item)
        if rows.schema[order[0]].is_numeric():
            rows = super().of_last_month(rows, item, order[0])
        return rows.unique(list(item), keep="last", order_by=list(order))

    def with_nulls(self, frame: Frame, columns: Mapping[str, Any]) -> Frame:
        """In pandas' nullable types."""
        return nw.from_native(with_nulls(frame.to_native(), columns))

    def integers(self, native: Any, values: Sequence[int]) -> Frame:
        """A table in pandas."""
        return nw.from_native(plain_integers(values))

    def leave(self, frame: Frame, dates: Sequence[str], *, lazy: bool) -> Any:
        """A table in pandas or PyArrow."""
        return to_user(frame.to_native(), dates, arrow=self.kind is nw.Implementation.PYARROW)


class Ibis(Engine):
    """Ibis, and through it many databases."""

    def hold(self, frame: Frame, root: Any) -> Frame:
        """Brought here, as a table in memory: what Ibis caches it cannot always drop again."""
        import ibis

        return nw.from_native(ibis.memtable(frame.to_native().to_pyarrow()))

    def with_dates(self, frame: Frame, names: Sequence[str]) -> Frame:
        """Days added to the first date."""
        import ibis

        native = frame.to_native()
        native = native.mutate(**{name: ibis.literal(EPOCH) + native[name].as_interval("D") for name in names})
        return nw.from_native(native.cast(dict.fromkeys(names, "date")))

    def integers(self, native: Any, values: Sequence[int]) -> Frame:
        """A table in memory."""
        import ibis
        import pyarrow as pa

        return nw.from_native(ibis.memtable(pa.table({"number": list(values)})))


def engine_of(kind: nw.Implementation, tables: Sequence[Any]) -> Engine:
    """The engine of native tables."""
    if kind.is_pandas_like() or kind is nw.Implementation.PYARROW:
        return Memory(kind)
    if kind.is_spark_like():
        return Spark(kind)
    if kind is nw.Implementation.IBIS:
        on_duckdb = all(hasattr(each.get_backend(), "_to_duckdb_relation") for each in tables)
        return IbisOnDuckDB(kind, tables) if on_duckdb else Ibis(kind)
    if kind is nw.Implementation.DUCKDB:
        return DuckDB(kind, tables)
    return (Polars if kind is nw.Implementation.POLARS else Engine)(kind)
