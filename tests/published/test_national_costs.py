"""The National Cost Collection, and cost per contact since the audit."""

from __future__ import annotations

import io
import math
import sys
import zipfile
from contextlib import nullcontext

import openpyxl
import pandas as pd
import pytest

import cmhs_metrics as cm
from cmhs_metrics.published import compare_cost_per_contact, read_national_costs
from tests.support.official_files import COSTS
from tests.support.refusals import problem, refused


def read(text: str = COSTS) -> pd.DataFrame:
    return read_national_costs(io.StringIO(text))


def test_every_row_is_kept_with_its_team_type() -> None:
    costs = read()
    types = dict(zip(costs["currency_code"], costs["team_type"], strict=True))
    assert types == {
        "A02": "crht", "A06": "generic_cmht", "C10": "eating_disorders", "C03": "eating_disorders", "A12": "other",
        "A13": "other", "X99": None, "200MHPS": None, "01IAPT": None,
    }  # fmt: skip
    assert cm.TeamType(types["A02"]) is cm.TeamType.CRHT
    assert costs["cost"].tolist() == [700_000, 250_000, 30_000, 18_000, 4000, 0, 1000, 700_000, 85_000]


def test_a_code_of_a_ward_is_no_team_though_it_be_spelt_like_one() -> None:
    costs = read(COSTS.replace("Provider Spell,200MHPS", "Provider Spell,A06"))
    assert costs.loc[costs["currency_code"] == "A06", "team_type"].tolist() == ["generic_cmht", None]


def test_no_cost_or_a_handful_of_contacts_mean_nothing() -> None:
    costs = read().set_index("currency_code")
    assert costs.index[~costs["meaningful"]].tolist() == ["A12", "A13"]
    five = read(COSTS.replace("4.0,1000.0,4000.0", "5.0,1000.0,5000.0")).set_index("currency_code")
    assert five.loc["A12", "meaningful"]


def test_a_missing_number_is_missing() -> None:
    costs = read(COSTS.replace("2000.0,350.0,700000.0", "2000.0,,")).set_index("currency_code")
    assert costs.loc["A02", ["unit_cost", "cost"]].isna().all()
    assert not costs.loc["A02", "meaningful"]


def test_a_unit_cost_to_the_pound_is_accepted() -> None:
    assert len(read(COSTS.replace("2000.0,350.0,700000.0", "2000.0,350,700999.0"))) == 9


@pytest.mark.parametrize(("cost", "accepted"), [(701000.5, True), (698999.5, True), (701001, False), (698999, False)])
def test_a_cost_is_activity_times_unit_cost_to_half_a_pound(cost: float, accepted: bool) -> None:
    # 2,000 at £350 are £700,000; to half a pound each, and as much for the total, £1,000.50 more or less.
    with nullcontext() if accepted else refused("cost", str(cost), row="line 2", names=("activity", "unit cost")):
        read(COSTS.replace("2000.0,350.0,700000.0", f"2000.0,350,{cost}"))


def test_all_bad_cells_are_named_at_once() -> None:
    text = COSTS.replace("2000.0,350.0,700000.0", "-2000,£350,700000.0").replace("250.0,250000.0", "250.0,2500.0")
    with refused(
        problem("currency_code", "", row="line 10", expected="a code"),
        problem("activity", "-2000", row="line 2", expected="zero or more"),
        problem("unit_cost", "£350", row="line 2", expected="zero or more"),
        problem("cost", "2500.0", row="line 3", names=("activity", "unit cost")),
        problem(None, row="line 11", expected="once", names=("department_code", "currency_code")),
    ):
        read(text.replace("01IAPT", "") + "Mental Health Care Contact,C10,Again,1,1,1\n")


