"""The charts of a pack as SVG within the page: small, and sharing the shapes of their letters."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

import pandas as pd

from cmhs_metrics.packs.profiles import ALL, row_name
from cmhs_metrics.packs.wording import POPULATIONS
from cmhs_metrics.presentation import SUPPRESSED

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cmhs_metrics.packs.figures import Figures
    from cmhs_metrics.packs.funnels import PlaceFunnel
    from cmhs_metrics.packs.profiles import Profile
    from cmhs_metrics.packs.sections import Entry
    from cmhs_metrics.packs.team_types import ByType

SIZE = (9.5, 6.4)
"""Width and height of a chart [inch]."""

SHOWN = (
    "metric", "label", "unit", "basis", "place", "status", "value", "lower", "upper", "rank", "places", "average",
    "average_kind", "peer_average", "focus", "peer",
)  # fmt: skip
"""What a chart is given."""

MOST_PARTS = 12
"""Of more parts a profile has no chart: its colours would be too many to tell apart."""

MOST_PANELS = 12
"""Of more types of team the panels would be too small."""

MOST_LINES = 6
"""Of more focus places and peers a trend chart is a tangle, and shows the focus places alone."""

_GLYPH = re.compile(r'<path id="[^"]*?-(DejaVuSans[^"]*)"(?: d="([^"]*)")? transform="([^"]*)"/>')
_NAME = re.compile(r' id="([^"]*)"')
_NUMBER = re.compile(r"-?\d+\.\d{3,}")


class Charts:
    """Draws the charts of one page and keeps what they share.

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
        self.glyphs: dict[str, str] = {}

    def ranked(self, entry: Entry) -> str:
        """Every place as a bar, the focus places marked."""
        from cmhs_metrics import plots

        # Only the average of which the sentences speak.
        kind = self.comparison.average
        ax = plots.ranked_bars(
            entry.writer.rows[[name for name in SHOWN if name in entry.writer.rows]], names=self.names,
            source=self.source, ax=_axes(), mean=kind == "mean of places", median=kind == "median of places",
        )  # fmt: skip
        return self._inline(plots.to_svg(ax, f"chart-{entry.name}"), f"chart-{entry.name}")

    def trend(self, entry: Entry) -> str | None:
        """The focus places, and the average, over the periods."""
        from cmhs_metrics import plots

        shown = list(self.comparison.focus)
        if len(shown) + len(self.comparison.peers) <= MOST_LINES:
            shown += self.comparison.peers
        rows = history_of(entry, self.comparison)
        rows = rows[rows["place"].isin(shown)]
        if not self.comparison.focus or not rows["value"].notna().any() or not entry.writer.moves():
            return None
        periods = self.comparison.periods
        values = rows.pivot(index="period", columns="place", values="value").reindex(index=periods, columns=shown)
        hidden = rows.assign(hidden=rows["status"] == SUPPRESSED).pivot(
            index="period", columns="place", values="hidden"
        )
        hidden = hidden.reindex(index=periods, columns=shown).astype("boolean").fillna(False).astype(bool)
        average = history_of(entry, self.comparison).groupby("period")["average"].first().reindex(periods)
        label = {"pooled": "all together"}.get(self.comparison.average, self.comparison.average)
        values[label], hidden[label] = average, False
        ax = plots.trend_chart(
            values, metric=entry.writer.metric.name, basis=entry.writer.basis, focus=list(self.comparison.focus),
            suppressed=hidden, names=self.names, source=self.source, title=f"{entry.writer.metric.label} over time",
            ax=_axes(),
        )  # fmt: skip
        return self._inline(plots.to_svg(ax, f"trend-{entry.name}"), f"trend-{entry.name}")

    def tiles(self, entry: Entry) -> str | None:
        """The integrated care boards as a map of tiles; None where the places are others."""
        from cmhs_metrics import plots

        if self.comparison.by != "icb" or not set(entry.writer.rows["place"]) <= set(plots.icb_tiles()["place"]):
            return None
        ax = plots.tile_map(
            entry.writer.rows[[name for name in SHOWN if name in entry.writer.rows]], names=self.names or None,
            source=self.source, title=f"{entry.writer.metric.label}: map of ICBs", ax=_axes(8.2),
        )  # fmt: skip
        return self._inline(plots.to_svg(ax, f"map-{entry.name}"), f"map-{entry.name}")

    def funnel(self, entry: Entry, held: PlaceFunnel) -> str:
        """The places against the limits of chance."""
        from cmhs_metrics import plots

        hidden = entry.writer.rows.loc[entry.writer.rows["status"] == SUPPRESSED, "place"]
        ax = plots.funnel_chart(
            held.funnel, list(held.places), metric=entry.writer.metric.name, basis=entry.writer.basis,
            focus=[each for each in self.comparison.focus if each in held.places], names=self.names,
            suppressed=list(hidden), denominator=held.denominator, source=self.source, ax=_axes(),
        )  # fmt: skip
        return self._inline(plots.to_svg(ax, f"funnel-{entry.name}"), f"funnel-{entry.name}")

    def profile(self, profile: Profile) -> str | None:
        """What a measure is made of, a bar for each focus place and one for all; None where the parts are too many."""
        from cmhs_metrics import plots

        if profile.values.shape[1] > MOST_PARTS or not profile.known:
            return None
        table = profile.values.where(profile.shares.notna())
        names = {row: row_name(str(row), self.comparison) for row in table.index}
        names[ALL] = names[ALL][0].upper() + names[ALL][1:]
        hidden = pd.DataFrame(dict.fromkeys(table, profile.status == SUPPRESSED))
        ax = plots.stacked_profile(
            table, metric=profile.metric, focus=list(self.comparison.focus), suppressed=hidden, names=names,
            source=self.source, title=profile.title, ax=_axes(2.4 + 0.5 * len(table) + 0.12 * table.shape[1]),
        )  # fmt: skip
        return self._inline(plots.to_svg(ax, profile.key), profile.key)

    def by_team_type(self, of: ByType) -> str | None:
        """Where the place stands in each type of team; of several places, or none, every place as a bar."""
        from cmhs_metrics import plots

        rows = of.rows.assign(metric=of.rows["team_type"], label=of.rows["team_type"])
        shown = rows[[name for name in SHOWN if name in rows]].assign(team_type=rows["team_type"])
        if len(self.comparison.focus) == 1:
            place = self.comparison.focus[0]
            own = set(rows.loc[rows["place"] == place, "team_type"])
            shown = shown[shown["team_type"].isin(own)]
            if not 0 < len(own) <= MOST_PANELS:
                return None
            if of.basis is not None:
                # Short enough to stand below each type of team.
                shown = shown.assign(unit=f"per 100,000 {POPULATIONS[of.basis]}", basis=None)
            ax = plots.dot_and_range(
                shown, place, names=self.names,
                source=self.source, title=f"{of.title}: {self.names[place]} beside all others",
                ax=_axes(2.2 + 0.62 * len(own)),
            )  # fmt: skip
        elif len(of.writers) > MOST_PANELS:
            return None
        else:
            ax = plots.small_multiples(
                shown.assign(metric=of.metric, label=of.title), names=self.names, source=self.source, title=of.title,
                ax=_axes(5.2 if len(of.writers) <= 4 else 8.8),
            )  # fmt: skip
        return self._inline(plots.to_svg(ax, of.key), of.key)

    def shared(self) -> str:
        """The shapes of the letters, to stand once in the page before the charts."""
        shapes = "".join(f'<path id="glyph-{name}" {shape}/>' for name, shape in sorted(self.glyphs.items()))
        return (
            f'<svg class="shared" width="0" height="0" aria-hidden="true" focusable="false"><defs>{shapes}</defs></svg>'
        )

    def _inline(self, svg: str, name: str) -> str:
        words, _, drawing = svg.partition("</desc>")

        def kept(found: re.Match[str]) -> str:
            # A space has no outline.
            outline = " ".join((found[2] or "").split())
            self.glyphs[found[1]] = f'd="{outline}" transform="{found[3]}"'
            return ""

        drawing = _GLYPH.sub(kept, drawing).replace(f'href="#{name}-DejaVuSans', 'href="#glyph-DejaVuSans')
        # A mark that many letters share names none of them, and a page has each name once.
        often = {each for each, count in Counter(_NAME.findall(drawing)).items() if count > 1}
        drawing = _NAME.sub(lambda found: "" if found[1] in often else found[0], drawing)
        drawing = _NUMBER.sub(lambda found: f"{float(found[0]):.2f}".rstrip("0").rstrip("."), drawing)
        drawing = re.sub(r"<defs>\s*</defs>|<!--.*?-->", "", re.sub(r"\s+", " ", drawing)).replace("> <", "><")
        words = re.sub(r' (width|height)="[^"]*"', "", words, count=2)
        return f"{words}</desc>{drawing.strip()}"


def _axes(height: float = SIZE[1]) -> Axes:
    """Axes of the width of a page, so that letters are legible there, and of a height [inch]."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    from cmhs_metrics import plots

    figure = plots.Picture(figsize=(SIZE[0], height), facecolor="white")
    FigureCanvasAgg(figure)
    return figure.add_axes((0.02, 0.02, 0.96, 0.96))


def history_of(entry: Entry, comparison: Figures) -> pd.DataFrame:
    """The figures of a metric on the population of its chart, in every period."""
    return entry.writer.of_metric(comparison.history)
