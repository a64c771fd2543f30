"""From a user's tables to the figures of a pack: every metric, place and period, each with what is known of it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from cmhs_metrics.benchmarking import benchmark
from cmhs_metrics.catalogue import CATALOGUE
from cmhs_metrics.disclosure import NHS
from cmhs_metrics.errors import BadInput, Problem, nearest, no_columns
from cmhs_metrics.measures import AGE_BAND, BASES, MEASURES, POPULATION, Kind
from cmhs_metrics.packs.entering import (
    BOUNDS,
    columns_of,
    in_memory,
    in_pandas,
    names_columns,
    names_of_places,
    no_places,
    periods_of,
    place_column,
    pooled_periods,
    populations_of_places,
    without_no_place,
)
from cmhs_metrics.packs.parts import PART_COLUMNS, Parts, of_column, of_team_types, split
from cmhs_metrics.presentation import KNOWN, NOT_KNOWN, SUPPRESSED, numbers, period_in_words
from cmhs_metrics.selection import column_of
from cmhs_metrics.tables import aggregate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cmhs_metrics.benchmarking.one_metric import Average
    from cmhs_metrics.tables.aggregation import OverTime

UNDEFINED = "undefined"
"""What a metric is whose denominator is zero."""

AMOUNTS = frozenset({"GBP", "WTE"})
"""Units of what is no count of people or events."""

OF_A_PLACE = (
    "value", "lower", "upper", "rank", "rank_best", "rank_worst", "quartile", "difference", "difference_percent",
    "difference_lower", "difference_upper", "value_lower", "value_upper",
)  # fmt: skip
"""What `benchmark` says of a place itself, of which nothing is kept where its value is not known."""


@dataclass(frozen=True)
class Figures:
    """Everything that a pack shows, before it is put into words, pictures and pages.

    Parameters
    ----------
    by : str
        The column that names the places.
    focus, peers : tuple of str
        The places that the reader asks about, and those that they are compared with besides.
    names : mapping of str to str
        How places are called, where the tables say so.
    average : str
        The kind of average.
    confidence : float
        Of the intervals [proportion].
    period : str or None
        The period shown; None where the table has none.
    rows : pandas.DataFrame
        The result of `benchmark` in that period, with `status` and `period`.
    history : pandas.DataFrame
        The same of every period, in their order; empty where there is only one.
    measures : pandas.DataFrame
        The sums of the measures of each place in the period shown, with the populations.
    unused : tuple of str
        The columns of the user's tables that the pack does not use.
    pooled : bool
        Whether the period is several of the table, pooled into one.
    parts : tuple of Parts
        The sums by type of team, staff group and care cluster, where the table has these.
    no_place : pandas.DataFrame, optional
        As `measures`, of the rows that stand for no place, such as "Unknown": they are in nothing else.
    targets, improvement : mapping of str
        The target of metrics, and which way is good, as the reader gave them.
    """

    by: str
    focus: tuple[str, ...]
    peers: tuple[str, ...]
    names: Mapping[str, str]
    average: str
    confidence: float
    period: str | None
    rows: pd.DataFrame
    history: pd.DataFrame
    measures: pd.DataFrame
    unused: tuple[str, ...]
    pooled: bool = False
    parts: tuple[Parts, ...] = ()
    no_place: pd.DataFrame | None = None
    targets: Mapping[str, float] = field(default_factory=dict)
    improvement: Mapping[str, str] = field(default_factory=dict)

    def name(self, place: str) -> str:
        """A place as the pack first calls it: its name, and its code where it has both."""
        name = self.names.get(place)
        return f"{spoken(name)} ({place})" if name and name != place else place

    def short_name(self, place: str) -> str:
        """A place as sentences call it from then on: without its code, where its name is no other's."""
        name = spoken(self.names.get(place, place))
        if sum(spoken(each) == name for each in self.names.values()) > 1:
            return self.name(place)
        return name.removeprefix("NHS ").replace("Integrated Care Board", "ICB")

    @property
    def shown_period(self) -> str:
        """The period shown, in words; empty where the table has none."""
        return period_in_words(self.period) if self.period else ""

    @property
    def periods(self) -> list[str]:
        """The periods that can be set beside one another; none where there is only one."""
        return list(dict.fromkeys(self.history["period"])) if len(self.history) else []

    @property
    def bases(self) -> list[str]:
        """The populations that rates stand on, the first being that of the charts."""
        return [name for name in ("weighted", "registered", "16+") if name in set(self.rows["basis"].dropna())]

    @property
    def small_counts(self) -> int:
        """How many counts the figures rest on that are above zero, and that the NHS rule would suppress."""
        counted = [
            name
            for name in map(str, self.measures)
            if name in MEASURES and MEASURES[name].kind is not Kind.POPULATION and MEASURES[name].unit not in AMOUNTS
        ]
        held = self.measures[counted]
        return int(((held > 0) & NHS.is_suppressed(held)).sum().sum())


