"""The colours of the pictures.

They are told apart without colour vision too: by lightness, and beside it by hatching, markers, dashes or words.
The tests simulate protanopia, deuteranopia and tritanopia and compute every contrast from what is written here.
"""

from __future__ import annotations

from cmhs_metrics.run_charts.icons import COMMON, CONCERN, IMPROVEMENT
from cmhs_metrics.run_charts.icons import NEITHER as NEUTRAL

INK = "#1a1a1a"
"""Text, axes and lines of reference."""
PAPER = "#ffffff"
MUTED = "#595959"
"""Intervals and lines of lesser weight."""

FOCUS = "#00593c"
"""One's own places: dark green, hatched, with a bold name."""
OTHERS = "#3f8fd0"
"""The rest of England: blue."""
PEERS = "#8a35d8"
"""The chosen peers."""

AVERAGES = ("#1a1a1a", "#b35900", "#9c1c6b")
"""Lines at the mean, the median and the pooled value: solid, dashed and dotted."""

SERIES = ("#00593c", "#3f8fd0", "#d77b05", "#8a35d8", "#100627", "#9c1c6b")
"""Lines of a trend; each has a marker of its own, and the second round of colours is dashed."""
MARKERS = ("o", "s", "^", "D", "v", "P")

FILLS = ("#0c2f52", "#7fc4ee", "#b35900", "#f6e27a", "#8a35d8", "#00805a")
"""Segments of a stacked bar, dark and light in turn; the second round of colours is hatched."""

SHADES = ("#e3eef9", "#b0d0ee", "#6ba6db", "#2d74b8", "#0f3f76")
"""From the lowest values of a map to the highest."""

RISE, FALL = "#b35900", "#0b5394"
"""Steps of a waterfall; each carries its sign."""
# Points of a run chart are coloured as its icons are; each kind has a marker of its own.
__all__ = ["COMMON", "CONCERN", "IMPROVEMENT", "NEUTRAL"]


def contrast(first: str, second: str) -> float:
    """Contrast ratio of two colours.

    Parameters
    ----------
    first, second : str
        Colours as "#rrggbb".

    Returns
    -------
    float
        From 1 to 21 [1].

    References
    ----------
    W3C, Web Content Accessibility Guidelines 2.2: contrast ratio and relative luminance.

    Examples
    --------
    >>> contrast("#000000", "#ffffff")
    21.0
    """
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def text_on(fill: str) -> str:
    """The colour of text on a fill: dark or white, whichever is read better."""
    return max((INK, PAPER), key=lambda colour: contrast(colour, fill))


def _luminance(colour: str) -> float:
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
