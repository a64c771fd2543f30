"""Further official files, each in a small synthetic sample of its shape."""

from __future__ import annotations

import io

import openpyxl
import pandas as pd
import pytest

import cmhs_metrics as cm
from cmhs_metrics.published import read_icb_allocations, read_published
from tests.support.official_files import ALLOCATIONS, COSTS, monthly_text
from tests.support.refusals import ANY, problem, refused

SAMPLES = {
    "gp_patients": """\
PUBLICATION,EXTRACT_DATE,ORG_TYPE,ORG_CODE,ONS_CODE,POSTCODE,SEX,AGE_GROUP_5,NUMBER_OF_PATIENTS
GP_PRAC_PAT_LIST,01APR2025,GP,A81001,E1,ZZ1 1ZZ,ALL,ALL,"1,010"
GP_PRAC_PAT_LIST,01APR2025,GP,A81001,E1,ZZ1 1ZZ,MALE,ALL,500
GP_PRAC_PAT_LIST,01APR2025,GP,A81001,E1,ZZ1 1ZZ,MALE,0_4,500
GP_PRAC_PAT_LIST,01APR2025,GP,A81001,E1,ZZ1 1ZZ,FEMALE,0_4,10
GP_PRAC_PAT_LIST,01APR2025,GP,A81001,E1,ZZ1 1ZZ,FEMALE,95+,500
""",
    "talking_therapies": """\
REPORTING_PERIOD_START,REPORTING_PERIOD_END,GROUP_TYPE,ORG_CODE1,ORG_NAME1,ORG_CODE2,ORG_NAME2,MEASURE_ID,MEASURE_NAME,MEASURE_VALUE_SUPPRESSED
2025-03-01,2025-03-31,England,All,All,All,All,M001,Count_ReferralsReceived,150000
2025-03-01,2025-03-31,SubICB,15E,AN ICB - 15E,All,All,M001,Count_ReferralsReceived,*
2025-03-01,2025-03-31,SubICB,15E,AN ICB - 15E,All,All,M192,Percentage_Recovery,50.5
""",
    "smi_health_checks": """\
Period,CCG Code,Question,Answer
SMI-Q4-2023-2024,16C,SMIRegister,6500
SMI-Q4-2023-2024,16C,All6PHC,4100
""",
    "out_of_area_placements": """\
"Question","Breakdown1","Breakdown1Code","Breakdown2","Breakdown2Code","value"
"OAPs active at period end","England","","","","203"
"OAPs active at period end","Ccg","00C","","","*"
"OAPs active at period end","Ccg","03D","","","5"
""",
    "oversight_framework": """\
Trust_code,Trust_name,Quarter,Metric_ID,Metric_description,Reporting_date,Value,Median_value,Rank
RZ1,A TRUST,Q4 2025/26,OF0063,Stays over 60 days,Mar-26,46.55,24.52,50
RZ1,A TRUST,Q4 2025/26,OF0081,Variance to plan,Mar-26,-1.25,0,20
""",
    "fingertips": """\
Indicator ID,Indicator Name,Parent Code,Parent Name,Area Code,Area Name,Area Type,Sex,Age,Category Type,Category,Time period,Value,Lower CI 95.0 limit,Upper CI 95.0 limit,Lower CI 99.8 limit,Upper CI 99.8 limit,Count,Denominator,Value note,Recent Trend
90581,SMI register,E92000001,England,E54000050,AN ICB,ICBs,Persons,All ages,,,2023/24,0.97,0.95,0.99,,,9700,1000000,,
90581,SMI register,E92000001,England,E54000051,ANOTHER ICB,ICBs,Persons,All ages,,,2023/24,,,,,,,,Value suppressed,
""",
}
every_kind = pytest.mark.parametrize("kind", SAMPLES)


