"""Outputs of a decomposition in the kind of value that came in, and how they read."""

from __future__ import annotations

from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from cmhs_metrics.numeric.containers import Contract, evaluate
from cmhs_metrics.numeric.requirements import cell_name, index_of, met, not_negative

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray


def unit_of(value: Any) -> str:
    """The unit of a Quantity or of a column of quantities without its prefix; empty where there is none.

    The result is in pounds and not in millions of pounds, as that of a metric is.
    """
    quantity = value.array.quantity if hasattr(getattr(value, "array", None), "quantity") else value
    if not hasattr(quantity, "_REGISTRY"):
        return ""
    above: list[str] = []
    below: list[str] = []
    for name, power in quantity.unit_items():
        plain_name = quantity._REGISTRY.parse_unit_name(name)[0][1]
        side = above if power > 0 else below
        side.append(plain_name if abs(power) == 1 else f"{plain_name} ** {abs(power)}")
    return " / ".join([" * ".join(above) or "1", *below]) if above or below else ""


def each_output(
    name: str,
    compute: Callable[..., Mapping[str, Any]],
    arguments: Mapping[str, tuple[Any, str]],
    outputs: Mapping[str, str],
) -> dict[str, Any]:
    """Compute several outputs together, each in the kind of value that came in.

    `compute`: takes the arguments as floats or arrays, and gives the outputs by name. `arguments`: the arguments with
    the units they must be in.
    """
    inputs = {argument: unit for argument, (_, unit) in arguments.items()}
    values = tuple(value for value, _ in arguments.values())
    for argument, value in zip(arguments, values, strict=True):
        if hasattr(value, "alias") and not hasattr(value, "to_numpy"):
            raise TypeError(f"{name}: {argument} is an expression; give numbers, arrays or columns")
    computed: dict[str, Any] = {}
    index = index_of(*values)

    def body_of(output: str) -> Callable[..., Any]:
        def body(*floats: Any) -> Any:
            if not computed:
                given = {each: np.asarray(held) for each, held in zip(inputs, floats, strict=True)}
                met(name, given, chain.from_iterable(map(not_negative, inputs)), row=partial(cell_name, index=index))
                computed.update(compute(*np.broadcast_arrays(*floats)))
            result = computed[output]
            return float(result) if np.ndim(result) == 0 else result

        return body

    found = {
        output: evaluate(Contract(name, body_of(output), inputs, unit, many=True), values)
        for output, unit in outputs.items()
    }
    return {output: each.rename(output) if hasattr(each, "name") else each for output, each in found.items()}


def plain(value: Any) -> NDArray[Any]:
    """The numbers of a value of any kind, as a flat array of floats."""
    if hasattr(value, "magnitude"):
        value = value.magnitude
    elif hasattr(getattr(value, "array", None), "quantity"):
        value = value.array.quantity.magnitude
    return np.ravel(np.asarray(value, dtype=np.float64))


def is_number(value: Any) -> bool:
    """Whether it is one number, with a unit or without."""
    return np.ndim(value) == 0