def test_cost_per_contact_against_the_audit() -> None:
    compared = compare_cost_per_contact(read(), inflation=0.02).set_index("team_type")
    assert compared.index.tolist() == [each.value for each in cm.TeamType]
    crht = compared.loc["crht"]
    assert (crht["contacts"], crht["total_cost"], crht["cost_per_contact"]) == (2000, 700_000, 350)
    # The audit prints £220; 350 / 220 is 59.1% more. At 2% a year, eight years make prices 1.02 ** 8 = 1.1717 times.
    assert crht["cost_per_contact_2016_17"] == 220
    assert crht["statistic"] == "mean of organisations providing it"
    assert crht["change"] == pytest.approx(59.0909, abs=1e-3)
    assert crht["real_cost_per_contact"] == pytest.approx(350 / 1.171659, rel=1e-5)
    assert crht["real_change"] == pytest.approx(35.78, abs=0.01)


def test_codes_of_one_type_are_pooled_and_what_means_nothing_is_named() -> None:
    compared = compare_cost_per_contact(read(), inflation=0).set_index("team_type")
    eating = compared.loc["eating_disorders"]
    assert eating["codes"] == "C10 C03"
    assert eating["cost_per_contact"] == 48_000 / 150, "a ratio of totals, not a mean of 300 and 360"
    assert (compared["change"].dropna() == compared["real_change"].dropna()).all(), "without inflation they are one"
    assert (compared.loc["other", "codes"], compared.loc["other", "left_out"]) == ("", "A12 A13")
    assert math.isnan(compared.loc["other", "cost_per_contact"])
    assert math.isnan(compared.loc["memory", "contacts"]), "no row is missing, not zero"


def test_a_comparison_wants_the_columns_of_the_reader() -> None:
    with refused(
        problem("team_type", expected="a column", names="read_national_costs"),
        problem("meaningful", expected="a column", names="read_national_costs"),
    ):
        compare_cost_per_contact(read().drop(columns=["team_type", "meaningful"]), inflation=0.02)
    with refused("inflation", -1, expected="a proportion"):
        compare_cost_per_contact(read(), inflation=-1)


# As NHS England publishes it

SHEET = [
    [
        "Department Description",
        "Mental Health Care Contact",
        "",
        "",
        "Mental Health Provider Spell",
        "",
        "",
        "Total",
        "",
        "",
    ],
    ["Service", "Activity", "Unit cost", "Cost", "Activity", "Unit cost", "Cost", "Activity", "Unit cost", "Cost"],
    ["A06 - Community Mental Health Team - Functional", 1000, 250.5, 250_500, "", "", "", 1000, 250.5, 250_500],
    ["A12 - Psychotherapy Service", "*", "*", 900, "", "", "", "*", "*", 900],
    ["200MHPS - Acute Adult Mental Health Care", "", "", "", 10, 700, 7000, 10, 700, 7000],
    ["Total", 1004, 250, 251_400, 10, 700, 7000, 1014, 255, 258_400],
]


