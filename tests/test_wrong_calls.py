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

TWO = np.array([1.0, 2.0])
THREE = np.array([1.0, 2.0, 3.0])
BAD: dict[str, tuple[Any, str]] = {
    "fold_variation(None)": (lambda: variation.fold_variation(None), "values: expected the values of places"),
    "gini(None)": (lambda: variation.gini(None), "values: expected the values of places"),
    "stretch": (lambda: rules.run_on_one_side(THREE, 2, stretch=5), "stretch: got 5, expected 3 numbers"),
    "centre": (lambda: rules.run_on_one_side(TWO, "x"), "centre: got 'x', expected numbers"),
    "centres": (lambda: rules.run_on_one_side(THREE, TWO), "centre: got array.*, expected one number, or 3"),
    "length": (lambda: rules.steady_trend(THREE, length=Decimal("NaN")), r"length: got Decimal\('NaN'\), expected a whole"),
    "values": (lambda: rules.steady_trend(5), "values: got 5, expected a series"),
    "counts": (
        lambda: intervals.rate_difference_interval(1e308, 10, 1e308, 10, fractional=True),
        r"count: got 1e\+308, expected a count of 1e\+15 at most",
    ),
    "cases": (
        lambda: intervals.proportion_difference_interval(1e308, 1e308, 1, 2, fractional=True),
        r"numerator: got 1e\+308, expected a count",
    ),
    "years": (lambda: trends.compound_growth(1.0, 2.0, "x"), "years: got 'x', expected a time above zero"),
    "count": (lambda: trends.next_period("2016/17", 0.5), "count: got 0.5, expected a whole number"),
    "lag": (lambda: trends.change_on_previous(TWO, lag="x"), "lag: got 'x', expected one period or more"),
    "breaks": (lambda: trends.change_on_previous(TWO, breaks=5), "breaks: got 5, expected a list of periods"),
    "periods": (lambda: trends.change_on_previous(TWO, periods=5), "periods: got 5, expected 2 periods"),
    "periods of an index": (lambda: trends.index_to_base(TWO, 0, periods=5), "periods: got 5, expected 2 periods"),
    "base value": (lambda: trends.index_to_base(TWO, 0, base_value="x"), "base_value: got 'x', expected a finite number"),
    "base": (lambda: trends.index_to_base(TWO, {}), "base: got {}, expected a period of the values"),
    "a table": (lambda: trends.rolling_year(None, by="a"), "values: got 'NoneType', expected a table"),
    "another table": (
        lambda: cm.what_drove(5, "dna_rate", "a", "2016/17", "2017/18"), "table: got 'int', expected a table"
    ),
    "people": (
        lambda: cm.benchmark(
            pd.DataFrame({"icb": ["A", "B"], "period": "2016/17", "referrals": 1}), "referrals_per_100k", by="icb",
            period="2016/17", populations=5,
        ),
        "populations: got 'int', expected a table",
    ),
    "a period": (lambda: cm.parse_periods([["2016/17"]]), r"values, 1st row: got \['2016/17'\], expected a financial year"),
}  # fmt: skip


@pytest.mark.parametrize("name", list(BAD))
def test_is_refused_by_name(name: str) -> None:
    call, expected = BAD[name]
    with pytest.raises(cm.BadInput, match=expected):
        call()


@pytest.mark.parametrize("value", [None, "5", [5.0]])
def test_what_is_no_value_is_told(value: Any) -> None:
    with pytest.raises(TypeError, match="real_terms: value is a"):
        cm.real_terms(value, 0.01, 4)
    with pytest.raises(TypeError, match="values is a"):
        trends.index_to_base(value, 0)
