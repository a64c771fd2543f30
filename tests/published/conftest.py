from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import official_data


@pytest.fixture
def real() -> Path:
    """Where the published files are."""
    if not official_data.FOLDER.is_dir():
        pytest.skip(official_data.MISSING)
    return official_data.FOLDER