_SMALL = frozenset({"And", "Of", "The", "In", "On", "Upon", "With"})
_CAPITALS = frozenset({"Nhs": "NHS", "Icb": "ICB", "Uk": "UK"}.items())


def spoken(name: str) -> str:
    """A name without the capitals in which official files shout it.

    Examples
    --------
    >>> spoken("NHS BATH AND NORTH EAST SOMERSET, SWINDON AND WILTSHIRE INTEGRATED CARE BOARD")
    'NHS Bath and North East Somerset, Swindon and Wiltshire Integrated Care Board'
    >>> spoken("QUE"), spoken("Stoke-on-Trent")
    ('QUE', 'Stoke-on-Trent')
    >>> spoken("NHS Hampshire And Isle Of Wight ICB")
    'NHS Hampshire and Isle of Wight ICB'
    """
    words, small = name.split(" "), frozenset({"And", "Of"})
    if len(words) > 1 and name.isupper() and any(len(word) > 4 for word in words):
        words, small = [dict(_CAPITALS).get(word, word) for word in name.title().split(" ")], _SMALL
    return " ".join(word.casefold() if word in small and at else word for at, word in enumerate(words))


def compare(
    data: Any,
    populations: Any = None,
    *,
    focus: Sequence[str] = (),
    peers: Sequence[str] = (),
    by: str | None = None,
    place: str | None = None,
    basis: str | Sequence[str] | None = None,
    period: Any = None,
    over_time: OverTime | None = None,
    average: Average = "pooled",
    confidence: float = 0.95,
    targets: Mapping[str, float] | None = None,
    improvement: Mapping[str, str] | None = None,
) -> Figures:
    """Set every metric of the places of a table side by side, in each of its periods.

    Parameters
    ----------
    data, populations, focus, peers, by, place, basis, period, over_time, average, confidence, targets, improvement
        As in `pack`.

    Returns
    -------
    Figures
        The figures.

    Raises
    ------
    BadInput
        When the tables are not in order, or a place, column or period is not there.
    """
    columns = columns_of(data)
    _check_metrics(targets or {}, improvement or {})
    by = by or place_column(data, columns, [*focus, *peers])
    if by not in columns:
        raise BadInput("pack", no_columns("by", [by], columns, data))
    names = names_of_places(data, by) | (names_of_places(populations, by) if populations is not None else {})
    people, unused = populations_of_places(populations, columns, by, place)
    held = [name for name in columns if name in MEASURES and MEASURES[name].kind is Kind.POPULATION]
    if held and people is None:
        place = place or ("organisation" if "organisation" in columns else by)
    used = {by, place, "period", *MEASURES, "team", "team_type", "organisation", *names_columns(by), *PART_COLUMNS}
    bounds = {f"{name}{end}" for name in MEASURES for end in BOUNDS}
    unused = [*(name for name in columns if name not in used | bounds), *unused]
    teams, named, keys = split(data)
    keys = None if keys is None else list(dict.fromkeys([*keys, by]))
    pooled = pooled_periods(data, columns, period) if over_time is not None else None
    groups = [by, *(["period"] if "period" in columns and over_time is None else [])]
    people_of = {"populations": people, "place": place if held or place in columns_of(people) else None}
    totals = aggregate(teams, groups, over_time=over_time, keys=keys, **people_of)
    sums, whole = in_memory(totals, by), in_pandas(totals)
    aside = no_places(sums, by)
    teams, named = without_no_place(teams, by), {name: without_no_place(rows, by) for name, rows in named.items()}
    sums, left_out = sums[~aside].reset_index(drop=True), sums[aside]
    _refuse_told(sums, by)
    metrics = [column_of(name) for name in columns_of(totals)]
    wanted = list(dict.fromkeys(found[0].name for found in metrics if found is not None))
    if not wanted:
        raise BadInput("pack", [Problem(None, None, columns, "columns that make at least one metric; see validate")])
    shown, periods = (pooled, []) if over_time is not None else periods_of(sums, period)
    peers = [each for each in peers if each not in set(focus)]
    arguments: dict[str, Any] = {
        "by": by, "basis": _bases(metrics, basis), "average": average, "confidence": confidence,
    }  # fmt: skip
    history = []
    each: str | None
    for each in periods or [None]:  # type: ignore[list-item]
        of_period = sums if each is None else sums[sums["period"] == each].reset_index(drop=True)
        there = set(of_period[by])
        # Of an earlier period a place may not be there; in the one shown, `benchmark` names those that are not.
        marks = {
            mark: [name for name in asked if name in there or each == shown]
            for mark, asked in (("focus", focus), ("peers", peers))
        }
        if len(of_period) == 1:
            row = _alone(whole, of_period, arguments | marks)
            rows = compared(None, of_period, row, arguments | marks)
        elif over_time is not None:
            # From the periods themselves: whether they make a year is known of no sum.
            marks = {"focus": list(focus), "peers": list(peers)}
            further = {"over_time": over_time, "keys": keys, **people_of}
            rows = compared(teams, of_period, wanted, arguments | marks | further)
        else:
            rows = compared(of_period, of_period, wanted, arguments | marks | {"place": place_of(of_period, by)})
        history.append(rows.assign(period=shown if each is None else each))
    rows = history[-1]
    over_periods = rows.iloc[:0]
    if len(periods) > 1:
        # A column of nothing, as of a place without company, has no say in the type of the others.
        known = [each.dropna(axis="columns", how="all") for each in history]
        over_periods = pd.concat(known, ignore_index=True).reindex(columns=rows.columns)
    measures, left_out = (held[held["period"] == shown] if "period" in held else held for held in (sums, left_out))
    parts = [
        of_team_types(teams, by, people, people_of["place"], shown, over_time),
        *(of_column(rows_of, column, by, shown, over_time) for column, rows_of in named.items()),
    ]
    return Figures(
        by, tuple(focus), tuple(peers), names, average, confidence, shown,
        rows, over_periods,
        measures.set_index(by), tuple(dict.fromkeys(unused)), over_time is not None,
        tuple(each for each in parts if each is not None), left_out.set_index(by), dict(targets or {}),
        dict(improvement or {}),
    )  # fmt: skip


