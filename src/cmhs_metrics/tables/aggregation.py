"""Aggregating: sum the measures, each in its own way, then compute the metrics."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeVar

import narwhals as nw

from cmhs_metrics.catalogue import describe
from cmhs_metrics.errors import BadInput, Problem, refuse
from cmhs_metrics.measures import MEASURES, POPULATION, Kind
from cmhs_metrics.selection import plan
from cmhs_metrics.signatures import checked
from cmhs_metrics.tables.bounds import measure_of
from cmhs_metrics.tables.checking import check
from cmhs_metrics.tables.columns import Arrays
from cmhs_metrics.tables.combining import COMPLETE, TEMPORARY, Totals, flows_over_people
from cmhs_metrics.tables.computing import compute, units_of
from cmhs_metrics.tables.giving_back import with_notes
from cmhs_metrics.tables.populations import NEVER_A_PLACE, joined, matched, of_places, of_populations
from cmhs_metrics.tables.reading import read_table
from cmhs_metrics.tables.table import require
from cmhs_metrics.tables.total_rows import labels_alike, leave_out, total_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cmhs_metrics.selection import Column
    from cmhs_metrics.tables.table import Frame as Computed
    from cmhs_metrics.tables.table import Table

OverTime = Literal["last", "mean", "sum"]
Frame = TypeVar("Frame")


@checked
def aggregate(
    table: Frame,
    by: str | Sequence[str] | None = (),
    *,
    populations: Any = None,
    place: str | Sequence[str] | None = None,
    over_time: OverTime | None = None,
    total_of_known: bool = False,
    totals: bool = False,
    exclude: str | Sequence[str] = (),
    metrics: str | Callable[..., Any] | Sequence[str | Callable[..., Any]] | None = None,
    basis: str | Sequence[str] | None = None,
    keys: str | Sequence[str] | None = None,
) -> Frame:
    """Sum the measures of a table over groups, then compute every metric that they allow.

    Parameters
    ----------
    table : any frame that narwhals knows
        A row for each team (or organisation) and period [measures each in its canonical unit]. Its column `period`
        holds financial years ("2016/17"), quarters ("2016/17 Q1"), months ("2016-04") or dates; a year is that, or its
        four quarters, or twelve months that follow one another.
    by : str or sequence of str, optional
        The columns to group by, for example "icb" or ["organisation", "team_type"]; nothing gives one row, the total.
    populations : table of the same kind, optional
        The people of each distinct place, joined after the measures were summed: a row a place, with columns of `by`,
        the columns named in `place`, and population columns such as ``registered_population`` [person]. Further columns
        (the name of a place, its region) have no part in it, and must be the same wherever a place stands twice; of a
        lazy table, which is not looked into, a place of several rows has no people.
    place : str or sequence of str, optional
        The column that names the places to which populations belong, where that is not one of `by`. They are added over
        distinct places, never over teams or periods. With `populations`, a place that the table of teams names too
        counts where it has teams, and one without a population makes that of its group missing; a place of which the
        teams know nothing (a practice, an age band) counts always.
    over_time : {"last", "mean", "sum"}, optional
        How a stock (caseload, WTE, beds) of several periods becomes one: that of the table's last period, missing for a
        group that has no row there, or the mean over the group's periods. Needed when periods are pooled. Flows add;
        but a rate per 100,000 is that of one period or of one year. "sum", of a table without stocks, says that flows
        of any number of periods are meant, which the result counts in ``periods``.
    total_of_known : bool, default False
        Whether a total leaves out what is missing. By default it is missing when any part is. Metrics are computed from
        whole totals either way: a cost that is known over a caseload half of which is not would be a wrong number.
    totals : bool, default False
        Whether totals of every level of `by` follow: for ``by=["region", "icb"]`` those of the ICBs, of the regions,
        and of all. A column ``level`` names that of each row ("icb", "region", "total"), where the finer columns are
        missing, so that no total is taken for a place.
    exclude : str or sequence of str, optional
        Labels of rows to leave out, such as "Total": those that have it in any column of text. None is left out
        unasked.
    metrics, basis, keys
        As in `with_metrics`; the columns of `by` are keys too.

    Returns
    -------
    The same kind of table
        A row for each group, in the order in which groups first appear (a lazy table comes sorted by `by`): the
        columns of `by`, the measures' totals [their canonical units], the populations, the metrics; after a measure
        with bounds, and after its metrics, their bounds.

    Raises
    ------
    BadInput
        When a cell is wrong (see `validate`), a column is not there, stocks would be pooled over periods or populations
        over teams without a rule, flows of other than a year would become a rate per 100,000, a row is the total of
        others, a place has two populations, or none of the places has one.

    Warns
    -----
    TableNote
        When some places have no population, a team lacks periods of a year, a row adds up to others as a total does or
        is called one and does not, or populations are left out that no metric asked for needs.
        In pandas the notes stand in ``attrs["notes"]`` of the result, too.

    Notes
    -----
    Metrics never add: the metric of a group is the ratio of its totals, not a mean of its teams' metrics. The audit's
    own "average" is such a mean of trusts.

    A measure that is suppressed or rounded may stand with what is known of it: ``caseload`` with ``caseload_lower`` and
    ``caseload_upper`` [its unit]. Bounds add too, and each metric gets ``_lower`` and ``_upper``. A total with a
    suppressed part has bounds and no value, `total_of_known` or not; one of rounded parts is an estimate between its
    bounds, and exact only where these meet. Populations have no bounds.

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
    groups, places = names_of(by), names_of(place)
    read = leave_out(read_table(table), exclude)
    _check_arguments(read, groups, over_time, totals)
    named_by = read.keys(keys)
    if keys is None and named_by:
        # What rows are grouped by tells them apart as well: an ICB's share of a trust is a row of its own.
        named_by = list(dict.fromkeys([*named_by, *groups]))
    notes: list[str] = []
    if not read.lazy:
        found = check(read, keys, by_team_type="team_type" in groups, grouped_by=groups)
        problems, notes = total_rows(read, named_by or groups)
        if found.problems or problems:
            raise BadInput("the table", [*found.problems, *problems], total=found.total + len(problems))
    wanted = _Wanted(populations, places, over_time, total_of_known, metrics, basis)
    levels = [groups[:depth] for depth in range(len(groups), -1, -1)] if totals else [groups]
    results = [_level(read, level, groups, wanted, named_by, notes) for level in levels]
    result = results[0][0] if not totals else _levels_together(results, groups)
    units = {name: unit for _, found_units in results for name, unit in found_units.items()}
    return with_notes(notes, read.to_native(result, units))  # type: ignore[no-any-return]


