"""Events of which one person may have several: what the variance of their number is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cmhs_metrics.errors import refuse
from cmhs_metrics.intervals.tables import eager, group_numbers, require_columns, without_place
from cmhs_metrics.numeric.expected import names_in
from cmhs_metrics.numeric.frames import collected
from cmhs_metrics.numeric.requirements import a_count, met
from cmhs_metrics.signatures import checked

if TYPE_CHECKING:
    from collections.abc import Sequence


@checked
def event_totals(
    frequencies: Any,
    by: str | Sequence[str],
    *,
    events: str = "events",
    people: str = "people",
    fractional: bool = False,
) -> Any:
    """Totals of a table of frequencies: how many events there were, of how many people, and how they cluster.

    Parameters
    ----------
    frequencies : pandas, Polars or PyArrow table
        A row for each group and number of events: 75 people with one contact, 16 people with two. A lazy table is run.
    by : str or sequence of str
        The column or columns that name the group: place, age band, period.
    events, people : str, default "events" and "people"
        The columns with the events of each person [count] and with the people who had so many [person].
    fractional : bool, default False
        Whether people may be fractions, having been estimated or apportioned.

    Returns
    -------
    The kind of table that came in
        A row for each group, in the order in which they first come: the columns of `by`, `people` with any event
        [person], `events` [count], and `sum_of_squares`, which `rate_interval` and `standardised_rate` take: over
        people, the square of the events of each [count²]. Missing where a row of the group is.

    Raises
    ------
    BadInput
        With every column that is not there and every cell that is no count.

    References
    ----------
    As for `rate_interval`.

    Examples
    --------
    75 people with one contact, 16 with two, 4 with three and 2 with four had 127 contacts:

    >>> import pandas as pd
    >>> found = pd.DataFrame({"icb": "A", "events": [1, 2, 3, 4], "people": [75, 16, 4, 2]})
    >>> event_totals(found, "icb")
      icb  people  events  sum_of_squares
    0   A    97.0   127.0           207.0
    """
    import narwhals as nw

    frequencies = collected(frequencies)
    frame = eager(frequencies, "event_totals", "frequencies")
    keys = names_in("event_totals", "by", by)
    require_columns(frame, {"by": keys, "events": events, "people": people})
    refuse("the table", without_place(frame, keys))
    given = {
        name: frame.get_column(name).cast(nw.Float64).fill_null(float("nan")).to_numpy() for name in (events, people)
    }
    given = met("the table", given, (*a_count(events, fractional=False), *a_count(people, fractional=fractional)))
    times, persons = given[events], np.where(given[events] == 0, 0.0, given[people])
    made = {"people": persons, "events": times * persons, "sum_of_squares": times**2 * persons}
    places = nw.maybe_reset_index(frame.select(keys).unique(keys, keep="first", maintain_order=True))
    rows = group_numbers(frame.select(keys), places)
    # A missing cell makes its group's sums missing.
    sums = [
        nw.new_series(name, np.bincount(rows, values, len(places)), nw.Float64, backend=frame.implementation)
        for name, values in made.items()
    ]
    result = places.with_columns(*(column.fill_nan(None) for column in sums))
    return result if isinstance(frequencies, nw.DataFrame) else result.to_native()
