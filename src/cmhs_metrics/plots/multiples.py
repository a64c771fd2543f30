"""Small multiples: the same picture for each type of team."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from cmhs_metrics.errors import BadInput, Problem, nearest
from cmhs_metrics.numeric.requirements import cell_name
from cmhs_metrics.plots.axes import BEHIND, draw_values, value_ticks, widest
from cmhs_metrics.plots.colours import AVERAGES, FOCUS, INK, OTHERS, PAPER
from cmhs_metrics.plots.figures import Sheet, picture
from cmhs_metrics.plots.interactive import add_tooltips
from cmhs_metrics.plots.ranked import HATCH
from cmhs_metrics.plots.reading import Compared, compared, in_pandas, one_of
from cmhs_metrics.plots.text import LINE, SIZE, clean, shorten
from cmhs_metrics.presentation import KNOWN, NOT_KNOWN, SUPPRESSED, keys_of, listed

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["small_multiples"]

MOST = 12
_GAP = 14.0


@picture
def small_multiples(
    result: Any,
    metric: Any = None,
    *,
    by: str = "team_type",
    basis: str | None = None,
    one_scale: bool | None = None,
    names: Mapping[Any, str] | None = None,
    suppressed: Collection[Any] = (),
    source: str | None = None,
    title: str | None = None,
    interactive: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """Draw ranked bars for each type of team, side by side.

    Parameters
    ----------
    result : table
        Results of `benchmark` one below the other, with a column that says which type of team each row is of.
    metric, basis : str, optional
        Which metric, and on which population, where the result has several.
    by : str, default "team_type"
        That column; each of its values has a panel, in the order in which they come.
    one_scale : bool, optional
        Whether all panels have the same scale, or each has its own; unless given, one where the largest value of every
        panel is at least a quarter of the largest of all. The picture says which.
    names : mapping of place to str, optional
        How places are called in the alternative text.
    suppressed : collection, optional
        Places whose missing value is suppressed.
    source, title, interactive, ax
        As in `ranked_bars`.

    Returns
    -------
    matplotlib.axes.Axes
        The picture; the panels are its `child_axes`. Each has a line at the median of its places. A place whose value
        is suppressed or not known has no bar, and is listed in the caption.

    Raises
    ------
    BadInput
        When the table is not in order, a row is of no panel, there are more than twelve panels, or several metrics or
        bases and none is asked for.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [("Generic CMHTs", "A", 5.0), ("Generic CMHTs", "B", 4.0), ("CRHT", "A", 1.0), ("CRHT", "B", None)]
    >>> ax = small_multiples(pd.DataFrame(rows, columns=["team_type", "place", "value"]))
    >>> [len(panel.patches) for panel in ax.child_axes]
    [2, 1]
    """
    table = in_pandas(result, by, "place", "value")
    groups = list(table[by].dropna().unique())
    if not 1 <= len(groups) <= MOST:
        expected = f"1 to {MOST} panels to be read on one picture"
        raise BadInput("small_multiples", [Problem(by, None, f"{len(groups)} panels", expected)])
    hidden = keys_of(suppressed)
    _check(table, by, hidden)
    for column, asked in (("metric", metric), ("basis", basis)):
        if asked is None:
            one_of(table, column, None)
    panels: dict[str, Compared] = {}
    for group in groups:
        part = table[table[by] == group]
        held = set(part["place"].astype(str))
        own = [each for each in hidden if each in held]
        panels[clean(group)] = compared(part, metric, basis, names=names, suppressed=own)
    what = next(iter(panels.values())).measured
    sheet = Sheet(ax, title or f"{what.label}, by {by.replace('_', ' ')}", what.words)
    sheet.key = _key(panels)
    shared = [value for each in panels.values() for value in each.rows["value"]]
    if one_scale is None:
        tops = [float(each.known["value"].max()) for each in panels.values() if len(each.known)]
        one_scale = bool(tops) and min(tops) >= max(tops) / 4
    scale = "All panels have one scale." if one_scale else "Each panel has a scale of its own."
    sheet.say("Each bar is a place.", scale, _absent(panels), what.caption(source), most=4)
    scales = [_scale(shared if one_scale else each.rows["value"], each) for each in panels.values()]
    box = sheet.place()
    sheet.ax.set_axis_off()
    sheet.ax.set(xticks=[], yticks=[])
    columns = min(len(panels), 4 if len(panels) > 6 or len(panels) == 4 else 3)
    rows = -(-len(panels) // columns)
    head = 2 * SIZE * LINE + 6
    left = max(widest(texts) for _, texts in scales)
    wide = (box.width - (left + _GAP) * columns + _GAP) / columns
    high = (box.height - rows * head) / rows - 6
    if high < 20 or wide < 60:
        least = f"a picture of at least {(sheet.width + max(0, 60 - wide) * columns) / 72:.1f} inches across and higher"
        raise BadInput("small_multiples", [Problem("ax", None, None, least)])
    for at, (name, places) in enumerate(panels.items()):
        across, down = at % columns, at // columns
        start = left + across * (left + wide + _GAP)
        foot = box.height - (down + 1) * (head + high + 6) + 6
        bounds = (start / box.width, foot / box.height, wide / box.width, high / box.height)
        panel = sheet.ax.inset_axes(bounds)
        _panel(panel, name, places, *scales[at], wide)
    return sheet.finish(_text(panels, sheet, what.words, what.caption(source)))


def _check(table: pd.DataFrame, by: str, suppressed: list[str]) -> None:
    held = set(table["place"].astype(str))
    problems = [
        Problem(by, cell_name([at], table.index), None, "a panel for each row")
        for at in np.flatnonzero(table[by].isna())
    ]
    problems += [
        Problem("suppressed", None, each, f"one that is in the table; {nearest(each, held)}".rstrip("; "))
        for each in suppressed
        if each not in held
    ]
    called = table[by].dropna().drop_duplicates().map(clean)
    problems += [Problem(by, None, each, "panels of different names") for each in called[called.duplicated()]]
    if problems:
        raise BadInput("small_multiples", problems)


def _scale(values: Any, places: Compared) -> tuple[Any, list[str]]:
    """Three or four ticks, which is all that a panel has room for."""
    what = places.measured
    ticks, texts = value_ticks(values, what.unit, proportion=what.proportion)
    every = -(-len(ticks) // 4)
    kept = [at for at in range(len(ticks)) if at % every == 0 or ticks[at] == 0]
    ends = sorted({0, *kept, len(ticks) - 1})
    return ticks[ends], [texts[at] if at in kept else "" for at in ends]


def _panel(panel: Axes, name: str, places: Compared, ticks: Any, texts: list[str], wide: float) -> None:
    rows = places.known.sort_values(["value", "name"], ascending=[False, True]).reset_index(drop=True)
    focus = rows["focus"].to_numpy(dtype=bool)
    bars = panel.bar(
        rows.index.to_numpy(), rows["value"], width=0.84, color=np.where(focus, FOCUS, OTHERS).tolist(),
        edgecolor=np.where(focus, PAPER, OTHERS).tolist(), hatch=np.where(focus, HATCH, "").tolist(), linewidth=0,
    )  # fmt: skip
    add_tooltips(bars, [{"panel": name, **each} for each in places.told(rows)])
    for at in np.flatnonzero(focus):
        panel.annotate(
            "", (at, max(float(rows["value"].iloc[at]), 0.0)), xytext=(0, 12), textcoords="offset points",
            arrowprops={"arrowstyle": "-|>", "color": FOCUS, "linewidth": 2.5, "shrinkA": 0, "shrinkB": 1},
        )  # fmt: skip
    draw_values(panel, ticks, texts, across=False)
    panel.set_xlim(-0.7, max(len(rows), 1) - 0.3)
    panel.xaxis.set_ticks([])
    panel.axhline(0, color=INK, linewidth=1)
    if len(rows):
        median = float(rows["value"].median())
        panel.axhline(median, color=AVERAGES[1], linewidth=2.5, linestyle="--", gid="median", zorder=BEHIND)
    for side in ("top", "right"):
        panel.spines[side].set_visible(False)
    lines = [shorten(name, wide, bold=True), shorten(_below(places), wide)]
    for text, lift, weight in zip(lines, (SIZE * LINE + 4, 4), ("bold", "normal"), strict=True):
        panel.annotate(
            text, (0, 1), xycoords="axes fraction", xytext=(0, lift), textcoords="offset points", fontsize=SIZE,
            fontweight=weight, ha="left", va="bottom", color=INK, parse_math=False, annotation_clip=False,
        )  # fmt: skip


def _below(places: Compared) -> str:
    """The line below a panel's name: the place of the focus, or how many bars are wanting."""
    focus = places.rows[places.rows["focus"]]
    if len(focus) == 1:
        row = focus.iloc[0]
        return f"focus {places.measured.write(row['value']) if row['status'] == KNOWN else row['status']}"
    return ", ".join(
        f"{count} {word}" for word in (SUPPRESSED, NOT_KNOWN) if (count := int((places.rows["status"] == word).sum()))
    )


