"""The catalogue as a model of Apache Ossie: by its specification, by its own validator where a checkout is, and run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
import sqlglot
import yaml

import cmhs_metrics as cm
from cmhs_metrics.catalogue import CATALOGUE
from cmhs_metrics.exchange import ossie
from cmhs_metrics.measures import MEASURES, Kind
from cmhs_metrics.synonyms import MEASURE_WORDS
from tests.support.refusals import refused

CHECKOUT = os.environ.get("OSSIE")
"""A checkout of github.com/apache/ossie, if its validator is to be asked."""


@cache
def whole() -> dict[str, Any]:
    """The document, read once, and only where a test of it runs."""
    return _read(ossie())


def _read(text: str) -> dict[str, Any]:
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def model() -> dict[str, Any]:
    return whole()["semantic_model"][0]


ALLOWED = {
    "dataset": {
        "name",
        "source",
        "primary_key",
        "unique_keys",
        "description",
        "ai_context",
        "fields",
        "custom_extensions",
    },
    "field": {"name", "expression", "dimension", "label", "description", "ai_context", "custom_extensions"},
    "metric": {"name", "expression", "description", "ai_context", "custom_extensions"},
}
"""What specification 0.1.1 knows of each; it refuses more."""


def test_has_what_the_specification_asks_and_no_more() -> None:
    assert set(whole()) == {"version", "semantic_model"}
    assert whole()["version"] == "0.1.1"
    [dataset] = model()["datasets"]
    assert set(dataset) <= ALLOWED["dataset"]
    for kind, entries in (("field", dataset["fields"]), ("metric", model()["metrics"])):
        assert len({entry["name"] for entry in entries}) == len(entries)
        for entry in entries:
            assert set(entry) <= ALLOWED[kind]
            for written in entry["expression"]["dialects"]:
                assert set(written) == {"dialect", "expression"}
                assert written["dialect"] in ("ANSI_SQL", "DATABRICKS")
                sqlglot.parse_one(
                    written["expression"], read="databricks" if written["dialect"] == "DATABRICKS" else None
                )
            for extension in entry.get("custom_extensions", []):
                # One of the vendors that 0.1.1 lists.
                assert extension["vendor_name"] == "COMMON"
                assert json.loads(extension["data"])["unit"] is not None


def test_fields_and_metrics_say_what_they_are() -> None:
    """Types of data stand in the version in development alone."""
    other = ossie(dataset="d", source="w.dbo.teams", keys=("period", "team_type"), version="0.2.0.dev0")
    for document, version, name, source, text, number in (
        (whole(), "0.1.1", "teams", "teams", {}, {}),
        (_read(other), "0.2.0.dev0", "d", "w.dbo.teams", {"datatype": "String"}, {"datatype": "Float"}),
    ):
        assert list(document) == ["version", "semantic_model"]
        assert document["version"] == version
        [held] = document["semantic_model"]
        assert list(held) == ["name", "description", "datasets", "metrics"]
        assert held["name"] == "cmhs_metrics"
        [dataset] = held["datasets"]
        assert list(dataset) == ["name", "source", "description", "fields"]
        assert (dataset["name"], dataset["source"]) == (name, source)
        fields = {each["name"]: each for each in dataset["fields"]}
        described = MEASURES["contacts"].description
        # A measure is nothing to group by.
        for field, dimension, description, more in (
            ("period", {"dimension": {"is_time": True}}, "period", text),
            ("team_type", {"dimension": {"is_time": False}}, "team type", text),
            ("contacts", {}, described, number),
        ):
            assert {key: value for key, value in fields[field].items() if key != "ai_context"} == {
                "name": field, "expression": {"dialects": [{"dialect": "ANSI_SQL", "expression": field}]},
                "description": description, **dimension, **more,
            }  # fmt: skip
        assert "financial year" in fields["period"]["ai_context"]["synonyms"]
        wordless = next(each for each in MEASURES if each in fields and not MEASURE_WORDS.get(each))
        assert "ai_context" not in fields[wordless]
        metrics = {each["name"]: each for each in held["metrics"]}
        assert "ai_context" not in metrics[wordless]
        for metric, description in (
            ("contacts", f"Total of {described}"),
            ("dna_rate", CATALOGUE["dna_rate"].definition),
        ):
            entry = metrics[metric]
            told = {"name", "expression", "description", "ai_context", "custom_extensions"}
            assert set(entry) == told | set(number)
            assert {key: entry[key] for key in number} == number
            assert entry["description"] == description
            assert list(entry["ai_context"]) == ["synonyms"]
            ansi, databricks = entry["expression"]["dialects"]
            assert (ansi["dialect"], databricks["dialect"]) == ("ANSI_SQL", "DATABRICKS")
            assert f"CAST({name}.contacts AS DOUBLE PRECISION)" in ansi["expression"]
            assert f"CAST({name}.contacts AS DOUBLE)" in databricks["expression"]
            assert "\n" not in ansi["expression"] + databricks["expression"]
        assert json.loads(metrics["contacts"]["custom_extensions"][0]["data"]) == {"unit": "contact", "kind": "flow"}
        extension = json.loads(metrics["dna_rate"]["custom_extensions"][0]["data"])
        assert "COUNT_BIG" in extension["tsql"]
        assert extension["name"] == "dna_rate"
    # Letters beyond ASCII stand as they are.
    assert "×" in other
    assert "\\u" not in other


def test_the_expressions_give_what_python_gives() -> None:
    teams = pd.DataFrame({"did_not_attends": [1, 2], "contacts": [4, 5], "total_cost": [10.0, None], "wte": [0, 0]})
    found = {}
    with duckdb.connect() as connection:
        connection.register("teams", teams)
        for entry in model()["metrics"]:
            if entry["name"] in ("dna_rate", "contacts", "cost_per_contact", "contacts_per_wte", "total_cost"):
                expression = entry["expression"]["dialects"][0]["expression"]
                [found[entry["name"]]] = connection.execute(f"SELECT {expression} FROM teams").fetchone() or ()
    assert found == {
        "dna_rate": cm.dna_rate(3, 9), "contacts": 9, "total_cost": None, "cost_per_contact": None,
        "contacts_per_wte": None,
    }  # fmt: skip


def test_what_is_left_out() -> None:
    names = {entry["name"] for entry in model()["metrics"]}
    assert {name for name, each in MEASURES.items() if each.kind in (Kind.FLOW, Kind.STOCK)} <= names
    assert not {name for name in names if name.endswith("_per_100k")}
    assert {"median_wait", "caseload_share", "cost_per_organisation"} & names == set()
    assert len(names & set(CATALOGUE)) > 60


def test_there_is_no_version_1() -> None:
    with refused("version", "1.0", names=("1.0", "0.1.1")):
        ossie(version="1.0")  # type: ignore[arg-type]


@pytest.mark.skipif(CHECKOUT is None, reason="no checkout of Apache Ossie is named by OSSIE")
def test_by_its_own_validator(tmp_path: Path) -> None:
    file = tmp_path / "model.yaml"
    file.write_text(ossie(version="0.2.0.dev0"), encoding="utf-8")
    command = [sys.executable, str(Path(str(CHECKOUT)) / "validation" / "validate.py"), str(file)]
    assert "PASSED" in subprocess.run(command, check=True, capture_output=True, text=True).stdout
