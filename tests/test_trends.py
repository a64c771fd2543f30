"""Trends: indexing, percentage change, real terms."""

from __future__ import annotations

import math
from typing import Any

import duckdb
import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cmhs_metrics as cm
from cmhs_metrics import trends
from tests.support.refusals import ANY, problem, raised, refused

Q = cm.units.Quantity
YEARS = ["2012/13", "2013/14", "2014/15", "2015/16", "2016/17"]
positive = st.floats(1e-3, 1e9)


class TestTheAuditsTrend:
    """Community Team Finance – investment trends: £5.3m per 100,000, "a 15% decrease" on £6.239m in 2012/13."""

    def test_fall_in_spend(self) -> None:
        change = cm.percentage_change(5.32, 6.239)
        assert round(change, 1) == -14.7
        assert round(-change) == 15

    def test_fall_in_real_terms_is_greater(self) -> None:
        # "estimated at 1% per annum": 5.32 / 1.01 ** 4 = 5.1125, which is 18.1% below 6.239.
        spend = cm.real_terms(5.32, inflation=0.01, years=4)
        assert round(spend, 3) == 5.112
        assert round(cm.percentage_change(spend, 6.239), 1) == -18.1

    def test_index_falls_to_85(self) -> None:
        index = cm.index_to_base(np.array([6.239, 5.32]), 0)
        assert index.round(1).tolist() == [100.0, 85.3]

    def test_non_face_to_face_contacts(self) -> None:
        # "increased from 19% in 2012/13 to 24% in 2016/17": 5 points, which is 26.3% of 19.
        assert round(cm.percentage_change(24, 19), 1) == 26.3


class TestPercentageChange:
    @given(positive, positive)
    def test_agrees_with_the_index(self, earlier: float, later: float) -> None:
        index = cm.index_to_base(np.array([earlier, later]), 0)
        assert index[1] - 100 == pytest.approx(cm.percentage_change(later, earlier), abs=1e-6, rel=1e-9)

    @given(positive, positive, positive)
    def test_does_not_depend_on_units(self, earlier: float, later: float, factor: float) -> None:
        assert cm.percentage_change(later * factor, earlier * factor) == pytest.approx(
            cm.percentage_change(later, earlier), rel=1e-6, abs=1e-6
        )

    @given(positive)
    def test_is_nothing_when_nothing_changes(self, value: float) -> None:
        assert cm.percentage_change(value, value) == 0

    @given(st.floats(1, 100), st.floats(1, 100))
    def test_is_undone_by_its_inverse(self, earlier: float, later: float) -> None:
        there, back = cm.percentage_change(later, earlier), cm.percentage_change(earlier, later)
        assert (1 + there / 100) * (1 + back / 100) == pytest.approx(1, rel=1e-9)

    def test_from_nothing_is_undefined(self) -> None:
        assert math.isnan(cm.percentage_change(1.0, 0.0))

    @pytest.mark.parametrize("base", [5e-300, 1e-160, 1e160, 1e300])
    def test_a_base_of_any_size(self, base: float) -> None:
        # From one to one and a half; below zero there is no base.
        now, then = [base * 1.5, base], [base, -base]
        assert cm.percentage_change(now[0], then[0]) == pytest.approx(50)
        assert cm.percentage_change(Q(now[0], "GBP"), Q(then[0], "GBP")).magnitude == pytest.approx(50)
        frame = pl.DataFrame({"now": now, "then": then})
        made = cm.percentage_change(nw.col("now"), nw.col("then"))
        for found in (
            cm.percentage_change(np.array(now), np.array(then)).tolist(),
            cm.percentage_change(pd.Series(now), pd.Series(then)).tolist(),
            frame.select(cm.percentage_change(pl.col("now"), pl.col("then"))).to_series().to_list(),
            [row[0] for row in nw.from_native(frame).select(made).rows()],
            nw.from_native(duckdb.from_arrow(frame.to_arrow())).select(made).collect()["percentage_change"].to_list(),
        ):
            assert found[0] == pytest.approx(50)
            assert pd.isna(found[1])
        assert cm.percentage_change(15 * 10**200, 10**201) == pytest.approx(50)
        assert type(cm.percentage_change(Q(now[0], "GBP"), Q(then[0], "GBP")).magnitude) is float

    def test_small_whole_numbers_do_not_run_over(self) -> None:
        # 100,000 squared is beyond 32 bits.
        now, then = (np.array([each], dtype=np.int32) for each in (110_000, 100_000))
        assert cm.percentage_change(now, then).tolist() == pytest.approx([10])

    def test_on_every_kind_of_value(self) -> None:
        assert cm.percentage_change(pd.Series([11.0, 5.0]), pd.Series([10.0, 0.0])).tolist()[0] == 10
        assert cm.percentage_change(pl.Series([11.0, 5.0]), pl.Series([10, 0])).to_list() == [10.0, None]
        frame = pl.DataFrame({"now": [9], "then": [10]})
        assert frame.select(cm.percentage_change(pl.col("now"), pl.col("then"))).to_dict(as_series=False) == {
            "percentage_change": [-10.0]
        }
        change = cm.percentage_change(Q(5.32, "MGBP / person_100k"), Q(6_239_000, "GBP / person_100k"))
        assert f"{change:.1f~P}" == "-14.7 %"
        with raised(cm.DimensionalityError, "earlier", "GBP", "1 patient"):
            cm.percentage_change(Q(1, "GBP"), Q(1, "patient"))


