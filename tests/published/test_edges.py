"""What is published, at its edges: who is named in a refusal, marks that are almost numbers, places, editions and units."""

from __future__ import annotations

import io
import zipfile
from itertools import pairwise
from typing import Any
from unittest.mock import ANY

import numpy as np
import pandas as pd
import pytest

from cmhs_metrics import BadInput
from cmhs_metrics.measures import MEASURES
from cmhs_metrics.published import (
    changes,
    check_percentages,
    check_weighted_totals,
    icb_rates,
    measures_by_place,
    read_icb_allocations,
    read_mhsds_monthly,
    share_without_icb,
)
from cmhs_metrics.published.mhsds_values import known_measures, read_cell
from cmhs_metrics.published.national_costs import _NUMBERS, _long
from cmhs_metrics.published.places_in_files import ICB, breakdown_in
from tests.support.official_files import ALLOCATIONS, MONTHLY_HEADER, monthly_row
from tests.support.refusals import refused

PEOPLE = read_icb_allocations(io.StringIO(ALLOCATIONS))


def counts(**more: Any) -> pd.DataFrame:
    """A count of two ICBs, of people without one, of England and of a provider, in August 2024."""
    places = {"QF1": 100.0, "QU1": 300.0, "UNKNOWN": 20.0, "England": 421.0, "RA1": 55.0}
    table = pd.DataFrame({"primary_level": list(places), "value": list(places.values())})
    breakdowns = [ICB, ICB, ICB, "England", "Provider"]
    return table.assign(
        primary_level_name=table["primary_level"], breakdown=breakdowns, secondary_level="NONE", measure_id="MRS06",
        unit="referral", lower=table["value"], upper=table["value"], kind="exact",
        period_start=pd.Timestamp(2024, 8, 1), period_end=pd.Timestamp(2024, 8, 31), status="Performance",
    ).assign(**more)  # fmt: skip


@pytest.mark.parametrize(
    ("call", "column", "argument"),
    [
        (lambda table: share_without_icb(table), "measure_id", "monthly"),
        (lambda table: changes(counts(), table), "upper", "after"),
        (lambda table: icb_rates(table, PEOPLE), "secondary_level", "monthly"),
        (lambda table: measures_by_place(table, {"MRS06": "caseload"}), "value", "monthly"),
        (lambda table: check_percentages(table), "measure_id", "table"),
    ],
)
def test_a_column_that_lacks_is_told_with_its_table(call: Any, column: str, argument: str) -> None:
    with refused(column, expected="a column", names=argument):
        call(counts().drop(columns=column))


def test_a_column_of_people_that_lacks_is_told_with_its_table() -> None:
    for call in (lambda people: icb_rates(counts(), people), check_weighted_totals):
        with refused("registered_population", expected="a column", names="populations"):
            call(PEOPLE.drop(columns="registered_population"))


@pytest.mark.parametrize("unit", ["referral", "count"])
def test_counts_of_either_unit_are_counted(unit: str) -> None:
    table = counts(unit=unit)
    shares = share_without_icb(table)
    assert shares[["without_icb", "england", "share"]].to_numpy().tolist() == [[20, 421, 20 / 421]]
    later = counts(unit=unit, value=counts()["value"] * 2, lower=counts()["lower"] * 2, upper=counts()["upper"] * 2)
    moved = changes(table, later)
    assert moved["place"].tolist() == ["QF1", "QU1", "UNKNOWN", "RA1"]
    assert moved.columns.tolist() == [
        "breakdown",
        "place",
        "place_name",
        "measure_id",
        "what",
        "before",
        "after",
        "change",
    ]
    assert moved.index.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("unit", ["percent", "day", "rate"])
def test_what_is_no_count_has_no_rate(unit: str) -> None:
    with refused("measure_id", "MRS06", expected="a count", names=unit):
        icb_rates(counts(unit=unit), PEOPLE)
    assert share_without_icb(counts(unit=unit)).empty


