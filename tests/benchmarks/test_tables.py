"""What the table functions cost beside queries by hand that do the same checks, timed in turn in one run.

Off by default; run with ``TABLE_ROWS=1000000,10000000 python -m pytest tests/benchmarks/test_tables.py -s``. ``ROUNDS`` is
how often each is run, of which the quickest counts (3). Where ``CMHS_METRICS_BASELINE`` names a Python with an earlier
build, `aggregate` is timed beside it. Memory is read where the system can forget its peak (Linux).
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import cmhs_metrics as cm

SIZES = [int(size) for size in os.environ.get("TABLE_ROWS", "1000000").split(",")]
ROUNDS = int(os.environ.get("ROUNDS", "3"))
KEYS, BY = ["organisation", "team", "period"], ["organisation", "period"]
MEASURES = ["referrals", "contacts", "did_not_attends", "total_cost", "caseload", "wte"]
RATIOS = {
    "contacts_per_patient": ("contacts", "caseload", 1, True),
    "contacts_per_patient_month": ("contacts", "caseload", 1 / 12, True),
    "dna_rate": ("did_not_attends", "did_not_attends + contacts", 1, False),
    "year_of_care_cost": ("total_cost", "caseload", 1, True),
    "cost_per_contact": ("total_cost", "contacts", 1, False),
    "cost_per_referral": ("total_cost", "referrals", 1, False),
    "cost_per_wte": ("total_cost", "wte", 1, True),
    "patients_per_wte": ("caseload", "wte", 1, False),
    "contacts_per_wte": ("contacts", "wte", 1, True),
}
"""The metrics that these measures allow: numerator, denominator, factor, and whether it is one of whole years."""
MONTHS = [f"2016-{month:02}" for month in range(4, 13)] + [f"2017-{month:02}" for month in range(1, 4)]
YEAR = r"^\d{4}/\d{2}$"
PERIOD = r"^\d{4}(/\d{2}|-\d{2}(-\d{2})?)$"
LIMIT, SMALL_LIMIT = 1.5, 3
PLANNING = 0.03
"""What it takes to make a query, however many rows there are [s]."""


def made(rows: int) -> pl.DataFrame:
    draw, number = np.random.default_rng(0), np.arange(rows)
    return pl.DataFrame(
        {
            "organisation": pl.Series(number // 12 % 200).cast(pl.String),
            "team": pl.Series(number // 12).cast(pl.String),
            "period": pl.Series(np.array(MONTHS)[number % 12]),
            "referrals": draw.integers(10, 100, rows),
            "contacts": draw.integers(100, 1_000, rows),
            "did_not_attends": draw.integers(0, 50, rows),
            "total_cost": draw.random(rows) * 1e6,
            "caseload": draw.integers(10, 500, rows),
            "wte": draw.random(rows) * 20 + 1,
        }
    )


def polars_checked(table: pl.DataFrame) -> None:
    facts = table.select(pl.col(MEASURES).min())
    assert not table.select(pl.struct(KEYS).is_duplicated().any()).item()
    assert min(facts.row(0)) >= 0
    assert table["period"].unique().str.contains(PERIOD).all()
    assert sum(table.select(pl.col(KEYS).null_count()).row(0)) == 0


def polars_ratios() -> list[pl.Expr]:
    is_year = pl.col("period").str.contains(YEAR)

    def value(top: str, bottom: str, scale: float, annual: bool) -> pl.Expr:
        below = pl.sum_horizontal(bottom.split(" + "), ignore_nulls=False)
        return pl.when((below != 0) & is_year if annual else below != 0).then(pl.col(top) / below * scale)

    return [value(*row).alias(name) for name, row in RATIOS.items()]


def by_hand_polars_lazy(table: pl.LazyFrame, grouped: bool) -> Any:
    if grouped:
        # A total of which a part is missing is missing.
        sums = (pl.when(pl.col(name).count() == pl.len()).then(pl.col(name).sum()).alias(name) for name in MEASURES)
        table = table.group_by(BY, maintain_order=True).agg(sums)
    return table.with_columns(polars_ratios()).collect()


def by_hand_polars(table: pl.DataFrame, grouped: bool) -> Any:
    polars_checked(table)
    if grouped:
        table = table.group_by(BY, maintain_order=True).agg(pl.col(MEASURES).sum())
    return table.with_columns(polars_ratios())


def by_hand_pandas(table: pd.DataFrame, grouped: bool) -> Any:
    assert not table.duplicated(KEYS).any()
    assert table[MEASURES].min().min() >= 0
    assert pd.Series(table["period"].unique()).str.match(PERIOD).all()
    assert not table[KEYS].isna().any().any()
    if grouped:
        table = table.groupby(BY, sort=False, as_index=False)[MEASURES].sum()
    is_year = table["period"].str.match(YEAR)

    def value(top: str, bottom: str, scale: float, annual: bool) -> pd.Series:
        below = sum(table[name] for name in bottom.split(" + "))
        return (table[top] / below.where((below != 0) & is_year if annual else below != 0)) * scale

    return table.assign(**{name: value(*row) for name, row in RATIOS.items()})


def by_hand_arrow(table: pa.Table, grouped: bool) -> Any:
    import pyarrow.compute as pc

    assert table.group_by(KEYS).aggregate([([], "count_all")]).num_rows == table.num_rows
    assert min(pc.min(table[name]).as_py() for name in MEASURES) >= 0
    assert pc.all(pc.match_substring_regex(pc.unique(table["period"]), PERIOD)).as_py()
    end = "_sum" if grouped else ""
    if grouped:
        table = table.group_by(BY).aggregate([(name, "sum") for name in MEASURES])
    is_year = pc.match_substring_regex(table["period"], YEAR)
    for name, (top, bottom, scale, annual) in RATIOS.items():
        parts = [table[each + end].cast("double") for each in bottom.split(" + ")]
        below = parts[0] if len(parts) == 1 else pc.add(*parts)
        kept = pc.and_(pc.not_equal(below, 0), is_year) if annual else pc.not_equal(below, 0)
        value = pc.if_else(kept, pc.divide(table[top + end].cast("double"), below), None)
        table = table.append_column(name, pc.multiply(value, scale))
    return table


def by_hand_duckdb(table: duckdb.DuckDBPyRelation, grouped: bool) -> Any:
    year = f"regexp_matches(period, '{YEAR}')"
    ratios = ", ".join(
        (f"case when {year} then " if annual else "")
        + f"{top}::double / nullif({bottom}, 0) * {scale}{' end' if annual else ''} as {name}"
        for name, (top, bottom, scale, annual) in RATIOS.items()
    )
    sums = ", ".join(f"case when count({name}) = count(*) then sum({name})::double end as {name}" for name in MEASURES)
    source = f"select {', '.join(BY)}, {sums} from rows group by all order by all" if grouped else "select * from rows"
    return table.query("rows", f"with totals as ({source}) select *, {ratios} from totals").to_arrow_table()


def ours(collect: Callable[[Any], Any] = lambda result: result) -> Callable[[Any, bool], Any]:
    def run(table: Any, grouped: bool) -> Any:
        return collect(cm.aggregate(table, by=BY) if grouped else cm.with_metrics(table))

    return run


ENGINES: dict[str, tuple[Callable[[pl.DataFrame], Any], Callable[..., Any], Callable[..., Any]]] = {
    "Polars": (lambda table: table, by_hand_polars, ours()),
    "pandas": (lambda table: table.to_pandas(), by_hand_pandas, ours()),
    "PyArrow": (lambda table: table.to_arrow(), by_hand_arrow, ours()),
    "lazy Polars": (
        lambda table: table.lazy(),
        lambda table, grouped: by_hand_polars_lazy(table, grouped),
        ours(lambda each: each.collect()),
    ),
    "DuckDB": (
        lambda table: duckdb.from_arrow(table.to_arrow()),
        by_hand_duckdb,
        ours(lambda each: each.to_arrow_table()),
    ),
}


def quickest(calls: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """The quickest time of each [s], run in turn so that all meet the same machine."""
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            taken[name].append(time.perf_counter() - start)
    return {name: min(times) for name, times in taken.items()}


@pytest.mark.parametrize("rows", SIZES)
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("grouped", [False, True], ids=["with_metrics", "aggregate"])
def test_beside_a_query_by_hand(engine: str, rows: int, grouped: bool) -> None:
    convert, by_hand, with_package = ENGINES[engine]
    table = convert(made(rows))
    times = quickest({"hand": lambda: by_hand(table, grouped), "ours": lambda: with_package(table, grouped)}, ROUNDS)
    ratio = times["ours"] / times["hand"]
    print(f"\n{engine}, {rows:,}: by hand {times['hand']:.2f} s, here {times['ours']:.2f} s, {ratio:.2f} times")
    assert times["ours"] < LIMIT * times["hand"] + PLANNING


def test_a_small_table_beside_its_divisions() -> None:
    table = cm.synthetic_providers()
    metrics = [name for name in cm.with_metrics(table).columns if name not in table]
    plain = dict.fromkeys(metrics, table["total_cost"])

    def divisions() -> object:
        return table.assign(
            **{name: column / table["caseload"].where(table["caseload"] != 0) for name, column in plain.items()}
        )

    times = quickest({"divisions": divisions, "ours": lambda: cm.with_metrics(table)}, 20)
    ratio = times["ours"] / times["divisions"]
    print(
        f"\n464 rows: divisions {times['divisions'] * 1e3:.1f} ms, here {times['ours'] * 1e3:.1f} ms, {ratio:.2f} times"
    )
    assert ratio < SMALL_LIMIT


# Memory, and an earlier build: each in a process of its own


def alone(engine: str, rows: int, who: str, grouped: bool, python: str = sys.executable) -> tuple[float, float]:
    """The time [s] and the peak of memory above the table [MB] of a call in a process of its own."""
    words = [python, __file__, engine, str(rows), who, str(int(grouped))]
    seconds, memory = subprocess.run(words, check=True, capture_output=True, text=True).stdout.split()
    return float(seconds), float(memory)


def peak() -> float:
    """The peak of memory since it was last forgotten [MB]; NaN where the system does not say."""
    with open("/proc/self/status") as status:
        return next(float(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1e3


def run(engine: str, rows: str, who: str, grouped: str) -> None:
    convert, by_hand, with_package = ENGINES[engine]
    table, call = convert(made(int(rows))), by_hand if who == "hand" else with_package
    call(convert(made(1_000)), grouped == "1")
    with open("/proc/self/clear_refs", "w") as forget:
        forget.write("5")
    before, start = peak(), time.perf_counter()
    result = call(table, grouped == "1")
    print(time.perf_counter() - start, peak() - before)
    del result


@pytest.mark.skipif(not os.path.exists("/proc/self/clear_refs"), reason="the system does not say its peak of memory")
@pytest.mark.parametrize("rows", SIZES)
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("grouped", [False, True], ids=["with_metrics", "aggregate"])
def test_peak_of_memory(engine: str, rows: int, grouped: bool) -> None:
    hand, here = alone(engine, rows, "hand", grouped)[1], alone(engine, rows, "ours", grouped)[1]
    print(f"\n{engine}, {rows:,}: by hand {hand:,.0f} MB above the table, here {here:,.0f} MB")
    assert here < 2 * hand + 50


@pytest.mark.skipif("CMHS_METRICS_BASELINE" not in os.environ, reason="CMHS_METRICS_BASELINE names no earlier version")
@pytest.mark.parametrize("engine", ["Polars", "lazy Polars"])
def test_beside_an_earlier_build(engine: str) -> None:
    rows = max(SIZES)
    earlier = alone(engine, rows, "ours", True, os.environ["CMHS_METRICS_BASELINE"])[0]
    now = min(alone(engine, rows, "ours", True)[0] for _ in range(ROUNDS))
    print(
        f"\n{engine}, {rows:,}, aggregate: the earlier build {earlier:.2f} s, this one {now:.2f} s, {now / earlier:.2f}"
    )
    assert now < earlier / 5 or engine != "Polars"


if __name__ == "__main__":
    run(*sys.argv[1:])
