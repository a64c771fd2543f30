"""Axes of values and of places, with labels that fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.ticker import MaxNLocator

from cmhs_metrics.plots.colours import INK
from cmhs_metrics.plots.text import LINE, SIZE, shorten_all, width
from cmhs_metrics.presentation import is_money

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from cmhs_metrics.plots.figures import Sheet

TICK = 8.0
"""Between an axis and its labels [point]."""
BESIDE = 1.35
"""Distance of names below one another [size]; with it a place takes this much of a horizontal chart."""
ABREAST = 1.08
"""The same of names turned upright, side by side."""
FEW, THICK = 6, 40.0
"""Fewer bars than these do not take all the room, unless they stay thinner than this [point]."""
MOST_ROWS = 40
"""So many rows a picture in a page is made high enough for."""
BEHIND = 0.8
"""Lines at averages lie behind bars and dots, and hide none."""


def value_ticks(values: Sequence[float], unit: str, *, proportion: bool, zero: bool = True) -> tuple[Any, list[str]]:
    """Ticks that hold all the values, and how they are written."""
    finite = np.asarray(values, dtype=np.float64)
    finite = finite[np.isfinite(finite)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    if not finite.size:
        return np.array([0.0, 1.0]), ["", ""]
    if low == high:
        high = low + (1.0 if not proportion else 0.1)
    ticks = MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
    return ticks, [tick_text(each, ticks, unit, proportion=proportion) for each in ticks]


def tick_text(tick: float, ticks: Any, unit: str, *, proportion: bool) -> str:
    """A tick of an axis, with the decimal places that the axis needs."""
    tick = 0.0 if abs(tick) < 1e-12 * max(1e-300, float(np.abs(ticks).max())) else float(tick)
    sign = "−" if tick < 0 else ""
    if proportion:
        return f"{sign}{round(abs(tick) * 100, 9):g}%"
    largest = float(np.abs(ticks).max())
    money = is_money(unit)
    for least, word in ((1e9, "bn"), (1e6, "m")) if money else ():
        if largest >= least:
            return f"{sign}£{round(abs(tick) / least, 9):g}{word}"
    # Twelve figures are more than any axis needs, and hide the rounding of floats.
    text = f"{abs(tick):,.12g}" if abs(tick) >= 1e-4 or tick == 0 else f"{abs(tick):.3g}"
    return f"{sign}{'£' if money else ''}{text}"


def draw_values(ax: Axes, ticks: Any, labels: list[str], *, across: bool) -> None:
    """Put the ticks of values on an axis, across or upright, with light lines at each."""
    axis = ax.xaxis if across else ax.yaxis
    axis.set_ticks(ticks, labels=labels)
    (ax.set_xlim if across else ax.set_ylim)(float(ticks[0]), float(ticks[-1]))
    axis.grid(visible=True, color="#d9d9d9", linewidth=0.8)
    ax.set_axisbelow(True)
    _plain(axis)


def widest(labels: Sequence[str], *, bold: bool = False) -> float:
    """The room that labels need beside an axis [point]."""
    return max((width(each, bold=bold) for each in labels), default=0.0) + TICK


class Names:
    """The names of places along an axis: beside horizontal bars, or upright below columns where there are many.

    Parameters
    ----------
    sheet : Sheet
        What they are drawn on, its key and caption known.
    names : list of str
        The names, first to last.
    focus : sequence of bool
        Which are written bold, and first of all where there is no room for all.
    """

    def __init__(self, sheet: Sheet, names: list[str], focus: Sequence[bool]) -> None:
        self.sheet, self.focus = sheet, list(focus)
        if sheet.in_page and len(names) <= MOST_ROWS:
            sheet.make_room((len(names) * BESIDE + 2 * LINE) * SIZE + 1)
        height = sheet.height() - 2 * SIZE * LINE
        self.across = len(names) * SIZE * BESIDE <= height
        room = sheet.width * 0.42 if self.across else min(sheet.height() * 0.45, 190.0)
        self.short = shorten_all(names, room)
        self.names = names
        length = height if self.across else sheet.width - 70
        self.fit = int(length // (SIZE * (BESIDE if self.across else ABREAST)))
        self.all_named = len(names) <= self.fit

    @property
    def room(self) -> float:
        """What the names take away from the axes [point]."""
        shown = [self.short[at] for at in self.named()]
        return widest(shown or [""], bold=True)

    def named(self) -> list[int]:
        """The positions that have a name: all, or those of the focus, as many as keep apart."""
        if self.all_named:
            return list(range(len(self.short)))
        apart = max(1.0, len(self.short) / max(1, self.fit))
        kept: list[int] = []
        for at in (at for at, focus in enumerate(self.focus) if focus):
            if not kept or at - kept[-1] >= apart:
                kept.append(at)
        return kept

    @property
    def said(self) -> str:
        """A sentence for the caption, where not every name is shown."""
        if self.all_named:
            return ""
        if not any(self.focus):
            return "There is no room for the names."
        return f"Only {'' if len(self.named()) == sum(self.focus) else 'some of '}the focus places are named."

    def place(self, value_labels: list[str], *, right: float = 0.0) -> None:
        """Place the axes and write the names."""
        room = self.room
        if self.across:
            self.sheet.place(left=room + 4, right=max(right, width(value_labels[-1]) / 2), bottom=SIZE * LINE + TICK)
        else:
            self.sheet.place(left=widest(value_labels), right=2, bottom=room + 4, over=SIZE * 0.5)
        ax, at = self.sheet.ax, self.named()
        self.sheet.note_cut([self.names[each] for each in at], [self.short[each] for each in at])
        write_names(ax, at, [self.short[each] for each in at], [self.focus[each] for each in at], across=self.across)
        count = len(self.short)
        if self.across:
            # A few bars stay bars and do not become blocks.
            high = ax.bbox.height * 72 / ax.figure.dpi
            ax.set_ylim(max(count, min(FEW, high / THICK)) - 0.5, -0.5)
        else:
            ax.set_xlim(-0.5, max(count, FEW) - 0.5)


def write_names(ax: Axes, at: list[int], names: list[str], strong: list[bool], *, across: bool = True) -> None:
    """Write names beside an axis of places, some of them bold."""
    axis = ax.yaxis if across else ax.xaxis
    axis.set_ticks(at, labels=names)
    axis.set_tick_params(length=0, left=False, bottom=False)
    _plain(axis)
    for tick, bold in zip(axis.get_ticklabels(), strong, strict=True):
        tick.set_fontweight("bold" if bold else "normal")
        if not across:
            tick.set_rotation(90)


def _plain(axis: Any) -> None:
    """Write the labels of an axis as they stand: a dollar sign begins no formula."""
    axis.set_tick_params(labelsize=SIZE, labelcolor=INK, color=INK)
    for label in axis.get_ticklabels():
        label.set_parse_math(False)
