"""The contract of a metric: what may be declared, looked up, and passed."""

from __future__ import annotations

import copy
import math
import pickle
from decimal import Decimal
from fractions import Fraction
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
import pint
import pint_pandas
import polars as pl
import pyarrow as pa
import pytest

import cmhs_metrics as cm
from cmhs_metrics.catalogue import CATALOGUE, metric
from cmhs_metrics.measures import (
    AGE_BAND,
    BASES,
    KEYS,
    MEASURES,
    NOT_COUNTED,
    PARAMETERS,
    PLACE_KEYS,
    POPULATION,
    Kind,
)
from cmhs_metrics.numeric.ratio import ratio
from cmhs_metrics.sources import AUDIT
from tests.support.refusals import raised

Q = cm.units.Quantity
cost = cm.year_of_care_cost


class TestTheAuditsFigures:
    """Arithmetic on figures of the audit, done by hand here."""

    def test_england_year_of_care(self) -> None:
        # CMHS Finance: "a total investment in CMHS of £2.38b"; Caseloads by Community Team: 698,444.
        assert round(cost(2.38e9, 698_444)) == 3_408

    def test_england_contacts(self) -> None:
        # Example benchmarking comparisons: "14 million contacts per year".
        assert round(cm.contacts_per_patient(14e6, 698_444), 1) == 20.0
        assert round(cm.cost_per_contact(2.38e9, 14e6)) == 170

    def test_caseload_rate(self) -> None:
        # Community MH Caseload comparisons: "1,555 people on caseload … per 100,000", "698,444".
        assert round(698_444 / 1_555 * 100_000 / 1e6, 1) == 44.9
        assert round(cm.caseload_per_100k(698_444, 698_444 / 1_555 * 100_000)) == 1_555

    def test_first_line_of_the_cost_profile(self) -> None:
        # Unit Costs 2016/17, Generic CMHTs: £17.7m a trust, £3,345 a year of care, £163 a contact.
        assert round(cost(total_cost=17_700_000, caseload=5_291)) == 3_345
        assert round(cm.cost_per_contact(17_700_000, 108_600)) == 163


