"""What goes in comes out: a metric's formula on numbers, quantities, arrays, columns and expressions.

A formula sees plain numbers, arrays of 64-bit floats, or expressions. Everything else is unwrapped before it and
wrapped again after it, and refused with a reason where that could give a wrong number.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from numbers import Real
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
import pint

from cmhs_metrics import units
from cmhs_metrics.errors import BadInput, Problem
from cmhs_metrics.numeric.expected import refuse_other_indexes
from cmhs_metrics.numeric.ratio import PLAIN, Symbol
from cmhs_metrics.numeric.summaries import OF_VALUES, NotManyError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd
    from numpy.typing import NDArray

OWN = "<own unit>"
"""Stands for the unit that the first argument has, whatever it is; in a result's unit, for that unit."""
MILLI = 0.01
"""A unit smaller than this is a slip of the shift key: mGBP, a thousandth of a pound, for MGBP."""
SAME = "<same unit>"
"""Stands for the unit of a parameter that has to agree with the first one's."""


@dataclass(frozen=True, slots=True)
class Contract:
    """What a formula asks of its arguments and says of its result.

    Parameters
    ----------
    name : str
        The name of the function, and of the column that it makes.
    body : callable
        The formula, on plain numbers, float arrays or expressions.
    inputs : mapping of str to str
        The parameters in their order, each with its canonical unit, `OWN` or `SAME`.
    unit : str
        The unit of the result, in which `OWN` may stand.
    parts : tuple of (str, str)
        Pairs of parameters of which the first is a part of the second.
    signed : bool, default False
        Whether arguments may be negative.
    many : bool, default False
        Whether the formula takes many values together, as a share or a median does, and not one pair at a time.
    """

    name: str
    body: Callable[..., Any]
    inputs: Mapping[str, str]
    unit: str
    parts: tuple[tuple[str, str], ...] = ()
    signed: bool = False
    many: bool = False


class DimensionalityError(pint.DimensionalityError):
    """A quantity in a unit that the measure is not counted in."""

    def __init__(self, message: str) -> None:
        super().__init__("", "")
        self.message = message

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.message,)


# Shown in tracebacks under the name by which users know it.
DimensionalityError.__module__ = "cmhs_metrics"


def trace(contract: Contract) -> Symbol:
    """Give the formula names in place of numbers: what comes out is the formula, to be read or compiled.

    Gives the formula as text, as code, and as a quotient of sums where it is one.
    """
    traced: Symbol = contract.body(*(Symbol(name) for name in contract.inputs))
    return traced


def evaluate(contract: Contract, arguments: tuple[Any, ...]) -> Any:
    """Apply a formula to arguments of any kind.

    `contract`: the formula with what it asks for. `arguments`: one for each of the contract's inputs. Raises
    `BadInput` when a number is negative or infinite, or a part above its whole. Raises `DimensionalityError` when a
    quantity is in a unit of something else. Raises `TypeError` when the kinds of value do not go together, or one is
    not a value at all. Raises `ValueError` when two columns have different indexes or lengths.
    """
    if all(isinstance(argument, pint.Quantity) and type(argument._magnitude) in PLAIN for argument in arguments):
        converted = _converted(contract, arguments)
        if converted is not None:
            return converted
    has_unit = [_has_unit(argument) for argument in arguments]
    if any(has_unit):
        return _evaluate_quantities(contract, arguments, has_unit)
    families = {name: _family(name, argument) for name, argument in zip(contract.inputs, arguments, strict=True)}
    kinds = set(families.values()) - {"number"}
    if not kinds:
        return _evaluate_numbers(contract, arguments)
    if "expression" in kinds:
        _one_kind(families, {"expression"})
        return _evaluate_expressions(contract, arguments)
    if "pandas" in kinds:
        _one_kind(families, {"pandas", "array"})
        return _evaluate_pandas(contract, arguments)
    if "column" in kinds:
        _one_kind(families, {"column"})
        return _evaluate_columns(contract, arguments)
    prepared = [_floats(name, argument) for name, argument in zip(contract.inputs, arguments, strict=True)]
    return _body_of_arrays(contract, prepared)


