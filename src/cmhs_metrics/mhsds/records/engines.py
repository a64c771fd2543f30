"""What engines do each in its own way: an object for each, so that no other module asks which engine it is on."""

from __future__ import annotations

import functools
import operator
import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import narwhals as nw

from cmhs_metrics.mhsds.records.cleaning import DATE_FORMATS, DATE_PART, DAY_OF_TEXT, ENDS, without_zero_day
from cmhs_metrics.mhsds.records.dates import EPOCH, NEVER, day_of_date
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
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Frame = Any


@dataclass(frozen=True, slots=True)
class Change:
    """A column of a user's frame as it is to be read.

    Parameters
    ----------
    name : str
        The column.
    alias : str
        What it is called then.
    steps : tuple of function
        From the expression of the column to that of what is read; where there are several, each of the one before it.
    dtype : type
        What is read: nw.String, nw.Int64, nw.Int32 or nw.Float64.
    cell : function, optional
        The same for one cell of text in Python, for columns that hold few different ones.
    unclean : str, optional
        What text contains that is changed at all, as a regular expression; by default any is.
    is_date : bool
        Whether the column holds dates, of which day numbers are read.
    """

    name: str
    alias: str
    steps: tuple[Callable[[nw.Expr], nw.Expr], ...]
    dtype: Any
    cell: Callable[[str], Any] | None = None
    unclean: str | None = None
    is_date: bool = False

    @property
    def is_text(self) -> bool:
        """Whether the user's column is text."""
        return self.cell is not None or self.unclean is not None


