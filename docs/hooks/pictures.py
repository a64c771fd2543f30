"""A hook of mkdocs: draws the pictures of the pages when they are built, so that none is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cmhs_metrics as cm

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

FOCUS = "Synthetic Trust 07"


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Put the picture in the place of each mark that stands alone on its line."""
    return "\n".join(_element(line.strip()) or line for line in markdown.splitlines())


def _element(line: str) -> str:
    name = line.removeprefix("<!-- picture: ").removesuffix(" -->")
    if name == line or name not in PICTURES:
        return ""
    element = cm.plots.to_svg(PICTURES[name](), name)
    # One line, and as wide as the page.
    return " ".join(element.replace("<svg ", '<svg style="max-width: 100%; height: auto" ', 1).split())


def ranked() -> Axes:
    """The caseload of synthetic trusts."""
    result = cm.benchmark(
        cm.synthetic_providers(), "caseload_per_100k", "organisation", place="organisation", basis="16+", focus=[FOCUS]
    )
    return cm.plots.ranked_bars(result, source="synthetic providers, 2016/17")


def funnel() -> Axes:
    """Their appointments that were not attended."""
    counts = cm.synthetic_providers().groupby("organisation")[["did_not_attends", "contacts"]].sum()
    booked = counts["did_not_attends"] + counts["contacts"]
    found = cm.variation.funnel("proportion", counts["did_not_attends"], booked, adjustment="multiplicative")
    return cm.plots.funnel_chart(found, metric="dna_rate", focus=[FOCUS], source="synthetic providers, 2016/17")


PICTURES: dict[str, Callable[[], Axes]] = {"ranked": ranked, "funnel": funnel}
"""The marks, each with the picture that takes its place."""
