"""The cells of the library's tables by hand: the proforma's columns, what stands in each, and what a session is given."""

from __future__ import annotations

import datetime
import json
import sys
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

import cmhs_metrics as cm
from cmhs_metrics.catalogue import CATALOGUE
from cmhs_metrics.exchange import CentralMetrics, catalogue, cml
from cmhs_metrics.measures import MEASURES
from tests.support.refusals import problem, refused

GIVEN: dict[str, Any] = {"owner": "Community metrics, team@nhs.net", "source": "MHSDS", "published": "2024-09-12"}
# The columns of the metadata in proforma 3.0 of the Central Metrics Library, in its order.
METADATA = [
    "metric_family_id", "metric_id", "metric_status", "metric_state", "metric_title", "metric_start_date",
    "metric_end_date", "available_metric_category", "available_reporting_grain", "available_location_types",
    "available_dimension_types", "business_area", "business_sub_area", "domain", "numerator_source_name",
    "numerator_project_id", "numerator_source_platform", "denominator_source_name", "denominator_project_id",
    "denominator_source_platform", "metric_owner", "metric_short_name", "metric_alias", "metric_description",
    "calculation", "metric_purpose", "unit", "format", "target", "frequency_of_refresh", "aggregation",
    "statistical_disclosure_control_flag", "statistical_disclosure_control_description", "interpretation",
    "inclusion_exclusion_rules", "usage", "organisation_geog_type", "footnotes", "notes",
]  # fmt: skip
SOURCE = [
    "numerator_source_name", "numerator_project_id", "numerator_source_platform", "denominator_source_name",
    "denominator_project_id", "denominator_source_platform", "first_record_timestamp", "last_record_timestamp",
    "last_ingest_timestamp", "version_release_date", "version_release",
]  # fmt: skip
RELATIONSHIPS = [
    "metric_id", "metric_short_name", "child_metric_id", "child_metric_short_name", "relationship_type",
    "relationship_category", "relationship_description",
]  # fmt: skip
RESULT = pd.DataFrame(
    {
        "icb": ["QUE", "QUE"], "period": ["2024-06", "2024-05"], "level": "icb", "periods": 1, "contacts": [20, 10],
        "contacts_lower": [18.0, 10], "contacts_upper": [22.0, 10], "total_cost": [300.0, 100.0],
        "cost_per_contact": [15.0, 10.0], "registered_population": 1_000, "caseload": 4, "referrals_accepted": 2,
        "year_of_care_cost": 75.0,
    }
)  # fmt: skip


def tables() -> CentralMetrics:
    return cml(RESULT, **GIVEN, platform="UDAL")


def rows() -> pd.DataFrame:
    return tables().metadata.set_index("metric_short_name")


def test_the_columns_are_the_proformas() -> None:
    assert tables().metadata.columns.tolist() == METADATA
    assert tables().source.columns.tolist() == SOURCE
    assert tables().relationships.columns.tolist() == RELATIONSHIPS
    # Neither bounds nor people, nor the level of a total, tell values apart.
    assert tables().dimensions.columns.tolist() == ["dimension_id", "dimension_type_id", "dimension_count"]
    assert rows().index.tolist() == [
        "contacts", "total_cost", "cost_per_contact", "caseload", "referrals_accepted", "year_of_care_cost",
    ]  # fmt: skip


def test_what_all_metrics_share() -> None:
    alike = {
        "numerator_source_name": "MHSDS", "denominator_source_name": "MHSDS", "numerator_source_platform": "UDAL",
        "denominator_source_platform": "UDAL", "metric_owner": GIVEN["owner"], "available_reporting_grain": "monthly",
        "frequency_of_refresh": "monthly", "available_location_types": "nhs-icb", "available_dimension_types": None,
        "business_area": "Mental health", "business_sub_area": "Community mental health services",
        "numerator_project_id": None, "denominator_project_id": None, "statistical_disclosure_control_flag": "NA",
        "statistical_disclosure_control_description": "not stated by the producer", "organisation_geog_type": "nhs-icb",
    }  # fmt: skip
    for name, expected in alike.items():
        assert [None if pd.isna(each) else each for each in tables().metadata[name]] == [expected] * 6, name
    assert set(tables().metadata["metric_start_date"]) == {pd.Timestamp(2024, 5, 1)}


