"""The icons of a run chart, for a web page, a notebook or a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matplotlib.lines import Line2D
from matplotlib.offsetbox import AnnotationBbox, DrawingArea
from matplotlib.patches import Circle, Polygon

from cmhs_metrics.run_charts.icons import ASSURANCE, VARIATION, Icon, Shape, icon_of
from cmhs_metrics.signatures import checked

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

__all__ = ["assurance_icon", "variation_icon"]


@checked
def variation_icon(variation: str | float | None) -> Icon:
    """The icon of what the latest point of a run chart is.

    Parameters
    ----------
    variation : str or None
        As `run_chart_summary` has it: "common cause"; "improvement", "concern" or neither, with "high" or "low", such
        as "improvement low" or "high"; or None, where it is not known.

    Returns
    -------
    Icon
        The icon, which a notebook shows; `svg(size)` is its text, `words` what it says.

    Raises
    ------
    BadInput
        When there is no such icon.

    Examples
    --------
    >>> icon = variation_icon("improvement low")
    >>> icon.words, icon.svg(20)[:4]
    ('special cause: improvement, low', '<svg')
    """
    return icon_of(variation, VARIATION, "variation")


@checked
def assurance_icon(assurance: str | float | None) -> Icon:
    """The icon of what the limits of a run chart promise of its target.

    Parameters
    ----------
    assurance : {"pass", "fail", "hit or miss"} or None
        As `run_chart` has it; None where there is no verdict.

    Returns
    -------
    Icon
        The icon, which a notebook shows; `svg(size)` is its text, `words` what it says.

    Raises
    ------
    BadInput
        When there is no such icon.

    Examples
    --------
    >>> assurance_icon("fail").words
    'the target is failed'
    """
    return icon_of(assurance, ASSURANCE, "assurance")


def draw_icon(
    ax: Axes, icon: Icon, at: tuple[float, float], *, size: float = 24, coordinates: Any = "axes fraction"
) -> Any:
    """Draw an icon into a picture.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        The axes.
    icon : Icon
        The icon.
    at : tuple of float
        Where its middle is.
    size : float, default 24
        How wide it is [points].
    coordinates : str or matplotlib.transforms.Transform, default "axes fraction"
        What `at` is measured in, as in `matplotlib.axes.Axes.annotate`.

    Returns
    -------
    matplotlib.offsetbox.AnnotationBbox
        What was drawn.
    """
    area = DrawingArea(size, size)
    for shape in icon.shapes:
        area.add_artist(_drawn(shape, size / 100))
    box = AnnotationBbox(area, at, xycoords=coordinates, frameon=False, pad=0, annotation_clip=False)
    box.set_gid(icon.words)
    box.icon = icon  # type: ignore[attr-defined]
    return ax.add_artist(box)


def _drawn(shape: Shape, scale: float) -> Artist:
    points = [(x * scale, (100 - y) * scale) for x, y in shape.points]
    edge: dict[str, Any] = {"edgecolor": shape.edge or "none", "linewidth": 8 * scale if shape.edge else 0}
    if shape.kind == "disc":
        return Circle(points[0], shape.width * scale, facecolor=shape.colour, **edge)
    if shape.kind == "area":
        return Polygon(points, facecolor=shape.colour, **edge)
    return Line2D(
        [x for x, _ in points], [y for _, y in points], color=shape.colour, linewidth=shape.width * scale,
        solid_capstyle="round", solid_joinstyle="round",
    )  # fmt: skip
