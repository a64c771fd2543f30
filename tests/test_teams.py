"""A team: validated once, at construction, with every problem at once."""

from __future__ import annotations

import dataclasses
import math
import pickle
from collections import namedtuple

import numpy as np
import pandas as pd
import polars as pl
import pytest

import cmhs_metrics as cm
from cmhs_metrics.measures import MEASURES
from tests.support.refusals import ANY, refused

Q = cm.units.Quantity
NORTH = cm.Team("Cambridge North", cm.TeamType.GENERIC_CMHT, total_cost=17.7e6, caseload=5_291, contacts=108_600)


class TestMetrics:
    def test_every_metric_that_the_measures_allow(self) -> None:
        metrics = NORTH.metrics()
        assert list(metrics.index) == [
            "contacts_per_patient",
            "contacts_per_patient_month",
            "year_of_care_cost",
            "cost_per_contact",
        ]
        assert list(metrics.columns) == ["value", "unit", "label"]
        # Unit Costs 2016/17, Generic CMHTs: £3,345 a year of care, £163 a contact.
        assert metrics["value"].round()[["year_of_care_cost", "cost_per_contact"]].tolist() == [3_345, 163]
        assert metrics.loc["year_of_care_cost", "unit"] == "GBP per patient"

    def test_with_units(self) -> None:
        team = cm.Team("North", "CRHT", total_cost=Q(7.4, "MGBP"), contacts=Q(33_600, "contact"))
        assert team.metrics().loc["cost_per_contact", "value"] == pytest.approx(7.4e6 / 33_600)

    def test_says_which_population(self) -> None:
        team = dataclasses.replace(NORTH, registered_population=500_000, weighted_population=600_000)
        assert "caseload_per_100k_weighted" in team.metrics().index
        assert list(team.metrics(["caseload_per_100k"], basis="registered").index) == ["caseload_per_100k_registered"]

    def test_nothing_to_compute_is_an_error(self) -> None:
        with refused(None, ["contacts"], names="contacts_per_100k"):
            cm.Team("North", "CRHT", contacts=5).metrics()
        with refused("wte", expected="a column", names="cost_per_wte"):
            NORTH.metrics(["cost_per_wte"])

    def test_a_months_team_has_no_year_of_care(self) -> None:
        assert "year_of_care_cost" not in dataclasses.replace(NORTH, period="2016-04").metrics().index

    def test_an_empty_team_type_divides_by_nothing(self) -> None:
        assert math.isnan(cm.Team("North", "CRHT", total_cost=1, contacts=0).metrics()["value"].iloc[0])


class TestConstruction:
    def test_every_field_but_the_keys_is_a_measure(self) -> None:
        assert {field.name for field in dataclasses.fields(cm.Team)} - {
            "name",
            "team_type",
            "organisation",
            "period",
        } <= set(MEASURES)

    def test_reads_the_team_type(self) -> None:
        assert cm.Team("North", "Crisis Resolution and Home Treatment").team_type is cm.TeamType.CRHT

    def test_is_frozen_equal_and_picklable(self) -> None:
        with pytest.raises(dataclasses.FrozenInstanceError):
            NORTH.caseload = 1  # type: ignore[misc]
        assert pickle.loads(pickle.dumps(NORTH)) == NORTH
        assert eval(repr(NORTH), {"Team": cm.Team, "TeamType": cm.TeamType}) == NORTH

    def test_every_problem_at_once(self) -> None:
        with pytest.raises(cm.BadInput) as caught:
            cm.Team("", "CRTH", caseload=-5, total_cost="£17m", contacts=math.nan, wte=True, beds=math.inf)
        assert [problem.column for problem in caught.value.problems] == [
            "name",
            "team_type",
            "contacts",
            "total_cost",
            "caseload",
            "wte",
            "beds",
        ]

    def test_parts_and_wholes(self) -> None:
        with refused("face_to_face_contacts", 120, expected="no more than", names=("contacts", 100)):
            cm.Team("North", "CRHT", contacts=100, face_to_face_contacts=120)
        with refused("referrals_accepted", ANY, expected="no more than", names="referrals"):
            cm.Team("North", "CRHT", referrals=Q(1, "referral"), referrals_accepted=Q(2, "referral"))

    def test_units(self) -> None:
        with refused("caseload", "5 GBP", expected="a unit", names="patient"):
            cm.Team("North", "CRHT", caseload=Q(5, "GBP"))
        with refused("contacts", 5, expected="a unit", names=("contact", "total_cost")):
            cm.Team("North", "CRHT", total_cost=Q(5, "GBP"), contacts=5)


class TestFromRow:
    ROW = ("North", "A06", 500, np.nan)

    @pytest.mark.parametrize(
        "row",
        [
            {"team": "North", "team_type": "A06", "caseload": 500, "contacts": None, "icb": "QUE"},
            pd.Series({"team": "North", "team_type": "A06", "caseload": 500, "contacts": pd.NA}),
            namedtuple("Row", "team team_type caseload contacts")(*ROW),
            next(pl.DataFrame({"team": ["North"], "team_type": ["A06"], "caseload": [500]}).iter_rows(named=True)),
        ],
        ids=["dict", "pandas", "itertuples", "polars"],
    )
    def test_takes_a_row_of_any_table(self, row) -> None:
        assert cm.Team.from_row(row) == cm.Team("North", cm.TeamType.GENERIC_CMHT, caseload=500)

    def test_names_a_team_by_its_keys(self) -> None:
        team = cm.Team.from_row({"organisation": "RT1", "team_type": "CRHT", "period": "2016/17"})
        assert (team.name, team.organisation, team.period) == ("RT1 CRHT", "RT1", "2016/17")

    def test_near_misses_are_not_passed_over(self) -> None:
        with refused("case_load", 5, expected="a measure", suggests="caseload"):
            cm.Team.from_row({"team": "North", "team_type": "CRHT", "case_load": 5})
        with refused("team_type", expected="a column"):
            cm.Team.from_row({"team": "North"})


def test_notebooks_show_a_table_and_no_markup_of_others() -> None:
    page = cm.Team("<script>alert(1)</script>", "CRHT", caseload=5)._repr_html_()
    assert "<script>" not in page
    assert "caseload" in page
