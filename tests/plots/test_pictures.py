"""Each picture against the data that it is drawn from."""

from __future__ import annotations

import math
import re
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_hex
from matplotlib.text import Text

import cmhs_metrics as cm
from cmhs_metrics import plots
from cmhs_metrics.decomposition import decompose_mix_change, decompose_product_change, decompose_ratio_change
from cmhs_metrics.errors import nth
from cmhs_metrics.plots import colours
from cmhs_metrics.plots.ends import spread
from cmhs_metrics.plots.text import shorten, width
from cmhs_metrics.trends import growth_against
from tests.support import official_data
from tests.support.budgets import examples, with_deep
from tests.support.gallery import (
    CHANGES,
    DNA,
    RESULT,
    TEAMS,
    YEARS,
    by_team_type,
    drawn,
    found,
    icbs,
    profile,
    rebased,
    waits,
)
from tests.support.refusals import problem, refused

NAMES = plots.icb_tiles().set_index("place")["name"].to_dict()


def labels(axis: Any) -> list[str]:
    return [text.get_text() for text in axis.get_ticklabels()]


def text_of(ax: Any, gid: str) -> str:
    return " ".join(next(text.get_text() for text in ax.texts if text.get_gid() == gid).split())


def key(ax: Any) -> list[str]:
    return [text.get_text() for text in ax.get_legend().get_texts()]


@cache
def ranked(metric: str) -> Any:
    """All 56 places of a metric, drawn once."""
    return plots.ranked_bars(RESULT, metric, source="Made up, 2016/17.")


