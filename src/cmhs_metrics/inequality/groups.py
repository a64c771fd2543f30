"""Gaps between groups, groups by deprivation, and slope indices of a table."""

from __future__ import annotations

from dataclasses import asdict, fields, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from cmhs_metrics.errors import BadInput, Problem, nearest, no_columns, refuse
from cmhs_metrics.inequality.slope import FEWEST, SlopeIndex, slope_index
from cmhs_metrics.intervals import (
    proportion_difference_interval,
    proportion_interval,
    proportion_ratio_interval,
    rate_difference_interval,
    rate_interval,
    rate_ratio_interval,
)
from cmhs_metrics.measures import MEASURES, Kind
from cmhs_metrics.numeric.expected import column, names_in
from cmhs_metrics.numeric.frames import collected, given_back, in_pandas, plain_numbers
from cmhs_metrics.numeric.ratio import ratio
from cmhs_metrics.presentation import NOT_KNOWN
from cmhs_metrics.signatures import checked

if TYPE_CHECKING:
    from collections.abc import Sequence

_NAMES = {10: "decile", 5: "quintile", 4: "quarter", 3: "third"}


@checked
def group_gaps(
    table: Any,
    group: str,
    *,
    count: str,
    population: str,
    reference: Any,
    by: str | Sequence[str] = (),
    kind: Literal["rate", "proportion"] = "rate",
    per: float = 100_000,
    confidence: float = 0.95,
    fractional: bool = False,
) -> Any:
    """Gap and ratio between each group and one that it is held against, with intervals.

    Parameters
    ----------
    table : pandas, Polars or PyArrow table
        Counts of groups; rows of one group are added. A lazy table is run.
    group : str
        The column of the groups, for example "ethnic_group".
    count, population : str
        The columns with events or cases [count], and with the people or cases that they are out of [person or count].
    reference : value of `group`
        The group that others are held against.
    by : str or sequence of str, optional
        Columns within which groups are compared, such as "icb".
    kind : {"rate", "proportion"}, default "rate"
        What counts over populations are.
    per : float, default 100,000
        People that a rate is per [person].
    confidence : float, default 0.95
        Of the intervals [proportion].
    fractional : bool, default False
        Whether counts may be fractions, having been estimated or apportioned.

    Returns
    -------
    The kind of table that came in
        A row for each group: `by`, `group`, the two sums, `value` [events per `per` people, or proportion] with `lower`
        and `upper`, `difference` from the reference [the same unit] and `ratio` to it, each with `_lower` and `_upper`.
        The reference has a difference of 0 and a ratio of 1, without bounds. Missing where a count is, or where there
        is no reference.

    Raises
    ------
    BadInput
        When a column is not there, nobody is in the reference, a cell is no count, or an argument is out of range.

    References
    ----------
    As for `intervals.rate_ratio_interval`, `rate_difference_interval` and their like for proportions.

    Examples
    --------
    >>> import pandas as pd
    >>> found = pd.DataFrame({"ethnic_group": ["White", "Black"], "unseen": [120, 45], "admissions": [1_000, 200]})
    >>> arguments = {"count": "unseen", "population": "admissions", "kind": "proportion", "reference": "White"}
    >>> gaps = group_gaps(found, "ethnic_group", **arguments)
    >>> gaps[["ethnic_group", "value", "difference", "difference_lower", "difference_upper"]].round(3)
      ethnic_group  value  difference  difference_lower  difference_upper
    0        White  0.120       0.000               NaN               NaN
    1        Black  0.225       0.105             0.048              0.17
    """
    table, keys = collected(table), names_in("group_gaps", "by", by)
    rows = _summed("group_gaps", table, [*keys, group], [count, population], {"by": keys, "group": [group]})
    is_reference = (rows[group] == reference).fillna(False).to_numpy(dtype=bool)
    if not is_reference.any():
        hint = nearest(str(reference), rows[group].astype(str).tolist())
        expected = f"one of the groups{'; ' + hint if hint else ''}"
        raise BadInput("group_gaps", [Problem("reference", None, reference, expected)])
    held = rows[is_reference].set_index(keys)[[count, population]] if keys else rows[is_reference]
    if keys:
        at = pd.MultiIndex.from_frame(rows[keys]) if len(keys) > 1 else pd.Index(rows[keys[0]])
        other, others = (held[name].reindex(at).to_numpy(dtype=np.float64) for name in (count, population))
    else:
        other, others = (np.full(len(rows), held[name].iloc[0], dtype=np.float64) for name in (count, population))
    events, people = (np.asarray(rows[name], dtype=np.float64) for name in (count, population))
    level: dict[str, Any] = {"confidence": confidence, "fractional": fractional}
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = per if kind == "rate" else 1.0
        value, of_reference = (np.where(b > 0, a / b * scale, np.nan) for a, b in ((events, people), (other, others)))
        ratios = np.where(of_reference > 0, value / of_reference, np.nan)
    if kind == "rate":
        own = rate_interval(events, people, per, **level)
        gap = rate_difference_interval(events, people, other, others, per, **level)
        times = rate_ratio_interval(events, people, other, others, **level)
    else:
        own = proportion_interval(events, people, **level)
        gap = proportion_difference_interval(events, people, other, others, **level)
        times = proportion_ratio_interval(events, people, other, others, **level)
    made = {"value": value, "lower": own.lower, "upper": own.upper, "difference": value - of_reference, "ratio": ratios}
    for name, bounds in (("difference", gap), ("ratio", times)):
        for end in ("lower", "upper"):
            made[f"{name}_{end}"] = np.where(is_reference, np.nan, getattr(bounds, end))
    ordered = [
        "value",
        "lower",
        "upper",
        *(f"{name}{end}" for name in ("difference", "ratio") for end in ("", "_lower", "_upper")),
    ]
    return given_back(rows.assign(**{name: made[name] for name in ordered}), table)


