"""Published counts for every 100,000 people of each ICB, with what rounding and suppression leave open."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cmhs_metrics.disclosure.rule import MISSING
from cmhs_metrics.errors import Problem, lacking, nearest, refuse
from cmhs_metrics.metrics.population import per_100k
from cmhs_metrics.published.changes import notes_on, share_without_icb
from cmhs_metrics.published.mhsds_values import NOT_COUNTED, with_plain_numbers
from cmhs_metrics.published.places_in_files import ICB, WITHOUT_PLACE, breakdown_in
from cmhs_metrics.signatures import checked

_BASES = {"registered": "registered_population", "weighted": "weighted_population"}
_VALUES = ["value", "kind", "lower", "upper"]


@checked
def icb_rates(
    monthly: pd.DataFrame, populations: pd.DataFrame, measure_id: str = "MRS06", *, breakdown: str = ICB
) -> pd.DataFrame:
    """Rate of a published count per 100,000 registered and per 100,000 weighted people of each ICB.

    Parameters
    ----------
    monthly : pandas.DataFrame
        One or more files as `read_mhsds_monthly` gives them.
    populations : pandas.DataFrame
        The people of each ICB, as `read_icb_allocations` gives them [person].
    measure_id : str, default "MRS06"
        The measure, which has to be a count; MRS06 is open referral-spells at the end of the period.
    breakdown : str, default "ICB of GP Practice or Residence"
        The breakdown of the file that gives ICBs.

    Returns
    -------
    pandas.DataFrame
        A row for each ICB and period: ``period_start``, ``period_end``, ``icb``, ``icb_name``, ``measure_id``; the
        count, its ``kind`` and its interval (``value``, ``lower``, ``upper``) [its unit]; both populations [person];
        ``per_100k_registered`` and ``per_100k_weighted`` [its unit per 100,000 people], each with ``_lower`` and
        ``_upper``. A suppressed count has no rate, but an interval. An ICB without a published count is "missing";
        whoever has no ICB stands under "UNKNOWN", without people and without a rate. ``england_without_icb`` is the
        share of England's count that does [proportion], NaN where the table has no row of England; where it is above
        2%, ``attrs["notes"]`` say so.

    Raises
    ------
    BadInput
        When the measure or breakdown is not in the file, or the measure is no count; when an ICB has no population, or
        two.

    References
    ----------
    NHS England, Mental Health Services Monthly Statistics: community waits; NHS England, ICB place-based allocations
    2025/26.

    Examples
    --------
    >>> monthly = pd.DataFrame({"primary_level": ["QF1", "QU1"], "value": [120, np.nan], "lower": [118, 0]})
    >>> monthly = monthly.assign(upper=[122, 4], kind=["rounded to 5", "suppressed"], unit="referral")
    >>> monthly = monthly.assign(breakdown=ICB, secondary_level="NONE", measure_id="MRS06")
    >>> monthly = monthly.assign(period_start="2024-06-01", period_end="2024-06-30")
    >>> people = pd.DataFrame({"icb": ["QF1", "QU1"], "icb_name": ["Fenland ICB", "Uplands ICB"]})
    >>> people = people.assign(registered_population=[6000, 4000], weighted_population=[5400, 4600])
    >>> rates = icb_rates(monthly, people)
    >>> rates[["icb", "per_100k_registered", "per_100k_registered_lower", "per_100k_registered_upper"]].round(1)
       icb  per_100k_registered  per_100k_registered_lower  per_100k_registered_upper
    0  QF1               2000.0                     1966.7                     2033.3
    1  QU1                  NaN                        0.0                      100.0
    """
    counts = _counts(monthly, measure_id, breakdown)
    unplaced_share = share_without_icb(monthly, [measure_id]).drop(columns=["measure_id", "without_icb", "england"])
    people = _people(populations, counts["icb"])
    periods = counts[["period_start", "period_end"]].drop_duplicates()
    unplaced = counts.loc[counts["icb"] == WITHOUT_PLACE, ["icb"]].drop_duplicates()
    places = pd.concat([people, unplaced.assign(icb_name=WITHOUT_PLACE)], ignore_index=True)
    rates = periods.merge(places, how="cross").merge(counts, how="left", on=["period_start", "period_end", "icb"])
    rates["measure_id"] = measure_id
    rates["kind"] = rates["kind"].fillna(MISSING)
    for basis, population in _BASES.items():
        for suffix, value in (("", "value"), ("_lower", "lower"), ("_upper", "upper")):
            rates[f"per_100k_{basis}{suffix}"] = per_100k(rates[value].astype(np.float64), rates[population])
    rates = rates.merge(unplaced_share, how="left", on=["period_start", "period_end"])
    rates = rates.rename(columns={"share": "england_without_icb"})
    first = ["period_start", "period_end", "icb", "icb_name", "measure_id", *_VALUES, *_BASES.values()]
    last = [name for name in rates if str(name).startswith("per_100k_")]
    rates = rates[[*first, *last, "england_without_icb"]]
    rates.attrs["notes"] = notes_on(monthly, [measure_id])
    return rates


def _counts(monthly: pd.DataFrame, measure_id: str, breakdown: str) -> pd.DataFrame:
    known = {"measure_id": measure_id, "breakdown": breakdown}
    needed = [*known, "period_start", "period_end", "primary_level", "secondary_level", *_VALUES, "unit"]
    refuse("the monthly table", lacking("monthly", monthly, needed))
    monthly = with_plain_numbers("monthly", monthly)
    problems: list[Problem] = []
    known["breakdown"] = breakdown = breakdown_in(monthly, breakdown)
    for name, wanted in known.items():
        held = monthly[name].unique().tolist()
        if wanted not in held:
            hint = nearest(wanted, held) or f"such as {', '.join(map(repr, held[:5]))}"
            problems.append(Problem(name, None, wanted, f"one that is in the table; {hint}"))
    rows = monthly[
        (monthly["measure_id"] == measure_id)
        & (monthly["breakdown"] == breakdown)
        & (monthly["secondary_level"] == "NONE")
    ]
    if not problems and rows.empty:
        problems.append(Problem("measure_id", None, measure_id, f"one that is published by {breakdown}"))
    for unit in sorted(set(rows["unit"]).intersection(NOT_COUNTED)):
        problems.append(Problem("measure_id", None, measure_id, f"a count: this is in units of {unit}"))
    for row in rows[rows.duplicated(["period_start", "period_end", "primary_level"])].itertuples():
        expected = "one value for each ICB and period"
        problems.append(Problem("primary_level", f"period_end={row.period_end}", row.primary_level, expected))
    refuse("icb_rates", problems)
    return rows.rename(columns={"primary_level": "icb"})[["period_start", "period_end", "icb", *_VALUES]]


def _people(populations: pd.DataFrame, icbs: pd.Series[str]) -> pd.DataFrame:
    needed = ["icb", "icb_name", *_BASES.values()]
    refuse("the populations", lacking("populations", populations, needed))
    problems = []
    for code in populations.loc[populations["icb"].duplicated(), "icb"].unique():
        problems.append(Problem("icb", None, code, "one row for each ICB: read the allocations with level='icb'"))
    for code in sorted(set(icbs) - set(populations["icb"]) - {WITHOUT_PLACE}):
        problems.append(
            Problem("icb", None, code, "an ICB of the populations: places.to_boundaries brings both to one date")
        )
    refuse("icb_rates", problems)
    return populations[needed]
