"""Which tests are quick, and when the cores of the machine share a run."""

from __future__ import annotations

import os
import time
from functools import cache
from pathlib import Path

import pytest

SLOW_ROOMS = ("benchmarks", "exchange", "mhsds", "packs", "places", "plots", "published", "returns")
SLOW_FILES = (
    "test_any_engine.py", "test_attack.py", "test_command_line.py", "test_documentation.py",
    "test_documented_defaults.py", "test_every_wrong_call.py", "test_examples.py", "test_fuzz.py", "test_linked.py",
    "test_malformed_files.py", "test_notebooks.py", "test_one_wrong_argument.py", "test_open_values.py",
    "test_presentation.py", "test_protection.py", "test_public_api.py", "test_queries.py", "test_real_file.py",
    "test_run_chart_oracle.py", "test_samples.py", "test_semantic_model.py", "test_sizes.py", "test_sql_server.py",
    "test_where_engines_differ.py",
)  # fmt: skip
"""They start programs, run pages, read files, solve and draw many tables, or go through all that is public."""
QUICK_ENGINES = ("pandas", "polars lazy")
"""Of tests that run on each engine, these are quick."""
MOST_WORKERS = 8
"""Each holds the engines in memory."""
TESTS = Path(__file__).resolve().parents[1]


def is_quick(item: pytest.Item) -> bool:
    """Not marked slow, of no room that records, draws or builds pages, and on no engine but two."""
    if any(item.get_closest_marker(name) for name in ("slow", "deep")) or is_slow(item.path):
        return False
    if "make" not in getattr(item, "fixturenames", ()):
        return True
    return any(part in QUICK_ENGINES for part in item.name.partition("[")[2].rstrip("]").split("-"))


@cache
def is_slow(path: Path) -> bool:
    """Whether all tests of a file or folder are slow: a quick run need not even read it."""
    if not path.is_relative_to(TESTS) or path == TESTS:
        return False
    place = path.relative_to(TESTS)
    return place.parts[0] in SLOW_ROOMS or place.name in SLOW_FILES


def is_deep(config: pytest.Config) -> bool:
    """Whether a run has more than the everyday budgets, asked without loading Hypothesis."""
    profile = config.getoption("--hypothesis-profile", None) or os.environ.get("HYPOTHESIS_PROFILE")
    return profile in ("deep", "night")


def mark(items: list[pytest.Item], deep: bool) -> None:
    """Mark the quick ones and the laws, leave the deep ones out of an everyday run, and set the order.

    Those on Spark come first: they then start in one worker, with one session. In a deep run those that no other run tries
    are next, for its time may be limited.
    """
    for item in items:
        if not deep and item.get_closest_marker("deep"):
            item.add_marker(pytest.mark.skip(reason="Tried with --hypothesis-profile=deep, as CI does"))
        if is_quick(item):
            item.add_marker("quick")
        if getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
            item.add_marker("law")
    items.sort(key=lambda item: (item.get_closest_marker("spark") is None, item.get_closest_marker("deep") is None))


def skip_what_is_late(started: float) -> None:
    """``TEST_SECONDS`` limits a run: what has not begun by then is skipped, and counted at the end."""
    limit = float(os.environ.get("TEST_SECONDS", "inf"))
    if time.monotonic() - started > limit:
        pytest.skip(f"Not begun within {limit:.0f} seconds")


def is_of_all(config: pytest.Config) -> bool:
    """Whether a run was asked for all tests, not for some files or folders."""
    return [Path(config.invocation_params.dir, each).resolve() for each in config.args] == [TESTS]


def share_among_cores(config: pytest.Config) -> None:
    """Run folders in a process for each core, where pytest-xdist is there and nobody asked otherwise.

    ``-n 0`` keeps the run in one process, as does naming files, a debugger or ``-s``.
    """
    if hasattr(config, "workerinput") or "PYTEST_XDIST_WORKER" in os.environ:
        # A worker that made workers of its own would never end.
        return
    option = config.option
    if getattr(option, "numprocesses", 0) is not None or option.dist != "no" or option.tx:
        return
    if option.usepdb or option.collectonly or option.capture == "no":
        return
    if any(Path(config.invocation_params.dir, argument.partition("::")[0]).is_dir() for argument in config.args):
        option.numprocesses = "auto"
        option.maxprocesses = option.maxprocesses or MOST_WORKERS
        option.dist = "worksteal"
