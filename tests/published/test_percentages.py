"""Every published percentage against its own numerator and denominator."""

from __future__ import annotations

import io

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmhs_metrics.published import check_percentages, read_mhsds_monthly
from tests.support.budgets import examples
from tests.support.official_files import MONTHLY_HEADER, monthly_row, monthly_text, publish_count
from tests.support.refusals import problem, refused


def check(values: dict[str, object], code: str = "P1", breakdown: str = "Provider") -> pd.Series:
    result = check_percentages(read_mhsds_monthly(io.StringIO(monthly_text(values, code, breakdown))))
    assert len(result) == 1
    return result.iloc[0]


def test_england_to_the_last_figure() -> None:
    # MHSDS monthly statistics, community waits, England, June 2024.
    values = {"MRS02": 372_004, "MRS02a": 78_261, "MRS02b": 21.037678}
    row = check(values, "England", "England")
    assert row["verdict"] == "reproduced"
    assert row["recomputed"] == pytest.approx(21.037678, rel=1e-7)
    assert (row["numerator"], row["denominator"]) == ("MRS02a", "MRS02")
    assert check(values | {"MRS02b": 21.0377}, "England", "England")["verdict"] == "differs"


@pytest.mark.parametrize(
    ("part", "percent", "verdict"), [(7, 100, "reproduced"), (0, 0, "reproduced"), (8, 100, "differs")]
)
def test_a_part_may_be_all_or_nothing_of_its_whole(part: int, percent: int, verdict: str) -> None:
    assert check({"MRS02": 7, "MRS02a": part, "MRS02b": percent}, "England", "England")["verdict"] == verdict


def test_second_contacts_stand_on_all_who_wait_for_one() -> None:
    row = check({"MRS02": 372_004, "MRS03": 161_377, "MRS07a": 16_258, "MRS07b": 10.074546}, "England", "England")
    assert (row["verdict"], row["denominator"]) == ("reproduced", "MRS03")


@pytest.mark.parametrize(
    ("whole", "part", "percent", "verdict"),
    [
        (100, 20, 20, "agrees within rounding"),
        (100, 20, 22, "agrees within rounding"),  # 22 of 98 are 22.4%
        (100, 20, 24, "differs"),
        (100, 20, 18, "agrees within rounding"),  # 18 of 102 are 17.6%
        (100, 20, 16, "differs"),
        (1000, 200, 21, "differs"),
        (5, 5, 71, "agrees within rounding"),  # 5 of 7
        (5, 5, 70, "differs"),
        (5, 5, 100, "agrees within rounding"),
        (100, "*", 4, "agrees within rounding"),
        (100, "*", 6, "differs"),
        (100, 20, "*", "suppressed"),
        (5, 10, 100, "differs"),  # a part of 8 at least cannot be of a whole of 7 at most
    ],
)
def test_other_places_within_the_rounding_of_all_three(whole, part, percent, verdict) -> None:
    assert check({"MRS02": whole, "MRS02a": part, "MRS02b": percent})["verdict"] == verdict


def test_what_cannot_be_checked_says_why() -> None:
    reasons = {
        "what it is a percentage of is not known": {"XYZ02": 20},
        "MRS02a or MRS02 is not published, or zero": {"MRS02": 100, "MRS02b": 20},
        "no percentage is published": {"MRS02": 100, "MRS02a": 20, "MRS02b": ""},
    }
    for reason, values in reasons.items():
        row = check(values)
        assert (row["verdict"], row["reason"]) == ("not checked", reason)
    nobody = check({"MRS02": 0, "MRS02a": 0, "MRS02b": 0}, "England", "England")
    assert (nobody["verdict"], nobody["reason"]) == ("not checked", "MRS02a or MRS02 is not published, or zero")
    assert check({"MRS02": 5, "MRS02a": 10, "MRS02b": 100})["reason"] == "MRS02a is above MRS02"


def verdicts(places: list[dict[str, object]], breakdown: str) -> list[str]:
    rows = [
        monthly_row(measure_id, value, f"P{place}", breakdown)
        for place, values in enumerate(places)
        for measure_id, value in values.items()
    ]
    return check_percentages(read_mhsds_monthly(io.StringIO("\n".join([MONTHLY_HEADER, *rows]))))["verdict"].tolist()


