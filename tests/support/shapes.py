"""Metrics that are computed alike: a law holds of all of one shape or of none."""

from __future__ import annotations

import re
from typing import Any

import pytest

from cmhs_metrics.catalogue import CATALOGUE, Metric

PAIRED = [metric for metric in CATALOGUE.values() if not metric.contract.many]


def shape(metric: Metric) -> tuple[Any, ...]:
    """Its formula, whatever its measures are called, and what is part of what."""
    places = {name: f"<{place}>" for place, name in enumerate(metric.inputs)}
    formula = re.sub(r"\w+", lambda word: places.get(word[0], word[0]), metric.formula)
    return formula, metric.proportion, metric.contract.parts and metric.contract.parts[0][0] == metric.inputs[0]


OF_SHAPES = list({shape(metric): metric for metric in reversed(PAIRED)}.values())
one_of_each_shape = pytest.mark.parametrize(
    "metric",
    [pytest.param(each, id=each.name, marks=[] if each in OF_SHAPES else pytest.mark.deep) for each in PAIRED],
)
"""One metric of each shape in every run, and in a deep one all."""
