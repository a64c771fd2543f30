"""Every picture, of plain data and of data that are hard to draw, and what is seen of it."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

import cmhs_metrics as cm
from cmhs_metrics import plots
from cmhs_metrics.decomposition import decompose_mix_change, decompose_product_change, decompose_ratio_change
from cmhs_metrics.run_charts import run_chart
from cmhs_metrics.variation import funnel

TEAMS = cm.synthetic_providers()
LONG = "NHS Bath and North East Somerset, Swindon and Wiltshire Integrated Care Board, with $x_1$ and $y^2$ & 100% <b>"
ENDLESS = "Trust " * 2_000
YEARS = ["2012/13", "2013/14", "2014/15", "2015/16", "2016/17"]
RESULT = cm.benchmark(
    TEAMS,
    ["caseload_per_100k", "dna_rate", "cost_per_contact", "contacts_per_patient"],
    by="organisation",
    place="organisation",
    basis="16+",
    focus=["Synthetic Trust 07", "Synthetic Trust 21"],
    peers=["Synthetic Trust 03", "Synthetic Trust 04", "Synthetic Trust 05"],
)
CASELOAD = RESULT[RESULT["metric"] == "caseload_per_100k"].reset_index(drop=True)
DNA = RESULT[RESULT["metric"] == "dna_rate"].head(14).reset_index(drop=True)
CHANGES = pd.DataFrame({"place": list("ABCDEF"), "value": [-5.0, 3, 0, 0, -12.4, 8], "focus": [True] + [False] * 5})


def with_gaps(rows: pd.DataFrame) -> pd.DataFrame:
    """The third place is suppressed, the fourth not known."""
    rows = rows.copy()
    rows.loc[[2, 3], "value"] = np.nan
    rows.loc[3, ["lower", "upper"]] = np.nan
    return rows


def icbs() -> pd.DataFrame:
    tiles = plots.icb_tiles()
    values = 1_000 + 40 * np.arange(42.0) % 700
    return pd.DataFrame({"place": tiles["place"], "value": values, "focus": tiles["place"] == "QUE"})


def series() -> pd.DataFrame:
    numbers = [[6.2, 6.0, 5.9, 5.5, 5.32], [5.1, 5.2, np.nan, 5.3, 5.31], [4, 4.2, 4.4, 4.6, 4.8]]
    table = pd.DataFrame(numbers, index=[LONG, "North", ENDLESS], columns=YEARS).T
    return table * 1e6


def profile(rows: int = 12, parts: int = 9) -> pd.DataFrame:
    shares = np.random.default_rng(1).dirichlet([3] * parts, rows)
    names = [each.label for each in cm.TeamType] * 6
    return pd.DataFrame(
        shares, index=names[:rows], columns=[f"Discipline {each}, with a name" for each in range(parts)]
    )


def waits() -> pd.DataFrame:
    values = 50 + np.random.default_rng(2).normal(0, 2, 24)
    values[[5, 9]] = np.nan, 62
    values[18:] -= 7
    months = [f"{2016 + month // 12}-{month % 12 + 1:02}" for month in range(24)]
    table = pd.DataFrame({"period": months, "waits": values})
    return run_chart(table, "waits", improvement="low", target=45)


def rebased() -> tuple[pd.DataFrame, dict[str, str]]:
    """A run chart with new limits from the second summer, and why."""
    values = 50 + np.random.default_rng(2).normal(0, 2, 30)
    values[15:] -= 8
    months = [str(each) for each in pd.period_range("2022-04", periods=30, freq="M")]
    table = pd.DataFrame({"period": months, "waits": values})
    return run_chart(table, "waits", improvement="low", target=45, rebase=months[15:16]), {
        months[15]: "a new duty team"
    }


def counts() -> pd.DataFrame:
    return TEAMS.groupby("organisation")[["did_not_attends", "contacts"]].sum()


@cache
def found(adjustment: str = "multiplicative") -> Any:
    table = counts()
    seen = table["did_not_attends"] + table["contacts"]
    return funnel("proportion", table["did_not_attends"], seen, adjustment=adjustment)


@cache
def by_team_type() -> pd.DataFrame:
    """Twelve types of team of the first twenty providers."""
    parts = []
    few = TEAMS[TEAMS["organisation"].isin(sorted(TEAMS["organisation"].unique())[:20])]
    for name, rows in few.groupby("team_type", sort=False):
        held = [each for each in ["Synthetic Trust 07"] if each in set(rows["organisation"])]
        result = cm.benchmark(rows, "cost_per_contact", by="organisation", place="organisation", focus=held)
        parts.append(result.assign(team_type=LONG if name == "CRHT" else name))
    return pd.concat(parts)


def many(count: int, ax: Any = None) -> Any:
    """So many places with long names, two of them suppressed where there are more, one in focus and two peers."""
    table = pd.DataFrame(
        {"place": [f"{LONG[:84]} {at}" for at in range(count)], "value": 0.72 + np.arange(count) % 17 / 100}
    )
    marks = {"focus": table.index == count // 2, "peer": table.index < min(2, count // 2)}
    hidden = table["place"].iloc[-2:].tolist() if count > 6 else ()
    return plots.ranked_bars(table.assign(**marks), "referral_acceptance_rate", suppressed=hidden, ax=ax)


def in_page(wide: float, high: float) -> Any:
    """Axes as a pack has them: of a figure that is as high as it must be, without title and caption."""
    figure = plots.Picture(figsize=(wide, high), facecolor="white")
    figure.in_page = True
    FigureCanvasAgg(figure)
    return figure.add_axes((0.01, 0.01, 0.98, 0.98))


_PARTS = pd.DataFrame({"rates": [100.0, 200], "before": [0.8, 0.2], "after": [0.6, 0.4]})
GALLERY: dict[str, Any] = {
    "ranked columns": lambda ax=None: plots.ranked_bars(CASELOAD, source="synthetic", ax=ax),
    "ranked columns, gaps": lambda ax=None: plots.ranked_bars(with_gaps(CASELOAD), ax=ax),
    "ranked columns, long names": lambda ax=None: plots.ranked_bars(
        CASELOAD, names={each: f"{LONG} {each}" for each in CASELOAD["place"]}, ax=ax
    ),
    "ranked bars, gaps": lambda ax=None: plots.ranked_bars(with_gaps(DNA), ax=ax),
    "ranked bars, long names": lambda ax=None: plots.ranked_bars(
        DNA, names={"Synthetic Trust 07": LONG, "Synthetic Trust 08": ENDLESS}, title=LONG, source=ENDLESS, ax=ax
    ),
    "ranked, one place": lambda ax=None: plots.ranked_bars(DNA.head(1), ax=ax),
    "ranked, nothing known": lambda ax=None: plots.ranked_bars(
        DNA.assign(value=np.nan, lower=np.nan, upper=np.nan), ax=ax
    ),
    "ranked, ties": lambda ax=None: plots.ranked_bars(DNA.assign(value=0.1), ax=ax),
    "ranked, changes": lambda ax=None: plots.ranked_bars(CHANGES, title="Change of caseload", ax=ax),
    "ranked, sixty": lambda ax=None: plots.ranked_bars(
        pd.DataFrame({"place": [f"Place {n:02}" for n in range(60)], "value": np.arange(60.0) + 1}), ax=ax
    ),
    "ranked, three hundred": lambda ax=None: plots.ranked_bars(
        pd.DataFrame({"place": [f"P{n}" for n in range(300)], "value": np.arange(300.0)}).assign(
            focus=lambda rows: rows["place"].isin(["P7", "P8", "P200"])
        ),
        ax=ax,
    ),
    **{f"ranked, {count} long names": lambda ax=None, count=count: many(count, ax) for count in (2, 6, 20, 42, 120)},
    "ranked, 42 in a page": lambda ax=None: many(42, in_page(11.4, 2.7)),
    "profile in a page": lambda ax=None: plots.stacked_profile(
        profile(2, 9).set_axis([LONG, "All"]), metric="skill_mix", ax=in_page(7.0, 2.0)
    ),
    "ranges in a page": lambda ax=None: plots.dot_and_range(
        RESULT, "Synthetic Trust 07", names={"Synthetic Trust 07": LONG}, ax=in_page(7.0, 2.0)
    ),
    "funnel": lambda ax=None: plots.funnel_chart(
        found(), metric="dna_rate", focus=["Synthetic Trust 07", "Synthetic Trust 21"], names={}, ax=ax
    ),
    "funnel, long names": lambda ax=None: plots.funnel_chart(
        found("none"), metric="dna_rate", focus=["Synthetic Trust 07"], names={"Synthetic Trust 07": LONG}, ax=ax
    ),
    "trend": lambda ax=None: plots.trend_chart(series(), metric="cost_per_100k", basis="16+", ax=ax),
    "trend, one series": lambda ax=None: plots.trend_chart(series()["North"], unit="GBP", ax=ax),
    "trend, focus": lambda ax=None: plots.trend_chart(
        pd.DataFrame(np.arange(150.0).reshape(5, 30), index=YEARS), focus=[3, 4], ax=ax
    ),
    "index": lambda ax=None: plots.index_chart(series(), "2012/13", ax=ax),
    "profile": lambda ax=None: plots.stacked_profile(profile(), metric="skill_mix", focus=["CRHT"], ax=ax),
    "profile, columns": lambda ax=None: plots.stacked_profile(
        profile(40, 5).set_axis([f"Organisation {n}" for n in range(40)]), ax=ax
    ),
    "profile, amounts": lambda ax=None: plots.stacked_profile(
        profile(5, 3).set_axis(YEARS) * 100, shares=False, unit="WTE", ax=ax
    ),
    "waterfall": lambda ax=None: plots.waterfall(
        decompose_ratio_change(100.0, 90.0, 50.0, 40.0), metric="cost_per_contact", names={"numerator": LONG}, ax=ax
    ),
    "waterfall, product": lambda ax=None: plots.waterfall(
        decompose_product_change({"patients": 100, "cost": 2.0, "visits": 3.0}, {"patients": 80, "cost": 3.0, "visits": 2}),
        ax=ax,
    ),
    "waterfall, mix": lambda ax=None: plots.waterfall(
        decompose_mix_change(_PARTS["rates"], _PARTS["before"], _PARTS["rates"], _PARTS["after"]), unit="GBP", ax=ax
    ),
    "xmr": lambda ax=None: plots.xmr_chart(waits(), "waits", unit="days", suppressed=["2016-06"], ax=ax),
    "xmr, new limits": lambda ax=None: plots.xmr_chart(rebased()[0], "waits", unit="days", reasons=rebased()[1], ax=ax),
    "small multiples": lambda ax=None: plots.small_multiples(by_team_type(), ax=ax),
    "small multiples, one scale": lambda ax=None: plots.small_multiples(by_team_type(), one_scale=True, ax=ax),
    "dot and range": lambda ax=None: plots.dot_and_range(RESULT, "Synthetic Trust 07", ax=ax),
    "dot and range, long names": lambda ax=None: plots.dot_and_range(
        RESULT, "Synthetic Trust 07", names={"Synthetic Trust 07": LONG}, peers=["Synthetic Trust 08"], ax=ax
    ),
    "tiles": lambda ax=None: plots.tile_map(icbs(), ax=ax),
    "tiles, gaps": lambda ax=None: plots.tile_map(with_gaps(icbs().assign(lower=0.0, upper=4.0)), ax=ax),
}  # fmt: skip
"""Every picture by name; each is drawn on axes of its own or on those handed over."""


@cache
def drawn(name: str) -> Any:
    """A picture that is only looked at."""
    return GALLERY[name]()


@cache
def as_svg(name: str) -> str:
    """The same as the element of a page, whose ids begin with "one"."""
    return plots.to_svg(drawn(name), "one")


@cache
def seen(name: str) -> dict[Text, Any]:
    """Its texts and where they stand, laid out once."""
    drawn(name).figure.draw_without_rendering()
    return {text: extent(text) for text in texts(drawn(name))}


def texts(ax: Any) -> list[Text]:
    """Every text of the figure that is seen, once it has been laid out."""
    return [
        each for each in ax.figure.findobj(Text) if each.get_visible() and each.get_text().strip() and _of_visible(each)
    ]


def _of_visible(text: Text) -> bool:
    # Axes without axes still hold the labels of their ticks.
    axes = text.axes
    hidden = axes is not None and not axes.axison
    return not (hidden and text in [*axes.get_xticklabels(), *axes.get_yticklabels()])


def extent(text: Text) -> Any:
    """Where the letters stand; an annotation's own extent holds its arrow too."""
    return Text.get_window_extent(text, text.figure.canvas.get_renderer())


def pixels(ax: Any, dpi: int = 72) -> np.ndarray[Any, Any]:
    """The picture as it is seen: rows from the top, red, green and blue."""
    ax.figure.set_dpi(dpi)
    canvas = FigureCanvasAgg(ax.figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].astype(int)
