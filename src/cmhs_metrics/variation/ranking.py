"""Ranks of places, and the quarters in which they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cmhs_metrics.numeric.arguments import Places
from cmhs_metrics.signatures import checked

if TYPE_CHECKING:
    from numpy.typing import NDArray

TIES = ("average", "min", "max", "dense", "first")


@checked
def ranks(values: Any, *, ties: str = "average", highest_first: bool = True) -> Any:
    """The rank of each place.

    Parameters
    ----------
    values : numpy.ndarray, Series or Quantity of an array
        The value of each place [any unit].
    ties : {"average", "min", "max", "dense", "first"}, default "average"
        What places with one value share: the average of their ranks (2.5 and 2.5), the least ("2nd equal": 2, 2, 4),
        the greatest (3, 3, 4), the least without a gap after it (2, 2, 3), or nothing, the first to stand in the column
        being the first (2, 3, 4).
    highest_first : bool, default True
        Whether the highest value is the first.

    Returns
    -------
    The kind that came in, in the same shape
        The ranks, from 1 [dimensionless]. A place without a value has none, and is not counted in those of others.

    Raises
    ------
    BadInput
        When a value is infinite, or `ties` is not one of these.

    Examples
    --------
    >>> import numpy as np
    >>> ranks(np.array([30.0, 50, np.nan, 30, 10])).tolist()
    [2.5, 1.0, nan, 2.5, 4.0]
    """
    places = Places("ranks", with_units=True, values=values)
    places.at_least(1)
    places.finite("values")
    places.one_of("ties", ties, TIES)
    places.check()
    return places.give(ranked(places["values"], ties, highest_first), "rank")


def ranked(held: NDArray[np.float64], ties: str, highest_first: bool) -> NDArray[np.float64]:
    """The rank of each value."""
    found = np.full(held.shape, np.nan)
    here = ~np.isnan(held)
    keys = -held[here] if highest_first else held[here]
    if ties == "first":
        order = np.argsort(keys, kind="stable")
        ordinal = np.empty(len(keys))
        ordinal[order] = np.arange(1, len(keys) + 1)
        found[here] = ordinal
        return found
    _, group, sizes = np.unique(keys, return_inverse=True, return_counts=True)
    last = np.cumsum(sizes)
    first = last - sizes + 1
    of_group = {"average": (first + last) / 2, "min": first, "max": last, "dense": np.arange(1, len(sizes) + 1)}
    found[here] = of_group[ties][group]
    return found


def quartile_groups(values: Any) -> Any:
    """The quarter in which each place stands: 1 for the lowest, 4 for the highest.

    Parameters
    ----------
    values : numpy.ndarray, Series or Quantity of an array
        The value of each place [any unit].

    Returns
    -------
    The kind that came in, in the same shape
        1 up to the lower quartile, 2 up to the median, 3 up to the upper quartile, 4 above it [dimensionless]; missing
        where the value is. The quartiles are those of the places that have a value.

    Raises
    ------
    BadInput
        When a value is infinite, or fewer than two places have one.

    Examples
    --------
    >>> import numpy as np
    >>> quartile_groups(np.array([3.0, 5, 8, 12, 20])).tolist()
    [1.0, 1.0, 2.0, 3.0, 4.0]
    """
    places = Places("quartile_groups", with_units=True, values=values)
    places.finite("values")
    if np.count_nonzero(~np.isnan(places["values"])) < 2:
        places.refuse_argument("values", None, "the values of 2 or more places")
    places.check()
    return places.give(quarters(places["values"]), "quartile")


@checked
def quantile_groups(values: Any, groups: int = 4, *, invert: bool = False) -> Any:
    """The group in which each place stands, when places are divided by rank into groups as equal as can be.

    Parameters
    ----------
    values : numpy.ndarray, Series or Quantity of an array
        The value of each place [any unit].
    groups : int, default 4
        How many: 4 for quarters, 5 for fifths, 10 for tenths.
    invert : bool, default False
        Whether 1 is the group of the highest values, in place of the lowest.

    Returns
    -------
    The kind that came in, in the same shape
        From 1 [dimensionless]; missing where the value is. Places alike stand in one group, that of the least of their
        ranks.

    Raises
    ------
    BadInput
        When a value is infinite, or fewer places have one than there are groups.

    Notes
    -----
    Of n places, that of rank r from the lowest is in group q + 1 − ⌈(n + 1 − r) q / n⌉. `quartile_groups` divides by
    the quartiles, and differs where groups cannot be equal: of 42 places this has 11, 10, 11 and 10, that 11, 10, 10
    and 11.

    References
    ----------
    The method of PHEindicatormethods and of public health indicators in England, for places by quantile.

    Examples
    --------
    >>> import numpy as np
    >>> quantile_groups(np.array([3.0, 5, 8, 12, 20]), 5, invert=True).tolist()
    [5.0, 4.0, 3.0, 2.0, 1.0]
    """
    places = Places("quantile_groups", with_units=True, values=values)
    places.finite("values")
    number = int(np.count_nonzero(~np.isnan(places["values"])))
    if groups < 2:
        places.refuse_argument("groups", groups, "a whole number of groups, 2 or more")
    elif number < groups:
        places.refuse_argument("values", number, f"the values of {groups} or more places")
    places.check()
    from_lowest = ranked(places["values"], "min", invert)
    # Whole numbers throughout: a quotient of floats puts some places into the next group.
    return places.give(groups + 1 - -((from_lowest - number - 1) * groups // number), "quantile")


def quarters(held: NDArray[np.float64]) -> NDArray[np.float64]:
    """The quarter of each value."""
    here = ~np.isnan(held)
    edges = np.percentile(held[here], [25, 50, 75])
    return np.where(here, np.searchsorted(edges, held, side="left") + 1.0, np.nan)
