"""Stacked profiles: what a caseload, a workforce or a waiting list is made of, team by team or year by year."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.patches import Patch

from cmhs_metrics.errors import BadInput, Problem, nearest
from cmhs_metrics.numeric.requirements import cell_name
from cmhs_metrics.plots.axes import Names, draw_values, value_ticks
from cmhs_metrics.plots.colours import FILLS, INK, text_on
from cmhs_metrics.plots.figures import Sheet, picture
from cmhs_metrics.plots.interactive import add_tooltips
from cmhs_metrics.plots.reading import Measured, absent, hidden_cells, measured, names_of
from cmhs_metrics.plots.text import SIZE, width
from cmhs_metrics.presentation import KNOWN, NOT_KNOWN, SUPPRESSED, keys_of, numbers

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from matplotlib.axes import Axes

__all__ = ["stacked_profile"]

MOST = 2 * len(FILLS)


@picture
def stacked_profile(
    parts: Any,
    *,
    metric: Any = None,
    shares: bool = True,
    unit: str = "",
    focus: Collection[Any] = (),
    suppressed: Any = None,
    names: Mapping[Any, str] | None = None,
    source: str | None = None,
    title: str | None = None,
    interactive: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """Draw what each team, place or year is made of, as stacked bars.

    Parameters
    ----------
    parts : pandas.DataFrame
        A row for each bar, named by the index; a column for each part, such as a cluster, a discipline or a waiting
        band [any unit, zero or more].
    metric : str, optional
        The metric, for label and source, for example "cluster_share" or "skill_mix".
    shares : bool, default True
        Whether each bar is brought to 100% of its parts; otherwise they are drawn as they are.
    unit : str, optional
        The unit of the parts, where they are drawn as they are.
    focus : collection, optional
        Rows whose names are written bold.
    suppressed : table of bool, optional
        In the shape of the parts, where a part is suppressed; matched by its labels, where it has any.
    names : mapping, optional
        How rows are called in the picture.
    source, title, interactive, ax
        As in `ranked_bars`.

    Returns
    -------
    matplotlib.axes.Axes
        The picture. Of a row with a suppressed part nothing is drawn, for the gap that it leaves would be the value;
        of a row with a missing part neither.

    Raises
    ------
    BadInput
        When a part is negative or no number, all parts of a row are zero, there are too many, or a row of the focus is
        not there.

    References
    ----------
    NHS Benchmarking Network, Community Mental Health Services Audit 2016/17: Benchmarking community caseloads; Profile
    of service utilisation by major care cluster groups.

    Examples
    --------
    >>> import pandas as pd
    >>> parts = pd.DataFrame({"Non-psychosis": [28, 30], "Psychosis": [26, 20]}, index=["North", "South"])
    >>> ax = stacked_profile(parts, metric="cluster_share")
    >>> [round(float(bar.get_width()), 2) for bar in ax.patches]
    [0.52, 0.6, 0.48, 0.4]
    """
    asked = keys_of(focus)
    table, status = _read(parts, suppressed, shares, asked)
    what = measured(metric) if metric is not None else Measured("Profile", "" if shares else unit)
    what = Measured(what.label, what.unit if not shares else "proportion", shares, source=what.source)
    rows = pd.DataFrame({"name": names_of(pd.Series(table.index), names), "status": status.to_numpy()})
    rows["focus"] = [str(each) in asked for each in table.index]
    labels = names_of(pd.Series(table.columns), None)
    sheet = Sheet(ax, title or what.label, "% of the whole" if shares else what.words)
    sheet.key = [(Patch(**_fill(at)), label) for at, label in enumerate(labels)]
    sheet.say(what.caption(source))
    beside = Names(sheet, rows["name"].tolist(), rows["focus"].tolist())
    if not beside.all_named:
        sheet.say(beside.said, absent(rows), what.caption(source))
        beside = Names(sheet, rows["name"].tolist(), rows["focus"].tolist())
    held = table[(status == KNOWN).to_numpy()]
    ticks, texts = value_ticks(held.sum(axis=1).tolist() or [1.0], what.unit, proportion=shares)
    beside.place(texts, right=SIZE)
    draw_values(sheet.ax, ticks, texts, across=beside.across)
    _stack(sheet.ax, table, rows, what, beside.across, float(ticks[-1] - ticks[0]))
    return sheet.finish(_text(table, rows, labels, what, sheet, source))


def _read(parts: Any, suppressed: Any, shares: bool, focus: list[str]) -> tuple[pd.DataFrame, pd.Series[str]]:
    problems: list[Problem] = []
    if not isinstance(parts, pd.DataFrame) or parts.empty:
        expected = "a pandas DataFrame: a row for each bar, a column for each part"
        raise BadInput("stacked_profile", [Problem("parts", None, type(parts).__name__, expected)])
    if parts.shape[1] > MOST:
        problems.append(Problem("parts", None, f"{parts.shape[1]} columns", f"{MOST} parts or fewer"))
    held = [str(each) for each in parts.index]
    problems += [
        Problem("focus", None, each, f"a row of the parts; {nearest(each, held)}".rstrip("; "))
        for each in focus
        if each not in held
    ]
    hidden = hidden_cells(suppressed, parts, "stacked_profile").to_numpy()
    columns = {
        at: numbers(parts.iloc[:, [at]].reset_index(drop=True), parts.columns[at]) for at in range(parts.shape[1])
    }
    values = pd.DataFrame(columns).set_axis(parts.index, axis=0)
    missing = values.isna().any(axis=1).to_numpy()
    status = pd.Series(
        np.where(hidden.any(axis=1), SUPPRESSED, np.where(missing, NOT_KNOWN, KNOWN)).tolist(),
        index=parts.index,
        name="status",
    )
    values = values.where(np.repeat((status == KNOWN).to_numpy()[:, None], values.shape[1], axis=1))
    for row, at in zip(*np.nonzero(values.to_numpy() < 0), strict=True):
        value = float(values.iloc[row, at])
        problems.append(Problem(str(parts.columns[at]), cell_name([int(row)], parts.index), value, "zero or more"))
    whole = values.sum(axis=1, skipna=False)
    if shares:
        problems += [
            Problem("parts", cell_name([at], whole.index), 0, "parts of which one is above zero")
            for at in np.flatnonzero(whole == 0)
        ]
    if problems:
        raise BadInput("stacked_profile", problems)
    return (values.div(whole, axis=0) if shares else values).set_axis(parts.columns, axis=1), status


def _fill(at: int) -> dict[str, Any]:
    """Colour of a part; the second round of colours is hatched."""
    return {
        "facecolor": FILLS[at % len(FILLS)],
        # A light fill is told from the paper by its edge.
        "edgecolor": text_on(FILLS[at % len(FILLS)]),
        "hatch": None if at < len(FILLS) else "//",
        "linewidth": 1,
    }


def _stack(ax: Any, table: pd.DataFrame, rows: pd.DataFrame, what: Measured, across: bool, span: float) -> None:
    known = np.flatnonzero(rows["status"] == KNOWN)
    start = np.zeros(len(known))
    box = ax.get_position()
    figure: Any = ax.figure
    long = (box.width * figure.bbox.width if across else box.height * figure.bbox.height) * 72 / figure.dpi
    thick = (box.height * figure.bbox.height if across else box.width * figure.bbox.width) * 72 / figure.dpi / len(rows)
    for part in range(table.shape[1]):
        lengths = table.iloc[known, part].to_numpy(dtype=np.float64)
        if across:
            bars = ax.barh(known, lengths, left=start, height=0.76, **_fill(part))
        else:
            bars = ax.bar(known, lengths, bottom=start, width=0.86, **_fill(part))
        add_tooltips(bars, [
            {"name": name, "part": str(table.columns[part]), "value": what.write(float(length))}
            for name, length in zip(rows["name"].iloc[known], lengths, strict=True)
        ])  # fmt: skip
        for bar in ax.patches[-len(known) :] if len(known) else ():
            if bar.get_width() * bar.get_height() == 0:
                bar.set_linewidth(0)
        fill = FILLS[part % len(FILLS)]
        for at, low, length in zip(known, start, lengths, strict=True):
            text = f"{length * 100:.0f}%" if what.proportion else what.write(length)
            room, deep = (long * length / span, thick) if across else (thick * 0.86, long * length / span)
            if width(text) + 4 <= room and deep * (0.76 if across else 1) >= SIZE * 1.2:
                where = (low + length / 2, at) if across else (at, low + length / 2)
                behind = {"facecolor": fill, "edgecolor": "none", "pad": 1.5} if part >= len(FILLS) else None
                ax.text(
                    *where, text, ha="center", va="center", fontsize=SIZE, color=text_on(fill), parse_math=False,
                    gid="share", bbox=behind,
                )  # fmt: skip
        start = start + lengths
    for row, word in enumerate(rows["status"]):
        if word != KNOWN:
            ax.annotate(
                word, (0, row) if across else (row, 0), xytext=(6, 0) if across else (0, 6), textcoords="offset points",
                fontsize=SIZE, style="italic", color=INK, rotation=0 if across else 90, parse_math=False,
                ha="left" if across else "center", va="center" if across else "bottom",
            )  # fmt: skip


def _text(
    table: pd.DataFrame, rows: pd.DataFrame, labels: list[str], what: Measured, sheet: Sheet, source: str | None
) -> str:
    parts = [f"Stacked bar chart: {' '.join(sheet.title)}, {len(rows)} bars of {len(labels)} parts each."]
    if len(rows) == 1:
        parts = [f"Stacked bar: {' '.join(sheet.title)}, of {len(labels)} parts."]
    known = table[(rows["status"] == KNOWN).to_numpy()]
    if len(known) and len(known) * len(labels) <= 60:
        for name, (_, row) in zip(rows.loc[rows["status"] == KNOWN, "name"], known.iterrows(), strict=True):
            shown = ", ".join(f"{label} {what.write(value)}" for label, value in zip(labels, row, strict=True))
            parts.append(f"{name}: {shown}.")
    elif len(known):
        for at, label in enumerate(labels):
            column = known.iloc[:, at]
            parts.append(f"{label}: {what.write(float(column.min()))} to {what.write(float(column.max()))}.")
    return " ".join([*parts, absent(rows), what.caption(source)])
