"""Counting what facts flag, for England and each provider, ICB and sub-ICB."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import narwhals as nw

from cmhs_metrics.mhsds.national.rows import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from cmhs_metrics.mhsds.records.extract import Frame

ENGLAND = "England"
PROVIDER = "Provider"
ICB, SUB_ICB = "ICB of GP Practice or Residence", "Sub ICB of GP Practice or Residence"
BREAKDOWNS = (ENGLAND, ICB, SUB_ICB, PROVIDER)
Place = tuple[str, str]
"""A breakdown and the code of a place in it."""


def rows_of(frame: Frame) -> Iterator[dict[str, Any]]:
    """The rows of a small result, run on its engine."""
    found = frame.collect() if isinstance(frame, nw.LazyFrame) else frame
    yield from found.iter_rows(named=True)


def with_places(frame: Frame) -> Frame:
    """Rows whose provider and sub-ICB are told, or `UNKNOWN`."""
    return frame.with_columns(
        *(
            nw.when(nw.col(name).fill_null("") == "").then(nw.lit(UNKNOWN)).otherwise(nw.col(name)).alias(name)
            for name in ("provider", "sub_icb")
        )
    )


def counts(frame: Frame, flags: Sequence[str], icb_of: Mapping[str, str]) -> dict[tuple[str, Place], int]:
    """How many rows have each flag, at each place: summed on the engine by provider and sub-ICB, and then added."""
    sums = with_places(frame).group_by("provider", "sub_icb").agg(*(nw.col(name).sum() for name in flags))
    found: dict[tuple[str, Place], int] = defaultdict(int)
    for row in rows_of(sums):
        for place in places(row["provider"], row["sub_icb"], icb_of):
            for name in flags:
                found[name, place] += int(row[name] or 0)
    return dict(found)


def places(provider: str, sub_icb: str, icb_of: Mapping[str, str]) -> Iterable[Place]:
    """The places to which what is of a provider and a sub-ICB belongs."""
    yield ENGLAND, ENGLAND
    yield PROVIDER, provider
    yield SUB_ICB, sub_icb
    yield ICB, icb_of.get(sub_icb, UNKNOWN)


def _at_each_place(frame: Frame, icb_of: Mapping[str, str]) -> Iterator[Frame]:
    """The frame with its `where` and `place`, breakdown by breakdown."""
    icb: Any = nw.lit(UNKNOWN)
    if icb_of:
        icb = nw.col("sub_icb").replace_strict(
            list(icb_of), list(icb_of.values()), default=UNKNOWN, return_dtype=nw.String
        )
    columns = {ENGLAND: nw.lit(ENGLAND), PROVIDER: nw.col("provider"), SUB_ICB: nw.col("sub_icb"), ICB: icb}
    for breakdown, column in columns.items():
        yield frame.with_columns(nw.lit(breakdown).alias("where"), column.alias("place"))


def people(frame: Frame, flags: Sequence[str], icb_of: Mapping[str, str]) -> dict[tuple[str, Place], int]:
    """How many distinct people have each flag, at each place: one may be counted at several."""
    frame = with_places(
        frame.select("Person_ID", "provider", "sub_icb", *(nw.col(name).cast(nw.Int64) for name in flags))
    )
    parts = []
    for part in _at_each_place(frame, icb_of):
        each = part.group_by("where", "place", "Person_ID").agg(*(nw.col(name).max() for name in flags))
        summed = each.group_by("where", "place").agg(*(nw.col(name).sum() for name in flags))
        parts.append(summed.select("where", "place", *flags))
    return {
        (name, (row["where"], row["place"])): int(row[name] or 0)
        for row in rows_of(nw.concat(parts, how="vertical"))
        for name in flags
    }


def percentiles(frame: Frame, icb_of: Mapping[str, str]) -> dict[Place, tuple[float, float]]:
    """The median and the 90th percentile of `days` at each place, by linear interpolation [day]."""
    days = (nw.col("days") * 1.0).alias("days")
    frame = with_places(frame.select("provider", "sub_icb", days))
    frame = frame.with_columns(nw.col("days").alias("later"))
    parts = [
        part.group_by("where", "place").agg(
            nw.col("days").quantile(0.5, "linear"), nw.col("later").quantile(0.9, "linear")
        )
        for part in _at_each_place(frame, icb_of)
    ]
    rows = rows_of(nw.concat([part.select("where", "place", "days", "later") for part in parts], how="vertical"))
    return {(row["where"], row["place"]): (float(row["days"]), float(row["later"])) for row in rows}


def by_code(frame: Frame, code: str, flag: str) -> dict[str, int]:
    """How many rows have a flag, in all, by a code."""
    found = frame.filter(nw.col(flag) == 1).group_by(code).agg(nw.col(flag).sum())
    return {row[code]: int(row[flag]) for row in rows_of(found)}
