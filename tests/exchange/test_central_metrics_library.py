"""Results in the tables of NHS England's Central Metrics Library, by its own validator and by the rules that it publishes."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import polars as pl
import pytest

import cmhs_metrics as cm
from cmhs_metrics.catalogue import CATALOGUE
from cmhs_metrics.exchange import CentralMetrics, cml
from cmhs_metrics.exchange.central_metrics_library import family_id
from cmhs_metrics.measures import BASES, MEASURES, POPULATION, Kind
from cmhs_metrics.selection import column_of

GIVEN = {"owner": "Community metrics, team@nhs.net", "source": "MHSDS", "published": "2024-09-12"}
FOR_TABLES = [
    f"{name}_{basis.suffix}" if basis else name
    for name, metric in CATALOGUE.items()
    if not metric.contract.many
    for basis in (BASES.values() if POPULATION in metric.inputs else [None])
    if column_of(f"{name}_{basis.suffix}" if basis else name)
]
ADDED = [name for name, measure in MEASURES.items() if measure.kind in (Kind.FLOW, Kind.STOCK)]


def everything(rows: int = 4) -> pd.DataFrame:
    """Every metric of tables and every measure, by place, team type and sex."""
    values = {name: np.linspace(0.5, 2.5, rows) for name in (*ADDED, *FOR_TABLES)}
    keys = {
        "icb": ["QUE", "QHG"] * (rows // 2),
        "period": "2024-06",
        "team_type": ["CRHT"] * (rows // 2) + ["EIP"] * (rows // 2),
        "sex": ["F"] * rows,
    }
    return pd.DataFrame({**keys, **values})


def validate(tables: CentralMetrics) -> None:
    """By cml-schemas where it is installed, and by the rules of cml-validation, written here again from its own page."""
    dimensions = list(tables.dimensions.columns[3:])
    try:
        from cml_schemas import pandas_schemas as schemas
    except ImportError:
        pass
    else:
        schemas.validate_schema(tables.metric, schemas.get_metric_schema("float"))
        schemas.validate_schema(tables.dimensions, schemas.create_dimensions_schema(dimensions))
        schemas.validate_schema(tables.metadata, schemas.METADATA_SCHEMA)
        schemas.validate_schema(tables.relationships, schemas.RELATIONSHIPS_SCHEMA)
        schemas.validate_schema(tables.source, schemas.SOURCE_SCHEMA)
        for table, schema in ((tables.metric, schemas.METRIC_SCHEMA), (tables.metadata, schemas.METADATA_SCHEMA)):
            assert table.columns.tolist() == [field.name for field in schema.fields]
    metadata, metric = tables.metadata, tables.metric
    assert metadata.shape[1] == 39
    assert metadata["metric_family_id"].str.fullmatch(r"[A-Za-z]{2,4}[0-9]{4,5}").all()
    assert metadata["metric_id"].is_unique
    assert (metadata["metric_id"] == metadata["metric_family_id"] + "_act").all()
    assert metadata["metric_title"].str.len().between(1, 160).all()
    assert set(metadata["domain"]) <= {"Finance", "Access", "Context", "Quality of care", "Activity", "Other"}
    assert set(metadata["aggregation"]) <= {"Y", "N"}
    assert set(metadata["statistical_disclosure_control_flag"]) <= {"Y", "N", "NA"}
    assert metadata["metric_owner"].str.contains("@").all()
    assert metadata["metric_end_date"].isna().all()
    assert metric["datapoint_id"].is_unique
    assert metric["metric_value"].notna().all()
    assert set(metric["metric_id"]) <= set(metadata["metric_id"])
    assert metric.groupby("metric_id")["reporting_grain"].nunique().eq(1).all()
    for row in metric.head(20).to_dict("records"):
        parts = [row["metric_id"], row["dimension_id"], row["reporting_grain"], row["location_id"]]
        begun = str(row["reporting_period_start_datetime"])
        assert row["datapoint_id"] == "_".join([*(part for part in parts if part is not None), begun])
        json.loads(row["additional_metric_values"])
    relationships = tables.relationships
    assert not relationships.duplicated(["metric_id", "child_metric_id"]).any()
    assert set(relationships["relationship_type"]) <= {"Numerator", "Denominator"}
    for row in tables.dimensions.to_dict("records"):
        parts = [] if row["dimension_type_id"] == "total" else row["dimension_type_id"].split("&")
        assert row["dimension_count"] == len(parts)
        assert set(parts) <= set(dimensions)
    assert tables.dimensions["dimension_id"].is_unique
    assert set(metric["dimension_id"].dropna()) <= set(tables.dimensions["dimension_id"])


def test_every_metric_and_breakdown_is_accepted() -> None:
    tables = cml(everything(), **GIVEN)
    validate(tables)
    assert tables.metadata["metric_short_name"].tolist() == [*ADDED, *FOR_TABLES]
    assert len(tables.metric) == 4 * len(tables.metadata)
    assert tables.dimensions["dimension_type_id"].tolist() == ["team_type&sex"] * 2
    filled = tables.metadata.notna().sum(axis=1)
    assert filled.min() >= 30, "of 39 columns, from the catalogue"


def test_what_the_metadata_say() -> None:
    row = cml(everything(), **GIVEN, disclosure="counts under 5 suppressed").metadata.set_index("metric_short_name")
    of = row.loc["full_clock_stop_four_week_rate"]
    assert of["calculation"] == "full_clock_stops_within_four_weeks / full_clock_stops"
    assert of["interpretation"] == "higher is better"
    assert of["statistical_disclosure_control_flag"] == "Y"
    assert "MRS01b" in of["metric_alias"]
    assert row.loc["eip_two_week_rate", "target"].startswith("more than 0.5: NHS England")
    # The target of access was there until the guidance of 2025/26.
    assert row.loc["people_accessing", "target"].startswith("370,000 person: NHS England")
    later = cml(everything().assign(period="2025-06"), **GIVEN).metadata.set_index("metric_short_name")
    assert later.loc["people_accessing", "target"] is None
    assert row.loc["cost_per_contact", "domain"] == "Finance"
    assert row.loc["caseload", "aggregation"] == "Y"
    assert row.loc["caseload_per_100k_weighted", "aggregation"] == "N"


def test_ids_of_families_meet_nowhere_and_never_change() -> None:
    names = [*ADDED, *FOR_TABLES, *(name for name in MEASURES if name not in ADDED), *CATALOGUE]
    assert len({family_id(name) for name in names}) == len(set(names))
    # What has been published under an id must keep it.
    assert family_id("cost_per_contact") == "CMQT89399"
    tables = cml(everything(), **GIVEN, family_ids={"cost_per_contact": "MHSM0001"})
    assert "MHSM0001_act" in tables.metadata["metric_id"].tolist()
    assert "MHSM0001_act" in tables.relationships["metric_id"].tolist()


class TestBreakdowns:
    def test_a_type_changes_no_id(self) -> None:
        made = [
            cml(pd.DataFrame({"period": "2024/25 Q1", "decile": deciles, "contacts": [3, 4]}), **GIVEN)
            for deciles in ([1, 2], [1.0, 2.0], ["1", "2"], pd.array([1, 2], dtype="Int8"), pd.Categorical([1, 2]))
        ]
        for other in made:
            assert other.metric["datapoint_id"].tolist() == made[0].metric["datapoint_id"].tolist()
            assert other.dimensions["decile"].tolist() == ["1", "2"]

    def test_a_missing_value_beside_changes_no_id(self) -> None:
        result = pd.DataFrame({"period": "2024-06", "decile": [1, 2], "contacts": [3, 4]})
        with_total = pd.concat([result, pd.DataFrame({"period": ["2024-06"], "decile": [None], "contacts": [7]})])
        first, second = cml(result, **GIVEN), cml(with_total, **GIVEN)
        assert second.metric["dimension_id"].tolist()[:2] == first.metric["dimension_id"].tolist()
        assert second.dimensions["decile"].tolist() == ["1", "2", "all_decile"]
        assert second.dimensions["dimension_type_id"].tolist() == ["decile", "decile", "total"]
        validate(second)

    def test_are_hashed_as_the_librarys_own_helpers_do(self) -> None:
        helpers = pytest.importorskip("cml_conversion_helpers.pandas_functions.processing")
        result = pd.DataFrame({"period": "2024-06", "sex": ["F", "M"], "decile": ["1", "2"], "contacts": [3, 4]})
        theirs = helpers.create_md5_hash_col_with_exceptions(result, ["sex", "decile"], "id", ["all_", "no_"])
        assert cml(result, **GIVEN).metric["dimension_id"].tolist() == theirs["id"].tolist()

    def test_types_of_team_are_text(self) -> None:
        result = pd.DataFrame({"period": "2024-06", "team_type": [cm.TeamType.EIP, "CRHT"], "contacts": [3, 4]})
        assert cml(result, **GIVEN).dimensions["team_type"].tolist() == [cm.TeamType.EIP.value, "CRHT"]


class TestResults:
    def test_of_aggregate_with_totals_and_bounds(self) -> None:
        teams = pd.DataFrame(
            {
                "icb": ["QUE", "QUE", "QHG"], "team": ["x", "y", "z"], "caseload": [None, 40, 60],
                "caseload_lower": [1, 40, 60], "caseload_upper": [4, 40, 60], "wte": [2, 4, 6],
            }
        )  # fmt: skip
        result = cm.aggregate(teams, by="icb", totals=True)
        tables = cml(result, **GIVEN, period="2024-06")
        validate(tables)
        assert tables.left_out["metric"].tolist() == ["caseload", "caseload", "patients_per_wte", "patients_per_wte"]
        england = tables.metric[tables.metric["location_id"] == "england"]
        assert england["location_type"].tolist() == ["nhs-country"] * len(england)
        assert england["metric_value"].tolist() == [12.0]

    def test_bounds_stand_beside_a_value(self) -> None:
        result = pd.DataFrame({"icb": ["A"], "caseload": [40.0], "caseload_lower": [38.0], "caseload_upper": [42.0]})
        tables = cml(result, **GIVEN, period="2024/25")
        assert json.loads(tables.metric["additional_metric_values"][0]) == {"lower": 38.0, "upper": 42.0}
        assert tables.metric["reporting_grain"].tolist() == ["yearly"]

    def test_of_benchmark(self) -> None:
        teams = pd.DataFrame(
            {"icb": ["A", "B"], "caseload": [40, 60], "total_cost": [4, 9], "registered_population": [1000, 3000]}
        )
        result = cm.benchmark(
            teams, ["caseload_per_100k", "year_of_care_cost"], by="icb", place="icb", basis="registered"
        )
        tables = cml(result, **GIVEN, period="2024/25", place="place", location_type="nhs-icb")
        validate(tables)
        assert tables.metadata["metric_short_name"].tolist() == ["caseload_per_100k_registered", "year_of_care_cost"]
        assert tables.metric["metric_value"].tolist() == [4000.0, 2000.0, 0.1, 0.15]
        assert tables.relationships["child_metric_short_name"].tolist() == [
            "caseload", "registered_population", "total_cost", "caseload",
        ]  # fmt: skip

    def test_of_other_engines(self) -> None:
        result = everything()
        expected = cml(result, **GIVEN).metric
        for other in (pl.from_pandas(result), pl.from_pandas(result).lazy()):
            pd.testing.assert_frame_equal(cml(other, **GIVEN).metric, expected)

    def test_of_england_alone(self) -> None:
        tables = cml(pd.DataFrame({"contacts": [14e6]}), **GIVEN, period="2016/17")
        assert tables.metric[["location_id", "location_type", "dimension_id"]].values.tolist() == [
            ["england", "nhs-country", None]
        ]
        assert tables.dimensions.empty


class TestWhatIsRefused:
    def test_all_at_once(self) -> None:
        result = pd.DataFrame({"icb": ["A"], "region": ["B"], "contacts": [1]})
        with pytest.raises(cm.BadInput) as caught:
            cml(result, owner="nobody", source="MHSDS", published="soon", status="Final")
        assert {problem.column for problem in caught.value.problems} == {
            "owner",
            "published",
            "status",
            "place",
            "period",
        }

    def test_unknown_places_beside_what_else_is_wrong(self) -> None:
        with pytest.raises(cm.BadInput) as caught:
            cml(pd.DataFrame({"ward": ["A"], "contacts": [1]}), **GIVEN, place="ward")
        assert [problem.column for problem in caught.value.problems] == ["location_type", "period"]

    @pytest.mark.parametrize(
        ("result", "column"),
        [
            (pd.DataFrame({"icb": ["A"], "colour": ["red"]}), None),
            (pd.DataFrame({"icb": ["A", "A"], "period": ["2024-06", "2024/25"], "contacts": [1, 2]}), "period"),
            (pd.DataFrame({"icb": ["A", "A"], "period": ["2024-06", "2024-06"], "contacts": [1, 2]}), None),
            (pd.DataFrame({"ward": ["A"], "period": ["2024-06"], "contacts": [1]}), "location_type"),
        ],
        ids=["no metric", "months and years", "twice", "unknown places"],
    )
    def test_what_cannot_be_in_it(self, result: pd.DataFrame, column: str | None) -> None:
        with pytest.raises(cm.BadInput) as caught:
            cml(result, **GIVEN, period="2024-06", place="ward" if "ward" in result else None)
        assert column in {problem.column for problem in caught.value.problems}


def test_on_spark() -> None:
    pytest.importorskip("cml_schemas")
    spark_schemas = pytest.importorskip("cml_schemas.spark_schemas")
    from tests.support import spark_session

    if missing := spark_session.missing():
        pytest.skip(f"Spark: {missing}")
    tables = cml(everything().assign(total_cost=17_700_001.0), **GIVEN)
    found = tables.to_spark(spark_session.session())
    spark_schemas.validate_schema(found["metric"], spark_schemas.get_metric_schema("float"))
    spark_schemas.validate_schema(found["dimensions"], spark_schemas.create_dimensions_schema(["team_type", "sex"]))
    for name, schema in (("metadata", "METADATA"), ("relationships", "RELATIONSHIPS"), ("source", "SOURCE")):
        spark_schemas.validate_schema(found[name], getattr(spark_schemas, f"{schema}_SCHEMA"))
    row = found["metric"].filter(f"metric_id = '{family_id('total_cost')}_act'").first()
    # Seven digits of a 32-bit float; the whole value stands beside it.
    assert json.loads(row["additional_metric_values"])["value"] == 17_700_001.0
