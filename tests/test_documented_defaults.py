"""Every default of a public function is the one that its documentation states.

It is written there by hand, and so stands against a default that was changed in the code alone.
"""

from __future__ import annotations

import ast
import inspect
import re
from typing import Any

import pytest

from tests.test_every_wrong_call import FUNCTIONS

EACH = [
    pytest.param(function, parameter, id=f"{name}-{parameter.name}")
    for name, function in FUNCTIONS.items()
    for parameter in inspect.signature(function).parameters.values()
    if parameter.default is not parameter.empty
]


def stated(function: Any, name: str) -> str | None:
    """The default in words, "" where the argument is optional, and None where the page of another function has it."""
    for names, kind in re.findall(r"^(\w+(?:, \w+)*) : (.+)$", inspect.getdoc(function) or "", re.MULTILINE):
        held = names.split(", ")
        if name in held:
            words = re.search(r", default:? (.+)$", kind)
            if words is None:
                return "" if "optional" in kind else "it is required"
            several = (
                re.split(r", | and ", words[1]) if len(held) > 1 and " and " in words[1] else [words[1]] * len(held)
            )
            return several[held.index(name)]
    return None


@pytest.mark.parametrize(("function", "parameter"), EACH)
def test_is_what_the_documentation_states(function: Any, parameter: inspect.Parameter) -> None:
    words, default = stated(function, parameter.name), parameter.default
    if words == "" != default:
        # What is left out is an object that the text describes; no number, text or truth.
        assert not isinstance(default, (bool, int, float, str))
    elif words:
        inside = inspect.unwrap(function).__globals__
        name = words.strip("`")
        value = inside[name] if name in inside else ast.literal_eval(re.sub(r"(?<=\d),(?=\d{3})", "", name))
        assert default in (value, (value,))
        assert isinstance(default, bool) == isinstance(value, bool)


def test_most_are_stated_where_they_are() -> None:
    known = [stated(function, parameter.name) for function, parameter in (each.values for each in EACH)]
    assert sum(words is not None for words in known) > 0.75 * len(known) > 250
