"""Aggregating: sum the measures, each in its own way, then compute the metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import narwhals as nw

from cmhs_metrics.errors import BadInput, Problem
from cmhs_metrics.measures import MEASURES, Kind
from cmhs_metrics.selection import plan
from cmhs_metrics.tables.columns import compute
from cmhs_metrics.tables.entry import enter, require, row_name
from cmhs_metrics.tables.validation import FINANCIAL_YEAR, check_cells, number

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cmhs_metrics.tables.entry import Frame, Table

OverTime = Literal["last", "mean"]
_TEMPORARY = "_aggregate_"
_WHOLE = f"{_TEMPORARY}whole_"


def aggregate(
    table: Any,
    by: str | Sequence[str] = (),
    *,
    populations: Any = None,
    place: str | Sequence[str] | None = None,
    over_time: OverTime | None = None,
    total_of_known: bool = False,
    metrics: Sequence[str | Callable[..., Any]] | None = None,
    basis: str | Sequence[str] | None = None,
    keys: Sequence[str] | None = None,
) -> Any:
    """Sum the measures of a table over groups, then compute every metric that they allow.

    Parameters
    ----------
    table : any frame that narwhals knows
        A row for each team (or organisation) and period [measures each in its canonical unit].
    by : str or sequence of str
        The columns to group by, for example "icb" or ["organisation", "team_type"]; nothing gives one row, the total.
    populations : table of the same kind, optional
        The people of each distinct place, joined after the measures were summed: a row a place, with the columns of
        `by` that tell places apart, any finer place (a practice, an age band), and ``registered_population``,
        ``weighted_population`` or both [person].
    place : str or sequence of str, optional
        Where the table itself has population columns: the column that names the place they belong to. They are added
        over distinct places, never over teams or periods.
    over_time : {"last", "mean"}, optional
        How a stock (caseload, WTE, beds) of several periods becomes one: that of the table's last period, missing for a
        group that has no row there, or the mean over the group's periods. Needed when periods are pooled. Flows add.
    total_of_known : bool, default False
        Whether a total leaves out what is missing. By default it is missing when any part is. Metrics are computed from
        whole totals either way: a cost that is known over a caseload half of which is not would be a wrong number.
    metrics, basis, keys
        As in `with_metrics`.

    Returns
    -------
    The same kind of table
        A row for each group, in the order in which groups first appear (a lazy table comes sorted by `by`): the
        columns of `by`, the measures' totals [their canonical units], the populations, the metrics.

    Raises
    ------
    BadInput
        When a cell is wrong (see `validate`), a column is not there, stocks would be pooled over periods or populations
        over teams without a rule, or a place has two populations.

    Notes
    -----
    Metrics never add: the metric of a group is the ratio of its totals, not a mean of its teams' metrics. The audit's
    own "average" is such a mean of trusts.

    References
    ----------
    NHS Benchmarking Network, Community Mental Health Services Audit 2016/17: CMHS Finance – Unit Costs, on what its
    averages are.

    Examples
    --------
    >>> import pandas as pd
    >>> import cmhs_metrics as cm
    >>> teams = pd.DataFrame({"icb": ["QUE", "QUE"], "team": ["North", "South"], "caseload": [500, 500]})
    >>> people = pd.DataFrame({"icb": ["QUE"], "registered_population": [100_000]})
    >>> cm.aggregate(teams, by="icb", populations=people)["caseload_per_100k_registered"].tolist()
    [1000.0]
    """
    groups = [by] if isinstance(by, str) else list(by)
    entered = enter(table)
    require(entered, groups, "by")
    if over_time not in (None, "last", "mean"):
        raise BadInput("aggregate", [Problem("over_time", None, over_time, "'last' or 'mean'")])
    if not entered.lazy:
        check_cells(entered, keys)
    rules = _Rules(entered, groups, over_time, total_of_known)
    totals = rules.totals()
    people = _people(entered, groups, populations, place, rules)
    if people is not None:
        on = [name for name in people.collect_schema().names() if name in groups]
        totals = totals.join(people, on=on, how="left") if on else totals.join(people, how="cross")  # type: ignore[arg-type]
    schema = totals.collect_schema().names()
    columns = plan(schema, metrics, basis, annual=rules.whole_years(), required=False)
    result = rules.in_order(compute(totals, columns, annual_where=rules.year_of_group(), prefix=_WHOLE))
    names = [name for name in result.collect_schema().names() if not name.startswith(_TEMPORARY)]
    return entered.leave(result.select(*names), {column.name: column.metric.unit for column in columns})


class _Rules:
    """How the measures of one table add over its groups."""

    def __init__(self, table: Table, by: list[str], over_time: OverTime | None, total_of_known: bool) -> None:
        self.table, self.by, self.over_time, self.total_of_known = table, by, over_time, total_of_known
        self.measures = [name for name in table.measures if MEASURES[name].kind is not Kind.POPULATION]
        stocks = [name for name in self.measures if MEASURES[name].kind is Kind.STOCK]
        self.pools_periods = "period" in table.schema and "period" not in by and self.periods() != 1
        if not self.measures:
            raise BadInput("the table", [Problem(None, None, list(table.schema), "a column of a measure that adds")])
        if self.pools_periods and stocks and over_time is None:
            found = f"{self.periods()} periods" if self.periods() else "perhaps several periods"
            raise BadInput(
                "aggregate",
                [
                    Problem(name, None, found, "over_time='last' or 'mean': a stock does not add over time")
                    for name in stocks
                ],
            )

    def periods(self) -> int | None:
        """How many periods the table has; None where that is not known before the query runs."""
        if isinstance(self.table.frame, nw.LazyFrame):
            return None
        return int(self.table.frame.get_column("period").n_unique())

    def totals(self) -> Frame:
        """The measures, summed."""
        frame = self.table.frame
        if not self.by:
            frame = frame.with_columns(nw.lit(0).alias(f"{_TEMPORARY}all"))
        grouped = self.by or [f"{_TEMPORARY}all"]
        last = self.pools_periods and self.over_time == "last"
        if last:
            # A constant column of the table's last period: windows would lose the order of rows in some engines.
            end = frame.select(nw.col("period").max().alias(f"{_TEMPORARY}end"))
            frame = frame.join(end, how="cross")  # type: ignore[arg-type]
        prepared, sums = [], []
        for name in self.measures:
            value, counts = number(name), nw.lit(1)
            if last and MEASURES[name].kind is Kind.STOCK:
                at_end = nw.col("period") == nw.col(f"{_TEMPORARY}end")
                value = nw.when(at_end).then(value)
                counts = nw.when(at_end).then(1).otherwise(0)
            # Engines sum nothing to zero: how many cells there were and how many were known says what a sum is worth.
            prepared += [value.alias(name), counts.cast(nw.Float64).alias(f"{_TEMPORARY}cells_{name}")]
            sums += [
                nw.col(name).sum(),
                nw.col(name).count().alias(f"{_TEMPORARY}known_{name}"),
                nw.col(f"{_TEMPORARY}cells_{name}").sum(),
            ]
        if self.pools_periods and self.over_time == "mean":
            sums.append(nw.col("period").n_unique().alias(f"{_TEMPORARY}periods"))
        if isinstance(frame, nw.DataFrame):
            frame = frame.with_row_index(f"{_TEMPORARY}order")
            sums.append(nw.col(f"{_TEMPORARY}order").min())
        summed = frame.with_columns(*prepared).group_by(*grouped).agg(*sums)
        return summed.with_columns(*(total for name in self.measures for total in self._total(name)))

    def _total(self, name: str) -> tuple[nw.Expr, nw.Expr]:
        total = nw.col(name)
        if MEASURES[name].kind is Kind.STOCK and self.pools_periods and self.over_time == "mean":
            total = total / nw.col(f"{_TEMPORARY}periods")
        return _worth(name, total, nw.col(f"{_TEMPORARY}cells_{name}"), self.total_of_known)

    def whole_years(self) -> bool:
        """Whether the flows of a group may cover a year."""
        if "period" not in self.table.schema:
            return True
        text = self.table.schema["period"] == nw.String
        if isinstance(self.table.frame, nw.LazyFrame):
            # Only where the period stays in the result can the query itself tell a year from a month.
            return text and "period" in self.by
        periods = [str(period) for period in self.table.frame.get_column("period").unique().to_list()]
        if all("/" in period for period in periods):
            return not self.pools_periods
        return self.pools_periods and len(periods) == len({period[:7] for period in periods}) == 12

    def year_of_group(self) -> nw.Expr | None:
        """Where a group of a lazy table is a financial year's."""
        if self.table.lazy and "period" in self.by and self.table.schema["period"] == nw.String:
            return nw.col("period").str.contains(FINANCIAL_YEAR)
        return None

    def in_order(self, frame: Frame) -> Frame:
        """The groups as they first appear, or sorted by what they are grouped by where rows have no order."""
        if isinstance(frame, nw.DataFrame):
            return frame.sort(f"{_TEMPORARY}order")
        return frame.sort(*self.by) if self.by else frame


