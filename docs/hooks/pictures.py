"""A hook of mkdocs: draws the pictures of the pages when they are built, so that none is stored."""

from __future__ import annotations

import html
import inspect
from functools import cache
from typing import TYPE_CHECKING, Any

import pandas as pd

import cmhs_metrics as cm

if TYPE_CHECKING:
    from collections.abc import Callable

    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

FOCUS = "Synthetic Trust 07"
SOURCE = "synthetic providers, 2016/17"


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Put the picture in the place of each mark that stands alone on its line."""
    return "\n".join(_element(line.strip()) or line for line in markdown.splitlines())


def _element(line: str) -> str:
    if line == "<!-- gallery -->":
        return "\n\n".join(_entry(name) for name in PICTURES)
    name = line.removeprefix("<!-- picture: ").removesuffix(" -->")
    return "" if name == line or name not in PICTURES else drawn(name)[0]


@cache
def drawn(name: str) -> tuple[str, str]:
    """A picture as an element of the page, and what it says in words."""
    picture = PICTURES[name]()
    element = cm.plots.to_svg(picture, name)
    # One line, and as wide as the page.
    shown = " ".join(element.replace("<svg ", '<svg style="max-width: 100%; height: auto" ', 1).split())
    return shown, cm.plots.alternative_text(picture)


def _entry(name: str) -> str:
    """A picture of the gallery: what it is for, the picture, what it says, and the code that draws it."""
    make = PICTURES[name]
    # What stands below the docstring.
    lines = inspect.getsource(make).rpartition('"""')[2].strip("\n").splitlines()
    code = "\n".join(line.removeprefix("    ").replace("return ", "", 1) for line in lines)
    shown, words = drawn(name)
    title, _, purpose = (inspect.getdoc(make) or "").partition(": ")
    purpose, _, say = purpose.partition("\n\n")
    parts = [f"## {title}", purpose, shown, f"**Say:** {say}", f"In words: {html.escape(words)}", f"```py\n{code}\n```"]
    return "\n\n".join(parts)


def ranked() -> Any:
    """Ranked bars: where each place stands, with its interval and the averages.

    “Trust 07 has the lowest cost per contact of 15 trusts, £184, 8% below their median of £200.” Its size, its rank and
    what it is beside; no cause.
    """
    places = cm.synthetic_providers().query("organisation < 'Synthetic Trust 16'")
    result = cm.benchmark(places, "cost_per_contact", "organisation", place="organisation", focus=[FOCUS])
    return cm.plots.ranked_bars(result, source=SOURCE)


def ranges() -> Any:
    """Dot and range: one place on several metrics, within the range of all.

    “Trust 07 has a DNA rate of 10.1% beside a median of 9.0%, and accepts more of its referrals than any of its
    55 peers.” Each row has its own scale.
    """
    measured = ["dna_rate", "face_to_face_share", "referral_acceptance_rate"]
    result = cm.benchmark(cm.synthetic_providers(), measured, "organisation", place="organisation", focus=[FOCUS])
    return cm.plots.dot_and_range(result, FOCUS, source=SOURCE)


def tiles() -> Any:
    """Tile map: a value for each ICB, every one as large as the next.

    “The rates run from 700 to 1,084; in the key (5) is the highest fifth.” Boards are of one size, for the map
    counts people and not acres.
    """
    places = cm.plots.icb_tiles()
    table = pd.DataFrame({"place": places["place"], "value": [700 + 37 * n % 400 for n in range(len(places))]})
    return cm.plots.tile_map(table, title="Open referrals per 100,000 people", source="invented numbers")


def funnel() -> Any:
    """Funnel: which places differ by more than chance and what all of them share.

    “Six of 56 trusts lie outside the 95% limits, and Trust 07 does not.” To lie outside is a reason to look, and no
    verdict.
    """
    counts = cm.synthetic_providers().groupby("organisation")[["did_not_attends", "contacts"]].sum()
    booked = counts["did_not_attends"] + counts["contacts"]
    found = cm.variation.funnel("proportion", counts["did_not_attends"], booked, adjustment="multiplicative")
    return cm.plots.funnel_chart(found, metric="dna_rate", focus=[FOCUS], source=SOURCE)


def trend() -> Any:
    """Trend: a metric over the years, with the place that is asked about in front.

    “Our cost per contact rose by 7% from 2013/14 to 2016/17, from £152 to £163.” From when to when, and between which
    values.
    """
    years = ["2013/14", "2014/15", "2015/16", "2016/17"]
    table = pd.DataFrame({"North": [152.0, 155, 160, 163], "South": [171.0, 168, 170, 189]}, index=years)
    return cm.plots.trend_chart(table, metric="cost_per_contact", focus=["North"], source="invented numbers")


def index() -> Any:
    """Index: how several measures moved since a year that is 100.

    “Since 2013/14 contacts grew by 7%, and the caseload fell by 3%.” An index tells of change, and not of size.
    """
    years = ["2013/14", "2014/15", "2015/16", "2016/17"]
    table = pd.DataFrame({"Caseload": [720.0, 710, 701, 698], "Contacts": [13.1, 13.4, 13.9, 14.0]}, index=years)
    return cm.plots.index_chart(table, "2013/14", source="invented numbers")


def profile() -> Any:
    """Profile: parts of a whole, beside those of others.

    “Nurses are 45% of the staff of the North and 52% of that of the South.” Parts of a whole: where one is larger,
    others are smaller.
    """
    table = pd.DataFrame(
        {"Nursing": [0.45, 0.52], "Medical": [0.12, 0.09], "Psychology": [0.18, 0.2], "Support": [0.25, 0.19]},
        index=["North", "South"],
    )
    return cm.plots.stacked_profile(table, metric="skill_mix", focus=["North"], source="invented numbers")


def waterfall() -> Any:
    """Waterfall: what drove a change, part by part.

    “More patients gave 9,744 contacts more, fewer contacts of each 5,244 less.” The steps add up to the change.
    """
    parts = cm.decomposition.decompose_product_change(
        before={"caseload": 5_000, "contacts_per_patient": 20}, after={"caseload": 5_500, "contacts_per_patient": 19}
    )
    return cm.plots.waterfall(parts, title="Contacts", source="invented numbers")


def xmr() -> Any:
    """XmR chart: whether a change over time is more than the noise of the process.

    “Since April 2024 about 40 people wait, where it had been about 51; no month stands out from that.” The limits were
    taken anew in that month, and rest on six points so far.
    """
    months = pd.period_range("2023-04", periods=18, freq="M").astype(str)
    waits = [52, 48, 55, 50, 47, 53, 51, 49, 54, 50, 52, 48, 41, 40, 39, 42, 38, 40]
    table = pd.DataFrame({"period": months, "waiting": waits})
    chart = cm.run_charts.run_chart(table, "waiting", improvement="low", target=45, rebase="2024-04")
    return cm.plots.xmr_chart(chart, "waiting", title="People waiting", source="invented numbers")


PICTURES: dict[str, Callable[[], Any]] = {
    each.__name__: each for each in (ranked, ranges, tiles, funnel, trend, index, profile, waterfall, xmr)
}
"""The marks, each with the picture that takes its place."""
