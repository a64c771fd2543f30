"""Every metric of the catalogue, tested from its declaration: a metric added later is tested without anyone's doing."""

from __future__ import annotations

import doctest
import inspect
import math

import narwhals as nw
import numpy as np
import pandas as pd
import pint
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cmhs_metrics as cm
from cmhs_metrics.catalogue import CATALOGUE, Metric
from cmhs_metrics.measures import MEASURES, POPULATION

Q = cm.units.Quantity
METRICS = list(CATALOGUE.values())
every_metric = pytest.mark.parametrize("metric", METRICS, ids=[metric.name for metric in METRICS])

amounts = st.floats(min_value=0, max_value=1e12, allow_subnormal=False).filter(lambda value: value == 0 or value > 1e-6)


def arguments(metric: Metric, numbers: list[float]) -> list[float]:
    """Arguments in order, each part no larger than its whole."""
    values = dict(zip(metric.inputs, numbers, strict=False))
    for part, whole in metric.contract.parts:
        values[part], values[whole] = sorted((values[part], values[whole]))
    return list(values.values())


def by_hand(metric: Metric, values: list[float]) -> float:
    """The formula as it is printed in the catalogue, read as arithmetic."""
    text = metric.formula.replace("×", "*").replace("−", "-").replace(",", "")
    try:
        return float(eval(text, {}, dict(zip(metric.inputs, values, strict=True))))
    except ZeroDivisionError:
        return math.nan


@every_metric
class TestTheDeclaration:
    def test_says_what_a_reader_needs(self, metric: Metric) -> None:
        assert metric.label
        assert metric.definition.endswith(".")
        assert metric.source.section
        assert metric.source.document.title
        assert metric.example.where
        assert metric.proportion or metric.unit or metric.name.endswith("index")

    def test_has_parameters_that_are_measures(self, metric: Metric) -> None:
        for name, unit in metric.contract.inputs.items():
            assert name in MEASURES or name == POPULATION or metric.name == "weighted_population", name
            Q(1, unit)

    def test_example_gives_what_it_says(self, metric: Metric) -> None:
        value = round(metric.function(**metric.example.inputs), metric.example.places)
        assert float(value) == float(metric.example.gives)

    def test_docstring_is_numpydoc_and_its_example_runs(self, metric: Metric) -> None:
        text = inspect.getdoc(metric.function) or ""
        for heading in ("Parameters", "Returns", "Raises", "References", "Examples"):
            assert f"\n{heading}\n{'-' * len(heading)}\n" in text
        test = doctest.DocTestParser().get_doctest(text, {}, metric.name, None, 0)
        assert doctest.DocTestRunner(verbose=False).run(test).failed == 0

    def test_is_public(self, metric: Metric) -> None:
        assert getattr(cm, metric.name) is metric.function
        assert metric.name in cm.__all__
        assert list(inspect.signature(metric.function).parameters) == list(metric.inputs)
        assert cm.describe(metric.name) is cm.describe(metric.function) is metric

    def test_shows_as_text_and_html(self, metric: Metric) -> None:
        assert metric.formula in repr(metric)
        assert metric.label in metric._repr_html_()
        assert cm.list_metrics().loc[metric.name, "formula"] == metric.formula


