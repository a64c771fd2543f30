"""The steps of a table's way by hand, at their edges: what is read, the bounds of metrics, totals and what is told."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any
from unittest.mock import patch

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import cmhs_metrics as cm
from cmhs_metrics.catalogue import CATALOGUE
from cmhs_metrics.tables import checking, combining
from cmhs_metrics.tables.casting import array_of, team_type_key
from cmhs_metrics.tables.metric_bounds import BoundedMetric, bounds_of, with_bounds
from cmhs_metrics.tables.period_spans import span_expressions
from cmhs_metrics.tables.populations import _common
from cmhs_metrics.tables.reading import read_table
from cmhs_metrics.tables.total_rows import total_rows
from tests.support.refusals import problem, refused

NAN = math.nan


@pytest.mark.parametrize(
    ("name", "cases"),
    [
        (
            # A part of its whole: least and greatest of both, and of the share.
            "referral_acceptance_rate",
            [
                ((2, 4), (10, 20), (0.1, 0.4)),
                ((2, NAN), (10, 20), (0.1, 1)),
                ((5, 5), (5, 5), (1, 1)),
                # No whole is below its part: 6 of 7, and 7 of 7.
                ((6, 9), (5, 7), (6 / 7, 1)),
                ((7, 7), (5, 7), (1, 1)),
                ((8, 9), (5, 7), (NAN, NAN)),
                ((NAN, NAN), (5, 7), (NAN, NAN)),
                ((5, 7), (NAN, NAN), (NAN, NAN)),
                ((0, 4), (0, 4), (0, 1)),
                ((0, 0), (0, 5), (0, 0)),
                ((0, 0), (0, 0), (NAN, NAN)),
                ((2, 4), (10, NAN), (0, 0.4)),
            ],
        ),
        (
            "cost_per_contact",
            [
                ((100, 100), (2, 4), (25, 50)),
                ((100, NAN), (2, 4), (25, NAN)),
                # Over nothing it may be anything, and nothing is nothing.
                ((100, 200), (0, 4), (25, NAN)),
                ((0, 0), (0, 4), (0, 0)),
                ((0, 100), (0, 0), (NAN, NAN)),
                ((NAN, NAN), (1, 1), (NAN, NAN)),
                ((100, 100), (2, NAN), (0, 50)),
            ],
        ),
        (
            # In per cent: 5 after 1 to 5 is no growth at the least, and after nought there is no knowing: a difference that is nothing
            # by chance is no nothing.
            "access_growth",
            [((5, 5), (0, 5), (0, NAN)), ((5, 6), (4, 5), (0, 50)), ((4, 4), (5, 8), (-50, -20))],
        ),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_the_bounds_of_metrics_by_hand(name: str, cases: list[tuple[tuple[float, float], ...]]) -> None:
    metric = CATALOGUE[name]
    one, other = metric.inputs
    arrays = {
        each: tuple(np.array([case[at][end] for case in cases], dtype=float) for end in (0, 1))
        for at, each in enumerate((one, other))
    }
    expected = np.array([case[2] for case in cases])
    np.testing.assert_allclose(np.column_stack(bounds_of(metric, arrays)), expected)  # type: ignore[arg-type]
    columns = {f"{each}_{end}": values[at] for each, values in arrays.items() for at, end in enumerate(("low", "high"))}
    columns |= {each: values[0] for each, values in arrays.items()}
    frame = nw.from_native(pl.DataFrame(columns).fill_nan(None).with_columns(pl.lit(1.0).alias(name)))
    box = BoundedMetric(
        name, metric, {each: (f"{each}_low", f"{each}_high") for each in arrays}, {each: each for each in arrays}
    )
    found = with_bounds(frame, [box]).to_native().select(f"{name}_lower", f"{name}_upper").fill_null(NAN)
    np.testing.assert_allclose(found.to_numpy(), expected)
    # Where both are rounded and the part came out above its whole, the value is none.
    shown = with_bounds(frame, [box])[name].is_null().to_list()
    above = [part > whole for (part, _), (whole, _), _ in cases]
    unknown = [math.isnan(part + whole) for (part, _), (whole, _), _ in cases]
    parts = bool(metric.contract.parts)
    assert shown == [parts and (a or u) for a, u in zip(above, unknown, strict=True)]


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, lambda columns: pl.DataFrame(columns).lazy()])
def test_bounds_stand_beside_what_is_known_exactly(make: Any) -> None:
    table = {"team": ["A"], "contacts": [None], "contacts_lower": [2.0], "contacts_upper": [4.0], "total_cost": [100.0]}
    found = pl.DataFrame(
        nw.from_native(cm.with_metrics(make(table), metrics="cost_per_contact"))
        .lazy()
        .collect()
        .to_dict(as_series=False)
    )
    assert found.select("cost_per_contact_lower", "cost_per_contact_upper").row(0) == (25, 50)


def test_bounds_are_held_as_what_they_are_made_of() -> None:
    table = pd.DataFrame(
        {"contacts": [None, 8], "contacts_lower": [2.0, 8], "contacts_upper": [4.0, 8], "total_cost": [100.0, 80]}
    )  # fmt: skip
    nullable = dict.fromkeys(["contacts", "contacts_lower", "contacts_upper"], "Float64")
    for types, expected in ((nullable, "Float64"), ({}, "float64")):
        found = cm.with_metrics(table.astype(types), metrics="cost_per_contact")
        assert [str(found[f"cost_per_contact{end}"].dtype) for end in ("_lower", "_upper")] == [expected] * 2
        assert found["cost_per_contact_lower"].tolist() == [25, 10]


class TestReading:
    def test_a_month_has_one_spelling(self) -> None:
        written = ["2017-03", "2017-03-31", "2017-04"]
        for make in (pd.DataFrame, pl.DataFrame, pa.table):
            for gap in ([], [None]):
                table = make({"period": written + gap, "contacts": [1, 2, 3, 4][: 3 + len(gap)]})
                read = read_table(table).frame
                assert read["period"].to_list()[:3] == ["2017-03", "2017-03", "2017-04"]
                assert read["period"].null_count() == len(gap)
            total = cm.aggregate(make({"team": list("abc"), "period": written, "contacts": [1, 2, 3]}), by="period")
            assert nw.from_native(total)["contacts"].to_list() == [3, 3]

    @pytest.mark.parametrize(
        ("periods", "expected"),
        [
            # Days become stamps; what is longer becomes text; text, and what is not read, stay.
            ([dt.date(2024, 4, 30), dt.date(2024, 5, 31)], [dt.datetime(2024, 4, 30), dt.datetime(2024, 5, 31)]),
            ([pd.Period("2024-04", "M"), None, pd.Period("2024-05", "M")], ["2024-04", None, "2024-05"]),
            ([dt.date(2024, 4, 30), pd.Period("2024-05", "M")], ["2024-04", "2024-05"]),
            (["2024-04", None, "2024-05"], ["2024-04", None, "2024-05"]),
            ([dt.date(2024, 4, 30), "spring"], [dt.date(2024, 4, 30), "spring"]),
        ],
    )
    def test_objects_as_periods(self, periods: list[Any], expected: list[Any]) -> None:
        table = pd.DataFrame({"period": pd.Series(periods, dtype=object), "contacts": range(len(periods))})
        read = read_table(table).frame["period"].to_list()
        assert [None if pd.isna(each) else each for each in read] == expected
        if isinstance(expected[0], dt.datetime):
            gap = pd.concat([table, pd.DataFrame({"period": [None], "contacts": [9]})], ignore_index=True)
            assert read_table(gap.astype({"period": object})).frame["period"].to_list()[:2] == expected

    def test_a_column_of_pandas_periods(self) -> None:
        table = pd.DataFrame({"period": pd.period_range("2024-04", periods=2, freq="M"), "contacts": [1, 2]})
        assert read_table(table).frame["period"].to_list() == ["2024-04", "2024-05"]
        numbers = table.assign(period=[202404, 202405])
        assert nw.to_native(read_table(numbers).frame)["period"].tolist() == [202404, 202405]

    def test_team_types_of_our_own_are_their_labels(self) -> None:
        kinds = [next(iter(cm.TeamType)), "EIP", None]
        read = read_table(pd.DataFrame({"team_type": pd.Series(kinds, dtype=object), "contacts": [1, 2, 3]}))
        assert read.frame["team_type"].to_list()[:2] == [kinds[0].label, "EIP"]

    @pytest.mark.parametrize("number", [2**53, -(2**53)])
    def test_whole_numbers_up_to_what_a_float_can_hold(self, number: int) -> None:
        for make in (pd.DataFrame, pl.DataFrame):
            assert not read_table(make({"contacts": [1, number]})).problems
            (found,) = read_table(make({"contacts": [1, number + (1 if number > 0 else -1)]})).problems
            assert (found.column, found.row) == ("contacts", "2nd row")

    def test_whole_numbers_of_thirty_digits_are_shown_and_longer_ones_counted(self) -> None:
        for number, shown in ((10**29, 10**29), (10**30, "a number of 31 digits")):
            table = pd.DataFrame({"contacts": pd.Series([1, number], dtype=object)})
            with refused("contacts", shown, row="2nd row", expected="a number"):
                cm.with_metrics(table.assign(did_not_attends=1))

    def test_numbers_are_read_as_what_they_are(self) -> None:
        assert array_of(nw.from_native(pl.Series([1, 2]), series_only=True)).dtype.kind == "i"
        assert array_of(nw.from_native(pl.Series([1.5, None]), series_only=True)).tolist() == pytest.approx(
            [1.5, NAN], nan_ok=True
        )
        assert array_of(nw.from_native(pd.Series([1, None], dtype="Int64"), series_only=True)).dtype.kind == "f"
        assert array_of(nw.from_native(pl.Series([True, False]), series_only=True)).tolist() == [1, 0]

    def test_the_spelling_by_which_team_types_are_looked_up(self) -> None:
        written = pl.DataFrame({"x": ["Crisis & Home-Treatment", "A1 b"]})
        keys = nw.from_native(written).select(team_type_key(nw.col("x"))).to_native()
        assert keys["x"].to_list() == ["crisisandhometreatment", "a1b"]


@pytest.mark.parametrize(
    ("one", "other", "common"),
    [
        (nw.Int64(), nw.Int32(), nw.Int64), (nw.Int64(), nw.Float64(), nw.Float64), (nw.Float32(), nw.Int8(), nw.Float64),
        (nw.Float64(), nw.Float64(), None), (nw.Date(), nw.Datetime("us"), nw.Date), (nw.String(), nw.Categorical(), nw.String),
    ],
)  # fmt: skip
def test_keys_are_joined_as_what_both_are(one: Any, other: Any, common: Any) -> None:
    assert _common(one, other) == common


@pytest.mark.parametrize(
    ("period", "first", "months"),
    [
        ("2016/17", 2016 * 12 + 4, 12), ("2016/17 Q1", 2016 * 12 + 4, 3), ("2016/17 Q4", 2016 * 12 + 13, 3),
        ("2017-01", 2017 * 12 + 1, 1), ("2017-12-31", 2017 * 12 + 12, 1), (dt.date(2017, 2, 3), 2017 * 12 + 2, 1),
    ],
)  # fmt: skip
def test_the_first_month_of_a_period_in_a_query(period: Any, first: int, months: int) -> None:
    table = read_table(pl.DataFrame({"period": [period], "contacts": [1]}).lazy())
    start, length = span_expressions(table)
    assert table.frame.select(start.alias("first"), length.alias("months")).collect().rows() == [(first, months)]


class TestChecking:
    def test_so_many_problems_are_listed_and_the_rest_counted(self) -> None:
        with patch.object(checking, "LISTED", 3):
            for wrong in (3, 4):
                found = checking.check(read_table(pd.DataFrame({"contacts": [-1.0] * wrong + [2]})))
                assert (len(found.problems), found.total) == (3, wrong)

    def test_nothing_is_infinite(self) -> None:
        for cells in ([math.inf, 2.0], [NAN, math.inf], [-math.inf, 1.0]):
            with refused(
                "contacts", ANY_NUMBER, row=f"{'1st' if math.isinf(cells[0]) else '2nd'} row", expected="zero or more"
            ):
                cm.with_metrics(pd.DataFrame({"contacts": cells, "did_not_attends": [1, 1]}))

    def test_rows_are_named_by_their_keys(self) -> None:
        table = pd.DataFrame({"icb": ["A"], "organisation": ["R"], "team": ["T"], "contacts": [-1]})
        rows = {}
        for keys in (None, ["icb", "team"], "icb"):
            (rows[str(keys)],) = (each.row for each in checking.check(read_table(table), keys).problems)
        assert rows == {"None": "organisation=R, team=T", "['icb', 'team']": "icb=A, team=T", "icb": "icb=A"}


class TestTotals:
    def test_notes_stand_in_the_result(self) -> None:
        table = pd.DataFrame({"icb": ["A", "B", "C"], "contacts": [1, 2, 3], "did_not_attends": [1, 1, 2]})
        table.attrs["notes"] = ["of the table"]
        with pytest.warns(cm.TableNote, match="sum of 2 other rows"):
            found = cm.aggregate(table, by="icb")
        assert [each.partition(" is the")[0] for each in found.attrs["notes"]][-1] == "icb=C"

    def test_what_is_only_called_a_total_is_told_to_the_fifth(self) -> None:
        for number, more in ((5, False), (6, True)):
            rows = pd.DataFrame({"ward": [f"{name} total" for name in "abcdef"[:number]] + ["x", "y"]})
            rows["contacts"] = [1_000.0 + at for at in range(number)] + [1, 2]
            problems, (note,) = total_rows(read_table(rows), ["ward"])
            assert not problems
            assert ("ward=e total and 1 more" in note) is more
            assert ("f total" in note) is False
        monthly = rows.assign(period="2024-04")
        _, (note,) = total_rows(read_table(monthly), ["ward", "period"])
        assert note.startswith("ward=a total, period=2024-04; ward=b total, period=2024-04")

    def test_what_rows_are_grouped_by_may_name_a_total(self) -> None:
        table = pd.DataFrame({"organisation": ["R"] * 3, "ward": ["a", "b", "Total"], "contacts": [1, 2, 3]})
        with refused("ward", "Total", row="organisation=R", expected="counted once", names="exclude"):
            cm.aggregate(table, by="ward")

    @pytest.mark.parametrize("place", [None, "icb"])
    def test_people_of_each_level_are_those_of_its_places(self, place: Any) -> None:
        table = pd.DataFrame({"region": ["N", "N", "S"], "icb": ["A", "B", "C"], "contacts": [10, 20, 40]})
        people = table[["region", "icb"]].assign(registered_population=[1_000, 3_000, 4_000])
        found = cm.aggregate(table, by=["region", "icb"], populations=people, place=place, totals=True)
        held = found.set_index(["level", "region", "icb"])["registered_population"]
        assert held["icb"].tolist() == [1_000, 3_000, 4_000]
        assert held["region"].tolist() == [4_000, 4_000]
        assert held["total"].tolist() == [8_000]

    def test_a_label_may_stand_in_a_column_that_is_no_key(self) -> None:
        rows = pd.DataFrame({"period": ["2024-04"] * 3, "ward": ["a", "b", "Total"], "contacts": [1, 2, 3]})
        (found,), notes = total_rows(read_table(rows), ["period"])
        assert (found.column, found.row, found.value) == ("ward", "period=2024-04", "Total")
        assert not notes
        # Of each month by itself, and of all of them.
        both = pd.concat([rows, rows.assign(period="2024-05", contacts=[5, 6, 11])], ignore_index=True)
        problems, _ = total_rows(read_table(both), ["period"])
        assert [each.row for each in problems] == ["period=2024-04", "period=2024-05"]

    def test_a_total_that_leaves_out_what_is_hidden(self) -> None:
        rows = pd.DataFrame({"ward": ["a", "b", "Total"], "contacts": [1, None, 4], "referrals": [5, 6, 11]})
        assert len(total_rows(read_table(rows), ["ward"])[0]) == 1
        # Less than what is known is no total, nor is one that differs in another measure, nor nothing at all.
        for other in ({"contacts": [1, None, 0.5]}, {"referrals": [5, 6, 12]}):
            problems, notes = total_rows(read_table(rows.assign(**other)), ["ward"])
            assert (len(problems), len(notes)) == (0, 1)
        nothing = rows.assign(contacts=0, referrals=0)
        assert not total_rows(read_table(nothing), ["ward"])[0]

    def test_exclude_leaves_rows_and_their_kind(self) -> None:
        table = pd.DataFrame({"ward": ["a", "b", "Total"], "contacts": [1, 2, 3], "did_not_attends": [1, 3, 4]})
        found = cm.with_metrics(table, "dna_rate", exclude="Total")
        assert found["ward"].tolist() == ["a", "b"]
        assert found["dna_rate"].tolist() == [0.5, 0.6]
        assert found.index.tolist() == [0, 1]
        # What was read as something else is given back as it came.
        days = [dt.date(2024, 4, 30), dt.date(2024, 5, 31), dt.date(2024, 6, 30)]
        for exclude, left in (("Total", days[:2]), ((), days)):
            told = cm.with_metrics(
                table.assign(period=pd.Series(days, dtype=object), contacts=[1, 2, 9]), "dna_rate", exclude=exclude
            )
            assert told["period"].tolist() == left


class TestPeriodsTogether:
    PEOPLE = pd.DataFrame({"icb": ["A"], "registered_population": [1_000.0]})

    def months(self, number: int, start: int = 4) -> dict[str, list[Any]]:
        stamps = [(2023 * 12 + start - 1 + at) for at in range(number)]
        periods = [f"{at // 12}-{at % 12 + 1:02}" for at in stamps]
        return {"icb": ["A"] * number, "period": periods, "contacts": [10.0] * number}

    def test_flows_of_one_year_have_a_rate(self) -> None:
        people = self.PEOPLE
        year = cm.aggregate(pd.DataFrame(self.months(12)), by="icb", populations=people)
        assert year["contacts_per_100k_registered"].tolist() == [12_000]
        gap = pd.DataFrame(self.months(13)).drop(index=5)
        for table in (pd.DataFrame(self.months(11)), pd.DataFrame(self.months(13)), gap):
            with refused("contacts", f"{len(table)} periods", names=("period", "over_time")):
                cm.aggregate(table, by="icb", populations=people, metrics="contacts_per_100k")

    def test_of_a_query_that_has_one_period_or_one_year(self) -> None:
        people = pl.from_pandas(self.PEOPLE).lazy()
        for number, rate in ((1, 1_000), (12, 12_000), (2, None)):
            found = cm.aggregate(
                pl.DataFrame(self.months(number)).lazy(), by="icb", populations=people, over_time="last"
            )
            assert found.collect()["contacts_per_100k_registered"].to_list() == [rate], number

    def test_teams_that_lack_a_month_are_told_to_the_fifth(self) -> None:
        whole = pd.DataFrame(self.months(12)).assign(icb="Z", team="Z1", did_not_attends=1)
        for number, more in ((5, False), (6, True)):
            parts = [whole]  # of which nothing is told
            for name in "ABCDEF"[:number]:
                full = pd.DataFrame(self.months(12)).assign(icb=name, team=f"{name}1", did_not_attends=1)
                parts += [full, full.iloc[1:].assign(team=f"{name}2")]
            with pytest.warns(cm.TableNote, match="lacks a period") as caught:
                cm.aggregate(pd.concat(parts), by="icb", over_time="last", metrics="dna_rate")
            (note,) = (str(each.message) for each in caught if "lacks a period" in str(each.message))
            assert "icb=A (23 rows, where 2 teams of 12 periods have 24)" in note
            assert note.endswith(" and 1 more") is more
            assert "icb=F" not in note
            assert "icb=Z" not in note

    def test_in_many_rows_as_in_few(self) -> None:
        table = pd.DataFrame(
            {"icb": ["B", "A", "A", "B", "C"], "team": ["t", "t", "u", "t", "t"],
             "period": ["2024-04", "2024-04", "2024-05", "2024-05", "2024-05"], "caseload": [1.0, 2, 4, None, 5],
             "contacts": [1.0, 2, 4, 8, 16]}
        )  # fmt: skip
        for few in (0, 5, 4):
            with patch.object(combining, "_SMALL", few):
                found = cm.aggregate(table, by="icb", over_time="last")
                assert found["icb"].tolist() == ["B", "A", "C"]
                # Of B nothing is known in May, and of A one of two teams has no row then.
                assert found["caseload"].tolist() == pytest.approx([NAN, NAN, 5], nan_ok=True)
                assert found["contacts"].tolist() == [9, 6, 16]
                known = cm.aggregate(table, by="icb", over_time="last", total_of_known=True)
                assert known["caseload"].tolist() == pytest.approx([NAN, 4, 5], nan_ok=True)
                mean = cm.aggregate(table, by="icb", over_time="mean")
                assert mean["caseload"].tolist() == pytest.approx([NAN, NAN, 5], nan_ok=True)


def test_a_place_is_a_column_of_populations() -> None:
    table = pd.DataFrame({"icb": ["A"], "contacts": [10]})
    people = pd.DataFrame({"icb": ["A"], "registered_population": [1_000]})
    with refused(problem("place", "ward", expected="a column")):
        cm.aggregate(table, by="icb", populations=people, place=["icb", "ward"])


@pytest.mark.parametrize("lazy", [False, True])
def test_people_of_no_place_add_and_those_of_places_stand_once(lazy: bool) -> None:
    def people(**columns: list[Any]) -> Any:
        frame = pl.DataFrame({"registered_population": [1_000, 3_000], **columns})
        return frame.lazy() if lazy else frame

    def per_100k(people: Any) -> list[Any]:
        table = pl.DataFrame({"icb": ["A", "B"], "contacts": [10, 30]})
        found = cm.aggregate(table.lazy() if lazy else table, by=[], populations=people, metrics="contacts_per_100k")
        return found.lazy().collect()["contacts_per_100k_registered"].to_list()

    assert per_100k(people()) == [1_000]
    assert per_100k(people(country=["E", "E"])[:1] if not lazy else people(country=["E", "E"]).head(1)) == [4_000]
    # Beside a name it cannot be seen whether it names finer places: of a query nobody's are given, of a table it is said.
    if lazy:
        assert per_100k(people(icb=["A", "B"])) == [None]
    else:
        with refused("populations", "icb", expected="a column", names="place='icb'"):
            per_100k(people(icb=["A", "B"]))


def test_team_types_of_one_kind_have_one_spelling_but_for_codes() -> None:
    def problems(*team_types: str) -> list[Any]:
        table = read_table(pd.DataFrame({"team_type": team_types, "contacts": 1}))
        return [each.expected for each in checking.check(table, by_team_type=True).problems]

    for fine in (["A06", "A07"], ["C02", "C03"], ["other", "Other"], ["Crisis Resolution", "A06"], ["A02", "a03"]):
        assert not [each for each in problems(*fine) if "spelling" in each], fine
    for mixed in (["A02", "crisis_and_home_treatment"], ["eip", "EIP", "A14"]):
        (found,) = (each for each in problems(*mixed) if "spelling" in each)
        assert all(repr(each) in found for each in mixed)


ANY_NUMBER = type("AnyNumber", (), {"__eq__": lambda self, other: isinstance(other, float), "__hash__": None})()


def test_columns_have_units_all_or_none() -> None:
    import pint_pandas  # noqa: F401 - makes the type "pint[…]" known

    plain = pd.DataFrame({"contacts": [8.0], "contacts_lower": [8.0], "contacts_upper": [8.0], "total_cost": [80.0]})
    units = {"contacts": "pint[contact]", "contacts_lower": "pint[contact]", "contacts_upper": "pint[contact]"}
    found = cm.with_metrics(plain.astype(units | {"total_cost": "pint[GBP]"}), metrics="cost_per_contact")
    assert found["cost_per_contact"].pint.magnitude.tolist() == [10]
    for without, told in (
        (["contacts_upper"], "contacts_upper"), (["total_cost"], "total_cost"), (["contacts"], "contacts"),
    ):  # fmt: skip
        types = {name: unit for name, unit in (units | {"total_cost": "pint[GBP]"}).items() if name not in without}
        with pytest.raises(cm.BadInput) as caught:
            cm.with_metrics(plain.astype(types), metrics="cost_per_contact")
        assert told in [each.column for each in caught.value.problems]
        assert all("float64" in str(each.value) or "pint" in str(each.value) for each in caught.value.problems)
    with pytest.raises(cm.BadInput) as caught:
        cm.with_metrics(plain.astype({"contacts_lower": "pint[contact]"}), metrics="cost_per_contact")
    assert [each.column for each in caught.value.problems] == ["contacts_lower"]


def test_what_is_wrong_between_columns() -> None:
    with refused("referrals_accepted", 3.0, row="1st row", expected="no more than", names=("referrals", "2")):
        cm.with_metrics(pd.DataFrame({"referrals": [2.0, 2], "referrals_accepted": [3.0, 2]}))
    table = pd.DataFrame({"icb": ["A"], "contacts": [10]})
    with refused("populations", ["icb", "n"], expected="a column", names="population"):
        cm.aggregate(table, by="icb", populations=pd.DataFrame({"icb": ["A"], "n": [1]}))


def test_small_numbers_make_totals_too() -> None:
    rows = pd.DataFrame({"ward": ["a", "b", "c"], "wte": [0.25, 0.5, 0.75], "total_cost": [0.5, 0.125, 0.625]})
    _, (note,) = total_rows(read_table(rows), ["ward"])
    assert note.startswith("ward=c is the sum of 2 other rows")
    # In one measure alone it may be by chance, and of nothing it says nothing.
    assert not total_rows(read_table(rows.assign(total_cost=[0.5, 0.125, 0.5])), ["ward"])[1]
    assert not total_rows(read_table(rows.assign(total_cost=0.0)), ["ward"])[1]


def test_by_names_columns_once_and_no_measure() -> None:
    table = pd.DataFrame({"icb": ["A"], "contacts": [10]})
    for by, value in ((["contacts"], "contacts"), (["icb", "icb"], "icb"), (["ibc"], "ibc")):
        with refused("by", value):
            cm.aggregate(table, by=by)