def _body_of_arrays(contract: Contract, prepared: list[Any]) -> Any:
    """The formula on arrays, after the one check of many values that a share must pass: no part above its whole."""
    values = dict(zip(contract.inputs, prepared, strict=True))
    try:
        _refuse_parts_above(contract, values)
        return _applied(contract, prepared)
    except ValueError as error:
        if "broadcast" not in str(error):
            raise
        listed = ", ".join(f"{name} has {np.shape(value)}" for name, value in values.items())
        raise ValueError(f"the arrays are of different shapes: {listed}") from None


def _applied(contract: Contract, prepared: list[Any]) -> Any:
    """The formula on what is prepared for it; a summary, which knows no names, has its problems named here."""
    try:
        return contract.body(*prepared)
    except NotManyError as error:
        raise TypeError(f"{contract.name}: {next(iter(contract.inputs))}: {error}") from None
    except BadInput as error:
        if error.subject != OF_VALUES:
            raise
        name = next(iter(contract.inputs))
        raise BadInput(contract.name, [replace(each, column=name) for each in error.problems]) from None


def _refuse_parts_above(contract: Contract, values: Mapping[str, Any]) -> None:
    for part, whole in contract.parts:
        above = np.atleast_1d(np.greater(values[part], values[whole]))
        if above.any():
            found = float(np.broadcast_to(values[part], above.shape)[above][0])
            count = int(above.sum())
            expected = f"no more than {whole}, in every place ({count:,} {'is' if count == 1 else 'are'} above)"
            raise BadInput(contract.name, [Problem(part, None, found, expected)])


def _instance(value: Any, module: str, *names: str) -> bool:
    loaded = sys.modules.get(module)
    return loaded is not None and any(isinstance(value, getattr(loaded, name)) for name in names)


def is_na(value: Any) -> bool:
    """Whether it is pandas.NA, which cannot even be compared."""
    return "pandas" in sys.modules and value is sys.modules["pandas"].NA


def _family(name: str, value: Any) -> str:
    if isinstance(value, (Real, Decimal, Fraction)) and not isinstance(value, (bool, np.bool_)):
        return "number"
    if isinstance(value, np.ndarray):
        if isinstance(value, np.ma.MaskedArray):
            raise TypeError(f"{name} is a masked array: pass {name}.filled(np.nan)")
        return "array"
    if _instance(value, "pandas", "Series"):
        return "pandas"
    if is_na(value):
        return "number"
    if _instance(value, "narwhals", "Expr") or _instance(value, "polars", "Expr"):
        return "expression"
    if (
        _instance(value, "narwhals", "Series")
        or _instance(value, "polars", "Series")
        or _instance(value, "pyarrow", "ChunkedArray")
    ):
        return "column"
    raise TypeError(f"{name} is {_what(value)}; give a number, a Quantity, a numpy array, a column or an expression")


def _what(value: Any) -> str:
    if value is None:
        return "None (a missing number is float('nan'))"
    if isinstance(value, str):
        return f"the text {value!r} (read it with cmhs_metrics.units.parse)"
    if isinstance(value, (list, tuple)):
        return f"a {type(value).__name__} (make it a numpy array)"
    if hasattr(type(value), "columns"):
        return "a table (use cmhs_metrics.with_metrics)"
    return f"{value!r}, a {type(value).__name__}"


_FAMILIES = {
    "number": "a number",
    "array": "a numpy array",
    "pandas": "a pandas column",
    "column": "a column of another library",
    "expression": "an expression",
}


def _one_kind(families: Mapping[str, str], allowed: set[str]) -> None:
    if set(families.values()) - allowed - {"number"}:
        found = ", ".join(f"{name} is {_FAMILIES[kind]}" for name, kind in families.items())
        raise TypeError(f"{found}: these cannot be combined in one call; make them of one kind")


# Numbers


def as_number(name: str, value: Any) -> float:
    """A number as a 64-bit float; refused by name where it has none."""
    if type(value) is float:
        return value
    if is_na(value):
        return math.nan
    try:
        return float(value)
    except (OverflowError, ValueError):
        found = f"a number of {len(str(value)):,} digits" if isinstance(value, int) else repr(value)
        raise BadInput("the numbers", [Problem(name, None, found, "a number that a 64-bit float holds")]) from None


