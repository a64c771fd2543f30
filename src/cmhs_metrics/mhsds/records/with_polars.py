"""Polars, eager and lazy."""

from __future__ import annotations

import functools
import operator
import string
from typing import TYPE_CHECKING, Any

import narwhals as nw

from cmhs_metrics.mhsds.records.cleaning import BLANK, LONGEST_WORD
from cmhs_metrics.mhsds.records.dates import NEVER
from cmhs_metrics.mhsds.records.engine import Engine, changed, stepped

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cmhs_metrics.mhsds.records.engine import Change, Frame


class Polars(Engine):
    """Polars: eager tables are computed as one lazy query, which evaluates both sides of every condition."""

    def read(self, frame: Frame, changes: Sequence[Change]) -> Frame:
        """Text part by part: of a part in which all is clean nothing is done, and few values are changed once each."""
        import polars as pl

        types = {nw.String: pl.String, nw.Int64: pl.Int64, nw.Int32: pl.Int32}

        def of_text(each: Change) -> Any:
            def function(cells: Any) -> Any:
                if each.cell is None:
                    if not _is_unclean(cells):
                        return cells
                    rows = nw.from_native(cells.alias("cells").to_frame())
                    return rows.select(changed(each, "cells")).to_native().to_series()
                values = cells.drop_nulls().unique()
                if each.unclean is not None and not values.str.contains(each.unclean).any():
                    return cells
                made = pl.Series([each.cell(value) for value in values], dtype=types[each.dtype])
                return cells.replace_strict(values, made, default=None, return_dtype=types[each.dtype])

            text = pl.col(each.name).cast(pl.String)
            return text.map_batches(function, return_dtype=types[each.dtype], is_elementwise=True).alias(each.alias)

        text = [of_text(each) for each in changes if each.is_text]
        others = [each for each in changes if not each.is_text]
        same = (pl.col(each.name).alias(each.alias) for each in others)
        rows = nw.from_native(frame.to_native().lazy().select(*text, *same))
        made = [self._day(changed(each, each.alias)) if each.is_date else stepped(each, each.alias) for each in others]
        named = [value.alias(each.alias) for value, each in zip(made, others, strict=True)]
        return rows.with_columns(*named) if named else rows

    def of_last_month(self, rows: Frame, item: Sequence[str], month: str) -> Frame:
        """Kept while the query runs: they are few, and taken more than once."""
        return nw.from_native(super().of_last_month(rows.lazy(), item, month).to_native().cache())

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

        rows = self.known(rows, item)
        hashes = (pl.col(name).hash(seed) for seed, name in enumerate(item))
        mark = functools.reduce(operator.xor, hashes).alias("_mark_")
        marked = rows.to_native().with_columns(mark)
        twice = (
            marked.group_by("_mark_")
            .agg(pl.len().alias("_rows_"))
            .filter(pl.col("_rows_") > 1)
            .select("_mark_")
            .cache()
        )
        once = marked.join(twice, on="_mark_", how="anti")
        rest = nw.from_native(marked.join(twice, on="_mark_", how="semi"))
        rest = rest.unique(list(item), keep="last", order_by=list(order))
        return nw.concat([nw.from_native(once), rest], how="vertical").drop("_mark_")

    def with_contacts(self, referrals: Frame, rows: Frame, *args: Any, **options: Any) -> Frame:
        """Keeps the referrals: they are taken more than once."""
        return super().with_contacts(nw.from_native(referrals.to_native().lazy().cache()), rows, *args, **options)

    def of_people(self, rows: Frame, referrals: Frame) -> Frame:
        """A join with few is quick."""
        return rows.join(referrals.select("Person_ID").unique(), on="Person_ID", how="semi")

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

        native, key = rows.to_native().cache(), [*of, "start"]
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


def _is_unclean(ids: Any) -> bool:
    """Whether ids contain what `unclean_text` looks for, as quick as can be told: a word of them is a short one."""
    least, bytes_, characters = ids.str.len_bytes().min(), ids.str.len_bytes().sum(), ids.str.len_chars().sum()
    if least is None:
        return False
    return least <= LONGEST_WORD or bytes_ != characters or bool(ids.str.contains_any(_ELSEWHERE).any())


_ELSEWHERE = [*string.ascii_lowercase, *BLANK, "."]
