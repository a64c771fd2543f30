"""Das Gupta's standardisation of rates: his published tables, the laws that it obeys, and what is refused.

The tables are those of Das Gupta (1993), Standardization and decomposition of rates: a user's manual, US Bureau of the
Census P23-186, with the figures as the README of the R package DasGuptR 2.1 gives them.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmhs_metrics import BadInput
from cmhs_metrics.decomposition import decompose_product_change, decompose_rates
from tests.support.budgets import examples
from tests.support.refusals import refused

AGES = ["15-19", "20-24", "25-29", "30-34", "35-39", "40-44"]
NON_MARITAL = pd.DataFrame(
    {
        "year": np.repeat([1963, 1968, 1973, 1978, 1983], 6),
        "age": AGES * 5,
        "A": [
            0.200, 0.163, 0.146, 0.154, 0.168, 0.169, 0.215, 0.191, 0.156, 0.137, 0.144, 0.157, 0.218, 0.203, 0.175,
            0.144, 0.127, 0.133, 0.205, 0.200, 0.181, 0.162, 0.134, 0.118, 0.169, 0.195, 0.190, 0.174, 0.150, 0.122,
        ],
        "B": [
            0.866, 0.325, 0.119, 0.099, 0.099, 0.121, 0.891, 0.373, 0.124, 0.100, 0.107, 0.127, 0.870, 0.396, 0.158,
            0.125, 0.113, 0.129, 0.900, 0.484, 0.243, 0.176, 0.155, 0.168, 0.931, 0.563, 0.311, 0.216, 0.199, 0.191,
        ],
        "C": [
            0.007, 0.021, 0.023, 0.015, 0.008, 0.002, 0.010, 0.023, 0.023, 0.015, 0.008, 0.002, 0.011, 0.016, 0.017,
            0.011, 0.006, 0.002, 0.014, 0.019, 0.015, 0.010, 0.005, 0.001, 0.018, 0.026, 0.023, 0.016, 0.008, 0.002,
        ],
        "D": [
            0.454, 0.326, 0.195, 0.107, 0.051, 0.015, 0.433, 0.249, 0.159, 0.079, 0.037, 0.011, 0.314, 0.181, 0.133,
            0.063, 0.023, 0.006, 0.313, 0.191, 0.143, 0.069, 0.021, 0.004, 0.380, 0.201, 0.149, 0.079, 0.025, 0.006,
        ],
    }
)  # fmt: skip
DEATHS = pd.DataFrame(
    {
        "race": np.tile(np.repeat([1, 2], 11), 2),
        "age": np.tile(np.arange(1, 12), 4),
        "year": np.repeat([1985, 1970], 22),
        "size": [
            3041, 11577, 27450, 32711, 35480, 27411, 19555, 19795, 15254, 8022, 2472, 707, 2692, 6473, 6841, 6547, 4352,
            3034, 2540, 1749, 804, 236, 2968, 11484, 34614, 30992, 21983, 20314, 20928, 16897, 11339, 5720, 1315, 535,
            2162, 6120, 4781, 3096, 2718, 2363, 1767, 1149, 448, 117,
        ],
        "rate": [
            9.163, 0.462, 0.248, 0.929, 1.084, 1.810, 4.715, 12.187, 27.728, 64.068, 157.570, 17.208, 0.738, 0.328,
            1.103, 2.045, 3.724, 8.052, 17.812, 34.128, 68.276, 125.161, 18.469, 0.751, 0.391, 1.146, 1.287, 2.672,
            6.636, 15.691, 34.723, 79.763, 176.837, 36.993, 1.352, 0.541, 2.040, 3.523, 6.746, 12.967, 24.471, 45.091,
            74.902, 123.205,
        ],
    }
)  # fmt: skip


def non_marital(A: Any, B: Any, C: Any, D: Any) -> Any:
    return np.sum(A * B * C) / (np.sum(A * B * C) + np.sum(A * (1 - B) * D))


def growth(survivors: Any, fertility: Any) -> float:
    """The intrinsic growth rate: r such that Σ exp(−r x) L m is 1, by Newton's method."""
    ages, born, r = 5 * np.arange(1, 10) + 7.5, survivors * fertility / 100_000, 0.0
    for _ in range(50):
        each = np.exp(-r * ages) * born
        r += (each.sum() - 1) / (ages * each).sum()
    return r


