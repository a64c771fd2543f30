"""Axes of time: periods in their order, as far apart as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cmhs_metrics.errors import BadInput
from cmhs_metrics.plots.colours import INK
from cmhs_metrics.plots.text import SIZE, shorten, width
from cmhs_metrics.presentation import period_in_words
from cmhs_metrics.trends.periods import ordered

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cmhs_metrics.errors import Problem


def period_positions(labels: list[Any]) -> tuple[Any, Any]:
    """Where periods stand on the axis, and whether each follows right upon the one before.

    Raises
    ------
    BadInput
        When the periods cannot be read, repeat or are not in order.
    """
    problems: list[Problem] = []
    order = ordered(labels, problems, least=1)
    if problems:
        raise BadInput("the periods", problems)
    positions = np.asarray(order.ordinals, dtype=np.float64) - float(order.ordinals[0])
    step = float(order.step or 1)
    follows = np.append(False, np.diff(positions) <= step) if len(positions) > 1 else np.array([False])
    return positions / step, follows


def unbroken(values: Any, connected: Any) -> list[slice]:
    """The stretches over which a line is drawn: known values of periods that follow each other."""
    runs: list[slice] = []
    for at in np.flatnonzero(~np.isnan(values)):
        if runs and runs[-1].stop == at and connected[at]:
            runs[-1] = slice(runs[-1].start, at + 1)
        else:
            runs.append(slice(at, at + 1))
    return runs


def draw_periods(ax: Axes, positions: Any, labels: list[str], room: float) -> None:
    """Write the periods below the axis, as many as there is room for, the last one always.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        The axes.
    positions : numpy.ndarray
        Where the periods stand.
    labels : list of str
        How they are written.
    room : float
        Width of the axes [point].
    """
    short = [shorten(period_in_words(each, short=True), 120) for each in labels]
    span = max(float(positions[-1] - positions[0]), 1.0)
    edge = 0.04 * span
    apart = (max(map(width, short)) + SIZE) / room * (span + 2 * edge)
    kept = [len(short) - 1]
    for at in range(len(short) - 2, -1, -1):
        if positions[kept[-1]] - positions[at] >= apart:
            kept.append(at)
    kept.reverse()
    ax.xaxis.set_ticks([float(positions[at]) for at in kept], labels=[short[at] for at in kept])
    ax.set_xlim(float(positions[0]) - edge, float(positions[-1]) + edge)
    ax.xaxis.set_tick_params(labelsize=SIZE, labelcolor=INK)
    for label in ax.xaxis.get_ticklabels():
        label.set_parse_math(False)
