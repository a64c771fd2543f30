"""Names at the ends of lines, so that no key has to be looked up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cmhs_metrics.plots.colours import INK
from cmhs_metrics.plots.text import LINE, SIZE

if TYPE_CHECKING:
    import pandas as pd

    from cmhs_metrics.plots.figures import Sheet


def name_ends(
    sheet: Sheet, positions: Any, shown: pd.DataFrame, names: list[str], colours: list[str], high: float
) -> None:
    """Name each line at its last known value, moved up or down where names would meet.

    Parameters
    ----------
    sheet : Sheet
        What the lines are drawn on.
    positions : numpy.ndarray
        Where the periods stand.
    shown : pandas.DataFrame
        The values, a column for each line.
    names, colours : list of str
        Of each line.
    high : float
        Height of the axes [point].
    """
    low, top = sheet.ax.get_ylim()
    numbers = shown.to_numpy(dtype=np.float64)
    apart = SIZE * LINE * max((name.count("\n") + 1 for name in names), default=1)
    ends = [(int(np.flatnonzero(~np.isnan(column))[-1]), column) for column in numbers.T]
    heights = spread(
        [float(column[at] - low) / (top - low) * high for at, column in ends], apart, high - (apart - SIZE * LINE) / 2
    )
    for (at, column), name, colour, height in zip(ends, names, colours, heights, strict=True):
        sheet.ax.annotate(
            name, (positions[at], column[at]), xytext=(1, height / high), textcoords="axes fraction", fontsize=SIZE,
            va="center", ha="left", linespacing=1.0, color=INK, parse_math=False, gid="name", annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 1.2, "relpos": (0, 0.5), "shrinkB": 4},
        )  # fmt: skip


def spread(wanted: list[float], apart: float, room: float) -> list[float]:
    """Heights as near as can be to those wanted, each so far apart from the next, within the room where it suffices."""
    order = np.argsort(wanted, kind="stable")
    heights = np.asarray(wanted, dtype=np.float64)[order]
    for at in range(1, len(heights)):
        heights[at] = max(heights[at], heights[at - 1] + apart)
    if len(heights) and heights[-1] > room:
        heights[-1] = room
        for at in range(len(heights) - 2, -1, -1):
            heights[at] = min(heights[at], heights[at + 1] - apart)
    result = np.empty(len(heights))
    result[order] = heights
    return [float(each) for each in result]
