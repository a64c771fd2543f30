"""The MHSDS monthly files: each value with what it is and where the true one lies."""

from __future__ import annotations

import io

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmhs_metrics.published import read_mhsds_monthly, reading
from cmhs_metrics.published.mhsds_values import read_cell
from tests.support.budgets import examples
from tests.support.official_files import ICB, MONTHLY_HEADER, monthly_row, monthly_text, publish_count
from tests.support.refusals import problem, refused


def read(values: dict[str, object], code: str = "P1", breakdown: str = "Provider") -> pd.DataFrame:
    return read_mhsds_monthly(io.StringIO(monthly_text(values, code, breakdown))).set_index("measure_id")


def known(row: pd.Series) -> tuple[object, ...]:
    return row["value"], row["kind"], row["lower"], row["upper"]


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


def test_a_wait_in_days_is_published_to_the_whole_day() -> None:
    # The publisher rounds medians and percentiles, which interpolate, as it rounds percentages.
    assert known(read({"MRS03a": 733}).loc["MRS03a"]) == (733, "rounded to a whole day", 732.5, 733.5)
    assert known(read({"MRS03a": 0}).loc["MRS03a"]) == (0, "rounded to a whole day", 0, 0.5)
    england = read({"MRS03a": 712.5}, "England", "England")
    assert known(england.loc["MRS03a"]) == (712.5, "exact", 712.5, 712.5)


def test_what_the_rules_do_not_explain_stays_in_place_and_says_so() -> None:
    place = read({"MRS06": 7, "MRS02": 0, "MRS02b": 20.5, "XYZ03": 40, "MRS03": "", "MRS03a": 96.5})
    assert place["kind"].tolist() == ["unknown"] * 4 + ["missing", "unknown"]
    assert place["published_value"].tolist() == ["7", "0", "20.5", "40", "", "96.5"]
    assert place["value"].fillna(-1).tolist() == [7, 0, 20.5, 40, -1, 96.5]
    assert place[["lower", "upper"]].isna().all().all()
    assert place.loc["XYZ03", "unit"] == ""


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("1,235", (1235, "rounded to 5", 1233, 1237)),
        ("12,345,670", (12_345_670, "rounded to 5", 12_345_668, 12_345_672)),
        (" 40 ", (40, "rounded to 5", 38, 42)),
        ("<5", (None, "suppressed", 0, 4)),
        ("< 10", (None, "suppressed", 0, 9)),
        ("1-9", (None, "suppressed", 1, 9)),
        ("1 to 4", (None, "suppressed", 1, 4)),
        ("*", (None, "suppressed", 0, 4)),
        ("[c]", (None, "suppressed", 0, 4)),
        ("[x]", (None, "missing", None, None)),
        ("[z]", (None, "missing", None, None)),
        ("-", (None, "missing", None, None)),
        ("NULL", (None, "missing", None, None)),
    ],
)
def test_a_cell_is_read_as_what_it_means(cell, expected) -> None:
    row = read({"MRS06": f'"{cell}"'}).loc["MRS06"]
    assert tuple(None if each != each else each for each in known(row)) == expected
    assert row["published_value"] == cell


def test_every_sign_of_what_is_hidden_or_absent_is_known() -> None:
    for sign in ("*", "**", "[c]", "[C]", "c", " * "):
        assert read_cell(sign).hidden
        assert read_cell(sign).readable
    for sign in (
        "",
        "-",
        "–",
        ":",
        ".",
        "..",
        "[x]",
        "[z]",
        "[u]",
        "n/a",
        "na",
        "null",
        "nan",
        "none",
        "Not available",
        "NaN",
    ):
        assert read_cell(sign).absent
        assert read_cell(sign).readable
    assert [read_cell(text).upper for text in ("<5", "<=5", "less than 10", "under 10", "fewer than 10")] == [
        4,
        5,
        9,
        9,
        9,
    ]
    assert [read_cell(text)[3:5] for text in ("3-3", "3 – 4", "3 to 9")] == [(3, 3), (3, 4), (3, 9)]
    assert [read_cell(text).value for text in ("0", "1,000.5", "1e3", ".5")] == [0, 1000.5, 1000, 0.5]