def test_only_measures_that_add_are_made_of_counts_each_once() -> None:
    with refused("measures", "caselod", row="MRS06", expected="a measure", suggests="caseload"):
        measures_by_place(counts(), {"MRS06": "caselod"})
    population = next(name for name, each in MEASURES.items() if each.kind.name == "POPULATION")
    with refused("measures", population, row="MRS06", expected="a measure"):
        measures_by_place(counts(), {"MRS06": population})
    with refused("measures", "caseload", names="one published measure"):
        measures_by_place(pd.concat([counts(), counts(measure_id="MRS02")]), {"MRS06": "caseload", "MRS02": "caseload"})
    with refused("measures", expected="at least one"):
        measures_by_place(counts(), {})


@pytest.mark.parametrize("text", ["x%", "%", "5%%", "-5%", "5 per cent", "1,23"])
def test_what_is_almost_a_number_is_not_read(text: str) -> None:
    cell = read_cell(text)
    assert np.isnan(cell.value) or not cell.readable
    assert not cell.hidden


def test_percentages_are_read_with_their_sign() -> None:
    for text, value in (("5%", 5), ("12.5 %", 12.5), (" 0% ", 0)):
        assert read_cell(text)[:1] == (value,)
        assert read_cell(text).percent
    assert not read_cell("5").percent


def test_the_measures_of_the_publishers_list() -> None:
    known = known_measures()
    assert known["MRS02f"] == ("percent", "MRS02e", "MRS02")
    assert all(unit and bool(part) == bool(whole) for unit, part, whole in known.values())


@pytest.mark.parametrize(
    ("there", "asked", "found"),
    [
        ([ICB, "ICB"], ICB, ICB), (["ICB", "Provider"], ICB, "ICB"), (["Provider"], ICB, ICB), ([ICB], "Provider", "Provider"),
        (["ICB - GP Practice or Residence", "ICB"], ICB, "ICB - GP Practice or Residence"), (["ICB"], "Provider", "Provider"),
    ],
)  # fmt: skip
def test_the_breakdown_by_icb_is_found_by_any_of_its_names(there: list[str], asked: str, found: str) -> None:
    assert breakdown_in(pd.DataFrame({"breakdown": there}), asked) == found


def test_the_columns_of_files_that_have_some_of_their_own() -> None:
    row = monthly_row("MRS06", 500, "QF1", ICB)
    plain = read_mhsds_monthly(io.StringIO(f"{MONTHLY_HEADER}\n{row}"))
    assert list(plain) == [
        "period_start", "period_end", "status", "breakdown", "primary_level", "primary_level_name", "secondary_level",
        "secondary_level_name", "measure_id", "measure_name", "value", "kind", "lower", "upper", "unit", "published_value",
    ]  # fmt: skip
    noted = f"{MONTHLY_HEADER},Note\n{row},one\n{row.replace('Performance', 'Final')},two"
    both = read_mhsds_monthly([io.StringIO(noted), io.StringIO(f"{MONTHLY_HEADER}\n{row.replace('MRS06', 'MRS02')}")])
    assert list(both) == [*plain, "Note"]
    # What another column tells apart are no two editions of a row.
    assert both[["measure_id", "status", "Note"]].to_numpy().tolist() == [
        ["MRS06", "Performance", "one"], ["MRS06", "Final", "two"], ["MRS02", "Performance", ""],
    ]  # fmt: skip
    with refused("source", [], expected="at least one"):
        read_mhsds_monthly([])


STATES = ["Experimental", "Primary", "Provisional", "Performance", "Refresh", "Final"]
"""One that is none of the publisher's, and then its own, each of which takes the place of those before it."""


@pytest.mark.parametrize(("earlier", "later"), list(pairwise(STATES)))
def test_of_two_states_the_later_is_taken_wherever_it_stands(earlier: str, later: str) -> None:
    values = {earlier: 500, later: 400}
    for order in ([earlier, later], [later, earlier]):
        rows = [monthly_row("MRS06", values[each], "QF1", ICB).replace("Performance", each) for each in order]
        table = read_mhsds_monthly(io.StringIO("\n".join([MONTHLY_HEADER, *rows])), latest=True)
        assert table[["status", "value"]].astype(object).to_numpy().tolist() == [[later, 400]]


