"""The ICB place-based allocations: people of practices, ICBs and regions."""

from __future__ import annotations

import csv
import io
import math
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cmhs_metrics as cm
from cmhs_metrics.published import check_weighted_totals, read_icb_allocations
from tests.support.budgets import examples
from tests.support.official_files import ALLOCATIONS
from tests.support.refusals import problem, refused

HEADER, *PRACTICES = ALLOCATIONS.splitlines()


def read(text: str = ALLOCATIONS, *arguments, **options) -> pd.DataFrame:
    return read_icb_allocations(io.StringIO(text), *arguments, **options)


def test_practices_keep_every_column() -> None:
    practices = read(level="practice")
    assert practices["practice"].tolist() == ["P1", "P2", "P3", "P4"]
    assert practices.loc[0, "practice_name"] == "FEN SURGERY, NORTH"
    assert practices["registered_population"].tolist() == [6000.5, 3999.5, 2000, 8000]
    assert practices["weighted_population"].tolist() == [5400.25, 3600, 2499.75, 8500]
    assert practices["Latitude"].tolist() == [52.5, 52.6, 53.1, 53.2]
    assert practices["CCG"].isna().all(), "an empty column stays, and stays empty"
    assert practices["Patients"].isna().all()
    assert len(practices.columns) == HEADER.count(",") + 1


def test_icbs_add_their_practices() -> None:
    icbs = read()
    assert icbs["icb"].tolist() == ["QC1", "QF1", "QU1"]
    assert icbs["icb_name"].tolist() == ["City ICB", "Fenland ICB", "Uplands ICB"]
    assert icbs["region"].tolist() == ["Y2", "Y1", "Y1"]
    assert icbs["registered_population"].tolist() == [8000, 10_000, 2000]
    assert icbs["weighted_population"].tolist() == [8500, 9000.25, 2499.75]
    assert icbs["G&A WP"].tolist() == [8000, 10_100, 1900]
    assert "Practice_Postcode" not in icbs
    assert not icbs.isna().any().any()


def test_patients_are_people_where_they_are_given() -> None:
    lines = [HEADER, *(each.replace(",East,,", ",East,5,").replace(",North,,", ",North,7,") for each in PRACTICES)]
    assert read("\n".join(lines)).set_index("icb")["Patients"].to_dict() == {"QC1": 7, "QF1": 10, "QU1": 5}
    with refused("Patients", "-5", row="line 4", expected="zero or more"):
        read(
            "\n".join(lines).replace(
                "HL1 1CC,53.1,,QU1,Uplands ICB,Y1,East,5", "HL1 1CC,53.1,,QU1,Uplands ICB,Y1,East,-5"
            )
        )


def test_regions_add_their_practices() -> None:
    regions = read(level="region")
    assert regions["region_name"].tolist() == ["East", "North"]
    assert regions["registered_population"].tolist() == [12_000, 8000]
    assert regions["weighted_population"].tolist() == [11_500, 8500]
    assert "icb" not in regions, "an ICB is no attribute of a region"


def test_places_come_in_the_order_of_their_codes_whatever_they_are_called() -> None:
    text = ALLOCATIONS.replace("City ICB", "Zone ICB").replace("East", "West").replace("North,", "Central,")
    assert read(text)["icb"].tolist() == ["QC1", "QF1", "QU1"]
    assert read(text, level="region")["region"].tolist() == ["Y1", "Y2"]


def test_the_total_of_a_weighted_population_that_is_partly_missing_is_missing() -> None:
    icbs = read(ALLOCATIONS.replace("4000,3600", ",3600"))
    assert math.isnan(icbs.set_index("icb").loc["QF1", "G&A WP"])
    assert icbs.set_index("icb").loc["QC1", "G&A WP"] == 8000


@examples(5)
@given(st.permutations(PRACTICES))
def test_the_order_of_the_practices_does_not_matter(practices: list[str]) -> None:
    for level in ("icb", "region"):
        assert read("\n".join([HEADER, *practices]), level).equals(read(level=level))


def test_icbs_serve_as_populations_of_a_table() -> None:
    teams = pd.DataFrame({"icb": ["QF1", "QF1", "QU1"], "team": ["North", "South", "Hill"], "caseload": [50, 50, 40]})
    people = read()[["icb", "registered_population", "weighted_population"]]
    totals = cm.aggregate(teams, by="icb", populations=people, basis="registered")
    assert totals["caseload_per_100k_registered"].tolist() == [1000, 2000]


def test_weighting_creates_nobody() -> None:
    for level in ("practice", "icb", "region"):
        check = check_weighted_totals(read(level=level)).set_index("column")
        assert check.loc["weighted_population", ["total", "registered", "difference"]].tolist() == [20_000, 20_000, 0]
        assert check.loc["weighted_population", "agrees"]
    assert not check_weighted_totals(read().assign(weighted_population=[8500, 9000, 2499])).loc[0, "agrees"]
    incomplete = check_weighted_totals(read().assign(weighted_population=[8500, None, 11_500])).loc[0]
    assert math.isnan(incomplete["total"])
    assert not incomplete["agrees"], "though what is known of it does"