class Engine:
    """What every engine that narwhals knows does alike; what one does otherwise, its class says.

    Parameters
    ----------
    kind : narwhals.Implementation
        The engine.
    """

    in_memory = False
    """Whether its tables are read at once."""

    def __init__(self, kind: nw.Implementation) -> None:
        self.kind = kind
        self.name = kind.name.capitalize()
        self.held: list[str] = []

    def read(self, frame: Frame, changes: Sequence[Change]) -> Frame:
        """Columns of a user's frame, changed."""
        frame = frame.lazy() if isinstance(frame, nw.DataFrame) else frame
        rows = frame.select(*(self._first(each).alias(each.alias) for each in changes))
        for step in range(1, max(len(each.steps) for each in changes)):
            later = [
                each.steps[step](nw.col(each.alias)).alias(each.alias) for each in changes if step < len(each.steps)
            ]
            rows = rows.with_columns(*later)
        kept = {nw.Int32: nw.Int32, nw.Int64: nw.Int64}
        whole = [nw.col(each.alias).cast(each.dtype) for each in changes if each.dtype in kept and not each.is_date]
        return rows.with_columns(*whole) if whole else rows

    def _first(self, each: Change) -> nw.Expr:
        value = nw.col(each.name)
        if each.is_date:
            return self._day(value)
        changed = each.steps[0](value)
        # Most text is clean, and a look is cheaper than to clean.
        return (
            changed
            if each.unclean is None
            else nw.when(value.str.contains(each.unclean)).then(changed).otherwise(value)
        )

    def _with_day(self, each: Change) -> Change:
        """A change of text that stands as a date already."""
        return each if each.steps[:1] != (_as_date,) else replace(each, steps=(self.day, *each.steps[1:]))

    def _day(self, date: nw.Expr) -> nw.Expr:
        return without_zero_day(self.day(date.cast(nw.Date)).cast(nw.Int32))

    def day(self, date: nw.Expr) -> nw.Expr:
        """Day numbers of dates."""
        return day_of_date(date)

    def with_dates(self, frame: Frame, names: Sequence[str]) -> Frame:
        """Day numbers of a frame made dates."""
        raise NotImplementedError

    def integers(self, native: Any, values: Sequence[int]) -> Frame:
        """A table of whole numbers, `number`, that can be joined with a native table."""
        raise NotImplementedError

    def with_nulls(self, frame: Frame, columns: Mapping[str, Any]) -> Frame:
        """A frame with columns of nulls of some types."""
        return frame.with_columns(*(nw.lit(None, dtype).alias(name) for name, dtype in columns.items()))

    def hold(self, frame: Frame, root: Any) -> Frame:
        """The same rows, computed once; `root` is a native table beside which they stand."""
        return frame

    def let_go(self, root: Any) -> None:
        """Forget what was held."""

    def last_of_each(self, rows: Frame, item: Sequence[str], order: Sequence[str]) -> Frame:
        """Of the rows of each item the one that comes last."""
        return rows.unique(list(item), keep="last", order_by=list(order))

    def first_two(
        self, referrals: Frame, contacts: Frame, by: Sequence[str], flags: Sequence[str], *, days: bool = False
    ) -> Frame:
        """Referrals with the days `first` and `second`, null or NEVER where there is none, and sums of flags.

        `day` of contacts is null where a contact does not count, and counts only from the day `received` on. With
        `days`, what `within_spells` takes of them stands in columns of its own, where the engine can hold a list.
        """
        rows = contacts.join(referrals.select(*by, "received"), on=list(by), how="inner")
        counts = ~nw.col("day").is_null() & (nw.col("day") >= nw.col("received"))
        rows = rows.with_columns(nw.when(counts).then(nw.col("day")).otherwise(nw.lit(NEVER)).alias("first"))
        rows = rows.with_columns(nw.col("first").rank("ordinal").over(*by).alias("place"))
        later = nw.when(nw.col("place") > 1).then(nw.col("first")).otherwise(nw.lit(NEVER))
        rows = rows.with_columns(later.cast(nw.Int32).alias("second"))
        sums = [nw.col(name).sum() for name in flags]
        found = rows.group_by(*by).agg(nw.col("first").min(), nw.col("second").min(), *sums)
        return referrals.join(found, on=list(by), how="left")

    def within_spells(self, rows: Frame, contacts: Callable[[], Frame], of: Sequence[str]) -> Frame:
        """Referrals with the days `spell_first` and `spell_second` of contacts within their spell, null if none.

        Parameters
        ----------
        rows : frame
            Referrals; `of` names whose spells they are of, `start` and `spell_end` say from when to when the spell is
            that each belongs to, whose first referral `starts_spell`.
        contacts : function
            Gives the contacts of referrals, with their `day`.
        of : sequence of str
            Columns.

        Returns
        -------
        frame
            A contact counts for the spell, of those that its referral's are of, in which it is dated.
        """
        spells = rows.filter(nw.col("starts_spell") == 1).select(*of, "start", "spell_end")
        by, key = ["Person_ID", "UniqServReqID"], [*of, "start"]
        days = contacts().filter(~nw.col("day").is_null()).select(*by, "day")
        days = days.join(rows.select(*dict.fromkeys([*by, *of])), on=by, how="inner").select(*of, "day")
        dated = spells.join(days, on=list(of), how="inner")
        dated = dated.filter(nw.col("day") >= nw.col("start"), nw.col("day") <= nw.col("spell_end"))
        dated = dated.with_columns(nw.col("day").rank("ordinal").over(*key).alias("place"))
        later = nw.when(nw.col("place") > 1).then(nw.col("day")).otherwise(nw.lit(NEVER)).alias("later")
        found = (
            dated.with_columns(later)
            .group_by(*key)
            .agg(nw.col("day").min().alias("spell_first"), nw.col("later").min().alias("spell_second"))
        )
        return rows.join(found, on=key, how="left")

    def refuses_to_combine(self, one: Any, other: Any) -> bool:
        """Whether two native tables cannot stand in one query."""
        return False

    def leave(self, frame: Frame, dates: Sequence[str], *, lazy: bool) -> Any:
        """A result as a native table of the engine, its day numbers as dates."""
        return nw.to_native(self.with_dates(frame, dates) if dates else frame)