class TestRankedBars:
    def test_bars_are_the_values_in_order(self) -> None:
        ax = ranked("caseload_per_100k")
        rows = RESULT[RESULT["metric"] == "caseload_per_100k"].sort_values("value", ascending=False)
        # 56 places are dots, in two columns of one scale.
        drawn = [
            dots.get_offsets() for panel in ax.child_axes for dots in panel.collections if hasattr(dots, "get_sizes")
        ]
        dots = sorted((float(value) for points in drawn for value, _ in points), reverse=True)
        assert dots == pytest.approx(rows["value"].tolist())
        assert [name for panel in ax.child_axes for name in labels(panel.yaxis)] == rows["place"].tolist()
        assert len({panel.get_xlim() for panel in ax.child_axes}) == 1

    def test_twenty_are_bars_from_zero_and_more_are_dots_that_need_not(self) -> None:
        table = pd.DataFrame({"place": [f"P{at}" for at in range(21)], "value": 0.7 + np.arange(21) / 100})
        bars = plots.ranked_bars(table.head(20), "referral_acceptance_rate")
        assert bars.get_xlim()[0] == 0
        assert len(bars.patches) == 20
        dots = plots.ranked_bars(table, "referral_acceptance_rate")
        assert dots.child_axes[0].get_xlim()[0] > 0.5
        assert text_of(dots, "caption").startswith("The axis does not begin at zero.")

    @pytest.mark.parametrize(("count", "columns"), with_deep([(21, 1), (42, 2)], (120, 2)))
    def test_many_places_keep_their_names_on_a_higher_picture(self, count: int, columns: int) -> None:
        names = [f"Community Services of the County of Somewhere {at}" for at in range(count)]
        ax = plots.ranked_bars(pd.DataFrame({"place": names, "value": np.arange(count) + 5.0}))
        assert len(ax.child_axes) == columns
        shown = [name for panel in ax.child_axes for name in labels(panel.yaxis)]
        assert len(set(shown)) == count
        assert not any("…" in name for name in shown)

    def test_focus_is_told_by_colour_hatching_and_bold_names(self) -> None:
        ax = plots.ranked_bars(DNA)
        places = DNA.sort_values("value", ascending=False)
        for bar, name, (_, row) in zip(ax.patches, ax.yaxis.get_ticklabels(), places.iterrows(), strict=True):
            colour = colours.FOCUS if row["focus"] else colours.PEERS if row["peer"] else colours.OTHERS
            assert to_hex(bar.get_facecolor()) == colour
            assert (bar.get_hatch() or "") == ("//" if row["focus"] else ".." if row["peer"] else "")
            assert name.get_fontweight() == ("bold" if row["focus"] or row["peer"] else "normal")

    def test_lines_at_the_averages(self) -> None:
        ax = ranked("caseload_per_100k")
        values = RESULT.loc[RESULT["metric"] == "caseload_per_100k", "value"]
        lines = {line.get_gid(): line.get_xdata()[0] for line in ax.child_axes[0].lines if line.get_gid()}
        pooled = TEAMS["caseload"].sum() / TEAMS.drop_duplicates("organisation")["people_aged_16_plus"].sum() * 1e5
        assert lines == {
            "mean of places": pytest.approx(values.mean()),
            "median of places": pytest.approx(values.median()),
            "all places together (pooled)": pytest.approx(pooled),
        }
        assert f"mean of places {values.mean():,.0f}" in key(ax)
        bare = plots.ranked_bars(DNA, mean=False, median=False)
        assert [line.get_gid() for line in bare.lines if line.get_gid()] == ["all places together (pooled)"]

    def test_intervals(self) -> None:
        rows = DNA.sort_values("value", ascending=False)
        ax = plots.ranked_bars(DNA)
        drawn = next(each for each in ax.collections if each.get_gid() == "interval").get_segments()
        assert [[end[0] for end in segment] for segment in drawn] == rows[["lower", "upper"]].to_numpy().tolist()
        assert not plots.ranked_bars(DNA, intervals=False).collections
        wide = pd.DataFrame({"place": list("AB"), "value": [1.0, 2], "lower": [-3.0, 1], "upper": [9.0, 3]})
        low, high = plots.ranked_bars(wide).get_xlim()
        assert low <= -3
        assert high >= 9
        # Costs have no interval, and none is drawn.
        assert not any("interval" in each for each in key(ranked("cost_per_contact")))

    def test_the_level_of_intervals_is_named_where_it_is_known(self) -> None:
        counts = pd.DataFrame({"icb": list("ABC"), "did_not_attends": [10, 20, 5], "contacts": [90, 80, 95]})
        for confidence, called in ((0.95, "95% interval"), (0.998, "99.8% interval")):
            result = cm.benchmark(counts, "dna_rate", by="icb", confidence=confidence)
            assert called in key(plots.ranked_bars(result[result["place"] != ""].reset_index(drop=True)))
        table = pd.DataFrame({"place": list("AB"), "value": [1.0, 2], "lower": [0.5, 1], "upper": [2.0, 3]})
        assert "interval" in key(plots.ranked_bars(table))

    def test_a_unit_that_the_name_ends_with_is_not_said_again(self) -> None:
        table = pd.DataFrame({"place": list("AB"), "value": [0.876, 1.1]})
        ax = plots.ranked_bars(table, "need_index")
        assert ax.get_title(loc="left") == "Need index"
        assert "unit" not in [text.get_gid() for text in ax.texts if text.get_text()]
        assert plots.alternative_text(ax).startswith("Ranked bar chart: Need index, for 2 places.")

    def test_units_source_and_population_are_named(self) -> None:
        ax = ranked("caseload_per_100k")
        assert ax.get_title(loc="left") == "Caseload per 100,000 people"
        assert text_of(ax, "unit") == "patients per 100,000 people, people aged 16 and over"
        caption = text_of(ax, "caption")
        assert caption.startswith(
            "Population basis: people aged 16 and over. Data: Made up, 2016/17. Definition: NHS Bench"
        )
        assert labels(plots.ranked_bars(DNA).xaxis)[0].endswith("%")
        assert labels(ranked("cost_per_contact").child_axes[0].xaxis)[0].startswith("£")

    def test_words(self) -> None:
        table = pd.DataFrame({"place": list("ABC"), "value": [1_712.0, 900, None], "focus": [True, False, False]})
        ax = plots.ranked_bars(table, title="Caseload")
        assert plots.alternative_text(ax) == (
            "Ranked bar chart: Caseload, for 3 places. Highest: A, 1,712. Lowest: B, 900. Mean of places: 1,306. "
            "Median of places: 1,306. A: 1,712 (1 of 2, highest first). Not known: C. Source of the data not given."
        )

    def test_words_of_places_that_are_alike(self) -> None:
        table = pd.DataFrame({"place": list("ABCDEFG"), "value": [9.0, 9, 5, 2, 2, 2, 2]})
        text = plots.alternative_text(plots.ranked_bars(table))
        assert "Highest: A and B, 9.00. Lowest: D, E, F and 1 more, 2.00. " in text

    def test_words_of_many_focus_places(self) -> None:
        table = pd.DataFrame({"place": list("ABCDEFGHIJ"), "value": range(10), "focus": True})
        text = plots.alternative_text(plots.ranked_bars(table))
        assert "H: 7.00 (3 of 10, highest first). And 2 more focus places." in text

    def test_falls_go_below_nothing(self) -> None:
        ax = plots.ranked_bars(CHANGES)
        assert [bar.get_width() for bar in ax.patches] == [8, 3, 0, 0, -5, -12.4]
        low, high = ax.get_xlim()
        assert low <= -12.4
        assert high >= 8
        # Ties stand by name.
        assert labels(ax.yaxis) == ["F", "B", "C", "D", "A", "E"]
        assert labels(plots.ranked_bars(CHANGES, highest_first=False).yaxis) == ["E", "A", "C", "D", "B", "F"]

    def test_where_there_is_no_room_the_focus_is_named(self) -> None:
        # The first number of places that is too many for dots.
        many = pd.DataFrame({"place": [f"P{n}" for n in range(161)], "value": np.arange(161.0)})
        ax = plots.ranked_bars(many.assign(focus=many["place"] == "P120"))
        assert labels(ax.xaxis) == ["P120"]
        assert text_of(ax, "caption").startswith("Only the focus places are named.")
        assert len(ax.patches) == 161

    def test_tables_of_any_library(self) -> None:
        plain = DNA[["metric", "place", "value"]]
        for table in (pl.from_pandas(plain), pl.from_pandas(plain).lazy()):
            assert len(plots.ranked_bars(table).patches) == len(plain)

    @examples(10)
    @given(st.lists(st.floats(-1e6, 1e6).map(lambda value: round(value, 3)), min_size=1, max_size=8))
    def test_any_values(self, values: list[float]) -> None:
        ax = plots.ranked_bars(pd.DataFrame({"place": [f"P{n}" for n in range(len(values))], "value": values}))
        assert [bar.get_width() for bar in ax.patches] == sorted(values, reverse=True)
        low, high = ax.get_xlim()
        assert low <= min(values)
        assert high >= max(values)

    @pytest.mark.parametrize(
        ("arguments", "problems"),
        [
            ({"result": RESULT}, [problem("metric", names=("caseload_per_100k", "dna_rate"))]),
            ({"result": RESULT, "metric": "dna_rat"}, [problem("metric", "dna_rat", suggests="dna_rate")]),
            ({"result": DNA.drop(columns="value")}, [problem("value", expected="a column")]),
            ({"result": pd.concat([DNA, DNA.head(1)])}, [problem("place", "Synthetic Trust 01", expected="once")]),
            ({"result": DNA.head(0)}, [problem(None, "no rows", expected="one for each")]),
            ({"result": 7}, [problem("result", "int", expected="a table")]),
            (
                {"result": DNA.assign(value=np.inf)},
                [problem("value", np.inf, row=nth(at, "row"), expected="a finite number") for at in range(len(DNA))],
            ),
        ],
    )
    def test_bad_input(self, arguments: dict[str, Any], problems: list[Any]) -> None:
        with refused(*problems):
            plots.ranked_bars(**arguments)

    def test_the_key_names_what_is_drawn(self) -> None:
        table = pd.DataFrame({"place": list("ABC"), "value": [3.0, 2, 1]})
        assert key(plots.ranked_bars(table))[0] == "places"
        assert key(plots.ranked_bars(table.assign(focus=[True, False, False])))[:2] == ["A", "other places"]
        all_marked = table.assign(focus=[True, False, False], peer=[False, True, True])
        assert key(plots.ranked_bars(all_marked))[:2] == ["A", "peers"]
        assert "other places" not in key(plots.ranked_bars(all_marked))

    def test_a_metric_names_a_table_without_one(self) -> None:
        table = pd.DataFrame({"place": list("AB"), "value": [0.1, 0.2]})
        ax = plots.ranked_bars(table, "dna_rate", basis="registered")
        assert ax.get_title(loc="left") == "DNA rate"
        assert text_of(ax, "unit") == "%, registered population"
        with refused("metric", "dna_rat", expected="a metric"):
            plots.ranked_bars(table, "dna_rat")
        nothing = plots.ranked_bars(table.assign(metric="n", unit=np.nan, label=np.nan))
        assert "nan" not in plots.alternative_text(nothing)

    def test_ties_stand_by_name_whatever_the_order_of_the_rows(self) -> None:
        table = pd.DataFrame({"place": list("CAB"), "value": [1.0, 1, None]})
        assert labels(plots.ranked_bars(table).yaxis) == ["A", "C", "B"]

    def test_intervals_have_a_white_rim_and_lines_hide_no_bar(self) -> None:
        ax = plots.ranked_bars(DNA)
        rims = {each.get_gid(): to_hex(each.get_colors()[0]) for each in ax.collections}
        assert rims == {"rim": "#ffffff", "interval": colours.MUTED}
        lines = [line for line in ax.lines if line.get_gid()]
        assert len(lines) == 3
        assert max(line.get_zorder() for line in lines) < min(bar.get_zorder() for bar in ax.patches)

    def test_the_caption_says_which_names_are_shown(self) -> None:
        many = pd.DataFrame({"place": [f"P{n}" for n in range(300)], "value": np.arange(300.0)})
        assert text_of(plots.ranked_bars(many), "caption").startswith("There is no room for the names.")
        # P7 and P8 stand side by side.
        said = text_of(drawn("ranked, three hundred"), "caption")
        assert said.startswith("Only some of the focus places are named.")

    def test_the_source_is_named_however_many_are_suppressed(self) -> None:
        ax = plots.tile_map(icbs().assign(value=np.nan), source="The Office of Figures")
        assert text_of(ax, "caption").endswith("… Data: The Office of Figures.")

    def test_small_numbers_are_not_written_as_nothing(self) -> None:
        table = pd.DataFrame({"place": list("ABC"), "value": [0.0042, 0.00031, 0.0]})
        assert "Highest: A, 0.0042. Lowest: C, 0." in plots.alternative_text(plots.ranked_bars(table))
        shares = plots.alternative_text(plots.ranked_bars(table, "dna_rate"))
        assert "Highest: A, 0.4%." in shares
        assert "Median of places: 0.031%." in shares