def test_two_states_of_a_month_in_one_file_are_two_editions() -> None:
    rows = [
        monthly_row("MRS06", 500, "QF1", ICB),
        monthly_row("MRS06", 400, "QF1", ICB),
        monthly_row("MRS02", 50, "QF1", ICB),
    ]
    first, *others = rows
    text = "\n".join([MONTHLY_HEADER, first.replace("Performance", "Final"), *others])
    assert text.count("Performance") == 2
    with refused("period_end", ANY, expected="once", names=("latest=True", "'Final'", "'Performance'")):
        read_mhsds_monthly(io.StringIO(text))
    kept = read_mhsds_monthly(io.StringIO(text), latest=True)
    # The final one of what stands twice, and what stands once as it is.
    assert kept[["measure_id", "value", "status"]].astype(object).to_numpy().tolist() == [
        ["MRS06", 500, "Final"], ["MRS02", 50, "Performance"],
    ]  # fmt: skip


class TestNationalCosts:
    def test_a_row_below_the_headers_is_enough_and_may_be_short(self) -> None:
        assert _long([["", "Care contacts", "", ""], ["", *_numbers()]]) is None
        columns = _long([["", "Care contacts", "", ""], ["", *_numbers()], ["A06 - Generic", "4", "2.5"]])
        assert columns == [["Care contacts"], ["A06"], ["Generic"], ["4"], ["2.5"], [""]]

    def test_totals_and_departments_without_a_number_are_left_out(self) -> None:
        sheet = [
            ["", "One", "", "", "Two", "", "", "Total", "", ""], ["", *_numbers() * 3],
            ["A06 - Generic", "4", "2", "8", "", "", "", "4", "2", "8"], ["Total", "4", "2", "8", "", "", "", "4", "2", "8"],
            ["", "1", "1", "1"],
        ]  # fmt: skip
        assert _long(sheet) == [["One"], ["A06"], ["Generic"], ["4"], ["2"], ["8"]]


def _numbers() -> list[str]:
    return list(_NUMBERS)


def test_a_total_of_people_is_missing_where_a_part_is() -> None:
    gap = pd.DataFrame({"registered_population": [6_000, np.nan], "weighted_population": [6_000, 4_000.0]})
    (row,) = check_weighted_totals(gap).to_dict("records")
    assert (row["total"], np.isnan(row["registered"]), bool(row["agrees"])) == (10_000, True, False)
    gap = pd.DataFrame({"registered_population": [6_000, 4_000.0], "weighted_population": [10_000, np.nan]})
    (row,) = check_weighted_totals(gap).to_dict("records")
    assert np.isnan(row["total"])


def test_a_file_that_is_cut_short_says_so_at_its_last_line_alone() -> None:
    whole = [monthly_row("MRS06", 500, f"Q{at}", ICB) for at in range(3)]
    for wrong, cut in ((2, True), (1, False)):
        lines = [MONTHLY_HEADER, *whole]
        lines[wrong + 1] = ",".join(lines[wrong + 1].split(",")[:5])
        with pytest.raises(Exception, match="fields") as caught:
            read_mhsds_monthly(io.StringIO("\n".join(lines)))
        (found,) = caught.value.problems  # type: ignore[attr-defined]
        assert found.row == f"line {wrong + 2}"
        assert ("cut short" in found.expected) is cut


def test_what_a_mac_puts_beside_a_file_is_none() -> None:
    text = "\n".join([MONTHLY_HEADER, monthly_row("MRS06", 500, "QF1", ICB)])
    for beside in ("__MACOSX/._monthly.csv", None):
        held = io.BytesIO()
        with zipfile.ZipFile(held, "w") as archive:
            archive.writestr("monthly.csv", text)
            if beside:
                archive.writestr(beside, "of the Finder")
        held.seek(0)
        assert read_mhsds_monthly(held)["value"].tolist() == [500]
    two = io.BytesIO()
    with zipfile.ZipFile(two, "w") as archive:
        archive.writestr("a.csv", text)
        archive.writestr("b.csv", text)
    two.seek(0)
    with pytest.raises(BadInput, match="csv"):
        read_mhsds_monthly(two)


@pytest.mark.parametrize("unit", ["percent", "day", "rate"])
def test_what_is_no_count_is_no_measure(unit: str) -> None:
    with refused("measures", "MRS06", names=unit):
        measures_by_place(counts(unit=unit), {"MRS06": "caseload"})
