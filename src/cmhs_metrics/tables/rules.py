"""How measures add over teams and over time, and what their totals are worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from cmhs_metrics.catalogue import CATALOGUE
from cmhs_metrics.errors import BadInput, Problem
from cmhs_metrics.measures import MEASURES, Kind
from cmhs_metrics.tables.validation import FINANCIAL_YEAR, MONTH, number, text

if TYPE_CHECKING:
    from cmhs_metrics.tables.entry import Frame, Table

TEMPORARY = "_aggregate_"
WHOLE = f"{TEMPORARY}whole_"
"""What the names of totals begin with that are known to the last part, and so fit to compute with."""


class Rules:
    """How the measures of one table add over its groups.

    Parameters
    ----------
    table : Table
        The table.
    by : list of str
        What it is grouped by.
    over_time : {"last", "mean"} or None
        How a stock of several periods becomes one.
    total_of_known : bool
        Whether a total is shown that leaves out what is missing.
    keys : list of str or None
        The columns that name a row.
    """

    def __init__(
        self, table: Table, by: list[str], over_time: str | None, total_of_known: bool, keys: list[str] | None
    ) -> None:
        self.table, self.by, self.over_time, self.total_of_known = table, by, over_time, total_of_known
        self.measures = [name for name in table.measures if MEASURES[name].kind is not Kind.POPULATION]
        self.has_period = "period" in table.schema
        self.pools_periods = self.has_period and "period" not in by and self._periods() != 1
        self.teams = [key for key in table.keys(keys) if key not in by and key != "period"]
        if not self.measures:
            raise BadInput("the table", [Problem(None, None, list(table.schema), "a column of a measure that adds")])
        stocks = [name for name in self.measures if MEASURES[name].kind is Kind.STOCK]
        if self.pools_periods and stocks and over_time is None:
            found = f"{self._periods()} periods" if self._periods() else "perhaps several periods"
            expected = "over_time='last' or 'mean': a stock does not add over time"
            raise BadInput("aggregate", [Problem(name, None, found, expected) for name in stocks])

    def _periods(self) -> int | None:
        """How many periods the table has; None where that is not known before the query runs."""
        if isinstance(self.table.frame, nw.LazyFrame):
            return None
        return int(self.table.frame.get_column("period").n_unique())

    def _is_pooled_stock(self, name: str) -> bool:
        return self.pools_periods and MEASURES[name].kind is Kind.STOCK

    # Summing

    def totals(self) -> Frame:
        """The measures, summed; beside each, the total that is known to the last part."""
        frame = self.table.frame
        if not self.by:
            frame = frame.with_columns(nw.lit(0).alias(f"{TEMPORARY}all"))
        last = self.pools_periods and self.over_time == "last"
        at_end = None
        if last and isinstance(frame, nw.DataFrame):
            at_end = nw.col("period") == frame.get_column("period").max()
        elif last:
            # A constant column of the table's last period: windows would lose the order of rows in some engines.
            end = frame.select(nw.col("period").max().alias(f"{TEMPORARY}end"))
            frame = frame.join(end, how="cross")  # type: ignore[arg-type]
            at_end = nw.col("period") == nw.col(f"{TEMPORARY}end")
        prepared, sums = self._of_time()
        for name in self.measures:
            value, cells = number(name), nw.lit(1)
            if at_end is not None and self._is_pooled_stock(name):
                value, cells = nw.when(at_end).then(value), nw.when(at_end).then(1).otherwise(0)
            # Engines sum nothing to zero: how many cells there were and how many were known says what a sum is worth.
            prepared += [value.alias(name), cells.cast(nw.Float64).alias(f"{TEMPORARY}cells_{name}")]
            sums += [
                nw.col(name).sum(),
                nw.col(name).count().alias(f"{TEMPORARY}known_{name}"),
                nw.col(f"{TEMPORARY}cells_{name}").sum(),
            ]
        if isinstance(frame, nw.DataFrame):
            frame = frame.with_row_index(f"{TEMPORARY}order")
            sums.append(nw.col(f"{TEMPORARY}order").min())
        grouped = frame.with_columns(*prepared).group_by(*(self.by or [f"{TEMPORARY}all"])).agg(*sums)
        totals = grouped.with_columns(*(total for name in self.measures for total in self._total(name)))
        if self.pools_periods and self.over_time == "mean" and "average_caseload" not in self.measures:
            totals = _with_average_caseload(totals) if "caseload" in self.measures else totals
        return totals

    def _total(self, name: str) -> tuple[nw.Expr, nw.Expr]:
        total, known, cells = nw.col(name), nw.col(f"{TEMPORARY}known_{name}"), nw.col(f"{TEMPORARY}cells_{name}")
        whole = (known == cells) & (cells > 0)
        shown = known > 0
        if self._is_pooled_stock(name):
            rows = nw.col(f"{TEMPORARY}teams")
            if self.over_time == "mean":
                rows = rows * nw.col(f"{TEMPORARY}periods")
                total = total / nw.col(f"{TEMPORARY}periods")
            # A team without a row is a part that is missing, not a caseload of nobody.
            whole = whole & (cells >= rows)
            shown = whole if self.over_time == "mean" else shown
        if not self.total_of_known:
            shown = whole
        return nw.when(shown).then(total).alias(name), nw.when(whole).then(total).alias(f"{WHOLE}{name}")

    def _of_time(self) -> tuple[list[nw.Expr], list[nw.Expr]]:
        """What is known of each group's periods and teams."""
        if not self.pools_periods:
            return [], []
        team = nw.lit("")
        if self.teams:
            team = nw.concat_str(*(nw.col(key).cast(nw.String).fill_null("") for key in self.teams), separator="|")
        prepared = [team.alias(f"{TEMPORARY}team"), *self._calendar()]
        return prepared, [
            nw.col(f"{TEMPORARY}team").n_unique().alias(f"{TEMPORARY}teams"),
            nw.col("period").n_unique().alias(f"{TEMPORARY}periods"),
            nw.col(f"{TEMPORARY}year").sum().alias(f"{TEMPORARY}years"),
            nw.len().alias(f"{TEMPORARY}rows"),
            nw.col(f"{TEMPORARY}month").n_unique().alias(f"{TEMPORARY}months"),
            nw.col(f"{TEMPORARY}month").min().alias(f"{TEMPORARY}first"),
            nw.col(f"{TEMPORARY}month").max().alias(f"{TEMPORARY}final"),
        ]

    def _calendar(self) -> list[nw.Expr]:
        """For each row, whether it is a financial year's, and its month counted from year nought."""
        if self.table.schema["period"].is_temporal():
            period = nw.col("period")
            year, month = nw.lit(0), period.dt.year().cast(nw.Int64) * 12 + period.dt.month().cast(nw.Int64)
        else:
            period = text(self.table, "period")
            # What is no month is kept from the cast, which would stop the query.
            readable = nw.when(period.str.contains(MONTH)).then(period).otherwise(nw.lit("0000-00"))
            year = nw.when(period.str.contains(FINANCIAL_YEAR)).then(1).otherwise(0)
            month = readable.str.slice(0, 4).cast(nw.Int64) * 12 + readable.str.slice(5, 2).cast(nw.Int64)
        return [year.alias(f"{TEMPORARY}year"), month.alias(f"{TEMPORARY}month")]

    # What the totals are fit for

    def where_a_year(self) -> nw.Expr | None:
        """Where the flows of a group cover one year: a financial year, or twelve months in a row."""
        if self.pools_periods:
            rows, years = nw.col(f"{TEMPORARY}rows"), nw.col(f"{TEMPORARY}years")
            one_year = (years == rows) & (nw.col(f"{TEMPORARY}periods") == 1)
            in_a_row = nw.col(f"{TEMPORARY}final") - nw.col(f"{TEMPORARY}first") == 11
            return one_year | ((years == 0) & (nw.col(f"{TEMPORARY}months") == 12) & in_a_row)
        if "period" in self.by and not self.table.schema["period"].is_temporal():
            return text(self.table, "period").str.contains(FINANCIAL_YEAR)
        return None

    def some_year(self, totals: Frame) -> bool:
        """Whether any group may cover a year."""
        if not self.has_period:
            return True
        where = self.where_a_year()
        if where is None:
            # One period only: it is in the rows, no longer in the groups.
            if self.table.schema["period"].is_temporal() or isinstance(self.table.frame, nw.LazyFrame):
                return False
            return "/" in str(self.table.frame.get_column("period")[0])
        if isinstance(totals, nw.LazyFrame):
            return True
        return bool(totals.select(where.alias("year"))["year"].any())

    def contradicted(self) -> dict[str, str]:
        """The metrics whose caseload is not the one that the rule over time gives, each with the reason."""
        if not self.pools_periods or self.over_time is None:
            return {}
        caseload, rule = ("caseload", "last") if self.over_time == "mean" else ("average_caseload", "mean")
        reason = f"over_time={rule!r}, for it is defined on the {caseload.replace('_', ' ')}"
        return {
            name: reason
            for name, metric in CATALOGUE.items()
            if caseload in metric.inputs and (metric.annual or caseload == "average_caseload")
        }

    def in_order(self, frame: Frame) -> Frame:
        """The groups as they first appear, or sorted by what they are grouped by where rows have no order."""
        if isinstance(frame, nw.DataFrame):
            return frame.sort(f"{TEMPORARY}order")
        return frame.sort(*self.by) if self.by else frame


def _with_average_caseload(totals: Frame) -> Frame:
    return totals.with_columns(
        nw.col("caseload").alias("average_caseload"), nw.col(f"{WHOLE}caseload").alias(f"{WHOLE}average_caseload")
    )
