"""Tables over time: rolling years, real terms, and what drove a metric."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cmhs_metrics as cm
from cmhs_metrics.trends import growth_against, rolling_year
from tests.support.budgets import examples
from tests.support.refusals import ANY, noted, problem, refused

MONTHS = [str(month) for month in pd.period_range("2022-04", periods=14, freq="M")]
KINDS = {
    "pandas": lambda columns: pd.DataFrame(columns),
    "nullable": lambda columns: pd.DataFrame(columns).convert_dtypes(),
    "polars": pl.DataFrame,
    "polars lazy": lambda columns: pl.DataFrame(columns).lazy(),
    "arrow": pa.table,
    "duckdb": lambda columns: duckdb.from_arrow(pa.table(columns)),
}
EACH = pytest.mark.parametrize("make", list(KINDS.values()), ids=list(KINDS))


def columns_of(table: Any) -> dict[str, list[Any]]:
    frame = table.arrow() if isinstance(table, duckdb.DuckDBPyRelation) else table
    frame = frame.read_all() if isinstance(frame, pa.RecordBatchReader) else frame
    frame = frame.collect() if isinstance(frame, pl.LazyFrame) else frame
    held = frame.to_pydict() if isinstance(frame, pa.Table) else None
    if held is None:
        held = frame.to_dict(as_series=False) if isinstance(frame, pl.DataFrame) else frame.to_dict("list")
    return {name: [None if each is None or each != each else each for each in cells] for name, cells in held.items()}


class TestRollingYear:
    # Two teams of A and one of B; in the last month A misses many.
    TABLE: ClassVar[dict[str, list[Any]]] = {
        "trust": ["A"] * 14 + ["A"] * 14 + ["B"] * 14,
        "team": ["one"] * 14 + ["two"] * 14 + ["three"] * 14,
        "period": MONTHS * 3,
        "contacts": [90] * 14 + [190] * 14 + [50] * 14,
        "did_not_attends": [10] * 13 + [150] + [10] * 14 + [50] * 14,
    }

    @EACH
    def test_measures_are_summed_and_then_divided(self, make: Any) -> None:
        found = columns_of(rolling_year(make(self.TABLE), by="trust", metrics="dna_rate"))
        rows = {
            (trust, period): at for at, (trust, period) in enumerate(zip(found["trust"], found["period"], strict=True))
        }
        assert len(rows) == 28
        assert all(found["dna_rate"][rows["A", month]] is None for month in MONTHS[:11])
        # 12 months of 20 missed and 280 kept; then one month of 160 missed among them.
        assert found["did_not_attends"][rows["A", "2023-03"]] == 240
        assert found["dna_rate"][rows["A", "2023-03"]] == pytest.approx(240 / 3600)
        assert found["dna_rate"][rows["A", "2023-05"]] == pytest.approx(380 / 3740)
        assert found["dna_rate"][rows["B", "2023-05"]] == pytest.approx(0.5)

    def test_no_groups_are_the_whole_table(self) -> None:
        found = rolling_year(pd.DataFrame(self.TABLE), by=[], metrics="dna_rate").set_index("period")
        assert found["dna_rate"].isna().sum() == 11
        assert found.loc["2023-03", "dna_rate"] == pytest.approx((240 + 600) / (3600 + 1200))

    def test_groups_of_two_columns(self) -> None:
        found = rolling_year(pd.DataFrame(self.TABLE), by=["trust", "team"], metrics="dna_rate")
        assert found[["trust", "team"]].drop_duplicates().to_numpy().tolist() == [
            ["A", "one"], ["A", "two"], ["B", "three"],
        ]  # fmt: skip
        assert found.index.tolist() == [*range(len(found))]
        held = found.set_index(["trust", "team", "period"])["contacts"].sort_index()
        assert held["A", "two", "2023-05"] == 12 * 190
        assert held["A", "one"].isna().tolist() == [True] * 11 + [False] * 3

    def test_a_stock_alone_is_the_last_or_the_mean(self) -> None:
        caseload = pd.Series(range(14), index=MONTHS, name="caseload", dtype=float)
        assert rolling_year(caseload, over_time="last").tolist()[11:] == [11, 12, 13]
        assert rolling_year(caseload, over_time="mean").tolist()[11:] == [5.5, 6.5, 7.5]

    def test_a_group_that_lacks_a_month_has_no_year_of_it(self) -> None:
        table = pd.DataFrame(self.TABLE)
        table = table[~((table["trust"] == "B") & (table["period"] == "2023-01"))]
        found = rolling_year(table, by="trust", metrics="dna_rate").set_index(["trust", "period"])["dna_rate"]
        assert found["A"].notna().sum() == 3
        assert found["B"].notna().sum() == 0

    def test_a_team_that_lacks_a_month_within_a_group_is_told(self) -> None:
        table = pd.DataFrame(self.TABLE)
        table = table[~((table["team"] == "two") & (table["period"] == MONTHS[3]))]
        with noted("2023-03", "2023-05", "trust=A", 23, 2, 12, 24):
            found = rolling_year(table, by="trust", metrics="dna_rate").set_index(["trust", "period"])
        # Twelve months of 90, eleven of 190.
        assert found.loc[("A", "2023-05"), "contacts"] == 3_170

    def test_stocks_are_the_last_or_the_mean(self) -> None:
        table = pd.DataFrame(self.TABLE)[["trust", "team", "period", "contacts"]].assign(caseload=range(42))
        with refused("caseload", "12 periods", names=("over_time", "last", "mean")):
            rolling_year(table, by="trust")
        found = rolling_year(table, by="trust", over_time="last").set_index(["trust", "period"])
        # 13 and 27 people in the last month; 280 contacts in each of twelve.
        assert found.loc[("A", "2023-05"), "caseload"] == 40
        assert found.loc[("A", "2023-05"), "contacts_per_patient"] == pytest.approx(3360 / 40)

    def test_quarters_and_dates(self) -> None:
        quarters = [f"2022/23 Q{each}" for each in (1, 2, 3, 4)] + ["2023/24 Q1"]
        table = pd.DataFrame({"trust": "A", "period": quarters, "contacts": [1, 2, 3, 4, 5], "did_not_attends": 1})
        assert rolling_year(table, by="trust")["contacts"].tolist()[-2:] == [10, 14]
        days = [dt.date(2022, month, 28) for month in range(1, 13)]
        dated = pl.DataFrame({"trust": ["A"] * 12, "period": days, "contacts": [1] * 12, "did_not_attends": [1] * 12})
        assert rolling_year(dated, by="trust")["contacts"].to_list() == [None] * 11 + [12]

    def test_a_metric_is_no_series_to_add(self) -> None:
        rate = pd.Series([0.08] * 12, index=MONTHS[:12], name="dna_rate")
        for over_time in ("sum", "mean"):
            with refused("values", "dna_rate", expected="a measure", names="rolling_year"):
                rolling_year(rate, over_time=over_time)
        with refused("values", "caseload_per_100k_registered", expected="a measure"):
            rolling_year(rate.to_frame("caseload_per_100k_registered"))
        with refused("values", "caseload", names=("over_time", "last", "mean")):
            rolling_year(rate.rename("caseload"))

    def test_bad_tables(self) -> None:
        table = pd.DataFrame(self.TABLE)
        with refused("by", expected="a column", names="by"):
            rolling_year(table)
        with refused("by", "trusts", expected="a column", suggests="trust"):
            rolling_year(table, by="trusts")
        with refused("period", "2016/17", expected="a date or period"):
            rolling_year(table.assign(period="2016/17"), by="trust")
        for by, wrong, told in (
            (["trust", "period"], table, [("by", "period")]),
            ("trust", table.assign(period=[None, *table["period"][1:]]), [("period", None)]),
            ("trust", table.assign(period=["2022-04", "2022/23 Q1"] * 21), [("period", "2022-04, 2022/23 Q1")]),
        ):
            with pytest.raises(cm.BadInput) as caught:
                rolling_year(wrong, by=by)
            assert [(each.column, each.value) for each in caught.value.problems] == told

    def test_a_year_of_a_group_without_a_name_is_refused_and_not_left_out(self) -> None:
        months = [str(each) for each in pd.period_range("2024-04", periods=12, freq="M")]
        table = pd.DataFrame({"team": ["A", *[None] * 12], "period": [months[0], *months], "contacts": 1})
        with refused(problem("team", row=ANY, expected="a value"), others=ANY):
            rolling_year(table, by="team")

    def test_a_stock_may_be_the_mean_or_the_last(self) -> None:
        people = pd.Series([float(each) for each in range(1, 13)], index=MONTHS[:12], name="caseload")
        assert rolling_year(people, over_time="mean").iloc[-1] == 6.5
        assert rolling_year(people, over_time="last").iloc[-1] == 12
        # A metric of each month has its last one, too.
        assert rolling_year(people.rename("dna_rate"), over_time="last").iloc[-1] == 12


class TestRealTerms:
    PRICES: ClassVar = {"2015/16": 100.0, "2016/17": 110.0}
    TABLE: ClassVar[dict[str, list[Any]]] = {
        "icb": ["A", "B", "A", "B"],
        "period": ["2015/16", "2015/16", "2016/17", "2016/17"],
        "total_cost": [100.0, 200.0, 110.0, None],
        "contacts": [10, 10, 10, 10],
    }

    @EACH
    def test_money_is_at_the_prices_of_the_base(self, make: Any) -> None:
        found = cm.real_terms(make(self.TABLE), "total_cost", deflator=self.PRICES, base="2015/16")
        assert columns_of(found)["total_cost"] == pytest.approx([100, 200, 100, None])
        assert columns_of(found)["contacts"] == [10] * 4
        later = cm.real_terms(make(self.TABLE), columns=["total_cost"], deflator=self.PRICES, base="2016-17")
        assert columns_of(later)["total_cost"] == pytest.approx([110, 220, 110, None])

    def test_months_take_the_index_of_their_year(self) -> None:
        table = pd.DataFrame({"month": ["2016-03", "2016-04", "Q1 2016/17"], "total_cost": [1.1, 1.1, 1.1]})
        found = cm.real_terms(table, "total_cost", period="month", deflator=self.PRICES, base="2016/17")
        assert found["total_cost"].tolist() == pytest.approx([1.21, 1.1, 1.1])

    def test_a_month_that_has_an_index_takes_it(self) -> None:
        table = pd.DataFrame({"month": ["2016-04", "2016-05", "2016/17"], "total_cost": 1.0})
        prices = {"2016/17": 100.0, "2016-04": 50.0}
        found = cm.real_terms(table, "total_cost", period="month", deflator=prices, base="2016/17")
        assert found["total_cost"].tolist() == [2, 1, 1]
        assert cm.real_terms(table, "total_cost", period="month", deflator=prices, base="2016-04")[
            "total_cost"
        ].tolist() == [1, 0.5, 0.5]

    def test_quantities(self) -> None:
        pytest.importorskip("pint_pandas")
        table = pd.DataFrame(self.TABLE).astype({"total_cost": "pint[kGBP]"})
        found = cm.real_terms(table, "total_cost", deflator=self.PRICES, base="2015/16")
        assert str(found["total_cost"].dtype) == str(table["total_cost"].dtype)
        assert found["total_cost"].array.quantity.magnitude[2] == pytest.approx(100)

    def test_what_is_no_money_is_refused(self) -> None:
        arguments: dict[str, Any] = {"deflator": self.PRICES, "base": "2015/16"}
        with refused("columns", "contacts", expected="a column", names="contact"):
            cm.real_terms(pd.DataFrame(self.TABLE), "contacts", **arguments)
        with refused("columns", "total_costs", expected="a column", suggests="total_cost"):
            cm.real_terms(pd.DataFrame(self.TABLE), "total_costs", **arguments)
        with refused("periods", "2014/15", expected="a date or period"):
            cm.real_terms(pd.DataFrame(self.TABLE).assign(period="2014/15"), "total_cost", **arguments)

    @pytest.mark.parametrize("periods", ["period", "2016/17"])
    def test_a_label_is_not_taken_letter_by_letter(self, periods: str) -> None:
        with refused("periods", periods, expected="one for each", names="columns"):
            cm.real_terms(pd.Series([1.0, 2.0]), deflator=self.PRICES, base="2015/16", periods=periods)

    def test_per_cent_is_no_proportion(self) -> None:
        with refused("inflation", 2.5, expected="a proportion", names="0.025"):
            cm.real_terms(5.32, inflation=2.5, years=4)
        with refused("ambition_rate", 0.05, names=5):
            growth_against(pd.Series([1.0, 2.0], index=["2015/16", "2016/17"]), 0.05)


class TestWhatDrove:
    TABLE: ClassVar[dict[str, list[Any]]] = {
        "team_type": ["Generic CMHT", "Older People CMHT"] * 2,
        "period": ["2015/16"] * 2 + ["2016/17"] * 2,
        "total_cost": [8_000, 4_000, 6_600, 8_800],
        "contacts": [80, 20, 60, 40],
    }

    @EACH
    def test_by_hand(self, make: Any) -> None:
        # Costs of 100 and 200 rise by a tenth, and the dear type goes from a fifth to two fifths.
        found = cm.what_drove(make(self.TABLE), "cost_per_contact", "team_type", "2015-16", "2016/17").table
        assert found.loc["total", ["before", "after", "change"]].tolist() == pytest.approx([120, 154, 34])
        # Kitagawa: ½(0.8 + 0.6) × 10 + ½(0.2 + 0.4) × 20, and ½(100 + 110) × −0.2 + ½(200 + 220) × 0.2.
        assert found.loc["total", ["due_to_rate", "due_to_mix"]].tolist() == pytest.approx([13, 21])
        assert found["due_to_rate"].tolist()[:2] == pytest.approx([7, 6])
        assert (found["due_to_numerator"] + found["due_to_denominator"]).tolist() == pytest.approx([10, 20, 34])

    def test_groups_of_any_name_tell_rows_apart(self) -> None:
        table = pd.DataFrame(self.TABLE)
        expected = cm.what_drove(table, "cost_per_contact", "team_type", "2015/16", "2016/17").table
        table = table.assign(service=table["team_type"]).drop(columns="team_type")
        found = cm.what_drove(table, "cost_per_contact", "service", "2015/16", "2016/17").table
        assert found.to_numpy().tolist() == expected.to_numpy().tolist()

    def test_all_columns_are_shown(self) -> None:
        found = cm.what_drove(pd.DataFrame(self.TABLE), "cost_per_contact", "team_type", "2015/16", "2016/17")
        assert "..." not in repr(found)
        assert all(name in repr(found) and name in found._repr_html_() for name in found.table)
        assert repr(found).startswith("Cost per contact [GBP per contact], 2015/16 to 2016/17: 120 → 154, +34")

    def test_of_people(self) -> None:
        table = pd.DataFrame(
            {"icb": ["A", "B"] * 2, "period": ["2015/16"] * 2 + ["2016/17"] * 2, "referrals": [10, 20, 20, 20]}
        )
        people = pd.DataFrame({"icb": ["A", "B"], "registered_population": [1_000, 1_000]})
        found = cm.what_drove(table, cm.referrals_per_100k, "icb", "2015/16", "2016/17", populations=people).table
        assert found.loc["total", ["before", "after", "due_to_rate", "due_to_mix"]].tolist() == [1500, 2000, 500, 0]
        assert found.loc["A", ["change", "due_to_rate"]].tolist() == [1000, 500]

    def test_of_people_who_differ_between_the_periods(self) -> None:
        rows = {"icb": ["A", "B"] * 2, "period": ["2015/16"] * 2 + ["2016/17"] * 2}
        table = pd.DataFrame({**rows, "referrals": [10, 20, 20, 20]})
        people = pd.DataFrame({**rows, "registered_population": [1_000, 1_000, 1_000, 3_000]})
        found = cm.what_drove(table, "referrals_per_100k", "icb", "2015/16", "2016/17", populations=people)
        # 30 of 2,000 and 40 of 4,000; 10, then 20 of 1,000; 20 of 1,000, then of 3,000.
        assert found.table["before"].tolist() == pytest.approx([1_000, 2_000, 1_500])
        assert found.table["after"].tolist() == pytest.approx([2_000, 2_000 / 3, 1_000])
        assert (found.before, found.after, found.metric) == ("2015/16", "2016/17", "referrals_per_100k")

    def test_of_people_of_places_within_the_groups(self) -> None:
        table = pd.DataFrame(
            {
                "region": ["N", "N", "S"] * 2,
                "icb": ["A", "B", "C"] * 2,
                "period": ["2015/16"] * 3 + ["2016/17"] * 3,
                "referrals": [10, 20, 30, 20, 30, 70],
            }
        )
        people = table.loc[:2, ["region", "icb"]].assign(registered_population=[1_000, 500, 1_500])
        found = cm.what_drove(
            table, "referrals_per_100k", "region", "2015/16", "2016/17", populations=people, place="icb"
        ).table
        # 30 of 1,500 in both, then 50 and 70; each has half of the people.
        assert found["before"].tolist() == pytest.approx([2_000, 2_000, 2_000])
        assert found["after"].tolist() == pytest.approx([10_000 / 3, 14_000 / 3, 4_000])
        assert found["due_to_rate"].tolist() == pytest.approx([2_000 / 3, 4_000 / 3, 2_000])

    def test_types_that_share_their_people_add_up(self) -> None:
        table = pd.DataFrame(self.TABLE).assign(icb="A", referrals=[10, 20, 15, 30], registered_population=1_000)
        found = cm.what_drove(table, "referrals_per_100k", "team_type", "2015/16", "2016/17", place="icb").table
        assert found["change"].tolist() == pytest.approx([500, 1000, 1500])
        assert found["due_to_rate"].tolist() == pytest.approx([500, 1000, 1500])
        assert set(found["due_to_mix"]) == {0}

    def test_a_type_that_comes_to_those_that_share_their_people(self) -> None:
        table = pd.DataFrame(self.TABLE).assign(icb="A", referrals=[10, 20, 15, 30], registered_population=1_000)
        found = cm.what_drove(
            table.iloc[[0, 2, 3]], "referrals_per_100k", "team_type", "2015/16", "2016/17", place="icb"
        ).table
        # 10, then 45 of 1,000: nothing of it is mix.
        assert found.loc["total", ["before", "after", "due_to_rate", "due_to_mix"]].tolist() == [1_000, 4_500, 3_500, 0]
        assert found.loc["Generic CMHT", "due_to_rate"] == pytest.approx(500)

    def test_one_type_of_all_people_beside_one_of_some_has_no_mix(self) -> None:
        # The first type has the 1,000 people of X and the 500 of Y, the second those of X alone.
        table = pd.DataFrame(
            {
                "team_type": ["Generic CMHT", "Generic CMHT", "Older People CMHT"] * 2,
                "period": ["2015/16"] * 3 + ["2016/17"] * 3,
                "icb": ["X", "Y", "X"] * 2,
                "referrals": [10, 20, 30, 40, 50, 60],
                "registered_population": [1_000, 500, 1_000] * 2,
            }
        )
        found = cm.what_drove(table, "referrals_per_100k", "team_type", "2015/16", "2016/17", place="icb").table
        assert found["change"].tolist() == pytest.approx([4_000, 3_000, 6_000])
        assert found[["due_to_rate", "due_to_mix"]].isna().all(axis=None)

    def test_where_types_share_people_in_one_period_alone_no_mix_can_be_told(self) -> None:
        # 1,000 people of X for both, who are no 2,000; then the second type has the 500 people of Y.
        table = pd.DataFrame(self.TABLE).assign(
            icb=["X", "X", "X", "Y"], referrals=[10, 20, 15, 30], registered_population=[1_000, 1_000, 1_000, 500]
        )
        for periods in (("2015/16", "2016/17"), ("2016/17", "2015/16")):
            found = cm.what_drove(table, "referrals_per_100k", "team_type", *periods, place="icb").table
            assert abs(found["change"].to_numpy()) == pytest.approx([500, 4_000, 0])
            assert found[["due_to_rate", "due_to_mix"]].isna().all(axis=None)

    def test_a_type_that_comes_is_in_the_mix(self) -> None:
        table = pd.DataFrame(self.TABLE).iloc[[0, 2, 3]]
        found = cm.what_drove(table, "cost_per_contact", "team_type", "2015/16", "2016/17").table
        assert found.loc["total", "change"] == pytest.approx(54)
        assert found.loc["total", ["due_to_rate", "due_to_mix"]].sum() == pytest.approx(54)
        assert found.loc["Older People CMHT", "due_to_rate"] == 0
        assert pd.isna(found.loc["Older People CMHT", "before"])

    @pytest.mark.parametrize(
        ("rows", "total", "rate", "mix"),
        [
            # The second goes: 120 → 110, of which the first has 10 at a mean share of (0.8 + 1) / 2.
            ([0, 1, 2], [120, 110], [9, 0], -19),
            # The first goes: 120 → 220, of which the second has 20 at (0.2 + 1) / 2.
            ([0, 1, 3], [120, 220], [0, 12], 88),
            # The one goes, the other comes: all of it is mix.
            ([0, 3], [100, 220], [0, 0], 120),
        ],
    )
    def test_a_type_that_goes_is_in_the_mix(
        self, rows: list[int], total: list[float], rate: list[float], mix: float
    ) -> None:
        found = cm.what_drove(
            pd.DataFrame(self.TABLE).iloc[rows], "cost_per_contact", "team_type", "2015/16", "2016/17"
        ).table
        assert list(found.index) == ["Generic CMHT", "Older People CMHT", "total"]
        assert found.loc["total", ["before", "after"]].tolist() == pytest.approx(total)
        assert found["due_to_rate"].tolist() == pytest.approx([*rate, sum(rate)])
        assert found.loc["total", "due_to_mix"] == pytest.approx(mix)
        back = cm.what_drove(
            pd.DataFrame(self.TABLE).iloc[rows], "cost_per_contact", "team_type", "2016/17", "2015/16"
        ).table.loc[found.index]
        for part in ("change", "due_to_rate", "due_to_mix"):
            assert back[part].tolist() == pytest.approx((-found[part]).tolist(), nan_ok=True)

    @pytest.mark.parametrize("which", ["before", "after"])
    @pytest.mark.parametrize("period", [None, "2017/18"])
    def test_names_the_period_that_is_not_there(self, which: str, period: str | None) -> None:
        periods = {"before": "2015/16", "after": "2016/17"} | {which: period}
        with pytest.raises(cm.BadInput) as refused:
            cm.what_drove(pd.DataFrame(self.TABLE), "cost_per_contact", "team_type", **periods)
        assert [(each.column, each.value) for each in refused.value.problems] == [(which, period)]

    @pytest.mark.parametrize(
        ("people", "told"),
        [
            (5, ("populations", "int")),
            (pd.DataFrame({"icb": ["A"], "period": ["2014/15"], "registered_population": [9]}), ("populations", "2015/16")),
        ],
    )  # fmt: skip
    def test_names_the_populations(self, people: Any, told: tuple[str, str]) -> None:
        table = pd.DataFrame({"icb": "A", "period": ["2015/16", "2016/17"], "referrals": [10, 20]})
        with pytest.raises(cm.BadInput) as refused:
            cm.what_drove(table, "referrals_per_100k", "icb", "2015/16", "2016/17", populations=people)
        assert [(each.column, each.value) for each in refused.value.problems] == [told]

    def test_what_cannot_be_told(self) -> None:
        table = pd.DataFrame(self.TABLE)
        with refused("metric", "cost_per_contacts", suggests="cost_per_contact"):
            cm.what_drove(table, "cost_per_contacts", "team_type", "2015/16", "2016/17")
        with refused("metric", "wait_percentile", expected="a metric"):
            cm.what_drove(table, "wait_percentile", "team_type", "2015/16", "2016/17")
        with refused("after", "2017/18", expected="a date or period"):
            cm.what_drove(table, "cost_per_contact", "team_type", "2015/16", "2017/18")
        with refused("by", "team", expected="a column"):
            cm.what_drove(table, "cost_per_contact", "team", "2015/16", "2016/17")
        both = table.assign(icb="A", referrals=5, registered_population=1_000, weighted_population=900)
        with refused("basis", names=("registered", "weighted")):
            cm.what_drove(both, "referrals_per_100k", "team_type", "2015/16", "2016/17", place="icb")
        with refused("did_not_attends", expected="a column", names="dna_rate"):
            cm.what_drove(table[["team_type", "period", "contacts"]], "dna_rate", "team_type", "2015/16", "2016/17")
        with refused("metric", "weighted_population", expected="a metric"):
            cm.what_drove(table, "weighted_population", "team_type", "2015/16", "2016/17")

    # Counts by chance may add up to one another, as a total's do.
    @pytest.mark.filterwarnings("ignore::cmhs_metrics.TableNote")
    @examples(8)
    @given(st.lists(st.tuples(*[st.integers(1, 10_000)] * 4), min_size=2, max_size=5))
    def test_parts_add_up(self, groups: list[tuple[int, int, int, int]]) -> None:
        names = [f"G{at}" for at in range(len(groups))]
        table = pd.concat(
            [
                pd.DataFrame(
                    {
                        "icb": names,
                        "period": period,
                        "total_cost": [each[at] for each in groups],
                        "contacts": [each[at + 1] for each in groups],
                    }
                )
                for period, at in (("2015/16", 0), ("2016/17", 2))
            ]
        )
        found = cm.what_drove(table, "cost_per_contact", "icb", "2015/16", "2016/17").table
        total = found.loc["total"]
        assert total["due_to_rate"] + total["due_to_mix"] == pytest.approx(total["change"], abs=1e-9)
        assert found.iloc[:-1]["due_to_rate"].sum() == pytest.approx(total["due_to_rate"], abs=1e-9)
        assert found.iloc[:-1]["due_to_mix"].sum() == pytest.approx(total["due_to_mix"], abs=1e-9)


def test_no_percentage_of_what_is_below_zero() -> None:
    # A deficit of 10 that becomes one of 5 is a rise of 5, and no fall of a half.
    assert pd.isna(cm.percentage_change(-5.0, -10.0))
    assert pd.isna(cm.percentage_change(5.0, -2.5))
    frame = pl.DataFrame({"now": [-5.0, 12.0], "then": [-10.0, 10.0]})
    assert frame.select(cm.percentage_change(pl.col("now"), pl.col("then"))).to_series().to_list() == [None, 20.0]
    assert cm.percentage_change(-5.0, 10.0) == -150
    series = pd.Series([-10.0, -5.0, 10.0, 12.0], index=["2013/14", "2014/15", "2015/16", "2016/17"])
    assert cm.trends.change_on_previous(series).isna().tolist() == [True, True, True, False]


def test_no_shortfall_to_a_target_below_zero() -> None:
    with refused("target", -2.5, expected="zero or more"):
        cm.shortfall(7, target=-2.5)
