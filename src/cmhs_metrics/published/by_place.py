"""Published counts as a table of measures: a row for each place, ready for `aggregate` and `benchmark`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from cmhs_metrics.errors import Problem, lacking, nearest, refuse
from cmhs_metrics.measures import MEASURES, Kind
from cmhs_metrics.published.changes import notes_on
from cmhs_metrics.published.mhsds_values import NOT_COUNTED, UNKNOWN, as_date, with_plain_numbers
from cmhs_metrics.published.places_in_files import ICB, breakdown_in
from cmhs_metrics.signatures import checked

if TYPE_CHECKING:
    from collections.abc import Mapping

_PERIOD = ["period_start", "period_end"]
_CODE, _NAME = "primary_level", "primary_level_name"
_ENDS = {"": "value", "_lower": "lower", "_upper": "upper"}


@checked
def measures_by_place(
    monthly: pd.DataFrame,
    measures: Mapping[str, str],
    *,
    place: str = "icb",
    breakdown: str = ICB,
    rolling: bool = False,
) -> pd.DataFrame:
    """Bring published counts to a table with a row for each place, and what is known of each count.

    Parameters
    ----------
    monthly : pandas.DataFrame
        One or more files as `read_mhsds_monthly` gives them.
    measures : mapping of str to str
        The ids of the published measures that are wanted, each with the measure of this library that it is:
        ``{"MRS06": "open_referrals"}``. All have to be counts of one period.
    place : str, default "icb"
        What the column of places is to be called: "organisation" for providers.
    breakdown : str, default "ICB of GP Practice or Residence"
        The breakdown of the file that gives these places: "Provider" for providers.
    rolling : bool, default False
        Whether periods may overlap, as those of measures of three months do that are published every month, for a trend
        of them. What is in two of them must then not be added over time.

    Returns
    -------
    pandas.DataFrame
        A row for each place and period, in the order of the file: `place` and its name, ``period`` (the month, or the
        last day of a longer period), and for each measure its value, as published, and its bounds ``_lower`` and
        ``_upper`` [its unit]. A suppressed count has bounds and no value, one that is not published neither. Where
        more than 2% of England is in no ICB, ``attrs["notes"]`` say so of each measure and period.

    Raises
    ------
    BadInput
        When a measure or breakdown is not in the file, a published measure is no count, or periods overlap, so that
        what is in two of them would be counted twice; when the rules of publication do not explain a value.

    References
    ----------
    NHS England, Mental Health Services Monthly Statistics: community waits.

    Examples
    --------
    >>> import numpy as np
    >>> monthly = pd.DataFrame({"primary_level": ["QF1", "QU1"], "value": [120, np.nan], "lower": [118, 0]})
    >>> monthly = monthly.assign(upper=[122, 4], kind=["rounded to 5", "suppressed"], unit="referral")
    >>> monthly = monthly.assign(breakdown=ICB, secondary_level="NONE", measure_id="MRS06", primary_level_name="An ICB")
    >>> dates = {"period_start": pd.Timestamp(2024, 6, 1), "period_end": pd.Timestamp(2024, 6, 30)}
    >>> measures_by_place(monthly.assign(**dates), {"MRS06": "open_referrals"})
       icb icb_name   period  open_referrals  open_referrals_lower  open_referrals_upper
    0  QF1   An ICB  2024-06           120.0                 118.0                 122.0
    1  QU1   An ICB  2024-06             NaN                   0.0                   4.0
    """
    rows = _rows(monthly, measures, breakdown, rolling)
    keys = [*_PERIOD, _CODE, _NAME]
    table = rows[keys].drop_duplicates(ignore_index=True)
    for measure_id, name in measures.items():
        held = rows.loc[rows["measure_id"] == measure_id, [*keys, *_ENDS.values()]]
        table = table.merge(
            held.rename(columns={value: f"{name}{end}" for end, value in _ENDS.items()}), how="left", on=keys
        )
    table["period"] = _period(table)
    table = table.rename(columns={_CODE: place, _NAME: f"{place}_name"}).drop(columns=_PERIOD)
    table = table[[place, f"{place}_name", "period", *(f"{name}{end}" for name in measures.values() for end in _ENDS)]]
    table.attrs["notes"] = notes_on(monthly, list(measures)) if place == "icb" else []
    return table


def _period(table: pd.DataFrame) -> pd.Series[str]:
    start, end = table["period_start"], table["period_end"]
    is_a_month = (start.dt.day == 1) & (end + pd.Timedelta(days=1)).dt.is_month_start & start.dt.month.eq(end.dt.month)
    period: pd.Series[str] = end.dt.strftime("%Y-%m").where(is_a_month, end.dt.strftime("%Y-%m-%d"))
    return period


def _rows(monthly: pd.DataFrame, measures: Mapping[str, str], breakdown: str, rolling: bool) -> pd.DataFrame:
    needed = [*_PERIOD, _CODE, _NAME, "secondary_level", "breakdown", "measure_id", "kind", "unit", *_ENDS.values()]
    refuse("the monthly table", lacking("monthly", monthly, needed))
    monthly = with_plain_numbers("monthly", monthly)
    problems: list[Problem] = []
    for name in _PERIOD:
        days = monthly[name]
        if days.dtype.kind != "M":  # it was written to a file, and read again
            read = {each: as_date(str(each)) for each in days.unique()}
            unread = [each for each, day in read.items() if day is None]
            problems += [Problem(name, None, each, "a date, as the reader gives it") for each in unread]
            days = pd.to_datetime(days.map(read))
        # Of Arrow's times pandas 2 makes no months.
        monthly = monthly.assign(**{name: days.astype("datetime64[ns]")})
    refuse("measures_by_place", problems)
    breakdown = breakdown_in(monthly, breakdown)
    of_places = monthly[(monthly["breakdown"] == breakdown) & (monthly["secondary_level"] == "NONE")]
    if of_places.empty:
        held = monthly["breakdown"].unique().tolist()
        problems.append(Problem("breakdown", None, breakdown, f"one that is in the table: {', '.join(held)}"))
    problems += _wrong_measures(measures)
    for measure_id in measures:
        units = set(of_places.loc[of_places["measure_id"] == measure_id, "unit"])
        if not units and not of_places.empty:
            known = of_places["measure_id"].unique().tolist()
            expected = f"a measure that is published by {breakdown}; {nearest(measure_id, known)}".rstrip("; ")
            problems.append(Problem("measures", None, measure_id, expected))
        problems += [
            Problem("measures", None, measure_id, f"a count: this is in units of {unit}")
            for unit in NOT_COUNTED
            if unit in units
        ]
    rows = of_places[of_places["measure_id"].isin(list(measures))]
    for row in rows[rows.duplicated([*_PERIOD, _CODE, "measure_id"])].itertuples():
        problems.append(
            Problem(str(row.measure_id), f"place={row.primary_level}", row.value, "one value for each period")
        )
    for row in rows[rows["kind"] == UNKNOWN].itertuples():
        expected = "a value that the rules of publication explain, so that it is known where the true one lies"
        problems.append(Problem(str(row.measure_id), f"place={row.primary_level}", row.value, expected))
    problems += _overlaps(rows, rolling)
    refuse("measures_by_place", problems)
    return rows


def _wrong_measures(measures: Mapping[str, str]) -> list[Problem]:
    summable = [name for name, measure in MEASURES.items() if measure.kind in (Kind.FLOW, Kind.STOCK)]
    problems = [
        Problem("measures", measure_id, name, f"a measure that adds; {nearest(name, summable)}".rstrip("; "))
        for measure_id, name in measures.items()
        if name not in summable
    ]
    names = list(measures.values())
    problems += [
        Problem("measures", None, name, "one published measure for it")
        for name in dict.fromkeys(names)
        if names.count(name) > 1
    ]
    return problems if measures else [Problem("measures", None, None, "at least one measure")]


def _overlaps(rows: pd.DataFrame, rolling: bool) -> list[Problem]:
    """Refuse measures of periods of several lengths, and periods that overlap, unless that is meant."""
    ends, starts = rows["period_end"].dt, rows["period_start"].dt
    months = (ends.year - starts.year) * 12 + ends.month - starts.month + 1
    lengths = {each: sorted(set(months[rows["measure_id"] == each])) for each in rows["measure_id"].unique()}
    if len({length for each in lengths.values() for length in each}) > 1:
        return [
            Problem(
                "measures", None, measure_id, f"a call of its own: it is of {' and '.join(map(str, each))} month(s)"
            )
            for measure_id, each in lengths.items()
        ]
    periods = rows[_PERIOD].drop_duplicates().sort_values(_PERIOD)
    first, last = list(periods["period_start"]), list(periods["period_end"])
    overlapping = [(end, start) for end, start in zip(last, first[1:], strict=False) if start <= end]
    if rolling or not overlapping:
        return []
    end, start = overlapping[0]
    named = ", ".join(lengths)
    expected = (
        f"a period after {end:%Y-%m-%d}, for what is in two would be counted twice ({named}); rolling=True for a trend"
    )
    return [Problem("period_start", None, f"{start:%Y-%m-%d}", expected)]
