"""Measures that are suppressed or rounded: what is known of them goes through sums and metrics, and nothing narrower."""

from __future__ import annotations

import itertools
import math

import duckdb
import narwhals as nw
import numpy as np
import pandas as pd
import pint_pandas  # noqa: F401 - makes the type "pint[…]" known
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cmhs_metrics as cm
from cmhs_metrics.catalogue import CATALOGUE, Metric
from cmhs_metrics.measures import MEASURES
from cmhs_metrics.tables.metric_bounds import BoundedMetric, with_bounds
from tests.support.budgets import examples
from tests.support.engines import ALL, cells, each, sorted_by
from tests.support.refusals import ANY, problem, refused
from tests.support.shapes import one_of_each_shape

every_engine = each(ALL)

# Two ICBs of two trusts each: an exact, a rounded, a suppressed and a missing count.
WAITS = {
    "icb": ["QUE", "QUE", "QF1", "QF1", "QU1", "QU1"],
    "organisation": ["RT1", "RT2", "RT3", "RT4", "RT5", "RT6"],
    "waits_completed": [40, 25, 60, 20, 30, 10],
    "waits_completed_lower": [38, 23, 58, 20, 28, 8],
    "waits_completed_upper": [42, 27, 62, 20, 32, 12],
    "waits_within_four_weeks": [10, 5, 15, None, 10, None],
    "waits_within_four_weeks_lower": [8, 5, 13, 0, 8, None],
    "waits_within_four_weeks_upper": [12, 7, 17, 4, 12, None],
}


Ends = tuple[tuple[float, float | None], tuple[float, float | None]]


def bounds(metric: Metric, boxes: list[Ends]) -> list[tuple[float | None, float | None]]:
    """The bounds of a metric whose inputs lie in a box, for each of many boxes."""
    columns = {
        f"{name}{end}": pl.Series([box[at][side] for box in boxes], dtype=pl.Float64)
        for at, name in enumerate(metric.inputs)
        for side, end in enumerate(("_lower", "_upper"))
    }
    nothing = {name: pl.Series([None] * len(boxes), dtype=pl.Float64) for name in ("value", *metric.inputs)}
    ends = {name: (f"{name}_lower", f"{name}_upper") for name in metric.inputs}
    box = BoundedMetric("value", metric, ends, {name: name for name in metric.inputs})
    frame = with_bounds(nw.from_native(pl.DataFrame(columns | nothing)), [box])
    return frame.select("value_lower", "value_upper").rows()


def enumerated(metric: Metric, box: Ends) -> list[float]:
    """Every value that a metric can have, where its inputs are whole numbers in a box."""
    values = []
    for numbers in itertools.product(*(range(low, high + 1) for low, high in box)):
        arguments = dict(zip(metric.inputs, numbers, strict=True))
        if all(arguments[part] <= arguments[whole] for part, whole in metric.contract.parts):
            values.append(metric.function(*map(float, numbers)))
    return [value for value in values if not math.isnan(value)]


SMALL = [(low, low + width) for low in range(5) for width in range(4)]
BOXES = list(itertools.product(SMALL, SMALL))
small = st.sampled_from(SMALL)
amounts = st.just(0.0) | st.floats(1e-6, 1e6)
wide = st.tuples(amounts, amounts).map(sorted).map(tuple)
shares = st.floats(0, 1)


