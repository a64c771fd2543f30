"""The printed figures: what the tables hold, and how each is rounded."""

from __future__ import annotations

import csv
import math
import re
from importlib.resources import files
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from cmhs_metrics import audit
from cmhs_metrics.audit.figures import STATISTICS, load, written
from cmhs_metrics.audit.rounding import WORDS, interval
from tests.support.refusals import raised, refused

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCUMENTS = ["audit_2016_17", "confederation_2025", "board_paper_2023", "framework_2019", "web_page_2019"]

NUMBER_WORDS: dict[str, float] = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "eight": 8,
    "half": 50, "most": 50, "two thirds": 66.7, "three-quarters": 75,
}  # fmt: skip


def rows() -> Iterator[tuple[str, dict[str, str]]]:
    """Every row with the name of its figure."""
    for document in DOCUMENTS:
        with (files("cmhs_metrics.audit") / "data" / f"{document}.csv").open(encoding="utf-8") as lines:
            for row in csv.DictReader(lines):
                yield f"{document}:{row['id']}", row


def printed_number(text: str) -> str | float:
    """The digits of a printed figure, or the number that its words mean."""
    if digits := re.search(r"\d[\d,]*(?:\.\d+)?", text):
        return digits[0].replace(",", "")
    plain = text.lower().replace("two-thirds", "two thirds")
    longest = max((word for word in NUMBER_WORDS if re.search(rf"\b{word}\b", plain)), key=len)
    return NUMBER_WORDS[longest]


def test_the_value_is_what_is_printed() -> None:
    for name, row in rows():
        if row["printed"] == "N/A":
            assert row["value"] == row["precision"] == "", name
        else:
            expected = float(printed_number(row["printed"])) * float(row["multiplier"])
            assert float(row["value"]) == pytest.approx(expected, rel=1e-12), name


def test_the_precision_is_that_of_a_printed_digit() -> None:
    for name, row in rows():
        digits = printed_number(row["printed"]) if row["value"] else 0.0
        precision = float(row["precision"] or 1)
        assert math.log10(precision) == round(math.log10(precision)), name
        if isinstance(digits, str):
            # A column of one decimal prints 1.0 as 1: the digit that is not printed counts all the same.
            places = len(digits.partition(".")[2]) or int("its zero is not printed" in row["note"])
            last_digit = 10.0**-places * float(row["multiplier"])
            assert precision >= last_digit * (1 - 1e-12), name
            steps = float(row["value"]) / precision
            assert steps == pytest.approx(round(steps), abs=1e-6), name


def test_every_id_stands_once() -> None:
    references = [figure.reference for figure in load()]
    assert len(set(references)) == len(references)


@pytest.mark.parametrize("unit", sorted({figure.unit for figure in load()}))
def test_every_unit_can_be_computed_with(unit: str) -> None:
    figure = next(each for each in load() if each.unit == unit and not math.isnan(each.value))
    assert figure.quantity.magnitude == figure.value
    assert (figure.quantity * 2).units == figure.quantity.units


def test_a_quantity_converts_like_any_other() -> None:
    spend = audit.figure("finance.cost_profile.total.cost_per_100k").quantity
    assert spend.to("MGBP / person_100k").magnitude == pytest.approx(5.32)
    assert spend.check("GBP / person")


def test_every_statistic_and_word_is_known() -> None:
    assert {figure.statistic for figure in load()} <= set(STATISTICS)
    assert {figure.qualifier for figure in load()} <= set(WORDS)


BY_WORD = [
    ("", 95, 105),
    ("just over", 100, 105),
    ("over", 100, 110),
    ("more than", 100, 110),
    ("at least", 100, 110),
    ("almost", 90, 100),
    ("nearly", 90, 100),
    ("less than", 0, 100),
    ("around", 90, 110),
    ("about", 90, 110),
    ("approx.", 90, 110),
    ("approximately", 90, 110),
    ("c", 90, 110),
    ("c.", 90, 110),
    ("circa", 90, 110),
    ("estimated", 90, 110),
    ("typically", 90, 110),
]


@pytest.mark.parametrize(("word", "low", "high"), BY_WORD)
def test_a_word_widens_the_interval(word: str, low: float, high: float) -> None:
    assert interval(100, 10, word) == (low, high)


def test_the_rule_covers_every_word_and_refuses_others() -> None:
    assert {word for word, *_ in BY_WORD} == set(WORDS)
    with refused("qualifier", "roughly"):
        interval(100, 10, "roughly")


def test_nothing_is_below_zero() -> None:
    assert interval(0, 1) == (0, 0.5)
    assert interval(1, 1, "around") == (0, 2)


@pytest.mark.parametrize(
    ("reference", "low", "high"),
    [
        ("finance.headline.total_cost", 2.375e9, 2.385e9),
        ("caseload.england.caseload.heading", 600_000, 800_000),
        ("inpatient.england.beds.text", 19_000, 19_500),
        ("clusters.change.3_4.caseload_reduction", 60_000, 70_000),
        ("caseload.by_team.generic_cmht.share", 40, 50),
        ("waiting.bands.under_4_weeks.upper", 0, 4),
    ],
)
def test_intervals_of_printed_figures(reference: str, low: float, high: float) -> None:
    assert audit.figure(reference).interval == pytest.approx((low, high))


def test_where_nothing_is_given_there_is_no_interval() -> None:
    missing = audit.figure("finance.cost_profile.crht.year_of_care_cost")
    assert missing.printed == "N/A"
    assert all(math.isnan(end) for end in (missing.value, *missing.interval))


def test_a_figure_is_found_by_name_and_by_document() -> None:
    figure = audit.figure("ambition.ips", document="web_page_2019")
    assert figure == audit.figure("web_page_2019:ambition.ips")
    assert (figure.printed, figure.reference) == ("55,000", "web_page_2019:ambition.ips")


def test_an_unknown_name_gets_the_nearest() -> None:
    with raised(KeyError, "finance.headline.total_cost"):
        audit.figure("finance.headline.totalcost")
    with raised(KeyError, "web_page_2019"):
        audit.figures("web_page_2018")


def test_the_word_goes_with_the_figure_once() -> None:
    assert audit.figure("caseload.england.caseload.heading").text == "circa 700,000"
    assert audit.figure("caseload.by_team.generic_cmht.share").text == "almost half"
    assert audit.figure("voluntary_sector.offers.support_groups.patients").text == "20,000 +"


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (2.38e9, "GBP", "£2.38bn"),
        (5_320_000, "GBP / person_100k", "£5.32m"),
        (511_061, "GBP / person_100k", "£511,061"),
        (310.864, "GBP / patient", "£310.9"),
        (14.24, "percent", "14.24%"),
        (698_444, "patient", "698,444"),
        (23.918, "month", "23.92"),
        (math.nan, "GBP", "N/A"),
    ],
)
def test_values_are_written_as_people_read_them(value: float, unit: str, text: str) -> None:
    assert written(value, unit) == text


def test_the_tables() -> None:
    table = audit.figures()
    assert list(table["document"].unique()) == list(audit.documents()["document"])
    assert sorted(table["document"].unique()) == sorted(DOCUMENTS)
    one = audit.figures("web_page_2019")
    assert set(one["document"]) == {"web_page_2019"}
    known = one.dropna(subset="value")
    assert (known["low"] <= known["value"]).all()
    assert (known["value"] <= known["high"]).all()
    assert isinstance(table, pd.DataFrame)
