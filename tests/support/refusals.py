"""What is refused, by what is public of it: the kind of error, and the column, row, value and expectation of each problem.

The wording of a message may change in any version. What kind of thing a problem expects is told by the words in `KINDS`,
here and nowhere else; ``names`` are those of the caller's world (a column, an argument, a label, a date), which stand in
an expectation however it is worded, and ``suggests`` is what may have been meant.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import ANY

import pytest

from cmhs_metrics.errors import BadInput, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

KINDS = {
    "a code": r"\bcode\b",
    "a column": r"\bcolumns?\b",
    "a count": r"\ba count\b",
    "a date or period": r"\b(date|period|month|quarter|year)s?\b",
    "a finite number": r"\bfinite\b",
    "a list": r"\b(list|series|array)\b",
    "a measure": r"\bmeasure\b",
    "a metric": r"\bmetric\b",
    "a name": r"\bname\b",
    "a number": r"\bnumbers?\b",
    "a place": r"\bplaces?\b",
    "a proportion": r"\bproportion\b|\bshare from 0\b",
    "a table": r"\b(table|mapping)\b",
    "a table in memory": r"\btable in memory\b",
    "a text": r"\btext\b",
    "a truth": r"\bTrue (or|and) False\b",
    "a unit": r"\bunit\b|\ba value in\b",
    "a value": r"\ba (value|key|group)\b",
    "a whole number": r"\bwhole numbers?\b",
    "above zero": r"\babove (zero|0)\b",
    "another name": r"\b(another|a new) name\b|\bnot there yet\b|\bno (such )?column\b|\bdifferent names\b",
    "at least one": r"\bat least one\b|\bone place at least\b|\bone metric or more\b",
    "counted once": r"\b(would|could) be counted (again|twice)\b",
    "known": r"\bknown\b",
    "no more than": r"\bno more than\b",
    "not zero": r"\bother than zero\b",
    "one for each": r"\bone (a|for each)\b|\bas the others have\b|\b(of|for) each\b|\bof the values\b",
    "once": r"\bonce\b|(?<!at least )\bone (row|value|period|population|spelling|tile|edition)\b|\bof its own\b",
    "there": r"\b(in|of) the \w+\b|\bto be there\b|\bthat there was\b",
    "to add up": r"\badds?\b",
    "two or more": r"\b(2|two)\b( \w+)? or more\b|\bat least two\b|\btwo points\b",
    "zero or more": r"\b(zero|0) or more\b",
}
"""For each kind of thing that a problem can expect, how the messages say it today."""


@dataclass(frozen=True)
class Awaited:
    """A problem that a test waits for; made by `problem`."""

    column: str | None
    row: str | None
    value: Any
    expected: tuple[str, ...]
    names: tuple[str, ...]
    suggests: str | None

    def __str__(self) -> str:
        place = ", ".join(part for part in (self.column, self.row) if isinstance(part, str)) or "the table"
        return f"{place}: {self.value!r}, expected {', '.join((*self.expected, *self.names)) or 'anything'}"

    def differs(self, found: Problem) -> list[str]:
        """What of a problem is not as awaited."""
        apart = [
            f"{name} {there!r}, not {wanted!r}"
            for name, there, wanted in (
                ("column", found.column, self.column),
                ("row", found.row, self.row),
                ("value", found.value, self.value),
            )
            if not same(there, wanted)
        ]
        apart += [f"no word of {kind!r}" for kind in self.expected if not re.search(KINDS[kind], found.expected)]
        apart += [f"no word of {name}" for name in self.names if not says(found.expected, name)]
        if self.suggests and repr(self.suggests) not in found.expected.partition("did you mean")[2]:
            apart += [f"no suggestion of {self.suggests!r}"]
        return apart


def problem(
    column: str | None,
    value: Any = None,
    *,
    row: str | None = None,
    expected: str | tuple[str, ...] = (),
    names: Any = (),
    suggests: str | None = None,
) -> Awaited:
    """A problem as a test waits for it.

    Parameters
    ----------
    column, value, row
        As in `Problem`, and just so: what is not said has to be None there too. ``ANY`` leaves one open,
        and a compiled pattern is one for the whole of its text.
    expected : str or tuple of str
        What kind of thing is expected: one of `KINDS`, or some.
    names : object or tuple of objects
        What the expectation has to name: an argument, another column, a label, a number, a date.
    suggests : str, optional
        The name that the message should offer instead of what was written.
    """
    kinds = (expected,) if isinstance(expected, str) else expected
    if unknown := set(kinds) - set(KINDS):
        raise KeyError(f"{unknown} is no kind of expectation: tests/support/refusals.py has them")
    return Awaited(
        column, row, value, kinds, tuple(map(str, names if isinstance(names, tuple) else (names,))), suggests
    )


@contextmanager
def refused(
    *awaited: Any, others: Any = 0, in_order: bool = True, **more: Any
) -> Iterator[pytest.ExceptionInfo[BadInput]]:
    """Within it something is refused with these problems, in their order, and with no other.

    Parameters
    ----------
    *awaited : problem or column, value
        Each made by `problem`; or the column and the value of one problem, whose row and expectation are then said by
        keyword, as `problem` takes them.
    others : int, default 0
        How many problems there are besides; with some, those awaited may stand anywhere among them.
    in_order : bool, default True
        Whether those awaited stand in the order in which they are named here: a query may find them in another.

    Examples
    --------
    >>> with refused("confidence", 95, expected="a proportion"):
    ...     raise BadInput("a call", [Problem("confidence", None, 95, "a proportion between 0 and 1")])
    """
    __tracebackhide__ = True
    problems = (problem(*awaited, **more),) if more or not isinstance(awaited[0], Awaited) else awaited
    with pytest.raises(BadInput) as caught:
        yield caught
    compare(caught.value, problems, others, in_order)


def compare(error: BadInput, awaited: tuple[Awaited, ...], others: Any, in_order: bool) -> None:
    """Hold what was refused against what was awaited."""
    __tracebackhide__ = True
    if in_order and others == 0 and len(awaited) == error.total:
        apart = [(wanted, wanted.differs(found)) for wanted, found in zip(awaited, error.problems, strict=True)]
    else:
        nearest = [min((wanted.differs(found) for found in error.problems), key=len) for wanted in awaited]
        apart = list(zip(awaited, nearest, strict=True))
    told = [f"  {wanted}\n    found {'; '.join(differs)}" for wanted, differs in apart if differs]
    if not is_public(error.subject):
        told += [f"  by {error.subject}, which nothing public is called"]
    if others is not ANY and error.total != len(awaited) + others:
        told += [f"  {error.total:,} problems, not {len(awaited) + others:,}"]
    if told:
        pytest.fail("\n".join(["refused otherwise:", *told, "what was said:", str(error)]), pytrace=True)


def is_public(subject: str) -> bool:
    """Whether what refuses is said in words, or by the name of something public."""
    return not subject.isidentifier() or subject in _public_names()


@cache
def _public_names() -> frozenset[str]:
    listed = (Path(__file__).parents[1] / "public_api.txt").read_text(encoding="utf-8")
    return frozenset(re.findall(r"\w+", listed)) | {"rounded"}  # what `round_to` calls its column


def same(found: Any, wanted: Any) -> bool:
    """Whether a value is as awaited: not a number is itself, a truth is no number, and arrays are as they print."""
    if wanted is ANY:
        return True
    if isinstance(wanted, re.Pattern):
        return wanted.fullmatch(str(found)) is not None
    if isinstance(found, bool) is not isinstance(wanted, bool):
        return False
    try:
        return bool(found == wanted) or bool(found != found and wanted != wanted)
    except (TypeError, ValueError):
        return repr(found) == repr(wanted)


def says(text: str, *names: Any) -> bool:
    """Whether a text has all these names, and not only longer ones that they are part of."""
    return re.search(all_of(names), text) is not None


def whole(name: object) -> str:
    """The pattern of a name that is no part of a longer one."""
    return rf"(?<!\w){re.escape(str(name))}(?!\w)"


def raised(kind: type[Exception], *names: Any) -> Any:
    """Within it an error of a kind that holds no problems is raised, and names all these: arguments, kinds, ways out."""
    return pytest.raises(kind, match=all_of(names))


def noted(*names: Any, kind: type[Warning] | None = None) -> Any:
    """Within it a note is given, a `TableNote` unless said, that names all these: columns, rows, numbers."""
    if kind is None:
        from cmhs_metrics import TableNote as kind
    return pytest.warns(kind, match=all_of(names))


def all_of(names: tuple[Any, ...]) -> str:
    """The pattern of a text that has all these names, in any order."""
    return "(?s)" + "".join(f"(?=.*{whole(name)})" for name in names)
