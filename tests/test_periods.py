"""Tests of periods as people and engines write them."""

from __future__ import annotations

import datetime as dt

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cmhs_metrics as cm
from cmhs_metrics.periods import canonical_period
from cmhs_metrics.trends import parse_period
from cmhs_metrics.trends.one_period import of_period
from tests.support.refusals import problem, raised, refused

SPELLINGS = {
    "2023/24": ["2023/24", "2023-24", "2023–24", "FY2023/24", "FY23/24", "fy 2023-24", "2023/2024", "2023-2024", "23/24",
                "202324", " 2023/24 ", "2023/24\u00a0"],
    "1999/00": ["1999/00", "1999/2000", "1999-00", "FY99/00"],
    "2024/25 Q1": ["2024/25 Q1", "Q1 2024/25", "2024-25 Q1", "2024/25Q1", "Quarter 1 2024/25", "q1 24/25"],
    "2024/25 Q4": ["2024/25 Q4", "Q4 2024/25"],
    "2024-04": ["2024-04", "Apr-24", "April 2024", "Apr 2024", "APR-2024", "2024 April", "202404", "04/2024"],
    "2024-09": ["Sept 2024", "Sep-24", "September-2024"],
    "2024-04-01": ["2024-04-01", "01/04/2024", "1/4/2024", "01-04-2024", "01.04.2024", "1 April 2024", "01-Apr-24",
                   "2024/04/01", "20240401", "2024-04-01 00:00:00", "2024-04-01T09:30", "01/04/2024 00:00:00",
                   "2024-03-31T23:30:00Z", "2024-03-31 23:30:00+00:00"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"), [(text, canonical) for canonical, texts in SPELLINGS.items() for text in texts]
)
def test_every_spelling_has_one(text: str, expected: str) -> None:
    assert canonical_period(text) == expected
    assert cm.parse_periods([text]) == [expected]


@pytest.mark.parametrize(
    "text",
    ["2016-02-31", "2016-04-99", "2016-00", "2016-13", "2016/17\n", "\n2016/17", "2016/99", "2016/18", "2016/2018",
     "2016", "2016Q1", "Q1 2016", "2016/17 Q5", "31/04/2024", "04/13/2024", "13/2024", "0/4/2024", "24-Apr", "Foo 2024",
     "2024-04-01 25:00", "2024-04-01T09:30junk", "２０１６/17", "", "spring", "9999-12-31", "9999/00", "20241301"],
)  # fmt: skip
def test_what_is_no_period_is_refused(text: str) -> None:
    assert canonical_period(text) is None
    with refused("values", text, row="2nd row", expected="a date or period"):
        cm.parse_periods(["2016/17", text])


class TestWhatMayBeTwo:
    def test_alone_it_is_refused_with_the_ways_out(self) -> None:
        assert canonical_period("2010-11") is None
        ways = ("form='month'", "form='financial year'", "November 2010", "2010/11")
        with refused("values", "2010-11", row="1st row", names=ways):
            cm.parse_periods(["2010-11"])

    @pytest.mark.parametrize("text", ["2010-11", "201011"])
    def test_its_form_decides(self, text: str) -> None:
        assert canonical_period(text, "month") == "2010-11"
        assert cm.parse_periods([text], form="financial year") == ["2010/11"]

    def test_the_rest_of_the_column_decides(self) -> None:
        assert cm.parse_periods(["2010-11", "2010-12"]) == ["2010-11", "2010-12"]
        assert cm.parse_periods(["2010-11", "2011-12", "2012-13"]) == ["2010/11", "2011/12", "2012/13"]
        assert cm.parse_periods(["2010-11", "2010-12-31"]) == ["2010-11", "2010-12"]

    @pytest.mark.parametrize("others", [["2011-12"], ["2012-12", "2012/13"], ["2010/11 Q1"]])
    def test_the_rest_of_the_column_may_not_decide(self, others: list[str]) -> None:
        with refused(problem("values", "2010-11", row="1st row", names="form"), others=others.count("2011-12")):
            cm.parse_periods(["2010-11", *others])

    def test_a_short_date_has_the_day_first_where_that_is_said(self) -> None:
        with refused("values", "01/06/24", row="1st row", names=("form", "date")):
            cm.parse_periods("01/06/24")
        assert cm.parse_periods("01/06/24", form="date") == "2024-06-01"


class TestForms:
    def test_a_date_stands_for_its_month(self) -> None:
        assert cm.parse_periods(["2024-04-30", "15/05/2024", "Jun-24"], form="month") == [
            "2024-04",
            "2024-05",
            "2024-06",
        ]

    def test_dates_beside_months_are_months_where_each_is_a_first_or_last_day(self) -> None:
        assert cm.parse_periods(["2017-03", "2017-03-31", "2017-02-01"]) == ["2017-03", "2017-03", "2017-02"]
        assert cm.parse_periods(["2017-03", "2017-03-15"]) == ["2017-03", "2017-03-15"]
        assert cm.parse_periods(["2017-03-31", "2017-04-30"]) == ["2017-03-31", "2017-04-30"]

    def test_another_form_is_refused(self) -> None:
        with refused("values", "2016/17", row="1st row", expected="a date or period", names="2016-04"):
            cm.parse_periods(["2016/17"], form="month")

    def test_a_form_that_is_none_is_refused(self) -> None:
        with refused("form", "week"):
            cm.parse_periods(["2016/17"], form="week")  # type: ignore[arg-type]


class TestObjects:
    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            (dt.date(2024, 4, 1), "2024-04-01"),
            (dt.datetime(2024, 4, 1, 9), "2024-04-01"),
            (dt.datetime(2024, 3, 31, 23, 30, tzinfo=dt.UTC), "2024-04-01"),
            (pd.Timestamp("2024-04-01 09:00"), "2024-04-01"),
            (pd.Timestamp("2024-04-01 00:30", tz="Europe/Paris"), "2024-03-31"),
            (np.datetime64("2024-04-01T12", "ns"), "2024-04-01"),
            (pd.Period("2025", "Y-MAR"), "2024/25"),
            (pd.Period("2025Q1", "Q-MAR"), "2024/25 Q1"),
            (pd.Period("2024Q2", "Q"), "2024/25 Q1"),
            (pd.Period("2024-04", "M"), "2024-04"),
            (pd.Period("2024-04-01", "D"), "2024-04-01"),
            (202404, "2024-04"),
            (np.int64(20240401), "2024-04-01"),
        ],
    )
    def test_what_engines_and_pandas_hold(self, value: object, expected: str) -> None:
        assert cm.parse_periods([value, None]) == [expected, None]

    @pytest.mark.parametrize(
        "value", [pd.Period("2024", "Y"), pd.Period("2024-04-01", "W"), 2024, 1.5, True, b"2024-04"]
    )
    def test_others_are_refused(self, value: object) -> None:
        with refused("values", value, row="1st row"):
            cm.parse_periods([value])


