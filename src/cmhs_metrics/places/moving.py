"""Bringing counts, populations and their bounds to the boundaries of another date."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import narwhals as nw
import pandas as pd

from cmhs_metrics.catchments import Shares, apportion
from cmhs_metrics.errors import BadInput, Problem, nearest
from cmhs_metrics.measures import MEASURES, Kind
from cmhs_metrics.places.dated import as_day, places, successions
from cmhs_metrics.places.paths import (
    FIRST_OF_ICBS,
    LEVELS,
    level_of,
    path_along,
    sided_practices,
    steps_between,
    there_on,
)
from cmhs_metrics.signatures import checked
from cmhs_metrics.tables.bounds import measure_of
from cmhs_metrics.tables.giving_back import with_notes
from cmhs_metrics.tables.reading import read_table, rows_in
from cmhs_metrics.tables.table import require

if TYPE_CHECKING:
    import datetime
    from collections.abc import Mapping

    from cmhs_metrics.tables.table import Table


@checked
def to_boundaries(
    table: Any,
    date: str | datetime.date,
    *,
    populations: pd.DataFrame | None = None,
    by: str | None = None,
    to: Literal["icb"] | None = None,
    of: str | datetime.date | None = None,
    shares: Shares | Mapping[str, Mapping[str, float]] | None = None,
    moves: pd.DataFrame | None = None,
    weight: str = "registered_population",
    integers: bool = False,
) -> Any:
    """Bring counts, populations and their bounds to the boundaries of another date.

    Parameters
    ----------
    table : any frame that narwhals knows
        Measures and populations by place, with bounds where there are any [each in its canonical unit].
    date : str or date
        The day whose boundaries are wanted; "2026-04" is its first.
    populations : pandas.DataFrame, optional
        The people of each GP practice, as ``read_icb_allocations(file, "practice")`` gives them for the 42 ICBs of 2022
        [person]. Needed where a place was split: each part is told by sub-ICB location or local authority.
    by : str, optional
        The column of places [text]; by default the first of icb, sub_icb, ccg, region and trust. Providers (of a column
        trust, organisation or provider) that merged go to the trust that they became; what is no NHS trust stays.
    to : "icb", optional
        Bring sub-ICB locations to the ICBs in which they lie on that day, in a column of that name.
    of : str or date, optional
        The day whose boundaries the table has, where its places leave that open.
    shares : Shares or mapping, optional
        For a place that was split, the share of each part [proportion], in place of `populations`.
    moves : pandas.DataFrame, optional
        Successions of your own, such as mergers of trusts: ``predecessor``, ``successor`` and ``date``. They take the
        place of the built-in ones.
    weight : str, default "registered_population"
        The column of `populations` by which measures are split. A population that both tables have is split by itself,
        so that it comes out as the practices give it.
    integers : bool, default False
        Whether whole numbers stay whole; see `apportion`.

    Returns
    -------
    The same kind of table
        A row for each place of that date and each group of the other keys. Places that moved whole are added, with
        their bounds; those that were split are shared out; totals stay what they were. Where `by` has a name beside it
        (``icb_name``), it is that of the new place. "UNKNOWN" stays. A pandas table says in ``attrs["boundaries"]``
        whose boundaries it has.

    Raises
    ------
    BadInput
        When places of two dates are mixed, a place is not known, there were no ICBs yet, or a place was split and
        nothing says how: it is never guessed.

    Warns
    -----
    TableNote
        When a new place is made of some of its predecessors only, for the table has no row of the others.

    References
    ----------
    See `places` for the boundaries and how certain they are.

    Examples
    --------
    >>> counts = pd.DataFrame({"icb": ["QMJ", "QRV"], "icb_name": ["North Central", "North West"]})
    >>> counts = counts.assign(caseload=[24_150, 21_990], caseload_lower=[24_148, 21_988])
    >>> to_boundaries(counts.assign(caseload_upper=[24_152, 21_992]), "2026-04")
         icb                        icb_name  caseload  caseload_lower  caseload_upper
    0  Z9B2Z  NHS West and North London ICB   46140.0         46136.0         46144.0
    >>> to_boundaries(pd.DataFrame({"icb": ["QJG"], "caseload": [100]}), "2026-04", shares={
    ...     "QJG": {"D7T5G": 0.25, "T6Y0W": 0.75}
    ... })
         icb  caseload
    0  D7T5G      25.0
    1  T6Y0W      75.0
    """
    entered = read_table(table)
    by = by or next((name for name in LEVELS if name in entered.schema), "icb")
    require(entered, [by], "by")
    codes = {str(row[by]) for row in rows_in(entered.frame.select(by).unique()) if isinstance(row[by], str)}
    day = as_day(date)
    level = level_of(codes, by) if moves is None else ""
    if to is not None and (to != "icb" or level not in ("sub_icb", "ccg")):
        expected = "'icb', of a table of sub-ICB locations or CCGs"
        raise BadInput("to_boundaries", [Problem("to", None, to, expected)])
    if to is not None and day < FIRST_OF_ICBS:
        expected = f"a date from {FIRST_OF_ICBS} on, when ICBs began"
        raise BadInput("to_boundaries", [Problem("date", None, date, expected)])
    steps = steps_between(codes, level, by, day, of, moves)
    practices = None if populations is None else sided_practices(populations)
    given = shares if isinstance(shares, Shares) or shares is None else Shares(shares)
    split_by = _columns(entered, practices, weight)
    keys = list(dict.fromkeys([by, *entered.keys()]))
    attributes = _attributes(entered, keys, [name for names in split_by.values() for name in names])
    left_out = {*attributes, f"{by}_name"}
    results, path = [], None
    for column, names in split_by.items():
        path = path_along(codes, steps, level, given, practices, column)
        if level:
            path = there_on(day, path, level, to, given, practices, column)
        others = [name for group in split_by.values() if group is not names for name in group]
        used = [name for name in entered.schema if measure_of(name) not in others and name not in left_out]
        results.append(
            apportion(
                nw.to_native(entered.frame.select(used)), path, by=by, to=to or by, integers=integers, populations=True,
                measures=[name for name in names if name in MEASURES], keys=keys,
                also=[name for name in names if name not in MEASURES],
            )
        )  # fmt: skip
    result = _joined(results, entered, by, to or by)
    finished = _finished(result, entered, by, to or by, day, attributes, path, level)
    return with_notes(_of_some(codes, level, day) if moves is None else [], finished)


def _of_some(codes: set[str], level: str, day: str) -> list[str]:
    """Which new places are made of some of their old ones only, for the table has no row of the others."""
    table = successions()
    table = table[(table["level"] == level) & (table["extent"] == "whole") & (table["date"] <= day)]
    notes = []
    # Where a place became part of another only later, an older table says nothing of it by that name.
    for (successor, _), rows in table.groupby(["successor", "date"]):
        held = codes & set(rows["predecessor"])
        lacking = sorted(set(rows["predecessor"]) - codes)
        if held and lacking and successor not in codes:
            notes.append(
                f"{successor} is made of {', '.join(sorted(held))} alone: the table has no row of {', '.join(lacking)}"
                ", which became part of it too."
            )
    return notes


def _attributes(table: Table, keys: list[str], summed: list[str]) -> list[str]:
    """The columns of a pandas table that say something of the place."""
    if not isinstance(nw.to_native(table.frame), pd.DataFrame):
        return []
    return [name for name in table.schema if name not in keys and measure_of(name) not in summed]


def _columns(table: Table, practices: pd.DataFrame | None, weight: str) -> dict[str, list[str]]:
    """The measures by the column of practices that they are split by."""
    groups: dict[str, list[str]] = {}
    for name in table.schema:
        further = (name.endswith(" WP") or name == "Patients") and table.schema[name].is_numeric()
        if not further and (name not in MEASURES):
            continue
        people = further or MEASURES[name].kind is Kind.POPULATION
        own = people and practices is not None and name in practices and practices[name].notna().all()
        groups.setdefault(name if own else weight, []).append(name)
    if practices is not None and weight not in practices:
        near = nearest(weight, map(str, practices))
        raise BadInput("the populations", [Problem("weight", None, weight, f"a column of them; {near}".rstrip("; "))])
    if not groups:
        raise BadInput("the table", [Problem(None, None, list(table.schema), "a column of a measure")])
    return groups


def _joined(results: list[Any], table: Table, by: str, to: str) -> nw.DataFrame[Any] | nw.LazyFrame[Any]:
    frames = [nw.from_native(each) for each in results]
    whole: Any = frames[0]
    for frame in frames[1:]:
        there = whole.collect_schema().names()
        keys = [name for name in frame.collect_schema().names() if name in there]
        whole = whole.join(frame, on=keys, how="left")
    there = whole.collect_schema().names()
    order = [to if name == by else name for name in table.schema if name == by or name in there]
    return whole.select(order)  # type: ignore[no-any-return]


def _finished(
    frame: Any, table: Table, by: str, to: str, day: str, attributes: list[str], path: Shares | None, level: str
) -> Any:  # fmt: skip
    native = nw.to_native(frame)
    if not isinstance(native, pd.DataFrame):
        return frame if isinstance(table.original, (nw.DataFrame, nw.LazyFrame)) else native
    original = nw.to_native(table.frame)
    kept = [name for name in attributes if name != f"{by}_name"]
    if kept and path is not None:
        # What was said of the old places is said of a new one where they agree.
        keys = list(dict.fromkeys([to, *table.keys()]))
        rows = original.merge(path.to_pandas(), left_on=by, right_on="from_place").assign(
            **{to: lambda each: each["to_place"]}
        )
        groups = rows.groupby(keys, dropna=False)[kept]
        said = groups.first().where(groups.nunique(dropna=False) == 1).dropna(axis=1, how="all").reset_index()
        native = native.merge(said, how="left", on=keys)
        native = native[[to if name == by else name for name in table.schema if name == by or name in native]]
    named = "trust" if level == "trust" else to
    if f"{by}_name" in table.schema and named in LEVELS:
        names = places(named).drop_duplicates("code", keep="last").set_index("code")["name"]  # type: ignore[arg-type]
        own = original.drop_duplicates(by).set_index(by)[f"{by}_name"]
        name = native[to].map(names).fillna(native[to].map(own)).fillna(native[to])
        native.insert(list(native).index(to) + 1, f"{to}_name", name)
    native.attrs.update(getattr(table.original, "attrs", {}))
    native.attrs["boundaries"] = day
    return native
