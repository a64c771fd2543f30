"""DuckDB, and Ibis on it."""

from __future__ import annotations

import uuid
import weakref
from typing import TYPE_CHECKING, Any, ClassVar

import narwhals as nw

from cmhs_metrics.mhsds.records.dates import EPOCH
from cmhs_metrics.mhsds.records.engine import Engine
from cmhs_metrics.mhsds.records.sql import quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cmhs_metrics.mhsds.records.engine import Change, Frame


class DuckDB(Engine):
    """DuckDB relations."""

    def __init__(self, kind: nw.Implementation, tables: Sequence[Any]) -> None:
        super().__init__(kind)
        self._tables = list(tables)

    def read(self, frame: Frame, changes: Sequence[Change]) -> Frame:
        """One projection of SQL."""
        made = ", ".join(f"{each.sql} AS {quoted(each.alias)}" for each in changes)
        return nw.from_native(frame.to_native().project(made))

    def day(self, date: nw.Expr) -> nw.Expr:
        """DuckDB subtracts dates to a whole number of days."""
        return date - nw.lit(EPOCH)

    def with_dates(self, frame: Frame, names: Sequence[str]) -> Frame:
        """Days added to the first date."""
        days = {name: nw.lit(EPOCH) + nw.col(name).cast(nw.Int32) for name in names}
        return frame.with_columns(*(day.cast(nw.Date).alias(name) for name, day in days.items()))

    def integers(self, native: Any, values: Sequence[int]) -> Frame:
        """Of a row that any relation has: to query its connection would bind every relation again."""
        one = native.limit(0).aggregate("count(*) AS number")
        return nw.from_native(one.project(f"unnest([{', '.join(map(str, values))}]) AS number"))

    def last_of_each(self, rows: Frame, item: Sequence[str], order: Sequence[str]) -> Frame:
        """Sorts by a number for each item first: ids are long, and begin alike.

        What is read would be read again to filter it: rows of no item fall out with the sort.
        """
        native = rows.to_native()
        columns, items = ", ".join(map(quoted, native.columns)), ", ".join(map(quoted, item))
        last = ", ".join(f"{quoted(name)} DESC NULLS LAST" for name in order)
        place = f"row_number() OVER (PARTITION BY hash({items}), {items} ORDER BY {last})"
        none = " OR ".join(f"{quoted(name)} IS NULL" for name in item)
        placed = native.project(f"{columns}, CASE WHEN {none} THEN 0 ELSE {place} END AS _place_")
        return nw.from_native(placed.filter("_place_ = 1").project(columns))

    def known(self, rows: Frame, names: Sequence[str]) -> Frame:
        """As they are: a join meets no null, and what is read would be read again to filter it."""
        return rows

    def first_two(
        self, referrals: Frame, contacts: Frame, by: Sequence[str], flags: Sequence[str], *, days: bool = False
    ) -> Frame:
        """Keeps a list of days, which is far smaller than DuckDB's min(…, 2); a count is a third of a sum."""
        keys = ", ".join(f'"{name}"' for name in by)
        counts = "".join(f', count(nullif("{name}", 0)) AS "{name}"' for name in flags)
        listed = 'list("day") FILTER (WHERE "day" IS NOT NULL) AS "days"'
        found = nw.from_native(contacts.to_native().aggregate(f"{keys}, {listed}{counts}", keys))
        rows = referrals.join(found, on=list(by), how="left").to_native()
        kept = ", ".join(f'"{name}"' for name in rows.columns if days or name != "days")
        rows = rows.project(f'{kept}, list_sort(list_filter("days", lambda day: day >= "received")) AS "since"')
        kept = ", ".join(f'"{name}"' for name in rows.columns if name != "since")
        return nw.from_native(rows.project(f'{kept}, "since"[1] AS "first", "since"[2] AS "second"'))

    def within_spells(self, rows: Frame, contacts: Callable[[], Frame], of: Sequence[str]) -> Frame:
        """Of the lists that `first_two` kept, those of all referrals of the person and provider together."""
        native, whose = rows.to_native(), ", ".join(map(quoted, of))
        kept = ", ".join(quoted(name) for name in native.columns if name != "days")
        native = native.project(f'{kept}, flatten(list("days") OVER (PARTITION BY {whose})) AS "days"')
        inside = 'lambda day: day >= "start" AND day <= "spell_end"'
        native = native.project(f'{kept}, list_sort(list_filter("days", {inside})) AS "days"')
        return nw.from_native(native.project(f'{kept}, "days"[1] AS "spell_first", "days"[2] AS "spell_second"'))

    def hold(self, frame: Frame, root: Any) -> Frame:
        """In a temporary table of the relation's connection."""
        native, name = frame.to_native(), f"held_{uuid.uuid4().hex}"
        self.held.append(name)
        native.query("rows", f'CREATE TEMP TABLE "{name}" AS SELECT * FROM rows')
        # By way of a table of the user's: a query of `native` would be planned with all that it was made of.
        return nw.from_native(root.query("rows", f'SELECT * FROM "{name}"'))

    def let_go(self, root: Any) -> None:
        """Drop the temporary tables."""
        while self.held:
            root.query("rows", f'DROP TABLE IF EXISTS "{self.held.pop()}"')

    def refuses_to_combine(self, one: Any, other: Any) -> bool:
        """Relations of two connections cannot be joined."""
        import duckdb

        try:
            one.project("1 AS one").union(other.project("1 AS one"))
        except duckdb.InvalidInputException:
            return True
        return False

    def leave(self, frame: Frame, dates: Sequence[str], *, lazy: bool) -> Any:
        """A relation that holds what it reads."""
        return holding(self._tables, super().leave(frame, dates, lazy=lazy))


