"""Icons of variation and of assurance: shapes of our own, told apart by their outline before their colour.

An improvement is a disc, a concern a square, what is neither a diamond, and common cause an open ring; an arrow says
high or low. A target that is passed has a tick, one that is failed a cross; where it is hit or miss a line crosses it.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Literal

from cmhs_metrics.errors import BadInput, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

COMMON, IMPROVEMENT, CONCERN, NEITHER = "#767676", "#1f6fb2", "#c45500", "#8a35d8"
"""As "Making data count" colours them."""
PAPER = "#ffffff"

Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """A part of an icon, in a square of 100 by 100 whose y grows downwards.

    Parameters
    ----------
    kind : {"disc", "area", "line"}
        A disc about the first point, an area between points, or a line through them.
    points : tuple of tuple
        The points.
    colour : str
        The colour of the line, or of what is filled.
    width : float
        The width of the line, or the radius of the disc.
    edge : str, optional
        The colour of the edge of what is filled.
    """

    kind: Literal["disc", "area", "line"]
    points: Points
    colour: str
    width: float = 8
    edge: str | None = None


@dataclass(frozen=True, slots=True)
class Icon:
    """An icon with its words; a notebook shows it.

    Parameters
    ----------
    words : str
        What it says, for those who do not see it.
    shapes : tuple of Shape
        The drawing, from back to front.
    """

    words: str
    shapes: tuple[Shape, ...]

    def svg(self, size: float = 28) -> str:
        """The icon as SVG, to stand in a web page: `size` pixels wide, with its words, without any id."""
        body = "".join(_svg(each) for each in self.shapes)
        words = escape(self.words)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100" width="{size:g}" height="{size:g}" '
            f'role="img" aria-label="{words}"><title>{words}</title>{body}</svg>'
        )

    def _repr_svg_(self) -> str:
        return self.svg()


def _svg(shape: Shape) -> str:
    edge = f' stroke="{shape.edge}" stroke-width="8"' if shape.edge else ""
    if shape.kind == "disc":
        ((x, y),) = shape.points
        return f'<circle cx="{x:g}" cy="{y:g}" r="{shape.width:g}" fill="{shape.colour}"{edge}/>'
    points = " ".join(f"{x:g},{y:g}" for x, y in shape.points)
    if shape.kind == "area":
        return f'<polygon points="{points}" fill="{shape.colour}"{edge}/>'
    line = f'stroke="{shape.colour}" stroke-width="{shape.width:g}" stroke-linejoin="round" stroke-linecap="round"'
    return f'<polyline points="{points}" fill="none" {line}/>'


_MIDDLE: Points = ((50, 50),)
_SQUARE: Points = ((8, 8), (92, 8), (92, 92), (8, 92))
_DIAMOND: Points = ((50, 2), (98, 50), (50, 98), (2, 50))
_UP: Points = ((50, 20), (76, 50), (59, 50), (59, 78), (41, 78), (41, 50), (24, 50))
_DOWN: Points = tuple((x, 100 - y) for x, y in _UP)


def _open(colour: str) -> Shape:
    return Shape("disc", _MIDDLE, PAPER, 44, colour)


def _full(colour: str) -> Shape:
    return Shape("disc", _MIDDLE, colour, 48)


def _arrow(up: bool) -> Shape:
    return Shape("area", _UP if up else _DOWN, PAPER)


_CHANCE = (
    _open(COMMON),
    Shape("line", ((22, 34), (78, 34)), COMMON, 4),
    Shape("line", ((22, 66), (78, 66)), COMMON, 4),
    Shape("line", ((20, 52), (32, 43), (44, 58), (56, 42), (68, 57), (80, 48)), COMMON, 6),
)
_NONE = (Shape("disc", _MIDDLE, PAPER, 44, "#b3b3b3"), Shape("line", ((36, 50), (64, 50)), COMMON, 8))
_PASS = (_full(IMPROVEMENT), Shape("line", ((26, 52), (44, 70), (75, 33)), PAPER, 11))
_FAIL = (
    Shape("area", _SQUARE, CONCERN),
    Shape("line", ((30, 30), (70, 70)), PAPER, 11),
    Shape("line", ((70, 30), (30, 70)), PAPER, 11),
)
_CROSSED = (
    _open(COMMON),
    Shape("line", ((16, 50), (26, 50)), COMMON, 6),
    Shape("line", ((45, 50), (55, 50)), COMMON, 6),
    Shape("line", ((74, 50), (84, 50)), COMMON, 6),
    Shape("line", ((22, 68), (36, 28), (50, 72), (64, 28), (78, 66)), COMMON, 7),
)


def _special(words: str, frame: Shape) -> dict[str | None, Icon]:
    said = f"special cause{words and ': '}{words}"
    prefix = f"{words} " if words else ""
    return {
        f"{prefix}{side}": Icon(f"{said}, {side}" if words else f"{said}: {side}", (frame, _arrow(side == "high")))
        for side in ("high", "low")
    }


VARIATION: Mapping[str | None, Icon] = {
    "common cause": Icon("common cause: no more than chance", _CHANCE),
    **_special("improvement", _full(IMPROVEMENT)),
    **_special("concern", Shape("area", _SQUARE, CONCERN)),
    **_special("", Shape("area", _DIAMOND, NEITHER)),
    None: Icon("variation not known", _NONE),
}
"""The icons of variation, by what they say of the latest point."""
ASSURANCE: Mapping[str | None, Icon] = {
    "pass": Icon("the target is passed", _PASS),
    "fail": Icon("the target is failed", _FAIL),
    "hit or miss": Icon("the target is hit or missed by chance", _CROSSED),
    None: Icon("no verdict on a target", _NONE),
}
"""The icons of assurance, by what the limits promise."""


def icon_of(name: object, icons: Mapping[str | None, Icon], argument: str) -> Icon:
    """The icon of that name; a missing name, as a table may have it, is None."""
    missing = name is None or (isinstance(name, float) and name != name) or type(name).__name__ == "NAType"
    found = None if missing else name
    if not isinstance(found, str | None) or found not in icons:
        raise BadInput(f"{argument}_icon", [Problem(argument, None, name, f"one of {', '.join(map(repr, icons))}")])
    return icons[found]
