"""A drawn picture as a chart of Altair: what stands on the axes on the same scales, with words where one points."""

from __future__ import annotations

import base64
from collections import defaultdict
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.colors import to_hex
from matplotlib.lines import Line2D
from matplotlib.markers import MarkerStyle
from matplotlib.offsetbox import AnnotationBbox
from matplotlib.patches import Rectangle
from matplotlib.text import Annotation, Text
from matplotlib.transforms import Bbox

from cmhs_metrics.errors import not_installed
from cmhs_metrics.plots.colours import INK

if TYPE_CHECKING:
    from collections.abc import Iterable

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

FONT = "DejaVu Sans, Verdana, sans-serif"
_DASHES = {"--": [7, 4], ":": [2, 3], "-.": [7, 3, 2, 3]}
_OURS = frozenset({"x", "y", "x2", "y2", "fill", "stroke", "at", "run", "text"})
"""Columns of a mark that are no words of a tooltip."""


def altair_chart(ax: Axes) -> Any:
    """A picture of our own figure as a chart of Altair; see `specification`.

    Raises
    ------
    ImportError
        When Altair is not installed.
    """
    try:
        import altair
    except ImportError as error:
        raise not_installed("an interactive picture is made", "altair", "interactive") from error
    made = specification(ax)
    held = made.pop("datasets")
    chart = altair.LayerChart.from_dict(made)
    # Rows as they are: Altair would look at each for a schema.
    chart.datasets = held
    return chart


def specification(ax: Axes) -> dict[str, Any]:
    """What a picture is as a chart of Vega-Lite.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        What a picture gave. Its artists are all that the chart is made of: what was not drawn is not in it.

    Returns
    -------
    dict
        Bars, lines, points and tiles on the scales of their axes, with the words that `tell` kept as tooltips; letters,
        ticks and key in points of the figure, as they stand there; the alternative text as its description.
    """
    figure: Any = ax.figure
    figure.draw_without_rendering()
    page = _Space(figure)
    layers: list[Any] = []
    for axes in (ax, *ax.child_axes):
        layers += _rules(page, _furniture(axes))
        space = _Space(figure, axes)
        for artist in axes.get_children():
            if artist.get_visible():
                layers += _marks(artist, space, axes, page)
        layers += _rectangles(space, [each for each in axes.patches if isinstance(each, Rectangle)], axes)
        if (legend := axes.get_legend()) is not None:
            for handle in legend.legend_handles:
                layers += _marks(handle, page, axes, page)
                layers += _rectangles(page, [handle], axes) if isinstance(handle, Rectangle) else []
    layers.sort(key=lambda layer: layer[0])
    encoded = [_encoded(*layer[1:]) for layer in [*layers, *_letters(ax, page)]]
    return {
        "layer": [{"data": {"name": f"marks-{at}"}, **layer} for at, (layer, _) in enumerate(encoded)],
        "datasets": {f"marks-{at}": rows for at, (_, rows) in enumerate(encoded)},
        "resolve": {"scale": {"x": "independent", "y": "independent"}},
        "width": page.wide,
        "height": page.high,
        "description": str(ax.get_label()),
        "config": {"view": {"stroke": None}, "font": FONT, "background": to_hex(figure.get_facecolor()), "padding": 0},
    }


def add_tooltips(artist: Any, rows: Iterable[dict[str, str]]) -> None:
    """Keep what is said of each bar, tile or point, for whoever points at it in an interactive picture.

    Parameters
    ----------
    artist : matplotlib artist or sequence of them
        Points or a line; or bars and tiles, one by one.
    rows : iterable of dict of str to str
        The words of each, by their heading.
    """
    held = list(rows)
    if isinstance(artist, Line2D | PathCollection):
        artist.told = held  # type: ignore[union-attr]
    else:
        for each, row in zip(artist, held, strict=True):
            each.told = row


