"""No wrong total in silence: what would be counted twice, pooled, or taken for a whole is refused or told."""

from __future__ import annotations

import datetime as dt
import re
import warnings
from decimal import Decimal
from typing import ClassVar

import narwhals as nw
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import cmhs_metrics as cm
from cmhs_metrics.tables import total_rows
from cmhs_metrics.total_labels import is_total
from tests.support.engines import ALL, EAGER, LAZY, cells, each, sorted_by
from tests.support.refusals import ANY, noted, problem, raised, refused, says

every_table, every_eager, every_lazy = each(ALL), each(EAGER), each(LAZY)
MONTHS = [f"2016-{month:02}" for month in range(4, 13)] + [f"2017-{month:02}" for month in range(1, 4)]
YEAR = {"icb": ["A"] * 12, "team": ["N"] * 12, "period": MONTHS, "contacts": [100] * 12, "caseload": [10] * 12}
PEOPLE = {"icb": ["A"], "registered_population": [1_000]}
TWO_YEARS = {"icb": ["A", "A"], "period": ["2022/23", "2023/24"], "total_cost": [5e6, 5e6], "contacts": [100, 100]}
TOTAL = {
    "organisation": ["Fenland", "Uplands", "Total"],
    "total_cost": [17_700_000, 8_850_000, 26_550_000],
    "contacts": [108_589, 60_000, 168_589],
    "caseload": [5_291, 3_000, 8_291],
}


def without(columns: dict[str, list], *names: str) -> dict[str, list]:
    return {name: values for name, values in columns.items() if name not in names}


def rows_of(columns: dict[str, list], stop: int) -> dict[str, list]:
    return {name: values[:stop] for name, values in columns.items()}


def with_row(columns: dict[str, list], **cells_of: object) -> dict[str, list]:
    return {name: [*values, cells_of.get(name, values[-1])] for name, values in columns.items()}


class TestPeriodsPooledIntoARate:
    @every_table
    def test_two_years_are_refused_and_the_ways_out_named(self, make) -> None:
        several, ways = re.compile(".*periods"), ("by='period'", "over_time='sum'")
        with refused(
            problem("total_cost", several, names=ways), problem("contacts", several, names=ways), in_order=False
        ):
            cm.aggregate(make(TWO_YEARS), by="icb", populations=make(PEOPLE))

    @every_table
    def test_a_sum_is_given_to_whoever_means_it_with_the_number_of_its_periods(self, make) -> None:
        result = cells(cm.aggregate(make(TWO_YEARS), by="icb", populations=make(PEOPLE), over_time="sum"))
        assert result["periods"] == [2]
        assert result["cost_per_100k_registered"] == [1e9]
        assert result["cost_per_contact"] == [50_000]

    @every_table
    def test_by_period_each_has_its_own(self, make) -> None:
        result = cells(cm.aggregate(make(TWO_YEARS), by=["icb", "period"], populations=make(PEOPLE)))
        assert result["cost_per_100k_registered"] == [5e8, 5e8]
        assert "periods" not in result

    @every_table
    def test_what_is_no_rate_may_be_pooled(self, make) -> None:
        assert cells(cm.aggregate(make(TWO_YEARS), by="icb"))["cost_per_contact"] == [50_000]

    @every_table
    def test_a_stock_is_no_part_of_a_sum_over_time(self, make) -> None:
        with refused("caseload", re.compile("12 periods|.*several periods"), names=("over_time", "last", "mean")):
            cm.aggregate(make(YEAR), by="icb", over_time="sum")

    @every_eager
    def test_twelve_months_are_a_year_and_six_or_eighteen_are_none(self, make) -> None:
        flows = without(YEAR, "caseload")
        result = cells(cm.aggregate(make(flows), by="icb", populations=make(PEOPLE)))
        assert result["contacts_per_100k_registered"] == [120_000]
        for periods in (MONTHS[:6], [f"2015-{month:02}" for month in range(4, 10)] + MONTHS):
            table = {"icb": ["A"] * len(periods), "period": periods, "contacts": [100] * len(periods)}
            with refused("contacts", f"{len(periods)} periods", names=("by", "over_time")):
                cm.aggregate(make(table), by="icb", populations=make(PEOPLE))

    @every_table
    def test_six_months_give_no_rate_beside_the_last_caseload(self, make) -> None:
        table, people = make(rows_of(YEAR, 6)), make(PEOPLE)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", cm.TableNote)
            result = cells(cm.aggregate(table, by="icb", populations=people, over_time="last"))
        assert result["caseload_per_100k_registered"] == [1_000]
        assert result.get("contacts_per_100k_registered", [None]) == [None]

    def test_and_the_note_says_so(self) -> None:
        with noted("contacts_per_100k_registered", 6):
            result = cm.aggregate(
                pd.DataFrame(rows_of(YEAR, 6)), by="icb", populations=pd.DataFrame(PEOPLE), over_time="last"
            )
        assert len(result.attrs["notes"]) == 1

    @every_table
    def test_four_quarters_are_a_year(self, make) -> None:
        table = {"icb": ["A"] * 4, "period": [f"2024/25 Q{number}" for number in (1, 2, 3, 4)]}
        table |= {"contacts": [25] * 4, "caseload": [5, 5, 5, 10]}
        result = cells(cm.aggregate(make(table), by="icb", populations=make(PEOPLE), over_time="last"))
        assert result["contacts_per_patient"] == [10]
        assert result["contacts_per_100k_registered"] == [10_000]


