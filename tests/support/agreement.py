"""What the tests of agreement share: many worlds in one extract, and the smallest extract on which two answers differ."""

from __future__ import annotations

import datetime as dt
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import narwhals as nw

from tests.mhsds import oracle
from tests.mhsds.oracle import Row, Tables
from tests.support import extracts
from tests.support.budgets import SHRINKING, is_deep
from tests.support.extracts import Shape

Answer = dict[tuple[Any, ...], dict[str, Any]]


@dataclass(frozen=True)
class Case:
    """A shape of the tables, a period, and the choices of a measure."""

    name: str
    shape: Shape
    period: Any
    by: tuple[str, ...] = ("organisation", "team_type")
    choices: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def days(self) -> tuple[dt.date, dt.date]:
        """The first and last day of the period."""
        ((_, start, end),) = oracle.spans(self.period, ())
        return start, end


@lru_cache(maxsize=64)
def worlds(shape: Shape, start: dt.date, end: dt.date, number: int, first: int, name_all: bool = False) -> list[Tables]:
    """Extracts of worlds that share no id and no provider, so that they can be laid together."""
    parts = []
    for seed in range(first, first + number):
        part = extracts.tables(extracts.world(random.Random(seed), start, end), shape, seed - first)
        for row in (row for table in part.values() for row in table):
            for column in row:
                if column.lower() == "orgidprov" and (row[column] is not None or name_all):
                    row[column] = f"{row[column]}-{seed - first:04d}"
        parts.append(part)
    return parts


def added(answers: list[Answer]) -> Answer:
    """The answers of worlds apart as one of them together; what has none of anything has no row."""
    total: Answer = {}
    for answer in answers:
        for group, values in answer.items():
            known = total.setdefault(group, dict.fromkeys(values, 0))
            for name, value in values.items():
                known[name] += value
    return {group: values for group, values in total.items() if any(values.values())}


def extract(tables: Tables, shape: Shape, engine: Callable[[Any], Any]) -> Any:
    """The package's extract of the tables on an engine."""
    from cmhs_metrics import mhsds

    return mhsds.Extract(**{name: engine(extracts.arrow(name, rows, shape)) for name, rows in tables.items()})


NAMES = {"spell_floor": "spells_from", "excluded_from_spells": "providers_left_out"}
"""Choices that the package calls otherwise than the oracle."""


def translated(choices: Mapping[str, Any]) -> dict[str, Any]:
    """The same choices in the package's terms."""
    from cmhs_metrics import mhsds

    return {
        NAMES.get(name, name): mhsds.Scope(
            None if value.team_types is None else frozenset(value.team_types),
            minimum_age=value.minimum_age,
            england_only=value.england_only,
            exclude_hospital_spells=value.exclude_hospital_spells,
        )
        if isinstance(value, oracle.Scope)
        else value
        for name, value in choices.items()
    }


def rows(table: Any) -> list[Row]:
    """The rows of any table; missing values are None, and a day is a date."""
    frame = nw.from_native(table)
    if isinstance(frame, nw.LazyFrame):
        frame = frame.collect("pyarrow")
    columns = frame.to_arrow().to_pydict()
    return [dict(zip(columns, map(plain, cells), strict=True)) for cells in zip(*columns.values(), strict=True)]


def plain(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return value.date()
    return None if value != value else value


def answer(table: Any, keys: tuple[str, ...]) -> Answer:
    """The rows of a result by their keys, of which each stands once."""
    found: Answer = {}
    for row in rows(table):
        group = tuple(row.pop(key) for key in keys)
        assert group not in found, f"{group} has two rows"
        found[group] = row
    return found


def differences(expected: Answer, found: Answer) -> list[str]:
    lines = []
    for group in sorted(expected.keys() | found.keys(), key=str):
        a, b = expected.get(group), found.get(group)
        if a is None or b is None:
            values = {name: value for name, value in (a or b or {}).items() if value}
            lines.append(f"{group}: {'not found' if b is None else 'not expected'}: {values}")
        elif a.keys() != b.keys():
            lines.append(f"{group}: columns expected {sorted(a)}, found {sorted(b)}")
        else:
            unlike = {name: (a[name], b[name]) for name in a if not alike(a[name], b[name])}
            if unlike:
                lines.append(f"{group}: expected and found: {unlike}")
    return lines


def alike(a: Any, b: Any) -> bool:
    if isinstance(a, float) and b is not None:
        return abs(a - float(b)) < 1e-9
    return bool(a == b)


def smallest(tables: Tables, differs: Callable[[Tables], bool]) -> Tables:
    """Leave out rows for as long as the answers differ: for a few seconds, and on a deep run for a minute."""
    until = time.monotonic() + (20 if is_deep() else 1) * SHRINKING
    for name in list(tables):
        place = 0
        while place < len(tables[name]) and time.monotonic() < until:
            fewer = tables | {name: tables[name][:place] + tables[name][place + 1 :]}
            try:
                still = differs(fewer)
            except Exception:
                still = False
            if still:
                tables = fewer
            else:
                place += 1
    return tables


def agree(
    parts: list[Tables],
    shape: Shape,
    engine: Callable[[Any], Any],
    expected_of: Callable[[Tables], Answer],
    found_of: Callable[[Any], Answer],
    merge: Callable[[list[Answer]], Answer] = added,
    known: Answer | None = None,
) -> None:
    """The package on all parts together gives the oracle's answers on each, or else the smallest part that differs.

    What the oracle said of all the parts together stays in ``known``, for the next engine.
    """
    known = {} if known is None else known
    if not known:
        known.update(merge([expected_of(part) for part in parts]))
    expected = known
    lines = differences(expected, found_of(extract(extracts.together(parts), shape, engine)))
    if not lines:
        return

    def unlike(tables: Tables) -> list[str]:
        return differences(merge([expected_of(tables)]), found_of(extract(tables, shape, engine)))

    message = "\n".join(["The oracle and the package differ:", *lines[:10], f"({len(lines)} rows in all)"])
    culprit = next((part for part in parts if unlike(part)), None)
    if culprit is not None:
        culprit = smallest(culprit, lambda tables: bool(unlike(tables)))
        message += "\n\nThe smallest extract found:\n" + "\n".join(
            f"{name}: {row}" for name, table in culprit.items() for row in table or ["(no rows)"]
        )
        message += "\n" + "\n".join(unlike(culprit))
    raise AssertionError(message)


def united(answers: list[Answer]) -> Answer:
    """Answers of worlds that share no group."""
    total: Answer = {}
    for one in answers:
        assert not total.keys() & one.keys()
        total |= one
    return total
