"""How exactly a printed figure is known.

A printed figure is known to its rounding only, and less well where a word stands before it. One rule reads both, with v
the value and p the value of its last printed digit:

=====================================================  ====================  ==========================================
Words before the figure                                Interval              Because
=====================================================  ====================  ==========================================
none                                                   v − p/2 to v + p/2    it was rounded to its last digit
just over                                              v to v + p/2          above, and nearer to v than to the next
over, more than, at least                              v to v + p            above, short of the next
almost, nearly                                         v − p to v            below, past the one before
less than                                              0 to v                below, by nobody knows how much
around, about, approx., approximately, c, c., circa,   v − p to v + p        vaguer than rounding
estimated, typically
=====================================================  ====================  ==========================================

No figure here can be negative (falls are written as positive numbers), so an interval never goes below zero.
"""

from __future__ import annotations

import math
from types import MappingProxyType
from typing import TYPE_CHECKING

from cmhs_metrics.errors import BadInput, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

_VAGUE = ("around", "about", "approx.", "approximately", "c", "c.", "circa", "estimated", "typically")

WORDS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "": (-0.5, 0.5),
        "just over": (0.0, 0.5),
        "over": (0.0, 1.0),
        "more than": (0.0, 1.0),
        "at least": (0.0, 1.0),
        "almost": (-1.0, 0.0),
        "nearly": (-1.0, 0.0),
        "less than": (-math.inf, 0.0),
        **dict.fromkeys(_VAGUE, (-1.0, 1.0)),
    }
)
"""How far the true value can lie below and above the printed one [precision], by the word before it."""


def interval(value: float, precision: float, word: str = "") -> tuple[float, float]:
    """Find the least and the greatest value that would be printed so.

    Parameters
    ----------
    value : float
        The printed value [any unit]; NaN where none is given.
    precision : float
        The value of its last printed digit [the same unit].
    word : str, default ""
        The word of approximation before it.

    Returns
    -------
    tuple of float
        Both ends [the same unit]; NaN where there is no value.

    Raises
    ------
    BadInput
        When the rule does not know the word.

    Examples
    --------
    >>> interval(76, 1), interval(25, 1, "over")
    ((75.5, 76.5), (25.0, 26.0))
    """
    if word not in WORDS:
        expected = f"a word of the rule: {', '.join(known for known in WORDS if known)}"
        raise BadInput("a printed figure", [Problem("qualifier", None, word, expected)])
    if math.isnan(value):
        return math.nan, math.nan
    below, above = WORDS[word]
    return max(0.0, value + below * precision), value + above * precision
