"""How measures add over teams and over time, and what their totals are worth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np

from cmhs_metrics.catalogue import CATALOGUE
from cmhs_metrics.errors import BadInput, Problem, refuse
from cmhs_metrics.measures import MEASURES, POPULATION, Kind
from cmhs_metrics.tables.bounds import LOWER, UPPER, measure_of
from cmhs_metrics.tables.columns import Arrays, columns_of
from cmhs_metrics.tables.period_spans import (
    FINANCIAL_YEAR,
    MONTHS_OF,
    first_months,
    months_counted,
    span_expressions,
)
from cmhs_metrics.tables.row_keys import row_numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cmhs_metrics.catalogue import Metric
    from cmhs_metrics.tables.columns import Columns
    from cmhs_metrics.tables.table import Frame, Table

TEMPORARY = "_aggregate_"
COMPLETE = f"{TEMPORARY}complete_"
"""What the names of totals begin with that are known to the last part, and so fit to compute with."""
_SMALL = 20_000
"""Up to how many rows groups are summed here and not by the engine."""
_STREAMED = 2_000_000
"""From how many rows on Polars groups in pieces, which at many groups is the quicker."""


class Totals:
    """How the measures of one table add over its groups.

    Parameters
    ----------
    table : Table
        The table.
    by : list of str
        What it is grouped by.
    over_time : {"last", "mean", "sum"} or None
        How a stock of several periods becomes one, or that flows of any number of periods are meant.
    total_of_known : bool
        Whether a total is shown that leaves out what is missing. What is suppressed is not missing, and is never left
        out.
    keys : list of str
        The columns that name a row.
    """

    def __init__(
        self, table: Table, by: list[str], over_time: str | None, total_of_known: bool, keys: Sequence[str]
    ) -> None:
        self.table, self.by, self.over_time, self.total_of_known = table, by, over_time, total_of_known
        names = [name for name in table.measures if MEASURES[name].kind is not Kind.POPULATION]
        self.bounded = tuple(name for name in names if name in table.bounded)
        self.measures = [
            column
            for name in names
            for column in ([name, f"{name}{LOWER}", f"{name}{UPPER}"] if name in self.bounded else [name])
        ]
        self.has_period = "period" in table.schema
        self.pools_periods = self.has_period and "period" not in by and self.periods() != 1
        self.teams = [key for key in keys if key not in by and key != "period"]
        if not self.measures:
            raise BadInput("the table", [Problem(None, None, list(table.schema), "a column of a measure that adds")])
        stocks = [name for name in names if MEASURES[name].kind is Kind.STOCK]
        if self.pools_periods and stocks and over_time in (None, "sum"):
            expected = "over_time='last' or 'mean': a stock does not add over time"
            raise BadInput("aggregate", [Problem(name, None, self.pooled(), expected) for name in stocks])
        self.columns: Columns = self._columns()

    def periods(self) -> int | None:
        """How many periods the table has; None where that is not known before the query runs."""
        if self.table.lazy:
            return None
        return len({str(reading) for reading in self.table.periods.values()}) or 1

    def pooled(self) -> str:
        """How many periods would be pooled, for a message."""
        return f"{self.periods()} periods" if self.periods() else "perhaps several periods"

    def _is_pooled_stock(self, name: str) -> bool:
        return self.pools_periods and MEASURES[measure_of(name)].kind is Kind.STOCK

    # Summing

    def _columns(self) -> Columns:
        """The measures, summed; beside each, the total that is known to the last part."""
        if not self.table.lazy and len(self.table.eager) <= _SMALL:
            return self._with_totals(self._grouped_arrays())
        frame = self._prepared()
        sums = [nw.len().alias(f"{TEMPORARY}rows")]
        for name in self.measures:
            # Engines sum nothing to zero: how many cells were known says what a sum is worth.
            sums.append(nw.col(name).sum())
            if not self.table.is_complete(name):
                sums.append(nw.col(name).count().alias(f"{TEMPORARY}known_{name}"))
        sums += self._facts_of_time()
        if isinstance(frame, nw.DataFrame):
            sums.append(nw.col(f"{TEMPORARY}order").min())
        grouped = _grouped(frame, self.by or [f"{TEMPORARY}all"], sums)
        return self._with_totals(columns_of(grouped))

    def _with_totals(self, columns: Columns) -> Columns:
        for name in self.measures:
            shown, complete = self._total(columns, name)
            columns.add({name: shown, f"{COMPLETE}{name}": complete}, [measure_of(name)])
        if self.pools_periods and self.over_time == "mean" and "average_caseload" not in self.measures:
            self._add_average_caseload(columns)
        return columns

    def _grouped_arrays(self) -> Arrays:
        """The same of a table of few rows, for which an engine takes longer to be asked than to answer."""
        table = self.table
        _, first, at = np.unique(row_numbers(table, self.by), return_index=True, return_inverse=True)
        order = np.argsort(first)  # The groups as they first appear.
        group, size = np.argsort(order)[at], len(first)
        found = {f"{TEMPORARY}rows": np.bincount(group, minlength=size)}
        at_end = None
        if self.pools_periods:
            for name, values in self._teams_and_periods().items():
                _, codes = np.unique(values, return_inverse=True)
                pairs = np.unique(group * (int(codes.max()) + 1) + codes) // (int(codes.max()) + 1)
                found[f"{name}s"] = np.bincount(pairs, minlength=size)
            months = first_months(table)[np.lexsort((first_months(table), group))]
            ends = np.cumsum(found[f"{TEMPORARY}rows"])
            found[f"{TEMPORARY}earliest"] = months[np.concatenate([[0], ends[:-1]])]
            found[f"{TEMPORARY}latest"] = months[ends - 1]
            if self.over_time == "last":
                last = self._with_end()[1].fill_null(False).alias("last")
                at_end = table.eager.select(last).get_column("last").to_numpy().astype(bool)
                found[f"{TEMPORARY}at_end"] = np.bincount(group, at_end, minlength=size).astype(np.int64)
        for name in self.measures:
            values = table.array(name).astype(np.float64)
            if at_end is not None and self._is_pooled_stock(name):
                values = np.where(at_end, values, np.nan)
            known = ~np.isnan(values)
            found[name] = np.bincount(group, np.where(known, values, 0), minlength=size)
            found[f"{TEMPORARY}known_{name}"] = np.bincount(group, known, minlength=size).astype(np.int64)
        if self.by:
            base = nw.maybe_reset_index(table.eager.select(*self.by)[first[order].tolist()])
        else:
            base = nw.maybe_reset_index(table.eager.select(nw.lit(0).alias(f"{TEMPORARY}all")).head(1))
        return Arrays(base, found, table.eager)

    def _prepared(self) -> Frame:
        """The columns that are needed, measures as floats, and what each row says of its team and period."""
        table, frame = self.table, self.table.frame
        made: dict[str, Any] = {}
        if not self.by:
            made[f"{TEMPORARY}all"] = nw.lit(0)
        at_end = None
        if self.pools_periods:
            made |= self._teams_and_periods()
            if self.over_time == "last" or (self.over_time and table.lazy):
                frame, at_end = self._with_end()
        for name in self.measures:
            value = table.number(name)
            if at_end is not None and self.over_time == "last" and self._is_pooled_stock(name):
                value = nw.when(at_end).then(value)
            made[name] = value
        if at_end is not None and self.over_time == "last":
            made[f"{TEMPORARY}at_end"] = nw.when(at_end).then(1).otherwise(0)
        if isinstance(frame, nw.DataFrame):
            arrays = {name: value for name, value in made.items() if isinstance(value, np.ndarray)}
            others = {name: value.alias(name) for name, value in made.items() if name not in arrays}
            kept = [*self.by, *(each for each in [f"{TEMPORARY}first", f"{TEMPORARY}end"] if each in frame.columns)]
            frame = frame.select(*(nw.col(name) for name in kept), *others.values())
            added = [_series(name, values, frame) for name, values in arrays.items()]
            return (frame.with_columns(*added) if added else frame).with_row_index(f"{TEMPORARY}order")
        return frame.with_columns(**made)

    def _with_end(self) -> tuple[Frame, nw.Expr]:
        frame = self.table.frame
        if isinstance(frame, nw.DataFrame):
            found = self.table.periods
            last = max(reading.last for reading in found.values())
            ends = [value for value, reading in found.items() if reading.last == last]
            if self.table.schema["period"].is_temporal():
                return frame, nw.col("period") == nw.lit(frame.get_column("period").max())
            return frame, self.table.text("period").is_in(ends)
        # Constant columns of the table's first and last period: windows would lose the order of rows in some engines.
        # Categories stand in an order of their own.
        period = self.table.text("period") if self.table.is_text("period") else nw.col("period")
        ends_of = frame.select(period.min().alias(f"{TEMPORARY}first"), period.max().alias(f"{TEMPORARY}end"))
        return frame.join(ends_of, how="cross"), period == nw.col(f"{TEMPORARY}end")

    def _teams_and_periods(self) -> dict[str, Any]:
        if not self.table.lazy:
            return {
                f"{TEMPORARY}team": row_numbers(self.table, self.teams),
                f"{TEMPORARY}period": self.table.encoded("period"),
                f"{TEMPORARY}month": first_months(self.table),
            }
        team = nw.lit("")
        if self.teams:
            team = nw.concat_str(*(nw.col(key).cast(nw.String).fill_null("") for key in self.teams), separator="|")
        month, length = span_expressions(self.table)
        return {
            f"{TEMPORARY}team": team,
            f"{TEMPORARY}period": nw.col("period"),
            f"{TEMPORARY}month": month,
            f"{TEMPORARY}length": length,
        }

    def _facts_of_time(self) -> list[nw.Expr]:
        """What is known of each group's periods and teams."""
        if not self.pools_periods:
            return []
        facts = [
            nw.col(f"{TEMPORARY}team").n_unique().alias(f"{TEMPORARY}teams"),
            nw.col(f"{TEMPORARY}period").n_unique().alias(f"{TEMPORARY}periods"),
            nw.col(f"{TEMPORARY}month").n_unique().alias(f"{TEMPORARY}months"),
            nw.col(f"{TEMPORARY}month").min().alias(f"{TEMPORARY}earliest"),
            nw.col(f"{TEMPORARY}month").max().alias(f"{TEMPORARY}latest"),
        ]
        if self.over_time == "last":
            facts.append(nw.col(f"{TEMPORARY}at_end").sum())
        if self.table.lazy:
            length = nw.col(f"{TEMPORARY}length")
            facts += [length.min().alias(f"{TEMPORARY}shortest"), length.max().alias(f"{TEMPORARY}longest")]
            if self.over_time:
                facts += [nw.col(f"{TEMPORARY}{end}").max() for end in ("first", "end")]
        return facts

    def _total(self, columns: Columns, name: str) -> tuple[Any, Any]:
        total, cells = columns[name], columns[f"{TEMPORARY}rows"]
        if self._is_pooled_stock(name) and self.over_time == "last":
            cells = columns[f"{TEMPORARY}at_end"]
        known = cells if self.table.is_complete(name) else columns[f"{TEMPORARY}known_{name}"]
        shown = known > 0
        if self._is_pooled_stock(name):
            rows = columns[f"{TEMPORARY}teams"]
            if self.over_time == "mean":
                rows = rows * columns[f"{TEMPORARY}periods"]
                total = total / columns[f"{TEMPORARY}periods"]
            # A team without a row is a part that is missing, not a caseload of nobody.
            complete = (known == cells) & (cells >= rows)
            shown = complete if self.over_time == "mean" else shown
        else:
            complete = known == cells
        if not self.total_of_known:
            shown = complete
        elif measure_of(name) in self.bounded and not name.endswith(LOWER):
            # A suppressed part is no missing one: the total without it would read it as zero.
            lower = f"{measure_of(name)}{LOWER}"
            least = cells if self.table.is_complete(lower) else columns[f"{TEMPORARY}known_{lower}"]
            shown = shown & (known == least)
        return columns.where(shown, total), columns.where(complete, total)

    def _add_average_caseload(self, columns: Columns) -> None:
        if "caseload" not in self.measures:
            return
        ends = ("", LOWER, UPPER) if "caseload" in self.bounded else ("",)
        made = {
            f"{prefix}average_caseload{end}": columns[f"{prefix}caseload{end}"]
            for prefix in ("", COMPLETE)
            for end in ends
        }
        columns.add(made, ["caseload"])
        self.measures = [*self.measures, *(f"average_caseload{end}" for end in ends)]
        if "caseload" in self.bounded:
            self.bounded += ("average_caseload",)

    # What the totals are fit for

    def in_years(self) -> Any:
        """Where the flows of a group cover one year, each team's all of it; None for everywhere, or where unknown."""
        columns = self.columns
        if self.pools_periods:
            every_team = columns[f"{TEMPORARY}rows"] == columns[f"{TEMPORARY}teams"] * columns[f"{TEMPORARY}periods"]
            return self._spans_a_year() & every_team
        if "period" not in self.by:
            return None
        if isinstance(columns, Arrays):
            found = self.table.periods
            years = {value for value, reading in found.items() if reading.form == "financial year"}
            return np.array([value in years for value in columns.frame.get_column("period").to_list()])
        if self.table.schema["period"].is_temporal():
            return None
        return self.table.text("period").str.contains(FINANCIAL_YEAR)

    def _spans_a_year(self) -> Any:
        columns = self.columns
        within = columns[f"{TEMPORARY}latest"] - columns[f"{TEMPORARY}earliest"]
        if isinstance(columns, Arrays):
            lengths = {MONTHS_OF[reading.form] for reading in self.table.periods.values()} or {1}
            length: Any = max(lengths)
            same: Any = len(lengths) == 1
        else:
            length = columns[f"{TEMPORARY}longest"]
            same = columns[f"{TEMPORARY}shortest"] == length
        return (columns[f"{TEMPORARY}months"] * length == 12) & (within + length == 12) & same

    def rates_where(self) -> Any:
        """Where a group's flows may stand over a population: one year, one period, or whatever is meant by a sum."""
        if not self.pools_periods or self.over_time == "sum":
            return None
        in_years = self.in_years()
        if self.table.lazy and self.over_time:
            return in_years | (self.columns[f"{TEMPORARY}first"] == self.columns[f"{TEMPORARY}end"])
        return in_years

    def some_year(self) -> bool:
        """Whether any group may cover a year."""
        if not self.has_period:
            return True
        if self.table.lazy:
            return ("period" in self.by and self.table.is_text("period")) or self.pools_periods
        where = self.in_years()
        if where is None:
            # One period only: it is in the rows, no longer in the groups.
            return all(reading.form == "financial year" for reading in self.table.periods.values())
        return bool(np.any(where))

    def refuse_pooled_rates(self, wanted: Sequence[Metric]) -> None:
        """Refuse flows of other than one year over a population, unless that is meant.

        `wanted`: the metrics that are to be computed. Raises `BadInput` when a flow of several years, or of more or
        fewer than twelve months, would become a rate.
        """
        if not self.pools_periods or self.over_time is not None:
            return
        if not self.table.lazy and months_counted(self.table.periods) == (12, True):
            return
        flows = dict.fromkeys(name for metric in wanted for name in flows_over_people(metric))
        expected = (
            "by='period' (with what else there is in by), or over_time='sum' for a sum over all of them: a rate per "
            "100,000 is that of one period or of one year"
        )
        problems = [Problem(name, None, self.pooled(), expected) for name in flows if name in self.measures]
        refuse("aggregate", problems)

    def left_out(self) -> dict[str, str]:
        """The metrics that the rule over time leaves out, each with the reason."""
        if not self.pools_periods or self.over_time is None:
            return {}
        found: dict[str, str] = {}
        if self.over_time != "sum":
            caseload, rule = ("caseload", "last") if self.over_time == "mean" else ("average_caseload", "mean")
            reason = f"over_time={rule!r}, for it is defined on the {caseload.replace('_', ' ')}"
            found = {
                name: reason
                for name, metric in CATALOGUE.items()
                if caseload in metric.inputs and (metric.annual or caseload == "average_caseload")
            }
            if not self.table.lazy and not np.any(self.rates_where()):
                reason = "by='period', or over_time='sum': a rate per 100,000 is that of one period or of one year"
                found |= {name: reason for name, metric in CATALOGUE.items() if flows_over_people(metric)}
        return found

    def notes(self, metrics: Sequence[Metric]) -> list[str]:
        """Which groups have no yearly metric because a team lacks periods of the year."""
        yearly = [metric.name for metric in metrics if metric.annual or flows_over_people(metric)]
        if not self.pools_periods or self.over_time == "sum" or not isinstance(self.columns, Arrays):
            return []
        yearly = yearly or ["metrics of a year"]
        lacking = self._spans_a_year() & ~self.in_years()
        if not lacking.any():
            return []
        columns = self.columns
        rows, teams, periods = (columns[f"{TEMPORARY}{name}"][lacking] for name in ("rows", "teams", "periods"))
        groups = columns.frame.select(*self.by).rows() if self.by else [()] * len(lacking)
        named = [
            ", ".join(f"{key}={value}" for key, value in zip(self.by, group, strict=True)) or "the total"
            for group, lacks in zip(groups, lacking, strict=True)
            if lacks
        ]
        told = [
            f"{name} ({row} rows, where {team} teams of {period} periods have {team * period})"
            for name, row, team, period in zip(named[:5], rows, teams, periods, strict=False)
        ]
        more = f" and {len(named) - 5} more" if len(named) > 5 else ""
        return [f"{', '.join(yearly)}: missing where a team lacks a period of the year: {'; '.join(told)}{more}"]


