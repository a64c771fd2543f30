"""The rows of one period, however tables and reader write it."""

from __future__ import annotations

from typing import Any

import narwhals as nw

from cmhs_metrics.errors import BadInput, Problem, nearest
from cmhs_metrics.numeric.frames import frame_of as frame_of
from cmhs_metrics.periods import WRITTEN, Reading, is_missing, read_periods

MANY = 6
"""So many periods are listed in a message."""


def of_period(table: Any, period: Any, argument: str = "period", subject: str = "benchmark") -> Any:
    """The rows of a period.

    `table`: with the column `period`. A lazy table is asked for its periods, in one query. `period`: the period, in
    any spelling that `parse_periods` reads; all rows where it is None. `argument`: what is at fault where the table
    does not have it. `subject`: the function that was called, for the message. Raises `BadInput` when the period is
    none, or the table does not have it.
    """
    if period is None:
        return table
    frame = frame_of(table, subject)
    columns = frame.collect_schema().names()
    if "period" not in columns:
        hint = f"a table with the column period; it has {', '.join(columns)}"
        raise BadInput(subject, [Problem(argument, None, period, hint)])
    held = _distinct(frame)
    problems: list[Problem] = []
    # Read together, so that what the table has says what the reader means; what it cannot read is for `validate`.
    read = read_periods([*held, period], problems)
    wanted = read.get(period)
    if wanted is None:
        unread = next((each.expected for each in problems if each.value == period), WRITTEN)
        raise BadInput(subject, [Problem(argument, None, period, unread)])
    chosen = [each for each in held if read.get(each) == wanted]
    if not chosen and argument == "populations":
        # People of a financial year are those of its months and quarters too.
        chosen = [each for each in held if each in read and _holds(read[each], wanted)]
    if not chosen:
        raise BadInput(subject, [Problem(argument, None, period, _expected(wanted, held, read, argument))])
    return nw.to_native(frame.filter(nw.col("period").is_in(chosen)))


def _expected(wanted: Reading, held: list[Any], read: dict[Any, Reading], argument: str) -> str:
    known = [str(read.get(each, each)) for each in held]
    more = [f"… and {len(known) - MANY:,} more"] if len(known) > MANY else []
    what = "the populations" if argument == "populations" else "the table"
    has = f"it has {', '.join([*known[:MANY], *more])}" if known else "it has none"
    return "; ".join(each for each in (f"a period of {what}", nearest(str(wanted), known), has) if each)


def _holds(whole: Reading, part: Reading) -> bool:
    return whole.first <= part.first and part.last <= whole.last


def _distinct(frame: Any) -> list[Any]:
    found = frame.select("period").unique()
    found = found.collect() if isinstance(found, nw.LazyFrame) else found
    return sorted((each for each in found.get_column("period").to_list() if not is_missing(each)), key=str)
