"""Currency groups and settings, and a code list of the user's own."""

from __future__ import annotations

import pandas as pd
import pytest

import cmhs_metrics as cm


def test_six_groups_in_three_settings() -> None:
    # HFMA, 12 June 2024.
    assert [group.value for group in cm.CurrencyGroup] == [
        "psychosis and bipolar", "personality disorder", "neurocognitive", "mood and anxiety", "eating disorders",
        "children and young people",
    ]  # fmt: skip
    assert [setting.value for setting in cm.CareSetting] == ["community", "inpatient", "crisis"]


@pytest.mark.parametrize(
    "text", ["Mood & Anxiety", "mood_and_anxiety", " MOOD AND ANXIETY ", cm.CurrencyGroup.MOOD_AND_ANXIETY]
)
def test_spellings(text: object) -> None:
    currency = cm.Currency(text, "Community")  # type: ignore[arg-type]
    assert currency == cm.Currency("mood and anxiety", cm.CareSetting.COMMUNITY)
    assert str(currency) == "mood and anxiety, community"


def test_what_is_none_is_refused_at_once() -> None:
    with pytest.raises(cm.BadInput) as caught:
        cm.Currency("cluster 3", "day care")
    assert [problem.column for problem in caught.value.problems] == ["group", "setting"]


class TestACodeListOfOnesOwn:
    ROWS = (
        {"code": "01", "group": "neurocognitive", "setting": "crisis"},
        {"code": "02", "group": "Eating disorders", "setting": "in-patient"},
    )

    @pytest.mark.parametrize("make", [list, pd.DataFrame])
    def test_is_read(self, make: type) -> None:
        found = cm.Currency.from_table(make(self.ROWS))
        assert list(found) == ["01", "02"]
        assert found["02"] == cm.Currency("eating disorders", "inpatient", "02")

    def test_with_every_problem(self) -> None:
        rows = [
            *self.ROWS,
            {"code": 3, "group": "x", "setting": "y"},
            {"code": "01", "group": "neurocognitive", "setting": "crisis"},
            {"code": "9"},
        ]
        with pytest.raises(cm.BadInput) as caught:
            cm.Currency.from_table(rows)
        assert [(problem.column, problem.row) for problem in caught.value.problems] == [
            ("code", "row 2"), ("group", "row 2"), ("setting", "row 2"), ("code", "row 3"), ("group", "row 4"),
            ("setting", "row 4"),
        ]  # fmt: skip


def test_cost_and_activity_for_each_currency() -> None:
    table = pd.DataFrame(
        {
            "organisation": ["A", "A", "B", "B"],
            "currency_group": ["neurocognitive", "mood and anxiety"] * 2,
            "setting": ["community", "community", "community", "inpatient"],
            "total_cost": [100.0, 60.0, 200.0, 90.0],
            "contacts": [10, 30, 20, 0],
            "occupied_bed_days": [0, 0, 0, 3],
        }
    )
    keys = ["organisation", "currency_group", "setting"]
    found = cm.aggregate(table, by=["currency_group", "setting"], keys=keys).set_index(["currency_group", "setting"])
    assert found.loc[("neurocognitive", "community"), "cost_per_contact"] == 10
    assert found.loc[("mood and anxiety", "community"), "cost_per_contact"] == 2
    assert found.loc[("mood and anxiety", "inpatient"), "cost_per_bed_day"] == 30
    assert pd.isna(found.loc[("mood and anxiety", "inpatient"), "cost_per_contact"])
    # 300, 60 and 90 of 450.
    assert cm.currency_cost_share(found["total_cost"]).sort_index().round(3).tolist() == [0.133, 0.2, 0.667]