@every_kind
def test_a_sample_in_its_shape(kind) -> None:
    table = read_published(io.StringIO(SAMPLES[kind]), kind)
    expected = {
        "gp_patients": [1010, 500, 500, 10, 500],
        "talking_therapies": [150_000, None, 50.5],
        "smi_health_checks": [6500, 4100],
        "out_of_area_placements": [203, None, 5],
        "oversight_framework": [46.55, -1.25],
        "fingertips": [0.97, None],
    }[kind]
    assert [None if each != each else each for each in table["value"]] == expected
    assert "place" in table
    assert len(table) == len(SAMPLES[kind].splitlines()) - 1


def test_what_each_has_of_its_own() -> None:
    tables = {kind: read_published(io.StringIO(text), kind) for kind, text in SAMPLES.items()}
    patients = tables["gp_patients"]
    assert patients["is_total"].tolist() == [True, True, False, False, False]
    assert set(patients["extract_date"]) == {pd.Timestamp(2025, 4, 1)}
    therapies = tables["talking_therapies"]
    assert therapies["unit"].tolist() == ["count", "count", "percent"]
    assert therapies["suppressed"].tolist() == [False, True, False]
    assert therapies["period_end"][0] == pd.Timestamp(2025, 3, 31)
    framework = tables["oversight_framework"]
    assert framework[["median", "rank"]].to_numpy().tolist() == [[24.52, 50], [0, 20]]
    numbers = tables["fingertips"][["value", "lower_95", "upper_95", "count", "denominator"]]
    assert numbers.iloc[0].tolist() == [0.97, 0.95, 0.99, 9_700, 1_000_000]
    assert numbers.iloc[1].isna().all()
    for kind, table in tables.items():
        texts = [name for name in table if isinstance(table[name].iloc[0], str)]
        assert not {"value", "rank", "median", "count", "denominator", "lower_95", "upper_95"} & set(texts), kind


@pytest.mark.parametrize(
    ("kind", "count", "column"),
    [
        ("gp_patients", "500", "NUMBER_OF_PATIENTS"),
        ("talking_therapies", "150000", "MEASURE_VALUE_SUPPRESSED"),
        ("smi_health_checks", "4100", "Answer"),
        ("fingertips", "9700", "Count"),
        ("fingertips", "1000000", "Denominator"),
    ],
)
def test_a_percentage_is_no_count(kind: str, count: str, column: str) -> None:
    assert count in SAMPLES[kind]
    with pytest.raises(cm.BadInput) as caught:
        read_published(io.StringIO(SAMPLES[kind].replace(count, "5%", 1)), kind)
    assert [(each.column, each.value) for each in caught.value.problems] == [(column, "5%")]


OPTIONAL = {
    "gp_patients": ["PUBLICATION", "ONS_CODE", "POSTCODE"],
    "talking_therapies": ["ORG_NAME1", "ORG_NAME2"],
    "oversight_framework": ["Trust_name", "Metric_description"],
    "fingertips": [
        "Parent Code", "Parent Name", "Category Type", "Category", "Lower CI 99.8 limit", "Upper CI 99.8 limit",
        "Value note", "Recent Trend",
    ],
}  # fmt: skip


NAMES = {
    "gp_patients": ["extract_date", "place_type", "place", "sex", "age_group", "value"],
    "talking_therapies": [
        "period_start", "period_end", "group_type", "place", "second_place", "measure_id", "measure_name", "value",
    ],
    "smi_health_checks": ["period", "place", "question", "value"],
    "out_of_area_placements": ["question", "breakdown", "place", "second_breakdown", "second_place", "value"],
    "oversight_framework": ["place", "quarter", "metric_id", "reporting_date", "value", "median", "rank"],
    "fingertips": [
        "indicator_id", "indicator_name", "place", "place_name", "place_type", "sex", "age", "period", "value",
        "lower_95", "upper_95", "count", "denominator",
    ],
}  # fmt: skip