class TestATeamThatLacksMonths:
    @every_table
    def test_has_no_year_of_care(self, make) -> None:
        # Over the months of both, North's twelve and one of South, 1,300 contacts would be 6.5 for each of 20 patients.
        table = make(with_row(YEAR, team="S"))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", cm.TableNote)
            result = cells(cm.aggregate(table, by="icb", over_time="last"))
        assert (result["contacts"], result["caseload"]) == ([1_300], [20])
        assert result.get("contacts_per_patient", [None]) == [None]

    @every_eager
    def test_and_the_reason_is_told(self, make) -> None:
        both = with_row({name: values * 2 for name, values in YEAR.items()}, icb="B", team="S")
        both["icb"][12:24], both["team"][12:24] = ["B"] * 12, ["N2"] * 12
        with noted("contacts_per_patient", "icb=B", 13, 2, 12, 24):
            result = sorted_by(cells(cm.aggregate(make(both), by="icb", over_time="last")), "icb")
        assert result["contacts_per_patient"] == [120, None]


class TestPeriods:
    @every_eager
    def test_a_month_in_two_spellings_is_one(self, make) -> None:
        with refused(None, row="team=N, period=2017-03", expected="once"):
            cm.aggregate(make(with_row(YEAR, period="2017-03-31")), by="team", over_time="last")
        both = {name: values * 2 for name, values in YEAR.items()}
        both |= {"team": ["N"] * 12 + ["S"] * 12, "period": [*MONTHS, *MONTHS[:11], "2017-03-31"]}
        result = cells(cm.aggregate(make(both), by="icb", over_time="last"))
        assert (result["caseload"], result["contacts_per_patient"]) == ([20], [120])
        months = cells(cm.aggregate(make(both), by="period"))
        assert (months["period"], months["contacts"]) == (MONTHS, [200] * 12)

    @every_eager
    def test_a_month_in_two_spellings_is_one_beside_a_row_without_a_period(self, make) -> None:
        table = make({"team": ["a", "b", "c"], "period": ["2016-04", "2016-04-30", None], "contacts": [5, 6, 7]})
        result = cells(cm.aggregate(table, by="period", keys=["team"]))
        assert result == {"period": ["2016-04", None], "contacts": [11, 7]}

    @every_table
    @pytest.mark.parametrize("period", ["2016-02-31", "2016-04-99", "2016/17\n", "2016-13", "2016"])
    def test_what_is_no_period_is_refused(self, make, period: str) -> None:
        with refused("period", period, row=f"team=N, period={period}", expected="a date or period"):
            cm.validate(make({"team": ["N"], "period": [period], "contacts": [1]}))

    @every_eager
    @pytest.mark.parametrize(
        ("period", "read"),
        [("2023-24", "2023/24"), ("FY2023/24", "2023/24"), ("Apr-24", "2024-04"), ("202404", "2024-04")],
    )
    def test_other_spellings_are_offered_their_reading(self, make, period: str, read: str) -> None:
        table = make({"team": ["N", "S"], "period": [period] * 2, "contacts": [1, 2], "caseload": [1, 1]})
        with refused("period", period, row=f"team=N, period={period}", names=(read, "cm.parse_periods")):
            cm.with_metrics(table)

    @pytest.mark.parametrize(
        "periods",
        [
            [dt.date(2024, 4, 1)] * 2,
            pd.Series([dt.datetime(2024, 4, 1)] * 2, dtype=object),
            pd.PeriodIndex(["2024-04"] * 2, freq="M"),
            pd.PeriodIndex(["2024-04"] * 2, freq="M").astype(object),
            pd.PeriodIndex(["2024Q1"] * 2, freq="Q-MAR"),
            pd.PeriodIndex(["2024"] * 2, freq="Y-MAR"),
        ],
    )
    def test_dates_and_periods_of_python_and_pandas_are_read(self, periods) -> None:
        table = pd.DataFrame({"period": periods, "team": ["a", "b"], "referrals": [5, 6], "caseload": [1, 2]})
        assert cm.aggregate(table, by="period")["referrals"].tolist() == [11]
        assert cm.validate(table) is table
        pd.testing.assert_series_equal(cm.with_metrics(table.assign(wte=1.0))["period"], table["period"])

    @pytest.mark.parametrize(
        "make", [pd.DataFrame, pl.DataFrame, lambda columns: pl.DataFrame(columns).lazy(), pa.table]
    )
    def test_a_stamp_with_a_zone_is_the_day_in_london(self, make) -> None:
        stamps = [dt.datetime(2024, 3, 31, 23, 30, tzinfo=dt.UTC), dt.datetime(2024, 4, 1, 9, tzinfo=dt.UTC)]
        result = cells(cm.aggregate(make({"period": stamps, "team": ["a", "b"], "referrals": [5, 6]}), by="period"))
        assert result["referrals"] == [11]
        assert str(result["period"][0])[:10] == "2024-04-01"


