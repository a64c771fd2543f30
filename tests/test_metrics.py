"""Every metric of the catalogue, tested from its declaration: a metric added later is tested without anyone's doing."""

from __future__ import annotations

import doctest
import html
import inspect
import math
import re

import narwhals as nw
import numpy as np
import pandas as pd
import pint
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cmhs_metrics as cm
from cmhs_metrics.catalogue import CATALOGUE, Metric
from cmhs_metrics.measures import MEASURES, POPULATION, Kind
from tests.support.budgets import examples
from tests.support.refusals import problem, raised, refused
from tests.support.shapes import PAIRED, one_of_each_shape

Q = cm.units.Quantity
METRICS = list(CATALOGUE.values())
OF_MANY = [metric for metric in METRICS if metric.contract.many]
PROFILES = [metric for metric in OF_MANY if metric.formula.startswith(f"{metric.inputs[0]} / sum of")]
every_metric = pytest.mark.parametrize("metric", METRICS, ids=[metric.name for metric in METRICS])
every_ratio = pytest.mark.parametrize("metric", PAIRED, ids=[metric.name for metric in PAIRED])
every_summary = pytest.mark.parametrize("metric", OF_MANY, ids=[metric.name for metric in OF_MANY])
every_profile = pytest.mark.parametrize("metric", PROFILES, ids=[metric.name for metric in PROFILES])

SPECIAL = [
    cm.describe(name)
    for name in (
        "weighted_population",
        "share_within",
        "mean_wait",
        "median_wait",
        "wait_percentile",
        "median_time_waiting",
        "time_waiting_percentile",
        "time_on_caseload",
        "premature_mortality_ratio",
    )
]
"""Metrics with parameters that are no measures: an index, waits of single people, a percentage."""

amounts = st.floats(min_value=0, max_value=1e12, allow_subnormal=False).filter(lambda value: value == 0 or value > 1e-6)


some_rows = st.lists(st.tuples(amounts, amounts), min_size=1, max_size=8)
SHAPES = [
    "cost_per_contact",
    "caseload_per_100k",
    "face_to_face_share",
    "dna_rate",
    "non_recurrent_share",
    "weighted_population",
    "implied_time_on_caseload",
]
"""A metric of each shape of formula: what carries it through arrays, columns and expressions is one code for all."""


def arguments(metric: Metric, numbers: list[float]) -> list[float]:
    """Arguments in order, each part no larger than its whole."""
    values = dict(zip(metric.inputs, numbers, strict=True))
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


def test_the_kinds_of_measure_have_names() -> None:
    assert [kind.value for kind in Kind] == ["flow", "stock", "distinct", "population"]


@every_metric
class TestTheDeclaration:
    def test_says_what_a_reader_needs(self, metric: Metric) -> None:
        assert metric.label
        assert metric.definition.endswith(".")
        assert metric.source.section
        assert metric.source.document.title
        assert metric.example.where
        for name, unit in metric.contract.inputs.items():
            assert (name in MEASURES and MEASURES[name].unit == unit) or name == POPULATION or metric in SPECIAL, name
            Q(1, unit)
        if metric.proportion and metric in PAIRED and metric.name != "dna_rate":
            assert metric.contract.parts, "a share is of a whole, and the measures must say so"

    def test_docstring_is_numpydoc_and_its_example_gives_what_it_says(self, metric: Metric) -> None:
        value = eval(metric.example.call(metric.name), {"cm": cm, "np": np})
        assert repr(value) == metric.example.gives
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
        assert html.escape(metric.label) in metric._repr_html_()
        assert cm.list_metrics().loc[metric.name, "formula"] == metric.formula


def every_container_agrees(metric: Metric, rows: list[tuple[float, float]]) -> None:
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


