"""The last step of every table: its groups in order, its period named, on the engine that the extract came on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cmhs_metrics.mhsds.counting.request import Request
    from cmhs_metrics.mhsds.records.extract import Extract, Frame


def finish(
    extract: Extract, table: Frame, request: Request, columns: Sequence[str], more_keys: Sequence[str] = ()
) -> Any:
    """Order the groups of a table and name their period, from its number in `span`.

    A financial year goes by its name, as "2024/25"; any other period, and a month, by its last day.
    """
    keys = [*request.grouping.keys, *more_keys]
    table = table.sort(*keys, "span")
    dates: list[str] = []
    if request.name is not None and not request.grouping.monthly:
        period = nw.lit(request.name)
    else:
        period = nw.lit(request.spans[0].last)
        for number, span in enumerate(request.spans):
            if number:
                period = nw.when(nw.col("span") == number).then(nw.lit(span.last)).otherwise(period)
        dates = ["period"]
    return extract.leave(table.select(*keys, period.alias("period"), *columns), dates)
