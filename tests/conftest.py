"""What every test runs under."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Reproducible: the same examples every time, no database, no dependence on how fast the machine is.
settings.register_profile(
    "reproducible", derandomize=True, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("reproducible")

sys.path.insert(0, str(Path(__file__).parent / "tables"))
import spark_session  # noqa: E402


@pytest.fixture(autouse=True, scope="session")
def _spark(tmp_path_factory: pytest.TempPathFactory):
    """Spark starts when the first test asks for it, writes nowhere else, and ends with the run."""
    if spark_session.missing() is None:
        spark_session.keep_files_in(tmp_path_factory.mktemp("spark"))
    yield
    spark_session.stop()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if reason := spark_session.missing():
        terminalreporter.write_line(f"Spark was not tested: {reason}.", yellow=True)


@pytest.fixture(autouse=True)
def _own_pint_registry():
    """A test that sets another application registry leaves none behind."""
    import pint

    before = pint.application_registry.get()
    yield
    pint.set_application_registry(before)


@pytest.fixture(autouse=True, scope="session")
def _quiet_imports():
    """Third parties' deprecations at import are not ours to fix."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import ibis  # noqa: F401
        import pint_pandas  # noqa: F401
        import polars  # noqa: F401