@every_kind
def test_what_its_columns_are_called(kind) -> None:
    assert [name for name in read_published(io.StringIO(SAMPLES[kind]), kind) if name in NAMES[kind]] == NAMES[kind]


@every_kind
def test_a_column_that_is_lacking_is_named_as_it_is_published(kind) -> None:
    table = pd.read_csv(io.StringIO(SAMPLES[kind]), dtype=str, keep_default_na=False)
    for column in table:
        lacking = io.StringIO(table.drop(columns=column).to_csv(index=False))
        if column in OPTIONAL.get(kind, []):
            assert len(read_published(lacking, kind)) == len(table)
        else:
            with pytest.raises(cm.BadInput) as caught:
                read_published(lacking, kind)
            assert [problem.column for problem in caught.value.problems] == [None, column]


def test_parts_that_do_not_add_to_their_total() -> None:
    with refused("NUMBER_OF_PATIENTS", 1009.0, row="ORG_CODE=A81001", expected="to add up", names="1,010"):
        read_published(io.StringIO(SAMPLES["gp_patients"].replace("FEMALE,0_4,10", "FEMALE,0_4,9")), "gp_patients")


@every_kind
def test_its_neighbours_are_refused_and_told_apart(kind) -> None:
    for other, text in SAMPLES.items():
        if other != kind:
            with refused(problem(None, ANY, expected="a column", names="read_published"), others=ANY):
                read_published(io.StringIO(text), kind)
    for text in (ALLOCATIONS, COSTS, monthly_text({"MRS06": 5})):
        with refused(problem(None, ANY, expected="a column"), others=ANY):
            read_published(io.StringIO(text), kind)
    with refused(None, ANY, expected="a column", names="read_published"):
        read_icb_allocations(io.StringIO(SAMPLES[kind]))


@every_kind
def test_bad_cells_and_rows_that_stand_twice(kind) -> None:
    lines = SAMPLES[kind].splitlines()
    with refused(None, row=f"line {len(lines) + 1}", expected="once"):
        read_published(io.StringIO("\n".join([*lines, lines[-1]])), kind)
    column = {"fingertips": "0.97", "gp_patients": ",10\n"}.get(kind)
    text = (
        SAMPLES[kind].replace(column, column.replace("0.97", "much").replace("10", "much"))
        if column
        else ("\n".join([*lines[:-1], lines[-1].rsplit(",", 1)[0] + ",much"]))
    )
    with refused(ANY, "much", row=ANY, expected="a number"):
        read_published(io.StringIO(text), kind)


def test_a_workbook_with_a_title_above_the_header() -> None:
    book = openpyxl.Workbook()
    for row in (
        ["Physical health checks"],
        ["Period", "Sub ICB Location Code", "Question", "Answer"],
        ["Q1", "16C", "SMIRegister", 841],
    ):
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)
    table = read_published(io.BytesIO(content.getvalue()), "smi_health_checks")
    assert table[["place", "value"]].values.tolist() == [["16C", 841]]
    # A row of nothing is none; one that lacks a cell is.
    book.active.append([])
    book.active.append(["Q1", "16E", "SMIRegister", None])
    lacks = io.BytesIO()
    book.save(lacks)
    assert read_published(io.BytesIO(lacks.getvalue()), "smi_health_checks")["place"].tolist() == ["16C", "16E"]
    book.active.append(["Q1", "16D", "SMIRegister", "much"])
    wrong = io.BytesIO()
    book.save(wrong)
    with refused("Answer", "much", row="line 6", expected="a number"):
        read_published(io.BytesIO(wrong.getvalue()), "smi_health_checks")
    with refused(None, "a workbook", expected="a column", names=("Fingertips", "Indicator ID")):
        read_published(io.BytesIO(content.getvalue()), "fingertips")


def test_a_kind_that_is_not_known() -> None:
    with refused("kind", "gp_patient", suggests="gp_patients"):
        read_published(io.StringIO(""), "gp_patient")