class TestFunnel:
    def test_points_limits_and_target(self) -> None:
        held = found("none")
        ax = plots.funnel_chart(held, metric="dna_rate", focus=["Synthetic Trust 07"])
        drawn = np.vstack([np.asarray(each.get_offsets()) for each in ax.collections])
        frame = held.to_frame()
        expected = frame[["denominator", "value"]].to_numpy()
        np.testing.assert_allclose(np.sort(drawn, axis=0), np.sort(expected, axis=0))
        lines = {line.get_gid(): line for line in ax.lines}
        assert lines["target"].get_ydata()[0] == held.target
        for level in (0.95, 0.998):
            limits = held.limits.at(level)
            for side in ("lower", "upper"):
                line = lines[f"{side}-{level}"]
                at = np.interp(frame["denominator"], line.get_xdata(), line.get_ydata())
                np.testing.assert_allclose(at, getattr(limits, side), rtol=0.01)

    def test_outliers_are_marked_and_told(self) -> None:
        held = found("none")
        ax = plots.funnel_chart(held, metric="dna_rate")
        outside = int((held.outlier != "within").sum())
        orange = [each for each in ax.collections if to_hex(each.get_facecolor()[0]) == colours.CONCERN]
        assert sum(len(each.get_offsets()) for each in orange) == outside > 0
        word = held.outlier[held.outlier != "within"].iloc[0]
        assert f"{word[0].upper()}{word[1:]}: " in plots.alternative_text(ax)

    @pytest.mark.parametrize("adjustment", ["none", "multiplicative", "additive"])
    def test_limits_are_those_of_the_funnel_at_every_place(self, adjustment: str) -> None:
        held = found(adjustment)
        assert adjustment == "none" or held.dispersion.phi > 1.5
        lines = {line.get_gid(): line for line in plots.funnel_chart(held, metric="dna_rate").lines}
        for side in ("lower", "upper"):
            line = lines[f"{side}-0.998"]
            at = np.interp(held.limits.to_frame()["denominator"], line.get_xdata(), line.get_ydata())
            np.testing.assert_allclose(at, getattr(held.limits.at(0.998), side), rtol=0.01)
            assert line.get_xdata()[-1] == held.limits.to_frame()["denominator"].max()
            # Smooth, and not from place to place.
            assert len(line.get_xdata()) > 200

    def test_focus_and_side_of_the_limits_are_told_by_colour_and_marker(self) -> None:
        counts = pd.Series([10.0, 160, 400, 100], index=["Low", "High", "Mine", "In"])
        held = cm.variation.funnel("proportion", counts, pd.Series(1000.0, index=counts.index), target=0.1)
        ax = plots.funnel_chart(held, focus="Mine")
        looks = {
            float(each.get_offsets()[0][1]): (to_hex(each.get_facecolor()[0]), each.get_paths()[0].vertices)
            for each in ax.collections
        }
        assert {value: look[0] for value, look in looks.items()} == {
            0.01: colours.CONCERN, 0.16: colours.CONCERN, 0.4: colours.FOCUS, 0.1: colours.OTHERS,
        }  # fmt: skip
        # The first point of a triangle is its tip: down below the limits, up above them.
        below, above = (looks[value][1][0, 1] for value in (0.01, 0.4))
        assert below < 0 < above
        assert [text.get_text() for text in ax.texts if text.get_gid() == "place"] == ["Mine"]

    def test_a_place_for_each_value(self) -> None:
        with refused("places", 1, expected="a place", names="56"):
            plots.funnel_chart(found(), ["A"])
        with refused("focus", "Z", expected="a place"):
            plots.funnel_chart(found(), focus=["Z"])