class TestWhatGoesInComesOut:
    @pytest.mark.parametrize(
        "number", [17.7, 17, np.float64(17.7), np.int32(17), np.float32(2), Decimal("17.5"), Fraction(7, 2)]
    )
    def test_numbers_of_every_type_give_a_float(self, number: float) -> None:
        result = cost(number, 5)
        assert isinstance(result, float)
        assert result == float(number) / 5

    def test_a_number_may_stand_beside_a_column(self) -> None:
        column = pd.Series([10.0, 20.0], index=["a", "b"])
        pd.testing.assert_series_equal(
            cost(column, 10), pd.Series([1.0, 2.0], index=["a", "b"], name="year_of_care_cost")
        )
        assert cost(100, np.array([10, 0])).tolist()[0] == 10
        assert cost(pl.Series([10]), 10).to_list() == [1.0]

    def test_an_array_may_stand_beside_a_column(self) -> None:
        assert cost(pd.Series([10.0, 20.0]), np.array([10, 10])).tolist() == [1.0, 2.0]

    def test_shapes_are_kept_and_broadcast(self) -> None:
        assert cost(np.ones((3, 2)), np.array([1, 2])).shape == (3, 2)
        assert cost(np.array(6.0), np.array(3)) == 2.0

    def test_small_integers_do_not_lose_precision(self) -> None:
        assert cost(np.array([1], dtype=np.int8), np.array([3], dtype=np.int8))[0] == 1 / 3

    def test_decimals_are_not_truncated(self) -> None:
        # A caseload summed by a database arrives as Decimal(38, 0), and 17,700,000 / 5,291 must not become 3345.
        column = pl.Series([Decimal("17700000"), Decimal("1")]).cast(pl.Decimal(38, 0))
        held = pl.Series([Decimal("5291"), Decimal("0")]).cast(pl.Decimal(38, 0))
        assert cost(column, held).to_list() == [17_700_000 / 5_291, None]
        objects = pd.Series([Decimal("17700000"), None])
        assert cost(objects, pd.Series([Decimal("5291"), Decimal(1)]))[0] == 17_700_000 / 5_291
        arrow = pd.Series([Decimal("17700000")], dtype=pd.ArrowDtype(pa.decimal128(38, 0)))
        assert cost(arrow, 5_291)[0] == 17_700_000 / 5_291
        pence = ["6111780.02", "4826373.52", "304378.66"]
        arrow = pd.Series([Decimal(each) for each in pence], dtype=pd.ArrowDtype(pa.decimal128(38, 2)))
        assert cost(arrow, 1).tolist() == [float(each) for each in pence]

    def test_missing_values_stay_missing_in_the_way_of_the_column(self) -> None:
        nullable = cost(pd.Series([1, None], dtype="Int64"), pd.Series([0, 1], dtype="Int64"))
        assert nullable.isna().all()
        assert str(nullable.dtype) == "Float64"
        arrow = cost(pd.Series([1, None], dtype="int64[pyarrow]"), pd.Series([0, 1], dtype="int64[pyarrow]"))
        assert arrow.isna().all()
        assert cost(pl.Series([1.0, math.nan]), pl.Series([0, 1])).to_list() == [None, None]
        assert cost(pa.chunked_array([[1, None]]), pa.chunked_array([[2, 1]])).to_pylist() == [0.5, None]

    def test_expressions_are_named_after_the_metric(self) -> None:
        frame = pl.DataFrame({"total_cost": [6.0], "caseload": [3.0]})
        after = frame.with_columns(cost(pl.col("total_cost"), pl.col("caseload")))
        assert after.to_dict(as_series=False) == {"total_cost": [6.0], "caseload": [3.0], "year_of_care_cost": [2.0]}
        wrapped = nw.from_native(frame).with_columns(cost(nw.col("total_cost"), nw.col("caseload")))
        assert wrapped.columns == ["total_cost", "caseload", "year_of_care_cost"]
        assert frame.select(cost(pl.col("total_cost"), 2)).item() == 3.0

    def test_narwhals_series_stay_so(self) -> None:
        series = nw.from_native(pl.Series([6.0]), series_only=True)
        assert isinstance(cost(series, series), nw.Series)

    def test_columns_of_quantities_keep_unit_and_index(self) -> None:
        index = pd.Index(["a", "b"])
        result = cost(
            pd.Series([17.7, 2.2], dtype="pint[MGBP]", index=index),
            pd.Series([5_291, 0], dtype="pint[patient]", index=index),
        )
        assert isinstance(result.dtype, pint_pandas.PintType)
        assert str(result.dtype.units) == "GBP / patient"
        assert result.index.equals(index)
        assert result.iloc[0].magnitude == pytest.approx(17.7e6 / 5_291)
        assert math.isnan(result.isna().iloc[0]) is False
        assert result.isna().tolist() == [False, True]


class TestUnits:
    def test_are_converted_and_carried_through(self) -> None:
        result = cost(Q(17.7, "MGBP"), Q(5_291, "patient"))
        assert str(result.units) == "GBP / patient"
        assert result.magnitude == pytest.approx(17_700_000 / 5_291)
        assert cm.per_100k(Q(698_444, "patient"), Q(44.9, "Mperson")).to("patient / person").magnitude == pytest.approx(
            698_444 / 44.9e6
        )

    def test_stay_in_the_registry_they_came_from(self) -> None:
        registry = pint.UnitRegistry()
        cm.units.define(registry)
        result = cost(registry.Quantity(1.0, "kGBP"), registry.Quantity(2, "patient"))
        assert result._REGISTRY is registry
        with raised(ValueError, "registries"):
            cost(registry.Quantity(1.0, "GBP"), Q(2, "patient"))

    def test_a_registry_that_has_never_seen_the_library_is_enough(self) -> None:
        registry = pint.UnitRegistry()
        registry.define("GBP = [currency]")
        registry.define("patient = [patient]")
        assert cost(registry.Quantity(6.0, "GBP"), registry.Quantity(2, "patient")).magnitude == 3.0

    def test_swapped_arguments(self) -> None:
        names = ("year_of_care_cost", "total_cost", "5291 patient", "caseload", "17.7 MGBP", "swapped")
        with raised(cm.DimensionalityError, *names) as caught:
            cost(Q(5_291, "patient"), Q(17.7, "MGBP"))
        assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)

    def test_a_quantity_beside_a_bare_number(self) -> None:
        with raised(TypeError, "total_cost", "17.7 MGBP", "caseload", "caseload=Quantity(5291, 'patient')"):
            cost(Q(17.7, "MGBP"), 5_291)
        with raised(TypeError, "total_cost", "caseload", "unit"):
            cost(pd.Series([1.0], dtype="pint[GBP]"), pd.Series([1.0]))

    def test_a_plain_unit_from_elsewhere(self) -> None:
        with raised(cm.DimensionalityError, "total_cost", "17.7 m", "MGBP") as caught:
            cost(Q(17.7, "m"), Q(5_291, "patient"))
        assert "swapped" not in str(caught.value)

    def test_what_was_meant_is_offered_to_be_copied(self) -> None:
        with raised(cm.DimensionalityError, "total_cost", "Quantity(17.7, 'MGBP')"):
            cost(Q(17.7, "m"), Q(5_291, "patient"))
        # Of many numbers the unit alone.
        with raised(cm.DimensionalityError, "total_cost", "write 'MGBP'"):
            cost(Q(np.array([17.7]), "m"), Q(np.array([5_291]), "patient"))

    def test_pence_are_no_slip(self) -> None:
        assert cost(Q(1_770, "cGBP"), Q(3, "patient")).to("GBP / patient").magnitude == pytest.approx(5.9)

    def test_a_slip_of_the_shift_key(self) -> None:
        with raised(cm.DimensionalityError, "total_cost", "17.7 mGBP", "M"):
            cost(Q(17.7, "mGBP"), Q(5_291, "patient"))


