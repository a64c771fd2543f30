"""Text that fits: measured, wrapped and shortened before it is drawn, at sizes that are legible on a slide."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextToPath

if TYPE_CHECKING:
    from collections.abc import Sequence

SIZE = 12.0
"""Of all text but titles [point], on a slide of 13.33 by 7.5 inches."""
TITLE_SIZE = 18.0
LINE = 1.3
"""Height of a line [size]."""
LONGEST = 300
"""Longer text is cut before it is measured [character]."""
_FAMILY = "DejaVu Sans"


def clean(text: object) -> str:
    r"""A name on one line, without what cannot be printed.

    Examples
    --------
    >>> clean("  North  East\x00 London ")
    'North East London'
    """
    printable = "".join(each if each.isprintable() else " " for each in str(text)[: 4 * LONGEST])
    words = " ".join(printable.split())
    return words if len(words) <= LONGEST and len(str(text)) <= 4 * LONGEST else f"{words[: LONGEST - 1]}…"


@lru_cache(maxsize=4096)
def width(text: str, size: float = SIZE, *, bold: bool = False) -> float:
    """How wide a line of text is [point]."""
    properties = FontProperties(family=_FAMILY, size=size, weight="bold" if bold else "normal")
    # Hinting moves glyphs a little: a fiftieth is kept free.
    return 1.02 * float(TextToPath().get_text_width_height_descent(text, properties, ismath=False)[0]) if text else 0.0


def shorten(text: str, room: float, size: float = SIZE, *, bold: bool = False, middle: bool = False) -> str:
    """Cut a line to the room that there is, with an ellipsis at the end or in the middle.

    Parameters
    ----------
    text : str
        The line.
    room : float
        Its room [point].
    size : float, default 12
        Size of the font [point].
    bold : bool, default False
        Whether the font is bold.
    middle : bool, default False
        Whether the end is kept, where names begin alike.

    Returns
    -------
    str
        The line, or as much of it as fits.
    """
    text = clean(text)
    if width(text, size, bold=bold) <= room:
        return text

    def cut(kept: int) -> str:
        tail = kept // 2 if middle else 0
        return f"{text[: kept - tail].rstrip(' ,&').removesuffix(' and')}…{text[len(text) - tail :].lstrip()}"

    low, high = 0, len(text)
    while low < high - 1:
        half = (low + high) // 2
        low, high = (half, high) if width(cut(half), size, bold=bold) <= room else (low, half)
    # At the end of a word, unless too much would go with the rest of it.
    word = text.rfind(" ", 0, low + 1)
    return cut(low if middle or word < 0.6 * low else word)


def bare(name: str) -> str:
    """A name without what every place of its kind has in it: "NHS" before, "ICB" behind."""
    return name.removeprefix("NHS ").removesuffix(" ICB").removesuffix(" Integrated Care Board")


def shorten_all(names: list[str], room: float, *, bold: Sequence[bool] | None = None) -> list[str]:
    """Cut names to the room that there is, so that names that differ still do where that can be.

    Where one is too long, all go without the words that they have in common at either end. All are bold unless it is
    said which are.
    """
    strong = [True] * len(names) if bold is None else list(bold)
    if len(names) > 1 and any(width(clean(name), bold=each) > room for name, each in zip(names, strong, strict=True)):
        names = _without_what_all_share([clean(name) for name in names])
    short = [shorten(name, room, bold=each) for name, each in zip(names, strong, strict=True)]
    alike = {each for each in short if short.count(each) > 1}
    return [
        shorten(name, room, bold=each, middle=cut in alike)
        for name, each, cut in zip(names, strong, short, strict=True)
    ]


def _without_what_all_share(names: list[str]) -> list[str]:
    """Names without the words that all of them begin or end with, such as "NHS" and "ICB"."""
    words = [name.split() for name in names]
    for end in (0, -1):
        while all(len(each) > 1 for each in words) and len({each[end] for each in words}) == 1:
            words = [each[1:] if end == 0 else each[:-1] for each in words]
    return [" ".join(each) for each in words]


def wrap(text: str, room: float, size: float = SIZE, *, most: int = 3, bold: bool = False) -> list[str]:
    """Break text into lines that fit, and end with an ellipsis what does not.

    Parameters
    ----------
    text : str
        The text.
    room : float
        The room of a line [point].
    size : float, default 12
        Size of the font [point].
    most : int, default 3
        How many lines there may be.
    bold : bool, default False
        Whether the font is bold.

    Returns
    -------
    list of str
        The lines.
    """
    lines: list[str] = []
    line = ""
    words = text.split()
    for at, word in enumerate(words):
        longer = f"{line} {word}".strip()
        if not line or width(longer, size, bold=bold) <= room:
            line = longer
        elif len(lines) + 1 < most:
            lines.append(shorten(line, room, size, bold=bold))
            line = word
        else:
            line = " ".join([line, *words[at:]])[:LONGEST] + "…"
            break
    return [*lines, shorten(line, room, size, bold=bold)] if line else lines
