"""The attack on a file as NHS England publishes it: exact for England, rounded and suppressed below."""

from __future__ import annotations

import pandas as pd
import pytest

from cmhs_metrics.disclosure import attack, published_table
from tests.support import official_data

FILE = official_data.FOLDER / "mhsds_4ww_2024_06.csv.gz"
pytestmark = official_data.needed("mhsds_4ww_2024_06.csv.gz")

# Referral-spells that every place counts for itself, so that those of England are their sum.
MEASURES = ["MRS01", "MRS01a", "MRS06", "MRS09"]


@pytest.fixture(scope="module")
def file() -> pd.DataFrame:
    return pd.read_csv(FILE, dtype=str, encoding="utf-8-sig")


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("breakdown", ["ICB of GP Practice or Residence", "Provider"])
def test_the_counts_agree_with_england_and_none_is_given_away_by_it(
    file: pd.DataFrame, measure: str, breakdown: str
) -> None:
    rows = file[file["BREAKDOWN"].isin(["England", breakdown]) & (file["MEASURE_ID"] == measure)]
    rows = rows.assign(count=[each if each == "*" else float(each) for each in rows["MEASURE_VALUE"]])
    places = [place for place in rows["PRIMARY_LEVEL"] if place != "England"]
    published = published_table(
        rows,
        ["PRIMARY_LEVEL"],
        "count",
        {"PRIMARY_LEVEL": dict.fromkeys(places, "England")},
        exact={"PRIMARY_LEVEL": ["England"]},
    )
    found = attack(published, exact=False)
    assert len(places) > 40
    assert len(found.cells) == (rows["MEASURE_VALUE"] == "*").sum()
    assert found.safe
