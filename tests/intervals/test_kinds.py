"""What goes in comes out: numbers, quantities, arrays, columns and tables, at one or several levels."""

from __future__ import annotations

import inspect
import math

import narwhals as nw
import numpy as np
import pandas as pd
import pint_pandas  # noqa: F401 - makes the type "pint[…]" known
import polars as pl
import pyarrow as pa
import pytest

import cmhs_metrics as cm
from cmhs_metrics import intervals
from tests.support.refusals import raised, refused

Q = cm.units.Quantity
COUNTS, PEOPLE = [698, 4, 0, 12], [44_916, 1_000, 500, 0]
LOWER = [intervals.rate_interval(count, people).lower for count, people in zip(COUNTS, PEOPLE, strict=True)]


def as_list(values) -> list[float]:
    return [math.nan if value is None or value is pd.NA else float(value) for value in values]


KINDS = {
    "array": np.array,
    "pandas": lambda values: pd.Series(values, index=list("abcd")),
    "pandas nullable": lambda values: pd.Series(values, dtype="Int64"),
    "pandas arrow": lambda values: pd.Series(values, dtype="int64[pyarrow]"),
    "polars": pl.Series,
    "pyarrow": lambda values: pa.chunked_array([values]),
    "narwhals": lambda values: nw.from_native(pl.Series(values), series_only=True),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_comes_back_as_it_came(kind: str) -> None:
    make = KINDS[kind]
    found = intervals.rate_interval(make(COUNTS), make(PEOPLE))
    assert type(found.lower) is type(make(COUNTS))
    given = found.lower.to_pylist() if kind == "pyarrow" else found.lower
    np.testing.assert_allclose(as_list(given), LOWER, rtol=1e-15)


def test_number() -> None:
    found = intervals.rate_interval(698, 44_916)
    assert type(found.lower) is float
    assert found._fields == ("lower", "upper")


def test_series_keeps_its_index_and_is_named_after_the_bound() -> None:
    make = KINDS["pandas"]
    lower, upper = intervals.rate_interval(make(COUNTS), make(PEOPLE))
    assert list(lower.index) == list("abcd")
    assert (lower.name, upper.name) == ("lower", "upper")


def test_undefined_is_null_where_there_are_nulls() -> None:
    assert intervals.rate_interval(pl.Series([1, None]), pl.Series([0, 5])).lower.to_list() == [None, None]
    assert intervals.rate_interval(pd.Series([1, None], dtype="Int64"), 5).upper.isna().tolist() == [False, True]


def test_a_missing_number_gives_missing_bounds() -> None:
    assert intervals.rate_interval(pd.NA, 100) == (pd.NA, pd.NA)
    assert math.isnan(intervals.rate_interval(math.nan, 100).lower)


def test_arguments_broadcast() -> None:
    found = intervals.rate_interval(np.array([[1], [20]]), np.array([100, 200, 300]))
    assert found.lower.shape == (2, 3)


class TestQuantities:
    def test_rate(self) -> None:
        found = intervals.rate_interval(Q(698, "patient"), Q(44_916, "person"))
        assert str(found.lower.units) == "patient / person_100k"
        assert found.lower.magnitude == LOWER[0]

    def test_interval_does_not_depend_on_the_unit(self) -> None:
        found = intervals.rate_interval(Q(0.698, "kpatient"), Q(44.916, "kperson"))
        assert found.lower.magnitude == pytest.approx(LOWER[0])
        assert found.lower.units == Q(1, "patient / person_100k").units

    def test_per_person(self) -> None:
        found = intervals.rate_interval(Q(698, "contact"), Q(44_916, "person"), per=1)
        assert found.upper.to("contact / person_100k").magnitude == pytest.approx(
            intervals.rate_interval(698, 44_916).upper
        )

    def test_per_a_thousand_has_no_unit(self) -> None:
        with refused("per", 1000, names=("100_000", 1)):
            intervals.rate_interval(Q(698, "contact"), Q(44_916, "person"), per=1_000)
        # A unit of one of the two is enough, and told before that the other has none.
        with refused("per", 1000, names=("100_000", 1)):
            intervals.rate_interval(Q(698, "contact"), 44_916, per=1_000)
        with refused("per", 1000, names=("100_000", 1)):
            intervals.rate_interval(pd.Series(COUNTS, dtype="pint[contact]"), pd.Series(PEOPLE), per=1_000)

    def test_money_is_no_count(self) -> None:
        with raised(cm.DimensionalityError, "count", "patient", "5 GBP"):
            intervals.rate_interval(Q(5, "GBP"), Q(10, "person"))

    def test_swapped_arguments(self) -> None:
        with raised(cm.DimensionalityError, "population", "person", "5 patient"):
            intervals.rate_interval(Q(10, "person"), Q(5, "patient"))

    def test_proportion_has_no_dimension(self) -> None:
        found = intervals.proportion_interval(Q(81, "referral"), Q(263, "referral"))
        assert found.lower.dimensionless
        with raised(cm.DimensionalityError, "denominator", "referral", "263 contact"):
            intervals.proportion_interval(Q(81, "referral"), Q(263, "contact"))

    def test_a_part_in_thousands_of_a_whole_in_ones(self) -> None:
        found = intervals.proportion_interval(Q(0.005, "kreferral"), Q(263_000, "referral"))
        assert found.upper.magnitude == intervals.proportion_interval(5, 263_000).upper

    def test_mean_keeps_its_unit(self) -> None:
        found = intervals.mean_interval(Q(np.array([10.0, 20.0, 30.0]), "week"))
        assert str(found.lower.units) == "week"
        summary = intervals.mean_interval(mean=Q(20.0, "week"), sd=Q(70.0, "day"), n=3)
        assert summary.lower.to("week").magnitude == pytest.approx(found.lower.magnitude)

    def test_cost_per_patient(self) -> None:
        cost, patients = np.array([17.7, 9.1, 22.4]), np.array([5_291, 3_020, 5_804])
        found = intervals.cost_per_patient_interval(Q(cost, "MGBP"), Q(patients, "patient"), draws=1_000)
        plain = intervals.cost_per_patient_interval(cost * 1e6, patients, draws=1_000)
        assert str(found.lower.units) == "GBP / patient"
        assert found.lower.magnitude == pytest.approx(plain.lower)

    def test_standardised_rate(self) -> None:
        events, people = np.array([30, 40]), np.array([1_000, 900])
        found = intervals.standardised_rate(Q(events, "admission"), Q(people, "person"), np.array([3, 1]))
        assert str(found.estimate.units) == "admission / person_100k"
        assert found.estimate.magnitude == intervals.standardised_rate(events, people, np.array([3, 1])).estimate

    def test_column_of_quantities(self) -> None:
        contacts = pd.Series(COUNTS, dtype="pint[contact]")
        found = intervals.rate_interval(contacts, pd.Series(PEOPLE, dtype="pint[person]"))
        assert str(found.lower.dtype.units) == "contact / person_100k"
        np.testing.assert_allclose(found.lower.pint.magnitude.astype(float), LOWER)


WITH_UNITS = {
    "cost_per_patient_interval": ([[177e5, 91e5, 224e5], "GBP"], [[5_291, 3_020, 5_804], "patient"], {}),
    "expected_events": ([[900, 400], "person"], [[50, 300], "admission"], [[8_000, 2_000], "person"], {}),
    "indirectly_standardised_rate": ([30, "admission"], [20.0, "admission"], {"reference_rate": 4.0}),
    "mean_interval": ([[10.0, 20.0, 30.0], "week"], {}),
    "proportion_difference_interval": (*([n, "referral"] for n in (81, 263, 15, 148)), {}),
    "proportion_interval": ([81, "referral"], [263, "referral"], {}),
    "proportion_ratio_interval": (*([n, "referral"] for n in (81, 263, 15, 148)), {}),
    "rate_difference_interval": ([698, "contact"], [44_916, "person"], [4, "contact"], [1_000, "person"], {}),
    "rate_interval": ([698, "contact"], [44_916, "person"], {"sum_of_squares": 900}),
    "rate_ratio_interval": ([698, "contact"], [44_916, "person"], [4, "contact"], [1_000, "person"], {}),
    "standardised_rate": ([[30, 40], "contact"], [[1_000, 900], "person"], {
        "standard_population": np.array([3, 1]), "sum_of_squares": np.array([50, 90]),
    }),
    "standardised_ratio": ([30, "admission"], [20.0, "admission"], {}),
}  # fmt: skip
"""Of each function that takes quantities the arguments in their units, and the plain ones."""


@pytest.mark.parametrize("name", WITH_UNITS)
def test_a_quantity_in_any_unit_is_the_number_in_its_own(name: str) -> None:
    *measured, plain = WITH_UNITS[name]
    function = getattr(intervals, name)

    def bounds(arguments: list) -> list[np.ndarray]:
        found = function(*arguments, **plain)
        return [
            np.asarray(getattr(each, "magnitude", each)) for each in (found if isinstance(found, tuple) else [found])
        ]

    expected = bounds([np.array(number) for number, _ in measured])
    found = bounds([Q(np.array(number), unit) for number, unit in measured])
    np.testing.assert_allclose(found, expected)
    # Each in turn in thousands of its unit: only what comes back in a unit of the arguments is in thousands with them.
    for at, (number, unit) in enumerate(measured):
        arguments = [Q(np.array(each), unit) for each, unit in measured]
        arguments[at] = Q(np.array(number) / 1_000, f"k{unit}")
        scale = 1_000 if name == "mean_interval" else 1
        np.testing.assert_allclose(np.array(bounds(arguments)) * scale, expected, rtol=1e-7)


def test_every_function_of_quantities_is_held_to_it() -> None:
    takes_tables = {"event_totals", "standardised_rates", "with_intervals"}
    functions = {name for name in intervals.__all__ if inspect.isfunction(getattr(intervals, name))}
    assert WITH_UNITS.keys() == functions - takes_tables


class TestSeveralLevels:
    LEVELS = (0.95, 0.998)

    def alone(self, count=698, people=44_916) -> list[float]:
        return [intervals.rate_interval(count, people, confidence=level).lower for level in self.LEVELS]

    def test_number_becomes_an_array(self) -> None:
        assert intervals.rate_interval(698, 44_916, confidence=self.LEVELS).lower.tolist() == self.alone()

    def test_array_gets_a_last_axis(self) -> None:
        found = intervals.rate_interval(np.array(COUNTS), np.array(PEOPLE), confidence=self.LEVELS)
        assert found.upper.shape == (4, 2)
        assert found.lower[0].tolist() == self.alone()

    def test_quantity_gets_a_last_axis(self) -> None:
        found = intervals.rate_interval(Q(698, "patient"), Q(44_916, "person"), confidence=self.LEVELS)
        assert found.lower.magnitude.tolist() == self.alone()

    def test_series_becomes_a_frame(self) -> None:
        found = intervals.rate_interval(pd.Series(COUNTS, index=list("abcd")), 44_916, confidence=self.LEVELS)
        assert list(found.lower.columns) == [0.95, 0.998]
        assert found.lower.loc["a"].tolist() == self.alone()

    def test_polars_series_becomes_a_polars_frame(self) -> None:
        found = intervals.rate_interval(pl.Series(COUNTS), 44_916, confidence=self.LEVELS)
        assert isinstance(found.lower, pl.DataFrame)
        assert found.lower.columns == ["0.95", "0.998"]
        assert list(found.lower.row(0)) == self.alone()

    def test_estimate_has_no_level(self) -> None:
        found = intervals.standardised_ratio(np.array([30, 12]), np.array([20.0, 15.0]), confidence=self.LEVELS)
        assert found.estimate.tolist() == [1.5, 0.8]
        assert found.lower.shape == (2, 2)

    def test_one_level_in_a_list_is_several(self) -> None:
        assert intervals.proportion_interval(81, 263, [0.95]).lower.shape == (1,)


class TestTables:
    @pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table], ids=["pandas", "polars", "pyarrow"])
    def test_columns_are_added(self, make) -> None:
        table = make({"icb": list("abcd"), "referrals": COUNTS, "people": PEOPLE})
        found = intervals.with_intervals(table, intervals.rate_interval, count="referrals", population="people")
        assert type(found) is type(table)
        frame = nw.from_native(found, eager_only=True)
        assert frame.columns == ["icb", "referrals", "people", "lower", "upper"]
        np.testing.assert_allclose(as_list(frame.get_column("lower").to_list()), LOWER)

    @pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table], ids=["pandas", "polars", "pyarrow"])
    def test_levels_and_prefix(self, make) -> None:
        table = make({"n": [81, 15], "d": [263, 148]})
        found = intervals.with_intervals(
            table, intervals.proportion_interval, [0.95, 0.998], prefix="share_", numerator="n", denominator="d"
        )
        levels = ["share_lower_0.95", "share_lower_0.998", "share_upper_0.95", "share_upper_0.998"]
        frame = nw.from_native(found, eager_only=True)
        assert frame.columns == ["n", "d", *levels]
        # Newcombe (1998), table I, method 3.
        ends = [frame.get_column(f"share_{end}_0.95").to_list() for end in ("lower", "upper")]
        assert np.round(ends, 4).tolist() == [[0.2553, 0.0624], [0.3662, 0.1605]]

    def test_index_of_pandas_is_kept(self) -> None:
        table = pd.DataFrame({"n": [1, 2], "d": [10, 10]}, index=["x", "y"])
        found = intervals.with_intervals(table, intervals.proportion_interval, numerator="n", denominator="d")
        assert list(found.index) == ["x", "y"]

    def test_text_that_names_no_column_and_what_is_no_function(self) -> None:
        table = pd.DataFrame({"events": [-1, 20], "people": [1_000, 1_000]})
        found = intervals.with_intervals(
            table, intervals.rate_interval, count="events", population="people", on_bad_input="missing"
        )
        assert found["lower"].isna().tolist() == [True, False]
        with refused("interval", 5):
            intervals.with_intervals(table, 5)  # type: ignore[arg-type]

    def test_names_that_are_not_there(self) -> None:
        with refused("count", "contract", suggests="contact"):
            intervals.with_intervals(
                pd.DataFrame({"contact": [1]}), intervals.rate_interval, count="contract", population=5
            )

    def test_a_column_is_never_overwritten(self) -> None:
        table = pd.DataFrame({"n": [1], "d": [10], "lower": [0]})
        with refused("lower", expected="another name"):
            intervals.with_intervals(table, intervals.proportion_interval, numerator="n", denominator="d")

    def test_a_query_is_not_run_behind_the_users_back(self) -> None:
        with raised(TypeError, "the table", "collect"):
            intervals.with_intervals(pl.LazyFrame({"n": [1]}), intervals.rate_interval, count="n", population=5)

    def test_expressions_are_refused(self) -> None:
        with raised(TypeError, "rate_interval", "expression", "collect"):
            intervals.rate_interval(pl.col("n"), pl.col("d"))
        with raised(TypeError, "rate_interval", "expression", "collect"):
            intervals.rate_interval(pl.col("n"), 100)