class _Space:
    """The scales of axes within the figure; or, without axes, the figure itself in points from its top left."""

    def __init__(self, figure: Any, axes: Any = None) -> None:
        self.wide, self.high = (round(float(each) * 72, 2) for each in figure.get_size_inches())
        self.axes, self.unit = axes, 72 / figure.dpi
        self.scales: tuple[Any, ...] = (None, None)
        if axes is not None:
            box = axes.get_window_extent()
            ends = self.of_display([[box.x0, box.y0], [box.x1, box.y1]], page=True).T.tolist()
            limits = axes.get_xlim(), axes.get_ylim()
            self.scales = tuple(
                {"domain": [_plain(each) for each in limit], "range": end, "nice": False, "zero": False}
                for limit, end in zip(limits, ends, strict=True)
            )

    def of_display(self, points: Any, *, page: bool = False) -> Any:
        """Points of the display in this space."""
        points = np.atleast_2d(np.asarray(points, dtype=np.float64))
        if self.axes is not None and not page:
            return self.axes.transData.inverted().transform(points)
        return np.round(np.column_stack([points[:, 0] * self.unit, self.high - points[:, 1] * self.unit]), 2)

    def of(self, artist: Artist, points: Any) -> Any:
        """Points of an artist in this space: as they are where it stands on the data."""
        points = np.ma.filled(np.ma.asarray(points, dtype=np.float64), np.nan).reshape(-1, 2)
        transform = artist.get_transform()
        return points if self.axes is not None and transform == self.axes.transData else self.of_display(
            transform.transform(points)
        )  # fmt: skip


def _plain(value: Any) -> float:
    return float(f"{float(value):.10g}")


def _encoded(kind: str, rows: list[dict[str, Any]], space: _Space, looks: dict[str, Any]) -> tuple[Any, Any]:
    """A layer of marks that look alike, and its rows."""
    held = [{name: _plain(each) if isinstance(each, float) else each for name, each in row.items()} for row in rows]
    columns = held[0]
    channels: dict[str, Any] = {
        name: {"field": name, "type": "quantitative", "axis": None, "scale": scale}
        for name, scale in zip(("x", "y"), space.scales, strict=True)
    }
    channels |= {name: {"field": name} for name in ("x2", "y2") if name in columns}
    for name in ("fill", "stroke"):
        if name in columns:
            channels[name] = {"field": name, "type": "nominal", "scale": None, "legend": None}
    if kind == "line":
        channels |= {"order": {"field": "at", "type": "quantitative"}, "detail": {"field": "run", "type": "nominal"}}
    if kind == "text":
        channels["text"] = {"field": "text", "type": "nominal"}
    words = [name for name in columns if name not in _OURS]
    if words:
        channels["tooltip"] = [{"field": each, "type": "nominal", "title": each.capitalize()} for each in words]
    return {"mark": {"type": kind} | looks, "encoding": channels}, held


