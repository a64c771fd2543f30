"""Bad input, refused with all its problems at once."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

SHOWN_IN_MESSAGE = 20
LONGEST = 500
"""A value of more characters is not shown."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with the input.

    Parameters
    ----------
    column : str or None
        The measure, key or argument at fault; None when the whole table is.
    row : str or None
        The row by its keys, for example "organisation=RT1, period=2016/17"; None when every row is.
    value : object
        What was found.
    expected : str
        What was expected instead, as a phrase.
    """

    column: str | None
    row: str | None
    value: object
    expected: str

    def __str__(self) -> str:
        place = ", ".join(part for part in (self.column, self.row) if part) or "the table"
        found = "" if self.value is None else f" got {_shown(self.value)},"
        return f"{place}:{found} expected {self.expected}"


def _shown(value: object) -> str:
    """A value in a line of a message: by its kind where it would fill several, as a table does."""
    try:
        text = repr(value)
    except Exception:  # a whole number of 5,000 digits has no text, nor need an object have one
        text = ""
    return text if text and len(text) <= LONGEST and "\n" not in text else f"a {type(value).__name__}"


class BadInput(ValueError):  # noqa: N818 - it is the input that is bad
    """Input that cannot be what it claims to be, with every problem found in it.

    Parameters
    ----------
    subject : str
        What was being read, for example "the table" or "Team 'North'".
    problems : iterable of Problem
        Every problem found, in the order of the columns and rows.

    Attributes
    ----------
    problems : tuple of Problem
        The same, to go through in code; the message shows the first 20.

    Examples
    --------
    >>> error = BadInput("Team 'North'", [Problem("caseload", None, -5, "zero or more patients")])
    >>> print(error)
    Team 'North' has 1 problem:
      caseload: got -5, expected zero or more patients
    """

    def __init__(self, subject: str, problems: Iterable[Problem], *, total: int | None = None) -> None:
        self.subject = subject
        self.problems = tuple(problems)
        self.total = len(self.problems) if total is None else total
        shown = self.problems[:SHOWN_IN_MESSAGE]
        lines = [f"{subject} has {self.total:,} problem{'' if self.total == 1 else 's'}:"]
        lines += [f"  {problem}" for problem in shown]
        if self.total > len(shown):
            lines.append(f"  … and {self.total - len(shown):,} more")
        super().__init__("\n".join(lines))

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.subject, self.problems, self.total)


# Shown in tracebacks under the name by which users know it.
BadInput.__module__ = "cmhs_metrics"


def _rebuild(kind: type[BadInput], subject: str, problems: tuple[Problem, ...], total: int) -> BadInput:
    return kind(subject, problems, total=total)


def nearest(word: str, known: Iterable[str], *, count: int = 3) -> str:
    """Phrase that offers the known names nearest to `word`.

    Parameters
    ----------
    word : str
        What was written.
    known : iterable of str
        The names that would have been understood.
    count : int, default 3
        How many to offer at most.

    Returns
    -------
    str
        "did you mean 'caseload'?", or an empty string where nothing is near.

    Examples
    --------
    >>> nearest("caselod", ["caseload", "contacts"])
    "did you mean 'caseload'?"
    """
    by_folded = {name.casefold(): name for name in known}
    matches = difflib.get_close_matches(str(word).casefold(), by_folded, n=count, cutoff=0.6)
    if not matches:
        return ""
    return f"did you mean {' or '.join(repr(by_folded[match]) for match in matches)}?"


def not_installed(what: str, package: str, extra: str) -> ImportError:
    """An error that says how to get what is missing, for whoever has a clone, a wheel or neither.

    Parameters
    ----------
    what : str
        What needs it, as the beginning of a sentence.
    package : str
        The package, by the name under which it is installed.
    extra : str
        The extra that it comes with.

    Returns
    -------
    ImportError

    Examples
    --------
    >>> print(not_installed("a chart is drawn", "matplotlib", "plot"))
    a chart is drawn by matplotlib, which is not installed: python -m pip install matplotlib (the extra 'plot')
    """
    return ImportError(
        f"{what} by {package}, which is not installed: python -m pip install {package} (the extra {extra!r})"
    )
