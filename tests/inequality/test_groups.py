"""Gaps between groups, and groups by deprivation, by hand."""

from __future__ import annotations

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest

from cmhs_metrics import BadInput
from cmhs_metrics import inequality as q
from cmhs_metrics import intervals as ci
from tests.support.refusals import refused

FOUND = pd.DataFrame(
    {
        "icb": ["A", "A", "A", "B", "B"],
        "ethnic_group": ["White", "Black", "Asian", "White", "Black"],
        "unseen": [120, 45, 0, 60, 30],
        "admissions": [1_000, 200, 50, 400, 150],
    }
)
SHARES = {"count": "unseen", "population": "admissions", "kind": "proportion", "reference": "White"}


class TestGaps:
    def test_within_each_place(self) -> None:
        gaps = q.group_gaps(FOUND, "ethnic_group", by="icb", **SHARES)
        assert gaps["value"].tolist() == [0.12, 0.225, 0, 0.15, 0.2]
        assert gaps["difference"].tolist() == pytest.approx([0, 0.105, -0.12, 0, 0.05])
        assert gaps["ratio"].tolist() == pytest.approx([1, 1.875, 0, 1, 4 / 3])
        bounds = ci.proportion_difference_interval(45, 200, 120, 1_000)
        assert gaps.loc[1, ["difference_lower", "difference_upper"]].tolist() == pytest.approx(list(bounds))
        bounds = ci.proportion_ratio_interval(30, 150, 60, 400)
        assert gaps.loc[4, ["ratio_lower", "ratio_upper"]].tolist() == pytest.approx(list(bounds))
        assert gaps.loc[[0, 3], ["difference_lower", "ratio_upper"]].isna().all(axis=None)

    def test_over_all_places_rows_are_added(self) -> None:
        gaps = q.group_gaps(pl.from_pandas(FOUND), "ethnic_group", **SHARES)
        assert isinstance(gaps, pl.DataFrame)
        assert gaps["unseen"].to_list() == [180, 75, 0]
        assert gaps["value"].to_list() == [180 / 1_400, 75 / 350, 0]

    def test_rates(self) -> None:
        table = pd.DataFrame({"sex": ["m", "f"], "events": [40, 60], "people": [20_000, 40_000]})
        gaps = q.group_gaps(table, "sex", count="events", population="people", reference="f", per=1_000)
        assert gaps.loc[0, ["value", "difference", "ratio"]].tolist() == pytest.approx([2, 0.5, 4 / 3])
        bounds = ci.rate_ratio_interval(40, 20_000, 60, 40_000)
        assert gaps.loc[0, ["ratio_lower", "ratio_upper"]].tolist() == pytest.approx(list(bounds))
        bounds = ci.rate_difference_interval(40, 20_000, 60, 40_000, 1_000)
        assert gaps.loc[0, ["difference_lower", "difference_upper"]].tolist() == pytest.approx(list(bounds))

    @pytest.mark.parametrize("dtype", ["object", "string", "Int64", "int64[pyarrow]"])
    def test_a_group_that_is_missing_is_one_beside_the_reference(self, dtype: str) -> None:
        groups = pd.array(["1", "2", None] if dtype in ("object", "string") else [1, 2, None], dtype=dtype)
        table = pd.DataFrame({"sex": groups, "events": [40, 60, 10], "people": [20_000, 40_000, 10_000]})
        gaps = q.group_gaps(table, "sex", count="events", population="people", reference=groups[0], per=1_000)
        assert gaps["difference"].tolist() == pytest.approx([0, -0.5, -1])

    def test_a_query_is_run(self) -> None:
        expected = q.group_gaps(FOUND, "ethnic_group", **SHARES)
        for table in (pl.from_pandas(FOUND).lazy(), duckdb.from_df(FOUND)):
            gaps = q.group_gaps(table, "ethnic_group", **SHARES)
            held = gaps.to_pandas().set_index("ethnic_group").loc[expected["ethnic_group"]]
            assert held["ratio_upper"].tolist() == pytest.approx(expected["ratio_upper"].tolist(), nan_ok=True)

    def test_without_a_reference_there_is_no_gap(self) -> None:
        table = pd.concat(
            [FOUND, pd.DataFrame({"icb": ["C"], "ethnic_group": ["Black"], "unseen": [1], "admissions": [9]})]
        )
        gaps = q.group_gaps(table, "ethnic_group", by="icb", **SHARES)
        assert gaps.iloc[-1][["difference", "ratio", "ratio_lower"]].isna().all()
        assert gaps.iloc[-1]["value"] == pytest.approx(1 / 9)

    def test_a_missing_count_makes_its_group_missing(self) -> None:
        gaps = q.group_gaps(FOUND.assign(unseen=[120, None, 0, 60, 30]), "ethnic_group", **SHARES)
        assert gaps["value"].isna().tolist() == [False, True, False]

    def test_a_count_in_parts_is_none(self) -> None:
        with refused("numerator", 75.5, row="2nd row", expected="a whole number"):
            q.group_gaps(FOUND.assign(unseen=[120, 45.5, 0, 60, 30]), "ethnic_group", **SHARES)

    @pytest.mark.parametrize(
        ("wrong", "named"),
        [
            ({"reference": "Wite"}, ["reference"]),
            ({"count": "unsen"}, ["count"]),
            ({"population": "people", "by": ["trust"]}, ["by", "population"]),
            ({"kind": "share"}, ["kind"]),
        ],
    )
    def test_wrong_arguments_by_name(self, wrong: dict, named: list[str]) -> None:
        with pytest.raises(BadInput) as refused:
            q.group_gaps(FOUND, "ethnic_group", **{**SHARES, **wrong})
        assert [problem.column for problem in refused.value.problems] == named


