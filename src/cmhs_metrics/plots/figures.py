"""The sheet that a picture is drawn on: room for title, key, labels and caption, measured before anything is placed."""

from __future__ import annotations

import base64
import html
import io
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, cast

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from cmhs_metrics.errors import BadInput, Problem
from cmhs_metrics.plots.colours import INK, PAPER
from cmhs_metrics.plots.interactive import altair_chart
from cmhs_metrics.plots.saving import format_of, metadata_for, settings_of, words_of
from cmhs_metrics.plots.text import LINE, LONGEST, SIZE, TITLE_SIZE, clean, shorten, width, wrap
from cmhs_metrics.signatures import checked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from matplotlib.axes import Axes
__all__ = ["Picture"]

P = ParamSpec("P")

SLIDE = (13.33, 7.5)
"""Width and height of a picture: a wide slide [inch]."""
MARGIN = 16.0
LEAST = 90.0
"""A picture is refused where its axes would be smaller either way [point]."""
_NOT_OURS = frozenset({"backend", "interactive", "toolbar", "timezone", "figure.max_open_warning", "savefig.directory"})


class Picture(Figure):
    """A figure that carries its alternative text into what is saved, and shows it in a notebook.

    It is not one of pyplot's, and so is never left open.
    """

    in_page = False
    """Whether it stands in a page that gives title and source itself: it is as high as its rows need, then."""

    def savefig(self, fname: Any, **options: Any) -> None:
        """Save the figure with its title and alternative text; see `matplotlib.figure.Figure.savefig`."""
        if known := metadata_for(self, format_of(fname, options)):
            options["metadata"] = known | dict(options.get("metadata") or {})
        with mpl.rc_context(settings_of(self)):
            super().savefig(fname, **options)

    def _repr_html_(self) -> str:
        file = io.BytesIO()
        self.savefig(file, format="png", dpi=72)
        image = base64.b64encode(file.getvalue()).decode("ascii")
        return f'<img alt="{html.escape(words_of(self)[1])}" src="data:image/png;base64,{image}">'


def picture(draw: Callable[P, Axes]) -> Callable[P, Any]:
    """Draw by our own settings, whatever the user's are, and leave these as they were; where asked, as Altair."""

    @wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> Any:
        if kwargs.get("interactive") is True and kwargs.get("ax") is not None:
            raise BadInput(
                draw.__name__, [Problem("ax", None, "axes", "none: a chart of Altair has no axes to draw on")]
            )
        settings = {name: value for name, value in mpl.rcParamsDefault.items() if name not in _NOT_OURS}
        ours = {
            "text.parse_math": False,
            "text.usetex": False,
            "font.family": ["DejaVu Sans"],
            "font.size": SIZE,
            "text.color": INK,
            "axes.labelcolor": INK,
            "xtick.color": INK,
            "ytick.color": INK,
            "axes.edgecolor": INK,
            "hatch.linewidth": 1.5,
        }
        with mpl.rc_context():
            # Retired settings warn when they are read or set; they are not ours to mend.
            dict.update(mpl.rcParams, settings)
            mpl.rcParams.update(cast("Any", ours))
            ax = held(*args, **kwargs)
            return altair_chart(ax) if kwargs.get("interactive") else ax

    held = checked(draw)
    return drawn


