"""Which metrics a set of measures allows."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import cmhs_metrics.metrics  # noqa: F401 - fills the catalogue
from cmhs_metrics.catalogue import CATALOGUE, Metric, describe
from cmhs_metrics.errors import BadInput, Problem, nearest, refuse
from cmhs_metrics.measures import BASES, KEYS, MEASURES, PLACE_KEYS, POPULATION, Basis
from cmhs_metrics.synonyms import measure_called

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

_HINTS = 6
"""So many columns are explained where none makes a metric."""


@dataclass(frozen=True)
class Column:
    """A metric that will be a column.

    Parameters
    ----------
    name : str
        The name of the column: the metric's, followed by the population basis where there is one.
    metric : Metric
        The metric.
    inputs : tuple of str
        The columns it is computed from.
    basis : Basis, optional
        The population that a rate per 100,000 stands on.
    """

    name: str
    metric: Metric
    inputs: tuple[str, ...]
    basis: Basis | None = None


def plan(
    schema: Collection[str],
    metrics: str | Callable[..., Any] | Sequence[str | Callable[..., Any]] | None,
    basis: str | Sequence[str] | None,
    *,
    annual: bool = True,
    required: bool = True,
    left_out: Mapping[str, str] = MappingProxyType({}),
    subject: str = "the table",
) -> list[Column]:
    """Decide which metrics the columns allow.

    `metrics`: the metrics wanted, or None for all that can be had. `basis`: the populations wanted, or None for all
    that are there. `required`: whether to refuse columns that allow no metric at all. `left_out`: metrics that are
    not to be had, each with what they would need. `subject`: what has the columns, for the message. Gives in the
    order of the catalogue, or of `metrics`. Raises `BadInput` when what is asked for cannot be had, or nothing can.
    """
    populations = _populations(schema, basis, subject)
    metrics = [metrics] if isinstance(metrics, str) or callable(metrics) else metrics
    wanted = list(CATALOGUE.values()) if metrics is None else [_metric(name) for name in metrics]
    columns: list[Column] = []
    problems: list[Problem] = []
    refused: list[Problem] = []
    for metric in wanted:
        missing = _missing(metric, schema, populations)
        if missing:
            if metrics is not None:
                problems += [Problem(name.rstrip("("), None, None, _costs(name, metric.name)) for name in missing]
        elif metric.name in left_out or (metric.annual and not annual):
            needs = left_out.get(
                metric.name, "whole financial years, for its flow covers one (months are added up with over_time=)"
            )
            refused.append(Problem(metric.name, None, None, needs))
        elif POPULATION in metric.inputs:
            columns += [
                Column(
                    f"{metric.name}_{held.suffix}",
                    metric,
                    tuple(held.measure if parameter == POPULATION else parameter for parameter in metric.inputs),
                    held,
                )
                for held in populations
            ]
        else:
            columns.append(Column(metric.name, metric, metric.inputs))
    if metrics is not None or (required and not columns):
        problems += refused
    refuse(subject, problems)
    if not columns and metrics is None and required:
        raise BadInput(subject, [Problem(None, None, list(schema), _no_measures(schema))])
    return columns


def column_of(name: str) -> tuple[Metric, Basis | None] | None:
    """Tell which metric a column of a result holds, and on which population.

    Gives the metric and its population basis; None where the column is no metric's.

    Examples
    --------
    >>> metric, basis = column_of("caseload_per_100k_16_plus")
    >>> metric.name, basis.name
    ('caseload_per_100k', '16+')
    """
    if name in CATALOGUE and name not in MEASURES:
        return CATALOGUE[name], None
    for held in BASES.values():
        metric = CATALOGUE.get(name.removesuffix(f"_{held.suffix}"))
        if metric is not None and metric.name != name and POPULATION in metric.inputs:
            return metric, held
    return None


def not_computed(columns: Collection[str]) -> dict[str, list[str]]:
    """Say which metrics the columns of a table do not allow, and what each lacks.

    Gives the missing columns of each metric that cannot be computed; "population" stands for any population.

    Examples
    --------
    >>> not_computed(["total_cost", "contacts"])["year_of_care_cost"]
    ['caseload']
    """
    populations = _populations(columns, None)
    lacking = {
        name: _missing(metric, columns, populations) for name, metric in CATALOGUE.items() if _for_tables(metric)
    }
    return {name: missing for name, missing in lacking.items() if missing}


def _for_tables(metric: Metric) -> bool:
    """Whether a table can hold what the metric needs: measures and populations, not parameters of its own."""
    return not metric.contract.many and all(name in MEASURES or name == POPULATION for name in metric.inputs)


def _missing(metric: Metric, schema: Collection[str], populations: list[Basis]) -> list[str]:
    if not _for_tables(metric):
        return [f"{metric.name}("]
    return [name for name in metric.inputs if (not populations if name == POPULATION else name not in schema)]


def _metric(name: str | Callable[..., Any]) -> Metric:
    try:
        return describe(name)
    except KeyError as error:
        raise BadInput("metrics", [Problem(None, None, name, f"the name of a metric; {error.args[0]}")]) from None


def _populations(schema: Collection[str], basis: str | Sequence[str] | None, subject: str = "") -> list[Basis]:
    if basis is None:
        return [held for held in BASES.values() if all(name in schema for name in held.needs)]
    asked = [basis] if isinstance(basis, str) else list(basis)
    problems = [
        Problem("basis", None, name, f"one of {', '.join(BASES)}; {nearest(name, BASES)}".rstrip("; "))
        for name in asked
        if name not in BASES
    ]
    problems += [
        Problem(column, None, None, f"a column of the table, for basis={name!r}")
        for name in asked
        if name in BASES
        for column in BASES[name].needs
        if column not in schema
    ]
    refuse(subject, problems)
    return [BASES[name] for name in asked]


def _costs(name: str, metric: str) -> str:
    if name.endswith("("):
        return f"a call of cm.{metric}: it takes what a table of teams does not hold"
    others = [
        other.name
        for other in CATALOGUE.values()
        if name in other.inputs and other.name != metric and _for_tables(other)
    ]
    also = f" (and so do {', '.join(others)})" if others else ""
    if name == POPULATION:
        return f"a population column ({', '.join(held.measure for held in BASES.values())}), which {metric} needs{also}"
    return f"a column of that name, which {metric} needs{also}"


def _no_measures(schema: Collection[str]) -> str:
    """What the columns lack: what the measures among them need, and which measure each other column may be."""
    populations = _populations(schema, None)
    hints = []
    for name in schema:
        if name in (*KEYS, *PLACE_KEYS):
            continue
        if name in MEASURES:
            makes = [
                (missing, metric.name)
                for metric in CATALOGUE.values()
                if name in metric.inputs and _for_tables(metric) and (missing := _missing(metric, schema, populations))
            ]
            if makes:
                missing, metric_name = min(makes, key=lambda each: len(each[0]))
                needed = " and ".join("a population" if each == POPULATION else each for each in missing)
                hints.append(f"{name} makes {metric_name} with {needed}")
        elif (measure := measure_called(name)) is not None:
            hints.append(f"{name!r} may be {measure!r}")
        elif hint := nearest(name.replace(" ", "_"), MEASURES, count=1):
            hints.append(f"{name!r}: {hint}")
    asked = "columns that make at least one metric"
    if "period" in schema and any(name in MEASURES for name in schema):
        hints = [*hints[:_HINTS], "run_charts.run_chart charts a measure by month as it is"]
    return (
        f"{asked} ({'; '.join(hints[: _HINTS + 1])})" if hints else f"{asked}; cm.search finds a measure by other words"
    )
