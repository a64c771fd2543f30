"""Ranked bars: every place beside the others, one's own places marked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from cmhs_metrics.plots.axes import RIM, Names, draw_values, value_ticks
from cmhs_metrics.plots.colours import AVERAGES, FOCUS, INK, MUTED, OTHERS, PAPER, PEERS
from cmhs_metrics.plots.figures import Sheet, picture
from cmhs_metrics.plots.reading import Compared, compared
from cmhs_metrics.plots.text import SIZE, width
from cmhs_metrics.presentation import KNOWN

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["ranked_bars"]

HATCH, PEER_HATCH = "//", ".."


@picture
def ranked_bars(
    result: Any,
    metric: Any = None,
    *,
    basis: str | None = None,
    names: Mapping[Any, str] | None = None,
    highest_first: bool = True,
    mean: bool = True,
    median: bool = True,
    intervals: bool = True,
    suppressed: Collection[Any] = (),
    source: str | None = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the places of a benchmark as ranked bars, the focus places in green and the rest of England in blue.

    Parameters
    ----------
    result : table
        The result of `benchmark`, or a table with the columns `place` and `value` [its unit].
    metric, basis : str, optional
        Which metric, and on which population, where the result has several.
    names : mapping of place to str, optional
        How places are called in the picture.
    highest_first : bool, default True
        Whether the highest value is the first.
    mean, median : bool, default True
        Whether a line is drawn at the mean and at the median of the places whose value is known. The average of the
        benchmark is drawn besides, where it is another.
    intervals : bool, default True
        Whether the intervals of the values are drawn, where there are any.
    suppressed : collection, optional
        Places whose missing value is suppressed, where no column says so. The average of the benchmark is not drawn
        then, for it may have been made with their values; mean and median are of the places that are shown.
    source : str, optional
        The source of the data, for the caption.
    title : str, optional
        The title; that of the metric unless given.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a figure of its own, of the size of a slide, unless given.

    Returns
    -------
    matplotlib.axes.Axes
        The picture: up to about twenty places as horizontal bars, more as columns. Where there is no room for every
        name, the focus places are named. A suppressed place stands last with the word "suppressed" and without a
        bar, and a place whose value is missing with the words "not known".

    Raises
    ------
    BadInput
        When the table is not in order, or holds several metrics or bases and none is asked for.

    References
    ----------
    NHS Benchmarking Network, Community Mental Health Services Audit 2016/17: throughout.

    Examples
    --------
    >>> import cmhs_metrics as cm
    >>> places = {"by": "organisation", "place": "organisation", "basis": "16+"}
    >>> result = cm.benchmark(cm.synthetic_providers(), "caseload_per_100k", **places, focus=["Synthetic Trust 07"])
    >>> ax = ranked_bars(result, source="synthetic")
    >>> len(ax.patches)
    56
    """
    places = compared(result, metric, basis, names=names, suppressed=suppressed)
    what = places.measured
    rows = _in_order(places.rows, highest_first)
    sheet = Sheet(ax, title or what.label, what.words)
    lines = _lines(places, mean=mean, median=median)
    has_bounds = intervals and bool(rows["lower"].notna().any())
    sheet.key = _key(rows, places, lines, has_bounds)
    sheet.say(what.caption(source), most=5)
    labels = Names(sheet, rows["name"].tolist(), rows["focus"].tolist())
    if not labels.all_named:
        sheet.say(labels.said, places.absent(), what.caption(source), most=5)
        labels = Names(sheet, rows["name"].tolist(), rows["focus"].tolist())
    bounds = rows[["lower", "upper"]].to_numpy().ravel() if has_bounds else np.array([])
    ticks, texts = value_ticks([*rows["value"], *bounds, *lines.values()], what.unit, proportion=what.proportion)
    written = [what.write(each) for each in rows["value"].dropna()]
    beside = max((width(each, bold=True) for each in written), default=0) + 8 if labels.across else 0.0
    labels.place(texts, right=beside)
    draw_values(sheet.ax, ticks, texts, across=labels.across)
    _bars(sheet.ax, rows, labels.across, has_bounds)
    _values(sheet.ax, rows, places, labels.across)
    draw_line = sheet.ax.axvline if labels.across else sheet.ax.axhline
    for (name, value), (style, colour) in zip(lines.items(), _STYLES, strict=False):
        draw_line(value, **RIM)
        draw_line(value, color=colour, linestyle=style, linewidth=2.5, zorder=3, gid=name)
    draw_line(0, color=INK, linewidth=1, zorder=3)
    return sheet.finish(_text(places, sheet, lines, what.caption(source)))


_STYLES: tuple[Any, ...] = tuple(zip(("-", "--", (0, (1, 1))), AVERAGES, strict=True))
"""Of the lines at the averages; their values stand in the key, for they often lie close together."""


