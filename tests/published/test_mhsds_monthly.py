"""The MHSDS monthly files: each value with what it is and where the true one lies."""

from __future__ import annotations

import io

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cmhs_metrics as cm
from cmhs_metrics.published import read_mhsds_monthly
from tests.support.official_files import ICB, MONTHLY_HEADER, monthly_row, monthly_text, publish_count


def read(values: dict[str, object], code: str = "P1", breakdown: str = "Provider") -> pd.DataFrame:
    return read_mhsds_monthly(io.StringIO(monthly_text(values, code, breakdown))).set_index("measure_id")


def known(row: pd.Series) -> tuple[object, ...]:
    return row["value"], row["kind"], row["lower"], row["upper"]


def refusal(text: str) -> str:
    with pytest.raises(cm.BadInput) as caught:
        read_mhsds_monthly(io.StringIO(text))
    return str(caught.value)


def test_codes_names_and_dates() -> None:
    row = read({"MRS06": 496_135}, "England", "England").reset_index().iloc[0]
    assert (row["period_start"], row["period_end"]) == (pd.Timestamp(2024, 6, 1), pd.Timestamp(2024, 6, 30))
    assert (row["status"], row["breakdown"]) == ("Performance", "England")
    assert (row["primary_level"], row["primary_level_name"]) == ("England", "England NAME")
    assert (row["secondary_level"], row["secondary_level_name"]) == ("NONE", "NONE")
    assert (row["measure_id"], row["unit"], row["published_value"]) == ("MRS06", "referral", "496135")


def test_england_is_exact() -> None:
    # MHSDS monthly statistics, community waits, England, June 2024.
    england = read({"MRS02": 372_004, "MRS02a": 78_261, "MRS02b": 21.037678, "MRS03a": 97}, "England", "England")
    assert (england["kind"] == "exact").all()
    for bound in ("lower", "upper"):
        assert england[bound].tolist() == england["value"].tolist() == [372_004, 78_261, 21.037678, 97]
    assert england["unit"].tolist() == ["referral", "referral", "percent", "day"]


@pytest.mark.parametrize(
    ("published", "expected"),
    [
        (5, (5, "rounded to 5", 5, 7)),  # 3 and 4 are published as "*"
        (10, (10, "rounded to 5", 8, 12)),
        (1050, (1050, "rounded to 5", 1048, 1052)),
    ],
)
def test_a_count_to_the_nearest_5(published, expected) -> None:
    assert known(read({"MRS06": published}).loc["MRS06"]) == expected


@pytest.mark.parametrize(
    ("published", "expected"),
    [
        (21, (21, "rounded to a whole per cent", 20.5, 21.5)),
        (0, (0, "rounded to a whole per cent", 0, 0.5)),
        (100, (100, "rounded to a whole per cent", 99.5, 100)),
    ],
)
def test_a_whole_percentage(published, expected) -> None:
    assert known(read({"MRS02b": published}).loc["MRS02b"]) == expected


def test_a_suppressed_value_is_known_to_lie_in_an_interval_and_is_never_zero() -> None:
    place = read({"MRS06": "*", "MRS03a": "*", "MRS02b": "*", "XYZ02": "*"})
    assert place["value"].isna().all()
    assert (place["kind"] == "suppressed").all()
    assert place["lower"].tolist() == [0, 0, 0, 0]
    assert place["upper"].fillna(-1).tolist() == [4, -1, 100, 100], "nothing bounds a hidden wait"


@pytest.mark.parametrize(
    ("whole", "part", "lower", "upper"),
    [
        (40, "*", 0, 100 * 4 / 38),
        (5, "*", 0, 80),
        ("*", "*", 0, 100),
        (380, 60, 100 * 58 / 382, 100 * 62 / 378),
        (5, 5, 100 * 5 / 7, 100),
    ],
)
def test_a_suppressed_percentage_lies_where_its_parts_leave_it(whole, part, lower, upper) -> None:
    row = read({"MRS02": whole, "MRS02a": part, "MRS02b": "*"}).loc["MRS02b"]
    assert (row["lower"], row["upper"]) == pytest.approx((lower, upper))


def test_a_wait_in_days_is_published_as_it_is_of_any_place() -> None:
    assert known(read({"MRS03a": 733}).loc["MRS03a"]) == (733, "exact", 733, 733)


def test_what_the_rules_do_not_explain_stays_in_place() -> None:
    place = read({"MRS06": 7, "MRS02": 0, "MRS02a": "[c]", "MRS02b": 20.5, "XYZ01": 40, "MRS03": "", "MRS03a": "inf"})
    assert place["kind"].tolist() == ["unknown"] * 5 + ["missing", "unknown"]
    assert place["published_value"].tolist() == ["7", "0", "[c]", "20.5", "40", "", "inf"]
    assert place["value"].fillna(-1).tolist() == [7, 0, -1, 20.5, 40, -1, -1]
    assert place[["lower", "upper"]].isna().all().all()
    assert place.loc["XYZ01", "unit"] == ""