@every_metric
class TestTheArithmetic:
    @given(numbers=st.lists(amounts, min_size=2, max_size=2))
    def test_is_the_formula_in_the_catalogue(self, metric: Metric, numbers: list[float]) -> None:
        values = arguments(metric, numbers)
        assert metric.function(*values) == pytest.approx(by_hand(metric, values), rel=1e-12, nan_ok=True)

    @given(numbers=st.lists(st.floats(1, 1e6), min_size=2, max_size=2), factor=st.floats(1e-3, 1e3))
    def test_scales_with_its_numerator(self, metric: Metric, numbers: list[float], factor: float) -> None:
        # All inputs times a factor: ratios stay, products of a measure with an index grow with the factor's square.
        values = arguments(metric, numbers)
        power = 2 if "×" in metric.formula and "/" not in metric.formula else 0
        scaled = metric.function(*(value * factor for value in values))
        assert scaled == pytest.approx(metric.function(*values) * factor**power)

    @given(numbers=st.lists(st.floats(1, 1e6), min_size=2, max_size=2), factor=st.floats(1.5, 1e3))
    def test_grows_with_its_first_measure_in_proportion(
        self, metric: Metric, numbers: list[float], factor: float
    ) -> None:
        top, bottom = arguments(metric, numbers)
        if metric.contract.parts:
            bottom *= factor
        more, less = metric.function(top * factor, bottom), metric.function(top, bottom)
        if metric.name == "dna_rate":
            assert 0 < less < more < 1
        else:
            assert more == pytest.approx(less * factor)

    def test_zero_denominator_is_undefined(self, metric: Metric) -> None:
        if "/" not in metric.formula:
            pytest.skip("a product has no denominator")
        assert math.isnan(metric.function(0.0, 0.0))
        if not metric.contract.parts and metric.name != "dna_rate":
            assert math.isnan(metric.function(1.0, 0.0))

    def test_missing_in_is_missing_out(self, metric: Metric) -> None:
        assert math.isnan(metric.function(math.nan, 1.0))
        assert math.isnan(metric.function(1.0, math.nan))
        assert metric.function(pd.NA, 1.0) is pd.NA

    @given(numbers=st.lists(amounts, min_size=2, max_size=2))
    def test_proportions_lie_between_0_and_1(self, metric: Metric, numbers: list[float]) -> None:
        if metric.proportion:
            value = metric.function(*arguments(metric, numbers))
            assert math.isnan(value) or 0 <= value <= 1

    @given(numbers=st.lists(st.floats(1, 1e9), min_size=2, max_size=2))
    def test_unit_algebra_gives_the_declared_unit(self, metric: Metric, numbers: list[float]) -> None:
        """The metric of quantities against pint's own arithmetic checks unit and scale of the declaration."""
        values = arguments(metric, numbers)
        quantities = dict(
            zip(
                metric.inputs,
                (Q(v, u) for v, u in zip(values, metric.contract.inputs.values(), strict=True)),
                strict=True,
            )
        )
        # Scales such as "× 100,000" are conversions of the unit, which pint does by itself.
        bare = metric.formula.split(" × 100,000")[0].removesuffix(" / 12").replace("×", "*")
        own = eval(bare, {}, quantities)
        if "month" in metric.unit:
            own = own / Q(1, "year")
        result = metric.function(**quantities)
        assert str(result.units) == str(Q(1, metric.unit).units)
        assert result.magnitude == pytest.approx(own.to(result.units).magnitude)

    @settings(max_examples=20)
    @given(rows=st.lists(st.tuples(amounts, amounts), min_size=1, max_size=8))
    def test_every_container_agrees(self, metric: Metric, rows: list[tuple[float, float]]) -> None:
        pairs = [arguments(metric, list(row)) for row in rows]
        expected = [metric.function(*pair) for pair in pairs]
        columns = [np.array(column) for column in zip(*pairs, strict=True)]
        missing = [None if math.isnan(value) else value for value in expected]

        array = metric.function(*columns)
        assert type(array) is np.ndarray
        np.testing.assert_array_equal(array, expected)

        index = pd.Index([f"row {number}" for number in range(len(rows))])
        series = metric.function(*(pd.Series(column, index=index) for column in columns))
        pd.testing.assert_series_equal(series, pd.Series(expected, index=index, name=metric.name))

        nullable = metric.function(*(pd.Series(column, index=index, dtype="Float64") for column in columns))
        pd.testing.assert_series_equal(nullable, pd.Series(missing, index=index, name=metric.name, dtype="Float64"))

        arrow = metric.function(*(pd.Series(column, dtype="double[pyarrow]") for column in columns))
        assert str(arrow.dtype) == "double[pyarrow]"
        assert [None if value is pd.NA else value for value in arrow] == missing

        polars = metric.function(*(pl.Series(column) for column in columns))
        assert isinstance(polars, pl.Series)
        assert polars.to_list() == missing

        frame = pl.DataFrame(dict(zip(metric.inputs, columns, strict=True)))
        expression = metric.function(*(pl.col(name) for name in metric.inputs))
        assert frame.lazy().with_columns(expression).collect()[metric.name].to_list() == missing

        general = metric.function(*(nw.col(name) for name in metric.inputs))
        assert nw.from_native(frame).with_columns(general)[metric.name].to_list() == missing

        quantity = metric.function(*(Q(c, u) for c, u in zip(columns, metric.contract.inputs.values(), strict=True)))
        np.testing.assert_allclose(quantity.magnitude, expected, rtol=1e-14)


@every_metric
class TestBadInput:
    def test_negative_and_infinite_numbers_are_refused(self, metric: Metric) -> None:
        with pytest.raises(cm.BadInput, match=f"{metric.inputs[0]}: got -5.0, expected zero or more"):
            metric.function(-5, 10)
        with pytest.raises(cm.BadInput, match=f"{metric.inputs[1]}: got inf, expected a finite number"):
            metric.function(5, math.inf)

    def test_parts_above_their_whole_are_refused(self, metric: Metric) -> None:
        for part, whole in metric.contract.parts:
            with pytest.raises(cm.BadInput, match=rf"{part}: got 20.0, expected no more than {whole} \(10\)"):
                metric.function(**{part: 20, whole: 10})

    def test_swapped_units_are_caught(self, metric: Metric) -> None:
        (first, its), (second, other) = metric.contract.inputs.items()
        if Q(1, its).dimensionality == Q(1, other).dimensionality:
            pytest.skip("both are counted in the same unit")
        with pytest.raises(cm.DimensionalityError) as caught:
            metric.function(Q(3, other), Q(5, its))
        for name in (first, second, "are the arguments swapped?"):
            assert name in str(caught.value)
        assert isinstance(caught.value, pint.DimensionalityError)