def _in_order(rows: pd.DataFrame, highest_first: bool) -> pd.DataFrame:
    """By value; ties, and places without a value, by name, so that the order tells nothing of what is hidden."""
    sign = -1 if highest_first else 1
    order = rows.assign(
        hidden=rows["status"] != KNOWN, by=(rows["value"] * sign).fillna(0), alike=rows["name"].str.casefold()
    )
    return rows.loc[order.sort_values(["hidden", "status", "by", "alike"]).index].reset_index(drop=True)


def _lines(places: Compared, *, mean: bool, median: bool) -> dict[str, float]:
    known = places.known["value"]
    if known.empty:
        return {}
    lines = {}
    if mean:
        lines["mean of places"] = float(known.mean())
    if median:
        lines["median of places"] = float(known.median())
    if np.isfinite(places.average) and places.average_kind not in lines:
        name = "all places together (pooled)" if places.average_kind == "pooled" else places.average_kind
        lines[name] = places.average
    return lines


def _key(rows: pd.DataFrame, places: Compared, lines: dict[str, float], has_bounds: bool) -> list[tuple[Any, str]]:
    write = places.measured.write
    key: list[tuple[Any, str]] = []
    if rows["focus"].any():
        key.append((Patch(facecolor=FOCUS, edgecolor=PAPER, hatch=HATCH), "focus places"))
    if (rows["peer"] & ~rows["focus"]).any():
        key.append((Patch(facecolor=PEERS, edgecolor=PAPER, hatch=PEER_HATCH), "peers"))
    if not (rows["focus"] | rows["peer"]).all():
        key.append((Patch(facecolor=OTHERS), "other places" if key else "places"))
    if has_bounds:
        key.append((Line2D([], [], color=MUTED, linewidth=2.5), "interval"))
    key += [
        (Line2D([], [], color=colour, linestyle=style, linewidth=2.5), f"{name} {write(value)}")
        for (name, value), (style, colour) in zip(lines.items(), _STYLES, strict=False)
    ]
    return key


def _bars(ax: Axes, rows: pd.DataFrame, across: bool, has_bounds: bool) -> None:
    known = rows[rows["status"] == KNOWN]
    kinds = np.where(known["focus"], 0, np.where(known["peer"], 1, 2))
    looks: dict[str, Any] = {
        "color": [(FOCUS, PEERS, OTHERS)[kind] for kind in kinds],
        "edgecolor": [(PAPER, PAPER, OTHERS)[kind] for kind in kinds],
        "hatch": [(HATCH, PEER_HATCH, "")[kind] for kind in kinds],
        "linewidth": 0,
    }
    at, values = known.index.to_numpy(), known["value"].to_numpy()
    if across:
        ax.barh(at, values, height=0.72, **looks)
    else:
        ax.bar(at, values, width=0.8, **looks)
    if has_bounds:
        held = known[known["lower"].notna() & known["upper"].notna()]
        draw = ax.hlines if across else ax.vlines
        # A white rim keeps the interval visible upon the bar.
        for colour, thick, name in ((PAPER, 4.5, "rim"), (MUTED, 2.5, "interval")):
            ends = held["lower"], held["upper"]
            draw(held.index.to_numpy(), *ends, color=colour, linewidth=thick, zorder=4, gid=name)


def _values(ax: Axes, rows: pd.DataFrame, places: Compared, across: bool) -> None:
    """The value beside each horizontal bar; the words where there is none."""
    for at, row in enumerate(rows.to_dict("records")):
        if row["status"] != KNOWN:
            where, turned = ((0, at), 0) if across else ((at, 0), 90)
            ax.annotate(
                row["status"], where, xytext=(6, 0) if across else (0, 6), textcoords="offset points", fontsize=SIZE,
                rotation=turned, ha="left" if across else "center", va="center" if across else "bottom",
                style="italic", color=INK, parse_math=False,
            )  # fmt: skip
        elif across:
            ax.annotate(
                places.measured.write(row["value"]), (1, at), xycoords=ax.get_yaxis_transform(), xytext=(6, 0),
                textcoords="offset points", fontsize=SIZE, va="center", ha="left", color=INK, parse_math=False,
                fontweight="bold" if row["focus"] else "normal", annotation_clip=False,
            )  # fmt: skip


def _text(places: Compared, sheet: Sheet, lines: dict[str, float], caption: str) -> str:
    known, write = places.known, places.measured.write
    count = len(places.rows)
    unit = f", in {places.measured.words}" if places.measured.words else ""
    parts = [f"Ranked bar chart: {' '.join(sheet.title)}{unit}, for {count} place"]
    parts[0] += "." if count == 1 else "s."
    if len(known):
        order = known.sort_values(["value", "name"], ascending=[False, True])
        high, low = order.iloc[0], order.iloc[-1]
        parts.append(f"Highest: {high['name']}, {write(high['value'])}.")
        parts.append(f"Lowest: {low['name']}, {write(low['value'])}." if len(known) > 1 else "")
        parts += [f"{name[0].upper()}{name[1:]}: {write(value)}." for name, value in lines.items()]
    return " ".join([*parts, places.focus_sentences(), places.absent(), caption])