class TestPeriodsOfSeveralLengths:
    @every_eager
    @pytest.mark.parametrize(
        ("periods", "names"),
        [
            (["2016/17", "2016/17 Q1"], ("financial years", "quarters")),
            (["2016/17", "2016-04"], ("financial years", "months")),
            (["2016/17 Q1", "2016-04"], ("quarters", "months")),
            (["2016-04", "2016/17", "2016/17 Q1"], ("financial years", "quarters")),
        ],
    )
    def test_would_be_counted_twice(self, make, periods: list[str], names: tuple[str, str]) -> None:
        table = make({"team": ["A"] * len(periods), "period": periods, "contacts": [5] * len(periods)})
        longest = sorted(periods, key=len)
        for function in (cm.aggregate, cm.validate, cm.with_metrics):
            with pytest.raises(cm.BadInput) as caught:
                function(table)
            (problem,) = [each for each in caught.value.problems if "twice" in each.expected]
            assert problem.column == "period"
            assert says(problem.expected, *names)
            assert longest[0] in str(problem.value) or longest[-1] in str(problem.value)


class TestRowsOfTotals:
    @every_eager
    @pytest.mark.parametrize(
        "label", ["Total", "ALL", " England", "Grand total", "All organisations", "TOTAL ", "Sub-total", "North total"]
    )
    def test_that_say_so_are_refused(self, make, label: str) -> None:
        table = make({**TOTAL, "organisation": ["Fenland", "Uplands", label]})
        for function in (cm.aggregate, cm.validate):
            with refused("organisation", label, names=(f"exclude=[{label!r}]", "totals=True")):
                function(table)
        result = cells(cm.aggregate(table, exclude=label))
        assert (result["total_cost"], result["caseload"]) == ([26_550_000], [8_291])

    @every_eager
    def test_of_each_period_and_team_type(self, make) -> None:
        table = {
            "organisation": ["A", "B", "England"] * 2,
            "period": ["2016/17"] * 3 + ["2017/18"] * 3,
            "team_type": ["CRHT"] * 6,
            "contacts": [1, 2, 3, 4, 5, 9],
        }
        with pytest.raises(cm.BadInput) as caught:
            cm.aggregate(make(table), by="period")
        assert [problem.row for problem in caught.value.problems] == [
            "team_type=CRHT, period=2016/17",
            "team_type=CRHT, period=2017/18",
        ]

    @every_eager
    def test_a_label_that_is_no_sum_is_a_place(self, make) -> None:
        table = make({**TOTAL, "contacts": [1, 2, 4]})
        with noted("organisation=Total", "exclude"):
            assert cells(cm.aggregate(table))["contacts"] == [7]

    @every_eager
    @pytest.mark.parametrize("by", [(), "region", ["region", "icb"]])
    def test_of_regions_and_of_all_together(self, make, by) -> None:
        # No column tells rows apart but the places themselves; 1 + 2 = 3, 4 + 5 = 9, 3 + 9 = 12.
        table = {
            "region": ["N", "N", "N", "S", "S", "S", "Total"],
            "icb": ["A", "B", "Total", "C", "D", "Total", "Total"],
            "contacts": [1, 2, 3, 4, 5, 9, 12],
        }
        with pytest.raises(cm.BadInput) as caught:
            cm.aggregate(make(table), by=by)
        assert [problem.row for problem in caught.value.problems] == ["region=N", "region=S", None]
        assert cells(cm.aggregate(make(table), exclude="Total"))["contacts"] == [12]

    @every_eager
    @pytest.mark.parametrize("name", ["icb", "trust name"])
    def test_of_places_that_are_no_keys(self, make, name: str) -> None:
        table = make({name: ["A", "B", "All trusts"], "contacts": [1, 2, 3]})
        with refused(name, "All trusts", names="exclude"):
            cm.aggregate(table)

    @every_eager
    @pytest.mark.parametrize(
        ("caseload", "of_the_others"),
        [
            ([10, None, 11, 25], True),
            ([10, None, None, 25], True),
            ([10, 4, 11, None], True),
            ([10, None, 11, 20], False),
        ],
        ids=["a part suppressed", "most suppressed", "the total suppressed", "less than its parts"],
    )
    def test_with_cells_that_are_missing(self, make, caseload, of_the_others: bool) -> None:
        table = make({"icb": ["A", "B", "C", "Total"], "caseload": caseload, "contacts": [5, 4, 3, 12]})
        if of_the_others:
            with refused("icb", "Total", names="exclude"):
                cm.aggregate(table, by="icb")
        else:
            with noted("icb=Total", "exclude"):
                cm.aggregate(table, by="icb")

    @every_eager
    def test_without_a_label_are_told_and_kept(self, make) -> None:
        table = make({**TOTAL, "organisation": ["Fenland", "Uplands", "Cambridgeshire"]})
        with noted("organisation=Cambridgeshire", 2, "exclude"):
            result = cells(cm.aggregate(table, by="organisation"))
        assert len(result["organisation"]) == 3
        with noted("organisation=Cambridgeshire", "exclude"):
            cm.validate(table)

    @pytest.mark.parametrize("at", [2, 3])
    def test_a_subtotal_among_others_is_told(self, at: int) -> None:
        table = pd.DataFrame(TOTAL).replace({"Total": "Both"})
        other = pd.DataFrame({"organisation": ["C"], "total_cost": [7.0], "contacts": [11], "caseload": [13]})
        table = pd.concat([other, table] if at == 3 else [table, other])
        with noted("organisation=Both", 2, "exclude"):
            cm.aggregate(table, by="organisation")

    @every_eager
    def test_two_equal_places_are_no_total(self, make) -> None:
        table = {"organisation": ["A", "B"], "contacts": [5, 5], "caseload": [2, 2]}
        assert cells(cm.aggregate(make(table), by="organisation"))["contacts"] == [5, 5]
        one_measure = {"organisation": ["A", "B", "C"], "contacts": [2, 3, 5]}
        assert cells(cm.aggregate(make(one_measure)))["contacts"] == [10]

    @pytest.mark.parametrize("at", [2, 3])
    def test_of_two_parts_in_two_measures(self, at: int) -> None:
        # The last of all, and one of two parts among others; each place has as few as there can be.
        rows = {
            "organisation": ["A", "B", "C"],
            "contacts": [2, 3, 5],
            "caseload": [10, 20, 30],
            "total_cost": [0, 0, 0],
        }
        table = pd.DataFrame(rows if at == 2 else with_row(rows, organisation="D", contacts=11, caseload=13))
        with pytest.warns(cm.TableNote) as told:
            cm.aggregate(table, by="organisation")
        assert ["organisation=C is the sum of 2 other rows" in str(each.message) for each in told] == [True]
        # All others, before it and after it.
        between = pd.DataFrame(rows).iloc[[0, 2, 1]]
        with noted("organisation=C", 2, "exclude"):
            cm.aggregate(between, by="organisation")
        # Not so where one measure differs, or stands alone, or where nobody has anything.
        for change in (
            {"caseload": [10, 20, 31]},
            {"caseload": [0, 0, 0]},
            {"contacts": [2, 0, 2], "caseload": [9, 0, 9]},
        ):
            held = without(rows, "total_cost") | change
            with warnings.catch_warnings():
                warnings.simplefilter("error", cm.TableNote)
                cm.aggregate(pd.DataFrame(held), by="organisation")

    @pytest.mark.parametrize(
        "table",
        [
            # Beside another place two that are equal: one row alone makes no total, at the end and at the beginning.
            {"organisation": ["A", "B", "C"], "contacts": [7, 5, 5], "caseload": [11, 2, 2]},
            {"organisation": ["A", "B", "C"], "contacts": [5, 5, 7], "caseload": [2, 2, 11]},
            # 2 + 3 = 5 and 10 + 20 = 30, of one place: its third month, and its third type of team.
            {"organisation": ["A"] * 3, "period": MONTHS[:3], "contacts": [2, 3, 5], "caseload": [10, 20, 30]},
            {"organisation": ["A"] * 3, "team_type": ["CMHT", "CRHT", "EIP"], "contacts": [2, 3, 5],
             "caseload": [10, 20, 30]},
        ],
        ids=["the last two are equal", "the first two", "months of a place", "its types of team"],
    )  # fmt: skip
    def test_what_is_no_total_is_not_told(self, table: dict[str, list]) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("error", cm.TableNote)
            cm.validate(pd.DataFrame(table))

    @pytest.mark.parametrize(("key", "value"), [("period", "2016/17"), ("team_type", "A06")])
    def test_of_a_column_of_another_name_are_named_with_the_keys_that_lack(self, key: str, value: str) -> None:
        table = pd.DataFrame({"borough": ["A", "B", "Total"], "contacts": [1, 2, 3], key: value})
        with refused(
            problem(None, row=f"{key}={value}", expected="once"),
            problem("borough", "Total", row=f"{key}={value}", names="exclude"),
        ):
            cm.validate(table)

    def test_what_they_are_called(self) -> None:
        whose = [
            "organisations",
            "providers",
            "trusts",
            "teams",
            "icbs",
            "regions",
            "places",
            "services",
            "types",
            "months",
            "periods",
            "ages",
            "age bands",
            "sexes",
            "ethnic groups",
            "people",
        ]
        alone = ["total", "totals", "sum", "all", "overall", "england", "national", "subtotal", "subtotals", "average",
                 "averages", "mean", "median", "persons", "both sexes"]  # fmt: skip
        several = ["All England", "Total England", "grand total", "Grand Totals", "sub total", "Sub-totals",
                   "overall total", "England total", "national totals", "All team types", "Total team types",
                   "Total for RT1", "total of 2016/17", "RT1 subtotal", "North Totals", "Sub total 2016",
                   "England average", "National mean", "Average of all trusts", "Median for England"]  # fmt: skip
        whole = [f"{every} {name}" for every in ("All", "Total") for name in whose]
        for label in [*alone, *several, *whole]:
            for written in (label, label.upper(), f" {label.title()} "):
                assert is_total(written), written
        for label in (
            "Totnes",
            "All Saints",
            "Allerdale",
            "Summerfield",
            "New England",
            "England and Wales",
            "Meanwood",
            "Median Road",
            "",
            None,
            7,
        ):
            assert not is_total(label), label

    @every_table
    def test_exclude_leaves_out_what_is_named(self, make) -> None:
        result = cells(cm.with_metrics(make(TOTAL), "cost_per_contact", exclude=["Total", "Uplands"]))
        assert result["cost_per_contact"] == [17_700_000 / 108_589]
        assert result["organisation"] == ["Fenland"]
        if not isinstance(nw.from_native(make(TOTAL)), nw.LazyFrame):
            with refused("exclude", "Totl", expected="there", suggests="Total"):
                cm.aggregate(make(TOTAL), exclude="Totl")


