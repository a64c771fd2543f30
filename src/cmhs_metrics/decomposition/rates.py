"""What drives the differences between rates of several populations or years: Das Gupta's standardisation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations, permutations
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cmhs_metrics.decomposition.parts import MOST_FACTORS, product
from cmhs_metrics.errors import BadInput, Problem, no_columns, refuse
from cmhs_metrics.numeric.expected import column, names_in
from cmhs_metrics.numeric.frames import collected, in_pandas
from cmhs_metrics.presentation import signed, written
from cmhs_metrics.signatures import checked

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Cells = list[NDArray[np.float64]]
    Groups = dict[tuple[int, ...], NDArray[np.intp]]

CRUDE = "crude"
SUBJECT = "decompose_rates"


@dataclass(frozen=True, eq=False, slots=True)
class RateDecomposition:
    """Rates of populations, standardised for each factor in turn.

    Parameters
    ----------
    rates : pandas.DataFrame
        A row for each factor, and the row "crude"; a column for each population. A factor's row has the rates that
        there would be, were all factors but this one alike; the row "crude" the rates as they are.
    groups : pandas.DataFrame or None
        The same of each cell, which add up to `rates`, with the cells' columns in the index after the factor; None
        where the rate function gives one value for all cells.
    """

    rates: pd.DataFrame
    groups: pd.DataFrame | None

    def between(self, before: Any, after: Any, by: str | Sequence[str] = ()) -> pd.DataFrame:
        """What each factor has in the difference between two populations.

        Parameters
        ----------
        before, after : label
            The populations.
        by : str or sequence of str, optional
            Columns of the cells to tell apart; the parts of their groups are added.

        Returns
        -------
        pandas.DataFrame
            A row for each factor (and group), and the row "crude" of the whole difference: `before`, `after`, `part`
            (the difference of the standardised rates) and `percent` of the whole [%].

        Raises
        ------
        BadInput
            When a population or column is not there, or the rate has no parts by cell.
        """
        names = names_in(SUBJECT, "by", by)
        problems = [
            Problem(argument, None, each, f"one of {', '.join(map(str, self.rates))}")
            for argument, each in (("before", before), ("after", after))
            if each not in self.rates
        ]
        if names and self.groups is None:
            problems.append(Problem("by", None, names, "no groups: the rate function gives one value for all cells"))
        elif names:
            held = [str(name) for name in self.groups.index.names[1:]]  # type: ignore[union-attr]
            problems += [Problem("by", None, name, f"one of {', '.join(held)}") for name in names if name not in held]
        refuse("between", problems)
        rates = self.rates
        if names and self.groups is not None:
            rates = self.groups.groupby(level=["factor", *names], sort=False).sum(min_count=1)
        found = pd.DataFrame({"before": rates[before], "after": rates[after]})
        whole = self.rates.loc[CRUDE, after] - self.rates.loc[CRUDE, before]
        found["part"] = found["after"] - found["before"]
        found["percent"] = found["part"] / (whole or math.nan) * 100
        return found

    def __repr__(self) -> str:
        first, *_, last = self.rates
        parts = self.between(first, last)
        width = max(len(str(each)) for each in parts.index)
        lines = [f"RateDecomposition of {len(self.rates.columns)} populations; {first} to {last}:"]
        for name, row in parts.iterrows():
            lines.append(f"  {name:<{width}} {written(row['before'])} → {written(row['after'])}, {signed(row['part'])}")
        return "\n".join(lines)


@checked
def decompose_rates(
    table: Any,
    population: str,
    factors: str | Sequence[str],
    *,
    cells: str | Sequence[str] = (),
    structure: str | None = None,
    rate: Callable[..., Any] | None = None,
) -> RateDecomposition:
    """Standardise the rates of two or more populations for each factor, and so decompose their differences.

    Parameters
    ----------
    table : pandas, Polars or PyArrow table
        A row for each population and cell, such as an age band of a type of team. A lazy table is run.
    population : str
        The column of the populations: years, places or groups.
    factors : str or sequence of str
        The columns that the rate is made of.
    cells : str or sequence of str, optional
        The columns that name the cells of a population, such as "age_band" and "team_type".
    structure : str, optional
        The column with the size of each cell [any]. The rate is then the mean over cells, weighted by size, and each
        column of `cells` is a factor more, as "age_band structure": how the population is spread over it.
    rate : callable, optional
        The rate from the factors, which it takes by their names as arrays over cells. It gives one value, or one for
        each cell, which are added (averaged, with `structure`). The product of the factors unless given.

    Returns
    -------
    RateDecomposition
        Its `rates` are the standardised rates; differences between them are the parts, by `between`.

    Raises
    ------
    BadInput
        When a column is not there, a population lacks a cell or has it twice, a size is negative, there is one
        population or more than ten factors, or the rate function gives something else.

    Notes
    -----
    A standardised rate keeps one factor at its own and takes the mean over all ways in which the others are of one
    population or the other. Of more than two populations pairs do not agree: what they give is averaged so that each
    population has one rate for each factor, and parts add up over any chain of populations. Sizes that are
    cross-classified are a product of as many factors as there are columns, each the geometric mean of its share given
    any of the others. Structure and rate are held against each other as wholes, and then each is split inside. Where a
    group has no people in one of two populations, it is taken to be spread as in the other, and to have its rates where
    they are missing, so that its coming or going is a part of its own structure alone. A population with a size that is
    missing, or with no people at all, has no rate.

    References
    ----------
    Das Gupta (1993), Standardization and decomposition of rates: a user's manual, US Bureau of the Census P23-186:
    chapters 2 to 6.

    Examples
    --------
    The rate of natural increase of the United States (Das Gupta 1993, table 3.1):

    >>> import pandas as pd
    >>> states = pd.DataFrame({"year": [1940, 1960], "births": [19.4, 23.7], "deaths": [10.8, 9.5]})
    >>> decompose_rates(states, "year", ["births", "deaths"], rate=lambda births, deaths: births - deaths)
    RateDecomposition of 2 populations; 1940 to 1960:
      births 9.25 → 13.55, +4.3
      deaths 10.75 → 12.05, +1.3
      crude  8.6 → 14.2, +5.6
    """
    names, within = names_in(SUBJECT, "factors", factors), names_in(SUBJECT, "cells", cells)
    frame = in_pandas(collected(table), SUBJECT)
    sizes = [] if structure is None else [structure]
    _check(frame, population, names, within, sizes)
    rows = frame.set_index([population, *within])
    labels = list(dict.fromkeys(frame[population]))
    index = rows.loc[[labels[0]]].droplevel(0).index if within else pd.RangeIndex(1)
    values: dict[str, list[Any]] = {}
    for name in [*names, *sizes]:
        held = pd.Series(column(SUBJECT, name, rows[name]), index=rows.index)
        values[name] = [
            held.loc[each].reindex(index).to_numpy() if within else held.loc[[each]].to_numpy() for each in labels
        ]
    if structure is not None and (wrong := [each for held in values[structure] for each in held[held < 0]]):
        raise BadInput(SUBJECT, [Problem(structure, None, float(each), "a size of zero or more") for each in wrong])

    def whole(each: Cells) -> NDArray[np.float64]:
        found = product(each) if rate is None else np.asarray(rate(**dict(zip(names, each, strict=True))), np.float64)
        if found.shape not in ((), index.shape) or (structure is not None and found.shape != index.shape):
            expected = "one value for each cell" + ("" if structure else ", or one for all")
            raise BadInput(SUBJECT, [Problem("rate", None, f"values in the shape {found.shape}", expected)])
        return found

    pairs: dict[tuple[int, int], list[NDArray[np.float64]]] = {}
    groups = _groups(index, len(within)) if structure is not None else {}
    for one, other in permutations(range(len(labels)), 2):
        own, others = ([values[name][each] for name in names] for each in (one, other))
        if structure is not None:
            sizes_of = [values[structure][each] for each in (one, other)]
            own, others = _known(own, others, sizes_of), _known(others, own, sizes_of[::-1])
        found = _standardised(own, others, whole)
        if structure is not None:
            shares = [_structure(held, beside, groups, len(within)) for held, beside in (sizes_of, sizes_of[::-1])]
            weight = (product(shares[0]) + product(shares[1])) / 2
            mean = (whole(own) + whole(others)) / 2
            found = [each * weight for each in found]
            found += [each * mean for each in _standardised(shares[0], shares[1], product)]
        pairs[one, other] = found
    crude = [whole([values[name][at] for name in names]) for at in range(len(labels))]
    if structure is not None:
        crude = [
            np.where(held == 0, 0.0, each) * held / (held.sum() or math.nan)
            for each, held in zip(crude, values[structure], strict=True)
        ]
    everything = [
        [_reconciled(pairs, at, len(labels), each) for each in range(len(pairs[0, 1]))] for at in range(len(labels))
    ]
    rows_of = [*names, *(f"{name} structure" for name in (within if structure is not None else ())), CRUDE]
    by_cell = {label: [*found, base] for label, found, base in zip(labels, everything, crude, strict=True)}
    totals = {label: [float(np.sum(each)) for each in found] for label, found in by_cell.items()}
    rates = pd.DataFrame(totals, index=pd.Index(rows_of, name="factor"))
    if not within or np.ndim(crude[0]) == 0:
        return RateDecomposition(rates, None)
    parts = {label: np.concatenate(found) for label, found in by_cell.items()}
    frames = [index.to_frame().assign(factor=name) for name in rows_of]
    keys = pd.MultiIndex.from_frame(pd.concat(frames)[["factor", *within]])
    return RateDecomposition(rates, pd.DataFrame(parts, index=keys))


def _standardised(own: Cells, other: Cells, whole: Callable[[Cells], Any]) -> list[NDArray[np.float64]]:
    """For each factor, the rate with it at its own, and the mean over all ways of the others."""
    count = len(own)
    found = []
    for kept in range(count):
        others = [each for each in range(count) if each != kept]
        total: Any = 0.0
        for size in range(count):
            weight = math.factorial(size) * math.factorial(count - 1 - size) / math.factorial(count)
            for changed in combinations(others, size):
                total = total + weight * whole([other[at] if at in changed else own[at] for at in range(count)])
        found.append(np.asarray(total))
    return found


def _reconciled(
    pairs: dict[tuple[int, int], list[NDArray[np.float64]]], at: int, number: int, factor: int
) -> NDArray[np.float64]:
    """One standardised rate for all populations, from those of all pairs (Das Gupta 1993, equation 6.11)."""
    others = [each for each in range(number) if each != at]
    own: Any = sum(pairs[at, each][factor] for each in others) / (number - 1)
    for each in others:
        beside: Any = sum(pairs[each, third][factor] for third in others if third != each)
        own = own + (beside - (number - 2) * pairs[each, at][factor]) / (number * (number - 1))
    return np.asarray(own)


def _known(own: Cells, other: Cells, sizes: Cells) -> Cells:
    """The factors of a population, and of a cell without people, where they are missing, those of the other."""
    return [
        np.where(np.isnan(each) & (sizes[0] == 0), np.where(np.isnan(beside) & (sizes[1] == 0), 0.0, beside), each)
        for each, beside in zip(own, other, strict=True)
    ]


def _groups(index: pd.Index[Any], number: int) -> Groups:
    """For all columns that name cells, and for some and none of them, the group of each cell."""
    some = [each for count in range(number + 1) for each in combinations(range(number), count)]
    levels = [index.get_level_values(each) for each in range(number)]
    all_alike = np.zeros(len(index))
    return {each: pd.MultiIndex.from_arrays([all_alike, *(levels[at] for at in each)]).factorize()[0] for each in some}


def _structure(sizes: NDArray[np.float64], beside: NDArray[np.float64], groups: Groups, number: int) -> Cells:
    """The share of each cell as a product of a factor for each of the columns that name cells.

    How a group without people would be spread is not known: as it is in the population beside.
    """

    def within(held: NDArray[np.float64], columns: tuple[int, ...]) -> NDArray[np.float64]:
        group = groups[columns]
        return np.asarray(np.bincount(group, held)[group], np.float64)

    found = []
    for own in range(number):
        # Where a size is missing, or all are zero, no share is known.
        share: Any = 1.0 if sizes.sum() > 0 else math.nan
        others = [each for each in range(number) if each != own]
        for count in range(number):
            weight = math.factorial(count) * math.factorial(number - 1 - count) / math.factorial(number)
            for given in combinations(others, count):
                together = tuple(sorted((*given, own)))
                with np.errstate(invalid="ignore"):
                    known, other = (within(each, together) / within(each, given) for each in (sizes, beside))
                share = share * np.where(np.isnan(known), np.nan_to_num(other), known) ** weight
        found.append(np.asarray(share))
    return found


def _check(frame: pd.DataFrame, population: str, names: list[str], within: list[str], sizes: list[str]) -> None:
    asked = {"population": [population], "factors": names, "cells": within, "structure": sizes}
    problems = [each for argument, listed in asked.items() for each in no_columns(argument, listed, frame, frame)]
    if not 1 <= len(names) <= MOST_FACTORS:
        problems.append(Problem("factors", None, len(names), f"one to {MOST_FACTORS} factors"))
    if sizes and not within:
        problems.append(Problem("cells", None, None, "the columns that the structure is of"))
    refuse(SUBJECT, problems)
    labels = list(dict.fromkeys(frame[population]))
    if len(labels) < 2 or frame[population].isna().any():
        raise BadInput(SUBJECT, [Problem(population, None, labels, "two populations or more, and one in every row")])
    keys = [population, *within]
    twice = frame[frame.duplicated(keys)]
    problems = [
        Problem(population, _row(keys, each), None, "one row for each cell") for each in twice[keys].to_numpy()[:20]
    ]
    cells = list(map(tuple, frame[within].drop_duplicates().to_numpy()))
    for label in labels:
        held = set(map(tuple, frame.loc[frame[population] == label, within].to_numpy()))
        missing = [each for each in cells if each not in held]
        problems += [Problem(population, _row(keys, (label, *each)), None, "a row for it") for each in missing[:20]]
    refuse(SUBJECT, problems)


def _row(keys: list[str], cells: Any) -> str:
    return ", ".join(f"{key}={cell}" for key, cell in zip(keys, cells, strict=True))