class TestRefusals:
    @pytest.mark.parametrize(
        ("value", "names"),
        [
            ("£17.7m", ["£17.7m", "units.parse"]),
            (None, ["None", "nan"]),
            ([1, 2], ["list", "numpy array"]),
            (True, ["True", "bool"]),
            (3 + 1j, ["(3+1j)", "complex"]),
            (pd.DataFrame({"a": [1]}), ["table", "with_metrics"]),
            (np.array(["a"]), ["array", "<U1"]),
            (np.array([True]), ["array", "bool"]),
            (np.ma.masked_array([1.0], [True]), ["masked array"]),
            (pd.Series(["a"]), ["column"]),
            (pd.Series(["a"], dtype=object), ["column", "object"]),
            (pd.Series([True]), ["column", "bool"]),
            (pl.Series(["a"]), ["column", "String"]),
            (pl.Series([True]), ["column", "Boolean"]),
        ],
    )
    def test_values_that_are_no_measure(self, value: object, names: list[str]) -> None:
        with raised(TypeError, "total_cost", *names):
            cost(value, 1)

    def test_unequal_indexes_are_not_aligned(self) -> None:
        with raised(ValueError, "total_cost", "caseload", "indexes"):
            cost(pd.Series([1, 2], index=["a", "b"]), pd.Series([1, 2], index=["b", "a"]))
        with raised(ValueError, "total_cost", "caseload", "indexes"):
            cost(pd.Series([1, 2]), pd.Series([1, 2, 3]))

    def test_columns_of_different_lengths_or_libraries(self) -> None:
        with raised(ValueError, "total_cost has 2", "caseload has 1"):
            cost(pl.Series([1, 2]), pl.Series([1]))
        with raised(TypeError, "total_cost", "caseload", "pandas"):
            cost(pl.Series([1]), pd.Series([1]))
        with raised(TypeError, "total_cost", "caseload", "pandas"):
            cost(pl.Series([1]), pd.Series([1]))
        with raised(ValueError, "total_cost has (3,)", "caseload has (2,)"):
            cost(np.ones(3), np.ones(2))
        with raised(TypeError, "libraries"):
            cost(pl.Series([1]), pa.chunked_array([[1]]))
        with raised(TypeError, "total_cost", "expression", "caseload", "numpy"):
            cost(pl.col("a"), np.array([1]))
        with raised(TypeError, "Polars", "narwhals"):
            cost(pl.col("a"), nw.col("a"))

    def test_every_problem_is_named_at_once(self) -> None:
        with pytest.raises(cm.BadInput) as caught:
            cost(-1, math.inf)
        assert [problem.column for problem in caught.value.problems] == ["total_cost", "caseload"]
        again = pickle.loads(pickle.dumps(caught.value))
        assert (str(again), again.problems) == (str(caught.value), caught.value.problems)

    def test_wrong_calls_fail_as_any_function_would(self) -> None:
        with raised(TypeError, "caseload"):
            cost(1)
        with raised(TypeError, "case_load"):
            cost(total_cost=1, case_load=2)


