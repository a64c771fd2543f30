"""Where the real published files are, which are not part of the project, and the tests that need them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

FOLDER = Path(os.environ.get("CMHS_METRICS_DATA", Path(__file__).resolve().parents[2] / "../shared/data"))
"""``CMHS_METRICS_DATA`` names another folder."""
MISSING = "the published files (../shared/data) are not there: they are not part of the project"


def needed(name: str) -> pytest.MarkDecorator:
    """A test that reads one of the published files, and says why it does not where the file is absent."""
    return pytest.mark.skipif(not (FOLDER / name).exists(), reason=MISSING)