LEVELS = {"region": ["N", "N", "S"], "icb": ["a", "b", "c"], "contacts": [5, 6, 7], "caseload": [1, 2, 2]}
PLACES = {"icb": ["QUE", "QRV"], "team": ["1", "2"], "caseload": [10, 20]}


class TestLabelsInAnIndex:
    """What pandas leaves of a grouping or a pivot: the labels of rows stand in the index."""

    @pytest.mark.parametrize("name", ["organisation", "Trust", None])
    def test_may_call_a_row_a_total(self, name: str | None) -> None:
        table = pd.DataFrame(TOTAL).set_index("organisation").rename_axis(name)
        with refused(name or "index", "Total", expected="counted once", names="exclude"):
            cm.aggregate(table)
        assert cm.aggregate(table, exclude="Total")["contacts"].tolist() == [168_589]
        assert cm.with_metrics(table, exclude="Total").index.tolist() == ["Fenland", "Uplands"]

    def test_of_several_levels(self) -> None:
        table = pd.DataFrame(TOTAL).assign(region="East").set_index(["region", "organisation"])
        with refused("organisation", "Total", row="region=East", expected="counted once", names="exclude"):
            cm.validate(table)


class TestRowsOfTotalsInAQuery:
    """A query is run by `validate` alone, which looks for plain labels."""

    TABLE: ClassVar = {"icb": ["A", "B", "Total"], "contacts": [1, 2, 3], "referrals": [4, 5, 9]}

    @every_lazy
    def test_validate_refuses_it(self, make) -> None:
        with refused("icb", "Total", names=("exclude", 2)):
            cm.validate(make(self.TABLE))
        cm.validate(make(self.TABLE), exclude="Total")

    @every_lazy
    def test_what_is_no_sum_is_told(self, make) -> None:
        with noted("icb=Total", "exclude"):
            cm.validate(make(self.TABLE | {"referrals": [4, 5, 1]}))

    @every_lazy
    def test_within_each_period(self, make) -> None:
        table = {key: values * 2 for key, values in self.TABLE.items()} | {"period": ["2016/17"] * 3 + ["2017/18"] * 3}
        with pytest.raises(cm.BadInput) as caught:
            cm.validate(make(table))
        assert [each.row for each in caught.value.problems] == ["period=2016/17", "period=2017/18"]


