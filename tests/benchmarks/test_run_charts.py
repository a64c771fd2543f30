"""What run charts of a whole nation cost: 42 places, 90 measures, 60 months, at once and chart by chart.

Off by default; run with ``python -m pytest tests/benchmarks/test_run_charts.py -s``.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl

from cmhs_metrics.run_charts import run_chart

PLACES, MEASURES, MONTHS = 42, 90, 60
SAMPLE = 100
"""So many charts are drawn one by one, and the time of all reckoned from it."""
OPTIONS: dict[str, Any] = {"improvement": "low", "target": 95}


def nation() -> pd.DataFrame:
    months = [str(month) for month in pd.period_range("2019-04", periods=MONTHS, freq="M")]
    values = np.random.default_rng(1).normal(100, 10, PLACES * MEASURES * MONTHS).round(1)
    return pd.DataFrame(
        {
            "icb": np.repeat([f"Q{at:02}" for at in range(PLACES)], MEASURES * MONTHS),
            "measure": np.tile(np.repeat([f"MHS{at:02}" for at in range(MEASURES)], MONTHS), PLACES),
            "period": np.tile(months, PLACES * MEASURES),
            "value": values,
        }
    )


def seconds(run: Callable[[], Any], repeat: int = 3) -> tuple[float, float]:
    """The least time of a clock on the wall, and of the processor."""
    taken = []
    for _ in range(repeat):
        start, used = time.perf_counter(), time.process_time()
        run()
        taken.append((time.perf_counter() - start, time.process_time() - used))
    return min(taken)


def test_a_nation_in_a_second() -> None:
    table = nation()
    polars = pl.from_pandas(table)
    relation = duckdb.from_arrow(polars.to_arrow())
    by = ["icb", "measure"]
    charts = [chart for _, chart in table.head(SAMPLE * MONTHS).groupby(by)]
    each = seconds(lambda: [run_chart(chart, "value", **OPTIONS) for chart in charts], 2)
    one_by_one = [taken * PLACES * MEASURES / SAMPLE for taken in each]
    ways: dict[str, Callable[[], Any]] = {
        "pandas": lambda: run_chart(table, "value", by=by, **OPTIONS),
        "Polars": lambda: run_chart(polars, "value", by=by, **OPTIONS),
        "Polars, lazy": lambda: run_chart(polars.lazy(), "value", by=by, **OPTIONS).collect(),
        "DuckDB": lambda: run_chart(relation, "value", by=by, **OPTIONS).to_arrow_table(),
    }
    print(
        f"\n{PLACES * MEASURES:,} charts one by one in pandas: {one_by_one[0]:.1f} s, {one_by_one[1]:.1f} s of processor"
    )
    found = {}
    for name, run in ways.items():
        wall, processor = found[name] = seconds(run)
        print(f"{name}: {wall:.2f} s, {processor:.2f} s of processor; {one_by_one[0] / wall:.0f} times as fast")
    for name in ("Polars", "Polars, lazy", "DuckDB"):
        assert one_by_one[0] / found[name][0] > 20, name
