"""One row an item: the latest submission of each, where a record is submitted again every month that it is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from cmhs_metrics.mhsds.records.dates import NEVER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cmhs_metrics.mhsds.records.extract import Extract, Frame

LOWEST = -NEVER
NEXT = "_order_"
_RECORDS = ("RecordNumber", "submission")
"""What names a submission."""


def latest(
    extract: Extract, frame: Frame, item: Sequence[str], order: Sequence[str | nw.Expr], *, once: bool = False
) -> Frame:
    """Keep of each item the row that comes last.

    Parameters
    ----------
    extract : Extract
        Whose rows they are.
    frame : frame
        The rows.
    item : sequence of str
        The columns that name an item; rows where one is null are left out.
    order : sequence of str or expression
        What the rows of an item are ordered by, the first thing first: columns, in which null is lowest, and
        expressions, which may not be null.
    once : bool, default False
        Whether most items have one row.

    Returns
    -------
    frame
        One row an item.
    """
    rows, named = ordered(extract, frame, order)
    made = [name for name in named if name.startswith(NEXT)]
    return extract.engine.last_of_each(rows, item, named, once=once).drop(*made)


def ordered(extract: Extract, rows: Frame, order: Sequence[str | nw.Expr]) -> tuple[Frame, list[str]]:
    """Rows and the columns that they are ordered by, made where these are expressions.

    A record number that is text has its length before it, and so stands where it stands as a number.
    """
    parts: list[str | nw.Expr] = []
    for each in order:
        if isinstance(each, str) and each in _RECORDS and "RecordNumber" in extract.text_ids:
            parts.append(nw.col(each).str.len_chars().fill_null(0))
        parts.append(each)
    made = {f"{NEXT}{place}": each for place, each in enumerate(parts) if not isinstance(each, str)}
    named = [each if isinstance(each, str) else f"{NEXT}{place}" for place, each in enumerate(parts)]
    return (rows.with_columns(*(each.alias(name) for name, each in made.items())) if made else rows), named


def mostly_once(extract: Extract, table: str, item: Sequence[str]) -> bool:
    """Whether most items have one row where `Extract.rows` is asked for the last month of each: whether it can tell."""
    return extract._has_last(table, item)


def number(name: str) -> nw.Expr:
    """A whole number to order by, null lowest."""
    return nw.col(name).fill_null(LOWEST)


def end_date(name: str) -> nw.Expr:
    """A date to order by of something that is open without it: null is later than any."""
    return nw.col(name).fill_null(NEVER)
