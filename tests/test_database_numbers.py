"""Numbers as databases give them to pandas (Decimals and None among objects) are numbers to functions of tables."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest

import cmhs_metrics as cm
from cmhs_metrics.catchments import Shares
from cmhs_metrics.inequality import by_deprivation
from cmhs_metrics.intervals import standardised_rates
from cmhs_metrics.numeric.frames import plain_numbers
from cmhs_metrics.outcomes import first_and_latest_scores
from cmhs_metrics.run_charts import run_chart
from tests.support.refusals import ANY, refused

MONTHS = [f"2024-{month:02}" for month in range(1, 13)]
DAYS = pd.to_datetime(["2024-01-01", "2024-02-01"])
CALLS = {
    "run chart": lambda numbers: run_chart(pd.DataFrame({"period": MONTHS, "contacts": numbers}), "contacts")["centre"],
    "standardised rates": lambda numbers: standardised_rates(
        pd.DataFrame({"icb": "A", "age": ["0-4", "5-9"], "n": numbers.head(2), "people": [1_000, 2_000]}),
        events="n", population="people", age_band="age", by="icb", standard_population={"0-4": 1, "5-9": 1},
    )["standardised_rate"],
    "flows": lambda numbers: Shares.from_flows(
        pd.DataFrame({"trust": "A", "icb": MONTHS, "contacts": numbers}), "trust", "icb", "contacts"
    ).to_pandas()["share"],
    "scores": lambda numbers: first_and_latest_scores(
        pd.DataFrame({"person": "A", "day": DAYS, "score": numbers.head(2)}), "person"
    )[["first", "latest"]].stack(),
    "deprivation": lambda numbers: by_deprivation(
        pd.DataFrame({"lsoa": MONTHS, "contacts": numbers}),
        pd.DataFrame({"lsoa": MONTHS, "rank": range(1, 13)}), "lsoa", "rank", given="rank", groups=2,
    )["contacts"],
}  # fmt: skip


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_decimals_are_numbers(call: Any) -> None:
    numbers = pd.Series(range(10, 22))
    assert call(numbers.map(Decimal)).tolist() == pytest.approx(call(numbers).tolist())


def test_what_is_none_is_missing_and_what_is_no_number_stays() -> None:
    table = pd.DataFrame(
        {"n": [Decimal("1.5"), None], "x": ["*", 2], "b": [True, 2], "none": [None, None]}, dtype=object
    )
    result = plain_numbers(table, table.columns)
    assert result["n"].tolist()[0] == 1.5
    assert math.isnan(result["n"].tolist()[1])
    assert table["n"].tolist() == [Decimal("1.5"), None]
    assert all(result[name].dtype == object for name in ("x", "b", "none"))


def test_a_measure_with_text_among_its_numbers_is_named_and_not_left_out() -> None:
    index = pd.DataFrame({"lsoa": ["a", "b"], "rank": [1, 2]})
    with refused("contacts", ANY, expected="a number"):
        by_deprivation(pd.DataFrame({"lsoa": ["a", "b"], "contacts": ["*", 6]}), index, "lsoa", "rank")
    names = by_deprivation(pd.DataFrame({"lsoa": ["a", "b"], "name": ["x", "y"]}), index, "lsoa", "rank")
    assert list(names) == ["deprivation_decile", "areas"]
    assert cm.aggregate(pd.DataFrame({"contacts": [Decimal(5), None]}, dtype=object))["contacts"].isna().all()