class TestTotalsOfEveryLevel:
    @every_table
    def test_follow_and_are_labelled(self, make) -> None:
        people = {"region": ["N", "N", "S"], "icb": ["a", "b", "c"], "registered_population": [100, 200, 700]}
        result = cm.aggregate(make(LEVELS), by=["region", "icb"], totals=True, populations=make(people))
        result = sorted_by(cells(result), "level", "region", "icb")
        assert result["level"] == ["icb", "icb", "icb", "region", "region", "total"]
        assert result["region"] == ["N", "N", "S", "N", "S", None]
        assert result["icb"] == ["a", "b", "c", None, None, None]
        assert result["contacts"] == [5, 6, 7, 11, 7, 18]
        assert result["contacts_per_patient"] == [5, 3, 3.5, 11 / 3, 3.5, 18 / 5]
        assert result["registered_population"] == [100, 200, 700, 300, 700, 1_000]
        assert result["caseload_per_100k_registered"][-1] == 500

    def test_rows_are_numbered_through(self) -> None:
        made = cm.aggregate(pd.DataFrame(LEVELS), by=["region", "icb"], totals=True)
        assert made.index.equals(pd.RangeIndex(6))

    def test_a_column_of_that_name_is_refused(self) -> None:
        with refused("by", "level", expected="another name"):
            cm.aggregate(pd.DataFrame({"level": ["a"], "contacts": [1]}), by="level", totals=True)


