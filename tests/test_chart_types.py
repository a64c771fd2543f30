"""Control charts of every type: published examples, laws, gaps, targets, trial limits and suggestions."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cmhs_metrics as cm
from cmhs_metrics.run_charts import run_chart, suggest_rebase
from tests.support.budgets import examples
from tests.support.refusals import noted, problem, refused, says
from tests.support.series import table

LINES = ["plotted", "centre", "lower", "upper"]
# NIST/SEMATECH e-Handbook, section 6.3.3.2, and Montgomery, Introduction to Statistical Quality Control, example 7.1:
# thirty samples of fifty; 347 of 1,500 are defective, the limits printed are 0.0524 and 0.4102.
JUICE = [12, 15, 8, 10, 4, 7, 16, 9, 14, 10, 5, 6, 17, 12, 22, 8, 10, 5, 13, 11, 20, 18, 24, 15, 9, 12, 7, 13, 9, 6]
# NIST/SEMATECH e-Handbook, section 6.3.3.1: 400 defects on 25 wafers, limits of 4 and 28.
WAFERS = [16, 14, 28, 16, 12, 20, 10, 12, 10, 17, 19, 17, 14, 16, 15, 13, 14, 16, 11, 20, 11, 19, 16, 31, 13]
# Montgomery, example 7.3: faults in ten rolls of cloth, and the rolls in units of 50 square metres.
CLOTH = [14, 12, 20, 11, 7, 10, 21, 16, 19, 23]
ROLLS = [10, 8, 13, 10, 9.5, 10, 12, 10.5, 12, 12.5]


class TestPublishedExamples:
    def test_p(self) -> None:
        assert (sum(JUICE), len(JUICE)) == (347, 30)
        chart = run_chart(table(JUICE, 50), "value", chart="p", denominator="n")
        assert chart["centre"].round(4).unique().tolist() == [0.2313]
        assert chart["lower"].round(4).unique().tolist() == [0.0524]
        assert chart["upper"].round(4).unique().tolist() == [0.4102]
        # Samples 15 and 23 are above the limit, as the book says.
        assert (np.flatnonzero(chart["outside_limits"]) + 1).tolist() == [15, 23]

    def test_c(self) -> None:
        assert sum(WAFERS) == 400
        chart = run_chart(table(WAFERS), "value", chart="c")
        assert chart[["centre", "lower", "upper"]].drop_duplicates().to_numpy().tolist() == [[16, 4, 28]]
        # Wafer 3 lies on the limit and is not outside it.
        assert (np.flatnonzero(chart["outside_limits"]) + 1).tolist() == [24]

    def test_u(self) -> None:
        assert (sum(CLOTH), sum(ROLLS)) == (153, 107.5)
        chart = run_chart(table(CLOTH, ROLLS), "value", chart="u", denominator="n")
        assert chart["centre"].round(2).unique().tolist() == [1.42]
        # The book goes on from 1.42 and prints 2.55, 2.68 and 2.41.
        assert chart["upper"].tolist()[:3] == pytest.approx([2.55, 2.68, 2.41], abs=0.01)
        assert chart["lower"].round(2).tolist()[:3] == [0.29, 0.16, 0.43]

    def test_laney_by_hand(self) -> None:
        # 10, 30, 10 of 100: centre 1/6, sigma sqrt(5/36/100), scores differ by 0.2 / sigma twice.
        chart = run_chart(table([10, 30, 10], 100), "value", chart="p'", denominator="n")
        sigma = math.sqrt(5 / 36 / 100)
        assert chart["upper"][0] == pytest.approx(1 / 6 + 3 * sigma * (0.2 / sigma) / 1.128)
        assert chart["lower"][0] == 0
        assert run_chart(table([10, 30, 10], 100), "value", chart="p′", denominator="n").equals(chart)

    def test_g_by_hand(self) -> None:
        # Mean 12: sigma is the square root of 12 × 13, and (12/13) to the power of the median is a half.
        chart = run_chart(table([8, 16, 10, 14]), "value", chart="g")
        assert chart["upper"][0] == pytest.approx(12 + 3 * math.sqrt(156))
        assert chart["lower"][0] == 0
        assert (12 / 13) ** chart["centre"][0] == pytest.approx(0.5)
        assert run_chart(table([0, 0, 0]), "value", chart="g")[["centre", "upper"]].to_numpy().tolist() == [[0, 0]] * 3

    def test_t_by_hand(self) -> None:
        # In the power of 1/3.6 these are 4, 5, 4, 5: centre 4.5, moving range 1.
        chart = run_chart(table(np.array([4.0, 5, 4, 5]) ** 3.6), "value", chart="t")
        assert chart["centre"][0] == pytest.approx(4.5**3.6)
        assert chart["upper"][0] == pytest.approx((4.5 + 3 / 1.128) ** 3.6)
        assert chart["lower"][0] == pytest.approx((4.5 - 3 / 1.128) ** 3.6)
        assert run_chart(table(np.array([1.0, 2, 1, 2]) ** 3.6), "value", chart="t")["lower"][0] == 0


counts = st.lists(st.integers(0, 40), min_size=13, max_size=30)


class TestLaws:
    @examples(15)
    @given(counts, st.integers(40, 500))
    def test_with_equal_denominators_laney_is_xmr_of_the_rates(self, values, n) -> None:
        for chart, possible in (("p'", (0.0, 1.0)), ("u'", (0.0, None))):
            laney = run_chart(table(values, n), "value", chart=chart, denominator="n")
            # Where no event is seen the distribution has no width, nor have the rates.
            xmr = run_chart(table(np.array(values) / n), "value", possible=possible)
            np.testing.assert_allclose(laney[LINES], xmr[LINES], rtol=1e-9, atol=1e-12)

    @examples(15)
    @given(counts, st.lists(st.integers(40, 500), min_size=30, max_size=30))
    def test_laney_widens_the_limits_of_each_point_alike(self, values, n) -> None:
        data = table(values, n[: len(values)])
        for kind in ("p", "u"):
            plain, laney = (run_chart(data, "value", chart=each, denominator="n") for each in (kind, f"{kind}'"))
            reach = (laney["upper"] - laney["centre"]) / (plain["upper"] - plain["centre"])
            whole = plain["upper"] < 1
            found = reach[whole & (laney["upper"] < 1)].dropna()
            assert found.empty or found.to_numpy() == pytest.approx(found.iloc[0])

    @examples(15)
    @given(counts, st.lists(st.integers(40, 500), min_size=30, max_size=30), st.sampled_from(["p", "p'", "u", "u'"]))
    def test_rates_for_a_hundred_are_a_hundred_times_as_large(self, values, n, chart) -> None:
        data = table(values, n[: len(values)])
        one, other = (run_chart(data, "value", chart=chart, denominator="n", per=per) for per in (1, 100))
        np.testing.assert_allclose(one[LINES] * 100, other[LINES])
        assert one.drop(columns=LINES).equals(other.drop(columns=LINES))

    @examples(15)
    @given(st.lists(st.floats(0.1, 1_000), min_size=13, max_size=30), st.floats(0.01, 100))
    def test_times_in_other_units(self, values, factor) -> None:
        one, other = (run_chart(table(np.array(values) * each), "value", chart="t") for each in (1, factor))
        np.testing.assert_allclose(one[LINES] * factor, other[LINES], rtol=1e-6, atol=1e-9)

    @examples(15)
    @given(counts, st.lists(st.integers(0, 60), min_size=30, max_size=30), st.sampled_from(["p", "p'", "u", "u'"]))
    def test_limits_end_where_nothing_is_possible(self, values, n, chart) -> None:
        n = np.maximum(n[: len(values)], values)
        found = run_chart(table(values, n), "value", chart=chart, denominator="n").dropna(subset=["lower"])
        assert (found["lower"] >= 0).all()
        assert (found["lower"] <= found["centre"]).all()
        assert (found["upper"] >= found["centre"]).all()
        assert chart[0] == "u" or (found["upper"] <= 1).all()

    def test_limits_that_are_cut_are_judged_as_they_were(self) -> None:
        # Mean 1: the limits are -2 and 4, two sigma is below -1, and no count is near it.
        values = [1.0, 0, 0, 2, 1, 0, 0, 2, 1, 2, 2, 1, 1]
        chart = run_chart(table(values), "value", chart="c")
        assert chart["lower"].unique().tolist() == [0]
        assert not chart["two_of_three"].any()

    def test_possible_cuts_the_limits_of_a_share(self) -> None:
        shares = [0.93, 0.99, 0.94, 0.98, 0.93, 1.0, 0.92]
        chart = run_chart(table(shares), "value")
        cut = run_chart(table(shares), "value", possible=(0, 1))
        assert chart["upper"][0] > 1
        assert cut["upper"].unique().tolist() == [1]
        assert cut["lower"].equals(chart["lower"])

    @pytest.mark.parametrize("chart", ["p", "p'", "u", "u'"])
    def test_a_missing_month_changes_nothing_else(self, chart) -> None:
        draw = np.random.default_rng(3)
        n = draw.integers(30, 90, 30)
        data = table(draw.binomial(n, 0.3), n)
        for column in ("value", "n"):
            holed = data.copy()
            holed.loc[[4, 15], column] = np.nan
            there = run_chart(holed, "value", chart=chart, denominator="n", improvement="low").drop(index=[4, 15])
            absent = run_chart(holed.drop(index=[4, 15]), "value", chart=chart, denominator="n", improvement="low")
            pd.testing.assert_frame_equal(there, absent)
        # A month in which nothing could be counted has no limits; one whose count is not known has.
        holed = data.copy()
        holed.loc[4, "value"] = np.nan
        holed.loc[15, ["value", "n"]] = 0
        lines = run_chart(holed, "value", chart=chart, denominator="n")
        assert lines["lower"].isna().tolist() == [at == 15 for at in range(30)]
        assert lines["special_cause"].isna().tolist() == [at in (4, 15) for at in range(30)]


class TestTurningPoint:
    @pytest.mark.parametrize("improvement", ["high", "low"])
    @pytest.mark.parametrize("sign", [1, -1])
    def test_the_improvement_is_shown(self, improvement, sign) -> None:
        base = [20.0, 0] * 4
        turn = np.array([*base, 13, 12, 11, 10, 9, 8, 7, 8, 9, 10, 11, 12, 13, *base[::-1]])
        chart = run_chart(table(turn * sign), "value", improvement=improvement)
        good = 1 if improvement == "high" else -1
        assert chart["trend"].tolist()[8:21] == [-sign] * 6 + [good] + [sign] * 6
        assert chart["special_cause"][14] == "improvement"
        query = run_chart(pl.from_pandas(table(turn * sign)).lazy(), "value", improvement=improvement)
        assert query.collect().sort("period")["trend"].to_list() == chart["trend"].tolist()
        # Without a direction of good, the trend that reaches the point.
        query = run_chart(pl.from_pandas(table(turn * sign)).lazy(), "value").collect().sort("period")
        for trend in (run_chart(table(turn * sign), "value")["trend"], query["trend"]):
            assert trend[14] == -sign


class TestGaps:
    """Eight points above a centre of a short baseline, four before and four after a gap."""

    def runs(self, periods) -> int:
        values = [20.0, 0, 20, 0, *[11.0, 12] * 4]
        frame = pd.DataFrame({"period": periods, "value": values})
        with noted("baseline", 4):
            return int(run_chart(frame, "value", baseline=4, possible=(0, 100))["run"].sum())

    @pytest.mark.parametrize(
        ("periods", "skipped"),
        [
            (pd.date_range("2024-01-01", periods=13, freq="7D"), "a week"),
            (pd.period_range("2024-01-01", periods=13, freq="W"), "a week, as pandas has it"),
            (pd.date_range("2024-01-01", periods=13, freq="D"), "a day"),
            (pd.bdate_range("2024-01-03", periods=13), "a working day"),
            (pd.date_range("2024-01-01", periods=13, freq="14D"), "a fortnight"),
            (pd.period_range("2024-01", periods=13, freq="M").astype(str), "a month"),
            (pd.period_range("2024-01-01", periods=13, freq="D").astype(str), "a day in text"),
        ],
    )
    def test_what_is_absent_ends_a_run(self, periods, skipped) -> None:
        whole, holed = list(periods[:12]), [*periods[:8], *periods[9:13]]
        assert self.runs(whole) == 8, skipped
        assert self.runs(holed) == 0, skipped

    def test_a_week_whose_day_moved_is_no_gap(self) -> None:
        weeks = list(pd.date_range("2024-04-01", periods=12, freq="7D"))
        weeks[7] += pd.Timedelta(days=1)
        assert self.runs(weeks) == 8

    def test_days_on_which_there_never_is_anything_are_not_absent(self) -> None:
        days = [day for day in pd.date_range("2024-01-01", periods=60) if day.day_of_week in (1, 3)]
        assert self.runs(days[:12]) == 8
        assert self.runs([*days[:8], *days[9:13]]) == 0

    @pytest.mark.parametrize("freq", ["7D", "14D", "B", "D"])
    def test_and_so_they_do_in_a_query(self, freq) -> None:
        days = pd.date_range("2024-01-03", periods=13, freq=freq).tolist()
        for periods in (days[:12], [*days[:8], *days[9:]]):
            frame = pl.DataFrame({"period": periods, "value": [20.0, 0, 20, 0, *[11.0, 12] * 4], "team": ["A"] * 12})
            options = {"by": "team", "baseline": 4, "improvement": "low"}
            with noted("baseline", 4):
                found = run_chart(frame.lazy(), "value", **options).collect().sort("period")
            with noted("baseline", 4):
                assert found["run"].to_list() == run_chart(frame, "value", **options)["run"].to_list()

    def test_events_have_no_gaps(self) -> None:
        dates = pd.to_datetime(["2024-01-01", "2024-01-09", "2024-03-02", "2024-03-03", "2024-07-01"])
        frame = pd.DataFrame({"period": dates, "value": [4.0, 8, 53, 1, 120]})
        assert run_chart(frame, "value", chart="t")["upper"].notna().all()
        assert run_chart(frame.iloc[[0, 1, 3]], "value", chart="g", missing="refuse")["upper"].notna().all()


class TestTargets:
    LEVEL = [5.0, 6] * 7

    def test_by_date_and_from_a_column(self) -> None:
        frame = table(self.LEVEL)
        dated = run_chart(frame, "value", improvement="low", target={"2016-04": 20, "2017-01": 1})
        assert dated["target"].tolist() == [20] * 9 + [1] * 5
        assert dated["assurance"].tolist() == ["pass"] * 9 + ["fail"] * 5
        column = run_chart(frame.assign(goal=dated["target"]), "value", improvement="low", target="goal")
        assert column.equals(dated)
        later = run_chart(frame, "value", improvement="low", target={"2017-01": 1})
        assert later["target"].isna().tolist() == [True] * 9 + [False] * 5

    def test_for_each_group_one_or_by_date(self) -> None:
        frame = pd.concat([table(self.LEVEL).assign(icb=each) for each in ("North", "South")], ignore_index=True)
        chart = run_chart(frame, "value", by="icb", target={"North": {"2016-04": 3, "2017-01": 4}, "South": 9})
        assert chart.groupby("icb")["target"].unique().map(list).to_dict() == {"North": [3, 4], "South": [9]}
        everywhere = run_chart(frame, "value", by="icb", target={"2016-04": 3, "2017-01": 4})
        assert everywhere.groupby("icb")["target"].unique().map(list).to_dict() == {"North": [3, 4], "South": [3, 4]}

    def test_what_is_neither_a_group_nor_a_period(self) -> None:
        frame = table(self.LEVEL).assign(icb="North")
        with refused("target", "Nort", expected="a date or period", suggests="North"):
            run_chart(frame, "value", by="icb", target={"Nort": 3})
        with refused("target", "goal", expected="a column"):
            run_chart(frame, "value", target="goal")
        with refused("target", "three", row="icb=North", expected="a finite number"):
            run_chart(frame, "value", by="icb", target={"North": {"2016-04": "three"}})


class TestTrialLimits:
    def test_twelve_points_are_a_trial_and_thirteen_are_not(self) -> None:
        for count, trial in ((12, True), (13, False)):
            chart = run_chart(table(([5.0, 6] * 7)[:count]), "value", target=30, improvement="high")
            assert chart["trial"].tolist() == [trial] * count
            assert chart["points"].tolist() == [count] * count
            assert chart["assurance"].isna().tolist() == [trial] * count
            assert chart["upper"].notna().all()
        chart = run_chart(table([10.0, 11, 10]), "value", target=30, improvement="high", minimum_points=3)
        assert chart["assurance"].tolist() == ["fail"] * 3

    def test_missing_points_do_not_count_and_each_phase_has_its_own(self) -> None:
        values = [*[5.0, 6] * 7, *[8.0, 9] * 3]
        values[3] = np.nan
        chart = run_chart(table(values), "value", rebase="2017-06")
        assert chart["trial"].tolist() == [False] * 14 + [True] * 6
        assert chart["points"].tolist() == [13] * 14 + [6] * 6

    def test_a_short_baseline_is_told(self) -> None:
        frame = table([5.0, 6] * 10)
        with noted("baseline", 11, 12):
            chart = run_chart(frame, "value", baseline=11)
        (note,) = chart.attrs["notes"]
        assert says(note, "run_chart", "baseline", 11, 12)
        assert "notes" not in run_chart(frame, "value", baseline=12).attrs

    def test_a_group_of_one_point_does_not_stop_the_others(self) -> None:
        frame = pd.concat([table([5.0, 6] * 7).assign(icb="North"), table([9.0]).assign(icb="South")])
        south = run_chart(frame, "value", by="icb").set_index("icb").loc["South"]
        assert (south["points"], south["trial"], south["special_cause"]) == (1, True, "none")
        assert pd.isna(south["upper"])


class TestBadInput:
    @pytest.mark.parametrize(
        ("values", "n", "options", "column", "found", "said"),
        [
            ([1, 2, -1], 9, {"chart": "p"}, "value", {6: -1.0}, {"expected": "zero or more"}),
            ([1, 2, 10], 9, {"chart": "p"}, "value", {6: 10.0}, {"expected": "no more than", "names": "denominator"}),
            ([0.1, 0.2, 0.3], 9, {"chart": "p"}, "value", {4: 0.1, 5: 0.2, 6: 0.3}, {"names": "fractional"}),
            ([1, 2, 3], -9, {"chart": "u"}, "n", {4: -9.0, 5: -9.0, 6: -9.0}, {"expected": "zero or more"}),
            ([1, 2, 3], 0, {"chart": "u"}, "value", {4: 1.0, 5: 2.0, 6: 3.0}, {}),
            ([1, 2, -3], None, {"chart": "t"}, "value", {6: -3.0}, {"expected": "zero or more"}),
            ([0.5, 1.2], None, {"possible": (0, 1)}, "value", {5: 1.2}, {"names": (0, 1)}),
        ],
    )
    def test_what_a_type_cannot_have_is_refused_in_memory_and_in_a_query(
        self, values, n, options, column, found, said
    ) -> None:
        problems = [problem(column, value, row=f"period=2016-{month:02}", **said) for month, value in found.items()]
        under = {"denominator": "n"} if n is not None else {}
        for frame in (table(values, n), pl.from_pandas(table(values, n)).lazy()):
            with refused(*problems, in_order=False):
                run_chart(frame, "value", **options, **under)

    def test_counts_that_were_shared_out(self) -> None:
        # 0.7 + 0.1 + 0.2 is not quite 1, and is a count.
        run_chart(table([0.7 + 0.1 + 0.2, 3, 4], 9), "value", chart="p", denominator="n")
        chart = run_chart(table([1.5, 3, 4], 9), "value", chart="p", denominator="n", fractional=True)
        assert chart["centre"][0] == pytest.approx(8.5 / 27)

    def test_options(self) -> None:
        frame = table([1.0, 2, 3], 9)
        with pytest.raises(cm.BadInput) as caught:
            run_chart(
                frame, "value", chart="c", denominator="n", centre="median", minimum_points=1, per=0, possible=(0, 1)
            )
        assert [each.column for each in caught.value.problems] == [
            "denominator", "centre", "minimum_points", "per", "possible",
        ]  # fmt: skip
        with refused("chart", "pchart", names=("xmr", "p")):
            run_chart(frame, "value", chart="pchart")
        with refused("denominator", expected="a column"):
            run_chart(frame, "value", chart="p")

    def test_rows_of_a_query_that_cannot_be_charted(self) -> None:
        frame = pl.DataFrame(
            {"icb": ["a", "a", None], "period": ["2016-04", "2016-04", "2016-05"], "value": [1.0, 2, math.inf]}
        )
        with pytest.raises(cm.BadInput) as caught:
            run_chart(frame.lazy(), "value", by="icb")
        assert {(each.column, each.value) for each in caught.value.problems} == {
            ("period", "2016-04"), ("icb", None), ("value", math.inf),
        }  # fmt: skip
        with refused("rebase", "2015-01", expected="a date or period"):
            run_chart(frame.head(1).lazy(), "value", rebase="2015-01")


class TestSuggestRebase:
    def shifted(self, before: int, after: int) -> pd.DataFrame:
        return table([*([50.0, 52] * 20)[:before], *([40.0, 42] * 20)[:after]])

    def test_a_run_long_enough_after_enough_points(self) -> None:
        frame = self.shifted(14, 14)
        found = suggest_rebase(run_chart(frame, "value"))
        assert found.to_dict("records") == [
            {
                "rebase": "2017-06", "side": "low", "points_before": 14, "points_in_run": 14, "centre_before": 46.0,
                "mean_of_run": 41.0,
            }
        ]  # fmt: skip
        # It only suggests, and what it suggests can be given as it is.
        again = run_chart(frame, "value", rebase=found["rebase"].tolist())
        assert again["phase"].tolist() == [1] * 14 + [2] * 14
        assert suggest_rebase(again).empty

    @pytest.mark.parametrize(("before", "after"), [(12, 14), (14, 12), (40, 0)])
    def test_nothing_where_points_do_not_suffice(self, before, after) -> None:
        assert suggest_rebase(run_chart(self.shifted(before, after), "value")).empty

    def test_for_each_group(self) -> None:
        frame = pd.concat(
            [
                self.shifted(14, 14).assign(icb="A"),
                self.shifted(28, 0).assign(icb="B"),
                self.shifted(13, 15).assign(icb="C"),
            ]
        )
        found = suggest_rebase(run_chart(frame.sample(frac=1, random_state=1), "value", by="icb"), by="icb")
        assert dict(zip(found["icb"], found["rebase"], strict=True)) == {"A": "2017-06", "C": "2017-05"}
        polars = suggest_rebase(run_chart(pl.from_pandas(frame), "value", by="icb"), by="icb")
        assert polars["rebase"].to_list() == ["2017-06", "2017-05"]

    def test_bad_input(self) -> None:
        with refused("minimum_points", 1, expected="a whole number"):
            suggest_rebase(run_chart(self.shifted(14, 14), "value"), minimum_points=1)
        with refused(problem("phase", expected="a column"), others=15):
            suggest_rebase(self.shifted(14, 14))
