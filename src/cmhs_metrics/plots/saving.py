"""A picture's words, and files that carry them."""

from __future__ import annotations

import html
import io
import re
from os import PathLike, fspath
from pathlib import PurePath
from typing import IO, TYPE_CHECKING, Any, cast

import matplotlib as mpl
from matplotlib.axes import Axes

from cmhs_metrics.errors import BadInput, Problem
from cmhs_metrics.numeric.expected import expect
from cmhs_metrics.signatures import checked

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["alternative_text", "save", "to_svg"]

_FIELDS = {
    "svg": ("Title", "Description"),
    "png": ("Title", "Description"),
    "pdf": ("Title", "Subject"),
}
"""Where each format keeps a title and a description."""
SETTINGS: dict[Any, Any] = {
    "svg.hashsalt": "cmhs_metrics", "svg.fonttype": "path", "savefig.facecolor": "auto", "savefig.edgecolor": "auto",
    "savefig.transparent": False, "savefig.bbox": None,
}  # fmt: skip
"""A picture is saved as it was drawn, whatever the user's settings are."""


def settings_of(figure: Any) -> dict[Any, Any]:
    """How a figure is saved: in a page letters stay text, which is a third as large and can be searched."""
    return SETTINGS | {"svg.fonttype": "none"} if getattr(figure, "in_page", False) else SETTINGS


@checked
def alternative_text(ax: Axes) -> str:
    """The picture in plain English, for those who do not see it.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        What a picture gave.

    Returns
    -------
    str
        What it shows, with its figures; a suppressed value is not among them. Empty where no picture was drawn.

    Examples
    --------
    >>> import cmhs_metrics as cm
    >>> before, after = {"patients": 100, "cost": 2.0}, {"patients": 80, "cost": 3.0}
    >>> change = cm.decomposition.decompose_product_change(before, after, method="shapley")
    >>> print(alternative_text(cm.plots.waterfall(change, unit="GBP")))
    Waterfall chart: What drove the change, in £. From £200 (before) to £240 (after), a change of +£40.0:
    patients −£50.0, cost +£90.0. Source of the data not given.
    """
    expect("alternative_text", "ax", ax, Axes, "axes of matplotlib, as a picture gives them")
    return str(ax.get_label())


def words_of(figure: Any) -> tuple[str, str]:
    """The title and the alternative text of all pictures of a figure."""
    pictures = [ax for ax in figure.axes if str(ax.get_label()) and ax.get_title(loc="left")]
    titles = [" ".join(ax.get_title(loc="left").split()) for ax in pictures]
    return "; ".join(titles), " ".join(alternative_text(ax) for ax in pictures)


def metadata_for(figure: Any, format_: str) -> dict[str, Any]:
    """What a saved file says of itself: the title, the alternative text, and no date, so that it is the same again."""
    title, text = words_of(figure)
    if format_ not in _FIELDS:
        return {}
    names = _FIELDS[format_]
    dates = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
    return {names[0]: title, names[1]: text} | dates.get(format_, {})


@checked
def save(ax: Axes, path: str | PathLike[str] | IO[bytes], **options: Any) -> None:
    """Save the figure that a picture stands in, with its alternative text.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        What a picture gave.
    path : str, path or open file
        Where to; its ending, or `format`, gives the format. SVG, PNG and PDF carry the title and the alternative text.
    **options
        As for `matplotlib.figure.Figure.savefig`.

    Raises
    ------
    BadInput
        When it is no picture, or no place to write to.
    """
    figure = figure_of(ax)
    if not isinstance(path, str | PathLike) and not hasattr(path, "write"):
        raise BadInput("save", [Problem("path", None, path, "a path, or a file that is open for writing")])
    if known := metadata_for(figure, format_of(path, options)):
        options["metadata"] = known | dict(options.get("metadata") or {})
    with mpl.rc_context(settings_of(figure)):
        figure.savefig(path, **options)


def format_of(path: Any, options: dict[str, Any]) -> str:
    """The format that a file is saved in, as matplotlib finds it."""
    ending = PurePath(fspath(path)).suffix[1:] if isinstance(path, str | PathLike) else ""
    return str(options.get("format") or ending or mpl.rcParams["savefig.format"]).casefold()


@checked
def to_svg(ax: Axes, name: str = "picture") -> str:
    """A picture as SVG to be put into a web page.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        What a picture gave.
    name : str, default "picture"
        Begins every id in it: give each picture of a page its own.

    Returns
    -------
    str
        The element, an image to screen readers, with the title and the alternative text. The same picture gives the
        same text, and nothing is loaded from elsewhere.
    """
    figure = figure_of(ax)
    file = io.BytesIO()
    save(ax, file, format="svg")
    drawn = file.getvalue().decode("utf-8")
    body = re.sub(r"<(title|metadata)>.*?</\1>\s*", "", drawn[drawn.index("<svg") :], flags=re.DOTALL)
    # What matplotlib writes as a style sheet would hold for the whole page.
    body = re.sub(r"<style.*?</style>", "", body, flags=re.DOTALL)
    body = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{name}-", body)
    title, text = (html.escape(each) for each in words_of(figure))
    words = f'<title id="{name}-title">{title}</title><desc id="{name}-description">{text}</desc>'
    head, _, rest = body.partition(">")
    stroke = 'stroke-linejoin="round" stroke-linecap="butt"'
    return f'{head} {stroke} role="img" aria-labelledby="{name}-title {name}-description">{words}{rest}'


def figure_of(ax: Axes) -> Figure:
    """The whole figure that axes stand in, also where they stand in a part of it."""
    expect("the picture", "ax", ax, Axes, "axes of matplotlib, as a picture gives them")
    figure = ax.figure
    while hasattr(figure, "figure") and figure.figure is not None and figure.figure is not figure:
        figure = figure.figure
    return cast("Figure", figure)