@checked
def by_deprivation(
    table: Any,
    index: Any,
    area: str,
    deprivation: str,
    *,
    given: Literal["score", "rank", "decile", "quintile"] = "score",
    groups: int = 10,
    by: str | Sequence[str] = (),
    measures: Sequence[str] | None = None,
) -> Any:
    """Sum a table of small areas or practices by how deprived they are, from an index file of the user's own.

    Parameters
    ----------
    table : pandas, Polars or PyArrow table
        Measures of each LSOA or practice. A lazy table is run.
    index : pandas, Polars or PyArrow table
        The index file, a row for each area, of the whole country where groups are to be the country's.
    area : str
        The column of both that names the area, for example "lsoa" or "practice".
    deprivation : str
        The column of the index file that says how deprived it is.
    given : {"score", "rank", "decile", "quintile"}, default "score"
        What that column holds: scores, of which the highest are the most deprived; ranks, of which 1 is; or tenths or
        fifths that are made already, of which 1 is, such as the published deciles. Those of a few areas need not have
        all of them.
    groups : int, default 10
        How many groups. Given ones may be joined, deciles to fifths.
    by : str or sequence of str, optional
        Further columns of the table to keep apart, such as "icb".
    measures : sequence of str, optional
        The columns to add; by default all that hold numbers, and measures whatever they hold.

    Returns
    -------
    The kind of table that came in
        A row for each of `by` and each group: ``deprivation_decile`` (or `_quintile`, or `_group`), 1 for the most
        deprived, as text; `areas`, how many, each once; and the sums, missing where one is. Areas that the index file
        does not have are in the group "not known", last.

    Raises
    ------
    BadInput
        When a column is not there, an area stands twice in the index file, no area of the table is in it, given groups
        are none or do not join to `groups`, or a population would be added twice: an area has several rows within a
        group of `by`.

    Notes
    -----
    Groups have equal numbers of areas, as the published deciles of the Index of Multiple Deprivation have: of n areas
    in order, the r-th is in group ⌈r × groups / n⌉. A practice has the score of its patients' areas, which the user's
    file has to hold; practices differ less than areas do, and so do groups of them.

    References
    ----------
    Ministry of Housing, Communities and Local Government, English Indices of Deprivation: deciles of LSOAs by rank.

    Examples
    --------
    >>> import pandas as pd
    >>> scores = pd.DataFrame({"lsoa": ["E1", "E2", "E3", "E4"], "imd": [40.1, 8.2, 21.0, 33.3]})
    >>> found = pd.DataFrame({"lsoa": ["E1", "E2", "E3", "E9"], "contacts": [90, 20, 30, 5]})
    >>> by_deprivation(found, scores, "lsoa", "imd", groups=2)
      deprivation_group  areas  contacts
    0                 1      1        90
    1                 2      2        50
    2         not known      1         5
    """
    table, keys = collected(table), names_in("by_deprivation", "by", by)
    rows, known = (in_pandas(each, "by_deprivation") for each in (table, collected(index)))
    problems = [
        *_lacking(rows, {"area": [area], "by": keys, "measures": list(measures or ())}),
        *_lacking(known, {"area": [area], "deprivation": [deprivation]}, "the index file"),
    ]
    made = {_NAMES[each]: each for each in (10, 5)}.get(given)
    if groups < 2:
        problems.append(Problem("groups", None, groups, "a whole number, 2 or more"))
    elif made and made % groups:
        problems.append(Problem("groups", None, groups, f"a number to which {made} groups can be joined, such as 5"))
    refuse("by_deprivation", problems)
    known = known[known[deprivation].notna() & known[area].notna()]
    twice = known[area][known[area].duplicated()].unique()
    problems = [Problem(area, None, each, "an area that stands once in the index file") for each in twice[:20]]
    if not rows[area].isin(known[area]).any():
        problems.append(Problem(area, None, None, "areas of the index file: none of the table's is in it"))
    refuse("by_deprivation", problems)
    held = column("by_deprivation", deprivation, known[deprivation])
    if made:
        expected = f"a {given}: a whole number from 1 to {made}"
        strange = known[~np.isin(held, range(1, made + 1))].head(20)
        cells = zip(strange[area], strange[deprivation], strict=True)
        refuse("by_deprivation", [Problem(deprivation, f"{area}={each}", cell, expected) for each, cell in cells])
        standing = held
    else:
        # Areas alike stand in the order of their names, so that groups have equal numbers and rows no say in it.
        order = np.lexsort((known[area].astype(str).to_numpy(), -held if given == "score" else held))
        standing = np.empty(len(held))
        standing[order] = np.arange(1, len(held) + 1)
        made = len(held)
    group_of = dict(zip(known[area], np.ceil(standing * groups / made).astype(int), strict=True))
    name = f"deprivation_{_NAMES.get(groups, 'group')}"
    rows = plain_numbers(rows, rows.columns.difference([area, *keys]))
    numeric = rows.select_dtypes("number")
    # A measure that holds text is named and not left out.
    numbers = [str(each) for each in rows if each not in (area, *keys) and (each in numeric or each in MEASURES)]
    added = numbers if measures is None else list(measures)
    again = rows.duplicated([*keys, area]) & rows[area].notna()
    wrong = {Kind.DISTINCT: "to be left out (measures=): areas share what it counts, so it does not add"}
    if again.any():
        wrong[Kind.POPULATION] = (
            "each area once: it has several rows; leave it out (measures=), or name in by= what tells them apart"
        )
    kinds = {name: MEASURES[name].kind for name in added if name in MEASURES}
    problems = [Problem(name, None, None, wrong[kind]) for name, kind in kinds.items() if kind in wrong]
    refuse("by_deprivation", problems)
    grouped = rows.assign(areas=(~again).astype(int))
    grouped[name] = rows[area].map(group_of)
    result = _summed("by_deprivation", grouped, [*keys, name], ["areas", *added], {}).sort_values([*keys, name])
    words = [NOT_KNOWN if pd.isna(each) else str(int(each)) for each in result[name]]
    return given_back(result.assign(**{name: words}).reset_index(drop=True), table)


