"""Care clusters: their names, their groups, and how data write them."""

from __future__ import annotations

import pickle
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmhs_metrics.clusters import CareCluster, SuperClass
from cmhs_metrics.errors import BadInput
from tests.support.refusals import refused

IN_USE = [cluster for cluster in CareCluster if cluster.in_use]


class TestTheAuditsGroups:
    def test_its_profile_has_three_super_classes_by_number(self) -> None:
        # Benchmarking community caseloads – Profile of Trust level PbR patient cluster profiles.
        for heading in ("Non-Psychosis (1-8)", "Psychosis (10-17)", "Organic (18-21)"):
            name, first, last = re.fullmatch(r"(.+) \((\d+)-(\d+)\)", heading).groups()  # type: ignore[union-attr]
            members = [
                each for each in CareCluster if each.super_class and each.super_class.label.lower() == name.lower()
            ]
            assert members == list(range(int(first), int(last) + 1))
        assert CareCluster(99).super_class is SuperClass.NOT_CLUSTERED
        assert SuperClass.NOT_CLUSTERED.label == "Unclustered"

    def test_its_four_bands_hold_every_cluster_between_their_ends(self) -> None:
        # Community MH Caseload – Profile of service utilisation by major care cluster groups; its 16/17 column adds up
        # to 6% + 32% + 33% + 29% = 100% of "all patients with a valid care cluster".
        for band in ("1-3", "4-8", "10-17", "18-21"):
            first, last = map(int, band.split("-"))
            assert [each for each in CareCluster if each.band == band] == list(range(first, last + 1))
        assert {int(each) for each in CareCluster if each.band is None} == {0, 9, 99}

    def test_its_words_for_clusters_1_to_3_are_the_national_names(self) -> None:
        # "Common Mental Health Problems & Non-Psychotic Moderate Severity", same section.
        assert all(CareCluster(number).label.startswith("Common Mental Health Problems") for number in (1, 2))
        assert CareCluster(3).label == "Non-Psychotic (Moderate Severity)"

    @given(st.sampled_from(CareCluster))
    def test_a_band_lies_within_one_super_class(self, cluster: CareCluster) -> None:
        alike = {each.super_class for each in CareCluster if each.band == cluster.band}
        assert cluster.band is None or len(alike) == 1


def test_the_codes_are_0_to_21_and_99_with_a_name_each() -> None:
    assert [int(cluster) for cluster in CareCluster] == [*range(22), 99]
    assert len({cluster.label for cluster in CareCluster}) == 23


class TestParse:
    @given(st.sampled_from(IN_USE), st.data())
    def test_every_way_of_writing_a_code_is_read(self, cluster: CareCluster, data: st.DataObject) -> None:
        number = int(cluster)
        forms: list[object] = [
            cluster, number, float(number), np.int64(number), np.float64(number), str(number), f"{number:02d}",
            f"{number}.0", f" {number} ", f"Cluster {number}", f"CLUSTER{number:02d}", f"Care Cluster {number}",
        ]  # fmt: skip
        assert CareCluster.parse(data.draw(st.sampled_from(forms))) is cluster

    @given(st.sampled_from(IN_USE), st.data())
    def test_every_national_name_is_read_in_any_case_and_punctuation(
        self, cluster: CareCluster, data: st.DataObject
    ) -> None:
        change = data.draw(st.sampled_from([str.upper, str.lower, str.title]))
        gap = data.draw(st.sampled_from([" ", "  ", "-", "_"]))
        assert CareCluster.parse(change(cluster.label).replace(" ", gap)) is cluster

    @pytest.mark.parametrize("text", ["Not clustered", "not_clustered", "Unclustered", "99", 99.0])
    def test_not_clustered(self, text: object) -> None:
        assert CareCluster.parse(text) is CareCluster.NOT_CLUSTERED

    @pytest.mark.parametrize("value", [22, -1, 98, 100, 3.5, "22", "-1", "3.5", "1e1", float("inf"), 10**400])
    def test_numbers_of_no_cluster_are_refused(self, value: object) -> None:
        with refused("cluster", value, names=(0, 21, 99)):
            CareCluster.parse(value)

    @pytest.mark.parametrize(
        "value",
        ["abc", "", "cluster three", "Cluster -3", "22 psychotic crisis", True, False, float("nan"), np.nan, [3], b"3"],
    )
    def test_what_is_no_number_is_refused(self, value: object) -> None:
        with refused("cluster", value, names=(0, 21)):
            CareCluster.parse(value)

    def test_missing_is_not_taken_for_not_clustered(self) -> None:
        with refused("cluster", names=99):
            CareCluster.parse(None)

    def test_a_name_nearly_right_is_offered(self) -> None:
        with refused("cluster", "dual diagnosys", suggests="Dual Diagnosis"):
            CareCluster.parse("dual diagnosys")

    @given(st.integers())
    def test_only_the_codes_are_read(self, number: int) -> None:
        if number in {int(cluster) for cluster in IN_USE}:
            assert CareCluster.parse(number) == number
        else:
            with pytest.raises(BadInput):
                CareCluster.parse(number)


class TestClusterNine:
    def test_it_can_be_named_but_belongs_nowhere(self) -> None:
        nine = CareCluster.UNDER_REVIEW
        assert (nine.value, nine.in_use, nine.super_class, nine.band) == (9, False, None, None)

    @pytest.mark.parametrize("value", [9, 9.0, "09", "Cluster 9", CareCluster.UNDER_REVIEW])
    def test_it_is_read_only_when_asked_for(self, value: object) -> None:
        assert CareCluster.parse(value, allow_unused=True) is CareCluster.UNDER_REVIEW
        with refused("cluster", value, names=9):
            CareCluster.parse(value)


def test_clusters_survive_pickling_and_sort_by_code() -> None:
    assert [pickle.loads(pickle.dumps(cluster)) for cluster in CareCluster] == sorted(CareCluster)
