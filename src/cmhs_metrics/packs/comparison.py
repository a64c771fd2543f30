"""From a user's tables to the figures of a pack: every metric, place and period, each with what is known of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import narwhals as nw
import pandas as pd

from cmhs_metrics.benchmarking import benchmark
from cmhs_metrics.catalogue import CATALOGUE
from cmhs_metrics.errors import BadInput, Problem, nearest
from cmhs_metrics.measures import AGE_BAND, BASES, MEASURES, POPULATION, Kind
from cmhs_metrics.presentation import KNOWN, NOT_KNOWN, SUPPRESSED, numbers
from cmhs_metrics.selection import column_of
from cmhs_metrics.tables import aggregate
from cmhs_metrics.trends.periods import ordered, parse_period

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cmhs_metrics.benchmarking import Average

PLACES = ("icb", "organisation", "region")
"""The columns in which places are looked for, where none is named."""

UNDEFINED = "undefined"
"""What a metric is whose denominator is zero."""

AMOUNTS = frozenset({"GBP", "WTE"})
"""Units of what is no count of people or events."""

SMALL = 5
"""Counts under this are small: most publications hide them."""

OF_A_PLACE = (
    "value", "lower", "upper", "rank", "rank_best", "rank_worst", "quartile", "difference", "difference_percent",
    "difference_lower", "difference_upper", "value_lower", "value_upper",
)  # fmt: skip
"""What `benchmark` says of a place itself, of which nothing is kept where its value is not known."""

_BOUNDS = ("_lower", "_upper")


@dataclass(frozen=True)
class Comparison:
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

    def name(self, place: str) -> str:
        """A place as the pack calls it: its name, and its code where it has both."""
        name = self.names.get(place)
        return f"{name} ({place})" if name and name != place else place

    def short_name(self, place: str) -> str:
        """A place as sentences call it: without its code, where its name is no other's."""
        name = self.names.get(place, place)
        return name if sum(each == name for each in self.names.values()) <= 1 else self.name(place)

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
        """How many counts from 1 to 4 the figures rest on."""
        counted = [
            name
            for name in map(str, self.measures)
            if name in MEASURES and MEASURES[name].kind is not Kind.POPULATION and MEASURES[name].unit not in AMOUNTS
        ]
        held = self.measures[counted]
        return int(((held > 0) & (held < SMALL)).sum().sum())


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
    average: Average = "pooled",
    confidence: float = 0.95,
) -> Comparison:
    """Set every metric of the places of a table side by side, in each of its periods.

    Parameters
    ----------
    data, populations, focus, peers, by, place, basis, period, average, confidence
        As in `pack`.

    Returns
    -------
    Comparison
        The figures.

    Raises
    ------
    BadInput
        When the tables are not in order, or a place, column or period is not there.
    """
    columns = _columns(data)
    by = by or _place_column(data, columns, [*focus, *peers])
    if by not in columns:
        raise BadInput("pack", [Problem("by", None, by, f"a column of the table; {nearest(by, columns)}".rstrip("; "))])
    names = _names(data, by) | (_names(populations, by) if populations is not None else {})
    people, unused = _people(populations, columns, by, place)
    held = [name for name in columns if name in MEASURES and MEASURES[name].kind is Kind.POPULATION]
    if held and people is None:
        place = place or ("organisation" if "organisation" in columns else by)
    used = {by, place, "period", *MEASURES, "team", "team_type", "organisation", f"{by}_name"}
    bounds = {f"{name}{end}" for name in MEASURES for end in _BOUNDS}
    unused = [*(name for name in columns if name not in used | bounds), *unused]
    groups = [by, *(["period"] if "period" in columns else [])]
    totals = aggregate(data, groups, populations=people, place=place if held or place in _columns(people) else None)
    sums = _plain(totals, by)
    metrics = [column_of(name) for name in _columns(totals)]
    wanted = list(dict.fromkeys(found[0].name for found in metrics if found is not None))
    if not wanted:
        raise BadInput("pack", [Problem(None, None, columns, "columns that make at least one metric; see validate")])
    shown, periods = _periods(sums, period)
    peers = [each for each in peers if each not in set(focus)]
    arguments = {"by": by, "basis": _bases(metrics, basis), "average": average, "confidence": confidence}
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
        history.append(_compared(of_period, wanted, arguments | marks).assign(period=each))
    rows = history[-1]
    measures = sums[sums["period"] == shown] if shown is not None else sums
    return Comparison(
        by, tuple(focus), tuple(peers), names, average, confidence, shown,
        rows, pd.concat(history, ignore_index=True) if len(periods) > 1 else rows.iloc[:0],
        measures.set_index(by), tuple(dict.fromkeys(unused)),
    )  # fmt: skip


def _columns(table: Any) -> list[str]:
    return [] if table is None else list(nw.from_native(table).collect_schema().names())


def _place_column(data: Any, columns: Sequence[str], asked: Sequence[str]) -> str:
    """The first column of places that knows all places asked for."""
    there = [name for name in PLACES if name in columns]
    if not there:
        expected = f"by= (the column that names the places), or one of the columns {', '.join(PLACES)}"
        raise BadInput("pack", [Problem("by", None, None, expected)])
    for name in there:
        if set(asked) <= set(_distinct(data, [name])[name].astype(str)):
            return name
    known = {name: set(_distinct(data, [name])[name].astype(str)) for name in there}
    every = set().union(*known.values())
    unknown = [each for each in asked if each not in every]
    problems = [
        Problem("focus or peers", None, each, f"a place of the table; {nearest(each, every)}".rstrip("; "))
        for each in unknown
    ] or [Problem("focus and peers", None, list(asked), f"places of one column of {', '.join(there)}")]
    raise BadInput("pack", problems)


