"""The function that users call, made of a formula: on every kind of value, with its units checked."""

from __future__ import annotations

import math
import sys
from functools import update_wrapper
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from cmhs_metrics.numeric.containers import Contract, evaluate, trace
from cmhs_metrics.numeric.ratio import PLAIN

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

P = ParamSpec("P")
R = TypeVar("R")


def unit_aware(
    *, inputs: Mapping[str, str], unit: str, signed: bool = False, parts: tuple[tuple[str, str], ...] = ()
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a formula that is no metric work on every kind of value.

    Parameters
    ----------
    inputs : mapping of str to str
        The parameters with their units.
    unit : str
        The unit of the result.
    signed : bool, default False
        Whether arguments may be negative.
    parts : tuple of (str, str)
        Pairs of parameters of which the first is a part of the second.

    Returns
    -------
    callable
        A decorator that gives a function with the same parameters and documentation.
    """

    def declare(body: Callable[P, R]) -> Callable[P, R]:
        return public_function(Contract(body.__name__, body, MappingProxyType(dict(inputs)), unit, parts, signed))

    return declare


def public_function(contract: Contract) -> Callable[..., Any]:
    """Make the function that users call, with the parameters of the formula.

    For plain numbers the formula itself stands in the function, without a loop, a packed argument or a further call in
    between: called a million times from a notebook's loop, that is what costs.

    `contract`: the formula and what it asks for.
    """
    names = list(contract.inputs)
    if contract.many:
        return update_wrapper(_compiled(contract, []), contract.body)
    plain = [f"(type({name}) is float or type({name}) in _plain)" for name in names]
    # The greatest float, and not infinity: a whole number may lie between the two.
    least = "-_greatest <= " if contract.signed else "0.0 <= "
    bounds = [f"{least}{name} <= _greatest" for name in names]
    order = [f"{part} <= {whole}" for part, whole in contract.parts]
    quick = [f"    if {' and '.join(plain + bounds + order)}:", f"        return {trace(contract).code}"]
    return update_wrapper(_compiled(contract, quick), contract.body)


def _compiled(contract: Contract, quick: list[str]) -> Callable[..., Any]:
    names = ", ".join(contract.inputs)
    lines = [f"def {contract.name}({names}):", *quick, f"    return _evaluate(_contract, ({names},))"]
    namespace: dict[str, Any] = {
        "_plain": PLAIN,
        "_greatest": sys.float_info.max,
        "_nan": math.nan,
        "_contract": contract,
        "_evaluate": evaluate,
    }
    exec(compile("\n".join(lines), f"<{contract.name}>", "exec"), namespace)
    made: Callable[..., Any] = namespace[contract.name]
    return made