class TestPlacesWithoutPeople:
    @every_lazy
    def test_a_place_that_stands_twice_has_none(self, make) -> None:
        people = make({"icb": ["QUE", "QUE", "QRV"], "registered_population": [1_000, 1_000, 2_000]})
        result = cells(cm.aggregate(make(PLACES), by="icb", populations=people))
        assert dict(zip(result["icb"], result["registered_population"], strict=True)) == {"QUE": None, "QRV": 2_000}

    @every_table
    def test_people_that_no_metric_needs_are_left_out(self, make) -> None:
        table = make({**PLACES, "contacts": [40, 40], "registered_population": [1_000, 2_000]})
        with noted("registered_population", "place"):
            result = cells(cm.aggregate(table, by="icb", metrics="contacts_per_patient"))
        assert sorted(result["contacts_per_patient"]) == [2, 4]
        assert "registered_population" not in result
        for metrics in (None, "caseload_per_100k", ["contacts_per_patient", "caseload_per_100k"]):
            with refused("registered_population", names=("place", "populations")):
                cm.aggregate(table, by="icb", metrics=metrics)

    @every_eager
    def test_none_has_any(self, make) -> None:
        people = make({"icb": ["E54000056", "que "], "registered_population": [1, 2]})
        with refused("populations", "'E54000056', 'que '", names=("QUE", "QRV"), suggests="que "):
            cm.aggregate(make(PLACES), by="icb", populations=people)

    @every_eager
    def test_some_have_none(self, make) -> None:
        people = make({"icb": ["QUE", "QU9"], "registered_population": [1_000, 2]})
        with noted("icb", "QRV"):
            result = cells(cm.aggregate(make(PLACES), by="icb", populations=people))
        assert result["caseload_per_100k_registered"] == [1_000, None]

    def test_what_is_no_table_is_told_by_its_argument(self) -> None:
        teams = pd.DataFrame(PLACES)
        for people in ([1_000], {"icb": 1}, "people.csv"):
            with raised(TypeError, "populations"):
                cm.aggregate(teams, by="icb", populations=people)

    @every_eager
    def test_people_of_places_without_teams_are_harmless(self, make) -> None:
        people = make({"icb": ["QUE", "QU9", "QRV"], "registered_population": [1_000, 5, 2_000]})
        result = cells(cm.aggregate(make(PLACES), by="icb", populations=people))
        assert result["caseload_per_100k_registered"] == [1_000, 1_000]

    @every_eager
    def test_labels_that_differ_in_a_space_or_in_capitals_are_told(self, make) -> None:
        for other in ("'A '", "'a'"):
            with noted("icb", "'A'", other):
                cm.aggregate(make({"icb": ["A", other[1:-1]], "team": ["1", "2"], "contacts": [1, 2]}), by="icb")