class TestPublishedTables:
    def test_3_1_a_difference(self) -> None:
        states = pd.DataFrame({"year": [1940, 1960], "births": [19.4, 23.7], "deaths": [10.8, 9.5]})
        found = decompose_rates(states, "year", ["births", "deaths"], rate=lambda births, deaths: births - deaths)
        assert found.rates.loc["births"].tolist() == pytest.approx([9.25, 13.55])
        assert found.rates.loc["deaths"].tolist() == pytest.approx([10.75, 12.05])
        parts = found.between(1940, 1960)
        assert parts["part"].tolist() == pytest.approx([4.3, 1.3, 5.6])
        assert parts["percent"].round(2).tolist() == [76.79, 23.21, 100]

    def test_4_1_a_rate_that_is_found_by_iteration(self) -> None:
        table = pd.DataFrame(
            {
                "year": np.repeat([1965, 1960], 9),
                "age": [*range(10, 55, 5)] * 2,
                "survivors": [
                    486446, 485454, 483929, 482046, 479522, 475844, 470419, 462351, 450468, 485434, 484410, 492905,
                    481001, 478485, 474911, 469528, 461368, 449349,
                ],
                "fertility": [
                    0.00041, 0.03416, 0.09584, 0.07915, 0.04651, 0.02283, 0.00631, 0.00038, 0, 0.00040, 0.04335,
                    0.12581, 0.09641, 0.05504, 0.02760, 0.00756, 0.00045, 0,
                ],
            }
        )  # fmt: skip
        found = decompose_rates(table, "year", ["survivors", "fertility"], cells="age", rate=growth)
        assert found.rates.loc["crude"].tolist() == pytest.approx([0.01213679, 0.02107187], abs=1e-7)
        assert found.rates.loc["survivors"].tolist() == pytest.approx([0.01649246, 0.01670319], abs=1e-7)
        assert found.between(1960, 1965)["part"].tolist() == pytest.approx(
            [-0.0002107251, -0.0087243576, -0.0089350827], abs=1e-8
        )

    def test_4_4_four_vectors_and_a_ratio_of_sums(self) -> None:
        table = NON_MARITAL[NON_MARITAL["year"].isin([1963, 1983])]
        found = decompose_rates(table, "year", list("ABCD"), cells="age", rate=non_marital)
        assert found.rates[1963].tolist() == pytest.approx(
            [0.07770985, 0.04742107, 0.05924498, 0.05962676, 0.03094957], abs=1e-8
        )
        assert found.between(1963, 1983)["percent"].round(2).tolist() == [-6.59, 51.64, 28.72, 26.22, 100]

    def test_5_3_a_cross_classified_structure(self) -> None:
        found = decompose_rates(DEATHS, "year", "rate", cells=["race", "age"], structure="size")
        parts = found.between(1970, 1985)
        assert parts.loc["rate", ["before", "after"]].tolist() == pytest.approx([10.257368, 8.029643], abs=1e-6)
        assert parts.loc["age structure", ["before", "after", "part"]].tolist() == pytest.approx(
            [8.385332, 9.907067, 1.5217347], abs=1e-6
        )
        assert parts.loc["race structure", "part"] == pytest.approx(0.0197749, abs=1e-7)
        assert parts.loc["crude", ["before", "after"]].tolist() == pytest.approx([9.421833, 8.735618], abs=1e-6)

    def test_6_5_five_years_reconciled(self) -> None:
        found = decompose_rates(
            NON_MARITAL, "year", list("ABCD"), cells="age", rate=lambda **given: 1_000 * non_marital(**given)
        )
        assert found.rates.loc["A"].tolist() == pytest.approx(
            [72.77031, 74.65254, 73.83625, 71.36001, 64.60057], abs=1e-5
        )
        assert found.rates.loc["B"].tolist() == pytest.approx(
            [53.28255, 56.63216, 59.52972, 79.49763, 104.38728], abs=1e-5
        )
        assert found.rates.loc["C"].tolist() == pytest.approx(
            [62.17750, 69.61231, 60.48031, 68.54219, 94.17361], abs=1e-5
        )
        assert found.rates.loc["D"].tolist() == pytest.approx(
            [54.83361, 64.43823, 81.24203, 79.60288, 74.12756], abs=1e-5
        )


