"""Ambitions: progress, shortfall, required growth, against the figures of the plans."""

from __future__ import annotations

import math
from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cmhs_metrics as cm
from cmhs_metrics import audit
from cmhs_metrics.ambitions import AMBITIONS, _Ambitions
from tests.support.refusals import noted, problem, refused

Q = cm.units.Quantity
positive = st.floats(1, 1e9)


class TestTheLifeOfAnAmbition:
    def test_only_asking_for_one_that_has_ended_tells_of_it(self) -> None:
        # Warnings are errors here: nothing else may tell.
        assert AMBITIONS["eip_two_weeks"].ended == ""
        assert "access" in AMBITIONS
        assert len(list(AMBITIONS.values())) == len(AMBITIONS) == len(list(AMBITIONS))
        assert "access: Access to transformed community care (ended in 2025-04)" in repr(AMBITIONS)
        ended = {name for name, each in AMBITIONS.items() if each.ended}
        # The national targets of access and of physical health checks were dropped by the guidance of 2025/26.
        assert ended == {"access", "access_growth", "health_checks", "additional_health_checks"}
        for name in ended:
            with noted(name, "2025-04", "2025/26", kind=cm.AmbitionEnded):
                AMBITIONS[name]

    def test_what_replaced_it_is_told(self) -> None:
        old = replace(AMBITIONS["ips"], ended="2025-10", ended_by=AMBITIONS["ips"].source, replaced_by="more_ips")
        with noted("ips", "2025-10", "more_ips", kind=cm.AmbitionEnded):
            _Ambitions({"ips": old})["ips"]

    def test_an_unknown_one_is_a_key_error(self) -> None:
        with pytest.raises(KeyError):
            AMBITIONS["acces"]


class TestTheDocuments:
    def test_access(self) -> None:
        # Board paper, paragraph 11: 504k people, "a growth in access on the March 2021 of 28k (5.9%)".
        assert round(cm.percentage_change(504, 504 - 28), 1) == 5.9
        with noted("access", "2025-04", kind=cm.AmbitionEnded):
            access = AMBITIONS["access"]
        with noted("access_growth", "2025-04", kind=cm.AmbitionEnded):
            growth = AMBITIONS["access_growth"]
        assert growth.met(5.9)
        assert growth.met(cm.access_growth(504_000, 476_000))
        assert access.met(504_000)
        assert round(access.progress(504_000), 2) == 1.36

    def test_people_in_contact(self) -> None:
        # Confederation, paragraph 22: 1.34 million against 1.04 million, "a 29% increase".
        assert round(cm.percentage_change(1.34, 1.04)) == 29

    def test_the_eip_standard_is_more_than_half(self) -> None:
        assert not AMBITIONS["eip_two_weeks"].met(0.5)
        assert AMBITIONS["eip_two_weeks"].met(cm.eip_two_week_rate(51, 100))

    def test_a_waiting_time_is_met_from_below(self) -> None:
        assert AMBITIONS["four_weeks"].met(4)
        assert not AMBITIONS["four_weeks"].met(8)
        assert AMBITIONS["four_weeks"].shortfall(8) == 4
        assert AMBITIONS["four_weeks"].met(Q(28, "day"))
        assert not AMBITIONS["four_weeks"].met(Q(29, "day"))
        with refused("progress"):
            AMBITIONS["four_weeks"].progress(8)

    @pytest.mark.parametrize(
        ("name", "printed"), [("access", 370_000), ("health_checks", 390_000), ("ips", 55_000), ("funding", 1e9)]
    )
    def test_values_are_those_of_the_carried_figures(self, name: str, printed: float) -> None:
        assert dict(AMBITIONS.items())[name].value == printed
        carried = audit.figures("web_page_2019")
        assert printed in carried["value"].tolist()

    def test_each_says_what_counts_and_where_it_is_set(self) -> None:
        for ambition in AMBITIONS.values():
            assert ambition.counts
            assert ambition.source.section
            assert ambition.date
            assert ambition.since
            assert ambition.certainty in ("read", "reported", "unverified")
            assert bool(ambition.ended) == (ambition.ended_by is not None)
            Q(ambition.value, ambition.unit)


class TestArithmetic:
    @given(positive, positive)
    def test_progress_and_shortfall_agree(self, actual: float, target: float) -> None:
        assert cm.progress(actual, target) == pytest.approx(1 - cm.shortfall(actual, target) / target)

    @given(st.floats(100, 1e6), st.floats(100, 1e6), st.floats(0.5, 20))
    def test_required_growth_leads_to_the_target(self, actual: float, target: float, years: float) -> None:
        growth = cm.required_growth(actual, target, years)
        assert actual * (1 + growth / 100) ** years == pytest.approx(target, rel=1e-6)

    @given(positive, st.floats(1.01, 10), st.floats(1, 10), st.floats(1.1, 5))
    def test_less_time_asks_for_more_growth(self, actual: float, times: float, years: float, longer: float) -> None:
        assert cm.required_growth(actual, actual * times, years) > cm.required_growth(
            actual, actual * times, years * longer
        )

    def test_on_columns_and_quantities(self) -> None:
        assert cm.progress(pd.Series([1.0, 2.0]), 4).tolist() == [0.25, 0.5]
        assert cm.shortfall(Q(3, "person"), Q(4, "person")) == Q(1, "person")

    def test_nothing_to_grow_from(self) -> None:
        assert math.isnan(cm.required_growth(0, 10, 2))


class TestBadInput:
    def test_every_problem_at_once(self) -> None:
        with refused(
            problem("actual", -1, expected="zero or more"),
            problem("target", math.inf, expected="a finite number"),
            problem("years", 0, expected="above zero"),
        ):
            cm.required_growth(-1, math.inf, 0)

    def test_different_units(self) -> None:
        with pytest.raises(cm.DimensionalityError):
            cm.progress(Q(1, "person"), Q(1, "GBP"))

    def test_a_missing_value_meets_nothing(self) -> None:
        assert not any(ambition.met(math.nan) for ambition in AMBITIONS.values())


@pytest.mark.parametrize("wrong", ["60000", [60_000], pd.Series([0.4])])
def test_what_is_no_single_number_is_named(wrong: object) -> None:
    with pytest.raises(cm.BadInput, match="a single number"):
        AMBITIONS["eip_two_weeks"].met(wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("asked", ["met", "progress", "shortfall"])
def test_a_share_in_per_cent_is_no_proportion(asked: str) -> None:
    # 45% is below the half that is asked for, and 45 was above it.
    with refused("actual", 45):
        getattr(AMBITIONS["eip_two_weeks"], asked)(45)
    assert not AMBITIONS["eip_two_weeks"].met(Q(45, "percent"))
    assert AMBITIONS["eip_two_weeks"].met(1)