def _evaluate_numbers(contract: Contract, arguments: tuple[Any, ...]) -> Any:
    for argument in arguments:
        if is_na(argument):
            return argument
    numbers = {name: as_number(name, argument) for name, argument in zip(contract.inputs, arguments, strict=True)}
    problems = []
    for name, number in numbers.items():
        if math.isinf(number) or (number < 0 and not contract.signed):
            expected = "a finite number" if math.isinf(number) else "zero or more"
            problems.append(Problem(name, None, number, expected))
    for part, whole in contract.parts:
        if numbers[part] > numbers[whole]:
            problems.append(Problem(part, None, numbers[part], f"no more than {whole} ({numbers[whole]:g})"))
    if problems:
        raise BadInput(contract.name, problems)
    return _applied(contract, list(numbers.values()))


# Quantities and columns of quantities


def _has_unit(value: Any) -> bool:
    return isinstance(value, pint.Quantity) or hasattr(getattr(value, "dtype", None), "ureg")


def _quantity(value: Any) -> Any:
    return value if isinstance(value, pint.Quantity) else value.array.quantity


_factors: WeakKeyDictionary[Any, dict[Any, tuple[tuple[float, ...], Any]]] = WeakKeyDictionary()
"""For each registry, by what a contract asks for and the units that came in: the factors between the two, which no call
but the first has to work out, and the unit of the result."""


def _converted(contract: Contract, quantities: tuple[Any, ...]) -> Any:
    """The formula on single quantities in units that were seen and found good before; None where they were not."""
    registry = quantities[0]._REGISTRY
    asked = (contract.unit, *contract.inputs.values(), *(quantity._units for quantity in quantities))
    known = _factors.get(registry, {}).get(asked)
    if known is None or any(quantity._REGISTRY is not registry for quantity in quantities):
        return None
    factors, unit = known
    numbers = [quantity._magnitude * factor for quantity, factor in zip(quantities, factors, strict=True)]
    return registry.Quantity(_evaluate_numbers(contract, tuple(numbers)), unit)


def _remember(contract: Contract, quantities: list[Any], wanted: list[str], unit: Any) -> None:
    registry = quantities[0]._REGISTRY
    if all(quantity._is_multiplicative for quantity in quantities):
        asked = (contract.unit, *contract.inputs.values(), *(quantity._units for quantity in quantities))
        factors = tuple(
            float(registry.Quantity(1.0, quantity._units).to(each).magnitude)
            for quantity, each in zip(quantities, wanted, strict=True)
        )
        _factors.setdefault(registry, {})[asked] = factors, unit


def _evaluate_quantities(contract: Contract, arguments: tuple[Any, ...], has_unit: list[bool]) -> Any:
    names = list(contract.inputs)
    # A parameter without a dimension (an index, a percentage) needs no unit beside quantities.
    plain = [unit == "" and not has for unit, has in zip(contract.inputs.values(), has_unit, strict=True)]
    if any(plain):
        registry = units.define(_quantity(arguments[has_unit.index(True)])._REGISTRY)
        arguments = tuple(
            registry.Quantity(argument, "") if bare else argument
            for argument, bare in zip(arguments, plain, strict=True)
        )
        has_unit = [has or bare for has, bare in zip(has_unit, plain, strict=True)]
    if not all(has_unit):
        with_unit = names[has_unit.index(True)]
        without = names[has_unit.index(False)]
        bare = arguments[has_unit.index(False)]
        shown = f"{bare}" if isinstance(bare, (int, float)) else f"a {type(bare).__name__}"
        unit = contract.inputs[without]
        example = "" if unit in (OWN, SAME) else f", for example {without}=Quantity({shown}, {unit!r}),"
        raise TypeError(
            f"{with_unit} has a unit ({_show(_quantity(arguments[names.index(with_unit)]))}) but {without} ({shown}) "
            f"has none. Give every argument a unit{example} or none of them."
        )
    quantities = [_quantity(argument) for argument in arguments]
    registry = units.define(quantities[0]._REGISTRY)
    if any(quantity._REGISTRY is not registry for quantity in quantities):
        raise ValueError(f"{contract.name}: the arguments come from different pint registries; make them with one")
    own = "1" if quantities[0].unitless else str(quantities[0].units)  # pint does not read its own "dimensionless"
    wanted = [own if unit == SAME else unit.replace(OWN, f"({own})") for unit in contract.inputs.values()]
    _check_units(contract, quantities, dict(zip(names, wanted, strict=True)))
    unit = registry.parse_units(contract.unit.replace(OWN, f"({own})"))
    magnitudes = tuple(
        quantity.to(registry.parse_units(each)).magnitude for quantity, each in zip(quantities, wanted, strict=True)
    )
    series = [argument for argument in arguments if not isinstance(argument, pint.Quantity)]
    if not series:
        _remember(contract, quantities, wanted, unit)
        return registry.Quantity(evaluate(contract, magnitudes), unit)
    import pandas as pd
    from pint_pandas import PintArray

    columns = tuple(
        magnitude if isinstance(argument, pint.Quantity) else pd.Series(magnitude, index=argument.index)
        for magnitude, argument in zip(magnitudes, arguments, strict=True)
    )
    result = evaluate(contract, columns)
    if np.ndim(result) == 0:
        return registry.Quantity(result, unit)
    return pd.Series(PintArray(result.to_numpy(), dtype=unit), index=result.index, name=contract.name)


