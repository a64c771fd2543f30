"""An extract's measures beside the published ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cmhs_metrics.disclosure.rule import EXACT, MISSING, NHS, SUPPRESSED
from cmhs_metrics.errors import BadInput, Problem
from cmhs_metrics.signatures import checked

if TYPE_CHECKING:
    from numpy.typing import NDArray

SAME, WITHIN, DIFFERS = "the same", "within rounding", "differs"
ONLY_OURS, ONLY_THEIRS, NOT_TOLD = "only ours", "only theirs", "not told"
VERDICTS = (SAME, WITHIN, DIFFERS, ONLY_OURS, ONLY_THEIRS, NOT_TOLD)
"""What a row of a comparison can come to."""

KEYS = ["measure_id", "period_end", "breakdown", "primary_level", "secondary_level"]
_VALUES = ["value", "kind", "lower", "upper", "unit", "published_value"]
_NUMBERS = ("value", "lower", "upper")
_HALF = {"percent": 0.5, "day": 0.5}


@checked
def compare(ours: pd.DataFrame, theirs: pd.DataFrame) -> pd.DataFrame:
    """Lay the measures of an extract beside a published file, and say whether they differ by more than rounding.

    Parameters
    ----------
    ours : pandas.DataFrame
        As `published` gives it, suppressed or not.
    theirs : pandas.DataFrame
        As `published.read_mhsds_monthly` gives it, of any measures, places and months.

    Returns
    -------
    pandas.DataFrame
        A row for each measure and place that stands on either side, of the measures, breakdowns and periods that ours
        has: `measure_id`, `period_end`, `breakdown`, `primary_level`, `secondary_level`, `primary_level_name`, `ours`,
        `theirs` (text), `difference` [the measure's unit] (ours less theirs, NaN where one is not shown), `verdict`:

        - "the same";
        - "within rounding": the true numbers can be the same. Behind a rounded count lie those that round to it, up to
          2.5 apart; behind "*" 0 to 4; behind a percentage or days outside England half a unit to either side;
        - "differs": they cannot;
        - "only ours", "only theirs": the row stands on one side only;
        - "not told": a number is missing, or a suppressed percentage or number of days says nothing.

    Raises
    ------
    BadInput
        When a table lacks a column, a row stands twice, or the tables have no period in common.

    Examples
    --------
    >>> from cmhs_metrics import mhsds
    >>> ours = mhsds.published(mhsds.example(), "2025-03", measures=["MRS06"], breakdown="Provider", suppress=False)
    >>> theirs = mhsds.published(mhsds.example(), "2025-03", measures=["MRS06"], breakdown="Provider")
    >>> compare(ours, theirs)[["measure_id", "primary_level", "ours", "theirs", "verdict"]]
      measure_id primary_level ours theirs          verdict
    0      MRS06           RX1    2      *  within rounding
    """
    problems: list[Problem] = []
    ours, theirs = (_read(name, table, problems) for name, table in (("ours", ours), ("theirs", theirs)))
    if problems:
        raise BadInput("compare", problems)
    ends, told = ({day.date().isoformat() for day in table["period_end"]} for table in (ours, theirs))
    if ends and told and not ends & told:
        expected = f"a period that ours has, which ends on {', '.join(sorted(ends))}"
        raise BadInput("compare", [Problem("theirs.period_end", None, ", ".join(sorted(told)), expected)])
    of_ours = {name: set(ours[name]) for name in ("measure_id", "period_end", "breakdown")}
    theirs = theirs[np.logical_and.reduce([theirs[name].isin(list(values)) for name, values in of_ours.items()])]
    names = pd.concat([theirs, ours]).drop_duplicates(KEYS).set_index(KEYS)["primary_level_name"]
    both = ours[[*KEYS, *_VALUES]].merge(theirs[[*KEYS, *_VALUES]], on=KEYS, how="outer", suffixes=(" ours", " theirs"))
    both = both.assign(verdict=_verdicts(both), difference=both["value ours"] - both["value theirs"])
    both = both.assign(primary_level_name=names.reindex(pd.MultiIndex.from_frame(both[KEYS])).to_numpy())
    both = both.rename(columns={"published_value ours": "ours", "published_value theirs": "theirs"})
    order = both["breakdown"].ne("England").astype(int)
    both = both.assign(order=order).sort_values(["measure_id", "order", *KEYS[1:]], kind="stable")
    return both[[*KEYS, "primary_level_name", "ours", "theirs", "difference", "verdict"]].reset_index(drop=True)


def _read(argument: str, table: pd.DataFrame, problems: list[Problem]) -> pd.DataFrame:
    """A table as it was made, though it may have been stored and read again; or what is wrong with it."""
    maker = "mhsds.published" if argument == "ours" else "published.read_mhsds_monthly"
    if not isinstance(table, pd.DataFrame):
        problems.append(Problem(argument, None, type(table).__name__, f"a table as {maker} gives it"))
        return table
    lacking = [name for name in [*KEYS, *_VALUES, "primary_level_name"] if name not in table]
    if lacking:
        problems += [Problem(f"{argument}.{name}", None, None, f"this column, as {maker} gives it") for name in lacking]
        return table
    text = {name: _texts(table[name]) for name in [*KEYS, *_VALUES, "primary_level_name"]}
    made: dict[str, Any] = {name: pd.to_numeric(text[name], errors="coerce").astype("float64") for name in _NUMBERS}
    made["period_end"] = (
        pd.to_datetime(text["period_end"], format="ISO8601", errors="coerce").astype("datetime64[s]").dt.normalize()
    )
    for name, cells in made.items():
        wrong = text[name][cells.isna() & ((text[name] != "") | (name == "period_end"))]
        if name == "period_end":  # of a month as 2024-06 that is the first day
            wrong = pd.concat([wrong, text[name][cells.notna() & ~cells.dt.is_month_end]])
        expected = "a number, or nothing" if name in _NUMBERS else "the last day of a period, as 2024-06-30"
        problems += [Problem(f"{argument}.{name}", None, cell, expected) for cell in wrong[:1]]
    read = table.assign(**text | {name: text[name].mask(text[name] == "") for name in ("kind", "unit")} | made)
    expected = "a row for each measure, place and period: of several statuses, choose one"
    problems += [
        Problem(argument, ", ".join(f"{name}={row[name]}" for name in KEYS), None, expected)
        for _, row in read[read.duplicated(KEYS)].iterrows()
    ]
    return read


def _texts(cells: pd.Series) -> pd.Series:
    """Cells as text, nothing as none; a whole number that became one of a fraction without it."""
    places, values = pd.factorize(cells)
    written = [str(int(each)) if isinstance(each, float) and each.is_integer() else str(each) for each in values]
    return pd.Series(np.array([*written, ""], dtype=object)[places], index=cells.index)


def _verdicts(both: pd.DataFrame) -> NDArray[np.object_]:
    kinds = both["kind ours"], both["kind theirs"]
    bounds = [_bounds(both, side) for side in ("ours", "theirs")]
    (low, high), (lower, upper) = bounds
    exact = [kind == EXACT for kind in kinds]
    close = np.isclose(both["value ours"], both["value theirs"], rtol=1e-6, atol=1e-6)
    overlap = (low <= upper + 1e-9) & (lower <= high + 1e-9)
    same_text = both["published_value ours"] == both["published_value theirs"]
    told_little = (both["unit ours"].isin(list(_HALF))) & ((kinds[0] == SUPPRESSED) | (kinds[1] == SUPPRESSED))
    nothing = (kinds[0] == MISSING) | (kinds[1] == MISSING)
    conditions = {
        ONLY_THEIRS: kinds[0].isna(),
        ONLY_OURS: kinds[1].isna(),
        SAME: same_text & ~nothing | (exact[0] & exact[1] & close),
        NOT_TOLD: nothing | (told_little & np.isnan(upper) | told_little & np.isnan(high)) | ~(
            np.isfinite(low) & np.isfinite(lower)
        ),
        WITHIN: overlap,
    }  # fmt: skip
    return np.select([np.asarray(each, dtype=bool) for each in conditions.values()], list(conditions), DIFFERS)


def _bounds(both: pd.DataFrame, side: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """From where to where a number can be; what is shown of days outside England is a whole number."""
    value, kind = both[f"value {side}"].to_numpy(dtype=float), both[f"kind {side}"].to_numpy()
    low, high = (both[f"{name} {side}"].to_numpy(dtype=float, copy=True) for name in ("lower", "upper"))
    half = both["unit ours"].map(_HALF).fillna(0.0).to_numpy()
    rounded = (both["breakdown"] != "England").to_numpy() & (half > 0) & (value % 1 == 0) & (low == high)
    if side == "theirs":
        low, high = np.where(rounded, np.maximum(value - half, 0), low), np.where(rounded, value + half, high)
    suppressed = (kind == SUPPRESSED) & ~both["unit ours"].isin(list(_HALF)).to_numpy()
    return np.where(suppressed, 0, low), np.where(suppressed, NHS.threshold - 1, high)
