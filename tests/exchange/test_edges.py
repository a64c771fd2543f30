"""What stands in each column of the tables of the Central Metrics Library."""

from __future__ import annotations

import ast
import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest

import cmhs_metrics as cm
from cmhs_metrics.catalogue import CATALOGUE
from cmhs_metrics.exchange import cml, ossie, sql
from cmhs_metrics.exchange.central_metrics_library import _text, _told_of, family_id
from cmhs_metrics.exchange.queries import _of_a_row, _read
from cmhs_metrics.measures import MEASURES
from cmhs_metrics.synonyms import METRIC_WORDS
from tests.exchange.test_cml_cells import METADATA
from tests.support.refusals import problem, refused

GIVEN = {"owner": "Team, team@nhs.net", "source": "MHSDS", "published": "2024-09-12"}


def of(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame({"icb": ["QUE"], "period": ["2024-06"], **{name: [each] for name, each in columns.items()}})


def described(*names: str, **given: Any) -> pd.DataFrame:
    return cml(of(**dict.fromkeys(names, 1.0)), **GIVEN | given).metadata.set_index("metric_short_name")


class TestMetadata:
    def test_of_a_metric(self) -> None:
        given = {"platform": "Warehouse", "state": "Live", "category": "Official", "disclosure": "rounded to 5"}
        result = of(cost_per_contact=30.0, sex="F", age="0-17")
        row = cml(result, **GIVEN, **given, status="Provisional").metadata.iloc[0]
        metric = CATALOGUE["cost_per_contact"]
        assert row.index.tolist() == METADATA
        family = family_id("cost_per_contact")
        assert row.drop(["metric_end_date"]).to_dict() == {
            "metric_family_id": family, "metric_id": f"{family}_prov", "metric_status": "Provisional",
            "metric_state": "Live", "metric_title": "Cost per contact", "metric_start_date": pd.Timestamp("2024-06-01"),
            "available_metric_category": "Official", "available_reporting_grain": "monthly",
            "available_location_types": "nhs-icb", "available_dimension_types": "age, sex",
            "business_area": "Mental health", "business_sub_area": "Community mental health services",
            "domain": "Finance", "numerator_source_name": "MHSDS", "numerator_project_id": None,
            "numerator_source_platform": "Warehouse", "denominator_source_name": "MHSDS",
            "denominator_project_id": None, "denominator_source_platform": "Warehouse",
            "metric_owner": "Team, team@nhs.net", "metric_short_name": "cost_per_contact",
            "metric_alias": "unit cost, price of a contact", "metric_description": metric.definition,
            "calculation": "total_cost / contacts",
            "metric_purpose": "Finance: what the services cost, by the people they serve, the people they hold and the "
            "work they do.",
            "unit": "GBP per contact", "format": "currency", "target": None, "frequency_of_refresh": "monthly",
            "aggregation": "N", "statistical_disclosure_control_flag": "Y",
            "statistical_disclosure_control_description": "rounded to 5", "interpretation": None,
            "inclusion_exclusion_rules": f"Of total_cost ({MEASURES['total_cost'].description}) and contacts "
            f"({MEASURES['contacts'].description}).",
            "usage": row["usage"], "organisation_geog_type": "nhs-icb", "footnotes": metric.caveats[0],
            "notes": f"Defined in {metric.source}. Status: {metric.status}. Package: cmhs_metrics.",
        }  # fmt: skip
        assert "do not add" in row["usage"]

    def test_of_measures(self) -> None:
        rows = described("total_cost", "caseload", "referrals_accepted", "full_clock_stops")
        assert rows["domain"].tolist() == ["Finance", "Activity", "Activity", "Activity"]
        assert rows["format"].tolist() == ["currency", "number", "number", "number"]
        assert rows["unit"].tolist() == ["GBP", "patient", "referral", MEASURES["full_clock_stops"].unit]
        assert rows["calculation"].tolist() == [f"total of {name}" for name in rows.index]
        assert rows["metric_description"].tolist() == [MEASURES[name].description for name in rows.index]
        assert rows["metric_title"].iloc[1] == "People on the caseload at the end of the period"
        assert rows["inclusion_exclusion_rules"].tolist()[:3] == ["All of them.", "All of them.", "Part of referrals."]
        # A stock does not add over time, a flow does.
        assert rows["footnotes"].map(lambda text: "over time" in text).tolist() == [False, True, False, False]
        assert [text.split()[1] for text in rows["notes"]] == ["flow", "stock", "flow", "flow"]
        assert rows["metric_alias"].tolist() == ["total cost", "caseload", "referrals accepted", "MRS01"]
        for name in ("metric_purpose", "usage"):
            assert rows[name].str.len().gt(20).all()
        assert set(rows["statistical_disclosure_control_flag"]) == {"NA"}
        assert rows["statistical_disclosure_control_description"].iloc[0].startswith("not stated")
        assert (rows["metric_status"].iloc[0], rows["metric_state"].iloc[0]) == ("Actual", "In development - Not Live")
        assert rows["available_metric_category"].iloc[0] == "MI internal"
        assert rows["available_dimension_types"].iloc[0] is None

    @pytest.mark.parametrize(
        ("section", "domain"),
        [
            ("finance", "Finance"), ("waits", "Access"), ("referrals", "Access"), ("transformation", "Access"),
            ("population", "Context"), ("contacts", "Activity"), ("caseload", "Activity"), ("clusters", "Activity"),
            ("inpatient", "Activity"), ("interventions", "Quality of care"), ("workforce", "Other"),
        ],
    )  # fmt: skip
    def test_a_domain_is_one_of_the_librarys(self, section: str, domain: str) -> None:
        from cmhs_metrics.exchange.central_metrics_metadata import _of_metric

        names = [name for name, each in CATALOGUE.items() if each.section == section]
        assert {_of_metric(CATALOGUE[name], None)["domain"] for name in names} == {domain}

    def test_format_and_rules(self) -> None:
        rows = described("dna_rate", "contacts_per_patient", "caseload_per_100k_weighted", "contacts_per_wte")
        assert rows["format"].tolist() == ["proportion, 0 to 1", "decimal", "decimal", "decimal"]
        assert rows["inclusion_exclusion_rules"].str.endswith("The flow covers a year.").tolist() == [
            CATALOGUE[name].annual for name in ("dna_rate", "contacts_per_patient", "caseload_per_100k", "contacts_per_wte")
        ]  # fmt: skip
        people = rows.loc["caseload_per_100k_weighted"]
        assert people["metric_title"] == "Caseload per 100,000 people (weighted population)"
        assert people["metric_description"].endswith(f" People: {MEASURES['weighted_population'].description}.")
        bare = next(name for name, each in CATALOGUE.items() if not each.caveats and not each.contract.many)
        assert described(bare).loc[bare, "footnotes"] == "None."

    def test_ids_and_other_names_are_made_of_the_name(self) -> None:
        # What has been published under an id must keep it.
        assert family_id("cost_per_contact") == "CMQT89399"
        plain = next(n for n, each in CATALOGUE.items() if not (METRIC_WORDS.get(n) or each.published_as) and "_" in n)
        from cmhs_metrics.exchange.central_metrics_metadata import _of_metric

        assert _of_metric(CATALOGUE[plain], None)["alias"] == plain.replace("_", " ")

    def test_a_title_has_160_letters_at_most(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from cmhs_metrics.exchange import central_metrics_metadata as module

        told = module._of_measure(MEASURES["contacts"]) | {"title": "x" * 200}
        monkeypatch.setattr(module, "_of_measure", lambda measure: told)
        assert described("contacts")["metric_title"].tolist() == ["x" * 160]

    def test_what_a_rate_stands_on(self) -> None:
        tables = cml(of(caseload_per_100k_weighted=1.0), **GIVEN)
        assert tables.relationships[["child_metric_short_name", "relationship_type"]].to_numpy().tolist() == [
            ["caseload", "Numerator"],
            ["weighted_population", "Denominator"],
        ]

    def test_a_direction_is_told_where_there_is_one(self) -> None:
        told = cm.policy()
        either = told.loc[(told["metric"] == "waiting") | (told["metric"] == "full_clock_stops"), "direction"]
        assert set(either) == {"neither"}
        from cmhs_metrics.exchange.central_metrics_metadata import _directions

        assert set(_directions().values()) == {"higher is better", "lower is better"}
        assert "waiting" not in _directions()


class TestValues:
    @pytest.mark.parametrize(
        ("column", "kind"),
        [
            ("icb", "nhs-icb"), ("sub_icb", "nhs-sub-icb-location"), ("region", "nhs-region"), ("trust", "nhs-trust"),
            ("provider", "nhs-trust"), ("organisation", "nhs-trust"), ("local_authority", "local-authority"),
        ],
    )  # fmt: skip
    def test_a_column_of_places_has_its_kind(self, column: str, kind: str) -> None:
        result = pd.DataFrame({column: ["A", None], "period": "2024-06", "contacts": [3, 4]})
        tables = cml(result, **GIVEN)
        assert tables.metric["location_type"].tolist() == [kind, "nhs-country"]
        assert tables.metric["location_id"].tolist() == ["A", "england"]
        # The kinds of one metric stand in the order of the alphabet.
        assert tables.metadata["available_location_types"].tolist() == [", ".join(sorted([kind, "nhs-country"]))]
        assert tables.metadata["organisation_geog_type"].tolist() == [kind]
        assert cml(result, **GIVEN, location_type="other").metric["location_type"].tolist() == ["other", "nhs-country"]
        # No column of places is a breakdown.
        assert tables.metric["dimension_id"].tolist() == [None, None]

    @pytest.mark.parametrize(
        ("period", "grain", "begun", "ended"),
        [
            (dt.date(2024, 6, 30), "daily", "2024-06-30", "2024-06-30"), ("2024-06", "monthly", "2024-06-01", "2024-06-30"),
            ("2024/25 Q1", "quarterly", "2024-04-01", "2024-06-30"), ("2024/25", "yearly", "2024-04-01", "2025-03-31"),
        ],
    )  # fmt: skip
    def test_a_period_has_its_grain(self, period: Any, grain: str, begun: str, ended: str) -> None:
        tables = cml(pd.DataFrame({"contacts": [3.0]}), **GIVEN, period=period)
        row, source = tables.metric.iloc[0], tables.source.iloc[0]
        assert (row["reporting_grain"], row["reporting_period_start_datetime"]) == (grain, pd.Timestamp(begun))
        assert tables.metadata.loc[0, ["available_reporting_grain", "frequency_of_refresh"]].tolist() == [grain, grain]
        assert row["datapoint_id"] == f"{family_id('contacts')}_act_{grain}_england_{begun} 00:00:00"
        assert row["publication_datetime"] == pd.Timestamp("2024-09-12")
        assert source["last_record_timestamp"] == pd.Timestamp(ended)

    def test_the_source_in_one_row(self) -> None:
        result = pd.DataFrame({"period": ["2024-07", "2024-05", "2024-06"], "contacts": [3.0, 1, 2]})
        tables = cml(result, **GIVEN, platform="Warehouse")
        published = pd.Timestamp("2024-09-12")
        assert tables.source.to_dict("records") == [
            {
                "numerator_source_name": "MHSDS", "numerator_project_id": None,
                "numerator_source_platform": "Warehouse", "denominator_source_name": "MHSDS",
                "denominator_project_id": None, "denominator_source_platform": "Warehouse",
                "first_record_timestamp": pd.Timestamp("2024-05-01"),
                "last_record_timestamp": pd.Timestamp("2024-07-31"), "last_ingest_timestamp": published,
                "version_release_date": published, "version_release": 1,
            }
        ]  # fmt: skip
        assert tables.metadata["metric_start_date"].tolist() == [pd.Timestamp("2024-05-01")]
        assert tables.metric["metric_value"].dtype == "float64"
        assert tables.metric.columns.tolist() == [
            "datapoint_id", "metric_id", "dimension_id", "reporting_grain", "location_id", "location_type",
            "reporting_period_start_datetime", "publication_datetime", "metric_value", "additional_metric_values",
        ]  # fmt: skip
        assert tables.dimensions.columns.tolist() == ["dimension_id", "dimension_type_id", "dimension_count"]

    def test_above_and_below_the_line(self) -> None:
        tables = cml(of(dna_rate=0.1), **GIVEN, family_ids={"contacts": "MHSM0002"})
        missed = f"{MEASURES['did_not_attends'].description}, in did_not_attends / (did_not_attends + contacts)"
        # What stands above and below is named once, where it is met first.
        assert tables.relationships.to_dict("records") == [
            {
                "metric_id": f"{family_id('dna_rate')}_act", "metric_short_name": "dna_rate",
                "child_metric_id": f"{family_id('did_not_attends')}_act", "child_metric_short_name": "did_not_attends",
                "relationship_type": "Numerator", "relationship_category": "Direct", "relationship_description": missed,
            },
            {
                "metric_id": f"{family_id('dna_rate')}_act", "metric_short_name": "dna_rate",
                "child_metric_id": "MHSM0002_act", "child_metric_short_name": "contacts",
                "relationship_type": "Denominator", "relationship_category": "Direct",
                "relationship_description": missed.replace(
                    MEASURES["did_not_attends"].description, MEASURES["contacts"].description
                ),
            },
        ]  # fmt: skip

    def test_numbers_that_are_no_keys_are_no_breakdown(self) -> None:
        """Bounds, populations, how many periods were added and the level of a total."""
        result = of(
            contacts=3.0,
            registered_population=900,
            level="icb",
            periods=1,
            contacts_lower=2.0,
            cost_per_contact_upper=9.0,
        )
        tables = cml(result, **GIVEN)
        assert tables.dimensions.columns.tolist()[3:] == []
        assert tables.metadata["metric_short_name"].tolist() == ["contacts"]
        assert tables.metric["additional_metric_values"].tolist() == ['{"lower": 2.0}']

    def test_of_a_row_for_each_metric(self) -> None:
        """Rates stand on a population; what stands on none keeps its name; a bound that is missing is none."""
        result = pd.DataFrame(
            {
                "metric": ["caseload_per_100k", "year_of_care_cost"], "place": ["QUE", "QUE"], "value": [400.0, 5.0],
                "basis": ["weighted", ""], "value_lower": [390.0, None], "value_upper": [410.0, None],
            }
        )  # fmt: skip
        for given in (result, result.assign(period="2024/25", more=1)):
            tables = cml(given, **GIVEN, period="2024/25", location_type="nhs-icb")
            assert tables.metadata["metric_short_name"].tolist() == ["caseload_per_100k_weighted", "year_of_care_cost"]
            assert tables.metric["additional_metric_values"].tolist() == ['{"lower": 390.0, "upper": 410.0}', "{}"]
            assert tables.metric["location_id"].tolist() == ["QUE", "QUE"]
            assert tables.dimensions.columns.tolist()[3:] == []

    def test_values_of_breakdowns_as_text(self) -> None:
        kinds = [True, dt.date(2024, 6, 1), 1.5, 2.0, cm.TeamType.EIP, "Ab"]
        result = pd.DataFrame({"period": "2024-06", "kind": pd.Series(kinds, dtype=object), "contacts": 1.0})
        tables = cml(result, **GIVEN)
        assert tables.dimensions["kind"].tolist() == ["true", "2024-06-01", "1.5", "2", cm.TeamType.EIP.value, "Ab"]
        assert tables.dimensions["dimension_count"].tolist() == [1] * 6

    def test_a_number_of_numpy_is_a_number(self) -> None:
        given = [np.int8(3), np.float32(2), np.float64(2.5), np.bool_(True), None, float("nan")]
        assert [_text(each) for each in given] == ["3", "2", "2.5", "1", "", ""]
        assert _told_of("waits_of_each") == "waits of each"

    def test_the_id_of_a_breakdown(self) -> None:
        """The MD5 of name=value, in the order of the names, as the library's own helpers make it."""
        import hashlib

        result = pd.DataFrame(
            {"period": "2024-06", "sex": ["F", None, None], "age": ["1", "2", None], "contacts": [3, 4, 5]}
        )
        tables = cml(result, **GIVEN)
        texts = ["age=1|sex=F", "age=2", "__ALL__"]
        ids = [hashlib.md5(text.encode(), usedforsecurity=False).hexdigest() for text in texts]
        assert tables.metric["dimension_id"].tolist() == ids
        assert tables.dimensions.to_numpy().tolist() == [
            [ids[0], "sex&age", 2, "F", "1"], [ids[1], "age", 1, "all_sex", "2"], [ids[2], "total", 0, "all_sex", "all_age"],
        ]  # fmt: skip

    def test_what_is_left_out_says_of_whom(self) -> None:
        result = pd.DataFrame({"icb": ["A", "B"], "period": "2024-06", "sex": ["F", "M"], "contacts": [None, 2.0]})
        tables = cml(result, **GIVEN)
        assert tables.left_out.to_dict("records") == [{"metric": "contacts", "location_id": "A", "sex": "F"}]
        assert tables.metric.index.tolist() == [0]
        # Its metadata and its breakdown stand all the same.
        assert tables.dimensions["sex"].tolist() == ["F", "M"]


class TestWhatIsRefused:
    def test_a_place_that_is_no_key(self) -> None:
        with refused("place", "ward", expected="a place", names="icb"):
            cml(of(contacts=3), **GIVEN, place="ward")

    def test_two_columns_of_places(self) -> None:
        result = of(contacts=3, place="X")
        with refused("place", ["icb", "place"]):
            cml(result, **GIVEN)
        assert cml(result, **GIVEN, place="icb").dimensions["place"].tolist() == ["X"]

    def test_no_period(self) -> None:
        with refused("period", None, expected="a date or period"):
            cml(pd.DataFrame({"contacts": [3]}), **GIVEN)

    def test_periods_of_two_kinds(self) -> None:
        result = pd.DataFrame({"icb": ["A", "A"], "period": ["2024-06", "2024/25"], "contacts": [1, 2]})
        with refused("period", ["financial year", "month"]):
            cml(result, **GIVEN)

    def test_one_value_twice(self) -> None:
        twice = pd.DataFrame({"icb": ["A", "A"], "period": "2024-06", "contacts": [1, 2]})
        value = f"{family_id('contacts')}_act_monthly_A_2024-06-01 00:00:00"
        with refused(None, value, expected="one for each"):
            cml(twice, **GIVEN)

    def test_names_of_queries(self) -> None:
        """What may have been meant is a metric, and a measure only where totals of measures are written."""
        with refused(problem("metrics", "contcts", expected=("a metric", "a measure"), suggests="contacts")):
            sql("contcts", by="icb")
        with refused(problem("metrics", "cost_per_contct", expected="a metric", suggests="cost_per_contact")) as caught:
            sql("cost_per_contct")
        assert "measure" not in caught.value.problems[0].expected
        with refused(problem("metrics", "total_csot", expected="a metric")) as caught:
            sql("total_csot")
        assert "did you mean" not in caught.value.problems[0].expected

    @pytest.mark.parametrize("name", ["people_accessing", "cost_per_organisation"])
    def test_what_does_not_add(self, name: str) -> None:
        from cmhs_metrics.measures import Kind

        distinct = next(each for each, measure in MEASURES.items() if measure.kind is Kind.DISTINCT)
        with refused("metrics", distinct):
            sql(distinct, by="icb")


class TestQueries:
    def test_a_table_of_a_schema_of_a_catalogue(self) -> None:
        for table in ("teams", "dbo.teams", "warehouse.dbo.teams"):
            assert sql("cost_per_contact", table=table).endswith(f"FROM {table}")
        assert sql("cost_per_contact", table="dbo.Our Teams").endswith('FROM dbo."Our Teams"')

    @pytest.mark.parametrize("table", ["server.warehouse.dbo.teams", "warehouse..teams", ""])
    def test_no_part_of_a_name_is_dropped(self, table: str) -> None:
        with refused(problem("table", table), problem("populations", table)):
            sql("caseload_per_100k", by="icb", table=table, populations=table)

    @pytest.mark.parametrize("word", ["user", "system_user", "key", "plan", "public"])
    def test_reserved_words_are_quoted(self, word: str) -> None:
        # In PostgreSQL `SELECT user` is the name of who asks, whatever the column holds.
        assert f'"{word}"' in sql("contacts", by=word)
        assert f"[{word}]" in sql("contacts", by=word, dialect="tsql")

    def test_a_total_is_a_float(self) -> None:
        text = sql("contacts", by="icb")
        assert "SUM(CAST(contacts AS DOUBLE PRECISION))" in text
        # What is summed as a float is not made one again.
        assert text.count("CAST(") == 1
        assert "AS DOUBLE PRECISION" not in sql("contacts", by="icb", dialect="databricks")

    def test_a_mean_needs_no_total(self) -> None:
        text = sql(["mean_wait", "contacts"], by="icb", table="waits")
        assert "SUM(CAST(contacts" in text
        assert "SUM(CAST(waits" not in text
        assert text.count("AVG(CAST(waits") == 1

    def test_what_to_group_by_is_named(self) -> None:
        with refused("by", 5, expected="a column"):
            sql("cost_per_contact", by=5)  # type: ignore[arg-type]
        with refused("metrics", 5, expected="a metric"):
            sql(5)  # type: ignore[arg-type]
        with refused("keys", 5, expected="a column"):
            ossie(keys=5)

    def test_people_of_an_age_band_stand_in_no_column(self) -> None:
        with refused("metrics", "caseload_per_100k_age_band", expected="a column"):
            sql("caseload_per_100k_age_band")

    def test_a_rate_takes_its_own_columns_and_its_people(self) -> None:
        text = sql("caseload_per_100k", by="icb", populations="places")
        assert "THEN SUM(CAST(caseload AS" in text
        assert text.count("SUM(CAST(registered_population AS") == 1

    def test_what_is_no_sum_product_or_quotient_is_not_written(self) -> None:
        formula = ast.parse("a ** b", mode="eval").body
        with refused("metrics", "a ** b"):
            _read(formula, _of_a_row)
        assert _read(ast.parse("(a + 2) * b if b else c", mode="eval").body, _of_a_row).sql().count("CAST") == 2
