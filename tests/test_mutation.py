"""The mutation run knows which tests a change can reach."""

from __future__ import annotations

import sys

import pytest

from tests.mutation import reach


@pytest.mark.parametrize("decorate", [reach.recalling, reach.recalling(maxsize=None)])
def test_what_a_kept_answer_took_counts_for_every_test_that_asks(decorate):
    def helper() -> int:
        return 1

    kept = decorate(lambda: helper())
    reach._called.clear()
    profile = sys.getprofile()
    for hits in (0, 1):
        sys.setprofile(reach._note)
        assert kept() == 1
        sys.setprofile(profile)
        assert helper.__code__ in reach._called
        assert kept.cache_info().hits == hits
        reach._called.clear()