class TestColumns:
    def test_pandas(self) -> None:
        months = pd.Series(["Apr-24", None, "2024-05"], index=[3, 5, 9], name="period")
        read = cm.parse_periods(months)
        assert read.index.tolist() == [3, 5, 9]
        assert read.name == "period"
        assert read.isna().tolist() == [False, True, False]
        assert read.dropna().tolist() == ["2024-04", "2024-05"]
        assert cm.parse_periods(pd.Series([pd.Timestamp("2024-04-30"), pd.NaT])).dropna().tolist() == ["2024-04-30"]
        assert cm.parse_periods(pd.period_range("2024-04", periods=2, freq="M")).tolist() == ["2024-04", "2024-05"]
        assert cm.parse_periods(pd.Series(["Apr-24"], dtype="category")).tolist() == ["2024-04"]

    def test_numpy(self) -> None:
        read = cm.parse_periods(np.array(["2024-04-30", "NaT"], dtype="datetime64[ns]"))
        assert isinstance(read, np.ndarray)
        assert read.tolist() == ["2024-04-30", None]

    @pytest.mark.parametrize("zone", [None, "UTC"])
    def test_polars_and_arrow(self, zone: str | None) -> None:
        expected = ["2024-04-01" if zone else "2024-03-31", None]
        stamps = pl.Series("period", [dt.datetime(2024, 3, 31, 23, 30), None]).dt.replace_time_zone(zone)
        read = cm.parse_periods(stamps)
        assert isinstance(read, pl.Series)
        assert read.name == "period"
        assert read.dtype == pl.String
        assert read.to_list() == expected
        assert cm.parse_periods(stamps.to_arrow()).to_pylist() == expected
        chunked = pa.chunked_array([stamps.to_arrow()])
        assert isinstance(cm.parse_periods(chunked), pa.ChunkedArray)
        assert isinstance(cm.parse_periods(nw.from_native(stamps, series_only=True)), nw.Series)

    def test_lists_and_single_values(self) -> None:
        assert cm.parse_periods(("Apr-24",)) == ("2024-04",)
        assert cm.parse_periods(dt.date(2024, 4, 1)) == "2024-04-01"

    @pytest.mark.parametrize("values", [5, None, pd.DataFrame({"period": ["2016/17"]}), pl.col("period")])
    def test_what_is_no_column(self, values: object) -> None:
        with raised(TypeError, "values"):
            cm.parse_periods(values)

    def test_every_problem_is_told_once_with_its_first_row(self) -> None:
        with pytest.raises(cm.BadInput) as caught:
            cm.parse_periods(["2016/17", "x", "y", "x"])
        assert [(each.row, each.value) for each in caught.value.problems] == [("2nd row", "x"), ("3rd row", "y")]