@every_ratio
class TestTheArithmetic:
    @examples(6)
    @given(numbers=st.lists(amounts, min_size=2, max_size=2))
    def test_is_the_formula_in_the_catalogue(self, metric: Metric, numbers: list[float]) -> None:
        values = arguments(metric, numbers)
        assert metric.function(*values) == pytest.approx(by_hand(metric, values), rel=1e-12, nan_ok=True)

    def test_zero_denominator_is_undefined(self, metric: Metric) -> None:
        if "/" not in metric.formula:
            return  # A product has no denominator.
        assert math.isnan(metric.function(0.0, 0.0))
        if not metric.contract.parts and metric.name != "dna_rate":
            assert math.isnan(metric.function(1.0, 0.0))

    def test_missing_in_is_missing_out(self, metric: Metric) -> None:
        assert math.isnan(metric.function(math.nan, 1.0))
        assert math.isnan(metric.function(1.0, math.nan))
        assert metric.function(pd.NA, 1.0) is pd.NA

    @examples(6)
    @given(numbers=st.lists(amounts, min_size=2, max_size=2))
    def test_proportions_lie_between_0_and_1(self, metric: Metric, numbers: list[float]) -> None:
        if metric.proportion:
            value = metric.function(*arguments(metric, numbers))
            assert math.isnan(value) or 0 <= value <= 1


@one_of_each_shape
class TestItsLaws:
    @examples(7)
    @given(numbers=st.lists(st.floats(1, 1e6), min_size=2, max_size=2), factor=st.floats(1e-3, 1e3))
    def test_scales_with_its_numerator(self, metric: Metric, numbers: list[float], factor: float) -> None:
        # All inputs times a factor: ratios stay, products of a measure with an index grow with the factor's square.
        values = arguments(metric, numbers)
        power = 2 if "×" in metric.formula and "/" not in metric.formula else 0
        scaled = metric.function(*(value * factor for value in values))
        assert scaled == pytest.approx(metric.function(*values) * factor**power)

    @examples(7)
    @given(numbers=st.lists(st.floats(1, 1e6), min_size=2, max_size=2), factor=st.floats(1.5, 1e3))
    def test_grows_with_its_first_measure_in_proportion(
        self, metric: Metric, numbers: list[float], factor: float
    ) -> None:
        top, bottom = arguments(metric, numbers)
        if metric.name == "access_growth":
            assert metric.function(top * factor, bottom) > metric.function(top, bottom)
            return
        if metric.name in ("non_face_to_face_share", "non_recurrent_share"):
            # Its first measure is the whole: the part that is taken away stays as it was.
            assert 0 < metric.function(top, top / 2) < metric.function(top * factor, top / 2) < 1
            return
        if metric.contract.parts:
            bottom *= factor
        more, less = metric.function(top * factor, bottom), metric.function(top, bottom)
        if metric.name == "dna_rate":
            assert 0 < less < more < 1
        else:
            assert more == pytest.approx(less * factor)

    @examples(5)
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
        bare = re.split(r" × 100(?:,000)?$| / 12$| × 12$", metric.formula)[0].replace("×", "*").replace("−", "-")
        own = eval(bare, {}, quantities)
        # A flow covers a year, so that what lasts or recurs comes out in months.
        if "month" in metric.unit:
            own = own * Q(1, "year") if metric.unit.startswith("month") else own / Q(1, "year")
        result = metric.function(**quantities)
        assert str(result.units) == str(Q(1, metric.unit).units)
        assert result.magnitude == pytest.approx(own.to(result.units).magnitude)

    @pytest.mark.deep
    @examples(2)
    @given(rows=some_rows)
    def test_every_container_agrees(self, metric: Metric, rows: list[tuple[float, float]]) -> None:
        every_container_agrees(metric, rows)


