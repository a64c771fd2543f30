"""What `aggregate` gives, in plain Python: written from its documentation, row by row, and from nothing of its code."""

from __future__ import annotations

from typing import Any

Row = dict[str, Any]
FLOWS, STOCK = ("contacts", "total_cost"), "caseload"
MONTHS_OF_A_YEAR = 12


def aggregate(
    rows: list[Row], by: list[str], over_time: str | None, total_of_known: bool, *, lazy: bool = False
) -> list[Row]:
    """The groups in the order in which they first appear: totals, bounds of the caseload, and two metrics.

    Of a lazy table it is not known whether it has one period, so that the rule over time holds there too.
    """
    periods = {row["period"] for row in rows}
    pooled = "period" not in by and (lazy or len(periods) > 1)
    groups: dict[tuple, list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row[name] for name in by), []).append(row)
    return [
        dict(zip(by, labels, strict=True)) | of_group(group, max(periods), pooled, over_time, total_of_known)
        for labels, group in groups.items()
    ]


def of_group(group: list[Row], end: str, pooled: bool, over_time: str | None, total_of_known: bool) -> Row:
    shown: Row = {}
    whole: Row = {}
    for name in FLOWS:
        known = [row[name] for row in group if row[name] is not None]
        whole[name] = sum(known) if len(known) == len(group) else None
        shown[name] = sum(known) if total_of_known and known else whole[name]
    for name in (STOCK, f"{STOCK}_lower", f"{STOCK}_upper"):
        if name in group[0]:
            shown[name], whole[name] = stock(group, name, end, pooled, over_time, total_of_known)
    year = is_a_year(group, pooled)
    patients = None if (pooled and over_time == "mean") or not year else whole[STOCK]
    shown["contacts_per_patient"] = divided(whole["contacts"], patients)
    shown["cost_per_contact"] = divided(whole["total_cost"], whole["contacts"])
    return shown


def stock(
    group: list[Row], name: str, end: str, pooled: bool, over_time: str | None, total_of_known: bool
) -> tuple[Any, Any]:
    """The total of a stock as it is shown, and as it is known to the last part."""
    teams, periods = {row["team"] for row in group}, {row["period"] for row in group}
    cells = [row for row in group if not (pooled and over_time == "last") or row["period"] == end]
    known = [row[name] for row in cells if row[name] is not None]
    wanted = len(cells)
    if pooled:
        wanted = len(teams) * (len(periods) if over_time == "mean" else 1)
    whole = None
    if cells and len(known) == len(cells) == wanted:
        whole = sum(known) / (len(periods) if pooled and over_time == "mean" else 1)
    if not total_of_known or (pooled and over_time == "mean"):
        return whole, whole
    hidden = [row for row in cells if row[name] is None and row.get(f"{STOCK}_lower") is not None]
    return (sum(known) if known and not (hidden and name != f"{STOCK}_lower") else None), whole


def is_a_year(group: list[Row], pooled: bool) -> bool:
    """One financial year, or twelve months in a row; of every team all of it."""
    periods = sorted({row["period"] for row in group})
    if not pooled:
        return all("/" in period for period in periods)
    if {(row["team"], row["period"]) for row in group} != {(row["team"], each) for row in group for each in periods}:
        return False
    if "/" in periods[0]:
        return len(periods) == 1
    numbers = [int(period[:4]) * MONTHS_OF_A_YEAR + int(period[5:]) for period in periods]
    return numbers == list(range(numbers[0], numbers[0] + MONTHS_OF_A_YEAR))


def divided(top: float | None, bottom: float | None) -> float | None:
    return None if top is None or not bottom else top / bottom
