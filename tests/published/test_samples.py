"""The made-up files: the shape of the official ones, counts that agree with themselves, and nothing that is real."""

from __future__ import annotations

import csv
import gzip
import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cmhs_metrics.published import (
    check_percentages,
    check_weighted_totals,
    compare_cost_per_contact,
    icb_rates,
    read_icb_allocations,
    read_mhsds_monthly,
    read_national_costs,
    sample_files,
)
from tests.support.refusals import problem, refused

ALLOCATIONS, COSTS = "icb_allocations_2025_26.csv", "ncc_2024_25_mental_health.csv"
MONTHS = [f"mhsds_4ww_2024_{month}.csv.gz" for month in ("04", "05", "06")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sample_files(tmp_path_factory.mktemp("samples") / "new")


@pytest.fixture(scope="module")
def june(folder: Path) -> pd.DataFrame:
    return read_mhsds_monthly(folder / MONTHS[2])


def rows_of(path: Path) -> list[dict[str, str]]:
    content = path.read_bytes()
    text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8-sig")
    return list(csv.DictReader(text.splitlines()))


def test_there_is_a_file_of_each_kind(folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == sorted([ALLOCATIONS, *MONTHS, COSTS, "README.txt"])
    assert sum(path.stat().st_size for path in folder.iterdir()) < 500_000


def test_the_same_seed_gives_the_same_files(folder: Path, tmp_path: Path) -> None:
    again, other = sample_files(tmp_path / "again"), sample_files(str(tmp_path / "other"), seed=1)
    for name in (ALLOCATIONS, *MONTHS, COSTS):
        assert (again / name).read_bytes() == (folder / name).read_bytes()
        assert (other / name).read_bytes() != (folder / name).read_bytes()


def test_no_other_file_is_written_over_and_all_are_named(tmp_path: Path) -> None:
    assert sample_files(tmp_path) == sample_files(tmp_path), "its own files may stand there"
    for name in (ALLOCATIONS, COSTS):
        (tmp_path / name).write_text("mine")
    (tmp_path / "README.txt").unlink()
    with refused(problem("folder", str(tmp_path / ALLOCATIONS)), problem("folder", str(tmp_path / COSTS))):
        sample_files(tmp_path)
    assert (tmp_path / COSTS).read_text() == "mine"
    assert not (tmp_path / "README.txt").exists(), "nothing is written where something is refused"


@pytest.mark.parametrize("seed", [-1, 1.5, True, "1"])
def test_a_seed_that_is_none(tmp_path: Path, seed: object) -> None:
    with refused("seed", seed, expected="a whole number"):
        sample_files(tmp_path, seed=seed)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_nothing_in_them_is_real(folder: Path, june: pd.DataFrame) -> None:
    assert "SYNTHETIC" in (folder / "README.txt").read_text()
    places = june[~june["primary_level"].isin(["England", "UNKNOWN"])]
    assert places["primary_level"].str.startswith("SYN").all()
    assert places["primary_level_name"].str.startswith("SYNTHETIC ").all()
    practices = read_icb_allocations(folder / ALLOCATIONS, level="practice")
    for code, name in (("practice", "practice_name"), ("icb", "icb_name"), ("region", "region_name")):
        assert practices[code].str.startswith("SYN").all()
        assert practices[name].str.casefold().str.startswith("synthetic ").all()
    assert read_national_costs(folder / COSTS)["currency_desc"].str.endswith("(synthetic)").all()


def test_weighting_creates_nobody(folder: Path) -> None:
    people = read_icb_allocations(folder / ALLOCATIONS)
    assert len(people) == 42
    assert check_weighted_totals(people)["agrees"].all()
    need = people["weighted_population"] / people["registered_population"]
    assert need.min() < 0.9
    assert need.max() > 1.1


@pytest.mark.parametrize("name", MONTHS)
def test_the_monthly_files_agree_with_themselves(folder: Path, name: str) -> None:
    monthly = read_mhsds_monthly(folder / name)
    assert not monthly["kind"].isin(["unknown", "missing"]).any(), "the rules of publication explain every value"
    checked = check_percentages(monthly)
    assert set(checked["verdict"]) == {"reproduced", "agrees within rounding", "suppressed"}
    assert (monthly["kind"] == "suppressed").mean() > 0.2
    counts = monthly[monthly["unit"] == "referral"]
    england = counts[counts["breakdown"] == "England"].set_index("measure_id")["value"]
    for _, places in counts[counts["breakdown"] != "England"].groupby("breakdown"):
        ends = places.groupby("measure_id")[["lower", "upper"]].sum()
        assert (ends["lower"] <= england).all()
        assert (england <= ends["upper"]).all()


def test_parts_are_no_more_than_their_wholes(june: pd.DataFrame) -> None:
    england = june[june["breakdown"] == "England"].set_index("measure_id")["value"]
    for chain in (["MRS06", "MRS02", "MRS02e", "MRS02c", "MRS02a"], ["MRS13", "MRS10", "MRS14e", "MRS14c", "MRS14a"]):
        assert england[chain].is_monotonic_decreasing
    assert england["MRS01a"] <= england["MRS01"]
    assert england["MRS03a"] < england["MRS03b"]


def test_the_files_go_together(folder: Path, june: pd.DataFrame) -> None:
    people = read_icb_allocations(folder / ALLOCATIONS)
    rates = icb_rates(june, people, "MRS06").set_index("icb")["per_100k_registered"].drop("UNKNOWN")
    assert rates.notna().all()
    assert 2 < rates.max() / rates.min() < 12


def test_england_is_about_as_it_was(june: pd.DataFrame) -> None:
    # NHS England, Mental Health Services Monthly Statistics, community waits, England, June 2024.
    adults = {
        "MRS06": 496_135, "MRS02": 372_004, "MRS02e": 145_343, "MRS02c": 103_537, "MRS02a": 78_261, "MRS03": 161_377,
        "MRS07e": 36_084, "MRS07c": 23_412, "MRS07a": 16_258, "MRS01": 16_139, "MRS04": 175_622, "MRS05": 159_100,
    }  # fmt: skip
    england = june[june["breakdown"] == "England"].set_index("measure_id")["value"]
    ratio = england[list(adults)] / pd.Series(adults)
    assert ratio.between(0.85, 1.25).all(), ratio
    # A tenth of the waits ended in four weeks in the spring quarter (2,099 of 19,727), and 733 days are 7.5 times 97.
    assert england["MRS01a"] / england["MRS01"] == pytest.approx(2_099 / 19_727, rel=0.1)
    assert england["MRS03b"] / england["MRS03a"] == pytest.approx(733 / 97, rel=0.02)
    assert england["MRS13"] / england["MRS06"] == pytest.approx(660_752 / 496_135, rel=0.05)


def test_places_differ_less_than_they_did(folder: Path, june: pd.DataFrame) -> None:
    # Of June 2024's 42 ICBs the shares of waits over 52 weeks have a standard deviation of 0.42 in their logarithms, and
    # median waits of 0.71; the made-up ones are all of one sort of England.
    for measure, published in (("MRS02f", 0.42), ("MRS07f", 0.86), ("MRS03a", 0.71), ("MRS03b", 0.62)):
        places = june[(june["measure_id"] == measure) & june["primary_level"].str.match("SYN\\d")]
        spread = np.log(places["value"]).std()
        assert len(places) == 42
        assert 0.15 < spread < published
    people = read_icb_allocations(folder / ALLOCATIONS)
    # Published: 63,849,324 people, whose logarithms by ICB have a standard deviation of 0.46, and their need of 0.15.
    assert people["registered_population"].sum() == pytest.approx(63_849_324, rel=0.1)
    assert 0.3 < np.log(people["registered_population"]).std() < 0.46
    assert 0.1 < np.log(people["weighted_population"] / people["registered_population"]).std() < 0.15


def test_the_waiting_grow_by_a_hundredth_a_month(folder: Path) -> None:
    counts = [
        read_mhsds_monthly(folder / name, measures=["MRS06"], breakdowns=["England"])["value"][0] for name in MONTHS
    ]
    for earlier, later in itertools.pairwise(counts):
        assert later / earlier == pytest.approx(1.01, abs=0.005)


def test_every_provider_of_a_place_is_of_it(june: pd.DataFrame) -> None:
    providers = june[june["breakdown"] == "Provider"]
    assert providers["primary_level"].nunique() == 100
    whole = june[(june["breakdown"] == "England") & (june["measure_id"] == "MRS06")]["value"].item()
    held = providers[providers["measure_id"] == "MRS06"]
    # The 42 large ones have nearly all, each of the 58 small ones tens to thousands.
    large, small = held["primary_level"].str[4:].astype(int) <= 42, held["primary_level"].str[4:].astype(int) > 42
    assert held.loc[large, "value"].sum() / whole > 0.95
    assert 0 < held.loc[small, "value"].sum() / whole < 0.02
    assert 5 <= held.loc[small, "value"].median() <= 30


def test_the_costs(folder: Path) -> None:
    costs = read_national_costs(folder / COSTS)
    services = ["A02", "A05", "A06", "A07", "A08", "A09", "A11", "A14", "A17", "A18", "B01", "C02", "C10", "D04"]
    assert costs["currency_code"].tolist() == [*services, "200MHPS", "201MHPS", "01IAPT"]
    assert costs.loc[~costs["meaningful"], "currency_code"].tolist() == ["D04"]
    assert compare_cost_per_contact(costs, inflation=0.03)["cost_per_contact"].notna().all()


# The published files


@pytest.mark.parametrize("name", [ALLOCATIONS, *MONTHS, COSTS])
def test_the_shape_is_that_of_the_published_file(real: Path, folder: Path, name: str) -> None:
    ours, theirs = rows_of(folder / name), rows_of(real / name)
    assert list(ours[0]) == list(theirs[0])
    mark = b"\xef\xbb\xbf"
    contents = [
        (gzip.decompress if name.endswith(".gz") else bytes)((each / name).read_bytes()) for each in (folder, real)
    ]
    assert contents[0].startswith(mark) == contents[1].startswith(mark)
    if name in MONTHS:
        fixed = [
            "REPORTING_PERIOD_START",
            "REPORTING_PERIOD_END",
            "STATUS",
            "BREAKDOWN",
            "SECONDARY_LEVEL",
            "MEASURE_ID",
        ]
        fixed += ["SECONDARY_LEVEL_DESCRIPTION", "MEASURE_NAME"]
        assert {tuple(row[each] for each in fixed) for row in ours} >= {
            tuple(row[each] for each in fixed) for row in theirs
        }
    else:
        empty = [column for column in theirs[0] if not any(row[column] for row in theirs)]
        assert [column for column in ours[0] if not any(row[column] for row in ours)] == empty
