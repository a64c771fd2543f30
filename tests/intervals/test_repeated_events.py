"""Events of which one person may have several: against a peer's published test data, by hand, and by simulation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cmhs_metrics as cm
from cmhs_metrics import BadInput
from cmhs_metrics import intervals as ci
from tests.support.budgets import examples, is_deep
from tests.support.refusals import refused as refusing

# PHEindicatormethods 2.1.0 (UK Health Security Agency), tests/testthat/testdata_DSR_ISR.xlsx, sheet testdata_nonindepe:
# people of each age band of three made-up areas, and how many of them had one to four events; its bands are those of
# the European Standard Population.
PEOPLE = [636, 558, 609, 543, 384, 594, 669, 843, 660, 576, 606, 522, 426, 273, 300, 288, 153, 123, 207]
BIG = [
    (75, 16, 4, 2), (16, 3, 1, 0), (11, 2, 1, 0), (12, 3, 1, 0), (8, 0, 0, 1), (18, 3, 1, 0), (26, 6, 2, 1),
    (18, 3, 1, 0), (18, 4, 1, 0), (21, 4, 1, 0), (21, 4, 1, 0), (23, 4, 1, 0), (23, 6, 2, 1), (39, 8, 2, 1),
    (25, 5, 1, 0), (40, 9, 2, 1), (46, 9, 2, 1), (49, 10, 3, 1), (56, 11, 3, 1),
]  # fmt: skip
DUMMY = [
    (80, 10, 9, 0), (15, 5, 0, 0), (10, 1, 2, 0), (17, 2, 0, 0), (12, 0, 0, 0), (25, 1, 0, 0), (30, 9, 0, 0),
    (20, 2, 1, 0), (19, 5, 0, 0), (23, 3, 1, 0), (19, 5, 1, 0), (30, 2, 0, 0), (19, 7, 4, 0), (25, 14, 4, 0),
    (15, 10, 1, 0), (20, 18, 4, 0), (30, 16, 4, 0), (29, 19, 5, 0), (22, 21, 9, 0),
]  # fmt: skip
SMALL = [
    (7, 1, 1, 0), (4, 0, 0, 0), (3, 0, 0, 0), (0, 0, 0, 0), (3, 0, 0, 0), (4, 0, 0, 0), (5, 0, 1, 0), (2, 0, 0, 0),
    (2, 0, 0, 0), (3, 0, 0, 0), (4, 0, 0, 0), (5, 0, 0, 0), (3, 0, 1, 0), (5, 0, 1, 0), (5, 0, 0, 0), (3, 0, 1, 0),
    (5, 0, 0, 0), (5, 0, 0, 0), (4, 0, 0, 0),
]  # fmt: skip
# The sheet testresults_DSR of the same file: rate, 95% and 99.8% bounds per 100,000.
PUBLISHED = {
    "big": (10430.24799147, 9532.94977862, 11373.07483298, 9036.25631357, 11929.24980749),
    "dummy": (10430.24799147, 9512.29883752, 11394.77359633, 9004.17418121, 11963.74870404),
    "small": (1082.95419841, 817.68609755, 1393.55884927, 684.16751792, 1585.49645593),
}
AREAS = {"big": BIG, "dummy": DUMMY, "small": SMALL}
BANDS = [str(band) for band in ci.ESP2013.bands]


def frequencies() -> pd.DataFrame:
    rows = [
        (area, band, times, people)
        for area, counts in AREAS.items()
        for band, of_band in zip(BANDS, counts, strict=True)
        for times, people in enumerate(of_band, start=1)
    ]
    return pd.DataFrame(rows, columns=["area", "age_band", "events", "people"])


class TestPeersData:
    @pytest.mark.parametrize("area", AREAS)
    def test_standardised_rate(self, area: str) -> None:
        counts, times = np.array(AREAS[area], dtype=float), np.arange(1, 5)
        found = ci.standardised_rate(
            counts @ times, np.array(PEOPLE), confidence=[0.95, 0.998], sum_of_squares=counts @ times**2
        )
        bounds = [found.estimate, found.lower[0], found.upper[0], found.lower[1], found.upper[1]]
        assert bounds == pytest.approx(PUBLISHED[area], abs=1e-8)

    def test_from_a_table_of_frequencies(self) -> None:
        totals = ci.event_totals(frequencies(), ["area", "age_band"])
        table = totals.assign(population=PEOPLE * 3)
        found = ci.standardised_rates(table, "area", sum_of_squares="sum_of_squares").set_index("area")
        for area, (rate, lower, upper, _, _) in PUBLISHED.items():
            assert found.loc[area, ["standardised_rate", "lower", "upper"]].tolist() == pytest.approx(
                [rate, lower, upper], abs=1e-8
            )


class TestRates:
    def test_by_hand(self) -> None:
        # √(207 / 127) = 1.276684 times as far from the count as the bounds of 127 independent events.
        lower, upper = ci.rate_interval(127, 10_000, per=10_000)
        wider = ci.rate_interval(127, 10_000, per=10_000, sum_of_squares=207)
        assert (127 - wider.lower) / (127 - lower) == pytest.approx(1.276684, abs=1e-6)
        assert (wider.upper - 127) / (upper - 127) == pytest.approx(1.276684, abs=1e-6)

    @examples(40)
    @given(count=st.integers(0, 2_000), people=st.integers(2_000, 10**6))
    def test_one_event_each_is_independence(self, count: int, people: int) -> None:
        assert ci.rate_interval(count, people, sum_of_squares=count) == pytest.approx(ci.rate_interval(count, people))

    @examples(40)
    @given(people=st.lists(st.integers(0, 50), min_size=1, max_size=6))
    def test_no_bound_is_below_zero_and_the_count_lies_between(self, people: list[int]) -> None:
        times = np.arange(1, len(people) + 1)
        count, squares = int(times @ people), int(times**2 @ people)
        lower, upper = ci.rate_interval(count, 10_000, per=10_000, sum_of_squares=squares)
        assert 0 <= lower <= count <= upper

    def test_missing_stays_so(self) -> None:
        found = ci.rate_interval(pd.Series([10.0, 10.0]), 100, sum_of_squares=pd.Series([12.0, None]))
        assert found.lower.isna().tolist() == [False, True]

    @pytest.mark.parametrize("squares", [9.9, 101.0, -1.0, float("inf")])
    def test_what_no_people_can_have_is_refused(self, squares: float) -> None:
        for call in (
            lambda: ci.rate_interval(10, 100, sum_of_squares=squares),
            lambda: ci.standardised_rate(
                np.array([10, 10]), np.array([100, 100]), np.array([1, 1]), sum_of_squares=np.array([squares, 20])
            ),
        ):
            with pytest.raises(BadInput) as refused:
                call()
            assert [problem.column for problem in refused.value.problems] == ["sum_of_squares"]

    def test_the_ends_of_what_people_can_have(self) -> None:
        # Ten events of ten people, and of one.
        assert ci.rate_interval(10, 100, sum_of_squares=10) == ci.rate_interval(10, 100)
        assert ci.rate_interval(10, 100, sum_of_squares=100).lower == 0

    def test_coverage_of_contacts_of_people(self) -> None:
        """Each of a Poisson number of people has so many contacts: 95% intervals hold their mean 95 times of 100."""
        draw, times = np.random.default_rng(11), np.arange(1, 7)
        chance = np.array([0.4, 0.2, 0.15, 0.1, 0.1, 0.05])
        runs = 20_000 if is_deep() else 4_000
        people = draw.poisson(60 * chance, (runs, 6))
        counts, squares, mean = people @ times, people @ times**2, 60 * chance @ times
        lower, upper = ci.rate_interval(counts, 1_000, per=1_000, sum_of_squares=squares)
        narrow = ci.rate_interval(counts, 1_000, per=1_000)
        held = np.mean((lower <= mean) & (mean <= upper))
        assert 0.935 < held < 0.96
        assert np.mean((narrow.lower <= mean) & (mean <= narrow.upper)) < 0.82


class TestTotals:
    @pytest.mark.parametrize("make", [lambda frame: frame, pl.from_pandas])
    def test_by_hand(self, make) -> None:
        table = pd.DataFrame({"icb": ["B", "A", "B", "A"], "events": [1, 2, 3, 0], "people": [10, 4, 2, 500]})
        found = ci.event_totals(make(table), "icb")
        assert list(found["icb"]) == ["B", "A"]
        assert list(found["people"]) == [12, 4]
        assert list(found["events"]) == [16, 8]
        assert list(found["sum_of_squares"]) == [28, 16]

    def test_groups_stand_in_the_order_of_the_table(self) -> None:
        names = [f"G{at * 37 % 101:03}" for at in range(101)]
        found = ci.event_totals(pl.DataFrame({"icb": names, "events": 1, "people": range(101)}), "icb")
        assert found["icb"].to_list() == names
        assert found["people"].to_list() == list(range(101))

    def test_a_missing_cell_makes_its_group_missing(self) -> None:
        found = ci.event_totals(
            pd.DataFrame({"icb": ["A", "A", "B"], "events": [1, 2, 1], "people": [1, None, 3]}), "icb"
        )
        assert found["sum_of_squares"].isna().tolist() == [True, False]

    def test_names_the_columns_that_are_not_there(self) -> None:
        table = pd.DataFrame({"icb": ["A"], "events": [1], "people": [2]})
        for role in ("by", "events", "people"):
            with refusing(role, "no such", expected="a column"):
                cm.intervals.event_totals(table, **{"by": "icb", role: "no such"})
        with refusing("by", [], expected="at least one"):
            cm.intervals.event_totals(table, [])
        with refusing("by", 5, expected="a name"):
            cm.intervals.event_totals(table, ["icb", 5])

    @pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table])
    @pytest.mark.parametrize("places", [["A", None], [1.5, float("nan")]])
    def test_a_row_without_a_place_is_refused(self, make, places: list[object]) -> None:
        table = make({"icb": places, "events": [1, 2], "people": [3, 4]})
        with refusing("icb", None, row="2nd row", expected="a place"):
            ci.event_totals(table, "icb")

    def test_what_is_no_count_is_refused(self) -> None:
        with pytest.raises(BadInput) as refused:
            ci.event_totals(pd.DataFrame({"icb": ["A", "B"], "events": [1.5, 1], "people": [1, -3]}), "icb")
        assert {problem.column for problem in refused.value.problems} == {"events", "people"}
        with pytest.raises(BadInput):
            ci.event_totals(pd.DataFrame({"icb": ["A"], "people": [1]}), "icb")


class TestBenchmark:
    TABLE = pd.DataFrame({"icb": ["A", "B", "C"], "contacts": [127, 100, 50], "referrals": [20, 30, 40]})
    AMONG = pd.DataFrame({"icb": ["A", "B", "C"], "registered_population": 10_000})
    FOUND = pd.DataFrame(
        {"icb": ["A"] * 4 + ["B"], "measure": "contacts", "events": [1, 2, 3, 4, 1], "people": [75, 16, 4, 2, 100]}
    )

    def result(self, found: pd.DataFrame | None, table: pd.DataFrame = TABLE) -> pd.DataFrame:
        return cm.benchmark(table, "contacts_per_100k", by="icb", populations=self.AMONG, frequencies=found)

    def test_uses_them_and_says_so(self) -> None:
        result = self.result(self.FOUND)
        assert result["interval_basis"].tolist() == ["events per person", "events per person", "independent events"]
        expected = ci.rate_interval(
            np.array([127, 100, 50]), 10_000, sum_of_squares=np.array([75 + 64 + 36 + 32, 100, 50])
        )
        assert result["lower"].tolist() == pytest.approx(expected.lower.tolist())
        assert result["upper"].tolist() == pytest.approx(expected.upper.tolist())

    def test_without_them_a_note_says_that_contacts_were_taken_as_independent(self) -> None:
        result = self.result(None)
        assert set(result["interval_basis"]) == {"independent events"}
        note, _ = result.attrs["notes"]
        assert "independent" in note
        note, _ = self.result(self.FOUND).attrs["notes"]
        assert "1 place " in note

    def test_people_are_no_repeated_events(self) -> None:
        table = self.TABLE.rename(columns={"contacts": "caseload"})[["icb", "caseload"]]
        result = cm.benchmark(table, "caseload_per_100k", by="icb", populations=self.AMONG)
        assert not any("independent" in note for note in result.attrs["notes"])

    def test_other_totals_than_the_table_has_are_told(self) -> None:
        notes = self.result(self.FOUND, self.TABLE.assign(contacts=[130, 100, 50])).attrs["notes"]
        assert any("A" in note and "other contacts" in note for note in notes)

    def test_suppressed_counts_have_them_too(self) -> None:
        hidden = self.TABLE[["icb", "contacts"]].assign(contacts_lower=[126, 100, 1], contacts_upper=[128, 100, 4])
        result = self.result(self.FOUND, hidden.assign(contacts=[np.nan, 100, np.nan]))
        assert result["interval_basis"].tolist() == ["events per person", "events per person", "independent events"]
        known = self.result(self.FOUND)
        assert result["lower"][0] < known["lower"][0]
        assert result["upper"][0] > known["upper"][0]

    def test_no_count_clusters_more_than_in_one_person(self) -> None:
        hidden = self.TABLE[["icb", "contacts"]].assign(contacts_lower=[127, 100, 1], contacts_upper=[127, 100, 4])
        found = pd.DataFrame({"icb": ["C"], "measure": "contacts", "events": [50], "people": [1]})
        result = self.result(found, hidden.assign(contacts=[127, 100, np.nan]))
        expected = ci.rate_interval(4, 10_000, sum_of_squares=16)
        assert result["upper"][2] == pytest.approx(expected.upper)

    def test_of_one_period(self) -> None:
        both = pd.concat(
            [self.TABLE.assign(period="2023/24"), self.TABLE.assign(period="2024/25", contacts=[10, 10, 10])]
        )
        found = pd.concat([self.FOUND.assign(period="2023/24"), self.FOUND.assign(period="2024/25", people=1)])
        arguments = {"by": "icb", "populations": self.AMONG, "frequencies": found}
        result = cm.benchmark(both, "contacts_per_100k", period="2023/24", **arguments)
        assert result["lower"].tolist() == self.result(self.FOUND)["lower"].tolist()

    def test_columns_that_are_not_there(self) -> None:
        with pytest.raises(BadInput) as refused:
            self.result(self.FOUND.drop(columns=["measure", "people"]))
        assert [problem.value for problem in refused.value.problems] == ["measure", "people"]
