"""Rows of totals: told by their label, and held against the rows that they are the totals of."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cmhs_metrics.measures import KEYS, MEASURES, Kind
from cmhs_metrics.returns.cells import Cell, read_cell
from cmhs_metrics.total_labels import is_total

if TYPE_CHECKING:
    import pandas as pd

    from cmhs_metrics.returns.headings import Heading
    from cmhs_metrics.returns.sheets import Line

_NAMED = re.compile(r"(.+?)[\s:-]+(?:sub[ -]?|grand )?totals?|(?:sub[ -]?)?totals? (?:for |of )?(.+)", re.IGNORECASE)


def compared(table: pd.DataFrame, headings: list[Heading], line: Line, where: str) -> list[str]:
    """What a row of totals says otherwise than the rows add up to.

    Gives a sentence for each measure that differs.
    """
    cells = {each.column: line.cells[at] for at, each in enumerate(headings)}
    same = {
        key: cells[key]
        for key in (*KEYS, "icb", "region")
        if key in table and cells.get(key) and not is_total(cells[key])
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