class TestTrends:
    TABLE = pd.DataFrame({"cost": [6.0, 5.7, np.nan, 5.4], "caseload": [10.0, 9, 8, 7]}, index=YEARS[:4])

    def test_lines_are_the_values_and_named_at_their_ends(self) -> None:
        ax = plots.trend_chart(self.TABLE)
        lines = {
            name: [x.get_ydata().tolist() for x in ax.lines if x.get_gid() == name] for name in ("series-0", "series-1")
        }
        assert lines == {"series-0": [[6.0, 5.7], [5.4]], "series-1": [[10.0, 9.0, 8.0, 7.0]]}
        assert [text.get_text() for text in ax.texts if text.get_gid() == "name"] == ["cost", "caseload"]
        assert labels(ax.xaxis) == YEARS[:4]
        assert "cost falls from 6.00 in 2012/13 to 5.40 in 2015/16. " in plots.alternative_text(ax)
        assert "Not known: cost in 2014/15." in plots.alternative_text(ax)

    def test_an_absent_year_is_a_gap(self) -> None:
        ax = plots.trend_chart(pd.Series([1.0, 2, 3], index=["2012/13", "2013/14", "2016/17"]))
        assert [line.get_xdata().tolist() for line in ax.lines] == [[0.0, 1.0], [4.0]]

    def test_index(self) -> None:
        ax = plots.index_chart(self.TABLE, "2012/13")
        drawn = {line.get_gid(): line.get_ydata() for line in ax.lines}
        assert drawn["series-1"].tolist() == pytest.approx([100, 90, 80, 70])
        assert drawn["base"][0] == 100
        with refused("the value of 2014/15", math.nan, row="series=cost", expected="not zero"):
            plots.index_chart(self.TABLE, "2014/15")

    def test_the_population_is_named_without_a_metric(self) -> None:
        ax = plots.trend_chart(self.TABLE, basis="registered")
        assert text_of(ax, "caption").startswith("Not known: cost in 2014/15. Population basis: registered population.")

    def test_what_stays_is_not_said_to_rise_or_fall(self) -> None:
        table = pd.DataFrame({"a": [1.0, 2], "b": [2.0, 2], "c": [2.0, 1]}, index=YEARS[:2])
        text = plots.alternative_text(plots.trend_chart(table))
        assert "a rises from 1.00 in 2012/13 to 2.00 in 2013/14. b: 2.00 in 2012/13 and in 2013/14. c falls" in text

    def test_scales_and_periods(self) -> None:
        assert plots.trend_chart(pd.Series([0.78, 0.89], index=YEARS[:2]), metric="dna_rate").get_ylim()[0] > 0.7
        assert plots.index_chart(self.TABLE, "2012/13").get_ylim()[0] > 0
        months = [f"{2000 + month // 12}-{month % 12 + 1:02}" for month in range(120)]
        shown = labels(plots.trend_chart(pd.Series(np.arange(120.0), index=months)).xaxis)
        assert shown[-1] == "Dec 2009"
        assert 5 < len(shown) < 30

    def test_points_at_the_edge_are_whole_and_the_others_are_as_in_the_key(self) -> None:
        ax = plots.trend_chart(self.TABLE, focus="cost")
        assert not any(line.get_clip_on() for line in ax.lines if str(line.get_gid()).startswith("series"))
        other = next(line for line in ax.lines if line.get_gid() == "series-1")
        assert other.get_color() == ax.get_legend().get_lines()[0].get_color()
        assert colours.contrast(str(other.get_color()), colours.PAPER) >= 3

    def test_months_that_a_rolling_figure_waits_for_are_one_phrase(self) -> None:
        months = [f"2024-{month:02}" for month in range(1, 13)]
        table = pd.DataFrame({"A": np.arange(12.0), "B": np.arange(12.0)}, index=months)
        late = table.copy()
        late.iloc[:5] = np.nan
        assert "Not known before 2024-06. Source" in plots.alternative_text(plots.trend_chart(late))
        late.loc["2024-09", "A"] = np.nan
        some = late.assign(C=1.0)
        words = plots.alternative_text(plots.trend_chart(some))
        assert "Not known before 2024-06: A and B. Not known: A in 2024-09. Source" in words

    def test_growth_against_an_ambition(self) -> None:
        growth = growth_against(pd.Series([100.0, 104, 112], index=YEARS[:3]), 5)
        ax = plots.trend_chart(growth[["actual", "ambition"]])
        assert ax.lines[1].get_ydata().tolist() == pytest.approx([100, 105, 110.25])

    def test_bad_input(self) -> None:
        with refused("periods", "2012/13", row="2nd row", expected="a date or period", names="2013/14"):
            plots.trend_chart(pd.Series([1.0, 2], index=["2013/14", "2012/13"]))
        with refused("values", "19 series", names="18"):
            plots.trend_chart(pd.DataFrame(np.ones((3, 19)), index=YEARS[:3]))
        with refused("focus", "cots", suggests="cost"):
            plots.trend_chart(self.TABLE, focus=["cots"])
        with refused("values", "list", expected="a date or period"):
            plots.trend_chart([1, 2])

    @given(st.lists(st.floats(0, 300), min_size=1, max_size=18))
    def test_names_are_spread_in_order_and_apart(self, wanted: list[float]) -> None:
        heights = spread(wanted, 16, 300)
        order = np.argsort(wanted, kind="stable")
        assert (np.diff(np.array(heights)[order]) >= 16 - 1e-9).all()
        assert max(heights) <= 300 + 1e-9


class TestProfile:
    def test_segments_are_the_shares(self) -> None:
        table = profile(4, 3) * 70
        ax = plots.stacked_profile(table, metric="skill_mix")
        widths = np.array([bar.get_width() for bar in ax.patches]).reshape(3, 4).T
        starts = np.array([bar.get_x() for bar in ax.patches]).reshape(3, 4).T
        np.testing.assert_allclose(widths, table / 70)
        np.testing.assert_allclose(widths.sum(axis=1), 1)
        np.testing.assert_allclose(starts[:, 1:], widths.cumsum(axis=1)[:, :-1])
        assert key(ax) == list(table.columns)

    def test_a_second_round_of_colours_is_hatched(self) -> None:
        ax = plots.stacked_profile(profile(2, 9))
        looks = {(to_hex(bar.get_facecolor()), bar.get_hatch()) for bar in ax.patches}
        assert len(looks) == 9

    def test_light_fills_have_a_dark_edge_and_nothing_has_none(self) -> None:
        ax = plots.stacked_profile(pd.DataFrame({"a": [1.0], "b": [1.0], "c": [0.0], "d": [0.0]}))
        edges = [to_hex(bar.get_edgecolor()) for bar in ax.patches]
        fills = [to_hex(bar.get_facecolor()) for bar in ax.patches]
        for fill, edge in zip(fills, edges, strict=True):
            assert max(colours.contrast(fill, "#ffffff"), colours.contrast(edge, "#ffffff")) >= 3
        assert [bar.get_linewidth() for bar in ax.patches] == [1, 1, 0, 0]

    def test_shares_are_written_and_the_focus_is_bold(self) -> None:
        table = pd.DataFrame({"a": [1.0, 1], "b": [3.0, 1]}, index=["North", "South"])
        ax = plots.stacked_profile(table, focus="South")
        assert [text.get_text() for text in ax.texts if text.get_gid() == "share"] == ["25%", "50%", "75%", "50%"]
        assert [name.get_fontweight() for name in ax.yaxis.get_ticklabels()] == ["normal", "bold"]
        with refused("focus", "Suoth", expected="there", suggests="South"):
            plots.stacked_profile(table, focus=["Suoth"])

    def test_bad_input(self) -> None:
        with refused(
            problem("a", -1.0, row="index=Y", expected="zero or more"),
            problem("parts", 0, row="index=Z", expected="above zero"),
        ):
            plots.stacked_profile(pd.DataFrame({"a": [1.0, -1, 0], "b": [1.0, 2, 0]}, index=list("XYZ")))
        with refused("parts", "13 columns", names="12"):
            plots.stacked_profile(profile(2, 13))


