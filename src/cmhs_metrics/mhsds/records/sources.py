"""A user's frame and the columns of the data set in it: which they are, whether they can be, and how they are read."""

from __future__ import annotations

import functools
import operator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import narwhals as nw

from cmhs_metrics.errors import Problem
from cmhs_metrics.mhsds.records.cells import can_be, change_of, expected_of, is_older, looks_at, recoded
from cmhs_metrics.mhsds.records.cleaning import text_cell
from cmhs_metrics.mhsds.records.columns import TABLES, Column, Kind, Table, with_other_names
from cmhs_metrics.mhsds.records.names import column_name

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping, Sequence

    from cmhs_metrics.mhsds.records.cells import Look
    from cmhs_metrics.mhsds.records.engine import Change, Engine, Frame


@dataclass(frozen=True)
class Source:
    """A frame of the user's, and its columns by their plain names."""

    frame: Frame
    schema: dict[str, Any]
    actual: dict[str, str]

    def named(self, column: Column) -> list[str]:
        """The names that a column has in the user's frame, newest first."""
        return [self.actual[name.casefold()] for name in column.names if name.casefold() in self.actual]

    def last_of(self, table: Table, item: Sequence[str]) -> list[str]:
        """The columns of an item and of its month, if they tell before all is read which rows are surely earlier."""
        names = [self.named(table.column(name)) for name in (*item, "UniqMonthID")] if item else []
        told = bool(names) and all(len(each) == 1 for each in names) and self.schema[names[-1][0]].is_integer()
        return [name for (name,) in names] if told else []

    def columns_of(self, table: Table) -> Iterator[tuple[Column, str]]:
        """The columns of a table that are there, with their names."""
        for column in table.columns:
            for name in self.named(column):
                yield column, name


OF_SUBMISSIONS = ("RecordNumber", "UniqSubmissionID")
"""What rows are joined by where it is there; blank, it would join none."""


def wrong_columns(table: Table, source: Source) -> list[Problem]:
    """The columns of a frame that stand twice or cannot be what they should."""
    problems = []
    plain = [column_name(name) for name in source.schema]
    for column in table.columns:
        for name in column.names:
            if plain.count(name.casefold()) > 1:
                problems.append(Problem(f"{table.argument}.{name}", None, None, "a column name that stands once"))
        for name in source.named(column):
            dtype = source.schema[name]
            if not can_be(column, dtype) and not _is_empty(source.frame, name):
                problems.append(Problem(f"{table.argument}.{name}", None, str(dtype), expected_of(column)))
    return list(dict.fromkeys(problems))


def _is_empty(frame: Frame, name: str) -> bool:
    return isinstance(frame, nw.DataFrame) and bool(frame.get_column(name).null_count() == len(frame))


def looked_through(
    engine: Engine, tables: Mapping[str, Sequence[Source]]
) -> tuple[dict[str, list[Source]], list[Problem]]:
    """The tables without ids of submissions that are blank, and what cannot be read: one query for all.

    That is columns most of whose cells are not what they should be, of dates, whole numbers, and the codes without
    which nobody was seen; and ids cut short.
    """
    looks: list[tuple[str, Column, Look]] = []
    keys: list[tuple[Source, str]] = []
    counted = []
    every = [(argument, source) for argument, sources in tables.items() for source in sources]
    numbers = with_other_names(
        {
            column.name
            for argument, source in every
            for column, name in source.columns_of(TABLES[argument])
            if column.kind is Kind.ID and source.schema[name].is_numeric()
        }
    )
    for argument, source in every:
        columns = [(column, name, source.schema[name]) for column, name in source.columns_of(TABLES[argument])]
        typed = not any(column.kind in (Kind.DATE, Kind.NUMBER) and dtype == nw.String for column, _, dtype in columns)
        # A lazy table of dates that are dates is not read before anything is asked of it.
        in_words = not typed or isinstance(source.frame, nw.DataFrame)
        changes: list[Change] = []
        sums = []
        for column, name, dtype in columns:
            if column.name in OF_SUBMISSIONS and in_words and not _begins(source.frame, name):
                key = change_of(engine.sql, column, name, dtype, f"k{len(keys)}", False)
                changes.append(key)
                known = ~nw.col(key.alias).is_null()
                sums += [_number(known, f"{key.alias} known"), nw.len().alias(f"{key.alias} all")]
                keys.append((source, name))
            asked = {"typed": typed, "in_words": in_words, "elsewhere": column.name in numbers}
            for look in looks_at(engine.sql, column, name, dtype, f"c{len(looks)}", **asked):
                alias = f"n{len(looks)}"
                looks.append((f"{argument}.{name}", column, look))
                changes += look.changes
                there = ~nw.col(look.there.alias).is_null()
                sums += [_number(there, f"{alias} all"), _number(look.is_wrong(), f"{alias} wrong")]
        if sums:
            counted.append(engine.read(source.frame, changes).select(*sums))
    if not counted:
        return {argument: list(sources) for argument, sources in tables.items()}, []
    found: Any = functools.reduce(lambda one, other: one.join(other, how="cross"), counted)
    found = found.collect() if isinstance(found, nw.LazyFrame) else found
    (row,) = found.iter_rows(named=True)
    problems = []
    for number, (place, column, look) in enumerate(looks):
        stands, wrong = int(row[f"n{number} all"] or 0), int(row[f"n{number} wrong"] or 0)
        if 2 * wrong > stands or (wrong and look.one_is_too_many):
            got = f"{wrong:,} of {stands:,} cells that {look.wrong}"
            problems.append(Problem(place, None, got, column.in_words or expected_of(column)))
    blank = [key for number, key in enumerate(keys) if row[f"k{number} all"] and not row[f"k{number} known"]]
    return {argument: [_without(each, blank) for each in sources] for argument, sources in tables.items()}, problems