class TestRealTerms:
    @given(positive, st.floats(-0.3, 0.3), st.floats(-20, 20))
    def test_is_undone_by_going_back(self, value: float, inflation: float, years: float) -> None:
        there = cm.real_terms(value, inflation, years)
        assert cm.real_terms(there, inflation, -years) == pytest.approx(value)

    @given(positive, st.floats(0.001, 0.3), st.floats(0.1, 20))
    def test_rising_prices_make_later_money_worth_less(self, value: float, inflation: float, years: float) -> None:
        assert cm.real_terms(value, inflation, years) < value

    def test_keeps_the_kind(self) -> None:
        assert str(cm.real_terms(Q(5.32, "MGBP"), 0.01, 4).units) == "megaGBP"
        assert cm.real_terms(pd.Series([1.01]), 0.01, 1).tolist() == [1.0]

    def test_refuses_what_is_no_money(self) -> None:
        with raised(cm.DimensionalityError, "value", "money", "patient"):
            cm.real_terms(Q(7, "patient"), 0.01, 2)

    def test_refuses_prices_that_vanish(self) -> None:
        with refused("inflation", -1.0, expected="a proportion"):
            cm.real_terms(1.0, -1.0, 4)
        with refused("years", math.inf, expected="a finite number"):
            cm.real_terms(1.0, 0.01, math.inf)


class TestIndexToBase:
    @given(st.lists(positive, min_size=1, max_size=5), st.data())
    def test_base_is_100_and_ratios_are_kept(self, values: list[float], data: st.DataObject) -> None:
        base = data.draw(st.integers(0, len(values) - 1))
        index = cm.index_to_base(np.array(values), base)
        assert index[base] == pytest.approx(100)
        np.testing.assert_allclose(index / index[0], np.array(values) / values[0], rtol=1e-9)

    @given(st.lists(positive, min_size=2, max_size=5), st.data())
    def test_indexing_again_gives_the_same(self, values: list[float], data: st.DataObject) -> None:
        first, second = data.draw(st.integers(0, len(values) - 1)), data.draw(st.integers(0, len(values) - 1))
        once = cm.index_to_base(np.array(values), second)
        twice = cm.index_to_base(cm.index_to_base(np.array(values), first), second)
        np.testing.assert_allclose(once, twice, rtol=1e-9)

    def test_base_by_label_or_position(self) -> None:
        series = pd.Series([5.0, 6, 7, 8, 10], index=YEARS)
        assert cm.index_to_base(series, "2012/13")["2016/17"] == 200
        assert cm.index_to_base(series.to_numpy(), -1)[0] == 50
        assert cm.index_to_base(series.to_numpy(), "2016/17", periods=YEARS)[0] == 50
        assert cm.index_to_base(pl.Series(series.to_numpy()), "2012/13", periods=YEARS).to_list()[-1] == 200
        assert cm.index_to_base(series, "2012/13", base_value=1)["2016/17"] == 2
        years = pd.Series([5.0, 10.0], index=pd.period_range("2012", periods=2, freq="Y"))
        assert cm.index_to_base(years, pd.Period("2012", "Y")).tolist() == [100, 200]

    def test_bases_and_their_value_are_named(self) -> None:
        series = pd.Series([5.0, 6, 7], index=YEARS[:3])
        for value in (math.inf, math.nan, True):
            with refused("base_value", ANY):
                cm.index_to_base(series, "2012/13", base_value=value)
        for base, wrong in (
            ([], []),
            ([["2012/13"]], ["2012/13"]),
            ("2016/17", "2016/17"),
            (["2013/14", "2012/13"], ANY),
        ):
            with refused("base", wrong, expected="a date or period"):
                cm.index_to_base(series, base)
        for position in (3, -4):
            with refused("base", position, expected="a date or period"):
                cm.index_to_base(series, position, by_position=True)
        assert cm.index_to_base(series, -3, by_position=True).tolist() == pytest.approx([100, 120, 140])

    def test_periods_are_one_for_each(self) -> None:
        for periods in ("2016/17", 5, YEARS[:2]):
            with refused("periods", ANY, expected="one for each", names=3):
                cm.index_to_base(np.array([5.0, 6, 7]), "2016/17", periods=periods)

    def test_missing_values_stay_missing(self) -> None:
        indexed = cm.index_to_base(pd.Series([2.0, None, 3.0], index=YEARS[:3]), "2012/13")
        assert indexed.isna().tolist() == [False, True, False]

    def test_quantities_become_plain_indices(self) -> None:
        indexed = cm.index_to_base(Q(np.array([5.0, 10.0]), "MGBP"), 0)
        assert indexed.dimensionless
        assert indexed.magnitude.tolist() == [100, 200]

    def test_a_base_that_is_absent_zero_missing_or_repeated(self) -> None:
        series = pd.Series([0.0, None, 1.0, 2.0], index=["2012/13", "2013/14", "2014/15", "2014/15"])
        with refused(
            problem("periods", "2014/15", expected="once"),
            problem("base", "2012-13", expected="a date or period", suggests="2012/13"),
        ):
            cm.index_to_base(series, "2012-13")
        with refused(
            problem("periods", "2014/15", expected="once"), problem("the value of 2012/13", 0.0, expected="not zero")
        ):
            cm.index_to_base(series, "2012/13")
        with refused(
            problem("periods", "2014/15", expected="once"),
            problem("the value of 2013/14", math.nan, expected="not zero"),
        ):
            cm.index_to_base(series, "2013/14")
        with refused("base", "2014/15", expected="once", names=2):
            cm.index_to_base(series, "2014/15")
        with refused("periods", 1, expected="one for each", names=2):
            cm.index_to_base(np.array([1.0, 2.0]), "a", periods=["a"])
        with raised(TypeError, "values", "list", "numpy array"):
            cm.index_to_base([1.0, 2.0], 0)