@checked
def slope_indices(
    table: Any,
    group: str,
    *,
    count: str,
    population: str,
    by: str | Sequence[str] = (),
    kind: Literal["rate", "proportion"] = "rate",
    per: float = 100_000,
    improvement: Literal["high", "low"] = "low",
    fit_on_scale: bool = False,
    confidence: float = 0.95,
) -> Any:
    """Slope and relative index of inequality of each place, from counts by group of deprivation.

    Parameters
    ----------
    table : pandas, Polars or PyArrow table
        Counts of groups, as `by_deprivation` gives them; the group "not known" has no part. A lazy table is run.
    group : str
        The column of the groups, 1 for the most deprived, as numbers or text.
    count, population, by, kind, per, confidence
        As in `group_gaps`.
    improvement, fit_on_scale
        As in `slope_index`; "low" unless given.

    Returns
    -------
    The kind of table that came in
        A row for each of `by`: the fields of `SlopeIndex` and `note`, which says why there is no index where there is
        none: a group is missing, has no people, or has no events, of which a rate has no logarithm.

    Raises
    ------
    BadInput
        When a column is not there, a group is no number, a cell is no count, or an argument is out of range.

    References
    ----------
    As for `slope_index`. Values have Byar's intervals, and errors on the logarithm; of proportions Wilson's, and errors
    on the logit.

    Examples
    --------
    >>> import pandas as pd
    >>> found = pd.DataFrame({"decile": range(1, 11), "admissions": range(60, 10, -5), "people": 10_000})
    >>> index = slope_indices(found, "decile", count="admissions", population="people")
    >>> index[["slope", "slope_lower", "slope_upper", "relative"]].round(1)
       slope  slope_lower  slope_upper  relative
    0  500.0        362.0        643.1       5.0
    """
    table, keys = collected(table), names_in("slope_indices", "by", by)
    rows = _summed("slope_indices", table, [*keys, group], [count, population], {"by": keys, "group": [group]})
    rows = rows[rows[group].astype(str) != NOT_KNOWN]
    numbers = pd.to_numeric(rows[group], errors="coerce")
    problems = [Problem(group, None, each, "a number, 1 for the most deprived") for each in rows[group][numbers.isna()]]
    if not problems and len(numbers.unique()) < FEWEST:
        problems.append(Problem("group", None, len(numbers.unique()), f"{FEWEST} groups or more"))
    if problems:
        raise BadInput("slope_indices", problems)
    rows, every = rows.assign(**{group: numbers}).sort_values([*keys, group]), sorted(numbers.unique())
    made = []
    for place, held in rows.groupby(keys, sort=False) if keys else [((), rows)]:
        events, people = (held[name].to_numpy(dtype=np.float64) for name in (count, population))
        if kind == "rate":
            value, (lower, upper) = ratio(events, people, per), rate_interval(events, people, per)
        else:
            value, (lower, upper) = ratio(events, people), proportion_interval(events, people)
        note = None
        if held[group].tolist() != every or np.isnan([events, people]).any():
            note = "a group is missing"
        elif not (people > 0).all():
            note = "a group has no people"
        elif not (events > 0).all() or (kind == "proportion" and not (events < people).all()):
            note = "a group has no events" if kind == "rate" else "a group has no events, or nothing else"
        found = {} if note else asdict(
            slope_index(
                value, people, lower=lower, upper=upper, improvement=improvement, fit_on_scale=fit_on_scale,
                scale="log" if kind == "rate" else "logit", confidence=confidence,
            )
        )  # fmt: skip
        made.append(dict(zip(keys, place, strict=True)) | found | {"note": note})
    columns = [*keys, *(each.name for each in fields(SlopeIndex)), "note"]
    return given_back(pd.DataFrame(made).reindex(columns=columns), table)


def _lacking(frame: pd.DataFrame, named: dict[str, list[str]], where: str = "the table") -> list[Problem]:
    """What is wrong with columns that arguments name: that they are not there."""
    found = [each for argument, names in named.items() for each in no_columns(argument, names, frame, frame)]
    return [replace(each, expected=each.expected.replace("the table", where)) for each in found]


def _summed(
    subject: str, table: Any, keys: list[str], measures: list[str], named: dict[str, list[str]]
) -> pd.DataFrame:
    """The sums of each group, in the order in which they first come; missing where a cell is."""
    frame = in_pandas(table, subject)
    refuse(subject, _lacking(frame, {**named, "count": measures[:1], "population": measures[1:]}))
    cells = {name: column(subject, name, frame[name]) for name in measures}
    grouped = frame[keys].assign(**cells).groupby(keys, sort=False, dropna=False)
    sums, missing = grouped[measures].sum(), grouped[measures].agg("count").lt(grouped.size(), axis=0)
    result = sums.mask(missing).reset_index()
    for name in measures:
        if (result[name].dropna() % 1 == 0).all() and result[name].notna().all():
            result[name] = result[name].astype("int64")
    return result