class TestWaterfall:
    def test_steps_lead_from_before_to_after(self) -> None:
        change = decompose_ratio_change(17.7e6, 16.0e6, 5_291.0, 4_400.0)
        ax = plots.waterfall(change, metric="year_of_care_cost", before="2012/13", after="2016/17")
        first, *steps, last = ax.patches
        assert first.get_height() == pytest.approx(17.7e6 / 5_291)
        assert last.get_height() == pytest.approx(16.0e6 / 4_400)
        assert [step.get_height() for step in steps] == pytest.approx(
            [change.due_to_numerator, change.due_to_denominator]
        )
        assert steps[0].get_y() == pytest.approx(first.get_height())
        assert steps[-1].get_y() + steps[-1].get_height() == pytest.approx(last.get_height())
        assert labels(ax.xaxis) == ["2012/13", "numerator", "denominator", "2016/17"]
        assert [text.get_text()[0] for text in ax.texts if text.get_gid() is None] == ["£", "−", "+", "£"]
        assert [to_hex(step.get_facecolor()) for step in steps] == [colours.FALL, colours.RISE]

    def test_every_kind_of_decomposition(self) -> None:
        product = decompose_product_change({"a": 2.0, "b": 3.0}, {"a": 4.0, "b": 1.0}, method="shapley")
        assert len(plots.waterfall(product).patches) == 4
        half = pd.Series([0.5, 0.5])
        mix = decompose_mix_change(
            pd.Series([1.0, 3.0]), half, pd.Series([2.0, 3.0]), pd.Series([0.25, 0.75]), interaction=True
        )
        assert labels(plots.waterfall(mix).xaxis) == ["before", "rates", "composition", "interaction", "after"]
        money = cm.units.Quantity(100.0, "GBP"), cm.units.Quantity(90.0, "GBP")
        contacts = cm.units.Quantity(50.0, "contact"), cm.units.Quantity(40.0, "contact")
        assert "in £ / contact." in plots.alternative_text(plots.waterfall(decompose_ratio_change(*money, *contacts)))

    def test_what_is_not_known_is_refused(self) -> None:
        with refused(
            problem("before", expected="known"),
            problem("numerator", expected="known"),
            problem("denominator", expected="known"),
        ):
            plots.waterfall(decompose_ratio_change(np.nan, 90.0, 50.0, 40.0))
        two = np.array([1.0, 2.0])
        with refused("change", "2 values"):
            plots.waterfall(decompose_ratio_change(two, two, two, two))
        with refused("change", "dict"):
            plots.waterfall({})
        with refused("names", "numeratr", suggests="numerator"):
            plots.waterfall(decompose_ratio_change(1.0, 2.0, 3.0, 4.0), names={"numeratr": "cost"})


class TestXmr:
    def test_points_and_limits(self) -> None:
        chart = waits()
        ax = plots.xmr_chart(chart, "waits", unit="days")
        lines = {line.get_gid(): line.get_ydata()[0] for line in ax.lines if line.get_gid()}
        assert lines == {
            "centre-1": chart["centre"].iloc[0], "lower-1": chart["lower"].iloc[0], "upper-1": chart["upper"].iloc[0],
            "target": 45,
        }  # fmt: skip
        for each in ("none", "improvement", "concern"):
            drawn = next(points for points in ax.collections if points.get_gid() == f"points-{each}").get_offsets()
            assert drawn[:, 1].tolist() == chart.loc[chart["special_cause"] == each, "waits"].tolist()
        markers = {points.get_gid(): points.get_paths()[0].vertices.shape for points in ax.collections}
        assert len(set(markers.values())) == 3
        assert "Not known: 2016-06." in plots.alternative_text(ax)

    def test_rows_in_any_order_and_phases(self) -> None:
        table = pd.DataFrame({"period": [f"2016-{month:02}" for month in range(1, 13)], "n": [1.0, 2] * 3 + [7, 8] * 3})
        chart = cm.run_charts.run_chart(table, "n", rebase="2016-07")
        turned = plots.xmr_chart(chart.iloc[::-1], "n")
        assert plots.to_svg(turned) == plots.to_svg(plots.xmr_chart(chart, "n"))
        centres = [line.get_ydata()[0] for line in turned.lines if str(line.get_gid()).startswith("centre")]
        assert centres == [1.5, 7.5]

    def test_limits_by_hand(self) -> None:
        # Mean 52, moving ranges 4, 2, 6, 2, 4, 6, 2, 6, 4 with the mean 4: 52 less and more 3 × 4 ÷ 1.128.
        values = [50.0, 54, 52, 58, 56, 52, 46, 48, 54, 50]
        table = pd.DataFrame({"period": [f"2016-{month:02}" for month in range(1, 11)], "n": values})
        ax = plots.xmr_chart(cm.run_charts.run_chart(table, "n"), "n")
        lines = {line.get_gid(): line.get_ydata()[0] for line in ax.lines if line.get_gid()}
        assert lines == {
            "centre-1": 52, "lower-1": pytest.approx(41.36, abs=0.005), "upper-1": pytest.approx(62.64, abs=0.005)
        }  # fmt: skip

    def test_neither_high_nor_low_is_coloured_as_good_or_bad(self) -> None:
        table = waits()[["period", "waits"]].assign(waits=lambda rows: rows["waits"].where(rows.index > 3, 90))
        ax = plots.xmr_chart(cm.run_charts.run_chart(table, "waits"), "waits")
        drawn = {each.get_gid(): to_hex(each.get_facecolor()[0]) for each in ax.collections}
        assert {"points-high", "points-low"} <= set(drawn)
        assert drawn["points-high"] == drawn["points-low"] == colours.NEUTRAL
        assert not any(each.get_clip_on() for each in ax.collections)

    def test_assurance(self) -> None:
        for target, word in ((30, "failed."), (90, "passed."), (50, "hit or missed by chance.")):
            table = waits()[["period", "waits"]]
            ax = plots.xmr_chart(cm.run_charts.run_chart(table, "waits", improvement="low", target=target), "waits")
            assert word in text_of(ax, "caption")

    def test_a_line_is_broken_where_a_period_is_absent(self) -> None:
        table = pd.DataFrame({"period": ["2016-01", "2016-02", "2016-05", "2016-06"], "n": [1.0, 2, 1, 2]})
        ax = plots.xmr_chart(cm.run_charts.run_chart(table, "n"), "n")
        drawn = [line.get_xdata().tolist() for line in ax.lines if line.get_gid() is None]
        assert drawn == [[0, 1], [4, 5]]

    def test_too_few_points_have_no_limits(self) -> None:
        table = pd.DataFrame({"period": ["2016-01", "2016-02", "2016-03"], "n": [3.0, np.nan, 4]})
        ax = plots.xmr_chart(cm.run_charts.run_chart(table, "n"), "n")
        assert "limits of chance" not in key(ax)
        assert "Centre 3.50, limits of chance not known." in plots.alternative_text(ax)

    def test_one_group_at_a_time(self) -> None:
        with refused("period", "2016-01", expected="once"):
            plots.xmr_chart(pd.concat([waits(), waits()]), "waits")
        with refused(problem("centre", expected="a column"), others=5):
            plots.xmr_chart(waits()[["period", "waits"]], "waits")