class TestSeveralSeriesTogether:
    FRAME = pd.DataFrame({"spend": [100.0, 120, 90], "caseload": [50.0, 40, 30]}, index=YEARS[:3])

    def test_each_column_by_itself(self) -> None:
        indexed = cm.index_to_base(self.FRAME, "2012/13")
        assert indexed["spend"].tolist() == [100, 120, 90]
        assert indexed["caseload"].tolist() == [100, 80, 60]
        assert indexed.index.tolist() == YEARS[:3]

    def test_base_by_position_beside_labels(self) -> None:
        assert cm.index_to_base(self.FRAME, -1, by_position=True).iloc[0].round(1).tolist() == [111.1, 166.7]
        assert cm.index_to_base(self.FRAME["spend"], 1, by_position=True)["2013/14"] == 100

    def test_gaps_in_the_periods_change_nothing(self) -> None:
        assert cm.index_to_base(self.FRAME.iloc[[0, 2]], "2012/13")["spend"].tolist() == [100, 90]

    def test_keeps_the_names(self) -> None:
        assert cm.index_to_base(self.FRAME["spend"], "2012/13").name == "spend"
        assert cm.index_to_base(pl.Series("spend", [1, 2]), 0).name == "spend"

    def test_all_problems_of_all_series_at_once(self) -> None:
        frame = self.FRAME.assign(spend=[0.0, 1, 2], contacts=[None, 1.0, 2.0])
        with pytest.raises(cm.BadInput) as caught:
            cm.index_to_base(frame, "2012/13")
        assert [problem.row for problem in caught.value.problems] == ["series=spend", "series=contacts"]

    def test_a_repeated_period_is_refused_even_beside_the_base(self) -> None:
        # Two organisations below each other would be indexed to the first one's base.
        long = pd.Series([1.0, 2, 3, 4], index=["2012/13", "2013/14", "2013/14", "2014/15"])
        with refused("periods", "2013/14", expected="once", names=2):
            cm.index_to_base(long, "2012/13")


class TestRebasedSeries:
    def test_each_base_from_its_period_on(self) -> None:
        # 50 → 55 is 110 on 50; from 2014/15 on, 80 is 100 and 84 is 105; before the first base, 40 is 80 on 50.
        series = pd.Series([40.0, 50, 55, 80, 84], index=["2011/12", *YEARS[:4]])
        rebased = cm.index_to_base(series, ["2012/13", "2014/15"])
        assert rebased.round(9).tolist() == [80, 100, 110, 100, 105]

    @given(st.lists(positive, min_size=4, max_size=8))
    def test_every_base_is_100(self, values: list[float]) -> None:
        rebased = cm.index_to_base(np.array(values), [0, 2])
        assert rebased[[0, 2]] == pytest.approx(100)
        np.testing.assert_allclose(rebased[:2], cm.index_to_base(np.array(values), 0)[:2])
        np.testing.assert_allclose(rebased[2:], cm.index_to_base(np.array(values), 2)[2:])

    def test_bases_and_periods_must_be_in_order(self) -> None:
        series = pd.Series([1.0, 2, 3], index=["2012/13", "2014/15", "2013/14"])
        with refused(
            problem("periods", "2013/14", row="3rd row", expected="a date or period", names="2014/15"),
            problem("base", ["2014/15", "2012/13"], expected="once"),
        ):
            cm.index_to_base(series, ["2014/15", "2012/13"])


class TestChange:
    def test_the_board_papers_growth(self) -> None:
        # Paragraph 11: 504k, "a growth in access on the March 2021 of 28k (5.9%)".
        assert trends.change(504_000.0, 476_000.0) == 28_000
        assert round(trends.percentage_change(504.0, 476.0), 1) == 5.9

    def test_keeps_the_unit(self) -> None:
        assert f"{trends.change(Q(5.32, 'MGBP'), Q(6.239, 'MGBP')):.3f}" == "-0.919 megaGBP"

    def test_shares_differ_by_points(self) -> None:
        # From 16% to 14%, and from 7% to 4%.
        found = trends.percentage_point_change(np.array([0.14, 0.04]), np.array([0.16, 0.07]))
        assert found.tolist() == pytest.approx([-2, -3])