def flows_over_people(metric: Metric) -> list[str]:
    """The flows of a metric that is a rate of a population, which are those of a period."""
    if POPULATION not in metric.inputs:
        return []
    return [name for name in metric.inputs if name in MEASURES and MEASURES[name].kind is Kind.FLOW]


def _grouped(frame: Frame, by: list[str], sums: list[nw.Expr]) -> Frame:
    if isinstance(frame, nw.DataFrame):
        if frame.implementation.is_polars() and len(frame) >= _STREAMED:
            lazily = frame.lazy().group_by(*by).agg(*sums)
            try:
                grouped = lazily.collect("polars", engine="streaming")
            except ValueError:  # of Polars before 1.23, which knows no such engine
                grouped = lazily.collect("polars")
        else:
            grouped = frame.group_by(*by).agg(*sums)
        # The groups as they first appear.
        return grouped.sort(f"{TEMPORARY}order")
    return frame.group_by(*by).agg(*sums)


def _series(name: str, values: np.ndarray[Any, Any], frame: nw.DataFrame[Any]) -> nw.Series[Any]:
    if frame.implementation.is_pandas():
        import pandas as pd

        return nw.from_native(pd.Series(values, index=nw.to_native(frame).index, name=name), series_only=True)
    return nw.new_series(name, values, backend=frame.implementation)
