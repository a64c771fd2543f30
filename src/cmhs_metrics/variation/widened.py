"""Where places lie in a funnel widened for over-dispersion, of counts that are known or lie between bounds."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from cmhs_metrics.variation.chance import standard_errors, to_even_scale, widened_limits
from cmhs_metrics.variation.dispersion import between_places, winsorised
from cmhs_metrics.variation.funnels import flags
from cmhs_metrics.variation.limits import LEVELS

if TYPE_CHECKING:
    from collections.abc import Sequence

FEWEST = 10
"""Of fewer places none is drawn in, and one far out would widen the funnel to itself."""
MOST_BETWEEN = 0.92
"""Above such a share the score of a place need not lie between those of the ends of its counts."""


def funnel_positions(
    kind: str, corners: Sequence[tuple[Any, Any]], targets: tuple[float, float], chance: list[str | None]
) -> tuple[list[str | None], float]:
    """Where places lie in a funnel that is widened for over-dispersion, whatever the counts between their ends are.

    `corners` has events and denominators: once where they are known, otherwise those of the least value and of the
    greatest, as `targets` has the least and the greatest target. `chance` says where places lie by chance alone. Gives
    the words of `outliers`, None where they are not certain, and phi, NaN where it is not.
    """
    nothing: list[str | None] = [None] * len(chance)
    if kind == "proportion" and len(corners) > 1 and targets[1] > MOST_BETWEEN:
        return nothing, math.nan
    errors = [standard_errors(kind, base, 1.0) for _, base in corners]
    with np.errstate(divide="ignore", invalid="ignore"):
        values = [to_even_scale(kind, events / base) for events, base in corners]
    scores = [
        (value - to_even_scale(kind, target)) / error
        for value, error in zip(values, errors, strict=True)
        for target in targets
    ]
    here = ~np.isnan(scores).any(axis=0)
    if np.count_nonzero(here) < FEWEST:
        return nothing, math.nan
    ends = [winsorised(np.sort(end[here]), 0.1) for end in (np.min(scores, axis=0), np.max(scores, axis=0))]
    nearest = np.maximum(0.0, np.maximum(ends[0], -ends[1]))
    phis = [float((each**2).mean()) for each in (nearest, np.maximum(*np.abs(ends)))]
    weights = [error[here] ** -2.0 for error in errors]
    taus = {
        between_places(phis[0], np.maximum(weights[0], weights[-1])),
        between_places(phis[1], np.minimum(weights[0], weights[-1])),
    }
    found = [np.array(chance, dtype=object)] if 0.0 in taus else []
    # Limits widen with tau, but for the step from the exact ones to normal ones.
    for tau in sorted(taus) if len(taus) > 1 else taus - {0.0}:
        for target, error in itertools.product(dict.fromkeys(targets), errors):
            limits = [
                end for level in LEVELS for end in widened_limits(kind, 0.25 / error**2, target, level, 1.0, 1.0, tau)
            ]
            with np.errstate(divide="ignore", invalid="ignore"):
                found += [np.asarray(flags(events / base, LEVELS, limits), object) for events, base in corners]
    same = np.logical_and.reduce([each == found[0] for each in found])
    found[0][~same] = None
    return list(found[0]), phis[0] if phis[0] == phis[1] else math.nan
