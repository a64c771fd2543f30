"""Benchmarking: place, average, rank, uncertainty, peers, on the published waits and on synthetic providers."""

from __future__ import annotations

import duckdb
import numpy as np
import pandas as pd
import pint_pandas  # noqa: F401 - makes the type "pint[…]" known
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cmhs_metrics as cm
from cmhs_metrics.variation import funnel
from tests.support import official_data
from tests.support.budgets import examples
from tests.support.refusals import problem, refused

PROVIDERS = cm.synthetic_providers()
THREE = pd.DataFrame(
    {
        "icb": ["A", "B", "C"],
        "referrals": [100, 50, 200],
        "referrals_accepted": [80, 45, 120],
        "total_cost": [1e3, 1e3, 4e3],
    }
)
PEOPLE = pd.DataFrame({"icb": ["A", "B", "C"], "registered_population": [10_000, 10_000, 10_000]})


class TestByHand:
    RESULT = cm.benchmark(
        THREE,
        ["referrals_per_100k", "referral_acceptance_rate", "cost_per_referral"],
        by="icb",
        populations=PEOPLE,
        focus=["B"],
    )

    def rows(self, metric: str) -> pd.DataFrame:
        return self.RESULT[self.RESULT["metric"] == metric].set_index("place")

    def test_values_ranks_and_average(self) -> None:
        rates = self.rows("referrals_per_100k")
        assert rates["value"].tolist() == [1_000, 500, 2_000]
        assert rates["rank"].tolist() == [2, 3, 1]
        # 350 referrals over 30,000 people.
        assert rates["average"].tolist() == pytest.approx([350 / 30_000 * 100_000] * 3)
        assert rates.loc["B", "difference_percent"] == pytest.approx((500 / (350 / 0.3) - 1) * 100)
        assert rates["focus"].tolist() == [False, True, False]
        assert set(rates["basis"]) == {"registered"}

    def test_intervals_are_byars_and_wilsons(self) -> None:
        # 50 events: exact Poisson limits 37.1 to 65.9, which Byar's approximates within a tenth.
        rates = self.rows("referrals_per_100k")
        assert rates.loc["B", "lower"] == pytest.approx(371, abs=1.5)
        assert rates.loc["B", "upper"] == pytest.approx(659, abs=1.5)
        # 45 of 50: Wilson 0.7864 to 0.9565.
        shares = self.rows("referral_acceptance_rate")
        assert shares.loc["B", ["lower", "upper"]].astype(float).round(4).tolist() == [0.7864, 0.9565]

    def test_costs_have_no_chance(self) -> None:
        costs = self.rows("cost_per_referral")
        assert costs[["lower", "upper", "outlier", "more_than_chance"]].isna().all(axis=None)
        assert costs["value"].tolist() == [10, 20, 20]

    def test_more_than_chance_is_an_average_outside_the_interval(self) -> None:
        rates = self.rows("referrals_per_100k")
        outside = (rates["lower"] > rates["average"]) | (rates["upper"] < rates["average"])
        assert rates["more_than_chance"].tolist() == outside.tolist()
        assert rates.loc["C", "outlier"] == "above 99.8%"

    def test_what_an_interval_stands_on_is_said(self) -> None:
        assert set(self.rows("referrals_per_100k")["interval_basis"]) == {"independent events"}
        assert self.rows("cost_per_referral")["interval_basis"].isna().all()

    def test_of_three_places_none_is_held_against_a_widened_funnel(self) -> None:
        assert self.RESULT[["funnel_position", "outside_funnel", "overdispersion"]].isna().all(axis=None)

    def test_averages_by_name(self) -> None:
        def average(kind: str) -> float:
            return cm.benchmark(THREE, "referrals_per_100k", by="icb", populations=PEOPLE, average=kind)[
                "average"
            ].iloc[0]

        assert average("mean of places") == pytest.approx(3_500 / 3)
        assert average("median of places") == 1_000
        uneven = PEOPLE.assign(registered_population=[10_000, 10_000, 80_000])
        pooled = cm.benchmark(THREE, "referrals_per_100k", by="icb", populations=uneven)["average"].iloc[0]
        assert pooled == pytest.approx(350)

    def test_peers(self) -> None:
        result = cm.benchmark(THREE, "referrals_per_100k", by="icb", populations=PEOPLE, peers=["A", "B"])
        assert result["peer_average"].tolist() == pytest.approx([750] * 3)
        assert result["peer"].tolist() == [True, True, False]


