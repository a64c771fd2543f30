"""Wrong calls of what compares and follows over time: each names the argument, what it got and what was expected."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

import cmhs_metrics as cm
from cmhs_metrics import intervals, trends, variation
from cmhs_metrics.run_charts import rules
from tests.support.refusals import problem, raised, refused

TWO = np.array([1.0, 2.0])
THREE = np.array([1.0, 2.0, 3.0])
BAD: dict[str, tuple[Any, Any]] = {
    "fold_variation(None)": (lambda: variation.fold_variation(None), problem("values", expected="a place")),
    "gini(None)": (lambda: variation.gini(None), problem("values", expected="a place")),
    "stretch": (lambda: rules.run_on_one_side(THREE, 2, stretch=5), problem("stretch", 5, expected="a number", names=3)),
    "centre": (lambda: rules.run_on_one_side(TWO, "x"), problem("centre", "x", expected="a number")),
    "centres": (lambda: rules.run_on_one_side(THREE, TWO), problem("centre", TWO, expected="a number", names=3)),
    "length": (
        lambda: rules.steady_trend(THREE, length=Decimal("NaN")),
        problem("length", Decimal("NaN"), expected="a whole number"),
    ),
    "values": (lambda: rules.steady_trend(5), problem("values", 5, expected="a list")),
    "counts": (
        lambda: intervals.rate_difference_interval(1e308, 10, 1e308, 10, fractional=True),
        [problem("count", 1e308, names="1e+15"), problem("reference_count", 1e308, names="1e+15")],
    ),
    "cases": (
        lambda: intervals.proportion_difference_interval(1e308, 1e308, 1, 2, fractional=True),
        [problem("numerator", 1e308, names="1e+15"), problem("denominator", 1e308, names="1e+15")],
    ),
    "years": (lambda: trends.compound_growth(1.0, 2.0, "x"), problem("years", "x", expected="above zero")),
    "count": (lambda: trends.next_period("2016/17", 0.5), problem("count", 0.5, expected="a whole number")),
    "lag": (lambda: trends.change_on_previous(TWO, lag="x"), problem("lag", "x", expected="a whole number")),
    "breaks": (lambda: trends.change_on_previous(TWO, breaks=5), problem("breaks", 5, expected="a list")),
    "periods": (lambda: trends.change_on_previous(TWO, periods=5), problem("periods", 5, expected="a list")),
    "periods of an index": (lambda: trends.index_to_base(TWO, 0, periods=5), problem("periods", 5, names=2)),
    "base value": (
        lambda: trends.index_to_base(TWO, 0, base_value="x"),
        problem("base_value", "x", expected="a finite number"),
    ),
    "base": (lambda: trends.index_to_base(TWO, {}), problem("base", {}, expected="a date or period")),
    "a table": (lambda: trends.rolling_year(None, by="a"), problem("values", "NoneType", expected="a table")),
    "another table": (
        lambda: cm.what_drove(5, "dna_rate", "a", "2016/17", "2017/18"), problem("table", "int", expected="a table")
    ),
    "people": (
        lambda: cm.benchmark(
            pd.DataFrame({"icb": ["A", "B"], "period": "2016/17", "referrals": 1}), "referrals_per_100k", by="icb",
            period="2016/17", populations=5,
        ),
        problem("populations", "int", expected="a table"),
    ),
    "a period": (
        lambda: cm.parse_periods([["2016/17"]]),
        problem("values", ["2016/17"], row="1st row", expected="a date or period"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", list(BAD))
def test_is_refused_by_name(name: str) -> None:
    call, awaited = BAD[name]
    with refused(*(awaited if isinstance(awaited, list) else [awaited])):
        call()


@pytest.mark.parametrize("value", [None, "5", [5.0]])
def test_what_is_no_value_is_told(value: Any) -> None:
    with raised(TypeError, "value", type(value).__name__):
        cm.real_terms(value, 0.01, 4)
    with raised(TypeError, "values"):
        trends.index_to_base(value, 0)
