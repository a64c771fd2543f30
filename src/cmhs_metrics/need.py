"""Need for care in many places: weights on one scale, rates on another population, people by age in a table."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import combinations
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np

from cmhs_metrics.ages import AgeBand
from cmhs_metrics.errors import BadInput, Problem, inside, refuse
from cmhs_metrics.measures import KEYS
from cmhs_metrics.numeric.containers import OWN, Contract, evaluate
from cmhs_metrics.numeric.expected import expect
from cmhs_metrics.numeric.ratio import ratio
from cmhs_metrics.numeric.unit_aware import unit_aware
from cmhs_metrics.populations import Population
from cmhs_metrics.signatures import checked
from cmhs_metrics.tables.casting import as_float
from cmhs_metrics.tables.checking import refuse_bad_cells
from cmhs_metrics.tables.reading import read_table
from cmhs_metrics.tables.table import require

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from cmhs_metrics.numeric.kinds import Many, Number, Value
    from cmhs_metrics.tables.table import Table

REGISTERED, WEIGHTED = "registered_population", "weighted_population"
_TOTAL = "_need_total_"


@checked
def normalise_weights(registered: Many, weighted: Many, *, national: Population | None = None) -> Many:
    """Scale need-weighted populations so that over the nation they add to the registered ones.

    Weights say where need is greater, not how many people there are: weighting moves people between places.

    Parameters
    ----------
    registered : numpy.ndarray, Series or Quantity
        The registered population of each distinct place [person].
    weighted : numpy.ndarray, Series or Quantity
        Its need-weighted population, on any scale [person].
    national : Population, optional
        The nation, with its registered population and its weighted one on the same scale. Give it where the places are
        not all of the nation, so that any of them keep the national scale. By default the places are the nation.

    Returns
    -------
    The kind that came in, in the same shape
        The weighted populations on the national scale [person]; NaN or null where one is missing, and everywhere where
        a missing one makes the national total unknown.

    Raises
    ------
    BadInput
        When the nation has no weighted population.
    DimensionalityError
        When a quantity is not in persons.
    TypeError
        When an argument is an expression: see `with_need`, for tables.

    References
    ----------
    NHS Benchmarking Network, Community Mental Health Services Audit 2016/17: Bed provision – Adult Acute beds (weighted
    population, PRAMH). NHS England, ICB place-based allocations 2025/26, where registered and weighted populations have
    one total.

    Examples
    --------
    >>> normalise_weights(np.array([60_000.0, 40_000.0]), np.array([70.0, 30.0]))
    array([70000., 30000.])
    >>> normalise_weights(np.array([60_000.0]), np.array([70.0]), national=Population("England", 100_000, weighted=100))
    array([70000.])
    """
    if national is not None:
        _refuse_unweighted(national)

    def body(registered: Any, weighted: Any) -> Any:
        if not all(isinstance(each, np.ndarray) for each in (registered, weighted)):
            raise TypeError("normalise_weights needs registered and weighted of all places, as columns; see with_need")
        people, weight = np.sum(registered), np.sum(weighted)
        if national is not None:
            people, weight = np.float64(national.total), np.float64(national.weighted)
        return ratio(weighted * people, weight)

    inputs = {"registered": "person", "weighted": "person"}
    result: Many = evaluate(Contract(WEIGHTED, body, inputs, "person", many=True), (registered, weighted))
    return result


@checked
def with_need(table: Any, national: Population | None = None, *, keys: Sequence[str] | None = None) -> Any:
    """Put the need-weighted populations of a table on the national scale, and add the need index.

    Parameters
    ----------
    table : any frame that narwhals knows
        A row for each distinct place, with ``registered_population`` and ``weighted_population`` [person].
    national : Population, optional
        The nation, as in `normalise_weights`; needed where the table does not hold all of it. By default the places of
        the table are the nation.
    keys : sequence of str, optional
        The columns that name a place; see `validate`. By default ``place`` and the standard ones.

    Returns
    -------
    The same kind of table
        Its rows in their order and its columns as they were, but for ``weighted_population``, now on the national scale
        [person], followed by ``need_index`` [1]: above 1 where need is above the nation's. Null (NaN in numpy columns)
        where a population is missing or nobody lives, and everywhere where the national total is not known.

    Raises
    ------
    BadInput
        When a population column is not there, a cell is wrong, there is a ``need_index`` already, or rows are of teams
        or periods, over which people do not add, and no nation is given.

    References
    ----------
    NHS Benchmarking Network, Community Mental Health Services Audit 2016/17: Bed provision – Adult Acute beds (weighted
    population, PRAMH).

    Examples
    --------
    >>> import pandas as pd
    >>> icbs = pd.DataFrame({"icb": ["QUE", "QH8"], REGISTERED: [60_000, 40_000], WEIGHTED: [54.0, 46.0]})
    >>> with_need(icbs)
       icb  registered_population  weighted_population  need_index
    0  QUE                  60000              54000.0        0.90
    1  QH8                  40000              46000.0        1.15
    """
    entered = read_table(table)
    require(entered, [REGISTERED, WEIGHTED], "the populations")
    problems = (
        [] if "need_index" not in entered.schema else [Problem("need_index", None, None, "no column of the name")]
    )
    if national is None:
        problems += [
            Problem(name, None, None, "no such column, or national=: people do not add over its values")
            for name in ("team", "team_type", "period")
            if name in entered.schema
        ]
    else:
        _refuse_unweighted(national)
    refuse("the table", problems)
    if not entered.lazy:
        refuse_bad_cells(entered, keys or [name for name in ("place", *KEYS) if name in entered.schema])
    frame, people, weight = _totals(entered, national)
    normalised = ratio(as_float(WEIGHTED) * people, weight)
    result = frame.with_columns(normalised.alias(WEIGHTED), ratio(normalised, as_float(REGISTERED)).alias("need_index"))
    return entered.to_native(result.select(*entered.schema, "need_index"), {})


def _totals(table: Table, national: Population | None) -> tuple[Any, nw.Expr, nw.Expr]:
    """The table, and the national totals as expressions on it."""
    if national is not None:
        return table.frame, nw.lit(national.total), nw.lit(national.weighted)
    whole = [
        nw.when(as_float(name).count() == nw.len()).then(as_float(name).sum()).alias(f"{_TOTAL}{name}")
        for name in (REGISTERED, WEIGHTED)
    ]
    names = [f"{_TOTAL}{name}" for name in (REGISTERED, WEIGHTED)]
    totals = table.frame.select(*whole)
    if isinstance(totals, nw.LazyFrame):
        frame = table.frame.join(totals, how="cross")  # type: ignore[arg-type]
        return frame, nw.col(names[0]), nw.col(names[1])
    # A join would lose the index of a pandas table.
    people, weight = (nw.lit(totals.get_column(name).to_list()[0], nw.Float64) for name in names)
    return table.frame, people, weight


def _refuse_unweighted(national: Population) -> None:
    if not isinstance(national, Population):
        expected = "a Population: the nation, registered and weighted"
        raise BadInput("the nation", [Problem("national", None, national, expected)])
    if national.weighted is None:
        raise BadInput(
            f"Population {national.place!r}", [Problem("weighted", None, None, "the weighted population of the nation")]
        )


@unit_aware(inputs={"rate": OWN, "from_population": "person", "to_population": "person"}, unit=OWN)
def convert_rate(rate: Value | Number, from_population: Value | Number, to_population: Value | Number) -> Value:
    """Bring a rate per 100,000 from one population of a place to another of the same place.

    Parameters
    ----------
    rate : float, Quantity, numpy.ndarray, Series or expression
        What is counted, for every 100,000 of the one population [any unit per 100,000 people].
    from_population : float, Quantity, numpy.ndarray, Series or expression
        The population that the rate is on [person].
    to_population : float, Quantity, numpy.ndarray, Series or expression
        The population that it is wanted on [person].

    Returns
    -------
    The kind that came in, in the same shape
        The rate on the other population [the same unit]; NaN or null where that has nobody.

    Raises
    ------
    BadInput
        When a number is negative or infinite.
    DimensionalityError
        When a population is not in persons.

    Notes
    -----
    A mean of organisations' rates converts exactly only where both populations are in one proportion everywhere.

    References
    ----------
    NHS Benchmarking Network, Community Mental Health Services Audit 2016/17: CMHS Finance – Unit Costs, with a column
    per 100,000 of the age group and one per 100,000 aged 16 and over.

    Examples
    --------
    Generic CMHTs cost £2.1m per 100,000 aged 16 and over; of 44.9m such people (698,444 on caseload, at 1,555 per
    100,000) 9.9m are 65 and over (22,500 assessments, at 227), and 35.0m are 16 to 64. The audit's table has £2.6m:

    >>> round(convert_rate(2.1e6, from_population=44.9e6, to_population=35.0e6), -5)
    2700000.0
    """
    return ratio(rate * from_population, to_population)  # type: ignore[operator, no-any-return]


@checked
def split_need(
    weighted_by_age: Mapping[str, float] | Mapping[AgeBand, float] | Mapping[AgeBand | str, float],
    bands: Iterable[AgeBand | str],
) -> dict[AgeBand, float]:
    """Add a need-weighted population that is held by age up to wider bands.

    Parameters
    ----------
    weighted_by_age : mapping of AgeBand or str to float
        The weighted population [person] by bands that do not overlap.
    bands : iterable of AgeBand or str
        The bands wanted, which hold each of those bands once.

    Returns
    -------
    dict of AgeBand to float
        The weighted population [person] of each band wanted, in their order; together they are what was held.

    Raises
    ------
    BadInput
        With every problem: a held band that is only partly in one wanted, that is in none or in two, ages that nobody
        weighted. Nothing is interpolated: need is not even within a band.

    Examples
    --------
    >>> held = {"16-39": 40_000, "40-64": 21_000, "65+": 24_000}
    >>> {band.label: people for band, people in split_need(held, ["16-64", "65+"]).items()}
    {'16–64': 61000.0, '65+': 24000.0}
    """
    held = Population("the weighted population", weighted_by_age)
    wanted = [AgeBand.parse(band) for band in bands]
    problems = [
        Problem("bands", f"age band {band}", None, f"no ages that are also in {other}")
        for other, band in combinations(wanted, 2)
        if other.overlaps(band)
    ]
    problems += [
        Problem("bands", f"age band {band}", count, "one of the bands wanted to hold these people")
        for band, count in held.registered.items()
        if not any(band.overlaps(each) for each in wanted)
    ]
    split: dict[AgeBand, float] = {}
    for band in wanted:
        try:
            split[band] = held.registered_in(band)
        except BadInput as error:
            problems += [
                Problem("weighted_by_age", f"{each.row}, for {band}", each.value, each.expected)
                for each in error.problems
            ]
    refuse("the need by age", problems)
    return split


@checked
def people_column(band: AgeBand | str) -> str:
    """Name the column that holds the people of an age band.

    Examples
    --------
    >>> people_column("16-64"), people_column("65+"), people_column("17")
    ('people_aged_16_64', 'people_aged_65_plus', 'people_aged_17')
    """
    ages = AgeBand.parse(band)
    if ages.upper is None:
        return f"people_aged_{ages.lower}_plus"
    return f"people_aged_{ages.lower}" + (f"_{ages.upper}" if ages.upper > ages.lower else "")


@checked
def populations_table(populations: Iterable[Population], bands: Iterable[AgeBand | str] = ()) -> pd.DataFrame:
    """Put the populations of many places into a table, ready for ``aggregate(..., populations=)``.

    Parameters
    ----------
    populations : iterable of Population
        Distinct places.
    bands : iterable of AgeBand or str, default ()
        The age bands that are to have a column, where the held bands make them up exactly.

    Returns
    -------
    pandas.DataFrame
        A row for each place: ``place``, ``registered_population``, ``weighted_population`` where any place has one (NaN
        where others have none), and such as ``people_aged_16_64`` for each band [person].

    Raises
    ------
    BadInput
        With every problem: no places, a place that stands twice, bands that are not made up exactly.

    Examples
    --------
    >>> places = [
    ...     Population("Fenland", {"16-64": 60_000, "65+": 20_000}, weighted=84_000),
    ...     Population("Uplands", {"16-64": 30_000, "65+": 20_000}, weighted=46_000),
    ... ]
    >>> populations_table(places, bands=["65+"]).set_index("place").T
    place                   Fenland  Uplands
    registered_population   80000.0  50000.0
    weighted_population     84000.0  46000.0
    people_aged_65_plus     20000.0  20000.0
    """
    import pandas as pd

    expected = "Populations, one a place"
    expect("populations_table", "populations", populations, Iterable, expected)
    places = list(populations)
    for each in places:
        expect("populations_table", "populations", each, Population, expected)
    with inside("populations_table", "bands"):
        asked = [AgeBand.parse(band) for band in bands]
    problems = [] if places else [Problem("populations", None, places, "at least one place")]
    names = [each.place for each in places]
    problems += [
        Problem("place", None, name, "each place once") for name in dict.fromkeys(names) if names.count(name) > 1
    ]
    columns: dict[str, list[Any]] = {"place": names, REGISTERED: [each.total for each in places]}
    if any(each.weighted is not None for each in places):
        columns[WEIGHTED] = [math.nan if each.weighted is None else each.weighted for each in places]
    for band in asked:
        people = columns[people_column(band)] = []
        for each in places:
            try:
                people.append(each.registered_in(band))
            except BadInput as error:
                problems += [
                    Problem(people_column(band), f"place={each.place}, {found.row}", found.value, found.expected)
                    for found in error.problems
                ]
    refuse("the populations", problems)
    return pd.DataFrame(columns)
