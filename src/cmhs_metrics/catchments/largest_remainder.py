"""Whole numbers that keep their total: the method of largest remainders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def largest_remainder(
    amounts: NDArray[Any], groups: NDArray[Any], order: NDArray[Any], most: NDArray[Any] | None = None
) -> NDArray[Any]:
    """Round amounts to whole numbers that add to the same total.

    Every amount is rounded down. What is then lacking to the total of its group goes, one each, to the amounts with the
    largest remainders, equal ones in their order (Hamilton's method).

    `amounts`: the amounts, 0 or more [one unit]; NaN where missing, which stays so. `order`: the place of each in the
    order by which equal remainders are served. `most`: the most that each may become [the same unit]; NaN where there
    is no such limit. An amount at its limit is passed over, so that a part stays within its whole. Gives whole
    numbers, in floats [the same unit].

    References
    ----------
    M. L. Balinski and H. P. Young, Fair Representation (2nd ed., Brookings, 2001), on Hamilton's method.

    Examples
    --------
    >>> largest_remainder(np.array([1.4, 1.8, 1.8]), np.zeros(3, int), np.arange(3))
    array([1., 2., 2.])
    """
    known = ~np.isnan(amounts)
    plain = np.nan_to_num(amounts)
    whole = np.floor(plain)
    # The rounding of floats must not decide between equal remainders; a whole number just missed is 1 here, and first.
    remainder = np.round(plain - whole, 6)
    count = int(groups.max()) + 1 if groups.size else 0
    lacking = np.rint(np.bincount(groups, plain, count)) - np.bincount(groups, whole, count)
    limit = np.full(whole.shape, np.inf) if most is None else np.where(np.isnan(most), np.inf, most)
    while (lacking > 0).any():
        served = known & (whole < limit)
        queue = np.lexsort((order, -remainder, ~served, groups))
        first = np.searchsorted(groups[queue], np.arange(count))
        rank = np.empty(whole.size)
        rank[queue] = np.arange(whole.size) - first[groups[queue]]
        served &= rank < lacking[groups]
        if not served.any():
            break  # Only where something is missing, and so the total too.
        whole += served
        lacking -= np.bincount(groups, served, count)
    return np.where(known, whole, np.nan)
