"""Agreement with PHStatsMethods, the public-health guidance's own package, where it is installed."""

from __future__ import annotations

import contextlib
import io
import math
import warnings

import numpy as np
import pandas as pd
import pytest

from cmhs_metrics import intervals
from cmhs_metrics.intervals import ESP2013

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    ph = pytest.importorskip("PHStatsMethods", reason="PHStatsMethods is not installed")

pytestmark = pytest.mark.filterwarnings("ignore")
LEVELS = [0.95, 0.998]
BANDS = [band.label.replace("–", "-") for band in ESP2013.bands]


def quietly(call, *arguments, **options):
    with contextlib.redirect_stdout(io.StringIO()):
        return call(*arguments, **options)


def assert_same_limits(theirs: pd.DataFrame, ours) -> None:
    for place, level in enumerate(("95", "99_8")):
        for side in ("lower", "upper"):
            np.testing.assert_allclose(
                theirs[f"{side}_{level}_ci"], np.asarray(getattr(ours, side))[:, place], rtol=1e-9, atol=1e-12
            )


@pytest.mark.parametrize("seed", range(3))
def test_rates(seed: int) -> None:
    draw = np.random.default_rng(seed)
    people = draw.integers(50, 100_000, 300)
    events = np.maximum(draw.poisson(people * draw.choice([1e-4, 1e-3, 0.5], 300)), 1)  # it refuses a count of 0
    theirs = ph.ph_rate(pd.DataFrame({"n": events, "d": people}), "n", "d", confidence=LEVELS)
    assert_same_limits(theirs, intervals.rate_interval(events, people, confidence=LEVELS))


def test_estimated_counts() -> None:
    draw = np.random.default_rng(5)
    events, people = draw.uniform(0.1, 40, 200), draw.integers(50, 1_000, 200)
    theirs = ph.ph_rate(pd.DataFrame({"n": events, "d": people}), "n", "d", confidence=LEVELS)
    assert_same_limits(theirs, intervals.rate_interval(events, people, confidence=LEVELS, fractional=True))


@pytest.mark.parametrize("seed", range(3))
def test_proportions(seed: int) -> None:
    draw = np.random.default_rng(seed)
    wholes = draw.integers(1, 5_000, 300)
    parts = draw.binomial(wholes, draw.random(300))
    theirs = ph.ph_proportion(pd.DataFrame({"n": parts, "d": wholes}), "n", "d", confidence=LEVELS)
    assert_same_limits(theirs, intervals.proportion_interval(parts, wholes, LEVELS))


def test_means() -> None:
    draw = np.random.default_rng(1)
    values = draw.normal(3_345, 800, (40, 12))
    tidy = pd.DataFrame({"g": np.repeat(np.arange(40), 12), "v": values.ravel()})
    assert_same_limits(ph.ph_mean(tidy, "v", "g", confidence=LEVELS), intervals.mean_interval(values, LEVELS))


@pytest.fixture
def places() -> pd.DataFrame:
    draw = np.random.default_rng(9)
    people = draw.integers(200, 5_000, (40, 19))
    events = draw.poisson(people * draw.choice([1e-5, 5e-4, 0.02], (40, 1)))
    return pd.DataFrame(
        {
            "area": np.repeat(np.arange(40), 19),
            "age_band": BANDS * 40,
            "events": events.ravel(),
            "population": people.ravel(),
        }
    )


def test_directly_standardised_rates(places: pd.DataFrame) -> None:
    theirs = quietly(ph.ph_dsr, places.copy(), "events", "population", "age_band", "area", confidence=LEVELS)
    ours = intervals.standardised_rates(places, "area", confidence=LEVELS)
    assert ours["standardised_rate"].isna().any()  # fewer than 10 events
    np.testing.assert_allclose(theirs["Value"], ours["standardised_rate"], rtol=1e-9)
    for side in ("lower", "upper"):
        np.testing.assert_allclose(theirs[f"{side}_95_ci"], ours[f"{side}_0.95"], rtol=1e-9)
        np.testing.assert_allclose(theirs[f"{side}_99_8_ci"], ours[f"{side}_0.998"], rtol=1e-9)


def test_indirectly_standardised(places: pd.DataFrame) -> None:
    reference = places.groupby("age_band", sort=False)[["events", "population"]].sum()
    places = places.merge(reference.add_prefix("ref_"), left_on="age_band", right_index=True, sort=False)
    places = places.sort_values("area", kind="stable")
    places = places[places.groupby("area")["events"].transform("sum") > 0]  # it refuses a count of 0
    columns = ("events", "population", "ref_events", "ref_population", "area")
    people = places["population"].to_numpy().reshape(-1, 19)
    observed = places.groupby("area")["events"].sum().to_numpy()
    bands = places["age_band"].to_numpy()[:19]
    reference = reference.loc[bands]
    expected = intervals.expected_events(people, reference["events"].to_numpy(), reference["population"].to_numpy())

    ratios = quietly(ph.ph_ISRatio, places.copy(), *columns, confidence=LEVELS)
    ours = intervals.standardised_ratio(observed, expected, confidence=LEVELS)
    np.testing.assert_allclose(ratios["Value"], ours.estimate, rtol=1e-9)
    assert_same_limits(ratios, ours)

    crude = reference["events"].sum() / reference["population"].sum() * 100_000
    rates = quietly(ph.ph_ISRate, places.copy(), *columns, confidence=LEVELS)
    ours = intervals.indirectly_standardised_rate(observed, expected, float(crude), confidence=LEVELS)
    np.testing.assert_allclose(rates["Value"], ours.estimate, rtol=1e-9)
    assert_same_limits(rates, ours)


class TestWhereWeDiffer:
    """What docs/methods-intervals.md says of the differences."""

    def test_it_refuses_a_count_of_zero(self) -> None:
        with pytest.raises(ValueError, match="positive"):
            ph.ph_rate(pd.DataFrame({"n": [0, 5], "d": [100, 100]}), "n", "d")
        # Garwood's limits of no event: 0 to 3.689.
        assert intervals.rate_interval(0, 100, per=100) == pytest.approx((0, 3.689), abs=5e-4)

    def test_it_reads_a_missing_count_as_zero_in_a_standardised_rate(self, places: pd.DataFrame) -> None:
        place = places[places["area"] == places.groupby("area")["events"].sum().idxmax()].astype({"events": float})
        place.iloc[5, place.columns.get_loc("events")] = math.nan
        theirs = quietly(ph.ph_dsr, place.copy(), "events", "population", "age_band", "area")
        as_zero = intervals.standardised_rates(place.fillna({"events": 0}), "area")
        assert theirs["Value"].item() == pytest.approx(as_zero["standardised_rate"].item())
        assert math.isnan(intervals.standardised_rates(place, "area")["standardised_rate"].item())

    def test_it_refuses_the_whole_table_for_one_empty_population(self) -> None:
        with pytest.raises(ValueError, match="greater than zero"):
            ph.ph_rate(pd.DataFrame({"n": [1, 5], "d": [0, 100]}), "n", "d")
        assert np.isnan(intervals.rate_interval(np.array([1, 5]), np.array([0, 100])).lower).tolist() == [True, False]
