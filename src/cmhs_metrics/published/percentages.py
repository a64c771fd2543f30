"""Recomputing the percentages of the MHSDS monthly files from their own numerators and denominators."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cmhs_metrics.errors import Problem, lacking, refuse
from cmhs_metrics.numeric.ratio import ratio
from cmhs_metrics.published.mhsds_values import known_measures, with_plain_numbers
from cmhs_metrics.signatures import checked

if TYPE_CHECKING:
    from numpy.typing import NDArray

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
    """

    numerator: str
    denominator: str


PERCENTAGES = MappingProxyType(
    {each: Percentage(top, bottom) for each, (_, top, bottom) in known_measures().items() if top}
)
"""The percentages of the national files whose parts are published beside them, by measure id."""

_PLACE = ["period_start", "period_end", "breakdown", "primary_level", "secondary_level"]
_NEEDED = [*_PLACE, "measure_id", "value", "kind", "lower", "upper", "unit"]


@checked
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
    problems = lacking("table", table, _NEEDED, of="read_mhsds_monthly")
    if not problems and (repeated := table[table.duplicated([*_PLACE, "measure_id"])]).size:
        shown = repeated[[*_PLACE, "measure_id"]].astype(str).agg(", ".join, axis=1)
        problems = [Problem(None, row, None, "one row for each measure, place and period") for row in shown]
    refuse("the table", problems)
    table = with_plain_numbers("table", table)
    at = np.flatnonzero((table["unit"] == "percent").to_numpy())
    published = table.iloc[at]
    parts = recompute(table, at)
    result = published[[*_PLACE, "measure_id", "kind"]].reset_index(drop=True)
    result["published"] = published["value"].to_numpy()
    result = pd.concat([result, parts.reset_index(drop=True)], axis=1)
    bounds = published[["lower", "upper"]].to_numpy(dtype=np.float64)
    result["reason"] = _reasons(result)
    result["verdict"] = _verdicts(result, bounds, parts["exact"].to_numpy())
    computed = ["numerator", "denominator", "recomputed", "lower", "upper", "verdict", "reason"]
    return result[[*_PLACE, "measure_id", "published", "kind", *computed]]


def recompute(table: pd.DataFrame, at: NDArray[np.intp]) -> pd.DataFrame:
    """Recompute percentages from their numerators and denominators.

    `table`: rows of percentages, and of their numerators and denominators. Gives a row for each percentage: the ids
    of ``numerator`` and ``denominator``, None where they are not known; ``recomputed``, ``lower`` and ``upper`` [%],
    NaN where they cannot be computed; ``exact``, whether both parts are; ``impossible``, whether the numerator is
    above the denominator however they were rounded.
    """
    place = _numbered(table, [name for name in (*_PLACE, "status") if name in table])
    codes, ids = pd.factorize(table["measure_id"])
    of_id = {str(each): code for code, each in enumerate(ids)}
    known = [PERCENTAGES.get(str(each)) for each in ids]
    result = pd.DataFrame(index=table.index[at])
    tops, bottoms = (
        _part(table, at, place, codes, result, part, [each and getattr(each, part) for each in known], of_id)
        for part in ("numerator", "denominator")
    )
    result["exact"] = (tops["kind"].eq("exact") & bottoms["kind"].eq("exact")).to_numpy()
    top, top_low, top_high = (tops[name].to_numpy(dtype=np.float64) for name in ("value", "lower", "upper"))
    bottom, low, high = (bottoms[name].to_numpy(dtype=np.float64) for name in ("value", "lower", "upper"))
    result["impossible"] = top_low > high
    # A part is never above its whole, though its rounded value may be.
    result["recomputed"] = ratio(np.minimum(top, bottom), bottom, 100.0)
    result["lower"] = ratio(np.minimum(top_low, high), high, 100.0)
    result["upper"] = ratio(np.minimum(top_high, low), low, 100.0)
    # Where the whole may be nobody, the share may be anything.
    result.loc[(low == 0) & result["lower"].notna().to_numpy(), "upper"] = 100.0
    return result


def _numbered(table: pd.DataFrame, columns: list[str]) -> NDArray[np.int64]:
    """A number for each row, the same where all columns are the same."""
    number = np.zeros(len(table), dtype=np.int64)
    for name in columns:
        codes, uniques = pd.factorize(table[name])
        number = pd.factorize(number * (len(uniques) + 1) + codes)[0]
    return number


def _part(
    table: pd.DataFrame, at: Any, place: Any, codes: Any, result: pd.DataFrame, name: str, ids: list[Any],
    of_id: dict[str, int],
) -> pd.DataFrame:  # fmt: skip
    """The rows of numerators or denominators, missing where there is none; their ids go into the result."""
    result[name] = pd.Series(np.array([*ids, None], dtype=object)[codes[at]], index=result.index, dtype=object)
    wanted = np.array([of_id.get(each, -1) for each in ids], dtype=np.int64)
    held = np.flatnonzero(np.isin(codes, wanted))
    width = len(ids) + 1
    found = pd.Index(place[held] * width + codes[held]).get_indexer(place[at] * width + wanted[codes[at]])
    found[wanted[codes[at]] < 0] = -1
    rows = table[["value", "kind", "lower", "upper"]].iloc[held]
    return rows.set_axis(range(len(rows))).reindex(found).set_axis(range(len(found)))


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