@pytest.mark.parametrize(
    ("name", "above", "below", "value", "unit"),
    [
        # £12,000 for 300 contacts; 5 beds for 250,000 people; 3 days in 12; 50 for 200 discharges a year: 3 months.
        ("cost_per_contact", (12, "kGBP"), (0.3, "kilocontact"), 40, "GBP / contact"),
        ("beds_per_100k", (5, "bed"), (0.25, "megaperson"), 2, "bed / person_100k"),
        ("caseload_per_100k", (6, "patient"), (2, "person_100k"), 3, "patient / person_100k"),
        ("out_of_area_bed_day_share", (0.003, "kilobed_day"), (12, "bed_day"), 0.25, "dimensionless"),
        ("implied_time_on_caseload", (0.05, "kilopatient"), (200, "discharge"), 3, "month * patient / discharge"),
    ],
)
def test_units_of_any_size_give_the_same_at_every_call(
    name: str, above: tuple[float, str], below: tuple[float, str], value: float, unit: str
) -> None:
    # After the first call, the factors between units are known and not worked out again.
    for _ in range(3):
        found = getattr(cm, name)(Q(*above), Q(*below))
        assert (found.magnitude, str(found.units)) == (pytest.approx(value), str(Q(1, unit).units))
        columns = getattr(cm, name)(*(Q(np.array([size, 2 * size]), of) for size, of in (above, below)))
        assert columns.magnitude.tolist() == pytest.approx([value, value])


def test_an_expression_has_no_value_where_a_cell_is_no_finite_number() -> None:
    # What cannot be refused before a query runs is missing: 1 over infinity is no cost of 0.
    frame = pl.DataFrame({"cost": [1.0, math.inf, 1.0, math.nan, 0.0], "contacts": [math.inf, 1.0, math.nan, 2.0, 0.0]})
    found = frame.select(cm.cost_per_contact(pl.col("cost"), pl.col("contacts")))
    assert found.to_series().to_list() == [None] * 5


@pytest.mark.parametrize("name", SHAPES)
@examples(20)
@given(rows=some_rows)
def test_every_container_agrees_whatever_the_numbers(name: str, rows: list[tuple[float, float]]) -> None:
    every_container_agrees(CATALOGUE[name], rows)


@every_ratio
class TestBadInput:
    def test_negative_and_infinite_numbers_are_refused(self, metric: Metric) -> None:
        first, second = metric.inputs
        others = int((second, first) in metric.contract.parts)
        with refused(problem(first, -5.0, expected="zero or more"), others=others):
            metric.function(-5, 10)
        with refused(problem(second, math.inf, expected="a finite number"), others=others):
            metric.function(5, math.inf)

    def test_parts_above_their_whole_are_refused(self, metric: Metric) -> None:
        for part, whole in metric.contract.parts:
            with refused(part, 20.0, expected="no more than", names=(whole, 10)):
                metric.function(**{part: 20, whole: 10})

    def test_parts_above_their_whole_are_refused_in_columns_too(self, metric: Metric) -> None:
        for part, whole in metric.contract.parts:
            for kind in (np.array, pd.Series, pl.Series):
                with refused(part, 3.0, expected="no more than", names=(whole, 1)):
                    metric.function(**{part: kind([1.0, 3.0]), whole: kind([2.0, 2.0])})

    def test_swapped_units_are_caught(self, metric: Metric) -> None:
        (first, its), (second, other) = metric.contract.inputs.items()
        if Q(1, its).dimensionality == Q(1, other).dimensionality:
            return  # Both are counted in the same unit.
        with raised(cm.DimensionalityError, first, second, "swapped") as caught:
            metric.function(Q(3, other), Q(5, its))
        assert isinstance(caught.value, pint.DimensionalityError)


columns_of_numbers = st.lists(st.floats(0.001, 1e9), min_size=1, max_size=8).map(np.array)


@pytest.mark.parametrize("zero", [0, 0.0, np.int64(0), np.float64(0)])
def test_nothing_is_a_number_like_any_other_and_never_among_the_problems(zero: object) -> None:
    assert cm.cost_per_contact(zero, 5) == 0
    for count, cost in ((-1, zero), (zero, -1)):
        with pytest.raises(cm.BadInput) as caught:
            cm.cost_per_contact(cost, count)
        assert [each.value for each in caught.value.problems] == [-1]


