"""Waterfall: from the value before to the value after, by the part that each driver had in the change."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from cmhs_metrics.decomposition import MixChange, ProductChange, RatioChange
from cmhs_metrics.decomposition.results import plain, unit_of
from cmhs_metrics.errors import BadInput, Problem, nearest
from cmhs_metrics.plots.axes import draw_values, value_ticks, widest
from cmhs_metrics.plots.colours import FALL, INK, OTHERS, PAPER, RISE
from cmhs_metrics.plots.figures import Sheet, picture
from cmhs_metrics.plots.interactive import add_tooltips
from cmhs_metrics.plots.reading import Measured, measured
from cmhs_metrics.plots.text import LINE, SIZE, clean, wrap

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes

__all__ = ["waterfall"]

MOST = 12


@picture
def waterfall(
    change: RatioChange | ProductChange | MixChange,
    *,
    metric: Any = None,
    basis: str | None = None,
    unit: str = "",
    names: Mapping[str, str] | None = None,
    before: str = "before",
    after: str = "after",
    source: str | None = None,
    title: str | None = None,
    interactive: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """Draw what drove a change.

    Parameters
    ----------
    change : RatioChange, ProductChange or MixChange
        What a decomposition of single values gave.
    metric, basis : str, optional
        The metric whose change it is, for label, unit and source, and the population that it stands on.
    unit : str, optional
        The unit, where it is no metric; that of the decomposed quantities unless given.
    names : mapping of str to str, optional
        How the drivers are called: "numerator" and "denominator" of a ratio, the factors of a product, "rates",
        "composition" and "interaction" of a mix.
    before, after : str, default "before" and "after"
        What the two ends are called, for example "2012/13" and "2016/17".
    source, title, interactive, ax
        As in `ranked_bars`.

    Returns
    -------
    matplotlib.axes.Axes
        The picture: the value before, a step for each driver with its sign, and the value after.

    Raises
    ------
    BadInput
        When the change is of several values, a part of it is not known, or a name is not a driver's.

    Examples
    --------
    >>> from cmhs_metrics.decomposition import decompose_ratio_change
    >>> ax = waterfall(decompose_ratio_change(100.0, 90.0, 50.0, 40.0), metric="cost_per_contact")
    >>> [round(float(bar.get_height()), 3) for bar in ax.patches]
    [2.0, -0.224, 0.474, 2.25]
    """
    start, steps, end = _steps(change)
    unknown = [name for name in names or {} if name not in steps]
    if unknown:
        problems = [Problem("names", None, name, f"a driver; {nearest(name, steps)}".rstrip("; ")) for name in unknown]
        raise BadInput("waterfall", problems)
    own = change.unit if isinstance(change, MixChange) else unit_of(change.change)
    label = "What drove the change"
    what = measured(metric, basis=basis) if metric is not None else Measured(label, unit or own, basis=basis)
    ends = [clean(before), clean(after)]
    called = [ends[0], *(clean((names or {}).get(name, name.replace("_", " "))) for name in steps), ends[1]]
    heading = title or (f"{label}: {what.label}" if metric is not None else label)
    sheet = Sheet(ax, heading, what.words)
    sheet.say(what.caption(source))
    levels = np.cumsum([start, *steps.values()])
    ticks, texts = value_ticks([0.0, start, end, *levels, *_room_above(levels)], what.unit, proportion=what.proportion)
    left = widest(texts)
    each = (sheet.width - left) / len(called)
    wrapped = ["\n".join(wrap(name, each - 8, most=3)) for name in called]
    lines = max(text.count("\n") + 1 for text in wrapped)
    sheet.place(left=left, bottom=lines * SIZE * LINE + 10, over=SIZE * LINE)
    draw_values(sheet.ax, ticks, texts, across=False)
    _bars(sheet.ax, start, list(steps.values()), end, what, called)
    sheet.ax.xaxis.set_ticks(range(len(called)), labels=wrapped)
    sheet.ax.set_xlim(-0.5, len(called) - 0.5)
    sheet.ax.xaxis.set_tick_params(length=0, labelsize=SIZE, labelcolor=INK)
    for text in sheet.ax.xaxis.get_ticklabels():
        text.set_parse_math(False)
    parts = ", ".join(
        f"{name} {what.write(part, sign=True)}" for name, part in zip(called[1:-1], steps.values(), strict=True)
    )
    words = f", in {what.words}" if what.words else ""
    return sheet.finish(
        f"Waterfall chart: {' '.join(sheet.title)}{words}. From {what.write(start)} ({ends[0]}) to "
        f"{what.write(end)} ({ends[1]}), a change of {what.write(end - start, sign=True)}: {parts}. "
        f"{what.caption(source)}"
    )


def _room_above(levels: Any) -> list[float]:
    """Room for the numbers above the highest bar."""
    reach = float(max(levels.max(), 0.0) - min(levels.min(), 0.0))
    return [float(levels.max()) + 0.06 * reach]


def _steps(change: Any) -> tuple[float, dict[str, float], float]:
    if isinstance(change, RatioChange):
        parts = {"numerator": change.due_to_numerator, "denominator": change.due_to_denominator}
    elif isinstance(change, ProductChange):
        parts = dict(change.parts)
    elif isinstance(change, MixChange):
        parts = {"rates": change.due_to_rates, "composition": change.due_to_composition}
        parts |= {"interaction": change.interaction} if change.interaction else {}
    else:
        expected = "what decompose_ratio_change, decompose_product_change or decompose_mix_change gives"
        raise BadInput("waterfall", [Problem("change", None, type(change).__name__, expected)])
    flat = {"before": plain(change.before), **{name: plain(part) for name, part in parts.items()}}
    flat["after"] = plain(change.after)
    several = max(len(each) for each in flat.values())
    problems = []
    if several != 1:
        problems.append(Problem("change", None, f"{several} values", "the change of one value: decompose one row"))
    else:
        problems += [
            Problem(name, None, None, "a value that is known: of what is missing or suppressed no change is drawn")
            for name, each in flat.items()
            if not math.isfinite(each[0])
        ]
    if len(parts) > MOST:
        problems.append(Problem("change", None, f"{len(parts)} drivers", f"{MOST} or fewer"))
    if problems:
        raise BadInput("waterfall", problems)
    single = {name: float(each[0]) for name, each in flat.items()}
    return single.pop("before"), {name: single[name] for name in parts}, single["after"]


def _bars(ax: Axes, start: float, steps: list[float], end: float, what: Measured, names: list[str]) -> None:
    level = start
    _bar(ax, 0, 0.0, start, OTHERS, what.write(start), bold=True)
    for at, step in enumerate(steps, start=1):
        ax.plot([at - 1 + 0.35, at - 0.35], [level, level], color=INK, linewidth=1, linestyle=":")
        _bar(ax, at, level, step, RISE if step >= 0 else FALL, what.write(step, sign=True), bold=False)
        level += step
    last = len(steps) + 1
    ax.plot([last - 1 + 0.35, last - 0.35], [level, level], color=INK, linewidth=1, linestyle=":")
    _bar(ax, last, 0.0, end, OTHERS, what.write(end), bold=True)
    ax.axhline(0, color=INK, linewidth=1)
    written = [what.write(start), *(what.write(step, sign=True) for step in steps), what.write(end)]
    add_tooltips(ax.patches, [{"step": name, "value": text} for name, text in zip(names, written, strict=True)])


def _bar(ax: Axes, at: int, base: float, height: float, colour: str, text: str, *, bold: bool) -> None:
    hatch = {RISE: "//", FALL: "\\\\"}.get(colour)
    ax.bar([at], [height], bottom=base, width=0.7, facecolor=colour, edgecolor=PAPER, hatch=hatch, linewidth=0)
    ax.annotate(
        text, (at, max(base, base + height)), xytext=(0, 4), textcoords="offset points", ha="center", va="bottom",
        fontsize=SIZE, fontweight="bold" if bold else "normal", color=INK, parse_math=False,
    )  # fmt: skip
