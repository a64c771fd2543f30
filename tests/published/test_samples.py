"""The made-up files: the shape of the official ones, counts that agree with themselves, and nothing that is real."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

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


def test_the_costs(folder: Path) -> None:
    costs = read_national_costs(folder / COSTS)
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