class Memory(Engine):
    """pandas, and PyArrow, which has no ordered windows and only approximate medians and is computed in pandas."""

    in_memory = True

    def read(self, frame: Frame, changes: Sequence[Change]) -> Frame:
        """Each column on its own, in pandas' nullable types."""
        native = frame.select(*dict.fromkeys(each.name for each in changes)).to_native()
        cells = plain(native, arrow=self.kind is nw.Implementation.PYARROW)
        return nw.from_native(table_of({each.alias: self._made(each, cells[each.name]) for each in changes}))

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
        return as_nullable(rows.select(_changed(each, "cells")).to_native()["cells"], each.dtype)

    def with_nulls(self, frame: Frame, columns: Mapping[str, Any]) -> Frame:
        """In pandas' nullable types."""
        return nw.from_native(with_nulls(frame.to_native(), columns))

    def integers(self, native: Any, values: Sequence[int]) -> Frame:
        """A table in pandas."""
        return nw.from_native(plain_integers(values))

    def leave(self, frame: Frame, dates: Sequence[str], *, lazy: bool) -> Any:
        """A table in pandas or PyArrow."""
        return to_user(frame.to_native(), dates, arrow=self.kind is nw.Implementation.PYARROW)


class Polars(Engine):
    """Polars: eager tables are computed as one lazy query, which evaluates both sides of every condition."""

    def read(self, frame: Frame, changes: Sequence[Change]) -> Frame:
        """Text part by part: of a part in which all is clean nothing is done, and few values are changed once each."""
        import polars as pl

        types = {nw.String: pl.String, nw.Int64: pl.Int64, nw.Int32: pl.Int32}

        def of_text(each: Change) -> Any:
            def function(cells: Any) -> Any:
                if each.unclean is not None and not cells.str.contains(each.unclean).any():
                    return cells
                if each.cell is None:
                    rows = nw.from_native(cells.alias("cells").to_frame())
                    return rows.select(_changed(each, "cells")).to_native().to_series()
                values = cells.drop_nulls().unique()
                made = pl.Series([each.cell(value) for value in values], dtype=types[each.dtype])
                return cells.replace_strict(values, made, default=None, return_dtype=types[each.dtype])

            text = pl.col(each.name).cast(pl.String)
            return text.map_batches(function, return_dtype=types[each.dtype], is_elementwise=True).alias(each.alias)

        text = [of_text(each) for each in changes if each.is_text]
        others = [each for each in changes if not each.is_text]
        same = (pl.col(each.name).alias(each.alias) for each in others)
        rows = nw.from_native(frame.to_native().lazy().select(*text, *same))
        made = [self._day(nw.col(each.alias)) if each.is_date else _stepped(each, each.alias) for each in others]
        named = [value.alias(each.alias) for value, each in zip(made, others, strict=True)]
        return rows.with_columns(*named) if named else rows

    def hold(self, frame: Frame, root: Any) -> Frame:
        """In memory."""
        return frame.collect().lazy() if isinstance(frame, nw.LazyFrame) else frame

    def day(self, date: nw.Expr) -> nw.Expr:
        """Polars holds dates so."""
        return date.cast(nw.Int32)

    def with_dates(self, frame: Frame, names: Sequence[str]) -> Frame:
        """By a cast."""
        return frame.with_columns(*(nw.col(name).cast(nw.Int32).cast(nw.Date) for name in names))

    def integers(self, native: Any, values: Sequence[int]) -> Frame:
        """A lazy frame."""
        import polars

        return nw.from_native(polars.LazyFrame({"number": list(values)}))

    def last_of_each(self, rows: Frame, item: Sequence[str], order: Sequence[str]) -> Frame:
        """Sorts only the items that stand more than once: to sort is dear, and most stand once.

        They are found by a number for each item, by which few others may go too: whole numbers are grouped with a
        fraction of the memory that ids take.
        """
        import polars as pl

        hashes = (pl.col(name).hash(seed) for seed, name in enumerate(item))
        mark = functools.reduce(operator.xor, hashes).alias("_mark_")
        marked = rows.to_native().with_columns(mark)
        twice = marked.group_by("_mark_").agg(pl.len().alias("_rows_")).filter(pl.col("_rows_") > 1).select("_mark_")
        once = marked.join(twice, on="_mark_", how="anti")
        rest = nw.from_native(marked.join(twice, on="_mark_", how="semi"))
        rest = rest.unique(list(item), keep="last", order_by=list(order))
        return nw.concat([nw.from_native(once), rest], how="vertical").drop("_mark_")

    def first_two(
        self, referrals: Frame, contacts: Frame, by: Sequence[str], flags: Sequence[str], *, days: bool = False
    ) -> Frame:
        """Keeps the two lowest days as it groups, by a number for each referral: several times faster than to rank."""
        import polars as pl

        referral = referrals.to_native()
        rows = contacts.to_native().join(referral.select(*by, "received").with_row_index("number"), on=list(by))
        counted = pl.when(pl.col("day") >= pl.col("received")).then(pl.col("day")).otherwise(NEVER)
        kept = [pl.col("day").drop_nulls().alias("days")] if days else []
        found = (
            rows.with_columns(counted.alias("first"))
            .group_by("number")
            .agg(
                *kept,
                *(pl.col(name).first() for name in by),
                pl.col("first").min(),
                pl.when(pl.len() > 1).then(pl.col("first").bottom_k(2).max()).otherwise(NEVER).alias("second"),
                *(pl.col(name).sum() for name in flags),
            )
        )
        return nw.from_native(referral.join(found.drop("number"), on=list(by), how="left"))

    def within_spells(self, rows: Frame, contacts: Callable[[], Frame], of: Sequence[str]) -> Frame:
        """Of the lists that `first_two` kept, the two lowest days by a number for each spell.

        The numbers stay in one branch: were they joined back by, a plan that computes the rows twice, in another order,
        would give a spell the days of another.
        """
        import polars as pl

        native, key = rows.to_native(), [*of, "start"]
        starts = native.filter(pl.col("starts_spell") == 1)
        spells = starts.select(*key, "spell_end").with_row_index("_spell_")
        days = native.select(*of, "days").explode("days").drop_nulls("days")
        dated = days.join(spells, on=list(of))
        dated = dated.filter(pl.col("days").is_between(pl.col("start"), pl.col("spell_end")))
        two = pl.when(pl.len() > 1).then(pl.col("days").bottom_k(2).max()).otherwise(NEVER)
        found = dated.group_by("_spell_").agg(
            *(pl.col(name).first() for name in key),
            pl.col("days").min().alias("spell_first"),
            two.alias("spell_second"),
        )
        return nw.from_native(native.join(found.drop("_spell_"), on=key, how="left").drop("days"))

    def leave(self, frame: Frame, dates: Sequence[str], *, lazy: bool) -> Any:
        """Lazy if the tables were."""
        frame = self.with_dates(frame, dates) if dates else frame
        return nw.to_native(frame if lazy else frame.collect("polars"))