def test_dates_may_be_in_the_international_order() -> None:
    text = monthly_text({"MRS06": 5}).replace("01/06/2024", "2024-06-01")
    assert read_mhsds_monthly(io.StringIO(text)).loc[0, "period_start"] == pd.Timestamp(2024, 6, 1)


def test_all_bad_cells_are_named_at_once() -> None:
    rows = [
        monthly_row("MRS06", -5),
        monthly_row("MRS02b", 101).replace("30/06/2024", "31/06/2024"),
        monthly_row("MRS02", "1e999").replace("01/06/2024", "June 2024"),
        monthly_row("MRS02a", 5).replace("01/06/2024", "01/07/2024"),
        monthly_row("MRS03", 5).replace("MRS03", ""),
        monthly_row("MRS03a", 5),
        monthly_row("MRS03a", 6),
    ]
    message = refusal("\n".join([MONTHLY_HEADER, *rows]))
    assert "has 8 problems" in message
    assert "MEASURE_ID, line 6: got '', expected a code or name" in message
    assert "REPORTING_PERIOD_START, line 4: got 'June 2024', expected a date as 30/06/2024" in message
    assert "REPORTING_PERIOD_END, line 3: got '31/06/2024', expected a date" in message
    assert "REPORTING_PERIOD_END, line 5: got '30/06/2024', expected a day on or after the start" in message
    assert "MEASURE_VALUE, line 2: got '-5', expected zero or more" in message
    assert "MEASURE_VALUE, line 3: got '101', expected 100 per cent or less" in message
    assert "line 8: expected one row for each REPORTING_PERIOD_START" in message
    assert "MEASURE_VALUE, line 4: got '1e999', expected zero or more" in message


@settings(max_examples=10)
@given(st.lists(st.integers(0, 30) | st.integers(0, 10**6), min_size=20, max_size=60))
def test_the_true_count_lies_in_the_interval_and_whatever_lies_in_it_is_published_so(counts: list[int]) -> None:
    rows = [monthly_row("MRS06", publish_count(count), f"P{place}", "Provider") for place, count in enumerate(counts)]
    table = read_mhsds_monthly(io.StringIO("\n".join([MONTHLY_HEADER, *rows])))
    for count, lower, upper in zip(counts, table["lower"].astype(int), table["upper"].astype(int), strict=True):
        assert lower <= count <= upper
        assert {publish_count(each) for each in range(lower, upper + 1)} == {publish_count(count)}
        outside = {publish_count(upper + 1)} | ({publish_count(lower - 1)} if lower else set())
        assert publish_count(count) not in outside


@settings(max_examples=10)
@given(st.lists(st.tuples(st.integers(0, 4000), st.integers(1, 4000), st.booleans()), min_size=20, max_size=60))
def test_the_true_percentage_lies_in_the_interval(places: list[tuple[int, int, bool]]) -> None:
    rows = []
    for place, (part, rest, hidden) in enumerate(places):
        shown = "*" if part < 5 or hidden else round(100 * part / (part + rest))
        values = {"MRS02": publish_count(part + rest), "MRS02a": publish_count(part), "MRS02b": shown}
        rows += [monthly_row(each, value, f"P{place}", "Provider") for each, value in values.items()]
    table = read_mhsds_monthly(io.StringIO("\n".join([MONTHLY_HEADER, *rows]))).query("unit == 'percent'")
    for (part, rest, _), lower, upper in zip(places, table["lower"], table["upper"], strict=True):
        assert lower - 1e-9 <= 100 * part / (part + rest) <= upper + 1e-9


# The published files


@pytest.mark.parametrize(("month", "rows"), [("04", 19_958), ("05", 19_934), ("06", 19_442)])
def test_the_published_files(real, month, rows) -> None:
    table = read_mhsds_monthly(real / f"mhsds_4ww_2024_{month}.csv.gz")
    assert len(table) == rows
    england = table["breakdown"] == "England"
    assert england.sum() == 44
    assert (table.loc[england, "kind"] == "exact").all()
    hidden = table["published_value"] == "*"
    assert (table["kind"] == "suppressed").equals(hidden)
    assert hidden.mean() > 0.6
    kinds = table[~england & ~hidden].groupby("unit")["kind"].unique().map(list).to_dict()
    assert kinds == {"day": ["exact"], "percent": ["rounded to a whole per cent"], "referral": ["rounded to 5"]}
    bounded = table[table["unit"] != "day"]
    assert bounded[["lower", "upper"]].notna().all().all()
    shown = table[~hidden]
    assert (shown["lower"] <= shown["value"]).all()
    assert (shown["value"] <= shown["upper"]).all()
    # Every referral-spell is of some ICB or of none, so England lies between the sums of the ends.
    open_spells = table[table["measure_id"] == "MRS06"]
    icbs = open_spells[open_spells["breakdown"] == ICB]
    assert len(icbs) == 43
    total = open_spells.loc[open_spells["breakdown"] == "England", "value"].item()
    assert icbs["lower"].sum() <= total <= icbs["upper"].sum()