class TestRowsOfAPeriod:
    TABLE = pd.DataFrame(
        {"period": ["2015/16", "2016/17", "2016-04", "2016/17 Q2", "April 2016"], "n": [1, 2, 3, 4, 5]}
    )

    @pytest.mark.parametrize("argument", ["period", "populations"])
    def test_are_its_own_however_it_is_written_and_none_of_the_year_around_it(self, argument: str) -> None:
        for period, rows in (("2016-17", [2]), ("Apr-16", [3, 5]), ("2016/17 Q2", [4])):
            assert of_period(self.TABLE, period, argument)["n"].tolist() == rows

    def test_people_of_a_year_are_those_of_its_months_and_quarters(self) -> None:
        for period, rows in (
            ("2016-05", [2]),
            ("2016/17 Q1", [2]),
            ("2017-03", [2]),
            ("2016-08", [2, 4]),
            ("2015-04", [1]),
        ):
            assert of_period(self.TABLE, period, "populations")["n"].tolist() == rows
            with refused("period", period, expected="a date or period"):
                of_period(self.TABLE, period)
        with refused("populations", "2017-04", expected="a date or period"):
            of_period(self.TABLE, "2017-04", "populations")


def test_what_pandas_has_alone_stays_as_it_is_where_no_form_is_asked() -> None:
    for period in (pd.Period("2016", "Y-DEC"), pd.Period("2016-04-01", "W")):
        assert parse_period(period) is period
        with refused("period", period):
            parse_period(period, "month")
    assert parse_period(pd.Period("2016-04-09", "D"), "month") == pd.Period("2016-04", "M")
    with refused("period", pd.Period("2016-04", "M"), expected="a date or period"):
        parse_period(pd.Period("2016-04", "M"), "quarter")


@given(st.dates(dt.date(1900, 1, 1), dt.date(2199, 12, 31)))
def test_every_way_to_write_a_date_is_that_date(day: dt.date) -> None:
    written = [day.isoformat(), f"{day:%d/%m/%Y}", f"{day:%d %B %Y}", f"{day:%Y%m%d}", day, pd.Timestamp(day)]
    assert set(cm.parse_periods(written)) == {day.isoformat()}
    months = [f"{day:%B %Y}", f"{day:%b-%Y}", day, f"{day:%m/%Y}"]
    assert set(cm.parse_periods(months, form="month")) == {f"{day:%Y-%m}"}


@given(st.integers(1900, 2199), st.integers(1, 4))
def test_what_was_written_is_read_as_itself(start: int, quarter: int) -> None:
    year = f"{start}/{(start + 1) % 100:02}"
    assert cm.parse_periods([year, f"{year} Q{quarter}"]) == [year, f"{year} Q{quarter}"]
    assert canonical_period(f"{start}-{start + 1}") == year
