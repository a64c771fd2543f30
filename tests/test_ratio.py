"""The one division: of numbers, arrays and expressions alike, with its scale, where it is defined and where it is not."""

from __future__ import annotations

import math
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl
import pytest

from cmhs_metrics.measures import MEASURES, Kind
from cmhs_metrics.numeric.containers import Contract, evaluate
from cmhs_metrics.numeric.ratio import ratio

NAN = math.nan
CELLS: list[tuple[float, float, float]] = [
    # Above, below, and how often the one goes into the other.
    (3, 2, 1.5), (-3, 2, -1.5), (3, -2, -1.5), (0, 2, 0), (3, 0, NAN), (0, 0, NAN), (3, math.inf, NAN), (math.inf, 2, NAN),
    (-math.inf, 2, NAN), (NAN, 2, NAN), (3, NAN, NAN), (math.inf, math.inf, NAN),
]  # fmt: skip


@pytest.mark.parametrize("scale", [1, 2, 0.5, 100_000])
@pytest.mark.parametrize("kind", ["array", "polars", "narwhals", "by a number", "of a number"])
def test_every_kind_of_operand_and_scale(kind: str, scale: float) -> None:
    above, below, expected = (np.array(column, dtype=float) for column in zip(*CELLS, strict=True))
    frame = pl.DataFrame({"above": above, "below": below})
    if kind == "array":
        found = ratio(above, below, scale)
    elif kind == "polars":
        found = frame.select(ratio(pl.col("above"), pl.col("below"), scale).alias("x"))["x"].fill_null(NAN).to_numpy()
    elif kind == "narwhals":
        made = nw.from_native(frame).select(x=ratio(nw.col("above"), nw.col("below"), scale))  # type: ignore[call-overload]
        found = made.to_native()["x"].fill_null(NAN).to_numpy()
    elif kind == "by a number":
        expected = above[:4] / 4
        found = nw.from_native(frame).select(x=ratio(nw.col("above"), 4, scale)).to_native()["x"].to_numpy()[:4]  # type: ignore[call-overload]
    else:
        expected = np.array([4 / 2, 4 / 2, 4 / -2, 4 / 2, NAN])
        found = frame.select(ratio(4, pl.col("below"), scale).alias("x"))["x"].fill_null(NAN).to_numpy()[:5]  # type: ignore[call-overload]
    np.testing.assert_allclose(found, expected * scale)


def test_of_numbers() -> None:
    assert ratio(3, 2) == 1.5
    assert ratio(3, 2, 2) == 3
    assert math.isnan(ratio(3, 0, 2))
    # An array by a number, and a number by an array.
    assert ratio(np.array([3.0, 0]), 2, 4).tolist() == [6, 0]
    np.testing.assert_array_equal(ratio(3, np.array([2, 0, math.inf])), [1.5, NAN, NAN])


def test_what_is_too_large_for_a_float_is_undefined() -> None:
    for scale in (1, 10):
        assert np.isnan(ratio(np.array([1e308]), np.array([1e-10]), scale)).all()
        frame = pl.DataFrame({"a": [1e308], "b": [1e-10]})
        made = nw.from_native(frame).select(x=ratio(nw.col("a"), nw.col("b"), scale))  # type: ignore[call-overload]
        assert made.to_native()["x"].to_list() == [None]


def test_the_measures_stand_by_their_names() -> None:
    # Those that records count, with what each is a part of.
    records: dict[str, Any] = {
        "referrals": None, "referrals_rejected": "referrals", "referrals_accepted": "referrals", "referrals_closed": None,
        "discharges": None, "open_referrals": None, "waits_completed": None, "waits_within_four_weeks": "waits_completed",
    }  # fmt: skip
    assert {name: MEASURES[name].part_of for name in records} == records
    for name, measure in MEASURES.items():
        assert measure.name == name
        whole = measure.part_of
        assert whole is None or (MEASURES[whole].kind, MEASURES[whole].unit) == (measure.kind, measure.unit), name
    assert {each.value for each in Kind} == {"flow", "stock", "distinct", "population"}


def test_what_a_formula_that_is_no_sum_makes_of_nan_is_missing_in_expressions() -> None:
    # Whole fours of weeks: two in nine, none in three.
    contract = Contract("fours", lambda weeks: weeks // 4, {"weeks": "week"}, "week")
    frame = pl.DataFrame({"weeks": [9.0, NAN, 3.0]})
    assert frame.select(evaluate(contract, (pl.col("weeks"),)))["fours"].to_list() == [2, None, 0]
