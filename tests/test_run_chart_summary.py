"""The summary of run charts, and its icons."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import polars as pl
import pytest

import cmhs_metrics as cm
from cmhs_metrics.run_charts import RunChartSummary, run_chart, run_chart_summary
from cmhs_metrics.run_charts.icons import ASSURANCE, VARIATION, Icon, Shape
from tests.support.refusals import raised, refused

LEVEL = [5.0, 6, 5, 6, 5, 6, 5, 6, 5, 6, 5, 6, 5]
"""Mean 5.46 and moving ranges of 1: limits of 2.80 and 8.12."""

TURNED = {"high": "low", "above": "below", "upper": "lower", "rising": "falling"}
TURNED |= {there: here for here, there in TURNED.items()}


def over(text: str) -> str:
    """The words for what is turned upside down."""
    return " ".join(TURNED.get(word, word) for word in text.split())


def table(values: list[float | None], start: str = "2022-04") -> pd.DataFrame:
    periods = [str(each) for each in pd.period_range(start, periods=len(values), freq="M")]
    return pd.DataFrame({"period": periods, "value": pd.Series(values, dtype=float)})


def summary(values: list[float | None], **options) -> dict:
    (row,) = run_chart_summary(run_chart(table(values), "value", baseline=13, **options)).to_dict("records")
    return row


class TestVariation:
    @pytest.mark.parametrize(
        ("last", "improvement", "variation", "reason"),
        [
            ([5.0], "low", "common cause", "it is within the limits, and in no run or trend"),
            ([9.0], "low", "concern high", "it is above the upper limit"),
            ([9.0], "high", "improvement high", "it is above the upper limit"),
            ([2.0], "low", "improvement low", "it is below the lower limit"),
            ([2.0], "high", "concern low", "it is below the lower limit"),
            ([9.0], None, "high", "it is above the upper limit"),
            ([2.0], None, "low", "it is below the lower limit"),
            ([5.0, 6, 6.1, 6, 6.1, 6, 6.1, 6], "low", "concern high", "it is in a run of points above the centre"),
            (
                [4.0, 3.5, 5, 5.1, 5.2, 5.3, 5.4, 5.5, 5.6],
                "high",
                "improvement high",
                "it is in a trend of rising points",
            ),
            ([6.0, 7.5, 7.6], "low", "concern high", "it is one of two in three points near the upper limit"),
        ],
    )
    def test_it_speaks_of_the_latest_point(self, last, improvement, variation, reason) -> None:
        said = summary([*LEVEL, *last], improvement=improvement)
        assert (said["variation"], said["variation_reason"]) == (variation, reason)
        assert said["latest"] == last[-1]
        # Turned over, high is low.
        turned = summary([-each for each in (*LEVEL, *last)], improvement=over(improvement) if improvement else None)
        assert (turned["variation"], turned["variation_reason"]) == (over(variation), over(reason))
        # What is special before the latest point is not what the icon shows.
        back = summary([*LEVEL, *last, 5.0, 6.0, 5.0], improvement=improvement)
        assert (back["variation"], back["latest"]) == ("common cause", 5.0)

    def test_of_rules_that_disagree_the_improvement_with_its_own_side_and_reason(self) -> None:
        # Above the upper limit still, and the end of seven falling points; and all of it turned over.
        above = [*LEVEL, 30, 27, 24, 21, 18, 15, 12]
        for values, beyond, trend, side, end in (
            (above, "above the upper limit", "falling", "high", "low"),
            ([-each for each in above], "below the lower limit", "rising", "low", "high"),
        ):
            said = summary(values, improvement=end)
            assert said["variation"] == f"improvement {end}"
            assert said["variation_reason"] == f"it is in a trend of {trend} points"
            # Without a direction of good it is the first rule that is shown.
            for improvement, variation in ((side, f"improvement {side}"), (None, side)):
                said = summary(values, improvement=improvement)
                assert said["variation"] == variation
                assert said["variation_reason"].startswith(f"it is {beyond} and it is in a run")

    def test_the_latest_known_point(self) -> None:
        said = summary([*LEVEL, 9.0, None, None], improvement="low")
        assert (said["period_of_latest"], said["latest"], said["variation"]) == ("2023-05", 9.0, "concern high")

    def test_trial_limits_and_none_are_told(self) -> None:
        said = summary([5.0, 6, 5, 6], improvement="low", target=20)
        assert said["variation_reason"].endswith("; trial limits, on 4 points")
        assert (said["trial"], said["assurance"]) == (True, None)
        assert said["assurance_reason"] == "no verdict: trial limits, on 4 points; the latest point meets it"
        said = summary([5.0, None, 5])
        assert said["variation"] is None
        assert said["variation_reason"].startswith("no limits: 2 points")
        assert summary([None, None])["variation_reason"] == "no point is known"


class TestAssurance:
    @pytest.mark.parametrize(
        ("target", "improvement", "assurance", "reason"),
        [
            (9, "low", "pass", "the limits lie wholly on the good side of the target; the latest point meets it"),
            (
                9,
                "high",
                "fail",
                "the limits lie wholly on the wrong side of the target; the latest point does not meet it",
            ),
            (5.5, "low", "hit or miss", "the target lies within the limits; the latest point meets it"),
            (5.5, "high", "hit or miss", "the target lies within the limits; the latest point does not meet it"),
            (None, "high", None, "no target"),
            (9, None, None, "no direction of good"),
        ],
    )
    def test_in_words(self, target, improvement, assurance, reason) -> None:
        said = summary(LEVEL, target=target, improvement=improvement)
        assert (said["assurance"], said["assurance_reason"]) == (assurance, reason)


class TestRows:
    def chart(self) -> pd.DataFrame:
        parts = [
            table(LEVEL).assign(measure=measure, icb=icb, value=np.array(LEVEL) * factor)
            for measure, icb, factor in (("waits", "QUE", 1), ("waits", "QH8", 2), ("cost", "QUE", 10))
        ]
        return run_chart(pd.concat(parts, ignore_index=True), "value", by=["measure", "icb"], improvement="low")

    def test_one_for_each_indicator_and_place(self) -> None:
        found = run_chart_summary(self.chart(), by=["measure", "icb"])
        assert isinstance(found, RunChartSummary)
        assert found[["measure", "icb"]].to_numpy().tolist() == [["waits", "QUE"], ["waits", "QH8"], ["cost", "QUE"]]
        assert found["latest"].tolist() == [5, 10, 50]
        assert found["centre"].tolist() == pytest.approx([71 / 13, 142 / 13, 710 / 13])
        # Moving ranges are all 1, 2 and 10.
        assert found["upper"].tolist() == pytest.approx([factor * (71 / 13 + 3 / 1.128) for factor in (1, 2, 10)])

    def test_the_order_of_the_rows_does_not_matter(self) -> None:
        chart = self.chart()
        shuffled = chart.sample(frac=1, random_state=3)
        found = pd.DataFrame(run_chart_summary(shuffled, by=["measure", "icb"])).sort_values(["measure", "icb"])
        expected = pd.DataFrame(run_chart_summary(chart, by=["measure", "icb"])).sort_values(["measure", "icb"])
        pd.testing.assert_frame_equal(found.reset_index(drop=True), expected.reset_index(drop=True))

    def test_the_kind_of_table_that_came_in(self) -> None:
        chart = self.chart()
        found = run_chart_summary(pl.from_pandas(chart), by=["measure", "icb"])
        assert isinstance(found, pl.DataFrame)
        expected = run_chart_summary(chart, by=["measure", "icb"])
        assert found["variation"].to_list() == expected["variation"].tolist()
        with raised(TypeError, "collect", "LazyFrame"):
            run_chart_summary(pl.from_pandas(chart).lazy(), by=["measure", "icb"])

    def test_a_forgotten_column_of_groups_is_refused(self) -> None:
        with refused("period", "2022-04", row="measure=waits", expected="once", names="by"):
            run_chart_summary(self.chart(), by="measure")
        with refused("centre", expected="a column"):
            run_chart_summary(self.chart().drop(columns="centre"), by=["measure", "icb"])

    def test_a_notebook_shows_icons_with_their_words(self) -> None:
        html = run_chart_summary(self.chart(), by=["measure", "icb"])._repr_html_()
        assert html.count("<svg") == 6
        assert "common cause" in html
        assert '<th scope="row" style="text-align:left">QH8</th>' in html
        # A selection of columns is an ordinary table.
        assert "<svg" not in run_chart_summary(self.chart(), by=["measure", "icb"])[["latest"]]._repr_html_()

    def test_names_are_text_and_no_markup(self) -> None:
        chart = run_chart(table(LEVEL).assign(icb="<b>A&B"), "value", by="icb")
        assert "&lt;b&gt;A&amp;B" in run_chart_summary(chart, by="icb")._repr_html_()


class TestIcons:
    def everyone(self) -> list[Icon]:
        return [icon for icons in (VARIATION, ASSURANCE) for name, icon in icons.items() if name is not None]

    def test_by_name(self) -> None:
        for name, icon in VARIATION.items():
            assert cm.plots.variation_icon(name) is icon
        for name, icon in ASSURANCE.items():
            assert cm.plots.assurance_icon(name) is icon
        assert cm.plots.variation_icon(float("nan")) is VARIATION[None]
        with refused("variation", "worse", names="common cause"):
            cm.plots.variation_icon("worse")

    def test_the_svg_is_whole_and_says_what_it_shows(self) -> None:
        for icon in self.everyone():
            root = ElementTree.fromstring(icon.svg(30))
            assert root.get("role") == "img"
            assert root.get("aria-label") == icon.words == root[0].text
            assert root.get("width") == "30"
            # Without ids, so that it may stand twice in a page.
            assert " id=" not in icon.svg()

    def test_each_differs_from_every_other_without_colour(self) -> None:
        colours = re.compile(r"#[0-9a-f]{6}")
        drawn = [
            colours.sub("black", re.sub(r'aria-label="[^"]*"|<title>.*?</title>', "", each.svg()))
            for each in self.everyone()
        ]
        assert len(set(drawn)) == len(drawn)

    def test_better_and_worse_differ_in_their_outline(self) -> None:
        frames = {name: VARIATION[name].shapes[0] for name in VARIATION if name}
        kinds = {name: (frame.kind, len(frame.points)) for name, frame in frames.items()}
        assert kinds["improvement high"] != kinds["concern high"]
        assert frames["concern high"].points != frames["high"].points
        assert frames["common cause"].colour != frames["improvement high"].colour == frames["improvement low"].colour

    def test_they_are_drawn_evenly_within_their_square(self) -> None:
        def turned(shape: Shape, down: bool = False) -> set[tuple[float, float]]:
            return {(x, 100 - y) if down else (100 - x, y) for x, y in shape.points}

        icons = [icon for held in (VARIATION, ASSURANCE) for icon in held.values()]
        shapes = {shape for icon in icons for shape in icon.shapes}
        # The lines that go up and down by chance, and the tick.
        lopsided = {shape for shape in shapes if shape.kind == "line" and len(shape.points) > 2}
        assert len(lopsided) == 3
        for icon in icons:
            even = [shape for shape in icon.shapes if shape not in lopsided]
            assert {frozenset(turned(shape)) for shape in even} == {frozenset(shape.points) for shape in even}
            across = 8 if icon.shapes[0].edge else 0  # the width of an edge
            for shape in icon.shapes:
                room = (
                    shape.width + across / 2 if shape.kind == "disc" else shape.width / 2 if shape.kind == "line" else 0
                )
                assert all(room <= each <= 100 - room for point in shape.points for each in point)
                assert shape.kind == "area" or shape.width > 0
        for frame in (
            VARIATION[each].shapes[0] for each in ("improvement high", "concern high", "high", "common cause")
        ):
            assert turned(frame, down=True) == set(frame.points)
        up, down = (VARIATION[each].shapes[1] for each in ("high", "low"))
        assert turned(up, down=True) == set(down.points)
        assert min(up.points, key=lambda point: point[1])[0] == 50, "it points up"

    def test_they_stand_in_the_picture(self) -> None:
        chart = run_chart(table([*LEVEL, 9.0]), "value", improvement="low", target=9, baseline=13)
        ax = cm.plots.xmr_chart(chart, "value")
        words = {each.get_gid() for each in ax.artists}
        assert words == {"special cause: concern, high", "the target is passed"}
        text = cm.plots.alternative_text(ax)
        assert "Icons of the latest point: special cause: concern, high; the target is passed." in text
