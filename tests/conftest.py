"""What every test runs under."""

from __future__ import annotations

import warnings

import pytest
from hypothesis import HealthCheck, settings

# Reproducible: the same examples every time, no database, no dependence on how fast the machine is.
settings.register_profile(
    "reproducible", derandomize=True, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("reproducible")


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
