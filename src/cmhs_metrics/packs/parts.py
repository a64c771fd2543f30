"""The parts of each place: its teams by type, its staff by group, its caseload by care cluster.

A part of a suppressed whole is never told from its siblings: where one part is suppressed, so is what is made of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import narwhals as nw
import pandas as pd

from cmhs_metrics.clusters import CareCluster
from cmhs_metrics.measures import KEYS
from cmhs_metrics.packs.entering import BOUNDS, columns_of, distinct, in_memory, in_pandas
from cmhs_metrics.selection import column_of
from cmhs_metrics.tables import aggregate
from cmhs_metrics.team_types import TeamType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cmhs_metrics.tables.aggregation import OverTime

STAFF = ("staff_group", "discipline")
"""The columns in which groups of staff are looked for."""

CLUSTERS = ("cluster", "care_cluster")
"""The columns in which care clusters are looked for."""

MEASURE_OF = dict.fromkeys(STAFF, "wte") | dict.fromkeys(CLUSTERS, "caseload")
"""The measure that each of these columns parts."""

PART_COLUMNS = tuple(MEASURE_OF)

GIVEN = "_spelling_given"


@dataclass(frozen=True)
class Parts:
    """The sums of each part of each place in the period shown.

    Parameters
    ----------
    column : str
        What the parts are: "team_type", or the column of staff groups or care clusters.
    cells : pandas.DataFrame
        A row for each place and part: the place, `part`, the measures with their bounds, the populations.
    order : tuple of str
        The parts, in the order in which they are shown.
    metrics : tuple of str
        The metrics that each part allows.
    not_years : tuple of str
        Metrics of whole years, which some part does not cover.
    unnamed : bool
        Whether some rows do not say what part they are: nothing is made of the parts then.
    """

    column: str
    cells: pd.DataFrame
    order: tuple[str, ...]
    metrics: tuple[str, ...] = ()
    not_years: tuple[str, ...] = ()
    unnamed: bool = False


def split(data: Any) -> tuple[Any, dict[str, Any], list[str] | None]:
    """Tell the rows of teams from those of staff groups and care clusters.

    Parameters
    ----------
    data : any frame that narwhals knows
        The measures.

    Returns
    -------
    tuple
        The table of which the totals are made; for each column of parts, the rows that name one; and the columns that
        name a row, where these are not the usual ones. Rows that name a part are no rows of teams, unless all are.
    """
    columns = columns_of(data)
    there = [name for name in PART_COLUMNS if name in columns]
    if not there:
        return data, {}, None
    frame = nw.from_native(data)
    named = {name: nw.to_native(frame.filter(~nw.col(name).is_null())) for name in there}
    whole = frame.filter(*(nw.col(name).is_null() for name in there))
    if len(whole.lazy().head(1).collect()):
        return nw.to_native(whole.drop(*there)), named, None
    return data, named, [*(name for name in KEYS if name in columns), *there]


def of_team_types(
    data: Any, by: str, populations: Any, place: str | None, period: str | None, over_time: OverTime | None
) -> Parts | None:
    """The sums of each type of team in each place.

    Parameters
    ----------
    data, by, populations, place, over_time
        As in `aggregate`.
    period : str or None
        The period shown.

    Returns
    -------
    Parts or None
        In the audit's order; None where the table has no types of team, or only one.
    """
    columns = columns_of(data)
    if "team_type" not in columns:
        return None
    frame = nw.from_native(data)
    if len(frame.lazy().filter(nw.col("team_type").is_null()).head(1).collect()):
        return Parts("team_type", pd.DataFrame(), (), unnamed=True)
    spellings = {text: TeamType.parse(text).label for text in distinct(data, ["team_type"])["team_type"]}
    if len(set(spellings.values())) < 2:
        return None
    label = nw.col("team_type")
    for text, proper in spellings.items():
        if text != proper:
            label = nw.when(nw.col("team_type") == text).then(nw.lit(proper)).otherwise(label)
    keys = [name for name in (*KEYS, *PART_COLUMNS) if name in columns and name != "team_type"]
    spelt = nw.to_native(frame.with_columns(nw.col("team_type").alias(GIVEN), team_type=label))
    order = [each.label for each in TeamType if each.label in set(spellings.values())]
    named = [*keys, "team_type", GIVEN]
    return _parts(spelt, "team_type", by, order, period, over_time, named, populations=populations, place=place)


def of_column(data: Any, column: str, by: str, period: str | None, over_time: OverTime | None) -> Parts | None:
    """The sums of each staff group or care cluster in each place.

    Parameters
    ----------
    data : any frame that narwhals knows
        The rows that name a part.
    column : str
        The column of the parts.
    by, period, over_time
        As in `of_team_types`.

    Returns
    -------
    Parts or None
        Staff groups by name, care clusters by number; None where there is only one.
    """
    columns, measure = columns_of(data), MEASURE_OF[column]
    order = list(distinct(data, [column])[column])
    if len(order) < 2 or measure not in columns:
        return None
    if column in CLUSTERS:
        order.sort(key=CareCluster.parse)
    frame = nw.from_native(data)
    # Rows of staff or clusters need not say of which team they are.
    keys = [
        name
        for name in KEYS
        if name in columns and not len(frame.lazy().filter(nw.col(name).is_null()).head(1).collect())
    ]
    measures = [name for name in (measure, *(f"{measure}{end}" for end in BOUNDS)) if name in columns]
    chosen = frame.select(*dict.fromkeys([by, *keys, column, *measures]))
    return _parts(nw.to_native(chosen), column, by, order, period, over_time, [*keys, column])


def _parts(
    data: Any, column: str, by: str, order: Sequence[str], period: str | None, over_time: OverTime | None,
    keys: list[str], **people: Any,
) -> Parts:  # fmt: skip
    groups = [by, column]
    if "period" in columns_of(data) and over_time is None:
        groups.append("period")
    named = list(dict.fromkeys([by, *keys]))
    totals = aggregate(data, groups, over_time=over_time, keys=named, **people)
    cells = in_memory(totals, by, column)
    metrics = [found[0].name for name in columns_of(totals) if (found := column_of(name)) is not None]
    not_years = _not_years(totals, metrics) if over_time else []
    if "period" in cells:
        cells = cells[cells["period"] == period]
    cells = cells.rename(columns={column: "part"}).reset_index(drop=True)
    wanted = [name for name in dict.fromkeys(metrics) if name not in not_years]
    there = set(cells["part"])
    return Parts(column, cells, tuple(each for each in order if each in there), tuple(wanted), tuple(not_years))


def _not_years(totals: Any, metrics: Sequence[str]) -> list[str]:
    """The metrics of whole years that some group has the measures for, but not the months."""
    from cmhs_metrics.catalogue import CATALOGUE

    held = in_pandas(totals)
    annual = [name for name in dict.fromkeys(metrics) if CATALOGUE[name].annual and name in held]
    return [
        name for name in annual if (held[name].isna() & held[list(CATALOGUE[name].inputs)].notna().all(axis=1)).any()
    ]
