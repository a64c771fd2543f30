"""Which share of each place belongs to which other: of a trust to the ICBs whose patients it treats, for example."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cmhs_metrics.catchments.amounts import amounts_between, one_row_a_place, rows_of
from cmhs_metrics.catchments.rows import NOT_COVERED, ROUNDING, checked_rows, is_finite, shares_of, unknown_place
from cmhs_metrics.errors import BadInput, Problem, refuse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

    from cmhs_metrics.catchments.rows import Uncovered


@dataclass(frozen=True, init=False, repr=False)
class Shares:
    """The shares by which places are apportioned to others.

    Parameters
    ----------
    shares : mapping of str to mapping of str to float
        For each place that figures are held for, the places that it belongs to, each with its share [proportion]. A
        share of 0 says the same as none, and is not kept.
    uncovered : {"refuse", "keep"}, default "refuse"
        What to do where the shares of a place add to less than 1. They are refused, or the rest is kept in a place of
        its own, "not covered".
    tolerance : float, default 1e-9
        How far from 1 the shares of a place may add to [proportion], for example 0.02 where they were published in
        whole per cents. Within it they are scaled to add to 1.

    Attributes
    ----------
    rows : tuple of (str, str, float)
        From place, to place and share [proportion] above 0, in the order of the names.

    Raises
    ------
    BadInput
        With every problem: a share below 0 or above 1, and each place whose shares add to more than 1 (over-covered) or
        to less (uncovered).

    Notes
    -----
    The National Audit of CMHS could not present all its data for Sustainability and Transformation Partnerships "due to
    the lack of co-terminosity between Trust and STP boundaries".

    References
    ----------
    NHS Benchmarking Network, Community Mental Health Services Audit 2016/17: Introduction.

    Examples
    --------
    >>> shares = Shares({"RT1": {"QUE": 0.75, "QH8": 0.25}, "RYK": {"QUE": 1.0}})
    >>> shares
    Shares(2 places to 2, in 3 shares)
    >>> shares.of("RT1")
    {'QH8': 0.25, 'QUE': 0.75}
    """

    rows: tuple[tuple[str, str, float], ...]

    def __init__(
        self,
        shares: Mapping[str, Mapping[str, float]],
        *,
        uncovered: Uncovered = "refuse",
        tolerance: float = ROUNDING,
    ) -> None:
        object.__setattr__(self, "rows", checked_rows(shares, uncovered, tolerance))

    @classmethod
    def from_flows(
        cls, table: Any, origin: str, destination: str, value: str, *, uncovered: Uncovered = "refuse"
    ) -> Shares:
        """Shares from what flows between places, such as each trust's patients or contacts by their ICB.

        Parameters
        ----------
        table : any frame that narwhals knows
            Rows of a place, another, and what flowed; rows of the same two places add. A lazy table is run, once.
        origin, destination : str
            The columns [text] of the place that figures are held for, such as the trust, and of that they belong to,
            such as the ICB.
        value : str
            The column of what flowed, such as patients or contacts [any one unit].
        uncovered : {"refuse", "keep"}, default "refuse"
            What to do with flows whose destination is missing, and with a place from which nothing flowed: refuse
            them, or keep them in "not covered".

        Returns
        -------
        Shares
            Each origin's flows as shares of all its flows.

        Raises
        ------
        BadInput
            When a flow is missing, negative or infinite, or the total of the others, an origin is missing, or something
            is not covered.

        Examples
        --------
        >>> import pandas as pd
        >>> flows = pd.DataFrame(
        ...     {"trust": ["RT1", "RT1", "RT1"], "icb": ["QUE", "QUE", "QH8"], "contacts": [400, 200, 200]}
        ... )
        >>> Shares.from_flows(flows, "trust", "icb", "contacts").of("RT1")
        {'QH8': 0.25, 'QUE': 0.75}
        """
        amounts = amounts_between(table, origin, destination, value)
        return cls(shares_of(amounts, (origin, destination), uncovered), uncovered=uncovered)

    @classmethod
    def from_populations(
        cls,
        table: Any,
        origin: str,
        destination: str,
        value: str = "registered_population",
        *,
        place: str,
        uncovered: Uncovered = "refuse",
    ) -> Shares:
        """Shares from the people of small places, such as practices, each in one catchment and one ICB.

        Parameters
        ----------
        table : any frame that narwhals knows
            A row for each small place. A lazy table is run, twice.
        origin, destination : str
            The columns [text] of the trust that serves the small place, and of the ICB that it lies in.
        value : str, default "registered_population"
            The column of its people [person].
        place : str
            The column that names the small place: people add over distinct places only, so each stands once.
        uncovered : {"refuse", "keep"}, default "refuse"
            What to do with small places whose destination is missing.

        Returns
        -------
        Shares
            Of the people whom each trust serves, the share in each ICB.

        Raises
        ------
        BadInput
            As `from_flows`, and when a small place stands twice.

        Examples
        --------
        >>> import pandas as pd
        >>> practices = pd.DataFrame(
        ...     {
        ...         "practice": ["A81001", "A81002"],
        ...         "trust": ["RT1", "RT1"],
        ...         "icb": ["QUE", "QH8"],
        ...         "registered_population": [6_000, 2_000],
        ...     }
        ... )
        >>> Shares.from_populations(practices, "trust", "icb", place="practice").of("RT1")
        {'QH8': 0.25, 'QUE': 0.75}
        """
        one_row_a_place(table, place)
        amounts = amounts_between(table, origin, destination, value)
        return cls(shares_of(amounts, (origin, destination), uncovered), uncovered=uncovered)

    @classmethod
    def given(
        cls,
        table: Any,
        origin: str = "from_place",
        destination: str = "to_place",
        share: str = "share",
        *,
        uncovered: Uncovered = "refuse",
        tolerance: float = ROUNDING,
    ) -> Shares:
        """Shares that stand in a table, a row for each two places.

        Parameters
        ----------
        table : any frame that narwhals knows
            The shares. A lazy table is run, once.
        origin, destination, share : str
            The columns of the from place, the to place [text] and the share [proportion].
        uncovered, tolerance
            As in `Shares`.

        Returns
        -------
        Shares
            The shares.

        Raises
        ------
        BadInput
            As `Shares`, and when two places stand together twice.

        Examples
        --------
        >>> Shares.given(Shares({"RT1": {"QUE": 0.75, "QH8": 0.25}}).to_pandas()).of("RT1")
        {'QH8': 0.25, 'QUE': 0.75}
        """
        held: dict[str, dict[str, float]] = defaultdict(dict)
        problems = []
        for start, end, value in rows_of(table, origin, destination, share):
            if end in held[start]:
                problems.append(Problem(share, f"{origin}={start}, {destination}={end}", value, "one row for these"))
            held[start][end] = value
        refuse("the shares", problems)
        return cls(held, uncovered=uncovered, tolerance=tolerance)

    @classmethod
    def lookup(cls, places: Mapping[str, str]) -> Shares:
        """Shares of places that each lie in one other whole, as ICBs lie in regions.

        Parameters
        ----------
        places : mapping of str to str
            For each place the one that it lies in.

        Returns
        -------
        Shares
            A share of 1 for each.

        Examples
        --------
        >>> Shares.lookup({"QUE": "Y61", "QH8": "Y61"}).to_places
        ('Y61',)
        """
        return cls({place: {whole: 1.0} for place, whole in places.items()})

    @property
    def from_places(self) -> tuple[str, ...]:
        """The places that are apportioned, in the order of their names."""
        return tuple(dict.fromkeys(origin for origin, _, _ in self.rows))

    @property
    def to_places(self) -> tuple[str, ...]:
        """The places that they are apportioned to, in the order of their names."""
        return tuple(sorted({destination for _, destination, _ in self.rows}))

    def of(self, place: str) -> dict[str, float]:
        """The shares [proportion] of one place, by the place that each belongs to.

        Raises
        ------
        BadInput
            When there are no shares of such a place; the nearest names are offered.
        """
        found = {destination: share for origin, destination, share in self.rows if origin == place}
        if not found:
            raise BadInput("the shares", [Problem("place", None, place, unknown_place(place, self.from_places))])
        return found

    def to_pandas(self) -> pd.DataFrame:
        """The shares as a table: ``from_place``, ``to_place`` and ``share`` [proportion], a row for each above 0."""
        import pandas as pd

        return pd.DataFrame(self.rows, columns=["from_place", "to_place", "share"])

    def then(self, other: Shares) -> Shares:
        """Apportion the places that these shares lead to once more.

        Parameters
        ----------
        other : Shares
            The shares of those places: from ICBs to regions, say. What is "not covered" stays so.

        Returns
        -------
        Shares
            Straight from the first places to the last.

        Raises
        ------
        BadInput
            Naming each place that the other shares do not know.

        Examples
        --------
        >>> to_icbs = Shares({"RT1": {"QUE": 0.75, "QH8": 0.25}})
        >>> to_icbs.then(Shares.lookup({"QUE": "Y61", "QH8": "Y61"})).of("RT1")
        {'Y61': 1.0}
        """
        further = other._by_origin()
        further.setdefault(NOT_COVERED, {NOT_COVERED: 1.0})
        unknown = [place for place in self.to_places if place not in further]
        if unknown:
            raise BadInput(
                "the further shares",
                [Problem("from_place", None, place, "to be there, with its shares") for place in unknown],
            )
        composed: dict[str, dict[str, float]] = {}
        for origin, middle, share in self.rows:
            row = composed.setdefault(origin, defaultdict(float))
            for destination, part in further[middle].items():
                row[destination] += share * part
        # Sums of products can come to an unimaginably small bit above 1.
        return Shares(
            {origin: {place: min(share, 1.0) for place, share in row.items()} for origin, row in composed.items()}
        )

    def merge(self, places: Iterable[str], into: str) -> Shares:
        """Make several of the places that these shares lead to into one.

        Parameters
        ----------
        places : iterable of str
            The places, such as two ICBs that became one.
        into : str
            The name of the one.

        Returns
        -------
        Shares
            The shares with the one place in place of the several.

        Raises
        ------
        BadInput
            When one is not there, or the new name is that of another.

        Examples
        --------
        >>> Shares({"RT1": {"QUE": 0.5, "QH8": 0.25, "QM7": 0.25}}).merge(["QUE", "QH8"], into="Q01").of("RT1")
        {'Q01': 0.75, 'QM7': 0.25}
        """
        merged, there = set(places), self.to_places
        problems = [
            Problem("places", None, place, unknown_place(place, there)) for place in sorted(merged.difference(there))
        ]
        if into in there and into not in merged:
            problems.append(Problem("into", None, into, "a new name, or one of the places that are merged"))
        refuse("the merge", problems)
        return self.then(Shares.lookup({place: into if place in merged else place for place in there}))

    def reverse(self, amounts: Mapping[str, float]) -> Shares:
        """Turn the shares round: of what each place received, the share that came from each place.

        Parameters
        ----------
        amounts : mapping of str to float
            What there is in each from place [any one unit], such as each trust's patients: shares alone do not say
            which trust is the larger.

        Returns
        -------
        Shares
            From the to places back to the from places. They bring these amounts back; they bring another measure back
            only where it is spread as these amounts are.

        Raises
        ------
        BadInput
            When an amount is not a finite number of 0 or more, is missing or is of an unknown place; and naming each
            place that received nothing.

        Examples
        --------
        >>> shares = Shares({"RT1": {"QUE": 0.75, "QH8": 0.25}, "RYK": {"QUE": 1.0}})
        >>> shares.reverse({"RT1": 800, "RYK": 400}).of("QUE")
        {'RT1': 0.6, 'RYK': 0.4}
        """
        known = self.from_places
        problems = [
            Problem("amounts", place, amounts.get(place), "a finite number, 0 or more")
            for place in known
            if not is_finite(amounts.get(place)) or amounts[place] < 0
        ]
        problems += [
            Problem("amounts", None, place, unknown_place(place, known)) for place in amounts if place not in known
        ]
        refuse("the reverse", problems)
        received: dict[tuple[str, str | None], float] = {
            (destination, origin): share * float(amounts[origin]) for origin, destination, share in self.rows
        }
        return Shares(shares_of(received, ("to_place", "from_place"), "refuse"))

    def _by_origin(self) -> dict[str, dict[str, float]]:
        held: dict[str, dict[str, float]] = {}
        for origin, destination, share in self.rows:
            held.setdefault(origin, {})[destination] = share
        return held

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        places = len(self.from_places)
        return (
            f"Shares({places:,} place{'' if places == 1 else 's'} to {len(self.to_places):,}, in {len(self):,} shares)"
        )