class TestCompoundGrowth:
    def test_by_hand(self) -> None:
        # 100 → 121 in two years is 10% a year.
        assert trends.compound_growth(100, 121, 2) == pytest.approx(10)
        assert trends.compound_growth(pd.Series([100.0, 0]), pd.Series([121.0, 5]), 2).round(9).tolist()[0] == 10

    @given(st.floats(1, 100), st.floats(1, 100), st.floats(0.5, 20))
    def test_leads_from_the_first_to_the_last(self, first: float, last: float, years: float) -> None:
        growth = trends.compound_growth(first, last, years)
        assert first * (1 + growth / 100) ** years == pytest.approx(last, rel=1e-6)

    @given(positive, positive, st.floats(0.1, 20))
    def test_agrees_with_the_growth_that_an_ambition_requires(self, first: float, last: float, years: float) -> None:
        assert trends.compound_growth(first, last, years) == pytest.approx(cm.required_growth(first, last, years))

    def test_from_nothing_is_undefined(self) -> None:
        assert math.isnan(trends.compound_growth(0.0, 5.0, 2))
        frame = pl.DataFrame({"a": [0, 100], "b": [5, 121]}).select(trends.compound_growth(pl.col("a"), pl.col("b"), 2))
        assert frame["compound_growth"].round(9).to_list() == [None, 10.0]

    def test_refuses_no_time_and_negative_values(self) -> None:
        for years in (0, -1, math.inf):
            with refused("years", years, expected="above zero"):
                trends.compound_growth(1.0, 2.0, years)
        for values, named in (((-1.0, 2.0), "first"), ((1.0, -2.0), "last")):
            with refused(named, min(values), expected="zero or more"):
                trends.compound_growth(*values, 2)
        with refused("first", -1.0, expected="zero or more"):
            trends.compound_growth(-1.0, 2.0, 1)


class TestDeflator:
    PRICES = pd.Series([100.0, 101, 102.01, 103.0301, 104.060401], index=YEARS)

    def test_agrees_with_the_constant_rate_that_it_was_made_with(self) -> None:
        # The audit's 1% a year, as a series.
        by_rate = cm.real_terms(5.32, inflation=0.01, years=4)
        by_series = cm.real_terms(5.32, deflator=self.PRICES, base="2012/13", periods="2016/17")
        assert by_series == pytest.approx(by_rate, rel=1e-12)

    def test_by_hand_on_every_kind(self) -> None:
        prices = {"2012/13": 100, "2013/14": 110}
        spend = pd.Series([100.0, 110], index=YEARS[:2], name="spend")
        assert cm.real_terms(spend, deflator=prices, base="2012/13").tolist() == pytest.approx([100, 100])
        assert cm.real_terms(spend, deflator=prices, base="2013/14").tolist() == pytest.approx([110, 110])
        assert cm.real_terms(spend, deflator=prices, base="2012/13").name == "spend"
        arguments = {"deflator": prices, "base": "2012/13", "periods": YEARS[:2]}
        assert cm.real_terms(spend.to_numpy(), **arguments).tolist() == pytest.approx([100, 100])
        assert cm.real_terms(pl.Series([100, 110]), **arguments).to_list() == pytest.approx([100, 100])
        frame = cm.real_terms(spend.to_frame().assign(other=[1.0, None]), deflator=prices, base="2012/13")
        assert frame["spend"].tolist() == pytest.approx([100, 100])
        assert frame["other"].isna().tolist() == [False, True]
        assert str(cm.real_terms(Q(spend.to_numpy(), "MGBP"), **arguments).units) == "megaGBP"

    @given(st.lists(st.floats(0.1, 1e3), min_size=3, max_size=3), st.floats(0.1, 1e3))
    def test_the_base_of_the_deflator_does_not_matter(self, prices: list[float], factor: float) -> None:
        spend = pd.Series([5.0, 6, 7], index=YEARS[:3])
        deflator = pd.Series(prices, index=YEARS[:3])
        one = cm.real_terms(spend, deflator=deflator, base="2013/14")
        other = cm.real_terms(spend, deflator=deflator * factor, base="2013/14")
        np.testing.assert_allclose(one, other)
        assert one["2013/14"] == pytest.approx(6)

    def test_names_every_problem(self) -> None:
        deflator = pd.Series([100.0, 0, 103, 104], index=["2012/13", "2013/14", "2015/16", "2015/16"])
        spend = pd.Series([1.0, 2, 3, 4], index=YEARS[:4])
        with pytest.raises(cm.BadInput) as caught:
            cm.real_terms(spend, deflator=deflator, base="2011/12")
        assert [(problem.row, problem.value) for problem in caught.value.problems] == [
            (None, "2011/12"),
            ("period=2013/14", 0),
            (None, "2014/15"),
            ("period=2015/16", 2),
        ]
        with raised(TypeError, "inflation", "years", "deflator"):
            cm.real_terms(1.0, 0.01, 4, deflator=deflator, base="2012/13", periods="2012/13")
        with raised(TypeError, "base"):
            cm.real_terms(1.0, deflator=deflator)
        with raised(TypeError, "periods"):
            cm.real_terms(1.0, deflator=deflator, base="2012/13")
        with raised(TypeError, "inflation", "years", "deflator", "base"):
            cm.real_terms(1.0, 0.01)
        with refused("deflator", "float", expected="a table"):
            cm.real_terms(1.0, deflator=1.1, base="2012/13", periods="2012/13")

    def test_a_year_has_the_price_of_its_months_and_no_quarter_that_of_its_own(self) -> None:
        spend = pd.Series([100.0, 110], index=["2016-04", "2017/18 Q4"])
        years = {"2016/17": 100, "2017/18": 110}
        assert cm.real_terms(spend, deflator=years, base="2016/17").tolist() == pytest.approx([100, 100])
        quarters = {"2016/17 Q1": 100, "2017/18 Q4": 110}
        with refused("periods", "2016-04", expected="a date or period", names="2016/17 Q1"):
            cm.real_terms(spend, deflator=quarters, base="2016/17 Q1")
        numbers = {2016: 100, 2017: 110, "2016/17": 105}
        assert cm.real_terms(110.0, deflator=numbers, base=2016, periods=2017) == pytest.approx(100)


