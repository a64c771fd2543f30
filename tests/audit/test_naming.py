"""A reader who points at any figure finds its metric."""

from __future__ import annotations

import pytest

import cmhs_metrics as cm
from cmhs_metrics.audit.figures import load
from cmhs_metrics.audit.naming import BY_ID, COUNTED, DEFINED, METRIC_OF
from cmhs_metrics.catalogue import CATALOGUE
from cmhs_metrics.measures import MEASURES

FIGURES = load()
PRINTED = {figure.measure for figure in FIGURES}


def test_every_figure_has_a_metric_or_is_known_to_have_none() -> None:
    without = {figure.measure for figure in FIGURES if not figure.metric}
    assert without <= {*MEASURES, *COUNTED, *DEFINED, "time_on_caseload", "wte_share"}


def test_every_metric_named_exists() -> None:
    for name in {figure.metric for figure in FIGURES} - {""}:
        assert callable(getattr(cm, name))


def test_every_name_is_used() -> None:
    assert {*METRIC_OF, *COUNTED, *DEFINED} <= PRINTED
    for prefix, _ in BY_ID:
        assert any(figure.id.startswith(prefix) for figure in FIGURES), prefix


def test_shares_and_rates_are_values_of_metrics_of_their_kind() -> None:
    for figure in FIGURES:
        metric = CATALOGUE.get(figure.metric)
        if metric is None or not figure.unit:
            continue
        if metric.unit == "percent":
            # A growth within a year is what a document calls per cent a year.
            assert figure.unit in ("percent", "percent / year"), figure.id
        elif figure.unit == "percent":
            assert metric.proportion, figure.id
        elif "/" in figure.unit:
            assert (
                cm.units.Quantity(1, figure.unit).dimensionality == cm.units.Quantity(1, metric.unit).dimensionality
            ), figure.id


@pytest.mark.parametrize(
    ("figure", "document", "metric"),
    [
        ("finance.cost_profile.generic_cmht.year_of_care_cost", "audit_2016_17", "year_of_care_cost"),
        ("contacts.england.non_face_to_face_share", "audit_2016_17", "non_face_to_face_share"),
        ("caseload.england.caseload", "audit_2016_17", ""),
        ("workforce.demographics.white_british", "audit_2016_17", "white_british_share"),
        ("workforce.demographics.other_ethnic_backgrounds", "audit_2016_17", ""),
        ("workforce.mhp.share", "board_paper_2023", "arrs_coverage"),
        ("access.within_four_weeks.share", "confederation_2025", "four_week_rate"),
        ("social_care.amhp.wte_per_100k", "audit_2016_17", "amhps_per_100k"),
        ("primary_care.ccg_leads.share", "audit_2016_17", "organisations_reporting_rate"),
    ],
)
def test_metrics_stand_beside_the_figures(figure: str, document: str, metric: str) -> None:
    assert cm.audit.figure(figure, document).metric == metric