@examples(5)
@given(st.lists(st.tuples(st.integers(0, 40) | st.integers(0, 3000), st.integers(1, 3000)), min_size=20, max_size=60))
def test_an_honest_publication_never_differs(places: list[tuple[int, int]]) -> None:
    rounded, exact = [], []
    for part, rest in places:
        share = 100 * part / (part + rest)
        shown = "*" if part < 5 else round(share)
        rounded.append({"MRS02": publish_count(part + rest), "MRS02a": publish_count(part), "MRS02b": shown})
        exact.append({"MRS02": part + rest, "MRS02a": part, "MRS02b": f"{share:.8g}"})
    assert verdicts(rounded, "Provider") == [
        "suppressed" if part < 5 else "agrees within rounding" for part, _ in places
    ]
    assert set(verdicts(exact, "England")) == {"reproduced"}


@examples(5)
@given(
    st.lists(st.tuples(st.integers(1000, 3000), st.integers(1000, 3000), st.integers(2, 20)), min_size=20, max_size=60)
)
def test_a_wrong_percentage_of_many_people_differs(places: list[tuple[int, int, int]]) -> None:
    wrong = [
        {
            "MRS02": publish_count(part + rest),
            "MRS02a": publish_count(part),
            "MRS02b": round(100 * part / (part + rest)) - off,
        }
        for part, rest, off in places
    ]
    assert set(verdicts(wrong, "Provider")) == {"differs"}


def test_several_files_are_checked_together_but_each_once() -> None:
    table = read_mhsds_monthly(io.StringIO(monthly_text({"MRS02": 100, "MRS02a": 20, "MRS02b": 20}, "P1", "Provider")))
    later = table.assign(period_end=table["period_end"] + pd.Timedelta(days=30))
    assert len(check_percentages(pd.concat([table, later]))) == 2
    with refused(
        problem(None, row="2024-06-01, 2024-06-30, Provider, P1, NONE, MRS02", expected="once"),
        problem(None, row="2024-06-01, 2024-06-30, Provider, P1, NONE, MRS02a", expected="once"),
        problem(None, row="2024-06-01, 2024-06-30, Provider, P1, NONE, MRS02b", expected="once"),
    ):
        check_percentages(pd.concat([table, table]))


def test_a_table_of_something_else() -> None:
    with refused(problem("primary_level", expected="a column", names="read_mhsds_monthly"), others=10):
        check_percentages(pd.DataFrame({"icb": ["QUE"]}))


# The published files


def test_the_published_files(real) -> None:
    files = [read_mhsds_monthly(real / f"mhsds_4ww_2024_{month}.csv.gz") for month in ("04", "05", "06")]
    table = pd.concat(files)
    checked = check_percentages(table)
    england = checked[checked["breakdown"] == "England"]
    assert len(england) == 3 * 14
    assert (england["verdict"] == "reproduced").all()
    others = checked[checked["breakdown"] != "England"]
    assert set(others["verdict"]) == {"agrees within rounding", "suppressed"}
    shown = others["published"].notna()
    assert (others.loc[shown, "verdict"] == "agrees within rounding").all()
    assert shown.sum() == 5964, "every percentage that is not suppressed"


def test_the_published_files_with_one_figure_changed(real) -> None:
    table = read_mhsds_monthly(real / "mhsds_4ww_2024_06.csv.gz")
    icbs = (table["measure_id"] == "MRS02b") & table["breakdown"].str.startswith("ICB") & table["value"].notna()
    for column, step in (("value", 2), ("lower", 2), ("upper", 2)):
        table.loc[icbs, column] += step
    verdicts = check_percentages(table).query("breakdown != 'England' and measure_id == 'MRS02b'")
    differing = verdicts[verdicts["verdict"] == "differs"]
    assert len(differing) > 30, "of 43 places, few are so small that rounding explains two points"
    assert differing["breakdown"].str.startswith("ICB").all()