class TestPeriods:
    def test_financial_years_run_from_april_to_march(self) -> None:
        # NHS Data Dictionary, Financial Year: 1 April to the following 31 March.
        year = trends.parse_period("2016/17")
        assert (str(year.start_time.date()), str(year.end_time.date())) == ("2016-04-01", "2017-03-31")
        assert [trends.financial_year(f"2017-{month}") for month in ("03", "04")] == ["2016/17", "2017/18"]
        assert trends.financial_year("2016/17 Q4") == "2016/17"

    @given(st.dates(pd.Timestamp("1950-01-01").date(), pd.Timestamp("2149-12-31").date()))
    def test_a_date_lies_in_its_financial_year(self, date) -> None:
        year = trends.parse_period(trends.financial_year(date))
        assert year.start_time.date() <= date <= year.end_time.date()

    @given(st.integers(1950, 2149), st.integers(-50, 50))
    def test_next_period_counts_and_comes_back(self, start: int, count: int) -> None:
        year = f"{start}/{(start + 1) % 100:02}"
        assert trends.next_period(trends.next_period(year, count), -count) == year
        assert int(trends.next_period(year, count)[:4]) == start + count

    def test_the_turn_of_the_century(self) -> None:
        assert trends.next_period("1998/99") == "1999/00"
        assert trends.next_period("1999/00") == "2000/01"

    def test_quarters_months_dates_and_pandas(self) -> None:
        assert trends.next_period("2016/17 Q4") == "2017/18 Q1"
        assert trends.next_period("2016-12") == "2017-01"
        assert trends.next_period("2016-02-28") == "2016-02-29"
        assert trends.parse_period(pd.Timestamp("2016-04-01")) == pd.Period("2016-04-01", "D")
        assert trends.next_period(pd.Period("2016-12", "M")) == pd.Period("2017-01", "M")
        assert trends.parse_period("2016/17") == trends.parse_period("2016-17") == pd.Period("2017", "Y-MAR")
        assert trends.parse_period("2010-11", "month") == pd.Period("2010-11", "M")
        assert trends.next_period("2010-11", form="financial year") == "2011/12"

    def test_a_column_of_dates(self) -> None:
        dates = pd.Series(pd.to_datetime(["2017-03-31", None, "2017-04-01"]), index=["a", "b", "c"])
        years = trends.financial_year(dates)
        assert years.index.tolist() == ["a", "b", "c"]
        assert years.dropna().tolist() == ["2016/17", "2017/18"]
        with refused(
            problem("date", "2016-04-31", row="1st row", expected="a date or period"),
            problem("date", "spring", row="3rd row", expected="a date or period"),
        ):
            trends.financial_year(pd.Series(["2016-04-31", "2016-04-30", "spring"]))

    @pytest.mark.parametrize(
        ("written", "names"),
        [
            ("2016/18", "2016/17"),
            ("2010-11", ("form", "month", "financial year")),
            ("2016-13", ()),
            ("2016/17\n", ()),
            ("2016-02-31", ()),
            ("2017-02-29", ()),
            ("spring", ()),
            (None, ()),
            (2016, ()),
        ],
    )
    def test_refuses_what_is_no_period(self, written: object, names: Any) -> None:
        with refused("period", written, expected="a date or period", names=names):
            trends.parse_period(written)

    def test_the_year_of_a_stamp_is_that_of_its_day_in_london(self) -> None:
        # 31 March 2024 is the day on which clocks go forward: 23:30 UTC is 00:30 of 1 April there.
        stamp = pd.Timestamp("2024-03-31 23:30", tz="UTC")
        assert trends.financial_year(stamp) == "2024/25"
        assert trends.financial_year("2024-03-31T23:30:00Z") == "2024/25"
        assert trends.financial_year(pd.Series([stamp, stamp.tz_convert("Asia/Tokyo")])).tolist() == ["2024/25"] * 2
        assert trends.financial_year(pd.Timestamp("2024-03-31 23:30")) == "2023/24"

    def test_months_read_from_a_file_as_numbers_are_months(self) -> None:
        # December and January follow each other; as plain numbers they are 89 apart.
        change = trends.change_on_previous(pd.Series([100.0, 110.0], index=[202412, 202501]))
        assert change.round(9).tolist()[1] == 10

    def test_a_calendar_year_lies_in_two_financial_years(self) -> None:
        with refused("date", "2016", expected="a date or period"):
            trends.financial_year(pd.Period("2016", "Y"))