@pytest.mark.parametrize("cell", ["inf", "-5", "1e999", "about 40", "12,34", "9-1", "45%", "?", "n.b."])
def test_a_cell_that_means_nothing_is_refused(cell) -> None:
    with refused("MEASURE_VALUE", cell, row="line 2", expected="zero or more"):
        read({"MRS06": f'"{cell}"'})


def test_percentages_with_their_sign() -> None:
    assert known(read({"MRS02b": "45%"}).loc["MRS02b"]) == (45, "rounded to a whole per cent", 44.5, 45.5)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("01/06/2024", "30/06/2024"),
        ("01/06/24", "30/06/24"),
        ("01-06-2024", "30-06-2024"),
        ("1/6/2024", "30/6/2024"),
        ("2024-06-01", "2024-06-30"),
        ("2024-06-01T00:00:00", "2024-06-30T00:00:00"),
        ("2024-06-01 00:00:00", "2024-06-30 23:59:59.000"),
        ("06/01/2024", "30/06/2024"),  # as in the series of 2016 to 2023: a month-first start beside a day-first end
        ("6/1/2024", "6/30/2024"),
        ("01 Jun 2024", "30-Jun-24"),
        (" 01/06/2024 ", "30/06/2024 00:00"),
    ],
)
def test_every_form_of_date(start, end) -> None:
    text = monthly_text({"MRS06": 5}).replace("01/06/2024", start).replace("30/06/2024", end)
    row = read_mhsds_monthly(io.StringIO(text)).iloc[0]
    assert (row["period_start"], row["period_end"]) == (pd.Timestamp(2024, 6, 1), pd.Timestamp(2024, 6, 30))


def test_a_start_that_is_month_first_is_told_from_one_that_is_not() -> None:
    # 04/01/2016 beside 30/04/2016 is the first of April; 01/04/2016 is too.
    for start in ("04/01/2016", "01/04/2016"):
        text = monthly_text({"MRS06": 5}).replace("01/06/2024", start).replace("30/06/2024", "30/04/2016")
        assert read_mhsds_monthly(io.StringIO(text)).loc[0, "period_start"] == pd.Timestamp(2016, 4, 1)


@pytest.mark.parametrize("start", ["05/02/2016", "31/06/2024", "June 2024", ""])
def test_a_date_that_is_no_first_day_however_it_is_read(start) -> None:
    with refused("REPORTING_PERIOD_START", start, row="line 2", names=("30/06/2024", "first day")):
        read_mhsds_monthly(io.StringIO(monthly_text({"MRS06": 5}).replace("01/06/2024", start)))


@pytest.mark.parametrize("end", ["29/06/2024", "31/06/2024", "01/06/2024", "28/02/2024", "29/02/2023", ""])
def test_a_date_that_is_no_last_day(end) -> None:
    with refused("REPORTING_PERIOD_END", end, row="line 2", names=("30/06/2024", "last day")):
        read_mhsds_monthly(io.StringIO(monthly_text({"MRS06": 5}).replace("30/06/2024", end)))


def test_spaces_around_codes_do_not_hide_a_row_that_stands_twice() -> None:
    text = monthly_text({"MRS06": 5})
    row = text.splitlines()[1]
    with refused(None, row="line 3", expected="once"):
        read_mhsds_monthly(io.StringIO(text + row.replace("Performance", "Performance ") + "\n"))
    assert read_mhsds_monthly(io.StringIO(text.replace("Performance", " Performance ")))["status"][0] == "Performance"


def test_a_file_in_windows_encoding() -> None:
    text = monthly_text({"MRS06": 5}).replace("England NAME", "St\u00a0Helens \u2013 Knowsley")
    table = read_mhsds_monthly(io.BytesIO(text.encode("cp1252")))
    assert table["primary_level_name"][0] == "St\u00a0Helens \u2013 Knowsley"