def _begins(frame: Frame, name: str) -> bool:
    """Whether something stands in the first cell of a column in memory, as mostly it does."""
    cells = frame.get_column(name).head(1).to_list() if isinstance(frame, nw.DataFrame) else []
    return any(cell is not None and text_cell(str(cell)) is not None for cell in cells)


def _without(source: Source, columns: Sequence[tuple[Source, str]]) -> Source:
    """A frame as if some columns were not there."""
    names = [name for of, name in columns if of is source]
    return replace(source, actual={plain: name for plain, name in source.actual.items() if name not in names})


def read_columns(
    engine: Engine, table: Table, source: Source, wanted: Sequence[Column], text_ids: Container[str], *,
    unreadable: bool, older: bool, last_of: Sequence[str], later: Sequence[str],
) -> Frame:  # fmt: skip
    """Columns of one frame, as `Extract.rows` gives them."""
    changes: dict[str, Change] = {}
    lacking: dict[str, Any] = {}
    made: list[nw.Expr] = []
    for column in wanted:
        parts = []
        for place, name in enumerate(source.named(column)):
            alias = f"{column.name}\t{place}"  # without the user's name of it, in which a dot may stand
            change = change_of(engine.sql, column, name, source.schema[name], alias, column.name in text_ids)
            if column.name in later and change.unclean is not None:
                change = replace(change, sql=engine.sql.written(name))
            changes[change.alias] = change
            parts.append(nw.col(change.alias))
        if column.recode:
            month = table.column("UniqMonthID")
            for name in source.named(month)[:1]:
                change = change_of(engine.sql, month, name, source.schema[name], "\tmonth", False)
                changes[change.alias] = change
            month_known = nw.col("\tmonth") if "\tmonth" in changes else None
            if older:
                made.append(is_older(column, source.named(column), parts, month_known).alias(f"{column.name} older"))
            parts = recoded(column, source.named(column), parts, month_known)
        value = nw.coalesce(*parts) if len(parts) > 1 else parts[0] if parts else None
        if value is None:  # of several frames of a table, this one lacks it
            lacking[column.name] = _dtype(column, text_ids)
        made.append(nw.col(column.name) if value is None else value.alias(column.name))
    if unreadable:
        flags: dict[str, list[nw.Expr]] = {}
        for column in wanted:
            for place, name in enumerate(source.named(column) if column.kind is Kind.DATE else ()):
                for look in looks_at(engine.sql, column, name, source.schema[name], f"{column.name} {place}"):
                    changes |= {change.alias: change for change in look.changes}
                    flags.setdefault(column.name, []).append(look.is_wrong())
        for column in wanted:
            if column.kind is Kind.DATE:
                wrong = functools.reduce(operator.or_, flags.get(column.name, [nw.lit(False)]))
                made.append(wrong.alias(f"{column.name} unreadable"))
    frame = source.frame
    if names := source.last_of(table, last_of):
        *item, submitted = names
        frame = frame.select(*dict.fromkeys([*item, submitted, *(change.name for change in changes.values())]))
        frame = engine.of_last_month(frame, item, submitted)
    rows = engine.read(frame, list(changes.values()))
    return engine.selected(engine.with_nulls(rows, lacking) if lacking else rows, made)


def _dtype(column: Column, text_ids: Container[str]) -> Any:
    if column.kind in (Kind.CODE, Kind.TIME) or column.name in text_ids:
        return nw.String
    return nw.Int32 if column.kind is Kind.DATE else nw.Int64


def _number(condition: nw.Expr, name: str) -> nw.Expr:
    """How many rows meet a condition."""
    return nw.when(condition).then(nw.lit(1)).otherwise(nw.lit(0)).sum().alias(name)
