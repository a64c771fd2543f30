"""What an engine does: an object for each, so that no other module asks which engine it is on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import narwhals as nw

from cmhs_metrics.mhsds.records.cleaning import known_day
from cmhs_metrics.mhsds.records.dates import NEVER, day_of_date, month_number_of
from cmhs_metrics.mhsds.records.sql import Dialect

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
    sql : str
        The same in the engine's SQL, where it has one.
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
    sql: str
    cell: Callable[[str], Any] | None = None
    unclean: str | None = None
    is_date: bool = False

    @property
    def is_text(self) -> bool:
        """Whether the user's column is text."""
        return self.cell is not None or self.unclean is not None


@dataclass(frozen=True, slots=True)
class Count:
    """Which contacts are counted.

    Parameters
    ----------
    name : str
        What the count is called.
    of : str
        The column that is 1 where a contact is of the kind that is counted.
    first, last : int
        The days from and to which, both included, it is dated.
    submitted : tuple of int, optional
        The first and the last day of the financial year in which it was submitted; in any, if not given.
    since : str, optional
        A day of referrals: of those where it is NEVER or null, nobody asks for the count, which may be null.
    """

    name: str
    of: str
    first: int
    last: int
    submitted: tuple[int, int] | None = None
    since: str | None = None

    @property
    def months(self) -> tuple[int, int]:
        """The first and the last month of that year."""
        assert self.submitted is not None
        return month_number_of(self.submitted[0]), month_number_of(self.submitted[1])

    def value(self) -> nw.Expr:
        """1 or 0 of a contact, from its `date` and `UniqMonthID`; without a month the date stands for it."""
        date, month = nw.col("date"), nw.col("UniqMonthID")
        inside = (date >= self.first) & (date <= self.last)
        if self.submitted is not None:
            dated = (date >= self.submitted[0]) & (date <= self.submitted[1])
            inside = inside & (((month >= self.months[0]) & (month <= self.months[1])) | (month.is_null() & dated))
        return nw.when(inside).then(nw.col(self.of)).otherwise(nw.lit(0)).cast(nw.Int32).alias(self.name)


