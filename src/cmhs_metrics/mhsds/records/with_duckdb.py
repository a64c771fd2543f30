"""DuckDB, and Ibis on it."""

from __future__ import annotations

import functools
import itertools
import uuid
import weakref
from typing import TYPE_CHECKING, Any, ClassVar

import narwhals as nw

from cmhs_metrics.mhsds.records.cleaning import BLANK
from cmhs_metrics.mhsds.records.dates import EPOCH, NEVER
from cmhs_metrics.mhsds.records.engine import Engine
from cmhs_metrics.mhsds.records.names import after_table
from cmhs_metrics.mhsds.records.sql import quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cmhs_metrics.mhsds.records.engine import Change, Count, Frame


class DuckDB(Engine):
    """DuckDB relations."""

    cleans_later = True
    _dead: ClassVar[list[tuple[Callable[[str], Any], str]]] = []

    def __init__(self, kind: nw.Implementation, tables: Sequence[Any]) -> None:
        super().__init__(kind)
        self._tables = list(tables)
        self._run = self._runs()
        while self._dead:
            run, view = self._dead.pop()
            run(f"DROP VIEW IF EXISTS {view}")

    def enter(self, frame: Frame) -> Frame:
        """Without the byte-order mark, quotes or the table before a name, by which a query would not find it."""
        names = [after_table(name.strip(BLANK)).strip('"') for name in frame.columns]
        if names == frame.columns or len(set(names)) < len(names):
            return frame
        made = (f"{quoted(one)} AS {quoted(other)}" for one, other in zip(frame.columns, names, strict=True))
        return nw.from_native(frame.to_native().project(", ".join(made)))

    def _runs(self) -> Callable[[str], Any]:
        """What runs a statement on the connection of the tables."""
        run: Callable[[str], Any] = functools.partial(self._tables[0].query, "_mhsds_")
        return run

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

    def last_of_each(self, rows: Frame, item: Sequence[str], order: Sequence[str], *, once: bool = False) -> Frame:
        """Sorts by a number for each item first, and of those that mostly stand `once` the others alone.

        Ids are long, and begin alike. What is read would be read again to filter it: rows of no item fall out with the
        sort. To mark what stands once keeps all rows until the query ends.
        """
        native = rows.to_native()
        columns, items = _listed(native.columns), _listed(item)
        last = ", ".join(f"{quoted(name)} DESC NULLS LAST" for name in order)
        none = " OR ".join(f"{quoted(name)} IS NULL" for name in item)
        if not once:
            place = f"row_number() OVER (PARTITION BY hash({items}), {items} ORDER BY {last})"
            placed = native.project(f"{columns}, CASE WHEN {none} THEN 0 ELSE {place} END AS _place_")
            return nw.from_native(placed.filter("_place_ = 1").project(columns))
        text = f"""
            WITH marked AS MATERIALIZED (
                SELECT *, CASE WHEN NOT ({none}) THEN hash({items}) END AS _mark_ FROM _cmhs_rows_
            ),
            {_TWICE}
            SELECT {columns} FROM marked WHERE NOT {_IS_TWICE} AND _mark_ IS NOT NULL
            UNION ALL
            SELECT {columns} FROM (FROM marked WHERE {_IS_TWICE})
            QUALIFY row_number() OVER (PARTITION BY _mark_, {items} ORDER BY {last}) = 1
        """
        return nw.from_native(self._query(text, native))

    def of_last_month(self, rows: Frame, item: Sequence[str], month: str) -> Frame:
        """By a number for each item and month, which takes less room: a row of another month that has it is no harm."""
        rows = rows.with_columns(nw.col(month).fill_null(-NEVER).alias("_month_"))
        mark = f"hash({_listed([*item, '_month_'])}) AS _mark_"
        last = rows.group_by(*item).agg(nw.col("_month_").max()).to_native().project(mark)
        marked = nw.from_native(rows.to_native().project(f"*, {mark}"))
        return marked.join(nw.from_native(last), on="_mark_", how="semi").drop("_month_", "_mark_")

    def known(self, rows: Frame, names: Sequence[str]) -> Frame:
        """As they are: a join meets no null, and what is read would be read again to filter it."""
        return rows

    def with_rows(self, rows: Frame, other: Frame, name: str, key: str, *, one: bool) -> Frame:
        """By the record number alone, so that only the ids of records that are wanted are looked at."""
        if not one:
            return super().with_rows(rows, other, name, key, one=one)
        held = {each for each in other.columns if each not in (name, key)}
        joined = rows.join(other.rename({name: "_other_"}), on=key, how="left").to_native()
        types = dict(zip(joined.columns, map(str, joined.types), strict=True))
        same = f"_other_ = {quoted(name)}"
        if types["_other_"] == "VARCHAR":  # most are clean
            same = f"CASE WHEN {same} THEN true ELSE {self.sql.text_id('_other_')} = {quoted(name)} END"
        made = [
            f"CASE WHEN {same} THEN {quoted(each)} END AS {quoted(each)}" if each in held else quoted(each)
            for each in joined.columns
            if each != "_other_"
        ]
        return nw.from_native(joined.project(", ".join(made)))

    def with_contacts(
        self, referrals: Frame, rows: Frame, told: Callable[[Frame], Frame], item: Sequence[str], order: Sequence[str],
        by: Sequence[str], counts: Sequence[Count], *, first: bool, days: bool,
    ) -> Frame:  # fmt: skip
        """In one query, so that referrals and contacts are computed once.

        Of the contacts of people with a referral, few have several rows: they are found by a number for each contact,
        and they alone are sorted. That number has 64 bits, and stands for the contact's id among those of one person.
        A list of days is far smaller than DuckDB's min(…, 2). What is kept until the query ends is small.
        """
        contacts = told(rows).to_native()
        text = {name for name, dtype in zip(contacts.columns, contacts.types, strict=True) if str(dtype) == "VARCHAR"}
        person, referral = by
        whose, their = quoted(person), quoted(referral)
        flags, ids = dict.fromkeys(["direct", *(each.of for each in counts)]), text & {*item, referral}
        cells = ", ".join(
            f"{self.sql.text_id(quoted(name))} AS {quoted(name)}" if name in ids else quoted(name)
            for name in dict.fromkeys([*item, referral, *order, "date", *flags])
            if name != person
        )
        item = [quoted(name) for name in item if name != person]
        none = " OR ".join(f"{name} IS NULL" for name in item)
        # Text at the end of an order as one text, without the id of a referral that is wanted: each takes much room.
        texts = list(itertools.takewhile(text.__contains__, reversed(order)))[::-1]
        other = f"CASE WHEN _number_ IS NULL THEN {their} END"
        parts = ", chr(1), ".join(other if each == referral else quoted(each) for each in texts)
        numbers = [name for name in order if name not in (*texts, referral)]
        # The date tells itself where it is missing.
        sorts = [f'nullif("date", {NEVER})' if name == "CareContDate" else quoted(name) for name in numbers]
        kept = [
            *(quoted(name) for name in dict.fromkeys([*numbers, "date"]) if name != "CareContDate"),
            f"{f'concat({parts})' if parts else 'NULL'} AS _text_",
        ]
        kept += [f"{quoted(name)}::TINYINT AS {quoted(name)}" for name in flags]
        whole, last_first = f"_text_ || coalesce(theirs.{their}, '') AS _text_", [*sorts, "_text_"]
        if referral not in text:
            whole = f"coalesce(marked.{their}, theirs.{their}) AS {their}"
            kept, last_first = [*kept, f"{other} AS {their}"], [*last_first, their]
        ordered = ", ".join(f"{each} DESC NULLS LAST" for each in last_first)
        listed = [f'list("date") FILTER ("direct" = 1 AND "date" < {NEVER}) AS "days"'] if first or days else []
        periods: dict[Any, list[Count]] = {}
        for each in counts:
            if each.submitted is None:
                periods.setdefault((each.first, each.last), []).append(each)
        made = [*listed, *map(_packed, periods.values())]
        unpacked = [_unpacked(each, place) for several in periods.values() for place, each in enumerate(several)]
        few = [each for each in counts if each.submitted is not None]
        asked = " OR ".join(dict.fromkeys(f'coalesce("{each.since}" < {NEVER}, false)' for each in few)) or "false"
        if few:
            (of,) = {each.of for each in few}
            kept.append("_asked_")
            made.append(f'list({{day: "date", month: "UniqMonthID"}}) FILTER (_asked_ AND {quoted(of)} = 1) AS _few_')
        held, of_spells = [quoted(name) for name in referrals.columns], days and "whose" in referrals.columns
        since = [
            *held, *unpacked, *map(_of_few, few), *(['"days"'] if days and not of_spells else []),
            *(['list_filter("days", lambda day: day >= "received") AS "since"'] if first else []),
            *([_WITHIN] if of_spells else []),
        ]  # fmt: skip
        found = self._query(
            f"""
            WITH referrals AS MATERIALIZED (SELECT *, (row_number() OVER ())::UINTEGER AS _number_ FROM _cmhs_rows_),
            people AS MATERIALIZED (
                SELECT {whose}, (row_number() OVER ())::UINTEGER AS _person_
                FROM (SELECT DISTINCT {whose} FROM referrals)
            ),
            theirs AS MATERIALIZED (
                SELECT _number_, _person_, {their}, hash({their}) AS _referral_, {asked} AS _asked_
                FROM referrals JOIN people USING ({whose})
            ),
            every AS (
                SELECT *, hash({their}) AS _referral_
                FROM (SELECT _person_, {cells} FROM _cmhs_more_ JOIN people USING ({whose}))
            ),
            marked AS MATERIALIZED (
                SELECT _person_, _number_, CASE WHEN NOT ({none}) THEN hash(_person_, {", ".join(item)}) END AS _mark_,
                       {", ".join(kept)}
                FROM every LEFT JOIN (SELECT * EXCLUDE ({their}) FROM theirs) USING (_person_, _referral_)
            ),
            {_TWICE},
            several AS (
                SELECT marked.* REPLACE ({whole})
                FROM (FROM marked WHERE {_IS_TWICE}) AS marked
                LEFT JOIN theirs USING (_number_)
            ),
            last AS (
                FROM marked WHERE NOT {_IS_TWICE} AND _mark_ IS NOT NULL
                UNION ALL
                FROM several QUALIFY row_number() OVER (PARTITION BY _person_, _mark_ ORDER BY {ordered}) = 1
            ),
            found AS (SELECT _number_, {", ".join(made)} FROM last WHERE _number_ IS NOT NULL GROUP BY _number_)
            SELECT {", ".join(since)} FROM referrals LEFT JOIN found USING (_number_)
            {_together("referrals JOIN found USING (_number_)") if of_spells else ""}
            """,
            referrals.to_native(),
            contacts,
        )
        if first:
            first_two = 'list_min("since") AS "first", list_sort("since")[2] AS "second"'
            found = found.project(f'* EXCLUDE ("since"), {first_two}')
        return nw.from_native(found)

    def _query(self, text: str, _cmhs_rows_: Any, _cmhs_more_: Any = None) -> Any:
        """A relation of a query of one relation or two, which DuckDB finds by their names here, or as views.

        A query of `_cmhs_rows_` itself would bind every relation that it was made of again; that of a table binds one.
        """
        import duckdb

        try:
            return self._run(text)
        except duckdb.CatalogException:
            for name, relation in (("_cmhs_rows_", _cmhs_rows_), ("_cmhs_more_", _cmhs_more_)):
                if name in text:
                    text = text.replace(name, self._view(relation, self, f"mhsds_{uuid.uuid4().hex}"))
            return self._run(text)

    def _view(self, relation: Any, holder: Any, name: str) -> str:
        """A temporary view, which a later extract drops when nobody has its holder: now might be within a query."""
        relation.create_view(name)
        weakref.finalize(holder, self._dead.append, (self._run, name)).atexit = False
        return name

    def spells(self, rows: Frame, of: Sequence[str], order: Sequence[str], days: int) -> Frame:
        """Puts in order only the referrals of whom there may be several; none of what they are of is null."""
        placed, kept = f"PARTITION BY {_listed(of)} ORDER BY {_listed(order)} ROWS", _listed(rows.columns)
        before = f'max("end") OVER ({placed} BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)'
        text = f"""
            WITH marked AS MATERIALIZED (SELECT *, hash({_listed(of)}) AS _mark_ FROM _cmhs_rows_),
            {_TWICE},
            several AS (SELECT *, row_number() OVER () AS _number_ FROM marked WHERE {_IS_TWICE}),
            begun AS (SELECT *, coalesce("received" - {before} > {days}, true)::INT AS "begins" FROM several),
            counted AS (
                SELECT *, sum("begins") OVER so_far::INT AS "spell", first_value(_number_) OVER so_far AS "whose"
                FROM begun WINDOW so_far AS ({placed} UNBOUNDED PRECEDING)
            )
            SELECT {kept}, 1 AS "begins", 1 AS "spell", NULL AS "whose", "received" AS "start", "end" AS "spell_end"
            FROM marked WHERE NOT {_IS_TWICE}
            UNION ALL
            SELECT {kept}, "begins", "spell", "whose", min("received") OVER spells, max("end") OVER spells
            FROM counted WINDOW spells AS (PARTITION BY "whose", "spell")
        """
        return nw.from_native(self._query(text, rows.to_native()))

    def within_spells(self, rows: Frame, contacts: Callable[[], Frame], of: Sequence[str]) -> Frame:
        """Of the lists that `with_contacts` kept, those of all referrals of the person and provider together."""
        native = rows.to_native()
        if "days" in rows.columns:
            text = f"""
                WITH every AS MATERIALIZED (FROM _cmhs_rows_)
                SELECT every.* EXCLUDE ("days"), {_WITHIN} FROM every {_together("every")}
            """
            native = self._query(text, native)
        found = '"within"[1] AS "spell_first", "within"[2] AS "spell_second"'
        return nw.from_native(native.project(f'* EXCLUDE ("within", "whose"), {found}'))

    def hold(self, frame: Frame, root: Any) -> Frame:
        """In a temporary table of the relation's connection, by names that no table of the user's has."""
        native, name = frame.to_native(), f"held_{uuid.uuid4().hex}"
        self.held.append(name)
        native.query(f"of_{name}", f'CREATE TEMP TABLE "{name}" AS SELECT * FROM "of_{name}"')
        # By way of a table of the user's: a query of `native` would be planned with all that it was made of.
        return nw.from_native(root.query(f"of_{name}", f'SELECT * FROM "{name}"'))

    def let_go(self, root: Any) -> None:
        """Drop the temporary tables."""
        while self.held:
            name = self.held.pop()
            root.query(f"of_{name}", f'DROP TABLE IF EXISTS "{name}"')

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
        return holding(self, super().leave(frame, dates, lazy=lazy))


