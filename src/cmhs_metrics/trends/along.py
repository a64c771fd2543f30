"""A formula along one or several series of any kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cmhs_metrics.numeric.containers import OWN, Contract, evaluate

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


def along(
    values: Any, body: Callable[[NDArray[Any]], NDArray[Any]], name: str, unit: str = OWN, *, argument: str = "values"
) -> Any:
    """Apply a formula along one or several series, and give back the kind that came in, under its own name.

    `values`: the series [any unit]; of a DataFrame, each column. `body`: the formula, on an array of 64-bit floats.
    `unit`: the unit of the result; that of the values unless given.
    """
    if hasattr(values, "columns") and hasattr(values, "iloc"):
        columns = {at: along(values.iloc[:, at], body, name, unit, argument=argument) for at in range(values.shape[1])}
        return type(values)(columns, index=values.index).set_axis(values.columns, axis=1)
    contract = Contract(name, body, {argument: OWN}, unit, signed=True, many=True)
    result = evaluate(contract, (values,))
    return result.rename(values.name) if hasattr(values, "name") else result