def _marks(artist: Any, space: _Space, axes: Any, page: _Space) -> list[Any]:
    """The layers of a line, of points, of an icon, or of the line from a name to its point."""
    level = artist.get_zorder()
    if isinstance(artist, Line2D):
        return _line(artist, space)
    if isinstance(artist, LineCollection):
        ends = [space.of(artist, each)[[0, -1]].ravel() for each in artist.get_segments()]
        colour = to_hex(np.atleast_2d(np.asarray(artist.get_edgecolor()))[0].tolist())
        thick = float(np.atleast_1d(np.asarray(artist.get_linewidth()))[0])
        return [(level, *layer[1:]) for layer in _rules(space, [(*each, colour, thick) for each in ends])]
    if isinstance(artist, PathCollection):
        at = space.of_display(artist.get_offset_transform().transform(artist.get_offsets()))
        at = np.ma.filled(artist.get_offsets(), np.nan) if artist.get_offset_transform() == axes.transData else at
        looks = _point(artist.get_paths()[0], artist.get_sizes()[0], artist.get_facecolor()[0])
        return _points(at, space, looks, getattr(artist, "told", None), level)
    if isinstance(artist, AnnotationBbox) and hasattr(artist, "icon"):
        box = artist.get_window_extent()
        x, y = page.of_display([(box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2])[0]
        image = base64.b64encode(artist.icon.svg(48).encode()).decode()
        looks = {"url": f"data:image/svg+xml;base64,{image}", "width": box.width * page.unit, "aspect": True}
        return [(level, "image", [{"x": x, "y": y, "icon": artist.icon.words}], page, looks)]
    if isinstance(artist, Annotation) and artist.arrow_patch is not None:
        # Beyond the third stand the corners of its head.
        ends = page.of_display(artist.arrow_patch.get_path().vertices)[[0, 2]].ravel()
        thick = artist.arrow_patch.get_linewidth()
        (layer,) = _rules(page, [(*ends, to_hex(artist.arrow_patch.get_edgecolor()), thick)])
        return [(level, *layer[1:])]
    return []


def _line(line: Line2D, space: _Space) -> list[Any]:
    at = space.of(line, line.get_xydata())
    layers: list[Any] = []
    if line.get_linestyle() not in ("None", "", " ") and len(at) > 1:
        drawn = _within(at, sorted(space.axes.get_ylim())) if space.axes is not None and line.get_clip_on() else at
        gaps = np.isnan(drawn).any(axis=1)
        rows = [
            {"x": float(x), "y": float(y), "at": n, "run": int(run)}
            for n, ((x, y), run, gap) in enumerate(zip(drawn, np.cumsum(gaps), gaps, strict=True))
            if not gap
        ]
        looks = {"color": to_hex(line.get_color()), "strokeWidth": float(line.get_linewidth()), "interpolate": "linear"}
        dash = _DASHES.get(str(line.get_linestyle()))
        layers += (
            [(line.get_zorder(), "line", rows, space, looks | ({"strokeDash": dash} if dash else {}))] if rows else []
        )
    if str(line.get_marker()) not in ("None", "", " "):
        style = MarkerStyle(line.get_marker())
        path = style.get_path().transformed(style.get_transform())
        looks = _point(path, line.get_markersize() ** 2, line.get_markerfacecolor())
        # In a key the line of a marker has ends without one.
        at = at if line.get_markevery() is None else at[line.get_markevery()]
        layers += _points(at, space, looks, getattr(line, "told", None), line.get_zorder())
    return layers


def _within(at: Any, ends: list[float]) -> Any:
    """A line cut where it leaves the axes above or below."""
    held: list[Any] = []
    for before, after in pairwise(at):
        low, high = sorted((before[1], after[1]))
        cuts = [end for end in ends if low < end < high]
        held += [before, *(before + (after - before) * (end - before[1]) / (after[1] - before[1]) for end in sorted(
            cuts, reverse=bool(after[1] < before[1])
        ))]  # fmt: skip
    line = np.array([*held, at[-1]])
    line[(line[:, 1] < ends[0]) | (line[:, 1] > ends[1])] = np.nan
    return line


def _points(at: Any, space: _Space, looks: dict[str, Any], told: Any, level: float) -> list[Any]:
    rows = [
        {"x": float(x), "y": float(y), **row}
        for (x, y), row in zip(at, told or [{}] * len(at), strict=True)
        if np.isfinite([x, y]).all()
    ]
    return [(level, "point", rows, space, looks)] if rows else []


def _point(path: Any, size: float, colour: Any) -> dict[str, Any]:
    """The look of a marker: a circle, or its corners as a path in a square of two by two."""
    looks = {"color": to_hex(colour), "filled": True, "opacity": 1}
    if path.codes is not None and np.isin(path.codes, (3, 4)).any():
        return looks | {"shape": "circle", "size": _plain(size * path.get_extents().width ** 2 * np.pi / 4)}
    corners = " L".join(f"{2 * x:.3g} {-2 * y:.3g}" for x, y in path.to_polygons()[0])
    return looks | {"shape": f"M{corners} Z", "size": _plain(size)}


def _rectangles(space: _Space, patches: list[Rectangle], axes: Any) -> list[Any]:
    """Bars and tiles, those that lie alike in one layer; a hatch is a heavy dark edge, broken where it is of dots."""
    layers: dict[tuple[float, float, bool, bool], list[dict[str, Any]]] = defaultdict(list)
    for each in patches:
        if space.axes is not None and each.get_data_transform() == axes.transData:
            box = Bbox.from_bounds(each.get_x(), each.get_y(), each.get_width(), each.get_height())
        else:
            box = Bbox(space.of_display(each.get_window_extent().get_points()))
        hatch, edge = each.get_hatch() or "", to_hex(each.get_edgecolor())
        row = {"x": box.x0, "x2": box.x1, "y": box.y0, "y2": box.y1, "stroke": INK if hatch else edge}
        row["fill"] = to_hex(each.get_facecolor()) if each.get_fill() else "transparent"
        thick = 2.0 if hatch else float(each.get_linewidth())
        told = getattr(each, "told", {})
        layers[each.get_zorder(), thick, "." in hatch, bool(told)].append(row | told)
    return [
        (level, "rect", rows, space, {"strokeWidth": thick} | ({"strokeDash": [2, 3]} if dotted else {}))
        for (level, thick, dotted, _), rows in layers.items()
    ]


def _rules(space: _Space, lines: Iterable[tuple[Any, ...]]) -> list[Any]:
    """Straight lines, those of one colour and width in one layer."""
    layers = []
    for (colour, thick), held in groupby(sorted(lines, key=lambda each: each[4:]), key=lambda each: each[4:]):
        rows = [{"x": float(x), "y": float(y), "x2": float(x2), "y2": float(y2)} for x, y, x2, y2, *_ in held]
        layers.append((0.0, "rule", rows, space, {"color": colour, "strokeWidth": float(thick)}))
    return layers


def _furniture(axes: Any) -> Iterable[tuple[Any, ...]]:
    """The grid and the edges of axes, in points of the figure."""
    if not axes.axison:
        return
    page = _Space(axes.figure)
    spines = [each for each in axes.spines.values() if each.get_visible()]
    lines = [*axes.xaxis.get_gridlines(), *axes.yaxis.get_gridlines()]
    box = axes.get_window_extent().padded(0.5)
    for each in [*(line for line in lines if line.get_visible()), *spines]:
        points = each.get_transform().transform(each.get_path().vertices)[:2]
        if all(box.contains(*point) for point in points):
            colour = to_hex(each.get_color() if isinstance(each, Line2D) else each.get_edgecolor())
            yield (*page.of_display(points).ravel(), colour, float(each.get_linewidth()))


def _letters(ax: Axes, page: _Space) -> list[Any]:
    """Every text that is seen, line by line."""
    figure: Any = ax.figure
    layers: dict[tuple[Any, ...], list[dict[str, Any]]] = defaultdict(list)
    texts: Any = ax.findobj(Text)
    for text in texts:
        lines = text.get_text().split("\n")
        if not text.get_visible() or not text.get_text().strip():
            continue
        # An annotation's own extent holds its arrow too.
        box = Bbox(page.of_display(Text.get_window_extent(text, figure.canvas.get_renderer()).get_points()))
        align = "center" if text.get_rotation() else str(text.get_ha())
        x = {"left": box.x0, "right": box.x1}.get(align, (box.x0 + box.x1) / 2)
        looks = text.get_fontsize(), text.get_fontweight(), text.get_fontstyle(), align, -text.get_rotation() % 360
        for at, line in enumerate(lines):
            y = min(box.y0, box.y1) + (at + 0.5) * abs(box.height) / len(lines)
            layers[*looks, to_hex(text.get_color())].append({"x": float(x), "y": float(y), "text": line})
    names = ("fontSize", "fontWeight", "fontStyle", "align", "angle", "color")
    return [
        (0.0, "text", rows, page, {**dict(zip(names, looks, strict=True)), "baseline": "middle"})
        for looks, rows in layers.items()
    ]
