"""What the reader of monthly files gave, after it was stored otherwise: in a CSV file, in nullable columns, in Polars."""

from __future__ import annotations

import io
from typing import Any

import pandas as pd
import polars as pl
import pytest

from cmhs_metrics.published import (
    changes,
    check_percentages,
    check_weighted_totals,
    icb_rates,
    measures_by_place,
    read_icb_allocations,
    read_mhsds_monthly,
    share_without_icb,
)
from tests.support.official_files import ALLOCATIONS, MONTHLY_HEADER, monthly_row
from tests.support.refusals import ANY, problem, refused

ICB = "ICB of GP Practice or Residence"
PLACES = [("England", "England"), ("UNKNOWN", ICB), ("QF1", ICB), ("QU1", ICB), ("QC1", ICB)]
ROWS = [
    monthly_row(measure, value, code, breakdown)
    for (code, breakdown), count in zip(PLACES, (6_000, 40, 3_000, 1_000, "*"), strict=True)
    for measure, value in (("MRS02", count), ("MRS02a", count), ("MRS02b", "*" if count == "*" else 100))
]
MONTHLY = read_mhsds_monthly(io.StringIO("\n".join([MONTHLY_HEADER, *ROWS]) + "\n"))
LATER = MONTHLY.assign(value=MONTHLY["value"] * 3, lower=MONTHLY["lower"] * 3, upper=MONTHLY["upper"] * 3)
LATER = LATER[LATER["primary_level"] != "QU1"]
PEOPLE = read_icb_allocations(io.StringIO(ALLOCATIONS))
CALLS = {
    "changes": lambda table: changes(table, LATER),
    "check_percentages": check_percentages,
    "icb_rates": lambda table: icb_rates(table, PEOPLE, "MRS02"),
    "measures_by_place": lambda table: measures_by_place(table, {"MRS02": "waiting"}),
    "share_without_icb": share_without_icb,
}
STORED = {
    "CSV": lambda table: pd.read_csv(io.StringIO(table.to_csv(index=False))),
    "nullable": pd.DataFrame.convert_dtypes,
    "Arrow": lambda table: table.convert_dtypes(dtype_backend="pyarrow"),
}
every_call = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)


@every_call
@pytest.mark.parametrize("stored", STORED.values(), ids=STORED)
def test_is_read_as_it_came(call: Any, stored: Any) -> None:
    found, expected = call(stored(MONTHLY)), call(MONTHLY)
    assert len(expected) > 0
    numbers = list(expected.select_dtypes("number"))
    pd.testing.assert_frame_equal(found[numbers], expected[numbers], check_dtype=False)
    assert list(found) == list(expected)


@every_call
def test_text_among_its_numbers_is_named(call: Any) -> None:
    with refused("value", ANY, expected="a column"):
        call(MONTHLY.assign(value=MONTHLY["value"].astype(str)))


def test_a_day_that_is_none_is_named() -> None:
    with refused(problem("period_end", "June", expected="a date or period")):
        measures_by_place(MONTHLY.assign(period_end="June"), {"MRS02": "waiting"})


@pytest.mark.parametrize("call", [*CALLS.values(), check_weighted_totals], ids=[*CALLS, "check_weighted_totals"])
def test_a_table_of_another_library_is_named_by_the_argument(call: Any) -> None:
    table = pl.from_pandas(MONTHLY)
    with pytest.raises(ValueError) as caught:
        call(table)
    assert [each.value is table for each in caught.value.problems] == [True]  # type: ignore[attr-defined]
