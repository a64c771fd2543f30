"""Notes and warnings stand at the line of the user, however deep in the package they were seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

import cmhs_metrics as cm
from cmhs_metrics.ambitions import AmbitionEnded
from cmhs_metrics.tables.giving_back import TableNote

TEAMS = pd.DataFrame({"icb": ["A", "B"], "caseload": [5, 6]})
PEOPLE = pd.DataFrame({"icb": ["A"], "registered_population": [1000]})


@pytest.mark.parametrize(
    "call",
    [
        lambda: cm.aggregate(TEAMS, by="icb", populations=PEOPLE),
        lambda: cm.benchmark(TEAMS, "caseload_per_100k", by="icb", populations=PEOPLE),
        lambda: cm.AMBITIONS[next(name for name, each in cm.AMBITIONS.items() if each.ended)],
    ],
    ids=["aggregate", "benchmark", "ambition"],
)
def test_it_names_the_line_that_led_to_it(call: Callable[[], Any]) -> None:
    with pytest.warns((TableNote, AmbitionEnded)) as caught:
        call()
    assert {each.filename for each in caught} == {__file__}
