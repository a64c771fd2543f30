"""The charts of a pack: as SVG within the page, small and with letters that are text, and as files."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from html import unescape
from typing import TYPE_CHECKING, Any

import pandas as pd

from cmhs_metrics.packs.profiles import ALL, row_name
from cmhs_metrics.packs.wording import POPULATIONS
from cmhs_metrics.plots.colours import INK
from cmhs_metrics.presentation import SUPPRESSED

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes

    from cmhs_metrics.packs.figures import Figures
    from cmhs_metrics.packs.funnels import PlaceFunnel
    from cmhs_metrics.packs.processes import Process
    from cmhs_metrics.packs.profiles import Profile
    from cmhs_metrics.packs.sections import Entry
    from cmhs_metrics.packs.team_types import ByType

NARROW, MIDDLE, WIDE, LOW = 5.6, 7.0, 11.4, 2.7
"""Widths of charts beside sentences and of those across the page, and the least height [inch]."""

SHOWN = (
    "metric", "label", "unit", "basis", "place", "status", "value", "lower", "upper", "rank", "places", "average",
    "average_kind", "peer_average", "focus", "peer",
)  # fmt: skip
"""What a chart is given."""

MOST_BESIDE, MOST_DOTS = 20, 160
"""Of more places a chart goes across the page in two halves; of more again in one."""

MOST_PARTS = 12
"""Of more parts a profile has no chart: its colours would be too many to tell apart."""

MOST_PANELS = 12
"""Of more types of team the panels would be too small."""

MOST_LINES = 6
"""Of more focus places and peers a trend chart is a tangle, and shows the focus places alone."""

_LETTERS = re.compile(r'<text style="([^"]*)"([^>]*)>([^<]*)</text>')
_FONT = re.compile(r"font: (?:(italic|oblique) )?(?:(\d+) )?([\d.]+px) ")
_NUMBERED = re.compile(r"-(?:text|line2d|patch|[xy]tick|axes|matplotlib\.axis|\w+Collection)_\d+$")
_NAME = re.compile(r' id="([^"]*)"')
_BOX = re.compile(r'viewBox="0 0 ([\d.]+) ([\d.]+)"')
_NUMBER = re.compile(r"-?\d+\.\d{3,}")


@dataclass(frozen=True)
class Chart:
    """A chart of the page.

    Parameters
    ----------
    name : str
        What its ids and files are called.
    label : str
        What it is.
    sentence : str
        What is said of it first: the alternative text of its files.
    draw : callable
        Draws it, on axes or as a slide of its own.
    width : float, default 5.6
        Its width in the page [inch].
    halves : bool, default False
        Whether a narrow screen shows its right half below its left one.
    height : float, default 2.7
        Its least height in the page [inch].
    """

    name: str
    label: str
    sentence: str
    draw: Callable[..., Axes]
    width: float = NARROW
    halves: bool = False
    height: float = LOW

    @property
    def wide(self) -> bool:
        """Whether it goes across the page."""
        return self.width == WIDE


class Charts:
    """The charts of one pack, and what those of its page share.

    Parameters
    ----------
    comparison : Figures
        The figures of the pack.
    source : str or None
        The source of the data, for the captions.
    """

    def __init__(self, comparison: Figures, source: str | None) -> None:
        self.comparison = comparison
        self.source = source
        self.names = {place: comparison.short_name(place) for place in comparison.measures.index}

    def ranked(self, entry: Entry) -> Chart:
        """Every place, the focus places marked."""
        # Only the average of which the sentences speak.
        kind = self.comparison.average
        rows = entry.writer.rows[[name for name in SHOWN if name in entry.writer.rows]]
        rows.attrs = {"confidence": self.comparison.confidence}

        def draw(**where: Any) -> Any:
            from cmhs_metrics import plots

            return plots.ranked_bars(
                rows, names=self.names, source=self.source, mean=kind == "mean of places",
                median=kind == "median of places", **where,
            )  # fmt: skip

        said = entry.findings[0].sentence if entry.findings else ""
        many = len(rows) > MOST_BESIDE
        halves, label = MOST_DOTS >= len(rows) > MOST_BESIDE, f"Chart, {entry.writer.metric.label}"
        return Chart(f"chart-{entry.name}", label, said, draw, WIDE if many else NARROW, halves)

    def trend(self, entry: Entry) -> Chart | None:
        """The focus places, and the average, over the periods."""
        shown = list(self.comparison.focus)
        if len(shown) + len(self.comparison.peers) <= MOST_LINES:
            shown += self.comparison.peers
        every = history_of(entry, self.comparison)
        rows = every[every["place"].isin(shown)]
        if not self.comparison.focus or not rows["value"].notna().any() or not entry.writer.moves():
            return None
        periods = self.comparison.periods
        values = rows.pivot(index="period", columns="place", values="value").reindex(index=periods, columns=shown)
        hidden = rows.assign(hidden=rows["status"] == SUPPRESSED).pivot(
            index="period", columns="place", values="hidden"
        )
        hidden = hidden.reindex(index=periods, columns=shown).astype("boolean").fillna(False).astype(bool)
        label = {"pooled": "all places, pooled"}.get(self.comparison.average, self.comparison.average)
        values[label], hidden[label] = every.groupby("period")["average"].first().reindex(periods), False
        title = f"{entry.writer.metric.label} over time"

        # All lines are named where they are few.
        focus = list(self.comparison.focus) if values.shape[1] > MOST_LINES else []

        def draw(**where: Any) -> Any:
            from cmhs_metrics import plots

            return plots.trend_chart(
                values, metric=entry.writer.metric.name, basis=entry.writer.basis, focus=focus,
                suppressed=hidden, names=self.names, source=self.source, title=title, **where,
            )  # fmt: skip

        told = [each.sentence for each in entry.further if each.kind == "trend"]
        return Chart(
            f"trend-{entry.name}", f"Chart of the trend, {entry.writer.metric.label}", " ".join(told[:1]), draw
        )

    def process(self, entry: Entry, held: Process) -> Chart:
        """The run chart of the place, with its icons."""
        metric, name = entry.writer.metric, self.names[self.comparison.focus[0]]

        def draw(**where: Any) -> Any:
            from cmhs_metrics import plots

            return plots.xmr_chart(
                held.chart, "value", metric=metric.name, basis=entry.writer.basis, suppressed=list(held.suppressed),
                source=self.source, title=f"{metric.label}, {name}: XmR chart", **where,
            )  # fmt: skip

        return Chart(
            f"trend-{entry.name}", f"Run chart, {metric.label}", f"{metric.label}: {held.reason}.", draw, height=3.7
        )

    def tiles(self, entry: Entry) -> Chart | None:
        """The integrated care boards as a map of tiles; None where the places are others."""
        from cmhs_metrics import plots

        rows = entry.writer.rows[[name for name in SHOWN if name in entry.writer.rows]]
        if self.comparison.by != "icb" or not any(
            set(rows["place"]) <= set(plots.icb_tiles(day)["place"]) for day in ("2022-07", "2026-04")
        ):
            return None

        def draw(**where: Any) -> Any:
            title = f"{entry.writer.metric.label}: map of ICBs"
            return plots.tile_map(rows, names=self.names or None, source=self.source, title=title, **where)

        said = " ".join(each.sentence for each in entry.further if each.kind == "spread")
        return Chart(f"map-{entry.name}", f"Map, {entry.writer.metric.label}", said, draw, WIDE, height=8.0)

    def funnel(self, entry: Entry, held: PlaceFunnel, sentence: str) -> Chart:
        """The places against the limits of chance."""
        hidden = list(entry.writer.rows.loc[entry.writer.rows["status"] == SUPPRESSED, "place"])

        def draw(**where: Any) -> Any:
            from cmhs_metrics import plots

            return plots.funnel_chart(
                held.funnel, list(held.places), metric=entry.writer.metric.name, basis=entry.writer.basis,
                focus=[each for each in self.comparison.focus if each in held.places], names=self.names,
                suppressed=hidden, denominator=held.denominator, source=self.source, **where,
            )  # fmt: skip

        return Chart(f"funnel-{entry.name}", f"Funnel, {entry.writer.metric.label}", sentence, draw, height=3.7)

    def profile(self, profile: Profile, sentence: str) -> Chart | None:
        """What a measure is made of, a bar for each focus place and one for all; None where the parts are too many."""
        if profile.values.shape[1] > MOST_PARTS or not profile.known:
            return None
        table = profile.values.where(profile.shares.notna())
        names = {row: row_name(str(row), self.comparison) for row in table.index}
        names[ALL] = names[ALL][0].upper() + names[ALL][1:]
        hidden = pd.DataFrame(dict.fromkeys(table, profile.status == SUPPRESSED))

        def draw(**where: Any) -> Any:
            from cmhs_metrics import plots

            return plots.stacked_profile(
                table, metric=profile.metric, focus=list(self.comparison.focus), suppressed=hidden, names=names,
                source=self.source, title=profile.title, **where,
            )  # fmt: skip

        return Chart(profile.key, f"Chart, {profile.title}", sentence, draw, MIDDLE, height=2.0)

    def by_team_type(self, of: ByType, sentence: str) -> Chart | None:
        """Where the place stands in each type of team; of several places, or none, every place as a bar."""
        rows = of.rows.assign(metric=of.rows["team_type"], label=of.rows["team_type"])
        shown = rows[[name for name in SHOWN if name in rows]].assign(team_type=rows["team_type"])
        place = self.comparison.focus[0] if len(self.comparison.focus) == 1 else None
        own = set(rows.loc[rows["place"] == place, "team_type"])
        if not 0 < len(of.writers if place is None else own) <= MOST_PANELS:
            return None
        if place is None:
            shown = shown.assign(metric=of.metric, label=of.title)
        else:
            shown = shown[shown["team_type"].isin(own)]
            if of.basis is not None:
                # Short enough to stand below each type of team.
                shown = shown.assign(unit=f"per 100,000 {POPULATIONS[of.basis]}", basis=None)

        def draw(**where: Any) -> Any:
            from cmhs_metrics import plots

            if place is None:
                return plots.small_multiples(shown, names=self.names, source=self.source, title=of.title, **where)
            title = f"{of.title}: {self.names[place]} beside all others"
            return plots.dot_and_range(shown, place, names=self.names, source=self.source, title=title, **where)

        high = 1.6 + 0.47 * len(own) if place is not None else 5.2 if len(of.writers) <= 4 else 8.8
        return Chart(of.key, f"Chart, {of.title}", sentence, draw, WIDE if place is None else MIDDLE, height=high)

    def inline(self, chart: Chart) -> str:
        """A chart as an element of the page, or as its two halves."""
        from cmhs_metrics import plots

        drawn = chart.draw(ax=_axes(chart.width, chart.height))
        element = self._inline(plots.to_svg(drawn, chart.name), chart.name)
        found = _BOX.search(element) if chart.halves else None
        if found is None:
            return element
        half, high = float(found[1]) / 2, float(found[2])
        left = element.replace(found[0], f'viewBox="0 0 {half:g} {high:g}"', 1)
        # The right half has no key: it begins where its places do, and ends where the left one does.
        tops = [panel.get_window_extent().y1 for panel in drawn.child_axes]
        top = max(0, round(high - max(tops, default=high) * 72 / drawn.figure.dpi - 6))
        right = f'<svg viewBox="{half:g} {top} {half:g} {high - top:g}" aria-hidden="true" focusable="false">'
        return f'{left}{right}<use href="#{chart.name}-figure_1"/></svg>'

    @staticmethod
    def _inline(svg: str, name: str) -> str:
        from cmhs_metrics.plots.text import SIZE

        words, _, drawing = svg.partition("</desc>")
        drawing = _LETTERS.sub(_letters, drawing)
        # A mark that many letters share names none of them, and a page has each name once.
        often = {each for each, count in Counter(_NAME.findall(drawing)).items() if count > 1}
        drawing = _NAME.sub(lambda found: "" if found[1] in often or _NUMBERED.search(found[1]) else found[0], drawing)
        drawing = _NUMBER.sub(lambda found: f"{float(found[0]):.2f}".rstrip("0").rstrip("."), drawing)
        drawing = re.sub(r"<defs>\s*</defs>|<!--.*?-->", "", re.sub(r"\s+", " ", drawing)).replace("> <", "><")
        words = re.sub(r' (width|height)="[^"]*"', "", words, count=2)
        # Upon the drawing itself, so that a half which uses it has the font too.
        font = f' font-family="DejaVu Sans, Verdana, sans-serif" font-size="{SIZE:g}" fill="{INK}">'
        drawing = drawing.replace(f'id="{name}-figure_1">', f'id="{name}-figure_1"{font}', 1)
        return f"{words}</desc>{drawing.strip()}"


def _letters(found: re.Match[str]) -> str:
    """A line of text, drawn as long as it was measured, whatever font the reader has."""
    from cmhs_metrics.plots.text import SIZE, width

    # matplotlib before 3.9 writes style, weight, size and family in one.
    told = _FONT.sub(r"font-style: \1; font-weight: \2; font-size: \3; font-family: ", found[1])
    held = dict(each.split(": ", 1) for each in told.split("; "))
    size, line = float(held.pop("font-size").removesuffix("px")), unescape(found[3])
    long = width(line, size, bold=held.get("font-weight") == "700") / 1.02
    kept = [
        f"{key}: {value}" for key, value in held.items() if value not in ("", "start", INK) and key != "font-family"
    ]
    kept += [] if size == SIZE else [f"font-size: {size:g}px"]
    style = f' style="{"; ".join(kept)}"' if kept else ""
    place = re.sub(r' transform="rotate\(-0 [^"]*"', "", found[2])
    return f'<text{style} textLength="{long:.1f}" lengthAdjust="spacingAndGlyphs"{place}>{found[3]}</text>'


def _axes(wide: float, height: float) -> Axes:
    """Axes of a figure in the page, so that letters are legible there [inch]."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    from cmhs_metrics import plots

    figure = plots.Picture(figsize=(wide, height), facecolor="white")
    figure.in_page = True
    FigureCanvasAgg(figure)
    return figure.add_axes((0.01, 0.01, 0.98, 0.98))


def history_of(entry: Entry, comparison: Figures) -> pd.DataFrame:
    """The figures of a metric on the population of its chart, in every period."""
    return entry.writer.of_metric(comparison.history)
