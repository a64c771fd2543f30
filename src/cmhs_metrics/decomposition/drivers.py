"""What drove a metric from one period to another, from a table of measures: each group's part, and the total's."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import narwhals as nw
import numpy as np
import pandas as pd

from cmhs_metrics.catalogue import CATALOGUE
from cmhs_metrics.decomposition.mix import decompose_mix_change
from cmhs_metrics.decomposition.products import decompose_ratio_change
from cmhs_metrics.errors import BadInput, Problem, nearest
from cmhs_metrics.measures import POPULATION
from cmhs_metrics.presentation import signed, written
from cmhs_metrics.selection import column_of
from cmhs_metrics.signatures import checked
from cmhs_metrics.tables import aggregate
from cmhs_metrics.tables.reading import read_table
from cmhs_metrics.trends.one_period import frame_of, of_period

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from cmhs_metrics.catalogue import Metric

TOTAL = "total"
"""What the row of all groups together is called."""


@dataclass(frozen=True, eq=False, slots=True)
class Drivers:
    """What drove a metric.

    Parameters
    ----------
    metric : str
        The metric.
    before, after : str
        The periods.
    table : pandas.DataFrame
        A row for each group and one for the total: see `what_drove`.
    unit : str
        The unit of the metric, in words.
    """

    metric: str
    before: str
    after: str
    table: pd.DataFrame
    unit: str

    def to_frame(self) -> pd.DataFrame:
        """The table.

        Returns
        -------
        pandas.DataFrame
            A row for each group, by its name, and the row "total".
        """
        return self.table

    def __repr__(self) -> str:
        total = self.table.iloc[-1]
        head = (
            f"{CATALOGUE[self.metric].label} [{self.unit}], {self.before} to {self.after}: "
            f"{written(total['before'])} → {written(total['after'])}, {signed(total['change'])}"
        )
        # All columns are shown, whatever pandas thinks of the width of the screen.
        return f"{head}\n{self.table.to_string(float_format=written, na_rep='–')}"

    def _repr_html_(self) -> str:
        return self.table.to_html(float_format=written, na_rep="–")


@checked
def what_drove(
    table: Any,
    metric: str | Callable[..., Any],
    by: str,
    before: Hashable,
    after: Hashable,
    *,
    populations: Any = None,
    place: str | Sequence[str] | None = None,
    basis: str | None = None,
    method: Literal["log-mean", "shapley"] = "log-mean",
    keys: str | Sequence[str] | None = None,
) -> Drivers:
    """Say what drove a metric from one period to another: its numerator, its denominator, and the mix of groups.

    Parameters
    ----------
    table : any frame that narwhals knows
        The measures, a row for each team (or organisation) and period; see `aggregate`. A lazy table is run.
    metric : str or function
        A metric that is one sum over another, such as "cost_per_contact".
    by : str
        The column that names the groups, for example "team_type".
    before, after : period
        The two periods, in any spelling that `parse_periods` reads.
    populations, place, keys
        As in `aggregate`.
    basis : str, optional
        The population of a rate, where there are several.
    method : {"log-mean", "shapley"}, default "log-mean"
        How a ratio is split; see `decompose_ratio_change`.

    Returns
    -------
    Drivers
        Its `table` has a row for each group, in the order of the table, and the row "total": `before`, `after` and
        `change` of the metric [its unit]; `due_to_numerator` and `due_to_denominator`, which add up to that change;
        and, of the change of the total, `due_to_rate` (the group's own metric moved) and `due_to_mix` (its share of the
        denominator moved), which over all groups add up to it. A group that stands in one period only has its whole
        part in the mix. Missing where a measure is; the parts of the total are where any group's is.

    Raises
    ------
    BadInput
        When the tables are not in order (see `aggregate`), the metric is no sum over a sum, or a period is not there.

    Notes
    -----
    The parts are arithmetic and not causes. Where all groups share one denominator (types of team the people of their
    place), their metrics add up to that of the total, and there is no mix.

    References
    ----------
    Ang (2005), The LMDI approach to decomposition analysis: a practical guide, Energy Policy 33. Kitagawa (1955),
    Components of a difference between two rates, Journal of the American Statistical Association 50.

    Examples
    --------
    A contact costs more although no type of team became dearer, for more of them are those of crisis teams:

    >>> import pandas as pd
    >>> import cmhs_metrics as cm
    >>> teams = pd.DataFrame(
    ...     {
    ...         "team_type": ["Generic CMHT", "Crisis Resolution and Home Treatment Team"] * 2,
    ...         "period": ["2015/16", "2015/16", "2016/17", "2016/17"],
    ...         "total_cost": [8_000, 4_000, 6_000, 8_000],
    ...         "contacts": [80, 20, 60, 40],
    ...     }
    ... )
    >>> found = cm.what_drove(teams, "cost_per_contact", "team_type", "2015/16", "2016/17")
    >>> found.table.loc["total", ["before", "after", "due_to_rate", "due_to_mix"]].round(6).tolist()
    [120.0, 140.0, 0.0, 20.0]
    """
    entry = _quotient(getattr(metric, "__name__", metric))
    arguments: dict[str, Any] = {"metrics": [entry.name], "basis": basis, "keys": keys}
    sides, periods = [], []
    for argument, period in (("before", before), ("after", after)):
        if period is None:
            raise BadInput("what_drove", [Problem(argument, None, None, "a period of the table")])
        rows = of_period(table, period, argument, "what_drove")
        people = populations
        if people is not None and "period" in frame_of(people, "what_drove", "populations").collect_schema():
            people = nw.to_native(nw.from_native(of_period(people, period, "populations", "what_drove")).drop("period"))
        held = {**arguments, "over_time": "last", "populations": people}
        own = place if place is not None or people is None else by
        of_groups = _in_memory(aggregate(rows, by, place=place, **held)).set_index(by)
        if keys is None:  # the groups tell rows apart where they are not asked for, too
            held["keys"] = list(dict.fromkeys([*read_table(rows).default_keys, by]))
        of_all = _in_memory(aggregate(rows, (), place=own, **held))
        sides.append(_sides(entry, of_groups, of_all, basis))
        periods.append(str(period))
    return Drivers(
        entry.name, periods[0], periods[1], _table(entry, by, sides[0], sides[1], method), entry.printed_unit
    )


def _quotient(name: Any) -> Metric:
    if not isinstance(name, str) or name not in CATALOGUE:
        hint = nearest(str(name), CATALOGUE) or "cm.list_metrics() has them all"
        raise BadInput("what_drove", [Problem("metric", None, name, f"the name of a metric; {hint}")])
    entry = CATALOGUE[name]
    if not entry.denominator:
        expected = "a metric that is one sum over another, whose parts can be told"
        raise BadInput("what_drove", [Problem("metric", None, name, expected)])
    return entry


def _in_memory(totals: Any) -> pd.DataFrame:
    frame = nw.from_native(totals)
    held: pd.DataFrame = (frame.collect() if isinstance(frame, nw.LazyFrame) else frame).to_pandas()
    return held


def _sides(entry: Metric, of_groups: pd.DataFrame, of_all: pd.DataFrame, basis: str | None) -> pd.DataFrame:
    """Numerator and denominator of each group, and of the total in the last row."""
    held = [column_of(str(name)) for name in of_groups]
    bases = list(dict.fromkeys(each[1] for each in held if each is not None and each[0].name == entry.name))
    if len(bases) > 1:
        expected = f"one of {', '.join(repr(each.name) for each in bases if each is not None)}"
        raise BadInput("what_drove", [Problem("basis", None, basis, expected)])
    population = bases[0].measure if bases[0] is not None else POPULATION

    def side(frame: pd.DataFrame, terms: Any) -> Any:
        columns = {name: population if name == POPULATION else name for name in terms}
        return sum(
            frame[columns[name]].to_numpy(dtype=np.float64, na_value=np.nan) * times for name, times in terms.items()
        )

    groups = pd.DataFrame(
        {"above": side(of_groups, entry.numerator), "below": side(of_groups, entry.denominator)}, index=of_groups.index
    )
    total = pd.DataFrame({"above": side(of_all, entry.numerator), "below": side(of_all, entry.denominator)}, [TOTAL])
    return pd.concat([groups, total])


def _table(entry: Metric, by: str, before: pd.DataFrame, after: pd.DataFrame, method: Any) -> pd.DataFrame:
    labels = list(dict.fromkeys([*before.index[:-1], *after.index[:-1]]))
    # A group that is absent has nothing above the line and nothing below it.
    sides = [pd.concat([each.iloc[:-1].reindex(labels, fill_value=0.0), each.iloc[-1:]]) for each in (before, after)]
    scale = _scale(entry)
    (above0, below0), (above1, below1) = ((each["above"] * scale, each["below"]) for each in sides)
    split = decompose_ratio_change(above0.to_numpy(), above1.to_numpy(), below0.to_numpy(), below1.to_numpy(), method)
    rows = split.to_frame()[["before", "after", "change", "due_to_numerator", "due_to_denominator"]]
    rows.index = pd.Index([*map(_plain, labels), TOTAL], name=by)
    with np.errstate(divide="ignore", invalid="ignore"):
        rates = [(above / below).to_numpy()[:-1] for above, below in ((above0, below0), (above1, below1))]
    rows["due_to_rate"], rows["due_to_mix"] = _parts(rows, rates, [below0.to_numpy(), below1.to_numpy()])
    return rows


def _parts(rows: pd.DataFrame, rates: list[Any], below: list[Any]) -> tuple[list[float], list[float]]:
    """What each group's own metric, and its share of the denominator, have in the change of the total."""
    nothing = [math.nan] * len(rows)
    there = [each[:-1][each[:-1] != 0] for each in below]
    whole = [bool(np.isclose(held, each[-1]).all()) for held, each in zip(there, below, strict=True)]
    if all(whole) and any(len(held) > 1 for held in there):
        # All groups share one denominator, and their metrics add up to the total's.
        return rows["change"].tolist(), [0.0] * len(rows)
    if not all(each[-1] > 0 and math.isclose(each[:-1].sum(), each[-1], rel_tol=1e-9) for each in below):
        return nothing, nothing
    shares = [each[:-1] / each[:-1].sum() for each in below]
    mix = decompose_mix_change(rates[0], shares[0], rates[1], shares[1])
    parts = mix.to_frame()
    return [*parts["due_to_rate"], mix.due_to_rates], [*parts["due_to_composition"], mix.due_to_composition]


def _scale(entry: Metric) -> float:
    """What the quotient of the two sums is multiplied by, such as 100,000 for a rate."""
    ones = float(entry.function(*([1.0] * len(entry.inputs))))
    return ones * sum(entry.denominator.values()) / sum(entry.numerator.values())


def _plain(label: Any) -> str:
    return str(getattr(label, "label", label))
