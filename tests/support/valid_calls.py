"""A valid call of every public function: what is not said in it is left to its default."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

import cmhs_metrics as cm
from cmhs_metrics import (
    catchments,
    decomposition,
    disclosure,
    intervals,
    mhsds,
    need,
    plots,
    run_charts,
    trends,
    units,
    variation,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FOUR = np.array([4.0, 2.0, 7.0, 5.0])
PEOPLE = np.array([1_000.0, 2_000.0, 1_500.0, 1_800.0])
PLACES = pd.DataFrame({"icb": ["A", "B", "C", "D"], "contacts": [40, 20, 70, 50], "total_cost": PEOPLE})
YEARS = pd.DataFrame({"icb": ["A", "B"] * 2, "period": ["2016/17"] * 2 + ["2017/18"] * 2, "contacts": [40, 20, 70, 50],
                      "total_cost": [1000, 2000, 1000, 2000]})  # fmt: skip
MONTHS = pd.DataFrame(
    {"period": [f"2016-{month:02}" for month in range(1, 10)], "waits": [4.0, 5, 3, 6, 4, 5, 7, 3, 4]}
)
BANDS = pd.DataFrame({"icb": ["A", "A"], "age_band": ["0-64", "65+"], "events": [40, 60], "population": [9000, 1000]})
TWO_BANDS = intervals.ESP2013.in_bands(["0-64", "65+"])
COUNTS = pd.DataFrame({"icb": ["A", "A", "B", "B"], "sex": ["f", "m"] * 2, "people": [20, 30, 15, 40]})
SPLIT = pd.DataFrame({"gp": ["g", "h"], "icb": ["A", "B"], "people": [10, 20]})


@cache
def made() -> dict[str, Any]:
    """What other functions give, and some need."""
    compared = cm.benchmark(PLACES, "cost_per_contact", by="icb")
    chart = run_charts.run_chart(MONTHS, "waits")
    funnel = variation.funnel("rate", FOUR, PEOPLE)
    known = disclosure.published_table(COUNTS, ["icb", "sex"], "people", {})
    return {"compared": compared, "chart": chart, "funnel": funnel, "published": known}


def valid_calls() -> Mapping[Callable[..., Any], dict[str, Any]]:
    """By function, arguments that it takes."""
    held = made()
    shares_of = catchments.Shares({each: {"G": 1.0} for each in "ABCD"})
    ax = plots.ranked_bars(held["compared"])
    before_after = {"rates_before": FOUR, "rates_after": FOUR + 1, "shares_before": np.full(4, 0.25)}
    ratio = decomposition.decompose_ratio_change(10, 12, 4, 5)
    profile = pd.DataFrame({"crisis": [1.0, 2], "core": [3.0, 4]}, index=["A", "B"])
    series = pd.Series(FOUR, index=["2016/17", "2017/18", "2018/19", "2019/20"])
    rate = {"count": 4, "population": 1_000}
    shares = {"numerator": 4, "denominator": 10}
    ways: dict[Callable[..., Any], dict[str, Any]] = {
        cm.aggregate: {"table": PLACES, "by": "icb"},
        cm.with_metrics: {"table": PLACES},
        cm.validate: {"table": PLACES},
        cm.benchmark: {"table": PLACES, "metrics": "cost_per_contact", "by": "icb"},
        cm.what_drove: {
            "table": YEARS, "metric": "cost_per_contact", "by": "icb", "before": "2016/17", "after": "2017/18",
        },
        cm.cluster_profile: {"caseload": {3: 28, 11: 26}},
        cm.community_plan: {"population": 900_000},
        cm.describe: {"name": "dna_rate"},
        cm.list_metrics: {},
        cm.search: {"words": "wait"},
        cm.mean_wait: {"waits": FOUR},
        cm.median_wait: {"waits": FOUR},
        cm.share_within: {"waits": FOUR, "weeks": 4},
        cm.wait_percentile: {"waits": FOUR, "percent": 90},
        cm.waiting_bands: {"waits": FOUR},
        cm.waiting_band_share: {"waiting": FOUR},
        cm.time_on_caseload: {"months": FOUR},
        cm.skill_mix: {"wte": FOUR},
        cm.reliable_change: {"before": 40.0, "after": 48.0, "standard_deviation": 10, "reliability": 0.8},
        cm.share_improved: {"before": FOUR, "after": FOUR + 1},
        cm.required_growth: {"actual": 300, "target": 370, "years": 3},
        cm.shortfall: {"actual": 300.0, "target": 370.0},
        cm.progress: {"actual": 300.0, "target": 370.0},
        cm.avoided_activity: {"before": 9.0, "after": 7.0},
        cm.extrapolate_rate: {"rate": 5.0, "population": 1_000.0},
        cm.parse_periods: {"values": ["2016/17"]},
        cm.real_terms: {"value": 100.0, "inflation": 0.01, "years": 4},
        units.Quantity: {"value": 3, "unit": "patient"},
        units.parse: {"text": "£17.7m"},
        units.plural: {"unit": "patient"},
        units.wte_from_hours: {"hours_per_week": 30},
        intervals.rate_interval: rate,
        intervals.rate_ratio_interval: rate | {"reference_count": 5, "reference_population": 900},
        intervals.rate_difference_interval: rate | {"reference_count": 5, "reference_population": 900},
        intervals.proportion_interval: shares,
        intervals.proportion_ratio_interval: shares | {"reference_numerator": 5, "reference_denominator": 9},
        intervals.proportion_difference_interval: shares | {"reference_numerator": 5, "reference_denominator": 9},
        intervals.mean_interval: {"values": FOUR},
        intervals.cost_per_patient_interval: {"total_cost": FOUR, "caseload": PEOPLE, "draws": 1000},
        intervals.expected_events: {
            "populations": PEOPLE, "reference_events": FOUR, "reference_populations": PEOPLE,
        },
        intervals.standardised_ratio: {"observed": 4, "expected": 5.0},
        intervals.indirectly_standardised_rate: {"observed": 4, "expected": 5.0, "reference_rate": 3.0},
        intervals.standardised_rate: {
            "events": FOUR[:2], "populations": PEOPLE[:2], "standard_population": np.array([1.0, 2.0]),
        },
        intervals.standardised_rates: {"table": BANDS, "by": "icb", "standard_population": TWO_BANDS},
        intervals.with_intervals: {
            "table": PLACES, "interval": intervals.rate_interval, "count": "contacts", "population": "total_cost",
        },
        variation.coefficient_of_variation: {"values": FOUR},
        variation.fold_variation: {"values": FOUR},
        variation.funnel: {"kind": "rate", "counts": FOUR, "denominators": PEOPLE},
        variation.funnel_limits: {"kind": "rate", "denominators": PEOPLE, "target": 200.0},
        variation.funnel_z_scores: {"kind": "rate", "counts": FOUR, "denominators": PEOPLE, "target": 200.0},
        variation.gini: {"values": FOUR},
        variation.interquartile_range: {"values": FOUR},
        variation.outliers: {"values": FOUR, "limits": variation.funnel_limits("rate", PEOPLE, 200.0)},
        variation.overdispersion: {"z": FOUR},
        variation.percentiles: {"values": FOUR, "percent": [10, 90]},
        variation.position: {"place": 1, "values": FOUR},
        variation.quartile_groups: {"values": FOUR},
        variation.quartiles: {"values": FOUR},
        variation.rank_intervals: {"counts": FOUR, "denominators": PEOPLE, "draws": 100},
        variation.ranks: {"values": FOUR},
        variation.systematic_component_of_variation: {"observed": FOUR, "expected": FOUR + 1},
        trends.change_on_previous: {"values": series},
        trends.compound_growth: {"first": 1.0, "last": 2.0, "years": 3},
        trends.financial_year: {"date": "2016-05-01"},
        trends.growth_against: {"actual": series, "ambition_rate": 5},
        trends.index_to_base: {"values": series, "base": "2016/17"},
        trends.next_period: {"period": "2016/17"},
        trends.parse_period: {"period": "2016/17"},
        trends.rolling_year: {"values": pd.Series(np.arange(12.0), index=[f"2016-{m:02}" for m in range(1, 13)])},
        decomposition.chain_percentage_changes: {"ratio": 5.0, "numerator": 7.0},
        decomposition.decompose_mix_change: before_after | {"shares_after": np.array([0.1, 0.2, 0.3, 0.4])},
        decomposition.decompose_product_change: {"before": {"a": 1.0, "b": 2.0}, "after": {"a": 2.0, "b": 2.0}},
        decomposition.decompose_ratio_change: {
            "numerator_before": 9.0, "numerator_after": 8.0, "denominator_before": 4.0, "denominator_after": 5.0,
        },
        run_charts.outside_limits: {"values": FOUR, "lower": 3, "upper": 6},
        run_charts.run_on_one_side: {"values": FOUR, "centre": 4},
        run_charts.steady_trend: {"values": FOUR},
        run_charts.two_of_three_near_limit: {"values": FOUR, "centre": 4, "lower": 2, "upper": 6},
        run_charts.xmr_limits: {"values": FOUR},
        run_charts.suggest_rebase: {"chart": held["chart"]},
        run_charts.run_chart_summary: {"chart": held["chart"]},
        run_charts.run_chart: {"table": MONTHS, "value": "waits"},
        need.people_column: {"band": "65+"},
        need.convert_rate: {"rate": 5.0, "from_population": 100.0, "to_population": 90.0},
        need.normalise_weights: {"registered": PEOPLE, "weighted": PEOPLE + 1},
        need.populations_table: {"populations": [cm.Population("A", {"0-64": 10, "65+": 5})]},
        plots.ranked_bars: {"result": held["compared"]},
        plots.tile_map: {"result": held["compared"], "positions": pd.DataFrame(
            {"place": ["A", "B", "C", "D"], "row": [0, 0, 1, 1], "column": [0, 1, 0, 1]})},
        plots.funnel_chart: {"funnel": held["funnel"]},
        plots.index_chart: {"values": series, "base": "2016/17"},
        plots.trend_chart: {"values": series},
        plots.stacked_profile: {"parts": profile},
        plots.waterfall: {"change": ratio},
        plots.xmr_chart: {"chart": held["chart"], "value": "waits"},
        plots.variation_icon: {"variation": "concern high"},
        plots.assurance_icon: {"assurance": "pass"},
        plots.small_multiples: {"result": held["compared"].assign(team_type="core")},
        plots.dot_and_range: {"result": held["compared"], "place": "A"},
        plots.icb_tiles: {},
        plots.alternative_text: {"ax": ax},
        plots.to_svg: {"ax": ax},
        mhsds.last_day: {"month_id": 1400},
        mhsds.month_id: {"date": "2016-11-01"},
        disclosure.round_to: {"values": FOUR},
        disclosure.suppress: {"counts": FOUR},
        disclosure.suppress_percentage: {"numerator": FOUR, "denominator": PEOPLE},
        disclosure.suppress_table: {"table": PLACES},
        disclosure.suppression: {"counts": FOUR},
        disclosure.known_rank: {"lower": FOUR, "upper": FOUR + 1},
        disclosure.known_rate: {"lower": FOUR, "upper": FOUR + 1, "denominator_lower": PEOPLE},
        disclosure.known_total: {"lower": FOUR, "upper": FOUR + 1},
        disclosure.protect: {"table": COUNTS, "dimensions": ["icb", "sex"], "value": "people"},
        disclosure.attack: {"published": held["published"]},
        disclosure.published_table: {"table": COUNTS, "dimensions": ["icb", "sex"], "value": "people", "parents": {}},
        catchments.apportion: {"table": PLACES, "shares": shares_of, "by": "icb", "to": "gp"},
    }  # fmt: skip
    return ways