class _Wanted(NamedTuple):
    """What a caller of `aggregate` asked for."""

    populations: Any
    places: list[str]
    over_time: str | None
    total_of_known: bool
    metrics: Any
    basis: Any


def _level(
    read: Table, by: list[str], groups: list[str], wanted: _Wanted, keys: list[str], notes: list[str]
) -> tuple[Computed, dict[str, str]]:
    """The totals over some columns, with their people and metrics."""
    totals = Totals(read, by, wanted.over_time, wanted.total_of_known, keys)
    columns = totals.columns
    people = _add_people(totals, groups, wanted, notes)
    names = [*by, *totals.measures, *people]
    if wanted.over_time == "sum" and totals.pools_periods:
        columns.add({"periods": columns[f"{TEMPORARY}periods"]})
        names.append("periods")
    schema = [*by, *dict.fromkeys(measure_of(name) for name in totals.measures), *people]
    left_out, annual = totals.left_out(), totals.some_year()
    planned = plan(schema, wanted.metrics, wanted.basis, annual=annual, required=False, left_out=left_out)
    if by == groups and left_out and wanted.metrics is None:
        could = plan(schema, None, wanted.basis, annual=annual, required=False)
        gone = [column.name for column in could if column not in planned and flows_over_people(column.metric)]
        if gone:
            notes.append(f"{', '.join(gone)}: left out, for no group has one year of its {totals.pooled()}")
    totals.refuse_pooled_rates([column.metric for column in planned])
    in_years, rates_where = totals.in_years(), totals.rates_where()

    def where(column: Column) -> Any:
        if column.metric.annual:
            return in_years
        return rates_where if flows_over_people(column.metric) else None

    names += compute(columns, planned, where, prefix=COMPLETE, bounded=totals.bounded)
    if by == groups:
        notes += totals.notes(list(dict.fromkeys(column.metric for column in planned)))
        notes += labels_alike(columns, by)
    result = columns.result(names)
    if isinstance(result, nw.LazyFrame) and by:
        result = result.sort(*by)
    return result, units_of(planned, totals.bounded)


