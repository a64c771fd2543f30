"""Which rows are places, whom the reader asks about, and which period: however they are written."""

from __future__ import annotations

import datetime as dt
import warnings
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import cmhs_metrics as cm
from cmhs_metrics.benchmarking import NOT_PLACES
from tests.support.refusals import problem, refused

WARDS = {"ward": [101, 102, 103], "contacts": [10, 20, 30], "did_not_attends": [3, 9, 2]}
# 9 of 29 and 2 of 32 appointments.
PEERS = (9 + 2) / (20 + 30 + 9 + 2)
WAITS = {
    "icb": ["QHM", "QUE", "QOX", "UNKNOWN"],
    "waiting": [100, 200, 100, 1000],
    "waiting_over_52_weeks": [10, 30, 30, 900],
}
WAIT = "waiting_over_52_weeks_rate"


class TestPlacesThatAreNumbers:
    @pytest.mark.parametrize(
        "make",
        [
            pd.DataFrame,
            lambda columns: pd.DataFrame(columns).convert_dtypes(),
            lambda columns: pd.DataFrame(columns).astype({"ward": "float64"}),
            lambda columns: pl.DataFrame(columns).lazy(),
            lambda columns: pl.DataFrame(columns).with_columns(pl.col("ward").cast(pl.Int16)).to_arrow(),
            lambda columns: pd.DataFrame(columns).astype({"ward": str}),
        ],
        ids=["pandas", "nullable", "floats", "polars lazy", "arrow", "text"],
    )
    @pytest.mark.parametrize(
        ("focus", "peers"),
        [
            ([101], [102, 103]),
            (101, ["102", 103.0]),
            ("101", (Decimal(102), np.int8(103))),
            (np.array([101]), {102, 103}),
        ],
    )
    def test_are_found_by_value(self, make: Any, focus: Any, peers: Any) -> None:
        result = cm.benchmark(make(WARDS), "dna_rate", by="ward", focus=focus, peers=peers)
        result = result.sort_values("place")
        assert result["place"].tolist() == ["101", "102", "103"]
        assert result["focus"].tolist() == [True, False, False]
        assert result["peer"].tolist() == [False, True, True]
        assert result["peer_average"].tolist() == pytest.approx([PEERS] * 3)

    def test_codes_keep_their_zeros(self) -> None:
        table = pd.DataFrame(WARDS | {"ward": ["007", "7", "70"]})
        result = cm.benchmark(table, "dna_rate", by="ward", focus=7)
        assert result["focus"].tolist() == [False, True, False]

    def test_days_are_places_too(self) -> None:
        table = pd.DataFrame(WARDS | {"ward": [dt.date(2024, 4, day) for day in (1, 2, 3)]})
        result = cm.benchmark(
            table.astype({"ward": "datetime64[ns]"}), "dna_rate", by="ward", focus=dt.date(2024, 4, 2)
        )
        assert result["focus"].tolist() == [False, True, False]

    def test_a_place_that_is_not_there_is_told_with_those_that_are(self) -> None:
        with refused(
            problem("focus", 1011, expected="a place", suggests="101"),
            problem("peers", "x", expected="a place", names=(101, 102, 103)),
        ):
            cm.benchmark(pd.DataFrame(WARDS), "dna_rate", by="ward", focus=1011, peers="x")


