"""The whole catalogue as one file of JSON, with its schema."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from cmhs_metrics.catalogue import CATALOGUE
from cmhs_metrics.measures import MEASURES
from cmhs_metrics.policies import policy
from cmhs_metrics.synonyms import MEASURE_WORDS, PUBLISHED_AS
from cmhs_metrics.version import __version__


def catalogue() -> dict[str, Any]:
    """Every metric, measure and entry of policy, in the types of JSON.

    Returns
    -------
    dict
        `package`, `version` (of the package, with which the catalogue changes), `metrics`, `measures` and `policy`, as
        `catalogue_schema` describes them; ``json.dump`` makes a file of it.

    Examples
    --------
    >>> import cmhs_metrics as cm
    >>> whole = catalogue()
    >>> whole["version"] == cm.__version__, len(whole["metrics"]) == len(cm.list_metrics())
    (True, True)
    """
    measures = [
        {
            "name": name, "unit": measure.unit, "kind": measure.kind.value, "description": measure.description,
            "part_of": measure.part_of, "synonyms": list(MEASURE_WORDS.get(name, ())),
            "published_as": list(PUBLISHED_AS.get(name, ())),
        }
        for name, measure in MEASURES.items()
    ]  # fmt: skip
    entries = policy().reset_index()
    return {
        "package": "cmhs_metrics",
        "version": __version__,
        "metrics": [metric.to_dict() for metric in CATALOGUE.values()],
        "measures": measures,
        "policy": json.loads(entries.to_json(orient="records")),
    }


def catalogue_schema() -> dict[str, Any]:
    """The JSON schema (draft 2020-12) of what `catalogue` gives, of this version of the package.

    Returns
    -------
    dict
        The schema.

    Examples
    --------
    >>> catalogue_schema()["properties"]["version"]["const"] == catalogue()["version"]
    True
    """
    text = files("cmhs_metrics.exchange").joinpath("catalogue.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    schema["$id"] = f"urn:cmhs_metrics:catalogue:{__version__}"
    schema["properties"]["version"]["const"] = __version__
    return schema
