"""Bounds of whole numbers that add up: how far each can go, given what is known of all of them.

Linear programming gives the least and the greatest value of a cell. Its answer is exact for whole numbers wherever the
solution that it stands on is whole; where it is not, integer programming has the last word.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from cmhs_metrics.disclosure.effort import UNLIMITED, Effort, OutOfTime

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cmhs_metrics.disclosure.moves import Moves

    Floats = NDArray[np.float64]

TOLERANCE = 1e-6
SWEEPS = 50
JOINT_TRIALS = 40


class Inconsistent(ValueError):  # noqa: N818 - it is what is known that is inconsistent
    """No whole numbers agree with what is known."""

    def __init__(self, relation: int | None = None) -> None:
        super().__init__("no whole numbers agree with what is known")
        self.relation = relation


@dataclass
class Unknowns:
    """Cells that are known to lie in intervals and to add up.

    Parameters
    ----------
    relations : sparse array
        A row for each sum that holds: its product with the cells is 0.
    lower, upper : numpy.ndarray
        What is known of each cell alone; an upper bound may be infinite.
    """

    relations: Any
    lower: Floats
    upper: Floats
    open: NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        self.open = np.flatnonzero(self.lower < self.upper)
        columns = self.relations.tocsc()[:, self.open].tocsr()
        used = np.flatnonzero(np.diff(columns.indptr))
        fixed = np.where(self.lower < self.upper, 0.0, self.lower)
        right = -(self.relations @ fixed)
        idle = np.setdiff1d(np.arange(len(right)), used)
        if len(wrong := idle[right[idle] != 0]):
            raise Inconsistent(int(wrong[0]))
        self.rows, self.matrix, self.right = used, columns[used], right[used]

    def all_cells(self, solution: Floats) -> Floats:
        """A solution for the open cells, with the others in their places."""
        cells = self.lower.copy()
        cells[self.open] = solution
        return cells

    def extreme(self, direction: Floats) -> Any:
        """Minimise a sum over the open cells, as scipy gives it; its solution is a corner."""
        from scipy.optimize import linprog

        return linprog(
            direction,
            A_eq=self.matrix if len(self.rows) else None,
            b_eq=self.right if len(self.rows) else None,
            bounds=np.column_stack([self.lower[self.open], self.upper[self.open]]),
            method="highs-ds",
        )

    def endless(self) -> NDArray[np.int64]:
        """The open cells that can grow without end."""
        from scipy.optimize import linprog
        from scipy.sparse import hstack

        growing = np.flatnonzero(np.isinf(self.upper[self.open]))
        if not len(growing) or not len(self.rows):
            return self.open[growing]
        # Directions of growth add up to one, so a single one has every cell that any has. Each cell of it is split
        # into a part up to 1, which counts, and the rest.
        columns = self.matrix.tocsc()[:, growing]
        bounds = [(0, 1)] * len(growing) + [(0, None)] * len(growing)
        counted = np.repeat([-1.0, 0.0], len(growing))
        result = linprog(counted, A_eq=hstack([columns, columns]), b_eq=np.zeros(len(self.rows)), bounds=bounds)
        return np.asarray(self.open[growing[result.x[: len(growing)] > 0.5]])

    def whole_extreme(self, direction: Floats, effort: Effort = UNLIMITED) -> Any:
        """Minimise a sum over the open cells in whole numbers."""
        limits = (self.lower[self.open], self.upper[self.open])
        result = whole_numbers(direction, limits, self.matrix, self.right, self.right, effort, mip_rel_gap=0)
        if result.x is None:
            raise Inconsistent
        return result

    def allows(self, table: Floats) -> bool:
        """Whether whole numbers agree with what is known of each cell and of the sums."""
        within = (self.lower <= table) & (table <= self.upper) & (table == np.round(table))
        return bool(within.all()) and not np.any(self.relations @ table)

    def some_table(self, effort: Effort) -> Floats:
        """Whole numbers that agree with what is known."""
        result = self.extreme(np.zeros(len(self.open)))
        if result.status == 2:
            raise Inconsistent
        found = np.round(self.all_cells(result.x))
        if self.allows(found):
            return found
        return np.round(self.all_cells(self.whole_extreme(np.zeros(len(self.open)), effort).x))


def whole_numbers(
    costs: Floats,
    limits: tuple[Floats, Floats],
    sums: Any,
    at_least: Any,
    at_most: Any,
    effort: Effort = UNLIMITED,
    **options: float,
) -> Any:
    """Whole numbers within limits that cost least, some sums of which are bounded too, as scipy gives them."""
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_array

    # Before version 1.15 scipy takes no entries that are zero, and the places of the others only as 32-bit numbers.
    sums = sums.copy()
    sums.sum_duplicates()
    sums.eliminate_zeros()
    places = (sums.indices.astype(np.int32), sums.indptr.astype(np.int32))
    matrix = csr_array((sums.data, *places), shape=sums.shape)
    constraints = LinearConstraint(matrix, at_least, at_most) if matrix.shape[0] else ()
    if (left := effort.left()) < np.inf:
        options["time_limit"] = left
    result = milp(
        costs, integrality=np.ones(len(costs)), bounds=Bounds(*limits), constraints=constraints, options=options
    )
    # What ran out of time may have found a table all the same, but not the best one.
    if result.status == 1:
        raise OutOfTime(effort.so_far)
    return result


def propagate(relations: Any, lower: Floats, upper: Floats) -> tuple[Floats, Floats]:
    """Narrow intervals by each sum alone, over and over: what a reader finds with pencil and paper.

    `relations`: a row for each sum that holds. `lower`, `upper`: what is known of each cell alone. Gives intervals
    that still hold every possible value; not always the narrowest that do.
    """
    entries = relations.tocoo()
    row, column, sign = entries.coords[0], entries.coords[1], entries.data
    lower, upper = lower.copy(), upper.copy()
    for _ in range(SWEEPS):
        least, greatest = rest(row, column, sign, lower, upper)
        # sign × cell = −(the rest of the sum)
        below = np.where(sign == 1, -greatest, least)
        above = np.where(sign == 1, -least, greatest)
        narrowed_lower, narrowed_upper = lower.copy(), upper.copy()
        np.maximum.at(narrowed_lower, column, below)
        np.minimum.at(narrowed_upper, column, above)
        empty = narrowed_lower[column] > narrowed_upper[column]
        if empty.any():
            raise Inconsistent(int(row[np.flatnonzero(empty)[0]]))
        if np.array_equal(narrowed_lower, lower) and np.array_equal(narrowed_upper, upper):
            break
        lower, upper = narrowed_lower, narrowed_upper
    return lower, upper


def rest(
    row: NDArray[np.int64], column: NDArray[np.int64], sign: Floats, lower: Floats, upper: Floats
) -> tuple[Floats, Floats]:
    """For each entry of a sum, the least and the greatest value of its other entries together."""
    ends = (
        (np.where(sign == 1, lower[column], -upper[column]), -np.inf),
        (np.where(sign == 1, upper[column], -lower[column]), np.inf),
    )
    found = []
    for end, endless in ends:
        finite = np.where(np.isinf(end), 0.0, end)
        others_endless = np.bincount(row, np.isinf(end))[row] - np.isinf(end) > 0
        found.append(np.where(others_endless, endless, np.bincount(row, finite)[row] - finite))
    return found[0], found[1]


@dataclass
class Reach:
    """How far each cell can go.

    Attributes
    ----------
    inner_lower, inner_upper : numpy.ndarray
        Values that a whole solution was found for.
    outer_lower, outer_upper : numpy.ndarray
        Values beyond which there is none.
    """

    outer_lower: Floats
    outer_upper: Floats
    inner_lower: Floats
    inner_upper: Floats

    def add(self, solution: Floats) -> bool:
        """Take note of a solution; whether it was whole."""
        whole = np.round(solution) + 0.0  # no negative zeros
        if np.abs(solution - whole).max(initial=0) > TOLERANCE:
            return False
        np.minimum(self.inner_lower, whole, out=self.inner_lower)
        np.maximum(self.inner_upper, whole, out=self.inner_upper)
        return True


def reach(
    relations: Any,
    lower: Floats,
    upper: Floats,
    targets: NDArray[np.int64],
    *,
    enough: Floats | float | None = None,
    moves: Moves | None = None,
    witnesses: Sequence[Floats] = (),
    effort: Effort = UNLIMITED,
) -> Reach:
    """Bound some cells from everything that is known.

    `relations`: a row for each sum that holds. `lower`, `upper`: what is known of each cell alone, in whole numbers;
    an upper bound may be infinite. `enough`: a width, or one for each cell, at which to stop widening the inner
    bounds of a cell. Without it inner and outer bounds meet. `moves`: moves that keep every sum, which settle most
    cells without a programme. `witnesses`: tables that are said to agree with what is known. Each is believed only
    where it does. Gives the bounds of every cell; those of the targets are settled. Raises `Inconsistent` when no
    whole numbers agree with what is known.
    """
    outer_lower, outer_upper = propagate(relations, lower, upper)
    unknowns = Unknowns(relations, outer_lower, outer_upper)
    found = Reach(outer_lower, outer_upper, np.full(len(lower), np.inf), np.full(len(lower), -np.inf))

    if not len(unknowns.open):
        found.add(outer_lower)
        return found
    widths = None if enough is None else np.broadcast_to(np.asarray(enough, dtype=np.float64), lower.shape)

    place = np.zeros(len(lower), dtype=np.int64)
    place[unknowns.open] = np.arange(len(unknowns.open))
    start = None
    for witness in witnesses:
        if unknowns.allows(witness):
            found.add(witness)
            start = witness
    if start is None:
        start = unknowns.some_table(effort)
        found.add(start)
    if widths is not None and moves is not None:
        for cell in targets:
            if not _is_settled(found, cell, widths):
                effort.check()
                least, greatest, wide = outer_lower[cell], outer_upper[cell], widths[cell]
                down = moves.push(start, outer_lower, outer_upper, cell, max(least, start[cell] - wide))
                up = moves.push(start, outer_lower, outer_upper, cell, min(greatest, down[cell] + wide))
                found.add(down)
                found.add(up)
    unsettled = np.array([cell for cell in targets if not _is_settled(found, cell, widths)], dtype=np.int64)
    if not len(unsettled):
        return found
    endless = unknowns.endless()
    found.inner_upper[endless] = np.inf
    if widths is not None:
        _widen_together(unknowns, found, unsettled, place, widths, effort)
    for number, cell in enumerate(unsettled):
        effort.at(f"{number + len(targets) - len(unsettled):,} of {len(targets):,} suppressed cells are bounded")
        for sign, inner, outer in (
            (-1.0, found.inner_upper, found.outer_upper),
            (1.0, found.inner_lower, found.outer_lower),
        ):
            if inner[cell] == outer[cell] or _is_settled(found, cell, widths):
                continue
            effort.check()
            direction = np.zeros(len(unknowns.open))
            direction[place[cell]] = sign
            if not found.add(unknowns.all_cells(unknowns.extreme(direction).x)):
                found.add(unknowns.all_cells(np.round(unknowns.whole_extreme(direction, effort).x)))
    return found


def _is_settled(found: Reach, cell: int, widths: Floats | None) -> bool:
    if widths is not None and found.inner_upper[cell] - found.inner_lower[cell] >= widths[cell]:
        return True
    return bool(
        found.inner_lower[cell] == found.outer_lower[cell] and found.inner_upper[cell] == found.outer_upper[cell]
    )


def _widen_together(
    unknowns: Unknowns,
    found: Reach,
    targets: NDArray[np.int64],
    place: NDArray[np.int64],
    widths: Floats,
    effort: Effort,
) -> None:
    """Push many cells at once, as long as that settles some, before each is looked at alone."""
    # Without an end, a push would say nothing of where the other cells go.
    highest = np.max(unknowns.upper[np.isfinite(unknowns.upper)], initial=0) + unknowns.lower.max(initial=0)
    ended = Unknowns(
        unknowns.relations, unknowns.lower, np.minimum(unknowns.upper, unknowns.lower + highest + widths.max())
    )
    random = np.random.default_rng(0)
    idle = 0
    for _ in range(JOINT_TRIALS):
        unsettled = np.array([cell for cell in targets if not _is_settled(found, cell, widths)], dtype=np.int64)
        if len(unsettled) < 3 or idle == 3:
            return
        direction = np.zeros(len(unknowns.open))
        sides = random.choice([-1.0, 1.0], len(unsettled))
        direction[place[unsettled]] = sides * random.uniform(0.5, 1, len(unsettled))
        for sign in (1.0, -1.0):
            effort.check()
            result = ended.extreme(sign * direction)
            if result.status == 0:
                found.add(unknowns.all_cells(result.x))
        after = sum(not _is_settled(found, cell, widths) for cell in unsettled)
        idle = 0 if after < 0.95 * len(unsettled) else idle + 1
