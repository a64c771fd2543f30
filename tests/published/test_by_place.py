"""Published counts as a table of measures, and what `benchmark` makes of them."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import cmhs_metrics as cm
from cmhs_metrics.published import icb_rates, measures_by_place, read_icb_allocations, read_mhsds_monthly
from cmhs_metrics.published.rates import ICB
from tests.support.refusals import problem, refused

JUNE = {"period_start": pd.Timestamp(2024, 6, 1), "period_end": pd.Timestamp(2024, 6, 30)}
QUARTER = JUNE | {"period_start": pd.Timestamp(2024, 4, 1)}


def monthly(**changes: object) -> pd.DataFrame:
    """Open spells of two ICBs and people without one, and the waits of one of them."""
    rows = [
        ("QF1", "Fens", "MRS06", 120, "rounded to 5", 118, 122),
        ("QU1", "Hills", "MRS06", np.nan, "suppressed", 0, 4),
        ("UNKNOWN", "UNKNOWN", "MRS06", 10, "rounded to 5", 8, 12),
        ("QF1", "Fens", "MRS02", 60, "rounded to 5", 58, 62),
    ]
    names = ["primary_level", "primary_level_name", "measure_id", "value", "kind", "lower", "upper"]
    table = pd.DataFrame(rows, columns=names).assign(breakdown=ICB, secondary_level="NONE", unit="referral", **JUNE)
    return table.assign(**changes)


def test_a_row_for_each_place_with_what_is_known_of_each_count() -> None:
    table = measures_by_place(monthly(), {"MRS06": "caseload", "MRS02": "waiting"})
    assert list(table)[:4] == ["icb", "icb_name", "period", "caseload"]
    assert table["icb"].tolist() == ["QF1", "QU1", "UNKNOWN"]
    assert set(table["period"]) == {"2024-06"}
    assert table["caseload_upper"].tolist() == [122, 4, 12]
    # What is not published of a place is missing: neither a value nor bounds.
    assert table["waiting_lower"].tolist() == pytest.approx([58, np.nan, np.nan], nan_ok=True)


def test_periods_stand_apart_and_none_twice() -> None:
    both = pd.concat([monthly(), monthly(period_start=pd.Timestamp(2024, 5, 1), period_end=pd.Timestamp(2024, 5, 31))])
    table = measures_by_place(both, {"MRS06": "caseload"})
    assert table["period"].value_counts().to_dict() == {"2024-05": 3, "2024-06": 3}
    with refused("caseload", "2 periods", names=("over_time", "last", "mean")):
        cm.aggregate(table, by="icb")
    assert set(measures_by_place(monthly(**QUARTER), {"MRS06": "caseload"})["period"]) == {"2024-06-30"}
    with refused("measures", "MRS06", names=(1, 3)):
        measures_by_place(pd.concat([monthly(), monthly(**QUARTER)]), {"MRS06": "caseload"})


def test_a_trend_of_one_rolling_measure_is_asked_for() -> None:
    april = monthly(period_start=pd.Timestamp(2024, 2, 1), period_end=pd.Timestamp(2024, 4, 30))
    quarters = pd.concat([april, monthly(**QUARTER)])
    with refused("period_start", "2024-04-01", names=("MRS06", "rolling")):
        measures_by_place(quarters, {"MRS06": "caseload"})
    table = measures_by_place(quarters, {"MRS06": "caseload"}, rolling=True)
    assert table["period"].unique().tolist() == ["2024-04-30", "2024-06-30"]


def spans(*periods: tuple[str, str]) -> pd.DataFrame:
    dates = [{"period_start": pd.Timestamp(first), "period_end": pd.Timestamp(last)} for first, last in periods]
    return pd.concat([monthly(**each) for each in dates])


def test_periods_may_adjoin_also_over_the_new_year_and_not_share_a_day() -> None:
    quarters = spans(("2023-08-01", "2023-10-31"), ("2023-11-01", "2024-01-31"), ("2024-02-01", "2024-04-30"))
    table = measures_by_place(quarters, {"MRS06": "caseload"})
    assert table["period"].unique().tolist() == ["2023-10-31", "2024-01-31", "2024-04-30"]
    with refused("period_start", "2024-04-30", names="MRS06"):
        measures_by_place(spans(("2024-02-01", "2024-04-30"), ("2024-04-30", "2024-06-30")), {"MRS06": "caseload"})
    with refused(problem("measures", "MRS06", names=(3, 12))):
        measures_by_place(spans(("2023-05-01", "2024-04-30"), ("2024-05-01", "2024-07-31")), {"MRS06": "caseload"})


@pytest.mark.parametrize(
    ("first", "last", "period"),
    [
        ("2024-02-01", "2024-02-29", "2024-02"), ("2024-12-01", "2024-12-31", "2024-12"),
        ("2024-02-01", "2024-02-28", "2024-02-28"), ("2024-02-02", "2024-02-29", "2024-02-29"),
        ("2024-01-01", "2024-02-29", "2024-02-29"),
    ],
)  # fmt: skip
def test_a_period_is_a_month_where_it_is_all_of_one(first: str, last: str, period: str) -> None:
    assert set(measures_by_place(spans((first, last)), {"MRS06": "caseload"})["period"]) == {period}


def test_measures_of_periods_of_several_lengths_are_named() -> None:
    quarter = monthly(**QUARTER)
    both = pd.concat([monthly(), quarter[quarter["measure_id"] == "MRS06"].assign(measure_id="MRS01")])
    with refused(problem("measures", "MRS06", names=1), problem("measures", "MRS01", names=3)):
        measures_by_place(both, {"MRS06": "caseload", "MRS01": "waits_completed"})


def test_the_breakdown_by_icb_has_had_several_names() -> None:
    for name in ("ICB", "ICB - GP Practice or Residence"):
        assert len(measures_by_place(monthly(breakdown=name), {"MRS06": "caseload"})) == 3


def test_every_problem_at_once() -> None:
    with pytest.raises(cm.BadInput) as caught:
        measures_by_place(monthly(), {"MRS6": "caselod", "MRS06": "waiting", "MRS02": "waiting"})
    text = str(caught.value)
    assert "measures, MRS6: got 'caselod', expected a measure that adds; did you mean 'caseload'" in text
    assert "measures: got 'waiting', expected one published measure for it" in text
    assert "measures: got 'MRS6', expected a measure that is published by ICB" in text
    for unit in ("percent", "day", "rate"):
        with refused("measures", "MRS06", names=unit):
            measures_by_place(monthly(unit=unit), {"MRS06": "caseload"})
    with refused("breakdown", "Region", expected="there", names="ICB of GP Practice or Residence"):
        measures_by_place(monthly(), {"MRS06": "caseload"}, breakdown="Region")
    with refused(
        problem("MRS06", 120.0, row="place=QF1", expected="a value"),
        problem("MRS06", math.nan, row="place=QU1", expected="a value"),
        problem("MRS06", 10.0, row="place=UNKNOWN", expected="a value"),
    ):
        measures_by_place(monthly(kind="unknown"), {"MRS06": "caseload"})
    with refused("kind", expected="a column"):
        measures_by_place(monthly().drop(columns="kind"), {"MRS06": "caseload"})
    with refused(
        problem("MRS06", 120.0, row="place=QF1", expected="once"),
        problem("MRS06", math.nan, row="place=QU1", expected="once"),
        problem("MRS06", 10.0, row="place=UNKNOWN", expected="once"),
    ):
        measures_by_place(pd.concat([monthly(), monthly()]), {"MRS06": "caseload"})


@pytest.mark.filterwarnings("ignore::cmhs_metrics.TableNote")  # UNKNOWN has no people
def test_open_spells_of_june_2024_for_each_icb(real: Path) -> None:
    # MRS06 ranges 4.8-fold over the 42 ICBs per registered person, and 4.9-fold per weighted person.
    published = read_mhsds_monthly(real / "mhsds_4ww_2024_06.csv.gz")
    people = read_icb_allocations(real / "icb_allocations_2025_26.csv")
    table = measures_by_place(published, {"MRS06": "open_referrals"})
    result = cm.benchmark(table, "open_referrals_per_100k", by="icb", populations=people)
    known = result[result["place"] != "UNKNOWN"]
    folds = known.groupby("basis")["value"].agg(lambda values: values.max() / values.min())
    assert folds.round(1).to_dict() == {"registered": 4.8, "weighted": 4.9}
    assert set(result["places"]) == {42}
    assert result.loc[result["place"] == "UNKNOWN", ["value", "value_lower", "rank_best"]].isna().all(axis=None)
    # The other way to the same intervals, which divides by hand.
    rates = icb_rates(published, people).set_index("icb")
    for basis in ("registered", "weighted"):
        rows = known[known["basis"] == basis].set_index("place")
        for mine, other in {"value": "", "value_lower": "_lower", "value_upper": "_upper"}.items():
            expected = rates.loc[rows.index, f"per_100k_{basis}{other}"]
            np.testing.assert_allclose(rows[mine].astype(float), expected, rtol=1e-12)


def test_shares_within_four_weeks_of_june_2024(real: Path) -> None:
    published = read_mhsds_monthly(real / "mhsds_4ww_2024_06.csv.gz")
    table = measures_by_place(published, {"MRS01": "waits_completed", "MRS01a": "waits_within_four_weeks"})
    result = cm.benchmark(table, "four_week_rate", by="icb").set_index("place")
    hidden = table.set_index("icb")["waits_within_four_weeks"].isna()
    assert hidden.any()
    assert result["value"].isna().tolist() == hidden.tolist()
    assert result["value_upper"].notna().all()
    assert result["value_upper"].max() <= 1
    # The share of England is published unrounded: 5.787 per cent (MRS01b). ICBs and UNKNOWN add up to England.
    england = published.query("breakdown == 'England' and measure_id == 'MRS01b'")["value"].iloc[0] / 100
    assert set(result["average_lower"] < england) == set(england < result["average_upper"]) == {True}
    # Every published whole per cent agrees with the interval.
    shares = published[(published["breakdown"] == ICB) & (published["measure_id"] == "MRS01b")].set_index(
        "primary_level"
    )
    shown = shares[shares["kind"] == "rounded to a whole per cent"]
    both = result.loc[shown.index]
    assert (both["value_lower"] * 100 <= shown["upper"] + 1e-9).all()
    assert (both["value_upper"] * 100 >= shown["lower"] - 1e-9).all()