def _people(
    table: Table, by: list[str], populations: Any, place: str | Sequence[str] | None, rules: _Rules
) -> Frame | None:
    held = [name for name in table.measures if MEASURES[name].kind is Kind.POPULATION]
    if populations is not None:
        if held:
            raise BadInput(
                "aggregate",
                [Problem(name, None, None, "to stand in the table or in populations, not both") for name in held],
            )
        return _of_populations(table, by, populations, rules)
    if not held:
        return None
    if place is None:
        raise BadInput(
            "aggregate",
            [
                Problem(
                    name,
                    None,
                    None,
                    "place= (the column whose people they are) or a table of its own in populations=: teams share a "
                    "population, so it cannot be added over them",
                )
                for name in held
            ],
        )
    return _of_places(table, by, [place] if isinstance(place, str) else list(place), held, rules)


def _of_populations(table: Table, by: list[str], populations: Any, rules: _Rules) -> Frame:
    """The population of each group, from a table of places."""
    entered = enter(populations)
    held = [name for name in entered.measures if MEASURES[name].kind is Kind.POPULATION]
    names = [name for name in entered.schema if name not in held]
    problems = []
    if not held:
        problems.append(Problem("populations", None, list(entered.schema), "a population column"))
    if entered.frame.implementation != table.frame.implementation or entered.lazy != table.lazy:
        kind = table.frame.implementation.value
        problems.append(
            Problem("populations", None, type(populations).__name__, f"a {kind} table, as the teams are in")
        )
    on = [name for name in by if name in names]
    if by and not on:
        problems.append(Problem("populations", None, names, f"at least one of the columns {', '.join(by)}"))
    problems += [
        Problem("populations", None, name, f"no {name} column, or {name!r} in by: people do not add over {over}")
        for name, over in (("period", "periods"), ("team_type", "team types"), ("team", "teams"))
        if name in names and name not in by
    ]
    if problems:
        raise BadInput("aggregate", problems)
    if not entered.lazy:
        check_cells(entered, names)
    return _sum_places(entered.frame, on, held, rules.total_of_known)