def test_what_each_says_of_itself() -> None:
    cost, contacts = MEASURES["total_cost"].description, MEASURES["contacts"].description
    expected = {
        "cost_per_contact": {
            "domain": "Finance", "format": "currency", "aggregation": "N", "calculation": "total_cost / contacts",
            "inclusion_exclusion_rules": f"Of total_cost ({cost}) and contacts ({contacts}).",
            "metric_title": CATALOGUE["cost_per_contact"].label,
            "footnotes": " ".join(CATALOGUE["cost_per_contact"].caveats) or "None.",
        },
        "contacts": {
            "domain": "Activity", "format": "number", "aggregation": "Y", "calculation": "total of contacts",
            "inclusion_exclusion_rules": "All of them.", "metric_title": contacts[0].upper() + contacts[1:],
            "metric_description": contacts, "unit": "contact", "footnotes": "Adds.", "interpretation": None,
        },
        "total_cost": {"domain": "Finance", "format": "currency", "unit": "GBP", "footnotes": "Adds."},
        "caseload": {"footnotes": "Adds over teams; over time it is the last or the mean."},
        "referrals_accepted": {"inclusion_exclusion_rules": "Part of referrals."},
    }  # fmt: skip
    for name, cells in expected.items():
        assert {each: rows().loc[name, each] for each in cells} == cells, name
    assert rows().loc["year_of_care_cost", "inclusion_exclusion_rules"].endswith(". The flow covers a year.")
    others = cml(pd.DataFrame({"dna_rate": [0.1], "patients_per_wte": [9.0]}), **GIVEN, period="2024/25").metadata
    assert others["format"].tolist() == ["proportion, 0 to 1", "decimal"]
    silent = next(name for name, each in CATALOGUE.items() if not each.caveats and "population" not in each.inputs)
    assert cml(pd.DataFrame({silent: [1.0]}), **GIVEN, period="2024/25").metadata["footnotes"].tolist() == ["None."]


def test_of_places_of_a_benchmark_each_with_its_period() -> None:
    result = pd.DataFrame({"metric": ["dna_rate"] * 2, "place": ["A", "A"], "value": [0.1, 0.2], "basis": None})
    result = result.assign(period=["2024-06", "2024-05"], value_lower=[0.05, 0.2], value_upper=[0.15, 0.2])
    held = cml(result, **GIVEN, place="place", location_type="nhs-icb")
    assert held.metric["reporting_period_start_datetime"].tolist() == [
        pd.Timestamp(2024, 6, 1),
        pd.Timestamp(2024, 5, 1),
    ]
    assert [json.loads(each) for each in held.metric["additional_metric_values"]] == [
        {"lower": 0.05, "upper": 0.15}, {"lower": 0.2, "upper": 0.2},
    ]  # fmt: skip
    # Of a row without a period there is none to give it.
    with refused("period", expected="a date or period"):
        cml(result.assign(period=["2024-06", None]), **GIVEN, place="place", location_type="nhs-icb")
    assert (
        len(
            cml(
                result.assign(period=["2024-06", None]),
                **GIVEN,
                place="place",
                location_type="nhs-icb",
                period="2024-05",
            ).metric
        )
        == 2
    )


def test_the_source_spans_all_periods() -> None:
    (row,) = tables().source.to_dict("records")
    assert row["first_record_timestamp"] == pd.Timestamp(2024, 5, 1)
    assert row["last_record_timestamp"] == pd.Timestamp(2024, 6, 30)
    assert row["last_ingest_timestamp"] == row["version_release_date"] == pd.Timestamp(2024, 9, 12)
    assert row["version_release"] == 1
    assert (row["numerator_source_name"], row["denominator_source_platform"]) == ("MHSDS", "UDAL")


def test_the_target_is_that_of_the_last_period() -> None:
    # That of access was there until the guidance of 2025/26.
    def target(*periods: str) -> Any:
        result = pd.DataFrame({"period": periods, "people_accessing": 1.0})
        return cml(result, **GIVEN).metadata["target"].tolist()[0]

    assert target("2024-06").startswith("370,000")
    assert target("2024-06", "2025-06") is None
    assert target("2025-06", "2024-06") is None


def test_which_way_is_better_where_policy_says_it() -> None:
    table = pd.DataFrame({"full_clock_stop_four_week_rate": [0.2], "contacts_per_100k_registered": [9.0]})
    assert [None if pd.isna(each) else each for each in cml(table, **GIVEN, period="2024/25").metadata["interpretation"]] == [
        "higher is better", None,
    ]  # fmt: skip


def test_bounds_stand_beside_their_values() -> None:
    values = tables().metric.set_index(["metric_id", "reporting_period_start_datetime"])
    june = values.loc[(rows().loc["contacts", "metric_id"], pd.Timestamp(2024, 6, 1))]
    assert (june["metric_value"], june["location_id"], june["location_type"]) == (20, "QUE", "nhs-icb")
    direct = tables().relationships.set_index(["metric_short_name", "child_metric_short_name"])
    assert direct.loc[("cost_per_contact", "total_cost"), ["relationship_type", "relationship_category"]].tolist() == [
        "Numerator", "Direct",
    ]  # fmt: skip
    assert json.loads(june["additional_metric_values"]) == {"lower": 18, "upper": 22}
    assert values["dimension_id"].isna().all()


