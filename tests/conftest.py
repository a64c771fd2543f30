"""What every test runs under."""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.support import selection, spark_session

STARTED = time.monotonic()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        # A worker has a core of its own: threads of Polars would take those of the others.
        os.environ.setdefault("POLARS_MAX_THREADS", "1")
    if config.getoption("--hypothesis-profile", None) or "HYPOTHESIS_PROFILE" in os.environ:
        import tests.support.budgets  # noqa: F401
    elif config.option.markexpr == "quick":
        os.environ["HYPOTHESIS_PROFILE"] = "loop"


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    return True if config.option.markexpr == "quick" and selection.is_slow(collection_path) else None


def pytest_pycollect_makemodule(module_path: Path) -> None:
    """Hypothesis takes as long to load as the package: only the tests that draw examples wait for it."""
    if "hypothesis" in module_path.read_text(encoding="utf-8"):
        from tests.support.budgets import keep_shrinking_short

        keep_shrinking_short()


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    selection.share_among_cores(config)


def pytest_collection(session: pytest.Session) -> None:
    """Each worker would compile every test of a fresh clone: the second begins at the other end, and they share it."""
    config = session.config
    if getattr(config, "workerinput", {}).get("workerid") == "gw1" and selection.is_of_all(config):
        for path in sorted(selection.TESTS.rglob("test_*.py"), reverse=True):
            is_left_out = pytest_ignore_collect(path, config) or {*config.getini("norecursedirs")} & {*path.parts}
            if not (is_left_out or any(path.parent.glob(f"__pycache__/{path.stem}.*"))):
                # What cannot be loaded, or says that it is not to be, says so where it is collected.
                with contextlib.suppress(Exception, pytest.skip.Exception):
                    importlib.import_module(".".join(path.relative_to(config.rootpath).with_suffix("").parts))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    selection.mark(items, selection.is_deep(config))


def pytest_collection_finish(session: pytest.Session) -> None:
    if hasattr(session.config, "workerinput") and (duckdb := sys.modules.get("duckdb")):
        duckdb.execute("SET threads TO 1")
    # Libraries and thousands of items stay to the end: looking through them for rubbish took a tenth of a run.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    selection.skip_what_is_late(STARTED)


def pytest_sessionfinish() -> None:
    spark_session.stop()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was not tested, and why: a line for each reason."""
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = Counter(report.longrepr[2].removeprefix("Skipped: ") for report in skipped)
    if missing := spark_session.missing():
        reasons[f"Spark: {missing}"] += 0
    for reason, number in sorted(reasons.items()):
        tests = f" ({number} test{'s' * (number != 1)})" if number else ""
        terminalreporter.write_line(f"Not tested{tests}. {reason}", yellow=True)


@pytest.fixture(autouse=True)
def _own_pint_registry():
    """A test that sets another application registry leaves none behind."""
    pint = sys.modules.get("pint")
    if pint is None:
        yield
        return
    before = pint.application_registry.get()
    yield
    pint.set_application_registry(before)