@every_profile
class TestProfiles:
    @given(parts=columns_of_numbers)
    def test_shares_add_to_one_in_proportion(self, metric: Metric, parts: np.ndarray) -> None:
        shares = metric.function(parts)
        assert shares.sum() == pytest.approx(1)
        np.testing.assert_allclose(shares * parts[0], parts * shares[0], rtol=1e-9)

    @given(parts=columns_of_numbers, factor=st.floats(1e-3, 1e3))
    def test_do_not_depend_on_the_unit(self, metric: Metric, parts: np.ndarray, factor: float) -> None:
        np.testing.assert_allclose(metric.function(parts * factor), metric.function(parts), rtol=1e-9)

    def test_nothing_has_no_shares_and_a_missing_part_no_whole(self, metric: Metric) -> None:
        assert np.isnan(metric.function(np.zeros(3))).all()
        assert np.isnan(metric.function(np.array([1.0, np.nan]))).all()


@every_summary
class TestManyValues:
    def others(self, metric: Metric, *, units: bool = False) -> list[object]:
        """The parameters beside the column: a limit of 4 weeks, a 4th percentile."""
        return [Q(4.0, unit) if units and unit else 4.0 for unit in list(metric.contract.inputs.values())[1:]]

    def test_every_container_agrees(self, metric: Metric) -> None:
        values = np.array([1.0, 3.0, 4.0, 12.0])
        expected = metric.function(values, *self.others(metric))
        index = pd.Index(list("abcd"))
        series = metric.function(pd.Series(values, index=index), *self.others(metric))
        polars = metric.function(pl.Series(values), *self.others(metric))
        wrapped = metric.function(nw.from_native(pl.Series(values), series_only=True), *self.others(metric))
        quantity = metric.function(
            Q(values, metric.contract.inputs[metric.inputs[0]]), *self.others(metric, units=True)
        )
        if np.ndim(expected) == 1:
            pd.testing.assert_series_equal(series, pd.Series(expected, index=index, name=metric.name))
            assert isinstance(polars, pl.Series)
            assert isinstance(wrapped, nw.Series)
            assert polars.to_list() == wrapped.to_list() == expected.tolist()
        else:
            assert series == polars == wrapped == expected
        np.testing.assert_allclose(quantity.magnitude, expected)
        assert str(quantity.units) == str(Q(1, metric.unit).units)

    def test_a_missing_value_makes_it_missing(self, metric: Metric) -> None:
        for column in (np.array([1.0, np.nan]), pd.Series([1, None], dtype="Int64"), pl.Series([1.0, None])):
            result = metric.function(column, *self.others(metric))
            cells = [result] if np.ndim(result) == 0 and not hasattr(result, "to_list") else list(result)
            assert all(pd.isna(cell) for cell in cells)

    def test_single_numbers_and_expressions_are_refused(self, metric: Metric) -> None:
        with raised(TypeError, "single number"):
            metric.function(5.0, *self.others(metric))
        with raised(TypeError, "expression", "collect"):
            metric.function(pl.col("a"), *self.others(metric))

    def test_wrong_units_are_caught(self, metric: Metric) -> None:
        with raised(cm.DimensionalityError, metric.inputs[0]):
            metric.function(Q(np.array([1.0]), "kelvin"), *self.others(metric, units=True))


class TestWaits:
    WAITS = np.array([1.0, 2, 3, 4, 6, 9, 12, 15, 18, 30])

    def test_the_limit_itself_is_within(self) -> None:
        # "28 days or fewer": four weeks to the day count as within four weeks.
        assert cm.share_within(self.WAITS, 4) == 0.4
        assert cm.share_within(Q(self.WAITS * 7, "day"), Q(4, "week")).magnitude == 0.4

    def test_percentiles(self) -> None:
        assert cm.median_wait(self.WAITS) == 7.5
        assert cm.wait_percentile(self.WAITS, 0) == 1
        assert cm.wait_percentile(self.WAITS, 100) == 30
        with raised(ValueError, 0, 100, "101.0"):
            cm.wait_percentile(self.WAITS, 101)

    @given(st.lists(st.floats(0, 520), min_size=1, max_size=20), st.floats(0, 100), st.floats(0, 100))
    def test_percentiles_rise(self, waits: list[float], low: float, high: float) -> None:
        low, high = sorted((low, high))
        assert cm.wait_percentile(np.array(waits), low) <= cm.wait_percentile(np.array(waits), high) + 1e-9