worlds = st.integers(0, 10_000).map(np.random.default_rng)


def made(draw: np.random.Generator, years: int) -> pd.DataFrame:
    """Random rates and sizes of two ages by three types of team."""
    cells = list(itertools.product(range(years), ["young", "old"], ["core", "crisis", "assertive"]))
    table = pd.DataFrame(cells, columns=["year", "age", "team"])
    number = len(table)
    return table.assign(
        size=draw.integers(0, 50, number) + 1, contacts=draw.uniform(1, 9, number), cost=draw.uniform(1, 9, number)
    )


class TestLaws:
    @examples(15)
    @given(draw=worlds, years=st.integers(2, 4), structure=st.booleans())
    def test_parts_add_up_to_the_difference_and_over_any_chain(
        self, draw: np.random.Generator, years: int, structure: bool
    ) -> None:
        table = made(draw, years)
        arguments: dict[str, Any] = {"cells": ["age", "team"], "structure": "size" if structure else None}
        found = decompose_rates(table, "year", ["contacts", "cost"], **arguments)
        for one, other in itertools.combinations(range(years), 2):
            parts = found.between(one, other)["part"]
            assert parts[:-1].sum() == pytest.approx(parts["crude"])
        if years > 2:
            chain = [found.between(at, at + 1)["part"] for at in range(2)]
            assert (chain[0] + chain[1]).tolist() == pytest.approx(found.between(0, 2)["part"].tolist())

    def test_groups_by_hand(self) -> None:
        # Of two and one, then of four and one: all is the factor's, and the groups stand in the order of the table.
        table = pd.DataFrame({"year": [1, 1, 2, 2], "team": [*"BAAB"], "contacts": [2.0, 1, 1, 4]})
        found = decompose_rates(table, "year", "contacts", cells="team").between(1, 2, by="team")
        assert found.index.tolist() == [("contacts", "B"), ("contacts", "A"), ("crude", "B"), ("crude", "A")]
        assert found["part"].tolist() == [2, 0, 2, 0]
        assert found["percent"].tolist() == [100, 0, 100, 0]
        assert repr(decompose_rates(table, "year", "contacts", cells="team")).splitlines() == [
            "RateDecomposition of 2 populations; 1 to 2:",
            "  contacts 3 → 5, +2",
            "  crude    3 → 5, +2",
        ]
        missing = decompose_rates(table.assign(contacts=[2, math.nan, 1, 4]), "year", "contacts", cells="team")
        assert missing.between(1, 2, by="team")["part"].isna().tolist() == [False, True, False, True]

    @examples(15)
    @given(draw=worlds)
    def test_groups_add_up(self, draw: np.random.Generator) -> None:
        found = decompose_rates(made(draw, 3), "year", ["contacts", "cost"], cells=["age", "team"], structure="size")
        whole = found.between(0, 2)["part"]
        for by in ("age", ["team"], ["age", "team"]):
            parts = found.between(0, 2, by=by)["part"]
            assert parts.groupby(level="factor").sum()[whole.index].tolist() == pytest.approx(whole.tolist())

    @examples(15)
    @given(draw=worlds)
    def test_of_products_parts_are_shapley_values(self, draw: np.random.Generator) -> None:
        table = made(draw, 2)
        found = decompose_rates(table, "year", ["size", "contacts", "cost"], cells=["age", "team"])
        sides = [
            {name: table.loc[table["year"] == year, name].to_numpy(float) for name in ("size", "contacts", "cost")}
            for year in (0, 1)
        ]
        shapley = decompose_product_change(*sides, method="shapley")
        for name in ("size", "contacts", "cost"):
            assert found.between(0, 1).loc[name, "part"] == pytest.approx(shapley.parts[name].sum())

    def test_a_structure_that_is_the_same_has_no_part(self) -> None:
        table = made(np.random.default_rng(1), 2)
        table["size"] = np.tile([10, 20, 30, 5, 5, 30], 2) * np.repeat([1, 7], 6)
        parts = decompose_rates(table, "year", "cost", cells=["age", "team"], structure="size").between(0, 1)["part"]
        assert parts[["age structure", "team structure"]].tolist() == pytest.approx([0, 0], abs=1e-12)
        assert parts["cost"] == pytest.approx(parts["crude"])

    def test_rows_may_come_in_any_order_and_kind(self) -> None:
        arguments: dict[str, Any] = {"cells": ["race", "age"], "structure": "size"}
        expected = decompose_rates(DEATHS, "year", "rate", **arguments).between(1970, 1985)
        for table in (DEATHS.sample(frac=1, random_state=3), pl.from_pandas(DEATHS)):
            pd.testing.assert_frame_equal(
                decompose_rates(table, "year", "rate", **arguments).between(1970, 1985), expected
            )

    def test_an_empty_cell_counts_for_nothing(self) -> None:
        table = pd.DataFrame(
            {"year": [0, 0, 1, 1], "age": ["a", "b"] * 2, "size": [10, 0, 5, 5], "rate": [1.0, 7.0, 1.0, 3.0]}
        )
        found = decompose_rates(table, "year", "rate", cells="age", structure="size")
        assert found.rates.loc["crude"].tolist() == [1, 2]
        # ¼ × (3 − 7), and 1 × −½ + 5 × ½: a rate that is known counts, whoever is there.
        assert found.between(0, 1)["part"].tolist() == pytest.approx([-1, 2, 1])
        missing = decompose_rates(
            table.assign(rate=[1, math.nan, 1, math.nan]), "year", "rate", cells="age", structure="size"
        )
        assert missing.between(0, 1)["part"].isna().all()
        assert missing.rates.index.name == "factor"

    def test_sizes_may_be_shares(self) -> None:
        table = pd.DataFrame(
            {"year": [0, 0, 1, 1], "age": ["a", "b"] * 2, "size": [0.75, 0.25, 0.5, 0.5], "rate": [1.0, 7.0, 1.0, 3.0]}
        )
        found = decompose_rates(table, "year", "rate", cells="age", structure="size").between(0, 1)
        # 2.5 → 2: ⅜ × (3 − 7), and 1 × −¼ + 5 × ¼.
        assert found["part"].tolist() == pytest.approx([-1.5, 1, -0.5])

    def test_of_three_columns_parts_add_up(self) -> None:
        cells = pd.MultiIndex.from_product([[0, 1], [*"ab"], [*"cd"], [*"ef"]], names=["year", "age", "sex", "team"])
        table = cells.to_frame(index=False).assign(
            rate=[*range(1, 9), *range(4, 12)], size=[*range(3, 11), *range(16, 8, -1)]
        )
        found = decompose_rates(table, "year", "rate", cells=["age", "sex", "team"], structure="size").between(0, 1)
        before, after = (part["rate"] @ part["size"] / part["size"].sum() for _, part in table.groupby("year"))
        assert found["part"].iloc[:-1].sum() == pytest.approx(after - before)
        # All rates rise by three.
        assert found["part"]["rate"] == pytest.approx(3)

    SPREAD = pd.DataFrame(
        {
            "year": [0] * 4 + [1] * 4,
            "age": ["young", "old"] * 4,
            "team": ["core", "core", "crisis", "crisis"] * 2,
            "size": [2.0, 2, 0, 0, 1, 1, 1, 1],
            "rate": [1.0, 1, 3, 3] * 2,
        }
    )
    """A type of team that comes, with as many young people as old ones in it, as in all others."""

    @pytest.mark.parametrize("years", [(0, 1), (1, 0)])
    @pytest.mark.parametrize("rate", [3.0, math.nan])
    def test_a_group_that_comes_or_goes_is_a_part_of_its_own_structure(
        self, years: tuple[int, int], rate: float
    ) -> None:
        # The mean of 1 alone becomes that of 1 and 3. No rate has changed, nor are people younger or older; where there
        # are no people, their rate need not be known.
        table = self.SPREAD.assign(rate=[1, 1, rate, rate, 1, 1, 3, 3])
        # Nobody is anywhere in assertive outreach, at either end: that counts for nothing.
        nobody = pd.DataFrame({"year": [0, 0, 1, 1], "age": ["young", "old"] * 2, "team": "outreach", "size": 0.0})
        table = pd.concat([table, nobody.assign(rate=rate)])
        found = decompose_rates(table, "year", "rate", cells=["age", "team"], structure="size").between(*years)
        change = 1 if years == (0, 1) else -1
        assert found["part"].to_dict() == pytest.approx(
            {"rate": 0, "age structure": 0, "team structure": change, "crude": change}
        )

    @pytest.mark.parametrize("sizes", [[math.nan, 2, 0, 0], [0, 0, 0, 0]])
    def test_of_missing_sizes_or_of_nobody_there_is_no_rate(self, sizes: list[float]) -> None:
        table = self.SPREAD.assign(size=[*sizes, 1, 1, 1, 1])
        found = decompose_rates(table, "year", "rate", cells=["age", "team"], structure="size")
        assert math.isnan(found.rates.loc["crude", 0])
        assert found.rates.loc["crude", 1] == 2
        assert found.between(0, 1)["part"].isna().all()

    def test_a_missing_rate_of_people_leaves_its_population_without_one(self) -> None:
        table = self.SPREAD.assign(rate=[1, 1, math.nan, math.nan, 1, 1, math.nan, 3])
        found = decompose_rates(table, "year", "rate", cells=["age", "team"], structure="size")
        assert found.rates.loc["crude", 0] == 1
        assert math.isnan(found.rates.loc["crude", 1])
        assert found.between(0, 1)["part"].isna().all()

    def test_missing_stays_so(self) -> None:
        found = decompose_rates(
            DEATHS.assign(rate=DEATHS["rate"].where(DEATHS.index > 0)), "year", "rate", cells=["race", "age"]
        )
        assert math.isnan(found.rates.loc["crude", 1985])
        assert found.rates.loc["crude", 1970] > 0


