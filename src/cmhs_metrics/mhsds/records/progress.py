"""How far a run in memory is: which table it is at, on standard error."""

from __future__ import annotations

import sys


class Progress:
    """Says which table a run is at.

    Parameters
    ----------
    shown : bool, optional
        Whether it says so: where standard error is a terminal, unless given.
    """

    def __init__(self, shown: bool | None = None) -> None:
        self.shown = sys.stderr.isatty() if shown is None else shown
        self._said = False

    def at(self, table: str, rows: int) -> None:
        """Say that a table is being worked on."""
        self._say(f"{table}, {rows:,} rows")

    def result(self) -> None:
        """Say that all tables are read and the result is made."""
        self._say("the result")

    def end(self) -> None:
        """Leave the line as it was."""
        if self._said:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
            self._said = False

    def _say(self, what: str) -> None:
        if self.shown:
            print(f"\r\x1b[Kmhsds: {what} …", end="", file=sys.stderr, flush=True)
            self._said = True