def _check_metrics(targets: Mapping[str, Any], improvement: Mapping[str, Any]) -> None:
    problems = [
        Problem(argument, None, name, f"the name of a metric; {nearest(str(name), CATALOGUE)}".rstrip("; "))
        for argument, given in (("targets", targets), ("improvement", improvement))
        for name in given
        if name not in CATALOGUE
    ]
    problems += [
        Problem("targets", str(name), value, "a finite number")
        for name, value in targets.items()
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value)
    ]
    problems += [
        Problem("improvement", str(name), value, "'high' or 'low', whichever is good")
        for name, value in improvement.items()
        if value not in ("high", "low")
    ]
    if problems:
        raise BadInput("pack", problems)


def _refuse_told(sums: pd.DataFrame, by: str) -> None:
    """A value that is said to be hidden and has bounds that meet would stand in every total."""
    problems = []
    for name in (each for each in map(str, sums) if f"{each}{BOUNDS[0]}" in sums):
        low, high = sums[f"{name}{BOUNDS[0]}"], sums[f"{name}{BOUNDS[1]}"]
        for at in sums.index[sums[name].isna() & (low == high)]:
            row = ", ".join(f"{key}={sums[key][at]!s}" for key in (by, "period") if key in sums)
            expected = (
                "bounds that differ: equal ones tell a hidden value (give those of the rule, as 0 to 4, or the value "
                "where it may be known)"
            )
            problems.append(Problem(name, row, f"{low[at]:g} to {high[at]:g}", expected))
    if problems:
        raise BadInput("pack", problems)


def _bases(metrics: Sequence[Any], basis: str | Sequence[str] | None) -> list[str] | None:
    """The populations of the rates: as asked for; else weighted and registered, as in the audit; else what there is."""
    if basis is not None:
        return [basis] if isinstance(basis, str) else list(basis)
    there = {found[1].name for found in metrics if found is not None and found[1] is not None}
    audits = [name for name in ("weighted", "registered") if name in there]
    return audits or [name for name in BASES if name in there] or None


def place_of(sums: pd.DataFrame, by: str) -> str | None:
    """The column whose people the populations of summed places are."""
    held = any(MEASURES[name].kind is Kind.POPULATION for name in map(str, sums) if name in MEASURES)
    return by if held else None


