"""How rows and periods are told apart: small things by hand that every total stands on."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import cmhs_metrics as cm
from cmhs_metrics.tables.period_spans import mixed_forms, months_counted, readings
from cmhs_metrics.tables.reading import read_table
from cmhs_metrics.tables.row_keys import has_repeated, is_missing, row_numbers
from tests.support.engines import cells
from tests.support.refusals import refused


@pytest.mark.parametrize("dtype", [np.int64, np.uint64])
@pytest.mark.parametrize(
    ("numbers", "twice"),
    [
        ([], False), ([5], False), ([5, 5], True), ([5, 6], False), ([0, 1, 2, 0], True), ([0, 1, 2, 3], False),
        ([10**12, 3, 10**12], True), ([10**12, 3, 4], False), ([3, 10**12, 3], True), ([8, 0], False), ([7, 7], True),
    ],
)  # fmt: skip
def test_a_number_that_stands_twice(numbers: list[int], twice: bool, dtype: Any) -> None:
    assert has_repeated(np.array(numbers, dtype=dtype)) is twice


@pytest.mark.parametrize("missing", [None, math.nan])
def test_a_missing_label(missing: Any) -> None:
    assert is_missing(missing)
    assert not any(map(is_missing, ("", "nan", 0, 0.0, False)))


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame], ids=["pandas", "polars"])
def test_rows_have_one_number_where_all_their_keys_are_one(make: Any) -> None:
    rows = [(a, b, c) for a in ("x", "y", None) for b in ("x", "z") for c in ("1", "2", "3")]
    rows += rows[:5]
    table = read_table(make({name: list(column) for name, column in zip("abc", zip(*rows, strict=True), strict=True)}))
    for keys in (["a", "b", "c"], ["a"], ["c", "a"], ["b"]):
        numbers = row_numbers(table, keys)
        held = [tuple(row["abc".index(key)] for key in keys) for row in rows]
        for one in range(len(rows)):
            for other in range(len(rows)):
                assert (numbers[one] == numbers[other]) == (held[one] == held[other])


@pytest.mark.parametrize("codes", [pa.int8(), pa.uint8(), pa.uint32(), pa.int64()], ids=str)
@pytest.mark.parametrize(
    "make", [lambda table: table, lambda table: table.to_pandas(types_mapper=pd.ArrowDtype)], ids=["pyarrow", "pandas"]
)
def test_labels_that_arrow_holds_as_categories_are_as_many_whatever_numbers_they_have(make: Any, codes: Any) -> None:
    # The last of 128 labels has the last of the numbers of 8 bits.
    practices = pa.array([f"P{number}" for number in range(128)] * 2).dictionary_encode()
    practices = practices.cast(pa.dictionary(codes, pa.string()))
    table = make(pa.table({"icb": ["QUE"] * 128 + ["QRV"] * 128, "practice": practices, "contacts": range(256)}))
    result = cells(cm.aggregate(table, by=["icb", "practice"]))
    assert result["contacts"] == list(range(256))


@pytest.mark.parametrize(
    ("periods", "months", "without_gap"),
    [
        ([], 0, True), (["2016/17"], 12, True), (["2016/17", "2017/18"], 24, True), (["2016/17", "2018/19"], 24, False),
        (["2016/17 Q4", "2017/18 Q1"], 6, True), (["2016/17 Q1", "2016/17 Q3"], 6, False),
        (["2016-12", "2017-01", "2017-02"], 3, True), (["2016-12", "2017-02"], 2, False),
    ],
)  # fmt: skip
def test_the_months_of_periods_and_their_gaps(periods: list[str], months: int, without_gap: bool) -> None:
    problems: list[Any] = []
    found = readings(periods, problems)
    assert not problems
    assert months_counted(found) == (months, without_gap)
    assert not mixed_forms(found)


@pytest.mark.parametrize(
    ("periods", "named"),
    [
        (["2016/17", "2016/17 Q1"], "2016/17 and 2016/17 Q1"), (["2016-04", "2016/17 Q1"], "2016/17 Q1 and 2016-04"),
        (["2016-04", "2016/17"], "2016/17 and 2016-04"), (["2016-04", "2016/17 Q1", "2016/17"], "2016/17 and 2016/17 Q1"),
    ],
)  # fmt: skip
def test_two_forms_of_period_are_named_the_longer_first(periods: list[str], named: str) -> None:
    (problem,) = mixed_forms(readings(periods, []))
    assert (problem.column, problem.value) == ("period", named)


@pytest.mark.parametrize(
    ("period", "row"),
    [
        ("2016/18", None),
        ("2016/1", ""),
        ("2016/177", ""),
        ("201/177", ""),
        ("2016-17", ""),
        ("2016/1x", ""),
        ("soon", ""),
    ],
)
def test_what_is_no_period_is_told_of_its_kind(period: str, row: str | None) -> None:
    problems: list[Any] = []
    assert readings([period], problems) == {}
    assert [(each.column, each.row, each.value) for each in problems] == [("period", row, period)]


def people(places: int) -> pd.DataFrame:
    return pd.DataFrame({"icb": [f"Q{n}" for n in range(places)], "registered_population": [1_000.0] * places})


@pytest.mark.parametrize(
    ("places", "theirs"), [(5, "'Q0', 'Q1', 'Q2', 'Q3', 'Q4'"), (6, "'Q0', 'Q1', 'Q2', 'Q3', 'Q4' …")]
)
def test_populations_of_other_places_are_shown_to_the_fifth(places: int, theirs: str) -> None:
    table = pd.DataFrame({"icb": ["X1", "X2"], "contacts": [10, 20]})
    with refused("populations", theirs, names=("icb", "X1", "X2")):
        cm.aggregate(table, by="icb", populations=people(places))


def test_a_place_is_one_in_whatever_time_its_day_is_written() -> None:
    days = [dt.date(2024, 4, 1), dt.date(2024, 5, 1)]
    table = pl.DataFrame({"icb": ["Q0"] * 2, "opened": days, "contacts": [10, 20]})
    held = pl.DataFrame({"icb": ["Q0"] * 2, "opened": days, "registered_population": [1_000.0, 4_000.0]})
    held = held.cast({"opened": pl.Datetime("ms")})
    found = cm.aggregate(table, by=["icb", "opened"], populations=held)
    assert found["registered_population"].to_list() == [1_000, 4_000]


@pytest.mark.parametrize("make", [pl.DataFrame, pl.LazyFrame], ids=["in memory", "lazy"])
@pytest.mark.parametrize("own", [True, False], ids=["own column", "table of places"])
def test_of_a_group_of_which_no_people_are_known_there_is_no_total(make: Any, own: bool) -> None:
    held = {"icb": ["A", "A", "B"], "place": ["1", "2", "3"], "registered_population": [100.0, None, None]}
    if own:
        table, how = make(held | {"contacts": [1, 1, 1]}), {"place": "place"}
    else:
        table, how = make({"icb": ["A", "B"], "contacts": [2, 1]}), {"populations": make(held), "place": "place"}
    for known, people in ((True, [100, None]), (False, [None, None])):
        found = cm.aggregate(table, by="icb", total_of_known=known, **how)
        assert found.lazy().collect().sort("icb")["registered_population"].to_list() == people


def test_a_number_beyond_those_that_floats_tell_apart_is_named_and_a_missing_one_beside_it_not() -> None:
    table = pd.DataFrame({"team": ["a", "b", "c"], "contacts": pd.array([2**53 + 1, None, 2**53], dtype="Int64")})
    with refused("contacts", 2**53 + 1, row="team=a", expected="a number", names=f"{2**53:,}"):
        cm.validate(table)


@pytest.mark.parametrize("make", [pl.from_arrow, pa.table, lambda table: table.to_pandas(types_mapper=pd.ArrowDtype)])
def test_a_number_beyond_those_that_floats_tell_apart_is_named_in_an_unsigned_column(make: Any) -> None:
    contacts = pa.array([2**63 + 1, None, 2**53], pa.uint64())
    with refused("contacts", 2**63 + 1, row="team=a", expected="a number", names=f"{2**53:,}"):
        cm.validate(make(pa.table({"team": ["a", "b", "c"], "contacts": contacts})))


@pytest.mark.parametrize("dtype", ["Int64", "UInt64", "int64[pyarrow]"])
def test_a_column_of_whole_numbers_may_be_missing_throughout(dtype: str) -> None:
    table = pd.DataFrame(
        {"team": ["a", "b"], "contacts": pd.array([None, None], dtype=dtype), "total_cost": [4.0, 6.0]}
    )
    found = cm.with_metrics(table, "cost_per_contact")["cost_per_contact"]
    assert found.isna().all()
    assert cm.aggregate(table, by=["team"])["total_cost"].tolist() == [4.0, 6.0]


@pytest.mark.parametrize("make", [pd.DataFrame, lambda columns: pl.DataFrame(columns).lazy()], ids=["eager", "lazy"])
@pytest.mark.parametrize(("column", "value"), [("team_type", "Nowhere"), ("period", "soon")])
def test_a_cell_that_is_not_read_is_named_by_the_keys_that_were_given(make: Any, column: str, value: str) -> None:
    table = make({"organisation": ["A", "B"], column: [value, None], "contacts": [1, 2]})
    with refused(column, value, row="organisation=A"):
        cm.validate(table, keys=["organisation"])


@pytest.mark.parametrize("engine", ["polars", "lazy", "duckdb"])
def test_the_last_of_periods_that_are_categories_is_the_latest(engine: str) -> None:
    columns = {"icb": ["A", "A"], "organisation": ["T", "T"], "period": ["2015/16", "2016/17"], "caseload": [5, 7]}
    teams = pl.DataFrame(columns, schema_overrides={"period": pl.Enum(["2016/17", "2015/16"])})
    table = {"polars": teams, "lazy": teams.lazy(), "duckdb": duckdb.from_arrow(teams.to_arrow())}[engine]
    if engine == "duckdb":
        table = table.project("* replace (CAST(period AS ENUM('2016/17', '2015/16')) AS period)")
    assert cells(cm.aggregate(table, by="icb", over_time="last"))["caseload"] == [7]
