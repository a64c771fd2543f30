"""A plugin of pytest that writes down which functions of the package each test calls, and how long it takes."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Generator
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest

SOURCE = str(Path("src", "cmhs_metrics").resolve()) + os.sep
OUT = os.environ.get("MUTATION_REACH", "")
"""Where to write it."""

_at_import: set[str] = set()
_of_files: dict[str, set[str]] = defaultdict(set)
"""What fixtures call, which several tests of a file may share."""
_of_tests: dict[str, set[str]] = defaultdict(set)
_seconds: dict[str, float] = defaultdict(float)
_called: set[CodeType] = set()


def _note(frame: FrameType, event: str, argument: Any) -> None:
    if event == "call":
        _called.add(frame.f_code)


def _taken() -> set[str]:
    """The functions called since it was last asked."""
    called = list(_called)  # at once: other threads call on
    _called.clear()
    return {
        f"{code.co_filename.removeprefix(SOURCE)}:{code.co_qualname.replace('<locals>.', '')}"
        for code in called
        if code.co_filename.startswith(SOURCE)
    }


def pytest_sessionstart() -> None:
    threading.setprofile(_note)
    sys.setprofile(_note)


def pytest_collection_finish() -> None:
    _at_import.update(_taken())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, None, None]:
    try:
        return (yield from _timed(item))
    finally:
        _of_files[item.nodeid.partition("::")[0]].update(_taken())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    sys.setprofile(_note)
    try:
        return (yield from _timed(item))
    finally:
        _of_tests[item.nodeid].update(_taken())


def _timed(item: pytest.Item) -> Generator[None, None, None]:
    started = time.perf_counter()
    try:
        return (yield)
    finally:
        _seconds[item.nodeid] += time.perf_counter() - started


def pytest_sessionfinish() -> None:
    sys.setprofile(None)
    threading.setprofile(None)
    tests = {
        name: [_seconds[name], sorted(called | _of_files[name.partition("::")[0]])]
        for name, called in _of_tests.items()
    }
    Path(OUT).write_text(json.dumps({"at import": sorted(_at_import), "tests": tests}), encoding="utf-8")
