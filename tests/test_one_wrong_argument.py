"""One wrong argument at a time, in every public function: the error names it, or the call gives a value.

What does not yet do so stands in `one_wrong_argument.txt`. The list may only become shorter:
``python -m tests.test_one_wrong_argument`` writes it anew. The everyday run makes a part of the calls, a deep one all.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd
import pint

import cmhs_metrics as cm
from tests.support.budgets import is_deep
from tests.support.refusals import is_public
from tests.support.valid_calls import valid_calls
from tests.test_every_wrong_call import FUNCTIONS

mpl.use("Agg")
LIST = Path(__file__).with_name("one_wrong_argument.txt")
WRONG: dict[str, Any] = {
    "a table": pd.DataFrame({"a": [1.0]}),
    "None": None,
    "a number beyond all": 10**400,
    "a text": "text",
    "no number": Decimal("NaN"),
    "pandas.NA": pd.NA,
    "below zero": -2.5,
    "an empty list": [],
    "an object": object(),
    "a column": pd.Series(["text", "more"]),
    "a list": [1, 2],
}
NEVER = ("truth value", "boolean value of NA", "object is not iterable", "unhashable")
EVERY = 10
"""The everyday run makes one call of so many; which, goes round from argument to argument."""


def calls(every: int = 1) -> Iterator[tuple[str, Callable[..., Any], dict[str, Any], str, str]]:
    """Function, valid arguments, the argument that is wrong, and what is wrong with it."""
    number = 0
    for function, good in valid_calls().items():
        for parameter in inspect.signature(function).parameters.values():
            if parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
                continue
            for what in WRONG:
                number += 1
                if number % every == 0:
                    yield function.__name__, function, good, parameter.name, what


def unnamed(function: Callable[..., Any], good: dict[str, Any], name: str, what: str) -> str | None:
    """The error from which nobody could see which argument is wrong."""
    value = WRONG[what]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            function(**(good | {name: value}))
    except Exception as error:
        message = str(error)
        kind = isinstance(error, TypeError | ValueError | KeyError | ImportError | pint.UndefinedUnitError)
        named = name in message or (isinstance(value, str) and value in message)
        if isinstance(error, cm.BadInput) and not is_public(error.subject) and error.subject not in repr(value):
            return f"BadInput, by {error.subject}"
        if kind and named and not any(each in message for each in NEVER):
            return None
        return f"{type(error).__name__}: {message.splitlines()[0] if message else ''}"
    finally:
        plt.close("all")
    return None


def key(function: Callable[..., Any], name: str) -> str:
    return f"{function.__module__.removeprefix('cmhs_metrics.').partition('.')[0]}.{function.__name__}({name})"


def test_names_the_argument_that_is_wrong() -> None:
    known = set(LIST.read_text(encoding="utf-8").splitlines())
    silent = {}
    for _, function, good, name, what in calls(1 if is_deep() else EVERY):
        if key(function, name) not in known and (error := unnamed(function, good, name, what)):
            silent[f"{key(function, name)} given {what}"] = error
    assert not silent


def test_what_is_called_here_is_most_of_what_is_public() -> None:
    here = {function.__name__ for function in valid_calls()}
    assert len({each.__name__ for each in FUNCTIONS.values()} & here) > 80


if __name__ == "__main__":
    found: dict[str, dict[str, str]] = {}
    for _, function, good, name, what in calls():
        if error := unnamed(function, good, name, what):
            found.setdefault(key(function, name), {})[what] = error
            print(key(function, name), "|", what, "|", error[:150])
    LIST.write_text("".join(f"{each}\n" for each in sorted(found)), encoding="utf-8")