@one_of_each_shape
class TestOneMetric:
    def test_its_bounds_are_the_extremes_of_every_possible_value(self, metric: Metric) -> None:
        for box, (lower, upper) in zip(BOXES, bounds(metric, BOXES), strict=True):
            possible = enumerated(metric, box)
            if not possible:
                assert (lower, upper) == (None, None), box
                continue
            assert lower == pytest.approx(min(possible)), box
            divided_by_nobody = "/" in metric.formula and not metric.proportion and box[1][0] == 0
            if divided_by_nobody and (max(possible) > 0 or -1 in metric.numerator.values()):
                assert upper is None, box
            else:
                assert upper == pytest.approx(max(possible)), box
            assert not metric.proportion or 0 <= lower <= upper <= 1, box

    @pytest.mark.slow
    @examples(2)
    @given(rows=st.lists(st.tuples(wide, wide, shares, shares), min_size=10, max_size=20))
    def test_no_point_inside_leads_outside(self, metric: Metric, rows) -> None:
        found = bounds(metric, [(first, second) for first, second, *_ in rows])
        for (*box, one, other), (lower, upper) in zip(rows, found, strict=True):
            inside = [low + share * (high - low) for (low, high), share in zip(box, (one, other), strict=True)]
            point = dict(zip(metric.inputs, inside, strict=True))
            if any(point[part] > point[whole] for part, whole in metric.contract.parts):
                continue
            value = metric.function(*inside)
            if math.isnan(value) or value > 1e90:
                continue
            assert lower is not None
            assert lower - 1e-12 * abs(lower) <= value
            assert upper is None or value <= upper + 1e-12 * abs(upper)

    @examples(6)
    @given(
        fixed=st.floats(1e-3, 1e6),
        moved=st.lists(st.floats(1e-3, 1e6), min_size=3, max_size=3, unique=True).map(sorted),
        first=st.booleans(),
    )
    def test_it_rises_or_falls_with_each_measure_and_never_turns(self, metric: Metric, fixed, moved, first) -> None:
        pairs = [(each, fixed) if first else (fixed, each) for each in moved]
        arguments = [dict(zip(metric.inputs, pair, strict=True)) for pair in pairs]
        if any(each[part] > each[whole] for each in arguments for part, whole in metric.contract.parts):
            return
        low, middle, high = (metric.function(*pair) for pair in pairs)
        least, greatest = min(low, high), max(low, high)
        assert least - 1e-12 * abs(least) <= middle <= greatest + 1e-12 * abs(greatest)

    def test_what_has_no_greatest_value_has_no_greatest_metric(self, metric: Metric) -> None:
        ((lower, upper),) = bounds(metric, [((2.0, None), (4.0, 4.0))])
        first_is_the_part = metric.contract.parts == ((metric.inputs[0], metric.inputs[1]),)
        if metric.contract.parts and not first_is_the_part:
            # At least four, of whom four are the part.
            assert (lower, upper) == (0, 1)
        else:
            assert lower == pytest.approx(metric.function(2.0, 4.0))
            assert upper == (1 if first_is_the_part or metric.name == "dna_rate" else None)

    def test_a_missing_measure_has_no_metric_and_no_bounds(self, metric: Metric) -> None:
        boxes: list[Ends] = [((None, None), (1.0, 2.0)), ((1.0, 2.0), (None, None))]
        assert bounds(metric, boxes) == [(None, None)] * 2