@pytest.mark.parametrize(
    ("practices", "more", "agrees"),
    [
        # Two roundings each, of which the difference has a variance of 1/6: of 1,014 a deviation of 13, five times 65.
        (1_014, 65, True),
        (1_014, -65, True),
        (1_014, 66, False),
        (1_014, -66, False),
        # Of few, or of parts of people, nothing is rounded but the total.
        (1_000, 1, False),
        (1_001, 1, True),
        (1_000, 0, True),
        (1_014, 0.5, True),
        (1_014, 0.75, False),
    ],
)
def test_totals_of_whole_people_may_differ_by_their_rounding(practices: int, more: float, agrees: bool) -> None:
    people = pd.DataFrame({"registered_population": [100.0] * practices, "weighted_population": 100.0})
    people.loc[0, "weighted_population"] += more
    assert check_weighted_totals(people)["agrees"].tolist() == [agrees]


def test_the_check_wants_both_populations() -> None:
    with refused(
        problem("registered_population", expected="a column"), problem("weighted_population", expected="a column")
    ):
        check_weighted_totals(pd.DataFrame({"icb": ["QF1"]}))


def test_half_a_file_that_is_cut_between_two_lines_is_refused() -> None:
    half = "\n".join([HEADER, *PRACTICES[:2]])
    with refused("MH WP", 9000.2, row="total", names=("10,000.0", "whole=False")):
        read(half)
    assert read(half, whole=False)["registered_population"].tolist() == [10_000]


def test_all_bad_cells_are_named_at_once() -> None:
    text = (
        ALLOCATIONS.replace("6000.5", '"6,000"')
        .replace("3999.5", "-5")
        .replace("8000,8000", ",1e999")
        .replace("53.1", "north")
    )
    with refused(
        problem("Latitude", "north", row="line 4", expected="a number"),
        problem("Population", "6,000", row="line 2", expected="zero or more"),
        problem("Population", "-5", row="line 3", expected="zero or more"),
        problem("G&A WP", "1e999", row="line 5", expected="zero or more"),
        problem("Population", "", row="line 5", expected="zero or more"),
    ):
        read(text)


def test_codes_and_names_that_contradict_each_other() -> None:
    with refused(
        problem("Region", "", row="line 4", expected="a code"),
        problem("Practice_Code", "P1", row="line 3", expected="once"),
        problem("ICBname", "Uplands ICB", row="line 4", expected="one for each", names="ICB"),
        problem("Rcode", "Y3", row="line 4", expected="one for each", names="ICB"),
    ):
        read(ALLOCATIONS.replace("P2,MARSH", "P1,MARSH").replace("QU1,Uplands ICB,Y1,East", "QF1,Uplands ICB,Y3,"))


def test_an_unknown_level() -> None:
    with refused("level", "ccg", names=("icb", "practice", "region")):
        read(level="ccg")


# The published file; what it holds is stated beside it


def test_the_published_file(real) -> None:
    path = real / "icb_allocations_2025_26.csv"
    practices, icbs, regions = (read_icb_allocations(path, level) for level in ("practice", "icb", "region"))
    assert (len(practices), len(icbs), len(regions)) == (6348, 42, 7)
    assert practices.shape[1] == 30, "every published column"
    assert practices.isna().all().sum() == 9, "nine are published empty"
    with path.open(encoding="utf-8-sig", newline="") as opened:
        by_hand = float(sum(Decimal(row["MH WP"]) for row in csv.DictReader(opened)))
    for places in (practices, icbs, regions):
        check = check_weighted_totals(places)
        assert check["agrees"].all()
        assert (check["total"].round(-1) == 63_849_320).all(), "63.84932 million, as stated beside the file"
        assert check.loc[0, "total"] == pytest.approx(by_hand, rel=1e-12)
    # NHS England, ICB place-based allocations 2025/26: Cambridgeshire and Peterborough, as cited by cm.need_index.
    cambridgeshire = icbs.set_index("icb").loc["QUE"]
    assert round(cambridgeshire["registered_population"]) == 1_056_872
    assert round(cambridgeshire["weighted_population"]) == 926_303


RENAMED = {
    "2022/23": {"ICB,": "ICS22,", "ICBname": "ICS22name", "Rcode": "R22", "Region": "Region22", "Population": "pop 2022/23"},
    "2023/24": {"ICB,": "ICS23,", "ICBname": "ICS23name", "Rcode": "R23", "Region": "Region23", "Population": "pop 2023/24"},
    "first of 2022/23": {
        "Practice_Code": "GP Practice code", "GP_Practice_Name": "Practice name", "ICB,": "ICS code,",
        "ICBname": "ICS name", "Rcode": "Region code", ",Region,": ",Region name,", "Population": "GP_pop",
        "MH WP": "WP_MH",
    },
}  # fmt: skip


@pytest.mark.parametrize("year", RENAMED)
def test_the_columns_of_every_year(year) -> None:
    header, rest = ALLOCATIONS.split("\n", 1)
    for now, then in RENAMED[year].items():
        header = header.replace(now, then)
    pd.testing.assert_frame_equal(
        read_icb_allocations(io.StringIO(f"{header}\n{rest}")), read_icb_allocations(io.StringIO(ALLOCATIONS))
    )


@pytest.mark.parametrize(("file", "people"), [("2022_23", 61_498_822.0), ("2024_25", 62_154_650.0)])
def test_published_files_of_other_years(real, file, people) -> None:
    table = read_icb_allocations(real / f"icb_allocations_{file}.csv.gz")
    assert len(table) == 42
    assert table["registered_population"].sum() == pytest.approx(people, abs=0.5)
    assert table["weighted_population"].sum() == pytest.approx(people, abs=30)