class TestChangeOnPrevious:
    SERIES = pd.Series([100.0, 110, 99, 198], index=YEARS[:4], name="spend")

    def test_by_hand(self) -> None:
        change = trends.change_on_previous(self.SERIES)
        assert change.iloc[1:].round(9).tolist() == [10, -10, 100]
        assert math.isnan(change.iloc[0])
        assert change.name == "spend"
        absolute = trends.change_on_previous(self.SERIES, measure="absolute", lag=2)
        assert absolute.iloc[2:].tolist() == [-1, 88]
        points = trends.change_on_previous(pd.Series([0.16, 0.14]), measure="percentage points")
        assert points.iloc[1] == pytest.approx(-2)

    def test_no_change_across_a_break_or_a_gap(self) -> None:
        broken = trends.change_on_previous(self.SERIES, breaks=["2014/15"])
        assert broken.isna().tolist() == [True, False, True, False]
        gap = trends.change_on_previous(self.SERIES.drop("2013/14"))
        assert gap.isna().tolist() == [True, True, False]
        # A break within a gap: the year itself need not stand in the series.
        assert trends.change_on_previous(self.SERIES.drop("2013/14"), breaks=["2013/14"], lag=2).isna().all()

    def test_from_zero_and_from_missing(self) -> None:
        assert trends.change_on_previous(np.array([0.0, 1, np.nan, 2])).tolist() == pytest.approx(
            [np.nan] * 4, nan_ok=True
        )

    def test_the_same_month_of_the_year_before(self) -> None:
        months = pd.period_range("2016-04", periods=13, freq="M")
        series = pd.Series(np.arange(100.0, 113.0), index=months)
        for labels in (months, months.to_timestamp(), months.to_timestamp(how="end"), months.astype(str)):
            change = trends.change_on_previous(series.set_axis(labels), lag=12)
            assert change.iloc[-1] == pytest.approx(12)
            assert change.iloc[:-1].isna().all()

    @pytest.mark.parametrize(
        "days",
        [
            pd.date_range("2024-01-30", periods=4),  # over the end of a month
            pd.date_range("2024-02-28", periods=4, freq="W"),
            pd.to_datetime(["2024-01-31", "2024-02-29", "2024-03-31", "2024-04-30"]),  # of differing length
            pd.to_datetime(["2023-12-05", "2024-01-05", "2024-02-05", "2024-03-05"]),
        ],
        ids=["days", "weeks", "ends of months", "a day of each month"],
    )
    def test_dates_that_follow_each_other_have_no_gap(self, days: pd.DatetimeIndex) -> None:
        change = trends.change_on_previous(pd.Series([1.0, 2, 4, 8], index=days))
        assert change.tolist() == pytest.approx([math.nan, 100, 100, 100], nan_ok=True)
        # One left out is a gap, before which nothing is compared.
        assert trends.change_on_previous(pd.Series([1.0, 2, 8], index=days[[0, 1, 3]])).isna().tolist() == [
            True,
            False,
            True,
        ]

    def test_dates_three_months_apart_follow_each_other(self) -> None:
        quarters = pd.to_datetime(["2016-04-01", "2016-07-01", "2016-10-01", "2017-04-01"])
        change = trends.change_on_previous(pd.Series([100.0, 110, 121, 130], index=quarters))
        assert change.iloc[1:3].tolist() == pytest.approx([10, 10])
        assert math.isnan(change.iloc[3])

    def test_every_kind(self) -> None:
        assert trends.change_on_previous(pl.Series("spend", [100, 110])).to_list() == [None, pytest.approx(10)]
        quantity = trends.change_on_previous(Q(np.array([1.0, 3.0]), "MGBP"), measure="absolute")
        assert str(quantity.units) == "megaGBP"
        assert quantity.magnitude[1] == 2
        frame = trends.change_on_previous(self.SERIES.to_frame().assign(other=1.0))
        assert frame["other"].iloc[1:].tolist() == [0, 0, 0]

    @given(st.lists(positive, min_size=2, max_size=8), st.floats(0.01, 100))
    def test_does_not_depend_on_the_unit(self, values: list[float], factor: float) -> None:
        one, other = (trends.change_on_previous(np.array(values) * each) for each in (1, factor))
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-6)

    def test_unsorted_repeated_too_few_and_unreadable_periods(self) -> None:
        with refused(
            problem("periods", "2013/14", row="3rd row", expected="a date or period", names="2014/15"),
            problem("periods", "2013/14", row="4th row", expected="once"),
        ):
            trends.change_on_previous(self.SERIES.iloc[[0, 2, 1, 1]])
        with refused("values", 1, expected="two or more"):
            trends.change_on_previous(self.SERIES.iloc[:1])
        with refused("periods", "2012/13, 2013-04", expected="a date or period"):
            trends.change_on_previous(pd.Series([1.0, 2], index=["2012/13", "2013-04"]))
        with refused(
            problem("periods", "spring", expected="a date or period"),
            problem("periods", "summer", expected="a date or period"),
        ):
            trends.change_on_previous(pd.Series([1.0, 2], index=["spring", "summer"]))
        with refused("periods", 1, expected="one for each", names=2):
            trends.change_on_previous(np.array([1.0, 2]), periods=["2012/13"])

    def test_bad_options(self) -> None:
        with pytest.raises(cm.BadInput) as caught:
            trends.change_on_previous(self.SERIES, measure="percent", lag=0)  # type: ignore[arg-type]
        assert [problem.column for problem in caught.value.problems] == ["measure", "lag"]
        with pytest.raises(cm.BadInput) as caught:
            trends.change_on_previous(self.SERIES, breaks=["2012/13", "2016/17", "2013-04"])
        assert [problem.value for problem in caught.value.problems] == ["2012/13", "2016/17", "2013-04"]
        one = trends.change_on_previous(self.SERIES, breaks="2013/14")
        assert one.equals(trends.change_on_previous(self.SERIES, breaks=["2013/14"]))
        with raised(TypeError, "values", "float"):
            trends.change_on_previous(1.0)

    def test_periods_are_as_many_as_the_values(self) -> None:
        with refused("periods", 1, expected="one for each", names=2):
            trends.change_on_previous(np.array([1.0, 2]), periods="2016/17")
        with refused("periods", 2016, expected="a list"):
            trends.change_on_previous(np.array([1.0, 2]), periods=2016)  # type: ignore[arg-type]
        with refused("values", 0, expected="two or more"):
            trends.change_on_previous(np.array([]))
        # Periods that are not there are told once.
        with refused("periods", None, expected="a date or period"):
            trends.change_on_previous(np.array([1.0, 2, 3]), periods=[None, "2016/17", None])

    def test_a_break_is_of_the_kind_of_the_periods(self) -> None:
        ends = pd.Series([1.0, 2, 3], index=pd.to_datetime(["2024-01-31", "2024-02-29", "2024-03-31"]))
        numbers = pd.Series([1.0, 2, 3], index=[2015, 2016, 2017])
        for series, wrong in ((ends, "2024-02-15"), (numbers, "2016/17"), (numbers, "spring"), (self.SERIES, 2014)):
            with refused("breaks", str(wrong), expected="a date or period", names=str(series.index[0])):
                trends.change_on_previous(series, breaks=[wrong])
        assert trends.change_on_previous(numbers, breaks=[2016]).isna().tolist() == [True, True, False]