class TestWithMetrics:
    @every_engine
    def test_a_share_of_rounded_and_suppressed_counts(self, make) -> None:
        result = cells(cm.with_metrics(make(WAITS), ["four_week_rate"]))
        assert list(result)[-3:] == ["four_week_rate", "four_week_rate_lower", "four_week_rate_upper"]
        assert result["four_week_rate"] == [0.25, 0.2, 0.25, None, pytest.approx(1 / 3), None]
        expected = [8 / 42, 5 / 27, 13 / 62, 0, 8 / 32, None]
        assert result["four_week_rate_lower"] == [None if each is None else pytest.approx(each) for each in expected]
        expected = [12 / 38, 7 / 23, 17 / 58, 4 / 20, 12 / 28, None]
        assert result["four_week_rate_upper"] == [None if each is None else pytest.approx(each) for each in expected]

    @every_engine
    def test_only_metrics_of_bounded_measures_have_bounds(self, make) -> None:
        table = make(
            {"caseload": [10], "caseload_lower": [8], "caseload_upper": [12], "contacts": [90], "did_not_attends": [10]}
        )
        names = list(cells(cm.with_metrics(table)))
        assert "contacts_per_patient_lower" in names
        assert "dna_rate" in names
        assert "dna_rate_lower" not in names

    def test_a_part_that_was_rounded_above_its_whole_has_bounds_and_no_value(self) -> None:
        # Seven of seven, the part rounded up to ten by another rule than the whole.
        table = pd.DataFrame({"waiting": [7.0], "waiting_over_52_weeks": [10.0]})
        table = table.assign(waiting_over_52_weeks_lower=5.0, waiting_over_52_weeks_upper=14.0)
        result = cm.with_metrics(table, ["waiting_over_52_weeks_rate"]).iloc[0]
        assert math.isnan(result["waiting_over_52_weeks_rate"])
        assert result["waiting_over_52_weeks_rate_lower"] == pytest.approx(5 / 7)
        assert result["waiting_over_52_weeks_rate_upper"] == 1

    @pytest.mark.parametrize(
        "make", [pd.DataFrame, lambda columns: pl.DataFrame(columns).lazy()], ids=["eager", "lazy"]
    )
    def test_a_part_as_large_as_its_whole_can_be_is_all_of_it(self, make) -> None:
        # 10 of 8 to 10 contacts were face to face: there were 10, and all were. 9 to 12 of 9: nine of nine.
        table = {"team": ["a", "b"], "contacts": [10.0, 9.0], "face_to_face_contacts": [10.0, 9.0]}
        table |= {"contacts_lower": [8.0, 9.0], "contacts_upper": [10.0, 9.0]}
        table |= {"face_to_face_contacts_lower": [10.0, 9.0], "face_to_face_contacts_upper": [10.0, 12.0]}
        result = sorted_by(cells(cm.with_metrics(make(table), "face_to_face_share")), "team")
        for name in ("face_to_face_share", "face_to_face_share_lower", "face_to_face_share_upper"):
            assert result[name] == [1, 1]

    @pytest.mark.parametrize(
        "make", [pd.DataFrame, lambda columns: pl.DataFrame(columns).lazy()], ids=["eager", "lazy"]
    )
    def test_where_a_part_is_at_its_greatest_its_whole_is_no_less(self, make) -> None:
        # 3 to 10 of 8 to 12 contacts: the least share is 3 / 12; where 10 were face to face, there were 10 at the least.
        table = {"contacts": [9.0], "contacts_lower": [8.0], "contacts_upper": [12.0], "face_to_face_contacts": [6.0]}
        table |= {"face_to_face_contacts_lower": [3.0], "face_to_face_contacts_upper": [10.0]}
        result = cells(cm.with_metrics(make(table), "face_to_face_share"))
        assert (result["face_to_face_share_lower"], result["face_to_face_share_upper"]) == ([0.25], [1])

    def test_an_annual_metric_keeps_to_years(self) -> None:
        table = pl.LazyFrame({"period": ["2016/17", "2016-04"], "contacts": [10, 10], "caseload": [None, None]})
        table = table.with_columns(caseload=pl.lit(None, pl.Int64), caseload_lower=1, caseload_upper=4)
        result = cm.with_metrics(table, ["contacts_per_patient"]).collect()
        assert result["contacts_per_patient_lower"].to_list() == [2.5, None]
        assert result["contacts_per_patient_upper"].to_list() == [10.0, None]

    def test_quantities_go_in_and_come_out(self) -> None:
        table = pd.DataFrame(
            {
                "total_cost": pd.array([1000.0, 2000.0], dtype="pint[GBP]"),
                "contacts": pd.array([10.0, math.nan], dtype="pint[contact]"),
                "contacts_lower": pd.array([8.0, 1.0], dtype="pint[contact]"),
                "contacts_upper": pd.array([12.0, 4.0], dtype="pint[contact]"),
            }
        )
        result = cm.with_metrics(table, ["cost_per_contact"])
        assert str(result["cost_per_contact_upper"].dtype) == "pint[GBP / contact][Float64]"
        assert result["cost_per_contact_upper"].pint.magnitude.tolist() == [125.0, 2000.0]
        assert str(result["contacts_lower"].dtype).startswith("pint[contact]")
        total = cm.aggregate(table.assign(icb="QUE"), by="icb")
        assert total["contacts_upper"].pint.magnitude.tolist() == [16.0]
        assert total["contacts_upper"].dtype.units == total["contacts"].dtype.units
        with refused("contacts_lower", "float64", expected="a unit", names="contacts"):
            cm.with_metrics(table.assign(contacts_lower=1.0))

    def test_names_that_would_be_overwritten(self) -> None:
        table = pd.DataFrame(WAITS).assign(four_week_rate_lower=0.0)
        with refused("four_week_rate_lower", expected="another name", names="overwrite"):
            cm.with_metrics(table)
        assert cm.with_metrics(table, overwrite=True)["four_week_rate_lower"].iloc[1] == pytest.approx(5 / 27)