class TestSmallMultiples:
    def test_a_panel_for_each_type_of_team(self) -> None:
        table, ax = by_team_type(), drawn("small multiples")
        groups = list(table.groupby("team_type", sort=False))
        assert len(ax.child_axes) == len(groups) == 12
        for panel, (_, rows) in zip(ax.child_axes, groups, strict=True):
            assert [bar.get_height() for bar in panel.patches] == sorted(rows["value"], reverse=True)
            median = next(line for line in panel.lines if line.get_gid() == "median")
            assert median.get_ydata()[0] == rows["value"].median()
            greens = [bar for bar in panel.patches if to_hex(bar.get_facecolor()) == colours.FOCUS]
            assert [bar.get_height() for bar in greens] == rows.loc[rows["focus"], "value"].tolist()

    def test_scales(self) -> None:
        one = drawn("small multiples, one scale")
        alike = pd.DataFrame({"team_type": ["S", "T"], "place": "A", "value": [50.0, 100.0]})
        own = plots.small_multiples(alike, one_scale=False)
        assert len({panel.get_ylim() for panel in own.child_axes}) > 1
        assert len({panel.get_ylim() for panel in one.child_axes}) == 1
        assert one.child_axes[0].get_ylim()[1] < 2 * by_team_type()["value"].max()
        assert "Each panel has a scale of its own." in text_of(own, "caption")
        # Unless asked, they share a scale where the largest of each panel is a quarter of the largest of all.
        for least, word in ((25.0, "All panels have one scale."), (24.0, "Each panel has a scale of its own.")):
            rows = pd.DataFrame({"team_type": ["S", "T"], "place": "A", "value": [least, 100.0]})
            assert word in text_of(plots.small_multiples(rows), "caption")

    def test_a_panel_of_which_nothing_is_known(self) -> None:
        rows = [("Generic CMHTs", "A", 5.0), ("CRHT", "A", None)]
        ax = plots.small_multiples(pd.DataFrame(rows, columns=["team_type", "place", "value"]))
        assert [len(panel.patches) for panel in ax.child_axes] == [1, 0]
        assert "CRHT: no value is known. Not known: A (CRHT)." in plots.alternative_text(ax)

    def test_the_arrow_stands_upon_the_focus(self) -> None:
        rows = pd.DataFrame(
            {"place": list("ABC"), "value": [9.0, 5, 1], "focus": [False, True, False], "team_type": "T"}
        )
        panel = plots.small_multiples(rows).child_axes[0]
        assert [text.xy for text in panel.texts if text.arrow_patch] == [(1, 5.0)]

    def test_no_row_is_left_out(self) -> None:
        rows = pd.DataFrame({"team_type": ["T", None], "place": ["A", "B"], "value": [1.0, 2]})
        with refused("team_type", row="2nd row", expected="one for each"):
            plots.small_multiples(rows)
        with refused("team_type", "T", expected="another name"):
            plots.small_multiples(rows.assign(team_type=["T", "T "]))
        with refused("metric", names=("dna_rate", "cost_per_contact")):
            plots.small_multiples(rows.assign(team_type=["T", "U"], metric=["dna_rate", "cost_per_contact"]))

    def test_too_many_panels(self) -> None:
        with refused("team_type", "14 panels"):
            plots.small_multiples(DNA.assign(team_type=DNA["place"]))


class TestDotAndRange:
    def test_the_dot_stands_where_the_value_is(self) -> None:
        table = pd.DataFrame({"place": list("ABCDE"), "value": [10.0, 20, 30, 40, 15], "metric": "cost_per_contact"})
        ax = plots.dot_and_range(table, "E")
        dot = next(line for line in ax.lines if line.get_gid() == "dot")
        assert dot.get_xdata()[0] == pytest.approx((15 - 10) / 30)
        whole, middle = ax.patches
        assert (whole.get_x(), whole.get_width()) == (0, 1)
        # The quartiles of 10, 20, 30 and 40 are 17.5 and 32.5.
        assert (middle.get_x(), middle.get_width()) == (pytest.approx(0.25), pytest.approx(0.5))
        assert (
            "Cost per contact, in £ per contact: £15.0; peers £10.0 to £40.0, median £25.0."
            in plots.alternative_text(ax)
        )

    def test_peers(self) -> None:
        assert "held against 3 peers" in plots.alternative_text(drawn("dot and range"))
        ax = plots.dot_and_range(DNA, "Synthetic Trust 07", peers=["Synthetic Trust 08"])
        assert "held against 1 peer." in plots.alternative_text(ax)
        assert plots.to_svg(plots.dot_and_range(DNA, "Synthetic Trust 07", peers="Synthetic Trust 08")) == (
            plots.to_svg(ax)
        )

    def test_the_ends_of_a_row_are_the_least_and_the_most(self) -> None:
        table = pd.DataFrame({"place": list("ABC"), "value": [10.0, 20, 5], "metric": "n"})
        ax = plots.dot_and_range(table, "C")
        assert [text.get_text() for text in ax.texts if text.get_gid() == "end"] == ["5.00", "20.0"]
        assert "n: 5.00; peers 10.0 to 20.0, median 15.0." in plots.alternative_text(ax)

    def test_bad_input(self) -> None:
        with refused(problem("place", "Z", expected="a place"), problem("peers", "Y", expected="a place")):
            plots.dot_and_range(RESULT, "Z", peers=["Y"])
        many = pd.concat([DNA.head(7).assign(metric=f"m{n}") for n in range(40)])
        with refused("result", "40 metrics"):
            plots.dot_and_range(many, "Synthetic Trust 07")


