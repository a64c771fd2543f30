"""The position of a place: its value, rank and quartile, its distance from the average and from peers."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cmhs_metrics.errors import nearest
from cmhs_metrics.numeric.arguments import Places
from cmhs_metrics.presentation import ordinal
from cmhs_metrics.signatures import checked
from cmhs_metrics.variation.chance import exact_limits
from cmhs_metrics.variation.funnels import flags
from cmhs_metrics.variation.limits import KINDS, LEVELS, PER, check_counts, check_kind
from cmhs_metrics.variation.ranking import quarters, ranked
from cmhs_metrics.variation.widened import funnel_positions

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

AVERAGES = ("mean of places", "median", "pooled")
QUARTERS = {1: "lowest quarter", 2: "second quarter", 3: "third quarter", 4: "highest quarter"}


@dataclass(frozen=True, slots=True)
class Position:
    """Where a place stands among others.

    Parameters
    ----------
    place : object
        Its label.
    value : float
        Its value.
    rank : int
        Its rank, ties sharing the least.
    places : int
        How many places have a value and so are ranked.
    missing : int
        How many have none; they have no part in anything here.
    highest_first : bool
        Whether the highest value is the first.
    quartile : int
        The quarter in which it stands: 1 for the lowest, 4 for the highest.
    average : str
        Which average: "mean of places", "median" or "pooled".
    average_value : float
        The average of all places, itself among them [the unit of the value].
    difference : float
        The value less the average [the same unit].
    chance : str or None
        Whether the distance is more than chance: "within", or "above 95%", "below 99.8%" and so on; None where neither
        counts nor bounds were given.
    peers : tuple
        The labels of its peers, without itself.
    peer_value : float or None
        The same average of the peers.
    peer_difference : float or None
        The value less that [the same unit].
    peer_chance : str or None
        Whether that distance is more than chance.
    funnel : str or None
        Where the place lies in the funnel about the average that is widened by how much places differ: in words as
        `chance`. None without counts, or with fewer than ten places.
    """

    place: Any
    value: float
    rank: int
    places: int
    missing: int
    highest_first: bool
    quartile: int
    average: str
    average_value: float
    difference: float
    chance: str | None
    peers: tuple[Any, ...]
    peer_value: float | None
    peer_difference: float | None
    peer_chance: str | None
    funnel: str | None = None

    def to_frame(self) -> pd.DataFrame:
        """The position as a table.

        Returns
        -------
        pandas.DataFrame
            One row, with a column for each field; `peers` is how many there are.
        """
        import pandas as pd

        return pd.DataFrame([asdict(self) | {"peers": len(self.peers)}])

    def __repr__(self) -> str:
        first = "highest" if self.highest_first else "lowest"
        missing = f", {self.missing} missing" if self.missing else ""
        average = "pooled value" if self.average == "pooled" else self.average
        lines = [
            f"{self.place}: {self.value:,.6g}, {ordinal(self.rank)} of {self.places} ({first} first{missing}), "
            f"{QUARTERS[self.quartile]}",
            _distance(self.difference, f"the {average}", self.average_value, self.chance),
        ]
        if self.funnel is not None:
            inside = self.funnel == "within"
            lines[1] += "; within the widened funnel" if inside else f"; outside the widened funnel ({self.funnel})"
        if self.peer_difference is not None and self.peer_value is not None:
            of = f"the {average} of {len(self.peers)} peers"
            lines.append(_distance(self.peer_difference, of, self.peer_value, self.peer_chance))
        return "\n  ".join(lines)


def _distance(difference: float, what: str, average: float, chance: str | None) -> str:
    side = f"{abs(difference):,.6g} {'above' if difference > 0 else 'below'}" if difference else "at"
    share = f", {abs(difference) / average:.1%}" if average and difference else ""
    verdict = {None: "", "within": "; within chance"}.get(chance, f"; more than chance ({chance})")
    return f"{side} {what} ({average:,.6g}){share}{verdict}"


@checked
def position(
    place: Hashable,
    values: Any = None,
    *,
    counts: Any = None,
    denominators: Any = None,
    kind: str = "rate",
    per: float = PER,
    average: str = "mean of places",
    peers: Sequence[Hashable] | None = None,
    lower: Any = None,
    upper: Any = None,
    confidence: float = 0.95,
    places: Sequence[Hashable] | None = None,
    highest_first: bool = True,
    fractional: bool = False,
) -> Position:
    """Where a place stands among others, and whether its distance from them is more than chance.

    Parameters
    ----------
    place : label
        The place: a label of the pandas Series' index or of `places`; where there are neither, its position from 0.
    values : numpy.ndarray or Series, optional
        The value of each place [any unit], where counts are not to be had.
    counts, denominators : numpy.ndarray or Series, optional
        In place of values: events of each place [count] and what they are out of [person or count].
    kind : {"rate", "proportion", "ratio"}, default "rate"
        What counts over denominators are.
    per : float, default 100,000
        People that a rate is per [person]; other kinds do not use it.
    average : {"mean of places", "median", "pooled"}, default "mean of places"
        What the place is compared with. The mean and the median count every place alike; the pooled value is the total
        of counts over the total of denominators, and needs these.
    peers : sequence of labels, optional
        The places that are like it. The place itself may be named among them, and is left out.
    lower, upper : numpy.ndarray or Series, optional
        Beside values, the bounds of the interval of each [the same unit].
    confidence : float, default 0.95
        The confidence of those bounds [proportion].
    places : sequence of labels, optional
        The label of each place. A pandas Series has them in its index unless they are given.
    highest_first : bool, default True
        Whether the highest value is the first.
    fractional : bool, default False
        Whether counts may be fractions, having been estimated or apportioned.

    Returns
    -------
    Position
        Value, rank, quartile, distances, and whether these are more than chance.

    Raises
    ------
    BadInput
        When a place or a peer is not there or there twice, or has no value, values and counts are both or neither
        given, or an argument is out of range.

    Notes
    -----
    With counts, a distance is more than chance when the value lies outside the funnel limits of the place's own
    denominator about the average, at 95% or 99.8%; with bounds, when they do not hold the average. Both take the
    average for certain. Of a few small peers it is not, and the verdict is then too bold. Of 42 places all alike, two
    lie outside 95% by chance. Where places differ by more than chance, most lie outside, and `funnel` says more: it
    holds the place against limits that are widened by how much places differ, as `funnel` does with its additive
    adjustment.

    References
    ----------
    NHS Benchmarking Network, Community Mental Health Services Audit 2016/17: every chart marks the trust's own position
    and the average. For the limits see `funnel_limits`.

    Examples
    --------
    >>> import pandas as pd
    >>> caseload = pd.Series({"North": 2_900, "South": 1_450, "East": 1_600, "West": 1_500})
    >>> people = pd.Series({"North": 100_000, "South": 100_000, "East": 100_000, "West": 100_000})
    >>> position("East", counts=caseload, denominators=people, average="median", peers=["South", "West"])
    East: 1,600, 2nd of 4 (highest first), third quarter
      50 above the median (1,550), 3.2%; within chance
      125 above the median of 2 peers (1,475), 8.5%; more than chance (above 99.8%)
    """
    columns = {"values": values, "lower": lower, "upper": upper, "counts": counts, "denominators": denominators}
    named = {name for name, column in columns.items() if column is not None}
    held = Places("position", **columns) if named else Places("position", values=float("nan"))
    held.at_least(2)
    if named not in ({"values"}, {"values", "lower", "upper"}, {"counts", "denominators"}):
        expected = "values, or values with lower and upper, or counts and denominators"
        held.refuse_argument("the values", ", ".join(sorted(named)) or None, expected)
    held.one_of("average", average, AVERAGES)
    if average == "pooled" and counts is None:
        held.refuse_argument("average", average, "counts and denominators, without which nothing can be pooled")
    check_kind(held, kind, 0.5, per)
    held.within("confidence", confidence, 0, 1, "a proportion between 0 and 1")
    if named == {"counts", "denominators"} and kind in KINDS:
        check_counts(held, kind, fractional)
    elif "values" in named:
        held.finite(*sorted(named))
    if named >= {"lower", "upper"}:
        held.refuse("lower", held["lower"] > held["upper"], "no more than the upper bound")
    among = _Among(held, kind, per, confidence, average)
    labels = _labels(held, places, among.values.size)
    at = _find(held, labels, "place", place)
    named_peers = [_find(held, labels, "peers", peer) for peer in peers or ()]
    for name, each in [("place", at), *(("peers", peer) for peer in named_peers)]:
        if each is not None and np.isnan(among.values[each]):
            held.refuse_argument(name, labels[each], "a place that has a value")
    others = [peer for peer in dict.fromkeys(named_peers) if peer is not None and peer != at]
    if peers is not None and not others:
        held.refuse_argument("peers", list(peers), "a place other than itself")
    if not np.isnan(among.values).all() and np.count_nonzero(among.here) < 2:
        held.refuse_argument("values", None, "2 or more places with a value")
    held.check()
    assert at is not None
    value = among.values[at].item()
    of_all = among.averaged(among.here)
    of_peers = among.averaged(np.isin(np.arange(among.values.size), others)) if others else None
    return Position(
        place=place,
        value=value,
        rank=int(ranked(among.values, "min", highest_first)[at]),
        places=int(np.count_nonzero(among.here)),
        missing=int(np.count_nonzero(~among.here)),
        highest_first=highest_first,
        quartile=int(quarters(among.values)[at]),
        average=average,
        average_value=of_all,
        difference=value - of_all,
        chance=among.chance(at, of_all),
        peers=tuple(labels[other] for other in others),
        peer_value=of_peers,
        peer_difference=None if of_peers is None else value - of_peers,
        peer_chance=None if of_peers is None else among.chance(at, of_peers),
        funnel=among.in_funnel(at, of_all),
    )


class _Among:
    """All places: their values, averages of them, and what chance would bring."""

    def __init__(self, held: Places, kind: str, per: float, confidence: float, average: str) -> None:
        self.held, self.kind, self.per, self.confidence, self.average = held, kind, per, confidence, average
        self.scale = per if kind == "rate" else 1.0
        if "counts" in held and "denominators" in held:
            size = np.where(held["denominators"] == 0, np.nan, held["denominators"])
            self.values: NDArray[np.float64] = held["counts"] / size * self.scale
        elif "values" in held:
            self.values = held["values"]
        else:
            self.values = np.full_like(next(iter(held.arrays.values())), np.nan)
        self.values = np.atleast_1d(self.values)
        self.here = ~np.isnan(self.values)

    def averaged(self, chosen: NDArray[np.bool_]) -> float:
        if self.average == "pooled":
            counts, size = self.held["counts"], self.held["denominators"]
            return float(counts[chosen].sum() / size[chosen].sum() * self.scale)
        return float(np.median(self.values[chosen]) if self.average == "median" else self.values[chosen].mean())

    def in_funnel(self, at: int, average: float) -> str | None:
        if "counts" not in self.held or not average or (self.kind == "proportion" and average == 1):
            return None
        size = self.held["denominators"]
        whole = np.rint(size) if self.kind == "proportion" else size
        bounds = [bound for level in LEVELS for bound in exact_limits(self.kind, whole, average, level, self.per)]
        target = average / self.scale
        words = flags(self.values, LEVELS, bounds)
        return funnel_positions(self.kind, [(self.held["counts"], size)], (target, target), words)[0][at]

    def chance(self, at: int, average: float) -> str | None:
        value = self.values[[at]]
        if "lower" in self.held:
            lower, upper = self.held["lower"][[at]], self.held["upper"][[at]]
            # The average is held against the place's bounds: below them, the place is above it.
            return flags(value, [self.confidence], [value - (upper - average), value + (average - lower)])[0]
        if "counts" not in self.held or not average or (self.kind == "proportion" and average == 1):
            return None
        size = self.held["denominators"][[at]]
        size = np.rint(size) if self.kind == "proportion" else size
        bounds = [bound for level in LEVELS for bound in exact_limits(self.kind, size, average, level, self.per)]
        return flags(value, LEVELS, bounds)[0]


def _labels(held: Places, places: Sequence[Hashable] | None, size: int) -> list[Any]:
    if places is None:
        return list(range(size)) if held.index is None else list(held.index)
    labels = list(places)
    if len(labels) != size:
        held.refuse_argument("places", len(labels), f"{size} labels, one for each place")
        return list(range(size))
    return labels


def _find(held: Places, labels: list[Any], name: str, label: Hashable) -> int | None:
    hashable = isinstance(label, Hashable)
    at = [position for position, each in enumerate(labels) if hashable and each == label]
    if len(at) == 1:
        return at[0]
    hint = nearest(str(label), [str(each) for each in labels])
    expected = f"one of the places{'; ' + hint if hint else ''}"
    expected = f"a place that stands once, not {len(at)} times" if at else expected
    held.refuse_argument(name, label, expected)
    return None