class TestAggregate:
    @every_engine
    def test_bounds_add_and_a_total_with_a_suppressed_part_has_no_value(self, make) -> None:
        result = cells(cm.aggregate(make(WAITS), by="icb"))
        rows = {icb: {name: column[at] for name, column in result.items()} for at, icb in enumerate(result["icb"])}
        within = ["waits_within_four_weeks", "waits_within_four_weeks_lower", "waits_within_four_weeks_upper"]
        # Rounded parts give a total that is an estimate, suppressed ones an interval, missing ones nothing.
        assert [rows["QUE"][name] for name in within] == [15, 13, 19]
        assert [rows["QF1"][name] for name in within] == [None, 13, 21]
        assert [rows["QU1"][name] for name in within] == [None, None, None]
        assert rows["QUE"]["four_week_rate"] == pytest.approx(15 / 65)
        assert rows["QF1"]["four_week_rate"] is None
        assert rows["QF1"]["four_week_rate_lower"] == pytest.approx(13 / 82)
        assert rows["QF1"]["four_week_rate_upper"] == pytest.approx(21 / 78)
        assert rows["QU1"]["four_week_rate_upper"] is None

    @every_engine
    def test_the_total_of_what_is_known_leaves_out_the_missing_and_not_the_suppressed(self, make) -> None:
        result = cells(cm.aggregate(make(WAITS), by="icb", total_of_known=True))
        within = {icb: at for at, icb in enumerate(result["icb"])}
        assert result["waits_within_four_weeks"][within["QF1"]] is None
        assert result["waits_within_four_weeks_lower"][within["QF1"]] == 13
        assert result["waits_within_four_weeks"][within["QU1"]] == 10
        assert result["waits_within_four_weeks_upper"][within["QU1"]] == 12
        assert result["four_week_rate_lower"][within["QU1"]] is None

    @every_engine
    @pytest.mark.parametrize(("over_time", "expected"), [("last", (None, 10, 16)), ("mean", (None, 11, 15))])
    def test_a_stock_over_time(self, make, over_time: str, expected) -> None:
        table = make(
            {
                "team": ["A", "B", "A", "B"],
                "period": ["2024-04", "2024-04", "2024-05", "2024-05"],
                "caseload": [10, 2, 12, None],
                "caseload_lower": [10, 2, 10, 0],
                "caseload_upper": [10, 4, 12, 4],
            }
        )
        result = cells(cm.aggregate(table, over_time=over_time))
        assert tuple(result[f"caseload{end}"][0] for end in ("", "_lower", "_upper")) == expected
        if over_time == "mean":
            assert result["average_caseload_upper"] == [15]

    @every_engine
    def test_with_populations(self, make) -> None:
        table = make(
            {"icb": ["QUE", "QF1"], "caseload": [120, None], "caseload_lower": [118, 0], "caseload_upper": [122, 4]}
        )
        people = make({"icb": ["QUE", "QF1"], "registered_population": [6_000, 4_000]})
        result = cells(cm.aggregate(table, by="icb", populations=people))
        at = result["icb"].index("QF1")
        assert result["caseload_per_100k_registered"][at] is None
        assert result["caseload_per_100k_registered_lower"][at] == 0
        assert result["caseload_per_100k_registered_upper"][at] == pytest.approx(100)
        assert result["caseload_per_100k_registered_upper"][1 - at] == pytest.approx(122 / 6_000 * 100_000)

    @examples(12)
    @given(rows=st.lists(st.tuples(small, small, st.sampled_from(["A", "B"])), min_size=1, max_size=3))
    def test_totals_and_shares_hold_every_truth_and_nothing_more(self, rows) -> None:
        # Enumerate every pair of whole numbers behind every row, and sum.
        table = pd.DataFrame({"icb": [icb for *_, icb in rows]})
        for name, at in (("referrals_accepted", 0), ("referrals", 1)):
            table[name] = [row[at][0] if row[at][0] == row[at][1] else None for row in rows]
            table[f"{name}_lower"], table[f"{name}_upper"] = zip(*(row[at] for row in rows), strict=True)
        if (table["referrals_accepted_lower"] > table["referrals_upper"]).any():
            with refused(
                problem("referrals_accepted", ANY, row=ANY, expected="no more than", names="referrals"), others=ANY
            ):
                cm.aggregate(table, by="icb")
            return
        result = cm.aggregate(table, by="icb").set_index("icb")
        for icb in set(table["icb"]):
            held = [row for row in rows if row[2] == icb]
            truths = [
                (sum(part for part, _ in pairs), sum(whole for _, whole in pairs))
                for pairs in itertools.product(
                    *(
                        [(p, w) for p in range(a, b + 1) for w in range(c, d + 1) if p <= w]
                        for (a, b), (c, d), _ in held
                    )
                )
            ]
            row = result.loc[icb]
            assert all(row["referrals_lower"] <= whole <= row["referrals_upper"] for _, whole in truths)
            assert all(row["referrals_accepted_lower"] <= part <= row["referrals_accepted_upper"] for part, _ in truths)
            shares = [part / whole for part, whole in truths if whole]
            if shares:
                assert row["referral_acceptance_rate_lower"] <= min(shares) + 1e-12
                assert row["referral_acceptance_rate_upper"] >= max(shares) - 1e-12
            if len(held) == 1 and shares:
                assert row["referral_acceptance_rate_lower"] == pytest.approx(min(shares))
                assert row["referral_acceptance_rate_upper"] == pytest.approx(max(shares))
            exact = all(low == high for row in held for low, high in row[:2])
            assert pd.isna(row["referrals"]) == any(low != high for _, (low, high), _ in held)
            if exact and shares:
                assert row["referral_acceptance_rate"] == pytest.approx(shares[0])

    def test_lazy_stays_lazy(self) -> None:
        def fail(frame: pl.DataFrame) -> pl.DataFrame:
            raise AssertionError("the query was run")

        schema = {name: pl.String if name in ("icb", "organisation") else pl.Int64 for name in WAITS}
        table = pl.LazyFrame(schema=schema).map_batches(fail, schema=schema)
        assert isinstance(cm.aggregate(table, by="icb"), pl.LazyFrame)
        assert isinstance(cm.with_metrics(table), pl.LazyFrame)
        assert isinstance(
            cm.aggregate(duckdb.sql("select 'QUE' icb, 1 caseload, 1 caseload_lower, 2 caseload_upper"), by="icb"),
            duckdb.DuckDBPyRelation,
        )

    def test_without_bounds_nothing_changes(self) -> None:
        plain = pd.DataFrame(
            {name: column for name, column in WAITS.items() if not name.endswith(("_lower", "_upper"))}
        )
        assert [name for name in cm.aggregate(plain, by="icb") if name.endswith(("_lower", "_upper"))] == []
        with_bounds = cm.aggregate(pd.DataFrame(WAITS), by="icb")
        without = cm.aggregate(plain, by="icb")
        pd.testing.assert_frame_equal(with_bounds[list(without)], without)


