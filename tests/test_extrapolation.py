"""Extrapolation: the audit's England totals from its rates, and the people that both imply."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cmhs_metrics as cm
from tests.support.refusals import raised, refused

Q = cm.units.Quantity
positive = st.floats(1, 1e9)


class TestTheAuditsExtrapolations:
    """What the audit "extrapolated to an England-wide position", on the people that its own pairs of figures imply."""

    def test_spending_and_caseload_imply_the_people_aged_16_and_over(self) -> None:
        assert round(cm.implied_population(698_444, 1_555) / 1e6, 1) == 44.9
        assert round(cm.implied_population(2.38e9, 5.32e6) / 1e6, 1) == 44.7

    def test_enhanced_primary_care(self) -> None:
        people = cm.implied_population(904_036, 1_644)
        assert round(people / 1e6, 1) == 55.0
        # £511,061 per 100,000: "Or £281 million invested if extrapolated".
        assert round(cm.extrapolate_rate(511_061, people) / 1e6) == 281

    def test_amhps_and_assessments(self) -> None:
        # "an average position of 6 WTE", "around 3250": 54.2m people.
        assert round(cm.implied_population(3_250, 6) / 1e6, 1) == 54.2
        # 35 per 100,000 aged 0-17, "around 4,100"; 227 per 100,000 aged 65+, "around 22,500".
        assert round(cm.implied_population(4_100, 35) / 1e6, 1) == 11.7
        assert round(cm.implied_population(22_500, 227) / 1e6, 1) == 9.9

    def test_trained_professionals_and_therapists(self) -> None:
        # 62 per 100,000 on the 55.0m people above are 34,100; the audit prints "around 35,000".
        assert round(cm.extrapolate_rate(62, 55.0e6)) == 34_100
        # 9.3 per 100,000 and 4,949 WTE stand on 53.2m people, not 55.0m.
        assert round(cm.implied_population(4_949, 9.3) / 1e6, 1) == 53.2


class TestArithmetic:
    @given(positive, positive)
    def test_there_and_back(self, rate: float, population: float) -> None:
        total = cm.extrapolate_rate(rate, population)
        assert cm.implied_population(total, rate) == pytest.approx(population)
        assert cm.per_100k(total, population) == pytest.approx(rate)

    @given(positive, st.integers(1, 99), st.integers(1, 99))
    def test_all_answering_changes_nothing(self, total: float, responded: int, more: int) -> None:
        assert cm.extrapolate_response(total, responded, responded) == pytest.approx(total)
        assert cm.extrapolate_response(total, responded, responded + more) > total

    def test_units(self) -> None:
        total = cm.extrapolate_rate(Q(1_644, "patient / person_100k"), Q(55, "Mperson"))
        assert total.units == Q(1, "patient").units
        assert total.magnitude == pytest.approx(904_200)
        people = cm.implied_population(Q(698_444, "patient"), Q(1_555, "patient / person_100k"))
        assert str(people.units) == "person"
        with raised(cm.DimensionalityError, "rate", "1555 GBP / person_100k"):
            cm.implied_population(Q(698_444, "patient"), Q(1_555, "GBP / person_100k"))

    def test_nothing_implies_nobody(self) -> None:
        assert math.isnan(cm.implied_population(5, 0))
        assert math.isnan(cm.extrapolate_response(5, 0, 56))

    def test_on_columns(self) -> None:
        assert cm.extrapolate_rate(pd.Series([1.0, None]), 200_000).tolist()[0] == pytest.approx(2.0)

    def test_bad_input(self) -> None:
        with refused("rate", -1.0, expected="zero or more"):
            cm.extrapolate_rate(-1, 5)
