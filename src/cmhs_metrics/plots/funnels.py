"""Funnel: places against the limits of chance, which are wide where few people are counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.lines import Line2D

from cmhs_metrics.benchmarking.place_names import NOT_PLACES, is_no_place
from cmhs_metrics.errors import BadInput, Problem
from cmhs_metrics.plots.axes import draw_values, value_ticks, widest
from cmhs_metrics.plots.colours import AVERAGES, CONCERN, FOCUS, INK, MUTED, OTHERS, PAPER
from cmhs_metrics.plots.figures import Sheet, picture
from cmhs_metrics.plots.interactive import add_tooltips
from cmhs_metrics.plots.reading import Measured, absent, measured, names_of, shown_only
from cmhs_metrics.plots.text import LINE, SIZE, shorten, width
from cmhs_metrics.presentation import KNOWN, SUPPRESSED, keys_of, listed
from cmhs_metrics.variation import Funnel, funnel_limits

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from matplotlib.axes import Axes

__all__ = ["funnel_chart"]

_DENOMINATORS = {"rate": "people", "proportion": "cases", "ratio": "expected events"}
_DASHES: tuple[Any, ...] = ("--", "-", ":")
_AROUND = ((8, 0), (-8, 0), (0, 12), (0, -12), (8, 14), (-8, 14), (8, -14), (-8, -14), (8, 28), (-8, 28), (8, -28))
"""Where a name may stand beside its point [point]."""


@picture
def funnel_chart(
    funnel: Funnel,
    places: Sequence[Any] | None = None,
    *,
    metric: Any = None,
    basis: str | None = None,
    unit: str = "",
    focus: Collection[Any] = (),
    names: Mapping[Any, str] | None = None,
    suppressed: Collection[Any] = (),
    denominator: str | None = None,
    source: str | None = None,
    title: str | None = None,
    interactive: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """Draw a funnel with its target, its limits and every place whose value is known.

    Parameters
    ----------
    funnel : Funnel
        The result of `variation.funnel`.
    places : sequence, optional
        The place of each value, in their order; the index of the values unless given.
    metric : str, optional
        The metric, for label, unit and source.
    basis : str, optional
        The population below the line, for example "registered".
    unit : str, optional
        The unit of the values, where they are no metric's.
    focus : collection, optional
        Places to be named and drawn large.
    names : mapping of place to str, optional
        How places are called in the picture.
    suppressed : collection, optional
        Places whose value is suppressed. They are listed and not drawn. The funnel is made anew without them: a pooled
        target, over-dispersion and limits would give a hidden count back. A target that was given stays as it is.
    denominator : str, optional
        What values are out of, for the axis.
    source, title, interactive, ax
        As in `ranked_bars`.

    Returns
    -------
    matplotlib.axes.Axes
        The picture.

    Raises
    ------
    BadInput
        When there is not a place for each value, a place of the focus is not there, or the places that are shown are
        too few for a pooled target or for over-dispersion (give `funnel` a target, or no adjustment).

    References
    ----------
    Spiegelhalter DJ. Funnel plots for comparing institutional performance. Statistics in Medicine 2005; 24: 1185–1202.

    Examples
    --------
    >>> from cmhs_metrics.variation import funnel
    >>> import numpy as np
    >>> found = funnel("proportion", np.array([4, 32, 120]), np.array([20, 200, 2000]), target=0.10)
    >>> ax = funnel_chart(found, ["North", "South", "East"], metric="dna_rate", focus=["East"])
    >>> [text.get_text() for text in ax.texts if text.get_gid() == "place"]
    ['East']
    """
    rows, aside, funnel = _rows(funnel, places, focus, names, suppressed)
    what = measured(metric, basis=basis) if metric is not None else measured(None, unit, "Value", basis)
    if metric is None and funnel.limits.kind == "proportion":
        what = Measured("Share", "", proportion=True, basis=basis)
    known = rows[rows["status"] == KNOWN]
    axis = denominator or _DENOMINATORS[funnel.limits.kind]
    sheet = Sheet(ax, title or f"{what.label}: funnel", f"Upright: {what.words or 'value'}. Across: {axis}.")
    sheet.key = _key(known, funnel, what)
    adjusted = "" if funnel.adjustment == "none" else f"Limits widened for over-dispersion ({funnel.adjustment})."
    sheet.say(" ".join(each for each in (absent(rows), aside) if each), adjusted, what.caption(source))
    lines = _limits(funnel, known)
    # Where fewer are counted than at any place, the limits may leave the picture: they would flatten the rest.
    near = lines[lines["denominator"] >= known["denominator"].min()].to_numpy()[:, 1:].ravel()
    held = [*known["value"], *near, funnel.target]
    upright, texts = value_ticks(held, what.unit, proportion=what.proportion, zero=False)
    across, below = value_ticks(known["denominator"].tolist(), "", proportion=False)
    sheet.place(left=widest(texts), right=width(below[-1]) / 2, bottom=SIZE * LINE + 8)
    draw_values(sheet.ax, upright, texts, across=False)
    draw_values(sheet.ax, across, below, across=True)
    for level, dashes in zip(funnel.limits.levels, _DASHES, strict=False):
        for side in ("lower", "upper"):
            sheet.ax.plot(
                lines["denominator"], lines[f"{side} {level}"], color=MUTED, linestyle=dashes, linewidth=1.8,
                gid=f"{side}-{level}",
            )  # fmt: skip
    sheet.ax.axhline(funnel.target, color=AVERAGES[0], linewidth=2, gid="target")
    _points(sheet, known, what, axis)
    return sheet.finish(_text(rows, funnel, what, sheet, axis, aside, source))


def _rows(funnel: Funnel, places: Any, focus: Any, names: Any, suppressed: Any) -> tuple[pd.DataFrame, str, Funnel]:
    frame = funnel.to_frame()
    labels = list(frame.index) if places is None else list(places)
    if len(labels) != len(frame):
        raise BadInput("funnel_chart", [Problem("places", None, len(labels), f"{len(frame)} places, one a value")])
    frame = frame.reset_index(drop=True).assign(place=labels)
    held = {str(each) for each in labels}
    asked = keys_of(focus)
    problems = [Problem("focus", None, each, "a place of the funnel") for each in asked if each not in held]
    if problems:
        raise BadInput("funnel_chart", problems)
    rows = shown_only(frame[["place", "value"]], key="place", suppressed=suppressed)
    funnel = funnel.without((rows["status"] == SUPPRESSED).to_numpy())
    frame = funnel.to_frame().reset_index(drop=True).assign(place=labels)
    known = rows["status"] == KNOWN
    rows["denominator"] = frame["denominator"].astype("float64").where(known)
    rows["outlier"] = frame["outlier"].where(known)
    rows["name"] = names_of(frame["place"], names)
    rows["focus"] = frame["place"].astype(str).isin(asked)
    no_place = np.array(is_no_place(frame["place"].astype(str), NOT_PLACES))
    if not no_place.any():
        return rows, "", funnel
    said = f"No place, and not shown, though the target may hold it: {listed(rows.loc[no_place, 'name'].tolist())}."
    return rows[~no_place], said, funnel


def _limits(funnel: Funnel, known: pd.DataFrame) -> pd.DataFrame:
    """The limits as smooth lines where our own limits are those of the funnel, else from place to place."""
    at = np.sort(known["denominator"].to_numpy(dtype=np.float64))
    order = funnel.limits.to_frame().reset_index(drop=True).loc[known.index].sort_values("denominator")
    names = [f"{side} {level}" for level in funnel.limits.levels for side in ("lower", "upper")]
    lines = pd.DataFrame(order.drop(columns="target").to_numpy(dtype=np.float64), columns=["denominator", *names])
    if len(at) == 0 or at[-1] <= 0:
        return lines
    grid = np.unique(np.round(np.geomspace(max(at[-1] / 2000, at[at > 0][0] / 2, 1), at[-1], 300)))
    phi = max(funnel.dispersion.phi, 1.0) if funnel.adjustment == "multiplicative" else 1.0
    tau = (funnel.dispersion.tau or 0.0) if funnel.adjustment == "additive" else 0.0

    def ours(denominators: Any) -> pd.DataFrame:
        limits = funnel_limits(
            funnel.limits.kind, denominators, funnel.target, levels=funnel.limits.levels, phi=phi, tau=tau
        )
        return limits.to_frame().drop(columns="target").set_axis(lines.columns, axis=1)

    if np.allclose(ours(lines["denominator"].to_numpy())[names], lines[names], equal_nan=True):
        return ours(grid)
    return lines


def _mark(word: object, focus: bool) -> tuple[str, str]:
    """Marker and colour of a point."""
    inner = isinstance(word, str) and word != "within"
    marker = "o" if not inner else "^" if str(word).startswith("above") else "v"
    return marker, FOCUS if focus else CONCERN if inner else OTHERS


def _key(known: pd.DataFrame, funnel: Funnel, what: Measured) -> list[tuple[Any, str]]:
    key: list[tuple[Any, str]] = []
    words = known["outlier"].dropna().astype(str)
    for start, label in (("within", "within the limits"), ("above", "above a limit"), ("below", "below a limit")):
        if words.str.startswith(start).any():
            marker, colour = _mark(start, focus=False)
            key.append((Line2D([], [], color=colour, marker=marker, linestyle="", markersize=8), label))
    if known["focus"].any():
        key.append((Line2D([], [], color=FOCUS, marker="o", linestyle="", markersize=12), "focus places"))
    key.append((Line2D([], [], color=AVERAGES[0], linewidth=2), f"target {what.write(funnel.target)}"))
    return key + [
        (Line2D([], [], color=MUTED, linestyle=dashes, linewidth=1.8), f"{level * 100:g}% limits")
        for level, dashes in zip(funnel.limits.levels, _DASHES, strict=False)
    ]


def _points(sheet: Sheet, known: pd.DataFrame, what: Measured, axis: str) -> None:
    for (_, focus), held in known.groupby([known["outlier"].astype(str), known["focus"]]):
        marker, colour = _mark(held["outlier"].iloc[0], bool(focus))
        points = sheet.ax.scatter(
            held["denominator"], held["value"], marker=marker, color=colour, s=150 if focus else 55, edgecolors=PAPER,
            linewidths=1, zorder=4 + bool(focus), clip_on=False,
        )  # fmt: skip
        said = [
            {"place": row["name"], "value": what.write(row["value"]), "among": f"{row['denominator']:,.0f} {axis}",
             "funnel": str(row["outlier"])}
            for row in held.to_dict("records")
        ]  # fmt: skip
        add_tooltips(points, said)
    _name(sheet, known)


def _name(sheet: Sheet, known: pd.DataFrame) -> None:
    """Name the points of the focus, each name where it covers no other and as few points as can be."""
    ax = sheet.ax
    place = ax.get_position()
    taken: list[tuple[float, float, float, float]] = []
    edges = (place.x0 * sheet.scale[0], place.x1 * sheet.scale[0], place.y0 * sheet.scale[1], place.y1 * sheet.scale[1])
    points = ax.transData.transform(known[["denominator", "value"]].to_numpy()) * 72 / sheet.figure.dpi
    for row in known[known["focus"]].to_dict("records"):
        text = shorten(str(row["name"]), 0.45 * (edges[1] - edges[0]), bold=True)
        wide = width(text, bold=True)
        x, y = ax.transData.transform((row["denominator"], row["value"])) * 72 / sheet.figure.dpi
        found: list[tuple[int, tuple[float, float], tuple[float, float, float, float]]] = []
        for right, up in _AROUND:
            start = float(x + right - (0 if right > 0 else wide if right < 0 else wide / 2))
            box = (start, start + wide, float(y + up - SIZE * 0.7), float(y + up + SIZE * 0.7))
            inside = box[0] >= edges[0] and box[1] <= edges[1] and box[2] >= edges[2] and box[3] <= edges[3]
            if inside and not any(_overlap(box, other) for other in taken):
                covered = int(sum(box[0] <= at <= box[1] and box[2] <= height <= box[3] for at, height in points))
                found.append((covered, (right, up), box))
        if not found:
            continue
        _, (dx, dy), box = min(found, key=lambda each: each[0])
        taken.append(box)
        ax.annotate(
            text, (row["denominator"], row["value"]), xytext=(dx, dy), textcoords="offset points", fontsize=SIZE,
            fontweight="bold", ha="left" if dx > 0 else "right" if dx < 0 else "center", va="center", color=INK,
            parse_math=False, gid="place", zorder=6, bbox={"facecolor": PAPER, "edgecolor": "none", "pad": 0.5},
            # Away from its point, a name could be taken for that of another.
            arrowprops=_leader(dx) if dy else None,
        )  # fmt: skip


def _leader(right: float) -> dict[str, Any]:
    """A line from a point to the nearer end of its name."""
    end = 0 if right > 0 else 1 if right < 0 else 0.5
    return {"arrowstyle": "-", "color": FOCUS, "linewidth": 1.2, "shrinkA": 0, "shrinkB": 4, "relpos": (end, 0.5)}


def _overlap(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[1] and other[0] < one[1] and one[2] < other[3] and other[2] < one[3]


def _text(
    rows: pd.DataFrame, funnel: Funnel, what: Measured, sheet: Sheet, axis: str, aside: str, source: str | None
) -> str:
    known = rows[rows["status"] == KNOWN]
    count = len(known)
    levels = " and ".join(f"{level * 100:g}%" for level in funnel.limits.levels)
    parts = [
        f"Funnel plot: {' '.join(sheet.title)}, against {axis}, for {count} place{'' if count == 1 else 's'}, with "
        f"limits at {levels} about a target of {what.write(funnel.target)}."
    ]
    words = known["outlier"].dropna()
    for word in sorted(set(words) - {"within"}):
        names = known.loc[known["outlier"] == word, "name"].tolist()
        parts.append(f"{word[0].upper()}{word[1:]}: {listed(names)}.")
    parts.append("" if (words != "within").any() else "Every place lies within the limits.")
    focus = known[known["focus"]].head(8).to_dict("records")
    parts += [f"{each['name']}: {what.write(each['value'])}, {each['outlier']}." for each in focus]
    return " ".join(each for each in [*parts, absent(rows), aside, what.caption(source)] if each)
