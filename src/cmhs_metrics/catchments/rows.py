"""What makes shares: parts of a whole that add to one, and what to do where they do not."""

from __future__ import annotations

import math
from collections import defaultdict
from numbers import Real
from typing import TYPE_CHECKING, Literal, TypeGuard

from cmhs_metrics.errors import Problem, nearest, refuse
from cmhs_metrics.total_labels import is_total

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Uncovered = Literal["refuse", "keep"]

NOT_COVERED = "not covered"
"""The place that takes what no place is named for, where the user asks to keep it."""

ROUNDING = 1e-9
"""How far the shares of a place may be from adding to 1 by the rounding of 64-bit floats."""


def checked_rows(
    shares: Mapping[str, Mapping[str, float]], uncovered: Uncovered, tolerance: float
) -> tuple[tuple[str, str, float], ...]:
    """The shares above 0 as rows, checked.

    `shares`: for each place the others, each with its share [proportion]. Gives from place, to place and share
    [proportion], in the order of the names.
    """
    problems = [] if uncovered in ("refuse", "keep") else [_how(uncovered)]
    if not is_finite(tolerance) or not 0 <= tolerance < 1:
        problems.append(Problem("tolerance", None, tolerance, "a proportion from 0 to below 1"))
    if not shares:
        problems.append(Problem("shares", None, shares, "at least one place"))
    refuse("the shares", problems)
    rows = []
    for origin, row in shares.items():
        if wrong := _wrong_cells(origin, row):
            problems += wrong
            continue
        total = math.fsum(row.values())
        whole = {place: float(share) for place, share in row.items()}
        if total < 1 - tolerance and uncovered == "keep":
            whole[NOT_COVERED] = whole.get(NOT_COVERED, 0.0) + 1 - total
        elif abs(total - 1) > tolerance:
            problems.append(Problem("share", f"from_place={origin}", round(total, 12), _add_to_one(total)))
        else:
            whole = {place: share / total for place, share in whole.items()}
        rows += [(origin, place, share) for place, share in whole.items() if share]
    refuse("the shares", problems)
    return tuple(sorted(rows))


def shares_of(
    amounts: Mapping[tuple[str, str | None], float], columns: tuple[str, str], uncovered: Uncovered
) -> dict[str, dict[str, float]]:
    """Amounts between places as shares of what each place has in all.

    `amounts`: from place and to place, each two with an amount [any one unit]; None where the to place is missing.
    `columns`: what the two are called, for messages. `uncovered`: what to do with an amount whose to place is
    missing, and with a place that has nothing. Gives the shares [proportion]. Where what is uncovered is kept they
    add to less than 1. Raises `BadInput` naming every amount and every place that is uncovered, unless it is to be
    kept.
    """
    parts: dict[str, list[float]] = defaultdict(list)
    for (start, _), amount in amounts.items():
        parts[start].append(amount)
    totals = {start: math.fsum(each) for start, each in parts.items()}
    origin, destination = columns
    problems = []
    held: dict[str, dict[str, float]] = {start: {} for start in totals}
    if uncovered != "keep":
        expected = "something that flows from it, or uncovered='keep'"
        problems = [Problem(origin, None, start, expected) for start, total in totals.items() if total == 0]
    for (start, end), amount in amounts.items():
        if end is None and amount and uncovered != "keep":
            expected = f"a place for {amount:,g} of {totals[start]:,g}, or uncovered='keep'"
            problems.append(Problem(destination, f"{origin}={start}", None, expected))
        if is_total(end) and 0 < amount == totals[start] - amount:
            expected = f"no total, which would be counted again: it is the sum of the others of {start}"
            problems.append(Problem(destination, f"{origin}={start}", end, expected))
        if end is not None and totals[start]:
            held[start][end] = amount / totals[start]
    refuse("the shares", problems)
    return held


def unknown_place(place: str, known: Iterable[str]) -> str:
    """Say what was expected in place of a name that nobody knows."""
    return f"a place of the shares; {nearest(place, known)}".removesuffix("; ")


def is_finite(value: object) -> TypeGuard[float]:
    """Whether something is a number, and neither infinite nor missing."""
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


def _how(uncovered: object) -> Problem:
    return Problem("uncovered", None, uncovered, "'refuse' or 'keep'")


def _wrong_cells(origin: object, row: Mapping[str, float]) -> list[Problem]:
    problems = [
        Problem(column, None, place, "the name of a place, as text")
        for column, place in (("from_place", origin), *(("to_place", place) for place in row))
        if not isinstance(place, str) or not place.strip()
    ]
    return problems + [
        Problem("share", f"from_place={origin}, to_place={place}", share, "a proportion from 0 to 1")
        for place, share in row.items()
        if not is_finite(share) or not 0 <= share <= 1 + ROUNDING
    ]


def _add_to_one(total: float) -> str:
    if total > 1:
        return f"shares that add to 1: the place is over-covered by {total - 1:.3g}"
    return (
        f"shares that add to 1: {1 - total:.3g} of the place is not covered "
        f"(uncovered='keep' keeps it as {NOT_COVERED!r})"
    )
