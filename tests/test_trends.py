"""Trends: indexing, percentage change, real terms."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cmhs_metrics as cm

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

    def test_on_every_kind_of_value(self) -> None:
        assert cm.percentage_change(pd.Series([11.0, 5.0]), pd.Series([10.0, 0.0])).tolist()[0] == 10
        assert cm.percentage_change(pl.Series([11.0, 5.0]), pl.Series([10, 0])).to_list() == [10.0, None]
        frame = pl.DataFrame({"now": [9], "then": [10]})
        assert frame.select(cm.percentage_change(pl.col("now"), pl.col("then"))).to_dict(as_series=False) == {
            "percentage_change": [-10.0]
        }
        change = cm.percentage_change(Q(5.32, "MGBP / person_100k"), Q(6_239_000, "GBP / person_100k"))
        assert f"{change:.1f~P}" == "-14.7 %"
        with pytest.raises(cm.DimensionalityError, match="earlier is measured in"):
            cm.percentage_change(Q(1, "GBP"), Q(1, "patient"))


class TestRealTerms:
    @given(positive, st.floats(-0.5, 0.5), st.floats(-20, 20))
    def test_is_undone_by_going_back(self, value: float, inflation: float, years: float) -> None:
        there = cm.real_terms(value, inflation, years)
        assert cm.real_terms(there, inflation, -years) == pytest.approx(value)

    @given(positive, st.floats(0.001, 0.5), st.floats(0.1, 20))
    def test_rising_prices_make_later_money_worth_less(self, value: float, inflation: float, years: float) -> None:
        assert cm.real_terms(value, inflation, years) < value

    def test_keeps_the_kind(self) -> None:
        assert str(cm.real_terms(Q(5.32, "MGBP"), 0.01, 4).units) == "megaGBP"
        assert cm.real_terms(pd.Series([1.01]), 0.01, 1).tolist() == [1.0]

    def test_refuses_prices_that_vanish(self) -> None:
        with pytest.raises(cm.BadInput, match=r"inflation: got -1.0, expected a proportion above -1"):
            cm.real_terms(1.0, -1.0, 4)
        with pytest.raises(cm.BadInput, match="years: got inf"):
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

    def test_missing_values_stay_missing(self) -> None:
        indexed = cm.index_to_base(pd.Series([2.0, None, 3.0], index=YEARS[:3]), "2012/13")
        assert indexed.isna().tolist() == [False, True, False]

    def test_quantities_become_plain_indices(self) -> None:
        indexed = cm.index_to_base(Q(np.array([5.0, 10.0]), "MGBP"), 0)
        assert indexed.dimensionless
        assert indexed.magnitude.tolist() == [100, 200]

    def test_a_base_that_is_absent_zero_missing_or_repeated(self) -> None:
        series = pd.Series([0.0, None, 1.0, 2.0], index=["2012/13", "2013/14", "2014/15", "2014/15"])
        with pytest.raises(
            cm.BadInput, match="base: got '2012-13', expected a period of the series; did you mean '2012/13'"
        ):
            cm.index_to_base(series, "2012-13")
        with pytest.raises(cm.BadInput, match="the value of 2012/13: got 0.0, expected a number other than zero"):
            cm.index_to_base(series, "2012/13")
        with pytest.raises(cm.BadInput, match="the value of 2013/14: got nan"):
            cm.index_to_base(series, "2013/14")
        with pytest.raises(cm.BadInput, match="expected a period that stands once, not 2 times"):
            cm.index_to_base(series, "2014/15")
        with pytest.raises(cm.BadInput, match="periods: got 1, expected 2 periods, one a value"):
            cm.index_to_base(np.array([1.0, 2.0]), "a", periods=["a"])
        with pytest.raises(TypeError, match="make it a numpy array"):
            cm.index_to_base([1.0, 2.0], 0)
