"""Polars, eager and lazy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np

from cmhs_metrics.mhsds.records.cleaning import LONGEST_WORD
from cmhs_metrics.mhsds.records.dates import NEVER
from cmhs_metrics.mhsds.records.engine import Engine, changed, stepped

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cmhs_metrics.mhsds.records.engine import Change, Count, Frame


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
        """And a few more, found by a number; kept while the query runs, for they are taken more than once."""
        import polars as pl

        rows = rows.to_native().lazy().with_columns(pl.col(month).fill_null(-NEVER).alias("_month_"))
        mark = (pl.col(item[-1]).hash() ^ pl.col("_month_").hash()).alias(MARK)
        last = rows.group_by(*item).agg(pl.col("_month_").max()).select(mark)
        found = rows.with_columns(mark).join(last, on=MARK, how="semi")
        return nw.from_native(found.drop(MARK, "_month_").cache())

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

    def last_of_each(self, rows: Frame, item: Sequence[str], order: Sequence[str], *, once: bool = False) -> Frame:
        """Sorts only the items that stand more than once: to sort is dear, and most stand once."""
        native = rows.to_native()
        twice = _twice(native, item)
        once = self.known(nw.from_native(_marked(native, item).join(twice, on=MARK, how="anti")), item)
        return nw.concat([once, self._last_of(native, twice, item, order)], how="vertical").drop(MARK)

    def _last_of(self, native: Any, twice: Any, item: Sequence[str], order: Sequence[str]) -> Frame:
        rows = self.known(nw.from_native(_marked(native, item).join(twice, on=MARK, how="semi")), item)
        return rows.unique(list(item), keep="last", order_by=list(order))

    def with_contacts(
        self, referrals: Frame, rows: Frame, told: Callable[[Frame], Frame], item: Sequence[str], order: Sequence[str],
        by: Sequence[str], counts: Sequence[Count], *, first: bool, days: bool,
    ) -> Frame:  # fmt: skip
        """By a number for each referral, found before it is told which contacts stand more than once."""
        import polars as pl

        native, names = rows.to_native(), [each.name for each in counts]
        twice = _twice(native, item)
        referral = referrals.to_native().lazy().with_row_index(NUMBER).cache()
        whose = referral.select(*by, NUMBER, "received")
        day = nw.when((nw.col("direct") == 1) & (nw.col("date") < NEVER)).then(nw.col("date")).alias("day")

        def of_referrals(some: Frame) -> Any:
            counted = told(some).select(*by, MARK, day, *(each.value() for each in counts)).to_native()
            return counted.join(whose, on=list(by)).select(NUMBER, MARK, "received", "day", *names)

        # Read once for both: they go on as it is read.
        native = native.cache()
        last = self._last_of(native, twice, item, order)
        once = of_referrals(self.known(nw.from_native(_marked(native, item)), item)).join(twice, on=MARK, how="anti")
        dated = pl.concat([once, of_referrals(last)]).cache()
        listed = [pl.col("day").drop_nulls().alias("days")] if days else []
        found = dated.group_by(NUMBER).agg(*listed, *(pl.col(name).sum() for name in names))
        referral = referral.join(found, on=NUMBER, how="left")
        if first:
            since = _two_lowest(dated.filter(pl.col("day") >= pl.col("received")), NUMBER, "day", "first", "second")
            referral = referral.join(since, on=NUMBER, how="left")
        return nw.from_native(referral.drop(NUMBER))

    def spells(self, rows: Frame, of: Sequence[str], order: Sequence[str], days: int) -> Frame:
        """In order once, and by whole numbers from then on.

        The latest end so far is that of whole numbers which are greater for every further one that spells are of. The
        number of a spell is that of all spells, and before it stands whose it is.
        """
        import polars as pl

        ordered = rows.to_native().lazy().sort(*of, *order)
        others = pl.any_horizontal(*(pl.col(name).ne_missing(pl.col(name).shift()) for name in of))
        whose = others.fill_null(True).cum_sum().cast(pl.Int64)
        ordered = ordered.with_columns(whose.alias("_whose_"))
        so_far = (pl.col("_whose_") * DAYS + pl.col("end")).cum_max().shift() - pl.col("_whose_") * DAYS
        begins = pl.col("received") - so_far.fill_null(-DAYS) > days
        ordered = ordered.with_columns(begins.cast(pl.Int32).alias("begins"))
        number = pl.col("_whose_") * SPELLS
        ordered = ordered.with_columns((pl.col("begins").cum_sum() + number).alias("spell")).drop("_whose_").cache()
        bounds = ordered.group_by("spell").agg(
            pl.col("received").min().alias("start"), pl.col("end").max().alias("spell_end")
        )
        return nw.from_native(ordered.join(bounds, on="spell"))

    def within_spells(self, rows: Frame, contacts: Callable[[], Frame], of: Sequence[str]) -> Frame:
        """Of the lists that `with_contacts` kept, by the numbers of `spells`."""
        import polars as pl

        whose, number = (pl.col("spell") // SPELLS).alias("_whose_"), (pl.col("spell") % SPELLS).alias(NUMBER)
        native = rows.to_native().with_columns(number).cache()
        starts = native.filter(pl.col("starts_spell") == 1).select(whose, NUMBER, "start", "spell_end")
        days = native.select(whose, "days").explode("days").drop_nulls("days")
        dated = days.join(starts, on="_whose_").filter(pl.col("days").is_between(pl.col("start"), pl.col("spell_end")))
        found = _two_lowest(dated, NUMBER, "days", "spell_first", "spell_second")
        return nw.from_native(native.join(found, on=NUMBER, how="left").drop("days", NUMBER))

    def leave(self, frame: Frame, dates: Sequence[str], *, lazy: bool) -> Any:
        """Lazy if the tables were."""
        frame = self.with_dates(frame, dates) if dates else frame
        return nw.to_native(frame if lazy else frame.collect("polars"))


def _is_unclean(ids: Any) -> bool:
    """Whether ids may hold what `unclean_text` looks for; a word of them is short, and bytes in a row soon read."""
    import polars as pl

    for begin in range(0, len(ids), 2**14):
        part = ids.slice(begin, 2**14)
        least = part.str.len_bytes().min()
        if least is None:
            continue
        try:
            text = part.to_arrow(compat_level=pl.CompatLevel.oldest()).buffers()[2]
        except ImportError:  # without pyarrow in twice the time
            text = part.str.join("").cast(pl.Binary).item()
        held = np.frombuffer(text, np.uint8)
        if least <= LONGEST_WORD or held.max() >= ord("a") or held.min() <= ord(" ") or (held == ord(".")).any():
            return True
    return False


MARK, NUMBER = "_mark_", "_number_"
DAYS = 2**23
"""More than there are day numbers, of either sign."""
SPELLS = 2**32
"""More than there are: their numbers go on from one person to the next."""


def _marked(rows: Any, item: Sequence[str]) -> Any:
    """Rows with a number for each item, by which few others may go too."""
    import polars as pl

    return rows.with_columns(pl.col(item[-1]).hash().alias(MARK))


def _twice(rows: Any, item: Sequence[str]) -> Any:
    """The marks of more than one row: whole numbers are grouped with a fraction of the memory that ids take."""
    import polars as pl

    marks = _marked(rows.filter(pl.col(item[-1]).is_not_null()), item).group_by(MARK)
    return marks.agg(pl.len().alias("_rows_")).filter(pl.col("_rows_") > 1).select(MARK).cache()


def _two_lowest(rows: Any, key: str, day: str, first: str, second: str) -> Any:
    """Of each whole number the two lowest days, NEVER where there is one: both as one number sort in no time."""
    import polars as pl

    both = (pl.col(key).cast(pl.Int64) * DAYS + pl.col(day) + NEVER).alias("_both_")
    number, days = pl.col("_both_") // DAYS, (pl.col("_both_") % DAYS - NEVER).cast(pl.Int32)
    after = pl.when(number == number.shift(-1)).then(days.shift(-1)).otherwise(NEVER)
    is_first = number.ne_missing(number.shift()).alias("_first_")
    two = rows.select(both).sort("_both_").select(is_first, number.alias(key), days.alias(first), after.alias(second))
    return two.filter("_first_").drop("_first_")