class TestWidenedFunnel:
    """Places that differ from one another by more than chance, of which one differs from the others besides."""

    # Of 100,000 people each: 1,800 and 2,300 referrals lie three standard errors and more from the average, 4,001 some 34.
    COUNTS = np.array([1_800, 2_300] * 10 + [4_001])
    TABLE = pd.DataFrame(
        {"icb": [f"P{at:02}" for at in range(21)], "referrals": COUNTS, "referrals_accepted": COUNTS // 2}
    )
    AMONG = pd.DataFrame({"icb": TABLE["icb"], "registered_population": 100_000})
    RESULT = cm.benchmark(TABLE, "referrals_per_100k", by="icb", populations=AMONG).set_index("place")

    def test_all_differ_by_more_than_chance_and_one_lies_outside(self) -> None:
        assert self.RESULT["more_than_chance"].sum() == 21
        assert self.RESULT.index[self.RESULT["outside_funnel"].astype(bool)].tolist() == ["P20"]
        assert self.RESULT.loc["P20", "funnel_position"] == "above 99.8%"

    def test_it_is_the_additive_funnel(self) -> None:
        found = funnel("rate", self.COUNTS, np.full(21, 100_000), adjustment="additive")
        assert self.RESULT["funnel_position"].tolist() == found.outlier.tolist()
        assert self.RESULT["outlier"].tolist() == funnel("rate", self.COUNTS, np.full(21, 100_000)).outlier.tolist()
        assert self.RESULT["overdispersion"].tolist() == pytest.approx([found.dispersion.phi] * 21)

    def test_shares_too(self) -> None:
        accepted = np.array([850, 900, 950] * 7)
        table = self.TABLE.assign(referrals=1_000, referrals_accepted=accepted)
        result = cm.benchmark(table, "referral_acceptance_rate", by="icb")
        expected = funnel("proportion", accepted, np.full(21, 1_000), adjustment="additive")
        assert result["funnel_position"].tolist() == expected.outlier.tolist()

    def test_places_alike_have_the_limits_of_chance(self) -> None:
        table = self.TABLE[["icb"]].assign(referrals=[100] * 20 + [150])
        result = cm.benchmark(table, "referrals_per_100k", by="icb", populations=self.AMONG)
        assert result["funnel_position"].tolist() == result["outlier"].tolist()
        # 102.4 are expected of each: 150 are the sort that comes once in ten thousand.
        assert result["outside_funnel"].tolist() == [False] * 20 + [True]
        assert result["overdispersion"].iloc[0] < 1

    def test_between_bounds_it_is_said_where_it_holds_for_all(self) -> None:
        hidden = self.TABLE[["icb"]].assign(referrals=[None, *map(float, self.COUNTS[1:])])
        hidden = hidden.assign(referrals_lower=[1_798, *self.COUNTS[1:]], referrals_upper=[1_802, *self.COUNTS[1:]])
        known = cm.benchmark(hidden, "referrals_per_100k", by="icb", populations=self.AMONG).set_index("place")
        assert known["funnel_position"].tolist() == self.RESULT["funnel_position"].tolist()
        assert known["outside_funnel"].tolist() == self.RESULT["outside_funnel"].tolist()
        assert known["overdispersion"].isna().all()


class TestEngines:
    @pytest.mark.parametrize("make", [pl.from_pandas, lambda frame: pl.from_pandas(frame).lazy(), duckdb.from_df])
    def test_give_the_same(self, make) -> None:
        arguments = {"by": "organisation", "place": "organisation", "basis": "16+", "over_time": "last"}
        metrics = ["caseload_per_100k", "dna_rate"]
        expected = cm.benchmark(PROVIDERS, metrics, **arguments)
        result = cm.benchmark(make(PROVIDERS), metrics, **arguments)
        both = [each.sort_values(["metric", "place"]).reset_index(drop=True) for each in (expected, result)]
        pd.testing.assert_frame_equal(*both, check_dtype=False)

    def test_quantities(self) -> None:
        table = THREE[["icb"]].assign(
            total_cost=THREE["total_cost"].astype("pint[GBP]"), referrals=THREE["referrals"].astype("pint[referral]")
        )
        assert cm.benchmark(table, "cost_per_referral", by="icb")["value"].tolist() == [10, 20, 20]

    def test_one_period_of_several(self) -> None:
        both = pd.concat([THREE.assign(period="2015/16"), THREE.assign(period="2016/17", referrals=[10, 20, 30])])
        both["referrals_accepted"] = 0
        result = cm.benchmark(both, "referrals_per_100k", by="icb", populations=PEOPLE, period="2016/17")
        assert result["value"].tolist() == [100, 200, 300]


# Counts by chance may add up to one another, as a total's do.
@pytest.mark.filterwarnings("ignore::cmhs_metrics.TableNote")
@examples(8)
@given(counts=st.lists(st.integers(1, 10_000), min_size=2, max_size=12), factor=st.integers(2, 9))
def test_order_and_size_of_the_country_change_nothing(counts: list[int], factor: int) -> None:
    names = [f"P{number:02}" for number in range(len(counts))]
    table = pd.DataFrame({"icb": names, "contacts": counts, "face_to_face_contacts": [count // 2 for count in counts]})
    people = pd.DataFrame({"icb": names, "registered_population": 50_000})
    result = cm.benchmark(table, "contacts_per_100k", by="icb", populations=people).set_index("place")
    turned = cm.benchmark(table.iloc[::-1], "contacts_per_100k", by="icb", populations=people).set_index("place")
    pd.testing.assert_frame_equal(result, turned.loc[result.index])
    assert (result["lower"] <= result["value"]).all()
    assert (result["value"] <= result["upper"]).all()
    assert result["difference"].sum() == pytest.approx(0, abs=1e-6)
    larger = people.assign(registered_population=50_000 * factor)
    spread = cm.benchmark(table, "contacts_per_100k", by="icb", populations=larger).set_index("place")
    np.testing.assert_allclose(spread["value"] * factor, result["value"])
    assert spread["rank"].tolist() == result["rank"].tolist()


@official_data.needed("mhsds_4ww_2024_06.csv.gz")
def test_open_referral_spells_of_june_2024() -> None:
    # MRS06 per 100,000 registered population ranges 4.8-fold over the 42 ICBs, 4.9-fold per weighted population.
    monthly = cm.published.read_mhsds_monthly(official_data.FOLDER / "mhsds_4ww_2024_06.csv.gz")
    people = cm.published.read_icb_allocations(official_data.FOLDER / "icb_allocations_2025_26.csv")
    people = people[["icb", "registered_population", "weighted_population"]]
    spells = monthly.query("measure_id == 'MRS06' and breakdown.str.startswith('ICB') and primary_level != 'UNKNOWN'")
    table = pd.DataFrame({"icb": spells["primary_level"], "caseload": spells["value"]})
    result = cm.benchmark(table, "caseload_per_100k", by="icb", populations=people, focus=["QUE"])
    folds = result.groupby("basis")["value"].agg(lambda values: cm.variation.fold_variation(values))
    assert folds.round(1).to_dict() == {"registered": 4.8, "weighted": 4.9}
    assert set(result["places"]) == {42}


@pytest.mark.parametrize("month", ["04", "05", "06"])
@official_data.needed("mhsds_4ww_2024_06.csv.gz")
def test_share_seen_within_four_weeks_in_each_of_three_months(month: str) -> None:
    monthly = cm.published.read_mhsds_monthly(official_data.FOLDER / f"mhsds_4ww_2024_{month}.csv.gz")
    held = monthly[monthly["breakdown"].str.startswith("ICB") & (monthly["primary_level"] != "UNKNOWN")]
    wide = held.pivot_table(index="primary_level", columns="measure_id", values="value", dropna=False)
    table = pd.DataFrame(
        {"icb": wide.index, "waits_completed": wide["MRS01"], "waits_within_four_weeks": wide["MRS01a"]}
    ).reset_index(drop=True)
    result = cm.benchmark(table, "four_week_rate", by="icb")
    suppressed = table[["waits_completed", "waits_within_four_weeks"]].isna().any(axis=1)
    assert result["value"].isna().tolist() == suppressed.tolist(), "a suppressed count has no rate, and no rank"
    assert result["rank"].isna().tolist() == suppressed.tolist()
    known = result.dropna(subset="value")
    assert ((known["lower"] <= known["value"]) & (known["value"] <= known["upper"])).all()
    assert set(result["places"]) == {len(known)}


class TestBadInput:
    def test_every_problem_at_once(self) -> None:
        with refused(problem("focus", "Z", expected="a place"), problem("peers", "Y", expected="a place")):
            cm.benchmark(THREE, "cost_per_referral", by="icb", focus=["Z"], peers=["Y"])

    def test_a_name_alone_is_one_place(self) -> None:
        result = cm.benchmark(THREE, "cost_per_referral", by="icb", focus="A", peers="B")
        assert result[["focus", "peer"]].to_numpy().tolist() == [[True, False], [False, True], [False, False]]

    def test_too_few_places_and_unknown_averages(self) -> None:
        with refused("icb", 1, expected="two or more"):
            cm.benchmark(THREE.head(1), "cost_per_referral", by="icb")
        with refused("average", "mean", names="pooled"):
            cm.benchmark(THREE, "cost_per_referral", by="icb", average="mean")
        with refused(None, "cost_per_referal", suggests="cost_per_referral"):
            cm.benchmark(THREE, "cost_per_referal", by="icb")


@pytest.mark.parametrize("accepted", [0, "all"])
def test_where_all_or_nothing_is_counted_there_is_no_funnel(accepted: object) -> None:
    table = THREE.assign(referrals_accepted=THREE["referrals"] if accepted == "all" else 0)
    result = cm.benchmark(table, "referral_acceptance_rate", by="icb")
    assert result["value"].tolist() == [1.0 if accepted == "all" else 0.0] * 3
    assert result["outlier"].isna().all()
    assert not result["more_than_chance"].any()
