"""Run charts: XmR limits, the rules of Making Data Count, and charts of many groups."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cmhs_metrics as cm
from cmhs_metrics.run_charts import (
    outside_limits,
    run_chart,
    run_on_one_side,
    steady_trend,
    two_of_three_near_limit,
    xmr_limits,
)
from tests.support.budgets import examples
from tests.support.refusals import problem, raised, refused, says
from tests.support.series import months, table

# What is told of a short baseline has a test of its own.
pytestmark = pytest.mark.filterwarnings("ignore:run_chart. the limits rest on a baseline:cmhs_metrics.TableNote")

RULES = ["outside_limits", "run", "trend", "two_of_three"]
# NIST/SEMATECH e-Handbook of statistical methods, section 6.3.2.2: flow rates of ten batches of liquid.
FLOW = np.array([49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1])
series = st.lists(st.integers(-1_000, 1_000).map(float), min_size=2, max_size=40).map(np.array)


class TestLimits:
    def test_the_nist_handbooks_flow_rates(self) -> None:
        # Printed: mean 50.81, mean moving range 1.8778, limits 45.8159 and 55.8041.
        limits = xmr_limits(FLOW)
        assert round(limits.centre, 2) == 50.81
        assert round(limits.moving_range, 4) == 1.8778
        assert (round(limits.lower, 4), round(limits.upper, 4)) == (45.8159, 55.8041)
        assert limits.points == 10

    def test_wheelers_factors(self) -> None:
        # Understanding Variation, appendix: 2.66 and 3.27 for the mean moving range, 3.145 and 3.865 for the median.
        values = np.array([0.0, 1, 0, 1, 0])
        mean = xmr_limits(values)
        assert (round(mean.upper - mean.centre, 2), round(mean.upper_range_limit, 2)) == (2.66, 3.27)
        median = xmr_limits(values, moving_range="median")
        assert round(median.upper - median.centre, 3) == 3.145
        assert median.upper_range_limit == 3.865

    def test_medians_by_hand(self) -> None:
        # 1, 2, 4, 9: median 3, moving ranges 1, 2, 5 with median 2.
        limits = xmr_limits(np.array([1.0, 2, 4, 9]), centre="median", moving_range="median")
        assert (limits.centre, limits.moving_range) == (3, 2)
        assert limits.lower == pytest.approx(3 - 2 * 3 / 0.954)

    def test_a_baseline_of_the_first_points(self) -> None:
        assert xmr_limits(np.append(FLOW, [500.0, 600]), baseline=10) == pytest.approx(xmr_limits(FLOW))

    def test_screened_moving_ranges_by_hand(self) -> None:
        # Ranges 1, 1, 1, 1, 1, 1, 94: mean 14.29, limit 46.7, so 94 is left out and the mean is 1.
        values = np.array([0.0, 1, 2, 1, 2, 1, 2, 96])
        assert xmr_limits(values).moving_range == pytest.approx(100 / 7)
        assert xmr_limits(values, screened=True).moving_range == pytest.approx(1)
        assert xmr_limits(np.full(5, 3.0), screened=True).moving_range == 0

    def test_no_moving_range_across_a_missing_value(self) -> None:
        # 1, 3, –, 10, 14: ranges 2 and 4, not 7.
        limits = xmr_limits(pd.Series([1.0, 3, None, 10, 14]))
        assert (limits.centre, limits.moving_range, limits.points) == (7, 3, 4)

    @given(series, st.integers(-1_000, 1_000), st.sampled_from(["mean", "median"]), st.booleans())
    def test_shift_with_the_data(self, values, shift: int, average, screened) -> None:
        one, other = (xmr_limits(each, moving_range=average, screened=screened) for each in (values, values + shift))
        assert [other.lower, other.centre, other.upper] == pytest.approx(
            [one.lower + shift, one.centre + shift, one.upper + shift], abs=1e-6
        )

    @given(series, st.floats(0.01, 100), st.sampled_from(["mean", "median"]))
    def test_scale_with_the_data(self, values, factor: float, average) -> None:
        one, other = (xmr_limits(each, centre=average, moving_range=average) for each in (values, values * factor))
        assert list(other[:5]) == pytest.approx([each * factor for each in one[:5]], rel=1e-9, abs=1e-9)

    @given(series)
    def test_turn_over_with_the_data(self, values) -> None:
        one, other = xmr_limits(values), xmr_limits(-values)
        assert (other.lower, other.upper) == pytest.approx((-one.upper, -one.lower))

    def test_refuses_with_every_problem(self) -> None:
        with pytest.raises(cm.BadInput) as caught:
            xmr_limits(np.array([math.inf, np.nan]), centre="mode", baseline=1)  # type: ignore[arg-type]
        assert [problem.column for problem in caught.value.problems] == ["centre", "baseline", "values", "values"]
        with refused("values", expected="two or more"):
            xmr_limits(np.array([1.0, np.nan, 2]))


class TestRules:
    def test_a_point_on_a_limit_is_not_outside(self) -> None:
        assert outside_limits(np.array([10.0, 10.1, -10, -10.1, np.nan]), -10, 10).tolist() == [0, 1, 0, -1, 0]

    def test_a_run_of_seven(self) -> None:
        assert run_on_one_side(np.array([1.0] * 6), 0).tolist() == [0] * 6
        assert run_on_one_side(np.array([1.0] * 8 + [-1]), 0).tolist() == [1] * 8 + [0]
        assert run_on_one_side(np.array([-1.0] * 7 + [1]), 0).tolist() == [-1] * 7 + [0]

    def test_a_point_on_the_line_or_a_missing_one_ends_a_run(self) -> None:
        for middle in (0.0, np.nan):
            assert not run_on_one_side(np.array([1.0] * 4 + [middle] + [1.0] * 4), 0).any()

    def test_a_trend_of_seven_points_is_six_steps(self) -> None:
        assert steady_trend(np.arange(6.0)).tolist() == [0] * 6
        assert steady_trend(np.arange(7.0)).tolist() == [1] * 7
        assert steady_trend(np.append(2, np.append(np.arange(7.0)[::-1] + 1, 3))).tolist() == [0] + [-1] * 7 + [0]

    def test_equal_values_end_a_trend(self) -> None:
        assert not steady_trend(np.array([1.0, 2, 3, 3, 4, 5, 6])).any()

    def test_the_turning_point_belongs_to_the_first_trend(self) -> None:
        up_and_down = np.array([1.0, 2, 3, 4, 5, 6, 7, 6, 5, 4, 3, 2, 1])
        assert steady_trend(up_and_down).tolist() == [1] * 7 + [-1] * 6

    def test_two_of_three(self) -> None:
        # Limits ±9, so near is beyond ±6.
        def flags(*values: float) -> list[int]:
            return two_of_three_near_limit(np.array(values), 0, -9, 9).tolist()

        assert flags(7, 1, 7) == [1, 0, 1]
        assert flags(1, 7, 7) == [0, 1, 1]
        assert flags(-7, -7, -1) == [-1, -1, 0]
        assert flags(7, 1, 1, 7) == [0, 0, 0, 0]
        # The third on the other side of the mean, and the two on different sides.
        assert flags(7, -1, 7) == [0, 0, 0]
        assert flags(7, -7, 1) == [0, 0, 0]
        # As the tools have it since the end of 2023: a point outside counts as near.
        assert flags(10, 1, 7) == [1, 0, 1]
        assert flags(6, 6, 6) == [0, 0, 0]

    def test_no_pattern_reaches_from_one_stretch_into_another(self) -> None:
        stretch = np.array([0, 0, 0, 0, 1, 1, 1, 1])
        assert not run_on_one_side(np.ones(8), 0, stretch=stretch).any()
        assert not steady_trend(np.arange(8.0), stretch=stretch).any()
        # The six points after the gap rise five times; the step across it does not count.
        assert not steady_trend(np.arange(9.0), stretch=np.array([0] * 3 + [1] * 6)).any()
        near = two_of_three_near_limit(np.array([1.0, 7, 7, 1]), 0, -9, 9, stretch=np.array([0, 0, 1, 1]))
        assert not near.any()

    def test_equal_values_are_never_a_signal(self) -> None:
        # The mean of ten times 0.1 is not 0.1 in floating point, and the limits are as wide as nothing.
        chart = run_chart(table([0.1] * 10), "value")
        assert not chart[RULES].to_numpy().any()

    @given(series, st.integers(0, 1_000))
    def test_agree_with_windows_looked_at_one_by_one(self, values, width: int) -> None:
        centre, lower, upper = 0.0, -float(width), float(width)
        count = len(values)
        runs, trends, near = np.zeros(count), np.zeros(count), np.zeros(count)
        for first in range(count - 6):
            window = values[first : first + 7]
            for sign in (1, -1):
                if (window * sign > centre).all():
                    runs[first : first + 7] = sign
                if (np.diff(window) * sign > 0).all():
                    trends[first : first + 7] = np.where(
                        trends[first : first + 7] == 0, sign, trends[first : first + 7]
                    )
        for first in range(count - 2):
            window = values[first : first + 3]
            for sign in (1, -1):
                beyond = window * sign > 2 / 3 * width
                if (window * sign > 0).all() and beyond.sum() >= 2:
                    near[first : first + 3] = np.where(beyond, sign, near[first : first + 3])
        assert run_on_one_side(values, centre).tolist() == runs.tolist()
        assert steady_trend(values).tolist() == trends.tolist()
        assert two_of_three_near_limit(values, centre, lower, upper).tolist() == near.tolist()


class TestChart:
    def test_agrees_with_the_limits_of_one_series(self) -> None:
        chart = run_chart(table(FLOW), "value")
        assert chart["lower"].round(4).unique().tolist() == [45.8159]
        assert chart["upper"].round(4).unique().tolist() == [55.8041]
        assert chart["special_cause"].unique().tolist() == ["none"]
        assert list(chart)[:2] == ["period", "value"]

    def test_what_is_not_said_is_the_mean_of_all_points_unscreened(self) -> None:
        # Of 5, 6, 5, 7, 5, 6, 30, 5, 6: mean 75/9, moving ranges 1, 1, 2, 2, 1, 24, 25, 1 with mean 57/8. The
        # mean range of two values is 1.128 standard deviations (d2 of the tables), and a limit is three of them.
        factor = 3 / 1.128
        values = [5.0, 6, 5, 7, 5, 6, 30, 5, 6]
        limits = xmr_limits(np.array(values))
        chart = run_chart(table(values), "value")
        assert limits.centre == chart["centre"][0] == pytest.approx(75 / 9)
        assert limits.upper == chart["upper"][0] == pytest.approx(75 / 9 + factor * 57 / 8)
        assert limits.lower == chart["lower"][0] == pytest.approx(75 / 9 - factor * 57 / 8)
        # Screened, the two ranges above 3.27 × 57/8 = 23.3 are left out: 8/6.
        screened = run_chart(table(values), "value", screened=True)
        assert screened["upper"][0] == pytest.approx(75 / 9 + factor * 8 / 6)
        # A run is seven points on one side.
        assert run_chart(table([1.0] * 7 + [9.0] * 6), "value")["run"].tolist() == [-1] * 7 + [0] * 6

    def test_special_cause_by_the_direction_of_good(self) -> None:
        jump = table([5.0, 6, 5, 6, 5, 6, 5, 6, 20])
        for improvement, said in (("high", "improvement"), ("low", "concern"), (None, "high")):
            chart = run_chart(jump, "value", improvement=improvement)
            assert chart["special_cause"].tolist()[-1] == said
        assert run_chart(table(-jump["value"]), "value")["special_cause"].tolist()[-1] == "low"

    def test_of_rules_that_disagree_the_improvement_is_shown(self) -> None:
        # A falling trend that begins above the upper limit: low is good, so the first point is both.
        falling = table([2.0, 1, 2, 1, 2, 1, 2, 1, 30, 25, 20, 15, 10, 5, 0])
        chart = run_chart(falling, "value", improvement="low", baseline=8)
        first = chart.iloc[8]
        assert (first["outside_limits"], first["trend"]) == (1, -1)
        assert first["special_cause"] == "improvement"
        assert run_chart(falling, "value", baseline=8)["special_cause"][8] == "high"

    def test_target_and_assurance(self) -> None:
        # Limits 45.8 and 55.8.
        for target, high, low in ((40, "pass", "fail"), (60, "fail", "pass"), (50, "hit or miss", "hit or miss")):
            for improvement, said in (("high", high), ("low", low)):
                chart = run_chart(table(FLOW), "value", target=target, improvement=improvement, minimum_points=10)
                assert chart["assurance"].unique().tolist() == [said]
        assert run_chart(table(FLOW), "value", target=40)["assurance"].isna().all()
        assert run_chart(table(FLOW), "value", improvement="low")["assurance"].isna().all()

    def test_rebase_takes_the_limits_anew(self) -> None:
        chart = run_chart(table(np.append(FLOW, FLOW + 100)), "value", rebase="2017-02")
        assert chart["phase"].tolist() == [1] * 10 + [2] * 10
        assert chart["centre"].round(2).tolist() == [50.81] * 10 + [150.81] * 10
        assert chart["upper"].round(4).iloc[-1] == 155.8041
        assert not chart[RULES].to_numpy().any()

    def test_a_baseline_works_together_with_rebasing(self) -> None:
        # Each phase's limits rest on its first ten points; the two after them do not move them.
        values = np.concatenate([FLOW, [500, 600], FLOW + 100, [0, 0]])
        chart = run_chart(table(values), "value", rebase=["2017-04"], baseline=10)
        assert chart["upper"].round(4).tolist() == [55.8041] * 12 + [155.8041] * 12
        assert chart["in_baseline"].tolist() == [True] * 10 + [False] * 2 + [True] * 10 + [False] * 2
        assert chart["outside_limits"].tolist() == [0] * 10 + [1] * 2 + [0] * 10 + [-1] * 2

    def test_a_phase_of_one_point_has_no_limits(self) -> None:
        chart = run_chart(table(FLOW), "value", rebase="2017-01", improvement="high", target=1, minimum_points=9)
        assert chart["lower"].isna().tolist() == [False] * 9 + [True]
        assert chart["special_cause"].tolist()[-1] == "none"
        assert chart["assurance"].isna().tolist() == [False] * 9 + [True]

    def test_run_does_not_reach_across_a_rebase(self) -> None:
        # Twelve points above 0 beside a first one far below; parted after six of them.
        values = [-100.0] + [1.0, 2] * 6
        assert run_chart(table(values), "value", baseline=2)["run"].sum() == 12
        assert run_chart(table(values), "value", baseline=2, rebase="2016-11")["run"].sum() == 0


SETTINGS = {
    "rebase": {"North": ["2017-02"]},
    "target": {"North": 40.0, "South": 60.0},
    "baseline": {"South": 5},
    "improvement": {"North": "high", "South": "low"},
}


class TestGroups:
    def frame(self) -> pd.DataFrame:
        north = table(np.append(FLOW, FLOW + 100)).assign(icb="North", team="A")
        south = table(FLOW[::-1], start="2016-05").assign(icb="South", team="B")
        return pd.concat([north, south], ignore_index=True)

    def test_each_group_is_a_chart_of_its_own_with_its_own_settings(self) -> None:
        chart = run_chart(self.frame(), "value", by="icb", **SETTINGS)
        north = run_chart(table(np.append(FLOW, FLOW + 100)), "value", rebase="2017-02", target=40, improvement="high")
        south = run_chart(table(FLOW[::-1], start="2016-05"), "value", target=60, baseline=5, improvement="low")
        for name, alone in (("North", north), ("South", south)):
            part = chart[chart["icb"] == name].drop(columns="icb").reset_index(drop=True)
            pd.testing.assert_frame_equal(part, alone)

    def test_groups_of_two_columns_and_settings_as_a_series(self) -> None:
        targets = pd.Series([40.0, None], index=pd.MultiIndex.from_tuples([("North", "A"), ("South", "B")]))
        chart = run_chart(self.frame(), "value", by=["icb", "team"], target=targets)
        assert chart.groupby("icb")["target"].first().tolist()[0] == 40
        assert chart.loc[chart["icb"] == "South", "target"].isna().all()

    def test_the_order_of_the_rows_does_not_matter_and_is_kept(self) -> None:
        frame = self.frame()
        shuffled = frame.sample(frac=1, random_state=7)
        chart = run_chart(shuffled, "value", by="icb", **SETTINGS)
        assert chart.index.tolist() == shuffled.index.tolist()
        pd.testing.assert_frame_equal(chart.sort_index(), run_chart(frame, "value", by="icb", **SETTINGS))

    def test_the_kind_of_table_that_came_in(self) -> None:
        frame = self.frame()
        expected = run_chart(frame, "value", by="icb", **SETTINGS)
        polars = run_chart(pl.from_pandas(frame), "value", by="icb", **SETTINGS)
        arrow = run_chart(pa.Table.from_pandas(frame), "value", by="icb", **SETTINGS)
        assert isinstance(polars, pl.DataFrame)
        assert isinstance(arrow, pa.Table)
        for other in (polars.to_pandas(), arrow.to_pandas()):
            pd.testing.assert_frame_equal(other, expected, check_dtype=False)
        assert polars["target"].null_count() == 0
        assert run_chart(pl.from_pandas(frame), "value", by="icb")["target"].null_count() == 30

    @examples(15)
    @given(st.lists(series.filter(lambda values: len(values) > 8), min_size=1, max_size=4), st.data())
    def test_together_as_one_by_one(self, groups, data) -> None:
        options = {
            "centre": data.draw(st.sampled_from(["mean", "median"])),
            "moving_range": data.draw(st.sampled_from(["mean", "median"])),
            "screened": data.draw(st.booleans()),
            "baseline": data.draw(st.sampled_from([None, 3, 12])),
        }
        frame = pd.concat([table(values).assign(group=at) for at, values in enumerate(groups)], ignore_index=True)
        together = run_chart(frame, "value", by="group", rebase={0: "2016-08"}, improvement="high", **options)
        for at, values in enumerate(groups):
            alone = run_chart(
                table(values), "value", rebase="2016-08" if at == 0 else None, improvement="high", **options
            )
            part = together[together["group"] == at].drop(columns="group").reset_index(drop=True)
            pd.testing.assert_frame_equal(part, alone, check_exact=False, rtol=1e-9, atol=1e-9)


class TestMissingPoints:
    HOLED = table([1.0, 3, 2, 4, None, 5, 6, 8, 9, 7, 11])

    def test_a_missing_value_ends_trends_and_is_no_signal(self) -> None:
        rising = table([1.0, 2, 3, 4, None, 5, 6, 7, 8])
        broken, skipped = (run_chart(rising, "value", missing=each) for each in ("break", "skip"))
        assert not broken["trend"].any()
        assert skipped["trend"].tolist() == [1, 1, 1, 1, 0, 1, 1, 1, 1]
        for chart in (broken, skipped):
            assert chart["special_cause"].isna().tolist() == [False] * 4 + [True] + [False] * 4
            assert chart["centre"].tolist() == [4.5] * 9
            assert not chart["in_baseline"][4]

    def test_moving_ranges(self) -> None:
        # 1, 2, –, 5, 7: ranges 1 and 2; were the gap skipped, 3 as well.
        for missing, average in (("break", 1.5), ("skip", 2)):
            chart = run_chart(table([1.0, 2, None, 5, 7]), "value", missing=missing)
            assert chart["upper"][0] - chart["centre"][0] == pytest.approx(average * 3 / 1.128)

    def test_an_absent_month_is_as_a_missing_one(self) -> None:
        absent = run_chart(self.HOLED.dropna(), "value")
        there = run_chart(self.HOLED, "value").dropna(subset="value")
        pd.testing.assert_frame_equal(absent, there)
        dated = self.HOLED.assign(period=pd.to_datetime(self.HOLED["period"] + "-01"))
        assert run_chart(dated.dropna(), "value")["upper"].tolist() == absent["upper"].tolist()

    def test_a_baseline_counts_known_points(self) -> None:
        chart = run_chart(self.HOLED, "value", baseline=5)
        assert chart["in_baseline"].tolist() == [True] * 4 + [False, True] + [False] * 5

    def test_refused_on_request(self) -> None:
        with refused("value", row="period=2016-08", expected="a value"):
            run_chart(self.HOLED, "value", missing="refuse")
        with refused("period", "2016-09", row="period=2016-09", expected="a date or period"):
            run_chart(self.HOLED.dropna(), "value", missing="refuse")

    @pytest.mark.parametrize(
        "periods",
        [
            months(9),
            [f"{year}/{year % 100 + 1:02d}" for year in range(2010, 2019)],
            [f"{year}/{year - 1999} Q{quarter}" for year in (2016, 2017, 2018) for quarter in (1, 2, 3, 4)][:9],
            pd.date_range("2024-01-31", periods=9, freq="ME"),
            pd.date_range("2024-01-27", periods=9, freq="D"),
            pd.date_range("2023-12-30", periods=9, freq="7D"),
            pd.period_range("2024-01-01", periods=9, freq="W"),
            list(range(2010, 2019)),
        ],
        ids=["months", "years", "quarters", "month ends", "days over a month end", "every week", "weeks", "numbers"],
    )
    @pytest.mark.parametrize("missing", ["break", "skip", "refuse"])
    def test_a_complete_series_is_accepted_and_is_one_stretch(self, periods, missing: str) -> None:
        values = np.array([5.0, 6, 5, 7, 5, 6, 30, 5, 6])
        chart = run_chart(pd.DataFrame({"period": periods, "value": values}), "value", missing=missing)
        limits = xmr_limits(values)
        assert len(chart) == 9
        assert set(chart["centre"]) == {limits.centre}
        assert chart["upper"].tolist() == pytest.approx([limits.upper] * 9)
        two = pd.concat([pd.DataFrame({"period": periods, "value": values, "team": each}) for each in "AB"])
        assert len(run_chart(two, "value", by="team", missing=missing)) == 18


class TestBadInput:
    FRAME = pd.concat([table(FLOW).assign(icb=name) for name in ("North", "South")], ignore_index=True)

    def test_repeated_periods_and_infinite_values(self) -> None:
        bad = pd.DataFrame(
            {
                "icb": ["a", "a", "a", "b"],
                "period": ["2016-04", "2016-04", "2016-05", "2016-04"],
                "value": [1.0, 2, math.inf, 3],
            }
        )
        with refused(
            problem("period", "2016-04", row="icb=a, period=2016-04", expected="once"),
            problem("value", math.inf, row="icb=a, period=2016-05", expected="a finite number"),
        ):
            run_chart(bad, "value", by="icb")

    def test_columns_keys_and_periods(self) -> None:
        with refused("by", "icd", expected="a column", suggests="icb"):
            run_chart(self.FRAME, "value", by="icd")
        with refused("icb", "String", expected="a number"):
            run_chart(self.FRAME, "icb")
        with refused("icb", expected="a value"):
            run_chart(self.FRAME.assign(icb=[None, *["North"] * 19]), "value", by="icb")
        with refused("period", "spring", expected="a date or period"):
            run_chart(self.FRAME.assign(period=["spring"] * 20), "value", by="icb")
        with refused(None, expected="at least one"):
            run_chart(self.FRAME.iloc[:0], "value")
        with refused("trend", expected="another name"):
            run_chart(self.FRAME.rename(columns={"icb": "trend"}), "value", by="trend")

    def test_settings(self) -> None:
        with pytest.raises(cm.BadInput) as caught:
            run_chart(
                self.FRAME,
                "value",
                by="icb",
                rebase={"North": ["2016-04", "spring", "2017-03"], "Nort": "2016-05"},
                target={"North": "ninety"},
                baseline=1,
                improvement="up",
            )
        assert [(problem.column, problem.row, problem.value) for problem in caught.value.problems] == [
            ("rebase", None, "Nort"),
            ("rebase", None, "spring"),
            ("rebase", "icb=North", "2016-04"),
            ("rebase", "icb=North", "2017-03"),
            ("baseline", None, 1),
            ("target", "icb=North", "ninety"),
            ("improvement", None, "up"),
        ]
        with refused("target", names="by"):
            run_chart(table(FLOW), "value", target={"North": 1})
        with pytest.raises(cm.BadInput) as caught:
            run_chart(table(FLOW), "value", centre="mode", missing="drop", length=2)  # type: ignore[arg-type]
        assert [problem.column for problem in caught.value.problems] == ["centre", "missing", "length"]

    @pytest.mark.parametrize(
        ("option", "value", "chart"),
        [
            ("chart", "pie", None), ("centre", "mode", "xmr"), ("centre", "median", "c"), ("moving_range", "mode", "xmr"),
            ("missing", "drop", "xmr"), ("length", 2, "xmr"), ("length", 3.5, "xmr"), ("length", True, "xmr"),
            ("minimum_points", 1, "xmr"), ("per", 0, "u"), ("per", math.inf, "u"), ("per", math.nan, "u"), ("per", 2, "xmr"),
            ("possible", (1, 1), "xmr"), ("possible", (2, 1), "xmr"), ("possible", (1,), "xmr"), ("possible", (0, 1), "c"),
            ("denominator", "n", "xmr"), ("denominator", None, "u"), ("baseline", 1, "xmr"), ("improvement", "up", "xmr"),
            ("target", math.inf, "xmr"), ("rebase", "2016-04", "xmr"),
        ],
    )  # fmt: skip
    def test_each_option_is_named(self, option: str, value: Any, chart: str | None) -> None:
        given: dict[str, Any] = {"denominator": "n"} if chart == "u" else {}
        given |= ({"chart": chart} if chart else {}) | {option: value}
        with pytest.raises(cm.BadInput) as caught:
            run_chart(table(np.arange(1.0, 9), 10), "value", **given)
        (found,) = caught.value.problems
        told = str(value) if option == "rebase" else value
        assert (found.column, found.value) == (option, told) or value != value
        if option in ("centre", "moving_range") and chart == "xmr":
            with refused(option, value):
                xmr_limits(FLOW, **{option: value})

    @pytest.mark.parametrize(
        ("chart", "given"),
        [
            ("xmr", {"length": 3, "minimum_points": 2, "baseline": 2, "per": 1, "possible": (0, None)}),
            ("xmr", {"possible": (1, 8), "rebase": "2016-05"}),
            ("xmr", {"possible": (None, 8), "rebase": "2016-11"}),
            ("u", {"denominator": "n", "per": 0.5}),
        ],
    )
    def test_the_edges_of_options_are_accepted(self, chart: str, given: dict[str, Any]) -> None:
        assert len(run_chart(table(np.arange(1.0, 9), 10), "value", chart=chart, **given)) == 8

    def test_a_setting_of_no_group_says_which_groups_are_near(self) -> None:
        two = pd.concat([table([1.0, 2, 3]).assign(team=each) for each in ("North", "South")])
        settings = {"target": 1.0, "baseline": 2, "improvement": "high", "rebase": "2016-05"}
        for name, setting in settings.items():
            # Targets alone may stand by period.
            kind = "a date or period" if name == "target" else ()
            for key, said in (("Nort", {"suggests": "North"}), ("0", {"names": "group"})):
                with refused(name, key, expected=kind, **said) as caught:
                    run_chart(two, "value", by="team", **{name: {key: setting}})  # type: ignore[arg-type]
                assert says(caught.value.problems[0].expected, "periods") == (name == "target")

    def test_what_is_no_table(self) -> None:
        with raised(TypeError, "table", "list"):
            run_chart([1.0, 2], "value")