class IbisOnDuckDB(DuckDB):
    """Ibis on DuckDB: what DuckDB itself plans in a tenth of the time stands between its tables and its result."""

    def __init__(self, kind: nw.Implementation, tables: Sequence[Any]) -> None:
        bound = [each.get_backend() for each in tables if not isinstance(each.op(), _in_memory())]
        self._backend = next(iter(bound), tables[0].get_backend())
        super().__init__(kind, tables)

    def _runs(self) -> Callable[[str], Any]:
        run: Callable[[str], Any] = self._backend.con.sql
        return run

    def enter(self, frame: Frame) -> Frame:
        """The relation that Ibis itself would run."""
        native = frame.to_native()
        backend = self._backend if isinstance(native.op(), _in_memory()) else native.get_backend()
        return super().enter(nw.from_native(backend._to_duckdb_relation(native)))

    def leave(self, frame: Frame, dates: Sequence[str], *, lazy: bool) -> Any:
        """A table of a temporary view."""
        relation, name = super().leave(frame, dates, lazy=lazy), f"mhsds_{uuid.uuid4().hex}"
        table = _table(self._backend, name, relation)
        self._view(relation, holding(relation, table.op()), name)
        return table


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(quoted, names))


_BITS = 32
_TWICE = "twice AS MATERIALIZED (SELECT _mark_ FROM marked GROUP BY _mark_ HAVING count(*) > 1)"
_IS_TWICE = "EXISTS (FROM twice WHERE twice._mark_ = marked._mark_)"
_WITHIN = """list_sort(list_filter(
    coalesce(_together_, "days"), lambda day: day >= "start" AND day <= "spell_end"
)) AS "within"
"""


