"""Checking a table for whoever asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from cmhs_metrics.errors import BadInput
from cmhs_metrics.signatures import checked
from cmhs_metrics.tables.checking import check
from cmhs_metrics.tables.columns import Arrays
from cmhs_metrics.tables.giving_back import with_notes
from cmhs_metrics.tables.reading import read_table
from cmhs_metrics.tables.total_rows import labels_alike, leave_out, total_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")


@checked
def validate(table: T, *, keys: str | Sequence[str] | None = None, exclude: str | Sequence[str] = ()) -> T:
    """Check every cell of a table of measures, and refuse it with all its problems at once.

    The other table functions do this by themselves on tables in memory. On a lazy table they cannot without running it:
    call this once. It runs the query once for the periods and team types, once for the rows, and once for rows of
    totals.

    Parameters
    ----------
    table : any frame that narwhals knows
        A row for each team (or organisation, or place) and period; measures and keys under their standard names. Other
        columns are left alone.
    keys : str or sequence of str, optional
        The columns that name a row. By default those of organisation, team, team_type and period that are there, and
        beside one of these region, icb, place and trust; name them where a further column tells rows apart.
    exclude : str or sequence of str, optional
        Labels of rows that are not looked at, such as "Total".

    Returns
    -------
    The same table

    Raises
    ------
    BadInput
        When a measure is negative or infinite or not a number, a part is above its whole, a team type or period cannot
        be read, a key is missing, or two rows have the same keys; when a row is the total of the others and its label
        says so; when bounds of a measure (``caseload_lower`` and ``caseload_upper``) are crossed, leave its value out,
        or stand alone. Each problem names column, row, value and what was expected.

    Warns
    -----
    TableNote
        When a row is the sum of all others in two measures or more, and its label does not say that it is a total.

    References
    ----------
    NHS Benchmarking Network, Community Mental Health Services Audit 2016/17: Defining Community Mental Health Services,
    for the team types.

    Examples
    --------
    >>> import pandas as pd
    >>> import cmhs_metrics as cm
    >>> teams = pd.DataFrame({"organisation": ["RT1"], "contacts": [90], "face_to_face_contacts": [120]})
    >>> cm.validate(teams)
    Traceback (most recent call last):
        ...
    cmhs_metrics.BadInput: the table has 1 problem:
      face_to_face_contacts, organisation=RT1: got 120, expected no more than contacts (90)
    """
    read = leave_out(read_table(table), exclude)
    found = check(read, keys, by_team_type=True)
    problems, notes = total_rows(read, read.keys(keys))
    if not read.lazy:
        notes += labels_alike(Arrays(read.eager), [name for name in read.keys(keys) if read.is_text(name)])
    if found.problems or problems:
        raise BadInput("the table", [*found.problems, *problems], total=found.total + len(problems))
    with_notes(notes, None)
    return table