def _key(panels: dict[str, Compared]) -> list[tuple[Any, str]]:
    focus = list(dict.fromkeys(name for each in panels.values() for name in each.rows.loc[each.rows["focus"], "name"]))
    key: list[tuple[Any, str]] = [(Patch(facecolor=OTHERS), "other places" if focus else "places")]
    if focus:
        label = focus[0] if len(focus) == 1 else "focus places"
        key.insert(0, (Patch(facecolor=FOCUS, edgecolor=PAPER, hatch=HATCH), label))
    return [*key, (Line2D([], [], color=AVERAGES[1], linewidth=2.5, linestyle="--"), "median of places")]


def _absent(panels: dict[str, Compared]) -> str:
    said = []
    for status, words in ((SUPPRESSED, "Suppressed"), (NOT_KNOWN, "Not known")):
        cells = [
            f"{name} ({panel})"
            for panel, each in panels.items()
            for name in each.rows.loc[each.rows["status"] == status, "name"]
        ]
        if cells:
            said.append(f"{words}: {listed(cells, most=10)}.")
    return " ".join(said)


def _text(panels: dict[str, Compared], sheet: Sheet, words: str, caption: str) -> str:
    unit = f", in {words}" if words else ""
    parts = [f"Small multiples of ranked bars: {' '.join(sheet.title)}{unit}, {len(panels)} panels."]
    for name, places in panels.items():
        known, write = places.known["value"], places.measured.write
        count = f"{len(known)} place{'' if len(known) == 1 else 's'}"
        if known.empty:
            parts.append(f"{name}: no value is known.")
            continue
        parts.append(
            f"{name}: {count}, {write(float(known.min()))} to {write(float(known.max()))}, median "
            f"{write(float(known.median()))}. {places.focus_sentences(most=3)}"
        )
    return " ".join([*parts, _absent(panels), caption])