TEXTS = {
    "pyarrow string": lambda values: pa.table({"icb": pa.array(values, pa.string())}),
    "pyarrow large": lambda values: pa.table({"icb": pa.array(values, pa.large_string())}),
    "pyarrow dictionary": lambda values: pa.table({"icb": pa.array(values).dictionary_encode()}),
    "polars string": lambda values: pl.DataFrame({"icb": values}),
    "polars category": lambda values: pl.DataFrame({"icb": pl.Series(values, dtype=pl.Categorical)}),
    "polars enum": lambda values: pl.DataFrame({"icb": pl.Series(values, dtype=pl.Enum(["A", "B"]))}),
    "pandas object": lambda values: pd.DataFrame({"icb": pd.Series(values, dtype=object)}),
    "pandas category": lambda values: pd.DataFrame({"icb": pd.Series(values, dtype="category")}),
    "pandas text": lambda values: pd.DataFrame({"icb": pd.Series(values, dtype="string")}),
}
PAIRS = [(one, other) for one in TEXTS for other in TEXTS if one.split()[0] == other.split()[0]]


def beside(table: object, name: str, values: list[int]) -> object:
    frame = nw.from_native(table)
    if isinstance(frame, nw.LazyFrame):
        return table.with_columns(pl.Series(name, values))
    column = nw.new_series(name, values, backend=frame.implementation)
    return frame.with_columns(column).to_native()


class TestKeysOfTwoStorages:
    @pytest.mark.parametrize(("one", "other"), PAIRS)
    @pytest.mark.parametrize("lazy", [False, True])
    def test_one_text_joins(self, one: str, other: str, lazy: bool) -> None:
        teams, people = TEXTS[one](["A", "B"]), TEXTS[other](["B", "A"])
        teams, people = beside(teams, "referrals", [5, 6]), beside(people, "registered_population", [2_000, 1_000])
        if lazy and not one.startswith("polars"):
            return
        teams, people = (teams.lazy(), people.lazy()) if lazy else (teams, people)
        result = sorted_by(cells(cm.aggregate(teams, by="icb", populations=people)), "icb")
        assert result["referrals_per_100k_registered"] == [500, 300]
        within = cells(cm.aggregate(teams, populations=people, place="icb"))
        assert within["registered_population"] == [3_000]

    @pytest.mark.parametrize("lazy", [False, True])
    @pytest.mark.parametrize(
        ("one", "other"),
        [
            (pl.Int64, pl.Int16),
            (pl.UInt8, pl.Int64),
            (pl.Date, pl.Datetime("us")),
            (pl.Datetime("ms"), pl.Datetime("ns")),
        ],
    )
    def test_one_number_or_date_joins(self, one, other, lazy: bool) -> None:
        values = [dt.datetime(2024, 4, 1), dt.datetime(2024, 5, 1)] if one in (pl.Date, pl.Datetime) else [1, 2]
        teams = pl.DataFrame({"ward": pl.Series(values).cast(one), "referrals": [5, 6]})
        people = pl.DataFrame({"ward": pl.Series(values).cast(other), "registered_population": [1_000, 2_000]})
        teams, people = (teams.lazy(), people.lazy()) if lazy else (teams, people)
        result = sorted_by(cells(cm.aggregate(teams, by="ward", populations=people)), "ward")
        assert result["referrals_per_100k_registered"] == [500, 300]


