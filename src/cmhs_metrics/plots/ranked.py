"""Ranked bars: every place beside the others, one's own places marked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from cmhs_metrics.plots.axes import BEHIND, BESIDE, TICK, Names, draw_values, value_ticks, write_names
from cmhs_metrics.plots.colours import AVERAGES, FOCUS, INK, MUTED, OTHERS, PAPER, PEERS
from cmhs_metrics.plots.figures import Sheet, picture
from cmhs_metrics.plots.interactive import add_tooltips
from cmhs_metrics.plots.reading import Compared, compared
from cmhs_metrics.plots.text import LINE, SIZE, shorten, shorten_all, width, wrap
from cmhs_metrics.presentation import KNOWN, listed

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["ranked_bars"]

HATCH, PEER_HATCH = "//", ".."
MOST_BARS = 20
"""More places are dots, with their names and values, in one column or two."""
MOST_IN_A_COLUMN, MOST_DOTS = 26, 160
"""Of places in one column of a slide, and in two; of more, the focus places alone are named."""
LEAST_WIDE = 300.0
"""Of a column of names, dots and values [point]."""
BAND = "#e3f3e6"
"""Behind the rows of the focus."""


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
    interactive: bool = False,
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
    interactive : bool, default False
        Whether the picture comes as a chart of Altair (the extra `interactive`): the same marks, looks and alternative
        text, and a tooltip at each.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a figure of its own, of the size of a slide, unless given.

    Returns
    -------
    matplotlib.axes.Axes or altair.LayerChart
        The picture: up to 20 places as horizontal bars from zero, more as dots, whose axis need not begin there, with
        their names and values in one column or two (the panels are its `child_axes`); a picture of its own is as high
        as they need. Of more than 160, or on axes without room for them, columns, of which the focus places are named.
        A suppressed place stands last with the word "suppressed" and without a
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
    >>> [len(panel.get_yticks()) for panel in ax.child_axes]
    [28, 28]
    """
    places = compared(result, metric, basis, names=names, suppressed=suppressed)
    what = places.measured
    rows = _in_order(places.rows, highest_first)
    sheet = Sheet(ax, title or what.label, what.words)
    lines = _lines(places, mean=mean, median=median)
    has_bounds = intervals and bool(rows["lower"].notna().any())
    sheet.key = _key(rows, places, lines, has_bounds)
    if sheet.in_page and len(rows) > MOST_BARS:
        # On a narrow screen the page shows the two halves below one another: the first has the key.
        sheet.key_width = sheet.width / 2 - 10
        sheet.unit = wrap(what.words, sheet.key_width, most=2)
    sheet.say(what.caption(source), most=5)
    bounds = rows[["lower", "upper"]].to_numpy().ravel() if has_bounds else np.array([])
    held = [*rows["value"], *bounds, *lines.values()]
    if len(rows) > MOST_BARS and (split := _columns(sheet, len(rows))):
        ticks, texts = value_ticks(held, what.unit, proportion=what.proportion, zero=False)
        if ticks[0] > 0 and not sheet.in_page:
            sheet.say("The axis does not begin at zero.", places.absent(), what.caption(source), most=5)
        _dots(sheet, rows, places, lines, ticks, texts, split, has_bounds)
        return sheet.finish(_text(places, sheet, lines, what.caption(source)))
    labels = Names(sheet, rows["name"].tolist(), (rows["focus"] | rows["peer"]).tolist())
    if not labels.all_named:
        sheet.say(labels.said, places.absent(), what.caption(source), most=5)
        labels = Names(sheet, rows["name"].tolist(), rows["focus"].tolist())
    ticks, texts = value_ticks(held, what.unit, proportion=what.proportion)
    written = [what.write(each) for each in rows["value"].dropna()]
    beside = max((width(each, bold=True) for each in written), default=0) + 8 if labels.across else 0.0
    labels.place(texts, right=beside)
    draw_values(sheet.ax, ticks, texts, across=labels.across)
    add_tooltips(_bars(sheet.ax, rows, labels.across, has_bounds), places.told(rows[rows["status"] == KNOWN]))
    _values(sheet.ax, rows, places, labels.across)
    _averages(sheet.ax, lines, across=labels.across)
    (sheet.ax.axvline if labels.across else sheet.ax.axhline)(0, color=INK, linewidth=1, zorder=3)
    return sheet.finish(_text(places, sheet, lines, what.caption(source)))


def _averages(ax: Axes, lines: dict[str, float], *, across: bool) -> None:
    """Lines behind what is drawn, which hide none of it; their values stand in the key."""
    for (name, value), (style, colour) in zip(lines.items(), _STYLES, strict=False):
        draw = ax.axvline if across else ax.axhline
        draw(value, color=colour, linestyle=style, linewidth=2.2, zorder=BEHIND, gid=name)


