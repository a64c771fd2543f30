"""What a metric is a quotient of, as data: what reads it, and metrics of three measures and of a sum, which nobody has."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import cmhs_metrics as cm
from cmhs_metrics import catalogue
from cmhs_metrics.catalogue import CATALOGUE, metric
from cmhs_metrics.measures import MEASURES, PARAMETERS, POPULATION
from cmhs_metrics.numeric.ratio import ratio
from cmhs_metrics.packs.figures import compare
from cmhs_metrics.sources import AUDIT
from tests.support.refusals import raised

SOURCES = Path(cm.__file__).parent
ILLUSTRATION = {"source": AUDIT.section("Context"), "where": "illustration", "unit": ""}

NAMES_OF_COLUMNS_AND_FUNCTIONS = {
    # The name of an ambition.
    "ambitions.py": {"access_growth"},
    "mhsds/__init__.py": {"time_on_caseload"},
    "mhsds/caseload.py": {"time_on_caseload"},
    "mhsds/synthesis/rates.py": {"contacts_per_patient", "time_on_caseload"},
    "mhsds/waits.py": {"median_wait"},
    "published/national_costs.py": {"cost_per_contact"},
    "sizing.py": {"wte_per_100k"},
}
"""Functions, parameters and columns that are called as a metric is, and read nothing from the catalogue."""
CHOICES = {"packs/headlines.py", "packs/profiles.py", "packs/sections.py", "packs/team_types.py", "synonyms.py"}
"""Where the pack chooses what it shows, and the words that people ask for metrics by."""


@pytest.fixture
def declare(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    before = dict(catalogue._catalogue)
    yield metric
    catalogue._catalogue.clear()
    catalogue._catalogue.update(before)


def declare_rejection_rate(declare: Callable[..., Any]) -> None:
    def rejection_rate(referrals_rejected, referrals_accepted):
        """The share of the referrals decided on that were rejected."""
        return ratio(referrals_rejected, referrals_rejected + referrals_accepted)

    rejection_rate.__module__ = CATALOGUE["referrals_per_100k"].function.__module__
    declare(
        label="Rejection rate", example={"referrals_rejected": 1, "referrals_accepted": 4}, gives="0.2",
        proportion=True, whole="decisions", **ILLUSTRATION,
    )(rejection_rate)  # fmt: skip


def wilson(events: float, trials: float) -> tuple[float, float]:
    z = 1.959963984540054
    share = events / trials
    centre = (share + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z / (1 + z * z / trials) * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    return centre - half, centre + half


def test_numerator_and_denominator_are_those_of_the_formula() -> None:
    def of(name: str) -> tuple[dict[str, int], dict[str, int]]:
        return dict(CATALOGUE[name].numerator), dict(CATALOGUE[name].denominator)

    assert of("cost_per_contact") == ({"total_cost": 1}, {"contacts": 1})
    assert of("caseload_per_100k") == ({"caseload": 1}, {POPULATION: 1})
    assert of("dna_rate") == ({"did_not_attends": 1}, {"did_not_attends": 1, "contacts": 1})
    assert of("non_face_to_face_share") == ({"contacts": 1, "face_to_face_contacts": -1}, {"contacts": 1})
    assert of("weighted_population") == ({}, {})
    assert of("median_wait") == ({}, {})


def test_every_quotient_is_its_numerator_over_its_denominator_in_some_scale() -> None:
    for each in CATALOGUE.values():
        if each.contract.many or not each.denominator:
            continue
        values = {name: float(value) for name, value in zip(each.inputs, (3.0, 7.0, 11.0), strict=False)}
        for part, whole in each.contract.parts:
            values[part], values[whole] = sorted((values[part], values[whole]))
        above = sum(times * values[name] for name, times in each.numerator.items())
        below = sum(times * values[name] for name, times in each.denominator.items())
        scale = each.function(**values) / (above / below)
        assert round(scale, 9) in (1, 100, 100_000, 12, round(1 / 12, 9)), each.name


def test_what_is_counted_is_known_of_shares_and_rates_and_of_nothing_else() -> None:
    assert CATALOGUE["dna_rate"].counted == (("did_not_attends",), ("did_not_attends", "contacts"))
    assert CATALOGUE["face_to_face_share"].counted == (("face_to_face_contacts",), ("contacts",))
    assert CATALOGUE["caseload_per_100k"].counted == (("caseload",), (POPULATION,))
    for name in ("cost_per_100k", "female_share", "contacts_per_patient", "need_index", "median_wait"):
        assert CATALOGUE[name].counted is None, name


class TestAShareOfASum:
    def test_has_intervals_and_outliers(self, declare: Callable[..., Any]) -> None:
        declare_rejection_rate(declare)
        rejected, accepted = [10.0, 30.0, 12.0, 200.0], [90.0, 270.0, 88.0, 800.0]
        table = pd.DataFrame({"icb": list("ABCD"), "referrals_rejected": rejected, "referrals_accepted": accepted})
        rows = cm.benchmark(table, "rejection_rate", by="icb")
        for row, events, rest in zip(rows.itertuples(), rejected, accepted, strict=True):
            assert row.value == pytest.approx(events / (events + rest))
            assert (row.lower, row.upper) == pytest.approx(wilson(events, events + rest))
        # 252 of 1,500 are 16.8%; 20.0% of 1,000 lie 2.7 standard errors above, 10.0% of 300 3.1 below.
        assert rows["outlier"].tolist() == ["within", "below 99.8%", "within", "above 95%"]

    def test_has_intervals_where_a_count_is_suppressed(self, declare: Callable[..., Any]) -> None:
        declare_rejection_rate(declare)
        table = pd.DataFrame(
            {
                "icb": list("ABC"),
                "referrals_rejected": [10.0, 30.0, math.nan],
                "referrals_rejected_lower": [10.0, 30.0, 1.0],
                "referrals_rejected_upper": [10.0, 30.0, 4.0],
                "referrals_accepted": [90.0, 270.0, 96.0],
            }
        )
        rows = cm.benchmark(table, "rejection_rate", by="icb")
        row = rows.iloc[2]
        assert math.isnan(row["value"])
        assert (row["value_lower"], row["value_upper"]) == pytest.approx((1 / 97, 4 / 100))
        assert (row["lower"], row["upper"]) == pytest.approx((wilson(1, 97)[0], wilson(4, 100)[1]))

    def test_has_a_funnel_in_the_pack_with_the_name_of_its_whole(self, declare: Callable[..., Any]) -> None:
        from cmhs_metrics.packs.contents import contents

        declare_rejection_rate(declare)
        accepted = [90.0, 270.0, 88.0, 800.0, 500.0, 300.0, 420.0, 610.0, 333.0, 290.0, 512.0]
        table = pd.DataFrame(
            {
                "icb": [f"P{number}" for number in range(11)],
                "referrals_rejected": [10.0, 30.0, 12.0, 200.0, 50.0, 33.0, 40.0, 60.0, 35.0, 28.0, 60.0],
                "referrals_accepted": accepted,
            }
        )
        made = contents(compare(table, by="icb", focus=("P1",)))
        (held,) = [funnel for name, funnel in made.funnels.items() if name == "rejection_rate"]
        assert held.denominator == "decisions"
        assert held.rows["denominator"].tolist()[:2] == [100.0, 300.0]


class TestThreeMeasures:
    def test_stand_between_bounds(self, declare: Callable[..., Any]) -> None:
        @declare(
            label="Rejected of three", example={"referrals_rejected": 1, "waiting": 1, "contacts": 2}, gives="0.2",
            places=2, proportion=True, whole="cases", **ILLUSTRATION,
        )  # fmt: skip
        def rejected_of_three(referrals_rejected, waiting, contacts):
            """A share of a sum of three."""
            return ratio(referrals_rejected, referrals_rejected + waiting + contacts)

        table = pd.DataFrame(
            {
                "team": ["a", "b"],
                "referrals_rejected": [math.nan, 10.0],
                "referrals_rejected_lower": [1.0, 10.0],
                "referrals_rejected_upper": [4.0, 10.0],
                "waiting": [math.nan, 20.0],
                "waiting_lower": [8.0, 20.0],
                "waiting_upper": [12.0, 20.0],
                "contacts": [84.0, 70.0],
            }
        )
        result = cm.with_metrics(table, ["rejected_of_three"])
        assert result["rejected_of_three"].isna().tolist() == [True, False]
        assert result["rejected_of_three_lower"].tolist() == pytest.approx([1 / 97, 0.1])
        assert result["rejected_of_three_upper"].tolist() == pytest.approx([4 / 96, 0.1])
        places = cm.benchmark(table.rename(columns={"team": "icb"}), "rejected_of_three", by="icb")
        assert (places["lower"][0], places["upper"][0]) == pytest.approx((wilson(1, 97)[0], wilson(4, 96)[1]))


class TestTheDeclarationRefuses:
    def test_a_share_that_does_not_know_its_whole(self, declare: Callable[..., Any]) -> None:
        with raised(TypeError, "rejected_of_contacts", "part_of"):

            @declare(label="x", example={}, gives="", proportion=True, **ILLUSTRATION)
            def rejected_of_contacts(referrals_rejected, contacts):
                """No share."""
                return ratio(referrals_rejected, contacts)

        assert "rejected_of_contacts" not in CATALOGUE

    def test_a_sum_without_a_name_and_a_name_without_a_sum(self, declare: Callable[..., Any]) -> None:
        with raised(TypeError, "rejected_of_decided", "whole"):

            @declare(label="x", example={}, gives="", proportion=True, **ILLUSTRATION)
            def rejected_of_decided(referrals_rejected, referrals_accepted):
                """A share."""
                return ratio(referrals_rejected, referrals_rejected + referrals_accepted)

        with raised(TypeError, "rejected_of_all", "whole"):

            @declare(label="x", example={}, gives="", proportion=True, whole="all", **ILLUSTRATION)
            def rejected_of_all(referrals_rejected, referrals):
                """A share."""
                return ratio(referrals_rejected, referrals)


@pytest.mark.deep
def test_no_module_knows_a_metric_by_its_name() -> None:
    """What is true of one metric is said where it is declared, and holds for the next of its kind."""
    found: dict[str, set[str]] = {}
    names = set(CATALOGUE) - set(MEASURES) - set(PARAMETERS)
    for path in sorted(SOURCES.rglob("*.py")):
        module = path.relative_to(SOURCES).as_posix()
        if module.startswith(("metrics/", "audit/")) or module == "synthetic.py" or module in CHOICES:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and node.value in names:
                found.setdefault(module, set()).add(node.value)
    assert found == NAMES_OF_COLUMNS_AND_FUNCTIONS


def test_the_terms_of_a_formula_add_up() -> None:
    from cmhs_metrics.numeric.ratio import Symbol

    a, b = Symbol("a"), Symbol("b")
    assert ((a + b) - a).terms == {"a": 0, "b": 1}
    assert (a * 2).terms is None
    assert ratio(a, b, 100).quotient == ({"a": 1}, {"b": 1})
    assert ratio(a * b, b).quotient is None
    assert np.isnan(ratio(1.0, 0.0))
