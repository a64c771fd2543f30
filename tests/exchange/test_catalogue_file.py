"""The catalogue as one file of JSON, by its own schema."""

from __future__ import annotations

import copy
import json

import jsonschema
import pytest

import cmhs_metrics as cm
from cmhs_metrics.catalogue import CATALOGUE
from cmhs_metrics.exchange import catalogue, catalogue_schema
from cmhs_metrics.measures import MEASURES

VALIDATOR = jsonschema.Draft202012Validator(catalogue_schema())
WHOLE = json.loads(json.dumps(catalogue(), allow_nan=False))


def test_is_what_its_schema_says() -> None:
    jsonschema.Draft202012Validator.check_schema(catalogue_schema())
    VALIDATOR.validate(WHOLE)
    assert WHOLE["version"] == cm.__version__
    assert catalogue_schema()["$id"].endswith(cm.__version__)
    assert [metric["name"] for metric in WHOLE["metrics"]] == list(CATALOGUE)
    assert [measure["name"] for measure in WHOLE["measures"]] == list(MEASURES)
    assert len(WHOLE["policy"]) == len(cm.policy())


@pytest.mark.parametrize(
    ("part", "key", "value"),
    [
        ("metrics", "status", "fine"), ("metrics", "source", ""), ("metrics", "proportion", "yes"),
        ("policy", "certainty", "sure"), ("policy", "source", ""), ("policy", "since", ""), ("measures", "kind", "sum"),
    ],
)  # fmt: skip
def test_the_schema_notices(part: str, key: str, value: object) -> None:
    wrong = copy.deepcopy(WHOLE)
    wrong[part][3][key] = value
    assert not VALIDATOR.is_valid(wrong)
    del wrong[part][3][key]
    assert not VALIDATOR.is_valid(wrong)


def test_an_entry_says_what_describe_says() -> None:
    entry = json.loads(cm.describe("full_clock_stop_four_week_rate").to_json())
    assert entry == next(each for each in WHOLE["metrics"] if each["name"] == "full_clock_stop_four_week_rate")
    assert entry["numerator"] == {"full_clock_stops_within_four_weeks": 1}
    assert entry["published_as"] == ["MRS01b"]
    assert entry["example"]["inputs"] == {"full_clock_stops_within_four_weeks": 934, "full_clock_stops": 16139}
