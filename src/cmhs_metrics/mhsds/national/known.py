"""An extract as it was known at the end of a month, and the periods of the monthly file that end with it."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import narwhals as nw

from cmhs_metrics.mhsds.records.columns import TABLES, Kind
from cmhs_metrics.mhsds.records.dates import day_number, last_day
from cmhs_metrics.mhsds.records.extract import Extract, Frame

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Month:
    """A reporting month and what ends with it.

    Parameters
    ----------
    number : int
        As UniqMonthID numbers it.
    """

    number: int

    @property
    def last_date(self) -> datetime.date:
        """Its last day."""
        return last_day(self.number)

    def start_of(self, months: int) -> datetime.date:
        """The first day of so many months that end with it."""
        return last_day(self.number - months) + datetime.timedelta(1)

    @property
    def first(self) -> int:
        """Its first day, as a day number."""
        return day_number(self.start_of(1))

    @property
    def last(self) -> int:
        """Its last day, as a day number."""
        return day_number(self.last_date)

    @property
    def quarter(self) -> int:
        """The first day of the three months that end with it, as a day number."""
        return day_number(self.start_of(3))

    @property
    def year(self) -> int:
        """The first day of the twelve months that end with it, as a day number."""
        return day_number(self.start_of(12))


class Known(Extract):
    """An extract without what was submitted after a month; a row without a month counts as known.

    Parameters
    ----------
    extract : Extract
        The extract.
    month : Month
        The month.
    """

    def __init__(self, extract: Extract, month: Month) -> None:
        self.__dict__.update(extract.__dict__)
        self.when = month
        self.held: list[Frame] = []

    def rows(
        self, table: str, columns: Sequence[str], *, unreadable: bool = False, older: bool = False,
        last_of: Sequence[str] = (), later: Sequence[str] = (),
    ) -> Frame:  # fmt: skip
        """Columns of a table, as `Extract.rows` gives them, of the rows that are known; the last may not be."""
        with_month = self.has(table, "UniqMonthID")
        wanted = list(dict.fromkeys([*columns, *(["UniqMonthID"] if with_month else [])]))
        rows = super().rows(table, wanted, unreadable=unreadable, older=older, later=later)
        if with_month:
            rows = rows.filter(nw.col("UniqMonthID").fill_null(0) <= self.when.number)
        return rows if not with_month or "UniqMonthID" in columns else rows.drop("UniqMonthID")

    def _has_last(self, table: str, item: Sequence[str]) -> bool:
        """No: of an item the last month that is known may be another."""
        return False

    def whole(self, table: str, columns: Sequence[str], *, older: bool = False) -> Frame:
        """The same, with a column of nulls for each column that the extract has not."""
        rows = self.rows(table, columns, older=older)
        lacking = [name for name in columns if not self.has(table, name)]
        types = {Kind.CODE: nw.String, Kind.TIME: nw.String, Kind.DATE: nw.Int32, Kind.NUMBER: nw.Int64}
        made = {}
        for name in lacking:
            kind = TABLES[table].column(name).kind
            made[name] = (nw.String if name in self.text_ids else nw.Int64) if kind is Kind.ID else types[kind]
        return self.engine.with_nulls(rows, made) if made else rows

    def hold(self, rows: Frame) -> Frame:
        """Rows that several things are made of, computed once."""
        rows = self.engine.hold(rows, self._root)
        self.held.append(rows)
        return rows

    def let_go(self) -> None:
        """Forget what was held."""
        self.held.clear()
        self.engine.let_go(self._root)

    @property
    def _root(self) -> Any:
        (source, *_), *_ = self._sources.values()
        return nw.to_native(source.frame)

    @cached_property
    def record_is_text(self) -> bool:
        """Whether record numbers are text."""
        return "RecordNumber" in self.text_ids

    @cached_property
    def is_by_record(self) -> bool:
        """Whether a submission goes by its record number: all tables that are joined by it have to have one."""
        return submission_key(self) == "RecordNumber"

    def with_submission(self, rows: Frame) -> Frame:
        """Rows with `submission`: the record number, which names a person's submission, or else the month."""
        month = nw.col("UniqMonthID").cast(nw.String if self.record_is_text else nw.Int64)
        parts = [nw.col("RecordNumber"), month] if self.is_by_record else [month]
        return rows.with_columns((nw.coalesce(*parts) if len(parts) > 1 else month).alias("submission"))


SUBMITTED = (
    "referrals", "contacts", "care_activities", "activity_scores", "indirect_activity", "referral_scores", "care_plans",
    "care_plan_agreements",
)  # fmt: skip
"""The tables whose rows are joined by their submission."""


def submission_key(extract: Extract) -> str:
    """The column by which rows of one submission are found in all tables of an extract."""
    there = [table for table in SUBMITTED if table in extract.tables]
    by_record = all(extract.has(table, "RecordNumber", throughout=True) for table in there)
    return "RecordNumber" if by_record else "UniqMonthID"


def is_in(name: str, codes: Sequence[str]) -> nw.Expr:
    """Whether a code is one of some; a missing one is not."""
    return nw.col(name).fill_null("").is_in(list(codes))


def there(*names: str) -> list[nw.Expr]:
    """Conditions that columns are not missing."""
    return [~nw.col(name).is_null() for name in names]


def numbered(rows: Frame, by: Sequence[str], order: Sequence[str]) -> Frame:
    """Rows with `place`, their number in an order within groups."""
    one: Any = nw.lit(1)
    rows = rows.with_columns(one.cast(nw.Int64).alias("one"))
    return rows.with_columns(nw.col("one").cum_sum().over(*by, order_by=list(order)).alias("place")).drop("one")
