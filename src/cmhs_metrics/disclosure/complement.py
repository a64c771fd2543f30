"""Which further cells to suppress, so that the small ones cannot be worked out.

Suppressed cells are attacked; of each that falls, an inequality is learnt that every safe choice of cells satisfies;
the cheapest choice that satisfies them all is attacked in turn, until nothing falls. What was added has to be safe
itself, because a reader cannot tell it from what was small.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from cmhs_metrics.disclosure.bounds import TOLERANCE, Unknowns, reach, rest, whole_numbers
from cmhs_metrics.disclosure.covering import Covering, Uncovered
from cmhs_metrics.disclosure.effort import UNLIMITED, Effort, OutOfTime

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cmhs_metrics.disclosure.moves import Moves
    from cmhs_metrics.disclosure.rule import Rule

    Floats = NDArray[np.float64]
    Mask = NDArray[np.bool_]

PROVED = 600
"""How many cells a table may have for the best choice to be sought."""
SECONDS = 10.0
"""How long the best choice is sought [s]."""
RESTARTS = 5
"""How often a small table is searched where the best was not found in time."""
FRESH_ROUNDS = 60
"""How often the choice is made anew before what was chosen once is kept, so that the search ends."""


class Unprotectable(ValueError):  # noqa: N818 - it is the table that is
    """No choice of cells protects the table."""


@dataclass(frozen=True)
class Cut:
    """What every safe choice satisfies: where `cell` is suppressed, the weights of suppressed cells reach 1.

    Parameters
    ----------
    cell : int
        The cell that falls otherwise.
    cells : numpy.ndarray of int
        Cells of which some must be suppressed with it.
    weights : numpy.ndarray
        How much each counts; 1 where it is enough by itself.
    """

    cell: int
    cells: NDArray[np.int64]
    weights: Floats


@dataclass(frozen=True)
class Choice:
    """The problem of choosing cells.

    Parameters
    ----------
    relations : sparse array
        A row for each sum that holds.
    lower, upper : numpy.ndarray
        What a reader knows of each cell if it is shown.
    primary : numpy.ndarray of bool
        The cells that the rule suppresses.
    missing : numpy.ndarray of bool
        The cells of which nothing is known to anybody.
    kept : numpy.ndarray of bool
        The cells that may not be suppressed to protect others.
    counts : numpy.ndarray
        The true counts: of two choices with as many cells, the one that hides less is taken.
    width : int
        The least width of the interval of a suppressed cell.
    widths : numpy.ndarray
        The same for each cell: those of other tables have the widths of their own rules.
    watched : numpy.ndarray of bool
        Cells that may be bounded no more narrowly either, whatever is suppressed: those of other tables.
    rule : Rule
        The rule: a count that no table shows is harmless where it is certainly none that the rule suppresses.
    between : numpy.ndarray of bool
        Cells that are nobody's secret where their bounds say that they are not small: those of the watched cells that
        no table shows, and those that other tables bound as narrowly without this one.
    open_lower, open_upper : numpy.ndarray
        What a reader knows of each cell if it is suppressed, from other tables.
    moves : Moves, optional
        Moves that keep every sum.
    effort : Effort
        How long it may take.
    """

    relations: Any
    lower: Floats
    upper: Floats
    primary: Mask
    missing: Mask
    kept: Mask
    counts: Floats
    width: int
    widths: Floats
    watched: Mask
    rule: Rule
    between: Mask
    open_lower: Floats
    open_upper: Floats
    moves: Moves | None = None
    effort: Effort = UNLIMITED

    def best(self, exact: bool) -> Mask:
        """The cells to suppress: the fewest where the table is small, or few fall; otherwise few.

        `exact`: whether what is shown is shown exactly, so that only what is hidden can protect. Raises
        `Unprotectable` when cells that are kept leave no safe choice.
        """
        if not exact or self.moves is None:
            return self.solve()
        counts = np.where(np.isnan(self.counts), 0, self.counts)
        barred = self.kept & ~self.primary
        small_table = len(counts) <= PROVED
        if small_table:
            try:
                return replace(self, effort=self.effort.part(SECONDS)).solve()
            except OutOfTime:
                self.effort.check()
        try:
            found = [
                Covering(
                    self.moves, counts, self.primary, self.missing, barred, self.width, self.effort, seed
                ).solve()
                for seed in range(RESTARTS if small_table else 1)
            ]  # fmt: skip
        except Uncovered:
            return self.solve()
        if small_table:
            found = [self.without_the_needless(hidden) for hidden in found]
        return min(found, key=lambda hidden: (int(hidden.sum()), float(counts[hidden].sum())))

    def solve(self) -> Mask:
        """The fewest cells to suppress, the primary ones included.

        Raises `Unprotectable` when cells that are kept leave no safe choice.
        """
        hidden, cuts, rounds = self.primary, list[Cut](), 0
        while learnt := self.by_each_sum(hidden) or self.by_all_sums(hidden):
            cuts += learnt
            rounds += 1
            self.effort.at(f"{int(hidden.sum()):,} suppressed cells do not stand yet, after {rounds} rounds")
            self.effort.check()
            hidden = self.cheapest(cuts, self.primary if rounds < FRESH_ROUNDS else hidden)
        return hidden

    def known(self, hidden: Mask) -> tuple[Floats, Floats]:
        """What a reader knows of each cell by itself, given which are suppressed."""
        unknown = hidden | self.missing
        return np.where(unknown, self.open_lower, self.lower), np.where(unknown, self.open_upper, self.upper)

    def harmless(self, cells: NDArray[np.int64], lower: Floats, upper: Floats) -> Mask:
        """Which cells are no count of a table and, by their bounds, certainly not suppressed by the rule."""
        public = lower >= self.rule.threshold
        return self.between[cells] & (public if self.rule.suppress_zero else public | (upper == 0))

    def by_each_sum(self, hidden: Mask) -> list[Cut]:
        """Cuts for the cells that a single sum bounds too narrowly."""
        lower, upper = self.known(hidden)
        entries = self.relations.tocoo()
        row, column, sign = entries.coords[0], entries.coords[1], entries.data
        least, greatest = rest(row, column, sign, lower, upper)
        below = np.where(sign == 1, -greatest, least)
        above = np.where(sign == 1, -least, greatest)
        below, above = np.maximum(below, lower[column]), np.minimum(above, upper[column])
        falls = (
            (hidden | self.watched)[column]
            & (above - below < self.widths[column])
            & ~self.harmless(column, below, above)
        )
        matrix = self.relations.tocsr()
        cuts = []
        for relation, cell in zip(row[falls], column[falls], strict=True):
            others = matrix.indices[matrix.indptr[relation] : matrix.indptr[relation + 1]]
            cuts.append(self._itself(int(cell), lower, upper) or self._one_of(int(cell), others, hidden))
        return cuts

    def by_all_sums(self, hidden: Mask) -> list[Cut]:
        """Cuts for the cells that all sums together bound too narrowly."""
        fallen = self.fallen(hidden)
        lower, upper = self.known(hidden)
        unknowns = Unknowns(self.relations, lower, upper) if len(fallen) else None
        return [
            self._itself(int(cell), lower, upper) or self._by_prices(unknowns, int(cell), hidden) for cell in fallen
        ]  # fmt: skip

    def fallen(self, hidden: Mask, among: NDArray[np.int64] | None = None) -> NDArray[np.int64]:
        """The cells that a reader can bound too narrowly, of those that are hidden or watched, or of some of them."""
        lower, upper = self.known(hidden)
        targets = np.flatnonzero(hidden | self.watched) if among is None else among
        found = reach(
            self.relations, lower, upper, targets, enough=self.widths, moves=self.moves, witnesses=[self.counts],
            effort=self.effort,
        )  # fmt: skip
        least, greatest = found.inner_lower[targets], found.inner_upper[targets]
        return targets[(greatest - least < self.widths[targets]) & ~self.harmless(targets, least, greatest)]

    def without_the_needless(self, hidden: Mask) -> Mask:
        """Show again, the greatest counts first, what nothing needs."""
        added = np.flatnonzero(hidden & ~self.primary)
        for cell in added[np.argsort(-self.counts[added], kind="stable")]:
            fewer = hidden.copy()
            fewer[cell] = False
            if not self.by_each_sum(fewer) and not len(self.fallen(fewer)):
                hidden = fewer
        return hidden

    def _by_prices(self, unknowns: Any, cell: int, hidden: Mask) -> Cut:
        """What it would be worth to the interval of a cell to suppress each other one, by the prices of the sums.

        By duality the interval is no wider than its width now and the worth of all that is suppressed further.
        """
        worth = np.zeros(len(hidden))
        span = 0.0
        for sign in (1.0, -1.0):
            direction = np.zeros(len(unknowns.open))
            direction[np.searchsorted(unknowns.open, cell)] = sign
            result = unknowns.extreme(direction)
            span -= result.fun
            prices = np.zeros(self.relations.shape[0])
            prices[unknowns.rows] = result.eqlin.marginals
            # The worth of one more, or one less, of each cell; there is no end to how many more it can be.
            reduced = -(self.relations.T @ prices)
            reduced[cell] = 0.0
            ended = np.isfinite(self.open_upper)
            more = np.subtract(self.open_upper, self.upper, out=np.full_like(self.upper, np.inf), where=ended)
            worth += np.where(reduced > TOLERANCE, reduced * (self.lower - self.open_lower), 0.0)
            worth += np.multiply(-reduced, more, out=np.zeros_like(worth), where=reduced < -TOLERANCE)
        need = self.widths[cell] - span
        cells = np.flatnonzero((worth > TOLERANCE) & ~hidden & ~self.missing)
        if need < TOLERANCE or not len(cells):
            # Only whole numbers are bounded so narrowly: something that is shown now has to go.
            return self._one_of(cell, np.arange(len(hidden)), hidden)
        return Cut(cell, cells, np.minimum(worth[cells] / need, 1.0))

    def _itself(self, cell: int, lower: Floats, upper: Floats) -> Cut | None:
        """What another table hides and this one shows has to be hidden here too."""
        if upper[cell] - lower[cell] >= self.widths[cell]:
            return None
        return Cut(cell, np.array([cell]), np.ones(1))

    def _one_of(self, cell: int, others: NDArray[np.int64], hidden: Mask) -> Cut:
        cells = np.asarray(others[~hidden[others] & ~self.missing[others]], dtype=np.int64)
        return Cut(cell, cells, np.ones(len(cells)))

    def cheapest(self, cuts: list[Cut], base: Mask) -> Mask:
        """The fewest cells, and of those the smallest counts, that satisfy every cut."""
        from scipy.sparse import csr_array

        named = np.unique(np.concatenate([np.append(cut.cells, cut.cell) for cut in cuts]))
        rows = np.repeat(np.arange(len(cuts)), [len(cut.cells) + 1 for cut in cuts])
        columns = np.searchsorted(named, np.concatenate([np.append(cut.cells, cut.cell) for cut in cuts]))
        always = self.watched[[cut.cell for cut in cuts]]
        own = np.where(always, 0.0, -1.0)
        entries = np.concatenate([np.append(cut.weights, of_cell) for cut, of_cell in zip(cuts, own, strict=True)])
        matrix = csr_array((entries, (rows, columns)), shape=(len(cuts), len(named)))
        known = np.where(np.isnan(self.counts), 0, self.counts)
        cost = 1 + known[named] / (known.sum() + 1)
        barred = (self.kept & ~self.primary)[named]
        limits = (base[named].astype(float), np.where(barred, 0.0, 1.0))
        result = whole_numbers(cost, limits, matrix, always.astype(float), np.inf, self.effort)
        if result.x is None:
            raise Unprotectable
        hidden = base.copy()
        hidden[named] |= np.rint(result.x).astype(bool)
        return hidden