def _levels_together(results: list[tuple[Computed, dict[str, str]]], groups: list[str]) -> Computed:
    """The levels below one another, each row with the name of its own: what it is the total of is no place."""
    names = list(dict.fromkeys(name for frame, _ in results for name in frame.collect_schema().names()))
    schema: dict[str, Any] = {}
    for frame, _ in results:
        schema = {**frame.collect_schema(), **schema}
    together = []
    for depth, (frame, _) in zip(range(len(groups), -1, -1), results, strict=True):
        held = set(frame.collect_schema().names())
        empty = [_nothing(names[-1], schema[name]).alias(name) for name in names if name not in held]
        level = nw.lit(groups[depth - 1] if depth else "total").alias("level")
        together.append(frame.with_columns(level, *empty).select("level", *names))
    with warnings.catch_warnings():
        # Before version 3 pandas tells that columns of nothing but nulls will have a say in the type of the whole.
        warnings.simplefilter("ignore", FutureWarning)
        return nw.maybe_reset_index(nw.concat(together, how="vertical"))  # type: ignore[type-var]


def _nothing(column: str, dtype: Any) -> nw.Expr:
    """A column of nulls; a cast makes the word "None" of them in older pandas."""
    if dtype == nw.String:
        held = nw.col(column)
        return nw.when(held.is_null() & ~held.is_null()).then(nw.lit(""))
    return nw.lit(None).cast(dtype)


def names_of(given: str | Sequence[str] | None) -> list[str]:
    """Names of columns, of which a single one needs no list."""
    return [given] if isinstance(given, str) else list(given or ())


def _check_arguments(table: Table, by: list[str], over_time: str | None, totals: bool) -> None:
    require(table, by, "by")
    problems = [
        Problem("by", None, name, "a column that names groups, and not a measure") for name in by if name in MEASURES
    ]
    problems += [Problem("by", None, name, "each column once") for name in sorted({n for n in by if by.count(n) > 1})]
    if over_time not in (None, "last", "mean", "sum"):
        problems.append(Problem("over_time", None, over_time, "'last' or 'mean', or 'sum' for flows alone"))
    taken = [("level", totals), ("periods", over_time == "sum")]
    problems += [
        Problem("by", None, name, "another name, for the result has a column of it")
        for name, made in taken
        if made and name in by
    ]
    shared = [name for name in table.measures if MEASURES[name].kind is Kind.DISTINCT]
    problems += [
        Problem(name, None, None, "to be left out: rows share what it counts, so it does not add") for name in shared
    ]
    problems += [
        Problem(name, None, None, "to be known exactly: people that lie between bounds are not added over places")
        for name in table.bounded
        if MEASURES[name].kind is Kind.POPULATION
    ]
    refuse("aggregate", problems)


def need_no_people(metrics: Any) -> bool:
    """Whether all metrics that were asked for are without a population; what is no metric is told of later."""
    if metrics is None:
        return False
    try:
        asked = [describe(each) for each in ([metrics] if isinstance(metrics, str) or callable(metrics) else metrics)]
    except KeyError:
        return False
    inputs = {name for metric in asked for name in metric.inputs}
    return POPULATION not in inputs and not any(
        MEASURES[name].kind is Kind.POPULATION for name in inputs & MEASURES.keys()
    )


def _add_people(totals: Totals, groups: list[str], wanted: _Wanted, notes: list[str]) -> list[str]:
    """Put the people of each group beside its totals; the names of their columns."""
    table, by, columns = totals.table, totals.by, totals.columns
    held = [name for name in table.measures if MEASURES[name].kind is Kind.POPULATION]
    to_tell = False
    if wanted.populations is not None:
        if held:
            problems = [Problem(name, None, None, "to stand in the table or in populations, not both") for name in held]
            raise BadInput("aggregate", problems)
        # What a total of a higher level runs over names finer places.
        finer = [name for name in groups if name not in by and name not in NEVER_A_PLACE]
        there = nw.from_native(wanted.populations).collect_schema().names() if finer else []
        places = [*wanted.places, *(name for name in finer if name in there and name not in wanted.places)]
        people, to_tell = of_populations(table, by, wanted.populations, places, wanted.total_of_known, notes)
    elif not held:
        return []
    elif not wanted.places:
        if wanted.basis is None and need_no_people(wanted.metrics):
            notes.append(f"{', '.join(held)}: left out, for no metric asked for needs people (place= adds them)")
            return []
        expected = (
            "place= (the column whose people they are) or a table of its own in populations=: teams share a "
            "population, so it cannot be added over them"
        )
        raise BadInput("aggregate", [Problem(name, None, None, expected) for name in held])
    else:
        people = of_places(table, by, wanted.places, held, wanted.total_of_known)
    found = people.collect_schema().names()
    on = [name for name in by if name in found]
    added = [name for name in found if name not in on]
    told = notes if to_tell else None
    if isinstance(columns, Arrays) and isinstance(people, nw.DataFrame) and on:
        columns.add(matched(columns.frame, people, on, added, told))
    else:
        columns.use(joined(columns.materialised(), people, on, added, told))
    return [name for name in added if not name.startswith(TEMPORARY)]