class TestRefused:
    @pytest.mark.parametrize(
        ("wrong", "named"),
        [
            ({"population": "yaer"}, ["population"]),
            ({"factors": ["rate", "cost"]}, ["factors"]),
            ({"factors": []}, ["factors"]),
            ({"cells": ["race", "agee"]}, ["cells"]),
            ({"structure": "sizes"}, ["structure"]),
            ({"cells": ()}, ["cells"]),
            ({"cells": ["race", 5]}, ["cells"]),
            ({"factors": 5}, ["factors"]),
            ({"rate": lambda rate: rate[:3]}, ["rate"]),
            ({"rate": lambda rate: rate.sum()}, ["rate"]),
        ],
    )
    def test_by_name(self, wrong: dict[str, Any], named: list[str]) -> None:
        arguments = {"population": "year", "factors": "rate", "cells": ["race", "age"], "structure": "size"} | wrong
        with pytest.raises(BadInput) as caught:
            decompose_rates(DEATHS, **arguments)
        assert [problem.column for problem in caught.value.problems] == named

    @pytest.mark.parametrize("structure", ["size", None])
    def test_what_a_rate_function_may_give(self, structure: str | None) -> None:
        with pytest.raises(BadInput) as caught:
            decompose_rates(
                DEATHS, "year", "rate", cells=["race", "age"], structure=structure, rate=lambda rate: rate[:3]
            )
        (problem,) = caught.value.problems
        # The sizes of cells weigh the rates of cells.
        assert ("one for all" in problem.expected) is (structure is None)

    def test_cells_twice_or_not_there(self) -> None:
        for table, expected in (
            (pd.concat([DEATHS, DEATHS.head(1)]), "year=1985, race=1, age=1"),
            (DEATHS.iloc[1:], "year=1985, race=1, age=1"),
        ):
            with pytest.raises(BadInput) as caught:
                decompose_rates(table, "year", "rate", cells=["race", "age"], structure="size")
            assert [problem.row for problem in caught.value.problems] == [expected]
        with pytest.raises(BadInput) as caught:
            decompose_rates(
                pd.concat([DEATHS.iloc[1:], DEATHS.tail(1)]), "year", "rate", cells=["race", "age"], structure="size"
            )
        last = ", ".join(f"{name}={DEATHS[name].iloc[-1]}" for name in ("year", "race", "age"))
        assert [each.row for each in caught.value.problems] == [last, "year=1985, race=1, age=1"]

    def test_twenty_cells_are_named_and_no_more(self) -> None:
        table = pd.DataFrame({"year": [0] * 30 + [1] * 30, "age": [*range(30)] * 2, "rate": 1.0})
        for wrong in (pd.concat([table, table.head(21)]), table.iloc[21:], table.iloc[:39]):
            with pytest.raises(BadInput) as caught:
                decompose_rates(wrong, "year", "rate", cells="age")
            assert [problem.column for problem in caught.value.problems] == ["year"] * 20

    def test_ten_factors_and_no_more(self) -> None:
        names = [*"abcdefghij"]
        table = pd.DataFrame({"year": [0, 1]} | dict.fromkeys([*names, "k"], 1.0)).assign(c=[1.0, 3.0])
        assert decompose_rates(table, "year", names).between(0, 1)["part"].to_dict() == pytest.approx(
            dict.fromkeys(names, 0) | {"c": 2, "crude": 2}
        )
        for factors in ([*names, "k"], []):
            with pytest.raises(BadInput) as caught:
                decompose_rates(table, "year", factors)
            assert [problem.column for problem in caught.value.problems] == ["factors"]

    @pytest.mark.parametrize("label", [None, math.nan])
    def test_a_row_without_a_population(self, label: object) -> None:
        table = pd.DataFrame({"year": pd.Series([0, 1, label], dtype=object), "rate": [1.0, 2, 3]})
        with pytest.raises(BadInput) as caught:
            decompose_rates(table, "year", "rate")
        assert [problem.column for problem in caught.value.problems] == ["year"]

    def test_one_population_and_negative_sizes(self) -> None:
        with pytest.raises(BadInput):
            decompose_rates(DEATHS[DEATHS["year"] == 1970], "year", "rate", cells=["race", "age"])
        with pytest.raises(BadInput):
            decompose_rates(DEATHS.assign(size=-1), "year", "rate", cells=["race", "age"], structure="size")

    def test_between_what_is_not_there(self) -> None:
        found = decompose_rates(DEATHS, "year", "rate", cells=["race", "age"], structure="size")
        for arguments, named in (
            ((1970, 1986), [("after", 1986)]),
            ((1969, 1986), [("before", 1969), ("after", 1986)]),
            ((1970, 1985, "sex"), [("by", "sex")]),
            ((1970, 1985, ["race", "sex", "factor"]), [("by", "sex"), ("by", "factor")]),
        ):
            with pytest.raises(BadInput) as caught:
                found.between(*arguments)
            assert [(problem.column, problem.value) for problem in caught.value.problems] == named
        one = decompose_rates(NON_MARITAL, "year", list("ABCD"), cells="age", rate=non_marital)
        with pytest.raises(BadInput) as caught:
            one.between(1963, 1968, by="age")
        assert [problem.column for problem in caught.value.problems] == ["by"]
        assert one.between(1963, 1968, by=()).index.tolist() == [*"ABCD", "crude"]

    @pytest.mark.parametrize("wrong", [5, ["rate", 5]])
    def test_what_is_no_name_is_told_by_the_argument(self, wrong: Any) -> None:
        asked = {"cells": ["race", "age"], "structure": "size"}
        with refused("factors", 5):
            decompose_rates(DEATHS, "year", wrong, **asked)
        with refused("cells", 5):
            decompose_rates(DEATHS, "year", "rate", **asked | {"cells": wrong})
        with refused("by", 5):
            decompose_rates(DEATHS, "year", "rate", **asked).between(1970, 1985, by=wrong)
