"""No infinite rate leaves without a word: a number alone is refused, and in columns it is undefined."""

from __future__ import annotations

import math
from decimal import Decimal

import narwhals as nw
import numpy as np
import pytest

import cmhs_metrics as cm
from tests.support.engines import ALL, cells, each
from tests.support.refusals import refused

COSTS, CONTACTS = [math.inf, -math.inf, 100.0, 1e308, 8.0], [10.0, 10.0, math.inf, 1e-9, 2.0]
UNDEFINED = [None] * 4


def test_a_number_alone_is_refused_and_an_array_has_none() -> None:
    with refused("total_cost", math.inf, expected="a finite number"):
        cm.cost_per_contact(math.inf, 10)
    found = cm.cost_per_contact(np.array(COSTS), np.array(CONTACTS))
    assert [None if math.isnan(value) else value for value in found.tolist()] == [*UNDEFINED, 4.0]


@each({name: make for name, make in ALL.items() if name != "narwhals"})
def test_an_expression_has_none_on_any_engine(make) -> None:
    frame = nw.from_native(make({"total_cost": COSTS, "contacts": CONTACTS}))
    found = frame.with_columns(cm.cost_per_contact(nw.col("total_cost"), nw.col("contacts")))
    assert sorted(cells(found)["cost_per_contact"], key=str) == [4.0, *UNDEFINED]
    # What is never infinite is looked at as well: decimals and whole numbers.
    frame = nw.from_native(make({"total_cost": [Decimal("0.10"), Decimal("5.00")], "contacts": [4, 0]}))
    found = cells(frame.select(cm.cost_per_contact(nw.col("total_cost"), nw.col("contacts"))))
    assert found["cost_per_contact"] in ([pytest.approx(0.025), None], [None, pytest.approx(0.025)])
