"""What changed between two months: places that are new or gone, or moved; and how many people no ICB has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cmhs_metrics.errors import BadInput, Problem, lacking, refuse
from cmhs_metrics.numeric.ratio import ratio
from cmhs_metrics.published.mhsds_values import COUNTED, with_plain_numbers
from cmhs_metrics.published.places_in_files import ENGLAND, ICB_BREAKDOWNS, WITHOUT_PLACE
from cmhs_metrics.signatures import checked
from cmhs_metrics.trends import percentage_change

if TYPE_CHECKING:
    from collections.abc import Iterable

LARGE_SHARE = 0.02
"""Above this share of England without an ICB, every result that is built on it says so [proportion]."""

_PERIOD = ["period_start", "period_end"]
_NEEDED = [
    *_PERIOD, "breakdown", "primary_level", "primary_level_name", "secondary_level", "measure_id", "value", "lower",
    "upper", "unit",
]  # fmt: skip
_READER = "read_mhsds_monthly"
_OF_SHARES = [*_PERIOD, "breakdown", "primary_level", "secondary_level", "measure_id", "value", "unit"]
_PLACE = ["breakdown", "primary_level", "measure_id"]
_ENDS = ["value", "lower", "upper"]


@checked
def changes(
    before: pd.DataFrame, after: pd.DataFrame, *, more_than: float = 0.2, measures: Iterable[str] | None = None
) -> pd.DataFrame:
    """Say which places are new, gone, or moved by more than a share, between two months of published counts.

    Parameters
    ----------
    before, after : pandas.DataFrame
        The two months, as `read_mhsds_monthly` gives them.
    more_than : float, default 0.2
        The change, up or down, above which a place is named [proportion].
    measures : iterable of str, optional
        Only these measures, by id; by default every count that both have.

    Returns
    -------
    pandas.DataFrame
        A row for each place and measure that is new, gone or moved, the largest moves first: ``breakdown``, ``place``
        and ``place_name``, ``measure_id``, ``what`` ("new", "gone" or "moved"), the count ``before`` and ``after`` [its
        unit] and the ``change`` [%]. A place has moved where it has whatever rounding or suppression leaves open. Its
        ``attrs["notes"]`` say how large a share of England is in no ICB, before and after.

    Raises
    ------
    BadInput
        When a table lacks a column or has two periods of one measure, or the share is not above zero.

    References
    ----------
    NHS England, Mental Health Services Monthly Statistics.

    Examples
    --------
    >>> row = {"period_start": pd.Timestamp(2024, 8, 1), "period_end": pd.Timestamp(2024, 8, 31), "unit": "referral"}
    >>> row |= {"breakdown": "Provider", "secondary_level": "NONE", "measure_id": "MRS06", "primary_level_name": "A"}
    >>> august = pd.DataFrame({"primary_level": ["RA1", "RA2"], "value": [9055.0, 500.0]}).assign(**row)
    >>> august = august.assign(lower=august["value"] - 2, upper=august["value"] + 2)
    >>> september = august.assign(value=[20_985.0, 505.0], lower=[20_983.0, 503.0], upper=[20_987.0, 507.0])
    >>> changes(august, september)[["place", "what", "before", "after", "change"]].round(1)
      place   what  before    after  change
    0   RA1  moved  9055.0  20985.0   131.8
    """
    months = {"before": before, "after": after}
    problems = [each for name, month in months.items() for each in lacking(name, month, _NEEDED, of=_READER)]
    if isinstance(more_than, bool) or not isinstance(more_than, (int, float)) or not 0 < more_than < np.inf:
        problems.append(Problem("more_than", None, more_than, "a proportion above 0"))
    refuse("changes", problems)
    wanted = None if measures is None else [measures] if isinstance(measures, str) else list(measures)
    before, after = (with_plain_numbers(name, month) for name, month in months.items())
    sides = {which: _counts(table, which, wanted) for which, table in (("before", before), ("after", after))}
    both = sides["before"].merge(sides["after"], how="outer", on=_PLACE, suffixes=("_before", "_after"), indicator=True)
    # A measure or breakdown that only one of them has says nothing of its places.
    for name in ("measure_id", "breakdown"):
        both = both[both[name].isin(set(sides["before"][name]) & set(sides["after"][name]))]
    up = both["lower_after"] > both["upper_before"] * (1 + more_than)
    down = both["upper_after"] < both["lower_before"] * (1 - more_than)
    gone, new = both["_merge"] == "left_only", both["_merge"] == "right_only"
    result = pd.DataFrame(
        {
            "breakdown": both["breakdown"],
            "place": both["primary_level"],
            "place_name": both["primary_level_name_after"].fillna(both["primary_level_name_before"]),
            "measure_id": both["measure_id"],
            "what": np.select([new, gone, up | down], ["new", "gone", "moved"], ""),
            "before": both["value_before"],
            "after": both["value_after"],
        }
    )
    result["change"] = percentage_change(result["after"], result["before"])
    result = result[result["what"] != ""].sort_values("change", key=abs, ascending=False, kind="stable")
    result = result.reset_index(drop=True)
    shares = pd.concat([share_without_icb(before, wanted), share_without_icb(after, wanted)])
    result.attrs["notes"] = [
        f"{_month(row.period_end)}: {row.share:.1%} of England's {row.measure_id} is in no ICB "
        f"({row.without_icb:,.0f} of {row.england:,.0f})."
        for row in shares.dropna(subset=["share"]).itertuples()
    ]
    return result


@checked
def share_without_icb(monthly: pd.DataFrame, measures: Iterable[str] | None = None) -> pd.DataFrame:
    """The share of England that stands under no ICB, of each count and period.

    Parameters
    ----------
    monthly : pandas.DataFrame
        One or more files as `read_mhsds_monthly` gives them.
    measures : iterable of str, optional
        Only these measures, by id; by default every count that has both rows.

    Returns
    -------
    pandas.DataFrame
        A row for each measure and period: ``period_start``, ``period_end``, ``measure_id``, the count ``without_icb``
        and ``england``'s [its unit], and the ``share`` [proportion].

    References
    ----------
    NHS England, Mental Health Services Monthly Statistics: people of no known ICB stand under "UNKNOWN".

    Examples
    --------
    >>> row = {"period_start": pd.Timestamp(2024, 9, 1), "period_end": pd.Timestamp(2024, 9, 30), "unit": "referral"}
    >>> row |= {"secondary_level": "NONE", "measure_id": "MRS06"}
    >>> places = {"breakdown": ["England", "ICB of GP Practice or Residence"], "primary_level": ["England", "UNKNOWN"]}
    >>> september = pd.DataFrame(places).assign(value=[525_448.0, 40_725.0], **row)
    >>> share_without_icb(september)["share"].round(4).tolist()
    [0.0775]
    """
    refuse("share_without_icb", lacking("monthly", monthly, _OF_SHARES, of=_READER))
    monthly = with_plain_numbers("monthly", monthly)
    rows = monthly[(monthly["secondary_level"] == "NONE") & monthly["unit"].isin(COUNTED)]
    if measures is not None:
        rows = rows[rows["measure_id"].isin([measures] if isinstance(measures, str) else list(measures))]
    keys = [*_PERIOD, "measure_id"]
    unplaced = rows[rows["breakdown"].isin(ICB_BREAKDOWNS) & rows["primary_level"].str.upper().eq(WITHOUT_PLACE)]
    england = rows[rows["breakdown"] == ENGLAND]
    sides = [each[[*keys, "value"]].drop_duplicates(keys) for each in (unplaced, england)]
    result = sides[0].rename(columns={"value": "without_icb"}).merge(
        sides[1].rename(columns={"value": "england"}), on=keys
    )  # fmt: skip
    result["share"] = ratio(result["without_icb"].to_numpy(float), result["england"].to_numpy(float))
    return result


def notes_on(monthly: pd.DataFrame, measures: Iterable[str]) -> list[str]:
    """What every result that is built on some counts has to say: that a large share of England is in no ICB."""
    shares = share_without_icb(monthly, measures)
    return [
        f"In {_month(row.period_end)}, {row.share:.1%} of England's {row.measure_id} ({row.without_icb:,.0f} of "
        f"{row.england:,.0f}) is in no ICB: the counts of ICBs lack them, and may have fallen for no other reason."
        for row in shares[shares["share"] > LARGE_SHARE].itertuples()
    ]


def _month(end: Any) -> str:
    return f"{pd.Timestamp(end):%Y-%m}"


def _counts(table: pd.DataFrame, which: str, wanted: list[str] | None) -> pd.DataFrame:
    rows = table[(table["secondary_level"] == "NONE") & table["unit"].isin(COUNTED)]
    rows = rows[rows["breakdown"] != ENGLAND]
    if wanted is not None:
        rows = rows[rows["measure_id"].isin(wanted)]
    twice = rows.loc[rows.duplicated(_PLACE), "measure_id"].unique()
    if len(twice) or rows.empty:
        problems = [Problem("measure_id", None, each, f"one period of it in {which}") for each in twice]
        raise BadInput("changes", problems or [Problem(which, None, None, "counts of these measures")])
    return rows[[*_PLACE, "primary_level_name", *_ENDS]]
