"""Recomputing the percentages of the MHSDS monthly files from their own numerators and denominators."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cmhs_metrics.errors import BadInput, Problem
from cmhs_metrics.metrics.waits import (
    four_week_rate,
    waiting_over_52_weeks_rate,
    waiting_over_78_weeks_rate,
    waiting_over_104_weeks_rate,
)

if TYPE_CHECKING:
    from collections.abc import Callable

REPRODUCED = "reproduced"
AGREES = "agrees within rounding"
DIFFERS = "differs"
SUPPRESSED = "suppressed"
NOT_CHECKED = "not checked"

VERDICTS = (REPRODUCED, AGREES, DIFFERS, SUPPRESSED, NOT_CHECKED)
"""What the check of a percentage can come to."""

PRECISION = 1e-6
"""How closely an exact percentage is reproduced, relative to it: files print seven or eight figures."""


@dataclass(frozen=True, slots=True)
class Percentage:
    """What a published percentage is a percentage of.

    Parameters
    ----------
    numerator, denominator : str
        The ids of the measures that it is computed from.
    metric : callable
        The metric of this library that it is.
    """

    numerator: str
    denominator: str
    metric: Callable[..., Any]


def _percentages() -> dict[str, Percentage]:
    result = {f"{whole}b": Percentage(f"{whole}a", whole, four_week_rate) for whole in ("MRS01", "MRS08")}
    wholes = {"MRS02": "MRS02", "MRS07": "MRS03", "MRS09": "MRS09", "MRS14": "MRS10"}
    metrics = {
        ("a", "b"): waiting_over_104_weeks_rate,
        ("c", "d"): waiting_over_78_weeks_rate,
        ("e", "f"): waiting_over_52_weeks_rate,
    }
    for family, whole in wholes.items():
        for (part, percentage), metric in metrics.items():
            result[family + percentage] = Percentage(family + part, whole, metric)
    return result


PERCENTAGES = MappingProxyType(_percentages())
"""The percentages of the community waits ("4WW") files, by measure id."""

_PLACE = ["period_start", "period_end", "breakdown", "primary_level", "secondary_level"]
_NEEDED = [*_PLACE, "measure_id", "value", "kind", "lower", "upper", "unit"]


def check_percentages(table: pd.DataFrame) -> pd.DataFrame:
    """Check every published percentage against its own numerator and denominator.

    Parameters
    ----------
    table : pandas.DataFrame
        One or more files as `read_mhsds_monthly` gives them.

    Returns
    -------
    pandas.DataFrame
        A row for each percentage: period, breakdown, levels and ``measure_id``; ``published`` and its ``kind``; the
        ids of ``numerator`` and ``denominator``; ``recomputed``, from the two as published; ``lower`` and ``upper``,
        the least and greatest that their rounding allows [all %]; and the ``verdict``: "reproduced" (exact, and equal
        to six figures), "agrees within rounding" (some true numerator, denominator and percentage would be published
        so), "differs", "suppressed", or "not checked", with the ``reason``.

    Raises
    ------
    BadInput
        When a column of the reader is not there, or a measure, place and period stands twice.

    References
    ----------
    NHS England, Mental Health Services Monthly Statistics: community waits. Percentages of those waiting stand on all
    who wait: MRS07 on MRS03, MRS14 on MRS10, the others on the measure that they are named after.

    Examples
    --------
    England, three months to June 2024:

    >>> place = {"period_start": "2024-04-01", "period_end": "2024-06-30", "breakdown": "England"}
    >>> place |= {"primary_level": "England", "secondary_level": "NONE", "kind": "exact"}
    >>> values = {"MRS01": 16_139, "MRS01a": 934, "MRS01b": 5.7872233}
    >>> units = ["referral", "referral", "percent"]
    >>> table = pd.DataFrame(pd.Series(values).items(), columns=["measure_id", "value"]).assign(unit=units, **place)
    >>> check_percentages(table.assign(lower=table["value"], upper=table["value"]))["verdict"].tolist()
    ['reproduced']
    """
    problems = [
        Problem(name, None, None, "a column of that name, as read_mhsds_monthly gives it")
        for name in _NEEDED
        if name not in table
    ]
    if not problems and (repeated := table[table.duplicated([*_PLACE, "measure_id"])]).size:
        shown = repeated[[*_PLACE, "measure_id"]].astype(str).agg(", ".join, axis=1)
        problems = [Problem(None, row, None, "one row for each measure, place and period") for row in shown]
    if problems:
        raise BadInput("the table", problems)
    published = table[table["unit"] == "percent"]
    parts = recompute(table, published)
    result = published[[*_PLACE, "measure_id", "kind"]].reset_index(drop=True)
    result["published"] = published["value"].to_numpy()
    result = pd.concat([result, parts.reset_index(drop=True)], axis=1)
    bounds = published[["lower", "upper"]].to_numpy(dtype=np.float64)
    result["reason"] = _reasons(result)
    result["verdict"] = _verdicts(result, bounds, parts["exact"].to_numpy())
    computed = ["numerator", "denominator", "recomputed", "lower", "upper", "verdict", "reason"]
    return result[[*_PLACE, "measure_id", "published", "kind", *computed]]


def recompute(table: pd.DataFrame, percentages: pd.DataFrame) -> pd.DataFrame:
    """Recompute percentages from their numerators and denominators.

    Parameters
    ----------
    table : pandas.DataFrame
        Rows that hold the numerators and denominators.
    percentages : pandas.DataFrame
        Rows of percentages.

    Returns
    -------
    pandas.DataFrame
        A row for each of `percentages`: the ids of ``numerator`` and ``denominator``, None where they are not known;
        ``recomputed``, ``lower`` and ``upper`` [%], NaN where they cannot be computed; ``exact``, whether both parts
        are; ``impossible``, whether the numerator is above the denominator however they were rounded.
    """
    known = [PERCENTAGES.get(each) for each in percentages["measure_id"]]
    result = pd.DataFrame(index=percentages.index)
    for part in ("numerator", "denominator"):
        result[part] = pd.Series([each and getattr(each, part) for each in known], index=result.index, dtype=object)
    tops = _part(table, percentages, result["numerator"])
    bottoms = _part(table, percentages, result["denominator"])
    result["exact"] = (tops["kind"].eq("exact") & bottoms["kind"].eq("exact")).to_numpy()
    top, top_low, top_high = (tops[name].to_numpy(dtype=np.float64) for name in ("value", "lower", "upper"))
    bottom, low, high = (bottoms[name].to_numpy(dtype=np.float64) for name in ("value", "lower", "upper"))
    result["impossible"] = top_low > high
    # A part is never above its whole, though its rounded value may be.
    ends = {
        "recomputed": (np.minimum(top, bottom), bottom),
        "lower": (np.minimum(top_low, high), high),
        "upper": (np.minimum(top_high, low), low),
    }
    for name, (numerator, denominator) in ends.items():
        result[name] = np.nan
        for metric in {each.metric for each in known if each}:
            here = np.array([each is not None and each.metric is metric for each in known], dtype=bool)
            result.loc[here, name] = 100 * metric(numerator[here], denominator[here])
    # Where the whole may be nobody, the share may be anything.
    result.loc[(low == 0) & result["lower"].notna().to_numpy(), "upper"] = 100.0
    return result


def _part(table: pd.DataFrame, percentages: pd.DataFrame, measure_id: pd.Series[Any]) -> pd.DataFrame:
    """The rows of the parts of percentages, missing where there is none."""
    wanted = percentages[_PLACE].assign(measure_id=measure_id.to_numpy())
    columns = ["value", "kind", "lower", "upper"]
    held = table.loc[table["measure_id"].isin(measure_id.unique()), [*_PLACE, "measure_id", *columns]]
    return wanted.merge(held, how="left", on=[*_PLACE, "measure_id"])[columns]


def _reasons(result: pd.DataFrame) -> Any:
    numerator, denominator = result["numerator"].astype(str), result["denominator"].astype(str)
    conditions = {
        "": result["kind"] == SUPPRESSED,
        "what it is a percentage of is not known": result["numerator"].isna(),
        "no percentage is published": result["published"].isna(),
    }
    reasons = np.select(list(conditions.values()), list(conditions), "?").astype(object)
    open_ = reasons == "?"
    unpublished = numerator + " or " + denominator + " is not published, or zero"
    reasons[open_] = np.where(result["lower"].isna(), unpublished, "")[open_]
    above = open_ & result["impossible"].to_numpy()
    reasons[above] = (numerator + " is above " + denominator).to_numpy()[above]
    return reasons


def _verdicts(result: pd.DataFrame, bounds: Any, exact_parts: Any) -> Any:
    published, recomputed = (result[name].to_numpy(dtype=np.float64) for name in ("published", "recomputed"))
    exact = exact_parts & (result["kind"] == "exact").to_numpy()
    equal = np.abs(published - recomputed) <= PRECISION * np.abs(recomputed)
    slack = PRECISION * 100
    meet = (bounds[:, 0] <= result["upper"] + slack) & (bounds[:, 1] >= result["lower"] - slack)
    conditions = [
        result["kind"] == SUPPRESSED,
        result["impossible"],
        result["reason"] != "",
        exact & equal,
        ~exact & meet,
    ]
    names = [SUPPRESSED, DIFFERS, NOT_CHECKED, REPRODUCED, AGREES]
    return np.select([np.asarray(each, dtype=bool) for each in conditions], names, DIFFERS)
