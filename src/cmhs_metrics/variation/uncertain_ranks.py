"""How sure ranks are: places drawn and ranked anew, many times."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cmhs_metrics.numeric.arguments import Places, in_pandas
from cmhs_metrics.signatures import checked
from cmhs_metrics.variation.limits import KINDS, check_counts, known
from cmhs_metrics.variation.ranking import ranked

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class RankIntervals:
    """Ranks with their intervals: how sure is "7th of 42".

    Parameters
    ----------
    rank : numpy.ndarray or Series
        The rank of each place, ties sharing the least [dimensionless].
    lower, upper : numpy.ndarray or Series
        The first and the last rank that the place may well have [dimensionless].
    confidence : float
        How often such intervals hold the rank that a place would have, were there no chance [proportion].
    highest_first : bool
        Whether the highest value is the first.
    draws : int
        How often the values were drawn.
    places : int
        How many places are ranked.
    missing : int
        How many have no value and so no rank.
    """

    rank: Any
    lower: Any
    upper: Any
    confidence: float
    highest_first: bool
    draws: int
    places: int
    missing: int

    def to_frame(self) -> pd.DataFrame:
        """The ranks as a table.

        Returns
        -------
        pandas.DataFrame
            A row for each place, with the columns rank, lower and upper.
        """
        import pandas as pd

        return pd.DataFrame({name: in_pandas(getattr(self, name)) for name in ("rank", "lower", "upper")})

    def __repr__(self) -> str:
        first = "highest" if self.highest_first else "lowest"
        missing = f", {self.missing} missing" if self.missing else ""
        return (
            f"<RankIntervals of {self.places} places{missing}, {first} first, "
            f"{self.confidence * 100:g}% from {self.draws:,} draws>"
        )


@checked
def rank_intervals(
    estimates: Any = None,
    *,
    standard_errors: Any = None,
    lower: Any = None,
    upper: Any = None,
    counts: Any = None,
    denominators: Any = None,
    kind: str = "rate",
    confidence: float = 0.95,
    draws: int = 10_000,
    seed: int = 0,
    highest_first: bool = True,
    fractional: bool = False,
) -> RankIntervals:
    """How sure the ranks of places are.

    Give one of three: counts with their denominators, estimates with standard errors, or estimates with the bounds of
    their intervals.

    Parameters
    ----------
    estimates : numpy.ndarray or Series, optional
        The value of each place [any unit].
    standard_errors : numpy.ndarray or Series, optional
        The standard error of each [the same unit].
    lower, upper : numpy.ndarray or Series, optional
        The bounds of the interval of each, at the same `confidence` [the same unit].
    counts, denominators : numpy.ndarray or Series, optional
        Events of each place [count] and what they are out of: people of a rate, cases of a proportion, expected events
        of a ratio.
    kind : {"rate", "proportion", "ratio"}, default "rate"
        What counts over denominators are.
    confidence : float, default 0.95
        How sure the intervals are to be [proportion].
    draws : int, default 10,000
        How often all places are drawn and ranked anew.
    seed : int, default 0
        Where the draws start: the same seed gives the same intervals.
    highest_first : bool, default True
        Whether the highest value is the first.
    fractional : bool, default False
        Whether counts may be fractions, having been estimated or apportioned.

    Returns
    -------
    RankIntervals
        ``rank``, ``lower`` and ``upper`` in the kind that came in. A place without a value, or with a denominator of
        zero cases, has none, and is not counted in those of others.

    Raises
    ------
    BadInput
        When none or more than one of the three is given, a count is not a count or above its denominator in a
        proportion, a population is not above zero, bounds do not hold their estimate, a standard error is not above
        zero, `confidence` not between 0 and 1, or there are fewer than two places.

    Notes
    -----
    The true value of every place is drawn many times from what its data leave open, and every time all places are
    ranked; the interval is the middle of the ranks that a place had. Rates and ratios are drawn from a gamma
    distribution with shape count + ½, proportions from a beta distribution with count + ½ and rest + ½: what Jeffreys'
    priors make of Poisson and binomial counts, so that a count of zero is not taken for certain. Estimates are drawn
    from a normal distribution; with bounds, from two halves of normal distributions that meet at the estimate and have
    the bounds where intervals of that confidence end. Places are drawn independently of each other.

    Draws scatter more than the estimates, and so bring the first and the last of many uncertain places towards the
    middle. Where the interval would not hold the place's own rank, it is widened to it.

    References
    ----------
    Marshall EC, Spiegelhalter DJ. Reliability of league tables of in vitro fertilisation clinics: retrospective
    analysis of live birth rates. BMJ 1998; 316: 1701–1704. Goldstein H, Spiegelhalter DJ. League tables and their
    limitations. Journal of the Royal Statistical Society A 1996; 159: 385–443.

    Examples
    --------
    >>> import numpy as np
    >>> found = rank_intervals(counts=np.array([900, 110, 100, 20]), denominators=np.array([1000, 1000, 1000, 1000]))
    >>> found.to_frame().astype(int)
       rank  lower  upper
    0     1      1      1
    1     2      2      3
    2     3      2      3
    3     4      4      4
    """
    given = {
        "estimates": estimates,
        "standard_errors": standard_errors,
        "lower": lower,
        "upper": upper,
        "counts": counts,
        "denominators": denominators,
    }
    forms = ({"estimates", "standard_errors"}, {"estimates", "lower", "upper"}, {"counts", "denominators"})
    named = {name for name, column in given.items() if column is not None}
    places = Places("rank_intervals", **given) if named else Places("rank_intervals", estimates=math.nan)
    places.at_least(2)
    if named not in forms:
        expected = "estimates and standard_errors, or estimates, lower and upper, or counts and denominators"
        places.refuse_argument("the values", ", ".join(sorted(named)) or None, expected)
    places.one_of("kind", kind, KINDS)
    places.within("confidence", confidence, 0, 1, "a proportion between 0 and 1")
    places.within("draws", draws, 100, math.inf, "100 or more draws", closed=True)
    if named == forms[1]:
        bounds = (places["lower"] > places["estimates"]) | (places["lower"] == places["upper"])
        places.refuse("lower", bounds, "no more than the estimate, and below the upper bound")
        places.refuse("upper", places["upper"] < places["estimates"], "no less than the estimate")
        places.finite("estimates", "lower", "upper")
    elif named == forms[0]:
        places.finite("estimates")
        places.above_zero("standard_errors")
    elif named == forms[2] and kind in KINDS:
        check_counts(places, kind, fractional)
    places.check()
    here = known(places, *sorted(named))
    if counts is not None:
        here &= places["denominators"] > 0
        with np.errstate(divide="ignore", invalid="ignore"):
            values = np.where(here, places["counts"] / places["denominators"], np.nan)
    else:
        values = np.where(here, places["estimates"], np.nan)
    order = ranked(values, "min", highest_first)
    least, most = np.full(values.shape, np.nan), np.full(values.shape, np.nan)
    if here.any():
        drawn = _Draw({name: places[name][here] for name in named}, kind, confidence, seed)
        first, last = _middle(_drawn_ranks(drawn, draws, highest_first), confidence)
        least[here], most[here] = np.minimum(first, order[here]), np.maximum(last, order[here])
    number = int(np.count_nonzero(here))
    return RankIntervals(
        rank=places.give(order, "rank"),
        lower=places.give(least, "lower"),
        upper=places.give(most, "upper"),
        confidence=confidence,
        highest_first=highest_first,
        draws=draws,
        places=number,
        missing=values.size - number,
    )


class _Draw:
    """Values that the places may truly have, many rows at a time."""

    def __init__(self, columns: dict[str, NDArray[np.float64]], kind: str, confidence: float, seed: int) -> None:
        from scipy.special import ndtri

        self.columns, self.kind = columns, kind
        self.z = float(ndtri(0.5 + confidence / 2))
        self.generator = np.random.default_rng(seed)
        self.places = len(next(iter(columns.values())))

    def rows(self, number: int) -> NDArray[np.float64]:
        shape, columns = (number, self.places), self.columns
        if "counts" in columns and self.kind == "proportion":
            rest = columns["denominators"] - columns["counts"]
            return self.generator.beta(columns["counts"] + 0.5, rest + 0.5, shape)
        if "counts" in columns:
            return self.generator.gamma(columns["counts"] + 0.5, size=shape) / columns["denominators"]
        normal = self.generator.standard_normal(shape)
        if "standard_errors" in columns:
            return columns["estimates"] + normal * columns["standard_errors"]
        below = (columns["estimates"] - columns["lower"]) / self.z
        above = (columns["upper"] - columns["estimates"]) / self.z
        return columns["estimates"] + normal * np.where(normal > 0, above, below)


def _drawn_ranks(draw: _Draw, draws: int, highest_first: bool) -> NDArray[Any]:
    """A row of ranks for each place."""
    small = np.uint16 if draw.places < 2**16 else np.uint32
    found = np.empty((draw.places, draws), dtype=small)
    at_once = max(1, min(200, 4_000_000 // draw.places))
    counting = np.arange(1, draw.places + 1, dtype=small)
    for start in range(0, draws, at_once):
        rows = draw.rows(min(at_once, draws - start))
        # Draws can tie at a bound that is the estimate itself; in a fresh order, no place wins by where it stands.
        shuffled = draw.generator.permutation(draw.places)
        order = np.argsort(-rows[:, shuffled] if highest_first else rows[:, shuffled], axis=1, kind="stable")
        np.put_along_axis(found[:, start : start + len(rows)].T, shuffled[order], counting[None, :], axis=1)
    return found


def _middle(drawn: NDArray[Any], confidence: float) -> tuple[NDArray[Any], NDArray[Any]]:
    """The ranks between which `confidence` of the draws lie."""
    drawn.sort(axis=1)
    number = drawn.shape[1]
    first = max(math.ceil((1 - confidence) / 2 * number - 1e-9) - 1, 0)
    last = math.ceil((1 + confidence) / 2 * number - 1e-9) - 1
    return drawn[:, first], drawn[:, last]
