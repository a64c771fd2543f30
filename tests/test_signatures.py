"""What a function is called with is held against its annotations."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal

import numpy as np
import pandas as pd
import pytest

import cmhs_metrics as cm
from cmhs_metrics import signatures
from cmhs_metrics.signatures import checked
from tests.support.refusals import problem, refused
from tests.test_every_wrong_call import FUNCTIONS

OF_ANY_KIND = {"Any", "object", "Value | Number", "Many", "Column", "NDArray[Any]", "T", "Frame"}
Way = Literal["up", "down"]
READ_BY_THE_FUNCTION = {
    "Any", "object", "Value", "Many", "Column", "NDArray[Any]", "pd.Series[Any]", "Frame", "T", "Hashable", "Source",
    "os.PathLike[str]", "tuple[float | None, float | None]", "nw.DataFrame[Any]", "Sets", "Native", "ExtractLike",
    "datetime.date", "PathLike[str]", "IO[bytes]",
}  # fmt: skip


@checked
def rate(
    number: float = 1.0,
    whole: int = 1,
    *,
    names: Sequence[str] | None = None,
    by: str | Sequence[str] = (),
    levels: float | Sequence[float] = 0.95,
    prices: Mapping[str, float] | None = None,
    way: Way = "up",
    over: bool = False,
    anything: Any = None,
) -> dict[str, Any]:
    return dict(locals())


@pytest.mark.parametrize(
    ("given", "comes_in"),
    [
        ({"number": 2}, 2),
        ({"number": Decimal("2.5")}, 2.5),
        ({"number": np.float32(2.5)}, 2.5),
        ({"whole": np.int64(7)}, 7),
        ({"names": "A"}, ["A"]),
        ({"names": pd.Series(["A", "B"])}, ["A", "B"]),
        ({"names": None}, None),
        ({"by": "A"}, "A"),
        ({"by": pd.Index(["A"])}, ["A"]),
        ({"levels": np.array([0.5, 0.9])}, [0.5, 0.9]),
        ({"prices": pd.Series({"2016/17": 1.0})}, {"2016/17": 1.0}),
        ({"way": "down"}, "down"),
        ({"over": np.True_}, True),
    ],
)
def test_what_is_right_comes_in(given: dict[str, Any], comes_in: Any) -> None:
    (name,) = given
    found = rate(**given)[name]
    assert found == comes_in
    assert type(found) is not Decimal


@pytest.mark.parametrize(
    ("argument", "value", "said"),
    [
        ("number", "2", {"expected": "a number"}),
        ("number", True, {"expected": "a number"}),
        ("number", None, {"expected": "a number"}),
        ("number", 10**400, {"expected": "a number"}),
        ("whole", 1.5, {"expected": "a whole number"}),
        ("whole", 10**400, {"expected": "a whole number"}),
        ("names", [1], {"expected": ("a list", "a text"), "names": None}),
        ("names", {"A": 1}, {"expected": "a list", "names": None}),
        ("names", pd.DataFrame({"A": [1]}), {"expected": "a list", "names": None}),
        ("by", pd.NA, {"expected": ("a text", "a list")}),
        ("prices", [1], {"expected": "a table"}),
        ("way", "dwon", {"names": ("up", "down"), "suggests": "down"}),
        ("way", ["up"], {"names": ("up", "down")}),
        ("over", pd.Series([True]), {"expected": "a truth"}),
        ("over", 1, {"expected": "a truth"}),
    ],
)
def test_what_is_wrong_is_named(argument: str, value: Any, said: dict[str, Any]) -> None:
    with refused(argument, value, **said):
        rate(**{argument: value})


def test_all_at_once_by_position_and_by_name() -> None:
    with pytest.raises(cm.BadInput) as caught:
        rate("x", None, way=3, anything=object())
    assert [each.column for each in caught.value.problems] == ["number", "whole", "way"]


def test_what_the_function_knows_of_its_range_is_said_too() -> None:
    with refused(
        problem("confidence", 95, expected="a proportion"),
        problem("per", "x", expected="above zero"),
        problem("count", -1, expected="zero or more"),
    ):
        cm.intervals.rate_interval(-1, 100, per="x", confidence=95)


def test_a_function_that_has_no_answer_to_a_wrong_kind_is_not_asked_twice() -> None:
    calls = []

    @checked
    def silent(over: bool = False, size: int = 1) -> None:
        calls.append(size)

    for wrong in ({"over": "yes"}, {"size": 10**400}):
        with pytest.raises(cm.BadInput):
            silent(**wrong)  # type: ignore[arg-type]
    assert calls == []


def test_every_annotation_is_understood() -> None:
    unread = set()
    for function in FUNCTIONS.values():
        plain = inspect.unwrap(function)
        if plain is function or not plain.__module__.startswith("cmhs_metrics"):
            continue
        for parameter in inspect.signature(function).parameters.values():
            for part in signatures._parts(str(parameter.annotation)):
                if signatures._check(part, plain.__globals__)(object()) is None:
                    unread.add(part)
    assert unread <= READ_BY_THE_FUNCTION


def test_every_public_function_is_held_against_its_signature() -> None:
    unchecked = [
        name
        for name, function in FUNCTIONS.items()
        if inspect.unwrap(function) is function
        and not {str(each.annotation) for each in inspect.signature(function).parameters.values()} <= OF_ANY_KIND
    ]
    assert not unchecked, "put @checked above them"


@pytest.mark.parametrize("package", sorted(each.name for each in pkgutil.iter_modules(cm.__path__) if each.ispkg))
def test_a_package_shows_its_public_names_alone(package: str) -> None:
    module = importlib.import_module(f"cmhs_metrics.{package}")
    if hasattr(module, "__all__"):
        assert {name for name in dir(module) if not name.startswith("_")} <= set(module.__all__)
