"""How long a search may take, and how far it has come."""

from __future__ import annotations

import math
import sys
import time


class OutOfTime(Exception):  # noqa: N818 - it is time that is out
    """A search took longer than it may.

    Parameters
    ----------
    so_far : str
        How far it came.
    """

    def __init__(self, so_far: str) -> None:
        super().__init__(so_far)
        self.so_far = so_far


class Effort:
    """The time that a search may take, and what it says of its progress on standard error.

    Parameters
    ----------
    seconds : float, default infinity
        How long it may take [s].
    shown : bool, optional
        Whether it says how far it is: where standard error is a terminal, unless given.
    """

    def __init__(self, seconds: float = math.inf, shown: bool | None = None) -> None:
        self.end = time.monotonic() + seconds
        self.shown = sys.stderr.isatty() if shown is None else shown
        self.so_far = "nothing was settled"
        self._said = False

    def left(self) -> float:
        """How much time is left [s]; a little always is."""
        return max(self.end - time.monotonic(), 0.01)

    def part(self, seconds: float) -> Effort:
        """A part of the time that is left."""
        return Effort(min(seconds, self.left()), self.shown)

    def check(self) -> None:
        """Stop the search where time is out."""
        if time.monotonic() > self.end:
            raise OutOfTime(self.so_far)

    def at(self, so_far: str) -> None:
        """Say how far the search came."""
        self.so_far = so_far
        if self.shown:
            print(f"\r\x1b[Kdisclosure: {so_far} …", end="", file=sys.stderr, flush=True)
            self._said = True

    def done(self) -> None:
        """Leave the line as it was."""
        if self._said:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
            self._said = False


UNLIMITED = Effort(shown=False)
"""No limit, and no word."""