def test_a_missing_breakdown_is_all_of_them() -> None:
    table = pd.DataFrame(
        {"period": "2024-06", "sex": ["F", None], "born": [datetime.date(1990, 1, 1)] * 2, "contacts": [3, 7]}
    )
    table["first"] = [True, False]
    found = cml(table, **GIVEN).dimensions
    assert found[["sex", "born", "first"]].to_numpy().tolist() == [
        ["F", "1990-01-01", "true"], ["all_sex", "1990-01-01", "false"],
    ]  # fmt: skip
    assert found["dimension_type_id"].tolist() == ["sex&born&first", "born&first"]
    assert found["dimension_count"].tolist() == [3, 2]


def test_a_result_and_its_periods_are_needed() -> None:
    with refused(problem("period", expected="a date or period")):
        cml(RESULT.drop(columns="period").head(1), **GIVEN)
    with refused("result", "list", expected="a table"):
        cml([1, 2], **GIVEN)
    with refused("place", "ward", expected="a column", names="icb"):
        cml(RESULT, **GIVEN, place="ward")


def test_what_a_session_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    schemas = SimpleNamespace(
        get_metric_schema=lambda kind: ("metric", kind), create_dimensions_schema=lambda names: ("dimensions", *names),
        METADATA_SCHEMA="metadata", RELATIONSHIPS_SCHEMA="relationships", SOURCE_SCHEMA="source",
    )  # fmt: skip
    monkeypatch.setitem(sys.modules, "cml_schemas", SimpleNamespace(spark_schemas=schemas))
    session = SimpleNamespace(createDataFrame=lambda rows, schema: (schema, rows))
    made = cml(RESULT.assign(sex="F"), **GIVEN).to_spark(session)
    assert {name: schema for name, (schema, _) in made.items()} == {
        "metric": ("metric", "float"), "dimensions": ("dimensions", "sex"), "metadata": "metadata",
        "relationships": "relationships", "source": "source",
    }  # fmt: skip
    first = made["metric"][1][0]
    assert json.loads(first[-1]) == {"lower": 18, "upper": 22, "value": 20}
    assert datetime.datetime(2024, 6, 1) in first
    (source,) = made["source"][1]
    assert source == (
        "MHSDS", None, None, "MHSDS", None, None, datetime.datetime(2024, 5, 1), datetime.datetime(2024, 6, 30),
        datetime.datetime(2024, 9, 12), datetime.datetime(2024, 9, 12), 1,
    )  # fmt: skip
    assert all(
        type(each) in (str, int, float, datetime.datetime, type(None))
        for _, rows in made.values()
        for row in rows
        for each in row
    )


def test_the_catalogue_as_one_file() -> None:
    whole = catalogue()
    held = {each["name"]: each for each in whole["measures"]}
    assert held["referrals_accepted"] == held["referrals_accepted"] | {
        "unit": "referral", "kind": "flow", "part_of": "referrals",
    }  # fmt: skip
    assert held["caseload"]["kind"] == "stock"
    assert set(held["contacts"]) == {"name", "unit", "kind", "description", "part_of", "synonyms", "published_as"}
    assert set(whole) == {"package", "version", "metrics", "measures", "policy"}
    assert (whole["package"], whole["version"]) == ("cmhs_metrics", cm.__version__)


def test_each_row_has_its_type_of_place_and_its_keys() -> None:
    table = pd.DataFrame({"icb": ["QUE", None], "tier_lower": ["a", "b"], "contacts": [3, 7], "referrals": [1, 2]})
    made = cml(table, **GIVEN, period="2024-06")
    assert made.metric["location_type"].tolist() == ["nhs-icb", "nhs-country"] * 2
    assert made.metric["location_id"].tolist() == ["QUE", "england"] * 2
    assert made.dimensions["tier_lower"].tolist() == ["a", "b"]
    assert made.metadata["available_dimension_types"].tolist() == ["tier_lower"] * 2
    assert made.metadata["available_location_types"].tolist() == ["nhs-country, nhs-icb"] * 2


def test_each_kind_of_place_has_its_type() -> None:
    for column in ("icb", "sub_icb", "region"):
        made = cml(pd.DataFrame({column: ["X"], "contacts": [3]}), **GIVEN, period="2024-06")
        assert made.metric["location_type"].tolist()[0].startswith("nhs-"), column
        assert made.dimensions.empty