def _columns(sheet: Sheet, count: int) -> int:
    """In how many columns all places can be named; none where they cannot."""
    below = SIZE * LINE + TICK
    if sheet.in_page or sheet.own:
        most = 1 if (count <= MOST_IN_A_COLUMN and not sheet.in_page) or sheet.width < 2 * LEAST_WIDE else 2
        if count > MOST_DOTS:
            return 0
        sheet.make_room(-(-count // most) * SIZE * BESIDE + below)
        return most
    fit = int((sheet.height() - below) // (SIZE * BESIDE))
    split = -(-count // fit) if fit > 0 else 0
    return split if 0 < split <= sheet.width // LEAST_WIDE else 0


def _dots(
    sheet: Sheet, rows: pd.DataFrame, places: Compared, lines: dict[str, float], ticks: Any, texts: list[str],
    split: int, has_bounds: bool,
) -> None:  # fmt: skip
    """Every place as a dot with its name and value, in columns of one scale."""
    box = sheet.place()
    sheet.ax.set_axis_off()
    sheet.ax.set(xticks=[], yticks=[])
    each, gap = -(-len(rows) // split), 20.0
    wide = (box.width - gap * (split - 1)) / split
    right = max((width(places.measured.write(value), bold=True) for value in rows["value"].dropna()), default=0) + 10
    room = max(wide * 0.4, wide - right - max(80.0, 0.22 * wide))
    strong = (rows["focus"] | rows["peer"]).to_numpy()
    short = shorten_all(rows["name"].tolist(), room - TICK, bold=strong.tolist())
    sheet.note_cut(rows["name"], short)
    left = max(width(name, bold=bool(each)) for name, each in zip(short, strong, strict=True)) + TICK
    foot = SIZE * LINE + TICK
    for column in range(split):
        start = column * (wide + gap)
        part = rows.iloc[column * each : (column + 1) * each].reset_index(drop=True)
        bounds = (
            (start + left) / box.width,
            foot / box.height,
            (wide - left - right) / box.width,
            1 - foot / box.height,
        )
        panel = sheet.ax.inset_axes(bounds)
        draw_values(panel, ticks, _apart(ticks, texts, wide - left - right), across=True)
        names = short[column * each : (column + 1) * each]
        write_names(panel, list(range(len(part))), names, strong[column * each : (column + 1) * each].tolist())
        panel.set_ylim(each - 0.5, -0.5)
        for side in ("top", "right", "left"):
            panel.spines[side].set_visible(False)
        _dots_of(panel, part, places, has_bounds, float(ticks[0]))
        _values(panel, part, places, across=True)
        _averages(panel, lines, across=True)


def _apart(ticks: Any, texts: list[str], wide: float) -> list[str]:
    """The labels of ticks without those that would meet their neighbours."""
    room = max(width(text) for text in texts) + SIZE
    every = max(1, int(np.ceil(room * (len(ticks) - 1) / wide)))
    return [text if at % every == 0 else "" for at, text in enumerate(texts)]


def _dots_of(panel: Axes, part: pd.DataFrame, places: Compared, has_bounds: bool, least: float) -> None:
    known = part[part["status"] == KNOWN]
    panel.hlines(known.index.to_numpy(), least, known["value"], color="#d9d9d9", linewidth=0.8, zorder=BEHIND - 0.1)
    if has_bounds:
        held = known[known["lower"].notna() & known["upper"].notna()]
        ends = held["lower"], held["upper"]
        panel.hlines(held.index.to_numpy(), *ends, color=MUTED, linewidth=2.5, zorder=2, gid="interval")
    for at in np.flatnonzero(part["focus"]):
        panel.axhspan(at - 0.5, at + 0.5, color=BAND, zorder=0.1, linewidth=0)
    kinds = np.where(known["focus"], 0, np.where(known["peer"], 1, 2))
    for kind, (colour, marker, size) in enumerate(_DOTS):
        held = known[kinds == kind]
        dots = panel.scatter(
            held["value"], held.index, color=colour, marker=marker, s=size, edgecolors=PAPER, linewidths=0.8, zorder=4,
            gid=f"dots-{kind}", clip_on=False,
        )  # fmt: skip
        add_tooltips(dots, places.told(held))


_DOTS = ((FOCUS, "D", 95), (PEERS, "s", 70), (OTHERS, "o", 60))
"""Of the focus, the peers and the others: colour, marker and size."""
_STYLES: tuple[Any, ...] = tuple(zip(("-", "--", ":"), AVERAGES, strict=True))
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
    own = rows.loc[rows["focus"], "name"].tolist()
    looks: list[Any] = [
        Patch(facecolor=FOCUS, edgecolor=PAPER, hatch=HATCH), Patch(facecolor=PEERS, edgecolor=PAPER, hatch=PEER_HATCH),
        Patch(facecolor=OTHERS),
    ]  # fmt: skip
    if len(rows) > MOST_BARS:
        looks = [Line2D([], [], color=colour, marker=marker, linestyle="", markersize=9) for colour, marker, _ in _DOTS]
    if own:
        key.append((looks[0], shorten(own[0], 330) if len(own) == 1 else "focus places"))
    if (rows["peer"] & ~rows["focus"]).any():
        key.append((looks[1], "peers"))
    if not (rows["focus"] | rows["peer"]).all():
        key.append((looks[2], "other places" if key else "places"))
    if has_bounds:
        key.append((Line2D([], [], color=MUTED, linewidth=2.5), places.interval))
    key += [
        (
            Line2D([], [], color=colour, linestyle=style, linewidth=2.5),
            f"{name.replace(' together (pooled)', ', pooled')} {write(value)}",
        )
        for (name, value), (style, colour) in zip(lines.items(), _STYLES, strict=False)
    ]
    return key


def _bars(ax: Axes, rows: pd.DataFrame, across: bool, has_bounds: bool) -> Any:
    known = rows[rows["status"] == KNOWN]
    kinds = np.where(known["focus"], 0, np.where(known["peer"], 1, 2))
    looks: dict[str, Any] = {
        "color": [(FOCUS, PEERS, OTHERS)[kind] for kind in kinds],
        "edgecolor": [(PAPER, PAPER, OTHERS)[kind] for kind in kinds],
        "hatch": [(HATCH, PEER_HATCH, "")[kind] for kind in kinds],
        "linewidth": 0,
    }
    at, values = known.index.to_numpy(), known["value"].to_numpy()
    bars = ax.barh(at, values, height=0.72, **looks) if across else ax.bar(at, values, width=0.8, **looks)
    if has_bounds:
        held = known[known["lower"].notna() & known["upper"].notna()]
        draw = ax.hlines if across else ax.vlines
        # A white rim keeps the interval visible upon the bar.
        for colour, thick, name in ((PAPER, 4.5, "rim"), (MUTED, 2.5, "interval")):
            ends = held["lower"], held["upper"]
            draw(held.index.to_numpy(), *ends, color=colour, linewidth=thick, zorder=4, gid=name)
    return bars


def _values(ax: Axes, rows: pd.DataFrame, places: Compared, across: bool) -> None:
    """The value beside each horizontal bar; the words where there is none."""
    for at, row in enumerate(rows.to_dict("records")):
        if row["status"] != KNOWN:
            # From the edge, wherever the axis begins.
            where, turned = ((0 if across else at, at if across else 0), 0 if across else 90)
            ax.annotate(
                row["status"], where, xycoords=ax.get_yaxis_transform() if across else "data",
                xytext=(6, 0) if across else (0, 6), textcoords="offset points", fontsize=SIZE, rotation=turned,
                ha="left" if across else "center", va="center" if across else "bottom", style="italic", color=INK,
                parse_math=False,
            )  # fmt: skip
        elif across:
            ax.annotate(
                places.measured.write(row["value"]), (1, at), xycoords=ax.get_yaxis_transform(), xytext=(6, 0),
                textcoords="offset points", fontsize=SIZE, va="center", ha="left", color=INK, parse_math=False,
                fontweight="bold" if row["focus"] or row["peer"] else "normal", annotation_clip=False,
            )  # fmt: skip


def _text(places: Compared, sheet: Sheet, lines: dict[str, float], caption: str) -> str:
    known, write = places.known, places.measured.write
    count = len(places.rows)
    unit = f", in {places.measured.words}" if places.measured.words else ""
    parts = [f"Ranked bar chart: {' '.join(sheet.title)}{unit}, for {count} place"]
    parts[0] += "." if count == 1 else "s."
    if len(known):
        names = known.sort_values("name").groupby("value")["name"].agg(list)
        # One of several that are alike is no more the highest than the others.
        ends = {"Highest": names.index[-1]} | ({"Lowest": names.index[0]} if len(known) > 1 else {})
        parts += [f"{end}: {listed(names[value], most=3)}, {write(value)}." for end, value in ends.items()]
        parts += [f"{name[0].upper()}{name[1:]}: {write(value)}." for name, value in lines.items()]
    return " ".join([*parts, places.focus_sentences(), places.absent(), caption])
