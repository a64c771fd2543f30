"""How values are written, and which of them may be."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmhs_metrics import comparisons, report
from cmhs_metrics.catalogue import CATALOGUE
from cmhs_metrics.packs.wording import Wording
from cmhs_metrics.plots.reading import Measured
from cmhs_metrics.presentation import amount, keys_of, listed, ordinal, signed, statuses, written
from tests.support.budgets import examples
from tests.support.refusals import refused


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1_712.4, "", "1,712"), (100, "", "100"), (99.94, "", "99.9"), (10, "", "10.0"), (9.994, "", "9.99"), (0, "", "0"),
        (0.25, "", "0.25"), (0.0042, "", "0.0042"), (0.00031, "", "0.00031"), (-0.0042, "", "−0.0042"), (-5, "", "−5.00"),
        (999_999, "GBP", "£999,999"), (1e6, "GBP", "£1.00m"), (1e9, "GBP per patient", "£1.00bn"),
        (-2.5e6, "GBP", "−£2.50m"), (1e9, "contacts", "1,000,000,000"), (float("nan"), "", "not known"),
    ],
)  # fmt: skip
def test_amounts(value: float, unit: str, text: str) -> None:
    assert amount(value, unit) == text


@pytest.mark.parametrize(
    ("share", "text"), [(0.124, "+12.4%"), (1, "+100.0%"), (0, "+0.0%"), (0.0004, "+0.040%"), (-0.00031, "−0.031%")]
)
def test_shares(share: float, text: str) -> None:
    assert amount(share, proportion=True, sign=True) == text


@pytest.mark.parametrize(
    ("value", "four"),
    [(0, "0"), (0.123456, "0.1235"), (999.94, "999.9"), (999.96, "1,000"), (1_000, "1,000"), (1_000.4, "1,000"), (1_234_567.8, "1,234,568")],
)  # fmt: skip
def test_to_four_figures_or_the_whole_number(value: float, four: str) -> None:
    assert (written(value), signed(value)) == (four, f"+{four}")
    if value:
        assert (written(-value), signed(-value)) == (f"-{four}", f"−{four}")


def test_ordinals() -> None:
    said = [ordinal(each) for each in (1, 2, 3, 4, 10, 11, 12, 13, 14, 20, 21, 22, 101, 111, 113, 1_002)]
    assert " ".join(said) == (
        "1st 2nd 3rd 4th 10th 11th 12th 13th 14th 20th 21st 22nd 101st 111th 113th 1,002nd"
    )  # fmt: skip


def test_lists() -> None:
    assert [listed(list(each)) for each in ("", "A", "AB", "ABC")] == ["", "A", "A and B", "A, B and C"]
    assert listed(list("ABCD"), most=2) == "A, B and 2 more"
    assert keys_of("QUE") == ["QUE"]
    assert keys_of(("QUE", 7)) == ["QUE", "7"]


def test_a_key_of_any_type_is_found_by_its_text() -> None:
    table = pd.DataFrame({"place": [1, 2], "value": [1.0, 2.0]})
    assert statuses(table, key="place", suppressed=[2]).tolist() == ["known", "suppressed"]
    with refused("suppressed", "3"):
        statuses(table, key="place", suppressed=[3])


@pytest.mark.parametrize(
    ("value", "metric", "text"),
    [
        (163.0, "cost_per_contact", "£163"),
        (0.0002, "dna_rate", "0.020%"),
        (999.96, "contacts_per_patient", "1,000"),
        (1000.0, "contacts_per_patient", "1,000"),
        (99.96, "contacts_per_patient", "100"),
        (999_999.6, "cost_per_wte", "£1.00m"),
        (1_000_000.0, "cost_per_wte", "£1.00m"),
        (999_999_600.0, "cost_per_organisation", "£1.00bn"),
    ],
)
def test_command_line_chart_and_pack_write_one_value_alike(value: float, metric: str, text: str) -> None:
    from cmhs_metrics.report import table_report

    entry = CATALOGUE[metric]
    printed = table_report(pd.DataFrame({"organisation": ["A"], metric: [value]}), [])
    # The row follows the organisation and the heading of its column; a long label goes on below it.
    assert printed.splitlines()[2].split()[-1] == text
    chart = Measured(entry.label, entry.printed_unit, entry.proportion, None, None)
    assert chart.write(value) == text
    # What the pack's sentences and accessible tables call.
    assert amount(value, entry.unit, proportion=entry.proportion) == text


@examples(60)
@given(
    value=st.one_of(st.floats(0, 1e10), st.floats(0, 2), st.sampled_from([0.0002, 0.99996, 9.996, 99.96, 999_999.6])),
    name=st.sampled_from(sorted(name for name, each in CATALOGUE.items() if not each.contract.many)),
)
def test_command_line_chart_notebook_and_pack_print_one_text_for_one_value(value: float, name: str) -> None:
    metric = CATALOGUE[name]
    command_line = report._shown(pd.Series({name: value}), name, metric)
    chart = Measured(metric.label, metric.printed_unit, metric.proportion).write(value)
    pack = Wording.amount(SimpleNamespace(metric=metric), value)  # type: ignore[arg-type]
    row = {"place": "A", "focus": False, "is_place": True, "status": "known", "value": value, "lower": value}
    row |= {"upper": value, "rank": 1, "places": 1, "average": value}
    notebook = comparisons._row(row, metric.printed_unit, proportion=metric.proportion)
    assert command_line == chart == pack
    assert f"{chart} to {chart}" in notebook
    if value >= 1e-6:
        assert any(digit in command_line for digit in "123456789"), "what is more than nothing never reads as nothing"


def test_nan_has_no_sign() -> None:
    assert signed(float("nan")) == "nan"