class TestRollingYear:
    MONTHS = pd.period_range("2016-04", periods=14, freq="M")
    SERIES = pd.Series(np.arange(1.0, 15.0), index=MONTHS, name="contacts")

    def test_flows_add_and_stocks_do_not(self) -> None:
        # 1 + … + 12 = 78, and two months later 3 + … + 14 = 102; their means are 6.5 and 8.5.
        total = trends.rolling_year(self.SERIES)
        assert total.isna().tolist() == [True] * 11 + [False] * 3
        assert total.iloc[-3:].tolist() == [78, 90, 102]
        assert trends.rolling_year(self.SERIES, over_time="mean").iloc[-3:].tolist() == [6.5, 7.5, 8.5]
        assert trends.rolling_year(self.SERIES, over_time="last").iloc[-3:].tolist() == [12, 13, 14]

    def test_an_absent_month_makes_every_year_with_it_missing(self) -> None:
        assert trends.rolling_year(self.SERIES.drop(self.MONTHS[5])).isna().all()
        assert trends.rolling_year(self.SERIES.drop(self.MONTHS[0])).notna().sum() == 2

    def test_a_missing_value(self) -> None:
        holed = self.SERIES.mask(self.MONTHS.isin(self.MONTHS[1:2]))
        assert trends.rolling_year(holed).notna().tolist() == [False] * 13 + [True]
        assert trends.rolling_year(holed, over_time="last").iloc[-3:].tolist() == [12, 13, 14]

    def test_quarters_dates_and_other_kinds(self) -> None:
        quarters = [f"2016/17 Q{each}" for each in (1, 2, 3, 4)] + ["2017/18 Q1"]
        assert trends.rolling_year(np.array([1.0, 2, 3, 4, 5]), quarters)[-2:].tolist() == [10, 14]
        assert trends.rolling_year(self.SERIES.to_timestamp()).iloc[-1] == 102
        assert trends.rolling_year(pl.Series(self.SERIES.to_numpy()), list(self.MONTHS)).to_list()[-1] == 102
        assert trends.rolling_year(self.SERIES.to_frame())["contacts"].iloc[-1] == 102

    @given(st.lists(positive, min_size=12, max_size=20))
    def test_the_mean_is_a_twelfth_of_the_sum(self, values: list[float]) -> None:
        months = pd.period_range("2016-04", periods=len(values), freq="M")
        series = pd.Series(values, index=months)
        total, mean = (trends.rolling_year(series, over_time=each) for each in ("sum", "mean"))
        np.testing.assert_allclose(total, mean * 12)
        assert total.iloc[11] == pytest.approx(sum(values[:12]))

    def test_refuses_what_is_no_month(self) -> None:
        with refused("periods", "2012/13", expected="a date or period", names="2016-04"):
            trends.rolling_year(pd.Series([1.0, 2], index=YEARS[:2]))
        with refused("periods", expected="one for each"):
            trends.rolling_year(np.array([1.0, 2]))
        with refused("periods", "2016-03", row="3rd row", expected="a date or period", names="2016-05"):
            trends.rolling_year(np.array([1.0, 2, 3]), ["2016-04", "2016-05", "2016-03"])
        with refused("over_time", "total", names=("sum", "last", "mean")):
            trends.rolling_year(self.SERIES, over_time="total")  # type: ignore[arg-type]