class TestWhatIsNoPlace:
    RESULT = cm.benchmark(pd.DataFrame(WAITS), WAIT, by="icb")

    def test_keeps_its_value_and_has_no_rank(self) -> None:
        rows = self.RESULT.set_index("place")
        assert rows["value"].tolist() == [0.1, 0.15, 0.3, 0.9]
        assert rows["rank"].tolist()[:3] == [3, 2, 1]
        assert set(rows["places"]) == {3}
        without = [
            "rank",
            "quartile",
            "lower",
            "upper",
            "outlier",
            "difference",
            "difference_percent",
            "more_than_chance",
        ]
        assert rows.loc["UNKNOWN", without].isna().all()
        assert rows["is_place"].tolist() == [True, True, True, False]

    def test_has_no_part_in_an_average_which_says_so(self) -> None:
        # 70 of 400; with the unknown it would be 970 of 1,400.
        assert set(self.RESULT["average"]) == {0.175}
        assert set(self.RESULT["average_of"]) == {"3 places, without UNKNOWN"}
        for kind, expected in (("mean of places", 0.55 / 3), ("median of places", 0.15)):
            result = cm.benchmark(pd.DataFrame(WAITS), WAIT, by="icb", average=kind)  # type: ignore[arg-type]
            assert result["average"].tolist() == pytest.approx([expected] * 4)

    @pytest.mark.parametrize("name", [*NOT_PLACES, "unknown", " Not  Stated ", "NOT_KNOWN"])
    def test_is_known_by_its_name(self, name: str) -> None:
        result = cm.benchmark(pd.DataFrame(WAITS | {"icb": ["QHM", "QUE", "QOX", name]}), WAIT, by="icb")
        assert set(result["places"]) == {3}

    def test_the_names_are_an_argument(self) -> None:
        everywhere = cm.benchmark(pd.DataFrame(WAITS), WAIT, by="icb", not_places=())
        assert set(everywhere["places"]) == {4}
        assert everywhere["average"].tolist() == pytest.approx([970 / 1400] * 4)
        assert set(everywhere["average_of"]) == {"4 places"}
        other = cm.benchmark(pd.DataFrame(WAITS), WAIT, by="icb", not_places="qhm")
        assert other["is_place"].tolist() == [False, True, True, True]

    def test_cannot_be_asked_about(self) -> None:
        with refused("focus", "UNKNOWN", expected="a place"):
            cm.benchmark(pd.DataFrame(WAITS), WAIT, by="icb", focus="UNKNOWN")

    def test_is_not_counted_among_the_two_that_are_needed(self) -> None:
        with refused("icb", 1, expected="two or more"):
            cm.benchmark(pd.DataFrame(WAITS)[["icb", "waiting", "waiting_over_52_weeks"]].iloc[2:], WAIT, by="icb")

    def test_with_bounds(self) -> None:
        bounds = {
            f"{name}_{end}": WAITS[name] for name in ("waiting", "waiting_over_52_weeks") for end in ("lower", "upper")
        }
        bounds["waiting_over_52_weeks_upper"] = [12, 30, 30, 902]
        result = cm.benchmark(pd.DataFrame(WAITS | bounds), WAIT, by="icb").set_index("place")
        assert result.loc["UNKNOWN", ["value", "value_lower", "value_upper"]].tolist() == [0.9, 0.9, 0.902]
        assert result.loc["UNKNOWN", ["rank", "rank_best", "rank_worst", "lower"]].isna().all()
        assert result[["average_lower", "average_upper"]].drop_duplicates().to_numpy().tolist() == [[0.175, 0.18]]
        assert set(result["places"]) == {3}

    def test_the_notebook_says_so(self) -> None:
        shown = self.RESULT._repr_html_()
        assert shown is not None
        assert "UNKNOWN (no place)" in shown
        assert "pooled (3 places, without UNKNOWN) 17.5%" in shown
        assert shown.index("QUE") < shown.index("UNKNOWN (no place)")


class TestPeriods:
    TABLE = pd.DataFrame(
        {
            "icb": ["A", "B"] * 3,
            "period": ["2024-03"] * 2 + ["2024-04"] * 2 + ["2024-05"] * 2,
            "referrals": [1, 2, 10, 20, 100, 200],
        }
    )
    PEOPLE = pd.DataFrame({"icb": ["A", "B"], "registered_population": [1_000, 1_000]})

    @pytest.mark.parametrize("period", ["2024-04", "Apr-24", "2024-04-01", "30/04/2024", dt.date(2024, 4, 30), 202404])
    @pytest.mark.parametrize("make", [lambda table: table, pl.from_pandas, lambda table: pl.from_pandas(table).lazy()])
    def test_any_spelling(self, period: Any, make: Any) -> None:
        result = cm.benchmark(
            make(self.TABLE), "referrals_per_100k", by="icb", populations=make(self.PEOPLE), period=period
        )
        assert sorted(result["value"]) == [1_000, 2_000]

    @pytest.mark.parametrize("period", ["2024-04", "2024-04-30", dt.date(2024, 4, 30), pd.Timestamp("2024-04-30")])
    @pytest.mark.parametrize("dtype", ["datetime64[ns]", "date32"])
    def test_of_dates(self, period: Any, dtype: str) -> None:
        days = pd.to_datetime(self.TABLE["period"]) + pd.offsets.MonthEnd()
        table = self.TABLE.assign(period=days)
        table = table if dtype != "date32" else pl.from_pandas(table).with_columns(pl.col("period").cast(pl.Date))
        people = self.PEOPLE if dtype != "date32" else pl.from_pandas(self.PEOPLE)
        result = cm.benchmark(table, "referrals_per_100k", by="icb", populations=people, period=period)
        assert result["value"].tolist() == [1_000, 2_000]

    @pytest.mark.parametrize(
        "written", [["2024-04-01", "2024-05-01"], ["Apr 2024", "May 2024"], ["2024/25", "2025/26"]]
    )
    def test_people_of_that_period(self, written: list[str]) -> None:
        people = pd.concat([self.PEOPLE.assign(period=written[0]), self.PEOPLE.assign(period=written[1]) * [1, 2, 1]])
        result = cm.benchmark(self.TABLE, "referrals_per_100k", by="icb", populations=people, period="2024-04")
        assert result["value"].tolist() == [1_000, 2_000]

    def test_what_is_not_there(self) -> None:
        arguments = {"by": "icb", "populations": self.PEOPLE}
        with refused("period", "2025-04", expected="a date or period", names="2024-03"):
            cm.benchmark(self.TABLE, "referrals_per_100k", period="2025-04", **arguments)
        with refused("period", "spring", expected="a date or period"):
            cm.benchmark(self.TABLE, "referrals_per_100k", period="spring", **arguments)
        with refused("period", "2024-04", expected=("a column", "a date or period")):
            cm.benchmark(self.TABLE.drop(columns="period"), "referrals_per_100k", period="2024-04", **arguments)
        years = [f"{year}/{year % 100 + 1}" for year in range(2010, 2017)]
        for number, more in ((6, False), (7, True)):
            table = pd.DataFrame({"icb": "A", "period": years[:number], "referrals": 1})
            with refused("period", "2030/31", names=tuple(years[:6])) as caught:
                cm.benchmark(table, "referrals_per_100k", period="2030/31", **arguments)
            assert ("and 1 more" in caught.value.problems[0].expected) is more
        old = self.PEOPLE.assign(period="2019/20")
        with refused("populations", "2024-04", expected="a date or period"):
            cm.benchmark(self.TABLE, "referrals_per_100k", by="icb", populations=old, period="2024-04")