class TestTiles:
    def test_the_default_layout_has_each_icb_once_and_apart(self) -> None:
        tiles = plots.icb_tiles()
        assert len(tiles) == 42
        assert not tiles.duplicated(["column", "row"]).any()
        assert tiles["place"].is_unique
        at = tiles.set_index("place")
        # Where they lie to one another, as any atlas has them.
        assert at.loc["QHM", "row"] == tiles["row"].min()
        assert at.loc["QT6", "column"] == tiles["column"].min()
        assert at.loc["QMM", "column"] == tiles["column"].max()
        assert at.loc["QYG", "column"] < at.loc["QF7", "column"] < at.loc["QJM", "column"]
        assert at.loc["QUE", "row"] < at.loc["QMJ", "row"] < at.loc["QKS", "row"] <= at.loc["QNX", "row"]

    def test_the_36_of_2026_have_tiles_too(self) -> None:
        tiles = plots.icb_tiles("2026-04")
        assert len(tiles) == 36
        assert not tiles.duplicated(["column", "row"]).any()
        result = pd.DataFrame({"place": ["Z9B2Z", "QRL"], "value": [1.0, 2.0]})
        assert len(plots.tile_map(result).patches) == 36

    @official_data.needed("icb_allocations_2025_26.csv")
    def test_codes_and_names_are_the_published_ones(self) -> None:
        people = cm.published.read_icb_allocations(official_data.FOLDER / "icb_allocations_2025_26.csv")
        tiles = plots.icb_tiles()
        # The published "Isle Of Wight" is spoken: Isle of Wight.
        published = dict(zip(people["icb"], people["icb_name"].str.casefold(), strict=True))
        assert dict(zip(tiles["place"], tiles["name"].str.casefold(), strict=True)) == published

    def test_darker_is_higher_and_the_value_is_written(self) -> None:
        table, ax = icbs(), drawn("tiles")
        tiles = {patch.get_gid(): patch for patch in ax.patches}
        shade = {
            place: colours.SHADES.index(to_hex(tiles[f"tile-{place}"].get_facecolor())) for place in table["place"]
        }
        order = table.sort_values("value")["place"].map(shade)
        assert order.is_monotonic_increasing
        assert order.value_counts().between(7, 10).all()
        assert "focus-QUE" in tiles
        shown = [text.get_text() for text in ax.texts]
        value, number = table.set_index("place").loc["QUE", "value"], shade["QUE"] + 1
        assert shown[shown.index("Cambridgeshire &\nPeterborough") + 1] == f"{value:,.0f}  ({number})"
        # The classes are told apart without colour, by their number.
        assert [label[:3] for label in key(ax)[:5]] == [f"({each})" for each in range(1, 6)]

    def test_north_is_above_and_the_key_and_the_words_go_from_low_to_high(self) -> None:
        ax = drawn("tiles")
        tiles = {patch.get_gid(): patch.get_window_extent() for patch in ax.patches}
        assert tiles["tile-QHM"].y0 > tiles["tile-QNX"].y1
        assert tiles["tile-QT6"].x1 < tiles["tile-QMM"].x0
        assert key(ax)[0].startswith("(1) 1,000 to ")
        values = icbs().set_index("place")["value"]
        text = plots.alternative_text(ax)
        assert f"Highest: {NAMES[values.idxmax()]} {values.max():,.0f}, " in text
        assert f"Lowest: {NAMES[values.idxmin()]} {values.min():,.0f}, " in text

    def test_a_layout_of_ones_own(self) -> None:
        mine = pd.DataFrame({"place": ["A", "B"], "column": [0, 1], "row": [0, 0], "label": ["Ay", "Bee"]})
        ax = plots.tile_map(pd.DataFrame({"place": ["A"], "value": [1.0]}), positions=mine)
        tiles = [text.get_text() for text in ax.texts if text.get_gid() is None]
        assert tiles == ["Ay", "1.00  (1)", "Bee", "not known"]

    def test_bad_positions(self) -> None:
        table = pd.DataFrame({"place": ["A"], "value": [1.0]})
        with refused("place", "A", names="positions"):
            plots.tile_map(table)
        twice = pd.DataFrame({"place": ["A", "B"], "column": [0, 0], "row": [0.5, 0.5]})
        with refused(
            problem("row", 0.5, row="place=A", expected="a whole number"),
            problem("row", 0.5, row="place=B", expected="a whole number"),
            problem("column and row", row="place=B", expected="once"),
        ):
            plots.tile_map(table, positions=twice)


def test_notebooks_show_a_benchmark_as_people_read_it() -> None:
    page = RESULT._repr_html_()
    assert page.count("<table>") == 4
    assert "<caption><b>DNA rate</b> (%; pooled (56 places) 9.4%)</caption>" in page
    assert '<th scope="col">Against the average</th>' in page
    assert "<b>Synthetic Trust 07</b> (focus)" in page
    table = pd.DataFrame({"icb": ["<script>", "B"], "contacts": [10, 20], "total_cost": [100.0, 400.0]})
    assert "&lt;script&gt;" in cm.benchmark(table, "cost_per_contact", by="icb")._repr_html_()
    many = pd.DataFrame({"icb": [f"P{n:03}" for n in range(100)], "contacts": 10, "total_cost": np.arange(100.0) + 1})
    page = cm.benchmark(many, "cost_per_contact", by="icb", focus=["P000"])._repr_html_()
    assert "… and 40 more places" in page
    assert "<b>P000</b> (focus)" in page
    # By rank, the focus too, though it stands below the places that there is room for.
    assert page.index("P099") < page.index("P098") < page.index("<b>P000</b>")
    costs = pd.DataFrame({"icb": list("AB"), "dna": 1, "contacts": [10, 20], "total_cost": [100.0, 400.0]})
    page = cm.benchmark(costs, "cost_per_contact", by="icb")._repr_html_()
    # £500 over 30 contacts is £16.7; B is at £20 a fifth above it.
    assert "<td>£20.0</td><td></td><td>1 of 2</td><td>+20.0%</td><td></td>" in page
    counts = pd.DataFrame({"icb": list("AB"), "did_not_attends": [500, 5], "contacts": [1_000, 94]})
    page = cm.benchmark(counts, "dna_rate", by="icb")._repr_html_()
    assert re.findall(r"<td>(yes|no)</td><td>", page) == ["no", "yes"]
    # What is computed from it is a table like any other.
    assert type(RESULT[RESULT["focus"]]) is pd.DataFrame
    assert type(RESULT[["place"]]) is pd.DataFrame


