"""Published counts per 100,000 people of each ICB."""

from __future__ import annotations

import io
import re

import pandas as pd
import pytest

import cmhs_metrics as cm
from cmhs_metrics.published import icb_rates, read_icb_allocations, read_mhsds_monthly
from tests.support.official_files import ALLOCATIONS, ICB, MONTHLY_HEADER, monthly_row
from tests.support.refusals import refused

PEOPLE = read_icb_allocations(io.StringIO(ALLOCATIONS))


def monthly(*rows: str) -> pd.DataFrame:
    return read_mhsds_monthly(io.StringIO("\n".join([MONTHLY_HEADER, *rows])))


COUNTS = monthly(
    monthly_row("MRS06", 500, "QF1", ICB),
    monthly_row("MRS06", "*", "QU1", ICB),
    monthly_row("MRS06", 35, "UNKNOWN", ICB),
    monthly_row("MRS06", 10_000),
    monthly_row("MRS06", 55, "QF1", "Provider"),
    monthly_row("MRS03a", 55, "QF1", ICB),
)


def test_rates_on_both_populations_with_what_rounding_leaves_open() -> None:
    rates = icb_rates(COUNTS, PEOPLE).set_index("icb")
    fenland = rates.loc["QF1"]
    assert (fenland["registered_population"], fenland["weighted_population"]) == (10_000, 9000.25)
    assert fenland["per_100k_registered"] == 5000
    assert fenland["per_100k_weighted"] == pytest.approx(500 / 9000.25 * 1e5)
    assert (fenland["per_100k_registered_lower"], fenland["per_100k_registered_upper"]) == (4980, 5020)


def test_a_suppressed_count_has_an_interval_and_no_rate() -> None:
    row = icb_rates(COUNTS, PEOPLE).set_index("icb").loc["QU1"]
    assert row["kind"] == "suppressed"
    assert pd.isna(row["per_100k_registered"])
    assert (row["per_100k_registered_lower"], row["per_100k_registered_upper"]) == (0, 200)


def test_every_place_has_a_row_and_nobody_is_absorbed() -> None:
    rates = icb_rates(COUNTS, PEOPLE).set_index("icb")
    assert rates.index.tolist() == ["QC1", "QF1", "QU1", "UNKNOWN"]
    assert rates.loc["QC1", "kind"] == "missing"
    assert rates.loc["UNKNOWN", "value"] == 35
    assert rates.loc["UNKNOWN", ["registered_population", "per_100k_registered"]].isna().all()
    assert rates.loc["QC1", ["value", "lower", "per_100k_weighted"]].isna().all(), "no row is not zero"


def test_each_period_has_its_rates() -> None:
    later = COUNTS.assign(period_end=pd.Timestamp(2024, 7, 31), value=COUNTS["value"] * 2)
    rates = icb_rates(pd.concat([COUNTS, later]), PEOPLE)
    fenland = rates[rates["icb"] == "QF1"]
    assert fenland["per_100k_registered"].tolist() == [5000, 10_000]
    assert len(rates) == 8


def test_an_icb_without_a_population_is_named() -> None:
    with refused("icb", "QU1", names="places.to_boundaries"):
        icb_rates(COUNTS, PEOPLE[PEOPLE["icb"] != "QU1"])
    practices = read_icb_allocations(io.StringIO(ALLOCATIONS), "practice")
    with refused("icb", "QF1", expected="once", names="level"):
        icb_rates(COUNTS, practices)
    with refused("weighted_population", expected="a column"):
        icb_rates(COUNTS, PEOPLE.drop(columns="weighted_population"))


def test_a_measure_that_is_not_there_or_no_count() -> None:
    with refused("measure_id", "MRS6", expected="there", suggests="MRS06"):
        icb_rates(COUNTS, PEOPLE, "MRS6")
    with refused("breakdown", "Sub ICB", expected="there", names="ICB of GP Practice or Residence"):
        icb_rates(COUNTS, PEOPLE, breakdown="Sub ICB")
    with refused("measure_id", "MRS03a", names="day"):
        icb_rates(COUNTS, PEOPLE, "MRS03a")
    with refused("kind", expected="a column"):
        icb_rates(COUNTS.drop(columns="kind"), PEOPLE)
    repeated = pd.concat([COUNTS, COUNTS.head(1)])
    with refused("primary_level", "QF1", row=re.compile("period_end=2024-06-30.*"), expected="once"):
        icb_rates(repeated, PEOPLE)
    england = monthly(monthly_row("MRS06", 5), monthly_row("MRS02", 5, "QF1", ICB))
    with refused("measure_id", "MRS06", names="ICB of GP Practice or Residence"):
        icb_rates(england, PEOPLE)


def test_the_published_files(real) -> None:
    table = read_mhsds_monthly(real / "mhsds_4ww_2024_06.csv.gz")
    people = read_icb_allocations(real / "icb_allocations_2025_26.csv")
    rates = icb_rates(table, people)
    assert rates["icb"].tolist() == [*people["icb"], "UNKNOWN"]
    known = rates[rates["icb"] != "UNKNOWN"]
    assert (known["kind"] == "rounded to 5").all()
    # Stated beside the files: a 4.8-fold range across the 42 ICBs, and 4.9-fold per weighted population.
    for basis, fold in (("registered", 4.8), ("weighted", 4.9)):
        rate = known[f"per_100k_{basis}"]
        assert round(rate.max() / rate.min(), 1) == fold
        assert (known[f"per_100k_{basis}_lower"] < rate).all()
        assert (rate < known[f"per_100k_{basis}_upper"]).all()
    # A rate over England is England's count over England's people, whichever way they are weighted.
    for basis in ("registered", "weighted"):
        people_of = known[f"{basis}_population"]
        pooled = (known[f"per_100k_{basis}"] * people_of).sum() / people_of.sum()
        assert pooled == pytest.approx(cm.per_100k(known["value"].sum(), 63_849_324), rel=1e-7)
