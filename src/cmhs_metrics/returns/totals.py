"""Rows of totals: told by their label, and held against the rows that they are the totals of."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from cmhs_metrics.measures import KEYS, MEASURES, Kind
from cmhs_metrics.returns.cells import Cell, read_cell
from cmhs_metrics.synonyms import words_of

if TYPE_CHECKING:
    import pandas as pd

    from cmhs_metrics.returns.headings import Heading
    from cmhs_metrics.returns.sheets import Line

_WORDS = frozenset({"all", "england", "overall", "sum", "national", "all england", "total england", "england total"})
_PLACES = "organisations|trusts|providers|teams|team types|types|icbs|regions|places|services|months|periods"
_PHRASE = re.compile(
    rf"(?:grand |sub |sub-|overall )?totals?(?: (?:for|of|all|england|trust|organisation|provider|nhs|\d).*)?"
    rf"|.* (?:sub ?|sub-|grand )?totals?|sub ?totals?(?: .*)?|all (?:{_PLACES})"
)


_NAMED = re.compile(r"(.+?)[\s:-]+(?:sub[ -]?|grand )?totals?|(?:sub[ -]?)?totals? (?:for |of )?(.+)", re.IGNORECASE)


@lru_cache(maxsize=65536)
def is_label(text: str) -> bool:
    """Whether a cell of a key column says that its row is a total.

    Examples
    --------
    >>> [is_label(text) for text in ("Grand Total", "RT1 subtotal", "RT1 total", "England", "Totnes", "All Saints")]
    [True, True, True, True, False, False]
    """
    words = words_of(text)
    return bool(words) and (words in _WORDS or _PHRASE.fullmatch(words) is not None)


def compared(table: pd.DataFrame, headings: list[Heading], line: Line, where: str) -> list[str]:
    """What a row of totals says otherwise than the rows add up to.

    Parameters
    ----------
    table : pandas.DataFrame
        The rows.
    headings : list of Heading
        The headings.
    line : Line
        The row of totals.
    where : str
        Its name.

    Returns
    -------
    list of str
        A sentence for each measure that differs.
    """
    cells = {each.column: line.cells[at] for at, each in enumerate(headings) if at < len(line.cells) and each.text}
    same = {
        key: cells[key]
        for key in (*KEYS, "icb", "region")
        if key in table and cells.get(key) and not is_label(cells[key])
    }
    for key in (*KEYS, "icb", "region"):
        # "RT1 subtotal" and "Total for RT1" are held against the rows of RT1.
        named = _NAMED.fullmatch(cells.get(key, ""))
        if key in table and named and (of := named[1] or named[2]) and (table[key] == of).any():
            same[key] = of
    parts = table
    for key, value in same.items():
        held = parts[parts[key] == value]
        parts = held if len(held) else parts
    found = []
    several = "period" in parts and parts["period"].nunique() > 1
    for each in headings:
        if each.column not in MEASURES or MEASURES[each.column].kind in (Kind.DISTINCT, Kind.POPULATION):
            continue
        if several and MEASURES[each.column].kind is Kind.STOCK:
            continue
        said = read_cell(cells.get(each.column, ""), each.scale)
        if not isinstance(said, Cell) or said.value != said.value or parts[each.column].isna().any():
            continue
        total = float(parts[each.column].sum())
        # Amounts in thousands were rounded each by itself, and may differ by half a unit a row.
        rounding = 0.5 * each.scale * (len(parts) + 1) if each.scale > 1 else 0.0
        if abs(total - said.value) > max(rounding, 1e-9 * abs(total)):
            found.append(f"{each.text!r}: {where} says {said.value:,.10g}, and the rows add up to {total:,.10g}.")
    return found
