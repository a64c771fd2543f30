"""What the type checkers must know: the kind of value that goes in comes out. Checked, and run as a test too."""

from __future__ import annotations

from typing import Any, assert_type

import narwhals as nw
import numpy as np
import pandas as pd
import pint  # noqa: F401 - named in the types below
import polars as pl
from numpy.typing import NDArray

import cmhs_metrics as cm

assert_type(cm.year_of_care_cost(17_700_000.0, 5_291.0), float)
assert_type(cm.year_of_care_cost(total_cost=17_700_000, caseload=5_291), float)
assert_type(cm.per_100k(698_444, 44_916_013), float)
assert_type(cm.percentage_change(5.32, 6.239), float)

costs: NDArray[Any] = np.array([17.7e6, 2.2e6])
caseloads: NDArray[Any] = np.array([5_291, 241])
assert_type(cm.year_of_care_cost(costs, caseloads), NDArray[Any])
assert_type(cm.per_100k(costs, 100_000), NDArray[Any])

cost_column: pd.Series[Any] = pd.Series(costs)
caseload_column: pd.Series[Any] = pd.Series(caseloads)
assert_type(cm.year_of_care_cost(cost_column, caseload_column), "pd.Series[Any]")
assert_type(cm.dna_rate(cost_column, 100), "pd.Series[Any]")

quantity = cm.units.Quantity(17.7, "MGBP")
assert_type(quantity, "pint.Quantity[Any]")
assert_type(cm.year_of_care_cost(quantity, cm.units.Quantity(5_291, "patient")), "pint.Quantity[Any]")

assert_type(cm.cost_per_contact(nw.col("total_cost"), nw.col("contacts")), nw.Expr)
assert_type(cm.cost_per_contact(pl.col("total_cost"), pl.col("contacts")), pl.Expr)
assert_type(cm.cost_per_contact(pl.Series([1.0]), pl.Series([2.0])), pl.Series)

team = cm.Team("Cambridge North", cm.TeamType.GENERIC_CMHT, total_cost=17.7e6, caseload=5_291)
assert_type(team.metrics(), pd.DataFrame)
assert_type(cm.TeamType.parse("CRHT"), cm.TeamType)
