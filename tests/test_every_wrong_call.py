"""Every public function, called with what it cannot take: an error that names the argument or the function, and no other.

What does not yet do so stands in `wrong_calls_not_named.txt`, by function and error. The list may only become shorter:
``python -m tests.test_every_wrong_call`` writes it anew.
"""

from __future__ import annotations

import datetime as dt
import importlib
import inspect
import warnings
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import cmhs_metrics as cm
from tests.support.refusals import is_public

LIST = Path(__file__).with_name("wrong_calls_not_named.txt")
ROOMS = (
    "", ".intervals", ".variation", ".trends", ".disclosure", ".published", ".catchments", ".need", ".mhsds",
    ".decomposition", ".run_charts", ".inequality", ".exchange", ".places", ".returns", ".audit", ".plots",
    ".benchmarking", ".tables", ".workbooks",
)  # fmt: skip
BAD: dict[str, Any] = {
    "nothing": None,
    "text": "x",
    "a list of text": ["x"],
    "a table": pd.DataFrame({"a": [1]}),
    "infinity": float("inf"),
    "a number beyond every float": 10**400,
    "no number": Decimal("NaN"),
    "a date": dt.date(2024, 4, 1),
    "an object": object(),
}
INSIDE = {"position": {"the values"}, "people_column": {"age_band"}, "split_need": {"registered"}}
"""What problems name beside arguments, where what they are of is made from several of them."""
WITHOUT_TABLES = {"pack", "synthesise", "sample_files", "synthetic_providers"}
"""They make data, or whole pages, from almost anything."""


def functions() -> dict[str, Callable[..., Any]]:
    """The public functions that need an argument, each by the name under which it is found first."""
    found: dict[Callable[..., Any], str] = {}
    for room in ROOMS:
        module = importlib.import_module(f"cmhs_metrics{room}")
        for name in getattr(module, "__all__", [name for name in vars(module) if not name.startswith("_")]):
            function = getattr(module, name)
            if not inspect.isfunction(function) or not function.__module__.startswith("cmhs_metrics"):
                continue
            if not hasattr(module, "__all__") and function.__module__ != module.__name__:
                continue
            if name not in WITHOUT_TABLES and required(function):
                found.setdefault(function, f"{room}.{name}".lstrip("."))
    return {name: function for function, name in sorted(found.items(), key=lambda item: item[1])}


def required(function: Callable[..., Any]) -> list[inspect.Parameter]:
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    parameters = inspect.signature(function).parameters.values()
    return [each for each in parameters if each.default is each.empty and each.kind not in variadic]


def call(function: Callable[..., Any], value: Any) -> None:
    needed = required(function)
    by_name = {each.name: value for each in needed if each.kind == each.KEYWORD_ONLY}
    function(*[value] * (len(needed) - len(by_name)), **by_name)


def what_names_nothing(function: Callable[..., Any]) -> set[str]:
    """The types of error that a caller could not read anything from."""
    names = {function.__name__, *inspect.signature(function).parameters}
    unread = set()
    for value in BAD.values():
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                call(function, value)
        except cm.BadInput as error:
            unread |= (
                set() if is_public(error.subject) or error.subject in repr(value) else {f"BadInput, by {error.subject}"}
            )
            if not isinstance(value, (str, list, pd.DataFrame)):  # of which files, or columns of tables, are named
                parameters = set(inspect.signature(function).parameters) | INSIDE.get(function.__name__, set())
                named = {each.column for each in error.problems} - {None}
                unread |= {f"BadInput, of {each}" for each in named - parameters}
        except OSError:
            continue
        except Exception as error:
            told = isinstance(error, TypeError | ValueError) and any(name in str(error) for name in names)
            told |= isinstance(error, KeyError) and repr(value) in str(error)
            unread |= set() if told else {type(error).__name__}
    return unread


FUNCTIONS = functions()
KNOWN = set(LIST.read_text(encoding="utf-8").splitlines()) if LIST.exists() else set()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_names_what_is_wrong(name: str) -> None:
    found = {f"{name} {error}" for error in what_names_nothing(FUNCTIONS[name])}
    assert found <= KNOWN, "say which argument is wrong, what it got and what was expected"


def test_there_are_enough_of_them() -> None:
    assert len(FUNCTIONS) * len(BAD) > 1_500
    known = {line.partition(" ")[0] for line in KNOWN}
    assert known <= set(FUNCTIONS), f"these are gone, so may their lines be: {known - set(FUNCTIONS)}"


if __name__ == "__main__":
    lines = [f"{name} {error}" for name, each in FUNCTIONS.items() for error in sorted(what_names_nothing(each))]
    LIST.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
