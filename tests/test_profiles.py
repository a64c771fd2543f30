"""Care clusters and waiting bands: single values and codes grouped as the audit groups them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cmhs_metrics as cm
from tests.support.refusals import refused

IN_USE = [code for code in range(22) if code != 9] + [99]


class TestClusterProfile:
    def test_the_audits_year(self) -> None:
        # Profile of Trust level PbR patient cluster profiles: unclustered 23%, 1-8 28%, 10-17 26%, 18-21 23%.
        profile = cm.cluster_profile({99: 23, 4: 28, 12: 26, 19: 23})
        assert profile.to_dict() == {"Non-psychosis": 0.28, "Psychosis": 0.26, "Organic": 0.23, "Unclustered": 0.23}

    def test_without_the_unclustered_it_is_close_to_the_table_of_years(self) -> None:
        # 28, 26 and 23 of 77 are 36%, 34% and 30%; the table of years prints 38% (6 and 32), 33% and 29% for 2016/17.
        profile = cm.cluster_profile({99: 23, 4: 28, 12: 26, 19: 23}, unclustered=False)
        assert (profile * 100).round().tolist() == [36, 34, 30]

    def test_bands_and_their_change_over_years(self) -> None:
        # Profile of service utilisation by major care cluster groups: 11/23/33/33% in 2012/13, 6/32/33/29% in 2016/17.
        first = cm.cluster_profile({2: 11, 5: 23, 12: 33, 19: 33}, by="band")
        last = cm.cluster_profile({2: 6, 5: 32, 12: 33, 19: 29}, by="band")
        change = cm.percentage_point_change(last, first)
        assert change.round(9).to_dict() == {"1-3": -5, "4-8": 9, "10-17": 0, "18-21": -4}

    def test_every_spelling_of_a_cluster(self) -> None:
        assert cm.cluster_profile({"Cluster 3": 1, "03": 1, 3.0: 2}).to_dict() == {"Non-psychosis": 1.0}
        series = pd.Series([1, 3], index=["04", "99"])
        assert cm.cluster_profile(series).to_dict() == {"Non-psychosis": 0.25, "Unclustered": 0.75}

    @given(st.dictionaries(st.sampled_from(IN_USE), st.floats(1, 1e6), min_size=1))
    def test_shares_add_to_one(self, caseload: dict[int, float]) -> None:
        assert cm.cluster_profile(caseload).sum() == pytest.approx(1)

    def test_what_is_no_cluster_is_refused(self) -> None:
        for key in (9, 22, "forensic"):
            with pytest.raises(cm.BadInput):
                cm.cluster_profile({key: 1})


class TestWaitingBands:
    def test_edges(self) -> None:
        waits = [0, 3.99, 4, 10.99, 11, 18, 18.01]
        assert cm.waiting_bands(waits).tolist() == [2, 2, 2, 1]

    @given(st.lists(st.floats(0, 200), min_size=1))
    def test_every_wait_is_in_one_band(self, waits: list[float]) -> None:
        counts = cm.waiting_bands(np.array(waits))
        assert counts.sum() == len(waits)
        assert counts.iloc[:3].sum() / len(waits) == pytest.approx(cm.share_within(np.array(waits), 18))

    def test_missing_waits_are_in_none(self) -> None:
        assert cm.waiting_bands([1, np.nan]).sum() == 1

    def test_negative_waits_are_refused(self) -> None:
        with refused("waits", -1.0, expected="zero or more"):
            cm.waiting_bands([-1, 2])


class TestIaptBesideCaseload:
    def test_series_of_a_table_are_indexed_together(self) -> None:
        table = pd.DataFrame({"iapt": [50.0, 100.0], "caseload": [80.0, 60.0]}, index=["2013/14", "2016/17"])
        indexed = cm.index_to_base(table, "2013/14")
        assert indexed.loc["2016/17"].to_dict() == {"iapt": 200.0, "caseload": 75.0}


@pytest.mark.parametrize(("waits", "value"), [([1, -2.0, 3], -2.0), (["long"], ["long"])])
def test_waits_that_are_none_are_named_by_their_argument(waits: list[object], value: object) -> None:
    with pytest.raises(cm.BadInput) as caught:
        cm.waiting_bands(waits)
    assert [(each.column, each.value) for each in caught.value.problems] == [("waits", value)]