def _together(rows: str) -> str:
    """What joins to referrals the days of those of whom there are several."""
    of = f'SELECT "whose", flatten(list("days")) AS _together_ FROM {rows} WHERE "whose" IS NOT NULL GROUP BY "whose"'
    return f'LEFT JOIN ({of}) USING ("whose")'


def _packed(counts: Sequence[Count]) -> str:
    """Counts of one period in one sum, 32 bits each: a sum takes as long as a count, and as much room.

    Four have room; of more, DuckDB says that they have none.
    """
    first, *_ = counts
    flags = " + ".join(f"({quoted(each.of)}::HUGEINT << {_BITS * place})" for place, each in enumerate(counts))
    return f'sum({flags}) FILTER ("date" BETWEEN {first.first} AND {first.last}) AS "{first.first} {first.last}"'


def _unpacked(count: Count, place: int) -> str:
    one = f'(("{count.first} {count.last}" >> {_BITS * place}) & {2**_BITS - 1})::INTEGER'
    return f"{one} AS {quoted(count.name)}"


def _of_few(count: Count) -> str:
    """A count by submission, for which few referrals are asked."""
    assert count.submitted is not None
    within = "each.{} BETWEEN {} AND {}".format
    submitted = f"{within('month', *count.months)} OR each.month IS NULL AND {within('day', *count.submitted)}"
    where = f"{within('day', count.first, count.last)} AND ({submitted})"
    return f"len(list_filter(_few_, lambda each: {where})) AS {quoted(count.name)}"


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
