"""The problem of choosing cells for a table alone, and for one beside tables that are out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from cmhs_metrics.disclosure.bounds import Inconsistent, reach
from cmhs_metrics.disclosure.complement import Choice
from cmhs_metrics.disclosure.linked import Joint, LinkedTable
from cmhs_metrics.disclosure.moves import Moves
from cmhs_metrics.errors import BadInput, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from cmhs_metrics.disclosure.effort import Effort
    from cmhs_metrics.disclosure.published_table import PublishedTable

    Floats = NDArray[np.float64]
    Mask = NDArray[np.bool_]


def alone(
    plain: PublishedTable, small: Mask, missing: Mask, kept: Mask, counts: Floats, effort: Effort, widths: Any = None
) -> Choice:
    """The problem for a table that nothing stands beside, given as it is with the small cells alone suppressed."""
    lower, upper = plain.known()
    nowhere, layout, rule = np.zeros_like(small), plain.layout, plain.rule
    assert rule.width is not None
    return Choice(
        layout.relations, lower, upper, small, missing, kept, counts, rule.width,
        np.full_like(counts, rule.width) if widths is None else widths, nowhere, rule, nowhere,
        np.zeros_like(counts), np.full_like(counts, np.inf), Moves(layout), effort,
    )  # fmt: skip


def beside(
    plain: PublishedTable,
    given: Sequence[LinkedTable],
    lookup: Mapping[str, Any],
    relations: Sequence[Mapping[str, float]],
    small: Mask,
    missing: Mask,
    kept: Mask,
    counts: Floats,
    effort: Effort,
) -> tuple[Choice, NDArray[np.int64]]:
    """The problem for a table beside others, and where its cells stand among all.

    Raises
    ------
    BadInput
        When the others alone give a count away, or contradict one another.
    """
    rule = plain.rule
    assert rule.width is not None
    joint = Joint([LinkedTable(plain, lookup), *given], relations)
    place = joint.place[0]
    open_lower, open_upper = joint.known(given)
    lower, upper = joint.known(joint.tables)

    def spread(of_cells: NDArray[Any], elsewhere: Any) -> NDArray[Any]:
        found = np.full(joint.size, elsewhere)
        found[place] = of_cells
        return found

    is_new = spread(np.ones(len(place), dtype=bool), False)
    primary = spread(small, False)
    choice = Choice(
        joint.relations, np.where(is_new, lower, open_lower), np.where(is_new, upper, open_upper), primary,
        spread(missing, False), spread(kept, True), spread(counts, np.nan), rule.width,
        joint.widths(),
        (joint.hidden(given) & ~primary) | joint.between, rule, joint.between, open_lower, open_upper, None, effort,
    )  # fmt: skip
    return replace(choice, between=choice.between | _given_away(joint, choice, is_new)), place


def _given_away(joint: Joint, choice: Choice, is_new: Mask) -> Mask:
    """The cells that tables give away without the new one; refused where a small count is among them."""
    lower, upper = choice.known(is_new)
    targets = np.flatnonzero(choice.primary | choice.watched | is_new)
    try:
        found = reach(joint.relations, lower, upper, targets, enough=choice.widths, effort=choice.effort)
    except Inconsistent as error:
        raise BadInput("the set of tables", [contradiction(joint, error)]) from error
    least, greatest = found.inner_lower[targets], found.inner_upper[targets]
    narrow = greatest - least < choice.widths[targets]
    secret = ~choice.harmless(targets, least, greatest)
    falls = narrow & np.where((choice.primary | choice.watched)[targets], secret, least < choice.rule.threshold)
    bounded = np.zeros(joint.size, dtype=bool)
    bounded[targets[narrow]] = True
    if falls.any():
        problems = [
            Problem(
                "published",
                joint.name(cell),
                None,
                f"tables that do not tell by themselves that it is {told(low, high)}",
            )
            for cell, low, high in zip(targets[falls], least[falls], greatest[falls], strict=True)
        ]
        raise BadInput("the set of tables", problems)
    return bounded & is_new


def contradiction(joint: Joint, error: Inconsistent) -> Problem:
    """What two tables cannot both say."""
    if error.relation is None:
        return Problem(None, None, None, "whole numbers that agree with all tables")
    row = joint.relations[[error.relation]].tocoo()
    return Problem(None, joint.name(int(row.coords[1][-1])), None, "a number that agrees with the other tables")


def told(least: float, greatest: float) -> str:
    """What a reader knows, in words."""
    return f"{least:.0f}" if least == greatest else f"{least:.0f} to {greatest:.0f}"