NEWER = {
    # id: name, cell, unit, kind, lower, upper. Names as in the publisher's metadata.
    "MRS18": ("The number of open CYP referral-spells with 1+ contact", 300, "referral", "rounded to 5", 298, 302),
    "MHS81": ("Detentions in the reporting period", 20, "count", "rounded to 5", 18, 22),
    "MHS125": (
        "Median waiting time between referral and second contact",
        61,
        "day",
        "rounded to a whole day",
        60.5,
        61.5,
    ),
    "MHS100a": ("Rate of people discharged per 100,000 in the RP", 9, "rate", "rounded to a whole number", 8.5, 9.5),
    "MHS107a": (
        "Rate of acute admission with previous contact",
        140,
        "rate",
        "rounded to a whole number",
        139.5,
        140.5,
    ),
    # Not in the list: by what the name says.
    "MHS01": ("People in contact with services at the end of the RP", 105, "count", "rounded to 5", 103, 107),
    "MHS29": ("Contacts in the RP", "*", "count", "suppressed", 0, 4),
    "MHS23d": ("Open referrals to community mental health services", 10, "referral", "rounded to 5", 8, 12),
    "MHS26": ("Days of delayed discharge in the RP", 40, "count", "rounded to 5", 38, 42),
    "MHS999": ("Average length of stay in days", 40, "day", "rounded to a whole day", 39.5, 40.5),
}


@pytest.mark.parametrize("measure_id", NEWER)
def test_the_measures_of_the_main_files(measure_id) -> None:
    name, cell, unit, kind, lower, upper = NEWER[measure_id]
    row = f'01/06/2024,30/06/2024,Final,Provider,P1,A TRUST,NONE,NONE,{measure_id},"{name}",{cell}'
    table = read_mhsds_monthly(io.StringIO(f"{MONTHLY_HEADER}\n{row}\n")).iloc[0]
    assert (table["unit"], table["kind"], table["lower"], table["upper"]) == (unit, kind, lower, upper)


# Many files


def month(number: int, values: dict[str, object], status: str = "Performance", code: str = "P1") -> io.StringIO:
    last = {4: 30, 5: 31, 6: 30}[number]
    text = monthly_text(values, code, "Provider").replace("01/06/2024", f"01/0{number}/2024")
    return io.StringIO(text.replace("30/06/2024", f"{last}/0{number}/2024").replace("Performance", status))


def test_many_months_are_one_series() -> None:
    table = read_mhsds_monthly([month(4, {"MRS06": 40, "MRS02": 20}), month(5, {"MRS06": 45})])
    assert table["period_end"].dt.month.tolist() == [4, 4, 5]
    assert table["value"].tolist() == [40, 20, 45]
    assert list(table) == list(read_mhsds_monthly(month(4, {"MRS06": 40})))


def test_two_editions_of_a_month_are_refused_or_the_later_one_is_taken() -> None:
    def files() -> list[io.StringIO]:
        return [
            month(4, {"MRS06": 50, "MRS02": 20}, "Final"), month(4, {"MRS06": 40}), month(5, {"MRS06": 45}),
        ]  # fmt: skip

    with refused("period_end", "2024-04-30", expected="once", names=("latest=True", "'Final'", "'Performance'")):
        read_mhsds_monthly(files())
    assert read_mhsds_monthly(files(), latest=True)["value"].tolist() == [50, 20, 45]
    same = [month(4, {"MRS06": 40}), month(4, {"MRS06": 50})]
    assert read_mhsds_monthly(same, latest=True)["value"].tolist() == [50], "the one that stands later"
    with refused("period_end", "2024-04-30", names="latest"):
        read_mhsds_monthly([month(4, {"MRS06": 40}), month(4, {"MRS06": 40})])


def test_only_what_is_asked_for() -> None:
    values = {"MRS02": 40, "MRS02a": "*", "MRS02b": "*", "MRS06": 50}
    both = "".join(
        each if at == 0 else each.split("\n", 1)[1]
        for at, each in enumerate([monthly_text(values, "P1", "Provider"), monthly_text(values)])
    )
    table = read_mhsds_monthly(io.StringIO(both), measures=["MRS02b"], breakdowns="Provider")
    assert table["measure_id"].tolist() == ["MRS02b"]
    assert table["upper"][0] == pytest.approx(100 * 4 / 38), "bounded by its parts all the same"
    assert read_mhsds_monthly(io.StringIO(both), places=["P1"])["primary_level"].unique().tolist() == ["P1"]
    with refused(problem("measures", "MRS99z", expected="there"), problem("places", "P9", expected="there")):
        read_mhsds_monthly(io.StringIO(both), measures=["MRS02b", "MRS99z"], places=["P9"])