def compared(
    table: Any, sums: pd.DataFrame, metrics: list[str] | pd.DataFrame, arguments: dict[str, Any]
) -> pd.DataFrame:
    """The result of `benchmark` with the `status` of each value, by metric and place.

    Parameters
    ----------
    table : any frame that narwhals knows
        What is compared.
    sums : pandas.DataFrame
        Its measures summed over each place, from which is told why a value is not there.
    metrics : list of str or pandas.DataFrame
        The metrics; or what is known of the only place, which `benchmark` sets beside none.
    arguments : dict of str to object
        As in `benchmark`.

    Returns
    -------
    pandas.DataFrame
        Nothing is left in it of a value that is not known, nor of the bounds of a suppressed one.
    """
    rows = pd.DataFrame(benchmark(table, metrics, **arguments)) if isinstance(metrics, list) else metrics
    order = rows.groupby(["metric", "basis"], sort=False, dropna=False).ngroup()
    rows = rows.assign(order=order).sort_values(["order", "place"], kind="stable", ignore_index=True)
    rows = rows.drop(columns="order")
    rows["status"] = _statuses(rows, sums.set_index(arguments["by"]))
    rows.loc[rows["status"] != KNOWN, [name for name in OF_A_PLACE if name in rows]] = float("nan")
    rows.loc[rows["status"] != KNOWN, [name for name in _VERDICTS if name in rows]] = None
    if "peer_average_lower" in rows and len(arguments["peers"]) == 1:
        # The average of one place is that place: its bounds are not to be read there either.
        hidden = rows["peer_average"].isna()
        rows.loc[hidden, ["peer_average_lower", "peer_average_upper"]] = float("nan")
    return rows


def _alone(totals: pd.DataFrame, sums: pd.DataFrame, arguments: Mapping[str, Any]) -> pd.DataFrame:
    """What `benchmark` would say of a place that stands beside no other: its values, and nothing beside them."""
    by, bases = arguments["by"], arguments["basis"]
    own = totals[by].astype(str) == sums[by].iloc[0]
    if "period" in sums:
        own &= totals["period"].astype(str) == sums["period"].iloc[0]
    row = totals[own].reset_index(drop=True)
    rows = []
    for name in map(str, row):
        found = column_of(name)
        if found is None or (found[1] is not None and bases is not None and found[1].name not in bases):
            continue
        metric, basis = found
        held = {end: numbers(row, f"{name}{end}").iloc[0] for end in ("", *BOUNDS) if f"{name}{end}" in row}
        rows.append(
            {
                "metric": metric.name, "label": metric.label, "unit": metric.printed_unit,
                "basis": basis.name if basis else None, "place": sums[by].iloc[0],
                **{f"value{end}": value for end, value in held.items()}, **dict.fromkeys(_OF_SEVERAL, float("nan")),
                "lower": float("nan"), "upper": float("nan"), "places": 1, "average_kind": arguments["average"],
                "focus": bool(arguments["focus"]), "peer": False, "is_place": True,
            }
        )  # fmt: skip
    verdicts = {name: pd.Series([None] * len(rows), dtype=object) for name in _VERDICTS}
    return pd.DataFrame(rows).assign(**verdicts)


_OF_SEVERAL = ("rank", "quartile", "average", "difference", "difference_percent", "peer_average")
"""Numbers of a place beside others."""
_VERDICTS = ("more_than_chance", "outlier", "funnel_position", "outside_funnel")
"""What is told of a place beside others."""


def _statuses(rows: pd.DataFrame, sums: pd.DataFrame) -> list[str]:
    """What is known of each value: it stands there, is suppressed, is missing, or has nothing to divide by."""
    return [
        KNOWN if pd.notna(value) else _why(metric, basis, sums.loc[place])
        for metric, basis, place, value in zip(rows["metric"], rows["basis"], rows["place"], rows["value"], strict=True)
    ]


def _why(metric: str, basis: str | None, cells: pd.Series[Any]) -> str:
    inputs, below = inputs_of(metric, basis), denominator_of(metric, basis)
    absent = [name for name in inputs if name not in cells or pd.isna(cells[name])]
    if any(pd.notna(cells.get(f"{name}{end}")) for name in absent for end in BOUNDS):
        return SUPPRESSED
    return UNDEFINED if not absent and below and cells[below].sum() == 0 else NOT_KNOWN


def inputs_of(metric: str, basis: str | None) -> list[str]:
    """The measures that a metric is computed from, its population among them."""
    population = BASES[basis].measure if basis else POPULATION
    return [population if name == POPULATION else name for name in CATALOGUE[metric].inputs if name != AGE_BAND]


def denominator_of(metric: str, basis: str | None) -> list[str]:
    """The measures that a metric is divided by; none where it is no quotient."""
    named = dict(zip(CATALOGUE[metric].inputs, inputs_of(metric, basis), strict=True))
    return [named[name] for name in CATALOGUE[metric].denominator]