def workbook(rows: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    book.active.title = "Notes"
    book.active.append(["About this workbook"])
    sheet = book.create_sheet("MH and TT")
    for row in rows:
        sheet.append([None if cell == "" else cell for cell in row])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


@pytest.mark.parametrize("how", ["merged", "repeated", "in a zip archive"])
@pytest.mark.parametrize("without", [None, "python_calamine"])
def test_the_published_workbook(how, without, monkeypatch) -> None:
    rows = [list(row) for row in SHEET]
    if how == "repeated":
        rows[0] = [rows[0][0], *(name for name in (rows[0][1], rows[0][4], rows[0][7]) for _ in range(3))]
    content = workbook(rows)
    if how == "in a zip archive":
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as folder:
            folder.writestr("NCC/Summary MH NHS Talking Therapies.xlsx", content)
            folder.writestr(
                "NCC/Summary HRG.xlsx", workbook([["Department", "Elective"], ["Currency", "Activity"], ["X", 1]])
            )
        content = archive.getvalue()
    if without:
        monkeypatch.setitem(sys.modules, without, None)
    costs = read_national_costs(io.BytesIO(content)).set_index("currency_code")
    assert costs.index.tolist() == ["A06", "A12", "200MHPS"], "no totals"
    assert costs.loc["A06", ["department_code", "currency_desc", "activity", "unit_cost", "cost"]].tolist() == [
        "Mental Health Care Contact", "Community Mental Health Team - Functional", 1000, 250.5, 250_500,
    ]  # fmt: skip
    assert costs.loc["A12", ["activity", "unit_cost"]].isna().all(), "a small number is not zero"
    assert costs["meaningful"].tolist() == [True, False, True]


def test_another_workbook_is_refused(monkeypatch) -> None:
    with refused(None, "a workbook", names=("National Cost Collection", "Mental Health Care Contact")):
        read_national_costs(io.BytesIO(workbook([["a"], ["b"], ["c"]])))
    for reader in ("python_calamine", "openpyxl"):
        monkeypatch.setitem(sys.modules, reader, None)
    with refused(None, "an Excel workbook", names=("python-calamine", "openpyxl", "cmhs_metrics[excel]")):
        read_national_costs(io.BytesIO(workbook_bytes))


workbook_bytes = workbook(SHEET)

OF_2023_24 = """\
Service Code,Dept or Currency Code,Dept or Currency Desc,Activity,Unit cost,Cost
Mental Health Care Contact,MHCC , Mental Health Care Contact,"20,324,923",302.1095,6140352306
Ambulance,01 , Hear & Treat,100,65.5,6550
"""


def test_the_columns_of_2023_24_and_a_schedule_without_types_of_team() -> None:
    costs = read(OF_2023_24)
    assert costs["currency_code"].tolist() == ["MHCC", "01"]
    assert costs["currency_desc"].tolist() == ["Mental Health Care Contact", "Hear & Treat"]
    assert costs["activity"].tolist() == [20_324_923, 100]
    with refused("team_type", names=("A06", "20,324,923", "£6,140,352,306")):
        compare_cost_per_contact(costs, inflation=0.03)


def test_the_published_file_of_2023_24(real) -> None:
    costs = read_national_costs(real / "ncc_2023_24.csv.gz")
    assert len(costs) == 11_303
    contacts = costs[costs["currency_code"] == "MHCC"].iloc[0]
    assert (contacts["activity"], round(contacts["unit_cost"], 2)) == (20_324_923, 302.11)


# The published file


def test_the_published_file(real) -> None:
    costs = read_national_costs(real / "ncc_2024_25_mental_health.csv")
    assert len(costs) == 86
    contacts = costs["department_code"] == "Mental Health Care Contact"
    assert costs["team_type"].notna().equals(contacts), "every team code has a type, and nothing else has"
    pd.testing.assert_series_equal(costs["activity"] * costs["unit_cost"], costs["cost"], rtol=1e-12, check_names=False)
    compared = compare_cost_per_contact(costs, inflation=0.03).set_index("team_type")
    assert compared["contacts"].sum() == costs.loc[contacts, "activity"].sum()
    assert compared["total_cost"].sum() == pytest.approx(costs.loc[contacts, "cost"].sum(), rel=1e-12)
    # One code makes up each of these types, so the schedule prints their unit cost itself.
    printed = costs.set_index("currency_code")["unit_cost"]
    for code, team_type in {
        "A06": "generic_cmht",
        "A02": "crht",
        "A14": "eip",
        "A17": "memory",
        "C10": "eating_disorders",
    }.items():
        assert compared.loc[team_type, "cost_per_contact"] == pytest.approx(printed[code])
    audit = {"generic_cmht": 163, "memory": 294, "forensic": 512}  # the audit's table of unit costs
    for team_type, pounds in audit.items():
        row = compared.loc[team_type]
        assert row["cost_per_contact_2016_17"] == pounds
        assert (row["change"] > 0) == (row["cost_per_contact"] > pounds)
        assert row["real_change"] < row["change"]