class TestGrowthAgainst:
    def test_the_board_papers_growth_is_less_than_promised(self) -> None:
        # 476k in March 2021, 504k in July 2022: 5.9% in 16 months; 5% a year would be 476 × 1.05^(16/12) = 508.0.
        access = pd.Series([476.0, 504.0], index=["2021-03", "2022-07"])
        against = trends.growth_against(access, 5)
        assert against["ambition"].round(1).tolist() == [476.0, 508.0]
        assert against["growth"].iloc[1].round(1) == 4.4
        assert against["met"].tolist() == [True, False]

    def test_by_hand(self) -> None:
        against = trends.growth_against(np.array([100.0, 105, np.nan, 120]), 5, periods=YEARS[:4])
        assert against["ambition"].round(4).tolist() == [100, 105, 110.25, 115.7625]
        assert against["difference"].round(4).tolist()[3] == 4.2375
        assert against["met"].tolist() == [True, True, pd.NA, True]
        assert math.isnan(against["growth"].iloc[0])

    def test_less_is_better(self) -> None:
        waits = pd.Series([100.0, 90.0, 85.0], index=YEARS[:3])
        assert trends.growth_against(waits, -10, at_most=True)["met"].tolist() == [True, True, False]

    @pytest.mark.parametrize("at_most", [False, True])
    def test_an_ambition_of_no_growth_is_met_by_what_stays(self, at_most: bool) -> None:
        access = pd.Series([100.0, 100, 99, 101], index=YEARS[:4])
        assert trends.growth_against(access, 0, at_most=at_most)["met"].tolist() == [True, True, at_most, not at_most]

    @pytest.mark.parametrize("rate", [0.3, -0.3, -99.9])
    def test_the_least_rates_that_are_per_cent(self, rate: float) -> None:
        found = trends.growth_against(pd.Series([100.0, 100], index=YEARS[:2]), rate)
        assert found["ambition"].tolist() == pytest.approx([100, 100 + rate])
        for nearer in (0.29, -0.29):
            with refused("ambition_rate", nearer):
                trends.growth_against(pd.Series([100.0, 100], index=YEARS[:2]), nearer)

    def test_days_are_no_years(self) -> None:
        with refused("periods", "2024-04-01 00:00:00", expected="a date or period"):
            trends.growth_against(pd.Series([100.0, 101, 102], index=pd.date_range("2024-04-01", periods=3)), 5)

    def test_names_every_problem(self) -> None:
        with pytest.raises(cm.BadInput) as caught:
            trends.growth_against(pd.Series([0.0, -1, math.inf], index=YEARS[:3]), -100)
        assert [(problem.column, problem.row) for problem in caught.value.problems] == [
            ("actual", "period=2013/14"),
            ("actual", "period=2014/15"),
            ("actual", "period=2012/13"),
            ("ambition_rate", None),
        ]
        for rate in (math.inf, -math.inf, math.nan):
            with refused("ambition_rate", rate, expected="above zero" if rate == 0 else ()):
                trends.growth_against(pd.Series([100.0, 100], index=YEARS[:2]), rate)


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_the_bounds_of_a_suppressed_cost_are_at_the_same_prices(frame: type) -> None:
    """£0 to £400 of a year at an index of 100 is £0 to £440 at one of 110."""
    table = frame(
        {
            "period": ["2022/23", "2023/24"],
            "total_cost": [math.nan, 120.0],
            "total_cost_lower": [0.0, 120.0],
            "total_cost_upper": [400.0, 120.0],
        }
    )
    real = cm.real_terms(table, "total_cost", deflator={"2022/23": 100, "2023/24": 110}, base="2023/24")
    assert list(real["total_cost_lower"]) == [0.0, 120.0]
    assert list(real["total_cost_upper"]) == pytest.approx([440.0, 120.0])