class Sheet:
    """The room of one picture: a figure of its own, or the place that the user's axes had.

    Parameters
    ----------
    ax : matplotlib.axes.Axes, optional
        The user's axes. They are moved within the place they have, so that title and caption fit there.
    title : str
        What the picture is.
    unit : str
        The line below the title: what is measured, and in what.
    """

    def __init__(self, ax: Axes | None, title: str, unit: str = "") -> None:
        if ax is None:
            figure = Picture(figsize=SLIDE, facecolor=PAPER)
            FigureCanvasAgg(figure)
            ax = figure.add_axes((0.1, 0.1, 0.8, 0.8))
            self.own = True
        else:
            self.own = False
        self.ax = ax
        self.figure: Any = ax.figure
        self.in_page = bool(getattr(self.figure, "in_page", False))
        # Distances are in points from the lower left of the figure.
        self.scale = self.figure.bbox.width * 72 / self.figure.dpi, self.figure.bbox.height * 72 / self.figure.dpi
        held = Bbox.from_bounds(0, 0, 1, 1) if self.own else ax.get_position()
        margin = MARGIN if self.own else 0.0
        self.left, self.right = held.x0 * self.scale[0] + margin, held.x1 * self.scale[0] - margin
        self.bottom, self.top = held.y0 * self.scale[1] + margin, held.y1 * self.scale[1] - margin
        self.width = self.right - self.left
        self.title = wrap(title[: 2 * LONGEST], self.width, TITLE_SIZE, most=2, bold=True)
        self.unit = wrap(unit, self.width, most=2)
        self.key: list[tuple[Any, str]] = []
        self.key_width = self.width
        self.caption: list[str] = []
        self.cut: set[str] = set()

    def note_cut(self, names: Iterable[str], shown: Iterable[str]) -> None:
        """Keep the names that are shown shortened, for the alternative text."""
        self.cut |= {name for name, short in zip(names, shown, strict=True) if "…" in short}

    def make_room(self, height: float) -> None:
        """Make a figure of our own higher, where its axes and their labels need more room than there is [point]."""
        more = height - self.height()
        if more > 0 and (self.own or self.in_page):
            wide, high = self.figure.get_size_inches()
            self.figure.set_size_inches(wide, high + more / 72)
            self.scale = self.scale[0], self.scale[1] + more
            self.top += more

    def head(self) -> float:
        """Height of the title, the unit and the key [point]."""
        title = 0 if self.in_page else len(self.title)
        lines = title * TITLE_SIZE + (len(self.unit) + self._key_rows()) * SIZE
        return lines * LINE + 8 + (6 if self.key else 0)

    def foot(self) -> float:
        """Height of the caption [point]."""
        return len(self.caption) * SIZE * LINE + (6 if self.caption else 0)

    def height(self) -> float:
        """What is left for the axes and their labels [point]."""
        return float(self.top - self.bottom - self.head() - self.foot())

    def say(self, *sentences: str, most: int = 5) -> None:
        """Put sentences into the caption; where there is no room for all, the last, which names the source, is kept."""
        if self.in_page:
            return
        *before, last = sentences
        self.caption = wrap(" ".join(each for each in sentences if each), self.width, most=most + 1)
        if len(self.caption) > most and any(before):
            kept = wrap(last, self.width, most=most - 1)
            self.caption = [*wrap(" ".join(each for each in before if each), self.width, most=most - len(kept)), *kept]
        self.caption = wrap(last, self.width, most=most) if len(self.caption) > most else self.caption

    def place(self, *, left: float = 0.0, right: float = 0.0, bottom: float = 0.0, over: float = 0.0) -> Bbox:
        """Place the axes within what their labels need, and draw title, key and caption around them.

        Parameters
        ----------
        left, right, bottom, over : float
            Room for labels beside, below and above the axes [point].

        Returns
        -------
        matplotlib.transforms.Bbox
            Where the axes stand [point].
        """
        self.make_room(LEAST + bottom + over)
        if self.in_page and self.width - left - right < LEAST:
            more = LEAST - (self.width - left - right)
            wide, high = self.figure.get_size_inches()
            self.figure.set_size_inches(wide + more / 72, high)
            self.scale, self.right, self.width = (
                (self.scale[0] + more, self.scale[1]),
                self.right + more,
                self.width + more,
            )
        box = Bbox.from_extents(
            self.left + left, self.bottom + self.foot() + bottom, self.right - right, self.top - self.head() - over
        )
        if box.width < LEAST - 0.5 or box.height < LEAST - 0.5:
            need = [self.width + max(0.0, LEAST - box.width), self.top - self.bottom + max(0.0, LEAST - box.height)]
            room = f"{need[0] / 72:.1f} by {need[1] / 72:.1f} inches or more for this picture with its words"
            found = f"{self.width / 72:.1f} by {(self.top - self.bottom) / 72:.1f} inches"
            raise BadInput("the picture", [Problem("ax", None, found, room)])
        wide, high = self.scale
        self.ax.set_position((box.x0 / wide, box.y0 / high, box.width / wide, box.height / high))
        self._write(box)
        return box

    def _write(self, box: Bbox) -> None:
        at = (self.left - box.x0) / box.width
        title = self.ax.set_title(
            "\n".join(self.title), loc="left", x=at, y=(self.top - box.y0) / box.height, va="top", fontsize=TITLE_SIZE,
            fontweight="bold", linespacing=LINE * 0.85, pad=0,
        )  # fmt: skip
        title.set_visible(not self.in_page)
        below = self.top - (0 if self.in_page else len(self.title) * TITLE_SIZE * LINE)
        self._line(below, self.unit, "unit", "top")
        if self.key:
            self._draw_key(below - len(self.unit) * SIZE * LINE - 2)
        self._line(self.bottom, self.caption, "caption", "bottom")

    def _line(self, height: float, lines: list[str], name: str, align: str) -> None:
        if lines:
            self.ax.text(
                self.left / self.scale[0], height / self.scale[1], "\n".join(lines), va=align, ha="left", fontsize=SIZE,
                transform=self.figure.transSubfigure, linespacing=LINE * 0.85, gid=name, color=INK,
            )  # fmt: skip

    def _columns(self) -> int:
        widest = max(width(label) for _, label in self.key) + 4.5 * SIZE
        return max(1, min(len(self.key), int(self.key_width // widest)))

    def _key_rows(self) -> int:
        return -(-len(self.key) // self._columns()) if self.key else 0

    def _draw_key(self, height: float) -> None:
        handles = [handle for handle, _ in self.key]
        labels = [shorten(label, self.key_width - 5 * SIZE) for _, label in self.key]
        self.ax.legend(
            handles, labels, loc="upper left", bbox_to_anchor=(self.left / self.scale[0], height / self.scale[1]),
            bbox_transform=self.figure.transSubfigure, ncols=self._columns(), frameon=False, fontsize=SIZE,
            borderaxespad=0, borderpad=0, handlelength=2, handletextpad=0.5, columnspacing=1.5, labelspacing=0.25,
        )  # fmt: skip

    def finish(self, text: str) -> Axes:
        """Keep the alternative text with the axes; names that the picture shortens stand there in full."""
        cut = [clean(name) for name in sorted(self.cut)]
        cut = [name for name in cut if name not in text]
        full = f"Shortened in the picture: {'; '.join(cut)}." if cut else ""
        self.ax.set_label(" ".join(f"{text} {full}".split()))
        for side in ("top", "right"):
            self.ax.spines[side].set_visible(False)
        return self.ax
