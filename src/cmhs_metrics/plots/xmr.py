"""Run charts: values over time against the limits of chance, as "Making data count" draws them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.lines import Line2D

from cmhs_metrics.errors import BadInput, Problem, refuse, unknown
from cmhs_metrics.plots.axes import draw_values, value_ticks, widest
from cmhs_metrics.plots.colours import COMMON, CONCERN, IMPROVEMENT, INK, MUTED, NEUTRAL, PAPER
from cmhs_metrics.plots.ends import name_ends
from cmhs_metrics.plots.figures import Sheet, picture
from cmhs_metrics.plots.icons import assurance_icon, draw_icon, variation_icon
from cmhs_metrics.plots.interactive import add_tooltips
from cmhs_metrics.plots.periods import draw_periods, period_positions, unbroken
from cmhs_metrics.plots.reading import Measured, absent, in_pandas, measured, shown_only
from cmhs_metrics.plots.text import LINE, LONGEST, SIZE, TITLE_SIZE, clean, shorten, width, wrap
from cmhs_metrics.presentation import KNOWN, SUPPRESSED, listed, period_in_words
from cmhs_metrics.run_charts.chart_types import CHART_TYPES
from cmhs_metrics.run_charts.options import SIGNALS
from cmhs_metrics.run_charts.summary import run_chart_summary

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from matplotlib.axes import Axes

    from cmhs_metrics.run_charts.icons import Icon

__all__ = ["xmr_chart"]

TARGET = "#9c1c6b"
_COLOURS = {"centre": INK, "target": TARGET}
"""Of the lines beside the limits."""
_ICON = 26.0
"""How wide an icon is [points]."""
_LOOKS = {
    "none": ("common cause", COMMON, "o"),
    "improvement": ("special cause: improvement", IMPROVEMENT, "^"),
    "concern": ("special cause: concern", CONCERN, "s"),
    "high": ("special cause: high", NEUTRAL, "^"),
    "low": ("special cause: low", NEUTRAL, "v"),
}


@picture
def xmr_chart(
    chart: Any,
    value: str,
    *,
    period: str = "period",
    chart_type: str = "xmr",
    metric: Any = None,
    basis: str | None = None,
    unit: str = "",
    suppressed: Collection[Any] = (),
    reasons: Mapping[Any, str] | None = None,
    source: str | None = None,
    title: str | None = None,
    interactive: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """Draw the run chart of one group: values, centre, limits of chance, the points of special cause, and its icons.

    Parameters
    ----------
    chart : table
        What `run_chart` gave, of one group; of several, the rows of one.
    value : str
        The column of the values [any unit]; where they are counts, their rates are drawn.
    period : str, default "period"
        The column of the periods.
    chart_type : str, default "xmr"
        The type of the chart, for the title.
    metric, basis : str, optional
        The metric that the values are of, for label, unit and source, and the population that it stands on.
    unit : str, optional
        The unit, where they are no metric's.
    suppressed : collection, optional
        Periods whose missing value is suppressed. Centre and limits must have been made without it: a chart that was
        made with the value, even if it was taken out afterwards, is refused.
    reasons : mapping of period to str, optional
        Why limits were made anew, by the period from which they hold; it stands at the mark there.
    source, title, interactive, ax
        As in `ranked_bars`.

    Returns
    -------
    matplotlib.axes.Axes
        The picture. A missing point is not drawn, and the line is broken there. At their ends stand the values of
        centre, limits and target; a mark stands where limits were made anew. At the top right stand the icons of
        variation and of assurance, which speak of the latest point.

    Raises
    ------
    BadInput
        When the table is not a run chart's, or of several groups, or its limits or its rules hold a suppressed value.

    References
    ----------
    NHS England, Making data count: strengthening your decisions.

    Examples
    --------
    >>> import pandas as pd
    >>> from cmhs_metrics.run_charts import run_chart
    >>> months = [str(each) for each in pd.period_range("2016-04", periods=13, freq="M")]
    >>> waits = pd.DataFrame({"period": months, "waits": [50.0, 52, 49, 51] * 3 + [70]})
    >>> ax = xmr_chart(run_chart(waits, "waits", improvement="low", baseline=12), "waits", unit="days")
    >>> from cmhs_metrics.plots import alternative_text
    >>> print(alternative_text(ax).split(". ")[2])
    Special cause: concern in 1 of 13 points: 2017-04
    """
    needed = (period, value, "centre", "lower", "upper", "special_cause", "phase", "in_baseline")
    table = in_pandas(chart, *needed, argument="chart")
    repeated = table[period].duplicated()
    if table.empty or repeated.any():
        found = "no rows" if table.empty else str(table.loc[repeated, period].iloc[0])
        expected = "one row for each period: draw the groups of a run chart one by one"
        raise BadInput("xmr_chart", [Problem(period, None, found, expected)])
    labels = list(table[period])
    order = np.argsort(_ordinals(labels), kind="stable")
    table = table.iloc[order].reset_index(drop=True)
    # The limits are of the whole phase, and stand also where a value does not.
    own = table[[period, *(name for name in ("status", "kind", "suppressed") if name in table)]]
    # A value that was taken out after the chart was made is not to be drawn.
    drawn = table["plotted"].where(table[value].notna()) if "plotted" in table else table[value]
    rows = shown_only(own.assign(value=drawn), key=period, suppressed=suppressed)
    _check_made_without(table, rows, period, chart_type)
    rows["name"] = [str(each) for each in table[period]]
    positions, follows = period_positions(list(table[period]))
    what = (
        measured(metric, basis=basis)
        if metric is not None
        else Measured(value.replace("_", " ").capitalize(), unit, basis=basis)
    )
    if chart_type not in CHART_TYPES:
        expected = f"one of {', '.join(map(repr, CHART_TYPES))}"
        raise BadInput("xmr_chart", [Problem("chart_type", None, chart_type, expected)])
    kind = CHART_TYPES[chart_type].label
    title = title or f"{what.label}: {kind}"
    sheet = Sheet(ax, title, what.words)
    icons = _icons(table, rows, period)
    if icons:
        room = sheet.width - len(icons) * (_ICON + 6)
        sheet.title = wrap(title[: 2 * LONGEST], room, TITLE_SIZE, most=2, bold=True)
        sheet.unit = wrap(what.words, room, most=2)
    limits = table[["centre", "lower", "upper"]].astype("float64")
    target = pd.to_numeric(table["target"]) if "target" in table else pd.Series(np.nan, index=table.index)
    causes = table["special_cause"].where(rows["status"] == KNOWN)
    sheet.key = _key(causes, has_limits=bool(limits["upper"].notna().any()), has_target=bool(target.notna().any()))
    sheet.say(absent(rows), _assurance(table), what.caption(source))
    ticks, texts = value_ticks(
        [*rows["value"], *limits.to_numpy().ravel(), *target], what.unit, proportion=what.proportion, zero=False
    )
    levels = limits.assign(target=target).dropna(axis=1, how="all")
    ends = [f"{name} {what.write(float(levels[name].dropna().iloc[-1]))}" for name in levels]
    marks = _marks(table, rows["name"], reasons)
    right = max(map(width, ends), default=0) + 22 if ends else SIZE
    box = sheet.place(left=widest(texts), right=right, bottom=SIZE * LINE + 10, over=SIZE * LINE if marks else 0.0)
    draw_values(sheet.ax, ticks, texts, across=False)
    draw_periods(sheet.ax, positions, rows["name"].tolist(), box.width)
    _lines(sheet.ax, positions, table["phase"].to_numpy(), limits, target)
    _points(sheet.ax, positions, follows, rows["value"].to_numpy(), causes, rows["name"].to_numpy(), what)
    name_ends(sheet, positions, levels, ends, [_COLOURS.get(str(name), MUTED) for name in levels], box.height)
    _draw_marks(sheet, positions, marks, box.width)
    for at, icon in enumerate(reversed(icons)):
        middle = sheet.right - _ICON / 2 - at * (_ICON + 6), sheet.top - _ICON / 2
        place = middle[0] / sheet.scale[0], middle[1] / sheet.scale[1]
        draw_icon(sheet.ax, icon, place, size=_ICON, coordinates=sheet.figure.transSubfigure)
    return sheet.finish(_text(rows, causes, table, limits, target, what, sheet, source, icons, kind, marks))


def _marks(table: pd.DataFrame, names: pd.Series[str], reasons: Mapping[Any, str] | None) -> dict[int, str]:
    """Where limits were made anew, and what is said of it."""
    phases = table["phase"].to_numpy()
    starts = [at for at in range(1, len(phases)) if phases[at] != phases[at - 1]]
    told = {str(each): clean(reason) for each, reason in (reasons or {}).items()}
    held = [names[at] for at in starts]
    refuse("xmr_chart", unknown("reasons", told, held, "a period from which limits hold anew"))
    words = {at: f"New limits from {period_in_words(names[at], short=True)}" for at in starts}
    return {at: f"{said}: {told[names[at]]}" if names[at] in told else said for at, said in words.items()}


def _draw_marks(sheet: Sheet, positions: Any, marks: dict[int, str], wide: float) -> None:
    """A line between the two points, and above the axes what is said of it, as far as the next."""
    starts = [float(positions[at]) - 0.5 for at in marks]
    low, high = sheet.ax.get_xlim()
    for start, after, words in zip(starts, [*starts, high][1:], marks.values(), strict=True):
        sheet.ax.axvline(start, color=MUTED, linewidth=1.4, linestyle="-.", gid="rebase")
        sheet.ax.annotate(
            shorten(words, (after - start) / (high - low) * wide - 4), (start, 1), xycoords=("data", "axes fraction"),
            xytext=(0, 4), textcoords="offset points", fontsize=SIZE, ha="left", va="bottom", color=INK,
            parse_math=False, annotation_clip=False, gid="reason",
        )  # fmt: skip


def _check_made_without(table: pd.DataFrame, rows: pd.DataFrame, period: str, chart_type: str) -> None:
    """Refuse a chart whose limits or rules were made with a suppressed value: they would give it back."""
    hidden = rows["status"] == SUPPRESSED
    if not hidden.any():
        return
    based = table["in_baseline"].astype("boolean").fillna(False).astype(bool)
    told = hidden & (table["special_cause"].notna() | based)
    # Also where all columns of the row were emptied: limits rest on the points that are shown, and no others.
    for number, phase in table.groupby("phase"):
        held = rows.loc[phase.index, "value"][based[phase.index] & ~hidden[phase.index]]
        centre, points = float(phase["centre"].iloc[0]), phase["points"].iloc[0] if "points" in phase else len(held)
        averages = [held.mean(), held.median()] if chart_type == "xmr" and len(held) else [centre]
        if points != len(held) or not np.isclose(averages, centre, rtol=1e-9, atol=1e-12, equal_nan=True).any():
            told |= hidden & table["phase"].eq(number)
    if told.any():
        expected = "a chart made without its value: set it to missing first, then call run_chart"
        problems = [Problem("suppressed", f"{period}={each}", None, expected) for each in table.loc[told, period]]
        raise BadInput("xmr_chart", problems)


def _ordinals(labels: list[Any]) -> Any:
    from cmhs_metrics.trends.periods import ordinals_of

    problems: list[Problem] = []
    ordinals = ordinals_of(labels, problems, "period")[2]
    refuse("xmr_chart", problems)
    return ordinals


def _key(causes: pd.Series[Any], *, has_limits: bool, has_target: bool) -> list[tuple[Any, str]]:
    found = [each for each in _LOOKS if (causes == each).any()]
    key: list[tuple[Any, str]] = [
        (Line2D([], [], color=_LOOKS[each][1], marker=_LOOKS[each][2], linestyle="", markersize=9), _LOOKS[each][0])
        for each in found
    ]
    key.append((Line2D([], [], color=INK, linewidth=1.8), "centre"))
    if has_limits:
        key.append((Line2D([], [], color=MUTED, linewidth=1.8, linestyle="--"), "limits of chance"))
    return key + ([(Line2D([], [], color=TARGET, linewidth=2.2, linestyle=":"), "target")] if has_target else [])


def _icons(table: pd.DataFrame, rows: pd.DataFrame, period: str) -> list[Icon]:
    """The icons of the latest point; none where it is suppressed, for they would tell of it."""
    if not {"improvement", "assurance", "trial", *SIGNALS} <= set(table) or rows["status"].isin([SUPPRESSED]).any():
        return []
    (said,) = run_chart_summary(table, period=period).to_dict("records")
    return [variation_icon(said["variation"]), assurance_icon(said["assurance"])]


def _lines(ax: Axes, positions: Any, phase: Any, limits: pd.DataFrame, target: pd.Series[Any]) -> None:
    for each in np.unique(phase):
        of_phase = np.flatnonzero(phase == each)
        for name, colour, style in (("centre", INK, "-"), ("lower", MUTED, "--"), ("upper", MUTED, "--")):
            _steps(
                ax, positions[of_phase], limits[name].to_numpy()[of_phase],
                color=colour, linestyle=style, linewidth=1.8, gid=f"{name}-{each}",
            )  # fmt: skip
    if target.notna().any() and target.nunique(dropna=False) == 1:
        ax.axhline(float(target.iloc[0]), color=TARGET, linewidth=2.2, linestyle=":", gid="target")
    else:
        _steps(ax, positions, target.to_numpy(), color=TARGET, linewidth=2.2, linestyle=":", gid="target")


def _steps(ax: Axes, positions: Any, levels: Any, **looks: Any) -> None:
    """A level line for each stretch of points that share a level; where it changes between two, they are joined."""
    known = np.isfinite(levels)
    if not known.any():
        return
    changes = np.flatnonzero(np.append(True, ~np.isclose(levels[1:], levels[:-1], rtol=1e-12, atol=0, equal_nan=True)))
    first, last = positions[changes] - 0.5, positions[np.append(changes[1:], len(levels)) - 1] + 0.5
    first[0], last[-1] = positions[0] - 0.3, positions[-1] + 0.3
    ax.plot(np.column_stack([first, last]).ravel(), np.repeat(levels[changes], 2), **looks)


def _points(
    ax: Axes, positions: Any, follows: Any, values: Any, causes: pd.Series[Any], names: Any, what: Measured
) -> None:
    for run in unbroken(values, follows):
        ax.plot(positions[run], values[run], color=COMMON, linewidth=1.8, zorder=3, clip_on=False)
    for each, (label, colour, marker) in _LOOKS.items():
        points = np.flatnonzero(((causes == each) & ~np.isnan(values)).to_numpy())
        if len(points):
            drawn = ax.scatter(
                positions[points], values[points], color=colour, marker=marker, s=70 if each == "none" else 110,
                edgecolors=PAPER, linewidths=1, zorder=4, gid=f"points-{each}", clip_on=False,
            )  # fmt: skip
            said = zip(names[points], values[points], strict=True)
            add_tooltips(
                drawn, [{"period": name, "value": what.write(float(value)), "shows": label} for name, value in said]
            )


def _assurance(table: pd.DataFrame) -> str:
    if "trial" in table and table["trial"].iloc[-1]:
        return f"Trial limits, on {int(table['points'].iloc[-1])} points: they promise nothing of a target."
    words = table["assurance"].dropna() if "assurance" in table else pd.Series([], dtype=object)
    if words.empty:
        return ""
    said = {
        "pass": "The limits promise that the target is passed.",
        "fail": "The limits promise that the target is failed.",
        "hit or miss": "The target lies within the limits: it is hit or missed by chance.",
    }
    return said.get(str(words.iloc[-1]), "")


def _text(
    rows: pd.DataFrame, causes: pd.Series[Any], table: pd.DataFrame, limits: pd.DataFrame, target: pd.Series[Any],
    what: Measured, sheet: Sheet, source: str | None, icons: list[Icon], kind: str, marks: dict[int, str],
) -> str:  # fmt: skip
    known = rows[rows["status"] == KNOWN]
    unit = f", in {what.words}" if what.words else ""
    first, last = rows["name"].iloc[0], rows["name"].iloc[-1]
    parts = [f"{kind}: {' '.join(sheet.title)}{unit}, {len(known)} points, {first} to {last}."]
    level = limits.iloc[-1]
    if np.isfinite(level["centre"]):
        now = "" if table["phase"].nunique() == 1 else f" in the last of {table['phase'].nunique()} phases"
        bounds = f"limits of chance {what.write(level['lower'])} to {what.write(level['upper'])}"
        bounds = bounds if np.isfinite(level["upper"]) else "limits of chance not known"
        parts.append(f"Centre {what.write(level['centre'])}, {bounds}{now}.")
    for each, (label, _, _) in _LOOKS.items():
        at = rows.loc[(causes == each).to_numpy(), "name"].tolist()
        if at and each != "none":
            parts.append(f"{label[0].upper()}{label[1:]} in {len(at)} of {len(known)} points: {listed(at, most=12)}.")
    if not causes.isin([each for each in _LOOKS if each != "none"]).any():
        parts.append("No point shows special cause.")
    parts += [f"{words}." for words in marks.values()]
    if target.notna().any():
        targets = [what.write(float(each)) for each in dict.fromkeys(target.dropna())]
        parts.append(f"Target {', later '.join(targets)}.")
    if icons:
        parts.append(f"Icons of the latest point: {'; '.join(each.words for each in icons)}.")
    return " ".join([*parts, _assurance(table), absent(rows), what.caption(source)])
