"""Summing measures that are suppressed or rounded.

A total lies between the sum of the least and the sum of the greatest that its parts can be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from cmhs_metrics.tables.bounds import LOWER, UPPER, measure_of
from cmhs_metrics.tables.rules import TEMPORARY, WHOLE, Rules

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cmhs_metrics.tables.entry import Frame, Table


class BoundedRules(Rules):
    """How measures add of which some are suppressed or rounded.

    Parameters
    ----------
    table : Table
        The table.
    by : list of str
        What it is grouped by.
    over_time : {"last", "mean"} or None
        How a stock of several periods becomes one.
    total_of_known : bool
        Whether a total is shown that leaves out what is missing. What is suppressed is not missing, and is never left
        out.
    keys : list of str or None
        The columns that name a row.
    bounded : sequence of str
        The measures with bounds.
    """

    def __init__(
        self,
        table: Table,
        by: list[str],
        over_time: str | None,
        total_of_known: bool,
        keys: list[str] | None,
        bounded: Sequence[str],
    ) -> None:
        super().__init__(table, by, over_time, total_of_known, keys)
        self.bounded = tuple(name for name in self.measures if name in bounded)
        self.measures = [
            column
            for name in self.measures
            for column in ([name, f"{name}{LOWER}", f"{name}{UPPER}"] if name in self.bounded else [name])
        ]

    def _is_pooled_stock(self, name: str) -> bool:
        return super()._is_pooled_stock(measure_of(name))

    def totals(self) -> Frame:
        """The measures and their bounds, summed; beside each, what is known to the last part."""
        totals = super().totals()
        derived = "average_caseload" in totals.collect_schema().names() and "average_caseload" not in self.measures
        if not derived or "caseload" not in self.bounded:
            return totals
        self.bounded += ("average_caseload",)
        ends = [f"{prefix}{{}}{end}" for prefix in ("", WHOLE) for end in (LOWER, UPPER)]
        return totals.with_columns(
            *(nw.col(end.format("caseload")).alias(end.format("average_caseload")) for end in ends)
        )

    def _total(self, name: str) -> tuple[nw.Expr, nw.Expr]:
        total, whole = super()._total(name)
        if measure_of(name) not in self.bounded or name.endswith(LOWER) or not self.total_of_known:
            return total, whole
        # A suppressed part is no missing one: the total without it would read it as zero.
        none_hidden = nw.col(f"{TEMPORARY}known_{name}") == nw.col(f"{TEMPORARY}known_{measure_of(name)}{LOWER}")
        return nw.when(none_hidden).then(total).alias(name), whole
