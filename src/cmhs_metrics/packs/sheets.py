"""The figures of a pack as the sheets of a workbook."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from cmhs_metrics.packs.downloads import download
from cmhs_metrics.packs.headlines import headlines
from cmhs_metrics.packs.notes import not_shown_rows, reading
from cmhs_metrics.packs.profiles import profile_data
from cmhs_metrics.presentation import SUPPRESSED
from cmhs_metrics.workbooks import SUPPRESSED as CONFIDENTIAL
from cmhs_metrics.workbooks import Page

if TYPE_CHECKING:
    from cmhs_metrics.packs.contents import Contents
    from cmhs_metrics.packs.figures import Figures


def sheets(comparison: Figures, made: Contents) -> list[Page]:
    """The front page, the sentences, every figure, the profiles, the types of team, and what could not be shown.

    Parameters
    ----------
    comparison : Figures
        The figures.
    made : Contents
        What stands in the pack.

    Returns
    -------
    list of Page
        Those that there are.
    """
    front = pd.DataFrame(
        [
            {
                "measure": each.entry.writer.subject, "unit": each.unit, **each.cells,
                "Trend": each.trend.words if each.trend else "–",
                "Peers": "; ".join(f"{name} {value}" for name, value in each.peers) or "–",
            }
            for each in headlines(made, comparison)
        ]
    )  # fmt: skip
    said = pd.DataFrame(
        [(each.kind, each.metric, each.place or "all places", each.sentence) for each in made.findings],
        columns=["kind", "metric", "place", "sentence"],
    )
    rows = comparison.history if comparison.periods else comparison.rows
    tables = [
        ("Front page", "The headline measures", front),
        ("Sentences", "What the figures say", said),
        ("All figures", "Every metric, population, place and period", download(rows, comparison)),
        (
            "Profiles",
            "What services are made of",
            _together([profile_data(each, comparison) for each in made.profiles]),
        ),
        ("By team type", "Metrics by type of team", _together([download(of.rows, comparison) for of in made.by_type])),
        ("Not shown", "What could not be shown, and why", not_shown_rows(made.not_shown)),
    ]
    return [Page(name, title, _marked(table)) for name, title, table in tables if len(table)]


def notes_of(comparison: Figures, made: Contents) -> list[str]:
    """What a reader of the workbook must know."""
    funnels = any(entry.writer.funnel_words for section in made.sections for entry in section.entries)
    return reading(comparison, has_funnels=funnels, has_intervals=bool(comparison.rows["lower"].notna().any()))


def _together(tables: list[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()


def _marked(table: pd.DataFrame) -> pd.DataFrame:
    """The mark of what is confidential in place of a value that is suppressed."""
    if not {"status", "value"} <= set(table.columns):
        return table
    hidden = table["status"] == SUPPRESSED
    return table.assign(value=table["value"].astype(object).mask(hidden, CONFIDENTIAL)) if hidden.any() else table
