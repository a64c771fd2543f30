"""Synthetic providers: said to be so, reproducible, and in the proportions of the audit."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import cmhs_metrics as cm
from cmhs_metrics.synthetic import synthetic_providers
from tests.support.refusals import refused

TABLE = synthetic_providers()
ENGLAND = cm.aggregate(TABLE, place="organisation").iloc[0]


def test_every_name_says_so() -> None:
    for column in ("organisation", "icb", "region"):
        assert TABLE[column].str.startswith("Synthetic ").all()


def test_is_a_table_in_good_order() -> None:
    cm.validate(TABLE)
    assert TABLE["organisation"].nunique() == 56
    assert TABLE["icb"].nunique() == 42
    assert set(TABLE["team_type"]) == {kind.label for kind in cm.TeamType}


def test_same_seed_same_table_and_another_another() -> None:
    pd.testing.assert_frame_equal(TABLE, synthetic_providers())
    assert not TABLE["total_cost"].equals(synthetic_providers(seed=1)["total_cost"])


@pytest.mark.parametrize(
    ("metric", "printed", "within"),
    [
        ("cost_per_100k_16_plus", 5.32e6, 0.15),
        ("referral_acceptance_rate", 0.82, 0.05),
        ("face_to_face_share", 0.76, 0.05),
        ("contacts_per_100k_16_plus", 32_252, 0.2),
        ("caseload_per_100k_16_plus", 1_555, 0.2),
    ],
)
def test_england_is_near_the_audits(metric: str, printed: float, within: float) -> None:
    assert ENGLAND[metric] == pytest.approx(printed, rel=within)


def test_weighting_creates_no_people() -> None:
    assert ENGLAND["weighted_population"] == pytest.approx(ENGLAND["registered_population"], rel=1e-6)


def test_dna_rates_keep_to_the_audits_range() -> None:
    # Community MH DNA Analysis: "with a range across Trusts from 3% to 19%".
    rates = cm.with_metrics(TABLE, ["dna_rate"])["dna_rate"]
    assert rates.between(0.025, 0.195).all()


def test_bad_numbers_of_providers() -> None:
    for providers in (0, -1, 2.5, True):
        with refused("providers", providers, expected="a whole number"):
            synthetic_providers(providers)  # type: ignore[arg-type]


@pytest.mark.parametrize("providers", [0, -1, 1.5, True, 10_001, 10**400, None, "5"])
def test_how_many_is_refused_where_nobody_could_wait_for_them(providers: Any) -> None:
    with refused("providers", providers, expected="a whole number", names=(1, "10,000")):
        cm.synthetic_providers(providers)


@pytest.mark.parametrize("seed", [-1, 1.5, True, 10**400])
def test_a_seed_is_a_whole_number(seed: Any) -> None:
    with refused("seed", seed, expected="a whole number"):
        cm.synthetic_providers(1, seed=seed)