class Engine:
    """What every engine that narwhals knows does alike; what one does otherwise, its class says.

    Parameters
    ----------
    kind : narwhals.Implementation
        The engine.
    """

    in_memory = False
    """Whether its tables are read at once."""
    cleans_later = False
    """Whether `with_contacts` and `with_rows` clean ids."""
    sql = Dialect()
    """How it is asked in text, where it is."""

    def __init__(self, kind: nw.Implementation) -> None:
        self.kind = kind
        self.name = kind.name.capitalize()
        self.held: list[Any] = []

    def enter(self, frame: Frame) -> Frame:
        """A user's frame as it is computed with."""
        return frame

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

    def selected(self, rows: Frame, columns: Sequence[nw.Expr]) -> Frame:
        """Columns made of those that were read."""
        return rows.select(*columns)

    def _first(self, each: Change) -> nw.Expr:
        value = nw.col(each.name)
        if each.is_date:
            return self._day(changed(each, each.name))
        cleaned = each.steps[0](value)
        # Most text is clean, and a look is cheaper than to clean.
        return (
            cleaned
            if each.unclean is None
            else nw.when(value.str.contains(each.unclean)).then(cleaned).otherwise(value)
        )

    def _day(self, date: nw.Expr) -> nw.Expr:
        return known_day(self.day(date.cast(nw.Date)).cast(nw.Int32))

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

    def last_of_each(self, rows: Frame, item: Sequence[str], order: Sequence[str], *, once: bool = False) -> Frame:
        """Of the rows of each item the one that comes last; `once`: whether most items have one."""
        return self.known(rows, item).unique(list(item), keep="last", order_by=list(order))

    def known(self, rows: Frame, names: Sequence[str]) -> Frame:
        """Rows in which none of some columns is null, to be joined by these."""
        return rows.filter(*(~nw.col(name).is_null() for name in names))

    def of_last_month(self, rows: Frame, item: Sequence[str], month: str) -> Frame:
        """The rows of each item, as it is written, that have its greatest month."""
        rows = rows.with_columns(nw.col(month).fill_null(-NEVER).alias("_month_"))
        last = rows.group_by(*item).agg(nw.col("_month_").max())
        return rows.join(last, on=[*item, "_month_"], how="inner").drop("_month_")

    def with_rows(self, rows: Frame, other: Frame, name: str, key: str, *, one: bool) -> Frame:
        """Rows with those of another table of the same id and key, or nulls; there may be a row of nulls besides.

        `one` says that the key is of one person and submission; then the id is not yet clean, if ids are cleaned later.
        """
        return rows.join(self.known(other, [name, key]), on=[name, key], how="left")

    def of_people(self, rows: Frame, referrals: Frame) -> Frame:
        """Rows of the people of some referrals, where that takes less time than it saves; or all."""
        return rows

    def with_contacts(
        self, referrals: Frame, rows: Frame, told: Callable[[Frame], Frame], item: Sequence[str], order: Sequence[str],
        by: Sequence[str], counts: Sequence[Count], *, first: bool, days: bool,
    ) -> Frame:  # fmt: skip
        """Referrals with their contacts.

        `rows`: every row of the table of contacts. `told`: says of rows what they are: their `date`, and the columns
        that are counted. `item`, `order`: what names a contact, and what its rows are ordered by: the last one
        counts. `first`, `days`: whether `first` and `second`, as `first_two` has them, and what `within_spells` takes
        are wanted. Gives the referrals, with nulls where there is no contact.
        """
        last = told(self.last_of_each(self.of_people(rows, referrals), item, order))
        day = nw.when((nw.col("direct") == 1) & (nw.col("date") < NEVER)).then(nw.col("date")).alias("day")
        last = self.known(last, by).select(*by, day, *(each.value() for each in counts))
        names = [each.name for each in counts]
        if first or days:
            return self.first_two(referrals, last, by, names, days=days)
        sums = last.group_by(*by).agg(*(nw.col(name).sum() for name in names))
        return referrals.join(sums, on=list(by), how="left")

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

    def spells(self, rows: Frame, of: Sequence[str], order: Sequence[str], days: int) -> Frame:
        """Referrals with the spell that each is part of: one follows within some days of the latest end so far.

        With `begins`, 1 where it begins one; `spell`, a number within those that the spells are of; `start` and
        `spell_end`.
        """
        # As floats, which pandas shifts where it cannot shift whole numbers and nothing.
        so_far = nw.col("end").cum_max().over(*of, order_by=order).cast(nw.Float64)
        rows = rows.with_columns(so_far.alias("_so_far_"))
        before = nw.col("_so_far_").shift(1).over(*of, order_by=order)
        # No referral before it: an end long past.
        gap = nw.col("received") - nw.col("_before_").fill_null(-NEVER)
        begins = nw.when(gap > days).then(nw.lit(1)).otherwise(nw.lit(0)).cast(nw.Int32)
        rows = rows.with_columns(before.alias("_before_")).with_columns(begins.alias("begins"))
        rows = rows.with_columns(nw.col("begins").cum_sum().over(*of, order_by=order).alias("spell"))
        return rows.with_columns(
            nw.col("received").min().over(*of, "spell").alias("start"),
            nw.col("end").max().over(*of, "spell").alias("spell_end"),
        ).drop("_so_far_", "_before_")

    def within_spells(self, rows: Frame, contacts: Callable[[], Frame], of: Sequence[str]) -> Frame:
        """Referrals with the days `spell_first` and `spell_second` of contacts within their spell, null if none.

        `rows`: referrals; `of` names whose spells they are of, `start` and `spell_end` say from when to when the
        spell is that each belongs to, whose first referral `starts_spell`. `contacts`: gives the contacts of
        referrals, with their `day`. Gives a contact counts for the spell, of those that its referral's are of, in
        which it is dated.
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


def changed(each: Change, name: str) -> nw.Expr:
    """All steps of a change in one expression."""
    value = nw.col(name)
    for step in each.steps:
        value = step(value)
    return value


def stepped(each: Change, name: str) -> nw.Expr:
    """The same, as what is read."""
    value = changed(each, name)
    return value if each.dtype == nw.Float64 else value.cast(each.dtype)