def _of_places(table: Table, by: list[str], place: list[str], held: list[str], rules: _Rules) -> Frame:
    """The population of each group, from the table of teams: once for each distinct place."""
    require(table, place, "place")
    named = list(dict.fromkeys([*by, *place]))
    counts = [nw.col(name).count().alias(f"{_TEMPORARY}known_{name}") for name in held]
    prepared = table.frame.with_columns(*(number(name).alias(name) for name in held))
    ends = [nw.col(name).min().alias(f"{_TEMPORARY}min_{name}") for name in held]
    ends += [nw.col(name).max().alias(f"{_TEMPORARY}max_{name}") for name in held]
    places = prepared.group_by(*named).agg(*ends, *counts, nw.len().alias(f"{_TEMPORARY}cells"))
    if isinstance(places, nw.DataFrame):
        _refuse_two_populations(places, named, held)
    once = places.with_columns(
        *(
            nw.when(
                (nw.col(f"{_TEMPORARY}min_{name}") == nw.col(f"{_TEMPORARY}max_{name}"))
                & (nw.col(f"{_TEMPORARY}known_{name}") == nw.col(f"{_TEMPORARY}cells"))
            )
            .then(nw.col(f"{_TEMPORARY}max_{name}"))
            .alias(name)
            for name in held
        )
    )
    return _sum_places(once.select(*named, *held), by, held, rules.total_of_known)


def _refuse_two_populations(places: nw.DataFrame[Any], named: list[str], held: list[str]) -> None:
    problems = []
    for name in held:
        low, high = f"{_TEMPORARY}min_{name}", f"{_TEMPORARY}max_{name}"
        for row in places.filter(nw.col(low) < nw.col(high)).rows(named=True):
            found = f"{row[low]:,.0f} to {row[high]:,.0f}"
            problems.append(Problem(name, row_name(row, named), found, "one population for the place"))
    if problems:
        raise BadInput("the table", problems)


def _sum_places(frame: Frame, on: list[str], held: list[str], total_of_known: bool) -> Frame:
    if not on:
        frame = frame.with_columns(nw.lit(0).alias(f"{_TEMPORARY}all"))
    prepared = frame.with_columns(*(number(name).alias(name) for name in held))
    summed = prepared.group_by(*(on or [f"{_TEMPORARY}all"])).agg(
        *(nw.col(name).sum() for name in held),
        *(nw.col(name).count().alias(f"{_TEMPORARY}known_{name}") for name in held),
        nw.len().alias(f"{_TEMPORARY}cells"),
    )
    cells = nw.col(f"{_TEMPORARY}cells")
    totals = summed.with_columns(
        *(total for name in held for total in _worth(name, nw.col(name), cells, total_of_known))
    )
    return totals.select(*on, *held, *(f"{_WHOLE}{name}" for name in held))


def _worth(name: str, total: nw.Expr, cells: nw.Expr, total_of_known: bool) -> tuple[nw.Expr, nw.Expr]:
    """A total as it is shown, and as metrics take it: only where nothing of it is missing."""
    known = nw.col(f"{_TEMPORARY}known_{name}")
    complete = (known == cells) & (cells > 0)
    shown = known > 0 if total_of_known else complete
    return nw.when(shown).then(total).alias(name), nw.when(complete).then(total).alias(f"{_WHOLE}{name}")