def test_notebooks_show_types_of_team_and_clusters() -> None:
    page = cm.TeamType.REHABILITATION_RECOVERY._repr_html_()
    assert "<b>Rehabilitation &amp; Recovery</b>" in page
    assert "A09" in page
    assert "Psychotic Crisis" in cm.CareCluster(14)._repr_html_()
    assert "not in use" in cm.CareCluster(9)._repr_html_()
    assert cm.TeamType("crht") is cm.TeamType.CRHT
    assert cm.CareCluster(3) == 3


class TestFewBars:
    TABLE = pd.DataFrame({"Generic CMHTs": [60, 50], "Older People": [40, 50]}, index=["Here", "England"])

    def rows_of_room(self, height: float) -> float:
        picture = plots.Picture(figsize=(8.0, height))
        ax = plots.stacked_profile(self.TABLE, ax=picture.add_axes((0.02, 0.02, 0.96, 0.96)))
        low, high = ax.get_ylim()
        return low - high

    def test_fill_a_low_picture(self) -> None:
        assert self.rows_of_room(3.0) < 4

    def test_do_not_become_blocks_on_a_slide(self) -> None:
        assert self.rows_of_room(6.0) == 6


class TestWhatStandsBesideTheLinesOfARunChart:
    """The values of centre, limits and target, the mark of new limits and its reason, and both icons."""

    def test_values_stand_at_the_ends_of_their_lines(self) -> None:
        ax, (table, _) = drawn("xmr, new limits"), rebased()
        ax.figure.draw_without_rendering()
        now, written = table.iloc[-1], {text.get_text(): text for text in ax.texts if text.get_gid() == "name"}
        assert sorted(text.split()[0] for text in written) == ["centre", "lower", "target", "upper"]
        for words, text in written.items():
            name, value = words.split()
            assert float(value) == pytest.approx(now[name], abs=0.05)
            # Its leader begins at the level of the line, and its letters stand within a line of it.
            assert text.xy[1] == pytest.approx(now[name])
            line = ax.transData.transform((0, now[name]))[1]
            box = Text.get_window_extent(text)
            assert abs((box.y0 + box.y1) / 2 - line) < 2 * 12 * ax.figure.dpi / 72
            assert box.x0 >= ax.get_window_extent().x1 - 1

    def test_new_limits_have_a_mark_with_its_reason(self) -> None:
        ax, (table, _) = drawn("xmr, new limits"), rebased()
        first = int(np.flatnonzero(table["phase"].to_numpy() == table["phase"].iloc[-1])[0])
        (mark,) = [line for line in ax.lines if line.get_gid() == "rebase"]
        # Between the two months.
        assert mark.get_xdata()[0] == first - 0.5
        (reason,) = [text for text in ax.texts if text.get_gid() == "reason"]
        assert reason.get_text() == "New limits from Jul 2023: a new duty team"
        assert reason.xy[0] == first - 0.5
        assert "New limits from Jul 2023: a new duty team." in plots.alternative_text(ax)

    def test_a_reason_is_of_new_limits(self) -> None:
        with pytest.raises(cm.BadInput) as error:
            plots.xmr_chart(rebased()[0], "waits", reasons={"2022-05": "nothing began"})
        assert [(each.column, each.value) for each in error.value.problems] == [("reasons", "2022-05")]

    def test_both_icons_stand_at_the_top_right(self) -> None:
        ax = drawn("xmr, new limits")
        icons = [each for each in ax.get_children() if hasattr(each, "icon")]
        assert [each.icon.words for each in icons][::-1] == [
            plots.variation_icon("common cause").words, plots.assurance_icon("hit or miss").words,
        ]  # fmt: skip
        middle = ax.figure.bbox.width / 2
        assert all(each.get_window_extent().x0 > middle for each in icons)


class TestNamesThatAreShortened:
    LONG = "NHS Bath and North East Somerset, Swindon and Wiltshire ICB"

    @pytest.mark.parametrize(
        ("text", "room", "short"),
        [
            ("Bath and North East Somerset, Swindon", 30, "Bath and North East Somerset…"),
            ("Bath and North East Somerset, Swindon", 22, "Bath and North East…"),
            ("Cambridgeshire and Peterborough", 20, "Cambridgeshire…"),
            ("Northamptonshire", 10, "Northampt…"),
        ],
    )
    def test_at_a_word_where_that_leaves_most_of_them(self, text: str, room: int, short: str) -> None:
        assert shorten(text, width(text[: room - 1] + "…")) == short

    def test_a_dot_tells_its_whole_name_in_words(self) -> None:
        places = plots.icb_tiles()
        ax = plots.ranked_bars(pd.DataFrame({"place": places["name"], "value": range(42)}), title="Beds")
        shown = [text for panel in ax.child_axes for text in labels(panel.yaxis)]
        assert self.LONG[4:-4] not in shown
        assert self.LONG in plots.alternative_text(ax)

    def test_a_tile_tells_its_whole_name_in_words(self) -> None:
        places = plots.icb_tiles()
        values = [float(at) if place != "QOX" else 20.5 for at, place in enumerate(places["place"])]
        ax = plots.tile_map(pd.DataFrame({"place": places["place"], "value": values}), title="Beds")
        shown = [text.get_text().replace("\n", " ") for text in ax.texts]
        assert "Northamptonshire" in shown
        assert "Bath & North East Somerset…" in shown
        assert self.LONG in plots.alternative_text(ax)
        assert "NHS Kent and Medway ICB" not in plots.alternative_text(ax).partition("Shortened")[2]

    def test_a_bar_tells_its_whole_name_in_words(self) -> None:
        whole = [f"{name} {'with a long name ' * 8}{name}" for name in ("North", "South")]
        ax = plots.ranked_bars(pd.DataFrame({"place": whole, "value": [2.0, 1.0]}), title="Beds")
        assert all("…" in each for each in labels(ax.yaxis))
        assert all(each in plots.alternative_text(ax) for each in whole)

    def test_the_name_of_a_trend_goes_without_what_every_place_has_before_it_is_cut(self) -> None:
        whole = "Cambridgeshire and Peterborough, Bedfordshire and Luton, and Hertfordshire"
        table = pd.DataFrame({f"NHS {whole} ICB": [1.0, 2.0], "B": [2.0, 3.0]}, index=["2015/16", "2016/17"])
        ax = plots.trend_chart(table, title="Beds")
        named = next(text.get_text() for text in ax.texts if text.get_gid() == "name")
        assert named.replace("\n", " ") == whole
        assert f"NHS {whole} ICB" in plots.alternative_text(ax)