class IbisOnDuckDB(DuckDB):
    """Ibis on DuckDB: what DuckDB itself plans in a tenth of the time stands between its tables and its result."""

    _dead: ClassVar[list[tuple[Any, str]]] = []

    def __init__(self, kind: nw.Implementation, tables: Sequence[Any]) -> None:
        super().__init__(kind, tables)
        bound = [each.get_backend() for each in tables if not isinstance(each.op(), _in_memory())]
        self._backend = next(iter(bound), tables[0].get_backend())
        while self._dead:
            connection, view = self._dead.pop()
            connection.execute(f"DROP VIEW IF EXISTS {view}")

    def enter(self, frame: Frame) -> Frame:
        """The relation that Ibis itself would run."""
        native = frame.to_native()
        backend = self._backend if isinstance(native.op(), _in_memory()) else native.get_backend()
        return nw.from_native(backend._to_duckdb_relation(native))

    def leave(self, frame: Frame, dates: Sequence[str], *, lazy: bool) -> Any:
        """A temporary view, which a later extract drops when nobody holds its table: now might be within a query."""
        relation, name = super().leave(frame, dates, lazy=lazy), f"mhsds_{uuid.uuid4().hex}"
        table = _table(self._backend, name, relation)
        relation.create_view(name)
        dead = weakref.finalize(holding(relation, table.op()), self._dead.append, (self._backend.con, name))
        dead.atexit = False
        return table


def holding(held: Any, holder: Any) -> Any:
    """A relation or table that something lives as long as: DuckDB before 1.4 closes a connection that nobody holds."""
    weakref.finalize(holder, id, held).atexit = False
    return holder


def _in_memory() -> Any:
    import ibis

    return ibis.expr.operations.InMemoryTable


def _table(backend: Any, name: str, relation: Any) -> Any:
    """A table of Ibis by its name: to ask Ibis for it would run a query, which newer DuckDB warns of."""
    import ibis
    from ibis.backends.sql.datatypes import DuckDBType

    types = (DuckDBType.from_string(str(each)) for each in relation.types)
    schema = ibis.schema(dict(zip(relation.columns, types, strict=True)))
    return ibis.expr.operations.DatabaseTable(name, schema=schema, source=backend).to_expr()