class TestByDeprivation:
    SCORES = pd.DataFrame({"lsoa": [f"E{at:02}" for at in range(20)], "score": np.arange(20.0)[::-1]})
    TABLE = pd.DataFrame(
        {
            "lsoa": ["E00", "E01", "E02", "E19", "E99", "E00"],
            "icb": ["A", "A", "A", "A", "A", "B"],
            "contacts": [10, 20, 30, 40, 5, 7],
            "people": 1_500,
        }
    )

    def test_tenths_of_the_country_and_not_of_the_table(self) -> None:
        # Twenty areas: two to a tenth, E00 and E01 in the first; E00 has two rows and is one area.
        found = q.by_deprivation(self.TABLE, self.SCORES, "lsoa", "score")
        assert found["deprivation_decile"].tolist() == ["1", "2", "10", "not known"]
        assert found["contacts"].tolist() == [37, 30, 40, 5]
        assert found["areas"].tolist() == [2, 1, 1, 1]
        assert found["contacts"].sum() == self.TABLE["contacts"].sum()

    def test_what_would_be_added_again_is_refused(self) -> None:
        people = self.TABLE.rename(columns={"people": "registered_population"})
        with refused("registered_population", names="by="):
            q.by_deprivation(people, self.SCORES, "lsoa", "score")
        # E00 and E01 of A are in its first tenth.
        found = q.by_deprivation(people, self.SCORES, "lsoa", "score", by="icb")
        assert found.loc[0, "registered_population"] == 3_000
        with refused("organisations"):
            q.by_deprivation(self.TABLE.rename(columns={"people": "organisations"}), self.SCORES, "lsoa", "score")

    def test_by_place(self) -> None:
        found = q.by_deprivation(self.TABLE, self.SCORES, "lsoa", "score", by="icb", groups=5, measures=["contacts"])
        assert list(found) == ["icb", "deprivation_quintile", "areas", "contacts"]
        assert found["deprivation_quintile"].tolist() == ["1", "5", "not known", "1"]
        assert found["contacts"].tolist() == [60, 40, 5, 7]

    def test_ranks_and_groups_are_scores_the_other_way(self) -> None:
        by_score = q.by_deprivation(self.TABLE, self.SCORES, "lsoa", "score", groups=5)
        ranks = self.SCORES.assign(rank=range(1, 21), decile=np.arange(20) // 2 + 1)
        for column, given in (("rank", "rank"), ("decile", "decile")):
            pd.testing.assert_frame_equal(
                q.by_deprivation(self.TABLE, ranks, "lsoa", column, given=given, groups=5), by_score
            )

    def test_equal_numbers_of_areas_also_where_scores_are_alike(self) -> None:
        areas = pd.DataFrame({"lsoa": [f"E{at:03}" for at in range(130)], "score": [3.0] * 130})
        found = q.by_deprivation(
            areas[["lsoa"]].assign(people=1), areas.sample(frac=1, random_state=2), "lsoa", "score"
        )
        assert found["areas"].tolist() == [13] * 10

    def test_a_missing_measure_makes_its_group_missing(self) -> None:
        table = pl.from_pandas(self.TABLE.assign(contacts=[10, None, 30, 40, 5, 7]))
        found = q.by_deprivation(table, pl.from_pandas(self.SCORES), "lsoa", "score")
        assert found["contacts"].to_list() == [None, 30, 40, 5]

    @pytest.mark.parametrize(
        ("wrong", "named"),
        [
            # It is to be a column of both tables.
            ({"area": "msoa"}, ["area", "area"]),
            (
                {"area": "msoa", "deprivation": "imd", "by": "trust", "groups": 1},
                ["area", "by", "area", "deprivation", "groups"],
            ),
            ({"deprivation": "imd"}, ["deprivation"]),
            ({"by": "trust", "measures": ["people", "contact"]}, ["by", "measures"]),
            ({"given": "scores"}, ["given"]),
            ({"groups": 1}, ["groups"]),
        ],
    )
    def test_wrong_arguments_by_name(self, wrong: dict, named: list[str]) -> None:
        arguments = {"area": "lsoa", "deprivation": "score"} | wrong
        with pytest.raises(BadInput) as refused:
            q.by_deprivation(self.TABLE, self.SCORES, **arguments)
        assert [problem.column for problem in refused.value.problems] == named

    def test_areas_twice_or_elsewhere(self) -> None:
        with pytest.raises(BadInput) as refused:
            q.by_deprivation(self.TABLE, pd.concat([self.SCORES, self.SCORES.head(1)]), "lsoa", "score")
        assert [problem.value for problem in refused.value.problems] == ["E00"]
        many = pd.DataFrame({"lsoa": [*range(21)] * 2, "score": 1.0})
        with pytest.raises(BadInput) as refused:
            q.by_deprivation(self.TABLE.assign(lsoa=1), many, "lsoa", "score")
        assert [problem.value for problem in refused.value.problems] == [*range(20)]
        with pytest.raises(BadInput):
            q.by_deprivation(self.TABLE, self.SCORES.assign(lsoa=range(20)), "lsoa", "score")

    def test_deciles_of_a_few_areas_are_no_fifths(self) -> None:
        # Of one place, whose areas are in the more deprived half of the country: three fifths of it, in part.
        table = pd.DataFrame({"lsoa": list("abcde"), "contacts": [1, 2, 4, 8, 16]})
        index = pd.DataFrame({"lsoa": list("abcde"), "decile": [1, 2, 3, 4, 5]})
        found = q.by_deprivation(table, index, "lsoa", "decile", given="decile", groups=5)
        assert found.to_numpy().tolist() == [["1", 2, 3], ["2", 2, 12], ["3", 1, 16]]
        found = q.by_deprivation(table, index, "lsoa", "decile", given="decile")
        assert found["deprivation_decile"].tolist() == ["1", "2", "3", "4", "5"]
        index = index.rename(columns={"decile": "quintile"})
        found = q.by_deprivation(table, index, "lsoa", "quintile", given="quintile", groups=5)
        assert found["contacts"].tolist() == [1, 2, 4, 8, 16]

    def test_given_groups_join_to_whole_ones(self) -> None:
        index = self.SCORES.assign(score=np.arange(20) % 5 + 1)
        for given, groups in (("decile", 4), ("quintile", 10)):
            with refused("groups", groups, expected="a number"):
                q.by_deprivation(self.TABLE, index, "lsoa", "score", given=given, groups=groups)

    @pytest.mark.parametrize(
        ("given", "cell", "groups"), [("decile", 11, 10), ("decile", 0, 5), ("quintile", 6, 5), ("decile", 2.5, 2)]
    )
    def test_a_given_group_is_a_whole_number_within_them(self, given: str, cell: float, groups: int) -> None:
        index = self.SCORES.assign(score=[*[1.0] * 7, cell, *[5.0] * 12])
        with refused("score", cell, row="lsoa=E07", expected="a whole number"):
            q.by_deprivation(self.TABLE, index, "lsoa", "score", given=given, groups=groups)


def test_a_group_without_people_has_no_slope_and_no_warning() -> None:
    table = pd.DataFrame({"decile": [1, 2, 3], "events": [5, 0, 3], "people": [100, 0, 100]})
    for kind in ("rate", "proportion"):
        found = q.slope_indices(table, "decile", count="events", population="people", kind=kind)
        assert found["note"].tolist() == ["a group has no people"]


@pytest.mark.parametrize("wrong", [5, ["icb", 5]])
def test_what_is_no_name_is_told_by_the_argument(wrong: object) -> None:
    deprived = pd.DataFrame({"ethnic_group": ["White", "Black", "Asian"], "score": [3.0, 2, 1]})
    counted = {"count": "unseen", "population": "admissions", "by": wrong}
    with refused("by", 5):
        q.group_gaps(FOUND, "ethnic_group", reference="White", **counted)
    with refused("by", 5):
        q.by_deprivation(FOUND, deprived, "ethnic_group", "score", by=wrong)
    with refused("by", 5):
        q.slope_indices(FOUND, "ethnic_group", **counted)
