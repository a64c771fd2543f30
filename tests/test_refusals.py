"""The helper by which refusals are tested lets nothing pass that names another column, row, value or kind of thing."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest

from cmhs_metrics.errors import BadInput, Problem
from tests.support.refusals import ANY, KINDS, problem, refused

SAID = Problem("caseload", "icb=QUE", -1, "zero or more [patient], as contacts has; did you mean 'contacts'?")
RIGHT: dict[str, Any] = {
    "column": "caseload",
    "value": -1,
    "row": "icb=QUE",
    "expected": "zero or more",
    "names": ("patient", "contacts"),
    "suggests": "contacts",
}


def refuse(*problems: Problem) -> None:
    raise BadInput("the table", problems)


def test_what_is_as_awaited_passes() -> None:
    with refused(problem(**RIGHT)) as caught:
        refuse(SAID)
    assert caught.value.problems == (SAID,)
    with refused("caseload", -1.0, row="icb=QUE"):
        refuse(SAID)
    with refused(ANY, ANY, row=re.compile("icb=.*")):
        refuse(SAID)
    with refused(problem(**RIGHT), others=1):
        refuse(Problem("wte", None, None, "a number"), SAID)


@pytest.mark.parametrize(
    "other",
    [
        {"column": "contacts"},
        {"column": None},
        {"row": "icb=QU"},
        {"row": None},
        {"row": re.compile("icb=Q")},
        {"value": 1},
        {"value": None},
        {"value": True},
        {"value": math.nan},
        {"expected": "no more than"},
        {"expected": ("zero or more", "a whole number")},
        {"names": "contact"},
        {"names": ("patient", "beds")},
        {"suggests": "contact"},
        {"suggests": "patient"},
    ],
    ids=str,
)
def test_what_is_otherwise_fails_and_says_how(other: dict[str, Any]) -> None:
    (name,) = other
    said = {"expected": "no word of", "names": "no word of", "suggests": "no suggestion of"}.get(name, name)
    for others in ((), (Problem("wte", None, None, "a number"),)):
        with pytest.raises(pytest.fail.Exception, match=rf"refused otherwise:(.|\n)*{said}"):
            with refused(problem(**{**RIGHT, **other}), others=len(others)):
                refuse(SAID, *others)


def test_a_further_problem_fails_unless_it_is_said() -> None:
    further = Problem("wte", None, None, "a number")
    for others, problems in ((0, (SAID, further)), (1, (SAID,)), (2, (SAID, further))):
        with pytest.raises(pytest.fail.Exception, match="problem"):
            with refused(problem(**RIGHT), others=others):
                refuse(*problems)
    with refused(problem(**RIGHT), others=ANY):
        refuse(SAID, further, further)


def test_the_order_is_that_of_the_problems() -> None:
    first, second = (Problem(name, None, None, "a number") for name in ("a", "b"))
    with refused(problem("a"), problem("b")):
        refuse(first, second)
    with pytest.raises(pytest.fail.Exception, match="column"):
        with refused(problem("b"), problem("a")):
            refuse(first, second)


def test_values_that_have_no_plain_equality() -> None:
    for value in (math.nan, np.array([1.0, math.nan]), np.zeros((2, 2))):
        with refused("values", value):
            refuse(Problem("values", None, value, "numbers"))
    with pytest.raises(pytest.fail.Exception, match="value"):
        with refused("values", np.zeros(2)):
            refuse(Problem("values", None, np.ones(2), "numbers"))


def test_a_kind_that_is_none_is_refused_itself() -> None:
    assert all(re.compile(pattern) for pattern in KINDS.values())
    with pytest.raises(KeyError, match="a nice number"):
        problem("caseload", expected="a nice number")
