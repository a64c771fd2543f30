"""What every cell of an argument must be, and the cells that are not so: named, and refused all at once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, SupportsIndex

import numpy as np

from cmhs_metrics.errors import Problem, nth, refuse, row_name, unknown
from cmhs_metrics.numeric.expected import ABOVE_ZERO, FINITE, NOISE, NOT_NEGATIVE, WHOLE_NOT_NEGATIVE, outside

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    Arrays = dict[str, NDArray[Any]]

LISTED = 1000
"""How many problems are listed one by one; the rest are counted."""
COUNTED = 1e15
"""More than this is no count of anything here: floats are no whole numbers any more, and their squares are infinite."""

OnBadInput = Literal["refuse", "missing"]
"""What becomes of a cell that cannot be what it claims to be: the call is refused, or the cell counts as missing."""


# What every cell of an argument must be; a missing cell meets it all


@dataclass(frozen=True, slots=True)
class Requirement:
    """Of an argument, from all arguments by name the cells at fault, and what was expected as a phrase."""

    column: str
    fails: Callable[[Arrays], NDArray[Any]]
    expected: str


def finite(name: str) -> Requirement:
    """A number that is not infinite."""
    return Requirement(name, lambda given: np.isinf(given[name]), FINITE)


def not_negative(name: str, expected: str = NOT_NEGATIVE) -> tuple[Requirement, ...]:
    """A finite number of zero or more."""
    return finite(name), Requirement(name, lambda given: given[name] < 0, expected)


def above_zero(name: str) -> Requirement:
    """A finite number that is more than zero."""
    return Requirement(name, lambda given: (given[name] <= 0) | np.isinf(given[name]), ABOVE_ZERO)


def a_count(name: str, *, fractional: bool) -> tuple[Requirement, ...]:
    """A whole number of zero or more; any such number where counts may be fractional."""
    countable = Requirement(name, lambda given: given[name] > COUNTED, f"a count of {COUNTED:.0e} at most")
    if fractional:
        return *not_negative(name), countable
    expected = f"a count: {WHOLE_NOT_NEGATIVE} (fractional=True allows those that were apportioned)"
    return countable, Requirement(name, lambda given: (given[name] < 0) | ~is_whole(given[name]), expected)


def part_of(part: str, whole: str) -> Requirement:
    """A part that is no more than its whole."""
    return Requirement(part, lambda given: given[part] > given[whole], f"no more than {whole}")


def is_whole(values: NDArray[Any]) -> NDArray[Any]:
    """Where the values are whole numbers, or missing.

    A change of unit (5.291 thousand patients) leaves rounding of the last digits, which makes no patient a fraction.
    """
    nearest = np.rint(values)
    exact: NDArray[Any] = values == nearest
    if not np.all(exact):
        with np.errstate(invalid="ignore"):
            exact = exact | np.isnan(values) | (np.abs(values - nearest) <= NOISE * nearest)
    return exact


# Where something is wrong


def index_of(*values: Any) -> Any:
    """The index of the first pandas Series among the values; None where there is none."""
    return next((value.index for value in values if hasattr(value, "iloc")), None)


def cell_name(place: Sequence[SupportsIndex], index: Any = None) -> str | None:
    """Name a row as `row_name` does; a cell of several dimensions also by its place there, and a single number not.

    Examples
    --------
    >>> cell_name([2]), cell_name([0, 3]), cell_name([])
    ('3rd row', '1st row, 4th value', None)
    """
    if not place:
        return None
    row = {}
    if index is not None and not (index.nlevels == 1 and index.name is None and _is_count_of_rows(index)):
        label = index[place[0]]
        names = ["index" if name is None else name for name in index.names]
        row = dict(zip(names, label if isinstance(label, tuple) else (label,), strict=True))
    return ", ".join([row_name(row, at=place[0]), *(nth(at, "value") for at in place[1:])])


def _is_count_of_rows(index: Any) -> bool:
    return getattr(index, "start", None) == 0 and index.step == 1


class Checks:
    """What is wrong with the arguments of one call, gathered and refused together.

    Parameters
    ----------
    subject : str
        The function that was called, for messages.
    arrays : dict of str to numpy.ndarray
        The arguments that have a value for each place.
    row : callable, default `cell_name`
        From the place of a cell in its array, the name of its row.
    problems : sequence of Problem, optional
        What is known to be wrong already.
    """

    def __init__(
        self,
        subject: str,
        arrays: Arrays,
        row: Callable[[list[int]], str | None] = cell_name,
        problems: Sequence[Problem] = (),
    ) -> None:
        self.subject, self.arrays, self.row = subject, arrays, row
        self.problems, self.total = list(problems), len(problems)
        self.faults: Arrays = {}

    def require(self, *requirements: Requirement) -> None:
        """Note every cell that does not meet a requirement."""
        for each in requirements:
            self.refuse(each.column, each.fails(self.arrays), each.expected)

    def refuse(self, name: str, wrong: NDArray[np.bool_], expected: str) -> None:
        """Note a problem of an argument at every cell where `wrong` is true and nothing was noted before."""
        before = self.faults.get(name)
        wrong = wrong if before is None else wrong & ~before
        if not np.any(wrong):
            return
        self.faults[name] = wrong if before is None else wrong | before
        self.total += int(np.count_nonzero(wrong))
        values = np.broadcast_to(self.arrays[name], wrong.shape)
        for place in np.argwhere(wrong)[: max(LISTED - len(self.problems), 0)].tolist():
            self.problems.append(Problem(name, self.row(place), values[tuple(place)].item(), expected))

    def refuse_argument(self, name: str, value: object, expected: str) -> None:
        """Note a problem of an argument as a whole."""
        self.add([Problem(name, None, value, expected)])

    def add(self, problems: Sequence[Problem]) -> None:
        """Note what was found wrong elsewhere."""
        self.problems += problems
        self.total += len(problems)

    def finite(self, *names: str) -> None:
        """Refuse infinite values."""
        self.require(*map(finite, names))

    def not_negative(self, *names: str) -> None:
        """Refuse negative and infinite values."""
        for name in names:
            self.require(*not_negative(name))

    def above_zero(self, *names: str) -> None:
        """Refuse zero, negative and infinite values."""
        self.require(*map(above_zero, names))

    def counts(self, *names: str, fractional: bool = False) -> None:
        """Refuse what is not a count; what is one but for rounding in the last digits becomes one."""
        for name in names:
            self.require(*a_count(name, fractional=fractional))
            if not fractional:
                self.arrays[name] = np.where(is_whole(self.arrays[name]), np.rint(self.arrays[name]), self.arrays[name])

    def one_of(self, name: str, value: object, known: Iterable[str]) -> None:
        """Refuse a word that is not understood."""
        words = list(known)
        self.add(unknown(name, [value], words, f"one of {', '.join(words)}"))

    def within(self, name: str, value: object, low: float, high: float, expected: str, *, closed: bool = False) -> None:
        """Refuse a number that does not lie between two others, of which the lower may be allowed."""
        self.add(outside(name, value, low, high, expected, closed=closed))

    def check(self) -> None:
        """Raise what was noted, with every problem."""
        refuse(self.subject, self.problems, total=self.total)


def met(
    subject: str,
    given: Arrays,
    requirements: Iterable[Requirement],
    *,
    options: Sequence[Problem] = (),
    row: Callable[[list[int]], str | None] = cell_name,
    on_bad_input: OnBadInput = "refuse",
) -> Arrays:
    """The arguments, once they are what they must be; with "missing", NaN in every cell at fault.

    What is wrong with the `options` is refused in either case, together with the cells.
    """
    checks = Checks(subject, given, row, options)
    checks.require(*requirements)
    if options or on_bad_input == "refuse":
        checks.check()
    return given | {column: np.where(wrong, math.nan, given[column]) for column, wrong in checks.faults.items()}
