"""Intervals and standardised rates of tables: a row for each place, or for each place and age band."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from cmhs_metrics.ages import AgeBand
from cmhs_metrics.errors import BadInput, Problem, no_columns, nth, refuse, row_name
from cmhs_metrics.intervals.directly_standardised import standardised_rate, weights_in_order
from cmhs_metrics.intervals.rates import FEW, is_few, squares_of
from cmhs_metrics.intervals.standard_populations import ESP2013, StandardPopulation
from cmhs_metrics.numeric.expected import NUMBERS, PEOPLE, TABLE, expect, names_in
from cmhs_metrics.numeric.frames import plain_numbers
from cmhs_metrics.numeric.requirements import OnBadInput, a_count, met, not_negative
from cmhs_metrics.signatures import checked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray


FEW_EVENTS = f"fewer than {FEW} events"
MISSING = "an age band lacks its events or its population"
NOBODY = "nobody lives in an age band"


@checked
def with_intervals(
    table: Any,
    interval: Callable[..., Any],
    confidence: float | Sequence[float] = 0.95,
    *,
    prefix: str = "",
    **arguments: Any,
) -> Any:
    """Add the bounds that an interval function gives to a table.

    Parameters
    ----------
    table : pandas, Polars or PyArrow table
        The user's table.
    interval : callable
        An interval function of this library that gives a bound for each row, such as `rate_interval`.
    confidence : float or sequence of float, default 0.95
        One confidence level or several [proportion].
    prefix : str, default ""
        What the names of the new columns begin with.
    **arguments
        The parameters of the function: text is the name of a column, everything else is passed on.

    Returns
    -------
    The kind of table that came in
        With the columns `lower` and `upper`, and `estimate` where the function gives one; for several levels
        `lower_0.95`, `lower_0.998` and so on.

    Raises
    ------
    BadInput
        When a column is not there, a new column already is, or a cell is not what the function asks for.
    TypeError
        When the table is a query that has not been run.

    Examples
    --------
    >>> import pandas as pd
    >>> teams = pd.DataFrame({"icb": ["A", "B"], "referrals": [698, 4], "people": [44_916, 1_000]})
    >>> from cmhs_metrics.intervals import rate_interval
    >>> with_intervals(teams, rate_interval, count="referrals", population="people").round(1)
      icb  referrals  people   lower   upper
    0   A        698   44916  1440.8  1673.7
    1   B          4    1000   109.0  1024.2
    """
    import narwhals as nw

    frame = eager(table, "with_intervals")
    expect("with_intervals", "interval", interval, Callable, "an interval function, for example rate_interval")  # type: ignore[arg-type]
    named = {name: column for name, column in arguments.items() if isinstance(column, str) and name != "on_bad_input"}
    require_columns(frame, named)
    values = {name: frame.get_column(column).to_native() for name, column in named.items()}
    found = interval(**(arguments | values), confidence=confidence)
    columns: dict[str, Any] = {}
    for field, bound in found._asdict().items():
        if hasattr(bound, "columns"):
            wide = nw.from_native(bound.rename(columns=str) if hasattr(bound, "iloc") else bound, eager_only=True)
            columns |= {f"{prefix}{field}_{level}": wide.get_column(level) for level in wide.columns}
        else:
            columns[f"{prefix}{field}"] = nw.from_native(bound, series_only=True)
    if taken := [name for name in columns if name in frame.columns]:
        problems = [Problem(name, None, None, "a column that is not there yet; give a prefix") for name in taken]
        raise BadInput("the table", problems)
    result = frame.with_columns(*(column.alias(name) for name, column in columns.items()))
    return result if isinstance(table, nw.DataFrame) else result.to_native()


@checked
def standardised_rates(
    table: Any,
    by: str | Sequence[str],
    standard_population: StandardPopulation | Mapping[Any, float] = ESP2013,
    per: float = 100_000,
    confidence: float | Sequence[float] = 0.95,
    *,
    events: str = "events",
    population: str = "population",
    age_band: str = "age_band",
    sum_of_squares: str | None = None,
    fractional: bool = False,
    on_bad_input: OnBadInput = "refuse",
) -> Any:
    """Directly standardised rates of a table that has a row for each place and age band.

    Parameters
    ----------
    table : pandas, Polars or PyArrow table
        The user's table, in any order of rows.
    by : str or sequence of str
        The column or columns that name the place (and the sex, the period …).
    standard_population : StandardPopulation or mapping of age band to people, default `ESP2013`
        The people of the standard by age band.
    per : float, default 100_000
        For how many people the rate is [person].
    confidence : float or sequence of float, default 0.95
        One confidence level or several [proportion].
    events, population, age_band : str, default "events", "population" and "age_band"
        The columns with the events [a count], the people [person] and the age band as `AgeBand.parse` reads it.
    sum_of_squares : str, optional
        The column with the sum of squares of each person's events, where one person may have several (see
        `event_totals`).
    fractional : bool, default False
        Whether counts may be fractions, having been estimated or apportioned.
    on_bad_input : "refuse" or "missing", default "refuse"
        Whether a cell that is no count or no population is refused or counts as missing.

    Returns
    -------
    The kind of table that came in
        A row for each place, in the order in which they first come: the columns of `by`, `events` and `population`
        in total, `standardised_rate`, `lower`, `upper` (for several levels `lower_0.95` and so on) and `note`, which
        says why there is no rate where there is none.

    Raises
    ------
    BadInput
        With every column that is not there, age band that the standard population does not have, age band of a place
        that is missing or stands twice, and cell that is no count or no population.
    TypeError
        When the table is a query that has not been run.

    References
    ----------
    As for `standardised_rate`.

    Examples
    --------
    >>> import pandas as pd
    >>> people = pd.DataFrame(
    ...     {
    ...         "icb": ["A", "A", "B", "B"],
    ...         "age_band": ["0-64", "65+", "0-64", "65+"],
    ...         "events": [40, 60, 2, 5],
    ...         "population": [20_000, 10_000, 1_000, 900],
    ...     }
    ... )
    >>> standard = ESP2013.in_bands(["0-64", "65+"])
    >>> standardised_rates(people, "icb", standard)[["icb", "standardised_rate", "note"]].round(1)
      icb  standardised_rate                   note
    0   A              278.0                    NaN
    1   B                NaN  fewer than 10 events
    """
    import narwhals as nw

    squares = [] if sum_of_squares is None else [sum_of_squares]
    frame = eager(plain_numbers(table, [events, population, *squares]), "standardised_rates")
    keys = names_in("standardised_rates", "by", by)
    require_columns(
        frame,
        {"events": events, "population": population, "age_band": age_band, "by": keys, "sum_of_squares": squares},
    )
    if not isinstance(standard_population, StandardPopulation):
        standard_population = StandardPopulation("standard_population", standard_population)
    for name in (events, population, *squares):
        if not frame.get_column(name).dtype.is_numeric():
            dtype = str(frame.get_column(name).dtype)
            raise BadInput("the table", [Problem(name, None, dtype, NUMBERS)])
    places, labels, weights, given = _by_place_and_band(
        frame, keys, age_band, (events, population, *squares), standard_population
    )
    given = met(
        "the table",
        given,
        (
            *a_count(events, fractional=fractional),
            *not_negative(population, PEOPLE),
            *(each for name in squares for each in squares_of(events, name)),
        ),
        row=lambda place: _named(places, keys, place[0], labels[place[1]]),
        on_bad_input=on_bad_input,
    )
    found = standardised_rate(
        given[events], given[population], weights, per, confidence,
        sum_of_squares=given[sum_of_squares] if sum_of_squares else None, fractional=True,
    )  # fmt: skip
    totals = {name: cells.sum(axis=1) for name, cells in given.items()}
    empty = (given[population] == 0)[:, weights > 0].any(axis=1)
    unknown = np.isnan(totals[events]) | np.isnan(totals[population])
    notes = np.select([unknown, is_few(totals[events]), empty], [MISSING, FEW_EVENTS, NOBODY], "").tolist()
    notes = [note or None for note in notes]
    columns: dict[str, Any] = {events: totals[events], population: totals[population]}
    columns["standardised_rate"] = found.estimate
    for field in ("lower", "upper"):
        bound = getattr(found, field)
        if bound.ndim == 1:
            columns[field] = bound
        else:
            levels = [f"{level:g}" for level in np.ravel(confidence)]
            columns |= {f"{field}_{level}": bound[:, place] for place, level in enumerate(levels)}
    backend = frame.implementation
    made = [nw.new_series(name, values, nw.Float64, backend=backend).fill_nan(None) for name, values in columns.items()]
    made.append(nw.new_series("note", notes, nw.String, backend=backend))
    result = places.with_columns(*made)
    return result if isinstance(table, nw.DataFrame) else result.to_native()


def eager(table: Any, subject: str, argument: str = "table") -> Any:
    """A table in memory as narwhals has it; a query that has not been run is refused."""
    import narwhals as nw

    try:
        frame = nw.from_native(table)
    except TypeError:
        raise BadInput(subject, [Problem(argument, None, table, TABLE)]) from None
    if isinstance(frame, nw.LazyFrame):
        raise TypeError("the table is a query that has not been run: collect it first")
    return frame


def require_columns(frame: Any, named: Mapping[str, Any]) -> None:
    """Refuse columns, by the arguments that name them, that are not there."""
    asked = [(role, name) for role, names in named.items() for name in ([names] if isinstance(names, str) else names)]
    problems = [Problem("by", None, [], "at least one column")] if named.get("by") == [] else []
    problems += [problem for role, name in asked for problem in no_columns(role, [name], frame.columns, frame)]
    refuse("the table", problems)


def _by_place_and_band(
    frame: Any, keys: list[str], age_band: str, measures: tuple[str, ...], standard: StandardPopulation
) -> tuple[Any, list[Any], Any, dict[str, Any]]:
    """The places, the age bands, the weights of these, and each measure as an array of places by bands."""
    import narwhals as nw

    spellings = frame.get_column(age_band).unique(maintain_order=True).to_list()
    # Tables of two sources may write one band in two ways.
    bands = [_band(each) for each in spellings]
    order = list(dict.fromkeys(bands))
    labels = [spellings[bands.index(band)] for band in order]
    weights, problems = weights_in_order(standard, labels)
    refuse("the table", [*problems, *without_place(frame, keys)])
    places = nw.maybe_reset_index(frame.select(keys).unique(keys, keep="first", maintain_order=True))
    band_of_row = np.empty(len(frame), dtype=np.intp)
    for band, spelling in zip(bands, spellings, strict=True):
        band_of_row[(frame.get_column(age_band) == spelling).to_numpy()] = order.index(band)
    cell = group_numbers(frame.select(keys), places) * len(labels) + band_of_row
    shape = (len(places), len(labels))
    times = np.bincount(cell, minlength=shape[0] * shape[1])
    for place, band in np.argwhere(times.reshape(shape) != 1).tolist():
        found = times[place * shape[1] + band]
        expected = f"one row, not {found}" if found else "a row for it"
        problems.append(Problem(age_band, _named(places, keys, place, labels[band]), None, expected))
    refuse("the table", problems)
    given = {}
    for name in measures:
        given[name] = np.empty(shape)
        given[name].flat[cell] = frame.get_column(name).cast(nw.Float64).fill_null(float("nan")).to_numpy()
    return places, labels, weights, given


def _band(label: Any) -> Any:
    """The age band; what is none stays, to be named."""
    try:
        return AgeBand.parse(label)
    except BadInput:
        return label


def _named(places: Any, keys: list[str], place: int, band: Any) -> str:
    return f"{row_name(dict(zip(keys, places.row(place), strict=True)))}, age band {band}"


def without_place(frame: Any, keys: list[str]) -> list[Problem]:
    """Rows whose place is missing, which engines group each in their own way."""
    problems = []
    for key in keys:
        cells = frame.get_column(key)
        nulls = (cells.fill_nan(None) if cells.dtype.is_float() else cells).is_null().to_list()
        problems += [Problem(key, nth(row, "row"), None, "a place") for row, null in enumerate(nulls) if null]
    return problems


def group_numbers(rows: Any, places: Any) -> NDArray[Any]:
    """The number of each row's group among the groups."""
    if rows.implementation.is_pandas():
        # Its own grouping numbers places many times faster than a join does.
        return np.asarray(rows.to_native().groupby(rows.columns, sort=False).ngroup().to_numpy())
    order = rows.with_row_index("<row>").join(places.with_row_index("<place>"), on=rows.columns, how="left")
    return np.asarray(order.sort("<row>").get_column("<place>").to_numpy().astype(np.intp))
