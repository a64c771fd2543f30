"""How many examples a property gets: few in the everyday run, many before a release.

`quick` is the default, and `loop` of the developer's loop (``-m quick``) has a quarter of it. `python -m pytest --hypothesis-profile=deep` (or ``HYPOTHESIS_PROFILE=deep``) tries ten times as
many of the same; `night` tries fifty times as many, others every night, and prints how to repeat one that fails.

A property that fails says so in seconds: it is made smaller for a moment only, and why it fails is not looked into. A deep
run makes it as small as it can.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.internal.conjecture import engine
from hypothesis.reporting import report

PROPERTY = 40
"""Examples of a property that asks for no number of its own."""
TIMES = {"loop": 0.25, "quick": 1.0, "deep": 10.0, "night": 50.0}
SHRINKING = 3
"""Seconds for which an everyday run makes a failing example smaller; Hypothesis takes up to 300, and has no setting of it."""
SLOW = "making very slow progress"

for name, factor in TIMES.items():
    settings.register_profile(
        name,
        max_examples=int(PROPERTY * factor),
        # The same examples every time, no dependence on how fast the machine is.
        derandomize=name != "night",
        print_blob=name == "night",
        phases=[each for each in Phase if factor > 1 or each is not Phase.explain],
        report_multiple_bugs=factor > 1,
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


def times() -> float:
    """How many times the quick budget this run has."""
    return settings.default.max_examples / PROPERTY


def is_deep() -> bool:
    """Whether this run has more than the quick budget."""
    return times() > 1


def keep_shrinking_short() -> None:
    """In an everyday run; called once the profile is known."""
    if not is_deep():
        # Its own warning asks to be reported to Hypothesis.
        said = f"Made smaller for {SHRINKING} seconds; --hypothesis-profile=deep goes on."
        vars(engine).update(MAX_SHRINKING_SECONDS=SHRINKING, report=lambda text: report(said if SLOW in text else text))


def examples(number: int) -> settings:
    """So many examples in the quick run, and more by the same factor as all others in a deep one."""
    return settings(max_examples=max(2, round(number * times())))


def by_example(number: int) -> settings:
    """The examples that stand beside the test; a deep run draws others besides, as many as of `examples`.

    For what is dear: the first that Hypothesis draws is the simplest, of which little can be learnt.
    """
    phases = [Phase.explicit, Phase.generate, Phase.shrink] if is_deep() else [Phase.explicit]
    return settings(examples(number), phases=phases)


def with_deep(everyday: Iterable[Any], *deep: Any) -> list[Any]:
    """Values of a parameter, or tuples of several: those of every run, and those that only a deep one tries."""
    rows = [value if isinstance(value, tuple) else (value,) for value in deep]
    return [*everyday, *(pytest.param(*row, marks=pytest.mark.deep) for row in rows)]
