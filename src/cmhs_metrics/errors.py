"""Bad input, refused with all its problems at once."""

from __future__ import annotations

import difflib
import sys
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, SupportsIndex

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

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
        The row by its keys, "organisation=RT1, period=2016/17", or where it has none by its place, the first being the
        "1st row"; None when every row is.
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
        place = ", ".join(str(part) for part in (self.column, self.row) if part) or "the table"
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


def refuse(subject: str, problems: Iterable[Problem], *, total: int | None = None) -> None:
    """Raise all problems together; nothing where there are none."""
    if found := tuple(problems):
        raise BadInput(subject, found, total=total)


@contextmanager
def inside(subject: str, argument: str) -> Iterator[None]:
    """Say of what is refused within it in which argument it stands."""
    try:
        yield
    except BadInput as error:
        problems = [Problem(argument, each.row, each.value, each.expected) for each in error.problems]
        raise BadInput(subject, problems) from None


def row_name(row: Mapping[Any, Any], keys: Iterable[Any] | None = None, at: SupportsIndex | None = None) -> str:
    """Name a row by its keys; by its place in the table, from 0, where it has none.

    Examples
    --------
    >>> row_name({"icb": "QUE", "period": "2016/17"}), row_name({}, at=2)
    ('icb=QUE, period=2016/17', '3rd row')
    """
    named = ", ".join(f"{key}={row[key]}" for key in (row if keys is None else keys))
    return named or ("a row" if at is None else nth(at, "row"))


def nth(at: SupportsIndex, what: str) -> str:
    """What stands in a place, counted from 0, as people count: of 0 the "1st row"."""
    return f"{ordinal(int(at) + 1)} {what}"


def ordinal(number: int) -> str:
    """A rank in words: 1st, 2nd, 3rd, 11th."""
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number:,}{ending}"


def unknown(argument: str, asked: Iterable[Any], known: Iterable[Any], expected: str, has: str = "") -> list[Problem]:
    """A problem for each name that is not known, with the nearest that are, or else what there is.

    Examples
    --------
    >>> print(*unknown("focus", ["QUA", "QUE"], ["QUE"], "a place of the table"))
    focus: got 'QUA', expected a place of the table; did you mean 'QUE'?
    """
    there = list(known)
    texts = list(map(str, there))
    return [
        Problem(argument, None, each, "; ".join(part for part in (expected, nearest(str(each), texts) or has) if part))
        for each in asked
        if each not in there
    ]


def no_columns(argument: str, asked: Iterable[Any], columns: Iterable[Any], table: Any = None) -> list[Problem]:
    """A problem for each name of a column that a table does not have; in pandas it may be in the index."""
    there, native = list(columns), getattr(table, "to_native", lambda: table)()
    in_index = [each for each in native.index.names if each not in (None, *there)] if hasattr(native, "iloc") else []
    expected, has = "a column of the table", f"it has {', '.join(map(str, there))}"
    remedy = f"{expected}, and no index: reset_index() makes a column of it"
    return [
        each
        for name in asked
        for each in (
            [Problem(argument, None, name, remedy)]
            if name in in_index
            else unknown(argument, [name], there, expected, has)
        )
    ]


def lacking(argument: str, table: Iterable[Any], needed: Iterable[str], *, of: str = "") -> list[Problem]:
    """A problem for each column that the table of an argument has to have, as a function gives it, and does not."""
    there = list(table)
    expected = f"a column of that name in {argument}{f', as {of} gives it' if of else ''}"
    near = {name: nearest(name, map(str, there)) for name in needed if name not in there}
    return [Problem(name, None, None, f"{expected}; {hint}".removesuffix("; ")) for name, hint in near.items()]


def nearest(word: str, known: Iterable[Any], *, count: int = 3) -> str:
    """Phrase that offers the known names nearest to `word`.

    `known`: the names that would have been understood, which may be numbers and tuples where pandas has columns of
    such names. Gives "did you mean 'caseload'?", or an empty string where nothing is near.

    Examples
    --------
    >>> nearest("caselod", ["caseload", "contacts"])
    "did you mean 'caseload'?"
    """
    by_folded = {str(name).casefold(): name for name in known}
    matches = difflib.get_close_matches(str(word).casefold(), by_folded, n=count, cutoff=0.6)
    if not matches:
        return ""
    return f"did you mean {' or '.join(repr(by_folded[match]) for match in matches)}?"


def not_installed(what: str, package: str, extra: str) -> ImportError:
    """An error that says how to get what is missing, for whoever has a clone, a wheel or neither.

    `what`: what needs it, as the beginning of a sentence. `package`: the package, by the name under which it is
    installed.

    Examples
    --------
    >>> print(not_installed("a chart is drawn", "matplotlib", "plot"))
    a chart is drawn by matplotlib, which is not installed: python -m pip install matplotlib (the extra 'plot')
    """
    return ImportError(
        f"{what} by {package}, which is not installed: python -m pip install {package} (the extra {extra!r})"
    )


def warn(message: str, kind: type[Warning]) -> None:
    """Warn of what a user should know, at the line of theirs that led to it, however deep it was seen."""
    level, frame = 1, sys._getframe()
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == __package__:
        level, frame = level + 1, frame.f_back
    warnings.warn(message, kind, stacklevel=level)
