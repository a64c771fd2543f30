"""The catalogue as a semantic model of Apache Ossie (before: Open Semantic Interchange), in YAML."""

from __future__ import annotations

import json
from typing import Any, Literal, get_args

from cmhs_metrics.catalogue import CATALOGUE
from cmhs_metrics.errors import BadInput, Problem
from cmhs_metrics.exchange.queries import of_a_dataset
from cmhs_metrics.measures import KEYS, MEASURES, PLACE_KEYS, Kind
from cmhs_metrics.numeric.expected import names_in
from cmhs_metrics.synonyms import KEY_WORDS, MEASURE_WORDS, METRIC_WORDS
from cmhs_metrics.version import __version__

Version = Literal["0.1.1", "0.2.0.dev0"]
_DIALECTS: dict[str, Literal["ansi", "databricks"]] = {"ANSI_SQL": "ansi", "DATABRICKS": "databricks"}


def ossie(
    *,
    dataset: str = "teams",
    source: str = "teams",
    keys: Any = (*KEYS, *PLACE_KEYS),
    version: Version = "0.1.1",
) -> str:
    """Write the metrics and measures as a semantic model of Apache Ossie.

    Parameters
    ----------
    dataset : str, default "teams"
        What the model calls the table of teams.
    source : str, default "teams"
        The table itself, for example "warehouse.dbo.teams": a row for each team and period.
    keys : str or sequence of str
        The columns by which it may be grouped; all that the tables of this package know unless given.
    version : {"0.1.1", "0.2.0.dev0"}, default "0.1.1"
        Of the specification: the one that was released, or the one in development, which knows types of data.

    Returns
    -------
    str
        YAML. Each ratio and each total of a measure has an expression of standard SQL and of Databricks, with the rules
        for zero and missing values; T-SQL, unit, caveats and source stand in `custom_extensions`, for the specification
        has no place for them.

    Raises
    ------
    BadInput
        When the version is another. There is none called 1.0: that was the first draft's name for 0.1.1.

    Notes
    -----
    Rates per 100,000 are left out: people belong to places, and a join to teams would count them for every team. So are
    shares of a whole and medians. Stocks (caseload, staff) do not add over time: group by `period`.

    References
    ----------
    Apache Ossie (incubating), core specification 0.1.1 and 0.2.0.dev0.

    Examples
    --------
    >>> print(ossie()[:52])
    version: 0.1.1
    semantic_model:
    - name: cmhs_metrics
    """
    import yaml

    columns = names_in("ossie", "keys", keys, "the name of a column, or several")
    if version not in get_args(Version):
        expected = f"one of {', '.join(get_args(Version))}; the draft that was called 1.0 is 0.1.1"
        raise BadInput("ossie", [Problem("version", None, version, expected)])
    typed = version != "0.1.1"
    fields = [
        _field(name, name.replace("_", " "), KEY_WORDS.get(name, ()), "String" if typed else "") for name in columns
    ]
    metrics = []
    for name, measure in MEASURES.items():
        if measure.kind in (Kind.FLOW, Kind.STOCK):
            words = MEASURE_WORDS.get(name, ())
            fields.append(_field(name, measure.description, words, "Float" if typed else "", key=False))
            extension = {"unit": measure.unit, "kind": measure.kind.value}
            metrics.append(_metric(name, f"Total of {measure.description}", words, dataset, extension, typed))
    for name, metric in CATALOGUE.items():
        if all(each in MEASURES for each in metric.inputs) and of_a_dataset(name, dataset, "ansi"):
            extension = metric.to_dict() | {"tsql": of_a_dataset(name, dataset, "tsql")}
            metrics.append(_metric(name, metric.definition, METRIC_WORDS.get(name, ()), dataset, extension, typed))
    model = {
        "name": "cmhs_metrics",
        "description": f"Metrics of community mental health services in England, from cmhs_metrics {__version__}",
        "datasets": [
            {
                "name": dataset,
                "source": source,
                "description": "Teams of community mental health services, a row for each team and period",
                "fields": fields,
            }
        ],
        "metrics": metrics,
    }
    whole = {"version": version, "semantic_model": [model]}
    return str(yaml.safe_dump(whole, sort_keys=False, allow_unicode=True, width=120))


def _field(name: str, description: str, words: Any, datatype: str, *, key: bool = True) -> dict[str, Any]:
    expression = {"dialects": [{"dialect": "ANSI_SQL", "expression": name}]}
    return {
        "name": name,
        "expression": expression,
        **({"dimension": {"is_time": name == "period"}} if key else {}),
        "description": description,
        **({"datatype": datatype} if datatype else {}),
        **({"ai_context": {"synonyms": list(words)}} if words else {}),
    }


def _metric(
    name: str, description: str, words: Any, dataset: str, extension: dict[str, Any], typed: bool
) -> dict[str, Any]:
    dialects = [
        {"dialect": theirs, "expression": of_a_dataset(name, dataset, ours)} for theirs, ours in _DIALECTS.items()
    ]
    return {
        "name": name,
        "expression": {"dialects": dialects},
        "description": description,
        **({"datatype": "Float"} if typed else {}),
        **({"ai_context": {"synonyms": list(words)}} if words else {}),
        "custom_extensions": [{"vendor_name": "COMMON", "data": json.dumps(extension, ensure_ascii=False)}],
    }
