"""One bad argument at a time: whoever calls a function wrongly is told which argument it was."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

import cmhs_metrics as cm
from cmhs_metrics.catalogue import CATALOGUE

WRONG: dict[str, Any] = {
    "a table": pd.DataFrame({"a": [1.0]}),
    "None": None,
    "a number beyond all": 10**400,
    "a text": "text",
    "a signalling NaN": Decimal("sNaN"),
    "a list": [1, 2],
    "a function": math.sqrt,
    "a complex number": 1j,
    "below zero": -2.5,
    "a column of numbers beyond all": pd.Series([10**400], dtype=object),
    "an array of numbers beyond all": np.array([10**400], dtype=object),
}
"""Values that no number, column or expression is. A quiet NaN and pd.NA are missing numbers, and no mistake."""


def refusals(
    function: Callable[..., Any], good: dict[str, Any], wrong: dict[str, Any] = WRONG
) -> Iterator[tuple[str, str, BaseException | None]]:
    """Call a function with each argument wrong in turn: the argument, what was wrong, and the error that came."""
    for name in good:
        for what, value in wrong.items():
            try:
                function(**(good | {name: value}))
            except Exception as error:
                yield name, what, error
            else:
                yield name, what, None


def names_it(name: str, error: BaseException | None) -> bool:
    """Whether an error is one of ours, or a plain one that names the argument."""
    return isinstance(error, cm.BadInput | TypeError | ValueError | KeyError) and name in str(error)


PAIRED = [metric for metric in CATALOGUE.values() if not metric.contract.many]


@pytest.mark.parametrize("metric", PAIRED, ids=[metric.name for metric in PAIRED])
def test_a_metric_names_the_argument_that_is_wrong(metric: Any) -> None:
    good = dict.fromkeys(metric.inputs, 5.0)
    told = {(name, what): error for name, what, error in refusals(metric.function, good)}
    silent = {key: repr(error) for key, error in told.items() if not names_it(key[0], error)}
    assert not silent
    assert len(told) == len(good) * len(WRONG)


@pytest.mark.parametrize("function", [cm.per_100k, cm.percentage_change, cm.change])
def test_so_does_a_function_of_the_same_make(function: Callable[..., Any]) -> None:
    names = CONTRACTS[function]
    wrong = {what: value for what, value in WRONG.items() if what != "below zero"}
    silent = {
        (name, what): repr(error)
        for name, what, error in refusals(function, dict.fromkeys(names, 5.0), wrong)
        if not names_it(name, error)
    }
    assert not silent


CONTRACTS = {
    cm.per_100k: ("value", "population"),
    cm.percentage_change: ("value", "earlier"),
    cm.change: ("value", "earlier"),
}