def test_pooled_periods_are_refused_with_the_ways_out() -> None:
    table = pd.DataFrame(
        {"icb": ["A", "B"] * 2, "period": ["2022/23"] * 2 + ["2023/24"] * 2, "referrals": [5, 7, 6, 9]}
    )
    people = pd.DataFrame({"icb": ["A", "B"], "registered_population": [1_000, 1_000]})
    arguments = {"by": "icb", "populations": people}
    with refused("referrals", "2 periods", names=("period", "over_time", "sum")):
        cm.benchmark(table, "referrals_per_100k", **arguments)
    stocks = table.rename(columns={"referrals": "caseload"})
    with refused("caseload", "2 periods", names=("period", "over_time", "last", "mean")):
        cm.benchmark(stocks, "caseload_per_100k", **arguments)
    assert cm.benchmark(table, "referrals_per_100k", **arguments, period="2023/24")["value"].tolist() == pytest.approx(
        [600, 900]
    )
    summed = cm.benchmark(table, "referrals_per_100k", **arguments, over_time="sum")
    assert summed["value"].tolist() == pytest.approx([1_100, 1_600])


@pytest.mark.parametrize(
    ("argument", "given", "value", "expected"),
    [
        ("metrics", [], None, "a metric"),
        ("metrics", None, None, "a metric"),
        ("metrics", [5], 5, "a metric"),
        ("by", None, None, "a column"),
        ("by", ["ward"], ["ward"], "a column"),
        ("average", "mean", "mean", ()),
        ("average", ["pooled"], ["pooled"], ()),
        ("confidence", 95, 95, "a proportion"),
        ("confidence", "high", "high", "a proportion"),
        ("focus", object, object, "a place"),
        ("not_places", 5, 5, "a name"),
    ],
)
def test_every_wrong_argument_is_named(argument: str, given: Any, value: Any, expected: Any) -> None:
    arguments: dict[str, Any] = {"metrics": "dna_rate", "by": "ward", argument: given}
    with refused(argument, value, expected=expected):
        cm.benchmark(pd.DataFrame(WARDS), **arguments)


@pytest.mark.parametrize("make", [lambda table: table, pl.from_pandas, lambda table: pl.from_pandas(table).lazy()])
@pytest.mark.parametrize("by", ["icb", ["region", "icb"]])
def test_no_level_of_totals_is_a_place(make: Any, by: Any) -> None:
    table = pd.DataFrame(WAITS).iloc[:3].assign(region=["N", "N", "S"])
    levels = cm.aggregate(make(table), by=by, totals=True)
    result = cm.benchmark(levels, WAIT, by="icb").sort_values("place")
    assert result["place"].tolist() == ["QHM", "QOX", "QUE"]
    assert result["average"].tolist() == pytest.approx([70 / 400] * 3)
    if by != "icb":
        assert cm.benchmark(levels, WAIT, by="region").sort_values("place")["value"].round(9).tolist() == [
            round(40 / 300, 9), 0.3,
        ]  # fmt: skip


@pytest.mark.parametrize("other", ["que", "QUE ", "Que"])
def test_a_place_in_two_spellings_is_not_two_places(other: str) -> None:
    def compared(*places: str) -> Any:
        # In a query, of whose labels `aggregate` tells nothing.
        return cm.benchmark(pl.DataFrame(WAITS | {"icb": places}).lazy(), WAIT, by="icb")

    with refused("icb", " and ".join(map(repr, sorted(["QUE", other]))), expected="once"):
        compared("QUE", other, "QHM", "QOX")
    # Blanks within a name tell no two apart either; a further letter does.
    with refused("icb", "'North  Trust' and 'North Trust'", expected="once"):
        compared("North Trust", "North  Trust", "QHM", "QOX")
    assert len(compared("QUE1", "QUE", "QHM", "QOX")) == 4


def test_of_two_places_it_says_how_two_are_compared() -> None:
    table = pd.DataFrame({"icb": ["QE1", "QUE"], "did_not_attends": [10, 22], "contacts": [100, 90]})
    (note,) = cm.benchmark(table, "dna_rate", by="icb").attrs["notes"]
    assert note.startswith("Of 2 places")
    assert "proportion_ratio_interval" in note


def test_people_whom_no_metric_needs_are_no_reason_for_a_word() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = cm.benchmark(cm.synthetic_providers(), "cost_per_contact", by="organisation")
    assert result["is_place"].all()