def _show(quantity: Any) -> str:
    magnitude = quantity.magnitude
    number = f"{magnitude:.10g}" if isinstance(magnitude, (int, float)) else f"a {type(magnitude).__name__}"
    return f"{number} {quantity.units:~}".strip() if quantity.units != quantity._REGISTRY.dimensionless else number


def _check_units(contract: Contract, quantities: list[Any], wanted: Mapping[str, str]) -> None:
    complaints = []
    swapped = False
    for (name, unit), quantity in zip(wanted.items(), quantities, strict=True):
        if not quantity.check(unit):
            owner = next((other for other, its in wanted.items() if other != name and quantity.check(its)), None)
            swapped = swapped or owner is not None
            aside = f" (a unit of {owner})" if owner else _aside(quantity, unit)
            complaints.append(f"{name} is measured in {unit}, got {_show(quantity)}{aside}")
        elif (
            unit in contract.inputs.values()
            and quantity._REGISTRY.Quantity(1.0, quantity.units).to(unit).magnitude < MILLI
        ):
            # A thousandth of a pound or of a patient is a slip of the shift key: mGBP for MGBP.
            complaints.append(f"{name} is measured in {unit}, got {_show(quantity)} (did you mean M, for million?)")
    if complaints:
        question = ": are the arguments swapped?" if swapped else ""
        raise DimensionalityError(f"{contract.name}: {'; '.join(complaints)}{question}")


def _aside(quantity: Any, unit: str) -> str:
    if quantity.check("[length]"):
        return f" (a length; if the m was meant as million, write {_times_million(quantity, unit)})"
    return ""


def _times_million(quantity: Any, unit: str) -> str:
    return f"Quantity({quantity.magnitude!r}, 'M{unit}')" if np.ndim(quantity.magnitude) == 0 else f"'M{unit}'"


# Arrays and columns


def _floats(name: str, value: Any) -> Any:
    """Numbers as floats, arrays as arrays of 64-bit floats."""
    if not isinstance(value, np.ndarray):
        return as_number(name, value)
    if value.dtype == object and all(
        isinstance(each, (Real, Decimal, type(None))) and not isinstance(each, bool) for each in value.flat
    ):
        cells = [math.nan if each is None else as_number(name, each) for each in value.flat]
        return np.array(cells).reshape(value.shape)
    if value.dtype.kind not in "iuf":
        raise TypeError(f"{name} is an array of {value.dtype}; numbers are expected")
    return np.asarray(value, dtype=np.float64)


def _evaluate_pandas(contract: Contract, arguments: tuple[Any, ...]) -> Any:
    import pandas as pd

    columns = {
        name: argument
        for name, argument in zip(contract.inputs, arguments, strict=True)
        if isinstance(argument, pd.Series)
    }
    refuse_other_indexes(columns)
    leader = next(iter(columns.values()))
    prepared = [
        _series_floats(name, argument) if isinstance(argument, pd.Series) else _floats(name, argument)
        for name, argument in zip(contract.inputs, arguments, strict=True)
    ]
    values = _body_of_arrays(contract, prepared)
    if np.ndim(values) == 0:
        return values
    dtypes = [column.dtype for column in columns.values()]
    return pd.Series(as_container(values, dtypes), index=leader.index, name=contract.name)


