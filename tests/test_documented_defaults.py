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

EACH = {
    name: [each for each in inspect.signature(function).parameters.values() if each.default is not each.empty]
    for name, function in FUNCTIONS.items()
}
"""The parameters of each public function that have a default."""


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


@pytest.mark.parametrize("name", [name for name, parameters in EACH.items() if parameters])
def test_is_what_the_documentation_states(name: str) -> None:
    function = FUNCTIONS[name]
    for parameter in EACH[name]:
        words, default = stated(function, parameter.name), parameter.default
        if words == "" != default:
            # What is left out is an object that the text describes; no number, text or truth.
            assert not isinstance(default, (bool, int, float, str)), parameter
        elif words:
            inside = inspect.unwrap(function).__globals__
            word = words.strip("`")
            value = inside[word] if word in inside else ast.literal_eval(re.sub(r"(?<=\d),(?=\d{3})", "", word))
            assert default in (value, (value,)), parameter
            assert isinstance(default, bool) == isinstance(value, bool), parameter


def test_most_are_stated_where_they_are() -> None:
    known = [stated(FUNCTIONS[name], parameter.name) for name, parameters in EACH.items() for parameter in parameters]
    assert sum(words is not None for words in known) > 0.75 * len(known) > 250