def _distinct(table: Any, names: list[str]) -> pd.DataFrame:
    frame = nw.from_native(table).lazy().select(*names).unique().collect()
    known: pd.DataFrame = frame.to_pandas().dropna()
    return known.sort_values(names).astype(str)


def _names(table: Any, by: str) -> dict[str, str]:
    """The name of each place, where a column such as `icb_name` gives it one and no other."""
    column = f"{by}_name"
    if by not in _columns(table) or column not in _columns(table):
        return {}
    named = _distinct(table, [by, column]).drop_duplicates(by, keep=False)
    return dict(zip(named[by], named[column], strict=True))


def _people(populations: Any, columns: list[str], by: str, place: str | None) -> tuple[Any, list[str]]:
    """The table of populations without columns that say nothing of people or places, and the names of these."""
    if populations is None:
        return None, []
    held = _columns(populations)
    wanted = [name for name in held if name in {by, place, "period"} or name in MEASURES]
    unused = [name for name in held if name not in {*wanted, f"{by}_name"}]
    if by not in held:
        expected = f"the column {by}, which names the places"
        raise BadInput("pack", [Problem("populations", None, held, expected)])
    if "period" in wanted and "period" not in columns:
        wanted.remove("period")
    return nw.to_native(nw.from_native(populations).select(*wanted)), unused


def _plain(totals: Any, by: str) -> pd.DataFrame:
    """The sums in memory as plain numbers, without the metrics."""
    frame = nw.from_native(totals)
    held = (frame.collect() if isinstance(frame, nw.LazyFrame) else frame).to_pandas()
    bounds = {f"{name}{end}" for name in MEASURES for end in _BOUNDS}
    numeric = [name for name in map(str, held) if name in MEASURES or name in bounds]
    table = pd.DataFrame({name: numbers(held, name) for name in numeric})
    table.insert(0, by, held[by].astype(str).where(held[by].notna()))
    if "period" in held:
        table.insert(1, "period", held["period"].astype(str).where(held["period"].notna()))
    keys = [name for name in (by, "period") if name in table]
    problems = [Problem(name, None, None, f"a {name} in every row") for name in keys if table[name].isna().any()]
    if problems:
        raise BadInput("pack", problems)
    return table.sort_values(keys, kind="stable", ignore_index=True)


def _bases(metrics: Sequence[Any], basis: str | Sequence[str] | None) -> list[str] | None:
    """The populations of the rates: as asked for; else weighted and registered, as in the audit; else what there is."""
    if basis is not None:
        return [basis] if isinstance(basis, str) else list(basis)
    there = {found[1].name for found in metrics if found is not None and found[1] is not None}
    audits = [name for name in ("weighted", "registered") if name in there]
    return audits or [name for name in BASES if name in there] or None


def _periods(sums: pd.DataFrame, period: Any) -> tuple[str | None, list[str]]:
    """The period to show, and those up to it that a trend can have, in order."""
    if "period" not in sums:
        if period is not None:
            raise BadInput("pack", [Problem("period", None, period, "none: the table has no column of that name")])
        return None, []
    held = list(dict.fromkeys(sums["period"]))
    if period is not None and str(period) not in held:
        hint = nearest(str(period), held) or f"such as {', '.join(held[:5])}"
        raise BadInput("pack", [Problem("period", None, period, f"a period of the table; {hint}")])
    if len(held) == 1:
        return held[0], held
    try:
        held = sorted(held, key=lambda each: parse_period(each).end_time)
        problems: list[Problem] = []
        ordered(held, problems)
        if problems:
            raise BadInput("pack", problems)
    except BadInput as error:
        if period is None:
            raise BadInput("pack", [*error.problems, Problem("period", None, None, "the one to show")]) from None
        return str(period), [str(period)]
    shown = str(period) if period is not None else held[-1]
    return shown, held[: held.index(shown) + 1]


def _compared(sums: pd.DataFrame, metrics: list[str], arguments: dict[str, Any]) -> pd.DataFrame:
    by = arguments["by"]
    held = any(MEASURES[name].kind is Kind.POPULATION for name in map(str, sums) if name in MEASURES)
    rows = benchmark(sums, metrics, place=by if held else None, **arguments)
    rows["status"] = _statuses(rows, sums.set_index(by))
    rows.loc[rows["status"] != KNOWN, [name for name in OF_A_PLACE if name in rows]] = float("nan")
    rows.loc[rows["status"] != KNOWN, ["more_than_chance", "outlier"]] = None
    return rows


def _statuses(rows: pd.DataFrame, sums: pd.DataFrame) -> list[str]:
    """What is known of each value: it stands there, is suppressed, is missing, or has nothing to divide by."""
    return [
        KNOWN if pd.notna(value) else _why(inputs_of(metric, basis), sums.loc[place])
        for metric, basis, place, value in zip(rows["metric"], rows["basis"], rows["place"], rows["value"], strict=True)
    ]


def _why(inputs: Sequence[str], cells: pd.Series[Any]) -> str:
    absent = [name for name in inputs if name not in cells or pd.isna(cells[name])]
    if any(pd.notna(cells.get(f"{name}{end}")) for name in absent for end in _BOUNDS):
        return SUPPRESSED
    return NOT_KNOWN if absent else UNDEFINED


def inputs_of(metric: str, basis: str | None) -> list[str]:
    """The measures that a metric is computed from, its population among them."""
    population = BASES[basis].measure if basis else POPULATION
    return [population if name == POPULATION else name for name in CATALOGUE[metric].inputs if name != AGE_BAND]
