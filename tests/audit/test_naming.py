"""A reader who points at any figure finds its metric."""

from __future__ import annotations

import cmhs_metrics as cm
from cmhs_metrics.audit.figures import load
from cmhs_metrics.audit.naming import COUNTED, DEFINED, METRIC_OF
from cmhs_metrics.catalogue import CATALOGUE
from cmhs_metrics.measures import MEASURES

PRINTED = {figure.measure for figure in load()}


def test_every_figure_has_a_metric_or_is_known_to_have_none() -> None:
    assert {*CATALOGUE, *MEASURES, *METRIC_OF, *COUNTED, *DEFINED} >= PRINTED


def test_every_metric_named_exists_and_every_name_is_printed() -> None:
    for names in METRIC_OF.values():
        for name in names.split(" or "):
            assert callable(getattr(cm, name))
    assert {*METRIC_OF, *COUNTED, *DEFINED} <= PRINTED


def test_metrics_stand_beside_the_figures() -> None:
    table = cm.audit.figures().set_index("id")
    assert table.loc["finance.cost_profile.generic_cmht.year_of_care_cost", "metric"] == "year_of_care_cost"
    assert table.loc["contacts.england.non_face_to_face_share", "metric"] == "non_face_to_face_share"
    assert table.loc["caseload.england.caseload", "metric"] == ""