class TestValidInputAndNamedErrors:
    @every_table
    def test_an_icb_and_its_period_name_a_row(self, make) -> None:
        table = make({"icb": ["F", "U"], "period": ["2023/24"] * 2, "total_cost": [1e6, 2e6], "contacts": [5, 8]})
        assert cells(cm.with_metrics(table))["cost_per_contact"] == [2e5, 2.5e5]
        assert cm.validate(table) is table

    @every_table
    def test_one_name_needs_no_list(self, make) -> None:
        table = make({"icb": ["F"], "total_cost": [1e6], "caseload": [5], "registered_population": [10]})
        assert list(cells(cm.with_metrics(table, "caseload_per_100k", basis="registered", keys="icb")))[4:] == [
            "caseload_per_100k_registered"
        ]
        assert cells(cm.aggregate(table, "icb", place="icb", metrics=cm.year_of_care_cost, keys="icb"))[
            "year_of_care_cost"
        ] == [2e5]

    def test_a_column_that_is_called_by_a_number(self) -> None:
        # As a pivoted table of pandas has them; its name is then the text of it, and the table itself is left alone.
        table = pd.DataFrame({"team": ["a", "b"], "contacts": [5, 6], "total_cost": [10, 12], 2016: ["x", "y"]})
        result = cm.with_metrics(table, "cost_per_contact")
        assert list(result) == ["team", "contacts", "total_cost", "2016", "cost_per_contact"]
        assert result["cost_per_contact"].tolist() == [2, 2]
        assert cm.aggregate(table, by="2016", metrics=[])["contacts"].tolist() == [5, 6]
        assert list(table)[-1] == 2016

    def test_columns_of_several_levels(self) -> None:
        table = pd.DataFrame({("x", "contacts"): [1], ("x", "caseload"): [2]})
        for function in (cm.with_metrics, cm.aggregate, cm.validate):
            with refused(None, ("x", "contacts"), expected="a column"):
                function(table)

    @pytest.mark.parametrize("name", ["_problem_row", "_problem_contacts:bounds", "__problem_row"])
    def test_a_column_that_is_called_as_ours_are(self, name: str) -> None:
        table = pd.DataFrame({name: [1], "contacts": [-1], "caseload": [2]})
        with refused("contacts", -1, row="1st row", expected="zero or more"):
            cm.with_metrics(table)

    @pytest.mark.parametrize(
        ("cell", "value", "names"),
        [
            (10**400, "a number of 401 digits", "9,007,199,254,740,992"),
            (10**5000, "a number of 5001 digits", "9,007,199,254,740,992"),
            (2**60, 2**60, "9,007,199,254,740,992"),
            (Decimal("sNaN"), ANY, "contact"),
            ("n/a", "n/a", "contact"),
            (True, True, "contact"),
        ],
        ids=["10**400", "10**5000", "2**60", "sNaN", "text", "truth"],
    )
    def test_numbers_that_no_float_holds(self, cell: object, value: object, names: str) -> None:
        table = pd.DataFrame({"team": ["a", "b"], "contacts": pd.Series([1, cell], dtype=object), "caseload": [2, 3]})
        with refused("contacts", value, row="team=b", expected="a number", names=names):
            cm.with_metrics(table)

    @every_eager
    def test_whole_numbers_beyond_floats(self, make) -> None:
        table = make({"team": ["a", "b", "c"], "contacts": [1, 0, 2**60], "caseload": [2, 3, 4]})
        with refused("contacts", 2**60, row="team=c", expected="a number", names="9,007,199,254,740,992"):
            cm.aggregate(table)


@pytest.mark.parametrize("kind", [pd.DataFrame, pl.DataFrame])
@pytest.mark.parametrize("label", ["North total", "TOTAL FOR T1", "All teams", "England"])
def test_a_total_is_found_in_a_large_table_too(kind: type, label: str) -> None:
    rows = total_rows.LOOKED_AT + 1
    table = kind(
        {
            "organisation": [*(f"T{row // 600}" for row in range(rows)), label],
            "team": [*(str(row) for row in range(rows)), "all"],
            "contacts": [*[1.0] * rows, float(rows)],
            "caseload": [*[1.0] * rows, float(rows)],
        }
    )
    with pytest.raises(cm.BadInput) as caught:
        cm.aggregate(table, by="organisation")
    assert label in {problem.value for problem in caught.value.problems}
