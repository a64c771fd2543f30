"""A plugin of pytest that writes down which functions of the package each test calls, and how long it takes."""

from __future__ import annotations

import functools
import importlib
import json
import os
import pkgutil
import sys
import threading
from collections import defaultdict
from collections.abc import Callable, Generator
from contextlib import suppress
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


_lru_cache = functools.lru_cache


def recalling(maxsize: Any = 128, typed: bool = False) -> Any:
    """A `functools.lru_cache` whose answers count for every test that asks: what they took, the first alone has called."""

    def of(function: Callable[..., Any]) -> Any:
        taken: set[CodeType] = set()

        def work(*args: Any, **options: Any) -> Any:
            before = set(_called)
            _called.clear()
            try:
                return function(*args, **options)
            finally:
                taken.update(_called)
                _called.update(before)

        kept = _lru_cache(maxsize, typed)(work)

        @functools.wraps(function)
        def ask(*args: Any, **options: Any) -> Any:
            try:
                return kept(*args, **options)
            finally:
                _called.update(taken)

        ask.cache_clear, ask.cache_info = kept.cache_clear, kept.cache_info
        return ask

    if callable(maxsize):
        function, maxsize = maxsize, 128
        return of(function)
    return of


def pytest_sessionstart() -> None:
    functools.lru_cache = recalling  # type: ignore[assignment]  # `functools.cache` asks it, too
    threading.setprofile(_note)
    sys.setprofile(_note)
    # What a module does as it is loaded belongs to every test, not to that which happens to load it.
    package = importlib.import_module("cmhs_metrics")
    for each in pkgutil.walk_packages(package.__path__, "cmhs_metrics."):
        if not each.name.endswith("__main__"):
            with suppress(ImportError):
                importlib.import_module(each.name)


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
    started = _spent()
    try:
        return (yield)
    finally:
        _seconds[item.nodeid] += _spent() - started


def _spent() -> float:
    """The seconds of a core that this process and those that it waited for have taken."""
    return sum(os.times()[:4])


def pytest_sessionfinish() -> None:
    sys.setprofile(None)
    threading.setprofile(None)
    tests = {
        name: [_seconds[name], sorted(called | _of_files[name.partition("::")[0]])]
        for name, called in _of_tests.items()
    }
    Path(OUT).write_text(json.dumps({"at import": sorted(_at_import), "tests": tests}), encoding="utf-8")
