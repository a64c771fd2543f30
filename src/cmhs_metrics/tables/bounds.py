"""The columns that say what is known of a measure that is suppressed or rounded.

A measure ``caseload`` may stand beside ``caseload_lower`` and ``caseload_upper``, in its unit: the least and the
greatest that it can be, both included. Where it is suppressed its own cell is empty and the bounds are not; where it is
missing all three are; a lower bound without an upper one says that there is no greatest.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import narwhals as nw

from cmhs_metrics.errors import Problem, refuse
from cmhs_metrics.measures import MEASURES

if TYPE_CHECKING:
    from cmhs_metrics.tables.table import Table

LOWER, UPPER = "_lower", "_upper"
SLACK = 1e-9
"""How far a value may stand outside its bounds, relative to them: sums of fractions differ in their last digits."""

_EXPECTED = {
    "bound": "zero or more [{unit}], and finite",
    "crossed": "no more than {measure}_upper ({upper})",
    "outside": "a value from {lower} to {upper}, as its bounds say",
    "unbounded": "a lower bound, for {what}",
    "apart": "at least one value no more than the greatest {whole} ({greatest})",
}


def bounded_measures(table: Table) -> tuple[str, ...]:
    """The measures of a table that have bounds.

    Gives in the order of the table. Raises `BadInput` when a bound stands without its measure or without the other
    bound, or is no column of numbers.
    """
    problems, found = [], []
    for name in table.schema:
        measure = measure_of(name)
        if measure == name:
            continue
        twin = measure + (UPPER if name.endswith(LOWER) else LOWER)
        if measure not in table.schema:
            problems.append(Problem(name, None, None, f"the column {measure} too, which it bounds"))
        if twin not in table.schema:
            problems.append(Problem(name, None, None, f"the column {twin} too"))
        if not (table.schema[name].is_numeric() or _is_empty(table, name)):
            problems.append(Problem(name, None, str(table.schema[name]), f"a column of numbers, as {measure} is"))
    refuse("the table", problems)
    found = [name for name in table.measures if f"{name}{LOWER}" in table.schema]
    return tuple(found)


def measure_of(name: str) -> str:
    """The measure that a column holds or bounds.

    Examples
    --------
    >>> measure_of("caseload_lower"), measure_of("caseload"), measure_of("temperature_lower")
    ('caseload', 'caseload', 'temperature_lower')
    """
    for end in (LOWER, UPPER):
        if name.endswith(end) and name.removesuffix(end) in MEASURES:
            return name.removesuffix(end)
    return name


def bound_columns(table: Table) -> list[str]:
    """The names of a table's bound columns."""
    return [name for name in table.schema if measure_of(name) != name]


def bound_flags(table: Table) -> dict[str, nw.Expr]:
    """An expression for each kind of problem that bounds can have: true where a row has it.

    Gives by column and kind, for example "caseload_lower:crossed".
    """
    bounded, number = table.bounded, table.number
    flags: dict[str, nw.Expr] = {}
    for name in bounded:
        value, lower, upper = number(name), number(f"{name}{LOWER}"), number(f"{name}{UPPER}")
        for end, bound in ((LOWER, lower), (UPPER, upper)):
            flags[f"{name}{end}:bound"] = (bound < 0) | (bound == math.inf)
        flags[f"{name}{LOWER}:crossed"] = lower > upper * (1 + SLACK)
        flags[f"{name}:outside"] = (value < lower * (1 - SLACK)) | (value > upper * (1 + SLACK))
        flags[f"{name}{LOWER}:unbounded"] = lower.is_null() & ~(upper.is_null() & value.is_null())
    for name in table.measures:
        whole = MEASURES[name].part_of
        if whole in table.measures and {name, whole} & set(bounded):
            least = number(f"{name}{LOWER}" if name in bounded else name)
            greatest = number(f"{whole}{UPPER}" if whole in bounded else str(whole))
            flags[f"{name}:apart"] = least > greatest
    return flags


def bound_problem(column: str, kind: str, row: dict[str, Any], name: str) -> Problem:
    """What is wrong with a cell that one of the flags names.

    `column`, `kind`: the two parts of the flag's name.
    """
    measure = measure_of(column)
    whole = MEASURES[measure].part_of or ""
    what = (
        "the value is known" if row[measure] is not None and row[measure] == row[measure] else "there is an upper one"
    )
    expected = _EXPECTED[kind].format(
        unit=MEASURES[measure].unit,
        measure=measure,
        lower=_written(row.get(f"{measure}{LOWER}")),
        upper=_written(row.get(f"{measure}{UPPER}")),
        what=what,
        whole=whole,
        greatest=_written(row.get(f"{whole}{UPPER}", row.get(whole))),
    )
    found = row[f"{measure}{LOWER}"] if kind == "apart" and f"{measure}{LOWER}" in row else row[column]
    return Problem(column, name, None if kind == "unbounded" else found, expected)


def is_bound_problem(kind: str) -> bool:
    """Whether a flag is one of these."""
    return kind in _EXPECTED


def parts_to_compare(table: Table, name: str) -> bool:
    """Whether a part and its whole are compared as they stand, for neither has bounds."""
    pair = {name, MEASURES[name].part_of}
    return not any(f"{each}{LOWER}" in table.schema for each in pair)


def _written(number: Any) -> str:
    return "no end" if number is None or number != number else f"{number:.10g}"


def _is_empty(table: Table, name: str) -> bool:
    if isinstance(table.frame, nw.LazyFrame):
        return bool(table.schema[name] == nw.Unknown)
    return bool(table.frame.get_column(name).null_count() == len(table.frame))