def _series_floats(name: str, column: pd.Series[Any]) -> NDArray[Any]:
    import pandas as pd

    dtype = column.dtype
    if pd.api.types.is_bool_dtype(dtype) or not pd.api.types.is_numeric_dtype(dtype):
        cells = column.where(column.notna(), None).to_numpy()
        if dtype == np.object_ and all(isinstance(cell, (Real, Decimal, type(None))) for cell in cells):
            return np.asarray(_floats(name, cells))
        raise TypeError(f"{name} is a column of {dtype}; numbers are expected")
    if isinstance(dtype, np.dtype):
        return np.asarray(column.to_numpy(), dtype=np.float64)
    # Arrow's own cast of decimals is off in the last digit: of pounds and pence that of one in eight.
    return np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan))


def as_container(values: NDArray[Any], dtypes: list[Any]) -> Any:
    """The result in the kind of column that came in: numpy, nullable or Arrow, missing values as that kind has them."""
    import pandas as pd

    if any(isinstance(dtype, pd.ArrowDtype) for dtype in dtypes):
        import pyarrow as pa

        return pd.arrays.ArrowExtensionArray(pa.array(values, from_pandas=True))
    if any(not isinstance(dtype, np.dtype) for dtype in dtypes):
        return pd.arrays.FloatingArray(values, np.isnan(values))
    return values


def _evaluate_columns(contract: Contract, arguments: tuple[Any, ...]) -> Any:
    import narwhals as nw

    wrapped = {
        name: nw.from_native(argument, series_only=True)
        for name, argument in zip(contract.inputs, arguments, strict=True)
        if _family(name, argument) == "column"
    }
    lengths = {name: len(column) for name, column in wrapped.items()}
    if len(set(lengths.values())) > 1:
        found = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        raise ValueError(f"the columns are of different lengths: {found}")
    if len({column.implementation for column in wrapped.values()}) > 1:
        raise TypeError("the columns come from different libraries; make them all of one")
    for name, column in wrapped.items():
        if not column.dtype.is_numeric():
            raise TypeError(f"{name} is a column of {column.dtype}; numbers are expected")
    (first, leader), *others = wrapped.items()
    if contract.many or contract.parts:
        return _evaluate_values(contract, arguments, wrapped)
    table = leader.alias(first).to_frame().with_columns(*(column.alias(name) for name, column in others))
    expressions = tuple(
        nw.col(name) if name in wrapped else argument for name, argument in zip(contract.inputs, arguments, strict=True)
    )
    result = table.select(_evaluate_expressions(contract, expressions)).get_column(contract.name)
    return result if any(isinstance(argument, nw.Series) for argument in arguments) else result.to_native()


def _evaluate_values(contract: Contract, arguments: tuple[Any, ...], wrapped: Mapping[str, Any]) -> Any:
    import narwhals as nw

    leader = next(iter(wrapped.values()))
    prepared = [
        wrapped[name].cast(nw.Float64).fill_null(math.nan).to_numpy() if name in wrapped else _floats(name, argument)
        for name, argument in zip(contract.inputs, arguments, strict=True)
    ]
    result = _body_of_arrays(contract, prepared)
    if np.ndim(result) == 0:
        return result
    column = nw.new_series(contract.name, result, nw.Float64, backend=leader.implementation).fill_nan(None)
    return column if any(isinstance(argument, nw.Series) for argument in arguments) else column.to_native()


def _is_quotient(contract: Contract) -> bool:
    try:
        return trace(contract).quotient is not None
    except TypeError:
        # A body that compares numbers, as rounding does, is no formula of names.
        return False


def _evaluate_expressions(contract: Contract, arguments: tuple[Any, ...]) -> Any:
    polars = any(_instance(argument, "polars", "Expr") for argument in arguments)
    if polars and any(_instance(argument, "narwhals", "Expr") for argument in arguments):
        raise TypeError("one argument is a Polars expression and another a narwhals expression; use one kind")
    namespace: Any
    if polars:
        import polars as namespace
    else:
        import narwhals as namespace
    prepared = [
        argument.cast(namespace.Float64) if hasattr(argument, "alias") else namespace.lit(as_number(name, argument))
        for name, argument in zip(contract.inputs, arguments, strict=True)
    ]
    if _is_quotient(contract):  # which sees to NaN by itself
        return contract.body(*prepared).alias(contract.name)
    # Engines neither compare NaN alike nor floor it.
    known = [each.fill_nan(None) for each in prepared]
    result = contract.body(*known).fill_nan(None)
    # Engines would name the result after its first input, and so overwrite that column.
    return result.alias(contract.name)