class DuckDB(Engine):
    """DuckDB relations."""

    def read(self, frame: Frame, changes: Sequence[Change]) -> Frame:
        """Dates of text by DuckDB's own reading, which it plans far sooner than the arithmetic of others."""
        made, read = _dates_apart(changes)
        formats = ", ".join(f"'{each}'" for each in DATE_FORMATS)
        columns = []
        for name, alias in made.items():
            cell = '"' + name.replace('"', '""') + '"'
            text = f"upper(regexp_replace({cell}, '{ENDS}', '', 'g'))"
            day = f"nullif(regexp_extract({text}, '{DATE_PART}', 1), '')"
            columns.append(f'CAST(try_strptime({day}, [{formats}]) AS DATE) AS "{alias}"')
        frame = nw.from_native(frame.to_native().project(", ".join(["*", *columns]))) if columns else frame
        return super().read(frame, [self._with_day(each) for each in read])

    def day(self, date: nw.Expr) -> nw.Expr:
        """DuckDB subtracts dates to a whole number of days."""
        return date - nw.lit(EPOCH)

    def with_dates(self, frame: Frame, names: Sequence[str]) -> Frame:
        """Days added to the first date."""
        days = {name: nw.lit(EPOCH) + nw.col(name).cast(nw.Int32) for name in names}
        return frame.with_columns(*(day.cast(nw.Date).alias(name) for name, day in days.items()))

    def integers(self, native: Any, values: Sequence[int]) -> Frame:
        """A relation of the same connection."""
        listed = ", ".join(f"({value})" for value in values)
        return nw.from_native(native.query("extract", f"SELECT number FROM (VALUES {listed}) AS numbers(number)"))

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
        native = rows.to_native()
        kept = ", ".join(f'"{name}"' for name in native.columns if name != "days")
        whose = ", ".join(f'"{name}"' for name in of)
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