class TestBadInput:
    @every_engine
    def test_a_bound_that_stands_alone_is_refused(self, make) -> None:
        for columns, problems in (
            ({"contacts": [1], "contacts_lower": [1]}, [problem("contacts_lower", names="contacts_upper")]),
            ({"contacts": [1], "contacts_upper": [1]}, [problem("contacts_upper", names="contacts_lower")]),
            (
                {"contacts": [1], "caseload_lower": [1], "caseload_upper": [1]},
                [problem("caseload_lower", names="caseload"), problem("caseload_upper", names="caseload")],
            ),
        ):
            table = make({"icb": ["QUE"], "did_not_attends": [1], **columns})
            for function in (cm.with_metrics, cm.validate, lambda each: cm.aggregate(each, by="icb")):
                with refused(*problems):
                    function(table)

    @every_engine
    def test_a_bound_that_is_text_is_refused(self, make) -> None:
        table = make({"icb": ["QUE"], "contacts": [1], "contacts_lower": ["*"], "contacts_upper": [4]})
        with refused("contacts_lower", ANY, expected="a number", names="contacts"):
            cm.aggregate(table, by="icb")

    @pytest.mark.parametrize(
        ("value", "lower", "upper", "column"),
        [
            (10, 10, 10, None),
            (10, 8, 10, None),
            (10, 10, 12, None),
            (0, 0, 0, None),
            (None, 4, 4, None),
            (None, 0, None, None),
            (13, 8, 12, "contacts"),
            (7, 8, 12, "contacts"),
            (None, 5, 4, "contacts_lower"),
        ],
    )
    def test_values_on_their_bounds_are_accepted_and_those_beyond_are_not(self, value, lower, upper, column) -> None:
        table = pd.DataFrame({"team": ["a"], "contacts": [value], "contacts_lower": [lower], "contacts_upper": [upper]})
        table = table.astype({name: float for name in table if name != "team"})
        if column is None:
            assert cm.validate(table) is table
        else:
            with pytest.raises(cm.BadInput) as caught:
                cm.validate(table)
            assert [problem.column for problem in caught.value.problems] == [column]

    @every_engine
    def test_every_bad_cell_is_named_at_once(self, make) -> None:
        table = {
            "organisation": ["A", "B", "C", "D", "E", "F"],
            "contacts": [10, None, 3, 20, None, 10],
            "contacts_lower": [11, -1, 1, None, None, 8],
            "contacts_upper": [14, 4, 0, 22, 4, 12],
            "face_to_face_contacts": [None, None, None, None, None, 14],
            "face_to_face_contacts_lower": [0, 0, 0, 0, 0, 13],
            "face_to_face_contacts_upper": [4, 4, 4, 4, 4, 15],
        }
        # A query finds them in another order.
        with refused(
            problem("contacts", 10, row="organisation=A", expected="a value", names=(11, 14)),
            problem("contacts_lower", -1, row="organisation=B", expected="zero or more"),
            problem("contacts", 3, row="organisation=C", expected="a value", names=(1, 0)),
            problem("contacts_lower", 1, row="organisation=C", expected="no more than", names=("contacts_upper", 0)),
            problem("contacts_lower", row="organisation=D", expected="known"),
            problem("contacts_lower", row="organisation=E", names=("lower", "upper")),
            problem("face_to_face_contacts", 13, row="organisation=F", expected="no more than", names=("contacts", 12)),
            in_order=False,
        ):
            cm.validate(make(table))

    @every_engine
    def test_a_rounded_part_above_a_rounded_whole_is_in_order(self, make) -> None:
        table = {"contacts": [10], "contacts_lower": [8], "contacts_upper": [12], "face_to_face_contacts": [11]}
        assert cm.validate(made := make(table)) is made

    def test_people_between_bounds_do_not_add(self) -> None:
        table = pd.DataFrame({"icb": ["QUE"], "caseload": [4], "registered_population": [10]})
        table = table.assign(registered_population_lower=9, registered_population_upper=11)
        with refused("registered_population", expected="known"):
            cm.aggregate(table, by="icb", place="icb")
        people = table.drop(columns="caseload")
        with refused(
            problem("registered_population", expected="known"), problem("registered_population", expected="known")
        ):
            cm.aggregate(table[["icb", "caseload"]], by="icb", populations=people)


def test_every_measure_can_have_bounds() -> None:
    names = [name for name in MEASURES if np.char.endswith(name, ("_lower"))]
    assert names == [], "a measure's own name must not read as a bound"
    assert all(f"{name}_upper" not in CATALOGUE for name in MEASURES)
