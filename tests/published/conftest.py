from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

REAL = Path(__file__).resolve().parents[2] / "../shared/data"


@pytest.fixture
def real() -> Path:
    """Where the published files are."""
    if not REAL.is_dir():
        pytest.skip("the published files (../shared/data) are not there: they are not part of the project")
    return REAL