class Ibis(Engine):
    """Ibis, and through it many databases."""

    def hold(self, frame: Frame, root: Any) -> Frame:
        """Brought here, as a table in memory: what Ibis caches it cannot always drop again."""
        import ibis

        return nw.from_native(ibis.memtable(frame.to_native().to_pyarrow()))

    def read(self, frame: Frame, changes: Sequence[Change]) -> Frame:
        """Where the database is DuckDB, dates of text by its own reading."""
        native = frame.to_native()
        if native.get_backend().name != "duckdb":
            return super().read(frame, changes)
        import ibis

        @ibis.udf.scalar.builtin(name="try_strptime", signature=(("string", "array<string>"), "timestamp"))
        def read_time(text, formats): ...  # type: ignore[no-untyped-def]

        made, read = _dates_apart(changes)
        formats = ibis.array(list(DATE_FORMATS))
        columns = {}
        for name, alias in made.items():
            text = native[name].cast("string").re_replace(ENDS, "").upper()
            columns[alias] = read_time(text.re_extract(DATE_PART, 1).nullif(""), formats).cast("date")
        frame = nw.from_native(native.mutate(**columns)) if columns else frame
        return super().read(frame, [self._with_day(each) for each in read])

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


class Spark(Engine):
    """Spark, which in its ANSI mode raises where a cast fails."""

    def hold(self, frame: Frame, root: Any) -> Frame:
        """In its cache."""
        return nw.from_native(frame.to_native().cache())

    def with_dates(self, frame: Frame, names: Sequence[str]) -> Frame:
        """Days added to the first date."""
        native = frame.to_native()
        made = [
            f"date_add(DATE '1970-01-01', CAST(`{each}` AS INT)) AS `{each}`" if each in names else f"`{each}`"
            for each in native.columns
        ]
        return nw.from_native(native.selectExpr(*made))

    def integers(self, native: Any, values: Sequence[int]) -> Frame:
        """A table of the same session."""
        return nw.from_native(native.sparkSession.createDataFrame([(value,) for value in values], ["number"]))


def engine_of(kind: nw.Implementation) -> Engine:
    """The engine of a frame."""
    if kind.is_pandas_like() or kind is nw.Implementation.PYARROW:
        return Memory(kind)
    if kind.is_spark_like():
        return Spark(kind)
    made: Mapping[nw.Implementation, Callable[[nw.Implementation], Engine]] = {
        nw.Implementation.POLARS: Polars, nw.Implementation.DUCKDB: DuckDB, nw.Implementation.IBIS: Ibis,
    }  # fmt: skip
    return made.get(kind, Engine)(kind)


def _changed(each: Change, name: str) -> nw.Expr:
    """All steps of a change in one expression."""
    value = nw.col(name)
    for step in each.steps:
        value = step(value)
    return value


def _stepped(each: Change, name: str) -> nw.Expr:
    value = _changed(each, name)
    return value if each.dtype == nw.Float64 else value.cast(each.dtype)


def _as_date(date: nw.Expr) -> nw.Expr:
    """Stands for the reading of a day of a date, which is the engine's."""
    return date


def _dates_apart(changes: Sequence[Change]) -> tuple[dict[str, str], list[Change]]:
    """The columns of dates in text with a name for each as a date; and the changes, those of these after that."""
    is_dated = [each.steps[: len(DAY_OF_TEXT)] == DAY_OF_TEXT for each in changes]
    names = dict.fromkeys(each.name for each, told in zip(changes, is_dated, strict=True) if told)
    made = {name: f"{number} as a date" for number, name in enumerate(names)}
    later = [
        replace(each, name=made[each.name], steps=(_as_date, *each.steps[len(DAY_OF_TEXT) :]), cell=None)
        if told
        else each
        for each, told in zip(changes, is_dated, strict=True)
    ]
    return made, later
