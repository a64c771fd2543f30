"""Aggregating: sum the measures, each in its own way, then compute the metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeVar

from cmhs_metrics.errors import BadInput, Problem
from cmhs_metrics.measures import MEASURES, Kind
from cmhs_metrics.selection import plan
from cmhs_metrics.tables.bounds import bounded_measures, with_plain_bounds
from cmhs_metrics.tables.computing import compute, units_of
from cmhs_metrics.tables.entry import enter, require
from cmhs_metrics.tables.known import BoundedRules
from cmhs_metrics.tables.people import of_places, of_populations
from cmhs_metrics.tables.rules import TEMPORARY, WHOLE, Rules
from cmhs_metrics.tables.validation import check_cells

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cmhs_metrics.tables.entry import Frame as Computed
    from cmhs_metrics.tables.entry import Table

OverTime = Literal["last", "mean"]
Frame = TypeVar("Frame")


def aggregate(
    table: Frame,
    by: str | Sequence[str] = (),
    *,
    populations: Any = None,
    place: str | Sequence[str] | None = None,
    over_time: OverTime | None = None,
    total_of_known: bool = False,
    metrics: Sequence[str | Callable[..., Any]] | None = None,
    basis: str | Sequence[str] | None = None,
    keys: Sequence[str] | None = None,
) -> Frame:
    """Sum the measures of a table over groups, then compute every metric that they allow.

    Parameters
    ----------
    table : any frame that narwhals knows
        A row for each team (or organisation) and period [measures each in its canonical unit].
    by : str or sequence of str
        The columns to group by, for example "icb" or ["organisation", "team_type"]; nothing gives one row, the total.
    populations : table of the same kind, optional
        The people of each distinct place, joined after the measures were summed: a row a place, with columns of `by`,
        the columns named in `place`, and population columns such as ``registered_population`` [person]. Further columns
        (the name of a place, its region) have no part in it, and must be the same wherever a place stands twice; of a
        lazy table, which is not looked into, a place of several rows has no people where there are further columns.
    place : str or sequence of str, optional
        The column that names the places to which populations belong, where that is not one of `by`. They are added over
        distinct places, never over teams or periods. With `populations`, a place that the table of teams names too
        counts where it has teams, and one without a population makes that of its group missing; a place of which the
        teams know nothing (a practice, an age band) counts always.
    over_time : {"last", "mean"}, optional
        How a stock (caseload, WTE, beds) of several periods becomes one: that of the table's last period, missing for a
        group that has no row there, or the mean over the group's periods. Needed when periods are pooled. Flows add.
    total_of_known : bool, default False
        Whether a total leaves out what is missing. By default it is missing when any part is. Metrics are computed from
        whole totals either way: a cost that is known over a caseload half of which is not would be a wrong number.
    metrics, basis, keys
        As in `with_metrics`; the columns of `by` are keys too.

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
    groups = [by] if isinstance(by, str) else list(by or ())
    places = [place] if isinstance(place, str) else list(place or ())
    entered = with_plain_bounds(enter(table))
    bounded = bounded_measures(entered)
    _check_arguments(entered, groups, over_time, bounded)
    if keys is None and entered.keys():
        # What rows are grouped by tells them apart as well: an ICB's share of a trust is a row of its own.
        keys = list(dict.fromkeys([*entered.keys(), *groups]))
    if not entered.lazy:
        check_cells(entered, keys, by_team_type="team_type" in groups)
    rules = _rules(entered, groups, over_time, total_of_known, list(keys) if keys is not None else None, bounded)
    totals = rules.totals()
    people = _people(entered, groups, populations, places, total_of_known)
    if people is not None:
        on = [name for name in people.collect_schema().names() if name in groups]
        totals = totals.join(people, on=on, how="left") if on else totals.join(people, how="cross")  # type: ignore[arg-type]
    columns = plan(
        totals.collect_schema().names(),
        metrics,
        basis,
        annual=rules.some_year(totals),
        required=False,
        left_out=rules.contradicted(),
    )
    known = rules.bounded if isinstance(rules, BoundedRules) else ()
    result = rules.in_order(compute(totals, columns, annual_where=rules.where_a_year(), prefix=WHOLE, bounded=known))
    names = [name for name in result.collect_schema().names() if not name.startswith(TEMPORARY)]
    return entered.leave(result.select(*names), units_of(columns, known))  # type: ignore[no-any-return]


def _rules(
    table: Table,
    by: list[str],
    over_time: str | None,
    total_of_known: bool,
    keys: list[str] | None,
    bounded: Sequence[str],
) -> Rules:
    if bounded:
        return BoundedRules(table, by, over_time, total_of_known, keys, bounded)
    return Rules(table, by, over_time, total_of_known, keys)


def _check_arguments(table: Table, by: list[str], over_time: str | None, bounded: Sequence[str]) -> None:
    require(table, by, "by")
    problems = [
        Problem("by", None, name, "a column that names groups, and not a measure") for name in by if name in MEASURES
    ]
    problems += [Problem("by", None, name, "each column once") for name in sorted({n for n in by if by.count(n) > 1})]
    if over_time not in (None, "last", "mean"):
        problems.append(Problem("over_time", None, over_time, "'last' or 'mean'"))
    shared = [name for name in table.measures if MEASURES[name].kind is Kind.DISTINCT]
    problems += [
        Problem(name, None, None, "to be left out: rows share what it counts, so it does not add") for name in shared
    ]
    problems += [
        Problem(name, None, None, "to be known exactly: people that lie between bounds are not added over places")
        for name in bounded
        if MEASURES[name].kind is Kind.POPULATION
    ]
    if problems:
        raise BadInput("aggregate", problems)


def _people(table: Table, by: list[str], populations: Any, place: list[str], total_of_known: bool) -> Computed | None:
    held = [name for name in table.measures if MEASURES[name].kind is Kind.POPULATION]
    if populations is not None:
        if held:
            problems = [Problem(name, None, None, "to stand in the table or in populations, not both") for name in held]
            raise BadInput("aggregate", problems)
        return of_populations(table, by, populations, place, total_of_known)
    if not held:
        return None
    if not place:
        expected = (
            "place= (the column whose people they are) or a table of its own in populations=: teams share a "
            "population, so it cannot be added over them"
        )
        raise BadInput("aggregate", [Problem(name, None, None, expected) for name in held])
    return of_places(table, by, place, held, total_of_known)
