"""Trends: several series over time, as they are or indexed to a base."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.lines import Line2D

from cmhs_metrics.errors import BadInput, Problem, nearest, refuse
from cmhs_metrics.plots.axes import draw_values, value_ticks, widest
from cmhs_metrics.plots.colours import COMMON, INK, MARKERS, PAPER, SERIES
from cmhs_metrics.plots.ends import name_ends
from cmhs_metrics.plots.figures import Sheet, picture
from cmhs_metrics.plots.interactive import add_tooltips
from cmhs_metrics.plots.periods import draw_periods, period_positions, unbroken
from cmhs_metrics.plots.reading import Measured, hidden_cells, measured, names_of
from cmhs_metrics.plots.text import LINE, SIZE, bare, shorten_all, width, wrap
from cmhs_metrics.presentation import KNOWN, NOT_KNOWN, SUPPRESSED, keys_of, listed, statuses
from cmhs_metrics.trends import index_to_base

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from matplotlib.axes import Axes

__all__ = ["index_chart", "trend_chart"]

MOST = 18
"""So many series can be named at the ends of their lines; of more, those of the focus are."""


@picture
def trend_chart(
    values: Any,
    *,
    metric: Any = None,
    basis: str | None = None,
    unit: str = "",
    focus: Collection[Any] = (),
    suppressed: Any = None,
    names: Mapping[Any, str] | None = None,
    source: str | None = None,
    title: str | None = None,
    interactive: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """Draw one or several series over time.

    Parameters
    ----------
    values : pandas.Series or pandas.DataFrame
        A value for each period, which the index holds, in order [its unit]; of a DataFrame each column is a series. The
        results of the trends, such as `growth_against(…)[["actual", "ambition"]]`, are so.
    metric, basis : str, optional
        The metric, for label, unit and source, and the population that it stands on.
    unit : str, optional
        The unit, where the values are no metric's.
    focus : collection, optional
        Series to be told from the others, which are grey then.
    suppressed : table of bool, optional
        In the shape of the values, where a value is suppressed. It is listed, and the line is broken there. Rows and
        columns that are labelled are matched by their labels.
    names : mapping, optional
        How series are called in the picture.
    source, title, interactive, ax
        As in `ranked_bars`.

    Returns
    -------
    matplotlib.axes.Axes
        The picture. A line is broken where a value or a period is missing: nothing is drawn across it.

    Raises
    ------
    BadInput
        When the periods cannot be read or are not in order, a value is no number, or there are more series than can be
        named and no focus.

    Examples
    --------
    >>> import pandas as pd
    >>> cost = pd.Series([6.239, 5.9, 5.7, 5.5, 5.32], index=["2012/13", "2013/14", "2014/15", "2015/16", "2016/17"])
    >>> ax = trend_chart(cost * 1e6, metric="cost_per_100k", source="the 2016/17 audit, its ends")
    >>> ax.lines[0].get_ydata().tolist()
    [6239000.0, 5900000.0, 5700000.0, 5500000.0, 5320000.0]
    """
    what = measured(metric, unit, "Trend", basis)
    return _draw(values, what, "Trend chart", suppressed, focus, names, source, title or what.label, ax, None)


@picture
def index_chart(
    values: Any,
    base: Any,
    *,
    base_value: float = 100.0,
    focus: Collection[Any] = (),
    suppressed: Any = None,
    names: Mapping[Any, str] | None = None,
    source: str | None = None,
    title: str | None = None,
    interactive: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """Draw series of any units together, each indexed to a base period.

    Parameters
    ----------
    values : pandas.Series or pandas.DataFrame
        A value for each period, as in `trend_chart` [any unit].
    base, base_value
        As in `index_to_base`, which makes the index.
    focus, suppressed, names, source, title, interactive, ax
        As in `trend_chart`.

    Returns
    -------
    matplotlib.axes.Axes
        The picture, with a line at the base value.

    Raises
    ------
    BadInput
        As `index_to_base` and `trend_chart` do; a suppressed value can be no base.

    References
    ----------
    NHS Benchmarking Network, Community Mental Health Services Audit 2016/17: Community Trends – Timeseries.

    Examples
    --------
    >>> import pandas as pd
    >>> years = ["2014/15", "2015/16", "2016/17"]
    >>> series = pd.DataFrame({"cost": [6.0, 5.7, 5.4], "caseload": [1000, 950, 800]}, index=years)
    >>> index_chart(series, "2014/15").lines[1].get_ydata().round(1).tolist()
    [100.0, 95.0, 90.0]
    """
    table = _wide(values)
    hidden = hidden_cells(suppressed, table, "the trend")
    indexed = index_to_base(table.mask(hidden), base, base_value=base_value)
    bases = ", ".join(map(str, base)) if isinstance(base, list) else str(base)
    what = Measured("Index", f"index, {bases} = {base_value:g}")
    return _draw(
        indexed, what, "Index chart", hidden, focus, names, source, title or f"Change since {bases}", ax, base_value
    )


def _draw(
    values: Any, what: Measured, kind: str, suppressed: Any, focus: Any, names: Any, source: Any, title: str, ax: Any,
    base: float | None,
) -> Axes:  # fmt: skip
    table = _wide(values)
    hidden = hidden_cells(suppressed, table, "the trend")
    status = _statuses(table, hidden)
    shown = table.where(status == KNOWN).astype("float64")
    called = names_of(pd.Series(table.columns), names)
    chosen = _focus(table, focus)
    positions, connected = period_positions(list(table.index))
    sheet = Sheet(ax, title, what.words)
    missing = _absent(status, called)
    if any(chosen):
        sheet.key = [(Line2D([], [], color=COMMON, linewidth=1.2), "other series")] if not all(chosen) else []
    sheet.say(missing, what.caption(source))
    ticks, texts = value_ticks(
        [*shown.to_numpy().ravel(), *([] if base is None else [base])], what.unit, proportion=what.proportion,
        zero=False,
    )  # fmt: skip
    named = [at for at in range(len(called)) if (chosen[at] or not any(chosen)) and shown.iloc[:, at].notna().any()]
    # Few names have a second line each where there is room for it.
    if sheet.in_page and any(width(called[at]) > sheet.width * 0.3 for at in named):
        sheet.make_room(2 * LINE * SIZE * len(named) / 0.7 + 1)
    lines = 2 if 2 * LINE * SIZE * len(named) < 0.7 * sheet.height() else 1
    wrapped = ["\n".join(wrap(called[at], sheet.width * 0.3, most=2)) for at in named]
    if any("…" in each for each in wrapped):
        wrapped = ["\n".join(wrap(bare(called[at]), sheet.width * 0.3, most=2)) for at in named]
    short = wrapped if lines == 2 else shorten_all([called[at] for at in named], sheet.width * 0.3)
    one = len(called) == 1
    right = 12.0 if one else max((width(line) for each in short for line in each.split("\n")), default=0) + 22
    box = sheet.place(left=widest(texts), right=right, bottom=SIZE * LINE + 10)
    draw_values(sheet.ax, ticks, texts, across=False)
    draw_periods(sheet.ax, positions, [str(each) for each in table.index], box.width)
    if base is not None:
        sheet.ax.axhline(base, color=INK, linewidth=1.2, gid="base")
    for at in range(len(called)):
        style = _style(at, chosen, named)
        for run in unbroken(shown.iloc[:, at].to_numpy(), connected):
            (line,) = sheet.ax.plot(
                positions[run], shown.iloc[run, at].to_numpy(), gid=f"series-{at}", clip_on=False, **style
            )
            add_tooltips(line, [
                {"series": called[at], "period": str(period), "value": what.write(float(value))}
                for period, value in shown.iloc[run, at].items()
            ])  # fmt: skip
    if not one:
        colours = [_style(at, [], named)["color"] for at in named]
        name_ends(sheet, positions, shown.iloc[:, named], short, colours, box.height)
    return sheet.finish(_text(kind, sheet, shown, called, named, what, missing, source))


def _wide(values: Any) -> pd.DataFrame:
    if isinstance(values, pd.Series):
        return values.to_frame(values.name if values.name is not None else "value")
    if not isinstance(values, pd.DataFrame):
        expected = "a pandas Series or DataFrame whose index holds the periods"
        raise BadInput("the trend", [Problem("values", None, type(values).__name__, expected)])
    if values.empty:
        raise BadInput("the trend", [Problem("values", None, "no values", "a row for each period")])
    return values


def _statuses(table: pd.DataFrame, hidden: pd.DataFrame) -> pd.DataFrame:
    columns = []
    for at in range(table.shape[1]):
        held = pd.DataFrame({"values": table.iloc[:, at].array, "suppressed": hidden.iloc[:, at].array})
        columns.append(statuses(held, "values").to_numpy())
    return pd.DataFrame(np.column_stack(columns), index=table.index, columns=table.columns)


def _focus(table: pd.DataFrame, focus: Any) -> list[bool]:
    asked = keys_of(focus)
    held = [str(each) for each in table.columns]
    problems = [
        Problem("focus", None, each, f"a series; {nearest(str(each), held)}".rstrip("; "))
        for each in asked
        if str(each) not in held
    ]
    if not asked and len(held) > MOST:
        problems.append(Problem("values", None, f"{len(held)} series", f"{MOST} series or fewer, or a focus"))
    if len(asked) > MOST:
        problems.append(Problem("focus", None, f"{len(asked)} series", f"{MOST} series or fewer"))
    refuse("the trend", problems)
    return [each in asked for each in held]


def _style(at: int, chosen: list[bool], named: list[int]) -> dict[str, Any]:
    if any(chosen) and not chosen[at]:
        return {"color": COMMON, "linewidth": 1.2, "zorder": 2, "marker": ".", "markersize": 4}
    turn = named.index(at) if at in named else 0
    return {
        "color": SERIES[turn % len(SERIES)], "marker": MARKERS[turn % len(MARKERS)], "markersize": 7,
        "linewidth": 2.4, "linestyle": "-" if turn < len(SERIES) else (0, (3, 1)), "markeredgecolor": PAPER,
        "zorder": 3,
    }  # fmt: skip


def _absent(status: pd.DataFrame, called: list[str]) -> str:
    """What is not drawn: months that a rolling figure has to wait for are one phrase, whatever their number."""
    unknown = (status == NOT_KNOWN).to_numpy()
    starts = [int(np.argmin(column)) if not column.all() else 0 for column in unknown.T]
    waits = {at: start for at, start in enumerate(starts) if start > 1}
    said = []
    for start in sorted(set(waits.values())):
        names = [called[at] for at in waits if waits[at] == start]
        whose = "" if len(names) == len(called) else f": {listed(names, most=12)}"
        said.append(f"Not known before {status.index[start]}{whose}.")
    for word, begins in ((SUPPRESSED, "Suppressed"), (NOT_KNOWN, "Not known")):
        cells = [
            str(status.index[int(row)]) if len(called) == 1 else f"{called[at]} in {status.index[int(row)]}"
            for at in range(status.shape[1])
            for row in np.flatnonzero((status.iloc[:, at] == word).to_numpy())
            if word == SUPPRESSED or row >= waits.get(at, 0)
        ]
        if cells:
            said.append(f"{begins}: {listed(cells, most=12)}.")
    return " ".join(said)


def _text(
    kind: str, sheet: Sheet, shown: pd.DataFrame, called: list[str], named: list[int], what: Measured, missing: str,
    source: str | None,
) -> str:  # fmt: skip
    periods = [str(each) for each in shown.index]
    series = "1 series" if len(called) == 1 else f"{len(called)} series"
    unit = f", in {what.words}" if what.words else ""
    parts = [f"{kind}: {' '.join(sheet.title)}{unit}, {series}, {periods[0]} to {periods[-1]}."]
    for at in named:
        column = shown.iloc[:, at]
        first, last = (int(each) for each in np.flatnonzero(column.notna())[[0, -1]])
        start, end = float(column.iloc[first]), float(column.iloc[last])
        if first == last:
            parts.append(f"{called[at]}: {what.write(start)} in {periods[first]}.")
            continue
        if start == end:
            parts.append(f"{called[at]}: {what.write(start)} in {periods[first]} and in {periods[last]}.")
            continue
        way = "rises" if end > start else "falls"
        parts.append(
            f"{called[at]} {way} from {what.write(start)} in {periods[first]} to {what.write(end)} in {periods[last]}."
        )
    return " ".join([*parts, "" if named else "No value is known.", missing, what.caption(source)])