@examples(6)
@given(st.lists(st.sampled_from(["40", "*", '"1,235"', '"<5"', "", "[c]"]), min_size=1, max_size=30))
def test_large_files_are_read_as_small_ones_are(cells: list[str]) -> None:
    name = '"Number of spells, at the end of the ""RP"""'
    rows = [
        f'01/06/2024,30/06/2024,Final,Provider,P{at},"A TRUST,\nOF TWO LINES",NONE,NONE,X{at % 3},{name},{cell}'
        for at, cell in enumerate(cells)
    ]
    text = "\ufeff" + "\n".join([MONTHLY_HEADER, *rows, ""])
    tables = []
    for large in (1 << 40, 0):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(reading, "LARGE", large)
            tables.append(read_mhsds_monthly(io.BytesIO(text.encode())))
            tables.append(read_mhsds_monthly(io.BytesIO(text.encode()), measures=["X0"]))
    pd.testing.assert_frame_equal(tables[0], tables[2])
    pd.testing.assert_frame_equal(tables[1], tables[3])


def test_a_large_file_that_is_wrong_names_its_line(monkeypatch) -> None:
    monkeypatch.setattr(reading, "LARGE", 0)
    text = monthly_text({"MRS06": 40, "MRS02": "about 7", "MRS02a": 5}, "P1", "Provider")
    with refused("MEASURE_VALUE", "about 7", row="line 3", expected="a number"):
        read_mhsds_monthly(io.StringIO(text))
    with refused(None, "3 fields", row="line 5", names=MONTHLY_HEADER.count(",") + 1):
        read_mhsds_monthly(io.StringIO(text.replace("about 7", "7") + "a,b,c"))


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
    with refused(
        problem("MEASURE_ID", "", row="line 6", expected="a code"),
        problem("REPORTING_PERIOD_START", "June 2024", row="line 4", expected="a date or period", names="30/06/2024"),
        problem("REPORTING_PERIOD_END", "31/06/2024", row="line 3", expected="a date or period"),
        problem("REPORTING_PERIOD_END", "30/06/2024", row="line 5", names="start"),
        problem("MEASURE_VALUE", "-5", row="line 2", expected="zero or more"),
        problem("MEASURE_VALUE", "101", row="line 3", names=100),
        problem(None, row="line 8", expected="once", names="REPORTING_PERIOD_START"),
        problem("MEASURE_VALUE", "1e999", row="line 4", expected="zero or more"),
        in_order=False,
    ):
        read_mhsds_monthly(io.StringIO("\n".join([MONTHLY_HEADER, *rows])))


@examples(5)
@given(st.lists(st.integers(0, 30) | st.integers(0, 10**6), min_size=20, max_size=60))
def test_the_true_count_lies_in_the_interval_and_whatever_lies_in_it_is_published_so(counts: list[int]) -> None:
    rows = [monthly_row("MRS06", publish_count(count), f"P{place}", "Provider") for place, count in enumerate(counts)]
    table = read_mhsds_monthly(io.StringIO("\n".join([MONTHLY_HEADER, *rows])))
    for count, lower, upper in zip(counts, table["lower"].astype(int), table["upper"].astype(int), strict=True):
        assert lower <= count <= upper
        assert {publish_count(each) for each in range(lower, upper + 1)} == {publish_count(count)}
        outside = {publish_count(upper + 1)} | ({publish_count(lower - 1)} if lower else set())
        assert publish_count(count) not in outside


@examples(5)
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
    assert kinds == {
        "day": ["rounded to a whole day"],
        "percent": ["rounded to a whole per cent"],
        "referral": ["rounded to 5"],
    }
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