class TestCellsOfPython:
    """Columns and arrays of objects hold numbers of Python, nothing, and no other thing."""

    @pytest.mark.parametrize("make", [np.array, pd.Series])
    def test_numbers_and_nothing_are_read(self, make: Any) -> None:
        costs = make([Decimal(100), None, Fraction(300), 400.0, 5], dtype=object)
        found = np.asarray(cm.cost_per_contact(costs, 10.0))
        np.testing.assert_array_equal(found, [10, math.nan, 30, 40, 0.5])

    @pytest.mark.parametrize("make", [np.array, pd.Series])
    @pytest.mark.parametrize("cell", [True, np.True_, "5", [5]])
    def test_what_is_none_is_refused(self, make: Any, cell: object) -> None:
        cells = make([None, None], dtype=object)
        cells[1] = cell
        with raised(TypeError, "total_cost", "numbers"):
            cm.cost_per_contact(cells, 10.0)

    @pytest.mark.parametrize("cells", [[5], [5.0], [np.float32(5)]])
    def test_quantities_of_them(self, cells: list[object]) -> None:
        found = cm.cost_per_contact(Q(np.array(cells), "kGBP"), Q(np.array([10]), "contact"))
        assert found.to("GBP/contact").magnitude.tolist() == [500]


class TestTheMeasures:
    def test_parts_bases_and_units_are_of_measures(self) -> None:
        units = {each.unit for each in MEASURES.values()}
        assert {each.part_of for each in MEASURES.values()} - {None} <= set(MEASURES)
        assert units >= NOT_COUNTED
        for name, basis in BASES.items():
            assert basis.name == name
            assert basis.measure == AGE_BAND or (basis.measure,) == basis.needs
            assert {each for each in basis.needs if each not in KEYS} <= {
                each.name for each in MEASURES.values() if each.kind is Kind.POPULATION
            }

    def test_what_names_a_row(self) -> None:
        assert (KEYS, PLACE_KEYS) == (
            ("organisation", "team", "team_type", "period"), ("region", "icb", "place", "trust"),
        )  # fmt: skip

    def test_every_parameter_is_said_and_no_other(self) -> None:
        named = {each for entry in CATALOGUE.values() for each in entry.inputs}
        assert set(PARAMETERS) == {
            each for each in named if each not in MEASURES and each not in (POPULATION, AGE_BAND)
        }


class TestTheCatalogue:
    def test_an_unknown_name_offers_the_nearest(self) -> None:
        with raised(KeyError, "year_of_care_costs", "year_of_care_cost"):
            cm.describe("year_of_care_costs")

    def test_describe_says_everything(self) -> None:
        text = repr(cm.describe("year_of_care_cost"))
        for part in ("GBP per patient", "total_cost / caseload", "Unit Costs 2016/17", "last day", "3408"):
            assert part in text

    def test_lists_as_a_table(self) -> None:
        table = cm.list_metrics()
        assert table.loc["dna_rate", "formula"] == "did_not_attends / (did_not_attends + contacts)"
        assert table.loc["caseload_per_100k", "unit"] == "patients per 100,000 people"
        assert table.loc["contacts_per_patient_month", "formula"] == "contacts / caseload / 12"

    def test_a_metric_is_declared_in_one_place(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from cmhs_metrics import catalogue

        held: dict[str, object] = dict(CATALOGUE)
        monkeypatch.setattr(catalogue, "_catalogue", held)

        @metric(
            label="Discharges per bed",
            unit="discharge / bed",
            source=AUDIT.section("Context"),
            example={"discharges": 20, "beds": 10},
            gives="2.0",
            where="illustration",
        )
        def discharges_per_bed(discharges, beds):
            """Discharges for each bed."""
            return ratio(discharges, beds)

        assert discharges_per_bed(30, 10) == 3.0
        assert held["discharges_per_bed"].formula == "discharges / beds"
        with raised(TypeError, "bets", "beds"):

            @metric(label="", unit="", source=AUDIT.section(""), example={}, gives="", where="")
            def discharges_per_bet(discharges, bets):
                return ratio(discharges, bets)

    def test_entries_can_be_copied(self) -> None:
        assert copy.copy(cm.describe("dna_rate")).formula == cm.describe("dna_rate").formula
